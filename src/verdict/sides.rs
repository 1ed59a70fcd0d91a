//! What can be said of the two sides as a whole: commits, machines, and whether they are the same measurement.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Side};
use crate::model::{MetricId, Run, report};
use crate::text::Untrusted;

/// Whether all common series of two sides have the same raw Criterion samples. Real measurements never repeat to the last
/// digit, so such sides are one measurement.
pub fn identical_samples(baseline: &[Run], current: &[Run]) -> bool {
    let (mut same, mut common) = (0_usize, 0_usize);
    for run in current {
        for (key, now) in run.series.iter().filter(|(k, o)| k.benchmark.tool.raw() == "criterion" && !o.derived) {
            for before in baseline.iter().filter_map(|r| r.series.get(key)) {
                if let (Some(a), Some(b)) = (&before.samples, &now.samples)
                    && a.len() > 1
                {
                    common += 1;
                    same += usize::from(a == b);
                }
            }
        }
    }
    common > 0 && same == common
}

/// Whether a series' samples are the same on both sides although repeating the measurement would change them.
pub(super) fn identical_series(series: &super::measure::Measured<'_>) -> bool {
    series.pair.key.benchmark.tool.raw() == "criterion"
        && series.pair.current.iter().any(|now| {
            let samples = now.samples.as_ref().filter(|s| s.len() > 1);
            samples.is_some() && series.pair.baseline.iter().any(|before| before.samples.as_ref() == samples)
        })
}

/// Where the two sides' environment labels differ.
#[derive(Clone, Debug, Default)]
pub(super) struct EnvironmentChange {
    /// Label, baseline's value, current value.
    pub(super) changed: Vec<(Untrusted, Untrusted, Untrusted)>,
}

impl EnvironmentChange {
    /// Whether the CPU model is another one.
    pub(super) fn other_cpu(&self) -> bool {
        self.changed.iter().any(|(label, _, _)| label.raw() == "cpu")
    }
}

pub(super) fn compare_environments(comparison: &Comparison<'_>) -> EnvironmentChange {
    let (before, now) = (labels(comparison.baseline.runs), labels(comparison.current.runs));
    let changed = before
        .iter()
        .filter_map(|(label, value)| {
            let other = now.get(label)?;
            (canonical(value) != canonical(other)).then(|| (label.clone(), shown(value), shown(other)))
        })
        .collect();
    EnvironmentChange { changed }
}

/// Label values without the spellings that tools differ in: Python says `Linux` and `x86_64`, Go `linux` and `amd64`.
fn canonical(values: &BTreeSet<Untrusted>) -> BTreeSet<String> {
    let spelling = |value: &Untrusted| match value.raw().trim().to_lowercase().as_str() {
        "amd64" | "x64" => "x86_64".to_owned(),
        "arm64" => "aarch64".to_owned(),
        other => other.to_owned(),
    };
    values.iter().map(spelling).collect()
}

fn shown(values: &BTreeSet<Untrusted>) -> Untrusted {
    values.iter().map(Untrusted::raw).collect::<Vec<_>>().join(" and ").into()
}

/// Every value that a label has in the runs.
fn labels(runs: &[Run]) -> BTreeMap<Untrusted, BTreeSet<Untrusted>> {
    let mut all: BTreeMap<Untrusted, BTreeSet<Untrusted>> = BTreeMap::new();
    for (label, value) in runs.iter().flat_map(|r| &r.environment.labels) {
        all.entry(label.clone()).or_default().insert(value.clone());
    }
    all
}

/// A side as the report shows it.
pub(super) fn describe(side: Side<'_>) -> report::Side {
    let newest = side.runs.last();
    report::Side {
        runs: side.runs.len(),
        commit: newest.and_then(|r| r.subject.commit.clone()),
        branch: newest.and_then(|r| r.subject.branch.clone()),
        labels: labels(side.runs)
            .into_iter()
            .filter_map(|(label, values)| match values.into_iter().collect::<Vec<_>>().as_slice() {
                [only] => Some((label, only.clone())),
                _ => None,
            })
            .collect(),
        inputs: side.inputs.to_vec(),
    }
}

/// Whether a metric is a duration, for the rules that speak of time.
pub(super) fn is_time(metric: &MetricId) -> bool {
    metric.raw() == MetricId::TIME
        || metric.raw().strip_prefix(MetricId::TIME).is_some_and(|rest| rest.starts_with('.'))
}
