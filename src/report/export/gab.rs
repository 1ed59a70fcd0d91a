//! The array that github-action-benchmark's custom tools take.
//!
//! One file has one direction, which the Action is told by the tool's name: `customSmallerIsBetter` or `customBiggerIsBetter`.
//! So rows of the direction that most rows have are written; `--metric` picks others. Names carry the metric where it is not
//! the time, as the Action's own extractors do.
//!
//! Source: benchmark-action/github-action-benchmark v1.20.7, README and `src/extract.ts`.

use serde_json::{Value, json};

use super::super::{Output, Style};
use super::{centre, names};
use crate::model::{Better, MetricId, Run};
use crate::unit;

/// The entry in the table of exports.
pub(super) static OUTPUT: Output<[Run]> =
    Output { name: "gab", title: "github-action-benchmark's custom JSON, one direction a file", render };

/// The direction that most series have, and how many have another or none.
pub fn direction(runs: &[Run]) -> (Better, usize) {
    let count =
        |wanted: Option<Better>| runs.iter().flat_map(|r| r.series.values()).filter(|s| s.better == wanted).count();
    let (lower, higher, unknown) = (count(Some(Better::Lower)), count(Some(Better::Higher)), count(None));
    if higher > lower { (Better::Higher, lower + unknown) } else { (Better::Lower, higher + unknown) }
}

fn render(runs: &[Run], _: &Style) -> String {
    let name_of = names(runs);
    let (wanted, _) = direction(runs);
    let rows: Vec<Value> = runs
        .iter()
        .flat_map(|run| &run.series)
        .filter(|(_, seen)| seen.better == Some(wanted))
        .filter_map(|(key, seen)| {
            let value = centre(seen)?;
            let scale = unit::scale(&seen.unit, value);
            let name = name_of(&key.benchmark);
            let name = if key.metric.raw() == MetricId::TIME { name } else { format!("{name} - {}", key.metric.raw()) };
            let mut row = json!({ "name": name, "unit": scale.suffix, "value": value / scale.divisor });
            if let (Some(deviation), Some(row)) = (seen.summary.stddev().filter(|d| d.is_finite()), row.as_object_mut())
            {
                row.insert("range".to_owned(), json!(format!("± {}", deviation / scale.divisor)));
            }
            Some(row)
        })
        .collect();
    let text = serde_json::to_string_pretty(&Value::Array(rows)).unwrap_or_default();
    format!("{text}\n")
}
