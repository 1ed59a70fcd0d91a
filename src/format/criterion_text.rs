//! What Criterion.rs prints: `NAME  time:   [low estimate high]` for each benchmark.
//!
//! The estimate is the slope of Criterion's regression, or the mean where it measured in flat mode; both are times of one
//! iteration on average, and they are read as the mean. The numbers beside it bound an interval of confidence of the estimate,
//! not the samples, so they are not used. The tree `target/criterion` has the samples and says more.
//!
//! Benchmarks are named as those of the tree are, as far as the text has their names: it cuts them at 100 bytes. A name that
//! several targets have keeps its target, where cargo's own messages are in the output. The same name once more is a
//! further run. A benchmark that was begun and has no result failed.
//!
//! Not here: what changed since the last run (`change:`), and `--output-format bencher`, which is the text of `#[bench]`.

use std::collections::{BTreeMap, BTreeSet};

use super::json::Number;
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Better, Kind, MetricId, Run, Statistic, Summary, Unit};
use crate::unit::{self, Parsed};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "criterion-text",
    title: "Criterion.rs text",
    url: "https://github.com/criterion-rs/criterion.rs",
    tested: "0.3 to 0.8",
    written_by: "cargo bench | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// The tool, as the tree names it.
const TOOL: &str = "criterion";

fn claims(probe: &Probe<'_>) -> bool {
    !probe.is_json() && probe.text.lines().any(|line| interval(visible(line), "time:").is_some())
}

/// What a terminal shows of a line that was written over.
fn visible(line: &str) -> &str {
    line.trim_end().rsplit('\r').next().unwrap_or(line)
}

/// What stands before an interval, and its estimate with its unit.
// https://github.com/criterion-rs/criterion.rs/blob/0.7.0/src/report.rs (CliReport::measurement_complete)
fn interval<'a>(line: &'a str, label: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (head, body) = line.trim_end().strip_suffix(']')?.rsplit_once('[')?;
    let name = head.trim_end().strip_suffix(label)?;
    if !name.is_empty() && !name.ends_with(' ') {
        return None;
    }
    let words: Vec<&str> = body.split_whitespace().collect();
    let [low, low_unit, estimate, unit, high, high_unit] = words.as_slice() else { return None };
    let numbers = [low, estimate, high].iter().all(|number| number.parse::<f64>().is_ok());
    // Each number has a unit of its own: `[949.03 µs 1.0924 ms 1.2272 ms]`.
    let units = [low_unit, unit, high_unit].iter().all(|unit| !unit.contains(|c: char| c == '%' || c.is_ascii_digit()));
    (numbers && units).then_some((name.trim(), *estimate, *unit))
}

/// One benchmark, with its line.
struct Row<'a> {
    target: Option<&'a str>,
    name: &'a str,
    line: &'a str,
    outcome: Outcome<'a>,
}

enum Outcome<'a> {
    Measured { time: (&'a str, &'a str), rate: Option<(&'a str, &'a str)> },
    Failed,
    Truncated,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let rows = read(document.text);
    if rows.is_empty() {
        rows::no_results(document, diagnostics, "no line of the output is a benchmark's result");
        return Vec::new();
    }
    let mut targets: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for row in &rows {
        targets.entry(row.name).or_default().insert(row.target);
    }
    let mut seen: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    let mut runs: Vec<Run> = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let nth = seen.entry((row.name, row.target)).or_default();
        if runs.len() <= *nth {
            runs.push(Run::of_tool(TOOL));
        }
        let several = targets.get(row.name).is_some_and(|targets| targets.len() > 1);
        let package = row.target.filter(|_| several).map(Into::into);
        let id = BenchmarkId::new(TOOL, package, row.name);
        if let Some(run) = runs.get_mut(*nth) {
            add(document, diagnostics, run, id, row, position);
        }
        *nth += 1;
    }
    runs
}

fn read(text: &str) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut target = None;
    let mut begun: Option<(&str, &str)> = None;
    let mut before = "";
    for raw in text.lines() {
        let line = visible(raw);
        if let Some((path, _)) = line.trim_start().strip_prefix("Running ").and_then(|rest| rest.split_once(" (")) {
            rows.extend(begun.take().map(|(name, line)| failed(target, name, line)));
            target = Some(path.trim_start_matches("unittests ").trim());
        } else if let Some(rest) = line.strip_prefix("Benchmarking ") {
            let name = [": Warming up for ", ": Collecting ", ": Analyzing"]
                .iter()
                .find_map(|stage| rest.rsplit_once(stage))
                .map_or(rest, |(name, _)| name);
            if let Some((other, line)) = begun.filter(|(other, _)| *other != name) {
                rows.push(failed(target, other, line));
            }
            begun = Some((name, line));
        } else if let Some((name, number, unit)) = interval(line, "time:") {
            let name = if name.is_empty() { before.trim() } else { name };
            begun = None;
            let outcome = Outcome::Measured { time: (number, unit), rate: None };
            rows.push(Row { target, name, line, outcome });
        } else if let Some(("", number, unit)) = interval(line, "thrpt:") {
            if let Some(Row { outcome: Outcome::Measured { rate, .. }, .. }) = rows.last_mut() {
                *rate = Some((number, unit));
            }
        } else if !text.ends_with('\n')
            && text.ends_with(raw)
            && let Some((name, rest)) = line.rsplit_once("time: ")
            && rest.trim_start().starts_with('[')
            && !rest.contains('%')
        {
            begun = None;
            let name = if name.trim().is_empty() { before } else { name };
            rows.push(Row { target, name: name.trim(), line, outcome: Outcome::Truncated });
        }
        if !line.trim().is_empty() {
            before = line;
        }
    }
    rows.extend(begun.map(|(name, line)| failed(target, name, line)));
    rows
}

fn failed<'a>(target: Option<&'a str>, name: &'a str, line: &'a str) -> Row<'a> {
    Row { target, name, line, outcome: Outcome::Failed }
}

fn add(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    id: BenchmarkId,
    row: &Row<'_>,
    position: usize,
) {
    let (time, rate) = match row.outcome {
        Outcome::Measured { time, rate } => (time, rate),
        Outcome::Failed => {
            let message = "was begun and has no result";
            let fault = rows::bad_line(document, diagnostics, Code::BenchmarkFailed, row.line, &id.name, message);
            run.failures.insert(id, fault);
            return;
        }
        Outcome::Truncated => {
            let message = "has a result that is cut short";
            let fault = rows::bad_line(document, diagnostics, Code::TruncatedLine, row.line, &id.name, message);
            run.failures.insert(id, fault);
            return;
        }
    };
    let rate = rate.map(|(number, unit)| (number, unit, rate_of(unit)));
    let time = (time.0, time.1, unit::parse(time.1));
    for (at, (number, unit, parsed)) in [Some(time), rate].into_iter().flatten().enumerate() {
        let mut observation = rows::observation(&parsed, unit, Kind::Noisy, rows::origin(position));
        observation.derived = at > 0;
        // Criterion judges every measurement as lower-is-better.
        observation.better = observation.better.or(Some(Better::Lower));
        match rows::value_of(&Number::Value(number.parse().unwrap_or(f64::NAN)), &parsed) {
            Ok(value) => observation.summary = Summary::unknown().with(Statistic::Mean, Some(value)),
            Err((code, why)) => {
                let message = format!("the estimate is {why}");
                let fault = rows::bad_line(document, diagnostics, code, row.line, &id.name, message);
                observation.fault = Some(Box::new(fault));
            }
        }
        let metric = if at > 0 { MetricId::new(MetricId::THROUGHPUT) } else { rows::metric_of(&parsed, unit) };
        rows::add(run, &id, metric, observation);
    }
}

/// What a rate of Criterion's measures: `Melem/s` and `Kb/s` (bits) are its own.
fn rate_of(unit: &str) -> Parsed {
    let better = Some(Better::Higher);
    let prefixed = |counted: &str| {
        let prefix = unit.strip_suffix("/s")?.strip_suffix(counted)?;
        Some(match prefix {
            "" => 1.0,
            "K" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            _ => return None,
        })
    };
    if let Some(factor) = prefixed("elem") {
        Parsed { factor, unit: Unit::PerSecond, better }
    } else if let Some(bits) = prefixed("b") {
        Parsed { factor: bits / 8.0, unit: Unit::BytePerSecond, better }
    } else {
        Parsed { better, ..unit::parse(unit) }
    }
}
