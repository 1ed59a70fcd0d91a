//! JSON streams of `go test -json -bench`.
//!
//! Each event holds a piece of one package's output; a name and its numbers are often two events, and the lines of
//! several packages alternate. The output of each package is put together again and read as text. The event's `Test` is
//! not used for results, because it can name an earlier test.
//!
//! Not here: what the lines mean (`benchfmt`).

use indexmap::IndexMap;

use super::benchfmt::{Collector, Event, FAILED, Line, Stream};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::model::Run;

/// `go test -json -bench .`.
pub(super) static FORMAT: Format = Format {
    name: "go-json",
    title: "Go benchmarks, JSON stream",
    url: "https://pkg.go.dev/cmd/test2json",
    tested: "1.21, 1.27",
    written_by: "go test -json -run '^$' -bench . -benchmem -count 10 ./... > go.json",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(Event::is_in)
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut reading = Reading::new(document);
    let (mut rest, mut number) = (document.text, 0);
    while !rest.is_empty() {
        let (text, after, whole) = match rest.split_once('\n') {
            Some((text, after)) => (text, after, true),
            None => (rest, "", false),
        };
        number += 1;
        rest = after;
        let line = Line { text, number, source: text, whole };
        if let Some(event) = Event::of(text) {
            reading.event(&event, line, diagnostics);
        } else if text.trim_start().starts_with('{') {
            reading.broken(document, line, diagnostics);
        } else {
            // Output of `make`, or what an older Go says about a package that does not build.
            reading.outside.line(&mut reading.collector, line, diagnostics);
        }
    }
    reading.finish(document, diagnostics)
}

/// One package's output.
struct Output<'a> {
    stream: Stream,
    /// The line that has not ended yet, and the event its last piece came in.
    open: String,
    event: Line<'a>,
}

/// What is read so far.
struct Reading<'a> {
    collector: Collector,
    outputs: IndexMap<Box<str>, Output<'a>>,
    /// Lines between the events.
    outside: Stream,
    /// Builds that failed, and where the file says so, until a package gives one as its reason.
    builds: IndexMap<Box<str>, Line<'a>>,
    taken_at: Option<i64>,
}

impl<'a> Reading<'a> {
    fn new(document: &Document<'_>) -> Self {
        Self {
            collector: Collector::new(&document.name),
            outputs: IndexMap::new(),
            outside: Stream::default(),
            builds: IndexMap::new(),
            taken_at: None,
        }
    }

    fn event(&mut self, event: &Event<'_>, line: Line<'a>, diagnostics: &mut Diagnostics) {
        let Event { action, time, package, import_path, test, output, failed_build } = event;
        if self.taken_at.is_none() && !time.is_empty() {
            self.taken_at = time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        }
        let collector = &mut self.collector;
        match &**action {
            "output" => {
                let of = output_of(&mut self.outputs, collector, package, line);
                of.event = line;
                let mut rest = &**output;
                while let Some((text, after)) = rest.split_once('\n') {
                    rest = after;
                    let number = line.number;
                    if of.open.is_empty() {
                        of.stream.line(collector, Line { text, number, source: line.text, whole: true }, diagnostics);
                    } else {
                        let mut joined = std::mem::take(&mut of.open);
                        joined.push_str(text);
                        let joined = Line { text: &joined, number, source: line.text, whole: true };
                        of.stream.line(collector, joined, diagnostics);
                    }
                }
                of.open.push_str(rest);
            }
            "fail" => {
                if !failed_build.is_empty() {
                    self.builds.shift_remove(&**failed_build);
                }
                let of = output_of(&mut self.outputs, collector, package, line);
                if test.starts_with("Benchmark") {
                    let location = collector.locate(&line, line.text);
                    of.stream.fail(collector, test, FAILED.to_owned(), location);
                } else if test.is_empty() {
                    of.cut(collector, diagnostics);
                    of.stream.package_failed(collector, &line);
                }
            }
            "build-fail" => {
                self.builds.insert((**import_path).into(), line);
            }
            _ => {}
        }
    }

    /// A line that starts like an event but is none. What it said is lost, so lines that it may have ended are cut.
    fn broken(&mut self, document: &Document<'_>, line: Line<'a>, diagnostics: &mut Diagnostics) {
        let (code, message) = if line.whole {
            (Code::InvalidJson, "an event of the stream is not valid JSON")
        } else {
            (Code::TruncatedLine, "the file ends within an event")
        };
        let wrong = serde_json::from_str::<serde::de::IgnoredAny>(line.text).err().map_or(0, |error| error.column());
        let mut location = Location::span(document.name.clone(), line.text, wrong.saturating_sub(1), 1);
        location.line = Some(line.number);
        let mut diagnostic = Diagnostic::new(code, message).at(location).note("the line is left out");
        diagnostic.severity = Severity::Warning;
        diagnostics.push(diagnostic);
        for output in self.outputs.values_mut() {
            output.cut(&mut self.collector, diagnostics);
        }
    }

    fn finish(mut self, document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
        let collector = &mut self.collector;
        for output in self.outputs.values_mut() {
            output.cut(collector, diagnostics);
            output.stream.finish(collector, diagnostics);
        }
        for (built, line) in &self.builds {
            let package = built.split(' ').next().unwrap_or(built);
            self.outside.fail_package(collector, package, Some("build failed"), line);
        }
        self.outside.finish(collector, diagnostics);
        let runs = self.collector.into_runs(&document.name, self.taken_at, diagnostics);
        if runs.is_empty() {
            diagnostics.push(
                Diagnostic::new(Code::NoResults, "the stream holds no benchmark result")
                    .at(Location::file(document.name.clone()))
                    .help("run `go test -json -bench .`: without `-bench`, Go runs tests only"),
            );
        }
        runs
    }
}

/// The output of a package.
fn output_of<'m, 'a>(
    outputs: &'m mut IndexMap<Box<str>, Output<'a>>,
    collector: &mut Collector,
    package: &str,
    line: Line<'a>,
) -> &'m mut Output<'a> {
    outputs.entry(package.into()).or_insert_with(|| {
        let stream = match package {
            "" => Stream::default(),
            _ => Stream::of_package(collector, package),
        };
        Output { stream, open: String::new(), event: line }
    })
}

impl Output<'_> {
    /// Takes a line that never ended.
    fn cut(&mut self, collector: &mut Collector, diagnostics: &mut Diagnostics) {
        let text = std::mem::take(&mut self.open);
        if !text.is_empty() {
            let Line { number, source, .. } = self.event;
            self.stream.line(collector, Line { text: &text, number, source, whole: false }, diagnostics);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
        let mut diagnostics = Diagnostics::new();
        let runs = parse(&Document { name: "x".into(), text }, &mut diagnostics);
        (runs, diagnostics.into_vec())
    }

    fn output(package: &str, text: &str) -> String {
        format!("{}\n", serde_json::json!({"Action": "output", "Package": package, "Output": text}))
    }

    fn values(run: &Run) -> Vec<(String, Vec<f64>)> {
        let samples = |o: &crate::model::Observation| o.samples.as_deref().unwrap_or_default().to_vec();
        run.series.iter().map(|(k, o)| (k.benchmark.qualified().raw().to_owned(), samples(o))).collect()
    }

    fn failures(run: &Run) -> Vec<(String, String)> {
        run.failures.iter().map(|(id, f)| (id.qualified().raw().to_owned(), f.message.clone())).collect()
    }

    #[test]
    fn lines_of_packages_that_alternate_are_put_together() {
        let text = [
            output("a", "BenchmarkX-8 \t"),
            output("b", "BenchmarkX-8 \t"),
            output("a", "1\t 1 ns/op\nBenchmarkY-8 \t 1\t 3"),
            "make: entering\n".to_owned(),
            output("b", "1\t 2 ns/op\n"),
            output("a", " ns/op\n"),
        ]
        .concat();
        let (runs, diagnostics) = read(&text);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let expected = [("a::BenchmarkX", 1e-9), ("b::BenchmarkX", 2.0 * 1e-9), ("a::BenchmarkY", 3.0 * 1e-9)];
        assert_eq!(values(&runs[0]), expected.map(|(name, value)| (name.to_owned(), vec![value])));
    }

    #[test]
    fn the_first_time_is_the_runs() {
        let text = format!("{}{}", r#"{"Time":"2026-11-21T08:19:32.78Z","Action":"start","Package":"a"}"#, "\n");
        let (runs, _) = read(&(text + &output("a", "BenchmarkX 1 1 ns/op\n")));
        assert_eq!(runs[0].subject.taken_at, Some(1_795_249_172));
    }

    #[test]
    fn a_broken_event_costs_no_more_than_its_own_text() {
        let text = [
            output("a", "BenchmarkX-8 \t 1\t 1 ns/op\n"),
            output("a", "BenchmarkX-8 \t"),
            "{\"Action\":\"output\",\"Package\":\"a\",\"Output\":\"1\\t 77 ns/op\n".to_owned(),
            output("a", "BenchmarkY-8 \t 1\t 2 ns/op\n"),
        ]
        .concat();
        let (runs, diagnostics) = read(&text);
        let expected = [("a::BenchmarkX", 1e-9), ("a::BenchmarkY", 2.0 * 1e-9)];
        assert_eq!(values(&runs[0]), expected.map(|(name, value)| (name.to_owned(), vec![value])));
        assert_eq!((diagnostics[0].code, diagnostics[0].severity), (Code::InvalidJson, Severity::Warning));
        assert_eq!(diagnostics[0].location.as_ref().unwrap().line, Some(3));
        assert_eq!(failures(&runs[0])[0].0, "a::BenchmarkX");
    }

    #[test]
    fn a_stream_that_ends_early_blames_the_benchmark_that_ran() {
        let text = output("a", "BenchmarkX-8 \t 1\t 1 ns/op\nBenchmarkY-8 \t") + "{\"Action\":\"outp";
        let (runs, diagnostics) = read(&text);
        assert_eq!(failures(&runs[0]).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a::BenchmarkY"]);
        assert!(diagnostics.iter().all(|d| d.code == Code::TruncatedLine), "{diagnostics:?}");
    }

    #[test]
    fn failures_are_found_without_output() {
        let good = output("a", "BenchmarkX 1 1 ns/op\n");
        let cases = [
            (r#"{"Action":"fail","Package":"a","Test":"BenchmarkY"}"#, "a::BenchmarkY", "failed"),
            (r#"{"Action":"fail","Package":"a"}"#, "a", "did not finish: the package failed"),
            (r#"{"Action":"build-fail","ImportPath":"b [b.test]"}"#, "b", "build failed"),
            ("FAIL\tb [build failed]", "b", "build failed"),
        ];
        for (line, name, message) in cases {
            let (runs, _) = read(&format!("{good}{line}\n"));
            assert_eq!(failures(&runs[0]), [(name.to_owned(), message.to_owned())], "{line}");
        }
        let text = "{\"Action\":\"build-fail\",\"ImportPath\":\"dep\"}\n{\"Action\":\"fail\",\"Package\":\"b\",\"FailedBuild\":\"dep\"}\n";
        let (runs, _) = read(text);
        assert_eq!(failures(&runs[0]).len(), 1, "one failure, not also one of the dependency");
    }
}
