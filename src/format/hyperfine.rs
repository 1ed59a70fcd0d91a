//! hyperfine's JSON: how long whole commands took.
//!
//! A benchmark is a command, as hyperfine names it: with its parameters put in, or by `--command-name`. Where one name stands
//! for several rows, as with `--command-name` and a parameter scan, the parameters tell them apart.
//!
//! A command that ended with another exit code than zero is a failed benchmark, also where hyperfine was told to go on
//! (`--ignore-failure`): a command that fails is quick.
//!
//! Not here: user and system time, of which hyperfine keeps the mean alone.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Entries, Number, Samples, Step};
use super::rows::{self, Faults, key};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Details, Kind, MetricId, Observation, Origin, Run, Statistic, Summary};
use crate::text::Untrusted;
use crate::unit;

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "hyperfine",
    title: "hyperfine JSON",
    url: "https://github.com/sharkdp/hyperfine",
    tested: "1.15 to 1.20",
    written_by: "hyperfine --export-json FILE COMMAND",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    let only = probe.keys.iter().all(|key| *key == "results") && probe.keys.contains("results");
    probe.first == Some('{') && only && ["\"command\"", "\"mean\""].iter().all(|key| probe.text.contains(key))
}

// https://github.com/sharkdp/hyperfine/blob/v1.20.0/src/benchmark/benchmark_result.rs

#[derive(Deserialize)]
#[serde(expecting = "an object with `results`")]
struct File<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a result as an object")]
struct Row {
    command: String,
    #[serde(default)]
    mean: Number,
    #[serde(default)]
    stddev: Number,
    #[serde(default)]
    median: Number,
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    times: Option<Samples>,
    #[serde(default)]
    memory_usage_byte: Option<Samples>,
    /// `null` for a command that a signal ended.
    #[serde(default)]
    exit_codes: Option<Vec<Option<i64>>>,
    #[serde(default)]
    parameters: Option<Entries<String>>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let results = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(File { results }) => results,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if results.is_empty() {
        let place = json::location(document, &[key("results")]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no result").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    let mut rows: Vec<(usize, Row)> = Vec::with_capacity(results.len());
    for (index, result) in results.into_iter().enumerate() {
        match json::part(result.get()) {
            Ok(row) => rows.push((index, row)),
            Err(wrong) => faults.malformed(&mut run, FORMAT.name, "command", &place(index), result.get(), wrong),
        }
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (_, row) in &rows {
        *times.entry(row.command.clone()).or_default() += 1;
    }
    for (index, row) in rows {
        let alone = times.get(&row.command) == Some(&1);
        add(&mut run, &mut faults, index, row, alone);
    }
    vec![run]
}

fn place(index: usize) -> [Step; 2] {
    [key("results"), Step::Index(index)]
}

/// Adds a row. `alone` says whether its name is the only one in the file.
fn add(run: &mut Run, faults: &mut Faults<'_, '_>, index: usize, row: Row, alone: bool) {
    let Row { command, mean, stddev, median, min, max, times, memory_usage_byte, exit_codes, parameters } = row;
    let parameters = parameters.unwrap_or_default().0;
    let name = if alone || parameters.is_empty() {
        command
    } else {
        let parameters: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{command} ({})", parameters.join(", "))
    };
    let id = BenchmarkId::new(FORMAT.name, None, name);
    if !parameters.is_empty() {
        let params: BTreeMap<Untrusted, Untrusted> =
            parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        run.details.insert(id.clone(), Details { params: params.into(), group: None });
    }
    let origin = Origin { suite: 0, position: u32::try_from(index).unwrap_or(u32::MAX) };
    let at = |name: &'static str| [place(index).as_slice(), &[key(name)]].concat();
    let codes = exit_codes.unwrap_or_default();
    let mut time = rows::time("s", origin);
    if let Some(code) = codes.iter().find(|code| **code != Some(0)) {
        let count = codes.iter().filter(|code| **code != Some(0)).count();
        let code = code.map_or("by a signal".to_owned(), |code| format!("with exit code {code}"));
        let message = format!("ended {code}; {count} of {} runs failed", codes.len());
        time.fault = Some(Box::new(faults.row(Code::BenchmarkFailed, &at("exit_codes"), &id.name, message)));
    } else if let Some(samples) = times.filter(|times| !times.values.is_empty()) {
        take(&mut time, samples.values, |code, message| faults.row(code, &at("times"), &id.name, message));
    } else {
        let known = [("mean", &mean), ("median", &median), ("min", &min), ("max", &max)];
        let seconds = unit::parse("s");
        let wrong = known.iter().filter(|(_, number)| **number != Number::Missing).find_map(|(name, number)| {
            rows::value_of(number, &seconds).err().map(|(code, why)| (*name, code, format!("`{name}` is {why}")))
        });
        time.summary = Summary::unknown()
            .with(Statistic::Mean, mean.finite())
            .with(Statistic::Median, median.finite())
            .with(Statistic::Min, min.finite())
            .with(Statistic::Max, max.finite())
            .with_stddev(stddev.finite());
        let wrong = match wrong {
            None if time.summary.is_unknown() => Some(("mean", Code::InvalidValue, "`mean` is missing".to_owned())),
            wrong => wrong,
        };
        if let Some((name, code, message)) = wrong {
            time.fault = Some(Box::new(faults.row(code, &at(name), &id.name, message)));
        }
    }
    let failed = time.fault.is_some();
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
    if let Some(samples) = memory_usage_byte.filter(|memory| !memory.values.is_empty() && !failed) {
        let mut memory = rows::observation(&unit::parse("B"), "B", Kind::Noisy, origin);
        take(&mut memory, samples.values, |code, message| {
            faults.row(code, &at("memory_usage_byte"), &id.name, message)
        });
        rows::add(run, &id, MetricId::new(MetricId::MEMORY), memory);
    }
}

/// Takes samples in base units, or the fault of the first that cannot be used.
fn take(observation: &mut Observation, samples: Vec<f64>, fault: impl FnOnce(Code, String) -> crate::model::Fault) {
    let unfit = |(at, value): (usize, &f64)| Some((at, rows::unfit(*value, &observation.unit)?));
    match samples.iter().enumerate().find_map(unfit) {
        Some((at, why)) => {
            let message = format!("run {} is {why}", at + 1);
            observation.fault = Some(Box::new(fault(Code::InvalidValue, message)));
        }
        None => observation.set_samples(samples),
    }
}
