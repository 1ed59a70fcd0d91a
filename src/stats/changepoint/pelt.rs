//! The best cut of a series into levels: optimal partitioning (Jackson et al. 2005), pruned (PELT: Killick, Fearnhead &
//! Eckley 2012).
//!
//! The cut minimises the squared distances from the levels' means plus a penalty for each level. A start of the last level
//! that costs more than the best cut up to now can never win again, and is dropped; with levels of at least
//! [`SHORTEST_LEVEL`] values that holds only that many values later, because a level that begins now must first become
//! long enough.
//!
//! Not here: which of the changes are significant (`merge`).

use super::{SHORTEST_LEVEL, SHORTEST_NEWEST, Sums};

/// A start of the last level that may still win.
struct Candidate {
    start: usize,
    /// The cost of the best cut up to the start.
    cost: f64,
    /// From this end on it is dropped.
    dropped_at: usize,
    /// The cost of the cut with the last level from here to the end that is looked at.
    total: f64,
}

/// The first index of every level but the first, for values in units of their noise. Every further level must save
/// `penalty`. Levels have [`SHORTEST_LEVEL`] values at least, the newest [`SHORTEST_NEWEST`].
///
/// O(n²) at worst, where nothing changes; O(n) where changes keep coming.
pub fn pelt(values: &[f64], penalty: f64) -> Vec<usize> {
    let n = values.len();
    let sums = Sums::of(values);
    let mut best: Vec<(f64, usize)> = vec![(f64::INFINITY, 0); n + 1];
    if let Some(first) = best.first_mut() {
        first.0 = -penalty;
    }
    let mut candidates = vec![Candidate { start: 0, cost: -penalty, dropped_at: usize::MAX, total: 0.0 }];
    for end in SHORTEST_LEVEL..=n {
        let (sum_end, squares_end) = sums.up_to(end);
        let cost_of = |candidate: &Candidate| {
            let (sum, squares) = sums.up_to(candidate.start);
            let total = sum_end - sum;
            candidate.cost + (squares_end - squares) - total * total / (end - candidate.start) as f64
        };
        let mut optimum = (f64::INFINITY, 0);
        for candidate in &mut candidates {
            candidate.total = cost_of(candidate);
            if candidate.total < optimum.0 {
                optimum = (candidate.total, candidate.start);
            }
        }
        if end == n {
            // The newest level may be shorter.
            for start in (end + 1).saturating_sub(SHORTEST_LEVEL)..=end - SHORTEST_NEWEST {
                let Some(&(cost, _)) = best.get(start) else { continue };
                let cost = cost_of(&Candidate { start, cost, dropped_at: usize::MAX, total: 0.0 });
                if cost < optimum.0 {
                    optimum = (cost, start);
                }
            }
        }
        let total = optimum.0 + penalty;
        if let Some(slot) = best.get_mut(end) {
            *slot = (total, optimum.1);
        }
        candidates.retain_mut(|candidate| {
            if candidate.dropped_at == usize::MAX && candidate.total > total {
                candidate.dropped_at = end + SHORTEST_LEVEL;
            }
            candidate.dropped_at > end
        });
        // The next end can have a level that begins here.
        let start = end + 1 - SHORTEST_LEVEL;
        if let Some(&(cost, _)) = best.get(start).filter(|(cost, _)| start >= SHORTEST_LEVEL && cost.is_finite()) {
            candidates.push(Candidate { start, cost, dropped_at: usize::MAX, total: 0.0 });
        }
    }
    let mut starts = Vec::new();
    let mut end = n;
    while let Some(&(_, start)) = best.get(end).filter(|(_, start)| *start > 0) {
        starts.push(start);
        end = start;
    }
    starts.reverse();
    starts
}
