//! Without a history: a few runs a side, or pairs taken in turns.
//!
//! Not here: p-values (`outcome`).

use super::super::common_mode::{Matrix, median_polish};
use super::super::moderation::{Prior, SMALLEST_SUITE};
use super::super::segmentation::about_levels;
use super::super::spread::{FEW_EFFICIENCY, WINSORISED_EFFICIENCY, deviation_of_few, winsorised_deviation};
use super::super::tail::Tail;
use super::super::{mean, median};
use super::outcome::{ABOUT_AS_FAR, Signal, Signals, half};
use super::{Evidence, FEWEST_RUNS, LASTING_SHARE, Options, Series, Shift, median_variance, present, rerun_variance};

/// What a series' runs say before the suite is asked.
struct Measured {
    estimate: f64,
    centre: f64,
    /// About the centre of their own side, or of the pairs' differences.
    residuals: Vec<f64>,
    /// Baseline runs about the centre.
    unchanged: Vec<f64>,
    variance: f64,
    df: f64,
    runs: usize,
    agreeing: Option<usize>,
    /// What is known of the variance from before.
    known: Option<Prior>,
    /// Variance of the baseline's median in units of one run's.
    reference_variance: f64,
}

/// Judges three or more runs a side.
pub(super) fn side_signals(group: &[Series<'_>], options: &Options) -> (Signals, Shift) {
    let base = group.iter().map(|s| s.baseline.len()).max().unwrap_or(0);
    let rows: Vec<Vec<Option<f64>>> = group
        .iter()
        .map(|s| {
            let mut row: Vec<Option<f64>> = (0..base).map(|i| s.baseline.get(i).copied().flatten()).collect();
            row.extend_from_slice(s.current);
            row
        })
        .collect();
    let mut matrix = Matrix::from_rows(&rows);
    let columns = matrix.columns();
    let adjusted = options.adjust && group.len() >= SMALLEST_SUITE;
    let shifts = if adjusted { median_polish(&mut matrix, columns) } else { vec![0.0; columns] };
    let measured: Vec<Option<Measured>> = matrix
        .rows()
        .map(|row| {
            let before = present(row.get(..base)?);
            let after = present(row.get(base..)?);
            let centre = median(&before)?;
            let residuals: Vec<f64> = deviations(&before).into_iter().chain(deviations(&after)).collect();
            let df = (before.len() + after.len()).saturating_sub(2) as f64;
            let measured = Measured {
                estimate: median(&after)? - centre,
                centre,
                unchanged: before.iter().map(|v| v - centre).collect(),
                variance: residuals.iter().map(|r| r * r).sum::<f64>() / df,
                residuals,
                df,
                runs: after.len(),
                agreeing: None,
                known: None,
                reference_variance: LASTING_SHARE + median_variance(before.len()),
            };
            (before.len().min(after.len()) >= FEWEST_RUNS).then_some(measured)
        })
        .collect();
    let side = |range: std::ops::Range<usize>| median(&present(shifts.get(range).unwrap_or(&[]))).unwrap_or(0.0);
    let shift = side(base..columns) - side(0..base);
    moderated(measured, options, Evidence::Sides, Prior::UNKNOWN, adjusted.then_some(shift))
}

/// How many times their own spread the pairs' common shifts must be in the middle to be the code's, and how many pairs are
/// needed to tell.
const REAL: f64 = 4.0;
const PAIRS_TO_TELL: usize = 5;

/// Judges three or more pairs: run i of the baseline and run i of the current side, taken in turns.
///
/// A spike of one run spoils its pair alone: it is pulled in before the scatter is measured, and what spikes can do is the
/// tail's business. Their rate is known from the pairs and, where the series have one, from the history.
///
/// What a whole suite does in one pair is the machine's doing and is taken out. What it does in five pairs or more alike is
/// the code's, because both sides met the same machine: it stays.
pub(super) fn pair_signals(group: &[Series<'_>], options: &Options) -> (Signals, Shift) {
    let rows: Vec<Vec<Option<f64>>> =
        group.iter().map(|s| s.baseline.iter().zip(s.current).map(|(b, c)| Some((*c)? - (*b)?)).collect()).collect();
    let mut matrix = Matrix::from_rows(&rows);
    let is_large = options.adjust && group.len() >= SMALLEST_SUITE;
    let shifts = if is_large { matrix.centre_columns() } else { Vec::new() };
    let common = median(&shifts).unwrap_or(0.0);
    let is_real =
        shifts.len() >= PAIRS_TO_TELL && deviation_of_few(&shifts).is_some_and(|spread| common.abs() > REAL * spread);
    if is_real {
        matrix = Matrix::from_rows(&rows);
    }
    let measured = matrix
        .rows()
        .zip(group)
        .map(|(row, s)| {
            let differences = present(row);
            if differences.len() < FEWEST_RUNS {
                return None;
            }
            let before: Vec<f64> = s.baseline.iter().copied().flatten().collect();
            let centre = median(&before)?;
            let estimate = median(&differences)?;
            let agrees = |d: &&f64| **d * estimate.signum() >= ABOUT_AS_FAR * estimate.abs();
            Some(Measured {
                estimate,
                centre,
                // The baseline's own runs share no machine state with the differences: nothing to liken them to.
                unchanged: Vec::new(),
                residuals: differences.iter().map(|d| d - estimate).collect(),
                variance: deviation_of_few(&differences)?.powi(2),
                df: FEW_EFFICIENCY * (differences.len() - 1) as f64,
                runs: differences.len(),
                agreeing: Some(differences.iter().filter(agrees).count().max(half(differences.len()))),
                known: of_the_past(s.history),
                reference_variance: 0.0,
            })
        })
        .collect();
    // Pairs share the machine's state: half the spread between runs is the guess where nothing is known.
    let unknown = Prior { variance: Prior::UNKNOWN.variance / 4.0, df: Prior::UNKNOWN.df };
    let (mut signals, shift) =
        moderated(measured, options, Evidence::Pairs, unknown, (is_large && !is_real).then_some(common));
    let distances: Vec<Vec<f64>> = signals
        .rows
        .iter()
        .zip(group)
        .map(|(signal, series)| signal.as_ref().map_or_else(Vec::new, |signal| distances(signal, series.history)))
        .collect();
    let tail = Tail::fit(&distances);
    signals.tails = Some((tail.clone(), tail));
    (signals, shift)
}

/// Most degrees of freedom that the past's scatter is worth: the machine may have become another since.
const PAST_DF: f64 = 4.0;

/// What the runs of the past say about the variance of pairs: two runs have at most twice the variance of one, spikes
/// pulled in.
fn of_the_past(history: &[Option<f64>]) -> Option<Prior> {
    let past: Vec<f64> = history.iter().copied().flatten().collect();
    let (starts, residuals) = about_levels(&past);
    let df = WINSORISED_EFFICIENCY * past.len().saturating_sub(starts.len()) as f64;
    let variance = 2.0 * winsorised_deviation(&residuals)?.powi(2);
    // A past in which most runs are alike to the last digit says nothing of the others.
    (df >= PAST_DF && variance > 0.0).then_some(Prior { variance, df: PAST_DF })
}

/// How far off single pairs can be, up as well as down, in noise deviations.
///
/// A pair is off to one side by a spike of its one run or by one of the other, so its residuals count for both sides, and a
/// run of the history that is off to either side would put a pair off to each.
fn distances(signal: &Signal, history: &[Option<f64>]) -> Vec<f64> {
    let past: Vec<f64> = history.iter().copied().flatten().collect();
    let (_, residuals) = about_levels(&past);
    // Single runs also differ by what the two of a pair share.
    let single = winsorised_deviation(&residuals).unwrap_or(0.0).max(signal.sd);
    let own = signal.residuals.iter().flat_map(|r| [*r, -*r]).map(|r| r / signal.sd);
    own.chain(residuals.iter().map(|r| r.abs() / single)).collect()
}

/// Moderates the variances over the suite.
fn moderated(
    measured: Vec<Option<Measured>>,
    options: &Options,
    evidence: Evidence,
    unknown: Prior,
    shift: Option<f64>,
) -> (Signals, Shift) {
    let variances: Vec<(f64, f64)> = measured.iter().flatten().map(|m| (m.variance, m.df)).collect();
    let learned = if variances.len() >= SMALLEST_SUITE { Prior::fit(&variances) } else { None };
    let prior = learned.or(options.prior).unwrap_or(unknown);
    let rows: Vec<Option<Signal>> = measured
        .into_iter()
        .map(|m| {
            let m = m?;
            // Pairs that scatter more than the past allows have spikes in them, too many to be pulled in. Those are the
            // tail's business.
            let known = m.known.filter(|known| known.variance < m.variance);
            let (variance, df) = known.map_or((m.variance, m.df), |known| known.moderate(m.variance, m.df));
            let (variance, df) = prior.moderate(variance, df);
            Some(Signal {
                estimate: m.estimate,
                sd: variance.sqrt().max(options.noise_floor),
                df,
                variance: m.reference_variance + rerun_variance(m.runs),
                single_variance: m.reference_variance + 1.0,
                runs: m.runs,
                agreeing: m.agreeing,
                centre: m.centre,
                unchanged: m.unchanged,
                older: Vec::new(),
                residuals: m.residuals,
                levels: Vec::new(),
            })
        })
        .collect();
    let shift = Shift {
        evidence: Some(evidence),
        series: rows.iter().flatten().count(),
        adjusted: shift.is_some(),
        shift: shift.unwrap_or(0.0),
        spread: None,
        burst_slope: 0.0,
        prior: learned.or(options.prior),
    };
    (Signals { rows, tails: None }, shift)
}

/// Values about their mean.
fn deviations(values: &[f64]) -> Vec<f64> {
    let centre = mean(values).unwrap_or(0.0);
    values.iter().map(|v| v - centre).collect()
}
