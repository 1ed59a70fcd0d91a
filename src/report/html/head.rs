//! The top of the page: verdict, counts, what was compared with what, warnings, how it was measured.
//!
//! It says what the comment on a pull request says, in the same words, as structures that the template lays out.
//!
//! Not here: the table of all series (`rows`).

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::links::Links;
use super::super::markdown::{Counted, Tally, outcome, reproduction};
use super::super::wording::{self, TYPESET};
use super::template::{Part, name, sentence, whole_name};
use crate::diag::Severity;
use crate::model::Unit;
use crate::model::report::{GateVerdict, LimitKind, Report, Shift, Side, Verdict};
use crate::text::{self, Untrusted};

/// Inputs of a side that are named.
const MOST_INPUTS: usize = 5;

/// One of the counts in the first lines.
#[derive(Serialize)]
pub(super) struct Count {
    number: usize,
    said: &'static str,
    /// The class of its badge; none for the count of all.
    verdict: Option<&'static str>,
}

/// What is said of one report.
#[derive(Serialize)]
pub(super) struct Leg {
    /// What the report is called among several.
    name: Option<String>,
    /// Whether there is something in it that needs attention.
    is_open: bool,
    verdict: &'static str,
    word: &'static str,
    outcome: String,
    alerts: Vec<Alert>,
    facts: Vec<Fact>,
    rules: Vec<Vec<Part>>,
    remarks: Vec<Vec<Part>>,
    labels: Vec<Label>,
    command: Option<String>,
}

/// Something that a reader must not miss.
#[derive(Serialize)]
struct Alert {
    verdict: &'static str,
    word: &'static str,
    said: Vec<Part>,
}

/// A label with what it says.
#[derive(Serialize)]
struct Fact {
    label: &'static str,
    said: Vec<Part>,
}

/// A label of the machine or the tools on both sides.
#[derive(Serialize)]
struct Label {
    name: String,
    baseline: String,
    current: String,
    differs: bool,
}

/// The first line as the page writes it.
pub(super) fn headline(said: &str) -> String {
    text::html(said).into_owned()
}

/// The counts of all reports together.
pub(super) fn counts(reports: &[Report]) -> Vec<Count> {
    let badge = |counted| match counted {
        Counted::Compared => None,
        Counted::Verdict(verdict) => Some(verdict.as_str()),
        Counted::ShownOnly => Some("shown"),
    };
    let counted = Tally::sum(reports).counted().into_iter();
    counted.map(|(counted, number, said)| Count { number, said, verdict: badge(counted) }).collect()
}

/// What is said of each report, in their order.
pub(super) fn legs(reports: &[Report], labels: &[String], links: &Links) -> Vec<Leg> {
    let is_several = reports.len() > 1;
    let named = reports.iter().zip(labels);
    named.map(|(report, label)| leg(report, is_several.then(|| label.clone()), links)).collect()
}

fn leg(report: &Report, name: Option<String>, links: &Links) -> Leg {
    let (loud, quiet): (Vec<&Shift>, Vec<&Shift>) =
        report.shifts.iter().filter(|s| wording::is_notable(s)).partition(|s| is_loud(s));
    let mut alerts: Vec<Alert> = loud
        .iter()
        .map(|s| Alert { verdict: s.verdict.as_str(), word: s.verdict.as_str(), said: sentence(&shift(s)) })
        .collect();
    let (notes, warnings): (Vec<_>, Vec<_>) = report.notes.iter().partition(|n| n.severity == Severity::Note);
    alerts.extend(warnings.iter().map(|note| Alert {
        verdict: if note.severity == Severity::Error { "fail" } else { "warn" },
        word: note.severity.as_str(),
        said: sentence(&note.message),
    }));
    let remarks = quiet.iter().map(|s| shift(s)).chain(notes.iter().map(|note| note.message.clone()));
    Leg {
        name,
        is_open: matches!(report.verdict, GateVerdict::Fail | GateVerdict::None),
        verdict: report.verdict.as_str(),
        word: report.verdict.as_str(),
        outcome: outcome(report.verdict, &Tally::of(report)),
        alerts,
        facts: facts(report, links),
        rules: rules(report),
        remarks: remarks.map(|said| sentence(&said)).collect(),
        labels: labels_of(report),
        command: reproduction(report),
    }
}

fn is_loud(shift: &Shift) -> bool {
    matches!(shift.verdict, Verdict::Fail | Verdict::Warn)
}

fn shift(shift: &Shift) -> String {
    wording::shift(shift, &name(&shift.suite), &name(&shift.metric.0), &TYPESET)
}

/// What was compared with what, and how.
fn facts(report: &Report, links: &Links) -> Vec<Fact> {
    let mut facts = vec![
        Fact { label: "baseline", said: subject(&report.baseline, links) },
        Fact { label: "current", said: subject(&report.current, links) },
    ];
    let mut add = |label, said: Vec<Part>| facts.push(Fact { label, said });
    if let (Some(before), Some(now)) = (&report.baseline.commit, &report.current.commit)
        && let Some(address) = links.compare(before, now)
    {
        let range = format!("{}...{}", commit(before), commit(now));
        add("between them", vec![Part::code(range).to(Some(address))]);
    }
    if report.pairs > 0 {
        add("measured", vec![Part::plain(format!("in turns: {}", wording::turns(report)))]);
    }
    if report.history > 0 {
        add("history", vec![Part::plain(wording::count(report.history, "earlier run"))]);
    }
    if let Some(testbed) = &report.testbed {
        add("testbed", vec![Part::code(name(testbed))]);
    }
    let (before, now) = (wording::machine(&report.baseline), wording::machine(&report.current));
    match (before, now) {
        (Some(before), Some(now)) if before != now => {
            add("machine", vec![Part::plain(format!("{}; baseline: {}", name(&now), name(&before)))]);
        }
        (_, Some(one)) | (Some(one), None) => add("machine", vec![Part::plain(name(&one))]),
        (None, None) => {}
    }
    facts
}

fn commit(commit: &Untrusted) -> String {
    name(&wording::short_commit(commit))
}

/// What is known of a side.
fn subject(side: &Side, links: &Links) -> Vec<Part> {
    if side.runs == 0 && side.inputs.is_empty() {
        return vec![Part::plain("none")];
    }
    let mut said = Vec::new();
    if let Some(id) = &side.commit {
        said.push(Part::code(commit(id)).to(links.commit_page(id)));
    }
    if let Some(branch) = &side.branch {
        said.push(Part::plain(if said.is_empty() { "on " } else { " on " }));
        said.push(Part::code(name(branch)));
    }
    let before = if said.is_empty() { "" } else { ", " };
    said.push(Part::plain(format!("{before}{}", wording::count(side.runs, "run"))));
    for input in side.inputs.iter().take(MOST_INPUTS) {
        said.extend([Part::plain(", "), Part::code(name(input))]);
    }
    if side.inputs.len() > MOST_INPUTS {
        let more = wording::count(side.inputs.len() - MOST_INPUTS, "more input");
        said.push(Part::plain(format!(" and {more}")));
    }
    said
}

/// The labels of both sides, those that differ first.
fn labels_of(report: &Report) -> Vec<Label> {
    let (before, now) = (&report.baseline.labels, &report.current.labels);
    let keys: BTreeSet<&Untrusted> = before.keys().chain(now.keys()).collect();
    let said = |value: Option<&Untrusted>| value.map_or_else(|| "not known".to_owned(), name);
    let mut labels: Vec<Label> = keys
        .into_iter()
        .map(|key| Label {
            name: name(key),
            baseline: said(before.get(key)),
            current: said(now.get(key)),
            differs: before.get(key) != now.get(key),
        })
        .collect();
    labels.sort_by_key(|label| !label.differs);
    labels
}

/// The limits that rows were judged by, and where they were set: `time: warn 5 %, fail 10 %, from perfgate.toml:12`.
fn rules(report: &Report) -> Vec<Vec<Part>> {
    let mut rules: Vec<Vec<Part>> = Vec::new();
    let mut seen = BTreeSet::new();
    for row in report.results.iter().filter(|row| row.gate && !row.limits.origin.is_empty()) {
        let mut said = Vec::new();
        for (word, limit) in [("warn", row.limits.warn), ("fail", row.limits.fail)] {
            let Some(limit) = limit else { continue };
            let separator = if said.is_empty() { "" } else { ", " };
            said.push(Part::plain(format!("{separator}{word} ")));
            let foreign = limit.kind != LimitKind::Relative && matches!(row.unit, Unit::Other(_));
            let text = whole_name(&wording::limit(limit, &row.unit, &TYPESET));
            said.push(if foreign { Part::code(text) } else { Part::plain(text) });
        }
        if said.is_empty() {
            continue;
        }
        let mut rule = vec![Part::plain(format!("{}: ", name(&row.metric.0)))];
        rule.append(&mut said);
        rule.extend([Part::plain(", from "), Part::code(name(&row.limits.origin))]);
        let key: String = rule.iter().map(|part| part.text.as_str()).collect();
        if seen.insert(key) {
            rules.push(rule);
        }
    }
    rules
}

/// The last line: what made it, of which commit, in which run.
pub(super) fn foot(reports: &[Report], links: &Links) -> Vec<Vec<Part>> {
    let first = reports.first();
    let mut foot: Vec<Vec<Part>> = Vec::new();
    foot.extend(first.map(|r| vec![Part::plain("perfgate "), Part::code(name(&r.perfgate.as_str().into()))]));
    let id = first.and_then(|report| report.current.commit.as_ref());
    if let Some(id) = id.filter(|id| reports.iter().all(|report| report.current.commit.as_ref() == Some(*id))) {
        foot.push(vec![Part::plain("commit "), Part::code(commit(id)).to(links.commit_page(id))]);
    }
    foot.extend(links.run().map(|run| vec![Part::plain("the run").to(Some(run.to_owned()))]));
    foot
}
