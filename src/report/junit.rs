//! Test results as `JUnit` XML, which nearly every CI system shows.
//!
//! One suite per tool and package, one test case per series. `fail` is a failure, `invalid` an error, what could not be
//! judged is skipped, `warn` passes and says so in its output. Where the gate is red for a reason that is no row (a
//! suite's shift, nothing compared), a test case of its own says it: a red gate is never all green here. Nothing compared
//! where that is allowed is skipped.
//!
//! The layout is the one of the Ant task's schema that Jenkins and GitLab read (`windyroad/JUnit-Schema`). There are no
//! times: a benchmark's value is not how long the test took.
//!
//! Not here: the verdict's whole story, which a test result has no place for.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::labels::labels;
use super::wording::{self, PLAIN};
use super::{Output, Style};
use crate::diag::{Code, Severity};
use crate::model::report::{GateVerdict, Note, Report, Row, Verdict};
use crate::text::{self, Untrusted};

/// The output's entry.
pub(super) static OUTPUT: Output =
    Output { name: "junit", title: "JUnit XML, for CI systems that show test results", render };

/// How a test case ended.
enum Ending {
    Passed(Option<String>),
    Failed(&'static str, String, String),
    Errored(&'static str, String, String),
    Skipped(String),
}

struct Case {
    class: String,
    name: String,
    ending: Ending,
}

/// Numbers of test cases by how they ended.
#[derive(Clone, Copy, Default)]
struct Tally {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Tally {
    fn of(cases: &[Case]) -> Self {
        let count = |is: fn(&Ending) -> bool| cases.iter().filter(|c| is(&c.ending)).count();
        Self {
            tests: cases.len(),
            failures: count(|e| matches!(e, Ending::Failed(..))),
            errors: count(|e| matches!(e, Ending::Errored(..))),
            skipped: count(|e| matches!(e, Ending::Skipped(_))),
        }
    }

    fn add(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }

    fn attributes(self) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
            ("time", "0".to_owned()),
        ]
    }
}

fn render(report: &Report, _: &Style) -> String {
    all(std::slice::from_ref(report))
}

/// The suites of all reports in one document; those of several begin with what the report is called.
pub(super) fn all(reports: &[Report]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = write(reports, &mut writer);
    let mut text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

fn write(reports: &[Report], writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let labels = if reports.len() > 1 { labels(reports, &name) } else { vec![String::new()] };
    let suites: Vec<(&Report, String, Vec<Case>)> = reports
        .iter()
        .zip(labels)
        .flat_map(|(report, label)| {
            let title = move |suite: String| if label.is_empty() { suite } else { format!("{label}: {suite}") };
            suites(report).into_iter().map(move |(suite, cases)| (report, title(suite), cases))
        })
        .collect();
    let total = suites.iter().map(|(.., cases)| Tally::of(cases)).fold(Tally::default(), Tally::add);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = writer.create_element("testsuites").with_attribute(("name", "perfgate"));
    let root = root.with_attributes(total.attributes().iter().map(|(k, v)| (*k, v.as_str())));
    root.write_inner_content(|writer| {
        for (report, name, cases) in &suites {
            let suite = writer.create_element("testsuite").with_attribute(("name", name.as_str()));
            let tally = Tally::of(cases).attributes();
            let suite = suite.with_attributes(tally.iter().map(|(k, v)| (*k, v.as_str())));
            suite.write_inner_content(|writer| {
                properties(report, writer)?;
                cases.iter().try_for_each(|case| write_case(case, writer))
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

/// The test cases by suite.
fn suites(report: &Report) -> BTreeMap<String, Vec<Case>> {
    let mut suites: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for row in &report.results {
        let tool = name(&row.tool);
        let suite = row.package.as_ref().map_or_else(|| tool.clone(), |p| format!("{tool} {}", name(p)));
        let class = row.package.as_ref().map_or(tool, name);
        let case =
            Case { class, name: format!("{} [{}]", name(&row.benchmark), name(&row.metric.0)), ending: ending(row) };
        suites.entry(suite).or_default().push(case);
    }
    let mut own = Vec::new();
    for shift in &report.shifts {
        let said = || wording::shift(shift, &name(&shift.suite), &name(&shift.metric.0), &PLAIN);
        let ending = match shift.verdict {
            Verdict::Fail => Ending::Failed("suite-shift", said(), String::new()),
            Verdict::Warn => Ending::Passed(Some(format!("warn: {}", said()))),
            _ => continue,
        };
        own.push(Case {
            class: "perfgate".to_owned(),
            name: format!("suite {} [{}]", name(&shift.suite), name(&shift.metric.0)),
            ending,
        });
    }
    let all = suites.values().map(|cases| Tally::of(cases)).fold(Tally::of(&own), Tally::add);
    let red = all.failures + all.errors > 0;
    let gate = match report.verdict {
        // What was allowed is no error of a job that passes.
        GateVerdict::None if is_allowed(report) => Some(Ending::Skipped(wording::headline(report))),
        GateVerdict::None => Some(Ending::Errored("nothing-compared", wording::headline(report), String::new())),
        GateVerdict::Fail if !red => Some(Ending::Failed("gate", wording::headline(report), String::new())),
        _ => None,
    };
    if let Some(ending) = gate {
        own.push(Case { class: "perfgate".to_owned(), name: "gate".to_owned(), ending });
    }
    if !own.is_empty() {
        suites.entry("perfgate".to_owned()).or_default().extend(own);
    }
    suites
}

/// Whether a report in which nothing was compared says that this was allowed: as a warning, no error.
fn is_allowed(report: &Report) -> bool {
    let says = |note: &Note| note.code == Code::NothingInCommon.as_str() && note.severity < Severity::Error;
    report.notes.iter().any(says)
}

fn ending(row: &Row) -> Ending {
    let reason = row.reasons.first().map_or(row.verdict.as_str(), |r| r.as_str());
    let numbers = wording::numbers(row);
    let why = row.explanations.join("\n");
    let said = [numbers.as_str(), why.as_str()].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join("\n");
    if !row.gate {
        return Ending::Passed(Some(format!("shown only: {said}")));
    }
    match row.verdict {
        Verdict::Fail => Ending::Failed(reason, numbers, why),
        Verdict::Invalid => {
            let message = row.explanations.first().cloned().unwrap_or_else(|| "the values cannot be used".to_owned());
            Ending::Errored(reason, message, said)
        }
        Verdict::Missing => Ending::Skipped("missing: in the baseline, not in the current run".to_owned()),
        Verdict::New => Ending::Skipped("new: no baseline yet".to_owned()),
        Verdict::Inconclusive => Ending::Skipped(format!("inconclusive: {said}")),
        Verdict::Warn | Verdict::Accepted | Verdict::Improved => {
            Ending::Passed(Some(format!("{}: {said}", row.verdict.as_str())))
        }
        Verdict::Pass => Ending::Passed(None),
    }
}

fn properties(report: &Report, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let mut known: Vec<(&str, String)> = vec![("perfgate.verdict", report.verdict.as_str().to_owned())];
    for (key, value) in [
        ("baseline.commit", &report.baseline.commit),
        ("baseline.branch", &report.baseline.branch),
        ("current.commit", &report.current.commit),
        ("current.branch", &report.current.branch),
    ] {
        known.extend(value.as_ref().map(|v| (key, name(v))));
    }
    writer
        .create_element("properties")
        .write_inner_content(|writer| {
            for (key, value) in &known {
                let property = writer.create_element("property").with_attribute(("name", *key));
                property.with_attribute(("value", value.as_str())).write_empty()?;
            }
            Ok(())
        })
        .map(|_| ())
}

fn write_case(case: &Case, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", case.class.as_str()))
        .with_attribute(("name", case.name.as_str()))
        .with_attribute(("time", "0"));
    let problem = |tag: &str, kind: &str, message: &str, said: &str, writer: &mut Writer<Vec<u8>>| {
        let message = text::xml(message);
        let problem = writer.create_element(tag).with_attribute(("message", message.as_ref()));
        let problem = problem.with_attribute(("type", kind));
        if said.is_empty() {
            problem.write_empty().map(|_| ())
        } else {
            problem.write_text_content(BytesText::new(&xml_lines(said))).map(|_| ())
        }
    };
    match &case.ending {
        Ending::Passed(None) => element.write_empty()?,
        Ending::Passed(Some(said)) => element.write_inner_content(|writer| {
            let output = writer.create_element("system-out");
            output.write_text_content(BytesText::new(&xml_lines(said))).map(|_| ())
        })?,
        Ending::Failed(kind, message, said) => {
            element.write_inner_content(|writer| problem("failure", kind, message, said, writer))?
        }
        Ending::Errored(kind, message, said) => {
            element.write_inner_content(|writer| problem("error", kind, message, said, writer))?
        }
        Ending::Skipped(message) => element.write_inner_content(|writer| {
            let message = text::xml(message);
            writer.create_element("skipped").with_attribute(("message", message.as_ref())).write_empty().map(|_| ())
        })?,
    };
    Ok(())
}

/// Our own line breaks stay, and no line is a command to a log's reader; everything else that XML cannot hold becomes visible.
fn xml_lines(said: &str) -> String {
    said.split('\n').map(|said| text::xml(&text::line(said)).into_owned()).collect::<Vec<_>>().join("\n")
}

/// A name in full.
fn name(name: &Untrusted) -> String {
    if name.raw().trim().is_empty() {
        return "(blank)".to_owned();
    }
    text::xml(&text::visible(name.raw())).into_owned()
}
