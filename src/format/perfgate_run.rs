//! perfgate's own runs, `perfgate-run/1`: what `perfgate convert` writes and stores hold.
//!
//! A file holds one or more JSON documents, one after the other; written, each is one line. It keeps all that a
//! [`Run`] holds but the places that faults point to, which are in files that need not exist any more. Values are in base
//! units and come back to the last bit. The serde types here are the format; `schema/run.json` is generated from them.
//!
//! Fields may be added within version 1: readers skip what they do not know. A file of another version is refused.
//!
//! Not here: where runs are stored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::json::{self, Entries, Samples, Step};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::{
    BenchmarkId, Better, Details, Environment, Fault, Kind, MetricId, Observation, Origin, Run, SeriesKey, Statistic,
    Subject, Suite, Summary, Unit,
};
use crate::text::{self, Untrusted};

#[cfg(test)]
mod tests;

/// The schema id this version writes and reads.
pub const SCHEMA: &str = "perfgate-run/1";

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "perfgate",
    title: "perfgate's own runs",
    url: "schema/run.json",
    tested: SCHEMA,
    written_by: "perfgate convert",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{') && probe.keys.contains("schema") && probe.text.contains("\"perfgate-run/")
}

/// One document of the format.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "perfgate-run/1"))]
#[serde(expecting = "an object with `schema` and `benchmarks`")]
struct RunFile<'a> {
    /// `perfgate-run/1`.
    schema: Untrusted,
    /// Commit the code was built from, if known.
    #[serde(default)]
    commit: Option<Untrusted>,
    /// Branch of the commit, if known.
    #[serde(default)]
    branch: Option<Untrusted>,
    /// When it was measured, in seconds since 1970 in UTC, if known.
    #[serde(default)]
    taken_at: Option<i64>,
    /// When the commit was made, in seconds since 1970 in UTC, if known.
    #[serde(default)]
    committed_at: Option<i64>,
    /// What is known of the machine and the tools.
    #[serde(default, deserialize_with = "unique")]
    labels: BTreeMap<Untrusted, Untrusted>,
    /// The executions of tools that the run is made of.
    suites: Vec<SuiteEntry>,
    /// The benchmarks, ordered by name.
    benchmarks: Vec<BenchmarkEntry<'a>>,
}

/// One execution of one tool.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(expecting = "a suite as an object")]
struct SuiteEntry {
    /// The tool.
    tool: Untrusted,
    /// What the suite is called in reports.
    name: Untrusted,
}

/// One benchmark.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(expecting = "a benchmark as an object")]
struct BenchmarkEntry<'a> {
    /// The tool that measured it.
    tool: Untrusted,
    /// The package or module it is in.
    #[serde(default)]
    package: Option<Untrusted>,
    /// Its name within the package.
    name: Untrusted,
    /// The group that the tool put it in.
    #[serde(default)]
    group: Option<Untrusted>,
    /// Its parameters.
    #[serde(default, deserialize_with = "unique")]
    params: BTreeMap<Untrusted, Untrusted>,
    /// Why it has no values, if it failed: one sentence.
    #[serde(default)]
    failure: Option<Untrusted>,
    /// What was measured of it.
    metrics: Vec<MetricEntry<'a>>,
}

/// One series.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(expecting = "a metric as an object")]
struct MetricEntry<'a> {
    /// Which quantity: `time`, `memory`, …
    metric: MetricId,
    /// The unit of every value: `s`, `B`, `1`, `1/s`, `B/s`, or the tool's own.
    #[cfg_attr(test, schemars(with = "String"))]
    unit: Unit,
    /// The unit that the tool wrote.
    #[serde(default)]
    tool_unit: Option<Untrusted>,
    /// The good direction, if known.
    better: Option<Better>,
    /// Whether repeating the measurement can give another value.
    kind: Kind,
    /// Computed by perfgate from another metric.
    #[serde(default)]
    derived: bool,
    /// Index into `suites`.
    #[serde(default)]
    suite: u32,
    /// Position among the benchmarks of the suite, from 0.
    #[serde(default)]
    position: u32,
    /// Why the values cannot be used, if they cannot: one sentence.
    #[serde(default)]
    fault: Option<Untrusted>,
    /// Order statistics; worked out from the samples where they are absent.
    #[serde(default)]
    summary: Option<SummaryEntry>,
    /// The samples in the order they were taken.
    #[serde(default, deserialize_with = "samples")]
    #[cfg_attr(test, schemars(with = "Option<Vec<f64>>"))]
    samples: Option<Cow<'a, [f64]>>,
}

/// Order statistics of the samples. What is not known is `null`.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, expecting = "a summary as an object")]
#[derive(Default)]
struct SummaryEntry {
    /// How many samples there are.
    n: Option<u64>,
    min: Option<f64>,
    p10: Option<f64>,
    p25: Option<f64>,
    median: Option<f64>,
    p75: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
    mean: Option<f64>,
    /// Standard deviation of the samples (divisor n − 1).
    stddev: Option<f64>,
}

/// An object of texts, in which no key stands twice.
fn unique<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Untrusted, Untrusted>, D::Error> {
    let Entries(entries) = Entries::<Untrusted>::deserialize(deserializer)?;
    Ok(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn samples<'de, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'a, [f64]>>, D::Error> {
    Ok(Option::<Samples>::deserialize(deserializer)?.map(|samples| Cow::Owned(samples.values)))
}

/// Runs as text: one document a line, with the same bytes for equal runs.
pub fn write(runs: &[Run]) -> String {
    let mut out = String::new();
    for run in runs {
        // Only maps with keys that are no text can fail, and there are none.
        if let Ok(line) = serde_json::to_string(&file(run)) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

fn file(run: &Run) -> RunFile<'_> {
    let Run { subject, environment, suites, series, details, failures } = run;
    let Subject { commit, branch, taken_at, committed_at } = subject.clone();
    let Environment { labels } = environment.clone();
    let mut benchmarks: BTreeMap<&BenchmarkId, BenchmarkEntry<'_>> = BTreeMap::new();
    let known = series.keys().map(|key| &key.benchmark).chain(details.keys()).chain(failures.keys());
    for id in known {
        benchmarks.entry(id).or_insert_with(|| {
            let Details { params, group } = details.get(id).cloned().unwrap_or_default();
            let params = Arc::unwrap_or_clone(params);
            let failure = failures.get(id).map(|fault| fault.message.as_str().into());
            let (tool, package, name) = (id.tool.clone(), id.package.clone(), id.name.clone());
            BenchmarkEntry { tool, package, name, group, params, failure, metrics: Vec::new() }
        });
    }
    for (key, observation) in series {
        if let Some(entry) = benchmarks.get_mut(&key.benchmark) {
            entry.metrics.push(metric(&key.metric, observation));
        }
    }
    RunFile {
        schema: SCHEMA.into(),
        commit,
        branch,
        taken_at,
        committed_at,
        labels,
        suites: suites.iter().map(|s| SuiteEntry { tool: s.tool.clone(), name: s.name.clone() }).collect(),
        benchmarks: benchmarks.into_values().collect(),
    }
}

fn metric<'a>(metric: &MetricId, observation: &'a Observation) -> MetricEntry<'a> {
    let Observation { unit, tool_unit, better, kind, summary, samples, origin, derived, fault } = observation;
    let of = |statistic| summary.get(statistic);
    MetricEntry {
        metric: metric.clone(),
        unit: unit.clone(),
        tool_unit: tool_unit.clone(),
        better: *better,
        kind: *kind,
        derived: *derived,
        suite: origin.suite,
        position: origin.position,
        fault: fault.as_ref().map(|f| f.message.as_str().into()),
        summary: Some(SummaryEntry {
            n: summary.count(),
            min: of(Statistic::Min),
            p10: of(Statistic::P10),
            p25: of(Statistic::P25),
            median: of(Statistic::Median),
            p75: of(Statistic::P75),
            p90: of(Statistic::P90),
            p95: of(Statistic::P95),
            p99: of(Statistic::P99),
            max: of(Statistic::Max),
            mean: of(Statistic::Mean),
            stddev: summary.stddev(),
        }),
        samples: samples.as_deref().map(Cow::Borrowed),
    }
}

/// The schema of a document, to tell a newer version from a broken file.
#[derive(Deserialize)]
struct Head {
    schema: Untrusted,
}

/// Reads the runs of a file. Why it cannot be read goes to `diagnostics`; then there are none.
pub fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let other = |schema: &Untrusted| {
        Diagnostic::new(
            Code::UnsupportedVersion,
            format!("the file has the schema `{}`, this perfgate reads `{SCHEMA}`", text::shown(schema)),
        )
        .at(json::location(document, &[Step::Key("schema".into())]))
        .help("update perfgate, or write the file again with this one")
    };
    let files = match json::parse_all::<RunFile<'_>>(document, FORMAT.written_by) {
        Ok(files) => files,
        Err(diagnostic) => {
            let heads = json::parse_all::<Head>(document, FORMAT.written_by).unwrap_or_default();
            let newer = heads.iter().find(|head| head.schema.raw() != SCHEMA);
            diagnostics.push(newer.map_or(diagnostic, |head| other(&head.schema)));
            return Vec::new();
        }
    };
    let mut runs = Vec::new();
    for file in files {
        if file.schema.raw() != SCHEMA {
            diagnostics.push(other(&file.schema));
            return Vec::new();
        }
        match run(document, file, diagnostics) {
            Ok(run) => runs.push(run),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return Vec::new();
            }
        }
    }
    runs
}

fn run(document: &Document<'_>, file: RunFile<'_>, diagnostics: &mut Diagnostics) -> Result<Run, Diagnostic> {
    let RunFile { schema: _, commit, branch, taken_at, committed_at, labels, suites, benchmarks } = file;
    let mut run = Run {
        subject: Subject { commit, branch, taken_at, committed_at },
        environment: Environment { labels },
        suites: suites.into_iter().map(|SuiteEntry { tool, name }| Suite { tool, name }).collect(),
        ..Run::default()
    };
    let refused = |code, what: &str, id: &BenchmarkId| {
        let message = format!("{what} `{}`", text::shown(&id.name));
        Diagnostic::new(code, message).at(document.span(0, 1)).help("write the file again with `perfgate convert`")
    };
    for benchmark in benchmarks {
        let BenchmarkEntry { tool, package, name, group, params, failure, metrics } = benchmark;
        let id = BenchmarkId::new(tool, package, name);
        let details = Details { params: params.into(), group };
        if details != Details::default() && run.details.insert(id.clone(), details).is_some() {
            return Err(refused(Code::DuplicateKey, "the same benchmark stands twice in one run:", &id));
        }
        if let Some(message) = failure {
            let fault = Fault { message: text::line(message.raw()).into_owned(), location: None };
            run.failures.insert(id.clone(), fault);
        }
        for entry in metrics {
            let (metric, observation) = observation(document, entry, &id, diagnostics);
            if run.suites.get(observation.origin.suite as usize).is_none() {
                return Err(refused(Code::MalformedDocument, "no suite has the index that is given for", &id));
            }
            let key = SeriesKey { benchmark: id.clone(), metric };
            if run.series.insert(key, observation).is_some() {
                return Err(refused(Code::DuplicateKey, "the same metric stands twice in one run for", &id));
            }
        }
    }
    Ok(run)
}

fn observation(
    document: &Document<'_>,
    entry: MetricEntry<'_>,
    id: &BenchmarkId,
    diagnostics: &mut Diagnostics,
) -> (MetricId, Observation) {
    let MetricEntry { metric, unit, tool_unit, better, kind, derived, suite, position, fault, summary, samples } =
        entry;
    let mut fault = fault.map(|m| Box::new(Fault { message: text::line(m.raw()).into_owned(), location: None }));
    let mut samples: Option<Box<[f64]>> = samples.map(|s| s.into_owned().into_boxed_slice());
    let unsigned = matches!(unit, Unit::Second | Unit::Byte) && better == Some(Better::Lower);
    let unfit = |value: &f64| !value.is_finite() || (unsigned && *value < 0.0 && metric.raw() == MetricId::TIME);
    let mut refuse = |message: String| {
        let headline = format!("`{}`: {message}", text::shown(&id.name));
        let place = Location::file(document.name.clone());
        diagnostics.push(Diagnostic::new(Code::InvalidValue, headline).at(place.clone()));
        Box::new(Fault { message, location: Some(place) })
    };
    let bad = samples.iter().flatten().position(unfit);
    if let Some(bad) = bad {
        samples = None;
        fault.get_or_insert_with(|| refuse(format!("sample {} is negative or not a finite number", bad + 1)));
    }
    let summary = match summary {
        None => samples.as_deref().map_or_else(Summary::unknown, Summary::of_samples),
        Some(SummaryEntry { n, min, p10, p25, median, p75, p90, p95, p99, max, mean, stddev }) => Summary::unknown()
            .with_count(n)
            .with_stddev(stddev)
            .with(Statistic::Min, min)
            .with(Statistic::P10, p10)
            .with(Statistic::P25, p25)
            .with(Statistic::Median, median)
            .with(Statistic::P75, p75)
            .with(Statistic::P90, p90)
            .with(Statistic::P95, p95)
            .with(Statistic::P99, p99)
            .with(Statistic::Max, max)
            .with(Statistic::Mean, mean),
    };
    if summary.is_unknown() {
        fault.get_or_insert_with(|| refuse("has no values".to_owned()));
    }
    let origin = Origin { suite, position };
    (metric, Observation { unit, tool_unit, better, kind, summary, samples, origin, derived, fault })
}
