//! vitest's benchmark JSON, as `vitest bench --outputJson` writes it.
//!
//! A benchmark is called as vitest calls it in its own report: the file, the groups around it, its name. Its time is read
//! from the samples where the file has them (`benchmark.includeSamples`), else from the statistics. `hz` is the reciprocal
//! of the mean and says nothing new.
//!
//! A benchmark that threw has a name and no numbers: it failed. One that was skipped is not in the file.
//!
//! Not here: the comparison that `--compare` adds.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Number, Samples, Step};
use super::rows::{self, Faults, key};
use super::statistics;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Details, MetricId, Origin, Run, Statistic};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "vitest",
    title: "vitest bench JSON",
    url: "https://vitest.dev",
    tested: "2.1 to 4.1",
    written_by: "vitest bench --run --outputJson FILE",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.first == Some('{')
        && probe.has_keys(&["files"])
        && ["\"groups\"", "\"fullName\"", "\"benchmarks\""].iter().all(|key| probe.text.contains(key))
}

// https://github.com/vitest-dev/vitest/blob/v3.2.4/packages/vitest/src/node/reporters/benchmark/json-formatter.ts

#[derive(Deserialize)]
#[serde(expecting = "an object with `files`")]
struct Report<'a> {
    #[serde(borrow)]
    files: Vec<File<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a file as an object")]
struct File<'a> {
    #[serde(borrow)]
    groups: Vec<Group<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a group as an object")]
struct Group<'a> {
    full_name: String,
    #[serde(borrow)]
    benchmarks: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a benchmark as an object")]
struct Row {
    name: String,
    #[serde(default)]
    samples: Option<Samples>,
    #[serde(default)]
    sample_count: Number,
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    mean: Number,
    #[serde(default)]
    median: Number,
    #[serde(default)]
    sd: Number,
    #[serde(default)]
    p75: Number,
    #[serde(default)]
    p99: Number,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let files = match json::parse::<Report<'_>>(document, &mut scratch, FORMAT.written_by) {
        Ok(Report { files }) => files,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    if files.iter().flat_map(|file| &file.groups).all(|group| group.benchmarks.is_empty()) {
        let place = json::location(document, &[key("files")]);
        diagnostics.push(Diagnostic::new(Code::NoResults, "the file holds no benchmark").at(place));
        return Vec::new();
    }
    let mut run = Run::of_tool(FORMAT.name);
    let mut faults = Faults::new(document, diagnostics);
    let mut position = 0_u32;
    for (file, File { groups }) in files.into_iter().enumerate() {
        for (group, Group { full_name, benchmarks }) in groups.into_iter().enumerate() {
            for (index, benchmark) in benchmarks.into_iter().enumerate() {
                let place = [
                    key("files"),
                    Step::Index(file),
                    key("groups"),
                    Step::Index(group),
                    key("benchmarks"),
                    Step::Index(index),
                ];
                let origin = Origin { suite: 0, position };
                position = position.saturating_add(1);
                match json::part(benchmark.get()) {
                    Ok(row) => add(&mut run, &mut faults, &place, &full_name, row, origin),
                    Err(wrong) => faults.malformed(&mut run, FORMAT.name, "name", &place, benchmark.get(), wrong),
                }
            }
        }
    }
    vec![run]
}

fn add(run: &mut Run, faults: &mut Faults<'_, '_>, place: &[Step], group: &str, row: Row, origin: Origin) {
    let Row { name, samples, sample_count, min, max, mean, median, sd, p75, p99 } = row;
    let id = BenchmarkId::new(FORMAT.name, None, format!("{group} > {name}"));
    if mean == Number::Missing && min == Number::Missing {
        let fault = faults.row(Code::BenchmarkFailed, place, &id.name, "has no result: it threw or was aborted".into());
        run.failures.insert(id, fault);
        return;
    }
    run.details.insert(id.clone(), Details { params: std::sync::Arc::default(), group: Some(group.into()) });
    let milliseconds = unit::parse("ms");
    let mut time = rows::time("ms", origin);
    let known = [
        ("mean", mean, Statistic::Mean),
        ("median", median, Statistic::Median),
        ("min", min, Statistic::Min),
        ("max", max, Statistic::Max),
        ("p75", p75, Statistic::P75),
        ("p99", p99, Statistic::P99),
    ];
    statistics::take(&mut time, faults, (place, &id.name), &milliseconds, samples, &known);
    if time.samples.is_none() {
        let deviation = rows::value_of(&sd, &milliseconds).ok();
        time.summary = time.summary.with_count(sample_count.finite().map(|n| n as u64)).with_stddev(deviation);
    }
    rows::add(run, &id, MetricId::new(MetricId::TIME), time);
}
