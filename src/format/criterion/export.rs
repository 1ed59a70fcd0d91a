//! What `critcmp --export` writes: the estimates of one baseline of a Criterion tree in one file, without its samples.
//!
//! Benchmarks are named as those of the tree are, so that an export compares with a tree. Of two benchmarks with one full id
//! critcmp keeps one, and of throughputs those in `Bytes` and `Elements`.
//!
//! Not here: the meaning of estimates (`folder`), which is that of `estimates.json`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::file::{Benchmark, Estimates};
use super::folder::{Estimated, estimated};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::json::{self, Entries, Step};
use crate::format::rows::{self, Faults, key, own_key};
use crate::format::{Document, Format, Probe, Reader};
use crate::model::{BenchmarkId, Details, MetricId, Origin, Run};

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(in crate::format) static FORMAT: Format = Format {
    name: "critcmp",
    title: "critcmp export",
    url: "https://github.com/BurntSushi/critcmp",
    tested: "0.1",
    written_by: "critcmp --export BASELINE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{')
        && probe.keys.contains("benchmarks")
        && !probe.keys.contains("machine_info")
        && probe.text.contains("\"criterion_benchmark_v1\"")
}

// https://github.com/BurntSushi/critcmp/blob/0.1.8/src/data.rs (BaseBenchmarks, Benchmark): `name` is the name of the
// baseline and `fullname` begins with it, so both are skipped.

#[derive(Deserialize)]
#[serde(expecting = "an object with `benchmarks`")]
struct File<'a> {
    #[serde(borrow)]
    benchmarks: Entries<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a benchmark as an object")]
struct Exported {
    criterion_benchmark_v1: Benchmark,
    criterion_estimates_v1: Estimates,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let benchmarks = match json::parse::<File<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(File { benchmarks: Entries(benchmarks) }) => benchmarks,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if benchmarks.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "the export holds no benchmark")
                .at(json::location(document, &[key("benchmarks")]))
                .help("`critcmp --baselines` lists the baselines that there are"),
        );
        return Vec::new();
    }
    let mut run = Run::of_tool(super::FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    let mut estimates = false;
    for (position, (name, benchmark)) in benchmarks.iter().enumerate() {
        let place = [key("benchmarks"), own_key(name)];
        let Exported { criterion_benchmark_v1, criterion_estimates_v1 } = match json::part(benchmark.get()) {
            Ok(benchmark) => benchmark,
            Err(wrong) => {
                let id = BenchmarkId::new(super::FORMAT.name, None, name.as_str());
                let path: Vec<Step> = place.into_iter().chain(wrong.steps).collect();
                let fault = faults.row(wrong.code, &path, &id.name, format!("malformed entry: {}", wrong.message));
                run.failures.insert(id, fault);
                continue;
            }
        };
        let id = BenchmarkId::new(super::FORMAT.name, None, criterion_benchmark_v1.full_id.as_str());
        let origin = Origin { suite: 0, position: u32::try_from(position).unwrap_or(u32::MAX) };
        let details = criterion_benchmark_v1.details();
        if details != Details::default() {
            run.details.insert(id.clone(), details);
        }
        let throughput = criterion_benchmark_v1.throughput.unwrap_or_default();
        match estimated(&criterion_estimates_v1, &throughput) {
            Ok(Estimated { time, rates }) => {
                estimates = true;
                for (metric, mut observation) in rates.into_iter().chain([(MetricId::TIME, time)]) {
                    observation.origin = origin;
                    rows::add(&mut run, &id, MetricId::new(metric), observation);
                }
            }
            Err(message) => {
                let [benchmarks, benchmark] = place;
                let path = [benchmarks, benchmark, key("criterion_estimates_v1")];
                let fault = faults.row(Code::InvalidValue, &path, &id.name, message.to_owned());
                let mut time = rows::time("ns", origin);
                time.fault = Some(Box::new(fault));
                rows::add(&mut run, &id, MetricId::new(MetricId::TIME), time);
            }
        }
    }
    if estimates {
        diagnostics.push(
            Diagnostic::new(Code::MissingSamples, "a critcmp export holds estimates, no samples")
                .at(Location::file(document.name.clone()))
                .note("their mean and median are used"),
        );
    }
    vec![run]
}
