//! Change points on simulated series with the truth known: how often an unchanged series gets one, and how many real steps
//! are found. Series of 200 runs with a noise of 2 %, of six kinds; real steps stand in the nastiest of them. Suites share a
//! lottery of machines on top, and some of their series really change.
//!
//! Not here: real series (`tests/changepoints.rs`).

use std::time::Instant;

use perfgate::config::{self, Overrides, Selection};
use perfgate::diag::Diagnostics;
use perfgate::model::trend as trend_model;
use perfgate::model::{BenchmarkId, Better, Kind, MetricId, Observation, Origin, Run, SeriesKey, Summary, Unit};
use perfgate::stats::changepoint::{Options, Search, changes};
use perfgate::text::Untrusted;
use perfgate::trend;

use crate::random::Random;

/// Runs of a series, and the standard deviation of its noise.
const RUNS: usize = 200;
const NOISE: f64 = 0.02;

/// How far from a step it may be found.
const TOLERANCE: usize = 3;

const KINDS: [&str; 6] = ["iid-t4", "spikes", "ar", "bimodal", "drift", "nasty"];
const SIZES: [f64; 3] = [0.03, 0.05, 0.10];

/// Logarithms of a series of this kind, with steps of `size` at random places 15 runs apart or more, up and down in turns.
fn series(random: &mut Random, runs: usize, kind: &str, steps: usize, size: f64) -> (Vec<f64>, Vec<usize>) {
    let mut values: Vec<f64> = (0..runs).map(|_| random.student(4) / 2.0_f64.sqrt() * NOISE).collect();
    if matches!(kind, "ar" | "nasty") {
        for i in 1..runs {
            values[i] = 0.3 * values[i - 1] + (1.0 - 0.09_f64).sqrt() * values[i];
        }
    }
    let mut walk = 0.0;
    for value in &mut values {
        if matches!(kind, "spikes" | "nasty") && random.uniform() < 0.02 {
            *value += random.exponential(0.10);
        }
        if kind == "bimodal" && random.uniform() < 0.25 {
            *value += 0.08;
        }
        if kind == "drift" {
            walk += 0.001 * random.normal();
            *value += walk;
        }
    }
    let apart = |places: &[usize]| {
        let mut all = vec![0];
        all.extend(places);
        all.push(runs);
        places.is_empty() || all.windows(2).all(|pair| pair[1] - pair[0] >= 15)
    };
    let mut places = loop {
        let mut places = random.sample(runs, steps);
        places.sort_unstable();
        if apart(&places) {
            break places;
        }
    };
    let mut sign = 1.0;
    for place in &places {
        for value in &mut values[*place..] {
            *value += sign * size.ln_1p();
        }
        sign = -sign;
    }
    places.sort_unstable();
    (values, places)
}

pub(crate) fn evaluate(draws: usize) {
    println!("## Change points: {draws} series a cell, {RUNS} runs, noise {:.0} %\n", 100.0 * NOISE);
    println!(
        "Share of unchanged series with a change, by kind of noise; then steps of 3, 5 and 10 % found within {TOLERANCE} runs \
         and false changes a series, two steps in a `nasty` one.\n"
    );
    println!("| search | {} | 3 % | 5 % | 10 % |", KINDS.join(" | "));
    println!("|---|{}", "---|".repeat(KINDS.len() + SIZES.len()));
    for (name, search) in [("PELT", Search::Exact), ("seeded binary segmentation", Search::Seeded)] {
        let options = Options { search, ..Options::default() };
        let mut cells = Vec::new();
        for kind in KINDS {
            let mut random = Random::new(3);
            let mut any = 0_usize;
            for _ in 0..draws {
                let (values, _) = series(&mut random, RUNS, kind, 0, 0.0);
                let found = changes(&values, &options);
                any += usize::from(!found.is_empty());
            }
            cells.push(format!("{:.1} %", 100.0 * any as f64 / draws as f64));
        }
        for size in SIZES {
            let mut random = Random::new(4);
            let (mut seen, mut all, mut wrong) = (0, 0, 0);
            for _ in 0..draws {
                let (values, places) = series(&mut random, RUNS, "nasty", 2, size);
                let found = changes(&values, &options);
                let near = |place: &usize| found.iter().any(|c| c.at.abs_diff(*place) <= TOLERANCE);
                seen += places.iter().filter(|place| near(place)).count();
                all += places.len();
                wrong += found.iter().filter(|c| places.iter().all(|p| c.at.abs_diff(*p) > TOLERANCE)).count();
            }
            cells.push(format!(
                "{:.1} % / {:.2}",
                100.0 * f64::from(seen as u32) / all as f64,
                wrong as f64 / draws as f64
            ));
        }
        println!("| {name} | {} |", cells.join(" | "));
    }
    println!("\n| series of 10 000 runs | changes | found | seconds |\n|---|---|---|---|");
    for (name, search) in
        [("as it is done", Search::ByLength), ("PELT", Search::Exact), ("seeded binary segmentation", Search::Seeded)]
    {
        for steps in [0, 49] {
            let mut random = Random::new(5);
            let mut values: Vec<f64> = (0..10_000).map(|_| random.student(4) * NOISE).collect();
            for step in 1..=steps {
                let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
                for value in &mut values[step * 200..] {
                    *value += sign * 0.05;
                }
            }
            let options = Options { search, ..Options::default() };
            let began = Instant::now();
            let found = changes(&values, &options).len();
            println!("| {name} | {steps} | {found} | {:.3} |", began.elapsed().as_secs_f64());
        }
    }
}

/// A suite's runs: all series share the machine of a run; the first `steps` series get 10 % slower or faster somewhere.
fn suite(random: &mut Random, benchmarks: usize, runs: usize, steps: usize) -> (Vec<Run>, Vec<usize>) {
    let places: Vec<usize> = (0..steps).map(|_| 15 + random.below(runs - 30)).collect();
    let names: Vec<BenchmarkId> =
        (0..benchmarks).map(|b| BenchmarkId::new("go", None, format!("BenchmarkOfSomeLength/n={b}"))).collect();
    let measured = (0..runs).map(|run| {
        let lot = random.uniform();
        let machine = if lot < 0.7 {
            0.0
        } else if lot < 0.9 {
            0.06
        } else {
            0.12
        } + 0.01 * random.normal();
        let mut whole = Run::of_tool("go");
        for (b, benchmark) in names.iter().enumerate() {
            let size = if b % 2 == 0 { 0.10_f64.ln_1p() } else { -0.10_f64.ln_1p() };
            let level = if places.get(b).is_some_and(|place| run >= *place) { size } else { 0.0 };
            let value = (machine + level + random.student(4) / 2.0_f64.sqrt() * NOISE).exp() * 1e-6 * (b + 1) as f64;
            let observation = Observation {
                unit: Unit::Second,
                tool_unit: None,
                better: Some(Better::Lower),
                kind: Kind::Noisy,
                summary: Summary::of_value(value),
                samples: None,
                origin: Origin { suite: 0, position: b as u32 },
                derived: false,
                fault: None,
            };
            let key = SeriesKey { benchmark: benchmark.clone(), metric: MetricId::new(MetricId::TIME) };
            whole.series.insert(key, observation);
        }
        whole
    });
    (measured.collect(), places)
}

fn trend_of(runs: &[Run]) -> trend_model::Trend {
    let source = Untrusted::from("run");
    let points: Vec<trend::Point<'_>> = runs.iter().map(|run| trend::Point { run, source: &source }).collect();
    let config = config::load(None, &std::collections::BTreeMap::new(), &Overrides::default(), &mut Diagnostics::new());
    let (selection, today) = (Selection::default(), jiff::civil::Date::constant(2026, 1, 1));
    let options = trend::Options { config: &config, selection: &selection, since: None, today, series: false };
    trend::analyse(&points, &options).unwrap_or_else(|_| unreachable!("no --since was given"))
}

/// Whole suites: false changes with the machines' lottery taken out, and the time of a large history.
pub(crate) fn suites(draws: usize) {
    println!("\n## Suites of 40 series and 200 runs on a lottery of machines (0, 6, 12 %)\n");
    println!(
        "| really changed by 10 % | found within {TOLERANCE} runs | others with a change | suites that moved |\n|---|---|---|---|"
    );
    for steps in [0, 4, 12, 20] {
        let mut random = Random::new(6);
        let (mut seen, mut wrong, mut moved) = (0, 0, 0);
        let tries = (draws / 10).max(5);
        for _ in 0..tries {
            let (runs, places) = suite(&mut random, 40, RUNS, steps);
            let found = trend_of(&runs);
            moved += found.events.iter().filter(|e| e.suite_wide).count();
            let at = |b: usize| {
                let name = format!("BenchmarkOfSomeLength/n={b}");
                let is_it = move |c: &&trend_model::Change| c.benchmark.as_ref().is_some_and(|n| n.raw() == name);
                found.changes().filter(is_it).map(|c| c.range.likeliest).collect::<Vec<_>>()
            };
            for b in 0..40 {
                match places.get(b) {
                    Some(place) => seen += usize::from(at(b).iter().any(|at| at.abs_diff(*place) <= TOLERANCE)),
                    None => wrong += usize::from(!at(b).is_empty()),
                }
            }
        }
        let share = |n: usize, of: usize| {
            if of == 0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * n as f64 / of as f64) }
        };
        println!(
            "| {steps} of 40 | {} | {} | {moved} of {tries} |",
            share(seen, steps * tries),
            share(wrong, (40 - steps) * tries)
        );
    }
    println!("\n| history in memory | changes | seconds |\n|---|---|---|");
    for steps in [0, 100] {
        let (runs, _) = suite(&mut Random::new(7), 500, 1000, steps);
        let began = Instant::now();
        let found = trend_of(&runs).changes().count();
        println!("| 1 000 runs x 500 series, {steps} changed | {found} | {:.2} |", began.elapsed().as_secs_f64());
    }
}
