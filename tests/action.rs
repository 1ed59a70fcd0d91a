//! The GitHub Action: its steps played with bash in real repositories, for every kind of event.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod runner;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use runner::{Runner, checkout};
use world::{World, git, run};

/// A repository whose main branch has six recorded commits, as a runner sees it.
struct Scene {
    world: World,
    runner: Runner,
    main: Vec<String>,
}

const TESTBED: &str = "hosted";

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let mut main = Vec::new();
        for number in 0..6 {
            main.push(world.commit(&format!("main {number}")));
            let file = world.results("r.txt", 100.0 + f64::from(number % 3));
            run(&world.work(), &["record", &file, "--store", "git:perfgate-data", "--testbed", TESTBED], 0);
        }
        git(&world.work(), &["push", "-q", "origin", "main"]);
        Self { world, runner: Runner::new(), main }
    }

    /// Pull request 7, as its test merge is checked out.
    fn pull_request(&mut self, fork: bool) -> PathBuf {
        let work = self.world.work();
        git(&work, &["checkout", "-q", "-b", "topic", &self.main[4]]);
        let head = self.world.commit("change");
        git(&work, &["checkout", "-q", "--detach", &self.main[5]]);
        git(&work, &["merge", "-q", "--no-ff", "-m", "test merge", "topic"]);
        let merge = git(&work, &["rev-parse", "HEAD"]);
        git(&work, &["push", "-q", "origin", "HEAD:refs/pull/7/merge"]);
        let owner = if fork { "stranger" } else { "o" };
        let payload = format!(
            r#"{{"number": 7, "repository": {{"id": 1, "full_name": "o/r", "default_branch": "main"}}, "pull_request":
            {{"number": 7, "head": {{"sha": "{head}", "ref": "topic", "repo": {{"id": {}, "full_name": "{owner}/r"}}}},
            "base": {{"ref": "main"}}}}}}"#,
            if fork { 2 } else { 1 }
        );
        self.runner.on(
            "pull_request",
            &payload,
            &[
                ("GITHUB_SHA", &merge),
                ("GITHUB_REF", "refs/pull/7/merge"),
                ("GITHUB_HEAD_REF", "topic"),
                ("GITHUB_BASE_REF", "main"),
                ("GITHUB_REPOSITORY", "o/r"),
            ],
        );
        checkout(&self.world, "refs/pull/7/merge", "ci")
    }

    /// A push to main, as it is checked out.
    fn push(&mut self) -> PathBuf {
        let commit = self.world.commit("pushed");
        git(&self.world.work(), &["push", "-q", "origin", "main"]);
        let payload = r#"{"repository": {"id": 1, "full_name": "o/r", "default_branch": "main"}}"#;
        let variables =
            [("GITHUB_SHA", commit.as_str()), ("GITHUB_REF", "refs/heads/main"), ("GITHUB_REPOSITORY", "o/r")];
        self.runner.on("push", payload, &variables);
        checkout(&self.world, "main", "pushed")
    }

    fn results(&self, folder: &Path, value: f64) -> String {
        let written = self.world.results("now.txt", value);
        fs::copy(written, folder.join("bench.txt")).unwrap();
        "bench.txt".to_owned()
    }
}

fn json(path: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_pull_request_that_is_slower_fails_with_everything_written() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let results = scene.results(&folder, 150.0);
    let inputs = [("results", results.as_str()), ("testbed", TESTBED), ("comment", "never")];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(1, "fail");
    assert_eq!((played.output("regressions"), played.output("compared")), ("4", "4"));
    assert_eq!((played.output("baseline-sha"), played.output("baseline-kind")), (scene.main[5].as_str(), "exact"));
    assert_eq!(played.output("version"), runner::PINNED);
    assert!(played.log.contains("::error title=perfgate%3A fail BenchmarkB1"), "{}", played.log);
    assert!(played.log.contains("::group::perfgate report\nFAIL  4 of 4"), "{}", played.log);
    assert!(played.summary.contains("🔴") && played.summary.contains("`BenchmarkB1`"), "{}", played.summary);
    let report = json(played.output("report-json"));
    assert!(fs::read_to_string(played.output("report-html")).unwrap().starts_with("<!doctype html>"));
    assert_eq!((&report["verdict"], &report["history"]), (&"fail".into(), &5.into()));
    let of_commit = json(played.output("run-json"));
    assert_eq!(of_commit["commit"], git(&folder, &["rev-parse", "HEAD"]));
    assert_eq!((&of_commit["branch"], &of_commit["labels"]["testbed"]), (&"topic".into(), &TESTBED.into()));
    assert!(fs::read_to_string(played.output("report-markdown")).unwrap().contains("🔴"));

    // The same without annotations and summary, and without failing.
    let quiet = [("annotations", "false"), ("summary", "false"), ("fail-on", "never")];
    let played = scene.runner.act(&folder, &[&inputs[..], &quiet].concat());
    played.ends_with(0, "fail");
    assert!(!played.log.contains("::error") && played.summary.is_empty(), "{}", played.log);
}

#[test]
fn what_stays_within_its_limits_passes() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let results = scene.results(&folder, 101.0);
    let inputs = [("results", results.as_str()), ("testbed", TESTBED), ("comment", "never")];
    scene.runner.act(&folder, &inputs).ends_with(0, "pass");
    // perfgate.toml says what the inputs leave open.
    fs::write(folder.join("perfgate.toml"), "inputs = ['bench.txt']\ntestbed = 'hosted'\n").unwrap();
    scene.runner.act(&folder, &[("comment", "never")]).ends_with(0, "pass");
    fs::write(folder.join("perfgate.toml"), "store = 'dir:nowhere'\n").unwrap();
    let played = scene.runner.act(&folder, &inputs);
    assert_eq!((played.code, played.output("verdict"), played.output("baseline-kind")), (0, "none", "none"));
}

#[test]
fn without_a_baseline_the_step_passes_unless_one_is_required() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let results = scene.results(&folder, 100.0);
    let inputs = [("results", results.as_str()), ("testbed", "another"), ("comment", "never")];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(0, "none");
    assert!(played.summary.contains("⚪"), "{}", played.summary);
    assert!(played.output("run-json").ends_with("run.json"), "a first run can be recorded");
    // One fact is one annotation, and a job that passes has no red one.
    let annotations =
        |log: &str| -> Vec<String> { log.lines().filter(|line| line.starts_with("::")).map(str::to_owned).collect() };
    let loud = |log: &str| annotations(log).into_iter().filter(|a| !a.contains("group::")).collect::<Vec<_>>();
    let said = loud(&played.log);
    assert!(said.len() == 1 && said[0].starts_with("::warning title=no-baseline::"), "{said:?}");
    assert!(said[0].contains("`command: record`"), "{said:?}");
    // The same for a baseline that has no benchmark in common.
    let other = "goos: linux\npkg: example.org/p\nBenchmarkRenamed-8 \t 100\t 150 ns/op\nPASS\n";
    fs::write(folder.join("bench.txt"), other).unwrap();
    let played = scene.runner.act(&folder, &[inputs[0], ("testbed", TESTBED), inputs[2]]);
    played.ends_with(0, "none");
    let said = loud(&played.log);
    assert!(!said.iter().any(|line| line.starts_with("::error")), "{said:?}");
    assert_eq!(said.iter().filter(|line| line.contains("nothing")).count(), 1, "{said:?}");
    scene.results(&folder, 100.0);
    // And a history that has only begun.
    let trend = [("command", "trend"), ("testbed", TESTBED)];
    let begun = scene.runner.act(&folder, &trend);
    assert_eq!(begun.code, 0, "{}", begun.log);
    assert!(begun.log.contains("::notice title=too-short-history::"), "{}", begun.log);
    assert!(!begun.log.contains("::error"), "{}", begun.log);
    let required = scene.runner.act(&folder, &[&trend[..], &[("require-baseline", "true")]].concat());
    assert!(required.code == 3 && required.log.contains("::error title=too-short-history::"), "{}", required.log);
    let played = scene.runner.act(&folder, &[&inputs[..], &[("require-baseline", "true")]].concat());
    played.ends_with(3, "none");
}

#[test]
fn a_wrong_input_or_file_is_two_and_leaves_no_old_report() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let kept = scene.runner.path("kept");
    let results = scene.results(&folder, 150.0);
    let dir = [("report-dir", kept.to_str().unwrap()), ("comment", "never"), ("testbed", TESTBED)];
    scene.runner.act(&folder, &[&[("results", results.as_str())], &dir[..]].concat()).ends_with(1, "fail");
    assert!(kept.join("report.json").is_file());
    let played = scene.runner.act(&folder, &[&[("results", "gone.txt")], &dir[..]].concat());
    played.ends_with(2, "none");
    assert!(played.log.contains("::error title=not-found"), "{}", played.log);
    assert_eq!((played.output("report-json"), kept.join("report.json").exists()), ("", false));
    // What is to be read is not taken for an old report.
    fs::write(kept.join("report.json"), "{}").unwrap();
    let own = kept.join("*.json");
    let inputs = [("command", "report"), ("results", own.to_str().unwrap()), ("report-dir", kept.to_str().unwrap())];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(2, "none");
    assert!(played.log.contains("where the step writes its own report"), "{}", played.log);
    assert!(kept.join("report.json").exists());
    for (inputs, said) in [
        (&[("fail-on", "error")][..], "the input `fail-on` is one of fail, warn, never, not `error`"),
        (&[("confirm", "true")], "needs the input `bench-command`"),
        (&[("bench-command", "true")], "does nothing without `confirm: true`"),
        (&[("store", "dir:a"), ("baseline-branch", "b")], "both say where runs are kept"),
        (&[("issue", "true")], "the input `issue` does nothing with `command: check`"),
        (&[("command", "report"), ("pr-number", "7")], "the input `pr-number` does nothing without `results`"),
        (
            &[("command", "trend"), ("results", "a"), ("testbed", "b")],
            "the input `testbed` does nothing with `results`",
        ),
        (&[("command", "compare")], "needs the inputs `baseline` and `results`"),
        (&[("command", "report")], "`command: report` needs the input `results`"),
        (
            &[("results", &results), ("pr-number", "abc")],
            "the input `pr-number` is a whole number from 1 on, not `abc`",
        ),
        (&[("results", &results), ("comment-id", "my id!")], "the input `comment-id` is 1 to 64 of"),
        (
            &[("results", &results), ("comment", "never"), ("status-context", "perf")],
            "the input `status-context` goes with a comment: not with `comment: never`",
        ),
        (
            &[("results", &results), ("confirm", "true"), ("bench-command", "true"), ("pairs", "abc")],
            "the input `pairs` is a whole number from 1 to 65535, not `abc`",
        ),
    ] {
        let played = scene.runner.act(&folder, inputs);
        played.ends_with(2, "none");
        assert!(played.log.contains(said), "{}", played.log);
        // Found before anything is judged.
        assert!(!played.log.contains("perfgate report"), "{}", played.log);
    }
}

#[test]
fn a_broken_configuration_is_annotated_where_it_is_broken() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let results = scene.results(&folder, 150.0);
    fs::write(folder.join("perfgate.toml"), "testbed = 'hosted'\nno-such-key = 1\n").unwrap();
    let played = scene.runner.act(&folder, &[("results", results.as_str()), ("comment", "never")]);
    played.ends_with(2, "none");
    let annotated = played.log.lines().filter(|line| line.starts_with("::error ")).collect::<Vec<_>>();
    assert!(annotated.len() == 1 && annotated[0].contains("perfgate.toml,line=2"), "{}", played.log);
}

#[test]
fn a_folder_for_reports_that_cannot_be_written_is_told_before_judging() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let results = scene.results(&folder, 150.0);
    let below = folder.join("bench.txt").join("reports");
    let inputs = [
        ("results", results.as_str()),
        ("testbed", TESTBED),
        ("comment", "never"),
        ("report-dir", below.to_str().unwrap()),
    ];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(4, "none");
    assert!(played.log.contains("cannot write into the folder for reports"), "{}", played.log);
    assert!(played.log.contains("the input `report-dir`") && !played.log.contains("FAIL"), "{}", played.log);
}

#[test]
fn a_comment_that_is_required_is_not_passed_over_in_silence() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let results = scene.results(&folder, 100.0);
    let inputs = [("results", results.as_str()), ("testbed", TESTBED), ("require-comment", "true")];
    // Nothing says which pull request it is.
    let sha = git(&folder, &["rev-parse", "HEAD"]);
    let base = [("GITHUB_SHA", sha.as_str()), ("GITHUB_BASE_REF", "main"), ("GITHUB_REPOSITORY", "o/r")];
    scene.runner.on("pull_request", "{", &base);
    let played = scene.runner.act(&folder, &inputs);
    assert_eq!(played.code, 4, "{}", played.log);
    assert!(played.log.contains("::error title=not-posted::no comment was written"), "{}", played.log);
    // A push has none, which is no failure.
    let folder = scene.push();
    scene.results(&folder, 100.0);
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(0, "pass");
    assert!(played.log.contains("::notice title=not-posted::no comment was written"), "{}", played.log);
}

#[test]
fn names_from_results_command_nothing() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(false);
    let hostile = "goos: linux\npkg: example.org/p\nBenchmarkB1/##[add-path]/x-8 \t 100\t 150 ns/op\n\
                   BenchmarkB2/::error::x%0Averdict=pass-8 \t 100\t 150 ns/op\nPASS\nok  \texample.org/p\t1.0s\n";
    fs::write(folder.join("bench.txt"), hostile).unwrap();
    let inputs = [("results", "bench.txt"), ("testbed", TESTBED), ("comment", "never")];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(0, "none");
    assert!(!played.log.contains("##[") && !played.log.contains("\n::error::x"), "{}", played.log);
}

#[test]
fn results_are_recorded_where_they_were_measured() {
    let mut scene = Scene::new();
    let folder = scene.push();
    let results = scene.results(&folder, 101.0);
    let kept = scene.runner.path("kept");
    let inputs = [("results", results.as_str()), ("report-dir", kept.to_str().unwrap()), ("testbed", TESTBED)];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(0, "pass");
    assert_eq!(played.output("baseline-sha"), scene.main[5]);
    // The job that stores it has a checkout of its own, and says no testbed.
    let elsewhere = checkout(&scene.world, "main", "recorder");
    let run_json = kept.join("run.json");
    let record = [("command", "record"), ("results", run_json.to_str().unwrap())];
    let played = scene.runner.act(&elsewhere, &record);
    assert_eq!((played.code, played.output("verdict")), (0, ""), "{}", played.log);
    let (listed, _) =
        run(&scene.world.work(), &["store", "list", "--store", "git:perfgate-data", "--report", "json"], 0);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let runs = listed["runs"].as_array().unwrap();
    let commit = git(&folder, &["rev-parse", "HEAD"]);
    let stored = runs.iter().find(|run| run["commit"] == commit.as_str()).unwrap();
    assert_eq!((runs.len(), &stored["testbed"]), (7, &TESTBED.into()));
    // Nothing is stored twice.
    assert_eq!(scene.runner.act(&elsewhere, &record).code, 0);
}

#[test]
fn two_inputs_are_compared_without_a_store() {
    let mut scene = Scene::new();
    let folder = scene.pull_request(true);
    fs::copy(scene.world.results("a", 100.0), folder.join("base.txt")).unwrap();
    let results = scene.results(&folder, 150.0);
    let inputs =
        [("command", "compare"), ("baseline", "base.txt"), ("results", results.as_str()), ("comment", "never")];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(1, "fail");
    assert_eq!((played.output("baseline-kind"), played.output("baseline-sha")), ("file", ""));
    let results = scene.results(&folder, 107.0);
    let inputs = [&inputs[..2], &[("results", results.as_str()), ("comment", "never")]].concat();
    scene.runner.act(&folder, &inputs).ends_with(0, "warn");
    scene.runner.act(&folder, &[&inputs[..], &[("fail-on", "warn")]].concat()).ends_with(1, "warn");
}

#[test]
fn the_history_is_looked_through() {
    let mut scene = Scene::new();
    for number in 0..8 {
        scene.world.commit(&format!("later {number}"));
        let file = scene.world.results("r.txt", 160.0 + f64::from(number % 3));
        run(&scene.world.work(), &["record", &file, "--store", "git:perfgate-data", "--testbed", TESTBED], 0);
    }
    let folder = scene.push();
    let payload = r#"{"schedule": "17 3 * * *", "repository": {"default_branch": "main"}}"#;
    scene.runner.on("schedule", payload, &[("GITHUB_REF", "refs/heads/main")]);
    let played = scene.runner.act(&folder, &[("command", "trend"), ("testbed", TESTBED), ("fail-on", "never")]);
    assert_eq!(played.code, 0, "{}", played.log);
    assert!(["pass", "warn", "fail"].contains(&played.output("verdict")), "{:?}", played.outputs);
    assert!(played.summary.contains("B1"), "{}", played.summary);
    assert!(json(played.output("report-json"))["schema"] == "perfgate-trend/1");
}

/// A benchmark command that takes as long as the file `speed` beside it says.
const BENCH: &str = "#!/bin/sh\necho goos: linux; echo pkg: example.org/p\n\
    for i in 1 2 3 4; do echo \"BenchmarkB$i-8 100 $(($(cat speed) * i)).$(($(date +%N | sed 's/^0*//') % 90 + 10)) ns/op\"; done\n\
    echo \"token: ${PERFGATE_TOKEN:-none}\" >>\"$WITNESS\"\necho PASS\n";

#[test]
fn suspects_are_measured_again_in_turns_with_a_base_that_is_fetched() {
    let mut scene = Scene::new();
    // The script is on main, so that both sides have it.
    let work = scene.world.work();
    fs::write(work.join("bench.sh"), BENCH).unwrap();
    fs::write(work.join("speed"), "100").unwrap();
    git(&work, &["add", "bench.sh", "speed"]);
    scene.main[5] = scene.world.commit("a benchmark");
    let file = scene.world.results("r.txt", 100.0);
    run(&work, &["record", &file, "--store", "git:perfgate-data", "--testbed", TESTBED], 0);
    git(&work, &["push", "-q", "origin", "main"]);
    let folder = scene.pull_request(false);
    let witness = scene.runner.path("witness");
    scene.runner.variables.push(("WITNESS".to_owned(), witness.to_str().unwrap().to_owned()));
    let results = scene.results(&folder, 150.0);
    let inputs = [
        ("results", results.as_str()),
        ("testbed", TESTBED),
        ("comment", "never"),
        ("confirm", "true"),
        ("bench-command", "sh bench.sh"),
    ];
    // What looked slower is not: the fresh pairs decide.
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(0, "pass");
    let report = json(played.output("report-json"));
    assert!(report["notes"].as_array().unwrap().iter().any(|note| note["code"] == "confirmed"), "{}", report["notes"]);
    assert!(played.summary.contains("🟢"), "{}", played.summary);
    let seen = fs::read_to_string(&witness).unwrap();
    assert!(seen.lines().count() == 10 && seen.lines().all(|line| line == "token: none"), "{seen}");
    // What is slower stays so.
    fs::write(folder.join("speed"), "150").unwrap();
    scene.runner.act(&folder, &inputs).ends_with(1, "fail");
    // A command that fails does not make a red gate green.
    let broken = [&inputs[..4], &[("bench-command", "sh -c 'echo broken; exit 9'")]].concat();
    let played = scene.runner.act(&folder, &broken);
    played.ends_with(1, "fail");
    assert!(played.log.contains("command-failed"), "{}", played.log);
}
