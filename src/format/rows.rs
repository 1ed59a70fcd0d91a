//! What formats with one row per benchmark share: observations of one unit, faults with their place, rows that repeat.
//!
//! Not here: what a row of any format means.

use std::collections::btree_map::Entry;

use super::Document;
use super::json::{self, Number, Step};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::model::{BenchmarkId, Fault, Kind, MetricId, Observation, Origin, Run, SeriesKey, Summary, Unit};
use crate::text::{self, Untrusted};
use crate::unit::{self, Parsed};

/// How many bad rows are shown with their line; finding it costs a pass over the document.
const MOST_LOCATED: usize = 20;

/// The metric that all formats share for what a unit measures, or else the unit's own text, or `value` without one.
pub(super) fn metric_of(parsed: &Parsed, unit: &str) -> MetricId {
    let shared = match parsed.unit {
        Unit::Second => MetricId::TIME,
        Unit::Byte => MetricId::MEMORY,
        Unit::PerSecond | Unit::BytePerSecond => MetricId::THROUGHPUT,
        Unit::One if unit.starts_with("allocs") => MetricId::ALLOCS,
        Unit::One | Unit::Other(_) if unit.trim().is_empty() => "value",
        Unit::One | Unit::Other(_) => return MetricId::new(unit.trim()),
    };
    MetricId::new(shared)
}

/// An observation in a unit, without values yet.
pub(super) fn observation(parsed: &Parsed, tool_unit: &str, kind: Kind, origin: Origin) -> Observation {
    Observation {
        unit: parsed.unit.clone(),
        tool_unit: (!tool_unit.is_empty()).then(|| tool_unit.into()),
        better: parsed.better,
        kind,
        summary: Summary::unknown(),
        samples: None,
        origin,
        derived: false,
        fault: None,
    }
}

/// A time in seconds, without values yet.
pub(super) fn time(tool_unit: &str, origin: Origin) -> Observation {
    observation(&unit::parse("s"), tool_unit, Kind::Noisy, origin)
}

impl Observation {
    /// Takes one value, in base units, as the only sample.
    pub(super) fn set_value(&mut self, value: f64) {
        self.set_samples(vec![value]);
    }

    /// Takes samples in base units.
    pub(super) fn set_samples(&mut self, samples: Vec<f64>) {
        self.summary = Summary::of_samples(&samples);
        self.samples = Some(samples.into_boxed_slice());
    }
}

/// Why a value cannot be used in a unit, after "is".
pub(super) fn unfit(value: f64, unit: &Unit) -> Option<&'static str> {
    if value.is_nan() {
        Some("not a number")
    } else if value.is_infinite() {
        Some("infinite")
    } else if value < 0.0 && !matches!(unit, Unit::Other(_) | Unit::One) {
        Some("negative")
    } else {
        None
    }
}

/// A number of a row, in base units.
///
/// # Errors
/// What is wrong with it, after the name of its key.
pub(super) fn value_of(number: &Number, parsed: &Parsed) -> Result<f64, (Code, String)> {
    let value = match number {
        Number::Value(value) => *value,
        Number::Text(text) => match text.raw().trim().parse::<f64>() {
            Ok(value) => value,
            Err(_) => return Err((Code::MalformedNumber, format!("not a number: `{}`", text::shown(text)))),
        },
        Number::Missing => return Err((Code::InvalidValue, "missing".to_owned())),
    };
    let value = value * parsed.factor;
    unfit(value, &parsed.unit).map_or(Ok(value), |why| Err((Code::InvalidValue, why.to_owned())))
}

/// Keeps a series. The same benchmark again is more samples of the same run; a fault stays.
pub(super) fn add(run: &mut Run, benchmark: &BenchmarkId, metric: MetricId, more: Observation) {
    match run.series.entry(SeriesKey { benchmark: benchmark.clone(), metric }) {
        Entry::Vacant(entry) => {
            entry.insert(more);
        }
        Entry::Occupied(mut entry) => {
            let kept = entry.get_mut();
            if kept.fault.is_some() {
                return;
            }
            match (&kept.samples, &more.samples) {
                (Some(a), Some(b)) if more.fault.is_none() && kept.unit == more.unit => {
                    kept.set_samples(a.iter().chain(b.iter()).copied().collect());
                }
                _ if more.fault.is_none() => kept.fault = Some(Box::new(repeated())),
                _ => *kept = more,
            }
        }
    }
}

/// Reports a line of a text that cannot be used. `message` is about the benchmark `name`.
pub(super) fn bad_line(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    code: Code,
    line: &str,
    name: &Untrusted,
    message: impl Into<String>,
) -> Fault {
    let message = message.into();
    let location = document.span_of(line.trim());
    let mut diagnostic = Diagnostic::new(code, format!("`{}`: {message}", text::shown(name))).at(location.clone());
    diagnostic.severity = diagnostic.severity.min(Severity::Warning);
    diagnostics.push(diagnostic);
    Fault { message, location: Some(location) }
}

/// Reports a document without any result.
pub(super) fn no_results(document: &Document<'_>, diagnostics: &mut Diagnostics, message: &str) {
    diagnostics.push(Diagnostic::new(Code::NoResults, message).at(Location::file(document.name.clone())));
}

/// The position of a row, as [`Origin`] has it.
pub(super) fn origin(position: usize) -> Origin {
    Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) }
}

/// Series of documents that may repeat a benchmark as often as they like: repeats cost what they hold.
#[derive(Default)]
pub(super) struct Gathered {
    all: std::collections::BTreeMap<SeriesKey, (Observation, Vec<f64>)>,
}

impl Gathered {
    /// Keeps a series, as [`add`] does.
    pub(super) fn add(&mut self, key: SeriesKey, mut more: Observation) {
        let samples = more.samples.take();
        match self.all.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((more, samples.map(Vec::from).unwrap_or_default()));
            }
            Entry::Occupied(mut entry) => {
                let (kept, values) = entry.get_mut();
                if kept.fault.is_some() {
                    return;
                }
                match samples {
                    Some(samples) if more.fault.is_none() && kept.unit == more.unit && !values.is_empty() => {
                        values.extend(samples.iter());
                    }
                    _ if more.fault.is_none() => kept.fault = Some(Box::new(repeated())),
                    _ => *kept = more,
                }
            }
        }
    }

    /// Puts all of it into a run.
    pub(super) fn finish(self, run: &mut Run) {
        for (key, (mut observation, samples)) in self.all {
            if !samples.is_empty() {
                observation.set_samples(samples);
            }
            run.series.insert(key, observation);
        }
    }
}

/// Order statistics of the whole cannot be told from those of its parts.
fn repeated() -> Fault {
    Fault { message: "stands twice, and its samples are not in the file".to_owned(), location: None }
}

/// Says what is wrong with the rows of a document.
pub(super) struct Faults<'a, 'd> {
    document: &'a Document<'d>,
    diagnostics: &'a mut Diagnostics,
    /// How many places were looked up so far.
    located: usize,
}

impl<'a, 'd> Faults<'a, 'd> {
    /// Faults of one document.
    pub(super) fn new(document: &'a Document<'d>, diagnostics: &'a mut Diagnostics) -> Self {
        Self { document, diagnostics, located: 0 }
    }

    /// The document's name.
    pub(super) fn file(&self) -> Untrusted {
        self.document.name.clone()
    }

    /// Reports a row that cannot be used. `message` is about the benchmark `name`; the path leads to what is wrong.
    pub(super) fn row(&mut self, code: Code, path: &[Step], name: &Untrusted, message: String) -> Fault {
        let headline = format!("`{}`: {message}", text::shown(name));
        let location = self.warn(code, path, headline);
        Fault { message, location: Some(location) }
    }

    /// Takes a row that is not what it should be: a failure of the benchmark that its key `named` names, or else of its place.
    pub(super) fn malformed(
        &mut self,
        run: &mut Run,
        tool: &str,
        named: &str,
        place: &[Step],
        row: &str,
        wrong: json::Wrong,
    ) {
        let fields: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(row).ok();
        let name = fields.as_ref().and_then(|fields| fields.get(named)?.as_str()).map(str::to_owned);
        let id = BenchmarkId::new(tool, None, name.unwrap_or_else(|| json::path(place)));
        let path: Vec<Step> = place.iter().cloned().chain(wrong.steps).collect();
        let fault = self.row(wrong.code, &path, &id.name, format!("malformed row: {}", wrong.message));
        run.failures.entry(id).or_insert(fault);
    }

    /// Reports a part of the document that is left out.
    pub(super) fn warn(&mut self, code: Code, path: &[Step], headline: String) -> Location {
        let location = if self.located < MOST_LOCATED {
            self.located += 1;
            json::location(self.document, path)
        } else {
            Location::file(self.document.name.clone()).at(json::path(path))
        };
        let mut diagnostic = Diagnostic::new(code, headline).at(location.clone());
        // It costs one row, also where it would cost the file elsewhere.
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        self.diagnostics.push(diagnostic);
        location
    }
}

/// Seconds since 1970 of a time as ISO 8601 has it, with a `T` or a space; without an offset it is taken for UTC.
pub(super) fn moment(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_second());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    jiff::tz::Offset::UTC.to_timestamp(local).ok().map(jiff::Timestamp::as_second)
}

/// The step to the value of a key.
pub(super) fn key(name: &'static str) -> Step {
    Step::Key(name.into())
}

/// The step to the value of a key that the document names.
pub(super) fn own_key(name: &str) -> Step {
    Step::Key(name.to_owned().into())
}
