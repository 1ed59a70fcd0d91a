//! A GitHub in memory: issues, comments, pull requests, statuses, artifacts, and everything that can go wrong on the way.
//!
//! Every request is held against GitHub's own description; what is not in it is a failure of the test.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::contract::Contract;

/// What the token is worth.
pub const TOKEN: &str = "ghs_0123456789";

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Below the address of the interface, without the query.
    pub path: String,
    pub whole: String,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
}

/// What happens to a request instead of, or after, what it asks for.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An answer, and nothing done.
    Says(u16, Vec<(&'static str, String)>, String),
    /// It is done, and then answered so.
    DoneBut(u16),
    /// It is done, and then the connection is closed.
    DoneAndGone,
    /// The connection is closed, and nothing done.
    Gone,
    /// The answer comes late.
    Slow(Duration),
    /// Nothing happens to it.
    Nothing,
}

type Step = Box<dyn FnOnce(&mut World) + Send>;

/// What the server knows.
#[derive(Default)]
pub struct World {
    /// Path that the interface is below, as on an enterprise server: `/api/v3`.
    pub base: String,
    /// Whether GraphQL says who is asking.
    pub has_graphql: bool,
    pub me: String,
    pub comments: Vec<Value>,
    pub next: u64,
    pub pulls: Vec<Value>,
    pub statuses: Vec<Value>,
    pub artifacts: Vec<Value>,
    pub zips: BTreeMap<u64, Vec<u8>>,
    /// Where zips are: another host, as at GitHub.
    pub blobs: String,
    pub commits: BTreeMap<String, Value>,
    pub compared: BTreeMap<String, Value>,
    pub seen: Vec<Seen>,
    pub wrong: Vec<String>,
    faults: Vec<(String, VecDeque<Fault>)>,
    steps: Vec<(String, usize, Step)>,
}

/// A running server; it ends with the process.
#[derive(Clone)]
pub struct Server {
    pub world: Arc<Mutex<World>>,
    pub port: u16,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = Arc::new(Mutex::new(World {
            me: "github-actions[bot]".to_owned(),
            has_graphql: true,
            next: 100,
            ..World::default()
        }));
        let server = Self { world, port };
        let serving = server.clone();
        std::thread::spawn(move || {
            let contract = Arc::new(Contract::new());
            for stream in listener.incoming().flatten() {
                let (serving, contract) = (serving.clone(), Arc::clone(&contract));
                std::thread::spawn(move || serving.serve(stream, &contract));
            }
        });
        server
    }

    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of the interface.
    pub fn api(&self) -> String {
        format!("{}{}", self.origin(), self.world().base)
    }

    pub fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The texts of all comments.
    pub fn bodies(&self) -> Vec<String> {
        self.world().bodies()
    }

    /// How many requests of these methods came.
    pub fn count(&self, methods: &[&str]) -> usize {
        self.world().count(methods)
    }

    /// How many requests came that change something.
    pub fn writes(&self) -> usize {
        self.count(&["POST", "PATCH", "PUT", "DELETE"])
    }

    fn serve(&self, mut stream: TcpStream, contract: &Contract) {
        let Some(seen) = read(&mut stream) else { return };
        let fault = {
            let mut world = self.world();
            let seen = world.below(seen);
            world.check(&seen, contract);
            world.seen.push(seen.clone());
            world.step(&seen);
            (world.fault(&seen), seen)
        };
        let (fault, seen) = fault;
        let answer = match fault {
            Fault::Gone => return,
            Fault::Says(status, headers, body) => (status, headers, body.into_bytes()),
            Fault::DoneAndGone => {
                self.world().answer(&seen, self.port);
                return;
            }
            Fault::DoneBut(status) => {
                self.world().answer(&seen, self.port);
                (status, vec![], b"<html>Unicorn!</html>".to_vec())
            }
            Fault::Slow(time) => {
                std::thread::sleep(time);
                self.world().answer(&seen, self.port)
            }
            Fault::Nothing => self.world().answer(&seen, self.port),
        };
        let (status, headers, body) = answer;
        let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let _ = stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(&body));
    }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut part = [0; 65536];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut part).ok()? {
            0 => return None,
            n => bytes.extend_from_slice(&part[..n]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, whole) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> =
        lines.filter_map(|line| line.split_once(": ")).fold(BTreeMap::new(), |mut all, (name, value)| {
            // A header that stands twice shows.
            all.entry(name.to_lowercase())
                .and_modify(|v: &mut String| v.push_str(" AND "))
                .or_default()
                .push_str(value);
            all
        });
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let is_chunked = headers.get("transfer-encoding").is_some_and(|v| v == "chunked");
    while if is_chunked { !bytes.ends_with(b"0\r\n\r\n") } else { bytes.len() < end + length } {
        match stream.read(&mut part).ok()? {
            0 => break,
            n => bytes.extend_from_slice(&part[..n]),
        }
    }
    let body = if is_chunked { unchunked(&bytes[end..]) } else { bytes[end..].to_vec() };
    let body = (!body.is_empty()).then(|| serde_json::from_slice(&body).unwrap());
    Some(Seen { method, path: String::new(), whole, headers, body })
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..at]).unwrap(), 16).unwrap();
        out.extend_from_slice(&bytes[at + 2..at + 2 + size]);
        bytes = &bytes[at + 4 + size..];
        if size == 0 {
            break;
        }
    }
    out
}

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

impl World {
    /// The next requests whose "METHOD PATH" ends so get these faults, one each.
    pub fn fault_on(&mut self, request: &str, faults: impl IntoIterator<Item = Fault>) {
        self.faults.push((request.to_owned(), faults.into_iter().collect()));
    }

    /// Before the request of this number, from 1, whose "METHOD PATH" ends so, something else happens.
    pub fn before(&mut self, request: &str, number: usize, step: impl FnOnce(&mut Self) + Send + 'static) {
        self.steps.push((request.to_owned(), number, Box::new(step)));
    }

    /// Adds a comment on pull request 7 and returns its number.
    pub fn comment(&mut self, author: &str, body: &str) -> u64 {
        self.next += 1;
        let user = if author.is_empty() { Value::Null } else { json!({ "login": author }) };
        let url = format!("https://pages.example/o/r/pull/7#issuecomment-{}", self.next);
        self.comments.push(json!({ "id": self.next, "user": user, "body": body, "html_url": url, "issue": 7 }));
        self.next
    }

    fn bodies(&self) -> Vec<String> {
        self.comments.iter().map(|comment| comment["body"].as_str().unwrap_or("").to_owned()).collect()
    }

    fn count(&self, methods: &[&str]) -> usize {
        let graphql = |seen: &&Seen| !seen.whole.ends_with("/graphql");
        self.seen.iter().filter(graphql).filter(|seen| methods.contains(&seen.method.as_str())).count()
    }

    fn below(&self, mut seen: Seen) -> Seen {
        let path = seen.whole.split('?').next().unwrap();
        seen.path = path.strip_prefix(&self.base).unwrap_or(path).to_owned();
        seen
    }

    fn check(&mut self, seen: &Seen, contract: &Contract) {
        if seen.path.starts_with("/blob/") {
            return;
        }
        let agent = seen.headers.get("user-agent").map_or("", String::as_str);
        if !agent.starts_with("perfgate/") || agent.contains(" AND ") {
            self.wrong.push(format!("user agent {agent}"));
        }
        if seen.headers.get("authorization").map(String::as_str) != Some(&format!("Bearer {TOKEN}")) {
            self.wrong.push(format!("{} {} with {:?}", seen.method, seen.whole, seen.headers.get("authorization")));
        }
        if seen.whole.ends_with("/graphql") {
            return;
        }
        if !seen.whole.starts_with(&self.base) {
            self.wrong.push(format!("{} is not below {}", seen.whole, self.base));
        }
        let faults = contract.faults(&seen.method, &seen.path, &query(&seen.whole), seen.body.as_ref());
        self.wrong.extend(faults);
    }

    fn fault(&mut self, seen: &Seen) -> Fault {
        let name = format!("{} {}", seen.method, seen.path);
        let queue = self.faults.iter_mut().find(|(end, queue)| name.ends_with(end.as_str()) && !queue.is_empty());
        queue.and_then(|(_, queue)| queue.pop_front()).unwrap_or(Fault::Nothing)
    }

    fn step(&mut self, seen: &Seen) {
        let name = format!("{} {}", seen.method, seen.path);
        for (end, number, _) in &mut self.steps {
            if name.ends_with(end.as_str()) {
                *number = number.wrapping_sub(1);
            }
        }
        let due: Vec<usize> = (0..self.steps.len()).filter(|at| self.steps[*at].1 == 0).collect();
        for at in due.into_iter().rev() {
            let (_, _, step) = self.steps.remove(at);
            step(self);
        }
    }

    fn answer(&mut self, seen: &Seen, port: u16) -> Answer {
        let ok = |value: Value| (200, vec![], value.to_string().into_bytes());
        let missing = || (404, vec![], br#"{"message":"Not Found"}"#.to_vec());
        if seen.whole.ends_with("/graphql") {
            return if self.has_graphql {
                ok(json!({ "data": { "viewer": { "login": self.me } } }))
            } else {
                (403, vec![], br#"{"message":"Resource not accessible by integration"}"#.to_vec())
            };
        }
        if let Some(id) = seen.path.strip_prefix("/blob/") {
            return (200, vec![], self.zips[&id.parse().unwrap()].clone());
        }
        let rest = seen.path.strip_prefix("/repos/o/r").unwrap_or(&seen.path);
        let parts: Vec<&str> = rest.split('/').skip(1).collect();
        let body = |name: &str| seen.body.as_ref().unwrap()[name].clone();
        match (seen.method.as_str(), parts.as_slice()) {
            ("GET", ["user"]) => (403, vec![], br#"{"message":"Resource not accessible by integration"}"#.to_vec()),
            ("GET", ["issues", number, "comments"]) => {
                let of: Vec<Value> =
                    self.comments.iter().filter(|c| c["issue"].to_string() == *number).cloned().collect();
                paged(&of, seen, port, |page| json!(page))
            }
            ("POST", ["issues", "7", "comments"]) => {
                let text = body("body").as_str().unwrap().to_owned();
                if text.chars().count() > 65_536 {
                    return (422, vec![], br#"{"message":"Body is too long (maximum is 65536 characters)"}"#.to_vec());
                }
                let me = self.me.clone();
                self.comment(&me, &text);
                (201, vec![], self.comments.last().unwrap().to_string().into_bytes())
            }
            ("PATCH", ["issues", "comments", id]) => {
                let me = self.me.clone();
                let Some(comment) = self.comments.iter_mut().find(|c| c["id"].to_string() == *id) else {
                    return missing();
                };
                if comment["user"]["login"] != me {
                    return (403, vec![], br#"{"message":"Must have admin rights to Repository."}"#.to_vec());
                }
                comment["body"] = body("body");
                ok(comment.clone())
            }
            ("DELETE", ["issues", "comments", id]) => {
                let before = self.comments.len();
                self.comments.retain(|c| c["id"].to_string() != *id);
                if self.comments.len() == before { missing() } else { (204, vec![], vec![]) }
            }
            ("GET", ["pulls"]) => {
                let head = query(&seen.whole).into_iter().find(|(name, _)| name == "head").unwrap().1;
                let is_asked = |pull: &&Value| {
                    let own = &pull["head"];
                    head == format!(
                        "{}:{}",
                        own["repo"]["owner"]["login"].as_str().unwrap_or(""),
                        own["ref"].as_str().unwrap()
                    )
                };
                // GitHub filters by state; this one leaves that to the caller.
                let pulls: Vec<Value> = self.pulls.iter().filter(is_asked).cloned().collect();
                paged(&pulls, seen, port, |page| json!(page))
            }
            ("GET", ["pulls", number]) => {
                let pull = self.pulls.iter().find(|pull| pull["number"].to_string() == *number).cloned();
                pull.map_or_else(missing, ok)
            }
            ("GET", ["commits", sha, "statuses"]) => {
                let of: Vec<Value> = self.statuses.iter().rev().filter(|s| s["sha"] == **sha).cloned().collect();
                paged(&of, seen, port, |page| json!(page))
            }
            ("POST", ["statuses", sha]) => {
                let mut status = seen.body.clone().unwrap();
                status["sha"] = json!(sha);
                assert!(status["description"].as_str().unwrap().chars().count() <= 140);
                self.statuses.push(status.clone());
                (201, vec![], status.to_string().into_bytes())
            }
            ("GET", ["commits", sha]) => self.commits.get(*sha).cloned().map_or_else(missing, ok),
            ("GET", ["compare", heads]) => {
                let compared = self.compared.get(&decoded(heads)).cloned();
                compared.map_or_else(missing, ok)
            }
            ("GET", ["actions", "runs", "55", "artifacts"]) => {
                let all = self.artifacts.clone();
                paged(&all, seen, port, |page| json!({ "total_count": all.len(), "artifacts": page }))
            }
            ("GET", ["actions", "artifacts", id, "zip"]) => {
                (302, vec![("location", format!("{}/blob/{id}", self.blobs))], vec![])
            }
            _ => missing(),
        }
    }
}

fn query(whole: &str) -> Vec<(String, String)> {
    let query = whole.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').map(|(n, v)| (n.to_owned(), decoded(v))).unwrap()).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn paged(all: &[Value], seen: &Seen, port: u16, wrap: impl Fn(&[Value]) -> Value) -> Answer {
    let number = |name: &str| query(&seen.whole).into_iter().find(|(n, _)| n == name).and_then(|(_, v)| v.parse().ok());
    let (size, page): (usize, usize) = (number("per_page").unwrap_or(30).min(100), number("page").unwrap_or(1));
    let start = (size * (page - 1)).min(all.len());
    let end = (start + size).min(all.len());
    let path = seen.whole.split('?').next().unwrap();
    let others: Vec<String> =
        query(&seen.whole).into_iter().filter(|(n, _)| n != "page").map(|(n, v)| format!("{n}={v}")).collect();
    let link = |page: usize| format!("<http://127.0.0.1:{port}{path}?{}&page={page}>", others.join("&"));
    let mut headers = Vec::new();
    if end < all.len() {
        headers.push((
            "link",
            format!("{}; rel=\"next\", {}; rel=\"last\"", link(page + 1), link(all.len().div_ceil(size))),
        ));
    }
    (200, headers, wrap(&all[start..end]).to_string().into_bytes())
}
