//! The tail of one run: how often, and how far, a benchmark that did not change is slow all the same.
//!
//! Around its level a benchmark scatters like a moderated t (`moderation`). Beyond four noise deviations that says
//! nothing: spikes from a busy neighbour are rare, and no benchmark's own twenty runs hold enough of them. So their rate is
//! shared over the suite, and each benchmark's own count pulls its share of it: a beta-binomial prior whose strength is how
//! alike the benchmarks are (method of moments). A wild benchmark keeps a high rate, the calm ones do not pay for it.
//! Sizes are shared as a Pareto law of the spikes' distance in noise deviations (Hill 1975), with four pseudo-spikes of
//! index 0.3, so that a suite without spikes is not taken for one that cannot have any.
//!
//! For several runs the same rates, at lower thresholds too, go into a beta-binomial tail: of a median half the runs
//! must be hit. Sizes are not multiplied over runs, because what makes one spike of a benchmark large makes the next large.
//!
//! Not here: the scatter around the level, and correlations between runs.

use super::distributions::beta_binomial_upper_tail;

/// Distance in noise deviations at which a value counts as a spike.
pub const SPIKE: f64 = 4.0;

/// Thresholds at which exceedance rates are known, for medians of several runs; the last is [`SPIKE`].
pub(super) const THRESHOLDS: [f64; 5] = [2.0, 2.5, 3.0, 3.5, SPIKE];

/// Pseudo-spikes of the prior for sizes, and their Pareto index (0.3: a spike twice as far is ten times rarer).
const SIZE_PRIOR: (f64, f64) = (4.0, 0.3);

/// Bounds of the prior's strength in runs: even benchmarks that look alike are not taken for one.
const STRENGTH: (f64, f64) = (1.0, 100.0);

/// The upper tail of a suite's runs, fitted to a history.
#[derive(Clone, Debug)]
pub struct Tail {
    rates: [Rate; THRESHOLDS.len()],
    index: f64,
}

/// Exceedances of one threshold over a suite.
#[derive(Clone, Debug, Default)]
struct Rate {
    /// The suite's rate.
    prior: f64,
    /// What that rate is worth, in runs.
    strength: f64,
    /// Per benchmark: exceedances and runs.
    counts: Vec<(f64, f64)>,
}

impl Tail {
    /// Fits the tail above to residuals in units of each benchmark's noise deviation; one row per benchmark.
    pub fn fit(rows: &[Vec<f64>]) -> Self {
        let rates = THRESHOLDS.map(|threshold| Rate::fit(rows, threshold));
        let spikes = rows.iter().flatten().filter(|u| **u > SPIKE);
        let (count, logs) = spikes.fold((0.0, 0.0), |(n, sum), u| (n + 1.0, sum + (u / SPIKE).ln()));
        let index = (SIZE_PRIOR.0 * SIZE_PRIOR.1 + logs) / (SIZE_PRIOR.0 + count);
        Self { rates, index }
    }

    /// P(at least `hit` of `runs` unchanged runs of benchmark `row` lie at least `distance` noise deviations above their
    /// level), by spikes alone.
    ///
    /// Below the spike threshold a single run is the scatter's business, and the spike rate is returned as the bound it is.
    pub fn exceedance(&self, row: usize, distance: f64, (hit, runs): (usize, usize)) -> f64 {
        let [first, .., last] = &self.rates;
        let rate = if runs <= 1 {
            last
        } else {
            let reached = self.rates.iter().zip(THRESHOLDS).rev().find(|(_, threshold)| distance >= *threshold);
            reached.map_or(first, |(rate, _)| rate)
        };
        let share = if distance > SPIKE { (distance / SPIKE).powf(-1.0 / self.index) } else { 1.0 };
        let (hits, misses) = rate.posterior(row);
        beta_binomial_upper_tail(runs, hit, hits, misses) * share
    }
}

impl Rate {
    fn fit(rows: &[Vec<f64>], threshold: f64) -> Self {
        let counts: Vec<(f64, f64)> =
            rows.iter().map(|row| (row.iter().filter(|u| **u > threshold).count() as f64, row.len() as f64)).collect();
        let (hits, runs) = counts.iter().fold((0.0, 0.0), |(h, n), (hits, runs)| (h + hits, n + runs));
        let prior = (hits + 0.5) / (runs + 1.0);
        let shares: Vec<f64> = counts.iter().filter(|(_, n)| *n > 0.0).map(|(m, n)| m / n).collect();
        let benchmarks = (shares.len() as f64).max(1.0);
        let mean = shares.iter().sum::<f64>() / benchmarks;
        let observed = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / benchmarks;
        let binomial = prior * (1.0 - prior);
        let by_chance = binomial * benchmarks / runs.max(1.0);
        let between = ((observed - by_chance) / (binomial - by_chance).max(1e-9)).clamp(0.0, 0.9);
        let strength = ((1.0 - between) / between.max(1e-3)).clamp(STRENGTH.0, STRENGTH.1);
        Self { prior, strength, counts }
    }

    /// The parameters of the beta posterior of a benchmark's rate.
    fn posterior(&self, row: usize) -> (f64, f64) {
        let (hits, runs) = self.counts.get(row).copied().unwrap_or((0.0, 0.0));
        (self.strength * self.prior + hits, self.strength * (1.0 - self.prior) + runs - hits)
    }
}
