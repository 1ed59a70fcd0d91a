//! The text of `ab`, the HTTP server benchmark of Apache, one block for each call.
//!
//! A benchmark is the page that was asked for, with the number of requests at a time. Its percentiles are whole milliseconds;
//! one of 0 ms is below what `ab` can tell and left out. The mean comes from the time for all requests and has three digits more.
//!
//! `error-rate` holds answers with another status than 2xx, and requests that could not connect, read or send. Answers
//! of another length than the first one are failures for `ab`, but pages that are made for each request are no failures:
//! they have a metric of their own, `length-rate`, that is judged only where the configuration names it.
//!
//! Not here: connection times, which are parts of the whole, and `-g` and `-e`, which write files of their own.

use super::lines::{self, Lines};
use super::load::{self, Load};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{Origin, Run, Statistic, Summary};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "ab",
    title: "ApacheBench text",
    url: "https://httpd.apache.org/docs/current/programs/ab.html",
    tested: "2.3",
    written_by: "ab -n 1000 -c 10 URL | tee ab.txt",
    reader: Reader::Text { claims, parse },
};

/// How the output of each call begins.
const FIRST: &str = "This is ApacheBench, Version ";

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| line.starts_with(FIRST))
}

// https://github.com/apache/httpd/blob/2.4.62/support/ab.c (output_results)

/// What one call printed.
#[derive(Default)]
struct Block<'a> {
    first: &'a str,
    /// Every `Name:   value` line.
    fields: Vec<(&'a str, &'a str)>,
    /// `Connect: 0, Receive: 0, Length: 3, Exceptions: 0`, where there are failures.
    failures: Option<&'a str>,
    /// Rows of the table of percentiles.
    percentiles: Vec<(&'a str, &'a str)>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for block in blocks(document.text) {
        let text = |name: &str| block.fields.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| *value);
        let first_number = |name: &str| text(name).split_whitespace().next().and_then(lines::number);
        let page = format!("{}:{}{}", text("Server Hostname"), text("Server Port"), text("Document Path"));
        let page = if page == ":" { load::REQUESTS.to_owned() } else { page };
        let id = read.id(match text("Concurrency Level") {
            "" => page,
            level => format!("{page} ({level} at a time)"),
        });
        let (Some(complete), Some(rate)) = (first_number("Complete requests"), first_number("Requests per second"))
        else {
            let message = "has no result: ab could not connect, or was stopped";
            read.fail(Code::BenchmarkFailed, block.first, &id, message);
            continue;
        };
        let parts = block.failures.map(parts);
        let lengths = parts.as_ref().map_or(0.0, |parts| parts.iter().filter(|p| p.0 == "Length").map(|p| p.1).sum());
        let broken = parts.as_ref().map_or_else(
            || first_number("Failed requests").unwrap_or(0.0),
            |parts| parts.iter().filter(|part| part.0 != "Length").map(|part| part.1).sum(),
        );
        let mut latency = Summary::unknown().with_count(Some(complete as u64));
        // The first of two lines of this name; the second is the reciprocal of the rate.
        let mean = first_number("Time per request").filter(|_| text("Time per request").contains("[ms]"));
        latency = latency.with(Statistic::Mean, mean.map(|mean| mean * 1e-3));
        for (percentage, value) in &block.percentiles {
            let statistic = lines::number(percentage).and_then(load::percentile);
            let value = lines::number(value).filter(|value| *value > 0.0);
            if let (Some(statistic), Some(value)) = (statistic, value) {
                latency = latency.with(statistic, Some(value * 1e-3));
            }
        }
        let load = Load {
            latency,
            samples: Vec::new(),
            tool_unit: "ms",
            throughput: Some(rate),
            transfer: first_number("Transfer rate").map(|rate| rate * 1024.0),
            failed: broken + first_number("Non-2xx responses").unwrap_or(0.0),
            all: complete,
        };
        match load.metrics(Origin::default()) {
            Ok(mut metrics) => {
                let (metric, mut observation) = load::share("length-rate", lengths / complete, Origin::default());
                observation.derived = true;
                metrics.push((metric, observation));
                read.add(&id, metrics);
            }
            Err(why) => read.fail(Code::BenchmarkFailed, block.first, &id, why),
        }
    }
    read.finish("the output holds no result of ab")
}

/// The kinds of failures with their numbers.
fn parts(text: &str) -> Vec<(&str, f64)> {
    let parts = text.split(',').filter_map(|part| part.split_once(':'));
    parts.filter_map(|(name, count)| Some((name.trim(), lines::number(count.trim())?))).collect()
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for line in text.lines() {
        if line.starts_with(FIRST) {
            blocks.push(Block { first: line, ..Block::default() });
            continue;
        }
        let Some(block) = blocks.last_mut() else { continue };
        if let Some(failures) = line.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            if failures.contains("Length:") {
                block.failures = Some(failures);
            }
        } else if let Some((percentage, rest)) = line.trim_start().split_once('%')
            && line.starts_with(' ')
        {
            block.percentiles.push((percentage, rest.split_whitespace().next().unwrap_or("")));
        } else if let Some((name, value)) = line.split_once(':')
            && !line.starts_with(' ')
        {
            block.fields.push((name, value.trim()));
        }
    }
    blocks
}
