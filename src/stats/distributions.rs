//! Distribution functions: Student's t, the beta-binomial tail of a median of runs, and the polygamma functions that
//! moderation needs.
//!
//! The incomplete beta function, the log-beta function and digamma are statrs'; what it lacks (trigamma, its inverse,
//! an upper tail of t that keeps its digits far out) is here. Every function is total: arguments outside a function's
//! domain give `NAN`, never a panic.
//!
//! Not here: which distribution fits which noise (`moderation`, `tail`).

use statrs::function::beta::{checked_beta_reg, checked_ln_beta};
pub use statrs::function::gamma::digamma;

/// P(T > `t`) of Student's t with `df` degrees of freedom, which need not be whole.
///
/// Keeps its relative accuracy in the far tail, where 1 − cdf would not. `NAN` unless `df` > 0.
pub fn student_t_upper_tail(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let both_tails = checked_beta_reg(df / 2.0, 0.5, df / (df + t * t)).unwrap_or(f64::NAN);
    if t >= 0.0 { both_tails / 2.0 } else { 1.0 - both_tails / 2.0 }
}

/// The trigamma function ψ′(x) for `x` > 0: recurrence up to 10, then the asymptotic series (Abramowitz & Stegun 6.4.12).
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let mut x = x;
    let mut sum = 0.0;
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series =
        1.0 / 6.0 + r * (-1.0 / 30.0 + r * (1.0 / 42.0 + r * (-1.0 / 30.0 + r * (5.0 / 66.0 - r * 691.0 / 2730.0))));
    sum + 1.0 / x + r / 2.0 + r / x * series
}

/// The `x` > 0 with ψ′(x) = `y`, for `y` > 0: Newton's method on 1/ψ′, which converges from below (Smyth 2004, appendix).
pub fn trigamma_inverse(y: f64) -> f64 {
    if y.is_nan() || y <= 0.0 {
        return f64::NAN;
    }
    let mut x = 0.5 + 1.0 / y;
    for _ in 0..60 {
        let value = trigamma(x);
        let step = value * (1.0 - value / y) / tetragamma(x);
        x += step;
        if (step / x).abs() < 1e-14 {
            break;
        }
    }
    x
}

/// ψ″(x), for the Newton steps of [`trigamma_inverse`].
fn tetragamma(x: f64) -> f64 {
    let mut x = x;
    let mut sum = 0.0;
    while x < 10.0 {
        sum -= 2.0 / (x * x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = 0.5 + r * (-1.0 / 6.0 + r * (1.0 / 6.0 + r * (-3.0 / 10.0 + r * 5.0 / 6.0)));
    sum - r - r / x - r * r * series
}

/// P(at least so many of `runs` runs are hit), where every run is hit with the same unknown probability θ ~ Beta(`a`, `b`):
/// with half of them, the chance that a *median* of runs lies out there.
///
/// One run gives the mean of θ; more give the beta-binomial tail. Unlike a binomial with the mean of θ put in, it stays
/// honest about a θ that is known from few runs only.
pub fn beta_binomial_upper_tail(runs: usize, at_least: usize, a: f64, b: f64) -> f64 {
    if runs <= 1 {
        return a / (a + b);
    }
    let ln_beta = |a: f64, b: f64| checked_ln_beta(a, b).unwrap_or(f64::NAN);
    let (whole, n) = (ln_beta(a, b), runs as f64);
    let hit = |k: usize| {
        let k = k as f64;
        // The logarithm of n over k, which itself would overflow for a thousand runs.
        let ways = -(n + 1.0).ln() - ln_beta(n - k + 1.0, k + 1.0);
        (ways + ln_beta(a + k, b + n - k) - whole).exp()
    };
    (at_least..=runs).map(hit).sum::<f64>().min(1.0)
}

/// P(X ≥ `at_least`) for X ~ Binomial(`n`, `p`), by the incomplete beta function.
pub fn binomial_upper_tail(n: usize, at_least: usize, p: f64) -> f64 {
    if at_least == 0 {
        return 1.0;
    }
    if at_least > n {
        return 0.0;
    }
    checked_beta_reg(at_least as f64, (n - at_least + 1) as f64, p).unwrap_or(f64::NAN)
}

/// The largest probability that still has a chance of 5 % to give at most `hits` hits in `n` trials: the upper end of the
/// one-sided 95 % interval of Clopper & Pearson (1934). Three in `n` (about) where nothing was hit; 1 for no trials.
pub fn binomial_upper_bound(n: usize, hits: usize) -> f64 {
    if hits >= n {
        return 1.0;
    }
    let (mut low, mut high) = (hits as f64 / n as f64, 1.0);
    // The chance of at most `hits` falls with the probability.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if 1.0 - binomial_upper_tail(n, hits + 1, middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::binomial_upper_bound;

    #[test]
    fn upper_bounds_agree_with_scipy() {
        // scipy.stats.beta.ppf(0.95, hits + 1, n - hits)
        for (n, hits, expected) in [(15, 0, 0.181_036_272_522), (25, 2, 0.231_039_933_958), (300, 3, 0.025_641_393_083)]
        {
            assert!((binomial_upper_bound(n, hits) - expected).abs() < 1e-9, "{n} {hits}");
        }
        assert!((binomial_upper_bound(0, 0) - 1.0).abs() < 1e-12);
        assert!((binomial_upper_bound(4, 4) - 1.0).abs() < 1e-12);
    }
}
