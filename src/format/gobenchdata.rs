//! gobenchdata's JSON: a history of Go benchmarks, one run for each time that it was written.
//!
//! A benchmark is qualified by its package; its time is `ns/op`, its memory `B/op` and `allocs/op`, its rate `MB/s`, and metrics
//! of its own have their units as names, as in Go's own text. The file writes 0 for what was not measured, so memory is read
//! where any benchmark of the run has some, and rates that are not zero.
//!
//! A version that looks like a commit is one; else it is a label.
//!
//! Not here: the number of iterations, and charts.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Step};
use super::rows::{self, Faults, key, own_key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Kind, MetricId, Run};
use crate::text::Untrusted;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "gobenchdata",
    title: "gobenchdata JSON",
    url: "https://github.com/bobheadxi/gobenchdata",
    tested: "made files only",
    written_by: "go test -bench . -benchmem ./... | gobenchdata --json FILE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('[') && probe.has_keys(&["Date", "Suites"])
}

// https://github.com/bobheadxi/gobenchdata/blob/v1.3.1/bench/types.go

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a run as an object")]
struct Recorded<'a> {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    date: Number,
    #[serde(borrow)]
    suites: Vec<Suite<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a suite as an object")]
struct Suite<'a> {
    #[serde(default)]
    goos: Option<String>,
    #[serde(default)]
    goarch: Option<String>,
    #[serde(default)]
    pkg: Option<String>,
    #[serde(borrow)]
    benchmarks: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a benchmark as an object")]
struct Benchmark {
    name: String,
    #[serde(default)]
    ns_per_op: Number,
    #[serde(default)]
    mem: Mem,
    #[serde(default)]
    custom: Option<Entries<Number>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct Mem {
    #[serde(default)]
    bytes_per_op: Number,
    #[serde(default)]
    allocs_per_op: Number,
    #[serde(default, rename = "MBPerSec")]
    mb_per_sec: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let recorded = match json::parse::<Vec<Recorded<'_>>>(document, &mut scratch, FORMAT.written_by) {
        Ok(recorded) => recorded,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    let mut faults = Faults::new(document, diagnostics);
    let runs = recorded.into_iter().enumerate().map(|(index, recorded)| run(&mut faults, index, recorded));
    let mut runs: Vec<Run> = runs.filter(|run| !run.is_empty()).collect();
    if runs.is_empty() {
        let place = json::location(document, &[]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no benchmark").at(place));
    }
    // The file has the newest first.
    runs.reverse();
    runs
}

fn run(faults: &mut Faults<'_, '_>, index: usize, recorded: Recorded<'_>) -> Run {
    let Recorded { version, date, suites } = recorded;
    let mut run = Run::of_tool(FORMAT.name);
    run.subject.taken_at = date.finite().map(|seconds| seconds as i64);
    match version.filter(|version| !version.is_empty()) {
        Some(version) if version.len() >= 7 && version.bytes().all(|b| b.is_ascii_hexdigit()) => {
            run.subject.commit = Some(version.into());
        }
        Some(version) => run.environment.labels.extend([("version".into(), version.into())]),
        None => {}
    }
    let mut read: Vec<(Vec<Step>, Option<Untrusted>, Benchmark)> = Vec::new();
    for (at, suite) in suites.into_iter().enumerate() {
        let Suite { goos, goarch, pkg, benchmarks } = suite;
        for (label, value) in [("os", goos), ("arch", goarch)] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                run.environment.labels.entry(label.into()).or_insert_with(|| value.into());
            }
        }
        for (nth, benchmark) in benchmarks.into_iter().enumerate() {
            let place = vec![Step::Index(index), key("Suites"), Step::Index(at), key("Benchmarks"), Step::Index(nth)];
            match json::part(benchmark.get()) {
                Ok(row) => read.push((place, pkg.as_deref().map(Into::into), row)),
                Err(wrong) => faults.malformed(&mut run, FORMAT.name, "Name", &place, benchmark.get(), wrong),
            }
        }
    }
    let some = |number: &Number| *number != Number::Missing && *number != Number::Value(0.0);
    let has_memory = read.iter().any(|(.., row)| some(&row.mem.bytes_per_op) || some(&row.mem.allocs_per_op));
    for (position, (place, package, row)) in read.into_iter().enumerate() {
        let Benchmark { name, ns_per_op, mem, custom } = row;
        let Mem { bytes_per_op, allocs_per_op, mb_per_sec } = mem;
        let id = BenchmarkId::new(FORMAT.name, package, name);
        let mut values = vec![(vec![key("NsPerOp")], "ns/op".to_owned(), ns_per_op)];
        let memory = [("BytesPerOp", "B/op", bytes_per_op), ("AllocsPerOp", "allocs/op", allocs_per_op)];
        for (name, unit, number) in memory.into_iter().filter(|(.., n)| has_memory && *n != Number::Missing) {
            values.push((vec![key("Mem"), key(name)], unit.to_owned(), number));
        }
        if some(&mb_per_sec) {
            values.push((vec![key("Mem"), key("MBPerSec")], "MB/s".to_owned(), mb_per_sec));
        }
        for (unit, value) in custom.unwrap_or_default().0 {
            values.push((vec![key("Custom"), own_key(&unit)], unit, value));
        }
        for (path, unit, number) in values {
            let parsed = unit::parse(&unit);
            let own = path.first() == Some(&key("Custom"));
            let metric = if own { MetricId::new(unit.as_str()) } else { rows::metric_of(&parsed, &unit) };
            let kind = if metric.raw() == MetricId::ALLOCS { Kind::Exact } else { Kind::Noisy };
            let mut observation = rows::observation(&parsed, &unit, kind, rows::origin(position));
            observation.derived = unit == "MB/s";
            match rows::value_of(&number, &parsed) {
                Ok(value) => observation.set_value(value),
                Err((code, why)) => {
                    let path = [place.as_slice(), path.as_slice()].concat();
                    let message = format!("`{}` is {why}", crate::text::shown(&unit.as_str().into()));
                    observation.fault = Some(Box::new(faults.row(code, &path, &id.name, message)));
                }
            }
            rows::add(&mut run, &id, metric, observation);
        }
    }
    run
}
