//! The real files outside of the repository, and reading them as the program does.

#![allow(dead_code, unreachable_pub, reason = "shared by tests, none of which uses all of it")]

use std::path::{Path, PathBuf};

use perfgate::diag::Diagnostics;
use perfgate::format::{Detection, Document, decode, detect};
use perfgate::model::Run;
use perfgate::text::Untrusted;

/// The folder of real files; `None`, said, where there is none.
pub fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("PERFGATE_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
    }
    corpus
}

/// Reads a file as the format of this name, which must be the one that detection finds.
pub fn read(path: &Path, format: &str) -> (Vec<Run>, Diagnostics) {
    let bytes = std::fs::read(path).unwrap();
    let mut diagnostics = Diagnostics::new();
    let name = Untrusted::from("input");
    let text = decode(&name, &bytes, &mut diagnostics).unwrap();
    let Detection::One(found) = detect(&text) else { panic!("{}: not of one format", path.display()) };
    assert_eq!(found.name, format, "{}", path.display());
    (found.read(&Document { name, text: &text }, &mut diagnostics).unwrap(), diagnostics)
}
