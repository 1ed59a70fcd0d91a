//! What load tools share: the metrics of one target, whichever tool asked it.
//!
//! `latency` is how long requests took, by the percentiles that the tool wrote from the median on; the fastest ones are
//! left out, because they say nothing about a load. `throughput` is requests per second. `error-rate` is the share of requests that were not
//! answered, or answered with a failure; a tool that says how many succeeded is read as how many did not, so that one
//! limit serves all tools. `transfer` is bytes per second, of which nobody can say whether more is better.
//!
//! If every request failed, or none was made, the benchmark failed: how quickly errors come says nothing.
//!
//! Not here: how any tool writes this.

use super::rows;
use crate::model::{Better, Kind, MetricId, Observation, Origin, Statistic, Summary};
use crate::unit::{Parsed, Unit};

/// The statistic of latency that a percentage stands for, if it is one that is kept. Those below the median are not.
pub(super) fn percentile(percentage: f64) -> Option<Statistic> {
    let known = [
        (50.0, Statistic::Median),
        (75.0, Statistic::P75),
        (90.0, Statistic::P90),
        (95.0, Statistic::P95),
        (99.0, Statistic::P99),
        (100.0, Statistic::Max),
    ];
    known.into_iter().find(|(known, _)| (known - percentage).abs() < 1e-9).map(|(_, statistic)| statistic)
}

/// The name of the benchmark where a tool does not say what it asked.
pub(super) const REQUESTS: &str = "requests";

/// What a load tool says of one target. Values are in base units.
pub(super) struct Load {
    /// How long requests took.
    pub(super) latency: Summary,
    /// Every latency, where the file has them.
    pub(super) samples: Vec<f64>,
    /// The unit in which the tool wrote latencies.
    pub(super) tool_unit: &'static str,
    /// Requests per second.
    pub(super) throughput: Option<f64>,
    /// Bytes per second.
    pub(super) transfer: Option<f64>,
    /// How many requests failed.
    pub(super) failed: f64,
    /// How many requests were made.
    pub(super) all: f64,
}

impl Load {
    /// A target of which nothing is known yet.
    pub(super) fn unknown(tool_unit: &'static str) -> Self {
        Self {
            latency: Summary::unknown(),
            samples: Vec::new(),
            tool_unit,
            throughput: None,
            transfer: None,
            failed: 0.0,
            all: 0.0,
        }
    }

    /// Sets a statistic of latency. Zero is below what the tool can tell, and left out.
    pub(super) fn set(&mut self, statistic: Statistic, value: Option<f64>) {
        self.latency = self.latency.clone().with(statistic, value.filter(|value| *value > 0.0));
    }

    /// The metrics of the target.
    ///
    /// # Errors
    /// Why there are none, after the name of the benchmark.
    pub(super) fn metrics(self, origin: Origin) -> Result<Vec<(MetricId, Observation)>, &'static str> {
        let Self { latency, samples, tool_unit, throughput, transfer, failed, all } = self;
        if !(all > 0.0 && all.is_finite()) {
            return Err("made no request that was answered");
        }
        if failed >= all {
            return Err("failed in every request");
        }
        let mut time = rows::time(tool_unit, origin);
        if !samples.is_empty() && samples.iter().all(|value| rows::unfit(*value, &Unit::Second).is_none()) {
            let all = Summary::of_samples(&samples);
            // Requests of one load wait for each other, so they are no samples of the same thing and are not kept as such.
            time.summary =
                [Statistic::Min, Statistic::P10, Statistic::P25].into_iter().fold(all, |s, low| s.with(low, None));
        } else if latency.is_unknown() {
            return Err("has no latency that can be read");
        } else {
            time.summary = latency;
        }
        let mut metrics = vec![(MetricId::new("latency"), time)];
        if let Some(rate) = throughput.filter(|rate| rate.is_finite()) {
            let parsed = Parsed { factor: 1.0, unit: Unit::PerSecond, better: Some(Better::Higher) };
            metrics.push(one(MetricId::THROUGHPUT, &parsed, "1/s", rate, origin));
        }
        if let Some(rate) = transfer.filter(|rate| rate.is_finite()) {
            let parsed = Parsed { factor: 1.0, unit: Unit::BytePerSecond, better: None };
            metrics.push(one("transfer", &parsed, "B/s", rate, origin));
        }
        metrics.push(share("error-rate", failed / all, origin));
        Ok(metrics)
    }
}

/// A share of requests of which less is better.
pub(super) fn share(name: &str, share: f64, origin: Origin) -> (MetricId, Observation) {
    let parsed = Parsed { factor: 1.0, unit: Unit::One, better: Some(Better::Lower) };
    one(name, &parsed, "", share.clamp(0.0, 1.0), origin)
}

fn one(name: &str, parsed: &Parsed, tool_unit: &str, value: f64, origin: Origin) -> (MetricId, Observation) {
    let mut observation = rows::observation(parsed, tool_unit, Kind::Noisy, origin);
    observation.summary = Summary::of_value(value);
    (MetricId::new(name), observation)
}
