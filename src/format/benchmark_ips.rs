//! The text of Ruby's benchmark-ips.
//!
//! The value is how often a block ran in a second, `throughput`; its percentage is the standard deviation. A name that is too
//! long for its column stands in the line before. Lines of the warm-up and of the comparison at the end say nothing new.
//! A table that comes again is a further run.
//!
//! Not here: the file that `json!` writes.

use super::lines::{self, Lines};
use super::{Document, Format, Probe, Reader, rows};
use crate::diag::{Code, Diagnostics};
use crate::model::{Better, Kind, MetricId, Origin, Run, Statistic, Summary};
use crate::unit::{Parsed, Unit};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "benchmark-ips",
    title: "benchmark-ips text",
    url: "https://github.com/evanphx/benchmark-ips",
    tested: "2.7",
    written_by: "ruby bench.rb | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// The line before the results.
const FIRST: &str = "Calculating ----";

fn claims(probe: &Probe<'_>) -> bool {
    let mut lines = probe.text.lines();
    lines.any(|line| line.starts_with(FIRST)) && lines.any(|line| Row::of(line).is_some())
}

/// A result. The name is empty where it stands in the line before.
struct Row<'a> {
    name: &'a str,
    rate: f64,
    deviation: f64,
}

impl<'a> Row<'a> {
    // https://github.com/evanphx/benchmark-ips/blob/v2.14.0/lib/benchmark/ips/report.rb (Entry#body)
    fn of(line: &'a str) -> Option<Self> {
        let (front, back) = line.split_once(" (±")?;
        let (percentage, rest) = back.split_once("%)")?;
        rest.trim_start().strip_prefix("i/s")?;
        let front = front.trim_end();
        let (name, rate) = front.rsplit_once(' ').unwrap_or(("", front));
        let (value, prefix) = lines::quantity(rate)?;
        let factor = match prefix {
            "" => 1.0,
            "k" => 1e3,
            "M" => 1e6,
            "B" => 1e9,
            "T" => 1e12,
            "Q" => 1e15,
            _ => return None,
        };
        let rate = value * factor;
        Some(Self { name: name.trim(), rate, deviation: rate * lines::number(percentage.trim())? / 100.0 })
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    let parsed = Parsed { factor: 1.0, unit: Unit::PerSecond, better: Some(Better::Higher) };
    let mut in_results = false;
    let mut before = "";
    for line in document.text.lines() {
        if line.starts_with(FIRST) {
            in_results = true;
        } else if line.starts_with("Comparison:") || line.starts_with("Warming up ----") {
            in_results = false;
        } else if in_results && let Some(Row { name, rate, deviation }) = Row::of(line) {
            let id = read.id(if name.is_empty() { before.trim() } else { name });
            let mut observation = rows::observation(&parsed, "i/s", Kind::Noisy, Origin::default());
            observation.summary = Summary::unknown().with(Statistic::Mean, Some(rate)).with_stddev(Some(deviation));
            if rate.is_finite() {
                read.add(&id, vec![(MetricId::new(MetricId::THROUGHPUT), observation)]);
            } else {
                read.fail(Code::InvalidValue, line, &id, "has a rate that is infinite");
            }
        } else if in_results && line.contains("i/s") {
            let name = line.split("  ").find(|part| !part.trim().is_empty()).unwrap_or(line);
            let id = read.id(name.trim());
            read.fail(Code::MalformedLine, line, &id, "has no rate that can be read");
        }
        before = line;
    }
    read.finish("the output holds no result of benchmark-ips")
}
