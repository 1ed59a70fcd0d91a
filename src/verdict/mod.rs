//! Two sides of runs, judged: one verdict for each series and one for the gate.
//!
//! The steps, each in its own file: `pairing` puts the series of both sides side by side under the names they share;
//! `measure` turns the runs of a side into one value; `noise` (where there are runs enough to know it) and `evidence`
//! (where there are not) look at whole suites and say of each change whether noise explains it; `decide` holds change and
//! evidence against the limits; `gate` counts. `backtest` asks what all this would have said of the past. Everything is a
//! pure function of the runs, the configuration and today's date, so the same input always gives the same report.
//!
//! Not here: where runs come from (`io`), how a report looks (`report`), and change points in a history (`trend`).

pub mod backtest;
mod change;
mod confirm;
mod decide;
mod evidence;
mod exceptions;
mod gate;
mod injection;
mod measure;
mod noise;
mod notes;
mod pairing;
mod runs;
mod sides;

use jiff::civil::Date;

use crate::config::Config;
use crate::diag::{Code, Diagnostic};
use crate::model::report::{Limit, LimitKind, Limits, Report, Row, SCHEMA};
use crate::model::{Run, SeriesKey};
use crate::text::Untrusted;

pub use crate::config::Selection;
pub use confirm::{confirm, suspects, was_measured};
pub use injection::worsened;
pub use sides::identical_samples;

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its runs, oldest first.
    pub runs: &'a [Run],
    /// The inputs as the user named them.
    pub inputs: &'a [Untrusted],
}

/// A question: is `current` worse than `baseline`?
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The side compared with. No runs at all for budgets alone.
    pub baseline: Side<'a>,
    /// The side judged.
    pub current: Side<'a>,
    /// Earlier runs of unchanged code on the same kind of machine, oldest first, without those of the two sides.
    pub history: &'a [Run],
    /// Limits and rules.
    pub config: &'a Config,
    /// What to look at.
    pub selection: &'a Selection,
    /// Today in UTC, for `[[accept]] until`.
    pub today: Date,
    /// Whether only `[[budget]]` entries are judged.
    pub budgets_only: bool,
    /// How the runs of the two sides were taken.
    pub taken: Taken<'a>,
    /// Whether the rows keep samples, for an output that shows them.
    pub keep_samples: bool,
}

/// How the runs of two sides were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Taken<'a> {
    /// Each side for itself.
    #[default]
    Apart,
    /// In turns on one machine: run i of the baseline right before or after run i of the current side.
    InTurns {
        /// How often the verdict is looked at while more pairs are taken; 1 where their number was set before. Every look
        /// has its share of the error that one would have.
        looks: usize,
        /// Whether what the machine did to a whole suite in one pair is taken out of its rows. Not where suspects are
        /// measured, which may have a regression in common, and not where measurements of several commits are compared.
        adjust: bool,
        /// The earlier report whose suspects are measured again. What it knows about the noise is used, its changes are
        /// not: a handful of suspects knows little about noise.
        suspects_of: Option<&'a Report>,
        /// Whether that report's limits hold, instead of the configuration's.
        keep_limits: bool,
    },
}

impl<'a> Taken<'a> {
    /// The limits that the earlier report judged a series by, where they are to hold.
    fn first_limits(self, key: &SeriesKey) -> Option<&'a Limits> {
        let Self::InTurns { keep_limits: true, .. } = self else { return None };
        let limits = &self.first_row(key)?.limits;
        let is_budget = |limit: &Option<Limit>| limit.is_some_and(|limit| limit.kind == LimitKind::Budget);
        (!is_budget(&limits.warn) && !is_budget(&limits.fail)).then_some(limits)
    }

    /// What the earlier report says of a series that is measured again.
    fn first_row(self, key: &SeriesKey) -> Option<&'a Row> {
        let Self::InTurns { suspects_of: Some(report), .. } = self else { return None };
        report
            .results
            .iter()
            .find(|row| row.metric == key.metric && row.benchmark == key.benchmark.name && row.key() == *key)
    }
}

/// How many runs of the history are judged by, the newest: older ones say little of today's machine.
const LONGEST_HISTORY: usize = 50;

/// Judges a comparison.
///
/// # Errors
/// A diagnostic where the configuration and the runs do not fit together, such as two benchmarks renamed to one name.
pub fn judge(comparison: &Comparison<'_>) -> Result<Report, Diagnostic> {
    let newest = comparison.history.len().saturating_sub(LONGEST_HISTORY);
    let comparison = &Comparison { history: comparison.history.get(newest..).unwrap_or(&[]), ..*comparison };
    let pairs = pairing::pair(comparison)?;
    let measured = measure::measure(comparison, pairs);
    let environment = sides::compare_environments(comparison);
    let noise = noise::estimate(comparison, &measured);
    let groups = evidence::groups(&measured);
    let shifts = evidence::shifts(comparison, &groups, &noise);
    let mut usage = notes::Usage::default();
    let results = decide::rows(comparison, measured, &groups, &noise, &environment, &mut usage);
    let (verdict, counts) = gate::whole(comparison.config, &results, &shifts);
    let notes = notes::notes(comparison, &results, &environment, &usage);
    Ok(Report {
        schema: SCHEMA.to_owned(),
        perfgate: env!("CARGO_PKG_VERSION").to_owned(),
        verdict,
        counts,
        testbed: comparison.config.testbed.as_deref().map(Untrusted::from),
        store: None,
        baseline: sides::describe(comparison.baseline),
        current: sides::describe(comparison.current),
        history: comparison.history.len(),
        pairs: noise::pairs(comparison).unwrap_or(0),
        past: comparison.history.iter().map(|run| run.subject.clone()).collect(),
        shifts,
        results,
        notes,
    })
}

/// The diagnostic for a comparison in which nothing was judged.
pub fn nothing_compared(report: &Report) -> Diagnostic {
    let names = |side: &str, verdict| {
        let rows: Vec<_> = report.results.iter().filter(|r| r.verdict == verdict).collect();
        let example =
            rows.first().map_or(String::new(), |r| format!(", such as `{}`", crate::text::shown(&r.benchmark)));
        format!("{side} has {} series{example}", rows.len())
    };
    Diagnostic::new(Code::NothingInCommon, "nothing was compared: no series is on both sides")
        .note(names("the baseline alone", crate::model::report::Verdict::Missing))
        .note(names("the current side alone", crate::model::report::Verdict::New))
        .help(
            "if benchmarks were renamed, add [[rename]] entries to perfgate.toml; check `--filter` and `--metric` too",
        )
}
