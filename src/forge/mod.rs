//! Talks to the place that hosts the code: comments of pull requests, commit statuses, artifacts, issues.
//!
//! What is posted is finished text; this module does not know what a benchmark is. The layers, from the wire up:
//! [`token`] and [`place`] say who asks and where, [`http`] is one request and its answer, [`policy`] decides about
//! tries, waiting and time, `wire` sends for real (and is the only file that knows octocrab), [`github`] and [`gitlab`]
//! know each host's addresses and shapes, and [`sticky`] keeps exactly one comment, whichever host it is on.
//! [`slack`] is apart: a message by a webhook.
//! [`proof`] and [`artifacts`] are what the second of two workflows needs to believe nothing that the first one says.
//!
//! Built without the feature `github`, all of it is there but the wire, and connecting says so.
//!
//! Not here: texts (`report`), exit codes and which pull request is meant (`cli`), the git program (`io`, `store`).

pub mod artifacts;
pub mod github;
pub mod gitlab;
pub mod http;
pub mod place;
pub mod policy;
pub mod proof;
pub mod slack;
pub mod sticky;
pub mod token;
#[cfg(feature = "github")]
mod wire;

use std::time::Duration;

use crate::diag::{Code, Diagnostic};
use place::Place;
use policy::{Problem, Session};
use token::Token;

pub use github::GitHub;
pub use gitlab::GitLab;

/// How long all that one command posts may take, waiting included.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A comment as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// Who wrote it; `None` where the account is gone.
    pub author: Option<Author>,
    /// Its text, with line feeds.
    pub body: String,
    /// Its page, if the place says.
    pub url: Option<String>,
}

/// An account. Two are the same whether or not their names end in `[bot]`, which only some answers write.
#[derive(Clone, Debug)]
pub struct Author(String);

impl Author {
    /// The account of this name.
    pub fn new(login: &str) -> Self {
        Self(login.strip_suffix("[bot]").unwrap_or(login).to_ascii_lowercase())
    }
}

impl PartialEq for Author {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Author {}

/// How a commit is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Green.
    Success,
    /// Red: the gate failed.
    Failure,
    /// Red: nothing was judged.
    Error,
}

/// A commit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The whole id of the commit.
    pub commit: String,
    /// Red or green.
    pub state: State,
    /// Its name, by which a branch rule can require it.
    pub context: String,
    /// One line of at most 140 characters.
    pub description: String,
    /// The page with more.
    pub page: Option<String>,
}

/// Longest description of a commit status, in characters.
const LONGEST_DESCRIPTION: usize = 140;

/// A pull or merge request of a place, as far as commenting on it goes.
///
/// Each operation is one attempt in the sense of [`Session::send`]; [`Problem::Unclear`] of [`Forge::create`] means that
/// the comment may be there.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Forge {
    /// The account that the token belongs to; `None` where the place does not say.
    fn whoami(&self) -> Result<Option<Author>, Problem>;
    /// Every comment.
    fn comments(&self) -> Result<Vec<Comment>, Problem>;
    /// Writes a comment.
    fn create(&self, body: &str) -> Result<Comment, Problem>;
    /// Replaces the text of a comment.
    fn update(&self, id: u64, body: &str) -> Result<Comment, Problem>;
    /// Takes a comment away; one that is gone already is as good.
    fn delete(&self, id: u64) -> Result<(), Problem>;
    /// The newest commit of the request.
    fn head(&self) -> Result<String, Problem>;
    /// Marks a commit, unless it is marked so already; says whether it was written.
    fn mark(&self, status: &Status) -> Result<bool, Problem>;
    /// The text as it can be posted: where lines can be commands to the place, without them.
    fn safe(&self, body: String) -> String {
        body
    }
    /// What waits, and how much time is left.
    fn session(&self) -> &Session;
}

/// Opens a connection to a place, with a time limit on all that is done with it.
///
/// # Errors
/// If perfgate was built without network, or the certificates cannot be read.
pub fn connect(place: &Place, token: Token) -> Result<Session, Diagnostic> {
    Ok(Session::new(transport(place, token)?, Box::new(policy::Real::new()), PATIENCE))
}

/// What sends requests to a place.
///
/// # Errors
/// If perfgate was built without network, or the certificates cannot be read.
#[cfg(feature = "github")]
pub fn transport(place: &Place, token: Token) -> Result<Box<dyn http::Transport>, Diagnostic> {
    Ok(Box::new(wire::Wire::new(place, token)?))
}

/// What sends requests to a place.
///
/// # Errors
/// Always: this is perfgate without network.
#[cfg(not(feature = "github"))]
pub fn transport(_: &Place, _: Token) -> Result<Box<dyn http::Transport>, Diagnostic> {
    Err(failed("this perfgate was built without the feature `github`, so it cannot post"))
}

/// Opens a connection without a token to an address, with a time limit on all that is done with it.
///
/// # Errors
/// If perfgate was built without network, or the certificates cannot be read.
fn unauthorized(address: &place::Address) -> Result<Session, Diagnostic> {
    #[cfg(feature = "github")]
    {
        let transport = wire::Wire::without_token(address)?;
        Ok(Session::new(Box::new(transport), Box::new(policy::Real::new()), PATIENCE))
    }
    #[cfg(not(feature = "github"))]
    {
        let _ = address;
        Err(failed("this perfgate was built without the feature `github`, so it cannot post"))
    }
}

/// Text that fits a status: one line of at most 140 characters.
fn one_line(text: &str) -> String {
    crate::text::truncate(&crate::text::line(text), LONGEST_DESCRIPTION).into_owned()
}

/// A diagnostic about what the outside world did.
pub(crate) fn failed(message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::ForgeFailed, message)
}
