//! A table with one row for each series of each run, for spreadsheets and scripts.
//!
//! Values are in base units. Cells that a spreadsheet would take for a formula get a quote in front.
//!
//! Not here: the samples, which perfgate's own form keeps.

use super::super::{Output, Style};
use crate::model::{Run, Statistic};
use crate::text::{self, Untrusted};

/// The entry in the table of exports.
pub(super) static OUTPUT: Output<[Run]> =
    Output { name: "csv", title: "a table with a row for each series of each run, in base units", render };

fn render(runs: &[Run], _: &Style) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let fixed = ["run", "commit", "branch", "tool", "package", "benchmark", "metric", "unit", "better", "samples"];
    let header = fixed.into_iter().chain(Statistic::ALL.iter().map(|s| s.as_str())).chain(["stddev", "fault"]);
    // Writing to memory does not fail.
    let _ = writer.write_record(header);
    for (number, run) in runs.iter().enumerate() {
        for (key, seen) in &run.series {
            let cell = |text: &str| text::csv_cell(&text::visible(text)).into_owned();
            let known = |text: Option<&Untrusted>| text.map_or_else(String::new, |text| cell(text.raw()));
            let value = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let mut row = vec![
                (number + 1).to_string(),
                known(run.subject.commit.as_ref()),
                known(run.subject.branch.as_ref()),
                cell(key.benchmark.tool.raw()),
                known(key.benchmark.package.as_ref()),
                cell(key.benchmark.name.raw()),
                cell(key.metric.raw()),
                cell(seen.unit.symbol()),
                seen.better.map_or("", crate::model::Better::as_str).to_owned(),
                seen.summary.count().map_or_else(String::new, |n| n.to_string()),
            ];
            row.extend(Statistic::ALL.iter().map(|statistic| value(seen.summary.get(*statistic))));
            row.push(value(seen.summary.stddev()));
            row.push(seen.fault.as_ref().map_or_else(String::new, |f| cell(&f.message)));
            let _ = writer.write_record(row);
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
