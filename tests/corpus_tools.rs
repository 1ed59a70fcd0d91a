//! Real files of other benchmark tools: each parses to the benchmarks and values that an independent script found in it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its input fails"
)]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read the corpus from disk")]
#![allow(clippy::unreadable_literal, reason = "numbers as the counting script prints them")]

mod corpus;

use std::collections::BTreeSet;
use std::path::Path;

use corpus::{corpus, read};
use perfgate::format::{Detection, detect};
use perfgate::model::{Run, Statistic};

/// Every file of a folder is in the table of a test.
fn all_listed<'a>(folder: &Path, listed: impl Iterator<Item = &'a str>) {
    let there: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(listed.map(str::to_owned).collect::<BTreeSet<_>>(), there);
}

/// The number of series of a metric, and of their samples.
fn count(run: &Run, metric: &str) -> (usize, usize) {
    let of = run.series.iter().filter(|(key, _)| key.metric.raw() == metric);
    of.fold((0, 0), |(n, samples), (_, o)| (n + 1, samples + o.samples.as_ref().map_or(0, |s| s.len())))
}

#[test]
fn hyperfine() {
    let Some(corpus) = corpus() else { return };
    // File, commands, times.
    let files = [
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__shell__hyperfine__two.json", 2, 40),
        ("zeroows+1brc__hyperfine.json", 2, 6),
    ];
    for (name, commands, times) in files {
        let (runs, diagnostics) = read(&corpus.join("hyperfine").join(name), "hyperfine");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_eq!(count(&runs[0], "time"), (commands, times), "{name}");
    }
    all_listed(&corpus.join("hyperfine"), files.iter().map(|f| f.0));
}

#[test]
fn google_benchmark() {
    let Some(corpus) = corpus() else { return };
    // File, benchmarks, repetitions of all of them.
    let files = [
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__cpp__google__two.txt", 2, 2),
        ("benchmark-action+github-action-benchmark__test__data__extract__googlecpp_output.json", 2, 2),
        ("google+benchmark__tools__gbench__Inputs__test1_run1.json", 14, 14),
        ("google+benchmark__tools__gbench__Inputs__test1_run2.json", 14, 14),
        ("google+benchmark__tools__gbench__Inputs__test3_run0.json", 4, 7),
        ("google+benchmark__tools__gbench__Inputs__test5_run0.json", 1, 1),
        ("google+benchmark__tools__gbench__Inputs__test5_run1.json", 1, 1),
    ];
    for (name, benchmarks, repetitions) in files {
        let (runs, diagnostics) = read(&corpus.join("google-benchmark").join(name), "google-benchmark");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_eq!(count(&runs[0], "time"), (benchmarks, repetitions), "{name}");
        assert_eq!(count(&runs[0], "cpu-time"), (benchmarks, repetitions), "{name}");
        assert!(runs[0].subject.taken_at.is_some(), "{name}");
    }
    all_listed(&corpus.join("google-benchmark"), files.iter().map(|f| f.0));
}

#[test]
fn libtest() {
    let Some(corpus) = corpus() else { return };
    let bencher =
        |name: &str| format!("bencherdev+bencher__lib__bencher_adapter__tool_output__rust__bench__{name}.txt");
    let gab = |name: &str| format!("benchmark-action+github-action-benchmark__test__data__extract__{name}.txt");
    // File, benchmarks, sum of the values in base units.
    let files = [
        (bencher("ignore"), 1, 3161e-9),
        (bencher("issue_390"), 4, 14_331_721.41e-9),
        (bencher("many"), 6, 3.0 * 3161e-9 + 1e-6 + 22e-3 + 333.0),
        (bencher("multi_target"), 2, 6322e-9),
        (bencher("one"), 1, 3161e-9),
        (gab("cargo_output"), 2, 18_284e-9),
        (gab("cargo_output2"), 4, 212_720e-9),
        (gab("cargo_output_units"), 5, 18_100.0),
    ];
    for (name, benchmarks, sum) in &files {
        let (runs, diagnostics) = read(&corpus.join("libtest-bench").join(name), "libtest");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let [run] = runs.as_slice() else { panic!("{name}: {} runs", runs.len()) };
        let values: Vec<f64> = run.series.values().map(|o| o.summary.get(Statistic::Median).unwrap()).collect();
        assert_eq!(values.len(), *benchmarks, "{name}");
        let total: f64 = values.iter().sum();
        assert!((total / sum - 1.0).abs() < 1e-9, "{name}: {total} instead of {sum}");
    }
    // It ran nothing, so nothing tells what it is.
    let zero = bencher("zero");
    let text = std::fs::read_to_string(corpus.join("libtest-bench").join(&zero)).unwrap();
    assert!(matches!(detect(&text), Detection::None));
    all_listed(&corpus.join("libtest-bench"), files.iter().map(|f| f.0.as_str()).chain([zero.as_str()]));
}

#[test]
fn jmh() {
    let Some(corpus) = corpus() else { return };
    // File, metric, benchmarks, iterations.
    let files = [
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__java__jmh__six.json", "throughput", 6, 18),
        ("benchmark-action+github-action-benchmark__test__data__extract__jmh_output.json", "throughput", 1, 3),
        ("benchmark-action+github-action-benchmark__test__data__extract__jmh_output_2.json", "throughput", 1, 3),
        ("develar+kv-store-benchmark__jmh-result.json", "time", 4, 160),
        ("twineworks+collections-benchmarks__jmh-result.json", "time", 80, 800),
    ];
    for (name, metric, benchmarks, iterations) in files {
        let (runs, diagnostics) = read(&corpus.join("jmh").join(name), "jmh");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_eq!(count(&runs[0], metric), (benchmarks, iterations), "{name}");
        assert_eq!(runs[0].series.len(), benchmarks, "{name}");
    }
    all_listed(&corpus.join("jmh"), files.iter().map(|f| f.0));
}

#[test]
fn pyperf() {
    let Some(corpus) = corpus() else { return };
    // File, metric, benchmarks, values.
    let files = [
        ("psf+pyperf__pyperf__tests__mult_list_py38.json", "time", 3, 180),
        ("psf+pyperf__pyperf__tests__telco.json", "time", 1, 120),
        ("psf+pyperf__pyperf__tests__track_memory.json", "memory", 1, 3),
        ("python+pyperformance__pyperformance__tests__data__mem1.json", "memory", 1, 1),
        ("python+pyperformance__pyperformance__tests__data__mem2.json", "memory", 1, 1),
        ("python+pyperformance__pyperformance__tests__data__py36.json", "time", 1, 60),
        ("python+pyperformance__pyperformance__tests__data__py38.json", "time", 1, 60),
    ];
    for (name, metric, benchmarks, values) in files {
        let (runs, diagnostics) = read(&corpus.join("pyperf").join(name), "pyperf");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_eq!(count(&runs[0], metric), (benchmarks, values), "{name}");
        assert_eq!(runs[0].series.len(), benchmarks, "{name}");
        assert!(runs[0].environment.labels.values().all(|v| v.raw() != "apu"), "{name}: the host's name is kept");
    }
    all_listed(&corpus.join("pyperf"), files.iter().map(|f| f.0));
}

#[test]
fn bmf() {
    let Some(corpus) = corpus() else { return };
    // File, benchmarks, values, sum of them in base units.
    let files = [
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__json__report_bmf_mixed.json", 3, 3, 10_051e-9),
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__json__report_dhat.json", 1, 6, 772.0),
    ];
    for (name, benchmarks, values, sum) in files {
        let (runs, diagnostics) = read(&corpus.join("bencher-bmf").join(name), "bmf");
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let names: BTreeSet<_> = runs[0].series.keys().map(|key| &key.benchmark).collect();
        assert_eq!((names.len(), runs[0].series.len()), (benchmarks, values), "{name}");
        let total: f64 = runs[0].series.values().map(|o| o.summary.get(Statistic::Mean).unwrap()).sum();
        assert!((total / sum - 1.0).abs() < 1e-9, "{name}: {total} instead of {sum}");
    }
    all_listed(&corpus.join("bencher-bmf"), files.iter().map(|f| f.0));
}

#[test]
fn k6() {
    let Some(corpus) = corpus() else { return };
    // File, metrics but those of virtual users, thresholds crossed, median of `http_req_duration` in milliseconds.
    let files = [
        ("NikoyanGar+ApiGatewayBenchmarks__k6__summary.json", 22, 1, 0.666148),
        ("angeloakuhwak+newglobe-sdet-Task__k6__summary.json", 20, 0, 175.5127),
        ("benc-uk+k6-reporter__tests__data__simple.json", 16, 0, 20.090773),
        ("kocaaydin+backend-systems-lab__src__BasicsLab__k6__experiments__summary-cpu.json", 15, 0, 189.930854),
        ("kocaaydin+backend-systems-lab__src__BasicsLab__k6__experiments__summary.json", 15, 0, 201.175708),
        ("krishna-kudari+ratelimit__bench__summary_gcra.json", 16, 0, 1.194),
        ("krishna-kudari+ratelimit__bench__summary_prefilter.json", 16, 0, 1.134),
        ("krishna-kudari+ratelimit__bench__summary_token.json", 16, 0, 1.138),
        ("tofumapu+NT531-project__k6__network-chaos-k6-summary.json", 18, 0, 90.30044050000001),
    ];
    for (name, metrics, crossed, median) in files {
        let (runs, diagnostics) = read(&corpus.join("k6").join(name), "k6");
        assert_eq!(diagnostics.iter().count(), crossed, "{name}: {diagnostics:?}");
        assert_eq!(runs[0].series.len(), metrics, "{name}");
        let is_duration = |key: &perfgate::model::SeriesKey| key.benchmark.name.raw() == "http_req_duration";
        let (key, duration) = runs[0].series.iter().find(|(key, _)| is_duration(key)).unwrap();
        assert_eq!(key.metric.raw(), "latency", "{name}");
        let ours = duration.summary.get(Statistic::Median).unwrap();
        assert!((ours * 1e3 / median - 1.0).abs() < 1e-9, "{name}: {ours} s instead of {median} ms");
    }
    all_listed(&corpus.join("k6"), files.iter().map(|f| f.0));
}
