//! The outputs of several reports, such as those of a matrix: the same names as for one, each one well-formed document.
//!
//! Of one report they are what they are for one. Of several, the terminal's stand below each other; the Markdown is that
//! of a comment; the page has one table of all rows; the JSON is a document of its own (`perfgate-reports/1`) that reads back; CSV has the rows of all and
//! tells them apart by testbed; `JUnit` suites and annotations begin with what the report is called.
//!
//! Not here: reading reports, and what their verdicts mean for the exit code (`cli`).

use super::comment::{self, Links};
use super::labels::labels;
use super::{Output, Style, csv, github, html, json, junit, markdown, scaling, terminal, wording};
use crate::model::report::Reports;
use crate::text;

/// Reports to be shown together.
#[derive(Clone, Debug)]
pub struct Set {
    /// The reports, and what they say together.
    pub reports: Reports,
    /// Where links point.
    pub links: Links,
}

/// Every output of several reports, in the order of the help.
pub static SETS: &[&Output<Set>] = &[
    &Output { name: "terminal", title: "for people, in a terminal or a log", render: in_terminal },
    &Output { name: "markdown", title: "GitHub Markdown, for comments and job summaries", render: in_markdown },
    &Output { name: "html", title: "a page to look at, in one file", render: html::all },
    &Output { name: "json", title: "everything, for programs (schema perfgate-reports/1)", render: in_json },
    &Output { name: "csv", title: "one line per metric, for spreadsheets and data frames", render: in_csv },
    &Output { name: "junit", title: "JUnit XML, for CI systems that show test results", render: in_junit },
    &Output { name: "github", title: "annotations of a GitHub workflow run", render: in_github },
    &Output { name: "scaling", title: "each metric along the numbers in the benchmarks' names", render: in_scaling },
];

/// The common verdict as one line of plain text, without a line break.
pub fn headline(set: &Set) -> String {
    let reports = &set.reports.reports;
    format!("{}: {}", wording::gate_word(comment::verdict(reports)), comment::status(reports))
}

fn in_terminal(set: &Set, style: &Style) -> String {
    let below = below_each_other(set, style, &terminal::OUTPUT);
    if set.reports.reports.len() == 1 { below } else { format!("{below}{}\n", headline(set)) }
}

fn in_scaling(set: &Set, style: &Style) -> String {
    below_each_other(set, style, &scaling::OUTPUT)
}

/// The output of each report under what the report is called; of one report, its output alone.
fn below_each_other(set: &Set, style: &Style, output: &Output) -> String {
    let reports = &set.reports.reports;
    if let [report] = reports.as_slice() {
        return (output.render)(report, style);
    }
    let named = reports.iter().zip(labels(reports, &text::shown));
    let mut out = String::new();
    for (report, label) in named {
        out.push_str(&format!("== {label}\n{}\n", (output.render)(report, style)));
    }
    out
}

fn in_markdown(set: &Set, _: &Style) -> String {
    comment::document(&set.reports.reports, &set.links, markdown::COMMENT_BYTES)
}

fn in_json(set: &Set, style: &Style) -> String {
    match set.reports.reports.as_slice() {
        [report] => (json::OUTPUT.render)(report, style),
        _ => json::document(&set.reports),
    }
}

fn in_csv(set: &Set, _: &Style) -> String {
    csv::all(&set.reports.reports)
}

fn in_junit(set: &Set, _: &Style) -> String {
    junit::all(&set.reports.reports)
}

fn in_github(set: &Set, _: &Style) -> String {
    github::all(&set.reports.reports)
}
