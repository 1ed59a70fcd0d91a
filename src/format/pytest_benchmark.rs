//! pytest-benchmark's JSON, as `--benchmark-json`, `--benchmark-save` and `--benchmark-autosave` write it.
//!
//! Times are seconds per call. Files of `--benchmark-json` hold every round in `stats.data`; saved ones hold order
//! statistics only, unless `--benchmark-save-data` was given. A benchmark is its function with its parameters, qualified by
//! file and class. Numbers in `extra_info` become series of their own, named after their key and in the unit that the key
//! ends with; nobody says which direction is good for them unless the unit does.
//!
//! Values that pytest-benchmark writes where it knows nothing (`unversioned`, `(unknown)`, a CPU brand `unknown`) are read as
//! unknown. A single round has a standard deviation of 0 in the file, which is not zero noise, so it is unknown here.
//!
//! Not here: the machine's host name and the profile of `--benchmark-cprofile`, which are skipped.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::{self, Entries, Number, Samples, Step};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::model::{
    BenchmarkId, Better, Details, Environment, Fault, Kind, MetricId, Observation, Origin, Run, SeriesKey, Statistic,
    Subject, Summary, Unit,
};
use crate::text::{self, Untrusted};
use crate::unit;

mod one_by_one;
#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "pytest-benchmark",
    title: "pytest-benchmark JSON",
    url: "https://pytest-benchmark.readthedocs.io",
    tested: "2.5 to 5.3",
    written_by: "pytest --benchmark-json=FILE",
    reader: Reader::Text { claims, parse },
};

/// How many bad rows are shown with their line; finding it costs a pass over the document.
const MOST_LOCATED: usize = 20;

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{') && probe.has_keys(&["benchmarks", "machine_info"]) && !probe.keys.contains("context")
}

// https://github.com/ionelmc/pytest-benchmark/blob/v5.1.0/src/pytest_benchmark/session.py and stats.py: keys that hold what
// perfgate has no use for (options, cprofile, iqr, outliers, …) are not listed and are skipped by the reader.

#[derive(Deserialize)]
#[serde(expecting = "an object with a `benchmarks` array")]
struct File<B> {
    benchmarks: Vec<B>,
    #[serde(default)]
    machine_info: Option<MachineInfo>,
    #[serde(default)]
    commit_info: Option<CommitInfo>,
    #[serde(default)]
    datetime: Scalar,
    #[serde(default)]
    version: Scalar,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct MachineInfo {
    #[serde(default)]
    machine: Scalar,
    #[serde(default)]
    system: Scalar,
    #[serde(default)]
    python_implementation: Scalar,
    #[serde(default)]
    python_version: Scalar,
    #[serde(default)]
    cpu: Option<Cpu>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Cpu {
    #[serde(default)]
    brand_raw: Scalar,
    /// Its name before py-cpuinfo 5.
    #[serde(default)]
    brand: Scalar,
    #[serde(default)]
    count: Scalar,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct CommitInfo {
    #[serde(default)]
    id: Scalar,
    #[serde(default)]
    branch: Scalar,
}

#[derive(Deserialize)]
#[serde(expecting = "a benchmark as an object")]
struct Benchmark<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    fullname: Option<Cow<'a, str>>,
    #[serde(default)]
    group: Scalar,
    #[serde(default)]
    params: Option<Entries<serde_json::Value>>,
    #[serde(default)]
    param: Scalar,
    #[serde(default)]
    extra_info: Option<Entries<Extra>>,
    #[serde(default)]
    stats: Option<Stats>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Stats {
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    mean: Number,
    #[serde(default)]
    stddev: Number,
    #[serde(default)]
    median: Number,
    #[serde(default)]
    q1: Number,
    #[serde(default)]
    q3: Number,
    #[serde(default)]
    rounds: Number,
    #[serde(default)]
    iterations: Number,
    #[serde(default)]
    data: Option<Samples>,
}

/// A string or number as text; anything else is no text.
#[derive(Default)]
struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Extra::deserialize(deserializer)? {
            Extra::Text(text) => Some(text),
            Extra::Number(number) => Some(number.to_string()),
            Extra::Object(_) | Extra::Other => None,
        }))
    }
}

impl Scalar {
    /// The text, unless it is blank or one of pytest-benchmark's and py-cpuinfo's words for "not known".
    fn known(self) -> Option<Untrusted> {
        self.0
            .filter(|t| !t.trim().is_empty() && t != "unknown" && t != "unversioned" && !t.starts_with('('))
            .map(Untrusted::from)
    }
}

/// A value of `extra_info`.
enum Extra {
    Number(f64),
    Text(String),
    Object(Entries<Extra>),
    Other,
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Extra;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("any value")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Extra, E> {
                Ok(Extra::Number(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Extra, E> {
                Ok(Extra::Number(value as f64))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Extra, E> {
                Ok(Extra::Number(value as f64))
            }

            fn visit_str<E>(self, value: &str) -> Result<Extra, E> {
                Ok(json::stands_for(value).map_or_else(|| Extra::Text(value.to_owned()), Extra::Number))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Extra, E> {
                Ok(Extra::Other)
            }

            fn visit_unit<E>(self) -> Result<Extra, E> {
                Ok(Extra::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Extra, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Extra::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Extra, A::Error> {
                Entries::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Extra::Object)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    match json::parse::<File<Benchmark<'_>>>(document, &mut scratch, FORMAT.written_by) {
        Ok(file) => runs(document, file, diagnostics, |reading, index, entry| reading.benchmark(index, entry)),
        Err(diagnostic) => one_by_one::parse(document, diagnostics).unwrap_or_else(|| {
            diagnostics.push(diagnostic);
            Vec::new()
        }),
    }
}

/// The runs of a file. `take` takes one of its benchmarks.
fn runs<B>(
    document: &Document<'_>,
    file: File<B>,
    diagnostics: &mut Diagnostics,
    take: impl Fn(&mut Reading<'_, '_>, usize, B),
) -> Vec<Run> {
    let File { benchmarks, machine_info, commit_info, datetime, version } = file;
    if benchmarks.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "the file holds no benchmark")
                .at(json::location(document, &[Step::Key("benchmarks".into())]))
                .help("look whether pytest collected the benchmarks, and whether they passed"),
        );
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    run.environment = environment(machine_info, version);
    if let Some(CommitInfo { id, branch }) = commit_info {
        run.subject = Subject { commit: id.known(), branch: branch.known(), ..Subject::default() };
    }
    run.subject.taken_at = datetime.0.as_deref().and_then(seconds_since_1970);
    let mut reading = Reading { document, diagnostics, run, name: Untrusted::default(), located: 0, abridged: 0 };
    for (index, benchmark) in benchmarks.into_iter().enumerate() {
        take(&mut reading, index, benchmark);
    }
    let Reading { run, abridged, .. } = reading;
    if abridged > 0 {
        let message = format!("`stats.data` of {abridged} of the benchmarks is cut short by a text");
        diagnostics.push(
            Diagnostic::new(Code::MissingSamples, message)
                .at(Location::file(document.name.clone()))
                .note("their mean, median and quartiles are used"),
        );
    }
    vec![run]
}

/// Times without an offset are taken for UTC: up to version 5.0 the local time is written so.
fn seconds_since_1970(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_second());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    jiff::tz::Offset::UTC.to_timestamp(local).ok().map(jiff::Timestamp::as_second)
}

fn environment(machine: Option<MachineInfo>, version: Scalar) -> Environment {
    // Version 3.2.0 writes the whole assignment: `__version__ = '3.2.0'`.
    let version = version.known().map(|v| v.raw().split('\'').nth(1).unwrap_or(v.raw()).into());
    let mut labels = vec![("pytest-benchmark", version)];
    if let Some(machine) = machine {
        let MachineInfo { machine, system, python_implementation, python_version, cpu } = machine;
        let python = match (python_implementation.known(), python_version.known()) {
            (Some(name), Some(version)) => Some(format!("{} {}", name.raw(), version.raw()).into()),
            (name, version) => version.or(name),
        };
        labels.extend([("os", system.known()), ("arch", machine.known()), ("python", python)]);
        if let Some(Cpu { brand_raw, brand, count }) = cpu {
            labels.extend([("cpu", brand_raw.known().or(brand.known())), ("cores", count.known())]);
        }
    }
    Environment { labels: labels.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect() }
}

/// A document on its way to a run.
struct Reading<'a, 'd> {
    document: &'a Document<'d>,
    diagnostics: &'a mut Diagnostics,
    run: Run,
    /// The benchmark that is being read.
    name: Untrusted,
    /// How many places were looked up so far.
    located: usize,
    /// How many benchmarks have text among their samples.
    abridged: usize,
}

impl Reading<'_, '_> {
    fn benchmark(&mut self, index: usize, benchmark: Benchmark<'_>) {
        let Benchmark { name, fullname, group, params, param, extra_info, stats } = benchmark;
        let id = id_of(&name, fullname.as_deref());
        self.name = id.name.clone();
        let details = Details { params: texts(params.unwrap_or_default(), param).into(), group: group.known() };
        if details != Details::default() {
            self.run.details.entry(id.clone()).or_insert(details);
        }
        let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
        if let Some(stats) = stats {
            let observation = self.time(index, stats, origin);
            self.add(&id, MetricId::TIME, observation);
        } else {
            let message = "has no `stats`: it did not run to its end".to_owned();
            let shown = format!("`{}` {message}", text::shown(&id.name));
            let fault = self.fault(Code::BenchmarkFailed, &[element(index)], shown, message);
            self.run.failures.insert(id.clone(), fault);
        }
        let mut keys = Vec::new();
        self.extra(&id, index, origin, &mut keys, extra_info.unwrap_or_default());
    }

    /// The time of one benchmark: its samples where the file has them, else what pytest-benchmark made of them.
    fn time(&mut self, index: usize, stats: Stats, origin: Origin) -> Observation {
        let Stats { min, max, mean, stddev, median, q1, q3, rounds, iterations, data } = stats;
        let mut observation = Observation {
            unit: Unit::Second,
            tool_unit: Some("s".into()),
            better: Some(Better::Lower),
            kind: Kind::Noisy,
            summary: Summary::unknown(),
            samples: None,
            origin,
            derived: false,
            fault: None,
        };
        self.abridged += usize::from(data.as_ref().is_some_and(|data| data.has_text));
        let samples = data.filter(|data| !data.has_text && !data.values.is_empty()).map(|data| data.values);
        let bad = samples.iter().flatten().enumerate().find(|(_, v)| !is_duration(**v));
        observation.fault = if let Some((sample, value)) = bad {
            let message = format!("round {} is {}", sample + 1, unfit(*value));
            let place = [element(index), key("stats"), key("data"), Step::Index(sample)];
            Some(Box::new(self.row_fault(Code::InvalidValue, &place, message)))
        } else {
            let times = [
                ("min", &min),
                ("max", &max),
                ("mean", &mean),
                ("median", &median),
                ("stddev", &stddev),
                ("q1", &q1),
                ("q3", &q3),
                ("rounds", &rounds),
                ("iterations", &iterations),
            ];
            let bad = times.into_iter().find_map(|(name, number)| {
                let count = matches!(name, "rounds" | "iterations");
                match number {
                    Number::Text(text) => Some((
                        name,
                        Code::MalformedNumber,
                        format!("`{name}` is not a number: `{}`", text::shown(text)),
                    )),
                    Number::Value(value) if !is_duration(*value) || (count && *value < 1.0) => {
                        Some((name, Code::InvalidValue, format!("`{name}` is {}", unfit(*value))))
                    }
                    Number::Value(_) | Number::Missing => None,
                }
            });
            bad.map(|(name, code, message)| {
                Box::new(self.row_fault(code, &[element(index), key("stats"), key(name)], message))
            })
        };
        if observation.fault.is_some() {
            return observation;
        }
        if let Some(samples) = samples {
            observation.summary = Summary::of_samples(&samples);
            observation.samples = Some(samples.into_boxed_slice());
            return observation;
        }
        let rounds = rounds.finite().map(|n| n as u64);
        observation.summary = Summary::unknown()
            .with_count(rounds)
            .with_stddev(stddev.finite().filter(|_| rounds != Some(1)))
            .with(Statistic::Min, min.finite())
            .with(Statistic::P25, q1.finite())
            .with(Statistic::Median, median.finite())
            .with(Statistic::P75, q3.finite())
            .with(Statistic::Max, max.finite())
            .with(Statistic::Mean, mean.finite());
        if observation.summary.is_unknown() {
            let message = "has `stats` without any time".to_owned();
            let fault = self.row_fault(Code::InvalidValue, &[element(index), key("stats")], message);
            observation.fault = Some(Box::new(fault));
        }
        observation
    }

    /// Series of the numbers in `extra_info`; those of nested objects have dotted names.
    fn extra(&mut self, id: &BenchmarkId, index: usize, origin: Origin, keys: &mut Vec<String>, extra: Entries<Extra>) {
        for (name, value) in extra.0 {
            keys.push(name);
            match value {
                Extra::Object(inner) => self.extra(id, index, origin, keys, inner),
                Extra::Number(value) => {
                    let mut metric = keys.join(".");
                    let unit::Parsed { factor, unit, better } = unit_of(&metric);
                    let mut observation = Observation {
                        unit,
                        tool_unit: None,
                        better,
                        kind: Kind::Noisy,
                        summary: Summary::unknown(),
                        samples: None,
                        origin,
                        derived: false,
                        fault: None,
                    };
                    let value = value * factor;
                    if value.is_finite() {
                        observation.summary = Summary::of_value(value);
                        observation.samples = Some(Box::new([value]));
                    } else {
                        let message = format!("`{}` is {}", text::shown(&metric.as_str().into()), unfit(value));
                        let mut place = vec![element(index), key("extra_info")];
                        place.extend(keys.iter().map(|k| Step::Key(k.clone().into())));
                        observation.fault = Some(Box::new(self.row_fault(Code::InvalidValue, &place, message)));
                    }
                    if metric == MetricId::TIME {
                        metric.insert_str(0, "extra_info.");
                    }
                    self.add(id, &metric, observation);
                }
                Extra::Text(_) | Extra::Other => {}
            }
            keys.pop();
        }
    }

    /// Keeps a series. The same benchmark again is more of the same run.
    fn add(&mut self, id: &BenchmarkId, metric: &str, observation: Observation) {
        let key = SeriesKey { benchmark: id.clone(), metric: MetricId::new(metric) };
        match self.run.series.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(observation);
            }
            Entry::Occupied(mut entry) => merge(entry.get_mut(), observation),
        }
    }

    fn row_fault(&mut self, code: Code, path: &[Step], message: String) -> Fault {
        let headline = format!("`{}`: {message}", text::shown(&self.name));
        self.fault(code, path, headline, message)
    }

    /// Says what is wrong with a row, and where.
    fn fault(&mut self, code: Code, path: &[Step], headline: String, message: String) -> Fault {
        let path: Vec<Step> = [key("benchmarks")].into_iter().chain(path.iter().cloned()).collect();
        let location = if self.located < MOST_LOCATED {
            self.located += 1;
            json::location(self.document, &path)
        } else {
            Location::file(self.document.name.clone()).at(json::path(&path))
        };
        let mut diagnostic = Diagnostic::new(code, headline).at(location.clone());
        // It costs one row, also where it would cost the file elsewhere.
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        self.diagnostics.push(diagnostic);
        Fault { message, location: Some(location) }
    }
}

/// A benchmark by its name, and by its file, class and name.
fn id_of(name: &str, fullname: Option<&str>) -> BenchmarkId {
    let package = fullname.filter(|full| *full != name).map(|full| {
        let package = full.strip_suffix(name).and_then(|p| p.strip_suffix("::"));
        Untrusted::from(package.unwrap_or(full))
    });
    BenchmarkId::new(FORMAT.name, package, name)
}

fn key(name: &'static str) -> Step {
    Step::Key(name.into())
}

fn element(index: usize) -> Step {
    Step::Index(index)
}

fn is_duration(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// Why a value cannot be used, after "is".
fn unfit(value: f64) -> &'static str {
    if value.is_nan() {
        "not a number"
    } else if value.is_infinite() {
        "infinite"
    } else if value < 0.0 {
        "negative"
    } else {
        "zero"
    }
}

/// Joins two entries of one benchmark. Quantiles of the whole cannot be told from quantiles of the parts.
fn merge(kept: &mut Observation, more: Observation) {
    if kept.fault.is_some() {
        return;
    }
    if more.fault.is_some() {
        *kept = more;
        return;
    }
    if let (Some(a), Some(b)) = (&kept.samples, &more.samples) {
        let samples: Vec<f64> = a.iter().chain(b.iter()).copied().collect();
        kept.summary = Summary::of_samples(&samples);
        kept.samples = Some(samples.into_boxed_slice());
        return;
    }
    let (a, b) = (&kept.summary, &more.summary);
    let both = |statistic, join: fn(f64, f64) -> f64| Some(join(a.get(statistic)?, b.get(statistic)?));
    let counts = a.count().zip(b.count());
    let mean = counts.and_then(|(n, m)| {
        let (x, y) = a.get(Statistic::Mean).zip(b.get(Statistic::Mean))?;
        Some((x * n as f64 + y * m as f64) / (n + m) as f64)
    });
    let summary = Summary::unknown()
        .with_count(counts.map(|(n, m)| n + m))
        .with(Statistic::Min, both(Statistic::Min, f64::min))
        .with(Statistic::Max, both(Statistic::Max, f64::max))
        .with(Statistic::Mean, mean);
    kept.summary = summary;
    kept.samples = None;
}

/// Parameters as text. Values that pytest-benchmark could not write hold memory addresses, so they are left out.
fn texts(params: Entries<serde_json::Value>, param: Scalar) -> std::collections::BTreeMap<Untrusted, Untrusted> {
    let mut texts = std::collections::BTreeMap::new();
    for (name, value) in params.0 {
        let text = match value {
            serde_json::Value::String(text) if text.starts_with("UNSERIALIZABLE[") => continue,
            serde_json::Value::String(text) => json::stands_for(&text).map_or(text, |number| number.to_string()),
            other => other.to_string(),
        };
        texts.insert(name.into(), text.into());
    }
    if texts.is_empty()
        && let Scalar(Some(id)) = param
    {
        texts.insert("param".into(), id.into());
    }
    texts
}

/// The unit that a key of `extra_info` ends with: `parse_ms`, `peak_bytes`, `requests_per_sec`.
fn unit_of(key: &str) -> unit::Parsed {
    let word = match key.rsplit_once(['_', '.']) {
        Some((rest, "sec" | "second")) if rest.ends_with("per") => "per_sec",
        Some((_, word)) => word,
        // A key that is the word itself, such as `bytes`; a single letter is more likely a name.
        None if key.len() > 1 => key,
        None => "",
    };
    let symbol = match word {
        "kb" => "kB",
        "mb" => "MB",
        "gb" => "GB",
        "kib" => "KiB",
        "mib" => "MiB",
        "rps" | "per_sec" => "1/s",
        "ns" | "us" | "ms" | "s" | "seconds" | "bytes" => word,
        "pct" | "percent" => return unit::Parsed { factor: 1.0, unit: Unit::Other("%".into()), better: None },
        _ => return unit::Parsed { factor: 1.0, unit: Unit::One, better: None },
    };
    unit::parse(symbol)
}
