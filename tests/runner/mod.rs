//! A stand-in for the GitHub runner: plays the steps of action.yml, and of workflows that use it, with bash.
//!
//! What it knows of GitHub: where a step's files are, how outputs are read, which variables an event sets, what artifacts
//! are. Expressions are those that action.yml and the examples use; any other one is a failure of the test.
#![allow(dead_code, unreachable_pub, reason = "shared by tests, none of which uses all of it")]

#[cfg(feature = "github")]
pub mod hub;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

use crate::world::{World, clean, git, text};

/// What came of a call of the action.
#[derive(Debug)]
pub struct Played {
    pub code: i32,
    pub outputs: BTreeMap<String, String>,
    pub summary: String,
    pub log: String,
}

impl Played {
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("no output {name}: {self:?}"))
    }

    #[track_caller]
    pub fn ends_with(&self, code: i32, verdict: &str) {
        assert_eq!((self.code, self.output("verdict")), (code, verdict), "{}\n{:?}", self.log, self.outputs);
    }
}

/// A machine with a checkout of the action, a release server, and the event that started the job.
pub struct Runner {
    pub folder: TempDir,
    action: Yaml,
    /// What the event says, as variables.
    pub event: Vec<(String, String)>,
    /// More variables of the job.
    pub variables: Vec<(String, String)>,
    jobs: std::cell::Cell<usize>,
}

/// The version that the checkout of the action pins.
pub const PINNED: &str = "7.8.9";
const ARCHIVE: &str = "perfgate-v7.8.9-x86_64-unknown-linux-musl.tar.gz";

impl Runner {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let action = load(&root.join("action.yml"));
        let runner = Self { folder, action, event: Vec::new(), variables: Vec::new(), jobs: std::cell::Cell::new(0) };
        for folder in ["checkout/action", "programs", "releases/v7.8.9", "tools"] {
            fs::create_dir_all(runner.path(folder)).unwrap();
        }
        fs::copy(root.join("action/install.sh"), runner.path("checkout/action/install.sh")).unwrap();
        runner.publish(env!("CARGO_BIN_EXE_perfgate"));
        // A server without a network: the last argument is the address.
        runner.program(
            "curl",
            &format!(
                "for a; do [ \"${{previous:-}}\" = -o ] && to=$a; previous=$a; done\necho \"$a\" >>'{0}/asked'\n\
                 case $a in https://github.com/someone/perfgate/releases/download/*) ;; *) exit 7 ;; esac\n\
                 exec cp \"{0}/releases/${{a#https://github.com/someone/perfgate/releases/download/}}\" \"$to\"",
                runner.folder.path().display()
            ),
        );
        runner.program("gh", &format!("echo gh \"$@\" >>'{}/asked'", runner.folder.path().display()));
        runner.program("cargo", "echo 'cargo is not here' >&2; exit 1");
        runner
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that stands before the machine's own.
    pub fn program(&self, name: &str, script: &str) {
        script_at(&self.path("programs").join(name), script);
    }

    /// Releases a perfgate that is the given program, and pins it.
    pub fn publish(&self, program: &str) {
        let folder = self.path("made");
        fs::create_dir_all(&folder).unwrap();
        script_at(&folder.join("perfgate"), &format!("exec '{program}' \"$@\""));
        let archive = self.path("releases/v7.8.9").join(ARCHIVE);
        let packed = Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(&folder).arg("perfgate").status();
        assert!(packed.unwrap().success());
        let hash = hash(&archive);
        fs::write(self.path("releases/v7.8.9/SHA256SUMS"), format!("{hash}  {ARCHIVE}\n")).unwrap();
        self.pin(&format!("\n    \"x86_64-unknown-linux-musl\": {{\"sha256\": \"{hash}\"}}\n  "));
    }

    /// Writes the manifest of the action's checkout.
    pub fn pin(&self, targets: &str) {
        let manifest = format!(
            "{{\n  \"version\": \"{PINNED}\",\n  \"repo\": \"someone/perfgate\",\n  \"targets\": {{{targets}}}\n}}\n"
        );
        fs::write(self.path("checkout/action/manifest.json"), manifest).unwrap();
    }

    /// What the release server and other programs were asked.
    pub fn asked(&self) -> String {
        fs::read_to_string(self.path("asked")).unwrap_or_default()
    }

    /// Sets the event of the job.
    pub fn on(&mut self, name: &str, payload: &str, variables: &[(&str, &str)]) {
        let path = self.path("event.json");
        fs::write(&path, payload).unwrap();
        self.event = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.event.push(("GITHUB_EVENT_NAME".to_owned(), name.to_owned()));
        self.event.push(("GITHUB_EVENT_PATH".to_owned(), path.to_str().unwrap().to_owned()));
    }

    /// Calls the action in a folder.
    pub fn act(&self, workspace: &Path, inputs: &[(&str, &str)]) -> Played {
        let job = self.jobs.get() + 1;
        self.jobs.set(job);
        let temporary = self.path(&format!("temp-{job}"));
        fs::create_dir_all(&temporary).unwrap();
        self.act_in(workspace, &temporary, inputs, &[])
    }

    /// Runs a line of a workflow's own in a folder, with a folder of programs that an earlier step put on the path.
    pub fn shell(&self, workspace: &Path, path: &str, line: &str) -> Played {
        let mut command = Command::new("bash");
        clean(command.current_dir(workspace).args(["--noprofile", "--norc", "-e", "-c", line]));
        command.env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()));
        command.env("CI", "true").env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", workspace);
        command.envs(self.event.iter().cloned()).envs(self.variables.iter().cloned());
        let ended = command.output().unwrap();
        let log = text(&ended.stdout) + &text(&ended.stderr);
        Played { code: ended.status.code().unwrap_or(-1), outputs: BTreeMap::new(), summary: String::new(), log }
    }

    /// Calls the action in a job with this temporary folder, with more variables.
    pub fn act_in(
        &self,
        workspace: &Path,
        temporary: &Path,
        inputs: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> Played {
        let declared = self.action["inputs"].as_hash().unwrap();
        let known = |name: &str| declared.contains_key(&Yaml::String(name.to_owned()));
        assert!(inputs.iter().all(|(name, _)| known(name)), "an input that action.yml does not have: {inputs:?}");
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for (name, input) in declared {
            let name = name.as_str().unwrap();
            let default = input["default"].as_str().unwrap();
            let given = inputs.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            // The runner's own rule: an empty value is a value.
            let value = given.unwrap_or(if default == "${{ github.token }}" { "the-token" } else { default });
            values.insert(format!("inputs.{name}"), value.to_owned());
        }
        let mut played = Played { code: 0, outputs: BTreeMap::new(), summary: String::new(), log: String::new() };
        for (number, step) in self.action["runs"]["steps"].as_vec().unwrap().iter().enumerate() {
            match step["if"].as_str() {
                None => {}
                Some("inputs.command != 'install'") if values["inputs.command"] != "install" => {}
                Some("inputs.command != 'install'") => continue,
                other => panic!("an `if` that is not known here: {other:?}"),
            }
            let file = |name: &str| {
                let path = temporary.join(format!("{name}-{number}"));
                fs::write(&path, "").unwrap();
                path
            };
            let (output, summary, paths) = (file("output"), file("summary"), file("paths"));
            let script = temporary.join(format!("step-{number}.sh"));
            fs::write(&script, step["run"].as_str().unwrap()).unwrap();
            let inside = step["working-directory"].as_str().map(|folder| fill(folder, &values)).unwrap_or_default();
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script);
            clean(command.current_dir(workspace.join(inside)));
            let search = format!("{}:{}", self.path("programs").display(), std::env::var("PATH").unwrap());
            command.env("PATH", search).env("PERFGATE_INSTALL_PAUSE", "0").env("CI", "true");
            command.env("GITHUB_ACTIONS", "true").env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
            command.env("RUNNER_TEMP", temporary).env("RUNNER_TOOL_CACHE", self.path("tools"));
            command.env("GITHUB_ACTION_PATH", self.path("checkout")).env("GITHUB_WORKSPACE", workspace);
            command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_PATH", &paths);
            command.envs(self.event.iter().cloned()).envs(self.variables.iter().cloned());
            command.envs(variables.iter().copied());
            for (name, value) in step["env"].as_hash().unwrap() {
                command.env(name.as_str().unwrap(), fill(value.as_str().unwrap(), &values));
            }
            let ended = command.output().unwrap();
            played.log.push_str(&text(&ended.stdout));
            played.log.push_str(&text(&ended.stderr));
            assert!(!played.log.contains("the-token"), "the token is in the log: {}", played.log);
            played.summary.push_str(&fs::read_to_string(summary).unwrap());
            let id = step["id"].as_str().unwrap();
            for line in fs::read_to_string(output).unwrap().lines() {
                let (name, value) = line.split_once('=').unwrap();
                values.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
            }
            values.insert("paths".to_owned(), fs::read_to_string(paths).unwrap());
            played.code = ended.status.code().unwrap_or(-1);
            if played.code != 0 {
                break;
            }
        }
        for (name, output) in self.action["outputs"].as_hash().unwrap() {
            let value = fill(output["value"].as_str().unwrap(), &values);
            played.outputs.insert(name.as_str().unwrap().to_owned(), value);
        }
        played.outputs.insert("(path)".to_owned(), values.remove("paths").unwrap_or_default());
        played
    }
}

/// Puts values into the expressions of a text; what has no value is empty, as with GitHub.
fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").unwrap();
        let name = expression.trim();
        assert!(name.starts_with("inputs.") || name.starts_with("steps.") || values.contains_key(name), "{name}");
        out.push_str(before);
        out.push_str(values.get(name).map_or("", String::as_str));
        rest = after;
    }
    out + rest
}

/// The first document of a YAML file.
pub fn load(path: &Path) -> Yaml {
    YamlLoader::load_from_str(&fs::read_to_string(path).unwrap()).unwrap().remove(0)
}

pub fn hash(path: &Path) -> String {
    format!("{:x}", Sha256::digest(fs::read(path).unwrap()))
}

fn script_at(path: &Path, script: &str) {
    fs::write(path, format!("#!/usr/bin/env bash\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A clone as `actions/checkout` makes it: one commit, a detached head, no branches.
pub fn checkout(world: &World, reference: &str, name: &str) -> PathBuf {
    let path = world.root().join(name);
    fs::create_dir_all(&path).unwrap();
    git(&path, &["init", "-q"]);
    let hub = format!("file://{}", world.root().join("hub.git").display());
    git(&path, &["remote", "add", "origin", &hub]);
    git(&path, &["fetch", "-q", "--depth=1", "--no-tags", "origin", reference]);
    git(&path, &["checkout", "-q", "--detach", "FETCH_HEAD"]);
    path
}
