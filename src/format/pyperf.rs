//! pyperf's JSON, as `pyperf timeit -o`, `Runner` scripts and pyperformance write it.
//!
//! A benchmark is measured by several processes, each of which gives a few values; all of them in their order are the samples.
//! Runs without values calibrated the number of loops. The unit is seconds unless the metadata names bytes, as
//! with `--tracemalloc` and `--track-memory`, or whole numbers.
//!
//! Metadata that all runs share stand above them in newer files and in each run in older ones; labels are taken from either.
//!
//! Not here: warm-up values, and the machine's host name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Samples, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Kind, Origin, Run};
use crate::unit;

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "pyperf",
    title: "pyperf JSON",
    url: "https://pyperf.readthedocs.io",
    tested: "0.8 to 2.10",
    written_by: "python -m pyperf timeit -o FILE STATEMENT",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    let other = ["machine_info", "context"].iter().any(|key| probe.keys.contains(key));
    probe.first == Some('{')
        && probe.has_keys(&["benchmarks", "version"])
        && !other
        && ["\"runs\"", "\"metadata\""].iter().all(|key| probe.text.contains(key))
}

// https://github.com/psf/pyperf/blob/2.9.0/pyperf/_bench.py (BenchmarkSuite._as_json, Benchmark._as_json) and _run.py.

#[derive(Deserialize)]
#[serde(expecting = "an object with `benchmarks`")]
struct File<'a> {
    #[serde(borrow)]
    benchmarks: Vec<&'a RawValue>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(expecting = "a benchmark as an object")]
struct Benchmark {
    #[serde(default)]
    metadata: Metadata,
    runs: Vec<OneRun>,
}

#[derive(Deserialize)]
#[serde(expecting = "a run as an object")]
struct OneRun {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    values: Option<Samples>,
}

/// Metadata by name: text and numbers of any kind.
#[derive(Clone, Default, Deserialize)]
#[serde(expecting = "an object")]
struct Metadata(BTreeMap<String, Value>);

impl Metadata {
    fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Labels, and the metadata that they come from.
const LABELS: [(&str, &str); 5] = [
    ("cores", "cpu_count"),
    ("cpu", "cpu_model_name"),
    ("platform", "platform"),
    ("pyperf", "perf_version"),
    ("python", "python_version"),
];

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let File { benchmarks, metadata } = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(file) => file,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if benchmarks.is_empty() {
        let place = json::location(document, &[key("benchmarks")]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no benchmark").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    let alone = benchmarks.len() == 1;
    for (index, benchmark) in benchmarks.into_iter().enumerate() {
        match json::part::<Benchmark>(benchmark.get()) {
            Ok(benchmark) => add(&mut run, &mut faults, index, &metadata, benchmark, alone),
            Err(wrong) => {
                let place = [key("benchmarks"), Step::Index(index)];
                let name = name(benchmark.get());
                let path: Vec<Step> = place.iter().cloned().chain(wrong.steps).collect();
                let id = BenchmarkId::new(FORMAT.name, None, name.unwrap_or_else(|| json::path(&place)));
                let fault = faults.row(wrong.code, &path, &id.name, format!("malformed row: {}", wrong.message));
                run.failures.entry(id).or_insert(fault);
            }
        }
    }
    vec![run]
}

/// The name of a benchmark that is malformed otherwise.
fn name(benchmark: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        metadata: Metadata,
    }
    serde_json::from_str::<Named>(benchmark).ok()?.metadata.text("name")
}

fn add(run: &mut Run, faults: &mut Faults<'_, '_>, index: usize, shared: &Metadata, benchmark: Benchmark, alone: bool) {
    let Benchmark { metadata, runs } = benchmark;
    let first = runs.first().map(|run| run.metadata.clone()).unwrap_or_default();
    let known = |name: &str| metadata.text(name).or_else(|| first.text(name)).or_else(|| shared.text(name));
    let name = known("name").unwrap_or_else(|| {
        // A suite of one benchmark may have no name at all.
        if alone { "benchmark".to_owned() } else { json::path(&[key("benchmarks"), Step::Index(index)]) }
    });
    let id = BenchmarkId::new(FORMAT.name, None, name);
    for (label, name) in LABELS {
        if let Some(value) = known(name) {
            run.environment.labels.entry(label.into()).or_insert_with(|| value.into());
        }
    }
    let dates = runs.iter().filter_map(|run| rows::moment(&run.metadata.text("date")?));
    let date = dates.chain(known("date").and_then(|date| rows::moment(&date))).min();
    run.subject.taken_at = [run.subject.taken_at, date].into_iter().flatten().min();

    let unit = match known("unit").as_deref() {
        Some("byte") => "B",
        Some("integer") => "",
        _ => "s",
    };
    let parsed = unit::parse(unit);
    let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
    let mut observation = rows::observation(&parsed, unit, Kind::Noisy, origin);
    let mut samples = Vec::new();
    for (at, one) in runs.iter().enumerate() {
        for (nth, value) in one.values.iter().flat_map(|values| &values.values).enumerate() {
            if let Some(why) = rows::unfit(*value, &parsed.unit)
                && observation.fault.is_none()
            {
                let place = [
                    key("benchmarks"),
                    Step::Index(index),
                    key("runs"),
                    Step::Index(at),
                    key("values"),
                    Step::Index(nth),
                ];
                let message = format!("value {} of run {} is {why}", nth + 1, at + 1);
                observation.fault = Some(Box::new(faults.row(Code::InvalidValue, &place, &id.name, message)));
            }
            samples.push(*value);
        }
    }
    if samples.is_empty() {
        let place = [key("benchmarks"), Step::Index(index), key("runs")];
        let message = "has no values: only its loops were calibrated".to_owned();
        let fault = faults.row(Code::BenchmarkFailed, &place, &id.name, message);
        run.failures.entry(id).or_insert(fault);
        return;
    }
    if observation.fault.is_none() {
        observation.set_samples(samples);
    }
    rows::add(run, &id, rows::metric_of(&parsed, unit), observation);
}
