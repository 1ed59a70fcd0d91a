//! divan's text: a tree of benchmarks with the fastest, slowest, median and mean time of an iteration.
//!
//! A benchmark is its path in the tree below the crate, arguments and types included: `group/function/argument`; the crate is
//! its package. Rows below a benchmark belong to it: rates of its counters, and what it allocated in the sample that each
//! column is of, of which the median and the mean are read. The crate's tree once more is a further run.
//!
//! Not here: benchmarks that were ignored, and how long they took in all.

use super::json::Number;
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Better, Kind, MetricId, Origin, Run, Statistic, Summary, Unit};
use crate::text::Untrusted;
use crate::unit::{self, Parsed};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "divan",
    title: "divan text",
    url: "https://github.com/nvzqz/divan",
    tested: "0.1",
    written_by: "cargo bench | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// The metric that is judged of what was allocated at most.
const PEAK: &str = "memory.peak";

fn claims(probe: &Probe<'_>) -> bool {
    !probe.is_json() && probe.text.lines().any(|line| head(line).is_some())
}

/// The crate in the first line of a tree, and at which character its columns begin.
// https://github.com/nvzqz/divan/blob/v0.1.21/src/tree_painter.rs
fn head(line: &str) -> Option<(&str, usize)> {
    let (name, columns) = line.split_once("fastest")?;
    let columns: Vec<&str> = columns.split('│').map(str::trim).collect();
    let known = ["", "slowest", "median", "mean", "samples", "iters"];
    (columns == known && !name.trim().is_empty()).then(|| (name.trim(), name.chars().count()))
}

/// A row's name with its depth, if it has one, and its cells.
struct Row<'a> {
    named: Option<(usize, &'a str)>,
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    /// Reads a row of a tree whose columns begin at character `column`.
    fn of(line: &'a str, column: usize) -> Option<Self> {
        let split = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let (mut name, cells) = (line.get(..split)?, line.get(split..)?);
        let mut depth = 0;
        loop {
            if let Some(rest) = ["├─ ", "╰─ "].iter().find_map(|branch| name.strip_prefix(branch)) {
                let cells = cells.split('│').map(str::trim).collect();
                return Some(Self { named: Some((depth, rest.trim())), cells });
            }
            match ["│  ", "   "].iter().find_map(|stem| name.strip_prefix(stem)) {
                Some(rest) => name = rest,
                None if name.trim().trim_matches('│').is_empty() && cells.contains('│') => {
                    return Some(Self { named: None, cells: cells.split('│').map(str::trim).collect() });
                }
                None => return None,
            }
            depth += 1;
        }
    }
}

/// Where in a tree the next row belongs.
struct Tree<'a> {
    package: &'a str,
    column: usize,
    path: Vec<&'a str>,
    /// The benchmark that rows without a name belong to.
    current: Option<BenchmarkId>,
    /// What such rows are about: `alloc`, `max alloc`, …; rates without one.
    section: &'a str,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut runs: Vec<(Vec<&str>, Run)> = Vec::new();
    let mut tree: Option<Tree<'_>> = None;
    let mut position = 0;
    for line in document.text.lines() {
        if let Some((package, column)) = head(line) {
            match runs.last_mut() {
                Some((packages, _)) if !packages.contains(&package) => packages.push(package),
                _ => runs.push((vec![package], Run::of_tool(FORMAT.name))),
            }
            tree = Some(Tree { package, column, path: Vec::new(), current: None, section: "" });
            continue;
        }
        let (Some(tree), Some((_, run))) = (tree.as_mut(), runs.last_mut()) else { continue };
        let Some(row) = Row::of(line, tree.column) else { continue };
        let Some((depth, name)) = row.named else {
            if let Some(id) = tree.current.clone() {
                below(document, diagnostics, run, tree, &id, line, &row.cells, rows::origin(position));
            }
            continue;
        };
        tree.path.truncate(depth);
        tree.path.push(name);
        (tree.current, tree.section) = (None, "");
        let first = row.cells.first().copied().unwrap_or("");
        let group = first.is_empty() && row.cells.len() > 1;
        if group || first == "(ignored)" {
            continue;
        }
        position += 1;
        let id = BenchmarkId::new(FORMAT.name, Some(tree.package.into()), tree.path.join("/"));
        if row.cells.len() < 6 {
            let (code, message) = if first.is_empty() {
                (Code::BenchmarkFailed, "was begun and has no result")
            } else {
                (Code::TruncatedLine, "has a result that is cut short")
            };
            let fault = rows::bad_line(document, diagnostics, code, line, &id.name, message);
            run.failures.insert(id, fault);
            continue;
        }
        let samples = row.cells.get(4).and_then(|n| n.parse().ok());
        let statistics = [Statistic::Min, Statistic::Max, Statistic::Median, Statistic::Mean];
        let cells: Vec<_> = statistics.into_iter().zip(row.cells.iter().copied()).collect();
        let mut time = rows::time(first.split(' ').nth(1).unwrap_or(""), rows::origin(position));
        let read = summary(&cells, |unit| Some(unit::parse(unit)).filter(|parsed| parsed.unit == Unit::Second));
        match read {
            Ok(summary) => time.summary = summary.with_count(samples),
            Err((code, message)) => {
                let fault = rows::bad_line(document, diagnostics, code, line, &id.name, message);
                time.fault = Some(Box::new(fault));
            }
        }
        rows::add(run, &id, MetricId::new(MetricId::TIME), time);
        tree.current = Some(id);
    }
    let runs: Vec<Run> = runs.into_iter().map(|(_, run)| run).filter(|run| !run.is_empty()).collect();
    if runs.is_empty() {
        rows::no_results(document, diagnostics, "the tree holds no benchmark's result");
    }
    runs
}

/// Reads cells such as `1.5 µs` as the statistics that they are.
fn summary(cells: &[(Statistic, &str)], unit: impl Fn(&str) -> Option<Parsed>) -> Result<Summary, (Code, String)> {
    let mut summary = Summary::unknown();
    for (statistic, cell) in cells {
        let wrong =
            || (Code::MalformedNumber, format!("not a value: `{}`", crate::text::shown(&Untrusted::from(*cell))));
        let (number, tail) = cell.split_once(' ').unwrap_or((cell, ""));
        let number: f64 = number.replace(',', "").parse().map_err(|_| wrong())?;
        let parsed = unit(tail.trim()).ok_or_else(wrong)?;
        let value = rows::value_of(&Number::Value(number), &parsed)?;
        summary = summary.with(*statistic, Some(value));
    }
    Ok(summary)
}

/// Takes a row below a benchmark.
fn below<'a>(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    tree: &mut Tree<'a>,
    id: &BenchmarkId,
    line: &str,
    cells: &[&'a str],
    origin: Origin,
) {
    let Some(first) = cells.first().copied().filter(|cell| !cell.is_empty()) else { return };
    if let Some(section) = first.strip_suffix(':') {
        tree.section = section;
        return;
    }
    let unit = first.split_once(' ').map_or("", |(_, unit)| unit.trim());
    let (metric, parsed, better, kind, statistics) = if tree.section.is_empty() {
        let (metric, parsed) = rate(unit);
        let statistics = [Statistic::Max, Statistic::Min, Statistic::Median, Statistic::Mean];
        (metric.to_owned(), parsed, Better::Higher, Kind::Noisy, statistics.to_vec())
    } else {
        let parsed = unit::parse(unit);
        let metric = if parsed.unit == Unit::Byte { MetricId::MEMORY } else { MetricId::ALLOCS };
        let metric = match tree.section {
            "alloc" => metric.to_owned(),
            "max alloc" => format!("{metric}.peak"),
            other => format!("{metric}.{}", other.replace(' ', "-")),
        };
        (metric, parsed, Better::Lower, Kind::Exact, vec![Statistic::Median, Statistic::Mean])
    };
    let columns = if statistics.len() == 4 { 0..4 } else { 2..4 };
    let values = cells.get(columns);
    let parsed = Parsed { better: Some(better), ..parsed };
    let mut observation = rows::observation(&parsed, unit, kind, origin);
    observation.derived = tree.section != "alloc" && metric != PEAK;
    let unit_of = |unit: &str| {
        let other = if tree.section.is_empty() { rate(unit).1 } else { unit::parse(unit) };
        (other.unit == parsed.unit).then_some(other)
    };
    let read = match values {
        Some(values) => summary(&statistics.into_iter().zip(values.iter().copied()).collect::<Vec<_>>(), unit_of),
        None => Err((Code::TruncatedLine, "has a result that is cut short".to_owned())),
    };
    match read {
        Ok(summary) => observation.summary = summary,
        Err((code, message)) => {
            let fault = rows::bad_line(document, diagnostics, code, line, &id.name, message);
            observation.fault = Some(Box::new(fault));
        }
    }
    rows::add(run, id, MetricId::new(metric), observation);
}

/// The metric that the rate of a counter is, and its unit.
// https://github.com/nvzqz/divan/blob/v0.1.21/src/util/fmt.rs (Scale::suffix)
fn rate(unit: &str) -> (&'static str, Parsed) {
    let counted = [("item/s", MetricId::THROUGHPUT), ("char/s", "throughput.chars"), ("Hz", "throughput.cycles")];
    for (suffix, metric) in counted {
        let factor = match unit.strip_suffix(suffix) {
            Some("") => 1.0,
            Some("K") => 1e3,
            Some("M") => 1e6,
            Some("G") => 1e9,
            Some("T") => 1e12,
            Some("P") => 1e15,
            _ => continue,
        };
        return (metric, Parsed { factor, unit: Unit::PerSecond, better: Some(Better::Higher) });
    }
    ("throughput.bytes", unit::parse(unit))
}
