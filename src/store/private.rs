//! A bare repository of our own, in which branches and histories are fetched.
//!
//! It lies in `perfgate/` in the user's git folder, so that nothing of the user's is touched: no ref, no shallow mark,
//! no lock. It is a cache: where it is damaged or locked by what a killed process left, it is thrown away. One process
//! at a time uses it, by a lock that the system releases when the process ends. Where there is no git folder, or it is
//! read-only, it is a temporary folder.
//!
//! The user's settings for addresses, proxies and credentials go with it, and a token of the environment: through
//! variables, never on a command line.
//!
//! Not here: what is fetched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::diag::{Code, Diagnostic};
use crate::io::git::{Git, GitError};
use crate::io::system;
use crate::text;

/// More packs than this, and fetching everything again is better than keeping them.
const MOST_PACKS: usize = 50;
/// The variable that hands the token to git's credential helper.
const PASSWORD: &str = "PERFGATE_GIT_PASSWORD";
/// The credential helper that answers with it.
const HELPER: &str =
    "!f() { test \"$1\" = get && echo username=x-access-token && echo \"password=$PERFGATE_GIT_PASSWORD\"; }; f";

/// A remote, as the user's repository knows it.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    /// What the user calls it.
    pub(super) name: String,
    /// Where to fetch from. May hold credentials.
    pub(super) fetch: String,
    /// Where to push to. May hold credentials.
    pub(super) push: String,
}

impl Remote {
    /// Finds a remote by its name, its address or its path.
    ///
    /// # Errors
    /// If there is no such remote, or no git.
    pub(super) fn find(name: &str) -> Result<Self, Diagnostic> {
        let here = Git::here();
        let address = |arguments: &[&str]| match here.run(arguments) {
            Err(error @ (GitError::NotInstalled | GitError::Broken(_))) => Err(failed("find the remote", &error)),
            found => Ok(found.ok()),
        };
        let root = here.run(&["rev-parse", "--show-toplevel"]).map_or_else(|_| PathBuf::from("."), PathBuf::from);
        if let Some(fetch) = address(&["remote", "get-url", "--", name])? {
            let push = address(&["remote", "get-url", "--push", "--", name])?.unwrap_or_else(|| fetch.clone());
            return Ok(Self { name: name.to_owned(), fetch: absolute(&fetch, &root), push: absolute(&push, &root) });
        }
        let is_address = name.contains(':') || name == "." || name.contains(['/', '\\']);
        if !is_address {
            let shown = text::shown(&name.into());
            return Err(Diagnostic::new(Code::InvalidStore, format!("there is no git remote `{shown}` here"))
                .help("name one that `git remote` lists: `--store git:BRANCH@REMOTE`")
                .help("or keep the runs in a folder: `--store dir:.perfgate`"));
        }
        let at = absolute(name, if name == "." { &root } else { Path::new(".") });
        Ok(Self { name: crate::io::git::without_credentials(name), fetch: at.clone(), push: at })
    }
}

/// A path as an absolute one; an address as it is.
fn absolute(address: &str, base: &Path) -> String {
    let is_path = !address.contains(':') || Path::new(address).exists();
    if !is_path {
        return address.to_owned();
    }
    let path = base.join(address);
    fs::canonicalize(&path).unwrap_or(path).to_string_lossy().into_owned()
}

/// The repository, locked for this process.
pub(super) struct Private {
    /// Runs git in it.
    pub(super) git: Git,
    folder: PathBuf,
    object_format: Option<String>,
    _lock: Option<File>,
    _temporary: Option<tempfile::TempDir>,
}

impl Private {
    /// Opens the repository of that name, and waits until other processes are done with it.
    ///
    /// # Errors
    /// If git is missing or nothing can be written anywhere.
    pub(super) fn open(name: &str, remote: &Remote, patience: Duration) -> Result<Self, Diagnostic> {
        let here = Git::here();
        let common = here.run(&["rev-parse", "--path-format=absolute", "--git-common-dir"]).ok();
        let object_format = here.run(&["rev-parse", "--show-object-format"]).ok();
        let beside = common.map(|common| Path::new(&common).join("perfgate"));
        let locked = beside.and_then(|beside| lock(&beside, name, patience).transpose()).transpose()?;
        let (folder, lock, temporary) = if let Some((folder, lock)) = locked {
            (folder, Some(lock), None)
        } else {
            let temporary = tempfile::tempdir().map_err(|error| {
                Diagnostic::new(Code::StoreFailed, format!("cannot make a temporary folder: {error}"))
            })?;
            (temporary.path().join(name), None, Some(temporary))
        };
        let mut git = Git::at(&folder).with_config(&configuration(&here, remote));
        if let Some(token) = token(&remote.push) {
            git = git.with(PASSWORD, token.value);
        }
        if system::variable("GIT_SSH_COMMAND").is_none() && here.run(&["config", "core.sshCommand"]).is_err() {
            git = git.with("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        }
        let private = Self { git, folder, object_format, _lock: lock, _temporary: temporary };
        if !private.folder.join("ready").is_file() || private.is_full() {
            private.renew()?;
        }
        Ok(private)
    }

    /// Throws everything away and starts anew.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn renew(&self) -> Result<(), Diagnostic> {
        let unwritable = |error: std::io::Error| {
            let message =
                format!("cannot write `{}`: {error}", text::shown(&self.folder.to_string_lossy().as_ref().into()));
            Diagnostic::new(Code::StoreFailed, message)
        };
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
        fs::create_dir_all(&self.folder).map_err(unwritable)?;
        let mut arguments = vec!["init", "--quiet", "--bare", "--template="];
        let format = self.object_format.as_ref().map(|format| format!("--object-format={format}"));
        arguments.extend(format.as_deref());
        self.git.run(&arguments).map_err(|error| failed("make a repository beside yours", &error))?;
        fs::write(self.folder.join("ready"), "").map_err(unwritable)
    }

    /// Whether so much was fetched bit by bit that fetching all again is better.
    fn is_full(&self) -> bool {
        let count = |folder: &str| fs::read_dir(self.folder.join("objects").join(folder)).map_or(0, Iterator::count);
        // Two files a pack. One loose object in 256 has a name that begins with 17, as `git gc` counts them.
        count("pack") > 2 * MOST_PACKS || count("17") > MOST_PACKS
    }
}

/// The folder of a repository and its lock; `None` where nothing can be written.
fn lock(beside: &Path, name: &str, patience: Duration) -> Result<Option<(PathBuf, File)>, Diagnostic> {
    if fs::create_dir_all(beside).is_err() {
        return Ok(None);
    }
    let mut options = File::options();
    let Ok(file) = options.create(true).append(true).open(beside.join(format!("{name}.lock"))) else { return Ok(None) };
    let deadline = Instant::now() + patience;
    while file.try_lock().is_err() {
        if Instant::now() > deadline {
            let message = format!("another perfgate has used this clone for {} seconds", patience.as_secs());
            return Err(Diagnostic::new(Code::StoreFailed, message).help("try again when it is done"));
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(5..50)));
    }
    Ok(Some((beside.join(name), file)))
}

/// The settings that decide how a remote is reached, from the user's repository, and ours.
fn configuration(here: &Git, remote: &Remote) -> Vec<(String, String)> {
    let listed = here.bytes(&["config", "--list", "--show-scope", "-z"], b"").unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let mut fields = listed.split('\0');
    let mut settings = Vec::new();
    while let (Some(scope), Some(entry)) = (fields.next(), fields.next()) {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        let reaches = ["http.", "credential.", "ssh.", "protocol.", "core.sshcommand", "core.gitproxy"];
        // The user's and the system's files are read anyway.
        if matches!(scope, "local" | "worktree" | "command") && reaches.iter().any(|start| key.starts_with(start)) {
            settings.push((key.to_owned(), value.to_owned()));
        }
    }
    let mut set = |key: &str, value: &str| settings.push((key.to_owned(), value.to_owned()));
    set("gc.auto", "0");
    set("maintenance.auto", "false");
    set("core.hooksPath", "/dev/null");
    // A server that has stopped answering must not hold a job for hours.
    set("http.lowSpeedLimit", "1000");
    set("http.lowSpeedTime", "60");
    if let Some(token) = token(&remote.push) {
        let site = token.site;
        set(&format!("credential.{site}.helper"), "");
        set(&format!("credential.{site}.helper"), HELPER);
        if token.is_ours {
            // A header that `actions/checkout` has set would be used instead of the token.
            set(&format!("http.{site}/.extraheader"), "");
        }
    }
    settings
}

/// A token and the site that it is for.
struct Token {
    value: String,
    /// `https://HOST`
    site: String,
    /// Whether it was given to perfgate by name.
    is_ours: bool,
}

/// The token for an address: `PERFGATE_TOKEN`, else `GITHUB_TOKEN` on GitHub.
fn token(address: &str) -> Option<Token> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split('/').next()?;
    let host = authority.rsplit('@').next()?;
    if !matches!(scheme, "https" | "http") || host.is_empty() {
        return None;
    }
    let site = format!("{scheme}://{host}");
    let given = |name: &str| system::variable(name).filter(|value| !value.trim().is_empty());
    if let Some(value) = given("PERFGATE_TOKEN") {
        return Some(Token { value, site, is_ours: true });
    }
    let github = given("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    let is_github = site == github.trim_end_matches('/');
    given("GITHUB_TOKEN").filter(|_| is_github).map(|value| Token { value, site, is_ours: false })
}

/// What git could not do.
pub(super) fn failed(what: &str, error: &GitError) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::StoreFailed, format!("cannot {what}: {error}"));
    if error.mentions(&["dubious ownership"]) {
        return diagnostic.help("git does not trust this folder: `git config --global --add safe.directory \"$PWD\"`");
    }
    if error.mentions(&["could not read Username", "Authentication failed", "403", "Permission denied", "denied to"]) {
        return diagnostic
            .help("the credentials do not allow it: set PERFGATE_TOKEN to a token that may, or let git know one")
            .help("in GitHub Actions, a job that writes needs `permissions: contents: write`");
    }
    match error {
        GitError::NotInstalled => diagnostic.help("install git, or keep the runs in a folder: `--store dir:.perfgate`"),
        _ => diagnostic,
    }
}
