//! The checkout that the user is in: which commit it is at, what changed, and what its base is.
//!
//! Not here: work trees of other commits (`workplace`).

use std::path::{Path, PathBuf};

use super::Stop;
use crate::diag::{Code, Diagnostic};
use crate::io::git::{Git, GitError};
use crate::text::{self, Untrusted};

/// The user's checkout.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// Its repository, whatever the environment says.
    pub git: Git,
    /// The folder it is in.
    top: PathBuf,
    /// The working folder below the checkout's top, empty at the top.
    pub prefix: PathBuf,
    /// The commit it is at.
    pub head: String,
    /// Its branch; `None` where it is detached.
    pub branch: Option<String>,
    /// The files that differ from the commit, untracked ones and folders of them included, as paths from the top.
    pub changed: Vec<Untrusted>,
}

/// A commit and what it was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its id in full.
    pub commit: String,
    /// As the user called it, or how it was found.
    pub name: Untrusted,
}

impl Checkout {
    /// The checkout that the working folder is in.
    ///
    /// # Errors
    /// If there is none, no commit yet, or no git.
    pub fn here() -> Result<Self, Stop> {
        let here = Git::here();
        let top = here.run(&["rev-parse", "--show-toplevel"]).map_err(|error| match error {
            GitError::Failed { .. } => Stop::Usage(
                Diagnostic::new(Code::NotARepository, "the working folder is not in a git checkout")
                    .note(error.said())
                    .help("compare with a prepared folder instead: `--base DIR`"),
            ),
            error => Stop::Outside(
                Diagnostic::new(Code::GitFailed, error.to_string())
                    .help("compare with a prepared folder instead: `--base DIR`"),
            ),
        })?;
        let prefix = here.run(&["rev-parse", "--show-prefix"]).map_err(failed)?;
        let git = Git::at(top.clone());
        let head = git.run(&["rev-parse", "--verify", "--quiet", "HEAD"]).map_err(|_| {
            Stop::Usage(Diagnostic::new(Code::UnknownRevision, "the repository has no commit to compare with"))
        })?;
        let branch = git.run(&["symbolic-ref", "--quiet", "--short", "HEAD"]).ok();
        let changed = changed(&git, &[])?;
        Ok(Self { git, top: top.into(), prefix: prefix.trim_end_matches('/').into(), head, branch, changed })
    }

    /// The commit that a name means.
    ///
    /// # Errors
    /// If it means none, with what to do about it.
    pub fn resolve(&self, name: &str) -> Result<Revision, Stop> {
        let found = self.commit(name).ok_or_else(|| {
            let shown = text::shown(&name.into());
            let diagnostic =
                Diagnostic::new(Code::UnknownRevision, format!("there is no commit, branch or tag `{shown}` here"));
            Stop::Usage(self.if_shallow(diagnostic))
        })?;
        Ok(Revision { commit: found, name: name.into() })
    }

    /// Leaves files out of what differs from the commit: the reports that a call reads and writes.
    ///
    /// # Errors
    /// If git cannot tell the others.
    pub fn leave_out<'a>(&mut self, files: impl Iterator<Item = &'a str>) -> Result<(), Stop> {
        let below_the_top = |file: &str| {
            let path = Path::new(file);
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let path = folder.canonicalize().ok()?.join(path.file_name()?);
            Some(path.strip_prefix(self.top.canonicalize().ok()?).ok()?.to_string_lossy().into_owned())
        };
        let excluded: Vec<String> =
            files.filter_map(below_the_top).map(|path| format!(":(exclude,literal){path}")).collect();
        if !self.changed.is_empty() && !excluded.is_empty() {
            self.changed = changed(&self.git, &excluded)?;
        }
        Ok(())
    }

    /// Whether a path is written out from the root and lies in this checkout.
    pub fn holds(&self, path: &str) -> bool {
        Path::new(path).is_absolute() && Path::new(path).starts_with(&self.top)
    }

    /// Whether the checkout is at a commit, or at a merge that has it as a parent, as CI makes of a pull request.
    pub fn is_at(&self, commit: &str) -> bool {
        // Also tells the parents that a shallow clone does not have.
        let said = self.git.run(&["cat-file", "commit", &self.head]).unwrap_or_default();
        let header = said.lines().take_while(|line| !line.is_empty());
        let parents: Vec<&str> = header.filter_map(|line| line.strip_prefix("parent ")).collect();
        let is_merge = parents.len() > 1;
        self.head == commit || (is_merge && parents.contains(&commit))
    }

    fn commit(&self, name: &str) -> Option<String> {
        // A name that starts with a dash would be an option.
        let name = format!("{name}^{{commit}}");
        self.git.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).ok()
    }

    /// Adds what helps in a clone that lacks most commits, as CI makes them.
    fn if_shallow(&self, diagnostic: Diagnostic) -> Diagnostic {
        if self.git.run(&["rev-parse", "--is-shallow-repository"]).ok().as_deref() != Some("true") {
            return diagnostic;
        }
        diagnostic
            .note("this is a shallow clone, which holds the newest commits only")
            .help("fetch the others: `git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'`")
            .help("with actions/checkout: `fetch-depth: 0`")
    }

    /// The commit where this checkout left the default branch.
    ///
    /// # Errors
    /// If there is no default branch, no common commit, or nothing that differs from it.
    pub fn merge_base(&self) -> Result<Revision, Stop> {
        let branch = self.default_branch().ok_or_else(|| {
            Stop::Usage(
                Diagnostic::new(Code::UnknownRevision, "no default branch is known to compare with")
                    .help("name the base: `--base REV`"),
            )
        })?;
        let shown = text::shown(&branch.as_str().into());
        let commit = self.git.run(&["merge-base", "--end-of-options", "HEAD", &branch]).map_err(|_| {
            let diagnostic = Diagnostic::new(
                Code::UnknownRevision,
                format!("the checkout and `{shown}` have no commit in common here"),
            );
            Stop::Usage(self.if_shallow(diagnostic).help("or name the base: `--base REV`"))
        })?;
        if commit == self.head && self.changed.is_empty() {
            return Err(Stop::Usage(
                Diagnostic::new(Code::UnknownRevision, format!("the checkout does not differ from `{shown}`"))
                    .help("name another base: `--base HEAD~1`"),
            ));
        }
        Ok(Revision { commit, name: format!("merge base with {branch}").into() })
    }

    fn default_branch(&self) -> Option<String> {
        let remote = self.git.run(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]).ok();
        let usual = ["origin/main", "origin/master", "main", "master"].map(str::to_owned);
        remote.into_iter().chain(usual).find(|name| self.commit(name).is_some())
    }

    /// The commits after `good` up to `bad` along first parents, oldest first, with their subjects.
    ///
    /// # Errors
    /// If `good` does not come before `bad`.
    pub fn between(&self, good: &Revision, bad: &Revision) -> Result<Vec<(String, Untrusted)>, Stop> {
        if self.git.run(&["merge-base", "--is-ancestor", &good.commit, &bad.commit]).is_err() {
            let (good, bad) = (text::shown(&good.name), text::shown(&bad.name));
            let message = format!("`{good}` does not come before `{bad}`");
            return Err(Stop::Usage(
                Diagnostic::new(Code::UnknownRevision, message)
                    .help("the good commit must be an ancestor of the bad one"),
            ));
        }
        let range = format!("{}..{}", good.commit, bad.commit);
        let list = self
            .git
            .run(&["log", "--no-show-signature", "--first-parent", "--reverse", "--format=%H %s", &range])
            .map_err(failed)?;
        Ok(list
            .lines()
            .filter_map(|line| line.split_once(' ').or(Some((line, ""))))
            .map(|(commit, subject)| (commit.to_owned(), subject.into()))
            .collect())
    }
}

/// What differs from the commit, but for these pathspecs.
fn changed(git: &Git, excluded: &[String]) -> Result<Vec<Untrusted>, Stop> {
    let mut command = vec!["status", "--porcelain", "-z", "--no-renames", "--", "."];
    command.extend(excluded.iter().map(String::as_str));
    let listed = git.bytes(&command, b"").map_err(failed)?;
    // Two letters and a space stand before each path (git-status(1), "Short Format").
    let paths = listed.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..));
    Ok(paths.map(|path| String::from_utf8_lossy(path).as_ref().into()).collect())
}

fn failed(error: GitError) -> Stop {
    Stop::Outside(Diagnostic::new(Code::GitFailed, error.to_string()))
}
