//! What gungraun (iai-callgrind before 0.17) prints: a line with the benchmark's path and its id, and the counts of Valgrind's tools below.
//!
//! A benchmark is its path and its id. The arguments that stand behind them are cut at some width, so they are not part
//! of the name, unless nothing else tells two benchmarks apart. Each count is `new|old`; the old one is of the last run on that machine and is not read.
//!
//! Not here: comparisons of one benchmark with another (`compare_by_id`), and the text of profiles.

use std::collections::{BTreeMap, BTreeSet};

use super::json::Number;
use super::rows;
use super::valgrind::Count;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Run};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "gungraun-text",
    title: "gungraun text",
    url: "https://gungraun.github.io/gungraun",
    tested: "0.13 to 0.20",
    written_by: "cargo bench | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// The tool, as the JSON names it.
const TOOL: &str = "gungraun";

fn claims(probe: &Probe<'_>) -> bool {
    let mut headed = false;
    !probe.is_json()
        && probe.text.lines().any(|line| {
            headed |= header(line).is_some();
            headed && count(line).is_some_and(|(_, new)| new.parse::<f64>().is_ok())
        })
}

/// The name of a benchmark: `bench::group::function` and the id behind it, without its arguments.
fn header(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let path = words.next()?;
    let parts: Vec<&str> = path.split("::").collect();
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    if parts.len() < 3 || !parts.iter().all(|part| is_name(part)) {
        return None;
    }
    let id = words.next().and_then(|word| word.split(':').next()).filter(|id| is_name(id));
    Some(id.map_or_else(|| path.to_owned(), |id| format!("{path} {id}")))
}

/// The label and the new value of a line such as `  Instructions:   1734|1650   (+5.09090%)`.
// https://github.com/gungraun/gungraun/blob/v0.17.0/gungraun-runner/src/runner/format.rs (VerticalFormatter)
fn count(line: &str) -> Option<(&str, &str)> {
    let (label, rest) = line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '=', '#']))?.split_once(':')?;
    let (new, old) = rest.split_once('|')?;
    let words = old.split_whitespace().next().unwrap_or("");
    let is_value = |text: &str| matches!(text, "" | "N/A") || text.starts_with(|c: char| c.is_ascii_digit());
    (is_value(new.trim()) && (is_value(words) || words.starts_with('('))).then_some((label, new.trim()))
}

/// A benchmark on its way.
struct Current<'a> {
    id: BenchmarkId,
    line: &'a str,
    counts: usize,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(TOOL);
    let mut current: Option<Current<'_>> = None;
    let (mut tool, mut skip, mut position) = ("Callgrind", false, 0);
    let mut lines: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for line in document.text.lines() {
        if let Some(name) = header(line) {
            lines.entry(name).or_default().insert(line.trim_end());
        }
    }
    for line in document.text.lines() {
        if let Some(name) = header(line) {
            ended(document, diagnostics, &mut run, current.take());
            let several = lines.get(&name).is_some_and(|lines| lines.len() > 1);
            let name = if several { line.trim_end().to_owned() } else { name };
            current = Some(Current { id: BenchmarkId::new(TOOL, None, name), line, counts: 0 });
            (tool, skip) = ("Callgrind", false);
            position += 1;
        } else if let Some(section) = line.strip_prefix("  =======") {
            tool = section.trim().split(' ').next().unwrap_or("Callgrind");
            skip = false;
        } else if let Some(part) = line.strip_prefix("  ## ") {
            // Processes and threads come before the total of all of them.
            skip = !part.starts_with("Total");
        } else if line.starts_with("  Comparison with ") {
            skip = true;
        } else if let (Some((label, new)), Some(current), false) = (count(line), current.as_mut(), skip) {
            // Measured by the old run alone.
            if new.is_empty() || new == "N/A" {
                continue;
            }
            current.counts += 1;
            let count = Count::of(tool, label);
            let number = new.parse::<f64>().map_or_else(|_| Number::Text(new.into()), Number::Value);
            match count.observe(&number, rows::origin(position - 1)) {
                Ok(observation) => rows::add(&mut run, &current.id, count.metric, observation),
                Err((code, why)) => {
                    let message = format!("`{}` is {why}", crate::text::shown(&label.into()));
                    let fault = rows::bad_line(document, diagnostics, code, line, &current.id.name, message);
                    run.failures.entry(current.id.clone()).or_insert(fault);
                }
            }
        }
    }
    ended(document, diagnostics, &mut run, current);
    if run.is_empty() {
        rows::no_results(document, diagnostics, "no line of the output is a benchmark's count");
        return Vec::new();
    }
    vec![run]
}

/// A benchmark without counts did not come to its end.
fn ended(document: &Document<'_>, diagnostics: &mut Diagnostics, run: &mut Run, current: Option<Current<'_>>) {
    if let Some(Current { id, line, counts: 0 }) = current {
        let fault = rows::bad_line(document, diagnostics, Code::BenchmarkFailed, line, &id.name, "has no counts");
        run.failures.entry(id).or_insert(fault);
    }
}
