//! The lines of benchmark.js: `name x 1,431,759 ops/sec ±0.74% (93 runs sampled)`.
//!
//! The value is how often the benchmark ran in a second, as the reciprocal of its mean time. The percentage is the margin of
//! error of the mean, which is no deviation and is not used. A name may hold ` x ` itself: the last one counts.
//!
//! benchmark.js writes a benchmark that threw as its name and a colon, with the error behind it where Node gives one: it
//! failed. A name that comes again is a further run.
//!
//! Not here: benchmarks that were aborted, whose lines are not different from those of others.

use super::lines::{self, Lines};
use super::{Document, Format, Probe, Reader, rows};
use crate::diag::{Code, Diagnostics};
use crate::model::{Better, Kind, MetricId, Origin, Run, Statistic, Summary};
use crate::unit::{Parsed, Unit};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "benchmarkjs",
    title: "benchmark.js text",
    url: "https://benchmarkjs.com",
    tested: "2.1",
    written_by: "node bench.js | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| Line::of(line).is_some())
}

/// A result.
struct Line<'a> {
    name: &'a str,
    rate: f64,
    runs: u64,
}

impl<'a> Line<'a> {
    // https://github.com/bestiejs/benchmark.js/blob/2.1.4/benchmark.js#L1451 (toStringBench)
    fn of(line: &'a str) -> Option<Self> {
        let (rest, runs) = line.trim_end().strip_suffix(" sampled)")?.rsplit_once('(')?;
        let runs = runs.strip_suffix(" runs").or_else(|| runs.strip_suffix(" run"))?.parse().ok()?;
        let (rest, margin) = rest.trim_end().rsplit_once(" ops/sec ")?;
        let margin = margin.strip_prefix('±').or_else(|| margin.strip_prefix("+-"))?;
        margin.strip_suffix('%').filter(|margin| margin.parse::<f64>().is_ok())?;
        let (name, rate) = rest.rsplit_once(" x ")?;
        Some(Self { name: name.trim(), rate: lines::number(rate.trim())?, runs })
    }
}

/// The name in the line of a benchmark that threw.
fn failed(line: &str) -> Option<&str> {
    let (name, error) = line.split_once(": ")?;
    let kind = error.split(':').next().unwrap_or("");
    let is_error = error.trim().is_empty() || (kind.ends_with("Error") && kind.chars().all(char::is_alphanumeric));
    (is_error && !name.trim().is_empty()).then_some(name.trim())
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for line in document.text.lines() {
        if let Some(Line { name, rate, runs }) = Line::of(line) {
            let id = read.id(name);
            let parsed = Parsed { factor: 1.0, unit: Unit::PerSecond, better: Some(Better::Higher) };
            let mut observation = rows::observation(&parsed, "ops/sec", Kind::Noisy, Origin::default());
            observation.summary = Summary::unknown().with(Statistic::Mean, Some(rate)).with_count(Some(runs));
            if let Some(why) = rows::unfit(rate, &parsed.unit) {
                let fault = read.fault(Code::InvalidValue, line, &id.name, &format!("has a rate that is {why}"));
                observation.fault = Some(Box::new(fault));
            }
            read.add(&id, vec![(MetricId::new(MetricId::THROUGHPUT), observation)]);
        } else if line.contains(" ops/sec ") {
            let name = line.rsplit_once(" x ").map_or(line, |(name, _)| name).trim();
            let id = read.id(name);
            read.fail(Code::MalformedLine, line, &id, "has no rate that can be read");
        } else if let Some(name) = failed(line) {
            let id = read.id(name);
            read.fail(Code::BenchmarkFailed, line, &id, "failed");
        }
    }
    read.finish("no line of the output is a benchmark's result")
}
