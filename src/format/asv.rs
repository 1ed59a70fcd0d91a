//! Result folders of airspeed velocity: `results/MACHINE/COMMIT-ENVIRONMENT.json`, with `machine.json` beside and
//! `benchmarks.json` above.
//!
//! Each result file is one run: one commit in one environment on one machine, which its labels tell. A folder of one machine
//! can be given as well. `DIR@NAME` reads the runs of a commit, by the beginning of its id, or of a machine.
//!
//! A benchmark with parameters has a result for each combination of them, which become benchmarks of their own. Unit and kind
//! come from `benchmarks.json`, and where it does not know a benchmark, from the prefix that asv demands of its name. asv
//! calls every increase a regression, so less is better unless the unit says otherwise. `null` is a failed benchmark;
//! `NaN` is one that was skipped, and no result.
//!
//! asv measures commits in any order, usually the newest first. Runs are therefore in the order of their commits, and when a
//! run was made, which would put them into another, is left out.
//!
//! Not here: `graphs/`, which asv publishes from these files, and the text that it prints.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Entries};
use super::{Document, Format, Probe, Reader, Tree, decode};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::Run;
use crate::text::{self, Untrusted};

mod file;
mod result;
#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "asv",
    title: "airspeed velocity results",
    url: "https://asv.readthedocs.io",
    tested: "0.1 to 0.6",
    written_by: "asv run",
    reader: Reader::Tree { roots, parse },
};

/// The file that says what the benchmarks are.
const BENCHMARKS: &str = "benchmarks.json";

/// The folder and name of a file.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether a file is named as a result: the beginning of a commit's id, and the environment.
fn is_result(path: &str) -> bool {
    let (_, name) = split(path);
    let commit = name.strip_suffix(".json").and_then(|name| name.split_once('-'));
    commit.is_some_and(|(commit, _)| commit.len() >= 6 && commit.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The folders that hold folders of machines, or are one.
fn roots(tree: &dyn Tree) -> Vec<String> {
    let mut machines: BTreeMap<&str, bool> = BTreeMap::new();
    for path in tree.files().iter().filter(|path| is_result(path)) {
        let (folder, _) = split(path);
        // One file is enough, but the first may be damaged.
        let known = machines.entry(folder).or_default();
        *known = *known || tree.read(path).is_ok_and(|bytes| holds_results(&bytes));
    }
    let mut roots: Vec<String> = Vec::new();
    for folder in machines.into_iter().filter_map(|(folder, known)| known.then_some(folder)) {
        let (root, _) = split(folder);
        if !roots.iter().any(|known| known == root) {
            roots.push(root.to_owned());
        }
    }
    // A folder that lies in another result is part of it.
    let below = |root: &str, other: &str| root != other && (other.is_empty() || root.starts_with(&format!("{other}/")));
    let all = roots.clone();
    roots.retain(|root| !all.iter().any(|other| below(root, other)));
    roots
}

fn holds_results(bytes: &[u8]) -> bool {
    decode(&Untrusted::default(), bytes, &mut Diagnostics::new())
        .is_ok_and(|text| Probe::whole(&text).has_keys(&["commit_hash", "results"]))
}

// https://github.com/airspeed-velocity/asv/blob/v0.6.4/asv/benchmarks.py (Benchmarks.save): keys that perfgate has no use for
// (code, timeout, setup, …) are skipped.

/// What `benchmarks.json` says about a benchmark.
#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
struct Described {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    param_names: Vec<String>,
}

fn parse(tree: &dyn Tree, part: Option<&str>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let described = described(tree, diagnostics);
    let paths: Vec<&String> = tree.files().iter().filter(|path| is_result(path)).collect();
    let read: Vec<(Option<Run>, Diagnostics)> = paths
        .into_par_iter()
        .map(|path| {
            let mut said = Diagnostics::new();
            let run = document(tree, path, &mut said, |document, said| file::run(document, &described, said)).flatten();
            (run, said)
        })
        .collect();
    let mut runs = Vec::new();
    for (run, said) in read {
        // What failed in another run is of no interest, but a file that cannot be read may be of this one.
        if run.as_ref().is_none_or(|run| part.is_none_or(|part| is_named(run, part))) {
            diagnostics.append(said);
            runs.extend(run);
        }
    }
    if let Some(part) = part.filter(|_| runs.is_empty()) {
        let message = format!("no run is of a commit or machine `{}`", text::shown(&part.into()));
        diagnostics.push(Diagnostic::new(Code::NotFound, message).at(Location::file(tree.name().clone())));
    }
    // Files are named by their commits, which says nothing about the order of those.
    runs.sort_by_key(|run| run.subject.committed_at);
    runs
}

/// Whether a run is of the machine, or of the commit by the beginning of its id.
fn is_named(run: &Run, name: &str) -> bool {
    let commit = run.subject.commit.as_ref().is_some_and(|commit| name.len() >= 4 && commit.raw().starts_with(name));
    commit || run.environment.labels.get("machine").is_some_and(|machine| machine.raw() == name)
}

/// Reads a file of the tree as text.
fn document<T>(
    tree: &dyn Tree,
    path: &str,
    diagnostics: &mut Diagnostics,
    read: impl FnOnce(&Document<'_>, &mut Diagnostics) -> T,
) -> Option<T> {
    let name = Untrusted::from(format!("{}/{path}", tree.name().raw().trim_end_matches('/')));
    let bytes = match tree.read(path) {
        Ok(bytes) => bytes,
        Err(why) => {
            let message = format!("cannot be read: {}", text::shown(&why.into()));
            diagnostics.push(Diagnostic::new(Code::Unreadable, message).at(Location::file(name)));
            return None;
        }
    };
    match decode(&name, &bytes, diagnostics) {
        Ok(text) => Some(read(&Document { name: name.clone(), text: &text }, diagnostics)),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// What `benchmarks.json` says. Without it, names say the most important part.
fn described(tree: &dyn Tree, diagnostics: &mut Diagnostics) -> BTreeMap<String, Described> {
    if !tree.files().iter().any(|file| file == BENCHMARKS) {
        return BTreeMap::new();
    }
    let read = document(tree, BENCHMARKS, diagnostics, |document, diagnostics| {
        let mut scratch = String::new();
        match json::parse::<Entries<&RawValue>>(document, &mut scratch, FORMAT.written_by) {
            // One entry, `version`, is a number.
            Ok(Entries(all)) => all
                .into_iter()
                .filter_map(|(name, described)| Some((name, serde_json::from_str(described.get()).ok()?)))
                .collect(),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                BTreeMap::new()
            }
        }
    });
    read.unwrap_or_default()
}
