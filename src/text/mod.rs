//! Text that came from outside, and the one escaper of each place it can go to.
//!
//! Benchmark names, units, git refs, CPU names and file contents are written by whoever can open a pull request. They
//! are held as [`Untrusted`], which has no `Display`: a bare `{}` does not compile, so every use names the sink it goes
//! to. Each sink has exactly one escaper here: [`line()`] for terminals and logs, [`markdown_code`] and [`markdown_text`]
//! for Markdown, [`workflow_data`] and [`workflow_property`] for GitHub workflow commands, [`fn@slack`] and [`slack_code`] for
//! Slack, [`csv_cell`] for spreadsheets, [`xml`] for XML and [`html`] for HTML. JSON needs none, because its serializer
//! escapes by itself.
//!
//! A *name* is made visible once, by [`visible`] (which [`shown`] and [`markdown_code`] call): two different names never
//! look alike, because a backslash that could be read as the start of an escape is doubled, and because a name that is
//! cut ends in a hash of the whole. A *sentence* has its names made visible already, so the escapers of whole lines
//! ([`line()`], [`markdown_text`], [`csv_cell`], [`xml`], [`html`]) leave backslashes alone and may be applied twice.
//!
//! Not here: homoglyphs are not defended against, and the JSON report keeps the exact bytes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Zero-width space: breaks mentions and comment markers apart without a visible change.
const ZWSP: char = '\u{200b}';

/// Longest name a report shows, in characters; longer ones end in `…` and a hash.
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
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202F | 0x205F..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Appends the visible form of an unsafe character: `\n`, `\t`, `\r`, `\u{202e}`.
fn push_spelled(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// Replaces every unsafe character by its visible form and leaves the rest alone. Applying it twice changes nothing.
fn spelled(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) { push_spelled(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A name with every unsafe character in a visible form such as `\n` or `\u{202e}`. Different names stay different.
///
/// A literal backslash is doubled only where it would otherwise read as the start of such a form: before `n`, `r`, `t`,
/// `u`, another backslash or an unsafe character. So `a\d+` stays as it is, and `a\nb` (four characters) becomes
/// `a\\nb`, which a line break never does.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\\' || is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let ambiguous = |next: &char| matches!(next, 'n' | 'r' | 't' | 'u' | '\\') || is_unsafe(*next);
        match c {
            '\\' if rest.peek().is_some_and(ambiguous) => out.push_str("\\\\"),
            c if is_unsafe(c) => push_spelled(&mut out, c),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a text can be the id of a commit, or its beginning: 7 to 64 hexadecimal digits.
pub fn is_commit_id(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Twenty-four bits of a text as six hexadecimal digits (FNV-1a, 32 bits, folded).
pub fn short_hash(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{:06x}", (hash >> 24) ^ (hash & 0x00ff_ffff))
}

/// Cuts text to `max` characters. What is cut ends in `…` and the [`short_hash`] of the whole, so that long texts that
/// begin alike stay apart; below 12 characters there is no room for the hash.
pub fn truncate(text: &str, max: usize) -> Cow<'_, str> {
    if text.char_indices().nth(max).is_none() {
        return Cow::Borrowed(text);
    }
    let hash = if max < 12 { String::new() } else { short_hash(text) };
    let keep = max.saturating_sub(hash.len() + 1);
    Cow::Owned(text.chars().take(keep).chain(['…']).chain(hash.chars()).collect())
}

/// Takes `##[command]` from text, which the GitHub runner reads anywhere in a line of a log (actions/runner 258d6c8,
/// `ActionCommand.cs`).
fn without_old_commands(shown: Cow<'_, str>) -> Cow<'_, str> {
    if shown.contains("##[") { Cow::Owned(shown.replace("##[", "##\\[")) } else { shown }
}

/// Takes from a line what the GitHub runner would read as a command: `##[command]`, and `::command::` at its start.
fn without_commands(shown: Cow<'_, str>) -> Cow<'_, str> {
    let mut shown = without_old_commands(shown);
    if shown.trim_start().starts_with("::") {
        shown = Cow::Owned(format!("\\{}", shown.trim_start()));
    }
    shown
}

/// One line for a terminal or a log: no control characters, and nothing the GitHub runner takes for a command.
pub fn line(text: &str) -> Cow<'_, str> {
    without_commands(spelled(text))
}

/// A benchmark name (or other short text) for a terminal or a log: safe as [`line()`], cut to [`MAX_SHOWN`], never blank.
pub fn shown(text: &Untrusted) -> String {
    if text.raw().trim().is_empty() {
        return "(blank)".to_owned();
    }
    truncate(&without_commands(visible(text.raw())), MAX_SHOWN).into_owned()
}

/// A GitHub Markdown code span: nothing inside it is a mention, a link, an image, HTML or a table border.
///
/// `in_table` also escapes `|`, which GitHub splits cells at before it looks at code spans.
pub fn markdown_code(text: &str, max: usize, in_table: bool) -> String {
    code_span(&truncate(&visible(text), max), in_table)
}

/// A code span of text without unsafe characters.
fn code_span(text: &str, in_table: bool) -> String {
    let mut t = text.to_owned();
    if t.trim().is_empty() {
        "(blank)".clone_into(&mut t);
    }
    t = t.replace("<!--", &format!("<!{ZWSP}--")).replace("-->", &format!("--{ZWSP}>"));
    // A document that is printed to a log is read by the runner as well.
    t = t.replace("##[", &format!("##{ZWSP}["));
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

/// A sentence for Markdown: its plain words as they are, everything else in code spans. At most `max` characters.
///
/// What stands between backticks becomes a code span, and so does every word that is not plainly a word or a number, so
/// that names within the sentence cannot mention, link or format. For one paragraph or list item, not for a table cell.
pub fn markdown_text(text: &str, max: usize) -> String {
    let text = spelled(text);
    let text = truncate(&text, max);
    // Pieces of the sentence: whether a space stands before, what it is, its text.
    let mut pieces: Vec<(bool, Piece, String)> = Vec::new();
    let mut space = false;
    for (i, part) in text.split('`').enumerate() {
        let after_code =
            |pieces: &[(bool, Piece, String)]| pieces.last().is_some_and(|(_, kind, _)| *kind != Piece::Plain);
        if i % 2 == 1 {
            if !part.is_empty() {
                pieces.push((space || after_code(&pieces), Piece::Quoted, part.to_owned()));
                space = false;
            }
            continue;
        }
        for (j, word) in part.split(' ').enumerate() {
            space |= j > 0;
            let kind = if is_plain_word(word, pieces.is_empty()) { Piece::Plain } else { Piece::Odd };
            match pieces.last_mut() {
                _ if word.is_empty() => continue,
                Some((_, Piece::Odd, odd)) if kind == Piece::Odd && j > 0 => {
                    odd.push(' ');
                    odd.push_str(word);
                }
                _ => {
                    // The fences of two spans must not join.
                    let apart = space || (kind == Piece::Odd && after_code(&pieces));
                    pieces.push((apart, kind, word.to_owned()));
                }
            }
            space = false;
        }
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (space, kind, piece) in pieces {
        if space && !out.is_empty() {
            out.push(' ');
        }
        if kind == Piece::Plain { out.push_str(&piece) } else { out.push_str(&code_span(&piece, false)) }
    }
    if out.is_empty() { code_span("", false) } else { out }
}

/// What a part of a sentence is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A word that can stand as it is.
    Plain,
    /// What stood between backticks.
    Quoted,
    /// A word, or several, that would mean something to GitHub.
    Odd,
}

/// Whether GitHub shows a word of a sentence as it is: no markup, mention, link, reference, commit id or emoji code.
fn is_plain_word(word: &str, first: bool) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || ".,;:()'\"%/-+=…–−·→±≤≥×\u{a0}".contains(c);
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = core.to_ascii_lowercase();
    let is_commit =
        core.len() >= 7 && core.bytes().all(|b| b.is_ascii_hexdigit()) && core.bytes().any(|b| b.is_ascii_digit());
    // `1.` and `-` at the start of a line make lists, a line of `=` or `-` a heading.
    let opens = |c: char| c.is_alphanumeric() || matches!(c, '(' | '"' | '\'');
    let is_number = core.bytes().all(|b| b.is_ascii_digit());
    let is_marker = first && (!word.starts_with(opens) || is_number && word.ends_with(['.', ')']));
    let is_code = word.trim_end_matches(':').contains(':') || (word.ends_with(':') && core.is_empty());
    let is_reference = word.to_ascii_lowercase().contains("www") || lower.starts_with("gh-") || is_commit;
    word.chars().all(allowed) && !is_code && !is_reference && !is_marker
}

/// The message part of a GitHub workflow command: line breaks survive as `%0A`, other unsafe characters become visible.
pub fn workflow_data(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c if is_unsafe(c) => push_spelled(&mut out, c),
            c => out.push(c),
        }
    }
    out.replace("##[", "##\\[")
}

/// A property value of a GitHub workflow command (`file=…`, `title=…`).
pub fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text for a Slack message: nothing in it is a mention, a link or formatting. Give names to [`slack_code`].
pub fn slack(text: &str) -> String {
    let text = without_commands(spelled(text)).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Slack has no escape for these; what looks like them does not format.
    text.replace('*', "\u{2217}").replace('_', "\u{ff3f}").replace('~', "\u{223c}").replace('`', "\u{2019}")
}

/// A name for a Slack message, in a code span; at most `max` characters of it. What Slack would read inside is replaced.
pub fn slack_code(text: &str, max: usize) -> String {
    let shown = visible(text);
    let shown = if shown.trim().is_empty() { Cow::Borrowed("(blank)") } else { truncate(&shown, max) };
    let shown = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "\u{2019}");
    format!("`{}`", without_old_commands(Cow::Owned(shown)))
}

/// A CSV cell that no spreadsheet runs as a formula and no log's reader as a command. Quoting is left to the CSV writer; names go through [`visible`]
/// first.
///
/// An apostrophe is put before text that begins like a formula, also in the full-width forms that East Asian
/// spreadsheets take, and before text that begins like the result of that.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let shown = without_old_commands(spelled(text));
    let formula = shown.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if formula { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// Text that XML 1.0 can hold. Escaping of `<`, `&` and quotes is left to the XML writer; names go through [`visible`]
/// first.
pub fn xml(text: &str) -> Cow<'_, str> {
    let shown = without_old_commands(spelled(text));
    if shown.contains(['\u{fffe}', '\u{ffff}']) {
        return Cow::Owned(shown.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}"));
    }
    shown
}

/// Text for an HTML page. Escaping of `<`, `&` and quotes is left to the template engine, and to the browser's own text
/// nodes; names go through [`visible`] first.
pub fn html(text: &str) -> Cow<'_, str> {
    // A page that is printed to a log is read by the runner as well.
    without_old_commands(spelled(text))
}

/// Cuts out what stands between `://` and `@` in every address of a text.
pub fn without_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"')).unwrap_or(after.len());
        let authority = after.get(..end).unwrap_or("");
        rest = authority.rfind('@').and_then(|at| after.get(at + 1..)).unwrap_or(after);
    }
    out.push_str(rest);
    out
}
