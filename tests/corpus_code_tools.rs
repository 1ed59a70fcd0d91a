//! Real files of benchmark tools that live in the code (Rust, C++, .NET, Python): each parses to the benchmarks and values that
//! an independent script found in it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its input fails"
)]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests read the corpus from disk")]
#![allow(clippy::unreadable_literal, reason = "numbers as the counting script prints them")]

mod corpus;

use std::collections::BTreeSet;
use std::path::Path;

use corpus::corpus;
use perfgate::diag::Diagnostics;
use perfgate::format::{Detection, Document, Reader, decode, detect};
use perfgate::model::{Observation, Run, Statistic};
use perfgate::text::Untrusted;

/// Reads a file, and tells the format that detection finds in it; `None` if it is of none.
fn read(path: &Path) -> Option<(&'static str, Vec<Run>, Diagnostics)> {
    let bytes = std::fs::read(path).unwrap();
    let mut diagnostics = Diagnostics::new();
    let name = Untrusted::from("input");
    let text = decode(&name, &bytes, &mut diagnostics).ok()?;
    let format = match detect(&text) {
        Detection::One(format) => format,
        Detection::None => return None,
        Detection::Several(_) => panic!("{}: of several formats", path.display()),
    };
    let Reader::Text { parse, .. } = format.reader else { panic!("not a text") };
    let runs = parse(&Document { name, text: &text }, &mut diagnostics);
    Some((format.name, runs, diagnostics))
}

fn value(observation: &Observation) -> f64 {
    let statistics = [Statistic::Mean, Statistic::Median];
    statistics.into_iter().find_map(|s| observation.summary.get(s)).unwrap_or(0.0)
}

/// File, format, runs, benchmarks of the first run, values of all runs, their sum, failures.
type Row = (&'static str, &'static str, usize, usize, usize, f64, usize);

/// What a counting script found: in JSON by `json`, in text by regular expressions for lines of results.
const CRITERION: &[Row] = &[
    ("EllenNyan+ecs_bench_suite__output2.txt", "criterion-text", 1, 34, 34, 0.016756291740000002, 0),
    ("EllenNyan+ecs_bench_suite__output5.txt", "criterion-text", 1, 34, 34, 0.016756291740000002, 0),
    ("EllenNyan+ecs_bench_suite__output6.txt", "criterion-text", 1, 34, 34, 0.016756291740000002, 0),
    ("EllenNyan+ecs_bench_suite__output7.txt", "criterion-text", 1, 34, 34, 0.016756291740000002, 0),
    // The same benchmark again and again: a run each.
    ("bazhenov+tango__tango-compare__exp1__criterion.txt", "criterion-text", 198, 1, 198, 0.000586447, 0),
    // The text of another tool.
    ("bazhenov+tango__tango-compare__exp2__tango.txt", "", 0, 0, 0, 0.0, 0),
    (
        "bencherdev+bencher__lib__bencher_adapter__tool_output__rust__criterion__dogfood.txt",
        "criterion-text",
        1,
        4,
        4,
        3.65528e-05,
        0,
    ),
    (
        "bencherdev+bencher__lib__bencher_adapter__tool_output__rust__criterion__many.txt",
        "criterion-text",
        1,
        5,
        5,
        3.897068356e-05,
        0,
    ),
];

/// The part of the names of the files of Bencher's tests of gungraun that differs, and the row.
const GUNGRAUN: &[Row] = &[
    ("delta", "gungraun-text", 1, 2, 12, 133139624.0, 0),
    ("dhat-then-callgrind", "gungraun-text", 1, 2, 28, 248190198.0, 0),
    ("drd", "gungraun-text", 1, 3, 9, 21.0, 0),
    ("json_multiple_benchmarks", "gungraun", 1, 2, 7, 13.1, 0),
    ("json_multiple_tools", "gungraun", 1, 1, 3, 7.1, 0),
    ("json_no_id_no_details", "gungraun", 1, 1, 2, 6.1, 0),
    ("json_not_v6", "gungraun", 1, 1, 2, 6.1, 0),
    ("json_one_callgrind_all_metrics", "gungraun", 1, 1, 37, 40602.8, 0),
    ("json_one_callgrind_diff", "gungraun", 1, 1, 2, 6.1, 0),
    ("json_one_callgrind_no_diff_new", "gungraun", 1, 1, 2, 6.1, 0),
    ("json_one_dhat_all_metrics", "gungraun", 1, 1, 13, 78.0, 0),
    ("json_one_helgrind_all_metrics", "gungraun", 1, 1, 4, 6.0, 0),
    ("json_pretty_mixed_ndjson_two_callgrind", "gungraun", 1, 2, 4, 13.3, 0),
    ("json_pretty_one_callgrind", "gungraun", 1, 1, 2, 6.1, 0),
    ("json_pretty_one_callgrind_indented", "gungraun", 1, 1, 2, 6.1, 0),
    ("json_pretty_two_callgrind", "gungraun", 1, 2, 4, 13.3, 0),
    ("json_truncated_pretty_then_ndjson", "gungraun", 1, 1, 2, 6.1, 1),
    ("name_on_multiple_lines", "gungraun-text", 1, 2, 12, 78.0, 0),
    ("name_on_multiple_lines_mixed", "gungraun-text", 1, 3, 18, 171.0, 0),
    ("with-gungraun-summary", "gungraun-text", 1, 2, 12, 133139624.0, 0),
    ("without-optional-metrics", "gungraun-text", 1, 2, 12, 133139624.0, 0),
];

const OTHERS: &[(&str, Row)] = &[
    (
        "asv-text",
        (
            "bencherdev+bencher__lib__bencher_adapter__tool_output__python__asv__six.txt",
            "asv-text",
            2,
            5,
            8,
            4530.000130069999,
            2,
        ),
    ),
    (
        "benchmarkdotnet",
        (
            "bencherdev+bencher__lib__bencher_adapter__tool_output__c_sharp__dot_net__null_namespace.json",
            "benchmarkdotnet",
            1,
            1,
            1,
            0.0,
            0,
        ),
    ),
    (
        "catch2",
        (
            "bencherdev+bencher__lib__bencher_adapter__tool_output__cpp__catch2__four.txt",
            "catch2",
            1,
            4,
            4,
            4.59e-05,
            0,
        ),
    ),
    (
        "catch2",
        (
            "bencherdev+bencher__lib__bencher_adapter__tool_output__cpp__catch2__issue_351.txt",
            "catch2",
            1,
            6,
            6,
            8.7975e-05,
            0,
        ),
    ),
    (
        "catch2",
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__cpp__catch2__two.txt", "catch2", 1, 2, 2, 1e-09, 0),
    ),
    (
        "catch2",
        (
            "benchmark-action+github-action-benchmark__test__data__extract__catch2_output_v2.txt",
            "catch2",
            1,
            4,
            4,
            4.59e-05,
            0,
        ),
    ),
    (
        "catch2",
        (
            "benchmark-action+github-action-benchmark__test__data__extract__catch2_output_v3.txt",
            "catch2",
            1,
            4,
            4,
            4.59e-05,
            0,
        ),
    ),
    (
        "catch2",
        (
            "benchmark-action+github-action-benchmark__test__data__extract__issue16_output.txt",
            "catch2",
            1,
            2,
            2,
            1e-09,
            0,
        ),
    ),
    ("catch2-xml", ("excerpt_catch2_3.1.xml", "catch2-xml", 1, 2, 2, 0.00201964, 0)),
    ("divan", ("excerpt_divan_fibonacci.txt", "divan", 1, 13, 13, 6.71533e-07, 0)),
    (
        "iai",
        (
            "bencherdev+bencher__lib__bencher_adapter__tool_output__rust__iai__change.txt",
            "iai",
            1,
            2,
            10,
            65353932.0,
            0,
        ),
    ),
    (
        "iai",
        ("bencherdev+bencher__lib__bencher_adapter__tool_output__rust__iai__two.txt", "iai", 1, 2, 10, 97498534.0, 0),
    ),
];

fn check(path: &Path, row: &Row) {
    let (name, format, runs, benchmarks, values, sum, failures) = *row;
    let Some((found, read, diagnostics)) = read(path) else {
        assert_eq!(format, "", "{name}: of no format");
        return;
    };
    assert_eq!(found, format, "{name}");
    assert_eq!(diagnostics.iter().count(), failures, "{name}: {diagnostics:?}");
    assert_eq!(read.iter().map(|run| run.failures.len()).sum::<usize>(), failures, "{name}");
    assert_eq!(read.len(), runs, "{name}");
    let first: BTreeSet<_> = read[0].series.keys().map(|key| &key.benchmark).collect();
    assert_eq!(first.len(), benchmarks, "{name}");
    let all: Vec<f64> = read.iter().flat_map(|run| run.series.values()).map(value).collect();
    let total: f64 = all.iter().sum();
    assert_eq!(all.len(), values, "{name}");
    assert!((total - sum).abs() <= sum * 1e-9, "{name}: {total} instead of {sum}");
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn criterion_text() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("criterion-text");
    for row in CRITERION {
        check(&folder.join(row.0), row);
    }
    assert_eq!(files(&folder), CRITERION.iter().map(|row| row.0.to_owned()).collect(), "every file is in the table");
}

#[test]
fn gungraun() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("gungraun");
    let prefix = "bencherdev+bencher__lib__bencher_adapter__tool_output__rust__gungraun__";
    for row in GUNGRAUN {
        check(&folder.join(format!("{prefix}{}.txt", row.0)), row);
    }
    // What its own tests expect has no numbers in it.
    let mut rest = 0;
    for name in files(&folder).iter().filter(|name| !name.starts_with(prefix)) {
        assert!(read(&folder.join(name)).is_none(), "{name}");
        rest += 1;
    }
    assert_eq!((files(&folder).len(), rest), (GUNGRAUN.len() + rest, 15));
}

#[test]
fn others() {
    let Some(corpus) = corpus() else { return };
    for (folder, row) in OTHERS {
        check(&corpus.join(folder).join(row.0), row);
    }
    for folder in ["asv-text", "catch2", "catch2-xml", "divan", "iai"] {
        let listed = OTHERS.iter().filter(|(of, _)| *of == folder).map(|(_, row)| row.0.to_owned());
        assert_eq!(files(&corpus.join(folder)), listed.collect(), "every file is in the table");
    }
}

#[test]
fn benchmarkdotnet_has_samples_and_memory() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("benchmarkdotnet");
    let name = "bencherdev+bencher__lib__bencher_adapter__tool_output__c_sharp__dot_net__memory.json";
    let (format, runs, diagnostics) = read(&folder.join(name)).unwrap();
    assert_eq!((format, runs.len(), diagnostics.is_empty()), ("benchmarkdotnet", 1, true));
    let of = |metric: &str| -> Vec<&Observation> {
        runs[0].series.iter().filter(|(key, _)| key.metric.raw() == metric).map(|(_, o)| o).collect()
    };
    let total: f64 = of("time").iter().map(|o| value(o)).sum();
    assert!((total / 1.3214294115702314e-07 - 1.0).abs() < 1e-12, "{total}");
    assert_eq!(of("time").iter().map(|o| o.samples.as_ref().unwrap().len()).sum::<usize>(), 6);
    assert_eq!(of("memory").iter().map(|o| value(o)).collect::<Vec<_>>(), [368.0, 184.0]);
    // Its reports in a dozen forms, in one file, are none.
    let tests = files(&folder).into_iter().find(|name| name.starts_with("dotnet+")).unwrap();
    assert!(read(&folder.join(tests)).is_none());
}
