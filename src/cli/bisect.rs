//! `perfgate bisect`: the first bad commit of a regression, by pairs taken in turns.
//!
//! The regression is confirmed first, good against bad; what fails there is what is looked for. Every commit tried is then
//! measured in turns with the good one, and is bad if most of the regression is in it. A commit whose set-up or command
//! fails is skipped. At the end the commit that was found is measured against the one before it, with fresh data.
//!
//! Not here: several regressions in one range, which are found one after the other by narrowing the range.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;

use super::console::Console;
use super::options::{self, ConfigArgs, InputArgs, LimitArgs, ReportArgs, SelectionArgs};
use super::stored::{self, note};
use super::turns::{self, MeasureArgs, Measured, Progress};
use super::{Exit, Failure, Outcome};
use crate::config::Config;
use crate::diag::{Code, Diagnostic, Severity};
use crate::io::system;
use crate::model::report::{GateVerdict, Report, Row, Verdict};
use crate::model::{Better, SeriesKey};
use crate::runner::{Checkout, Filter, Interrupts, Plan, Revision, Stop, Turns, Which, Workplace};
use crate::stats;
use crate::text::{self, Untrusted};
use crate::verdict::{self, Comparison, Selection, Side, Taken};

/// Find the first bad commit of a regression, by pairs taken in turns
///
/// The regression is confirmed first; then commits between the two are measured in turns with the good one. Commits that
/// do not build are skipped.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate bisect --good v1.4 --bad main -- cargo bench\n  \
    perfgate bisect --good HEAD~20 --bad HEAD --filter 'parse/**' -- go test -bench=Parse -count=5 .")]
pub(super) struct Args {
    /// A commit without the regression
    #[arg(long, value_name = "REV", help_heading = "Measurement")]
    good: String,
    /// A commit with the regression
    #[arg(long, value_name = "REV", help_heading = "Measurement")]
    bad: String,
    /// How many interleaved pairs are taken of each commit; twice as many where they do not tell
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(3..), help_heading = "Measurement")]
    pairs: u16,
    #[command(flatten)]
    measure: MeasureArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    report: ReportArgs,
}

/// The work trees: what is compared with, and what is tried.
const GOOD: &str = "good";
const TEST: &str = "test";

/// A commit of the range.
struct Candidate {
    revision: Revision,
    subject: Untrusted,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Good,
    Bad,
    Skipped,
}

impl Candidate {
    /// Its short id and subject.
    fn shown(&self) -> String {
        let id = self.revision.commit.get(..10).unwrap_or(&self.revision.commit);
        format!("{id} {}", text::shown(&self.subject))
    }
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.targets()?;
    options::refuse_unwritable(&targets)?;
    let mut overrides = args.limits.overrides()?;
    overrides.metric.clone_from(&args.selection.metric);
    let config = args.config.load(&overrides, console)?;
    if Filter::is_named_in(&args.measure.command) {
        return Err(Failure::usage("`{filter}` in the command needs `ab --confirm`, which says what to select"));
    }
    let plan = args.measure.plan(args.input.formats(&config)?, Filter::default(), console)?;
    let mut interrupts = turns::interrupts()?;
    let found = search(args, console, &config, &plan, &mut interrupts);
    // On a terminal, Ctrl-C ends git as well; what it says then is not the reason.
    let (report, doubt) = found.map_err(|failure| turns::or_interrupted(failure, &mut interrupts))?;
    let written = console.write_reports(&report, &targets);
    let exit = doubt.map_or(Exit::Success, |doubt| {
        console.tell(&doubt);
        Exit::NothingToJudge
    });
    written.map(|()| exit)
}

/// Finds the first bad commit: the report of it against the one before, and what speaks against it.
fn search(
    args: &Args,
    console: &Console,
    config: &Config,
    plan: &Plan,
    interrupts: &mut Interrupts,
) -> Result<(Report, Option<Diagnostic>), Failure> {
    let checkout = Checkout::here()?;
    let (good, bad) = (checkout.resolve(&args.good)?, checkout.resolve(&args.bad)?);
    let mut candidates: Vec<Candidate> = checkout
        .between(&good, &bad)?
        .into_iter()
        .map(|(commit, subject)| Candidate {
            revision: Revision { name: commit.as_str().into(), commit },
            subject,
            state: State::Unknown,
        })
        .collect();
    if candidates.is_empty() {
        return Err(Failure::usage("the good and the bad commit are the same"));
    }
    let mut work = Workplace::open(Some(&checkout.git))?;
    let base = turns::tree(&mut work, GOOD, &checkout, &good)?;
    let current = turns::tree(&mut work, TEST, &checkout, &bad)?;
    let mut progress = Progress::new(console, None);
    let mut watch = |step| progress.step(step);
    let turns = Turns::new(plan, &work, (base, current), interrupts, &mut watch);
    let mut search = Search { args, console, config, work: &work, turns };
    let found = search.first_bad(&good, &bad, &mut candidates);
    let remarks = std::mem::take(&mut search.turns.remarks);
    if let Err(warning) = work.close() {
        console.tell(&warning);
    }
    for remark in &remarks {
        console.tell(remark);
    }
    found
}

struct Search<'a> {
    args: &'a Args,
    console: &'a Console,
    config: &'a Config,
    work: &'a Workplace,
    turns: Turns<'a>,
}

/// The regression that is looked for.
struct Regression {
    /// What got worse, and by how much.
    sizes: BTreeMap<SeriesKey, Size>,
    report: Report,
}

impl Regression {
    fn selection(&self) -> Selection {
        Selection { only: Some(self.sizes.keys().cloned().collect()), ..Selection::default() }
    }

    /// How much of the regression a report shows: 0 for none of it, 1 for all. `None` if it has none of its series.
    fn share_in(&self, report: &Report) -> Option<f64> {
        let shares: Vec<f64> =
            report.results.iter().filter_map(|row| self.sizes.get(&row.key())?.share_in(row)).collect();
        stats::median(&shares)
    }
}

/// How much worse a series got.
#[derive(Clone, Copy)]
enum Size {
    /// ln of the ratio.
    Ratio(f64),
    /// The difference, where the good commit's value is zero.
    Difference(f64),
}

impl Size {
    fn of(row: &Row) -> Option<Self> {
        let size = if row.change.is_some() { Self::Ratio(row.badness()) } else { Self::Difference(difference(row)?) };
        let (Self::Ratio(worse) | Self::Difference(worse)) = size;
        (worse != 0.0).then_some(size)
    }

    /// How much of it a row shows.
    fn share_in(self, row: &Row) -> Option<f64> {
        match self {
            Self::Ratio(whole) => row.change.map(|_| row.badness() / whole),
            Self::Difference(whole) => Some(difference(row)? / whole),
        }
    }
}

/// By how much a row's value got worse, in its unit.
fn difference(row: &Row) -> Option<f64> {
    let grown = row.current?.value? - row.baseline?.value?;
    Some(if row.better == Some(Better::Higher) { -grown } else { grown })
}

/// The last commit known to be good and the first one known to be bad, as far as the search came.
fn so_far(good: &Revision, candidates: &[Candidate]) -> String {
    let bad = candidates.iter().position(|c| c.state == State::Bad).unwrap_or(candidates.len());
    let last_good = candidates.iter().take(bad).rfind(|c| c.state == State::Good);
    let last_good = last_good.map_or_else(|| text::shown(&good.name), Candidate::shown);
    let first_bad = candidates.get(bad).map(Candidate::shown).unwrap_or_default();
    if next(candidates).is_none() {
        return format!(
            "{first_bad} is the first bad commit by the search; it lacks its evidence, {last_good} being good"
        );
    }
    format!("so far: {last_good} is good, and {first_bad} is bad")
}

/// Shares of a regression that more pairs are worth their time for.
const UNSURE: std::ops::RangeInclusive<f64> = 0.25..=0.75;

/// The share of a regression from which a commit is bad.
const MOST: f64 = 0.5;

/// The commit to try next: the middle one of those between the last good and the first bad one that are not skipped.
fn next(candidates: &[Candidate]) -> Option<usize> {
    let bad = candidates.iter().position(|c| c.state == State::Bad)?;
    let good = candidates.iter().take(bad).rposition(|c| c.state == State::Good).map_or(0, |at| at + 1);
    let open: Vec<usize> =
        (good..bad).filter(|at| candidates.get(*at).is_some_and(|c| c.state == State::Unknown)).collect();
    open.get(open.len() / 2).copied()
}

impl Search<'_> {
    /// Finds the first bad commit, and measures it against the one before it.
    fn first_bad(
        &mut self,
        good: &Revision,
        bad: &Revision,
        candidates: &mut [Candidate],
    ) -> Result<(Report, Option<Diagnostic>), Failure> {
        let regression = self.confirmed(good, bad)?;
        if let Some(last) = candidates.last_mut() {
            last.state = State::Bad;
        }
        let found = match self.narrow(good, candidates, &regression) {
            Ok(()) => self.evidence(good, candidates, &regression),
            Err(stop) => Err(stop.into()),
        };
        found.map_err(|failure| {
            let mut failure = self.turns.interrupted().map_or(failure, |number| Stop::Interrupted(number).into());
            if let Some(why) = failure.diagnostics.pop() {
                failure.diagnostics.push(why.note(so_far(good, candidates)));
            }
            failure
        })
    }

    /// Sees whether there is a regression at all.
    fn confirmed(&mut self, good: &Revision, bad: &Revision) -> Result<Regression, Failure> {
        self.turns.set_up()?;
        if self.args.measure.warmup {
            self.turns.warm_up()?;
        }
        let selection = self.args.selection.selection();
        let mut measured = Measured::default();
        measured.take_first(&mut self.turns, &self.args.selection.metric, &selection, self.console)?;
        self.take(&mut measured, usize::from(self.args.pairs))?;
        let whole = self.judge(&measured, (good, bad), &selection, None)?;
        let sizes: BTreeMap<SeriesKey, Size> = whole
            .results
            .iter()
            .filter(|row| row.gate && row.verdict == Verdict::Fail)
            .filter_map(|row| Some((row.key(), Size::of(row)?)))
            .collect();
        if whole.verdict == GateVerdict::None {
            return Err(Failure { exit: Exit::NothingToJudge, diagnostics: vec![verdict::nothing_compared(&whole)] });
        }
        if sizes.is_empty() {
            let (good, bad) = (text::shown(&good.name), text::shown(&bad.name));
            let more = self.args.pairs.saturating_mul(3);
            let diagnostic =
                Diagnostic::new(Code::NotConfirmed, format!("`{bad}` is not shown to be worse than `{good}`"))
                    .note(crate::report::headline(&whole))
                    .help(format!("take more pairs: `--pairs {more}`; or set a lower limit: `--fail 3%`"));
            return Err(Failure { exit: Exit::NothingToJudge, diagnostics: vec![diagnostic] });
        }
        self.console.remark(&format!("confirmed: {} series got worse", sizes.len()));
        Ok(Regression { sizes, report: whole })
    }

    /// Tries commits until the first bad one is known.
    fn narrow(&mut self, good: &Revision, candidates: &mut [Candidate], regression: &Regression) -> Result<(), Stop> {
        while let Some(candidate) = next(candidates).and_then(|index| candidates.get_mut(index)) {
            let said = candidate.shown();
            candidate.state = match self.share_of(good, &candidate.revision, regression) {
                Ok(share) => {
                    let state = if share >= MOST { State::Bad } else { State::Good };
                    let word = if state == State::Bad { "bad" } else { "good" };
                    self.console.remark(&format!("{word}: {said} ({:.0}% of the regression)", share * 100.0));
                    state
                }
                Err(Stop::Failed(mut diagnostic)) => {
                    diagnostic.severity = Severity::Warning;
                    self.console.tell(&diagnostic.note(format!("skipped: {said}")));
                    State::Skipped
                }
                Err(stop) => return Err(stop),
            };
        }
        Ok(())
    }

    /// How much of a regression is in a commit.
    fn share_of(&mut self, good: &Revision, commit: &Revision, regression: &Regression) -> Result<f64, Stop> {
        self.work.move_tree(&self.work.path(TEST), &commit.commit)?;
        self.turns.set_up_side(Which::Current)?;
        let mut measured = Measured::default();
        let pairs = usize::from(self.args.pairs);
        let mut share = 0.0;
        for wanted in [pairs, 2 * pairs] {
            match self.take(&mut measured, wanted) {
                // What the first half of them says is kept.
                Err(Stop::Failed(_)) if wanted > pairs => break,
                taken => taken?,
            }
            let report = self
                .judge(&measured, (good, commit), &regression.selection(), Some(&regression.report))
                .map_err(Stop::Usage)?;
            share = regression.share_in(&report).ok_or_else(|| {
                let message = "current: none of the regressed benchmarks is in the results";
                Stop::Failed(Diagnostic::new(Code::NoResults, message))
            })?;
            if !UNSURE.contains(&share) {
                break;
            }
        }
        Ok(share)
    }

    /// Measures the commit that was found against the one before it.
    fn evidence(
        &mut self,
        good: &Revision,
        candidates: &[Candidate],
        regression: &Regression,
    ) -> Result<(Report, Option<Diagnostic>), Failure> {
        let first = candidates.iter().position(|c| c.state == State::Bad).unwrap_or(0);
        let Some(found) = candidates.get(first) else { return Err(Failure::usage("no commit was tried")) };
        let before = candidates.get(..first).unwrap_or(&[]);
        let last_good = before.iter().rfind(|c| c.state == State::Good).map_or(good, |c| &c.revision);
        let skipped: Vec<String> =
            before.iter().rev().take_while(|c| c.state == State::Skipped).map(Candidate::shown).collect();
        self.work.move_tree(&self.work.path(GOOD), &last_good.commit)?;
        self.work.move_tree(&self.work.path(TEST), &found.revision.commit)?;
        self.turns.set_up()?;
        let mut measured = Measured::default();
        self.take(&mut measured, usize::from(self.args.pairs))?;
        let mut report =
            self.judge(&measured, (last_good, &found.revision), &regression.selection(), Some(&regression.report))?;
        let mut message = format!("first bad commit: {}", found.shown());
        if !skipped.is_empty() {
            message.push_str(&format!(", or one of those that could not be measured: {}", skipped.join("; ")));
        }
        let share = regression.share_in(&report).unwrap_or(0.0);
        let before = stored::short(&last_good.commit);
        message.push_str(&format!(" ({:.0}% of the regression, in fresh pairs with {before})", share * 100.0));
        self.console.remark(&message);
        report.notes.insert(0, note(Code::FirstBadCommit, message));
        let shows = report.results.iter().any(|row| matches!(row.verdict, Verdict::Fail | Verdict::Warn));
        if shows && share < MOST {
            self.console.remark("less than half of it: the regression may have come in several steps");
        }
        let doubt = (!shows).then(|| {
            let message = "the search ended at a commit that fresh pairs do not show to be worse than the one before";
            let more = self.args.pairs.saturating_mul(3);
            Diagnostic::new(Code::NotConfirmed, message).help(format!(
                "search again with more pairs (`--pairs {more}`), or in a narrower range if it came in several steps"
            ))
        });
        Ok((report, doubt))
    }

    /// Takes pairs until there are so many; anything that ends it early is a failure here.
    fn take(&mut self, measured: &mut Measured, pairs: usize) -> Result<(), Stop> {
        if measured.base.is_empty() && measured.stopped.is_none() && self.args.measure.warmup {
            self.turns.warm_up()?;
        }
        measured.take(pairs, &mut self.turns, self.console);
        measured.stopped.take().map_or(Ok(()), Err)
    }

    fn judge(
        &self,
        measured: &Measured,
        (before, now): (&Revision, &Revision),
        selection: &Selection,
        suspects_of: Option<&Report>,
    ) -> Result<Report, Diagnostic> {
        let (mut base, mut current) = (measured.base.clone(), measured.current.clone());
        for (runs, revision) in [(&mut base, before), (&mut current, now)] {
            for run in runs {
                run.subject.branch = None;
                run.subject.commit = Some(revision.commit.as_str().into());
            }
        }
        verdict::judge(&Comparison {
            baseline: Side { runs: &base, inputs: &[] },
            current: Side { runs: &current, inputs: &[] },
            history: &[],
            config: self.config,
            selection,
            today: system::today(),
            budgets_only: false,
            taken: Taken::InTurns { looks: 1, adjust: false, suspects_of, keep_limits: false },
            keep_samples: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(text: &str) -> Vec<Candidate> {
        text.chars()
            .map(|c| Candidate {
                revision: Revision { commit: String::new(), name: "".into() },
                subject: "".into(),
                state: match c {
                    'g' => State::Good,
                    'b' => State::Bad,
                    's' => State::Skipped,
                    _ => State::Unknown,
                },
            })
            .collect()
    }

    #[test]
    fn the_middle_of_what_is_open_comes_next() {
        assert_eq!(next(&states("???????b")), Some(3));
        assert_eq!(next(&states("???s???b")), Some(4));
        assert_eq!(next(&states("?g?b???b")), Some(2));
        assert_eq!(next(&states("?gsb???b")), None);
        assert_eq!(next(&states("b")), None);
    }
}
