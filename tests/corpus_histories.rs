//! Real histories and baselines: each file or folder imports to the runs and series that an independent script counted in it.
//!
//! The counts are those of a Python script that knows nothing of this program. For data.js it counts as runs the entries
//! (columns of version 2), as series the distinct pairs of name and kind of unit, qualified by the suite where a file has
//! several; a Go row's unit at the end of its name and behind its first unit is taken apart, and the row that joins all
//! metrics left out where each has one; Julia's rows have memory and allocations in `extra`, Google Benchmark's the CPU time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its input fails"
)]
#![allow(clippy::unreadable_literal, reason = "numbers as the counting script prints them")]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read the corpus from disk")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use perfgate::diag::{Code, Diagnostics};
use perfgate::format::{Detection, Document, Format, Reader, Tree, by_name, decode, detect};
use perfgate::model::{Run, Statistic};
use perfgate::text::Untrusted;

/// File, runs, series, values.
const GAB: &[(&str, usize, usize, usize)] = &[
    ("GalerkinToolkit+GalerkinToolkit.jl__dev__bench__data.js", 113, 3, 339),
    ("andymai+elevator-core__bench__data.js", 24, 54, 1296),
    ("ava-labs+firewood__bench__data.js", 201, 10, 1005),
    ("benchmark-action+github-action-benchmark__dev__bench__data.js", 1832, 33, 4948),
    ("benchmark-action+github-action-benchmark__test__data__write__data-dir__original_data.js", 1, 1, 1),
    ("benchmark-action+github-action-benchmark__test__data__write__with-index-html__original_data.js", 1, 1, 1),
    ("destructurama+attributed__dev__bench__data.js", 159, 7, 1113),
    ("gofiber+fiber__benchmarks__data.js", 219, 1711, 323672),
    ("hydai+lineguard__dev__bench__data.js", 53, 5, 265),
    ("nyrkio+change-detection__dev__bench__data.js", 2455, 33, 6800),
    ("risinglightdb+risinglight__dev__bench__data.js", 16, 44, 700),
    ("risingwavelabs+jsonbb__dev__bench__data.js", 15, 22, 330),
    ("rune-rs+rune__dev__bench__data.js", 411, 19, 4284),
    ("secondlife+python-llsd__dev__bench__data.js", 18, 19, 262),
    ("tricuongle+realm-dotnet__dev__bench__data.js", 29, 39, 484),
    ("wangpengx12+continuous_benchmarking__dev__bench-other__data.js", 9, 64, 400),
    ("wangpengx12+continuous_benchmarking__dev__bench-str__data.js", 2, 10, 20),
];

/// Folder, runs, results, failed results.
const ASV: &[(&str, usize, usize, usize)] = &[
    ("example_results", 6, 71, 1),
    ("flagsmith", 2, 3, 0),
    ("mclf-asv", 9, 18, 0),
    ("numpy-bench", 4, 8286, 0),
    ("posthog", 25, 650, 0),
];

/// File, benchmarks, sum of the mean times in seconds.
const CRITCMP: &[(&str, usize, f64)] = &[
    ("BibbitM+AdventOfCode2024__new.json", 29, 0.28556632206444227),
    ("DariusIMP+zenoh-compression-analysis__base.json", 17, 9.850938750620608e-05),
    ("DariusIMP+zenoh-compression-analysis__new.json", 16, 9.684468169133983e-05),
    ("Scarjit+cryptoBench__new.json", 8, 0.968095724904343),
    ("andrewmilson+optimized-fields__base.json", 38, 9.953139342226808e-06),
    ("andrewmilson+optimized-fields__new.json", 38, 9.953139342226808e-06),
];

fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("PERFGATE_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
    }
    corpus
}

fn files(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Reads a file as the format that detection finds in it.
fn read(path: &Path) -> (&'static Format, Vec<Run>, Diagnostics) {
    let bytes = std::fs::read(path).unwrap();
    let mut diagnostics = Diagnostics::new();
    let name = Untrusted::from("input");
    let text = decode(&name, &bytes, &mut diagnostics).unwrap();
    let Detection::One(format) = detect(&text) else { panic!("{}: not of one format", path.display()) };
    let Reader::Text { parse, .. } = format.reader else { panic!("not a text") };
    let runs = parse(&Document { name, text: &text }, &mut diagnostics);
    (format, runs, diagnostics)
}

#[test]
fn histories_of_github_action_benchmark_import_whole() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("history-gab");
    for (name, count, series, values) in GAB {
        let (format, runs, diagnostics) = read(&folder.join(name));
        assert_eq!(format.name, "github-action-benchmark", "{name}");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let keys: BTreeSet<_> = runs.iter().flat_map(|run| run.series.keys()).collect();
        let all: usize = runs.iter().map(|run| run.series.len()).sum();
        assert_eq!((runs.len(), keys.len(), all), (*count, *series, *values), "{name}");
        assert!(runs.iter().all(|run| run.subject.commit.is_some() && run.failures.is_empty()), "{name}");
        let dated = runs.iter().filter(|run| run.subject.taken_at.is_some()).count();
        assert_eq!(dated, if name.starts_with("gofiber") { 0 } else { *count }, "{name}");
        // The dummy files of the tool's own tests have no time of the commit.
        let committed = runs.iter().all(|run| run.subject.committed_at.is_some());
        assert_eq!(committed, !name.ends_with("original_data.js"), "{name}");
        let invalid = runs.iter().flat_map(|run| run.series.values()).filter(|o| o.fault.is_some()).count();
        assert_eq!(invalid, 0, "{name}");
    }
    assert_eq!(files(&folder), GAB.iter().map(|(name, ..)| (*name).to_owned()).collect(), "every file is in the table");
}

#[test]
fn custom_arrays_import() {
    let Some(corpus) = corpus() else { return };
    for name in files(&corpus.join("custom-gab")) {
        let (format, runs, diagnostics) = read(&corpus.join("custom-gab").join(&name));
        assert_eq!((format.name, runs.len(), diagnostics.is_empty()), ("github-action-benchmark", 1, true), "{name}");
        assert_eq!(runs[0].series.len(), 2, "{name}");
    }
}

#[test]
fn critcmp_exports_name_what_their_trees_name() {
    let Some(corpus) = corpus() else { return };
    for (name, benchmarks, sum) in CRITCMP {
        let (format, runs, diagnostics) = read(&corpus.join("critcmp-export").join(name));
        assert_eq!(format.name, "critcmp", "{name}");
        assert_eq!(diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::MissingSamples], "{name}");
        let means = |runs: &[Run]| -> BTreeMap<String, f64> {
            let times = runs[0].series.iter().filter(|(key, _)| key.metric.raw() == "time");
            let mean = |o: &perfgate::model::Observation| o.summary.get(Statistic::Mean).unwrap();
            times.map(|(key, o)| (format!("{:?}", key.benchmark), mean(o))).collect()
        };
        let ours = means(&runs);
        let total: f64 = ours.values().sum();
        assert_eq!(ours.len(), *benchmarks, "{name}");
        assert!((total / sum - 1.0).abs() < 1e-12, "{name}: {total} instead of {sum}");
        let (repository, baseline) = name.trim_end_matches(".json").split_once("__").unwrap();
        let tree = corpus.join("criterion-tree").join(repository);
        if !tree.is_dir() {
            continue;
        }
        let Reader::Tree { parse, .. } = by_name("criterion").unwrap().reader else { panic!("not a tree") };
        let theirs = means(&parse(&Folder::open(&tree), Some(baseline), &mut Diagnostics::new()));
        for (benchmark, mean) in ours {
            let other = theirs.get(&benchmark).unwrap_or_else(|| panic!("{name}: {benchmark} is not in the tree"));
            // critcmp keeps the last of two benchmarks with one name, the tree tells them apart.
            assert!((mean / other - 1.0).abs() < 1e-9 || benchmark.contains("aes_"), "{name}: {benchmark}");
        }
    }
    let mut listed = files(&corpus.join("critcmp-export"));
    assert!(listed.remove("andrewmilson+optimized-fields__table.txt"), "a table for people");
    assert_eq!(listed, CRITCMP.iter().map(|(name, ..)| (*name).to_owned()).collect(), "every export is in the table");
}

#[test]
fn rows_of_otava_are_runs() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("otava-csv");
    // File, rows, metrics, the first time. The values are those of the files.
    let expected = [
        ("apache+otava__tests__resources__sample-semicolons.csv", 10, 2, 1609466400),
        ("apache+otava__tests__resources__sample-unix-time.csv", 10, 2, 1609466400),
        ("apache+otava__tests__resources__sample.csv", 10, 2, 1704074400),
        ("apache+otava__tests__resources__sample_multi_branch.csv", 8, 2, 1704074400),
    ];
    for (name, rows, metrics, first) in expected {
        let (format, runs, diagnostics) = read(&folder.join(name));
        assert_eq!(format.name, "otava-csv", "{name}");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_eq!((runs.len(), runs[0].series.len()), (rows, metrics), "{name}");
        assert_eq!(runs[0].subject.taken_at, Some(first), "{name}");
        let values: Vec<f64> = runs[0].series.values().map(|o| o.summary.get(Statistic::Mean).unwrap()).collect();
        assert_eq!(values, [154023.0, 10.43], "{name}");
        assert_eq!(runs[0].subject.branch.is_some(), name.contains("branch"), "{name}");
    }
    // A log of histograms, which Otava reads by another importer.
    let histogram = std::fs::read_to_string(folder.join("apache+otava__tests__resources__histostat.csv")).unwrap();
    assert!(matches!(detect(&histogram), Detection::None));
}

/// A folder of the corpus as asv lays it out: the last parts of its flat names are the machine and the file.
struct Folder {
    name: Untrusted,
    paths: Vec<String>,
    real: BTreeMap<String, PathBuf>,
}

impl Folder {
    fn of_asv(folder: &Path) -> Self {
        let mut real = BTreeMap::new();
        for name in files(folder) {
            let mut parts = name.rsplit("__");
            let (file, machine) = (parts.next().unwrap(), parts.next().unwrap());
            let path = if file == "benchmarks.json" { file.to_owned() } else { format!("{machine}/{file}") };
            real.insert(path, folder.join(&name));
        }
        Self { name: "tree".into(), paths: real.keys().cloned().collect(), real }
    }

    fn open(root: &Path) -> Self {
        let (mut real, mut open) = (BTreeMap::new(), vec![root.to_owned()]);
        while let Some(folder) = open.pop() {
            for name in files(&folder) {
                let path = folder.join(name);
                if path.is_dir() {
                    open.push(path);
                } else {
                    real.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), path);
                }
            }
        }
        Self { name: "tree".into(), paths: real.keys().cloned().collect(), real }
    }
}

impl Tree for Folder {
    fn name(&self) -> &Untrusted {
        &self.name
    }

    fn files(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(&self.real[path]).map_err(|error| error.to_string())
    }

    fn modified(&self, _: &str) -> Option<i64> {
        None
    }
}

#[test]
fn folders_of_asv_import_whole() {
    let Some(corpus) = corpus() else { return };
    let Reader::Tree { roots, parse } = by_name("asv").unwrap().reader else { panic!("not a tree") };
    for (name, count, results, failed) in ASV {
        let tree = Folder::of_asv(&corpus.join("asv").join(name));
        assert_eq!(roots(&tree), [""], "{name}");
        let mut diagnostics = Diagnostics::new();
        let runs = parse(&tree, None, &mut diagnostics);
        let codes: BTreeSet<Code> = diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, if *failed == 0 { BTreeSet::new() } else { [Code::BenchmarkFailed].into() }, "{name}");
        let all: usize = runs.iter().map(|run| run.series.len()).sum();
        let failures: usize = runs.iter().map(|run| run.failures.len()).sum();
        assert_eq!((runs.len(), all, failures), (*count, *results, *failed), "{name}");
        assert!(runs.is_sorted_by_key(|run| run.subject.committed_at), "{name}");
        assert!(runs.iter().all(|run| run.environment.labels.contains_key("machine")), "{name}");
    }
    let listed: BTreeSet<String> = ASV.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(listed, files(&corpus.join("asv")), "every folder is in the table");
}
