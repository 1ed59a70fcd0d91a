//! The layers of the configuration, and what they are together.
//!
//! Options and variables replace single values. `--warn` and `--fail` replace every relative limit, wherever it stands,
//! and never a step or a budget. Where a layer replaces only one of a pair, the other one follows rather than being an
//! error: `--fail 3%` with a warn limit of 5 % warns at 3 %, too.
//!
//! Not here: how a text becomes tables (`reading`, `tables`).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use super::checks::{check, check_budgets, foreign};
use super::compile::compile;
use super::given::{Given, Overrides, from_environment, from_options};
use super::limit::Limit;
use super::reading::{Layer, Reading, Set};
use super::tables::{File, GateTable};
use super::{Config, DEFAULT};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::MetricId;
use crate::text::{Untrusted, shown};

/// Puts the layers together. Every mistake is pushed as an error; the caller stops where there is one.
///
/// `file` is the name and the text of perfgate.toml; of `environment` the known `PERFGATE_*` variables are used, unless
/// they are empty.
pub fn load(
    file: Option<(&Untrusted, &str)>,
    environment: &BTreeMap<String, String>,
    options: &Overrides,
    diagnostics: &mut Diagnostics,
) -> Config {
    let defaults = read(None, DEFAULT, diagnostics);
    let file = file.map(|(name, text)| read(Some(name), text, diagnostics)).unwrap_or_default();
    let named = file.metrics.iter().flat_map(|set| set.value.keys()).chain(&options.metric);
    let named: BTreeSet<MetricId> = named.map(|name| MetricId::new(name.as_str())).collect();
    let mut merged = merge(file, defaults);
    let given = from_options(options, diagnostics).or(from_environment(environment, diagnostics));
    replace(&mut merged, given);
    check_budgets(&merged, diagnostics);
    compile(merged, named)
}

/// Reads one text of TOML and checks it by itself.
fn read(name: Option<&Untrusted>, text: &str, diagnostics: &mut Diagnostics) -> File {
    // Editors on Windows write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading { name, text, diagnostics };
    let (table, errors) = DeTable::parse_recoverable(text);
    if let Some(span) = foreign(table.get_ref()) {
        let at = reading.location(span, "");
        reading.diagnostics.push(
            Diagnostic::new(Code::ForeignConfig, "this file belongs to another program named perfgate")
                .at(at)
                .note("github.com/EffortlessMetrics/perfgate also reads perfgate.toml, with [[bench]] and [defaults]")
                .help("rename one of the two files, or name this program's with `--config PATH`"),
        );
        return File::default();
    }
    if !errors.is_empty() {
        // What stands after a syntax error is a guess, so nothing of the file is used.
        for error in errors {
            let at = error.span().map(|span| reading.location(span, ""));
            let message = format!("this is not valid TOML: {}", shown(&error.message().into()));
            let mut diagnostic = Diagnostic::new(Code::InvalidConfig, message);
            diagnostic.location = at;
            reading.diagnostics.push(diagnostic);
        }
        return File::default();
    }
    let file = File::read(&mut reading, "", table.get_ref());
    check(&file, diagnostics);
    file
}

/// The file over the defaults.
fn merge(mut file: File, mut defaults: File) -> File {
    let gate = merge_gate(value(file.gate.take()), value(defaults.gate.take()));
    let mut metrics = value(defaults.metrics.take());
    for (name, set) in value(file.metrics.take()) {
        let base = metrics.remove(&name).map(|base| base.value).unwrap_or_default();
        metrics.insert(name, Set { value: set.value.or(base), ..set });
    }
    let mut merged = file.or(defaults);
    merged.gate = Some(Set::by(gate, "default"));
    merged.metrics = Some(Set::by(metrics, "default"));
    merged
}

/// The file's `[gate]` over the default one. Where it sets one limit of the pair, warn gives way to fail: nobody means to
/// let more pass by setting a warning.
pub(super) fn merge_gate(file: GateTable, defaults: GateTable) -> GateTable {
    let (only_fail, only_warn) = (file.warn.is_none(), file.fail.is_none());
    let mut gate = file.or(defaults);
    let (Some(warn), Some(fail)) = (&gate.warn, &gate.fail) else { return gate };
    let order = warn.value.compare(&fail.value);
    if only_fail && !warn.value.same_kind(&fail.value) {
        gate.warn = None;
    } else if order == Some(Ordering::Greater) && (only_fail || only_warn) {
        gate.warn.clone_from(&gate.fail);
    }
    gate
}

/// Puts the given values in the place of the file's and the defaults'.
fn replace(file: &mut File, given: Given) {
    let Given { gate, store, testbed } = given;
    let (warn, fail) = (gate.warn.clone(), gate.fail.clone());
    file.store = store.or(file.store.take());
    file.testbed = testbed.or(file.testbed.take());
    let replace_pair = |entry_warn: &mut Option<Set<Limit>>, entry_fail: &mut Option<Set<Limit>>| {
        replace_relative(entry_fail, fail.as_ref());
        replace_relative(entry_warn, warn.as_ref());
        if let (Some(warn), Some(fail)) = (&entry_warn, &entry_fail)
            && warn.value.compare(&fail.value) == Some(Ordering::Greater)
        {
            entry_warn.clone_from(entry_fail);
        }
    };
    if let Some(set) = &mut file.gate {
        let mut own = std::mem::take(&mut set.value);
        replace_pair(&mut own.warn, &mut own.fail);
        set.value = GateTable { warn: None, fail: None, ..gate }.or(own);
    }
    for set in file.metrics.iter_mut().flat_map(|set| set.value.values_mut()) {
        replace_pair(&mut set.value.warn, &mut set.value.fail);
    }
    for set in file.rule.iter_mut().flat_map(|set| &mut set.value) {
        replace_pair(&mut set.value.warn, &mut set.value.fail);
    }
}

/// Replaces a relative limit by the given one.
fn replace_relative(limit: &mut Option<Set<Limit>>, given: Option<&Set<Limit>>) {
    if let (Some(set), Some(given)) = (limit, given)
        && set.value.is_relative()
    {
        *set = given.clone();
    }
}

fn value<T: Default>(set: Option<Set<T>>) -> T {
    set.map(|set| set.value).unwrap_or_default()
}
