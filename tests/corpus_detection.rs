//! Every file of the corpus is claimed by the format of its folder or by none: a format that claims another's files would
//! turn results into nonsense.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, reason = "tests read the corpus")]

use std::path::{Path, PathBuf};

use perfgate::diag::Diagnostics;
use perfgate::format::{Detection, decode, detect};

/// Folders of the corpus, with the formats that files in them may be of. Files of other folders are of no known format.
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

#[test]
fn no_format_claims_the_files_of_another() {
    let Some(corpus) = std::env::var_os("PERFGATE_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
        return;
    };
    let mut files = Vec::new();
    walk(&corpus, &mut files);
    let (mut wrong, mut claimed) = (Vec::new(), 0);
    for path in files {
        let relative = path.strip_prefix(&corpus).unwrap();
        let folder = relative.iter().next().unwrap().to_str().unwrap();
        let known = FOLDERS.iter().find(|(name, _)| *name == folder).map_or(&[][..], |(_, formats)| formats);
        let Ok(text) = decode(&"input".into(), &std::fs::read(&path).unwrap(), &mut Diagnostics::new())
            .map(std::borrow::Cow::into_owned)
        else {
            continue;
        };
        let found: Vec<&str> = match detect(&text) {
            Detection::One(format) => vec![format.name],
            Detection::Several(formats) => formats.iter().map(|format| format.name).collect(),
            Detection::None => Vec::new(),
        };
        claimed += usize::from(found.len() == 1);
        if !found.iter().all(|name| known.contains(name)) || found.len() > 1 {
            wrong.push(format!("{}: {found:?}", relative.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(claimed > 100, "{claimed}");
}
