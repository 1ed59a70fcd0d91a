//! Issues of a GitHub in memory, and a Slack: what `perfgate trend --github-issue` talks to. Each request must be one that
//! GitHub's own description knows.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::contract::Contract;

/// What the token is worth.
pub const TOKEN: &str = "ghs_0123456789";

/// The account that the token belongs to.
pub const ME: &str = "github-actions[bot]";

/// What the server knows.
#[derive(Default)]
pub struct World {
    pub issues: Vec<Value>,
    pub comments: Vec<(u64, String)>,
    pub slack: Vec<Value>,
    /// Status of every answer from here on, instead of doing what is asked.
    pub refuses: Option<u16>,
    /// The same for Slack.
    pub slack_refuses: Option<u16>,
    /// Status of the next POST of an issue, which is done all the same.
    pub unclear: Option<u16>,
    pub writes: usize,
}

/// A running server; it ends with the process.
#[derive(Clone)]
pub struct Server {
    world: Arc<Mutex<World>>,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { world: Arc::default(), port };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serving.serve(stream);
            }
        });
        server
    }

    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some((method, path, is_ours, body)) = read(&mut stream) else { return };
        let (status, answer) = self.world().answer(&method, &path, is_ours, &body);
        let content = answer.to_string();
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", content.len());
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(content.as_bytes()));
    }
}

/// Method, path with its query, whether the token came along, and the body.
fn read(stream: &mut TcpStream) -> Option<(String, String, bool, Value)> {
    let mut bytes = Vec::new();
    let mut part = vec![0; 65536];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let of = |name: &str| {
                let found = head.lines().find(|line| line.to_lowercase().starts_with(name));
                found.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
            };
            let length = of("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let mut first = head.lines().next()?.split(' ');
                let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
                let is_ours = of("authorization").is_some_and(|value| value == format!("Bearer {TOKEN}"));
                return Some((method, path, is_ours, serde_json::from_str(body).unwrap_or(Value::Null)));
            }
        }
        match stream.read(&mut part).ok()? {
            0 => return None,
            n => bytes.extend_from_slice(&part[..n]),
        }
    }
}

impl World {
    /// Adds an issue of somebody.
    pub fn add(&mut self, author: &str, body: &str) -> u64 {
        let number = self.issues.len() as u64 + 1;
        self.issues.push(json!({
            "number": number, "title": "", "body": body, "user": { "login": author }, "state": "open",
            "labels": ["perfgate-regression"], "html_url": format!("https://github.example/o/r/issues/{number}"),
        }));
        number
    }

    /// Somebody closes an issue.
    pub fn close(&mut self, number: u64, reason: &str) {
        let now = jiff::Timestamp::now().to_string();
        let issue = self.issue(number);
        issue["state"] = json!("closed");
        issue["state_reason"] = json!(reason);
        issue["closed_at"] = json!(now);
    }

    pub fn issue(&mut self, number: u64) -> &mut Value {
        self.issues.iter_mut().find(|issue| issue["number"] == number).unwrap()
    }

    pub fn open(&self) -> Vec<u64> {
        self.issues.iter().filter(|i| i["state"] == "open").map(|i| i["number"].as_u64().unwrap()).collect()
    }

    pub fn comments_on(&self, number: u64) -> Vec<String> {
        self.comments.iter().filter(|(of, _)| *of == number).map(|(_, text)| text.clone()).collect()
    }

    fn answer(&mut self, method: &str, path: &str, is_ours: bool, body: &Value) -> (u16, Value) {
        if path == "/services/T0/B0/secret" {
            assert!(!is_ours, "the token went to Slack");
            self.slack.push(body.clone());
            return (self.slack_refuses.unwrap_or(200), json!("ok"));
        }
        assert!(is_ours, "{method} {path} without the token");
        if path == "/graphql" {
            return (200, json!({ "data": { "viewer": { "login": ME } } }));
        }
        let (bare, asked) = path.split_once('?').unwrap_or((path, ""));
        let query: Vec<(String, String)> = asked
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%5B", "[").replace("%5D", "]").replace("%2C", ",")))
            .collect();
        let faults = Contract::new().faults(method, bare, &query, Some(body).filter(|body| !body.is_null()));
        assert!(faults.is_empty(), "{method} {path} is no request that GitHub describes: {faults:?}");
        if let Some(status) = self.refuses {
            return (status, json!({ "message": "Resource not accessible by integration" }));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.strip_prefix("/repos/o/r/").unwrap().split('/').collect();
        if method != "GET" {
            self.writes += 1;
        }
        match (method, parts.as_slice()) {
            ("GET", ["issues"]) => {
                assert!(query.contains("state=all") && query.contains("labels=perfgate-regression"), "{query}");
                let mut newest_first = self.issues.clone();
                newest_first.reverse();
                (200, Value::Array(newest_first))
            }
            ("POST", ["issues"]) => {
                assert_eq!(body["labels"], json!(["perfgate-regression"]));
                let number = self.add(ME, body["body"].as_str().unwrap());
                let issue = self.issue(number);
                issue["title"] = body["title"].clone();
                let issue = issue.clone();
                (self.unclear.take().unwrap_or(201), issue)
            }
            ("PATCH", ["issues", number]) => {
                let issue = self.issue(number.parse().unwrap());
                for (name, value) in body.as_object().unwrap() {
                    issue[name] = value.clone();
                }
                if body["state"] == "closed" {
                    issue["closed_at"] = json!(jiff::Timestamp::now().to_string());
                }
                (200, issue.clone())
            }
            ("GET", ["issues", number, "comments"]) => {
                let of = self.comments_on(number.parse().unwrap());
                (200, of.iter().enumerate().map(|(id, text)| json!({ "id": id + 1, "body": text })).collect())
            }
            ("POST", ["issues", number, "comments"]) => {
                let text = body["body"].as_str().unwrap().to_owned();
                self.comments.push((number.parse().unwrap(), text.clone()));
                (201, json!({ "id": self.comments.len(), "body": text, "user": { "login": ME } }))
            }
            other => panic!("{other:?}"),
        }
    }
}
