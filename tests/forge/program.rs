//! The program: messages, exit codes, and what it posts.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output};

use perfgate::model::report::Report;
use serde_json::json;

use super::server::{Fault, Server, TOKEN};

/// A folder with a red report, and the program in it.
pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let red = [fixture("baseline.json"), fixture("current.json")];
        let green = [fixture("baseline.json"), fixture("baseline.json")];
        for (name, [before, now]) in [("red.json", red), ("green.json", green)] {
            let mut compare = Command::new(env!("CARGO_BIN_EXE_perfgate"));
            let path = format!("json={}", folder.path().join(name).display());
            compare.args(["compare", &before, &now, "--report", &path]).current_dir(folder.path());
            assert!(compare.output().unwrap().status.code().unwrap() < 2);
        }
        Self { folder }
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// The program as a job of a pull request runs it, with more or other variables.
    pub fn run(&self, server: &Server, words: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perfgate"));
        let event = r#"{"number": 7, "pull_request": {"head": {"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}}"#;
        if !self.folder.path().join("event.json").exists() {
            self.write("event.json", event);
        }
        command.args(words.split(' ')).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_API_URL", &server.api()),
            ("GITHUB_RUN_ID", "11"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_TOKEN", TOKEN),
            // A proxy that nobody answers is none of this machine's business.
            ("HTTP_PROXY", "http://127.0.0.1:9"),
        ] {
            command.env(name, value);
        }
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        let said = said(&output);
        assert!(!said.contains(TOKEN) && !said.contains("ghs_"), "the token shows: {said}");
        output
    }
}

fn fixture(name: &str) -> String {
    format!("{}/fixtures/sample/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_report_becomes_a_comment_and_a_status() {
    let (server, place) = (Server::start(), Place::new());
    let output = place.run(&server, "comment red.json --status perfgate", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("commented on pull request #7 of o/r: https://"), "{}", said(&output));
    let bodies = server.bodies();
    assert!(bodies[0].contains("\n### 🔴 perfgate: ") && bodies[0].contains("https://github.com/o/r/actions/runs/11"));
    assert!(bodies[0].contains("{\"run\":11,\"attempt\":1,\"sha\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"));
    let status = server.world().statuses[0].clone();
    assert_eq!((&status["state"], &status["sha"]), (&json!("failure"), &json!("a".repeat(40))));
    let before = server.writes();
    let again = place.run(&server, "comment red.json --status perfgate -v", &[]);
    assert!(said(&again).contains("GET /repos/o/r/issues/7/comments: 200"), "{}", said(&again));
    assert_eq!((server.writes(), again.status.code()), (before, Some(0)), "{}", said(&again));
    assert_eq!(server.world().wrong, Vec::<String>::new());
}

#[test]
fn a_pull_request_that_is_named_is_asked_for_its_newest_commit() {
    let (server, place) = (Server::start(), Place::new());
    server.world().pulls = vec![json!({ "number": 7, "head": { "sha": "c".repeat(40), "ref": "t" } })];
    place.write("push.json", "{}");
    let push = [("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", "push.json"), ("GITHUB_SHA", "d")];
    let output = place.run(&server, "comment green.json --pull-request 7 --status perfgate", &push);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let status = server.world().statuses[0].clone();
    assert_eq!((&status["sha"], &status["state"]), (&json!("c".repeat(40)), &json!("success")));
    assert_eq!(server.bodies().len(), 1);
}

#[test]
fn a_clean_report_writes_no_first_comment_and_never_deletes_one() {
    let (server, place) = (Server::start(), Place::new());
    place.run(&server, "comment green.json --when on-regression", &[]);
    assert_eq!(server.writes(), 0);
    place.run(&server, "comment red.json --when on-regression", &[]);
    place.run(&server, "comment green.json --when on-regression", &[("GITHUB_RUN_ID", "12")]);
    let bodies = server.bodies();
    assert!(bodies.len() == 1 && bodies[0].contains("recovered") && bodies[0].contains("\"run\":12"), "{bodies:?}");
    assert_eq!(server.count(&["DELETE"]), 0);
}

#[test]
fn a_comment_that_cannot_be_posted_changes_no_verdict() {
    let forbidden = || Fault::Says(403, vec![], r#"{"message":"Resource not accessible by integration"}"#.into());
    let locked =
        || Fault::Says(403, vec![], r#"{"message":"Unable to create comment because issue is locked."}"#.into());
    let unauthorized = || Fault::Says(401, vec![], r#"{"message":"Bad credentials"}"#.into());
    for (fault, hint) in [
        (forbidden(), "`pull-requests: write`"),
        (forbidden(), "docs/github.md"),
        (locked(), "the conversation is locked"),
        (unauthorized(), "the token is not valid"),
    ] {
        let (server, place) = (Server::start(), Place::new());
        for (words, code) in [
            ("comment red.json", 0),
            ("comment red.json --fail-on fail", 1),
            ("comment green.json --fail-on fail", 0),
            ("comment red.json --require-comment", 4),
            ("comment red.json --fail-on fail --require-comment", 4),
        ] {
            server.world().fault_on("POST /repos/o/r/issues/7/comments", [fault.clone()]);
            let output = place.run(&server, words, &[]);
            assert_eq!(output.status.code(), Some(code), "{words}: {}", said(&output));
            assert!(said(&output).contains(hint) && said(&output).contains("warning[not-posted]"), "{}", said(&output));
        }
        assert_eq!(server.bodies().len(), 0);
    }
}

#[test]
fn a_failed_gate_stays_failed_when_github_is_down() {
    let (server, place) = (Server::start(), Place::new());
    let nobody = "127.0.0.1:1";
    let down = [("GITHUB_API_URL", &*format!("http://{nobody}"))];
    let output = place.run(&server, "comment red.json --fail-on fail --status perfgate", &down);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let reached = format!("the server was not reached: http://{nobody}: ");
    assert!(said(&output).contains(&reached), "{}", said(&output));
}

#[test]
fn a_web_page_is_not_taken_for_a_hiccup() {
    let (server, place) = (Server::start(), Place::new());
    let page = || Fault::Says(200, vec![], "<!DOCTYPE html><title>Sign in</title>".into());
    for path in ["GET /repos/o/r/issues/7/comments", "POST /graphql"] {
        server.world().fault_on(path, [page(), page(), page(), page()]);
    }
    let output = place.run(&server, "comment red.json --require-comment", &[]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("it is a web page, not JSON") && said.contains("GITHUB_API_URL"), "{said}");
    assert!(!said.contains("run the job again"), "{said}");
}

#[test]
fn gitlab_is_advised_in_its_own_words() {
    let (server, place) = (Server::start(), Place::new());
    let api = server.api();
    let gitlab = |token| {
        let variables = [
            ("GITLAB_CI", "true"),
            ("GITHUB_ACTIONS", ""),
            ("CI_API_V4_URL", &*api),
            ("CI_PROJECT_ID", "5"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("GITLAB_TOKEN", token),
        ];
        said(&place.run(&server, "comment red.json", &variables))
    };
    let said = gitlab("");
    assert!(said.contains("GITLAB_TOKEN") && said.contains("scope `api`"), "{said}");
    assert!(!said.contains("GITHUB") && !said.contains("GitHub"), "{said}");
    server.world().fault_on("GET /projects/5/merge_requests/7/notes", [Fault::Says(404, vec![], "{}".into())]);
    server.world().fault_on("GET /user", [Fault::Says(200, vec![], r#"{"username": "bot"}"#.into())]);
    let said = gitlab(TOKEN);
    assert!(said.contains("the project or the merge request is not there"), "{said}");
}

#[test]
fn other_hosts_are_reached_through_the_proxy() {
    let (server, place) = (Server::start(), Place::new());
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut bytes = [0; 512];
        let read = stream.read(&mut bytes).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n");
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    });
    let variables = [("GITHUB_API_URL", "https://ghe.example.invalid/api/v3"), ("HTTPS_PROXY", &*address)];
    let output = place.run(&server, "comment red.json --require-comment", &variables);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("CONNECT ghe.example.invalid:443 ") && !asked.contains(TOKEN), "{asked}");
}

#[test]
fn the_status_is_tried_also_where_the_comment_failed() {
    let (server, place) = (Server::start(), Place::new());
    server.world().fault_on(
        "POST /repos/o/r/issues/7/comments",
        [Fault::Says(403, vec![], r#"{"message":"Resource not accessible by integration"}"#.into())],
    );
    assert_eq!(place.run(&server, "comment red.json --status perfgate", &[]).status.code(), Some(0));
    let marked = server.world().statuses.len();
    assert_eq!((marked, server.bodies().len()), (1, 0));
}

#[test]
fn tokens_are_trimmed_checked_and_never_shown() {
    let (server, place) = (Server::start(), Place::new());
    let code = |variables: &[(&str, &str)]| {
        let output = place.run(&server, "comment red.json --require-comment", variables);
        (output.status.code(), said(&output))
    };
    assert_eq!(code(&[("GITHUB_TOKEN", &format!("{TOKEN}\r\n"))]).0, Some(0));
    place.write("token", format!("{TOKEN}\n"));
    assert_eq!(code(&[("GITHUB_TOKEN", "other"), ("PERFGATE_TOKEN_FILE", "token")]).0, Some(0));
    assert_eq!(code(&[("GITHUB_TOKEN", "other"), ("PERFGATE_TOKEN", TOKEN)]).0, Some(0));
    assert_eq!(server.world().wrong, Vec::<String>::new());
    let before = server.world().seen.len();
    for (variables, hint) in [
        ([("GITHUB_TOKEN", ""), ("X", "")], "there is no token to post with"),
        ([("GITHUB_TOKEN", "tok\u{1b}en"), ("X", "")], "the token in GITHUB_TOKEN holds"),
        ([("PERFGATE_TOKEN", "a\nb"), ("X", "")], "the token in PERFGATE_TOKEN holds"),
        (
            [("PERFGATE_TOKEN_FILE", "none"), ("X", "")],
            "nothing was posted: the file that PERFGATE_TOKEN_FILE names cannot be used: ",
        ),
        ([("PERFGATE_CA_BUNDLE", "red.json"), ("X", "")], "the certificates that PERFGATE_CA_BUNDLE names"),
    ] {
        let (exit, text) = code(&variables);
        assert_eq!(exit, Some(4), "{text}");
        assert!(text.contains(hint) && !text.contains("panicked"), "{text}");
    }
    assert_eq!(server.world().seen.len(), before, "nothing was sent");
}

#[test]
fn forgejo_is_spoken_to_in_its_own_words() {
    let (server, place) = (Server::start(), Place::new());
    server.world().base = "/api/v1".to_owned();
    let api = server.api();
    let forgejo = [("FORGEJO_ACTIONS", "true"), ("GITHUB_API_URL", &*api), ("GITHUB_RUN_NUMBER", "4")];
    for _ in 0..2 {
        let output = place.run(&server, "comment red.json", &forgejo);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let asked: Vec<String> = server.world().seen.iter().map(|seen| seen.whole.clone()).collect();
    assert!(asked.contains(&"/api/v1/repos/o/r/issues/7/comments?limit=50".to_owned()), "{asked:?}");
    assert!(asked[0] == "/api/v1/user" && !asked.iter().any(|path| path.contains("graphql")), "{asked:?}");
    let bodies = server.bodies();
    assert!(bodies.len() == 1 && bodies[0].contains("https://github.com/o/r/actions/runs/4"), "{bodies:?}");
}

#[test]
fn a_rehearsal_sends_nothing() {
    let (server, place) = (Server::start(), Place::new());
    let output = place.run(&server, "comment red.json --status perf -n", &[("GITHUB_TOKEN", "")]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("would post the comment `default` on pull request #7 of o/r"), "{stderr}");
    assert!(stderr.contains("would set the commit status `perf` to failure"), "{stderr}");
    assert!(output.stdout.starts_with(b"<!-- perfgate:v1 key=default -->\n"));
    assert_eq!(server.world().seen.len(), 0);
    // What only prints needs no project and no server.
    let nowhere = [("GITHUB_REPOSITORY", ""), ("GITHUB_API_URL", ""), ("GITHUB_ACTIONS", "")];
    let output = place.run(&server, "comment red.json --pull-request 7 -n", &nowhere);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("would post the comment `default` on pull request #7\n"), "{}", said(&output));
    assert!(!said(&output).contains("OWNER/NAME"), "{}", said(&output));
    // A misspelled report is told before what the server is.
    let output = place.run(&server, "comment nope.json", &nowhere);
    assert!(output.status.code() == Some(2) && said(&output).contains("nope.json"), "{}", said(&output));
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let (server, place) = (Server::start(), Place::new());
    for (words, variables) in [
        ("comment", vec![]),
        ("comment red.json --comment-id a/b", vec![]),
        ("comment red.json --from-workflow-run", vec![]),
        ("comment --from-workflow-run", vec![]),
        ("comment none.json", vec![]),
        ("comment red.json --pull-request 0", vec![]),
        ("comment event.json", vec![]),
        ("comment red.json --api-url http://example.com", vec![]),
        ("comment red.json --forge gitea", vec![("GITHUB_API_URL", "")]),
        ("comment red.json", vec![("GITHUB_REPOSITORY", "../x")]),
    ] {
        let output = place.run(&server, words, &variables);
        assert_eq!(output.status.code(), Some(2), "{words}: {}", said(&output));
    }
    // A push has no pull request, which is no mistake.
    place.write("push.json", "{}");
    let push = [("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", "push.json")];
    let output = place.run(&server, "comment red.json", &push);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("this is not the run of a pull request"), "{}", said(&output));
    assert_eq!(server.world().seen.len(), 0);
}

#[test]
fn ten_thousand_regressions_fit_into_a_comment() {
    let (server, place) = (Server::start(), Place::new());
    let red = std::fs::read(place.folder.path().join("red.json")).unwrap();
    let mut report: Report = serde_json::from_slice(&red).unwrap();
    let row = report.worst_first()[0].clone();
    report.results = (0..10_000)
        .map(|at| {
            let mut row = row.clone();
            row.benchmark = format!("группа|`бенчмарк` <b>@team</b>\n/{at}/{}", "é".repeat(at % 300)).as_str().into();
            row
        })
        .collect();
    report.counts = perfgate::model::report::Counts { fail: 10_000, total: 10_000, ..Default::default() };
    place.write("many.json", serde_json::to_vec(&report).unwrap());
    let output = place.run(&server, "comment many.json red.json green.json", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let bodies = server.bodies();
    assert!(said(&output).contains("commented") && bodies.len() == 1, "{}", said(&output));
    assert!(bodies[0].chars().count() <= 65_536 && bodies[0].len() > 20_000, "{}", bodies[0].len());
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.render.r#unsafe = true;
    let html = comrak::markdown_to_html(&bodies[0], &options);
    for tag in ["table", "details", "summary", "code", "tr", "td"] {
        let (open, close) = (html.matches(&format!("<{tag}>")).count(), html.matches(&format!("</{tag}>")).count());
        let styled = html.matches(&format!("<{tag} ")).count();
        assert_eq!(open + styled, close, "{tag}");
    }
    assert!(!html.contains("<b>@team"));
}
