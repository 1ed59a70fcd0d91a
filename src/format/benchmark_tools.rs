//! BenchmarkTools.jl's JSON, as `BenchmarkTools.save` writes it.
//!
//! A benchmark is its keys in the groups that hold it, `group/key`. A trial has a time for each sample, in nanoseconds, and what
//! the garbage collector took of it, which is judged only where the configuration names it. Estimates of trials
//! (`minimum`, `median`, …) hold one time, and do not say which one it is.
//!
//! Not here: parameters of the measurement, tags, and judgements.

use serde_json::{Map, Value};

use super::json::{self, Number, Step};
use super::rows::{self, Faults, own_key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Kind, MetricId, Run};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "benchmarktools",
    title: "BenchmarkTools.jl JSON",
    url: "https://github.com/JuliaCI/BenchmarkTools.jl",
    tested: "made files only",
    written_by: "BenchmarkTools.save(\"FILE.json\", results)",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('[') && probe.has_keys(&["Julia", "BenchmarkTools"])
}

/// How deep groups may be nested.
const DEEPEST: usize = 64;

// https://github.com/JuliaCI/BenchmarkTools.jl/blob/v1.6.0/src/serialization.jl: `[versions, [value, …]]`, where a value is
// `[type, fields]`; up to 0.4 the type had its module before it.

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let value = match json::parse::<Value>(document, &mut scratch, FORMAT.written_by) {
        Ok(value) => value,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    let mut run = Run::of_tool(FORMAT.name);
    if let Some(julia) = value.pointer("/0/Julia").and_then(Value::as_str) {
        run.environment.labels.extend([("julia".into(), julia.into())]);
    }
    let mut faults = Faults::new(document, diagnostics);
    let mut reading = Reading { run: &mut run, faults: &mut faults, position: 0 };
    for (index, saved) in value.pointer("/1").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let place = vec![Step::Index(1), Step::Index(index)];
        reading.value(saved, &mut Vec::new(), place);
    }
    if run.is_empty() {
        let place = json::location(document, &[]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no trial").at(place));
        return Vec::new();
    }
    vec![run]
}

/// A document on its way to a run.
struct Reading<'r, 'a, 'd> {
    run: &'r mut Run,
    faults: &'r mut Faults<'a, 'd>,
    position: usize,
}

impl Reading<'_, '_, '_> {
    /// Takes a value `[type, fields]` below these keys.
    fn value(&mut self, value: &Value, keys: &mut Vec<String>, place: Vec<Step>) {
        let Some([Value::String(kind), Value::Object(fields)]) = value.as_array().map(Vec::as_slice) else {
            let id = BenchmarkId::new(FORMAT.name, None, name(keys));
            let message = "not a type with its fields".to_owned();
            let fault = self.faults.row(Code::MalformedDocument, &place, &id.name, message);
            self.run.failures.entry(id).or_insert(fault);
            return;
        };
        let place = [place.as_slice(), &[Step::Index(1)]].concat();
        match kind.rsplit('.').next() {
            Some("BenchmarkGroup") if keys.len() < DEEPEST => {
                for (name, value) in fields.get("data").and_then(Value::as_object).into_iter().flatten() {
                    keys.push(name.clone());
                    self.value(value, keys, [place.as_slice(), &[rows::key("data"), own_key(name)]].concat());
                    keys.pop();
                }
            }
            Some("Trial") => self.trial(fields, keys, &place, &["times", "gctimes"]),
            Some("TrialEstimate") => self.trial(fields, keys, &place, &["time", "gctime"]),
            _ => {}
        }
    }

    fn trial(&mut self, fields: &Map<String, Value>, keys: &[String], place: &[Step], times: &[&str; 2]) {
        let id = BenchmarkId::new(FORMAT.name, None, name(keys));
        let origin = rows::origin(self.position);
        self.position += 1;
        let [time, collected] = times;
        let values = [
            (*time, MetricId::TIME, "ns", Kind::Noisy, false),
            (*collected, "gc-time", "ns", Kind::Noisy, true),
            ("memory", MetricId::MEMORY, "B", Kind::Exact, false),
            ("allocs", MetricId::ALLOCS, "allocs", Kind::Exact, false),
        ];
        for (field, metric, unit, kind, derived) in values {
            let parsed = unit::parse(unit);
            let mut observation = rows::observation(&parsed, unit, kind, origin);
            observation.derived = derived;
            let numbers: Vec<&Value> = match fields.get(field) {
                Some(Value::Array(values)) => values.iter().collect(),
                Some(value) => vec![value],
                None if derived => continue,
                None => Vec::new(),
            };
            let read: Result<Vec<f64>, _> = numbers.into_iter().map(|v| rows::value_of(&number(v), &parsed)).collect();
            let read = match read {
                Ok(samples) if samples.is_empty() => Err((Code::InvalidValue, "missing or empty".to_owned())),
                other => other,
            };
            match read {
                Ok(samples) => observation.set_samples(samples),
                Err((code, why)) => {
                    let path = [place, &[own_key(field)]].concat();
                    let fault = self.faults.row(code, &path, &id.name, format!("`{field}` is {why}"));
                    observation.fault = Some(Box::new(fault));
                }
            }
            rows::add(self.run, &id, MetricId::new(metric), observation);
        }
    }
}

/// The name of what stands below these keys.
fn name(keys: &[String]) -> String {
    if keys.is_empty() { "trial".to_owned() } else { keys.join("/") }
}

/// A number, where `null` stands for an infinite one.
fn number(value: &Value) -> Number {
    match value {
        Value::Number(number) => number.as_f64().map_or(Number::Missing, Number::Value),
        Value::String(text) => json::stands_for(text).map_or_else(|| Number::Text(text.as_str().into()), Number::Value),
        _ => Number::Missing,
    }
}
