//! The page of a benchmark: a chart for each metric, and what changed; and the scripts that hold the values.
//!
//! The page itself says in words what the charts show, and lists every change. The values come as a script beside it: they
//! are read when the page is opened, and never before. Numbers are in the unit of the chart and have six digits.
//!
//! Not here: drawing, which is the page's script (`assets/benchmark.js`).

use serde::Serialize;

use super::Site;
use super::events::{self, ChangeOfSeries};
use super::overview::measured;
use super::pages::{Page, Pages, anchor};
use super::template::{name, whole_name};
use crate::model::trend::{Moment, Series, Trend};
use crate::report::trend as words;
use crate::report::wording::{better, count};
use crate::stats::median;
use crate::text::{self, is_commit_id};
use crate::unit;

const TEMPLATE: &str = include_str!("templates/benchmark.html");

/// Longest name on its own page, in characters.
const LONGEST_NAME: usize = 2000;

/// Significant digits of a value in a script.
const DIGITS: usize = 6;

/// What the template gets.
#[derive(Serialize)]
struct Benchmark {
    title: String,
    name: String,
    file: String,
    branch: Option<String>,
    facts: Vec<(String, String)>,
    metrics: Vec<Metric>,
    has_several: bool,
    has_testbeds: bool,
}

/// A metric as the template shows it.
#[derive(Serialize)]
struct Metric {
    id: String,
    name: String,
    /// What the values are: `time, p10 of each run, less is better`.
    about: String,
    /// What the chart shows, in words.
    said: String,
    changes: Vec<ChangeOfSeries>,
}

/// Writes the page.
pub(super) fn page(site: &Site<'_>, pages: &Pages<'_>, page: &Page<'_>) -> String {
    let benchmark = page.benchmark;
    let mut facts = vec![("Tool".to_owned(), name(&benchmark.tool))];
    facts.extend(benchmark.package.as_ref().map(|package| ("Package".to_owned(), name(package))));
    let params = page.metrics.values().flat_map(|of| of.values()).next().map(|series| &series.params);
    for (label, value) in params.iter().flat_map(|params| params.iter()) {
        facts.push((name(label), name(value)));
    }
    let context = Benchmark {
        title: name(&page.name),
        name: text::truncate(&whole_name(&page.name), LONGEST_NAME).into_owned(),
        file: page.file.clone(),
        branch: site.branch.as_ref().map(name),
        facts,
        metrics: page
            .metrics
            .iter()
            .map(|(metric, of)| {
                let mut changes = Vec::new();
                let mut said = Vec::new();
                for (history, series) in of {
                    let Some(trend) = site.histories.get(*history).map(|history| history.trend) else { continue };
                    let mut happened: Vec<_> = pages.changes(*history, series).to_vec();
                    happened.extend(pages.shifts(*history, series));
                    happened.sort_by_key(|happened| std::cmp::Reverse(happened.change.range.likeliest));
                    changes.extend(happened.iter().map(|happened| events::of_series(site, *history, happened)));
                    let before =
                        events::testbed(site, *history).map_or_else(String::new, |testbed| format!("{testbed}: "));
                    said.push(format!("{before}{}", in_words(trend, series, happened.len())));
                }
                Metric {
                    id: anchor(metric),
                    name: name(&metric.0),
                    about: of.values().next().map_or_else(String::new, |series| about(series)),
                    said: said.join(". "),
                    changes,
                }
            })
            .collect(),
        has_several: page.metrics.len() > 1,
        has_testbeds: site.histories.len() > 1,
    };
    super::page("benchmark.html", TEMPLATE, context)
}

/// What the values of a series are.
fn about(series: &Series) -> String {
    let mut parts = Vec::new();
    parts.extend(series.statistic.map(|statistic| format!("{} of each run", statistic.as_str())));
    parts.extend(series.better.map(|way| format!("{} is better", better(way))));
    parts.join(", ")
}

/// What a chart shows, for those who do not see it.
fn in_words(trend: &Trend, series: &Series, changes: usize) -> String {
    let known: Vec<(usize, f64)> = series.values.iter().enumerate().filter_map(|(run, v)| Some((run, (*v)?))).collect();
    let (Some((first, _)), Some((last, newest))) = (known.first(), known.last()) else {
        return "no run has a value".to_owned();
    };
    let low = known.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let high = known.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    let ends = match (words::day(trend.run(*first)), words::day(trend.run(*last))) {
        (Some(first), Some(last)) if first != last => format!(" from {first} to {last}"),
        (Some(first), _) => format!(" of {first}"),
        _ => String::new(),
    };
    let changed = if changes == 0 { "no change of level".to_owned() } else { count(changes, "change") };
    if known.len() == 1 {
        return format!("1 run{ends}, {}", measured(series, *newest));
    }
    format!(
        "{}{ends}, between {} and {}, newest {}, {changed}",
        count(known.len(), "run"),
        measured(series, low),
        measured(series, high),
        measured(series, *newest),
    )
}

/// The values of a benchmark, as a script.
#[derive(Serialize)]
struct Values {
    metrics: Vec<MetricValues>,
}

#[derive(Serialize)]
struct MetricValues {
    metric: String,
    unit: String,
    lines: Vec<Line>,
}

/// A series of one history.
#[derive(Serialize)]
struct Line {
    /// Index of the history.
    history: usize,
    values: Vec<Option<Number>>,
    /// Runs at which a level begins, the first left out.
    levels: Vec<usize>,
    /// Runs at which something changed: the run, which way, the change in words, whether the suite moved as a whole.
    marks: Vec<(usize, &'static str, String, bool)>,
}

/// A number with few digits.
#[derive(Serialize)]
#[serde(transparent)]
struct Number(f64);

impl Number {
    fn new(value: f64) -> Self {
        Self(format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value))
    }
}

/// Writes the script with the values.
pub(super) fn values(pages: &Pages<'_>, page: &Page<'_>) -> String {
    let metrics = page.metrics.iter().map(|(metric, of)| {
        // One unit for all lines of a chart, by the first one's middle.
        let known: Vec<f64> =
            of.values().next().map(|s| s.values.iter().copied().flatten().collect()).unwrap_or_default();
        let of_unit = of.values().next().map(|series| &series.unit);
        let scale = of_unit.map(|unit| unit::scale(unit, median(&known).unwrap_or(0.0)));
        let divisor = scale.as_ref().map_or(1.0, |scale| scale.divisor);
        let lines = of.iter().filter(|(_, series)| Some(&series.unit) == of_unit).map(|(history, series)| {
            let own = pages.changes(*history, series).iter().map(|happened| (happened, false));
            let shifts = pages.shifts(*history, series).iter().map(|happened| (happened, true));
            let marks = own.chain(shifts).map(|(happened, is_suite)| {
                let change = happened.change;
                let way = events::way(change.better, change.before, change.after);
                let said = words::change_said(change, &crate::report::wording::TYPESET);
                (change.range.likeliest, way, said, is_suite)
            });
            Line {
                history: *history,
                values: series.values.iter().map(|value| value.map(|value| Number::new(value / divisor))).collect(),
                levels: series.levels.iter().skip(1).map(|level| level.first).collect(),
                marks: marks.collect(),
            }
        });
        let unit = scale.map_or_else(String::new, |scale| {
            if scale.suffix.is_empty() { scale.suffix } else { name(&scale.suffix.into()) }
        });
        MetricValues { metric: name(&metric.0), unit, lines: lines.collect() }
    });
    super::script("benchmark", &Values { metrics: metrics.collect() })
}

/// The runs of all histories, as a script.
#[derive(Serialize)]
struct Runs {
    repository: Option<String>,
    histories: Vec<RunsOfHistory>,
}

#[derive(Serialize)]
struct RunsOfHistory {
    testbed: Option<String>,
    /// Where each run stands on the common axis; left out where that is its own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Vec<usize>>,
    /// The commit of each run, else what it is called.
    names: Vec<String>,
    /// When each was measured, else when its commit was made: seconds since 1970 in UTC.
    times: Vec<Option<i64>>,
}

/// Writes the script with the runs.
pub(super) fn runs(site: &Site<'_>) -> String {
    let histories = site.histories.iter().map(|history| {
        let moments = &history.trend.runs;
        let named = |moment: &Moment| match &moment.commit {
            Some(commit) if is_commit_id(commit.raw()) => commit.raw().to_owned(),
            Some(commit) => name(commit),
            None => name(&moment.source),
        };
        let is_plain = history.slots.iter().enumerate().all(|(run, slot)| run == *slot);
        RunsOfHistory {
            testbed: history.testbed.as_ref().map(name),
            slots: (!is_plain).then(|| history.slots.clone()),
            names: moments.iter().map(named).collect(),
            times: moments.iter().map(|moment| moment.taken_at.or(moment.committed_at)).collect(),
        }
    });
    super::script(
        "runs",
        &Runs { repository: site.links.repository().map(str::to_owned), histories: histories.collect() },
    )
}
