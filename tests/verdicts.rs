//! Verdicts from text to report: two results and a perfgate.toml in, rows out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::format_collect, clippy::float_cmp, reason = "tests")]

use std::collections::BTreeMap;

use jiff::civil::Date;
use perfgate::config::{self, Config, Overrides};
use perfgate::diag::Diagnostics;
use perfgate::format::{self, Document, Reader};
use perfgate::model::report::{GateVerdict, Reason, Report, Row, Verdict};
use perfgate::model::{Kind, Run};
use perfgate::verdict::{self, Comparison, Selection, Side};

const TODAY: Date = Date::constant(2026, 11, 21);

fn go(text: &str) -> Run {
    let mut diagnostics = Diagnostics::new();
    let Reader::Text { parse, .. } = format::by_name("go").unwrap().reader else { panic!("go is text") };
    let mut runs = parse(&Document { name: "test".into(), text }, &mut diagnostics);
    assert_eq!(runs.len(), 1, "{:?}", diagnostics.into_vec());
    runs.remove(0)
}

fn load(toml: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let name = "perfgate.toml".into();
    let config = config::load(Some((&name, toml)), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{:?}", diagnostics.into_vec());
    config
}

fn judge_runs(baseline: &[Run], current: &[Run], toml: &str, selection: &Selection, budgets_only: bool) -> Report {
    let config = load(toml);
    verdict::judge(&Comparison {
        baseline: Side { runs: baseline, inputs: &[] },
        current: Side { runs: current, inputs: &[] },
        history: &[],
        config: &config,
        selection,
        today: TODAY,
        budgets_only,
        taken: verdict::Taken::Apart,
        keep_samples: false,
    })
    .unwrap()
}

fn judge(baseline: &str, current: &str, toml: &str) -> Report {
    judge_runs(&[go(baseline)], &[go(current)], toml, &Selection::default(), false)
}

fn row<'a>(report: &'a Report, benchmark: &str, metric: &str) -> &'a Row {
    report
        .results
        .iter()
        .find(|r| r.benchmark.raw() == benchmark && r.metric.raw() == metric)
        .unwrap_or_else(|| panic!("no row {benchmark} {metric}"))
}

fn verdict_of(report: &Report, benchmark: &str, metric: &str) -> Verdict {
    row(report, benchmark, metric).verdict
}

/// Lines `BenchmarkNAME 1000 VALUE UNIT`, one per value.
fn lines(name: &str, values: &[f64], unit: &str) -> String {
    values.iter().map(|v| format!("Benchmark{name} 1000 {v} {unit}\n")).collect()
}

#[test]
fn the_limit_itself_counts_and_direction_is_per_metric() {
    let toml = "[gate]\nwarn = \"5%\"\nfail = \"15%\"\n";
    for (unit, metric, now, expected) in [
        ("ns/op", "time", 115.0, Verdict::Fail),
        ("ns/op", "time", 114.9, Verdict::Warn),
        ("ns/op", "time", 105.0, Verdict::Warn),
        ("ns/op", "time", 104.9, Verdict::Pass),
        ("ns/op", "time", 85.0, Verdict::Improved),
        ("ns/op", "time", 85.1, Verdict::Pass),
        ("MB/s", "throughput", 85.0, Verdict::Fail),
        ("MB/s", "throughput", 95.0, Verdict::Warn),
        ("MB/s", "throughput", 115.0, Verdict::Improved),
        ("allocs/op", "allocs", 115.0, Verdict::Fail),
        ("p99-ns", "p99-ns", 120.0, Verdict::Fail),
    ] {
        let report = judge(&lines("X", &[100.0], unit), &lines("X", &[now], unit), toml);
        assert_eq!(verdict_of(&report, "BenchmarkX", metric), expected, "{unit} 100 -> {now}");
    }
}

#[test]
fn one_run_needs_samples_that_are_apart() {
    let apart = judge(
        &lines("X", &[100.0, 101.0, 102.0, 103.0, 104.0], "ns/op"),
        &lines("X", &[130.0, 131.0, 132.0, 133.0, 134.0], "ns/op"),
        "",
    );
    assert_eq!(verdict_of(&apart, "BenchmarkX", "time"), Verdict::Fail);
    assert_eq!(apart.verdict, GateVerdict::Fail);
    let overlapping = judge(
        &lines("X", &[100.0, 140.0, 150.0, 160.0, 170.0], "ns/op"),
        &lines("X", &[130.0, 141.0, 149.0, 163.0, 180.0], "ns/op"),
        "",
    );
    let row = row(&overlapping, "BenchmarkX", "time");
    assert_eq!(row.verdict, Verdict::Inconclusive);
    assert!(row.suspect && row.reasons.contains(&Reason::SamplesOverlap));
    assert_eq!(overlapping.verdict, GateVerdict::Pass);
    // Four values say nothing about their spread: unknown counts as apart.
    let few = judge(
        &lines("X", &[100.0, 140.0, 150.0, 160.0], "ns/op"),
        &lines("X", &[130.0, 141.0, 149.0, 163.0], "ns/op"),
        "",
    );
    assert_eq!(verdict_of(&few, "BenchmarkX", "time"), Verdict::Fail);
}

#[test]
fn a_change_must_stand_out_of_a_large_suite() {
    let suite = |factors: [f64; 9]| -> String {
        factors.iter().enumerate().map(|(i, f)| lines(&format!("B{i}"), &[100.0 * f], "ns/op")).collect()
    };
    let baseline = suite([1.0; 9]);
    // Everything moved by about 15 %, one benchmark by 30 %: the spread of the others is what it must stand out of.
    let noisy = judge(&baseline, &suite([1.10, 1.12, 1.14, 1.15, 1.16, 1.18, 1.20, 1.22, 1.30]), "");
    assert_eq!(verdict_of(&noisy, "BenchmarkB8", "time"), Verdict::Warn);
    assert_eq!(noisy.verdict, GateVerdict::Warn);
    let shift = noisy.shifts.first().unwrap();
    assert_eq!((shift.series, shift.verdict), (9, Verdict::Warn));
    assert!((shift.shift - 0.16).abs() < 1e-9);
    let calm = judge(&baseline, &suite([1.0, 1.001, 0.999, 1.002, 0.998, 1.0, 1.001, 1.0, 1.30]), "");
    assert_eq!(verdict_of(&calm, "BenchmarkB8", "time"), Verdict::Fail);
    assert_eq!(calm.counts.pass, 8);
}

#[test]
fn what_only_kept_pace_while_its_suite_got_faster_is_a_suspect() {
    let suite = |factors: [f64; 9]| -> String {
        factors.iter().enumerate().map(|(i, f)| lines(&format!("B{i}"), &[100.0 * f], "ns/op")).collect()
    };
    let baseline = suite([1.0; 9]);
    let now = [0.85, 0.86, 0.84, 0.85, 0.83, 0.86, 0.85, 0.84, 1.0];
    let suspects = |report: &Report| -> Vec<String> {
        report.results.iter().filter(|r| r.suspect).map(|r| r.benchmark.raw().to_owned()).collect()
    };
    // The machine was less busy: 0 % beside a suite at −15 % is worth a rerun, and no more than that.
    let faster = judge(&baseline, &suite(now), "");
    assert_eq!(
        (verdict_of(&faster, "BenchmarkB8", "time"), suspects(&faster)),
        (Verdict::Pass, vec!["BenchmarkB8".to_owned()])
    );
    // The limits alone ask nobody else.
    assert_eq!(suspects(&judge(&baseline, &suite(now), "[gate]\nevidence = \"none\"\n")), [""; 0]);
    // A slower suite makes nobody look good: those over a limit are suspects whatever the others do.
    let slower = judge(&baseline, &suite([1.15, 1.16, 1.14, 1.15, 1.13, 1.16, 1.15, 1.14, 1.0]), "");
    assert_eq!(suspects(&slower).len(), 8);
}

#[test]
fn evidence_none_and_strict() {
    let baseline = lines("X", &[100.0, 140.0, 150.0, 160.0, 170.0], "ns/op");
    let current = lines("X", &[130.0, 141.0, 149.0, 163.0, 180.0], "ns/op");
    let none = judge(&baseline, &current, "[gate]\nevidence = \"none\"\n");
    assert_eq!(verdict_of(&none, "BenchmarkX", "time"), Verdict::Fail);
    let strict = judge(
        &lines("X", &[100.0, 101.0, 102.0, 103.0, 104.0], "ns/op"),
        &lines("X", &[130.0, 131.0, 132.0, 133.0, 134.0], "ns/op"),
        "[gate]\nevidence = \"strict\"\n",
    );
    assert_eq!(verdict_of(&strict, "BenchmarkX", "time"), Verdict::Inconclusive);
    let exact = judge(
        &lines("X", &[100.0], "allocs/op"),
        &lines("X", &[130.0], "allocs/op"),
        "[gate]\nevidence = \"strict\"\n",
    );
    assert_eq!(verdict_of(&exact, "BenchmarkX", "allocs"), Verdict::Fail);
}

#[test]
fn steps_zero_baselines_and_min_change() {
    let toml =
        "[metrics.allocs]\nfail = \"+0\"\n[metrics.time]\nmin-change = \"10ns\"\nwarn = \"5%\"\nfail = \"10%\"\n";
    let allocs = |before: f64, now: f64| {
        verdict_of(
            &judge(&lines("X", &[before], "allocs/op"), &lines("X", &[now], "allocs/op"), toml),
            "BenchmarkX",
            "allocs",
        )
    };
    assert_eq!(allocs(3.0, 4.0), Verdict::Fail);
    assert_eq!(allocs(3.0, 3.0), Verdict::Pass);
    assert_eq!(allocs(0.0, 1.0), Verdict::Fail);
    assert_eq!(allocs(0.0, 0.0), Verdict::Pass);
    let time = |before: f64, now: f64| judge(&lines("X", &[before], "ns/op"), &lines("X", &[now], "ns/op"), toml);
    let small = time(20.0, 29.0);
    assert_eq!(verdict_of(&small, "BenchmarkX", "time"), Verdict::Pass);
    assert!(row(&small, "BenchmarkX", "time").reasons.contains(&Reason::UnderMinChange));
    assert_eq!(verdict_of(&time(20.0, 31.0), "BenchmarkX", "time"), Verdict::Fail);
    let from_zero = time(0.0, 50.0);
    let row = row(&from_zero, "BenchmarkX", "time");
    assert_eq!((row.verdict, row.change), (Verdict::Inconclusive, None));
}

#[test]
fn rules_apply_first_match_wins_and_gate_false_is_never_counted() {
    let toml = "[gate]\nwarn = \"5%\"\nfail = \"10%\"\n\
        [[rule]]\nbenchmark = \"BenchmarkA/*\"\nmetric = \"time\"\nwarn = \"30%\"\nfail = \"50%\"\n\
        [[rule]]\nbenchmark = \"**\"\nmetric = \"memory\"\ngate = false\n\
        [[rule]]\nbenchmark = \"BenchmarkGone\"\nfail = \"50%\"\n";
    let side = |f: f64| {
        lines("A/x", &[100.0 * f], "ns/op") + &lines("B/x", &[100.0], "ns/op") + &lines("B/x", &[100.0 * f], "B/op")
    };
    let report = judge(&side(1.0), &side(1.4), toml);
    assert_eq!(verdict_of(&report, "BenchmarkA/x", "time"), Verdict::Warn);
    assert!(row(&report, "BenchmarkA/x", "time").limits.origin.raw().starts_with("perfgate.toml:"));
    let shown = row(&report, "BenchmarkB/x", "memory");
    assert!(!shown.gate);
    assert_eq!((report.counts.fail, report.counts.warn, report.counts.total), (0, 1, 3));
    assert_eq!(report.verdict, GateVerdict::Warn);
    assert!(report.notes.iter().any(|n| n.code == "unused-rule" && n.message.contains("BenchmarkGone")));
}

#[test]
fn a_fixed_statistic_is_a_series_of_its_own() {
    let toml = "[metrics.\"time.p95\"]\nwarn = \"15%\"\nfail = \"25%\"\n";
    let baseline = lines("X", &[100.0, 100.0, 100.0, 100.0, 100.0, 100.0], "ns/op");
    let current = lines("X", &[100.0, 100.0, 100.0, 100.0, 100.0, 400.0], "ns/op");
    let report = judge(&baseline, &current, toml);
    assert_eq!(verdict_of(&report, "BenchmarkX", "time"), Verdict::Pass);
    let tail = row(&report, "BenchmarkX", "time.p95");
    assert!(tail.change.unwrap() > 2.0, "{:?}", tail.change);
    assert_eq!(tail.limits.fail.unwrap().value, 0.25);
    assert!(judge(&baseline, &current, "").results.iter().all(|r| r.metric.raw() == "time"));
}

#[test]
fn budgets_need_no_baseline_and_the_worse_verdict_wins() {
    let toml = "[[budget]]\nbenchmark = \"BenchmarkX\"\nmetric = \"time\"\nwarn = \"5ns\"\nfail = \"10ns\"\n\
        [[budget]]\nbenchmark = \"BenchmarkX\"\nmetric = \"throughput\"\nfail = \"2MB/s\"\n";
    let with = |ns: f64, mbs: f64| {
        let run = [go(&format!("BenchmarkX 1000 {ns} ns/op {mbs} MB/s\nBenchmarkY 1000 7 ns/op\n"))];
        judge_runs(&[], &run, toml, &Selection::default(), true)
    };
    assert_eq!(with(5.0, 3.0).verdict, GateVerdict::Pass);
    assert_eq!(with(6.0, 3.0).verdict, GateVerdict::Warn);
    assert_eq!(with(11.0, 3.0).verdict, GateVerdict::Fail);
    assert_eq!(with(5.0, 1.0).verdict, GateVerdict::Fail);
    assert_eq!(with(5.0, 3.0).results.len(), 2, "only what a budget speaks of");
    let nothing = judge_runs(&[], &[go("BenchmarkZ 1 1 ns/op\n")], toml, &Selection::default(), true);
    assert_eq!(nothing.verdict, GateVerdict::None);
    // Beside a comparison: unchanged, but over budget.
    let text = lines("X", &[11.0], "ns/op");
    let report = judge(&text, &text, toml);
    assert_eq!(verdict_of(&report, "BenchmarkX", "time"), Verdict::Fail);
    assert!(row(&report, "BenchmarkX", "time").reasons.contains(&Reason::OverFailBudget));
}

#[test]
fn accepted_regressions_expire_and_have_a_size() {
    let entry = |until: &str, up_to: &str| {
        format!(
            "[[accept]]\nbenchmark = \"BenchmarkX\"\nmetric = \"time\"\nup-to = \"{up_to}\"\nuntil = {until}\nreason = \"known\"\n"
        )
    };
    let (baseline, current) = (lines("X", &[100.0], "ns/op"), lines("X", &[125.0], "ns/op"));
    let covered = judge(&baseline, &current, &entry("2026-11-21", "30%"));
    assert_eq!(verdict_of(&covered, "BenchmarkX", "time"), Verdict::Accepted);
    assert_eq!(covered.verdict, GateVerdict::Pass);
    let expired = judge(&baseline, &current, &entry("2026-11-20", "30%"));
    assert_eq!(expired.verdict, GateVerdict::Fail);
    assert!(expired.notes.iter().any(|n| n.code == "expired-accept"));
    let beyond = judge(&baseline, &current, &entry("2026-11-21", "20%"));
    assert_eq!(beyond.verdict, GateVerdict::Fail);
    assert!(row(&beyond, "BenchmarkX", "time").reasons.contains(&Reason::BeyondAccepted));
    let unused = judge(&baseline, &baseline, &entry("2026-12-31", "20%").replace("BenchmarkX", "BenchmarkQ"));
    assert!(unused.notes.iter().any(|n| n.code == "unused-accept"));
}

#[test]
fn new_missing_renamed_and_nothing_in_common() {
    let baseline = lines("Old", &[100.0], "ns/op") + &lines("Same", &[100.0], "ns/op");
    let current = lines("New", &[150.0], "ns/op") + &lines("Same", &[100.0], "ns/op");
    let report = judge(&baseline, &current, "");
    assert_eq!(verdict_of(&report, "BenchmarkOld", "time"), Verdict::Missing);
    assert_eq!(verdict_of(&report, "BenchmarkNew", "time"), Verdict::New);
    assert_eq!(report.verdict, GateVerdict::Warn);
    for (missing, expected) in [("ignore", GateVerdict::Pass), ("fail", GateVerdict::Fail)] {
        let report = judge(&baseline, &current, &format!("[gate]\nmissing = \"{missing}\"\n"));
        assert_eq!(report.verdict, expected);
    }
    let renamed = judge(&baseline, &current, "[[rename]]\nfrom = \"BenchmarkOld\"\nto = \"BenchmarkNew\"\n");
    assert_eq!(verdict_of(&renamed, "BenchmarkNew", "time"), Verdict::Fail);
    assert_eq!(renamed.results.len(), 2);
    let nothing = judge(&lines("A", &[1.0], "ns/op"), &lines("B", &[1.0], "ns/op"), "[gate]\nmissing = \"ignore\"\n");
    assert_eq!(nothing.verdict, GateVerdict::None);
    let config = load("[[rename]]\nfrom = \"BenchmarkOld\"\nto = \"BenchmarkSame\"\n");
    let clash = verdict::judge(&Comparison {
        baseline: Side { runs: &[go(&baseline)], inputs: &[] },
        current: Side { runs: &[go(&current)], inputs: &[] },
        history: &[],
        config: &config,
        selection: &Selection::default(),
        today: TODAY,
        budgets_only: false,
        taken: perfgate::verdict::Taken::Apart,
        keep_samples: false,
    });
    assert_eq!(clash.unwrap_err().code.as_str(), "repeated-rename");
}

#[test]
fn invalid_rows_fail_and_the_rest_is_kept() {
    let baseline = lines("X", &[100.0], "ns/op") + &lines("Y", &[100.0], "ns/op") + &lines("Z", &[100.0], "ns/op");
    let current = "BenchmarkX 1000 NaN ns/op\nBenchmarkY 1000 100 ns/op\n--- FAIL: BenchmarkZ\n";
    let report = judge(&baseline, current, "");
    assert_eq!(verdict_of(&report, "BenchmarkX", "time"), Verdict::Invalid);
    assert_eq!(verdict_of(&report, "BenchmarkY", "time"), Verdict::Pass);
    assert_eq!(verdict_of(&report, "BenchmarkZ", "time"), Verdict::Invalid);
    assert_eq!(report.verdict, GateVerdict::Fail);
    let lenient = judge(&baseline, current, "[gate]\ninvalid = \"warn\"\n");
    assert_eq!(lenient.verdict, GateVerdict::Warn);
}

#[test]
fn another_cpu_weakens_a_failure_of_a_small_suite() {
    let baseline = format!("cpu: A\n{}", lines("X", &[100.0], "ns/op"));
    let current = format!("cpu: B\n{}", lines("X", &[130.0], "ns/op"));
    let report = judge(&baseline, &current, "");
    assert_eq!(verdict_of(&report, "BenchmarkX", "time"), Verdict::Warn);
    assert!(report.notes.iter().any(|n| n.code == "environment-differs" && n.message.contains("cpu A → B")));
    let none = judge(&baseline, &current, "[gate]\nevidence = \"none\"\n");
    assert_eq!(verdict_of(&none, "BenchmarkX", "time"), Verdict::Fail);
}

#[test]
fn several_runs_a_side_are_their_median() {
    let run = |v: f64| go(&lines("X", &[v], "ns/op"));
    let baseline = [run(100.0), run(101.0), run(99.0)];
    let current = [run(100.0), run(500.0), run(101.0)];
    let report = judge_runs(&baseline, &current, "", &Selection::default(), false);
    let row = row(&report, "BenchmarkX", "time");
    // Three runs a side tell how noisy it is: far too noisy to exclude a change.
    assert_eq!(row.verdict, Verdict::Inconclusive);
    assert!(row.reasons.contains(&Reason::CouldBeOverLimit) && row.p.is_some() && row.interval.unwrap()[1] > 1.0);
    assert_eq!((row.current.unwrap().runs, row.current.unwrap().samples), (3, Some(3)));
    assert!((row.current.unwrap().value.unwrap() - 101e-9).abs() < 1e-15);
}

#[test]
fn a_metric_without_direction_is_never_a_silent_pass() {
    let report = judge(&lines("X", &[100.0], "hits/op"), &lines("X", &[50.0], "hits/op"), "");
    assert_eq!(verdict_of(&report, "BenchmarkX", "hits/op"), Verdict::Inconclusive);
    assert!(report.notes.iter().any(|n| n.code == "direction-unknown"));
    let told = judge(
        &lines("X", &[100.0], "hits/op"),
        &lines("X", &[50.0], "hits/op"),
        "[metrics.\"hits/op\"]\nbetter = \"higher\"\n",
    );
    assert_eq!(verdict_of(&told, "BenchmarkX", "hits/op"), Verdict::Fail);
}

#[test]
fn selection_keeps_and_leaves_out() {
    let side = |f: f64| {
        lines("A/x", &[100.0 * f], "ns/op") + &lines("B/x", &[100.0 * f], "ns/op") + &lines("B/x", &[8.0], "B/op")
    };
    let judge =
        |selection: &Selection| judge_runs(&[go(&side(1.0))], &[go(&side(1.0))], "", selection, false).results.len();
    assert_eq!(judge(&Selection::default()), 3);
    assert_eq!(judge(&Selection { metrics: vec!["time".into()], ..Selection::default() }), 2);
    let pattern = |p: &str| vec![perfgate::config::Pattern::new(p)];
    assert_eq!(judge(&Selection { filter: pattern("BenchmarkB/*"), ..Selection::default() }), 2);
    assert_eq!(judge(&Selection { exclude: pattern("**/x"), ..Selection::default() }), 0);
}

#[test]
fn swapping_the_sides_mirrors_the_change() {
    let a = lines("X", &[100.0, 101.0, 102.0, 103.0, 104.0], "ns/op");
    let b = lines("X", &[150.0, 151.0, 152.0, 153.0, 154.0], "ns/op");
    let (forth, back) = (judge(&a, &b, ""), judge(&b, &a, ""));
    assert_eq!(verdict_of(&forth, "BenchmarkX", "time"), Verdict::Fail);
    assert_eq!(verdict_of(&back, "BenchmarkX", "time"), Verdict::Improved);
    let product = (1.0 + row(&forth, "BenchmarkX", "time").change.unwrap())
        * (1.0 + row(&back, "BenchmarkX", "time").change.unwrap());
    assert!((product - 1.0).abs() < 1e-12);
}

#[test]
fn a_minimum_in_another_unit_excuses_nothing() {
    let toml = "[[rule]]\nbenchmark = \"**\"\nmin-change = \"1ns\"\n";
    let report = judge(&lines("X", &[100.0], "allocs/op"), &lines("X", &[200.0], "allocs/op"), toml);
    assert_eq!(verdict_of(&report, "BenchmarkX", "allocs"), Verdict::Fail);
    assert!(report.notes.iter().any(|n| n.code == "unit-mismatch"));
}

#[test]
fn budgets_see_failures_and_wrong_units() {
    let budget = "[[budget]]\nbenchmark = \"BenchmarkX\"\nmetric = \"time\"\nfail = \"10ns\"\n";
    for text in
        ["--- FAIL: BenchmarkX\nBenchmarkY 1000 1 ns/op\n", "BenchmarkX 1000 NaN ns/op\nBenchmarkY 1000 1 ns/op\n"]
    {
        let report = judge_runs(&[], &[go(text)], budget, &Selection::default(), true);
        assert_eq!((report.verdict, report.counts.invalid), (GateVerdict::Fail, 1), "{text}");
    }
    let same = lines("X", &[5.0], "ns/op");
    for unit in ["1MiB", "95%"] {
        let wrong = judge(&same, &same, &budget.replace("10ns", unit));
        assert_eq!(verdict_of(&wrong, "BenchmarkX", "time"), Verdict::Invalid, "{unit}");
    }
}

#[test]
fn what_never_varied_has_no_noise() {
    let run = |hits: f64| go(&format!("BenchmarkX 1000 {hits} instructions\n"));
    let of = |before: &[f64], now: &[f64]| {
        let [before, now] = [before, now].map(|side| side.iter().map(|hits| run(*hits)).collect::<Vec<_>>());
        let limits = "[gate]\nwarn = \"1%\"\nfail = \"2%\"\n";
        verdict_of(&judge_runs(&before, &now, limits, &Selection::default(), false), "BenchmarkX", "instructions")
    };
    assert_eq!(of(&[100.0; 3], &[100.0; 3]), Verdict::Pass);
    assert_eq!(of(&[100.0, 106.0, 94.0], &[100.0; 3]), Verdict::Inconclusive);
}

/// Runs of one benchmark, taken in turns.
fn in_turns(before: &[f64], now: &[f64], unit: &str) -> Report {
    let runs = |values: &[f64]| values.iter().map(|v| go(&lines("X", &[*v], unit))).collect::<Vec<Run>>();
    let (before, now, config) = (runs(before), runs(now), load(""));
    verdict::judge(&Comparison {
        baseline: Side { runs: &before, inputs: &[] },
        current: Side { runs: &now, inputs: &[] },
        history: &[],
        config: &config,
        selection: &Selection::default(),
        today: TODAY,
        budgets_only: false,
        taken: verdict::Taken::InTurns { looks: 1, adjust: true, suspects_of: None, keep_limits: false },
        keep_samples: false,
    })
    .unwrap()
}

#[test]
fn a_count_that_varies_within_a_side_is_not_exact() {
    let of = |before: &[f64], now: &[f64]| in_turns(before, now, "allocs/op").results.remove(0);
    let wobbling = of(&[10.0, 10.0, 10.0, 12.0, 12.0], &[10.0, 10.0, 12.0, 12.0, 12.0]);
    assert!(wobbling.verdict != Verdict::Fail && wobbling.kind == Kind::Noisy && wobbling.p.is_some(), "{wobbling:?}");
    let steady = of(&[10.0; 5], &[12.0; 5]);
    assert_eq!((steady.verdict, steady.kind), (Verdict::Fail, Kind::Exact));
    // Sides that have no value in common leave no doubt.
    let apart = of(&[1000.0, 1001.0, 1000.0, 1000.0, 1001.0], &[1200.0, 1201.0, 1200.0, 1201.0, 1200.0]);
    assert_eq!((apart.verdict, apart.kind), (Verdict::Fail, Kind::Exact), "{apart:?}");
    assert_eq!(of(&[0.0, 0.0, 0.0, 0.0, 1.0], &[100.0; 5]).verdict, Verdict::Fail);
    // The samples of one run tell, too. Their middle is compared: a count is not only ever added to.
    let of = |before: &[f64], now: &[f64]| {
        let samples = |values: &[f64]| lines("X", values, "allocs/op");
        verdict_of(&judge(&samples(before), &samples(now), ""), "BenchmarkX", "allocs")
    };
    assert_eq!(of(&[10.0, 10.0, 12.0, 12.0, 12.0], &[12.0, 10.0, 12.0, 14.0, 14.0]), Verdict::Pass);
    assert_eq!(of(&[10.0, 10.0, 10.0, 12.0, 12.0], &[10.0, 10.0, 12.0, 12.0, 12.0]), Verdict::Inconclusive);
    assert_eq!(of(&[10.0; 5], &[20.0, 20.0, 20.0, 20.0, 10.0]), Verdict::Fail);
}

#[test]
fn two_runs_a_side_must_be_apart() {
    let of = |before: &[f64], now: &[f64]| in_turns(before, now, "ns/op").results.remove(0);
    let one_is_off = of(&[1000.0, 1001.0], &[1600.0, 1001.0]);
    assert_eq!(one_is_off.verdict, Verdict::Inconclusive);
    assert!(one_is_off.reasons.contains(&Reason::SamplesOverlap), "{one_is_off:?}");
    assert_eq!(of(&[1000.0, 1001.0], &[1300.0, 1310.0]).verdict, Verdict::Fail);
}

#[test]
fn zeros_on_one_side_have_no_ratio_and_pass_nothing() {
    for (before, now, said) in [
        ([1000.0; 5], [1000.0, 0.0, 1000.0, 0.0, 1000.0], "one side is zero in 2 of 5 pairs, which leaves no ratio"),
        ([1000.0, 0.0, 1000.0, 1000.0, 1000.0], [1000.0; 5], "one side is zero in 1 of 5 pairs, which leaves no ratio"),
        (
            [1.0, 1.0, 1.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 0.0, 1.0],
            "one side is zero in 2 of 5 pairs, which leaves no ratio",
        ),
    ] {
        let row = in_turns(&before, &now, "MB/s").results.remove(0);
        assert_eq!(row.verdict, Verdict::Inconclusive, "{row:?}");
        assert!(row.reasons.contains(&Reason::FewPairs), "{row:?}");
        assert!(row.explanations.iter().any(|told| told == said), "{row:?}");
    }
    let none = in_turns(&[0.0; 5], &[0.0; 5], "MB/s").results.remove(0);
    assert_eq!((none.verdict, none.reasons.len()), (Verdict::Pass, 0));
}

#[test]
fn what_a_rate_could_have_shown_is_a_loss() {
    let report = in_turns(&[700.0, 710.0, 705.0, 702.0, 707.0], &[650.0, 500.0, 690.0, 430.0, 560.0], "MB/s");
    let row = row(&report, "BenchmarkX", "throughput");
    assert!(row.detectable.is_some_and(|share| share > 0.0 && share < 1.0), "{row:?}");
    assert!(row.explanations.iter().all(|said| !said.contains("about +")), "{row:?}");
}

#[test]
fn an_entry_that_names_a_tool_is_about_its_results() {
    let (before, now) = (lines("X", &[100.0], "ns/op"), lines("X", &[200.0], "ns/op"));
    for (entry, expected) in [
        ("[[budget]]\nmetric = \"time\"\nfail = \"150ns\"\n", [Verdict::Fail, Verdict::Pass]),
        ("[[rule]]\nfail = \"50%\"\n", [Verdict::Fail, Verdict::Pass]),
        ("[[accept]]\n", [Verdict::Accepted, Verdict::Fail]),
    ] {
        let gate = if entry.contains("accept") { "10%" } else { "300%" };
        for (tool, expected) in ["go", "criterion"].into_iter().zip(expected) {
            let toml =
                format!("[gate]\nwarn = \"{gate}\"\nfail = \"{gate}\"\n{entry}benchmark = \"**\"\ntool = \"{tool}\"\n");
            let report = judge(&before, &now, &toml);
            assert_eq!(verdict_of(&report, "BenchmarkX", "time"), expected, "{toml}");
            let unused = report.notes.iter().any(|n| n.code.starts_with("unused"));
            assert_eq!(unused, tool == "criterion", "{toml}");
        }
    }
}

#[test]
fn a_statistic_that_only_a_budget_names_is_judged_by_it_alone() {
    let budget = "[[budget]]\nbenchmark = \"BenchmarkX\"\nmetric = \"time.max\"\nfail = \"300ns\"\n";
    let side = |x: f64, y: f64| lines("X", &[x; 5], "ns/op") + &lines("Y", &[y; 5], "ns/op");
    let twice = |toml: &str| judge(&side(100.0, 100.0), &side(200.0, 200.0), toml);
    let report = twice(&format!("[metrics.time]\ngate = false\n{budget}"));
    let [x, y] = ["BenchmarkX", "BenchmarkY"].map(|name| row(&report, name, "time.max"));
    assert_eq!((x.verdict, x.gate, y.gate, report.verdict), (Verdict::Pass, true, false, GateVerdict::Pass));
    let over = judge(&side(100.0, 100.0), &side(301.0, 100.0), &format!("[metrics.time]\ngate = false\n{budget}"));
    assert_eq!((verdict_of(&over, "BenchmarkX", "time.max"), over.verdict), (Verdict::Fail, GateVerdict::Fail));
    // Named for its own sake, it has limits as well.
    let named = twice(&format!("[metrics.\"time.max\"]\nfail = \"50%\"\n{budget}"));
    assert_eq!(verdict_of(&named, "BenchmarkX", "time.max"), Verdict::Fail);
}

#[test]
fn entries_about_what_was_left_out_are_not_called_unused() {
    let toml = "[[budget]]\nbenchmark = \"BenchmarkY\"\nmetric = \"time\"\nfail = \"1s\"\n\
        [[rule]]\nbenchmark = \"BenchmarkY\"\nfail = \"5%\"\n[[accept]]\nbenchmark = \"BenchmarkY\"\n";
    let text = lines("X", &[1.0], "ns/op") + &lines("Y", &[1.0], "ns/op");
    let unused = |run: &str, selection: &Selection| {
        let report = judge_runs(&[go(run)], &[go(run)], toml, selection, false);
        report.notes.iter().filter(|note| note.code.starts_with("unused")).count()
    };
    let only_x = Selection { filter: vec![config::Pattern::new("BenchmarkX")], ..Selection::default() };
    assert_eq!(unused(&text, &only_x), 0);
    assert_eq!(unused(&lines("X", &[1.0], "ns/op"), &Selection::default()), 3);
}

#[test]
fn an_acceptance_with_a_size_covers_only_what_it_can_measure() {
    let budget = "[[budget]]\nbenchmark = \"**\"\nmetric = \"time\"\nfail = \"10ns\"\n";
    let accept = "[[accept]]\nbenchmark = \"**\"\nup-to = \"30%\"\n";
    let run = [go(&lines("X", &[50.0], "ns/op"))];
    let report = judge_runs(&[], &run, &format!("{budget}{accept}"), &Selection::default(), true);
    assert_eq!(report.verdict, GateVerdict::Fail);
    let bytes = "[[accept]]\nbenchmark = \"**\"\nup-to = \"+1MiB\"\n";
    let slower = judge(&lines("X", &[100.0], "ns/op"), &lines("X", &[200.0], "ns/op"), bytes);
    assert_eq!(verdict_of(&slower, "BenchmarkX", "time"), Verdict::Fail);
}

#[test]
fn a_crash_of_everything_is_no_missing_baseline() {
    let baseline = lines("X", &[100.0], "ns/op");
    let report = judge(&baseline, "goos: linux\n--- FAIL: BenchmarkX\nFAIL\tpkg\t0.1s\n", "");
    assert_eq!(report.verdict, GateVerdict::Fail);
}

#[test]
fn series_that_do_not_count_do_not_shift_the_suite() {
    let suite = |f: f64| -> String { (0..9).map(|i| lines(&format!("B{i}"), &[100.0 * f], "ns/op")).collect() };
    let shifted = judge(&suite(1.0), &suite(1.3), "");
    assert_eq!(shifted.shifts.len(), 1);
    let shown = judge(&suite(1.0), &suite(1.3), "[[rule]]\nbenchmark = \"**\"\nmetric = \"time\"\ngate = false\n");
    assert!(shown.shifts.is_empty());
    assert_eq!(shown.verdict, GateVerdict::None, "nothing was judged");
}

#[test]
fn a_filter_does_not_change_the_verdicts_of_what_it_keeps() {
    let suite = |factors: [f64; 9]| -> String {
        factors.iter().enumerate().map(|(i, f)| lines(&format!("B{i}"), &[100.0 * f], "ns/op")).collect()
    };
    let baseline = [go(&suite([1.0; 9]))];
    let current = [go(&suite([1.10, 1.12, 1.14, 1.15, 1.16, 1.18, 1.20, 1.22, 1.30]))];
    let only = Selection { filter: vec![perfgate::config::Pattern::new("BenchmarkB8")], ..Selection::default() };
    let report = judge_runs(&baseline, &current, "", &only, false);
    assert_eq!(report.results.len(), 1);
    assert_eq!(verdict_of(&report, "BenchmarkB8", "time"), Verdict::Warn);
}

#[test]
fn renames_keep_names_that_hold_colons() {
    let name = "[[rename]]\nfrom = \"Benchmarkfoo::bar\"\nto = \"Benchmarkfoo::baz\"\n";
    let report = judge(&lines("foo::bar", &[100.0], "ns/op"), &lines("foo::baz", &[100.0], "ns/op"), name);
    assert_eq!(report.results.len(), 1);
    let qualified = "[[rename]]\nfrom = \"a/b::BenchmarkX\"\nto = \"a/c::BenchmarkX\"\n";
    let of = |package: &str| format!("pkg: {package}\n{}", lines("X", &[100.0], "ns/op"));
    assert_eq!(judge(&of("a/b"), &of("a/c"), qualified).results.len(), 1);
}
