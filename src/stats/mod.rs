//! Pure arithmetic on slices of `f64`: order statistics and robust spread.
//!
//! Nothing here knows about benchmarks, units or limits. Functions take finite values and say what they return for
//! slices that are too short.
//!
//! The files, from the ground up: `distributions` and `multiplicity` hold textbook functions; `common_mode`, `segmentation`,
//! `spread`, `lower_half`, `moderation` and `tail` each model one part of the noise between runs; `engine` puts them together.
//! `changepoint` finds where a long series of runs changed its level; `sketch` has quantiles of streams.
//!
//! Not here: what a change means (`verdict`).

pub mod changepoint;
pub mod common_mode;
pub mod distributions;
pub mod engine;
pub mod lower_half;
pub mod moderation;
pub mod multiplicity;
pub mod segmentation;
pub mod sketch;
pub mod spread;
pub mod tail;

/// Median absolute deviation to standard deviation, for normal data: 1 / Φ⁻¹(3/4).
pub const MAD_TO_SD: f64 = 1.482_602_218_505_602;

/// The `q`-quantile of ascending values, by linear interpolation between order statistics (Hyndman & Fan 1996, type 7).
///
/// `q` is in `0..=1`. Returns `None` for an empty slice.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q * last as f64;
    let low = at.floor();
    let a = *sorted.get(low as usize)?;
    let b = *sorted.get((low as usize + 1).min(last))?;
    Some(a + (at - low) * (b - a))
}

/// The median of values in any order. Returns `None` for an empty slice.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 0.5)
}

/// A copy in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut copy = values.to_vec();
    copy.sort_unstable_by(f64::total_cmp);
    copy
}

/// The arithmetic mean. Returns `None` for an empty slice.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// The sample standard deviation (divisor n − 1). Returns `None` for fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    let squares: f64 = values.iter().map(|v| (v - centre) * (v - centre)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The median absolute deviation from the median, scaled to a standard deviation. Returns `None` for an empty slice.
pub fn robust_deviation(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let distances: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    Some(MAD_TO_SD * median(&distances)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_numpy() {
        // numpy.quantile([1, 2, 4, 8, 16], q) for q = 0, .1, .25, .5, .9, 1
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            assert!((quantile(&values, q).unwrap() - expected).abs() < 1e-12, "{q}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn robust_deviation_agrees_with_the_reference() {
        // statistics.md of the study behind the verdicts: x, median 10.05, mad 0.22239033277583953
        let values = [10.1, 9.9, 10.0, 10.2, 30.0, 9.8];
        assert!((median(&values).unwrap() - 10.05).abs() < 1e-12);
        assert!((robust_deviation(&values).unwrap() - 0.222_390_332_775_839_53).abs() < 1e-12);
    }
}
