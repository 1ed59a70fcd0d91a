//! Quantiles of more values than can be kept: exact for few, within a known error for many, in fixed memory.
//!
//! Up to [`EXACT`] values are kept and their quantiles are exact. Beyond that the values are counted in buckets whose
//! bounds grow by a constant factor, as `DDSketch` does (Masson, Rim & Lee 2019, VLDB 12(12), 2195): a quantile is then off by at most [`RELATIVE_ERROR`] of itself, whatever
//! the distribution, and does not depend on the order of the values. A t-digest has no such bound, and its result changes
//! with the order. Sizes below [`SMALLEST`] or above [`LARGEST`] share the outermost buckets, so that a sketch never takes more than
//! 400 KiB; the least and the greatest value, the count and the mean are always exact.
//!
//! Not here: merging sketches, which nothing needs.

use super::{quantile, sorted};

/// So many values are kept as they are.
pub const EXACT: usize = 4096;
/// How far a quantile of more values may be off, relative to itself, between [`SMALLEST`] and [`LARGEST`].
pub const RELATIVE_ERROR: f64 = 0.001;
/// The least size that has a bucket of its own.
pub const SMALLEST: f64 = 1e-9;
/// The greatest size that has a bucket of its own.
pub const LARGEST: f64 = 1e12;

/// What is known of a stream of finite values.
#[derive(Clone, Debug)]
pub struct Sketch {
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
    /// The values, while there are few.
    few: Vec<f64>,
    negative: Buckets,
    zeros: u64,
    positive: Buckets,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            count: 0,
            mean: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            few: Vec::new(),
            negative: Buckets::default(),
            zeros: 0,
            positive: Buckets::default(),
        }
    }
}

impl Sketch {
    /// Takes one more value, which must be finite.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if self.count <= EXACT as u64 {
            self.few.push(value);
            return;
        }
        for kept in std::mem::take(&mut self.few) {
            self.sort_in(kept);
        }
        self.sort_in(value);
    }

    fn sort_in(&mut self, value: f64) {
        if value > 0.0 {
            self.positive.add(value);
        } else if value < 0.0 {
            self.negative.add(-value);
        } else {
            self.zeros += 1;
        }
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The greatest value; `None` without values.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The `q`-quantiles for ascending `q` in `0..=1`, by the same rule as [`quantile`]; `None` without values.
    pub fn quantiles<const N: usize>(&self, q: [f64; N]) -> [Option<f64>; N] {
        if self.count <= EXACT as u64 {
            let sorted = sorted(&self.few);
            return q.map(|q| quantile(&sorted, q));
        }
        q.map(|q| {
            let at = q * (self.count - 1) as f64;
            let low = at.floor();
            let (a, b) = (self.at(low as u64), self.at((low as u64 + 1).min(self.count - 1)));
            Some((a + (at - low) * (b - a)).clamp(self.min, self.max))
        })
    }

    /// The value of a rank from 0.
    fn at(&self, rank: u64) -> f64 {
        let negative = self.negative.total;
        if rank < negative {
            return -self.negative.at(negative - 1 - rank);
        }
        let rank = rank - negative;
        if rank < self.zeros { 0.0 } else { self.positive.at(rank - self.zeros) }
    }
}

/// How many values fell between powers of the growth factor.
#[derive(Clone, Debug, Default)]
struct Buckets {
    /// The exponent of the first bucket.
    first: i64,
    counts: Vec<u64>,
    total: u64,
}

/// The natural logarithm of the factor between the bounds of a bucket.
fn growth() -> f64 {
    ((1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)).ln()
}

impl Buckets {
    fn add(&mut self, size: f64) {
        let exponent = (size.clamp(SMALLEST, LARGEST).ln() / growth()).ceil() as i64;
        if self.counts.is_empty() {
            self.first = exponent;
        }
        if exponent < self.first {
            let more = usize::try_from(self.first - exponent).unwrap_or(0);
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = exponent;
        }
        let index = usize::try_from(exponent - self.first).unwrap_or(0);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
        self.total += 1;
    }

    /// The size of a rank from 0: the point of its bucket that is equally far from both bounds, relative to them.
    fn at(&self, rank: u64) -> f64 {
        let mut before = 0;
        for (exponent, count) in (self.first..).zip(&self.counts) {
            before += count;
            if rank < before {
                return (exponent as f64 * growth()).exp() * (1.0 - RELATIVE_ERROR);
            }
        }
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plain generator of numbers in 0..1; what it gives is the same everywhere.
    fn numbers(n: usize) -> impl Iterator<Item = f64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
        .take(n)
    }

    fn check(values: &[f64], error: f64) {
        let mut sketch = Sketch::default();
        for value in values {
            sketch.add(*value);
        }
        let sorted = sorted(values);
        let q = [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0];
        for (q, ours) in q.iter().zip(sketch.quantiles(q)) {
            let (ours, exact) = (ours.unwrap(), quantile(&sorted, *q).unwrap());
            assert!((ours - exact).abs() <= error * exact.abs() + 1e-12, "{q}: {ours} instead of {exact}");
        }
        assert_eq!((sketch.count(), sketch.max()), (values.len() as u64, sorted.last().copied()));
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        assert!((sketch.mean().unwrap() - mean).abs() <= 1e-9 * mean.abs() + 1e-12);
    }

    #[test]
    fn quantiles_are_as_near_as_promised() {
        let uniform: Vec<f64> = numbers(100_000).collect();
        let heavy: Vec<f64> = uniform.iter().map(|u| 0.1 / (1.0 - u).powf(1.5)).collect();
        let two_humps: Vec<f64> = uniform.iter().map(|u| if *u < 0.6 { 1.0 + u } else { 500.0 + u }).collect();
        for values in [&uniform, &heavy, &two_humps] {
            check(values, RELATIVE_ERROR);
            check(&values[..EXACT], 0.0);
            check(&values[..=EXACT], RELATIVE_ERROR);
        }
        check(&[3.0], 0.0);
    }

    #[test]
    fn signs_zeros_and_order_do_not_matter() {
        let mut values: Vec<f64> = numbers(20_000).map(|u| if u < 0.2 { 0.0 } else { (u - 0.5) * 100.0 }).collect();
        let quantiles = |values: &[f64]| {
            let mut sketch = Sketch::default();
            for value in values {
                sketch.add(*value);
            }
            sketch.quantiles([0.05, 0.3, 0.5, 0.95])
        };
        let one = quantiles(&values);
        values.reverse();
        assert_eq!(one, quantiles(&values));
        check(&values.iter().map(|v| v.max(0.0)).collect::<Vec<_>>(), RELATIVE_ERROR);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut sketch = Sketch::default();
        for exponent in (-300..300).cycle().take(10_000) {
            sketch.add(10_f64.powi(exponent));
            sketch.add(-(10_f64.powi(exponent)));
        }
        assert!(sketch.positive.counts.len() < 25_000 && sketch.few.is_empty(), "{}", sketch.positive.counts.len());
        assert_eq!(Sketch::default().quantiles([0.5]), [None]);
    }
}
