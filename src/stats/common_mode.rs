//! What a whole execution shares, taken out: its common shift, and bursts of load that hit neighbouring benchmarks.
//!
//! Half and more of the variation between runs is the machine's, not the benchmarks': another CPU, a busy neighbour. A
//! median polish (Tukey 1977) splits the values into benchmark levels, run shifts and residuals; medians, so that a few
//! real changes do not move the shift. Steady benchmarks say more about a run's shift than wild ones, so the run's median is
//! weighted by 1/noise.
//!
//! Load also comes in bursts shorter than a run. Benchmarks run in order, so a burst lifts neighbours together: the
//! median residual of the three benchmarks before and after predicts a benchmark's own. How well it does so is learned from
//! the history as a regression slope in 0..=1 (0 when order means nothing), and never more is taken out than the history's
//! own bursts showed, so that a real slowdown of several neighbours stays visible.
//!
//! Not here: judging the shift itself (`engine` reports it, `verdict` judges it).

use super::{MAD_TO_SD, median, quantile, sorted};

/// Values of several benchmarks (rows) in several runs (columns), `NAN` where a run lacks a benchmark.
#[derive(Clone, Debug)]
pub struct Matrix {
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// Copies rows of equal length; shorter rows are padded with absent values.
    pub fn from_rows(rows: &[Vec<Option<f64>>]) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut values = Vec::with_capacity(rows.len() * columns);
        for row in rows {
            values.extend((0..columns).map(|j| row.get(j).copied().flatten().unwrap_or(f64::NAN)));
        }
        Self { columns, values }
    }

    /// The number of runs.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The benchmarks' values, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns.max(1))
    }

    fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f64]> {
        self.values.chunks_exact_mut(self.columns.max(1))
    }

    /// Takes every row's median over the first `columns` columns out of it, and returns the medians.
    pub fn centre_rows(&mut self, columns: usize) -> Vec<f64> {
        self.rows_mut()
            .map(|row| {
                let present: Vec<f64> = row.iter().take(columns).copied().filter(|v| !v.is_nan()).collect();
                let centre = median(&present).unwrap_or(f64::NAN);
                for value in row.iter_mut() {
                    *value -= centre;
                }
                centre
            })
            .collect()
    }

    /// Takes every column's median out of it, and returns the medians.
    pub fn centre_columns(&mut self) -> Vec<f64> {
        let medians: Vec<f64> = (0..self.columns)
            .map(|j| median(&self.column(j).filter(|v| !v.is_nan()).collect::<Vec<_>>()).unwrap_or(0.0))
            .collect();
        for row in self.rows_mut() {
            for (value, centre) in row.iter_mut().zip(&medians) {
                *value -= centre;
            }
        }
        medians
    }

    fn column(&self, at: usize) -> impl Iterator<Item = f64> {
        self.values.iter().skip(at).step_by(self.columns.max(1)).copied()
    }
}

/// Rounds of the polish; medians settle in a few.
const ROUNDS: usize = 4;

/// Rounds with weighted medians.
const WEIGHTED_ROUNDS: usize = 3;

/// Smallest noise that steers a weight: 0.5 %, a benchmark's layout and timer floor.
const WEIGHT_FLOOR: f64 = 0.005;

/// Takes the common shift of every run (column) out of `matrix` and returns the shifts, whose median is 0.
///
/// Benchmark levels and noise come from the first `history` columns alone in the final, weighted rounds, so that what is
/// judged does not say how steady it is.
pub fn median_polish(matrix: &mut Matrix, history: usize) -> Vec<f64> {
    let columns = matrix.columns;
    let mut shifts = vec![0.0; columns];
    let levels = |matrix: &Matrix, shifts: &[f64], upto: usize| -> Vec<f64> {
        matrix.rows().map(|row| level(row, shifts, upto)).collect()
    };
    for _ in 0..ROUNDS {
        let rows = levels(matrix, &shifts, columns);
        for (j, shift) in shifts.iter_mut().enumerate() {
            let off: Vec<f64> = matrix.column(j).zip(&rows).map(|(v, m)| v - m).filter(|d| !d.is_nan()).collect();
            *shift = median(&off).unwrap_or(0.0);
        }
        recentre(&mut shifts);
    }
    let weights: Vec<f64> = matrix
        .rows()
        .map(|row| {
            let centre = level(row, &shifts, history);
            let sizes: Vec<f64> = offsets(row, &shifts, history).map(|v| (v - centre).abs()).collect();
            median(&sizes).map_or(0.0, |mad| 1.0 / (MAD_TO_SD * mad).max(WEIGHT_FLOOR))
        })
        .collect();
    for _ in 0..WEIGHTED_ROUNDS {
        let rows = levels(matrix, &shifts, history);
        for (j, shift) in shifts.iter_mut().enumerate() {
            let mut off: Vec<(f64, f64)> =
                matrix.column(j).zip(&rows).map(|(v, m)| v - m).zip(weights.iter().copied()).collect();
            off.retain(|(d, w)| !d.is_nan() && *w > 0.0);
            *shift = weighted_median(&mut off).unwrap_or(0.0);
        }
        recentre(&mut shifts);
    }
    for row in matrix.rows_mut() {
        for (value, shift) in row.iter_mut().zip(&shifts) {
            *value -= shift;
        }
    }
    shifts
}

/// A row's values with the shifts taken out, present ones only.
fn offsets<'a>(row: &'a [f64], shifts: &'a [f64], upto: usize) -> impl Iterator<Item = f64> + 'a {
    row.iter().zip(shifts).take(upto).map(|(v, c)| v - c).filter(|v| !v.is_nan())
}

/// A row's median level; `NAN` for a row without values.
fn level(row: &[f64], shifts: &[f64], upto: usize) -> f64 {
    median(&offsets(row, shifts, upto).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

/// Moves shifts so that their median is 0.
fn recentre(shifts: &mut [f64]) {
    let centre = median(shifts).unwrap_or(0.0);
    for shift in shifts {
        *shift -= centre;
    }
}

/// The smallest value at which half the weight is reached. Returns `None` without values.
fn weighted_median(pairs: &mut [(f64, f64)]) -> Option<f64> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = pairs.iter().map(|(_, w)| w).sum::<f64>() / 2.0;
    let mut reached = 0.0;
    pairs.iter().find_map(|(value, weight)| {
        reached += weight;
        (reached >= half).then_some(*value)
    })
}

/// How many benchmarks before and after one, in run order, tell of a burst.
const NEIGHBOURS: usize = 3;

/// Reach of the fit of the slope, in robust deviations: spikes of single benchmarks do not steer it.
const FIT_REACH: f64 = 6.0;

/// Smallest robust deviation used to scale the fit: 0.2 %.
const FIT_FLOOR: f64 = 0.002;

/// The share of the history's own neighbourhood shifts that the largest correction may not exceed.
const LARGEST_CORRECTION: f64 = 0.98;

/// Takes bursts that neighbours in run order share out of residuals whose rows have median 0 over the first `history`
/// columns. `order` lists the rows in the order the benchmarks ran. Returns the slope that the history supports, 0..=1.
pub fn remove_bursts(residuals: &mut Matrix, order: &[usize], history: usize) -> f64 {
    let columns = residuals.columns;
    if order.len() < 2 * NEIGHBOURS + 1 || columns == 0 {
        return 0.0;
    }
    let rows: Vec<&[f64]> = residuals.rows().collect();
    let ordered: Vec<&[f64]> = order.iter().map(|&i| rows.get(i).copied().unwrap_or(&[])).collect();
    let around: Vec<Vec<f64>> =
        (0..ordered.len()).map(|at| (0..columns).map(|j| neighbourhood(&ordered, at, j)).collect()).collect();
    let (mut product, mut square) = (0.0, 0.0);
    let mut seen = Vec::with_capacity(ordered.len() * history);
    for (row, near) in ordered.iter().zip(&around) {
        let sizes: Vec<f64> = row.iter().take(history).map(|v| v.abs()).filter(|v| !v.is_nan()).collect();
        let noise = (MAD_TO_SD * median(&sizes).unwrap_or(0.0)).max(FIT_FLOOR);
        for (value, shift) in row.iter().zip(near).take(history).filter(|(v, s)| !v.is_nan() && !s.is_nan()) {
            let shift_scaled = (shift / noise).clamp(-FIT_REACH, FIT_REACH);
            product += (value / noise).clamp(-FIT_REACH, FIT_REACH) * shift_scaled;
            square += shift_scaled * shift_scaled;
            seen.push(shift.abs());
        }
    }
    let slope = if square > 0.0 { (product / square).clamp(0.0, 1.0) } else { 0.0 };
    let largest = quantile(&sorted(&seen), LARGEST_CORRECTION).unwrap_or(0.0);
    for (&index, near) in order.iter().zip(&around) {
        let from = index * columns;
        let Some(row) = residuals.values.get_mut(from..from + columns) else { continue };
        for (value, shift) in row.iter_mut().zip(near).filter(|(_, s)| !s.is_nan()) {
            *value -= slope * shift.clamp(-largest, largest);
        }
    }
    slope
}

/// The median residual of the neighbours of the row at `at` in column `column`; `NAN` where they are all absent.
fn neighbourhood(ordered: &[&[f64]], at: usize, column: usize) -> f64 {
    let mut near = [f64::NAN; 2 * NEIGHBOURS];
    let mut count = 0;
    let first = at.saturating_sub(NEIGHBOURS);
    for (i, row) in ordered.iter().enumerate().take(at + NEIGHBOURS + 1).skip(first) {
        let Some(value) = row.get(column).filter(|v| i != at && !v.is_nan()) else { continue };
        if let Some(slot) = near.get_mut(count) {
            *slot = *value;
            count += 1;
        }
    }
    let Some(present) = near.get_mut(..count) else { return f64::NAN };
    present.sort_unstable_by(f64::total_cmp);
    quantile(present, 0.5).unwrap_or(f64::NAN)
}
