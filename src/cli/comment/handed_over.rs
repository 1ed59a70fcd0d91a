//! What another workflow run left behind, judged again here.
//!
//! Whoever opens a pull request writes what its run leaves behind. So only numbers are taken from it, within limits: the
//! baseline, the history, the configuration and the text are this side's own, and the commit is the one that the server
//! says the pull request has. No file is written and nothing of the pull request is run.
//!
//! Not here: whose run it is (`forge::proof`), how its archives are read (`forge::artifacts`).

use super::super::stored::{self, Bench, Found, StoreArgs, TestbedArgs, note, short};
use super::super::{Exit, Failure};
use crate::cli::console::Console;
use crate::config::Config;
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::forge::GitHub;
use crate::forge::artifacts::Unusable;
use crate::forge::policy::Problem;
use crate::forge::proof::{Denied, Event, Proven};
use crate::format::{self, Document, perfgate_run};
use crate::io::{ci, files, system};
use crate::model::Run;
use crate::model::report::Report;
use crate::store::baseline::{self, Choice};
use crate::store::{Lineage, Snapshot, Store};
use crate::text::{self, Untrusted};
use crate::verdict::{self, Comparison, Selection, Side};

/// How many commits back stored runs are looked for.
const DEPTH: usize = 1000;
/// Most runs of one artifact.
const MOST_RUNS: usize = 16;
/// Most series of one artifact.
const MOST_SERIES: usize = 10_000;
/// Most labels of a run.
const MOST_LABELS: usize = 64;
/// Longest name, in bytes.
const LONGEST_NAME: usize = 1024;
/// Longest unit, in bytes.
const LONGEST_UNIT: usize = 32;
/// Longest name of a testbed or suite, in bytes.
const LONGEST_WORD: usize = 64;

/// Why there are no reports.
pub(super) enum Stop {
    Failure(Failure),
    Problem(Problem),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Unusable> for Stop {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Refused(why) => Self::Failure(refused(why).into()),
            Unusable::Problem(problem) => Self::Problem(problem),
        }
    }
}

/// A run that is not believed.
pub(super) fn refused(why: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::HandedOver, why)
}

/// The event that started this job.
pub(super) fn event() -> Result<Event, Failure> {
    let name = system::variable("GITHUB_EVENT_NAME").unwrap_or_default();
    let path = system::variable("GITHUB_EVENT_PATH").filter(|path| !path.is_empty());
    let (true, Some(path)) = (name == "workflow_run", path) else {
        return Err(Diagnostic::new(Code::Usage, "`--from-workflow-run` is for a job that `workflow_run` started")
            .help("docs/github.md has both workflows")
            .into());
    };
    Event::parse(&files::read(&path)?).map_err(|denied| match denied {
        Denied::NotOurs(why) | Denied::Nothing(why) => refused(why).at(Location::file(path.as_str())).into(),
        Denied::Problem(problem) => Failure::outside(refused(problem.reason())),
    })
}

/// What the second stage works with.
pub(super) struct Stage<'a> {
    pub(super) github: &'a GitHub,
    pub(super) store: &'a StoreArgs,
    pub(super) config: &'a Config,
    pub(super) console: &'a Console,
}

/// What one artifact holds.
struct Leg {
    name: String,
    runs: Vec<Run>,
    bench: Bench,
    /// The commit that it says it measured.
    measured: Option<String>,
}

impl Stage<'_> {
    /// The reports of a run, one for each artifact.
    pub(super) fn reports(&self, event: &Event, pull: &Proven) -> Result<Vec<Report>, Stop> {
        let (run, _, _) = event.run();
        let mut legs = Vec::new();
        for artifact in self.github.artifacts(run)? {
            let content = self.github.artifact(&artifact)?;
            let name = text::shown(&artifact.name.as_str().into());
            legs.push(self.leg(name, &content)?);
        }
        if legs.is_empty() {
            let diagnostic = Diagnostic::new(Code::NoResults, "the run left no artifact `perfgate-report*`").help(
                "its benchmarks may have failed; upload `run.json` of the report folder, as docs/github.md shows",
            );
            return Err(Stop::Failure(Failure { exit: Exit::NothingToJudge, diagnostics: vec![diagnostic] }));
        }
        let store = self.store.open(self.config)?;
        let snapshot = store.snapshot().map_err(stored::failure)?;
        let lineage = Lineage::new(ci::build(), self.store.patience()).map_err(stored::failure)?;
        let mut reports = Vec::new();
        for leg in legs {
            let start = self.github.start(pull, leg.measured.as_deref()).map_err(Stop::Problem)?;
            let ancestors = lineage.ancestors(&start, DEPTH);
            let choice = baseline::choose(snapshot.keys.iter().filter(|key| leg.bench.has(key)), &ancestors);
            reports.push(self.judge(leg, event, pull, &start, choice, store.as_ref(), &snapshot)?);
        }
        Ok(reports)
    }

    fn leg(&self, name: String, content: &[u8]) -> Result<Leg, Failure> {
        let unfit = |why: &str| refused(format!("the artifact `{name}` {why}"));
        let mut diagnostics = Diagnostics::new();
        let document_name: Untrusted = format!("{name}/run.json").into();
        let text = format::decode(&document_name, content, &mut diagnostics)?;
        let mut runs = perfgate_run::parse(&Document { name: document_name.clone(), text: &text }, &mut diagnostics);
        if diagnostics.has_errors() || runs.is_empty() {
            let first = diagnostics.into_vec().into_iter().find(|d| d.severity == Severity::Error);
            let why = first.map_or_else(String::new, |first| first.message);
            return Err(unfit("holds no run that can be read").note(why).into());
        }
        within_limits(&runs).map_err(|why| unfit(&why))?;
        let own = TestbedArgs::default().bench(self.config)?;
        let bench =
            TestbedArgs::default().bench_of_side(&mut runs, &own).map_err(|_| unfit("mixes testbeds or suites"))?;
        if ![&bench.testbed, &bench.suite].iter().all(|word| is_word(word.raw())) {
            return Err(unfit("names a testbed or suite that is no plain word").into());
        }
        let measured = runs.iter().find_map(|run| run.subject.commit.as_ref()).map(|commit| commit.raw().to_owned());
        Ok(Leg { name, runs, bench, measured })
    }

    fn judge(
        &self,
        mut leg: Leg,
        event: &Event,
        pull: &Proven,
        start: &str,
        choice: Option<Choice>,
        store: &dyn Store,
        snapshot: &Snapshot,
    ) -> Result<Report, Failure> {
        for run in &mut leg.runs {
            run.subject.commit = Some(pull.head.as_str().into());
            run.subject.branch = event.branch().map(Into::into);
        }
        let mut found = Found::default();
        if let Some(choice) = choice {
            found = Found::load(store, snapshot, &choice, self.console)?;
            found.say_where(&choice, start, &format!("the start of pull request #{}", pull.number));
        } else {
            let (testbed, suite) = (text::shown(&leg.bench.testbed), text::shown(&leg.bench.suite));
            let message = format!(
                "no stored run to compare with: none at or before `{}` (testbed `{testbed}`, suite `{suite}`)",
                short(start)
            );
            self.console
                .tell(&Diagnostic { severity: Severity::Warning, ..Diagnostic::new(Code::NoBaseline, &*message) });
            found.notes.push(note(Code::NoBaseline, message));
        }
        let mut report = verdict::judge(&Comparison {
            baseline: Side { runs: &found.runs, inputs: &found.what },
            current: Side { runs: &leg.runs, inputs: &[leg.name.as_str().into()] },
            history: &found.history,
            config: self.config,
            selection: &Selection::default(),
            today: system::today(),
            budgets_only: false,
            taken: verdict::Taken::Apart,
            keep_samples: false,
        })?;
        report.notes.append(&mut found.notes);
        report.testbed = Some(leg.bench.testbed);
        report.store = stored::given_store(self.config);
        super::super::judge::drop_lone_ci(&mut report);
        Ok(report)
    }
}

/// Whether a testbed or suite has a plain name.
fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=LONGEST_WORD).contains(&text.len()) && text.chars().all(plain)
}

/// Whether what a stranger wrote is of a size that benchmarks have; else the end of a sentence that says why.
fn within_limits(runs: &[Run]) -> Result<(), String> {
    if runs.len() > MOST_RUNS {
        return Err(format!("holds more than {MOST_RUNS} runs"));
    }
    let series: usize = runs.iter().map(|run| run.series.len() + run.failures.len()).sum();
    if series > MOST_SERIES {
        return Err(format!("holds more than {MOST_SERIES} results"));
    }
    let is_long = |text: &Untrusted| text.raw().len() > LONGEST_NAME;
    for run in runs {
        let labels = &run.environment.labels;
        if labels.len() > MOST_LABELS {
            return Err(format!("has more than {MOST_LABELS} labels"));
        }
        let benchmarks =
            run.series.keys().map(|key| &key.benchmark).chain(run.failures.keys()).chain(run.details.keys());
        let names = benchmarks.flat_map(|id| [Some(&id.tool), id.package.as_ref(), Some(&id.name)]).flatten();
        let params = run
            .details
            .values()
            .flat_map(|details| details.params.iter().flat_map(|(name, value)| [name, value]).chain(&details.group));
        let suites = run.suites.iter().flat_map(|suite| [&suite.tool, &suite.name]);
        let metrics = run.series.keys().map(|key| &key.metric.0);
        let labels = labels.iter().flat_map(|(name, value)| [name, value]);
        let subject = [&run.subject.commit, &run.subject.branch].into_iter().flatten();
        if names.chain(params).chain(suites).chain(metrics).chain(labels).chain(subject).any(is_long) {
            return Err(format!("has a name of more than {LONGEST_NAME} bytes"));
        }
        let units =
            run.series.values().flat_map(|seen| seen.tool_unit.iter().map(Untrusted::raw).chain([seen.unit.symbol()]));
        if units.into_iter().any(|unit| unit.len() > LONGEST_UNIT) {
            return Err(format!("has a unit of more than {LONGEST_UNIT} bytes"));
        }
    }
    Ok(())
}
