//! Runs made worse in memory, to see whether a gate would notice.
//!
//! Not here: which benchmarks are worsened and what is made of the verdicts (`backtest`, `cli`).

use crate::model::{BenchmarkId, Better, Kind, Observation, Run, Statistic};

/// A copy of a run in which some benchmarks are worse by a share, in every metric whose good direction is known.
pub fn worsened(run: &Run, share: f64, is_chosen: impl Fn(&BenchmarkId) -> bool) -> Run {
    let mut copy = run.clone();
    for (key, observation) in &mut copy.series {
        if is_chosen(&key.benchmark) {
            worsen(observation, share);
        }
    }
    copy
}

fn worsen(observation: &mut Observation, share: f64) {
    let factor = match observation.better {
        Some(Better::Higher) => 1.0 - share.min(0.99),
        Some(Better::Lower) => 1.0 + share,
        None => return,
    };
    // Counts stay whole: 3 allocations become 4, not 3.6.
    let scaled = |value: f64| if observation.kind == Kind::Exact { (value * factor).ceil() } else { value * factor };
    let mut summary = observation.summary.clone();
    for statistic in Statistic::ALL {
        let value = summary.get(statistic).map(scaled);
        summary = summary.with(statistic, value);
    }
    let stddev = summary.stddev().map(|s| s * factor);
    observation.samples = observation.samples.as_ref().map(|s| s.iter().map(|v| scaled(*v)).collect());
    observation.summary = summary.with_stddev(stddev);
}
