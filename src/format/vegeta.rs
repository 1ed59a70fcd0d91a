//! vegeta's reports, as JSON and as text.
//!
//! vegeta does not say what it asked, so the benchmark is `requests`: results of several targets belong in folders of their
//! own. `throughput` is what vegeta calls so: successful requests per second; the rate at which it asked is set, not
//! measured. Every report in a file is a run.
//!
//! Not here: vegeta's own results, which are binary or one JSON object for each request; `vegeta report` makes a report of them.

use serde::Deserialize;

use super::json::{self, Number};
use super::lines::{self, Lines};
use super::load::{self, Load};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Origin, Run, SeriesKey, Statistic, Summary};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "vegeta",
    title: "vegeta report",
    url: "https://github.com/tsenart/vegeta",
    tested: "12, by its source",
    written_by: "vegeta attack … | vegeta report -type=json",
    reader: Reader::Text { claims, parse },
};

/// How the line of each kind begins in the text.
const REQUESTS: &str = "Requests";
const LATENCIES: &str = "Latencies";

fn claims(probe: &Probe<'_>) -> bool {
    let is_json = probe.first == Some('{') && probe.has_keys(&["latencies", "bytes_in", "requests"]);
    let has = |name: &str| probe.text.lines().any(|line| table(line).is_some_and(|(found, _)| found == name));
    is_json || (!probe.is_json() && has(REQUESTS) && has(LATENCIES))
}

// https://github.com/tsenart/vegeta/blob/v12.11.1/lib/metrics.go (Metrics, LatencyMetrics), lib/reporters.go (NewTextReporter)

#[derive(Deserialize)]
#[serde(expecting = "an object with `latencies`")]
struct Report {
    latencies: Latencies,
    #[serde(default)]
    requests: Number,
    /// Not in old versions.
    #[serde(default)]
    throughput: Number,
    #[serde(default)]
    success: Number,
    #[serde(default)]
    latest: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Latencies {
    #[serde(default)]
    mean: Number,
    #[serde(default, rename = "50th")]
    p50: Number,
    /// Not in old versions, as the next but one.
    #[serde(default, rename = "90th")]
    p90: Number,
    #[serde(default, rename = "95th")]
    p95: Number,
    #[serde(default, rename = "99th")]
    p99: Number,
    #[serde(default)]
    max: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    if document.text.trim_start().starts_with('{') {
        return match json::parse_all::<Report>(document, FORMAT.written_by) {
            Ok(reports) => {
                let mut faults = Faults::new(document, diagnostics);
                reports.into_iter().map(|report| run_of(report, &mut faults)).collect()
            }
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                Vec::new()
            }
        };
    }
    parse_text(document, diagnostics)
}

fn run_of(report: Report, faults: &mut Faults<'_, '_>) -> Run {
    let Report { latencies, requests, throughput, success, latest } = report;
    let Latencies { mean, p50, p90, p95, p99, max } = latencies;
    let mut run = Run::of_tool(FORMAT.name);
    run.subject.taken_at = latest.as_deref().and_then(rows::moment);
    let id = BenchmarkId::new(FORMAT.name, None, load::REQUESTS);
    let nanoseconds = unit::parse("ns");
    let known = [
        ("mean", mean, Statistic::Mean),
        ("50th", p50, Statistic::Median),
        ("90th", p90, Statistic::P90),
        ("95th", p95, Statistic::P95),
        ("99th", p99, Statistic::P99),
        ("max", max, Statistic::Max),
    ];
    let mut latency = Summary::unknown().with_count(requests.finite().map(|n| n as u64));
    for (name, number, statistic) in known.iter().filter(|(_, number, _)| *number != Number::Missing) {
        match rows::value_of(number, &nanoseconds) {
            Ok(value) => latency = latency.with(*statistic, Some(value)),
            Err((code, why)) => {
                let path = [key("latencies"), key(name)];
                let fault = faults.row(code, &path, &id.name, format!("`{name}` is {why}"));
                run.failures.insert(id, fault);
                return run;
            }
        }
    }
    match load_of(latency, requests.finite(), success.finite(), throughput.finite()).metrics(Origin::default()) {
        Ok(metrics) => {
            for (metric, observation) in metrics {
                run.series.insert(SeriesKey { benchmark: id.clone(), metric }, observation);
            }
        }
        Err(why) => {
            let fault = faults.row(Code::BenchmarkFailed, &[key("success")], &id.name, why.to_owned());
            run.failures.insert(id, fault);
        }
    }
    run
}

/// What vegeta says, with the share of successes as a number of failures.
fn load_of(latency: Summary, requests: Option<f64>, success: Option<f64>, throughput: Option<f64>) -> Load {
    let all = requests.unwrap_or(0.0);
    // Whole requests again: the share is not exact.
    let failed = (all * (1.0 - success.unwrap_or(0.0))).round();
    Load { latency, samples: Vec::new(), tool_unit: "ns", throughput, transfer: None, failed, all }
}

/// The name of a line of the text, and its columns with their values.
fn table(line: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let (name, rest) = line.split_once('[')?;
    let (columns, values) = rest.split_once(']')?;
    let pairs = columns.split(',').zip(values.split(','));
    Some((name.trim(), pairs.map(|(column, value)| (column.trim(), value.trim())).collect()))
}

fn parse_text(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    let id = read.id(load::REQUESTS);
    let lines: Vec<&str> = document.text.lines().collect();
    let starts = |line: &str| table(line).is_some_and(|(name, _)| name == REQUESTS);
    let mut rest = lines.as_slice();
    while let Some(start) = rest.iter().position(|line| starts(line)) {
        let report = rest.get(start..).unwrap_or(&[]);
        let length = report.iter().skip(1).position(|line| starts(line)).map_or(report.len(), |at| at + 1);
        let (report, behind) = report.split_at_checked(length).unwrap_or((report, &[]));
        rest = behind;
        let value = |name: &str, column: &str| {
            let line = report.iter().filter_map(|line| table(line)).find(|(found, _)| *found == name)?;
            line.1.iter().find(|(found, _)| *found == column).map(|(_, value)| *value)
        };
        let mut latency = Summary::unknown();
        let columns = [
            ("mean", Statistic::Mean),
            ("50", Statistic::Median),
            ("90", Statistic::P90),
            ("95", Statistic::P95),
            ("99", Statistic::P99),
            ("max", Statistic::Max),
        ];
        for (column, statistic) in columns {
            latency = latency.with(statistic, value(LATENCIES, column).and_then(duration));
        }
        let requests = value(REQUESTS, "total").and_then(lines::number);
        let success = value("Success", "ratio").and_then(|share| lines::number(share.strip_suffix('%')?));
        let first = report.first().copied().unwrap_or("");
        if success.is_none() {
            read.fail(Code::TruncatedLine, first, &id, "has no end: the output is cut short");
            continue;
        }
        let latency = latency.with_count(requests.map(|n| n as u64));
        let throughput = value(REQUESTS, "throughput").and_then(lines::number);
        read.add_load(&id, first, load_of(latency, requests, success.map(|share| share / 100.0), throughput));
    }
    read.finish("the output holds no report of vegeta")
}

/// Seconds in a duration as Go writes it: `1m30.5s`, `17.831ms`.
fn duration(text: &str) -> Option<f64> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let unit = rest.get(number..)?;
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        sum += lines::seconds(rest.get(..number + length)?)?;
        rest = unit.get(length..)?;
    }
    (!text.is_empty()).then_some(sum)
}
