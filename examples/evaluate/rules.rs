//! The rules under comparison: perfgate's engine and the simple gates in common use.
//!
//! Not here: drawing data and counting.

use perfgate::stats::engine::{Assessment, Options, Series, assess};
use perfgate::stats::{mean, standard_deviation};

/// Limits of every gate here: warn at +3 %, fail at +5 %.
pub(crate) const WARN: f64 = 0.03;
pub(crate) const FAIL: f64 = 0.05;
/// How sure a warning and a failure must be.
const WARN_P: f64 = 0.10;
const FAIL_P: f64 = 0.01;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    #[default]
    Pass,
    Warn,
    Fail,
}

/// `[benchmark][run]` of logs; `None` where a run lacks one.
pub(crate) type Table = Vec<Vec<Option<f64>>>;

/// perfgate's verdicts; benchmarks stand in the order they ran, where `ordered`.
pub(crate) fn perfgate(
    history: &Table,
    baseline: &Table,
    current: &Table,
    floors: &[f64],
    ordered: bool,
    paired: bool,
) -> Vec<Outcome> {
    assessments(history, baseline, current, floors, ordered, paired)
        .into_iter()
        .map(|a| {
            let Some(a) = a else { return Outcome::Pass };
            let change = a.estimate.exp_m1();
            match () {
                () if a.shows_worse(FAIL_P) && change >= FAIL => Outcome::Fail,
                () if a.p_adjusted <= WARN_P && change >= WARN => Outcome::Warn,
                () => Outcome::Pass,
            }
        })
        .collect()
}

/// The benchmarks that a rerun would be made of: over the warn limit, with a p-value of their own of at most `p`.
pub(crate) fn suspects(history: &Table, current: &Table, floors: &[f64], p: f64) -> Vec<bool> {
    assessments(history, &Vec::new(), current, floors, true, false)
        .into_iter()
        .map(|a| a.is_some_and(|a| a.p <= p && a.estimate.exp_m1() >= WARN))
        .collect()
}

fn assessments(
    history: &Table,
    baseline: &Table,
    current: &Table,
    floors: &[f64],
    ordered: bool,
    paired: bool,
) -> Vec<Option<Assessment>> {
    let group: Vec<Series<'_>> = current
        .iter()
        .enumerate()
        .map(|(i, current)| Series {
            history: history.get(i).map_or(&[], Vec::as_slice),
            baseline: baseline.get(i).map_or(&[], Vec::as_slice),
            current,
            position: ordered.then_some(i),
            floor: floors.get(i).copied().unwrap_or(0.0),
        })
        .collect();
    assess(&group, &Options { paired, failing_p: FAIL_P, ..Options::default() }).0
}

/// A plain limit on the change from the last run of history.
pub(crate) fn plain(limit: f64, history: &Table, current: &Table) -> Vec<Outcome> {
    compare(history, current, |past, now| Some(now - past.last()? > limit.ln_1p()))
}

/// A z-score against the history above 5, on the raw scale's logs.
pub(crate) fn z_score(history: &Table, current: &Table) -> Vec<Outcome> {
    compare(history, current, |past, now| Some((now - mean(past)?) / standard_deviation(past)? > 5.0))
}

fn compare(history: &Table, current: &Table, failed: impl Fn(&[f64], f64) -> Answer) -> Vec<Outcome> {
    history
        .iter()
        .zip(current)
        .map(|(past, now)| {
            let past: Vec<f64> = past.iter().copied().flatten().collect();
            match now.first().copied().flatten().and_then(|now| failed(&past, now)) {
                Some(true) => Outcome::Fail,
                _ => Outcome::Pass,
            }
        })
        .collect()
}

type Answer = Option<bool>;

/// Two-sided Mann-Whitney test of one run's samples against another's, normal approximation with ties: p < .05 and slower.
pub(crate) fn mann_whitney(before: &[f64], after: &[f64]) -> Outcome {
    let mut all: Vec<(f64, bool)> =
        before.iter().map(|v| (*v, false)).chain(after.iter().map(|v| (*v, true))).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut at) = (0.0, 0.0, 0);
    while at < all.len() {
        let same = all[at..].iter().take_while(|v| v.0 <= all[at].0).count();
        let rank = at as f64 + f64::midpoint(same as f64, 1.0);
        ranks += rank * all[at..at + same].iter().filter(|v| v.1).count() as f64;
        ties += (same as f64).powi(3) - same as f64;
        at += same;
    }
    let (old, new) = (before.len() as f64, after.len() as f64);
    let count = old + new;
    let statistic = ranks - new * (new + 1.0) / 2.0;
    let sd = (old * new / 12.0 * (count + 1.0 - ties / (count * (count - 1.0)))).sqrt();
    let z = (statistic - old * new / 2.0 - 0.5) / sd;
    if z > 1.959_963_984_540_054 { Outcome::Fail } else { Outcome::Pass }
}
