//! Pull requests in simulated worlds. Not here: how the worlds are made.

use std::collections::BTreeMap;

use crate::Tally;
use crate::random::Random;
use crate::rules::{self, Outcome, Table};
use crate::worlds::{Plan, Suite, WORLDS, World};

const SEED: u64 = 2026;
/// Changes injected into one benchmark in twenty.
const SIZES: [u32; 4] = [3, 5, 10, 20];

pub(crate) fn evaluate(draws: usize) {
    println!("\n## Simulated worlds ({draws} pull requests a row, limits 3 %/5 %, power as fail/at least warn)\n");
    println!(
        "| world | benchmarks | history | runs | rule | false fail | false warn or fail | +3 % | +5 % | +10 % | +20 % |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for world in WORLDS {
        for (size, history, runs) in [
            (200, 20, 1),
            (200, 20, 3),
            (200, 20, 5),
            (200, 5, 1),
            (200, 5, 3),
            (200, 10, 1),
            (200, 50, 1),
            (200, 50, 3),
            (50, 20, 1),
            (50, 20, 3),
            (10, 20, 1),
            (10, 20, 3),
        ] {
            row(world, size, Plan { history, runs, paired: None }, draws);
        }
        for runs in [3, 5, 10] {
            row(world, 200, Plan { history: 0, runs, paired: None }, draws);
        }
        for runs in [3, 5, 10] {
            row(world, 200, Plan { history: 0, runs, paired: Some(0.9) }, draws);
        }
        row(world, 200, Plan { history: 0, runs: 5, paired: Some(0.0) }, draws);
    }
}

fn row(world: World, size: usize, plan: Plan, draws: usize) {
    let mut random = Random::new(SEED);
    let suites: Vec<Suite> = (0..8).map(|_| Suite::new(world, size, &mut random)).collect();
    let mut false_alarms: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut power: BTreeMap<(&str, u32), Tally> = BTreeMap::new();
    for i in 0..draws {
        let draw = suites[i % suites.len()].draw(plan, &mut random);
        let some =
            |rows: &[Vec<f64>]| -> Table { rows.iter().map(|r| r.iter().copied().map(Some).collect()).collect() };
        let (history, baseline, current) = (some(&draw.history), some(&draw.baseline), some(&draw.current));
        // With a history, one baseline run joins it and the others are left out, as a gate would have it.
        let baseline: Table = if plan.history > 0 {
            baseline.into_iter().map(|r| r.into_iter().take(1).collect()).collect()
        } else {
            baseline
        };
        let changed = random.sample(size, (size / 20).max(1));
        for (rule, judge) in judges(plan) {
            let unchanged = judge(&history, &baseline, &current);
            false_alarms.entry(rule).or_default().add(unchanged.into_iter().max().unwrap_or_default());
            for percent in SIZES {
                let mut slowed = current.clone();
                for &b in &changed {
                    slowed[b].iter_mut().flatten().for_each(|v| *v += (f64::from(percent) / 100.0).ln_1p());
                }
                let outcomes = judge(&history, &baseline, &slowed);
                for &b in &changed {
                    power.entry((rule, percent)).or_default().add(outcomes[b]);
                }
            }
        }
    }
    for (rule, alarms) in &false_alarms {
        let cells: Vec<String> =
            SIZES.iter().map(|s| power.get(&(*rule, *s)).copied().unwrap_or_default().power()).collect();
        let kind = match plan.paired {
            Some(rho) => format!("{} pairs (ρ {rho})", plan.runs),
            None => plan.runs.to_string(),
        };
        println!(
            "| {} | {size} | {} | {kind} | {rule} | {} | {} | {} |",
            world.name,
            plan.history,
            alarms.failed(),
            alarms.warned(),
            cells.join(" | ")
        );
    }
}

type Judge = Box<dyn Fn(&Table, &Table, &Table) -> Vec<Outcome>>;

/// perfgate always; its peers where they have what they need: a history and one run to judge.
fn judges(plan: Plan) -> Vec<(&'static str, Judge)> {
    let paired = plan.paired.is_some();
    let mut all: Vec<(&'static str, Judge)> =
        vec![("perfgate", Box::new(move |h, b, c| rules::perfgate(h, b, c, &[], true, paired)))];
    if plan.history == 20 && plan.runs == 1 {
        all.push(("> 5 %", Box::new(|h, _, c| rules::plain(0.05, h, c))));
        all.push(("> 10 %", Box::new(|h, _, c| rules::plain(0.10, h, c))));
        all.push(("z > 5", Box::new(|h, _, c| rules::z_score(h, c))));
    }
    all
}
