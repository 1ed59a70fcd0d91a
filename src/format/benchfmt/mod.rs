//! The Go benchmark format, line by line: shared by the formats `go` and `go-json`.
//!
//! After golang/perf 712aea8 (`benchfmt/reader.go`) and proposal 14313, and what `go test` really writes around results:
//! names printed long before their numbers, log text in between, failures, panics, packages that do not build. One
//! [`Stream`] is the output of one `go test`, or of one package in a JSON stream; all streams of a file share a
//! [`Collector`], which becomes the runs.
//!
//! Not here: where lines come from (`go`, `go_json`).

mod build;
mod collect;
mod event;
mod names;
mod stream;
mod units;

pub(super) use collect::{Collector, FAILED, Line};
pub(super) use event::Event;
pub(super) use stream::Stream;
pub(super) use units::meaning_of;

use collect::{Fields, is_count, number};

/// Whether a line is Go's: a result, or what `go test` says about a package or a benchmark.
pub(super) fn is_telling(line: &str) -> bool {
    let mut fields = Fields::of(line);
    match line.as_bytes().first() {
        Some(b'B') if line.starts_with("Benchmark") => {
            let (Some(_), Some(count), Some(value), Some(unit)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return false;
            };
            is_count(count) && number(value).is_some() && number(unit).is_none()
        }
        Some(b'F') if line.starts_with("FAIL\t") => fields.nth(1).is_some_and(|package| !package.contains('=')),
        Some(b'o') if line.starts_with("ok  \t") => {
            fields.nth(2).is_some_and(|time| time.ends_with('s') || time == "(cached)")
        }
        Some(b'-') => line.starts_with("--- FAIL: Benchmark"),
        _ => false,
    }
}

/// Whether a field is a name that the `testing` package gives benchmarks: no lower-case letter after `Benchmark`.
fn is_go_name(name: &str) -> bool {
    name.strip_prefix("Benchmark").is_some_and(|rest| !rest.chars().next().is_some_and(char::is_lowercase))
}

/// The numbers at the end of a line that begins with other output: iterations, a tab, and values with units between
/// tabs, as the `testing` package prints them.
fn numbers_at_end(text: &str) -> Option<&str> {
    let mut start = text.trim_end().len();
    let mut pairs = 0;
    for chunk in text.trim_end().rsplit('\t') {
        let begin = start - chunk.len();
        let mut fields = Fields::of(chunk);
        let pair = (fields.next(), fields.next(), fields.next());
        if let (Some(value), Some(_), None) = pair
            && number(value).is_some()
        {
            pairs += 1;
            start = begin.saturating_sub(1);
            continue;
        }
        let text_before = chunk.trim_end_matches(|c: char| c.is_ascii_digit());
        return (pairs > 0 && text_before.len() < chunk.len()).then(|| text.get(begin + text_before.len()..))?;
    }
    None
}

/// Whether a line is nothing but iterations and values with units.
fn is_numbers(text: &str) -> bool {
    let mut fields = Fields::of(text);
    let mut pairs = 0;
    if !fields.next().is_some_and(|count| count.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    while let Some(value) = fields.next() {
        if number(value).is_none() || fields.next().is_none_or(|unit| number(unit).is_some()) {
            return false;
        }
        pairs += 1;
    }
    pairs > 0
}

/// A `key: value` line (golang/perf 712aea8, `parseKeyValueLine`), with keys kept to letters, digits and `-_.`, which
/// leaves most log lines out.
fn key_value(line: &str) -> Option<(&str, &str)> {
    if !line.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let (key, value) = line.split_once(':')?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let separated = value.is_empty() || value.starts_with([' ', '\t']);
    (key.bytes().all(plain) && separated).then(|| (key, value.trim()))
}

/// Whether a `key: value` line is a message of a program rather than configuration.
fn is_message(key: &str, value: &str) -> bool {
    match key {
        "go" => !value.trim_start_matches("go").trim_start().starts_with(|c: char| c.is_ascii_digit()),
        "panic" | "fatal" | "error" | "err" | "warning" | "warn" | "info" | "debug" | "trace" | "signal" | "exit"
        | "goroutine" | "bash" | "sh" | "zsh" | "dash" | "env" | "timeout" | "make" | "gmake" | "ld" | "gcc"
        | "clang" | "cc" | "cgo" | "vet" | "link" | "compile" | "testing" | "runtime" | "sudo" | "docker" | "git"
        | "http" | "https" => true,
        // A file with a place in it, as compilers and shells write.
        _ => key.rsplit('.').next().is_some_and(|end| key.len() > end.len() && matches!(end, "go" | "sh" | "c" | "s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_behind_other_text() {
        let cases = [
            ("  161079\t       149.9 ns/op", Some("161079\t       149.9 ns/op")),
            ("[x][y]  159852\t 152.7 ns/op\t 0 B/op", Some("159852\t 152.7 ns/op\t 0 B/op")),
            ("log\twith tab  10\t 1 ns/op\r", Some("10\t 1 ns/op\r")),
            ("warning: 100 ns/op is not a result", None),
            ("N is 100", None),
            ("\t1 ns/op", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(numbers_at_end(text), expected, "{text:?}");
        }
        assert!(is_numbers("  1000   123 ns/op  4 B/op"));
        assert!(!is_numbers("  1000   123"));
        assert!(!is_numbers("  100 200 300"));
    }

    #[test]
    fn configuration_is_told_from_messages() {
        assert_eq!(key_value("commit: abc def "), Some(("commit", "abc def")));
        assert_eq!(key_value("note:"), Some(("note", "")));
        for line in ["Note: x", "a b: c", "main.go:3:4: undefined", "http://x", "x:y", ": x"] {
            assert_eq!(key_value(line), None, "{line}");
        }
        assert!(is_message("go", "downloading golang.org/x/perf v0.0.0"));
        assert!(!is_message("go", "go1.22.3"));
        assert!(is_message("panic", "x"));
    }

    #[test]
    fn lines_that_tell_the_format() {
        let ours = [
            "BenchmarkA-8 \t 100\t 5 ns/op",
            "BenchmarkA 0 NaN ns/op",
            "FAIL\texample.com/x [build failed]",
            "ok  \texample.com/x\t0.1s",
            "--- FAIL: BenchmarkA",
        ];
        let others = [
            "Benchmarking foo: Collecting 100 samples",
            "Benchmark 1: sleep 1",
            "BenchmarkFoo   100 ns   99 ns   7000",
            "test bench_x ... bench: 12 ns/iter (+/- 1)",
            "ok 1 - works",
            "FAILED (failures=1)",
            "goos: linux",
            "Benchmark  Mode  Cnt  Score   Error  Units",
        ];
        assert_eq!(ours.iter().filter(|line| !is_telling(line)).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert_eq!(others.iter().filter(|line| is_telling(line)).collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
