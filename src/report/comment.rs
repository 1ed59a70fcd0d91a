//! The comment on a pull request: one report, or several of a matrix under a common title.
//!
//! One report is laid out as [`markdown`] does, with links. Of several, each has a section of its own, the worst first,
//! named by its testbed, else by its inputs. GitHub refuses a comment over 65 536 characters, so every text keeps to a
//! number of bytes: each section may take its equal share, and what one does not need goes to those that do. What is
//! left out is counted, and nothing is cut inside a row. Several reports are as bad as the worst of them; a leg that
//! compared nothing is named in the title.
//!
//! Not here: the marker that finds the comment again, posting it, and whether it is wanted (`forge`, `cli`).

use super::labels::{have_own_testbeds, labels};
use super::markdown::{self, Section, Tally, code, mark, outcome};
use super::wording;
use crate::model::report::{GateVerdict, Report};
use crate::text;

pub use super::links::Links;

/// Characters that GitHub keeps of a commit status.
const STATUS_CHARACTERS: usize = 140;
/// Bytes below which a section is its heading alone.
const LEAST_BYTES: usize = 400;
/// Bytes that a line about left-out sections takes at most, with its link.
const REST_BYTES: usize = 700;

/// The whole comment without marker, its title first; at most `bytes` (of 4 KiB or more).
///
/// Without any report it says so; with several it has a section for each.
pub fn document(reports: &[Report], links: &Links, bytes: usize) -> String {
    match reports {
        [] => "### ⚪ perfgate: nothing compared\n\nThere is no report.\n".to_owned(),
        [report] => {
            let (head, foot) = (markdown::title(report), foot(reports, links));
            let section = Section::new(report, links).within(bytes.saturating_sub(head.len() + foot.len())).text;
            if section.len() + head.len() + foot.len() > bytes {
                return format!("{head}\nthe rest {}\n{foot}", markdown::where_else(links));
            }
            format!("{head}{section}{foot}")
        }
        several => matrix(several, links, bytes),
    }
}

/// What replaces a comment of regressions when there are none any more. Reports that are not clean are told as ever.
pub fn recovered(reports: &[Report], links: &Links, bytes: usize) -> String {
    if verdict(reports) != GateVerdict::Pass {
        return document(reports, links, bytes);
    }
    let tally = Tally::sum(reports);
    format!(
        "### 🟢 perfgate: recovered\n\n{}\n\nThe regressions that stood here are gone.\n{}",
        tally.line(&places(reports)),
        foot(reports, links)
    )
}

/// The outcome in one line of plain text without any name: at most 140 characters, for a commit status.
pub fn status(reports: &[Report]) -> String {
    let said = match reports {
        [] => "nothing compared".to_owned(),
        [report] if report.verdict == GateVerdict::None => outcome(report.verdict, &Tally::of(report)),
        [report] => wording::headline(report),
        several => {
            let tally = Tally::sum(several);
            let said = outcome(verdict(several), &tally);
            let compared = format!("{} in {} reports", wording::count(tally.compared(), "metric"), several.len());
            match idle(several) {
                0 => format!("{said}: {compared}"),
                idle if idle == several.len() => said,
                idle => format!("{said}: {compared}, nothing compared in {idle} of them"),
            }
        }
    };
    text::truncate(&said, STATUS_CHARACTERS).into_owned()
}

/// The worst verdict of those that compared something; `none` if nothing was compared at all.
pub fn verdict(reports: &[Report]) -> GateVerdict {
    GateVerdict::of_several(reports.iter().map(|report| report.verdict))
}

/// The outcome of several reports: `2 regressions, 1 warning`, with the legs that compared nothing.
fn common_outcome(reports: &[Report]) -> String {
    let verdict = verdict(reports);
    let said = outcome(verdict, &Tally::sum(reports));
    let idle = idle(reports);
    if idle == 0 || verdict == GateVerdict::None {
        return said;
    }
    format!("{said}, nothing compared in {idle} of {} reports", reports.len())
}

/// How many reports compared nothing.
fn idle(reports: &[Report]) -> usize {
    reports.iter().filter(|r| r.verdict == GateVerdict::None).count()
}

/// On what the metrics of several reports were measured.
fn places(reports: &[Report]) -> String {
    match reports {
        [report] => report.testbed.as_ref().map_or_else(String::new, |name| format!(" on {}", code(name, false))),
        several if have_own_testbeds(several) => {
            format!(" on {} testbeds", several.len())
        }
        several => format!(" in {} reports", several.len()),
    }
}

/// The comment of several reports.
fn matrix(reports: &[Report], links: &Links, bytes: usize) -> String {
    let head = format!(
        "### {} perfgate: {}\n\n{}\n",
        mark(verdict(reports)),
        common_outcome(reports),
        Tally::sum(reports).line(&places(reports))
    );
    let foot = foot(reports, links);
    let mut legs: Vec<Leg<'_>> = reports
        .iter()
        .zip(labels(reports, &|name| code(name, false)))
        .map(|(report, label)| Leg::new(report, &label, links))
        .collect();
    // What failed, then what compared nothing, then warnings; the order of the caller within each.
    legs.sort_by_key(|leg| match leg.report.verdict {
        GateVerdict::Fail => 0,
        GateVerdict::None => 1,
        GateVerdict::Warn => 2,
        GateVerdict::Pass => 3,
    });
    let room = bytes.saturating_sub(head.len() + foot.len());
    fit(&mut legs, room);
    let mut out = head;
    let end = bytes.saturating_sub(foot.len());
    for (i, leg) in legs.iter().enumerate() {
        let is_last = i + 1 == legs.len();
        if out.len() + leg.text.len() + if is_last { 0 } else { REST_BYTES } > end {
            let rest = wording::count(legs.len() - i, "report");
            let more = if i == 0 { "" } else { "and " };
            let line = format!("\n{more}{rest} {}\n", markdown::where_else(links));
            if out.len() + line.len() <= end {
                out.push_str(&line);
            }
            break;
        }
        out.push_str(&leg.text);
    }
    out.push_str(&foot);
    out
}

/// One report among several.
struct Leg<'a> {
    report: &'a Report,
    heading: String,
    links: &'a Links,
    section: Section<'a>,
    text: String,
}

impl<'a> Leg<'a> {
    fn new(report: &'a Report, label: &str, links: &'a Links) -> Self {
        let tally = Tally::of(report);
        let said = outcome(report.verdict, &tally);
        let heading = format!("\n#### {} {label}: {said}\n\n{}\n", mark(report.verdict), tally.line(""));
        Self { report, heading, links, section: Section::new(report, links), text: String::new() }
    }

    /// Fits the leg into so many bytes, down to its heading alone; returns whether it is whole.
    fn fit(&mut self, bytes: usize) -> bool {
        let room = bytes.saturating_sub(self.heading.len());
        self.text = self.heading.clone();
        let fitted =
            (room >= LEAST_BYTES).then(|| self.section.within(room)).filter(|fitted| fitted.text.len() <= room);
        if let Some(fitted) = fitted {
            self.text.push_str(&fitted.text);
            return fitted.is_whole;
        }
        self.text.push_str(&format!("\nthe rest {}\n", markdown::where_else(self.links)));
        false
    }
}

/// Gives every leg an equal share, and what the short ones leave to the others.
fn fit(legs: &mut [Leg<'_>], bytes: usize) {
    let bytes = bytes.saturating_sub(REST_BYTES);
    let share = bytes / legs.len().max(1);
    let whole: Vec<bool> = legs.iter_mut().map(|leg| leg.fit(share)).collect();
    let cut = whole.iter().filter(|whole| !**whole).count();
    let taken: usize = legs.iter().zip(&whole).filter(|(_, whole)| **whole).map(|(leg, _)| leg.text.len()).sum();
    let larger = bytes.saturating_sub(taken) / cut.max(1);
    if larger > share {
        for (leg, _) in legs.iter_mut().zip(whole).filter(|(_, whole)| !whole) {
            leg.fit(larger);
        }
    }
}

/// The last line: what made it, of which commit, in which run.
fn foot(reports: &[Report], links: &Links) -> String {
    let mut parts = Vec::new();
    let first = reports.first();
    parts.extend(first.map(|r| format!("perfgate {}", text::markdown_code(&r.perfgate, 40, false))));
    let commit = first.and_then(|r| r.current.commit.as_ref());
    if let Some(commit) = commit.filter(|commit| reports.iter().all(|r| r.current.commit.as_ref() == Some(*commit))) {
        parts.push(format!("commit {}", links.commit(commit)));
    }
    parts.extend(links.run().map(|run| format!("[run]({run})")));
    format!("\n<sub>{}</sub>\n", parts.join(" · "))
}
