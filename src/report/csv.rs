//! One line per series with every field, for spreadsheets and data frames.
//!
//! The column names are part of the contract. Values are in base units with full precision; unknown ones are empty.
//! Names are in full, with unsafe characters made visible, and never read as a formula.
//!
//! Not here: notes and suite shifts, which are not rows.

use super::{Output, Style, wording};
use crate::model::report::{Limit, LimitKind, Report, Row, Value};
use crate::text::{self, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output =
    Output { name: "csv", title: "one line per metric, for spreadsheets and data frames", render };

/// A column: its name, and its text for a row.
type Column = (&'static str, fn(&Row) -> String);

/// The column of the report rather than of the row.
const TESTBED: &str = "testbed";

/// The verdict comes first, so that no line of a log begins with a name, which could be a command to its reader.
const COLUMNS: &[Column] = &[
    ("verdict", |r| r.verdict.as_str().to_owned()),
    ("benchmark", |r| name(&r.benchmark)),
    ("tool", |r| name(&r.tool)),
    ("package", |r| r.package.as_ref().map(name).unwrap_or_default()),
    ("params", params),
    ("metric", |r| name(&r.metric.0)),
    ("statistic", |r| r.statistic.map(|s| s.as_str().to_owned()).unwrap_or_default()),
    ("unit", |r| name(&r.unit.symbol().into())),
    ("tool_unit", |r| r.tool_unit.as_ref().map(name).unwrap_or_default()),
    ("better", |r| r.better.map(|b| wording::better(b).to_owned()).unwrap_or_default()),
    ("kind", |r| wording::kind(r.kind).to_owned()),
    ("baseline_value", |r| number(r.baseline.and_then(|v| v.value))),
    ("baseline_runs", |r| runs(r.baseline)),
    ("baseline_samples", |r| samples(r.baseline)),
    ("current_value", |r| number(r.current.and_then(|v| v.value))),
    ("current_runs", |r| runs(r.current)),
    ("current_samples", |r| samples(r.current)),
    ("change", |r| number(r.change)),
    ("interval_low", |r| number(r.interval.map(|[low, _]| low))),
    ("interval_high", |r| number(r.interval.map(|[_, high]| high))),
    ("p", |r| number(r.p)),
    ("p_adjusted", |r| number(r.p_adjusted)),
    ("detectable", |r| number(r.detectable)),
    ("warn_limit", |r| number(r.limits.warn.map(|l| l.value))),
    ("warn_limit_kind", |r| limit_kind(r.limits.warn)),
    ("fail_limit", |r| number(r.limits.fail.map(|l| l.value))),
    ("fail_limit_kind", |r| limit_kind(r.limits.fail)),
    ("limit_origin", |r| name(&r.limits.origin)),
    ("gate", |r| r.gate.to_string()),
    ("suspect", |r| r.suspect.to_string()),
    ("reasons", |r| r.reasons.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(" ")),
    ("explanations", |r| text::csv_cell(&r.explanations.join("; ")).into_owned()),
];

fn render(report: &Report, _: &Style) -> String {
    all(std::slice::from_ref(report))
}

/// The rows of all reports in one table.
pub(super) fn all(reports: &[Report]) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every record has the same number of cells.
    let _ = writer.write_record(COLUMNS.iter().map(|(name, _)| *name).chain([TESTBED]));
    for report in reports {
        let testbed = report.testbed.as_ref().map(name).unwrap_or_default();
        for row in &report.results {
            let cells = COLUMNS.iter().map(|(_, cell)| cell(row));
            let _ = writer.write_record(cells.chain([testbed.clone()]));
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn name(text: &Untrusted) -> String {
    text::csv_cell(&text::visible(text.raw())).into_owned()
}

/// The parameters as a JSON object, empty without any.
fn params(row: &Row) -> String {
    if row.params.is_empty() {
        return String::new();
    }
    text::csv_cell(&serde_json::to_string(&row.params).unwrap_or_default()).into_owned()
}

/// The shortest text that reads back as the same number.
fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).and_then(|v| serde_json::to_string(&v).ok()).unwrap_or_default()
}

fn runs(value: Option<Value>) -> String {
    value.map(|v| v.runs.to_string()).unwrap_or_default()
}

fn samples(value: Option<Value>) -> String {
    value.and_then(|v| v.samples).map(|n| n.to_string()).unwrap_or_default()
}

fn limit_kind(limit: Option<Limit>) -> String {
    let kind = limit.map(|l| match l.kind {
        LimitKind::Relative => "relative",
        LimitKind::Step => "step",
        LimitKind::Budget => "budget",
    });
    kind.unwrap_or_default().to_owned()
}
