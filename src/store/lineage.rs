//! Which commits lie before a change, as far as git can tell.
//!
//! A change starts where its branch left the default branch: at the first parent of a merge that CI made to test it, at
//! the merge base of a branch, at the parent of a commit on the default branch itself. Runs of commits from there back
//! along first parents are what it may be compared with; newer ones would blame the change for what others did.
//!
//! CI systems clone little. What is missing of the history is fetched without content into a repository of our own.
//!
//! Not here: which of these commits have runs (`baseline`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::private::{DISTURBED, Private, Remote, failed, is_local, reaching};
use crate::diag::{Code, Diagnostic};
use crate::io::ci::{Build, PullRequest};
use crate::io::git::{Git, GitError};
use crate::io::system;
use crate::text::{self, Untrusted};

/// How many commits back the history is fetched where the clone lacks it, to find where a branch began.
const DEPTH: usize = 1000;
/// The remote that git gives a clone.
const ORIGIN: &str = "origin";
/// Our repository that histories are fetched into.
const HISTORY: &str = "history.git";
/// Shortest beginning of a commit id that names a commit.
const SHORTEST_ID: usize = 7;

/// The commits of the repository that the working folder is in.
pub struct Lineage {
    here: Git,
    is_repository: bool,
    build: Option<Build>,
    /// The remote that the project is cloned from.
    remote: String,
    patience: Duration,
}

/// Where a change started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The commit that the change is compared with, or the nearest before it.
    pub commit: String,
    /// What it is, for people: `the merge base with main`.
    pub what: String,
}

/// A commit and those before it, along first parents.
#[derive(Clone, Debug, Default)]
pub struct Ancestors {
    /// How many steps back each is, by id.
    steps: BTreeMap<String, usize>,
    /// Whether the list ends because the history or the depth ends, not because the clone does.
    pub is_complete: bool,
}

impl Ancestors {
    /// How many steps back a commit is; `None` if it is not among them. Takes beginnings of ids of 7 digits or more.
    pub fn steps_to(&self, commit: &str) -> Option<usize> {
        if let Some(steps) = self.steps.get(commit) {
            return Some(*steps);
        }
        if commit.len() < SHORTEST_ID {
            return None;
        }
        let mut from = self.steps.range(commit.to_owned()..).take_while(|(id, _)| id.starts_with(commit));
        from.next().map(|(_, steps)| *steps)
    }
}

impl Lineage {
    /// The repository of the working folder, as this build sees it. `origin`, or else the first remote, is asked for
    /// history that the clone lacks.
    ///
    /// # Errors
    /// If there is a repository that git does not open, or git is missing.
    pub fn new(build: Option<Build>, patience: Duration) -> Result<Self, Diagnostic> {
        let here = Git::here();
        let is_repository = match here.run(&["rev-parse", "--git-dir"]) {
            Ok(_) => true,
            Err(error) if error.mentions(&["not a git repository"]) => false,
            Err(GitError::NotInstalled) if system::repository_root().is_none() => false,
            Err(error) => return Err(failed("look at the repository here", &error)),
        };
        let remotes = here.run(&["remote"]).unwrap_or_default();
        let mut names = remotes.lines();
        let remote = names.clone().find(|name| *name == ORIGIN).or_else(|| names.next()).unwrap_or(ORIGIN).to_owned();
        Ok(Self { here, is_repository, build, remote, patience })
    }

    /// Whether there is a repository at all.
    pub fn is_repository(&self) -> bool {
        self.is_repository
    }

    /// Whether the clone lacks old history.
    pub fn is_shallow(&self) -> bool {
        self.here.run(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| answer == "true")
    }

    /// The full id of a commit, branch or tag; `None` if the clone does not know it.
    pub fn resolve(&self, name: &str) -> Option<String> {
        let commit = format!("{name}^{{commit}}");
        self.here.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).ok()
    }

    /// The commit that is checked out, else the one that CI says it builds.
    pub fn head(&self) -> Option<String> {
        let is_bare = self.here.run(&["rev-parse", "--is-bare-repository"]).is_ok_and(|answer| answer == "true");
        let built = self.build.as_ref().and_then(|build| build.commit.clone());
        let head = || self.resolve("HEAD");
        let elsewhere = is_bare || self.build.as_ref().is_some_and(|build| build.is_handed_over);
        if elsewhere { built.or_else(head) } else { head().or(built) }
    }

    /// The branch that is checked out or built.
    pub fn branch(&self) -> Option<String> {
        let built = self.build.as_ref().and_then(|build| build.branch.clone());
        built.or_else(|| self.here.run(&["symbolic-ref", "--quiet", "--short", "HEAD"]).ok())
    }

    /// When a commit was made, in seconds since 1970.
    pub fn committed_at(&self, commit: &str) -> Option<i64> {
        self.here
            .run(&["show", "--no-patch", "--format=%ct", "--end-of-options", commit, "--"])
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// Whether tracked files differ from the commit that is checked out.
    pub fn is_modified(&self) -> bool {
        self.here.run(&["status", "--porcelain", "--untracked-files=no"]).is_ok_and(|changes| !changes.is_empty())
    }

    /// What the CI system says of the machine, as labels of a run.
    pub fn labels(&self) -> BTreeMap<Untrusted, Untrusted> {
        let build = self.build.as_ref();
        let system = build.map(|build| ("ci".into(), build.system.into()));
        let image = build.and_then(|build| build.image.as_deref()).map(|image| ("image".into(), image.into()));
        system.into_iter().chain(image).collect()
    }

    /// The pull request that is built, if one is.
    pub fn pull_request(&self) -> Option<&PullRequest> {
        self.build.as_ref()?.pull_request.as_ref()
    }

    /// The name of the branch that changes are made against.
    pub fn base_branch(&self) -> Option<String> {
        let build = self.build.as_ref();
        let of_request = build.and_then(|build| build.pull_request.as_ref()?.base_branch.clone());
        of_request.or_else(|| build?.default_branch.clone()).or_else(|| {
            let head = format!("refs/remotes/{}/HEAD", self.remote);
            let head = self.here.run(&["symbolic-ref", "--quiet", "--short", &head]);
            let of_remote =
                head.ok().and_then(|head| Some(head.strip_prefix(&self.remote)?.strip_prefix('/')?.to_owned()));
            let known = |name: &&str| self.known_tip(name).is_some();
            let usual = || ["main", "master", "trunk"].into_iter().find(known).map(str::to_owned);
            of_remote.or_else(usual).or_else(|| self.remote_head())
        })
    }

    /// The branch that the remote calls its own.
    fn remote_head(&self) -> Option<String> {
        let remote = Remote::find(&self.remote).ok()?;
        let private = Private::open(HISTORY, &remote, self.patience).ok()?;
        let answer = private.git.run(&["ls-remote", "--symref", "--end-of-options", &remote.fetch, "HEAD"]).ok()?;
        answer.lines().find_map(|line| Some(line.strip_prefix("ref: refs/heads/")?.split('\t').next()?.to_owned()))
    }

    /// The newest commit of a branch: what the remote has as far as it is known here, else what is here, else what the
    /// remote says.
    pub fn tip(&self, branch: &str) -> Option<String> {
        self.known_tip(branch).or_else(|| {
            let private = self.fetch(&[&format!("refs/heads/{branch}")], DEPTH)?;
            private.git.run(&["rev-parse", "--verify", "--quiet", "refs/perfgate/0"]).ok()
        })
    }

    fn known_tip(&self, branch: &str) -> Option<String> {
        let names =
            [format!("refs/remotes/{}/{branch}", self.remote), format!("refs/heads/{branch}"), branch.to_owned()];
        names.iter().find_map(|name| self.resolve(name))
    }

    /// The parents that a commit says it has, also where the clone does not hold them.
    fn parents(&self, commit: &str) -> Vec<String> {
        let content = self.here.run(&["cat-file", "commit", "--end-of-options", commit]).unwrap_or_default();
        let head = content.lines().take_while(|line| !line.is_empty());
        head.filter_map(|line| line.strip_prefix("parent ").map(str::to_owned)).collect()
    }

    /// Where the change that ends in `commit` started. `base` is the branch or commit it is made against, if the caller
    /// says so.
    ///
    /// # Errors
    /// If the clone does not know enough, with what to fetch.
    pub fn start(&self, commit: &str, base: Option<&str>) -> Result<Start, Diagnostic> {
        let shown = |name: &str| text::shown(&name.into());
        let parents = self.parents(commit);
        let first_parent = parents.first().cloned();
        let of_merge = |parent: String| Start { commit: parent, what: "the first parent of the merge".to_owned() };
        if base.is_none()
            && let Some(request) = self.pull_request()
        {
            if let Some(start) = &request.start {
                return Ok(Start { commit: start.clone(), what: format!("the start of {}", shown(&request.name)) });
            }
            // Whoever checks out the pull request's own head has not measured the merge.
            let is_built = self.build.as_ref().is_some_and(|build| build.commit.as_deref() == Some(commit));
            if let (true, true, [parent, _, ..]) = (request.is_test_merge, is_built, parents.as_slice()) {
                return Ok(of_merge(parent.clone()));
            }
        }
        let Some(base) = base.map(str::to_owned).or_else(|| self.base_branch()) else {
            let message = "the branch that the change is made against is not known here";
            return Err(Diagnostic::new(Code::UnknownCommit, message).help("name it: `--base BRANCH`"));
        };
        let Some(tip) = self.tip(&base) else {
            return Err(Diagnostic::new(
                Code::UnknownCommit,
                format!("no branch or commit `{}` is known here", shown(&base)),
            )
            .help(format!("fetch it: `git fetch origin {}`", shown(&base)))
            .help("or name another: `--base BRANCH`"));
        };
        let Some(found) = self.merge_base(commit, &tip)? else {
            let message = format!("the history here does not reach to where the change left `{}`", shown(&base));
            let help = if self.is_shallow() {
                "fetch more of it: `git fetch --unshallow`, in GitHub Actions `fetch-depth: 0` for actions/checkout"
            } else {
                "the two have no commit in common; name another branch: `--base BRANCH`"
            };
            return Err(Diagnostic::new(Code::UnknownCommit, message).help(help));
        };
        if found != commit {
            return Ok(Start { commit: found, what: format!("the merge base with {}", shown(&base)) });
        }
        // The commit is on the branch itself.
        match first_parent {
            // CI jobs touch files too, such as lock files, and have no changes of their own.
            _ if self.build.is_none() && self.is_modified() && self.head().as_deref() == Some(commit) => {
                Ok(Start { commit: commit.to_owned(), what: "the commit that is checked out".to_owned() })
            }
            Some(parent) => Ok(Start { commit: parent, what: "the parent".to_owned() }),
            None => {
                Err(Diagnostic::new(Code::NoBaseline, "the first commit has nothing before it to be compared with")
                    .help("`perfgate record` stores its run, and the next commit has a baseline"))
            }
        }
    }

    /// Makes sure that a commit can be checked out here, and fetches it from the remote where the clone lacks it.
    ///
    /// # Errors
    /// If the remote does not give it.
    pub fn obtain(&self, commit: &str) -> Result<(), Diagnostic> {
        if self.resolve(commit).is_some() {
            return Ok(());
        }
        if !text::is_commit_id(commit) {
            // A remote is asked for ids alone: anything else may be a refspec, which writes branches.
            let message = format!("`{}` is no commit that is known here", text::shown(&commit.into()));
            return Err(Diagnostic::new(Code::UnknownCommit, message));
        }
        let remote = Remote::find(&self.remote)?;
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
        // A clone with all of its history would become shallow by this.
        arguments.extend(self.is_shallow().then_some("--depth=1"));
        arguments.extend(["--end-of-options", remote.fetch.as_str(), commit]);
        reaching(&remote, Git::here()).run(&arguments).map(drop).map_err(|error| failed("fetch the base", &error))
    }

    /// Where two commits parted; asks the remote where the clone does not reach so far.
    fn merge_base(&self, commit: &str, tip: &str) -> Result<Option<String>, Diagnostic> {
        let ask = ["merge-base", "--end-of-options", commit, tip];
        match self.here.run(&ask) {
            Ok(found) => return Ok(Some(found)),
            Err(error @ (GitError::NotInstalled | GitError::Broken(_))) => return Err(failed("ask git", &error)),
            Err(GitError::Failed { .. }) => {}
        }
        let Some(private) = self.fetch(&[commit, tip], DEPTH) else { return Ok(None) };
        Ok(private.git.run(&ask).ok())
    }

    /// A commit and those before it along first parents, as many as `depth`.
    pub fn ancestors(&self, commit: &str, depth: usize) -> Ancestors {
        let here = walk(&self.here, commit, depth);
        if here.is_complete {
            return here;
        }
        // As much as can be had.
        let more = self.fetch(&[commit], depth).map(|private| walk(&private.git, commit, depth));
        more.filter(|more| more.steps.len() > here.steps.len()).unwrap_or(here)
    }

    /// Fetches commits, without their content, from the remote; `None` where that cannot be had.
    fn fetch(&self, wanted: &[&str], depth: usize) -> Option<Private> {
        let remote = Remote::find(&self.remote).ok()?;
        let private = Private::open(HISTORY, &remote, self.patience).ok()?;
        let depth = format!("--depth={depth}");
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--filter=tree:0", &depth];
        let refspecs: Vec<String> =
            wanted.iter().enumerate().map(|(at, name)| format!("+{name}:refs/perfgate/{at}")).collect();
        arguments.extend(["--end-of-options", remote.fetch.as_str()]);
        arguments.extend(refspecs.iter().map(String::as_str));
        let again = |error: &GitError| error.mentions(&[DISTURBED]) || is_local(error) && private.renew().is_ok();
        let fetched = match private.git.run(&arguments) {
            Err(error) if again(&error) => private.git.run(&arguments).is_ok(),
            done => done.is_ok(),
        };
        fetched.then_some(private)
    }
}

/// The commits that a repository has from one back along first parents.
fn walk(git: &Git, commit: &str, depth: usize) -> Ancestors {
    let count = format!("--max-count={depth}");
    let listed = git.run(&["log", "--first-parent", "--format=%H", &count, "--end-of-options", commit, "--"]);
    let listed = listed.unwrap_or_default();
    let commits: Vec<&str> = listed.lines().collect();
    let Some(last) = commits.last() else {
        return Ancestors { steps: BTreeMap::from([(commit.to_owned(), 0)]), ..Ancestors::default() };
    };
    let ends = git.run(&["cat-file", "commit", last]).is_ok_and(|content| !content.contains("\nparent "));
    Ancestors {
        is_complete: ends || commits.len() >= depth,
        steps: commits.iter().enumerate().map(|(steps, id)| ((*id).to_owned(), steps)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_is_asked_for_ids_of_commits_alone() {
        let lineage = Lineage::new(None, Duration::from_secs(1)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        let option = format!("--upload-pack=touch {};", taken.display());
        for name in [option.as_str(), "0123abc:refs/heads/made", "+0123abc", "no-such-name"] {
            assert_eq!(lineage.obtain(name).unwrap_err().code, Code::UnknownCommit, "{name}");
        }
        assert!(!taken.exists() && lineage.resolve("refs/heads/made").is_none());
    }
}
