//! The noise of a series: its size, its outliers, and what one run has in common with the next.
//!
//! The size comes from successive differences, which a change of level hardly touches. Outliers of one or two runs are
//! pulled to three deviations from the running median of five, so that a spike is no level. Neighbouring runs that are
//! alike (a warm machine, a slow week) make a mean less certain than their number says: with a lag-1 correlation ρ its
//! variance is larger by (1 + ρ) / (1 − ρ) (Bartlett 1946), and differences understate the deviation by √(1 − ρ).
//!
//! Not here: where levels begin.

use super::Sums;
use crate::stats::segmentation::difference_deviation;
use crate::stats::{mean, median, sorted};

/// Clipping distance for isolated outliers, in noise standard deviations.
const CLIP: f64 = 3.0;

/// Half the width of the running median that stands for the level when the correlation is measured.
const LEVEL_REACH: usize = 10;

/// That half width is at most the series' length divided by this.
const SHARE_OF_SERIES: usize = 5;

/// Largest residual that the correlation is measured by, in noise standard deviations.
const RESIDUAL_REACH: f64 = 4.0;

/// Largest correlation that is believed: beyond it noise and level cannot be told apart.
const LARGEST_CORRELATION: f64 = 0.6;

/// Share of the differences that are left out, the largest, where most of them are zero.
const LARGEST_SHARE: f64 = 0.1;

/// A series with its noise.
#[derive(Debug)]
pub(super) struct Noisy {
    /// The values with isolated outliers pulled in.
    pub(super) clipped: Vec<f64>,
    /// Standard deviation between runs.
    pub(super) deviation: f64,
    /// What the variance of a mean is larger by than that of as many independent runs.
    pub(super) inflation: f64,
    centre: f64,
}

impl Noisy {
    /// The clipped values about their median in noise standard deviations.
    pub(super) fn scaled(&self) -> Vec<f64> {
        self.clipped.iter().map(|v| (v - self.centre) / self.deviation).collect()
    }

    /// Sums of the scaled values.
    pub(super) fn sums(&self) -> Sums {
        Sums::of(&self.scaled())
    }

    /// A scaled value in the series' own scale.
    pub(super) fn unscaled(&self, value: f64) -> f64 {
        value * self.deviation + self.centre
    }
}

/// Measures the noise of a series; `floor` is the smallest standard deviation that is believed, above zero.
pub(super) fn measure(values: &[f64], floor: f64) -> Noisy {
    let floor = floor.max(f64::MIN_POSITIVE);
    let calm = deviation(values).max(floor);
    let clipped = clip(values, CLIP * calm);
    let autocorrelation = autocorrelation(&clipped, calm);
    Noisy {
        centre: median(&clipped).unwrap_or(0.0),
        clipped,
        deviation: calm / (1.0 - autocorrelation).sqrt(),
        inflation: (1.0 + autocorrelation) / (1.0 - autocorrelation),
    }
}

/// Standard deviation from differences. Values of a coarse clock mostly repeat, and the median difference is zero: then the
/// mean absolute difference tells, without the largest tenth, which may be changes (E|d| = 2σ/√π for normal noise).
fn deviation(values: &[f64]) -> f64 {
    let by_median = difference_deviation(values);
    if by_median > 0.0 {
        return by_median;
    }
    let sizes: Vec<f64> = values.iter().zip(values.iter().skip(1)).map(|(a, b)| (b - a).abs()).collect();
    let kept = (sizes.len() as f64 * (1.0 - LARGEST_SHARE)) as usize;
    let kept: Vec<f64> = sorted(&sizes).into_iter().take(kept).collect();
    mean(&kept).unwrap_or(0.0) * std::f64::consts::PI.sqrt() / 2.0
}

/// Values pulled to within `reach` of the median of the five about them. At the ends these are the first and the last five,
/// so that the newest run is no level by itself: three of them are.
fn clip(values: &[f64], reach: f64) -> Vec<f64> {
    let last = values.len().saturating_sub(5);
    let around = |i: usize| values.iter().skip(i.saturating_sub(2).min(last)).take(5).copied().collect::<Vec<_>>();
    let clipped = values.iter().enumerate().map(|(i, v)| {
        let centre = median(&around(i)).unwrap_or(*v);
        v.clamp(centre - reach, centre + reach)
    });
    clipped.collect()
}

/// Correlation of neighbouring residuals about a running median, with the bias of removing that median given back.
fn autocorrelation(values: &[f64], deviation: f64) -> f64 {
    // A short series may be half in one level and half in the next, which a wide window does not follow.
    let reach = LEVEL_REACH.min(values.len() / SHARE_OF_SERIES);
    let width = 2 * reach + 1;
    let residuals: Vec<f64> = running_median(values, reach)
        .iter()
        .zip(values)
        .map(|(level, v)| (v - level).clamp(-RESIDUAL_REACH * deviation, RESIDUAL_REACH * deviation))
        .collect();
    let squares: f64 = residuals.iter().map(|e| e * e).sum();
    if squares <= 0.0 {
        return 0.0;
    }
    let products: f64 = residuals.iter().zip(residuals.iter().skip(1)).map(|(a, b)| a * b).sum();
    (products / squares + 1.0 / width as f64).clamp(0.0, LARGEST_CORRELATION)
}

/// The running median of `2 * reach + 1` values; the ends repeat.
fn running_median(values: &[f64], reach: usize) -> Vec<f64> {
    let last = values.len().saturating_sub(1);
    let at = |i: usize| values.get(i.saturating_sub(reach).min(last)).copied().unwrap_or(f64::NAN);
    // The window stays sorted: one value leaves, one comes.
    let mut window: Vec<f64> = sorted(&(0..=2 * reach).map(at).collect::<Vec<_>>());
    let mut medians = Vec::with_capacity(values.len());
    for i in 0..values.len() {
        medians.push(window.get(reach).copied().unwrap_or(f64::NAN));
        let (leaves, comes) = (at(i), at(i + 2 * reach + 1));
        if let Ok(place) | Err(place) = window.binary_search_by(|v| v.total_cmp(&leaves))
            && place < window.len()
        {
            window.remove(place);
        }
        let place = window.partition_point(|v| v.total_cmp(&comes).is_lt());
        window.insert(place, comes);
    }
    medians
}
