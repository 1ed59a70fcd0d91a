//! Damaged, hostile and foreign documents against the formats of tools that live in the code: what is kept, what is reported,
//! and what is claimed by none.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

use perfgate::diag::Diagnostics;
use perfgate::format::{self, Detection, Document, FORMATS, Reader};
use perfgate::model::Run;

fn claimed(text: &str) -> Vec<&'static str> {
    match format::detect(text) {
        Detection::One(format) => vec![format.name],
        Detection::Several(formats) => formats.iter().map(|format| format.name).collect(),
        Detection::None => Vec::new(),
    }
}

/// Reads a text as the format of this name.
fn read(format: &str, text: &str) -> (Vec<Run>, Vec<&'static str>) {
    let Reader::Text { parse, .. } = format::by_name(format).unwrap().reader else { panic!("{format} is no text") };
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "input".into(), text }, &mut diagnostics);
    (runs, diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect())
}

/// Format, text, series that can be used, series that cannot, failures, messages.
type Case = (&'static str, &'static str, usize, usize, usize, &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("criterion-text", "a  time:   [1.0 ns NaN ns 2.0 ns]\nb  time:   [1.0 ns 1.5 ns 2.0 ns]\n", 1, 1, 0, &["invalid-value"]),
    ("criterion-text", "a  time:   [1.0 ns -1.5 ns 2.0 ns]\n", 0, 1, 0, &["invalid-value"]),
    ("criterion-text", "Benchmarking a\nBenchmarking b\nb  time:   [1.0 ns 1.5 ns 2.0 ns]\n", 1, 0, 1, &["benchmark-failed"]),
    ("criterion-text", "a\n    time:   [-1.0% +1.5% +2.0%] (p = 0.1 > 0.05)\n", 0, 0, 0, &["no-results"]),
    ("cargo-criterion", "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"iteration_count\":[1,0],\"measured_values\":[1,2],\"unit\":\"ns\"}\n", 0, 1, 0, &["invalid-value"]),
    ("cargo-criterion", "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"iteration_count\":[1],\"measured_values\":[1,2],\"unit\":\"ns\"}\n", 0, 1, 0, &["invalid-value"]),
    ("cargo-criterion", "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"iteration_count\":[1],\"measured_values\":[NaN],\"unit\":\"ns\"}\n", 0, 1, 0, &["invalid-value"]),
    ("cargo-criterion", "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"unit\":\"ns\"}\n{\"reason\":\"group-complete\"}\n", 0, 0, 1, &["malformed-document"]),
    ("gungraun", "{\"version\":\"6\",\"kind\":\"LibraryBenchmark\",\"module_path\":\"a::b::c\",\"profiles\":[{\"tool\":\"Callgrind\",\"summaries\":{\"total\":{\"summary\":{\"Callgrind\":{\"Ir\":{\"metrics\":{\"Left\":{\"Int\":-5}}},\"L1hits\":{\"metrics\":{\"Right\":{\"Int\":5}}}}}}}}]}", 0, 0, 1, &["invalid-value"]),
    ("gungraun", "{\"version\":6,\"kind\":\"LibraryBenchmark\",\"module_path\":\"a::b::c\"}", 0, 0, 1, &["malformed-document"]),
    ("gungraun", "{\"version\":\"6\",\"kind\":\"LibraryBenchmark\",\"module_path\":\"a::b::c\",\"profiles\":[]}", 0, 0, 1, &["benchmark-failed"]),
    ("gungraun-text", "a::b::c id:1\n  Instructions:    1e999|N/A    (***)\na::b::d\n", 0, 0, 2, &["invalid-value", "benchmark-failed"]),
    ("iai", "a\n  Instructions:   12\n  L1 Accesses:   x\n", 1, 0, 1, &["malformed-number"]),
    ("divan", "b   fastest  │ slowest  │ median  │ mean  │ samples │ iters\n├─ a 1 zs     │ 1 ns  │ 1 ns │ 1 ns │ 1 │ 1\n", 0, 1, 0, &["malformed-number"]),
    ("divan", "b   fastest  │ slowest  │ median  │ mean  │ samples │ iters\n", 0, 0, 0, &["no-results"]),
    ("divan", "b     fastest  │ slowest  │ median  │ mean  │ samples │ iters\n├─ a   1 ns     │ 1 ns  │ 1 ns │ 1 ns │ 1 │ 1\n│      5 B/s │ 6\n", 1, 1, 0, &["truncated-line"]),
    ("catch2", "benchmark name     samples       iterations    estimated\n--------------------------------------------------\na                  100   1   1 ns\n                   x ns 1 ns 1 ns\n                   1 ns 1 ns 1 ns\n==================================================\n", 0, 1, 0, &["malformed-number"]),
    ("catch2", "benchmark name     samples       iterations    estimated\n--------------------------------------------------\na                  100   1   1 ns\n", 0, 0, 1, &["truncated-line", "truncated-line"]),
    ("catch2-xml", "<Catch><TestCase name=\"t\"><BenchmarkResults name=\"a\" samples=\"x\"><mean value=\"nan\"/></BenchmarkResults></TestCase></Catch>", 0, 1, 0, &["invalid-value"]),
    ("catch2-xml", "<Catch><TestCase name=\"t\"><BenchmarkResults name=\"a\"></TestCase></Catch>", 0, 0, 0, &["malformed-document"]),
    ("junit", "<testsuite><testcase name=\"a\" time=\"1\"/>", 0, 0, 0, &["malformed-document"]),
    ("junit", "<testsuite><testcase name=\"&bogus;\" time=\"1\"/></testsuite>", 0, 0, 0, &["malformed-document"]),
    ("junit", "<testsuite><testcase name=\"a\" status=\"notrun\" result=\"suppressed\" time=\"0.\"/><testcase name=\"b\" status=\"run\" result=\"completed\" time=\"0.\"/></testsuite>", 1, 0, 0, &[]),
    ("junit", "<testsuite tests=\"0\"/>", 0, 0, 0, &["no-results"]),
    ("pytest-json-report", "{\"created\":1,\"exitcode\":0,\"summary\":{},\"tests\":[{\"nodeid\":\"a.py::b\",\"outcome\":\"passed\",\"call\":{\"duration\":-1}},{\"nodeid\":\"a.py::c\"}]}", 0, 1, 1, &["invalid-value", "malformed-document"]),
    ("pytest-json-report", "{\"created\":1,\"exitcode\":0,", 0, 0, 0, &["invalid-json"]),
    ("gnu-time", "\tCommand being timed: \"a\"\n\tElapsed (wall clock) time (h:mm:ss or m:ss): soon\n\tMaximum resident set size (kbytes): -3\n\tExit status: 0\n", 0, 2, 0, &["malformed-number", "invalid-value"]),
    ("gnu-time", "\tCommand being timed: \"a\"\n\tElapsed (wall clock) time (h:mm:ss or m:ss): 1:02:03\n\tExit status: 0\n", 1, 0, 0, &[]),
    ("csv", "name,time (ms)\na,1\nb,x\nc\n", 1, 1, 1, &["malformed-number", "malformed-line", "read-by-name"]),
    ("asv-text", "[ 10.00%] ··· a.time_b    1±0.1zs\n[ 20.00%] ··· a.time_c    failed\n", 1, 0, 1, &["benchmark-failed"]),
    ("benchmarkdotnet", "{\"HostEnvironmentInfo\":{},\"Benchmarks\":[]}", 0, 0, 0, &["no-results"]),
    ("perfgate", "{\"schema\":\"perfgate-run/1\",\"suites\":[{\"tool\":\"t\",\"name\":\"t\"}],\"benchmarks\":[{\"tool\":\"t\",\"name\":\"a\",\"metrics\":[{\"metric\":\"time\",\"unit\":\"s\",\"better\":\"lower\",\"kind\":\"noisy\",\"summary\":{\"n\":3,\"stddev\":1}}]}]}", 0, 1, 0, &["invalid-value"]),
    ("gobenchdata", "[{\"Date\":1,\"Suites\":[]}]", 0, 0, 0, &["no-results"]),
    ("benchmarktools", "[{\"Julia\":\"1\",\"BenchmarkTools\":\"1\"}]", 0, 0, 0, &["no-results"]),
];

#[test]
fn what_is_wrong_is_said_and_what_is_right_is_kept() {
    for (format, text, good, bad, failures, codes) in CASES {
        let (runs, said) = read(format, text);
        let series: Vec<_> = runs.iter().flat_map(|run| run.series.values()).collect();
        let invalid = series.iter().filter(|observation| observation.fault.is_some()).count();
        let failed: usize = runs.iter().map(|run| run.failures.len()).sum();
        assert_eq!((series.len() - invalid, invalid, failed), (*good, *bad, *failures), "{format}: {text}\n{said:?}");
        assert_eq!(said, *codes, "{format}: {text}");
    }
}

#[test]
fn what_is_of_no_tool_is_claimed_by_none() {
    let foreign = [
        // Other tools' CSV.
        "Type,Name,Request Count,Failure Count,Median Response Time\nGET,/,1,0,5\n",
        "name,iterations,real_time,cpu_time,time_unit\n\"BM_a\",10,1.5,1.4,ns\n",
        "command,mean,stddev,median\nsleep,0.1,0.01,0.1\n",
        "name,owner,value_ns\na,g,1\n",
        "name,x_min\na,1\n",
        "name,time (ms)\n1,2\n",
        "name,time (ms)\n",
        "name,mean (ms),time (ms)\na,1,2,3\n",
        "name,ns/op,time_mean_ms\na,1,2\n",
        // Text that looks like results.
        "a change time:   [-1.0% +1.5% +2.0%]\n",
        "    Instructions: 12\n",
        "a::b::c: benchmark\n\n0 tests, 1 benchmarks\n",
        "a::b::c\n  Instructions:       |N/A      (***)\n",
        "fastest │ slowest\n",
        "benchmark name\n",
        "[ 35.00%] ··· Running (benchmarks.TimeSuite.time_iterkeys--)....\n",
        // XML and JSON of something else.
        "<testsuites name=\"perfgate\"><testsuite name=\"a\"><testcase name=\"b\" time=\"1\"/></testsuite></testsuites>",
        "<html><body>1 ms</body></html>",
        "{\"properties\":{\"kind\":{\"enum\":[\"LibraryBenchmark\"]},\"module_path\":{}}}",
        "{\"reason\":\"compiler-artifact\"}\n",
        "[{\"Julia\":\"1.10\"}]",
    ];
    for text in foreign {
        assert_eq!(claimed(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn long_and_hostile_names_come_through_whole() {
    let long = "n".repeat(10_000);
    let names = [long.as_str(), "`|<b>&@team\u{202e}", "a \"b\" 'c'", "µ/é/漢"];
    for name in names {
        let xml = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let json = serde_json::to_string(name).unwrap();
        let csv = name.replace('"', "\"\"");
        let texts = [
            ("criterion-text", format!("{name}\n                        time:   [1.0 ns 1.5 ns 2.0 ns]\n")),
            (
                "iai",
                format!(
                    "{name}\n  Instructions:   12\n  L1 Accesses:    3\n  L2 Accesses:  1\n  RAM Accesses:  1\n  Estimated Cycles:  9\n"
                ),
            ),
            ("junit", format!("<testsuite><testcase name=\"{xml}\" time=\"1\"/></testsuite>")),
            (
                "catch2-xml",
                format!(
                    "<Catch><TestCase name=\"t\"><BenchmarkResults name=\"{xml}\"><mean value=\"1\"/></BenchmarkResults></TestCase></Catch>"
                ),
            ),
            ("csv", format!("name,time (ms)\n\"{csv}\",1\n")),
            (
                "gnu-time",
                format!(
                    "\tCommand being timed: \"{name}\"\n\tElapsed (wall clock) time (h:mm:ss or m:ss): 0:01.00\n\tExit status: 0\n"
                ),
            ),
            (
                "cargo-criterion",
                format!(
                    "{{\"reason\":\"benchmark-complete\",\"id\":{json},\"iteration_count\":[1],\"measured_values\":[1],\"unit\":\"ns\"}}\n"
                ),
            ),
            (
                "benchmarkdotnet",
                format!(
                    "{{\"HostEnvironmentInfo\":{{}},\"Benchmarks\":[{{\"Method\":\"m\",\"FullName\":{json},\"Statistics\":{{\"Mean\":1}}}}]}}"
                ),
            ),
        ];
        for (format, text) in texts {
            assert_eq!(claimed(&text), [format], "{text}");
            let (runs, said) = read(format, &text);
            let said: Vec<&str> = said.into_iter().filter(|code| *code != "read-by-name").collect();
            assert_eq!(said, Vec::<&str>::new(), "{format}");
            assert!(runs[0].series.keys().all(|key| key.benchmark.name.raw() == name), "{format}: {text}");
            assert!(!runs[0].series.is_empty(), "{format}");
        }
    }
}

#[test]
fn nothing_and_noise_are_survived_by_all() {
    let deep = ["[", "{\"a\":", "<a>"].map(|open| open.repeat(100_000));
    let noise = ["", " ", "\u{0}", "[]", "{}", "null", "<", "time:   [", "│", "|", "\n\n\n", "[ 1%] ··· ======\n"];
    for text in noise.into_iter().chain(deep.iter().map(String::as_str)) {
        for format in FORMATS {
            if let Reader::Text { parse, .. } = format.reader {
                let runs = parse(&Document { name: "input".into(), text }, &mut Diagnostics::new());
                assert!(runs.iter().all(|run| run.series.is_empty()), "{}: {text:.20}", format.name);
            }
        }
    }
}
