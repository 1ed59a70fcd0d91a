//! perfgate.toml: limits, budgets, accepted regressions, renames, and how verdicts count.
//!
//! Four layers, the first that sets a value wins: options, `PERFGATE_*` variables, the file, and the built-in
//! `default.toml`, which is also the reference of every key. [`load`] is given the texts, reports every mistake in them
//! at once with its place, and returns a [`Config`] that is asked for each series: [`Config::judging`]. Every value knows
//! where it was set, so that a report can say which line made a verdict.
//!
//! A limit that is missing comes from the next entry that has it: `[[rule]]`, `[metrics.NAME]`, `[gate]`. An entry that
//! sets only one of `warn` and `fail` takes the other from there on these terms: a `warn` that is of another kind or not
//! below its `fail` is dropped, because the failure says it all; a `fail` below its `warn` is raised to it, because a gate
//! must never lose its failures to an entry that does not mention them.
//!
//! Not here: finding and opening the file (`io`, `cli`), which accepts have expired and which rules were used (`verdict`).

mod checks;
mod compile;
mod given;
mod judging;
mod keys;
mod layers;
mod limit;
mod pattern;
mod reading;
mod selection;
mod show;
mod tables;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use given::Overrides;
pub use judging::Judging;
pub use layers::load;
pub use limit::{Amount, InvalidLimit, Limit};
pub use pattern::Pattern;
pub use selection::Selection;
pub use words::{Counted, Evidence, FailOn};

use crate::model::mapping::Mapping;
use crate::model::{BenchmarkId, MetricId, Statistic};
use crate::text::Untrusted;

/// The built-in defaults, which are also the reference of every key.
pub const DEFAULT: &str = include_str!("default.toml");

/// The JSON schema of perfgate.toml.
pub fn schema() -> &'static str {
    include_str!("../../schema/config.json")
}

/// Everything that is configured. Changing the public fields does not change what [`Config::show`] prints.
#[derive(Clone, Debug)]
pub struct Config {
    /// Files, folders and globs that are read when a command names none.
    pub inputs: Vec<String>,
    /// Where runs are kept, as written: `dir:PATH`, `git:BRANCH`.
    pub store: String,
    /// Name of the class of machines.
    pub testbed: Option<String>,
    /// Limits for every metric, and how verdicts count.
    pub gate: Gate,
    /// Absolute limits, in the order of the file.
    pub budgets: Vec<Budget>,
    /// Formats that the user describes, in the order of the file.
    pub formats: Vec<Mapping>,
    /// Accepted regressions, in the order of the file.
    pub accepts: Vec<Accept>,
    /// Benchmarks that got another name, in the order of the file.
    pub renames: Vec<Rename>,
    rules: Vec<Rule>,
    metrics: BTreeMap<MetricId, judging::Entry>,
    everywhere: judging::Entry,
    nowhere: Untrusted,
    named: BTreeSet<MetricId>,
    fixed: Vec<(MetricId, Statistic, MetricId)>,
    file: tables::File,
}

impl Config {
    /// Whether nothing but the built-in default says where runs are kept.
    pub fn is_default_store(&self) -> bool {
        self.file.store.as_ref().is_none_or(|set| set.origin.raw() == "default")
    }

    /// Where runs are kept, if an option or a variable says it, so that perfgate.toml alone would lead elsewhere.
    pub fn store_from_outside(&self) -> Option<&str> {
        let set = self.file.store.as_ref()?;
        ["--store", "PERFGATE_STORE"].contains(&set.origin.raw()).then_some(set.value.as_str())
    }

    /// The `[[rule]]` entries in the order of the file; [`Judging::rule`] is an index into them.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The metrics that have an entry of their own in the file, and those named by `--metric`.
    pub fn named_metrics(&self) -> &BTreeSet<MetricId> {
        &self.named
    }

    /// The metrics with a fixed statistic that are named anywhere: base metric, statistic, full name such as `time.p95`.
    ///
    /// Ordered by full name. A tool may itself have a metric of the full name; that is for the caller to look up.
    pub fn fixed_statistics(&self) -> Vec<(MetricId, Statistic, MetricId)> {
        self.fixed.clone()
    }
}

/// Limits for every metric, and how verdicts count.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Where a warning starts, for metrics without limits of their own.
    pub warn: Option<Limit>,
    /// Where a failure starts, for metrics without limits of their own.
    pub fail: Option<Limit>,
    /// How much proof a failure needs.
    pub evidence: Evidence,
    /// Which verdict ends with exit code 1.
    pub fail_on: FailOn,
    /// What benchmarks that are only in the baseline count as.
    pub missing: Counted,
    /// What a suite that moved as a whole counts as.
    pub suite_shift: Counted,
    /// What series that the data cannot decide count as.
    pub inconclusive: Counted,
    /// What values that cannot be used count as.
    pub invalid: Counted,
}

/// A `[[rule]]`: limits of some benchmarks.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which benchmarks.
    pub benchmark: Pattern,
    /// Which metric; every metric if `None`.
    pub metric: Option<MetricId>,
    /// The tool whose results are meant; every tool if `None`.
    pub tool: Option<Untrusted>,
    /// Where it stands: `perfgate.toml:31`.
    pub origin: Untrusted,
    entry: judging::Entry,
}

impl Rule {
    /// Whether it speaks about a series.
    pub fn is_about(&self, benchmark: &BenchmarkId, metric: &MetricId) -> bool {
        self.metric.as_ref().is_none_or(|m| m == metric) && covers(&self.benchmark, self.tool.as_ref(), benchmark)
    }
}

impl Budget {
    /// Whether it speaks about a benchmark.
    pub fn covers(&self, benchmark: &BenchmarkId) -> bool {
        covers(&self.benchmark, self.tool.as_ref(), benchmark)
    }
}

impl Accept {
    /// Whether it speaks about a series.
    pub fn is_about(&self, benchmark: &BenchmarkId, metric: &MetricId) -> bool {
        self.metric.as_ref().is_none_or(|m| m == metric) && covers(&self.benchmark, self.tool.as_ref(), benchmark)
    }
}

/// Whether a pattern and a tool, if one is named, fit a benchmark.
fn covers(pattern: &Pattern, tool: Option<&Untrusted>, benchmark: &BenchmarkId) -> bool {
    tool.is_none_or(|tool| *tool == benchmark.tool) && pattern.matches(benchmark)
}

/// A `[[budget]]`: an absolute limit that needs no baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Which benchmarks.
    pub benchmark: Pattern,
    /// Which metric.
    pub metric: MetricId,
    /// The tool whose results are meant; every tool if `None`.
    pub tool: Option<Untrusted>,
    /// The target: a worse value warns.
    pub warn: Option<Amount>,
    /// What is still acceptable: a worse value fails.
    pub fail: Option<Amount>,
    /// Where it stands: `perfgate.toml:31`.
    pub origin: Untrusted,
}

/// An `[[accept]]`: a known and intended regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// Which benchmarks.
    pub benchmark: Pattern,
    /// Which metric; every metric if `None`.
    pub metric: Option<MetricId>,
    /// The tool whose results are meant; every tool if `None`.
    pub tool: Option<Untrusted>,
    /// How much worse is accepted; any change if `None`.
    pub up_to: Option<Limit>,
    /// The last day it counts, in UTC; for good if `None`.
    pub until: Option<jiff::civil::Date>,
    /// Why, for the reader of the report.
    pub reason: Option<Untrusted>,
    /// Where it stands: `perfgate.toml:31`.
    pub origin: Untrusted,
}

/// A `[[rename]]`: a benchmark that got another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The name in the baseline.
    pub from: Untrusted,
    /// The name now.
    pub to: Untrusted,
    /// Where it stands: `perfgate.toml:31`.
    pub origin: Untrusted,
}

#[cfg(test)]
mod tests;
