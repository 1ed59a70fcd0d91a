//! What stands behind the name of a benchmark in a result file, in each of the forms that asv gave it.
//!
//! Version 1 writes a number, `null`, or an object with `params`, `result` and, since 0.3, `stats`. Version 2 writes an array
//! whose places the file names in `result_columns`; places at its end that would be empty are left out.
//!
//! Not here: what the values mean (`file`).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::format::json::{self, Number, Samples, Wrong};

/// The results of one benchmark.
#[derive(Default)]
pub(super) struct Results {
    /// One for each combination of parameters, or `None` if the benchmark failed as a whole.
    pub(super) values: Option<Vec<Number>>,
    /// The values of each parameter, as Python prints them.
    params: Vec<Vec<String>>,
    /// In the order of `values`; empty where the file has none.
    pub(super) statistics: Vec<Statistics>,
}

/// Statistics of one combination.
#[derive(Default)]
pub(super) struct Statistics {
    pub(super) q_25: Number,
    pub(super) q_75: Number,
    /// Minimum, maximum, mean and standard deviation, which version 2 does not keep.
    pub(super) extremes: [Number; 4],
    /// How many samples there were.
    pub(super) repeat: Number,
    /// The samples, where asv was told to keep them.
    pub(super) samples: Vec<f64>,
}

/// The object of version 1.
#[derive(Deserialize)]
#[serde(expecting = "a number or an object")]
struct First {
    #[serde(default)]
    params: Vec<Vec<String>>,
    #[serde(default)]
    result: Option<Vec<Number>>,
    #[serde(default)]
    stats: Option<Vec<Option<FirstStatistics>>>,
    #[serde(default)]
    samples: Option<Vec<Option<Samples>>>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
struct FirstStatistics {
    #[serde(default)]
    q_25: Number,
    #[serde(default)]
    q_75: Number,
    #[serde(default)]
    min: Number,
    #[serde(default)]
    max: Number,
    #[serde(default)]
    mean: Number,
    #[serde(default)]
    std: Number,
    #[serde(default)]
    repeat: Number,
}

impl Results {
    /// Reads what stands behind a name.
    ///
    /// # Errors
    /// What is wrong with it, and where in it.
    pub(super) fn read(text: &str, columns: Option<&[String]>) -> Result<Self, Wrong> {
        match (text.trim_start().chars().next(), columns) {
            (Some('['), Some(columns)) => Self::second(text, columns),
            (Some('{'), _) => Self::first(text),
            _ => match json::part::<Number>(text)? {
                Number::Missing => Ok(Self::default()),
                number => Ok(Self { values: Some(vec![number]), ..Self::default() }),
            },
        }
    }

    fn first(text: &str) -> Result<Self, Wrong> {
        let First { params, result, stats, samples } = json::part(text)?;
        let mut samples = samples.unwrap_or_default().into_iter();
        let statistics = stats.unwrap_or_default().into_iter().map(|one| {
            let FirstStatistics { q_25, q_75, min, max, mean, std, repeat } = one.unwrap_or_default();
            let extremes = [min, max, mean, std];
            Statistics { q_25, q_75, extremes, repeat, samples: values(samples.next().flatten()) }
        });
        Ok(Self { values: result, params, statistics: statistics.collect() })
    }

    fn second(text: &str, columns: &[String]) -> Result<Self, Wrong> {
        let row: Vec<&RawValue> = json::part(text)?;
        let column = |name: &str| row.get(columns.iter().position(|column| column == name)?).map(|raw| raw.get());
        let list = |name: &str| match column(name) {
            Some(text) => json::part::<Option<Vec<Number>>>(text),
            None => Ok(None),
        };
        let values_of = match column("result") {
            Some(text) if text.starts_with('[') => list("result")?,
            Some(text) => match json::part::<Number>(text)? {
                Number::Missing => None,
                number => Some(vec![number]),
            },
            None => None,
        };
        let params = match column("params") {
            Some(text) => json::part::<Option<Vec<Vec<String>>>>(text)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let samples = match column("samples") {
            Some(text) => json::part::<Option<Vec<Option<Samples>>>>(text)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let [q_25, q_75, repeat] =
            [list("stats_q_25")?, list("stats_q_75")?, list("stats_repeat")?].map(Option::unwrap_or_default);
        let mut samples = samples.into_iter();
        let mut lists = [q_25.into_iter(), q_75.into_iter(), repeat.into_iter()];
        let count = values_of.as_ref().map_or(0, Vec::len);
        let statistics = (0..count)
            .map(|_| {
                let [q_25, q_75, repeat] = lists.each_mut().map(|list| list.next().unwrap_or_default());
                Statistics { q_25, q_75, repeat, samples: values(samples.next().flatten()), ..Statistics::default() }
            })
            .collect();
        Ok(Self { values: values_of, params, statistics })
    }

    /// Every combination of parameters, the last one changing first, as Python's `itertools.product` gives them.
    pub(super) fn combinations(&self) -> Vec<Vec<&str>> {
        /// More combinations than any benchmark has results.
        const MOST: usize = 1 << 20;
        let mut all: Vec<Vec<&str>> = vec![Vec::new()];
        for values in &self.params {
            if all.len().saturating_mul(values.len()) > MOST {
                return Vec::new();
            }
            all = all
                .into_iter()
                .flat_map(|begun| {
                    values.iter().map(move |value| begun.iter().copied().chain([value.as_str()]).collect())
                })
                .collect();
        }
        all
    }
}

/// The samples of one combination; what is no number among them is NaN.
fn values(samples: Option<Samples>) -> Vec<f64> {
    samples.map(|samples| samples.values).unwrap_or_default()
}
