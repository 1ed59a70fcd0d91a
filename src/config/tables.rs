//! The tables of perfgate.toml, each key with its type. The comments here are the descriptions in `schema/config.json`.
//!
//! Not here: how values are read (`reading`), and how layers of them are put together (`layers`).

use std::collections::BTreeMap;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::limit::{Amount, Limit};
use super::pattern::Pattern;
use super::reading::{Chosen, Layer, MinChange, Reading, Set, Table, in_order, table};
use super::words::{Counted, Evidence, FailOn, Inconclusive};
use crate::diag::{Code, Diagnostic};
use crate::model::mapping::{DocumentPath, MappedPart};
use crate::model::{Better, MetricId};
use crate::text::Untrusted;

table! {
    /// perfgate.toml: what perfgate reads, how it judges, and what it lets through.
    File {
        /// Files, folders and globs that are read when a command names none.
        inputs "inputs": Vec<String>,
        /// Where runs are kept: dir:PATH or git:BRANCH.
        store "store": String,
        /// Name of the class of machines; baselines of different testbeds never mix.
        testbed "testbed": String,
        /// Limits for every metric, and how verdicts count.
        gate "gate": GateTable,
        /// Limits by metric. A name such as "time.p95" judges a fixed statistic.
        metrics "metrics": BTreeMap<String, Set<MetricTable>>,
        /// Limits for some benchmarks; the first entry that matches wins.
        rule "rule": Vec<Set<RuleTable>>,
        /// Absolute limits, which need no baseline.
        budget "budget": Vec<Set<BudgetTable>>,
        /// Known and intended regressions.
        accept "accept": Vec<Set<AcceptTable>>,
        /// Benchmarks that got another name.
        rename "rename": Vec<Set<RenameTable>>,
        /// Formats of your own: where in a JSON or CSV document the results are.
        format "format": Vec<Set<FormatTable>>,
    }
}

table! {
    /// Limits for every metric, and how verdicts count.
    GateTable {
        /// A change that is worse by this much warns.
        warn "warn": Limit,
        /// A change that is worse by this much fails.
        fail "fail": Limit,
        /// How much proof a failure needs.
        evidence "evidence": Evidence,
        /// Which verdict ends with exit code 1.
        fail_on "fail-on": FailOn,
        /// What benchmarks that are only in the baseline count as.
        missing "missing": Counted,
        /// What a suite that moved as a whole counts as.
        suite_shift "suite-shift": Counted,
        /// What series that the data cannot decide count as.
        inconclusive "inconclusive": Inconclusive,
        /// What values that cannot be used count as.
        invalid "invalid": Counted,
    }
}

table! {
    /// Limits of one metric. Keys it lacks come from `[gate]`.
    MetricTable {
        /// How a run's samples become one value.
        statistic "statistic": Chosen,
        /// A change that is worse by this much warns.
        warn "warn": Limit,
        /// A change that is worse by this much fails.
        fail "fail": Limit,
        /// Smaller changes never count, whatever the limits say.
        min_change "min-change": MinChange,
        /// The good direction, where the tool's own is wrong or unknown.
        better "better": Better,
        /// Whether the metric counts; false shows it only.
        gate "gate": bool,
    }
}

table! {
    /// Limits of some benchmarks. Keys it lacks come from `[metrics]`, then `[gate]`.
    RuleTable {
        /// Which benchmarks.
        #[cfg_attr(test, schemars(required))]
        benchmark "benchmark": Pattern,
        /// Which metric; every metric without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        metric "metric": MetricId,
        /// The tool whose results are meant, as `perfgate formats` calls it; every tool without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        tool "tool": Untrusted,
        /// How a run's samples become one value.
        statistic "statistic": Chosen,
        /// A change that is worse by this much warns.
        warn "warn": Limit,
        /// A change that is worse by this much fails.
        fail "fail": Limit,
        /// Smaller changes never count, whatever the limits say.
        min_change "min-change": MinChange,
        /// The good direction, where the tool's own is wrong or unknown.
        better "better": Better,
        /// Whether the series count; false shows them only.
        gate "gate": bool,
    }
}

table! {
    /// An absolute limit, which needs no baseline.
    BudgetTable {
        /// Which benchmarks.
        #[cfg_attr(test, schemars(required))]
        benchmark "benchmark": Pattern,
        /// Which metric.
        #[cfg_attr(test, schemars(with = "String"))]
        metric "metric": MetricId,
        /// The tool whose results are meant, as `perfgate formats` calls it; every tool without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        tool "tool": Untrusted,
        /// The target: a worse value warns.
        warn "warn": Amount,
        /// What is still acceptable: a worse value fails.
        fail "fail": Amount,
    }
}

table! {
    /// A known and intended regression.
    AcceptTable {
        /// Which benchmarks.
        #[cfg_attr(test, schemars(required))]
        benchmark "benchmark": Pattern,
        /// Which metric; every metric without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        metric "metric": MetricId,
        /// The tool whose results are meant, as `perfgate formats` calls it; every tool without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        tool "tool": Untrusted,
        /// How much worse is accepted; any change without it.
        up_to "up-to": Limit,
        /// The last day the entry counts, in UTC.
        #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date")))]
        until "until": Date,
        /// Why, for the reader of the report.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        reason "reason": Untrusted,
    }
}

table! {
    /// A benchmark that got another name.
    RenameTable {
        /// The name in the baseline.
        #[cfg_attr(test, schemars(with = "String"))]
        from "from": Untrusted,
        /// The name now.
        #[cfg_attr(test, schemars(with = "String"))]
        to "to": Untrusted,
    }
}

table! {
    /// A format of your own, for documents that no other format fits.
    FormatTable {
        /// What it is called with --input-format, and the tool in reports.
        #[cfg_attr(test, schemars(required))]
        name "name": String,
        /// Where the records are, such as "benchmarks.*"; the rows of a CSV document without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        records "records": DocumentPath,
        /// The benchmark's name: "{field}" is a field of the record, "{1}" what the first `*` stands for.
        #[cfg_attr(test, schemars(required))]
        benchmark "benchmark": String,
        /// What is read of each record.
        #[cfg_attr(test, schemars(required))]
        metric "metric": Vec<Set<FieldTable>>,
    }
}

table! {
    /// A number of each record.
    FieldTable {
        /// The metric: time, latency, memory, throughput, error-rate or a name of your own.
        #[cfg_attr(test, schemars(with = "String"))]
        name "name": MetricId,
        /// Where it is in the record: a number, or a list of samples; a column of a CSV document.
        #[cfg_attr(test, schemars(with = "String"))]
        value "value": DocumentPath,
        /// Its unit, such as "ms" or "MB/s"; a plain number without it.
        unit "unit": String,
        /// The good direction, where the unit does not tell.
        better "better": Better,
        /// Which statistic it is, or "stddev"; the value itself without it.
        #[cfg_attr(test, schemars(with = "Option<String>"))]
        statistic "statistic": MappedPart,
    }
}

/// The entries of a list that may not be set.
pub(super) fn entries<T>(list: Option<&Set<Vec<Set<T>>>>) -> impl Iterator<Item = &Set<T>> + Clone {
    list.into_iter().flat_map(|set| &set.value)
}

/// Reports the keys that an entry cannot do without.
fn require(reading: &mut Reading<'_>, title: &str, table: &Spanned<DeValue<'_>>, keys: &[(&str, bool, &str)]) {
    for (key, there, example) in keys {
        let given = table.get_ref().as_table().is_some_and(|table| table.contains_key(*key));
        if !there && !given {
            let at = reading.location(table.span(), title);
            reading.diagnostics.push(
                Diagnostic::new(Code::InvalidConfig, format!("{title} lacks `{key}`"))
                    .at(at)
                    .help(format!("add {key} = {example}")),
            );
        }
    }
}

/// Reports an entry that says nothing.
fn require_one_of(reading: &mut Reading<'_>, title: &str, table: &Spanned<DeValue<'_>>, [a, b]: [&str; 2]) {
    if !table.get_ref().as_table().is_some_and(|table| table.contains_key(a) || table.contains_key(b)) {
        let at = reading.location(table.span(), title);
        reading.diagnostics.push(
            Diagnostic::new(Code::InvalidConfig, format!("{title} needs `{a}`, `{b}` or both"))
                .at(at)
                .help(format!("add {b} = \"10ns\", or whatever is still acceptable")),
        );
    }
}

macro_rules! tables {
    ($($name:ident $title:literal { $($field:ident $key:literal $example:literal),* } $([$($one_of:literal),*])?)*) => { $(
        impl Table for $name {
            const TITLE: &'static str = $title;

            fn read_table(reading: &mut Reading<'_>, title: &str, table: &Spanned<DeValue<'_>>, content: &DeTable<'_>) -> Self {
                let read = Self::read(reading, title, content);
                $(require_one_of(reading, title, table, [$($one_of),*]);)?
                require(reading, title, table, &[$(($key, read.$field.is_some(), $example)),*]);
                read
            }
        }
    )* };
}

tables! {
    GateTable "[gate]" {}
    MetricTable "[metrics.NAME]" {}
    RuleTable "[[rule]]" { benchmark "benchmark" "\"**\"" }
    BudgetTable "[[budget]]" { benchmark "benchmark" "\"parse/**\"", metric "metric" "\"time\"" } ["warn", "fail"]
    AcceptTable "[[accept]]" { benchmark "benchmark" "\"parse/**\"" }
    FormatTable "[[format]]" { name "name" "\"our-report\"", benchmark "benchmark" "\"{name}\"", metric "metric" "[{ name = \"time\", value = \"ms\", unit = \"ms\" }]" }
    FieldTable "[[format.metric]]" { name "name" "\"time\"", value "value" "\"mean_ms\"" }
    RenameTable "[[rename]]" { from "from" "\"old/name\"", to "to" "\"new/name\"" }
}
