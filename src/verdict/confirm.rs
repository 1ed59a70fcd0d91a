//! The second stage: suspects of a report, measured again and judged by the fresh measurements alone.
//!
//! One run can name suspects but rarely prove a regression, and five interleaved pairs of the whole suite cost ten times
//! one run. So a report marks the few rows that a rerun is worth its time for, those are measured in turns, and their fresh
//! verdicts replace the first ones. What made them suspicious is not used twice: the fresh data were not chosen by it.
//!
//! Not here: measuring (`runner`), and which rows are suspects (`decide`).

use std::collections::{BTreeMap, BTreeSet};

use super::gate;
use crate::config::Config;
use crate::diag::Code;
use crate::model::SeriesKey;
use crate::model::report::{Note, Reason, Report, Row, Verdict};
use crate::stats::engine::FEWEST_RUNS;
use crate::text;

/// Most rows whose changes a note lists.
const MOST_LISTED: usize = 5;

/// The series that a report marks as worth a rerun.
pub fn suspects(report: &Report) -> BTreeSet<SeriesKey> {
    report.results.iter().filter(|row| row.suspect).map(Row::key).collect()
}

/// Whether a row of the rerun tells something: one that only one of the two sides has was not measured again, but one that
/// broke was.
pub fn was_measured(row: &Row) -> bool {
    row.verdict == Verdict::Invalid || (row.baseline.is_some() && row.current.is_some())
}

/// Puts the fresh verdicts of a report's suspects into it. Rows that were not measured again stay as they are.
///
/// A measurement that is not `complete` leaves its suspects suspects, and with fewer than three pairs their verdicts too.
#[must_use]
pub fn confirm(mut first: Report, fresh: Report, config: &Config, complete: bool) -> Report {
    let pairs = fresh.pairs;
    let tells = complete || pairs >= FEWEST_RUNS;
    let mut judged: BTreeMap<SeriesKey, Row> = fresh.results.into_iter().map(|row| (row.key(), row)).collect();
    let mut now: BTreeMap<Verdict, usize> = BTreeMap::new();
    let (mut suspects, mut again) = (0, 0);
    let mut listed: Vec<String> = Vec::new();
    for row in first.results.iter_mut().filter(|row| row.suspect) {
        suspects += 1;
        let fresh = judged.remove(&row.key()).filter(was_measured);
        let Some(mut new) = fresh else {
            row.explanations.push("was to be measured again, but the rerun has no result of it".to_owned());
            continue;
        };
        if !tells {
            row.explanations
                .push(format!("measuring it again was stopped after {pairs} of the pairs, too few to judge"));
            continue;
        }
        again += 1;
        *now.entry(new.verdict).or_default() += 1;
        if listed.len() < MOST_LISTED {
            let change = |change: Option<f64>| change.map_or("n/a".to_owned(), percent);
            listed.push(format!(
                "{} {} {} then {}",
                text::shown(&row.benchmark),
                text::shown(&row.metric.0),
                change(row.change),
                change(new.change)
            ));
        }
        new.reasons.push(Reason::MeasuredAgain);
        let change = row.change.map_or_else(String::new, |c| format!(" at {}", percent(c)));
        new.explanations.push(format!("{}{change} at first, then measured again in turns", row.verdict.as_str()));
        new.params = row.params.clone();
        if new.statistic == row.statistic
            && let (Some(fresh), Some(first)) = (&mut new.runs, row.runs.take())
        {
            fresh.levels = first.levels.iter().copied().filter(|at| *at < first.history.len()).collect();
            fresh.history = first.history;
        }
        new.suspect = !complete;
        *row = new;
    }
    if complete && again == suspects {
        // What it asks for has been done.
        first.notes.retain(|note| note.code != Code::OneRun.as_str());
    }
    (first.verdict, first.counts) = gate::whole(config, &first.results, &first.shifts);
    let verdicts: Vec<String> = now.iter().map(|(verdict, n)| format!("{n} {}", verdict.as_str())).collect();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let message = format!(
        "{again} of {suspects} suspect{} measured again in {pairs} interleaved pair{}: {}",
        plural(suspects),
        plural(pairs),
        if verdicts.is_empty() { "no results".to_owned() } else { verdicts.join(", ") }
    );
    let more = if again > listed.len() { ", …" } else { "" };
    let message = if listed.is_empty() { message } else { format!("{message} ({}{more})", listed.join(", ")) };
    first.notes.push(Note { code: Code::Confirmed.as_str().to_owned(), severity: Code::Confirmed.severity(), message });
    first
}

/// A share as a signed percentage, never `-0.0%`.
fn percent(share: f64) -> String {
    format!("{:+.1}%", (share * 1000.0).round() / 10.0 + 0.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_share_that_rounds_to_nothing_has_no_minus() {
        assert_eq!([-0.0003, 0.0, 0.1234, -0.2].map(super::percent), ["+0.0%", "+0.0%", "+12.3%", "-20.0%"]);
    }
}
