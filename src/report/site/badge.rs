//! The verdict as a small picture, for a README.
//!
//! It says the verdict's word, and how many regressions stand: those that a limit speaks of and that nothing took back.
//! Only counts and perfgate's own words are in it, so no name from outside gets into a picture that is shown elsewhere.
//!
//! Not here: a badge of one benchmark.

use super::Site;
use crate::model::report::GateVerdict;
use crate::model::trend::Trend;
use crate::report::trend::headline;
use crate::report::wording::count;
use crate::text;

/// What stands on the left.
const LABEL: &str = "performance";

/// Width of a letter of 11 pixels, on average, in Verdana; narrow and wide ones are told apart below.
const LETTER: f64 = 6.9;

/// The picture.
pub(super) fn svg(site: &Site<'_>) -> String {
    let trend = site.histories.first().map(|history| history.trend);
    let said = trend.map_or_else(|| "no runs".to_owned(), said);
    let title = trend.map_or_else(|| "there are no runs".to_owned(), headline);
    let title = text::xml(&title).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // White letters on each have a contrast of 4.5:1 or more.
    let colour = match trend.map(|trend| trend.verdict) {
        Some(GateVerdict::Fail) => "#9c3400",
        Some(GateVerdict::Warn) => "#725000",
        Some(GateVerdict::Pass) => "#00644a",
        Some(GateVerdict::None) | None => "#545d66",
    };
    let (left, right) = (width(LABEL), width(&said));
    let whole = left + right;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" \
         aria-label=\"{LABEL}: {said}\"><title>{title}</title>\
         <clipPath id=\"r\"><rect width=\"{whole}\" height=\"20\" rx=\"3\"/></clipPath>\
         <g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#3f4a54\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/></g>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"6\" y=\"14\" textLength=\"{}\">{LABEL}</text>\
         <text x=\"{}\" y=\"14\" textLength=\"{}\">{said}</text></g></svg>\n",
        left - 12,
        left + 6,
        right - 12,
    )
}

/// The verdict's word, and what stands.
fn said(trend: &Trend) -> String {
    if trend.verdict == GateVerdict::None {
        return "too few runs".to_owned();
    }
    let standing = trend.changes().filter(|change| change.stands()).count();
    let word = trend.verdict.as_str();
    if standing == 0 { word.to_owned() } else { format!("{word}, {} standing", count(standing, "regression")) }
}

/// How wide a text gets with its margins, in pixels.
fn width(text: &str) -> usize {
    let letter = |c: char| match c {
        'i' | 'l' | ',' | ' ' | 'f' | 't' | 'r' => LETTER * 0.62,
        'm' | 'w' => LETTER * 1.45,
        _ => LETTER,
    };
    text.chars().map(letter).sum::<f64>().ceil() as usize + 12
}
