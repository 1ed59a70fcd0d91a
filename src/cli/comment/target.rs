//! Where a comment goes: server, project, pull request and run, by options and by what the CI system says.
//!
//! Not here: whether the pull request may be believed (`forge::proof`).

use super::{Args, Failure};
use crate::forge::place::{Kind, Place};
use crate::forge::sticky::Stamp;
use crate::io::{ci, system};

/// Where a comment goes, and which run writes it.
pub(super) struct Target {
    pub(super) place: Place,
    /// Whether the project is known.
    is_named: bool,
    /// The pull request, if one is known.
    pub(super) number: Option<u64>,
    /// The commit that a status is for, if it is known.
    pub(super) head: Option<String>,
    pub(super) stamp: Stamp,
    /// The page of the run.
    pub(super) run: Option<String>,
    /// The project's page, as links to commits begin.
    pub(super) links: Option<String>,
}

impl Target {
    pub(super) fn find(args: &Args) -> Result<Self, Failure> {
        let variable = |name: &str| system::variable(name).filter(|value| !value.is_empty());
        let is_true = |name: &str| variable(name).is_some_and(|value| value == "true" || value == "1");
        let kind = args.forge.map_or_else(
            || match () {
                () if is_true("GITLAB_CI") => Kind::GitLab,
                () if is_true("GITEA_ACTIONS") || is_true("FORGEJO_ACTIONS") => Kind::Gitea,
                () => Kind::GitHub,
            },
            Kind::from,
        );
        let named = args.repository.clone().or_else(|| variable(kind.project_variable()));
        let is_named = named.is_some();
        // What only prints needs to know nothing of the server.
        let stand_in = (args.dry_run && !args.from_workflow_run).then(|| "OWNER/NAME".to_owned());
        let place = Place::find(kind, args.api_url.as_deref(), named.or(stand_in).as_deref(), &variable)?;
        let build = ci::build();
        let request = build.as_ref().and_then(|build| build.pull_request.clone());
        let built = request.as_ref().and_then(|request| request.number);
        let number = args.pull_request.or(built);
        // What is built is of another pull request than the one that is named, or a merge of it.
        let head = match request {
            // What a merge queue builds has no number, and is the very commit that would be merged.
            Some(request) if number.is_none() && request.head.is_none() => {
                build.filter(|build| !build.is_handed_over).and_then(|build| build.commit)
            }
            Some(request) if number == built => request.head,
            None if number.is_none() => build.and_then(|build| build.commit),
            _ => None,
        };
        let is_gitlab = kind == Kind::GitLab;
        let number_in = |name: &str| variable(name).and_then(|text| text.parse().ok()).unwrap_or_default();
        let (run, attempt) =
            if is_gitlab { ("CI_PIPELINE_ID", "CI_JOB_ID") } else { ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT") };
        let stamp = Stamp { run: number_in(run), attempt: number_in(attempt), sha: String::new() };
        let page = place.page().filter(|_| is_named);
        // Gitea's pages go by the number of the run within the project.
        let id = if kind == Kind::Gitea { "GITHUB_RUN_NUMBER" } else { "GITHUB_RUN_ID" };
        let run = if is_gitlab {
            variable("CI_JOB_URL").or_else(|| variable("CI_PIPELINE_URL"))
        } else {
            page.as_ref().zip(variable(id)).map(|(page, id)| format!("{page}/actions/runs/{id}"))
        };
        let links = if is_gitlab { variable("CI_PROJECT_URL").map(|page| format!("{page}/-")) } else { page };
        Ok(Self { place, is_named, number, head, stamp, run, links })
    }

    /// A pull request, for people.
    pub(super) fn request(&self, number: u64) -> String {
        let project = if self.is_named {
            format!(" of {}", crate::text::shown(&self.place.project.as_str().into()))
        } else {
            String::new()
        };
        match self.place.kind {
            Kind::GitLab => format!("merge request !{number}{project}"),
            Kind::GitHub | Kind::Gitea => format!("pull request #{number}{project}"),
        }
    }
}
