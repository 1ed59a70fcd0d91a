//! What a history shows as text: one file per output, all of them pure functions of the [`Trend`].
//!
//! [`TRENDS`] is the table that `perfgate trend --report NAME` reads. This file holds what the outputs say alike: the
//! headline, what a run is called, levels in one unit, sparklines. Every piece of outside text goes through the escaper of
//! its sink.
//!
//! Not here: comparisons, whose outputs are the module above.

mod csv;
pub mod issue;
mod json;
mod markdown;
pub mod slack;
mod terminal;

use std::collections::{BTreeMap, BTreeSet};

use super::Output;
use super::wording::{self, count};
use crate::model::report::GateVerdict;
use crate::model::trend::{Change, Event, Grade, Moment, Trend};
use crate::model::{Kind, Unit};
use crate::text::{self, Untrusted};
use crate::unit;

/// Every output, in the order of the help.
pub static TRENDS: &[&Output<Trend>] = &[&terminal::OUTPUT, &markdown::OUTPUT, &json::OUTPUT, &csv::OUTPUT];

/// The outcome as one line of plain text, without a line break.
pub fn headline(trend: &Trend) -> String {
    format!("{}: {}", word(trend.verdict), said(trend))
}

/// The word that opens a report.
fn word(verdict: GateVerdict) -> &'static str {
    if verdict == GateVerdict::None { "NOTHING TO LOOK AT" } else { wording::gate_word(verdict) }
}

/// The headline without its word.
fn said(trend: &Trend) -> String {
    let counts = &trend.counts;
    let of = format!("in {} series of {}", counts.series, count(counts.runs, "run"));
    if trend.verdict == GateVerdict::None {
        return if counts.runs == 0 { "there are no runs".to_owned() } else { format!("no change can be told {of}") };
    }
    let all = trend.changes().count();
    if all == 0 {
        return format!("no change points {of}");
    }
    let red = |grade: Grade| trend.changes().filter(|c| c.red && c.grade == grade).count();
    let mut parts = Vec::new();
    let mut add = |n: usize, limit: &str| {
        if n > 0 {
            parts.push(format!(
                "{} over {} {limit} limit",
                count(n, "new regression"),
                if n == 1 { "its" } else { "the" }
            ));
        }
    };
    add(red(Grade::Fail), "fail");
    add(red(Grade::Warn), "warn");
    if parts.is_empty() {
        parts.push("no new regression".to_owned());
    }
    parts.push(format!("{} {of}", count(all, "change")));
    parts.join(", ")
}

/// A run as people know it: its commit, else where it was read from.
pub(super) fn run_name(moment: Option<&Moment>) -> Untrusted {
    let Some(moment) = moment else { return "?".into() };
    moment.commit.as_ref().map_or_else(|| moment.source.clone(), wording::short_commit)
}

/// The day of a run in UTC.
pub(super) fn day(moment: Option<&Moment>) -> Option<String> {
    let seconds = moment.and_then(|m| m.taken_at.or(m.committed_at))?;
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

/// How an event is announced: `new fail`, `warn, recovered`, `suite moved, improved`.
pub(super) fn announced(event: &Event) -> String {
    // What is new may be the smaller of its changes.
    let is_new = event.changes.iter().any(|change| change.new && change.grade == event.grade);
    let mut said = if is_new && !event.provisional { "new ".to_owned() } else { String::new() };
    said.push_str(event.grade.as_str());
    if event.suite_wide {
        said.push_str(", the suite as a whole");
    }
    if event.provisional {
        said.push_str(", provisional");
    }
    if event.changes.iter().all(|c| c.recovered) {
        said.push_str(", recovered");
    }
    said
}

/// When and where an event happened, in sentences; `shown` is the escaper of names.
pub(super) fn place(trend: &Trend, event: &Event, shown: &dyn Fn(&Untrusted) -> String) -> Vec<String> {
    let (good, bad) = (trend.run(event.range.last_good), trend.run(event.range.first_bad));
    let likeliest = trend.run(event.range.likeliest);
    let name = |moment: Option<&Moment>| {
        let name = shown(&run_name(moment));
        day(moment).map_or(name.clone(), |day| format!("{name} ({day})"))
    };
    // A level that was left again has an end; one that stands is as old as the runs that have it.
    let lasted = match event.changes.first().filter(|c| c.recovered) {
        Some(change) => format!("for {}", count(change.lasted, "run")),
        None => format!("{} so far", count(trend.runs.len().saturating_sub(event.range.likeliest), "run")),
    };
    let between = event.range.first_bad.saturating_sub(event.range.last_good);
    let mut said = vec![if between <= 1 {
        format!("since {}, {lasted}; last good {}", name(bad), name(good))
    } else {
        let (good, bad) = (name(good), name(bad));
        format!(
            "most likely since {}, {lasted}; last good {good}, first bad {bad}, {between} runs apart",
            name(likeliest)
        )
    }];
    if let (Some(good), Some(bad)) = (good, bad)
        && good.commit.is_some()
        && good.commit == bad.commit
    {
        said.push("both runs measured the same commit, so the change is not in the code".to_owned());
    }
    for d in event.differs.iter().take(4) {
        let value = |v: &Option<Untrusted>| v.as_ref().map_or("unknown".to_owned(), shown);
        said.push(format!("{} changed with it: {} → {}", shown(&d.label), value(&d.before), value(&d.after)));
    }
    if event.suite_wide {
        let counts = event.changes.iter().any(|c| c.gate);
        said.push(if !counts && event.differs.iter().any(|d| d.label.raw() == "cpu") {
            "another CPU moves a suite as a whole, so this counts for nothing".to_owned()
        } else {
            "another machine, tool version or build setting does that as well as a change of the code".to_owned()
        });
    }
    said
}

/// What else the reader of a change should know.
pub(super) fn remarks(event: &Event, change: &Change, shown: &dyn Fn(&Untrusted) -> String) -> Vec<String> {
    let mut said = Vec::new();
    if event.changes.len() > 1 && change.grade != event.grade {
        said.push(change.grade.as_str().to_owned());
    }
    if change.provisional && !event.provisional {
        said.push("provisional".to_owned());
    }
    if change.recovered && event.changes.iter().any(|c| !c.recovered) {
        said.push("recovered".to_owned());
    }
    if event.new && !change.new {
        said.push("seen before".to_owned());
    }
    if let Some(origin) = &change.accepted_by {
        said.push(format!("accepted by {}", shown(origin)));
    }
    if !change.gate && change.grade.is_over_a_limit() {
        said.push("not counted".to_owned());
    }
    said
}

/// Names of benchmarks, with package and tool where the name alone would not tell.
struct Names<'a>(BTreeMap<&'a Untrusted, BTreeSet<Owner<'a>>>);

/// Package and tool of a benchmark.
type Owner<'a> = (Option<&'a Untrusted>, Option<&'a Untrusted>);

impl<'a> Names<'a> {
    fn new(trend: &'a Trend) -> Self {
        let mut names: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for change in trend.changes() {
            if let Some(benchmark) = &change.benchmark {
                names.entry(benchmark).or_default().insert((change.package.as_ref(), change.tool.as_ref()));
            }
        }
        Self(names)
    }

    /// The name of a change's series; a suite as a whole goes by its own.
    fn of(&self, change: &Change) -> Untrusted {
        let Some(benchmark) = &change.benchmark else { return change.suite.clone() };
        let alone = self.0.get(benchmark).is_none_or(|owners| owners.len() <= 1);
        match &change.package {
            Some(package) if !alone => format!("{}::{}", package.raw(), benchmark.raw()).into(),
            _ => benchmark.clone(),
        }
    }
}

/// The two levels of a change in one unit, without it, and the unit, which may be outside text.
fn levels(change: &Change) -> (String, String, Untrusted) {
    let (before, after) = (change.before, change.after);
    let whole = |v: f64| v.fract() == 0.0 && v.abs() < 1e15;
    if change.kind == Kind::Exact && whole(before) && whole(after) && before.abs().max(after.abs()) < 1e7 {
        let suffix = match &change.unit {
            Unit::One => "",
            other => other.symbol(),
        };
        return (format!("{before:.0}"), format!("{after:.0}"), suffix.into());
    }
    let scale = unit::scale(&change.unit, if before == 0.0 { after } else { before });
    (scale.number(before), scale.number(after), scale.suffix.as_str().into())
}

/// The levels as one text: `12.31 µs → 14.02 µs`; a suite has none.
pub(super) fn levels_said(change: &Change, arrow: &str, gap: &str, shown: &dyn Fn(&Untrusted) -> String) -> String {
    if change.benchmark.is_none() {
        return String::new();
    }
    let (before, after, suffix) = levels(change);
    let suffix = if suffix.is_empty() { String::new() } else { format!("{gap}{}", shown(&suffix)) };
    format!("{before}{suffix}{arrow}{after}{suffix}")
}

/// The change as a percentage; from zero there is none.
pub(super) fn change_said(change: &Change, notation: &wording::Notation) -> String {
    change.change.map_or_else(|| "from 0".to_owned(), |share| notation.change(share))
}

/// The limit that a change reached or is under.
pub(super) fn limit_said(change: &Change, notation: &wording::Notation) -> String {
    let limits = &change.limits;
    let limit = if change.grade == Grade::Fail { limits.fail } else { limits.warn.or(limits.fail) };
    let bad = matches!(change.grade, Grade::Fail | Grade::Warn | Grade::Minor);
    limit.filter(|_| bad).map(|l| text::shown(&wording::limit(l, &change.unit, notation))).unwrap_or_default()
}

/// The history in blocks, lowest value to highest; a run without a value is a space. Empty where nothing is known.
fn sparkline(sketch: &[Option<f64>], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let known: Vec<f64> = sketch.iter().copied().flatten().collect();
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if known.is_empty() || width == 0 {
        return String::new();
    }
    let columns = sketch.len().min(width);
    let block = |i: usize| {
        let (from, to) = (i * sketch.len() / columns, (i + 1) * sketch.len() / columns);
        let part: Vec<f64> = sketch.get(from..to).unwrap_or(&[]).iter().copied().flatten().collect();
        let Some(value) = crate::stats::median(&part) else { return ' ' };
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        let step = (share * (BLOCKS.len() - 1) as f64).round() as usize;
        BLOCKS.get(step).copied().unwrap_or('█')
    };
    (0..columns).map(block).collect()
}

/// Whether an event is listed without `--verbose`: what is new, and what is bad and still there.
pub(super) fn is_listed(event: &Event) -> bool {
    let standing = event.changes.iter().any(|c| !c.recovered && c.accepted_by.is_none());
    event.new || (standing && event.grade <= Grade::Changed)
}

/// What is not listed, in words.
pub(super) fn folded(events: &[&Event]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        let accepted = event.changes.iter().all(|c| c.accepted_by.is_some());
        let kind = match event.grade {
            Grade::Improved => "improvement",
            _ if event.changes.iter().all(|c| c.recovered) => "regression that recovered",
            _ if accepted => "accepted regression",
            Grade::Minor => "regression under its warn limit",
            _ => "older change",
        };
        *counts.entry(kind).or_default() += 1;
    }
    let plural = |n: usize, kind: &str| match kind.split_once(' ') {
        _ if n == 1 => format!("1 {kind}"),
        Some(("regression", rest)) => format!("{n} regressions {rest}").replace("its warn limit", "their warn limits"),
        _ => format!("{n} {kind}s"),
    };
    counts.into_iter().map(|(kind, n)| plural(n, kind)).collect()
}
