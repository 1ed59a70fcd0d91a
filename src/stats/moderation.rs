//! Borrowing strength for variances: empirical-Bayes moderation over a suite (Smyth 2004; robust fit after Phipson et
//! al. 2016).
//!
//! Twenty runs say little about one benchmark's noise, but the suite's benchmarks resemble each other. Their variances are
//! taken as draws of s₀²·F(d, d₀); the fit of s₀² and d₀ gives each benchmark a compromise between its own variance and
//! the suite's, with d₀ more degrees of freedom. A benchmark that looked calm by luck is not judged by that luck.
//! The log-variances are winsorised before the fit, so a few wild benchmarks do not make the suite look varied.
//!
//! Not here: how a variance is measured (`spread`), and heavier tails than t (`tail`).

use super::distributions::{digamma, trigamma, trigamma_inverse};
use super::{mean, quantile, sorted, standard_deviation};

/// What a suite says about a benchmark's variance before the benchmark is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// The suite's typical variance s₀².
    pub variance: f64,
    /// How many degrees of freedom that knowledge is worth, d₀.
    pub df: f64,
    /// Nothing was measured: a guess may raise a benchmark's variance, and never lowers one.
    pub guess: bool,
}

/// Fewest benchmarks that make a suite to learn from.
pub const SMALLEST_SUITE: usize = 8;

/// Largest d₀: even a suite that looks uniform never outweighs this many runs of a benchmark's own.
pub const LARGEST_PRIOR_DF: f64 = 30.0;

/// Share of log-variances pulled in at the low and the high end before the fit.
const WINSORISED: (f64, f64) = (0.05, 0.10);

/// Variance of log-variances that the winsorising takes away from a χ²-like sample, given back.
const WINSORISED_INFLATION: f64 = 1.30;

impl Prior {
    /// What to expect of a benchmark about which nothing is known: 4 % between runs, worth 3 degrees of freedom.
    pub const UNKNOWN: Self = Self { variance: 0.04 * 0.04, df: 3.0, guess: true };

    /// Fits the prior to the `(variance, degrees of freedom)` of a suite's benchmarks.
    ///
    /// Variances of zero and degrees of freedom of zero say nothing and are left out; `None` when fewer than three remain.
    pub fn fit(variances: &[(f64, f64)]) -> Option<Self> {
        let usable: Vec<(f64, f64)> =
            variances.iter().copied().filter(|(v, d)| v.is_finite() && *v > 1e-12 && *d > 0.0).collect();
        if usable.len() < 3 {
            return None;
        }
        let logs: Vec<f64> = usable.iter().map(|(v, d)| v.ln() - digamma(d / 2.0) + (d / 2.0).ln()).collect();
        let ascending = sorted(&logs);
        let low = quantile(&ascending, WINSORISED.0)?;
        let high = quantile(&ascending, 1.0 - WINSORISED.1)?;
        let pulled: Vec<f64> = logs.iter().map(|e| e.clamp(low, high)).collect();
        let centre = mean(&pulled)?;
        let observed = standard_deviation(&pulled)?.powi(2) * WINSORISED_INFLATION;
        let expected = mean(&usable.iter().map(|(_, d)| trigamma(d / 2.0)).collect::<Vec<_>>())?;
        let excess = observed - expected;
        if excess <= 0.0 {
            return Some(Self { variance: centre.exp(), df: LARGEST_PRIOR_DF, guess: false });
        }
        // The location belongs to the fitted d₀; only its weight is capped.
        let df = (2.0 * trigamma_inverse(excess)).clamp(1.0, 100.0);
        let variance = (centre + digamma(df / 2.0) - (df / 2.0).ln()).exp();
        Some(Self { variance, df: df.min(LARGEST_PRIOR_DF), guess: false })
    }

    /// What a few benchmarks make of a guess: their level, moderated by it. Fewer than three leave it a guess, and what was
    /// measured stays as it is.
    #[must_use]
    pub fn informed_by(self, variances: &[(f64, f64)]) -> Self {
        if !self.guess {
            return self;
        }
        Self::fit(variances).map_or(self, |fitted| {
            let (variance, _) = self.moderate(fitted.variance, variances.iter().map(|(_, df)| df).sum());
            Self { variance, df: self.df.min(fitted.df), guess: false }
        })
    }

    /// The moderated variance of a benchmark with its own `variance` on `df` degrees of freedom, and its new degrees of freedom.
    ///
    /// A guess is worth the fewer of them, the more the benchmark's own scatter exceeds it.
    pub fn moderate(self, variance: f64, df: f64) -> (f64, f64) {
        if self.guess && variance > self.variance {
            return (variance, df + self.df * self.variance / variance);
        }
        let total = self.df + df;
        ((self.df * self.variance + df * variance) / total, total)
    }
}
