//! A store on a branch of a git remote, which holds nothing else.
//!
//! Reading fetches the newest commit of that branch alone. Writing builds a commit on top of it with `git fast-import`,
//! which touches neither index nor work tree, and pushes without force. When somebody else was quicker, git refuses, and
//! the commit is built again on the new tip, after a pause of random length, until it gets through or patience ends.
//! Every commit only adds files, so no run is ever lost. Removing runs replaces the branch by one commit, on condition
//! that nobody has changed it (`--force-with-lease`).
//!
//! Not here: where the objects lie (`private`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::private::{DISTURBED, Private, Remote, failed, is_local};
use super::{Key, MARKER, MARKER_CONTENT, Packed, Snapshot, Store, check_marker, key, keys_of};
use crate::diag::{Code, Diagnostic};
use crate::io::git::GitError;
use crate::io::system;
use crate::text;

/// The branch as it was fetched.
const FETCHED: &str = "refs/perfgate/fetched";
/// The commit that is pushed.
const PENDING: &str = "refs/perfgate/pending";
/// How often an operation is tried again that the network has failed.
const NETWORK_TRIES: u32 = 4;
/// The longest pause between two tries, in milliseconds.
const LONGEST_PAUSE: u64 = 3000;

/// A store on a branch.
pub(super) struct Branch {
    name: String,
    remote: Remote,
    private: Private,
    patience: Duration,
}

/// Whether a failed operation may succeed later.
enum Hope {
    /// Somebody else was quicker.
    Soon,
    /// The network or the server stumbled.
    Perhaps,
    /// It will fail again.
    None,
}

impl Branch {
    pub(super) fn new(branch: &str, remote: &str, patience: Duration) -> Result<Self, Diagnostic> {
        let remote = Remote::find(remote)?;
        let name = format!("store-{}.git", text::short_hash(&format!("{branch}@{}", remote.fetch)));
        let private = Private::open(&name, &remote, patience)?;
        Ok(Self { name: branch.to_owned(), remote, private, patience })
    }

    /// Does something until it succeeds, there is no hope, or patience ends.
    fn persist<T>(&self, what: &str, mut attempt: impl FnMut() -> Result<T, GitError>) -> Result<T, Diagnostic> {
        let deadline = Instant::now() + self.patience;
        let mut tries = 0_u32;
        loop {
            let error = match attempt() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            tries += 1;
            let goes_on = match hope(&error) {
                Hope::Soon => true,
                Hope::Perhaps => tries < NETWORK_TRIES,
                Hope::None => false,
            };
            if !goes_on || Instant::now() > deadline {
                let late = if goes_on { format!(" within {} seconds", self.patience.as_secs()) } else { String::new() };
                return Err(failed(&format!("{what}{late}"), &error));
            }
            // Full jitter, as of Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
            let longest = 100_u64.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE);
            std::thread::sleep(Duration::from_millis(fastrand::u64(0..longest)));
        }
    }

    /// Fetches the newest commit of the branch; `None` if there is no such branch.
    fn fetch(&self) -> Result<Option<String>, GitError> {
        let refspec = format!("+refs/heads/{}:{FETCHED}", self.name);
        let options = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1", "--end-of-options"];
        let fetch = [&options[..], &[&self.remote.fetch, &refspec]].concat();
        match self.private.git.run(&fetch) {
            Ok(_) => self.private.git.run(&["rev-parse", "--verify", "--quiet", FETCHED]).map(Some),
            Err(error) if error.mentions(&["couldn't find remote ref"]) => Ok(None),
            Err(error) if is_local(&error) && self.private.renew().is_ok() => {
                self.private.git.run(&fetch)?;
                self.private.git.run(&["rev-parse", "--verify", "--quiet", FETCHED]).map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// Every file of a commit, by its path: mode and id of the content.
    fn tree(&self, commit: &str) -> Result<BTreeMap<String, (String, String)>, GitError> {
        let listed = self.private.git.bytes(&["ls-tree", "-r", "-z", commit], b"")?;
        let listed = String::from_utf8_lossy(&listed);
        let entry = |line: &str| {
            let (about, path) = line.split_once('\t')?;
            let (mode, id) = (about.split(' ').next()?, about.rsplit(' ').next()?);
            Some((path.to_owned(), (mode.to_owned(), id.to_owned())))
        };
        Ok(listed.split('\0').filter_map(entry).collect())
    }

    /// The runs that a commit holds.
    fn runs(&self, commit: &str) -> Result<Snapshot, Diagnostic> {
        let files = self.tree(commit).map_err(|error| failed("list the stored runs", &error))?;
        let marker = match files.get(MARKER) {
            None => None,
            Some((_, id)) => {
                let read = self.private.git.bytes(&["cat-file", "blob", id], b"");
                Some(read.map_err(|error| failed("read the store", &error))?)
            }
        };
        check_marker(marker.as_deref(), &self.name(), false)?;
        let below = format!("{}/", key::RUNS);
        let mut snapshot = keys_of(files.into_keys().filter(|path| path.starts_with(&below)));
        commit.clone_into(&mut snapshot.version);
        Ok(snapshot)
    }

    /// Builds a commit of these lines of `git fast-import`.
    fn commit(&self, message: &str, parent: Option<&str>, files: &[u8]) -> Result<(), GitError> {
        let unknown = || format!("perfgate <perfgate@localhost> {} +0000", system::now());
        let committer = crate::io::git::Git::here().run(&["var", "GIT_COMMITTER_IDENT"]).unwrap_or_else(|_| unknown());
        let mut lines = format!("commit {PENDING}\ncommitter {committer}\ndata {}\n{message}\n", message.len());
        if let Some(parent) = parent {
            let _ = writeln!(lines, "from {parent}");
        }
        let mut stream = lines.into_bytes();
        stream.extend_from_slice(files);
        stream.extend_from_slice(b"done\n");
        let import = ["fast-import", "--quiet", "--force", "--done", "--date-format=raw"];
        let imported = self.private.git.bytes(&import, &stream).map(drop);
        if imported.as_ref().is_err_and(is_local) {
            // The next attempt fetches into a new one.
            let _ = self.private.renew();
        }
        imported
    }

    fn push(&self, lease: Option<&str>) -> Result<(), GitError> {
        let target = format!("{PENDING}:refs/heads/{}", self.name);
        let lease = lease.map(|tip| format!("--force-with-lease=refs/heads/{}:{tip}", self.name));
        let mut arguments = vec!["push", "--quiet", "--no-verify"];
        arguments.extend(lease.as_deref());
        arguments.extend(["--end-of-options", self.remote.push.as_str(), &target]);
        self.private.git.run(&arguments).map(drop)
    }
}

impl Store for Branch {
    fn name(&self) -> String {
        let (branch, remote) = (self.name.as_str(), self.remote.name.as_str());
        format!("the branch `{}` of `{}`", text::shown(&branch.into()), text::shown(&remote.into()))
    }

    fn snapshot(&self) -> Result<Snapshot, Diagnostic> {
        match self.persist("fetch the stored runs", || self.fetch())? {
            Some(tip) => self.runs(&tip),
            None => Ok(Snapshot::default()),
        }
    }

    fn read(&self, snapshot: &Snapshot, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>, Diagnostic> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = keys.iter().fold(String::new(), |mut wanted, key| {
            let _ = writeln!(wanted, "{}:{}", snapshot.version, key.path());
            wanted
        });
        let read = self.private.git.bytes(&["cat-file", "--batch"], wanted.as_bytes());
        let output = read.map_err(|error| failed("read the stored runs", &error))?;
        let mut rest = output.as_slice();
        Ok(keys.iter().map(|_| batch_entry(&mut rest)).collect())
    }

    fn add(&self, runs: &[(Key, Packed)]) -> Result<Vec<bool>, Diagnostic> {
        let mut refused = None;
        let mut tried = BTreeSet::new();
        let added = self.persist("store the run", || {
            let tip = self.fetch()?;
            let known = match tip.as_deref().map(|tip| self.runs(tip)).transpose() {
                Ok(snapshot) => snapshot.unwrap_or_default().keys,
                Err(diagnostic) => {
                    refused = Some(diagnostic);
                    return Ok(Vec::new());
                }
            };
            let mut files = Vec::new();
            if tip.is_none() {
                file(&mut files, MARKER, MARKER_CONTENT.as_bytes());
            }
            let mut added = Vec::new();
            let mut new = Vec::new();
            for (at, (key, packed)) in runs.iter().enumerate() {
                let is_new = !known.iter().chain(new.iter().copied()).any(|other| key.is_same_run(other));
                if is_new {
                    file(&mut files, &key.path(), &packed.bytes);
                    new.push(key);
                    tried.insert(at);
                }
                // What the server has taken although the answer was lost is there now.
                added.push(is_new || tried.contains(&at));
            }
            if let Some(first) = new.first() {
                self.commit(&message(first, new.len()), tip.as_deref(), &files)?;
                self.push(None)?;
            }
            Ok(added)
        })?;
        refused.map_or(Ok(added), Err)
    }

    fn remove(&self, snapshot: &Snapshot, keys: &BTreeSet<Key>) -> Result<(), Diagnostic> {
        let cannot = |error: GitError| failed("replace the branch", &error);
        let paths: BTreeSet<String> = keys.iter().map(Key::path).collect();
        let kept = self.tree(&snapshot.version).map_err(cannot)?;
        let mut lines = String::new();
        for (path, (mode, id)) in kept.iter().filter(|(path, _)| !paths.contains(*path)) {
            if path.contains(char::REPLACEMENT_CHARACTER) {
                let message = format!("{} holds a file whose name is not UTF-8; nothing was changed", self.name());
                return Err(Diagnostic::new(Code::ForeignStore, message).help("remove that file first"));
            }
            let _ = writeln!(lines, "M {mode} {id} {}", quoted(path));
        }
        let message = format!("Remove {} runs\n", keys.len());
        self.commit(&message, None, lines.as_bytes()).map_err(cannot)?;
        self.push(Some(&snapshot.version)).map_err(|error| match hope(&error) {
            Hope::Soon => failed("replace the branch, which has changed in the meantime", &error).help("try again"),
            _ => cannot(error),
        })
    }
}

/// The message of a commit that adds runs.
fn message(first: &Key, count: usize) -> String {
    let commit = first.commit.as_ref().map_or_else(|| "an unknown commit".to_owned(), text::shown);
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let (testbed, suite) = (text::shown(&first.testbed), text::shown(&first.suite));
    format!("Record a run of {commit}{more}\n\nTestbed: {testbed}\nSuite: {suite}\n")
}

/// Adds a file to a stream for `git fast-import`.
fn file(stream: &mut Vec<u8>, path: &str, content: &[u8]) {
    stream.extend_from_slice(format!("M 100644 inline {}\ndata {}\n", quoted(path), content.len()).as_bytes());
    stream.extend_from_slice(content);
    stream.push(b'\n');
}

/// A path as `git fast-import` reads it whatever is in it.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Takes one object off the output of `git cat-file --batch`; `None` for one that is missing.
fn batch_entry(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (head, behind) = rest.split_at_checked(end + 1)?;
    *rest = behind;
    let head = std::str::from_utf8(head).ok()?.trim_end();
    let size: usize = if head.ends_with(" missing") { return None } else { head.rsplit(' ').next()?.parse().ok()? };
    let (content, behind) = behind.split_at_checked(size)?;
    *rest = behind.get(1..).unwrap_or(&[]);
    Some(content.to_vec())
}

/// What may come of trying again, by git's own words (git 2.20 to 2.47, English).
fn hope(error: &GitError) -> Hope {
    let taken = [
        "[rejected]",
        "fetch first",
        "non-fast-forward",
        "failed to update ref",
        "cannot lock ref",
        "incorrect old value",
        "stale info",
        "reference already exists",
        "failed to lock",
        ".lock': File exists",
        DISTURBED,
    ];
    let stumbled = [
        "Could not resolve",
        "Connection reset",
        "Connection refused",
        "Connection timed out",
        "timed out",
        "early EOF",
        "hung up",
        "RPC failed",
        "returned error: 5",
        "returned error: 429",
        "Operation too slow",
    ];
    let denied = ["Permission denied", "Authentication failed", "not found", "does not appear to be a git repository"];
    if error.mentions(&taken) {
        Hope::Soon
    } else if error.mentions(&stumbled) && !error.mentions(&denied) {
        Hope::Perhaps
    } else {
        Hope::None
    }
}
