//! Reading JSON documents so that every error says where it is: line, column and path.
//!
//! The fast path is one typed pass of `serde_json`. Only when it fails is the document looked at again: Python writes bare
//! `NaN`, `Infinity` and `-Infinity`, which are not JSON, and numbers such as `1e999` fit no `f64`. Such tokens are
//! replaced by strings of the same length, which [`Number`] and [`Samples`] read as what they are, so that one bad number
//! costs one row and not the file. Python also writes halves of surrogate pairs, which are no characters and become U+FFFD.
//! What still fails is read a third time with its path tracked, for the message.
//!
//! Keys that stand twice in one object are errors, because one of the two values would be lost: serde's derive reports them
//! for structs, and [`Entries`] for maps.
//!
//! Not here: what any document means.

mod node;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

pub(super) use node::Node;

use super::Document;
use crate::diag::{Code, Diagnostic, Location};
use crate::text::{self, Untrusted};

/// Reads the one JSON value of a document. `scratch` holds the document's text where it had to be changed to be JSON.
///
/// # Errors
/// A located message. `written_by` is the command that writes such a file, for its help line.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    document: &'a Document<'_>,
    scratch: &'a mut String,
    written_by: &str,
) -> Result<T, Diagnostic> {
    let error = match serde_json::from_str(document.text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let Some(changed) = standard(document.text) else {
        return Err(explain::<T>(document, document.text, 0, &error, written_by));
    };
    *scratch = changed;
    serde_json::from_str(scratch).map_err(|error| explain::<T>(document, scratch, 0, &error, written_by))
}

/// Reads a document of several JSON values, one after the other: one a line, or each over several lines.
///
/// # Errors
/// A located message for the first value that cannot be read.
pub(super) fn parse_all<'a, T: Deserialize<'a>>(
    document: &'a Document<'_>,
    written_by: &str,
) -> Result<Vec<T>, Diagnostic> {
    let mut values = serde_json::Deserializer::from_str(document.text).into_iter::<T>();
    let mut all = Vec::new();
    loop {
        let start = values.byte_offset();
        match values.next() {
            None => return Ok(all),
            Some(Ok(value)) => all.push(value),
            Some(Err(error)) => {
                return Err(explain::<T>(document, document.text, start, &error, written_by));
            }
        }
    }
}

/// The message for the value at byte `start` that is not what it should be.
fn explain<'a, T: Deserialize<'a>>(
    document: &Document<'_>,
    text: &'a str,
    start: usize,
    error: &serde_json::Error,
    written_by: &str,
) -> Diagnostic {
    let offset = byte_offset(text, error.line(), error.column());
    let again = format!("write the file again with `{written_by}`");
    let said = said(error);
    let said = said.as_str();
    match error.classify() {
        Category::Eof => Diagnostic::new(Code::InvalidJson, "the file is cut short: it ends in the middle of its JSON")
            .at(document.span(text.trim_end().len().saturating_sub(1), 1))
            .help("look whether the command that wrote it was killed, or the disk was full"),
        Category::Io | Category::Syntax if said.contains("recursion limit") => {
            Diagnostic::new(Code::NestedTooDeep, "the JSON is nested more than 127 levels deep")
                .at(document.span(offset, 1))
                .help(again)
        }
        // Two results in one file, or output of another program: writing it again the same way would not help.
        Category::Io | Category::Syntax if said == "trailing characters" => {
            Diagnostic::new(Code::MalformedDocument, "something stands behind the JSON document")
                .at(document.span(offset, 1))
                .help("put each result in a file of its own, and other output in another file")
        }
        Category::Io | Category::Syntax => {
            Diagnostic::new(Code::InvalidJson, format!("not valid JSON: {}", text::shown(&said.into())))
                .at(document.span(offset, 1))
                .help(again)
        }
        Category::Data => {
            let value = text.get(start..).unwrap_or("");
            let steps = steps_to_error::<T>(value);
            let place = match locate(value, &steps) {
                Some((at, length)) => document.span(start + at, length),
                None => document.span(offset.saturating_sub(1), 1),
            };
            let place = if steps.is_empty() { place } else { place.at(path(&steps)) };
            Diagnostic::new(code_of_shape(said), in_words(said)).at(place).help(again)
        }
    }
}

/// What is wrong with a part of a document, and where in that part.
pub(super) struct Wrong {
    /// The kind of fault.
    pub(super) code: Code,
    /// What is wrong, in the words of JSON.
    pub(super) message: String,
    /// The way from the part to the value that is wrong.
    pub(super) steps: Vec<Step>,
}

/// Reads a part of a document that is known to be one JSON value.
///
/// # Errors
/// What keeps it from being a `T`.
pub(super) fn part<'a, T: Deserialize<'a>>(value: &'a str) -> Result<T, Wrong> {
    serde_json::from_str(value).map_err(|error| {
        let said = &said(&error);
        let (code, message) = match error.classify() {
            Category::Data => (code_of_shape(said), in_words(said)),
            _ if said.contains("recursion limit") => {
                (Code::NestedTooDeep, "nested more than 127 levels deep".to_owned())
            }
            _ => (Code::InvalidJson, format!("not valid JSON: {}", text::shown(&said.as_str().into()))),
        };
        Wrong { code, message, steps: steps_to_error::<T>(value) }
    })
}

/// What serde says, without the place.
fn said(error: &serde_json::Error) -> String {
    let mut said = error.to_string();
    said.truncate(said.rfind(" at line ").unwrap_or(said.len()));
    said
}

fn code_of_shape(said: &str) -> Code {
    if said.starts_with("duplicate field") { Code::DuplicateKey } else { Code::MalformedDocument }
}

/// The way to the value that is not what it should be.
fn steps_to_error<'a, T: Deserialize<'a>>(value: &'a str) -> Vec<Step> {
    let mut json = serde_json::Deserializer::from_str(value);
    let tracked = serde_path_to_error::deserialize::<_, T>(&mut json);
    tracked.as_ref().err().map(|error| steps(error.path())).unwrap_or_default()
}

/// Byte offset of a line and column (both from 1; the column counts bytes) as `serde_json` gives them.
fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(before) => text.bytes().enumerate().filter(|(_, b)| *b == b'\n').nth(before).map_or(0, |(i, _)| i + 1),
    };
    (start + column.saturating_sub(1)).min(text.len())
}

/// What serde says, in the words of JSON.
fn in_words(said: &str) -> String {
    let quoted = |said: &str| text::shown(&said.split('`').nth(1).unwrap_or("").into());
    if said.starts_with("duplicate field") {
        return format!("the key `{}` stands twice in one object", quoted(said));
    }
    if said.starts_with("missing field") {
        return format!("the key `{}` is missing", quoted(said));
    }
    let found = said.strip_prefix("invalid type: ").or_else(|| said.strip_prefix("invalid value: "));
    // What was found may hold text of the file, so only its kind is said, and the expectation is looked for from the end.
    let Some((found, expected)) = found.and_then(|s| s.rsplit_once(", expected ")) else {
        return text::shown(&said.into());
    };
    let kind = match found.split(' ').next() {
        Some("string" | "character") => "a string",
        Some("integer" | "floating" | "number") => "a number",
        Some("boolean") => "a boolean",
        Some("map") => "an object",
        Some("sequence") => "an array",
        _ => "null",
    };
    let expected = match expected {
        "f64" | "f32" => "a number",
        "u64" | "u32" | "i64" | "usize" => "a whole number",
        "a sequence" => "an array",
        "a map" => "an object",
        other => other,
    };
    if said.starts_with("invalid value") && kind == "a number" {
        return format!("expected {expected}, found a number out of its range");
    }
    format!("expected {expected}, found {kind}")
}

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key of an object.
    Key(Cow<'static, str>),
    /// An element of an array, from 0.
    Index(usize),
}

/// A path as people write it: `benchmarks[3].stats.mean`.
pub(super) fn path(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
        }
    }
    out
}

fn steps(path: &Path) -> Vec<Step> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone().into())),
            // A variant of an externally tagged enum is a key of the document.
            Segment::Enum { variant } => Some(Step::Key(variant.clone().into())),
            Segment::Unknown => None,
        })
        .collect()
}

/// Where the value at a path stands in a document. Costs one pass up to it, so it is for messages only.
pub(super) fn location(document: &Document<'_>, steps: &[Step]) -> Location {
    let place = match locate(document.text, steps) {
        Some((offset, length)) => document.span(offset, length),
        None => Location::file(document.name.clone()),
    };
    place.at(path(steps))
}

/// Byte offset and length of the value at a path; of an object or array, only its bracket.
fn locate(text: &str, steps: &[Step]) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = skip_space(bytes, 0);
    for step in steps {
        at = match (step, bytes.get(at)?) {
            (Step::Index(index), b'[') => {
                let mut element = skip_space(bytes, at + 1);
                for _ in 0..*index {
                    element = next_entry(bytes, element)?;
                }
                element
            }
            (Step::Key(wanted), b'{') => {
                let mut entry = skip_space(bytes, at + 1);
                loop {
                    let end = string_end(bytes, entry)?;
                    let colon = skip_space(bytes, end);
                    if bytes.get(colon) != Some(&b':') {
                        return None;
                    }
                    let value = skip_space(bytes, colon + 1);
                    let name: String = serde_json::from_str(text.get(entry..end)?).ok()?;
                    if name == *wanted {
                        break value;
                    }
                    entry = next_entry(bytes, value)?;
                }
            }
            _ => return None,
        };
    }
    let length = match bytes.get(at)? {
        b'{' | b'[' => 1,
        _ => value_end(bytes, at).saturating_sub(at),
    };
    Some((at, length))
}

fn skip_space(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or(&[]);
    from + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// The start of what follows the value at `from` and its comma.
fn next_entry(bytes: &[u8], from: usize) -> Option<usize> {
    let comma = skip_space(bytes, value_end(bytes, from));
    (bytes.get(comma) == Some(&b',')).then(|| skip_space(bytes, comma + 1))
}

/// One past the closing quote of the string that starts at `from`.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from) != Some(&b'"') {
        return None;
    }
    let mut i = from + 1;
    loop {
        match bytes.get(i)? {
            b'\\' => i += 2,
            b'"' => return Some(i + 1),
            _ => i += 1,
        }
    }
}

/// One past the value at `from`, or the end of the text.
fn value_end(bytes: &[u8], from: usize) -> usize {
    let (mut i, mut depth) = (from, 0_usize);
    while let Some(byte) = bytes.get(i) {
        match byte {
            b'"' => {
                i = string_end(bytes, i).unwrap_or(bytes.len());
                if depth == 0 {
                    return i;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return i,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            b if depth == 0 && b.is_ascii_whitespace() => return i,
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

/// The text as [`parse`] reads it where it is not JSON as it stands. Every offset in it is right for the text as well.
pub(super) fn repaired(text: &str) -> Cow<'_, str> {
    standard(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The text with bare `NaN`, `Infinity` and numbers beyond the range of `f64` as strings of the same length, and lone
/// surrogates as U+FFFD, so that every offset stays right. `None` if it has none of them.
fn standard(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut changed: Option<Vec<u8>> = None;
    let mut i = 0;
    while let Some(byte) = bytes.get(i) {
        if *byte == b'"' {
            let end = string_end(bytes, i).unwrap_or(bytes.len());
            for at in lone_surrogates(bytes.get(i..end).unwrap_or(&[])) {
                let out = changed.get_or_insert_with(|| bytes.to_vec());
                if let Some(slot) = out.get_mut(i + at..i + at + 6) {
                    slot.copy_from_slice(b"\\ufffd");
                }
            }
            i = end;
            continue;
        }
        if !(byte.is_ascii_alphanumeric() || *byte == b'-') {
            i += 1;
            continue;
        }
        let rest = bytes.get(i..).unwrap_or(&[]);
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')).count();
        let token = text.get(i..i + length).unwrap_or("");
        let stands_for = match token {
            "NaN" => Some(NAN),
            "Infinity" => Some(INFINITY),
            "-Infinity" => Some(MINUS_INFINITY),
            // A number always ends in a digit; `-inf` is one in Rust but not in JSON.
            number if number.ends_with(|c: char| c.is_ascii_digit()) => match number.parse::<f64>() {
                Ok(value) if value.is_infinite() && value > 0.0 => Some(INFINITY),
                Ok(value) if value.is_infinite() => Some(MINUS_INFINITY),
                _ => None,
            },
            _ => None,
        };
        if let Some(stands_for) = stands_for {
            let out = changed.get_or_insert_with(|| bytes.to_vec());
            if let Some(slot) = out.get_mut(i..i + length) {
                slot.fill(b' ');
                let quoted = [b'"'].into_iter().chain(stands_for.bytes()).chain([b'"']);
                slot.iter_mut().zip(quoted).for_each(|(to, from)| *to = from);
            }
        }
        i += length;
    }
    String::from_utf8(changed?).ok()
}

/// Where in a string the escapes are that are half of a surrogate pair without the other half.
fn lone_surrogates(string: &[u8]) -> Vec<usize> {
    let unit = |at: usize| {
        let digits = string.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mut lone, mut at) = (Vec::new(), 0);
    while let Some(byte) = string.get(at) {
        at += match (byte, unit(at)) {
            (b'\\', Some(0xD800..=0xDBFF)) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => 12,
            (b'\\', Some(0xD800..=0xDFFF)) => {
                lone.push(at);
                6
            }
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    lone
}

// What `standard` puts between quotes: short enough for every token, and nothing that people write.
const NAN: &str = "\u{7f}";
const INFINITY: &str = "\u{7f}+";
const MINUS_INFINITY: &str = "\u{7f}-";

/// The number that a string stands for which was put in for a bare `NaN`, `Infinity` or a number out of range.
pub(super) fn stands_for(text: &str) -> Option<f64> {
    match text {
        NAN => Some(f64::NAN),
        INFINITY => Some(f64::INFINITY),
        MINUS_INFINITY => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A number that may be none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Number {
    /// A number; NaN and infinite ones too.
    Value(f64),
    /// Text where a number should be.
    Text(Untrusted),
    /// `null`, or no such key.
    #[default]
    Missing,
}

impl Number {
    /// The value, if it is a finite number.
    pub(super) fn finite(&self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(*value).filter(|v| v.is_finite()),
            Self::Text(_) | Self::Missing => None,
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
        Ok(Number::Value(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Value(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Value(value as f64))
    }

    fn visit_str<E>(self, value: &str) -> Result<Number, E> {
        Ok(stands_for(value).map_or_else(|| Number::Text(value.into()), Number::Value))
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::Missing)
    }
}

/// An array of numbers. What is not a number in it is NaN, so that it costs its row and not the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Samples {
    pub(super) values: Vec<f64>,
    /// Whether there is text among them, as where somebody cut a long list by hand.
    pub(super) has_text: bool,
}

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;

        impl<'de> Visitor<'de> for Values {
            type Value = Samples;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an array of numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Samples, A::Error> {
                let mut samples = Samples::default();
                while let Some(number) = seq.next_element::<Number>()? {
                    samples.has_text |= matches!(number, Number::Text(_));
                    samples.values.push(match number {
                        Number::Value(value) => value,
                        Number::Text(_) | Number::Missing => f64::NAN,
                    });
                }
                Ok(samples)
            }
        }

        deserializer.deserialize_seq(Values)
    }
}

/// The entries of an object in their order. A key that stands twice is an error.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entries<V>(pub(super) Vec<(String, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Pairs<V> {
            type Value = Entries<V>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut entries, mut keys) = (Vec::new(), BTreeSet::new());
                while let Some(key) = map.next_key::<String>()? {
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    entries.push((key, map.next_value()?));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Pairs(PhantomData))
    }
}
