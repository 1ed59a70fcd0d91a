//! The page that the site begins with: the outcome, what happened, and a list of every series.
//!
//! What is new or bad and still there stands open, the rest is folded, as in the other outputs. The list has a line for
//! each metric of each benchmark: its history as a small drawing, its newest value, and how far its newest level is from its
//! first. A script sorts and filters it; without one it is there all the same.
//!
//! Not here: the values run by run (`benchmark`).

use serde::Serialize;

use super::Site;
use super::events::{self, EventView};
use super::pages::{Page, Pages};
use super::sparkline;
use super::template::{Part, name, sentence};
use crate::model::MetricId;
use crate::model::trend::{Event, Series, Trend};
use crate::report::trend as words;
use crate::report::wording::{TYPESET, count};
use crate::stats::changepoint::SHORTEST_SERIES;
use crate::unit;

/// Events that are listed, and as many of those that are folded: a noisy history of years has thousands.
const MOST_EVENTS: usize = 60;

const TEMPLATE: &str = include_str!("templates/overview.html");

/// What the template gets.
#[derive(Serialize)]
struct Overview {
    title: String,
    /// The verdict: the colour and shape of the first line.
    verdict: &'static str,
    facts: Vec<Fact>,
    notes: Vec<Vec<Part>>,
    listed: Vec<EventView>,
    listed_left_out: Option<String>,
    folded: Vec<EventView>,
    folded_left_out: Option<String>,
    folded_said: String,
    metrics: Vec<String>,
    has_testbeds: bool,
    width: usize,
    height: usize,
    rows: Vec<Row>,
}

/// A label with what it says.
#[derive(Serialize)]
struct Fact {
    label: &'static str,
    said: Vec<Part>,
}

/// A line of the list.
#[derive(Serialize)]
struct Row {
    name: String,
    href: String,
    metric: String,
    testbeds: String,
    line: Option<String>,
    newest: String,
    /// What the newest value is sorted by; empty where there is none.
    newest_key: String,
    /// Set where the series is not measured any more: the last day that has it.
    gone: Option<String>,
    /// From the first level to the newest one.
    change: String,
    change_key: String,
    way: &'static str,
    /// Since when it has its newest level.
    since: String,
    since_key: usize,
    runs: usize,
    /// Whether these are too few to tell a change by.
    is_short: bool,
}

/// Writes the page.
pub(super) fn page(site: &Site<'_>, pages: &Pages<'_>) -> String {
    let first = site.histories.first();
    let trend = first.map(|history| history.trend);
    let (listed, folded): (Vec<_>, Vec<_>) = site
        .histories
        .iter()
        .enumerate()
        .flat_map(|(index, history)| history.trend.events.iter().enumerate().map(move |(at, event)| (index, at, event)))
        .partition(|(_, _, event)| words::is_listed(event));
    let rest: Vec<&Event> = folded.iter().map(|(_, _, event)| *event).collect();
    let views = |events: Vec<(usize, usize, &Event)>| -> Vec<EventView> {
        events
            .into_iter()
            .take(MOST_EVENTS)
            .map(|(history, at, event)| events::event(site, pages, history, at, event))
            .collect()
    };
    let rows: Vec<Row> =
        pages.iter().flat_map(|page| page.metrics.keys().filter_map(|metric| row(site, page, metric))).collect();
    let mut metrics: Vec<String> = rows.iter().map(|row| row.metric.clone()).collect();
    metrics.sort();
    metrics.dedup();
    let overview = Overview {
        title: trend.map_or_else(|| "NOTHING TO LOOK AT: there are no runs".to_owned(), words::headline),
        verdict: trend.map_or("none", |trend| trend.verdict.as_str()),
        facts: facts(site),
        notes: notes(site),
        folded_said: words::folded(&rest).join(", "),
        listed_left_out: left_out(listed.len()),
        folded_left_out: left_out(folded.len()),
        listed: views(listed),
        folded: views(folded),
        metrics,
        has_testbeds: site.histories.len() > 1,
        width: sparkline::WIDTH,
        height: sparkline::HEIGHT,
        rows,
    };
    super::page("overview.html", TEMPLATE, overview)
}

/// How many of so many events are not listed, in words.
fn left_out(events: usize) -> Option<String> {
    let further = events.saturating_sub(MOST_EVENTS);
    (further > 0).then(|| format!("and {}, told on the pages of their benchmarks", count(further, "further event")))
}

/// What the site is of.
fn facts(site: &Site<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (label, named) in [("Branch", &site.branch), ("Suite", &site.suite)] {
        facts.extend(named.as_ref().map(|named| Fact { label, said: vec![Part::code(name(named))] }));
    }
    for (index, history) in site.histories.iter().enumerate() {
        let runs = &history.trend.runs;
        let end = |moment| {
            let name = events::quoted(&words::run_name(moment));
            words::day(moment).map_or(name.clone(), |day| format!("{name} ({day})"))
        };
        let mut said = match (runs.first(), runs.last()) {
            (Some(first), Some(last)) if runs.len() > 1 => {
                format!("{}, {} … {}", count(runs.len(), "run"), end(Some(first)), end(Some(last)))
            }
            (Some(only), _) => format!("1 run, {}", end(Some(only))),
            _ => "no runs".to_owned(),
        };
        let mut label = "History";
        if let Some(testbed) = &history.testbed {
            label = if index == 0 { "Testbed" } else { "Beside it" };
            said = format!("{}, {said}", events::quoted(testbed));
        }
        facts.push(Fact { label, said: events::linked(site, &said) });
    }
    facts.extend(
        site.links
            .repository()
            .map(|address| Fact { label: "Repository", said: vec![Part::plain(address).to(Some(address.to_owned()))] }),
    );
    facts
}

/// What the reader should know of each history.
fn notes(site: &Site<'_>) -> Vec<Vec<Part>> {
    let mut notes = Vec::new();
    for (index, history) in site.histories.iter().enumerate() {
        let before = events::testbed(site, index).map_or_else(String::new, |testbed| format!("{testbed}: "));
        notes.extend(history.trend.notes.iter().map(|note| sentence(&format!("{before}{}", note.message))));
    }
    notes
}

/// The line of one metric of a benchmark: by the first history that has it.
fn row(site: &Site<'_>, page: &Page<'_>, metric: &MetricId) -> Option<Row> {
    let of = page.metrics.get(metric)?;
    let (history, series) = of.iter().next().map(|(history, series)| (*history, *series))?;
    let trend = site.histories.get(history)?.trend;
    let newest = series.values.iter().rposition(Option::is_some);
    let value = newest.and_then(|run| series.values.get(run).copied().flatten());
    let ends = series.levels.first().zip(series.levels.last()).filter(|_| series.levels.len() > 1);
    let (change, change_key, way) = match ends {
        Some((first, last)) if first.value.total_cmp(&last.value).is_eq() => {
            (TYPESET.change(0.0), "0".to_owned(), "same")
        }
        Some((first, last)) => {
            let share = (first.value != 0.0).then(|| (last.value - first.value) / first.value.abs());
            let said = share.map_or_else(|| "from 0".to_owned(), |share| TYPESET.change(share));
            let key = share.unwrap_or(f64::MAX).to_string();
            (said, key, events::way(series.better, first.value, last.value))
        }
        None => (String::new(), "0".to_owned(), "same"),
    };
    let since = series.levels.last().filter(|_| ends.is_some()).map(|level| level.first);
    let runs = series.values.iter().flatten().count();
    let testbeds: Vec<String> = of.keys().filter_map(|history| events::testbed(site, *history)).collect();
    Some(Row {
        name: name(&page.name),
        href: events::address(page, metric),
        metric: name(&metric.0),
        testbeds: testbeds.join(", "),
        line: sparkline::path(&series.values),
        newest: value.map_or_else(String::new, |value| measured(series, value)),
        newest_key: value.map_or_else(String::new, |value| value.to_string()),
        gone: gone(trend, series).map(|run| format!("last in {}", when(trend, run))),
        change,
        change_key,
        way,
        since: since.map_or_else(String::new, |run| when(trend, run)),
        since_key: since.map_or(0, |run| run + 1),
        runs,
        is_short: runs < SHORTEST_SERIES,
    })
}

/// A value with its unit.
pub(super) fn measured(series: &Series, value: f64) -> String {
    let scale = unit::scale(&series.unit, value);
    let number = scale.number(value).replace('-', TYPESET.minus);
    if scale.suffix.is_empty() { number } else { format!("{number}{}{}", TYPESET.gap, name(&scale.suffix.into())) }
}

/// The day of a run, else its name.
fn when(trend: &Trend, run: usize) -> String {
    words::day(trend.run(run)).unwrap_or_else(|| name(&words::run_name(trend.run(run))))
}

/// The last run that has a series, where it is missing for longer than ever before: runs of several suites in turns, and
/// benchmarks that are left out now and then, have gaps all the time.
fn gone(trend: &Trend, series: &Series) -> Option<usize> {
    let there: Vec<usize> = series.values.iter().enumerate().filter(|(_, v)| v.is_some()).map(|(run, _)| run).collect();
    let last = *there.last()?;
    let gap = there.iter().zip(there.iter().skip(1)).map(|(a, b)| b - a).max().unwrap_or(1);
    let missing = trend.runs.len() - last;
    (missing > gap && when(trend, last) != when(trend, trend.runs.len() - 1)).then_some(last)
}
