//! Which series a command looks at: `--metric`, `--filter`, `--exclude`, or the suspects of an earlier report.
//!
//! Not here: rules of the configuration, which say how a series is judged (`judging`).

use std::collections::BTreeSet;

use super::Pattern;
use crate::model::{BenchmarkId, MetricId, SeriesKey};

/// Which series are looked at.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Metrics by name; empty for all.
    pub metrics: Vec<String>,
    /// Benchmarks to keep; empty for all.
    pub filter: Vec<Pattern>,
    /// Benchmarks to leave out.
    pub exclude: Vec<Pattern>,
    /// The only series that a comparison keeps, such as the suspects of an earlier one; `None` for all.
    pub only: Option<BTreeSet<SeriesKey>>,
}

impl Selection {
    /// Whether every series is looked at.
    pub fn is_everything(&self) -> bool {
        self.metrics.is_empty() && self.filter.is_empty() && self.exclude.is_empty() && self.only.is_none()
    }

    /// Whether a metric is looked at.
    pub fn keeps_metric(&self, metric: &MetricId) -> bool {
        self.metrics.is_empty() || self.metrics.iter().any(|m| m == metric.raw())
    }

    /// Whether a series is looked at, by its metric and by the list of the only ones.
    pub fn keeps_series(&self, key: &SeriesKey) -> bool {
        self.keeps_metric(&key.metric) && self.only.as_ref().is_none_or(|only| only.contains(key))
    }

    /// Whether a benchmark is looked at.
    pub fn keeps_benchmark(&self, benchmark: &BenchmarkId) -> bool {
        (self.filter.is_empty() || self.filter.iter().any(|p| p.matches(benchmark)))
            && !self.exclude.iter().any(|p| p.matches(benchmark))
    }
}
