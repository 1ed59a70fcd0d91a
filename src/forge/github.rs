//! GitHub, and Gitea and Forgejo, which speak like it: comments, statuses, issues.
//!
//! Answers are read with few fields, each of which may be missing: the service adds and removes some all the time, and
//! writes `null` where an account is gone. One entry of a list that is not understood costs that entry only.
//!
//! Sources: docs.github.com/rest (version 2022-11-28); docs.gitea.com/api (1.24).
//!
//! Not here: keeping one comment (`sticky`), proving a pull request (`proof`).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::http::{Method, Request};
use super::place::{Kind, Place};
use super::policy::{Problem, Session, parsed as read};
use super::{Author, Comment, Forge, State, Status, one_line};

mod issues;

pub use issues::{Change, Issue};

/// Most pages of a list that are read.
const MOST_PAGES: usize = 1000;

/// One repository, seen with one token.
pub struct GitHub {
    session: Session,
    place: Place,
}

/// An account in an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub(super) login: Option<String>,
}

impl User {
    fn author(self) -> Option<Author> {
        self.login.map(|login| Author::new(&login))
    }
}

/// A comment in an answer.
#[derive(Deserialize)]
struct CommentAnswer {
    id: u64,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
}

impl From<CommentAnswer> for Comment {
    fn from(answer: CommentAnswer) -> Self {
        let CommentAnswer { id, user, body, html_url } = answer;
        let body = body.unwrap_or_default().replace("\r\n", "\n");
        Self { id, author: user.and_then(User::author), body, url: html_url }
    }
}

impl GitHub {
    /// The repository of a place.
    pub fn new(session: Session, place: Place) -> Self {
        Self { session, place }
    }

    /// What waits, and how much time is left.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Which repository it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The address of something of the repository: `path` begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        self.place.api.join(&format!("{}{path}", self.place.project_path()))
    }

    /// Reads something of the repository, such as `/pulls/7`.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        read(&self.session.send(&Request::new(Method::Get, self.url(path)))?)
    }

    /// Sends a POST once. Unless it only asks, send it through [`Session::once`].
    ///
    /// # Errors
    /// Why it was not done; [`Problem::Unclear`] if it may have been.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Result<T, Problem> {
        read(&self.session.send(&Request::new(Method::Post, self.url(path)).with(body))?).map_err(written)
    }

    /// Changes something.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn patch<T: DeserializeOwned>(&self, path: &str, body: Value) -> Result<T, Problem> {
        read(&self.session.send(&Request::new(Method::Patch, self.url(path)).with(body))?)
    }

    /// Takes something away; what is gone already is as good.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn delete(&self, path: &str) -> Result<(), Problem> {
        match self.session.send(&Request::new(Method::Delete, self.url(path))) {
            Err(problem) if matches!(problem.status(), Some(404 | 410)) => Ok(()),
            done => done.map(drop),
        }
    }

    /// Every entry of a list, over all its pages. `path` has no query, or one that is encoded.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn pages<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Problem> {
        self.pages_of(path, |page| match page {
            Value::Array(entries) => Some(entries),
            _ => None,
        })
    }

    /// The same where the list is inside of each page.
    pub(super) fn pages_of<T: DeserializeOwned>(
        &self,
        path: &str,
        list: impl Fn(Value) -> Option<Vec<Value>>,
    ) -> Result<Vec<T>, Problem> {
        let size = if self.place.kind == Kind::Gitea { "limit=50" } else { "per_page=100" };
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut url = self.url(&format!("{path}{mark}{size}"));
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let response = self.session.send(&Request::new(Method::Get, url.as_str()))?;
            let entries = list(read(&response)?).ok_or_else(|| Problem::Malformed("a list was expected".to_owned()))?;
            found.extend(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()));
            let Some(next) = response.header("link").and_then(next_page) else { return Ok(found) };
            if !self.place.api.is_origin_of(next) {
                return Err(Problem::Malformed("its next page is on another host".to_owned()));
            }
            next.clone_into(&mut url);
        }
        Err(Problem::Malformed(format!("a list has more than {MOST_PAGES} pages")))
    }

    /// The account that the token belongs to.
    ///
    /// # Errors
    /// If the host is not reached or does not know the token.
    pub fn whoami(&self) -> Result<Option<Author>, Problem> {
        // A token of a workflow may ask GraphQL, but not for `/user`.
        if let Some(graphql) =
            self.place.graphql.as_ref().filter(|graphql| self.place.api.is_origin_of(&graphql.join("")))
        {
            let query = json!({ "query": "query { viewer { login } }" });
            match self.session.send(&Request::new(Method::Post, graphql.join("")).with(query).repeatable()) {
                Ok(response) => {
                    let login = read::<Value>(&response)?
                        .pointer("/data/viewer/login")
                        .and_then(Value::as_str)
                        .map(Author::new);
                    if login.is_some() {
                        return Ok(login);
                    }
                }
                Err(problem) if matches!(problem.status(), Some(400 | 403 | 404 | 422)) => {}
                Err(problem) => return Err(problem),
            }
        }
        match self.session.send(&Request::new(Method::Get, self.place.api.join("/user"))) {
            Ok(response) => Ok(read::<User>(&response)?.author()),
            // Whose token that is, the first comment will tell; until then it is most likely the workflow's.
            Err(problem) if problem.status() == Some(403) => Ok(Some(Author::new("github-actions"))),
            Err(problem) => Err(problem),
        }
    }

    /// Marks a commit, unless it is marked so already; says whether it was written.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn mark(&self, status: &Status) -> Result<bool, Problem> {
        #[derive(Deserialize)]
        struct Known {
            context: Option<String>,
            #[serde(alias = "status")]
            state: Option<String>,
            description: Option<String>,
            target_url: Option<String>,
        }
        let description = one_line(&status.description);
        let state = match status.state {
            State::Success => "success",
            State::Failure => "failure",
            State::Error => "error",
        };
        let commit = encoded(&status.commit);
        // The newest comes first, and only that of a context counts.
        let look = || {
            let known: Vec<Known> = self.pages(&format!("/commits/{commit}/statuses"))?;
            let newest = known.into_iter().find(|known| known.context.as_deref() == Some(status.context.as_str()));
            let is_same = newest.is_some_and(|newest| {
                newest.state.as_deref() == Some(state)
                    && newest.description.as_deref() == Some(description.as_str())
                    && newest.target_url.filter(|url| !url.is_empty()) == status.page
            });
            Ok(is_same.then_some(()))
        };
        if look()?.is_some() {
            return Ok(false);
        }
        let mut body = json!({ "state": state, "description": description, "context": status.context });
        if let (Some(page), Some(body)) = (&status.page, body.as_object_mut()) {
            body.insert("target_url".to_owned(), page.as_str().into());
        }
        let post = || self.post::<Value>(&format!("/statuses/{commit}"), body.clone()).map(drop);
        self.session.once(post, look).map(|()| true)
    }

    /// A pull request as something to comment on.
    pub fn pull_request(&self, number: u64) -> PullRequest<'_> {
        PullRequest { github: self, number }
    }
}

/// A pull request as something to comment on. An issue's comments are the same, so it may be the number of one.
pub struct PullRequest<'a> {
    github: &'a GitHub,
    number: u64,
}

impl Forge for PullRequest<'_> {
    fn whoami(&self) -> Result<Option<Author>, Problem> {
        self.github.whoami()
    }

    fn comments(&self) -> Result<Vec<Comment>, Problem> {
        let comments: Vec<CommentAnswer> = self.github.pages(&format!("/issues/{}/comments", self.number))?;
        Ok(comments.into_iter().map(Comment::from).collect())
    }

    fn create(&self, body: &str) -> Result<Comment, Problem> {
        let path = format!("/issues/{}/comments", self.number);
        self.github.post::<CommentAnswer>(&path, json!({ "body": body })).map(Comment::from)
    }

    fn update(&self, id: u64, body: &str) -> Result<Comment, Problem> {
        let path = format!("/issues/comments/{id}");
        self.github.patch::<CommentAnswer>(&path, json!({ "body": body })).map(Comment::from)
    }

    fn delete(&self, id: u64) -> Result<(), Problem> {
        self.github.delete(&format!("/issues/comments/{id}"))
    }

    fn head(&self) -> Result<String, Problem> {
        #[derive(Deserialize)]
        struct Pull {
            head: Head,
        }
        #[derive(Deserialize)]
        struct Head {
            sha: String,
        }
        Ok(self.github.get::<Pull>(&format!("/pulls/{}", self.number))?.head.sha)
    }

    fn mark(&self, status: &Status) -> Result<bool, Problem> {
        self.github.mark(status)
    }

    fn session(&self) -> &Session {
        &self.github.session
    }
}

/// An answer that says that something was written, but not what: it must be looked for.
fn written(problem: Problem) -> Problem {
    match problem {
        Problem::Malformed(why) => Problem::Unclear(why),
        other => other,
    }
}

/// The address of the next page in a `Link` header.
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|part| {
        let (address, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.split(';').any(|word| matches!(word.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then_some(address)
    })
}

/// Text as one part of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_that_is_called_so() {
        let link = "<https://h/x?page=1>; rel=\"prev\", <https://h/x?page=3>; rel=\"next\", <https://h/x?page=9>; rel=\"last\"";
        assert_eq!(next_page(link), Some("https://h/x?page=3"));
        assert_eq!(next_page("<https://h/x?page=1>; rel=\"prev\""), None);
    }

    #[test]
    fn names_of_branches_are_encoded_whole() {
        assert_eq!(encoded("a/b c&d#é"), "a%2Fb%20c%26d%23%C3%A9");
    }
}
