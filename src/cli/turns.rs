//! What `ab` and `bisect` do alike: where the two sides are, turns with progress, and what became of them.

use std::time::Duration;

use clap::Args;

use super::console::Console;
use super::stored::note;
use super::{Exit, Failure, judge};
use crate::diag::{Code, Diagnostic, Location, Severity};
use crate::io::formats::Formats;
use crate::model::Run;
use crate::model::report::Note;
use crate::runner::{self, Checkout, Filter, Interrupts, Place, Plan, Revision, Step, Stop, Turns, Workplace};
use crate::verdict::{self, Selection};

/// What is run, and how.
#[derive(Debug, Args)]
pub(super) struct MeasureArgs {
    /// Shell command that prepares a side, run once in each before anything is measured, such as a build
    #[arg(long, value_name = "CMD", help_heading = "Measurement")]
    setup: Option<String>,
    /// Run each side once before measuring, and forget the results
    #[arg(long, help_heading = "Measurement")]
    pub(super) warmup: bool,
    /// File or folder that the command fills, relative to the working folder [default: Criterion's folder, else what the
    /// command prints]
    #[arg(long, value_name = "PATH", help_heading = "Measurement")]
    results: Option<String>,
    /// The benchmark command; `{out}` in it becomes the name of a file for the results
    #[arg(last = true, required = true, num_args = 1.., value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

impl MeasureArgs {
    /// The plan that these options make.
    pub(super) fn plan(&self, formats: Formats, filter: Filter, console: &Console) -> Result<Plan, Failure> {
        if let Some(path) = self.results.as_deref().filter(|path| path.starts_with(['/', '\\'])) {
            return Err(Diagnostic::new(Code::Usage, "`--results` is relative to each side's folder")
                .at(Location::file(path))
                .note("both sides would write to this one path")
                .into());
        }
        if self.results.is_some() && runner::names_out(&self.command) {
            return Err(Failure::usage("`{out}` in the command and `--results` both say where the results are"));
        }
        if self.setup.iter().any(|setup| setup.contains("{out}") || setup.contains("{filter}")) {
            return Err(Failure::usage("`{out}` and `{filter}` belong in the command: `--setup` measures nothing"));
        }
        Ok(Plan {
            command: self.command.clone(),
            setup: self.setup.clone(),
            results: self.results.clone(),
            formats,
            filter,
            verbose: console.is_verbose(),
        })
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Usage(diagnostic) | Stop::Failed(diagnostic) => diagnostic.into(),
            Stop::Outside(diagnostic) => Self::outside(diagnostic),
            Stop::Interrupted(number) => Self {
                exit: interrupted(number),
                diagnostics: vec![Diagnostic::new(Code::Interrupted, "stopped before anything could be judged")],
            },
        }
    }
}

/// Minds signals from here on.
pub(super) fn interrupts() -> Result<Interrupts, Failure> {
    let failed = |error| Failure::outside(Diagnostic::new(Code::Usage, format!("cannot catch signals: {error}")));
    Interrupts::catch().map_err(failed)
}

/// The exit of a measurement that a signal ended.
pub(super) fn interrupted(number: i32) -> Exit {
    Exit::Interrupted(u8::try_from(number).unwrap_or(0))
}

/// A failure, or the signal that is behind it.
pub(super) fn or_interrupted(failure: Failure, interrupts: &mut Interrupts) -> Failure {
    if matches!(failure.exit, Exit::Interrupted(_)) {
        return failure;
    }
    interrupts.received().map_or(failure, |number| Stop::Interrupted(number).into())
}

/// A work tree of a commit, as a place to run in.
pub(super) fn tree(
    work: &mut Workplace,
    name: &str,
    checkout: &Checkout,
    revision: &Revision,
) -> Result<Place, Failure> {
    let top = work.add_tree(name, &revision.commit)?;
    let folder = top.join(&checkout.prefix);
    if !crate::runner::is_folder(&folder.to_string_lossy()) {
        let shown = crate::text::shown(&revision.name);
        return Err(Diagnostic::new(Code::NotFound, format!("the working folder does not exist at `{shown}`"))
            .at(Location::file(checkout.prefix.to_string_lossy().as_ref()))
            .into());
    }
    // A target folder that both sides share would mix their builds, wherever it is set.
    Ok(Place { folder, target: Some(top.join("target")) })
}

/// What was measured, and why no more.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) base: Vec<Run>,
    pub(super) current: Vec<Run>,
    /// Why it ended early.
    pub(super) stopped: Option<Stop>,
    /// How many pairs were left out because a turn failed.
    pub(super) lost: usize,
}

impl Measured {
    /// Takes the first pair, and refuses what it shows to be a mistake before the others are taken: metrics and benchmarks
    /// that nothing has, and sides that hold one measurement.
    pub(super) fn take_first(
        &mut self,
        turns: &mut Turns<'_>,
        metrics: &[String],
        selection: &Selection,
        console: &Console,
    ) -> Result<(), Failure> {
        self.take(1, turns, console);
        if self.base.is_empty() {
            return Ok(());
        }
        judge::known_metrics(metrics, &self.base, &self.current)?;
        judge::known_benchmarks(selection, &self.base, &self.current)?;
        if verdict::identical_samples(&self.base, &self.current) {
            let mut diagnostic = Diagnostic::new(Code::IdenticalSamples, "both sides hold the same Criterion samples");
            diagnostic.severity = Severity::Error;
            return Err(diagnostic
                .note("the command fills one folder from both sides")
                .help("give each side a folder of its own")
                .into());
        }
        Ok(())
    }

    /// Takes pairs until there are `pairs` of them. A failed pair is left out once; two in a row, or the first of all, end
    /// it.
    pub(super) fn take(&mut self, pairs: usize, turns: &mut Turns<'_>, console: &Console) {
        let mut failed_before = self.base.is_empty();
        while self.stopped.is_none() && self.base.len() < pairs {
            match turns.pair() {
                Ok(pair) => {
                    self.base.push(pair.base);
                    self.current.push(pair.current);
                    failed_before = false;
                }
                Err(Stop::Failed(mut diagnostic)) if !failed_before => {
                    diagnostic.severity = Severity::Warning;
                    console.tell(&diagnostic.note("this pair is left out"));
                    self.lost += 1;
                    failed_before = true;
                }
                Err(stop) => {
                    // The second failure in a row takes its pair with it.
                    self.lost += usize::from(matches!(stop, Stop::Failed(_)) && !self.base.is_empty());
                    self.stopped = Some(stop);
                }
            }
        }
        console.clear();
    }

    /// What the report should say of how this ended.
    pub(super) fn notes(&self, asked: usize) -> Vec<Note> {
        let mut notes = Vec::new();
        let taken = self.base.len();
        if self.lost > 0 {
            let pairs = if self.lost == 1 { "1 pair is" } else { &format!("{} pairs are", self.lost) };
            notes.push(note(Code::PairLost, format!("{pairs} left out because the command failed in it")));
        }
        if self.stopped.is_some() {
            notes.push(note(Code::Interrupted, format!("stopped after {taken} of {asked} pairs")));
        }
        notes
    }
}

/// Progress: a line for each turn, and on a terminal what is running.
pub(super) struct Progress<'a> {
    console: &'a Console,
    /// How many turns are planned, where that is known; more may follow.
    turns: Option<usize>,
    done: usize,
    spent: Duration,
}

impl<'a> Progress<'a> {
    pub(super) fn new(console: &'a Console, turns: Option<usize>) -> Self {
        Self { console, turns, done: 0, spent: Duration::ZERO }
    }

    /// Tells of a step.
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::SetUp(which) => self.console.passing(&format!("set-up {} …", which.as_str())),
            Step::SetUpDone(which, took) => {
                self.console.remark(&format!("set-up {:<7} {}", which.as_str(), duration(took)));
            }
            Step::Turn(which) => {
                self.console.passing(&format!("{}: {} …", self.turn(self.done + 1), which.as_str()));
            }
            Step::TurnDone(which, took) => {
                self.done += 1;
                self.spent += took;
                let left = self.turns.map_or(0, |turns| turns.saturating_sub(self.done));
                let estimate = self.spent.div_f64(self.done as f64).mul_f64(left as f64);
                let left = if left == 0 { String::new() } else { format!(", about {} left", duration(estimate)) };
                let turn = self.turn(self.done);
                self.console.remark(&format!("{turn}: {:<7} {}{left}", which.as_str(), duration(took)));
            }
        }
    }

    /// `turn 3 of 10`.
    fn turn(&self, number: usize) -> String {
        let of = self.turns.filter(|turns| number <= *turns).map_or_else(String::new, |turns| format!(" of {turns}"));
        format!("turn {number}{of}")
    }
}

/// A duration for people: `850 ms`, `12.4 s`, `3 min 20 s`.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        let whole = time.as_secs();
        if whole < 3600 {
            format!("{} min {} s", whole / 60, whole % 60)
        } else {
            format!("{} h {} min", whole / 3600, whole / 60 % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let said = |ms: u64| duration(Duration::from_millis(ms));
        assert_eq!(
            [said(12), said(12_345), said(200_000), said(7_500_000)],
            ["12 ms", "12.3 s", "3 min 20 s", "2 h 5 min"]
        );
    }
}
