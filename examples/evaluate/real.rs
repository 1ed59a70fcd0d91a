//! Draws from real runs: some unchanged runs are the history, others are judged. Not here: reading them.

use std::collections::{BTreeMap, BTreeSet};

use perfgate::stats::median;
use perfgate::stats::spread::{unsteadiness, winsorised_deviation};

use crate::Tally;
use crate::load::{LoadedRun, STATISTICS, Sketch};
use crate::random::Random;
use crate::rules::{self, Outcome, Table};

const SEED: u64 = 7;
const SIZES: [u32; 4] = [3, 5, 10, 20];

/// One suite over all runs: `sketches[run][benchmark]`, in run order of the benchmarks.
struct Suite<'a> {
    name: &'static str,
    benchmarks: Vec<&'a str>,
    unchanged: Vec<Vec<&'a Sketch>>,
    changed: Vec<(Vec<&'a Sketch>, &'a BTreeMap<String, u32>)>,
}

/// A history with its statistic chosen.
struct History {
    statistic: usize,
    table: Table,
    floors: Vec<f64>,
}

pub(crate) fn evaluate(runs: &[LoadedRun], draws: usize) {
    let suites = suites(runs);
    println!("## Real runs ({draws} draws a row, limits 3 %/5 %, power as fail/at least warn)\n");
    println!(
        "| suite | history | runs | rule | false fail | runs that ever did | false warn or fail | +3 % | +5 % | +10 % | +20 % | statistics |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for suite in &suites {
        for (history, judged) in [(20, 1), (20, 3), (20, 5), (5, 1), (10, 1), (10, 3)] {
            one_suite(suite, history, judged, draws);
        }
        without_history(suite, 3, draws);
        peers(suite, draws);
    }
    block_of_neighbours(&suites, draws);
    first_stage(&suites, draws);
}

fn suites(runs: &[LoadedRun]) -> Vec<Suite<'_>> {
    let Some(first) = runs.first() else { return Vec::new() };
    first
        .suites
        .iter()
        .map(|(name, order)| {
            let benchmarks: Vec<&str> = order.iter().map(|(name, _)| name.as_str()).collect();
            let sketches = |run: &'_ LoadedRun| -> Vec<usize> {
                let there = &run.suites[name];
                benchmarks.iter().filter_map(|b| there.iter().position(|(n, _)| n == b)).collect()
            };
            let mut suite = Suite { name, benchmarks: benchmarks.clone(), unchanged: Vec::new(), changed: Vec::new() };
            for run in runs {
                let row: Vec<&Sketch> = sketches(run).into_iter().map(|i| &run.suites[name][i].1).collect();
                if row.len() < benchmarks.len() {
                    println!("a run lacks benchmarks of {name} and is left out");
                } else if run.slowed.is_empty() {
                    suite.unchanged.push(row);
                } else {
                    suite.changed.push((row, &run.slowed));
                }
            }
            suite
        })
        .collect()
}

/// Fewest runs of history from which a statistic is chosen; with fewer it is the first, as in `verdict`.
const RUNS_TO_CHOOSE: usize = 8;

/// Chooses the steadiest statistic from the history alone, as `statistic = "auto"` does.
fn settle(rows: &[&Vec<&Sketch>]) -> History {
    let table = |statistic: usize| -> Table {
        (0..rows[0].len()).map(|b| rows.iter().map(|run| run[b].logs[statistic]).collect()).collect()
    };
    let mut usable = (0..STATISTICS.len()).filter(|s| rows.iter().all(|run| run.iter().all(|b| b.logs[*s].is_some())));
    if rows.len() < RUNS_TO_CHOOSE {
        let statistic = usable.next().unwrap_or(0);
        return History { statistic, table: table(statistic), floors: Vec::new() };
    }
    let usable: Vec<usize> = usable.collect();
    let steadiest = usable
        .iter()
        .filter_map(|s| Some((unsteadiness(&table(*s))?, *s)))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(0, |(_, s)| s);
    let chosen = table(steadiest);
    // The next statistic says whether the chosen one is a level or a stray low.
    let next = usable.iter().copied().find(|s| *s > steadiest);
    let floors = next.map_or_else(Vec::new, |next| chosen.iter().zip(table(next)).map(|(a, b)| floor(a, &b)).collect());
    History { statistic: steadiest, table: chosen, floors }
}

/// How much the distance between two statistics of the same runs varies.
fn floor(chosen: &[Option<f64>], next: &[Option<f64>]) -> f64 {
    let gaps: Vec<f64> = chosen.iter().zip(next).filter_map(|(a, b)| Some((*b)? - (*a)?)).collect();
    let centre = median(&gaps).unwrap_or(0.0);
    winsorised_deviation(&gaps.iter().map(|g| g - centre).collect::<Vec<_>>()).unwrap_or(0.0)
}

/// What to slow in memory: benchmarks, and by how much.
fn slow(current: &mut Table, slowed: &[(usize, u32)]) {
    for &(b, percent) in slowed {
        current[b].iter_mut().flatten().for_each(|v| *v += (f64::from(percent) / 100.0).ln_1p());
    }
}

fn one_suite(suite: &Suite<'_>, length: usize, judged: usize, draws: usize) {
    let mut random = Random::new(SEED);
    let mut alarms = Tally::default();
    let mut culprits: BTreeSet<usize> = BTreeSet::new();
    let mut chosen = [0; STATISTICS.len()];
    let mut power: BTreeMap<u32, Tally> = BTreeMap::new();
    let count = suite.benchmarks.len();
    for _ in 0..draws {
        let mut drawn = random.sample(suite.unchanged.len(), length + judged);
        let now = drawn.split_off(length);
        drawn.sort_unstable();
        let history = settle(&drawn.iter().map(|&i| &suite.unchanged[i]).collect::<Vec<_>>());
        chosen[history.statistic] += 1;
        let mut current: Table =
            (0..count).map(|b| now.iter().map(|&i| suite.unchanged[i][b].logs[history.statistic]).collect()).collect();
        let judge =
            |current: &Table| rules::perfgate(&history.table, &Vec::new(), current, &history.floors, true, false);
        let worst = judge(&current).into_iter().max().unwrap_or_default();
        alarms.add(worst);
        if worst == Outcome::Fail {
            culprits.extend(now.iter().copied());
        }
        if judged > 1 {
            // No changed run was measured three times: slow four benchmarks of unchanged runs in memory.
            let slowed: Vec<(usize, u32)> = random.sample(count, SIZES.len()).into_iter().zip(SIZES).collect();
            slow(&mut current, &slowed);
            let outcomes = judge(&current);
            for (b, percent) in slowed {
                power.entry(percent).or_default().add(outcomes[b]);
            }
        } else {
            let (row, slowed) = &suite.changed[random.below(suite.changed.len())];
            let current: Table = row.iter().map(|s| vec![s.logs[history.statistic]]).collect();
            for (b, outcome) in judge(&current).into_iter().enumerate() {
                if let Some(percent) = slowed.get(suite.benchmarks[b]) {
                    power.entry(*percent).or_default().add(outcome);
                }
            }
        }
    }
    let used: Vec<String> = STATISTICS
        .iter()
        .zip(chosen)
        .filter(|(_, n)| *n > 0)
        .map(|(s, n)| format!("{} {}", s.as_str(), 100 * n / draws))
        .collect();
    print_row(
        suite,
        length,
        judged,
        "perfgate",
        alarms,
        &crate::share(culprits.len(), suite.unchanged.len()),
        &power,
        &used.join(", "),
    );
}

/// Three runs a side, by the minimum.
fn without_history(suite: &Suite<'_>, side: usize, draws: usize) {
    let mut random = Random::new(SEED);
    let mut alarms = Tally::default();
    let mut power: BTreeMap<u32, Tally> = BTreeMap::new();
    let count = suite.benchmarks.len();
    for _ in 0..draws {
        let drawn = random.sample(suite.unchanged.len(), 2 * side);
        let table = |runs: &[usize]| -> Table {
            (0..count).map(|b| runs.iter().map(|&i| suite.unchanged[i][b].logs[0]).collect()).collect()
        };
        let (baseline, mut current) = (table(&drawn[..side]), table(&drawn[side..]));
        let judge = |current: &Table| rules::perfgate(&Vec::new(), &baseline, current, &[], true, false);
        alarms.add(judge(&current).into_iter().max().unwrap_or_default());
        let slowed: Vec<(usize, u32)> = random.sample(count, SIZES.len()).into_iter().zip(SIZES).collect();
        slow(&mut current, &slowed);
        let outcomes = judge(&current);
        for (b, percent) in slowed {
            power.entry(percent).or_default().add(outcomes[b]);
        }
    }
    print_row(suite, 0, side, "perfgate", alarms, "", &power, "min");
}

fn peers(suite: &Suite<'_>, draws: usize) {
    const MEDIAN: usize = 3;
    for rule in ["> 5 %", "> 10 %", "Mann-Whitney p < .05", "z > 5"] {
        let mut random = Random::new(SEED);
        let mut alarms = Tally::default();
        let mut culprits: BTreeSet<usize> = BTreeSet::new();
        let mut power: BTreeMap<u32, Tally> = BTreeMap::new();
        if rule.starts_with("Mann") && suite.unchanged.iter().flatten().any(|s| s.samples.is_none()) {
            continue;
        }
        for _ in 0..draws {
            let mut drawn = random.sample(suite.unchanged.len(), 21);
            let now = drawn.split_off(20);
            drawn.sort_unstable();
            let past: Table = (0..suite.benchmarks.len())
                .map(|b| drawn.iter().map(|&i| suite.unchanged[i][b].logs[MEDIAN]).collect())
                .collect();
            let last = &suite.unchanged[drawn[19]];
            let judge = |row: &[&Sketch]| -> Vec<Outcome> {
                let current: Table = row.iter().map(|s| vec![s.logs[MEDIAN]]).collect();
                match rule {
                    "> 5 %" => rules::plain(0.05, &past, &current),
                    "> 10 %" => rules::plain(0.10, &past, &current),
                    "z > 5" => rules::z_score(&past, &current),
                    _ => last
                        .iter()
                        .zip(row)
                        .map(|(a, b)| match (&a.samples, &b.samples) {
                            (Some(a), Some(b)) => rules::mann_whitney(a, b),
                            _ => Outcome::Pass,
                        })
                        .collect(),
                }
            };
            let worst = judge(&suite.unchanged[now[0]]).into_iter().max().unwrap_or_default();
            alarms.add(worst);
            if worst == Outcome::Fail {
                culprits.insert(now[0]);
            }
            let (row, slowed) = &suite.changed[random.below(suite.changed.len())];
            for (b, outcome) in judge(row).into_iter().enumerate() {
                if let Some(percent) = slowed.get(suite.benchmarks[b]) {
                    power.entry(*percent).or_default().add(outcome);
                }
            }
        }
        print_row(suite, 20, 1, rule, alarms, &crate::share(culprits.len(), suite.unchanged.len()), &power, "median");
    }
}

/// What taking bursts out costs where it should not: +10 % on six benchmarks that run one after the other.
fn block_of_neighbours(suites: &[Suite<'_>], draws: usize) {
    println!("\n+10 % on six neighbours in run order, one run against 20, share found as fail/at least warn:");
    for suite in suites {
        let mut random = Random::new(SEED);
        let (mut with, mut without) = (Tally::default(), Tally::default());
        for _ in 0..draws {
            let mut drawn = random.sample(suite.unchanged.len(), 21);
            let now = drawn.split_off(20);
            drawn.sort_unstable();
            let history = settle(&drawn.iter().map(|&i| &suite.unchanged[i]).collect::<Vec<_>>());
            let mut current: Table = suite.unchanged[now[0]].iter().map(|s| vec![s.logs[history.statistic]]).collect();
            let first = random.below(suite.benchmarks.len() - 5);
            slow(&mut current, &(first..first + 6).map(|b| (b, 10)).collect::<Vec<_>>());
            for (tally, ordered) in [(&mut with, true), (&mut without, false)] {
                let outcomes = rules::perfgate(&history.table, &Vec::new(), &current, &history.floors, ordered, false);
                outcomes[first..first + 6].iter().for_each(|o| tally.add(*o));
            }
        }
        println!("{}: {} with the order known, {} without", suite.name, with.power(), without.power());
    }
}

/// What one run against 20 would have measured again, by how sure the suspicion must be.
fn first_stage(suites: &[Suite<'_>], draws: usize) {
    println!(
        "\nSuspects of one run against 20: share of an unchanged suite, and of slowed benchmarks, that is marked:\n"
    );
    println!("| suite | p at most | unchanged | +3 % | +5 % | +10 % | +20 % |");
    println!("|---|---|---|---|---|---|---|");
    for suite in suites {
        for p in [0.05, 0.1, 0.15, 0.2, 0.3] {
            let mut random = Random::new(SEED);
            let mut unchanged = (0, 0);
            let mut slowed: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
            for _ in 0..draws {
                let mut drawn = random.sample(suite.unchanged.len(), 21);
                let now = drawn.split_off(20);
                drawn.sort_unstable();
                let history = settle(&drawn.iter().map(|&i| &suite.unchanged[i]).collect::<Vec<_>>());
                let marked = |row: &[&Sketch]| {
                    let current: Table = row.iter().map(|s| vec![s.logs[history.statistic]]).collect();
                    rules::suspects(&history.table, &current, &history.floors, p)
                };
                for is_marked in marked(&suite.unchanged[now[0]]) {
                    unchanged = (unchanged.0 + usize::from(is_marked), unchanged.1 + 1);
                }
                let (row, sizes) = &suite.changed[random.below(suite.changed.len())];
                for (b, is_marked) in marked(row).into_iter().enumerate() {
                    if let Some(percent) = sizes.get(suite.benchmarks[b]) {
                        let count = slowed.entry(*percent).or_default();
                        *count = (count.0 + usize::from(is_marked), count.1 + 1);
                    }
                }
            }
            let percent = |(k, n): (usize, usize)| format!("{:.0} %", 100.0 * k as f64 / n.max(1) as f64);
            let cells: Vec<String> =
                SIZES.iter().map(|s| percent(slowed.get(s).copied().unwrap_or_default())).collect();
            println!("| {} | {p} | {} | {} |", suite.name, percent(unchanged), cells.join(" | "));
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "the columns of a table")]
fn print_row(
    suite: &Suite<'_>,
    history: usize,
    runs: usize,
    rule: &str,
    alarms: Tally,
    ever: &str,
    power: &BTreeMap<u32, Tally>,
    statistics: &str,
) {
    let cells: Vec<String> = SIZES.iter().map(|s| power.get(s).copied().unwrap_or_default().power()).collect();
    println!(
        "| {} | {history} | {runs} | {rule} | {} | {ever} | {} | {} | {statistics} |",
        suite.name,
        alarms.failed(),
        alarms.warned(),
        cells.join(" | ")
    );
}
