//! mitata's JSON, as `run({ format: "json" })` prints it.
//!
//! Times are in nanoseconds for one iteration. mitata sorts its samples and leaves out the two lowest and highest; they are
//! read where the file has them (`samples: true`), else the statistics. What an iteration allocated on the heap is
//! `memory`, where the runtime tells it.
//!
//! A benchmark is called by the group around it and its own name, into which mitata puts its arguments. A run with an
//! `error` is a failed benchmark.
//!
//! Not here: hardware counters, and what garbage collections took, which only some machines and options give.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Samples, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader, statistics};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Details, Kind, MetricId, Origin, Run, Statistic};
use crate::text::{self, Untrusted};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "mitata",
    title: "mitata JSON",
    url: "https://github.com/evanwashere/mitata",
    tested: "1.0",
    written_by: "await run({ format: \"json\" }) in the benchmark script",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{') && probe.has_keys(&["layout", "benchmarks"])
}

// https://github.com/evanwashere/mitata/blob/v1.0.34/src/main.mjs (run, format json) and src/lib.mjs (measure).

#[derive(Deserialize)]
#[serde(expecting = "an object with `benchmarks`")]
struct File<'a> {
    #[serde(default)]
    layout: Vec<Layout>,
    #[serde(borrow)]
    benchmarks: Vec<Benchmark<'a>>,
    #[serde(default)]
    context: Option<Context>,
}

#[derive(Deserialize)]
struct Layout {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a benchmark as an object")]
struct Benchmark<'a> {
    #[serde(borrow)]
    runs: Vec<&'a RawValue>,
    #[serde(default)]
    group: Option<usize>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    arch: Option<String>,
    #[serde(default)]
    runtime: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    cpu: Option<Cpu>,
}

#[derive(Deserialize)]
struct Cpu {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a run as an object")]
struct Row {
    name: String,
    #[serde(default)]
    args: Entries<Value>,
    #[serde(default)]
    stats: Option<Stats>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "statistics as an object")]
struct Stats {
    #[serde(default)]
    samples: Option<Samples>,
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    p25: Number,
    #[serde(default)]
    p50: Number,
    #[serde(default)]
    p75: Number,
    #[serde(default)]
    p99: Number,
    #[serde(default)]
    avg: Number,
    #[serde(default)]
    heap: Option<Heap>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Heap {
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    avg: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let File { layout, benchmarks, context } = match json::parse(document, &mut scratch, FORMAT.written_by) {
        Ok(file) => file,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if benchmarks.iter().all(|benchmark| benchmark.runs.is_empty()) {
        let place = json::location(document, &[key("benchmarks")]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no benchmark").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    if let Some(Context { arch, runtime, version, cpu }) = context {
        let runtime = runtime.map(|name| (name, version.unwrap_or_default()));
        let labels = [("arch", arch), ("cpu", cpu.and_then(|cpu| cpu.name))];
        let labels = labels.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?)));
        for (label, value) in labels.chain(runtime) {
            run.environment.labels.insert(label.into(), value.into());
        }
    }
    let mut faults = Faults::new(document, diagnostics);
    let mut position = 0_u32;
    for (index, Benchmark { runs, group }) in benchmarks.into_iter().enumerate() {
        let group = group.and_then(|at| layout.get(at)?.name.as_deref());
        for (nth, row) in runs.into_iter().enumerate() {
            let place = [key("benchmarks"), Step::Index(index), key("runs"), Step::Index(nth)];
            let origin = Origin { suite: 0, position };
            position = position.saturating_add(1);
            match json::part(row.get()) {
                Ok(row) => add(&mut run, &mut faults, &place, group, row, origin),
                Err(wrong) => faults.malformed(&mut run, FORMAT.name, "name", &place, row.get(), wrong),
            }
        }
    }
    vec![run]
}

fn add(run: &mut Run, faults: &mut Faults<'_, '_>, place: &[Step], group: Option<&str>, row: Row, origin: Origin) {
    let Row { name, args, stats, error } = row;
    let name = group.map_or_else(|| name.clone(), |group| format!("{group} > {name}"));
    let id = BenchmarkId::new(FORMAT.name, None, name);
    let Some(stats) = stats.filter(|_| error.is_none()) else {
        let said = error.as_ref().and_then(|error| error.get("message").unwrap_or(error).as_str());
        let said = said.and_then(|said| said.lines().next()).filter(|said| !said.is_empty());
        let message = said.map_or("failed".to_owned(), |said| format!("failed: {}", text::shown(&said.into())));
        let path = [place, &[key("error")]].concat();
        let fault = faults.row(Code::BenchmarkFailed, &path, &id.name, message);
        run.failures.entry(id).or_insert(fault);
        return;
    };
    let params: BTreeMap<Untrusted, Untrusted> = args
        .0
        .into_iter()
        .map(|(name, value)| (name.into(), value.as_str().map_or_else(|| value.to_string(), str::to_owned).into()))
        .collect();
    if !params.is_empty() || group.is_some() {
        run.details.insert(id.clone(), Details { params: params.into(), group: group.map(Into::into) });
    }
    let Stats { samples, min, max, p25, p50, p75, p99, avg, heap } = stats;
    let place = [place, &[key("stats")]].concat();
    let known = [
        ("avg", avg, Statistic::Mean),
        ("p50", p50, Statistic::Median),
        ("min", min, Statistic::Min),
        ("max", max, Statistic::Max),
        ("p25", p25, Statistic::P25),
        ("p75", p75, Statistic::P75),
        ("p99", p99, Statistic::P99),
    ];
    let mut time = rows::time("ns", origin);
    statistics::take(&mut time, faults, (&place, &id.name), &unit::parse("ns"), samples, &known);
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
    let Some(Heap { min, max, avg }) = heap else { return };
    // Without a single sample of the heap its average is 0 / 0, which JSON has as `null`.
    if avg != Number::Missing {
        let known = [("avg", avg, Statistic::Mean), ("min", min, Statistic::Min), ("max", max, Statistic::Max)];
        let mut memory = rows::observation(&unit::parse("B"), "B", Kind::Noisy, origin);
        let place = [place.as_slice(), &[key("heap")]].concat();
        statistics::take(&mut memory, faults, (&place, &id.name), &unit::parse("B"), None, &known);
        rows::add(run, &id, MetricId::new(MetricId::MEMORY), memory);
    }
}
