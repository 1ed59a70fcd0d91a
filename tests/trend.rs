//! Histories in, events out: steps, spikes, drift, machines, gaps, exact metrics, and what turns a night red.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use perfgate::config::{self, Overrides, Pattern, Selection};
use perfgate::diag::Diagnostics;
use perfgate::format::{self, Document, Reader};
use perfgate::model::report::GateVerdict;
use perfgate::model::trend::{Change, Event, Grade, Trend};
use perfgate::model::{Kind, Run};
use perfgate::report::Style;
use perfgate::report::trend::{TRENDS, headline};
use perfgate::text::Untrusted;
use perfgate::trend::{Options, Point, Since, analyse};

const TODAY: Date = Date::constant(2026, 11, 21);

fn go(text: &str) -> Run {
    let Reader::Text { parse, .. } = format::by_name("go").unwrap().reader else { panic!("go is text") };
    parse(&Document { name: "test".into(), text }, &mut Diagnostics::new()).remove(0)
}

/// A number that looks normal: the same for the same arguments.
fn noise(run: usize, benchmark: usize) -> f64 {
    // SplitMix64 (Steele, Lea & Flood 2014); a sum of twelve uniforms.
    let mut x = ((run as u64) << 20) ^ benchmark as u64 ^ 0xABCD;
    let mut sum = -6.0;
    for _ in 0..12 {
        x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = x;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        sum += (z >> 11) as f64 / (1_u64 << 53) as f64;
    }
    sum
}

const BENCHMARKS: usize = 12;

/// A run of the benchmarks with 1 % of noise; `factor` moves each, or leaves it out. `allocs` gives counts.
fn run(index: usize, benchmarks: usize, factor: &dyn Fn(usize) -> Option<f64>, allocs: &dyn Fn(usize) -> usize) -> Run {
    let mut text = String::new();
    for b in 0..benchmarks {
        let Some(factor) = factor(b) else { continue };
        let level = 100.0 * (b + 1) as f64 * factor * (1.0 + 0.01 * noise(index, b));
        writeln!(text, "BenchmarkB{b} 1000 {level:.4} ns/op 64 B/op {} allocs/op", allocs(b)).unwrap();
    }
    let mut run = go(&text);
    run.subject.commit = Some(format!("{:07x}abc", 0x00a0_0000 + index).into());
    run.subject.taken_at = Some(1_780_000_000 + 86_400 * i64::try_from(index).unwrap());
    run
}

/// A history of so many runs; the factor of a benchmark depends on run and benchmark.
fn history(runs: usize, factor: impl Fn(usize, usize) -> f64) -> Vec<Run> {
    (0..runs).map(|i| run(i, BENCHMARKS, &|b| Some(factor(i, b)), &|_| 3)).collect()
}

fn options_of(toml: &str) -> config::Config {
    let mut diagnostics = Diagnostics::new();
    let file: Untrusted = "perfgate.toml".into();
    let config = config::load(Some((&file, toml)), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    config
}

fn analysed(runs: &[Run], toml: &str, since: Option<&str>, selection: &Selection) -> Trend {
    let sources: Vec<Untrusted> = (0..runs.len()).map(|i| format!("run-{i}.txt").into()).collect();
    let points: Vec<Point<'_>> = runs.iter().zip(&sources).map(|(run, source)| Point { run, source }).collect();
    let since = since.map(|s| Since::parse(s).unwrap());
    let config = options_of(toml);
    analyse(&points, &Options { config: &config, selection, since: since.as_ref(), today: TODAY, series: false })
        .unwrap()
}

fn trend(runs: &[Run]) -> Trend {
    analysed(runs, LIMITS, None, &Selection::default())
}

const LIMITS: &str = "[gate]\nwarn = \"5%\"\nfail = \"10%\"\n";

fn only(trend: &Trend) -> (&Event, &Change) {
    let [event] = trend.events.as_slice() else { panic!("{:#?}", trend.events) };
    (event, event.changes.first().unwrap())
}

fn step_at(at: usize, of: usize, size: f64) -> impl Fn(usize, usize) -> f64 {
    move |run, benchmark| if run >= at && benchmark == of { size } else { 1.0 }
}

#[test]
fn nothing_happens_where_nothing_changed() {
    let trend = trend(&history(60, |_, _| 1.0));
    assert!(trend.events.is_empty(), "{:#?}", trend.events);
    assert_eq!(trend.verdict, GateVerdict::Pass);
    assert_eq!(headline(&trend), "PASS: no change points in 36 series of 60 runs");
}

#[test]
fn a_step_is_placed_sized_and_graded() {
    let trend = trend(&history(60, step_at(40, 3, 1.12)));
    let (event, change) = only(&trend);
    assert_eq!(change.benchmark.as_ref().unwrap().raw(), "BenchmarkB3");
    assert_eq!(
        (change.grade, change.provisional, change.recovered, event.suite_wide),
        (Grade::Fail, false, false, false)
    );
    assert!((change.change.unwrap() - 0.12).abs() < 0.02, "{change:?}");
    assert!(change.range.likeliest.abs_diff(40) <= 1 && change.range.last_good < 40 && change.range.first_bad >= 40);
    assert!(!event.new && !change.red, "it is twenty runs old");
    assert_eq!(trend.verdict, GateVerdict::Pass);
}

#[test]
fn two_steps_are_two_events_and_the_first_recovers() {
    let back = |run, benchmark| if (20..40).contains(&run) && benchmark == 3 { 1.15 } else { 1.0 };
    let trend = trend(&history(60, back));
    let grades: Vec<(Grade, bool)> = trend.events.iter().map(|e| (e.grade, e.changes[0].recovered)).collect();
    assert_eq!(grades, [(Grade::Fail, true), (Grade::Improved, false)]);
}

#[test]
fn a_spike_is_no_event() {
    for length in 1..=2 {
        let spike = |run, benchmark| if (30..30 + length).contains(&run) && benchmark == 3 { 1.5 } else { 1.0 };
        assert!(trend(&history(60, spike)).events.is_empty(), "{length}");
    }
}

#[test]
fn drift_is_told_as_steps_for_the_worse() {
    let trend = trend(&history(120, |run, benchmark| if benchmark == 3 { 1.0 + 0.002 * run as f64 } else { 1.0 }));
    assert!(trend.events.len() >= 2, "{:#?}", trend.events);
    for change in trend.changes() {
        assert_eq!(change.benchmark.as_ref().unwrap().raw(), "BenchmarkB3");
        assert!(change.grade <= Grade::Minor);
    }
}

#[test]
fn a_machine_change_is_one_event_of_the_suite() {
    let mut runs = history(60, |run, _| if run >= 40 { 1.2 } else { 1.0 });
    for (i, run) in runs.iter_mut().enumerate() {
        run.environment.labels.insert("cpu".into(), if i >= 40 { "new" } else { "old" }.into());
    }
    let found = trend(&runs);
    let (event, change) = only(&found);
    assert!(event.suite_wide && change.benchmark.is_none());
    assert_eq!((event.range.last_good, event.range.first_bad), (39, 40));
    assert!((change.change.unwrap() - 0.2).abs() < 0.01, "{change:?}");
    assert_eq!(event.differs[0].label.raw(), "cpu");
    assert!(!change.gate, "another machine is nobody's regression");
    // Seen on the first night on which it is certain, and still not red.
    assert_eq!(trend(&runs[..44]).verdict, GateVerdict::Pass);
    // On one machine it can be the code.
    let same = history(44, |run, _| if run >= 40 { 1.2 } else { 1.0 });
    assert_eq!(trend(&same).verdict, GateVerdict::Warn);
    let ignored = analysed(&same, &format!("{LIMITS}suite-shift = \"ignore\"\n"), None, &Selection::default());
    assert_eq!(ignored.verdict, GateVerdict::Pass);
}

#[test]
fn benchmarks_of_one_commit_are_one_event() {
    let trend = trend(&history(60, |run, benchmark| if run >= 40 && benchmark < 3 { 1.10 } else { 1.0 }));
    let (event, _) = only(&trend);
    assert_eq!(event.changes.len(), 3);
    assert_eq!(event.range.likeliest, 40);
}

#[test]
fn benchmarks_come_and_go() {
    let present = |run: usize, b: usize| match b {
        3 => run >= 30,
        4 => run < 30,
        5 => run.is_multiple_of(3),
        _ => true,
    };
    let factor = |run: usize, b: usize| if run >= 45 && b == 5 { 1.3 } else { 1.0 };
    let runs: Vec<Run> =
        (0..90).map(|i| run(i, BENCHMARKS, &|b| present(i, b).then(|| factor(i, b)), &|_| 3)).collect();
    let trend = trend(&runs);
    let (event, change) = only(&trend);
    assert_eq!(change.benchmark.as_ref().unwrap().raw(), "BenchmarkB5");
    // Measured at every third run only: the range covers what was not measured.
    assert_eq!((event.range.last_good, event.range.first_bad), (42, 45));
}

#[test]
fn exact_metrics_need_no_statistics() {
    let allocs = |run: usize| move |b: usize| if b == 3 && (20..25).contains(&run) { 5 } else { 3 };
    let runs: Vec<Run> = (0..40).map(|i| run(i, BENCHMARKS, &|_| Some(1.0), &allocs(i))).collect();
    let found = trend(&runs);
    let kinds: Vec<_> = found.changes().map(|c| (c.kind, c.before, c.after, c.range.first_bad, c.p)).collect();
    assert_eq!(kinds, [(Kind::Exact, 3.0, 5.0, 20, None), (Kind::Exact, 5.0, 3.0, 25, None)]);
    // Seen in the very run that has it, and red in that night alone.
    let nights: Vec<GateVerdict> = (19..24).map(|n| trend(&runs[..n]).verdict).collect();
    assert_eq!(nights, [GateVerdict::Pass, GateVerdict::Pass, GateVerdict::Fail, GateVerdict::Pass, GateVerdict::Pass]);
}

#[test]
fn an_exact_metric_that_wobbles_is_a_noisy_one() {
    let runs: Vec<Run> = (0..40).map(|i| run(i, BENCHMARKS, &|_| Some(1.0), &|_| 1000 + i % 2)).collect();
    assert!(trend(&runs).events.is_empty());
}

#[test]
fn a_young_level_is_provisional_and_not_red() {
    let runs = history(43, step_at(40, 3, 1.3));
    let found = trend(&runs);
    let (event, change) = only(&found);
    assert!(event.provisional && change.lasted == 3);
    assert_eq!(found.verdict, GateVerdict::Pass);
}

#[test]
fn a_regression_is_red_once() {
    for (size, of) in [(1.3, 3), (1.12, 5), (1.06, 7)] {
        let runs = history(70, step_at(40, of, size));
        let verdicts: Vec<GateVerdict> = (9..=runs.len()).map(|n| trend(&runs[..n]).verdict).collect();
        let red: Vec<usize> = (9..).zip(&verdicts).filter(|(_, v)| **v != GateVerdict::Pass).map(|(n, _)| n).collect();
        assert_eq!(red.len(), 1, "{size}: {red:?}");
        assert!((44..=60).contains(&red[0]), "{size}: {red:?}");
    }
}

#[test]
fn a_regression_is_red_once_however_many_runs_a_night_has() {
    for (per_night, size) in [(2, 1.3), (3, 1.12), (5, 1.3)] {
        let mut runs = history(80, step_at(41, 3, size));
        for (index, run) in runs.iter_mut().enumerate() {
            let (night, within) = (index / per_night, index % per_night);
            run.subject.taken_at = Some(1_780_000_000 + i64::try_from(night * 86_400 + within * 9000).unwrap());
        }
        let looked_at = (per_night..=runs.len()).step_by(per_night).filter(|n| *n >= 16);
        let red: Vec<usize> = looked_at.filter(|n| trend(&runs[..*n]).verdict != GateVerdict::Pass).collect();
        assert_eq!(red.len(), 1, "{per_night} a night: {red:?}");
    }
}

#[test]
fn what_is_under_the_limit_accepted_or_shown_only_is_never_red() {
    let runs = history(44, step_at(40, 3, 1.3));
    for toml in [
        "[gate]\nwarn = \"50%\"\nfail = \"60%\"\n",
        "[[accept]]\nbenchmark = \"BenchmarkB3\"\nreason = \"known\"\n",
        "[[rule]]\nbenchmark = \"BenchmarkB3\"\ngate = false\n",
        "[metrics.time]\nbetter = \"higher\"\n",
    ] {
        let trend = analysed(&runs, toml, None, &Selection::default());
        assert_eq!((trend.events.len(), trend.verdict), (1, GateVerdict::Pass), "{toml}");
    }
    let expired = "[[accept]]\nbenchmark = \"BenchmarkB3\"\nreason = \"known\"\nuntil = 2026-11-20\n";
    assert_eq!(analysed(&runs, expired, None, &Selection::default()).verdict, GateVerdict::Fail);
}

#[test]
fn since_limits_the_report_and_says_what_is_new() {
    let runs = history(70, |run, b| if (run >= 20 && b == 3) || (run >= 50 && b == 7) { 1.2 } else { 1.0 });
    let all = trend(&runs);
    assert_eq!(all.events.len(), 2);
    for since in ["2026-07-10", "25", "0a0002d", "140d"] {
        let found = analysed(&runs, LIMITS, Some(since), &Selection::default());
        let (event, change) = only(&found);
        assert_eq!(change.benchmark.as_ref().unwrap().raw(), "BenchmarkB7", "{since}");
        assert!(event.new && change.red && found.verdict == GateVerdict::Fail, "{since}");
    }
    let wrong = Since::parse("yesterday").unwrap_err();
    assert!(wrong.message.contains("yesterday"));
}

#[test]
fn selections_hide_but_do_not_change_what_is_found() {
    let runs = history(60, |run, b| if run >= 40 && (b == 3 || b == 7) { 1.2 } else { 1.0 });
    let selection = Selection { filter: vec![Pattern::new("BenchmarkB7")], ..Selection::default() };
    let found = analysed(&runs, LIMITS, None, &selection);
    assert_eq!(only(&found).1.benchmark.as_ref().unwrap().raw(), "BenchmarkB7");
    assert_eq!(found.counts.series, 3);
}

#[test]
fn too_few_runs_say_so() {
    for n in [0, 1, 7] {
        let found = trend(&history(n, |_, _| 1.0));
        assert_eq!(found.verdict, GateVerdict::None);
        assert!(found.notes.iter().any(|note| note.code == "too-short-history"));
    }
    assert_eq!(trend(&history(8, |_, _| 1.0)).verdict, GateVerdict::Pass);
}

#[test]
fn equal_values_zeros_and_new_units() {
    let fixed = |text: &str, n: usize| -> Vec<Run> { (0..n).map(|_| go(text)).collect() };
    let mut runs = fixed("BenchmarkA 1 100 ns/op 0 x\nBenchmarkZ 1 0 ns/op\n", 30);
    assert!(trend(&runs).events.is_empty());
    // From zero there is no ratio, and the level is another one all the same.
    runs.extend(fixed("BenchmarkA 1 100 ns/op 7 x\nBenchmarkZ 1 0 ns/op\n", 10));
    let found = trend(&runs);
    let (_, change) = only(&found);
    assert_eq!((change.before, change.after, change.change, change.grade), (0.0, 7.0, None, Grade::Changed));
    // Values in another unit are another series, of which only the newest is looked at.
    let mut runs = fixed("BenchmarkA 1 100 old\n", 20);
    for observation in runs.iter_mut().flat_map(|run| run.series.values_mut()) {
        observation.unit = perfgate::model::Unit::Byte;
    }
    runs.extend(fixed("BenchmarkA 1 900 old\n", 20));
    let found = trend(&runs);
    assert!(found.events.is_empty() && found.notes.iter().any(|n| n.message.contains("unit")), "{found:#?}");
}

#[test]
fn renamed_benchmarks_keep_their_history() {
    let mut runs = history(60, step_at(40, 3, 1.2));
    let text = |run: &Run| -> Run {
        let mut run = run.clone();
        let keys: Vec<_> = run.series.keys().filter(|k| k.benchmark.name.raw() == "BenchmarkB3").cloned().collect();
        for key in keys {
            let observation = run.series.remove(&key).unwrap();
            let old = perfgate::model::BenchmarkId::new("go", key.benchmark.package.clone(), "BenchmarkOld");
            run.series.insert(perfgate::model::SeriesKey { benchmark: old, metric: key.metric }, observation);
        }
        run
    };
    for run in &mut runs[..30] {
        *run = text(run);
    }
    let rename = format!("{LIMITS}[[rename]]\nfrom = \"BenchmarkOld\"\nto = \"BenchmarkB3\"\n");
    let found = analysed(&runs, &rename, None, &Selection::default());
    let (_, change) = only(&found);
    assert_eq!(change.lasted, 20);
    assert_eq!(found.counts.series, 36);
}

#[test]
fn reports_say_what_when_and_whether_it_is_new() {
    let runs = history(44, |run, b| match b {
        3 if run >= 40 => 1.3,
        5 if run >= 20 => 1.12,
        7 if run >= 30 => 0.8,
        _ => 1.0,
    });
    let found = trend(&runs);
    for output in TRENDS {
        for (name, width) in [("wide", None), ("80", Some(80)), ("50", Some(50))] {
            if width.is_some() && output.name != "terminal" {
                continue;
            }
            let text = (output.render)(&found, &Style { width, colour: false, verbose: false });
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
            if let Some(width) = width {
                for line in text.lines() {
                    assert!(perfgate::report::columns(line) <= width, "{line}");
                }
            }
            insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(format!("trend-{}-{name}", output.name), text);
            });
        }
    }
    let back: Trend = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
    assert_eq!(back, found);
}

#[test]
fn hostile_names_stay_in_their_place() {
    let name = "BenchmarkEvil|`x`<b>\u{1b}[31m,=cmd()";
    let runs: Vec<Run> = (0..44)
        .map(|i| {
            let mut run = go(&format!("BenchmarkA 1 {} ns/op\n", if i >= 40 { 200.0 } else { 100.0 + noise(i, 1) }));
            let (key, observation) = run.series.pop_first().unwrap();
            let evil = perfgate::model::BenchmarkId::new("go", None, name);
            run.series.insert(perfgate::model::SeriesKey { benchmark: evil, metric: key.metric }, observation);
            run.subject.commit = Some("::error::<script>\u{202e}".into());
            run
        })
        .collect();
    let found = trend(&runs);
    assert_eq!(found.events.len(), 1);
    for output in TRENDS {
        let text = (output.render)(&found, &Style { width: Some(100), colour: false, verbose: true });
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{}: {text}", output.name);
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{}", output.name);
        if output.name == "markdown" {
            let mut options = comrak::Options::default();
            options.extension.table = true;
            let html = comrak::markdown_to_html(&text, &options);
            // The footer's own `<sub>` and nothing else.
            assert_eq!((html.contains("&lt;b&gt;"), html.matches("raw HTML omitted").count()), (true, 2), "{html}");
        }
    }
}
