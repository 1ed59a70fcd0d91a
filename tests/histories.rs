//! Verdicts with a history: what it adds, and histories that are not as they should be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use perfgate::config::{self, Overrides};
use perfgate::diag::Diagnostics;
use perfgate::format::{self, Document, Reader};
use perfgate::model::Run;
use perfgate::model::report::{Reason, Report, Row, Verdict};
use perfgate::verdict::{self, Comparison, Selection, Side};

fn go(text: &str) -> Run {
    let Reader::Text { parse, .. } = format::by_name("go").unwrap().reader else { panic!("go is text") };
    parse(&Document { name: "test".into(), text }, &mut Diagnostics::new()).remove(0)
}

/// A number in -1..1 that looks random: the same for the same arguments.
fn noise(run: usize, benchmark: usize, sample: usize) -> f64 {
    // SplitMix64 (Steele, Lea & Flood 2014) of the three numbers.
    let mut x = ((run as u64) << 32) ^ ((benchmark as u64) << 16) ^ sample as u64;
    for _ in 0..2 {
        x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
    }
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

const BENCHMARKS: usize = 12;

/// One run of twelve benchmarks with 1 % of noise; `change` gives the factor of each, or leaves it out.
fn run(index: usize, change: impl Fn(usize) -> Option<f64>) -> Run {
    let mut text = String::new();
    for b in 0..BENCHMARKS {
        let Some(factor) = change(b) else { continue };
        let level = 100.0 * (b + 1) as f64 * factor * (1.0 + 0.01 * noise(index, b, 99));
        for s in 0..5 {
            writeln!(text, "BenchmarkB{b} 1000 {} ns/op", level * (1.0 + 0.002 * noise(index, b, s).abs())).unwrap();
        }
    }
    go(&text)
}

fn history(runs: usize) -> Vec<Run> {
    (0..runs).map(|i| run(i, |_| Some(1.0))).collect()
}

fn judge(history: &[Run], baseline: &Run, current: &Run, toml: &str) -> Report {
    let mut diagnostics = Diagnostics::new();
    let config =
        config::load(Some((&"perfgate.toml".into(), toml)), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    assert!(!diagnostics.has_errors());
    verdict::judge(&Comparison {
        baseline: Side { runs: std::slice::from_ref(baseline), inputs: &[] },
        current: Side { runs: std::slice::from_ref(current), inputs: &[] },
        history,
        config: &config,
        selection: &Selection::default(),
        today: Date::constant(2026, 11, 21),
        budgets_only: false,
        taken: perfgate::verdict::Taken::Apart,
        keep_samples: false,
    })
    .unwrap()
}

fn row(report: &Report, benchmark: usize) -> &Row {
    let name = format!("BenchmarkB{benchmark}");
    report.results.iter().find(|r| r.benchmark.raw() == name).unwrap()
}

const LIMITS: &str = "[gate]\nwarn = \"3%\"\nfail = \"5%\"\n";

#[test]
fn a_history_tells_a_regression_from_noise() {
    let slower = run(1001, |b| Some(if b == 3 { 1.10 } else { 1.0 }));
    let report = judge(&history(20), &run(1000, |_| Some(1.0)), &slower, LIMITS);
    let found = row(&report, 3);
    assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    assert!(found.p_adjusted.unwrap() < 0.01 && found.interval.unwrap()[0] > 0.05);
    assert!((found.change.unwrap() - 0.10).abs() < 0.03);
    assert!((found.baseline.unwrap().value.unwrap() / 400e-9 - 1.0).abs() < 0.02, "the level of the history");
    assert_eq!(report.counts.fail, 1);
    assert_eq!(report.history, 20);
    assert!(report.notes.iter().all(|n| n.code != "one-run"));
}

#[test]
fn a_report_holds_the_runs_behind_its_rows() {
    let level = |i: usize, b: usize| if b == 3 && i < 8 { 0.7 } else { 1.0 };
    let past: Vec<Run> = (0..20).map(|i| run(i, |b| (i != 4 || b != 3).then_some(level(i, b)))).collect();
    let (baseline, current) = (run(1000, |_| Some(1.0)), run(1001, |_| Some(1.0)));
    let report = judge(&past, &baseline, &current, LIMITS);
    let runs = row(&report, 3).runs.as_ref().unwrap();
    assert_eq!((report.past.len(), runs.history.len(), runs.baseline.len(), runs.current.len()), (20, 20, 1, 1));
    assert_eq!(runs.history.iter().position(Option::is_none), Some(4), "the run without the benchmark");
    assert_eq!(runs.levels, [8]);
    assert!(runs.history[9].is_some_and(|v| (v / 400e-9 - 1.0).abs() < 0.02), "{runs:?}");
    assert!(runs.samples.baseline.is_empty(), "nobody asked for samples");
    // What a report holds, it says in its JSON, and it reads back as it was.
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let alone = judge(&[], &baseline, &current, LIMITS);
    assert!(row(&alone, 3).runs.is_none(), "one run a side is in the row");
}

#[test]
fn samples_are_kept_where_an_output_shows_them() {
    let (baseline, current) = (run(1000, |_| Some(1.0)), run(1001, |_| Some(1.0)));
    let report = verdict::judge(&Comparison {
        baseline: Side { runs: std::slice::from_ref(&baseline), inputs: &[] },
        current: Side { runs: std::slice::from_ref(&current), inputs: &[] },
        history: &[],
        config: &config::load(None, &BTreeMap::new(), &Overrides::default(), &mut Diagnostics::new()),
        selection: &Selection::default(),
        today: Date::constant(2026, 11, 21),
        budgets_only: false,
        taken: perfgate::verdict::Taken::Apart,
        keep_samples: true,
    })
    .unwrap();
    let runs = row(&report, 0).runs.as_ref().unwrap();
    assert_eq!((runs.samples.baseline[0].len(), runs.samples.current[0].len()), (5, 5));
    assert!(runs.samples.current[0].is_sorted());
    assert!(!serde_json::to_string(&report).unwrap().contains("\"runs\":{"), "samples stay out of the JSON");
}

#[test]
fn unchanged_runs_do_not_fail() {
    let history = history(20);
    let alarms = (0..40)
        .filter(|i| {
            judge(&history, &run(2000 + i, |_| Some(1.0)), &run(3000 + i, |_| Some(1.0)), LIMITS).counts.fail > 0
        })
        .count();
    assert_eq!(alarms, 0);
}

#[test]
fn a_suite_that_moved_as_a_whole_is_one_finding() {
    let report = judge(&history(20), &run(1000, |_| Some(1.0)), &run(1001, |_| Some(1.3)), LIMITS);
    assert_eq!(report.counts.fail, 0);
    let shift = report.shifts.first().unwrap();
    assert!(shift.adjusted && (shift.shift - 0.3).abs() < 0.03);
    assert_eq!(shift.verdict, Verdict::Warn);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (history, slower) = (history(12), run(1001, |b| Some(if b == 3 { 1.2 } else { 1.0 })));
    let text = || {
        let report = judge(&history, &run(1000, |_| Some(1.0)), &slower, LIMITS);
        let style = perfgate::report::Style::default();
        perfgate::report::REPORTS.iter().map(|output| (output.render)(&report, &style)).collect::<String>()
    };
    assert_eq!(text(), text());
}

#[test]
fn gaps_are_judged_by_the_runs_there_are() {
    let mut history = history(20);
    for (i, past) in history.iter_mut().enumerate() {
        *past = run(i, |b| (b != 3 || i % 4 != 0).then_some(1.0));
    }
    let slower = run(1001, |b| Some(if b == 3 || b == 5 { 1.15 } else { 1.0 }));
    let report = judge(&history, &run(1000, |_| Some(1.0)), &slower, LIMITS);
    assert_eq!((row(&report, 3).verdict, row(&report, 5).verdict), (Verdict::Fail, Verdict::Fail));
    // Two runs of its own are too few: that row alone rests on one run a side.
    for (i, past) in history.iter_mut().enumerate() {
        *past = run(i, |b| (b != 3 || i < 2).then_some(1.0));
    }
    let report = judge(&history, &run(1000, |_| Some(1.0)), &slower, LIMITS);
    assert!(row(&report, 3).p.is_none() && row(&report, 5).p.is_some());
}

#[test]
fn renamed_benchmarks_keep_their_history() {
    let text = |run: usize, name: &str| -> Run {
        let mut text = String::new();
        for b in 0..9 {
            writeln!(text, "BenchmarkB{b} 1000 {} ns/op", 100.0 + noise(run, b, 0)).unwrap();
        }
        writeln!(text, "Benchmark{name} 1000 {} ns/op", 100.0 + noise(run, 50, 0)).unwrap();
        go(&text)
    };
    let history: Vec<Run> = (0..20).map(|i| text(i, "Old")).collect();
    let toml = "[[rename]]\nfrom = \"BenchmarkOld\"\nto = \"BenchmarkNew\"\n";
    let report = judge(&history, &text(100, "Old"), &text(101, "New"), toml);
    let new = report.results.iter().find(|r| r.benchmark.raw() == "BenchmarkNew").unwrap();
    assert!(new.p.is_some(), "{new:?}");
    // The baseline has the new name already: the history is older than that, and may still have the old one.
    let report = judge(&history, &text(100, "New"), &text(101, "New"), toml);
    let new = report.results.iter().find(|r| r.benchmark.raw() == "BenchmarkNew").unwrap();
    assert!(new.p.is_some(), "{new:?}");
}

#[test]
fn a_changed_unit_ends_the_history() {
    let old: Vec<Run> = (0..20).map(|_| go("BenchmarkX 1000 100 widgets/op\n")).collect();
    let (a, b) = (go("BenchmarkX 1000 100 ns/op\n"), go("BenchmarkX 1000 101 ns/op\n"));
    let report = judge(&old, &a, &b, LIMITS);
    assert!(report.results.iter().all(|r| r.p.is_none()));
}

#[test]
fn a_history_of_something_else_is_told() {
    let other = go("BenchmarkOther 1000 5 ns/op\n");
    let told = |history: &[Run]| {
        let report = judge(history, &run(100, |_| Some(1.0)), &run(101, |_| Some(1.0)), LIMITS);
        report.notes.iter().any(|note| note.code == "unused-history")
    };
    assert!(told(&vec![other; 6]));
    assert!(!told(&history(6)));
    assert!(!told(&[]));
}

#[test]
fn a_single_earlier_run_is_no_history() {
    let slower = run(1001, |b| Some(if b == 3 { 1.10 } else { 1.0 }));
    let report = judge(&history(1), &run(1000, |_| Some(1.0)), &slower, LIMITS);
    assert!(report.results.iter().all(|r| r.p.is_none()));
    assert!(report.notes.iter().any(|n| n.code == "one-run"));
}

#[test]
fn only_the_newest_fifty_runs_count() {
    let mut long: Vec<Run> = (0..200).map(|i| run(i, |_| Some(if i < 140 { 3.0 } else { 1.0 }))).collect();
    let report = judge(&long, &run(1000, |_| Some(1.0)), &run(1001, |_| Some(1.0)), LIMITS);
    assert_eq!((report.history, report.counts.fail, report.counts.improved), (50, 0, 0));
    long.truncate(140);
    assert_eq!(judge(&long, &run(1000, |_| Some(3.0)), &run(1001, |_| Some(1.0)), LIMITS).history, 50);
}

#[test]
fn equal_values_zeros_and_two_groups_are_honest_rows() {
    // Every run the same to the last digit: the noise floor keeps a change of nothing from being sure.
    let same: Vec<Run> = (0..20).map(|_| go("BenchmarkX 1000 100 ns/op\nBenchmarkZ 1000 0 ns/op\n")).collect();
    let report =
        judge(&same, same.first().unwrap(), &go("BenchmarkX 1000 101 ns/op\nBenchmarkZ 1000 5 ns/op\n"), LIMITS);
    let find = |name: &str| report.results.iter().find(|r| r.benchmark.raw() == name).unwrap();
    assert!(!matches!(find("BenchmarkX").verdict, Verdict::Fail | Verdict::Warn), "{:?}", find("BenchmarkX"));
    assert_eq!(find("BenchmarkZ").verdict, Verdict::Inconclusive);
    assert!(find("BenchmarkZ").reasons.contains(&Reason::ZeroBaseline));

    // Half of the unchanged runs are 30 % slower: being that slow once more shows nothing.
    let two: Vec<Run> = (0..20).map(|i| run(i, |b| Some(if b == 3 && i % 2 == 0 { 1.3 } else { 1.0 }))).collect();
    let slow = run(1001, |b| Some(if b == 3 { 1.3 } else { 1.0 }));
    let report = judge(&two, &run(1000, |_| Some(1.0)), &slow, LIMITS);
    let found = row(&report, 3);
    assert!(!matches!(found.verdict, Verdict::Fail | Verdict::Improved), "{found:?}");
    assert!(found.reasons.contains(&Reason::Bimodal), "{found:?}");
}
