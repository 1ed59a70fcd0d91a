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
    let lines = || probe.text.lines();
    // `goos:` alone is at the head of what benchstat prints as well; its tables leave `Benchmark` out of names.
    let telling = lines().any(is_telling)
        || (lines().any(|line| line.starts_with("goos: ")) && lines().any(|line| line.starts_with("Benchmark")));
    telling && !lines().any(Event::is_in)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Severity;
    use crate::model::{Better, Kind, Observation, Statistic};
    use crate::unit::Unit;

    fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
        let mut diagnostics = Diagnostics::new();
        let runs = parse(&Document { name: "x".into(), text }, &mut diagnostics);
        (runs, diagnostics.into_vec())
    }

    /// Reads a file that is one run and gives no message.
    fn run(text: &str) -> Run {
        let (mut runs, diagnostics) = read(text);
        assert_eq!((runs.len(), diagnostics.as_slice()), (1, [].as_slice()), "{text}");
        runs.remove(0)
    }

    fn series<'a>(run: &'a Run, name: &str, metric: &str) -> &'a Observation {
        let found = run.series.iter().find(|(k, _)| k.benchmark.qualified().raw() == name && k.metric.raw() == metric);
        found.unwrap_or_else(|| panic!("no {name} {metric} in {:?}", run.series.keys())).1
    }

    fn samples(run: &Run, name: &str, metric: &str) -> Vec<f64> {
        series(run, name, metric).samples.as_deref().unwrap_or_default().to_vec()
    }

    fn failures(run: &Run) -> Vec<(String, String)> {
        run.failures.iter().map(|(id, f)| (id.qualified().raw().to_owned(), f.message.clone())).collect()
    }

    fn codes(diagnostics: &[Diagnostic]) -> Vec<(&'static str, Option<u64>)> {
        diagnostics.iter().map(|d| (d.code.as_str(), d.location.as_ref().and_then(|l| l.line))).collect()
    }

    #[test]
    fn repeats_are_samples_of_one_run_in_order() {
        let run = run(
            "pkg: p\nBenchmarkA-8 1 3 ns/op\nBenchmarkB-8 1 9 ns/op\nBenchmarkA-8 1 1 ns/op\nBenchmarkA-8 1 2 ns/op\n",
        );
        assert_eq!(samples(&run, "p::BenchmarkA", "time"), [3.0 * 1e-9, 1e-9, 2.0 * 1e-9]);
        assert_eq!(series(&run, "p::BenchmarkA", "time").origin.position, 0);
        assert_eq!(series(&run, "p::BenchmarkB", "time").origin.position, 1);
        assert_eq!(run.environment.labels.get("gomaxprocs").unwrap().raw(), "8");
    }

    #[test]
    fn every_pair_is_a_series() {
        let run = run("BenchmarkA \t 10\t 2 ns/op\t 3.5 MB/s\t 4 p99-ns\t 0.5 hits/op\t 64 B/op\t 1 allocs/op\n");
        let expected = [
            ("time", 2.0 * 1e-9, Unit::Second, Some(Better::Lower), Kind::Noisy, "ns/op"),
            ("throughput", 3.5e6, Unit::BytePerSecond, Some(Better::Higher), Kind::Noisy, "MB/s"),
            ("p99-ns", 4.0 * 1e-9, Unit::Second, Some(Better::Lower), Kind::Noisy, "p99-ns"),
            ("hits/op", 0.5, Unit::Other("hits/op".into()), None, Kind::Noisy, "hits/op"),
            ("memory", 64.0, Unit::Byte, Some(Better::Lower), Kind::Noisy, "B/op"),
            ("allocs", 1.0, Unit::One, Some(Better::Lower), Kind::Exact, "allocs/op"),
        ];
        assert_eq!(run.series.len(), expected.len());
        for (metric, value, unit, better, kind, tool_unit) in expected {
            let one = series(&run, "BenchmarkA", metric);
            assert_eq!(one.samples.as_deref(), Some([value].as_slice()), "{metric}");
            assert_eq!((&one.unit, one.better, one.kind), (&unit, better, kind), "{metric}");
            assert_eq!(one.tool_unit.as_ref().unwrap().raw(), tool_unit);
        }
    }

    #[test]
    fn a_custom_unit_does_not_take_the_name_of_a_metric() {
        let run = run("BenchmarkA 1 5 time 2 ns/op 3 MB/s 4 B/s\n");
        assert_eq!(samples(&run, "BenchmarkA", "time"), [2.0 * 1e-9]);
        assert_eq!(samples(&run, "BenchmarkA", "time'"), [5.0]);
        assert_eq!(samples(&run, "BenchmarkA", "throughput"), [3e6]);
        assert_eq!(samples(&run, "BenchmarkA", "B/s"), [4.0]);
    }

    #[test]
    fn unit_lines_hold_for_the_whole_file() {
        let text = "Unit ns/op assume=exact\nBenchmarkA 1 1 ns/op 2 hits/op\nUnit hits/op better=higher\nUnit ns/op assume=nothing\nUnit x y\n";
        let (runs, diagnostics) = read(text);
        assert_eq!(series(&runs[0], "BenchmarkA", "time").kind, Kind::Exact);
        assert_eq!(series(&runs[0], "BenchmarkA", "hits/op").better, Some(Better::Higher));
        assert_eq!(codes(&diagnostics), [("configuration-ignored", Some(4)), ("configuration-ignored", Some(5))]);
    }

    #[test]
    fn labels_come_from_the_head_and_never_from_logs() {
        let text = "commit: abc\nbranch: main\ngo: downloading x v1\ngo: go1.27\nnote: kept\ngone: x\ngone:\ngoos: linux\ngoarch: amd64\ncpu: C 1\npkg: p\n\
                    BenchmarkA 1 1 ns/op\nnote: a log line\npanic: not really\nBenchmarkB 1 1 ns/op\nPASS\nok  \tp\t1s\n";
        let run = run(text);
        let labels: Vec<_> = run.environment.labels.iter().map(|(k, v)| (k.raw(), v.raw())).collect();
        let expected = [("arch", "amd64"), ("cpu", "C 1"), ("go", "go1.27"), ("note", "kept"), ("os", "linux")];
        assert_eq!(labels, expected);
        assert_eq!(run.subject.commit.as_ref().unwrap().raw(), "abc");
        assert_eq!(run.subject.branch.as_ref().unwrap().raw(), "main");
        assert_eq!(failures(&run), []);
    }

    #[test]
    fn the_same_series_under_another_configuration_is_another_run() {
        let (runs, diagnostics) =
            read("note: before\n\nBenchmarkA 1 1 ns/op\nBenchmarkB 1 5 ns/op\n\nnote: after\n\nBenchmarkA 1 2 ns/op\n");
        assert_eq!((runs.len(), diagnostics.len()), (2, 0));
        assert_eq!(samples(&runs[0], "BenchmarkA", "time"), [1e-9]);
        assert_eq!(samples(&runs[1], "BenchmarkA", "time"), [2.0 * 1e-9]);
        let note = |run: &Run| run.environment.labels.get("note").unwrap().raw().to_owned();
        assert_eq!((note(&runs[0]), note(&runs[1])), ("before".to_owned(), "after".to_owned()));
    }

    #[test]
    fn other_series_under_another_configuration_are_parts_of_one_run() {
        let (runs, diagnostics) = read("cpu: one\nBenchmarkA 1 1 ns/op\n\ncpu: two\nBenchmarkB 1 2 ns/op\n");
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].environment.labels.get("cpu").unwrap().raw(), "one");
        assert_eq!(codes(&diagnostics), [("configuration-ignored", None)]);
        assert_eq!(diagnostics[0].message, "`cpu` changes within the file, from `one` to `two`");
    }

    #[test]
    fn bad_values_make_their_series_invalid_and_no_other() {
        let cases = [
            ("BenchmarkA 10 NaN ns/op 5 B/op", "time", "`NaN` cannot be a measurement", 15),
            ("BenchmarkA 10 +Inf ns/op 5 B/op", "time", "`+Inf` cannot be a measurement", 15),
            ("BenchmarkA 10 1e999 ns/op 5 B/op", "time", "`1e999` cannot be a measurement", 15),
            ("BenchmarkA 10 -1 ns/op 5 B/op", "time", "`-1` cannot be a measurement", 15),
            ("BenchmarkA 10 5 B/op 1,234 ns/op", "time", "`1,234` is not a number", 22),
            ("BenchmarkA 10 ns/op 5 B/op", "time", "no number stands before `ns/op`", 15),
            ("BenchmarkA 10 5 B/op ns/op", "time", "no number stands before `ns/op`", 22),
            ("BenchmarkA 0 1 ns/op", "time", "measured over 0 iterations", 12),
            ("BenchmarkA -3 1 ns/op", "time", "`-3` is not a number of iterations", 12),
        ];
        for (line, metric, message, column) in cases {
            let (runs, said) = read(&format!("BenchmarkA 10 7 ns/op 6 B/op\n{line}\nBenchmarkB 1 1 ns/op\n"));
            let run = &runs[0];
            let code = if message.contains("umber") && !message.contains("iter") {
                "malformed-number"
            } else {
                "invalid-value"
            };
            assert_eq!(codes(&said), [(code, Some(2))], "{line}");
            assert_eq!(said[0].message, format!("`BenchmarkA`: {message}"));
            assert!(said[0].location.as_ref().unwrap().excerpt.is_some());
            let one = series(run, "BenchmarkA", metric);
            let fault = one.fault.as_ref().unwrap_or_else(|| panic!("{line}"));
            assert_eq!(fault.message, message, "{line}");
            let location = fault.location.as_ref().unwrap();
            assert_eq!((location.line, location.column), (Some(2), Some(column)), "{line}");
            assert_eq!(one.summary.get(Statistic::Median), Some(7.0 * 1e-9), "good samples stay: {line}");
            assert_eq!(series(run, "BenchmarkB", "time").fault, None);
            assert_eq!(series(run, "BenchmarkA", "memory").fault, None);
        }
    }

    #[test]
    fn negative_values_of_units_that_mean_nothing_are_kept() {
        assert_eq!(samples(&run("BenchmarkA 1 -3.25 drift-ppm\n"), "BenchmarkA", "drift-ppm"), [-3.25]);
    }

    #[test]
    fn lines_that_are_almost_results_are_reported() {
        let (runs, diagnostics) =
            read("BenchmarkA is slow today\nBenchmarks are fun\nBenchmarkB 1 1 ns/op 5\nBenchmarkC 100\n");
        assert_eq!(
            codes(&diagnostics),
            [("malformed-line", Some(1)), ("malformed-line", Some(3)), ("malformed-line", Some(4))]
        );
        assert_eq!(diagnostics[1].message, "a value of `BenchmarkB` has no unit");
        assert_eq!(runs[0].series.len(), 1);
        assert!(diagnostics.iter().all(|d| d.severity == Severity::Warning));
    }

    #[test]
    fn a_benchmark_with_nothing_but_malformed_lines_is_invalid() {
        let good = "pkg: p\nBenchmarkB-8 1 1 ns/op\n";
        let cases = [
            ("BenchmarkA-8 100 10", "malformed result line: a value has no unit"),
            ("BenchmarkA-8 \t 100\t 10", "malformed result line: a value has no unit"),
            ("BenchmarkA-8 100", "malformed result line: the name is not followed by a result"),
            ("BenchmarkA-8 \t 100", "malformed result line: it has no measurements"),
            ("BenchmarkA-8 100 | 10 ns", "malformed result line: the name is not followed by a result"),
        ];
        for (line, message) in cases {
            let (runs, diagnostics) = read(&format!("{good}{line}\nPASS\n"));
            assert_eq!(codes(&diagnostics), [("malformed-line", Some(3))], "{line}");
            assert_eq!(failures(&runs[0]), [("p::BenchmarkA".to_owned(), message.to_owned())], "{line}");
            let fault = runs[0].failures.values().next().unwrap();
            assert_eq!(fault.location.as_ref().unwrap().line, Some(3), "{line}");
            for text in
                [format!("{good}{line}\nBenchmarkA-8 1 5 ns/op\n"), format!("{good}BenchmarkA-8 1 5 ns/op\n{line}\n")]
            {
                let (runs, diagnostics) = read(&text);
                assert_eq!(failures(&runs[0]), [], "another line is good: {text}");
                assert_eq!(diagnostics.len(), 1, "{text}");
                assert_eq!(samples(&runs[0], "p::BenchmarkA", "time"), [5e-9], "{text}");
            }
            let (runs, _) = read(&format!("note: a\n\nBenchmarkA-8 1 5 ns/op\n\nnote: b\n\n{line}\n"));
            let of_runs: Vec<usize> = runs.iter().map(|run| run.failures.len()).collect();
            assert_eq!(of_runs, [0, 1], "the other configuration has no result: {line}");
        }
        for line in ["BenchmarkA some log line", "BenchmarkA", "Benchmarks 100 are many", "Benchmark 1: sleep 1"] {
            assert_eq!(failures(&read(&format!("{good}{line}\nPASS\n")).0[0]), [], "{line}");
        }
    }

    #[test]
    fn any_unit_of_time_per_operation_is_the_time() {
        let both = run("BenchmarkA 1 3 us/op 2000 ns/op 1 KiB/op\nBenchmarkB 1 3 µs/op 4 ms/op 2 GB/s\n");
        assert_eq!(samples(&both, "BenchmarkA", "time"), [2000.0 * 1e-9], "Go's own unit has the name");
        assert_eq!(samples(&both, "BenchmarkA", "us/op"), [3.0 * 1e-6]);
        assert_eq!(samples(&both, "BenchmarkA", "memory"), [1024.0]);
        assert_eq!(samples(&both, "BenchmarkB", "time"), [3.0 * 1e-6]);
        assert_eq!(samples(&both, "BenchmarkB", "ms/op"), [4.0 * 1e-3]);
        assert_eq!(samples(&both, "BenchmarkB", "throughput"), [2e9]);
    }

    #[test]
    fn a_wrong_number_of_iterations_is_said_once() {
        let (runs, diagnostics) = read("BenchmarkA 0 1 ns/op 5 B/op 1 allocs/op\n");
        assert_eq!(codes(&diagnostics), [("invalid-value", Some(1))]);
        assert!(runs[0].series.values().all(|one| one.fault.is_some()));
    }

    #[test]
    fn numbers_find_their_name_across_log_lines() {
        let run = run(
            "BenchmarkA-8   \tstarted\nmore 5 ns/op\n  1000\t       123 ns/op\t 7 B/op\n[x]BenchmarkB-8 \t[y]  20\t 4 ns/op\n    x_test.go:1: BenchmarkC-8 \t 1\t 1 ns/op\nBenchmarkD-8\t\n 5 6 ns/op\n",
        );
        assert_eq!(samples(&run, "BenchmarkA", "time"), [123.0 * 1e-9]);
        assert_eq!(samples(&run, "BenchmarkA", "memory"), [7.0]);
        assert_eq!(samples(&run, "BenchmarkB", "time"), [4.0 * 1e-9]);
        assert_eq!(samples(&run, "BenchmarkD", "time"), [6.0 * 1e-9]);
        assert_eq!(run.series.len(), 4);
    }

    #[test]
    fn a_name_that_never_gets_numbers_is_not_given_those_of_another() {
        let (runs, diagnostics) = read("BenchmarkA-8 \tlog\nBenchmarkB-8 \tBenchmarkC-8 \t 1\t 5 ns/op\nPASS\n");
        assert_eq!(codes(&diagnostics), [("malformed-line", Some(1)), ("malformed-line", Some(2))]);
        assert_eq!(samples(&runs[0], "BenchmarkC", "time"), [5.0 * 1e-9]);
        let failed: Vec<_> = failures(&runs[0]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(failed, ["BenchmarkA", "BenchmarkB"]);
    }

    #[test]
    fn whoever_was_running_is_to_blame() {
        let head = "pkg: p\nBenchmarkA-8 1 1 ns/op\n";
        let cases = [
            (
                "--- FAIL: BenchmarkX\n    x_test.go:1: wrong\nFAIL\nFAIL\tp\t1s\n",
                "p::BenchmarkX",
                "failed: x_test.go:1: wrong",
            ),
            ("BenchmarkX-8 \t--- FAIL: BenchmarkX-8\nFAIL\tp\t1s\n", "p::BenchmarkX", "failed"),
            ("BenchmarkX-8 \tpanic: oh\n\ngoroutine 1 [running]:\nFAIL\tp\t1s\n", "p::BenchmarkX", "panic: oh"),
            ("BenchmarkX\npanic: oh\nFAIL\tp\t1s\n", "p::BenchmarkX", "panic: oh"),
            ("panic: oh\n\ngoroutine 1 [running]:\np.BenchmarkX(0x1)\nFAIL\tp\t1s\n", "p::BenchmarkX", "panic: oh"),
            ("panic: oh\np.BenchmarkX.func1(...)\n", "p::BenchmarkX", "panic: oh"),
            ("signal: killed\nFAIL\tp\t1s\n", "p", "signal: killed"),
            ("exit status 1\nFAIL\tp\t1s\n", "p", "did not finish: the package failed"),
            ("--- FAIL: TestX (0.0s)\nFAIL\nFAIL\tp\t1s\n", "p", "TestX failed, so no benchmark ran"),
            ("PASS\nok  \tp\t1s\nFAIL\tq [build failed]\nFAIL\n", "q", "build failed"),
            ("FAIL\n", "p", "did not finish: the package failed"),
        ];
        for (text, name, message) in cases {
            let run = run(&format!("{head}{text}"));
            assert_eq!(failures(&run), [(name.to_owned(), message.to_owned())], "{text}");
        }
        for text in ["--- SKIP: BenchmarkX\nPASS\n", "BenchmarkX\n--- SKIP: BenchmarkX\n", "=== RUN   BenchmarkX\n"] {
            assert_eq!(failures(&run(&format!("{head}{text}"))), [], "{text}");
        }
        assert_eq!(failures(&run("FAIL\n")).len(), 1);
    }

    #[test]
    fn the_benchmark_that_fails_hides_its_parents() {
        let run = run("--- FAIL: BenchmarkX/a-8\n--- FAIL: BenchmarkX-8\n");
        assert_eq!(failures(&run), [("BenchmarkX/a".to_owned(), "failed".to_owned())]);
    }

    #[test]
    fn a_cut_last_line_never_gives_a_wrong_number() {
        let whole = "BenchmarkA-8 \t 1000\t 1234 ns/op\t 99 B/op\t 3 allocs/op\n";
        let good = "BenchmarkB-8 \t 1000\t 5678 ns/op\t 16 B/op\t 2 allocs/op\n";
        let all = format!("{whole}{good}{whole}{good}");
        for end in all.len() - good.len() + 1..all.len() {
            let cut = &all[..end];
            let (runs, diagnostics) = read(cut);
            let mut invalid = 0;
            #[expect(clippy::float_cmp, reason = "a digit less is another number")]
            for (key, observation) in &runs[0].series {
                let expected = match (key.benchmark.name.raw(), key.metric.raw()) {
                    ("BenchmarkA", "time") => 1234.0 * 1e-9,
                    ("BenchmarkB", "time") => 5678.0 * 1e-9,
                    ("BenchmarkA", "memory") => 99.0,
                    ("BenchmarkB", "memory") => 16.0,
                    ("BenchmarkA", "allocs") => 3.0,
                    ("BenchmarkB", "allocs") => 2.0,
                    other => panic!("{other:?} in {cut:?}"),
                };
                assert!(observation.samples.iter().flat_map(|s| s.iter()).all(|s| *s == expected), "{cut:?}");
                invalid += usize::from(observation.fault.is_some());
            }
            if end + 1 == all.len() {
                assert_eq!((diagnostics.len(), invalid), (0, 0), "only the line break is missing");
            } else {
                assert_eq!(codes(&diagnostics), [("truncated-line", Some(4))], "{cut:?}");
                let named = end - (all.len() - good.len()) > "BenchmarkB-8".len();
                assert_eq!(invalid + runs[0].failures.len() > 0, named, "{cut:?}");
            }
        }
    }

    #[test]
    fn a_cut_first_result_is_invalid() {
        let (runs, diagnostics) = read("BenchmarkA-8 \t 1000\t 12");
        assert_eq!(codes(&diagnostics), [("truncated-line", Some(1))]);
        let time = series(&runs[0], "BenchmarkA", "time");
        assert!(time.fault.is_some() && time.samples.is_none());
    }

    #[test]
    fn results_are_found_behind_any_amount_of_noise() {
        let noise = "make: Entering directory\n[x] {\"Action\": \"log\"}\n".repeat(5000);
        let text = format!("{noise}BenchmarkA-8 \t 1\t 5 ns/op\n");
        assert!(!claims(&Probe::head(&text)));
        assert!(claims(&Probe::whole(&text)));
        assert_eq!(samples(&run(&text), "BenchmarkA", "time"), [5.0 * 1e-9]);
        let benchstat = "goos: linux\npkg: p\n    │ old.txt │\n    │ sec/op  │\nA-8   5.0n ± 1%\n";
        assert!(!claims(&Probe::whole(benchstat)));
    }

    #[test]
    fn a_file_without_benchmarks_says_so() {
        let (runs, diagnostics) = read("PASS\nok  \tp\t0.1s\n");
        assert!(runs.is_empty());
        assert_eq!(codes(&diagnostics), [("no-results", None)]);
    }

    #[test]
    fn carriage_returns_change_nothing() {
        let text =
            "goos: linux\npkg: p\nBenchmarkA-8 \t 1\t 5 ns/op\n--- FAIL: BenchmarkB-8\n    x: y\nFAIL\nFAIL\tp\t1s\n";
        let (mut unix, windows) = (run(text), run(&text.replace('\n', "\r\n")));
        // Excerpts have the same text but for the break.
        assert_eq!(failures(&unix), failures(&windows));
        unix.failures.clone_from(&windows.failures);
        assert_eq!(unix, windows);
    }
}
