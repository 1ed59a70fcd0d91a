//! Levels of a history: where a series of runs settled at a new value.
//!
//! Past commits really changed things, so a history is cut into levels before its noise is measured, and new runs are
//! compared with the last level. The cut is the penalised least-squares optimum (optimal partitioning: Jackson et al.
//! 2005, the exact problem that PELT, Killick et al. 2012, solves): each further level must pay 6 ln n noise variances,
//! and lasts at least four runs. Isolated outliers are clipped first, so that a single spike is not a level.
//!
//! Not here: significance and place of changes (`changepoint`), their dates and causes (`trend`); what counts as the current level's centre (`engine`).

use super::{MAD_TO_SD, median};

/// Fewest runs that make a level of their own.
pub const SHORTEST_LEVEL: usize = 4;

/// Noise variances that one more level must save, as a multiple of ln n.
const PENALTY: f64 = 6.0;

/// Clipping distance for isolated outliers, in noise standard deviations from the running median of five.
const CLIP: f64 = 3.0;

/// The first indices of the levels of `values` in time order, beginning with 0. Fewer than eight values are one level.
pub fn levels(values: &[f64]) -> Vec<usize> {
    let n = values.len();
    if n < 2 * SHORTEST_LEVEL {
        return vec![0];
    }
    let noise = difference_deviation(values).max(1e-9);
    let clipped = clip_outliers(values, CLIP * noise);
    // Sums of x and x² up to each index, in noise units and about the median so that the squares do not cancel.
    let centre = median(&clipped).unwrap_or(0.0);
    let mut sums = Vec::with_capacity(n + 1);
    sums.push((0.0, 0.0));
    let (mut sum, mut squares) = (0.0, 0.0);
    for value in &clipped {
        let z = (value - centre) / noise;
        sum += z;
        squares += z * z;
        sums.push((sum, squares));
    }
    let penalty = PENALTY * (n as f64).ln();
    let mut best: Vec<(f64, usize)> = vec![(f64::INFINITY, 0); n + 1];
    if let Some(first) = best.first_mut() {
        first.0 = -penalty;
    }
    for end in SHORTEST_LEVEL..=n {
        let Some(&(sum_end, squares_end)) = sums.get(end) else { continue };
        let mut optimum = (f64::INFINITY, 0);
        for (start, (&(cost, _), &(sum, squares))) in best.iter().zip(&sums).enumerate().take(end + 1 - SHORTEST_LEVEL)
        {
            let total = sum_end - sum;
            let cost = cost + (squares_end - squares) - total * total / (end - start) as f64 + penalty;
            if cost < optimum.0 {
                optimum = (cost, start);
            }
        }
        if let Some(slot) = best.get_mut(end) {
            *slot = optimum;
        }
    }
    let mut starts = Vec::new();
    let mut end = n;
    while end > 0 {
        end = best.get(end).map_or(0, |&(_, start)| start);
        starts.push(end);
    }
    starts.reverse();
    starts
}

/// Where the levels of `values` begin, and the values about the medians of their levels.
pub fn about_levels(values: &[f64]) -> (Vec<usize>, Vec<f64>) {
    let starts = levels(values);
    let mut residuals = Vec::with_capacity(values.len());
    for (at, &start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).copied().unwrap_or(values.len());
        let level = values.get(start..end).unwrap_or(&[]);
        let centre = median(level).unwrap_or(0.0);
        residuals.extend(level.iter().map(|v| v - centre));
    }
    (starts, residuals)
}

/// Standard deviation of the noise from successive differences, which a change of level hardly touches.
pub(super) fn difference_deviation(values: &[f64]) -> f64 {
    let differences: Vec<f64> = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b - a).collect();
    let Some(centre) = median(&differences) else { return 0.0 };
    let distances: Vec<f64> = differences.iter().map(|d| (d - centre).abs()).collect();
    median(&distances).map_or(0.0, |mad| MAD_TO_SD * mad / std::f64::consts::SQRT_2)
}

/// Values pulled to within `reach` of the running median of five; the ends repeat.
fn clip_outliers(values: &[f64], reach: f64) -> Vec<f64> {
    let last = values.len().saturating_sub(1);
    (0..values.len())
        .map(|i| {
            let mut window: [f64; 5] = std::array::from_fn(|k| {
                let at = (i + k).saturating_sub(2).min(last);
                values.get(at).copied().unwrap_or(f64::NAN)
            });
            window.sort_unstable_by(f64::total_cmp);
            let centre = window[2];
            values.get(i).map_or(centre, |v| v.clamp(centre - reach, centre + reach))
        })
        .collect()
}
