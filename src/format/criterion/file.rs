//! The files that Criterion.rs writes for each benchmark, as serde types.
//!
//! Keys that perfgate has no use for (resampled intervals, slopes, the sampling mode) are skipped by the reader.
//!
//! Not here: what their values mean together (`folder`).

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::format::json::{Number, Samples};
use crate::model::{Details, MetricId, Unit};
use crate::text::Untrusted;

// https://github.com/criterion-rs/criterion.rs/blob/0.8.2/src/report.rs (BenchmarkId), src/lib.rs (Throughput),
// src/connections.rs and src/estimate.rs (Estimates), src/csv_report.rs (CsvRow).

/// `benchmark.json`.
#[derive(Deserialize)]
#[serde(expecting = "an object with a `full_id`")]
pub(super) struct Benchmark {
    pub(super) full_id: String,
    #[serde(default)]
    pub(super) group_id: Option<String>,
    #[serde(default)]
    pub(super) value_str: Option<String>,
    #[serde(default)]
    pub(super) throughput: Option<Throughput>,
    #[serde(default)]
    pub(super) directory_name: Option<String>,
    #[serde(default)]
    pub(super) title: Option<String>,
}

impl Benchmark {
    /// The group and the parameter.
    pub(super) fn details(&self) -> Details {
        let params = self.value_str.iter().map(|value| ("value".into(), value.as_str().into())).collect();
        Details { params: Arc::new(params), group: self.group_id.as_deref().map(Untrusted::from) }
    }
}

/// Work per iteration. An enum in Criterion; kinds of later versions are left out here rather than refused.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
pub(super) struct Throughput {
    #[serde(default)]
    pub(super) bytes: Number,
    #[serde(default)]
    pub(super) bytes_decimal: Number,
    #[serde(default)]
    pub(super) elements: Number,
    #[serde(default)]
    pub(super) bits: Number,
    #[serde(default)]
    pub(super) elements_and_bytes: Option<ElementsAndBytes>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct ElementsAndBytes {
    pub(super) elements: Number,
    pub(super) bytes: Number,
}

/// `sample.json`: an object, and in 2019 a bare pair.
pub(super) struct Sample {
    pub(super) iters: Vec<f64>,
    pub(super) times: Vec<f64>,
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named {
            iters: Samples,
            times: Samples,
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Sample;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object with `iters` and `times`")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sample, A::Error> {
                let Named { iters, times } = Named::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Sample { iters: iters.values, times: times.values })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sample, A::Error> {
                let (Some(iters), Some(times)) = (seq.next_element::<Samples>()?, seq.next_element::<Samples>()?)
                else {
                    return Err(A::Error::custom("expected a pair of arrays: iterations and times"));
                };
                Ok(Sample { iters: iters.values, times: times.values })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// `estimates.json`; its keys were the names of an enum in 2019.
#[derive(Deserialize)]
#[serde(expecting = "an object with `mean` and `median`")]
pub(super) struct Estimates {
    #[serde(alias = "Mean")]
    pub(super) mean: Estimate,
    #[serde(alias = "Median")]
    pub(super) median: Estimate,
    #[serde(alias = "StdDev")]
    pub(super) std_dev: Estimate,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with a `point_estimate`")]
pub(super) struct Estimate {
    pub(super) point_estimate: Number,
}

impl Throughput {
    /// Name, unit, the tool's own unit and amount of each kind of work per iteration.
    pub(super) fn amounts(&self) -> Vec<(&'static str, Unit, &'static str, f64)> {
        let Throughput { bytes, bytes_decimal, elements, bits, elements_and_bytes } = self;
        let both = elements_and_bytes.as_ref();
        let size = MetricId::THROUGHPUT;
        let all = [
            (size, Unit::BytePerSecond, "B/s", bytes.finite()),
            (size, Unit::BytePerSecond, "B/s", bytes_decimal.finite()),
            (size, Unit::PerSecond, "elem/s", elements.finite()),
            (size, Unit::BytePerSecond, "b/s", bits.finite().map(|n| n / 8.0)),
            (size, Unit::PerSecond, "elem/s", both.and_then(|b| b.elements.finite())),
            ("throughput.bytes", Unit::BytePerSecond, "B/s", both.and_then(|b| b.bytes.finite())),
        ];
        let positive = |amount: Option<f64>| amount.filter(|n| *n > 0.0);
        all.into_iter().filter_map(|(name, unit, tool, amount)| Some((name, unit, tool, positive(amount)?))).collect()
    }
}
