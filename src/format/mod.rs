//! Benchmark formats: what a tool wrote, as runs.
//!
//! Each format is one file with one [`Format`] entry in [`FORMATS`]; help, completions, the README's table, the
//! detection cross-test and the fuzz target all read that table. A parser is a pure function from a [`Document`] or a [`Tree`] to
//! [`Run`]s. It never fails as a whole without saying where and why, keeps the good rows of a file with bad ones, and
//! never panics on any bytes.
//!
//! Two models everywhere: private serde structs mirror the tool's file (with the upstream URL and version above them), and
//! one function converts them by full destructuring, so that a new field is a compile error.
//!
//! Most documents are read as a whole. Formats that write gigabytes are a [`Reader::Stream`]: they are recognised by their
//! beginning and read line by line, from a reader that is handed to them, in memory that does not grow with the file.
//!
//! Not here: opening files, and deciding which files are runs of which side (`io`).

mod apachebench;
mod asv;
mod asv_text;
mod benchfmt;
mod benchmark_ips;
mod benchmark_tools;
mod benchmarkdotnet;
mod benchmarkjs;
mod bmf;
mod by_name;
mod cargo_criterion;
mod catch2;
mod catch2_xml;
mod criterion;
mod criterion_text;
mod dart;
mod divan;
mod ghz;
mod github_action_benchmark;
mod gnu_time;
mod go;
mod go_json;
mod gobenchdata;
mod google_benchmark;
mod gungraun;
mod gungraun_text;
mod hey;
mod hyperfine;
mod iai;
mod jmh;
mod json;
mod junit;
mod k6;
mod libtest;
mod lines;
mod load;
mod locust;
mod luau;
pub mod mapped;
mod mitata;
mod oha;
mod otava_csv;
pub mod perfgate_run;
mod probe;
mod pyperf;
mod pytest_benchmark;
mod pytest_json_report;
mod response_times;
mod rows;
mod ruby_benchmark;
mod statistics;
mod tinybench;
mod valgrind;
mod vegeta;
mod vitest;
mod wrk;
mod xml;

use std::borrow::Cow;

pub use by_name::{Guess, guesses};
pub use probe::Probe;

use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::Run;
use crate::text::Untrusted;

/// A benchmark format.
pub struct Format {
    /// Name used with `--input-format` and in reports.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// The tool's home page.
    pub url: &'static str,
    /// Versions of the tool whose files are in the tests.
    pub tested: &'static str,
    /// The command that writes such a file.
    pub written_by: &'static str,
    /// How a file or tree of this format is recognised and read.
    pub reader: Reader,
}

impl Format {
    /// Whether documents are only taken for this format where no other fits.
    pub fn is_a_guess(&self) -> bool {
        GUESSES.iter().any(|guess| std::ptr::eq(self, *guess))
    }
}

/// How a format is recognised and read.
pub enum Reader {
    /// One text document.
    Text {
        /// Whether the content is of this format. Looks at content only, never at names.
        claims: fn(&Probe<'_>) -> bool,
        /// Reads it.
        parse: fn(&Document<'_>, &mut Diagnostics) -> Vec<Run>,
    },
    /// A text of any length, one line after the other.
    Stream {
        /// Whether a document that begins like this is of this format.
        claims: fn(&Probe<'_>) -> bool,
        /// Reads it. The name is that of the document, for messages; an error of the reader is a diagnostic.
        parse: fn(&Untrusted, &mut dyn std::io::BufRead, &mut Diagnostics) -> Vec<Run>,
    },
    /// A folder that is one result as a whole.
    Tree {
        /// The sub-folders (relative paths, or `""` for the tree itself) that are one result of this format each.
        roots: fn(&dyn Tree) -> Vec<String>,
        /// Reads what `part` names in it, or the newest results without one.
        parse: fn(&dyn Tree, Option<&str>, &mut Diagnostics) -> Vec<Run>,
    },
}

impl Format {
    /// Whether a document that the probe has looked at is of this format.
    fn claims(&self, probe: &Probe<'_>) -> bool {
        match self.reader {
            Reader::Text { claims, .. } | Reader::Stream { claims, .. } => claims(probe),
            Reader::Tree { .. } => false,
        }
    }

    /// Reads a document as this format. `None` if its results are folders.
    pub fn read(&self, document: &Document<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Run>> {
        match self.reader {
            Reader::Text { parse, .. } => Some(parse(document, diagnostics)),
            Reader::Stream { parse, .. } => Some(parse(&document.name, &mut document.text.as_bytes(), diagnostics)),
            Reader::Tree { .. } => None,
        }
    }
}

/// The format of a document that begins like this, if it is one whose documents are not read as a whole.
pub fn stream(head: &[u8]) -> Option<&'static Format> {
    let head = String::from_utf8_lossy(head);
    match claims(&Probe::head(head.trim_start_matches('\u{feff}'))).as_slice() {
        [one] if matches!(one.reader, Reader::Stream { .. }) => Some(one),
        _ => None,
    }
}

/// One text document: its name for messages, and its content as UTF-8 without byte order mark and escape sequences.
pub struct Document<'a> {
    /// The name the user gave, or `<stdin>`.
    pub name: Untrusted,
    /// The content.
    pub text: &'a str,
}

impl Document<'_> {
    /// A place in the document by byte offset, for messages.
    pub fn span(&self, offset: usize, length: usize) -> Location {
        Location::span(self.name.clone(), self.text, offset, length)
    }

    /// A message about a part of the document that lies in `text` itself (a subslice of it).
    pub fn span_of(&self, part: &str) -> Location {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.span(offset, part.len())
    }
}

/// A folder of files, read on demand. Paths are relative to the folder and use `/`.
pub trait Tree: Sync {
    /// The folder's name as the user gave it.
    fn name(&self) -> &Untrusted;
    /// Every file below the folder, in natural path order.
    fn files(&self) -> &[String];
    /// The content of one file.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence fragment.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
    /// When the file was last written, in seconds since 1970, if known.
    fn modified(&self, path: &str) -> Option<i64>;
}

/// Every format, in the order of the README's table.
#[rustfmt::skip]
pub static FORMATS: &[&Format] = &[
    &criterion::FORMAT,
    &go::FORMAT,
    &go_json::FORMAT,
    &pytest_benchmark::FORMAT,
    &hyperfine::FORMAT,
    &google_benchmark::FORMAT,
    &libtest::FORMAT,
    &jmh::FORMAT,
    &pyperf::FORMAT,
    &k6::FORMAT,
    &k6::STREAM,
    &vitest::FORMAT,
    &tinybench::FORMAT,
    &mitata::FORMAT,
    &benchmarkjs::FORMAT,
    &wrk::FORMAT,
    &apachebench::FORMAT,
    &hey::FORMAT,
    &oha::FORMAT,
    &vegeta::FORMAT,
    &ghz::FORMAT,
    &locust::FORMAT,
    &ruby_benchmark::FORMAT,
    &benchmark_ips::FORMAT,
    &dart::FORMAT,
    &luau::FORMAT,
    &bmf::FORMAT,
    &asv::FORMAT,
    &asv_text::FORMAT,
    &criterion_text::FORMAT,
    &cargo_criterion::FORMAT,
    &criterion::EXPORT,
    &gungraun::FORMAT,
    &gungraun_text::FORMAT,
    &iai::FORMAT,
    &divan::FORMAT,
    &catch2::FORMAT,
    &catch2_xml::FORMAT,
    &benchmarkdotnet::FORMAT,
    &benchmark_tools::FORMAT,
    &pytest_json_report::FORMAT,
    &junit::FORMAT,
    &gnu_time::FORMAT,
    &gobenchdata::FORMAT,
    &github_action_benchmark::FORMAT,
    &otava_csv::FORMAT,
    &perfgate_run::FORMAT,
    &by_name::FORMAT,
    &by_name::table::FORMAT,
];

/// Those of them that guess at documents which no other fits.
static GUESSES: [&Format; 2] = [&by_name::FORMAT, &by_name::table::FORMAT];

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|f| f.name == name)
}

/// Content as text: byte order marks and UTF-16 are decoded, terminal escape sequences and NUL-free control codes removed.
///
/// # Errors
/// A diagnostic for a file that is empty or not text.
pub fn decode<'a>(
    name: &Untrusted,
    bytes: &'a [u8],
    diagnostics: &mut Diagnostics,
) -> Result<Cow<'a, str>, Diagnostic> {
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(name, rest, diagnostics)?,
        _ => utf8(name, bytes, diagnostics)?,
    };
    if text.trim().is_empty() {
        return Err(Diagnostic::new(Code::EmptyFile, "the file is empty")
            .at(Location::file(name.clone()))
            .help("look at the exit status of the command that wrote it"));
    }
    Ok(if text.contains('\u{1b}') { Cow::Owned(without_escapes(&text)) } else { text })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [a, b] => unit([*a, *b]),
        _ => 0,
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn utf8<'a>(name: &Untrusted, bytes: &'a [u8], diagnostics: &mut Diagnostics) -> Result<Cow<'a, str>, Diagnostic> {
    let head = bytes.get(..bytes.len().min(8192)).unwrap_or(bytes);
    if head.contains(&0) {
        return Err(Diagnostic::new(Code::BinaryFile, "the file is binary, not text")
            .at(Location::file(name.clone()))
            .help("give the file that the benchmark tool wrote, not the benchmark program or an archive"));
    }
    // Much faster than the lossy conversion, which looks at one character after the other.
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    diagnostics.push(
        Diagnostic::new(Code::LossyText, "the file has bytes that are not valid UTF-8; they are shown as U+FFFD")
            .at(Location::file(name.clone())),
    );
    Ok(String::from_utf8_lossy(bytes))
}

/// Removes ANSI escape sequences: CSI (`ESC [ … letter`), OSC (`ESC ] … BEL or ST`) and two-character ones (ECMA-48).
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => {
                for c in chars.by_ref() {
                    if ('\u{40}'..='\u{7e}').contains(&c) || c == '\n' {
                        break;
                    }
                }
            }
            Some(']') => {
                while let Some(c) = chars.next() {
                    if c == '\u{7}' || c == '\n' {
                        break;
                    }
                    if c == '\u{1b}' {
                        chars.next();
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    out
}

/// What [`detect`] found.
pub enum Detection {
    /// Exactly one format claims the document.
    One(&'static Format),
    /// Several do.
    Several(Vec<&'static Format>),
    /// None does.
    None,
}

/// Finds the format of a document by its content.
///
/// A document of one format behind one of another makes it a document of several, because reading it as the first would
/// lose the second without a word.
pub fn detect(text: &str) -> Detection {
    for whole in [false, true] {
        let probe = if whole { Probe::whole(text) } else { Probe::head(text) };
        let claims = claims(&probe);
        match claims.as_slice() {
            [] => {}
            [one] => {
                return match behind(one, text) {
                    Some(other) => Detection::Several(vec![one, other]),
                    None => Detection::One(one),
                };
            }
            _ => return Detection::Several(claims),
        }
    }
    let probe = Probe::whole(text);
    let guess = GUESSES.iter().find(|format| matches!(format.reader, Reader::Text { claims, .. } if claims(&probe)));
    guess.map_or(Detection::None, |format| Detection::One(format))
}

/// The text formats that claim what was looked at, but for those that guess.
fn claims(probe: &Probe<'_>) -> Vec<&'static Format> {
    FORMATS.iter().copied().filter(|format| !format.is_a_guess() && format.claims(probe)).collect()
}

/// How many lines of a document that could begin a JSON document are looked at; a log can be full of them.
const MOST_STARTS: usize = 64;

/// How the events of a JSON stream of Go begin, which has one on every line.
const EVENTS: [&str; 3] = ["{\"Time\":", "{\"ImportPath\":", "{\"Action\":"];

/// The other format that a document which `first` claims goes on with, from some line on.
///
/// Formats that are read line by line pass over what they do not know. The others are JSON, whose reader refuses what
/// stands behind its document.
fn behind(first: &Format, text: &str) -> Option<&'static Format> {
    if first.name != go::FORMAT.name && first.name != go_json::FORMAT.name {
        return None;
    }
    let events = first.name == go_json::FORMAT.name;
    let rests = text.match_indices("\n{").filter_map(|(at, _)| text.get(at + 1..));
    let mut starts = rests.filter(|rest| !events || !EVENTS.iter().any(|event| rest.starts_with(event))).peekable();
    let other = |probe: Probe<'_>| claims(&probe).into_iter().find(|other| other.name != first.name && probe.is_json());
    // Sorted keys can put those that tell the format far behind the samples.
    let whole = starts.peek().copied();
    starts.take(MOST_STARTS).find_map(|rest| other(Probe::head(rest))).or_else(|| other(Probe::whole(whole?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO: &str = "goos: linux\npkg: p\nBenchmarkA-8 \t 10\t 5 ns/op\nPASS\nok  \tp\t1.0s\n";
    const PYTEST: &str = "{\n    \"machine_info\": {},\n    \"benchmarks\": []\n}\n";
    const EVENT: &str = "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"x\\n\"}\n";

    fn found(text: &str) -> Vec<&'static str> {
        match detect(text) {
            Detection::One(one) => vec![one.name],
            Detection::Several(several) => several.iter().map(|format| format.name).collect(),
            Detection::None => Vec::new(),
        }
    }

    #[test]
    fn two_formats_in_one_file_are_never_taken_for_one() {
        let long = format!("{}{GO}", "a log line\n".repeat(10_000));
        let sorted = format!("{{\n \"benchmarks\": [{}],\n \"machine_info\": {{}}\n}}\n", "1, ".repeat(50_000));
        let go_first = ["go", "pytest-benchmark"];
        assert_eq!(found(&format!("{GO}{PYTEST}")), go_first);
        assert_eq!(found(&format!("{GO}{PYTEST}").replace('\n', "\r\n")), go_first);
        assert_eq!(found(&format!("{GO}{{\"level\": 1}}\n{}", PYTEST.replace('\n', ""))), go_first);
        assert_eq!(found(&format!("{long}{PYTEST}")), go_first);
        assert_eq!(found(&format!("{GO}{sorted}")), go_first);
        assert_eq!(found(&format!("{}{PYTEST}", EVENT.repeat(2000))), ["go-json", "pytest-benchmark"]);
        assert_eq!(found(&format!("{}{EVENT}", GO.repeat(2000))), ["go", "go-json"]);
        assert_eq!(found(&format!("{PYTEST}{GO}")), go_first, "the other way round");
    }

    #[test]
    fn text_behind_a_long_document_is_refused_by_its_reader() {
        let entry = "{\"name\": \"a\", \"stats\": {\"data\": [1]}}";
        let pytest =
            format!("{{\"machine_info\": {{}}, \"benchmarks\": [{}{entry}]}}\n", format!("{entry}, ").repeat(2000));
        let text = format!("{pytest}{GO}");
        let Detection::One(Format { reader: Reader::Text { parse, .. }, .. }) = detect(&text) else { panic!() };
        let mut diagnostics = Diagnostics::new();
        assert!(parse(&Document { name: "x".into(), text: &text }, &mut diagnostics).is_empty());
        let said = diagnostics.into_vec();
        assert_eq!((said.len(), said[0].code.as_str()), (1, "malformed-document"));
        assert_eq!(said[0].message, "something stands behind the JSON document");
        assert_eq!(said[0].location.as_ref().unwrap().line, Some(2));
        assert!(!said[0].help.iter().any(|help| help.contains("pytest")), "{:?}", said[0].help);
    }

    #[test]
    fn more_of_the_same_format_is_one_format() {
        assert_eq!(found(&format!("{GO}{GO}")), ["go"]);
        assert_eq!(found(&format!("{GO}{{\"level\": \"info\"}}\n[x] y\n{GO}")), ["go"]);
        assert_eq!(found(&EVENT.repeat(3000)), ["go-json"]);
        let run = "{\"schema\": \"perfgate-run/1\"}\n";
        assert_eq!(found(&run.repeat(2)), ["perfgate"]);
    }
}
