//! The tables that Catch2's console reporter prints for benchmarks.
//!
//! A benchmark is three lines of a table: samples and iterations, the mean, the standard deviation, with its name in the column before them, which
//! wraps. It is named by its sections and itself, `section/benchmark`; the test case is its package.
//!
//! Units change with the size of a value (`41.731 us`, later `41731 ns`), so each value is read in its own.
//!
//! Not here: assertions of the tests around, and the bounds of resampled means.

use super::json::Number;
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, MetricId, Run, Statistic, Summary, Unit};
use crate::text;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "catch2",
    title: "Catch2 text",
    url: "https://github.com/catchorg/Catch2",
    tested: "2.11 to 2.13",
    written_by: "TESTS > FILE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    !probe.is_json() && probe.text.lines().any(|line| head(line).is_some())
}

/// At which byte the columns of a table begin, by its first line.
// https://github.com/catchorg/Catch2/blob/v3.5.0/src/catch2/reporters/catch_reporter_console.cpp (TablePrinter)
fn head(line: &str) -> Option<usize> {
    let columns = line.strip_prefix("benchmark name")?;
    let words: Vec<&str> = columns.split_whitespace().collect();
    matches!(words.as_slice(), ["samples", "iterations", "estimated" | "est", ..]).then(|| line.find("samples"))?
}

/// Whether a line is a rule of this character alone.
fn is_rule(line: &str, character: char) -> bool {
    line.len() >= 40 && line.chars().all(|c| c == character)
}

/// A benchmark on its way: its name so far, its first line, and its lines of values.
#[derive(Default)]
struct Row<'a> {
    name: Vec<&'a str>,
    line: &'a str,
    values: Vec<Vec<&'a str>>,
    failed: Option<&'a str>,
}

impl Row<'_> {
    fn is_begun(&self) -> bool {
        !self.line.is_empty()
    }
}

/// What the next line is part of.
enum Part {
    Other,
    /// The names of the test case and its sections, between two rules.
    Title,
    /// The head of a table, up to its rule.
    Head(usize),
    /// The rows of a table.
    Table(usize),
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut reading = Reading { document, diagnostics, run: Run::of_tool(FORMAT.name), title: Vec::new(), position: 0 };
    let mut part = Part::Other;
    let mut row = Row::default();
    for line in document.text.lines() {
        let line = line.trim_end();
        if let Some(column) = head(line) {
            reading.end(std::mem::take(&mut row));
            part = Part::Head(column);
            continue;
        }
        part = match part {
            Part::Head(column) if is_rule(line, '-') => Part::Table(column),
            Part::Head(column) => Part::Head(column),
            Part::Title if is_rule(line, '-') => Part::Other,
            Part::Title => {
                reading.title.push(line.trim());
                Part::Title
            }
            Part::Table(_) | Part::Other if is_rule(line, '-') => {
                reading.end(std::mem::take(&mut row));
                reading.title.clear();
                Part::Title
            }
            Part::Table(_) if is_rule(line, '=') => Part::Other,
            Part::Table(_) if line.is_empty() => {
                reading.end(std::mem::take(&mut row));
                part
            }
            Part::Table(column) => {
                if row.values.len() == 3 {
                    reading.end(std::mem::take(&mut row));
                }
                if !row.is_begun() {
                    row.line = line;
                }
                let (name, cells) = line.split_at_checked(column).unwrap_or((line, ""));
                row.name.extend(Some(name.trim()).filter(|name| !name.is_empty()));
                let cells = cells.trim();
                if cells.to_ascii_lowercase().starts_with("benchmark failed") {
                    row.failed = Some(cells);
                } else if !cells.is_empty() {
                    row.values.push(cells.split_whitespace().collect());
                }
                Part::Table(column)
            }
            Part::Other => Part::Other,
        };
    }
    reading.end(row);
    let run = reading.run;
    if !matches!(part, Part::Other) {
        let last = document.text.trim_end().lines().next_back().unwrap_or("");
        let message = "the output ends without Catch2's last line";
        diagnostics.push(
            Diagnostic::new(Code::TruncatedLine, message)
                .at(document.span_of(last))
                .help("look whether a benchmark ended the whole program"),
        );
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the tables hold no benchmark");
        return Vec::new();
    }
    vec![run]
}

/// A document on its way to a run.
struct Reading<'a, 'd, 't> {
    document: &'a Document<'d>,
    diagnostics: &'a mut Diagnostics,
    run: Run,
    /// The test case, and the sections in it.
    title: Vec<&'t str>,
    position: usize,
}

impl Reading<'_, '_, '_> {
    fn end(&mut self, row: Row<'_>) {
        if !row.is_begun() {
            return;
        }
        let Row { name, line, values, failed } = row;
        let own = name.join(" ");
        let package = self.title.first().map(|case| (*case).into());
        let path: Vec<&str> = self.title.iter().skip(1).copied().chain([own.as_str()]).collect();
        let id = BenchmarkId::new(FORMAT.name, package, path.join("/"));
        let origin = rows::origin(self.position);
        self.position += 1;
        if let Some(why) = failed {
            let message = text::shown(&why.to_ascii_lowercase().into());
            let fault = rows::bad_line(self.document, self.diagnostics, Code::BenchmarkFailed, line, &id.name, message);
            self.run.failures.entry(id).or_insert(fault);
            return;
        }
        let [counts, means, deviations] = values.as_slice() else {
            let message = "its rows are cut short";
            let fault = rows::bad_line(self.document, self.diagnostics, Code::TruncatedLine, line, &id.name, message);
            self.run.failures.entry(id).or_insert(fault);
            return;
        };
        let mut time = rows::time(means.get(1).copied().unwrap_or(""), origin);
        match (value(means), counts.first().and_then(|count| count.parse().ok())) {
            (Ok(mean), Some(count)) => {
                time.summary = Summary::unknown()
                    .with(Statistic::Mean, Some(mean))
                    .with_stddev(value(deviations).ok())
                    .with_count(Some(count));
            }
            (mean, _) => {
                let (code, why) = mean.err().unwrap_or((Code::MalformedLine, "without a number of samples".to_owned()));
                let message = format!("the mean is {why}");
                let fault = rows::bad_line(self.document, self.diagnostics, code, line, &id.name, message);
                time.fault = Some(Box::new(fault));
            }
        }
        rows::add(&mut self.run, &id, MetricId::new(MetricId::TIME), time);
    }
}

/// The first value of a line such as `41.731 us  41.25 us  42.622 us`, in seconds.
fn value(words: &[&str]) -> Result<f64, (Code, String)> {
    let [number, unit, ..] = words else { return Err((Code::MalformedLine, "missing".to_owned())) };
    // Minutes are `m`.
    let parsed = unit::parse(if *unit == "m" { "min" } else { unit });
    if parsed.unit != Unit::Second {
        return Err((Code::MalformedLine, format!("in no unit of time: `{}`", text::shown(&(*unit).into()))));
    }
    let number = number.parse::<f64>().map_or_else(|_| Number::Text((*number).into()), Number::Value);
    rows::value_of(&number, &parsed)
}
