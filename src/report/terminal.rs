//! The report people read in a terminal or a log.
//!
//! One line that says it all, what was compared with what, warnings, a table of every row that is not simply within its
//! limits, why, and how to see more. Rows within limits are counted, not listed. Verdicts are words; colour only repeats
//! them. In a narrow terminal the table first shortens names in their middle, then drops the limit, then the baseline,
//! and at last puts each row on two lines.
//!
//! Not here: finding the terminal's width and whether it has colour (`cli`).

use anstyle::{AnsiColor, Style as Paint};

use super::table::{self, Line};
use super::wording::{self, Names, PLAIN};
use super::{Output, Style};
use crate::diag::Severity;
use crate::model::report::{GateVerdict, Reason, Report, Row, Side, Verdict};
use crate::text::{self, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output = Output { name: "terminal", title: "for people, in a terminal or a log", render };

/// Most rows of one verdict that are listed without `--verbose`.
fn cap(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Fail | Verdict::Invalid | Verdict::Warn => 100,
        _ => 20,
    }
}

/// Most explanations that are listed without `--verbose`.
const MOST_EXPLANATIONS: usize = 10;

/// How a verdict is painted.
pub(super) fn paint(verdict: Verdict) -> Paint {
    let colour = |c: AnsiColor| Paint::new().fg_color(Some(c.into()));
    match verdict {
        Verdict::Fail | Verdict::Invalid => colour(AnsiColor::Red).bold(),
        Verdict::Warn => colour(AnsiColor::Yellow).bold(),
        Verdict::Missing | Verdict::Inconclusive | Verdict::Accepted => colour(AnsiColor::Yellow),
        Verdict::Improved => colour(AnsiColor::Green),
        Verdict::New => colour(AnsiColor::Cyan),
        Verdict::Pass => Paint::new().dimmed(),
    }
}

/// Text with colour, where colour is wanted.
pub(super) fn painted(text: &str, paint: Paint, style: &Style) -> String {
    if style.colour && !text.is_empty() { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
}

fn render(report: &Report, style: &Style) -> String {
    let names = Names::new(report);
    let worst_first = report.worst_first();
    let mut out = Text { text: String::new(), style };
    headline(report, &mut out);
    sides(report, &mut out);
    let shifts = |out: &mut Text, loud: bool| {
        for shift in report.shifts.iter().filter(|s| wording::is_notable(s)) {
            if matches!(shift.verdict, Verdict::Fail | Verdict::Warn) == loud {
                let said = wording::shift(shift, &text::shown(&shift.suite), &text::shown(&shift.metric.0), &PLAIN);
                match shift.verdict {
                    Verdict::Fail | Verdict::Warn => out.item(shift.verdict.as_str(), paint(shift.verdict), &said),
                    _ => out.item("note", Paint::new().bold(), &said),
                }
            }
        }
    };
    out.blank();
    shifts(&mut out, true);
    for note in report.notes.iter().filter(|n| n.severity != Severity::Note) {
        let colour = if note.severity == Severity::Error { AnsiColor::Red } else { AnsiColor::Yellow };
        out.item(note.severity.as_str(), Paint::new().fg_color(Some(colour.into())).bold(), &note.message);
    }
    out.blank();
    let (lines, folded) = table_lines(&worst_first, &names, style);
    out.text.push_str(&table::render(&lines, style));
    out.blank();
    explanations(&worst_first, &names, &mut out);
    out.blank();
    if !folded.is_empty() {
        out.line(&folded.join(", "), Paint::new().dimmed());
    }
    shifts(&mut out, false);
    for note in report.notes.iter().filter(|n| n.severity == Severity::Note) {
        out.item("note", Paint::new().bold(), &note.message);
    }
    let puzzling = [Verdict::Fail, Verdict::Warn, Verdict::Inconclusive, Verdict::Invalid];
    let mut hints: Vec<&str> = Vec::new();
    if !style.verbose && (!folded.is_empty() || lines.iter().any(|l| matches!(l, Line::More(_)))) {
        hints.push("`-v` lists every row");
    }
    // After turns, and for budgets, there are no two inputs to name.
    let has_inputs = report.pairs == 0 && report.baseline.runs > 0;
    let is_puzzling = |row: &Row| puzzling.contains(&row.verdict) && !row.reasons.contains(&Reason::MeasuredAgain);
    if has_inputs && report.results.iter().any(is_puzzling) {
        hints.push("`perfgate explain BENCHMARK BASELINE CURRENT` shows one in full");
    }
    if !hints.is_empty() {
        out.item("hint", Paint::new().dimmed(), &hints.join("; "));
    }
    while out.text.ends_with("\n\n") {
        out.text.pop();
    }
    out.text
}

/// Text that grows by lines, wrapped at the terminal's width.
struct Text<'a> {
    text: String,
    style: &'a Style,
}

impl Text<'_> {
    /// An empty line, unless there is one or nothing stands above.
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line of our own words and escaped text, painted as a whole.
    fn line(&mut self, said: &str, paint: Paint) {
        for line in table::wrap(said, self.style.width, 0) {
            self.text.push_str(&painted(&line, paint, self.style));
            self.text.push('\n');
        }
    }

    /// A labelled sentence, `note: …`, with its further lines under its first word.
    fn item(&mut self, label: &str, paint: Paint, said: &str) {
        let said = text::line(said);
        let indent = label.len() + 2;
        for (i, line) in table::wrap(&said, self.style.width, indent).iter().enumerate() {
            if i == 0 {
                self.text.push_str(&painted(&format!("{label}:"), paint, self.style));
                self.text.push_str(&format!(" {line}\n"));
            } else {
                self.text.push_str(&format!("{:indent$}{line}\n", ""));
            }
        }
    }
}

fn headline(report: &Report, out: &mut Text) {
    let word = wording::gate_word(report.verdict);
    let paint = match report.verdict {
        GateVerdict::Pass => Paint::new().fg_color(Some(AnsiColor::Green.into())).bold(),
        GateVerdict::Warn => paint(Verdict::Warn),
        GateVerdict::Fail => paint(Verdict::Fail),
        GateVerdict::None => paint(Verdict::Fail).invert(),
    };
    let said = wording::headline(report);
    let indent = word.len() + 2;
    // A count stays with its word.
    let said: Vec<String> =
        said.split(", ").map(|p| if p.len() <= 20 { p.replace(' ', "\u{a0}") } else { p.to_owned() }).collect();
    let said = said.join(", ");
    let lines = table::wrap(&said, out.style.width, indent);
    for (i, line) in lines.iter().enumerate() {
        let start = if i == 0 { painted(word, paint, out.style) } else { " ".repeat(word.len()) };
        out.text.push_str(&format!("{start}  {}\n", line.replace('\u{a0}', " ")));
    }
}

/// What was compared with what.
fn sides(report: &Report, out: &mut Text) {
    let machines = (wording::machine(&report.baseline), wording::machine(&report.current));
    let same = machines.0 == machines.1;
    let mut say = |label: &str, parts: Vec<String>| {
        if parts.is_empty() {
            return;
        }
        for (i, line) in table::wrap(&parts.join(", "), out.style.width, 10).iter().enumerate() {
            out.text.push_str(&format!("{:<10}{line}\n", if i == 0 { label } else { "" }));
        }
    };
    for (label, side, machine) in
        [("baseline", &report.baseline, &machines.0), ("current", &report.current, &machines.1)]
    {
        let mut parts = subject(side, out.style.verbose);
        if !same {
            parts.extend(machine.as_ref().map(text::shown));
        }
        say(label, parts);
    }
    if report.pairs > 0 {
        say("measured", vec![wording::turns(report)]);
    }
    if same {
        say("machine", machines.1.as_ref().map(text::shown).into_iter().collect());
    }
}

/// What is known of a side, in words.
fn subject(side: &Side, verbose: bool) -> Vec<String> {
    let mut parts = Vec::new();
    if side.runs == 0 && side.inputs.is_empty() {
        return vec!["none".to_owned()];
    }
    match (&side.branch, side.commit.as_ref().map(wording::short_commit)) {
        (Some(branch), Some(commit)) => parts.push(format!("{} at {}", text::shown(branch), text::shown(&commit))),
        (Some(one), None) => parts.push(text::shown(one)),
        (None, Some(one)) => parts.push(text::shown(&one)),
        (None, None) => {}
    }
    parts.push(wording::count(side.runs, "run"));
    let most = if verbose { usize::MAX } else { 3 };
    parts.extend(side.inputs.iter().take(most).map(text::shown));
    if side.inputs.len() > most {
        parts.push(format!("and {}", wording::count(side.inputs.len() - most, "more input")));
    }
    parts
}

/// The table's lines, and what is counted instead of listed.
fn table_lines(worst_first: &[&Row], names: &Names, style: &Style) -> (Vec<Line>, Vec<String>) {
    let mut lines = Vec::new();
    let mut folded = Vec::new();
    for verdict in Verdict::ALL {
        let mut entries = wording::section(worst_first, verdict);
        if verdict == Verdict::Pass && !style.verbose {
            if !entries.is_empty() {
                folded.push(format!("{} within limits", entries.len()));
            }
            continue;
        }
        if !style.verbose {
            let all = entries.len();
            entries.retain(|entry| !wording::is_merely_noisy(entry.row));
            match all - entries.len() {
                0 => {}
                1 => folded.push("1 too noisy to say whether it changed".to_owned()),
                n => folded.push(format!("{n} too noisy to say whether they changed")),
            }
        }
        let most = if style.verbose { usize::MAX } else { cap(verdict) };
        for entry in entries.iter().take(most) {
            lines.push(table_line(entry.row, &entry.metrics(), verdict.as_str(), names));
        }
        let more: usize = entries.iter().skip(most).map(wording::Entry::rows).sum();
        if more > 0 {
            lines.push(Line::More(format!("and {more} more {} (-v shows all)", verdict.as_str())));
        }
    }
    let rest = wording::shown_only(worst_first);
    if style.verbose {
        lines.extend(rest.iter().map(|row| table_line(row, &[&row.metric.0], "shown", names)));
    } else if !rest.is_empty() {
        folded.push(format!("{} shown only", rest.len()));
    }
    (lines, folded)
}

fn table_line(row: &Row, metrics: &[&Untrusted], word: &'static str, names: &Names) -> Line {
    let metric = match metrics {
        [one] => text::shown(one),
        all => wording::count(all.len(), "metric"),
    };
    let mut values = wording::values(row, &PLAIN);
    if metrics.len() > 1 {
        (values.baseline, values.current) = (String::new(), String::new());
    }
    let limit = wording::limit_of(row).map(|l| text::shown(&wording::limit(l, &row.unit, &PLAIN)));
    Line::Row(Box::new(table::Cells {
        verdict: word,
        paint: if row.gate { paint(row.verdict) } else { Paint::new().dimmed() },
        name: text::shown(&names.of(row)),
        metric,
        baseline: values.baseline,
        current: values.current,
        unit: if values.suffix.is_empty() { String::new() } else { text::shown(&values.suffix) },
        change: wording::change(row, &PLAIN),
        limit: limit.unwrap_or_default(),
    }))
}

/// Why, for rows where that is more than their limit; rows with the same reason are named together.
fn explanations(worst_first: &[&Row], names: &Names, out: &mut Text) {
    let listed = |row: &&Row| row.gate && (out.style.verbose || !wording::is_merely_noisy(row));
    let judged: Vec<&Row> = worst_first.iter().copied().filter(listed).collect();
    let groups = wording::grouped(&judged);
    let most = if out.style.verbose { usize::MAX } else { MOST_EXPLANATIONS };
    let room = out.style.width.map_or(usize::MAX, |width| (width / 2).max(16));
    let short = |name: &Untrusted| table::elided(&text::shown(name), room);
    let name = |row: &Row| format!("{} {}", short(&names.of(row)), short(&row.metric.0));
    for (said, rows) in groups.iter().take(most) {
        let of = match rows.as_slice() {
            [one] => name(one),
            [one, two] => format!("{}; {}", name(one), name(two)),
            [one, rest @ ..] => format!("{} and {}", name(one), wording::count(rest.len(), "other row")),
            [] => continue,
        };
        let said = format!("{of}: {said}");
        for (i, line) in table::wrap(&text::line(&said), out.style.width, 2).iter().enumerate() {
            out.text.push_str(&format!("{}{line}\n", if i == 0 { "- " } else { "  " }));
        }
    }
    if groups.len() > most {
        let more = wording::count(groups.len() - most, "more explanation");
        for line in table::wrap(&format!("and {more} (-v shows all)"), out.style.width, 2) {
            out.text.push_str(&format!("  {}\n", painted(&line, Paint::new().dimmed(), out.style)));
        }
    }
}
