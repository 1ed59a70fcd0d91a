//! One comment, and no more than one, whatever the server does and however many runs write at once.
//!
//! A comment of ours begins with a line that names its key, `<!-- perfgate:v1 key=default -->`, and a line that says
//! which run wrote it. Both stand first, where no text of anybody else can, and survive truncation. It counts only if the
//! token's own account wrote it: anybody can write such a line. Then:
//!
//! - What an older run says never replaces what a newer one said; a re-run is newer.
//! - Nothing is written where the text and the run that it names are the same.
//! - Of several own comments the oldest is kept and the others are taken away.
//! - A comment whose writing is unclear is looked for before it is written again.
//! - After a new comment all are read once more, because another run may have written one at the same time: again the
//!   oldest is kept. Each run does so for its own, so that one remains.
//! - A comment is never deleted because all is well again: people may have answered it.
//!
//! Not here: the text (`report`), and when a first comment is wanted (`cli`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::policy::{Problem, TRIES};
use super::{Author, Comment, Forge};
use crate::diag::{Code, Diagnostic};
use crate::text;

/// Most characters of a comment on GitHub, of which the first lines take some.
pub const LONGEST_COMMENT: usize = 65_536;
/// Room for the two first lines.
pub const HEAD_ROOM: usize = 512;
/// How long is waited at most before the comments are read once more.
const SECOND_LOOK: Duration = Duration::from_secs(2);
/// Longest key, in bytes.
const LONGEST_KEY: usize = 64;

/// Which of several comments on one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    ///
    /// # Errors
    /// If it is another text.
    pub fn new(text: &str) -> Result<Self, Diagnostic> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if (1..=LONGEST_KEY).contains(&text.len()) && text.chars().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!(
            "`{}` is no id of a comment: it has 1 to {LONGEST_KEY} of `A-Z a-z 0-9 . _ -`",
            text::shown(&text.into())
        );
        Err(Diagnostic::new(Code::Usage, message))
    }

    /// The first line of a comment with this key.
    pub fn marker(&self) -> String {
        format!("<!-- perfgate:v1 key={} -->", self.0)
    }
}

/// Which run wrote a comment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stamp {
    /// Its number, which later runs have higher; 0 outside of CI.
    pub run: u64,
    /// Which attempt of it.
    pub attempt: u64,
    /// The commit that it is about.
    pub sha: String,
}

impl Stamp {
    fn line(&self) -> String {
        // A commit is hexadecimal wherever it comes from, so that it cannot end the comment.
        let sha: String = self.sha.chars().filter(char::is_ascii_hexdigit).take(64).collect();
        let Self { run, attempt, sha: _ } = self;
        format!("<!-- perfgate:meta {{\"run\":{run},\"attempt\":{attempt},\"sha\":\"{sha}\"}} -->")
    }

    fn of(body: &str) -> Self {
        let line = body.lines().nth(1).unwrap_or_default().trim_end();
        let json = line.strip_prefix("<!-- perfgate:meta ").and_then(|rest| rest.strip_suffix(" -->"));
        json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    fn is_older_than(&self, other: &Self) -> bool {
        // A run outside of CI has no number; whoever starts one by hand wants to see it.
        self.run > 0 && (self.run, self.attempt) < (other.run, other.attempt)
    }
}

/// What a comment shall say.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Which comment.
    pub key: &'a Key,
    /// Who writes it.
    pub stamp: Stamp,
    /// Finished Markdown.
    pub text: &'a str,
    /// Whether it is written where there is none yet.
    pub may_create: bool,
}

impl Wanted<'_> {
    /// The whole text of the comment.
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.key.marker(), self.stamp.line(), self.text.trim_end())
    }
}

/// Whether a comment has this text.
fn says(comment: &Comment, body: &str) -> bool {
    comment.body.trim_end() == body.trim_end()
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// There was none.
    Created,
    /// There was one with another text.
    Updated,
    /// It says the same already.
    Unchanged,
    /// A newer run has written it.
    LeftToNewer,
    /// There is none, and none is wanted.
    NotWanted,
}

/// What was done, and the comment that stands there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// What was done.
    pub done: Done,
    /// The comment's page.
    pub url: Option<String>,
}

impl Posted {
    fn new(done: Done, comment: &Comment) -> Self {
        Self { done, url: comment.url.clone() }
    }
}

/// Makes the comment say what is wanted.
///
/// # Errors
/// Why it does not.
pub fn post(forge: &dyn Forge, wanted: &Wanted<'_>) -> Result<Posted, Problem> {
    let body = &forge.safe(wanted.body());
    let mut me = forge.whoami()?;
    // A comment can be deleted between reading and writing it; then all begins again.
    for _ in 0..TRIES {
        let own = own(forge, wanted.key, me.as_ref())?;
        match own.split_first() {
            Some((kept, others)) => match settle(forge, wanted, body, kept, others) {
                Err(problem) if problem.status() == Some(404) => {}
                done => return done,
            },
            None if !wanted.may_create => return Ok(Posted { done: Done::NotWanted, url: None }),
            None => {
                let created = create(forge, wanted, body, me.as_ref())?;
                // Whose token it is, nothing says better than what it wrote.
                me = created.author.clone().or(me);
                match second_look(forge, wanted, body, &created, me.as_ref()) {
                    Err(problem) if problem.status() == Some(404) => {}
                    done => return done,
                }
            }
        }
    }
    Err(Problem::Malformed("the comment goes away whenever it is written".to_owned()))
}

/// The comments with a key that this account wrote, oldest first.
fn own(forge: &dyn Forge, key: &Key, me: Option<&Author>) -> Result<Vec<Comment>, Problem> {
    let marker = key.marker();
    let is_own = |comment: &Comment| {
        comment.body.lines().next().is_some_and(|line| line.trim_end() == marker)
            && me.is_some()
            && comment.author.as_ref() == me
    };
    let mut own: Vec<Comment> = forge.comments()?.into_iter().filter(is_own).collect();
    own.sort_by_key(|comment| comment.id);
    own.dedup_by_key(|comment| comment.id);
    Ok(own)
}

/// Brings the oldest comment up to date and takes the others away.
fn settle(
    forge: &dyn Forge,
    wanted: &Wanted<'_>,
    body: &str,
    kept: &Comment,
    others: &[Comment],
) -> Result<Posted, Problem> {
    let stamps = || std::iter::once(kept).chain(others).map(|comment| Stamp::of(&comment.body));
    if stamps().any(|stamp| wanted.stamp.is_older_than(&stamp)) {
        return Ok(Posted::new(Done::LeftToNewer, kept));
    }
    let posted = if says(kept, body) {
        Posted::new(Done::Unchanged, kept)
    } else {
        let updated = forge.update(kept.id, body)?;
        Posted { done: Done::Updated, url: updated.url.or_else(|| kept.url.clone()) }
    };
    for other in others {
        forge.delete(other.id)?;
    }
    Ok(posted)
}

fn create(forge: &dyn Forge, wanted: &Wanted<'_>, body: &str, me: Option<&Author>) -> Result<Comment, Problem> {
    let look = || {
        let own = own(forge, wanted.key, me)?;
        Ok(own.into_iter().find(|comment| Stamp::of(&comment.body) == Stamp::of(body)))
    };
    forge.session().once(|| forge.create(body), look)
}

/// Looks whether somebody else wrote one with the same key at the same time.
fn second_look(
    forge: &dyn Forge,
    wanted: &Wanted<'_>,
    body: &str,
    created: &Comment,
    me: Option<&Author>,
) -> Result<Posted, Problem> {
    forge.session().pause(SECOND_LOOK);
    // The comment stands; that it could not be looked at again must not be told as a failure.
    let Ok(own) = own(forge, wanted.key, me) else { return Ok(Posted::new(Done::Created, created)) };
    let Some((first, others)) = own.split_first().filter(|(first, _)| first.id < created.id) else {
        // Ones after ours are taken away by those who wrote them, but for what was written twice by us.
        for twice in own.iter().filter(|other| other.id > created.id && says(other, body)) {
            forge.delete(twice.id)?;
        }
        return Ok(Posted::new(Done::Created, created));
    };
    let ours: Vec<Comment> =
        others.iter().filter(|other| other.id == created.id || says(other, body)).cloned().collect();
    if wanted.stamp.is_older_than(&Stamp::of(&first.body)) {
        for comment in &ours {
            forge.delete(comment.id)?;
        }
        return Ok(Posted::new(Done::LeftToNewer, first));
    }
    settle(forge, wanted, body, first, &ours)
}
