//! GitHub-flavoured Markdown, for a pull request comment or a job summary.
//!
//! A heading with the verdict, a line of counts, the table of what needs attention, and the rest folded into details.
//! GitHub refuses a comment over 65 536 characters and drops a summary over 1 MiB, so [`within`] takes a budget in bytes
//! and leaves rows out, least important first, always saying how many. Nothing is ever cut inside a row.
//!
//! Not here: the comment's marker and everything that needs a server's address, such as links to commits and runs
//! (`github`).

use super::wording::{self, Entry, Names, TYPESET};
use super::{Output, Style};
use crate::diag::Severity;
use crate::model::Unit;
use crate::model::report::{GateVerdict, Limit, LimitKind, Report, Row, Side, Verdict};
use crate::text::{self, MAX_SHOWN, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output =
    Output { name: "markdown", title: "GitHub Markdown, for comments and job summaries", render };

/// Bytes of a comment: GitHub's limit is 65 536 characters, and `github` adds marker and links.
pub const COMMENT_BYTES: usize = 60_000;
/// Bytes of a job summary: GitHub drops what is over 1 MiB.
pub const SUMMARY_BYTES: usize = 1_000_000;

/// Characters of a sentence in a note or explanation.
const MOST_CHARACTERS: usize = 400;

fn render(report: &Report, _: &Style) -> String {
    within(report, COMMENT_BYTES)
}

/// Most rows of each part of the document.
#[derive(Clone, Copy)]
struct Caps {
    fail: usize,
    warn: usize,
    improved: usize,
    appeared: usize,
    doubtful: usize,
    further: usize,
}

/// Caps from none to all; each step drops what matters least of what is left.
const CAPS: &[Caps] = &{
    const ALL: Caps = Caps {
        fail: usize::MAX,
        warn: usize::MAX,
        improved: usize::MAX,
        appeared: usize::MAX,
        doubtful: usize::MAX,
        further: 20,
    };
    const FEW: Caps = Caps { fail: 100, warn: 50, improved: 0, appeared: 0, doubtful: 0, further: 10 };
    [
        ALL,
        Caps { improved: 20, ..ALL },
        Caps { improved: 0, ..ALL },
        Caps { improved: 0, appeared: 20, ..ALL },
        Caps { improved: 0, appeared: 0, ..ALL },
        Caps { improved: 0, appeared: 0, doubtful: 20, ..ALL },
        Caps { improved: 0, appeared: 0, doubtful: 0, ..ALL },
        Caps { fail: usize::MAX, ..FEW },
        FEW,
        Caps { fail: 50, warn: 20, further: 5, ..FEW },
        Caps { fail: 25, warn: 5, further: 3, ..FEW },
        Caps { fail: 10, warn: 0, further: 1, ..FEW },
        Caps { fail: 3, warn: 0, further: 0, ..FEW },
        Caps { fail: 0, warn: 0, further: 0, ..FEW },
    ]
};

/// Renders a report in at most this many bytes (of a budget of 4 KiB or more).
pub fn within(report: &Report, bytes: usize) -> String {
    let parts = Parts { names: Names::new(report), rows: report.worst_first(), rules: rules(report) };
    let mut out = String::new();
    for (i, caps) in CAPS.iter().enumerate() {
        if i + 1 < CAPS.len() && least_bytes(report, caps) > bytes {
            continue;
        }
        out = document(report, &parts, caps);
        if out.len() <= bytes {
            break;
        }
    }
    out
}

/// Bytes that the rows take at least, so that documents of many times the budget are not even tried.
fn least_bytes(report: &Report, caps: &Caps) -> usize {
    // The shortest row of all: borders, a name and its fences, a word.
    const ROW: usize = 24;
    let counts = &report.counts;
    let shown = counts.fail.min(caps.fail) + counts.invalid.min(caps.fail) + counts.warn.min(caps.warn);
    let doubtful = counts.inconclusive.min(caps.doubtful) + counts.accepted.min(caps.doubtful);
    ROW * (shown + doubtful + counts.improved.min(caps.improved))
}

/// What does not depend on the caps, so that it is worked out once.
struct Parts<'a> {
    names: Names<'a>,
    rows: Vec<&'a Row>,
    rules: Vec<String>,
}

fn document(report: &Report, parts: &Parts, caps: &Caps) -> String {
    let Parts { names, rows, rules } = parts;
    let mut out = String::new();
    title(report, &mut out);
    alert(report, &mut out);
    attention(rows, names, caps, &mut out);
    details(report, rows, names, caps, &mut out);
    measured(report, rules, caps, &mut out);
    out.push_str(&format!("\n<sub>perfgate {}</sub>\n", text::markdown_code(&report.perfgate, 40, false)));
    out
}

fn title(report: &Report, out: &mut String) {
    let counts = &report.counts;
    let mark = match report.verdict {
        GateVerdict::Fail => "🔴",
        GateVerdict::Warn => "🟡",
        GateVerdict::Pass => "🟢",
        GateVerdict::None => "⚪",
    };
    let mut parts = Vec::new();
    let mut add = |n: usize, said: String| parts.extend((n > 0).then_some(said));
    if report.verdict == GateVerdict::None {
        add(1, "nothing compared".to_owned());
    } else {
        let moved = report.shifts.iter().filter(|s| matches!(s.verdict, Verdict::Fail | Verdict::Warn)).count();
        add(counts.fail, wording::count(counts.fail, "regression"));
        add(counts.invalid, format!("{} invalid", counts.invalid));
        add(counts.warn, wording::count(counts.warn, "warning"));
        add(moved, wording::count(moved, "suite shift"));
        add(counts.missing, format!("{} missing", counts.missing));
    }
    if parts.is_empty() {
        parts.push("no regressions".to_owned());
    }
    out.push_str(&format!("### {mark} perfgate: {}\n\n", parts.join(", ")));
    let compared = wording::judged(report).saturating_sub(counts.new + counts.missing);
    let mut line = vec![format!("**{compared}** {} compared", if compared == 1 { "metric" } else { "metrics" })];
    for verdict in Verdict::ALL {
        let n = counts.of(verdict);
        if n > 0 {
            let word = if verdict == Verdict::Pass { "within limits" } else { verdict.as_str() };
            line.push(format!("**{n}** {word}"));
        }
    }
    let shown = report.results.iter().filter(|r| !r.gate).count();
    if shown > 0 {
        line.push(format!("**{shown}** shown only"));
    }
    out.push_str(&format!("{}\n", line.join(" · ")));
}

/// At most one alert: GitHub's advice, and more would hide the table.
fn alert(report: &Report, out: &mut String) {
    if report.verdict == GateVerdict::None {
        let said = text::markdown_text(&wording::headline(report), MOST_CHARACTERS);
        out.push_str(&format!("\n> [!WARNING]\n> Not a pass: {said}.\n"));
        return;
    }
    if let Some(note) = report.notes.iter().find(|n| is_alert(&n.code)) {
        out.push_str(&format!("\n> [!NOTE]\n> {}\n", text::markdown_text(&note.message, MOST_CHARACTERS)));
    }
}

fn is_alert(code: &str) -> bool {
    code == "environment-differs"
}

/// The table of what needs attention, and why.
fn attention(rows: &[&Row], names: &Names, caps: &Caps, out: &mut String) {
    let mut table = String::new();
    let mut left_out = Vec::new();
    let mut listed = Vec::new();
    for (verdict, mark, most) in
        [(Verdict::Fail, "🔴", caps.fail), (Verdict::Invalid, "🔴", caps.fail), (Verdict::Warn, "🟡", caps.warn)]
    {
        let entries = wording::section(rows, verdict);
        for entry in entries.iter().take(most) {
            table.push_str(&format!("| {mark}\u{a0}{} {}\n", verdict.as_str(), cells(entry.row, names, true)));
            listed.push(entry.row);
        }
        if entries.len() > most {
            left_out.push(format!("{} {}", entries.len() - most, verdict.as_str()));
        }
    }
    if !table.is_empty() {
        let change = if rows.iter().any(|row| row.interval.is_some()) { "Change (95\u{a0}% CI)" } else { "Change" };
        out.push_str(&format!("\n| | Benchmark | Metric | Baseline | Current | {change} | Limit |\n"));
        out.push_str("|:-:|:--|:--|--:|--:|--:|--:|\n");
        out.push_str(&table);
    }
    if !left_out.is_empty() {
        let word = if table.is_empty() { "Left out for length" } else { "and" };
        let more = if table.is_empty() { "" } else { " more, left out for length" };
        out.push_str(&format!("\n{word} {}{more}\n", left_out.join(", ")));
    }
    explanations(&listed, names, caps.further, out);
}

/// Why, for rows where that is more than their limit; rows with the same reason are named together.
fn explanations(rows: &[&Row], names: &Names, most: usize, out: &mut String) {
    let groups = wording::grouped(rows);
    let listed = groups.iter().take(most);
    for (i, (said, rows)) in listed.enumerate() {
        let Some((first, rest)) = rows.split_first() else { continue };
        let others =
            if rest.is_empty() { String::new() } else { format!(" and {}", wording::count(rest.len(), "other row")) };
        let (name, metric) = (code(&names.of(first), false), metric(&first.metric.0, false));
        let said = text::markdown_text(said, MOST_CHARACTERS);
        out.push_str(&format!("{}- {name} {metric}{others}: {said}\n", if i == 0 { "\n" } else { "" }));
    }
    if groups.len() > most && most > 0 {
        out.push_str(&format!("- and {}\n", wording::count(groups.len() - most, "more explanation")));
    }
}

/// The cells of a row after the first, up to and including the last border.
fn cells(row: &Row, names: &Names, with_limit: bool) -> String {
    let mut values = wording::values(row, &TYPESET);
    let suffix = match (values.suffix.is_empty(), values.foreign) {
        (true, _) => String::new(),
        (false, true) => format!("\u{a0}{}", text::markdown_code(values.suffix.raw(), 24, true)),
        (false, false) => format!("\u{a0}{}", values.suffix.raw()),
    };
    for number in [&mut values.baseline, &mut values.current] {
        if !number.is_empty() && number.as_str() != wording::NOT_A_NUMBER {
            number.push_str(&suffix);
        }
    }
    let mut change = wording::change(row, &TYPESET);
    if !change.is_empty() && with_limit {
        change = format!("**{change}**");
    }
    if let Some([low, high]) = row.interval {
        let bound = |share: f64| TYPESET.change(share).replace(TYPESET.percent, "");
        change.push_str(&format!(" ({}\u{a0}…\u{a0}{})", bound(low), bound(high)));
    }
    let limit = if with_limit {
        format!(" {} |", wording::limit_of(row).map(|l| limit(l, &row.unit, true)).unwrap_or_default())
    } else {
        String::new()
    };
    let (name, metric) = (code(&names.of(row), true), metric(&row.metric.0, true));
    format!("| {name} | {metric} | {} | {} | {change} |{limit}", values.baseline, values.current)
}

/// A limit; in a code span where its unit is the tool's own.
fn limit(limit: Limit, unit: &Unit, in_table: bool) -> String {
    let said = wording::limit(limit, unit, &TYPESET);
    let foreign = limit.kind != LimitKind::Relative && matches!(unit, Unit::Other(_));
    if foreign { code(&said, in_table) } else { said.raw().to_owned() }
}

fn code(name: &Untrusted, in_table: bool) -> String {
    text::markdown_code(name.raw(), MAX_SHOWN, in_table)
}

/// A metric: perfgate's own names as words, all others in code spans.
fn metric(name: &Untrusted, in_table: bool) -> String {
    let known = ["time", "memory", "allocs", "throughput", "instructions"];
    known.iter().find(|k| **k == name.raw()).map_or_else(|| code(name, in_table), |known| (*known).to_owned())
}

/// Opens a folded part. The blank line after the summary makes GitHub read Markdown again.
fn fold(summary: &str, body: &str, out: &mut String) {
    out.push_str(&format!("\n<details><summary>{summary}</summary>\n\n{}\n\n</details>\n", body.trim_end()));
}

/// What does not need attention at once.
fn details(report: &Report, rows: &[&Row], names: &Names, caps: &Caps, out: &mut String) {
    let header = "| Benchmark | Metric | Baseline | Current | Change |\n|:--|:--|--:|--:|--:|\n";
    for (verdict, most) in
        [(Verdict::Inconclusive, caps.doubtful), (Verdict::Accepted, caps.doubtful), (Verdict::Improved, caps.improved)]
    {
        let entries = wording::section(rows, verdict);
        if entries.is_empty() {
            continue;
        }
        let mut body = if most > 0 { header.to_owned() } else { String::new() };
        for entry in entries.iter().take(most) {
            body.push_str(&format!("{}\n", cells(entry.row, names, false)));
        }
        and_more(entries.iter().skip(most), &mut body);
        let listed: Vec<&Row> = entries.iter().take(most).map(|e| e.row).collect();
        explanations(&listed, names, caps.further, &mut body);
        fold(&format!("{} {}", entries.len(), verdict.as_str()), &body, out);
    }
    let mut body = String::new();
    let mut summary = Vec::new();
    let mut left_out = Vec::new();
    for (verdict, meaning) in
        [(Verdict::New, "no baseline yet"), (Verdict::Missing, "in the baseline, not in this run")]
    {
        let n = report.counts.of(verdict);
        if n > 0 {
            summary.push(format!("{n} {}", verdict.as_str()));
        }
        let mut entries = wording::section(rows, verdict);
        for entry in entries.iter().take(caps.appeared) {
            let metrics = match entry.metrics().as_slice() {
                [one] => metric(one, true),
                all => wording::count(all.len(), "metric"),
            };
            let name = code(&names.of(entry.row), true);
            body.push_str(&format!("| {name} | {metrics} | {}: {meaning} |\n", verdict.as_str()));
        }
        left_out.extend(entries.drain(caps.appeared.min(entries.len())..));
    }
    if !summary.is_empty() {
        let mut table = String::new();
        if !body.is_empty() {
            table.push_str("| Benchmark | Metric | |\n|:--|:--|:--|\n");
            table.push_str(&body);
        }
        and_more(left_out.iter(), &mut table);
        fold(&summary.join(", "), &table, out);
    }
}

/// Says how many rows are left out.
fn and_more<'e, 'a: 'e>(entries: impl Iterator<Item = &'e Entry<'a>>, body: &mut String) {
    let more: usize = entries.map(Entry::rows).sum();
    if more > 0 {
        let word = if body.is_empty() { wording::count(more, "row") } else { format!("and {more} more") };
        body.push_str(&format!("\n{word}, left out for length\n"));
    }
}

/// How it was measured and judged.
fn measured(report: &Report, rules: &[String], caps: &Caps, out: &mut String) {
    let most = caps.further.max(1);
    let mut body = String::new();
    let mut item = |said: String| body.push_str(&format!("- {said}\n"));
    for (label, side) in [("Baseline", &report.baseline), ("Current", &report.current)] {
        item(format!("{label}: {}", subject(side, most)));
    }
    if report.pairs > 0 {
        item(format!("measured in turns: {}", wording::turns(report)));
    }
    let (b, c) = (&report.baseline.labels, &report.current.labels);
    for (key, value) in c.iter().take(most) {
        let before = match b.get(key) {
            Some(same) if same == value => String::new(),
            Some(other) => format!(" (baseline: {})", code(other, false)),
            None => " (baseline: not known)".to_owned(),
        };
        item(format!("{}: {}{before}", code(key, false), code(value, false)));
    }
    for (key, value) in b.iter().filter(|(k, _)| !c.contains_key(*k)).take(most) {
        item(format!("{}: not known (baseline: {})", code(key, false), code(value, false)));
    }
    for rule in rules.iter().take(most) {
        item(rule.clone());
    }
    if rules.len() > most {
        item(format!("and {}", wording::count(rules.len() - most, "more rule")));
    }
    for shift in report.shifts.iter().filter(|s| wording::is_notable(s)).take(most) {
        item(wording::shift(shift, &code(&shift.suite, false), &metric(&shift.metric.0, false), &TYPESET));
    }
    let notes: Vec<_> = report.notes.iter().filter(|n| !is_alert(&n.code)).collect();
    for note in notes.iter().take(most) {
        let said = text::markdown_text(&note.message, MOST_CHARACTERS);
        item(if note.severity == Severity::Note { said } else { format!("⚠️ {}: {said}", note.severity.as_str()) });
    }
    if notes.len() > most {
        item(format!("and {}", wording::count(notes.len() - most, "more note")));
    }
    fold("How this was measured", &body, out);
}

/// What is known of a side.
fn subject(side: &Side, most: usize) -> String {
    let mut parts = Vec::new();
    parts.extend(side.commit.as_ref().map(|c| code(&wording::short_commit(c), false)));
    parts.extend(side.branch.as_ref().map(|b| format!("on {}", code(b, false))));
    let mut said = parts.join(" ");
    if !said.is_empty() {
        said.push_str(", ");
    }
    said.push_str(&wording::count(side.runs, "run"));
    for input in side.inputs.iter().take(most) {
        said.push_str(&format!(", {}", code(input, false)));
    }
    if side.inputs.len() > most {
        said.push_str(&format!(" and {}", wording::count(side.inputs.len() - most, "more input")));
    }
    said
}

/// The limits that rows were judged by, and where they were set: `time: warn 5 %, fail 10 %, from perfgate.toml:12`.
fn rules(report: &Report) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for row in report.results.iter().filter(|r| r.gate) {
        let limits = [("warn", row.limits.warn), ("fail", row.limits.fail)].into_iter();
        let said: Vec<String> =
            limits.filter_map(|(word, l)| l.map(|l| format!("{word} {}", limit(l, &row.unit, false)))).collect();
        if said.is_empty() || row.limits.origin.is_empty() {
            continue;
        }
        let rule =
            format!("{}: {}, from {}", metric(&row.metric.0, false), said.join(", "), code(&row.limits.origin, false));
        if seen.insert(rule.clone()) {
            rules.push(rule);
        }
    }
    rules
}
