//! What `asv run` prints: a line for each benchmark, and a table below it where it has parameters.
//!
//! Each environment that was measured is a run. A benchmark with parameters has a result for each combination of them, which become
//! benchmarks of their own: `suite.time_make(1000, set)`. asv prints strings without their quotes, so such names differ from those of its
//! result files, which have more digits and samples besides. What a benchmark measures is told by the prefix that asv demands
//! of its name. A time is `median±half of the quartile range`; the median is read.
//!
//! Not here: tables of `asv compare` and `asv continuous`, which hold two runs in one.

use super::json::Number;
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Better, Kind, MetricId, Run, Statistic, Summary, Unit};
use crate::text;
use crate::unit::{self, Parsed};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "asv-text",
    title: "airspeed velocity text",
    url: "https://asv.readthedocs.io",
    tested: "0.2 to 0.6",
    written_by: "asv run | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// The tool, as its result files have it.
const TOOL: &str = "asv";

fn claims(probe: &Probe<'_>) -> bool {
    !probe.is_json() && probe.text.lines().any(|line| result(line).is_some())
}

/// The text behind a progress mark such as `[ 35.00%] `, and how many dots it begins with.
fn progress(line: &str) -> Option<(usize, &str)> {
    let rest = line.strip_prefix('[')?;
    let (share, rest) = rest.split_once("%] ")?;
    share.trim().parse::<f64>().ok()?;
    let text = rest.trim_start_matches('·');
    Some(((rest.len() - text.len()) / '·'.len_utf8(), text.trim()))
}

/// The name of a benchmark and its result.
fn result(line: &str) -> Option<(&str, &str)> {
    let (3, text) = progress(line)? else { return None };
    let (name, value) = text.split_once("  ")?;
    let is_name = name.contains('.') && !name.contains(|c: char| c.is_whitespace() || c == '(');
    is_name.then(|| (name, value.trim())).filter(|(_, value)| !value.is_empty())
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut commit = None;
    let mut lines = document.text.lines().peekable();
    let mut position = 0;
    while let Some(line) = lines.next() {
        if let Some((_, text)) = progress(line) {
            // `For project commit 4238c44d <master>:`
            let words = text.strip_prefix("For ").and_then(|rest| rest.split_once(" commit "));
            if let Some(id) = words.and_then(|(_, rest)| rest.split([' ', ':']).next()) {
                commit = Some(id);
            }
            if let Some(environment) = text.strip_prefix("Benchmarking ") {
                let mut run = Run::of_tool(TOOL);
                run.subject.commit = commit.map(Into::into);
                run.environment.labels.extend([("environment".into(), environment.into())]);
                runs.push(run);
            }
        }
        let Some((name, value)) = result(line) else { continue };
        if runs.is_empty() {
            runs.push(Run::of_tool(TOOL));
        }
        let Some(run) = runs.last_mut() else { continue };
        let mut results = vec![(name.to_owned(), value, line)];
        if value == "ok" || value.ends_with(" failed") {
            let mut table = Vec::new();
            // The first line of a table stands behind a progress mark as well.
            if let Some((3, rule)) = lines.peek().and_then(|line| progress(line))
                && rule.starts_with('=')
            {
                let first = lines.next().unwrap_or("");
                table.push(first);
                while let Some(line) = lines.next_if(|line| !line.trim().is_empty() && progress(line).is_none()) {
                    table.push(line);
                }
                results = cells(name, &table);
            }
        }
        for (name, value, line) in results {
            let id = BenchmarkId::new(TOOL, None, name.as_str());
            add(document, diagnostics, run, id, value, line, position);
            position += 1;
        }
    }
    runs.retain(|run| !run.is_empty());
    if runs.is_empty() {
        rows::no_results(document, diagnostics, "no line of the output is a benchmark's result");
    }
    runs
}

/// The results of a table: one for each combination of parameters.
///
/// With several parameters the values of the last one name the columns, and a row of `--` says how many others there are.
fn cells<'a>(name: &str, table: &[&'a str]) -> Vec<(String, &'a str, &'a str)> {
    let Some(first) = table.first() else { return Vec::new() };
    // Rules tell where columns are, by characters; the first line has a progress mark of the same width.
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for (at, c) in first.chars().enumerate().filter(|(_, c)| *c == '=') {
        match columns.last_mut() {
            Some((_, end)) if *end == at => *end = at + c.len_utf8(),
            _ => columns.push((at, at + 1)),
        }
    }
    let cut = |line: &'a str| -> Vec<&'a str> {
        let part = |from: usize, to: usize| {
            let offset = |nth: usize| line.char_indices().nth(nth).map_or(line.len(), |(at, _)| at);
            line.get(offset(from)..offset(to)).unwrap_or("").trim()
        };
        columns.iter().map(|(from, to)| part(*from, *to)).collect()
    };
    let is_rule = |line: &str, mark: char| line.trim().chars().all(|c| c == mark || c == ' ');
    let body: Vec<&'a str> = table.iter().skip(1).copied().collect();
    let end = body.iter().rposition(|line| is_rule(line, '='));
    let body: Vec<&'a str> = body.get(..end.unwrap_or(body.len())).unwrap_or(&[]).to_vec();
    let Some(rule) = body.iter().rposition(|line| is_rule(line, '=') || is_rule(line, '-')) else {
        return Vec::new();
    };
    let others = body.iter().map(|line| line.split_whitespace().filter(|word| *word == "--").count()).max();
    let others = others.filter(|others| *others > 0);
    let heads = rule.checked_sub(1).and_then(|at| body.get(at)).map(|line| cut(line)).unwrap_or_default();
    let rows = others.unwrap_or(1);
    let mut all = Vec::new();
    for line in body.iter().skip(rule + 1) {
        let cells = cut(line);
        let params = cells.get(..rows).unwrap_or(&[]);
        for (nth, value) in cells.iter().enumerate().skip(rows) {
            let last = others.and_then(|_| heads.get(nth).copied());
            let params: Vec<&str> = params.iter().copied().chain(last).collect();
            all.push((format!("{name}({})", params.join(", ")), *value, *line));
        }
    }
    all
}

fn add(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    id: BenchmarkId,
    value: &str,
    line: &str,
    position: usize,
) {
    if matches!(value, "n/a" | "skipped" | "ok") {
        return;
    }
    if value.ends_with("failed") || value.starts_with("timed out") {
        let why = text::shown(&value.into());
        let fault = rows::bad_line(document, diagnostics, Code::BenchmarkFailed, line, &id.name, why);
        run.failures.entry(id).or_insert(fault);
        return;
    }
    let (number, tail) = match value.find(|c: char| !(c.is_ascii_digit() || ".+-e".contains(c))) {
        Some(at) => value.split_at_checked(at).unwrap_or((value, "")),
        None => (value, ""),
    };
    // `11.1±0.01μs`: the spread stands before the unit.
    let unit = match tail.strip_prefix('±') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit() || ".+-e".contains(c)),
        None => tail,
    };
    let (parsed, metric, unit) = measured(id.name.raw(), unit.trim());
    let kind = if parsed.unit == Unit::Second { Kind::Noisy } else { kind_of(id.name.raw()) };
    let mut observation = rows::observation(&parsed, &unit, kind, rows::origin(position));
    let number = number.parse::<f64>().map_or_else(|_| Number::Text(value.into()), Number::Value);
    match rows::value_of(&number, &parsed) {
        Ok(value) => observation.summary = Summary::unknown().with(Statistic::Median, Some(value)),
        Err((code, why)) => {
            let fault = rows::bad_line(document, diagnostics, code, line, &id.name, format!("its result is {why}"));
            observation.fault = Some(Box::new(fault));
        }
    }
    rows::add(run, &id, metric, observation);
}

/// The function's own name, which begins with what it measures.
fn function(name: &str) -> &str {
    let path = name.split('(').next().unwrap_or(name);
    path.rsplit('.').next().unwrap_or(path)
}

/// The size of an object is what the code makes it; the peak of a process is not.
fn kind_of(name: &str) -> Kind {
    if function(name).starts_with("mem_") { Kind::Exact } else { Kind::Noisy }
}

/// What a result measures, by the benchmark's name and the unit behind the number.
fn measured(name: &str, unit: &str) -> (Parsed, MetricId, String) {
    let function = function(name);
    if function.starts_with("mem_") || function.starts_with("peakmem_") {
        // asv's sizes have a prefix and no unit: https://github.com/airspeed-velocity/asv/blob/v0.6.4/asv/util.py (human_file_size)
        let factor = match unit {
            "k" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            "T" => 1e12,
            _ => 1.0,
        };
        let parsed = Parsed { factor, unit: Unit::Byte, better: Some(Better::Lower) };
        return (parsed, MetricId::new(MetricId::MEMORY), format!("{unit}B"));
    }
    let parsed = unit::parse(if unit == "m" { "min" } else { unit });
    let metric = rows::metric_of(&parsed, unit);
    // asv calls every increase a regression, unless the unit says otherwise.
    let better = parsed.better.or(Some(Better::Lower));
    (Parsed { better, ..parsed }, metric, unit.to_owned())
}
