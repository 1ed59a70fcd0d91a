//! From a signal and its noise to what a verdict needs: p-values, an interval, the smallest change that would be seen.
//!
//! The chance that unchanged code looks this bad is the sum of two: scatter around the level, which a moderated t
//! describes, and spikes. The interval is that chance turned round: the changes which the data do not contradict.
//!
//! Not here: limits.

use super::super::distributions::{binomial_upper_tail, student_t_upper_tail};
use super::super::multiplicity::{benjamini_hochberg, holm};
use super::super::sorted;
use super::super::tail::{THRESHOLDS, Tail};
use super::{Correction, Options};

/// What one series' runs say, in log units; more is worse.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// The change: the log of current over baseline.
    pub estimate: f64,
    /// The estimate's standard error.
    pub se: f64,
    /// Degrees of freedom behind `se`, the suite's share included.
    pub df: f64,
    /// The level compared with, in the caller's own log values; shifts are counted back in.
    pub centre: f64,
    /// One-sided p-value: how often unchanged code would look at least this much worse.
    pub p: f64,
    /// `p` adjusted for the number of series.
    pub p_adjusted: f64,
    /// One-sided p-value of the other side: how often unchanged code would look at least this much better.
    pub p_better: f64,
    /// `p_better` adjusted for the number of series.
    pub p_better_adjusted: f64,
    /// The changes that the data do not contradict, at 95 % for this series alone.
    pub interval: (f64, f64),
    /// The smallest true change that would be seen as a failure four times in five, limits aside.
    pub detectable: f64,
    /// This benchmark was about this slow (four fifths of the change, or more) in so many of so many unchanged runs; where
    /// the change is to the better, this fast.
    pub similar: (usize, usize),
    /// Two or more runs before the current level were this slow too: a change back to where the benchmark was before, by its code or by
    /// the machine's, which the numbers cannot tell apart. A failure should need more.
    pub seen_before: bool,
    /// Unchanged runs fall into two groups: more runs tell more than more samples.
    pub bimodal: bool,
    /// Where another level than the first begins: indices into the history followed by the baseline's runs.
    pub levels: Vec<usize>,
}

/// How far each of the runs to judge is off, in log units, ascending.
#[derive(Clone, Debug)]
pub(super) struct Off {
    worse: Vec<f64>,
    better: Vec<f64>,
}

impl Off {
    pub(super) fn new(worse: Vec<f64>, better: Vec<f64>) -> Self {
        Self { worse: sorted(&worse), better: sorted(&better) }
    }
}

/// The two ways to be off.
#[derive(Clone, Copy)]
enum Direction {
    Worse,
    Better,
}

/// A series ready to be judged.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) estimate: f64,
    /// Standard deviation of one run, and its degrees of freedom.
    pub(super) sd: f64,
    pub(super) df: f64,
    /// Variance of the estimate, and of a single run's distance from the centre, in units of `sd`².
    pub(super) variance: f64,
    pub(super) single_variance: f64,
    /// Variance of the estimate that no number of runs takes away.
    pub(super) lasting: f64,
    /// Variance that the estimates of all series have in common.
    pub(super) shared: f64,
    pub(super) runs: usize,
    /// How far each run to judge is off to the worse, and to the better, where every one of them is looked at.
    pub(super) off: Option<Off>,
    pub(super) centre: f64,
    /// Unchanged runs about their own levels; all of them about the level compared with; those before that level.
    pub(super) residuals: Vec<f64>,
    pub(super) unchanged: Vec<f64>,
    pub(super) older: Vec<f64>,
    pub(super) levels: Vec<usize>,
}

/// The signals of a group and the tails they share: up (worse) and down (better).
pub(super) struct Signals {
    pub(super) rows: Vec<Option<Signal>>,
    pub(super) tails: Option<(Tail, Tail)>,
}

/// Standard normal quantile of 80 %: what a change needs beyond the threshold to be seen four times in five.
const POWER_QUANTILE: f64 = 0.841_621_233_572_914_2;

/// Half of what a 95 % interval leaves out.
const OUTSIDE: f64 = 0.025;

/// Relative precision of inverted p-values; nobody reads more digits of an interval.
const PRECISION: f64 = 1e-4;

/// The share of a change at which a run counts as about as slow.
const ABOUT_AS_FAR: f64 = 0.8;

/// From how many deviations on a run or a pair tells something of spikes: the least for which their rate is known.
const LEAST_OFF: f64 = THRESHOLDS[0];

/// Degrees of freedom of a single run's tail where too few runs are there to learn one.
const UNKNOWN_TAIL_DF: f64 = 4.0;

pub(super) fn assessments(signals: &Signals, options: &Options) -> Vec<Option<Assessment>> {
    let adjust = match options.correction {
        Correction::BenjaminiHochberg => benjamini_hochberg,
        Correction::Holm => holm,
    };
    let judged: Vec<(usize, &Signal)> =
        signals.rows.iter().enumerate().filter_map(|(row, s)| Some((row, s.as_ref()?))).collect();
    let (up, down) = signals.tails.as_ref().map_or((None, None), |(up, down)| (Some(up), Some(down)));
    let worse: Vec<f64> = judged.iter().map(|(row, s)| s.p_value(s.estimate, Direction::Worse, up, *row)).collect();
    let better: Vec<f64> =
        judged.iter().map(|(row, s)| s.p_value(-s.estimate, Direction::Better, down, *row)).collect();
    let needed = options.failing_p / judged.len().max(1) as f64;
    let mut results = vec![None; signals.rows.len()];
    let adjusted = adjust(&worse).into_iter().zip(adjust(&better));
    for (((row, s), (p, p_better)), (p_adjusted, p_better_adjusted)) in
        judged.into_iter().zip(worse.into_iter().zip(better)).zip(adjusted)
    {
        let Some(slot) = results.get_mut(row) else { continue };
        *slot = Some(Assessment {
            estimate: s.estimate,
            se: s.se(),
            df: s.df,
            centre: s.centre,
            p,
            p_adjusted,
            p_better,
            p_better_adjusted,
            interval: (
                s.estimate - s.distance_of(OUTSIDE, Direction::Worse, up, row),
                s.estimate + s.distance_of(OUTSIDE, Direction::Better, down, row),
            ),
            detectable: s.distance_of(needed, Direction::Worse, up, row) + POWER_QUANTILE * s.se(),
            similar: (s.alike(&s.unchanged), s.unchanged.len()),
            seen_before: s.alike(&s.older) >= 2,
            // A neighbour's bursts make two groups of pairs, too.
            bimodal: s.off.is_none() && bimodal(&s.residuals),
            levels: s.levels.clone(),
        });
    }
    results
}

impl Assessment {
    /// Whether noise is ruled out as the reason for a change to the worse, at the adjusted level `p`.
    pub fn shows_worse(&self, p: f64) -> bool {
        self.p_adjusted <= p && !self.seen_before
    }

    /// Whether noise is ruled out as the reason for a change to the better, at the adjusted level `p`.
    pub fn shows_better(&self, p: f64) -> bool {
        self.p_better_adjusted <= p && !self.seen_before
    }
}

impl Signal {
    /// Adds a doubt that all estimates of the group share: a variance known to some degrees of freedom, which for the sum are
    /// those of Satterthwaite (1946).
    pub(super) fn share_doubt(&mut self, variance: f64, df: f64) {
        if variance > 0.0 {
            let own = self.se().powi(2);
            self.df = (own + variance).powi(2) / (own.powi(2) / self.df + variance.powi(2) / df);
            self.shared += variance;
        }
    }

    fn se(&self) -> f64 {
        (self.sd * self.sd * self.variance + self.lasting + self.shared).sqrt()
    }

    /// P(unchanged code looks at least `distance` off in a direction, and its runs as far about that as these are); `tail`
    /// is of that direction.
    fn p_value(&self, distance: f64, direction: Direction, tail: Option<&Tail>, row: usize) -> f64 {
        let Some(scatter) = self.scatter(distance) else { return 1.0 };
        let single = distance / self.single();
        let majority = half(self.runs);
        let Some(tail) = tail else {
            // No history to learn spikes from: half the runs must lie out there, each with the tail of a t on few degrees.
            let one = student_t_upper_tail(single, self.df.min(UNKNOWN_TAIL_DF));
            return scatter.max(binomial_upper_tail(self.runs, majority, one));
        };
        let least_far = tail.exceedance(row, single, (majority, self.runs));
        let spikes = self.off.as_ref().map_or(least_far, |off| {
            let (ascending, estimate) = match direction {
                Direction::Worse => (&off.worse, self.estimate),
                Direction::Better => (&off.better, -self.estimate),
            };
            // So many runs are off at least as far as the nearest of them. Whoever takes the least likely of these counts has
            // chosen one of so many. A run amid the scatter tells nothing of spikes.
            let counts = majority..=self.runs;
            let likely = |hit: usize| {
                let nearest = (ascending.get(self.runs.checked_sub(hit)?)? - estimate + distance) / self.single();
                (nearest >= LEAST_OFF).then(|| tail.exceedance(row, nearest, (hit, self.runs)))
            };
            let least = counts.clone().filter_map(likely).min_by(f64::total_cmp);
            counts.count() as f64 * least.unwrap_or(least_far)
        });
        (scatter + spikes).min(1.0)
    }

    /// P(scatter alone puts the estimate at least `distance` off). `None` without any noise and any change.
    fn scatter(&self, distance: f64) -> Option<f64> {
        let t = distance / self.se();
        (!t.is_nan()).then(|| student_t_upper_tail(t, self.df))
    }

    /// The standard deviation of a single run's, or pair's, distance from the centre.
    pub(super) fn single(&self) -> f64 {
        self.sd * self.single_variance.sqrt()
    }

    /// The distance whose p-value is `p`: the inverse of [`Self::p_value`], by regula falsi on its logarithm (Illinois).
    fn distance_of(&self, p: f64, direction: Direction, tail: Option<&Tail>, row: usize) -> f64 {
        let se = self.se();
        if se <= 0.0 {
            return 0.0;
        }
        let off = |distance: f64| self.p_value(distance, direction, tail, row).max(1e-300).ln() - p.ln();
        let mut low = (0.0, off(0.0));
        let mut high = (3.0 * se, off(3.0 * se));
        while high.1 > 0.0 {
            low = high;
            high.0 *= 1.5;
            if !high.0.is_finite() || high.0 > 1e6 {
                return high.0;
            }
            high.1 = off(high.0);
        }
        // Illinois: the end that stays twice running counts half, so that the secant cannot stall.
        let mut last_was_low = None;
        for _ in 0..60 {
            let secant = high.0 - high.1 * (high.0 - low.0) / (high.1 - low.1);
            let at = if secant > low.0 && secant < high.0 { secant } else { f64::midpoint(low.0, high.0) };
            let value = off(at);
            if value.abs() < PRECISION || high.0 - low.0 < PRECISION * high.0 {
                return at;
            }
            if value > 0.0 {
                low = (at, value);
                if last_was_low == Some(true) {
                    high.1 /= 2.0;
                }
            } else {
                high = (at, value);
                if last_was_low == Some(false) {
                    low.1 /= 2.0;
                }
            }
            last_was_low = Some(value > 0.0);
        }
        high.0
    }

    /// How many of `runs` lie about as far to the side of the change as the estimate.
    fn alike(&self, runs: &[f64]) -> usize {
        let side = self.estimate.signum();
        runs.iter().filter(|v| *v * side >= ABOUT_AS_FAR * self.estimate.abs()).count()
    }
}

/// How many of several runs must be off for their median to be.
fn half(runs: usize) -> usize {
    runs.div_ceil(2)
}

/// Fewest runs that can show two groups, and fewest in each.
const TWO_GROUPS: (usize, usize) = (10, 3);

/// Whether sorted residuals leave a gap of more than three standard deviations of what lies on either side of it.
fn bimodal(residuals: &[f64]) -> bool {
    if residuals.len() < TWO_GROUPS.0 {
        return false;
    }
    let ascending = sorted(residuals);
    let gap = |split: usize| {
        let (below, above) = ascending.split_at_checked(split)?;
        Some((above.first()? - below.last()?, below, above))
    };
    let widest = (TWO_GROUPS.1..=residuals.len() - TWO_GROUPS.1).filter_map(gap).max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((width, below, above)) = widest else { return false };
    let squares = |part: &[f64]| {
        let centre = super::super::mean(part).unwrap_or(0.0);
        part.iter().map(|v| (v - centre).powi(2)).sum::<f64>()
    };
    let within = ((squares(below) + squares(above)) / (residuals.len() - 2) as f64).sqrt();
    width > 3.0 * within
}
