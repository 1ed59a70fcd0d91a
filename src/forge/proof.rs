//! Which pull request a workflow run belongs to, and where its change started, by what the host says and nothing else.
//!
//! What the run itself left behind is written by whoever opened the pull request, so nothing is believed of it. The run's
//! event file is written by the host. From there: the pull request is open, its newest commit is the one that the run
//! was about, it comes from the repository that the run came from, and it is for this repository. The second and third
//! together keep anybody from pushing another one's commit to a fork of his own and speaking on the other's pull request.
//!
//! Sources: docs.github.com "Webhook events: `workflow_run`", REST "Pulls", "Commits".
//!
//! Not here: what the run measured (`artifacts`), which stored run is the baseline (`store`).

use serde::Deserialize;

use super::github::{GitHub, encoded};
use super::policy::Problem;

/// The part of the event file of a `workflow_run` job that is used.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    workflow_run: Run,
    repository: Repository,
}

#[derive(Clone, Debug, Deserialize)]
struct Run {
    id: u64,
    #[serde(default, rename = "run_attempt")]
    attempt: u64,
    event: String,
    conclusion: Option<String>,
    head_sha: String,
    head_branch: Option<String>,
    head_repository: Option<Repository>,
    repository: Repository,
    #[serde(default)]
    html_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Repository {
    id: u64,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    owner: Option<Owner>,
}

#[derive(Clone, Debug, Deserialize)]
struct Owner {
    login: Option<String>,
}

/// A pull request that a run is proven to belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Its number.
    pub number: u64,
    /// The branch that it is for.
    pub base: String,
    /// Its newest commit, which the run was about.
    pub head: String,
}

/// Why nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The run is none of a pull request of this repository: a fault of the workflow.
    NotOurs(String),
    /// There is nothing to do: the run was not for a pull request, or that one is closed or has newer commits.
    Nothing(String),
    /// The host could not be asked.
    Problem(Problem),
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    state: Option<String>,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Option<Repository>,
}

impl Event {
    /// Reads an event file.
    ///
    /// # Errors
    /// If it is not that of a `workflow_run`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Denied> {
        serde_json::from_slice(bytes)
            .map_err(|_| Denied::NotOurs("the event file is not of a `workflow_run`".to_owned()))
    }

    /// The number of the run that was handed over, its attempt, and its page.
    pub fn run(&self) -> (u64, u64, Option<&str>) {
        (self.workflow_run.id, self.workflow_run.attempt, self.workflow_run.html_url.as_deref())
    }

    /// The branch that the run was about.
    pub fn branch(&self) -> Option<&str> {
        self.workflow_run.head_branch.as_deref()
    }

    /// The commit that the run was about.
    pub fn head(&self) -> &str {
        &self.workflow_run.head_sha
    }

    /// Whether the run is one of a pull request of `repository`, by the event file alone.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, repository: &str) -> Result<(), Denied> {
        let run = &self.workflow_run;
        let not = |why: &str| Err(Denied::NotOurs(why.to_owned()));
        let nothing = |why: &str| Err(Denied::Nothing(why.to_owned()));
        if run.event != "pull_request" {
            return nothing("the run was not started by `pull_request`");
        }
        if run.repository.id != self.repository.id {
            return not("the run belongs to another repository");
        }
        if self.repository.full_name.as_deref().is_some_and(|name| !name.eq_ignore_ascii_case(repository)) {
            return not("the event is of another repository than the one that is written to");
        }
        if !matches!(run.conclusion.as_deref(), Some("success" | "failure")) {
            return nothing("the run was cancelled or skipped");
        }
        if !is_commit(&run.head_sha) {
            return not("the run has no commit");
        }
        Ok(())
    }
}

fn superseded() -> Denied {
    Denied::Nothing("the pull request is closed, or has newer commits than the run".to_owned())
}

/// Whether a text is the whole id of a commit.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl GitHub {
    /// The pull request that a run belongs to. Of several with one branch, for different bases, the one with the lowest
    /// number.
    ///
    /// # Errors
    /// Why there is none.
    pub fn prove(&self, event: &Event) -> Result<Proven, Denied> {
        event.check(&self.place().project)?;
        let run = &event.workflow_run;
        let from = run.head_repository.as_ref();
        // A fork that is gone by now has no pull request to speak on.
        let (Some(from), Some(branch)) = (from, run.head_branch.as_deref()) else {
            return Err(superseded());
        };
        let Some(owner) = from.owner.as_ref().and_then(|owner| owner.login.as_deref()) else {
            return Err(Denied::NotOurs("the run does not say whose branch it is of".to_owned()));
        };
        // The commit's own list of pull requests is empty for forks.
        let path = format!("/pulls?state=open&head={}", encoded(&format!("{owner}:{branch}")));
        let pulls: Vec<Pull> = self.pages(&path)?;
        let belongs = |pull: &Pull| {
            pull.state.as_deref() == Some("open")
                && pull.head.sha == run.head_sha
                && pull.head.repo.as_ref().is_some_and(|repo| repo.id == from.id)
                && pull.base.repo.as_ref().is_some_and(|repo| repo.id == event.repository.id)
        };
        let pull = pulls.into_iter().filter(belongs).min_by_key(|pull| pull.number).ok_or_else(superseded)?;
        Ok(Proven { number: pull.number, base: pull.base.name, head: pull.head.sha })
    }

    /// The commit that a pull request's change is compared with. `measured` is what the results say was measured: a hint
    /// that counts only if it merges this pull request's head into a commit of its base branch, as the host's own test merge
    /// does. A fork can push such a merge too and so choose among the base branch's commits; the numbers are its own anyway.
    ///
    /// # Errors
    /// Why the host could not say it.
    pub fn start(&self, pull: &Proven, measured: Option<&str>) -> Result<String, Problem> {
        #[derive(Deserialize)]
        struct Named {
            sha: String,
        }
        #[derive(Deserialize)]
        struct Commit {
            #[serde(default)]
            parents: Vec<Named>,
        }
        #[derive(Deserialize)]
        struct Compared {
            status: Option<String>,
            merge_base_commit: Option<Named>,
        }
        let compare = |head: &str| {
            let path = format!("/compare/{}...{}", encoded(&pull.base), encoded(head));
            self.get::<Compared>(&path)
        };
        if let Some(merge) = measured.filter(|commit| is_commit(commit) && *commit != pull.head) {
            // A commit that the host does not know is no merge of its own.
            match self.get::<Commit>(&format!("/commits/{merge}")) {
                Ok(commit) => {
                    if let [parent, head] = commit.parents.as_slice()
                        && head.sha == pull.head
                        && is_commit(&parent.sha)
                        && matches!(compare(&parent.sha)?.status.as_deref(), Some("behind" | "identical"))
                    {
                        return Ok(parent.sha.clone());
                    }
                }
                Err(problem) if matches!(problem.status(), Some(404 | 409 | 422)) => {}
                Err(problem) => return Err(problem),
            }
        }
        let base = compare(&pull.head)?.merge_base_commit.map(|commit| commit.sha);
        base.filter(|sha| is_commit(sha)).ok_or_else(|| Problem::Malformed("it names no merge base".to_owned()))
    }
}
