//! The outcome of a comparison: one verdict for the whole gate and one for each series.
//!
//! The serde form of [`Report`] is the JSON `perfgate-report/1` that users script against; its schema is
//! `schema/report.json`. A field that is unknown is `null`, never invented. Results are ordered by benchmark, then
//! metric; [`Report::worst_first`] is the order for people.
//!
//! Not here: making verdicts (`verdict`) and showing them (`report`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::reason::Reason;
use super::runs::Runs;
use super::{BenchmarkId, Better, Kind, MetricId, Params, SeriesKey, Statistic, Subject, Unit};
use crate::diag::Severity;
use crate::text::Untrusted;

/// The schema id this version writes.
pub const SCHEMA: &str = "perfgate-report/1";

/// The schema id of several reports in one document.
pub const SEVERAL_SCHEMA: &str = "perfgate-reports/1";

/// Adjusted p-value that a failure needs where the noise is known.
pub const FAIL_P: f64 = 0.01;

/// Adjusted p-value that a warning needs where the noise is known.
pub const WARN_P: f64 = 0.10;

/// What is said of one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Worse by at least the fail limit, and the evidence rules noise out.
    Fail,
    /// The values cannot be used, or the benchmark failed in its tool's file.
    Invalid,
    /// Worse by at least the warn limit, with fair evidence.
    Warn,
    /// Only in the baseline.
    Missing,
    /// Over a limit, or could be, but the data cannot tell.
    Inconclusive,
    /// Would warn or fail, but an `[[accept]]` entry covers it.
    Accepted,
    /// Better by the same rules as `fail`, mirrored.
    Improved,
    /// Only in the current side.
    New,
    /// Shown to be within the limits.
    Pass,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const ALL: [Self; 9] = [
        Self::Fail,
        Self::Invalid,
        Self::Warn,
        Self::Missing,
        Self::Inconclusive,
        Self::Accepted,
        Self::Improved,
        Self::New,
        Self::Pass,
    ];

    /// The word used in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Invalid => "invalid",
            Self::Warn => "warn",
            Self::Missing => "missing",
            Self::Inconclusive => "inconclusive",
            Self::Accepted => "accepted",
            Self::Improved => "improved",
            Self::New => "new",
            Self::Pass => "pass",
        }
    }
}

/// What is said of the whole comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// Nothing warns.
    Pass,
    /// Something warns.
    Warn,
    /// Something fails.
    Fail,
    /// Nothing was compared.
    None,
}

impl GateVerdict {
    /// The worst of several that compared something; `none` if none did.
    pub fn of_several(verdicts: impl Iterator<Item = Self>) -> Self {
        verdicts.filter(|verdict| *verdict != Self::None).max().unwrap_or(Self::None)
    }

    /// The word used in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::None => "none",
        }
    }
}

/// A whole comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// Always `perfgate-report/1`.
    pub schema: String,
    /// The version of perfgate that made the report.
    pub perfgate: String,
    /// The verdict of the whole gate.
    pub verdict: GateVerdict,
    /// How many results have each verdict.
    pub counts: Counts,
    /// The class of machines that the runs are of, where it was named or is what the baseline was looked up by.
    #[serde(default)]
    pub testbed: Option<Untrusted>,
    /// Where the baseline was looked up, as `--store` takes it and without credentials, if an option or a variable said so:
    /// whoever looks it up again has to say it too.
    #[serde(default)]
    pub store: Option<Untrusted>,
    /// The side compared with.
    pub baseline: Side,
    /// The side judged.
    pub current: Side,
    /// How many earlier runs the noise was learned from.
    #[serde(default)]
    pub history: usize,
    /// How many interleaved pairs the two sides' runs are; 0 where they were not taken in turns.
    #[serde(default)]
    pub pairs: usize,
    /// The runs that the noise was learned from, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Subject>,
    /// How each suite moved as a whole.
    pub shifts: Vec<Shift>,
    /// One row per series, by benchmark, then metric.
    pub results: Vec<Row>,
    /// What the reader of the verdict should know.
    pub notes: Vec<Note>,
}

/// Several reports, such as those of a matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reports {
    /// Always `perfgate-reports/1`.
    pub schema: String,
    /// The version of perfgate that put them together.
    pub perfgate: String,
    /// The worst verdict of those that compared something; `none` if nothing was compared at all.
    pub verdict: GateVerdict,
    /// The counts of all reports together.
    pub counts: Counts,
    /// The reports, as they were given.
    pub reports: Vec<Report>,
}

impl Reports {
    /// Puts reports together.
    pub fn new(reports: Vec<Report>) -> Self {
        Self {
            schema: SEVERAL_SCHEMA.to_owned(),
            perfgate: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: GateVerdict::of_several(reports.iter().map(|report| report.verdict)),
            counts: reports.iter().fold(Counts::default(), |sum, r| sum.plus(&r.counts)),
            reports,
        }
    }
}

/// Number of results by verdict. Rows that are only shown (`gate = false`) are in `total` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the fields are the verdicts")]
pub struct Counts {
    pub fail: usize,
    pub warn: usize,
    pub improved: usize,
    pub pass: usize,
    pub inconclusive: usize,
    pub new: usize,
    pub missing: usize,
    pub invalid: usize,
    pub accepted: usize,
    pub total: usize,
}

impl Counts {
    /// The count of one verdict.
    pub fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Fail => self.fail,
            Verdict::Invalid => self.invalid,
            Verdict::Warn => self.warn,
            Verdict::Missing => self.missing,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::Accepted => self.accepted,
            Verdict::Improved => self.improved,
            Verdict::New => self.new,
            Verdict::Pass => self.pass,
        }
    }

    /// These counts and others together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            fail: self.fail + other.fail,
            warn: self.warn + other.warn,
            improved: self.improved + other.improved,
            pass: self.pass + other.pass,
            inconclusive: self.inconclusive + other.inconclusive,
            new: self.new + other.new,
            missing: self.missing + other.missing,
            invalid: self.invalid + other.invalid,
            accepted: self.accepted + other.accepted,
            total: self.total + other.total,
        }
    }

    /// Counts one more result.
    pub fn add(&mut self, verdict: Verdict) {
        let slot = match verdict {
            Verdict::Fail => &mut self.fail,
            Verdict::Invalid => &mut self.invalid,
            Verdict::Warn => &mut self.warn,
            Verdict::Missing => &mut self.missing,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Accepted => &mut self.accepted,
            Verdict::Improved => &mut self.improved,
            Verdict::New => &mut self.new,
            Verdict::Pass => &mut self.pass,
        };
        *slot += 1;
    }
}

/// One side of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Side {
    /// How many runs it has.
    pub runs: usize,
    /// Commit of the newest run, if known.
    pub commit: Option<Untrusted>,
    /// Branch of the newest run, if known.
    pub branch: Option<Untrusted>,
    /// Environment labels that all its runs agree on.
    pub labels: BTreeMap<Untrusted, Untrusted>,
    /// The inputs as the user named them.
    pub inputs: Vec<Untrusted>,
}

/// How one suite moved as a whole in one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Shift {
    /// The suite.
    pub suite: Untrusted,
    /// The metric.
    pub metric: MetricId,
    /// How many series it was taken from.
    pub series: usize,
    /// Median change of the series as a share, current / baseline − 1; positive is growth.
    pub shift: f64,
    /// Whether the rows of the suite were judged after taking the shift out.
    pub adjusted: bool,
    /// What is said of the shift itself.
    pub verdict: Verdict,
    /// How noisy the suite's benchmarks are between runs, where there are runs enough to tell.
    #[serde(default)]
    pub noise: Option<Noise>,
}

/// How noisy the benchmarks of a suite are between runs: what a later comparison of a few of them starts from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Noise {
    /// The usual standard deviation of the values' logarithms, about a share.
    pub deviation: f64,
    /// How much the benchmarks are alike in it, as degrees of freedom.
    pub degrees: f64,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Row {
    /// The benchmark's name within its package.
    pub benchmark: Untrusted,
    /// The tool that measured it.
    pub tool: Untrusted,
    /// The package or module it is in.
    pub package: Option<Untrusted>,
    /// Its parameters.
    pub params: Params,
    /// The metric.
    pub metric: MetricId,
    /// The statistic of the samples that was compared.
    pub statistic: Option<Statistic>,
    /// The unit of the values.
    #[cfg_attr(test, schemars(with = "String"))]
    pub unit: Unit,
    /// The unit as the tool writes it.
    pub tool_unit: Option<Untrusted>,
    /// The good direction.
    pub better: Option<Better>,
    /// Noisy or exact.
    pub kind: Kind,
    /// The baseline's value.
    pub baseline: Option<Value>,
    /// The current value.
    pub current: Option<Value>,
    /// current / baseline − 1; `null` where a side is missing or the baseline is zero.
    pub change: Option<f64>,
    /// The 95 % interval of the change.
    pub interval: Option<[f64; 2]>,
    /// Probability of a change at least this bad if nothing had changed.
    pub p: Option<f64>,
    /// The same, adjusted for the number of series judged together.
    pub p_adjusted: Option<f64>,
    /// The smallest change that these data could have shown, as a share; `None` if it takes four times the time or more.
    pub detectable: Option<f64>,
    /// The limits the row was judged by.
    pub limits: Limits,
    /// What is said of it.
    pub verdict: Verdict,
    /// Whether the row counts in the gate's verdict.
    pub gate: bool,
    /// Whether a rerun of this benchmark is worth its time.
    pub suspect: bool,
    /// Why, as stable codes.
    pub reasons: Vec<Reason>,
    /// Why, in words: one sentence each, lowercase, no final period.
    pub explanations: Vec<String>,
    /// What the single runs say, where that is more than the row says.
    #[serde(default, skip_serializing_if = "are_in_the_row")]
    pub runs: Option<Box<Runs>>,
}

#[expect(clippy::ref_option, reason = "serde hands the field over like this")]
fn are_in_the_row(runs: &Option<Box<Runs>>) -> bool {
    runs.as_ref().is_none_or(|runs| runs.is_in_the_row())
}

/// A value of one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Value {
    /// The statistic of the samples; of several runs, their median; of a history and of interleaved pairs, the level that was
    /// compared. `null` where it is not a number.
    pub value: Option<f64>,
    /// How many runs have the series.
    pub runs: usize,
    /// How many samples those runs have together, if known.
    pub samples: Option<u64>,
}

/// The limits of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Limits {
    /// Where a warning starts.
    pub warn: Option<Limit>,
    /// Where a failure starts.
    pub fail: Option<Limit>,
    /// Where the limits were set: `perfgate.toml:12`, `--fail`, `default`.
    pub origin: Untrusted,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Limit {
    /// A share for `relative`; a value in the row's unit otherwise.
    pub value: f64,
    /// What the value means.
    pub kind: LimitKind,
}

/// What a limit's value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// A share of the baseline.
    Relative,
    /// A difference to the baseline.
    Step,
    /// An absolute value that needs no baseline.
    Budget,
}

/// Something the reader of a verdict should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Note {
    /// Stable code, one of `perfgate explain`'s.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
}

impl Row {
    /// The series that the row is about.
    pub fn key(&self) -> SeriesKey {
        let benchmark = BenchmarkId::new(self.tool.clone(), self.package.clone(), self.benchmark.clone());
        SeriesKey { benchmark, metric: self.metric.clone() }
    }

    /// How much worse the row got, in the order for people: the logarithm of the ratio, turned so that more is worse.
    ///
    /// Zero where there is no ratio.
    pub fn badness(&self) -> f64 {
        let growth = self.change.map_or(0.0, |c| (1.0 + c).max(f64::MIN_POSITIVE).ln());
        match self.better {
            Some(Better::Higher) => -growth,
            Some(Better::Lower) => growth,
            None => growth.abs(),
        }
    }

    /// How much a row changed in the way that its verdict is about.
    fn size(&self) -> f64 {
        if self.verdict == Verdict::Improved { -self.badness() } else { self.badness() }
    }

    /// Compares rows, of several reports too, by the order for people: by verdict, worst first; within one by how much they
    /// changed.
    pub fn cmp_worst_first(&self, other: &Self) -> Ordering {
        let rank = |row: &Self| (!row.gate, row.verdict);
        rank(self).cmp(&rank(other)).then_with(|| other.size().total_cmp(&self.size()))
    }
}

impl Report {
    /// The rows in the order for people: by verdict, worst first; within one by how much they changed, then by name.
    pub fn worst_first(&self) -> Vec<&Row> {
        let mut rows: Vec<(bool, Verdict, f64, &Row)> =
            self.results.iter().map(|row| (!row.gate, row.verdict, row.size(), row)).collect();
        rows.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| b.2.total_cmp(&a.2)));
        rows.into_iter().map(|(.., row)| row).collect()
    }
}
