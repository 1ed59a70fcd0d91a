//! The terminal's table of rows, and text wrapped to its width.
//!
//! The table is laid out by comfy-table without borders; each row stays on one line, because names are shortened to the
//! room there is. Widths are columns of the terminal, not characters.
//!
//! Not here: what the cells say (`terminal`).

use anstyle::Style as Paint;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use std::collections::BTreeMap;

use super::terminal::painted;
use super::{Style, wording};
use crate::text;

/// A line of the table.
pub(super) enum Line {
    /// A row.
    Row(Box<Cells>),
    /// What stands for rows that are left out.
    More(String),
}

/// The cells of a row; all text is escaped already.
pub(super) struct Cells {
    pub verdict: &'static str,
    pub paint: Paint,
    pub name: String,
    pub metric: String,
    pub baseline: String,
    pub current: String,
    pub unit: String,
    pub change: String,
    pub limit: String,
}

/// Between two columns.
const GAP: usize = 2;
/// A name is not shortened below this while another column could be dropped.
const ROOM: usize = 24;
/// With less room for names than this, rows take two lines.
const LEAST_ROOM: usize = 16;
/// Longest unit and metric shown in a terminal.
const MOST_UNIT: usize = 12;
const MOST_METRIC: usize = 20;

/// Columns of a terminal that text takes.
pub fn columns(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut table = Table::new();
    table.force_no_tty().add_row([text]);
    table.column_max_content_widths().first().map_or(0, |width| usize::from(*width))
}

/// Shortens text in its middle to this many columns; its beginning and its end stay.
pub fn elided(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let fitting = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let (mut kept, mut used) = (Vec::new(), 0);
        for c in chars {
            let size = columns(c.encode_utf8(&mut [0; 4]));
            if used + size > room {
                break;
            }
            used += size;
            kept.push(c);
        }
        kept
    };
    let tail = fitting(&mut text.chars().rev(), room / 2);
    let head = fitting(&mut text.chars(), room - room / 2);
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}

/// Shortens names to a width so that different names stay different: where two would look alike, a hash marks them.
fn elided_names(names: &[&str], width: usize) -> Vec<String> {
    let short: Vec<String> = names.iter().map(|name| elided(name, width)).collect();
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (short, name) in short.iter().zip(names) {
        let owners = owners.entry(short).or_default();
        if !owners.contains(name) {
            owners.push(name);
        }
    }
    let alike = |short: &String| owners.get(short.as_str()).is_some_and(|owners| owners.len() > 1);
    let marked = short.iter().zip(names).map(|(short, name)| {
        if alike(short) && short != name {
            format!("{}~{}", elided(name, width.saturating_sub(7)), text::short_hash(name))
        } else {
            short.clone()
        }
    });
    marked.collect()
}

/// Breaks text at spaces so that each line, `indent` columns in, ends within the width. Words longer than a line stay
/// whole.
pub fn wrap(said: &str, width: Option<usize>, indent: usize) -> Vec<String> {
    let Some(width) = width else { return vec![said.to_owned()] };
    let room = width.saturating_sub(indent).max(10);
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in said.split(' ') {
        let size = columns(word);
        match lines.last_mut() {
            Some(line) if used + 1 + size <= room => {
                line.push(' ');
                line.push_str(word);
                used += 1 + size;
            }
            _ => {
                lines.push(word.to_owned());
                used = size;
            }
        }
    }
    // A word that began no line before may be one that a log's reader takes for a command.
    lines.iter().map(|line| text::line(line.trim_end()).into_owned()).collect()
}

/// Which columns there is room for.
#[derive(Clone, Copy)]
struct Shape {
    name: usize,
    baseline: bool,
    limit: bool,
}

/// Renders the table, header included. Nothing for no lines.
pub(super) fn render(lines: &[Line], style: &Style) -> String {
    let mut rows: Vec<Cells> = Vec::new();
    for line in lines {
        if let Line::Row(cells) = line {
            rows.push(shortened(cells, style.width.is_some()));
        }
    }
    if rows.is_empty() {
        return more_only(lines, style);
    }
    let widest = |cell: fn(&Cells) -> &str| rows.iter().map(|r| columns(cell(r))).max().unwrap_or(0);
    let unit = widest(|r| &r.unit);
    let (baseline, current) = (widest(|r| &r.baseline), widest(|r| &r.current));
    for row in &mut rows {
        row.baseline = with_unit(&row.baseline, &row.unit, baseline, unit);
        row.current = with_unit(&row.current, &row.unit, current, unit);
    }
    let Some(shape) = shape(&rows, style.width) else { return stacked(lines, &rows, style) };
    let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
    let names = elided_names(&names, shape.name);
    let mut table = Table::new();
    table.force_no_tty().load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec!["", "benchmark", "metric"];
    header.extend(shape.baseline.then_some("baseline"));
    header.extend(["current", "change"]);
    header.extend(shape.limit.then_some("limit"));
    table.set_header(header);
    for (row, name) in rows.iter().zip(names) {
        let mut cells = vec![row.verdict.to_owned(), name, row.metric.clone()];
        cells.extend(shape.baseline.then(|| row.baseline.clone()));
        cells.extend([row.current.clone(), row.change.clone()]);
        cells.extend(shape.limit.then(|| row.limit.clone()));
        table.add_row(cells.into_iter().map(Cell::new_owned));
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP as u16));
        column.set_cell_alignment(if i < 3 { CellAlignment::Left } else { CellAlignment::Right });
    }
    let laid_out = table.trim_fmt();
    let mut laid_out = laid_out.lines();
    let mut out = String::new();
    if let Some(header) = laid_out.next() {
        out.push_str(&painted(header, Paint::new().bold(), style));
        out.push('\n');
    }
    let indent = widest_verdict(&rows) + GAP;
    let mut rows = rows.iter();
    for line in lines {
        match line {
            Line::More(said) => more(&mut out, said, indent, style),
            Line::Row(_) => {
                let (Some(cells), Some(line)) = (rows.next(), laid_out.next()) else { break };
                let rest = line.get(cells.verdict.len()..).unwrap_or("");
                out.push_str(&painted(cells.verdict, cells.paint, style));
                out.push_str(rest);
                out.push('\n');
            }
        }
    }
    out
}

fn widest_verdict(rows: &[Cells]) -> usize {
    rows.iter().map(|r| r.verdict.len()).max().unwrap_or(0)
}

fn more(out: &mut String, said: &str, indent: usize, style: &Style) {
    for line in wrap(said, style.width, indent) {
        out.push_str(&format!("{:indent$}{}\n", "", painted(&line, Paint::new().dimmed(), style)));
    }
}

fn more_only(lines: &[Line], style: &Style) -> String {
    let mut out = String::new();
    for line in lines {
        if let Line::More(said) = line {
            more(&mut out, said, 0, style);
        }
    }
    out
}

/// A copy of a row whose unit and metric are short enough for a terminal.
fn shortened(cells: &Cells, terminal: bool) -> Cells {
    let short = |text: &str, most: usize| if terminal { elided(text, most) } else { text.to_owned() };
    Cells {
        verdict: cells.verdict,
        paint: cells.paint,
        name: cells.name.clone(),
        metric: short(&cells.metric, MOST_METRIC),
        baseline: cells.baseline.clone(),
        current: cells.current.clone(),
        unit: elided(&cells.unit, MOST_UNIT),
        change: cells.change.clone(),
        limit: short(&cells.limit, MOST_UNIT + 8),
    }
}

/// A number and its unit, padded so that numbers end and units begin in the same columns all the way down.
fn with_unit(number: &str, unit: &str, number_width: usize, unit_width: usize) -> String {
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(columns(text)));
    if unit_width == 0 || number.is_empty() {
        return number.to_owned();
    }
    let unit = if number == wording::NOT_A_NUMBER { "" } else { unit };
    format!("{}{number} {unit}{}", pad(number, number_width), pad(unit, unit_width))
}

/// The columns that fit, or `None` where not even the least of them do.
fn shape(rows: &[Cells], width: Option<usize>) -> Option<Shape> {
    let widest = |header: &str, cell: fn(&Cells) -> &str| {
        rows.iter().map(|r| columns(cell(r))).max().unwrap_or(0).max(header.len())
    };
    let name = widest("benchmark", |r| &r.name);
    let has_limits = rows.iter().any(|r| !r.limit.is_empty());
    let Some(width) = width else { return Some(Shape { name, baseline: true, limit: has_limits }) };
    let fixed = widest("", |r| r.verdict)
        + widest("metric", |r| &r.metric)
        + widest("current", |r| &r.current)
        + widest("change", |r| &r.change)
        + 4 * GAP;
    let baseline = widest("baseline", |r| &r.baseline) + GAP;
    let limit = if has_limits { widest("limit", |r| &r.limit) + GAP } else { 0 };
    let room = |used: usize| width.saturating_sub(used);
    for (has_baseline, has_limit, least) in
        [(true, has_limits, ROOM), (true, false, ROOM), (true, false, LEAST_ROOM), (false, false, LEAST_ROOM)]
    {
        let room = room(fixed + if has_baseline { baseline } else { 0 } + if has_limit { limit } else { 0 });
        if room >= least.min(name) {
            return Some(Shape { name: name.min(room), baseline: has_baseline, limit: has_limit });
        }
    }
    None
}

/// The rows on two lines each, for very narrow terminals.
fn stacked(lines: &[Line], rows: &[Cells], style: &Style) -> String {
    let width = style.width.unwrap_or(usize::MAX);
    let room: Vec<usize> = rows.iter().map(|r| width.saturating_sub(r.verdict.len() + GAP).max(8)).collect();
    let least = room.iter().copied().min().unwrap_or(8);
    let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
    let mut named = rows.iter().zip(elided_names(&names, least));
    let mut out = String::new();
    for line in lines {
        match line {
            Line::More(said) => more(&mut out, said, GAP, style),
            Line::Row(_) => {
                let Some((row, name)) = named.next() else { break };
                out.push_str(&format!("{}  {name}\n", painted(row.verdict, row.paint, style)));
                let (baseline, current) = (row.baseline.trim(), row.current.trim());
                let both = !baseline.is_empty() && !current.is_empty();
                let arrow = format!("{baseline} → {current}");
                let values = if both { arrow.as_str() } else { baseline };
                let values = if values.is_empty() { current } else { values };
                let mut parts = vec![row.metric.as_str(), values, row.change.as_str()];
                // A change from zero repeats the values.
                if row.change.contains('→') {
                    parts.pop();
                }
                let full: usize = parts.iter().map(|p| columns(p) + GAP).sum();
                if full > width && both {
                    parts = vec![row.metric.as_str(), current, row.change.as_str()];
                }
                parts.retain(|part| !part.is_empty());
                out.push_str(&format!("  {}\n", elided(&parts.join("  "), width.saturating_sub(GAP))));
            }
        }
    }
    out
}
