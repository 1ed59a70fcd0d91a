//! Adjusting p-values for the number of tests: Benjamini & Hochberg (1995) and Holm (1979).
//!
//! A suite of 200 unchanged benchmarks has ten with p < .05. The adjusted value of a test is the smallest level at which
//! the procedure would still reject it, so it is compared with the wanted level directly. When nothing has changed, both
//! procedures bound the chance of even one false alarm; when something has, Benjamini-Hochberg bounds the share of false
//! ones among the alarms, and has more power.
//!
//! Not here: which tests form a family (`engine`: the series of one metric group).

/// Adjusts p-values by Benjamini & Hochberg's step-up procedure. The order of the input is kept; `NAN` counts as 1.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let tests = p.len() as f64;
    let mut smallest = 1.0_f64;
    let mut adjusted = vec![1.0; p.len()];
    for (rank, index) in ascending(p).into_iter().enumerate().rev() {
        let value = p.get(index).copied().filter(|v| !v.is_nan()).unwrap_or(1.0);
        smallest = smallest.min(value * tests / (rank + 1) as f64);
        if let Some(slot) = adjusted.get_mut(index) {
            *slot = smallest;
        }
    }
    adjusted
}

/// Adjusts p-values by Holm's step-down procedure. The order of the input is kept; `NAN` counts as 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut largest = 0.0_f64;
    let mut adjusted = vec![1.0; p.len()];
    for (rank, index) in ascending(p).into_iter().enumerate() {
        let value = p.get(index).copied().filter(|v| !v.is_nan()).unwrap_or(1.0);
        largest = largest.max(value * (p.len() - rank) as f64).min(1.0);
        if let Some(slot) = adjusted.get_mut(index) {
            *slot = largest;
        }
    }
    adjusted
}

/// Indices of `p` by ascending value, ties by index, `NAN` last.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> = p.iter().map(|v| if v.is_nan() { 1.0 } else { *v }).zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, index)| index).collect()
}
