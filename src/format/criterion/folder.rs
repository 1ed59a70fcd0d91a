//! One folder of results, such as `parse/json/new`: from its files to the series of one benchmark.
//!
//! What is wrong in it costs this benchmark and nothing else, so errors of its files become warnings here.
//!
//! Not here: what folders of one tree mean together.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::FORMAT;
use super::file::{Benchmark, Estimate, Estimates, Sample, Throughput};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::format::{Document, Tree, decode, json, rows};
use crate::model::{Better, Details, Fault, Kind, MetricId, Observation, Origin, Statistic, Summary, Unit};
use crate::text::{self, Untrusted};
use crate::unit;

// The files of a folder of results.
const BENCHMARK: &str = "benchmark.json";
const SAMPLE: &str = "sample.json";
const ESTIMATES: &str = "estimates.json";
const RAW: &str = "raw.csv";

/// Seconds in Criterion's own unit of time.
const NANOSECOND: f64 = 1e-9;

/// A folder of results: `parse/json/new`.
pub(super) struct Folder<'a> {
    pub(super) path: &'a str,
    /// The benchmark's own folder, above it.
    pub(super) parent: &'a str,
    /// `new`, `base` or a saved baseline's name.
    pub(super) baseline: &'a str,
    /// Which of Criterion's files it has.
    pub(super) files: Vec<&'a str>,
}

impl Folder<'_> {
    fn has(&self, file: &str) -> bool {
        self.files.contains(&file)
    }

    /// Whether it makes its tree a Criterion tree.
    pub(super) fn is_claim(&self) -> bool {
        self.has(ESTIMATES) && (self.has(BENCHMARK) || self.baseline == "new")
    }

    /// Whether it can be nothing else than a benchmark's results; other tools write an `estimates.json` too.
    fn is_result(&self) -> bool {
        let measured = self.has(ESTIMATES) || self.has(SAMPLE);
        self.has(BENCHMARK) || (self.baseline == "new" && measured) || (self.has(ESTIMATES) && self.has(SAMPLE))
    }
}

/// The folders that hold results of a benchmark, in the tree's order.
pub(super) fn folders(tree: &dyn Tree) -> Vec<Folder<'_>> {
    let mut folders: IndexMap<&str, Folder<'_>> = IndexMap::new();
    for file in tree.files() {
        let Some((path, file)) = file.rsplit_once('/') else { continue };
        if ![BENCHMARK, SAMPLE, ESTIMATES, RAW].contains(&file) {
            continue;
        }
        let (parent, baseline) = path.rsplit_once('/').unwrap_or(("", path));
        // `change` is relative to a run that is gone, `report` is for people.
        if !matches!(baseline, "change" | "report") {
            let folder = folders.entry(path).or_insert_with(|| Folder { path, parent, baseline, files: Vec::new() });
            folder.files.push(file);
        }
    }
    folders.into_values().filter(Folder::is_result).collect()
}

/// The folders that are one `target/criterion` each: what is above a benchmark's `directory_name`.
pub(super) fn roots(tree: &dyn Tree) -> Vec<String> {
    let mut roots: Vec<String> = Vec::new();
    let mut common: Option<&str> = None;
    for folder in folders(tree).iter().filter(|f| f.is_claim()) {
        if roots.iter().any(|root| is_below(folder.parent, root)) {
            continue;
        }
        let named = tree.read(&format!("{}/{BENCHMARK}", folder.path)).ok();
        let directory = named.and_then(|b| serde_json::from_slice::<Benchmark>(&b).ok()).and_then(|b| b.directory_name);
        if let Some(root) = directory.and_then(|directory| root(folder.parent, &directory)) {
            roots.push(root.to_owned());
        } else {
            // Old trees do not say: everything they hold is one result.
            let above = folder.parent.rsplit_once('/').map_or("", |(above, _)| above);
            common = Some(common.map_or(above, |common| common_folder(common, above)));
        }
    }
    if let Some(common) = common.filter(|common| !roots.iter().any(|root| is_below(common, root))) {
        roots.retain(|root| !is_below(root, common));
        roots.push(common.to_owned());
    }
    roots
}

/// What is above a benchmark's folder. Criterion writes the name in lowercase on Windows.
fn root<'a>(parent: &'a str, directory: &str) -> Option<&'a str> {
    let above = parent.len().checked_sub(directory.len())?;
    let (root, end) = (parent.get(..above)?, parent.get(above..)?);
    end.eq_ignore_ascii_case(directory).then(|| root.trim_end_matches('/'))
}

/// Whether a path is a folder or lies in it; everything lies in the empty path.
fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The deepest folder that both paths lie in.
fn common_folder<'a>(a: &'a str, b: &str) -> &'a str {
    let mut folder = a;
    while !is_below(b, folder) {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
    folder
}

/// What was read from one folder.
pub(super) struct Outcome {
    /// The benchmark's name, or its folder's path if nothing tells its name.
    pub(super) full_id: Untrusted,
    /// Whether `benchmark.json` is there.
    pub(super) named: bool,
    /// Whether estimates had to do instead of samples.
    pub(super) estimated: bool,
    /// The name with Criterion's own suffix for a name that occurs twice, as long as it is not cut.
    pub(super) title: Option<String>,
    /// The number that Criterion put behind the name of a folder that was taken: 2 or more; else 1.
    pub(super) ordinal: u32,
    /// When it was measured, in seconds since 1970.
    pub(super) modified: Option<i64>,
    pub(super) details: Details,
    pub(super) series: Vec<(&'static str, Observation)>,
    /// The name of a custom measurement, in place of `time`.
    pub(super) measured: Option<Untrusted>,
    pub(super) failure: Option<Fault>,
    pub(super) diagnostics: Diagnostics,
}

impl Outcome {
    pub(super) fn read(tree: &dyn Tree, folder: &Folder<'_>) -> Self {
        let path = if folder.parent.is_empty() { folder.path } else { folder.parent };
        let mut outcome = Self {
            full_id: path.into(),
            named: folder.has(BENCHMARK),
            estimated: false,
            title: None,
            ordinal: 1,
            modified: None,
            details: Details::default(),
            series: Vec::new(),
            measured: None,
            failure: None,
            diagnostics: Diagnostics::new(),
        };
        outcome.modified = [SAMPLE, ESTIMATES, BENCHMARK]
            .into_iter()
            .find_map(|file| tree.modified(&format!("{}/{file}", folder.path)));
        let mut throughput = Throughput::default();
        if folder.has(BENCHMARK) {
            match outcome.json::<Benchmark>(tree, folder, BENCHMARK) {
                Ok(benchmark) => throughput = outcome.name(benchmark),
                Err(fault) => {
                    outcome.failure = Some(fault);
                    return outcome;
                }
            }
        }
        let scale = if folder.has(RAW) { scale(tree, folder) } else { None };
        if folder.has(SAMPLE) {
            match outcome.json::<Sample>(tree, folder, SAMPLE) {
                Ok(sample) => outcome.samples(tree, folder, sample, scale, &throughput),
                Err(fault) => outcome.fault(fault),
            }
        } else if folder.has(ESTIMATES) {
            outcome.estimated = true;
            match outcome.json::<Estimates>(tree, folder, ESTIMATES) {
                Ok(estimates) => outcome.estimates(tree, folder, estimates, scale, &throughput),
                Err(fault) => outcome.fault(fault),
            }
        } else {
            let message = "has neither sample.json nor estimates.json".to_owned();
            let location = Location::file(file_name(tree, folder.path));
            let headline = format!("`{}` {message}", text::shown(&outcome.full_id));
            outcome.diagnostics.push(Diagnostic::new(Code::BenchmarkFailed, headline).at(location.clone()));
            outcome.failure = Some(Fault { message, location: Some(location) });
        }
        outcome
    }

    /// Takes over what `benchmark.json` says, and gives the work per iteration back.
    fn name(&mut self, benchmark: Benchmark) -> Throughput {
        self.details = benchmark.details();
        let Benchmark { full_id, group_id: _, value_str: _, throughput, directory_name, title } = benchmark;
        self.full_id = full_id.into();
        self.title = title;
        if let Some(directory) = directory_name {
            let number = directory.rsplit_once('_').and_then(|(_, n)| n.parse().ok());
            self.ordinal = number.filter(|n| *n >= 2).unwrap_or(1);
        }
        throughput.unwrap_or_default()
    }

    /// Reads one JSON file of the folder. What is wrong with it is a warning: it costs one benchmark.
    fn json<T: serde::de::DeserializeOwned>(
        &mut self,
        tree: &dyn Tree,
        folder: &Folder<'_>,
        file: &str,
    ) -> Result<T, Fault> {
        let path = format!("{}/{file}", folder.path);
        let name = file_name(tree, &path);
        let value = match tree.read(&path) {
            Ok(bytes) => decode(&name, &bytes, &mut self.diagnostics).and_then(|text| {
                let mut scratch = String::new();
                json::parse(&Document { name: name.clone(), text: &text }, &mut scratch, FORMAT.written_by)
            }),
            Err(why) => {
                let message = format!("cannot be read: {}", text::shown(&why.into()));
                Err(Diagnostic::new(Code::Unreadable, message).at(Location::file(name)))
            }
        };
        value.map_err(|mut diagnostic| {
            diagnostic.severity = Severity::Warning;
            let fault =
                Fault { message: format!("{file}: {}", diagnostic.message), location: diagnostic.location.clone() };
            self.diagnostics.push(diagnostic);
            fault
        })
    }

    /// An observation in the unit of `raw.csv` or else in seconds, and what values of the tree are multiplied with.
    fn observation(&mut self, scale: Option<(String, f64)>, first: Option<f64>) -> (Observation, f64) {
        let mut observation = Observation {
            unit: Unit::Second,
            tool_unit: Some("ns".into()),
            better: Some(Better::Lower),
            kind: Kind::Noisy,
            summary: Summary::unknown(),
            samples: None,
            origin: Origin::default(),
            derived: false,
            fault: None,
        };
        let Some((unit, shown)) = scale else { return (observation, NANOSECOND) };
        let parsed = unit::parse(&unit);
        // Values in raw.csv went through the measurement's formatter, which may have scaled them to another unit.
        let ratio = first.map(|first| shown / first).filter(|r| r.is_finite() && *r > 0.0).unwrap_or(1.0);
        self.measured = match parsed.unit {
            Unit::Second => None,
            Unit::Byte => Some(MetricId::MEMORY.into()),
            _ => Some(unit.as_str().into()),
        };
        observation.unit = parsed.unit;
        observation.tool_unit = Some(unit.into());
        (observation, ratio * parsed.factor)
    }

    fn samples(
        &mut self,
        tree: &dyn Tree,
        folder: &Folder<'_>,
        sample: Sample,
        scale: Option<(String, f64)>,
        throughput: &Throughput,
    ) {
        let Sample { iters, times } = sample;
        let (mut observation, factor) = self.observation(scale, times.first().copied());
        let signed = !matches!(observation.unit, Unit::Second | Unit::Byte);
        let message = if iters.len() != times.len() {
            Some(format!("{} iteration counts but {} times", iters.len(), times.len()))
        } else if times.is_empty() {
            Some("no samples".to_owned())
        } else {
            iters.iter().zip(&times).enumerate().find_map(|(i, (iterations, time))| {
                let what = if !iterations.is_finite() || *iterations < 0.0 {
                    "has an iteration count that is no count"
                } else if *iterations < 1.0 {
                    "has zero iterations"
                } else if !time.is_finite() {
                    "is not a finite number"
                } else if *time < 0.0 && !signed {
                    "is negative"
                } else {
                    return None;
                };
                Some(format!("sample {} {what}", i + 1))
            })
        };
        if let Some(message) = message {
            let fault = self.invalid(tree, &format!("{}/sample.json", folder.path), message);
            self.fault(fault);
            return;
        }
        let samples: Box<[f64]> = times.iter().zip(&iters).map(|(time, n)| time / n * factor).collect();
        observation.summary = Summary::of_samples(&samples);
        if self.measured.is_none() {
            for (name, unit, tool_unit, amount) in throughput.amounts() {
                let rates: Box<[f64]> = samples.iter().map(|s| amount / s).collect();
                if rates.iter().all(|r| r.is_finite()) {
                    let summary = Summary::of_samples(&rates);
                    self.series.push((name, rate(unit, tool_unit, summary, Some(rates))));
                }
            }
        }
        observation.samples = Some(samples);
        self.series.push((MetricId::TIME, observation));
    }

    fn estimates(
        &mut self,
        tree: &dyn Tree,
        folder: &Folder<'_>,
        estimates: Estimates,
        scale: Option<(String, f64)>,
        throughput: &Throughput,
    ) {
        let (mut observation, factor) = self.observation(scale, None);
        let signed = !matches!(observation.unit, Unit::Second | Unit::Byte);
        let Some((summary, median)) = summary_of(&estimates, factor, signed) else {
            let fault = self.invalid(tree, &format!("{}/estimates.json", folder.path), UNFIT.to_owned());
            self.fault(fault);
            return;
        };
        observation.summary = summary;
        if self.measured.is_none() {
            self.series.extend(rates_of(median, throughput));
        }
        self.series.push((MetricId::TIME, observation));
    }

    fn invalid(&mut self, tree: &dyn Tree, path: &str, message: String) -> Fault {
        let location = Location::file(file_name(tree, path));
        let headline = format!("`{}`: {message}", text::shown(&self.full_id));
        self.diagnostics.push(Diagnostic::new(Code::InvalidValue, headline).at(location.clone()));
        Fault { message, location: Some(location) }
    }

    /// Keeps the series although its values cannot be used.
    fn fault(&mut self, fault: Fault) {
        let (mut observation, _) = self.observation(None, None);
        observation.fault = Some(Box::new(fault));
        self.series.push((MetricId::TIME, observation));
    }

    /// The name with the suffix that keeps it apart from others of the same `full_id`.
    pub(super) fn distinct_name(&self, taken: &BTreeSet<Untrusted>) -> Untrusted {
        let full_id = self.full_id.raw();
        let suffix = self.title.as_deref().and_then(|title| title.strip_prefix(full_id)?.strip_prefix(" #"));
        let is_number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let name = match suffix.filter(|s| is_number(s)) {
            Some(number) => format!("{full_id} #{number}").into(),
            None => self.full_id.clone(),
        };
        let others = (2_u32..).map(|n| Untrusted::from(format!("{full_id} #{n}")));
        std::iter::once(name.clone()).chain(others).find(|n| !taken.contains(n)).unwrap_or(name)
    }
}

/// What is wrong with estimates that are no measurement.
const UNFIT: &str = "an estimate is not a finite, positive number";

/// Estimates as a summary, and their median.
fn summary_of(estimates: &Estimates, factor: f64, signed: bool) -> Option<(Summary, f64)> {
    let Estimates { mean, median, std_dev } = estimates;
    let value =
        |estimate: &Estimate| estimate.point_estimate.finite().filter(|v| signed || *v >= 0.0).map(|v| v * factor);
    let (mean, median, deviation) = (value(mean)?, value(median)?, value(std_dev)?);
    let summary = Summary::unknown()
        .with(Statistic::Mean, Some(mean))
        .with(Statistic::Median, Some(median))
        .with_stddev(Some(deviation));
    Some((summary, median))
}

/// The rates that a median time in seconds is for this much work.
fn rates_of(median: f64, throughput: &Throughput) -> Vec<(&'static str, Observation)> {
    let rates = throughput.amounts().into_iter().map(|(name, unit, tool_unit, amount)| {
        // The median of rates is the rate of the median; a mean of rates cannot be told from a mean of times.
        let summary = Summary::unknown().with(Statistic::Median, Some(amount / median));
        (name, rate(unit, tool_unit, summary, None))
    });
    rates.filter(|(_, rate)| !rate.summary.is_unknown()).collect()
}

/// The series that estimates without a tree make, in nanoseconds as Criterion's own.
pub(super) struct Estimated {
    pub(super) time: Observation,
    pub(super) rates: Vec<(&'static str, Observation)>,
}

/// Takes estimates without a tree.
///
/// # Errors
/// What is wrong with them.
pub(super) fn estimated(estimates: &Estimates, throughput: &Throughput) -> Result<Estimated, &'static str> {
    let (summary, median) = summary_of(estimates, NANOSECOND, false).ok_or(UNFIT)?;
    let mut time = rows::time("ns", Origin::default());
    time.summary = summary;
    Ok(Estimated { time, rates: rates_of(median, throughput) })
}

/// The unit in `raw.csv`, and its first value, to compare with the first one of `sample.json`.
fn scale(tree: &dyn Tree, folder: &Folder<'_>) -> Option<(String, f64)> {
    let bytes = tree.read(&format!("{}/raw.csv", folder.path)).ok()?;
    let mut rows = csv::Reader::from_reader(bytes.as_slice());
    let headers = rows.headers().ok()?;
    let column = |name: &str| headers.iter().position(|h| h == name);
    // Before 0.3 the column was `sample_time_nanos`, and there were no custom measurements.
    let (unit, value) = (column("unit")?, column("sample_measured_value")?);
    let first = rows.records().next()?.ok()?;
    let unit = first.get(unit).filter(|u| *u != "ns" && !u.is_empty())?;
    Some((unit.to_owned(), first.get(value)?.parse().ok()?))
}

fn file_name(tree: &dyn Tree, path: &str) -> Untrusted {
    format!("{}/{path}", tree.name().raw().trim_end_matches('/')).into()
}

fn rate(unit: Unit, tool_unit: &'static str, summary: Summary, samples: Option<Box<[f64]>>) -> Observation {
    Observation {
        unit,
        tool_unit: Some(tool_unit.into()),
        better: Some(Better::Higher),
        kind: Kind::Noisy,
        summary,
        samples,
        origin: Origin::default(),
        derived: true,
        fault: None,
    }
}
