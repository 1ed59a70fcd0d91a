//! GitHub-flavoured Markdown, for a job summary or an issue.
//!
//! A heading with the outcome, one table an event that is new or bad and still there, and the rest folded. Events are left
//! out from the end when the text would be too long for an issue, always saying how many.
//!
//! Not here: the tracking issue (`issue`), which is made of the same parts and has links.

use super::super::wording::TYPESET;
use super::super::{Output, Style, markdown};
use super::Names;
use crate::model::report::GateVerdict;
use crate::model::trend::{Event, Trend};
use crate::text::{self, MAX_SHOWN, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output<Trend> =
    Output { name: "markdown", title: "GitHub Markdown, for issues and job summaries", render };

/// Most series of one event.
const MOST_CHANGES: usize = 25;

/// Characters of a sentence.
const MOST_CHARACTERS: usize = 400;

/// Columns of a sparkline.
const SPARKLINE: usize = 16;

fn render(trend: &Trend, _: &Style) -> String {
    let names = Names::new(trend);
    let mark = match trend.verdict {
        GateVerdict::Fail => "🔴",
        GateVerdict::Warn => "🟡",
        GateVerdict::Pass => "🟢",
        GateVerdict::None => "⚪",
    };
    let mut out = format!("### {mark} perfgate trend: {}\n", text::markdown_text(&super::said(trend), MOST_CHARACTERS));
    let (listed, rest): (Vec<&Event>, Vec<&Event>) = trend.events.iter().partition(|e| super::is_listed(e));
    let budget = markdown::COMMENT_BYTES;
    let plain = |name: &Untrusted| code(name, false);
    let mut left_out = 0;
    for event in listed {
        let block = block(trend, event, &names, &plain);
        if left_out > 0 || out.len() + block.len() > budget / 2 {
            left_out += 1;
        } else {
            out.push_str(&block);
        }
    }
    if left_out > 0 {
        out.push_str(&format!("\nand {left_out} more, left out for length\n"));
    }
    if !rest.is_empty() {
        let mut body = String::new();
        let mut further = 0;
        for event in &rest {
            let block = block(trend, event, &names, &plain);
            if further > 0 || out.len() + body.len() + block.len() > budget {
                further += 1;
            } else {
                body.push_str(&block);
            }
        }
        if further > 0 {
            body.push_str(&format!("\nand {further} more, left out for length\n"));
        }
        let summary = super::folded(&rest).join(", ");
        out.push_str(&format!("\n<details><summary>{summary}</summary>\n{body}\n</details>\n"));
    }
    for note in &trend.notes {
        out.push_str(&format!("\n- {}", text::markdown_text(&note.message, MOST_CHARACTERS)));
    }
    if !trend.notes.is_empty() {
        out.push('\n');
    }
    out.push_str(&format!("\n<sub>perfgate {}</sub>\n", text::markdown_code(&trend.perfgate, 40, false)));
    out
}

pub(super) fn code(name: &Untrusted, in_table: bool) -> String {
    text::markdown_code(name.raw(), MAX_SHOWN, in_table)
}

/// A unit: perfgate's own as words, a tool's in a code span.
fn unit(suffix: &Untrusted) -> String {
    let known = suffix.raw().chars().all(|c| c.is_ascii_alphabetic() || c == '/' || c == 'µ');
    if known && suffix.raw().len() <= 6 { suffix.raw().to_owned() } else { code(suffix, true) }
}

/// An event: what it is, where it lies, and its changes. `shown` is how commits are written.
pub(super) fn block(trend: &Trend, event: &Event, names: &Names<'_>, shown: &dyn Fn(&Untrusted) -> String) -> String {
    let place = super::place(trend, event, shown);
    let mut out = format!("\n**{}**: {}\n\n", super::announced(event), place.join("; "));
    out.push_str("| Benchmark | Metric | Level | Change | Limit | History | |\n|:--|:--|:--|--:|--:|:--|:--|\n");
    for change in event.changes.iter().take(MOST_CHANGES) {
        let remarks = super::remarks(event, change, &|name| code(name, true)).join(", ");
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {remarks} |\n",
            code(&names.of(change), true),
            code(&change.metric.0, true),
            super::levels_said(change, " → ", "\u{a0}", &unit),
            super::change_said(change, &TYPESET),
            limit(change),
            super::sparkline(&change.sketch, SPARKLINE),
        ));
    }
    if event.changes.len() > MOST_CHANGES {
        out.push_str(&format!("\nand {} more\n", event.changes.len() - MOST_CHANGES));
    }
    out
}

/// A limit; in a code span where its unit could be the tool's own.
fn limit(change: &crate::model::trend::Change) -> String {
    let said = super::limit_said(change, &TYPESET);
    if said.is_empty() || !matches!(change.unit, crate::model::Unit::Other(_)) {
        return said;
    }
    code(&said.as_str().into(), true)
}
