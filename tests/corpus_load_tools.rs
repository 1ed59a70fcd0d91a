//! Real files of load tools and of JavaScript and Ruby tools: each parses to what an independent script found in it.

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

use corpus::{corpus, read};
use perfgate::model::Statistic;

/// What a script found in a file: runs, series of a metric in all runs, the sum of its statistic in base units, failures.
struct Counted {
    file: &'static str,
    format: &'static str,
    runs: usize,
    metric: &'static str,
    statistic: Statistic,
    series: usize,
    sum: f64,
    failures: usize,
}

#[rustfmt::skip]
const FILES: &[Counted] = &[
    Counted { file: "benchmarkjs/bencherdev+bencher__lib__bencher_adapter__tool_output__js__benchmark__four.txt", format: "benchmarkjs", runs: 1, metric: "throughput", statistic: Statistic::Mean, series: 4, sum: 1444036.61, failures: 0 },
    Counted { file: "benchmarkjs/benchmark-action+github-action-benchmark__test__data__extract__benchmarkjs_output.txt", format: "benchmarkjs", runs: 1, metric: "throughput", statistic: Statistic::Mean, series: 3, sum: 1443986.61, failures: 0 },
    Counted { file: "hey/excerpt_hey_half_failed.txt", format: "hey", runs: 1, metric: "latency", statistic: Statistic::P95, series: 1, sum: 1.7064, failures: 0 },
    Counted { file: "hey/excerpt_hey_wasmate.txt", format: "hey", runs: 1, metric: "latency", statistic: Statistic::P95, series: 1, sum: 0.0039, failures: 0 },
    Counted { file: "locust/isNeil+neuro__locust_stats.csv", format: "locust", runs: 1, metric: "latency", statistic: Statistic::P95, series: 2, sum: 4.0, failures: 0 },
    Counted { file: "locust/sebuoz+test_load_script__results_stats.csv", format: "locust", runs: 1, metric: "latency", statistic: Statistic::P95, series: 7, sum: 2.298, failures: 0 },
    Counted { file: "locust/veroliut+loadTestRetailDemoStore__results_stats.csv", format: "locust", runs: 1, metric: "latency", statistic: Statistic::P95, series: 6, sum: 149.8, failures: 0 },
    Counted { file: "oha/excerpt_oha_all_failed.json", format: "oha", runs: 1, metric: "latency", statistic: Statistic::P95, series: 0, sum: 0.0, failures: 1 },
    Counted { file: "oha/excerpt_oha_ok.json", format: "oha", runs: 1, metric: "latency", statistic: Statistic::P95, series: 1, sum: 0.454240625, failures: 0 },
    Counted { file: "ruby-benchmark/bencherdev+bencher__lib__bencher_adapter__tool_output__ruby__benchmark__five.txt", format: "ruby-benchmark", runs: 1, metric: "time", statistic: Statistic::Mean, series: 5, sum: 6.728783, failures: 0 },
    Counted { file: "ruby-benchmark/bencherdev+bencher__lib__bencher_adapter__tool_output__ruby__benchmark__two.txt", format: "ruby-benchmark", runs: 1, metric: "time", statistic: Statistic::Mean, series: 2, sum: 2.908792, failures: 0 },
    Counted { file: "vegeta/excerpt_vegeta_seldon_rest.json", format: "vegeta", runs: 1, metric: "latency", statistic: Statistic::P99, series: 1, sum: 2.137159641, failures: 0 },
    Counted { file: "vitest/bencherdev+bencher__lib__bencher_adapter__tool_output__js__vitest__four.json", format: "vitest", runs: 1, metric: "time", statistic: Statistic::Median, series: 4, sum: 0.01425, failures: 0 },
    Counted { file: "wrk/cgcgbcbc+flask-k8s-example__wrk.txt", format: "wrk", runs: 3, metric: "throughput", statistic: Statistic::Mean, series: 12, sum: 26165.379999999997, failures: 0 },
];

#[test]
fn every_file_has_what_a_script_counted() {
    let Some(corpus) = corpus() else { return };
    for Counted { file, format, runs, metric, statistic, series, sum, failures } in FILES {
        let (read, diagnostics) = read(&corpus.join(file), format);
        assert_eq!(read.len(), *runs, "{file}");
        assert_eq!(read.iter().map(|run| run.failures.len()).sum::<usize>(), *failures, "{file}: {diagnostics:?}");
        assert_eq!(diagnostics.iter().count(), *failures, "{file}: {diagnostics:?}");
        let all = read.iter().flat_map(|run| &run.series).filter(|(key, _)| key.metric.raw() == *metric);
        let values: Vec<f64> = all.map(|(_, observation)| observation.summary.get(*statistic).unwrap()).collect();
        assert_eq!(values.len(), *series, "{file}");
        let ours: f64 = values.iter().sum();
        assert!((ours - sum).abs() <= sum.abs() * 1e-9, "{file}: {metric} {ours} instead of {sum}");
    }
}

#[test]
fn every_file_of_these_tools_is_in_the_table() {
    let Some(corpus) = corpus() else { return };
    let listed: BTreeSet<&str> = FILES.iter().map(|counted| counted.file).collect();
    for folder in ["benchmarkjs", "hey", "locust", "oha", "ruby-benchmark", "vegeta", "vitest", "wrk"] {
        for entry in std::fs::read_dir(corpus.join(folder)).unwrap() {
            let file = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            assert!(listed.contains(file.as_str()), "{file}");
        }
    }
}

#[test]
fn a_stream_of_k6_on_windows() {
    let Some(corpus) = corpus() else { return };
    let file = corpus.join("k6-ndjson/excerpt_k6_out_json_windows.ndjson");
    let (runs, diagnostics) = read(&file, "k6-json");
    let [run] = runs.as_slice() else { panic!("{} runs", runs.len()) };
    // 14 metrics in the file; the sub-metric of its one request is the fifteenth.
    assert_eq!(run.series.len(), 15);
    // All lines are of one moment, so there is no rate of the four counters.
    let faulty: BTreeSet<&str> =
        run.series.iter().filter(|(_, o)| o.fault.is_some()).map(|(key, _)| key.benchmark.name.raw()).collect();
    assert_eq!(faulty, BTreeSet::from(["data_received", "data_sent", "http_reqs", "iterations"]));
    assert_eq!(diagnostics.iter().count(), 4, "{diagnostics:?}");
    let (_, duration) = run.series.iter().find(|(key, _)| key.benchmark.name.raw() == "http_req_duration").unwrap();
    assert!((duration.summary.get(Statistic::P95).unwrap() / 57.0746e-3 - 1.0).abs() < 1e-12);
}
