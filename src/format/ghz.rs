//! ghz's JSON: calls of gRPC.
//!
//! A benchmark is the method that was called, or the report's name (`--name`). Latencies are summed up from single calls where the
//! file has them (`-O json` and `-O pretty`), of calls that succeeded; else ghz's own statistics, which are of those
//! calls as well.
//!
//! Not here: ghz's other outputs, and the histogram.

use serde::Deserialize;

use super::json::{self, Entries, Number, Step};
use super::load::{self, Load};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Origin, Run, SeriesKey, Statistic, Summary};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "ghz",
    title: "ghz JSON",
    url: "https://ghz.sh",
    tested: "0.120, by its source",
    written_by: "ghz -O json -o FILE --call METHOD HOST",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{') && probe.has_keys(&["rps", "latencyDistribution", "statusCodeDistribution"])
}

// https://github.com/bojand/ghz/blob/v0.120.0/runner/reporter.go (Report, Options, LatencyDistribution, ResultDetail)

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `rps`")]
struct Report {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    options: Option<Options>,
    #[serde(default)]
    count: Number,
    #[serde(default)]
    average: Number,
    #[serde(default)]
    slowest: Number,
    rps: Number,
    #[serde(default)]
    status_code_distribution: Option<Entries<Number>>,
    #[serde(default)]
    latency_distribution: Option<Vec<Point>>,
    #[serde(default)]
    details: Option<Vec<Call>>,
}

#[derive(Deserialize)]
struct Options {
    #[serde(default)]
    call: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Point {
    percentage: Number,
    latency: Number,
}

#[derive(Deserialize)]
#[serde(expecting = "a call as an object")]
struct Call {
    latency: Number,
    #[serde(default)]
    error: Option<String>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    match json::parse(document, &mut scratch, FORMAT.written_by) {
        Ok(report) => vec![run_of(report, &mut Faults::new(document, diagnostics))],
        Err(diagnostic) => {
            let diagnostic: Diagnostic = diagnostic;
            diagnostics.push(diagnostic);
            Vec::new()
        }
    }
}

fn run_of(report: Report, faults: &mut Faults<'_, '_>) -> Run {
    let Report {
        name,
        date,
        options,
        count,
        average,
        slowest,
        rps,
        status_code_distribution,
        latency_distribution,
        details,
    } = report;
    let mut run = Run::of_tool(FORMAT.name);
    run.subject.taken_at = date.as_deref().and_then(rows::moment);
    let called = name.filter(|name| !name.is_empty()).or(options.and_then(|options| options.call));
    let id = BenchmarkId::new(FORMAT.name, None, called.unwrap_or_else(|| load::REQUESTS.to_owned()));
    let statuses = status_code_distribution.unwrap_or_default().0;
    let succeeded: f64 = statuses.iter().filter(|(code, _)| code == "OK").filter_map(|(_, n)| n.finite()).sum();
    let nanoseconds = unit::parse("ns");
    let mut wrong: Option<(Vec<Step>, Code, String)> = None;
    let mut value = |number: &Number, path: Vec<Step>| match rows::value_of(number, &nanoseconds) {
        Ok(value) => Some(value),
        Err((code, why)) => {
            wrong.get_or_insert((path, code, format!("a latency is {why}")));
            None
        }
    };
    let mut latency = Summary::unknown()
        .with_count(Some(succeeded as u64))
        .with(Statistic::Mean, value(&average, vec![key("average")]))
        .with(Statistic::Max, value(&slowest, vec![key("slowest")]));
    for (index, Point { percentage, latency: number }) in latency_distribution.unwrap_or_default().iter().enumerate() {
        if let Some(statistic) = percentage.finite().and_then(load::percentile) {
            let path = vec![key("latencyDistribution"), Step::Index(index), key("latency")];
            latency = latency.with(statistic, value(number, path));
        }
    }
    let calls = details.unwrap_or_default();
    let good = calls.iter().enumerate().filter(|(_, call)| call.error.as_deref().unwrap_or("").is_empty());
    let samples: Vec<f64> = good
        .filter_map(|(index, call)| value(&call.latency, vec![key("details"), Step::Index(index), key("latency")]))
        .collect();
    let all = count.finite().unwrap_or(0.0);
    let load = Load {
        latency,
        samples,
        tool_unit: "ns",
        throughput: rps.finite(),
        transfer: None,
        failed: (all - succeeded).max(0.0),
        all,
    };
    let failure = match (wrong, load.metrics(Origin::default())) {
        (Some((path, code, message)), Ok(_)) => faults.row(code, &path, &id.name, message),
        (_, Err(why)) => faults.row(Code::BenchmarkFailed, &[key("count")], &id.name, why.to_owned()),
        (None, Ok(metrics)) => {
            for (metric, observation) in metrics {
                run.series.insert(SeriesKey { benchmark: id.clone(), metric }, observation);
            }
            return run;
        }
    };
    run.failures.insert(id, failure);
    run
}
