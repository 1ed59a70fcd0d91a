//! `config-server-go`: Go benchmarks, ab, wrk, vegeta and GNU time in one gate.

use crate::project::Project;
use crate::world::git;

const NAME: &str = "config-server-go";

const VERSION: &str = "127.0.0.1:8080/api/v1/config/version (100 at a time)";
const CROWD: &str = "127.0.0.1:8080/api/v1/config/version (1000 at a time)";
const CREATE: &str = "127.0.0.1:8080/api/v1/nodes (50 at a time)";
const BUNDLE: &str = "http://127.0.0.1:8080/api/v1/config/bundle (2 threads and 50 connections)";

#[test]
fn every_target_is_looked_at() {
    let project = Project::new(NAME);
    for run in ["good", "slightly-worse"] {
        let ended = project.step("targets.sh", &[], run).with(0);
        let report = ended.report("report.json");
        assert_eq!(report.verdict(), "pass", "{}", ended.out);
        assert!(!ended.out.contains("matches no series"), "each target has its measurement: {}", ended.out);
        for (benchmark, metric) in [
            (VERSION, "throughput"),
            (BUNDLE, "throughput"),
            (CREATE, "throughput"),
            (CROWD, "error-rate"),
            ("BenchmarkNodeQuery/by=id", "p50-ns"),
            ("BenchmarkNodeQuery/by=cluster", "p95-ns"),
            ("BenchmarkNodeQuery/by=page", "p99-ns"),
            ("BenchmarkNodeInsert/nodes=1", "writes/s"),
            ("BenchmarkNodeQuery/by=page", "reads/s"),
            ("BenchmarkLighthouseRestart", "time"),
            ("BenchmarkConfigDetection", "time"),
            ("bin/lighthouse -for 5s", "memory"),
            ("bin/lighthouse -for 5s", "cpu"),
            ("bin/daemon -for 5s -poll 500ms", "cpu"),
            ("bin/daemon -for 5s -poll 500ms", "memory"),
        ] {
            assert_eq!(report.row(benchmark, metric)["limits"]["fail"]["kind"], "budget", "{benchmark} {metric}");
        }
    }
    let ended = project.step("targets.sh", &[], "bad").with(1);
    let report = ended.report("report.json");
    for (benchmark, metric) in [
        (VERSION, "throughput"),
        (BUNDLE, "throughput"),
        (CREATE, "throughput"),
        ("BenchmarkNodeInsert/nodes=1", "writes/s"),
        ("BenchmarkNodeQuery/by=id", "reads/s"),
    ] {
        assert_eq!(report.of(benchmark, metric), "fail", "{benchmark} {metric}");
    }
    assert_eq!(report.of("BenchmarkNodeQuery/by=id", "p50-ns"), "pass", "three times as slow, and still under 10 ms");
    assert_eq!(report.of("BenchmarkLighthouseRestart", "time"), "pass");
}

#[test]
fn one_kind_of_target_alone() {
    let project = Project::new(NAME);
    let report = project.step("targets.sh", &["--filter", "**/api/**"], "good").with(0).report("report.json");
    assert!(report.rows().iter().all(|row| row["benchmark"].as_str().unwrap().contains("/api/")));
    let report = project.step("targets.sh", &["--metric", "error-rate"], "refusing").with(1).report("report.json");
    assert_eq!(report.all("fail"), [format!("{CROWD} error-rate")]);
}

#[test]
fn a_pull_request_is_held_against_main_and_the_targets() {
    let project = Project::new(NAME);
    let first = project.step("pull-request.sh", &[], "good").with(0);
    assert!(first.err.contains("no-baseline"), "nothing is recorded yet, and that is said: {}", first.err);
    project.nights("nightly.sh", &["baseline", "good", "night", "baseline", "good", "night"]).with(0);
    git(&project.folder(), &["checkout", "-q", "-b", "topic"]);
    project.commit("a change", 9);

    let report = project.step("pull-request.sh", &[], "good").with(0).report("report.json");
    assert_eq!((report.verdict(), report.all("fail")), ("pass", vec![]), "{:?}", report.all("warn"));

    let report = project.step("pull-request.sh", &[], "slightly-worse").with(0).report("report.json");
    assert_eq!((report.verdict(), report.all("fail")), ("warn", vec![]));
    assert_eq!(report.of("BenchmarkNodeInsert/nodes=1000", "memory"), "warn");

    let report = project.step("pull-request.sh", &[], "bad").with(1).report("report.json");
    for (benchmark, metric) in
        [(VERSION, "throughput"), (VERSION, "latency"), (BUNDLE, "throughput"), ("requests", "latency")]
    {
        assert_eq!(report.of(benchmark, metric), "fail", "{benchmark} {metric}");
    }
    assert_eq!(report.row(CROWD, "throughput")["gate"], false);

    let report = project.step("pull-request.sh", &[], "refusing").with(1).report("report.json");
    for benchmark in [VERSION, BUNDLE, "requests"] {
        assert_eq!(report.of(benchmark, "error-rate"), "fail", "{benchmark}");
    }
}
