//! What a CI system says of the commit it builds.
//!
//! GitHub Actions, GitLab CI, Buildkite and Jenkins by their own variables; what other systems call their commit and
//! branch is not asked, because git knows both; where it does not, `PERFGATE_COMMIT`, `PERFGATE_BRANCH`, `PERFGATE_BASE` (the
//! branch that a pull request is for) and `PERFGATE_PULL_REQUEST` (its number) tell.
//!
//! Sources: docs.github.com "Variables reference"; docs.gitlab.com "Predefined CI/CD variables" (17); buildkite.com
//! "Environment variables"; Jenkins' git and branch-api plugins.
//!
//! Not here: asking git, and what a pull request means for a baseline (`store`).

use serde::Deserialize;

use super::{files, system};

/// A build of a CI system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The system, for messages.
    pub system: &'static str,
    /// The commit that is built.
    pub commit: Option<String>,
    /// The branch that is built; of a pull request, its own branch.
    pub branch: Option<String>,
    /// The repository's default branch.
    pub default_branch: Option<String>,
    /// The pull request that is built, if it is one.
    pub pull_request: Option<PullRequest>,
    /// Whether the results come from another run, so that what is checked out here is not what was measured.
    pub is_handed_over: bool,
    /// The image that the machine was started from, where the system names it.
    pub image: Option<String>,
}

/// A pull request, merge request or merge queue entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// What it is called: `#12`, `!12`.
    pub name: String,
    /// Its number, where it has one.
    pub number: Option<u64>,
    /// Its own newest commit, where the system says so: what is built may be a merge of it.
    pub head: Option<String>,
    /// The branch that it is for.
    pub base_branch: Option<String>,
    /// The commit that its branch began at, where the system says so exactly.
    pub start: Option<String>,
    /// Whether the commit that is built is a merge made for this build, whose first parent is what it is merged into.
    pub is_test_merge: bool,
}

/// Where the repository and the run of a build can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Address of the repository, to which `/commit/ID` and `/compare/A...B` can be added.
    pub repository: Option<String>,
    /// Address of the run.
    pub run: Option<String>,
}

/// The part of GitHub's event file that is used.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    number: Option<u64>,
    pull_request: Option<Pull>,
    issue: Option<Issue>,
    repository: Repository,
    merge_group: Option<MergeGroup>,
    workflow_run: Option<WorkflowRun>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Repository {
    default_branch: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pull {
    head: Head,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    sha: Option<String>,
}

/// What was commented on, which may be a pull request.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Issue {
    number: Option<u64>,
    pull_request: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MergeGroup {
    base_sha: Option<String>,
    base_ref: Option<String>,
}

/// The run whose end started this one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WorkflowRun {
    event: String,
    head_sha: Option<String>,
    head_branch: Option<String>,
}

/// The build that this process is part of, if a CI system runs it.
pub fn build() -> Option<Build> {
    detect(&|name| system::variable(name), &|path| files::read(path).ok())
}

/// The addresses of the build that this process is part of; none outside of GitHub Actions (and what speaks like it) and
/// GitLab CI.
pub fn pages() -> Pages {
    addresses(&|name| system::variable(name))
}

fn addresses(variable: &dyn Fn(&str) -> Option<String>) -> Pages {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let (Some(server), Some(repository)) = (variable("GITHUB_SERVER_URL"), variable("GITHUB_REPOSITORY")) {
        let repository = format!("{}/{repository}", server.trim_end_matches('/'));
        let attempt = variable("GITHUB_RUN_ATTEMPT").filter(|attempt| attempt != "1");
        let attempt = attempt.map_or_else(String::new, |attempt| format!("/attempts/{attempt}"));
        let run = variable("GITHUB_RUN_ID").map(|run| format!("{repository}/actions/runs/{run}{attempt}"));
        return Pages { repository: Some(repository), run };
    }
    Pages {
        repository: variable("CI_PROJECT_URL").map(|project| format!("{project}/-")),
        run: variable("CI_JOB_URL").or_else(|| variable("CI_PIPELINE_URL")),
    }
}

fn detect(variable: &dyn Fn(&str) -> Option<String>, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<Build> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let is_true = |name: &str| variable(name).is_some_and(|value| value == "true" || value == "1");
    if is_true("GITHUB_ACTIONS") {
        return Some(github(&variable, read));
    }
    if is_true("GITLAB_CI") {
        return Some(gitlab(&variable));
    }
    if is_true("BUILDKITE") {
        return Some(buildkite(&variable));
    }
    if variable("JENKINS_URL").is_some() {
        return Some(jenkins(&variable));
    }
    let own = ["PERFGATE_COMMIT", "PERFGATE_BRANCH", "PERFGATE_BASE", "PERFGATE_PULL_REQUEST"];
    own.iter().any(|name| variable(name).is_some()).then(|| generic(&variable))
}

fn generic(variable: &dyn Fn(&str) -> Option<String>) -> Build {
    Build {
        system: "CI",
        commit: variable("PERFGATE_COMMIT"),
        branch: variable("PERFGATE_BRANCH"),
        default_branch: None,
        pull_request: variable("PERFGATE_PULL_REQUEST").map(|number| PullRequest {
            number: number.parse().ok(),
            name: format!("pull request #{number}"),
            base_branch: variable("PERFGATE_BASE"),
            ..PullRequest::default()
        }),
        is_handed_over: false,
        image: None,
    }
}

fn github(variable: &dyn Fn(&str) -> Option<String>, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Build {
    let event = variable("GITHUB_EVENT_PATH").and_then(|path| read(&path));
    let event: Event = event.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let name = variable("GITHUB_EVENT_NAME").unwrap_or_default();
    let reference = variable("GITHUB_REF").unwrap_or_default();
    let pull_request = match name.as_str() {
        "pull_request" | "pull_request_target" => {
            // An event file that cannot be read does not hide the number, which the reference has too.
            let referred = || reference.strip_prefix("refs/pull/")?.split_once('/')?.0.parse().ok();
            let number = event.number.or_else(referred);
            Some(PullRequest {
                name: number.map_or_else(|| "a pull request".to_owned(), |number| format!("pull request #{number}")),
                number,
                head: event.pull_request.and_then(|pull| pull.head.sha),
                base_branch: variable("GITHUB_BASE_REF"),
                start: None,
                is_test_merge: name == "pull_request" && reference.ends_with("/merge"),
            })
        }
        "merge_group" => event.merge_group.map(|group| PullRequest {
            name: "a merge queue entry".to_owned(),
            number: None,
            head: None,
            base_branch: group.base_ref.map(|name| name.trim_start_matches("refs/heads/").to_owned()),
            start: group.base_sha,
            is_test_merge: false,
        }),
        // Results that a pull request's workflow has handed over.
        "workflow_run" => event
            .workflow_run
            .as_ref()
            .filter(|run| run.event.starts_with("pull_request"))
            .map(|_| PullRequest { name: "a pull request".to_owned(), ..PullRequest::default() }),
        // A comment that asks for a run. What is checked out is the default branch, unless the job changes that.
        "issue_comment" => event.issue.filter(|issue| issue.pull_request.is_some()).map(|issue| PullRequest {
            name: issue.number.map_or_else(|| "a pull request".to_owned(), |number| format!("pull request #{number}")),
            number: issue.number,
            ..PullRequest::default()
        }),
        _ => None,
    };
    let is_handed_over = event.workflow_run.is_some();
    let handed_over = event.workflow_run.unwrap_or_default();
    let pushed = reference.strip_prefix("refs/heads/").map(str::to_owned);
    Build {
        system: "GitHub Actions",
        // On `pull_request_target` this is the base branch, not what the pull request would bring.
        commit: handed_over.head_sha.or_else(|| variable("GITHUB_SHA").filter(|_| name != "pull_request_target")),
        branch: handed_over.head_branch.or_else(|| variable("GITHUB_HEAD_REF")).or(pushed),
        default_branch: event.repository.default_branch,
        pull_request,
        is_handed_over,
        image: variable("ImageOS"),
    }
}

fn gitlab(variable: &dyn Fn(&str) -> Option<String>) -> Build {
    let request = variable("CI_MERGE_REQUEST_IID");
    let kind = variable("CI_MERGE_REQUEST_EVENT_TYPE").unwrap_or_default();
    let is_test_merge = kind == "merged_result" || kind == "merge_train";
    Build {
        system: "GitLab CI",
        commit: variable("CI_COMMIT_SHA"),
        branch: variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME").or_else(|| variable("CI_COMMIT_BRANCH")),
        default_branch: variable("CI_DEFAULT_BRANCH"),
        pull_request: request.map(|number| PullRequest {
            number: number.parse().ok(),
            head: variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
                .or_else(|| variable("CI_COMMIT_SHA").filter(|_| !is_test_merge)),
            name: format!("merge request !{number}"),
            base_branch: variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
            start: variable("CI_MERGE_REQUEST_DIFF_BASE_SHA").filter(|_| !is_test_merge),
            is_test_merge,
        }),
        is_handed_over: false,
        image: variable("CI_JOB_IMAGE"),
    }
}

fn buildkite(variable: &dyn Fn(&str) -> Option<String>) -> Build {
    let number = variable("BUILDKITE_PULL_REQUEST").filter(|number| number != "false");
    Build {
        system: "Buildkite",
        // A build that was started by hand has the word HEAD here.
        commit: variable("BUILDKITE_COMMIT").filter(|commit| commit != "HEAD"),
        branch: variable("BUILDKITE_BRANCH"),
        default_branch: variable("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
        pull_request: number.map(|number| PullRequest {
            number: number.parse().ok(),
            head: None,
            name: format!("pull request #{number}"),
            base_branch: variable("BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
            start: None,
            is_test_merge: false,
        }),
        is_handed_over: false,
        image: None,
    }
}

fn jenkins(variable: &dyn Fn(&str) -> Option<String>) -> Build {
    let branch = variable("CHANGE_BRANCH").or_else(|| variable("BRANCH_NAME")).or_else(|| variable("GIT_BRANCH"));
    Build {
        system: "Jenkins",
        commit: variable("GIT_COMMIT"),
        branch: branch.map(|name| name.trim_start_matches("origin/").to_owned()),
        default_branch: None,
        pull_request: variable("CHANGE_ID").map(|number| PullRequest {
            number: number.parse().ok(),
            head: None,
            name: format!("pull request #{number}"),
            base_branch: variable("CHANGE_TARGET"),
            start: None,
            // The plugin can build either; git tells by the parents.
            is_test_merge: false,
        }),
        is_handed_over: false,
        image: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(variables: &[(&str, &str)], event: &str) -> Option<Build> {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        detect(&variable, &|path| (path == "event.json").then(|| event.as_bytes().to_vec()))
    }

    #[test]
    fn nothing_is_said_outside_of_ci() {
        assert_eq!(built(&[("GITHUB_SHA", "a"), ("CI", "true")], ""), None);
        assert_eq!(built(&[("GITHUB_ACTIONS", "")], ""), None);
    }

    #[test]
    fn github_pull_requests_are_built_as_test_merges() {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_SHA", "merge"),
            ("GITHUB_REF", "refs/pull/12/merge"),
            ("GITHUB_HEAD_REF", "topic"),
            ("GITHUB_BASE_REF", "main"),
        ];
        let build = built(
            &variables,
            r#"{"number": 12, "repository": {"default_branch": "main"}, "pull_request": {"head": {"sha": "tip"}}}"#,
        )
        .unwrap();
        assert_eq!((build.commit.as_deref(), build.branch.as_deref()), (Some("merge"), Some("topic")));
        assert_eq!(build.default_branch.as_deref(), Some("main"));
        let request = build.pull_request.unwrap();
        assert_eq!((request.name.as_str(), request.is_test_merge), ("pull request #12", true));
        assert_eq!((request.number, request.head.as_deref()), (Some(12), Some("tip")));
        assert_eq!(request.base_branch.as_deref(), Some("main"));
    }

    #[test]
    fn a_broken_event_file_does_not_hide_the_number_of_a_pull_request() {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_REF", "refs/pull/5/merge"),
        ];
        let request = built(&variables, "{").unwrap().pull_request.unwrap();
        assert_eq!((request.number, request.name.as_str()), (Some(5), "pull request #5"));
        let named = |reference| {
            let variables = [&variables[..3], &[("GITHUB_REF", reference)]].concat();
            built(&variables, "{").unwrap().pull_request.unwrap().number
        };
        assert_eq!((named("refs/heads/main"), named("refs/pull/x/merge"), named("")), (None, None, None));
    }

    #[test]
    fn github_pushes_and_merge_queues() {
        let push = [("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "c"), ("GITHUB_REF", "refs/heads/a/b")];
        let build = built(&push, "").unwrap();
        assert_eq!((build.branch.as_deref(), build.pull_request), (Some("a/b"), None));
        let queue = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "merge_group"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_REF", "refs/heads/gh-readonly-queue/main/pr-1-x"),
        ];
        let event = r#"{"merge_group": {"base_sha": "b", "base_ref": "refs/heads/main"}}"#;
        let request = built(&queue, event).unwrap().pull_request.unwrap();
        assert_eq!((request.start.as_deref(), request.base_branch.as_deref()), (Some("b"), Some("main")));
    }

    #[test]
    fn results_handed_over_by_another_workflow_are_of_what_that_one_built() {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "workflow_run"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_SHA", "main"),
            ("GITHUB_REF", "refs/heads/main"),
        ];
        let of = |event: &str| {
            let run = format!(r#"{{"workflow_run": {{"event": "{event}", "head_sha": "h", "head_branch": "t"}}}}"#);
            built(&variables, &run).unwrap()
        };
        assert_eq!((of("push").commit.as_deref(), of("push").branch.as_deref()), (Some("h"), Some("t")));
        assert!(
            of("push").is_handed_over && of("pull_request").pull_request.is_some() && of("push").pull_request.is_none()
        );
    }

    #[test]
    fn pages_are_where_the_system_says() {
        let of = |variables: &[(&str, &str)]| {
            addresses(&|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
        };
        let github = [
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "2"),
        ];
        let pages = of(&github);
        assert_eq!(pages.repository.as_deref(), Some("https://github.com/o/r"));
        assert_eq!(pages.run.as_deref(), Some("https://github.com/o/r/actions/runs/7/attempts/2"));
        let gitlab = [("CI_PROJECT_URL", "https://gitlab.com/o/r"), ("CI_JOB_URL", "https://gitlab.com/o/r/-/jobs/3")];
        assert_eq!(of(&gitlab).repository.as_deref(), Some("https://gitlab.com/o/r/-"));
        assert_eq!(of(&[("GITHUB_REPOSITORY", "o/r")]), Pages::default());
    }

    #[test]
    fn systems_without_variables_of_their_own_use_ours() {
        let build = built(&[("PERFGATE_PULL_REQUEST", "4"), ("PERFGATE_BASE", "dev")], "").unwrap();
        assert_eq!(build.pull_request.unwrap().base_branch.as_deref(), Some("dev"));
    }

    #[test]
    fn other_systems_name_their_pull_requests() {
        let gitlab = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", "c"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "b"),
        ];
        let request = built(&gitlab, "").unwrap().pull_request.unwrap();
        assert_eq!((request.name.as_str(), request.start.as_deref()), ("merge request !7", Some("b")));
        let buildkite = [("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST", "false"), ("BUILDKITE_COMMIT", "HEAD")];
        let build = built(&buildkite, "").unwrap();
        assert_eq!((build.commit, build.pull_request), (None, None));
        let jenkins = [("JENKINS_URL", "x"), ("CHANGE_ID", "3"), ("CHANGE_TARGET", "main"), ("CHANGE_BRANCH", "t")];
        let build = built(&jenkins, "").unwrap();
        assert_eq!(build.branch.as_deref(), Some("t"));
        assert_eq!(build.pull_request.unwrap().base_branch.as_deref(), Some("main"));
    }
}
