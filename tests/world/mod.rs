//! Real git repositories for tests of the program: a bare one, and clones of it.
#![allow(dead_code, unreachable_pub, reason = "shared by tests, none of which uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A bare repository, a clone of it, and a folder beside.
pub struct World {
    pub folder: TempDir,
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = clean(Command::new("git").current_dir(folder).args(arguments)).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Takes away what the machine that runs the tests says of itself.
pub fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars() {
        let system = ["GITHUB_", "GITLAB_", "CI_", "BUILDKITE", "JENKINS", "PERFGATE_", "GIT_"];
        if system.iter().any(|start| name.starts_with(start)) && name != "PERFGATE_CORPUS" {
            command.env_remove(name);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").env("HOME", "/nonexistent");
    command
        .env("GIT_AUTHOR_NAME", "t")
        .env("GIT_AUTHOR_EMAIL", "t@example.org")
        .env("GIT_COMMITTER_NAME", "t")
        .env("GIT_COMMITTER_EMAIL", "t@example.org")
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self { folder };
        git(world.root(), &["init", "-q", "--bare", "-b", "main", "hub.git"]);
        world.clone_to("work");
        git(&world.work(), &["checkout", "-q", "-b", "main"]);
        world.commit("one");
        git(&world.work(), &["push", "-q", "-u", "origin", "main"]);
        world
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    pub fn clone_to(&self, name: &str) -> PathBuf {
        git(self.root(), &["clone", "-q", "hub.git", name]);
        self.root().join(name)
    }

    pub fn commit(&self, message: &str) -> String {
        git(&self.work(), &["commit", "-q", "--allow-empty", "-m", message]);
        git(&self.work(), &["rev-parse", "HEAD"])
    }

    /// Go results: a few benchmarks around this many nanoseconds.
    pub fn results(&self, name: &str, value: f64) -> String {
        let path = self.root().join(name);
        let lines: Vec<String> =
            (1..=4).map(|i| format!("BenchmarkB{i}-8 \t 100\t {:.3} ns/op\n", value * f64::from(i))).collect();
        let lines = lines.concat();
        fs::write(&path, format!("goos: linux\npkg: example.org/p\n{lines}PASS\nok  \texample.org/p\t1.0s\n")).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Both kinds of store, by what `--store` calls them.
    pub fn stores(&self) -> [String; 2] {
        [format!("dir:{}", self.root().join("kept").display()), "git:perfgate-data".to_owned()]
    }
}

pub fn perfgate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perfgate"));
    clean(command.current_dir(folder).args(arguments));
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs perfgate, which must end with this code; standard output and standard error.
pub fn run(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = perfgate(folder, arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "perfgate {arguments:?}\n{out}\n{err}");
    (out, err)
}
