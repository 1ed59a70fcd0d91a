//! The XML of test reports that most test runners write: how long each test took.
//!
//! A benchmark is a test case, its class its package. Where several suites have a test of one name and class, their names are the
//! package: some runners write one class for all. A test that failed or broke is a failed benchmark, because how long it took
//! says nothing; a test that was skipped is none. Times of tests hold more than what is tested and are noisy: a limit in steps
//! (`min-change = "100ms"`) keeps the short ones out.
//!
//! A test case once more, as runners that try again write it, is another sample.
//!
//! Not here: sums of suites, properties, output, and the machine's host name.

use std::collections::{BTreeMap, BTreeSet};

use super::json::Number;
use super::rows;
use super::xml::{self, Element, Step};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::model::{BenchmarkId, Fault, MetricId, Run};
use crate::text;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "junit",
    title: "JUnit XML (test durations)",
    url: "https://github.com/testmoapp/junitxml",
    tested: "pytest 9.2, node 20",
    written_by: "pytest --junitxml=FILE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    // perfgate's own report is of this form, and no result.
    probe.first == Some('<')
        && probe.text.contains("<testsuite")
        && probe.text.contains("<testcase")
        && !probe.text.contains("<testsuites name=\"perfgate\"")
}

/// A test case on its way.
struct Case {
    element: Element,
    /// The suites that it is in.
    suites: String,
    /// How deep it stands.
    depth: usize,
    skipped: bool,
    failed: Option<String>,
}

impl Case {
    /// What tells it from others of its suite.
    fn key(&self) -> (String, String) {
        let of = |name| self.element.get(name).unwrap_or("").to_owned();
        (of("classname"), of("name"))
    }
}

// https://github.com/testmoapp/junitxml describes what runners agree on.

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(FORMAT.name);
    let mut cases: Vec<Case> = Vec::new();
    let mut case: Option<Case> = None;
    // Names of the open elements, where they are suites.
    let mut open: Vec<Option<String>> = Vec::new();
    let walked = xml::walk(document, |step| match step {
        Step::Open(element) => {
            let mut suite = None;
            match (element.name.as_str(), case.as_mut()) {
                ("testsuite" | "testsuites", _) => {
                    let taken_at = element.get("timestamp").and_then(rows::moment);
                    run.subject.taken_at = run.subject.taken_at.or(taken_at);
                    suite = element.get("name").map(str::to_owned);
                }
                ("testcase", None) => {
                    let suites: Vec<&str> = open.iter().flatten().map(String::as_str).collect();
                    let (suites, depth) = (suites.join("/"), open.len() + 1);
                    case = Some(Case { element, suites, depth, skipped: false, failed: None });
                }
                ("skipped", Some(case)) => case.skipped = true,
                ("failure" | "error", Some(case)) => {
                    let message = element.get("message").and_then(|message| message.lines().next()).unwrap_or("");
                    case.failed.get_or_insert(message.to_owned());
                }
                _ => {}
            }
            open.push(suite);
        }
        Step::Close => {
            cases.extend(case.take_if(|case| case.depth == open.len()));
            open.pop();
        }
    });
    if let Err(diagnostic) = walked {
        diagnostics.push(diagnostic);
        return Vec::new();
    }
    let mut suites: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for case in &cases {
        suites.entry(case.key()).or_default().insert(case.suites.clone());
    }
    for (position, case) in cases.into_iter().enumerate() {
        let several = suites.get(&case.key()).is_some_and(|suites| suites.len() > 1);
        add(document, diagnostics, &mut run, case, several, position);
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the file holds no test that ran");
        return Vec::new();
    }
    vec![run]
}

fn add(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    case: Case,
    several: bool,
    position: usize,
) {
    let Case { element, suites, depth: _, skipped, failed } = case;
    let Some(name) = element.get("name").filter(|name| !name.is_empty()) else {
        let message = "a test case without a name is left out";
        diagnostics.push(Diagnostic::new(Code::MalformedLine, message).at(element.location(document)));
        return;
    };
    let class = element.get("classname").unwrap_or("");
    let package = Some(if several || class.is_empty() { suites.as_str() } else { class }).filter(|p| !p.is_empty());
    let id = BenchmarkId::new(FORMAT.name, package.map(Into::into), name);
    let mut fault = |code, message: String| {
        let location = element.location(document);
        let mut diagnostic = Diagnostic::new(code, format!("`{}`: {message}", text::shown(&id.qualified())));
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        diagnostics.push(diagnostic.at(location.clone()));
        Fault { message, location: Some(location) }
    };
    if let Some(why) = failed {
        let why = text::shown(&why.into());
        let message = if why == "(blank)" { "failed".to_owned() } else { format!("failed: {why}") };
        let fault = fault(Code::BenchmarkFailed, message);
        run.failures.entry(id).or_insert(fault);
        return;
    }
    // GoogleTest and CTest say it on the test case itself.
    let not_run = |name, words: &[&str]| element.get(name).is_some_and(|value| words.contains(&value));
    if skipped || not_run("status", &["notrun", "disabled"]) || not_run("result", &["suppressed", "skipped"]) {
        return;
    }
    let seconds = unit::parse("s");
    let mut time = rows::time("s", rows::origin(position));
    // Some runners put commas between thousands.
    let number = element.get("time").map_or(Number::Missing, |time| {
        time.replace(',', "").parse::<f64>().map_or_else(|_| Number::Text(time.into()), Number::Value)
    });
    match rows::value_of(&number, &seconds) {
        Ok(value) => time.set_value(value),
        Err((code, why)) => time.fault = Some(Box::new(fault(code, format!("`time` is {why}")))),
    }
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
}
