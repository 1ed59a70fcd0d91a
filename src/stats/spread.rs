//! Robust spread of a benchmark's runs, and which statistic of a run is the steadiest.
//!
//! The spread is a winsorised standard deviation: values beyond 2.5 robust deviations are pulled in before squaring. It is
//! nearly as precise as the plain standard deviation on calm runs (the median absolute deviation wastes half of them) and
//! barely moved by the rare spikes, which have a model of their own (`tail`).
//!
//! The steadiest statistic is the one with the least geometric-mean standard deviation over a suite's benchmarks, after
//! the runs' common shifts are taken out: every benchmark has the same say, and spikes count.
//!
//! Not here: limits, tails and moderation.

use super::common_mode::{Matrix, median_polish};
use super::{MAD_TO_SD, median};

/// Distance in robust deviations beyond which a value is pulled in.
const PULLED_IN_AT: f64 = 2.5;

/// Standard deviation of standard normal data after that pulling in: √(1 − 2∫(z² − 2.5²)φ dz) above 2.5.
const PULLED_IN_SD: f64 = 0.989;

/// What one run is worth in degrees of freedom, relative to an unwinsorised variance.
pub const WINSORISED_EFFICIENCY: f64 = 0.7;

/// Smallest standard deviation that counts when statistics are compared, so that exact repeats do not dominate: 0.01 %.
const NEGLIGIBLE: f64 = 1e-4;

/// The winsorised standard deviation of residuals about zero. Returns `None` for fewer than two.
pub fn winsorised_deviation(residuals: &[f64]) -> Option<f64> {
    if residuals.len() < 2 {
        return None;
    }
    let sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
    let reach = PULLED_IN_AT * MAD_TO_SD * median(&sizes)?;
    let squares: f64 = sizes.iter().map(|r| r.min(reach).powi(2)).sum();
    Some((squares / (residuals.len() - 1) as f64).sqrt() / PULLED_IN_SD)
}

/// Degrees of freedom of [`deviation_of_few`] squared, relative to those of a plain variance: by simulation 0.89 for five
/// normal values, 0.75 for six, 0.83 for ten.
pub const FEW_EFFICIENCY: f64 = 0.75;

/// The winsorised standard deviation of a handful of values about their median. `None` for fewer than two.
///
/// The median of an odd number of values is one of them; its distance of zero tells nothing about the spread and is not
/// counted, or of five values chance would too often call two far.
pub fn deviation_of_few(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let mut sizes: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let telling = sizes.get(values.len() % 2..).filter(|telling| !telling.is_empty())?;
    let reach = PULLED_IN_AT * MAD_TO_SD * median(telling)?;
    let squares: f64 = sizes.iter().map(|r| r.min(reach).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt() / PULLED_IN_SD)
}

/// How unsteady a statistic is between the runs of a suite: mean over benchmarks of the log of the standard deviation that
/// is left after the runs' common shifts. Lower is steadier; only differences between statistics mean something.
///
/// `rows` are benchmarks, `None` where a run lacks one; benchmarks with fewer than three runs are left out. Returns `None`
/// when none remain.
pub fn unsteadiness(rows: &[Vec<Option<f64>>]) -> Option<f64> {
    let mut matrix = Matrix::from_rows(rows);
    let columns = matrix.columns();
    median_polish(&mut matrix, columns);
    let logs: Vec<f64> = matrix
        .rows()
        .filter_map(|row| {
            let present: Vec<f64> = row.iter().copied().filter(|v| !v.is_nan()).collect();
            let centre = median(&present).filter(|_| present.len() >= 3)?;
            let squares: f64 = present.iter().map(|v| (v - centre).powi(2)).sum();
            Some((squares / present.len() as f64).sqrt().max(NEGLIGIBLE).ln())
        })
        .collect();
    super::mean(&logs)
}
