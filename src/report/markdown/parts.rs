//! The parts that a report in Markdown is put together from.
//!
//! Each is a function of the report that appends to the text; how many rows it may show comes from its caller. Links are
//! written where the caller knows an address, and are otherwise plain names.
//!
//! Not here: how much room there is (`markdown`), and what several reports share (`comment`).

use std::collections::BTreeMap;

use super::super::links::Links;
use super::super::wording::{self, Entry, Names, TYPESET};
use super::Caps;
use crate::diag::{Code, Severity};
use crate::model::Unit;
use crate::model::report::{Counts, GateVerdict, Limit, LimitKind, Note, Reason, Report, Row, Side, Verdict};
use crate::text::{self, MAX_SHOWN, Untrusted};

/// Characters of a sentence in a note or explanation.
const MOST_CHARACTERS: usize = 400;

/// The mark of a verdict, which never stands without words.
pub(in crate::report) fn mark(verdict: GateVerdict) -> &'static str {
    match verdict {
        GateVerdict::Fail => "🔴",
        GateVerdict::Warn => "🟡",
        GateVerdict::Pass => "🟢",
        GateVerdict::None => "⚪",
    }
}

/// What needs attention, counted: `2 regressions, 1 warning`.
pub(in crate::report) fn outcome(verdict: GateVerdict, tally: &Tally) -> String {
    let counts = &tally.counts;
    if verdict == GateVerdict::None {
        let word = if tally.has_baseline || counts.new == 0 { "nothing compared" } else { "no baseline yet" };
        return word.to_owned();
    }
    let mut parts = Vec::new();
    let mut add = |n: usize, said: String| parts.extend((n > 0).then_some(said));
    add(counts.fail, wording::count(counts.fail, "regression"));
    add(counts.invalid, format!("{} invalid", counts.invalid));
    add(counts.warn, wording::count(counts.warn, "warning"));
    add(tally.moved, wording::count(tally.moved, "suite shift"));
    add(counts.missing, format!("{} missing", counts.missing));
    if parts.is_empty() { "no regressions".to_owned() } else { parts.join(", ") }
}

/// What one of the counts in the first lines is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Counted {
    /// Metrics on both sides.
    Compared,
    /// Rows of one verdict.
    Verdict(Verdict),
    /// Rows that do not count.
    ShownOnly,
}

/// What the first lines count; of several reports, their sums.
#[derive(Default)]
pub(in crate::report) struct Tally {
    /// The verdicts of the rows that count.
    pub(in crate::report) counts: Counts,
    /// Suites that moved as a whole.
    moved: usize,
    /// Rows that do not count.
    shown_only: usize,
    /// Whether there is a baseline at all.
    pub(in crate::report) has_baseline: bool,
}

impl Tally {
    /// The counts of one report.
    pub(in crate::report) fn of(report: &Report) -> Self {
        Self {
            counts: report.counts,
            moved: report.shifts.iter().filter(|s| matches!(s.verdict, Verdict::Fail | Verdict::Warn)).count(),
            shown_only: report.results.iter().filter(|r| !r.gate).count(),
            has_baseline: report.baseline.runs > 0,
        }
    }

    /// The counts of several reports together.
    pub(in crate::report) fn sum(reports: &[Report]) -> Self {
        reports.iter().map(Self::of).fold(Self::default(), |sum, one| Self {
            counts: sum.counts.plus(&one.counts),
            moved: sum.moved + one.moved,
            shown_only: sum.shown_only + one.shown_only,
            has_baseline: sum.has_baseline || one.has_baseline,
        })
    }

    /// How many metrics were compared.
    pub(in crate::report) fn compared(&self) -> usize {
        let judged: usize = Verdict::ALL.iter().map(|v| self.counts.of(*v)).sum();
        judged.saturating_sub(self.counts.new + self.counts.missing)
    }

    /// The line of counts; `place` says on what, such as `` ` on `linux-x64` ``.
    pub(in crate::report) fn line(&self, place: &str) -> String {
        let counted = self.counted().into_iter();
        let line = counted.map(|(verdict, n, word)| {
            let place = if verdict == Counted::Compared { place } else { "" };
            format!("**{n}** {word}{place}")
        });
        line.collect::<Vec<_>>().join(" · ")
    }

    /// The counts of that line with their words; but for the first, only those that are not zero.
    pub(in crate::report) fn counted(&self) -> Vec<(Counted, usize, &'static str)> {
        let compared = self.compared();
        let metrics = if compared == 1 { "metric compared" } else { "metrics compared" };
        let mut counted = vec![(Counted::Compared, compared, metrics)];
        for verdict in Verdict::ALL {
            let n = self.counts.of(verdict);
            let word = if verdict == Verdict::Pass { "within limits" } else { verdict.as_str() };
            counted.extend((n > 0).then_some((Counted::Verdict(verdict), n, word)));
        }
        counted.extend((self.shown_only > 0).then_some((Counted::ShownOnly, self.shown_only, "shown only")));
        counted
    }
}

/// The rows of a report by verdict, in the order for people.
pub(super) struct Sorted<'a> {
    entries: BTreeMap<Verdict, Vec<Entry<'a>>>,
    has_intervals: bool,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let rows = report.worst_first();
        let entries = |verdict: Verdict| (report.counts.of(verdict) > 0).then(|| wording::section(&rows, verdict));
        Self {
            entries: Verdict::ALL
                .into_iter()
                .filter(|verdict| *verdict != Verdict::Pass)
                .filter_map(|verdict| entries(verdict).map(|entries| (verdict, entries)))
                .collect(),
            has_intervals: rows.iter().any(|row| row.interval.is_some()),
        }
    }

    pub(super) fn of(&self, verdict: Verdict) -> &[Entry<'a>] {
        self.entries.get(&verdict).map_or(&[], Vec::as_slice)
    }
}

/// At most one alert: GitHub's advice, and more would hide the table.
pub(super) fn alert(report: &Report, out: &mut String) {
    let note = report.notes.iter().find(|note| is_alert(note, report.verdict));
    let note = note.map(|note| text::markdown_text(&note.message, MOST_CHARACTERS));
    if report.verdict == GateVerdict::None {
        let said = note.unwrap_or_else(|| text::markdown_text(&wording::headline(report), MOST_CHARACTERS));
        out.push_str(&format!("\n> [!WARNING]\n> Not a pass: {said}.\n"));
        if !Tally::of(report).has_baseline && report.counts.new > 0 {
            out.push_str("> A run of the default branch has to be recorded first: `perfgate record`.\n");
        }
        return;
    }
    // Rows of a suite that moved as a whole show it least of all.
    let moved = report.shifts.iter().find(|s| matches!(s.verdict, Verdict::Fail | Verdict::Warn));
    if let Some(shift) = moved {
        let said = wording::shift(shift, &code(&shift.suite, false), &metric(&shift.metric.0, false), &TYPESET);
        let hint = if report.pairs > 0 { "" } else { " Code or machine: pairs on one machine (`perfgate ab`) tell." };
        out.push_str(&format!("\n> [!WARNING]\n> {said}.{hint}\n"));
    } else if let Some(said) = note {
        out.push_str(&format!("\n> [!NOTE]\n> {said}\n"));
    }
}

fn is_alert(note: &Note, verdict: GateVerdict) -> bool {
    let wanted = if verdict == GateVerdict::None { Code::NoBaseline } else { Code::EnvironmentDiffers };
    note.code == wanted.as_str()
}

/// The table of what needs attention, and why.
pub(super) fn attention(rows: &Sorted<'_>, names: &Names, links: &Links, caps: &Caps, out: &mut String) {
    let mut table = String::new();
    let mut left_out = Vec::new();
    let mut listed = Vec::new();
    for (verdict, mark, most) in
        [(Verdict::Fail, "🔴", caps.fail), (Verdict::Invalid, "🔴", caps.fail), (Verdict::Warn, "🟡", caps.warn)]
    {
        let entries = rows.of(verdict);
        for entry in entries.iter().take(most) {
            table.push_str(&format!("| {mark}\u{a0}{} {}\n", verdict.as_str(), cells(entry.row, names, true)));
            listed.push(entry.row);
        }
        if entries.len() > most {
            left_out.push(format!("{} {}", entries.len() - most, verdict.as_str()));
        }
    }
    if !table.is_empty() {
        let change = if rows.has_intervals { "Change (95\u{a0}% CI)" } else { "Change" };
        out.push_str(&format!("\n| | Benchmark | Metric | Baseline | Current | {change} | Limit |\n"));
        out.push_str("|:-:|:--|:--|--:|--:|--:|--:|\n");
        out.push_str(&table);
    }
    if !left_out.is_empty() {
        let said = left_out.join(", ");
        let said = if table.is_empty() { said } else { format!("and {said} more") };
        out.push_str(&format!("\n{said}, {}\n", where_else(links)));
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

pub(in crate::report) fn code(name: &Untrusted, in_table: bool) -> String {
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
pub(super) fn details(report: &Report, rows: &Sorted<'_>, names: &Names, links: &Links, caps: &Caps, out: &mut String) {
    let header = "| Benchmark | Metric | Baseline | Current | Change |\n|:--|:--|--:|--:|--:|\n";
    for (verdict, most) in
        [(Verdict::Inconclusive, caps.doubtful), (Verdict::Accepted, caps.doubtful), (Verdict::Improved, caps.improved)]
    {
        let entries = rows.of(verdict);
        if entries.is_empty() {
            continue;
        }
        let mut body = if most > 0 { header.to_owned() } else { String::new() };
        for entry in entries.iter().take(most) {
            body.push_str(&format!("{}\n", cells(entry.row, names, false)));
        }
        and_more(entries.iter().skip(most), links, &mut body);
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
        let entries = rows.of(verdict);
        for entry in entries.iter().take(caps.appeared) {
            let metrics = match entry.metrics().as_slice() {
                [one] => metric(one, true),
                all => wording::count(all.len(), "metric"),
            };
            let name = code(&names.of(entry.row), true);
            body.push_str(&format!("| {name} | {metrics} | {}: {meaning} |\n", verdict.as_str()));
        }
        left_out.extend(entries.iter().skip(caps.appeared));
    }
    if !summary.is_empty() {
        let mut table = String::new();
        if !body.is_empty() {
            table.push_str("| Benchmark | Metric | |\n|:--|:--|:--|\n");
            table.push_str(&body);
        }
        and_more(left_out.into_iter(), links, &mut table);
        fold(&summary.join(", "), &table, out);
    }
}

/// Says how many rows are left out.
fn and_more<'e, 'a: 'e>(entries: impl Iterator<Item = &'e Entry<'a>>, links: &Links, body: &mut String) {
    let more: usize = entries.map(Entry::rows).sum();
    if more > 0 {
        let word = if body.is_empty() { wording::count(more, "row") } else { format!("and {more} more") };
        body.push_str(&format!("\n{word}, {}\n", where_else(links)));
    }
}

/// Where what is left out stands.
pub(in crate::report) fn where_else(links: &Links) -> String {
    let Some(run) = links.run() else { return "left out for length".to_owned() };
    format!("left out for length: see the [run summary]({run})")
}

/// How it was measured and judged.
pub(super) fn measured(report: &Report, rules: &[String], links: &Links, caps: &Caps, out: &mut String) {
    let most = caps.further.max(1);
    let mut body = String::new();
    let mut item = |said: String| body.push_str(&format!("- {said}\n"));
    for (label, side) in [("Baseline", &report.baseline), ("Current", &report.current)] {
        item(format!("{label}: {}", subject(side, links, most)));
    }
    let commits = (report.baseline.commit.as_ref(), report.current.commit.as_ref());
    if let (Some(before), Some(now)) = commits
        && let Some(range) = links.range(before, now)
    {
        item(format!("Commits between them: {range}"));
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
    let notes: Vec<_> = report.notes.iter().filter(|n| !is_alert(n, report.verdict)).collect();
    for note in notes.iter().take(most) {
        let said = text::markdown_text(&note.message, MOST_CHARACTERS);
        item(if note.severity == Severity::Note { said } else { format!("⚠️ {}: {said}", note.severity.as_str()) });
    }
    if notes.len() > most {
        item(format!("and {}", wording::count(notes.len() - most, "more note")));
    }
    if let Some(run) = links.run() {
        item(format!("[The run and its full report]({run})"));
    }
    if let Some(command) = reproduction(report) {
        item(format!("reproduce: {}", text::markdown_code(&command, MOST_CHARACTERS, false)));
    }
    fold("How this was measured", &body, out);
}

/// What is known of a side.
fn subject(side: &Side, links: &Links, most: usize) -> String {
    let mut parts = Vec::new();
    parts.extend(side.commit.as_ref().map(|c| links.commit(c)));
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

/// The command that compares the same again where the results are measured anew; `None` where it is not known.
pub(in crate::report) fn reproduction(report: &Report) -> Option<String> {
    let words = |inputs: &[Untrusted]| {
        let words: Vec<&str> = inputs.iter().map(Untrusted::raw).filter(|input| is_plain_path(input)).collect();
        (!words.is_empty() && words.len() == inputs.len() && words.len() <= 5).then(|| words.join(" "))
    };
    let results = words(&report.current.inputs)?;
    let commit = report.baseline.commit.as_ref().map(wording::short_commit).filter(|c| text::is_commit_id(c.raw()));
    let testbed = report.testbed.as_ref().filter(|name| is_plain_path(name.raw()));
    // A store that cannot be written down plainly leaves a command that looks elsewhere, which is worse than none.
    let store = match report.store.as_ref().map(Untrusted::raw) {
        Some(store) if !is_plain_path(store) => return None,
        Some(store) => format!("--store {store} "),
        None => String::new(),
    };
    let measured_again = report.results.iter().any(|row| row.reasons.contains(&Reason::MeasuredAgain));
    match (report.baseline.inputs.as_slice(), commit, testbed) {
        _ if report.pairs > 0 || report.baseline.runs == 0 || measured_again => None,
        // A stored baseline goes by its commit; what it is called is a sentence or the name of a tag.
        (_, Some(commit), Some(testbed)) => {
            Some(format!("perfgate check --baseline {} --testbed {} {store}{results}", commit.raw(), testbed.raw()))
        }
        ([_], None, _) if report.current.inputs.len() == 1 => {
            Some(format!("perfgate compare {} {results}", words(&report.baseline.inputs)?))
        }
        _ => None,
    }
}

/// Whether a shell and a reader take a word for one path or name and nothing else.
fn is_plain_path(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/@+=:,-".contains(c);
    !word.is_empty() && word.len() <= MAX_SHOWN && !word.starts_with('-') && word.chars().all(plain)
}

/// The limits that rows were judged by, and where they were set: `time: warn 5 %, fail 10 %, from perfgate.toml:12`.
pub(super) fn rules(report: &Report) -> Vec<String> {
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
