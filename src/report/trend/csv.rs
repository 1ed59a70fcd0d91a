//! One line per change with every field, for spreadsheets and data frames.
//!
//! The column names are part of the contract. Changes of one event share its number; runs are numbered from 0, as in the
//! JSON. Not here: notes, and the runs themselves.

use super::super::{Output, Style, wording};
use crate::model::trend::{Change, Moment, Trend};
use crate::text::{self, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output<Trend> =
    Output { name: "csv", title: "one line per change, for spreadsheets and data frames", render };

/// What a cell is made of.
struct Line<'a> {
    event: usize,
    change: &'a Change,
    trend: &'a Trend,
}

/// A column: its name, and its text for a change.
type Column = (&'static str, fn(&Line<'_>) -> String);

/// The grade comes first, so that no line of a log begins with a name, which could be a command to its reader.
const COLUMNS: &[Column] = &[
    ("grade", |l| l.change.grade.as_str().to_owned()),
    ("event", |l| l.event.to_string()),
    ("new", |l| l.change.new.to_string()),
    ("red", |l| l.change.red.to_string()),
    ("provisional", |l| l.change.provisional.to_string()),
    ("recovered", |l| l.change.recovered.to_string()),
    ("benchmark", |l| name(l.change.benchmark.as_ref())),
    ("tool", |l| name(l.change.tool.as_ref())),
    ("package", |l| name(l.change.package.as_ref())),
    ("suite", |l| name(Some(&l.change.suite))),
    ("metric", |l| name(Some(&l.change.metric.0))),
    ("statistic", |l| l.change.statistic.map(|s| s.as_str().to_owned()).unwrap_or_default()),
    ("unit", |l| name(Some(&l.change.unit.symbol().into()))),
    ("better", |l| l.change.better.map(|b| wording::better(b).to_owned()).unwrap_or_default()),
    ("kind", |l| wording::kind(l.change.kind).to_owned()),
    ("before", |l| number(Some(l.change.before))),
    ("after", |l| number(Some(l.change.after))),
    ("change", |l| number(l.change.change)),
    ("p", |l| number(l.change.p)),
    ("p_adjusted", |l| number(l.change.p_adjusted)),
    ("lasted", |l| l.change.lasted.to_string()),
    ("last_good_run", |l| l.change.range.last_good.to_string()),
    ("likeliest_run", |l| l.change.range.likeliest.to_string()),
    ("first_bad_run", |l| l.change.range.first_bad.to_string()),
    ("last_good_commit", |l| commit(l.trend.run(l.change.range.last_good))),
    ("likeliest_commit", |l| commit(l.trend.run(l.change.range.likeliest))),
    ("first_bad_commit", |l| commit(l.trend.run(l.change.range.first_bad))),
    ("warn_limit", |l| number(l.change.limits.warn.map(|l| l.value))),
    ("fail_limit", |l| number(l.change.limits.fail.map(|l| l.value))),
    ("limit_origin", |l| name(Some(&l.change.limits.origin))),
    ("gate", |l| l.change.gate.to_string()),
    ("accepted_by", |l| name(l.change.accepted_by.as_ref())),
];

fn render(trend: &Trend, _: &Style) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every record has the same number of cells.
    let _ = writer.write_record(COLUMNS.iter().map(|(name, _)| name));
    for (event, changes) in trend.events.iter().enumerate() {
        for change in &changes.changes {
            let line = Line { event, change, trend };
            let _ = writer.write_record(COLUMNS.iter().map(|(_, cell)| cell(&line)));
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn name(text: Option<&Untrusted>) -> String {
    text.map(|t| text::csv_cell(&text::visible(t.raw())).into_owned()).unwrap_or_default()
}

fn commit(moment: Option<&Moment>) -> String {
    name(moment.and_then(|m| m.commit.as_ref()))
}

/// The shortest text that reads back as the same number.
fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).and_then(|v| serde_json::to_string(&v).ok()).unwrap_or_default()
}
