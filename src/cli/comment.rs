//! `perfgate comment`: one comment on the pull request, and a commit status, from reports that exist.
//!
//! Posting never changes what the gate says: what could not be written is a warning that names the missing permission or
//! the way around it. With `--from-workflow-run` nothing is read but what another workflow run left behind, which is
//! judged again here (`handed_over`).
//!
//! Not here: the text (`report::comment`), and how a comment is kept one (`forge::sticky`).

mod advice;
mod handed_over;
mod target;

use clap::{Args as ClapArgs, ValueEnum};

use super::console::Console;
use super::options::{ConfigArgs, FailOnArgs};
use super::report::{self, read_all};
use super::stored::StoreArgs;
use super::{Exit, Failure, Outcome};
use crate::config::{FailOn, Overrides};
use crate::diag::{Code, Diagnostic};
use crate::forge::policy::Problem;
use crate::forge::proof::{Denied, Proven};
use crate::forge::sticky::{self, Done, HEAD_ROOM, Key, LONGEST_COMMENT, Stamp, Wanted};
use crate::forge::token::Token;
use crate::forge::{self, Forge, GitHub, GitLab, State, Status, place};
use crate::model::report::{GateVerdict, Report};
use crate::report::comment;
use crate::text;
use target::Target;

/// Post or update the comment on the pull request
///
/// One comment per `--comment-id`, which later runs bring up to date. The token comes from `PERFGATE_TOKEN`, else the
/// file that `PERFGATE_TOKEN_FILE` names, else `GITHUB_TOKEN` (on GitLab `GITLAB_TOKEN`).
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate comment report.json\n  \
    perfgate comment linux/report.json macos/report.json --when on-regression\n  \
    perfgate comment --from-workflow-run --status perfgate\n  \
    perfgate comment report.json --pull-request 7 --repository OWNER/NAME -n")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Args {
    /// Reports in JSON; several are one comment with a section each
    #[arg(value_name = "REPORT", required_unless_present = "from_workflow_run", conflicts_with = "from_workflow_run")]
    reports: Vec<String>,
    /// Which comment, where a pull request has several
    #[arg(long, value_name = "ID", default_value = "default", help_heading = "Posting")]
    comment_id: String,
    /// When a first comment is written; one that exists is kept up to date
    #[arg(long, value_name = "WHEN", default_value = "always", help_heading = "Posting")]
    when: When,
    /// Number of the pull request [default: the one that is built]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "from_workflow_run", help_heading = "Posting")]
    pull_request: Option<u64>,
    /// Also write a commit status of this name on the pull request's newest commit
    #[arg(long, value_name = "CONTEXT", help_heading = "Posting")]
    status: Option<String>,
    /// Judge and post what another workflow run left behind, in a `workflow_run` job: for pull requests of forks. The
    /// exit code is 0 also on a regression, which `--status` shows
    #[arg(long, help_heading = "Posting")]
    from_workflow_run: bool,
    /// Exit with 4 where the comment or status could not be written
    #[arg(long, help_heading = "Posting")]
    require_comment: bool,
    /// Where nothing was compared, the status is no error and the exit code 0, as it is of `check` with this option
    #[arg(long, help_heading = "Posting")]
    allow_missing_baseline: bool,
    /// Say what would be posted, and print the comment
    #[arg(short = 'n', long, help_heading = "Posting")]
    dry_run: bool,
    /// Kind of server [default: what the CI system says, else github]
    #[arg(long, value_name = "KIND", help_heading = "Server")]
    forge: Option<Kind>,
    /// Project on the server [default: `GITHUB_REPOSITORY`, on GitLab `CI_PROJECT_ID`]
    #[arg(long, value_name = "OWNER/NAME", help_heading = "Server")]
    repository: Option<String>,
    /// Address of the server's interface [default: `GITHUB_API_URL`, on GitLab `CI_API_V4_URL`]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    api_url: Option<String>,
    #[command(flatten)]
    fail_on: FailOnArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// With every outcome
    Always,
    /// When something fails or warns, or nothing was compared
    OnRegression,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// github.com or an enterprise server
    Github,
    /// gitlab.com or a server of one's own
    Gitlab,
    /// Gitea or Forgejo
    Gitea,
}

impl From<Kind> for place::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Github => Self::GitHub,
            Kind::Gitlab => Self::GitLab,
            Kind::Gitea => Self::Gitea,
        }
    }
}

/// How posting ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The exit code.
    pub(super) exit: Exit,
    /// The page of the comment that stands there now.
    pub(super) url: Option<String>,
    /// The worst verdict of all reports.
    pub(super) verdict: GateVerdict,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    post(args, console).map(|told| told.exit)
}

/// Posts as the options say; for whoever wants to know the comment's page.
pub(super) fn post(args: &Args, console: &Console) -> Result<Told, Failure> {
    let key = Key::new(&args.comment_id)?;
    if args.status.as_ref().is_some_and(|context| !is_context(context)) {
        return Err(Failure::usage("the name of a commit status is one line of 1 to 100 characters"));
    }
    let mut overrides = Overrides::default();
    args.fail_on.add_to(&mut overrides)?;
    args.store.add_to(&mut overrides);
    // None with `--from-workflow-run`; else a misspelled one is told before what the server is.
    let reports = read_all(&args.reports)?;
    let target = Target::find(args)?;
    let poster = Poster { args, key: &key, target: &target, console };
    if args.from_workflow_run {
        return poster.hand_over(&overrides);
    }
    let fail_on = overrides.fail_on;
    let gate = fail_on.map_or(Exit::Success, |fail_on| report::exit(&reports, fail_on, args.allow_missing_baseline));
    let message = Message {
        number: target.number,
        commit: target.head.clone(),
        stamp: Stamp { sha: target.head.clone().unwrap_or_default(), ..target.stamp.clone() },
        run: target.run.clone(),
        is_proven: false,
    };
    let written = poster.write(&reports, fail_on.unwrap_or(FailOn::Fail), &message);
    Ok(poster.told(gate, &reports, written))
}

/// What a comment and a status are about.
struct Message {
    number: Option<u64>,
    commit: Option<String>,
    stamp: Stamp,
    run: Option<String>,
    /// Whether nothing may be written once the pull request has newer commits.
    is_proven: bool,
}

/// What stands between the options and the server.
struct Poster<'a> {
    args: &'a Args,
    key: &'a Key,
    target: &'a Target,
    console: &'a Console,
}

/// What became of comment and status.
struct Sent {
    /// The comment's page, also where the status failed.
    url: Option<String>,
    troubles: Vec<Trouble>,
}

/// What could be written.
struct Written {
    /// The comment's page.
    url: Option<String>,
    /// Whether all that was wanted was written.
    is_whole: bool,
}

impl Written {
    const NOTHING: Self = Self { url: None, is_whole: false };
}

/// Why something was not written.
enum Trouble {
    /// It could not be.
    Told(Diagnostic),
    /// It need not be.
    Needless(Diagnostic),
}

impl Poster<'_> {
    /// Judges and posts what another run left behind.
    fn hand_over(&self, overrides: &Overrides) -> Result<Told, Failure> {
        let config = self.args.config.load(overrides, self.console)?;
        if self.target.place.kind != place::Kind::GitHub {
            return Err(Failure::usage("`--from-workflow-run` is for GitHub: other servers have no such event"));
        }
        let event = handed_over::event()?;
        let github = self.connect().map_err(|diagnostic| Failure::outside(unposted(diagnostic)))?;
        let github = GitHub::new(github, self.target.place.clone());
        let told = |reports: &[Report], exit| Told { exit, url: None, verdict: comment::verdict(reports) };
        let pull: Proven = match github.prove(&event) {
            Ok(pull) => pull,
            Err(Denied::Nothing(why)) => {
                self.console.tell(&Diagnostic::new(Code::Superseded, format!("nothing was posted: {why}")));
                return Ok(told(&[], Exit::Success));
            }
            Err(Denied::NotOurs(why)) => return Err(handed_over::refused(why).into()),
            Err(Denied::Problem(problem)) => return Err(Failure::outside(self.advised(&problem, advice::What::Run))),
        };
        let reports =
            handed_over::Stage { github: &github, store: &self.args.store, config: &config, console: self.console }
                .reports(&event, &pull)
                .map_err(|stop| match stop {
                    handed_over::Stop::Failure(failure) => failure,
                    handed_over::Stop::Problem(problem) => Failure::outside(self.advised(&problem, advice::What::Run)),
                })?;
        let (run, attempt, page) = event.run();
        let message = Message {
            number: Some(pull.number),
            commit: Some(pull.head.clone()),
            stamp: Stamp { run, attempt, sha: pull.head.clone() },
            run: page.map(str::to_owned),
            is_proven: true,
        };
        // Fetching the history and judging may have taken longer than a session's patience with the server.
        drop(github);
        let written = self.write(&reports, config.gate.fail_on, &message);
        Ok(self.told(Exit::Success, &reports, written))
    }

    fn connect(&self) -> Result<forge::policy::Session, Diagnostic> {
        let kind = self.target.place.kind;
        let token = Token::from_environment(kind.token_variable())?.ok_or_else(|| advice::no_token(kind))?;
        forge::connect(&self.target.place, token)
    }

    /// Writes comment and status, and returns the comment's page. Whatever could not be written is told; the others are
    /// written all the same.
    fn write(&self, reports: &[Report], fail_on: FailOn, message: &Message) -> Written {
        let text = self.text(reports, message);
        let status = Draft {
            state: state(report::exit(reports, fail_on, self.args.allow_missing_baseline)),
            description: comment::status(reports),
            message,
        };
        if self.args.dry_run {
            return Written { url: None, is_whole: self.rehearse(&text, &status) };
        }
        if message.number.is_none() && (self.args.status.is_none() || message.commit.is_none()) {
            let diagnostic =
                Diagnostic::new(Code::NotPosted, "nothing was posted: this is not the run of a pull request")
                    .help("name one: `--pull-request NUMBER`");
            self.console.tell(&diagnostic);
            return Written::NOTHING;
        }
        let number = message.number.unwrap_or_default();
        let sent = match self.connect() {
            Ok(session) if self.target.place.kind == place::Kind::GitLab => {
                self.send(&GitLab::new(session, self.target.place.clone(), number), reports, &text, &status)
            }
            Ok(session) => {
                let github = GitHub::new(session, self.target.place.clone());
                self.send(&github.pull_request(number), reports, &text, &status)
            }
            Err(diagnostic) => Sent { url: None, troubles: vec![Trouble::Told(unposted(diagnostic))] },
        };
        let mut is_whole = true;
        for trouble in sent.troubles {
            match trouble {
                Trouble::Needless(diagnostic) => self.console.tell(&diagnostic),
                Trouble::Told(diagnostic) => {
                    is_whole = false;
                    self.console.tell(&Diagnostic { severity: Code::NotPosted.severity(), ..diagnostic });
                }
            }
        }
        Written { url: sent.url, is_whole }
    }

    /// Sends comment and status. The status is tried also where the comment failed.
    fn send(&self, forge: &dyn Forge, reports: &[Report], text: &str, status: &Draft<'_>) -> Sent {
        let sent = self.send_both(forge, reports, text, status);
        if self.console.is_verbose() {
            forge.session().log().iter().for_each(|line| self.console.remark(line));
        }
        sent
    }

    fn send_both(&self, forge: &dyn Forge, reports: &[Report], text: &str, status: &Draft<'_>) -> Sent {
        let message = status.message;
        let mut sent = Sent { url: None, troubles: Vec::new() };
        let told = |what, problem: &Problem| Trouble::Told(self.advised(problem, what));
        if message.is_proven {
            match forge.head() {
                Ok(head) if Some(&head) == message.commit.as_ref() => {}
                Ok(_) => {
                    let why = "nothing was posted: the pull request has newer commits than the run";
                    sent.troubles.push(Trouble::Needless(Diagnostic::new(Code::Superseded, why)));
                    return sent;
                }
                Err(problem) => {
                    let diagnostic = unposted(self.advised(&problem, advice::What::Run));
                    sent.troubles.push(Trouble::Told(diagnostic));
                    return sent;
                }
            }
        }
        if let Some(number) = message.number {
            match self.comment(forge, reports, number, text, message) {
                Ok(url) => sent.url = url,
                Err(problem) => sent.troubles.push(told(advice::What::Comment, &problem)),
            }
        }
        if let Some(context) = &self.args.status
            && let Err(problem) = self.mark(forge, context, status)
        {
            sent.troubles.push(told(advice::What::Status, &problem));
        }
        sent
    }

    fn comment(
        &self,
        forge: &dyn Forge,
        reports: &[Report],
        number: u64,
        text: &str,
        message: &Message,
    ) -> Result<Option<String>, Problem> {
        let wanted = Wanted { key: self.key, stamp: message.stamp.clone(), text, may_create: self.is_wanted(reports) };
        let posted = sticky::post(forge, &wanted)?;
        let at = posted.url.as_ref().map_or_else(String::new, |url| format!(": {}", text::shown(&url.as_str().into())));
        let request = self.target.request(number);
        self.console.remark(&match posted.done {
            Done::Created => format!("commented on {request}{at}"),
            Done::Updated => format!("brought the comment on {request} up to date{at}"),
            Done::Unchanged => format!("the comment on {request} says the same already{at}"),
            Done::LeftToNewer => format!("left the comment on {request} as a newer run wrote it{at}"),
            Done::NotWanted => format!("no comment on {request}: nothing regressed"),
        });
        Ok(posted.url)
    }

    fn mark(&self, forge: &dyn Forge, context: &str, draft: &Draft<'_>) -> Result<(), Problem> {
        let commit = match &draft.message.commit {
            Some(commit) => commit.clone(),
            None => forge.head()?,
        };
        let status = Status {
            commit,
            state: draft.state,
            context: context.to_owned(),
            description: draft.description.clone(),
            page: draft.message.run.clone(),
        };
        let verb = if forge.mark(&status)? { "set" } else { "already stands:" };
        self.console.remark(&format!("commit status {verb} {}: {}", draft.word(), status.description));
        Ok(())
    }

    /// Says what would be done; whether that could be said.
    fn rehearse(&self, text: &str, status: &Draft<'_>) -> bool {
        let request = status.message.number.map_or_else(|| "a pull request".to_owned(), |n| self.target.request(n));
        let id = text::shown(&self.args.comment_id.as_str().into());
        self.console.remark(&format!("would post the comment `{id}` on {request}"));
        if let Some(context) = &self.args.status {
            let (context, state) = (text::shown(&context.as_str().into()), status.word());
            self.console.remark(&format!("would set the commit status `{context}` to {state}: {}", status.description));
        }
        let body = Wanted { key: self.key, stamp: status.message.stamp.clone(), text, may_create: true }.body();
        let printed = self.console.print(&body);
        if let Err(failure) = &printed {
            failure.diagnostics.iter().for_each(|diagnostic| self.console.tell(diagnostic));
        }
        printed.is_ok()
    }

    /// Whether these reports are worth a first comment.
    fn is_wanted(&self, reports: &[Report]) -> bool {
        // Nothing compared is no good news either: a gate that silently judges nothing is worse than a red one.
        self.args.when == When::Always || comment::verdict(reports) != GateVerdict::Pass
    }

    fn text(&self, reports: &[Report], message: &Message) -> String {
        let links = comment::Links { repository: self.target.links.clone(), run: message.run.clone() };
        let bytes = LONGEST_COMMENT - HEAD_ROOM;
        let is_clean = comment::verdict(reports) == GateVerdict::Pass;
        if self.args.when == When::OnRegression && is_clean {
            comment::recovered(reports, &links, bytes)
        } else {
            comment::document(reports, &links, bytes)
        }
    }

    fn advised(&self, problem: &Problem, what: advice::What) -> Diagnostic {
        advice::diagnostic(problem, self.target.place.kind, what, self.args.from_workflow_run)
    }

    fn told(&self, gate: Exit, reports: &[Report], written: Written) -> Told {
        let exit = if !written.is_whole && self.args.require_comment { Exit::Outside } else { gate };
        Told { exit, url: written.url, verdict: comment::verdict(reports) }
    }
}

/// The same, beginning with what it means.
fn unposted(diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { message: format!("nothing was posted: {}", diagnostic.message), ..diagnostic }
}

/// A commit status before it is known which commit it is for.
struct Draft<'a> {
    state: State,
    description: String,
    message: &'a Message,
}

impl Draft<'_> {
    fn word(&self) -> &'static str {
        match self.state {
            State::Success => "success",
            State::Failure => "failure",
            State::Error => "error",
        }
    }
}

/// The status that stands for the exit code of a gate.
fn state(gate: Exit) -> State {
    match gate {
        Exit::Success => State::Success,
        Exit::GateFailed => State::Failure,
        _ => State::Error,
    }
}

/// Whether a text can be the name of a commit status.
pub(super) fn is_context(context: &str) -> bool {
    (1..=100).contains(&context.chars().count()) && !context.trim().is_empty() && !context.chars().any(text::is_unsafe)
}
