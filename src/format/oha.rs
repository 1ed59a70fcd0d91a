//! oha's JSON and its text.
//!
//! oha does not say what it asked, so the benchmark is `requests`: results of several targets belong in folders of their
//! own. Its success rate counts every answer as a success, whatever its status; here statuses from 400 on are failures.
//! Requests that oha aborted at the end of its time are neither.
//!
//! Not here: the rates of single seconds, and the details of connecting.

use serde::Deserialize;

use super::json::{self, Entries, Number, Step};
use super::lines::Lines;
use super::load::{self, Load};
use super::response_times::{self, DEADLINE, DETAILS, SUCCESS};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Origin, Run, SeriesKey, Statistic, Summary};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "oha",
    title: "oha JSON and text",
    url: "https://github.com/hatoo/oha",
    tested: "1.4, by its source",
    written_by: "oha --no-tui --output-format json -o FILE URL",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    let is_json = probe.first == Some('{') && probe.has_keys(&["summary", "latencyPercentiles"]);
    is_json || (!probe.is_json() && probe.text.contains(DETAILS) && probe.text.contains(SUCCESS))
}

// https://github.com/hatoo/oha/blob/v1.4.0/src/printer.rs (print_json, print_summary)

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `summary`")]
struct File {
    summary: Totals,
    latency_percentiles: Entries<Number>,
    #[serde(default)]
    status_code_distribution: Entries<Number>,
    #[serde(default)]
    error_distribution: Entries<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Totals {
    #[serde(default)]
    slowest: Number,
    #[serde(default)]
    average: Number,
    #[serde(default)]
    requests_per_sec: Number,
    #[serde(default)]
    size_per_sec: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    if document.text.trim_start().starts_with('{') {
        return parse_json(document, diagnostics);
    }
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for result in response_times::results(document.text) {
        let id = read.id(load::REQUESTS);
        if result.is_whole {
            read.add_load(&id, result.first, result.load);
        } else {
            read.fail(Code::TruncatedLine, result.first, &id, "has no end: the output is cut short");
        }
    }
    read.finish("the output holds no result of oha")
}

fn parse_json(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let File { summary, latency_percentiles, status_code_distribution, error_distribution } =
        match json::parse(document, &mut scratch, FORMAT.written_by) {
            Ok(file) => file,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return Vec::new();
            }
        };
    let Totals { slowest, average, requests_per_sec, size_per_sec } = summary;
    let count = |entries: &Entries<Number>, wanted: &dyn Fn(&str) -> bool| -> f64 {
        entries.0.iter().filter(|(name, _)| wanted(name)).filter_map(|(_, number)| number.finite()).sum()
    };
    let answered = count(&status_code_distribution, &|_| true);
    let refused = count(&status_code_distribution, &|code| !code.parse::<u16>().is_ok_and(|code| code < 400));
    let broken = count(&error_distribution, &|error| error != DEADLINE);
    let mut latency = Summary::unknown().with_count(Some(answered as u64));
    let mut wrong: Option<(Vec<Step>, Code, String)> = None;
    let named = latency_percentiles.0.iter().filter_map(|(name, number)| {
        let statistic = load::percentile(name.strip_prefix('p')?.parse().ok()?)?;
        Some((vec![key("latencyPercentiles"), rows::own_key(name)], number, statistic))
    });
    let totals = [
        (vec![key("summary"), key("average")], &average, Statistic::Mean),
        (vec![key("summary"), key("slowest")], &slowest, Statistic::Max),
    ];
    let seconds = unit::parse("s");
    for (path, number, statistic) in named.chain(totals).filter(|(_, number, _)| **number != Number::Missing) {
        match rows::value_of(number, &seconds) {
            Ok(value) => latency = latency.with(statistic, Some(value)),
            Err((code, why)) => wrong = wrong.or(Some((path, code, format!("has a latency that is {why}")))),
        }
    }
    let id = BenchmarkId::new(FORMAT.name, None, load::REQUESTS);
    let load = Load {
        latency,
        samples: Vec::new(),
        tool_unit: "s",
        throughput: requests_per_sec.finite(),
        transfer: size_per_sec.finite(),
        failed: refused + broken,
        all: answered + broken,
    };
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    let failure = match (wrong, load.metrics(Origin::default())) {
        (Some((path, code, message)), _) => faults.row(code, &path, &id.name, message),
        (None, Err(why)) => faults.row(Code::BenchmarkFailed, &[key("summary")], &id.name, why.to_owned()),
        (None, Ok(metrics)) => {
            for (metric, observation) in metrics {
                run.series.insert(SeriesKey { benchmark: id.clone(), metric }, observation);
            }
            return vec![run];
        }
    };
    run.failures.insert(id, failure);
    vec![run]
}
