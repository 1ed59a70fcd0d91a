//! Change points on simulated series with the truth known: how often an unchanged series gets one, and how many real steps
//! are found. Series of 200 runs with a noise of 2 %, of six kinds; real steps stand in the nastiest of them.
//!
//! Not here: the common shifts of suites, and real series (`tests/changepoints.rs`).

use std::time::Instant;

use perfgate::stats::changepoint::{Options, SHORTEST_LEVEL, Search, changes};

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
        for (kind, runs) in KINDS.into_iter().flat_map(|k| std::env::var("LENS").map_or(vec![RUNS], |v| v.split(',').map(|x| x.parse().unwrap()).collect()).into_iter().map(move |r| (k, r))) {
            let mut random = Random::new(3);
            let (mut any, mut provisional) = (0_usize, 0_usize);
            for _ in 0..draws {
                let (values, _) = series(&mut random, runs, kind, 0, 0.0);
                let found = changes(&values, &options).changes;
                any += usize::from(found.iter().any(|c| c.length >= SHORTEST_LEVEL));
                provisional += usize::from(found.iter().any(|c| c.length < SHORTEST_LEVEL));
            }
            let share = |n: usize| 100.0 * n as f64 / draws as f64;
            cells.push(format!("{:.1} % (+{:.2})", share(any), share(provisional)));
        }
        for size in SIZES {
            let mut random = Random::new(4);
            let (mut seen, mut all, mut wrong) = (0, 0, 0);
            for _ in 0..draws {
                let (values, places) = series(&mut random, RUNS, "nasty", 2, size);
                let found = changes(&values, &options).changes;
                let near = |place: &usize| found.iter().any(|c| c.at.abs_diff(*place) <= TOLERANCE);
                seen += places.iter().filter(|place| near(place)).count();
                all += places.len();
                wrong += found.iter().filter(|c| places.iter().all(|p| c.at.abs_diff(*p) > TOLERANCE)).count();
            }
            cells.push(format!("{:.1} % / {:.2}", 100.0 * f64::from(seen as u32) / all as f64, wrong as f64 / draws as f64));
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
            let found = changes(&values, &options).changes.len();
            println!("| {name} | {steps} | {found} | {:.3} |", began.elapsed().as_secs_f64());
        }
    }
}
