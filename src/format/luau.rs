//! The lines of Luau's `bench.py`: `SUCCESS: name : 15.041ms +/- 1.145% on luau`.
//!
//! The value is the mean; the percentage is half of its confidence interval, which is no deviation and is not used. Where one
//! output has several programs (`--compare`), the program stands behind the name. A name that comes again is a further run.
//!
//! Not here: the tables and files that other options of `bench.py` write.

use std::collections::BTreeSet;

use super::lines::{self, Lines};
use super::{Document, Format, Probe, Reader, rows};
use crate::diag::{Code, Diagnostics};
use crate::model::{MetricId, Origin, Run, Statistic, Summary};

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "luau",
    title: "Luau's bench.py text",
    url: "https://github.com/luau-lang/luau",
    tested: "0.650, by its source",
    written_by: "python3 bench/bench.py | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// How lines begin.
const SUCCESS: &str = "SUCCESS: ";
const FAILED: &str = "FAILED:  '";

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| Line::of(line).is_some())
}

/// A result.
struct Line<'a> {
    name: &'a str,
    value: &'a str,
    program: &'a str,
}

impl<'a> Line<'a> {
    // https://github.com/luau-lang/luau/blob/0.650/bench/bench.py (analyzeResult)
    fn of(line: &'a str) -> Option<Self> {
        let (front, back) = line.strip_prefix(SUCCESS)?.split_once(" +/- ")?;
        let (name, value) = front.rsplit_once(": ")?;
        let (percentage, program) = back.split_once("% on ")?;
        percentage.trim().parse::<f64>().ok()?;
        // A comparison ends with ` (+1.234%, likely same)`.
        let program = program.rsplit_once(" (").filter(|(_, rest)| rest.contains('%')).map_or(program, |(p, _)| p);
        Some(Self { name: name.trim(), value: value.trim(), program: program.trim() })
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let programs: BTreeSet<&str> =
        document.text.lines().filter_map(Line::of).map(|Line { program, .. }| program).collect();
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for line in document.text.lines() {
        if let Some(Line { name, value, program }) = Line::of(line) {
            let id = read.id(if programs.len() > 1 { format!("{name} on {program}") } else { name.to_owned() });
            match lines::seconds(value).filter(|seconds| seconds.is_finite()) {
                Some(seconds) => {
                    let mut time = rows::time("ms", Origin::default());
                    time.summary = Summary::unknown().with(Statistic::Mean, Some(seconds));
                    read.add(&id, vec![(MetricId::new(MetricId::TIME), time)]);
                }
                None => read.fail(Code::MalformedNumber, value, &id, "has a time that cannot be read"),
            }
        } else if let Some((name, program)) = line.strip_prefix(FAILED).and_then(|rest| rest.split_once("' on '")) {
            // Here the whole path stands, elsewhere its last part.
            let program = program.trim_end_matches('\'').rsplit(['/', '\\']).next().unwrap_or(program);
            let id = read.id(if programs.len() > 1 { format!("{name} on {program}") } else { name.to_owned() });
            read.fail(Code::BenchmarkFailed, line, &id, "failed");
        } else if line.starts_with(SUCCESS) {
            let name = line.get(SUCCESS.len()..).and_then(|rest| rest.split(": ").next()).unwrap_or(line).trim();
            let id = read.id(name);
            read.fail(Code::MalformedLine, line, &id, "has no result that can be read");
        }
    }
    read.finish("no line of the output is a result of bench.py")
}
