//! JUnit's XML, as most test runners write it: how long each test took.
//!
//! A benchmark is a test case, its class its package. A test that failed or broke is a failed benchmark, because how long it took
//! says nothing; a test that was skipped is none. Times of tests hold more than what is tested and are noisy: a limit in steps
//! (`min-change = "100ms"`) keeps the short ones out.
//!
//! A test case once more, as runners that try again write it, is another sample.
//!
//! Not here: sums of suites, properties, output, and the machine's host name.

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
    tested: "pytest 9.2",
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
    /// How deep it stands.
    depth: usize,
    skipped: bool,
    failed: Option<String>,
}

// https://github.com/testmoapp/junitxml describes what runners agree on.

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(FORMAT.name);
    let mut case: Option<Case> = None;
    let (mut depth, mut position) = (0_usize, 0);
    let walked = xml::walk(document, |step| match step {
        Step::Open(element) => {
            depth += 1;
            match (element.name.as_str(), case.as_mut()) {
                ("testsuite" | "testsuites", _) => {
                    if run.subject.taken_at.is_none() {
                        run.subject.taken_at = element.get("timestamp").and_then(rows::moment);
                    }
                }
                ("testcase", None) => case = Some(Case { element, depth, skipped: false, failed: None }),
                ("skipped", Some(case)) => case.skipped = true,
                ("failure" | "error", Some(case)) => {
                    let message = element.get("message").and_then(|message| message.lines().next()).unwrap_or("");
                    case.failed.get_or_insert(message.to_owned());
                }
                _ => {}
            }
        }
        Step::Close => {
            if let Some(ended) = case.take_if(|case| case.depth == depth) {
                add(document, diagnostics, &mut run, ended, position);
                position += 1;
            }
            depth = depth.saturating_sub(1);
        }
    });
    if let Err(diagnostic) = walked {
        diagnostics.push(diagnostic);
        return Vec::new();
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the file holds no test that ran");
        return Vec::new();
    }
    vec![run]
}

fn add(document: &Document<'_>, diagnostics: &mut Diagnostics, run: &mut Run, case: Case, position: usize) {
    let Case { element, depth: _, skipped, failed } = case;
    let Some(name) = element.get("name").filter(|name| !name.is_empty()) else {
        let message = "a test case without a name is left out";
        diagnostics.push(Diagnostic::new(Code::MalformedLine, message).at(element.location(document)));
        return;
    };
    let package = element.get("classname").filter(|class| !class.is_empty());
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
    if skipped {
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
