//! Files of which some entry is malformed: every entry is read by itself, so that a bad one costs its row and not the file.
//!
//! Only for files that could not be read as a whole, because it takes two passes.
//!
//! Not here: files whose JSON is broken, or that have no array of benchmarks; those are refused.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{File, Reading, Scalar, element, id_of, runs};
use crate::diag::Diagnostics;
use crate::format::{Document, json};
use crate::model::{BenchmarkId, Run};

/// The names of an entry, whatever else is wrong with it.
#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    name: Scalar,
    #[serde(default)]
    fullname: Scalar,
}

/// Reads a file entry by entry. `None` if it is not a file of pytest-benchmark around its entries.
pub(super) fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Run>> {
    let text = json::repaired(document.text);
    let file: File<&RawValue> = serde_json::from_str(&text).ok()?;
    Some(runs(document, file, diagnostics, |reading, index, entry: &RawValue| match json::part(entry.get()) {
        Ok(benchmark) => reading.benchmark(index, benchmark),
        Err(wrong) => reading.malformed(index, entry.get(), wrong),
    }))
}

impl Reading<'_, '_> {
    /// Takes an entry that is not what it should be.
    fn malformed(&mut self, index: usize, entry: &str, wrong: json::Wrong) {
        let id = name_of(index, entry);
        self.name = id.name.clone();
        let path: Vec<_> = [element(index)].into_iter().chain(wrong.steps).collect();
        let fault = self.row_fault(wrong.code, &path, format!("malformed entry: {}", wrong.message));
        self.run.failures.entry(id).or_insert(fault);
    }
}

/// The benchmark that an entry is about, as far as it can be told, or else its place in the file.
fn name_of(index: usize, entry: &str) -> BenchmarkId {
    let (name, full) = match serde_json::from_str(entry) {
        Ok(Names { name: Scalar(name), fullname: Scalar(full) }) => (name, full),
        Err(_) => (None, None),
    };
    match (name, full) {
        (Some(name), full) => id_of(&name, full.as_deref()),
        (None, Some(full)) => {
            // Parameters can hold anything, also what separates the parts of the path.
            let path = full.split('[').next().unwrap_or(&full).len();
            let start = full.get(..path).and_then(|path| path.rfind("::")).map_or(0, |at| at + 2);
            id_of(full.get(start..).unwrap_or(&full), Some(&full))
        }
        (None, None) => id_of(&format!("benchmarks[{index}]"), None),
    }
}
