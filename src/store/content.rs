//! What a stored run holds: `perfgate-run/1` without samples, numbers to six digits, packed with Zstandard.
//!
//! Equal runs give equal bytes, whenever they are recorded, so that a run is known by its checksum. Six digits are far
//! finer than any noise; counts that are exact keep all theirs.
//!
//! Not here: where the bytes go.

use super::key::{Key, checksum};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::{self, Document, perfgate_run};
use crate::io::files;
use crate::model::{Kind, Observation, Run, Statistic};
use crate::text::Untrusted;

/// How hard Zstandard tries: a stored run is written once and fetched often.
const LEVEL: i32 = 15;

/// A run, packed for a store.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The packed JSON.
    pub bytes: Vec<u8>,
    /// The checksum of the JSON, for its key.
    pub checksum: String,
}

/// Packs a run.
///
/// # Errors
/// If there is not memory enough.
pub fn pack(run: &Run, keep_samples: bool) -> std::io::Result<Packed> {
    let content = perfgate_run::write(std::slice::from_ref(&sketch(run, keep_samples)));
    Ok(Packed { checksum: checksum(content.as_bytes()), bytes: zstd::bulk::compress(content.as_bytes(), LEVEL)? })
}

/// Unpacks and reads what a store holds under a key.
///
/// # Errors
/// A diagnostic at this place if the content is cut short, is not what its checksum says, or is of a newer version.
pub(super) fn unpack(key: &Key, packed: &[u8], place: &str) -> Result<Run, Diagnostic> {
    let damaged = |why: String| {
        Diagnostic::new(Code::DamagedRun, why)
            .at(Location::file(place))
            .help("`perfgate store verify` looks at every run")
    };
    let content =
        files::unpack(packed).map_err(|error| damaged(format!("a stored run is cut short or damaged: {error}")))?;
    if checksum(&content) != key.checksum {
        return Err(damaged("the content of a stored run is not what its checksum says".to_owned()));
    }
    let name: Untrusted = place.into();
    let mut diagnostics = Diagnostics::new();
    let text = format::decode(&name, &content, &mut diagnostics)?;
    let mut runs = perfgate_run::parse(&Document { name, text: &text }, &mut diagnostics);
    match (runs.pop(), runs.is_empty()) {
        (Some(run), true) => Ok(run),
        _ => Err(diagnostics
            .into_vec()
            .into_iter()
            .next()
            .unwrap_or_else(|| damaged("a stored file holds not one run".to_owned()))),
    }
}

/// The run as it is stored.
fn sketch(run: &Run, keep_samples: bool) -> Run {
    let mut run = run.clone();
    for observation in run.series.values_mut() {
        let Observation { kind, summary, samples, .. } = observation;
        if !keep_samples {
            *samples = None;
        }
        if *kind == Kind::Noisy {
            let mut rounded = summary.clone().with_stddev(summary.stddev().map(six_digits));
            for statistic in Statistic::ALL {
                rounded = rounded.with(statistic, summary.get(statistic).map(six_digits));
            }
            *summary = rounded;
            for sample in samples.iter_mut().flatten() {
                *sample = six_digits(*sample);
            }
        }
    }
    run
}

/// The nearest number that six decimal digits can write.
fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
