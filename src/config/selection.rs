//! Which series a command looks at: `--metric`, `--filter`, `--exclude`.
//!
//! Not here: rules of the configuration, which say how a series is judged (`judging`).

use super::Pattern;
use crate::model::{BenchmarkId, MetricId};

/// Which series are looked at.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Metrics by name; empty for all.
    pub metrics: Vec<String>,
    /// Benchmarks to keep; empty for all.
    pub filter: Vec<Pattern>,
    /// Benchmarks to leave out.
    pub exclude: Vec<Pattern>,
}

impl Selection {
    /// Whether a metric is looked at.
    pub fn keeps_metric(&self, metric: &MetricId) -> bool {
        self.metrics.is_empty() || self.metrics.iter().any(|m| m == metric.raw())
    }

    /// Whether a benchmark is looked at.
    pub fn keeps_benchmark(&self, benchmark: &BenchmarkId) -> bool {
        (self.filter.is_empty() || self.filter.iter().any(|p| p.matches(benchmark)))
            && !self.exclude.iter().any(|p| p.matches(benchmark))
    }
}
