//! A table of results in CSV, read by the names of its columns as [`fields`] reads the names of JSON's.
//!
//! A row is a benchmark, named by its first column (`name`, `benchmark`, `test`, `operation` …). Of the other columns those are read
//! whose name tells what they hold: `time (ms)`, `size [KiB]`, `p99_latency_us`, `requests/s`. A name that comes back is another
//! sample. A table with no such column is none of results.
//!
//! Columns of what was varied, such as `size` or `threads`, become part of the name.
//!
//! Not here: other columns of text; a table with one is none of results, because it could tell rows of one name apart.

use std::collections::BTreeMap;

use super::fields::{self, Part, Told};
use super::{Guess, NAMES, common_unit};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::json::Number;
use crate::format::rows::{self, Gathered};
use crate::format::{Document, Format, Probe, Reader};
use crate::model::{BenchmarkId, Fault, MetricId, Observation, Run, SeriesKey, Summary};
use crate::text;

/// The entry in the table of formats.
pub(in crate::format) static FORMAT: Format = Format {
    name: "csv",
    title: "any CSV, by the names of its columns",
    url: "https://www.rfc-editor.org/rfc/rfc4180",
    tested: "tables as scripts write them",
    written_by: "your own script: `name,time (ms),memory (MiB)`",
    reader: Reader::Text { claims, parse },
};

/// The columns of a table behind its first: what each was taken for.
struct Header<'a> {
    delimiter: u8,
    columns: Vec<(&'a str, Option<Told>)>,
}

/// Reads the first line. `None` if it is not that of a table of results.
fn header(line: &str) -> Option<Header<'_>> {
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|byte| line.bytes().filter(|b| b == byte).count())?;
    // A quote can hide a separator; no unit needs one.
    let mut names = line.split(char::from(delimiter)).map(|name| name.trim().trim_matches('"'));
    let first = fields::words(names.next()?).join("_");
    if !NAMES.contains(&first.as_str()) {
        return None;
    }
    let mut columns: Vec<(&str, Option<Told>)> = names.map(|name| (name, fields::read(&fields::words(name)))).collect();
    let common = common_unit(columns.iter().filter_map(|(_, told)| told.as_ref()));
    for (_, told) in &mut columns {
        if let Some(known) = told.as_mut().filter(|told| told.unit.is_none()) {
            match &common {
                Some((unit, symbol)) => (known.unit, known.symbol) = (Some(unit.clone()), *symbol),
                None => *told = None,
            }
        }
    }
    // Two columns that answer one question, such as a mean and a value, are no table that could be read.
    let parts: Vec<(&str, &str, Part)> =
        columns.iter().filter_map(|(_, told)| told.as_ref().map(|t| (t.about.as_str(), t.metric, t.part))).collect();
    let twice = parts.iter().enumerate().any(|(at, (about, metric, part))| {
        parts.iter().skip(at + 1).any(|(other_about, other, other_part)| {
            let either_is_value = *part == Part::Value || *other_part == Part::Value;
            (about, metric) == (other_about, other) && (part == other_part || either_is_value)
        })
    });
    (!parts.is_empty() && !twice).then_some(Header { delimiter, columns })
}

fn claims(probe: &Probe<'_>) -> bool {
    let text = probe.text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some(header) = header(first.trim_end()).filter(|_| !probe.is_json()) else { return false };
    let row = rest.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let mut cells = reader(row, header.delimiter, false);
    let Some(Ok(row)) = cells.records().next() else { return false };
    // The first row may be damaged, but it is one of this table.
    let is_number = |cell: &str| cell.parse::<f64>().is_ok_and(f64::is_finite);
    let is_text = |((name, told), cell): (&(&str, Option<Told>), &str)| {
        told.is_none() && !cell.is_empty() && !is_number(cell) && !fields::is_parameter(&fields::words(name))
    };
    row.get(0).is_some_and(|name| !name.is_empty() && !is_number(name))
        && row.len() == header.columns.len() + 1
        && !header.columns.iter().zip(row.iter().skip(1)).any(is_text)
}

/// What each column is taken for; empty where this is no table of results.
pub(super) fn guesses(document: &Document<'_>) -> Vec<Guess> {
    let first = document.text.trim_start().lines().next().unwrap_or("");
    let Some(header) = header(first) else { return Vec::new() };
    let rows = document.text.trim().lines().count().saturating_sub(1);
    let columns = header.columns.iter().enumerate();
    columns
        .map(|(at, (name, told))| Guess {
            field: (*name).into(),
            first: format!("column {}", at + 2),
            taken_for: told.as_ref().map_or_else(|| fields::why_not(&fields::words(name)).to_owned(), Told::in_words),
            is_read: told.is_some(),
            count: rows,
        })
        .collect()
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
    let first = text.lines().next().unwrap_or("");
    let Some(Header { delimiter, columns }) = header(first) else {
        diagnostics.push(
            Diagnostic::new(Code::MalformedDocument, "the first line does not name a benchmark and values with units")
                .at(document.span_of(first))
                .help("name the columns like this: `name,time (ms),memory (MiB)`"),
        );
        return Vec::new();
    };
    let offset = document.text.len() - text.len();
    let mut run = Run::of_tool(FORMAT.name);
    let mut series = Gathered::default();
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
        let varied: Vec<String> = columns
            .iter()
            .zip(row.iter().skip(1))
            .filter(|((name, told), cell)| {
                told.is_none() && !cell.is_empty() && fields::is_parameter(&fields::words(name))
            })
            .map(|((name, _), cell)| format!("{name}={cell}"))
            .collect();
        let varied = if varied.is_empty() { String::new() } else { format!(" ({})", varied.join(", ")) };
        let id = BenchmarkId::new(FORMAT.name, None, format!("{}{varied}", row.get(0).unwrap_or("")));
        if row.len() != columns.len() + 1 {
            let message = format!("{} cells in a row of {} columns", row.len(), columns.len() + 1);
            let fault = rows::bad_line(document, diagnostics, Code::MalformedLine, line, &id.name, message);
            run.failures.entry(id).or_insert(fault);
            continue;
        }
        let mut bad = |code, message: String| rows::bad_line(document, diagnostics, code, line, &id.name, message);
        for ((about, metric), observation) in observations(&columns, &row, position, &mut bad) {
            let id = if about.is_empty() {
                id.clone()
            } else {
                BenchmarkId::new(FORMAT.name, None, format!("{}/{about}", id.name.raw()))
            };
            series.add(SeriesKey { benchmark: id, metric }, observation);
        }
    }
    series.finish(&mut run);
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the file has column names and no values");
        return Vec::new();
    }
    super::tell(document, &guesses(document), diagnostics);
    vec![run]
}

/// What a row says, by part and metric. Columns of statistics of one metric are one observation.
fn observations(
    columns: &[(&str, Option<Told>)],
    row: &csv::StringRecord,
    position: usize,
    bad: &mut impl FnMut(Code, String) -> Fault,
) -> BTreeMap<(String, MetricId), Observation> {
    let mut all: BTreeMap<(String, MetricId), Observation> = BTreeMap::new();
    for ((name, told), cell) in columns.iter().zip(row.iter().skip(1)) {
        let Some((told, parsed)) = told.as_ref().and_then(|told| Some((told, told.unit.as_ref()?))) else { continue };
        // Not measured.
        if cell.is_empty() {
            continue;
        }
        let observation = all
            .entry((told.about.clone(), MetricId::new(told.metric)))
            .or_insert_with(|| rows::observation(parsed, told.symbol, told.kind, rows::origin(position)));
        let number = cell.parse::<f64>().map_or_else(|_| Number::Text(cell.into()), Number::Value);
        match (rows::value_of(&number, parsed), told.part) {
            (Ok(value), Part::Statistic(statistic)) => {
                let known = std::mem::replace(&mut observation.summary, Summary::unknown());
                observation.summary = known.with(statistic, Some(value));
            }
            (Ok(value), Part::Deviation) => {
                let known = std::mem::replace(&mut observation.summary, Summary::unknown());
                observation.summary = known.with_stddev(Some(value));
            }
            (Ok(value), Part::Value) => observation.set_value(value),
            (Err((code, why)), _) => {
                let message = format!("`{}` is {why}", text::shown(&(*name).into()));
                observation.fault = Some(Box::new(bad(code, message)));
            }
        }
    }
    // A standard deviation alone is no value.
    all.retain(|_, seen| seen.fault.is_some() || !seen.summary.is_unknown());
    all
}
