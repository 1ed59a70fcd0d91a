//! A change of a series: as a share, in the series' unit, and held against limits.
//!
//! Not here: noise (`noise`), and what a limit that is reached means (`decide`).

use super::measure::Measured;
use super::noise::Estimate;
use crate::config::Limit;
use crate::model::{Better, Unit};

/// Limits are compared with this relative tolerance, so that 1.15 / 1.0 − 1 reaches 15 %.
pub(super) const TOLERANCE: f64 = 1e-9;

/// A change, turned so that positive is worse.
pub(super) struct Change<'a> {
    /// Share of the baseline; `None` where the baseline is zero.
    relative: Option<f64>,
    /// Difference in the series' unit.
    absolute: f64,
    unit: &'a Unit,
}

impl<'a> Change<'a> {
    /// The change between two values of a series.
    pub(super) fn between(series: &'a Measured<'_>, better: Better, before: f64, now: f64) -> Self {
        let sign = if better == Better::Lower { 1.0 } else { -1.0 };
        Self {
            relative: (before != 0.0).then(|| sign * (now - before) / before.abs()),
            absolute: sign * (now - before),
            unit: &series.unit,
        }
    }

    /// The change of a series whose good direction nobody told: any counts.
    pub(super) fn either_way(series: &'a Measured<'_>, before: f64, now: f64) -> Self {
        Self {
            relative: (before != 0.0).then(|| (now - before).abs() / before.abs()),
            absolute: (now - before).abs(),
            unit: &series.unit,
        }
    }

    /// The change that a log ratio (more is worse) from a level is.
    pub(super) fn of_log_ratio(series: &'a Measured<'_>, log_ratio: f64, level: f64) -> Self {
        let relative = match series.better {
            Some(Better::Higher) => 1.0 - (-log_ratio).exp(),
            _ => log_ratio.exp_m1(),
        };
        Self { relative: Some(relative), absolute: relative * level, unit: &series.unit }
    }

    pub(super) fn mirrored(&self) -> Self {
        Self { relative: self.relative.map(|r| -r), absolute: -self.absolute, unit: self.unit }
    }

    /// Whether a limit can be held against the change: a step may be in a unit that the series does not have.
    pub(super) fn has_unit_of(&self, limit: &Limit) -> bool {
        !matches!(limit, Limit::Step { unit: Some(unit), .. } if unit != self.unit)
    }

    /// Whether the change stays within a limit, which it cannot where the two have nothing in common.
    pub(super) fn is_within(&self, limit: &Limit) -> bool {
        self.has_unit_of(limit)
            && match limit {
                Limit::Relative(share) => self.relative.is_some_and(|r| r <= share + share.abs() * TOLERANCE),
                Limit::Step { value, .. } => self.absolute <= value + value.abs() * TOLERANCE,
            }
    }

    /// Whether the change reaches a limit. A change of nothing never does, and a step in a unit that the series does not
    /// have is never reached.
    pub(super) fn reaches(&self, limit: Option<&Limit>) -> bool {
        if self.absolute <= 0.0 {
            return false;
        }
        match limit {
            None => false,
            // From zero every growth is infinite.
            Some(Limit::Relative(share)) => self.relative.is_none_or(|r| r >= share - share.abs() * TOLERANCE),
            Some(limit @ Limit::Step { value, .. }) => {
                self.has_unit_of(limit) && self.absolute >= value - value.abs() * TOLERANCE
            }
        }
    }
}

/// current / baseline − 1.
pub(super) fn relative(series: &Measured<'_>) -> Option<f64> {
    let (before, now) = series.values()?;
    if before == 0.0 {
        return (now == 0.0).then_some(0.0);
    }
    Some((now - before) / before.abs())
}

/// A log ratio (more is worse) as growth: current / baseline − 1.
pub(super) fn growth(series: &Measured<'_>, log_ratio: f64) -> f64 {
    if series.better == Some(Better::Higher) { (-log_ratio).exp_m1() } else { log_ratio.exp_m1() }
}

/// The 95 % interval of the growth, ascending.
pub(super) fn interval(series: &Measured<'_>, estimate: &Estimate) -> [f64; 2] {
    let (low, high) = estimate.assessment.interval;
    let (a, b) = (growth(series, low), growth(series, high));
    [a.min(b), a.max(b)]
}

/// The level that a series is compared with, in its unit.
pub(super) fn level(series: &Measured<'_>, estimate: &Estimate) -> f64 {
    let centre = estimate.assessment.centre;
    without_stray_digits(if series.better == Some(Better::Higher) { (-centre).exp() } else { centre.exp() })
}

/// The way through the logarithm costs the last digits, which of a size should be whole.
pub(super) fn without_stray_digits(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}
