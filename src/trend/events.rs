//! Changes that happened together: those whose ranges of runs have a run in common.
//!
//! A change lies somewhere in its range, so changes of one cause have overlapping ranges, and where they overlap is where
//! the cause is: an event of many benchmarks is placed better than each of them. Ranges are taken in the order of their
//! ends, each joining the event that is open as long as all have a run in common, so that a chain of overlaps does not
//! become one event. Suites that moved as a whole make events of their own.
//!
//! Not here: finding the changes.

use std::collections::BTreeSet;

use super::Point;
use crate::model::trend::{Change, Difference, Event, Range};
use crate::text::Untrusted;

/// Puts changes into events, in the order for people: what turns the night red, what is new, the worst, the newest.
pub(super) fn cluster(points: &[Point<'_>], changes: Vec<(Change, bool)>) -> Vec<Event> {
    let (suites, series): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, suite_wide)| *suite_wide);
    let mut events = Vec::new();
    for (changes, suite_wide) in [(suites, true), (series, false)] {
        let mut changes: Vec<Change> = changes.into_iter().map(|(change, _)| change).collect();
        changes.sort_by_key(|c| (c.range.first_bad, c.range.last_good));
        let mut open: Vec<Change> = Vec::new();
        let mut end = 0;
        for change in changes {
            if !open.is_empty() && change.range.last_good >= end {
                events.push(event(points, std::mem::take(&mut open), suite_wide));
            }
            if open.is_empty() {
                end = change.range.first_bad;
            }
            open.push(change);
        }
        if !open.is_empty() {
            events.push(event(points, open, suite_wide));
        }
    }
    let red = |e: &Event| e.changes.iter().any(|c| c.red);
    events.sort_by(|a, b| {
        (!red(a), !a.new, a.grade)
            .cmp(&(!red(b), !b.new, b.grade))
            .then(b.range.likeliest.cmp(&a.range.likeliest))
            .then(b.changes.len().cmp(&a.changes.len()))
    });
    events
}

fn event(points: &[Point<'_>], mut changes: Vec<Change>, suite_wide: bool) -> Event {
    changes.sort_by(|a, b| {
        (!a.red, !a.new, a.grade).cmp(&(!b.red, !b.new, b.grade)).then(b.badness().total_cmp(&a.badness()))
    });
    let last_good = changes.iter().map(|c| c.range.last_good).max().unwrap_or(0);
    let first_bad = changes.iter().map(|c| c.range.first_bad).min().unwrap_or(0);
    // The change that is placed best says where.
    let best = changes.iter().min_by_key(|c| c.range.first_bad - c.range.last_good.min(c.range.first_bad));
    let likeliest = best.map_or(first_bad, |c| c.range.likeliest).clamp((last_good + 1).min(first_bad), first_bad);
    let range = Range { last_good, likeliest, first_bad };
    Event {
        grade: changes.iter().map(|c| c.grade).min().unwrap_or(crate::model::trend::Grade::Minor),
        suite_wide,
        new: changes.iter().any(|c| c.new),
        provisional: changes.iter().all(|c| c.provisional),
        range,
        differs: differences(points, range),
        changes,
    }
}

/// Labels that differ between the ends of a range.
fn differences(points: &[Point<'_>], range: Range) -> Vec<Difference> {
    let labels = |run: usize| points.get(run).map(|p| &p.run.environment.labels);
    let (Some(before), Some(after)) = (labels(range.last_good), labels(range.first_bad)) else { return Vec::new() };
    let names: BTreeSet<&Untrusted> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .map(|label| Difference {
            label: label.clone(),
            before: before.get(label).cloned(),
            after: after.get(label).cloned(),
        })
        .filter(|d| d.before != d.after)
        .collect()
}
