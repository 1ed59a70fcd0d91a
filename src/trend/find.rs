//! Changes of level in every series of a history.
//!
//! A suite's series of one metric are one group. What the group's runs share is taken out of its logarithms first (from 8
//! series on, `stats::common_mode`) and is a series of its own, the suite as a whole. Changes are then looked for in each
//! series, and those are kept that Benjamini & Hochberg's procedure keeps at 5 % over the group. Exact metrics need no
//! statistics: where the value changes, the level does. Series with zeros or negative values have no logarithms and are
//! looked at as they are.
//!
//! Not here: what a change is worth (`grade`), and which of them belong together (`events`).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Point;
use super::series::Series;
use crate::model::{Better, Kind, MetricId, Statistic, Unit};
use crate::stats::changepoint::{self, SHORTEST_LEVEL, SHORTEST_SERIES};
use crate::stats::common_mode::{Matrix, median_polish};
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::spread::unsteadiness;
use crate::stats::{median, sorted};
use crate::text::Untrusted;

/// Fewest series of a suite and metric from which a common shift is taken.
pub(super) const SMALLEST_SUITE: usize = 8;

/// False discovery rate of the changes of a group.
const FALSE_DISCOVERIES: f64 = 0.05;

/// The newest runs by which the steadiest statistic is chosen.
const RUNS_TO_CHOOSE: usize = 100;

/// Smallest standard deviation between runs that is believed of times and rates: 0.5 %, for layout and timers.
const LAYOUT: f64 = 0.005;

/// The same of sizes and counts that are not exact.
const LEAST_NOISE: f64 = 1e-6;

/// An exact series that changes more often than at every fifth run is no exact one.
const MOST_STEPS: f64 = 0.2;

/// Relative difference below which two exact values are one.
const SAME: f64 = 1e-9;

/// A series as one value a run.
pub(super) struct Track<'a> {
    pub(super) series: Series<'a>,
    pub(super) statistic: Option<Statistic>,
    pub(super) better: Option<Better>,
    pub(super) unit: Unit,
    pub(super) kind: Kind,
    /// Indices of the runs that have it, ascending.
    pub(super) runs: Vec<usize>,
    /// Its value in each of them, finite.
    pub(super) values: Vec<f64>,
    /// Whether every value is above zero.
    positive: bool,
}

impl Track<'_> {
    /// Whether a shift of its suite is taken out of it: counts that the code alone decides stay where they are.
    pub(super) fn moves_with_its_suite(&self) -> bool {
        self.kind == Kind::Noisy && self.positive && self.runs.len() >= SHORTEST_SERIES
    }
}

/// The series of one suite and metric.
pub(super) struct Group<'a> {
    pub(super) suite: Untrusted,
    pub(super) metric: MetricId,
    pub(super) tracks: Vec<Track<'a>>,
}

impl Group<'_> {
    /// The tracks that a common shift can be taken from.
    fn shifted(&self) -> impl Iterator<Item = &Track<'_>> {
        self.tracks.iter().filter(|t| t.moves_with_its_suite())
    }

    /// Whether its noisy series are too few for a common shift.
    pub(super) fn is_too_small(&self) -> bool {
        (1..SMALLEST_SUITE).contains(&self.shifted().count())
    }
}

/// A change of level.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// Index into the group's tracks; `None` for the suite as a whole.
    pub(super) track: Option<usize>,
    /// Runs of the history.
    pub(super) range: crate::model::trend::Range,
    /// The levels in the series' own scale; of a suite relative to its usual level.
    pub(super) before: f64,
    pub(super) after: f64,
    /// `None` for exact metrics.
    pub(super) p: Option<f64>,
    pub(super) p_adjusted: Option<f64>,
    pub(super) lasted: usize,
    /// Whether the suite's shift was taken out.
    pub(super) adjusted: bool,
    /// Whether its series is among those asked for; set when it is graded.
    pub(super) selected: bool,
}

/// Groups the series and takes their values.
pub(super) fn groups<'a>(points: &[Point<'a>], series: Vec<Series<'a>>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(Untrusted, MetricId), Vec<Series<'a>>> = BTreeMap::new();
    for one in series {
        groups.entry((one.suite.clone(), one.key.metric.clone())).or_default().push(one);
    }
    let groups: Vec<_> = groups.into_iter().collect();
    let runs = points.len();
    groups
        .into_par_iter()
        .map(|((suite, metric), members)| {
            let steadiest = steadiest(&members, runs);
            let tracks = members.into_iter().map(|series| track(series, steadiest)).collect();
            Group { suite, metric, tracks }
        })
        .collect()
}

/// The statistics that are chosen among, from the calm end to the median: contention only ever adds time.
fn candidates(higher: bool) -> [Statistic; 5] {
    use Statistic::{Max, Mean, Median, Min, P10, P25, P75, P90};
    if higher { [Max, P90, P75, Median, Mean] } else { [Min, P10, P25, Median, Mean] }
}

/// The statistic that was steadiest between the newest runs of a group, among those that every run has.
fn steadiest(members: &[Series<'_>], runs: usize) -> Option<Statistic> {
    let noisy = || members.iter().filter(|s| s.fixed.is_none() && s.seen.iter().any(|(_, o)| o.kind == Kind::Noisy));
    let higher = noisy().any(|s| s.seen.iter().any(|(_, o)| o.better == Some(Better::Higher)));
    let has = |statistic: &Statistic| noisy().all(|s| s.seen.iter().all(|(_, o)| o.summary.get(*statistic).is_some()));
    let usable: Vec<Statistic> = candidates(higher).into_iter().filter(has).collect();
    if let [] | [_] = usable.as_slice() {
        return usable.first().copied();
    }
    let oldest = runs.saturating_sub(RUNS_TO_CHOOSE);
    let score = |statistic: Statistic| {
        let rows: Vec<Vec<Option<f64>>> = noisy()
            .map(|s| {
                let mut row = vec![None; runs - oldest];
                for (run, o) in &s.seen {
                    if let Some(slot) = run.checked_sub(oldest).and_then(|at| row.get_mut(at)) {
                        *slot = o.summary.get(statistic).filter(|v| *v > 0.0).map(f64::ln);
                    }
                }
                row
            })
            .collect();
        unsteadiness(&rows)
    };
    let scored = usable.iter().filter_map(|s| Some((score(*s)?, *s)));
    scored.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, s)| s).or(usable.first().copied())
}

fn track(series: Series<'_>, steadiest: Option<Statistic>) -> Track<'_> {
    let newest = series.seen.last().map(|(_, o)| *o);
    let better = series.judging.better.or_else(|| series.seen.iter().rev().find_map(|(_, o)| o.better));
    let counted = |o: &crate::model::Observation| {
        matches!(o.unit, Unit::Byte | Unit::One)
            && o.summary.count().is_some_and(|n| n >= 2)
            && o.summary.get(Statistic::Min).is_some()
            && o.summary.get(Statistic::Min) == o.summary.get(Statistic::Max)
    };
    let exact = series.seen.iter().all(|(_, o)| o.kind == Kind::Exact || counted(o));
    let set = series.fixed.or(series.judging.statistic);
    let statistic = set.or(steadiest.filter(|_| !exact)).or_else(|| most_common(&series, exact));
    let points = series.seen.iter().filter_map(|(run, o)| Some((*run, statistic.and_then(|s| o.summary.get(s))?)));
    let (runs, values): (Vec<usize>, Vec<f64>) = points.unzip();
    let steps = values.iter().zip(values.iter().skip(1)).filter(|(a, b)| differ(**a, **b)).count();
    let wobbles = values.len() >= SHORTEST_SERIES && steps as f64 > MOST_STEPS * values.len() as f64;
    Track {
        statistic,
        better,
        unit: newest.map_or(Unit::One, |o| o.unit.clone()),
        kind: if exact && !wobbles { Kind::Exact } else { Kind::Noisy },
        positive: values.iter().all(|v| *v > 0.0),
        series,
        runs,
        values,
    }
}

/// The statistic that the most runs have, the median first among equals.
fn most_common(series: &Series<'_>, exact: bool) -> Option<Statistic> {
    use Statistic::{Max, Mean, Median, Min, P10, P25, P75, P90, P95, P99};
    let order = if exact {
        [Median, Mean, P25, P75, P10, P90, Min, Max, P95, P99]
    } else {
        [Median, Mean, Min, Max, P25, P75, P10, P90, P95, P99]
    };
    let counted =
        order.into_iter().map(|s| (series.seen.iter().filter(|(_, o)| o.summary.get(s).is_some()).count(), s));
    // The first of the largest, which `max_by_key` would not give.
    let best = counted.fold((0, None), |best, (n, s)| if n > best.0 { (n, Some(s)) } else { best });
    best.1
}

fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > SAME * a.abs().max(b.abs())
}

/// Finds the changes in the first `runs` runs of each group that is `asked` for; nothing in the others.
pub(super) fn find(groups: &[Group<'_>], runs: usize, asked: &(dyn Fn(usize) -> bool + Sync)) -> Vec<Vec<Finding>> {
    let numbered: Vec<_> = groups.iter().enumerate().collect();
    numbered.into_par_iter().map(|(i, group)| if asked(i) { in_group(group, runs) } else { Vec::new() }).collect()
}

fn in_group(group: &Group<'_>, runs: usize) -> Vec<Finding> {
    let shifts = Shifts::of(group, runs);
    let tracks: Vec<_> = group.tracks.iter().enumerate().collect();
    let mut found: Vec<Vec<Finding>> = tracks
        .into_par_iter()
        .map(|(index, track)| match track.kind {
            Kind::Exact => steps(index, track, runs),
            Kind::Noisy => levels(index, track, runs, shifts.as_ref()),
        })
        .collect();
    // Every change is a test, and so is every series without one.
    let tests = |f: &Vec<Finding>| -> Vec<f64> {
        let p: Vec<f64> = f.iter().filter_map(|f| f.p).collect();
        if p.is_empty() { vec![1.0] } else { p }
    };
    let noisy = |i: &usize| group.tracks.get(*i).is_some_and(|t| t.kind == Kind::Noisy);
    let p: Vec<f64> = found.iter().enumerate().filter(|(i, _)| noisy(i)).flat_map(|(_, f)| tests(f)).collect();
    let mut adjusted = benjamini_hochberg(&p).into_iter();
    for (_, findings) in found.iter_mut().enumerate().filter(|(i, _)| noisy(i)) {
        if findings.is_empty() {
            adjusted.next();
        }
        for finding in findings.iter_mut() {
            finding.p_adjusted = adjusted.next();
        }
        findings.retain(|f| f.p_adjusted.is_none_or(|p| p <= FALSE_DISCOVERIES));
    }
    let mut found: Vec<Finding> = found.into_iter().flatten().collect();
    if let Some(shifts) = shifts {
        found.extend(shifts.levels());
    }
    found
}

/// What the runs of a group share.
struct Shifts {
    /// By run; where a run has too few series, that of the run before.
    by_run: Vec<f64>,
    /// The runs that have enough series.
    runs: Vec<usize>,
}

impl Shifts {
    fn of(group: &Group<'_>, runs: usize) -> Option<Self> {
        let mut present = vec![0_usize; runs];
        let rows: Vec<Vec<Option<f64>>> = group
            .shifted()
            .map(|track| {
                let mut row = vec![None; runs];
                for (run, value) in track.runs.iter().zip(&track.values).take_while(|(run, _)| **run < runs) {
                    if let (Some(slot), Some(count)) = (row.get_mut(*run), present.get_mut(*run)) {
                        *slot = Some(value.ln());
                        *count += 1;
                    }
                }
                row
            })
            .collect();
        if rows.len() < SMALLEST_SUITE {
            return None;
        }
        let mut matrix = Matrix::from_rows(&rows);
        let mut by_run = median_polish(&mut matrix, runs);
        let mut last = 0.0;
        let mut enough = Vec::with_capacity(runs);
        for (run, shift) in by_run.iter_mut().enumerate() {
            if present.get(run).is_some_and(|n| *n >= SMALLEST_SUITE) {
                last = *shift;
                enough.push(run);
            } else {
                *shift = last;
            }
        }
        Some(Self { by_run, runs: enough })
    }

    /// The changes of the suite as a whole.
    fn levels(&self) -> Vec<Finding> {
        let values: Vec<f64> = self.runs.iter().filter_map(|run| self.by_run.get(*run)).copied().collect();
        // A runner pool gives out now this machine, now that: rare large differences are noise here, not spikes.
        let squares: f64 = values.iter().zip(values.iter().skip(1)).map(|(a, b)| (b - a).powi(2)).sum();
        let deviation = (squares / (2 * values.len()).max(1) as f64).sqrt();
        let options = changepoint::Options { noise_floor: deviation.max(LAYOUT), ..changepoint::Options::default() };
        let changes = changepoint::changes(&values, &options);
        changes.iter().map(|c| finding(None, &self.runs, c, f64::exp, false)).collect()
    }
}

fn finding(
    track: Option<usize>,
    runs: &[usize],
    change: &changepoint::Change,
    value: impl Fn(f64) -> f64,
    adjusted: bool,
) -> Finding {
    Finding {
        track,
        range: super::range(runs, change.earliest, change.at, change.latest),
        before: value(change.before),
        after: value(change.after),
        p: Some(change.p),
        p_adjusted: Some(change.p),
        lasted: change.length,
        adjusted,
        selected: true,
    }
}

/// The changes of a noisy series.
fn levels(index: usize, track: &Track<'_>, runs: usize, shifts: Option<&Shifts>) -> Vec<Finding> {
    let known = track.runs.partition_point(|run| *run < runs);
    let (Some(at), Some(values)) = (track.runs.get(..known), track.values.get(..known)) else { return Vec::new() };
    if !track.positive {
        let sizes: Vec<f64> = sorted(&values.iter().map(|v| v.abs()).collect::<Vec<_>>());
        let usual = median(&sizes).filter(|v| *v > 0.0).or(sizes.last().copied()).unwrap_or(0.0);
        let default = changepoint::Options::default();
        let options = changepoint::Options { smallest: 0.01 * usual, noise_floor: LEAST_NOISE * usual, ..default };
        let changes = changepoint::changes(values, &options);
        // Spikes that were pulled in leave a trace at a level of zero.
        let level = |v: f64| if v.abs() < 1e-3 * usual { 0.0 } else { v };
        return changes.iter().map(|c| finding(Some(index), at, c, level, false)).collect();
    }
    let shift = |run: &usize| shifts.and_then(|s| s.by_run.get(*run)).copied().unwrap_or(0.0);
    let logs: Vec<f64> = at.iter().zip(values).map(|(run, v)| v.ln() - shift(run)).collect();
    let noise_floor = if matches!(track.unit, Unit::Byte | Unit::One) { LEAST_NOISE } else { LAYOUT };
    let options = changepoint::Options { noise_floor, ..changepoint::Options::default() };
    let changes = changepoint::changes(&logs, &options);
    changes.iter().map(|c| finding(Some(index), at, c, f64::exp, shifts.is_some())).collect()
}

/// The changes of an exact series: wherever the value does.
fn steps(index: usize, track: &Track<'_>, runs: usize) -> Vec<Finding> {
    let known = track.runs.partition_point(|run| *run < runs);
    let (Some(at), Some(values)) = (track.runs.get(..known), track.values.get(..known)) else { return Vec::new() };
    let pairs = values.iter().zip(values.iter().skip(1)).zip(1..);
    let changed: Vec<usize> = pairs.filter(|((a, b), _)| differ(**a, **b)).map(|(_, i)| i).collect();
    let ends = changed.iter().skip(1).copied().chain([known]);
    changed
        .iter()
        .zip(ends)
        .filter_map(|(&i, end)| {
            Some(Finding {
                track: Some(index),
                range: super::range(at, i, i, i),
                before: *values.get(i.checked_sub(1)?)?,
                after: *values.get(i)?,
                p: None,
                p_adjusted: None,
                lasted: end - i,
                adjusted: false,
                selected: true,
            })
        })
        .collect()
}

/// Whether a level is too young to be certain.
pub(super) fn is_provisional(finding: &Finding) -> bool {
    finding.p.is_some() && finding.lasted < SHORTEST_LEVEL
}
