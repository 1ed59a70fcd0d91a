//! `perfgate ab` and `perfgate bisect` as a user meets them: real repositories, real processes, real signals.
//!
//! The benchmarks are shell scripts that print Go's lines with known numbers, so that every verdict is known before.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::indexing_slicing, reason = "tests")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::Value;

/// A repository with a benchmark, and a temporary folder of its own.
struct Project {
    root: tempfile::TempDir,
}

/// Prints two benchmarks, whose values are in files, with jitter that averages out; logs where it ran; and does what the
/// variables say: fail at a turn, or hang at one after telling so through a pipe.
const BENCH: &str = r#"#!/bin/sh
n=$(cat "$STATE/count" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$STATE/count"
basename "$PWD" >> "$STATE/log"
[ -z "$FAIL_AT" ] || case " $FAIL_AT " in *" $n "*) echo "it broke at $n" >&2; exit 7;; esac
if [ "$n" = "$HANG_AT" ]; then
  echo $$ > "$STATE/pid"
  exec 9> "$STATE/told"
  echo hanging >&9
  [ -z "$GO_ON" ] || read -r _ < "$GO_ON"
  [ -n "$GO_ON" ] || sleep 1000
fi
j=$((n * 7 % 5))
echo "goos: linux"
echo "pkg: example.com/p"
while read -r name value more; do
  echo "Benchmark$name-2   1000   $((value * 1000 + j)) ns/op $more"
done < values
"#;

impl Project {
    fn new() -> Self {
        let project = Self { root: tempfile::tempdir().unwrap() };
        for folder in ["repo", "tmp", "state", "home"] {
            fs::create_dir(project.path(folder)).unwrap();
        }
        project.git(&["init", "-q", "-b", "main"]);
        project.write("bench.sh", BENCH);
        project.commit("One 10\nTwo 20\n", "first");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.root.path()).unwrap().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path("repo").join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let out = Command::new("git")
            .args(who)
            .args(arguments)
            .current_dir(self.path("repo"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(out.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Commits these values of the benchmarks.
    fn commit(&self, values: &str, subject: &str) {
        self.write("values", values);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", subject]);
    }

    /// perfgate with these arguments, not started yet.
    fn perfgate(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perfgate"));
        command
            .args(arguments)
            .current_dir(self.path("repo"))
            .env("TMPDIR", self.path("tmp"))
            .env("STATE", self.path("state"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env_remove("CARGO_TARGET_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.perfgate(arguments).output().unwrap()
    }

    /// The report that a command with `--report json=…` wrote.
    fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("report.json")).unwrap()).unwrap()
    }

    /// Where the turns ran, in order.
    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("state/log")).unwrap_or_default();
        log.lines().map(|line| if line == "repo" { "current" } else { "base" }.to_owned()).collect()
    }

    /// Nothing is left: no work tree, no folder, no changed file.
    fn assert_clean(&self) {
        assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        assert_eq!(names(&self.path("tmp")), Vec::<String>::new());
        assert_eq!(self.git(&["status", "--porcelain"]), "");
        assert!(names(&self.path("repo/.git")).iter().all(|n| n != "worktrees" && !n.contains(".lock")));
    }

    fn option_for(&self, file: &str) -> String {
        format!("--report=json={}", self.path(file).display())
    }

    fn report_option(&self) -> String {
        format!("--report=json={}", self.path("report.json").display())
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The verdict and change of a benchmark's time.
fn row(report: &Value, benchmark: &str) -> (String, f64) {
    let row = report["results"].as_array().unwrap().iter().find(|r| r["benchmark"] == benchmark).unwrap();
    (row["verdict"].as_str().unwrap().to_owned(), row["change"].as_f64().unwrap_or(f64::NAN))
}

fn note<'a>(report: &'a Value, code: &str) -> Option<&'a str> {
    report["notes"].as_array().unwrap().iter().find(|n| n["code"] == code)?["message"].as_str()
}

#[test]
fn a_regression_fails_in_interleaved_pairs() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let out = project.run(&["ab", "--base", "HEAD~1", &project.report_option(), "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!((report["verdict"].as_str(), report["pairs"].as_u64()), (Some("fail"), Some(5)));
    let (verdict, change) = row(&report, "BenchmarkOne");
    assert!(verdict == "fail" && (change - 0.2).abs() < 0.001, "{verdict} {change}");
    assert_eq!(row(&report, "BenchmarkTwo").0, "pass");
    assert_eq!(report["baseline"]["commit"].as_str().unwrap(), project.git(&["rev-parse", "HEAD~1"]));
    assert_eq!(report["current"]["commit"].as_str().unwrap(), project.git(&["rev-parse", "HEAD"]));
    // ABBA.
    let order = ["base", "current", "current", "base", "base", "current", "current", "base", "base", "current"];
    assert_eq!(project.log(), order);
    // One line for each turn where nobody watches, with an estimate but in the last.
    let said = text(&out.stderr);
    assert_eq!(said.lines().filter(|l| l.starts_with("turn ")).count(), 10, "{said}");
    assert_eq!(said.matches(" left").count(), 9, "{said}");
    project.assert_clean();
}

#[test]
fn each_side_runs_its_own_program() {
    let project = Project::new();
    project.write("bench.sh", &BENCH.replace("value * 1000", "value * 1300"));
    project.commit("One 10\nTwo 20\n", "a slower script");
    let out = project.run(&["ab", "--base", "HEAD~1", &project.report_option(), "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let (verdict, change) = row(&project.report(), "BenchmarkOne");
    assert!(verdict == "fail" && (change - 0.3).abs() < 0.001, "{verdict} {change}");
}

#[test]
fn the_base_is_where_the_default_branch_was_left() {
    let project = Project::new();
    let start = project.git(&["rev-parse", "HEAD"]);
    project.git(&["checkout", "-q", "-b", "work"]);
    project.commit("One 10\nTwo 30\n", "work");
    project.git(&["checkout", "-q", "main"]);
    project.commit("One 1\nTwo 1\n", "main goes on");
    project.git(&["checkout", "-q", "work"]);
    let out = project.run(&["ab", &project.report_option(), "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!(report["baseline"]["commit"].as_str().unwrap(), start);
    assert_eq!(report["current"]["branch"], "work");
    assert_eq!(row(&report, "BenchmarkTwo").0, "fail");
}

#[test]
fn without_a_difference_there_is_no_base() {
    let project = Project::new();
    let out = project.run(&["ab", "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("the checkout does not differ from `main`"), "{}", text(&out.stderr));
    assert!(project.log().is_empty());
}

#[test]
fn a_dirty_checkout_is_measured_as_it_is_and_said() {
    let project = Project::new();
    project.write("values", "One 20\nTwo 20\n");
    let out = project.run(&["ab", &project.report_option(), "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert!(note(&report, "uncommitted-changes").unwrap().contains("in 1 file (`values`)"));
    assert!(report["current"]["commit"].is_null());
    assert_eq!(project.git(&["status", "--porcelain"]), "M values");
}

#[test]
fn reports_of_its_own_are_no_change_of_the_checkout() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let report = || {
        let options = ["ab", "--base", "HEAD~1", "--pairs", "3", "--report", "json=out.json", "--fail", "50%"];
        let out = project.run(&[&options[..], &["--", "./bench.sh"]].concat());
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        serde_json::from_slice::<Value>(&fs::read(project.path("repo/out.json")).unwrap()).unwrap()
    };
    report();
    let again = report();
    assert_eq!(again["current"]["commit"].as_str().unwrap(), project.git(&["rev-parse", "HEAD"]));
    assert_eq!(note(&again, "uncommitted-changes"), None);
    // What is not named in the call is one.
    for name in ["other.json", "a b", "c", "d\u{1b}[2J"] {
        fs::write(project.path("repo").join(name), "").unwrap();
    }
    let last = report();
    let said = note(&last, "uncommitted-changes").unwrap();
    assert!(said.contains("in 4 files (`a b`, `c`, `d\\u{1b}[2J` and 1 more)"), "{said}");
}

#[test]
fn the_sides_of_a_row_agree_with_its_change() {
    let project = Project::new();
    // Of rates more is better.
    project.commit("One 10 100 MB/s\nTwo 20 200 MB/s\n", "rates");
    project.commit("One 12 80 MB/s\nTwo 20 200 MB/s\n", "slower");
    let out = project.run(&["ab", "--base", "HEAD~1", &project.report_option(), "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!(report["counts"]["fail"], 2, "{report}");
    for row in report["results"].as_array().unwrap() {
        let of = |side: &str| row[side]["value"].as_f64().unwrap();
        let change = row["change"].as_f64().unwrap();
        assert!((of("current") / of("baseline") - 1.0 - change).abs() < 1e-9, "{row}");
    }
}

#[test]
fn a_sub_folder_is_measured_at_the_same_place_of_the_base() {
    let project = Project::new();
    fs::create_dir(project.path("repo/sub")).unwrap();
    fs::copy(project.path("repo/bench.sh"), project.path("repo/sub/bench.sh")).unwrap();
    project.write("sub/values", "Sub 10\n");
    project.commit("One 10\n", "a sub-folder");
    project.write("sub/values", "Sub 15\n");
    project.commit("One 10\n", "slower");
    let run = |base: &str| {
        let option = project.report_option();
        let mut command = project.perfgate(&["ab", "--base", base, &option, "--", "./bench.sh"]);
        command.current_dir(project.path("repo/sub")).output().unwrap()
    };
    assert_eq!(run("HEAD~1").status.code(), Some(1));
    assert_eq!(row(&project.report(), "BenchmarkSub").0, "fail");
    let out = run("HEAD~2");
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("the working folder does not exist at `HEAD~2`"), "{}", text(&out.stderr));
    project.assert_clean();
}

#[test]
fn a_prepared_folder_needs_no_git() {
    let project = Project::new();
    for (folder, values) in [("old", "One 10\n"), ("new", "One 10\n")] {
        let folder = project.path("tmp/..").join(folder);
        fs::create_dir(&folder).unwrap();
        fs::copy(project.path("repo/bench.sh"), folder.join("bench.sh")).unwrap();
        fs::write(folder.join("values"), values).unwrap();
    }
    let option = project.report_option();
    let mut command = project.perfgate(&["ab", "--base", "../old", &option, "--", "./bench.sh"]);
    let out =
        command.current_dir(project.path("new")).env("GIT_CEILING_DIRECTORIES", project.path("")).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(project.report()["baseline"]["inputs"][0], "../old");
    assert_eq!(names(&project.path("tmp")), Vec::<String>::new());
}

#[test]
fn results_are_found_where_the_command_puts_them() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let option = project.report_option();
    for command in [
        &["--", "sh", "-c", "./bench.sh > '{out}'; echo something else"][..],
        &["--results", "made/results.txt", "--", "sh", "-c", "mkdir -p made && ./bench.sh > made/results.txt"],
        &["--results", "made", "--", "sh", "-c", "mkdir -p made && ./bench.sh > made/results.txt"],
    ] {
        let out = project.run(&[&["ab", "--base", "HEAD~1", &option], command].concat());
        assert_eq!(out.status.code(), Some(1), "{command:?}: {}", text(&out.stderr));
        assert_eq!(row(&project.report(), "BenchmarkOne").0, "fail");
        fs::remove_dir_all(project.path("repo/made")).ok();
        fs::remove_file(project.path("report.json")).unwrap();
    }
    // A file that is there but was not written by the turn is no result of it.
    project.write("stale.txt", "BenchmarkOne-2 1000 5 ns/op\n");
    let out = project.run(&["ab", "--base", "HEAD~1", "--results", "stale.txt", "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("the command left no results"), "{}", text(&out.stderr));
}

#[test]
fn builds_and_criterion_results_do_not_mix() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let script = r#"echo "$CARGO_TARGET_DIR $CRITERION_HOME $PWD" >> "$STATE/env"; ./bench.sh"#;
    let mut command = project.perfgate(&["ab", "--base", "HEAD~1", "--pairs", "3", "--", "sh", "-c", script]);
    command.env("CARGO_TARGET_DIR", project.path("shared")).output().unwrap();
    let seen = fs::read_to_string(project.path("state/env")).unwrap();
    let lines: Vec<Vec<&str>> = seen.lines().map(|l| l.split(' ').collect()).collect();
    let targets: std::collections::BTreeSet<&str> = lines.iter().map(|l| l[0]).collect();
    let homes: std::collections::BTreeSet<&str> = lines.iter().map(|l| l[1]).collect();
    assert_eq!((lines.len(), targets.len(), homes.len()), (6, 2, 6), "{seen}");
    // The length of the environment is no difference between turns.
    assert_eq!(homes.iter().map(|h| h.len()).collect::<std::collections::BTreeSet<_>>().len(), 1);
    assert!(lines.iter().any(|l| l[0] == project.path("shared").to_str().unwrap() && l[2].ends_with("/repo")));
}

#[test]
fn setup_runs_once_on_each_side_and_warm_up_turns_do_not_count() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let setup = r#"basename "$PWD" >> "$STATE/setups""#;
    let option = project.report_option();
    let arguments =
        ["ab", "--base", "HEAD~1", "--pairs", "3", "--warmup", "--setup", setup, &option, "--", "./bench.sh"];
    let out = project.run(&arguments);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    assert_eq!(fs::read_to_string(project.path("state/setups")).unwrap(), "base\nrepo\n");
    assert_eq!((project.log().len(), project.report()["pairs"].as_u64()), (8, Some(3)));
    assert!(text(&out.stderr).contains("set-up base"), "{}", text(&out.stderr));
}

#[test]
fn a_base_that_does_not_build_is_named() {
    let project = Project::new();
    project.write("build.sh", "#!/bin/sh\necho 'missing ;' >&2\nexit 3\n");
    project.commit("One 10\n", "broken");
    project.write("build.sh", "#!/bin/sh\n");
    project.commit("One 10\nTwo 20\n", "mended");
    let out = project.run(&["ab", "--base", "HEAD~1", "--setup", "./build.sh", "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(2));
    let said = text(&out.stderr);
    assert!(said.contains("error[command-failed]: base: the set-up failed (exit status: 3)"), "{said}");
    assert!(said.contains("missing ;"), "{said}");
    assert!(project.log().is_empty());
    project.assert_clean();
}

#[test]
fn one_failed_turn_costs_its_pair_and_a_command_that_always_fails_ends_it() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let option = project.report_option();
    let arguments = ["ab", "--base", "HEAD~1", &option, "--", "./bench.sh"];
    let out = project.perfgate(&arguments).env("FAIL_AT", "4").output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("it broke at 4"), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!(report["pairs"], 5);
    assert!(note(&report, "pair-lost").unwrap().starts_with("1 pair is left out"));

    fs::remove_file(project.path("state/count")).unwrap();
    let out = project.perfgate(&arguments).env("FAIL_AT", "1").output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("base: the command failed (exit status: 7)"), "{}", text(&out.stderr));

    // Two failed pairs in a row end it; what was measured is in the report, which is no pass.
    fs::remove_file(project.path("state/count")).unwrap();
    let same = ["ab", "--base", "HEAD", &option, "--", "./bench.sh"];
    let out = project.perfgate(&same).env("FAIL_AT", "7 8 9").output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!((report["pairs"].as_u64(), report["verdict"].as_str()), (Some(3), Some("pass")));
    assert_eq!(note(&report, "interrupted"), Some("stopped after 3 of 5 pairs"));
    assert!(note(&report, "pair-lost").unwrap().starts_with("2 pairs are left out"));
    project.assert_clean();
}

#[test]
fn a_benchmark_on_one_side_only_is_new_or_missing() {
    let project = Project::new();
    project.commit("One 10\nThree 30\n", "another");
    let option = project.report_option();
    let out = project.run(&["ab", "--base", "HEAD~1", "--pairs", "3", &option, "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let report = project.report();
    let verdicts = ["BenchmarkOne", "BenchmarkTwo", "BenchmarkThree"].map(|name| row(&report, name).0);
    assert_eq!(verdicts, ["pass", "missing", "new"]);
}

#[test]
fn a_command_that_says_which_benchmark_failed_has_run_the_others() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let script = "./bench.sh; echo '--- FAIL: BenchmarkBroken'; echo FAIL; exit 1";
    let option = project.report_option();
    let out = project.run(&["ab", "--base", "HEAD~1", "--pairs", "3", &option, "--", "sh", "-c", script]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!((report["pairs"].as_u64(), row(&report, "BenchmarkOne").0.as_str()), (Some(3), "fail"));
    assert_eq!(row(&report, "BenchmarkBroken").0, "invalid");
    // Nothing ran at all: no result, whatever the tool says.
    let script = "echo 'FAIL example.com/p [build failed]'; echo 'missing ;' >&2; exit 1";
    let out = project.run(&["ab", "--base", "HEAD~1", "--", "sh", "-c", script]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("missing ;"), "{}", text(&out.stderr));
}

#[test]
fn criterion_writes_to_a_folder_of_the_turn_and_the_same_samples_are_refused() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/criterion/v0-7/input");
    let script = format!("mkdir -p \"$CRITERION_HOME\" && cp -r '{}'/. \"$CRITERION_HOME\"", tree.display());
    let out = project.run(&["ab", "--base", "HEAD~1", "--pairs", "3", "--", "sh", "-c", &script]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("both sides hold the same Criterion samples"), "{}", text(&out.stderr));
    project.assert_clean();
}

#[test]
fn messages_say_what_is_missing() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let said = |arguments: &[&str], exit: i32, expected: &str| {
        let out = project.run(arguments);
        let said = text(&out.stderr);
        assert_eq!(out.status.code(), Some(exit), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(out.stdout.is_empty());
    };
    said(&["ab", "--base", "nope", "--", "./bench.sh"], 2, "no commit, branch or tag `nope`");
    said(&["ab", "--base=--oops", "--", "./bench.sh"], 2, "no commit, branch or tag `--oops`");
    said(&["ab", "--base", "HEAD~1", "--", "true"], 2, "base: the command left no results");
    said(&["ab", "--base", "HEAD~1", "--", "no-such-program"], 2, "base: cannot run `no-such-program`");
    said(&["ab", "--base", "HEAD~1", "--", "./bench.sh x y"], 2, "give the command as words");
    said(&["ab", "--base", "HEAD~1", "--results", "/tmp/x", "--", "./bench.sh"], 2, "relative to each side's folder");
    said(&["ab", "--base", "HEAD~1", "--", "./bench.sh", "{filter}"], 2, "needs `--confirm`");
    said(
        &["ab", "--base", "HEAD~1", "--results", "r", "--", "./bench.sh", "{out}"],
        2,
        "both say where the results are",
    );
    said(&["ab", "--base", "HEAD~1", "--setup", "b {out}", "--", "./bench.sh"], 2, "belong in the command");
    said(&["ab", "--base", "HEAD~1", "--until-decided", "--pairs", "2", "--", "./bench.sh"], 2, "3 pairs at least");
    let before = project.log().len();
    said(&["ab", "--base", "HEAD~1", "--metric", "tmie", "--", "./bench.sh"], 2, "did you mean `time`");
    said(
        &["ab", "--base", "HEAD~1", "--filter", "BenchmarkOnne", "--", "./bench.sh"],
        2,
        "did you mean `BenchmarkOne`",
    );
    said(
        &["bisect", "--good", "HEAD~1", "--bad", "HEAD", "--metric", "tmie", "--", "./bench.sh"],
        2,
        "did you mean `time`",
    );
    assert_eq!(project.log().len() - before, 6, "the first pair shows it");
    let git_less = project.perfgate(&["ab", "--base", "HEAD~1", "--", "./bench.sh"]).env("PATH", "/nowhere").output();
    let git_less = git_less.unwrap();
    assert_eq!(git_less.status.code(), Some(4));
    assert!(text(&git_less.stderr).contains("no program `git`"), "{}", text(&git_less.stderr));
    project.assert_clean();
}

#[test]
fn a_shallow_clone_is_told_how_to_get_the_base() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let from = format!("file://{}", project.path("repo").display());
    let clone = project.path("clone");
    project.git(&["clone", "-q", "--depth", "1", &from, clone.to_str().unwrap()]);
    let out = project.perfgate(&["ab", "--base", "HEAD~1", "--", "./bench.sh"]).current_dir(&clone).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    let said = text(&out.stderr);
    assert!(said.contains("fetch-depth: 0"), "{said}");
    // What it says to type helps.
    let typed = said.split('`').find(|part| part.starts_with("git fetch")).unwrap().replace('\n', " ");
    assert!(Command::new("sh").args(["-c", &typed]).current_dir(&clone).status().unwrap().success(), "{typed}");
    let out = project.perfgate(&["ab", "--base", "HEAD~1", "--", "./bench.sh"]).current_dir(&clone).output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
}

/// A pipe that the benchmark holds open while it hangs.
struct Held(BufReader<File>);

impl Held {
    /// Waits until the command hangs: opening the pipe waits for the command to open it as well.
    fn wait_for(project: &Project) -> Self {
        let mut pipe = BufReader::new(File::open(project.path("state/told")).unwrap());
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        assert_eq!(line, "hanging\n");
        Self(pipe)
    }

    /// Waits until every process that the command started is gone.
    fn wait_for_the_end(mut self) {
        assert_eq!(self.0.read(&mut [0]).unwrap(), 0);
    }
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Starts perfgate and waits until its command hangs.
fn start_hanging(project: &Project, at: u32, arguments: &[&str]) -> (Child, Held) {
    // A test that was started in the background of a script ignores these signals, and so would its children. What is
    // handled here has its default effect there.
    let default = Arc::new(AtomicBool::new(true));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&default)).unwrap();
    }
    pipe(&project.path("state/told"));
    let child = project.perfgate(arguments).env("HANG_AT", at.to_string()).spawn().unwrap();
    (child, Held::wait_for(project))
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

#[test]
fn signals_end_the_command_and_what_is_measured_is_judged() {
    for (name, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)] {
        let project = Project::new();
        project.commit("One 12\nTwo 20\n", "slower");
        let option = project.report_option();
        let (child, held) = start_hanging(&project, 8, &["ab", "--base", "HEAD~1", &option, "--", "./bench.sh"]);
        assert_eq!(project.git(&["worktree", "list"]).lines().count(), 2);
        signal(name, child.id());
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(128 + number), "{name}: {}", text(&out.stderr));
        let report = project.report();
        assert_eq!((report["pairs"].as_u64(), report["verdict"].as_str()), (Some(3), Some("fail")), "{name}");
        assert_eq!(note(&report, "interrupted"), Some("stopped after 3 of 5 pairs"));
        held.wait_for_the_end();
        project.assert_clean();
    }
}

#[test]
fn a_signal_before_the_first_pair_leaves_nothing() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let (child, held) = start_hanging(&project, 1, &["ab", "--base", "HEAD~1", "--", "./bench.sh"]);
    signal("-INT", child.id());
    let out = child.wait_with_output().unwrap();
    held.wait_for_the_end();
    assert_eq!(out.status.code(), Some(130));
    assert!(out.stdout.is_empty() && text(&out.stderr).contains("stopped before anything could be judged"));
    project.assert_clean();
}

#[test]
fn a_second_signal_kills_a_command_that_does_not_end() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let script = "trap '' INT TERM; ./bench.sh";
    let (child, held) = start_hanging(&project, 1, &["ab", "--base", "HEAD~1", "--", "sh", "-c", script]);
    signal("-TERM", child.id());
    signal("-INT", child.id());
    let out = child.wait_with_output().unwrap();
    assert!(matches!(out.status.code(), Some(130 | 143)), "{:?}", out.status);
    held.wait_for_the_end();
    project.assert_clean();
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let project = Project::new();
    project.commit("One 10\nTwo 20\n#\n", "same");
    let go_on = project.path("state/go-on");
    pipe(&go_on);
    pipe(&project.path("state/told"));
    project.write("values", "One 10\nTwo 20\n");
    let mut command = project.perfgate(&[]);
    let script = format!("trap '' HUP; exec {} ab --base HEAD~1 -- ./bench.sh", env!("CARGO_BIN_EXE_perfgate"));
    let mut nohup = Command::new("sh");
    nohup.args(["-c", &script]).current_dir(project.path("repo"));
    for (name, value) in command.env("HANG_AT", "3").env("GO_ON", &go_on).get_envs() {
        if let Some(value) = value {
            nohup.env(name, value);
        }
    }
    let child = nohup.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _held = Held::wait_for(&project);
    signal("-HUP", child.id());
    fs::write(&go_on, "now\n").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
}

#[test]
fn what_a_killed_process_leaves_is_cleared_by_the_next() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let (mut child, held) = start_hanging(&project, 2, &["ab", "--base", "HEAD~1", "--", "./bench.sh"]);
    signal("-KILL", child.id());
    child.wait().unwrap();
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 2);
    assert_eq!(names(&project.path("tmp")).len(), 1);
    let orphan = fs::read_to_string(project.path("state/pid")).unwrap();
    // Its group: the shell and its sleep.
    assert!(Command::new("kill").args(["-KILL", "--", &format!("-{}", orphan.trim())]).status().unwrap().success());
    held.wait_for_the_end();
    assert_eq!(project.run(&["ab", "--base", "HEAD~1", "--", "./bench.sh"]).status.code(), Some(1));
    project.assert_clean();
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let (mut first, _held) = start_hanging(&project, 1, &["ab", "--base", "HEAD~1", "--", "./bench.sh"]);
    assert_eq!(project.run(&["ab", "--base", "HEAD~1", "--", "./bench.sh"]).status.code(), Some(1));
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 2);
    signal("-INT", first.id());
    assert_eq!(first.wait().unwrap().code(), Some(130));
    project.assert_clean();
}

#[test]
fn suspects_are_measured_again_and_both_stages_are_shown() {
    let project = Project::new();
    project.commit("One 10\nTwo 20\nThree 30\n", "base");
    project.commit("One 10\nTwo 24\nThree 30\n", "slower");
    // In single runs One looks worse as well.
    let go = |values: &[(&str, u32)]| {
        let lines: Vec<String> =
            values.iter().map(|(name, ns)| format!("Benchmark{name}-2 1000 {ns} ns/op\n")).collect();
        format!("goos: linux\npkg: example.com/p\n{}", lines.concat())
    };
    fs::write(project.path("old.txt"), go(&[("One", 10_000), ("Two", 20_000), ("Three", 30_000)])).unwrap();
    fs::write(project.path("new.txt"), go(&[("One", 13_000), ("Two", 24_000), ("Three", 30_000)])).unwrap();
    let option = project.report_option();
    let (old, new) = (project.path("old.txt"), project.path("new.txt"));
    let first = project.run(&["compare", old.to_str().unwrap(), new.to_str().unwrap(), &option]);
    assert_eq!(first.status.code(), Some(1), "{}", text(&first.stderr));
    assert_eq!(project.report()["counts"]["fail"], 2);

    let report = project.path("report.json");
    let script = r#"echo "$0" >> "$STATE/filter"; ./bench.sh"#;
    let confirm = ["ab", "--base", "HEAD~1", "--confirm", report.to_str().unwrap(), &option];
    let out = project.run(&[&confirm[..], &["--", "sh", "-c", script, "{filter}"]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let filters = fs::read_to_string(project.path("state/filter")).unwrap();
    assert_eq!((filters.lines().next(), filters.lines().count()), (Some("^(BenchmarkOne|BenchmarkTwo)$"), 10));
    let report = project.report();
    assert_eq!(report["counts"]["total"], 3);
    assert_eq!(row(&report, "BenchmarkOne").0, "pass");
    let (verdict, change) = row(&report, "BenchmarkTwo");
    assert!(verdict == "fail" && (change - 0.2).abs() < 0.001);
    // Not a suspect: as it was, by its one run.
    let third = report["results"].as_array().unwrap().iter().find(|r| r["benchmark"] == "BenchmarkThree").unwrap();
    assert_eq!((third["verdict"].as_str(), third["baseline"]["runs"].as_u64()), (Some("pass"), Some(1)));
    let two = report["results"].as_array().unwrap().iter().find(|r| r["benchmark"] == "BenchmarkTwo").unwrap();
    assert!(two["reasons"].as_array().unwrap().contains(&"measured-again".into()));
    assert!(two["explanations"].to_string().contains("fail at +20.0% at first, then measured again in turns"));
    assert_eq!(
        note(&report, "confirmed"),
        Some(
            "2 of 2 suspects measured again in 5 interleaved pairs: 1 fail, 1 pass \
             (BenchmarkOne time +30.0% then +0.0%, BenchmarkTwo time +20.0% then +20.0%)"
        )
    );

    // Nothing is suspicious any more.
    let before = project.log().len();
    let out = project.run(&[&confirm[..], &["--", "./bench.sh"]].concat());
    assert_eq!((out.status.code(), project.log().len()), (Some(1), before), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("no suspects"), "{}", text(&out.stderr));
}

/// A report in which `Two` is a suspect, by one pair.
fn suspicious(project: &Project) -> PathBuf {
    project.commit("One 10\nTwo 24\n", "slower");
    let first = project.run(&["ab", "--base", "HEAD~1", "--pairs", "1", &project.report_option(), "--", "./bench.sh"]);
    assert_eq!(row(&project.report(), "BenchmarkTwo").0, "fail", "{}", text(&first.stderr));
    fs::remove_dir_all(project.path("state")).unwrap();
    fs::create_dir(project.path("state")).unwrap();
    project.path("report.json")
}

fn is_suspect(report: &Value, benchmark: &str) -> bool {
    let rows = report["results"].as_array().unwrap();
    rows.iter().find(|row| row["benchmark"] == benchmark).unwrap()["suspect"].as_bool().unwrap()
}

#[test]
fn suspects_stay_suspects_where_measuring_them_again_was_stopped() {
    for (turn, pairs) in [(4, 1), (8, 3)] {
        let project = Project::new();
        let report = suspicious(&project);
        // Had it been measured to its end, it would have passed.
        project.write("values", "One 10\nTwo 20\n");
        let option = project.report_option();
        let confirm = ["ab", "--base", "HEAD~1", "--confirm", report.to_str().unwrap(), &option, "--", "./bench.sh"];
        let (child, held) = start_hanging(&project, turn, &confirm);
        signal("-INT", child.id());
        let out = child.wait_with_output().unwrap();
        held.wait_for_the_end();
        assert_eq!(out.status.code(), Some(130), "{}", text(&out.stderr));
        let report = project.report();
        assert!(is_suspect(&report, "BenchmarkTwo"));
        let (verdict, _) = row(&report, "BenchmarkTwo");
        assert_eq!(verdict, if pairs < 3 { "fail" } else { "pass" }, "{pairs} pairs");
    }
}

#[test]
fn a_suspect_that_breaks_or_is_gone_does_not_pass() {
    let project = Project::new();
    let report = suspicious(&project);
    let report = report.to_str().unwrap();
    let confirm = |script: &str| {
        let out = project.run(&[
            "ab",
            "--base",
            "HEAD~1",
            "--confirm",
            report,
            &project.option_for("out.json"),
            "--",
            "sh",
            "-c",
            script,
        ]);
        let written = fs::read(project.path("out.json")).unwrap();
        (out.status.code(), text(&out.stderr), serde_json::from_slice::<Value>(&written).unwrap())
    };
    let (exit, said, merged) = confirm("./bench.sh | grep -v Two");
    // The first stage's verdict stands.
    assert_eq!((exit, row(&merged, "BenchmarkTwo").0.as_str()), (Some(1), "fail"), "{said}");
    assert!(is_suspect(&merged, "BenchmarkTwo"));

    // A milder one does not become a pass by the absence of its benchmark.
    let mut milder = project.report();
    let two = milder["results"].as_array_mut().unwrap().iter_mut().find(|row| row["benchmark"] == "BenchmarkTwo");
    two.unwrap()["verdict"] = "inconclusive".into();
    fs::write(report, milder.to_string()).unwrap();
    let (exit, said, _) = confirm("./bench.sh | grep -v Two");
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("none of the suspects is in the results"), "{said}");
    let broken = "[ $(basename $PWD) = repo ] || exec ./bench.sh; ./bench.sh | grep -v Two; echo '--- FAIL: BenchmarkTwo-2'; exit 1";
    let (exit, said, merged) = confirm(broken);
    assert_eq!((exit, row(&merged, "BenchmarkTwo").0.as_str()), (Some(1), "invalid"), "{said}");
}

#[test]
fn a_shell_gets_the_filter_as_one_word() {
    let project = Project::new();
    let report = suspicious(&project);
    for script in [
        r#"printf '%s\n' {filter} >> "$STATE/filter"; ./bench.sh"#,
        r#"printf '%s\n' "{filter}" >> "$STATE/filter"; ./bench.sh"#,
    ] {
        let option = project.option_for("out.json");
        let confirm =
            ["ab", "--base", "HEAD~1", "--confirm", report.to_str().unwrap(), &option, "--", "env", "sh", "-c", script];
        let out = project.run(&confirm);
        assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    }
    let filters = fs::read_to_string(project.path("state/filter")).unwrap();
    assert!(filters.lines().count() == 20 && filters.lines().all(|line| line == "^(BenchmarkTwo)$"), "{filters}");
}

#[test]
fn suspects_are_confirmed_at_the_commits_of_their_report_only() {
    let project = Project::new();
    let report = suspicious(&project);
    let refused = |base: &[&str], expected: &str| {
        let confirm = [&["ab", "--confirm", report.to_str().unwrap()], base, &["--", "./bench.sh"]].concat();
        let out = project.run(&confirm);
        assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
        assert!(text(&out.stderr).contains(expected), "{}", text(&out.stderr));
        assert!(project.log().is_empty());
    };
    refused(&["--base", "HEAD"], "the report compares with");
    project.commit("One 10\nTwo 20\n", "mended");
    refused(&["--base", "HEAD~2"], "the report is about");
    // The base of the report is gone, and no other one is taken in its place.
    let written = fs::read_to_string(&report).unwrap();
    let base = project.git(&["rev-parse", "HEAD~2"]);
    fs::write(&report, written.replace(&base, &"0".repeat(40))).unwrap();
    refused(&[], "the report compares with it");
    // A commit that is not known here cannot be held against this one, which is said.
    let head = project.git(&["rev-parse", "HEAD~1"]);
    fs::write(&report, written.replace(&head, "elsewhere")).unwrap();
    let option = project.option_for("out.json");
    let out = project.run(&["ab", "--confirm", report.to_str().unwrap(), &option, "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let merged: Value = serde_json::from_slice(&fs::read(project.path("out.json")).unwrap()).unwrap();
    assert!(note(&merged, "other-commit").unwrap().contains("the report is about elsewhere"));
}

#[test]
fn a_checkout_that_moves_while_it_is_measured_is_said_to() {
    let project = Project::new();
    project.commit("One 10\nTwo 24\n", "slower");
    let option = project.report_option();
    let script = "[ $(basename $PWD) != repo ] || git checkout -q --detach HEAD~0; ./bench.sh; [ $(cat $STATE/count) != 6 ] || git -C $REPO checkout -q HEAD~1";
    let mut command = project.perfgate(&["ab", "--base", "HEAD~1", &option, "--", "sh", "-c", script]);
    command.env("REPO", project.path("repo")).output().unwrap();
    assert!(note(&project.report(), "other-commit").unwrap().contains("the checkout moved"));
}

#[test]
fn suspects_keep_the_limits_that_made_them_suspects() {
    let project = Project::new();
    project.commit("One 100\nTwo 200\n#\n", "base");
    project.write("values", "One 100\nTwo 216\n#\n");
    let option = project.report_option();
    let report = project.path("report.json");
    let judged = |more: &[&str]| {
        project.run(&[&["ab", "--base", "HEAD", &option], more, &["--", "./bench.sh"]].concat()).status.code()
    };
    assert_eq!(judged(&["--fail", "4%"]), Some(1));
    let mut first = project.report();
    for row in first["results"].as_array_mut().unwrap() {
        row["suspect"] = (row["benchmark"] == "BenchmarkTwo").into();
    }
    let again = |more: &[&str]| {
        fs::write(&report, first.to_string()).unwrap();
        judged(&[&["--confirm", report.to_str().unwrap()], more].concat())
    };
    assert_eq!(again(&[]), Some(1), "8 % is over the report's 4 %, not over the usual 10 %");
    assert_eq!(again(&["--fail", "20%"]), Some(0));
    assert_eq!(again(&["--pairs", "2"]), Some(2), "too few to know noise by");
}

#[test]
fn a_merge_of_the_reported_commit_is_where_the_report_is_about() {
    let project = Project::new();
    project.git(&["checkout", "-q", "-b", "change"]);
    let report = suspicious(&project);
    project.git(&["checkout", "-q", "main"]);
    fs::write(project.path("repo/other"), "x").unwrap();
    project.git(&["add", "."]);
    project.git(&["commit", "-q", "-m", "other"]);
    project.git(&["merge", "-q", "-m", "as CI makes it", "change"]);
    let confirm = ["ab", "--confirm", report.to_str().unwrap(), "--", "./bench.sh"];
    let out = project.run(&confirm);
    assert!(!text(&out.stderr).contains("the report is about"), "{}", text(&out.stderr));
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
}

#[test]
fn a_benchmark_that_some_turns_lack_does_not_pass_by_the_others() {
    let project = Project::new();
    project.commit("One 10\nTwo 20\n#\n", "same");
    // Turns 1 to 4 are the first two pairs.
    let script = "./bench.sh > all; [ $(cat $STATE/count) -le $MOST ] && cat all || grep -v Two all";
    for (most, verdict) in [(4, "inconclusive"), (6, "pass")] {
        let _ = fs::remove_file(project.path("state/count"));
        let option = project.report_option();
        let arguments = ["ab", "--base", "HEAD~1", &option, "--", "sh", "-c", script];
        let out = project.perfgate(&arguments).env("MOST", most.to_string()).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        let report = project.report();
        assert_eq!(row(&report, "BenchmarkTwo").0, verdict, "{report}");
        let rows = report["results"].as_array().unwrap();
        let two = rows.iter().find(|row| row["benchmark"] == "BenchmarkTwo").unwrap();
        assert!(two["reasons"].as_array().unwrap().contains(&"few-pairs".into()), "{two}");
        assert!(two["explanations"].to_string().contains(&format!("in {} of 5 pairs", most / 2)), "{two}");
    }
}

/// Ten benchmarks with this value each.
fn ten(value: u32) -> String {
    let lines: Vec<String> = (0..10).map(|number| format!("B{number} {value}\n")).collect();
    lines.concat()
}

#[test]
fn what_slows_a_whole_suite_is_the_code_in_every_pair() {
    let project = Project::new();
    project.commit(&ten(10), "base");
    project.commit(&ten(11), "flags");
    project.commit(&format!("{}More 5\n", ten(12)), "all slower");
    let option = project.report_option();
    let out = project.run(&["ab", "--base", "HEAD~2", "--report=terminal", &option, "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!(report["counts"]["fail"], 10, "{report}");
    let shown = text(&out.stdout);
    let shown: Vec<&str> = shown.split_whitespace().collect();
    assert_eq!(report["shifts"][0]["adjusted"], false);
    assert!(shown.join(" ").contains("rows are judged with it"), "{shown:?}");

    // Half of it came with each of the two commits.
    let out =
        project.run(&["bisect", "--good", "HEAD~2", "--bad", "HEAD", "--fail", "5%", &option, "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(note(&project.report(), "first-bad-commit").unwrap().contains("flags"));
}

#[test]
fn bisect_finds_growth_from_zero_and_says_how_far_it_came() {
    let project = Project::new();
    // Commit 2 has a little of it, so that the evidence has another zero than the search.
    for (number, allocs) in [(1, 0), (2, 1), (3, 16), (4, 16)] {
        let values = format!("A 5 0 B/op {allocs} allocs/op\nExtra{number} 5\n");
        project.commit(&values, &format!("change {number}"));
    }
    let option = project.report_option();
    let bisect = ["bisect", "--good", "HEAD~3", "--bad", "HEAD", "--pairs", "3", &option, "--", "./bench.sh"];
    let out = project.run(&bisect);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(note(&project.report(), "first-bad-commit").unwrap().contains("change 3"));

    fs::remove_dir_all(project.path("state")).unwrap();
    fs::create_dir(project.path("state")).unwrap();
    let (child, held) = start_hanging(&project, 14, &bisect);
    signal("-INT", child.id());
    let out = child.wait_with_output().unwrap();
    held.wait_for_the_end();
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(130), "{said}");
    assert!(said.contains("so far: ") && said.contains("change 3 is bad"), "{said}");
    project.assert_clean();
}

#[test]
fn a_lone_suspect_keeps_its_name() {
    let project = Project::new();
    project.commit("Suite/name=one 10\nSuite/name=two 20\n", "base");
    project.commit("Suite/name=one 10\nSuite/name=two 24\n", "slower");
    let option = project.report_option();
    let both = project.run(&["ab", "--base", "HEAD~1", "--pairs", "1", &option, "--", "./bench.sh"]);
    assert!(project.report()["counts"]["total"] == 2, "{}", text(&both.stderr));
    // With one benchmark in the output, the `-2` of its name could be a part of it.
    let report = project.path("report.json");
    let confirm = ["ab", "--base", "HEAD~1", "--confirm", report.to_str().unwrap(), &option];
    let script = r#"./bench.sh | grep -v name=one # "$0""#;
    let out = project.run(&[&confirm[..], &["--", "sh", "-c", script, "{filter}"]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!(row(&report, "BenchmarkSuite/name=two").0, "fail");
    assert_eq!(
        note(&report, "confirmed"),
        Some(
            "1 of 1 suspect measured again in 5 interleaved pairs: 1 fail (BenchmarkSuite/name=two time +20.0% then +20.0%)"
        )
    );
}

#[test]
fn the_threads_of_a_cpu_list_stay_apart() {
    let project = Project::new();
    // As `go test -cpu 1,2` names them.
    project.write(
        "cpu.sh",
        "#!/bin/sh\necho goos: linux\nwhile read -r n v; do echo \"Benchmark$n 1000 $v ns/op\"; done < values\n",
    );
    project.commit("One 20000\nOne-2 10000\nTwo 40000\nTwo-2 20000\n", "base");
    project.commit("One 24000\nOne-2 10000\nTwo 40000\nTwo-2 20000\n", "slower alone");
    let option = project.report_option();
    let first = project.run(&["ab", "--base", "HEAD~1", "--pairs", "1", &option, "--", "./cpu.sh"]);
    assert_eq!(row(&project.report(), "BenchmarkOne").0, "fail", "{}", text(&first.stderr));
    let report = project.path("report.json");
    let confirm = ["ab", "--base", "HEAD~1", "--confirm", report.to_str().unwrap(), &option];
    let out =
        project.run(&[&confirm[..], &["--", "sh", "-c", r#"./cpu.sh | grep -v Two # "$0""#, "{filter}"]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let (verdict, change) = row(&project.report(), "BenchmarkOne");
    assert!(verdict == "fail" && (change - 0.2).abs() < 0.001, "{verdict} {change}");
}

#[test]
fn a_report_that_could_not_be_written_is_refused_before_anything_is_measured() {
    let project = Project::new();
    project.commit("One 10\nTwo 24\n", "slower");
    for place in ["html=.", "json=values/report.json"] {
        for command in [&["ab", "--base", "HEAD~1"][..], &["bisect", "--good", "HEAD~1", "--bad", "HEAD"]] {
            let out = project.run(&[command, &["--report", place, "--", "./bench.sh"]].concat());
            assert_eq!(out.status.code(), Some(4), "{}", text(&out.stderr));
            assert!(text(&out.stderr).contains("nothing is measured"), "{}", text(&out.stderr));
        }
    }
    assert!(!project.path("state/log").exists());
    assert_eq!(project.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_report_to_confirm_must_be_one() {
    let project = Project::new();
    let not = project.path("not.json");
    fs::write(&not, "{\"schema\": \"other\"}").unwrap();
    let out = project.run(&["ab", "--confirm", not.to_str().unwrap(), "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("not a report of perfgate"), "{}", text(&out.stderr));
}

#[test]
fn pairs_are_added_only_while_rows_are_undecided() {
    let project = Project::new();
    project.commit("One 12\nTwo 20\n", "slower");
    let option = project.report_option();
    let arguments =
        ["ab", "--base", "HEAD~1", "--pairs", "3", "--until-decided", "--max-pairs", "9", &option, "--", "./bench.sh"];
    let out = project.run(&arguments);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let report = project.report();
    assert_eq!(report["pairs"], 3);
    assert!(note(&report, "pairs-added").unwrap().contains("the 3 looks that were planned"));
    // A benchmark that is up to twice as slow from one turn to the next cannot be decided by a few.
    let wild =
        r#"./bench.sh; n=$(cat "$STATE/count"); echo "BenchmarkWild-2 1000 $((10000 + n * 31 % 11 * 1000)) ns/op""#;
    fs::remove_file(project.path("state/count")).unwrap();
    let out = project.run(&[&arguments[..arguments.len() - 1], &["sh", "-c", wild]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    assert_eq!(project.report()["pairs"], 9);
    let wrong = project.run(&["ab", "--max-pairs", "9", "--", "./bench.sh"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn bisect_finds_the_first_bad_commit_and_skips_what_does_not_build() {
    let project = Project::new();
    let values = |one: u32, extra: &str| format!("One {one}\nTwo 20\n{extra}");
    for number in 1..=9 {
        let broken = if number == 5 { "exit 9" } else { "" };
        project.write("build.sh", &format!("#!/bin/sh\n{broken}\n"));
        let extra = format!("Extra{number} 5\n");
        project.commit(&values(if number >= 7 { 13 } else { 10 }, &extra), &format!("change {number}"));
    }
    let expected = project.git(&["rev-parse", "HEAD~2"]);
    let option = project.report_option();
    let arguments = [
        "bisect",
        "--good",
        "HEAD~8",
        "--bad",
        "HEAD",
        "--pairs",
        "3",
        "--setup",
        "./build.sh",
        &option,
        "--",
        "./bench.sh",
    ];
    let out = project.run(&arguments);
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{said}");
    let report = project.report();
    assert!(
        note(&report, "first-bad-commit")
            .unwrap()
            .starts_with(&format!("first bad commit: {} change 7 (", &expected[..10]))
    );
    assert_eq!(report["current"]["commit"].as_str().unwrap(), expected);
    assert_eq!(report["baseline"]["commit"].as_str().unwrap(), project.git(&["rev-parse", "HEAD~3"]));
    assert_eq!(row(&report, "BenchmarkOne").0, "fail");
    assert!(said.contains("skipped: ") && said.contains("change 5"), "{said}");
    project.assert_clean();

    // Where nothing got worse there is nothing to find.
    let out = project.run(&["bisect", "--good", "HEAD~1", "--bad", "HEAD", "--pairs", "3", "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("is not shown to be worse"), "{}", text(&out.stderr));
    let out = project.run(&["bisect", "--good", "HEAD", "--bad", "HEAD~1", "--", "./bench.sh"]);
    assert_eq!(out.status.code(), Some(2));
    project.assert_clean();
}

#[test]
fn bisect_names_the_commits_it_could_not_measure() {
    let project = Project::new();
    for (number, one) in [(1, 10), (2, 10), (3, 13), (4, 13)] {
        project.write("build.sh", if number == 2 || number == 3 { "#!/bin/sh\nexit 9\n" } else { "#!/bin/sh\n" });
        project.commit(&format!("One {one}\nTwo 20\n"), &format!("change {number}"));
    }
    let arguments =
        ["bisect", "--good", "HEAD~3", "--bad", "HEAD", "--pairs", "3", "--setup", "./build.sh", "--", "./bench.sh"];
    let out = project.run(&arguments);
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{said}");
    let answer = said.lines().find(|l| l.starts_with("first bad commit")).unwrap();
    assert!(answer.contains("change 4, or one of those that could not be measured"), "{answer}");
    assert!(answer.contains("change 3") && answer.contains("change 2"), "{answer}");
}

#[test]
fn neither_git_nor_the_benchmarks_get_secrets() {
    let project = Project::new();
    let real = text(&Command::new("sh").args(["-c", "command -v git"]).output().unwrap().stdout);
    let wrapper = format!("#!/bin/sh\nenv >> \"$STATE/git\"\nexec {} \"$@\"\n", real.trim());
    fs::create_dir(project.path("repo/bin")).unwrap();
    project.write("bin/git", &wrapper);
    project.git(&["add", "."]);
    project.git(&["commit", "-q", "-m", "a git that tells"]);
    let script = r#"env >> "$STATE/bench"; ./bench.sh"#;
    let arguments =
        ["ab", "--base", "HEAD~1", "--pairs", "3", "--setup", "env >> \"$STATE/setup\"", "--", "sh", "-c", script];
    let path = format!("{}:{}", project.path("repo/bin").display(), std::env::var("PATH").unwrap());
    let mut command = project.perfgate(&arguments);
    for name in ["PERFGATE_TOKEN", "PERFGATE_TOKEN_FILE", "PERFGATE_SLACK_WEBHOOK", "GITHUB_TOKEN", "GITLAB_TOKEN"] {
        command.env(name, "s3cret");
    }
    let out = command.env("PATH", path).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    for program in ["git", "setup", "bench"] {
        let seen = fs::read_to_string(project.path("state").join(program)).unwrap();
        assert!(seen.contains("STATE=") && !seen.contains("s3cret"), "{program}: {seen}");
    }
}
