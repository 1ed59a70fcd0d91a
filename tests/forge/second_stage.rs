//! What another workflow run left behind: whom it is believed, and what is made of it.

use std::io::Write as _;
use std::process::Command;

use perfgate::forge::artifacts::entry;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::program::{Place, said};
use super::server::{Fault, Server, World};

/// The pull request's own commit, as GitHub knows it, and GitHub's merge of it.
const HEAD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const MERGE: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A repository with one commit and a recorded run of it, and a GitHub with a fork's pull request for it.
struct Stage {
    place: Place,
    server: Server,
    blobs: Server,
    start: String,
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn pull(number: u64) -> Value {
    json!({
        "number": number, "state": "open",
        "head": { "sha": HEAD, "ref": "topic/x", "repo": { "id": 2, "owner": { "login": "fork" } } },
        "base": { "sha": "0", "ref": "main", "repo": { "id": 1 } },
    })
}

fn event() -> Value {
    json!({
        "repository": { "id": 1, "full_name": "o/r" },
        "workflow_run": {
            "id": 55, "run_attempt": 2, "event": "pull_request", "conclusion": "failure", "head_sha": HEAD,
            "head_branch": "topic/x", "html_url": "https://github.com/o/r/actions/runs/55",
            "head_repository": { "id": 2, "owner": { "login": "fork" } },
            "repository": { "id": 1 }, "pull_requests": [],
        },
    })
}

impl Stage {
    fn new() -> Self {
        let (place, server, blobs) = (Place::new(), Server::start(), Server::start());
        let stage = Self { place, server, blobs, start: String::new() };
        stage.git(&["init", "--quiet", "--initial-branch=main"]);
        stage.git(&["commit", "--quiet", "--allow-empty", "--message=start"]);
        let start = stage.git(&["rev-parse", "HEAD"]);
        let fixture = |name: &str| format!("{}/fixtures/sample/{name}", env!("CARGO_MANIFEST_DIR"));
        let record = stage.perfgate(&["record", &fixture("baseline.json"), "--store", "dir:store", "--testbed", "ci"]);
        assert!(record.status.success(), "{}", said(&record));
        let run = stage.perfgate(&["convert", &fixture("current.json")]);
        let mut run: Value = serde_json::from_slice(&run.stdout).unwrap();
        run["commit"] = json!(MERGE);
        run["labels"]["testbed"] = json!("ci");
        run["labels"]["suite"] = json!("default");
        stage.place.write("run.json", run.to_string());
        stage.place.write("perfgate.toml", "store = \"dir:store\"\n");
        stage.place.write("event.json", event().to_string());
        stage.zip(&archive(&[("run.json", run.to_string().as_bytes()), ("report.md", b"<h1>all is well</h1>")]));
        {
            let mut world = stage.server.world();
            world.pulls = vec![pull(7)];
            world.artifacts =
                vec![json!({ "id": 3, "name": "perfgate-report-ci", "size_in_bytes": 9, "expired": false })];
            world.blobs = stage.blobs.origin();
            world.commits.insert(MERGE.to_owned(), json!({ "parents": [{ "sha": start }, { "sha": HEAD }] }));
            world.compared.insert(format!("main...{start}"), json!({ "status": "identical" }));
            let base = json!({ "status": "diverged", "merge_base_commit": { "sha": start } });
            world.compared.insert(format!("main...{HEAD}"), base);
        }
        Self { start, ..stage }
    }

    fn git(&self, words: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=x", "-c", "user.email=x@example.com"]).args(words);
        let output = git.current_dir(self.place.folder.path()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn perfgate(&self, words: &[&str]) -> std::process::Output {
        let mut perfgate = Command::new(env!("CARGO_BIN_EXE_perfgate"));
        let clean = ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "JENKINS_URL"];
        for name in clean {
            perfgate.env_remove(name);
        }
        perfgate.args(words).current_dir(self.place.folder.path()).output().unwrap()
    }

    fn zip(&self, bytes: &[u8]) {
        self.blobs.world().zips.insert(3, bytes.to_vec());
    }

    /// The run of the artifact, changed.
    fn with_run(&self, change: impl FnOnce(&mut Value)) {
        let text = std::fs::read(self.place.folder.path().join("run.json")).unwrap();
        let mut run: Value = serde_json::from_slice(&text).unwrap();
        change(&mut run);
        self.zip(&archive(&[("run.json", run.to_string().as_bytes())]));
    }

    fn with_event(&self, change: impl FnOnce(&mut Value)) {
        let mut event = event();
        change(&mut event["workflow_run"]);
        self.place.write("event.json", event.to_string());
    }

    /// Exit code and what was said.
    fn run(&self) -> (i32, String) {
        let variables = [("GITHUB_EVENT_NAME", "workflow_run"), ("GITHUB_RUN_ID", "99")];
        let output = self.place.run(&self.server, "comment --from-workflow-run --status perfgate", &variables);
        assert_eq!(self.server.world().wrong, Vec::<String>::new());
        (output.status.code().unwrap(), said(&output))
    }

    /// Nothing is written, with this exit code and a message with these words.
    fn refuses(&self, code: i32, words: &str) {
        let (exit, text) = self.run();
        assert_eq!((exit, self.server.writes()), (code, 0), "{words}: {text}");
        assert!(text.contains(words) && !text.contains("panicked"), "{words}: {text}");
    }
}

#[test]
fn a_fork_gets_its_comment_and_status() {
    let stage = Stage::new();
    let (code, text) = stage.run();
    assert_eq!(code, 0, "{text}");
    let bodies = stage.server.bodies();
    assert!(bodies.len() == 1 && bodies[0].contains("\n### 🔴 perfgate: "), "{text}\n{bodies:?}");
    assert!(bodies[0].contains("{\"run\":55,\"attempt\":2,\"sha\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"));
    assert!(bodies[0].contains("actions/runs/55") && !bodies[0].contains("all is well"));
    assert!(bodies[0].contains(&stage.start[..7]), "the baseline is the merge's first parent: {}", bodies[0]);
    let status = stage.server.world().statuses[0].clone();
    assert_eq!((&status["state"], &status["sha"]), (&json!("failure"), &json!(HEAD)));
    // The host of the zips never sees the token.
    let seen = stage.blobs.world().seen.clone();
    assert_eq!((seen.len(), seen[0].headers.get("authorization")), (1, None));
}

#[test]
fn where_the_change_started_is_githubs_word() {
    // Not a merge of this pull request, unknown, or none at all: the merge base counts.
    let cases: [fn(&mut Value); 4] = [
        |run| run["commit"] = json!(HEAD),
        |run| run["commit"] = json!("cccccccccccccccccccccccccccccccccccccccc"),
        |run| run["commit"] = json!("../../x?y"),
        |run| run["commit"] = Value::Null,
    ];
    for case in cases {
        let stage = Stage::new();
        stage.with_run(case);
        let (code, text) = stage.run();
        assert!(code == 0 && stage.server.bodies()[0].contains(&stage.start[..7]), "{text}");
    }
    // A merge whose first parent is no commit of the base branch is no merge of GitHub's.
    let stage = Stage::new();
    let away = "d".repeat(40);
    {
        let mut world = stage.server.world();
        world.commits.insert(MERGE.to_owned(), json!({ "parents": [{ "sha": away }, { "sha": HEAD }] }));
        world.compared.insert(format!("main...{away}"), json!({ "status": "ahead" }));
    }
    let (_, text) = stage.run();
    assert!(stage.server.bodies()[0].contains(&stage.start[..7]), "{text}");
}

#[test]
fn a_run_speaks_only_on_the_pull_request_that_is_proven_to_be_its_own() {
    let superseded = "the pull request is closed, or has newer commits than the run";
    let cases: [(fn(&mut Value), &str); 5] = [
        (|pull| pull["head"]["sha"] = json!(MERGE), superseded),
        (|pull| pull["head"]["repo"]["id"] = json!(3), superseded),
        (|pull| pull["head"]["repo"] = Value::Null, superseded),
        (|pull| pull["base"]["repo"]["id"] = json!(3), superseded),
        (|pull| pull["state"] = json!("closed"), superseded),
    ];
    for (change, words) in cases {
        let stage = Stage::new();
        change(&mut stage.server.world().pulls[0]);
        stage.refuses(0, words);
    }
    let cases: [(fn(&mut Value), i32, &str); 7] = [
        (|run| run["event"] = json!("push"), 0, "was not started by `pull_request`"),
        (|run| run["conclusion"] = json!("cancelled"), 0, "was cancelled"),
        (|run| run["repository"]["id"] = json!(2), 2, "belongs to another repository"),
        (|run| run["head_sha"] = json!("main"), 2, "has no commit"),
        (|run| run["head_repository"] = Value::Null, 0, superseded),
        (|run| run["head_branch"] = json!("other&head=o:main"), 0, superseded),
        (|run| run["id"] = json!("x"), 2, "is not of a `workflow_run`"),
    ];
    for (change, code, words) in cases {
        let stage = Stage::new();
        stage.with_event(change);
        stage.refuses(code, words);
    }
}

#[test]
fn of_two_pull_requests_of_one_branch_the_first_is_meant() {
    let stage = Stage::new();
    let mut other = pull(9);
    other["base"]["ref"] = json!("release");
    stage.server.world().pulls = vec![other, pull(7)];
    assert_eq!(stage.run().0, 0);
    let posted = |world: &World| {
        world.seen.iter().any(|seen| seen.path == "/repos/o/r/issues/7/comments" && seen.method == "POST")
    };
    assert!(posted(&stage.server.world()));
}

#[test]
fn the_second_workflow_is_not_sent_to_a_second_workflow_or_a_summary() {
    let says = |status| Fault::Says(status, vec![], r#"{"message":"no"}"#.into());
    let stage = Stage::new();
    stage.server.world().fault_on("POST /repos/o/r/issues/7/comments", [says(403)]);
    let (_, text) = stage.run();
    assert!(text.contains("`pull-requests: write`") && !text.contains("second workflow"), "{text}");
    let stage = Stage::new();
    let down = [says(500), says(500), says(500), says(500)];
    stage.server.world().fault_on("GET /repos/o/r/actions/runs/55/artifacts", down);
    let (code, text) = stage.run();
    assert!(code == 4 && text.contains("it said 500") && text.contains("run this job again"), "{text}");
    assert!(!text.contains("summary"), "{text}");
}

#[test]
fn nothing_is_written_once_the_pull_request_has_moved_on() {
    let stage = Stage::new();
    stage.server.world().before("GET /repos/o/r/pulls/7", 1, |world| world.pulls[0]["head"]["sha"] = json!(MERGE));
    stage.refuses(0, "has newer commits");
}

#[test]
fn what_was_left_behind_is_held_to_limits() {
    let stage = Stage::new();
    let artifact = |change: fn(&mut Value)| {
        let mut artifact = json!({ "id": 3, "name": "perfgate-report-ci", "size_in_bytes": 9, "expired": false });
        change(&mut artifact);
        stage.server.world().artifacts = vec![artifact];
    };
    artifact(|artifact| artifact["expired"] = json!(true));
    stage.refuses(2, "has expired");
    artifact(|artifact| artifact["size_in_bytes"] = json!(6_000_000));
    stage.refuses(2, "is larger than 5 MiB");
    artifact(|artifact| artifact["name"] = json!("coverage"));
    stage.refuses(3, "left no artifact");
    stage.server.world().artifacts =
        (0..33).map(|at| json!({ "id": at, "name": format!("perfgate-report-{at}") })).collect();
    stage.refuses(2, "more than 32 artifacts");
    artifact(|_| ());
    stage.zip(&vec![0; 6_000_000]);
    stage.refuses(4, "too long");
    let run = |text: &str| {
        let metric = |value: &str| {
            format!(
                r#"{{"schema":"perfgate-run/1","suites":[{{"tool":"t","name":"s"}}],"benchmarks":[{{"tool":"t","name":"n","metrics":[{{"metric":"time","unit":"s","better":"lower","kind":"noisy","samples":[{value}]}}]}}]}}"#
            )
        };
        stage.zip(&archive(&[("run.json", metric(text).as_bytes())]));
    };
    run("NaN");
    stage.refuses(2, "holds no run that can be read");
    run("1e999");
    stage.refuses(2, "holds no run that can be read");
    stage.zip(&archive(&[("run.json", b"{\"schema\": \"perfgate-report/1\"}")]));
    stage.refuses(2, "holds no run that can be read");
    stage.with_run(|run| run["benchmarks"][0]["name"] = json!("n".repeat(2000)));
    stage.refuses(2, "a name of more than 1024 bytes");
    stage.with_run(|run| run["labels"]["testbed"] = json!("../main"));
    stage.refuses(2, "no plain word");
    stage.with_run(|run| run["benchmarks"][0]["metrics"][0]["tool_unit"] = json!("u".repeat(40)));
    stage.refuses(2, "a unit of more than 32 bytes");
    stage.with_run(|run| {
        run["labels"] = (0..70).map(|at| (format!("l{at}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    });
    stage.refuses(2, "more than 64 labels");
    let files: Vec<String> = std::fs::read_dir(stage.place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!files.iter().any(|name| name.contains("report-ci") || name.contains("zip")), "{files:?}");
}

#[test]
fn a_testbed_without_stored_runs_is_nothing_compared() {
    let stage = Stage::new();
    stage.with_run(|run| run["labels"]["testbed"] = json!("other"));
    let (code, text) = stage.run();
    assert_eq!(code, 0, "{text}");
    let status = stage.server.world().statuses[0].clone();
    assert_eq!(status["state"], "error", "{text}");
    assert!(stage.server.bodies()[0].contains("other"), "{:?}", stage.server.bodies());
}

#[test]
fn archives_are_read_in_memory_and_within_limits() {
    let refused = |bytes: Vec<u8>| entry(bytes).unwrap_err();
    assert_eq!(entry(archive(&[("run.json", b"x")])).unwrap(), b"x");
    assert!(refused(b"PK nonsense".to_vec()).contains("no zip archive"));
    assert!(refused(archive(&[("../run.json", b"x"), ("/run.json", b"x"), ("a/run.json", b"x")])).contains("holds no"));
    let names: Vec<String> = (0..17).map(|at| format!("{at}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    assert!(refused(archive(&many)).contains("more than 16 entries"));
    let bomb = archive(&[("run.json", &vec![b' '; 30 * 1024 * 1024])]);
    assert!(bomb.len() < 200_000);
    assert!(refused(bomb.clone()).contains("more than 20 MiB"));
    // One that lies about its size.
    let mut liar = bomb;
    let size = (30_u32 * 1024 * 1024).to_le_bytes();
    for at in 0..liar.len() - 4 {
        if liar[at..at + 4] == size {
            liar[at..at + 4].copy_from_slice(&9_u32.to_le_bytes());
        }
    }
    assert!(!entry(liar).is_ok_and(|content| content.len() > 20 * 1024 * 1024));
    let good = archive(&[("run.json", &b"some content that is long enough ".repeat(50))]);
    let mut encrypted = good.clone();
    for (mark, offset) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = encrypted.windows(4).position(|window| window == mark).unwrap();
        encrypted[at + offset] |= 1;
    }
    assert!(refused(encrypted).contains("encrypted"));
    // Whatever is broken, nothing panics.
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let mut broken = good.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..broken.len());
            broken[at] = random.u8(..);
        }
        broken.truncate(random.usize(broken.len() / 2..=broken.len()));
        let _ = entry(broken);
    }
}
