//! The text of wrk and wrk2, one block for each call.
//!
//! A benchmark is a URL with the threads and connections that asked it. The same once more is a further run, as where a
//! script calls wrk several times; text that stands around the blocks says nothing.
//!
//! `latency` has the mean, the maximum and, with `--latency` and in wrk2, percentiles; of wrk2's two distributions the
//! one that takes delayed starts into account is read. The rate of single threads is the whole rate in parts and is left out.
//! `error-rate` holds what was answered with another status than 2xx or 3xx and errors of sockets, of all that were
//! answered or ended so.
//!
//! Not here: what Lua scripts print, and wrk2's detailed spectrum.

use super::lines::{self, Lines};
use super::load::{self, Load};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{Run, Statistic, Summary};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "wrk",
    title: "wrk and wrk2 text",
    url: "https://github.com/wg/wrk",
    tested: "4.1; wrk2 by its source",
    written_by: "wrk --latency URL | tee wrk.txt",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| url(line).is_some()) && probe.text.contains("  Thread Stats ")
}

/// The URL in the first line of a block.
fn url(line: &str) -> Option<&str> {
    let (_, url) = line.strip_prefix("Running ")?.split_once(" test @ ")?;
    Some(url.trim()).filter(|url| !url.is_empty())
}

// https://github.com/wg/wrk/blob/4.2.0/src/wrk.c (main, print_stats) and src/units.c;
// https://github.com/giltene/wrk2/blob/44a94c1/src/wrk.c (print_stats_latency).

/// What one call printed.
struct Block<'a> {
    first: &'a str,
    url: &'a str,
    /// `2 threads and 8 connections`.
    load: &'a str,
    latency: Summary,
    requests: Option<f64>,
    /// Requests that ended with an error of the socket.
    broken: f64,
    /// Answers with another status than 2xx or 3xx.
    refused: f64,
    rate: Option<f64>,
    transfer: Option<f64>,
    /// A line that cannot be read.
    malformed: Option<&'a str>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for block in blocks(document.text) {
        let Block { first, url, load, latency, requests, broken, refused, rate, transfer, malformed } = block;
        let id = read.id(if load.is_empty() { url.to_owned() } else { format!("{url} ({load})") });
        if let Some(line) = malformed {
            read.fail(Code::MalformedLine, line, &id, "has a line that cannot be read");
            continue;
        }
        // The rate is what wrk prints last but one.
        let (Some(requests), Some(rate)) = (requests, rate) else {
            read.fail(Code::TruncatedLine, first, &id, "has no end: wrk was stopped, or its output is cut short");
            continue;
        };
        let latency = latency.with_count(Some(requests as u64));
        let all = if requests > 0.0 { requests + broken } else { 0.0 };
        let load = Load {
            latency,
            samples: Vec::new(),
            tool_unit: "ms",
            throughput: Some(rate),
            transfer,
            failed: broken + refused,
            all,
        };
        read.add_load(&id, first, load);
    }
    read.finish("no line of the output is a result of wrk")
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut in_distribution = false;
    let mut third = Statistic::Max;
    for line in text.lines() {
        if let Some(url) = url(line) {
            in_distribution = false;
            blocks.push(Block {
                first: line,
                url,
                load: "",
                latency: Summary::unknown(),
                requests: None,
                broken: 0.0,
                refused: 0.0,
                rate: None,
                transfer: None,
                malformed: None,
            });
            continue;
        }
        let Some(block) = blocks.last_mut() else { continue };
        let words: Vec<&str> = line.split_whitespace().collect();
        let known = match words.as_slice() {
            [_, "threads", "and", _, "connections"] => {
                block.load = line.trim();
                Some(())
            }
            ["Thread", "Stats", "Avg", "Stdev", last, ..] => {
                third = if *last == "99%" { Statistic::P99 } else { Statistic::Max };
                Some(())
            }
            ["Latency", "Distribution", ..] => {
                in_distribution = !line.contains("Uncorrected");
                Some(())
            }
            ["Detailed", "Percentile", ..] => {
                in_distribution = false;
                Some(())
            }
            ["Latency", mean, deviation, last, ..] => block.take(mean, deviation, last, third),
            [percentage, value] if in_distribution && percentage.ends_with('%') => block.percentile(percentage, value),
            [count, "requests", "in", ..] => lines::number(count).map(|count| block.requests = Some(count)),
            ["Socket", "errors:", rest @ ..] => sum(rest).map(|sum| block.broken = sum),
            ["Non-2xx", "or", "3xx", "responses:", count] => lines::number(count).map(|count| block.refused = count),
            ["Requests/sec:", rate] => lines::number(rate).map(|rate| block.rate = Some(rate)),
            ["Transfer/sec:", rate] => bytes(rate).map(|rate| block.transfer = Some(rate)),
            _ => Some(()),
        };
        if known.is_none() {
            block.malformed = block.malformed.or(Some(line));
        }
    }
    blocks
}

impl Block<'_> {
    fn take(&mut self, mean: &str, deviation: &str, last: &str, third: Statistic) -> Option<()> {
        self.latency = (self.latency.clone())
            .with(Statistic::Mean, Some(lines::seconds(mean)?))
            .with(third, Some(lines::seconds(last)?))
            .with_stddev(Some(lines::seconds(deviation)?));
        Some(())
    }

    fn percentile(&mut self, percentage: &str, value: &str) -> Option<()> {
        let value = lines::seconds(value)?;
        let statistic = load::percentile(lines::number(percentage.trim_end_matches('%'))?);
        if let Some(statistic) = statistic {
            self.latency = self.latency.clone().with(statistic, Some(value));
        }
        Some(())
    }
}

/// The sum of the numbers in `connect 0, read 0, write 0, timeout 90`.
fn sum(words: &[&str]) -> Option<f64> {
    let numbers = words.iter().skip(1).step_by(2).map(|number| lines::number(number.trim_end_matches(',')));
    numbers.sum()
}

/// Bytes in a size, whose prefixes are powers of 1024.
fn bytes(text: &str) -> Option<f64> {
    let (value, unit) = lines::quantity(text)?;
    let factor = match unit {
        "B" => 1.0,
        "KB" => 1024.0,
        "MB" => 1_048_576.0,
        "GB" => 1_073_741_824.0,
        "TB" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(value * factor)
}
