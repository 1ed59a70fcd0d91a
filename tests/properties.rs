//! What fuzz/ checks on damaged documents, on whole ones, on halves of them, and on those that were faults once.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests read files")]

#[path = "../fuzz/src/properties.rs"]
#[allow(unreachable_pub, reason = "the fuzzer's, too")]
mod properties;
#[path = "../fuzz/src/seeds.rs"]
#[allow(unreachable_pub, reason = "the fuzzer's, too")]
mod seeds;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is in a folder; nothing if there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn they_hold_for_every_fixture() {
    let folder = tempfile::tempdir().unwrap();
    seeds::write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), folder.path()).unwrap();
    let with_seeds: BTreeSet<String> = entries(folder.path()).iter().map(|path| file_name(path).to_owned()).collect();
    assert_eq!(with_seeds, properties::names().map(str::to_owned).collect(), "something has nothing to begin with");
    for kind in entries(folder.path()) {
        let property = properties::by_name(file_name(&kind)).unwrap();
        for path in entries(&kind) {
            eprintln!("{}", path.display());
            let bytes = fs::read(&path).unwrap();
            property.check(&bytes);
            property.check(&bytes[..bytes.len() / 2]);
        }
    }
}

#[test]
fn they_hold_for_what_was_a_fault_once() {
    for kind in entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/kept")) {
        let property = properties::by_name(file_name(&kind)).unwrap();
        for path in entries(&kind) {
            eprintln!("{}", path.display());
            property.check(&fs::read(&path).unwrap());
        }
    }
}
