//! Real Criterion trees: each parses to the counts and means that an independent script found in them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its input fails")]
#![expect(clippy::unreadable_literal, reason = "numbers as the counting script prints them")]
#![expect(clippy::disallowed_methods, reason = "tests read the corpus from disk")]

use std::path::{Path, PathBuf};

use perfgate::diag::{Code, Diagnostics};
use perfgate::format::{Reader, Tree, by_name};
use perfgate::model::{Run, Statistic};
use perfgate::text::Untrusted;

/// Tree, baseline, benchmarks, series, sum of the mean times in seconds.
const TREES: &[(&str, &str, usize, usize, f64)] = &[
    ("BibbitM+AdventOfCode2024", "new", 29, 29, 0.2855663220644423),
    ("BibbitM+AdventOfCode2024", "base", 29, 29, 0.2855663220644423),
    ("Scarjit+cryptoBench", "new", 9, 9, 0.9690615009448018),
    ("Scarjit+cryptoBench", "base", 9, 9, 0.9690615009448018),
    ("andrewmilson+optimized-fields", "new", 38, 38, 9.953139342226808e-06),
    ("andrewmilson+optimized-fields", "base", 38, 38, 9.953139342226808e-06),
    ("dougch+criterion_gettingstarted", "new", 2, 2, 1.799178873789458e-05),
    ("dougch+criterion_gettingstarted", "base", 2, 2, 1.799178873789458e-05),
    ("laysakura+trie-rs", "new", 3, 3, 0.03446393288754648),
    ("laysakura+trie-rs", "base", 3, 3, 0.03446393288754648),
];

/// A folder on disk. Its times are those of a checkout, so they say nothing.
struct Folder {
    path: PathBuf,
    name: Untrusted,
    files: Vec<String>,
}

impl Folder {
    fn open(path: PathBuf) -> Self {
        let mut files = Vec::new();
        walk(&path, "", &mut files);
        files.sort();
        Self { name: "tree".into(), path, files }
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}

impl Tree for Folder {
    fn name(&self) -> &Untrusted {
        &self.name
    }

    fn files(&self) -> &[String] {
        &self.files
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.path.join(path)).map_err(|e| e.to_string())
    }

    fn modified(&self, _: &str) -> Option<i64> {
        None
    }
}

fn parse(path: PathBuf, part: Option<&str>) -> (Vec<Run>, Diagnostics) {
    let Reader::Tree { parse, .. } = by_name("criterion").unwrap().reader else { panic!("not a tree") };
    let tree = Folder::open(path);
    let mut diagnostics = Diagnostics::new();
    (parse(&tree, part, &mut diagnostics), diagnostics)
}

#[test]
fn corpus_trees_have_the_counted_benchmarks() {
    let Some(corpus) = std::env::var_os("PERFGATE_CORPUS") else {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
        return;
    };
    let trees = Path::new(&corpus).join("criterion-tree");
    for (name, part, benchmarks, series, sum) in TREES {
        // `new` is also what is read without a part.
        let part = Some(*part).filter(|p| *p != "new");
        let (runs, diagnostics) = parse(trees.join(name), part);
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let [run] = runs.as_slice() else { panic!("{name}: {} runs", runs.len()) };
        let times: Vec<_> = run.series.iter().filter(|(k, _)| k.metric.raw() == "time").collect();
        assert_eq!((times.len(), run.series.len()), (*benchmarks, *series), "{name}");
        let total: f64 = times.iter().map(|(_, o)| o.summary.get(Statistic::Mean).unwrap()).sum();
        assert!((total / sum - 1.0).abs() < 1e-12, "{name}: {total} instead of {sum}");
    }
    let listed: std::collections::BTreeSet<_> = TREES.iter().map(|t| t.0.to_owned()).collect();
    let there = std::fs::read_dir(&trees).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(listed, there, "every tree of the corpus is in the table");
}

#[test]
fn a_name_that_occurs_twice_keeps_its_suffix() {
    let Some(corpus) = std::env::var_os("PERFGATE_CORPUS") else {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
        return;
    };
    // Written on Windows: folders in lowercase, two benchmarks with one full_id.
    let (runs, _) = parse(Path::new(&corpus).join("criterion-tree/Scarjit+cryptoBench"), None);
    let names: Vec<&str> = runs[0].series.keys().map(|k| k.benchmark.name.raw()).collect();
    assert!(names.contains(&"aes_128_gcm-1MB") && names.contains(&"aes_128_gcm-1MB #2"), "{names:?}");
}

#[test]
fn an_unknown_baseline_is_told_the_ones_there_are() {
    let Some(corpus) = std::env::var_os("PERFGATE_CORPUS") else {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
        return;
    };
    let (runs, diagnostics) = parse(Path::new(&corpus).join("criterion-tree/Scarjit+cryptoBench"), Some("change"));
    assert!(runs.is_empty());
    let said = diagnostics.into_vec();
    assert_eq!(said[0].code, Code::UnknownBaseline);
    assert_eq!(said[0].notes, ["it has `base`, `new`"]);
}
