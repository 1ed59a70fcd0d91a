//! What iai prints: Cachegrind's counts for each benchmark.
//!
//! Not here: the changes that stand behind the counts, which are relative to the last run on that machine.

use super::json::Number;
use super::rows;
use super::valgrind::Count;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Run};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "iai",
    title: "iai text",
    url: "https://github.com/bheisler/iai",
    tested: "0.1",
    written_by: "cargo bench | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// The counts of a benchmark, in their order.
// https://github.com/bheisler/iai/blob/0.1.1/src/lib.rs (runner)
const LABELS: [&str; 5] = ["Instructions", "L1 Accesses", "L2 Accesses", "RAM Accesses", "Estimated Cycles"];

fn claims(probe: &Probe<'_>) -> bool {
    !probe.is_json() && probe.text.lines().any(|line| count(line).is_some_and(|(label, _)| label == "L1 Accesses"))
}

/// The label and the number of a line such as `  L1 Accesses:   2364 (+0.1%)`.
fn count(line: &str) -> Option<(&'static str, &str)> {
    let (label, rest) = line.strip_prefix("  ")?.split_once(':')?;
    let label = LABELS.into_iter().find(|known| *known == label)?;
    let number = rest.split_whitespace().next().unwrap_or("");
    (!number.contains('|')).then_some((label, number))
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(FORMAT.name);
    let mut name = "";
    let (mut position, mut expected) = (0, 0);
    let mut lines = document.text.lines().peekable();
    while let Some(line) = lines.next() {
        let id = BenchmarkId::new(FORMAT.name, None, name);
        let Some((label, number)) = count(line) else {
            if expected > 0 && expected < LABELS.len() && !name.is_empty() {
                cut(document, diagnostics, &mut run, id, line);
            }
            expected = 0;
            if !line.starts_with(' ') && !line.trim().is_empty() {
                name = line.trim();
            }
            continue;
        };
        if expected == 0 {
            position += 1;
        }
        expected += 1;
        let whole = lines.peek().is_some() || document.text.ends_with('\n') || expected == LABELS.len();
        let number = number.parse::<f64>().map_or_else(|_| Number::Text(number.into()), Number::Value);
        let count = Count::of("", label);
        match count.observe(&number, rows::origin(position - 1)) {
            Ok(_) if !whole => cut(document, diagnostics, &mut run, id, line),
            Ok(observation) => rows::add(&mut run, &id, count.metric, observation),
            Err((code, why)) => {
                let message = format!("`{label}` is {why}");
                let fault = rows::bad_line(document, diagnostics, code, line, &id.name, message);
                run.failures.entry(id).or_insert(fault);
            }
        }
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "no line of the output is a benchmark's count");
        return Vec::new();
    }
    vec![run]
}

/// A benchmark whose counts are not all there.
fn cut(document: &Document<'_>, diagnostics: &mut Diagnostics, run: &mut Run, id: BenchmarkId, line: &str) {
    let fault = rows::bad_line(document, diagnostics, Code::TruncatedLine, line, &id.name, "its counts are cut short");
    run.failures.entry(id).or_insert(fault);
}
