//! What the reader of a verdict should know besides the rows: stale configuration, other machines, thin evidence.

use std::collections::{BTreeMap, BTreeSet};

use super::measure::Measured;
use super::pairing::SuiteId;
use super::sides::EnvironmentChange;
use super::{Comparison, Taken};
use crate::config::{Evidence, Limit};
use crate::diag::Code;
use crate::model::report::{Note, Reason, Row};
use crate::model::{Kind, MetricId};
use crate::stats::engine::{FEWEST_RUNS, SHORTEST_HISTORY};
use crate::text;

/// Which entries of the configuration applied to anything.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) rules: BTreeSet<usize>,
    pub(super) budgets: BTreeSet<usize>,
    pub(super) accepts: BTreeSet<usize>,
    /// Every metric that was seen.
    metrics: BTreeSet<MetricId>,
    /// Whether the history has any series that was seen.
    knows_past: bool,
    /// Of each suite and metric whose shift was taken out: how many series are over a limit still, of how many.
    moved: BTreeMap<(SuiteId, MetricId), (usize, usize)>,
    /// Limits in a unit that the metric does not have, by origin and metric.
    wrong_units: BTreeSet<(text::Untrusted, text::Untrusted)>,
}

impl Usage {
    /// Remembers what the configuration says of one series.
    pub(super) fn saw(&mut self, comparison: &Comparison<'_>, series: &Measured<'_>) {
        self.knows_past |= !series.pair.history.is_empty();
        if !self.metrics.contains(&series.pair.key.metric) {
            self.metrics.insert(series.pair.key.metric.clone());
        }
        for (index, rule) in comparison.config.rules().iter().enumerate() {
            let key = &series.pair.key;
            if !self.rules.contains(&index) && rule.is_about(&key.benchmark, &key.metric) {
                self.rules.insert(index);
            }
        }
        for limit in [&series.judging.warn, &series.judging.fail, &series.judging.min_change].into_iter().flatten() {
            if let Limit::Step { unit: Some(unit), .. } = limit
                && *unit != series.unit
            {
                self.wrong_units.insert((series.judging.origin.clone(), series.pair.key.metric.0.clone()));
            }
        }
    }
}

impl Usage {
    /// Remembers a row that was judged after its suite's common shift was taken out.
    pub(super) fn judged_adjusted(&mut self, series: &Measured<'_>, row: &Row) {
        let counts = self.moved.entry((series.pair.suite.clone(), series.pair.key.metric.clone())).or_default();
        let over = row.reasons.iter().any(|r| matches!(r, Reason::OverFailLimit | Reason::OverWarnLimit));
        counts.0 += usize::from(over);
        counts.1 += 1;
    }
}

/// Every note of a report.
pub(super) fn notes(
    comparison: &Comparison<'_>,
    rows: &[Row],
    environment: &EnvironmentChange,
    usage: &Usage,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if !environment.changed.is_empty() && !comparison.budgets_only {
        let changed: Vec<String> = environment
            .changed
            .iter()
            .map(|(label, a, b)| format!("{} {} → {}", text::shown(label), text::shown(a), text::shown(b)))
            .collect();
        notes.push(note(
            Code::EnvironmentDiffers,
            format!("the sides were measured differently: {}", changed.join("; ")),
        ));
    }
    let one_run = rows
        .iter()
        .any(|r| r.gate && r.kind == Kind::Noisy && r.p.is_none() && r.baseline.is_some() && r.current.is_some());
    let (past, base, now) = (comparison.history.len(), comparison.baseline.runs.len(), comparison.current.runs.len());
    let by_history = past > 0 && past + base >= SHORTEST_HISTORY && comparison.taken == Taken::Apart;
    let known = by_history || base.min(now) >= FEWEST_RUNS;
    let surer = match comparison.taken {
        Taken::InTurns { .. } => "3 pairs or more make verdicts surer",
        Taken::Apart => "3 runs a side, `--history` with 5 runs or `perfgate ab` make verdicts surer",
    };
    if one_run && !known && !comparison.budgets_only && comparison.config.gate.evidence != Evidence::None {
        notes.push(note(
            Code::OneRun,
            format!(
                "{base} baseline {} and {now} current {} are too few to know how noisy the benchmarks are; \
                 {surer}",
                if base == 1 { "run" } else { "runs" },
                if now == 1 { "run" } else { "runs" },
            ),
        ));
    }
    if past > 0 && !usage.knows_past && !usage.metrics.is_empty() {
        let message = format!("none of the {past} earlier runs has a series of this comparison, so they say nothing");
        notes.push(note(Code::UnusedHistory, message));
    }
    suites(usage, &mut notes);
    let mut undirected: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.reasons.contains(&Reason::DirectionUnknown)) {
        *undirected.entry(row.metric.raw()).or_default() += 1;
    }
    for (metric, count) in undirected {
        let metric = text::shown(&metric.into());
        notes.push(note(
            Code::DirectionUnknown,
            format!("{count} series of `{metric}` changed, but its good direction is not known: set [metrics.\"{metric}\"] better"),
        ));
    }
    for (origin, metric) in &usage.wrong_units {
        notes.push(note(
            Code::UnitMismatch,
            format!(
                "a limit at {} has a unit that `{}` does not have, so it never applies",
                text::shown(origin),
                text::shown(metric)
            ),
        ));
    }
    configuration(comparison, usage, &mut notes);
    notes.sort_by_key(|n| std::cmp::Reverse(n.severity));
    notes
}

/// Share of a suite that must have moved one way for its adjustment to be doubtful.
const MOST: f64 = 0.4;

/// Suites so many of whose benchmarks moved that taking out the common shift may hide what the code did.
fn suites(usage: &Usage, notes: &mut Vec<Note>) {
    for ((suite, metric), (over, judged)) in &usage.moved {
        if *over as f64 > MOST * *judged as f64 {
            notes.push(note(
                Code::SuiteMoved,
                format!(
                    "{over} of {judged} series of {} {} got worse after the suite's common shift was taken out, which may \
                     hide part of a real change: measure both sides in turns with `perfgate ab`",
                    text::shown(suite),
                    text::shown(&metric.0)
                ),
            ));
        }
    }
}

/// Entries that match nothing or have expired. Where only some series were looked at, the entries may be about the others.
fn configuration(comparison: &Comparison<'_>, usage: &Usage, notes: &mut Vec<Note>) {
    let config = comparison.config;
    let is_everything = comparison.selection.is_everything();
    if !comparison.budgets_only {
        let rules = config.rules().iter().enumerate();
        let rules = rules.filter(|(index, _)| is_everything && !usage.rules.contains(index));
        let rules: Vec<Entry> = rules.map(|(_, rule)| (rule.origin.clone(), code(rule.benchmark.as_str()))).collect();
        unused("[[rule]]", "no series", config.rules().len(), &rules, notes);
        let renames = config.renames.iter().filter(|rename| {
            let mut past = comparison.baseline.runs.iter().flat_map(|r| r.series.keys());
            !past.any(|k| k.benchmark.name == rename.from || k.benchmark.qualified() == rename.from)
        });
        let renames: Vec<Entry> = renames.map(|rename| (rename.origin.clone(), code(rename.from.raw()))).collect();
        unused("[[rename]]", "no benchmark of the baseline", config.renames.len(), &renames, notes);
        for (index, accept) in config.accepts.iter().enumerate() {
            let pattern = text::shown(&accept.benchmark.as_str().into());
            match accept.until {
                Some(until) if until < comparison.today => notes.push(note(
                    Code::ExpiredAccept,
                    format!("[[accept]] at {} for `{pattern}` expired on {until}", text::shown(&accept.origin)),
                )),
                _ if is_everything && !usage.accepts.contains(&index) => notes.push(note(
                    Code::UnusedAccept,
                    format!("[[accept]] at {} for `{pattern}` covers nothing", text::shown(&accept.origin)),
                )),
                _ => {}
            }
        }
    }
    if !is_everything {
        return;
    }
    // A misspelled metric looks like one that is not there; the usual ones are often configured for other suites.
    let usual = [MetricId::TIME, MetricId::MEMORY, MetricId::ALLOCS, MetricId::THROUGHPUT];
    for metric in config.named_metrics() {
        if !usage.metrics.contains(metric) && !usual.contains(&metric.raw()) && !comparison.budgets_only {
            let known: Vec<String> = usage.metrics.iter().map(|m| text::shown(&m.0)).collect();
            let metric = text::shown(&metric.0);
            let known = known.join(", ");
            notes.push(note(
                Code::UnusedRule,
                format!("[metrics.{metric}] matches no series; the metrics here are {known}"),
            ));
        }
    }
    let budgets = config.budgets.iter().enumerate().filter(|(index, _)| !usage.budgets.contains(index));
    let budgets = budgets.map(|(_, budget)| {
        let what = format!("{} {}", code(budget.benchmark.as_str()), text::shown(&budget.metric.0));
        (budget.origin.clone(), what)
    });
    unused("[[budget]]", "no series", config.budgets.len(), &budgets.collect::<Vec<Entry>>(), notes);
}

/// Where an entry of the configuration stands, and what it is for.
type Entry = (text::Untrusted, String);

/// How many entries of one table are named one by one.
const NAMED: usize = 3;

/// Says which entries of a table match nothing. Many of them are one note, because a file that is for several suites is not wrong.
fn unused(table: &str, nothing: &str, of: usize, entries: &[Entry], notes: &mut Vec<Note>) {
    if let [(origin, what), ..] = entries
        && entries.len() > NAMED
    {
        let (count, origin) = (entries.len(), text::shown(origin));
        let message = format!("{count} of {of} {table} entries match {nothing}; the first is at {origin}: {what}");
        notes.push(note(Code::UnusedRule, message));
        return;
    }
    for (origin, what) in entries {
        let message = format!("{table} at {} matches {nothing}: {what}", text::shown(origin));
        notes.push(note(Code::UnusedRule, message));
    }
}

/// A pattern of the configuration in quotes.
fn code(pattern: &str) -> String {
    format!("`{}`", text::shown(&pattern.into()))
}

fn note(code: Code, message: String) -> Note {
    Note { code: code.as_str().to_owned(), severity: code.severity(), message }
}
