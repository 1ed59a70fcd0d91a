//! Change and evidence held against the limits: one row per series.

use std::sync::Arc;

use super::Comparison;
use super::change::{Change, growth, interval, level, relative, without_stray_digits};
use super::evidence::{self, Groups, OneRun};
use super::exceptions::{accept, budget};
use super::measure::{Measured, by_run};
use super::noise::{self, Estimate, Noise};
use super::notes::Usage;
use super::runs;
use super::sides::{self, EnvironmentChange};
use crate::config::{Evidence, Limit};
use crate::model::report::{self, FAIL_P, LimitKind, Reason, Row, Verdict, WARN_P};
use crate::model::{BenchmarkId, Better, Kind, Params, Unit};
use crate::stats::engine;
use crate::text;

/// A verdict in the making.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) suspect: bool,
    pub(super) reasons: Vec<Reason>,
    pub(super) explanations: Vec<String>,
}

impl Finding {
    pub(super) fn new(verdict: Verdict) -> Self {
        Self { verdict, suspect: false, reasons: Vec::new(), explanations: Vec::new() }
    }

    pub(super) fn because(mut self, reason: Reason, explanation: impl Into<String>) -> Self {
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
    noise: &Noise,
    environment: &EnvironmentChange,
    usage: &mut Usage,
) -> Vec<Row> {
    // The metrics of a benchmark are neighbours and share its parameters.
    let mut last: Option<(BenchmarkId, Params)> = None;
    measured
        .into_iter()
        .enumerate()
        .filter(|(_, series)| comparison.selection.keeps_benchmark(&series.pair.key.benchmark))
        .filter_map(|(index, series)| {
            usage.saw(comparison, &series);
            let mut row = row(comparison, &series, groups, noise.of(index), environment, usage)?;
            let id = &series.pair.key.benchmark;
            if last.as_ref().is_none_or(|(last, _)| last != id) {
                last = Some((id.clone(), params(comparison, id)));
            }
            if noise.of(index).is_some_and(|e| e.adjusted) {
                usage.judged_adjusted(&series, &row);
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
    estimate: Option<&Estimate>,
    environment: &EnvironmentChange,
    usage: &mut Usage,
) -> Option<Row> {
    let mut gate = series.gate;
    let mut limits = shown_limits(series);
    let mut finding = if comparison.budgets_only {
        without_baseline(series)
    } else {
        compare(comparison, series, groups, estimate, environment)
    };
    if !comparison.budgets_only {
        finding = in_few_pairs(comparison, series, finding);
    }
    let budget = budget(comparison, series, usage);
    if comparison.budgets_only && budget.is_none() {
        return None;
    }
    if let Some((over, budget_limits)) = budget {
        gate = series.judging.gate;
        let wrong = matches!(over.verdict, Verdict::Fail | Verdict::Invalid | Verdict::Warn);
        let worse = over.verdict < finding.verdict && wrong;
        // What limits do not judge, the budget judges alone.
        let alone = gate && !series.gate && finding.verdict != Verdict::New;
        if worse || alone || comparison.budgets_only {
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
    let (baseline, current) = sides_shown(series, estimate, &limits);
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
        baseline,
        current,
        change: estimate.map(|e| growth(series, e.assessment.estimate)).or_else(|| relative(series)),
        interval: estimate.map(|e| interval(series, e)),
        p: estimate.map(|e| if e.assessment.estimate < 0.0 { e.assessment.p_better } else { e.assessment.p }),
        p_adjusted: estimate.map(|e| {
            if e.assessment.estimate < 0.0 { e.assessment.p_better_adjusted } else { e.assessment.p_adjusted }
        }),
        detectable: estimate
            .map(|e| e.assessment.detectable)
            .filter(|distance| *distance <= MOST_DETECTABLE)
            .map(|distance| growth(series, distance).abs()),
        limits,
        verdict: finding.verdict,
        gate,
        suspect: finding.suspect && gate,
        reasons: finding.reasons,
        explanations: finding.explanations,
        runs: runs::of(comparison, series, estimate),
    })
}

/// Says where a series has no value in some of the pairs, or no ratio, because one side is zero. By fewer than three nothing
/// passes, and nothing is better; nor does anything beside a pair that has grown from zero or fallen to it.
fn in_few_pairs(comparison: &Comparison<'_>, series: &Measured<'_>, mut finding: Finding) -> Finding {
    let (Some(pairs), Some(statistic), Some(_)) = (noise::pairs(comparison), series.statistic, series.values()) else {
        return finding;
    };
    let before = by_run(&series.pair.baseline, pairs, statistic);
    let now = by_run(&series.pair.current, pairs, statistic);
    let both = || before.iter().zip(&now).filter_map(|(before, now)| Some(((*before)?, (*now)?)));
    let by_ratio = series.kind == Kind::Noisy && comparison.config.gate.evidence != Evidence::None;
    let has_ratio = |(before, now): &(f64, f64)| !by_ratio || (*before == 0.0) == (*now == 0.0);
    let (all, whole) = (both().count(), both().filter(has_ratio).count());
    if whole == pairs || finding.verdict == Verdict::Invalid {
        return finding;
    }
    let mut said = Vec::new();
    if all < pairs {
        said.push(format!("has results in {all} of {pairs} pairs"));
    }
    if whole < all {
        said.push(format!("one side is zero in {} of {pairs} pairs, which leaves no ratio", all - whole));
    }
    finding = finding.because(Reason::FewPairs, said.join("; "));
    let too_few = whole < engine::FEWEST_RUNS && pairs >= engine::FEWEST_RUNS;
    if (too_few || whole < all) && matches!(finding.verdict, Verdict::Pass | Verdict::Improved) {
        finding.verdict = Verdict::Inconclusive;
    }
    finding
}

/// A benchmark's parameters: the current side's, else the baseline's.
fn params(comparison: &Comparison<'_>, benchmark: &BenchmarkId) -> Params {
    let runs = comparison.current.runs.iter().chain(comparison.baseline.runs);
    runs.filter_map(|r| r.details.get(benchmark)).map(|d| Arc::clone(&d.params)).next().unwrap_or_default()
}

/// What a row says of its sides: the level that a history has, both levels that pairs have, else the runs' medians. A budget
/// is held against what was measured.
fn sides_shown(
    series: &Measured<'_>,
    estimate: Option<&Estimate>,
    limits: &report::Limits,
) -> (Option<report::Value>, Option<report::Value>) {
    let measured = (series.baseline, series.current);
    let (Some(estimate), (Some(before), Some(now))) = (estimate, measured) else { return measured };
    let is_budget = [&limits.warn, &limits.fail].into_iter().flatten().any(|limit| limit.kind == LimitKind::Budget);
    let level = level(series, estimate);
    let settled = Some(report::Value { value: Some(level), ..before });
    let moved = without_stray_digits(level * (1.0 + growth(series, estimate.assessment.estimate)));
    match estimate.evidence {
        engine::Evidence::History => (settled, series.current),
        engine::Evidence::Pairs if !is_budget => (settled, Some(report::Value { value: Some(moved), ..now })),
        engine::Evidence::Pairs | engine::Evidence::Sides => measured,
    }
}

/// The verdict where the current side is judged by budgets alone.
fn without_baseline(series: &Measured<'_>) -> Finding {
    faults(series).unwrap_or_else(|| Finding::new(Verdict::Pass))
}

/// What makes a series unusable.
pub(super) fn faults(series: &Measured<'_>) -> Option<Finding> {
    if let Some((side, fault)) = series.pair.failure {
        let message = format!("{side}: {}", fault.message);
        return Some(Finding::new(Verdict::Invalid).because(Reason::BenchmarkFailed, message));
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

/// The verdict of a series by its limits and its evidence.
fn compare(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    groups: &Groups,
    estimate: Option<&Estimate>,
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
    if let Some(estimate) = estimate {
        return by_noise(series, estimate, environment);
    }
    let change = Change::between(series, better, before, now);
    let (level, reason) = match reached(series, &change) {
        Reached::Nothing => {
            let mut finding = Finding::new(Verdict::Pass);
            finding.suspect = stands_out_of_a_faster_suite(comparison, series, groups, better, before);
            return finding;
        }
        Reached::TooSmall => return under_min_change(),
        Reached::Limit(level, reason) => (level, reason),
    };
    let (warn, fail) = (series.judging.warn.as_ref(), series.judging.fail.as_ref());
    if series.kind == Kind::Exact || comparison.config.gate.evidence == Evidence::None {
        return Finding::new(level).because(reason, "");
    }
    if before == 0.0 && fail.or(warn).is_some_and(|l| matches!(l, Limit::Relative(_))) {
        return Finding::new(Verdict::Inconclusive).because(
            Reason::ZeroBaseline,
            format!("the baseline is zero, so there is no ratio to hold against a share; set an absolute limit such as \"{}\"", step_example(&series.unit)),
        );
    }
    let mut finding = weigh(comparison, series, groups, environment, level, reason);
    finding.suspect = level != Verdict::Improved;
    finding
}

/// Whether a change reaches a limit only beside the rest of its suite, which got faster. With one run a side that proves
/// nothing, since the median of a suite is not its noise, but it is worth a rerun: the machine may have been less busy.
fn stands_out_of_a_faster_suite(
    comparison: &Comparison<'_>,
    series: &Measured<'_>,
    groups: &Groups,
    better: Better,
    before: f64,
) -> bool {
    let group = groups.get(&(series.pair.suite.clone(), series.pair.key.metric.clone()));
    let (Some(group), Some(ratio)) = (group.filter(|g| g.is_large() && g.centre < 0.0), series.worse_log_ratio())
    else {
        return false;
    };
    let is_judged_by_noise = series.kind == Kind::Noisy && comparison.config.gate.evidence != Evidence::None;
    let change = Change::between(series, better, before, before * (1.0 + growth(series, ratio - group.centre)));
    is_judged_by_noise && matches!(reached(series, &change), Reached::Limit(Verdict::Fail | Verdict::Warn, _))
}

/// Which limit a change reaches.
enum Reached {
    Nothing,
    /// It would reach one, but is below `min-change`.
    TooSmall,
    /// The verdict that the limit stands for.
    Limit(Verdict, Reason),
}

fn reached(series: &Measured<'_>, change: &Change<'_>) -> Reached {
    let (warn, fail) = (series.judging.warn.as_ref(), series.judging.fail.as_ref());
    let (level, reason) = if change.reaches(fail) {
        (Verdict::Fail, Reason::OverFailLimit)
    } else if change.reaches(warn) {
        (Verdict::Warn, Reason::OverWarnLimit)
    } else if change.mirrored().reaches(fail.or(warn)) {
        // `improved` mirrors `fail`; where only a warn limit is set, that one.
        (Verdict::Improved, Reason::BetterThanFailLimit)
    } else {
        return Reached::Nothing;
    };
    let too_small = series
        .judging
        .min_change
        .as_ref()
        .filter(|limit| change.has_unit_of(limit))
        .is_some_and(|limit| !change.reaches(Some(limit)) && !change.mirrored().reaches(Some(limit)));
    if too_small { Reached::TooSmall } else { Reached::Limit(level, reason) }
}

fn under_min_change() -> Finding {
    Finding::new(Verdict::Pass)
        .because(Reason::UnderMinChange, "the change is smaller than min-change, so it does not count")
}

/// p-value of the row alone at which a rerun is worth its time. On real runs (docs/evaluation.txt) it marks 3-16 % of an
/// unchanged suite; the usual .05 would mark 2-7 % and miss up to half of the regressions of 10 % that this finds.
const SUSPECT_P: f64 = 0.20;

/// The verdict of a series whose noise is known.
fn by_noise(series: &Measured<'_>, estimate: &Estimate, environment: &EnvironmentChange) -> Finding {
    let found = &estimate.assessment;
    let level = level(series, estimate);
    let change = Change::of_log_ratio(series, found.estimate, level);
    let similar = || {
        let (alike, runs) = found.similar;
        let how = if found.estimate > 0.0 { "slow" } else { "fast" };
        if alike == 0 {
            String::new()
        } else {
            format!("this benchmark was about this {how} in {alike} of {runs} unchanged runs")
        }
    };
    let (limit, reason) = match reached(series, &change) {
        Reached::TooSmall => return under_min_change(),
        Reached::Limit(Verdict::Improved, _) if !found.shows_better(FAIL_P) => (None, Reason::WithinNoise),
        Reached::Limit(limit, reason) => (Some(limit), reason),
        Reached::Nothing => (None, Reason::WithinNoise),
    };
    let Some(limit) = limit else {
        let worst = Change::of_log_ratio(series, found.interval.1, level);
        let strictest = series.judging.fail.as_ref().or(series.judging.warn.as_ref());
        if matches!(reached(series, &worst), Reached::Limit(..)) && worst.reaches(strictest) {
            return bimodal(
                Finding::new(Verdict::Inconclusive).because(
                    Reason::CouldBeOverLimit,
                    format!("too noisy to exclude a change over the limit; {}", seen_from(series, found.detectable)),
                ),
                found.bimodal,
            );
        }
        return Finding::new(Verdict::Pass);
    };
    if limit == Verdict::Improved {
        return Finding::new(Verdict::Improved).because(reason, "");
    }
    let verdict = match limit {
        Verdict::Fail if found.shows_worse(FAIL_P) => Verdict::Fail,
        _ if found.p_adjusted <= WARN_P => Verdict::Warn,
        _ => Verdict::Inconclusive,
    };
    let mut finding = Finding::new(verdict).because(reason, "");
    if verdict == Verdict::Fail
        && !estimate.adjusted
        && environment.other_cpu()
        && sides::is_time(&series.pair.key.metric)
    {
        finding.verdict = Verdict::Warn;
        finding = finding.because(Reason::EnvironmentDiffers, "measured on another CPU, and no suite to adjust by");
    } else if verdict != limit && found.seen_before {
        finding = finding.because(Reason::SeenBefore, "an earlier level of its history was this slow too");
    } else if verdict != limit {
        finding = finding.because(
            Reason::WithinNoise,
            if found.similar.0 > 0 { similar() } else { seen_from(series, found.detectable) },
        );
    }
    finding.suspect = found.p <= SUSPECT_P;
    bimodal(finding, found.bimodal)
}

fn bimodal(finding: Finding, is: bool) -> Finding {
    if !is {
        return finding;
    }
    finding.because(Reason::Bimodal, "its unchanged runs fall into two groups: more runs tell more than more samples")
}

/// The largest change that is told as one that could have been shown, in log units: four times the time. A wilder past can
/// need a change of any size.
const MOST_DETECTABLE: f64 = 2.0 * std::f64::consts::LN_2;

/// What these data could have shown.
fn seen_from(series: &Measured<'_>, detectable: f64) -> String {
    if detectable > MOST_DETECTABLE {
        return "these runs vary so much that hardly any change would show".to_owned();
    }
    let percent = growth(series, detectable) * 100.0;
    let digits = usize::from(percent.abs() < 10.0);
    format!("these runs could have shown a change of about {percent:+.digits$}% or more")
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
        OneRun::RunsOverlap => Finding::new(Verdict::Inconclusive)
            .because(reason, "")
            .because(Reason::SamplesOverlap, "the runs of the two sides overlap"),
        OneRun::SamplesOverlap => Finding::new(Verdict::Inconclusive)
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

/// A step limit that makes sense in a unit.
fn step_example(unit: &Unit) -> &'static str {
    match unit {
        Unit::Second => "+1ms",
        Unit::Byte => "+1KiB",
        _ => "+1",
    }
}

/// A series whose good direction nobody told.
fn without_direction(series: &Measured<'_>, before: f64, now: f64) -> Finding {
    let change = Change::either_way(series, before, now);
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
