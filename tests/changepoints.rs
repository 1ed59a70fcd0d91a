//! Change points in real series whose changes others have labelled: Mozilla's alerts, Otava's and Nyrkio's tests, `MongoDB`'s
//! counts. The files lie outside of the repository; without `PERFGATE_CORPUS` their tests are skipped.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that panics has failed, and says so where it is skipped"
)]

use std::path::PathBuf;

use perfgate::stats::changepoint::{Change, Options, Search, changes};
use serde_json::Value;

fn corpus(path: &str) -> Option<String> {
    let Some(root) = std::env::var_os("PERFGATE_CORPUS") else {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
        return None;
    };
    Some(std::fs::read_to_string(PathBuf::from(root).join(path)).unwrap())
}

/// The changes of a series of values above zero.
fn found(values: &[f64], search: Search) -> Vec<Change> {
    let logs: Vec<f64> = values.iter().map(|v| v.ln()).collect();
    changes(&logs, &Options { search, ..Options::default() })
}

fn places(values: &[f64]) -> Vec<usize> {
    found(values, Search::ByLength).iter().map(|c| c.at).collect()
}

/// A series of Mozilla's: values by push time, and the places of the pushes that its test expects alerts for.
fn mozilla(name: &str, alerts: &[i64]) -> Option<(Vec<f64>, Vec<usize>)> {
    let file = format!("mozilla+treeherder__tests__sample_data__artifacts__performance__graphs__{name}.json");
    let text = corpus(&format!("changepoint-mozilla/{file}"))?;
    let json: Value = serde_json::from_str(&text).unwrap();
    let runs = json["test_runs"].as_array().unwrap();
    let mut runs: Vec<(i64, f64)> = runs.iter().map(|r| (r[2].as_i64().unwrap(), r[3].as_f64().unwrap())).collect();
    runs.sort_by_key(|(time, _)| *time);
    let at = |time: &i64| runs.iter().position(|(t, _)| t == time).unwrap();
    Some((runs.iter().map(|(_, v)| *v).collect(), alerts.iter().map(at).collect()))
}

#[test]
fn every_alert_of_mozilla_is_found_within_three_runs_and_none_where_it_has_none() {
    let labelled: [(&str, &[i64]); 4] = [
        ("runs1", &[1_365_019_665]),
        ("runs2", &[1_357_704_596, 1_358_971_894, 1_365_014_104]),
        ("runs3", &[1_335_293_827, 1_338_839_958]),
        ("runs5", &[]),
    ];
    for (name, alerts) in labelled {
        let Some((values, expected)) = mozilla(name, alerts) else { return };
        for search in [Search::Exact, Search::Seeded] {
            let found = found(&values, search);
            for place in &expected {
                assert!(found.iter().any(|c| c.at.abs_diff(*place) <= 3), "{name} {search:?}: {place} in {found:?}");
            }
            match name {
                // Six more in 1570 runs, each significant by far; Mozilla's rule needs a larger jump.
                "runs2" => assert!(found.len() <= 9 && found.iter().all(|c| c.p < 1e-5), "{found:?}"),
                _ => assert_eq!(found.len(), expected.len(), "{name} {search:?}: {found:?}"),
            }
        }
    }
}

#[test]
fn an_alert_comes_within_four_runs_of_the_change() {
    // What a nightly job would have seen: the history up to each night.
    let Some((values, expected)) = mozilla("runs1", &[1_365_019_665]) else { return };
    let change = expected[0];
    let seen = |runs: usize| places(&values[..runs]).iter().any(|at| at.abs_diff(change) <= 3);
    assert!(!seen(change));
    assert!((change + 1..=change + 4).any(seen));
}

const OTAVA_ONE: [f64; 11] = [1.02, 0.95, 0.99, 1.0, 1.12, 0.90, 0.50, 0.51, 0.48, 0.48, 0.55];
const OTAVA_TWO: [f64; 11] = [2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.80, 1.76, 1.78];
const OTAVA_LONG: [f64; 20] = [
    1.02, 0.95, 0.99, 1.0, 1.12, 1.0, 1.01, 0.98, 1.01, 0.96, 0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51, 0.50,
    0.49,
];

#[test]
fn otavas_examples_are_found_as_its_tests_expect() {
    assert_eq!(places(&OTAVA_ONE), [6]);
    assert_eq!(places(&OTAVA_TWO), [4]);
    assert_eq!(places(&OTAVA_LONG), [10]);
    // Its `min_magnitude` of 20 % leaves the first alone.
    let large = |values: &[f64]| {
        let logs: Vec<f64> = values.iter().map(|v| v.ln()).collect();
        let options = Options { smallest: 1.2_f64.ln(), ..Options::default() };
        changes(&logs, &options).iter().map(|c| c.at).collect::<Vec<_>>()
    };
    assert_eq!(large(&OTAVA_ONE), [6]);
    assert!(large(&OTAVA_TWO).is_empty());
}

#[test]
fn otavas_sample_changes_in_one_metric() {
    let Some(text) = corpus("otava-csv/apache+otava__tests__resources__sample.csv") else { return };
    let column = |at: usize| -> Vec<f64> {
        text.lines().skip(1).map(|line| line.split(',').nth(at).unwrap().parse().unwrap()).collect()
    };
    assert!(places(&column(2)).is_empty(), "metric1");
    let metric2 = found(&column(3), Search::ByLength);
    assert_eq!(metric2.len(), 1);
    let change = metric2[0];
    assert_eq!(change.at, 6);
    assert!(((change.after - change.before).exp_m1() + 0.129).abs() < 0.002, "{change:?}");
}

#[test]
fn nyrkios_changes_are_found() {
    let Some(text) = corpus("changepoint-nyrkio/nyrkio+nyrkio__backend__tests__data__tigerbeetle.json") else { return };
    let json: Value = serde_json::from_str(&text).unwrap();
    // The file is in no order of time; its test looks at this metric alone, and expects a change at these two commits.
    let mut runs: Vec<(i64, &str, f64)> = Vec::new();
    for run in json.as_array().unwrap() {
        let metric = run["metrics"].as_array().unwrap().iter().find(|m| m["name"] == "load_accepted").unwrap();
        let commit = run["attributes"]["git_commit"].as_str().unwrap();
        runs.push((run["timestamp"].as_i64().unwrap(), commit, metric["value"].as_f64().unwrap()));
    }
    runs.sort_by_key(|(time, ..)| *time);
    let at = |commit: &str| runs.iter().position(|(_, c, _)| c.starts_with(commit)).unwrap();
    let (first, second) = (at("e88458cb"), at("7a724369"));
    let values: Vec<f64> = runs.iter().map(|(.., v)| *v).collect();
    let found = found(&values, Search::ByLength);
    assert!(found.iter().any(|c| c.at.abs_diff(first) <= 1), "{found:?}");
    assert!(found.iter().any(|c| c.at.abs_diff(second) <= 1), "{found:?}");
    // What is told besides is smaller.
    let others = found.iter().filter(|c| c.at.abs_diff(first) > 1 && c.at.abs_diff(second) > 1);
    for change in others {
        assert!((change.after - change.before).exp_m1().abs() < 0.1, "{found:?}");
    }
}

#[test]
fn mongodbs_series() {
    let series = |name: &str| -> Option<Vec<f64>> {
        let file = format!("mongodb+signal-processing-algorithms__tests__data__{name}.json");
        let json: Value = serde_json::from_str(&corpus(&format!("changepoint-mongodb/{file}"))?).unwrap();
        let values = if json.is_array() { &json } else { &json["series"] };
        Some(values.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect())
    };
    let Some(long) = series("long_series") else { return };
    // Values below zero: no logarithms. Its test counts four.
    let found = changes(&long, &Options::default());
    assert_eq!(found.len(), 4, "{found:?}");
    // One series seven times over; its test counts 34, ours is a count without a truth beside it.
    let large = series("profiling__large").unwrap();
    assert_eq!(places(&large).len(), 27);
    assert_eq!(places(&series("real_series").unwrap()).len(), 0);
}
