//! What the single runs behind a row of a report say: for pictures, and for who judges by eye.
//!
//! In the JSON a series of values stands on one line, because a history of fifty runs would make fifty lines of every row.
//!
//! Not here: which statistic the values are of, which is the row's.

use serde::{Deserialize, Serialize, Serializer};

/// The values of single runs in a row's unit and statistic, in the order of the runs; `null` where a run does not have the
/// series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Runs {
    /// The runs of the history, as many as the report's `past`.
    #[serde(serialize_with = "on_one_line")]
    #[cfg_attr(test, schemars(with = "Vec<Option<f64>>"))]
    pub history: Vec<Option<f64>>,
    /// Where another level than the first begins: indices into the history followed by the baseline's runs.
    #[serde(serialize_with = "on_one_line")]
    #[cfg_attr(test, schemars(with = "Vec<usize>"))]
    pub levels: Vec<usize>,
    /// The baseline's runs.
    #[serde(serialize_with = "on_one_line")]
    #[cfg_attr(test, schemars(with = "Vec<Option<f64>>"))]
    pub baseline: Vec<Option<f64>>,
    /// The current side's runs. Where the sides were taken in turns, run i of both is a pair.
    #[serde(serialize_with = "on_one_line")]
    #[cfg_attr(test, schemars(with = "Vec<Option<f64>>"))]
    pub current: Vec<Option<f64>>,
    /// Samples within the runs, where the tools wrote them and an output shows them. They are too many for the JSON.
    #[serde(skip)]
    pub samples: Samples,
}

impl Runs {
    /// Whether they say nothing that the row does not say already, samples apart.
    pub fn is_in_the_row(&self) -> bool {
        self.history.is_empty() && self.baseline.len() <= 1 && self.current.len() <= 1
    }
}

/// Samples of single runs, ascending and thinned out to [`MOST_SAMPLES`] a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Of each run of the baseline; empty where a run has none.
    pub baseline: Vec<Vec<f64>>,
    /// Of each run of the current side.
    pub current: Vec<Vec<f64>>,
}

/// Most samples of a run that are kept for a picture.
pub const MOST_SAMPLES: usize = 64;

/// At most [`MOST_SAMPLES`] of the samples, evenly spaced in their order from the smallest to the largest.
pub fn thinned(samples: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = samples.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.len() <= MOST_SAMPLES {
        return sorted;
    }
    let last = sorted.len() - 1;
    (0..MOST_SAMPLES)
        .filter_map(|i| sorted.get((i * last + (MOST_SAMPLES - 1) / 2) / (MOST_SAMPLES - 1)).copied())
        .collect()
}

/// Writes a list without line breaks also where the document around it is indented.
fn on_one_line<S: Serializer>(values: &impl Serialize, to: S) -> Result<S::Ok, S::Error> {
    let line = serde_json::value::to_raw_value(values).map_err(serde::ser::Error::custom)?;
    line.serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_stands_on_one_line_and_reads_back() {
        let runs =
            Runs { history: vec![Some(1.5), None], levels: vec![1], baseline: vec![Some(2.0)], ..Runs::default() };
        let json = serde_json::to_string_pretty(&runs).unwrap();
        assert!(json.contains("\"history\": [1.5,null],"), "{json}");
        assert_eq!(serde_json::from_str::<Runs>(&json).unwrap(), runs);
    }

    #[test]
    fn thinning_keeps_both_ends_and_the_order() {
        let many: Vec<f64> = (0..1000).rev().map(f64::from).collect();
        let kept = thinned(&many);
        assert_eq!((kept.len(), kept.first(), kept.last()), (MOST_SAMPLES, Some(&0.0), Some(&999.0)));
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(thinned(&[3.0, f64::NAN, 1.0]), [1.0, 3.0]);
    }
}
