//! One row of a history: the benchmark and metrics it is about.
//!
//! github-action-benchmark (v1.20.7, `src/extract.ts`) puts what it knows into five texts, each tool's in its own way. A Go
//! name is followed by ` (package)` where an output has several packages, and by ` - unit` for each of several metrics;
//! up to 1.17, and beside those rows still, the unit of the first metric goes on with the others
//! (`ns/op\t 8 B/op\t 1 allocs/op`). pytest-benchmark's value is the reciprocal of the mean that stands in `extra`.
//!
//! `range` is a standard deviation for pytest-benchmark and `BenchmarkDotNet` alone: for cargo it is that or the distance of the
//! extremes, for benchmark.js a margin of error, and for Catch2 it has lost its unit. Elsewhere it is free text.
//!
//! Not here: where rows stand.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::labelled;
use crate::diag::Code;
use crate::format::benchfmt;
use crate::format::json::Number;
use crate::format::rows;
use crate::model::{
    BenchmarkId, Better, Fault, Kind, MetricId, Observation, Origin, Run, SeriesKey, Statistic, Summary,
};
use crate::text::Untrusted;
use crate::unit::{self, Parsed};

/// The name of a benchmark's time on the processor.
const CPU_TIME: &str = "cpu-time";

/// A row as it is written.
#[derive(Deserialize)]
#[serde(expecting = "an object with `name`, `unit` and `value`")]
pub(super) struct Bench {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Number,
    #[serde(default)]
    pub(super) unit: String,
    #[serde(default)]
    pub(super) range: serde_json::Value,
    #[serde(default)]
    pub(super) extra: serde_json::Value,
    #[serde(default, rename = "biggerIsBetter")]
    pub(super) bigger_is_better: Option<bool>,
}

impl Bench {
    /// A row of nothing but a name, a value and a unit.
    pub(super) fn new(name: String, value: Number, unit: String) -> Self {
        Self {
            name,
            value,
            unit,
            range: serde_json::Value::Null,
            extra: serde_json::Value::Null,
            bigger_is_better: None,
        }
    }
}

/// The tool whose output a row is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Go,
    Pytest,
    /// A tool whose value is the mean; its name, and the good direction where the unit tells none.
    Mean(&'static str, Better),
    /// One whose value is the median.
    Median(&'static str),
    GoogleCpp,
    Julia,
    /// Values that somebody wrote, with what they say about the direction.
    Custom(Option<Better>),
    /// A tool of a later version or of a fork.
    Other(String),
}

impl Tool {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "go" => Self::Go,
            "pytest" => Self::Pytest,
            "cargo" => Self::Median("libtest"),
            "catch2" => Self::Mean("catch2", Better::Lower),
            "jmh" => Self::Mean("jmh", Better::Lower),
            "benchmarkdotnet" => Self::Mean("benchmarkdotnet", Better::Lower),
            "benchmarkjs" => Self::Mean("benchmarkjs", Better::Higher),
            "googlecpp" => Self::GoogleCpp,
            "julia" => Self::Julia,
            "customBiggerIsBetter" => Self::Custom(Some(Better::Higher)),
            "customSmallerIsBetter" => Self::Custom(Some(Better::Lower)),
            "custom" | "" => Self::Custom(None),
            other => Self::Other(other.to_owned()),
        }
    }

    /// The tool as benchmarks are named by: that of its own format where there is one.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Go => "go",
            Self::Pytest => "pytest-benchmark",
            Self::Mean(name, _) | Self::Median(name) => name,
            Self::GoogleCpp => "google-benchmark",
            Self::Julia => "julia",
            Self::Custom(_) => super::FORMAT.name,
            Self::Other(name) => name,
        }
    }

    /// The good direction where the unit does not tell it.
    fn better(&self) -> Option<Better> {
        match self {
            Self::Median(_) | Self::GoogleCpp | Self::Julia => Some(Better::Lower),
            Self::Pytest => Some(Better::Higher),
            Self::Mean(_, better) => Some(*better),
            // Go says nothing about metrics of a benchmark's own.
            Self::Go | Self::Custom(_) | Self::Other(_) => None,
        }
    }
}

/// Leaves out the rows that join all metrics of a benchmark where each of them has a row as well.
pub(super) fn leave_out_joined(rows: &mut Vec<(usize, Bench)>) {
    let names: BTreeSet<String> = rows.iter().map(|(_, row)| row.name.clone()).collect();
    rows.retain(|(_, row)| {
        let mut words = row.unit.split_whitespace();
        let (Some(first), Some(_)) = (words.next(), words.next()) else { return true };
        !names.contains(&format!("{} - {first}", row.name))
    });
}

/// The benchmark that a row of this name and unit is about. `package` keeps suites of one file apart.
pub(super) fn id_of(tool: &Tool, package: Option<&str>, name: &str, unit: &str) -> BenchmarkId {
    let (own, name) = match tool {
        Tool::Go => {
            let name = name.strip_suffix(unit).and_then(|n| n.strip_suffix(" - ")).unwrap_or(name);
            // A Go name has no space.
            match name.strip_suffix(')').and_then(|n| n.split_once(" (")) {
                Some((name, package)) if !package.contains(' ') => (Some(package), name),
                _ => (None, name),
            }
        }
        Tool::Pytest => {
            // Parameters can hold anything, also what separates the parts of the path.
            let path = name.split('[').next().unwrap_or(name).len();
            match name.get(..path).and_then(|path| path.rfind("::")) {
                Some(at) => (name.get(..at), name.get(at + 2..).unwrap_or(name)),
                None => (None, name),
            }
        }
        _ => (None, name),
    };
    let package = match (package, own) {
        (Some(suite), Some(own)) => Some(format!("{suite}::{own}").into()),
        (one, other) => one.or(other).map(Untrusted::from),
    };
    BenchmarkId::new(tool.name(), package, name)
}

/// Adds the series of a row to its run. `fault` reports what is wrong with its value.
pub(super) fn add(
    run: &mut Run,
    tool: &Tool,
    package: Option<&str>,
    bench: Bench,
    origin: Origin,
    mut fault: impl FnMut(Code, &Untrusted, String) -> Fault,
) {
    let Bench { name, value, unit, range, extra, bigger_is_better } = bench;
    let (range, extra) = (range.as_str().unwrap_or(""), extra.as_str().unwrap_or(""));
    let id = id_of(tool, package, &name, &unit);
    if *tool == Tool::Go {
        go(run, &id, &value, &unit, origin, fault);
        return;
    }
    let parsed = unit::parse(&unit);
    let mut observation = rows::observation(&parsed, &unit, Kind::Noisy, origin);
    observation.better = match tool {
        // What somebody says about their own values counts more than their unit.
        Tool::Custom(stated) => {
            let higher = |higher| if higher { Better::Higher } else { Better::Lower };
            stated.or(bigger_is_better.map(higher)).or(parsed.better)
        }
        tool => parsed.better.or(tool.better()),
    };
    let metric = rows::metric_of(&parsed, &unit);
    let value = match rows::value_of(&value, &parsed) {
        Ok(value) => value,
        Err((code, why)) => {
            observation.fault = Some(Box::new(fault(code, &id.name, format!("`value` is {why}"))));
            rows::add(run, &id, metric, observation);
            return;
        }
    };
    let words = labelled(extra);
    match tool {
        Tool::Pytest => {
            if let Some(time) = mean_of(&words, value, range, origin) {
                rows::add(run, &id, MetricId::new(MetricId::TIME), time);
                return;
            }
            observation.summary = Summary::unknown().with(Statistic::Mean, Some(value));
        }
        Tool::Mean(name, _) => {
            let stddev = if *name == "benchmarkdotnet" { range.strip_prefix("± ") } else { None };
            let stddev = stddev.and_then(|s| s.trim().parse::<f64>().ok()).map(|s| s * parsed.factor);
            observation.summary =
                Summary::unknown().with(Statistic::Mean, Some(value)).with_stddev(stddev).with_count(samples(extra));
        }
        Tool::Median(_) => observation.summary = Summary::unknown().with(Statistic::Median, Some(value)),
        Tool::GoogleCpp | Tool::Julia | Tool::Go | Tool::Custom(_) | Tool::Other(_) => observation.set_value(value),
    }
    rows::add(run, &id, metric, observation);
    let further: &[(&str, &str, &str, Kind)] = match tool {
        Tool::GoogleCpp => &[("cpu", "", CPU_TIME, Kind::Noisy)],
        Tool::Julia => {
            &[("memory", "B", MetricId::MEMORY, Kind::Noisy), ("allocs", "allocs", MetricId::ALLOCS, Kind::Exact)]
        }
        _ => &[],
    };
    for (word, unit, metric, kind) in further {
        let Some(text) = words.get(word) else { continue };
        let (number, unit) = text.split_once(' ').unwrap_or((text, unit));
        let parsed = unit::parse(unit);
        if let Ok(value) = rows::value_of(&Number::Text(number.into()), &parsed) {
            let mut observation = rows::observation(&parsed, unit, *kind, origin);
            observation.set_value(value);
            rows::add(run, &id, MetricId::new(*metric), observation);
        }
    }
}

/// The metrics of a Go row, whose unit may go on with further values and units.
fn go(
    run: &mut Run,
    id: &BenchmarkId,
    value: &Number,
    unit: &str,
    origin: Origin,
    mut fault: impl FnMut(Code, &Untrusted, String) -> Fault,
) {
    let mut words = unit.split_whitespace();
    let mut pair = Some((value.clone(), words.next().unwrap_or("")));
    while let Some((value, unit)) = pair {
        let (mut metric, parsed, kind): (MetricId, Parsed, Kind) = benchfmt::meaning_of(unit);
        let key = SeriesKey { benchmark: id.clone(), metric: metric.clone() };
        // Of two units of one metric, such as `ns/op` and `us/op`, the second is a metric of its own.
        if run.series.get(&key).is_some_and(|known| known.tool_unit.as_ref().is_some_and(|known| known.raw() != unit)) {
            metric = MetricId::new(unit);
        }
        let mut observation = rows::observation(&parsed, unit, kind, origin);
        match rows::value_of(&value, &parsed) {
            Ok(value) => observation.set_value(value),
            Err((code, why)) => {
                observation.fault = Some(Box::new(fault(code, &id.name, format!("`value` is {why}"))));
            }
        }
        rows::add(run, id, metric, observation);
        pair = words.next().zip(words.next()).map(|(value, unit)| (Number::Text(value.into()), unit));
    }
}

/// The time of a pytest row: the mean in its `extra`, if that is what its value is the reciprocal of.
fn mean_of(
    words: &std::collections::BTreeMap<&str, &str>,
    per_second: f64,
    range: &str,
    origin: Origin,
) -> Option<Observation> {
    let (number, unit) = words.get("mean")?.split_once(' ')?;
    let mean = number.parse::<f64>().ok()? * unit::parse(unit).factor;
    if !mean.is_finite() || (mean * per_second - 1.0).abs() > 1e-3 {
        return None;
    }
    let rounds = words.get("rounds").and_then(|n| n.parse::<u64>().ok());
    // The deviation of a single round is unknown, not zero. It is in seconds, whatever the unit of the mean.
    let stddev = range.strip_prefix("stddev: ").filter(|_| rounds != Some(1)).and_then(|s| s.parse::<f64>().ok());
    let mut time = rows::time(unit, origin);
    time.summary = Summary::unknown().with(Statistic::Mean, Some(mean)).with_count(rounds).with_stddev(stddev);
    Some(time)
}

/// The count in a line such as `93 samples`.
fn samples(extra: &str) -> Option<u64> {
    extra.lines().find_map(|line| line.trim().strip_suffix(" samples")?.trim().parse().ok())
}
