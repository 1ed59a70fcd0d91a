//! A plain table of results: a row for each benchmark, its name in the first column, and a value with its unit in every other one.
//!
//! The first line names the columns. The first is `name`, `benchmark`, `bench`, `test` or `case`; each of the others ends with the unit of its
//! values: `time (ms)`, `size [KiB]`, `parse_ns`, `ns/op`. What stands before the unit is the metric, or the metric that all formats
//! share for the unit (`time`, `memory`, `throughput`) where nothing does. A last word that is a statistic is one:
//! `mean (ms)`, `latency_p99_ms`. A name that comes back is another sample.
//!
//! Nothing else is taken for a table of results, because CSV can be anything: a column without a unit, or a first cell
//! that is a number, and it is none.
//!
//! Not here: columns of text such as parameters; put them into the name.

use std::collections::{BTreeMap, BTreeSet};

use super::json::Number;
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::{BenchmarkId, Fault, Kind, MetricId, Observation, Run, Statistic, Summary, Unit};
use crate::text;
use crate::unit::{self, Parsed};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "csv",
    title: "CSV with units in its header",
    url: "https://www.rfc-editor.org/rfc/rfc4180",
    tested: "—",
    written_by: "a script: `name,time (ms),memory (MiB)`",
    reader: Reader::Text { claims, parse },
};

/// What the first column is called.
const NAMES: [&str; 5] = ["name", "benchmark", "bench", "test", "case"];

/// A column of values.
struct Column<'a> {
    metric: MetricId,
    statistic: Option<Statistic>,
    unit: &'a str,
    parsed: Parsed,
}

impl<'a> Column<'a> {
    /// Reads the name of a column; `None` if it does not end with a unit.
    fn of(header: &'a str) -> Option<Self> {
        let header = header.trim();
        let bracketed = [('(', ')'), ('[', ']')].iter().find_map(|(open, close)| {
            let (what, unit) = header.strip_suffix(*close)?.rsplit_once(*open)?;
            Some((what, unit))
        });
        let (what, unit) = bracketed.or_else(|| header.rsplit_once('_')).unwrap_or(("", header));
        let parsed = unit::parse(unit);
        // A word that is no unit is read as a plain count, or as itself.
        let is_unit = match &parsed.unit {
            Unit::Other(_) => unit == "%" && bracketed.is_some(),
            Unit::One => matches!(unit, "allocs" | "allocs/op" | "instructions" | "cycles"),
            // `time_min` is the least time, not one in minutes.
            Unit::Second => bracketed.is_some() || !matches!(unit, "min" | "minutes" | "h" | "hours"),
            Unit::PerSecond | Unit::Byte | Unit::BytePerSecond => true,
        };
        if !is_unit {
            return None;
        }
        let what = what.trim_matches([' ', '_', '-']);
        let (what, statistic) = match what.rsplit_once([' ', '_', '-', '.']) {
            Some((rest, last)) if statistic(last).is_some() => (rest, statistic(last)),
            _ if statistic(what).is_some() => ("", statistic(what)),
            _ => (what, None),
        };
        let metric = if what.is_empty() { rows::metric_of(&parsed, unit) } else { MetricId::new(what) };
        Some(Self { metric, statistic, unit, parsed })
    }
}

fn statistic(word: &str) -> Option<Statistic> {
    match word.to_ascii_lowercase().as_str() {
        "avg" | "average" => Some(Statistic::Mean),
        "p50" | "med" => Some(Statistic::Median),
        other => Statistic::from_name(other),
    }
}

/// The separator of the columns, and the columns of values, if the first line is that of a table of results.
fn columns(header: &str) -> Option<(u8, Vec<Column<'_>>)> {
    let delimiter = [b',', b';', b'\t'].into_iter().find(|byte| header.as_bytes().contains(byte))?;
    // A quote can hide a separator; no unit needs one.
    let mut names = header.split(char::from(delimiter)).map(|name| name.trim().trim_matches('"'));
    let first = names.next()?.to_ascii_lowercase();
    if !NAMES.contains(&first.as_str()) {
        return None;
    }
    let columns: Vec<Column<'_>> = names.map(Column::of).collect::<Option<_>>()?;
    let mut seen = BTreeSet::new();
    let once = columns.iter().all(|column| seen.insert((&column.metric, column.statistic)));
    // A value and statistics of one metric would be two answers.
    let once = once && columns.iter().all(|c| c.statistic.is_none() || !seen.contains(&(&c.metric, None)));
    (once && !columns.is_empty()).then_some((delimiter, columns))
}

fn claims(probe: &Probe<'_>) -> bool {
    let text = probe.text.trim_start();
    let (header, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some((delimiter, columns)) = columns(header) else { return false };
    let first = rest.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let mut cells = reader(first, delimiter, false);
    let Some(Ok(row)) = cells.records().next() else { return false };
    // The first row may be damaged, but it is one of this table.
    row.get(0).is_some_and(|name| !name.is_empty() && !name.parse::<f64>().is_ok_and(f64::is_finite))
        && row.len() == columns.len() + 1
}

fn reader(text: &str, delimiter: u8, headers: bool) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(headers)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let text = document.text.trim_start();
    let header = text.lines().next().unwrap_or("");
    let Some((delimiter, columns)) = columns(header) else {
        diagnostics.push(
            Diagnostic::new(Code::MalformedDocument, "the first line does not name a benchmark and values with units")
                .at(document.span_of(header))
                .help("name the columns like this: `name,time (ms),memory (MiB)`"),
        );
        return Vec::new();
    };
    let offset = document.text.len() - text.len();
    let mut run = Run::of_tool(FORMAT.name);
    let mut rows = reader(text, delimiter, true);
    for (position, row) in rows.records().enumerate() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let message = format!("not CSV: {}", text::shown(&error.to_string().into()));
                let place = Location::file(document.name.clone());
                diagnostics.push(Diagnostic::new(Code::MalformedDocument, message).at(place));
                return Vec::new();
            }
        };
        let at = row.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX)) + offset;
        let line = document.text.get(at..).unwrap_or("").trim_start_matches(['\r', '\n']).lines().next().unwrap_or("");
        let id = BenchmarkId::new(FORMAT.name, None, row.get(0).unwrap_or(""));
        if row.len() != columns.len() + 1 {
            let message = format!("{} cells in a row of {} columns", row.len(), columns.len() + 1);
            let fault = rows::bad_line(document, diagnostics, Code::MalformedLine, line, &id.name, message);
            run.failures.entry(id).or_insert(fault);
            continue;
        }
        let mut bad = |code, message: String| rows::bad_line(document, diagnostics, code, line, &id.name, message);
        for (metric, observation) in observations(&columns, &row, position, &mut bad) {
            rows::add(&mut run, &id, metric, observation);
        }
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the file has column names and no values");
        return Vec::new();
    }
    vec![run]
}

/// What a row says, by metric. Columns of statistics of one metric are one observation.
fn observations(
    columns: &[Column<'_>],
    row: &csv::StringRecord,
    position: usize,
    bad: &mut impl FnMut(Code, String) -> Fault,
) -> BTreeMap<MetricId, Observation> {
    let mut all: BTreeMap<MetricId, Observation> = BTreeMap::new();
    for (column, cell) in columns.iter().zip(row.iter().skip(1)) {
        // Not measured.
        if cell.is_empty() {
            continue;
        }
        let Column { metric, statistic, unit, parsed } = column;
        let exact = matches!(parsed.unit, Unit::One);
        let kind = if exact { Kind::Exact } else { Kind::Noisy };
        let observation =
            all.entry(metric.clone()).or_insert_with(|| rows::observation(parsed, unit, kind, rows::origin(position)));
        let number = cell.parse::<f64>().map_or_else(|_| Number::Text(cell.into()), Number::Value);
        match (rows::value_of(&number, parsed), statistic) {
            (Ok(_), _) if observation.unit != parsed.unit => {
                let message = format!("`{}` is in two units", text::shown(&metric.0));
                observation.fault = Some(Box::new(bad(Code::UnitMismatch, message)));
            }
            (Ok(value), Some(statistic)) => {
                let summary = std::mem::replace(&mut observation.summary, Summary::unknown());
                observation.summary = summary.with(*statistic, Some(value));
            }
            (Ok(value), None) => observation.set_value(value),
            (Err((code, why)), _) => {
                let message = format!("`{}` is {why}", text::shown(&metric.0));
                observation.fault = Some(Box::new(bad(code, message)));
            }
        }
    }
    all
}
