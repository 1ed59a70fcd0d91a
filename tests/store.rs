//! Stores: one contract for every kind, and what may go wrong, with real git repositories and real processes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use world::{World, command, git, run, text};

/// How many processes write at the same time, and how many runs each.
const WRITERS: usize = 16;
const RUNS: usize = 25;

/// Ids and commits of the stored runs.
fn listed(folder: &Path, store: &str) -> Vec<(String, String)> {
    let (out, _) = run(folder, &["store", "list", "--report", "json", "--store", store], 0);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    let field = |run: &serde_json::Value, name: &str| run[name].as_str().unwrap_or("").to_owned();
    list["runs"].as_array().unwrap().iter().map(|run| (field(run, "id"), field(run, "commit"))).collect()
}

#[test]
fn what_is_recorded_comes_back() {
    let world = World::new();
    let file = world.results("a.txt", 123.456_789);
    for store in world.stores() {
        assert_eq!(listed(&world.work(), &store), [], "a store that nobody has written to");
        let (_, err) = run(&world.work(), &["record", &file, "--store", &store, "--label", "disk=fast"], 0);
        assert!(err.starts_with("recorded "), "{err}");
        let head = git(&world.work(), &["rev-parse", "HEAD"]);
        let runs = listed(&world.work(), &store);
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].1, head);
        let (out, _) = run(&world.work(), &["store", "show", &head[..8], "--report", "json", "--store", &store], 0);
        let kept: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(kept["schema"], "perfgate-run/1");
        assert_eq!((&kept["commit"], &kept["branch"]), (&head.as_str().into(), &"main".into()));
        assert_eq!(kept["labels"]["disk"], "fast");
        let metric = &kept["benchmarks"][0]["metrics"][0];
        assert_eq!(metric["summary"]["median"].as_f64(), Some(1.23457e-7), "six significant digits");
        assert!(metric["samples"].is_null());
        let (_, err) = run(&world.work(), &["record", &file, "--store", &store, "--label", "disk=fast"], 0);
        assert!(err.starts_with("nothing to do: this run of "), "{err}");
        assert_eq!(listed(&world.work(), &store), runs);
        run(&world.work(), &["record", &file, "--store", &store, "--keep-samples", "--suite", "other"], 0);
        let (out, _) =
            run(&world.work(), &["store", "show", &head, "--suite", "other", "--report", "json", "--store", &store], 0);
        assert!(out.contains("\"samples\":[1.23457e-7]"), "{out}");
        run(&world.work(), &["store", "verify", "--store", &store], 0);
    }
    assert_eq!(git(&world.work(), &["status", "--porcelain"]), "");
    assert_eq!(git(&world.work(), &["for-each-ref", "--format=%(refname)"]).lines().count(), 2, "no ref of ours");
}

#[test]
fn stores_are_copied_and_pruned() {
    let world = World::new();
    let [folder, branch] = world.stores();
    let mut commits = Vec::new();
    for number in 0..6 {
        commits.push(world.commit(&format!("number {number}")));
        let file = world.results("a.txt", 100.0 + f64::from(number));
        let time = format!("2026-01-0{}T00:00:00Z", number + 1);
        run(&world.work(), &["record", &file, "--store", &branch, "--time", &time], 0);
    }
    git(&world.work(), &["tag", "v1", &commits[0]]);
    let (_, err) = run(&world.work(), &["store", "copy", &branch, &folder], 0);
    assert!(err.starts_with("copied 6 runs from"), "{err}");
    let (_, err) = run(&world.work(), &["store", "copy", &branch, &folder], 0);
    assert!(err.starts_with("copied 0 runs from") && err.contains("6 runs were there already"), "{err}");
    assert_eq!(listed(&world.work(), &folder), listed(&world.work(), &branch));
    for store in [&folder, &branch] {
        let typo = ["store", "prune", "--keep", "0", "--keep-commit", "v1.O", "--store", store];
        let (_, err) = run(&world.work(), &typo, 2);
        assert!(err.starts_with("error[not-found]: no run of `v1.O` is stored; nothing was removed"), "{err}");
        let prune = ["store", "prune", "--keep", "2", "--keep-commit", "v1", "--store", store];
        let (out, err) = run(&world.work(), &[&prune[..], &["-n"]].concat(), 0);
        assert!(out.lines().count() == 3 && err.starts_with("would remove 3 runs of 6"), "{out}{err}");
        assert_eq!(listed(&world.work(), store).len(), 6);
        run(&world.work(), &prune, 0);
        let left: Vec<String> = listed(&world.work(), store).into_iter().map(|(_, commit)| commit).collect();
        assert_eq!(left, [commits[0].clone(), commits[4].clone(), commits[5].clone()]);
        run(&world.work(), &["store", "verify", "--store", store], 0);
    }
    let hub = world.root().join("hub.git");
    assert_eq!(git(&hub, &["rev-list", "--count", "perfgate-data"]), "1", "one commit takes the place of all");
    assert_eq!(git(&hub, &["log", "-1", "--format=%s", "main"]), "one", "other branches are as they were");
}

/// Records `RUNS` runs in each of `WRITERS` processes' worth of threads, all at once.
fn write_at_once(world: &World, store: &str, writers: usize, runs: usize) {
    let clones: Vec<PathBuf> = (0..writers).map(|n| world.clone_to(&format!("{}-{n}", &store[..3]))).collect();
    std::thread::scope(|scope| {
        for (writer, clone) in clones.iter().enumerate() {
            scope.spawn(move || {
                for number in 0..runs {
                    let number = writer * runs + number;
                    let file = world.results(&format!("{}-{number}.txt", &store[..3]), 100.0 + number as f64);
                    let commit = format!("{number:040x}");
                    run(clone, &["record", &file, "--store", store, "--commit", &commit], 0);
                }
            });
        }
    });
    let kept = listed(&clones[0], store);
    let commits: BTreeSet<&String> = kept.iter().map(|(_, commit)| commit).collect();
    assert_eq!((kept.len(), commits.len()), (writers * runs, writers * runs), "every run once");
    run(&clones[0], &["store", "verify", "--store", store], 0);
}

#[test]
fn writers_at_the_same_time_lose_nothing_in_a_folder() {
    let world = World::new();
    let [folder, _] = world.stores();
    write_at_once(&world, &folder, WRITERS, RUNS);
}

/// Fewer runs than `benches/store.py writers` has, because pushing takes its time.
#[test]
fn writers_at_the_same_time_lose_nothing_on_a_branch() {
    let world = World::new();
    let [_, branch] = world.stores();
    write_at_once(&world, &branch, WRITERS / 2, 3);
    git(&world.root().join("hub.git"), &["fsck", "--strict"]);
    assert_eq!(git(&world.root().join("hub.git"), &["rev-list", "--count", "perfgate-data"]), "24");
}

#[test]
fn processes_in_one_clone_take_turns() {
    let world = World::new();
    let [_, branch] = world.stores();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (world, branch) = (&world, &branch);
            scope.spawn(move || {
                let file = world.results(&format!("{number}.txt"), 100.0 + f64::from(number));
                run(&world.work(), &["record", &file, "--store", branch], 0);
            });
        }
    });
    assert_eq!(listed(&world.work(), &branch).len(), 6);
}

#[test]
fn a_killed_writer_leaves_a_sound_store() {
    let world = World::new();
    for store in world.stores() {
        let mut known = BTreeSet::new();
        for round in 0..12_u64 {
            let file = world.results("a.txt", 100.0 + round as f64);
            let commit = format!("{round:040x}");
            let mut child = command(&world.work(), &["record", &file, "--store", &store, "--commit", &commit])
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Some of them get a little further than others.
            for _ in 0..round * 4000 {
                std::hint::spin_loop();
                std::thread::yield_now();
            }
            let _ = child.kill();
            child.wait().unwrap();
            let now: BTreeSet<_> = listed(&world.work(), &store).into_iter().collect();
            assert!(now.is_superset(&known), "round {round}");
            known = now;
            run(&world.work(), &["store", "verify", "--store", &store], 0);
        }
        let file = world.results("a.txt", 1.0);
        run(&world.work(), &["record", &file, "--store", &store], 0);
    }
}

#[test]
fn a_broken_repository_of_ours_is_made_anew_and_the_users_is_left_alone() {
    let world = World::new();
    let [_, branch] = world.stores();
    let record = |name: &str, value: f64| {
        run(&world.work(), &["record", &world.results(name, value), "--store", &branch], 0);
    };
    record("a.txt", 100.0);
    let refs = git(&world.work(), &["for-each-ref"]);
    let ours: Vec<PathBuf> = fs::read_dir(world.work().join(".git/perfgate"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    assert!(!ours.is_empty());
    // What a process that is killed while it throws the repository away may leave.
    for folder in ours {
        fs::remove_file(folder.join("HEAD")).unwrap();
    }
    record("b.txt", 200.0);
    assert_eq!(listed(&world.work(), &branch).len(), 2);
    assert_eq!(git(&world.work(), &["for-each-ref"]), refs);
    assert_eq!(git(&world.work(), &["rev-parse", "--is-shallow-repository"]), "false");
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let world = World::new();
    let [folder, branch] = world.stores();
    let file = world.results("a.txt", 100.0);
    let kept = world.root().join("kept");
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("thesis.txt"), "years of work").unwrap();
    let (_, err) = run(&world.work(), &["record", &file, "--store", &folder], 2);
    assert!(err.starts_with("error[foreign-store]"), "{err}");
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1);
    let (_, err) = run(&world.work(), &["record", &file, "--store", "git:main"], 2);
    assert!(err.starts_with("error[foreign-store]: the branch `main` of `origin` is not a store"), "{err}");
    assert_eq!(git(&world.root().join("hub.git"), &["rev-list", "--count", "main"]), "1");
    for store in [&folder, &branch] {
        if store == &folder {
            fs::remove_dir_all(&kept).unwrap();
        }
        run(&world.work(), &["record", &file, "--store", store], 0);
    }
    let newer = "{\"schema\": \"perfgate-store/2\"}";
    fs::write(kept.join("perfgate-store.json"), newer).unwrap();
    let data = world.clone_to("data");
    git(&data, &["checkout", "-q", "perfgate-data"]);
    fs::write(data.join("perfgate-store.json"), newer).unwrap();
    git(&data, &["commit", "-q", "-a", "-m", "newer"]);
    git(&data, &["push", "-q", "origin", "perfgate-data"]);
    let tip = git(&data, &["rev-parse", "HEAD"]);
    for store in [&folder, &branch] {
        for arguments in [&["record", file.as_str()][..], &["store", "list"], &["store", "prune", "--keep", "0"]] {
            let (_, err) = run(&world.work(), &[arguments, &["--store", store]].concat(), 2);
            assert!(err.starts_with("error[store-version]") && err.contains("perfgate-store/2"), "{err}");
        }
    }
    assert_eq!(git(&world.root().join("hub.git"), &["rev-parse", "perfgate-data"]), tip);
}

#[test]
fn damaged_files_are_found_and_left_out() {
    let world = World::new();
    let [folder, _] = world.stores();
    let mut commits = Vec::new();
    for number in 0..3 {
        commits.push(world.commit("c"));
        git(&world.work(), &["push", "-q"]);
        let file = world.results("a.txt", 100.0 + f64::from(number));
        run(&world.work(), &["record", &file, "--store", &folder], 0);
    }
    let mut files = Vec::new();
    let mut folders = vec![world.root().join("kept/runs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort_by_key(|path| commits.iter().position(|commit| path.to_str().unwrap().contains(commit)));
    let whole = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &whole[..whole.len() / 2]).unwrap();
    fs::write(&files[1], fs::read(&files[2]).unwrap()).unwrap();
    fs::write(world.root().join("kept/runs/notes.txt"), "x").unwrap();
    let (_, err) = run(&world.work(), &["store", "verify", "--store", &folder], 4);
    assert!(err.contains("cut short or damaged") && err.contains("not what its checksum says"), "{err}");
    assert!(err.contains("runs/notes.txt") && err.contains("1 sound run, 2 damaged, 1 foreign file"), "{err}");
    let head = world.commit("change");
    let file = world.results("now.txt", 100.0);
    let (out, err) = run(&world.work(), &["check", &file, "--store", &folder, "--report", "json"], 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["current"]["commit"], head.as_str());
    assert_eq!(report["counts"]["total"], 4);
    assert_eq!(err.matches("warning[damaged-run]").count(), 2, "{err}");
    assert!(out.contains("\"damaged-run\""), "the report says so too");
    let (_, err) = run(&world.work(), &["store", "prune", "--damaged", "--store", &folder], 0);
    assert!(err.starts_with("removed 2 runs of 3 from"), "{err}");
}

#[test]
fn places_that_cannot_be_reached_are_told_apart() {
    let world = World::new();
    let file = world.results("a.txt", 100.0);
    let told = |store: &str, code: i32| run(&world.work(), &["record", &file, "--store", store], code).1;
    assert!(told("git:x@upstream", 2).contains("there is no git remote `upstream` here"));
    assert!(told("git:x@/nowhere/hub.git", 4).starts_with("error[store-failed]: cannot store the run"));
    assert!(told("ftp://x", 2).starts_with("error[invalid-store]"));
    let beside = world.root().join("file");
    fs::write(&beside, "").unwrap();
    assert!(told(&format!("dir:{}", beside.display()), 4).starts_with("error[store-failed]"));
    // A server that refuses what is pushed.
    let hook = world.root().join("hub.git/hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\necho 'data branches are closed'\nexit 1\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let err = told("git:", 4);
    assert!(err.contains("data branches are closed") && err.contains("hook declined"), "{err}");
    let mut without_git = command(&world.work(), &["record", &file, "--store", "git:", "--commit", "abc"]);
    let output = without_git.env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("there is no program `git` here"), "{}", text(&output.stderr));
}

#[test]
fn tokens_reach_git_and_nobody_else() {
    let world = World::new();
    let file = world.results("a.txt", 100.0);
    // A stand-in for git that writes down how it was called.
    let log = world.root().join("log");
    let bin = world.root().join("bin");
    fs::create_dir(&bin).unwrap();
    let real = text(&Command::new("sh").args(["-c", "command -v git"]).output().unwrap().stdout);
    let script = format!(
        "#!/bin/sh\necho \"args: $*\" >>{log}\ncase \"$1\" in fetch) printf 'protocol=https\\nhost=127.0.0.1:1\\n\\n' | \
         {git} credential fill >>{log};; esac\nexec {git} \"$@\"\n",
        log = log.display(),
        git = real.trim()
    );
    fs::write(bin.join("git"), script).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let called = |store: &str, token: Option<&str>| {
        fs::write(&log, "").unwrap();
        let mut record = command(&world.work(), &["record", &file, "--store", store, "--patience", "0"]);
        record.env("PATH", &path).envs(token.map(|token| ("PERFGATE_TOKEN", token)));
        let output = record.output().unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(4), "{err}");
        let log = fs::read_to_string(&log).unwrap();
        let shown = log.lines().any(|line| line.starts_with("args:") && line.contains("s3cret"));
        assert!(!shown && !out.contains("s3cret") && !err.contains("s3cret"), "{log}{out}{err}");
        log
    };
    git(&world.work(), &["remote", "add", "data", "https://127.0.0.1:1/o/r.git"]);
    let log = called("git:d@data", Some("s3cret"));
    assert!(log.contains("password=s3cret") && log.contains("username=x-access-token"), "git can ask for it: {log}");
    // An address in a file of the project could be anybody's.
    assert!(!called("git:d@https://127.0.0.1:1/o/r.git", Some("s3cret")).contains("s3cret"));
    git(&world.work(), &["remote", "add", "inside", "https://me:s3cret@127.0.0.1:1/o/r.git"]);
    let log = called("git:d@inside", None);
    assert!(log.contains("username=me") && log.contains("password=s3cret"), "{log}");
}
