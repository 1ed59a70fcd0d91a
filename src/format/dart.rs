//! The lines of Dart's `benchmark_harness`: `Name(RunTime): 12.5 us.`.
//!
//! `RunTime` is `time`. Other things that scores are made of, such as `CodeSize` or `MemoryUse`, are metrics of their own
//! name; the unit tells the direction. A name that comes again is a further run.
//!
//! Not here: what emitters of somebody's own write.

use super::lines::Lines;
use super::{Document, Format, Probe, Reader, rows};
use crate::diag::{Code, Diagnostics};
use crate::model::{Kind, MetricId, Origin, Run};
use crate::unit;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "dart",
    title: "Dart's benchmark_harness text",
    url: "https://pub.dev/packages/benchmark_harness",
    tested: "2.3, by its source",
    written_by: "dart run bench.dart | tee bench.txt",
    reader: Reader::Text { claims, parse },
};

/// What a time is called.
const RUN_TIME: &str = "RunTime";

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(|line| Line::of(line).is_some_and(|line| line.measured == RUN_TIME && line.is_time()))
}

/// A result.
struct Line<'a> {
    name: &'a str,
    measured: &'a str,
    value: &'a str,
    unit: &'a str,
}

impl<'a> Line<'a> {
    // https://github.com/dart-lang/tools/blob/main/pkgs/benchmark_harness/lib/src/score_emitter.dart (PrintEmitter)
    fn of(line: &'a str) -> Option<Self> {
        let (front, back) = line.trim_end().rsplit_once("): ")?;
        let (name, measured) = front.rsplit_once('(')?;
        let (value, unit) = back.split_once(' ')?;
        let is_word = !measured.is_empty() && measured.chars().all(char::is_alphanumeric);
        let unit = unit.strip_suffix('.').unwrap_or(unit);
        (is_word && !name.trim().is_empty()).then_some(Self { name: name.trim(), measured, value, unit })
    }

    fn is_time(&self) -> bool {
        unit::parse(self.unit).unit == unit::Unit::Second
    }
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for line in document.text.lines() {
        let Some(result) = Line::of(line) else { continue };
        let is_known = result.is_time() || unit::parse(result.unit).unit == unit::Unit::Byte;
        let Line { name, measured, value, unit: tool_unit } = result;
        if measured != RUN_TIME && !is_known {
            continue;
        }
        let id = read.id(name);
        let parsed = unit::parse(tool_unit);
        let metric = if measured == RUN_TIME { MetricId::TIME } else { measured };
        // Dart writes large numbers as 1e+21.
        let number = value.parse::<f64>().ok().filter(|_| value.starts_with(|c: char| c.is_ascii_digit()));
        match number.map(|number| number * parsed.factor).filter(|number| number.is_finite()) {
            Some(number) => {
                let mut observation = rows::observation(&parsed, tool_unit, Kind::Noisy, Origin::default());
                observation.set_value(number);
                read.add_metric(&id, MetricId::new(metric), observation);
            }
            None => read.fail(Code::MalformedNumber, value, &id, "has a score that is not a number"),
        }
    }
    read.finish("no line of the output is a score of benchmark_harness")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_scores() {
        let line = Line::of("Fib(20)(RunTime): 1.5 us.").unwrap();
        assert_eq!((line.name, line.measured, line.value, line.unit), ("Fib(20)", "RunTime", "1.5", "us"));
        for other in ["(RunTime): 1 us.", "note (see above): 3 things", "Fib(RunTime): ", "Fib(a b): 1 us."] {
            assert!(Line::of(other).is_none(), "{other}");
        }
    }
}
