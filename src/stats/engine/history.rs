//! Current runs against a history of unchanged ones: the strongest evidence, and enough with a single run to judge.
//!
//! Not here: p-values (`outcome`).

use super::super::common_mode::{Matrix, median_polish, remove_bursts};
use super::super::moderation::{Prior, SMALLEST_SUITE};
use super::super::segmentation::about_levels;
use super::super::spread::{WINSORISED_EFFICIENCY, winsorised_deviation};
use super::super::tail::Tail;
use super::super::{median, robust_deviation};
use super::outcome::{Signal, Signals};
use super::{Evidence, Options, SHORTEST_HISTORY, Series, Shift, present, rerun_variance};

/// Variance of the median of n runs is π/2 times that of their mean, in units of 1/n.
const CENTRE_VARIANCE: f64 = std::f64::consts::FRAC_PI_2;

/// The same where the level was chosen by looking at the values.
const CHOSEN_CENTRE_VARIANCE: f64 = 2.0;

/// A series' history about its levels.
struct Settled {
    /// Unchanged runs about their own levels, and all of them about the last one.
    residuals: Vec<f64>,
    about_last: Vec<f64>,
    /// The last level, and the columns where levels after the first begin.
    centre: f64,
    levels: Vec<usize>,
    /// Runs that the centre stands on, and degrees of freedom of the residuals.
    runs: usize,
    df: f64,
    estimate: f64,
    current: usize,
    /// Own standard deviation.
    sd: f64,
}

pub(super) fn signals(group: &[Series<'_>], options: &Options) -> (Signals, Shift) {
    let past = group.iter().map(|s| s.history.len()).max().unwrap_or(0);
    let base = group.iter().map(|s| s.baseline.len()).max().unwrap_or(0);
    let reference = past + base;
    let rows: Vec<Vec<Option<f64>>> = group
        .iter()
        .map(|s| {
            let padded =
                |values: &[Option<f64>], n: usize| (0..n).map(|i| values.get(i).copied().flatten()).collect::<Vec<_>>();
            let mut row = padded(s.history, past);
            row.extend(padded(s.baseline, base));
            row.extend_from_slice(s.current);
            row
        })
        .collect();
    let mut matrix = Matrix::from_rows(&rows);
    let usable = |row: &[f64]| {
        present(row.get(..reference).unwrap_or(&[])).len() >= SHORTEST_HISTORY
            && !present(row.get(reference..).unwrap_or(&[])).is_empty()
    };
    let adjusted = options.adjust && matrix.rows().filter(|row| usable(row)).count() >= SMALLEST_SUITE;
    let shifts = if adjusted { median_polish(&mut matrix, reference) } else { vec![0.0; matrix.columns()] };
    let mut medians = matrix.centre_rows(reference);
    let mut burst_slope = 0.0;
    if let Some(order) = run_order(group).filter(|_| adjusted) {
        burst_slope = remove_bursts(&mut matrix, &order, reference);
        for (level, moved) in medians.iter_mut().zip(matrix.centre_rows(reference)) {
            *level += moved;
        }
    }

    let settled: Vec<Option<Settled>> = matrix
        .rows()
        .zip(group)
        .map(|(row, s)| usable(row).then(|| settle(row, reference, s.floor)))
        .map(Option::flatten)
        .collect();
    let variances: Vec<(f64, f64)> = settled.iter().flatten().map(|s| (s.sd * s.sd, s.df)).collect();
    let learned = if variances.len() >= SMALLEST_SUITE { Prior::fit(&variances) } else { None };
    let known = learned.or(options.prior);
    let prior = known.unwrap_or(Prior::UNKNOWN);
    let shift_now = present(shifts.get(reference..).unwrap_or(&[]));
    let shift_then =
        present(if base > 0 { shifts.get(past..reference) } else { shifts.get(..reference) }.unwrap_or(&[]));

    let mut scaled = Vec::with_capacity(settled.len());
    let judged = settled
        .into_iter()
        .zip(&medians)
        .map(|(s, level)| {
            let Some(s) = s else {
                scaled.push(Vec::new());
                return None;
            };
            let (variance, df) = prior.moderate(s.sd * s.sd, s.df);
            let sd = variance.sqrt().max(options.noise_floor);
            scaled.push(s.residuals.iter().map(|r| r / sd).collect::<Vec<f64>>());
            let centre_variance =
                if s.levels.is_empty() { CENTRE_VARIANCE } else { CHOSEN_CENTRE_VARIANCE } / s.runs as f64;
            Some(Signal {
                estimate: s.estimate,
                sd,
                df,
                variance: centre_variance + rerun_variance(s.current),
                single_variance: centre_variance + 1.0,
                lasting: 0.0,
                shared: 0.0,
                runs: s.current,
                off: None,
                centre: level + s.centre,
                older: past_levels(&s.about_last, s.runs),
                unchanged: s.about_last,
                residuals: s.residuals,
                levels: s.levels,
            })
        })
        .collect::<Vec<_>>();
    let up = Tail::fit(&scaled);
    for row in &mut scaled {
        for u in row.iter_mut() {
            *u = -*u;
        }
    }
    let shift = Shift {
        evidence: Some(Evidence::History),
        series: judged.iter().flatten().count(),
        adjusted,
        shift: median(&shift_now).unwrap_or(0.0) - median(&shift_then).unwrap_or(0.0),
        spread: if adjusted { robust_deviation(&present(shifts.get(..reference).unwrap_or(&[]))) } else { None },
        burst_slope,
        prior: known,
    };
    (Signals { rows: judged, tails: Some((up, Tail::fit(&scaled))) }, shift)
}

/// The rows in the order the benchmarks ran; `None` where that is not known of every series.
fn run_order(group: &[Series<'_>]) -> Option<Vec<usize>> {
    let mut order: Vec<(usize, usize)> =
        group.iter().enumerate().map(|(i, s)| Some((s.position?, i))).collect::<Option<_>>()?;
    order.sort_unstable();
    Some(order.into_iter().map(|(_, i)| i).collect())
}

/// Cuts a series' history into levels and measures its scatter about them. `None` when too little is left.
fn settle(row: &[f64], reference: usize, floor: f64) -> Option<Settled> {
    let past = present(row.get(..reference)?);
    let current = present(row.get(reference..)?);
    let (starts, residuals) = about_levels(&past);
    let columns: Vec<usize> =
        row.get(..reference)?.iter().enumerate().filter(|(_, v)| !v.is_nan()).map(|(column, _)| column).collect();
    let last = past.get(starts.last().copied()?..)?;
    let (centre, runs) = (median(last)?, last.len());
    let sd = winsorised_deviation(&residuals)?.max(floor);
    Some(Settled {
        about_last: past.iter().map(|v| v - centre).collect(),
        centre,
        levels: starts.iter().filter(|&&start| start > 0).filter_map(|&start| columns.get(start).copied()).collect(),
        runs,
        df: (WINSORISED_EFFICIENCY * (past.len() - starts.len()) as f64).max(2.0),
        estimate: median(&current)? - centre,
        current: current.len(),
        residuals,
        sd,
    })
}

/// The runs before the last level, which is `runs` long.
fn past_levels(unchanged: &[f64], runs: usize) -> Vec<f64> {
    unchanged.get(..unchanged.len().saturating_sub(runs)).unwrap_or(&[]).to_vec()
}
