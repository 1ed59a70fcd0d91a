//! Messages as text: for a terminal, as GitHub workflow commands, and as JSON lines.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::text;

/// Renders a message for people, with or without colour, at most `width` columns wide where that is possible.
///
/// Ends with a line break.
pub fn terminal(diagnostic: &Diagnostic, colour: bool, width: usize) -> String {
    let title = text::line(&diagnostic.message).into_owned();
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width);
    let mut place = String::new();
    let mut source = None;
    if let Some(location) = &diagnostic.location {
        let file = text::line(location.file.raw()).into_owned();
        let at = location.path.as_ref().map(|p| format!("at `{}`", text::line(p.raw())));
        match (&location.excerpt, location.line) {
            (Some(excerpt), Some(line)) => {
                let shown = one_line(excerpt.text.raw());
                let (start, end) = byte_range(excerpt.text.raw(), excerpt.start, excerpt.end);
                let mut label = at.unwrap_or_default();
                // Of a long line only the surroundings are shown, and the place in them would be taken for the column.
                if let Some(column) = location.column.filter(|column| *column != excerpt.start as u64 + 1) {
                    label = format!("column {column}{}{label}", if label.is_empty() { "" } else { ", " });
                }
                source = Some((file, usize::try_from(line).unwrap_or(1), shown, start..end, label));
            }
            (_, line) => {
                place = file;
                if let Some(line) = line {
                    place.push_str(&format!(":{line}"));
                    if let Some(column) = location.column {
                        place.push_str(&format!(":{column}"));
                    }
                }
                if let Some(at) = at {
                    place.push_str(", ");
                    place.push_str(&at);
                }
            }
        }
    }
    let mut group = level.primary_title(title.as_str()).id(diagnostic.code.as_str()).elements(source.iter().map(
        |(file, line, shown, range, label)| {
            let annotation = AnnotationKind::Primary.span(range.clone());
            let annotation = if label.is_empty() { annotation } else { annotation.label(label.as_str()) };
            Snippet::source(shown.as_str()).path(file.as_str()).line_start(*line).annotation(annotation)
        },
    ));
    let notes: Vec<String> = diagnostic.notes.iter().map(|n| text::line(n).into_owned()).collect();
    let help: Vec<String> = diagnostic.help.iter().map(|n| text::line(n).into_owned()).collect();
    if !place.is_empty() {
        group = group.element(annotate_snippets::Origin::path(place.as_str()));
    }
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for line in &help {
        group = group.element(Level::HELP.message(line.as_str()));
    }
    let mut out = renderer.render(&[group]);
    out.push('\n');
    out
}

/// Renders a message as one GitHub workflow command. Ends with a line break.
pub fn github(diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![format!("title={}", text::workflow_property(diagnostic.code.as_str()))];
    if let Some(location) = &diagnostic.location {
        properties.push(format!("file={}", text::workflow_property(location.file.raw())));
        if let Some(line) = location.line {
            properties.push(format!("line={line}"));
        }
        if let Some(column) = location.column {
            properties.push(format!("col={column}"));
        }
    }
    let mut message = diagnostic.message.clone();
    if let Some(path) = diagnostic.location.as_ref().and_then(|l| l.path.as_ref()) {
        message.push_str(&format!(" (at {})", text::visible(path.raw())));
    }
    for note in &diagnostic.notes {
        message.push_str(&format!("\nnote: {note}"));
    }
    for help in &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    format!("::{kind} {}::{}\n", properties.join(","), text::workflow_data(&message))
}

/// Renders a message as one line of JSON. Ends with a line break.
pub fn json(diagnostic: &Diagnostic) -> String {
    let location = diagnostic.location.as_ref().map(|l| {
        serde_json::json!({
            "file": l.file.raw(), "line": l.line, "column": l.column,
            "path": l.path.as_ref().map(text::Untrusted::raw),
        })
    });
    let value = serde_json::json!({
        "code": diagnostic.code.as_str(), "severity": diagnostic.severity.as_str(), "message": diagnostic.message,
        "location": location, "notes": diagnostic.notes, "help": diagnostic.help,
    });
    format!("{value}\n")
}

/// The excerpt as one visible line; each character keeps its meaning, unsafe ones are spelled out.
fn one_line(excerpt: &str) -> String {
    text::line(excerpt).into_owned()
}

/// Byte range in [`one_line`]'s text of the characters `start..end` of the excerpt.
fn byte_range(excerpt: &str, start: usize, end: usize) -> (usize, usize) {
    let upto = |count: usize| {
        let head: String = excerpt.chars().take(count).collect();
        one_line(&head).len()
    };
    let (start, end) = (upto(start), upto(end));
    (start, end.max(start))
}
