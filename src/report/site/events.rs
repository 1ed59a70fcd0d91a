//! What happened, in words and links: events for the overview, changes for the pages of benchmarks.
//!
//! The words are those of the terminal and of Markdown (`report::trend`), with links where commits can be seen.
//!
//! Not here: finding events (`trend`), and layout (the templates).

use serde::Serialize;

use super::pages::{Happened, Page, Pages, anchor};
use super::template::{Part, name, sentence};
use super::{History, Site};
use crate::model::Better;
use crate::model::trend::{Change, Event};
use crate::report::trend as words;
use crate::report::wording::TYPESET;
use crate::text::Untrusted;

/// Changes of an event that are listed without being asked for, and those that are listed at all. Each stands on the page of
/// its benchmark as well.
const FIRST_CHANGES: usize = 12;
const MOST_CHANGES: usize = 100;

/// An event as a template shows it.
#[derive(Serialize)]
pub(super) struct EventView {
    pub(super) id: String,
    /// The grade: which badge it gets.
    grade: &'static str,
    /// `new fail`, `warn, recovered`.
    said: String,
    testbed: Option<String>,
    /// Since when, and what changed with it.
    place: Vec<Part>,
    /// Address of what lies between the last good and the first bad commit.
    compare: Option<String>,
    changes: Vec<ChangeView>,
    /// The changes after the first ones, and how many these are, in words.
    more: Vec<ChangeView>,
    further: String,
    /// What is left out of these, in words.
    left_out: Option<String>,
}

/// A change as a template shows it.
#[derive(Serialize)]
pub(super) struct ChangeView {
    name: String,
    /// Address of its chart, from the top of the site; a suite as a whole has none.
    href: Option<String>,
    metric: String,
    levels: String,
    change: String,
    /// `worse`, `better` or `other`.
    way: &'static str,
    limit: String,
    remarks: String,
}

/// A change on the page of its benchmark.
#[derive(Serialize)]
pub(super) struct ChangeOfSeries {
    /// The event on the overview.
    event: String,
    grade: &'static str,
    said: String,
    testbed: Option<String>,
    place: Vec<Part>,
    compare: Option<String>,
    levels: String,
    change: String,
    way: &'static str,
    limit: String,
}

/// The anchor of an event on the overview: the number of its history, and its own.
pub(super) fn id(history: usize, event: usize) -> String {
    format!("e{}-{}", history + 1, event + 1)
}

/// The testbed of a history, where there are several.
pub(super) fn testbed(site: &Site<'_>, history: usize) -> Option<String> {
    if site.histories.len() < 2 {
        return None;
    }
    let testbed = site.histories.get(history)?.testbed.as_ref();
    Some(testbed.map_or_else(|| format!("history {}", history + 1), name))
}

/// An event for the overview.
pub(super) fn event(site: &Site<'_>, pages: &Pages<'_>, history: usize, number: usize, event: &Event) -> EventView {
    let view = |change_of: &Change| change(pages, event, change_of);
    let changes: Vec<ChangeView> = event.changes.iter().take(FIRST_CHANGES).map(view).collect();
    let more: Vec<ChangeView> = event.changes.iter().take(MOST_CHANGES).skip(FIRST_CHANGES).map(view).collect();
    let further = event.changes.len().saturating_sub(FIRST_CHANGES);
    let left_out = further.saturating_sub(more.len());
    let place = site.histories.get(history).map(|of| place(site, of, event));
    let (place, compare) = place.unwrap_or_default();
    EventView {
        id: id(history, number),
        grade: event.grade.as_str(),
        said: words::announced(event),
        testbed: testbed(site, history),
        place,
        compare,
        changes,
        more,
        further: format!("and {further} more"),
        left_out: (left_out > 0).then(|| format!("and {left_out} more, on the pages of their benchmarks")),
    }
}

fn change(pages: &Pages<'_>, event: &Event, change: &Change) -> ChangeView {
    let page = pages.of(change);
    ChangeView {
        name: page.map_or_else(|| name(&change.suite), |page| name(&page.name)),
        href: page.map(|page| address(page, &change.metric)),
        metric: name(&change.metric.0),
        levels: levels(change),
        change: words::change_said(change, &TYPESET),
        way: way(change.better, change.before, change.after),
        limit: words::limit_said(change, &TYPESET),
        remarks: words::remarks(event, change, &name).join(", "),
    }
}

/// A change for the page of its benchmark.
pub(super) fn of_series(site: &Site<'_>, history: usize, happened: &Happened<'_>) -> ChangeOfSeries {
    let Happened { number, event, change } = *happened;
    // Where this change lies, which can be wider than where the whole event does.
    let alone = Event {
        grade: change.grade,
        suite_wide: event.suite_wide,
        new: change.new,
        provisional: change.provisional,
        range: change.range,
        differs: event.differs.clone(),
        changes: vec![change.clone()],
    };
    let place = site.histories.get(history).map(|of| place(site, of, &alone));
    let (place, compare) = place.unwrap_or_default();
    let mut said = change.grade.as_str().to_owned();
    if change.benchmark.is_none() {
        said.push_str(", the suite as a whole");
    }
    for (is_so, word) in [(change.provisional, ", provisional"), (change.recovered, ", recovered")] {
        if is_so {
            said.push_str(word);
        }
    }
    ChangeOfSeries {
        event: id(history, number),
        grade: change.grade.as_str(),
        said,
        testbed: testbed(site, history),
        place,
        compare,
        levels: levels(change),
        change: words::change_said(change, &TYPESET),
        way: way(change.better, change.before, change.after),
        limit: words::limit_said(change, &TYPESET),
    }
}

/// Where an event lies, and the address of what lies between its ends.
fn place(site: &Site<'_>, history: &History<'_>, event: &Event) -> (Vec<Part>, Option<String>) {
    let trend = history.trend;
    let commit = |run: usize| trend.run(run).and_then(|moment| moment.commit.as_ref());
    let ends = commit(event.range.last_good).zip(commit(event.range.first_bad));
    let compare = ends.and_then(|(good, bad)| site.links.compare(good, bad));
    (linked(site, &words::place(trend, event, &quoted).join("; ")), compare)
}

/// A name between backticks, which become code.
pub(super) fn quoted(said: &Untrusted) -> String {
    format!("`{}`", name(said).replace('`', "\u{2032}"))
}

/// A sentence in which commits lead to where they can be seen.
pub(super) fn linked(site: &Site<'_>, said: &str) -> Vec<Part> {
    let link = |part: Part| {
        let address = if part.is_code { site.links.commit_page(&part.text.as_str().into()) } else { None };
        part.to(address)
    };
    sentence(said).into_iter().map(link).collect()
}

/// The address of a metric's chart, from the top of the site.
pub(super) fn address(page: &Page<'_>, metric: &crate::model::MetricId) -> String {
    format!("benchmarks/{}.html#{}", page.file, anchor(metric))
}

fn levels(change: &Change) -> String {
    words::levels_said(change, " → ", "\u{a0}", &name)
}

/// Which way a change went.
pub(super) fn way(better: Option<Better>, before: f64, after: f64) -> &'static str {
    match better {
        Some(Better::Lower) if after > before => "worse",
        Some(Better::Higher) if after < before => "worse",
        Some(_) => "better",
        None => "other",
    }
}
