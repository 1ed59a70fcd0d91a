//! Documents of a format that the user describes: JSON or CSV by a [`Mapping`].
//!
//! A mapping says where the records are, what names each, and which numbers to read. A CSV document is a list of records
//! with one field for each column. What a record lacks or has as something other than a number costs its series; a mapping
//! that finds nothing at all says how far its path led and what stands there instead.
//!
//! Not here: the mapping's own form (`model::mapping`), and where it is written (`config`).

use super::Document;
use super::json::{self, Node, Step};
use super::rows::{self, Gathered};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::model::mapping::{DocumentPath, MappedPart, Mapping, PathStep};
use crate::model::{BenchmarkId, Fault, Kind, Observation, Origin, Run, SeriesKey, Summary};
use crate::text;
use crate::unit::{self, Parsed, Unit};

#[cfg(test)]
mod tests;

/// A document as values.
struct Content {
    root: Node,
    is_csv: bool,
}

/// A record: where it is, what each `*` on the way stood for, and what it holds.
struct Record<'n> {
    steps: Vec<Step>,
    stars: Vec<String>,
    node: &'n Node,
}

/// Whether a mapping finds anything that it can read in a document.
pub fn finds(mapping: &Mapping, text: &str) -> bool {
    let document = Document { name: "".into(), text };
    let Ok(content) = content(&document) else { return false };
    records(mapping, &content).iter().any(|record| {
        mapping.metrics.iter().any(|metric| {
            let mut found = Vec::new();
            walk(record.node, &metric.value.0, &mut Vec::new(), &mut Vec::new(), &mut found);
            found.iter().any(|value| number(value.node).is_some() || matches!(value.node, Node::List(_)))
        })
    })
}

/// Reads a document by a mapping.
pub fn parse(mapping: &Mapping, document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let content = match content(document) {
        Ok(content) => content,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    let found = records(mapping, &content);
    if found.is_empty() {
        diagnostics.push(nothing(mapping, document, &content));
        return Vec::new();
    }
    let mut reader = Reader {
        mapping,
        document,
        is_csv: content.is_csv,
        series: Gathered::default(),
        without_values: Vec::new(),
        diagnostics,
    };
    for (position, record) in found.iter().enumerate() {
        reader.record(record, u32::try_from(position).unwrap_or(u32::MAX));
    }
    let Reader { series, without_values, diagnostics, .. } = reader;
    let mut run = Run::of_tool(mapping.name.as_str());
    series.finish(&mut run);
    if run.series.is_empty() && run.failures.is_empty() {
        let values: Vec<String> = mapping.metrics.iter().map(|metric| format!("`{}`", metric.value)).collect();
        let keys = found.first().map_or_else(String::new, |record| keys(record.node));
        diagnostics.push(
            Diagnostic::new(Code::MappingFindsNothing, format!("no record of `{}` has a value", shown(&mapping.name)))
                .at(Location::file(document.name.clone()))
                .note(format!("looked for {}", shown(&values.join(", "))))
                .note(format!("the first record has {keys}"))
                .help("paths are relative to the record; see `perfgate config show`"),
        );
        return Vec::new();
    }
    if let Some(first) = without_values.first() {
        let count = without_values.len();
        let (records, have) = if count == 1 { ("record", "has") } else { ("records", "have") };
        let message = format!("{count} {records} {have} none of the values that `{}` reads", shown(&mapping.name));
        let at = Location::file(document.name.clone()).at(first.clone());
        diagnostics.push(Diagnostic::new(Code::LeftOut, message).at(at));
    }
    vec![run]
}

fn content(document: &Document<'_>) -> Result<Content, Diagnostic> {
    if document.text.trim_start().starts_with(['{', '[']) {
        let mut scratch = String::new();
        let root = json::parse::<Node>(document, &mut scratch, "your script")?;
        return Ok(Content { root, is_csv: false });
    }
    rows_of_csv(document).map(|rows| Content { root: Node::List(rows), is_csv: true })
}

/// The rows of a CSV document as objects; its delimiter is the one that its first line has most of.
fn rows_of_csv(document: &Document<'_>) -> Result<Vec<Node>, Diagnostic> {
    let first = document.text.lines().next().unwrap_or("");
    let count = |delimiter: char| first.matches(delimiter).count();
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(document.text.as_bytes());
    let wrong = |error: csv::Error| {
        Diagnostic::new(Code::MalformedDocument, format!("neither JSON nor CSV: {error}"))
            .at(Location::file(document.name.clone()))
    };
    let header = reader.headers().map_err(wrong)?.clone();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(wrong)?;
        let cells = header.iter().zip(row.iter()).map(|(key, cell)| (key.to_owned(), Node::Text(cell.to_owned())));
        rows.push(Node::Object(cells.collect()));
    }
    Ok(rows)
}

fn records<'n>(mapping: &Mapping, content: &'n Content) -> Vec<Record<'n>> {
    let mut found = Vec::new();
    let mut path = mapping.records.0.clone();
    if path.is_empty() && matches!(content.root, Node::List(_)) {
        path.push(PathStep::Any);
    }
    walk(&content.root, &path, &mut Vec::new(), &mut Vec::new(), &mut found);
    found.retain(|record| matches!(record.node, Node::Object(_)));
    found
}

/// Every value that a path leads to.
fn walk<'n>(
    node: &'n Node,
    path: &[PathStep],
    steps: &mut Vec<Step>,
    stars: &mut Vec<String>,
    found: &mut Vec<Record<'n>>,
) {
    let Some((first, rest)) = path.split_first() else {
        found.push(Record { steps: steps.clone(), stars: stars.clone(), node });
        return;
    };
    let mut down = |step: Step, star: Option<String>, node: &'n Node| {
        let stands = star.is_some();
        steps.push(step);
        stars.extend(star);
        walk(node, rest, steps, stars, found);
        steps.pop();
        if stands {
            stars.pop();
        }
    };
    match (first, node) {
        (PathStep::Key(key), _) => {
            if let Some(below) = node.get(key) {
                down(rows::own_key(key), None, below);
            }
        }
        (PathStep::Index(index), Node::List(list)) => {
            if let Some(below) = list.get(*index) {
                down(Step::Index(*index), None, below);
            }
        }
        (PathStep::Any, Node::List(list)) => {
            for (index, below) in list.iter().enumerate() {
                down(Step::Index(index), Some(index.to_string()), below);
            }
        }
        (PathStep::Any, Node::Object(entries)) => {
            for (key, below) in entries {
                down(rows::own_key(key), Some(key.clone()), below);
            }
        }
        _ => {}
    }
}

/// A number, also one in quotes, as all of a CSV document are.
fn number(node: &Node) -> Option<f64> {
    match node {
        Node::Number(value) => Some(*value),
        Node::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

struct Reader<'a, 'd> {
    mapping: &'a Mapping,
    document: &'a Document<'d>,
    is_csv: bool,
    series: Gathered,
    /// Where records are that have none of the values.
    without_values: Vec<String>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_, '_> {
    fn record(&mut self, record: &Record<'_>, position: u32) {
        let name = match name(&self.mapping.benchmark, record) {
            Ok(name) => name,
            Err(why) => {
                self.warn(Code::MalformedDocument, &record.steps, why);
                return;
            }
        };
        let id = BenchmarkId::new(self.mapping.name.as_str(), None, name);
        let mut series: Vec<(SeriesKey, Observation)> = Vec::new();
        for metric in &self.mapping.metrics {
            let mut found = Vec::new();
            walk(record.node, &metric.value.0, &mut Vec::new(), &mut Vec::new(), &mut found);
            let parsed = parsed(&metric.unit);
            let better = metric.better.or(parsed.better);
            let key = SeriesKey { benchmark: id.clone(), metric: metric.name.clone() };
            let mut values = Vec::new();
            let mut fault = None;
            for value in &found {
                let all = match value.node {
                    Node::List(list) => list.iter().collect(),
                    node => vec![node],
                };
                for node in all {
                    let steps = [record.steps.as_slice(), &value.steps].concat();
                    match reading(node, &parsed) {
                        Ok(Some(value)) => values.push(value),
                        Ok(None) => {}
                        Err(why) => {
                            let message = format!("`{}` is {why}", shown(&metric.value.to_string()));
                            let headline = format!("`{}`: {message}", text::shown(&id.name));
                            let location = self.warn(Code::MalformedNumber, &steps, headline);
                            fault.get_or_insert(Fault { message, location: Some(location) });
                        }
                    }
                }
            }
            if values.is_empty() && fault.is_none() {
                continue;
            }
            let at = series.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                let kind = if metric.name.raw() == "allocs" { Kind::Exact } else { Kind::Noisy };
                let mut new = rows::observation(&parsed, &metric.unit, kind, Origin { suite: 0, position });
                new.better = better;
                series.push((key, new));
                series.len() - 1
            });
            let Some((_, observation)) = series.get_mut(at) else { continue };
            observation.fault = observation.fault.take().or(fault.map(Box::new));
            match (metric.part, values.as_slice()) {
                (MappedPart::Value, [_, ..]) => observation.set_samples(values),
                (MappedPart::Statistic(statistic), [value, ..]) if observation.samples.is_none() => {
                    let summary = std::mem::replace(&mut observation.summary, Summary::unknown());
                    observation.summary = summary.with(statistic, Some(*value));
                }
                (MappedPart::Deviation, [value, ..]) if observation.samples.is_none() => {
                    let summary = std::mem::replace(&mut observation.summary, Summary::unknown());
                    observation.summary = summary.with_stddev(Some(*value));
                }
                _ => {}
            }
        }
        if series.is_empty() {
            self.without_values.push(json::path(&record.steps));
        }
        for (key, observation) in series {
            // A standard deviation alone is no value.
            if observation.fault.is_some() || !observation.summary.is_unknown() {
                self.series.add(key, observation);
            }
        }
    }

    fn warn(&mut self, code: Code, steps: &[Step], headline: String) -> Location {
        let location = match steps {
            // The line of a CSV document, behind its header.
            [Step::Index(row), ..] if self.is_csv => Location::line(self.document.name.clone(), *row as u64 + 2),
            _ => json::location(self.document, steps),
        };
        let mut diagnostic = Diagnostic::new(code, headline).at(location.clone());
        diagnostic.severity = diagnostic.severity.min(Severity::Warning);
        self.diagnostics.push(diagnostic);
        location
    }
}

/// A value in base units; `None` where there is none.
fn reading(node: &Node, parsed: &Parsed) -> Result<Option<f64>, String> {
    let value = match node {
        Node::Null => return Ok(None),
        Node::Text(text) if text.trim().is_empty() => return Ok(None),
        Node::Text(text) => number(node).ok_or_else(|| format!("not a number: `{}`", shown(text)))?,
        _ => number(node).ok_or_else(|| format!("{}, not a number", node.kind()))?,
    };
    let value = value * parsed.factor;
    rows::unfit(value, &parsed.unit).map_or(Ok(Some(value)), |why| Err(why.to_owned()))
}

/// The unit that a mapping names.
fn parsed(unit: &str) -> Parsed {
    match unit.trim() {
        "%" => Parsed { factor: 0.01, unit: Unit::One, better: None },
        "" => Parsed { factor: 1.0, unit: Unit::One, better: None },
        unit => unit::parse(unit),
    }
}

/// The name of a record by a template.
fn name(template: &str, record: &Record<'_>) -> Result<String, String> {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        name.push_str(before);
        let Some((field, after)) = behind.split_once('}') else { break };
        if let Ok(number) = field.parse::<usize>() {
            let star = number.checked_sub(1).and_then(|at| record.stars.get(at));
            name.push_str(
                star.ok_or_else(|| format!("`{{{number}}}` stands for a `*` that the path to the records lacks"))?,
            );
        } else {
            let path: DocumentPath = field.parse().map_err(|why| format!("`{{{}}}`: {why}", shown(field)))?;
            let mut found = Vec::new();
            walk(record.node, &path.0, &mut Vec::new(), &mut Vec::new(), &mut found);
            match found.first().map(|value| value.node) {
                Some(Node::Text(text)) => name.push_str(text),
                Some(Node::Number(value)) => name.push_str(&value.to_string()),
                Some(Node::Bool(value)) => name.push_str(&value.to_string()),
                _ => {
                    return Err(format!(
                        "the record has no `{}` to be named by; it has {}",
                        shown(field),
                        keys(record.node)
                    ));
                }
            }
        }
        rest = after;
    }
    name.push_str(rest);
    Ok(name)
}

/// Says how far the path to the records leads.
fn nothing(mapping: &Mapping, document: &Document<'_>, content: &Content) -> Diagnostic {
    let path = &mapping.records.0;
    let reached = (0..=path.len()).rev().find_map(|length| {
        let mut found = Vec::new();
        walk(&content.root, path.get(..length)?, &mut Vec::new(), &mut Vec::new(), &mut found);
        found.into_iter().next().map(|record| (length, record))
    });
    let diagnostic = Diagnostic::new(
        Code::MappingFindsNothing,
        format!("`{}` finds no records at `{}`", shown(&mapping.name), shown(&mapping.records.to_string())),
    );
    match reached {
        Some((length, record)) => {
            let there = DocumentPath(path.get(..length).unwrap_or(&[]).to_vec()).to_string();
            let there = if there.is_empty() { "the document".to_owned() } else { format!("`{}`", shown(&there)) };
            let place = if record.steps.is_empty() {
                Location::file(document.name.clone())
            } else {
                json::location(document, &record.steps)
            };
            diagnostic.at(place).note(format!("{there} is {}", keys(record.node)))
        }
        None => diagnostic.at(Location::file(document.name.clone())),
    }
    .help("`records` in perfgate.toml leads to the objects that hold the numbers, such as \"benchmarks.*\"")
}

/// What a value is and, of an object, its first keys.
fn keys(node: &Node) -> String {
    const MOST: usize = 8;
    let Node::Object(entries) = node else { return node.kind().to_owned() };
    let named: Vec<String> = entries.iter().take(MOST).map(|(key, _)| format!("`{}`", shown(key))).collect();
    let more = if entries.len() > MOST { ", …" } else { "" };
    format!("an object with {}{more}", named.join(", "))
}

fn shown(text: &str) -> String {
    text::shown(&text.into())
}
