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
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::format::{self, Detection, Document, FORMATS, Format, Reader, Tree};
use crate::model::{Run, SeriesKey};
use crate::text::{self, Untrusted};

/// The runs of one side.
#[derive(Debug, Default)]
pub struct Side {
    /// Oldest first.
    pub runs: Vec<Run>,
    /// The arguments as the user wrote them.
    pub inputs: Vec<Untrusted>,
}

/// Reads every argument of one side. Problems go to `diagnostics`; errors among them mean that the side is not usable.
pub fn side(arguments: &[String], forced: Option<&'static Format>, diagnostics: &mut Diagnostics) -> Side {
    let mut items = Vec::new();
    for argument in arguments {
        if let Err(diagnostic) = expand(argument, forced, &mut items, diagnostics) {
            diagnostics.push(diagnostic);
        }
    }
    let parsed: Vec<Part> = items.into_par_iter().map(|item| parse(item, forced)).collect();
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
    if runs.iter().all(|r| r.subject.taken_at.is_some()) {
        runs.sort_by_key(|r| r.subject.taken_at);
    }
    Side { runs, inputs: arguments.iter().map(|a| files::shown_name(a)).collect() }
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
    Tree {
        folder: Folder,
        format: &'static Format,
        part: Option<String>,
    },
    /// An empty folder.
    Nothing,
}

struct Item {
    origin: Origin,
    source: Source,
    /// Whether the user named this very file, so that it must be usable.
    explicit: bool,
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
    argument: &str,
    forced: Option<&'static Format>,
    items: &mut Vec<Item>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let index = items.last().map_or(0, |i: &Item| i.origin.argument + 1);
    if argument == "-" {
        items.push(file_item(index, argument, true));
        return Ok(());
    }
    match files::kind(argument) {
        Kind::File => items.push(file_item(index, argument, true)),
        Kind::Folder => folder(index, argument, None, forced, items)?,
        Kind::Missing => {
            if let Some((path, part)) = argument.rsplit_once('@')
                && files::kind(path) == Kind::Folder
            {
                return folder(index, path, Some(part), forced, items);
            }
            let found = if argument.contains(['*', '?', '[']) { files::glob(argument)? } else { Vec::new() };
            if found.is_empty() {
                return Err(not_found(argument));
            }
            for path in found {
                match files::kind(&path) {
                    Kind::Folder => {
                        if let Err(diagnostic) = folder(index, &path, None, forced, items) {
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
    forced: Option<&'static Format>,
    items: &mut Vec<Item>,
) -> Result<(), Diagnostic> {
    let folder = Folder::open(path)?;
    let mut roots: Vec<(String, &'static Format)> = Vec::new();
    for &format in FORMATS {
        if let Reader::Tree { roots: find, .. } = format.reader
            && forced.is_none_or(|f| f.name == format.name)
        {
            roots.extend(find(&folder).into_iter().map(|root| (root, format)));
        }
    }
    if part.is_some() && roots.is_empty() {
        return Err(Diagnostic::new(
            Code::Unrecognised,
            "the folder holds no Criterion results, so it has no baselines",
        )
        .at(Location::file(path))
        .help("give the folder that Criterion writes, usually `target/criterion`"));
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
    if found.is_empty() {
        // Keeps the argument's index, and lets the summary say that there was nothing.
        found.push(Item { origin: origin("", path.into()), source: Source::Nothing, explicit: false });
    }
    items.extend(found);
    Ok(())
}

/// Reads one file or tree.
fn parse(item: Item, forced: Option<&'static Format>) -> Part {
    let mut diagnostics = Diagnostics::new();
    let mut skipped = false;
    let runs = match &item.source {
        Source::Nothing => Vec::new(),
        Source::Tree { folder, format, part } => match format.reader {
            Reader::Tree { parse, .. } => parse(folder, part.as_deref(), &mut diagnostics),
            Reader::Text { .. } => Vec::new(),
        },
        Source::File(path) => match parse_file(path, &item, forced, &mut diagnostics) {
            Ok(runs) => runs,
            Err(_) if !item.explicit => {
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
    forced: Option<&'static Format>,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Run>, Diagnostic> {
    let bytes = files::read(path)?;
    let name = item.origin.name.clone();
    let mut decoding = Diagnostics::new();
    let text = format::decode(&name, &bytes, &mut decoding)?;
    let format = match forced {
        Some(format) => format,
        None => match format::detect(&text) {
            Detection::One(format) => format,
            Detection::Several(formats) => return Err(ambiguous(&name, &formats)),
            Detection::None => return Err(unrecognised(&name, &text)),
        },
    };
    let Reader::Text { parse, .. } = format.reader else {
        let message = format!("`{}` results are a folder, not a file", format.name);
        return Err(Diagnostic::new(Code::Unrecognised, message).at(Location::file(name)));
    };
    let mut found = Diagnostics::new();
    let runs = parse(&Document { name, text: &text }, &mut found);
    if !item.explicit && runs.iter().all(Run::is_empty) && !found.has_errors() {
        return Ok(Vec::new());
    }
    diagnostics.append(decoding);
    diagnostics.append(found);
    Ok(runs)
}

fn ambiguous(name: &Untrusted, formats: &[&'static Format]) -> Diagnostic {
    let names: Vec<&str> = formats.iter().map(|f| f.name).collect();
    Diagnostic::new(Code::AmbiguousFormat, format!("the content fits several formats: {}", names.join(", ")))
        .at(Location::file(name.clone()))
        .help(format!("say which: `--input-format {}`", names.first().copied().unwrap_or("NAME")))
}

fn unrecognised(name: &Untrusted, content: &str) -> Diagnostic {
    let first = content.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let diagnostic = Diagnostic::new(Code::Unrecognised, "no format fits the file's content")
        .at(Location::file(name.clone()))
        .note(format!("it starts with: {}", text::truncate(&text::line(first.trim()), 100)));
    if content.trim_start().starts_with(['{', '['])
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(content)
    {
        return diagnostic.note(format!("as JSON it is broken: {error}"));
    }
    diagnostic.help("`perfgate formats` lists the formats; `--input-format NAME` reads it as one of them")
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
fn assemble(mut parts: Vec<Placed>) -> Vec<Run> {
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
fn merge(parts: Vec<Placed>) -> Run {
    let mut tools: BTreeMap<Untrusted, usize> = BTreeMap::new();
    for suite in parts.iter().flat_map(|(_, run)| &run.suites) {
        *tools.entry(suite.tool.clone()).or_default() += 1;
    }
    let mut parts = parts.into_iter();
    let Some((origin, mut whole)) = parts.next() else { return Run::default() };
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
        for (label, value) in part.environment.labels {
            whole.environment.labels.entry(label).or_insert(value);
        }
    }
    whole
}

/// Tells suites of one tool apart by where they come from.
fn name_suites(run: &mut Run, origin: &Origin, tools: &BTreeMap<Untrusted, usize>) {
    for suite in &mut run.suites {
        if tools.get(&suite.tool).is_some_and(|n| *n > 1) && suite.name == suite.tool && !origin.relative.is_empty() {
            suite.name = format!("{} ({})", suite.tool.raw(), origin.relative).into();
        }
    }
}
