//! The back-test behind `tune` on generated pasts: calm, wild, with gaps, with a real change in the middle.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use perfgate::config::{self, Config, Overrides};
use perfgate::diag::Diagnostics;
use perfgate::format::{self, Document, Reader};
use perfgate::model::{MetricId, Run, Statistic};
use perfgate::verdict::backtest::{BackTest, LIMITS, MetricPast, Past, SIZES, back_test};
use perfgate::verdict::{Comparison, Selection, Side, judge, worsened};

const TODAY: Date = Date::constant(2026, 11, 21);

/// Uniform numbers in [0, 1) by splitmix64, the same everywhere.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal with standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn parse(text: &str) -> Run {
    let mut diagnostics = Diagnostics::new();
    let Reader::Text { parse, .. } = format::by_name("go").unwrap().reader else { panic!("go is text") };
    let mut runs = parse(&Document { name: "test".into(), text }, &mut diagnostics);
    assert_eq!(runs.len(), 1, "{:?}", diagnostics.into_vec());
    runs.remove(0)
}

/// Runs of 9 benchmarks with 5 values each; `time` gives the level of a benchmark in a run, in ns, or `None` for a gap.
fn past(runs: usize, mut time: impl FnMut(usize, usize) -> Option<f64>) -> Vec<Run> {
    let mut random = Random(7);
    (0..runs)
        .map(|run| {
            let mut text = String::from("goos: linux\ngoarch: amd64\npkg: example.com/suite\ncpu: Test\n");
            for benchmark in 0..9 {
                let Some(level) = time(run, benchmark) else { continue };
                for _ in 0..5 {
                    let value = level * (1.0 + 0.01 * random.uniform());
                    writeln!(text, "BenchmarkB{benchmark:02}-2 \t 1000\t {value:.2} ns/op\t 16 B/op\t {} allocs/op", 3)
                        .unwrap();
                }
            }
            parse(&text)
        })
        .collect()
}

/// Unchanged runs in which every benchmark has this standard deviation between runs.
fn noisy(runs: usize, deviation: f64) -> Vec<Run> {
    let mut random = Random(1);
    past(runs, |_, benchmark| Some((1000.0 + 100.0 * benchmark as f64) * (deviation * random.normal()).exp()))
}

fn load(toml: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let name = "perfgate.toml".into();
    let config = config::load(Some((&name, toml)), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{:?}", diagnostics.into_vec());
    config
}

fn test_with(runs: &[Run], toml: &str, wanted: f64) -> BackTest {
    let selection = Selection { metrics: vec!["time".into(), "allocs".into()], ..Selection::default() };
    back_test(&Past { runs, config: &load(toml), selection: &selection, today: TODAY, wanted }).unwrap()
}

fn time(found: &BackTest) -> &MetricPast {
    &found.metrics[&MetricId::new("time")]
}

#[test]
fn a_calm_suite_gets_tight_limits_and_a_wild_one_is_not_asked_to_see_what_it_cannot() {
    let (calm, wild) = (test_with(&noisy(30, 0.004), "", 0.01), test_with(&noisy(30, 0.15), "", 0.01));
    let (calm, wild) = (&time(&calm).whole, &time(&wild).whole);
    assert_eq!((calm.runs, wild.runs), (25, 25));
    assert_eq!(calm.fail, Some(0.02), "{:?}", calm.limits);
    assert!(calm.at_fail().unwrap().sees.unwrap() <= 0.05, "{:?}", calm.limits);
    assert!(wild.at_fail().unwrap().sees.is_none_or(|seen| seen >= 0.5), "{:?}", wild.limits);
    // The plain rule shows the difference: quiet on the one, always red on the other.
    let plain = |outcome: &perfgate::verdict::backtest::Outcome| outcome.at(0.10).unwrap().plain_runs;
    assert_eq!(plain(calm), 0);
    assert!(plain(wild) >= 24, "{}", plain(wild));
}

/// A gate without evidence about noise, on a history in which some runs have spikes: the limit has to give.
#[test]
fn spikes_widen_the_limit_until_they_are_below_it() {
    let mut random = Random(3);
    let runs = past(30, |run, benchmark| {
        let spike = if benchmark == 4 && [12, 20].contains(&run) { 1.25 } else { 1.0 };
        Some(1000.0 * (0.003 * random.normal()).exp() * spike)
    });
    let found = test_with(&runs, "", 0.01);
    let found = time(&found);
    assert_eq!(found.whole.fail, Some(0.30), "{:?}", found.whole.limits);
    assert_eq!(found.alarms_at, Some(0.20));
    let alarms: Vec<_> = found.alarms.iter().map(|a| (a.run, a.rows, a.benchmark.name.raw(), a.lasting)).collect();
    assert!(alarms.contains(&(12, 1, "BenchmarkB04", false)), "{alarms:?}");
    // One in ten may fail: the same past, a tighter limit or the same.
    let lax = test_with(&runs, "", 0.10);
    assert_eq!(time(&lax).whole.fail, Some(0.02));
}

#[test]
fn a_real_change_counts_as_an_alarm_and_is_told_apart() {
    let mut random = Random(5);
    let runs = past(30, |run, benchmark| {
        let step = if benchmark == 7 && run >= 15 { 1.4 } else { 1.0 };
        Some(1000.0 * (0.004 * random.normal()).exp() * step)
    });
    let found = test_with(&runs, "", 0.01);
    let found = time(&found);
    assert_eq!(found.whole.fail, Some(0.50), "{:?}", found.whole.limits);
    let first = found.alarms.first().unwrap();
    assert_eq!((first.run, first.benchmark.name.raw(), first.lasting), (15, "BenchmarkB07", true));
    assert!((first.change - 0.4).abs() < 0.03, "{}", first.change);
    // Without the runs before it, the limit is tight again.
    assert_eq!(time(&test_with(&runs[15..], "", 0.01)).whole.fail, Some(0.02));
}

#[test]
fn gaps_are_not_judged_and_do_not_stop_the_rest() {
    let mut random = Random(9);
    let runs = past(20, |run, benchmark| {
        let gone = (benchmark == 2 && run % 3 == 0) || (benchmark == 3 && run < 18);
        (!gone).then(|| 1000.0 * (0.004 * random.normal()).exp())
    });
    let found = test_with(&runs, "", 0.01);
    let whole = &time(&found).whole;
    assert_eq!((whole.runs, whole.series), (15, 8));
    // B02 is in a run and in the one before it once in three runs, B03 in the last run only.
    assert_eq!(whole.rows, 15 * 7 + 5 + 1);
    assert_eq!(whole.fail, Some(0.02), "{:?}", whole.limits);
}

#[test]
fn counts_that_never_change_may_fail_on_any_increase() {
    let found = test_with(&noisy(12, 0.01), "", 0.01);
    assert!(found.metrics[&MetricId::new("allocs")].whole.never_worse());
    assert!(!time(&found).whole.never_worse());
}

#[test]
fn too_few_runs_are_not_judged() {
    let found = test_with(&noisy(7, 0.01), "", 0.01);
    assert_eq!((found.runs, found.judged, found.metrics.len()), (7, 0, 0));
    let found = test_with(&noisy(8, 0.01), "", 0.01);
    assert_eq!((found.runs, found.judged), (8, 3));
}

/// The configured limits and statistics have no say, directions and `gate = false` have.
#[test]
fn limits_of_the_configuration_do_not_matter_but_what_counts_does() {
    let runs = noisy(14, 0.02);
    let plain = test_with(&runs, "", 0.01);
    let limited =
        test_with(&runs, "[gate]\nfail = \"90%\"\n[metrics.time]\nstatistic = \"mean\"\nfail = \"+1s\"\n", 0.01);
    assert_eq!(plain, limited);
    let silent = test_with(&runs, "[metrics.time]\ngate = false\n", 0.01);
    assert!(!silent.metrics.contains_key(&MetricId::new("time")));
    assert!(silent.metrics.contains_key(&MetricId::new("allocs")));
    let turned = test_with(&runs, "[metrics.time]\nbetter = \"higher\"\n", 0.01);
    assert_ne!(time(&plain).whole.limits, time(&turned).whole.limits);
}

/// One judging with a limit that any worsening reaches must say the same as a judging with the limit itself.
#[test]
fn the_shortcut_over_limits_agrees_with_judging_by_each_of_them() {
    let runs = noisy(14, 0.03);
    let found = test_with(&runs, "", 0.01);
    for limit in LIMITS {
        let config = load(&format!("[gate]\nwarn = \"{0}%\"\nfail = \"{0}%\"\n", limit * 100.0));
        let (mut failed, mut warned) = (0, 0);
        for at in 5..runs.len() {
            let report = judge(&Comparison {
                baseline: Side { runs: &runs[at - 1..at], inputs: &[] },
                current: Side { runs: &runs[at..=at], inputs: &[] },
                history: &runs[..at - 1],
                config: &config,
                selection: &Selection { metrics: vec!["time".into()], ..Selection::default() },
                today: TODAY,
                budgets_only: false,
                taken: perfgate::verdict::Taken::Apart,
                keep_samples: false,
            })
            .unwrap();
            failed += report.counts.fail;
            warned += usize::from(report.counts.fail + report.counts.warn > 0);
        }
        let at = time(&found).whole.at(limit).unwrap();
        assert_eq!((at.failed_rows, at.warned_runs), (failed, warned), "{limit}");
    }
}

#[test]
fn larger_regressions_are_seen_more_often_and_the_outcome_is_the_same_every_time() {
    let runs = noisy(14, 0.03);
    let (found, again) = (test_with(&runs, "", 0.01), test_with(&runs, "", 0.01));
    assert_eq!(found, again);
    let seen = &time(&found).whole.at(0.05).unwrap().seen;
    assert_eq!(seen.len(), SIZES.len());
    assert!(seen.iter().all(|(failed, all)| failed <= all && *all >= 20));
    assert!(seen.first().unwrap().0 < seen.last().unwrap().0, "{seen:?}");
    let statistics: Vec<Statistic> =
        time(&found).tools.values().next().unwrap().statistics.iter().map(|s| s.0).collect();
    assert_eq!(statistics.len(), 5);
}

#[test]
fn a_worsened_copy_is_worse_by_that_much_and_only_there() {
    let run = noisy(1, 0.0).remove(0);
    let worse = worsened(&run, 0.10, |id| id.name.raw() == "BenchmarkB03");
    for (key, before) in &run.series {
        let after = &worse.series[key];
        let (a, b) = (before.summary.get(Statistic::Min).unwrap(), after.summary.get(Statistic::Min).unwrap());
        let expected = match (key.benchmark.name.raw(), key.metric.raw()) {
            ("BenchmarkB03", "allocs") => 4.0 / 3.0,
            ("BenchmarkB03", "time") => 1.1,
            ("BenchmarkB03", "memory") => b / a,
            _ => 1.0,
        };
        assert!((b / a - expected).abs() < 1e-9, "{key:?} {a} {b}");
    }
}
