//! Bencher Metric Format: benchmarks, their measures, and a value for each, as Bencher's `json` adapter takes it.
//!
//! Measures that Bencher itself defines have the units that it gives them; `latency` is the time of the other formats. What others
//! count, and which direction is good for them, only Bencher's configuration knows.
//!
//! The bounds beside a value mean what the tool that wrote them meant, an interval or a width, so they are not used.
//!
//! Not here: reports and other answers of Bencher's server.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Step};
use super::rows::{self, Faults, own_key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Kind, MetricId, Origin, Run};
use crate::text;
use crate::unit::{self, Parsed, Unit};

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "bmf",
    title: "Bencher Metric Format",
    url: "https://bencher.dev/docs/reference/bencher-metric-format/",
    tested: "0.5",
    written_by: "a program that writes {\"BENCHMARK\": {\"MEASURE\": {\"value\": 1}}}",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    /// A measure, whatever its values are.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[serde(rename = "value")]
        _value: IgnoredAny,
        #[serde(default, rename = "lower_value")]
        _lower: IgnoredAny,
        #[serde(default, rename = "upper_value")]
        _upper: IgnoredAny,
    }
    // Nothing but its shape tells it, so all of it must have that: what is cut is looked at as a whole afterwards.
    if probe.first != Some('{') || !probe.text.contains("\"value\"") {
        return false;
    }
    let text = json::repaired(probe.text);
    let shape = serde_json::from_str::<Entries<Entries<Shape>>>(&text);
    shape.is_ok_and(|Entries(all)| all.iter().any(|(_, measures)| !measures.0.is_empty()))
}

// https://github.com/bencherdev/bencher/blob/v0.5.0/lib/bencher_json/src/project/metric.rs (JsonNewMetric)

#[derive(Deserialize)]
#[serde(expecting = "a measure as an object")]
struct Measure {
    #[serde(default)]
    value: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let benchmarks = match json::parse::<Entries<&RawValue>>(document, &mut scratch, FORMAT.written_by) {
        Ok(Entries(benchmarks)) => benchmarks,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if benchmarks.is_empty() {
        let place = json::location(document, &[]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no benchmark").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    for (position, (name, measures)) in benchmarks.into_iter().enumerate() {
        let id = BenchmarkId::new(FORMAT.name, None, name.as_str());
        let origin = Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) };
        let measures = match json::part::<Entries<&RawValue>>(measures.get()) {
            Ok(Entries(measures)) => measures,
            Err(wrong) => {
                let path: Vec<Step> = [own_key(&name)].into_iter().chain(wrong.steps).collect();
                let fault = faults.row(wrong.code, &path, &id.name, format!("malformed entry: {}", wrong.message));
                run.failures.insert(id, fault);
                continue;
            }
        };
        for (measure, value) in measures {
            let (metric, parsed, tool_unit) = meaning(&measure);
            let mut observation = rows::observation(&parsed, tool_unit, Kind::Noisy, origin);
            let read = json::part::<Measure>(value.get()).map_err(|wrong| {
                let path: Vec<Step> = [own_key(&name), own_key(&measure)].into_iter().chain(wrong.steps).collect();
                (wrong.code, path, format!("`{}`: {}", text::shown(&measure.as_str().into()), wrong.message))
            });
            let read = read.and_then(|Measure { value }| {
                rows::value_of(&value, &parsed).map_err(|(code, why)| {
                    let path = vec![own_key(&name), own_key(&measure), rows::key("value")];
                    (code, path, format!("`{}` is {why}", text::shown(&measure.as_str().into())))
                })
            });
            match read {
                Ok(value) => observation.set_value(value),
                Err((code, path, message)) => {
                    observation.fault = Some(Box::new(faults.row(code, &path, &id.name, message)));
                }
            }
            rows::add(&mut run, &id, metric, observation);
        }
    }
    vec![run]
}

/// Metric and unit of a measure, by its name or the short form of it.
// https://github.com/bencherdev/bencher/blob/v0.5.0/lib/bencher_json/src/project/measure.rs
fn meaning(measure: &str) -> (MetricId, Parsed, &'static str) {
    let (metric, unit) = match measure {
        "latency" | "Latency" => (MetricId::TIME, "ns"),
        "throughput" | "Throughput" => (MetricId::THROUGHPUT, "ops/s"),
        "file-size" | "File Size" => ("file-size", "B"),
        "build-time" | "Build Time" => ("build-time", "s"),
        other => {
            let plain = Parsed { factor: 1.0, unit: Unit::One, better: None };
            return (MetricId::new(other), plain, "");
        }
    };
    (MetricId::new(metric), unit::parse(unit), unit)
}
