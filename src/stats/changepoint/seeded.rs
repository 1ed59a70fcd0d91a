//! Seeded binary segmentation (Kovács, Bühlmann, Li & Munk 2020) with narrowest-over-threshold selection (Baranowski, Chen
//! & Fryzlewicz 2019), for series too long for the exact optimum.
//!
//! Intervals of geometrically decreasing length cover the series, each length shifted by half of it. The best split of
//! every interval is known from running sums; of those above the threshold the narrowest intervals speak first, because
//! they hold one change only. O(n log n), whatever the series holds.
//!
//! Not here: which of the changes are significant (`merge`).

use std::collections::BTreeSet;

use super::{SHORTEST_LEVEL, SHORTEST_NEWEST, Sums};

/// How much shorter the next intervals are.
const DECAY: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// An interval whose best split is above the threshold.
struct Hit {
    length: usize,
    height: f64,
    at: usize,
    from: usize,
    to: usize,
}

/// The first index of every level but the first, for values in units of their noise. A split counts from a height (the
/// difference of the means over its standard error) of `threshold` on.
pub fn seeded(values: &[f64], threshold: f64) -> Vec<usize> {
    let n = values.len();
    let sums = Sums::of(values);
    let mut hits: Vec<Hit> = Vec::new();
    let mut length = n as f64;
    while length >= (2 * SHORTEST_LEVEL) as f64 {
        let whole = (length.ceil() as usize).min(n);
        let step = (whole / 2).max(1);
        let mut from = 0;
        while from + whole <= n {
            hits.extend(best_split(&sums, from, from + whole, n).filter(|hit| hit.height > threshold));
            from += step;
        }
        // The newest runs lie in an interval of every length.
        if from + whole > n && from < n {
            hits.extend(best_split(&sums, n - whole, n, n).filter(|hit| hit.height > threshold));
        }
        length *= DECAY;
    }
    hits.sort_by(|a, b| a.length.cmp(&b.length).then(b.height.total_cmp(&a.height)).then(a.at.cmp(&b.at)));
    let mut starts: BTreeSet<usize> = BTreeSet::new();
    for hit in hits {
        // An interval that holds a change already says nothing new.
        if starts.range(hit.from + 1..hit.to).next().is_none() {
            starts.insert(hit.at);
        }
    }
    starts.into_iter().collect()
}

/// The split of a range at which the means differ most.
fn best_split(sums: &Sums, from: usize, to: usize, n: usize) -> Option<Hit> {
    let shortest = if to == n { SHORTEST_NEWEST } else { SHORTEST_LEVEL };
    let whole = sums.sum(from, to);
    let length = (to - from) as f64;
    let mut best: Option<Hit> = None;
    for at in from + SHORTEST_LEVEL..=to.saturating_sub(shortest) {
        let left = sums.sum(from, at);
        let (before, after) = ((at - from) as f64, (to - at) as f64);
        let height = (left / before - (whole - left) / after).abs() * (before * after / length).sqrt();
        if best.as_ref().is_none_or(|b| height > b.height) {
            best = Some(Hit { length: to - from, height, at, from, to });
        }
    }
    best
}
