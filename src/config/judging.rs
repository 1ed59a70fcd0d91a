//! What one series is judged by: the entries that speak about it, most specific first.
//!
//! Asked once per series, up to some hundred thousand times, so nothing here allocates.
//!
//! Not here: the verdict (`verdict`), and replacing limits by options, which is done once (`layers`).

use std::cmp::Ordering;

use super::reading::{Chosen, Set};
use super::tables::{MetricTable, RuleTable};
use super::{Config, Evidence, Limit};
use crate::model::{BenchmarkId, Better, MetricId, Statistic};
use crate::text::Untrusted;

/// What one series is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Judging {
    /// Where a warning starts; `None`: no separate warning.
    pub warn: Option<Limit>,
    /// Where a failure starts.
    pub fail: Option<Limit>,
    /// Smaller changes never count.
    pub min_change: Option<Limit>,
    /// How a run's samples become one value; `None` is `auto`. For `time.p95` it is `p95`.
    pub statistic: Option<Statistic>,
    /// The good direction, where the configuration sets it.
    pub better: Option<Better>,
    /// Whether the series counts; otherwise it is only shown.
    pub gate: bool,
    /// Whether the user names the metric: its own `[metrics.NAME]`, the rule that applies, or `--metric`.
    pub named: bool,
    /// Where the limits were set: `perfgate.toml:12`, `--fail`, `PERFGATE_FAIL`, `default`.
    pub origin: Untrusted,
    /// The rule that applies, as an index into [`Config::rules`].
    pub rule: Option<usize>,
}

/// What a `[[rule]]`, a `[metrics.NAME]` or `[gate]` says about the series it speaks of.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    warn: Option<Set<Limit>>,
    fail: Option<Set<Limit>>,
    min_change: Option<Limit>,
    statistic: Option<Chosen>,
    better: Option<Better>,
    gate: Option<bool>,
}

impl Entry {
    /// What `[gate]` says of every series.
    pub(super) fn of_gate(warn: Option<Set<Limit>>, fail: Option<Set<Limit>>) -> Self {
        Self { warn, fail, ..Self::default() }
    }
}

impl Config {
    /// A copy without budgets and accepted regressions in which every worsening reaches the fail limit, whatever limits
    /// and statistics are configured: what such a gate fails, a gate with a limit of 10 % fails from 10 % on.
    #[must_use]
    pub fn without_limits(&self, evidence: Evidence) -> Self {
        let mut config = self.clone();
        let rules = config.rules.iter_mut().map(|rule| &mut rule.entry);
        for entry in rules.chain(config.metrics.values_mut()) {
            (entry.warn, entry.fail, entry.statistic) = (None, None, None);
        }
        let any = || Some(Set::by(Limit::Relative(0.0), "any worsening"));
        config.everywhere = Entry::of_gate(any(), any());
        (config.gate.warn, config.gate.fail) = (Some(Limit::Relative(0.0)), Some(Limit::Relative(0.0)));
        config.gate.evidence = evidence;
        config.budgets.clear();
        config.accepts.clear();
        config
    }
}

impl From<&MetricTable> for Entry {
    fn from(table: &MetricTable) -> Self {
        let MetricTable { statistic, warn, fail, min_change, better, gate } = table;
        Self {
            warn: warn.clone(),
            fail: fail.clone(),
            min_change: min_change.as_ref().map(|set| set.value.0.clone()),
            statistic: statistic.as_ref().map(|set| set.value),
            better: better.as_ref().map(|set| set.value),
            gate: gate.as_ref().map(|set| set.value),
        }
    }
}

impl From<&RuleTable> for Entry {
    fn from(table: &RuleTable) -> Self {
        let RuleTable { benchmark: _, metric: _, tool: _, statistic, warn, fail, min_change, better, gate } =
            table.clone();
        Self::from(&MetricTable { statistic, warn, fail, min_change, better, gate })
    }
}

impl Config {
    /// What a series is judged by.
    pub fn judging(&self, benchmark: &BenchmarkId, metric: &MetricId) -> Judging {
        let rule = self.rules.iter().position(|rule| rule.is_about(benchmark, metric));
        self.by_rule(rule, metric)
    }

    /// What a metric is judged by where no benchmark is meant, as for a suite that moved as a whole.
    pub fn judging_metric(&self, metric: &MetricId) -> Judging {
        self.by_rule(None, metric)
    }

    fn by_rule(&self, index: Option<usize>, metric: &MetricId) -> Judging {
        let rule = index.and_then(|index| self.rules.get(index));
        let fixed = self.fixed.iter().find(|(_, _, full)| full == metric);
        let own = self.metrics.get(metric);
        let levels = [rule.map(|rule| &rule.entry), own, Some(&self.everywhere)];
        let (warn, fail) = pair(levels);
        // A fixed statistic of a metric has its direction and its timer's quantum, but not its limits.
        let base = fixed.and_then(|(base, _, _)| self.metrics.get(base));
        let [rule_entry, own, _] = levels;
        let about = || [rule_entry, own, base].into_iter().flatten();
        let chosen = [rule_entry, own].into_iter().flatten().find_map(|entry| entry.statistic);
        Judging {
            warn: warn.map(|set| set.value.clone()),
            fail: fail.map(|set| set.value.clone()),
            min_change: about().find_map(|entry| entry.min_change.clone()),
            statistic: chosen.and_then(|chosen| chosen.0),
            better: about().find_map(|entry| entry.better),
            gate: [rule_entry, own].into_iter().flatten().find_map(|entry| entry.gate).unwrap_or(true),
            named: self.named.contains(metric) || rule.is_some_and(|rule| rule.metric.is_some()),
            origin: fail.or(warn).map_or_else(|| self.nowhere.clone(), |set| set.origin.clone()),
            rule: index,
        }
    }
}

type Pair<'e> = (Option<&'e Set<Limit>>, Option<&'e Set<Limit>>);

/// The warn and fail limits of the entries, the most specific first.
///
/// An entry that sets both is taken as it is. One that sets only `fail` takes the next `warn` if it is of the same kind
/// and not above. One that sets only `warn` takes the next `fail`, and gives way to it where that is below: what fails
/// does so however wide the warning is.
fn pair(levels: [Option<&Entry>; 3]) -> Pair<'_> {
    let mut entries = levels.into_iter().flatten().skip_while(|entry| entry.warn.is_none() && entry.fail.is_none());
    let Some(first) = entries.next() else { return (None, None) };
    match (&first.warn, &first.fail) {
        (None, Some(fail)) => {
            let warn = entries.find_map(|entry| entry.warn.as_ref());
            (warn.filter(|warn| warn.value.compare(&fail.value).is_some_and(Ordering::is_le)), Some(fail))
        }
        (Some(warn), None) => {
            let fail = entries.find_map(|entry| entry.fail.as_ref());
            let below = |fail: &&Set<Limit>| fail.value.compare(&warn.value) == Some(Ordering::Less);
            let warn = fail.filter(below).unwrap_or(warn);
            (Some(warn), fail)
        }
        (warn, fail) => (warn.as_ref(), fail.as_ref()),
    }
}
