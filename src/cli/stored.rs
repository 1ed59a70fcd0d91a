//! What `record`, `check`, `trend` and `store` do alike: the options of the store, and opening it.

use std::time::Duration;

use clap::Args;

use super::console::Console;
use super::{Exit, Failure};
use crate::config::{Config, Overrides};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::io::system;
use crate::model::Run;
use crate::model::report::Note;
use crate::report;
use crate::store::baseline::Choice;
use crate::store::{self, Key, LONGEST_NAME, Place, Snapshot, Store};
use crate::text::{self, Untrusted};

/// How long a writer tries to get through by default, in seconds.
const PATIENCE: u64 = 300;

/// The suite that has no name.
const DEFAULT_SUITE: &str = "default";

/// Which store.
#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// Where runs are kept: dir:PATH, git:BRANCH or git:BRANCH@REMOTE [default: `store` of perfgate.toml, else
    /// dir:.perfgate]
    #[arg(long, global = true, value_name = "SPEC", help_heading = "Store")]
    store: Option<String>,
    /// How long to go on when the network fails or others write at the same time
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = PATIENCE,
        value_parser = clap::value_parser!(u64).range(..=86400), help_heading = "Store")]
    patience: u64,
}

/// Which runs of the store.
#[derive(Debug, Default, Args)]
pub(super) struct TestbedArgs {
    /// Class of machines; runs of different testbeds never mix [default: `testbed` of perfgate.toml, else operating
    /// system and processor, such as linux-x64]
    #[arg(long, value_name = "NAME", help_heading = "Store")]
    testbed: Option<String>,
    /// Name of the suite, where a project has several that are run apart [default: default]
    #[arg(long, value_name = "NAME", help_heading = "Store")]
    suite: Option<String>,
}

impl StoreArgs {
    /// Adds what these options set.
    pub(super) fn add_to(&self, overrides: &mut Overrides) {
        overrides.store.clone_from(&self.store);
    }

    /// Whether a store is named.
    pub(super) fn is_given(&self) -> bool {
        self.store.is_some()
    }

    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }

    pub(super) fn open(&self, config: &Config) -> Result<Box<dyn Store>, Failure> {
        self.open_place(&config.store)
    }

    pub(super) fn open_place(&self, place: &str) -> Result<Box<dyn Store>, Failure> {
        let place: Place = place.parse()?;
        place.open(self.patience()).map_err(failure)
    }
}

/// A testbed and a suite whose names can be stored.
fn checked(bench: Bench) -> Result<Bench, Failure> {
    for (option, name) in [("testbed", bench.testbed.raw()), ("suite", bench.suite.raw())] {
        if name.trim().is_empty() || name.len() > LONGEST_NAME {
            return Err(Failure::usage(format!("the name of a {option} has 1 to {LONGEST_NAME} bytes")));
        }
    }
    Ok(bench)
}

/// A testbed and a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bench {
    pub(super) testbed: Untrusted,
    pub(super) suite: Untrusted,
}

impl TestbedArgs {
    /// Adds what these options set.
    pub(super) fn add_to(&self, overrides: &mut Overrides) {
        overrides.testbed.clone_from(&self.testbed);
    }

    /// Whether any of these options is given.
    pub(super) fn is_given(&self) -> bool {
        self.testbed.is_some() || self.suite.is_some()
    }

    pub(super) fn bench(&self, config: &Config) -> Result<Bench, Failure> {
        let testbed = config.testbed.clone().unwrap_or_else(system::testbed);
        let suite = self.suite.clone().unwrap_or_else(|| DEFAULT_SUITE.to_owned());
        checked(Bench { testbed: testbed.into(), suite: suite.into() })
    }

    /// Where a run belongs that another job may have handed over: where that job said, unless an option says otherwise,
    /// else to `own`. What the other job said is taken out of the run.
    pub(super) fn bench_of(&self, run: &mut Run, own: &Bench) -> Result<Bench, Failure> {
        let labels = &mut run.environment.labels;
        let (testbed, suite) = (labels.remove(TESTBED_LABEL), labels.remove(SUITE_LABEL));
        checked(Bench {
            testbed: testbed.filter(|_| self.testbed.is_none()).unwrap_or_else(|| own.testbed.clone()),
            suite: suite.filter(|_| self.suite.is_none()).unwrap_or_else(|| own.suite.clone()),
        })
    }

    /// The same for a side, whose runs must belong together.
    pub(super) fn bench_of_side(&self, runs: &mut [Run], own: &Bench) -> Result<Bench, Failure> {
        let mut found: Option<Bench> = None;
        for run in runs {
            let bench = self.bench_of(run, own)?;
            if found.as_ref().is_some_and(|found| *found != bench) {
                return Err(Failure::usage(
                    "the results are of several testbeds or suites, which are judged one by one",
                ));
            }
            found = Some(bench);
        }
        Ok(found.unwrap_or_else(|| own.clone()))
    }
}

/// Labels of a run that is handed over to another job: where it belongs.
const TESTBED_LABEL: &str = "testbed";
const SUITE_LABEL: &str = "suite";

impl Bench {
    /// Writes into a run where it belongs, for the job that it is handed over to.
    pub(super) fn stamp(&self, run: &mut Run) {
        let labels = &mut run.environment.labels;
        labels.insert(TESTBED_LABEL.into(), self.testbed.clone());
        labels.insert(SUITE_LABEL.into(), self.suite.clone());
    }

    /// Whether it is the suite that has no name.
    pub(super) fn is_of_default_suite(&self) -> bool {
        self.suite.raw() == DEFAULT_SUITE
    }

    /// Whether a stored run is of this testbed and suite.
    pub(super) fn has(&self, key: &Key) -> bool {
        key.testbed == self.testbed && key.suite == self.suite
    }

    /// The key of a run.
    pub(super) fn key(&self, run: &Run, checksum: &str) -> Result<Key, Failure> {
        let subject = &run.subject;
        if subject.commit.as_ref().is_some_and(|commit| commit.raw().len() > LONGEST_NAME || commit.is_empty()) {
            return Err(Failure::usage(format!("the id of a commit has 1 to {LONGEST_NAME} bytes")));
        }
        Ok(Key {
            testbed: self.testbed.clone(),
            suite: self.suite.clone(),
            time: subject.taken_at.or(subject.committed_at).unwrap_or_else(system::now),
            commit: subject.commit.clone(),
            checksum: checksum.to_owned(),
        })
    }
}

/// The store for a report: what was given, so that the report can say how the baseline is found again.
pub(super) fn given_store(config: &Config) -> Option<Untrusted> {
    config.store_from_outside().map(|store| text::without_credentials(store).into())
}

/// The commit of a stored run, for people.
pub(super) fn commit(key: &Key) -> String {
    key.commit.as_ref().map_or_else(|| "an unknown commit".to_owned(), |c| text::shown(&report::short_commit(c)))
}

/// A problem with a store as the end of a command: what only the outside world can mend is exit 4.
pub(super) fn failure(diagnostic: Diagnostic) -> Failure {
    let exit = match diagnostic.code {
        Code::StoreFailed => Exit::Outside,
        Code::NoBaseline => Exit::NothingToJudge,
        _ => Exit::Usage,
    };
    Failure { exit, diagnostics: vec![diagnostic] }
}

/// A baseline that a store has, and the runs before it.
#[derive(Default)]
pub(super) struct Found {
    pub(super) runs: Vec<Run>,
    pub(super) history: Vec<Run>,
    /// What it is, for people.
    pub(super) what: Vec<Untrusted>,
    pub(super) notes: Vec<Note>,
}

impl Found {
    /// Reads what was chosen. Damaged runs are told and left out, unless they are all there is of the baseline.
    pub(super) fn load(
        store: &dyn Store,
        snapshot: &Snapshot,
        choice: &Choice,
        console: &Console,
    ) -> Result<Self, Failure> {
        let mut diagnostics = Diagnostics::new();
        let keys: Vec<Key> = choice.history.iter().chain(&choice.runs).cloned().collect();
        let mut found = Self::default();
        for (key, run) in store::load(store, snapshot, &keys, &mut diagnostics).map_err(failure)? {
            if choice.runs.contains(&key) {
                found.runs.push(run);
            } else {
                found.history.push(run);
            }
        }
        found.notes = diagnostics.iter().map(|d| note(d.code, d.message.clone())).collect();
        console.tell_all(diagnostics)?;
        if found.runs.is_empty() {
            let message = "every stored run of the baseline is damaged";
            return Err(failure(Diagnostic::new(Code::StoreFailed, message).help("`perfgate store verify`")));
        }
        Ok(found)
    }

    /// Says what it is: `what` names the commit that was looked for, which may lie some commits further on.
    pub(super) fn say_where(&mut self, choice: &Choice, commit: &str, what: &str) {
        if choice.behind == 0 {
            self.what.push(what.into());
            return;
        }
        let behind = report::count(choice.behind, "commit");
        let message = format!(
            "no run is stored of {}, {what}; the baseline is {behind} before it, which counts into the change",
            short(commit)
        );
        self.notes.push(note(Code::OlderBaseline, message));
        self.what.push(format!("{behind} before {what}").into());
    }
}

/// A diagnostic as the report keeps it.
pub(super) fn note(code: Code, message: String) -> Note {
    Note { code: code.as_str().to_owned(), severity: code.severity(), message }
}

/// The beginning of a commit id, as people write it.
pub(super) fn short(commit: &str) -> String {
    text::shown(&report::short_commit(&commit.into()))
}
