//! A scheduler whose own benchmarks write JSON into folders, with expected values in a file and k6 scenarios.

use std::process::Command;

use crate::project::{Ended, Project};
use crate::server::{Server, TOKEN};
use crate::world::git;

const QUIET: [&str; 8] =
    ["night-01", "night-02", "night-03", "night-04", "night-05", "night-06", "night-07", "night-08"];
const SLOWER: [&str; 4] = ["bad-1", "bad-2", "bad-3", "bad-4"];

fn project() -> Project {
    Project::new("scheduler-results")
}

/// A project after these nights, on a server; the end of each.
struct Nights {
    project: Project,
    server: Server,
    count: u32,
}

impl Nights {
    fn new() -> Self {
        Self { project: project(), server: Server::start(), count: 0 }
    }

    fn night(&mut self, run: &str) -> Ended {
        self.night_with(run, &[])
    }

    fn night_with(&mut self, run: &str, more: &[(&str, &str)]) -> Ended {
        self.count += 1;
        self.project.commit(&format!("day {}", self.count), self.count);
        git(&self.project.folder(), &["push", "-q", "origin", "main"]);
        let origin = self.server.origin();
        let webhook = format!("{origin}/services/T0/B0/secret");
        let (night, graphql) = (format!("2026-10-{:02}", self.count), format!("{origin}/graphql"));
        let variables = [
            ("NIGHT", night.as_str()),
            ("GITHUB_TOKEN", TOKEN),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_API_URL", &origin),
            ("GITHUB_GRAPHQL_URL", &graphql),
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("PERFGATE_TESTBED", "linux-x64"),
            ("PERFGATE_SLACK_WEBHOOK", &webhook),
        ];
        self.project.step_with("nightly.sh", &[], run, &[&variables[..], more].concat())
    }

    fn slack(&self) -> usize {
        self.server.world().slack.len()
    }
}

#[test]
fn before_a_commit_the_quick_suite_is_held_against_the_expected_values() {
    let project = project();
    let ended = project.step("pre-commit.sh", &[], "quick-good").with(0);
    // The rest of the suite was not run, which is shown and counts for nothing.
    assert!(ended.out.starts_with("PASS  ") && ended.out.contains("missing   startup_time"), "{}", ended.out);
    for run in ["quick-slightly-worse", "quick-bad"] {
        let ended = project.step("pre-commit.sh", &[], run).with(1);
        assert!(ended.out.contains("schedule_generation_25res_4wk") && ended.out.contains("10%"), "{}", ended.out);
    }
}

#[test]
fn a_run_of_files_is_held_against_nested_expected_values() {
    let mut nights = Nights::new();
    let good = nights.night("good").with(0).report("reports/performance.json");
    assert_eq!(good.verdict(), "pass", "{:?} {:?}", good.all("fail"), good.all("warn"));
    let row = good.row("schedule_generation_25res_4wk", "time");
    assert_eq!((&row["statistic"], &row["baseline"]["value"]), (&"mean".into(), &8.0.into()));
    assert_eq!(good.of("schedule_generation_25res_4wk", "time.p95"), "improved");
    assert_eq!(good.of("schedule_generation_25res_4wk", "peak-memory"), "pass");

    // +12 % is over the limit of times and throughput, not over that of memory.
    let worse = nights.night("slightly-worse").with(1).report("reports/performance.json");
    for (benchmark, metric, verdict) in [
        ("schedule_generation_25res_4wk", "time", "fail"),
        ("schedule_generation_25res_4wk", "throughput", "fail"),
        ("schedule_generation_25res_4wk", "memory", "pass"),
        ("database_query_joins", "time", "fail"),
        ("startup_time", "time", "fail"),
        // 10 s were expected, and are not reached yet.
        ("schedule_generation_25res_4wk", "time.p95", "improved"),
    ] {
        assert_eq!(worse.of(benchmark, metric), verdict, "{benchmark} {metric}");
    }

    // Over its budget of 10 s as well, and a leak.
    let bad = nights.night("bad-1").with(1).report("reports/performance.json");
    for (benchmark, metric) in [
        ("schedule_generation_25res_4wk", "time"),
        ("schedule_generation_25res_4wk", "time.p95"),
        ("schedule_generation_25res_4wk", "throughput"),
        ("schedule_generation_25res_4wk", "memory"),
        ("schedule_generation_25res_4wk", "peak-memory"),
        ("memory_usage/growth", "memory"),
    ] {
        assert_eq!(bad.of(benchmark, metric), "fail", "{benchmark} {metric}");
        assert_ne!(bad.row(benchmark, metric)["gate"], false, "{benchmark} {metric}");
    }
}

#[test]
fn the_reports_of_a_night() {
    let mut nights = Nights::new();
    let ended = nights.night("bad-1").with(1);
    assert!(ended.file("reports/performance.txt").starts_with("FAIL  "));
    assert!(ended.file("reports/PERFORMANCE.md").contains("| `schedule_generation_25res_4wk` |"));
    // A run is a file for each benchmark, and of most of them the same is to be said: that is said once, by each command.
    assert_eq!(ended.err.matches("the same in 7 more files").count(), 2, "{}", ended.err);
    // So is that none of this is a load test.
    let text = ended.file("reports/performance.txt");
    assert!(text.contains("12 of 14 [[budget]] entries match no series"), "{text}");
}

#[test]
fn an_alert_reaches_slack() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let mut nights = Nights::new();
    let webhook = format!("{}/services/T0/B0/secret", nights.server.origin());
    let variables = [("SLACK_WEBHOOK", webhook.as_str()), ("RUN_URL", "https://ci.example/1")];
    nights.night_with("good", &variables).with(0);
    assert_eq!(nights.slack(), 0);
    nights.night_with("bad-1", &variables).with(1);
    let said = nights.server.world().slack.clone();
    assert_eq!(said.len(), 1);
    assert!(said[0]["text"].as_str().unwrap().contains("<https://ci.example/1|"), "{said:?}");
    // Without anybody to tell, a regression is one all the same.
    nights.project.step("alert.sh", &[], "good").with(1);
}

#[test]
fn in_a_pull_request_the_quick_suite_is_held_against_main() {
    let mut nights = Nights::new();
    for run in QUIET {
        nights.night(run).with(0);
    }
    let project = &nights.project;
    git(&project.folder(), &["checkout", "-q", "-b", "change"]);
    for (run, code, verdict) in
        [("quick-good", 0, "pass"), ("quick-slightly-worse", 0, "warn"), ("quick-bad", 1, "fail")]
    {
        project.commit(run, 20);
        let report = project.step("pull-request.sh", &[], run).with(code).report("pull-request.json");
        assert_eq!(report.verdict(), verdict, "{run} {:?}", report.all("fail"));
        if run != "quick-good" {
            assert_eq!(report.of("schedule_generation_25res_4wk", "time"), verdict);
            let limits = &report.row("rule_validation_100res_4wk", "throughput")["limits"];
            assert_eq!((&limits["warn"]["value"], &limits["fail"]["value"]), (&0.10.into(), &0.15.into()));
        }
    }
}

#[test]
fn nights_are_kept_and_news_are_told_once() {
    let mut nights = Nights::new();
    for run in QUIET {
        nights.night(run).with(0);
    }
    assert_eq!((nights.slack(), nights.server.world().issues.len()), (0, 0));
    // The expected values are missed in the first night, so the job is red. What the history makes of it is told when it is
    // certain.
    let told: Vec<usize> = SLOWER
        .iter()
        .map(|run| {
            nights.night(run).with(1);
            nights.slack()
        })
        .collect();
    assert_eq!(told, [0, 0, 0, 1]);
    let body = nights.server.world().issue(1)["body"].as_str().unwrap().to_owned();
    assert!(
        body.contains("| `schedule_generation_25res_4wk` | time |") || body.contains("schedule_generation"),
        "{body}"
    );
    // The folder has the same runs.
    let last = nights.project.step("compare-last.sh", &[], "good").with(0);
    assert!(last.out.contains("schedule_generation_25res_4wk") && last.out.contains("+40"), "{}", last.out);
    assert!(last.out.contains("reported from benchmark_results/2026-10-06"), "{}", last.out);
}

#[test]
fn a_run_can_become_what_is_expected() {
    let mut nights = Nights::new();
    nights.night("bad-1").with(1);
    nights.project.step("update-baseline.sh", &["benchmark_results/2026-10-01"], "good").with(0);
    let again = nights.project.step("alert.sh", &[], "good");
    let rows = again.report("reports/performance.json");
    // Its budget it does not meet all the same.
    assert_eq!((again.code, rows.all("fail").len()), (1, 2), "{:?}", rows.all("fail"));
    assert_eq!(rows.of("database_query_joins", "time"), "pass");
}

#[test]
fn load_tests_are_held_against_their_criteria() {
    let project = project();
    // Scenario, run, exit code, what is over its budget.
    let cases: [(&str, &str, i32, &[&str]); 11] = [
        ("levels", "load-good", 0, &[]),
        ("levels", "load-slightly-worse", 0, &[]),
        (
            "levels",
            "load-bad",
            1,
            &[
                "http_req_duration{level:maximum} latency.p95",
                "http_req_duration{level:normal} latency.p95",
                "http_req_duration{level:peak} latency.p95",
                "http_req_failed{level:maximum} error-rate",
                "http_req_failed{level:normal} error-rate",
                "http_req_failed{level:peak} error-rate",
            ],
        ),
        ("peak", "load-good", 0, &[]),
        (
            "peak",
            "load-bad",
            1,
            &["http_req_duration{scenario:peak} latency.p95", "http_req_failed{scenario:peak} error-rate"],
        ),
        ("sustained", "load-good", 0, &[]),
        ("sustained", "load-bad", 1, &["http_req_failed{scenario:sustained} error-rate"]),
        ("spike", "load-good", 0, &[]),
        ("spike", "load-bad", 1, &["checks{part:recovery} check-rate", "http_req_failed{part:spike} error-rate"]),
        ("soak", "load-good", 0, &[]),
        ("soak", "load-bad", 1, &["http_req_failed{scenario:soak} error-rate"]),
    ];
    for (scenario, run, code, over) in cases {
        let report = project.step("load-test.sh", &[scenario], run).with(code).report("load-results/report.json");
        assert_eq!(report.all("fail"), over, "{scenario} {run}");
    }
}

#[test]
fn the_end_of_a_long_test_is_held_against_its_beginning() {
    let project = project();
    for scenario in ["sustained", "soak"] {
        project.step("load-test.sh", &[scenario], "load-good").with(0);
        project.step("compare-parts.sh", &[scenario], "load-good").with(0);
        project.step("load-test.sh", &[scenario], "load-bad").with(1);
        let ended = project.step("compare-parts.sh", &[scenario], "load-bad").with(1);
        assert!(ended.out.contains("service_memory{part:last}"), "{}", ended.out);
    }
}

/// The page of a night, which needs nothing but its report.
#[test]
fn the_report_for_a_browser() {
    let mut nights = Nights::new();
    nights.night("bad-1").with(1);
    let page = nights.project.step("reports.sh", &[], "good").with(0).file("reports/performance.html");
    assert!(page.contains("schedule_generation_25res_4wk"));
}
