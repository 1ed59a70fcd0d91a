//! Version 2 of a fork's history (gofiber/fiber): a list of commits, and for each metric a list of its values.
//!
//! It says neither the tool nor when a run was made. Its names are those that github-action-benchmark gives Go benchmarks.
//!
//! Not here: histories of other versions.

use serde_json::value::RawValue;

use super::row::{self, Bench, Tool};
use super::{Commit, Run, Step};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::format::Document;
use crate::format::json::{self, Number};
use crate::format::rows::{Faults, key};
use crate::model::Origin;

/// The columns of a file.
pub(super) struct Columns<'a> {
    pub(super) commits: Vec<&'a RawValue>,
    pub(super) names: Vec<String>,
    pub(super) units: Vec<String>,
    pub(super) values: Vec<Vec<Number>>,
}

/// The runs of a file: one for each of its commits.
///
/// # Errors
/// Lists that do not belong to each other.
pub(super) fn runs(
    document: &Document<'_>,
    columns: Columns<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Run>, Diagnostic> {
    let Columns { commits, names, units, values } = columns;
    if names.len() != values.len() || units.len() != values.len() {
        let message = format!("{} names, {} units and {} lists of values", names.len(), units.len(), values.len());
        return Err(Diagnostic::new(Code::MalformedDocument, message).at(json::location(document, &[key("values")])));
    }
    let mut faults = Faults::new(document, diagnostics);
    let tool = if names.iter().all(|name| name.starts_with("Benchmark")) { Tool::Go } else { Tool::of("custom") };
    let mut runs: Vec<Run> = Vec::with_capacity(commits.len());
    for (index, commit) in commits.iter().enumerate() {
        let mut run = Run::of_tool(tool.name());
        match json::part::<Commit>(commit.get()) {
            Ok(commit) => run.subject = commit.subject(),
            Err(wrong) => {
                let path: Vec<Step> = [key("runs"), Step::Index(index)].into_iter().chain(wrong.steps).collect();
                faults.warn(wrong.code, &path, format!("a run without its commit: {}", wrong.message));
            }
        }
        runs.push(run);
    }
    for (position, ((name, unit), values)) in names.into_iter().zip(units).zip(values).enumerate() {
        if values.len() != runs.len() {
            let id = row::id_of(&tool, None, &name, &unit);
            let message = format!("{} values for {} runs, so it is left out", values.len(), runs.len());
            faults.row(Code::MalformedDocument, &[key("values"), Step::Index(position)], &id.name, message);
            continue;
        }
        let origin = Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) };
        for (index, (run, value)) in runs.iter_mut().zip(values).enumerate() {
            // A benchmark that this run did not have.
            if value == Number::Missing {
                continue;
            }
            let place = [key("values"), Step::Index(position), Step::Index(index)];
            let bench = Bench::new(name.clone(), value, unit.clone());
            row::add(run, &tool, None, bench, origin, |code, name, message| faults.row(code, &place, name, message));
        }
    }
    Ok(runs)
}
