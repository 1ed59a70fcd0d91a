//! Google Benchmark's JSON, as `--benchmark_format=json` and `--benchmark_out` write it.
//!
//! Repetitions are the samples of one benchmark. Aggregates (`_mean`, `_median`, `_stddev`, …) say nothing more and are read
//! only where the repetitions are left out (`--benchmark_report_aggregates_only`). `time` is the real time, or what the
//! benchmark itself measured; `cpu-time` is the time on the processor. Rates are computed from one of the two, so they are
//! judged only where the configuration names them. Counters of a benchmark's own are metrics by their names, and nobody says
//! which direction is good for them.
//!
//! Not here: fits of complexity (`_BigO`, `_RMS`), and the machine's host name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Environment, Kind, MetricId, Observation, Origin, Run, SeriesKey, Statistic, Summary};
use crate::text::{self, Untrusted};
use crate::unit::{self, Parsed, Unit};

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "google-benchmark",
    title: "Google Benchmark JSON",
    url: "https://github.com/google/benchmark",
    tested: "1.0 to 1.9",
    written_by: "BENCHMARK --benchmark_out=FILE --benchmark_out_format=json",
    reader: Reader::Text { claims, parse },
};

/// The name of a benchmark's time on the processor.
const CPU_TIME: &str = "cpu-time";

/// Keys of a row that are no counters of the benchmark's own.
const KNOWN: [&str; 26] = [
    "name",
    "family_index",
    "per_family_instance_index",
    "run_name",
    "run_type",
    "repetitions",
    "repetition_index",
    "threads",
    "iterations",
    "real_time",
    "cpu_time",
    "time_unit",
    "aggregate_name",
    "aggregate_unit",
    "label",
    "error_occurred",
    "error_message",
    "skipped",
    "skip_message",
    "bytes_per_second",
    "items_per_second",
    "allocs_per_iter",
    "max_bytes_used",
    "total_allocated_bytes",
    "net_heap_growth",
    "big_o",
];

fn claims(probe: &Probe<'_>) -> bool {
    // pytest-benchmark has the first of these keys, mitata the second.
    let other = ["machine_info", "layout"].iter().any(|key| probe.keys.contains(key));
    probe.first == Some('{') && probe.has_keys(&["context", "benchmarks"]) && !other
}

// https://github.com/google/benchmark/blob/v1.9.4/src/json_reporter.cc

#[derive(Deserialize)]
#[serde(expecting = "an object with `benchmarks`")]
struct File<'a> {
    #[serde(default)]
    context: Option<Context>,
    #[serde(borrow)]
    benchmarks: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Context {
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    num_cpus: Number,
    #[serde(default)]
    library_version: Option<String>,
    #[serde(default)]
    library_build_type: Option<String>,
}

/// A row: its keys are those of [`KNOWN`] and the counters of the benchmark.
struct Row(BTreeMap<String, Value>);

impl Row {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    fn number(&self, key: &str) -> Number {
        match self.0.get(key) {
            Some(Value::Number(number)) => number.as_f64().map_or(Number::Missing, Number::Value),
            Some(Value::String(text)) => {
                json::stands_for(text).map_or_else(|| Number::Text(text.as_str().into()), Number::Value)
            }
            _ => Number::Missing,
        }
    }

    fn is_true(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool) == Some(true)
    }

    /// The name of the benchmark, without that of an aggregate, and the aggregate. Up to 1.4 only the name tells aggregates.
    fn split<'a>(&'a self, name: &'a str, names: &BTreeSet<String>) -> (&'a str, Option<&'a str>) {
        if let Some(aggregate) = self.text("aggregate_name") {
            let run = self.text("run_name");
            return (
                run.or(name.strip_suffix(aggregate).map(|n| n.trim_end_matches('_'))).unwrap_or(name),
                Some(aggregate),
            );
        }
        match name.rsplit_once('_') {
            Some((run, aggregate @ ("mean" | "median" | "stddev" | "cv" | "BigO" | "RMS")))
                if names.contains(run) || !self.0.contains_key("iterations") =>
            {
                (run, Some(aggregate))
            }
            _ => (name, None),
        }
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let File { context, benchmarks } = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(file) => file,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if benchmarks.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "the file holds no benchmark")
                .at(json::location(document, &[key("benchmarks")]))
                .help("look whether `--benchmark_filter` fits any name"),
        );
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    if let Some(context) = context {
        run.subject.taken_at = context.date.as_deref().and_then(rows::moment);
        run.environment = environment(context);
    }
    let mut faults = Faults::new(document, diagnostics);
    let mut all: Vec<(usize, String, Row)> = Vec::with_capacity(benchmarks.len());
    for (index, benchmark) in benchmarks.into_iter().enumerate() {
        let row = json::part::<Entries<Value>>(benchmark.get()).and_then(|Entries(fields)| {
            let row = Row(fields.into_iter().collect());
            let name = row.text("name").map(str::to_owned).ok_or_else(|| json::Wrong {
                code: Code::MalformedDocument,
                message: "the key `name` is missing".to_owned(),
                steps: Vec::new(),
            })?;
            Ok((index, name, row))
        });
        match row {
            Ok(row) => all.push(row),
            Err(wrong) => faults.malformed(&mut run, FORMAT.name, "name", &place(index), benchmark.get(), wrong),
        }
    }
    let names: BTreeSet<String> = all.iter().map(|(_, name, _)| name.clone()).collect();
    let mut reading = Reading { run, faults, aggregates: BTreeMap::new() };
    for (index, name, row) in &all {
        match row.split(name, &names) {
            (name, None) => reading.repetition(*index, name, row),
            (name, Some(aggregate)) => reading.aggregate(*index, name, aggregate, row),
        }
    }
    vec![reading.finish()]
}

fn place(index: usize) -> [Step; 2] {
    [key("benchmarks"), Step::Index(index)]
}

fn environment(context: Context) -> Environment {
    let Context { date: _, num_cpus, library_version, library_build_type } = context;
    let cores = num_cpus.finite().map(|n| n.to_string());
    let labels = [("cores", cores), ("google-benchmark", library_version), ("library-build", library_build_type)];
    let known = labels.into_iter().filter_map(|(name, value)| Some((name.into(), Untrusted::from(value?))));
    Environment { labels: known.collect() }
}

/// A document on its way to a run.
struct Reading<'a, 'd> {
    run: Run,
    faults: Faults<'a, 'd>,
    /// What aggregates say of each series, used where there are no repetitions.
    aggregates: BTreeMap<SeriesKey, Observation>,
}

impl Reading<'_, '_> {
    fn repetition(&mut self, index: usize, name: &str, row: &Row) {
        let id = BenchmarkId::new(FORMAT.name, None, name);
        if row.is_true("error_occurred") {
            let why = row.text("error_message").unwrap_or("no message");
            let message = format!("failed: {}", text::shown(&why.into()));
            let fault = self.faults.row(Code::BenchmarkFailed, &place(index), &id.name, message);
            self.run.failures.entry(id).or_insert(fault);
            return;
        }
        if row.is_true("skipped") {
            return;
        }
        let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
        for (key_name, metric, number, parsed, unit, derived) in metrics(row) {
            let mut observation = rows::observation(&parsed, &unit, Kind::Noisy, origin);
            observation.derived = derived;
            match rows::value_of(&number, &parsed) {
                Ok(value) => observation.set_value(value),
                Err((code, why)) => {
                    let place = [place(index).as_slice(), &[rows::own_key(&key_name)]].concat();
                    let message = format!("`{}` is {why}", text::shown(&key_name.as_str().into()));
                    observation.fault = Some(Box::new(self.faults.row(code, &place, &id.name, message)));
                }
            }
            rows::add(&mut self.run, &id, metric, observation);
        }
    }

    fn aggregate(&mut self, index: usize, name: &str, aggregate: &str, row: &Row) {
        // A coefficient of variation is a share, whatever its unit says.
        if row.text("aggregate_unit").is_some_and(|unit| unit != "time") {
            return;
        }
        let id = BenchmarkId::new(FORMAT.name, None, name);
        let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
        for (_, metric, number, parsed, unit, derived) in metrics(row) {
            let Ok(value) = rows::value_of(&number, &parsed) else { continue };
            let key = SeriesKey { benchmark: id.clone(), metric };
            let observation = self.aggregates.entry(key).or_insert_with(|| {
                let mut observation = rows::observation(&parsed, &unit, Kind::Noisy, origin);
                observation.derived = derived;
                observation
            });
            let summary = std::mem::replace(&mut observation.summary, Summary::unknown());
            let repetitions = row.number("repetitions").finite().filter(|n| *n >= 1.0).map(|n| n as u64);
            let summary = summary.with_count(repetitions);
            observation.summary = match aggregate {
                "mean" => summary.with(Statistic::Mean, Some(value)),
                "median" => summary.with(Statistic::Median, Some(value)),
                "min" => summary.with(Statistic::Min, Some(value)),
                "max" => summary.with(Statistic::Max, Some(value)),
                "stddev" => summary.with_stddev(Some(value)),
                _ => summary,
            };
        }
    }

    fn finish(self) -> Run {
        let Self { mut run, faults: _, aggregates } = self;
        let measured: BTreeSet<BenchmarkId> =
            run.series.keys().map(|key| key.benchmark.clone()).chain(run.failures.keys().cloned()).collect();
        let only =
            aggregates.into_iter().filter(|(key, o)| !measured.contains(&key.benchmark) && !o.summary.is_unknown());
        run.series.extend(only);
        run
    }
}

/// The metrics of a row: key, metric, value, unit, the unit as it is written, and whether it comes from another metric.
fn metrics(row: &Row) -> Vec<(String, MetricId, Number, Parsed, String, bool)> {
    let unit = row.text("time_unit").unwrap_or("ns");
    let time = unit::parse(unit);
    let mut all = vec![
        (
            "real_time".to_owned(),
            MetricId::new(MetricId::TIME),
            row.number("real_time"),
            time.clone(),
            unit.to_owned(),
            false,
        ),
        ("cpu_time".to_owned(), MetricId::new(CPU_TIME), row.number("cpu_time"), time, unit.to_owned(), false),
    ];
    let mut optional = |name: &str, metric: &str, unit: &str, derived: bool| {
        let number = row.number(name);
        if number != Number::Missing {
            all.push((name.to_owned(), MetricId::new(metric), number, unit::parse(unit), unit.to_owned(), derived));
        }
    };
    let both = row.0.contains_key("items_per_second") && row.0.contains_key("bytes_per_second");
    optional("items_per_second", MetricId::THROUGHPUT, "items/s", true);
    optional("bytes_per_second", if both { "throughput.bytes" } else { MetricId::THROUGHPUT }, "B/s", true);
    optional("allocs_per_iter", MetricId::ALLOCS, "allocs", false);
    optional("max_bytes_used", MetricId::MEMORY, "B", false);
    let taken: BTreeSet<MetricId> = all.iter().map(|(_, metric, ..)| metric.clone()).collect();
    let counters = row.0.iter().filter(|(name, value)| !KNOWN.contains(&name.as_str()) && is_number(value));
    for (name, _) in counters {
        let metric =
            if taken.contains(&MetricId::new(name.as_str())) { format!("counter.{name}") } else { name.clone() };
        let plain = Parsed { factor: 1.0, unit: Unit::One, better: None };
        all.push((name.clone(), MetricId::new(metric), row.number(name), plain, String::new(), false));
    }
    all
}

/// Whether a value is a number, or stands for one that JSON has no form for.
fn is_number(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| json::stands_for(text).is_some())
}
