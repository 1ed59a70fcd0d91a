//! Change and evidence held against the limits: one row per series.

use std::sync::Arc;

use super::Comparison;
use super::evidence::{self, Groups, OneRun};
use super::measure::Measured;
use super::notes::Usage;
use super::sides::{self, EnvironmentChange};
use crate::config::{Amount, Evidence, Limit};
use crate::model::report::{self, LimitKind, Reason, Row, Verdict};
use crate::model::{BenchmarkId, Better, Kind, Params, Unit};
use crate::text;
use crate::unit;

/// Limits are compared with this relative tolerance, so that 1.15 / 1.0 − 1 reaches 15 %.
const TOLERANCE: f64 = 1e-9;

/// A verdict in the making.
struct Finding {
    verdict: Verdict,
    suspect: bool,
    reasons: Vec<Reason>,
    explanations: Vec<String>,
}

impl Finding {
    fn new(verdict: Verdict) -> Self {
        Self { verdict, suspect: false, reasons: Vec::new(), explanations: Vec::new() }
    }

    fn because(mut self, reason: Reason, explanation: impl Into<String>) -> Self {
        self.reasons.push(reason);
        let explanation = explanation.into();
        if !explanation.is_empty() {
            self.explanations.push(explanation);
        }
        self
    }
}

/// Judges every series.
pub(super) fn rows(
    comparison: &Comparison<'_>,
    measured: Vec<Measured<'_>>,
    groups: &Groups,
    environment: &EnvironmentChange,
    usage: &mut Usage,
) -> Vec<Row> {
    // The metrics of a benchmark are neighbours and share its parameters.
    let mut last: Option<(BenchmarkId, Params)> = None;
    measured
        .into_iter()
        .filter_map(|series| {
            usage.saw(comparison, &series);
            let mut row = row(comparison, &series, groups, environment, usage)?;
            let id = &series.pair.key.benchmark;
            if last.as_ref().is_none_or(|(last, _)| last != id) {
                last = Some((id.clone(), params(comparison, id)));
            }
            row.params = last.as_ref().map(|(_, params)| Arc::clone(params)).unwrap_or_default();
            Some(row)
        })
        .collect()
}

fn row(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    groups: &Groups,
    environment: &EnvironmentChange,
    usage: &mut Usage,
) -> Option<Row> {
    let derived = series.pair.baseline.iter().chain(&series.pair.current).any(|o| o.derived);
    let mut gate = series.judging.gate && (series.judging.named || !derived);
    let mut limits = shown_limits(series);
    let mut finding = if comparison.budgets_only {
        without_baseline(series)
    } else {
        compare(comparison, series, groups, environment)
    };
    let budget = budget(comparison, series, usage);
    if comparison.budgets_only && budget.is_none() {
        return None;
    }
    if let Some((over, budget_limits)) = budget {
        gate = series.judging.gate;
        let worse = over.verdict < finding.verdict && matches!(over.verdict, Verdict::Fail | Verdict::Warn);
        if worse || comparison.budgets_only && finding.verdict != Verdict::Invalid {
            finding = over;
            limits = budget_limits;
        }
    }
    if let Some(accepted) = accept(comparison, series, &finding, usage) {
        finding = accepted;
    }
    if !gate {
        finding = finding.because(Reason::NotGated, "");
    }
    let id = &series.pair.key.benchmark;
    Some(Row {
        benchmark: id.name.clone(),
        tool: id.tool.clone(),
        package: id.package.clone(),
        params: Params::default(),
        metric: series.pair.key.metric.clone(),
        statistic: series.statistic,
        unit: series.unit.clone(),
        tool_unit: series.pair.current.iter().chain(&series.pair.baseline).find_map(|o| o.tool_unit.clone()),
        better: series.better,
        kind: series.kind,
        baseline: series.baseline,
        current: series.current,
        change: change(series),
        interval: None,
        p: None,
        p_adjusted: None,
        detectable: None,
        limits,
        verdict: finding.verdict,
        gate,
        suspect: finding.suspect && gate,
        reasons: finding.reasons,
        explanations: finding.explanations,
    })
}

/// A benchmark's parameters: the current side's, else the baseline's.
fn params(comparison: &Comparison<'_>, benchmark: &BenchmarkId) -> Params {
    let runs = comparison.current.runs.iter().chain(comparison.baseline.runs);
    runs.filter_map(|r| r.details.get(benchmark)).map(|d| Arc::clone(&d.params)).next().unwrap_or_default()
}

/// current / baseline − 1.
fn change(series: &Measured<'_>) -> Option<f64> {
    let (before, now) = series.values()?;
    if before == 0.0 {
        return (now == 0.0).then_some(0.0);
    }
    Some((now - before) / before.abs())
}

/// The verdict where the current side is judged by budgets alone.
fn without_baseline(series: &Measured<'_>) -> Finding {
    faults(series).unwrap_or_else(|| Finding::new(Verdict::Pass))
}

/// What makes a series unusable.
fn faults(series: &Measured<'_>) -> Option<Finding> {
    if let Some(fault) = series.pair.failure {
        return Some(Finding::new(Verdict::Invalid).because(Reason::BenchmarkFailed, fault.message.clone()));
    }
    for (side, observations) in [("baseline", &series.pair.baseline), ("current", &series.pair.current)] {
        let faulty = observations.iter().find_map(|o| o.fault.as_ref());
        let usable = observations.iter().filter(|o| o.fault.is_none()).count();
        if let Some(fault) = faulty
            && (usable == 0 || side == "current")
        {
            return Some(
                Finding::new(Verdict::Invalid).because(Reason::InvalidValue, format!("{side}: {}", fault.message)),
            );
        }
    }
    let mut units = series.pair.baseline.iter().chain(&series.pair.current).map(|o| &o.unit);
    let first = units.next()?;
    let other = units.find(|u| *u != first)?;
    Some(Finding::new(Verdict::Invalid).because(
        Reason::UnitMismatch,
        format!(
            "units differ: `{}` and `{}`",
            text::shown(&first.symbol().into()),
            text::shown(&other.symbol().into())
        ),
    ))
}

/// A change, turned so that positive is worse.
struct Change<'a> {
    /// Share of the baseline; `None` where the baseline is zero.
    relative: Option<f64>,
    /// Difference in the series' unit.
    absolute: f64,
    unit: &'a Unit,
}

impl Change<'_> {
    fn mirrored(&self) -> Self {
        Self { relative: self.relative.map(|r| -r), absolute: -self.absolute, unit: self.unit }
    }

    /// Whether the change reaches a limit. A change of nothing never does, and a step in a unit that the series does not
    /// have is never reached.
    fn reaches(&self, limit: Option<&Limit>) -> bool {
        if self.absolute <= 0.0 {
            return false;
        }
        match limit {
            None => false,
            // From zero every growth is infinite.
            Some(Limit::Relative(share)) => self.relative.is_none_or(|r| r >= share - share.abs() * TOLERANCE),
            Some(Limit::Step { value, unit }) => {
                unit.as_ref().is_none_or(|u| u == self.unit) && self.absolute >= value - value.abs() * TOLERANCE
            }
        }
    }
}

/// The verdict of a series by its limits and its evidence.
fn compare(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    groups: &Groups,
    environment: &EnvironmentChange,
) -> Finding {
    if let Some(invalid) = faults(series) {
        return invalid;
    }
    match (series.pair.baseline.is_empty(), series.pair.current.is_empty()) {
        (true, _) => return Finding::new(Verdict::New),
        (_, true) => return Finding::new(Verdict::Missing),
        _ => {}
    }
    let Some((before, now)) = series.values() else {
        return Finding::new(Verdict::Inconclusive)
            .because(Reason::InvalidValue, "the two sides' files have no statistic in common");
    };
    let Some(better) = series.better else {
        return without_direction(series, before, now);
    };
    let sign = if better == Better::Lower { 1.0 } else { -1.0 };
    let change = Change {
        relative: (before != 0.0).then(|| sign * (now - before) / before.abs()),
        absolute: sign * (now - before),
        unit: &series.unit,
    };
    let (warn, fail) = (series.judging.warn.as_ref(), series.judging.fail.as_ref());
    let too_small = series.judging.min_change.as_ref().is_some_and(|limit| {
        change.absolute != 0.0 && !change.reaches(Some(limit)) && !change.mirrored().reaches(Some(limit))
    });
    let over_fail = change.reaches(fail);
    let over_warn = over_fail || change.reaches(warn);
    // `improved` mirrors `fail`; where only a warn limit is set, that one.
    let improved = change.mirrored().reaches(fail.or(warn));
    if too_small && (over_warn || improved) {
        return Finding::new(Verdict::Pass)
            .because(Reason::UnderMinChange, "the change is smaller than min-change, so it does not count");
    }
    let level = match (over_fail, over_warn, improved) {
        (true, _, _) => Verdict::Fail,
        (_, true, _) => Verdict::Warn,
        (_, _, true) => Verdict::Improved,
        _ => return Finding::new(Verdict::Pass),
    };
    let reason = match level {
        Verdict::Fail => Reason::OverFailLimit,
        Verdict::Warn => Reason::OverWarnLimit,
        _ => Reason::BetterThanFailLimit,
    };
    if series.kind == Kind::Exact || comparison.config.gate.evidence == Evidence::None {
        return Finding::new(level).because(reason, "");
    }
    if before == 0.0 && fail.or(warn).is_some_and(|l| matches!(l, Limit::Relative(_))) {
        return Finding::new(Verdict::Inconclusive).because(
            Reason::ZeroBaseline,
            "the baseline is zero, so there is no ratio to hold against a share; set an absolute limit such as \"+1\"",
        );
    }
    let mut finding = weigh(comparison, series, groups, environment, level, reason);
    finding.suspect = over_warn;
    finding
}

/// The verdict of a noisy change that reaches a limit, by what one run a side can tell.
fn weigh(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    groups: &Groups,
    environment: &EnvironmentChange,
    level: Verdict,
    reason: Reason,
) -> Finding {
    if sides::identical_series(series) {
        return Finding::new(Verdict::Inconclusive)
            .because(Reason::IdenticalSamples, "both sides hold the same samples: it was not measured again");
    }
    if comparison.config.gate.evidence == Evidence::Strict {
        return Finding::new(Verdict::Inconclusive).because(reason, "").because(
            Reason::OneRun,
            "too few runs to estimate the noise; `evidence = \"strict\"` needs 3 runs a side or 5 runs of history",
        );
    }
    let group = groups.get(&(series.pair.suite.clone(), series.pair.key.metric.clone()));
    let large = group.is_some_and(super::evidence::Group::is_large);
    // Without a suite to stand out of, a step down from a clear verdict.
    let weaker = if level == Verdict::Fail { Verdict::Warn } else { level };
    match evidence::one_run(series, group) {
        OneRun::Overlaps => Finding::new(Verdict::Inconclusive)
            .because(reason, "")
            .because(Reason::SamplesOverlap, "the samples of the two runs overlap"),
        OneRun::LikeItsSuite if level == Verdict::Improved => Finding::new(Verdict::Inconclusive)
            .because(reason, "")
            .because(Reason::WithinSuiteSpread, "other benchmarks of the suite moved about as much"),
        OneRun::LikeItsSuite => Finding::new(weaker)
            .because(reason, "")
            .because(Reason::WithinSuiteSpread, "other benchmarks of the suite moved about as much"),
        OneRun::StandsOut
            if !large
                && environment.other_cpu()
                && sides::is_time(&series.pair.key.metric)
                && level == Verdict::Fail =>
        {
            Finding::new(Verdict::Warn)
                .because(reason, "")
                .because(Reason::EnvironmentDiffers, "measured on another CPU, and no suite to adjust by")
        }
        OneRun::StandsOut => Finding::new(level).because(reason, "").because(Reason::OneRun, ""),
    }
}

/// A series whose good direction nobody told.
fn without_direction(series: &Measured<'_>, before: f64, now: f64) -> Finding {
    let change = Change {
        relative: (before != 0.0).then(|| (now - before).abs() / before.abs()),
        absolute: (now - before).abs(),
        unit: &series.unit,
    };
    if !change.reaches(series.judging.warn.as_ref().or(series.judging.fail.as_ref())) {
        return Finding::new(Verdict::Pass);
    }
    Finding::new(Verdict::Inconclusive).because(
        Reason::DirectionUnknown,
        format!(
            "it changed, but whether more is better is not known: set [metrics.\"{}\"] better",
            text::shown(&series.pair.key.metric.0)
        ),
    )
}

/// What the `[[budget]]` entries say of the current value: the worst of them. `None` where no entry applies.
fn budget(comparison: &Comparison<'_>, series: &Measured<'_>, usage: &mut Usage) -> Option<(Finding, report::Limits)> {
    let id = &series.pair.key.benchmark;
    let mut worst: Option<(Finding, report::Limits)> = None;
    for (index, budget) in comparison.config.budgets.iter().enumerate() {
        if budget.metric != series.pair.key.metric || !budget.benchmark.matches(id) {
            continue;
        }
        usage.budgets.insert(index);
        let value = series.current.and_then(|v| v.value)?;
        let sign = if series.better == Some(Better::Higher) { -1.0 } else { 1.0 };
        let over = |amount: &Option<Amount>| {
            amount.as_ref().is_some_and(|a| sign * (value - a.value) > a.value.abs() * TOLERANCE)
        };
        let mismatch = [&budget.warn, &budget.fail]
            .into_iter()
            .flatten()
            .find_map(|a| a.unit.as_ref().filter(|u| **u != series.unit));
        let finding = if let Some(unit) = mismatch {
            Finding::new(Verdict::Invalid).because(
                Reason::UnitMismatch,
                format!(
                    "the budget at {} is in `{}`, the metric in `{}`",
                    text::shown(&budget.origin),
                    text::shown(&unit.symbol().into()),
                    text::shown(&series.unit.symbol().into())
                ),
            )
        } else if over(&budget.fail) {
            Finding::new(Verdict::Fail)
                .because(Reason::OverFailBudget, beyond(budget.fail.as_ref(), &series.unit, sign))
        } else if over(&budget.warn) {
            Finding::new(Verdict::Warn)
                .because(Reason::OverWarnBudget, beyond(budget.warn.as_ref(), &series.unit, sign))
        } else {
            Finding::new(Verdict::Pass)
        };
        let limit = |amount: &Option<Amount>| {
            amount.as_ref().map(|a| report::Limit { value: a.value, kind: LimitKind::Budget })
        };
        let limits =
            report::Limits { warn: limit(&budget.warn), fail: limit(&budget.fail), origin: budget.origin.clone() };
        if worst.as_ref().is_none_or(|(w, _)| finding.verdict < w.verdict) {
            worst = Some((finding, limits));
        }
    }
    worst
}

fn beyond(amount: Option<&Amount>, unit: &Unit, sign: f64) -> String {
    amount.map_or(String::new(), |a| {
        let scale = unit::scale(unit, a.value);
        let side = if sign > 0.0 { "over" } else { "under" };
        let suffix = text::line(&scale.suffix).into_owned();
        format!("{side} its budget of {} {suffix}", scale.number(a.value)).trim_end().to_owned()
    })
}

/// Covers a warning or a failure by an `[[accept]]` entry, if one applies and has not expired.
fn accept(comparison: &Comparison<'_>, series: &Measured<'_>, finding: &Finding, usage: &mut Usage) -> Option<Finding> {
    if !matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
        return None;
    }
    let mut beyond = None;
    for (index, accept) in comparison.config.accepts.iter().enumerate() {
        let metric = accept.metric.as_ref().is_none_or(|m| *m == series.pair.key.metric);
        if !metric || !accept.benchmark.matches(&series.pair.key.benchmark) {
            continue;
        }
        usage.accepts.insert(index);
        if accept.until.is_some_and(|until| until < comparison.today) {
            continue;
        }
        if let (Some(limit), Some((before, now))) = (&accept.up_to, series.values()) {
            let sign = if series.better == Some(Better::Higher) { -1.0 } else { 1.0 };
            let worse = sign * (now - before);
            let within = match limit {
                Limit::Relative(share) => before != 0.0 && worse / before.abs() <= share + share.abs() * TOLERANCE,
                Limit::Step { value, .. } => worse <= value + value.abs() * TOLERANCE,
            };
            if !within {
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

/// The limits as the report shows them. A step without a unit is in the series' own unit.
fn shown_limits(series: &Measured<'_>) -> report::Limits {
    let limit = |limit: &Option<Limit>| {
        limit.as_ref().map(|limit| match limit {
            Limit::Relative(value) => report::Limit { value: *value, kind: LimitKind::Relative },
            Limit::Step { value, .. } => report::Limit { value: *value, kind: LimitKind::Step },
        })
    };
    report::Limits {
        warn: limit(&series.judging.warn),
        fail: limit(&series.judging.fail),
        origin: series.judging.origin.clone(),
    }
}
