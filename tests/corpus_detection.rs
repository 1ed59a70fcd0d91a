//! Every file of the corpus is claimed by the format of its folder and no other: a format that claims another's files would
//! turn results into nonsense. What is no result is in a table with the reason, and claimed by none.
//!
//! That each is read as what is in it, the other `corpus_*` tests say.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, reason = "tests read the corpus")]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use perfgate::diag::Diagnostics;
use perfgate::format::{Detection, Document, Format, decode, detect};
use perfgate::model::Run;
use perfgate::text::Untrusted;

/// Folders of the corpus, with the formats that files in them may be of.
const FOLDERS: &[(&str, &[&str])] = &[
    ("asv-text", &["asv-text"]),
    ("bencher-bmf", &["bmf"]),
    ("benchmarkdotnet", &["benchmarkdotnet"]),
    ("catch2", &["catch2"]),
    ("catch2-xml", &["catch2-xml"]),
    ("criterion-text", &["criterion-text"]),
    ("benchmarkjs", &["benchmarkjs"]),
    ("critcmp-export", &["critcmp"]),
    ("custom-gab", &["github-action-benchmark"]),
    ("history-gab", &["github-action-benchmark"]),
    ("divan", &["divan"]),
    ("go", &["go"]),
    ("go-benchseries", &["go"]),
    ("go-benchstat", &["go"]),
    // Among the streams is the text that Go's own test makes one of.
    ("go-test-json", &["go", "go-json"]),
    ("google-benchmark", &["google-benchmark"]),
    ("gungraun", &["gungraun", "gungraun-text"]),
    ("hey", &["hey"]),
    ("hyperfine", &["hyperfine"]),
    ("iai", &["iai"]),
    ("jmh", &["jmh"]),
    ("k6", &["k6"]),
    ("k6-ndjson", &["k6-json"]),
    ("libtest-bench", &["libtest"]),
    ("locust", &["locust"]),
    ("oha", &["oha"]),
    ("otava-csv", &["otava-csv"]),
    ("pyperf", &["pyperf"]),
    ("pytest-benchmark", &["pytest-benchmark"]),
    ("ruby-benchmark", &["ruby-benchmark"]),
    ("vegeta", &["vegeta"]),
    ("vitest", &["vitest"]),
    ("wrk", &["wrk"]),
];

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// What is in the corpus and no result, by the beginning of its path and the end, and why. None of it is claimed by a format.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("GROUND_TRUTH.md", "", "about the corpus"),
    ("HISTORY_SUMMARY.txt", "", "about the corpus"),
    ("INDEX.tsv", "", "about the corpus"),
    ("benchmarkdotnet/", ".verified.txt", "all reports for people in one file: a test expectation of BenchmarkDotNet"),
    ("changepoint-mongodb/", "", "a series for tests of change points, of no tool"),
    ("changepoint-mozilla/", "", "a series for tests of change points, of no tool"),
    ("changepoint-nyrkio/", "", "a series for tests of change points, of no tool"),
    ("critcmp-export/", "__table.txt", "critcmp's comparison for people; its exports hold the values"),
    ("criterion-text/", "__tango.txt", "the comparisons of tango: no value of one side"),
    ("expected/", "", "what github-action-benchmark makes of its test files; `agreement.rs` reads it"),
    ("go-benchseries/", "__reference.json", "what benchseries makes of the files beside it: ratios"),
    ("go-benchstat/", ".stdout", "what benchstat prints: comparisons of the files beside it"),
    ("go-benchstat/", ".stderr", "what benchstat prints: comparisons of the files beside it"),
    ("go-benchstat/", "__benchstat.txt", "what benchstat prints: comparisons for people"),
    ("go-benchstat/jba+heap__benchstat-", ".txt", "what benchstat prints: comparisons for people"),
    ("go-test-json/", "benchshort.test", "Go's test of an output that ends in the middle of the first result"),
    (
        "gungraun/iai-callgrind+iai-callgrind__benchmark-tests__",
        "",
        "test expectations of gungraun, with its numbers blotted out",
    ),
    ("gungraun/schemas/", "", "JSON schemas"),
    (
        "history-pebble/",
        "",
        "one project's own CSV in JavaScript; a `[[format]]` reads it when the JavaScript is taken off",
    ),
    ("js-console-time/", "", "what console.timeEnd prints is any line with a time in it"),
    ("libtest-bench/", "__zero.txt", "a test run without a benchmark"),
    ("otava-csv/", "histostat.csv", "a histogram log of NoSQLBench: intervals of one run, not values of runs"),
];

/// Folders of which each sub-folder is one result: their tests read them whole, and no file of them is a document.
const TREES: &[&str] = &["asv", "criterion-tree"];

/// Why a file is no result, if it is none: an index into [`LEFT_OUT`].
fn left_out(file: &str) -> Option<usize> {
    LEFT_OUT.iter().position(|(start, end, _)| file.starts_with(start) && file.ends_with(end))
}

#[test]
fn every_file_is_of_its_own_format_and_no_other() {
    let Some(corpus) = std::env::var_os("PERFGATE_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
        return;
    };
    let mut files = Vec::new();
    walk(&corpus, &mut files);
    let index = std::fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let indexed: BTreeSet<&str> = index.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
    let (mut wrong, mut reasons, mut results) = (Vec::new(), BTreeSet::new(), 0);
    for path in files {
        let relative = path.strip_prefix(&corpus).unwrap().to_str().unwrap().replace('\\', "/");
        let folder = relative.split('/').next().unwrap();
        if !indexed.contains(relative.as_str()) && relative.contains('/') {
            wrong.push(format!("{relative}: not in the index"));
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = Untrusted::from(relative.as_str());
        let mut said = Diagnostics::new();
        let text = decode(&name, &bytes, &mut said).map(Cow::into_owned).unwrap_or_default();
        let found: Vec<&'static Format> = match detect(&text) {
            Detection::One(format) => vec![format],
            Detection::Several(formats) => formats,
            Detection::None => Vec::new(),
        };
        let names: Vec<&str> = found.iter().map(|format| format.name).collect();
        let reason = left_out(&relative);
        reasons.extend(reason);
        if reason.is_some() || TREES.contains(&folder) {
            if !found.is_empty() {
                wrong.push(format!("{relative}: {names:?}, and it is no result of its own"));
            }
            continue;
        }
        let known = FOLDERS.iter().find(|(name, _)| *name == folder).map_or(&[][..], |(_, formats)| formats);
        let [format] = found.as_slice() else {
            wrong.push(format!("{relative}: {names:?} instead of one of {known:?}"));
            continue;
        };
        if !known.contains(&format.name) {
            wrong.push(format!("{relative}: {names:?} instead of one of {known:?}"));
        }
        let runs = format.read(&Document { name, text: &text }, &mut said).unwrap();
        let has_places = said.iter().all(|said| said.location.is_some());
        if !has_places || said.is_empty() && runs.iter().all(Run::is_empty) {
            wrong.push(format!("{relative}: no results and no place: {:?}", said.into_vec()));
        }
        results += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(reasons.len(), LEFT_OUT.len(), "a reason has no file: {reasons:?}");
    assert_eq!(results, 192);
}
