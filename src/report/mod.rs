//! A comparison as text: one file per output, all of them pure functions of the [`Report`].
//!
//! [`REPORTS`] is the table that `--report NAME` and its help read; [`trend`] has its own for histories. `wording` holds what several outputs say alike:
//! the headline, numbers in one unit per row, names that stay apart, limits. Every piece of outside text goes through
//! the escaper of its sink in [`crate::text`]. The same report gives the same bytes: nothing here reads the terminal,
//! the environment or a clock.
//!
//! Not here: where the text goes and whether colour is wanted (`cli`), and the comment's marker and links (`github`).

pub mod comment;
mod csv;
mod explain;
pub mod export;
mod github;
mod html;
mod json;
mod junit;
mod labels;
mod links;
pub mod markdown;
mod scaling;
pub mod several;
pub mod site;
mod table;
mod terminal;
pub mod trend;
mod wording;

pub use explain::explain;
pub use table::{columns, elided, wrap};
pub use wording::{count, short_commit};

use crate::model::report::Report;

/// How text for people is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; `None` where the text does not go to one, so nothing is wrapped or dropped.
    pub width: Option<usize>,
    /// Whether to use colour. No output depends on colour alone.
    pub colour: bool,
    /// Whether to show every row instead of folding the unremarkable ones.
    pub verbose: bool,
}

/// One kind of output, of a comparison or of a history.
pub struct Output<T: ?Sized = Report> {
    /// Name used with `--report`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Renders a report. The text ends with a line break.
    pub render: fn(&T, &Style) -> String,
}

/// Every output, in the order of the help.
pub static REPORTS: &[&Output] = &[
    &terminal::OUTPUT,
    &markdown::OUTPUT,
    &html::OUTPUT,
    &json::OUTPUT,
    &csv::OUTPUT,
    &junit::OUTPUT,
    &github::OUTPUT,
    &scaling::OUTPUT,
];

/// The output of that name.
pub fn by_name(name: &str) -> Option<&'static Output> {
    REPORTS.iter().copied().find(|output| output.name == name)
}

/// The verdict as one line of plain text, without a line break.
pub fn headline(report: &Report) -> String {
    format!("{}: {}", wording::gate_word(report.verdict), wording::headline(report))
}
