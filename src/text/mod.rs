//! Text that came from outside, and the one escaper of each place it can go to.
//!
//! Benchmark names, units, git refs, CPU names and file contents are written by whoever can open a pull request. They
//! are held as [`Untrusted`], which has no `Display`: a bare `{}` does not compile, so every use names the sink it goes
//! to. Each sink has exactly one escaper here: [`line`] for terminals and logs, [`markdown_code`] for Markdown,
//! [`workflow_data`] and [`workflow_property`] for GitHub workflow commands, [`csv_cell`] for spreadsheets and [`xml`]
//! for XML. JSON needs none, because its serializer escapes by itself.
//!
//! Not here: homoglyphs are not defended against, and the JSON report keeps the exact bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Zero-width space: breaks mentions and comment markers apart without a visible change.
const ZWSP: char = '\u{200b}';

/// Longest name a report shows, in characters; longer ones end in `…`.
pub const MAX_SHOWN: usize = 120;

/// Text from a file, an environment or a command line of somebody else. Cheap to clone; ordered and compared by bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Untrusted(Arc<str>);

impl Untrusted {
    /// Wraps text without changing it.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The exact text. Only for comparing, matching and serializing, or as the argument of an escaper.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Untrusted {
    fn default() -> Self {
        Self::new("")
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::borrow::Borrow<str> for Untrusted {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Whether a character is invisible, reorders text, or drives a terminal.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202F | 0x205F..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Replaces every unsafe character by a visible form such as `\n` or `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Cuts text to `max` characters, the last of which is then `…`.
pub fn truncate(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(max.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// One line for a terminal or a log: no control characters, and nothing the GitHub runner takes for a command.
///
/// The runner reads `::command::` at the start of a line and `##[command]` anywhere in it (actions/runner 258d6c8,
/// `ActionCommand.cs`).
pub fn line(text: &str) -> Cow<'_, str> {
    let mut shown = visible(text);
    if shown.contains("##[") {
        shown = Cow::Owned(shown.replace("##[", "##\\["));
    }
    if shown.trim_start().starts_with("::") {
        shown = Cow::Owned(format!("\\{}", shown.trim_start()));
    }
    shown
}

/// A benchmark name (or other short text) for a terminal or a log: [`line`], cut to [`MAX_SHOWN`], never blank.
pub fn shown(text: &Untrusted) -> String {
    if text.raw().trim().is_empty() {
        return "(blank)".to_owned();
    }
    truncate(&line(text.raw()), MAX_SHOWN).into_owned()
}

/// A GitHub Markdown code span: nothing inside it is a mention, a link, an image, HTML or a table border.
///
/// `in_table` also escapes `|`, which GitHub splits cells at before it looks at code spans.
pub fn markdown_code(text: &str, max: usize, in_table: bool) -> String {
    let mut t = truncate(&visible(text), max).into_owned();
    if t.trim().is_empty() {
        "(blank)".clone_into(&mut t);
    }
    t = t.replace("<!--", &format!("<!{ZWSP}--")).replace("-->", &format!("--{ZWSP}>"));
    let mut u = String::with_capacity(t.len() + 8);
    let mut rest = t.chars().peekable();
    while let Some(c) = rest.next() {
        u.push(c);
        if c == '@' && rest.peek().is_some_and(|n| n.is_ascii_alphanumeric() || matches!(n, '_' | '-')) {
            u.push(ZWSP);
        }
    }
    let (mut runs, mut run) = (BTreeSet::new(), 0_usize);
    for c in u.chars().chain(['\0']) {
        if c == '`' {
            run += 1;
        } else {
            runs.insert(std::mem::take(&mut run));
        }
    }
    let mut length = 1;
    while runs.contains(&length) {
        length += 1;
    }
    let fence = "`".repeat(length);
    if u.starts_with('`') || u.ends_with('`') || (u.starts_with(' ') && u.ends_with(' ')) {
        u = format!(" {u} ");
    }
    if in_table {
        u = u.replace('|', "\\|");
    }
    format!("{fence}{u}{fence}")
}

/// The message part of a GitHub workflow command: line breaks survive as `%0A`, other unsafe characters become visible.
pub fn workflow_data(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.replace("##[", "##\\[")
}

/// A property value of a GitHub workflow command (`file=…`, `title=…`).
pub fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A CSV cell that no spreadsheet runs as a formula. Quoting is left to the CSV writer.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    if shown.starts_with(['=', '+', '-', '@']) { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// Text that XML 1.0 can hold. Escaping of `<`, `&` and quotes is left to the XML writer.
pub fn xml(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    if shown.contains(['\u{fffe}', '\u{ffff}']) {
        return Cow::Owned(shown.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}"));
    }
    shown
}
