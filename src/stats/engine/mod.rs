//! Judges a whole metric group of one suite: for every series, how much worse the current runs are, and how likely
//! unchanged code would look that bad.
//!
//! Values come in logarithms, oriented so that more is worse; what comes out is in the same terms. The strongest evidence
//! that the data hold is used, and for a whole group at once: a history of five runs or more ([`Evidence::History`]), else
//! interleaved pairs ([`Evidence::Pairs`]), else three runs a side ([`Evidence::Sides`]). One run against one run tells
//! nothing about noise and gives no assessment. The same input always gives the same bits.
//!
//! Every stage takes out one part of the noise, in this order: the shift a whole execution shares and bursts that
//! neighbours share (`common_mode`); levels that past commits left (`segmentation`); each benchmark's own scatter
//! (`spread`, moderated over the suite); rare spikes (`tail`); the number of series (`multiplicity`).
//!
//! Not here: limits and verdicts, exact metrics, one run against one run (`verdict`).

mod history;
mod outcome;
mod pairs;
mod sides;

use super::moderation::Prior;
pub use outcome::Assessment;

/// One benchmark's values of one metric, in logarithms oriented so that more is worse. `None` where a run lacks it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Series<'a> {
    /// Values of unchanged runs in time order; every series of a group has the same runs.
    pub history: &'a [Option<f64>],
    /// Values of the baseline's runs, which are not repeated in `history`.
    pub baseline: &'a [Option<f64>],
    /// Values of the runs to judge.
    pub current: &'a [Option<f64>],
    /// When the benchmark ran within a run, where that is known: load comes in bursts.
    pub position: Option<usize>,
    /// A lower bound of the standard deviation between runs, from within them; 0 when nothing is known.
    ///
    /// A good one is the [`winsorised_deviation`](super::spread::winsorised_deviation) over the history of the distance
    /// between the judged statistic and the next one: where the minimum and the first decile of the same run go separate
    /// ways, the minimum is no level of its own.
    pub floor: f64,
}

/// What the current runs are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The current level of five or more runs of history.
    History,
    /// Baseline and current runs taken in turns, pair by pair.
    Pairs,
    /// Three or more runs a side.
    Sides,
}

/// How p-values are adjusted for the number of series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correction {
    /// Benjamini & Hochberg (1995).
    #[default]
    BenjaminiHochberg,
    /// Holm (1979).
    Holm,
}

/// What the caller knows or wants beyond the values.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Baseline run i and current run i were taken in turns.
    pub paired: bool,
    /// Takes out common shifts and bursts, where the group is large enough.
    pub adjust: bool,
    /// The adjusted p-value that a failure will need, for [`Assessment::detectable`].
    pub failing_p: f64,
    /// How p-values are adjusted for the number of series.
    pub correction: Correction,
    /// Smallest standard deviation between runs that is believed: 0.5 % for times (layout, timers), 0 for counts.
    pub noise_floor: f64,
    /// What is known about the suite's noise from elsewhere, for groups too small to tell.
    pub prior: Option<Prior>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            paired: false,
            adjust: true,
            failing_p: 0.01,
            correction: Correction::default(),
            noise_floor: 0.005,
            prior: None,
        }
    }
}

/// What all series of a group share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// What the group was judged by; `None` where nothing could be.
    pub evidence: Option<Evidence>,
    /// How many series were judged.
    pub series: usize,
    /// Whether common shifts were taken out of the estimates; groups of fewer than eight series stay as they are.
    pub adjusted: bool,
    /// How much worse the whole execution was than those it is compared with; 0 where not adjusted.
    pub shift: f64,
    /// The standard deviation of such shifts between unchanged runs, where there is a history to tell.
    pub spread: Option<f64>,
    /// The slope with which a benchmark follows its neighbours in run order, 0..=1.
    pub burst_slope: f64,
    /// What the group said about its benchmarks' noise: hand it to a later group too small to tell.
    pub prior: Option<Prior>,
}

/// Fewest runs of history that are judged by.
pub const SHORTEST_HISTORY: usize = 5;

/// Fewest runs a side, or pairs, that are judged by.
pub const FEWEST_RUNS: usize = 3;

/// Judges a group; the results are in the order of `group`, `None` where a series has too few values.
pub fn assess(group: &[Series<'_>], options: &Options) -> (Vec<Option<Assessment>>, Shift) {
    let columns = |of: fn(&Series<'_>) -> usize| group.iter().map(of).max().unwrap_or(0);
    let (past, base, current) =
        (columns(|s| s.history.len()), columns(|s| s.baseline.len()), columns(|s| s.current.len()));
    let (signals, shift) = if past + base >= SHORTEST_HISTORY && past > 0 && current > 0 && !options.paired {
        history::signals(group, options)
    } else if options.paired && base.min(current) >= FEWEST_RUNS {
        pairs::signals(group, options)
    } else if base.min(current) >= FEWEST_RUNS {
        sides::signals(group, options)
    } else {
        let shift = Shift {
            evidence: None,
            series: 0,
            adjusted: false,
            shift: 0.0,
            spread: None,
            burst_slope: 0.0,
            prior: options.prior,
        };
        return (vec![None; group.len()], shift);
    };
    (outcome::assessments(&signals, options), shift)
}

/// How much of the variance between runs does not average out when one binary is run again: layout, link order, the
/// machine the job got (Mytkowicz et al. 2009; Kalibera & Jones 2013). A fifth is a guess on the cautious side.
const LASTING_SHARE: f64 = 0.20;

/// Efficiency of the median of n normal values relative to their mean; 1/(n·variance) by simulation, 2/π in the limit.
const MEDIAN_EFFICIENCY: [f64; 11] = [1.0, 1.0, 1.0, 0.743, 0.838, 0.697, 0.776, 0.679, 0.743, 0.669, 0.723];

/// The variance of a median of `runs` runs, in units of one run's variance, if they were independent.
fn median_variance(runs: usize) -> f64 {
    let efficiency = MEDIAN_EFFICIENCY.get(runs).copied().unwrap_or(0.66);
    1.0 / (runs.max(1) as f64 * efficiency)
}

/// The variance of a median of `runs` runs of one binary, in units of one run's variance.
fn rerun_variance(runs: usize) -> f64 {
    if runs <= 1 { 1.0 } else { LASTING_SHARE + (1.0 - LASTING_SHARE) * median_variance(runs) }
}

/// The values that are there.
fn present(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| !v.is_nan()).collect()
}
