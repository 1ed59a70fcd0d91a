//! What overrides a comparison with a baseline: absolute budgets, and regressions that were accepted.
//!
//! Not here: the limits of a change (`decide`).

use super::Comparison;
use super::change::{Change, TOLERANCE};
use super::decide::{self, Finding};
use super::measure::Measured;
use super::notes::Usage;
use crate::model::report::{self, LimitKind, Reason, Verdict};
use crate::model::{Better, Unit};
use crate::text;
use crate::unit;

/// What the `[[budget]]` entries say of the current value: the worst of them. `None` where no entry applies.
pub(super) fn budget(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    usage: &mut Usage,
) -> Option<(Finding, report::Limits)> {
    let id = &series.pair.key.benchmark;
    let mut worst: Option<(Finding, report::Limits)> = None;
    for (index, budget) in comparison.config.budgets.iter().enumerate() {
        // A benchmark that failed before it measured anything has no metric to match.
        let any_metric = series.pair.baseline.is_empty() && series.pair.current.is_empty();
        if !(any_metric || budget.metric == series.pair.key.metric) || !budget.covers(id) {
            continue;
        }
        usage.budgets.insert(index);
        let invalid = decide::faults(series);
        if invalid.is_none() && series.pair.current.is_empty() {
            continue;
        }
        let value = series.current.and_then(|v| v.value).unwrap_or(f64::NAN);
        let sign = if series.better == Some(Better::Higher) { -1.0 } else { 1.0 };
        let [warn, fail] =
            [&budget.warn, &budget.fail].map(|amount| amount.as_ref().and_then(|a| a.in_unit(&series.unit)));
        let over = |bound: Option<f64>| bound.is_some_and(|bound| sign * (value - bound) > bound.abs() * TOLERANCE);
        let mismatch = [&budget.warn, &budget.fail]
            .into_iter()
            .flatten()
            .find_map(|a| a.unit.as_ref().filter(|_| a.in_unit(&series.unit).is_none()));
        let finding = if let Some(invalid) = invalid {
            invalid
        } else if let Some(unit) = mismatch {
            Finding::new(Verdict::Invalid).because(
                Reason::UnitMismatch,
                format!(
                    "the budget at {} is in `{}`, the metric in `{}`",
                    text::shown(&budget.origin),
                    text::shown(&unit.symbol().into()),
                    text::shown(&series.unit.symbol().into())
                ),
            )
        } else if over(fail) {
            Finding::new(Verdict::Fail).because(Reason::OverFailBudget, beyond(fail, &series.unit, sign))
        } else if over(warn) {
            Finding::new(Verdict::Warn).because(Reason::OverWarnBudget, beyond(warn, &series.unit, sign))
        } else {
            Finding::new(Verdict::Pass)
        };
        let limit = |bound: Option<f64>| bound.map(|value| report::Limit { value, kind: LimitKind::Budget });
        let limits = report::Limits { warn: limit(warn), fail: limit(fail), origin: budget.origin.clone() };
        if worst.as_ref().is_none_or(|(w, _)| finding.verdict < w.verdict) {
            worst = Some((finding, limits));
        }
    }
    worst
}

fn beyond(bound: Option<f64>, unit: &Unit, sign: f64) -> String {
    bound.map_or(String::new(), |bound| {
        let scale = unit::scale(unit, bound);
        let side = if sign > 0.0 { "over" } else { "under" };
        let suffix = text::line(&scale.suffix).into_owned();
        format!("{side} its budget of {} {suffix}", scale.number(bound)).trim_end().to_owned()
    })
}

/// Covers a warning or a failure by an `[[accept]]` entry, if one applies and has not expired.
pub(super) fn accept(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    finding: &Finding,
    usage: &mut Usage,
) -> Option<Finding> {
    if !matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
        return None;
    }
    let mut beyond = None;
    for (index, accept) in comparison.config.accepts.iter().enumerate() {
        if !accept.is_about(&series.pair.key.benchmark, &series.pair.key.metric) {
            continue;
        }
        usage.accepts.insert(index);
        if accept.until.is_some_and(|until| until < comparison.today) {
            continue;
        }
        if let Some(limit) = &accept.up_to {
            let change = series.better.zip(series.values());
            let change = change.map(|(better, (before, now))| Change::between(series, better, before, now));
            if !change.is_some_and(|change| change.is_within(limit)) {
                beyond = Some(index);
                continue;
            }
        }
        let until = accept.until.map_or(String::new(), |d| format!(" until {d}"));
        let reason = accept.reason.as_ref().map_or(String::new(), |r| format!(": {}", text::shown(r)));
        let mut covered = Finding::new(Verdict::Accepted)
            .because(Reason::Accepted, format!("accepted by {}{until}{reason}", text::shown(&accept.origin)));
        covered.reasons.splice(0..0, finding.reasons.iter().copied());
        return Some(covered);
    }
    let accept = comparison.config.accepts.get(beyond?)?;
    let mut more = Finding::new(finding.verdict);
    more.suspect = finding.suspect;
    more.reasons.clone_from(&finding.reasons);
    more.explanations.clone_from(&finding.explanations);
    Some(more.because(Reason::BeyondAccepted, format!("worse than {} accepts", text::shown(&accept.origin))))
}
