//! What Valgrind's tools count, under the names that gungraun, iai-callgrind and iai share.
//!
//! `instructions` and `estimated-cycles` are the answer; hits and misses of caches are what the cycles are computed from, and
//! are judged only where the configuration names them. Whether more hits of a cache are good depends on what they replace, so
//! hits have no direction. What DHAT finds allocated is `memory` and `allocs`, its peak `memory.peak`.
//!
//! Callgrind counts what the code does, not how long it takes: counts are exact, and a shift of a few instructions between
//! machines comes from another build.
//!
//! Not here: the documents and texts that hold the counts.

use super::json::Number;
use super::rows;
use crate::diag::Code;
use crate::model::{Better, Kind, MetricId, Observation, Origin, Unit};
use crate::unit::Parsed;

/// A count of one of Valgrind's tools: which metric it is, and how it is judged.
pub(super) struct Count {
    /// The metric.
    pub(super) metric: MetricId,
    unit: Unit,
    better: Option<Better>,
    judged: bool,
}

/// A count by its key in JSON, the labels that texts have, the metric, the good direction, and whether it is judged.
type Known = (&'static str, &'static [&'static str], &'static str, Option<Better>, bool);

#[rustfmt::skip]
const KNOWN: &[Known] = &[
    ("Ir", &["Instructions"], "instructions", Some(Better::Lower), true),
    ("EstimatedCycles", &["Estimated Cycles"], "estimated-cycles", Some(Better::Lower), true),
    // iai calls hits accesses.
    ("L1hits", &["L1 Hits", "L1 Accesses"], "l1-hits", None, false),
    ("LLhits", &["LL Hits", "L2 Hits", "L2 Accesses"], "ll-hits", None, false),
    ("RamHits", &["RAM Hits", "RAM Accesses"], "ram-hits", Some(Better::Lower), false),
    ("TotalRW", &["Total read+write"], "reads-and-writes", Some(Better::Lower), false),
    ("TotalBytes", &["Total bytes"], MetricId::MEMORY, Some(Better::Lower), true),
    ("TotalBlocks", &["Total blocks"], MetricId::ALLOCS, Some(Better::Lower), true),
    ("AtTGmaxBytes", &["At t-gmax bytes"], "memory.peak", Some(Better::Lower), true),
    ("AtTGmaxBlocks", &["At t-gmax blocks"], "allocs.peak", Some(Better::Lower), false),
    ("AtTEndBytes", &["At t-end bytes"], "memory.end", Some(Better::Lower), false),
    ("AtTEndBlocks", &["At t-end blocks"], "allocs.end", Some(Better::Lower), false),
    ("ReadsBytes", &["Reads bytes"], "memory.reads", Some(Better::Lower), false),
    ("WritesBytes", &["Writes bytes"], "memory.writes", Some(Better::Lower), false),
    ("MaximumBytes", &["Maximum bytes"], "memory.maximum", Some(Better::Lower), false),
    ("MaximumBlocks", &["Maximum blocks"], "allocs.maximum", Some(Better::Lower), false),
    ("Errors", &["Errors"], "errors", Some(Better::Lower), true),
];

impl Count {
    /// The count that a tool (`Callgrind`, `DHAT`, …) calls so, by its key or its label.
    pub(super) fn of(tool: &str, name: &str) -> Self {
        let known = KNOWN.iter().find(|(key, labels, ..)| *key == name || labels.contains(&name));
        let (metric, better, judged) = if let Some((_, _, metric, better, judged)) = known {
            ((*metric).to_owned(), *better, *judged)
        } else {
            let name = name.replace(' ', "");
            let better = match name.as_str() {
                "L1HitRate" => Some(Better::Higher),
                hits if hits.contains("Hit") => None,
                _ => Some(Better::Lower),
            };
            (name, better, false)
        };
        let metric = match tool.to_ascii_lowercase().as_str() {
            "" | "callgrind" | "dhat" => metric,
            // Two tools that count the same thing do not count the same.
            other => format!("{other}.{metric}"),
        };
        let unit = if metric.starts_with(MetricId::MEMORY) { Unit::Byte } else { Unit::One };
        Self { metric: MetricId::new(metric), unit, better, judged }
    }

    /// The observation of a number.
    ///
    /// # Errors
    /// What is wrong with the number.
    pub(super) fn observe(&self, number: &Number, origin: Origin) -> Result<Observation, (Code, String)> {
        let parsed = Parsed { factor: 1.0, unit: self.unit.clone(), better: self.better };
        let mut observation = rows::observation(&parsed, "", Kind::Exact, origin);
        observation.derived = !self.judged;
        let value = rows::value_of(number, &parsed)?;
        if value < 0.0 {
            return Err((Code::InvalidValue, "negative".to_owned()));
        }
        observation.set_value(value);
        Ok(observation)
    }
}
