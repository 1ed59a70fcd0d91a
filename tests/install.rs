//! action/install.sh: which program it takes, and what it refuses.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod runner;
mod world;

use std::fs;

use runner::{PINNED, Played, Runner};

const ARCHIVE: &str = "perfgate-v7.8.9-x86_64-unknown-linux-musl.tar.gz";
const CACHED: &str = "tools/perfgate/7.8.9/x86_64-unknown-linux-musl";

/// Installs, on this machine.
fn install(runner: &Runner, inputs: &[(&str, &str)]) -> Played {
    runner.act(runner.folder.path(), &[&[("command", "install")], inputs].concat())
}

#[test]
fn the_pinned_program_is_downloaded_once_and_hashed_every_time() {
    let runner = Runner::new();
    let played = install(&runner, &[]);
    assert_eq!((played.code, played.output("version")), (0, PINNED), "{}", played.log);
    assert!(!played.log.contains("::"), "{}", played.log);
    let folder = played.output("(path)").trim().to_owned();
    assert!(fs::metadata(format!("{folder}/perfgate")).is_ok() && folder.contains("/temp-1/"), "{folder}");
    let address = format!("https://github.com/someone/perfgate/releases/download/v7.8.9/{ARCHIVE}\n");
    assert_eq!(runner.asked(), address);
    assert_eq!(install(&runner, &[]).code, 0);
    assert_eq!(runner.asked(), address, "the second time it is in the cache");
    // Another job of the machine can write to the cache.
    fs::write(runner.path(CACHED).join(ARCHIVE), "poison").unwrap();
    fs::write(runner.path(CACHED).join("perfgate"), "#!/bin/sh\ntouch poisoned\n").unwrap();
    assert_eq!(install(&runner, &[]).code, 0);
    assert_eq!(runner.asked(), address.repeat(2));
    assert_eq!(install(&runner, &[]).code, 0);
    assert_eq!(runner.asked(), address.repeat(2), "the cache is mended");
}

#[test]
fn a_wrong_checksum_is_the_end() {
    let runner = Runner::new();
    fs::write(runner.path("releases/v7.8.9").join(ARCHIVE), "something else").unwrap();
    let played = install(&runner, &[]);
    assert_eq!((played.code, played.output("(path)")), (4, ""), "{}", played.log);
    assert!(
        played.log.contains(&format!("::error title=perfgate::the checksum of {ARCHIVE} is wrong")),
        "{}",
        played.log
    );
    assert!(!played.log.contains("building"), "nothing else is tried");
}

#[test]
fn another_version_is_checked_against_its_release() {
    let runner = Runner::new();
    runner.pin("\n    \"x86_64-unknown-linux-musl\": {\"sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\"}\n  ");
    let manifest = fs::read_to_string(runner.path("checkout/action/manifest.json")).unwrap();
    fs::write(runner.path("checkout/action/manifest.json"), manifest.replace("7.8.9", "7.9.0")).unwrap();
    let played = install(&runner, &[("version", "v7.8.9")]);
    assert_eq!((played.code, played.output("version")), (0, "7.8.9"), "{}", played.log);
    assert!(played.log.contains("::warning title=perfgate::perfgate 7.8.9 is not the version"), "{}", played.log);
    assert!(runner.asked().contains("--signer-workflow someone/perfgate/.github/workflows/release.yml"));
    runner.program("gh", "exit 1");
    let played = install(&runner, &[("version", "7.8.9")]);
    assert_eq!(played.code, 4);
    assert!(played.log.contains("attestation"), "{}", played.log);
    assert_eq!(install(&runner, &[("version", "7.8.9"), ("verify-attestation", "false")]).code, 0);
    // What is not there is not built: the checkout is of another version.
    let played = install(&runner, &[("version", "9.9.9")]);
    assert_eq!(played.code, 4);
    assert!(played.log.contains("can build 7.9.0 alone"), "{}", played.log);
}

#[test]
fn hostile_and_unknown_values_are_refused() {
    let runner = Runner::new();
    for version in ["../1.2.3", "1.2.3/..", "1.2", "1.2.3;id", "$(id)", "1.2.3\nbin=x", "latest"] {
        let played = install(&runner, &[("version", version)]);
        assert_eq!((played.code, runner.asked().as_str()), (2, ""), "{version}: {}", played.log);
    }
    assert_eq!(install(&runner, &[("fallback", "yes")]).code, 2);
    assert_eq!(install(&runner, &[("verify-attestation", "yes")]).code, 2);
}

#[test]
fn without_a_binary_the_checkout_builds_itself() {
    let mut runner = Runner::new();
    runner.variables = vec![("RUNNER_ARCH".to_owned(), "S390X".to_owned())];
    let played = install(&runner, &[("fallback", "none")]);
    assert_eq!(played.code, 4);
    assert!(played.log.contains("there is no perfgate binary for Linux-S390X"), "{}", played.log);
    // A cargo that says what it was asked, and installs a program.
    let cargo = "echo \"cargo $*\"; pwd; while [ \"$1\" != --root ]; do shift; done; mkdir -p \"$2/bin\"\n\
                 printf '#!/bin/sh\\necho perfgate 7.8.9\\n' >\"$2/bin/perfgate\"; chmod +x \"$2/bin/perfgate\"";
    runner.program("cargo", &format!("env | sed 's/^/built with /'\n{cargo}"));
    runner.variables.push(("PERFGATE_SLACK_WEBHOOK".to_owned(), "https://hooks.example/secret".to_owned()));
    let played = install(&runner, &[("token", "secret-token")]);
    assert_eq!((played.code, played.output("version")), (0, PINNED), "{}", played.log);
    // What builds it runs the code of all its dependencies.
    assert!(played.log.contains("built with PATH=") && !played.log.contains("secret"), "{}", played.log);
    assert!(played.log.contains("cargo install --locked --quiet --path . --root"), "never by name: {}", played.log);
    assert!(played.log.contains("/checkout\n"), "in its own folder: {}", played.log);
    // A commit that was never released has no binary for any machine.
    runner.variables.clear();
    runner.pin("");
    let played = install(&runner, &[]);
    assert_eq!(played.code, 0, "{}", played.log);
    assert!(played.log.contains("has no released binary") && runner.asked().is_empty(), "{}", played.log);
}

#[test]
fn a_release_pins_what_the_installer_reads() {
    let runner = Runner::new();
    let checkout = runner.path("checkout");
    let manifest = checkout.join("action/manifest.json");
    fs::remove_file(&manifest).unwrap();
    fs::create_dir_all(checkout.join(".github")).unwrap();
    fs::create_dir_all(checkout.join("dist")).unwrap();
    let script = checkout.join(".github/release.sh");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/.github/release.sh"), &script).unwrap();
    let targets = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin"];
    for target in targets.iter().chain(&["aarch64-apple-darwin", "x86_64-pc-windows-msvc"]) {
        fs::write(checkout.join(format!("dist/perfgate-v7.8.9-{target}.tar.gz")), target).unwrap();
    }
    fs::copy(runner.path("releases/v7.8.9").join(ARCHIVE), checkout.join("dist").join(ARCHIVE)).unwrap();
    let mut command = std::process::Command::new("bash");
    command.arg(&script).arg("manifest").env("VERSION", PINNED).env("REPOSITORY", "someone/perfgate");
    assert!(command.status().unwrap().success());
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    assert_eq!(written["targets"].as_object().unwrap().len(), 5);
    let played = install(&runner, &[]);
    assert_eq!((played.code, played.output("version")), (0, PINNED), "{}", played.log);
    assert!(!played.log.contains("::warning"), "{}", played.log);
}

#[test]
fn a_program_that_does_not_start_is_told() {
    let runner = Runner::new();
    runner.publish("/nonexistent");
    let played = install(&runner, &[]);
    assert_eq!(played.code, 4);
    assert!(played.log.contains("does not run on this machine"), "{}", played.log);
}

#[test]
fn the_manifest_of_this_checkout_can_be_read() {
    let manifest: serde_json::Value = serde_json::from_str(include_str!("../action/manifest.json")).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let targets = manifest["targets"].as_object().unwrap();
    assert!(targets.is_empty() || manifest["repo"].as_str().unwrap().contains('/'));
    assert!(targets.values().all(|target| target["sha256"].as_str().unwrap().len() == 64));
}
