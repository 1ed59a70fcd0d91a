//! The lower half of a few runs: their level and scatter where contention only ever adds.
//!
//! A busy neighbour makes a run slower, never faster. Of five runs the three lowest are hardly touched by it as long as no
//! more than two were hit. On normal values, where nothing is hit, their mean varies less than a median does (1.22 against
//! 1.43 times the variance of a mean of all five). What is gained above is lost below: a run that is fast by luck counts in
//! full, and shows in the scatter.
//!
//! The constants are those of order statistics of standard normal values, by simulation: 400 000 samples of each number up to
//! ten, and for many values what samples of 200 tend to (1 − 2/π and √(2/π) are those of the half-normal distribution).
//!
//! Not here: when runs are looked at this way (`engine`).

use super::mean;

/// What the lower half of some runs says: ⌊n/2⌋ + 1 of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowerHalf {
    /// Its mean.
    pub level: f64,
    /// The variance of one run that its scatter shows.
    pub variance: f64,
    /// The degrees of freedom of that variance.
    pub df: f64,
    /// The variance of the level, in units of one run's.
    pub level_variance: f64,
}

/// What the lower half of standard normal values is like.
#[derive(Clone, Copy)]
struct Normal {
    /// The variance of its mean, times the number of values.
    level_variance: f64,
    /// Its sum of squares about its mean, for each value but one.
    square: f64,
    /// The degrees of freedom of that sum, for each value but one.
    df: f64,
    /// How far its mean lies below zero.
    below: f64,
}

/// Of three values, of four, and so on.
const NORMAL: [Normal; 8] = [
    Normal { level_variance: 1.168, square: 0.585, df: 0.864, below: 0.425 },
    Normal { level_variance: 1.111, square: 0.631, df: 0.872, below: 0.344 },
    Normal { level_variance: 1.223, square: 0.495, df: 0.805, below: 0.552 },
    Normal { level_variance: 1.163, square: 0.533, df: 0.813, below: 0.477 },
    Normal { level_variance: 1.251, square: 0.457, df: 0.764, below: 0.614 },
    Normal { level_variance: 1.208, square: 0.488, df: 0.776, below: 0.551 },
    Normal { level_variance: 1.276, square: 0.436, df: 0.741, below: 0.652 },
    Normal { level_variance: 1.231, square: 0.460, df: 0.750, below: 0.595 },
];

/// Of ever more values.
const LIMIT: Normal = Normal { level_variance: 1.363, square: 0.363, df: 0.63, below: 0.798 };

impl Normal {
    /// Of so many values, from three on; beyond the table, a share of one over their number off the limit.
    fn of(values: usize) -> Option<Self> {
        let [.., last] = &NORMAL;
        let known = NORMAL.len() + 2;
        let share = known as f64 / values.max(1) as f64;
        let between = |last: f64, limit: f64| limit + (last - limit) * share;
        let beyond = || Self {
            level_variance: between(last.level_variance, LIMIT.level_variance),
            square: between(last.square, LIMIT.square),
            df: between(last.df, LIMIT.df),
            below: between(last.below, LIMIT.below),
        };
        Some(NORMAL.get(values.checked_sub(3)?).copied().unwrap_or_else(beyond))
    }
}

impl LowerHalf {
    /// The lower half of three values or more; `None` of fewer.
    pub fn of(values: &[f64]) -> Option<Self> {
        let normal = Normal::of(values.len())?;
        let ascending = super::sorted(values);
        let lower = ascending.get(..=values.len() / 2)?;
        let level = mean(lower)?;
        let squares: f64 = lower.iter().map(|v| (v - level).powi(2)).sum();
        let others = (lower.len() - 1) as f64;
        Some(Self {
            level,
            variance: squares / (normal.square * others),
            df: normal.df * others,
            level_variance: normal.level_variance / values.len() as f64,
        })
    }
}

/// How far the mean of the lower half of so many normal values lies below their centre, in standard deviations.
pub fn below(values: usize) -> f64 {
    Normal::of(values).map_or(0.0, |normal| normal.below)
}
