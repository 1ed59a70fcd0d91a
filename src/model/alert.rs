//! What a nightly tracking issue remembers, and what is to be done with it tonight.
//!
//! The memory is the issue itself: [`State`] stands in its text, so nothing else has to be kept. It names regressions by
//! short hashes, because names come from outside and the text is for everybody to edit.
//!
//! Not here: deciding (`trend::alert`), and how the issue looks (`report::trend`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::trend::Grade;

/// Clean nights in a row after which an issue is closed.
pub const CLEAN_NIGHTS: u32 = 2;

/// A regression that stands tonight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Hash of testbed, suite, benchmark and metric.
    pub id: String,
    /// `fail` or `warn`.
    pub grade: Grade,
    /// When the first run that surely has it was measured: seconds since 1970 in UTC.
    pub since: Option<i64>,
    /// Where it began.
    pub began: Began,
}

/// Between which runs a regression began. The earlier is the smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Began {
    /// Index of the first run that surely has it.
    pub run: usize,
    /// Commit of that run.
    pub first_bad: Option<String>,
    /// Commit of the last run before it that surely does not have it.
    pub last_good: Option<String>,
}

/// What an issue remembers from night to night.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct State {
    /// Hash of the ids of all regressions that stand; `no-data` without results.
    pub fingerprint: String,
    /// The regressions that stand, by id.
    pub members: BTreeMap<String, Grade>,
    /// Those that stood since the issue was opened, and have recovered.
    pub gone: BTreeSet<String>,
    /// Commit of the oldest run that surely has the first of them.
    pub first_bad: Option<String>,
    /// Commit of the newest run before it that surely does not.
    pub last_good: Option<String>,
    /// Commit of the newest run in which one of them stood.
    pub last_bad: Option<String>,
    /// Commit of the first run since then in which none did.
    pub first_clean: Option<String>,
    /// Nights in which something stood.
    pub nights: u32,
    /// Nights in a row with results in which nothing stood.
    pub clean: u32,
    /// Whether the last night had no results.
    pub no_data: bool,
    /// Whether it was opened again after somebody closed it as completed.
    pub reopened: bool,
    /// When perfgate closed it: seconds since 1970 in UTC; `null` while it is open, and where somebody else did.
    pub closed_at: Option<i64>,
    /// Hash of the newest run that was looked at.
    pub seen: String,
}

/// An issue of ours, as the place says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: u64,
    /// Whether it is open.
    pub is_open: bool,
    /// Whether it was closed as completed, so that it should not be bad any more; otherwise it was closed for being as it
    /// should.
    pub is_completed: bool,
    /// When it was closed: seconds since 1970 in UTC.
    pub closed_at: Option<i64>,
    /// What it remembers.
    pub state: State,
}

/// What is done with the issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new one is opened.
    Open,
    /// The text of this one is replaced.
    Update(u64),
    /// This one is closed as completed, its text replaced.
    Close(u64),
    /// This one is opened again, its text replaced.
    Reopen(u64),
}

/// What is worth a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The issue is new: it says all itself.
    Opened,
    /// Regressions that were not there, or were only warnings; by id.
    Worse(BTreeSet<String>),
    /// Regressions came back after the issue was closed.
    Back,
    /// Nothing stood for two nights.
    Recovered,
    /// The benchmarks had no results.
    NoData,
}

/// What is to be done tonight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The one thing to be done with the one issue.
    pub step: Step,
    /// What is told in a comment (a new issue has none) and to Slack; `None` for nobody.
    pub news: Option<News>,
    /// What the issue remembers then.
    pub state: State,
    /// Further open issues, which a race made and which are closed without a word.
    pub twins: Vec<u64>,
}
