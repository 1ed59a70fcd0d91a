//! The `git` program: one call, its output, and why it failed.
//!
//! Every call is made for a machine: no prompt, no pager, messages in English, no optional lock. What git says is outside
//! text and may hold credentials that stand in an address, so these are cut out before anybody sees it.
//!
//! Not here: which commits matter (`store`), work trees (`runner`).

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::system;
use crate::text;

/// Variables that tie git to one repository; hooks set them. From `git rev-parse --local-env-vars` of git 2.47.
pub const REPOSITORY_VARIABLES: [&str; 15] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// A repository, as the `git` program sees it from a folder.
#[derive(Clone, Debug)]
pub struct Git {
    folder: PathBuf,
    /// Whether variables that tie git to another repository are taken away.
    alone: bool,
    variables: Vec<(OsString, OsString)>,
}

/// Why a call of git gave nothing.
#[derive(Debug)]
pub enum GitError {
    /// There is no program `git`.
    NotInstalled,
    /// It could not be started, or its output not be read.
    Broken(std::io::Error),
    /// It ended with a failure.
    Failed {
        /// The subcommand.
        command: String,
        /// What it wrote to standard error, without credentials.
        stderr: String,
    },
}

impl std::fmt::Display for GitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotInstalled => write!(f, "there is no program `git` here"),
            Self::Broken(error) => write!(f, "git could not be run: {error}"),
            Self::Failed { command, .. } => {
                let said = self.said();
                write!(f, "`git {command}` failed{}{said}", if said.is_empty() { "" } else { ": " })
            }
        }
    }
}

impl std::error::Error for GitError {}

impl GitError {
    /// What git wrote about the failure, as one line for people: its `fatal:` and `remote:` lines, else the last one.
    pub fn said(&self) -> String {
        let Self::Failed { stderr, .. } = self else { return String::new() };
        let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let telling = |line: &&str| {
            ["fatal:", "error:", "remote:", "!"].iter().any(|start| line.starts_with(start))
                && line.trim_start_matches("remote:").chars().any(char::is_alphanumeric)
        };
        let mut told: Vec<&str> = lines().filter(telling).take(4).collect();
        if told.is_empty() {
            told.extend(lines().next_back());
        }
        text::line(&told.join("; ")).into_owned()
    }

    /// Whether what git wrote holds one of these parts.
    pub fn mentions(&self, parts: &[&str]) -> bool {
        matches!(self, Self::Failed { stderr, .. } if parts.iter().any(|part| stderr.contains(part)))
    }
}

impl Git {
    /// The repository that the working folder is in, as the caller's environment has it.
    pub fn here() -> Self {
        Self { folder: PathBuf::from("."), alone: false, variables: Vec::new() }
    }

    /// The repository at a path, whatever the environment says.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), alone: true, variables: Vec::new() }
    }

    /// The same with one more environment variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The same with configuration that goes through the environment, so that no command line shows it.
    #[must_use]
    pub fn with_config(mut self, entries: &[(String, String)]) -> Self {
        for (index, (key, value)) in entries.iter().enumerate() {
            self = self.with(format!("GIT_CONFIG_KEY_{index}"), key).with(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        self.with("GIT_CONFIG_COUNT", entries.len().to_string())
    }

    /// Runs git and returns what it wrote to standard output, without the final line break.
    ///
    /// # Errors
    /// If git is not there, cannot be run or fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String, GitError> {
        let bytes = self.bytes(arguments, b"")?;
        let mut out = String::from_utf8_lossy(&bytes).into_owned();
        out.truncate(out.trim_end_matches(['\n', '\r']).len());
        Ok(out)
    }

    /// Runs git with this standard input and returns its standard output.
    ///
    /// # Errors
    /// As [`Git::run`].
    pub fn bytes(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let mut command = Command::new("git");
        command.current_dir(&self.folder).args(arguments);
        if self.alone {
            for name in REPOSITORY_VARIABLES {
                command.env_remove(name);
            }
        }
        // A password that git needs stands in variables of its own.
        system::without_secrets(&mut command)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GCM_INTERACTIVE", "never")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            // A working folder that is gone gives the same error.
            std::io::ErrorKind::NotFound if self.folder.is_dir() => GitError::NotInstalled,
            _ => GitError::Broken(error),
        })?;
        let output = std::thread::scope(|scope| {
            if let Some(mut stdin) = child.stdin.take() {
                // Git may stop reading early; what it says then tells more than the broken pipe.
                scope.spawn(move || stdin.write_all(input));
            }
            child.wait_with_output()
        })
        .map_err(GitError::Broken)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let command = arguments.first().copied().unwrap_or_default().to_owned();
        let stderr = text::without_credentials(&String::from_utf8_lossy(&output.stderr));
        Err(GitError::Failed { command, stderr })
    }
}

/// The page of the repository that an address of git leads to, in the form that `/commit/ID` can be added to. `None` for
/// paths and for machines without a full name, which nobody else could reach. Credentials and ports of ssh are left out.
pub fn page(address: &str) -> Option<String> {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        // As scp writes it: `git@host:path`.
        None => ("ssh", address),
    };
    let is_web = matches!(scheme, "https" | "http");
    if !is_web && !matches!(scheme, "ssh" | "git" | "git+ssh") {
        return None;
    }
    let (authority, path) = if address.contains("://") { rest.split_once('/') } else { rest.split_once(':') }?;
    let machine = authority.rsplit_once('@').map_or(authority, |(_, machine)| machine);
    let host = if is_web { machine } else { machine.split_once(':').map_or(machine, |(host, _)| host) };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | '~');
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    if !host.contains('.') || !host.chars().all(is_host) || path.is_empty() || !path.chars().all(is_plain) {
        return None;
    }
    let scheme = if is_web { scheme } else { "https" };
    // GitLab has its pages of commits behind a dash; GitHub, Gitea and Forgejo have not.
    let dash = if host.split('.').any(|part| part == "gitlab") { "/-" } else { "" };
    Some(format!("{scheme}://{host}/{path}{dash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_what_git_said() {
        let folder = tempfile::tempdir().unwrap();
        let error = Git::at(folder.path()).run(&["rev-parse", "HEAD"]).unwrap_err();
        assert!(error.to_string().starts_with("`git rev-parse` failed: fatal: not a git repository"), "{error}");
        assert!(matches!(Git::at(folder.path().join("gone")).run(&["version"]), Err(GitError::Broken(_))));
    }

    #[test]
    fn the_page_of_a_remote_has_no_credentials() {
        for (address, expected) in [
            ("https://github.com/o/r.git", Some("https://github.com/o/r")),
            ("https://x-access-token:secret@github.com/o/r", Some("https://github.com/o/r")),
            ("git@github.com:o/r.git", Some("https://github.com/o/r")),
            ("ssh://git@git.example.org:2222/team/r.git/", Some("https://git.example.org/team/r")),
            ("https://git.example.org:8443/r", Some("https://git.example.org:8443/r")),
            ("git@gitlab.com:group/sub/r.git", Some("https://gitlab.com/group/sub/r/-")),
            ("/srv/git/r.git", None),
            ("../r", None),
            ("C:\\r", None),
            ("file:///srv/r.git", None),
            ("host:r.git", None),
            ("https://github.com/", None),
            ("https://github.com/o/r\"><script>", None),
            ("", None),
        ] {
            assert_eq!(page(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn input_and_configuration_reach_git() {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::at(folder.path());
        git.run(&["init", "-q", "--bare"]).unwrap();
        let blob = git.bytes(&["hash-object", "-w", "--stdin"], b"text\n").unwrap();
        let id = String::from_utf8(blob).unwrap();
        assert_eq!(git.run(&["cat-file", "blob", id.trim()]).unwrap(), "text");
        let git = git.with_config(&[("user.name".to_owned(), "a b".to_owned())]);
        assert_eq!(git.run(&["config", "user.name"]).unwrap(), "a b");
    }
}
