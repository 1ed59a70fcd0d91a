//! Simulated worlds: suites whose noise is built from the parts seen in public histories, with the truth known.
//!
//! log y[b, run, i] = level + shared(run)·sensitivity(b) + own noise(b, run) + build + within-run noise(i). Three worlds:
//! a dedicated machine, a shared runner with a lottery of CPUs and rare spikes, and a nasty one with bimodal benchmarks,
//! drift and level shifts on top. Not here: judging.

use crate::random::Random;

#[derive(Clone, Copy)]
pub(crate) struct World {
    pub(crate) name: &'static str,
    /// Own noise between runs: median over benchmarks, degrees of freedom of its t.
    noise: f64,
    noise_df: u32,
    /// Shared noise, and the CPU lottery: (probability, shift).
    shared: f64,
    classes: &'static [(f64, f64)],
    spike_rate: f64,
    bimodal: f64,
    autocorrelation: f64,
    drift: f64,
    shift_rate: f64,
    build: f64,
}

const LOTTERY: &[(f64, f64)] = &[(0.7, 0.0), (0.2, 0.06), (0.1, 0.12)];

pub(crate) const WORLDS: [World; 3] = [
    World {
        name: "dedicated",
        noise: 0.006,
        noise_df: 30,
        shared: 0.003,
        classes: &[(1.0, 0.0)],
        spike_rate: 0.0,
        bimodal: 0.0,
        autocorrelation: 0.0,
        drift: 0.0,
        shift_rate: 0.0,
        build: 0.003,
    },
    World {
        name: "shared",
        noise: 0.015,
        noise_df: 4,
        shared: 0.01,
        classes: LOTTERY,
        spike_rate: 0.005,
        bimodal: 0.0,
        autocorrelation: 0.0,
        drift: 0.0,
        shift_rate: 0.0,
        build: 0.004,
    },
    World {
        name: "nasty",
        noise: 0.02,
        noise_df: 4,
        shared: 0.01,
        classes: LOTTERY,
        spike_rate: 0.02,
        bimodal: 0.10,
        autocorrelation: 0.2,
        drift: 0.001,
        shift_rate: 0.003,
        build: 0.004,
    },
];

/// Mean size of a spike, and standard deviation of a level shift and of sensitivities.
const SPIKE: f64 = 0.10;
const LEVEL_SHIFT: f64 = 0.08;
const SENSITIVITY: f64 = 0.25;
/// Samples in a run, their autocorrelation, and the rate and mean size of outliers among them.
const SAMPLES: usize = 10;
const WITHIN_CORRELATION: f64 = 0.3;
const WITHIN_OUTLIERS: (f64, f64) = (0.02, 0.20);

struct Benchmark {
    noise: f64,
    sensitivity: f64,
    within: f64,
    /// Gap and probability of a second mode.
    second: Option<(f64, f64)>,
}

/// The fixed properties of one project's suite.
pub(crate) struct Suite {
    world: World,
    benchmarks: Vec<Benchmark>,
}

/// One pull request's data without any change in it: `[benchmark][run]` of log medians.
pub(crate) struct Draw {
    pub(crate) history: Vec<Vec<f64>>,
    pub(crate) baseline: Vec<Vec<f64>>,
    pub(crate) current: Vec<Vec<f64>>,
}

/// How a draw is made.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) history: usize,
    pub(crate) runs: usize,
    /// Base and current runs share the machine, and this share of a benchmark's own noise.
    pub(crate) paired: Option<f64>,
}

impl Suite {
    pub(crate) fn new(world: World, size: usize, random: &mut Random) -> Self {
        let benchmarks = (0..size)
            .map(|_| Benchmark {
                noise: (world.noise * (0.7 * random.normal()).exp()).clamp(0.002, 0.10),
                sensitivity: 1.0 + SENSITIVITY * random.normal(),
                within: (0.005_f64.ln() + random.uniform() * 10.0_f64.ln()).exp(),
                second: (random.uniform() < world.bimodal)
                    .then(|| (0.04 + 0.08 * random.uniform(), 0.1 + 0.4 * random.uniform())),
            })
            .collect();
        Self { world, benchmarks }
    }

    fn shared(&self, random: &mut Random) -> f64 {
        let mut left = random.uniform();
        let class = self.world.classes.iter().find(|(p, _)| {
            left -= p;
            left < 0.0
        });
        class.map_or(0.0, |(_, shift)| *shift) + self.world.shared * random.normal()
    }

    fn own(&self, b: &Benchmark, before: Option<f64>, random: &mut Random) -> (f64, f64) {
        let w = &self.world;
        let df = f64::from(w.noise_df);
        let mut z = random.student(w.noise_df) * ((df - 2.0) / df).sqrt();
        if let Some(before) = before {
            z = w.autocorrelation * before + (1.0 - w.autocorrelation * w.autocorrelation).sqrt() * z;
        }
        let mut value = b.noise * z;
        if random.uniform() < w.spike_rate {
            value += random.exponential(SPIKE);
        }
        if let Some((gap, p)) = b.second
            && random.uniform() < p
        {
            value += gap;
        }
        (value, z)
    }

    fn within(b: &Benchmark, random: &mut Random) -> f64 {
        let mut e = 0.0;
        let mut samples: Vec<f64> = (0..SAMPLES)
            .map(|i| {
                let fresh = random.normal();
                e = if i == 0 {
                    fresh
                } else {
                    WITHIN_CORRELATION * e + (1.0 - WITHIN_CORRELATION.powi(2)).sqrt() * fresh
                };
                let outlier =
                    if random.uniform() < WITHIN_OUTLIERS.0 { random.exponential(WITHIN_OUTLIERS.1) } else { 0.0 };
                b.within * e + outlier
            })
            .collect();
        samples.sort_unstable_by(f64::total_cmp);
        f64::midpoint(samples[SAMPLES / 2 - 1], samples[SAMPLES / 2])
    }

    pub(crate) fn draw(&self, plan: Plan, random: &mut Random) -> Draw {
        let w = &self.world;
        let shared_past: Vec<f64> = (0..plan.history).map(|_| self.shared(random)).collect();
        let shared_base: Vec<f64> = (0..plan.runs).map(|_| self.shared(random)).collect();
        let shared_current: Vec<f64> = if plan.paired.is_some() {
            shared_base.clone()
        } else {
            (0..plan.runs).map(|_| self.shared(random)).collect()
        };
        let mut draw = Draw { history: Vec::new(), baseline: Vec::new(), current: Vec::new() };
        for b in &self.benchmarks {
            let (mut level, mut before) = (0.0, None);
            let history = shared_past
                .iter()
                .map(|shared| {
                    level += w.drift * random.normal();
                    if random.uniform() < w.shift_rate {
                        level += LEVEL_SHIFT * random.normal();
                    }
                    let (own, z) = self.own(b, before, random);
                    before = Some(z);
                    level + b.sensitivity * shared + own + w.build * random.normal() + Self::within(b, random)
                })
                .collect();
            let (build_base, build_current) = (w.build * random.normal(), w.build * random.normal());
            let side = |shared: f64, common: Option<f64>, build: f64, random: &mut Random| {
                let own = self.own(b, None, random).0;
                let noise = match (plan.paired, common) {
                    (Some(rho), Some(common)) => rho.sqrt() * common + (1.0 - rho).sqrt() * own,
                    _ => own,
                };
                level + b.sensitivity * shared + noise + build + Self::within(b, random)
            };
            let (mut baseline, mut current) = (Vec::new(), Vec::new());
            for (before, now) in shared_base.iter().zip(&shared_current) {
                let common = plan.paired.map(|_| self.own(b, None, random).0);
                baseline.push(side(*before, common, build_base, random));
                current.push(side(*now, common, build_current, random));
            }
            draw.history.push(history);
            draw.baseline.push(baseline);
            draw.current.push(current);
        }
        draw
    }
}
