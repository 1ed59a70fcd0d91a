//! tinybench's results as JSON: what `bench.table()` gives, or the tasks with their results.
//!
//! tinybench writes no file. What people write is `JSON.stringify(bench.table())`, or
//! `bench.tasks.map(({ name, result }) => ({ name, ...result }))`, or the same with the result below `result`. The rows of
//! `bench.results` alone have no names and are not recognised.
//!
//! Times of results are in milliseconds, those of the table in nanoseconds, as its columns say. Samples are read where the
//! result has them. Throughput is made from the same samples and says nothing new.
//!
//! A task that threw is a failed benchmark.
//!
//! Not here: tables with columns of somebody's own.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Samples, Step};
use super::rows::{self, Faults, own_key};
use super::{Document, Format, Probe, Reader, lines, statistics};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, MetricId, Origin, Run, Statistic};
use crate::text;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "tinybench",
    title: "tinybench JSON",
    url: "https://github.com/tinylibs/tinybench",
    tested: "2.9 to 6.2",
    written_by: "JSON.stringify(bench.table()) in the benchmark script",
    reader: Reader::Text { claims, parse },
};

/// The name's column in tables up to version 2 and from version 3 on.
const NAMES: [&str; 2] = ["Task name", "Task Name"];

fn claims(probe: &Probe<'_>) -> bool {
    let has = |key: &str| probe.keys.contains(key);
    let inner = |key: &str| probe.inner_keys.contains(key);
    let table = NAMES.iter().any(|name| has(name));
    let spread = has("totalTime") && has("period");
    let nested = has("result") && inner("totalTime") && inner("period");
    probe.first == Some('[') && (table || has("name") && (spread || nested))
}

// https://github.com/tinylibs/tinybench/blob/v4.0.1/src/types.ts (TaskResult, Statistics) and, for tables,
// https://github.com/tinylibs/tinybench/blob/v4.0.1/src/utils.ts (defaultConvertTaskResultForConsoleTable).

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a task as an object")]
struct Task {
    #[serde(default)]
    name: String,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    result: Option<Outcome>,
    /// From version 3 on.
    #[serde(default)]
    latency: Option<Sample>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a result as an object")]
struct Outcome {
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    latency: Option<Sample>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "statistics as an object")]
struct Sample {
    #[serde(default)]
    samples: Option<Samples>,
    #[serde(default)]
    samples_count: Number,
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    mean: Number,
    #[serde(default)]
    sd: Number,
    #[serde(default)]
    p50: Number,
    #[serde(default)]
    p75: Number,
    #[serde(default)]
    p99: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let tasks = match json::parse::<Vec<&RawValue>>(document, &mut scratch, FORMAT.written_by) {
        Ok(tasks) => tasks,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if tasks.is_empty() {
        let place = json::location(document, &[]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no task").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    for (index, task) in tasks.into_iter().enumerate() {
        let place = [Step::Index(index)];
        let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
        let row = task.get();
        let is_row = NAMES.iter().any(|name| row.contains(&format!("\"{name}\"")));
        let read = if is_row {
            json::part::<Entries<Value>>(row).map(|cells| add_row(&mut run, &mut faults, &place, &cells.0, origin))
        } else {
            task_of(row).map(|(task, sample, path)| {
                add_task(&mut run, &mut faults, &place, task, sample, path, origin);
            })
        };
        if let Err(wrong) = read {
            faults.malformed(&mut run, FORMAT.name, "name", &place, row, wrong);
        }
    }
    vec![run]
}

/// A task of a version up to 2, whose result holds the statistics themselves.
#[derive(Deserialize)]
struct Flat {
    result: Sample,
}

/// A task, its statistics, and the way to them. Up to version 2 they lie among the other fields of the result.
fn task_of(row: &str) -> Result<(Task, Option<Sample>, Vec<Step>), json::Wrong> {
    let mut task: Task = json::part(row)?;
    if let Some(sample) = task.latency.take() {
        return Ok((task, Some(sample), vec![own_key("latency")]));
    }
    if let Some(outcome) = task.result.take() {
        task.error = task.error.take().or(outcome.error);
        if let Some(sample) = outcome.latency {
            return Ok((task, Some(sample), vec![own_key("result"), own_key("latency")]));
        }
        return Ok((task, Some(json::part::<Flat>(row)?.result), vec![own_key("result")]));
    }
    Ok((task, Some(json::part(row)?), Vec::new()))
}

fn add_task(
    run: &mut Run,
    faults: &mut Faults<'_, '_>,
    place: &[Step],
    task: Task,
    sample: Option<Sample>,
    path: Vec<Step>,
    origin: Origin,
) {
    let Task { name, error, result: _, latency: _ } = task;
    let id = BenchmarkId::new(FORMAT.name, None, name);
    let Sample { samples, samples_count, min, max, mean, sd, p50, p75, p99 } = sample.unwrap_or_default();
    if error.is_some() || (mean == Number::Missing && samples.is_none()) {
        let fault = faults.row(Code::BenchmarkFailed, place, &id.name, "has no result: it threw or was aborted".into());
        run.failures.entry(id).or_insert(fault);
        return;
    }
    let known = [
        ("mean", mean, Statistic::Mean),
        ("p50", p50, Statistic::Median),
        ("min", min, Statistic::Min),
        ("max", max, Statistic::Max),
        ("p75", p75, Statistic::P75),
        ("p99", p99, Statistic::P99),
    ];
    let milliseconds = unit::parse("ms");
    let mut time = rows::time("ms", origin);
    let place: Vec<Step> = place.iter().cloned().chain(path).collect();
    statistics::take(&mut time, faults, (&place, &id.name), &milliseconds, samples, &known);
    if time.samples.is_none() {
        let deviation = rows::value_of(&sd, &milliseconds).ok();
        time.summary = time.summary.with_count(samples_count.finite().map(|n| n as u64)).with_stddev(deviation);
    }
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
}

/// Adds a row of a table, whose cells are numbers or texts such as `50632 ± 5.47%`.
fn add_row(run: &mut Run, faults: &mut Faults<'_, '_>, place: &[Step], cells: &[(String, Value)], origin: Origin) {
    let find = |wanted: &dyn Fn(&str) -> bool| cells.iter().find(|(column, _)| wanted(column));
    let name = find(&|column| NAMES.contains(&column)).and_then(|(_, value)| value.as_str()).unwrap_or("");
    let id = BenchmarkId::new(FORMAT.name, None, name);
    if let Some((column, error)) = find(&|column| column == "Error") {
        let path = [place, &[own_key(column)]].concat();
        let said = error.as_str().unwrap_or("").lines().next().unwrap_or("");
        let message = format!("failed: {}", text::shown(&said.into()));
        let fault = faults.row(Code::BenchmarkFailed, &path, &id.name, message);
        run.failures.entry(id).or_insert(fault);
        return;
    }
    let nanoseconds = unit::parse("ns");
    let mut time = rows::time("ns", origin);
    let columns = [
        (Statistic::Mean, ["Latency av", "Average Time"]),
        // Version 2 has no median.
        (Statistic::Median, ["Latency med", "Latency med"]),
    ];
    let mut wrong = None;
    for (statistic, starts) in columns {
        let Some((column, cell)) = find(&|column| starts.iter().any(|start| column.starts_with(start))) else {
            continue;
        };
        let number = match cell {
            Value::String(cell) => cell.split('±').next().and_then(|value| lines::number(value.trim())),
            cell => cell.as_f64(),
        };
        match number.map(|value| value * nanoseconds.factor).filter(|value| value.is_finite() && *value >= 0.0) {
            Some(value) if column.ends_with("(ns)") => time.summary = time.summary.with(statistic, Some(value)),
            Some(_) => wrong = wrong.or(Some((column, "has an unknown unit"))),
            None => wrong = wrong.or(Some((column, "is not a time"))),
        }
    }
    let count = find(&|column| column == "Samples").and_then(|(_, cell)| cell.as_u64());
    time.summary = time.summary.with_count(count);
    if let Some((column, why)) = wrong {
        let path = [place, &[own_key(column)]].concat();
        let message = format!("`{}` {why}", text::shown(&column.as_str().into()));
        time.fault = Some(Box::new(faults.row(Code::MalformedNumber, &path, &id.name, message)));
    } else if time.summary.is_unknown() {
        let message = "no column with its latency".to_owned();
        time.fault = Some(Box::new(faults.row(Code::InvalidValue, place, &id.name, message)));
    }
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
}
