//! Change points: where in a series of runs the level changed, how sure that is, and where else it may have been.
//!
//! The way of a series: its noise is measured from successive differences (`noise`), isolated outliers are clipped, and
//! what noise has in common from run to run widens everything that follows. [`pelt()`] finds the best cut into levels, the
//! exact optimum, up to [`LONGEST_EXACT`] runs; beyond that [`seeded()`] binary segmentation does in O(n log n). Both propose
//! too many changes rather than too few. `merge` then takes the weakest back, one by one, until every one that is left is
//! significant and large enough (Fleming et al. 2023, "Hunter"), and says of each where it may lie.
//!
//! Values are finite, in time order, on a scale where differences mean the same everywhere: logarithms, usually.
//!
//! Not here: what a change means, which runs and commits it lies between, and testing many series at once (`trend`).

mod merge;
mod noise;
mod pelt;
mod seeded;

pub use pelt::pelt;
pub use seeded::seeded;

/// Fewest runs of a level, except for one that has just begun.
pub const SHORTEST_LEVEL: usize = 4;

/// Fewest runs of the newest level, which is not certain before it has [`SHORTEST_LEVEL`].
pub const SHORTEST_NEWEST: usize = 3;

/// Fewest values in which changes are looked for: two levels.
pub const SHORTEST_SERIES: usize = 2 * SHORTEST_LEVEL;

/// Longest series for which the exact optimum is searched.
pub const LONGEST_EXACT: usize = 4096;

/// What counts as a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Largest p-value of a change.
    pub largest_p: f64,
    /// Smallest difference of levels, in the values' own scale: 0.01 of logarithms is 1 %.
    pub smallest: f64,
    /// Smallest standard deviation between runs that is believed.
    pub noise_floor: f64,
    /// How changes are proposed.
    pub search: Search,
}

/// How changes are proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// [`pelt()`] up to [`LONGEST_EXACT`] values, [`seeded()`] beyond.
    ByLength,
    /// The exact optimum, however long it takes.
    Exact,
    /// Seeded binary segmentation.
    Seeded,
}

impl Default for Options {
    fn default() -> Self {
        Self { largest_p: 1e-4, smallest: 0.01, noise_floor: 1e-9, search: Search::ByLength }
    }
}

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Index of the first value of the new level: the likeliest one.
    pub at: usize,
    /// First index at which the new level may have begun, with about 95 % confidence.
    pub earliest: usize,
    /// Last index at which it may have begun.
    pub latest: usize,
    /// Mean of the clipped values before, the nearest 60 of its level.
    pub before: f64,
    /// Mean of the clipped values after, the nearest 60 of its level.
    pub after: f64,
    /// Two-sided p-value of the difference, not adjusted for other series.
    pub p: f64,
    /// Values in the new level, up to the next change or the end.
    pub length: usize,
}

/// Finds the changes of level of a series, oldest first. Fewer than [`SHORTEST_SERIES`] values have none.
pub fn changes(values: &[f64], options: &Options) -> Vec<Change> {
    if values.len() < SHORTEST_SERIES {
        return Vec::new();
    }
    let noise = noise::measure(values, options.noise_floor);
    let exact = match options.search {
        Search::ByLength => values.len() <= LONGEST_EXACT,
        Search::Exact => true,
        Search::Seeded => false,
    };
    let scaled = noise.scaled();
    let penalty = PENALTY * (values.len() as f64).ln() * noise.inflation;
    let proposed = if exact { pelt(&scaled, penalty) } else { seeded(&scaled, penalty.sqrt()) };
    merge::significant(&noise, proposed, options)
}

/// Noise variances that one more level must save, as a multiple of ln n: twice the Bayesian information criterion's, because
/// the place of a change is searched too and real noise has heavy tails.
const PENALTY: f64 = 4.0;

/// Sums of values and of their squares up to each index, in noise units about `centre` so that the squares do not cancel.
#[derive(Clone, Debug)]
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn of(values: &[f64]) -> Self {
        let mut sums = Vec::with_capacity(values.len() + 1);
        let (mut sum, mut squares) = (0.0, 0.0);
        sums.push((sum, squares));
        for value in values {
            sum += value;
            squares += value * value;
            sums.push((sum, squares));
        }
        Self(sums)
    }

    fn up_to(&self, index: usize) -> (f64, f64) {
        self.0.get(index).copied().unwrap_or((f64::NAN, f64::NAN))
    }

    /// Sum of the values of a range.
    fn sum(&self, from: usize, to: usize) -> f64 {
        self.up_to(to).0 - self.up_to(from).0
    }

    /// Squared distances of the values of a range from their mean.
    fn cost(&self, from: usize, to: usize) -> f64 {
        let (sum, squares) = self.up_to(from);
        let (sum_to, squares_to) = self.up_to(to);
        let total = sum_to - sum;
        (squares_to - squares - total * total / (to - from).max(1) as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests;
