//! The JSON `perfgate-report/1`, which other programs and `perfgate report` read.
//!
//! Indented by two spaces, results by benchmark, then metric, numbers with full precision, outside text exactly, with
//! invisible characters as `\u` escapes so that a terminal that shows the file is safe.
//!
//! Not here: the types, which are the model's.

use super::{Output, Style};
use crate::model::report::Report;
use crate::text;

/// The output's entry.
pub(super) static OUTPUT: Output =
    Output { name: "json", title: "everything, for programs (schema perfgate-report/1)", render };

fn render(report: &Report, _: &Style) -> String {
    document(report)
}

/// Any document of ours as safe, indented JSON.
pub(super) fn document(document: &impl serde::Serialize) -> String {
    // Maps have text keys and numbers that are not finite become null, so this cannot fail.
    let json = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut out = String::with_capacity(json.len() + 1);
    // Unsafe characters beyond ASCII stand in strings only, where the escape means the same character.
    for c in json.chars() {
        if c != '\n' && text::is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    // The GitHub runner reads `##[command]` anywhere in a log.
    out.replace("##[", "#\\u0023[")
}
