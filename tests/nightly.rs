//! `perfgate trend --github-issue` night by night, against issues in memory.
#![cfg(feature = "github")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]
#![allow(clippy::disallowed_methods, unreachable_pub, reason = "tests")]

#[path = "forge/contract.rs"]
mod contract;
mod markdown;
#[path = "nightly/server.rs"]
mod server;
mod world;

use std::fmt::Write as _;
use std::process::Output;

use serde_json::json;
use server::{ME, Server, TOKEN};
use world::{World, command, git, text};

/// A history on file and a server.
struct Nights {
    world: World,
    server: Server,
    /// One letter a regression: small ones for a warning, capitals for a failure.
    runs: Vec<String>,
}

const WARN: f64 = 107.0;
const FAIL: f64 = 130.0;

impl Nights {
    /// Ten quiet nights.
    fn new() -> Self {
        Self { world: World::new(), server: Server::start(), runs: vec![String::new(); 10] }
    }

    /// The history as perfgate's own JSON, one run a line, counts that are exact.
    fn file(&self) -> String {
        let mut out = String::new();
        for (i, bad) in self.runs.iter().enumerate() {
            let benchmarks: Vec<serde_json::Value> = ["a", "b", "@octocat/c"]
                .iter()
                .map(|name| {
                    let letter = name.chars().last().unwrap();
                    let value = match () {
                        () if bad.contains(letter.to_ascii_uppercase()) => FAIL,
                        () if bad.contains(letter) => WARN,
                        () => 100.0,
                    };
                    json!({ "tool": "go", "name": name, "metrics": [
                        { "metric": "allocs", "unit": "1", "better": "lower", "kind": "exact", "samples": [value] } ] })
                })
                .collect();
            let run = json!({ "schema": "perfgate-run/1", "suites": [{ "tool": "go", "name": "go" }],
                "commit": format!("{:040x}", 0xabc_0000 + i), "branch": "main", "taken_at": 1_790_000_000 + 86_400 * i,
                "labels": {}, "benchmarks": benchmarks });
            writeln!(out, "{run}").unwrap();
        }
        out
    }

    /// One more night; what perfgate says of it.
    fn night(&mut self, bad: &str) -> String {
        self.runs.push(bad.to_owned());
        let (code, said) = self.look(&[]);
        assert_eq!(code, Some(0), "{said}");
        said
    }

    fn look(&self, options: &[&str]) -> (Option<i32>, String) {
        let output = self.output(options);
        (output.status.code(), text(&output.stderr))
    }

    fn output(&self, options: &[&str]) -> Output {
        std::fs::write(self.world.root().join("runs.json"), self.file()).unwrap();
        let mut arguments = vec!["trend", "runs.json", "--github-issue", "--fail", "20%", "--warn", "5%"];
        arguments.extend(options);
        self.program(&arguments).output().unwrap()
    }

    fn program(&self, arguments: &[&str]) -> std::process::Command {
        let origin = self.server.origin();
        let mut program = command(self.world.root(), arguments);
        program
            .env("GITHUB_TOKEN", TOKEN)
            .env("GITHUB_REPOSITORY", "o/r")
            .env("GITHUB_API_URL", &origin)
            .env("GITHUB_GRAPHQL_URL", format!("{origin}/graphql"))
            .env("GITHUB_SERVER_URL", "https://github.example")
            .env("GITHUB_RUN_ID", "55")
            .env("PERFGATE_TESTBED", "linux-x64")
            .env("PERFGATE_SLACK_WEBHOOK", format!("{origin}/services/T0/B0/secret"));
        program
    }

    fn body(&self, number: u64) -> String {
        self.server.world().issue(number)["body"].as_str().unwrap().to_owned()
    }

    fn title(&self, number: u64) -> String {
        self.server.world().issue(number)["title"].as_str().unwrap().to_owned()
    }

    fn open(&self) -> Vec<u64> {
        self.server.world().open()
    }

    fn issues(&self) -> usize {
        self.server.world().issues.len()
    }

    fn writes(&self) -> usize {
        self.server.world().writes
    }

    fn slack(&self) -> usize {
        self.server.world().slack.len()
    }

    fn comments(&self, number: u64) -> Vec<String> {
        self.server.world().comments_on(number)
    }

    /// How many comments are on an issue, and how many messages went to Slack.
    fn told(&self, number: u64) -> (usize, usize) {
        (self.comments(number).len(), self.slack())
    }
}

#[test]
fn a_regression_from_its_first_night_to_its_end() {
    let mut nights = Nights::new();
    let said = nights.night("");
    assert!(said.contains("nothing to do") && nights.issues() == 0, "{said}");

    // First night: an issue that says it all, no comment, one message.
    let said = nights.night("A");
    assert!(said.contains("opened issue #1: https://github.example/o/r/issues/1"), "{said}");
    assert_eq!(nights.title(1), "perfgate: 1 regression (linux-x64)");
    let body = nights.body(1);
    assert!(body.starts_with("<!-- perfgate:issue:v1 key=linux-x64 -->\n<!-- perfgate:state {"), "{body}");
    assert!(body.contains("https://github.example/o/r/compare/") && body.contains("| `a` |"), "{body}");
    assert_eq!(nights.told(1), (0, 1));

    // The same, twice: the text goes on, nobody hears of it.
    nights.night("A");
    nights.night("A");
    assert!(nights.body(1).contains("seen in 3 nights"), "{}", nights.body(1));
    assert_eq!(nights.told(1), (0, 1));

    // A new one: one comment with nothing but it.
    nights.night("AC");
    assert_eq!((nights.title(1).as_str(), nights.told(1)), ("perfgate: 2 regressions (linux-x64)", (1, 2)));
    let comment = nights.comments(1)[0].clone();
    assert!(comment.contains("@\u{200b}octocat/c") && !comment.contains("| `a` |"), "{comment}");

    // One recovers: struck out, no news.
    nights.night("A");
    let body = nights.body(1);
    assert!(body.contains("- ~~`@\u{200b}octocat/c` `allocs`~~"), "{body}");
    assert_eq!(nights.told(1), (1, 2));

    // Clean once, then twice.
    nights.night("");
    assert!(nights.body(1).contains("Clean 1 of 2") && nights.told(1) == (1, 2), "{}", nights.body(1));
    assert_eq!(nights.open(), [1]);
    let said = nights.night("");
    assert!(said.contains("closed issue #1"), "{said}");
    let reason = nights.server.world().issue(1)["state_reason"].clone();
    assert_eq!(reason, "completed");
    assert_eq!((nights.title(1).as_str(), nights.told(1)), ("perfgate: recovered (linux-x64)", (2, 3)));
    assert!(nights.comments(1)[1].contains("Recovered between [`"));
    nights.night("");
    assert_eq!(nights.told(1), (2, 3));

    // Back within 14 days: the same issue.
    let said = nights.night("A");
    assert!(said.contains("reopened issue #1") && nights.told(1) == (3, 4), "{said}");
    assert_eq!(nights.open(), [1]);
    nights.night("");
    nights.night("");
    assert_eq!((nights.open(), nights.told(1)), (vec![], (4, 5)));
    // Another one is nothing that came back.
    let said = nights.night("B");
    assert!(said.contains("opened issue #2") && nights.told(1) == (4, 6), "{said}");
}

#[test]
fn whoever_closes_the_issue_is_heard() {
    let mut nights = Nights::new();
    nights.night("Ab");
    nights.server.world().close(1, "not_planned");
    let writes = nights.writes();
    nights.night("Ab");
    nights.night("Ab");
    assert_eq!((nights.writes(), nights.told(1)), (writes, (0, 1)), "accepted levels are left alone");
    nights.night("AbC");
    assert_eq!((nights.open(), nights.title(2).as_str()), (vec![2], "perfgate: 1 regression (linux-x64)"));
    assert!(!nights.body(2).contains("| `a` |"), "{}", nights.body(2));

    let mut nights = Nights::new();
    nights.night("A");
    nights.server.world().close(1, "completed");
    nights.night("A");
    assert_eq!((nights.open(), nights.told(1)), (vec![1], (1, 2)));
    assert!(nights.comments(1)[0].contains("still there"));
    nights.server.world().close(1, "completed");
    nights.night("A");
    assert_eq!((nights.open(), nights.told(1)), (vec![], (1, 2)));
}

#[test]
fn no_results_are_told_once_and_are_never_clean() {
    let mut nights = Nights::new();
    nights.night("A");
    for told in [(1, 2), (1, 2)] {
        let (code, said) = nights.look(&["--filter", "no-such-benchmark"]);
        assert_eq!((code, nights.told(1)), (Some(3), told), "{said}");
    }
    assert!(nights.comments(1)[0].contains("**No results:** the newest run is still [`"));
    assert!(nights.body(1).contains("have no new results") && nights.open() == [1]);
    nights.night("A");
    assert!(!nights.body(1).contains("have no new results"));
    assert_eq!(nights.told(1), (1, 2));
}

#[test]
fn a_branch_whose_newest_commit_was_never_measured_has_no_results() {
    let nights = Nights::new();
    let work = nights.world.work();
    let results = nights.world.results("r.txt", 100.0);
    let store = &nights.world.stores()[0];
    for i in 0..9 {
        nights.world.commit(&format!("c{i}"));
        let time = format!("2026-01-{:02}T03:00:00Z", i + 1);
        world::run(&work, &["record", &results, "--store", store, "--testbed", "linux-x64", "--time", &time], 0);
    }
    git(&work, &["push", "-q", "origin", "main"]);
    let trend = || {
        let mut program = nights.program(&["trend", "--github-issue", "--store", store, "--testbed", "linux-x64"]);
        text(&program.current_dir(&work).output().unwrap().stderr)
    };
    let said = trend();
    assert!(said.contains("nothing to do"), "the newest commit is measured, however old that is: {said}");
    nights.world.commit("never measured");
    git(&work, &["push", "-q", "origin", "main"]);
    let said = trend();
    assert!(said.contains("opened issue #1"), "{said}");
    assert_eq!(nights.title(1), "perfgate: no results on main (linux-x64)");
    assert!(trend().contains("nothing to do"));
    assert_eq!(nights.told(1), (0, 1));
}

#[test]
fn only_own_issues_are_touched() {
    let mut nights = Nights::new();
    nights.night("A");
    let own = nights.body(1);
    nights.server.world().issues.clear();
    // Somebody else's with our marker, one of ours with another key, and one with the marker further down.
    nights.server.world().add("mallory", &own);
    nights.server.world().add(ME, &own.replace("key=linux-x64", "key=other"));
    nights.server.world().add(ME, &format!("see\n{own}"));
    nights.night("A");
    assert_eq!(nights.issues(), 4);
    assert_eq!((nights.body(1), nights.body(3)), (own.clone(), format!("see\n{own}")));
    let comments = nights.server.world().comments.len();
    assert_eq!(comments, 0);
    // What somebody wrote into the memory is taken only where it has its form.
    let broken =
        own.replace("\"gone\":[]", "\"gone\":[\"--><h1>x</h1>\"],\"x\":1").replace("\"nights\":1", "\"nights\":7");
    assert_ne!(broken, own);
    nights.server.world().issue(4)["body"] = json!(broken);
    nights.night("A");
    let body = nights.body(4);
    assert!(body.contains("seen in 8 nights") && !body.contains("<h1>"), "{body}");
    nights.server.world().issue(4)["body"] = json!("<!-- perfgate:issue:v1 key=linux-x64 -->\nmine now");
    nights.night("A");
    assert!(nights.body(4).contains("perfgate:state {") && nights.open().len() == 4);
}

#[test]
fn an_issue_that_may_have_been_opened_is_not_opened_twice() {
    let mut nights = Nights::new();
    nights.server.world().unclear = Some(502);
    nights.night("A");
    assert_eq!((nights.issues(), nights.told(1)), (1, (0, 1)));
}

#[test]
fn of_two_that_ran_at_once_one_issue_remains() {
    let mut nights = Nights::new();
    nights.night("A");
    let body = nights.body(1);
    nights.server.world().add(ME, &body);
    nights.night("A");
    assert_eq!((nights.open(), nights.told(1)), (vec![1], (0, 1)));
    assert!(nights.body(2).contains("\"closed-at\":1") && nights.body(2).contains("| `a` |"), "{}", nights.body(2));
    // The twin is not taken for one that somebody closed as mended, nor for the one to go on with.
    nights.night("");
    nights.night("");
    assert!(nights.open().is_empty());
    let said = nights.night("A");
    assert!(said.contains("reopened issue #1"), "{said}");
    assert_eq!(nights.open(), [1]);
    nights.server.world().close(1, "not_planned");
    nights.night("A");
    assert_eq!((nights.open(), nights.issues()), (vec![], 2), "accepted, whatever became of the twin");
}

#[test]
fn each_branch_has_an_issue_of_its_own() {
    let nights = Nights::new();
    let work = nights.world.work();
    let store = &nights.world.stores()[0];
    for branch in ["main", "release/2"] {
        for i in 0..9 {
            if i == 0 && branch != "main" {
                git(&work, &["checkout", "-q", "-b", branch, "main~8"]);
            }
            nights.world.commit(&format!("{branch} {i}"));
            let results = nights.world.results("r.txt", 100.0);
            let time = format!("2026-01-{:02}T03:00:00Z", i + 1);
            world::run(&work, &["record", &results, "--store", store, "--testbed", "linux-x64", "--time", &time], 0);
        }
        nights.world.commit("never measured");
        git(&work, &["push", "-q", "origin", branch]);
    }
    let trend = |more: &[&str]| {
        let arguments = ["trend", "--github-issue", "--store", store, "--testbed", "linux-x64"];
        let mut program = nights.program(&[&arguments[..], more].concat());
        text(&program.current_dir(&work).output().unwrap().stderr)
    };
    let said = trend(&[]);
    assert!(said.contains("opened issue #1"), "{said}");
    let said = trend(&["--branch", "release/2"]);
    assert!(said.contains("opened issue #2"), "{said}");
    assert!(nights.body(1).starts_with("<!-- perfgate:issue:v1 key=linux-x64 -->\n"), "{}", nights.body(1));
    assert!(nights.body(2).starts_with("<!-- perfgate:issue:v1 key=linux-x64-release-2-"), "{}", nights.body(2));
    assert!(trend(&[]).contains("nothing to do") && trend(&["--branch", "release/2"]).contains("nothing to do"));
}

#[test]
fn what_cannot_be_written_is_said_and_does_not_hide_the_verdict() {
    let mut nights = Nights::new();
    nights.runs.push("A".to_owned());
    nights.server.world().refuses = Some(403);
    let (code, said) = nights.look(&[]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("the tracking issue is not up to date") && said.contains("`issues: write`"), "{said}");
    assert_eq!(nights.look(&["--fail-on-new"]).0, Some(1), "a red night stays red");
    nights.server.world().refuses = None;
    // Slack's no is a warning, and its address a secret.
    nights.server.world().slack_refuses = Some(404);
    let (code, said) = nights.look(&["-v"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Slack was not told") && said.contains("warning"), "{said}");
    assert!(!said.contains("secret") && !said.contains("services") && !said.contains(TOKEN), "{said}");
    let output = nights.program(&["trend", "runs.json", "--github-issue"]).env("GITHUB_TOKEN", "").output().unwrap();
    assert!(text(&output.stderr).contains("there is no token") && output.status.code() == Some(4));
    let webhook = "http://hooks.example/secret";
    let mut program = nights.program(&["trend", "runs.json", "--github-issue", "--issue-key", "k"]);
    let output = program.env("PERFGATE_SLACK_WEBHOOK", webhook).output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains("https://") && !said.contains("secret") && output.status.code() == Some(0), "{said}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let mut nights = Nights::new();
    nights.runs.push("AC".to_owned());
    let (code, said) = nights.look(&["-n"]);
    assert_eq!((code, nights.writes(), nights.slack()), (Some(0), 0, 0), "{said}");
    assert!(said.contains("would open issue of o/r: perfgate: 2 regressions (linux-x64)"), "{said}");
    assert!(said.contains("<!-- perfgate:state {"), "{said}");
}

#[test]
fn texts_are_only_text() {
    let mut nights = Nights::new();
    nights.night("AC");
    nights.night("AbC");
    nights.night("b");
    let addresses = ["https://github.example/o/r/"];
    let visible = |body: &str| body.lines().skip(2).collect::<Vec<_>>().join("\n");
    markdown::assert_only_ours("issue", &visible(&nights.body(1)).replace("~~", ""), &addresses);
    for comment in nights.comments(1) {
        markdown::assert_only_ours("comment", &comment, &addresses);
    }
    let first = nights.server.world().slack[0].clone();
    assert_eq!(first["blocks"][0]["text"]["text"], "perfgate: 2 regressions (linux-x64)");
    let section = first["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(
        section.starts_with("*o/r* · `linux-x64` · first bad `000000000")
            && section.contains("• `a` `allocs` *+30.0%*"),
        "{section}"
    );
    let links = first["blocks"][2]["elements"][0]["text"].as_str().unwrap();
    assert!(links.contains("<https://github.example/o/r/issues/1|Issue>") && links.contains("|Range>"), "{links}");
}
