//! A workspace with Criterion benchmarks: limits and targets of a document, baselines in the repository, a trend of releases.

use crate::project::{Project, Report};
use crate::world::{git, run};

/// The project with a baseline on `main`, and a branch that starts there.
fn changed() -> Project {
    let project = Project::new("criterion-workspace");
    project.step("baseline.sh", &[], "baseline").with(0);
    git(&project.folder(), &["push", "-q", "origin", "main"]);
    git(&project.folder(), &["checkout", "-q", "-b", "change"]);
    project.commit("a change", 1);
    project
}

#[test]
fn the_baseline_is_in_the_repository() {
    let project = changed();
    let files = git(&project.folder(), &["ls-tree", "-r", "--name-only", "main", "perf/"]);
    assert!(files.lines().count() == 2 && files.contains(".json.zst"), "{files}");
    // Whoever clones it has it.
    let clone = project.world.clone_to("clone");
    let (out, _) = run(&clone, &["store", "list"], 0);
    assert!(out.contains("default"), "{out}");
    let captured = project.captured("bad");
    let (out, _) = run(&clone, &["check", captured.to_str().unwrap()], 1);
    assert!(out.contains("cache_get_hit"), "{out}");
}

#[test]
fn a_pull_request_that_changes_nothing_passes() {
    let project = changed();
    let report = project.step("pull-request.sh", &[], "good").with(0).report("comparison.json");
    assert_eq!(report.verdict(), "pass", "{:?} {:?}", report.all("fail"), report.all("warn"));
    // Seven benchmarks with their mean and their 95th percentile, and the memory; all targets are met.
    let gated = report.rows().iter().filter(|row| row["gate"] != false).filter(|row| row["verdict"] == "pass");
    assert_eq!(gated.count(), 15);
    assert_eq!(report.row("cache_get_hit", "time")["statistic"], "mean");
}

#[test]
fn a_pull_request_that_is_a_little_slower_warns() {
    let project = changed();
    let ended = project.step("pull-request.sh", &[], "slightly-worse").with(0);
    let report = ended.report("comparison.json");
    assert_eq!(report.verdict(), "warn", "{:?}", report.all("fail"));
    assert_eq!(report.all("warn"), ["event_publish time", "event_publish time.p95"]);
    // +12.5 %, but the samples overlap.
    assert_eq!(report.of("state_transition", "time"), "inconclusive");
    let limits = &report.row("event_publish", "time.p95")["limits"];
    assert_eq!((&limits["warn"]["value"], &limits["fail"]["value"]), (&0.15.into(), &0.25.into()));
    assert!(ended.file("comparison.md").contains("`event_publish`"));
}

#[test]
fn a_pull_request_that_is_slower_fails() {
    let project = changed();
    let report = project.step("pull-request.sh", &[], "bad").with(1).report("comparison.json");
    for benchmark in ["cache_insert/100", "cache_get_hit", "event_publish", "state_transition"] {
        assert_eq!((report.of(benchmark, "time"), report.of(benchmark, "time.p95")), ("fail", "fail"), "{benchmark}");
    }
    // +60 % of memory.
    assert_eq!(report.of("target/release/workload", "memory"), "fail");
}

#[test]
fn targets_hold_without_a_baseline() {
    let project = Project::new("criterion-workspace");
    for (captured, code, warned, failed) in [
        ("good", 0, &[] as &[&str], &[] as &[&str]),
        ("over-targets", 1, &["event_publish time", "state_transition time"], &["cache_get_hit time"]),
    ] {
        let results = project.captured(captured);
        let (out, _) = run(&project.folder(), &["budget", results.to_str().unwrap(), "--report", "json"], code);
        let report = Report(serde_json::from_str(&out).unwrap());
        assert_eq!(report.all("warn"), warned);
        assert_eq!(report.all("fail"), failed);
        assert_eq!((report.rows().len(), report.of("cache_get_miss", "time")), (4, "pass"));
    }
}

#[test]
fn the_trend_of_releases_is_red_once() {
    let project = Project::new("criterion-workspace");
    let mut red = Vec::new();
    for release in 1..=14_u32 {
        project.commit(&format!("release 0.{release}"), release);
        git(&project.folder(), &["push", "-q", "origin", "main"]);
        let ended = project.step("release.sh", &[], &format!("release-{release:02}"));
        // Too few releases so far.
        let expected = if release < 8 { 3 } else { i32::from(ended.code == 1) };
        assert_eq!(ended.code, expected, "{release}: {}\n{}", ended.out, ended.err);
        if ended.code == 1 {
            red.push((release, ended.report("trend.json").0["counts"]["red"].as_u64().unwrap()));
            let markdown = ended.file("trend.md");
            assert!(markdown.contains("`cache_get_hit`") && markdown.contains('▁'), "{markdown}");
        }
    }
    // The releases are slower from the tenth on. What is no noise is certain with the fourth run of it, for all series but one, and
    // is not told again.
    assert_eq!(red, [(13, 8), (14, 1)]);
}

#[test]
fn load_tests_are_held_against_the_targets() {
    let project = Project::new("criterion-workspace");
    let good = project.step("load-test.sh", &[], "load-good").with(0).report("load.json");
    assert_eq!((good.verdict(), good.rows().len()), ("pass", 14), "{:?}", good.all("warn"));
    let warned = project.step("load-test.sh", &[], "load-slightly-worse").with(0).report("load.json");
    assert_eq!(warned.verdict(), "warn", "{:?}", warned.all("fail"));
    assert!(warned.all("warn").iter().any(|row| row.contains("/api/products")), "{:?}", warned.all("warn"));
    let ended = project.step("load-test.sh", &[], "load-bad").with(1);
    let bad = ended.report("load.json");
    assert_eq!(bad.of("http_req_duration{operation:order_processing}", "latency.p95"), "fail");
    assert_eq!((bad.of("load", "connections"), bad.of("load", "queue")), ("fail", "pass"));
    assert!(ended.file("load.md").contains("order_processing"), "{}", ended.out);
}
