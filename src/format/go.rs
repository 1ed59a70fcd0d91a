//! Text of `go test -bench`, and of other tools that write the Go benchmark format.
//!
//! Not here: what the lines mean (`benchfmt`), and JSON streams (`go_json`).

use super::benchfmt::{Collector, Event, Line, Stream, is_telling};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::Run;

/// `go test -bench .`.
pub(super) static FORMAT: Format = Format {
    name: "go",
    title: "Go benchmarks",
    url: "https://pkg.go.dev/testing#hdr-Benchmarks",
    tested: "1.21, 1.27",
    written_by: "go test -run '^$' -bench . -benchmem -count 10 ./... | tee go.txt",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.lines().any(is_telling) && !probe.text.lines().any(Event::is_in)
}

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut collector = Collector::new(&document.name);
    let mut stream = Stream::default();
    let (mut rest, mut number) = (document.text, 0);
    while !rest.is_empty() {
        let (text, after, whole) = match rest.split_once('\n') {
            Some((text, after)) => (text, after, true),
            None => (rest, "", false),
        };
        number += 1;
        rest = after;
        stream.line(&mut collector, Line { text, number, source: text, whole }, diagnostics);
    }
    stream.finish(&mut collector, diagnostics);
    let runs = collector.into_runs(&document.name, None, diagnostics);
    if runs.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::NoResults, "the file holds no benchmark result")
                .at(Location::file(document.name.clone()))
                .help("run `go test -bench .`: without `-bench`, Go runs tests only"),
        );
    }
    runs
}
