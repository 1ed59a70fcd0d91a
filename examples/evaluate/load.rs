//! Reads folders of real runs: what Criterion, Go and pytest-benchmark wrote, with `meta.json` for what was slowed.
//!
//! Not here: perfgate's own parsers; this reads just the numbers that the evaluation needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use perfgate::stats;
use serde_json::Value;

/// The statistics that the evaluation may choose from, low end first.
pub(crate) const STATISTICS: [&str; 5] = ["min", "p10", "p25", "median", "mean"];

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
    runs.sort_by(|a, b| a.started.total_cmp(&b.started));
    Ok(runs)
}

fn read_run(folder: &Path) -> Result<LoadedRun, Box<dyn std::error::Error>> {
    let meta = json(&folder.join("meta.json"))?;
    let mut slowed = BTreeMap::new();
    for (suite, names) in meta["slow"].as_object().into_iter().flatten() {
        for (name, percent) in names.as_object().into_iter().flatten() {
            slowed.insert(format!("{suite}/{name}"), percent.as_u64().unwrap_or(0) as u32);
        }
    }
    let suites = BTreeMap::from([
        ("rs", criterion(folder)?),
        ("go", go(&folder.join("go.txt"))?),
        ("py", pytest(&folder.join("pytest.json"))?),
    ]);
    Ok(LoadedRun { started: meta["start"].as_f64().unwrap_or(0.0), slowed, suites })
}

fn json(path: &Path) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn criterion(folder: &Path) -> Result<Vec<(String, Sketch)>, Box<dyn std::error::Error>> {
    // The terminal's output has the order in which the benchmarks ran.
    let log = fs::read_to_string(folder.join("criterion.txt"))?;
    let mut suite = Vec::new();
    for line in log.lines() {
        let Some(name) = line.strip_prefix("suite/").and_then(|rest| rest.split_whitespace().next()) else { continue };
        let sample = json(&folder.join("criterion/suite").join(name).join("new/sample.json"))?;
        let numbers =
            |key: &str| sample[key].as_array().into_iter().flatten().filter_map(Value::as_f64).collect::<Vec<_>>();
        let samples = numbers("times").iter().zip(numbers("iters")).map(|(t, n)| t / n).collect();
        suite.push((format!("rs/{name}"), sketch(samples)));
    }
    Ok(suite)
}

fn go(path: &Path) -> Result<Vec<(String, Sketch)>, Box<dyn std::error::Error>> {
    let mut suite: Vec<(String, Vec<f64>)> = Vec::new();
    for line in fs::read_to_string(path)?.lines() {
        let Some(rest) = line.strip_prefix("BenchmarkSuite/name=") else { continue };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [name, _, value, "ns/op", ..] = words.as_slice() else { continue };
        let name = format!("go/{}", name.rsplit_once('-').map_or(*name, |(name, _)| name));
        let value: f64 = value.parse()?;
        match suite.last_mut().filter(|(last, _)| *last == name) {
            Some((_, values)) => values.push(value),
            None => suite.push((name, vec![value])),
        }
    }
    Ok(suite.into_iter().map(|(name, values)| (name, sketch(values))).collect())
}

fn pytest(path: &Path) -> Result<Vec<(String, Sketch)>, Box<dyn std::error::Error>> {
    let file = json(path)?;
    let benchmarks = file["benchmarks"].as_array().into_iter().flatten();
    Ok(benchmarks
        .filter_map(|b| {
            let name = b["name"].as_str()?.split_once('[')?.1.trim_end_matches(']');
            let log = |key: &str| b["stats"][key].as_f64().map(f64::ln);
            let logs = [log("min"), None, log("q1"), log("median"), log("mean")];
            Some((format!("py/{name}"), Sketch { logs, samples: None }))
        })
        .collect())
}

fn sketch(samples: Vec<f64>) -> Sketch {
    let ascending = stats::sorted(&samples);
    let quantile = |q| stats::quantile(&ascending, q).map(f64::ln);
    let logs = [quantile(0.0), quantile(0.1), quantile(0.25), quantile(0.5), stats::mean(&samples).map(f64::ln)];
    Sketch { logs, samples: Some(samples) }
}
