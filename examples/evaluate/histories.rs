//! Histories that public projects keep with github-action-benchmark: every run is judged against the 20 before it.
//!
//! The code of those projects did change, so a flag is not always false: the share of runs with one is an upper bound of
//! the false alarms. For the power, one random benchmark of each judged run is slowed in memory.
//!
//! Not here: perfgate's formats; `data.js` is read here because only the evaluation needs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Tally;
use crate::random::Random;
use crate::rules::{self, Outcome, Table};

const SEED: u64 = 5;
const HISTORY: usize = 20;
const SIZES: [u32; 2] = [10, 20];
/// So many of a history's newest runs are looked at.
const NEWEST: usize = 400;
/// Share of the runs that a benchmark must be in.
const PRESENT: f64 = 0.8;
/// Benchmarks of a suite that perfgate learns from as a whole.
const LARGE: usize = 8;

const RULES: [&str; 4] = ["perfgate", "> 5 %", "> 10 %", "z > 5"];

/// Runs with a flag, and benchmarks found slowed, of one rule.
#[derive(Default)]
struct Counts {
    runs: Tally,
    power: BTreeMap<u32, Tally>,
}

pub(crate) fn evaluate(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut random = Random::new(SEED);
    let mut counts: BTreeMap<(bool, usize), Counts> = BTreeMap::new();
    let (mut histories, mut series) = ([0, 0], [0, 0]);
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "js")) {
        let text = fs::read_to_string(file)?;
        let json = text.split_once('=').map_or("", |(_, json)| json.trim().trim_end_matches(';'));
        let Ok(data) = serde_json::from_str::<Value>(json) else {
            println!("{} is not read: no JSON after the first `=`", file.display());
            continue;
        };
        for runs in data["entries"].as_object().into_iter().flat_map(|suites| suites.values()) {
            let table = table(runs.as_array().map_or(&[], Vec::as_slice));
            if table.is_empty() {
                continue;
            }
            let large = table.len() >= LARGE;
            histories[usize::from(large)] += 1;
            series[usize::from(large)] += table.len();
            judge(&table, &mut random, &mut |rule, count: &dyn Fn(&mut Counts)| {
                count(counts.entry((large, rule)).or_default());
            });
        }
    }
    println!("\n## Public histories (every run judged against the {HISTORY} before it, limits 3 %/5 %)\n");
    println!("| suites | judged runs | rule | runs with a fail | with a warn or fail | +10 % | +20 % |");
    println!("|---|---|---|---|---|---|---|");
    for ((large, rule), counts) in &counts {
        let kind = if *large { "8 benchmarks and more" } else { "fewer than 8" };
        let at = usize::from(*large);
        let cells: Vec<String> =
            SIZES.iter().map(|s| counts.power.get(s).copied().unwrap_or_default().power()).collect();
        println!(
            "| {kind} ({} histories, {} series) | {} | {} | {} | {} | {} |",
            histories[at],
            series[at],
            counts.runs.tries,
            RULES[*rule],
            counts.runs.failed(),
            counts.runs.warned(),
            cells.join(" | ")
        );
    }
    Ok(())
}

/// `[benchmark][run]` of logs, more is worse; empty where there is too little.
fn table(runs: &[Value]) -> Table {
    let runs = &runs[runs.len().saturating_sub(NEWEST)..];
    if runs.len() <= HISTORY {
        return Vec::new();
    }
    let mut rows: Vec<(&str, Vec<Option<f64>>)> = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        for bench in run["benches"].as_array().into_iter().flatten() {
            let (Some(name), Some(unit)) = (bench["name"].as_str(), bench["unit"].as_str()) else { continue };
            let value = bench["value"].as_f64().or_else(|| bench["value"].as_str()?.parse().ok());
            let (Some(value), Some(sign)) = (value.filter(|v| *v > 0.0), worse(unit)) else { continue };
            let known = rows.iter().position(|(known, _)| *known == name);
            let row = known.unwrap_or_else(|| {
                rows.push((name, vec![None; runs.len()]));
                rows.len() - 1
            });
            rows[row].1[at] = Some(sign * value.ln());
        }
    }
    let often = |row: &[Option<f64>]| row.iter().flatten().count() as f64 >= PRESENT * runs.len() as f64;
    rows.into_iter().filter(|(_, row)| often(row)).map(|(_, row)| row).collect()
}

/// 1 for a time, −1 for a rate, `None` for anything else.
fn worse(unit: &str) -> Option<f64> {
    let mut words = unit.split(|c: char| !c.is_alphabetic());
    if unit.contains("/s") {
        return Some(-1.0);
    }
    words.any(|word| ["ns", "us", "µs", "ms", "s", "sec"].contains(&word)).then_some(1.0)
}

type Count<'a> = &'a mut dyn FnMut(usize, &dyn Fn(&mut Counts));

fn judge(table: &Table, random: &mut Random, count: Count<'_>) {
    for at in HISTORY..table[0].len() {
        // What the judged run lacks, or what is too new to have a past, is not under test.
        let rows: Vec<&Vec<Option<f64>>> = table
            .iter()
            .filter(|row| row[at].is_some() && row[at - HISTORY..at].iter().flatten().count() >= HISTORY / 2)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let history: Table = rows.iter().map(|row| row[at - HISTORY..at].to_vec()).collect();
        let current: Table = rows.iter().map(|row| vec![row[at]]).collect();
        let slowed = random.below(rows.len());
        for (rule, name) in RULES.iter().enumerate() {
            let outcomes = |current: &Table| -> Vec<Outcome> {
                match *name {
                    "> 5 %" => rules::plain(0.05, &history, current),
                    "> 10 %" => rules::plain(0.10, &history, current),
                    "z > 5" => rules::z_score(&history, current),
                    _ => rules::perfgate(&history, &Vec::new(), current, &[], true, false),
                }
            };
            let worst = outcomes(&current).into_iter().max().unwrap_or_default();
            count(rule, &|c| c.runs.add(worst));
            for percent in SIZES {
                let mut current = current.clone();
                current[slowed].iter_mut().flatten().for_each(|v| *v += (f64::from(percent) / 100.0).ln_1p());
                let found = outcomes(&current)[slowed];
                count(rule, &|c| c.power.entry(percent).or_default().add(found));
            }
        }
    }
}
