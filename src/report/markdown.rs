//! GitHub-flavoured Markdown, for a pull request comment or a job summary.
//!
//! A heading with the verdict, a line of counts, the table of what needs attention, and the rest folded into details.
//! GitHub refuses a comment over 65 536 characters and drops a summary over 1 MiB, so [`within`] takes a budget in bytes
//! and leaves rows out, least important first, always saying how many. Nothing is ever cut inside a row.
//!
//! The same `Section` with addresses known and beside others is what a comment is made of (`comment`).
//!
//! Not here: the comment's marker (`forge`).

mod parts;

use super::links::Links;
use super::wording::Names;
use super::{Output, Style};
use crate::model::report::{Report, Verdict};
use crate::text;

use parts::Sorted;
pub(super) use parts::{Counted, Tally, code, mark, outcome, reproduction, where_else};

/// The output's entry.
pub(super) static OUTPUT: Output =
    Output { name: "markdown", title: "GitHub Markdown, for comments and job summaries", render };

/// Bytes of a comment: GitHub's limit is 65 536 characters, and `github` adds marker and links.
pub const COMMENT_BYTES: usize = 60_000;
/// Bytes of a job summary: GitHub drops what is over 1 MiB.
pub const SUMMARY_BYTES: usize = 1_000_000;

fn render(report: &Report, _: &Style) -> String {
    within(report, COMMENT_BYTES)
}

/// Most rows of each part of the document.
#[derive(Clone, Copy)]
struct Caps {
    fail: usize,
    warn: usize,
    improved: usize,
    appeared: usize,
    doubtful: usize,
    further: usize,
}

/// Caps from none to all; each step drops what matters least of what is left.
const CAPS: &[Caps] = &{
    const ALL: Caps = Caps {
        fail: usize::MAX,
        warn: usize::MAX,
        improved: usize::MAX,
        appeared: usize::MAX,
        doubtful: usize::MAX,
        further: 20,
    };
    const FEW: Caps = Caps { fail: 100, warn: 50, improved: 0, appeared: 0, doubtful: 0, further: 10 };
    [
        ALL,
        Caps { improved: 20, ..ALL },
        Caps { improved: 0, ..ALL },
        Caps { improved: 0, appeared: 20, ..ALL },
        Caps { improved: 0, appeared: 0, ..ALL },
        Caps { improved: 0, appeared: 0, doubtful: 20, ..ALL },
        Caps { improved: 0, appeared: 0, doubtful: 0, ..ALL },
        Caps { fail: usize::MAX, ..FEW },
        FEW,
        Caps { fail: 50, warn: 20, further: 5, ..FEW },
        Caps { fail: 25, warn: 5, further: 3, ..FEW },
        Caps { fail: 10, warn: 0, further: 1, ..FEW },
        Caps { fail: 3, warn: 0, further: 0, ..FEW },
        Caps { fail: 0, warn: 0, further: 0, ..FEW },
    ]
};

/// Renders a report in at most this many bytes (of a budget of 4 KiB or more).
pub fn within(report: &Report, bytes: usize) -> String {
    let links = Links::default();
    let foot = format!("\n<sub>perfgate {}</sub>\n", text::markdown_code(&report.perfgate, 40, false));
    let head = title(report);
    let room = bytes.saturating_sub(head.len() + foot.len());
    format!("{head}{}{foot}", Section::new(report, &links).within(room).text)
}

/// The first lines of the document of one report: the outcome as a heading, and the counts.
pub(super) fn title(report: &Report) -> String {
    let tally = Tally::of(report);
    let place = report.testbed.as_ref().map_or_else(String::new, |name| format!(" on {}", code(name, false)));
    let outcome = outcome(report.verdict, &tally);
    format!("### {} perfgate: {outcome}\n\n{}\n", mark(report.verdict), tally.line(&place))
}

/// What stands below the counts of one report.
pub(super) struct Section<'a> {
    report: &'a Report,
    links: &'a Links,
    // What does not depend on the room there is, so that it is worked out once.
    names: Names<'a>,
    rows: Sorted<'a>,
    rules: Vec<String>,
}

/// A text that was fitted into a number of bytes.
pub(super) struct Fitted {
    pub(super) text: String,
    /// Whether nothing was left out.
    pub(super) is_whole: bool,
}

impl<'a> Section<'a> {
    pub(super) fn new(report: &'a Report, links: &'a Links) -> Self {
        Self { report, links, names: Names::new(report), rows: Sorted::new(report), rules: parts::rules(report) }
    }

    /// As much as fits. Below some 3 KiB the least there is to say may be longer than that.
    pub(super) fn within(&self, bytes: usize) -> Fitted {
        let mut fitted = Fitted { text: String::new(), is_whole: false };
        for (i, caps) in CAPS.iter().enumerate() {
            if i + 1 < CAPS.len() && self.least_bytes(caps) > bytes {
                continue;
            }
            fitted = Fitted { text: self.with(caps), is_whole: i == 0 };
            if fitted.text.len() <= bytes {
                break;
            }
        }
        fitted
    }

    /// Bytes that the rows take at least, so that documents of many times the room are not even tried.
    fn least_bytes(&self, caps: &Caps) -> usize {
        // The shortest row of all: borders, a name and its fences, a word.
        const ROW: usize = 24;
        let most = |verdict| match verdict {
            Verdict::Fail | Verdict::Invalid => caps.fail,
            Verdict::Warn => caps.warn,
            Verdict::Inconclusive | Verdict::Accepted => caps.doubtful,
            Verdict::Improved => caps.improved,
            Verdict::New | Verdict::Missing => caps.appeared,
            Verdict::Pass => 0,
        };
        ROW * Verdict::ALL.into_iter().map(|verdict| self.rows.of(verdict).len().min(most(verdict))).sum::<usize>()
    }

    fn with(&self, caps: &Caps) -> String {
        let Self { report, links, names, rows, rules } = self;
        let mut out = String::new();
        parts::alert(report, &mut out);
        parts::attention(rows, names, links, caps, &mut out);
        parts::details(report, rows, names, links, caps, &mut out);
        parts::measured(report, rules, links, caps, &mut out);
        out
    }
}
