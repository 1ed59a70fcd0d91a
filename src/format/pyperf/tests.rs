//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};
use crate::model::Better;

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "p.json".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn file(benchmarks: &str, metadata: &str) -> String {
    format!(r#"{{"version":"1.0","benchmarks":[{benchmarks}],"metadata":{{{metadata}}}}}"#)
}

#[test]
fn values_of_all_processes_are_samples() {
    let one = r#"{"metadata":{"name":"a"},"runs":[{"warmups":[[1,2]]},{"values":[1,2],"metadata":{"date":"2026-01-02 00:00:00.5"}},
        {"values":[3],"metadata":{"date":"2026-01-01 00:00:00"}}]}"#;
    let (runs, said) = read(&file(one, r#""python_version":"3.11","hostname":"h","cpu_count":2"#));
    assert!(said.is_empty(), "{said:?}");
    let (key, value) = runs[0].series.first_key_value().unwrap();
    assert_eq!((key.benchmark.name.raw(), key.metric.raw()), ("a", "time"));
    assert_eq!((value.samples.as_deref(), value.better), (Some(&[1.0, 2.0, 3.0][..]), Some(Better::Lower)));
    let labels: Vec<_> = runs[0].environment.labels.iter().map(|(k, v)| (k.raw(), v.raw())).collect();
    assert_eq!(labels, [("cores", "2"), ("python", "3.11")]);
    assert_eq!(runs[0].subject.taken_at, Some(1_767_225_600));
}

#[test]
fn units_and_names_stand_in_three_places() {
    let cases = [
        (r#"{"metadata":{"unit":"byte","name":"n"},"runs":[{"values":[4]}]}"#, "", "n", "memory"),
        (r#"{"runs":[{"values":[4],"metadata":{"unit":"integer","name":"n"}}]}"#, "", "n", "value"),
        (r#"{"runs":[{"values":[4]}]}"#, r#""name":"n","unit":"second""#, "n", "time"),
        (r#"{"runs":[{"values":[4]}]}"#, "", "benchmark", "time"),
    ];
    for (benchmark, metadata, name, metric) in cases {
        let (runs, _) = read(&file(benchmark, metadata));
        let key = runs[0].series.keys().next().unwrap();
        assert_eq!((key.benchmark.name.raw(), key.metric.raw()), (name, metric), "{benchmark}");
    }
}

#[test]
fn bad_benchmarks_cost_themselves() {
    let benchmarks = r#"{"metadata":{"name":"a"},"runs":[{"values":[1]}]},{"metadata":{"name":"b"},"runs":[{"values":[1,NaN]}]},
        {"metadata":{"name":"c"},"runs":[{"values":[-1]}]},{"metadata":{"name":"d"},"runs":[{"warmups":[[1,2]]}]},
        {"metadata":{"name":"e"}},{"metadata":{"name":"f"},"runs":[{"values":"x"}]},7"#;
    let (runs, said) = read(&file(benchmarks, ""));
    assert_eq!(runs[0].series.values().filter(|o| o.fault.is_none()).count(), 1);
    assert!(said.iter().all(|d| d.severity == Severity::Warning));
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("`b`: value 2 of run 1 is not a number", "benchmarks[1].runs[0].values[1]"),
            ("`c`: value 1 of run 1 is negative", "benchmarks[2].runs[0].values[0]"),
            ("`d`: has no values: only its loops were calibrated", "benchmarks[3].runs"),
            ("`e`: malformed row: the key `runs` is missing", "benchmarks[4]"),
            ("`f`: malformed row: expected an array of numbers, found a string", "benchmarks[5].runs[0].values"),
            ("`benchmarks[6]`: malformed row: expected a benchmark as an object, found a number", "benchmarks[6]"),
        ]
    );
}

#[test]
fn whole_files_that_cannot_be_used() {
    for (text, code) in [
        (r#"{"version":"1.0","benchmarks":[]}"#, Code::NoResults),
        (r#"{"version":"1.0","benchmarks":{}}"#, Code::MalformedDocument),
        (r#"{"version":"1.0"}"#, Code::MalformedDocument),
        (r#"{"version":"1.0","benchmarks":[{"runs""#, Code::InvalidJson),
    ] {
        let (runs, said) = read(text);
        assert_eq!((runs.len(), said.len(), said[0].code), (0, 1, code), "{text}");
    }
    let good = file(r#"{"runs":[{"values":[4]}]}"#, "");
    assert!(matches!(detect(&good), Detection::One(f) if f.name == "pyperf"));
    assert!(matches!(detect(r#"{"version":"1.0","benchmarks":[]}"#), Detection::None));
}
