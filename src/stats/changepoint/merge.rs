//! Which proposed changes stay: the weakest is taken back until every one that is left is significant and large enough.
//!
//! Each change is tested by Student's t between the nearest 60 values of the level before and of the level after, with the
//! larger of their own and the series' noise, and with the correlation of neighbouring runs allowed for. Taking one back
//! makes the levels beside it longer, so its neighbours are tested again (the merging of Fleming et al. 2023, "Hunter").
//! What is left lies where the squared distances are least; all places with at most 2 ln 20 noise variances more are
//! possible too, about 95 % by the likelihood ratio.
//!
//! Not here: adjusting p-values for the number of series (`multiplicity`).

use super::noise::Noisy;
use super::{Change, Options, SHORTEST_LEVEL, Sums};
use crate::stats::distributions::student_t_upper_tail;

/// Values of a level that tell of a change, the nearest ones: older ones may have drifted.
const NEAREST: usize = 60;

/// Fewest degrees of freedom of the test.
const LEAST_FREEDOM: f64 = 3.0;

/// How much a place may be worse than the best one, in noise variances: 2 ln 20.
const PLAUSIBLE: f64 = 5.991_464_547_107_982;

/// The test of one change.
#[derive(Clone, Copy)]
struct Tested {
    before: f64,
    after: f64,
    p: f64,
}

impl Tested {
    /// How weak a change is, for the order in which they are taken back: first by p where that is too large, then by size.
    /// `None` for one that stays.
    fn weakness(&self, options: &Options) -> Option<(f64, f64)> {
        let size = (self.after - self.before).abs();
        let unsure = self.p > options.largest_p || self.p.is_nan();
        (unsure || size < options.smallest).then_some((if unsure { self.p } else { 0.0 }, -size))
    }
}

/// The changes that stay, oldest first.
pub(super) fn significant(noise: &Noisy, proposed: Vec<usize>, options: &Options) -> Vec<Change> {
    let n = noise.clipped.len();
    let sums = noise.sums();
    let mut starts = proposed;
    let mut tests: Vec<Tested> = (0..starts.len()).map(|i| test(noise, &sums, &starts, i)).collect();
    loop {
        let weak = tests.iter().enumerate().filter_map(|(i, t)| Some((t.weakness(options)?, i)));
        let weakest =
            weak.max_by(|((p, size), i), ((q, other), j)| p.total_cmp(q).then(size.total_cmp(other)).then(j.cmp(i)));
        let Some((_, weakest)) = weakest else { break };
        starts.remove(weakest);
        tests.remove(weakest);
        for i in [weakest.checked_sub(1), Some(weakest)].into_iter().flatten() {
            if i < starts.len()
                && let Some(slot) = tests.get_mut(i)
            {
                *slot = test(noise, &sums, &starts, i);
            }
        }
    }
    let bounds = |i: usize| neighbours(&starts, i, n);
    let tested = starts.iter().zip(&tests).enumerate();
    tested
        .map(|(i, (&at, t))| {
            let (from, to) = bounds(i);
            let (earliest, latest) = plausible(noise, &sums, from, at, to);
            Change { at, earliest, latest, before: t.before, after: t.after, p: t.p, length: to - at }
        })
        .collect()
}

/// Where the level before a change begins and the level after it ends.
fn neighbours(starts: &[usize], i: usize, n: usize) -> (usize, usize) {
    let from = i.checked_sub(1).and_then(|i| starts.get(i)).copied().unwrap_or(0);
    (from, starts.get(i + 1).copied().unwrap_or(n))
}

fn test(noise: &Noisy, sums: &Sums, starts: &[usize], i: usize) -> Tested {
    let n = noise.clipped.len();
    let (from, to) = neighbours(starts, i, n);
    let at = starts.get(i).copied().unwrap_or(n);
    let (from, to) = (from.max(at.saturating_sub(NEAREST)), to.min(at + NEAREST));
    let (before, after) = ((at - from) as f64, (to - at) as f64);
    let (left, right) = (sums.sum(from, at) / before, sums.sum(at, to) / after);
    let freedom = (before + after - 2.0).max(1.0);
    // In units of the series' noise, which is the least that is believed.
    let deviation = ((sums.cost(from, at) + sums.cost(at, to)) / freedom).sqrt().max(1.0);
    let t = (right - left).abs() / (deviation * (noise.inflation * (1.0 / before + 1.0 / after)).sqrt());
    let p = (2.0 * student_t_upper_tail(t, freedom.max(LEAST_FREEDOM))).min(1.0);
    Tested { before: noise.unscaled(left), after: noise.unscaled(right), p }
}

/// The first and the last place at which a change may have been.
fn plausible(noise: &Noisy, sums: &Sums, from: usize, at: usize, to: usize) -> (usize, usize) {
    let cost = |place: usize| sums.cost(from, place) + sums.cost(place, to);
    let least = cost(at);
    let possible = |place: &usize| cost(*place) - least <= PLAUSIBLE * noise.inflation;
    let inner = (from + 1).max((from + SHORTEST_LEVEL).min(at))..to;
    let earliest = inner.clone().take_while(|place| *place <= at).find(possible).unwrap_or(at);
    let latest = inner.rev().take_while(|place| *place >= at).find(possible).unwrap_or(at);
    (earliest, latest)
}
