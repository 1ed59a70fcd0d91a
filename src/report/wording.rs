//! What the outputs say alike: headline, numbers, limits, names, grouped explanations.
//!
//! Numbers of one row share one unit, chosen from the baseline, so that a reader compares digits. Where four digits hide
//! a difference (counts of millions), more are shown.
//!
//! Not here: layout and escaping, which differ by output. Names leave this module as [`Untrusted`].

use std::collections::{BTreeMap, BTreeSet};

use crate::model::report::{GateVerdict, Limit, LimitKind, Reason, Report, Row, Shift, Side, Value, Verdict};
use crate::model::{Better, Kind, Unit};
use crate::text::{self, Untrusted};
use crate::unit::{self, Scale};

/// How numbers are written for one kind of reader.
pub(super) struct Notation {
    /// Between a number and its unit.
    pub gap: &'static str,
    /// After a percentage.
    pub percent: &'static str,
    /// Before a negative number.
    pub minus: &'static str,
}

/// For terminals and logs: ASCII signs.
pub(super) const PLAIN: Notation = Notation { gap: " ", percent: "%", minus: "-" };

/// For Markdown: a number and its unit never part at a line's end.
pub(super) const TYPESET: Notation = Notation { gap: "\u{a0}", percent: "\u{a0}%", minus: "\u{2212}" };

impl Notation {
    /// A share as a signed percentage: `+13.9%`. Small but not zero stays visible.
    pub(super) fn change(&self, share: f64) -> String {
        let sign = if share < 0.0 { self.minus } else { "+" };
        if share == 0.0 { format!("0.0{}", self.percent) } else { format!("{sign}{}", self.share(share.abs())) }
    }

    /// A share as a percentage without a plus sign: `10%`.
    pub(super) fn share(&self, share: f64) -> String {
        let percent = share * 100.0;
        let size = percent.abs();
        let number = if size >= 1e6 {
            format!("{percent:.1e}")
        } else if size >= 999.5 {
            format!("{percent:.0}")
        } else if size >= 0.05 || size == 0.0 {
            format!("{percent:.1}")
        } else {
            let shown = unit::significant(format!("{percent:.1e}").parse().unwrap_or(percent));
            if shown.contains('e') { format!("{percent:.0e}") } else { shown.trim_end_matches('0').to_owned() }
        };
        format!("{}{}", number.replace('-', self.minus), self.percent)
    }

    /// A limit as a percentage: whole ones without a fraction.
    fn limit_share(&self, share: f64) -> String {
        let percent = format!("{:.4}", share * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        format!("{}{}", percent.replace('-', self.minus), self.percent)
    }
}

/// The two values of a row as text in one unit.
pub(super) struct Values {
    /// The baseline's number, empty where there is no baseline.
    pub baseline: String,
    /// The current number, empty where there is no current value.
    pub current: String,
    /// What stands after both numbers; may be empty, may be outside text.
    pub suffix: Untrusted,
    /// Whether the suffix is outside text.
    pub foreign: bool,
    scale: Scale,
    digits: Option<usize>,
    whole: bool,
}

impl Values {
    /// What the numbers were divided by.
    pub(super) fn divisor(&self) -> f64 {
        if self.whole { 1.0 } else { self.scale.divisor }
    }

    /// Another value of the row in the same unit and with as many digits.
    pub(super) fn number(&self, value: f64) -> String {
        let scaled = value / self.scale.divisor;
        match self.digits {
            _ if self.whole => format!("{value:.0}"),
            Some(digits) if value != 0.0 && scaled.abs() < 1e5 => precise(scaled, digits),
            _ => self.scale.number(value),
        }
    }

    /// One of the numbers with its unit, for terminals and logs.
    pub(super) fn plain(&self, number: &str) -> String {
        if number.is_empty() || number == NOT_A_NUMBER || self.suffix.is_empty() {
            return number.to_owned();
        }
        format!("{number} {}", text::shown(&self.suffix))
    }
}

/// Shown for a value that is there but is not a number; no unit follows it.
pub(super) const NOT_A_NUMBER: &str = "n/a";

/// The values of a row in one unit.
pub(super) fn values(row: &Row, notation: &Notation) -> Values {
    let (b, c) = (row.baseline.and_then(|v| v.value), row.current.and_then(|v| v.value));
    let scale = row_scale(row);
    // What was measured has four digits even where they happen to be zeros; counts are whole.
    let measured = row.kind == Kind::Noisy && !matches!(row.unit, Unit::One | Unit::Other(_));
    let mut shown = Values {
        baseline: String::new(),
        current: String::new(),
        suffix: scale.suffix.as_str().into(),
        foreign: matches!(row.unit, Unit::Other(_)),
        digits: measured.then_some(4),
        whole: false,
        scale,
    };
    if let (Some(b), Some(c)) = (b, c) {
        let alike = |shown: &Values| b.to_bits() != c.to_bits() && shown.number(b) == shown.number(c);
        // Whole numbers are most exact unscaled; anything else gets digits until the two differ.
        if alike(&shown)
            && row.kind == Kind::Exact
            && b.fract() == 0.0
            && c.fract() == 0.0
            && b.abs().max(c.abs()) < 1e15
        {
            shown.whole = true;
            shown.suffix = base_suffix(&row.unit).into();
        }
        while alike(&shown) && shown.digits.unwrap_or(4) < 9 {
            shown.digits = Some(shown.digits.unwrap_or(4) + 1);
        }
    }
    let write = |side: Option<Value>| match side.map(|v| v.value) {
        None => String::new(),
        Some(None) => NOT_A_NUMBER.to_owned(),
        Some(Some(value)) => shown.number(value).replace('-', notation.minus),
    };
    (shown.baseline, shown.current) = (write(row.baseline), write(row.current));
    shown
}

/// The unit of a row's numbers: by the baseline, or by the current value where that is missing or zero.
fn row_scale(row: &Row) -> Scale {
    let known = |side: Option<Value>| side.and_then(|v| v.value).filter(|v| v.is_finite());
    let size = known(row.baseline).filter(|v| *v != 0.0).or(known(row.current)).or(known(row.baseline));
    unit::scale(&row.unit, size.unwrap_or(0.0))
}

/// A number with this many significant digits.
fn precise(value: f64, digits: usize) -> String {
    // The exponent after rounding: 9.9999 has that of 10.00.
    let rounded = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let magnitude: f64 = rounded.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0.0);
    let decimals = (digits as f64 - 1.0 - magnitude).clamp(0.0, 17.0) as usize;
    format!("{value:.decimals$}")
}

/// The suffix of an unscaled value.
fn base_suffix(unit: &Unit) -> String {
    match unit {
        Unit::One => String::new(),
        Unit::PerSecond => "/s".to_owned(),
        unit => unit.symbol().to_owned(),
    }
}

/// The change of a row: a percentage, `0 → 3` where the baseline is zero, or nothing.
pub(super) fn change(row: &Row, notation: &Notation) -> String {
    if let Some(change) = row.change {
        return notation.change(change);
    }
    match (row.baseline.and_then(|v| v.value), row.current.and_then(|v| v.value)) {
        (Some(0.0), Some(0.0)) => notation.change(0.0),
        (Some(0.0), Some(_)) => {
            let values = values(row, notation);
            format!("{} → {}", values.baseline, values.current)
        }
        _ => String::new(),
    }
}

/// The limit that a row crossed, or is up against.
pub(super) fn limit_of(row: &Row) -> Option<Limit> {
    let has = |reason| row.reasons.contains(&reason);
    let failed = has(Reason::OverFailLimit) || has(Reason::OverFailBudget) || has(Reason::BetterThanFailLimit);
    match row.verdict {
        Verdict::New | Verdict::Missing | Verdict::Invalid => None,
        Verdict::Fail | Verdict::Improved => row.limits.fail,
        Verdict::Warn | Verdict::Inconclusive | Verdict::Accepted | Verdict::Pass => {
            if failed {
                row.limits.fail
            } else {
                row.limits.warn.or(row.limits.fail)
            }
        }
    }
}

/// A limit in words: `10%`, `+2 ms`, `budget 10 ns`. The unit of the result may be outside text.
pub(super) fn limit(limit: Limit, unit: &Unit, notation: &Notation) -> Untrusted {
    let scale = unit::scale(unit, limit.value);
    // A step of zero bytes is `+0`: its unit says nothing.
    let suffix = if limit.value == 0.0 { "" } else { scale.suffix.as_str() };
    let gap = if suffix.is_empty() { "" } else { notation.gap };
    let number = scale.number(limit.value);
    match limit.kind {
        LimitKind::Relative => notation.limit_share(limit.value).into(),
        LimitKind::Step => format!("+{number}{gap}{suffix}").into(),
        LimitKind::Budget => format!("budget{}{number}{gap}{suffix}", notation.gap).into(),
    }
}

/// The numbers of a row in one line: `12.31 µs → 14.02 µs, +13.9%, limit 10%`. Outside text is escaped.
pub(super) fn numbers(row: &Row) -> String {
    let values = values(row, &PLAIN);
    let mut parts = Vec::new();
    match (values.plain(&values.baseline), values.plain(&values.current)) {
        (baseline, current) if baseline.is_empty() || current.is_empty() => parts.push(baseline + &current),
        (baseline, current) => parts.push(format!("{baseline} → {current}")),
    }
    parts.retain(|part| !part.is_empty());
    parts.extend(row.change.map(|c| PLAIN.change(c)));
    parts.extend(limit_of(row).map(|l| {
        let shown = text::shown(&limit(l, &row.unit, &PLAIN));
        if l.kind == LimitKind::Budget { shown } else { format!("limit {shown}") }
    }));
    parts.join(", ")
}

/// A count with its noun: `1 warning`, `3 warnings`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// How the runs of both sides were taken, where they were taken in turns: `5 interleaved pairs`.
pub(super) fn turns(report: &Report) -> String {
    count(report.pairs, "interleaved pair")
}

/// The word that opens a report.
pub(super) fn gate_word(verdict: GateVerdict) -> &'static str {
    match verdict {
        GateVerdict::Pass => "PASS",
        GateVerdict::Warn => "WARN",
        GateVerdict::Fail => "FAIL",
        GateVerdict::None => "NOTHING COMPARED",
    }
}

/// How many rows count in the gate.
pub(super) fn judged(report: &Report) -> usize {
    Verdict::ALL.iter().map(|v| report.counts.of(*v)).sum()
}

/// How many of them were compared: all but those of one side.
pub(super) fn compared(report: &Report) -> usize {
    judged(report).saturating_sub(report.counts.new + report.counts.missing)
}

/// One line for the whole comparison, without the verdict's word: `2 of 145 metrics regressed, 1 warning`.
pub(super) fn headline(report: &Report) -> String {
    let counts = &report.counts;
    if report.verdict == GateVerdict::None {
        let found = [(counts.new, "new"), (counts.missing, "missing"), (counts.invalid, "invalid")];
        let found: Vec<String> = found.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        return if found.is_empty() {
            "there is nothing to judge".to_owned()
        } else {
            format!("no metric could be judged against a baseline: {}", found.join(", "))
        };
    }
    let moved = report.shifts.iter().filter(|s| matches!(s.verdict, Verdict::Fail | Verdict::Warn)).count();
    let mut parts: Vec<String> = Vec::new();
    let all = count(compared(report), "metric");
    let mut add = |n: usize, first: String, further: String| {
        if n > 0 {
            parts.push(if parts.is_empty() { first } else { further });
        }
    };
    let of = |n: usize, word: &str| format!("{n} of {all} {word}");
    let is_budget = |row: &&Row| row.limits.fail.is_some_and(|limit| limit.kind == LimitKind::Budget);
    let failed = report.results.iter().filter(|row| row.gate && row.verdict == Verdict::Fail);
    let over = failed.filter(is_budget).count();
    let regressed = counts.fail.saturating_sub(over);
    add(regressed, of(regressed, "regressed"), String::new());
    add(over, of(over, "over budget"), format!("{over} over budget"));
    add(counts.invalid, of(counts.invalid, "invalid"), format!("{} invalid", counts.invalid));
    let warnings = count(counts.warn, "warning");
    add(counts.warn, format!("{warnings} in {all}"), warnings.clone());
    let shifts = count(moved, "suite shift");
    add(moved, format!("{shifts} in {all}"), shifts.clone());
    add(counts.missing, format!("{} missing beside {all}", counts.missing), format!("{} missing", counts.missing));
    if parts.is_empty() {
        parts.push(format!("no regressions in {all}"));
    }
    for verdict in [Verdict::Inconclusive, Verdict::Accepted, Verdict::Improved] {
        let n = counts.of(verdict);
        if n > 0 {
            parts.push(format!("{n} {}", verdict.as_str()));
        }
    }
    parts.join(", ")
}

/// A suite's shift in words; suite and metric come escaped from the caller.
pub(super) fn shift(shift: &Shift, suite: &str, metric: &str, notation: &Notation) -> String {
    let rest = if shift.adjusted {
        "rows are judged after taking it out"
    } else if shift.noise.is_some() {
        "rows are judged with it"
    } else {
        "rows are judged with it; where no noise is known, one that moved like its suite warns at most"
    };
    format!(
        "suite {suite}: {metric} moved by {} as a whole (median of {} series); {rest}",
        notation.change(shift.shift),
        shift.series
    )
}

/// Whether a shift is worth a line.
pub(super) fn is_notable(shift: &Shift) -> bool {
    shift.verdict != Verdict::Pass || (shift.adjusted && shift.shift.abs() >= 0.005)
}

/// What is known of a side's machine: `AMD EPYC 7763, linux, x86_64`.
pub(super) fn machine(side: &Side) -> Option<Untrusted> {
    let parts: Vec<&str> =
        ["cpu", "os", "arch"].iter().filter_map(|k| side.labels.get(*k)).map(Untrusted::raw).collect();
    (!parts.is_empty()).then(|| parts.join(", ").into())
}

/// A commit id cut to the usual length; anything else as it is.
pub fn short_commit(commit: &Untrusted) -> Untrusted {
    let raw = commit.raw();
    match raw.get(..10) {
        Some(short) if raw.bytes().all(|b| b.is_ascii_hexdigit()) => short.into(),
        _ => commit.clone(),
    }
}

/// Why a row has its verdict, where it is more than the limit that its line already shows.
pub(super) fn explanations(row: &Row) -> &[String] {
    let plain = |reason: &Reason| {
        matches!(
            reason,
            Reason::OverFailLimit | Reason::OverWarnLimit | Reason::OverFailBudget | Reason::OverWarnBudget
        )
    };
    match row.verdict {
        Verdict::Fail | Verdict::Warn if row.reasons.iter().all(plain) => &[],
        Verdict::Fail | Verdict::Warn | Verdict::Inconclusive | Verdict::Invalid | Verdict::Accepted => {
            &row.explanations
        }
        Verdict::Missing | Verdict::Improved | Verdict::New | Verdict::Pass => &[],
    }
}

/// Whether a row is over no limit and only too noisy to exclude that: nothing that a reader could act on.
pub(super) fn is_merely_noisy(row: &Row) -> bool {
    row.verdict == Verdict::Inconclusive
        && row.reasons.contains(&Reason::CouldBeOverLimit)
        && row.reasons.iter().all(|r| matches!(r, Reason::CouldBeOverLimit | Reason::Bimodal))
}

/// The explanations of some rows, each with the rows it holds for, in the order in which they first occur.
pub(super) fn grouped<'a>(rows: &[&'a Row]) -> Vec<(&'a str, Vec<&'a Row>)> {
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        for text in explanations(row) {
            let at = *place.entry(text).or_insert(groups.len());
            match groups.get_mut(at) {
                Some((_, of)) => of.push(row),
                None => groups.push((text, vec![row])),
            }
        }
    }
    groups
}

/// A line of a table: one series, or every series of a benchmark that is wholly new or missing.
pub(super) struct Entry<'a> {
    /// The row, or the first of them.
    pub row: &'a Row,
    /// The further rows of the same benchmark.
    pub others: Vec<&'a Row>,
}

impl Entry<'_> {
    /// How many rows it stands for.
    pub(super) fn rows(&self) -> usize {
        1 + self.others.len()
    }

    /// The metrics it stands for.
    pub(super) fn metrics(&self) -> Vec<&Untrusted> {
        std::iter::once(self.row).chain(self.others.iter().copied()).map(|r| &r.metric.0).collect()
    }
}

/// What identifies the benchmark of a row.
fn benchmark(row: &Row) -> (&Untrusted, Option<&Untrusted>, &Untrusted) {
    (&row.benchmark, row.package.as_ref(), &row.tool)
}

/// The judged rows of one verdict, worst first; a benchmark that is wholly new or missing is one entry.
pub(super) fn section<'a>(worst_first: &[&'a Row], verdict: Verdict) -> Vec<Entry<'a>> {
    let rows: Vec<&'a Row> = worst_first.iter().copied().filter(|r| r.gate && r.verdict == verdict).collect();
    if rows.is_empty() || !matches!(verdict, Verdict::Missing | Verdict::New) {
        return rows.into_iter().map(|row| Entry { row, others: Vec::new() }).collect();
    }
    let concerned: BTreeSet<_> = rows.iter().map(|row| benchmark(row)).collect();
    let others = worst_first.iter().filter(|r| r.verdict != verdict).map(|row| benchmark(row));
    let partial: BTreeSet<_> = others.filter(|benchmark| concerned.contains(benchmark)).collect();
    let mut place = BTreeMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows {
        let whole = !partial.contains(&benchmark(row));
        let at = if whole { *place.entry(benchmark(row)).or_insert(entries.len()) } else { entries.len() };
        match entries.get_mut(at) {
            Some(entry) => entry.others.push(row),
            None => entries.push(Entry { row, others: Vec::new() }),
        }
    }
    entries
}

/// The rows that are shown without counting, worst first.
pub(super) fn shown_only<'a>(worst_first: &[&'a Row]) -> Vec<&'a Row> {
    worst_first.iter().copied().filter(|r| !r.gate).collect()
}

/// What benchmarks are called in one report: their names, qualified only where two benchmarks share one.
pub(super) struct Names<'a> {
    /// Where each name is used that several benchmarks have.
    sharing: BTreeMap<&'a Untrusted, BTreeSet<(Option<&'a Untrusted>, &'a Untrusted)>>,
}

impl<'a> Names<'a> {
    /// Looks at every benchmark of a report.
    pub(super) fn new(report: &'a Report) -> Self {
        let mut sharing: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let place = |row: &'a Row| (row.package.as_ref(), &row.tool);
        // Results are ordered by name, and hardly any name is shared.
        for rows in report.results.chunk_by(|a, b| a.benchmark == b.benchmark) {
            let Some(first) = rows.first() else { continue };
            if rows.iter().any(|row| place(row) != place(first)) {
                sharing.entry(&first.benchmark).or_default().extend(rows.iter().map(place));
            }
        }
        Self { sharing }
    }

    /// The name of a row's benchmark. A shared name gets as much of the package's path, from its end, as keeps it apart;
    /// where the packages are the same, the tool.
    pub(super) fn of(&self, row: &Row) -> Untrusted {
        let Some(places) = self.sharing.get(&row.benchmark) else {
            return row.benchmark.clone();
        };
        let packages: BTreeSet<&str> = places.iter().filter_map(|(p, _)| p.map(Untrusted::raw)).collect();
        let mut name = row.benchmark.raw().to_owned();
        if let Some(package) = &row.package
            && places.iter().any(|(other, _)| *other != Some(package))
        {
            let depth = package.raw().split('/').count();
            let alone = |n: &usize| packages.iter().filter(|p| tail(p, *n) == tail(package.raw(), *n)).count() == 1;
            let parts = (1..=depth).find(alone).unwrap_or(depth);
            name = format!("{}::{name}", tail(package.raw(), parts));
        }
        if places.iter().any(|(package, tool)| *package == row.package.as_ref() && **tool != row.tool) {
            name = format!("{name} ({})", row.tool.raw());
        }
        name.into()
    }
}

/// The last parts of a path.
fn tail(path: &str, parts: usize) -> &str {
    path.rmatch_indices('/').nth(parts.saturating_sub(1)).map_or(path, |(at, _)| path.get(at + 1..).unwrap_or(path))
}

/// The word of a direction in files.
pub(super) fn better(better: Better) -> &'static str {
    match better {
        Better::Lower => "lower",
        Better::Higher => "higher",
    }
}

/// The word of a kind in files.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Noisy => "noisy",
        Kind::Exact => "exact",
    }
}
