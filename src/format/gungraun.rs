//! gungraun's summaries in JSON (iai-callgrind before 0.17): one document for each benchmark, as `--output-format=json` and
//! `pretty-json` print them and `--save-summary` keeps them.
//!
//! A benchmark is its path and its id, as in the text. Of the parts of a tool's run (processes, threads) the total is read, and of
//! each count the new value: the old one is of the last run on that machine. The documents stand among what cargo and the
//! benchmarks print, so they are looked for.
//!
//! Regressions that gungraun found by its own limits are not read: the limits here are perfgate's.
//!
//! Not here: what tools other than Callgrind found in version 1, which wrote it as sentences.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{self, Number};
use super::rows;
use super::valgrind::Count;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::{BenchmarkId, Fault, Run};
use crate::text;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "gungraun",
    title: "gungraun summary JSON",
    url: "https://gungraun.github.io/gungraun",
    tested: "schemas 2 to 7",
    written_by: "cargo bench -- --output-format=json > FILE",
    reader: Reader::Text { claims, parse },
};

/// How many beginnings of documents that are none are tried; a log can be full of braces.
const MOST_TRIED: usize = 64;

/// The newest version of the summary that is known.
const NEWEST: u64 = 7;

fn claims(probe: &Probe<'_>) -> bool {
    // The values, not their schema, which holds the same words.
    let kinds = probe.text.match_indices("\"kind\"").filter_map(|(at, key)| probe.text.get(at + key.len()..));
    let is_kind = |rest: &str| {
        let value = rest.trim_start().strip_prefix(':').map_or("", str::trim_start);
        ["\"LibraryBenchmark\"", "\"BinaryBenchmark\""].iter().any(|kind| value.starts_with(kind))
    };
    probe.text.contains("\"module_path\"") && kinds.into_iter().any(is_kind)
}

// https://github.com/iai-callgrind/iai-callgrind/tree/v0.16.1/iai-callgrind-runner/schemas (versions 1 to 6) and
// https://docs.rs/gungraun-runner/0.20.0 (summary/model.rs, version 7): paths, details and parts are skipped.

#[derive(Deserialize)]
#[serde(expecting = "a summary as an object")]
struct Summary {
    version: String,
    module_path: String,
    #[serde(default)]
    id: Option<String>,
    /// Versions 1 to 3.
    #[serde(default, rename = "callgrind_summary")]
    callgrind: Value,
    /// Versions 1 to 3.
    #[serde(default, rename = "tool_summaries")]
    tools: Vec<Value>,
    /// From version 4 on.
    #[serde(default)]
    profiles: Vec<Value>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(FORMAT.name);
    for (position, raw) in documents(document, diagnostics, &mut run).into_iter().enumerate() {
        match json::part::<Summary>(raw.get()) {
            Ok(summary) => add(document, diagnostics, &mut run, raw.get(), summary, position),
            Err(wrong) => {
                let message = format!("a summary that cannot be read: {}", wrong.message);
                let place = document.span_of(raw.get().get(..1).unwrap_or("")).at(json::path(&wrong.steps));
                let id = BenchmarkId::new(FORMAT.name, None, format!("summary {}", position + 1));
                let mut diagnostic = Diagnostic::new(wrong.code, message.clone()).at(place.clone());
                diagnostic.severity = crate::diag::Severity::Warning;
                diagnostics.push(diagnostic);
                run.failures.insert(id, Fault { message, location: Some(place) });
            }
        }
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the text holds no summary of a benchmark");
        return Vec::new();
    }
    vec![run]
}

/// The JSON documents of a text that are summaries. The first one that is cut short is a failure.
fn documents<'a>(document: &Document<'a>, diagnostics: &mut Diagnostics, run: &mut Run) -> Vec<&'a RawValue> {
    let text = document.text;
    let (mut found, mut at, mut tried) = (Vec::new(), 0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let object = rest.trim_start_matches([' ', '\t']).strip_prefix('{').map(str::trim_start);
        if object.is_none_or(|keys| !keys.starts_with('"')) {
            at += line;
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        if let Some(Ok(raw)) = values.next() {
            // Other programs print JSON as well.
            if raw.get().contains("\"module_path\"") {
                found.push(raw);
            }
            at += values.byte_offset().max(1);
            continue;
        }
        tried += 1;
        if tried > MOST_TRIED {
            break;
        }
        // The lines of a document that was tried are no further ones.
        if run.failures.is_empty() {
            let id = BenchmarkId::new(FORMAT.name, None, format!("summary {}", found.len() + 1));
            let message = "a summary that is cut short or broken".to_owned();
            let place = document.span(at, 1);
            diagnostics.push(Diagnostic::new(Code::TruncatedLine, message.as_str()).at(place.clone()));
            run.failures.insert(id, Fault { message, location: Some(place) });
        }
        at += line;
    }
    found
}

fn add(
    document: &Document<'_>,
    diagnostics: &mut Diagnostics,
    run: &mut Run,
    raw: &str,
    summary: Summary,
    position: usize,
) {
    let Summary { version, module_path, id, callgrind, tools, profiles } = summary;
    let name = id.map_or_else(|| module_path.clone(), |id| format!("{module_path} {id}"));
    let id = BenchmarkId::new(FORMAT.name, None, name);
    let place = || document.span_of(raw.get(..1).unwrap_or(""));
    let counts = counts(&callgrind, &tools, &profiles);
    let mut measured = false;
    for (tool, name, number) in counts {
        let Some(number) = number else { continue };
        measured = true;
        let count = Count::of(&tool, &name);
        match count.observe(&number, rows::origin(position)) {
            Ok(observation) => rows::add(run, &id, count.metric, observation),
            Err((code, why)) => {
                let message = format!("`{}` is {why}", text::shown(&name.as_str().into()));
                let headline = format!("`{}`: {message}", text::shown(&id.name));
                diagnostics.push(Diagnostic::new(code, headline).at(place()));
                run.failures.entry(id.clone()).or_insert(Fault { message, location: Some(place()) });
            }
        }
    }
    if !measured {
        let newer = version.parse::<u64>().is_ok_and(|version| version > NEWEST);
        let (code, message) = if newer {
            let version = text::shown(&version.as_str().into());
            (Code::UnsupportedVersion, format!("summary version {version}, which holds no count that is known"))
        } else {
            (Code::BenchmarkFailed, "has no counts".to_owned())
        };
        let mut diagnostic = Diagnostic::new(code, format!("`{}`: {message}", text::shown(&id.name))).at(place());
        diagnostic.severity = crate::diag::Severity::Warning;
        diagnostics.push(diagnostic);
        run.failures.entry(id).or_insert(Fault { message, location: Some(place()) });
    }
}

/// Every count: its tool, its key and the new number, if there is one.
fn counts(callgrind: &Value, tools: &[Value], profiles: &[Value]) -> Vec<(String, String, Option<Number>)> {
    let mut all = Vec::new();
    let mut take = |tool: &str, counts: Option<&Value>| {
        // What a tool counted stands below the tool's name in versions 3 to 6: `{"Callgrind": {…}}`.
        let counts = counts.and_then(Value::as_object);
        let below = counts.filter(|counts| counts.len() == 1).and_then(|counts| counts.iter().next());
        let below =
            below.filter(|(_, inner)| ["metrics", "values", "new", "old"].iter().all(|k| inner.get(k).is_none()));
        let counts = below.map_or(counts, |(_, inner)| inner.as_object());
        for (key, value) in counts.into_iter().flatten() {
            all.push((tool.to_owned(), key.clone(), new_value(value)));
        }
    };
    for profile in profiles {
        let tool = profile.get("tool").and_then(Value::as_str).unwrap_or("");
        let total = profile.pointer("/summaries/total/summary").or_else(|| profile.pointer("/data/total/metrics"));
        take(tool, total);
    }
    take("Callgrind", callgrind.pointer("/callgrind_run/total/summary"));
    for tool in tools {
        let name = tool.get("tool").and_then(Value::as_str).unwrap_or("");
        take(name, tool.pointer("/summaries/total"));
    }
    // Versions 1 and 2 have no total.
    all.extend(sums("Callgrind", callgrind.get("summaries"), "events"));
    for tool in tools {
        let name = tool.get("tool").and_then(Value::as_str).unwrap_or("");
        all.extend(sums(name, tool.get("summaries"), "costs_summary"));
    }
    all
}

/// The sums of each count over the parts of a tool's run.
fn sums(tool: &str, parts: Option<&Value>, field: &str) -> Vec<(String, String, Option<Number>)> {
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for part in parts.and_then(Value::as_array).into_iter().flatten() {
        for (key, value) in part.get(field).and_then(Value::as_object).into_iter().flatten() {
            if let Some(number) = new_value(value).and_then(|number| number.finite()) {
                *sums.entry(key).or_default() += number;
            }
        }
    }
    sums.into_iter().map(|(key, sum)| (tool.to_owned(), key.to_owned(), Some(Number::Value(sum)))).collect()
}

/// The new one of two values in any version's form; `None` where only an old one is.
fn new_value(value: &Value) -> Option<Number> {
    let both = value.get("metrics").or_else(|| value.get("values")).unwrap_or(value);
    let new = both.get("Left").or_else(|| both.pointer("/Both/0")).or_else(|| both.get("new"))?;
    let number = ["Int", "Float", "value"].iter().find_map(|kind| new.get(kind)).unwrap_or(new);
    match number {
        Value::Number(number) => Some(number.as_f64().map_or(Number::Missing, Number::Value)),
        Value::String(text) => {
            Some(json::stands_for(text).map_or_else(|| Number::Text(text.as_str().into()), Number::Value))
        }
        Value::Null => None,
        _ => Some(Number::Missing),
    }
}
