//! A history as a line of a few points, for a cell of a table.
//!
//! Not here: charts that are looked at closely, which the page's script draws.

use crate::stats::median;

/// The box of a drawing, in its own units.
pub(super) const WIDTH: usize = 120;
/// Its height.
pub(super) const HEIGHT: usize = 24;

/// Points of a line.
const POINTS: usize = 40;

/// Room above and below the line, for its own width.
const MARGIN: f64 = 2.0;

/// The least height of the box, as a share of the values: so noise does not look like news.
const LEAST_SPAN: f64 = 0.04;

/// The path of a line through medians of neighbouring runs; `None` where nothing is known. Where runs have no value, the
/// line is interrupted.
pub(super) fn path(values: &[Option<f64>]) -> Option<String> {
    let points = values.len().min(POINTS);
    let bucket = |at: usize| {
        let (from, to) = (at * values.len() / points, (at + 1) * values.len() / points);
        let known: Vec<f64> = values.get(from..to).unwrap_or(&[]).iter().copied().flatten().collect();
        median(&known)
    };
    let medians: Vec<Option<f64>> = (0..points).map(bucket).collect();
    let known: Vec<f64> = medians.iter().copied().flatten().collect();
    let middle = median(&known)?;
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = (high - low).max(LEAST_SPAN * middle.abs());
    let centre = f64::midpoint(low, high);
    let y = |value: f64| {
        let share = if span > 0.0 { (value - centre) / span } else { 0.0 };
        let room = HEIGHT as f64 - 2.0 * MARGIN;
        (HEIGHT as f64 / 2.0 - share * room).round()
    };
    let x = |at: usize| if points > 1 { at * WIDTH / (points - 1) } else { WIDTH / 2 };
    let mut path = String::new();
    let mut is_down = false;
    for (at, value) in medians.iter().enumerate() {
        let Some(value) = value else {
            is_down = false;
            continue;
        };
        path.push_str(&format!("{}{} {}", if is_down { 'L' } else { 'M' }, x(at), y(*value)));
        let is_alone = !is_down && medians.get(at + 1).copied().flatten().is_none();
        if is_alone {
            path.push_str("h1");
        }
        is_down = true;
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_the_step_and_not_the_noise() {
        assert_eq!(path(&[Some(1.0), Some(1.0), None, Some(2.0)]).as_deref(), Some("M0 22L40 22M120 2h1"));
        assert_eq!(path(&[Some(5.0)]).as_deref(), Some("M60 12h1"));
        assert_eq!(path(&[Some(100.0), Some(100.1)]).as_deref(), Some("M0 12L120 12"));
        assert_eq!(path(&[Some(0.0), Some(0.0)]).as_deref(), Some("M0 12L120 12"));
        assert_eq!(path(&[None, None]), None);
        assert_eq!(path(&[]), None);
        assert!(path(&vec![Some(1.0); 10_000]).unwrap().len() < 400);
    }
}
