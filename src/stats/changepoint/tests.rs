//! The exact search against a plain one, the reference series of the study, and series that are too short or all alike.

use proptest::prelude::*;

use super::*;

/// The optimum by trying every start of every level.
fn plain(values: &[f64], penalty: f64) -> f64 {
    let n = values.len();
    let sums = Sums::of(values);
    let mut best = vec![f64::INFINITY; n + 1];
    best[0] = -penalty;
    for end in SHORTEST_LEVEL..=n {
        let shortest = if end == n { SHORTEST_NEWEST } else { SHORTEST_LEVEL };
        best[end] = (0..=end - shortest)
            .map(|start| best[start] + sums.cost(start, end) + penalty)
            .fold(f64::INFINITY, f64::min);
    }
    best[n]
}

fn cost_of(values: &[f64], starts: &[usize], penalty: f64) -> f64 {
    let sums = Sums::of(values);
    let bounds: Vec<usize> = [0].iter().chain(starts).copied().chain([values.len()]).collect();
    bounds.windows(2).map(|b| sums.cost(b[0], b[1]) + penalty).sum::<f64>() - penalty
}

proptest! {
    #[test]
    fn pruning_keeps_the_optimum(
        noise in prop::collection::vec(-2.0..2.0_f64, 8..80),
        steps in prop::collection::vec((0_usize..80, -6.0..6.0_f64), 0..5),
        penalty in 2.0..30.0_f64,
    ) {
        let mut values = noise;
        for (at, size) in steps {
            values.iter_mut().skip(at).for_each(|v| *v += size);
        }
        let starts = pelt(&values, penalty);
        let found = cost_of(&values, &starts, penalty);
        prop_assert!((found - plain(&values, penalty)).abs() < 1e-6, "{starts:?}");
        let bounds: Vec<usize> = [0].iter().chain(&starts).copied().chain([values.len()]).collect();
        let lengths: Vec<usize> = bounds.windows(2).map(|b| b[1] - b[0]).collect();
        let (newest, others) = lengths.split_last().unwrap();
        prop_assert!(*newest >= SHORTEST_NEWEST && others.iter().all(|l| *l >= SHORTEST_LEVEL), "{lengths:?}");
    }

    #[test]
    fn any_finite_series_is_survived(values in prop::collection::vec(-1e12..1e12_f64, 0..60)) {
        for search in [Search::Exact, Search::Seeded] {
            for change in changes(&values, &Options { search, ..Options::default() }) {
                prop_assert!(change.earliest <= change.at && change.at <= change.latest && change.earliest > 0);
                prop_assert!(change.latest < values.len() && change.p <= 1e-4);
            }
        }
    }
}

#[test]
fn the_reference_series_changes_at_40_and_72() {
    // statistics of the study behind the verdicts: ln(100 + ((7919 i) mod 13 - 6)/2 + 8[i >= 40] - 5[i >= 70])
    let value = |i: i32| {
        let wobble = f64::from((7919 * i) % 13 - 6) / 2.0;
        let (up, down) = (if i >= 40 { 8.0 } else { 0.0 }, if i >= 70 { 5.0 } else { 0.0 });
        (100.0 + wobble + up - down).ln()
    };
    let values: Vec<f64> = (0..100).map(value).collect();
    for search in [Search::Exact, Search::Seeded] {
        let found = changes(&values, &Options { search, ..Options::default() });
        let at: Vec<usize> = found.iter().map(|c| c.at).collect();
        assert_eq!(at, [40, 72], "{search:?}");
        assert!(found.iter().all(|c| c.earliest <= c.at && c.latest >= c.at));
    }
}

#[test]
fn equal_values_and_short_series_have_no_changes() {
    assert!(changes(&[1.0; 500], &Options::default()).is_empty());
    assert!(changes(&[1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 9.0], &Options::default()).is_empty());
    assert!(changes(&[], &Options::default()).is_empty());
}

#[test]
fn a_coarse_clock_is_not_a_series_of_changes() {
    // Most differences are zero; now and then the clock shows one tick more.
    let values: Vec<f64> = (0..200).map(|i| if (i * 7919) % 11 == 0 { 1.03 } else { 1.0_f64 }.ln()).collect();
    assert!(changes(&values, &Options::default()).is_empty());
}

#[test]
fn ten_thousand_values_are_searched_in_a_moment() {
    let values: Vec<f64> = (0..10_000_u64)
        .map(|i| (i.wrapping_mul(2_654_435_761) % 1000) as f64 / 1e4 + if i >= 7000 { 0.2 } else { 0.0 })
        .collect();
    let found = changes(&values, &Options::default());
    assert_eq!(found.iter().map(|c| c.at).collect::<Vec<_>>(), [7000]);
}
