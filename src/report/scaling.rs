//! How metrics go along a numeric parameter of the benchmarks' names, and where that got worse.
//!
//! `Create/size=50/workers=1`, `…/workers=2`, `…/workers=4` are a family: one number differs, everything else is the same. For
//! each family of three benchmarks or more and each metric the report lists both sides level by level, and the factor from each
//! level to the next: twice the workers should nearly double the throughput. A step whose factor got worse by the fail
//! limit or more (the warn limit, where only that is set) is marked; where both rows have intervals, only if the two do not
//! overlap, because two noisy rows make a noisy factor.
//!
//! Names tell parameters as Go (`n=64`, `size-64`), Criterion (`parse/1024`), pytest (`test[100]`) and people (`Size_10`) write
//! them; a number that a letter stands in front of (`sha256`) is part of the name.
//!
//! Not here: verdicts. A mark says where to look, and never turns the gate red.

use std::collections::BTreeMap;

use super::wording::{self, PLAIN};
use super::{Output, Style, columns};
use crate::model::report::{LimitKind, Report, Row};
use crate::text::{self, Untrusted};
use crate::unit::{self, Better};

/// The output's entry.
pub(super) static OUTPUT: Output =
    Output { name: "scaling", title: "each metric along the numbers in the benchmarks' names", render };

/// Fewest levels that make a family.
const FEWEST: usize = 3;

/// Columns of a name in a headline.
const MOST_NAME: usize = 160;

/// Most numbers of one name that are looked at.
const MOST_NUMBERS: usize = 8;

/// What stands for the number that differs.
const HOLE: char = '*';

/// Benchmarks that differ in one number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Family<'r> {
    tool: &'r str,
    package: Option<&'r str>,
    /// The name with the number taken out.
    name: String,
    /// What the number is called, if the name says so.
    parameter: String,
    metric: &'r str,
}

/// One benchmark of a family.
struct Level<'r> {
    number: &'r str,
    value: f64,
    row: &'r Row,
}

fn render(report: &Report, _: &Style) -> String {
    let mut families: BTreeMap<Family<'_>, Vec<Level<'_>>> = BTreeMap::new();
    for row in report.results.iter().filter(|row| row.current.is_some_and(|v| v.value.is_some())) {
        for (family, number, value) in places(row) {
            families.entry(family).or_default().push(Level { number, value, row });
        }
    }
    families.retain(|_, levels| {
        levels.sort_by(|a, b| a.value.total_cmp(&b.value));
        levels.dedup_by(|a, b| a.value.total_cmp(&b.value).is_eq());
        levels.len() >= FEWEST
    });
    let mut tables: Vec<(String, bool)> = families.iter().map(|(family, levels)| table(family, levels)).collect();
    tables.sort_by_key(|(_, is_worse)| !is_worse);
    let worse = tables.iter().filter(|(_, is_worse)| *is_worse).count();
    let out: String = tables.into_iter().map(|(text, _)| text + "\n").collect();
    let found = match families.len() {
        0 => "no three benchmarks differ in one number of their names\n".to_owned(),
        n => format!("{n} series, {worse} with a step that got worse\n"),
    };
    format!("{out}{found}")
}

/// Every way to see a row as a member of a family: one for each number in its name.
fn places(row: &Row) -> Vec<(Family<'_>, &str, f64)> {
    let name = row.benchmark.raw();
    let mut found = Vec::new();
    let mut rest = 0;
    // Names of thousands of numbers are no parameters.
    while found.len() < MOST_NUMBERS
        && let Some(start) = name.get(rest..).and_then(|r| r.find(|c: char| c.is_ascii_digit())).map(|at| rest + at)
    {
        let tail = name.get(start..).unwrap_or("");
        let mut length = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        // A decimal part, but not the dot of a file name.
        if let Some(part) = tail.get(length..).and_then(|t| t.strip_prefix('.')) {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            length += if digits > 0 { digits + 1 } else { 0 };
        }
        let end = start + length;
        let before = name.get(..start).unwrap_or("");
        let after = name.get(end..).unwrap_or("");
        let is_apart = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '.');
        let ends = after.chars().next().is_none_or(|c| !c.is_alphanumeric());
        if let (true, true, Some(number), Ok(value)) =
            (is_apart, ends, name.get(start..end), name.get(start..end).unwrap_or("").parse::<f64>())
        {
            let family = Family {
                tool: row.tool.raw(),
                package: row.package.as_ref().map(Untrusted::raw),
                name: format!("{before}{HOLE}{after}"),
                parameter: parameter(before),
                metric: row.metric.raw(),
            };
            found.push((family, number, value));
        }
        rest = end;
    }
    found
}

/// The word in front of a number: `workers` of `Create/workers=`.
fn parameter(before: &str) -> String {
    let word = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    let joined = before.len() - word.len();
    let start = word.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1);
    let name = word.get(start..).unwrap_or("");
    // A path's last part is no parameter's name: `parse/1024`.
    let is_named = joined == 1 && before.ends_with(['=', '_', '-', ':', ' ']);
    if is_named && name.chars().any(char::is_alphabetic) { name.to_owned() } else { "level".to_owned() }
}

/// The table of a family, and whether a step got worse.
fn table(family: &Family<'_>, levels: &[Level<'_>]) -> (String, bool) {
    let shown = |text: &str| text::truncate(&text::shown(&text.into()), MOST_NAME).into_owned();
    let package = family.package.map_or_else(String::new, |package| format!(" ({})", shown(package)));
    let headline =
        format!("{} along {}: {}{package}\n", shown(family.metric), shown(&family.parameter), shown(&family.name));
    let all: Vec<f64> = levels.iter().flat_map(|l| [values(l.row).0, values(l.row).1]).flatten().collect();
    if all.windows(2).all(|two| two.first() == two.last()) {
        return (format!("{headline}  the same at every level\n"), false);
    }
    let mut rows: Vec<[String; 7]> = vec![
        [shown(&family.parameter).as_str(), "baseline", "current", "change", "step before", "step now", ""]
            .map(str::to_owned),
    ];
    let mut marked = false;
    let mut below: Option<&Level<'_>> = None;
    for level in levels {
        let (before, now) = values(level.row);
        let largest = before.unwrap_or(0.0).abs().max(now.unwrap_or(0.0).abs());
        let scale = unit::scale(&level.row.unit, largest);
        let suffix = if scale.suffix.is_empty() { String::new() } else { format!(" {}", shown(&scale.suffix)) };
        let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{}{suffix}", scale.number(v)));
        let steps = below.map(|below| (step(values(below.row).0, before), step(values(below.row).1, now)));
        let (was, is) = steps.unwrap_or((None, None));
        let factor = |factor: Option<f64>| factor.map_or_else(String::new, |factor| format!("{factor:.2}x"));
        let is_worse = below.is_some_and(|below| got_worse(below.row, level.row));
        marked |= is_worse;
        rows.push([
            shown(level.number),
            number(before),
            number(now),
            wording::change(level.row, &PLAIN),
            factor(was),
            factor(is),
            if is_worse { "scales worse".to_owned() } else { String::new() },
        ]);
        below = Some(level);
    }
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| columns(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut out = headline;
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let pad = " ".repeat(width.saturating_sub(columns(cell)));
                if column == 6 { cell.clone() } else { format!("{pad}{cell}") }
            })
            .collect();
        out.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
    }
    (out, marked)
}

fn values(row: &Row) -> (Option<f64>, Option<f64>) {
    (row.baseline.and_then(|v| v.value), row.current.and_then(|v| v.value))
}

/// The factor from one level to the next.
fn step(below: Option<f64>, above: Option<f64>) -> Option<f64> {
    let (below, above) = (below?, above?);
    (below > 0.0 && above >= 0.0).then(|| above / below)
}

/// Whether the upper of two levels changed for the worse by its limit or more beside the lower one.
fn got_worse(below: &Row, above: &Row) -> bool {
    let (Some(better), Some(first), Some(second)) = (above.better, below.change, above.change) else { return false };
    let limit = above.limits.fail.or(above.limits.warn).filter(|limit| limit.kind == LimitKind::Relative);
    let Some(limit) = limit else { return false };
    if first <= -1.0 || second <= -1.0 {
        return false;
    }
    let growth = (1.0 + second) / (1.0 + first) - 1.0;
    let worse = if better == Better::Higher { -growth } else { growth };
    let apart = match (below.interval, above.interval) {
        (Some([low_a, high_a]), Some([low_b, high_b])) => high_a < low_b || high_b < low_a,
        _ => true,
    };
    apart && worse > 0.0 && worse >= limit.value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_stand_apart_are_parameters() {
        type Case = (&'static str, &'static [(&'static str, &'static str, &'static str)]);
        let cases: [Case; 8] = [
            (
                "Create/size=50/workers=2",
                &[("Create/size=*/workers=2", "size", "50"), ("Create/size=50/workers=*", "workers", "2")],
            ),
            (
                "Size_10_Concurrency_5",
                &[("Size_*_Concurrency_5", "Size", "10"), ("Size_10_Concurrency_*", "Concurrency", "5")],
            ),
            ("parse/json/1024", &[("parse/json/*", "level", "1024")]),
            ("test_x[100]", &[("test_x[*]", "level", "100")]),
            ("load 0.5 rps", &[("load * rps", "load", "0.5")]),
            ("sha256/base64", &[]),
            ("v1.2.3", &[]),
            ("n=64-8", &[("n=*-8", "n", "64"), ("n=64-*", "level", "8")]),
        ];
        for (name, expected) in cases {
            let mut row: Row = serde_json::from_str(
                r#"{"benchmark": "", "tool": "go", "package": null, "params": {}, "metric": "time", "statistic": "min",
                "unit": "s", "better": "lower", "kind": "noisy", "baseline": null, "current": null, "change": null,
                "interval": null, "p": null, "p_adjusted": null, "detectable": null,
                "limits": {"warn": null, "fail": null, "origin": ""}, "verdict": "pass", "gate": true, "suspect": false,
                "reasons": [], "explanations": []}"#,
            )
            .unwrap();
            row.benchmark = name.into();
            let found: Vec<(String, String, &str)> =
                places(&row).into_iter().map(|(family, number, _)| (family.name, family.parameter, number)).collect();
            let expected: Vec<(String, String, &str)> =
                expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), *c)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
