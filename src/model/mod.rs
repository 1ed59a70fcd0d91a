//! What was measured: runs, benchmarks, metrics, values.
//!
//! A [`Run`] is everything one execution of a benchmark suite produced on one machine. Formats build runs, the verdicts
//! compare them. Values are in the base units of [`crate::unit`]; a run's samples never leave it, so samples of
//! different runs cannot be pooled by accident. Every map is ordered by key.
//!
//! [`report`] is the outcome of a comparison and, as its serde types, the JSON `perfgate-report/1`; [`trend`] is what a
//! history shows, `perfgate-trend/1`. The JSON of runs,
//! `perfgate-run/1`, is one of the formats.
//!
//! Not here: reading files (`format`), limits (`config`), judging (`verdict`).

pub mod alert;
pub mod mapping;
mod reason;
pub mod report;
pub mod runs;
mod statistic;
pub mod trend;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::unit::{Better, Unit};
pub use statistic::{Statistic, Summary};

use crate::diag::Location;
use crate::text::Untrusted;

/// A benchmark: the tool that measured it, the package or module it is in, and its name with its parameters.
///
/// Ordered by name first, because reports are. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BenchmarkId(Arc<BenchmarkName>);

impl Ord for BenchmarkId {
    fn cmp(&self, other: &Self) -> Ordering {
        // The metrics of a benchmark share its name, and names are long.
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for BenchmarkId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The parts of a [`BenchmarkId`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BenchmarkName {
    /// The name within its package, parameters included: `parse/json/1024`, `test_render[a]`, `BenchmarkSum/n=64`.
    pub name: Untrusted,
    /// Go package, Python file and classes: whatever the tool qualifies names by.
    pub package: Option<Untrusted>,
    /// The tool: `criterion`, `go`, `pytest-benchmark`.
    pub tool: Untrusted,
}

impl BenchmarkId {
    /// Names a benchmark.
    pub fn new(tool: impl Into<Untrusted>, package: Option<Untrusted>, name: impl Into<Untrusted>) -> Self {
        Self(Arc::new(BenchmarkName { name: name.into(), package, tool: tool.into() }))
    }

    /// The name qualified by its package, `package::name`, as globs may also match it.
    pub fn qualified(&self) -> Untrusted {
        match &self.0.package {
            Some(package) => format!("{}::{}", package.raw(), self.0.name.raw()).into(),
            None => self.0.name.clone(),
        }
    }
}

impl std::ops::Deref for BenchmarkId {
    type Target = BenchmarkName;

    fn deref(&self) -> &BenchmarkName {
        &self.0
    }
}

/// Which quantity a series measures: `time`, `memory`, `allocs`, `throughput`, `latency.p95`, or the tool's own name.
///
/// May hold text from a file, so it has no `Display` either.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MetricId(pub Untrusted);

impl MetricId {
    /// Elapsed time per iteration.
    pub const TIME: &'static str = "time";
    /// Bytes allocated or held.
    pub const MEMORY: &'static str = "memory";
    /// Number of allocations.
    pub const ALLOCS: &'static str = "allocs";
    /// Work per second.
    pub const THROUGHPUT: &'static str = "throughput";

    /// Names a metric.
    pub fn new(name: impl Into<Untrusted>) -> Self {
        Self(name.into())
    }

    /// The exact name. Only for comparing, matching and serializing, or as the argument of an escaper.
    pub fn raw(&self) -> &str {
        self.0.raw()
    }
}

/// One metric of one benchmark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The benchmark.
    pub benchmark: BenchmarkId,
    /// The metric.
    pub metric: MetricId,
}

/// Whether repeating a measurement can give another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Times and rates: each run gives another value.
    Noisy,
    /// Counts that the code alone decides: allocations, instructions, sizes.
    Exact,
}

/// What one run says about one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The unit of every value here.
    pub unit: Unit,
    /// The unit as the tool wrote it, for display: `ns/op`.
    pub tool_unit: Option<Untrusted>,
    /// The good direction; `None` where neither the tool nor the unit tells.
    pub better: Option<Better>,
    /// Noisy or exact.
    pub kind: Kind,
    /// Order statistics of the samples, or what the tool wrote of them.
    pub summary: Summary,
    /// The samples in the order they were taken, where the file has them.
    pub samples: Option<Box<[f64]>>,
    /// Where in the run it was measured.
    pub origin: Origin,
    /// Computed by perfgate from another metric of the same benchmark, so judged only where the configuration names it.
    pub derived: bool,
    /// Why the values cannot be used, if they cannot.
    pub fault: Option<Box<Fault>>,
}

/// Which suite of its run a series was measured in, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Index into [`Run::suites`].
    pub suite: u32,
    /// Position among the benchmarks of the suite, from 0: neighbours were measured one after the other.
    pub position: u32,
}

/// Why a series or a benchmark of a run is `invalid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, as one sentence for people: lowercase, no final period, outside text already made visible.
    pub message: String,
    /// Where the file says so.
    pub location: Option<Location>,
}

/// One execution of one tool: one output file or tree. Noise and shifts are estimated per suite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suite {
    /// The tool that wrote it.
    pub tool: Untrusted,
    /// What it is called in reports; the tool's name unless a run has several suites of one tool.
    pub name: Untrusted,
}

/// What a file or the caller says about the code that was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Subject {
    /// Commit id, as written.
    pub commit: Option<Untrusted>,
    /// Branch name.
    pub branch: Option<Untrusted>,
    /// When it was measured: seconds since 1970 in UTC.
    pub taken_at: Option<i64>,
    /// When the commit was made: seconds since 1970 in UTC.
    pub committed_at: Option<i64>,
}

/// What a file says about the machine and the tools: `os`, `arch`, `cpu`, `go`, `python`, …
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Labels by name.
    pub labels: BTreeMap<Untrusted, Untrusted>,
}

/// Parameters by name. Shared, because every metric of a benchmark shows them.
pub type Params = Arc<BTreeMap<Untrusted, Untrusted>>;

/// What is known about a benchmark beyond its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Parameters by name.
    pub params: Params,
    /// The group the tool put it in.
    pub group: Option<Untrusted>,
}

/// Everything measured in one execution of a suite: one commit, one machine, one or more tools.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What code was measured.
    pub subject: Subject,
    /// On what machine.
    pub environment: Environment,
    /// The executions of tools it is made of.
    pub suites: Vec<Suite>,
    /// The values.
    pub series: BTreeMap<SeriesKey, Observation>,
    /// Parameters and groups of those benchmarks that have any.
    pub details: BTreeMap<BenchmarkId, Details>,
    /// Benchmarks that failed, crashed or were aborted.
    pub failures: BTreeMap<BenchmarkId, Fault>,
}

impl Run {
    /// A run of one suite of this tool, without results yet.
    pub fn of_tool(tool: impl Into<Untrusted>) -> Self {
        let tool = tool.into();
        Self { suites: vec![Suite { name: tool.clone(), tool }], ..Self::default() }
    }

    /// Whether nothing was measured and nothing failed.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.failures.is_empty()
    }
}
