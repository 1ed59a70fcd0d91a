//! From what a user names on the command line to the runs of one side.
//!
//! An argument is a file, a folder, a glob or `-`. Every file and every result tree below it is read on its own, many at
//! once; then they are put together: parts with no series in common are one run, parts that repeat series are further
//! runs, and in a folder of sub-folders each sub-folder is one run.
//!
//! Not here: which side a run is on, and everything about verdicts.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::files::{self, Folder, Kind};
use super::formats::{Forced, Formats};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::format::{self, Document, FORMATS, Format, Guess, Reader, Tree, mapped};
use crate::model::{Run, SeriesKey};
use crate::text::{self, Untrusted};

/// The runs of one side.
#[derive(Debug, Default)]
pub struct Side {
    /// Oldest first.
    pub runs: Vec<Run>,
    /// Where each run was read from: its first file or tree.
    pub sources: Vec<Untrusted>,
    /// The arguments as the user wrote them.
    pub inputs: Vec<Untrusted>,
}

/// Reads every argument of one side. Problems go to `diagnostics`; errors among them mean that the side is not usable.
pub fn side(arguments: &[String], formats: &Formats, diagnostics: &mut Diagnostics) -> Side {
    let mut items = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if let Err(diagnostic) = expand(index, argument, formats, &mut items, diagnostics) {
            diagnostics.push(diagnostic);
        }
    }
    // A file that two arguments name is read once: it is no further run.
    let mut named = BTreeSet::new();
    items.retain(|item| item.origin.name.raw() == "<stdin>" || named.insert((item.origin.name.clone(), item.part())));
    let parsed: Vec<Part> = items.into_par_iter().map(|item| parse(item, formats)).collect();
    let mut parts = Vec::new();
    let mut skipped: BTreeMap<usize, Vec<Untrusted>> = BTreeMap::new();
    for part in parsed {
        if part.skipped {
            skipped.entry(part.origin.argument).or_default().push(part.origin.name.clone());
        }
        diagnostics.append(part.diagnostics);
        parts.extend(part.runs.into_iter().map(|run| (part.origin.clone(), run)));
    }
    for (index, argument) in arguments.iter().enumerate() {
        let any = parts.iter().any(|(origin, _)| origin.argument == index);
        let left_out = skipped.get(&index).map_or(&[][..], Vec::as_slice);
        folder_summary(argument, any, left_out, diagnostics);
    }
    let mut runs = assemble(parts);
    if runs.iter().all(|(_, r)| r.subject.taken_at.is_some()) {
        runs.sort_by_key(|(_, r)| r.subject.taken_at);
    }
    let (sources, runs) = runs.into_iter().unzip();
    Side { runs, sources, inputs: arguments.iter().map(|a| files::shown_name(a)).collect() }
}

/// What one input was read as.
#[derive(Debug)]
pub struct Explained {
    /// The file.
    pub name: Untrusted,
    /// The format, in words.
    pub format: String,
    /// What each field was taken for, where that was a guess.
    pub guesses: Vec<Guess>,
}

/// Says what each file of the arguments is read as.
pub fn explain(arguments: &[String], formats: &Formats, diagnostics: &mut Diagnostics) -> Vec<Explained> {
    let mut items = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if let Err(diagnostic) = expand(index, argument, formats, &mut items, diagnostics) {
            diagnostics.push(diagnostic);
        }
    }
    let mut all = Vec::new();
    for item in items {
        let name = item.origin.name.clone();
        let found = match &item.source {
            Source::Tree { format, .. } => Ok((format.title.to_owned(), Vec::new())),
            Source::File(path) => explain_file(path, &name, formats, diagnostics),
        };
        match found {
            Ok((format, guesses)) => all.push(Explained { name, format, guesses }),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    all
}

fn explain_file(
    path: &str,
    name: &Untrusted,
    formats: &Formats,
    diagnostics: &mut Diagnostics,
) -> Result<(String, Vec<Guess>), Diagnostic> {
    let source = files::Source::open(path)?;
    if let (None, Some(stream)) = (&formats.forced, format::stream(source.head())) {
        return Ok((stream.title.to_owned(), Vec::new()));
    }
    let bytes = source.into_bytes()?;
    let text = format::decode(name, &bytes, diagnostics)?;
    let document = Document { name: name.clone(), text: &text };
    Ok(match formats.of(&document)? {
        Forced::Own(own) => (format!("`{}` of perfgate.toml", text::shown(&own.name.into())), Vec::new()),
        Forced::Known(known) if known.is_a_guess() => (known.title.to_owned(), format::guesses(&document)),
        Forced::Known(known) => (known.title.to_owned(), Vec::new()),
    })
}

impl Side {
    /// Puts the runs into the order of a list: one path, file name or commit per line, oldest first. Empty lines and lines
    /// that start with `#` say nothing.
    ///
    /// # Errors
    /// A diagnostic for a line that fits no run or several, and for a run that no line names.
    pub fn order_by(&mut self, list: &str, name: &str) -> Result<(), Diagnostic> {
        let mut places: Vec<Option<usize>> = vec![None; self.runs.len()];
        for (number, line) in list.lines().enumerate() {
            let wanted = line.trim();
            if wanted.is_empty() || wanted.starts_with('#') {
                continue;
            }
            let fits: Vec<usize> = (0..self.runs.len()).filter(|i| self.is_named(*i, wanted)).collect();
            let [only] = fits.as_slice() else {
                let what = if fits.is_empty() { "no run" } else { "several runs" };
                let message = format!("{what} of the history is called `{}`", text::shown(&wanted.into()));
                return Err(Diagnostic::new(Code::Usage, message).at(Location::line(name, number as u64 + 1)));
            };
            if let Some(place) = places.get_mut(*only) {
                *place = Some(number);
            }
        }
        if let Some(source) =
            places.iter().zip(&self.sources).find_map(|(place, source)| place.is_none().then_some(source))
        {
            let message = format!("a run of the history is not in the list: `{}`", text::shown(source));
            return Err(Diagnostic::new(Code::Usage, message).at(Location::file(name)));
        }
        let mut ordered: Vec<_> =
            places.into_iter().zip(std::mem::take(&mut self.sources)).zip(std::mem::take(&mut self.runs)).collect();
        ordered.sort_by_key(|((place, _), _)| *place);
        (self.sources, self.runs) = ordered.into_iter().map(|((_, source), run)| (source, run)).unzip();
        Ok(())
    }

    /// Whether a run is meant by a path, the last part of one, or the beginning of its commit.
    fn is_named(&self, index: usize, wanted: &str) -> bool {
        let source = self.sources.get(index).map_or("", Untrusted::raw);
        let commit = self.runs.get(index).and_then(|r| r.subject.commit.as_ref()).map_or("", Untrusted::raw);
        let wanted = wanted.trim_end_matches('/');
        let within = |path: &str| path == wanted || path.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'));
        let parts = source.match_indices('/').filter_map(|(at, _)| source.get(at + 1..));
        within(source) || parts.into_iter().any(within) || (wanted.len() >= 7 && commit.starts_with(wanted))
    }
}

/// Where a part of a side comes from.
#[derive(Clone, Debug)]
struct Origin {
    /// Index of the argument.
    argument: usize,
    /// The folder that was searched, if it was found in one.
    folder: Option<String>,
    /// Its path below that folder (empty for the folder itself), or its file name.
    relative: String,
    /// Its name in messages.
    name: Untrusted,
}

enum Source {
    File(String),
    Tree { folder: Folder, format: &'static Format, part: Option<String> },
}

struct Item {
    origin: Origin,
    source: Source,
    /// Whether the user named this very file, so that it must be usable.
    explicit: bool,
}

impl Item {
    /// The baseline of the tree that is read, if one is named.
    fn part(&self) -> Option<String> {
        match &self.source {
            Source::Tree { part, .. } => part.clone(),
            Source::File(_) => None,
        }
    }
}

struct Part {
    origin: Origin,
    runs: Vec<Run>,
    diagnostics: Diagnostics,
    /// A file of a folder that no format claims.
    skipped: bool,
}

/// Finds the files and trees that an argument stands for.
fn expand(
    index: usize,
    argument: &str,
    formats: &Formats,
    items: &mut Vec<Item>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    if argument == "-" {
        items.push(file_item(index, argument, true));
        return Ok(());
    }
    match files::kind(argument) {
        Kind::File => items.push(file_item(index, argument, true)),
        Kind::Folder => folder(index, argument, None, formats, items, diagnostics)?,
        Kind::Missing => {
            if let Some((path, part)) = argument.rsplit_once('@')
                && files::kind(path) == Kind::Folder
            {
                return folder(index, path, Some(part), formats, items, diagnostics);
            }
            let found = if argument.contains(['*', '?', '[']) { files::glob(argument)? } else { Vec::new() };
            if found.is_empty() {
                return Err(not_found(argument));
            }
            for path in found {
                match files::kind(&path) {
                    Kind::Folder => {
                        if let Err(diagnostic) = folder(index, &path, None, formats, items, diagnostics) {
                            diagnostics.push(diagnostic);
                        }
                    }
                    _ => items.push(file_item(index, &path, true)),
                }
            }
        }
    }
    Ok(())
}

fn not_found(argument: &str) -> Diagnostic {
    let what = if argument.contains(['*', '?', '[']) { "nothing matches the glob" } else { "no such file or folder" };
    let diagnostic = Diagnostic::new(Code::NotFound, what).at(Location::file(argument));
    let similar = files::siblings(argument)
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&name, argument), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4);
    match similar {
        Some((_, name)) => diagnostic.help(format!("did you mean `{}`?", text::shown(&name.into()))),
        None => diagnostic.help("paths are relative to the working folder"),
    }
}

fn file_item(argument: usize, path: &str, explicit: bool) -> Item {
    let relative = path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let origin = Origin { argument, folder: None, relative, name: files::shown_name(path) };
    Item { origin, source: Source::File(path.to_owned()), explicit }
}

/// Finds the result trees below a folder and the files outside of them.
fn folder(
    argument: usize,
    path: &str,
    part: Option<&str>,
    formats: &Formats,
    items: &mut Vec<Item>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let folder = Folder::open(path)?;
    for unreadable in folder.unreadable() {
        diagnostics.push(unreadable.clone());
    }
    let mut roots: Vec<(String, &'static Format)> = Vec::new();
    for &format in FORMATS {
        if let Reader::Tree { roots: find, .. } = format.reader
            && formats.allow_tree(format)
        {
            roots.extend(find(&folder).into_iter().map(|root| (root, format)));
        }
    }
    if part.is_some() && roots.is_empty() {
        return Err(Diagnostic::new(
            Code::Unrecognised,
            "the folder holds neither Criterion nor asv results, so nothing in it can be named",
        )
        .at(Location::file(path))
        .help("give the folder that Criterion writes, usually `target/criterion`, or the results of asv"));
    }
    let in_root = |file: &str| {
        roots
            .iter()
            .any(|(root, _)| root.is_empty() || file.strip_prefix(root.as_str()).is_some_and(|f| f.starts_with('/')))
    };
    let loose: Vec<String> =
        if part.is_some() { Vec::new() } else { folder.files().iter().filter(|f| !in_root(f)).cloned().collect() };
    let origin = |relative: &str, name: Untrusted| Origin {
        argument,
        folder: Some(path.to_owned()),
        relative: relative.to_owned(),
        name,
    };
    let mut found: Vec<Item> = Vec::new();
    for (root, format) in &roots {
        let below = folder.below(root);
        let origin = origin(root, below.name().clone());
        let source = Source::Tree { folder: below, format, part: part.map(str::to_owned) };
        found.push(Item { origin, source, explicit: true });
    }
    for file in loose {
        let full = format!("{}/{file}", folder.name().raw());
        found.push(Item { origin: origin(&file, full.as_str().into()), source: Source::File(full), explicit: false });
    }
    found.sort_by(|a, b| files::natural(a.origin.name.raw(), b.origin.name.raw()));
    items.extend(found);
    Ok(())
}

/// Reads one file or tree.
fn parse(item: Item, formats: &Formats) -> Part {
    let mut diagnostics = Diagnostics::new();
    let mut skipped = false;
    let runs = match &item.source {
        Source::Tree { folder, format, part } => match format.reader {
            Reader::Tree { parse, .. } => parse(folder, part.as_deref(), &mut diagnostics),
            Reader::Text { .. } | Reader::Stream { .. } => Vec::new(),
        },
        Source::File(path) => match parse_file(path, &item, formats, &mut diagnostics) {
            Ok(runs) => runs,
            // A folder may hold anything; what is no result is only named. What cannot be read is an error all the same.
            Err(other)
                if !item.explicit && matches!(other.code, Code::Unrecognised | Code::BinaryFile | Code::EmptyFile) =>
            {
                skipped = true;
                Vec::new()
            }
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                Vec::new()
            }
        },
    };
    let runs: Vec<Run> = runs.into_iter().filter(|r| !r.is_empty()).collect();
    if runs.is_empty() && item.explicit && !diagnostics.has_errors() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "no benchmark result in it")
                .at(Location::file(item.origin.name.clone()))
                .help("look at the output of the command that wrote it"),
        );
    }
    Part { origin: item.origin, runs, diagnostics, skipped }
}

fn parse_file(
    path: &str,
    item: &Item,
    formats: &Formats,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Run>, Diagnostic> {
    let source = files::Source::open(path)?;
    let name = item.origin.name.clone();
    let mut found = Diagnostics::new();
    let of_stream = match &formats.forced {
        Some(Forced::Known(format)) => Some(*format),
        Some(Forced::Own(_)) => None,
        None => format::stream(source.head()),
    };
    let runs = if let Some(Format { reader: Reader::Stream { parse, .. }, .. }) = of_stream {
        // It may be far larger than the memory.
        parse(&name, &mut source.into_reader(), &mut found)
    } else {
        let bytes = source.into_bytes()?;
        let mut decoding = Diagnostics::new();
        let text = format::decode(&name, &bytes, &mut decoding)?;
        let document = Document { name: name.clone(), text: &text };
        let runs = match formats.of(&document)? {
            Forced::Own(mapping) => mapped::parse(&mapping, &document, &mut found),
            Forced::Known(format) => format.read(&document, &mut found).ok_or_else(|| {
                let message = format!("`{}` results are a folder, not a file", format.name);
                Diagnostic::new(Code::Unrecognised, message).at(Location::file(name))
            })?,
        };
        diagnostics.append(decoding);
        runs
    };
    if !item.explicit && runs.iter().all(Run::is_empty) {
        // Beside other results, an output without benchmarks is worth a word and no more.
        for mut diagnostic in found.into_vec() {
            if diagnostic.code == Code::NoResults {
                diagnostic.severity = Severity::Warning;
            }
            diagnostics.push(diagnostic);
        }
        return Ok(Vec::new());
    }
    diagnostics.append(found);
    Ok(runs)
}

/// Says what became of a folder as a whole.
fn folder_summary(argument: &str, any: bool, left_out: &[Untrusted], diagnostics: &mut Diagnostics) {
    if files::kind(argument) != Kind::Folder {
        return;
    }
    let names: Vec<String> = left_out.iter().take(3).map(text::shown).collect();
    let more = if left_out.len() > names.len() { ", …" } else { "" };
    if !any && !diagnostics.has_errors() {
        let mut diagnostic =
            Diagnostic::new(Code::NoResults, "no benchmark results in the folder").at(Location::file(argument));
        if !left_out.is_empty() {
            diagnostic = diagnostic.note(format!("files of no known format: {}{more}", names.join(", ")));
        }
        diagnostics.push(diagnostic.help("`perfgate formats` lists what is recognised"));
    } else if any && !left_out.is_empty() {
        let files = if left_out.len() == 1 { "1 file" } else { &format!("{} files", left_out.len()) };
        let mut diagnostic = Diagnostic::new(
            Code::Unrecognised,
            format!("left out {files} of no known format: {}{more}", names.join(", ")),
        )
        .at(Location::file(argument));
        diagnostic.severity = Severity::Note;
        diagnostics.push(diagnostic);
    }
}

/// A result with the place it comes from.
type Placed = (Origin, Run);

/// The argument and path of the sub-folder that a part is bound to.
type SubFolder = Option<(usize, String)>;

/// Puts the parts together to runs, oldest first as far as the order of the parts tells.
///
/// A folder in which no result lies directly is a folder of runs: each of its sub-folders is one.
fn assemble(mut parts: Vec<Placed>) -> Vec<(Untrusted, Run)> {
    let mut of_runs: BTreeMap<(usize, String), bool> = BTreeMap::new();
    for (origin, _) in &parts {
        if let Some(folder) = &origin.folder {
            let nested = of_runs.entry((origin.argument, folder.clone())).or_insert(true);
            *nested &= origin.relative.contains('/') || is_folder_of(origin);
        }
    }
    let mut groups: Vec<(SubFolder, Vec<Placed>)> = Vec::new();
    for (origin, run) in &mut parts {
        let nested = origin.folder.clone().filter(|f| of_runs.get(&(origin.argument, f.clone())) == Some(&true));
        let sub_folder = nested.map(|folder| {
            let (first, rest) = origin.relative.split_once('/').unwrap_or((origin.relative.as_str(), ""));
            let (key, rest) = ((origin.argument, format!("{folder}/{first}")), rest.to_owned());
            origin.relative = rest;
            key
        });
        let placed = (origin.clone(), std::mem::take(run));
        match groups.last_mut() {
            Some((last, list)) if *last == sub_folder && sub_folder.is_some() => list.push(placed),
            _ => groups.push((sub_folder, vec![placed])),
        }
    }
    let bound = groups.iter().all(|(sub_folder, _)| sub_folder.is_some());
    let runs: Vec<Vec<Placed>> =
        groups.into_iter().flat_map(|(_, list)| fit(list.into_iter().map(|p| vec![p]).collect())).collect();
    let mut seen = BTreeSet::new();
    let apart =
        runs.len() > 1 && runs.iter().flatten().flat_map(|(_, run)| run.series.keys()).all(|key| seen.insert(key));
    let runs = if apart || !bound { fit(runs) } else { runs };
    runs.into_iter().map(merge).collect()
}

/// Whether the part is a result tree that is a direct sub-folder, rather than the searched folder or a file in it.
fn is_folder_of(origin: &Origin) -> bool {
    !origin.relative.is_empty() && files::kind(origin.name.raw()) == Kind::Folder
}

/// Whether parts cannot be of one run: a document with several runs says itself what they are, and a run has one commit.
fn are_apart(run: &[Placed], part: &[Placed]) -> bool {
    let differ = |a: &Run, b: &Run| match (&a.subject.commit, &b.subject.commit) {
        // One of them may be cut short.
        (Some(a), Some(b)) => !a.raw().starts_with(b.raw()) && !b.raw().starts_with(a.raw()),
        _ => false,
    };
    part.iter()
        .any(|(origin, one)| run.iter().any(|(other, another)| other.name == origin.name || differ(one, another)))
}

/// Puts each list of parts into the run after the last one that has any of its series.
fn fit(parts: Vec<Vec<Placed>>) -> Vec<Vec<Placed>> {
    let mut runs: Vec<Vec<Placed>> = Vec::new();
    let mut last: BTreeMap<SeriesKey, usize> = BTreeMap::new();
    let several = parts.len() > 1;
    for part in parts {
        let mut at = 0;
        if several {
            let keys = || part.iter().flat_map(|(_, run)| run.series.keys());
            at = keys().filter_map(|key| last.get(key).map(|i| i + 1)).max().unwrap_or(0);
            at += runs.iter().skip(at).take_while(|run| are_apart(run, &part)).count();
            for key in keys() {
                last.insert(key.clone(), at);
            }
        }
        match runs.get_mut(at) {
            Some(run) => run.extend(part),
            None => runs.push(part),
        }
    }
    runs
}

/// Makes one run of its parts. What the first part says of commit, branch and machine holds.
fn merge(parts: Vec<Placed>) -> (Untrusted, Run) {
    let mut tools: BTreeMap<Untrusted, usize> = BTreeMap::new();
    for suite in parts.iter().flat_map(|(_, run)| &run.suites) {
        *tools.entry(suite.tool.clone()).or_default() += 1;
    }
    let mut parts = parts.into_iter();
    let Some((origin, mut whole)) = parts.next() else { return Default::default() };
    let source = origin.name.clone();
    name_suites(&mut whole, &origin, &tools);
    for (origin, mut part) in parts {
        name_suites(&mut part, &origin, &tools);
        let offset = u32::try_from(whole.suites.len()).unwrap_or(u32::MAX);
        whole.suites.append(&mut part.suites);
        for observation in part.series.values_mut() {
            observation.origin.suite = observation.origin.suite.saturating_add(offset);
        }
        whole.series.append(&mut part.series);
        whole.details.append(&mut part.details);
        whole.failures.append(&mut part.failures);
        let subject = part.subject;
        whole.subject.commit = whole.subject.commit.take().or(subject.commit);
        whole.subject.branch = whole.subject.branch.take().or(subject.branch);
        whole.subject.taken_at = whole.subject.taken_at.or(subject.taken_at);
        whole.subject.committed_at = whole.subject.committed_at.or(subject.committed_at);
        for (label, value) in part.environment.labels {
            whole.environment.labels.entry(label).or_insert(value);
        }
    }
    (source, whole)
}

/// Tells suites of one tool apart by where they come from.
fn name_suites(run: &mut Run, origin: &Origin, tools: &BTreeMap<Untrusted, usize>) {
    for suite in &mut run.suites {
        if tools.get(&suite.tool).is_some_and(|n| *n > 1) && suite.name == suite.tool && !origin.relative.is_empty() {
            suite.name = format!("{} ({})", suite.tool.raw(), origin.relative).into();
        }
    }
}
