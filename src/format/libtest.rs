//! The text of Rust's own benchmarks: `#[bench]` functions, the `bencher` crate, and Criterion's `--output-format bencher`.
//!
//! The value is the median. What stands behind `+/-` is the distance of the extremes for libtest and the standard deviation
//! for Criterion, and no line tells which, so it is not used. Criterion also rounds to whole nanoseconds, so that a benchmark under
//! half of one is 0; its own text and its tree say more.
//!
//! One output holds a block for each target. A name that several targets have keeps its target, where cargo's own messages
//! are in the output, or else a number. The same block once more is a further run.
//!
//! Not here: benchmark programs that a `cargo bench` did not build, which are an error of cargo's and not in this text.

use std::collections::{BTreeMap, BTreeSet};

use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::json::Number;
use crate::model::{BenchmarkId, Fault, Kind, MetricId, Origin, Run, Statistic, Summary};
use crate::text;
use crate::unit;

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "libtest",
    title: "Rust's `#[bench]` text",
    url: "https://doc.rust-lang.org/unstable-book/library-features/test.html",
    tested: "1.95",
    written_by: "cargo bench | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// What stands between a name and its value.
const BENCH: &str = "bench:";

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| match outcome(line) {
        Some((_, rest)) => rest.strip_prefix(BENCH).is_some_and(|value| Value::of(value).is_some()),
        None => false,
    })
}

/// The name of a test and what stands behind its dots.
fn outcome(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    Some((name.trim(), rest.trim()))
}

/// A value with its unit, and the rate behind it.
struct Value<'a> {
    number: f64,
    unit: &'a str,
    rate: Option<(f64, &'a str)>,
}

impl<'a> Value<'a> {
    /// Reads `1,234.56 ns/iter (+/- 7) = 12 MB/s`.
    // https://github.com/rust-lang/rust/blob/1.90.0/library/test/src/bench.rs (fmt_bench_samples)
    fn of(text: &'a str) -> Option<Self> {
        let (value, rest) = text.split_once("(+/-")?;
        let (spread, rest) = rest.split_once(')')?;
        number(spread.trim())?;
        let mut words = value.split_whitespace();
        let (value, unit) = (number(words.next()?)?, words.next()?);
        if words.next().is_some() || !unit.contains('/') {
            return None;
        }
        let rate = match rest.trim().strip_prefix('=') {
            Some(rate) => {
                let (value, unit) = rate.trim().split_once(' ')?;
                Some((number(value)?, unit.trim()))
            }
            None if rest.trim().is_empty() => None,
            None => return None,
        };
        Some(Self { number: value, unit, rate })
    }
}

/// A number with commas between its thousands.
fn number(text: &str) -> Option<f64> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['e', 'E']);
    text.replace(',', "").parse().ok().filter(|_| digits)
}

/// One benchmark of a block, with its line.
struct Row<'a> {
    name: &'a str,
    line: &'a str,
    outcome: Outcome<'a>,
}

enum Outcome<'a> {
    Value(Value<'a>),
    Failed,
    Malformed,
    Truncated,
}

/// The output of one target.
#[derive(Default)]
struct Block<'a> {
    /// What cargo calls it, where its messages are in the output.
    target: Option<&'a str>,
    rows: Vec<Row<'a>>,
    /// How many tests it announced, and where.
    announced: Option<(usize, &'a str)>,
    /// How many of them said how they ended.
    ended: usize,
    /// Whether it came to its end.
    finished: bool,
}

impl Block<'_> {
    fn names(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.name).collect()
    }

    /// Whether another block is the same target once more.
    fn is(&self, other: &Self) -> bool {
        !self.rows.is_empty() && self.target == other.target && self.names() == other.names()
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let blocks = blocks(document.text);
    for block in &blocks {
        if let Some((announced, line)) = block.announced
            && !block.finished
            && block.ended < announced
        {
            let message = format!("the output ends after {} of {announced} tests", block.ended);
            diagnostics.push(
                Diagnostic::new(Code::TruncatedLine, message)
                    .at(document.span_of(line))
                    .help("look whether a benchmark ended the whole program"),
            );
        }
    }
    let mut groups: Vec<Vec<Block<'_>>> = Vec::new();
    for block in blocks.into_iter().filter(|block| !block.rows.is_empty()) {
        match groups.last_mut() {
            Some(group) if !group.iter().any(|known| known.is(&block)) => group.push(block),
            _ => groups.push(vec![block]),
        }
    }
    if groups.is_empty() {
        let message = "no line of the output is a benchmark's result";
        diagnostics.push(Diagnostic::new(Code::NoResults, message).at(Location::file(document.name.clone())));
    }
    groups.into_iter().map(|group| run(document, group, diagnostics)).collect()
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = vec![Block::default()];
    let mut target = None;
    let mut pending: Option<&str> = None;
    for line in text.lines() {
        let whole = text.ends_with('\n') || !text.ends_with(line);
        let Some(block) = blocks.last_mut() else { continue };
        if let Some(path) = line.trim_start().strip_prefix("Running ").and_then(|rest| rest.split_once(" (")) {
            target = Some(path.0.trim_start_matches("unittests ").trim());
        } else if let Some(count) = line.strip_prefix("running ").and_then(|rest| rest.split(' ').next()?.parse().ok())
        {
            blocks.push(Block { target: target.take(), announced: Some((count, line)), ..Block::default() });
            pending = None;
        } else if line.starts_with("test result:") {
            block.finished = true;
            pending = None;
        } else if let Some((name, rest)) = outcome(line) {
            pending = None;
            let end = match rest.strip_prefix(BENCH) {
                Some(value) => Some(match Value::of(value) {
                    Some(value) if whole || line.ends_with([')', 's']) => Outcome::Value(value),
                    _ if whole => Outcome::Malformed,
                    _ => Outcome::Truncated,
                }),
                None if rest.starts_with("FAILED") => Some(Outcome::Failed),
                None => {
                    // Something was printed between the name and the value.
                    if rest != "ok" && !rest.starts_with("ignored") {
                        pending = Some(name);
                    }
                    None
                }
            };
            block.ended += usize::from(pending.is_none());
            let row = end.map(|outcome| Row { name, line, outcome });
            // Criterion announces nothing, so a name that comes back is what tells its targets apart.
            if block.announced.is_none() && row.is_some() && block.rows.iter().any(|known| known.name == name) {
                blocks.push(Block { target: target.take(), rows: row.into_iter().collect(), ..Block::default() });
            } else {
                block.rows.extend(row);
            }
        } else if let (Some(name), Some(value)) = (pending, line.trim_start().strip_prefix(BENCH)) {
            pending = None;
            block.ended += 1;
            let outcome = Value::of(value).map_or(Outcome::Malformed, Outcome::Value);
            block.rows.push(Row { name, line, outcome });
        }
    }
    blocks
}

/// The run that the blocks of one `cargo bench` are.
fn run(document: &Document<'_>, blocks: Vec<Block<'_>>, diagnostics: &mut Diagnostics) -> Run {
    let mut run = Run::of_tool(FORMAT.name);
    let mut targets: BTreeMap<&str, usize> = BTreeMap::new();
    for block in &blocks {
        for name in block.names() {
            *targets.entry(name).or_default() += 1;
        }
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut position = 0;
    for block in &blocks {
        let mut here = BTreeSet::new();
        for Row { name, line, outcome } in &block.rows {
            let several = targets.get(name).is_some_and(|n| *n > 1);
            if here.insert(*name) {
                *seen.entry(name).or_default() += 1;
            }
            let id = match (several, block.target, seen.get(name)) {
                (true, Some(target), _) => BenchmarkId::new(FORMAT.name, Some(target.into()), *name),
                (true, None, Some(n)) if *n > 1 => BenchmarkId::new(FORMAT.name, None, format!("{name} #{n}")),
                _ => BenchmarkId::new(FORMAT.name, None, *name),
            };
            let origin = Origin { suite: 0, position };
            position = position.saturating_add(1);
            let mut fault = |code, message: &str| {
                let location = document.span_of(line);
                let headline = format!("`{}` {message}", text::shown(&id.name));
                diagnostics.push(Diagnostic::new(code, headline).at(location.clone()));
                Fault { message: message.to_owned(), location: Some(location) }
            };
            let failure = match outcome {
                Outcome::Failed => fault(Code::BenchmarkFailed, "failed"),
                Outcome::Malformed => fault(Code::MalformedLine, "has no value that can be read"),
                Outcome::Truncated => fault(Code::TruncatedLine, "has a value that is cut short"),
                Outcome::Value(value) => {
                    add(&mut run, &id, value, origin);
                    continue;
                }
            };
            run.failures.entry(id.clone()).or_insert(failure);
        }
    }
    run
}

fn add(run: &mut Run, id: &BenchmarkId, value: &Value<'_>, origin: Origin) {
    let Value { number, unit, rate } = value;
    let parsed = unit::parse(unit);
    let mut observation = rows::observation(&parsed, unit, Kind::Noisy, origin);
    observation.better = observation.better.or(Some(crate::model::Better::Lower));
    // Digits and commas alone, so it is finite and not negative.
    if let Ok(value) = rows::value_of(&Number::Value(*number), &parsed) {
        observation.summary = Summary::unknown().with(Statistic::Median, Some(value));
    }
    rows::add(run, id, rows::metric_of(&parsed, unit), observation);
    if let Some((number, unit)) = rate {
        let parsed = unit::parse(unit);
        let mut observation = rows::observation(&parsed, unit, Kind::Noisy, origin);
        observation.derived = true;
        observation.summary = Summary::unknown().with(Statistic::Median, Some(number * parsed.factor));
        rows::add(run, id, MetricId::new(MetricId::THROUGHPUT), observation);
    }
}
