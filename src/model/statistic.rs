//! A run's samples as a sketch of fixed size.
//!
//! Not here: choosing the statistic that is judged (`verdict`).

use serde::{Deserialize, Serialize};

use crate::stats;

/// How the samples of one run become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the field's standard terms")]
pub enum Statistic {
    Min,
    P10,
    P25,
    Median,
    Mean,
    P75,
    P90,
    P95,
    P99,
    Max,
}

impl Statistic {
    /// Every statistic, from the low end to the high end.
    pub const ALL: [Self; 10] = [
        Self::Min,
        Self::P10,
        Self::P25,
        Self::Median,
        Self::Mean,
        Self::P75,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::Max,
    ];

    /// The name used in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::P10 => "p10",
            Self::P25 => "p25",
            Self::Median => "median",
            Self::Mean => "mean",
            Self::P75 => "p75",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// The statistic of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

/// A sketch of one run's samples of one series. What the file does not tell is `None`, never invented.
#[derive(Clone, Debug)]
pub struct Summary {
    /// How many samples it stands for.
    n: Option<u64>,
    /// Standard deviation of the samples (divisor n − 1); NaN when unknown.
    stddev: f64,
    /// By `Statistic as usize`; NaN when unknown. Half the size of an array of `Option<f64>`.
    values: [f64; 10],
}

impl PartialEq for Summary {
    /// Equal where the same statistics are known and have the same values.
    fn eq(&self, other: &Self) -> bool {
        self.n == other.n
            && self.stddev() == other.stddev()
            && Statistic::ALL.iter().all(|s| self.get(*s) == other.get(*s))
    }
}

impl Summary {
    /// A sketch that knows nothing yet.
    pub fn unknown() -> Self {
        Self { n: None, stddev: f64::NAN, values: [f64::NAN; 10] }
    }

    /// A sketch of one value, such as a total or a count.
    pub fn of_value(value: f64) -> Self {
        Self::of_samples(&[value])
    }

    /// The sketch of samples. Quantiles beyond what the sample count can tell (p10 of 3 values) are interpolated.
    ///
    /// All samples must be finite; an empty slice gives [`Summary::unknown`].
    pub fn of_samples(samples: &[f64]) -> Self {
        let sorted = stats::sorted(samples);
        let mut summary = Self::unknown();
        if sorted.is_empty() {
            return summary;
        }
        summary.n = Some(sorted.len() as u64);
        summary.stddev = stats::standard_deviation(&sorted).unwrap_or(f64::NAN);
        for statistic in Statistic::ALL {
            let value = match statistic {
                Statistic::Min => sorted.first().copied(),
                Statistic::Max => sorted.last().copied(),
                Statistic::Mean => stats::mean(&sorted),
                Statistic::P10 => stats::quantile(&sorted, 0.10),
                Statistic::P25 => stats::quantile(&sorted, 0.25),
                Statistic::Median => stats::quantile(&sorted, 0.50),
                Statistic::P75 => stats::quantile(&sorted, 0.75),
                Statistic::P90 => stats::quantile(&sorted, 0.90),
                Statistic::P95 => stats::quantile(&sorted, 0.95),
                Statistic::P99 => stats::quantile(&sorted, 0.99),
            };
            summary = summary.with(statistic, value);
        }
        summary
    }

    /// Sets one statistic; `None` and non-finite values mean unknown.
    #[must_use]
    pub fn with(mut self, statistic: Statistic, value: Option<f64>) -> Self {
        if let Some(slot) = self.values.get_mut(statistic as usize) {
            *slot = value.filter(|v| v.is_finite()).unwrap_or(f64::NAN);
        }
        self
    }

    /// Sets the number of samples.
    #[must_use]
    pub fn with_count(mut self, n: Option<u64>) -> Self {
        self.n = n;
        self
    }

    /// Sets the standard deviation of the samples.
    #[must_use]
    pub fn with_stddev(mut self, stddev: Option<f64>) -> Self {
        self.stddev = stddev.filter(|v| v.is_finite()).unwrap_or(f64::NAN);
        self
    }

    /// One statistic, if known.
    pub fn get(&self, statistic: Statistic) -> Option<f64> {
        self.values.get(statistic as usize).copied().filter(|v| !v.is_nan())
    }

    /// The number of samples, if known.
    pub fn count(&self) -> Option<u64> {
        self.n
    }

    /// The standard deviation of the samples, if known.
    pub fn stddev(&self) -> Option<f64> {
        (!self.stddev.is_nan()).then_some(self.stddev)
    }

    /// Whether no statistic is known.
    pub fn is_unknown(&self) -> bool {
        self.values.iter().all(|v| v.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sketch_of_samples() {
        let summary = Summary::of_samples(&[3.0, 1.0, 2.0, 4.0, 10.0]);
        assert_eq!(summary.count(), Some(5));
        assert_eq!(summary.get(Statistic::Min), Some(1.0));
        assert_eq!(summary.get(Statistic::Median), Some(3.0));
        assert_eq!(summary.get(Statistic::Mean), Some(4.0));
        assert_eq!(summary.get(Statistic::Max), Some(10.0));
        assert!(Summary::of_samples(&[]).is_unknown());
        assert_eq!(Summary::of_value(2.0).stddev(), None);
    }
}
