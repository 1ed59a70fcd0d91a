//! `trend --report html=FOLDER`: where the site goes, what it is of, and writing it.
//!
//! The folder is looked at before any work is done, so that one that is not perfgate's is refused at once.
//!
//! Not here: the pages (`report::site`), and what may be written over (`io::owned`).

use std::path::Path;

use super::Failure;
use super::console::Console;
use crate::diag::Code;
use crate::io::ci;
use crate::io::git::{self, Git};
use crate::io::owned::Owned;
use crate::model::trend::Trend;
use crate::report::comment::Links;
use crate::report::site::{self, History, Site};
use crate::text::{self, Untrusted};

/// A folder that a site can be written into.
pub(super) struct Folder {
    path: String,
    owned: Owned,
}

/// What the site is of.
pub(super) struct About {
    /// The histories, that of the exit code first, with their testbeds where these are known.
    pub(super) histories: Vec<(Option<Untrusted>, Trend)>,
    /// Their runs in the order of the branch: the index of the history, and the commit.
    pub(super) order: Vec<(usize, Option<Untrusted>)>,
    pub(super) branch: Option<Untrusted>,
    /// The suite, where it has a name.
    pub(super) suite: Option<Untrusted>,
    /// Whether the runs are surely of the repository that the command runs in.
    pub(super) is_own: bool,
}

impl Folder {
    /// Looks at the folder that was asked for, if one was.
    pub(super) fn open(path: Option<String>) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let owned = Owned::open(&path)?;
        Ok(Some(Self { path, owned }))
    }

    /// Writes the site, and says where it begins.
    pub(super) fn publish(&self, about: &About, console: &Console) -> Result<(), Failure> {
        let order: Vec<(usize, Option<&Untrusted>)> = about.order.iter().map(|(of, c)| (*of, c.as_ref())).collect();
        let places = site::slots(about.histories.len(), &order);
        let histories = about.histories.iter().zip(places);
        let site = Site {
            histories: histories
                .map(|((testbed, trend), slots)| History { testbed: testbed.clone(), trend, slots })
                .collect(),
            branch: about.branch.clone(),
            suite: about.suite.clone(),
            links: Links { repository: repository(about), run: None },
        };
        self.owned.replace(&site::render(&site)).map_err(|diagnostic| match diagnostic.code {
            Code::WriteFailed => Failure::outside(diagnostic),
            _ => diagnostic.into(),
        })?;
        let start = Path::new(&self.path).join(site::START).to_string_lossy().into_owned();
        console.remark(&format!("site: {}", text::shown(&start.into())));
        Ok(())
    }
}

/// Where commits can be seen: where the CI system says, else the page of `origin`. Files can be of any project, so theirs
/// must be known to the clone.
fn repository(about: &About) -> Option<String> {
    let here = Git::here();
    let runs = about.histories.first().map(|(_, trend)| trend.runs.as_slice()).unwrap_or_default();
    let newest = runs.iter().rev().find_map(|moment| moment.commit.as_ref());
    let is_known = |commit: &Untrusted| {
        let name = format!("{}^{{commit}}", commit.raw());
        text::is_commit_id(commit.raw()) && here.run(&["cat-file", "-e", &name]).is_ok()
    };
    if !about.is_own && !newest.is_some_and(is_known) {
        return None;
    }
    ci::pages().repository.or_else(|| git::page(&here.run(&["remote", "get-url", "origin"]).ok()?))
}
