//! A project of `tests/systems` as its team has it, and its steps.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::world::{World, clean, git, text};

/// What a step runs instead of `$BENCH FOLDER [RUN]`: it copies captured results to the folder that the benchmarks fill, of
/// several runs the one that is asked for.
const STAND_IN: &str = "#!/bin/sh\nmkdir -p \"$1\" && cp -R \"$CAPTURED/${2:-.}/.\" \"$1\"\n";

/// A copy of a project in the work tree of a repository with a remote, and the captured results beside it.
pub struct Project {
    pub world: World,
    source: PathBuf,
}

/// How a step ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    folder: PathBuf,
}

impl Project {
    /// The project of this folder of `tests/systems`, committed and pushed, without its results and its program.
    pub fn new(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systems").join(name);
        let world = World::new();
        copy(&source, &world.work(), &["results", "program"]);
        let bin = world.root().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_perfgate"), bin.join("perfgate")).unwrap();
        let stand_in = bin.join("stand-in");
        fs::write(&stand_in, STAND_IN).unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        let project = Self { world, source };
        project.commit("the project", 0);
        git(&project.folder(), &["push", "-q", "origin", "main"]);
        project
    }

    /// Where the steps run.
    pub fn folder(&self) -> PathBuf {
        self.world.work()
    }

    /// Captured results, by their folder's name.
    pub fn captured(&self, run: &str) -> PathBuf {
        let path = self.source.join("results").join(run);
        assert!(path.is_dir(), "{} is no folder", path.display());
        path
    }

    /// Commits whatever changed, at three in the morning of this day; the commit.
    pub fn commit(&self, message: &str, day: u32) -> String {
        let folder = self.folder();
        git(&folder, &["add", "-A"]);
        let date = format!("2026-{:02}-{:02}T03:00:00Z", 1 + day / 28, 1 + day % 28);
        let mut commit = Command::new("git");
        clean(commit.current_dir(&folder).args(["commit", "-q", "--allow-empty", "-m", message]));
        let status = commit.env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date).status().unwrap();
        assert!(status.success(), "git commit");
        git(&folder, &["rev-parse", "HEAD"])
    }

    /// `sh SCRIPT ARGUMENTS` where the benchmarks write what was captured as `run`.
    pub fn step(&self, script: &str, arguments: &[&str], run: &str) -> Ended {
        self.step_with(script, arguments, run, &[])
    }

    /// The same with more variables.
    pub fn step_with(&self, script: &str, arguments: &[&str], run: &str, variables: &[(&str, &str)]) -> Ended {
        let folder = self.folder();
        let mut command = Command::new("sh");
        clean(command.current_dir(&folder).arg(script).args(arguments));
        let path = format!("{}:{}", self.world.root().join("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("BENCH", "stand-in").env("CAPTURED", self.captured(run));
        let output = command.envs(variables.iter().copied()).output().unwrap();
        Ended { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr), folder }
    }

    /// The same night after night, on `main`, each with a commit of its own; the last one's end.
    pub fn nights(&self, script: &str, runs: &[&str]) -> Ended {
        let mut last = None;
        for (night, run) in (1..).zip(runs) {
            self.commit(&format!("day {night}"), night);
            git(&self.folder(), &["push", "-q", "origin", "main"]);
            last = Some(self.step(script, &[], run));
        }
        last.unwrap()
    }
}

impl Ended {
    /// Asserts the exit code; shows what was said otherwise.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    /// A file that the step wrote.
    #[track_caller]
    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}\n{}", self.err))
    }

    /// A JSON report that the step wrote.
    #[track_caller]
    pub fn report(&self, name: &str) -> Report {
        Report(serde_json::from_str(&self.file(name)).unwrap())
    }
}

/// A report to ask.
pub struct Report(pub Value);

impl Report {
    pub fn verdict(&self) -> &str {
        self.0["verdict"].as_str().unwrap()
    }

    pub fn rows(&self) -> &[Value] {
        self.0["results"].as_array().unwrap()
    }

    /// The row of this benchmark and metric, and of this statistic where the metric has several rows (`latency.p95`).
    #[track_caller]
    pub fn row(&self, benchmark: &str, metric: &str) -> &Value {
        let mut found = self.rows().iter().filter(|row| row["benchmark"] == benchmark && called(row) == metric);
        let row = found.next().unwrap_or_else(|| panic!("no row {benchmark} {metric}: {:#?}", self.names()));
        assert!(found.next().is_none(), "two rows {benchmark} {metric}");
        row
    }

    /// The verdict of a row.
    #[track_caller]
    pub fn of(&self, benchmark: &str, metric: &str) -> &str {
        self.row(benchmark, metric)["verdict"].as_str().unwrap()
    }

    /// Rows of this verdict that count, as `benchmark metric`.
    pub fn all(&self, verdict: &str) -> Vec<String> {
        let rows = self.rows().iter().filter(|row| row["verdict"] == verdict && row["gate"] == true);
        rows.map(|row| format!("{} {}", row["benchmark"].as_str().unwrap(), called(row))).collect()
    }

    fn names(&self) -> Vec<String> {
        let names = self.rows().iter();
        names.map(|r| format!("{} {}", r["benchmark"].as_str().unwrap(), called(r))).collect()
    }
}

/// The metric as reports call it.
fn called(row: &Value) -> &str {
    row["metric"].as_str().unwrap()
}

/// Copies a folder's content, except for what is named.
fn copy(from: &Path, to: &Path, without: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if without.iter().any(|w| *w == name) {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(&name), &[]);
        } else {
            fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}
