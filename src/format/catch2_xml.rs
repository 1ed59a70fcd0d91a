//! Catch2's XML with benchmarks, as `--reporter xml` writes it.
//!
//! A benchmark is named by its sections and itself, `section/benchmark`; the test case is its package, as in Catch2's text. Catch2
//! resamples what it measured: the mean and the standard deviation of the samples are in the file, the samples are not.
//!
//! Not here: whether the test case passed, which is not about its benchmarks.

use super::json::Number;
use super::rows;
use super::xml::{self, Element, Step};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::model::{BenchmarkId, Fault, MetricId, Run, Statistic, Summary};
use crate::text;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "catch2-xml",
    title: "Catch2 XML",
    url: "https://github.com/catchorg/Catch2",
    tested: "2.13 to 3.1",
    written_by: "TESTS --reporter xml > FILE",
    reader: Reader::Text { claims, parse },
};

/// The tool, as the text has it.
const TOOL: &str = "catch2";

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('<') && probe.text.contains("<BenchmarkResults ")
}

/// A benchmark on its way.
struct Benchmark {
    element: Element,
    mean: Option<String>,
    deviation: Option<String>,
    failed: Option<String>,
}

// https://github.com/catchorg/Catch2/blob/v3.5.0/src/catch2/reporters/catch_reporter_xml.cpp (benchmarkEnded, benchmarkFailed)

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(TOOL);
    let mut benchmark: Option<Benchmark> = None;
    // Every open element, with its name if it is a test case or a section.
    let mut open: Vec<(String, Option<String>)> = Vec::new();
    let mut position = 0;
    let walked = xml::walk(document, |step| match step {
        Step::Open(element) => {
            let own = matches!(element.name.as_str(), "TestCase" | "Section")
                .then(|| element.get("name").unwrap_or("").trim().to_owned());
            open.push((element.name.clone(), own));
            match (element.name.as_str(), benchmark.as_mut()) {
                ("Catch2TestRun", _) => {
                    let version = element.get("catch2-version").map(Into::into);
                    run.environment.labels.extend(version.map(|version| ("catch2".into(), version)));
                }
                ("BenchmarkResults", None) => {
                    benchmark = Some(Benchmark { element, mean: None, deviation: None, failed: None });
                }
                ("mean", Some(benchmark)) => benchmark.mean = element.get("value").map(str::to_owned),
                ("standardDeviation", Some(benchmark)) => {
                    benchmark.deviation = element.get("value").map(str::to_owned);
                }
                ("failed", Some(benchmark)) => {
                    benchmark.failed = Some(element.get("message").unwrap_or("").to_owned());
                }
                _ => {}
            }
        }
        Step::Close => {
            let closed = open.pop();
            if closed.is_some_and(|(name, _)| name == "BenchmarkResults")
                && let Some(benchmark) = benchmark.take()
            {
                let mut path = open.iter().filter_map(|(_, name)| name.clone());
                let case = path.next();
                let sections: Vec<String> = path.collect();
                add(document, diagnostics, &mut run, benchmark, case, sections, position);
                position += 1;
            }
        }
    });
    if let Err(diagnostic) = walked {
        diagnostics.push(diagnostic);
        return Vec::new();
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the file holds no benchmark");
        return Vec::new();
    }
    vec![run]
}

fn add(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    benchmark: Benchmark,
    case: Option<String>,
    sections: Vec<String>,
    position: usize,
) {
    let Benchmark { element, mean, deviation, failed } = benchmark;
    let own = element.get("name").unwrap_or("").trim();
    let name: Vec<&str> = sections.iter().map(String::as_str).chain([own]).collect();
    let id = BenchmarkId::new(TOOL, case.map(Into::into), name.join("/"));
    let mut fault = |code, message: String| {
        let location = element.location(document);
        let mut diagnostic = Diagnostic::new(code, format!("`{}`: {message}", text::shown(&id.name)));
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        diagnostics.push(diagnostic.at(location.clone()));
        Fault { message, location: Some(location) }
    };
    if let Some(why) = failed {
        let fault = fault(Code::BenchmarkFailed, format!("failed: {}", text::shown(&why.into())));
        run.failures.entry(id).or_insert(fault);
        return;
    }
    let nanoseconds = unit::parse("ns");
    let number = |text: Option<String>| {
        text.map_or(Number::Missing, |text| match text.parse::<f64>() {
            Ok(value) => Number::Value(value),
            Err(_) => Number::Text(text.into()),
        })
    };
    let mut time = rows::time("ns", rows::origin(position));
    match rows::value_of(&number(mean), &nanoseconds) {
        Ok(mean) => {
            let deviation = rows::value_of(&number(deviation), &nanoseconds).ok();
            let samples = element.get("samples").and_then(|samples| samples.parse().ok());
            time.summary =
                Summary::unknown().with(Statistic::Mean, Some(mean)).with_stddev(deviation).with_count(samples);
        }
        Err((code, why)) => time.fault = Some(Box::new(fault(code, format!("`mean` is {why}")))),
    }
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
}
