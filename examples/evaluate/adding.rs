//! Pairs added while rows are undecided: what looking several times does to false failures, and what it buys.
//!
//! Not here: how the worlds are made.

use perfgate::stats::engine::{Assessment, Options, Series, assess};

use crate::random::Random;
use crate::rules::{FAIL, WARN};
use crate::worlds::{Plan, Suite, WORLDS, World};
use crate::{Tally, rules};

const SEED: u64 = 2027;
const SIZES: [u32; 3] = [5, 10, 20];
/// After how many pairs one looks: `--pairs 5 --until-decided` with the usual most.
const LOOKS: [usize; 3] = [5, 10, 20];

/// A way to go about it.
struct Rule {
    name: &'static str,
    looks: &'static [usize],
    /// What p-values are multiplied by.
    factor: f64,
}

const RULES: [Rule; 4] = [
    Rule { name: "5 pairs", looks: &[5], factor: 1.0 },
    Rule { name: "20 pairs", looks: &[20], factor: 1.0 },
    Rule { name: "until decided, each look as if it were the only one", looks: &LOOKS, factor: 1.0 },
    Rule { name: "until decided, p-values times 3", looks: &LOOKS, factor: 3.0 },
];

pub(crate) fn evaluate(draws: usize) {
    println!("\n## Pairs added until decided ({draws} pull requests a row, limits 3 %/5 %, power as fail)\n");
    println!("| world | benchmarks | ρ | rule | pairs | false fail | +5 % | +10 % | +20 % |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for world in WORLDS {
        for (size, rho) in [(50, 0.9), (50, 0.0), (6, 0.9), (6, 0.0)] {
            row(world, size, rho, draws);
        }
    }
}

fn row(world: World, size: usize, rho: f64, draws: usize) {
    for rule in &RULES {
        // The same draws for each rule.
        let mut random = Random::new(SEED);
        let suites: Vec<Suite> = (0..8).map(|_| Suite::new(world, size, &mut random)).collect();
        let mut alarms = Tally::default();
        let mut pairs = 0;
        let mut power = [Tally::default(); SIZES.len()];
        for i in 0..draws {
            let plan = Plan { history: 0, runs: LOOKS[LOOKS.len() - 1], paired: Some(rho) };
            let draw = suites[i % suites.len()].draw(plan, &mut random);
            let changed = random.sample(size, (size / 20).max(1));
            let (unchanged, taken) = judge(rule, &draw.baseline, &draw.current);
            pairs += taken;
            alarms.add(unchanged.into_iter().max().unwrap_or_default());
            for (percent, tally) in SIZES.iter().zip(&mut power) {
                let mut slowed = draw.current.clone();
                for &b in &changed {
                    slowed[b].iter_mut().for_each(|v| *v += (f64::from(*percent) / 100.0).ln_1p());
                }
                let (outcomes, _) = judge(rule, &draw.baseline, &slowed);
                for b in &changed {
                    tally.add(outcomes[*b]);
                }
            }
        }
        let cells: Vec<String> = power.iter().map(|t| t.failed()).collect();
        let mean = pairs as f64 / draws as f64;
        let name = rule.name;
        println!(
            "| {} | {size} | {rho} | {name} | {mean:.1} | {} | {} |",
            world.name,
            alarms.failed(),
            cells.join(" | ")
        );
    }
}

/// The outcomes when the measurement ended, and after how many pairs that was.
fn judge(rule: &Rule, baseline: &[Vec<f64>], current: &[Vec<f64>]) -> (Vec<rules::Outcome>, usize) {
    let mut outcomes = Vec::new();
    let mut taken = 0;
    for &look in rule.looks {
        taken = look;
        let first = |rows: &[Vec<f64>]| -> Vec<Vec<Option<f64>>> {
            rows.iter().map(|r| r.iter().take(look).copied().map(Some).collect()).collect()
        };
        let (before, now) = (first(baseline), first(current));
        let group: Vec<Series<'_>> =
            before.iter().zip(&now).map(|(b, c)| Series { baseline: b, current: c, ..Series::default() }).collect();
        let (results, _) = assess(&group, &Options { paired: true, ..Options::default() });
        let judged: Vec<(rules::Outcome, bool)> =
            results.iter().flatten().map(|found| outcome(found, rule.factor)).collect();
        outcomes = judged.iter().map(|(outcome, _)| *outcome).collect();
        if judged.iter().all(|(_, decided)| *decided) {
            break;
        }
    }
    (outcomes, taken)
}

/// A verdict and whether it decides, as `verdict` draws it.
fn outcome(found: &Assessment, factor: f64) -> (rules::Outcome, bool) {
    let change = found.estimate.exp_m1();
    let p = found.p_adjusted * factor;
    if p <= 0.01 && change >= FAIL {
        (rules::Outcome::Fail, true)
    } else if p <= 0.10 && change >= WARN {
        (rules::Outcome::Warn, true)
    } else {
        (rules::Outcome::Pass, change < WARN && found.interval.1.exp_m1() < FAIL)
    }
}
