//! Locust's statistics of requests, the `PREFIX_stats.csv` of `--csv PREFIX`.
//!
//! A benchmark is a request by its method and name, and `Aggregated` for all of them. Times are in milliseconds; Locust rounds
//! percentiles to two digits, so the median is read from its own column, which is finer in new versions.
//!
//! The other files of `--csv` are recognised and refused: the history of the statistics holds the same numbers as they grew, and
//! the lists of failures and exceptions hold no measurement.
//!
//! Not here: the size of answers, which the server decides.

use super::lines::Lines;
use super::load::Load;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{Run, Statistic, Summary};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "locust",
    title: "Locust statistics CSV",
    url: "https://locust.io",
    tested: "2.47; 0.14 by its source",
    written_by: "locust --headless --csv PREFIX …",
    reader: Reader::Text { claims, parse },
};

/// What a file of `--csv` is, by its columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Statistics,
    History,
    Failures,
    Exceptions,
}

impl Kind {
    // https://github.com/locustio/locust/blob/2.32.0/locust/stats.py (StatsCSV) and, for the old header,
    // https://github.com/locustio/locust/blob/0.14.0/locust/stats.py (requests_csv).
    fn of(header: &csv::StringRecord) -> Option<Self> {
        let has = |wanted: &str| header.iter().any(|column| column.eq_ignore_ascii_case(wanted));
        let counts = has("Request Count") || has("# requests");
        if has("Name") && counts && has("Average response time") && has("Requests/s") {
            Some(Self::Statistics)
        } else if has("Timestamp") && has("User Count") && has("Requests/s") {
            Some(Self::History)
        } else if has("Name") && has("Error") && has("Occurrences") && has("Method") {
            Some(Self::Failures)
        } else if has("Message") && has("Traceback") && has("Nodes") {
            Some(Self::Exceptions)
        } else {
            None
        }
    }
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes())
}

fn claims(probe: &Probe<'_>) -> bool {
    let header = probe.text.trim_start().lines().next().unwrap_or("");
    header.contains(',') && reader(header).headers().is_ok_and(|header| Kind::of(header).is_some())
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let text = document.text.trim_start();
    let first = text.lines().next().unwrap_or("");
    let mut rows = reader(text);
    let header = rows.headers().cloned().unwrap_or_default();
    let refused = match Kind::of(&header) {
        Some(Kind::Statistics) => None,
        Some(Kind::History) => Some("this is the history of Locust's statistics, not their end"),
        Some(Kind::Failures) => Some("this is Locust's list of failures, which holds no measurement"),
        Some(Kind::Exceptions) => Some("this is Locust's list of exceptions, which holds no measurement"),
        None => Some("the columns are not those of Locust's statistics"),
    };
    if let Some(refused) = refused {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, refused)
                .at(document.span_of(first))
                .help("give the file of `locust --csv PREFIX` that is called `PREFIX_stats.csv`"),
        );
        return Vec::new();
    }
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    let mut cells = csv::StringRecord::new();
    loop {
        let start = usize::try_from(rows.position().byte()).unwrap_or(usize::MAX);
        let line = text.get(start..).unwrap_or("").trim_start_matches(['\r', '\n']).lines().next().unwrap_or("");
        match rows.read_record(&mut cells) {
            Ok(true) => add(&mut read, &header, &cells, line),
            Ok(false) => break,
            Err(_) => {
                let id = read.id(line.split(',').nth(1).unwrap_or(line));
                read.fail(Code::MalformedLine, line, &id, "is in a line that is not CSV");
            }
        }
    }
    read.finish("the file holds no request")
}

fn add(read: &mut Lines<'_, '_>, header: &csv::StringRecord, cells: &csv::StringRecord, line: &str) {
    let cell = |names: &[&str]| {
        let column = header.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))?;
        cells.get(column)
    };
    let kind = cell(&["Type", "Method"]).filter(|kind| !matches!(*kind, "" | "None"));
    let name = cell(&["Name"]).unwrap_or("");
    let id = read.id(kind.map_or_else(|| name.to_owned(), |kind| format!("{kind} {name}")));
    if cells.len() < header.len() {
        read.fail(Code::TruncatedLine, line, &id, "is in a line that is cut short");
        return;
    }
    let mut malformed = None;
    let mut number = |names: &[&str]| {
        let text = cell(names).filter(|text| !matches!(*text, "" | "N/A"))?;
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        if value.is_none() {
            malformed.get_or_insert_with(|| text.to_owned());
        }
        value
    };
    let all = number(&["Request Count", "# requests"]).unwrap_or(0.0);
    let failed = number(&["Failure Count", "# failures"]).unwrap_or(0.0);
    let throughput = number(&["Requests/s"]);
    let mut latency = Summary::unknown().with_count(Some(all as u64));
    let columns: [(&[&str], Statistic); 7] = [
        (&["Average Response Time"], Statistic::Mean),
        (&["Median Response Time"], Statistic::Median),
        (&["75%"], Statistic::P75),
        (&["90%"], Statistic::P90),
        (&["95%"], Statistic::P95),
        (&["99%"], Statistic::P99),
        (&["Max Response Time"], Statistic::Max),
    ];
    for (names, statistic) in columns {
        latency = latency.with(statistic, number(names).map(|milliseconds| milliseconds * 1e-3));
    }
    if let Some(text) = malformed {
        let message = format!("has a cell that is not a number: `{}`", crate::text::shown(&text.into()));
        read.fail(Code::MalformedNumber, line, &id, &message);
        return;
    }
    let load = Load { latency, samples: Vec::new(), tool_unit: "ms", throughput, transfer: None, failed, all };
    read.add_load(&id, line, load);
}
