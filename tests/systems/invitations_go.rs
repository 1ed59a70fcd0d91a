//! `invitations-go`: sizes and concurrency in the names of Go benchmarks.

use crate::project::Project;
use crate::world::git;

const NAME: &str = "invitations-go";

/// Quiet nights: what was measured of the same code at three times.
const QUIET: [&str; 8] = ["baseline", "good", "night", "baseline", "night", "good", "baseline", "night"];

/// A project whose nights were recorded, and a branch that is checked out.
fn recorded() -> Project {
    let project = Project::new(NAME);
    project.nights("nightly.sh", &QUIET[..6]).with(0);
    git(&project.folder(), &["checkout", "-q", "-b", "topic"]);
    project.commit("a change", 9);
    project
}

#[test]
fn a_suite_is_held_against_its_targets() {
    let project = Project::new(NAME);
    for run in ["good", "slightly-worse"] {
        let report = project.step("performance.sh", &[], run).with(0).report("report.json");
        assert_eq!(
            (report.verdict(), report.rows().len()),
            ("pass", 10),
            "four imports, five batches of 100, and 1000 rows"
        );
    }
    let ended = project.step("performance.sh", &[], "bad").with(1);
    assert!(ended.file("summary.csv").contains("BenchmarkDeviceOperations/Size_50_Concurrency_5"));
    assert_eq!(
        ended.report("report.json").all("fail"),
        [1, 10, 2, 20, 5].map(|n| format!("BenchmarkBatchInvitationCreation/Size_100_Concurrency_{n} memory")),
        "over 10 MB for a batch of 100"
    );
}

#[test]
fn a_pull_request_is_judged_by_the_nights_before_it() {
    let project = recorded();
    let report = project.step("pull-request.sh", &[], "good").with(0).report("report.json");
    assert_eq!(report.verdict(), "pass", "{:?}", report.all("warn"));
    assert_eq!((report.all("fail"), report.all("invalid")), (vec![], vec![]));
    assert!(report.0["history"].as_u64().unwrap() >= 5);

    let report = project.step("pull-request.sh", &[], "slightly-worse").with(0).report("report.json");
    assert_eq!(report.verdict(), "warn");
    assert_eq!(report.of("BenchmarkBatchInvitationCreation/Size_100_Concurrency_1", "memory"), "warn");
    assert_eq!(report.of("BenchmarkDeviceOperations/Size_100_Concurrency_1", "ops/sec"), "warn");
    assert_eq!(report.of("BenchmarkBatchInvitationCreation/Size_100_Concurrency_10", "allocs"), "pass");

    let report = project.step("pull-request.sh", &[], "bad").with(1).report("report.json");
    for metric in ["memory", "allocs"] {
        assert_eq!(report.of("BenchmarkBatchInvitationCreation/Size_50_Concurrency_5", metric), "fail", "{metric}");
    }
    assert_eq!(report.of("BenchmarkDeviceOperations/Size_100_Concurrency_10", "ops/sec"), "fail");
    assert_eq!(report.of("BenchmarkDeviceOperations/Size_100_Concurrency_10", "allocs"), "pass");
    assert_eq!(report.of("BenchmarkBatchInvitationExport/Export_Size_100", "memory"), "pass", "nothing was done to it");
}

#[test]
fn workers_that_wait_for_each_other_scale_worse() {
    let project = recorded();
    let ended = project.step("pull-request.sh", &[], "contended").with(1);
    let report = ended.report("report.json");
    assert_ne!(report.of("BenchmarkBatchInvitationCreation/Size_100_Concurrency_1", "ops/sec"), "fail");
    assert_eq!(report.of("BenchmarkBatchInvitationCreation/Size_100_Concurrency_20", "ops/sec"), "fail");
    let scaling = ended.file("scaling.txt");
    let family = |text: &str, name: &str| {
        let start =
            text.find(&format!("ops/sec along Concurrency: {name}")).unwrap_or_else(|| panic!("{name}\n{text}"));
        text[start..].lines().skip(2).take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let levels = family(&scaling, "BenchmarkBatchInvitationCreation/Size_100_Concurrency_*");
    assert_eq!(levels.len(), 5, "{levels:#?}");
    assert!(levels[0].trim_start().starts_with("1 ") && !levels[0].contains("scales worse"), "{levels:#?}");
    for level in &levels[1..] {
        assert!(level.ends_with("scales worse"), "more workers no longer help: {levels:#?}");
    }
    // What was not touched scales as before.
    let quiet = project.step("pull-request.sh", &[], "good").with(0);
    let levels = family(&quiet.file("scaling.txt"), "BenchmarkBatchInvitationCreation/Size_100_Concurrency_*");
    assert!(levels.iter().all(|level| !level.contains("scales worse")), "{levels:#?}");
}

#[test]
fn a_benchmark_that_fails_is_no_quick_one() {
    let project = recorded();
    let report = project.step("pull-request.sh", &[], "failed").with(1).report("report.json");
    assert_eq!(report.verdict(), "fail");
    let failed = report.all("invalid");
    assert!(failed.iter().any(|row| row.contains("BenchmarkDeviceOperations/Size_100")), "{failed:?}");
}

#[test]
fn the_nightly_job_turns_red_once() {
    let project = Project::new(NAME);
    // Seven nights are too few to say anything, and no reason for an alarm.
    project.nights("nightly.sh", &QUIET[..7]).with(0);
    let project = Project::new(NAME);
    project.nights("nightly.sh", &QUIET).with(0);
    git(&project.folder(), &["fetch", "-q"]);
    let night = |day: u32, run: &str, code: i32| {
        project.commit("another day", day);
        git(&project.folder(), &["push", "-q", "origin", "main"]);
        project.step("nightly.sh", &[], run).with(code)
    };
    let ended = night(9, "bad", 1);
    assert!(ended.file("trend.md").contains("allocs"), "counts are sure at once: {}", ended.out);
    night(10, "bad", 0);
}

#[test]
fn two_machines_are_compared_without_a_gate() {
    let project = Project::new(NAME);
    let [laptop, server] = ["baseline", "bad"].map(|run| project.captured(run).to_str().unwrap().to_owned());
    let report = project.step("environments.sh", &[&laptop, &server], "good").with(0).report("report.json");
    assert_eq!(report.verdict(), "fail", "what differs is said, and nothing fails");
}
