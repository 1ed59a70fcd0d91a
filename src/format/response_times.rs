//! The text that hey writes, and oha after it: a summary, a distribution, status codes and errors.
//!
//! hey writes seconds, oha the unit that fits. Statuses from 400 on are failures, and so are requests without an answer. Those
//! that oha aborted at the end of its time are neither: they were under way.
//!
//! Not here: which of the two wrote it, and the details of connecting, which are parts of the whole.

use super::lines;
use super::load::{self, Load};
use crate::model::Statistic;

/// What both tools write before the times of connecting.
pub(super) const DETAILS: &str = "Details (average, fastest, slowest)";
/// What oha writes first in its summary and hey never.
pub(super) const SUCCESS: &str = "Success rate:";
/// The first line of each result.
const FIRST: &str = "Summary:";
/// Requests that oha left when its time was over.
pub(super) const DEADLINE: &str = "aborted due to deadline";

/// A result, and its first line.
pub(super) struct Result<'a> {
    pub(super) first: &'a str,
    pub(super) load: Load,
    /// Requests that got no answer.
    broken: f64,
    /// Whether the part that comes last is there.
    pub(super) is_whole: bool,
}

/// The results in a text.
pub(super) fn results(text: &str) -> Vec<Result<'_>> {
    let mut results: Vec<Result<'_>> = Vec::new();
    let mut section = "";
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed == FIRST {
            results.push(Result { first: line, load: Load::unknown("s"), broken: 0.0, is_whole: false });
        }
        let Some(Result { load, broken, is_whole, .. }) = results.last_mut() else { continue };
        if !line.starts_with([' ', '\t']) {
            if !trimmed.is_empty() {
                section = trimmed.split([':', '(']).next().unwrap_or("").trim_end();
            }
            *is_whole |= section == "Status code distribution";
            continue;
        }
        match section {
            "Summary" => match trimmed.split_once(':') {
                Some(("Average", value)) => load.set(Statistic::Mean, lines::seconds(value)),
                Some(("Slowest", value)) => load.set(Statistic::Max, lines::seconds(value)),
                Some(("Requests/sec", value)) => load.throughput = lines::number(value.trim()),
                Some(("Size/sec", value)) => load.transfer = bytes(value.trim()),
                _ => {}
            },
            "Latency distribution" | "Response time distribution" => {
                if let Some((percentage, value)) = trimmed.split_once("% in ")
                    && let Some(statistic) = lines::number(percentage).and_then(load::percentile)
                {
                    load.set(statistic, lines::seconds(value));
                }
            }
            "Status code distribution" => {
                if let Some((code, count)) = bracketed(trimmed) {
                    load.all += count;
                    load.failed += if code.parse::<u16>().is_ok_and(|code| code < 400) { 0.0 } else { count };
                }
            }
            "Error distribution" => {
                // Here the number is in the brackets.
                if let Some((count, error)) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']'))
                    && let Some(count) = lines::number(count)
                    && error.trim() != DEADLINE
                {
                    *broken += count;
                }
            }
            _ => {}
        }
    }
    for Result { load, broken, .. } in &mut results {
        load.latency = load.latency.clone().with_count(Some(load.all as u64));
        load.all += *broken;
        load.failed += *broken;
    }
    results
}

/// The code and the number in `[200] 50 responses`.
fn bracketed(text: &str) -> Option<(&str, f64)> {
    let (code, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((code, lines::number(rest.split_whitespace().next()?)?))
}

/// Bytes in `6.40 KiB`.
fn bytes(text: &str) -> Option<f64> {
    let (value, unit) = text.split_once(' ')?;
    let parsed = crate::unit::parse(unit);
    (parsed.unit == crate::unit::Unit::Byte).then_some(lines::number(value)? * parsed.factor)
}
