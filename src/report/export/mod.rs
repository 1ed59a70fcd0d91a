//! Runs in the forms that other programs read: one file per form, all of them pure functions of the runs.
//!
//! [`EXPORTS`] is the table that `convert --to` reads. What a form cannot say is left out, and its module says what.
//!
//! Not here: perfgate's own form (`format::perfgate_run`), and comparisons (`report`).

mod bmf;
mod csv;
mod gab;
mod go;

use std::collections::{BTreeMap, BTreeSet};

pub use gab::direction;

use super::Output;
use crate::model::{BenchmarkId, Observation, Run, Statistic};
use crate::text::Untrusted;

/// Every form, in the order of the help.
pub static EXPORTS: &[&Output<[Run]>] = &[&go::OUTPUT, &bmf::OUTPUT, &gab::OUTPUT, &csv::OUTPUT];

/// The names of benchmarks as a form without packages has them: with their package where they would be the same.
fn names(runs: &[Run]) -> impl Fn(&BenchmarkId) -> String {
    let mut packages: BTreeMap<Untrusted, BTreeSet<Option<Untrusted>>> = BTreeMap::new();
    for key in runs.iter().flat_map(|run| run.series.keys()) {
        packages.entry(key.benchmark.name.clone()).or_default().insert(key.benchmark.package.clone());
    }
    move |id| match &id.package {
        Some(package) if packages.get(&id.name).is_some_and(|all| all.len() > 1) => {
            format!("{}::{}", package.raw(), id.name.raw())
        }
        _ => id.name.raw().to_owned(),
    }
}

/// The one value that stands for an observation where a form has room for one: its median, else its mean, else whatever it
/// has; `None` for one that cannot be used.
fn centre(seen: &Observation) -> Option<f64> {
    if seen.fault.is_some() {
        return None;
    }
    let first = [Statistic::Median, Statistic::Mean].into_iter().chain(Statistic::ALL);
    first.filter_map(|statistic| seen.summary.get(statistic)).find(|value| value.is_finite())
}
