//! Go's benchmark text, for benchstat.
//!
//! Each sample is a line of its own, as `-count` makes them, so that benchstat can test; a series without samples is one line
//! with its value. Names get the word `Benchmark` in front where they lack it, and blanks become `_`, which Go does too. Units
//! are Go's where it has one; others are named `METRIC-ns` or by the metric. Directions that benchstat does not know by itself
//! stand in `Unit` lines. What is not one line's business, such as a failed benchmark, is left out.
//!
//! Source: golang/proposal 14313 (benchmark data format), golang/perf 712aea8 `benchfmt`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Output, Style};
use super::centre;
use crate::model::{Better, MetricId, Observation, Run, SeriesKey, Unit};

/// The entry in the table of exports.
pub(super) static OUTPUT: Output<[Run]> =
    Output { name: "go", title: "Go's benchmark text, for benchstat: a line for each sample", render };

fn render(runs: &[Run], _: &Style) -> String {
    let mut out = String::new();
    let mut directions: BTreeSet<String> = BTreeSet::new();
    // A package line counts until the next one, also in the next run.
    let mut package = None;
    for run in runs {
        for (name, value) in &run.environment.labels {
            if ["goos", "goarch", "cpu"].contains(&name.raw()) {
                out.push_str(&format!("{}: {}\n", name.raw(), one_line(value.raw())));
            }
        }
        // Series of one benchmark are columns of the same lines.
        let mut benchmarks: BTreeMap<_, Vec<Column<'_>>> = BTreeMap::new();
        for (key, seen) in &run.series {
            let id = (key.benchmark.package.as_ref(), &key.benchmark.name);
            benchmarks.entry(id).or_default().push((key, seen));
        }
        for ((of, name), columns) in benchmarks {
            if of != package {
                out.push_str(&format!("pkg: {}\n", of.map_or_else(String::new, |p| one_line(p.raw()))));
                package = of;
            }
            for line in lines(&columns, &mut directions) {
                out.push_str(&format!("{} 1 {}\n", go_name(name.raw()), line.join(" ")));
            }
        }
    }
    let units: String = directions.into_iter().map(|line| line + "\n").collect();
    units + &out
}

/// A series of a benchmark.
type Column<'r> = (&'r SeriesKey, &'r Observation);

/// The values of one benchmark with their units, line by line.
fn lines(columns: &[Column<'_>], directions: &mut BTreeSet<String>) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (key, seen) in columns {
        let Some(centre) = centre(seen) else { continue };
        let (unit, factor, is_known) = go_unit(key, &seen.unit);
        if let (false, Some(better)) = (is_known, seen.better) {
            let better = if better == Better::Higher { "higher" } else { "lower" };
            directions.insert(format!("Unit {unit} better={better}"));
        }
        let values = seen.samples.as_deref().map_or_else(|| vec![centre], <[f64]>::to_vec);
        for (at, value) in values.into_iter().enumerate() {
            if lines.len() <= at {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.get_mut(at) {
                line.push(format!("{} {unit}", digits(value * factor)));
            }
        }
    }
    lines
}

/// A number without the last digits of a multiplication.
fn digits(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}

/// The unit as Go writes it, what base units are multiplied by, and whether benchstat knows its direction.
fn go_unit(key: &SeriesKey, unit: &Unit) -> (String, f64, bool) {
    let metric = token(key.metric.raw());
    match (key.metric.raw(), unit) {
        (MetricId::TIME, Unit::Second) => ("ns/op".to_owned(), 1e9, true),
        (MetricId::MEMORY, Unit::Byte) => ("B/op".to_owned(), 1.0, true),
        (MetricId::ALLOCS, _) => ("allocs/op".to_owned(), 1.0, true),
        (MetricId::THROUGHPUT, Unit::BytePerSecond) => ("MB/s".to_owned(), 1e-6, true),
        (MetricId::THROUGHPUT, Unit::PerSecond) => ("op/s".to_owned(), 1.0, false),
        (_, Unit::Second) => (format!("{metric}-ns"), 1e9, false),
        (_, Unit::Byte) => (format!("{metric}-B"), 1.0, false),
        (_, Unit::BytePerSecond) => (format!("{metric}-MB/s"), 1e-6, false),
        (_, Unit::PerSecond) => (format!("{metric}/s"), 1.0, false),
        (_, Unit::One | Unit::Other(_)) => (metric, 1.0, false),
    }
}

/// A name as Go's tools read it back: one word that begins with `Benchmark` and an upper-case letter.
fn go_name(name: &str) -> String {
    let word = token(name);
    if word.strip_prefix("Benchmark").is_some_and(|rest| !rest.starts_with(char::is_lowercase)) {
        return word;
    }
    let mut chars = word.chars();
    let first = chars.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    format!("Benchmark{first}{}", chars.as_str())
}

/// Text as one word.
fn token(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
