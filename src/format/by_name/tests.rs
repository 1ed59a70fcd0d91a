//! Results of scripts that teams wrote themselves, as their guides show them.

use super::*;

fn read(text: &str) -> (Run, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut runs = parse(&Document { name: "report.json".into(), text }, &mut diagnostics);
    (runs.pop().unwrap_or_default(), diagnostics)
}

/// `BENCHMARK METRIC UNIT better: STATISTIC=VALUE …`.
fn lines(text: &str) -> Vec<String> {
    let statistics =
        [Statistic::Min, Statistic::Median, Statistic::Mean, Statistic::P95, Statistic::P99, Statistic::Max];
    let (run, _) = read(text);
    run.series
        .iter()
        .map(|(key, seen)| {
            let values: Vec<String> = match &seen.samples {
                Some(samples) => samples.iter().map(|v| format!("{v:.6}")).collect(),
                None => statistics
                    .iter()
                    .filter_map(|s| Some(format!("{}={:.6}", s.as_str(), seen.summary.get(*s)?)))
                    .chain(seen.summary.stddev().map(|s| format!("sd={s:.6}")))
                    .collect(),
            };
            let better = seen.better.map_or("?", |b| if b == crate::unit::Better::Lower { "lower" } else { "higher" });
            let unit = seen.unit.symbol();
            format!("{} {} {unit} {better}: {}", key.benchmark.name.raw(), key.metric.raw(), values.join(" "))
        })
        .collect()
}

fn is_claimed(text: &str) -> bool {
    claims(&Probe::whole(text))
}

const LOAD: &str = r#"{"operation": "concurrent_upload_10", "total_requests": 100, "successful_requests": 100,
  "failed_requests": 0, "success_rate_pct": 100.0, "avg_latency_ms": 45.32, "median_latency_ms": 42.15,
  "p95_latency_ms": 78.90, "p99_latency_ms": 95.44, "min_latency_ms": 15.20, "max_latency_ms": 120.55,
  "std_dev_ms": 18.75, "throughput_rps": 125.43}"#;

#[test]
fn a_load_test_with_percentiles() {
    assert!(is_claimed(LOAD));
    assert_eq!(
        lines(LOAD),
        [
            "concurrent_upload_10 latency s lower: min=0.015200 median=0.042150 mean=0.045320 p95=0.078900 p99=0.095440 \
             max=0.120550 sd=0.018750",
            "concurrent_upload_10 success-rate 1 higher: 1.000000",
            "concurrent_upload_10 throughput 1/s higher: 125.430000",
        ]
    );
}

#[test]
fn statistics_take_the_unit_of_their_neighbour_and_a_sum_is_no_mean() {
    let text = r#"{"benchmark_name": "schedule_50res", "category": "schedule", "timestamp": "2025-01-01 12:00:00",
      "duration_seconds": 45.2, "iterations": 3, "avg_duration": 15.1, "min_duration": 14.5, "max_duration": 15.8,
      "std_deviation": 0.6, "throughput": 3.3, "memory_mb": 420, "peak_memory_mb": 480,
      "metadata": {"num_residents": 50, "setup_seconds": 3}}"#;
    assert!(is_claimed(text));
    assert_eq!(
        lines(text),
        [
            "schedule_50res duration s lower: 45.200000",
            "schedule_50res memory B lower: 420000000.000000",
            "schedule_50res peak-memory B lower: 480000000.000000",
            "schedule_50res throughput 1/s higher: 3.300000",
            "schedule_50res time s lower: min=14.500000 mean=15.100000 max=15.800000 sd=0.600000",
        ]
    );
    assert_eq!(read(text).0.subject.taken_at, Some(1_735_732_800));
}

#[test]
fn nested_keys_are_the_path_and_quantities_are_not() {
    let text = r#"{"benchmarks": {"schedule": {"medium_program": {"avg_duration_seconds": 8.0, "p95_duration_seconds": 10.0}},
      "api": {"login": {"latency": {"avg_ms": 12, "p95_ms": 30}, "requests": {"per_second": 90}, "db": {"query_ms": [1, 2, 3]}}}}}"#;
    assert!(is_claimed(text));
    assert_eq!(
        lines(text),
        [
            "api/login latency s lower: mean=0.012000 p95=0.030000",
            "api/login throughput 1/s higher: 90.000000",
            "api/login/db/query time s lower: 0.001000 0.002000 0.003000",
            "schedule/medium_program time s lower: mean=8.000000 p95=10.000000",
        ]
    );
}

#[test]
fn lists_name_their_elements_and_repeat_them() {
    let text = r#"[{"test": "a", "elapsedMs": 5}, {"test": "b", "elapsedMs": 7}, {"test": "a", "elapsedMs": 6},
      {"test": "c", "elapsedMs": NaN}, {"test": "d", "status": "failed", "elapsedMs": 1}]"#;
    let (run, diagnostics) = read(text);
    let a = run.series.iter().find(|(key, _)| key.benchmark.name.raw() == "a").unwrap().1;
    assert_eq!(a.samples.as_deref(), Some(&[0.005, 0.006][..]));
    assert!(run.series.iter().any(|(key, seen)| key.benchmark.name.raw() == "c" && seen.fault.is_some()));
    let failed: Vec<&str> = run.failures.keys().map(|id| id.name.raw()).collect();
    assert_eq!(failed, ["d"]);
    let codes: Vec<&str> = diagnostics.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["invalid-value", "benchmark-failed", "read-by-name"]);
}

#[test]
fn what_was_varied_tells_benchmarks_of_one_name_apart() {
    let text = r#"[{"name": "upload", "size": 10, "iterations": 5, "time_ms": 1}, {"name": "upload", "size": 50, "iterations": 9, "time_ms": 4}]"#;
    assert_eq!(lines(text), ["upload (size=10) time s lower: 0.001000", "upload (size=50) time s lower: 0.004000"]);
    let table = "name,mode,iterations,time (ms)\na,fast,3,1\na,safe,3,2\na,safe,4,3\n";
    let mut diagnostics = Diagnostics::new();
    let Reader::Text { parse, .. } = table::FORMAT.reader else { panic!() };
    let runs = parse(&Document { name: "t".into(), text: table }, &mut diagnostics);
    let found: Vec<(&str, usize)> = runs[0]
        .series
        .iter()
        .map(|(key, seen)| (key.benchmark.name.raw(), seen.samples.as_ref().map_or(0, |s| s.len())))
        .collect();
    assert_eq!(found, [("a (mode=fast)", 1), ("a (mode=safe)", 2)]);
}

#[test]
fn settings_schemas_and_other_json_are_left_alone() {
    for text in [
        r#"{"timeout_ms": 500, "retries": 3}"#,
        r#"{"name": "package", "version": "1.0.0", "scripts": {"test": "x"}}"#,
        r#"{"name": "service", "timeout_seconds": 30, "limits": {"memory_mb": 512}}"#,
        r#"{"startup_ms": 12}"#,
        r#"{"type": "object", "properties": {"avg_ms": {"type": "number"}}}"#,
        "[1, 2, 3]",
        "[]",
        "{\"name\": \"a\", \"avg_ms\": 1",
        "name,avg_ms\na,1\n",
    ] {
        assert!(!is_claimed(text), "{text}");
    }
}

#[test]
fn every_field_is_accounted_for() {
    let document = Document { name: "r".into(), text: LOAD };
    let said: Vec<String> = guesses(&document)
        .iter()
        .map(|guess| format!("{} = {} ({} at {})", guess.field.raw(), guess.taken_for, guess.count, guess.first))
        .collect();
    assert_eq!(said.len(), 12);
    assert!(said.contains(&"p95_latency_ms = latency, p95, in ms (1 at p95_latency_ms)".to_owned()), "{said:?}");
    assert!(
        said.contains(&"total_requests = left out: no unit in its name (1 at total_requests)".to_owned()),
        "{said:?}"
    );
}

#[test]
fn the_machine_is_said_where_it_is_told() {
    let (run, _) = read(
        r#"{"machine": {"cpu": "X", "cores": 4}, "commit": "abc", "branch": "main", "results": [{"name": "a", "time_ms": 1}]}"#,
    );
    assert_eq!(run.environment.labels.len(), 1);
    assert_eq!(run.subject.commit, Some("abc".into()));
    assert_eq!(run.subject.branch, Some("main".into()));
}

#[test]
fn deep_documents_are_refused() {
    let deep = format!("{}{}", "{\"a\":".repeat(500), "1");
    assert!(!is_claimed(&deep));
    assert!(read(&deep).1.has_errors());
}
