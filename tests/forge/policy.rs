//! Tries, waiting, time, redirects, and answers of every kind.

use std::time::{Duration, Instant};

use perfgate::forge::http::{Lost, Request, Response, Transport};
use perfgate::forge::policy::{Problem, Real, Session};
use perfgate::forge::sticky::{Done, Key, Stamp, Wanted, post};
use perfgate::forge::token::Token;
use perfgate::forge::{GitHub, PATIENCE, State, Status, transport};
use serde_json::json;

use super::server::{Fault, Server, TOKEN};
use super::{EPOCH, Virtual, body, github, place, say};

const GET: &str = "GET /repos/o/r/issues/7/comments";
const POST: &str = "POST /repos/o/r/issues/7/comments";

fn says(status: u16, headers: &[(&'static str, &str)], message: &str) -> Fault {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Fault::Says(status, headers, json!({ "message": message }).to_string())
}

#[test]
fn rate_limits_are_waited_for_as_long_as_they_say() {
    let reset = |after: i64| (EPOCH + after).to_string();
    for (fault, seconds) in [
        (says(403, &[("retry-after", "1")], "You have exceeded a secondary rate limit"), 1),
        (says(429, &[("retry-after", "30")], ""), 30),
        (
            says(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset(40))], "API rate limit exceeded"),
            41,
        ),
        (says(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset(-9))], "API rate limit exceeded"), 1),
        (says(403, &[], "You have exceeded a secondary rate limit. Please wait."), 60),
    ] {
        for request in [GET, POST] {
            let (server, clock) = (Server::start(), Virtual::default());
            server.world().fault_on(request, [fault.clone()]);
            assert_eq!(say(&server, &clock, 1, "x").unwrap().done, Done::Created, "{fault:?}");
            assert_eq!(clock.waits(), [seconds, 2], "{fault:?}: the limit, and the second look");
            assert_eq!(server.bodies().len(), 1);
        }
    }
}

#[test]
fn a_rate_limit_that_lasts_too_long_is_not_waited_for() {
    let (server, clock) = (Server::start(), Virtual::default());
    let reset = (EPOCH + 3600).to_string();
    server.world().fault_on(
        POST,
        [says(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], "API rate limit exceeded")],
    );
    let problem = say(&server, &clock, 1, "x").unwrap_err();
    assert_eq!(problem, Problem::Limited { until: Some(EPOCH + 3600) });
    assert!(problem.reason().contains("2027-01-15T09:00:00Z"), "{}", problem.reason());
    assert!(clock.seconds() < 1.0);
}

#[test]
fn refusals_are_final() {
    for status in [400, 401, 403, 404, 410, 422] {
        let (server, clock) = (Server::start(), Virtual::default());
        server.world().fault_on(POST, vec![says(status, &[], "No."); 4]);
        let problem = say(&server, &clock, 1, "x").unwrap_err();
        if status != 404 {
            assert_eq!((problem.status(), server.count(&["POST"])), (Some(status), 1));
            assert!(problem.says("no.") && problem.reason().contains(&status.to_string()));
        }
        assert_eq!(server.bodies().len(), 0);
    }
}

#[test]
fn a_page_of_html_is_no_answer_and_is_not_shown() {
    let page = || {
        Fault::Says(502, vec![("content-type", "text/html".to_owned())], "<html>Unicorn! \u{1b}[31m</html>".to_owned())
    };
    let (server, clock) = (Server::start(), Virtual::default());
    server.world().fault_on(GET, [page(), page(), page()]);
    assert_eq!(say(&server, &clock, 1, "x").unwrap().done, Done::Created);
    assert_eq!(clock.waits(), [1, 2, 4, 2]);
    server.world().fault_on(GET, vec![page(); 4]);
    let reason = say(&server, &clock, 2, "x").unwrap_err().reason();
    assert!(reason.contains("502") && !reason.contains("Unicorn"), "{reason}");
    // A page with status 200, as captive portals answer.
    server.world().fault_on(GET, [Fault::Says(200, vec![], "<html>".to_owned())]);
    assert!(matches!(say(&server, &Virtual::default(), 2, "x"), Err(Problem::Malformed(_))));
    // Text of the server can hold anything.
    server.world().fault_on(GET, [says(422, &[], "a\u{1b}[2Jb\n::error::c")]);
    let reason = say(&server, &Virtual::default(), 2, "x").unwrap_err().reason();
    assert!(!reason.contains('\u{1b}') && !reason.contains('\n'), "{reason}");
}

#[test]
fn the_interface_of_an_enterprise_server_is_below_a_path() {
    let server = Server::start();
    server.world().base = "/api/v3".to_owned();
    for run in 1..3 {
        say(&server, &Virtual::default(), run, "x").unwrap();
    }
    assert_eq!(server.bodies(), [body(2, "x")]);
    let paths: Vec<String> = server.world().seen.iter().map(|seen| seen.whole.clone()).collect();
    assert_eq!(paths[0], "/api/graphql");
    assert!(
        paths[1..].iter().all(|path| path.starts_with("/api/v3/repos/o/r/") || path == "/api/graphql"),
        "{paths:?}"
    );
}

#[test]
fn the_token_goes_to_its_own_host_only() {
    let (own, other) = (Server::start(), Server::start());
    other.world().comment("x", "from elsewhere");
    let to_other = || {
        Fault::Says(302, vec![("location", format!("{}/repos/o/r/issues/7/comments", other.origin()))], String::new())
    };
    own.world().fault_on(GET, [to_other()]);
    say(&own, &Virtual::default(), 1, "x").unwrap();
    let seen = other.world().seen.clone();
    assert_eq!((seen.len(), seen[0].headers.get("authorization")), (1, None));
    assert!(seen[0].headers.get("user-agent").unwrap().starts_with("perfgate/"));
    // What is to be written never goes there, nor anything to an address without https.
    own.world().comments.clear();
    let post_away = Fault::Says(307, vec![("location", format!("{}/x", other.origin()))], String::new());
    own.world().fault_on(POST, [post_away]);
    assert!(matches!(say(&own, &Virtual::default(), 1, "x"), Err(Problem::Malformed(_))));
    own.world()
        .fault_on(GET, [Fault::Says(302, vec![("location", "http://evil.example/x".to_owned())], String::new())]);
    assert!(matches!(say(&own, &Virtual::default(), 1, "x"), Err(Problem::Malformed(_))));
    assert_eq!(other.world().seen.len(), 1);
}

#[test]
fn a_repository_that_was_renamed_is_found() {
    let server = Server::start();
    let there = |path: &str| vec![("location", format!("{}{path}", server.origin()))];
    let list = "/repositories/1/issues/7/comments";
    // GitHub answers a read with 301 and a write with 307.
    server.world().fault_on(POST, [Fault::Says(307, there(list), String::new())]);
    let _ = say_unchecked(&server);
    let seen = server.world().seen.iter().map(|seen| (seen.method.clone(), seen.path.clone())).collect::<Vec<_>>();
    assert!(seen.contains(&("POST".to_owned(), list.to_owned())), "{seen:?}");
    // Round in circles.
    let server = Server::start();
    let here = format!("{}/repos/o/r/issues/7/comments", server.origin());
    server.world().fault_on(GET, vec![Fault::Says(301, vec![("location", here)], String::new()); 50]);
    assert!(matches!(say(&server, &Virtual::default(), 1, "x"), Err(Problem::Malformed(_))));
}

fn say_unchecked(server: &Server) -> Result<Done, Problem> {
    let key = Key::new("default").unwrap();
    let wanted = Wanted { key: &key, stamp: Stamp::default(), text: "x", may_create: true };
    post(&github(server, &Virtual::default()).pull_request(7), &wanted).map(|posted| posted.done)
}

#[test]
fn a_next_page_on_another_host_is_not_read() {
    let server = Server::start();
    let link = "<https://evil.example/repos/o/r/issues/7/comments?page=2>; rel=\"next\"";
    server.world().fault_on(GET, [Fault::Says(200, vec![("link", link.to_owned())], "[]".to_owned())]);
    assert!(matches!(say(&server, &Virtual::default(), 1, "x"), Err(Problem::Malformed(_))));
}

#[test]
fn slow_answers_end_in_time() {
    let server = Server::start();
    server.world().fault_on(GET, vec![Fault::Slow(Duration::from_secs(20)); 9]);
    let place = place(&server);
    let wire = transport(&place, Token::new(TOKEN, "a test").unwrap()).unwrap();
    let github = GitHub::new(Session::new(wire, Box::new(Real::new()), Duration::from_millis(700)), place);
    let key = Key::new("default").unwrap();
    let begun = Instant::now();
    let told =
        post(&github.pull_request(7), &Wanted { key: &key, stamp: Stamp::default(), text: "x", may_create: true });
    assert!(matches!(told, Err(Problem::OutOfTime | Problem::Unclear(_))), "{told:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// A host that always takes as long as it may, and then ends so.
struct Slow(Virtual, fn() -> Result<Response, Lost>, Duration);

impl Transport for Slow {
    fn send(&self, _: &Request, patience: Duration) -> Result<Response, Lost> {
        self.0.pass(patience.min(self.2));
        (self.1)()
    }
}

#[test]
fn posting_ends_within_two_minutes_at_the_worst() {
    fn limited(after: &str) -> Result<Response, Lost> {
        let headers = [("retry-after".to_owned(), after.to_owned())].into();
        Ok(Response { status: 429, headers, body: Vec::new() })
    }
    let answers: [fn() -> Result<Response, Lost>; 6] = [
        || Err(Lost::Unknown("nothing came".to_owned())),
        || Err(Lost::NotSent("refused".to_owned())),
        || Ok(Response { status: 503, ..Response::default() }),
        || limited("29"),
        || limited("0"),
        // Endless pages.
        || {
            let link = "<https://api.github.com/repos/o/r/issues/7/comments?page=2>; rel=\"next\"";
            let headers = [("link".to_owned(), link.to_owned())].into();
            Ok(Response { status: 200, headers, body: b"[]".to_vec() })
        },
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        for each in [1, 25, 60, 600] {
            let clock = Virtual::default();
            let slow = Slow(clock.clone(), answer, Duration::from_secs(each));
            let mut place = place(&Server::start());
            place.api = perfgate::forge::place::Address::parse("https://api.github.com").unwrap();
            place.graphql = None;
            let github = GitHub::new(Session::new(Box::new(slow), Box::new(clock.clone()), PATIENCE), place);
            let key = Key::new("default").unwrap();
            let wanted = Wanted { key: &key, stamp: Stamp::default(), text: "x", may_create: true };
            assert!(post(&github.pull_request(7), &wanted).is_err());
            let status = Status {
                commit: "a".repeat(40),
                state: State::Success,
                context: "p".into(),
                description: "d".into(),
                page: None,
            };
            assert!(github.mark(&status).is_err());
            assert!(clock.seconds() <= 120.0, "case {at}, {each} s each: {}", clock.seconds());
        }
    }
}

#[test]
fn a_status_is_written_once_and_only_when_it_changes() {
    let server = Server::start();
    let status = |description: &str| Status {
        commit: "a".repeat(40),
        state: State::Failure,
        context: "perfgate".to_owned(),
        description: description.to_owned(),
        page: Some("https://github.com/o/r/actions/runs/1".to_owned()),
    };
    let mark = |description: &str| github(&server, &Virtual::default()).mark(&status(description)).unwrap();
    assert!(mark("2 regressions"));
    assert!(!mark("2 regressions"));
    assert!(mark(&"x".repeat(500)));
    assert!(!mark(&"x".repeat(500)));
    server.world().fault_on("/statuses/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", [Fault::Nothing]);
    server.world().fault_on(&format!("POST /repos/o/r/statuses/{}", "a".repeat(40)), [Fault::DoneBut(502)]);
    assert!(mark("fine again"));
    let world = server.world();
    assert_eq!((world.statuses.len(), world.statuses[2]["state"].as_str()), (3, Some("failure")));
    assert_eq!(world.wrong, Vec::<String>::new());
}

#[test]
fn issues_are_listed_opened_and_changed_in_githubs_words() {
    // The server has none: what is looked at here is what is asked.
    let server = Server::start();
    server.world().fault_on(
        "GET /repos/o/r/issues",
        [Fault::Says(
            200,
            vec![],
            json!([
                { "number": 3, "title": null, "body": "b", "user": null, "state": "closed", "state_reason": "not_planned" },
                { "number": 4, "pull_request": {}, "state": "open" },
                { "nonsense": true }
            ])
            .to_string(),
        )],
    );
    let answer = json!({ "number": 5, "title": "t", "state": "open", "html_url": "https://x" }).to_string();
    server.world().fault_on("POST /repos/o/r/issues", [Fault::Says(201, vec![], answer.clone())]);
    server.world().fault_on("PATCH /repos/o/r/issues/5", [Fault::Says(200, vec![], answer)]);
    let github = github(&server, &Virtual::default());
    let issues = github.issues("perfgate-regression").unwrap();
    assert_eq!((issues.len(), issues[0].number, issues[0].closed_as.as_deref()), (1, 3, Some("not_planned")));
    assert_eq!(github.open_issue("t", "b", "perfgate-regression", |_| false).unwrap().number, 5);
    let change = perfgate::forge::github::Change { body: Some("c".into()), is_open: Some(false), title: None };
    assert!(github.change_issue(5, &change).unwrap().is_open);
    let world = server.world();
    assert_eq!(world.wrong, Vec::<String>::new());
    assert_eq!(world.seen[2].body, Some(json!({ "body": "c", "state": "closed", "state_reason": "completed" })));
}
