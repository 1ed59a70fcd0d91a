//! What a change of level is worth: its direction and its size against the limits of its series.
//!
//! The limits are those of a comparison (`config::Judging`): a regression under the warn limit is listed and never counts,
//! nor does one that an `[[accept]]` entry covers or that later changes took back. A suite that moved as a whole counts as
//! `[gate] suite-shift` says, and not at all where the CPU is another one: that is the machine.
//!
//! Not here: what is new (the module itself), evidence (`find`).

use std::collections::BTreeMap;

use super::find::{self, Finding, Group, Track};
use super::{Options, Point};
use crate::config::{Counted, Judging, Limit};
use crate::model::report::{self, LimitKind, Limits};
use crate::model::trend::{Change, Grade, Range};
use crate::model::{Better, Kind, MetricId, Params, Unit};
use crate::stats::median;
use crate::text::Untrusted;

/// Limits are compared with this relative tolerance, so that 1.15 / 1.0 − 1 reaches 15 %.
const TOLERANCE: f64 = 1e-9;

/// Values of a sketch.
const SKETCH: usize = 32;

/// The label that tells the machine.
const CPU: &str = "cpu";

/// The findings of a group in the first `runs` runs as graded changes, oldest first within a series.
pub(super) fn changes(
    points: &[Point<'_>],
    options: &Options<'_>,
    group: &Group<'_>,
    findings: Vec<Finding>,
    runs: usize,
) -> Vec<(Finding, Change)> {
    // Where each series ended up.
    let mut now: BTreeMap<Option<usize>, (usize, f64)> = BTreeMap::new();
    for f in &findings {
        now.insert(f.track, (f.range.likeliest, f.after));
    }
    let whole = runs == points.len();
    let mut changes = Vec::with_capacity(findings.len());
    for mut finding in findings {
        let track = finding.track.and_then(|index| group.tracks.get(index));
        let mut change = match track {
            Some(track) => of_series(points, options, group, track, &finding, whole),
            None => of_suite(points, options, &group.suite, &group.metric, &finding),
        };
        finding.selected = track.is_none_or(|t| {
            let key = &t.series.key;
            options.selection.keeps_metric(&key.metric) && options.selection.keeps_benchmark(&key.benchmark)
        });
        if let Some((last, level)) = now.get(&finding.track) {
            let half = f64::midpoint(finding.before, finding.after);
            let back = (level - half) * (finding.after - finding.before) < 0.0;
            change.recovered = *last != finding.range.likeliest && back;
        }
        changes.push((finding, change));
    }
    changes
}

fn of_series(
    points: &[Point<'_>],
    options: &Options<'_>,
    group: &Group<'_>,
    track: &Track<'_>,
    finding: &Finding,
    whole: bool,
) -> Change {
    let key = &track.series.key;
    let judging = &track.series.judging;
    let size = Size { better: track.better, before: finding.before, after: finding.after, unit: &track.unit };
    let mut grade = size.grade(judging);
    // Nothing tells the machine's part of the change where no suite is there to take it out by.
    let timed = !matches!(track.unit, Unit::Byte | Unit::One);
    if grade == Grade::Fail && timed && !finding.adjusted && is_other_cpu(points, finding.range) {
        grade = Grade::Warn;
    }
    let accepted_by = if grade.is_over_a_limit() { accepted(options, track, &size) } else { None };
    // Only the whole history is shown.
    let params =
        || points.iter().rev().find_map(|p| p.run.details.get(&key.benchmark)).map(|d| Params::clone(&d.params));
    Change {
        benchmark: Some(key.benchmark.name.clone()),
        tool: Some(key.benchmark.tool.clone()),
        package: key.benchmark.package.clone(),
        params: if whole { params().unwrap_or_default() } else { Params::default() },
        suite: group.suite.clone(),
        metric: key.metric.clone(),
        statistic: track.statistic,
        unit: track.unit.clone(),
        better: track.better,
        kind: track.kind,
        sketch: if whole { sketch(&track.runs, &track.values, points.len()) } else { Vec::new() },
        accepted_by,
        ..blank(finding, grade, judging)
    }
}

/// What a change of a suite as a whole is worth.
fn of_suite(
    points: &[Point<'_>],
    options: &Options<'_>,
    suite: &Untrusted,
    metric: &MetricId,
    finding: &Finding,
) -> Change {
    let judging = options.config.judging_metric(metric);
    let better = judging.better.or_else(|| {
        let series = points.iter().rev().flat_map(|p| &p.run.series).filter(|(key, _)| key.metric == *metric);
        series.into_iter().find_map(|(_, o)| o.better)
    });
    let size = Size { better, before: finding.before, after: finding.after, unit: &Unit::One };
    let counted = options.config.gate.suite_shift;
    let grade = match (size.grade(&judging), counted) {
        (Grade::Fail, Counted::Warn) => Grade::Warn,
        (grade, _) => grade,
    };
    let mut change = blank(finding, grade, &judging);
    change.gate = counted != Counted::Ignore && !is_other_cpu(points, finding.range);
    Change { suite: suite.clone(), metric: metric.clone(), better, ..change }
}

/// A change with what does not depend on whose it is.
fn blank(finding: &Finding, grade: Grade, judging: &Judging) -> Change {
    let (before, after) = (finding.before, finding.after);
    Change {
        benchmark: None,
        tool: None,
        package: None,
        params: Params::default(),
        suite: Untrusted::default(),
        metric: MetricId::new(""),
        statistic: None,
        unit: Unit::One,
        better: None,
        kind: Kind::Noisy,
        before,
        after,
        change: (before != 0.0).then(|| (after - before) / before.abs()),
        p: finding.p,
        p_adjusted: finding.p_adjusted,
        range: finding.range,
        lasted: finding.lasted,
        limits: limits(judging),
        grade,
        gate: judging.gate,
        new: true,
        provisional: find::is_provisional(finding),
        recovered: false,
        accepted_by: None,
        red: false,
        sketch: Vec::new(),
    }
}

/// A change of level with its direction.
struct Size<'a> {
    better: Option<Better>,
    before: f64,
    after: f64,
    unit: &'a Unit,
}

impl Size<'_> {
    /// How much worse it got in the series' unit; negative for better.
    fn worse(&self) -> f64 {
        if self.better == Some(Better::Higher) { self.before - self.after } else { self.after - self.before }
    }

    fn grade(&self, judging: &Judging) -> Grade {
        if self.better.is_none() {
            return Grade::Changed;
        }
        if self.worse() <= 0.0 {
            return Grade::Improved;
        }
        let large = judging.min_change.as_ref().is_none_or(|least| self.reaches(least) || !self.fits(least));
        let over = |limit: &Option<Limit>| large && limit.as_ref().is_some_and(|l| self.reaches(l));
        if over(&judging.fail) {
            Grade::Fail
        } else if over(&judging.warn) {
            Grade::Warn
        } else {
            Grade::Minor
        }
    }

    /// Whether a limit can be held against it: a step may be in a unit that the series does not have.
    fn fits(&self, limit: &Limit) -> bool {
        !matches!(limit, Limit::Step { unit: Some(unit), .. } if unit != self.unit)
    }

    /// Whether it reaches a limit. From zero every growth is infinite.
    fn reaches(&self, limit: &Limit) -> bool {
        let worse = self.worse();
        match limit {
            _ if worse <= 0.0 || !self.fits(limit) => false,
            Limit::Relative(share) => {
                self.before == 0.0 || worse / self.before.abs() >= share - share.abs() * TOLERANCE
            }
            Limit::Step { value, .. } => worse >= value - value.abs() * TOLERANCE,
        }
    }

    /// Whether it stays within what is accepted.
    fn is_within(&self, limit: &Limit) -> bool {
        let worse = self.worse();
        self.fits(limit)
            && match limit {
                Limit::Relative(share) => {
                    self.before != 0.0 && worse / self.before.abs() <= share + share.abs() * TOLERANCE
                }
                Limit::Step { value, .. } => worse <= value + value.abs() * TOLERANCE,
            }
    }
}

/// The `[[accept]]` entry that covers a regression.
fn accepted(options: &Options<'_>, track: &Track<'_>, size: &Size<'_>) -> Option<Untrusted> {
    let key = &track.series.key;
    let covers = options.config.accepts.iter().find(|accept| {
        accept.is_about(&key.benchmark, &key.metric)
            && accept.until.is_none_or(|until| until >= options.today)
            && accept.up_to.as_ref().is_none_or(|limit| size.is_within(limit))
    })?;
    Some(covers.origin.clone())
}

fn limits(judging: &Judging) -> Limits {
    let limit = |limit: &Limit| match limit {
        Limit::Relative(value) => report::Limit { value: *value, kind: LimitKind::Relative },
        Limit::Step { value, .. } => report::Limit { value: *value, kind: LimitKind::Step },
    };
    Limits {
        warn: judging.warn.as_ref().map(limit),
        fail: judging.fail.as_ref().map(limit),
        origin: judging.origin.clone(),
    }
}

/// Whether the CPU is known to be another one at the two ends of a range.
fn is_other_cpu(points: &[Point<'_>], range: Range) -> bool {
    let cpu = |run: usize| points.get(run).and_then(|p| p.run.environment.labels.get(CPU));
    matches!((cpu(range.last_good), cpu(range.first_bad)), (Some(a), Some(b)) if a != b)
}

/// A history in a few values: medians of neighbouring runs.
fn sketch(at: &[usize], values: &[f64], runs: usize) -> Vec<Option<f64>> {
    let buckets = runs.min(SKETCH);
    let mut shared: Vec<Vec<f64>> = vec![Vec::new(); buckets];
    for (run, value) in at.iter().zip(values) {
        if let Some(bucket) = shared.get_mut(run * buckets / runs.max(1)) {
            bucket.push(*value);
        }
    }
    shared.iter().map(|bucket| median(bucket)).collect()
}
