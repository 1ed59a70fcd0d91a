//! Every example workflow, played from start to end: checkout, benchmarks, the action's steps, artifacts, comments.
#![cfg(all(unix, feature = "github"))]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod runner;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use runner::hub::{Server, zipped};
use runner::{Played, Runner, checkout, load};
use serde_json::{Value, json};
use world::{World, git, run};
use yaml_rust2::Yaml;

/// The examples of this repository.
const EXAMPLES: [&str; 7] =
    ["simple.yml", "pull-request.yml", "pull-request-report.yml", "main.yml", "nightly.yml", "matrix.yml", "pages.yml"];

fn example(name: &str) -> Yaml {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workflows").join(name))
}

/// What started a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Push,
    PullRequest { fork: bool },
    WorkflowRun,
    Schedule,
}

/// A repository with its server and a runner.
struct Scene {
    world: World,
    runner: Runner,
    server: Server,
    jobs: usize,
    /// What `cargo bench` measures; where it is no number, it crashes.
    speed: f64,
    event: Event,
    /// What is checked out.
    reference: String,
}

/// The calls of the action in each job that ran, in order.
type Ran = Vec<(String, Vec<Played>)>;

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let server = Server::start(&world.root().join("hub.git"));
        let mut runner = Runner::new();
        for (name, value) in [
            ("GITHUB_API_URL", server.address.clone()),
            ("GITHUB_GRAPHQL_URL", format!("{}/graphql", server.address)),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("GITHUB_REPOSITORY", "o/r".to_owned()),
            ("GITHUB_RUN_ID", "55".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
        ] {
            runner.variables.push((name.to_owned(), value));
        }
        Self { world, runner, server, jobs: 0, speed: 100.0, event: Event::Push, reference: String::new() }
    }

    fn on(&mut self, event: Event, payload: &Value, variables: &[(&str, &str)], reference: &str) {
        let name = match event {
            Event::Push => "push",
            Event::PullRequest { .. } => "pull_request",
            Event::WorkflowRun => "workflow_run",
            Event::Schedule => "schedule",
        };
        self.runner.on(name, &payload.to_string(), variables);
        self.event = event;
        reference.clone_into(&mut self.reference);
    }

    /// A new commit on main.
    fn push(&mut self, message: &str) -> String {
        git(&self.world.work(), &["checkout", "-q", "main"]);
        let commit = self.world.commit(message);
        git(&self.world.work(), &["push", "-q", "origin", "main"]);
        let payload = json!({ "repository": { "id": 1, "full_name": "o/r", "default_branch": "main" } });
        self.on(Event::Push, &payload, &[("GITHUB_SHA", &commit), ("GITHUB_REF", "refs/heads/main")], "main");
        commit
    }

    /// Pull request 7 with one commit; returns its head.
    fn pull_request(&mut self, fork: bool) -> String {
        let work = self.world.work();
        git(&work, &["checkout", "-q", "-b", "topic", "main"]);
        let head = self.world.commit("change");
        git(&work, &["checkout", "-q", "--detach", "main"]);
        git(&work, &["merge", "-q", "--no-ff", "-m", "test merge", "topic"]);
        let merge = git(&work, &["rev-parse", "HEAD"]);
        git(&work, &["push", "-q", "origin", "HEAD:refs/pull/7/merge", "topic:refs/pull/7/head"]);
        let owner = if fork { "stranger" } else { "o" };
        let from =
            json!({ "id": if fork { 2 } else { 1 }, "full_name": format!("{owner}/r"), "owner": { "login": owner } });
        let own = json!({ "id": 1, "full_name": "o/r", "default_branch": "main" });
        let main = git(&work, &["rev-parse", "main"]);
        let pull = json!({
            "number": 7, "state": "open",
            "head": { "sha": head, "ref": "topic", "repo": from },
            "base": { "sha": main, "ref": "main", "repo": own },
        });
        self.server.hub().pulls = vec![pull.clone()];
        self.server.hub().is_read_only = fork;
        let payload = json!({ "number": 7, "repository": own, "pull_request": pull });
        let variables = [
            ("GITHUB_SHA", merge.as_str()),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_HEAD_REF", "topic"),
            ("GITHUB_BASE_REF", "main"),
        ];
        self.on(Event::PullRequest { fork }, &payload, &variables, "refs/pull/7/merge");
        head
    }

    /// The end of the pull request's run, on main.
    fn workflow_run(&mut self) {
        let pull = self.server.hub().pulls[0].clone();
        self.server.hub().is_read_only = false;
        let own = json!({ "id": 1, "full_name": "o/r", "default_branch": "main" });
        let payload = json!({
            "repository": own,
            "workflow_run": {
                "id": 55, "run_attempt": 1, "event": "pull_request", "conclusion": "failure",
                "head_sha": pull["head"]["sha"], "head_branch": "topic", "head_repository": pull["head"]["repo"],
                "repository": own, "html_url": "https://github.com/o/r/actions/runs/55",
            },
        });
        let main = git(&self.world.work(), &["rev-parse", "main"]);
        let variables = [("GITHUB_SHA", main.as_str()), ("GITHUB_REF", "refs/heads/main")];
        self.on(Event::WorkflowRun, &payload, &variables, "main");
    }

    /// Runs a workflow to its end.
    fn play(&mut self, name: &str) -> Ran {
        let workflow = example(name);
        let mut ran = Ran::new();
        let mut failed: BTreeSet<String> = BTreeSet::new();
        let mut skipped: BTreeSet<String> = BTreeSet::new();
        let left = self.runner.path("artifacts");
        let _ = fs::remove_dir_all(&left);
        fs::create_dir_all(&left).unwrap();
        for (id, job) in workflow["jobs"].as_hash().unwrap() {
            let id = id.as_str().unwrap();
            let needs = job["needs"].as_str();
            let is_after_all = needs.is_none_or(|needed| !failed.contains(needed) && !skipped.contains(needed));
            if !self.is_due(job["if"].as_str(), is_after_all) {
                skipped.insert(id.to_owned());
                continue;
            }
            let legs = job["strategy"]["matrix"]["runner"].as_vec();
            let legs: Vec<&str> = legs.map_or(vec![""], |legs| legs.iter().map(|leg| leg.as_str().unwrap()).collect());
            for leg in legs {
                let (calls, crashed) = self.job(job, leg, &left);
                if crashed || calls.iter().any(|played| played.code != 0) {
                    failed.insert(id.to_owned());
                }
                ran.push((format!("{id} {leg}").trim().to_owned(), calls));
            }
        }
        for entry in fs::read_dir(&left).unwrap().flatten() {
            let name = entry.file_name().to_str().unwrap().to_owned();
            self.server.hub().artifacts.push((name, zipped(&entry.path())));
        }
        ran
    }

    fn is_due(&self, condition: Option<&str>, is_after_all: bool) -> bool {
        match condition {
            None | Some("${{ !github.event.repository.fork }}") => is_after_all,
            Some("${{ !cancelled() && !github.event.repository.fork }}") => true,
            Some("${{ !cancelled() && github.event_name == 'push' }}") => self.event == Event::Push,
            Some(condition) if condition.contains("head.repo.full_name == github.repository") => {
                assert!(condition.contains("!cancelled() &&"), "{condition}");
                self.event == Event::PullRequest { fork: false }
            }
            Some(condition) if condition.contains("github.event.workflow_run.event == 'pull_request'") => {
                self.event == Event::WorkflowRun
            }
            Some(other) => panic!("an `if` that is not known here: {other}"),
        }
    }

    /// Runs the steps of one job on a machine of its own; also whether its benchmarks crashed.
    fn job(&mut self, job: &Yaml, leg: &str, left: &Path) -> (Vec<Played>, bool) {
        self.jobs += 1;
        let mut crashed = false;
        let temporary = self.runner.path(&format!("job-{}", self.jobs));
        let mut workspace = temporary.join("work");
        fs::create_dir_all(&workspace).unwrap();
        let value = |text: &str| {
            let known = [("${{ runner.temp }}", temporary.to_str().unwrap()), ("${{ matrix.runner }}", leg)];
            let filled = known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
            assert!(!filled.contains("${{") || filled.contains("secrets."), "{filled}");
            filled
        };
        let mut calls: Vec<Played> = Vec::new();
        for step in job["steps"].as_vec().unwrap() {
            let is_red = calls.iter().any(|played| played.code != 0);
            match step["if"].as_str() {
                None if is_red => continue,
                None | Some("${{ !cancelled() }}") => {}
                Some(other) => panic!("an `if` that is not known here: {other}"),
            }
            let with = |name: &str| step["with"][name].as_str().map(&value);
            let uses = step["uses"].as_str().unwrap_or("").split('@').next().unwrap();
            match (uses, step["run"].as_str()) {
                ("", Some("cargo bench --locked")) if self.speed.is_nan() => {
                    crashed = true;
                    break;
                }
                ("", Some("cargo bench --locked")) => self.measure(&workspace),
                ("", Some(line)) if line.starts_with("perfgate trend ") => {
                    let installed = calls.last().unwrap().output("(path)").trim().to_owned();
                    assert!(!installed.is_empty(), "nothing is installed yet");
                    calls.push(self.runner.shell(&workspace, &installed, line));
                }
                ("actions/upload-pages-artifact", None) => {
                    let site = workspace.join(with("path").unwrap());
                    assert!(site.join("index.html").exists() && site.join("badge.svg").exists());
                    upload(site.to_str().unwrap(), &self.runner.path("pages"));
                }
                ("actions/deploy-pages", None) => assert!(self.runner.path("pages/index.html").exists()),
                ("actions/checkout", None) => {
                    assert_eq!(step["with"]["persist-credentials"].as_bool(), Some(false));
                    workspace = checkout(&self.world, &self.reference, &format!("clone-{}", self.jobs));
                }
                ("actions/upload-artifact", None) => upload(&with("path").unwrap(), &left.join(with("name").unwrap())),
                ("actions/download-artifact", None) => {
                    download(left, with("name"), with("pattern"), Path::new(&with("path").unwrap()));
                }
                ("OWNER/perfgate", None) => {
                    let inputs: Vec<(String, String)> = step["with"]
                        .as_hash()
                        .unwrap()
                        .iter()
                        .map(|(name, given)| {
                            let given =
                                given.as_bool().map_or_else(|| value(given.as_str().unwrap()), |b| b.to_string());
                            (name.as_str().unwrap().to_owned(), given)
                        })
                        .collect();
                    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
                    calls.push(self.runner.act_in(&workspace, &temporary, &inputs, &[]));
                }
                other => panic!("a step that is not known here: {other:?}"),
            }
        }
        (calls, crashed)
    }

    fn measure(&self, workspace: &Path) {
        let folder = workspace.join("target/criterion");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(self.world.results("measured.txt", self.speed), folder.join("bench.txt")).unwrap();
    }

    /// The commits and testbeds that are stored.
    fn stored(&self) -> Vec<(String, String)> {
        git(&self.world.work(), &["checkout", "-q", "main"]);
        let (listed, _) =
            run(&self.world.work(), &["store", "list", "--store", "git:perfgate-data", "--report", "json"], 0);
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let text = |run: &Value, name: &str| run[name].as_str().unwrap().to_owned();
        listed["runs"].as_array().unwrap().iter().map(|run| (text(run, "commit"), text(run, "testbed"))).collect()
    }
}

/// A file, or what a folder holds, as an artifact.
fn upload(path: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let path = PathBuf::from(path);
    let files = if path.is_dir() {
        fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()).collect()
    } else {
        vec![path]
    };
    for file in files {
        let to = to.join(file.file_name().unwrap());
        if file.is_dir() {
            upload(file.to_str().unwrap(), &to);
        } else {
            fs::copy(&file, to).unwrap();
        }
    }
}

/// One artifact into a folder, or each that fits a pattern into a folder of its own.
fn download(left: &Path, name: Option<String>, pattern: Option<String>, to: &Path) {
    let start = pattern.as_deref().map(|pattern| pattern.trim_end_matches('*').to_owned());
    let mut taken = 0;
    for entry in fs::read_dir(left).unwrap().flatten() {
        let own = entry.file_name().to_str().unwrap().to_owned();
        let place = match (&name, &start) {
            (Some(name), _) if *name == own => to.to_owned(),
            (None, Some(start)) if own.starts_with(start) => to.join(&own),
            _ => continue,
        };
        upload(entry.path().to_str().unwrap(), &place);
        taken += 1;
    }
    assert!(taken > 0, "no artifact {name:?} {pattern:?}");
}

/// The only call of the action in a job.
fn call<'a>(ran: &'a Ran, job: &str) -> &'a Played {
    let calls = ran.iter().find(|(name, _)| name == job).unwrap_or_else(|| panic!("{job} did not run: {ran:?}"));
    assert_eq!(calls.1.len(), 1);
    &calls.1[0]
}

fn jobs(ran: &Ran) -> Vec<&str> {
    ran.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn one_file_without_forks() {
    let mut scene = Scene::new();
    let first = scene.push("first");
    let ran = scene.play("simple.yml");
    assert_eq!(jobs(&ran), ["bench", "record"]);
    call(&ran, "bench").ends_with(0, "none");
    assert_eq!(call(&ran, "record").code, 0, "{}", call(&ran, "record").log);
    assert_eq!(scene.stored().iter().map(|(commit, _)| commit.as_str()).collect::<Vec<_>>(), [first.as_str()]);

    scene.pull_request(false);
    scene.speed = 150.0;
    let ran = scene.play("simple.yml");
    assert_eq!(jobs(&ran), ["bench", "comment"]);
    call(&ran, "bench").ends_with(1, "fail");
    assert_eq!(call(&ran, "bench").output("baseline-sha"), first);
    call(&ran, "comment").ends_with(0, "fail");
    assert_eq!(call(&ran, "comment").output("comment-url"), "https://github.com/o/r/pull/7#issuecomment-100");
    let comments = scene.server.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].starts_with("<!-- perfgate:v1 key=default -->\n"), "{}", comments[0]);
    assert!(comments[0].contains("🔴") && comments[0].contains("`BenchmarkB1`"), "{}", comments[0]);
    assert!(comments[0].contains(" --store git:perfgate-data target/criterion`"), "{}", comments[0]);
    assert!(!comments[0].contains("perfgate ab"), "the action has no such command: {}", comments[0]);

    // The next run brings the comment up to date.
    scene.speed = 100.0;
    call(&scene.play("simple.yml"), "bench").ends_with(0, "pass");
    let comments = scene.server.comments();
    assert!(comments.len() == 1 && comments[0].contains("🟢"), "{comments:?}");
    assert_eq!(scene.stored().len(), 1, "what a pull request measures is not stored");
}

#[test]
fn forks_get_their_comment_from_the_second_workflow() {
    let mut scene = Scene::new();
    let first = scene.push("first");
    let ran = scene.play("main.yml");
    assert_eq!(jobs(&ran), ["bench", "record"]);
    assert_eq!(scene.stored().len(), 1);
    scene.server.hub().artifacts.clear();

    let head = scene.pull_request(true);
    scene.speed = 150.0;
    let ran = scene.play("pull-request.yml");
    call(&ran, "bench").ends_with(1, "fail");
    assert_eq!(call(&ran, "bench").output("baseline-sha"), first);
    assert!(scene.server.comments().is_empty());

    // Benchmarks that never ran leave nothing behind, which is the pull request's affair.
    let artifacts = std::mem::take(&mut scene.server.hub().artifacts);
    scene.workflow_run();
    let report = scene.play("pull-request-report.yml");
    let report = call(&report, "report");
    report.ends_with(0, "none");
    assert!(report.log.contains("left no artifact") && scene.server.comments().is_empty(), "{}", report.log);
    scene.server.hub().artifacts = artifacts;

    let ran = scene.play("pull-request-report.yml");
    let report = call(&ran, "report");
    report.ends_with(0, "fail");
    let comments = scene.server.comments();
    assert!(comments.len() == 1 && comments[0].contains("🔴"), "{comments:?}\n{}", report.log);
    assert!(comments[0].contains(" --store git:perfgate-data "), "{comments:?}");
    assert!(report.output("comment-url").contains("/pull/7"), "{:?}", report.outputs);
    let statuses = scene.server.hub().statuses.clone();
    assert_eq!((statuses.len(), &statuses[0]["context"]), (1, &json!("perfgate")));
    assert_eq!((&statuses[0]["state"], &statuses[0]["sha"]), (&json!("failure"), &json!(head)));
}

#[test]
fn a_matrix_has_one_comment_and_a_baseline_for_each_machine() {
    let mut scene = Scene::new();
    scene.push("first");
    let ran = scene.play("matrix.yml");
    assert_eq!(jobs(&ran), ["bench ubuntu-24.04", "bench ubuntu-24.04-arm", "record"]);
    let testbeds: BTreeSet<String> = scene.stored().into_iter().map(|(_, testbed)| testbed).collect();
    assert_eq!(testbeds.into_iter().collect::<Vec<_>>(), ["ubuntu-24.04", "ubuntu-24.04-arm"]);
    scene.pull_request(false);
    scene.speed = 150.0;
    let ran = scene.play("matrix.yml");
    assert_eq!(jobs(&ran), ["bench ubuntu-24.04", "bench ubuntu-24.04-arm", "comment"]);
    let comment = call(&ran, "comment");
    comment.ends_with(0, "fail");
    assert_eq!((comment.output("regressions"), comment.output("compared")), ("8", "8"));
    let comments = scene.server.comments();
    assert!(comments.len() == 1 && comments[0].contains("`ubuntu-24.04-arm`"), "{comments:?}");
    assert!(comment.summary.contains("`ubuntu-24.04-arm`"), "{}", comment.summary);
}

#[test]
fn every_night_is_stored_and_looked_at() {
    let mut scene = Scene::new();
    let commit = scene.push("first");
    let payload = json!({ "schedule": "17 3 * * *", "repository": { "id": 1, "default_branch": "main" } });
    let variables = [("GITHUB_SHA", commit.as_str()), ("GITHUB_REF", "refs/heads/main")];
    scene.on(Event::Schedule, &payload, &variables, "main");
    let ran = scene.play("nightly.yml");
    assert_eq!(jobs(&ran), ["bench", "record", "trend"]);
    assert_eq!(scene.stored().len(), 1);
    // One night is too few to say anything, which is no failure.
    let trend = call(&ran, "trend");
    trend.ends_with(0, "none");
    assert!(trend.log.contains("too few"), "{}", trend.log);
}

#[test]
fn a_nightly_regression_opens_one_issue() {
    let mut scene = Scene::new();
    let mut commit = String::new();
    for number in 0..24 {
        commit = scene.push(&format!("night {number}"));
        let slower = if number < 16 { 100.0 } else { 160.0 };
        let file = scene.world.results("night.txt", slower + f64::from(number % 3));
        run(&scene.world.work(), &["record", &file, "--store", "git:perfgate-data"], 0);
    }
    let payload = json!({ "repository": { "id": 1, "default_branch": "main" } });
    let variables = [("GITHUB_SHA", commit.as_str()), ("GITHUB_REF", "refs/heads/main")];
    scene.on(Event::Schedule, &payload, &variables, "main");
    scene.speed = 161.0;
    for _ in 0..2 {
        let ran = scene.play("nightly.yml");
        let trend = call(&ran, "trend");
        assert_eq!(trend.code, 0, "{}", trend.log);
        assert!(trend.summary.contains("`BenchmarkB1`"), "{}", trend.summary);
        let issues = scene.server.hub().issues.clone();
        assert_eq!(issues.len(), 1, "{}", trend.log);
        assert!(issues[0]["title"].as_str().unwrap().contains("perfgate"), "{issues:?}");
    }
}

#[test]
fn benchmarks_that_crash_every_night_are_told() {
    let mut scene = Scene::new();
    for number in 1..10 {
        scene.push(&format!("night {number}"));
        let file = scene.world.results("night.txt", 100.0);
        let time = format!("2026-01-0{number}T03:00:00Z");
        run(&scene.world.work(), &["record", &file, "--store", "git:perfgate-data", "--time", &time], 0);
    }
    let commit = scene.push("does not even build");
    let payload = json!({ "repository": { "id": 1, "default_branch": "main" } });
    let variables = [("GITHUB_SHA", commit.as_str()), ("GITHUB_REF", "refs/heads/main")];
    scene.on(Event::Schedule, &payload, &variables, "main");
    scene.speed = f64::NAN;
    let ran = scene.play("nightly.yml");
    assert_eq!(jobs(&ran), ["bench", "trend"]);
    let issues = scene.server.hub().issues.clone();
    assert_eq!(issues.len(), 1, "{}", call(&ran, "trend").log);
    assert!(issues[0]["title"].as_str().unwrap().contains("no results"), "{issues:?}");
}

#[test]
fn the_history_is_published_as_pages() {
    let mut scene = Scene::new();
    let mut commit = String::new();
    for number in 0..10 {
        commit = scene.push(&format!("night {number}"));
        let file = scene.world.results("night.txt", 100.0 + f64::from(number % 3));
        run(&scene.world.work(), &["record", &file, "--store", "git:perfgate-data"], 0);
        if number == 2 || number == 9 {
            let payload = json!({ "repository": { "id": 1, "default_branch": "main" } });
            let variables = [("GITHUB_SHA", commit.as_str()), ("GITHUB_REF", "refs/heads/main")];
            scene.on(Event::Schedule, &payload, &variables, "main");
            let ran = scene.play("pages.yml");
            assert_eq!(jobs(&ran), ["site", "deploy"]);
            let site = &ran[0].1[1];
            assert_eq!(site.code, 0, "{}", site.log);
            assert_eq!(site.log.contains("too few"), number == 2, "{}", site.log);
        }
    }
    let runs = fs::read_to_string(scene.runner.path("pages/runs.js")).unwrap();
    assert!(runs.contains(&commit) && runs.contains("\"repository\":\"https://github.com/o/r\""), "{runs}");
}

#[test]
fn a_comment_that_may_not_be_written_changes_nothing() {
    let mut scene = Scene::new();
    scene.push("first");
    scene.play("main.yml");
    scene.pull_request(true);
    scene.speed = 150.0;
    let folder = checkout(&scene.world, "refs/pull/7/merge", "fork");
    scene.measure(&folder);
    let played = scene.runner.act(&folder, &[("results", "target/criterion")]);
    played.ends_with(1, "fail");
    assert!(played.log.contains("::warning") && played.log.contains("pull-requests: write"), "{}", played.log);
    assert_eq!(played.output("comment-url"), "");
    fs::copy(scene.world.results("same.txt", 100.0), folder.join("target/criterion/bench.txt")).unwrap();
    scene.runner.act(&folder, &[("results", "target/criterion")]).ends_with(0, "pass");
    let insisted = [("results", "target/criterion"), ("require-comment", "true")];
    scene.runner.act(&folder, &insisted).ends_with(4, "pass");
    // Where it may, the job that measures can comment itself.
    scene.server.hub().is_read_only = false;
    let played = scene.runner.act(&folder, &insisted);
    played.ends_with(0, "pass");
    assert!(played.output("comment-url").starts_with("https://github.com/o/r/pull/7"), "{:?}", played.outputs);
}

#[test]
fn a_comment_that_stands_has_its_page_although_the_status_failed() {
    let mut scene = Scene::new();
    scene.push("first");
    scene.play("main.yml");
    scene.pull_request(false);
    let folder = checkout(&scene.world, "refs/pull/7/merge", "unmarked");
    scene.measure(&folder);
    scene.server.hub().has_no_statuses = true;
    let played = scene.runner.act(&folder, &[("results", "target/criterion"), ("status-context", "perfgate")]);
    played.ends_with(0, "pass");
    assert!(played.log.contains("the commit status was not set"), "{}", played.log);
    assert!(played.output("comment-url").starts_with("https://github.com/o/r/pull/7"), "{:?}", played.outputs);
}

#[test]
fn nothing_compared_is_worth_a_comment() {
    let mut scene = Scene::new();
    scene.push("first");
    scene.play("main.yml");
    scene.pull_request(false);
    let folder = checkout(&scene.world, "refs/pull/7/merge", "renamed");
    scene.measure(&folder);
    let inputs = [("results", "target/criterion"), ("comment", "on-regression"), ("testbed", "renamed")];
    let played = scene.runner.act(&folder, &inputs);
    played.ends_with(0, "none");
    let comments = scene.server.comments();
    assert!(comments.len() == 1 && comments[0].contains("no baseline yet"), "{comments:?}");
    assert!(!played.log.contains("nothing regressed"), "{}", played.log);
    // A clean one brings it up to date.
    scene.runner.act(&folder, &[inputs[0], inputs[1]]).ends_with(0, "pass");
    let comments = scene.server.comments();
    assert!(comments.len() == 1 && comments[0].contains("🟢"), "{comments:?}");
}

#[test]
fn a_fork_is_skipped_by_the_job_that_comments() {
    let mut scene = Scene::new();
    scene.push("first");
    scene.play("simple.yml");
    scene.pull_request(true);
    assert_eq!(jobs(&scene.play("simple.yml")), ["bench"]);
}

#[test]
fn init_writes_the_examples() {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workflows");
    fs::write(folder.path().join("Cargo.toml"), "[dev-dependencies]\ncriterion = \"0.8\"\n").unwrap();
    fs::write(folder.path().join("Cargo.lock"), "").unwrap();
    let (shown, _) = run(folder.path(), &["init", "--github", "-n"], 0);
    assert!(shown.starts_with("==> perfgate.toml <==\n") && shown.contains("\n==> .github/workflows/perf.yml <==\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "a dry run writes nothing");
    let (said, _) = run(folder.path(), &["init", "--github", "--nightly"], 0);
    assert!(said.contains("wrote .github/workflows/perf-report.yml\n") && said.contains("OWNER/perfgate"), "{said}");
    for (written, example) in [
        ("perf.yml", "pull-request.yml"),
        ("perf-report.yml", "pull-request-report.yml"),
        ("perf-main.yml", "main.yml"),
    ] {
        let written = fs::read_to_string(folder.path().join(".github/workflows").join(written)).unwrap();
        let example = fs::read_to_string(examples.join(example)).unwrap();
        assert_eq!(written, example.replace("pull-request-report.yml", "perf-report.yml"));
    }
    // The other workflows measure, so this one only looks.
    let nightly = load(&folder.path().join(".github/workflows/perf-nightly.yml"));
    let job = nightly["jobs"].as_hash().unwrap();
    assert_eq!(job.keys().map(|id| id.as_str().unwrap()).collect::<Vec<_>>(), ["trend"]);
    assert_eq!(nightly["jobs"]["trend"]["steps"], example("nightly.yml")["jobs"]["trend"]["steps"]);
    assert!(nightly["jobs"]["trend"]["needs"].is_badvalue());
    let config = fs::read_to_string(folder.path().join("perfgate.toml")).unwrap();
    assert!(config.contains("\nstore = \"git:perfgate-data\"\n"), "{config}");
    // What is there stays, and nothing else is written either.
    fs::write(folder.path().join(".github/workflows/perf.yml"), "mine").unwrap();
    fs::remove_file(folder.path().join(".github/workflows/perf-main.yml")).unwrap();
    let (_, told) = run(folder.path(), &["init", "--github"], 2);
    assert!(told.contains("perfgate.toml is there already") && told.contains("error[file-exists]"), "{told}");
    assert!(!folder.path().join(".github/workflows/perf-main.yml").exists());
    assert_eq!(fs::read_to_string(folder.path().join(".github/workflows/perf.yml")).unwrap(), "mine");
    run(folder.path(), &["init", "--simple"], 2);
}

#[test]
fn init_looks_at_the_repository() {
    let world = World::new();
    let work = world.work();
    git(&work, &["checkout", "-q", "-b", "trunk"]);
    git(&work, &["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    git(&work, &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    let below = work.join("rust/core");
    fs::create_dir_all(&below).unwrap();
    fs::write(below.join("Cargo.toml"), "[dev-dependencies]\ndivan = \"0.1\"\n").unwrap();
    // Below the top GitHub would never see them.
    let (_, told) = run(&below, &["init", "--github"], 2);
    assert!(told.contains("cd ../.. && perfgate init --github") && told.contains("working-directory"), "{told}");
    assert_eq!(fs::read_dir(&below).unwrap().count(), 1);
    let (said, _) = run(&work, &["init", "--github", "--simple"], 0);
    assert!(!said.contains("branches: [main]") && !said.contains("put `store"), "{said}");
    let written = load(&work.join(".github/workflows/perf.yml"));
    assert_eq!(written["on"]["push"]["branches"][0].as_str(), Some("trunk"));
    assert_eq!(written["jobs"]["bench"]["steps"][2]["with"]["results"].as_str(), Some("bench-divan.txt"));
    // A configuration that is there stays, and what it lacks is said.
    fs::remove_file(work.join(".github/workflows/perf.yml")).unwrap();
    fs::write(work.join("perfgate.toml"), "[gate]\nfail = \"20%\"\n").unwrap();
    let (said, _) = run(&work, &["init", "--github", "--simple"], 0);
    assert!(said.contains("put `store = \"git:perfgate-data\"` at the top of perfgate.toml"), "{said}");
}

#[test]
fn examples_keep_to_the_rules() {
    let written: BTreeSet<String> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(written, EXAMPLES.iter().map(|name| (*name).to_owned()).collect());
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/github.md")).unwrap();
    for name in EXAMPLES {
        assert!(docs.contains(&format!("examples/workflows/{name}")), "docs/github.md does not explain {name}");
        let workflow = example(name);
        assert!(workflow["permissions"].as_hash().unwrap().is_empty(), "{name}");
        for (id, job) in workflow["jobs"].as_hash().unwrap() {
            let steps = job["steps"].as_vec().unwrap();
            let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
            assert!(runs.iter().all(|run| !run.contains("${{")), "{name}: an expression in `run`");
            let grants: BTreeMap<&str, &str> = job["permissions"]
                .as_hash()
                .unwrap()
                .iter()
                .map(|(what, how)| (what.as_str().unwrap(), how.as_str().unwrap()))
                .collect();
            let may_write = grants.values().any(|how| *how == "write");
            assert!(!may_write || runs.is_empty(), "{name}: {id:?} runs project code with a token that can write");
            for uses in steps.iter().filter_map(|step| step["uses"].as_str()) {
                let revision = uses.split_once('@').unwrap().1;
                assert!(revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit()), "{name}: {uses}");
            }
        }
    }
    let action = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/action.yml")).unwrap();
    assert!(!action.lines().any(|line| line.trim_start().starts_with("run:") && line.contains("${{")));
}
