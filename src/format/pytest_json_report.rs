//! pytest-json-report's file: how long each test took.
//!
//! A benchmark is a test by its node id, qualified by its file and classes as in pytest-benchmark's files. `time` is how long the test
//! itself ran; its set-up and its teardown are `setup-time` and `teardown-time`, which are judged only where the configuration
//! names them. A test that failed or broke is a failed benchmark; one that was skipped or was expected to fail is none.
//!
//! Not here: collectors, environment, logs, and files of `--json-report-summary`, which have no tests.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Number, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, MetricId, Run};
use crate::text;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "pytest-json-report",
    title: "pytest-json-report (test durations)",
    url: "https://github.com/numirias/pytest-json-report",
    tested: "1.5",
    written_by: "pytest --json-report --json-report-file=FILE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{') && probe.has_keys(&["created", "exitcode", "summary"])
}

// https://github.com/numirias/pytest-json-report/blob/v1.5.0/README.md: keys that say nothing of durations are skipped.

#[derive(Deserialize)]
#[serde(expecting = "an object with `tests`")]
struct File<'a> {
    #[serde(default)]
    created: Number,
    #[serde(borrow, default)]
    tests: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a test as an object")]
struct Test {
    nodeid: String,
    outcome: String,
    #[serde(default)]
    setup: Option<Stage>,
    #[serde(default)]
    call: Option<Stage>,
    #[serde(default)]
    teardown: Option<Stage>,
}

#[derive(Deserialize)]
#[serde(expecting = "a stage of a test as an object")]
struct Stage {
    #[serde(default)]
    duration: Number,
    #[serde(default)]
    crash: Option<Crash>,
}

#[derive(Deserialize)]
#[serde(expecting = "a crash as an object")]
struct Crash {
    #[serde(default)]
    message: Option<String>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let File { created, tests } = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(file) => file,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if tests.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "the report holds no test")
                .at(json::location(document, &[]))
                .help("write it without `--json-report-summary` and without leaving out `tests`"),
        );
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    run.subject.taken_at = created.finite().map(|seconds| seconds as i64);
    let mut faults = Faults::new(document, diagnostics);
    for (index, test) in tests.into_iter().enumerate() {
        let place = [key("tests"), Step::Index(index)];
        match json::part::<Test>(test.get()) {
            Ok(row) => add(&mut run, &mut faults, &place, row, index),
            Err(wrong) => faults.malformed(&mut run, FORMAT.name, "nodeid", &place, test.get(), wrong),
        }
    }
    vec![run]
}

/// A node id as its file with its classes, and the test with its parameters, which can hold colons themselves.
fn split(nodeid: &str) -> (Option<&str>, &str) {
    let plain = nodeid.split('[').next().unwrap_or(nodeid);
    match plain.rfind("::").and_then(|at| Some((nodeid.get(..at)?, nodeid.get(at + 2..)?))) {
        Some((package, name)) => (Some(package), name),
        None => (None, nodeid),
    }
}

fn add(run: &mut Run, faults: &mut Faults<'_, '_>, place: &[Step], test: Test, index: usize) {
    let Test { nodeid, outcome, setup, call, teardown } = test;
    let (package, name) = split(&nodeid);
    let id = BenchmarkId::new(FORMAT.name, package.map(Into::into), name);
    let stages =
        [(MetricId::TIME, "call", call), ("setup-time", "setup", setup), ("teardown-time", "teardown", teardown)];
    match outcome.as_str() {
        "passed" | "xpassed" => {}
        "skipped" | "xfailed" => return,
        other => {
            let crash = stages.iter().find_map(|(_, _, stage)| stage.as_ref()?.crash.as_ref()?.message.as_deref());
            let why = crash.and_then(|message| message.lines().next()).unwrap_or(other);
            let message = format!("failed: {}", text::shown(&why.into()));
            let path = [place, &[key("outcome")]].concat();
            let fault = faults.row(Code::BenchmarkFailed, &path, &id.name, message);
            run.failures.entry(id).or_insert(fault);
            return;
        }
    }
    let seconds = unit::parse("s");
    for (metric, stage_name, stage) in stages {
        // Stages can be left out of the report.
        let Some(Stage { duration, crash: _ }) = stage else { continue };
        let mut time = rows::time("s", rows::origin(index));
        time.derived = metric != MetricId::TIME;
        match rows::value_of(&duration, &seconds) {
            Ok(value) => time.set_value(value),
            Err((code, why)) => {
                let path = [place, &[key(stage_name), key("duration")]].concat();
                let fault = faults.row(code, &path, &id.name, format!("`{stage_name}.duration` is {why}"));
                time.fault = Some(Box::new(fault));
            }
        }
        rows::add(run, &id, MetricId::new(metric), time);
    }
}
