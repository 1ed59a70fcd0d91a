//! What the lines of a benchfmt file add up to: samples and faults by configuration, package, name and unit.
//!
//! A [`Part`] holds the results that were measured under one configuration (every label but `pkg`). Names are looked up
//! only where a line names neither the benchmark of the line before nor the one that followed it the last time, so that
//! neither `-count=10` nor ten executions in one file cost a look-up for each line.
//!
//! Not here: finding the lines (`stream`), and the finished runs (`build`).

use std::collections::BTreeMap;

use indexmap::{Equivalent, IndexMap, IndexSet};

use super::units::{STANDARD, UnitEntry, Units};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::Fault;
use crate::text::{self, Untrusted};

/// Labels by name, without the package.
pub(super) type Labels = BTreeMap<Box<str>, Box<str>>;

/// How many places in a file get an excerpt. Each costs a look at its line, and a file can be nothing but bad rows.
const MOST_EXCERPTS: u32 = 1000;

/// What is said of a benchmark that failed, before its log is known.
pub(in crate::format) const FAILED: &str = "failed";

/// A line of Go's output, and where in the file it stands.
#[derive(Clone, Copy)]
pub(in crate::format) struct Line<'a> {
    /// Its text without the line break.
    pub(in crate::format) text: &'a str,
    /// The line of the file it is in, from 1.
    pub(in crate::format) number: u64,
    /// That line of the file: the text itself, or the JSON event it came in.
    pub(in crate::format) source: &'a str,
    /// Whether it ends in a line break. Only the last one of an output may not.
    pub(in crate::format) whole: bool,
}

/// The fields of a line: what stands between white space.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    rest: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What follows the last field taken.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let space = |b: u8| matches!(b, b' ' | 9..=13);
        let mut text = self.rest.get(self.rest.bytes().position(|b| !space(b))?..)?;
        let mut end = text.bytes().position(|b| space(b) || !b.is_ascii()).unwrap_or(text.len());
        if text.as_bytes().get(end).is_some_and(|b| !b.is_ascii()) {
            // White space beyond ASCII separates as well, as it does for Go.
            text = text.trim_start();
            end = text.find(char::is_whitespace).unwrap_or(text.len());
        }
        let (field, rest) = text.split_at_checked(end)?;
        self.rest = rest;
        (!field.is_empty()).then_some(field)
    }
}

/// Identity of a benchmark within a part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) package: Option<u32>,
    pub(super) name: Box<str>,
}

/// A [`Key`] to look up. Its fields hash like those of `Key`.
#[derive(Hash)]
struct KeyRef<'a> {
    package: Option<u32>,
    name: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.package == key.package && *self.name == *key.name
    }
}

/// One unit of one benchmark.
pub(super) struct Series {
    pub(super) unit: u32,
    pub(super) samples: Vec<f64>,
    /// Boxed, because it is rare and large.
    pub(super) fault: Option<Box<Fault>>,
}

/// A benchmark's results.
pub(super) struct Benchmark {
    pub(super) position: u32,
    pub(super) series: Vec<Series>,
}

impl Benchmark {
    /// The series of a unit. `nth` is where it is if the line has the units of the lines before.
    /// `samples` is how many it will have if it is like the others.
    fn series(&mut self, units: &mut Units, nth: usize, unit: &str, samples: usize) -> Option<&mut Series> {
        let at = if self.series.get(nth).is_some_and(|series| units.is(series.unit, unit)) {
            nth
        } else {
            let number = units.number(unit);
            self.series.iter().position(|series| series.unit == number).unwrap_or_else(|| {
                self.series.push(Series { unit: number, samples: Vec::with_capacity(samples), fault: None });
                self.series.len() - 1
            })
        };
        self.series.get_mut(at)
    }
}

impl Benchmark {
    /// Whether there is neither a sample nor a fault.
    pub(super) fn is_empty(&self) -> bool {
        self.series.iter().all(|series| series.samples.is_empty() && series.fault.is_none())
    }

    /// Adds later results of the same benchmark.
    pub(super) fn append(&mut self, later: Self) {
        for mut series in later.series {
            match self.series.iter_mut().find(|own| own.unit == series.unit) {
                Some(own) => {
                    own.samples.append(&mut series.samples);
                    own.fault = own.fault.take().or(series.fault);
                }
                None => self.series.push(series),
            }
        }
    }
}

/// What was measured under one configuration.
pub(super) struct Part {
    pub(super) labels: Labels,
    pub(super) benchmarks: IndexMap<Key, Benchmark>,
    pub(super) failures: BTreeMap<Key, Fault>,
    /// Result lines without a result. They are failures of benchmarks that have no other result.
    pub(super) malformed: BTreeMap<Key, Fault>,
}

/// Where the next result belongs.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) part: usize,
    pub(super) package: Option<u32>,
    pub(super) last: Option<usize>,
}

/// Everything read so far.
pub(in crate::format) struct Collector {
    pub(super) units: Units,
    pub(super) packages: IndexSet<Untrusted>,
    pub(super) parts: Vec<Part>,
    by_labels: BTreeMap<Labels, usize>,
    positions: u32,
    /// Samples of the first series of the benchmark that was the last to be new: `-count`, most of the time.
    repeats: usize,
    marker: Marker,
}

/// Makes locations.
struct Marker {
    file: Untrusted,
    made: u32,
}

impl Marker {
    fn at(&mut self, line: &Line<'_>, part: &str) -> Location {
        self.made += 1;
        if self.made > MOST_EXCERPTS {
            return Location::line(self.file.clone(), line.number);
        }
        let inside = (part.as_ptr() as usize).checked_sub(line.source.as_ptr() as usize);
        let (offset, length) = match inside.filter(|at| at + part.len() <= line.source.len()) {
            Some(at) => (at, part.len()),
            // The text of a JSON event was decoded: what has no escapes is found again.
            None => line.source.find(part).map_or((0, line.source.len()), |at| (at, part.len())),
        };
        let mut location = Location::span(self.file.clone(), line.source, offset, length);
        location.line = Some(line.number);
        location
    }
}

/// A number as Go writes and reads it; NaN and infinities are numbers here.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Whether a field is a number of iterations, sensible or not.
pub(super) fn is_count(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) || number(text).is_some()
}

impl Collector {
    /// Nothing yet, of this file.
    pub(in crate::format) fn new(file: &Untrusted) -> Self {
        Self {
            units: Units::default(),
            packages: IndexSet::new(),
            parts: Vec::new(),
            by_labels: BTreeMap::new(),
            positions: 0,
            repeats: 1,
            marker: Marker { file: file.clone(), made: 0 },
        }
    }

    /// The number of a package.
    pub(super) fn package(&mut self, name: &str) -> Option<u32> {
        let at = self.packages.get_index_of(name).unwrap_or_else(|| self.packages.insert_full(name.into()).0);
        u32::try_from(at).ok()
    }

    /// The number of the part with these labels.
    pub(super) fn part(&mut self, labels: &Labels) -> usize {
        if let Some(at) = self.by_labels.get(labels) {
            return *at;
        }
        let at = self.parts.len();
        self.by_labels.insert(labels.clone(), at);
        self.parts.push(Part {
            labels: labels.clone(),
            benchmarks: IndexMap::new(),
            failures: BTreeMap::new(),
            malformed: BTreeMap::new(),
        });
        at
    }

    /// A place in the file, for messages. `part` is a piece of the line's text.
    pub(in crate::format) fn locate(&mut self, line: &Line<'_>, part: &str) -> Location {
        self.marker.at(line, part)
    }

    /// Whether any benchmark or package failed.
    pub(super) fn has_failures(&self) -> bool {
        self.parts.iter().any(|part| !part.failures.is_empty())
    }

    /// The benchmark of this name, which may be new, as an index into its part.
    fn find(&mut self, place: &mut Place, name: &str) -> Option<usize> {
        let benchmarks = &mut self.parts.get_mut(place.part)?.benchmarks;
        let key = KeyRef { package: place.package, name };
        for at in place.last.into_iter().flat_map(|last| [last, last + 1]) {
            if benchmarks.get_index(at).is_some_and(|(known, _)| key.equivalent(known)) {
                place.last = Some(at);
                return place.last;
            }
        }
        let at = benchmarks.get_index_of(&key).unwrap_or_else(|| {
            let before = benchmarks.last().and_then(|(_, before)| before.series.first());
            self.repeats = before.map_or(1, |series| series.samples.len().clamp(1, 64));
            let position = self.positions;
            self.positions = position.saturating_add(1);
            let key = Key { package: place.package, name: name.into() };
            benchmarks.insert_full(key, Benchmark { position, series: Vec::new() }).0
        });
        place.last = Some(at);
        place.last
    }

    /// Takes a result: `rest` is the number of iterations and the values with their units.
    pub(super) fn result(
        &mut self,
        place: &mut Place,
        name: &str,
        rest: &str,
        line: &Line<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(at) = self.find(place, name) else { return };
        let Self { units, parts, marker, repeats, .. } = self;
        let Some((_, benchmark)) = parts.get_mut(place.part).and_then(|part| part.benchmarks.get_index_mut(at)) else {
            return;
        };
        let mut fields = Fields::of(rest);
        let count = fields.next().unwrap_or("");
        let counted = count.bytes().any(|b| b != b'0') && count.len() < 19 && count.bytes().all(|b| b.is_ascii_digit());
        let (mut nth, mut carried) = (0, None);
        let mut malformed: Option<Fault> = None;
        let mut miscounted: Option<Location> = None;
        while let Some(value) = carried.take().or_else(|| fields.next()) {
            let parsed = number(value);
            let unit = match (fields.next(), parsed) {
                (Some(unit), Some(_)) if number(unit).is_some() => {
                    // Two numbers in a row: the first one has lost its unit.
                    carried = Some(unit);
                    None
                }
                (Some(next), None) if number(next).is_some() => {
                    // A unit that has lost its number.
                    carried = Some(next);
                    Some(value)
                }
                (None, None) => Some(value),
                (next, _) => next,
            };
            let Some(unit) = unit else {
                let location = marker.at(line, value);
                let shown = text::shown(&name.into());
                diagnostics.push(
                    Diagnostic::new(Code::MalformedLine, format!("a value of `{shown}` has no unit"))
                        .at(location.clone()),
                );
                malformed.get_or_insert_with(|| malformed_line("a value has no unit", location));
                continue;
            };
            let Some(series) = benchmark.series(units, nth, unit, *repeats) else { continue };
            nth += 1;
            let entry = units.get(series.unit);
            let scaled = parsed.unwrap_or(0.0) * entry.map_or(1.0, |unit| unit.parsed.factor);
            let wrong = if !counted {
                if count.bytes().all(|b| b == b'0') {
                    Some((Code::InvalidValue, count, "measured over 0 iterations".to_owned()))
                } else {
                    let shown = text::shown(&count.into());
                    Some((Code::InvalidValue, count, format!("`{shown}` is not a number of iterations")))
                }
            } else if parsed.is_none() {
                Some(if unit == value {
                    (Code::MalformedNumber, value, format!("no number stands before `{}`", text::shown(&unit.into())))
                } else {
                    (Code::MalformedNumber, value, format!("`{}` is not a number", text::shown(&value.into())))
                })
            } else if !scaled.is_finite() || (scaled < 0.0 && entry.is_some_and(UnitEntry::never_negative)) {
                let message = format!("`{}` cannot be a measurement", text::shown(&value.into()));
                Some((Code::InvalidValue, value, message))
            } else {
                None
            };
            match wrong {
                None => series.samples.push(scaled),
                Some((code, part, message)) if series.fault.is_none() => {
                    // A wrong number of iterations spoils every value of its line, and is said once.
                    let said = if counted { None } else { miscounted.clone() };
                    let location = said.unwrap_or_else(|| {
                        let location = marker.at(line, part);
                        let headline = format!("`{}`: {message}", text::shown(&name.into()));
                        diagnostics.push(Diagnostic::new(code, headline).at(location.clone()));
                        location
                    });
                    if !counted {
                        miscounted = Some(location.clone());
                    }
                    series.fault = Some(Box::new(Fault { message, location: Some(location) }));
                }
                Some(_) => {}
            }
        }
        if nth == 0 && carried.is_none() && Fields::of(rest).count() < 2 {
            let location = marker.at(line, line.text.trim_end());
            let shown = text::shown(&name.into());
            diagnostics.push(
                Diagnostic::new(Code::MalformedLine, format!("the result of `{shown}` has no measurements"))
                    .at(location.clone()),
            );
            malformed = Some(malformed_line("it has no measurements", location));
        }
        if let Some(fault) = malformed {
            self.note_malformed(place, name, fault);
        }
    }

    /// Takes a line that begins like a result, with a name and a number, and does not go on like one.
    pub(super) fn no_result(&mut self, place: &mut Place, name: &str, location: Location) {
        // The benchmark is known from here on, so that its suffix counts and its configuration is its own.
        if self.find(place, name).is_some() {
            self.note_malformed(place, name, malformed_line("the name is not followed by a result", location));
        }
    }

    fn note_malformed(&mut self, place: &Place, name: &str, fault: Fault) {
        if let Some(part) = self.parts.get_mut(place.part) {
            part.malformed.entry(Key { package: place.package, name: name.into() }).or_insert(fault);
        }
    }

    /// Takes a result that the file ends in. What is whole is kept; what may be cut makes its series invalid.
    pub(super) fn cut(
        &mut self,
        place: &mut Place,
        name: &str,
        rest: &str,
        line: &Line<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut fields = Fields::of(rest);
        let count = fields.next().unwrap_or("");
        let (mut kept, mut kept_units, mut partial) = (rest.len() - fields.rest().len(), Vec::new(), "");
        let mut whole = false;
        while let Some(value) = fields.next() {
            whole = false;
            let Some(unit) = fields.next() else {
                partial = if number(value).is_some() { "" } else { value };
                break;
            };
            if fields.rest().is_empty() && !self.units.is_whole(unit) {
                partial = unit;
                break;
            }
            whole = true;
            kept = rest.len() - fields.rest().len();
            kept_units.push(unit);
        }
        whole &= fields.rest().is_empty();
        if !kept_units.is_empty() {
            self.result(place, name, rest.get(..kept).unwrap_or(rest), line, diagnostics);
        }
        let Some(at) = self.find(place, name) else { return };
        let Self { units, parts, marker, .. } = self;
        let Some((_, benchmark)) = parts.get_mut(place.part).and_then(|part| part.benchmarks.get_index_mut(at)) else {
            return;
        };
        let mut lost: Vec<String> = benchmark
            .series
            .iter()
            .filter_map(|series| units.get(series.unit))
            .map(|unit| unit.text.raw().to_owned())
            .filter(|unit| !kept_units.contains(&unit.as_str()))
            .collect();
        if whole && lost.is_empty() {
            return;
        }
        if lost.is_empty() {
            let guess = STANDARD.into_iter().find(|unit| !partial.is_empty() && unit.starts_with(partial));
            lost.extend(guess.or(kept_units.is_empty().then_some("ns/op")).map(str::to_owned));
        }
        let location = marker.at(line, line.text.get(line.text.len() - (rest.len() - kept)..).unwrap_or(count));
        for unit in lost {
            if let Some(series) = benchmark.series(units, usize::MAX, &unit, 0)
                && series.fault.is_none()
            {
                let message = "the file ends within this result".to_owned();
                series.fault = Some(Box::new(Fault { message, location: Some(location.clone()) }));
            }
        }
        diagnostics.push(truncated(name, location));
    }

    /// Notes that a benchmark, or with `None` the whole package, failed. The first reason given is kept.
    pub(super) fn fail(&mut self, place: &Place, name: Option<&str>, message: String, location: Location) {
        let key = if let Some(name) = name {
            Key { package: place.package, name: name.into() }
        } else {
            let package = place.package.and_then(|at| self.packages.get_index(at as usize));
            Key { package: None, name: package.map_or("go test", Untrusted::raw).into() }
        };
        if let Some(part) = self.parts.get_mut(place.part) {
            part.failures.entry(key).or_insert(Fault { message, location: Some(location) });
        }
    }

    /// Adds what the benchmark logged to its failure.
    pub(super) fn explain(&mut self, place: &Place, name: &str, log: &str) {
        let key = Key { package: place.package, name: name.into() };
        if let Some(fault) = self.parts.get_mut(place.part).and_then(|part| part.failures.get_mut(&key)) {
            // The repeats of a benchmark that fails say the same again.
            if fault.message == FAILED {
                fault.message = format!("{FAILED}: {}", text::truncate(&text::line(log.trim()), text::MAX_SHOWN));
            }
        }
    }
}

/// What is wrong with a benchmark of which the file has nothing but such lines.
fn malformed_line(what: &str, location: Location) -> Fault {
    Fault { message: format!("malformed result line: {what}"), location: Some(location) }
}

/// The message for a result that the end of the file cuts.
pub(super) fn truncated(name: &str, location: Location) -> Diagnostic {
    Diagnostic::new(Code::TruncatedLine, format!("the file ends within the result of `{}`", text::shown(&name.into())))
        .at(location)
        .help("run the benchmarks again, and look at the exit status of the command that wrote the file")
}
