//! Notes of a merge request, against the smallest GitLab that has them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use perfgate::forge::place::{Kind, Place};
use perfgate::forge::policy::Session;
use perfgate::forge::sticky::{Done, Key, Stamp, Wanted, post};
use perfgate::forge::token::Token;
use perfgate::forge::{Forge as _, GitLab, PATIENCE, State, Status, transport};
use serde_json::{Value, json};

use super::Virtual;

#[derive(Default)]
struct World {
    notes: Vec<Value>,
    statuses: Vec<Value>,
    seen: Vec<(String, String, Option<String>)>,
}

fn start() -> (Arc<Mutex<World>>, Place) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}/api/v4", listener.local_addr().unwrap());
    let world = Arc::new(Mutex::new(World::default()));
    let shared = Arc::clone(&world);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let lines: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
            let header = |name: &str| {
                lines.iter().find_map(|l| l.to_lowercase().strip_prefix(&format!("{name}: ")).map(str::to_owned))
            };
            let mut body = vec![0; header("content-length").map_or(0, |n| n.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let mut first = lines[0].split(' ');
            let (method, path) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
            let mut world = shared.lock().unwrap();
            world.seen.push((method.clone(), path.clone(), header("private-token")));
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let (status, answer) = world.answer(&method, &path, body);
            let answer = answer.to_string();
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
            let _ = stream.write_all((head + &answer).as_bytes());
        }
    });
    (world, Place::find(Kind::GitLab, Some(&api), Some("group/sub/project"), &|_| None).unwrap())
}

impl World {
    fn answer(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = path.strip_prefix("/api/v4").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let below = path.strip_prefix("/projects/group%2Fsub%2Fproject").unwrap_or(path);
        let parts: Vec<&str> = below.split('/').skip(1).collect();
        match (method, parts.as_slice()) {
            ("GET", ["user"]) => (200, json!({ "username": "project_1_bot" })),
            ("GET", ["merge_requests", "7"]) => {
                (200, json!({ "sha": "abc", "web_url": "https://gitlab.example/group/sub/project/-/merge_requests/7" }))
            }
            ("GET", ["merge_requests", "7", "notes"]) => {
                let page: usize = query.split('&').find_map(|p| p.strip_prefix("page=")).unwrap().parse().unwrap();
                let page: Vec<Value> = self.notes.iter().skip((page - 1) * 100).take(100).cloned().collect();
                (200, json!(page))
            }
            ("POST", ["merge_requests", "7", "notes"]) => {
                let id = 500 + self.notes.len();
                self.notes.push(json!({ "id": id, "body": body["body"], "author": { "username": "project_1_bot" } }));
                (201, self.notes.last().unwrap().clone())
            }
            ("PUT", ["merge_requests", "7", "notes", id]) => {
                let note = self.notes.iter_mut().find(|n| n["id"].to_string() == *id).unwrap();
                note["body"] = body["body"].clone();
                (200, note.clone())
            }
            ("GET", ["repository", "commits", "abc", "statuses"]) => (200, json!(self.statuses)),
            ("POST", ["statuses", "abc"]) => {
                let mut status = body;
                status["status"] = status["state"].clone();
                self.statuses.push(status.clone());
                (201, status)
            }
            _ => (404, json!({ "message": "404 Not Found" })),
        }
    }
}

#[test]
fn one_note_of_a_merge_request_is_kept_up_to_date() {
    let (world, place) = start();
    for at in 0..230 {
        let (author, system) = if at % 2 == 0 { ("mallory", false) } else { ("project_1_bot", true) };
        let body = "<!-- perfgate:v1 key=default -->\nnot ours";
        world
            .lock()
            .unwrap()
            .notes
            .push(json!({ "id": at, "body": body, "author": { "username": author }, "system": system }));
    }
    let say = |run, text| {
        let wire = transport(&place, Token::new("glpat-x", "a test").unwrap()).unwrap();
        let gitlab = GitLab::new(Session::new(wire, Box::new(Virtual::default()), PATIENCE), place.clone(), 7);
        let key = Key::new("default").unwrap();
        let stamp = Stamp { run, ..Stamp::default() };
        post(&gitlab, &Wanted { key: &key, stamp, text, may_create: true }).unwrap()
    };
    let posted = say(1, "text\n/merge\n  /approve");
    assert_eq!(posted.done, Done::Created);
    assert_eq!(posted.url.as_deref(), Some("https://gitlab.example/group/sub/project/-/merge_requests/7#note_730"));
    assert_eq!(say(1, "text\n/merge\n  /approve").done, Done::Unchanged);
    assert_eq!(say(2, "better").done, Done::Updated);
    let world = world.lock().unwrap();
    assert_eq!(world.notes.len(), 231);
    assert!(world.notes[230]["body"].as_str().unwrap().ends_with("better\n"));
    assert!(world.seen.iter().all(|(_, _, token)| token.as_deref() == Some("glpat-x")));
    assert_eq!(world.seen.iter().filter(|(method, ..)| method == "POST").count(), 1);
}

#[test]
fn no_line_of_a_note_is_a_command() {
    let (world, place) = start();
    let wire = transport(&place, Token::new("glpat-x", "a test").unwrap()).unwrap();
    let gitlab = GitLab::new(Session::new(wire, Box::new(Virtual::default()), PATIENCE), place, 7);
    let key = Key::new("default").unwrap();
    let text = "/merge\n\t/approve\n\n/close";
    post(&gitlab, &Wanted { key: &key, stamp: Stamp::default(), text, may_create: true }).unwrap();
    let body = world.lock().unwrap().notes[0]["body"].as_str().unwrap().to_owned();
    assert!(!body.lines().any(|line| line.trim_start().starts_with('/')) && body.contains("/close"), "{body}");
}

#[test]
fn a_commit_is_marked_once() {
    let (world, place) = start();
    let wire = transport(&place, Token::new("glpat-x", "a test").unwrap()).unwrap();
    let gitlab = GitLab::new(Session::new(wire, Box::new(Virtual::default()), PATIENCE), place, 7);
    let status = |state| Status {
        commit: "abc".into(),
        state,
        context: "perf gate".into(),
        description: "d".into(),
        page: None,
    };
    assert!(gitlab.mark(&status(State::Failure)).unwrap());
    assert!(!gitlab.mark(&status(State::Failure)).unwrap());
    assert!(gitlab.mark(&status(State::Success)).unwrap());
    let world = world.lock().unwrap();
    assert_eq!(
        world.statuses[0],
        json!({ "state": "failed", "status": "failed", "description": "d", "name": "perf gate" })
    );
    assert!(world.seen[0].1.contains("statuses?name=perf%20gate"));
}
