//! k6's stream of single values, as `--out json` writes it: one JSON object a line, hundreds of bytes for each value.
//!
//! Such files have gigabytes, so they are read line by line and nothing of a line is kept. A metric keeps its count, sum
//! and a sketch of its values: percentiles are exact for few values and within 0.1 % for many (`stats::sketch`). Sub-metrics are
//! those that k6 says a metric has; their values are told by tags.
//!
//! The results have the names and units of k6's summary, by the same code. Rates per second are over the time between the first and the
//! last value; k6 itself counts from the start of the test to its end, which is a little longer.
//!
//! A line that cannot be read is told and left out. A last line that is cut short says that k6 was stopped, so that it did not measure all
//! that it should.
//!
//! Not here: opening the file, and thresholds, of which the stream does not say whether they were crossed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::json::{Entries, Number};
use super::super::{Format, Probe, Reader};
use super::{Metric, Sort, TIMES, add};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::{BenchmarkId, Fault, Origin, Run};
use crate::stats::sketch::Sketch;
use crate::text::{self, Untrusted};

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(in super::super) static STREAM: Format = Format {
    name: "k6-json",
    title: "k6 stream of values",
    url: "https://k6.io",
    tested: "1.1",
    written_by: "k6 run --out json=FILE SCRIPT",
    reader: Reader::Stream { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    let only = probe.keys.iter().all(|key| matches!(*key, "metric" | "type" | "data"));
    let kinds = ["\"Point\"", "\"Metric\""];
    probe.first == Some('{')
        && probe.has_keys(&["metric", "type", "data"])
        && only
        && kinds.iter().any(|kind| probe.text.contains(kind))
}

/// Longest line, in bytes. Lines of k6 have some hundred.
const MAX_LINE: u64 = 1 << 20;
/// So many lines that cannot be read are told one by one.
const MOST_TOLD: u64 = 10;
/// So many metrics are read, sub-metrics included. k6 has some thirty of its own.
const MOST_METRICS: usize = 1000;

// https://github.com/grafana/k6/blob/v1.1.0/output/json/wrapper.go (wrapSample, wrapMetric)

#[derive(Deserialize)]
#[serde(expecting = "a line as an object")]
struct Line<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Content<'a>,
}

/// What a line holds, whichever kind it is of: one shape, so that a line is read once.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Content<'a> {
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(borrow, default)]
    tags: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    sort: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    contains: Option<Cow<'a, str>>,
    #[serde(default)]
    submetrics: Option<Vec<Submetric>>,
}

#[derive(Deserialize)]
struct Submetric {
    name: String,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
}

/// What is kept of the values of a metric.
#[derive(Default)]
struct Values {
    sum: f64,
    /// How many are not zero.
    positive: u64,
    last: f64,
    sketch: Sketch,
}

impl Values {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.positive += u64::from(value != 0.0);
        self.last = value;
        self.sketch.add(value);
    }

    /// The values as k6's summary has them. `duration` is in seconds.
    fn summary(&self, kind: Sort, duration: f64) -> Metric {
        let number = |name: &str, value: f64| (name.to_owned(), Number::Value(value));
        let count = self.sketch.count();
        let values = match kind {
            Sort::Counter => vec![number("count", self.sum), number("rate", self.sum / duration)],
            Sort::Rate => vec![number("rate", self.positive as f64 / count as f64)],
            Sort::Gauge => vec![number("value", self.last)],
            Sort::Times | Sort::Sizes | Sort::Trend => {
                let names = ["med", "p(75)", "p(90)", "p(95)", "p(99)"];
                let quantiles = self.sketch.quantiles([0.50, 0.75, 0.90, 0.95, 0.99]);
                let quantiles = names.into_iter().zip(quantiles);
                let others = [("avg", self.sketch.mean()), ("max", self.sketch.max()), ("count", Some(count as f64))];
                quantiles.chain(others).filter_map(|(name, value)| Some(number(name, value?))).collect()
            }
        };
        Metric { kind, values, nested: true, crossed: Vec::new() }
    }
}

/// A metric with its sub-metrics.
#[derive(Default)]
struct Series {
    /// What k6 says it is; a stream whose beginning is lost may not.
    kind: Option<Sort>,
    values: Values,
    parts: Vec<Part>,
}

/// A sub-metric: the values of its metric that have these tags.
struct Part {
    name: String,
    tags: BTreeMap<String, String>,
    values: Values,
}

/// A stream as far as it has been read.
#[derive(Default)]
struct State {
    metrics: BTreeMap<String, Series>,
    /// How many metrics and sub-metrics there are.
    size: usize,
    /// The time of the newest value, as written: many values in a row have the same.
    newest: String,
    /// The first and the last time, in nanoseconds since 1970.
    first: Option<i128>,
    last: i128,
}

impl State {
    /// Takes a line.
    ///
    /// # Errors
    /// What is wrong with it.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let Line { metric, kind, data } = serde_json::from_str(line).map_err(|error| {
            let said = error.to_string();
            format!("not a value of k6: {}", text::shown(&said.split(" at line ").next().unwrap_or("").into()))
        })?;
        let Content { time, value, tags, sort, contains, submetrics } = data;
        if !self.metrics.contains_key(&*metric) {
            if self.size >= MOST_METRICS {
                return Err(format!("more than {MOST_METRICS} metrics"));
            }
            self.size += 1;
            self.metrics.insert(metric.to_string(), Series::default());
        }
        let Some(series) = self.metrics.get_mut(&*metric) else { return Ok(()) };
        match &*kind {
            "Metric" => {
                series.kind = Some(match (sort.as_deref(), contains.as_deref()) {
                    (Some("trend"), Some("time")) => Sort::Times,
                    (Some("trend"), Some("data")) => Sort::Sizes,
                    (Some("trend"), _) => Sort::Trend,
                    (Some("counter"), _) => Sort::Counter,
                    (Some("rate"), _) => Sort::Rate,
                    (Some("gauge"), _) => Sort::Gauge,
                    _ => return Err("not a kind of metric that k6 has".to_owned()),
                });
                for Submetric { name, tags } in submetrics.unwrap_or_default() {
                    if series.parts.iter().all(|part| part.name != name) && self.size < MOST_METRICS {
                        self.size += 1;
                        series.parts.push(Part { name, tags: tags.unwrap_or_default(), values: Values::default() });
                    }
                }
            }
            "Point" => {
                let (Some(time), Some(value)) = (time, value) else { return Err("no time or no value".to_owned()) };
                if *time != *self.newest {
                    let moment: jiff::Timestamp = time.parse().map_err(|_| "its time is no time".to_owned())?;
                    let moment = moment.as_nanosecond();
                    self.first = Some(self.first.map_or(moment, |first| first.min(moment)));
                    self.last = self.last.max(moment);
                    time.as_ref().clone_into(&mut self.newest);
                }
                series.values.add(value);
                if !series.parts.is_empty() {
                    let tags: Entries<Cow<'_, str>> =
                        tags.and_then(|tags| serde_json::from_str(tags.get()).ok()).unwrap_or_default();
                    let has = |(name, value): (&String, &String)| tags.0.iter().any(|(n, v)| n == name && v == value);
                    for part in series.parts.iter_mut().filter(|part| part.tags.iter().all(has)) {
                        part.values.add(value);
                    }
                }
            }
            _ => return Err("neither a value nor a metric".to_owned()),
        }
        Ok(())
    }
}

fn parse(name: &Untrusted, source: &mut dyn BufRead, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut state = State::default();
    let mut line = Vec::with_capacity(4096);
    let here = |number| Location::line(name.clone(), number);
    let (mut number, mut bad) = (0_u64, 0_u64);
    loop {
        line.clear();
        number += 1;
        match (&mut *source).take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(length) if length as u64 == MAX_LINE && !line.ends_with(b"\n") => {
                let message = format!("line {number} is longer than {} MiB", MAX_LINE >> 20);
                diagnostics.push(Diagnostic::new(Code::LineTooLong, message).at(here(number)));
                return Vec::new();
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!("cannot read the file: {}", error.kind());
                diagnostics.push(Diagnostic::new(Code::Unreadable, message).at(here(number)));
                return Vec::new();
            }
        }
        let is_whole = line.ends_with(b"\n");
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        let Err(why) = state.take(text) else { continue };
        bad += 1;
        if !is_whole {
            let message = "the stream is cut short: k6 was stopped before it had measured all";
            diagnostics.push(Diagnostic::new(Code::TruncatedLine, message).at(here(number)));
        } else if bad <= MOST_TOLD {
            diagnostics.push(Diagnostic::new(Code::MalformedLine, format!("left out a line: {why}")).at(here(number)));
        }
    }
    if bad > MOST_TOLD {
        let message = format!("left out {bad} lines that cannot be read");
        diagnostics.push(Diagnostic::new(Code::MalformedLine, message).at(Location::file(name.clone())));
    }
    if state.metrics.values().all(|series| series.values.sketch.count() == 0) {
        let message = "the stream holds no value";
        diagnostics.push(Diagnostic::new(Code::NoResults, message).at(Location::file(name.clone())));
        return Vec::new();
    }
    vec![run(state, name, diagnostics)]
}

/// The run that a stream is.
fn run(state: State, name: &Untrusted, diagnostics: &mut Diagnostics) -> Run {
    let State { metrics, size: _, newest: _, first, last } = state;
    let mut run = Run::of_tool(super::FORMAT.name);
    run.subject.taken_at = first.and_then(|first| i64::try_from(first.div_euclid(1_000_000_000)).ok());
    let duration = first.map_or(0.0, |first| (last - first) as f64 * 1e-9);
    let mut position = 0_u32;
    let mut fault = |code: Code, id: &BenchmarkId, message: String| {
        let place = Location::file(name.clone());
        let headline = format!("`{}`: {message}", text::shown(&id.name));
        diagnostics.push(Diagnostic::new(code, headline).at(place.clone()));
        Fault { message, location: Some(place) }
    };
    for (name, Series { kind, values, parts }) in metrics {
        let kind = kind.unwrap_or_else(|| sort_of(&name));
        let parts = parts.into_iter().map(|part| (part.name, part.values));
        for (name, values) in std::iter::once((name, values)).chain(parts) {
            if values.sketch.count() == 0 {
                continue;
            }
            let id = BenchmarkId::new(super::FORMAT.name, None, name);
            let origin = Origin { suite: 0, position };
            position = position.saturating_add(1);
            let metric = values.summary(kind, duration);
            add(&mut run, &mut |code, _, message| fault(code, &id, message), &id, &metric, origin);
        }
    }
    run
}

/// What a metric of k6's own is, where the stream does not say it.
fn sort_of(name: &str) -> Sort {
    match name {
        name if TIMES.contains(&name) => Sort::Times,
        "http_reqs" | "iterations" | "dropped_iterations" | "data_sent" | "data_received" => Sort::Counter,
        "http_req_failed" | "checks" => Sort::Rate,
        "vus" | "vus_max" => Sort::Gauge,
        _ => Sort::Trend,
    }
}
