//! k6's summary at the end of a test: what `handleSummary` is given, and the older, flat form of `--summary-export`.
//!
//! A benchmark is a metric of k6, its tags included: `http_req_duration{expected_response:true}`. Trends of times are `latency`,
//! by the percentiles that the test asked for; those below the median are left out, because the fastest requests say nothing about a load.
//! Counters of requests and iterations are `throughput`, by their rate, because the count goes with the duration;
//! `http_req_failed` is `error-rate` and `checks` are `check-rate`. Phases of a request are judged only where the
//! configuration names them, for they are short, noisy, and part of its duration. For a test's own metrics nobody says which
//! direction is good, and the flat form does not say which of them are times.
//!
//! The third form is the summary for machines (`--new-machine-readable-summary`), a list of metrics with the time that the test took
//! instead of rates. Its `checks_succeeded` is what the others call `checks`.
//!
//! A threshold that was crossed is told, not judged: the limits here are perfgate's. The two forms say it in opposite ways.
//!
//! Not here: `setup_data`, which can hold secrets; gauges of virtual users, which the test sets. The stream of single values is in `stream`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Step, Wrong};
use super::rows::{self, Faults, key, own_key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Better, Fault, Kind, MetricId, Origin, Run, Statistic, Summary};
use crate::text;
use crate::unit::{self, Parsed, Unit};

mod stream;
#[cfg(test)]
mod tests;

pub(super) use stream::STREAM;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "k6",
    title: "k6 summary",
    url: "https://k6.io",
    tested: "1.1; 1.5 by its source",
    written_by: "k6 run --summary-export FILE SCRIPT",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    let for_machines = probe.has_keys(&["config", "metadata", "results"]) && probe.inner_keys.contains("k6Version");
    probe.first == Some('{') && (probe.has_keys(&["metrics", "root_group"]) || for_machines)
}

// https://github.com/grafana/k6/blob/v1.1.0/internal/js/summary.go (summarizeMetricsToObject) and, for the flat form,
// https://github.com/grafana/k6/blob/v1.1.0/internal/js/summary-wrapper.js (oldJSONSummary); for machines,
// https://github.com/grafana/k6/blob/v1.5.0/internal/lib/summary/machinereadable/types_gen.go (Summary).

#[derive(Deserialize)]
#[serde(expecting = "an object with `metrics`")]
struct File<'a> {
    #[serde(borrow, default)]
    metrics: Option<Entries<&'a RawValue>>,
    #[serde(default)]
    config: Option<Config>,
    #[serde(borrow, default)]
    results: Option<Results<'a>>,
}

#[derive(Deserialize)]
struct Config {
    /// Seconds.
    duration: Number,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `metrics`")]
struct Results<'a> {
    #[serde(borrow)]
    metrics: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    checks: Option<Checks<'a>>,
}

#[derive(Deserialize)]
struct Checks<'a> {
    #[serde(borrow, default)]
    metrics: Vec<&'a RawValue>,
}

/// What the summary for machines calls `checks`.
const CHECKS: &str = "checks_succeeded";

/// A metric with the way to it.
struct Placed<'a> {
    name: String,
    place: Vec<Step>,
    text: &'a str,
}

/// The metrics of any form, by name where k6 writes them in no order.
fn placed<'a>(metrics: Option<Entries<&'a RawValue>>, results: Option<Results<'a>>) -> Vec<Placed<'a>> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let entries = metrics.unwrap_or_default().0.into_iter();
    let mut placed: Vec<Placed<'_>> = entries
        .map(|(name, value)| Placed { place: vec![key("metrics"), own_key(&name)], name, text: value.get() })
        .collect();
    let Some(Results { metrics, checks }) = results else { return placed };
    let list = |start: Vec<Step>, values: Vec<&'a RawValue>| {
        values.into_iter().enumerate().map(move |(index, value)| {
            let place = [start.as_slice(), &[Step::Index(index)]].concat();
            let name =
                serde_json::from_str::<Named>(value.get()).map_or_else(|_| json::path(&place), |named| named.name);
            Placed { name, place, text: value.get() }
        })
    };
    placed.extend(list(vec![key("results"), key("metrics")], metrics).filter(|metric| metric.name != "checks"));
    let checks = list(vec![key("results"), key("checks"), key("metrics")], checks.map_or_else(Vec::new, |c| c.metrics));
    placed
        .extend(checks.filter(|metric| metric.name == CHECKS).map(|metric| Placed { name: "checks".into(), ..metric }));
    placed.sort_by(|a, b| a.name.cmp(&b.name));
    placed
}

/// One metric of either form.
struct Metric {
    kind: Sort,
    values: Vec<(String, Number)>,
    /// Whether the values stand below `values`.
    nested: bool,
    /// Thresholds that were crossed.
    crossed: Vec<String>,
}

/// What k6 calls the type of a metric.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Times, in milliseconds.
    Times,
    /// Sizes in bytes.
    Sizes,
    Trend,
    Counter,
    Rate,
    Gauge,
}

/// Trends of k6's own that are times.
const TIMES: [&str; 12] = [
    "http_req_blocked",
    "http_req_connecting",
    "http_req_duration",
    "http_req_receiving",
    "http_req_sending",
    "http_req_tls_handshaking",
    "http_req_waiting",
    "iteration_duration",
    "group_duration",
    "ws_connecting",
    "ws_session_duration",
    "grpc_req_duration",
];

/// Parts of `http_req_duration` and of what comes before it.
const PHASES: [&str; 5] =
    ["http_req_blocked", "http_req_connecting", "http_req_receiving", "http_req_sending", "http_req_tls_handshaking"];

impl Metric {
    fn read(name: &str, text: &str) -> Result<Self, Wrong> {
        let Entries(fields) = json::part::<Entries<&RawValue>>(text)?;
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.get());
        let below =
            |key: &str, wrong: Wrong| Wrong { steps: [own_key(key)].into_iter().chain(wrong.steps).collect(), ..wrong };
        let nested = field("values");
        let values: Vec<(String, Number)> = if let Some(values) = nested {
            json::part::<Entries<Number>>(values).map_err(|wrong| below("values", wrong))?.0
        } else {
            let numbers = fields.iter().filter(|(name, _)| name != "thresholds").map(|(name, value)| {
                let number = json::part::<Number>(value.get()).map_err(|wrong| below(name, wrong))?;
                Ok((name.clone(), number))
            });
            numbers.collect::<Result<_, Wrong>>()?
        };
        let thresholds = match field("thresholds") {
            Some(thresholds) => json::part::<Entries<Value>>(thresholds).map_err(|wrong| below("thresholds", wrong))?,
            None => Entries::default(),
        };
        let crossed = thresholds.0.into_iter().filter(|(_, value)| match value {
            // The flat form says whether it failed, the other whether it held.
            Value::Bool(failed) => *failed,
            value => value.get("ok").and_then(Value::as_bool) == Some(false),
        });
        let word = |name: &str| field(name).and_then(|text| serde_json::from_str::<String>(text).ok());
        let base = name.split('{').next().unwrap_or(name);
        let has = |wanted: &str| values.iter().any(|(name, _)| name == wanted);
        let kind = match (word("type").as_deref(), word("contains").as_deref()) {
            (Some("trend"), Some("time")) => Sort::Times,
            (Some("trend"), Some("data")) => Sort::Sizes,
            (Some("trend"), _) => Sort::Trend,
            (Some("counter"), _) => Sort::Counter,
            (Some("rate"), _) => Sort::Rate,
            (None, _) if TIMES.contains(&base) => Sort::Times,
            (None, _) if has("passes") && has("fails") => Sort::Rate,
            (None, _) if has("avg") || has("med") || values.iter().any(|(name, _)| name.starts_with("p(")) => {
                Sort::Trend
            }
            (None, _) if has("count") && has("rate") => Sort::Counter,
            _ => Sort::Gauge,
        };
        let crossed = crossed.map(|(threshold, _)| threshold).collect();
        Ok(Self { kind, values, nested: nested.is_some(), crossed })
    }

    /// The rate of a counter, where only its count and the seconds that the test took are known.
    fn add_rate(&mut self, duration: Option<f64>) {
        if self.kind == Sort::Counter
            && self.number("rate") == Number::Missing
            && let (Some(count), Some(duration)) = (self.number("count").finite(), duration)
        {
            self.values.push(("rate".to_owned(), Number::Value(count / duration)));
        }
    }

    fn number(&self, wanted: &str) -> Number {
        self.values.iter().find(|(name, _)| name == wanted).map(|(_, number)| number.clone()).unwrap_or_default()
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let (metrics, duration) = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(File { metrics, config, results }) => {
            (placed(metrics, results), config.and_then(|config| config.duration.finite()))
        }
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if metrics.is_empty() {
        let place = json::location(document, &[key("metrics")]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the summary holds no metric").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    for (position, Placed { name, place, text }) in metrics.into_iter().enumerate() {
        let id = BenchmarkId::new(FORMAT.name, None, name.as_str());
        match Metric::read(&name, text) {
            Ok(mut metric) => {
                metric.add_rate(duration);
                for threshold in &metric.crossed {
                    let path = [place.as_slice(), &[key("thresholds"), own_key(threshold)]].concat();
                    let shown = text::shown(&threshold.as_str().into());
                    let headline = format!("`{}`: k6's threshold `{shown}` was crossed", text::shown(&id.name));
                    faults.warn(Code::BenchmarkFailed, &path, headline);
                }
                let origin = Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) };
                let mut fault = |code, path: &[Step], message| {
                    faults.row(code, &[place.as_slice(), path].concat(), &id.name, message)
                };
                add(&mut run, &mut fault, &id, &metric, origin);
            }
            Err(wrong) => {
                let path: Vec<Step> = place.into_iter().chain(wrong.steps).collect();
                let fault = faults.row(wrong.code, &path, &id.name, format!("malformed metric: {}", wrong.message));
                run.failures.insert(id, fault);
            }
        }
    }
    vec![run]
}

/// Adds what a metric says, if it is a result. `fault` reports what is wrong at a path within the metric.
fn add(
    run: &mut Run,
    fault: &mut dyn FnMut(Code, &[Step], String) -> Fault,
    id: &BenchmarkId,
    metric: &Metric,
    origin: Origin,
) {
    let base = id.name.raw().split('{').next().unwrap_or("");
    let plain = |better| Parsed { factor: 1.0, unit: Unit::One, better };
    let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
    let (name, parsed, tool_unit, value) = match metric.kind {
        Sort::Times => ("latency", unit::parse("ms"), "ms", None),
        Sort::Sizes => ("size", Parsed { better: None, ..unit::parse("B") }, "B", None),
        Sort::Trend => ("value", plain(None), "", None),
        Sort::Counter => {
            let (unit, better) = match base {
                "http_reqs" | "iterations" => ("1/s", higher),
                "dropped_iterations" => ("1/s", lower),
                "data_sent" | "data_received" => ("B/s", None),
                _ => ("1/s", None),
            };
            (MetricId::THROUGHPUT, Parsed { better, ..unit::parse(unit) }, unit, Some("rate"))
        }
        Sort::Rate => {
            let (name, better) = match base {
                "http_req_failed" => ("error-rate", lower),
                "checks" => ("check-rate", higher),
                _ => ("rate", None),
            };
            // The flat form calls it `value`.
            (name, plain(better), "", Some(if metric.nested { "rate" } else { "value" }))
        }
        Sort::Gauge if matches!(base, "vus" | "vus_max") => return,
        Sort::Gauge => ("value", plain(None), "", Some("value")),
    };
    let mut observation = rows::observation(&parsed, tool_unit, Kind::Noisy, origin);
    observation.derived = PHASES.contains(&base);
    let wanted: Vec<&str> = match value {
        Some(value) => vec![value],
        None => {
            STATISTICS.iter().map(|(name, _)| *name).filter(|name| metric.number(name) != Number::Missing).collect()
        }
    };
    let mut summary = Summary::unknown();
    let mut wrong =
        wanted.is_empty().then(|| (Code::InvalidValue, Vec::new(), "no statistic that can be read".to_owned()));
    for name in wanted {
        match rows::value_of(&metric.number(name), &parsed) {
            Ok(one) if value.is_some() => summary = Summary::of_value(one),
            Ok(one) => {
                let statistic = STATISTICS.iter().find(|(known, _)| *known == name).map(|(_, statistic)| *statistic);
                if let Some(statistic) = statistic {
                    summary = summary.with(statistic, Some(one));
                }
            }
            Err((code, why)) => {
                let path = if metric.nested { vec![key("values"), own_key(name)] } else { vec![own_key(name)] };
                wrong = Some((code, path, format!("`{name}` is {why}")));
            }
        }
    }
    if let Some((code, path, message)) = wrong {
        observation.fault = Some(Box::new(fault(code, &path, message)));
    } else if value.is_none() {
        observation.summary = summary.with_count(metric.number("count").finite().map(|n| n as u64));
    } else {
        observation.summary = summary;
    }
    rows::add(run, id, MetricId::new(name), observation);
}

/// The statistics of a trend that are read.
const STATISTICS: [(&str, Statistic); 7] = [
    ("avg", Statistic::Mean),
    ("med", Statistic::Median),
    ("max", Statistic::Max),
    ("p(75)", Statistic::P75),
    ("p(90)", Statistic::P90),
    ("p(95)", Statistic::P95),
    ("p(99)", Statistic::P99),
];
