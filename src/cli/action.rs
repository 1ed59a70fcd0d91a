//! `perfgate action`: what action.yml runs. It reads the inputs, runs the commands that they mean in this process, and
//! hands on what came of it.
//!
//! There is no second implementation of anything: each task is the command line that a user would type, parsed and run
//! here. Around it, in this order: the report's files, annotations, the job summary, the comment, the outputs, and last
//! the exit code, which is the gate's.
//!
//! Not here: what a command does. Installing the program is action/install.sh.

mod inputs;
mod outputs;

use clap::Args as ClapArgs;

use super::console::Console;
use super::options::{Colour, ConfigArgs, Global, MessageFormat};
use super::report::{read_all, read_one};
use super::stored;
use super::{Command, Exit, Failure, Outcome, command_of, comment, invoke};
use crate::config::Overrides;
use crate::diag::{Code, Diagnostic, Severity};
use crate::io::{ci, system};
use crate::model::report::{GateVerdict, Report, Verdict};
use crate::report::{self, Style};
use crate::store::Lineage;
use crate::verdict;
use inputs::{Inputs, Task};
use outputs::{Folder, Outputs, worse};

/// The store of a workflow that names none.
const DEFAULT_STORE: &str = "git:perfgate-data";
/// How long a base is fetched before that is given up, in seconds.
const PATIENCE: u64 = 120;

/// Run as a GitHub Action: inputs are INPUT_* variables
#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Exit {
    let mut outputs = Outputs::default();
    GateVerdict::None.as_str().clone_into(&mut outputs.verdict);
    let inputs = match Inputs::read(&|name| system::variable(name)) {
        Ok(inputs) => inputs,
        Err(failure) => return ended(Err(failure), &outputs, None, &messages(MessageFormat::Github)),
    };
    let format = || if inputs.is_on("annotations") { MessageFormat::Github } else { MessageFormat::Human };
    let (console, log) = (messages(format()), messages(format()).for_log());
    let folder = match inputs.task() {
        // These make no report.
        Task::Record | Task::Install => None,
        _ => match Folder::open(inputs.given("report-dir"), &inputs.lines("results")) {
            Ok(folder) => Some(folder),
            Err(failure) => return ended(Err(failure), &outputs, None, &console),
        },
    };
    let step = Step { inputs: &inputs, folder: folder.as_ref(), console: &console, log: &log };
    let outcome = step.run(&mut outputs);
    ended(outcome, &outputs, folder.as_ref(), &console)
}

/// Tells what went wrong, writes the outputs whatever that was, and returns the exit.
fn ended(outcome: Outcome, outputs: &Outputs, folder: Option<&Folder>, console: &Console) -> Exit {
    let exit = console.settle(outcome);
    worse(exit, settled(outputs.write(folder), console))
}

/// A console that writes messages in this form.
fn messages(message_format: MessageFormat) -> Console {
    Console::new(&Global { color: Colour::Auto, message_format, quiet: false, verbose: false })
}

/// The exit of work beside the verdict.
fn settled(done: Result<(), Failure>, console: &Console) -> Exit {
    console.settle(done.map(|()| Exit::Success))
}

/// One call of the action.
struct Step<'a> {
    inputs: &'a Inputs,
    /// `None` where no report is made.
    folder: Option<&'a Folder>,
    console: &'a Console,
    /// Tells also what was done, where no report does.
    log: &'a Console,
}

impl Step<'_> {
    /// The path of a file in the report folder.
    fn file(&self, name: &str) -> String {
        self.folder.map_or_else(String::new, |folder| folder.file(name))
    }

    /// The same, if the file is there.
    fn written(&self, name: &str) -> Option<String> {
        self.folder.and_then(|folder| folder.written(name))
    }

    fn run(&self, outputs: &mut Outputs) -> Outcome {
        match self.inputs.task() {
            Task::Check | Task::Compare => self.judge(outputs),
            Task::Record => {
                outputs.verdict.clear();
                self.record()
            }
            Task::Trend => self.trend(outputs),
            Task::Report => self.report(outputs),
            Task::Install => Ok(Exit::Success),
        }
    }

    /// Judges results, measures suspects again if that is wanted, and shows the report.
    fn judge(&self, outputs: &mut Outputs) -> Outcome {
        let command = if self.inputs.task() == Task::Compare { self.compare()? } else { self.check()? };
        let again = self.confirmation()?;
        let mut exit = invoke(&command, self.console);
        let Some(path) = self.written("report.json") else { return Ok(exit) };
        let mut report = read_one(&path)?;
        if let Some(again) = again.filter(|_| is_worth_confirming(&report)) {
            let confirmed = self.confirm(&again, &report, &path);
            exit = match confirmed {
                // Its verdict takes the place of the first.
                Ok(fresh @ (Exit::Success | Exit::GateFailed)) => fresh,
                failed => worse(exit, self.console.settle(failed)),
            };
            // What is shown is what is posted, also where the measurement ended early.
            report = read_one(&path)?;
        }
        let is_file = self.inputs.task() == Task::Compare || self.inputs.given("baseline-file").is_some();
        outputs.take(&report, is_file);
        let shown = self.show(&report);
        exit = worse(exit, settled(shown, self.console));
        let posted = self.post(&[path], outputs);
        Ok(worse(exit, self.console.settle(posted)))
    }

    /// The command line of `check`.
    fn check(&self) -> Result<Vec<String>, Failure> {
        let mut words = vec!["check".to_owned()];
        self.judging(&mut words);
        self.options(&mut words, &["testbed", "suite", "baseline-file", "base"]);
        words.extend(self.store()?);
        words.push("--".to_owned());
        words.extend(self.inputs.lines("results"));
        Ok(words)
    }

    /// The command line of `compare`.
    fn compare(&self) -> Result<Vec<String>, Failure> {
        let mut words = vec!["compare".to_owned()];
        self.judging(&mut words);
        let results = self.inputs.lines("results");
        let (Some(baseline), [results]) = (self.inputs.given("baseline"), results.as_slice()) else {
            let message = "`command: compare` needs the inputs `baseline` and `results`, each one file, folder or glob";
            return Err(Failure::usage(message));
        };
        words.extend(["--".to_owned(), baseline.to_owned(), results.clone()]);
        Ok(words)
    }

    /// What `check` and `compare` are told alike.
    fn judging(&self, words: &mut Vec<String>) {
        words.extend(self.reports(&["json", "html"]));
        words.extend(["--save-run".to_owned(), self.file("run.json")]);
        self.options(words, &["config", "fail-on"]);
        self.format(words);
        if !self.inputs.is_on("require-baseline") {
            words.push("--allow-missing-baseline".to_owned());
        }
    }

    /// Options for these reports, each a file of the report folder.
    fn reports(&self, names: &[&str]) -> Vec<String> {
        let option = |name: &&str| {
            let ending = if *name == "markdown" { "md" } else { name };
            format!("--report={name}={}", self.file(&format!("report.{ending}")))
        };
        names.iter().map(option).collect()
    }

    /// Options that are called as the inputs are.
    fn options(&self, words: &mut Vec<String>, names: &[&str]) {
        for name in names {
            words.extend(self.inputs.given(name).map(|value| format!("--{name}={value}")));
        }
    }

    /// Refuses inputs that would do nothing.
    fn without(&self, names: &[&str], when: &str) -> Result<(), Failure> {
        match names.iter().find(|name| self.inputs.given(name).is_some()) {
            Some(name) => Err(Failure::usage(format!("the input `{name}` does nothing {when}; leave it out"))),
            None => Ok(()),
        }
    }

    fn format(&self, words: &mut Vec<String>) {
        let named = self.inputs.given("format").filter(|name| *name != "auto");
        words.extend(named.map(|name| format!("--input-format={name}")));
    }

    /// The option that names the store, if it needs one.
    fn store(&self) -> Result<Option<String>, Failure> {
        let named = match (self.inputs.given("store"), self.inputs.given("baseline-branch")) {
            (Some(_), Some(_)) => {
                return Err(Failure::usage("the inputs `store` and `baseline-branch` both say where runs are kept"));
            }
            (Some(store), None) => Some(store.to_owned()),
            (None, Some(branch)) => Some(format!("git:{branch}")),
            (None, None) => {
                let config = self.inputs.given("config").map(str::to_owned);
                // The command reads it again and tells its warnings; a mistake ends here, and is told where it is.
                let config = ConfigArgs::at(config).load(&Overrides::default(), &self.console.only_errors())?;
                config.is_default_store().then(|| DEFAULT_STORE.to_owned())
            }
        };
        Ok(named.map(|store| format!("--store={store}")))
    }

    /// The command line of `ab --confirm` without the base, if suspects are to be measured again.
    fn confirmation(&self) -> Result<Option<Vec<String>>, Failure> {
        let command = inputs::words(self.inputs.text("bench-command"))?;
        if !self.inputs.is_on("confirm") {
            self.without(&["bench-command", "setup-command", "pairs"], "without `confirm: true`")?;
            return Ok(None);
        }
        if command.is_empty() {
            return Err(Diagnostic::new(Code::Usage, "`confirm: true` needs the input `bench-command`")
                .help(
                    "the command that measures, such as `cargo bench`; it is split into words and run without a shell",
                )
                .into());
        }
        let mut words = vec!["ab".to_owned()];
        self.options(&mut words, &["config", "fail-on", "pairs"]);
        self.format(&mut words);
        words.extend(self.inputs.given("setup-command").map(|command| format!("--setup={command}")));
        words.push("--".to_owned());
        words.extend(command);
        Ok(Some(words))
    }

    /// Measures the suspects of a report again, in turns with its base.
    fn confirm(&self, again: &[String], report: &Report, path: &str) -> Outcome {
        let base = match &report.baseline.commit {
            Some(commit) => {
                let patience = std::time::Duration::from_secs(PATIENCE);
                let lineage = Lineage::new(ci::build(), patience).map_err(stored::failure)?;
                lineage.obtain(commit.raw()).map_err(|diagnostic| {
                    let what = "the suspects cannot be measured again: the commit of the baseline is not in this clone";
                    stored::failure(diagnostic.note(what).help("give actions/checkout `fetch-depth: 0`"))
                })?;
                Some(commit.raw().to_owned())
            }
            None => self.inputs.given("base").map(str::to_owned),
        };
        let mut words = again.iter().take(1).cloned().collect::<Vec<_>>();
        words.push(format!("--confirm={path}"));
        words.extend(self.reports(&["json", "html"]));
        words.extend(base.map(|base| format!("--base={base}")));
        words.extend(again.iter().skip(1).cloned());
        Ok(invoke(&words, self.console))
    }

    /// Adds runs to the store.
    fn record(&self) -> Outcome {
        let mut words = vec!["record".to_owned()];
        self.options(&mut words, &["config", "testbed", "suite"]);
        self.format(&mut words);
        words.extend(self.store()?);
        words.push("--".to_owned());
        words.extend(self.inputs.lines("results"));
        Ok(invoke(&words, self.log))
    }

    /// Looks through the history.
    fn trend(&self, outputs: &mut Outputs) -> Outcome {
        let mut words = vec!["trend".to_owned(), "--report=terminal".to_owned()];
        words.extend(self.reports(&["json", "markdown"]));
        self.options(&mut words, &["config", "testbed", "suite"]);
        self.format(&mut words);
        let results = self.inputs.lines("results");
        if results.is_empty() {
            words.extend(self.store()?);
        } else {
            self.without(&["store", "baseline-branch", "testbed", "suite"], "with `results`")?;
        }
        if self.inputs.text("fail-on") != "never" {
            words.push("--fail-on-new".to_owned());
        }
        words.extend(self.inputs.is_on("issue").then(|| "--github-issue".to_owned()));
        words.push("--".to_owned());
        words.extend(results);
        let is_lenient = !self.inputs.is_on("require-baseline");
        let log = if is_lenient { self.log.lenient() } else { *self.log };
        let exit = match invoke(&words, &log) {
            // A history begins with too few runs, which is told and is no failure.
            Exit::NothingToJudge if is_lenient => Exit::Success,
            exit => exit,
        };
        let Some(json) = self.written("report.json") else { return Ok(exit) };
        outputs.verdict = verdict_of(&json)?;
        let summarized = match self.written("report.md") {
            Some(path) if self.inputs.is_on("summary") => {
                outputs::summarize(&String::from_utf8_lossy(&crate::io::files::read(&path)?))
            }
            _ => Ok(()),
        };
        Ok(worse(exit, settled(summarized, self.console)))
    }

    /// Shows and posts reports that other jobs have made, or what a pull request's workflow has left behind.
    fn report(&self, outputs: &mut Outputs) -> Outcome {
        let named = self.inputs.lines("results");
        if named.is_empty() {
            self.without(&["pr-number"], "without `results`")?;
            return self.hand_over(outputs);
        }
        self.without(&["config", "store", "baseline-branch"], "with `results`")?;
        let mut words = vec!["report".to_owned(), "--report=terminal".to_owned()];
        words.extend(self.reports(&["json", "markdown", "html"]));
        self.options(&mut words, &["fail-on"]);
        words.push("--".to_owned());
        words.extend(named);
        let mut exit = invoke(&words, self.console);
        let Some(path) = self.written("report.json") else { return Ok(exit) };
        let reports = read_all(std::slice::from_ref(&path))?;
        outputs.take_all(&reports);
        if self.inputs.is_on("summary") {
            exit = worse(exit, settled(outputs::summarize(&outputs::summary(&reports)), self.console));
        }
        let posted = self.post(&[path], outputs);
        Ok(worse(exit, self.console.settle(posted)))
    }

    /// Judges and posts what another workflow's run has left behind.
    fn hand_over(&self, outputs: &mut Outputs) -> Outcome {
        if system::variable("GITHUB_EVENT_NAME").as_deref() != Some("workflow_run") {
            let message = "`command: report` needs the input `results`, except in a job that `workflow_run` started";
            return Err(Diagnostic::new(Code::Usage, message)
                .help("name the JSON reports of the other jobs, such as `reports/*/report.json`")
                .into());
        }
        let mut words = vec!["comment".to_owned(), "--from-workflow-run".to_owned()];
        self.options(&mut words, &["config", "fail-on"]);
        words.extend(self.store()?);
        match self.told(&words, outputs, |outputs, told| told.verdict.as_str().clone_into(&mut outputs.verdict)) {
            // A pull request whose benchmarks did not even run is red there, and no failure of this side.
            Err(failure) if failure.exit == Exit::NothingToJudge => {
                self.console.settle(Err(failure));
                Ok(Exit::Success)
            }
            outcome => outcome,
        }
    }

    /// Posts the comment on the pull request and the commit status, as far as they are wanted and there is one.
    fn post(&self, reports: &[String], outputs: &mut Outputs) -> Outcome {
        if self.inputs.text("comment") == "never" {
            return Ok(Exit::Success);
        }
        let request = ci::build().and_then(|build| build.pull_request);
        let is_named = self.inputs.given("pr-number").is_some();
        let has_number = request.as_ref().is_some_and(|request| request.number.is_some());
        let has_target = has_number || is_named;
        let missing = if has_target { Ok(Exit::Success) } else { self.without_pull_request(request.is_some()) };
        if !has_target && self.inputs.given("status-context").is_none() {
            return missing;
        }
        let mut words = vec!["comment".to_owned()];
        words.extend(self.inputs.given("pr-number").map(|number| format!("--pull-request={number}")));
        let mut more = vec!["--".to_owned()];
        more.extend(reports.iter().cloned());
        let posted = self.told(&[words, more].concat(), outputs, |_, _| ())?;
        Ok(worse(posted, self.console.settle(missing)))
    }

    /// What it means that no pull request is known: on a push nothing, unless a comment was asked for by name.
    fn without_pull_request(&self, is_request: bool) -> Outcome {
        if !self.inputs.is_on("require-comment") {
            return Ok(Exit::Success);
        }
        if is_request {
            let message = "no comment was written: neither the event nor GITHUB_REF says which pull request this is";
            let diagnostic = Diagnostic { severity: Severity::Error, ..Diagnostic::new(Code::NotPosted, message) };
            return Err(Failure::outside(diagnostic.help("name it: the input `pr-number`")));
        }
        let message =
            "no comment was written, although `require-comment` is set: this is not the run of a pull request";
        self.console.tell(&Diagnostic { severity: Severity::Note, ..Diagnostic::new(Code::NotPosted, message) });
        Ok(Exit::Success)
    }

    /// Runs `comment` with what the inputs say of it.
    fn told(&self, words: &[String], outputs: &mut Outputs, take: impl Fn(&mut Outputs, &comment::Told)) -> Outcome {
        let mut all: Vec<String> = words.iter().take(1).cloned().collect();
        all.push(format!("--when={}", self.inputs.text("comment")));
        self.options(&mut all, &["comment-id"]);
        all.extend(self.inputs.given("status-context").map(|name| format!("--status={name}")));
        all.extend(self.inputs.is_on("require-comment").then(|| "--require-comment".to_owned()));
        all.extend((!self.inputs.is_on("require-baseline")).then(|| "--allow-missing-baseline".to_owned()));
        all.extend(words.iter().skip(1).cloned());
        let Command::Comment(args) = command_of(&all)? else {
            return Err(Failure::usage("these are not the words of `perfgate comment`"));
        };
        let told = comment::post(&args, self.log)?;
        take(outputs, &told);
        // An address of the server, which names nothing of a pull request.
        outputs.comment_url = told.url.filter(|url| !url.chars().any(crate::text::is_unsafe)).unwrap_or_default();
        Ok(told.exit)
    }

    /// The annotations of a report. Where nothing was compared and that is allowed, the command has told it once, as a
    /// warning; saying it again in red would make every project's first run look broken.
    fn annotations(&self, report: &Report) -> String {
        let render =
            |report: &Report| report::by_name("github").map(|output| (output.render)(report, &Style::default()));
        if report.verdict != GateVerdict::None || self.inputs.is_on("require-baseline") {
            return render(report).unwrap_or_default();
        }
        let told = [Code::NoBaseline.as_str(), Code::NothingInCommon.as_str()];
        let mut rest = report.clone();
        rest.notes.retain(|note| !told.contains(&note.code.as_str()));
        let rendered = render(&rest).unwrap_or_default();
        let lines = rendered.lines().filter(|line| !line.starts_with("::error title=perfgate%3A nothing compared::"));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// Writes the report for people: the log, annotations, report.md and the summary.
    fn show(&self, report: &Report) -> Result<(), Failure> {
        let render = |name: &str| report::by_name(name).map(|o| (o.render)(report, &Style::default()));
        let table = render("terminal").unwrap_or_default();
        if self.inputs.is_on("annotations") {
            self.console.print(&format!("::group::perfgate report\n{table}::endgroup::\n"))?;
            self.console.print(&self.annotations(report))?;
        } else {
            self.console.print(&table)?;
        }
        self.folder.map(|folder| folder.write_markdown(report)).transpose()?;
        if !self.inputs.is_on("summary") {
            return Ok(());
        }
        outputs::summarize(&outputs::summary(std::slice::from_ref(report)))
    }
}

/// Whether measuring the suspects again could change what the gate says.
fn is_worth_confirming(report: &Report) -> bool {
    let is_red = matches!(report.verdict, GateVerdict::Fail | GateVerdict::Warn);
    let is_open = |row: &crate::model::report::Row| row.suspect && row.verdict == Verdict::Inconclusive;
    !verdict::suspects(report).is_empty() && (is_red || report.results.iter().any(is_open))
}

/// The verdict in a JSON report of any kind.
fn verdict_of(path: &str) -> Result<String, Failure> {
    let known = [GateVerdict::Pass, GateVerdict::Warn, GateVerdict::Fail, GateVerdict::None];
    let bytes = crate::io::files::read(path)?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let said = value.get("verdict").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok(known.iter().find(|v| v.as_str() == said).unwrap_or(&GateVerdict::None).as_str().to_owned())
}
