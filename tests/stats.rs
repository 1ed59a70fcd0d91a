//! The statistics against reference values (`fixtures/stats`), and the engine against what it promises.
//!
//! Not here: how often verdicts are wrong on real noise; `examples/evaluate` measures that.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use perfgate::stats::common_mode::{Matrix, median_polish, remove_bursts};
use perfgate::stats::distributions::{
    beta_binomial_upper_tail, binomial_upper_tail, digamma, student_t_upper_tail, trigamma, trigamma_inverse,
};
use perfgate::stats::engine::{Assessment, Correction, Evidence, Options, Series, assess};
use perfgate::stats::lower_half::{LowerHalf, below};
use perfgate::stats::moderation::Prior;
use perfgate::stats::multiplicity::{benjamini_hochberg, holm};
use perfgate::stats::segmentation::levels;
use perfgate::stats::spread::{unsteadiness, winsorised_deviation};
use perfgate::stats::tail::Tail;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../fixtures/stats/vectors.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Every row of a table of reference values: arguments, then the result.
fn check(name: &str, tolerance: f64, f: impl Fn(&[f64]) -> f64) {
    for row in vectors()[name].as_array().unwrap() {
        let row = numbers(row);
        let (expected, arguments) = row.split_last().unwrap();
        let found = f(arguments);
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{name}{arguments:?}: {found} not {expected}");
    }
}

#[test]
fn distributions_agree_with_scipy() {
    check("student_t_upper_tail", 1e-9, |a| student_t_upper_tail(a[0], a[1]));
    check("digamma", 1e-10, |a| digamma(a[0]));
    check("trigamma", 1e-12, |a| trigamma(a[0]));
    check("trigamma_inverse", 1e-10, |a| trigamma_inverse(a[0]));
    check("binomial_upper_tail", 1e-12, |a| binomial_upper_tail(a[0] as usize, a[1] as usize, a[2]));
    check("median_hit_probability", 1e-8, |a| {
        let runs = a[0] as usize;
        beta_binomial_upper_tail(runs, runs.div_ceil(2), a[1], a[2])
    });
}

#[test]
fn functions_outside_their_domain_are_nan() {
    for value in
        [student_t_upper_tail(f64::NAN, 3.0), student_t_upper_tail(1.0, 0.0), trigamma(0.0), trigamma_inverse(-1.0)]
    {
        assert!(value.is_nan());
    }
}

#[test]
fn adjusted_p_values_agree_with_scipy() {
    for case in vectors()["adjusted"].as_array().unwrap() {
        let p = numbers(&case["p"]);
        for (found, key) in [(benjamini_hochberg(&p), "benjamini_hochberg"), (holm(&p), "holm")] {
            for (found, expected) in found.iter().zip(numbers(&case[key])) {
                assert!((found - expected).abs() < 1e-12, "{key}: {found} not {expected}");
            }
        }
    }
    assert_eq!(benjamini_hochberg(&[0.01, f64::NAN]), [0.02, 1.0]);
    assert!(benjamini_hochberg(&[]).is_empty());
}

#[test]
fn moderation_spread_and_levels_agree_with_the_reference() {
    for case in vectors()["prior"].as_array().unwrap() {
        let df = case["df"].as_f64().unwrap();
        let variances: Vec<(f64, f64)> = numbers(&case["variances"]).into_iter().map(|v| (v, df)).collect();
        let prior = Prior::fit(&variances).unwrap();
        assert!((prior.variance / case["variance"].as_f64().unwrap() - 1.0).abs() < 1e-8, "{prior:?}");
        assert!((prior.df / case["prior_df"].as_f64().unwrap() - 1.0).abs() < 1e-8, "{prior:?}");
    }
    let case = &vectors()["winsorised_deviation"];
    let found = winsorised_deviation(&numbers(&case["residuals"])).unwrap();
    assert!((found - case["value"].as_f64().unwrap()).abs() < 1e-14);
    for case in vectors()["levels"].as_array().unwrap() {
        let expected: Vec<usize> = numbers(&case["starts"]).into_iter().map(|v| v as usize).collect();
        assert_eq!(levels(&numbers(&case["values"])), expected);
    }
}

#[test]
fn levels_of_odd_histories() {
    assert_eq!(levels(&[]), [0]);
    assert_eq!(levels(&[1.0; 50]), [0], "all equal");
    let mut step = vec![0.0; 30];
    step[20..].fill(0.1);
    assert_eq!(levels(&step), [0, 20], "without noise any lasting step is a level");
}

#[test]
fn a_prior_needs_three_variances() {
    assert_eq!(Prior::fit(&[(1e-4, 9.0), (1e-4, 9.0), (0.0, 9.0), (1e-4, 0.0)]), None);
    let known = Prior { variance: 1.0, df: 10.0, guess: false };
    let (variance, df) = known.moderate(4.0, 5.0);
    assert!((variance - 2.0).abs() < 1e-12 && (df - 15.0).abs() < 1e-12);
    assert_eq!(known.informed_by(&[(1e-4, 9.0); 7]), known);
}

#[test]
fn a_guess_lowers_no_variance_and_a_few_benchmarks_inform_it() {
    let guess = Prior { variance: 1.0, df: 10.0, guess: true };
    let (variance, df) = guess.moderate(0.25, 5.0);
    assert!((variance - 0.75).abs() < 1e-12 && (df - 15.0).abs() < 1e-12);
    let (variance, df) = guess.moderate(4.0, 5.0);
    assert!((variance - 4.0).abs() < 1e-12 && (df - 7.5).abs() < 1e-12);
    for few in [&[][..], &[(1e-2, 4.0); 2], &[(1e-2, 4.0), (1e-2, 4.0), (0.0, 4.0)]] {
        assert_eq!(guess.informed_by(few), guess);
    }
    let informed = guess.informed_by(&[(0.01, 4.0); 5]);
    assert!(!informed.guess && (informed.df - guess.df).abs() < 1e-12, "{informed:?}");
    assert!(informed.variance > 0.3 && informed.variance < 0.4, "{informed:?}");
    assert!(guess.informed_by(&[(9.0, 4.0); 5]).variance > 8.0);
}

#[test]
fn polish_recovers_shifts_despite_a_changed_row_and_gaps() {
    let shifts = [0.0, 0.1, -0.05, 0.0, 0.02];
    let mut rows: Vec<Vec<Option<f64>>> =
        (0..9).map(|b| shifts.iter().map(|c| Some(f64::from(b) + c)).collect()).collect();
    rows[4][1] = Some(9.0);
    rows[7][2] = None;
    let mut matrix = Matrix::from_rows(&rows);
    let found = median_polish(&mut matrix, 5);
    for (found, expected) in found.iter().zip(shifts) {
        assert!((found - expected).abs() < 1e-12, "{found} not {expected}");
    }
    assert!(matrix.rows().nth(7).unwrap()[2].is_nan());
}

#[test]
fn bursts_are_learned_and_their_correction_is_bounded() {
    // Columns 0..12 are history, each with a burst of 4 % over eight neighbours somewhere; column 12 has a change of 30 %.
    let row = |b: usize| -> Vec<Option<f64>> {
        let shared = |j: usize| if (b + 20 - j * 7 % 20) % 20 < 8 { 0.04 } else { 0.0 };
        let changed = if (5..12).contains(&b) { 0.30 } else { 0.0 };
        (0..13).map(|j| Some(0.002 * noise(b, j) + if j == 12 { changed } else { shared(j) })).collect()
    };
    let rows: Vec<_> = (0..20).map(row).collect();
    let order: Vec<usize> = (0..20).collect();
    let mut matrix = Matrix::from_rows(&rows);
    matrix.centre_rows(12);
    let spread = |matrix: &Matrix| matrix.rows().flat_map(|row| row.iter().take(12)).map(|v| v * v).sum::<f64>();
    let before = spread(&matrix);
    let slope = remove_bursts(&mut matrix, &order, 12);
    assert!(slope > 0.6, "{slope}");
    assert!(spread(&matrix) < 0.5 * before, "the history's bursts are mostly gone");
    let after = matrix.rows().nth(8).unwrap()[12];
    assert!(after > 0.25, "a change larger than any burst stays: {after}");
    let mut shuffled = Matrix::from_rows(&rows);
    assert!(remove_bursts(&mut shuffled, &order[..6], 12).abs() < f64::EPSILON, "too few neighbours");
}

#[test]
fn the_steadier_statistic_is_the_one_with_less_spread() {
    let rows = |scale: f64| -> Vec<Vec<Option<f64>>> {
        (0..10)
            .map(|b| (0..12).map(|j| Some(f64::from(b) + scale * f64::from((b * 7 + j * j * 5) % 11))).collect())
            .collect()
    };
    assert!(unsteadiness(&rows(0.001)).unwrap() < unsteadiness(&rows(0.01)).unwrap());
    assert_eq!(unsteadiness(&[vec![Some(1.0), Some(2.0)]]), None);
}

#[test]
fn a_wild_benchmark_keeps_its_tail_to_itself() {
    let mut rows: Vec<Vec<f64>> =
        (0..20).map(|b| (0..20).map(|j| f64::from((b + j * 3) % 5) - 2.0).collect()).collect();
    let calm = Tail::fit(&rows).exceedance(3, 8.0, (1, 1));
    rows[0][..8].fill(9.0);
    let tail = Tail::fit(&rows);
    assert!(tail.exceedance(0, 8.0, (1, 1)) > 0.05, "the wild one is known");
    assert!(tail.exceedance(3, 8.0, (1, 1)) < 20.0 * calm + 0.002, "{} {calm}", tail.exceedance(3, 8.0, (1, 1)));
    assert!(tail.exceedance(3, 8.0, (2, 3)) < tail.exceedance(3, 8.0, (1, 1)), "three runs know better than one");
}

// ---- the engine ----

/// A deterministic, roughly normal value with standard deviation 1: the sum of twelve hashed digits.
fn noise(b: usize, j: usize) -> f64 {
    let mut state =
        (b as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (j as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    let mut sum = 0.0;
    for _ in 0..12 {
        state ^= state >> 30;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 27;
        sum += (state >> 11) as f64 / (1_u64 << 53) as f64;
    }
    sum - 6.0
}

type Rows = Vec<Vec<Option<f64>>>;

/// Benchmarks of 1 % noise; `first` is the first run's number.
fn quiet(benchmarks: usize, runs: usize, first: usize) -> Rows {
    (0..benchmarks).map(|b| (0..runs).map(|j| Some(b as f64 + 0.01 * noise(b, first + j))).collect()).collect()
}

fn slowed(mut rows: Rows, benchmark: usize, by: f64) -> Rows {
    rows[benchmark].iter_mut().flatten().for_each(|v| *v += by);
    rows
}

fn judge(
    history: &Rows,
    baseline: &Rows,
    current: &Rows,
    options: Options,
) -> (Vec<Option<Assessment>>, Option<Evidence>) {
    let group: Vec<Series<'_>> = current
        .iter()
        .enumerate()
        .map(|(i, current)| Series {
            history: history.get(i).map_or(&[], Vec::as_slice),
            baseline: baseline.get(i).map_or(&[], Vec::as_slice),
            current,
            position: Some(i),
            floor: 0.0,
        })
        .collect();
    let (results, shift) = assess(&group, &options);
    (results, shift.evidence)
}

#[test]
fn one_run_against_a_history_finds_one_change_and_nothing_else() {
    let current = slowed(quiet(20, 1, 100), 7, 0.15);
    let (results, evidence) = judge(&quiet(20, 20, 0), &Vec::new(), &current, Options::default());
    assert_eq!(evidence, Some(Evidence::History));
    for (i, a) in results.iter().enumerate() {
        let a = a.as_ref().unwrap();
        assert_eq!(a.shows_worse(0.01), i == 7, "{i}: {a:?}");
        assert!(!a.shows_better(0.01));
        assert!(a.interval.0 < a.estimate && a.estimate < a.interval.1);
        assert!((a.interval.0 > 0.0) == (a.p < 0.025), "interval and p-value agree: {a:?}");
    }
    let found = results[7].as_ref().unwrap();
    assert!((found.estimate - 0.15).abs() < 0.03 && (found.centre - 7.0).abs() < 0.01, "{found:?}");
    assert_eq!(found.similar, (0, 20));
    assert!(found.detectable > 0.03 && found.detectable < 0.15, "{found:?}");
}

#[test]
fn a_common_shift_is_reported_and_not_blamed_on_benchmarks() {
    let mut current = quiet(20, 1, 100);
    current.iter_mut().flatten().flatten().for_each(|v| *v += 0.2);
    let history = quiet(20, 20, 0);
    let group: Vec<Series<'_>> = history
        .iter()
        .zip(&current)
        .map(|(history, current)| Series { history, current, ..Series::default() })
        .collect();
    let (results, shift) = assess(&group, &Options::default());
    assert!(shift.adjusted && (shift.shift - 0.2).abs() < 0.02, "{shift:?}");
    assert!(shift.spread.unwrap() < 0.01);
    assert!(results.iter().flatten().all(|a| !a.shows_worse(0.10)));
    let (results, _) = assess(&group, &Options { adjust: false, ..Options::default() });
    assert!(results.iter().flatten().all(|a| a.shows_worse(0.01)));
}

#[test]
fn swapping_the_sides_mirrors_the_evidence() {
    let (before, after) = (quiet(12, 4, 0), slowed(quiet(12, 4, 50), 3, 0.2));
    for paired in [false, true] {
        let options = Options { paired, ..Options::default() };
        let (there, evidence) = judge(&Vec::new(), &before, &after, options);
        let (back, _) = judge(&Vec::new(), &after, &before, options);
        assert_eq!(evidence, Some(if paired { Evidence::Pairs } else { Evidence::Sides }));
        for (a, b) in there.iter().flatten().zip(back.iter().flatten()) {
            assert!((a.estimate + b.estimate).abs() < 1e-9, "{a:?} {b:?}");
            assert!((a.p - b.p_better).abs() < 1e-9 && (a.p_better - b.p).abs() < 1e-9);
            assert!((a.interval.0 + b.interval.1).abs() < 1e-6);
        }
        assert!(there[3].as_ref().unwrap().shows_worse(0.01));
        assert!(back[3].as_ref().unwrap().shows_better(0.01));
        assert_eq!(there.iter().flatten().filter(|a| a.shows_worse(0.01)).count(), 1);
    }
}

/// Five pairs of one benchmark that is measured again, against a calm past or one with a spike in every fifth run.
fn again(differences: [f64; 5], spiky: bool) -> Assessment {
    again_on([0.0; 5], differences, spiky)
}

fn again_on(before: [f64; 5], after: [f64; 5], spiky: bool) -> Assessment {
    let spike = |run: usize| if spiky && run % 5 == 4 { 0.4 } else { 0.0 };
    let history: Rows = vec![(0..20).map(|run| Some(0.01 * noise(0, run) + spike(run))).collect()];
    let (before, after): (Rows, Rows) = (vec![before.map(Some).to_vec()], vec![after.map(Some).to_vec()]);
    let known = Prior { variance: 1e-4, df: 3.0, guess: false };
    let options = Options { paired: true, adjust: false, prior: Some(known), ..Options::default() };
    judge(&history, &before, &after, options).0.remove(0).unwrap()
}

#[test]
fn one_spike_among_five_pairs_does_not_hide_a_change() {
    for differences in [[0.185, -0.22, 0.191, 0.178, 0.164], [0.069, 0.098, 0.082, 0.487, 0.074]] {
        let found = again(differences, false);
        assert!(found.shows_worse(0.01), "{found:?}");
        assert!(found.interval.0 > 0.0, "{found:?}");
    }
    // Two spikes leave three pairs, which may be the lucky ones.
    assert!(!again([0.185, -0.22, 0.6, 0.178, 0.164], false).shows_worse(0.01));
    // Three of five pairs that are off are no rarity where every fifth run is; five of five are one.
    assert!(!again([0.4, 0.41, 0.0, 0.01, 0.39], true).shows_worse(0.01));
    assert!(again([0.4, 0.41, 0.42, 0.4, 0.39], true).shows_worse(0.01));
}

#[test]
fn pairs_of_unchanged_code_rarely_look_worse() {
    // A fifth of all pairs is spoilt by 30 % and more to one side or the other.
    let spoilt = |b: usize, j: usize| match noise(b + 5000, j) {
        u if u > 0.8 => 0.3 + 0.2 * noise(b + 9000, j).abs(),
        u if u < -0.8 => -0.3 - 0.2 * noise(b + 9000, j).abs(),
        _ => 0.0,
    };
    let tests = 400;
    let worse = (0..tests)
        .filter(|b| again(std::array::from_fn(|j| 0.01 * noise(*b, j) + spoilt(*b, j)), true).p <= 0.01)
        .count();
    assert!(worse <= tests / 50, "{worse} of {tests} at 1 %");
}

#[test]
fn a_machine_that_is_noisier_than_its_past_rarely_looks_worse() {
    let tests = 2000;
    let at_one_percent = |judged: &dyn Fn(usize) -> Assessment| (0..tests).filter(|b| judged(*b).p <= 0.01).count();
    for times in [1.0, 2.0, 3.0] {
        let one_side = |b: usize| again(std::array::from_fn(|j| times * 0.01 * noise(b, j)), false);
        let worse = at_one_percent(&one_side);
        assert!(worse <= tests / 50, "{worse} of {tests} at 1 %, {times} times as noisy");
    }
    // Both sides as noisy, while the suite and the past say otherwise: they have six of its nine degrees.
    for (times, most) in [(1.0, 0.01), (1.4, 0.02), (2.0, 0.05)] {
        let of = |b: usize, side: usize| std::array::from_fn(|j| times * 0.01 * noise(b, 5 * side + j));
        let worse = at_one_percent(&|b| again_on(of(b, 0), of(b, 1), false)) as f64;
        assert!(worse <= most * tests as f64, "{worse} of {tests} at 1 %, {times} times as noisy");
    }
}

/// Pairs of a benchmark of which nothing else is known.
fn alone(before: Vec<f64>, after: Vec<f64>) -> Assessment {
    let rows = |runs: Vec<f64>| -> Rows { vec![runs.into_iter().map(Some).collect()] };
    let options = Options { paired: true, ..Options::default() };
    judge(&Vec::new(), &rows(before), &rows(after), options).0.remove(0).unwrap()
}

#[test]
fn few_pairs_of_unchanged_code_that_nothing_is_known_of_rarely_look_worse() {
    let tests = 2000;
    for pairs in [3, 4, 5, 8] {
        // Noise of 2 % is what is expected of runs in turns, worth three degrees of freedom.
        let wildest = if pairs < 5 { 0.025 } else { 0.015 };
        for (share, most) in [(0.01, 0.01), (0.02, 0.01), (0.05, 0.015), (0.1, wildest)] {
            let of = |b: usize, side: usize| (0..pairs).map(|j| share * noise(b, pairs * side + j)).collect();
            let worse = (0..tests).filter(|b| alone(of(*b, 0), of(*b, 1)).p <= 0.01).count();
            assert!(worse as f64 <= most * tests as f64, "{worse} of {tests} at 1 %, {pairs} pairs with {share}");
        }
    }
}

#[test]
fn spikes_on_one_side_are_no_change_unless_nearly_all_of_its_runs_have_one() {
    let spiked = |runs: usize, hit: usize| {
        let of = |side: usize| (0..runs).map(|j| 0.005 * noise(side, j)).collect::<Vec<f64>>();
        let mut after = of(1);
        after.iter_mut().take(hit).for_each(|run| *run += 0.4);
        alone(of(0), after)
    };
    for (runs, hit) in [(3, 2), (4, 2), (5, 3), (8, 4), (10, 5)] {
        let found = spiked(runs, hit);
        assert!(!found.shows_worse(0.01), "{hit} of {runs}: {found:?}");
    }
    for (runs, hit) in [(5, 4), (8, 6), (10, 7)] {
        let found = spiked(runs, hit);
        assert!(found.shows_worse(0.01), "{hit} of {runs}: {found:?}");
    }
}

#[test]
fn benchmarks_of_which_every_few_runs_are_spiked_rarely_look_worse() {
    let tests = 2000;
    for (pairs, every, most) in [(3, 5, 0.015), (5, 5, 0.01), (5, 3, 0.02), (10, 5, 0.005), (10, 2, 0.01)] {
        let of = |b: usize, side: usize| {
            let spike = |run: usize| if (noise(b + tests, run) * 1e6) as i64 % every == 0 { 0.4 } else { 0.0 };
            (0..pairs).map(|j| pairs * side + j).map(|run| 0.01 * noise(b, run) + spike(run)).collect()
        };
        let worse = (0..tests).filter(|b| alone(of(*b, 0), of(*b, 1)).p <= 0.01).count();
        assert!(worse as f64 <= most * tests as f64, "{worse} of {tests} at 1 %, {pairs} pairs, 1 of {every} spiked");
    }
}

#[test]
fn an_interval_leaves_zero_out_where_the_p_value_does() {
    let check = |found: &Assessment| {
        assert_eq!(found.p < 0.025, found.interval.0 > 0.0, "{found:?}");
        assert_eq!(found.p_better < 0.025, found.interval.1 < 0.0, "{found:?}");
    };
    for b in 0..500 {
        let of = |side: usize| (0..5).map(|j| 0.03 * noise(b, 5 * side + j) + 0.05 * side as f64).collect();
        check(&alone(of(0), of(1)));
        check(&alone(of(1), of(0)));
        check(&again(std::array::from_fn(|j| 0.03 * noise(b, j) + 0.04), b % 2 == 0));
        // Of a suite that the machine moves.
        let suite = |side: usize| -> Rows {
            let moved = |j: usize| 0.02 * noise(b, 500 + 5 * side + j) + 0.04 * side as f64;
            (0..8)
                .map(|row| (0..5).map(|j| Some(moved(j) + 0.01 * noise(8 * b + row, 5 * side + j))).collect())
                .collect()
        };
        let options = Options { paired: true, ..Options::default() };
        judge(&Vec::new(), &suite(0), &suite(1), options).0.iter().flatten().for_each(check);
    }
}

#[test]
fn the_lower_half_knows_how_much_normal_values_vary() {
    let found = LowerHalf::of(&[5.0, 1.0, 2.0, 9.0, 3.0]).unwrap();
    assert!((found.level - 2.0).abs() < 1e-12 && (found.variance - 2.0 / (2.0 * 0.495)).abs() < 1e-12, "{found:?}");
    assert_eq!(LowerHalf::of(&[1.0, 2.0]), None);
    // Over many samples its variance is that of a value, and the level varies and lies as it says.
    for values in [3, 4, 5, 6, 9, 10, 14, 20, 60] {
        let samples = 4000;
        let found: Vec<LowerHalf> = (0..samples)
            .map(|b| LowerHalf::of(&(0..values).map(|j| noise(b, values + j)).collect::<Vec<f64>>()).unwrap())
            .collect();
        let mean = |of: &dyn Fn(&LowerHalf) -> f64| found.iter().map(of).sum::<f64>() / f64::from(samples as u32);
        let (variance, level) = (mean(&|f| f.variance), mean(&|f| f.level));
        let varies = mean(&|f| (f.level - level).powi(2)) / found[0].level_variance;
        let off = level + below(values);
        assert!((variance - 1.0).abs() < 0.06 && (varies - 1.0).abs() < 0.08, "{values}: {variance} {varies}");
        assert!(off.abs() < 0.03, "{values}: {off}");
    }
}

#[test]
fn what_slows_single_runs_hides_no_change_and_what_slows_a_pair_hides_none_either() {
    // Two of five runs are hit on each side, in different pairs; and a machine that gets slower from pair to pair.
    let calm = |b: usize, side: usize| std::array::from_fn::<f64, 5, _>(|j| 0.01 * noise(b, 5 * side + j));
    let plus = |values: [f64; 5], more: [f64; 5]| std::array::from_fn(|j| values[j] + more[j]);
    let found = |more: [[f64; 5]; 2]| {
        let shows = |b: usize| {
            let now = plus(plus(calm(b, 1), [0.1; 5]), more[1]);
            again_on(plus(calm(b, 0), more[0]), now, false).shows_worse(0.01)
        };
        (0..100).filter(|b| shows(*b)).count()
    };
    let bursts = found([[0.0, 0.3, 0.0, 0.25, 0.0], [0.35, 0.0, 0.0, 0.0, 0.28]]);
    let drift = found([[0.0, 0.1, 0.2, 0.3, 0.4]; 2]);
    assert!(bursts >= 95 && drift >= 95, "{bursts} {drift} of 100");
    // Bursts are no two modes of the benchmark.
    assert!(!again_on([0.0, 0.301, 0.002, 0.3, 0.001], [0.1, 0.399, 0.102, 0.101, 0.4], false).bimodal);
}

#[test]
fn a_past_without_any_scatter_tells_nothing_of_the_pairs() {
    let judged = |past: fn(usize) -> f64| {
        let history: Rows = vec![(0..20).map(|run| Some(past(run))).collect()];
        let (before, after): (Rows, Rows) =
            (vec![vec![Some(0.0); 5]], vec![[0.1, 0.02, 0.2, 0.1, 0.03].map(Some).to_vec()]);
        let options = Options { paired: true, adjust: false, noise_floor: 0.0, ..Options::default() };
        judge(&history, &before, &after, options).0.remove(0).unwrap()
    };
    let nothing = judged(|run| if run == 7 { 1e-3 } else { 0.0 });
    let something = judged(|run| 0.01 * noise(0, run));
    assert!(something.df > nothing.df + 1.0 && something.se < nothing.se, "{something:?} {nothing:?}");
}

/// How many of so many benchmarks look worse, and how many better, after pairs of which run `j` of benchmark `b` is `by` slower;
/// `None` where it has no result.
fn worse_and_better(benchmarks: usize, pairs: usize, by: &dyn Fn(usize, usize) -> Option<f64>) -> (usize, usize) {
    let (before, mut after) = (quiet(benchmarks, pairs, 0), quiet(benchmarks, pairs, 50));
    for (b, row) in after.iter_mut().enumerate() {
        row.iter_mut().enumerate().for_each(|(j, run)| *run = by(b, j).map(|by| run.unwrap() + by));
    }
    let results = judge(&Vec::new(), &before, &after, Options { paired: true, ..Options::default() }).0;
    let count = |shown: &dyn Fn(&Assessment) -> bool| results.iter().flatten().filter(|a| shown(a)).count();
    (count(&|a| a.shows_worse(0.01)), count(&|a| a.shows_better(0.01)))
}

#[test]
fn what_a_suite_does_in_its_middle_pair_stays_in() {
    for pairs in [3, 5] {
        for (slower, benchmarks) in [(12, 12), (9, 12), (6, 12), (4, 8), (5, 8), (1, 12)] {
            let found = worse_and_better(benchmarks, pairs, &|b, _| Some(if b < slower { 0.2 } else { 0.0 }));
            assert_eq!(found, (slower, 0), "{slower} of {benchmarks} in {pairs} pairs");
        }
        // Two pairs that only two benchmarks have tell nothing of the machine.
        let found = worse_and_better(12, pairs + 2, &|b, j| (j < pairs || b < 2).then_some(0.2));
        assert_eq!(found, (12, 0), "{pairs} pairs and two of two benchmarks");
    }
}

#[test]
fn what_a_suite_does_in_single_pairs_goes() {
    for pairs in [3, 5] {
        let one = |j: usize| if j == 1 { 0.3 } else { 0.0 };
        assert_eq!(worse_and_better(12, pairs, &|_, j| Some(one(j))), (0, 0), "one of {pairs} pairs");
    }
    let machine = |j: usize| [0.3, 0.0, 0.25, 0.02, 0.28][j];
    assert_eq!(worse_and_better(12, 5, &|_, j| Some(machine(j))), (0, 0), "three of five pairs");
}

#[test]
fn a_machine_that_moves_whole_runs_fails_no_suite_and_hides_no_benchmark() {
    let tests = 1000;
    for pairs in [3, 5, 10] {
        let of = |t: usize, side: usize, by: f64| -> Rows {
            let whole = |j: usize| 0.05 * noise(t + 70_000, pairs * side + j);
            let run = |b: usize, j: usize| whole(j) + 0.01 * noise(10 * t + b, pairs * side + j);
            (0..10).map(|b| (0..pairs).map(|j| Some(run(b, j) + if b == 3 { by } else { 0.0 })).collect()).collect()
        };
        let worse = |t: usize, by: f64| -> Vec<bool> {
            let options = Options { paired: true, ..Options::default() };
            let results = judge(&Vec::new(), &of(t, 0, 0.0), &of(t, 1, by), options).0;
            results.iter().flatten().map(|a| a.shows_worse(0.01) && a.estimate > 0.03).collect()
        };
        let failed = (0..tests).filter(|t| worse(*t, 0.0).contains(&true)).count();
        assert!(failed <= tests / 50, "{failed} of {tests}, {pairs} pairs");
        let found = (0..tests).filter(|t| worse(*t, 0.1)[3]).count();
        assert!(found >= tests * 9 / 10, "{found} of {tests}, {pairs} pairs");
    }
}

#[test]
fn a_new_level_is_the_one_compared_with_and_an_old_one_is_no_failure() {
    let mut history = quiet(20, 24, 0);
    history[5].iter_mut().skip(14).flatten().for_each(|v| *v -= 0.3);
    let settled = slowed(quiet(20, 1, 100), 5, -0.3);
    let (results, _) = judge(&history, &Vec::new(), &settled, Options::default());
    let same = results[5].as_ref().unwrap();
    assert_eq!(same.levels, [14]);
    assert!(same.estimate.abs() < 0.04 && !same.shows_worse(0.10), "{same:?}");
    // Back to where it was: as slow as 14 unchanged runs, which is no proof of anything.
    let (results, _) = judge(&history, &Vec::new(), &quiet(20, 1, 100), Options::default());
    let back = results[5].as_ref().unwrap();
    assert!(back.p_adjusted < 0.01 && back.seen_before && !back.shows_worse(0.01), "{back:?}");
    assert!(back.similar.0 >= 4 && back.similar.1 == 24, "{back:?}");
    // Worse than ever before is a failure all the same.
    let (results, _) = judge(&history, &Vec::new(), &slowed(quiet(20, 1, 100), 5, 0.2), Options::default());
    assert!(results[5].as_ref().unwrap().shows_worse(0.01));
}

#[test]
fn a_bimodal_benchmark_is_named_and_not_failed_for_its_other_mode() {
    let mut history = quiet(20, 20, 0);
    for j in [1, 4, 6, 9, 11, 15, 18] {
        history[2][j] = history[2][j].map(|v| v + 0.12);
    }
    let (results, _) = judge(&history, &Vec::new(), &slowed(quiet(20, 1, 100), 2, 0.12), Options::default());
    let a = results[2].as_ref().unwrap();
    assert!(a.bimodal && !a.shows_worse(0.01) && a.similar.0 > 0, "{a:?}");
    assert!(results.iter().flatten().filter(|a| a.bimodal).count() == 1);
}

#[test]
fn a_floor_from_within_the_runs_keeps_an_unsettled_benchmark_from_failing() {
    let (history, current) = (quiet(20, 20, 0), slowed(quiet(20, 1, 100), 7, 0.15));
    let group: Vec<Series<'_>> = history
        .iter()
        .zip(&current)
        .enumerate()
        .map(|(i, (history, current))| Series {
            history,
            current,
            floor: if i == 7 { 0.2 } else { 0.0 },
            ..Series::default()
        })
        .collect();
    let (results, _) = assess(&group, &Options::default());
    assert!(!results[7].as_ref().unwrap().shows_worse(0.10));
}

#[test]
fn odd_input_gives_honest_rows() {
    // Nothing at all; one run a side; all values equal; gaps; a series without history.
    assert!(assess(&[], &Options::default()).0.is_empty());
    let (results, evidence) = judge(&Vec::new(), &quiet(3, 1, 0), &quiet(3, 1, 9), Options::default());
    assert!(evidence.is_none() && results.iter().all(Option::is_none));
    let same: Rows = vec![vec![Some(1.0); 12]; 10];
    for noise_floor in [0.0, 0.005] {
        let options = Options { noise_floor, ..Options::default() };
        let (results, _) = judge(&same, &Vec::new(), &vec![vec![Some(1.0)]; 10], options);
        for a in results.iter().flatten() {
            assert!(a.estimate == 0.0 && a.p > 0.4 && a.se.is_finite() && a.detectable.is_finite(), "{a:?}");
        }
    }
    let mut history = quiet(12, 20, 0);
    history[1] = vec![None; 20];
    history[2].iter_mut().step_by(2).for_each(|v| *v = None);
    let mut current = quiet(12, 1, 100);
    current[3] = vec![None];
    let (results, _) = judge(&history, &Vec::new(), &current, Options::default());
    assert!(results[1].is_none() && results[3].is_none());
    assert_eq!(results[2].as_ref().unwrap().similar.1, 10);
    // Ten thousand runs a side.
    let many: Rows = vec![(0..10_000).map(|j| Some(0.01 * noise(0, j))).collect()];
    let (results, _) = judge(&Vec::new(), &many, &slowed(many.clone(), 0, 0.3), Options::default());
    assert!(results[0].as_ref().unwrap().shows_worse(0.01), "{results:?}");
    let (results, _) = judge(&vec![many[0][..60].to_vec()], &Vec::new(), &many, Options::default());
    assert!(results[0].as_ref().unwrap().p.is_finite());
    // Pairs of which some lack a run, or all are alike.
    let mut gaps = quiet(10, 5, 50);
    gaps[1][0] = None;
    gaps[2] = vec![None; 5];
    gaps[3].truncate(3);
    gaps[4] = Vec::new();
    for noise_floor in [0.0, 0.005] {
        let options = || Options { paired: true, noise_floor, ..Options::default() };
        for (before, after) in [(&quiet(10, 5, 0), &gaps), (&gaps, &quiet(10, 5, 0))] {
            let (results, _) = judge(&Vec::new(), before, after, options());
            assert!(results[2].is_none() && results[4].is_none());
            assert!(results[1].is_some() && results[3].as_ref().unwrap().estimate.abs() < 0.05, "{results:?}");
        }
        let alike: Rows = vec![vec![Some(1.0); 5]; 10];
        let (results, _) = judge(&Vec::new(), &alike, &alike, options());
        assert!(results.iter().flatten().all(|a| a.estimate == 0.0 && a.p > 0.4 && a.detectable.is_finite()));
    }
    // Two series are no suite: nothing is taken out, and the general prior speaks.
    let (results, _) = judge(&quiet(2, 20, 0), &Vec::new(), &slowed(quiet(2, 1, 100), 0, 0.3), Options::default());
    assert!(results[0].as_ref().unwrap().shows_worse(0.01) && !results[1].as_ref().unwrap().shows_worse(0.10));
}

#[test]
fn more_runs_and_holm_do_what_they_say() {
    let history = quiet(20, 20, 0);
    let run = |runs: usize, correction| {
        let current = slowed(quiet(20, runs, 100), 7, 0.08);
        let (results, _) = judge(&history, &Vec::new(), &current, Options { correction, ..Options::default() });
        results.into_iter().flatten().collect::<Vec<_>>()
    };
    let (one, five) = (run(1, Correction::BenjaminiHochberg), run(5, Correction::BenjaminiHochberg));
    for (one, five) in one.iter().zip(&five) {
        assert!(five.se < one.se && five.detectable < one.detectable);
    }
    for (bh, holm) in one.iter().zip(run(1, Correction::Holm)) {
        assert!(bh.p_adjusted <= holm.p_adjusted + 1e-15);
    }
}
