//! Results that were brought from another store compare with the files of the tool that measured them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its input fails"
)]

use std::collections::{BTreeMap, BTreeSet};

use perfgate::diag::Diagnostics;
use perfgate::io::formats::Formats;
use perfgate::io::load::{Side, side};
use perfgate::model::{Observation, Run, SeriesKey, Statistic};

fn load(paths: &[&str]) -> Side {
    let paths: Vec<String> =
        paths.iter().map(|path| format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).collect();
    let mut diagnostics = Diagnostics::new();
    let side = side(&paths, &Formats::default(), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    side
}

fn keys(run: &Run) -> BTreeSet<&SeriesKey> {
    run.series.keys().collect()
}

#[test]
fn a_history_of_go_has_the_values_of_the_outputs_it_was_made_from() {
    let history = load(&["github-action-benchmark/go-packages/input.js"]);
    let output = load(&["go/benchmem/input.txt"]);
    let (ours, theirs) = (&history.runs[0].series, &output.runs[0].series);
    // The action passes over names that are not ASCII, and takes no number for an empty name.
    assert!(ours.len() > 60);
    for (key, observation) in ours {
        let other = theirs.get(key).unwrap_or_else(|| panic!("{key:?}"));
        let Observation { unit, better, kind, samples, .. } = observation;
        assert_eq!((unit, better, kind, samples), (&other.unit, &other.better, &other.kind, &other.samples), "{key:?}");
    }
}

#[test]
fn an_export_has_the_names_and_estimates_of_its_tree() {
    let cases = [
        ("critcmp/v0-8/input.json", "criterion/v0-8/input"),
        ("critcmp/v0-5/input.json", "criterion/v0-5/input"),
        ("critcmp/main/input.json", "criterion/named-baselines/input@main"),
        ("critcmp/feature/input.json", "criterion/named-baselines/input@feature"),
    ];
    for (export, tree) in cases {
        let (export, tree) = (load(&[export]), load(&[tree]));
        let (ours, theirs) = (&export.runs[0], &tree.runs[0]);
        assert!(keys(ours).is_subset(&keys(theirs)));
        for key in keys(theirs).difference(&keys(ours)) {
            // critcmp keeps one of two benchmarks with one name, and knows two kinds of throughput.
            let lost = key.benchmark.name.raw() == "twice/same #2" || theirs.series[*key].derived;
            assert!(lost, "{key:?}");
        }
        assert_eq!(
            ours.details,
            theirs
                .details
                .iter()
                .filter(|(id, _)| id.name.raw() != "twice/same #2")
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect::<BTreeMap<_, _>>()
        );
        for (key, observation) in &ours.series {
            let other = &theirs.series[key];
            assert_eq!((&observation.unit, observation.derived), (&other.unit, other.derived), "{key:?}");
            // The median of rates is not that of times where the number of samples is even.
            if key.benchmark.name.raw() == "twice/same" || observation.derived {
                continue;
            }
            for statistic in [Statistic::Mean, Statistic::Median] {
                if let Some(value) = observation.summary.get(statistic) {
                    let other = other.summary.get(statistic).unwrap();
                    assert!((value / other - 1.0).abs() < 1e-9, "{key:?} {statistic:?}: {value} and {other}");
                }
            }
        }
    }
}

#[test]
fn entries_of_several_suites_are_never_one_run() {
    let side = load(&["github-action-benchmark/several-suites/input.js"]);
    // Two entries of Rust, one of Python, two of Go and one of another suite of Go.
    assert_eq!(side.runs.len(), 6);
    assert!(side.runs.iter().all(|run| run.suites.len() == 1));
    assert!(side.runs.is_sorted_by_key(|run| run.subject.taken_at));
    let mut seen: BTreeMap<&SeriesKey, usize> = BTreeMap::new();
    for key in side.runs.iter().flat_map(keys) {
        *seen.entry(key).or_default() += 1;
    }
    let suites = |key: &SeriesKey| key.benchmark.package.as_ref().unwrap().raw().split("::").next().unwrap().to_owned();
    let counts: BTreeMap<String, BTreeSet<usize>> = seen.iter().fold(BTreeMap::new(), |mut counts, (key, n)| {
        counts.entry(suites(key)).or_insert_with(BTreeSet::new).insert(*n);
        counts
    });
    let expected = [("Go", 2), ("Go again", 1), ("Python", 1), ("Rust", 2)];
    assert_eq!(counts, expected.into_iter().map(|(name, n)| (name.to_owned(), [n].into())).collect());
}

#[test]
fn runs_of_several_commits_stay_apart() {
    // Nothing in common but the commit, which is another one.
    let rows = ["otava-csv/commit/input.csv", "github-action-benchmark/go-1.17/input.js"];
    assert_eq!(load(&rows).runs.len(), 13);
    // The fixture of Go names no commit, so it is a further part of the first run.
    assert_eq!(load(&["github-action-benchmark/external-json/input.json", "go/benchmem/input.txt"]).runs.len(), 1);
}

#[test]
fn a_commit_of_asv_is_a_side() {
    let older = load(&["asv/v0-6/input@58410a79"]);
    let newer = load(&["asv/v0-6/input@41a2f3ea"]);
    assert_eq!((older.runs.len(), newer.runs.len()), (1, 2));
    assert_eq!(keys(&older.runs[0]), keys(&newer.runs[0]));
    let machine = |run: &Run| run.environment.labels.get("machine").unwrap().raw().to_owned();
    assert_eq!(newer.runs.iter().map(machine).collect::<Vec<_>>(), ["bench-box", "other-box"]);
}
