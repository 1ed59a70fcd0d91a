//! What a history of runs shows: where the level of which series changed, and which changes are new.
//!
//! The serde form of [`Trend`] is the JSON `perfgate-trend/1` that users script against; its schema is
//! `schema/trend.json`. Runs are named by their index into [`Trend::runs`]. A field that is unknown is `null`, never
//! invented. Events are ordered as people read them: what is new and worst first, then the newest.
//!
//! Not here: finding changes (`trend`) and showing them (`report`).

use serde::{Deserialize, Serialize};

use super::report::{GateVerdict, Limits, Note};
use super::{BenchmarkId, Better, Kind, MetricId, Params, Statistic, Unit};
use crate::text::Untrusted;

/// The schema id this version writes.
pub const SCHEMA: &str = "perfgate-trend/1";

/// What a history shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Trend {
    /// Always `perfgate-trend/1`.
    pub schema: String,
    /// The version of perfgate that made it.
    pub perfgate: String,
    /// `fail` or `warn` where a *new* regression reaches that limit, `none` where nothing could be looked at, else `pass`.
    pub verdict: GateVerdict,
    /// How many of what there is.
    pub counts: Counts,
    /// The first run whose changes are reported, an index into `runs`; earlier ones only tell what is usual.
    pub since: usize,
    /// The runs, oldest first.
    pub runs: Vec<Moment>,
    /// The changes, those that happened together in one event.
    pub events: Vec<Event>,
    /// What the reader should know.
    pub notes: Vec<Note>,
    /// Every series run by run, by benchmark and metric, where that was asked for. Not part of the JSON.
    #[serde(skip)]
    pub series: Vec<Series>,
}

/// One series of a history, run by run.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The benchmark, under the name it has now.
    pub benchmark: BenchmarkId,
    /// Its parameters.
    pub params: Params,
    /// The suite it belongs to.
    pub suite: Untrusted,
    /// The metric.
    pub metric: MetricId,
    /// The statistic of each run's samples that is the value.
    pub statistic: Option<Statistic>,
    /// The unit of the values.
    pub unit: Unit,
    /// The good direction.
    pub better: Option<Better>,
    /// Noisy or exact.
    pub kind: Kind,
    /// As measured, one for each of [`Trend::runs`]; `None` where a run does not have the series.
    pub values: Vec<Option<f64>>,
    /// Its levels, oldest first; none where there is no value.
    pub levels: Vec<Level>,
}

/// A stretch of a history in which a series stayed the same, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Its first run, an index into [`Trend::runs`].
    pub first: usize,
    /// The median of the values as they were measured, in the unit of the series.
    pub value: f64,
}

/// Numbers of series and of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counts {
    /// Runs in the history.
    pub runs: usize,
    /// Series that were looked at.
    pub series: usize,
    /// Series that have too few runs to be looked at.
    pub too_short: usize,
    /// Changes at or over the fail limit.
    pub fail: usize,
    /// Changes at or over the warn limit.
    pub warn: usize,
    /// Changes for the worse under the warn limit.
    pub minor: usize,
    /// Changes for the better.
    pub improved: usize,
    /// Changes of series whose good direction is not known.
    pub changed: usize,
    /// Changes that `--fail-on-new` fails on.
    pub red: usize,
}

/// One run of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Moment {
    /// Commit id, as written.
    pub commit: Option<Untrusted>,
    /// Branch name.
    pub branch: Option<Untrusted>,
    /// When it was measured: seconds since 1970 in UTC.
    pub taken_at: Option<i64>,
    /// When the commit was made: seconds since 1970 in UTC.
    pub committed_at: Option<i64>,
    /// Where it was read from.
    pub source: Untrusted,
}

/// How bad a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Worse by at least the fail limit.
    Fail,
    /// Worse by at least the warn limit.
    Warn,
    /// Another level; the good direction is not known.
    Changed,
    /// Worse by less than the warn limit.
    Minor,
    /// Better.
    Improved,
}

impl Grade {
    /// Every grade, worst first.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Warn, Self::Changed, Self::Minor, Self::Improved];

    /// The word used in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Changed => "changed",
            Self::Minor => "minor",
            Self::Improved => "improved",
        }
    }

    /// Whether it is a regression that a limit speaks of.
    pub fn is_over_a_limit(self) -> bool {
        self <= Self::Warn
    }
}

/// Runs between which a level changed: indices into [`Trend::runs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Range {
    /// The newest run that surely had the old level.
    pub last_good: usize,
    /// The run at which the new level most likely began.
    pub likeliest: usize,
    /// The oldest run that surely had the new level.
    pub first_bad: usize,
}

/// Changes that happened together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// The grade of its worst change.
    pub grade: Grade,
    /// Whether it is suites that moved as a whole, which another machine does too.
    pub suite_wide: bool,
    /// Whether one of its changes was not seen without the newest run.
    pub new: bool,
    /// Whether none of its changes has lasted four runs yet.
    pub provisional: bool,
    /// The runs between which all of its changes can lie.
    pub range: Range,
    /// Labels of the machine and the tools that differ between the two ends of the range.
    pub differs: Vec<Difference>,
    /// Worst first.
    pub changes: Vec<Change>,
}

/// A label of the environment that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference {
    /// The label: `cpu`, `go`.
    pub label: Untrusted,
    /// Its value at the last good run.
    pub before: Option<Untrusted>,
    /// Its value at the first bad run.
    pub after: Option<Untrusted>,
}

/// One series, or one suite as a whole, that changed its level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the JSON that stands for itself")]
pub struct Change {
    /// The benchmark's name within its package; `null` for a suite as a whole.
    pub benchmark: Option<Untrusted>,
    /// The tool that measured it; `null` for a suite as a whole.
    pub tool: Option<Untrusted>,
    /// The package or module it is in.
    pub package: Option<Untrusted>,
    /// Its parameters.
    pub params: Params,
    /// The suite it belongs to.
    pub suite: Untrusted,
    /// The metric.
    pub metric: MetricId,
    /// The statistic of each run's samples that was looked at.
    pub statistic: Option<Statistic>,
    /// The unit of the values.
    #[cfg_attr(test, schemars(with = "String"))]
    pub unit: Unit,
    /// The good direction.
    pub better: Option<Better>,
    /// Noisy or exact.
    pub kind: Kind,
    /// The level before, in `unit`; for a suite relative to its usual level, which is 1.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// after / before − 1; `null` from zero.
    pub change: Option<f64>,
    /// Two-sided p-value of the change; `null` for exact metrics, which need none.
    pub p: Option<f64>,
    /// The same, adjusted for the series that were looked at together.
    pub p_adjusted: Option<f64>,
    /// The runs between which it changed.
    pub range: Range,
    /// Runs that have the new level, up to the next change.
    pub lasted: usize,
    /// The limits of the series.
    pub limits: Limits,
    /// How bad it is.
    pub grade: Grade,
    /// Whether it counts in the verdict.
    pub gate: bool,
    /// Whether it was not seen without the newest run (or the runs from `--since` on).
    pub new: bool,
    /// Whether it has lasted for fewer than four runs, so that it may be noise.
    pub provisional: bool,
    /// Whether later changes took the series back, at least half of the way.
    pub recovered: bool,
    /// The `[[accept]]` entry that covers it: `perfgate.toml:12`.
    pub accepted_by: Option<Untrusted>,
    /// Whether `--fail-on-new` fails on it.
    pub red: bool,
    /// The whole history in up to 32 values, medians of as many neighbouring runs each; `null` where there are none.
    pub sketch: Vec<Option<f64>>,
}

impl Change {
    /// Whether it is a regression that a limit speaks of and that is still there: sure, counted, neither accepted nor taken
    /// back by later changes.
    pub fn stands(&self) -> bool {
        self.grade.is_over_a_limit() && self.gate && !self.provisional && !self.recovered && self.accepted_by.is_none()
    }

    /// How much worse it got, for the order of changes: the logarithm of the ratio; positive is worse.
    ///
    /// Without a ratio the sign of the difference times infinity.
    pub fn badness(&self) -> f64 {
        let growth = match self.change {
            Some(change) if change > -1.0 => change.ln_1p(),
            _ => (self.after - self.before) * f64::INFINITY,
        };
        match self.better {
            Some(Better::Higher) => -growth,
            Some(Better::Lower) => growth,
            None => growth.abs(),
        }
    }
}

impl Trend {
    /// The run of an index.
    pub fn run(&self, index: usize) -> Option<&Moment> {
        self.runs.get(index)
    }

    /// Every change of every event, in their order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.events.iter().flat_map(|e| &e.changes)
    }
}
