//! Change points in a history of runs: which series changed their level, between which commits, and what of it is new.
//!
//! `series` turns the runs into one row of values a series, `find` takes out what the runs of a suite share and looks for
//! changes of level in what is left (`stats::changepoint`), `grade` holds each against the limits, `events` puts together
//! what happened together; `values` keeps the series themselves, for those who draw them. A suite that moved as a whole is an event of its own: another machine does that too.
//!
//! Nothing is remembered from night to night. A change is *new* when the same history without the runs of the last night does
//! not show it; so a nightly job turns red once for a regression, however long it stays. A change that
//! comes and goes with single runs is looked for in the nights before as well. A change is *provisional* until four runs
//! have its level, and counts from then on.
//!
//! Not here: where the runs come from (`io`, `store`), how a history looks (`report`), and judging one change before it is
//! merged (`verdict`).

pub mod alert;
mod events;
mod find;
mod grade;
mod series;
mod since;
mod values;

pub use since::Since;

use jiff::civil::Date;

use crate::config::{Config, Selection};
use crate::diag::{Code, Diagnostic};
use crate::model::report::{GateVerdict, Note};
use crate::model::trend::{Change, Counts, Grade, Moment, SCHEMA, Trend};
use crate::model::{Run, trend};
use crate::stats::changepoint::{SHORTEST_LEVEL, SHORTEST_SERIES};
use crate::text::Untrusted;
use find::{Finding, Group};
use series::Series;

/// Fewest runs of a history that say anything.
pub const FEWEST_RUNS: usize = SHORTEST_SERIES;

/// How many earlier nights are asked whether they showed a change that the last one did not.
const NIGHTS: usize = 8;

/// One run of the history, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The run.
    pub run: &'a Run,
    /// Where it comes from, for reports.
    pub source: &'a Untrusted,
}

/// What is asked of a history.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Limits, rules, renames and accepted regressions.
    pub config: &'a Config,
    /// What is reported. Suites are still looked at as a whole.
    pub selection: &'a Selection,
    /// The oldest run whose changes are reported; all if `None`.
    pub since: Option<&'a Since>,
    /// Today in UTC, for `[[accept]] until` and ages.
    pub today: Date,
    /// Whether every series is kept run by run, as [`Trend::series`].
    pub series: bool,
}

/// Finds the changes in a history.
///
/// # Errors
/// A diagnostic where `since` names no run.
pub fn analyse(points: &[Point<'_>], options: &Options<'_>) -> Result<Trend, Diagnostic> {
    let since = options.since.map_or(Ok(0), |since| since.first(points, options.today))?;
    let collected = series::collect(points, options.config);
    let groups = find::groups(points, collected.series);
    let notes = notes(points, &groups, collected.other_units, collected.faults);
    let selected = |s: &Series<'_>| {
        options.selection.keeps_metric(&s.key.metric) && options.selection.keeps_benchmark(&s.key.benchmark)
    };
    let tracks = || groups.iter().flat_map(|g| &g.tracks).filter(|t| selected(&t.series));
    let too_short = tracks().filter(|t| t.runs.len() < FEWEST_RUNS).count();
    let mut counts =
        Counts { runs: points.len(), series: tracks().count() - too_short, too_short, ..Counts::default() };
    let mut trend = Trend {
        schema: SCHEMA.to_owned(),
        perfgate: env!("CARGO_PKG_VERSION").to_owned(),
        verdict: GateVerdict::None,
        counts,
        since,
        runs: points.iter().map(moment).collect(),
        events: Vec::new(),
        notes,
        series: Vec::new(),
    };
    let kept = |found: &[Vec<(Finding, Change)>]| {
        if options.series { values::by_run(points, &groups, found, &selected) } else { Vec::new() }
    };
    if points.len() < FEWEST_RUNS || counts.series == 0 || since >= points.len() {
        trend.series = kept(&[]);
        return Ok(trend);
    }
    let nights = Nights { groups: &groups, points, options, since };
    let mut changes: Vec<(Change, bool)> = Vec::new();
    let found = nights.judged();
    trend.series = kept(&found);
    for group in found {
        for (finding, mut change) in group {
            let suite_wide = finding.track.is_none();
            let keep = match (suite_wide, &change.benchmark) {
                (true, _) => {
                    options.selection.keeps_metric(&change.metric)
                        && options.selection.filter.is_empty()
                        && options.selection.exclude.is_empty()
                }
                (false, _) => finding.selected,
            };
            if !keep || change.range.first_bad < since {
                continue;
            }
            change.red = change.new && change.stands();
            match change.grade {
                Grade::Fail => counts.fail += 1,
                Grade::Warn => counts.warn += 1,
                Grade::Minor => counts.minor += 1,
                Grade::Improved => counts.improved += 1,
                Grade::Changed => counts.changed += 1,
            }
            counts.red += usize::from(change.red);
            changes.push((change, suite_wide));
        }
    }
    let worst = changes.iter().filter(|(c, _)| c.red).map(|(c, _)| c.grade).min();
    trend.verdict = match worst {
        Some(Grade::Fail) => GateVerdict::Fail,
        Some(_) => GateVerdict::Warn,
        None => GateVerdict::Pass,
    };
    trend.counts = counts;
    trend.events = events::cluster(points, changes);
    Ok(trend)
}

/// The history as it is, and as it was some runs ago.
struct Nights<'a> {
    groups: &'a [Group<'a>],
    points: &'a [Point<'a>],
    options: &'a Options<'a>,
    since: usize,
}

impl Nights<'_> {
    /// The changes of every group, with those marked that are new.
    fn judged(&self) -> Vec<Vec<(Finding, Change)>> {
        let runs = self.points.len();
        let mut found = self.seen(runs, &|_| true);
        let (last, oldest) = if self.options.since.is_some() {
            (self.since, self.since)
        } else {
            let last = before_tonight(self.points);
            (last, (last + 1).saturating_sub(NIGHTS))
        };
        for night in (oldest..=last).rev() {
            let open = |group: usize| {
                let changes = found.get(group).map_or(&[][..], Vec::as_slice);
                changes.iter().any(|(_, c)| c.new && (night == last || c.stands()))
            };
            let open: Vec<bool> = (0..self.groups.len()).map(open).collect();
            if !open.contains(&true) {
                break;
            }
            let earlier = self.seen(night, &|group| open.get(group) == Some(&true));
            for (changes, before) in found.iter_mut().zip(&earlier) {
                for (finding, change) in changes.iter_mut().filter(|(_, c)| c.new) {
                    change.new = !before.iter().any(|(other, seen)| is_same(finding, change, other, seen));
                }
            }
        }
        found
    }

    /// What the first `runs` runs show, of the groups that are asked for.
    fn seen(&self, runs: usize, asked: &(dyn Fn(usize) -> bool + Sync)) -> Vec<Vec<(Finding, Change)>> {
        find::find(self.groups, runs, asked)
            .into_iter()
            .zip(self.groups)
            .map(|(findings, group)| grade::changes(self.points, self.options, group, findings, runs))
            .collect()
    }
}

/// How many runs there were the night before: all but those of the last 22 hours before the newest, or but the newest where
/// no run says its time or all are of one night. Less than a day, so that a nightly run that starts a little earlier than
/// the night before does not count twice.
fn before_tonight(points: &[Point<'_>]) -> usize {
    const NIGHT: i64 = 22 * 3600;
    let time = |point: &Point<'_>| point.run.subject.taken_at.or(point.run.subject.committed_at);
    let but_newest = points.len().saturating_sub(1);
    let Some(newest) = points.last().and_then(time) else { return but_newest };
    let of_tonight = |point: &&Point<'_>| time(point).is_some_and(|time| time > newest.saturating_sub(NIGHT));
    let before = points.len() - points.iter().rev().take_while(of_tonight).count();
    if before < FEWEST_RUNS { but_newest } else { before.min(but_newest) }
}

/// Whether an earlier night showed a change already, as certain and as bad.
fn is_same(finding: &Finding, change: &Change, other: &Finding, seen: &Change) -> bool {
    let one_way = (change.after > change.before) == (seen.after > seen.before);
    let (a, b) = (&change.range, &seen.range);
    let overlap = a.last_good < b.first_bad && b.last_good < a.first_bad;
    let slack = if finding.p.is_none() { 0 } else { SHORTEST_LEVEL };
    finding.track == other.track
        && one_way
        && (overlap || a.likeliest.abs_diff(b.likeliest) <= slack)
        && (change.provisional || !seen.provisional)
        && (!change.grade.is_over_a_limit() || seen.grade.is_over_a_limit())
}

fn moment(point: &Point<'_>) -> Moment {
    let subject = &point.run.subject;
    Moment {
        commit: subject.commit.clone(),
        branch: subject.branch.clone(),
        taken_at: subject.taken_at,
        committed_at: subject.committed_at,
        source: point.source.clone(),
    }
}

/// What the reader should know of the runs.
fn notes(points: &[Point<'_>], groups: &[Group<'_>], other_units: usize, faults: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |code: Code, message: String| {
        notes.push(Note { code: code.as_str().to_owned(), severity: code.severity(), message });
    };
    if points.len() < FEWEST_RUNS {
        let runs = if points.len() == 1 { "1 run is".to_owned() } else { format!("{} runs are", points.len()) };
        note(Code::TooShortHistory, format!("{runs} too few to tell a change from noise: {FEWEST_RUNS} are the least"));
    }
    let plural = |n: usize| if n == 1 { "1 value".to_owned() } else { format!("{n} values") };
    if faults > 0 {
        note(Code::InvalidValue, format!("{} of runs cannot be used and are left out", plural(faults)));
    }
    if other_units > 0 {
        note(
            Code::UnitMismatch,
            format!("{} are left out: from before the unit of their series changed", plural(other_units)),
        );
    }
    let small: Vec<String> = groups
        .iter()
        .filter(|g| points.len() >= FEWEST_RUNS && g.is_too_small())
        .map(|g| format!("{} of {}", crate::text::shown(&g.metric.0), crate::text::shown(&g.suite)))
        .collect();
    if let [first, rest @ ..] = small.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        note(
            Code::SmallSuite,
            format!(
                "{first}{more}: fewer than {} series, so what a run has in common is not taken out",
                find::SMALLEST_SUITE
            ),
        );
    }
    notes
}

/// The index range of the runs of a change.
fn range(runs: &[usize], earliest: usize, at: usize, latest: usize) -> trend::Range {
    let run = |index: usize| runs.get(index).copied().unwrap_or(0);
    trend::Range { last_good: run(earliest.saturating_sub(1)), likeliest: run(at), first_bad: run(latest) }
}
