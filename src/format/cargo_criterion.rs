//! cargo-criterion's messages, as `--message-format=json` writes them: one JSON object on a line.
//!
//! A message of a finished benchmark holds the total time of each of its samples and how many iterations that was, so a sample
//! is their quotient, as in Criterion's tree. Benchmarks are named as those of the tree are, cut at 100 bytes. A benchmark once
//! more is a further run.
//!
//! Not here: messages of cargo itself and of groups, and the change since the last run, which cargo-criterion writes as a
//! fraction with the unit `%`.

use serde::Deserialize;

use super::json::{self, Number, Samples};
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Better, Kind, MetricId, Origin, Run, SeriesKey, Unit};
use crate::unit::{self, Parsed};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "cargo-criterion",
    title: "cargo-criterion messages",
    url: "https://github.com/bheisler/cargo-criterion",
    tested: "1.1",
    written_by: "cargo criterion --message-format=json > FILE",
    reader: Reader::Text { claims, parse },
};

/// The tool, as Criterion's tree names it.
const TOOL: &str = "criterion";

/// How a message of a finished benchmark begins.
const COMPLETE: &str = "{\"reason\":\"benchmark-complete\"";

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| line.starts_with(COMPLETE))
}

// https://github.com/bheisler/cargo-criterion/blob/1.1.0/src/message_formats/json.rs (BenchmarkComplete): estimates are skipped,
// because the samples say it all.

#[derive(Deserialize)]
#[serde(expecting = "a message as an object")]
struct Message {
    id: String,
    iteration_count: Samples,
    measured_values: Samples,
    unit: String,
    #[serde(default)]
    throughput: Vec<Throughput>,
}

#[derive(Deserialize)]
#[serde(expecting = "a throughput as an object")]
struct Throughput {
    per_iteration: Number,
    unit: String,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (position, line) in document.text.lines().filter(|line| line.starts_with(COMPLETE)).enumerate() {
        let repaired = json::repaired(line);
        match json::part::<Message>(&repaired) {
            Ok(message) => {
                let id = BenchmarkId::new(TOOL, None, message.id.as_str());
                let key = SeriesKey { benchmark: id.clone(), metric: MetricId::new(MetricId::TIME) };
                let free =
                    runs.iter().position(|run| !run.series.contains_key(&key) && !run.failures.contains_key(&id));
                let at = free.unwrap_or(runs.len());
                if at == runs.len() {
                    runs.push(Run::of_tool(TOOL));
                }
                if let Some(run) = runs.get_mut(at) {
                    add(document, diagnostics, run, id, line, message, rows::origin(position));
                }
            }
            Err(wrong) => {
                let name = line.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("message");
                let id = BenchmarkId::new(TOOL, None, name);
                let cut = !document.text.ends_with('\n') && document.text.ends_with(line);
                let (code, message) = if cut {
                    (Code::TruncatedLine, "its message is cut short".to_owned())
                } else {
                    (wrong.code, format!("malformed message: {} at `{}`", wrong.message, json::path(&wrong.steps)))
                };
                let fault = rows::bad_line(document, diagnostics, code, line, &id.name, message);
                if runs.is_empty() {
                    runs.push(Run::of_tool(TOOL));
                }
                if let Some(run) = runs.last_mut() {
                    run.failures.insert(id, fault);
                }
            }
        }
    }
    if runs.is_empty() {
        rows::no_results(document, diagnostics, "no message is of a finished benchmark");
    }
    runs
}

fn add(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    id: BenchmarkId,
    line: &str,
    message: Message,
    origin: Origin,
) {
    let Message { id: _, iteration_count, measured_values, unit, throughput } = message;
    let parsed = unit::parse(&unit);
    let mut time = rows::observation(&parsed, &unit, Kind::Noisy, origin);
    time.better = time.better.or(Some(Better::Lower));
    let (totals, counts) = (measured_values.values, iteration_count.values);
    let samples: Vec<f64> = totals.iter().zip(&counts).map(|(total, count)| total / count * parsed.factor).collect();
    let wrong = if totals.len() != counts.len() {
        Some(format!("{} iteration counts but {} values", counts.len(), totals.len()))
    } else if samples.is_empty() {
        Some("no samples".to_owned())
    } else if let Some(at) = counts.iter().position(|count| *count < 1.0) {
        Some(format!("sample {} has no iterations", at + 1))
    } else {
        let unfit = |(at, value): (usize, &f64)| Some((at, rows::unfit(*value, &parsed.unit)?));
        samples.iter().enumerate().find_map(unfit).map(|(at, why)| format!("sample {} is {why}", at + 1))
    };
    let metric = rows::metric_of(&parsed, &unit);
    if let Some(wrong) = wrong {
        let fault = rows::bad_line(document, diagnostics, Code::InvalidValue, line, &id.name, wrong);
        time.fault = Some(Box::new(fault));
        rows::add(run, &id, metric, time);
        return;
    }
    for Throughput { per_iteration, unit } in throughput {
        let Some(work) = per_iteration.finite().filter(|_| parsed.unit == Unit::Second) else { continue };
        let (measured, shown) = match unit.as_str() {
            "bytes" => (Unit::BytePerSecond, "B/s"),
            _ => (Unit::PerSecond, "elem/s"),
        };
        let rate = Parsed { factor: 1.0, unit: measured, better: Some(Better::Higher) };
        let mut rate = rows::observation(&rate, shown, Kind::Noisy, origin);
        rate.derived = true;
        let rates: Vec<f64> = samples.iter().map(|sample| work / sample).collect();
        if rates.iter().all(|rate| rate.is_finite()) {
            rate.set_samples(rates);
            rows::add(run, &id, MetricId::new(MetricId::THROUGHPUT), rate);
        }
    }
    time.set_samples(samples);
    rows::add(run, &id, metric, time);
}
