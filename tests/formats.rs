//! Every format against every fixture: what is read, that detection names exactly one format, and that damage is
//! survived.
//!
//! A fixture is a folder `fixtures/<tool>/<case>/` with `input.*` (one document) or `input/` (a tree). Beside it stands
//! `expected.txt`: the format's name in the first line, then everything read from the input in a canonical form. After a
//! change that is meant, `UPDATE_EXPECTED=1 cargo test --test formats` writes the files anew; read the difference.

#![allow(clippy::disallowed_methods, reason = "tests read files")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use perfgate::diag::{Diagnostic, Diagnostics, Location};
use perfgate::format::{self, Detection, Document, FORMATS, Format, Reader, Tree};
use perfgate::model::{Fault, Observation, Run, Statistic};
use perfgate::text::{Untrusted, visible};

/// What a fixture holds.
enum Input {
    Document(Vec<u8>),
    Tree(Folder),
}

/// A fixture, and where its expectation stands.
struct Case {
    name: String,
    expected: PathBuf,
    input: Input,
}

/// A real folder as a tree.
struct Folder {
    name: Untrusted,
    root: PathBuf,
    files: Vec<String>,
}

impl Folder {
    fn at(root: PathBuf) -> Self {
        let mut files = Vec::new();
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.push(path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"));
                }
            }
        }
        files.sort();
        Self { name: "input".into(), root, files }
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
        std::fs::read(self.root.join(path)).map_err(|error| error.to_string())
    }

    // Times of a checkout say nothing.
    fn modified(&self, _path: &str) -> Option<i64> {
        None
    }
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Every fixture of the tools that have a format of their name.
fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases = Vec::new();
    for tool in entries(&root) {
        if format::by_name(file_name(&tool)).is_none() {
            continue;
        }
        for folder in entries(&tool).into_iter().filter(|path| path.is_dir()) {
            let name = format!("{}/{}", file_name(&tool), file_name(&folder));
            let path = entries(&folder)
                .into_iter()
                .find(|path| path.file_stem().is_some_and(|stem| stem == "input"))
                .unwrap_or_else(|| panic!("{name} has no input"));
            let input = if path.is_dir() {
                Input::Tree(Folder::at(path))
            } else {
                Input::Document(std::fs::read(&path).unwrap())
            };
            // An empty file is of no format.
            if matches!(&input, Input::Document(bytes) if bytes.is_empty()) {
                continue;
            }
            cases.push(Case { name, expected: folder.join("expected.txt"), input });
        }
    }
    assert!(!cases.is_empty());
    cases
}

/// The formats that claim an input.
fn detected(input: &Input) -> Vec<&'static Format> {
    match input {
        Input::Document(bytes) => match format::decode(&"input".into(), bytes, &mut Diagnostics::new()) {
            Ok(text) => match format::detect(&text) {
                Detection::One(format) => vec![format],
                Detection::Several(formats) => formats,
                Detection::None => Vec::new(),
            },
            Err(_) => Vec::new(),
        },
        Input::Tree(tree) => FORMATS
            .iter()
            .copied()
            .filter(|format| matches!(format.reader, Reader::Tree { roots, .. } if roots(tree) == [""]))
            .collect(),
    }
}

/// Reads bytes as a text format, whether or not they are of it.
fn read(format: &Format, bytes: &[u8]) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let name = Untrusted::from("input");
    let mut runs = Vec::new();
    match format::decode(&name, bytes, &mut diagnostics) {
        Ok(text) => {
            runs = format.read(&Document { name, text: &text }, &mut diagnostics).unwrap_or_default();
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    (runs, diagnostics.into_vec())
}

fn render_location(location: Option<&Location>) -> String {
    let Some(location) = location else { return String::new() };
    let mut out = String::from(" @");
    if let Some(line) = location.line {
        write!(out, " {line}:{}", location.column.unwrap_or(0)).unwrap();
    }
    if let Some(path) = &location.path {
        write!(out, " {}", visible(path.raw())).unwrap();
    }
    if let Some(excerpt) = &location.excerpt {
        let chars = excerpt.text.raw().chars().skip(excerpt.start).take(excerpt.end - excerpt.start);
        write!(out, " `{}`", visible(&chars.collect::<String>())).unwrap();
    }
    out
}

fn render_fault(fault: &Fault) -> String {
    format!("{}{}", fault.message, render_location(fault.location.as_ref()))
}

fn render_observation(observation: &Observation) -> String {
    let Observation { unit, tool_unit, better, kind, summary, samples, origin: _, derived, fault } = observation;
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.6e}"));
    let mut out = format!(
        "[{}{}] {kind:?} {} n={} min={} median={} mean={} max={}",
        visible(unit.symbol()),
        tool_unit.as_ref().map_or(String::new(), |unit| format!(" from {}", visible(unit.raw()))),
        better.map_or("direction unknown".to_owned(), |better| format!("{better:?}")),
        summary.count().map_or("-".to_owned(), |n| n.to_string()),
        number(summary.get(Statistic::Min)),
        number(summary.get(Statistic::Median)),
        number(summary.get(Statistic::Mean)),
        number(summary.get(Statistic::Max)),
    );
    if let Some(samples) = samples {
        write!(out, " samples={}", samples.len()).unwrap();
    }
    if *derived {
        out.push_str(" derived");
    }
    if let Some(fault) = fault {
        write!(out, " INVALID {}", render_fault(fault)).unwrap();
    }
    out
}

/// The canonical form of what was read.
fn render(format: &Format, runs: &[Run], diagnostics: &[Diagnostic]) -> String {
    let mut out = format!("{}\n", format.name);
    for (number, run) in runs.iter().enumerate() {
        writeln!(out, "\nrun {}", number + 1).unwrap();
        let Run { subject, environment, suites, series, details, failures } = run;
        for (key, value) in [("commit", &subject.commit), ("branch", &subject.branch)] {
            if let Some(value) = value {
                writeln!(out, "  {key} {}", visible(value.raw())).unwrap();
            }
        }
        if let Some(at) = subject.taken_at {
            writeln!(out, "  taken at {at}").unwrap();
        }
        if let Some(at) = subject.committed_at {
            writeln!(out, "  committed at {at}").unwrap();
        }
        for (key, value) in &environment.labels {
            writeln!(out, "  label {} = {}", visible(key.raw()), visible(value.raw())).unwrap();
        }
        for suite in suites {
            writeln!(out, "  suite {} ({})", visible(suite.name.raw()), visible(suite.tool.raw())).unwrap();
        }
        let mut last = None;
        for (key, observation) in series {
            if last != Some(&key.benchmark) {
                last = Some(&key.benchmark);
                let origin = observation.origin;
                let qualified = key.benchmark.qualified();
                write!(out, "  {} #{}.{}", visible(qualified.raw()), origin.suite, origin.position).unwrap();
                if let Some(details) = details.get(&key.benchmark) {
                    for (key, value) in details.params.iter() {
                        write!(out, " {}={}", visible(key.raw()), visible(value.raw())).unwrap();
                    }
                    if let Some(group) = &details.group {
                        write!(out, " group {}", visible(group.raw())).unwrap();
                    }
                }
                out.push('\n');
            }
            writeln!(out, "    {} {}", visible(key.metric.raw()), render_observation(observation)).unwrap();
        }
        for (benchmark, fault) in failures {
            writeln!(out, "  FAILED {}: {}", visible(benchmark.qualified().raw()), render_fault(fault)).unwrap();
        }
    }
    for Diagnostic { code, severity, message, location, notes, help } in diagnostics {
        let at = render_location(location.as_ref());
        writeln!(out, "\n{}[{}]: {}{at}", severity.as_str(), code.as_str(), visible(message)).unwrap();
        for (word, lines) in [("note", notes), ("help", help)] {
            for line in lines {
                writeln!(out, "  {word}: {}", visible(line)).unwrap();
            }
        }
    }
    out
}

#[test]
fn fixtures_are_read_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for Case { name, expected, input } in cases() {
        let formats = detected(&input);
        let [format] = formats.as_slice() else {
            let names: Vec<_> = formats.iter().map(|format| format.name).collect();
            wrong.push(format!("{name}: claimed by {names:?} instead of one format"));
            continue;
        };
        let (runs, diagnostics) = match (&input, &format.reader) {
            (Input::Document(bytes), _) => read(format, bytes),
            (Input::Tree(tree), Reader::Tree { parse, .. }) => {
                let mut diagnostics = Diagnostics::new();
                (parse(tree, None, &mut diagnostics), diagnostics.into_vec())
            }
            (Input::Tree(_), _) => unreachable!("only tree formats claim trees"),
        };
        let actual = render(format, &runs, &diagnostics);
        if update {
            std::fs::write(&expected, &actual).unwrap();
            continue;
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if wanted != actual {
            let same = wanted.lines().zip(actual.lines()).take_while(|(wanted, actual)| wanted == actual).count();
            let line = |text: &str| text.lines().nth(same).unwrap_or("(end)").to_owned();
            let (wanted, actual) = (line(&wanted), line(&actual));
            wrong.push(format!("{name}/expected.txt:{}\n  expected: {wanted}\n  actual:   {actual}", same + 1));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECTED=1 writes the files anew", wrong.join("\n"));
}

#[test]
fn whatever_is_cut_or_damaged_is_survived() {
    for Case { name, input, .. } in cases() {
        let own = detected(&input);
        let Input::Document(bytes) = input else { continue };
        assert!(!bytes.is_empty(), "{name} is empty");
        for (nth, at) in (0..bytes.len()).step_by((bytes.len() / 50).max(1)).enumerate() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x15;
            // Mostly the format it is of, now and then all of them.
            for format in if nth % 10 == 0 { FORMATS } else { own.as_slice() } {
                read(format, &bytes[..at]);
                read(format, &flipped);
            }
            if nth % 10 == 0 {
                detected(&Input::Document(flipped));
            }
        }
        // Cuts close together find what coarse ones step over: within names, numbers, units and line ends.
        let tail = bytes.len() - bytes.iter().rev().take(2000).count();
        for at in (0..40).map(|back| bytes.len().saturating_sub(back)) {
            for format in &own {
                read(format, &bytes[tail..at.max(tail)]);
            }
        }
    }
}

#[test]
fn damaged_trees_are_survived() {
    /// A tree whose files all end early.
    struct Cut<'a>(&'a Folder, usize);
    impl Tree for Cut<'_> {
        fn name(&self) -> &Untrusted {
            self.0.name()
        }
        fn files(&self) -> &[String] {
            self.0.files()
        }
        fn read(&self, path: &str) -> Result<Vec<u8>, String> {
            let mut bytes = self.0.read(path)?;
            bytes.truncate(bytes.len() * self.1 / 10);
            Ok(bytes)
        }
        fn modified(&self, path: &str) -> Option<i64> {
            self.0.modified(path)
        }
    }
    for Case { input, .. } in cases() {
        let Input::Tree(tree) = input else { continue };
        for format in FORMATS {
            let Reader::Tree { roots, parse } = format.reader else { continue };
            for tenths in 0..10 {
                let cut = Cut(&tree, tenths);
                if !roots(&cut).is_empty() {
                    parse(&cut, None, &mut Diagnostics::new());
                }
            }
        }
    }
}
