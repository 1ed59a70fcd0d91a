//! The history of github-action-benchmark: `data.js` (`window.BENCHMARK_DATA = {…}`), the same as bare JSON, and the arrays of
//! `customBiggerIsBetter` and `customSmallerIsBetter`.
//!
//! Each entry is one run: one execution of one tool at one commit. Its suite is the name it stands under; where a file has
//! several suites, their benchmarks are told apart by it, because nothing else does. Names are put back into the parts they
//! were made of (`row`), so that a history of pytest-benchmark results compares with that tool's own files, and one of Go
//! results where it names the packages: of a single package github-action-benchmark keeps no name.
//!
//! The history of gofiber/fiber, `version` 2 of a fork, has one list of values for each metric (`columns`).
//!
//! An entry or row that is malformed costs itself; the rest of the history is kept.
//!
//! Not here: authors, messages and e-mail addresses of commits, which are skipped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Step};
use super::rows::{Faults, key, own_key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::{BenchmarkId, Origin, Run, Subject, Suite};
use crate::text::{self, Untrusted};

mod columns;
mod row;
#[cfg(test)]
mod tests;

use columns::Columns;
use row::{Bench, Tool};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "github-action-benchmark",
    title: "github-action-benchmark history",
    url: "https://github.com/benchmark-action/github-action-benchmark",
    tested: "1.8 to 1.20",
    written_by: "uses: benchmark-action/github-action-benchmark@v1",
    reader: Reader::Text { claims, parse },
};

/// What stands before the JSON in a `data.js`.
const PREFIX: &str = "window.BENCHMARK_DATA";

/// The keys that a row of a custom array may have. The last one is of the fork openpgpjs/github-action-pull-request-benchmark.
const ROW_KEYS: [&str; 6] = ["name", "unit", "value", "range", "extra", "biggerIsBetter"];

fn claims(probe: &Probe<'_>) -> bool {
    match probe.first {
        Some('{') => is_history(&probe.keys.iter().copied().collect::<Vec<_>>()),
        Some('[') => probe.has_keys(&["name", "unit", "value"]) && probe.keys.iter().all(|k| ROW_KEYS.contains(k)),
        _ => probe.text.trim_start().starts_with(PREFIX),
    }
}

fn is_history(keys: &[&str]) -> bool {
    let has = |key: &str| keys.contains(&key);
    (has("entries") && has("lastUpdate")) || ["version", "runs", "names", "units", "values"].into_iter().all(has)
}

// https://github.com/benchmark-action/github-action-benchmark/blob/v1.20.7/src/write.ts (DataJson) and src/extract.ts
// (Benchmark, BenchmarkResult, Commit): keys that perfgate has no use for (author, committer, message, url, …) are skipped.

#[derive(Deserialize)]
#[serde(expecting = "an object with `entries`")]
struct File<'a> {
    #[serde(borrow, default)]
    entries: Option<Entries<Vec<&'a RawValue>>>,
    /// The fork's list of commits.
    #[serde(borrow, default)]
    runs: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    values: Vec<Vec<Number>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an entry as an object")]
struct Entry<'a> {
    #[serde(default)]
    commit: Option<Commit>,
    #[serde(default)]
    date: Number,
    #[serde(default)]
    tool: Option<String>,
    #[serde(borrow)]
    benches: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
struct Commit {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
}

impl Commit {
    /// The commit with its time. A time that is none, as in dummy files, is unknown.
    fn subject(self) -> Subject {
        let Self { id, timestamp } = self;
        let committed_at = timestamp.and_then(|t| t.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_second);
        Subject { commit: id.filter(|id| !id.is_empty()).map(Untrusted::from), committed_at, ..Subject::default() }
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let text = without_script(document.text);
    let document = &Document { name: document.name.clone(), text: &text };
    let mut scratch = String::new();
    let runs = if text.trim_start().starts_with('[') {
        json::parse::<Vec<&RawValue>>(document, &mut scratch, FORMAT.written_by).map(|rows| {
            let mut reading = Reading { faults: Faults::new(document, diagnostics), several: false };
            let run = reading.run(Tool::of("custom"), None, &[], rows);
            vec![run]
        })
    } else {
        json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by)
            .and_then(|file| history(document, file, diagnostics))
    };
    runs.unwrap_or_else(|diagnostic| {
        diagnostics.push(diagnostic);
        Vec::new()
    })
}

/// The JSON of a script, with spaces for what stands around it, so that every place stays where it is.
fn without_script(text: &str) -> Cow<'_, str> {
    let Some(equals) = text.trim_start().strip_prefix(PREFIX).and_then(|rest| rest.trim_start().strip_prefix('='))
    else {
        return Cow::Borrowed(text);
    };
    let blank = |part: &str| -> String { part.chars().map(|c| if c == '\n' { c } else { ' ' }).collect() };
    let start = text.len() - equals.len();
    let end = text.trim_end().trim_end_matches(';').len().max(start);
    let (before, json, after) = (text.get(..start), text.get(start..end), text.get(end..));
    Cow::Owned([blank(before.unwrap_or("")), json.unwrap_or("").to_owned(), blank(after.unwrap_or(""))].concat())
}

fn history(document: &Document<'_>, file: File<'_>, diagnostics: &mut Diagnostics) -> Result<Vec<Run>, Diagnostic> {
    let File { entries, runs, names, units, values } = file;
    match (entries, runs) {
        (Some(Entries(suites)), _) => {
            if suites.iter().all(|(_, entries)| entries.is_empty()) {
                return Err(Diagnostic::new(Code::NoResults, "the history holds no entry")
                    .at(json::location(document, &[key("entries")])));
            }
            let mut reading = Reading { faults: Faults::new(document, diagnostics), several: suites.len() > 1 };
            Ok(suites
                .iter()
                .flat_map(|(name, entries)| entries.iter().enumerate().map(move |(index, entry)| (name, index, entry)))
                .filter_map(|(name, index, entry)| reading.entry(name, index, entry))
                .collect())
        }
        (None, Some(commits)) => columns::runs(document, Columns { commits, names, units, values }, diagnostics),
        (None, None) => Err(Diagnostic::new(Code::MalformedDocument, "the key `entries` is missing")
            .at(Location::file(document.name.clone()))
            .help("give the `data.js` of the branch that github-action-benchmark writes to")),
    }
}

/// A history on its way to runs.
struct Reading<'a, 'd> {
    faults: Faults<'a, 'd>,
    /// Whether the file has several suites.
    several: bool,
}

impl Reading<'_, '_> {
    /// The run of one entry, unless it is no entry at all.
    fn entry(&mut self, suite: &str, index: usize, entry: &RawValue) -> Option<Run> {
        let place = [key("entries"), own_key(suite), Step::Index(index)];
        let Entry { commit, date, tool, benches } = match json::part(entry.get()) {
            Ok(entry) => entry,
            Err(wrong) => {
                let path: Vec<Step> = place.into_iter().chain(wrong.steps).collect();
                let headline = format!("an entry of `{}` is left out: {}", text::shown(&suite.into()), wrong.message);
                self.faults.warn(wrong.code, &path, headline);
                return None;
            }
        };
        let [entries, name, at] = place;
        let mut run = self.run(
            Tool::of(tool.as_deref().unwrap_or("")),
            Some(suite),
            &[entries, name, at, key("benches")],
            benches,
        );
        run.subject = commit.unwrap_or_default().subject();
        // Milliseconds since 1970.
        run.subject.taken_at = date.finite().map(|ms| (ms / 1000.0).floor() as i64);
        Some(run)
    }

    /// The run of a list of rows, which stands at `place`.
    fn run(&mut self, tool: Tool, suite: Option<&str>, place: &[Step], benches: Vec<&RawValue>) -> Run {
        let mut run = Run::of_tool(tool.name());
        if let Some(name) = suite {
            run.suites = vec![Suite { tool: tool.name().into(), name: name.into() }];
        }
        let package = suite.filter(|_| self.several);
        let mut rows: Vec<(usize, Bench)> = Vec::with_capacity(benches.len());
        for (index, bench) in benches.into_iter().enumerate() {
            match json::part::<Bench>(bench.get()) {
                Ok(bench) => rows.push((index, bench)),
                Err(wrong) => {
                    let place: Vec<Step> = place.iter().cloned().chain([Step::Index(index)]).collect();
                    self.malformed(&mut run, &tool, package, &place, bench.get(), wrong);
                }
            }
        }
        if tool == Tool::Go {
            row::leave_out_joined(&mut rows);
        }
        for (index, bench) in rows {
            let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
            let place: Vec<Step> = place.iter().cloned().chain([Step::Index(index), key("value")]).collect();
            row::add(&mut run, &tool, package, bench, origin, |code, name, message| {
                self.faults.row(code, &place, name, message)
            });
        }
        run
    }

    /// Takes a row that is not what it should be: a failure of its benchmark, where it names one.
    fn malformed(
        &mut self,
        run: &mut Run,
        tool: &Tool,
        package: Option<&str>,
        place: &[Step],
        row: &str,
        wrong: json::Wrong,
    ) {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let named = serde_json::from_str::<Named>(row).ok();
        let path: Vec<Step> = place.iter().cloned().chain(wrong.steps).collect();
        let name = named.map_or_else(|| json::path(place), |named| named.name);
        let id: BenchmarkId = row::id_of(tool, package, &name, "");
        let fault = self.faults.row(wrong.code, &path, &id.name, format!("malformed row: {}", wrong.message));
        run.failures.entry(id).or_insert(fault);
    }
}

/// Words of an `extra` text by what stands before `:` or `=` in each of its lines.
fn labelled(extra: &str) -> BTreeMap<&str, &str> {
    extra
        .lines()
        .filter_map(|line| line.split_once([':', '=']))
        .map(|(word, text)| (word.trim(), text.trim()))
        .collect()
}
