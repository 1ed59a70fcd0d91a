//! Criterion.rs trees: `target/criterion` with a folder `new`, `base` or a saved baseline's name for each benchmark.
//!
//! Names come from `benchmark.json` alone, because folder names are cut, changed and, on Windows, put in lowercase. The
//! samples of `sample.json` are total times of so many iterations, so a sample here is their quotient. Where they are
//! there, `estimates.json` is not read: everything in it is computed from them, slopes and resampled intervals aside.
//!
//! A tree keeps the results of benchmarks that were deleted or filtered out. Folders of `new` that are much older than the
//! rest are therefore left out. One folder that cannot be read costs its benchmark and nothing else.
//!
//! Criterion tells the unit of a custom measurement only in `raw.csv` (its feature `csv_output`); without that file values are
//! nanoseconds. It judges every measurement as lower-is-better, and so does this.
//!
//! Not here: `change/` (a ratio to a run that is gone), reports, and whether two sides are the same measurement.

use std::collections::BTreeSet;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{Format, Reader, Tree};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::model::{BenchmarkId, Details, MetricId, Origin, Run, SeriesKey};
use crate::text;

mod export;
mod file;
mod folder;
#[cfg(test)]
mod tests;

pub(super) use export::FORMAT as EXPORT;
use folder::{Folder, Outcome, folders};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "criterion",
    title: "Criterion.rs tree",
    url: "https://github.com/criterion-rs/criterion.rs",
    tested: "0.2 to 0.8",
    written_by: "cargo bench",
    reader: Reader::Tree { roots: folder::roots, parse },
};

/// Folders of results are at least this much apart before the older ones count as stale, in seconds.
const LEAST_GAP: i64 = 3600;

fn parse(tree: &dyn Tree, part: Option<&str>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let wanted = part.unwrap_or("new");
    let all = folders(tree);
    let chosen: Vec<&Folder<'_>> = all.iter().filter(|f| f.baseline == wanted).collect();
    if chosen.is_empty() {
        diagnostics.push(unknown_baseline(tree, part, &all));
        return Vec::new();
    }
    let mut outcomes: Vec<Outcome> = chosen.par_iter().map(|folder| Outcome::read(tree, folder)).collect();
    if part.is_none() {
        leave_out_stale(tree, &mut outcomes, diagnostics);
    }
    for outcome in &mut outcomes {
        diagnostics.append(std::mem::take(&mut outcome.diagnostics));
    }
    let unnamed = outcomes.iter().filter(|o| !o.named).collect();
    if let Some((count, names)) = list(unnamed) {
        let mut note = Diagnostic::new(Code::NotFound, format!("{count} without benchmark.json: {names}"));
        note.severity = Severity::Note;
        let note = note.at(Location::file(tree.name().clone()));
        diagnostics.push(note.note("the path of the folder is used as the benchmark's name"));
    }
    let estimated = outcomes.iter().filter(|o| o.estimated).collect();
    if let Some((count, names)) = list(estimated) {
        let note = Diagnostic::new(Code::MissingSamples, format!("{count} without sample.json: {names}"));
        let note = note.at(Location::file(tree.name().clone()));
        diagnostics.push(note.note("the mean and median of estimates.json are used"));
    }
    vec![run(outcomes)]
}

fn unknown_baseline(tree: &dyn Tree, part: Option<&str>, all: &[Folder<'_>]) -> Diagnostic {
    let names: BTreeSet<&str> = all.iter().map(|f| f.baseline).collect();
    let shown: Vec<String> = names.iter().map(|n| format!("`{}`", text::shown(&(*n).into()))).collect();
    let message = match part {
        Some(name) => format!("the Criterion tree has no baseline `{}`", text::shown(&name.into())),
        None => "the Criterion tree has no folders `new`".to_owned(),
    };
    let diagnostic = Diagnostic::new(Code::UnknownBaseline, message).at(Location::file(tree.name().clone()));
    let diagnostic = diagnostic.note(format!("it has {}", shown.join(", ")));
    match (part, names.first()) {
        (Some(name), _) => {
            diagnostic.help(format!("save it with `cargo bench -- --save-baseline {}`", text::shown(&name.into())))
        }
        (None, Some(name)) => diagnostic.help(format!(
            "name one of them: `{}@{}`",
            text::shown(tree.name()),
            text::shown(&(*name).into())
        )),
        (None, None) => diagnostic,
    }
}

/// How many outcomes there are and the names of the first three, if there are any.
fn list(outcomes: Vec<&Outcome>) -> Option<(String, String)> {
    let mut names: Vec<String> = outcomes.iter().take(3).map(|o| format!("`{}`", text::shown(&o.full_id))).collect();
    if outcomes.len() > 3 {
        names.push("…".to_owned());
    }
    match outcomes.len() {
        0 => None,
        1 => Some(("1 benchmark".to_owned(), names.join(", "))),
        n => Some((format!("{n} benchmarks"), names.join(", "))),
    }
}

/// Leaves out what is older than the first large gap in time, walking back from the newest results.
fn leave_out_stale(tree: &dyn Tree, outcomes: &mut Vec<Outcome>, diagnostics: &mut Diagnostics) {
    let mut times: Vec<i64> = outcomes.iter().filter_map(|o| o.modified).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let Some(newest) = times.first().copied() else { return };
    let stale = times.windows(2).find_map(|pair| match pair {
        [newer, older] if newer - older > LEAST_GAP.max(newest - newer) => Some(*older),
        _ => None,
    });
    let Some(stale) = stale else { return };
    let (left_out, kept): (Vec<_>, Vec<_>) =
        std::mem::take(outcomes).into_iter().partition(|o| o.modified.is_some_and(|m| m <= stale));
    *outcomes = kept;
    if let Some((count, names)) = list(left_out.iter().collect()) {
        let message = format!("{count} much older than the rest left out: {names}");
        diagnostics.push(
            Diagnostic::new(Code::StaleFolder, message)
                .at(Location::file(tree.name().clone()))
                .help("remove the folders of benchmarks that are gone, or run all benchmarks"),
        );
    }
}

/// The run that the outcomes of one tree are.
fn run(outcomes: Vec<Outcome>) -> Run {
    let mut run = Run::of_tool(FORMAT.name);
    // Benchmarks are written one after the other, so their times tell the order they were measured in.
    let mut measured: Vec<usize> = (0..outcomes.len()).collect();
    measured.sort_by_key(|i| outcomes.get(*i).map(|o| o.modified));
    let mut positions = vec![0_u32; outcomes.len()];
    let time = |index: usize| outcomes.get(index).and_then(|o| o.modified);
    let (mut last, mut position) = (None, 0);
    for (rank, index) in measured.into_iter().enumerate() {
        // Equal times, as a copy or a checkout leaves them, tell no order: equal positions say so.
        if rank == 0 || time(index) != last {
            position = u32::try_from(rank).unwrap_or(u32::MAX);
        }
        last = time(index);
        if let Some(slot) = positions.get_mut(index) {
            *slot = position;
        }
    }
    let mut ordered: Vec<(Outcome, u32)> = outcomes.into_iter().zip(positions).collect();
    // Names are given out in the order that Criterion gave them.
    ordered.sort_by_key(|(outcome, _)| outcome.ordinal);
    let mut taken = BTreeSet::new();
    for (outcome, position) in ordered {
        let name = outcome.distinct_name(&taken);
        taken.insert(name.clone());
        let id = BenchmarkId::new(FORMAT.name, None, name);
        if outcome.details != Details::default() {
            run.details.insert(id.clone(), outcome.details);
        }
        if let Some(fault) = outcome.failure {
            run.failures.insert(id.clone(), fault);
        }
        for (metric, mut observation) in outcome.series {
            observation.origin = Origin { suite: 0, position };
            let own = outcome.measured.as_ref().filter(|_| metric == MetricId::TIME);
            let metric = MetricId(own.cloned().unwrap_or_else(|| metric.into()));
            run.series.insert(SeriesKey { benchmark: id.clone(), metric }, observation);
        }
    }
    run
}
