//! GitHub workflow commands: annotations on the run, and one plain line with the verdict.
//!
//! GitHub keeps ten annotations of a kind per step and cuts a message at 4096 characters (actions/runner 258d6c8), so at
//! most ten of each are written, worst first, and the last says how many more there are.
//!
//! Not here: the comment and the job summary (`markdown`).

use super::comment;
use super::labels::labels;
use super::wording::{self, Names, PLAIN};
use super::{Output, Style};
use crate::diag::Severity;
use crate::model::report::{GateVerdict, Report, Verdict};
use crate::text;

/// The output's entry.
pub(super) static OUTPUT: Output = Output { name: "github", title: "annotations of a GitHub workflow run", render };

/// Annotations of one kind that GitHub keeps per step.
const MOST: usize = 10;
/// Characters of a message, well under GitHub's 4096.
const MOST_CHARACTERS: usize = 2000;

/// An annotation: title and message, both still unescaped for the command.
type Annotation = (String, String);

fn render(report: &Report, _: &Style) -> String {
    let word = wording::gate_word(report.verdict);
    let [errors, warnings, notices] = annotations(report);
    write([&errors, &warnings, &notices], &format!("{word}: {}", wording::headline(report)))
}

/// The annotations of all reports, each with what its report is called, and one line with the common verdict.
pub(super) fn all(reports: &[Report]) -> String {
    if let [report] = reports {
        return render(report, &Style::default());
    }
    let mut lists = [const { Vec::new() }; 3];
    for (report, label) in reports.iter().zip(labels(reports, &text::shown)) {
        for (list, found) in lists.iter_mut().zip(annotations(report)) {
            list.extend(found.into_iter().map(|(title, message)| (format!("{label}: {title}"), message)));
        }
    }
    let [errors, warnings, notices] = &lists;
    let word = wording::gate_word(comment::verdict(reports));
    write([errors, warnings, notices], &format!("{word}: {}", comment::status(reports)))
}

/// What is worth an annotation: errors, warnings, notices, each worst first.
fn annotations(report: &Report) -> [Vec<Annotation>; 3] {
    let names = Names::new(report);
    let rows = report.worst_first();
    let of = |verdicts: &[Verdict]| -> Vec<Annotation> {
        let found = verdicts.iter().flat_map(|verdict| wording::section(&rows, *verdict));
        found.map(|entry| annotation(&entry, &names)).collect()
    };
    let notes = |wanted: &[Severity]| -> Vec<Annotation> {
        let found = report.notes.iter().filter(|n| wanted.contains(&n.severity));
        found.map(|n| (n.code.clone(), n.message.clone())).collect()
    };
    let shifts = |verdict: Verdict| -> Vec<Annotation> {
        let found = report.shifts.iter().filter(|s| s.verdict == verdict);
        found
            .map(|s| {
                let said = wording::shift(s, &text::shown(&s.suite), &text::shown(&s.metric.0), &PLAIN);
                ("a suite moved as a whole".to_owned(), said)
            })
            .collect()
    };
    let nothing =
        (report.verdict == GateVerdict::None).then(|| ("nothing compared".to_owned(), wording::headline(report)));
    let errors = [
        nothing.into_iter().collect(),
        shifts(Verdict::Fail),
        of(&[Verdict::Fail, Verdict::Invalid]),
        notes(&[Severity::Error]),
    ];
    let warnings = [shifts(Verdict::Warn), of(&[Verdict::Warn]), notes(&[Severity::Warning]), of(&[Verdict::Missing])];
    let notices = [of(&[Verdict::Accepted]), notes(&[Severity::Note]), of(&[Verdict::Inconclusive, Verdict::Improved])];
    [errors.concat(), warnings.concat(), notices.concat()]
}

fn write(lists: [&[Annotation]; 3], verdict: &str) -> String {
    let mut out = String::new();
    for (kind, list) in ["error", "warning", "notice"].into_iter().zip(lists) {
        let more = list.len().saturating_sub(MOST);
        for (i, (title, message)) in list.iter().take(MOST).enumerate() {
            let mut message = text::truncate(message, MOST_CHARACTERS).into_owned();
            if more > 0 && i + 1 == MOST {
                message.push_str(&format!("\nand {more} more; the full report lists them"));
            }
            let (title, message) = (text::workflow_property(title), text::workflow_data(&message));
            out.push_str(&format!("::{kind} title=perfgate%3A {title}::{message}\n"));
        }
    }
    out.push_str(&format!("perfgate: {verdict}\n"));
    out
}

fn annotation(entry: &wording::Entry, names: &Names) -> Annotation {
    let row = entry.row;
    let metrics = match entry.metrics().as_slice() {
        [one] => text::shown(one),
        all => wording::count(all.len(), "metric"),
    };
    let title = format!("{} {}: {metrics}", row.verdict.as_str(), text::shown(&names.of(row)));
    let mut lines = Vec::new();
    match row.verdict {
        Verdict::Missing => lines.push("in the baseline, not in the current run".to_owned()),
        Verdict::New => lines.push("no baseline yet".to_owned()),
        _ => lines.push(wording::numbers(row)),
    }
    lines.extend(wording::explanations(row).iter().cloned());
    lines.retain(|line| !line.is_empty());
    (title, lines.join("\n"))
}
