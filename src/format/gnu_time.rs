//! What GNU time prints with `-v`: how long a command took, and the resources it used.
//!
//! A benchmark is the command. `time` is the elapsed one, which has hundredths of a second; the peak of its memory is `memory`. The
//! time on the processor and its share, faults of pages and switches of contexts are judged only where the configuration names them. A
//! command that ended with another status than zero, or by a signal, is a failed benchmark. The same command once more is
//! another sample.
//!
//! Not here: fields that Linux does not fill (average sizes, messages, swaps), and `-p`, which does not name its command.

use super::json::Number;
use super::rows;
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Kind, MetricId, Run};
use crate::text;
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "gnu-time",
    title: "GNU time -v",
    url: "https://www.gnu.org/software/time/",
    tested: "1.9",
    written_by: "/usr/bin/time -v -o FILE COMMAND",
    reader: Reader::Text { claims, parse },
};

/// How the line of the command begins.
const COMMAND: &str = "Command being timed: ";

/// The line of the elapsed time.
const ELAPSED: &str = "Elapsed (wall clock) time (h:mm:ss or m:ss)";

/// The other lines that are read: label, metric, unit, and whether they are judged by default.
// https://git.savannah.gnu.org/cgit/time.git/tree/src/time.c?h=v1.9 (longstats)
#[rustfmt::skip]
const FIELDS: &[(&str, &str, &str, bool)] = &[
    ("User time (seconds)", "user-time", "s", false),
    ("System time (seconds)", "system-time", "s", false),
    ("Percent of CPU this job got", "cpu", "%", false),
    ("Maximum resident set size (kbytes)", MetricId::MEMORY, "KiB", true),
    ("Major (requiring I/O) page faults", "major-faults", "", false),
    ("Minor (reclaiming a frame) page faults", "minor-faults", "", false),
    ("Voluntary context switches", "voluntary-switches", "", false),
    ("Involuntary context switches", "involuntary-switches", "", false),
];

fn claims(probe: &Probe<'_>) -> bool {
    !probe.is_json()
        && probe.text.lines().any(|line| command(line).is_some())
        && probe.text.lines().any(|line| line.trim_start().starts_with(ELAPSED))
}

fn command(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix(COMMAND)?.trim_end().strip_prefix('"')?.strip_suffix('"')
}

/// One command on its way.
struct Block<'a> {
    command: &'a str,
    line: &'a str,
    /// Why it failed, as GNU time says before its figures.
    ended: Option<&'a str>,
    elapsed: Option<(&'a str, &'a str)>,
    fields: Vec<(&'static str, &'static str, bool, &'a str, &'a str)>,
    status: Option<(&'a str, &'a str)>,
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut run = Run::of_tool(FORMAT.name);
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut ended = None;
    for line in document.text.lines() {
        if line.starts_with("Command exited with ") || line.starts_with("Command terminated ") {
            ended = Some(line);
        } else if let Some(command) = command(line) {
            let ended = ended.take();
            blocks.push(Block { command, line, ended, elapsed: None, fields: Vec::new(), status: None });
        } else if let (Some(block), Some((label, value))) = (blocks.last_mut(), line.trim().rsplit_once(": ")) {
            if label == ELAPSED {
                block.elapsed = Some((value, line));
            } else if label == "Exit status" {
                block.status = Some((value, line));
            } else if let Some((_, metric, unit, judged)) = FIELDS.iter().find(|(known, ..)| *known == label) {
                block.fields.push((metric, unit, *judged, value, line));
            }
        }
    }
    for (position, block) in blocks.iter().enumerate() {
        add(document, diagnostics, &mut run, block, position);
    }
    if run.is_empty() {
        rows::no_results(document, diagnostics, "the file holds no command");
        return Vec::new();
    }
    vec![run]
}

fn add(document: &Document<'_>, diagnostics: &mut Diagnostics, run: &mut Run, block: &Block<'_>, position: usize) {
    let Block { command, line, ended, elapsed, fields, status } = block;
    let id = BenchmarkId::new(FORMAT.name, None, *command);
    let mut fault =
        |code, line: &str, message: String| rows::bad_line(document, diagnostics, code, line, &id.name, message);
    let failure = match (ended, status, elapsed) {
        (Some(why), ..) => Some(fault(Code::BenchmarkFailed, why, text::shown(&why.to_lowercase().into()))),
        (None, Some((status, line)), _) if *status != "0" => {
            let status = text::shown(&(*status).into());
            Some(fault(Code::BenchmarkFailed, line, format!("ended with exit status {status}")))
        }
        (None, None, _) | (None, _, None) => {
            Some(fault(Code::TruncatedLine, line, "its figures are cut short".to_owned()))
        }
        _ => None,
    };
    if let Some(failure) = failure {
        // What was measured of the command before does not stand for it.
        run.failures.entry(id).or_insert(failure);
        return;
    }
    let origin = rows::origin(position);
    if let Some((value, line)) = elapsed {
        let mut time = rows::time("s", origin);
        if let Some(seconds) = seconds(value) {
            time.set_value(seconds);
        } else {
            let message = format!("not a time: `{}`", text::shown(&(*value).into()));
            time.fault = Some(Box::new(fault(Code::MalformedNumber, line, message)));
        }
        rows::add(run, &id, MetricId::new(MetricId::TIME), time);
    }
    for (metric, unit, judged, value, line) in fields {
        // It does not say what share of no time at all is.
        if *value == "?%" {
            continue;
        }
        let (value, parsed) = match value.strip_suffix('%') {
            Some(percent) => (percent, unit::Parsed { factor: 0.01, unit: unit::Unit::One, better: None }),
            None => (*value, unit::parse(unit)),
        };
        let parsed = unit::Parsed { better: Some(unit::Better::Lower), ..parsed };
        let mut observation = rows::observation(&parsed, unit, Kind::Noisy, origin);
        observation.derived = !judged;
        let number = value.parse::<f64>().map_or_else(|_| Number::Text(value.into()), Number::Value);
        match rows::value_of(&number, &parsed) {
            Ok(value) => observation.set_value(value),
            Err((code, why)) => {
                observation.fault = Some(Box::new(fault(code, line, format!("`{metric}` is {why}"))));
            }
        }
        rows::add(run, &id, MetricId::new(*metric), observation);
    }
}

/// Seconds of `h:mm:ss` or `m:ss.cc`.
fn seconds(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0.0;
    for part in parts {
        let digits = part.chars().all(|c| c.is_ascii_digit() || c == '.') && !part.is_empty();
        seconds = seconds * 60.0 + part.parse::<f64>().ok().filter(|_| digits)?;
    }
    Some(seconds)
}
