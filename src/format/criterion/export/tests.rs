//! Exports that are damaged or not exports.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "e.json".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn benchmark(name: &str, mean: &str) -> String {
    let one = |value: &str| format!(r#"{{"point_estimate":{value},"standard_error":1}}"#);
    format!(
        r#""{name}":{{"criterion_benchmark_v1":{{"full_id":"{name}","group_id":"g","throughput":{{"Elements":10}}}},
        "criterion_estimates_v1":{{"mean":{},"median":{},"std_dev":{}}}}}"#,
        one(mean),
        one("5"),
        one("1")
    )
}

#[test]
fn bad_benchmarks_cost_themselves() {
    let text = format!(
        "{{\"name\":\"main\",\"benchmarks\":{{{},{},{},\"d\":{{\"criterion_benchmark_v1\":{{\"full_id\":\"d\"}}}},\"e\":3}}}}",
        benchmark("a", "4"),
        benchmark("b", "NaN"),
        benchmark("c", "\\\"x\\\"").replace("\\\"", "\"")
    );
    let (runs, said) = read(&text);
    let found: Vec<_> =
        runs[0].series.iter().map(|(k, o)| (k.benchmark.name.raw(), k.metric.raw(), o.fault.is_some())).collect();
    assert_eq!(found, [("a", "throughput", false), ("a", "time", false), ("b", "time", true), ("c", "time", true)]);
    assert_eq!(runs[0].failures.keys().map(|id| id.name.raw()).collect::<Vec<_>>(), ["d", "e"]);
    let said: Vec<_> = said.iter().map(|d| (d.message.as_str(), d.severity)).collect();
    assert_eq!(
        said,
        [
            ("`b`: an estimate is not a finite, positive number", Severity::Warning),
            ("`c`: an estimate is not a finite, positive number", Severity::Warning),
            ("`d`: malformed entry: the key `criterion_estimates_v1` is missing", Severity::Warning),
            ("`e`: malformed entry: expected a benchmark as an object, found a number", Severity::Warning),
            ("a critcmp export holds estimates, no samples", Severity::Note),
        ]
    );
}

#[test]
fn whole_files_that_cannot_be_used() {
    let good = format!("{{\"name\":\"main\",\"benchmarks\":{{{}}}}}", benchmark("a", "4"));
    let twice = format!("{{\"benchmarks\":{{{},{}}}}}", benchmark("a", "4"), benchmark("a", "4"));
    for (text, code) in [
        (&good[..good.len() - 4], Code::InvalidJson),
        ("{\"name\":\"main\",\"benchmarks\":{}}", Code::NoResults),
        ("{\"name\":\"main\",\"benchmarks\":[]}", Code::MalformedDocument),
        ("{\"name\":\"main\"}", Code::MalformedDocument),
        (&twice, Code::DuplicateKey),
    ] {
        let (runs, said) = read(text);
        assert!(runs.is_empty());
        assert_eq!(said.iter().map(|d| (d.code, d.severity)).collect::<Vec<_>>(), [(code, Severity::Error)], "{text}");
    }
    assert!(matches!(detect(&good), Detection::One(format) if format.name == "critcmp"));
    assert!(matches!(detect("{\"name\":\"main\",\"benchmarks\":{}}"), Detection::None));
}
