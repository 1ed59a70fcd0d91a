//! Links from a report to where its code and its run can be seen.
//!
//! GitHub's addresses, which Gitea and Forgejo share; GitLab's begin with `/-`, so its repository is given with that at
//! its end. An address comes from the environment of the CI system, and one that Markdown could read in another way is
//! left out, as is a link to a commit that does not look like one.
//!
//! Not here: finding out the addresses (`cli`).

use super::wording;
use crate::text::{self, MAX_SHOWN, Untrusted};

/// Where the comment's links point; `None` leaves the link out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Address of the repository: `https://github.com/o/r`, for GitLab `https://gitlab.com/o/r/-`.
    pub repository: Option<String>,
    /// Address of the page of the run.
    pub run: Option<String>,
}

impl Links {
    /// The address of the run's page.
    pub(super) fn run(&self) -> Option<&str> {
        self.run.as_deref().filter(|address| is_plain(address))
    }

    /// The address of the repository.
    pub(super) fn repository(&self) -> Option<&str> {
        self.repository.as_deref().map(|address| address.trim_end_matches('/')).filter(|address| is_plain(address))
    }

    /// A commit in Markdown.
    pub(super) fn commit(&self, commit: &Untrusted) -> String {
        let shown = text::markdown_code(wording::short_commit(commit).raw(), MAX_SHOWN, false);
        self.commit_page(commit).map_or_else(|| shown.clone(), |address| format!("[{shown}]({address})"))
    }

    /// The address of a commit's page.
    pub(super) fn commit_page(&self, commit: &Untrusted) -> Option<String> {
        let repository = self.repository().filter(|_| text::is_commit_id(commit.raw()))?;
        Some(format!("{repository}/commit/{}", commit.raw()))
    }

    /// The address of what lies between two commits.
    pub(super) fn compare(&self, before: &Untrusted, now: &Untrusted) -> Option<String> {
        let (before, now) = (before.raw(), now.raw());
        let different = text::is_commit_id(before) && text::is_commit_id(now) && before != now;
        self.repository().filter(|_| different).map(|repository| format!("{repository}/compare/{before}...{now}"))
    }

    /// What lies between two commits, in Markdown.
    pub(super) fn range(&self, before: &Untrusted, now: &Untrusted) -> Option<String> {
        let address = self.compare(before, now)?;
        let said = format!("{}...{}", wording::short_commit(before).raw(), wording::short_commit(now).raw());
        Some(format!("[{}]({address})", text::markdown_code(&said, MAX_SHOWN, false)))
    }
}

/// Whether an address can stand in the brackets of a link as it is.
fn is_plain(address: &str) -> bool {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:%?=&+#@".contains(c);
    address.len() <= 500 && rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
}
