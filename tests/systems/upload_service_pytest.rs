//! `upload-service-pytest`: pytest-json-report, pytest-benchmark and reports of its own, three runs a side.

use crate::project::{Ended, Project};

const NAME: &str = "upload-service-pytest";

/// The project with a baseline that was measured and committed.
fn with_baseline() -> Project {
    let project = Project::new(NAME);
    // Nothing to compare with yet: the first run makes the baseline.
    project.step("check-regression.sh", &[], "baseline").with(2);
    project.step("store-baseline.sh", &[], "baseline").with(0);
    project.commit("store the baseline", 1);
    project
}

fn check(project: &Project, run: &str, code: i32) -> Ended {
    project.step("check-regression.sh", &[], run).with(code)
}

#[test]
fn one_command_compares_three_runs_with_the_stored_baseline() {
    let project = with_baseline();
    let report = check(&project, "good", 0).report("report.json");
    assert_eq!((report.all("warn"), report.all("fail"), report.all("missing")), (vec![], vec![], vec![]));
    let row = report.row("upload_1MB", "latency");
    assert_eq!((&row["current"]["runs"], &row["statistic"]), (&3.into(), &"mean".into()));
    assert_eq!(report.0["baseline"]["runs"], 3);

    let report = check(&project, "slightly-worse", 0).report("report.json");
    assert_eq!((report.verdict(), report.all("fail")), ("warn", vec![]));
    for (benchmark, metric) in [("upload_10KB", "latency"), ("concurrent_upload_50", "latency")] {
        assert_eq!(report.of(benchmark, metric), "warn", "{benchmark}");
    }
    assert_eq!(report.of("concurrent_upload_50", "success-rate"), "pass");

    let ended = check(&project, "bad", 1);
    let report = ended.report("report.json");
    for operation in ["upload_10KB", "upload_1MB", "upload_10MB", "concurrent_upload_10", "concurrent_upload_50"] {
        assert_eq!(report.of(operation, "latency"), "fail", "{operation}");
    }
    for metric in ["latency.p95", "throughput", "success-rate"] {
        assert_eq!(report.of("concurrent_upload_10", metric), "fail", "{metric}");
    }
    assert!(ended.file("report.xml").contains("<failure"));
}

#[test]
fn the_median_of_three_runs_is_judged() {
    let project = with_baseline();
    check(&project, "good", 0);
    let values: Vec<f64> = (1..=3)
        .map(|run| {
            let text =
                std::fs::read_to_string(project.folder().join(format!("current/{run}/upload_1MB.json"))).unwrap();
            let report: serde_json::Value = serde_json::from_str(&text).unwrap();
            report["avg_latency_ms"].as_f64().unwrap()
        })
        .collect();
    let median = values.iter().copied().find(|v| values.iter().filter(|w| *w < v).count() == 1).unwrap();
    let report = check(&project, "good", 0).report("report.json");
    let judged = report.row("upload_1MB", "latency")["current"]["value"].as_f64().unwrap();
    assert!((judged * 1000.0 - median).abs() < 1e-6, "{judged} {values:?}");
}

#[test]
fn tests_of_two_reports_keep_apart() {
    let project = with_baseline();
    let report = check(&project, "bad", 1).report("report.json");
    let of = |tool: &str, metric: &str| {
        let mut rows = report.rows().iter().filter(|row| row["tool"] == tool && row["metric"] == metric);
        rows.find(|row| row["benchmark"].as_str().unwrap().contains("test_jwt_validation_latency")).unwrap().clone()
    };
    // The target is about one validation, not about the test that does forty.
    let [mean, p95] = ["time.mean", "time.p95"].map(|metric| of("pytest-benchmark", metric));
    assert_eq!((&mean["verdict"], &mean["limits"]["fail"]["kind"]), (&"fail".into(), &"budget".into()));
    assert_eq!(p95["verdict"], "pass", "under 20 ms, and 95th percentiles are only held against that");
    let whole = of("pytest-json-report", "time");
    assert_eq!((&whole["verdict"], &whole["limits"]["fail"]["kind"]), (&"pass".into(), &"step".into()));
    assert_eq!(of("pytest-json-report", "time.mean")["gate"], false);
}

#[test]
fn a_test_that_fails_turns_the_gate_red() {
    let project = with_baseline();
    let report = check(&project, "broken", 1).report("report.json");
    let failed = report.all("invalid");
    assert!(failed.iter().any(|row| row.contains("test_upload_latency[10MB]")), "{failed:?}");
    let gone = report.all("missing");
    assert!(gone.iter().any(|row| row.starts_with("upload_10MB")), "its report was not written: {gone:?}");
    assert_eq!(report.of("upload_10KB", "latency"), "pass");
}

#[test]
fn before_a_commit_the_quick_tests_meet_their_targets() {
    let project = Project::new(NAME);
    for run in ["good", "slightly-worse"] {
        let ended = project.step("pre-commit.sh", &[], run).with(0);
        let report = ended.report("report.json");
        assert_eq!((report.verdict(), report.rows().len()), ("pass", 8), "{}", ended.out);
        assert!(!ended.out.contains("matches no series"), "{}", ended.out);
        assert_eq!(ended.err.matches("note[read-by-name]").count(), 1, "{}", ended.err);
    }
    let report = project.step("pre-commit.sh", &[], "bad").with(1).report("report.json");
    let over = ["upload_10KB latency", "upload_10MB latency", "upload_1MB latency"];
    assert!(over.iter().all(|row| report.all("fail").contains(&(*row).to_owned())), "{:?}", report.all("fail"));
    assert!(report.all("fail").iter().any(|row| row.ends_with("test_jwt_validation_latency time.mean")));
}
