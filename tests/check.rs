//! `check`: which stored run a change is compared with, in real repositories as CI systems leave them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use world::{World, command, git, run, text};

/// A world whose main branch has this many commits, each with a run that took 1 ns more than the last.
fn recorded(commits: usize) -> (World, Vec<String>) {
    let world = World::new();
    let mut ids = Vec::new();
    for number in 0..commits {
        ids.push(world.commit(&format!("main {number}")));
        record(&world, 100.0 + number as f64, &[]);
    }
    git(&world.work(), &["push", "-q", "origin", "main"]);
    (world, ids)
}

fn record(world: &World, value: f64, more: &[&str]) {
    let file = world.results("r.txt", value);
    run(&world.work(), &[&["record", &file, "--store", "git:"], more].concat(), 0);
}

/// The report of a check that ends with this code.
fn check(world: &World, folder: &Path, more: &[&str], environment: &[(&str, &str)], code: i32) -> (Value, String) {
    let file = world.results("now.txt", 100.0);
    let arguments = [&["check", &file, "--store", "git:", "--report", "json"], more].concat();
    let output = command(folder, &arguments).envs(environment.iter().copied()).output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    (serde_json::from_str(&out).unwrap_or(Value::Null), err)
}

fn baseline(report: &Value) -> &str {
    report["baseline"]["commit"].as_str().unwrap_or("none")
}

fn has_note(report: &Value, code: &str) -> bool {
    report["notes"].as_array().unwrap().iter().any(|note| note["code"] == code)
}

#[test]
fn a_branch_is_compared_with_where_it_left_main() {
    let (world, main) = recorded(4);
    git(&world.work(), &["checkout", "-q", "-b", "topic", &main[2]]);
    world.commit("change");
    let (report, _) = check(&world, &world.work(), &[], &[], 0);
    assert_eq!(baseline(&report), main[2], "not main's newest, which the branch does not have");
    assert_eq!(report["history"], 2);
    assert_eq!(report["baseline"]["inputs"][0], "the merge base with main");
    assert_eq!(report["current"]["branch"], "topic");
    assert!(!has_note(&report, "older-baseline"));
}

#[test]
fn a_commit_of_main_is_compared_with_the_one_before() {
    let (world, main) = recorded(3);
    let (report, _) = check(&world, &world.work(), &[], &[], 0);
    assert_eq!(baseline(&report), main[1]);
    // With changes that are not committed yet, what is checked out is where they started.
    std::fs::write(world.work().join("f"), "").unwrap();
    git(&world.work(), &["add", "f"]);
    let (report, _) = check(&world, &world.work(), &[], &[], 0);
    assert_eq!(baseline(&report), main[2]);
}

#[test]
fn without_a_run_of_the_start_the_nearest_before_it_is_taken() {
    let (world, main) = recorded(2);
    world.commit("not measured");
    world.commit("not measured either");
    git(&world.work(), &["push", "-q"]);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    world.commit("change");
    let (report, _) = check(&world, &world.work(), &[], &[], 0);
    assert_eq!(baseline(&report), main[1]);
    assert_eq!(report["baseline"]["inputs"][0], "2 commits before the merge base with main");
    assert!(has_note(&report, "older-baseline"));
}

#[test]
fn merges_are_followed_along_first_parents() {
    let (world, main) = recorded(2);
    git(&world.work(), &["checkout", "-q", "-b", "side", &main[0]]);
    world.commit("side");
    record(&world, 500.0, &[]);
    git(&world.work(), &["checkout", "-q", "main"]);
    git(&world.work(), &["merge", "-q", "--no-ff", "-m", "merge side", "side"]);
    git(&world.work(), &["push", "-q"]);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    world.commit("change");
    let (report, _) = check(&world, &world.work(), &[], &[], 0);
    assert_eq!(baseline(&report), main[1], "the run of the side branch is not main's");
    assert_eq!(report["history"], 1);
}

/// A clone as `actions/checkout` makes it: one commit, a detached head, no branches.
fn checkout(world: &World, commit: &str, name: &str) -> PathBuf {
    let path = world.root().join(name);
    std::fs::create_dir(&path).unwrap();
    git(&path, &["init", "-q"]);
    let hub = format!("file://{}", world.root().join("hub.git").display());
    git(&path, &["remote", "add", "origin", &hub]);
    git(&path, &["fetch", "-q", "--depth=1", "--no-tags", "origin", commit]);
    git(&path, &["checkout", "-q", "--detach", "FETCH_HEAD"]);
    path
}

#[test]
fn a_pull_request_is_compared_with_what_it_is_merged_into() {
    let (world, main) = recorded(4);
    git(&world.work(), &["checkout", "-q", "-b", "topic", &main[1]]);
    world.commit("change");
    git(&world.work(), &["push", "-q", "origin", "topic:refs/pull/7/head"]);
    git(&world.work(), &["checkout", "-q", "--detach", &main[2]]);
    git(&world.work(), &["merge", "-q", "--no-ff", "-m", "test merge", "topic"]);
    let merge = git(&world.work(), &["rev-parse", "HEAD"]);
    git(&world.work(), &["push", "-q", "origin", "HEAD:refs/pull/7/merge"]);
    let path = checkout(&world, "refs/pull/7/merge", "ci");
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_SHA", merge.as_str()),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_HEAD_REF", "topic"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let (report, _) = check(&world, &path, &[], &environment, 0);
    assert_eq!(baseline(&report), main[2], "the first parent, not the merge base, and not main's newest");
    assert_eq!(report["baseline"]["inputs"][0], "the first parent of the merge");
    assert_eq!((&report["history"], &report["current"]["branch"]), (&2.into(), &"topic".into()));
    assert_eq!(git(&path, &["rev-list", "--all", "--count"]), "1", "the clone is as it was");
    // Its run is not stored, unless somebody insists.
    let file = world.results("pr.txt", 400.0);
    let record = ["record", file.as_str(), "--store", "git:"];
    let output = command(&path, &record).envs(environment).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).starts_with("note[not-recorded]: nothing was stored"), "{}", text(&output.stderr));
    let output = command(&path, &[&record[..], &["--pull-request"]].concat()).envs(environment).output().unwrap();
    assert!(text(&output.stderr).starts_with("recorded "), "{}", text(&output.stderr));
    let (report, _) = check(&world, &path, &[], &environment, 0);
    assert_eq!(baseline(&report), main[2]);
    assert_eq!(report["history"], 2, "it is on nobody's way");
}

#[test]
fn a_head_that_was_brought_up_to_date_is_no_test_merge() {
    let (world, main) = recorded(4);
    git(&world.work(), &["checkout", "-q", "-b", "topic", &main[1]]);
    world.commit("change");
    git(&world.work(), &["merge", "-q", "--no-ff", "-m", "update branch", &main[2]]);
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_SHA", "0123456789012345678901234567890123456789"),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let (report, _) = check(&world, &world.work(), &[], &environment, 0);
    assert_eq!(baseline(&report), main[2], "its first parent is its own older commit");
}

#[test]
fn the_default_branch_is_asked_for_where_the_clone_does_not_know_it() {
    let (world, main) = recorded(3);
    git(&world.work(), &["checkout", "-q", "-b", "topic", &main[1]]);
    world.commit("older change");
    record(&world, 900.0, &[]);
    world.commit("change");
    git(&world.work(), &["push", "-q", "origin", "topic"]);
    git(world.root(), &["clone", "-q", "--single-branch", "--branch", "topic", "hub.git", "single"]);
    let (report, _) = check(&world, &world.root().join("single"), &[], &[], 0);
    assert_eq!(baseline(&report), main[1], "not the branch's own older commit");
}

#[test]
fn trend_reads_the_branch_alone() {
    let (world, main) = recorded(9);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    world.commit("change");
    record(&world, 900.0, &[]);
    let path = checkout(&world, "main", "nightly");
    for more in [&[][..], &["--branch", "main"]] {
        let (out, err) = run(&path, &[&["trend", "--store", "git:", "--report", "json"], more].concat(), 0);
        let trend: Value = serde_json::from_str(&out).unwrap();
        let commits: Vec<&str> =
            trend["runs"].as_array().unwrap().iter().filter_map(|run| run["commit"].as_str()).collect();
        assert_eq!(commits, main, "{err}");
    }
    let (_, err) = run(&path, &["trend", "--store", "git:", "--branch", "nowhere"], 2);
    assert!(err.starts_with("error[unknown-commit]: no branch `nowhere` is known here"), "{err}");
}

#[test]
fn what_names_no_commit_is_not_recorded() {
    let (world, main) = recorded(1);
    let file = world.results("r.txt", 50.0);
    let told = |commit: &str| run(&world.work(), &["record", &file, "--store", "git:", "--commit", commit], 2).1;
    assert!(told("nope").starts_with("error[unknown-commit]: `nope` is no commit, branch or tag"));
    assert!(told("").starts_with("error["));
    assert!(told(&"a".repeat(300)).starts_with("error["));
    git(&world.work(), &["tag", "v1", &main[0]]);
    world.commit("later");
    run(&world.work(), &["record", &file, "--store", "git:", "--commit", "v1"], 0);
    let (report, _) = check(&world, &world.work(), &["--baseline", "v1"], &[], 1);
    assert_eq!((baseline(&report), &report["baseline"]["runs"]), (main[0].as_str(), &2.into()));
    let (_, err) = check(&world, &world.work(), &["--baseline", "v9"], &[], 2);
    assert!(err.starts_with("error[unknown-commit]: `v9` is no commit or tag"), "{err}");
}

#[test]
fn a_first_commit_has_no_baseline_and_that_can_be_allowed() {
    let world = World::new();
    let (_, err) = check(&world, &world.work(), &[], &[], 3);
    assert!(err.contains("error[no-baseline]: the first commit has nothing before it"), "{err}");
    let (report, _) = check(&world, &world.work(), &["--allow-missing-baseline"], &[], 0);
    assert_eq!(report["verdict"], "none");
}

#[test]
fn a_repository_that_git_does_not_open_is_an_error() {
    let (world, _) = recorded(2);
    let file = world.results("now.txt", 100.0);
    let store = format!("dir:{}", world.root().join("kept").display());
    run(&world.work(), &["store", "copy", "git:", &store], 0);
    let output =
        command(&world.work(), &["check", &file, "--store", &store]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("there is no program `git` here"), "{}", text(&output.stderr));
}

#[test]
fn other_systems_build_the_head_of_a_pull_request() {
    let (world, main) = recorded(3);
    git(&world.work(), &["checkout", "-q", "-b", "topic", &main[1]]);
    let head = world.commit("change");
    git(&world.work(), &["push", "-q", "origin", "topic"]);
    let path = checkout(&world, "topic", "ci");
    let environment = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_COMMIT", head.as_str()),
        ("BUILDKITE_BRANCH", "topic"),
        ("BUILDKITE_PULL_REQUEST", "7"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
    ];
    let (report, _) = check(&world, &path, &[], &environment, 0);
    assert_eq!(baseline(&report), main[1]);
    assert_eq!(report["baseline"]["inputs"][0], "the merge base with main");
}

#[test]
fn a_push_in_a_shallow_clone_records_and_checks() {
    let (world, main) = recorded(3);
    world.commit("pushed");
    git(&world.work(), &["push", "-q"]);
    let path = checkout(&world, "main", "ci");
    let environment = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF", "refs/heads/main")];
    let (report, _) = check(&world, &path, &["--base", "main"], &environment, 0);
    assert_eq!((baseline(&report), &report["history"]), (main[2].as_str(), &2.into()));
    let file = world.results("push.txt", 104.0);
    let output = command(&path, &["record", &file, "--store", "git:"]).envs(environment).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (out, _) = run(&world.work(), &["store", "show", "--store", "git:", &git(&path, &["rev-parse", "HEAD"])], 0);
    assert!(out.contains("branch main") && out.contains("ci: GitHub Actions"), "{out}");
}

#[test]
fn a_bare_repository_will_do() {
    let (world, main) = recorded(2);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    let head = world.commit("change");
    git(&world.work(), &["push", "-q", "origin", "topic"]);
    git(world.root(), &["clone", "-q", "--bare", "hub.git", "bare.git"]);
    let bare = world.root().join("bare.git");
    let (report, _) = check(&world, &bare, &["--commit", &head], &[], 0);
    assert_eq!(baseline(&report), main[1]);
}

#[test]
fn testbeds_and_suites_never_mix() {
    let (world, _) = recorded(2);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    world.commit("change");
    for other in [["--testbed", "large"], ["--suite", "slow"]] {
        let (report, err) = check(&world, &world.work(), &other, &[], 3);
        assert_eq!((baseline(&report), &report["verdict"]), ("none", &"none".into()));
        assert!(err.starts_with("error[no-baseline]: no stored run to compare with: none at or before "), "{err}");
        assert!(
            err.contains("it has runs of other testbeds and suites: linux-") && err.contains("perfgate record"),
            "{err}"
        );
    }
    let junit = world.root().join("junit.xml");
    let to = format!("junit={}", junit.display());
    let allowed = ["--testbed", "large", "--allow-missing-baseline", "--report", &to];
    let (_, err) = check(&world, &world.work(), &allowed, &[], 0);
    assert!(err.starts_with("warning[no-baseline]: no stored run to compare with"), "{err}");
    // A job that passes has no error among its tests.
    let said = std::fs::read_to_string(&junit).unwrap();
    assert!(!said.contains("<error") && said.contains("errors=\"0\"") && said.contains("<skipped"), "{said}");
    check(&world, &world.work(), &["--testbed", "large", "--report", &to], &[], 3);
    assert!(std::fs::read_to_string(&junit).unwrap().contains("type=\"nothing-compared\""));
}

#[test]
fn a_named_baseline_is_that_one_or_none() {
    let (world, main) = recorded(3);
    git(&world.work(), &["tag", "v1", &main[0]]);
    let unmeasured = world.commit("not measured");
    for name in ["v1", &main[0], &main[0][..9]] {
        let (report, _) = check(&world, &world.work(), &["--baseline", name], &[], 0);
        assert_eq!(baseline(&report), main[0], "{name}");
    }
    // Once, however much of it was typed.
    for typed in [&unmeasured[..], &unmeasured[..10], &unmeasured[..7]] {
        let (_, err) = check(&world, &world.work(), &["--baseline", typed], &[], 3);
        let line = err.lines().find(|line| line.contains("no-baseline")).unwrap();
        assert!(line.ends_with(&format!("none at {}", &unmeasured[..10])), "{err}");
    }
    let (_, err) = check(&world, &world.work(), &["--baseline", &unmeasured], &[], 3);
    assert!(err.contains(&format!("perfgate record --commit {}", &unmeasured[..10])), "{err}");
    let file = world.results("b.txt", 99.0);
    let (report, _) = check(&world, &world.work(), &["--baseline-file", &file], &[], 0);
    assert_eq!((baseline(&report), &report["counts"]["total"]), ("none", &4.into()));
}

#[test]
fn a_report_says_how_its_baseline_is_found_again() {
    let (world, main) = recorded(2);
    world.commit("change");
    let work = world.work();
    fs::write(work.join("now.txt"), fs::read(world.results("now.txt", 100.0)).unwrap()).unwrap();
    let reproduced = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["check", "now.txt", "--report", "markdown"], arguments].concat();
        let output = command(&work, &arguments).envs(variables.iter().copied()).output().unwrap();
        let out = text(&output.stdout);
        let command = out.split("reproduce: `perfgate ").nth(1).and_then(|rest| rest.split('`').next());
        command.unwrap_or_else(|| panic!("{out}\n{}", text(&output.stderr))).to_owned()
    };
    for (arguments, variables) in
        [(&["--store", "git:perfgate-data"][..], &[][..]), (&[], &[("PERFGATE_STORE", "git:perfgate-data")])]
    {
        let line = reproduced(arguments, variables);
        assert!(line.contains(" --store git:perfgate-data now.txt"), "{line}");
        // What it says finds the same baseline.
        let words: Vec<&str> = line.split(' ').chain(["--report", "json"]).collect();
        let (report, _) = run(&work, &words, 0);
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!((baseline(&report), &report["store"]), (&*main[1], &"git:perfgate-data".into()));
    }
    // With the store in perfgate.toml nothing needs to be said.
    fs::write(work.join("perfgate.toml"), "store = \"git:perfgate-data\"\n").unwrap();
    let line = reproduced(&[], &[]);
    assert!(!line.contains("--store"), "{line}");
}

#[test]
fn a_system_that_only_one_side_names_is_no_difference() {
    let (world, _) = recorded(2);
    world.commit("change");
    let (report, _) = check(&world, &world.work(), &[], &[("GITHUB_ACTIONS", "true"), ("ImageOS", "ubuntu24")], 0);
    assert_eq!(report["current"]["labels"]["image"], "ubuntu24");
    assert!(report["current"]["labels"]["ci"].is_null(), "{}", report["current"]);
}

#[test]
fn in_the_action_the_advice_is_an_input() {
    let (world, _) = recorded(1);
    world.commit("change");
    let advice = |variables: &[(&str, &str)]| {
        let (report, _) = check(&world, &world.work(), &[], variables, 0);
        let notes = report["notes"].as_array().unwrap().clone();
        notes.iter().find(|note| note["code"] == "one-run").unwrap()["message"].as_str().unwrap().to_owned()
    };
    assert!(advice(&[]).contains("perfgate ab"), "{}", advice(&[]));
    let action = advice(&[("INPUT_COMMAND", "check"), ("INPUT_CONFIRM", "false")]);
    assert!(action.contains("`confirm: true`") && !action.contains("perfgate ab"), "{action}");
}

#[test]
fn drift_since_an_anchor_is_told_and_does_not_count() {
    let world = World::new();
    git(&world.work(), &["tag", "v1"]);
    record(&world, 60.0, &[]);
    world.commit("slower, and accepted");
    record(&world, 99.0, &[]);
    git(&world.work(), &["push", "-q"]);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    world.commit("change");
    let (report, _) = check(&world, &world.work(), &["--anchor", "v1"], &[], 0);
    assert_eq!(report["verdict"], "pass");
    let notes = report["notes"].as_array().unwrap();
    let drift = notes.iter().find(|note| note["code"] == "drift").unwrap()["message"].as_str().unwrap();
    assert!(drift.starts_with("drift since v1 (") && drift.contains("B1 time +66.7%"), "{drift}");
    let (report, err) = check(&world, &world.work(), &["--anchor", "HEAD"], &[], 0);
    assert!(err.contains("warning[missing-anchor]: no run is stored of the anchor HEAD"), "{err}");
    assert!(has_note(&report, "missing-anchor"));
}

#[test]
fn a_failing_run_does_not_become_the_new_normal() {
    let (world, _) = recorded(2);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    world.commit("change");
    let slow = world.results("slow.txt", 200.0);
    let report = world.root().join("report.json");
    let target = format!("json={}", report.display());
    run(&world.work(), &["check", &slow, "--store", "git:", "--report", &target], 1);
    let gate = ["record", &slow, "--store", "git:", "--gate", report.to_str().unwrap()];
    let (_, err) = run(&world.work(), &gate, 2);
    assert!(err.starts_with("error[gate-failed]: nothing was stored"), "{err}");
    let accepted = "[[accept]]\nbenchmark = \"*\"\nreason = \"wanted\"\nup-to = \"150%\"\n";
    std::fs::write(world.work().join("perfgate.toml"), accepted).unwrap();
    run(&world.work(), &["check", &slow, "--store", "git:", "--report", &target], 0);
    run(&world.work(), &gate, 0);
    // A warning stops it where warnings are failures.
    let warned = "[gate]\nwarn = '5%'\nfail = '500%'\nfail-on = 'warn'\n";
    std::fs::write(world.work().join("perfgate.toml"), warned).unwrap();
    run(&world.work(), &["check", &slow, "--store", "git:", "--baseline", "main", "--report", &target], 1);
    run(&world.work(), &[&gate[..], &["--suite", "other"]].concat(), 2);
}

#[test]
fn without_git_the_newest_run_is_the_baseline_and_it_is_said() {
    let world = World::new();
    let plain = world.root().join("plain");
    std::fs::create_dir(&plain).unwrap();
    for (number, value) in [(1, 100.0), (3, 101.0), (2, 500.0)] {
        let file = world.results("r.txt", value);
        let time = format!("2026-01-0{number}");
        run(&plain, &["record", &file, "--commit", &format!("v{number}"), "--time", &time], 0);
    }
    let now = world.results("now.txt", 100.0);
    let (out, err) = run(&plain, &["check", &now, "--report", "json"], 0);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((baseline(&report), &report["history"]), ("v3", &2.into()));
    assert!(err.contains("warning[order-by-date]"), "{err}");
    let (_, err) = run(&plain, &["record", &now], 2);
    assert!(err.contains("neither the results nor git say which commit was measured"), "{err}");
}

#[test]
fn unknown_branches_and_commits_are_errors() {
    let (world, _) = recorded(1);
    let (_, err) = check(&world, &world.work(), &["--base", "nowhere"], &[], 2);
    assert!(err.starts_with("error[unknown-commit]: no branch or commit `nowhere` is known here"), "{err}");
    git(&world.work(), &["checkout", "-q", "--orphan", "island"]);
    world.commit("of its own");
    let (_, err) = check(&world, &world.work(), &[], &[], 2);
    assert!(err.contains("does not reach to where the change left `main`"), "{err}");
}

/// A result file that says which commit it measured.
fn foreign(world: &World, commit: &str) -> String {
    let path = world.root().join("foreign.json");
    let value = serde_json::json!({ "commit": commit, "name": "login", "avg_latency_ms": 12.5 });
    std::fs::write(&path, value.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_a_result_file_calls_its_commit_is_no_option_of_git() {
    let (world, _) = recorded(1);
    git(&world.work(), &["checkout", "-q", "-b", "topic"]);
    let head = world.commit("change");
    let victim = world.work().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    let baseline_file = foreign(&world, &head);
    std::fs::copy(&baseline_file, world.root().join("base.json")).unwrap();
    let base = world.root().join("base.json").display().to_string();
    for commit in ["--output=victim", "--output=victim ", "HEAD:f", "nope"] {
        let now = foreign(&world, commit);
        for more in [&[][..], &["--store", "git:"], &["--baseline-file", &base]] {
            let arguments = [&["check", &now, "--allow-missing-baseline", "--report", "json"], more].concat();
            let (out, err) = run(&world.work(), &arguments, 0);
            assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious", "{commit} {more:?}");
            assert!(err.contains("warning[unknown-commit]: the results say that they measured `"), "{err}");
            let report: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(report["current"]["commit"], head.as_str(), "the commit that is checked out");
        }
    }
    // A name that the caller gives reaches git as well.
    let arguments = ["check", &foreign(&world, &head), "--store", "git:", "--commit=--output=victim"];
    command(&world.work(), &arguments).output().unwrap();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    // An address that a change to perfgate.toml makes is an address.
    let store = format!("git:runs@--upload-pack=touch {};:/", world.work().join("taken").display());
    let output = command(&world.work(), &["store", "list", "--store", &store]).output().unwrap();
    assert!(!output.status.success() && !world.work().join("taken").exists(), "{}", text(&output.stderr));
}
