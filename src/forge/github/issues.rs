//! Issues of a GitHub repository: listing, opening, changing.
//!
//! They are found by label and author in the list, never by search, which lags behind.
//!
//! Not here: what an issue says and when it is closed.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{GitHub, User, encoded};
use crate::forge::policy::Problem;
use crate::forge::{Author, Comment, Forge as _};

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text, with line feeds.
    pub body: String,
    /// Who opened it; `None` where the account is gone.
    pub author: Option<Author>,
    /// Whether it is open.
    pub is_open: bool,
    /// Why it was closed: `completed`, `not_planned`; `None` while it is open or where the place does not say.
    pub closed_as: Option<String>,
    /// When it was closed, as the place writes it.
    pub closed_at: Option<String>,
    /// Its page.
    pub url: Option<String>,
}

/// What is changed of an issue; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// Opens it, or closes it as completed.
    pub is_open: Option<bool>,
}

/// An issue in an answer.
#[derive(Deserialize)]
struct Answer {
    number: u64,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    state_reason: Option<String>,
    #[serde(default)]
    closed_at: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    pull_request: Option<Value>,
}

impl From<Answer> for Issue {
    fn from(answer: Answer) -> Self {
        let Answer { number, title, body, user, state, state_reason, closed_at, html_url, pull_request: _ } = answer;
        let is_open = state.as_deref() != Some("closed");
        Self {
            number,
            title: title.unwrap_or_default(),
            body: body.unwrap_or_default().replace("\r\n", "\n"),
            author: user.and_then(User::author),
            is_open,
            closed_as: state_reason.filter(|_| !is_open),
            closed_at,
            url: html_url,
        }
    }
}

impl GitHub {
    /// Every issue with a label, open or closed, newest first; pull requests are left out.
    ///
    /// # Errors
    /// Why they could not be read.
    pub fn issues(&self, label: &str) -> Result<Vec<Issue>, Problem> {
        let path = format!("/issues?state=all&labels={}", encoded(label));
        let issues: Vec<Answer> = self.pages(&path)?;
        Ok(issues.into_iter().filter(|issue| issue.pull_request.is_none()).map(Issue::from).collect())
    }

    /// Opens an issue. Where it is unclear whether that was done, `look` says so from the list.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn open_issue(
        &self,
        title: &str,
        body: &str,
        label: &str,
        look: impl Fn(&Issue) -> bool,
    ) -> Result<Issue, Problem> {
        let content = json!({ "title": title, "body": body, "labels": [label] });
        let post = || self.post::<Answer>("/issues", content.clone()).map(Issue::from);
        self.session.once(post, || Ok(self.issues(label)?.into_iter().find(|issue| issue.is_open && look(issue))))
    }

    /// Changes an issue.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn change_issue(&self, number: u64, change: &Change) -> Result<Issue, Problem> {
        let Change { title, body, is_open } = change;
        let mut content = Map::new();
        for (name, text) in [("title", title), ("body", body)] {
            if let Some(text) = text {
                content.insert(name.to_owned(), text.as_str().into());
            }
        }
        if let Some(is_open) = is_open {
            let (state, reason) = if *is_open { ("open", "reopened") } else { ("closed", "completed") };
            content.insert("state".to_owned(), state.into());
            content.insert("state_reason".to_owned(), reason.into());
        }
        self.patch::<Answer>(&format!("/issues/{number}"), Value::Object(content)).map(Issue::from)
    }

    /// Adds a comment to an issue. Where it is unclear whether that was done, it is looked for by its whole text.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn comment_on_issue(&self, number: u64, body: &str) -> Result<Comment, Problem> {
        let thread = self.pull_request(number);
        let before: Vec<u64> = thread.comments()?.into_iter().map(|comment| comment.id).collect();
        let is_new = |comment: &Comment| comment.body.trim_end() == body.trim_end() && !before.contains(&comment.id);
        self.session.once(|| thread.create(body), || Ok(thread.comments()?.into_iter().find(is_new)))
    }
}
