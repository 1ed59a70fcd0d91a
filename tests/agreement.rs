//! The test files of github-action-benchmark against what it makes of them: the same names, values and units, but for what it
//! gets wrong, which is counted.
//!
//! Its snapshots lie in the corpus, as do most of the files they were made from.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::print_stderr, reason = "tests")]

mod corpus;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use corpus::corpus;
use perfgate::diag::Diagnostics;
use perfgate::format::{self, Document};
use perfgate::model::{Better, Observation, Run, SeriesKey, Statistic};
use perfgate::unit;

const SNAPSHOTS: &str = "expected/github-action-benchmark/benchmark-action+github-action-benchmark__test____snapshots____extract.spec.ts.snap";

/// Its tools, with the folder of their files in the corpus, our format, and the direction that it takes for all their metrics.
const TOOLS: &[(&str, &str, &str, Better)] = &[
    ("benchmarkdotnet", "benchmarkdotnet", "benchmarkdotnet", Better::Lower),
    ("benchmarkjs", "benchmarkjs", "benchmarkjs", Better::Higher),
    ("benchmarkluau", "luau", "luau", Better::Lower),
    ("cargo", "libtest-bench", "libtest", Better::Lower),
    ("catch2", "catch2", "catch2", Better::Lower),
    ("customBiggerIsBetter", "custom-gab", "github-action-benchmark", Better::Higher),
    ("customSmallerIsBetter", "custom-gab", "github-action-benchmark", Better::Lower),
    ("go", "go", "go", Better::Lower),
    ("googlecpp", "google-benchmark", "google-benchmark", Better::Lower),
    ("jmh", "jmh", "jmh", Better::Lower),
    ("julia", "benchmarktools", "benchmarktools", Better::Lower),
    ("pytest", "pytest-benchmark", "pytest-benchmark", Better::Higher),
];

/// Its files that are not in the corpus.
const ABSENT: &[&str] = &[
    "benchmarkdotnet.json",
    "benchmarkluau_output.txt",
    "cargo_output3.txt",
    "criterion_output.txt",
    "customBiggerIsBetter_output.json",
    "customSmallerIsBetter_output2.json",
    "julia_output.json",
];

/// What it gets wrong, and how often.
const MISTAKES: &[(Mistake, usize)] = &[
    (Mistake::RestOfLineIsUnit, 12),
    (Mistake::ProcsLeftOut, 8),
    (Mistake::DeviationInUnitOfMean, 2),
    (Mistake::OtherDirection, 8),
    (Mistake::SeriesLost, 2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mistake {
    /// A Go benchmark of several metrics is there once more, with all behind its time as the unit: `ns/op\t 48 B/op`.
    RestOfLineIsUnit,
    /// `-8` behind a Go name is dropped wherever it stands, so that runs with `-cpu 1,2,4` are one benchmark.
    ProcsLeftOut,
    /// Catch2 gives mean and deviation a unit each; the deviation is told in that of the mean.
    DeviationInUnitOfMean,
    /// One direction for all metrics of a tool: more MB/s are a regression.
    OtherDirection,
    /// The CPU time of Google Benchmark is only in the text beside.
    SeriesLost,
}

/// One value as it understands it.
#[derive(Debug, Default)]
struct Entry {
    name: String,
    unit: String,
    value: f64,
    range: String,
}

/// What it makes of one file.
struct Snapshot {
    tool: String,
    file: String,
    entries: Vec<Entry>,
}

/// Jest's snapshots are JavaScript, but one field a line.
fn snapshots(text: &str) -> Vec<Snapshot> {
    let mut all = Vec::new();
    for part in text.split("exports[`extractResult() extracts benchmark output from ").skip(1) {
        let (head, body) = part.split_once(" 1`] = `").unwrap();
        let (tool, file) = head.split_once(" - ").unwrap();
        let mut entries = Vec::new();
        let mut entry = Entry::default();
        for line in body.split("  \"commit\":").next().unwrap().lines() {
            let line = line.trim().trim_end_matches(',');
            let text = |key: &str| Some(line.strip_prefix(key)?.strip_prefix(": \"")?.strip_suffix('"')?.to_owned());
            if let Some(name) = text("\"name\"") {
                entry.name = name;
            } else if let Some(unit) = text("\"unit\"") {
                entry.unit = unit;
            } else if let Some(range) = text("\"range\"") {
                entry.range = range;
            } else if let Some(value) = line.strip_prefix("\"value\": ") {
                entry.value = value.parse().unwrap();
            } else if line == "}" {
                entries.push(std::mem::take(&mut entry));
            }
        }
        assert!(!entries.is_empty(), "{head}");
        all.push(Snapshot { tool: tool.to_owned(), file: file.to_owned(), entries });
    }
    all
}

fn file_of(corpus: &Path, folder: &str, file: &str) -> Option<PathBuf> {
    let name = format!("benchmark-action+github-action-benchmark__test__data__extract__{file}");
    Some(corpus.join(folder).join(name)).filter(|path| path.exists())
}

fn read(path: &Path, format: &str) -> Run {
    let text = std::fs::read_to_string(path).unwrap();
    let mut said = Diagnostics::new();
    let document = Document { name: "input".into(), text: &text };
    let mut runs = format::by_name(format).unwrap().read(&document, &mut said).unwrap();
    assert!(runs.len() == 1 && !said.has_errors(), "{}: {:?}", path.display(), said.into_vec());
    runs.remove(0)
}

fn centre(seen: &Observation) -> f64 {
    let known = [Statistic::Mean, Statistic::Median].into_iter().find_map(|statistic| seen.summary.get(statistic));
    known.unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// Whether a benchmark of ours is the one that it calls so; `true` if only what stands for the processors differs.
fn is_called(key: &SeriesKey, tool: &str, entry: &Entry) -> Option<bool> {
    let ours = &key.benchmark;
    let (own, qualified) = (ours.name.raw(), ours.qualified());
    match tool {
        "pytest" => (qualified.raw() == entry.name).then_some(false),
        "jmh" => {
            // `name ( {"a":"1"} )` is our `name(a=1)`.
            let called = match entry.name.split_once(" ( ") {
                Some((name, params)) => {
                    let params: BTreeMap<String, String> =
                        serde_json::from_str(params.strip_suffix(" )").unwrap()).unwrap();
                    let params: Vec<String> = params.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    format!("{name}({})", params.join(", "))
                }
                None => entry.name.clone(),
            };
            (own == called).then_some(false)
        }
        "go" => {
            let name = entry.name.strip_suffix(&format!(" - {}", entry.unit)).unwrap_or(&entry.name);
            // The package is told where there are several.
            let (name, package) = match name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")) {
                Some((name, package)) => (name, Some(package)),
                None => (name, None),
            };
            if package.is_some() && package != ours.package.as_ref().map(perfgate::text::Untrusted::raw) {
                return None;
            }
            let rest = own.strip_prefix(name)?;
            let is_procs = |rest: &str| rest.strip_prefix('-').is_some_and(|procs| procs.parse::<u32>().is_ok());
            (rest.is_empty() || is_procs(rest)).then_some(!rest.is_empty())
        }
        _ => (own == entry.name).then_some(false),
    }
}

/// The series of ours that a value of it is, and what is wrong with the value.
fn find<'r>(run: &'r Run, tool: &str, better: Better, entry: &Entry) -> Option<(&'r SeriesKey, Vec<Mistake>)> {
    let mut wrong = Vec::new();
    let said = match entry.unit.split_once('\t') {
        Some((first, _)) => {
            wrong.push(Mistake::RestOfLineIsUnit);
            first
        }
        None => entry.unit.as_str(),
    };
    let parsed = unit::parse(said);
    for (key, seen) in &run.series {
        let Some(without_procs) = is_called(key, tool, entry) else { continue };
        let value = centre(seen);
        // Calls a second instead of the time of each.
        let is_rate = tool == "pytest" && said == "iter/sec";
        let agrees = if is_rate {
            seen.unit == unit::Unit::Second && near(1.0 / value, entry.value)
        } else {
            // A unit of one benchmark's iteration is that of its value.
            seen.unit == parsed.unit && near(value, entry.value * parsed.factor)
        };
        if !agrees || key.metric.raw() == "cpu-time" {
            continue;
        }
        if without_procs {
            wrong.push(Mistake::ProcsLeftOut);
        }
        let theirs = if is_rate && better == Better::Higher { Better::Lower } else { better };
        if !tool.starts_with("custom") && seen.better.is_some_and(|ours| ours != theirs) {
            wrong.push(Mistake::OtherDirection);
        }
        if tool == "catch2" {
            let range: f64 = entry.range.trim_start_matches("± ").parse().unwrap();
            let deviation = seen.summary.stddev().unwrap();
            if !near(range * parsed.factor, deviation) {
                wrong.push(Mistake::DeviationInUnitOfMean);
            }
        }
        return Some((key, wrong));
    }
    None
}

#[test]
fn its_values_are_ours_but_for_its_mistakes() {
    let Some(corpus) = corpus() else { return };
    let text = std::fs::read_to_string(corpus.join(SNAPSHOTS)).unwrap();
    let (mut absent, mut counted, mut values, mut strangers) = (Vec::new(), BTreeMap::new(), 0, Vec::new());
    for Snapshot { tool, file, entries } in snapshots(&text) {
        let (_, folder, format, better) = TOOLS.iter().find(|(known, ..)| *known == tool).unwrap();
        let Some(path) = file_of(&corpus, folder, &file) else {
            absent.push(file);
            continue;
        };
        let run = read(&path, format);
        let mut told = BTreeSet::new();
        for entry in &entries {
            values += 1;
            match find(&run, &tool, *better, entry) {
                Some((key, wrong)) => {
                    told.insert(key);
                    for mistake in wrong {
                        *counted.entry(mistake).or_insert(0) += 1;
                    }
                }
                None => strangers.push(format!("{file}: {entry:?}")),
            }
        }
        let lost = run.series.len() - told.len();
        if lost > 0 {
            *counted.entry(Mistake::SeriesLost).or_insert(0) += lost;
        }
    }
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
    assert_eq!(counted, MISTAKES.iter().copied().collect());
    absent.sort();
    assert_eq!(absent, ABSENT);
    assert_eq!(values, 94);
}
