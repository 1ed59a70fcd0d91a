//! Results with one bad row among good ones, in every format that is a table or lines: what is wrong costs its own row and
//! is told, a name is kept as it is, and what is cut short is never less than it was without a word.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that panics has failed")]

use perfgate::diag::{Diagnostic, Diagnostics};
use perfgate::format::{self, Detection, Document, Reader};
use perfgate::model::Run;

/// A format, and two rows of it: `NAME` with the value `VALUE`, and a good one behind it. The last text is that of names.
struct Table {
    format: &'static str,
    text: &'static str,
    /// What the benchmark `NAME` is called.
    called: &'static str,
    /// Whether a name may hold anything that fits in one line.
    any_name: bool,
}

const TABLES: &[Table] = &[
    Table {
        format: "vitest",
        text: r#"{"files":[{"filepath":"a","groups":[{"fullName":"a","benchmarks":[{"name":"NAME","mean":VALUE,"samples":[]},{"name":"good","mean":1.5}]}]}]}"#,
        called: "a > NAME",
        any_name: false,
    },
    Table {
        format: "tinybench",
        text: r#"[{"name":"NAME","totalTime":1,"period":1,"latency":{"mean":VALUE}},{"name":"good","totalTime":1,"period":1,"latency":{"mean":2,"samples":[1,3]}}]"#,
        called: "NAME",
        any_name: false,
    },
    Table {
        format: "mitata",
        text: r#"{"layout":[{"name":null}],"benchmarks":[{"group":0,"runs":[{"name":"NAME","args":{},"stats":{"avg":VALUE}}]},{"runs":[{"name":"good","stats":{"avg":2}}]}]}"#,
        called: "NAME",
        any_name: false,
    },
    Table {
        format: "benchmarkjs",
        text: "NAME x VALUE ops/sec ±0.74% (93 runs sampled)\ngood x 1,000 ops/sec ±0.74% (1 run sampled)\n",
        called: "NAME",
        any_name: true,
    },
    Table {
        format: "wrk",
        text: "Running 1s test @ NAME\n  1 threads and 4 connections\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency     VALUEms    2.58ms  18.83ms   77.99%\n  998 requests in 1.10s, 192.00KB read\nRequests/sec:    907.24\nTransfer/sec:    174.54KB\nRunning 1s test @ good\n  1 threads and 4 connections\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency     4.50ms    2.58ms  18.83ms   77.99%\n  998 requests in 1.10s, 192.00KB read\nRequests/sec:    907.24\n",
        called: "NAME (1 threads and 4 connections)",
        any_name: true,
    },
    Table {
        format: "locust",
        text: "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,95%\nGET,NAME,10,0,VALUE,9,2,14,12,283,0,6,9\nGET,good,10,0,6,9,2,14,12,283,0,6,9\n",
        called: "GET NAME",
        any_name: false,
    },
    Table {
        format: "ruby-benchmark",
        text: "              user     system      total        real\nNAME  0.009309   0.000000   0.009309 (  VALUE)\ngood   0.005570   0.000000   0.005570 (  0.013088)\n",
        called: "NAME",
        any_name: true,
    },
    Table {
        format: "benchmark-ips",
        text: "Calculating -------------------------------------\n  NAME      VALUE (±15.3%) i/s -      7.497M in   1.010650s\n                good      2.063M (±19.7%) i/s -      1.987M in   1.007804s\n",
        called: "NAME",
        any_name: true,
    },
    Table {
        format: "dart",
        text: "NAME(RunTime): VALUE us.\ngood(RunTime): 1.5 us.\n",
        called: "NAME",
        any_name: true,
    },
    Table {
        format: "luau",
        text: "SUCCESS: NAME :   VALUEms +/-  1.145% on luau\nSUCCESS: good :   66.213ms +/-  2.310% on luau\n",
        called: "NAME",
        any_name: true,
    },
    Table {
        format: "ghz",
        text: r#"{"rps":5,"name":"NAME","count":2,"average":VALUE,"slowest":3,"statusCodeDistribution":{"OK":2},"latencyDistribution":[]}"#,
        called: "NAME",
        any_name: false,
    },
];

/// Reads a text as the format that it must be of.
fn read(format: &str, text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let found = match format::detect(text) {
        Detection::One(found) => found.name,
        Detection::Several(found) => panic!("{:?}", found.iter().map(|f| f.name).collect::<Vec<_>>()),
        Detection::None => "none",
    };
    assert_eq!(found, format, "{text}");
    parse(format, text)
}

fn parse(format: &str, text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let Reader::Text { parse, .. } = format::by_name(format).unwrap().reader else { panic!("not a text") };
    let runs = parse(&Document { name: "input".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

/// How many benchmarks can be used, and the names of those that cannot.
fn usable(runs: &[Run]) -> (Vec<String>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for run in runs {
        bad.extend(run.failures.keys().map(|id| id.name.raw().to_owned()));
        for (key, observation) in &run.series {
            let list = if observation.fault.is_some() { &mut bad } else { &mut good };
            list.push(key.benchmark.name.raw().to_owned());
        }
    }
    good.dedup();
    bad.dedup();
    (good, bad)
}

#[test]
fn a_bad_value_costs_its_row_and_is_told() {
    for Table { format, text, called, .. } in TABLES {
        let (runs, said) = read(format, &text.replace("VALUE", "1.5"));
        assert!(said.is_empty(), "{format}: {said:?}");
        let (good, bad) = usable(&runs);
        assert!(good.iter().any(|name| name == called) && bad.is_empty(), "{format}: {good:?}");
        let huge = "9".repeat(400);
        for value in ["abc", "-1.5", "NaN", "-", huge.as_str()] {
            let is_json = text.starts_with(['{', '[']);
            let quoted = format!("\"{value}\"");
            let value = if is_json && matches!(value, "abc" | "-") { &quoted } else { value };
            let (runs, said) = read(format, &text.replace("VALUE", value));
            let (good, bad) = usable(&runs);
            assert!(!good.iter().any(|name| name == called), "{format}: {value} was taken");
            assert!(!bad.is_empty() && !said.is_empty(), "{format}: {value} is not told");
            assert!(said.iter().all(|said| said.location.as_ref().is_some_and(|at| at.line.is_some())), "{said:?}");
            if *format != "ghz" {
                assert!(good.iter().any(|name| name.contains("good")), "{format}: {value} cost the file");
            }
        }
    }
}

#[test]
fn names_are_kept_as_they_are() {
    let long = "n".repeat(10_000);
    let hostile = ["<script>alert(1)</script>", "| a `b` |", "::error::x", "名前 \u{202e}x", "[a](b)", long.as_str()];
    for Table { format, text, called, any_name } in TABLES {
        for name in hostile {
            if !any_name && name.contains(['"', ',']) {
                continue;
            }
            let (runs, said) = read(format, &text.replace("VALUE", "1.5").replace("NAME", name));
            assert!(said.is_empty(), "{format}: {said:?}");
            let (good, _) = usable(&runs);
            let called = called.replace("NAME", name);
            assert!(
                good.contains(&called),
                "{format}: {:?}",
                &good.first().map(|n| n.chars().take(80).collect::<String>())
            );
        }
    }
}

#[test]
fn what_comes_again_is_a_further_run() {
    for Table { format, text, .. } in TABLES.iter().filter(|table| table.any_name) {
        let text = text.replace("VALUE", "1.5");
        let (runs, said) = read(format, &format!("{text}{text}"));
        assert!(said.is_empty(), "{format}: {said:?}");
        assert_eq!(runs.len(), 2, "{format}");
        assert_eq!(runs[0].series, runs[1].series, "{format}");
    }
}

#[test]
fn nothing_is_never_a_result() {
    for Table { format, .. } in TABLES {
        for text in [" ", "x", "{}", "[]", "[1]", "null"] {
            let (runs, said) = parse(format, text);
            assert!(runs.iter().all(|run| run.series.is_empty()), "{format}: {text}");
            assert!(!said.is_empty(), "{format} says nothing of `{text}`");
        }
    }
}

#[test]
fn a_load_test_that_is_cut_short_is_no_result() {
    let whole = "Summary:\n  Total:\t0.2902 secs\n  Average:\t0.0028 secs\n  Requests/sec:\t1378.3\n\nLatency distribution:\n  50% in 0.0023 secs\n\nDetails (average, fastest, slowest):\n  req write:\t0.0000 secs, 0.0000 secs, 0.0012 secs\n\nStatus code distribution:\n  [200]\t400 responses\n";
    let (runs, said) = read("hey", whole);
    assert_eq!((runs[0].series.len(), said.len()), (3, 0));
    let (runs, said) = read("hey", whole.split("Status").next().unwrap());
    assert_eq!((runs[0].failures.len(), said[0].code.as_str()), (1, "truncated-line"));
    let wrk = TABLES.iter().find(|table| table.format == "wrk").unwrap().text.replace("VALUE", "1.5");
    let (runs, said) = read("wrk", wrk.rsplit_once("Requests/sec:").unwrap().0);
    assert_eq!((runs[0].failures.len(), said[0].code.as_str()), (1, "truncated-line"));
}
