//! CSV as Apache Otava (formerly Hunter) reads it: a time, attributes of the code, and a column for each metric.
//!
//! Each row is one run. The time is the first column; `commit` and `branch` are what they say, other text such as `version` is
//! a label; every other column is a metric of the one benchmark that the file is about, which Otava's configuration names
//! and the file does not. So do units, scales and directions: a metric's direction is unknown unless the configuration of
//! perfgate tells it.
//!
//! Columns are separated by commas, semicolons or tabs. Times are seconds since 1970 or a date with or without a time of day
//! and an offset; without an offset they are UTC.
//!
//! Not here: Otava's configuration file, and columns that it would leave out.

use std::collections::BTreeSet;

use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::format::json::Number;
use crate::model::{BenchmarkId, Fault, Kind, MetricId, Origin, Run};
use crate::text::{self, Untrusted};
use crate::unit;

#[cfg(test)]
mod tests;
mod time;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "otava-csv",
    title: "Apache Otava CSV",
    url: "https://otava.apache.org",
    tested: "0.8",
    written_by: "what otava analyze reads, in a test of type csv",
    reader: Reader::Text { claims, parse },
};

/// What the file is about; only Otava's configuration has its name.
const BENCHMARK: &str = "test";

/// The name of the first column.
const TIME: &str = "time";

/// Columns that are about the code and never metrics.
const ATTRIBUTES: [&str; 3] = ["commit", "branch", "version"];

/// How many rows are looked at to tell the format.
const LOOKED_AT: usize = 5;

fn delimiter(header: &str) -> Option<u8> {
    let rest = header.trim_start().strip_prefix(TIME)?;
    rest.bytes().next().filter(|b| matches!(b, b',' | b';' | b'\t'))
}

fn claims(probe: &Probe<'_>) -> bool {
    let header = probe.text.trim_start().lines().next().unwrap_or("");
    let Some(delimiter) = delimiter(header) else { return false };
    let mut rows = reader(probe.text.trim_start(), delimiter);
    let Ok(columns) = rows.headers().cloned() else { return false };
    // The last line may be cut.
    let lines = probe.text.trim_start().lines().count().saturating_sub(1);
    let fits = |row: &csv::StringRecord| {
        let metrics = columns.iter().zip(row).skip(1).filter(|(column, _)| !ATTRIBUTES.contains(column));
        row.get(0).is_some_and(|t| time::parse(t).is_some())
            && metrics.clone().count() > 0
            && metrics.clone().all(|(_, cell)| cell.is_empty() || cell.parse::<f64>().is_ok())
    };
    let looked_at: Vec<_> = rows.records().take(LOOKED_AT.min(lines.max(1))).collect();
    looked_at.iter().flatten().any(fits)
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes())
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let place = |offset: usize, length: usize| document.span(offset, length);
    let header = document.text.trim_start().lines().next().unwrap_or("");
    let Some(delimiter) = delimiter(header) else {
        diagnostics.push(
            Diagnostic::new(Code::MalformedDocument, "the first column is not `time`")
                .at(document.span_of(header))
                .help("the first line names the columns: `time,commit,METRIC,…`"),
        );
        return Vec::new();
    };
    let offset = document.text.len() - document.text.trim_start().len();
    let mut rows = reader(document.text.trim_start(), delimiter);
    let columns = match rows.headers() {
        Ok(columns) => columns.clone(),
        Err(error) => {
            diagnostics.push(Diagnostic::new(Code::MalformedDocument, not_csv(&error)).at(place(offset, header.len())));
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    if let Some(twice) = columns.iter().find(|column| !seen.insert(*column)) {
        let message = format!("the column `{}` stands twice", text::shown(&twice.into()));
        diagnostics.push(Diagnostic::new(Code::DuplicateKey, message).at(place(offset, header.len())));
        return Vec::new();
    }
    let mut runs = Vec::new();
    for row in rows.records() {
        match row {
            Ok(row) => {
                let at = row.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX)) + offset;
                let line = document.text.get(at..).unwrap_or("").trim_start_matches(['\r', '\n']);
                let line = line.lines().next().unwrap_or("");
                runs.push(run(&columns, &row, document.span_of(line), diagnostics));
            }
            Err(error) => {
                let diagnostic = Diagnostic::new(Code::MalformedLine, not_csv(&error));
                diagnostics.push(diagnostic.at(Location::file(document.name.clone())));
            }
        }
    }
    if runs.is_empty() {
        let diagnostic = Diagnostic::new(Code::NoResults, "the file has column names and no rows");
        diagnostics.push(diagnostic.at(place(offset, header.len())));
    }
    runs
}

fn not_csv(error: &csv::Error) -> String {
    format!("not CSV: {}", text::shown(&error.to_string().into()))
}

/// The run of one row.
fn run(columns: &csv::StringRecord, row: &csv::StringRecord, line: Location, diagnostics: &mut Diagnostics) -> Run {
    let mut run = Run::of_tool("otava");
    let mut warn = |code, message: String, column: &str| {
        let location = line.clone().at(column);
        let mut diagnostic = Diagnostic::new(code, message).at(location.clone());
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        diagnostics.push(diagnostic);
        location
    };
    if row.len() != columns.len() {
        let message = format!("{} cells in a row of {} columns", row.len(), columns.len());
        warn(Code::MalformedLine, message, TIME);
    }
    let id = BenchmarkId::new("otava", None, BENCHMARK);
    for (position, (column, cell)) in columns.iter().zip(row).enumerate() {
        let known = || Some(Untrusted::from(cell)).filter(|_| !cell.is_empty());
        match column {
            TIME => {
                run.subject.taken_at = time::parse(cell);
                if run.subject.taken_at.is_none() {
                    warn(Code::MalformedNumber, format!("not a time: `{}`", text::shown(&cell.into())), column);
                }
            }
            "commit" => run.subject.commit = known(),
            "branch" => run.subject.branch = known(),
            "version" => run.environment.labels.extend(known().map(|version| ("version".into(), version))),
            // Not measured in this run.
            _ if cell.is_empty() => {}
            metric => {
                let origin = Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) };
                let parsed = unit::Parsed { factor: 1.0, unit: unit::Unit::One, better: None };
                let mut observation = rows::observation(&parsed, "", Kind::Noisy, origin);
                let number = cell.parse::<f64>().map_or_else(|_| Number::Text(cell.into()), Number::Value);
                match rows::value_of(&number, &parsed) {
                    Ok(value) => observation.set_value(value),
                    Err((code, why)) => {
                        let message = format!("`{}` is {why}", text::shown(&metric.into()));
                        let location = warn(code, message.clone(), metric);
                        observation.fault = Some(Box::new(Fault { message, location: Some(location) }));
                    }
                }
                rows::add(&mut run, &id, MetricId::new(metric), observation);
            }
        }
    }
    run
}
