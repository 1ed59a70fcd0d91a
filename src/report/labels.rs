//! What each of several reports is called: by its testbed, else by its inputs.
//!
//! Not here: the escaper of the place where the name goes, which the caller brings.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::report::Report;
use crate::text::Untrusted;

/// Inputs that a report is named by.
const MOST_INPUTS: usize = 3;

/// A name for each report, no two alike. `shown` is the escaper of names.
///
/// A testbed that several reports have is followed by their inputs, and what is still alike by a number.
pub(super) fn labels(reports: &[Report], shown: &dyn Fn(&Untrusted) -> String) -> Vec<String> {
    let mut users: BTreeMap<&Untrusted, usize> = BTreeMap::new();
    for testbed in reports.iter().filter_map(|report| report.testbed.as_ref()) {
        *users.entry(testbed).or_default() += 1;
    }
    let name = |report: &Report| {
        let testbed = report.testbed.as_ref();
        let is_alone = testbed.is_some_and(|testbed| users.get(testbed) == Some(&1));
        let inputs = report.current.inputs.iter().take(if is_alone { 0 } else { MOST_INPUTS });
        let parts: Vec<String> = testbed.into_iter().chain(inputs).map(shown).collect();
        if parts.is_empty() { "report".to_owned() } else { parts.join(", ") }
    };
    let names: Vec<String> = reports.iter().map(name).collect();
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &names {
        *alike.entry(name).or_default() += 1;
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut numbered = Vec::with_capacity(names.len());
    for name in &names {
        let nth = seen.entry(name).or_default();
        *nth += 1;
        let is_alone = alike.get(name.as_str()) == Some(&1);
        numbered.push(if is_alone { name.clone() } else { format!("{name} ({nth})") });
    }
    numbered
}

/// Whether every report names a testbed, and each another one.
pub(super) fn have_own_testbeds(reports: &[Report]) -> bool {
    let testbeds: BTreeSet<_> = reports.iter().filter_map(|report| report.testbed.as_ref()).collect();
    testbeds.len() == reports.len()
}
