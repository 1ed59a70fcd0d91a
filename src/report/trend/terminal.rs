//! The report people read in a terminal or the log of a nightly job.
//!
//! One line that says it all, the history it rests on, then one block an event: what happened, since which commit, and
//! every series with its levels, its change and its history as a sparkline. What is neither new nor bad is counted. In a
//! narrow terminal the sparkline goes first, then the levels, and names are shortened in their middle.
//!
//! Not here: finding the terminal's width and whether it has colour (`cli`).

use anstyle::{AnsiColor, Style as Paint};

use super::super::table::{columns, elided, wrap};
use super::super::terminal::painted;
use super::super::wording::{PLAIN, count};
use super::super::{Output, Style};
use super::Names;
use crate::diag::Severity;
use crate::model::report::GateVerdict;
use crate::model::trend::{Event, Grade, Trend};
use crate::text::{self, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output<Trend> =
    Output { name: "terminal", title: "for people, in a terminal or a log", render };

/// Most events, and most series of one, that are listed without `--verbose`.
const MOST_EVENTS: usize = 20;
const MOST_CHANGES: usize = 10;

/// Columns before a series, between two columns, and of a sparkline.
const INDENT: usize = 2;
const GAP: usize = 2;
const SPARKLINE: usize = 24;
const SHORT_SPARKLINE: usize = 14;
/// A name is not shortened below this while another column could be dropped.
const ROOM: usize = 20;

fn paint(grade: Grade) -> Paint {
    let colour = |c: AnsiColor| Paint::new().fg_color(Some(c.into())).bold();
    match grade {
        Grade::Fail => colour(AnsiColor::Red),
        Grade::Warn => colour(AnsiColor::Yellow),
        Grade::Changed => colour(AnsiColor::Cyan),
        Grade::Minor => Paint::new().bold(),
        Grade::Improved => colour(AnsiColor::Green),
    }
}

fn render(trend: &Trend, style: &Style) -> String {
    let names = Names::new(trend);
    let mut out = String::new();
    let gate = match trend.verdict {
        GateVerdict::Pass => Paint::new().fg_color(Some(AnsiColor::Green.into())).bold(),
        GateVerdict::Warn => paint(Grade::Warn),
        GateVerdict::Fail => paint(Grade::Fail),
        GateVerdict::None => paint(Grade::Fail).invert(),
    };
    let word = super::word(trend.verdict);
    for (i, line) in wrap(&super::said(trend), style.width, word.len() + GAP).iter().enumerate() {
        let start = if i == 0 { painted(word, gate, style) } else { " ".repeat(word.len()) };
        out.push_str(&format!("{start}  {line}\n"));
    }
    history(trend, style, &mut out);
    let (listed, mut rest): (Vec<&Event>, Vec<&Event>) =
        trend.events.iter().partition(|e| style.verbose || super::is_listed(e));
    let most = if style.verbose { usize::MAX } else { MOST_EVENTS };
    for event in listed.iter().take(most) {
        out.push('\n');
        block(trend, event, &names, style, &mut out);
    }
    rest.extend(listed.iter().skip(most));
    let mut tail = String::new();
    if !rest.is_empty() {
        let said = format!("{} (-v lists all)", super::folded(&rest).join(", "));
        for line in wrap(&said, style.width, 0) {
            tail.push_str(&format!("{}\n", painted(&line, Paint::new().dimmed(), style)));
        }
    }
    for note in &trend.notes {
        let word = if note.severity == Severity::Note { "note" } else { note.severity.as_str() };
        for (i, line) in wrap(&text::line(&note.message), style.width, word.len() + 2).iter().enumerate() {
            let start = if i == 0 {
                painted(&format!("{word}:"), Paint::new().bold(), style)
            } else {
                " ".repeat(word.len() + 1)
            };
            tail.push_str(&format!("{start} {line}\n"));
        }
    }
    if !tail.is_empty() {
        out.push('\n');
        out.push_str(&tail);
    }
    out
}

/// What the history is.
fn history(trend: &Trend, style: &Style, out: &mut String) {
    let (first, last) = (trend.runs.first(), trend.runs.last());
    if first.is_none() {
        return;
    }
    let name = |moment| text::shown(&super::run_name(moment));
    let day = |moment| super::day(moment).map_or(String::new(), |day| format!(" ({day})"));
    let mut said = format!("history   {}{} … {}{}", name(first), day(first), name(last), day(last));
    if trend.since > 0 {
        said.push_str(&format!(", reported from {} on", text::shown(&super::run_name(trend.run(trend.since)))));
    }
    if trend.counts.too_short > 0 {
        said.push_str(&format!(", {} too short to look at", trend.counts.too_short));
    }
    for (i, line) in wrap(&said, style.width, 10).iter().enumerate() {
        out.push_str(&format!("{}{line}\n", if i == 0 { "" } else { "          " }));
    }
}

/// The cells of one series.
struct Cells {
    name: String,
    metric: String,
    levels: String,
    change: String,
    limit: String,
    sparkline: String,
    short_sparkline: String,
    remarks: String,
    grade: Grade,
}

fn block(trend: &Trend, event: &Event, names: &Names<'_>, style: &Style, out: &mut String) {
    let announced = super::announced(event);
    let most = if style.verbose { usize::MAX } else { MOST_CHANGES };
    let place = super::place(trend, event, &|name| text::shown(name));
    let (first, rest) = place.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let whole = format!("{announced}: {first}");
    for (i, line) in wrap(&text::line(&whole), style.width, INDENT).iter().enumerate() {
        match line.strip_prefix(announced.as_str()).filter(|_| i == 0) {
            Some(said) => out.push_str(&format!("{}{said}\n", painted(&announced, paint(event.grade), style))),
            None if i == 0 => out.push_str(&format!("{line}\n")),
            None => out.push_str(&format!("{:INDENT$}{line}\n", "")),
        }
    }
    let shown: &dyn Fn(&Untrusted) -> String = &|name| text::shown(name);
    let rows: Vec<Cells> = event
        .changes
        .iter()
        .take(most)
        .map(|c| Cells {
            name: text::shown(&names.of(c)),
            metric: text::shown(&c.metric.0),
            levels: super::levels_said(c, " → ", " ", shown),
            change: super::change_said(c, &PLAIN),
            limit: super::limit_said(c, &PLAIN),
            sparkline: super::sparkline(&c.sketch, SPARKLINE),
            short_sparkline: super::sparkline(&c.sketch, SHORT_SPARKLINE),
            remarks: super::remarks(event, c, shown).join(", "),
            grade: c.grade,
        })
        .collect();
    table(&rows, style, out);
    if event.changes.len() > most {
        let more = format!("and {} more (-v lists all)", count(event.changes.len() - most, "change"));
        out.push_str(&format!("{:INDENT$}{}\n", "", painted(&more, Paint::new().dimmed(), style)));
    }
    for said in rest {
        for line in wrap(&text::line(said), style.width, INDENT) {
            out.push_str(&format!("{:INDENT$}{}\n", "", painted(&line, Paint::new().dimmed(), style)));
        }
    }
}

fn table(rows: &[Cells], style: &Style, out: &mut String) {
    let widest = |cell: fn(&Cells) -> &str| rows.iter().map(|r| columns(cell(r))).max().unwrap_or(0);
    let (name, metric, levels) = (widest(|r| &r.name), widest(|r| &r.metric).min(20), widest(|r| &r.levels));
    let (change, limit, sparkline) = (widest(|r| &r.change), widest(|r| &r.limit), widest(|r| &r.sparkline));
    let remarks = widest(|r| &r.remarks);
    let column = |width: usize| if width == 0 { 0 } else { width + GAP };
    let limit = if limit == 0 { 0 } else { limit + "limit ".len() };
    let fixed = INDENT + column(metric) + column(change);
    let mut shape = (column(levels), column(limit), column(sparkline), column(remarks));
    let mut room = name;
    if let Some(width) = style.width {
        let left = |s: &(usize, usize, usize, usize)| width.saturating_sub(fixed + s.0 + s.1 + s.2 + s.3);
        let least = ROOM.min(name);
        if left(&shape) < least && shape.2 > 0 {
            shape.2 = column(widest(|r| &r.short_sparkline));
        }
        if left(&shape) < least {
            shape.2 = 0;
        }
        if left(&shape) < least {
            shape.1 = 0;
        }
        if left(&shape) < least {
            shape.0 = 0;
        }
        room = name.min(left(&shape).max(8));
    }
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(columns(text)));
    for row in rows {
        let short = elided(&row.name, room);
        let unit = elided(&row.metric, metric);
        let mut line = format!("{:INDENT$}{short}{}  {unit}{}", "", pad(&short, room), pad(&unit, metric));
        if shape.0 > 0 {
            line.push_str(&format!("  {}{}", row.levels, pad(&row.levels, levels)));
        }
        line.push_str(&format!("  {}{}", pad(&row.change, change), painted(&row.change, paint(row.grade), style)));
        if shape.1 > 0 {
            let said = if row.limit.is_empty() { String::new() } else { format!("limit {}", row.limit) };
            line.push_str(&format!("  {said}{}", pad(&said, limit)));
        }
        if shape.2 > 0 {
            let line_of = if shape.2 == column(sparkline) { &row.sparkline } else { &row.short_sparkline };
            line.push_str(&format!("  {line_of}{}", pad(line_of, shape.2 - GAP)));
        }
        if shape.3 > 0 && !row.remarks.is_empty() {
            line.push_str(&format!("  {}", row.remarks));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}
