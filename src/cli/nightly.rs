//! The nightly half of `perfgate trend`: one tracking issue on GitHub, and a message to Slack.
//!
//! The issue remembers what is known, so that a regression is told once, however long it stands. Only issues that the
//! token's own account opened and that begin with perfgate's marker are ever touched. Slack hears of what the issue is
//! commented for; what it does not hear is a warning.
//!
//! Not here: what is done when (`trend::alert`), the texts (`report::trend`), requests (`forge`).

use clap::Args as ClapArgs;

use super::Failure;
use super::console::Console;
use super::report::links;
use super::stored::Bench;
use crate::diag::{Code, Diagnostic};
use crate::forge::github::{Change, Issue};
use crate::forge::place::{Kind, Place};
use crate::forge::policy::Problem;
use crate::forge::slack::Webhook;
use crate::forge::sticky::Key;
use crate::forge::token::Token;
use crate::forge::{self, Author, GitHub};
use crate::io::system;
use crate::model::alert::{Known, Plan, Step};
use crate::model::trend::Trend;
use crate::report::comment::Links;
use crate::report::trend::issue::{self, Alert};
use crate::report::trend::slack;
use crate::text::{self, Untrusted};
use crate::trend::alert;

/// The label by which issues are found.
const LABEL: &str = "perfgate-regression";

/// The tracking issue.
#[derive(Debug, ClapArgs)]
pub(super) struct IssueArgs {
    /// Keep one issue of what stands: opened, brought up to date, and closed when nothing stands any more
    #[arg(long, help_heading = "Tracking issue")]
    github_issue: bool,
    /// Which issue, where a repository has several [default: by testbed, suite and `--branch`]
    #[arg(long, value_name = "KEY", requires = "github_issue", help_heading = "Tracking issue")]
    issue_key: Option<String>,
    /// Project on the server [default: `GITHUB_REPOSITORY`]
    #[arg(long, value_name = "OWNER/NAME", requires = "github_issue", help_heading = "Tracking issue")]
    repository: Option<String>,
    /// Address of the server's interface [default: `GITHUB_API_URL`]
    #[arg(long, value_name = "URL", requires = "github_issue", help_heading = "Tracking issue")]
    api_url: Option<String>,
    /// Say what would be done with the issue, and show its text
    #[arg(short = 'n', long, requires = "github_issue", help_heading = "Tracking issue")]
    dry_run: bool,
}

/// What the history is of.
pub(super) struct History<'a> {
    pub(super) trend: &'a Trend,
    pub(super) bench: &'a Bench,
    pub(super) branch: Option<&'a str>,
    /// Whether the newest commit of the branch has a run; `None` where it is not known which that is.
    pub(super) is_tip_measured: Option<bool>,
}

/// A server and a key, checked before anything is read.
pub(super) struct Nightly<'a> {
    args: &'a IssueArgs,
    place: Place,
    key: String,
}

impl IssueArgs {
    /// What is to be done, if anything is.
    pub(super) fn nightly(&self, bench: &Bench, branch: Option<&str>) -> Result<Option<Nightly<'_>>, Failure> {
        if !self.github_issue {
            return Ok(None);
        }
        let key = self.issue_key.clone().unwrap_or_else(|| usual_key(bench, branch));
        Key::new(&key)?;
        let variable = |name: &str| system::variable(name);
        let place = Place::find(Kind::GitHub, self.api_url.as_deref(), self.repository.as_deref(), &variable)?;
        Ok(Some(Nightly { args: self, place, key }))
    }
}

/// The key of a testbed, a suite and the branch, where one is named: their names where those can be one, and otherwise what
/// is left of them with a hash.
fn usual_key(bench: &Bench, branch: Option<&str>) -> String {
    let (testbed, suite) = (bench.testbed.raw(), bench.suite.raw());
    let mut name = if suite == "default" { testbed.to_owned() } else { format!("{testbed}.{suite}") };
    if let Some(branch) = branch {
        // No key has an `@`, so this one gets a hash and cannot be that of a suite of the same name.
        name = format!("{name}@{branch}");
    }
    if Key::new(&name).is_ok() {
        return name;
    }
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(50).collect();
    format!("{plain}-{}", text::short_hash(&name))
}

/// Why the issue is not as it should be.
enum Trouble {
    Told(Diagnostic),
    Problem(Problem),
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Diagnostic> for Trouble {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Told(diagnostic)
    }
}

impl Nightly<'_> {
    /// Does what the night asks for; says whether all of the issue was done. What was not is told.
    pub(super) fn run(&self, history: &History<'_>, console: &Console) -> bool {
        let diagnostic = match self.keep(history, console) {
            Ok(()) => return true,
            Err(Trouble::Told(diagnostic)) => diagnostic,
            Err(Trouble::Problem(problem)) => advised(&problem),
        };
        let message = format!("the tracking issue is not up to date: {}", diagnostic.message);
        console.tell(&Diagnostic { message, severity: Code::NotPosted.severity(), ..diagnostic });
        false
    }

    fn keep(&self, history: &History<'_>, console: &Console) -> Result<(), Trouble> {
        let bench = alert::Bench { testbed: &history.bench.testbed, suite: &history.bench.suite };
        let Some(night) = alert::night(history.trend, bench, history.is_tip_measured, system::now()) else {
            console.remark("too few runs for a tracking issue");
            return Ok(());
        };
        let server = match Token::from_environment(Kind::GitHub.token_variable())? {
            Some(token) => Some(GitHub::new(forge::connect(&self.place, token)?, self.place.clone())),
            None if self.args.dry_run => None,
            None => {
                return Err(forge::failed("there is no token to write it with")
                    .help("set PERFGATE_TOKEN or GITHUB_TOKEN; in GitHub Actions: `env: { GITHUB_TOKEN: ${{ github.token }} }`")
                    .into());
            }
        };
        let (me, own) = match &server {
            Some(github) => {
                let me = github.whoami()?;
                let own = self.own(github, me.as_ref())?;
                (me, own)
            }
            None => (None, Vec::new()),
        };
        let known: Vec<Known> = own.iter().filter_map(|issue| self.known(issue)).collect();
        let Some(plan) = alert::plan(&known, &night) else {
            console.remark("nothing to do with the tracking issue");
            return Ok(());
        };
        let branch = history.branch.map(Untrusted::from);
        let links = self.links();
        let alert = Alert {
            trend: history.trend,
            plan: &plan,
            id: &|change| alert::id(bench, change),
            branch: branch.as_ref(),
            testbed: &history.bench.testbed,
            links: &links,
        };
        let issue = match server.filter(|_| !self.args.dry_run) {
            None => {
                self.rehearse(&alert, console);
                return Ok(());
            }
            Some(github) => {
                let done = self.carry_out(&github, me.as_ref(), &own, &alert);
                if console.is_verbose() {
                    github.session().log().iter().for_each(|line| console.remark(line));
                }
                done?
            }
        };
        let where_it_is = issue.url.as_deref().map_or_else(String::new, |url| format!(": {}", text::line(url)));
        console.remark(&format!("{} issue #{}{where_it_is}", verb(plan.step, "ed"), issue.number));
        self.tell_slack(&alert, issue.url.as_deref(), console);
        Ok(())
    }

    /// The issues of this key that the account has opened.
    fn own(&self, github: &GitHub, me: Option<&Author>) -> Result<Vec<Issue>, Problem> {
        let issues = github.issues(LABEL)?;
        Ok(issues.into_iter().filter(|issue| self.is_own(issue, me)).collect())
    }

    fn is_own(&self, issue: &Issue, me: Option<&Author>) -> bool {
        me.is_some() && issue.author.as_ref() == me && issue::state(&issue.body, &self.key).is_some()
    }

    fn known(&self, issue: &Issue) -> Option<Known> {
        let closed_at = issue.closed_at.as_deref().and_then(|time| time.parse::<jiff::Timestamp>().ok());
        Some(Known {
            number: issue.number,
            is_open: issue.is_open,
            is_completed: !matches!(issue.closed_as.as_deref(), Some("not_planned" | "duplicate")),
            closed_at: closed_at.map(jiff::Timestamp::as_second),
            state: issue::state(&issue.body, &self.key)?,
        })
    }

    /// Where links point: the project that the issue is in, and the run that this process is.
    fn links(&self) -> Links {
        let Links { repository, run } = links();
        Links { repository: self.place.page().or(repository), run }
    }

    /// Writes the issue and then the comment, so that what fails between the two is told at most once.
    fn carry_out(
        &self,
        github: &GitHub,
        me: Option<&Author>,
        own: &[Issue],
        alert: &Alert<'_>,
    ) -> Result<Issue, Trouble> {
        let Plan { step, twins, .. } = alert.plan;
        let (title, body) = (alert.title(), alert.body(&self.key));
        // They go first, so that the issue that stays is also the last one that is closed.
        for twin in own.iter().filter(|issue| twins.contains(&issue.number)) {
            let body = issue::closed_twin(&twin.body, &self.key, system::now());
            github.change_issue(twin.number, &Change { body, is_open: Some(false), ..Change::default() })?;
        }
        let issue = match *step {
            Step::Open => github.open_issue(&title, &body, LABEL, |issue| self.is_own(issue, me))?,
            Step::Update(number) | Step::Close(number) | Step::Reopen(number) => {
                let before = own.iter().find(|issue| issue.number == number);
                let is_open = match step {
                    Step::Close(_) => Some(false),
                    Step::Reopen(_) => Some(true),
                    _ => None,
                };
                let differs = |old: &str, new: String| (old.trim_end() != new.trim_end()).then_some(new);
                let change = Change {
                    title: differs(before.map_or("", |issue| &issue.title), title),
                    body: differs(before.map_or("", |issue| &issue.body), body),
                    is_open,
                };
                match before.filter(|_| change == Change::default()) {
                    Some(same) => same.clone(),
                    None => github.change_issue(number, &change)?,
                }
            }
        };
        if let Some(comment) = alert.comment() {
            github.comment_on_issue(issue.number, &comment)?;
        }
        Ok(issue)
    }

    /// Says what would be done.
    fn rehearse(&self, alert: &Alert<'_>, console: &Console) {
        let number = match alert.plan.step {
            Step::Open => String::new(),
            Step::Update(number) | Step::Close(number) | Step::Reopen(number) => format!(" #{number}"),
        };
        let verb = verb(alert.plan.step, "");
        console.remark(&format!("would {verb} issue{number} of {}: {}", self.place.project, alert.title()));
        console.remark(alert.body(&self.key).trim_end());
        if let Some(comment) = alert.comment() {
            console.remark(&format!("would comment on it:\n{}", comment.trim_end()));
        }
    }

    fn tell_slack(&self, alert: &Alert<'_>, issue: Option<&str>, console: &Console) {
        let Some(message) = slack::message(alert, &self.place.project, issue) else { return };
        let sent = Webhook::from_environment().and_then(|webhook| webhook.map_or(Ok(()), |w| w.send(message)));
        if let Err(diagnostic) = sent {
            console.tell(&Diagnostic { severity: Code::NotPosted.severity(), ..diagnostic });
        }
    }
}

fn verb(step: Step, ending: &str) -> String {
    match step {
        Step::Open => format!("open{ending}"),
        Step::Update(_) if ending.is_empty() => "update".to_owned(),
        Step::Update(_) => "updated".to_owned(),
        Step::Close(_) if ending.is_empty() => "close".to_owned(),
        Step::Close(_) => "closed".to_owned(),
        Step::Reopen(_) => format!("reopen{ending}"),
    }
}

/// A problem with what helps against it.
fn advised(problem: &Problem) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::NotPosted, problem.reason());
    match problem {
        Problem::Refused { status: 401, .. } => {
            diagnostic.help("the token is not valid here, or has expired; it is taken from PERFGATE_TOKEN first")
        }
        Problem::Refused { status: 403 | 404, .. } => {
            diagnostic.help("give the job this permission: `issues: write`; a job of a fork cannot have it")
        }
        Problem::Refused { status: 410, .. } => diagnostic.help("issues are switched off in this repository"),
        _ => diagnostic.help("run the job again: what is done already is not done twice"),
    }
}
