//! The environment of the process: variables, clock, working folder, terminal.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use jiff::civil::Date;

/// Variables that hold a secret of perfgate's, or lead to one. No program that perfgate starts gets them: it runs code of
/// the project, and git runs filters and helpers.
const SECRETS: [&str; 5] =
    ["PERFGATE_TOKEN", "PERFGATE_TOKEN_FILE", "PERFGATE_SLACK_WEBHOOK", "GITHUB_TOKEN", "GITLAB_TOKEN"];

/// Takes the secrets out of the environment that a program will get.
pub fn without_secrets(command: &mut Command) -> &mut Command {
    SECRETS.iter().fold(command, |command, name| command.env_remove(name))
}

/// The `PERFGATE_*` variables.
pub fn perfgate_variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("PERFGATE_"))
        .collect()
}

/// An environment variable, unless it is not UTF-8.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What a class of machines is called that has no name: operating system and processor, such as `linux-x64`.
pub fn testbed() -> String {
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}-{processor}", std::env::consts::OS)
}

/// Seconds since 1970 in UTC.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}

/// Today in UTC.
pub fn today() -> Date {
    jiff::Timestamp::from_second(now())
        .map_or(Date::constant(1970, 1, 1), |t| t.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// The nearest `perfgate.toml`, from the working folder up to the repository's root (the folder that holds `.git`), as a
/// path relative to the working folder.
pub fn find_config() -> Option<PathBuf> {
    let working = std::env::current_dir().ok()?;
    let mut up = PathBuf::new();
    for folder in working.ancestors() {
        if folder.join("perfgate.toml").is_file() {
            return Some(up.join("perfgate.toml"));
        }
        if folder.join(".git").exists() {
            return None;
        }
        up.push("..");
    }
    None
}

/// The way from the working folder up to the repository's root (the folder that holds `.git`); `None` outside of one.
pub fn repository_root() -> Option<PathBuf> {
    let working = std::env::current_dir().ok()?;
    let steps = working.ancestors().position(|folder| folder.join(".git").exists())?;
    Some(std::iter::repeat_n("..", steps).collect())
}

/// Columns of the terminal behind standard output; `None` if it is not one.
pub fn terminal_width() -> Option<usize> {
    use std::io::IsTerminal as _;
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).or(Some(80))
}
