//! Messages about what went wrong, or what the user should know, as data.
//!
//! A [`Diagnostic`] is one headline, where it is, what was assumed, and what to type. Parsers, the configuration and
//! the verdicts push them into [`Diagnostics`] and go on; only the command line decides what ends a command. How they
//! look is the business of [`render`]: for a terminal, as GitHub annotations, or as JSON lines.
//!
//! Headlines are lowercase and end without a period. Text from outside is put into them with
//! [`crate::text::shown`]; the renderers escape every line once more.
//!
//! Not here: exit codes (`cli`), and the notes of a report, which are made from these.

mod code;
pub mod render;

pub use code::Code;

use crate::text::Untrusted;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something was left out or assumed that may change the answer.
    Warning,
    /// The input or the call is wrong.
    Error,
}

impl Severity {
    /// The word shown to people: `note`, `warning`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in an input. Every part but the file is optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file as the user named it, or `<stdin>`.
    pub file: Untrusted,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column in characters, from 1.
    pub column: Option<u64>,
    /// Path inside the document, such as `benchmarks[3].stats.mean` or `[gate] warn`.
    pub path: Option<Untrusted>,
    /// The line of the file that is meant, and the character range in it to underline.
    pub excerpt: Option<Excerpt>,
}

/// A line of an input, shown under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line's text, without its line break.
    pub text: Untrusted,
    /// First character to underline, from 0.
    pub start: usize,
    /// One past the last character to underline.
    pub end: usize,
}

impl Location {
    /// A whole file.
    pub fn file(file: impl Into<Untrusted>) -> Self {
        Self { file: file.into(), line: None, column: None, path: None, excerpt: None }
    }

    /// A line of a file, from 1.
    pub fn line(file: impl Into<Untrusted>, line: u64) -> Self {
        Self { line: Some(line), ..Self::file(file) }
    }

    /// A place in the text of a file, from its byte offset: line, column and excerpt are worked out here.
    ///
    /// Offsets past the end point at the end. The underlined range is `length` bytes long, cut at the line's end.
    pub fn span(file: impl Into<Untrusted>, text: &str, offset: usize, length: usize) -> Self {
        let mut at = offset.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (before, after) = text.split_at(at);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let in_line = before.get(line_start..).unwrap_or("");
        let rest = after.split(['\n', '\r']).next().unwrap_or("");
        let column = in_line.chars().count();
        let mut end = length.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let width = rest.get(..end).unwrap_or("").chars().count().max(1);
        let mut excerpt = Excerpt { text: format!("{in_line}{rest}").into(), start: column, end: column + width };
        // A minified document is one long line: show the surroundings only.
        if excerpt.text.raw().chars().count() > 4 * AROUND {
            let skip = column.saturating_sub(AROUND);
            let shown: String = excerpt.text.raw().chars().skip(skip).take(3 * AROUND).collect();
            let start = column - skip;
            let end = (start + width).min(shown.chars().count()).max(start + 1);
            excerpt = Excerpt { text: shown.into(), start, end };
        }
        Self {
            line: Some(before.bytes().filter(|b| *b == b'\n').count() as u64 + 1),
            column: Some(column as u64 + 1),
            excerpt: Some(excerpt),
            ..Self::file(file)
        }
    }

    /// Adds the path inside the document.
    #[must_use]
    pub fn at(mut self, path: impl Into<Untrusted>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// How much of a long line is shown on each side of the place that is meant.
const AROUND: usize = 60;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name of this kind of message; `perfgate explain CODE` tells more.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Headline: lowercase, no final period.
    pub message: String,
    /// Where it is.
    pub location: Option<Location>,
    /// What was assumed or left out.
    pub notes: Vec<String>,
    /// What to do, as something to type where possible.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A message with the severity that its code has by default.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            location: None,
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds what was assumed.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

/// Most messages of one code that are kept for one input; more are counted.
const MOST_PER_CODE: usize = 20;

/// A list of messages that stays short: of each code, the first 20 per file and then a count.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    dropped: std::collections::BTreeMap<(Code, Option<Untrusted>), (usize, usize)>,
}

impl Diagnostics {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let file = diagnostic.location.as_ref().map(|l| l.file.clone());
        let count = self.dropped.entry((diagnostic.code, file)).or_default();
        if count.0 < MOST_PER_CODE {
            count.0 += 1;
            self.list.push(diagnostic);
        } else {
            count.1 += 1;
        }
    }

    /// Adds every message of another list.
    pub fn append(&mut self, other: Self) {
        for diagnostic in other.list {
            self.push(diagnostic);
        }
        for (key, (_, dropped)) in other.dropped {
            self.dropped.entry(key).or_default().1 += dropped;
        }
    }

    /// Whether any message is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The messages in the order they came, then one note for each kind that was cut short. A note that says the same of
    /// several files is given once, with their number.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        let mut list: Vec<Diagnostic> = Vec::new();
        let mut said = std::collections::BTreeMap::new();
        for diagnostic in self.list {
            let of_a_file = diagnostic.location.as_ref().is_some_and(|at| at.line.is_none() && at.path.is_none());
            if diagnostic.severity == Severity::Note && of_a_file {
                let Diagnostic { code, message, notes, help, .. } = &diagnostic;
                let words = (*code, message.clone(), notes.clone(), help.clone());
                let file = diagnostic.location.as_ref().map(|at| at.file.clone());
                let (first, files) =
                    said.entry(words).or_insert_with(|| (list.len(), std::collections::BTreeSet::new()));
                files.insert(file);
                if *first < list.len() {
                    continue;
                }
            }
            list.push(diagnostic);
        }
        for (first, files) in said.into_values().filter(|(_, files)| files.len() > 1) {
            if let Some(diagnostic) = list.get_mut(first) {
                let more = files.len() - 1;
                let plural = if more > 1 { "s" } else { "" };
                diagnostic.notes.push(format!("the same in {more} more file{plural}"));
            }
        }
        for ((code, file), (_, dropped)) in self.dropped {
            if dropped > 0 {
                let mut more = Diagnostic::new(code, format!("and {dropped} more of the same"));
                more.severity = Severity::Note;
                more.location = file.map(Location::file);
                list.push(more);
            }
        }
        list
    }

    /// The messages kept so far, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_about_many_files_is_given_once() {
        let mut diagnostics = Diagnostics::new();
        for file in ["a", "b", "c"] {
            let place = Location::file(file);
            diagnostics.push(Diagnostic::new(Code::ReadByName, "read by name").at(place.clone()).help("explain"));
            diagnostics.push(Diagnostic::new(Code::BenchmarkFailed, "failed").at(place));
        }
        diagnostics.push(Diagnostic::new(Code::ReadByName, "read otherwise").at(Location::file("d")));
        let told = diagnostics.into_vec();
        let said: Vec<(&str, usize)> = told.iter().map(|d| (d.message.as_str(), d.notes.len())).collect();
        assert_eq!(said, [("read by name", 1), ("failed", 0), ("failed", 0), ("failed", 0), ("read otherwise", 0)]);
        assert_eq!(told[0].notes, ["the same in 2 more files"]);
    }
}
