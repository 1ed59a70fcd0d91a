//! What the caller sets: options, and `PERFGATE_*` variables under them.
//!
//! Not here: reading the command line and the environment (`cli`), and what is replaced (`layers`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::checks::out_of_order;
use super::layers::merge_gate;
use super::limit::Limit;
use super::reading::Set;
use super::tables::GateTable;
use super::words::{Counted, Evidence, FailOn, Inconclusive};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::shown;

/// Values from the command line, each of which wins over everything else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `--warn`: replaces every relative warn limit; must be relative itself.
    pub warn: Option<Limit>,
    /// `--fail`: replaces every relative fail limit; must be relative itself.
    pub fail: Option<Limit>,
    /// `--metric`: metrics that the user names.
    pub metric: Vec<String>,
    /// `--fail-on`
    pub fail_on: Option<FailOn>,
    /// `--evidence`
    pub evidence: Option<Evidence>,
    /// `--store`
    pub store: Option<String>,
    /// `--testbed`
    pub testbed: Option<String>,
}

/// The options as a layer.
pub(super) fn from_options(options: &Overrides, diagnostics: &mut Diagnostics) -> Given {
    let Overrides { warn, fail, metric: _, fail_on, evidence, store, testbed } = options.clone();
    let gate = GateTable {
        warn: warn.and_then(|limit| relative(limit, "--warn", diagnostics)),
        fail: fail.and_then(|limit| relative(limit, "--fail", diagnostics)),
        evidence: evidence.map(|word| Set::by(word, "--evidence")),
        fail_on: fail_on.map(|word| Set::by(word, "--fail-on")),
        ..GateTable::default()
    };
    in_one_layer(&gate, diagnostics);
    let given = |text: Option<String>, option| text.map(|text| Set::by(text, option));
    Given { gate, store: given(store, "--store"), testbed: given(testbed, "--testbed") }
}

/// The variables as a layer.
pub(super) fn from_environment(environment: &BTreeMap<String, String>, diagnostics: &mut Diagnostics) -> Given {
    let text = |name: &str| environment.get(name).map(String::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mut limit = |name: &'static str| match text(name)?.parse::<Limit>() {
        Ok(limit) => relative(limit, name, diagnostics),
        Err(error) => {
            let message = format!("in {name}: {}", error.message);
            diagnostics.push(Diagnostic::new(Code::InvalidLimit, message).help(error.help));
            None
        }
    };
    let (warn, fail) = (limit("PERFGATE_WARN"), limit("PERFGATE_FAIL"));
    let gate = GateTable {
        warn,
        fail,
        evidence: word("PERFGATE_EVIDENCE", text, Evidence::NAMES, Evidence::from_name, diagnostics),
        fail_on: word("PERFGATE_FAIL_ON", text, FailOn::NAMES, FailOn::from_name, diagnostics),
        missing: word("PERFGATE_MISSING", text, Counted::NAMES, Counted::from_name, diagnostics),
        suite_shift: word("PERFGATE_SUITE_SHIFT", text, Counted::NAMES, Counted::from_name, diagnostics),
        inconclusive: word("PERFGATE_INCONCLUSIVE", text, Inconclusive::NAMES, Inconclusive::from_name, diagnostics),
        invalid: word("PERFGATE_INVALID", text, Counted::NAMES, Counted::from_name, diagnostics),
    };
    in_one_layer(&gate, diagnostics);
    Given {
        gate,
        store: text("PERFGATE_STORE").map(|text| Set::by(text.to_owned(), "PERFGATE_STORE")),
        testbed: text("PERFGATE_TESTBED").map(|text| Set::by(text.to_owned(), "PERFGATE_TESTBED")),
    }
}

/// A variable that takes one of some words.
fn word<'e, T>(
    name: &'static str,
    text: impl Fn(&str) -> Option<&'e str>,
    names: &[&str],
    from_name: impl Fn(&str) -> Option<T>,
    diagnostics: &mut Diagnostics,
) -> Option<Set<T>> {
    let text = text(name)?;
    let word = from_name(text);
    if word.is_none() {
        let message = format!("in {name}: `{}` is not one of {}", shown(&text.into()), names.join(", "));
        diagnostics.push(Diagnostic::new(Code::InvalidConfig, message));
    }
    word.map(|word| Set::by(word, name))
}

/// A limit that replaces relative limits, and so must be one.
fn relative(limit: Limit, origin: &'static str, diagnostics: &mut Diagnostics) -> Option<Set<Limit>> {
    if limit.is_relative() {
        return Some(Set::by(limit, origin));
    }
    diagnostics.push(
        Diagnostic::new(Code::InvalidLimit, format!("{origin} takes a share, not the step {limit}")).help(
            "write a share such as 5%; steps are set in perfgate.toml, for the metric or the benchmarks they fit",
        ),
    );
    None
}

/// Both limits of a pair from one layer must be in order.
fn in_one_layer(gate: &GateTable, diagnostics: &mut Diagnostics) {
    if let (Some(warn), Some(fail)) = (&gate.warn, &gate.fail)
        && warn.value.compare(&fail.value) == Some(Ordering::Greater)
    {
        diagnostics.push(out_of_order(warn, fail, "lower than", "fails before it warns"));
    }
}

/// What options or variables set.
pub(super) struct Given {
    pub(super) gate: GateTable,
    pub(super) store: Option<Set<String>>,
    pub(super) testbed: Option<Set<String>>,
}

impl Given {
    /// Its own values where it has them, else those of the weaker layer. A limit of the weaker layer gives way.
    pub(super) fn or(self, weaker: Self) -> Self {
        let gate = merge_gate(self.gate, weaker.gate);
        Self { gate, store: self.store.or(weaker.store), testbed: self.testbed.or(weaker.testbed) }
    }
}
