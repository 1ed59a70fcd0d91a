//! A cheap look at a document, for recognising its format.
//!
//! For JSON it holds the keys of the top-level object (or of the first object of a top-level array), found by a scan
//! that does not build anything and does not recurse. Detection looks at the head of the document first and at all of it
//! only if no format claims the head.

use std::collections::BTreeSet;

/// How much of a document the first look takes, in bytes.
const HEAD: usize = 64 * 1024;

/// What detection looks at.
pub struct Probe<'a> {
    /// The text looked at: the whole document or its head.
    pub text: &'a str,
    /// The first character that is not white space.
    pub first: Option<char>,
    /// Keys of the top-level JSON object, or of the objects directly in a top-level array.
    pub keys: BTreeSet<&'a str>,
    /// Keys one level further down.
    pub inner_keys: BTreeSet<&'a str>,
}

impl<'a> Probe<'a> {
    /// Looks at the first 64 KiB.
    pub fn head(text: &'a str) -> Self {
        let mut end = text.len().min(HEAD);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::of(text.get(..end).unwrap_or(text))
    }

    /// Looks at everything.
    pub fn whole(text: &'a str) -> Self {
        Self::of(text)
    }

    fn of(text: &'a str) -> Self {
        let first = text.trim_start().chars().next();
        let (mut keys, mut inner_keys) = (BTreeSet::new(), BTreeSet::new());
        if matches!(first, Some('{' | '[')) {
            let base = usize::from(first == Some('['));
            scan(text, |depth, key| {
                if depth == base + 1 {
                    keys.insert(key);
                } else if depth == base + 2 {
                    inner_keys.insert(key);
                }
            });
        }
        Self { text, first, keys, inner_keys }
    }

    /// Whether the document starts like JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.first, Some('{' | '['))
    }

    /// Whether every key is among the top-level keys.
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        keys.iter().all(|k| self.keys.contains(k))
    }
}

/// Calls `key(depth, key)` for every object key of JSON text; depth 1 is the outermost level. Stops at the text's end,
/// whatever its state.
fn scan<'a>(text: &'a str, mut key: impl FnMut(usize, &'a str)) {
    let bytes = text.as_bytes();
    let (mut i, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(i) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let start = i + 1;
                i = start;
                while let Some(b) = bytes.get(i) {
                    match b {
                        b'\\' => i += 1,
                        b'"' => break,
                        _ => {}
                    }
                    i += 1;
                }
                if depth <= 3 {
                    let after = bytes.get(i + 1..).unwrap_or(&[]).iter().find(|b| !b.is_ascii_whitespace());
                    if after == Some(&b':')
                        && let Some(name) = text.get(start..i)
                    {
                        key(depth, name);
                    }
                }
            }
            _ => {}
        }
        i += 1;
    }
}
