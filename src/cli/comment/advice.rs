//! What to do when the server says no.
//!
//! Sources: docs.github.com "Permissions for the `GITHUB_TOKEN`", "Locking conversations"; docs.gitlab.com "Project access
//! tokens".
//!
//! Not here: trying again (`forge::policy`).

use crate::diag::{Code, Diagnostic};
use crate::forge::place::Kind;
use crate::forge::policy::Problem;

/// What was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// To write the comment.
    Comment,
    /// To write the commit status.
    Status,
    /// To read what another run left behind.
    Run,
}

impl What {
    fn failed(self) -> &'static str {
        match self {
            Self::Comment => "the comment was not posted",
            Self::Status => "the commit status was not set",
            Self::Run => "the run could not be looked at",
        }
    }

    fn permission(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::GitHub, Self::Comment) => "`pull-requests: write`",
            (Kind::GitHub, Self::Status) => "`statuses: write`",
            (Kind::GitHub, Self::Run) => "`actions: read`, `contents: read` and `pull-requests: read`",
            (Kind::GitLab, _) => "the scope `api` and at least the role Reporter (Developer for a status)",
            (Kind::Gitea, Self::Comment) => "write access to issues and pull requests",
            (Kind::Gitea, Self::Status | Self::Run) => "write access to the repository",
        }
    }
}

/// A problem with what helps against it. `is_second` tells that this job was started by the end of another workflow: it
/// has no summary to read, and may write.
pub(super) fn diagnostic(problem: &Problem, kind: Kind, what: What, is_second: bool) -> Diagnostic {
    let code = if what == What::Run { Code::ForgeFailed } else { Code::NotPosted };
    let diagnostic = Diagnostic::new(code, format!("{}: {}", what.failed(), problem.reason()));
    let permission = what.permission(kind);
    match problem {
        Problem::Refused { status: 401, .. } => {
            diagnostic.help("the token is not valid here, or has expired; it is taken from PERFGATE_TOKEN first")
        }
        Problem::Refused { status: 403, .. } if problem.says("locked") => diagnostic.help(if is_second {
            "the conversation is locked: unlock it"
        } else {
            "the conversation is locked: unlock it, or read the report in the job's summary"
        }),
        Problem::Refused { status: 403, .. } if kind == Kind::GitHub && is_second => {
            diagnostic.help(format!("give the job this permission: {permission}"))
        }
        Problem::Refused { status: 403, .. } if kind == Kind::GitHub => diagnostic
            .help(format!("give the job this permission: {permission}"))
            .help("a pull request of a fork or of Dependabot gets a token that can only read: post from a second workflow, as docs/github.md shows"),
        Problem::Refused { status: 403, .. } => diagnostic.help(format!("the token needs {permission}")),
        Problem::Refused { status: 404 | 410, .. } => diagnostic
            .help(format!("the project or the {} is not there, or the token may not see it: it needs {permission}", request(kind))),
        Problem::Limited { .. } if is_second => diagnostic.help("run this job again later"),
        Problem::Limited { .. } => diagnostic.help("run the job again later; the report is in the job's summary"),
        Problem::Unreachable(_) => diagnostic
            .help("behind a proxy, set HTTPS_PROXY; for a certificate of one's own, name it in PERFGATE_CA_BUNDLE"),
        Problem::Malformed(_) => diagnostic.help(format!(
            "a proxy or a login page may have answered in its place; the address is that of `--api-url`, else of {}",
            if kind == Kind::GitLab { "CI_API_V4_URL" } else { "GITHUB_API_URL" }
        )),
        _ if is_second => diagnostic.help("run this job again to post the report"),
        _ => diagnostic.help("the report is in the job's summary; run the job again to post it"),
    }
}

/// What is commented on.
fn request(kind: Kind) -> &'static str {
    match kind {
        Kind::GitLab => "merge request",
        Kind::GitHub | Kind::Gitea => "pull request",
    }
}

/// That there is no token, with where one comes from.
pub(super) fn no_token(kind: Kind) -> Diagnostic {
    let usual = kind.token_variable();
    let diagnostic = crate::forge::failed("there is no token to post with");
    match kind {
        Kind::GitLab => diagnostic
            .help(format!(
                "set PERFGATE_TOKEN or {usual}: a masked CI/CD variable with a project access token of scope `api`"
            ))
            .note("GitLab's own CI_JOB_TOKEN may not write comments"),
        Kind::GitHub | Kind::Gitea => diagnostic.help(format!(
            "set PERFGATE_TOKEN or {usual}; in a workflow: `env: {{ GITHUB_TOKEN: ${{{{ github.token }}}} }}`"
        )),
    }
}
