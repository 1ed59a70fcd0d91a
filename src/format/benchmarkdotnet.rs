//! The JSON of `BenchmarkDotNet`: `JsonExporter.Full`, `Brief` and what older versions wrote.
//!
//! A benchmark is its full name with its parameters; where several jobs measured it, its job stands behind. Samples are
//! `OriginalValues`, nanoseconds per operation. What a diagnoser found allocated is `memory`; other metrics of diagnosers have their own
//! names, and their own word for the good direction. Collections of the garbage collector follow what is allocated and are
//! judged only where the configuration names them.
//!
//! A benchmark without statistics did not run.
//!
//! Not here: measurements of warm-ups and overheads, and histograms.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Number, Samples, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Better, Environment, Kind, MetricId, Run, Statistic, Summary};
use crate::text::Untrusted;
use crate::unit::{self, Parsed, Unit};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "benchmarkdotnet",
    title: "BenchmarkDotNet JSON",
    url: "https://benchmarkdotnet.org",
    tested: "0.10 to 0.15",
    written_by: "dotnet run -c Release -- --exporters json",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{') && probe.has_keys(&["HostEnvironmentInfo", "Benchmarks"])
}

// https://github.com/dotnet/BenchmarkDotNet/blob/v0.15.8/src/BenchmarkDotNet/Exporters/Json/JsonExporterBase.cs: keys that
// perfgate has no use for are skipped.

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object with `Benchmarks`")]
struct File<'a> {
    #[serde(default)]
    host_environment_info: Option<Host>,
    #[serde(borrow)]
    benchmarks: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Host {
    #[serde(default)]
    benchmark_dot_net_version: Option<String>,
    #[serde(default)]
    os_version: Option<String>,
    #[serde(default)]
    processor_name: Option<String>,
    #[serde(default)]
    logical_core_count: Number,
    #[serde(default)]
    runtime_version: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a benchmark as an object")]
struct Benchmark {
    #[serde(default)]
    display_info: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default, rename = "Type")]
    class: Option<String>,
    method: String,
    #[serde(default)]
    parameters: Option<String>,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    statistics: Option<Statistics>,
    #[serde(default)]
    memory: Option<Memory>,
    #[serde(default)]
    metrics: Option<Vec<Metric>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "statistics as an object")]
struct Statistics {
    #[serde(default)]
    original_values: Option<Samples>,
    #[serde(default)]
    n: Number,
    #[serde(default)]
    min: Number,
    #[serde(default)]
    q1: Number,
    #[serde(default)]
    median: Number,
    #[serde(default)]
    mean: Number,
    #[serde(default)]
    q3: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    standard_deviation: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Memory {
    #[serde(default)]
    bytes_allocated_per_operation: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a metric as an object")]
struct Metric {
    #[serde(default)]
    value: Number,
    descriptor: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a descriptor as an object")]
struct Descriptor {
    id: String,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    the_greater_the_better: bool,
}

impl Benchmark {
    fn name(&self) -> String {
        if let Some(name) = self.full_name.as_ref().filter(|name| !name.is_empty()) {
            return name.clone();
        }
        let parts = [self.namespace.as_deref(), self.class.as_deref(), Some(self.method.as_str())];
        let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let name = parts.join(".");
        match self.parameters.as_deref().filter(|parameters| !parameters.is_empty()) {
            Some(parameters) => format!("{name}({parameters})"),
            None => name,
        }
    }

    /// The job in `Type.Method: Job(IterationCount=3) [N=10]`.
    fn job(&self) -> Option<&str> {
        let (_, job) = self.display_info.as_deref()?.split_once(": ")?;
        job.split(['(', '[']).next().map(str::trim)
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let File { host_environment_info, benchmarks } =
        match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
            Ok(file) => file,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return Vec::new();
            }
        };
    if benchmarks.is_empty() {
        let place = json::location(document, &[key("Benchmarks")]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no benchmark").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    run.environment = host_environment_info.map(environment).unwrap_or_default();
    let mut faults = Faults::new(document, diagnostics);
    let mut read: Vec<(usize, Benchmark)> = Vec::with_capacity(benchmarks.len());
    for (index, benchmark) in benchmarks.into_iter().enumerate() {
        match json::part(benchmark.get()) {
            Ok(row) => read.push((index, row)),
            Err(wrong) => {
                faults.malformed(&mut run, FORMAT.name, "FullName", &place(index), benchmark.get(), wrong);
            }
        }
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (_, benchmark) in &read {
        *times.entry(benchmark.name()).or_default() += 1;
    }
    for (index, benchmark) in read {
        let name = benchmark.name();
        let several = times.get(&name).is_some_and(|n| *n > 1);
        let name = match benchmark.job().filter(|_| several) {
            Some(job) => format!("{name} [{job}]"),
            None => name,
        };
        add(&mut run, &mut faults, BenchmarkId::new(FORMAT.name, None, name), benchmark, index);
    }
    vec![run]
}

fn place(index: usize) -> [Step; 2] {
    [key("Benchmarks"), Step::Index(index)]
}

fn environment(host: Host) -> Environment {
    let Host {
        benchmark_dot_net_version,
        os_version,
        processor_name,
        logical_core_count,
        runtime_version,
        architecture,
    } = host;
    let cores = logical_core_count.finite().map(|n| n.to_string());
    let labels = [
        ("benchmarkdotnet", benchmark_dot_net_version),
        ("os", os_version),
        ("cpu", processor_name),
        ("cores", cores),
        ("dotnet", runtime_version),
        ("arch", architecture),
    ];
    let known = labels.into_iter().filter_map(|(name, value)| Some((name.into(), Untrusted::from(value?))));
    Environment { labels: known.collect() }
}

fn add(run: &mut Run, faults: &mut Faults<'_, '_>, id: BenchmarkId, benchmark: Benchmark, index: usize) {
    let Benchmark {
        display_info: _,
        namespace: _,
        class: _,
        method: _,
        parameters: _,
        full_name: _,
        statistics,
        memory,
        metrics,
    } = benchmark;
    let at = |names: &[&'static str]| -> Vec<Step> {
        place(index).into_iter().chain(names.iter().map(|name| key(name))).collect()
    };
    let Some(statistics) = statistics else {
        let message = "has no statistics: it did not run to its end".to_owned();
        let fault = faults.row(Code::BenchmarkFailed, &at(&["Statistics"]), &id.name, message);
        run.failures.entry(id).or_insert(fault);
        return;
    };
    let origin = rows::origin(index);
    let nanoseconds = unit::parse("ns");
    let mut time = rows::time("ns", origin);
    match summary(&statistics, &nanoseconds) {
        Ok((summary, None)) => time.summary = summary,
        Ok((_, Some(samples))) => time.set_samples(samples),
        Err((name, code, message)) => {
            let fault = faults.row(code, &at(&["Statistics", name]), &id.name, message);
            time.fault = Some(Box::new(fault));
        }
    }
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
    let allocated = memory.map(|memory| memory.bytes_allocated_per_operation).filter(|n| *n != Number::Missing);
    if let Some(number) = allocated {
        let bytes = unit::parse("B");
        let mut observation = rows::observation(&bytes, "B", Kind::Exact, origin);
        match rows::value_of(&number, &bytes) {
            Ok(value) => observation.set_value(value),
            Err((code, why)) => {
                let path = at(&["Memory", "BytesAllocatedPerOperation"]);
                let message = format!("`BytesAllocatedPerOperation` is {why}");
                observation.fault = Some(Box::new(faults.row(code, &path, &id.name, message)));
            }
        }
        rows::add(run, &id, MetricId::new(MetricId::MEMORY), observation);
    }
    for (nth, Metric { value, descriptor }) in metrics.unwrap_or_default().into_iter().enumerate() {
        let Descriptor { id: metric, unit, the_greater_the_better } = descriptor;
        // The same as above.
        if metric == "Allocated Memory" || value == Number::Missing {
            continue;
        }
        let unit = unit.filter(|unit| unit != "Count").unwrap_or_default();
        let better = Some(if the_greater_the_better { Better::Higher } else { Better::Lower });
        let parsed = match unit.as_str() {
            "" => Parsed { factor: 1.0, unit: Unit::One, better },
            unit => Parsed { better, ..unit::parse(unit) },
        };
        let mut observation = rows::observation(&parsed, &unit, Kind::Noisy, origin);
        observation.derived = metric.starts_with("Gen") && metric.ends_with("Collects");
        match rows::value_of(&value, &parsed) {
            Ok(value) => observation.set_value(value),
            Err((code, why)) => {
                let path = [at(&["Metrics"]).as_slice(), &[Step::Index(nth), key("Value")]].concat();
                let fault = faults.row(code, &path, &id.name, format!("`Value` is {why}"));
                observation.fault = Some(Box::new(fault));
            }
        }
        rows::add(run, &id, MetricId::new(metric), observation);
    }
}

/// What statistics say, and their samples in seconds where they have them.
///
/// # Errors
/// The key of what cannot be used, and why.
#[expect(clippy::type_complexity, reason = "the parts of one message, said once")]
fn summary(
    statistics: &Statistics,
    unit: &Parsed,
) -> Result<(Summary, Option<Vec<f64>>), (&'static str, Code, String)> {
    let Statistics { original_values, n, min, q1, median, mean, q3, max, standard_deviation } = statistics;
    if let Some(samples) = original_values.as_ref().filter(|samples| !samples.values.is_empty()) {
        let samples: Vec<f64> = samples.values.iter().map(|value| value * unit.factor).collect();
        let unfit = |(at, value): (usize, &f64)| Some((at, rows::unfit(*value, &unit.unit)?));
        return match samples.iter().enumerate().find_map(unfit) {
            Some((at, why)) => Err(("OriginalValues", Code::InvalidValue, format!("sample {} is {why}", at + 1))),
            None => Ok((Summary::unknown(), Some(samples))),
        };
    }
    let known = [
        ("Min", Statistic::Min, min),
        ("Q1", Statistic::P25, q1),
        ("Median", Statistic::Median, median),
        ("Mean", Statistic::Mean, mean),
        ("Q3", Statistic::P75, q3),
        ("Max", Statistic::Max, max),
    ];
    let mut summary = Summary::unknown()
        .with_stddev(standard_deviation.finite().map(|value| value * unit.factor))
        .with_count(n.finite().map(|n| n as u64));
    for (name, statistic, number) in known {
        if *number == Number::Missing && name != "Mean" {
            continue;
        }
        match rows::value_of(number, unit) {
            Ok(value) => summary = summary.with(statistic, Some(value)),
            Err((code, why)) => return Err((name, code, format!("`{name}` is {why}"))),
        }
    }
    Ok((summary, None))
}
