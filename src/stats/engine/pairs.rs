//! Pairs taken in turns: run i of the baseline and run i of the current side, one right after the other.
//!
//! They can be looked at in two ways. What both runs of a pair met (a machine that is slower for minutes) goes with the
//! pairs' differences, and what one of them met (a neighbour's burst) goes with the lower half of each side's runs, since it
//! only ever adds. Which of the two the machine calls for, the benchmarks tell by their scatter, all together.
//!
//! Not here: p-values (`outcome`).

use super::super::common_mode::{Matrix, median_polish};
use super::super::distributions::student_t_upper_tail;
use super::super::lower_half::{self, LowerHalf};
use super::super::moderation::{Prior, SMALLEST_SUITE};
use super::super::segmentation::about_levels;
use super::super::spread::{FEW_EFFICIENCY, WINSORISED_EFFICIENCY, deviation_of_few, winsorised_deviation};
use super::super::tail::Tail;
use super::super::{mean, median};
use super::outcome::{Off, Signal, Signals};
use super::sides::{Measured, moderated};
use super::{Evidence, FEWEST_RUNS, Options, Series, Shift, median_variance};

/// The two ways to look at pairs.
#[derive(Clone, Copy, PartialEq)]
enum View {
    /// Their differences.
    Differences,
    /// Each side's lower half.
    LowerHalves,
}

/// Judges three or more pairs.
///
/// A spike of one run is kept out of the scatter, and what spikes can do is the tail's business. Their rate is known from
/// the pairs and, where the series have one, from the history.
///
/// What a large suite does in one pair beyond what it does in the middle one is the machine's doing and is taken out. What
/// it does in the middle pair is the code's, because both sides met the same machine, if the pairs show it: then it stays,
/// and how well so few pairs know it is a doubt that all estimates share. Else it may be the machine's, and goes as well.
pub(super) fn signals(group: &[Series<'_>], options: &Options) -> (Signals, Shift) {
    // What is known of another measurement is not believed for more than that: the machine may have become another.
    let prior = options.prior.map(|prior| Prior { df: prior.df.min(MOST_PRIOR_DF), ..prior });
    let options = &Options { prior, ..*options };
    let runs = Runs::of(group, options);
    let past: Vec<Past> = group.iter().map(|series| Past::of(series.history)).collect();
    let of = |view: View| -> Vec<Option<Measured>> {
        let series = group.iter().zip(&past).zip(runs.differences.iter().zip(&runs.sides));
        series
            .map(|((series, past), (differences, sides))| match view {
                View::Differences => by_differences(differences, series, past),
                View::LowerHalves => by_lower_halves(sides, series, past),
            })
            .collect()
    };
    let (differences, halves) = (of(View::Differences), of(View::LowerHalves));
    let (view, measured, common) = if scatters_less(&halves, &differences, options) {
        (View::LowerHalves, halves, runs.common.1)
    } else {
        (View::Differences, differences, runs.common.0)
    };
    // Runs taken in turns share the machine's state: half the spread between runs is the guess where nothing is known.
    let unknown = Prior { variance: Prior::UNKNOWN.variance / 4.0, ..Prior::UNKNOWN };
    let (mut signals, shift) = moderated(measured, options, Evidence::Pairs, unknown, common.taken_out);
    for signal in signals.rows.iter_mut().flatten() {
        signal.share_doubt(common.variance, common.df);
    }
    let distances: Vec<Vec<f64>> = signals
        .rows
        .iter()
        .zip(&past)
        .map(|(signal, past)| signal.as_ref().map_or_else(Vec::new, |signal| view.distances(signal, past)))
        .collect();
    let tail = Tail::fit(&distances);
    signals.tails = Some((tail.clone(), tail));
    (signals, shift)
}

/// What a large suite does alike in the middle pair, in log units.
#[derive(Clone, Copy, Default)]
struct Common {
    /// What of it is shown to be the code's, with its variance and the degrees of freedom of that.
    shift: f64,
    variance: f64,
    df: f64,
    /// What the machine may have done.
    taken_out: Option<f64>,
}

/// Two-sided p-value of what a suite does alike at which it is the code's.
const SHOWN: f64 = 0.05;

impl Common {
    /// From what it did in each of the pairs.
    fn of(shifts: &[f64]) -> Self {
        let shift = median(shifts).unwrap_or(0.0);
        let spread = deviation_of_few(shifts).unwrap_or(0.0);
        let variance = spread.powi(2) * median_variance(shifts.len());
        let df = FEW_EFFICIENCY * shifts.len().saturating_sub(1) as f64;
        if 2.0 * student_t_upper_tail(shift.abs() / variance.sqrt(), df) <= SHOWN {
            Self { shift, variance, df, taken_out: None }
        } else {
            Self { taken_out: Some(shift), ..Self::default() }
        }
    }
}

/// What the pairs' runs hold, without what a large suite does in single pairs; a row for each series.
struct Runs {
    /// Of the pairs that are complete.
    differences: Vec<Vec<f64>>,
    /// The same pairs' runs of the baseline, and of the current side.
    sides: Vec<(Vec<f64>, Vec<f64>)>,
    /// What both hold of the whole suite.
    common: (Common, Common),
}

impl Runs {
    fn of(group: &[Series<'_>], options: &Options) -> Self {
        let pairs = group.iter().map(|s| s.baseline.len().min(s.current.len())).max().unwrap_or(0);
        let at = |values: &[Option<f64>], i: usize| values.get(i).copied().flatten();
        let apart = |s: &Series<'_>| (0..pairs).map(|i| Some(at(s.current, i)? - at(s.baseline, i)?)).collect();
        let together = |s: &Series<'_>| {
            (0..pairs).map(|i| at(s.baseline, i)).chain((0..pairs).map(|i| at(s.current, i))).collect()
        };
        let mut differences = Matrix::from_rows(&group.iter().map(apart).collect::<Vec<Vec<_>>>());
        let mut sides = Matrix::from_rows(&group.iter().map(together).collect::<Vec<Vec<_>>>());
        let mut common = (Common::default(), Common::default());
        // What goes back into a pair's difference, and into its two runs.
        let mut back = vec![(0.0, (0.0, 0.0)); pairs];
        if options.adjust && group.len() >= SMALLEST_SUITE {
            let complete = |j: usize| differences.rows().filter(|row| row.get(j).is_some_and(|d| !d.is_nan())).count();
            let telling: Vec<bool> = (0..pairs).map(|j| complete(j) >= SMALLEST_SUITE).collect();
            let shifts = differences.centre_columns();
            let columns = sides.columns();
            let polished = median_polish(&mut sides, columns);
            let (before, after) = polished.split_at(pairs.min(columns));
            let of_sides: Vec<f64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
            let told = |shifts: &[f64]| -> Vec<f64> {
                shifts.iter().zip(&telling).filter_map(|(shift, telling)| telling.then_some(*shift)).collect()
            };
            common = (Common::of(&told(&shifts)), Common::of(&told(&of_sides)));
            for ((back, telling), (shift, own)) in
                back.iter_mut().zip(&telling).zip(shifts.iter().zip(before.iter().zip(after)))
            {
                // A pair that few series have stays as it is: they cannot tell the machine from themselves.
                let as_it_was = (*shift, (*own.0, *own.1));
                *back = if *telling { (common.0.shift, (0.0, common.1.shift)) } else { as_it_was };
            }
        }
        let differences = differences
            .rows()
            .map(|row| row.iter().zip(&back).map(|(d, (back, _))| d + back).filter(|d| !d.is_nan()).collect())
            .collect();
        let sides = sides
            .rows()
            .map(|row| {
                let (before, after) = row.split_at(pairs.min(row.len()));
                let runs = before.iter().zip(after).zip(&back).map(|((b, c), (_, back))| (b + back.0, c + back.1));
                runs.filter(|(b, c)| !b.is_nan() && !c.is_nan()).unzip()
            })
            .collect();
        Self { differences, sides, common }
    }
}

/// What the runs before the pairs tell of a series.
struct Past {
    /// About the levels that they settled at.
    residuals: Vec<f64>,
    /// The standard deviation of one run, spikes pulled in.
    deviation: f64,
    df: f64,
}

impl Past {
    fn of(history: &[Option<f64>]) -> Self {
        let past: Vec<f64> = history.iter().copied().flatten().collect();
        let (starts, residuals) = about_levels(&past);
        let df = WINSORISED_EFFICIENCY * past.len().saturating_sub(starts.len()) as f64;
        Self { deviation: winsorised_deviation(&residuals).unwrap_or(0.0), residuals, df }
    }

    /// What that says of the variance of one run, for `worth` degrees of freedom.
    fn prior(&self, worth: f64) -> Option<Prior> {
        // A past in which most runs are alike to the last digit says nothing of the others.
        (self.df >= SHORTEST_PAST && self.deviation > 0.0).then(|| Prior {
            variance: self.deviation.powi(2),
            df: worth,
            guess: false,
        })
    }
}

/// Most degrees of freedom that the noise of an earlier measurement of the suite is worth.
const MOST_PRIOR_DF: f64 = 4.0;

/// Degrees of freedom that a series' own past is worth, to pairs' differences and to lower halves, which know more of their
/// own.
const DIFFERENCES_PAST_DF: f64 = 4.0;
const HALVES_PAST_DF: f64 = 2.0;

/// Fewest degrees of freedom of a past that says something.
const SHORTEST_PAST: f64 = 4.0;

/// The pairs' middle difference. Variances are those of one run, half a difference's.
fn by_differences(differences: &[f64], series: &Series<'_>, past: &Past) -> Option<Measured> {
    if differences.len() < FEWEST_RUNS {
        return None;
    }
    let before: Vec<f64> = series.baseline.iter().copied().flatten().collect();
    let (estimate, variance) = (median(differences)?, deviation_of_few(differences)?.powi(2) / 2.0);
    Some(Measured {
        estimate,
        centre: median(&before)?,
        // The baseline's own runs share no machine state with the differences: nothing to liken them to.
        unchanged: Vec::new(),
        residuals: differences.iter().map(|d| d - estimate).collect(),
        variance,
        df: FEW_EFFICIENCY * (differences.len() - 1) as f64,
        estimate_variance: 2.0 * median_variance(differences.len()),
        single_variance: 2.0,
        runs: differences.len(),
        off: Some(Off::new(differences.to_vec(), differences.iter().map(|d| -d).collect())),
        // Pairs that scatter more have spikes in them, too many to be pulled in. Those are the tail's business.
        known: past.prior(DIFFERENCES_PAST_DF).filter(|past| past.variance < variance),
    })
}

/// How far the lower half of the current runs is from that of the baseline's.
fn by_lower_halves((before, after): &(Vec<f64>, Vec<f64>), series: &Series<'_>, past: &Past) -> Option<Measured> {
    let (base, current) = (LowerHalf::of(before)?, LowerHalf::of(after)?);
    let measured: Vec<f64> = series.baseline.iter().copied().flatten().collect();
    let about = |values: &[f64], level: f64| values.iter().map(|v| v - level).collect::<Vec<f64>>();
    let mut residuals = about(before, base.level);
    residuals.extend(about(after, current.level));
    Some(Measured {
        estimate: current.level - base.level,
        // What the suite has in common is counted back in.
        centre: LowerHalf::of(&measured)?.level,
        unchanged: Vec::new(),
        residuals,
        variance: f64::midpoint(base.variance, current.variance),
        df: base.df + current.df,
        estimate_variance: base.level_variance + current.level_variance,
        single_variance: base.level_variance + 1.0,
        runs: after.len(),
        // A side looks worse by its own spikes, and better by the other side's.
        off: Some(Off::new(about(after, base.level), about(before, current.level))),
        known: past.prior(HALVES_PAST_DF),
    })
}

/// Whether the estimates of one view scatter less than those of another, over the series that both can tell the scatter of.
fn scatters_less(one: &[Option<Measured>], other: &[Option<Measured>], options: &Options) -> bool {
    let variance =
        |m: &Measured| (m.variance > 0.0).then(|| m.variance.max(options.noise_floor.powi(2)) * m.estimate_variance);
    let ratio = |(one, other): (&Option<Measured>, &Option<Measured>)| {
        Some((variance(one.as_ref()?)? / variance(other.as_ref()?)?).ln())
    };
    let ratios: Vec<f64> = one.iter().zip(other).filter_map(ratio).collect();
    mean(&ratios).is_some_and(|ratio| ratio < 0.0)
}

impl View {
    /// How far off single runs, or pairs, can be, in their noise deviations.
    fn distances(self, signal: &Signal, past: &Past) -> Vec<f64> {
        let single = past.deviation.max(signal.sd);
        let before = past.residuals.iter().map(|r| r / single);
        match self {
            // A pair is off to one side by a spike of its one run or by one of the other, so its residuals count for both
            // sides, and a run of the history that is off to either side would put a pair off to each.
            Self::Differences => {
                let own = signal.residuals.iter().map(|r| r / signal.single());
                own.flat_map(|r| [r, -r]).chain(before.map(f64::abs)).collect()
            }
            Self::LowerHalves => {
                let below = lower_half::below(signal.runs);
                let own = signal.residuals.iter().map(|r| r / signal.sd);
                own.chain(before.map(|r| r + below)).collect()
            }
        }
    }
}
