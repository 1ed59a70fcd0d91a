//! Mistakes that are only seen when values are looked at together: pairs out of order, doubled renames, foreign files.
//!
//! Not here: mistakes of one value (`reading`) and of keys (`keys`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::reading::Set;
use super::tables::{BudgetTable, File, entries};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{Better, MetricId, Statistic};
use crate::text::shown;

/// Where a file says that it belongs to github.com/EffortlessMetrics/perfgate, if it has nothing of ours.
pub(super) fn foreign(table: &DeTable<'_>) -> Option<std::ops::Range<usize>> {
    const DEFAULTS: [&str; 5] = ["threshold", "warn_factor", "repeat", "warmup", "baseline_pattern"];
    if ["gate", "metrics", "rule", "budget", "accept"].iter().any(|key| table.contains_key(*key)) {
        return None;
    }
    let has = |value: &DeValue<'_>, keys: &[&str]| {
        value.as_table().is_some_and(|table| keys.iter().any(|key| table.contains_key(*key)))
    };
    let theirs = |key: &str, value: &DeValue<'_>| match key {
        "bench" => value.as_array().is_some_and(|items| items.iter().any(|item| has(item.get_ref(), &["command"]))),
        "defaults" => has(value, &DEFAULTS),
        _ => false,
    };
    let found = table.iter().filter(|(key, value)| theirs(key.get_ref(), value.get_ref()));
    found.map(|(key, _)| key.span()).min_by_key(|span| span.start)
}

/// Mistakes that one file can make by itself.
pub(super) fn check(file: &File, diagnostics: &mut Diagnostics) {
    let metrics = file.metrics.iter().flat_map(|set| &set.value);
    let pairs = file.gate.iter().map(|set| (&set.value.warn, &set.value.fail));
    let pairs = pairs.chain(metrics.clone().map(|(_, set)| (&set.value.warn, &set.value.fail)));
    let pairs = pairs.chain(entries(file.rule.as_ref()).map(|rule| (&rule.value.warn, &rule.value.fail)));
    for (warn, fail) in pairs {
        if let (Some(warn), Some(fail)) = (warn, fail)
            && warn.value.compare(&fail.value) == Some(Ordering::Greater)
        {
            diagnostics.push(out_of_order(warn, fail, "lower than", "fails before it warns"));
        }
    }
    for (name, set) in metrics {
        let Some((_, statistic, _)) = fixed_statistic(name) else { continue };
        if let Some(chosen) = &set.value.statistic
            && chosen.value.0 != Some(statistic)
        {
            let message = format!("the metric `{}` names its statistic already", shown(&name.as_str().into()));
            let mut diagnostic = Diagnostic::new(Code::InvalidConfig, message).help("remove `statistic`");
            diagnostic.location.clone_from(&chosen.at);
            diagnostics.push(diagnostic);
        }
    }
    let mut renamed = BTreeMap::new();
    for rename in entries(file.rename.as_ref()) {
        let Some(from) = &rename.value.from else { continue };
        if let Some(first) = renamed.insert(from.value.raw(), &rename.origin) {
            let message = format!("the benchmark `{}` is renamed twice", shown(&from.value));
            let mut diagnostic = Diagnostic::new(Code::InvalidConfig, message)
                .note(format!("the first [[rename]] of it is at {}", shown(first)));
            diagnostic.location.clone_from(&from.at);
            diagnostics.push(diagnostic);
        }
    }
}

/// The error of a pair whose fail limit would be reached first. Points at `fail` and names the place of `warn`.
pub(super) fn out_of_order<T: std::fmt::Display>(warn: &Set<T>, fail: &Set<T>, how: &str, so: &str) -> Diagnostic {
    let message = format!("the fail limit {} is {how} the warn limit {}: a change {so}", fail.value, warn.value);
    let mut diagnostic = Diagnostic::new(Code::LimitOrder, message).note(format!(
        "the warn limit {} is set at {}",
        warn.value,
        shown(&warn.origin)
    ));
    diagnostic.location.clone_from(&fail.at);
    if fail.at.is_none() {
        diagnostic.notes.push(format!("the fail limit {} is set by {}", fail.value, shown(&fail.origin)));
    }
    diagnostic
}

/// Budgets whose metric has a known direction must warn before they fail.
pub(super) fn check_budgets(file: &File, diagnostics: &mut Diagnostics) {
    for budget in entries(file.budget.as_ref()) {
        let BudgetTable { metric: Some(metric), warn: Some(warn), fail: Some(fail), .. } = &budget.value else {
            continue;
        };
        let name = metric.value.raw();
        let base = fixed_statistic(name).map_or_else(|| metric.value.clone(), |(base, _, _)| base);
        let configured = [name, base.raw()].into_iter().find_map(|name| {
            let metrics = file.metrics.as_ref()?;
            metrics.value.get(name)?.value.better.as_ref().map(|set| set.value)
        });
        let better = configured.or(match base.raw() {
            MetricId::TIME | MetricId::MEMORY | MetricId::ALLOCS => Some(Better::Lower),
            MetricId::THROUGHPUT => Some(Better::Higher),
            _ => None,
        });
        let comparable = warn.value.unit == fail.value.unit;
        match (better, warn.value.value.total_cmp(&fail.value.value)) {
            (Some(Better::Lower), Ordering::Greater) if comparable => {
                diagnostics.push(out_of_order(warn, fail, "lower than", "fails before it warns"));
            }
            (Some(Better::Higher), Ordering::Less) if comparable => {
                diagnostics.push(out_of_order(warn, fail, "higher than", "fails before it warns, as more is better"));
            }
            _ => {}
        }
    }
}

/// The base metric, the statistic and the whole of a name such as `time.p95`.
pub(super) fn fixed_statistic(name: &str) -> Option<(MetricId, Statistic, MetricId)> {
    let (base, statistic) = name.rsplit_once('.')?;
    if base.is_empty() {
        return None;
    }
    Some((MetricId::new(base), Statistic::from_name(statistic)?, MetricId::new(name)))
}
