//! What formats share that are lines of text for people: faults with their line, numbers as people write them, and
//! blocks that come again.
//!
//! A benchmark that stands twice in such a text is the tool run twice, as in `for i in 1 2 3; do …; done | tee out.txt`:
//! what comes again is a further run, because nothing is known of the samples behind the numbers.
//!
//! Not here: what a line of any format means.

use std::collections::BTreeMap;

use super::Document;
use super::load::Load;
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::model::{BenchmarkId, Fault, MetricId, Observation, Origin, Run, SeriesKey};
use crate::text::{self, Untrusted};

/// The runs that a text holds, as far as it has been read.
pub(super) struct Lines<'a, 'd> {
    document: &'a Document<'d>,
    diagnostics: &'a mut Diagnostics,
    tool: &'static str,
    runs: Vec<Run>,
    /// The run that is being read.
    run: Run,
    /// Its benchmarks, with their places.
    known: BTreeMap<BenchmarkId, Origin>,
}

impl<'a, 'd> Lines<'a, 'd> {
    /// Nothing read yet.
    pub(super) fn new(tool: &'static str, document: &'a Document<'d>, diagnostics: &'a mut Diagnostics) -> Self {
        Self { document, diagnostics, tool, runs: Vec::new(), run: Run::of_tool(tool), known: BTreeMap::new() }
    }

    /// A benchmark of the tool.
    pub(super) fn id(&self, name: impl Into<Untrusted>) -> BenchmarkId {
        BenchmarkId::new(self.tool, None, name)
    }

    /// Begins a further run.
    fn next_run(&mut self) {
        self.runs.push(std::mem::replace(&mut self.run, Run::of_tool(self.tool)));
        self.known.clear();
    }

    /// The place of a benchmark in the run: the next one, if it is new there.
    fn place(&mut self, id: &BenchmarkId) -> Origin {
        let next = Origin { suite: 0, position: u32::try_from(self.known.len()).unwrap_or(u32::MAX) };
        *self.known.entry(id.clone()).or_insert(next)
    }

    /// Keeps what one line, or one block of lines, says about a benchmark. The place in the run is set here.
    pub(super) fn add(&mut self, id: &BenchmarkId, metrics: Vec<(MetricId, Observation)>) {
        if self.known.contains_key(id) {
            self.next_run();
        }
        for (metric, observation) in metrics {
            self.add_metric(id, metric, observation);
        }
    }

    /// Keeps one of several metrics of a benchmark that stand in lines of their own.
    pub(super) fn add_metric(&mut self, id: &BenchmarkId, metric: MetricId, observation: Observation) {
        let key = SeriesKey { benchmark: id.clone(), metric };
        if self.run.series.contains_key(&key) || self.run.failures.contains_key(id) {
            self.next_run();
        }
        let origin = self.place(id);
        self.run.series.insert(key, Observation { origin, ..observation });
    }

    /// Keeps that a benchmark failed, or has no value that can be read.
    pub(super) fn fail(&mut self, code: Code, part: &str, id: &BenchmarkId, message: &str) {
        if self.known.contains_key(id) {
            self.next_run();
        }
        self.place(id);
        let fault = self.fault(code, part, &id.name, message);
        self.run.failures.insert(id.clone(), fault);
    }

    /// Reports what is wrong with a part of the text. `message` goes on with the name of the benchmark before it.
    pub(super) fn fault(&mut self, code: Code, part: &str, name: &Untrusted, message: &str) -> Fault {
        let location = self.document.span_of(part);
        let headline = format!("`{}` {message}", text::shown(name));
        let mut diagnostic = Diagnostic::new(code, headline).at(location.clone());
        // It costs one row.
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        self.diagnostics.push(diagnostic);
        Fault { message: message.to_owned(), location: Some(location) }
    }

    /// The runs, or a message that there is none.
    pub(super) fn finish(mut self, nothing: &str) -> Vec<Run> {
        self.next_run();
        self.runs.retain(|run| !run.is_empty());
        if self.runs.is_empty() {
            let place = Location::file(self.document.name.clone());
            self.diagnostics.push(Diagnostic::new(Code::NoResults, nothing).at(place));
            return Vec::new();
        }
        self.runs
    }
}

impl Lines<'_, '_> {
    /// Keeps what a load tool says of one target.
    pub(super) fn add_load(&mut self, id: &BenchmarkId, part: &str, load: Load) {
        match load.metrics(Origin::default()) {
            Ok(metrics) => self.add(id, metrics),
            Err(why) => self.fail(Code::BenchmarkFailed, part, id, why),
        }
    }
}

/// A finite number as people write it: digits, perhaps with commas between thousands and a fraction.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['e', 'E']);
    text.replace(',', "").parse().ok().filter(|value: &f64| plain && value.is_finite())
}

/// A number and what stands right behind it: `16.08ms` is 16.08 and `ms`.
pub(super) fn quantity(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    Some((number(digits)?, unit))
}

/// A time with its unit right behind it or one space before it, in seconds: `16.08ms`, `1.20m`, `0.2439 secs`.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (value, unit) = quantity(text.trim())?;
    let factor = match unit.trim_start() {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" | "sec" | "secs" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(value * factor)
}
