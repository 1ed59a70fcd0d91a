//! What is written for other programs is read back as what it was.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeMap;

use perfgate::diag::Diagnostics;
use perfgate::format::{Detection, Document, Reader, detect};
use perfgate::model::{Run, Statistic};
use perfgate::report::Style;
use perfgate::report::export::EXPORTS;

fn read(text: &str, format: &str) -> Vec<Run> {
    let Detection::One(found) = detect(text) else { panic!("{format}: not of one format:\n{text}") };
    assert_eq!(found.name, format);
    let Reader::Text { parse, .. } = found.reader else { panic!("not a text") };
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "x".into(), text }, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{:?}", diagnostics.into_vec());
    runs
}

/// Medians by metric, of names without case and package.
fn medians(runs: &[Run]) -> BTreeMap<(String, String), f64> {
    let all = runs.iter().flat_map(|run| &run.series).filter(|(_, seen)| seen.fault.is_none());
    all.map(|(key, seen)| {
        let value = seen.summary.get(Statistic::Median).or(seen.summary.get(Statistic::Mean)).unwrap();
        ((key.benchmark.name.raw().to_lowercase(), key.metric.raw().to_owned()), value)
    })
    .collect()
}

fn export(name: &str, runs: &[Run]) -> String {
    (EXPORTS.iter().find(|form| form.name == name).unwrap().render)(runs, &Style::default())
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs()
}

#[test]
fn go_text_keeps_every_sample() {
    let text = std::fs::read_to_string("fixtures/go/benchmem/input.txt").unwrap();
    let runs = read(&text, "go");
    let again = read(&export("go", &runs), "go");
    let samples = |runs: &[Run]| -> Vec<(String, String, Vec<f64>)> {
        let one = |(key, seen): (&perfgate::model::SeriesKey, &perfgate::model::Observation)| {
            let name = key.benchmark.name.raw().to_owned();
            (name, key.metric.raw().to_owned(), seen.samples.as_deref().unwrap_or(&[]).to_vec())
        };
        runs.iter().flat_map(|run| run.series.iter().map(one)).collect()
    };
    let (before, after) = (samples(&runs), samples(&again));
    assert_eq!(before.len(), after.len());
    for ((name, metric, before), (name_after, metric_after, after)) in before.iter().zip(&after) {
        assert_eq!((name, metric, before.len()), (name_after, metric_after, after.len()));
        assert!(before.iter().zip(after).all(|(a, b)| near(*a, *b)), "{name} {metric}: {before:?} {after:?}");
    }
}

#[test]
fn other_programs_files_hold_the_same_values() {
    let text = std::fs::read_to_string("fixtures/sample/current.json").unwrap();
    let runs = read(&text, "pytest-benchmark");
    let before = medians(&runs);
    let bmf = medians(&read(&export("bmf", &runs), "bmf"));
    assert!(!before.is_empty());
    for ((name, metric), value) in &before {
        let found = bmf.get(&(name.clone(), metric.clone())).unwrap_or_else(|| panic!("{name} {metric}: {bmf:?}"));
        assert!(near(*value, *found), "{name} {metric}: {value} {found}");
    }
    let gab = medians(&read(&export("gab", &runs), "github-action-benchmark"));
    for ((name, metric), value) in before.iter().filter(|((_, metric), _)| metric == "time") {
        assert!(near(*value, *gab.get(&(name.clone(), metric.clone())).unwrap()), "{name}");
    }
}
