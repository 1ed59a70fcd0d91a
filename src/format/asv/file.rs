//! One result file of asv: a commit in an environment on a machine.
//!
//! Not here: what stands behind a benchmark's name in it (`result`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::result::Results;
use super::{Described, FORMAT};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::format::Document;
use crate::format::json::{self, Entries, Number, Step};
use crate::format::rows::{self, Faults, key, own_key};
use crate::model::{
    BenchmarkId, Better, Details, Environment, Fault, Kind, Observation, Origin, Run, Statistic, Subject, Summary,
};
use crate::text::{self, Untrusted};
use crate::unit;

// https://github.com/airspeed-velocity/asv/blob/v0.6.4/asv/results.py (Results.save, Results.load) and, for version 1,
// https://github.com/airspeed-velocity/asv/blob/v0.3.1/asv/results.py: keys that perfgate has no use for (profiles,
// durations, env_vars, …) are skipped.

#[derive(Deserialize)]
#[serde(expecting = "an object with `commit_hash` and `results`")]
struct File<'a> {
    commit_hash: String,
    #[serde(default)]
    date: Number,
    #[serde(default)]
    env_name: Option<String>,
    /// The machine, and what the environment consists of.
    #[serde(default)]
    params: Entries<Value>,
    #[serde(borrow)]
    results: Entries<&'a RawValue>,
    /// What each place of a result is, since version 2.
    #[serde(default)]
    result_columns: Option<Vec<String>>,
    #[serde(default)]
    version: Number,
}

/// The newest version of result files that this reads.
const VERSION: f64 = 2.0;

/// Reads a result file.
pub(super) fn run(
    document: &Document<'_>,
    described: &BTreeMap<String, Described>,
    diagnostics: &mut Diagnostics,
) -> Option<Run> {
    let mut scratch = String::new();
    let file = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(file) => file,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return None;
        }
    };
    let File { commit_hash, date, env_name, params, results, result_columns, version } = file;
    if version.finite().is_some_and(|version| version > VERSION) {
        let message = "the result file is of a newer version than 2";
        let place = json::location(document, &[key("version")]);
        diagnostics.push(Diagnostic::new(Code::UnsupportedVersion, message).at(place));
        return None;
    }
    let mut run = Run::of_tool(FORMAT.name);
    run.environment = environment(params, env_name);
    let mut reading = Reading { faults: Faults::new(document, diagnostics), run, failed: Vec::new(), described };
    for (position, (name, result)) in results.0.iter().enumerate() {
        match Results::read(result.get(), result_columns.as_deref()) {
            Ok(results) => reading.benchmark(name, results, position),
            Err(wrong) => {
                let id = BenchmarkId::new(FORMAT.name, None, name.as_str());
                let path: Vec<Step> = [key("results"), own_key(name)].into_iter().chain(wrong.steps).collect();
                let message = format!("malformed result: {}", wrong.message);
                let fault = reading.faults.row(wrong.code, &path, &id.name, message);
                reading.run.failures.insert(id, fault);
            }
        }
    }
    let Reading { mut run, failed, .. } = reading;
    run.subject = Subject {
        commit: Some(commit_hash.into()),
        // Milliseconds since 1970.
        committed_at: date.finite().map(|ms| (ms / 1000.0).floor() as i64),
        ..Subject::default()
    };
    if let Some(first) = failed.first() {
        let message = match failed.len() {
            1 => format!("`{}` failed", text::shown(first)),
            n => format!("{n} benchmarks failed, the first of them `{}`", text::shown(first)),
        };
        let mut diagnostic = Diagnostic::new(Code::BenchmarkFailed, message).at(Location::file(document.name.clone()));
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        diagnostics.push(diagnostic.help("`asv run --show-stderr` shows why"));
    }
    Some(run)
}

fn environment(params: Entries<Value>, env_name: Option<String>) -> Environment {
    let labels = params.0.into_iter().filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let name = if name == "num_cpu" { "cores".to_owned() } else { name };
        // A requirement without a version is any version.
        (!text.trim().is_empty()).then(|| (Untrusted::from(name), Untrusted::from(text)))
    });
    let env = env_name.filter(|name| !name.is_empty()).map(|name| ("env".into(), name.into()));
    Environment { labels: labels.chain(env).collect() }
}

/// A result file on its way to a run.
struct Reading<'a, 'd> {
    faults: Faults<'a, 'd>,
    run: Run,
    /// Benchmarks that failed.
    failed: Vec<Untrusted>,
    described: &'a BTreeMap<String, Described>,
}

impl Reading<'_, '_> {
    /// The results of one benchmark, one for each combination of its parameters.
    fn benchmark(&mut self, name: &str, results: Results, position: usize) {
        let combinations = results.combinations();
        let origin = Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) };
        let param_names = self.described.get(name).map_or(&[][..], |described| &described.param_names);
        let Some(values) = &results.values else {
            for combination in &combinations {
                self.failure(&id_of(name, combination), name);
            }
            return;
        };
        if values.len() != combinations.len() {
            let id = BenchmarkId::new(FORMAT.name, None, name);
            let message = format!("{} results for {} combinations of parameters", values.len(), combinations.len());
            let fault = self.faults.row(Code::MalformedDocument, &[key("results"), own_key(name)], &id.name, message);
            self.run.failures.insert(id, fault);
            return;
        }
        for (index, (value, combination)) in values.iter().zip(&combinations).enumerate() {
            let id = id_of(name, combination);
            match value {
                Number::Missing => self.failure(&id, name),
                // Skipped, by asv's own convention.
                Number::Value(value) if value.is_nan() => continue,
                value => {
                    let (metric, mut observation) = observation(name, self.described.get(name), origin);
                    if let Err((code, why)) = fill(&mut observation, value, &results, index) {
                        let place = [key("results"), own_key(name)];
                        observation.fault =
                            Some(Box::new(self.faults.row(code, &place, &id.name, format!("the result is {why}"))));
                    }
                    rows::add(&mut self.run, &id, metric, observation);
                }
            }
            if !combination.is_empty() {
                let names = (0..combination.len()).map(|at| match param_names.get(at) {
                    Some(name) => Untrusted::from(name.as_str()),
                    None => format!("param{}", at + 1).into(),
                });
                let params: BTreeMap<_, _> =
                    names.zip(combination.iter().map(|value| Untrusted::from(*value))).collect();
                self.run.details.insert(id, Details { params: params.into(), group: None });
            }
        }
    }

    fn failure(&mut self, id: &BenchmarkId, name: &str) {
        let location = Location::file(self.faults.file()).at(json::path(&[key("results"), own_key(name)]));
        let fault = Fault { message: "failed".to_owned(), location: Some(location) };
        self.failed.push(id.name.clone());
        self.run.failures.insert(id.clone(), fault);
    }
}

/// A benchmark with its parameters as asv shows them: `io.time_read('csv', 1000)`.
fn id_of(name: &str, combination: &[&str]) -> BenchmarkId {
    let name = if combination.is_empty() { name.to_owned() } else { format!("{name}({})", combination.join(", ")) };
    BenchmarkId::new(FORMAT.name, None, name)
}

/// Metric, unit and direction of a benchmark.
fn observation(name: &str, described: Option<&Described>, origin: Origin) -> (crate::model::MetricId, Observation) {
    let function = name.rsplit('.').next().unwrap_or(name);
    let prefix = function.split('_').next().unwrap_or(function);
    let kind = described.map_or("", |described| &described.kind);
    let unit = match (described.and_then(|described| described.unit.as_deref()), kind, prefix) {
        (Some(unit), ..) => unit,
        (None, "time", _) | (None, "", "time" | "timeraw") => "seconds",
        (None, "memory" | "peakmemory", _) | (None, "", "mem" | "peakmem") => "bytes",
        _ => "",
    };
    // `unit` is what asv writes where a benchmark names none.
    let unit = if unit == "unit" { "" } else { unit };
    let mut parsed = unit::parse(unit);
    parsed.better = parsed.better.or(Some(Better::Lower));
    // The size of an object is what the code makes it; the peak of a process is not.
    let exact = kind == "memory" || (kind.is_empty() && prefix == "mem");
    let kind = if exact { Kind::Exact } else { Kind::Noisy };
    (rows::metric_of(&parsed, unit), rows::observation(&parsed, unit, kind, origin))
}

/// Puts the result of one combination into its observation.
fn fill(observation: &mut Observation, value: &Number, results: &Results, index: usize) -> Result<(), (Code, String)> {
    let unit = observation.tool_unit.as_ref().map_or("", Untrusted::raw).to_owned();
    let parsed = unit::parse(&unit);
    let value = rows::value_of(value, &parsed)?;
    let statistics = results.statistics.get(index);
    if let Some(samples) = statistics.map(|s| &s.samples).filter(|samples| !samples.is_empty()) {
        let samples: Vec<f64> = samples.iter().map(|sample| sample * parsed.factor).collect();
        if let Some((at, why)) =
            samples.iter().enumerate().find_map(|(at, v)| Some((at, rows::unfit(*v, &observation.unit)?)))
        {
            return Err((Code::InvalidValue, format!("unusable: sample {} is {why}", at + 1)));
        }
        observation.set_samples(samples);
        return Ok(());
    }
    match statistics.filter(|s| s.q_25.finite().is_some()) {
        Some(statistics) => {
            let in_base = |number: &Number| number.finite().map(|v| v * parsed.factor);
            let [min, max, mean, std] = statistics.extremes.each_ref().map(in_base);
            observation.summary = Summary::unknown()
                .with(Statistic::Median, Some(value))
                .with(Statistic::P25, in_base(&statistics.q_25))
                .with(Statistic::P75, in_base(&statistics.q_75))
                .with(Statistic::Min, min)
                .with(Statistic::Max, max)
                .with(Statistic::Mean, mean)
                .with_stddev(std)
                .with_count(statistics.repeat.finite().map(|n| n as u64));
        }
        None => observation.set_value(value),
    }
    Ok(())
}
