//! What must hold of every document, whatever is in it. Each function panics where it does not.
//!
//! A document may be refused, and then it is said; what is read of it has values or says why not, comes back from
//! perfgate's own form as it was, and can be written in every other. Nothing may panic, loop or take memory without end.
//!
//! Not here: where documents come from.

use std::collections::BTreeMap;
use std::io::BufReader;

use perfgate::config::{self, Config, Overrides};
use perfgate::diag::{Diagnostic, Diagnostics, render};
use perfgate::format::{self, Detection, Document, FORMATS, Format, Reader, Tree, mapped, perfgate_run};
use perfgate::model::report::{Report, Reports};
use perfgate::model::{Run, Statistic};
use perfgate::report::{self, REPORTS, Style, comment, export::EXPORTS};
use perfgate::text::Untrusted;

/// What ends a file in a document that stands for a folder, or one of two texts in one document.
pub const SEPARATOR: u8 = 0;

/// How many bytes a stream hands out at once, so that every token is cut somewhere.
const CHUNK: usize = 7;

/// What must hold of the documents of one kind.
#[derive(Clone, Copy)]
pub enum Property {
    /// Those of a format.
    Of(&'static Format),
    /// Others.
    Other(Check),
}

/// Panics where something does not hold of a document.
type Check = fn(&[u8]);

impl Property {
    /// Looks at a document.
    pub fn check(self, bytes: &[u8]) {
        match self {
            Self::Of(format) => document(format, bytes),
            Self::Other(check) => check(bytes),
        }
    }
}

/// What is no format and is read all the same.
const OTHERS: [(&str, Check); 4] =
    [("detect", any), ("mapped", described), ("config", configuration), ("report", reports)];

/// The names of all that is read: formats, and what is none.
pub fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name).chain(OTHERS.iter().map(|(name, _)| *name))
}

/// What must hold of what is read under this name.
pub fn by_name(name: &str) -> Option<Property> {
    let other = OTHERS.iter().find(|(other, _)| *other == name).map(|(_, check)| Property::Other(*check));
    other.or_else(|| format::by_name(name).map(Property::Of))
}

/// A folder: `PATH`, a line break and the content of each file, with a [`SEPARATOR`] between them.
struct Folder {
    name: Untrusted,
    files: Vec<String>,
    contents: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// Takes a document apart.
    fn unpacked(bytes: &[u8]) -> Self {
        let mut contents = BTreeMap::new();
        for file in bytes.split(|byte| *byte == SEPARATOR) {
            let end = file.iter().position(|byte| *byte == b'\n').unwrap_or(file.len());
            let (path, content) = file.split_at(end);
            let path = String::from_utf8_lossy(path).into_owned();
            // What a walk through a folder can meet.
            if path.split('/').all(|part| !part.is_empty() && part != "." && part != "..") {
                contents.insert(path, content.iter().skip(1).copied().collect());
            }
        }
        Self { name: "input".into(), files: contents.keys().cloned().collect(), contents }
    }
}

impl Tree for Folder {
    fn name(&self) -> &Untrusted {
        &self.name
    }

    fn files(&self) -> &[String] {
        &self.files
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.contents.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }

    // Any time will do, as long as some are far apart.
    fn modified(&self, path: &str) -> Option<i64> {
        let length = self.contents.get(path)?.len();
        (length % 5 > 0).then_some(i64::try_from(length).unwrap_or(0) * 1000)
    }
}

/// A document of a format, or what claims to be one.
fn document(format: &Format, bytes: &[u8]) {
    if let Reader::Tree { roots, parse } = format.reader {
        let folder = Folder::unpacked(bytes);
        // As the program does: nothing is read where there are no results.
        if !roots(&folder).is_empty() {
            for part in [None, Some("base")] {
                let mut said = Diagnostics::new();
                let runs = parse(&folder, part, &mut said);
                let said = said.into_vec();
                heard(format.name, &runs, &said);
                holds(&runs, &said);
            }
        }
        return;
    }
    let Some((text, mut said)) = decoded(bytes) else { return };
    let name = Untrusted::from("input");
    let runs = format.read(&Document { name: name.clone(), text: &text }, &mut said).unwrap_or_default();
    let said = said.into_vec();
    heard(format.name, &runs, &said);
    holds(&runs, &said);
    if let Reader::Stream { parse, .. } = format.reader {
        let mut chunks = BufReader::with_capacity(CHUNK, text.as_bytes());
        let in_chunks = parse(&name, &mut chunks, &mut Diagnostics::new());
        assert_eq!(perfgate_run::write(&in_chunks), perfgate_run::write(&runs), "a stream in pieces is another one");
    }
}

/// A document of which nothing is known.
fn any(bytes: &[u8]) {
    let Some((text, mut said)) = decoded(bytes) else { return };
    format::stream(bytes);
    if let Detection::One(format) = format::detect(&text) {
        let runs = format.read(&Document { name: "input".into(), text: &text }, &mut said).unwrap_or_default();
        let said = said.into_vec();
        heard(format.name, &runs, &said);
        holds(&runs, &said);
        if format.is_a_guess() {
            format::guesses(&Document { name: "input".into(), text: &text });
        }
    }
}

/// A perfgate.toml, and behind a [`SEPARATOR`] a document for the formats that it describes.
fn described(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == SEPARATOR);
    let (Some(toml), Some(document)) = (parts.next(), parts.next()) else { return };
    let (Ok(toml), Some((text, _))) = (std::str::from_utf8(toml), decoded(document)) else { return };
    let (config, said) = loaded(toml);
    if said.has_errors() {
        return;
    }
    let document = Document { name: "input".into(), text: &text };
    for mapping in &config.formats {
        let mut said = Diagnostics::new();
        let runs = mapped::parse(mapping, &document, &mut said);
        let said = said.into_vec();
        heard("mapped", &runs, &said);
        holds(&runs, &said);
        mapped::finds(mapping, &text);
    }
}

/// A perfgate.toml: it is refused with messages, or what is shown of it reads back as the same.
fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (config, said) = loaded(text);
    shown(&said.iter().cloned().collect::<Vec<_>>());
    if said.has_errors() {
        return;
    }
    let written = config.show();
    let (again, said) = loaded(&written);
    assert!(!said.has_errors(), "what `config show` prints is refused: {:?}\n{written}", said.into_vec());
    let values = |text: &str| text.lines().map(without_origin).collect::<Vec<_>>().join("\n");
    assert_eq!(values(&again.show()), values(&written), "what `config show` prints is another configuration");
}

/// A line of `config show` without the comment that says where its value was set.
fn without_origin(line: &str) -> &str {
    line.rsplit_once("  # ").or_else(|| line.rsplit_once(" # ")).map_or(line, |(value, _)| value.trim_end())
}

/// A report, or several, as `perfgate report` and `perfgate comment` are given them.
fn reports(bytes: &[u8]) {
    let reports = match serde_json::from_slice::<Report>(bytes) {
        Ok(report) => vec![report],
        Err(_) => match serde_json::from_slice::<Reports>(bytes) {
            Ok(several) => several.reports,
            Err(_) => return,
        },
    };
    for report in &reports {
        for width in [None, Some(40), Some(120)] {
            for output in REPORTS {
                (output.render)(report, &Style { width, colour: width.is_some(), verbose: width == Some(120) });
            }
        }
        report::headline(report);
        let rows: Vec<_> = report.results.iter().collect();
        report::explain(report, &rows, &Style::default());
    }
    let most = 65_536;
    for text in [
        comment::document(&reports, &comment::Links::default(), most),
        comment::recovered(&reports, &comment::Links::default(), most),
    ] {
        assert!(text.len() <= most, "a comment of {} bytes", text.len());
    }
    assert!(comment::status(&reports).chars().count() <= 140, "a status is too long");
}

fn loaded(text: &str) -> (Config, Diagnostics) {
    let mut said = Diagnostics::new();
    let file = (&"perfgate.toml".into(), text);
    let config = config::load(Some(file), &BTreeMap::new(), &Overrides::default(), &mut said);
    (config, said)
}

/// The text of a document, unless it is refused.
fn decoded(bytes: &[u8]) -> Option<(String, Diagnostics)> {
    let mut said = Diagnostics::new();
    match format::decode(&"input".into(), bytes, &mut said) {
        Ok(text) => Some((text.into_owned(), said)),
        Err(refused) => {
            shown(&[refused]);
            None
        }
    }
}

/// Messages can be shown everywhere.
fn shown(said: &[Diagnostic]) {
    for diagnostic in said {
        for (colour, width) in [(false, 80), (true, 20)] {
            assert!(render::terminal(diagnostic, colour, width).ends_with('\n'), "a message without an end");
        }
        let command = render::github(diagnostic);
        assert_eq!(command.trim_end_matches('\n').lines().count(), 1, "a workflow command is one line: {command}");
        let line = render::json(diagnostic);
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "no JSON: {line}");
    }
}

/// Whoever reads nothing says so. Only a run of perfgate's own may hold nothing: who wants results of it finds none.
fn heard(reader: &str, runs: &[Run], said: &[Diagnostic]) {
    let is_own = reader == "perfgate" && !runs.is_empty();
    assert!(is_own || !said.is_empty() || runs.iter().any(|run| !run.is_empty()), "nothing was read, without a word");
}

/// What was read makes sense.
fn holds(runs: &[Run], said: &[Diagnostic]) {
    shown(said);
    for run in runs {
        for (key, seen) in &run.series {
            let name = || format!("{}, {}", key.benchmark.qualified().raw(), key.metric.raw());
            assert!((seen.origin.suite as usize) < run.suites.len(), "a series of no suite: {}", name());
            let mut known = Statistic::ALL.into_iter().filter_map(|statistic| seen.summary.get(statistic)).peekable();
            assert!(seen.fault.is_some() || known.peek().is_some(), "no value and no fault: {}", name());
            assert!(known.all(f64::is_finite), "a statistic that is no number: {}", name());
            let mut samples = seen.samples.iter().flat_map(|samples| samples.iter());
            assert!(seen.fault.is_some() || samples.all(|sample| sample.is_finite()), "no number: {}", name());
        }
    }
    let written = perfgate_run::write(runs);
    let mut said = Diagnostics::new();
    let again = perfgate_run::parse(&Document { name: "written".into(), text: &written }, &mut said);
    assert!(!said.has_errors(), "perfgate's own form is refused: {:?}\n{written}", said.into_vec());
    assert_eq!(perfgate_run::write(&again), written, "perfgate's own form comes back as another");
    for output in EXPORTS {
        (output.render)(runs, &Style::default());
    }
}
