//! GitHub's side of a repository, as far as the action asks it: comments, statuses, artifacts, issues, and what git says.
//!
//! `tests/forge` has the one that is held against GitHub's own description; this one answers from a real repository.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::world::git;

/// What is there.
#[derive(Default)]
pub struct Hub {
    pub comments: Vec<Value>,
    pub statuses: Vec<Value>,
    pub issues: Vec<Value>,
    pub pulls: Vec<Value>,
    /// Names and zips of what run 55 left behind.
    pub artifacts: Vec<(String, Vec<u8>)>,
    /// Whether the token may write.
    pub is_read_only: bool,
    /// Whether commits can be marked.
    pub has_no_statuses: bool,
    /// Every request, as METHOD PATH.
    pub asked: Vec<String>,
    repository: PathBuf,
}

/// A running server; it ends with the process.
#[derive(Clone)]
pub struct Server {
    hub: Arc<Mutex<Hub>>,
    pub address: String,
}

impl Server {
    pub fn start(repository: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let hub = Arc::new(Mutex::new(Hub { repository: repository.to_owned(), ..Hub::default() }));
        let server = Self { hub, address };
        let serving = server.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serving.serve(stream)));
        server
    }

    pub fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap()
    }

    /// The bodies of all comments.
    pub fn comments(&self) -> Vec<String> {
        self.hub().comments.iter().map(|comment| comment["body"].as_str().unwrap().to_owned()).collect()
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.is_empty() {
            return;
        }
        let mut words = line.split(' ');
        let (method, whole) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let path = whole.split('?').next().unwrap();
        let (status, location, answer) = self.hub().answer(&method, path, &body, &self.address);
        let location = location.map_or_else(String::new, |to| format!("location: {to}\r\n"));
        let head = format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: application/json\r\n{location}content-length: {}\r\n\r\n",
            answer.len()
        );
        let mut stream = reader.into_inner();
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer));
    }
}

impl Hub {
    fn answer(&mut self, method: &str, path: &str, body: &Value, own: &str) -> (u16, Option<String>, Vec<u8>) {
        self.asked.push(format!("{method} {path}"));
        if method == "GET"
            && let Some(id) = path.rsplit_once("/blob/").map(|(_, id)| id)
        {
            return (200, None, self.artifacts[id.parse::<usize>().unwrap()].1.clone());
        }
        if let Some(id) = path.strip_suffix("/zip").and_then(|path| path.rsplit('/').next()) {
            return (302, Some(format!("{own}/blob/{id}")), Vec::new());
        }
        let (status, value) = self.say(method, path, body);
        (status, None, value.to_string().into_bytes())
    }

    fn say(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        if path == "/graphql" {
            return (200, json!({ "data": { "viewer": { "login": "github-actions" } } }));
        }
        if self.is_read_only && method != "GET" {
            return (403, json!({ "message": "Resource not accessible by integration" }));
        }
        let user = json!({ "login": "github-actions[bot]" });
        let parts: Vec<&str> = path.strip_prefix("/repos/o/r/").unwrap_or("?").split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["issues", "7", "comments"]) => (200, json!(self.comments)),
            ("POST", ["issues", number, "comments"]) => {
                let id = 100 + self.comments.len();
                let page = format!("https://github.com/o/r/pull/{number}#issuecomment-{id}");
                self.comments.push(json!({ "id": id, "user": user, "body": body["body"], "html_url": page }));
                (201, self.comments.last().unwrap().clone())
            }
            ("PATCH", ["issues", "comments", id]) => {
                let comment = self.comments.iter_mut().find(|comment| is(&comment["id"], id)).unwrap();
                comment["body"] = body["body"].clone();
                (200, comment.clone())
            }
            ("GET", ["issues"]) => (200, json!(self.issues)),
            ("POST", ["issues"]) => {
                let number = 20 + self.issues.len();
                let mut issue = body.clone();
                issue["number"] = json!(number);
                issue["state"] = json!("open");
                issue["user"] = user;
                issue["html_url"] = json!(format!("https://github.com/o/r/issues/{number}"));
                self.issues.push(issue.clone());
                (201, issue)
            }
            ("PATCH", ["issues", number]) => {
                let issue = self.issues.iter_mut().find(|issue| is(&issue["number"], number)).unwrap();
                for (name, value) in body.as_object().unwrap() {
                    issue[name] = value.clone();
                }
                (200, issue.clone())
            }
            ("GET", ["pulls"]) => (200, json!(self.pulls)),
            ("GET", ["pulls", _]) => (200, self.pulls.first().cloned().unwrap_or_default()),
            ("GET", ["commits", _, "statuses"]) if !self.has_no_statuses => (200, json!([])),
            ("POST", ["statuses", sha]) if !self.has_no_statuses => {
                let mut status = body.clone();
                status["sha"] = json!(sha);
                self.statuses.push(status.clone());
                (201, status)
            }
            ("GET", ["commits", sha]) => {
                let parents = git(&self.repository, &["rev-parse", &format!("{sha}^@")]);
                let parents: Vec<Value> = parents.lines().map(|parent| json!({ "sha": parent })).collect();
                (200, json!({ "sha": sha, "parents": parents }))
            }
            ("GET", ["compare", heads]) => {
                let (base, head) = heads.split_once("...").unwrap();
                let found = git(&self.repository, &["merge-base", base, head]);
                let status = if found == git(&self.repository, &["rev-parse", head]) { "behind" } else { "diverged" };
                (200, json!({ "status": status, "merge_base_commit": { "sha": found } }))
            }
            ("GET", ["actions", "runs", "55", "artifacts"]) => {
                let all = self.artifacts.iter().enumerate();
                let all: Vec<Value> = all
                    .map(|(id, (name, zip))| {
                        json!({ "id": id, "name": name, "size_in_bytes": zip.len(), "expired": false })
                    })
                    .collect();
                (200, json!({ "total_count": all.len(), "artifacts": all }))
            }
            _ => (404, json!({ "message": "Not Found" })),
        }
    }
}

/// Whether a number is written so.
fn is(number: &Value, written: &str) -> bool {
    number.as_u64() == written.parse().ok()
}

/// Files as an archive of actions/upload-artifact.
pub fn zipped(folder: &Path) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(entry.file_name().to_str().unwrap(), options).unwrap();
        archive.write_all(&std::fs::read(entry.path()).unwrap()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
