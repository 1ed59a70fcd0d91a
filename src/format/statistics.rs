//! What formats share whose rows hold named statistics: numbers of one unit as a summary, and the first that is wrong.
//!
//! Not here: which names stand for which statistic.

use super::json::{Number, Samples, Step};
use super::rows::{self, Faults, key};
use crate::diag::Code;
use crate::model::{Observation, Statistic, Summary};
use crate::text::Untrusted;
use crate::unit::Parsed;

/// Named numbers of a row, with what they stand for.
pub(super) type Named = [(&'static str, Number, Statistic)];

/// Takes samples where the row has them, and else the statistics; or the fault of the first number that is none.
pub(super) fn take(
    observation: &mut Observation,
    faults: &mut Faults<'_, '_>,
    (place, name): (&[Step], &Untrusted),
    parsed: &Parsed,
    samples: Option<Samples>,
    known: &Named,
) {
    let at = |name: &'static str| [place, &[key(name)]].concat();
    if let Some(samples) = samples.filter(|samples| !samples.values.is_empty()) {
        let samples: Vec<f64> = samples.values.iter().map(|value| value * parsed.factor).collect();
        let unfit = |(index, value): (usize, &f64)| Some((index, rows::unfit(*value, &parsed.unit)?));
        match samples.iter().enumerate().find_map(unfit) {
            Some((index, why)) => {
                let message = format!("sample {} is {why}", index + 1);
                observation.fault = Some(Box::new(faults.row(Code::InvalidValue, &at("samples"), name, message)));
            }
            None => observation.set_samples(samples),
        }
        return;
    }
    let mut summary = Summary::unknown();
    for (key, number, statistic) in known.iter().filter(|(_, number, _)| *number != Number::Missing) {
        match rows::value_of(number, parsed) {
            Ok(value) => summary = summary.with(*statistic, Some(value)),
            Err((code, why)) => {
                let fault = faults.row(code, &at(key), name, format!("`{key}` is {why}"));
                observation.fault = Some(Box::new(fault));
                return;
            }
        }
    }
    if summary.is_unknown() {
        let fault = faults.row(Code::InvalidValue, place, name, "no statistic that can be read".to_owned());
        observation.fault = Some(Box::new(fault));
    }
    observation.summary = summary;
}
