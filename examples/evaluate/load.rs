//! Reads folders of real runs by perfgate's own parsers, with `meta.json` for what was slowed on purpose.
//!
//! Not here: drawing from the runs, and judging.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use perfgate::diag::{Diagnostics, Severity};
use perfgate::io::formats::Formats;
use perfgate::io::load::side;
use perfgate::model::{MetricId, Observation, Run, Statistic};
use serde_json::Value;

/// The statistics that the evaluation may choose from, low end first.
pub(crate) const STATISTICS: [Statistic; 5] =
    [Statistic::Min, Statistic::P10, Statistic::P25, Statistic::Median, Statistic::Mean];

/// What `meta.json` and the tables call the suite of a tool.
const SUITES: [(&str, &str); 3] = [("criterion", "rs"), ("go", "go"), ("pytest-benchmark", "py")];

/// One benchmark in one run: logs of its statistics, absent where the tool does not give them, and its samples.
pub(crate) struct Sketch {
    pub(crate) logs: [Option<f64>; 5],
    pub(crate) samples: Option<Vec<f64>>,
}

/// Everything measured in one run.
pub(crate) struct LoadedRun {
    pub(crate) started: f64,
    /// Benchmarks slowed on purpose, by how many per cent; empty in an unchanged run.
    pub(crate) slowed: BTreeMap<String, u32>,
    /// By suite, then by benchmark; in the order they ran.
    pub(crate) suites: BTreeMap<&'static str, Vec<(String, Sketch)>>,
}

/// Reads every run below `root`, in time order.
pub(crate) fn load(root: &Path) -> Result<Vec<LoadedRun>, Box<dyn std::error::Error>> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(root)? {
        let folder = entry?.path();
        if folder.join("meta.json").exists() {
            runs.push(read_run(&folder)?);
        }
    }
    if runs.is_empty() {
        return Err(format!("no folder in {} has a meta.json", root.display()).into());
    }
    runs.sort_by(|a, b| a.started.total_cmp(&b.started));
    Ok(runs)
}

fn read_run(folder: &Path) -> Result<LoadedRun, Box<dyn std::error::Error>> {
    let meta: Value = serde_json::from_slice(&fs::read(folder.join("meta.json"))?)?;
    let mut slowed = BTreeMap::new();
    for (suite, names) in meta["slow"].as_object().into_iter().flatten() {
        for (name, percent) in names.as_object().into_iter().flatten() {
            slowed.insert(format!("{suite}/{name}"), percent.as_u64().unwrap_or(0) as u32);
        }
    }
    // Archives lose the times of files, which tell perfgate the order in which Criterion ran; its terminal output has it.
    let terminal = fs::read_to_string(folder.join("criterion.txt")).unwrap_or_default();
    let mut diagnostics = Diagnostics::new();
    let mut runs = side(&[folder.to_string_lossy().into_owned()], &Formats::default(), &mut diagnostics).runs;
    let (Some(run), true) = (runs.pop(), runs.is_empty()) else {
        return Err(format!("{} is not one run", folder.display()).into());
    };
    if let Some(error) = diagnostics.iter().find(|d| d.severity == Severity::Error) {
        return Err(format!("{}: {}", folder.display(), error.message).into());
    }
    Ok(LoadedRun { started: meta["start"].as_f64().unwrap_or(0.0), slowed, suites: suites(run, &terminal) })
}

/// The times of a run by suite, in the order the benchmarks ran: where `terminal` has lines that begin with their names,
/// in the order of these.
fn suites(run: Run, terminal: &str) -> BTreeMap<&'static str, Vec<(String, Sketch)>> {
    let lines: Vec<&str> = terminal.lines().map(|line| line.split(' ').next().unwrap_or(line)).collect();
    let mut suites: BTreeMap<&'static str, Vec<(u32, String, Sketch)>> = BTreeMap::new();
    for (key, observation) in run.series {
        let tool = key.benchmark.tool.raw();
        let Some((_, suite)) = SUITES.iter().find(|(name, _)| *name == tool) else { continue };
        if key.metric.raw() == MetricId::TIME {
            let name = format!("{suite}/{}", workload(key.benchmark.name.raw()));
            let printed = lines.iter().position(|first| *first == key.benchmark.name.raw());
            let position = printed.map_or(observation.origin.position, |line| line as u32);
            suites.entry(suite).or_default().push((position, name, sketch(&observation)));
        }
    }
    suites
        .into_iter()
        .map(|(suite, mut benchmarks)| {
            benchmarks.sort_by_key(|(position, ..)| *position);
            (suite, benchmarks.into_iter().map(|(_, name, sketch)| (name, sketch)).collect())
        })
        .collect()
}

/// The last word of a name: `sum` of `suite/sum`, `BenchmarkSuite/name=sum` and `test_suite[sum]`.
fn workload(name: &str) -> &str {
    name.rsplit(['/', '=', '[', ']']).find(|word| !word.is_empty()).unwrap_or(name)
}

fn sketch(observation: &Observation) -> Sketch {
    Sketch {
        logs: STATISTICS.map(|s| observation.summary.get(s).map(f64::ln)),
        samples: observation.samples.as_deref().map(<[f64]>::to_vec),
    }
}
