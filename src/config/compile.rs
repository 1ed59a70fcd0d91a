//! The tables as the [`Config`] that the rest of perfgate asks.
//!
//! Not here: putting the layers together (`layers`).

use std::collections::{BTreeMap, BTreeSet};

use super::checks::fixed_statistic;
use super::judging::Entry;
use super::limit::Limit;
use super::reading::Set;
use super::tables::{File, FormatTable, entries};
use super::words::{Counted, Evidence, FailOn, Inconclusive};
use super::{Accept, Budget, Config, Gate, Rename, Rule};
use crate::model::mapping::{MappedMetric, Mapping};
use crate::model::{MetricId, Statistic};

fn word_of<T: Copy>(set: Option<&Set<T>>, default: T) -> T {
    set.map_or(default, |set| set.value)
}

/// The tables as a [`Config`]. Entries without what they cannot do without were reported and are left out.
pub(super) fn compile(file: File, named: BTreeSet<MetricId>) -> Config {
    let gate = file.gate.as_ref().map(|set| set.value.clone()).unwrap_or_default();
    let limit = |set: &Option<Set<Limit>>| set.as_ref().map(|set| set.value.clone());
    let mut fixed: BTreeMap<MetricId, (MetricId, Statistic)> = BTreeMap::new();
    let rules = entries(file.rule.as_ref());
    let budgets = entries(file.budget.as_ref());
    let mentioned = named.iter().map(MetricId::raw);
    let mentioned = mentioned.chain(rules.clone().filter_map(|rule| Some(rule.value.metric.as_ref()?.value.raw())));
    let mentioned =
        mentioned.chain(budgets.clone().filter_map(|budget| Some(budget.value.metric.as_ref()?.value.raw())));
    for (base, statistic, full) in mentioned.filter_map(fixed_statistic) {
        fixed.insert(full, (base, statistic));
    }
    Config {
        inputs: file.inputs.as_ref().map(|set| set.value.clone()).unwrap_or_default(),
        store: file.store.as_ref().map(|set| set.value.clone()).unwrap_or_default(),
        testbed: file.testbed.as_ref().map(|set| set.value.clone()),
        gate: Gate {
            warn: limit(&gate.warn),
            fail: limit(&gate.fail),
            evidence: word_of(gate.evidence.as_ref(), Evidence::Auto),
            fail_on: word_of(gate.fail_on.as_ref(), FailOn::Fail),
            missing: word_of(gate.missing.as_ref(), Counted::Warn),
            suite_shift: word_of(gate.suite_shift.as_ref(), Counted::Warn),
            inconclusive: word_of(gate.inconclusive.as_ref(), Inconclusive::Pass).into(),
            invalid: word_of(gate.invalid.as_ref(), Counted::Fail),
        },
        budgets: budgets
            .filter_map(|set| {
                Some(Budget {
                    benchmark: set.value.benchmark.as_ref()?.value.clone(),
                    metric: set.value.metric.as_ref()?.value.clone(),
                    tool: set.value.tool.as_ref().map(|set| set.value.clone()),
                    warn: set.value.warn.as_ref().map(|set| set.value.clone()),
                    fail: set.value.fail.as_ref().map(|set| set.value.clone()),
                    origin: set.origin.clone(),
                })
            })
            .collect(),
        accepts: entries(file.accept.as_ref())
            .filter_map(|set| {
                Some(Accept {
                    benchmark: set.value.benchmark.as_ref()?.value.clone(),
                    metric: set.value.metric.as_ref().map(|set| set.value.clone()),
                    tool: set.value.tool.as_ref().map(|set| set.value.clone()),
                    up_to: limit(&set.value.up_to),
                    until: set.value.until.as_ref().map(|set| set.value),
                    reason: set.value.reason.as_ref().map(|set| set.value.clone()),
                    origin: set.origin.clone(),
                })
            })
            .collect(),
        renames: entries(file.rename.as_ref())
            .filter_map(|set| {
                let (from, to) = (set.value.from.as_ref()?.value.clone(), set.value.to.as_ref()?.value.clone());
                Some(Rename { from, to, origin: set.origin.clone() })
            })
            .collect(),
        formats: entries(file.format.as_ref()).filter_map(|set| mapping(&set.value)).collect(),
        rules: rules
            .filter_map(|set| {
                Some(Rule {
                    benchmark: set.value.benchmark.as_ref()?.value.clone(),
                    metric: set.value.metric.as_ref().map(|set| set.value.clone()),
                    tool: set.value.tool.as_ref().map(|set| set.value.clone()),
                    origin: set.origin.clone(),
                    entry: Entry::from(&set.value),
                })
            })
            .collect(),
        metrics: file
            .metrics
            .iter()
            .flat_map(|set| &set.value)
            .map(|(name, set)| (MetricId::new(name.as_str()), Entry::from(&set.value)))
            .collect(),
        everywhere: Entry::of_gate(gate.warn, gate.fail),
        nowhere: "default".into(),
        fixed: fixed.into_iter().map(|(full, (base, statistic))| (base, statistic, full)).collect(),
        named,
        file,
    }
}

/// A `[[format]]`. Fields without what they cannot do without were reported and are left out.
fn mapping(table: &FormatTable) -> Option<Mapping> {
    Some(Mapping {
        name: table.name.as_ref()?.value.clone(),
        records: table.records.as_ref().map(|set| set.value.clone()).unwrap_or_default(),
        benchmark: table.benchmark.as_ref()?.value.clone(),
        metrics: entries(table.metric.as_ref())
            .filter_map(|set| {
                Some(MappedMetric {
                    name: set.value.name.as_ref()?.value.clone(),
                    value: set.value.value.as_ref()?.value.clone(),
                    unit: set.value.unit.as_ref().map(|set| set.value.clone()).unwrap_or_default(),
                    better: set.value.better.as_ref().map(|set| set.value),
                    part: set.value.statistic.as_ref().map(|set| set.value).unwrap_or_default(),
                })
            })
            .collect(),
    })
}
