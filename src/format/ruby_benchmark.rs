//! The tables of Ruby's `Benchmark.bm` and `Benchmark.bmbm`.
//!
//! `time` is the time on the clock, `cpu-time` that of user and system together, both in seconds. The rehearsal of
//! `bmbm` is left out, as Ruby means it to be. Rows that a block computes from others, which by custom begin with `>`, are
//! judged only where the configuration names their metric. A table that comes again is a further run.
//!
//! Not here: user and system time on their own, and tables with a format of somebody's own.

use super::lines::{self, Lines};
use super::{Document, Format, Probe, Reader, rows};
use crate::diag::{Code, Diagnostics};
use crate::model::{MetricId, Origin, Run};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "ruby-benchmark",
    title: "Ruby's Benchmark text",
    url: "https://github.com/ruby/benchmark",
    tested: "Ruby 3.1",
    written_by: "ruby bench.rb | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(is_header) && probe.text.lines().any(|line| Row::of(line).is_some())
}

fn is_header(line: &str) -> bool {
    line.split_whitespace().eq(["user", "system", "total", "real"])
}

/// A row of a table.
struct Row<'a> {
    label: &'a str,
    total: f64,
    real: f64,
}

impl<'a> Row<'a> {
    // https://github.com/ruby/benchmark/blob/v0.4.0/lib/benchmark.rb (FORMAT)
    fn of(line: &'a str) -> Option<Self> {
        let (rest, real) = line.trim_end().strip_suffix(')')?.rsplit_once('(')?;
        let real = lines::number(real.trim())?;
        let (rest, total) = rest.trim_end().rsplit_once(' ')?;
        let (rest, system) = rest.trim_end().rsplit_once(' ')?;
        let rest = rest.trim_end();
        let (label, user) = rest.rsplit_once(' ').unwrap_or(("", rest));
        lines::number(system).and(lines::number(user))?;
        Some(Self { label: label.trim().trim_end_matches(':'), total: lines::number(total)?, real })
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    let mut in_table = false;
    let mut unnamed = 0;
    for line in document.text.lines() {
        if is_header(line) {
            in_table = true;
            unnamed = 0;
        } else if line.starts_with("Rehearsal ---") {
            in_table = false;
        } else if in_table && let Some(Row { label, total, real }) = Row::of(line) {
            let id = if label.is_empty() {
                unnamed += 1;
                read.id(format!("report {unnamed}"))
            } else {
                read.id(label)
            };
            let metrics = [(MetricId::TIME, real), ("cpu-time", total)];
            let metrics = metrics.into_iter().map(|(metric, seconds)| {
                let mut observation = rows::time("s", Origin::default());
                observation.derived = label.starts_with('>');
                observation.set_value(seconds);
                (MetricId::new(metric), observation)
            });
            if real.is_finite() && total.is_finite() {
                read.add(&id, metrics.collect());
            } else {
                read.fail(Code::InvalidValue, line, &id, "has a time that is infinite");
            }
        } else if in_table && line.trim_end().ends_with(')') && line.contains('(') {
            let id = read.id(line.split_whitespace().next().unwrap_or(line));
            read.fail(Code::MalformedLine, line, &id, "has no times that can be read");
        }
    }
    read.finish("the output holds no table of Ruby's Benchmark")
}
