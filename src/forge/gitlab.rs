//! GitLab: notes of a merge request, and commit statuses.
//!
//! A line of a note that begins with a slash is a command that GitLab runs with the rights of the token, so no line of
//! ours does: a blank of no width is put before it.
//!
//! Sources: docs.gitlab.com "Notes API", "Commits API", "Quick actions" (17).
//!
//! Not here: issues, and the second of two workflows, which are GitHub's.

use serde::Deserialize;
use serde_json::{Value, json};

use super::github::encoded;
use super::http::{Method, Request};
use super::place::Place;
use super::policy::{Problem, Session, parsed as read};
use super::{Author, Comment, Forge, State, Status, one_line};

/// Entries of a page, the most that GitLab gives.
const PAGE: usize = 100;
/// Most pages of a list that are read.
const MOST_PAGES: usize = 1000;
/// Zero-width space.
const ZWSP: char = '\u{200b}';

/// A merge request as something to comment on, seen with one token.
pub struct GitLab {
    session: Session,
    place: Place,
    number: u64,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    author: Option<User>,
    #[serde(default)]
    system: bool,
}

#[derive(Deserialize)]
struct MergeRequest {
    sha: Option<String>,
    web_url: Option<String>,
}

impl GitLab {
    /// The merge request of this number.
    pub fn new(session: Session, place: Place, number: u64) -> Self {
        Self { session, place, number }
    }

    fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, self.place.api.join(&format!("{}{path}", self.place.project_path())))
    }

    fn notes_path(&self) -> String {
        format!("/merge_requests/{}/notes", self.number)
    }

    fn merge_request(&self) -> Result<MergeRequest, Problem> {
        read(&self.session.send(&self.request(Method::Get, &format!("/merge_requests/{}", self.number)))?)
    }

    fn comment(note: Note) -> Comment {
        Comment {
            id: note.id,
            author: note.author.map(|user| Author::new(&user.username)),
            body: note.body.unwrap_or_default().replace("\r\n", "\n"),
            url: None,
        }
    }

    /// The same comment with its page.
    fn with_page(&self, note: Note) -> Comment {
        let page = self.merge_request().ok().and_then(|request| request.web_url);
        let url = page.map(|page| format!("{page}#note_{}", note.id));
        Comment { url, ..Self::comment(note) }
    }
}

impl Forge for GitLab {
    fn whoami(&self) -> Result<Option<Author>, Problem> {
        let user: User = read(&self.session.send(&Request::new(Method::Get, self.place.api.join("/user")))?)?;
        Ok(Some(Author::new(&user.username)))
    }

    fn comments(&self) -> Result<Vec<Comment>, Problem> {
        let mut found = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("{}?per_page={PAGE}&page={page}&sort=asc&order_by=created_at", self.notes_path());
            let notes: Vec<Value> = read(&self.session.send(&self.request(Method::Get, &path))?)?;
            let count = notes.len();
            let notes = notes.into_iter().filter_map(|note| serde_json::from_value::<Note>(note).ok());
            found.extend(notes.filter(|note| !note.system).map(Self::comment));
            if count < PAGE {
                return Ok(found);
            }
        }
        Err(Problem::Malformed(format!("a list has more than {MOST_PAGES} pages")))
    }

    fn create(&self, body: &str) -> Result<Comment, Problem> {
        let request = self.request(Method::Post, &self.notes_path()).with(json!({ "body": body }));
        let note = read(&self.session.send(&request)?)
            .map_err(|_| Problem::Unclear("its answer is not understood".to_owned()))?;
        Ok(self.with_page(note))
    }

    fn update(&self, id: u64, body: &str) -> Result<Comment, Problem> {
        let path = format!("{}/{id}", self.notes_path());
        let request = self.request(Method::Put, &path).with(json!({ "body": body }));
        Ok(self.with_page(read(&self.session.send(&request)?)?))
    }

    fn delete(&self, id: u64) -> Result<(), Problem> {
        match self.session.send(&self.request(Method::Delete, &format!("{}/{id}", self.notes_path()))) {
            Err(problem) if problem.status() == Some(404) => Ok(()),
            done => done.map(drop),
        }
    }

    fn head(&self) -> Result<String, Problem> {
        self.merge_request()?.sha.ok_or_else(|| Problem::Malformed("the merge request has no commit".to_owned()))
    }

    fn mark(&self, status: &Status) -> Result<bool, Problem> {
        #[derive(Deserialize)]
        struct Known {
            name: Option<String>,
            status: Option<String>,
            description: Option<String>,
        }
        let state = match status.state {
            State::Success => "success",
            State::Failure | State::Error => "failed",
        };
        let description = one_line(&status.description);
        let commit = encoded(&status.commit);
        let look = || {
            let path =
                format!("/repository/commits/{commit}/statuses?name={}&per_page={PAGE}", encoded(&status.context));
            let known: Vec<Known> = read(&self.session.send(&self.request(Method::Get, &path))?)?;
            let is_same = known.iter().any(|known| {
                known.name.as_deref() == Some(status.context.as_str())
                    && known.status.as_deref() == Some(state)
                    && known.description.as_deref() == Some(description.as_str())
            });
            Ok(is_same.then_some(()))
        };
        if look()?.is_some() {
            return Ok(false);
        }
        let mut body = json!({ "state": state, "description": description, "name": status.context });
        if let (Some(page), Some(body)) = (&status.page, body.as_object_mut()) {
            body.insert("target_url".to_owned(), page.as_str().into());
        }
        let request = self.request(Method::Post, &format!("/statuses/{commit}")).with(body);
        self.session.once(|| self.session.send(&request).map(drop), look).map(|()| true)
    }

    fn safe(&self, body: String) -> String {
        without_commands(&body)
    }

    fn session(&self) -> &Session {
        &self.session
    }
}

/// The text with no line that GitLab would take for a command.
fn without_commands(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for line in body.split_inclusive('\n') {
        if line.trim_start().starts_with('/') {
            out.push(ZWSP);
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_line_is_a_command() {
        let body = super::without_commands("/merge\na\n  /approve\n| /x |\n\u{a0}/close");
        assert_eq!(body, "\u{200b}/merge\na\n\u{200b}  /approve\n| /x |\n\u{200b}\u{a0}/close");
    }
}
