//! Bencher Metric Format, as `bencher run --adapter json` takes it.
//!
//! A time is Bencher's `latency` in nanoseconds, `throughput` is per second; other metrics keep their name, in base units.
//! The bounds are one standard deviation on both sides, where it is known. Benchmarks of several runs keep the last run's
//! value, because the format has room for one.
//!
//! Source: bencherdev/bencher v0.5.0, `lib/bencher_json/src/project/metric.rs`.

use serde_json::{Map, Value, json};

use super::super::{Output, Style};
use super::{centre, names};
use crate::model::{MetricId, Run, Unit};

/// The entry in the table of exports.
pub(super) static OUTPUT: Output<[Run]> =
    Output { name: "bmf", title: "Bencher Metric Format, for `bencher run --adapter json`", render };

fn render(runs: &[Run], _: &Style) -> String {
    let name = names(runs);
    let mut all: Map<String, Value> = Map::new();
    for (key, seen) in runs.iter().flat_map(|run| &run.series) {
        let Some(value) = centre(seen) else { continue };
        let (measure, factor) = match (key.metric.raw(), &seen.unit) {
            (MetricId::TIME, Unit::Second) => ("latency", 1e9),
            (metric, _) => (metric, 1.0),
        };
        let mut metric = json!({ "value": value * factor });
        if let (Some(deviation), Some(metric)) =
            (seen.summary.stddev().filter(|d| d.is_finite()), metric.as_object_mut())
        {
            metric.insert("lower_value".to_owned(), json!((value - deviation) * factor));
            metric.insert("upper_value".to_owned(), json!((value + deviation) * factor));
        }
        let measures = all.entry(name(&key.benchmark)).or_insert_with(|| json!({}));
        if let Some(measures) = measures.as_object_mut() {
            measures.insert(measure.to_owned(), metric);
        }
    }
    let text = serde_json::to_string_pretty(&Value::Object(all)).unwrap_or_default();
    format!("{text}\n")
}
