//! JMH's JSON, as `-rf json` writes it.
//!
//! Samples are the iterations of all forks in their order. The direction comes from the unit, because a mode does not tell
//! it. `sample` and `ss` measure something else than `avgt` does, so they stand behind the name, and so does a number of threads
//! other than one. For `sample` JMH keeps percentiles and a histogram; the percentiles are read.
//!
//! Of secondary metrics, what `-prof gc` finds allocated for each operation is `memory`; the other metrics of that profiler are left out,
//! because nothing tells whether more of them is better.
//!
//! Not here: benchmarks that failed, which JMH leaves out of its file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Samples, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Details, Kind, MetricId, Observation, Origin, Run, Statistic, Summary};
use crate::text::Untrusted;
use crate::unit;

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "jmh",
    title: "JMH JSON",
    url: "https://github.com/openjdk/jmh",
    tested: "1.19 to 1.36",
    written_by: "java -jar benchmarks.jar -rf json -rff FILE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('[') && probe.has_keys(&["benchmark", "mode", "primaryMetric"])
}

// https://github.com/openjdk/jmh/blob/1.37/jmh-core/src/main/java/org/openjdk/jmh/results/format/JSONResultFormat.java: keys that
// perfgate has no use for (warm-up, measurement, JVM arguments, …) are skipped.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a benchmark as an object")]
struct Row {
    benchmark: String,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    threads: Number,
    #[serde(default)]
    params: Option<Entries<String>>,
    primary_metric: Metric,
    #[serde(default)]
    secondary_metrics: Entries<Metric>,
    #[serde(default)]
    jmh_version: Option<String>,
    #[serde(default)]
    jdk_version: Option<String>,
    #[serde(default)]
    vm_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a metric as an object")]
struct Metric {
    #[serde(default)]
    score: Number,
    #[serde(default)]
    score_percentiles: Option<Entries<Number>>,
    score_unit: String,
    #[serde(default)]
    raw_data: Option<Vec<Samples>>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let benchmarks = match json::parse::<Vec<&RawValue>>(document, &mut scratch, FORMAT.written_by) {
        Ok(benchmarks) => benchmarks,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if benchmarks.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "the file holds no benchmark")
                .at(json::location(document, &[]))
                .help("look whether the benchmarks failed: JMH leaves those out"),
        );
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    for (index, benchmark) in benchmarks.into_iter().enumerate() {
        match json::part(benchmark.get()) {
            Ok(row) => add(&mut run, &mut faults, index, row),
            Err(wrong) => {
                faults.malformed(&mut run, FORMAT.name, "benchmark", &[Step::Index(index)], benchmark.get(), wrong);
            }
        }
    }
    vec![run]
}

fn add(run: &mut Run, faults: &mut Faults<'_, '_>, index: usize, row: Row) {
    let Row { benchmark, mode, threads, params, primary_metric, secondary_metrics, jmh_version, jdk_version, vm_name } =
        row;
    for (label, value) in [("jmh", jmh_version), ("java", jdk_version), ("vm", vm_name)] {
        if let Some(value) = value {
            run.environment.labels.entry(label.into()).or_insert_with(|| value.into());
        }
    }
    let params = params.unwrap_or_default().0;
    let mut name = benchmark;
    if !params.is_empty() {
        let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        name.push_str(&format!("({})", params.join(", ")));
    }
    let threads = threads.finite().filter(|n| *n > 1.0).map(|n| format!("threads={n}"));
    let mode = Some(mode).filter(|mode| matches!(mode.as_str(), "sample" | "ss"));
    for mark in mode.into_iter().chain(threads) {
        name.push_str(&format!(" [{mark}]"));
    }
    let id = BenchmarkId::new(FORMAT.name, None, name);
    if !params.is_empty() {
        let params: BTreeMap<Untrusted, Untrusted> =
            params.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        run.details.insert(id.clone(), Details { params: params.into(), group: None });
    }
    let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
    let place = [Step::Index(index), key("primaryMetric")];
    let parsed = unit::parse(&primary_metric.score_unit);
    let metric = rows::metric_of(&parsed, &primary_metric.score_unit);
    let observation = observe(faults, &id, &place, primary_metric, origin);
    rows::add(run, &id, metric, observation);
    for (name, metric) in secondary_metrics.0 {
        // A dot in the middle of the line stands before the names of profilers' metrics up to 1.34.
        let plain = name.trim_start_matches('·');
        let named = match plain {
            "gc.alloc.rate.norm" => MetricId::MEMORY,
            gc if gc.starts_with("gc.") => continue,
            // The name of a metric that all formats share is that of the primary one.
            MetricId::TIME | MetricId::THROUGHPUT => &format!("secondary.{plain}"),
            other => other,
        };
        let place = [Step::Index(index), key("secondaryMetrics"), rows::own_key(&name)];
        let observation = observe(faults, &id, &place, metric, origin);
        rows::add(run, &id, MetricId::new(named), observation);
    }
}

/// What a metric says: its samples, or the percentiles where there are none.
fn observe(
    faults: &mut Faults<'_, '_>,
    id: &BenchmarkId,
    place: &[Step],
    metric: Metric,
    origin: Origin,
) -> Observation {
    let Metric { score, score_percentiles, score_unit, raw_data } = metric;
    let parsed = unit::parse(&score_unit);
    let mut observation = rows::observation(&parsed, &score_unit, Kind::Noisy, origin);
    let samples: Vec<f64> =
        raw_data.unwrap_or_default().iter().flat_map(|fork| &fork.values).map(|v| v * parsed.factor).collect();
    let unfit = |(at, value): (usize, &f64)| Some((at, rows::unfit(*value, &parsed.unit)?));
    let wrong = match (rows::value_of(&score, &parsed), samples.iter().enumerate().find_map(unfit)) {
        (Err((code, why)), _) => Some(("score", code, format!("`score` is {why}"))),
        (_, Some((at, why))) => Some(("rawData", Code::InvalidValue, format!("iteration {} is {why}", at + 1))),
        (Ok(_), None) if !samples.is_empty() => {
            observation.set_samples(samples);
            None
        }
        (Ok(mean), None) => {
            let percentiles = score_percentiles.unwrap_or_default().0;
            let of = |wanted: f64| {
                let exact = |name: &str| name.parse::<f64>().is_ok_and(|p| (p - wanted).abs() < 1e-9);
                percentiles.iter().find(|(name, _)| exact(name)).and_then(|(_, v)| Some(v.finite()? * parsed.factor))
            };
            observation.summary = Summary::unknown()
                .with(Statistic::Mean, Some(mean))
                .with(Statistic::Min, of(0.0))
                .with(Statistic::Median, of(50.0))
                .with(Statistic::P90, of(90.0))
                .with(Statistic::P95, of(95.0))
                .with(Statistic::P99, of(99.0))
                .with(Statistic::Max, of(100.0));
            None
        }
    };
    if let Some((name, code, message)) = wrong {
        let place = [place, &[key(name)]].concat();
        observation.fault = Some(Box::new(faults.row(code, &place, &id.name, message)));
    }
    observation
}
