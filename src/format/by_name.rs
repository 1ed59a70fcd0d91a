//! Any JSON, read by the names of its fields: `{"name": "login", "avg_latency_ms": 12.5, "throughput_rps": 180}`.
//!
//! Teams write results in a form of their own, and most of those forms say what they mean: an object with a name, and
//! numbers whose names end in a unit. [`fields`] reads the names; this module walks the document. An object with a
//! name-like key is a benchmark; objects without one add their keys to the path, except where a key only groups
//! (`results`) or only says which quantity follows (`latency`). Statistics of one quantity become one series. A statistic
//! without a unit takes that of its neighbours. Objects of a list that share a name are repeats.
//!
//! It is a guess, so it is the last resort: a document is read so only where no format claims it and it names something or
//! states statistics. [`guesses`] lists what every field was taken for, and a `[[format]]` in perfgate.toml says it exactly.
//!
//! Not here: counts without a unit, settings (`timeout_ms`), and what stands below keys such as `config`, which was chosen and
//! not measured.

mod fields;
pub(super) mod table;

use std::collections::BTreeMap;

use self::fields::{Part, Told};
use super::json::{self, Node, Step};
use super::rows::{self, Faults, Gathered};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, MetricId, Origin, Run, SeriesKey, Statistic, Summary};
use crate::text::{self, Untrusted};
use crate::unit::{Parsed, Unit};

#[cfg(test)]
mod tests;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "json",
    title: "any JSON, by the names of its fields",
    url: "https://www.json.org",
    tested: "results as five projects write them",
    written_by: "your own script: {\"name\": \"login\", \"avg_latency_ms\": 12.5}",
    reader: Reader::Text { claims, parse },
};

/// Keys that name what an object is about, best first.
const NAMES: &[&str] = &[
    "name",
    "benchmark",
    "benchmark_name",
    "benchmarkName",
    "test",
    "test_name",
    "testName",
    "operation",
    "scenario",
    "endpoint",
    "case",
    "title",
    "label",
    "function",
    "query",
    "id",
];

/// Keys that only group.
const GROUPS: &[&str] = &[
    "benchmarks",
    "results",
    "result",
    "tests",
    "metrics",
    "stats",
    "statistics",
    "measurements",
    "scenarios",
    "summary",
    "data",
    "timings",
    "performance",
    "runs",
    "entries",
    "values",
    "reports",
    "operations",
    "endpoints",
    "cases",
];

/// Keys below which nothing was measured.
const ASIDE: &[&str] = &[
    "metadata",
    "meta",
    "config",
    "configuration",
    "options",
    "settings",
    "params",
    "parameters",
    "args",
    "env",
    "context",
    "info",
    "git",
    "commit_info",
    "thresholds",
    "targets",
    "limits",
    "budgets",
    "tags",
    "labels",
    "baseline",
    "previous",
];

/// Keys of what is said of the machine.
const MACHINE: &[&str] = &["machine", "machine_info", "host", "platform", "environment"];

/// How long a name may be and still be a name.
const LONGEST_LABEL: usize = 200;

/// What a field was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The field's name.
    pub field: Untrusted,
    /// Where it stands first.
    pub first: String,
    /// What it was taken for, or why it was left out.
    pub taken_for: String,
    /// Whether it is read.
    pub is_read: bool,
    /// In how many places.
    pub count: usize,
}

fn claims(probe: &Probe<'_>) -> bool {
    if !probe.is_json() {
        return false;
    }
    let document = Document { name: "".into(), text: probe.text };
    let mut scratch = String::new();
    let Ok(root) = json::parse::<Node>(&document, &mut scratch, "") else { return false };
    let mut reading = Reading::default();
    reading.read(&root);
    reading.says_enough && !reading.run.series.is_empty()
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut scratch = String::new();
    let root = match json::parse::<Node>(document, &mut scratch, FORMAT.written_by) {
        Ok(root) => root,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    let mut reading = Reading { run: Run::of_tool(FORMAT.name), ..Reading::default() };
    reading.read(&root);
    let mut faults = Faults::new(document, diagnostics);
    for (id, metric, path, why) in std::mem::take(&mut reading.wrong) {
        let fault = Box::new(faults.row(Code::InvalidValue, &path, &id.name, why));
        if let Some(series) = reading.run.series.get_mut(&SeriesKey { benchmark: id, metric }) {
            series.fault = Some(fault);
        }
    }
    for (id, path, why) in std::mem::take(&mut reading.failed) {
        let fault = faults.row(Code::BenchmarkFailed, &path, &id.name, why);
        reading.run.failures.entry(id).or_insert(fault);
    }
    tell(document, &reading.guesses, diagnostics);
    vec![reading.run]
}

/// Says that a document was read by a guess.
fn tell(document: &Document<'_>, guesses: &[Guess], diagnostics: &mut Diagnostics) {
    let left_out = guesses.iter().filter(|guess| !guess.is_read).count();
    let taken = guesses.len() - left_out;
    let message = format!("no tool's format: read by the names of its fields ({taken} read, {left_out} left out)");
    diagnostics.push(
        Diagnostic::new(Code::ReadByName, message)
            .at(crate::diag::Location::file(document.name.clone()))
            .help("`perfgate convert --explain FILE` lists what each was taken for; `[[format]]` in perfgate.toml says it exactly"),
    );
}

/// The unit that all times with a unit among these are in.
fn common_unit<'t>(told: impl Iterator<Item = &'t Told>) -> Option<(Parsed, &'static str)> {
    let known = told.filter_map(|told| Some((told.unit.clone()?, told.symbol)));
    let known: Vec<(Parsed, &'static str)> = known.filter(|(unit, _)| unit.unit == Unit::Second).collect();
    known.first().filter(|first| known.iter().all(|other| other == *first)).cloned()
}

/// What each field of a document is taken for, in the order of the document; empty where it is neither JSON nor a table.
pub fn guesses(document: &Document<'_>) -> Vec<Guess> {
    if !document.text.trim_start().starts_with(['{', '[']) {
        return table::guesses(document);
    }
    let mut scratch = String::new();
    let Ok(root) = json::parse::<Node>(document, &mut scratch, "") else { return Vec::new() };
    let mut reading = Reading::default();
    reading.read(&root);
    reading.guesses
}

/// Where in the document the walk is.
#[derive(Clone, Default)]
struct Place {
    /// The steps from the root.
    steps: Vec<Step>,
    /// What is measured here.
    names: Vec<String>,
    /// Words that say which quantity is meant.
    words: Vec<String>,
    /// Whether a name-like key has named this object or one above.
    is_named: bool,
}

impl Place {
    fn down(&self, step: Step) -> Self {
        let mut place = self.clone();
        place.steps.push(step);
        place
    }
}

/// One field of an object that holds a number, or several.
struct Field<'n> {
    key: &'n str,
    steps: Vec<Step>,
    told: Told,
    values: Vec<f64>,
}

#[derive(Default)]
struct Reading {
    run: Run,
    /// Whether the document names benchmarks or states statistics, as settings do not.
    says_enough: bool,
    /// Whether an object of the document has a name, so that numbers beside those objects are about the document.
    has_names: bool,
    guesses: Vec<Guess>,
    /// The index of each guess by field and meaning.
    known: BTreeMap<(String, String), usize>,
    series: Gathered,
    /// Series with a value that cannot be used.
    wrong: Vec<(BenchmarkId, MetricId, Vec<Step>, String)>,
    failed: Vec<(BenchmarkId, Vec<Step>, String)>,
    position: u32,
}

impl Reading {
    fn read(&mut self, root: &Node) {
        self.has_names = has_names(root);
        self.object_or_list(root, &mut Place::default());
        std::mem::take(&mut self.series).finish(&mut self.run);
    }

    fn object_or_list(&mut self, node: &Node, place: &mut Place) {
        match node {
            Node::List(list) => {
                for (index, element) in list.iter().enumerate() {
                    self.object_or_list(element, &mut place.down(Step::Index(index)));
                }
            }
            Node::Object(entries) => self.object(entries, place),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        }
    }

    fn object(&mut self, entries: &[(String, Node)], place: &mut Place) {
        let name = name_of(entries);
        if let Some((_, text)) = name {
            place.names.push(format!("{text}{}", parameters(entries)));
            place.is_named = true;
        }
        self.subject(entries, place.steps.is_empty());
        self.failure(entries, place);
        let mut fields = Vec::new();
        for (key, node) in entries {
            if name.is_some_and(|(named, _)| named == key) {
                continue;
            }
            let below = place.down(rows::own_key(key));
            match node {
                Node::Number(value) => self.field(key, vec![*value], &below, &mut fields),
                Node::List(list) if !list.is_empty() && list.iter().all(|node| matches!(node, Node::Number(_))) => {
                    let values = list.iter().filter_map(|n| if let Node::Number(v) = n { Some(*v) } else { None });
                    self.field(key, values.collect(), &below, &mut fields);
                }
                Node::List(_) | Node::Object(_) => self.below(key, node, below),
                Node::Text(_) | Node::Null => self.no_number(key, node, &below, &mut fields),
                Node::Bool(_) => {}
            }
        }
        self.take(place, fields);
    }

    /// What stands below a key.
    fn below(&mut self, key: &str, node: &Node, mut place: Place) {
        let lower = key.to_lowercase();
        if MACHINE.contains(&lower.as_str()) {
            if let Node::Object(entries) = node {
                self.machine(entries);
            }
            return;
        }
        if ASIDE.contains(&lower.as_str()) {
            return;
        }
        let words = fields::words(key);
        if fields::are_of_a_quantity(&words) {
            place.words.extend(words);
        } else if !GROUPS.contains(&lower.as_str()) {
            place.names.push(key.to_owned());
        }
        self.object_or_list(node, &mut place);
    }

    fn field<'n>(&mut self, key: &'n str, values: Vec<f64>, place: &Place, fields: &mut Vec<Field<'n>>) {
        let words: Vec<String> = place.words.iter().cloned().chain(fields::words(key)).collect();
        if let Some(told) = fields::read(&words) {
            fields.push(Field { key, steps: place.steps.clone(), told, values });
            return;
        }
        self.guess(key, &place.steps, fields::why_not(&words).to_owned(), false);
    }

    /// Reads a number in quotes; says of other text and of nothing where a number should be that it is none.
    fn no_number<'n>(&mut self, key: &'n str, node: &Node, place: &Place, fields: &mut Vec<Field<'n>>) {
        let words: Vec<String> = place.words.iter().cloned().chain(fields::words(key)).collect();
        if fields::read(&words).is_none_or(|told| told.unit.is_none()) {
            return;
        }
        match node {
            Node::Text(text) if text.trim().parse::<f64>().is_ok() => {
                self.field(key, text.trim().parse().into_iter().collect(), place, fields);
            }
            _ => self.guess(key, &place.steps, "left out: not a number".to_owned(), false),
        }
    }

    /// Puts the fields of one object together.
    fn take(&mut self, place: &Place, mut fields: Vec<Field<'_>>) {
        if self.has_names && place.names.is_empty() {
            for field in fields {
                self.guess(field.key, &field.steps, "left out: beside named benchmarks".to_owned(), false);
            }
            return;
        }
        // The unit that all times here are in.
        let common = common_unit(fields.iter().map(|field| &field.told));
        let mut series: BTreeMap<(String, &'static str), Vec<Field<'_>>> = BTreeMap::new();
        for mut field in fields.drain(..) {
            if field.told.unit.is_none() {
                let Some((unit, symbol)) = &common else {
                    self.guess(
                        field.key,
                        &field.steps,
                        "left out: a time, but nothing tells its unit".to_owned(),
                        false,
                    );
                    continue;
                };
                (field.told.unit, field.told.symbol) = (Some(unit.clone()), *symbol);
            }
            series.entry((field.told.about.clone(), field.told.metric)).or_default().push(field);
        }
        // `std_dev_ms` beside `avg_latency_ms`: a statistic that names no quantity is of the only one there is.
        if let Some(alone) = series.remove(&(String::new(), "time")) {
            let only_parts = alone.iter().all(|field| field.told.part == Part::Deviation);
            let times: Vec<_> =
                series.iter().filter(|(_, f)| f.iter().any(is_time)).map(|(key, _)| key.clone()).collect();
            let owner = match times.as_slice() {
                [only] if only_parts => only.clone(),
                _ => (String::new(), "time"),
            };
            series.entry(owner).or_default().extend(alone);
        }
        for ((about, metric), fields) in series {
            self.series(place, &about, metric, fields);
        }
    }

    fn series(&mut self, place: &Place, about: &str, metric: &'static str, fields: Vec<Field<'_>>) {
        let has_level =
            fields.iter().any(|f| matches!(f.told.part, Part::Statistic(Statistic::Mean | Statistic::Median)));
        let (totals, parts): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|f| has_level && f.told.part == Part::Value);
        // Beside a mean, a value of the same quantity is something else, such as the sum over all iterations.
        for total in totals {
            let key = fields::without_unit(total.key);
            self.one(place, about, MetricId::new(key), vec![total]);
        }
        if !parts.is_empty() {
            self.one(place, about, MetricId::new(metric), parts);
        }
    }

    fn one(&mut self, place: &Place, about: &str, metric: MetricId, fields: Vec<Field<'_>>) {
        let mut names = place.names.clone();
        names.extend((!about.is_empty()).then(|| about.to_owned()));
        if names.is_empty() {
            names.push("all".to_owned());
        }
        let id = BenchmarkId::new(FORMAT.name, None, names.join("/"));
        let Some(first) = fields.first() else { return };
        let Some(unit) = first.told.unit.clone() else { return };
        let origin = Origin { suite: 0, position: self.position };
        self.position = self.position.saturating_add(1);
        let mut observation = rows::observation(&unit, first.told.symbol, first.told.kind, origin);
        let mut summary = Summary::unknown();
        let mut only_deviation = true;
        for field in &fields {
            let factor = field.told.unit.as_ref().map_or(1.0, |unit| unit.factor);
            let values: Vec<f64> = field.values.iter().map(|value| value * factor).collect();
            if let Some(why) = values.iter().find_map(|value| rows::unfit(*value, &unit.unit)) {
                let why = format!("`{}` is {why}", text::shown(&field.key.into()));
                self.wrong.push((id.clone(), metric.clone(), field.steps.clone(), why));
            }
            let taken_for = if metric.raw() == field.told.metric {
                field.told.in_words()
            } else {
                Told { metric: "value", ..field.told.clone() }.in_words().replacen("value", &text::shown(&metric.0), 1)
            };
            self.guess(field.key, &field.steps, taken_for, true);
            self.says_enough |= place.is_named || field.told.part != Part::Value;
            match (field.told.part, values.as_slice()) {
                (Part::Value, _) => {
                    observation.set_samples(values);
                    only_deviation = false;
                }
                (Part::Statistic(statistic), [value]) => {
                    summary = summary.with(statistic, Some(*value));
                    only_deviation = false;
                }
                (Part::Deviation, [value]) => summary = summary.with_stddev(Some(*value)),
                _ => {}
            }
        }
        if only_deviation {
            return;
        }
        if observation.samples.is_none() {
            observation.summary = summary;
        }
        self.series.add(SeriesKey { benchmark: id, metric }, observation);
    }

    fn guess(&mut self, key: &str, steps: &[Step], taken_for: String, is_read: bool) {
        let index = *self.known.entry((key.to_owned(), taken_for.clone())).or_insert(self.guesses.len());
        if let Some(guess) = self.guesses.get_mut(index) {
            guess.count += 1;
            return;
        }
        let first = json::path(steps);
        self.guesses.push(Guess { field: key.into(), first, taken_for, is_read, count: 1 });
    }

    /// What the document says of the run: its commit, its branch and its time, at the top only.
    fn subject(&mut self, entries: &[(String, Node)], is_top: bool) {
        if !is_top {
            return;
        }
        let text = |names: &[&str]| {
            names.iter().find_map(|wanted| {
                entries.iter().find_map(|(key, node)| match node {
                    Node::Text(text) if key == wanted => Some(text.as_str()),
                    _ => None,
                })
            })
        };
        let subject = &mut self.run.subject;
        subject.commit =
            text(&["commit", "commit_hash", "commit_sha", "git_commit", "git_sha", "sha", "revision"]).map(Into::into);
        subject.branch = text(&["branch", "git_branch"]).map(Into::into);
        subject.taken_at = text(&["timestamp", "datetime", "date", "created_at", "generated_at", "started_at", "time"])
            .and_then(rows::moment);
    }

    fn machine(&mut self, entries: &[(String, Node)]) {
        for (key, node) in entries {
            if let Node::Text(text) = node
                && key.len() + text.len() <= LONGEST_LABEL
            {
                self.run.environment.labels.insert(key.as_str().into(), text.as_str().into());
            }
        }
    }

    /// What says of itself that it failed.
    fn failure(&mut self, entries: &[(String, Node)], place: &Place) {
        if !place.is_named {
            return;
        }
        let said = entries.iter().find_map(|(key, node)| match (key.as_str(), node) {
            ("status" | "outcome" | "result", Node::Text(text))
                if ["fail", "failed", "failure", "error", "errored", "timeout"]
                    .contains(&text.to_lowercase().as_str()) =>
            {
                Some((key, format!("its {key} is `{}`", text::shown(&text.as_str().into()))))
            }
            ("success" | "passed" | "ok", Node::Bool(false)) => Some((key, format!("its `{key}` is false"))),
            ("error" | "exception", Node::Text(text)) if !text.trim().is_empty() => {
                Some((key, text::line(text).into_owned()))
            }
            _ => None,
        });
        if let Some((key, why)) = said {
            let id = BenchmarkId::new(FORMAT.name, None, place.names.join("/"));
            self.failed.push((id, place.down(rows::own_key(key)).steps, why));
        }
    }
}

/// The key and text by which an object is named.
fn name_of(entries: &[(String, Node)]) -> Option<(&String, &String)> {
    NAMES.iter().find_map(|wanted| {
        entries.iter().find_map(|(key, node)| match node {
            Node::Text(text) if key == wanted && !text.trim().is_empty() => Some((key, text)),
            _ => None,
        })
    })
}

/// Whether a value below the root names something that has numbers.
fn has_names(node: &Node) -> bool {
    match node {
        Node::List(list) => list.iter().any(has_names),
        Node::Object(entries) => {
            let numbers =
                entries.iter().any(|(_, node)| matches!(node, Node::Number(_) | Node::List(_) | Node::Object(_)));
            (numbers && name_of(entries).is_some())
                || entries
                    .iter()
                    .filter(|(key, _)| !ASIDE.contains(&key.to_lowercase().as_str()))
                    .any(|(_, node)| has_names(node))
        }
        _ => false,
    }
}

/// What was varied, as hyperfine writes it behind a name: ` (size=10, mode=fast)`.
fn parameters(entries: &[(String, Node)]) -> String {
    let told = entries.iter().filter_map(|(key, node)| {
        let value = match node {
            Node::Number(value) => value.to_string(),
            Node::Text(text) => text.clone(),
            _ => return None,
        };
        fields::is_parameter(&fields::words(key)).then(|| format!("{key}={value}"))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
}

fn is_time(field: &Field<'_>) -> bool {
    field.told.unit.as_ref().is_some_and(|unit| unit.unit == Unit::Second)
}
