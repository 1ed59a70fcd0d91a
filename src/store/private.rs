//! A bare repository of our own, in which branches and histories are fetched.
//!
//! It lies in `perfgate/` in the user's git folder, so that nothing of the user's is touched: no ref, no shallow mark,
//! no lock. It is a cache: where what a killed process left is in the way, it is thrown away. One process
//! at a time uses it, by a lock that the system releases when the process ends. Where there is no git folder, or it is
//! read-only, it is a temporary folder.
//!
//! The user's settings for addresses, proxies and credentials go with it, and a token of the environment: through
//! variables, never on a command line.
//!
//! Not here: what is fetched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::{Lock, lock};
use crate::diag::{Code, Diagnostic};
use crate::io::git::{Git, GitError};
use crate::io::system;
use crate::text;

/// More packs than this, and fetching everything again is better than keeping them.
const MOST_PACKS: usize = 50;
/// The file that says that the repository is whole.
const READY: &str = "ready";
/// What git says if another git fetched into the same repository meanwhile: one whose perfgate was killed.
pub(super) const DISTURBED: &str = "shallow file has changed";
/// The variables that hand name and password to git's credential helper.
const USER: &str = "PERFGATE_GIT_USER";
const PASSWORD: &str = "PERFGATE_GIT_PASSWORD";
/// The credential helper that answers with them.
const HELPER: &str = "!f() { test \"$1\" = get && echo \"username=$PERFGATE_GIT_USER\" && echo \"password=$PERFGATE_GIT_PASSWORD\"; }; f";
/// The name that goes with a token, as GitHub has it; GitLab and Gitea take any.
const TOKEN_USER: &str = "x-access-token";

/// A remote, as the user's repository knows it.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    /// What the user calls it.
    pub(super) name: String,
    /// Where to fetch from.
    pub(super) fetch: String,
    /// Where to push to.
    pub(super) push: String,
    /// The name and password that stood in an address, taken out of it: a command line shows what is on it.
    credentials: Option<(String, String)>,
    /// Whether git's configuration names it, and not a file of the project.
    is_named: bool,
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
            return Ok(Self::new(name, &absolute(&fetch, &root), &absolute(&push, &root), true));
        }
        let is_address = name.contains(':') || name == "." || name.contains(['/', '\\']);
        if !is_address {
            let shown = text::shown(&name.into());
            return Err(Diagnostic::new(Code::InvalidStore, format!("there is no git remote `{shown}` here"))
                .help("name one that `git remote` lists: `--store git:BRANCH@REMOTE`")
                .help("or keep the runs in a folder: `--store dir:.perfgate`"));
        }
        let at = absolute(name, if name == "." { &root } else { Path::new(".") });
        Ok(Self::new(&text::without_credentials(name), &at, &at, false))
    }

    fn new(name: &str, fetch: &str, push: &str, is_named: bool) -> Self {
        let ((fetch, of_fetch), (push, of_push)) = (split_credentials(fetch), split_credentials(push));
        Self { name: name.to_owned(), fetch, push, credentials: of_push.or(of_fetch), is_named }
    }
}

/// An address without the name and password in it, and these.
fn split_credentials(address: &str) -> (String, Option<(String, String)>) {
    let parts = || {
        let (scheme, rest) = address.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@')?;
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        Some((format!("{scheme}://{host}/{path}"), (user.to_owned(), password.to_owned())))
    };
    match parts() {
        Some((address, credentials)) => (address, Some(credentials)),
        None => (address.to_owned(), None),
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
        let usable = beside.filter(|beside| fs::create_dir_all(beside).is_ok());
        let held = usable.map(|beside| (lock(&beside.join(format!("{name}.lock")), patience), beside.join(name)));
        let (folder, held, temporary) = match held {
            Some((Lock::Held(file), folder)) => (folder, Some(file), None),
            Some((Lock::Busy, _)) => {
                let message = format!("another perfgate has used this clone for {} seconds", patience.as_secs());
                return Err(Diagnostic::new(Code::StoreFailed, message).help("try again when it is done"));
            }
            Some((Lock::Impossible(_), _)) | None => {
                let temporary = tempfile::tempdir().map_err(|error| {
                    Diagnostic::new(Code::StoreFailed, format!("cannot make a temporary folder: {error}"))
                })?;
                (temporary.path().join(name), None, Some(temporary))
            }
        };
        // By name: in a folder that is broken, git would look for a repository further up, and find the user's.
        let git = reaching(remote, Git::at(&folder).with("GIT_DIR", &folder));
        let private = Self { git, folder, object_format, _lock: held, _temporary: temporary };
        if !private.folder.join(READY).is_file() || private.is_full() {
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
        // First what says that it can be used, in case that this process is killed halfway.
        match fs::remove_file(self.folder.join(READY)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(error)),
            _ => {}
        }
        fs::create_dir_all(&self.folder).map_err(unwritable)?;
        let mut arguments = vec!["init", "--quiet", "--bare", "--template="];
        let format = self.object_format.as_ref().map(|format| format!("--object-format={format}"));
        arguments.extend(format.as_deref());
        self.git.run(&arguments).map_err(|error| failed("make a repository beside yours", &error))?;
        fs::write(self.folder.join(READY), "").map_err(unwritable)
    }

    /// Whether so much was fetched bit by bit that fetching all again is better.
    fn is_full(&self) -> bool {
        let count = |folder: &str| fs::read_dir(self.folder.join("objects").join(folder)).map_or(0, Iterator::count);
        // Two files a pack. One loose object in 256 has a name that begins with 17, as `git gc` counts them.
        count("pack") > 2 * MOST_PACKS || count("17") > MOST_PACKS
    }
}

/// A repository that reaches a remote as the user's does, with a token of the environment.
pub(super) fn reaching(remote: &Remote, repository: Git) -> Git {
    let here = Git::here();
    let mut git = repository.with_config(&configuration(&here, remote));
    if let Some(login) = login(remote) {
        git = git.with(USER, login.user).with(PASSWORD, login.password);
    }
    let has_ssh = ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| system::variable(name).is_some());
    if !has_ssh && here.run(&["config", "core.sshCommand"]).is_err() {
        git = git.with("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    }
    git
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
    if let Some(login) = login(remote) {
        let site = login.site;
        set(&format!("credential.{site}.helper"), "");
        set(&format!("credential.{site}.helper"), HELPER);
        if login.is_ours {
            // A header that `actions/checkout` has set would be used instead of the token.
            set(&format!("http.{site}/.extraheader"), "");
        }
    }
    settings
}

/// A name and password, and the site that they are for.
struct Login {
    user: String,
    password: String,
    /// `https://HOST`
    site: String,
    /// Whether it is a token that was given to perfgate by name.
    is_ours: bool,
}

/// How perfgate logs in at a remote: with `PERFGATE_TOKEN`, else with what stood in its address, else with `GITHUB_TOKEN` on
/// GitHub. Tokens go to remotes that git's configuration names, and to their hosts: an address in perfgate.toml is
/// whatever a change to that file makes it.
fn login(remote: &Remote) -> Option<Login> {
    let site = host_of(&remote.push)?;
    let is_trusted = || {
        remote.is_named
            || Git::here()
                .run(&["remote", "get-url", "origin"])
                .is_ok_and(|url| host_of(&split_credentials(&url).0).as_deref() == Some(site.as_str()))
    };
    let given = |name: &str| system::variable(name).filter(|value| !value.trim().is_empty());
    let of_token = |password, is_ours| Login { user: TOKEN_USER.to_owned(), password, site: site.clone(), is_ours };
    let is_safe = site.starts_with("https://") && is_trusted();
    if let Some(token) = given("PERFGATE_TOKEN").filter(|_| is_safe) {
        return Some(of_token(token, true));
    }
    if let Some((user, password)) = remote.credentials.clone() {
        return Some(Login { user, password, site, is_ours: false });
    }
    let github = given("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    let is_github = is_safe && site == github.trim_end_matches('/');
    given("GITHUB_TOKEN").filter(|_| is_github).map(|token| of_token(token, false))
}

/// Scheme and host of an address, if it is one of the web.
fn host_of(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split('/').next()?;
    (matches!(scheme, "https" | "http") && !host.is_empty()).then(|| format!("{scheme}://{host}"))
}

/// Whether our own repository is in the way, by what a killed process left.
pub(super) fn is_local(error: &GitError) -> bool {
    error.mentions(&[
        ".lock': File exists",
        "bad object",
        "unable to read",
        "object file",
        "is empty",
        "corrupt",
        "not a git repository",
    ])
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
