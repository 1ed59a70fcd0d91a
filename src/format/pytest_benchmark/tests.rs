//! The rules of the format, on documents made for them.

use proptest::prelude::*;

use std::collections::BTreeMap;

use super::*;

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "bench.json".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

/// A document of these benchmarks.
fn with(benchmarks: &str) -> String {
    format!(r#"{{"machine_info": {{}}, "version": "5.1.0", "benchmarks": [{benchmarks}]}}"#)
}

/// A benchmark of this name and the content of its `stats`.
fn entry(name: &str, stats: &str) -> String {
    format!(r#"{{"name": "{name}", "fullname": "tests/t.py::TestA::{name}", "stats": {{{stats}}}}}"#)
}

fn series<'a>(run: &'a Run, name: &str, metric: &str) -> &'a Observation {
    let found = run.series.iter().find(|(k, _)| k.benchmark.name.raw() == name && k.metric.raw() == metric);
    found.unwrap_or_else(|| panic!("no {name} {metric}")).1
}

#[test]
fn a_saved_file_gives_what_it_has() {
    let stats = r#""min": 1e-3, "max": 9e-3, "mean": 3e-3, "stddev": 5e-4, "rounds": 40, "median": 2e-3, "q1": 1.5e-3,
        "q3": 4e-3, "iterations": 10, "outliers": "1;2", "ops": 333.3"#;
    let (runs, said) = read(&with(&entry("test_a", stats)));
    assert!(said.is_empty(), "{said:?}");
    let (key, time) = runs[0].series.first_key_value().unwrap();
    assert_eq!(key.benchmark.package.as_ref().unwrap().raw(), "tests/t.py::TestA");
    assert_eq!((key.benchmark.name.raw(), key.metric.raw()), ("test_a", "time"));
    let summary = &time.summary;
    assert_eq!((summary.count(), summary.stddev()), (Some(40), Some(5e-4)));
    assert_eq!((summary.get(Statistic::P25), summary.get(Statistic::P75)), (Some(1.5e-3), Some(4e-3)));
    assert_eq!((summary.get(Statistic::P90), time.samples.is_none()), (None, true), "never invented");
}

#[test]
fn rounds_are_samples_and_one_round_has_no_noise_known() {
    let one = entry("test_one", r#""min": 2, "max": 2, "mean": 2, "median": 2, "stddev": 0, "rounds": 1"#);
    let many = entry("test_many", r#""mean": 2, "stddev": 1, "rounds": 3, "data": [3, 1, 2]"#);
    let (runs, _) = read(&with(&format!("{one},{many}")));
    assert_eq!(series(&runs[0], "test_one", "time").summary.stddev(), None);
    let many = series(&runs[0], "test_many", "time");
    assert_eq!(many.samples.as_deref(), Some(&[3.0, 1.0, 2.0][..]), "in the order taken");
    assert_eq!((many.summary.get(Statistic::Median), many.origin.position), (Some(2.0), 1));
}

#[test]
fn the_same_benchmark_twice_is_more_of_one_run() {
    let a = entry("test_a", r#""data": [1, 2]"#);
    let b = entry("test_a", r#""data": [3, 4]"#);
    let (runs, _) = read(&with(&format!("{a},{b}")));
    assert_eq!(runs[0].series.len(), 1);
    assert_eq!(series(&runs[0], "test_a", "time").summary.count(), Some(4));
    let c = entry("test_a", r#""min": 1, "max": 2, "mean": 1, "median": 1, "rounds": 10, "stddev": 1"#);
    let d = entry("test_a", r#""min": 2, "max": 9, "mean": 4, "median": 3, "rounds": 20, "stddev": 1"#);
    let (runs, _) = read(&with(&format!("{c},{d}")));
    let both = &series(&runs[0], "test_a", "time").summary;
    assert_eq!((both.count(), both.get(Statistic::Mean)), (Some(30), Some(3.0)));
    assert_eq!((both.get(Statistic::Min), both.get(Statistic::Max)), (Some(1.0), Some(9.0)));
    assert_eq!(both.get(Statistic::Median), None, "a median of two medians is not one");
    let bad = entry("test_a", r#""data": [1, NaN]"#);
    let (runs, _) = read(&with(&format!("{a},{bad},{b}")));
    assert!(series(&runs[0], "test_a", "time").fault.is_some(), "a bad part spoils the whole");
}

#[test]
fn bad_values_cost_their_row_and_say_where() {
    let good = entry("test_good", r#""data": [1, 2]"#);
    let cases = [
        (r#""data": [1, NaN]"#, "round 2 is not a number", "benchmarks[1].stats.data[1]"),
        (r#""data": [1e999, 1]"#, "round 1 is infinite", "benchmarks[1].stats.data[0]"),
        (r#""data": [1, -1]"#, "round 2 is negative", "benchmarks[1].stats.data[1]"),
        (r#""mean": -1, "rounds": 2"#, "`mean` is negative", "benchmarks[1].stats.mean"),
        (r#""mean": Infinity, "rounds": 2"#, "`mean` is infinite", "benchmarks[1].stats.mean"),
        (r#""mean": "x", "rounds": 2"#, "`mean` is not a number: `x`", "benchmarks[1].stats.mean"),
        (r#""mean": 1, "rounds": 0"#, "`rounds` is zero", "benchmarks[1].stats.rounds"),
        (r#""mean": 1, "iterations": 0, "data": [1]"#, "`iterations` is zero", "benchmarks[1].stats.iterations"),
        (r#""rounds": 3"#, "has `stats` without any time", "benchmarks[1].stats"),
    ];
    for (stats, message, path) in cases {
        let (runs, said) = read(&with(&format!("{good},{}", entry("test_bad", stats))));
        assert_eq!(said.len(), 1, "{stats}: {said:?}");
        let bad = series(&runs[0], "test_bad", "time");
        let fault = bad.fault.as_ref().unwrap();
        assert_eq!(fault.message, message);
        let place = fault.location.as_ref().unwrap();
        assert_eq!(place.path.as_ref().unwrap().raw(), path);
        assert!(place.line == Some(1) && place.excerpt.is_some(), "{place:?}");
        assert!(bad.samples.is_none() && bad.summary.is_unknown(), "{stats}");
        assert!(series(&runs[0], "test_good", "time").fault.is_none());
    }
}

#[test]
fn a_bad_row_is_underlined() {
    let text = format!("{{\"machine_info\": null, \"benchmarks\": [\n{}\n]}}", entry("test_bad", r#""mean": NaN"#));
    let (_, said) = read(&text);
    insta::assert_snapshot!(crate::diag::render::terminal(&said[0], false, 100), @r#"
    warning[invalid-value]: `test_bad`: `mean` is not a number
     --> bench.json:2:83
      |
    2 | {"name": "test_bad", "fullname": "tests/t.py::TestA::test_bad", "stats": {"mean": NaN}}
      |                                                                                   ^^^ at `benchmarks[0].stats.mean`
    "#);
}

#[test]
fn a_benchmark_without_stats_failed() {
    let text =
        with(r#"{"name": "test_x", "fullname": "t.py::test_x", "extra_info": {}, "stats": null}, {"name": "test_y"}"#);
    let (runs, said) = read(&text);
    assert_eq!((runs[0].series.len(), runs[0].failures.len(), said.len()), (0, 2, 2));
    assert_eq!(said[0].code, Code::BenchmarkFailed);
}

#[test]
fn a_malformed_entry_costs_its_row_and_not_the_file() {
    let good = entry("test_good", r#""data": [1, 2]"#);
    let missing = "malformed entry: the key `name` is missing";
    let array = "malformed entry: expected an array of numbers, found a string";
    let cases = [
        (r#"{"stats": {"data": [1]}}"#, "benchmarks[1]", missing, "benchmarks[1]"),
        (r#"{"fullname": "t.py::A::test_x[a::b]", "stats": null}"#, "t.py::A::test_x[a::b]", missing, "benchmarks[1]"),
        ("null", "benchmarks[1]", "malformed entry: expected a benchmark as an object, found null", "benchmarks[1]"),
        (&entry("test_x", r#""data": "x""#), "tests/t.py::TestA::test_x", array, "benchmarks[1].stats.data"),
        (
            &entry("test_x", r#""mean": [1], "max": NaN"#),
            "tests/t.py::TestA::test_x",
            "malformed entry: expected a number, found an array",
            "benchmarks[1].stats.mean",
        ),
        (
            r#"{"name": "test_x", "stats": 5}"#,
            "test_x",
            "malformed entry: expected an object, found a number",
            "benchmarks[1].stats",
        ),
        (
            r#"{"name": "test_x", "stats": {"data": [1], "data": [2]}}"#,
            "test_x",
            "malformed entry: the key `data` stands twice in one object",
            "benchmarks[1].stats",
        ),
    ];
    for (bad, name, message, path) in cases {
        let text = with(&format!("{good},\n{bad},\n{}", entry("test_last", r#""data": [3]"#)));
        let (runs, said) = read(&text);
        assert_eq!(said.len(), 1, "{bad}: {said:?}");
        assert_eq!(said[0].severity, Severity::Warning);
        assert_eq!(runs[0].series.len(), 2, "{bad}");
        assert_eq!(series(&runs[0], "test_last", "time").origin.position, 2);
        let (id, fault) = runs[0].failures.first_key_value().unwrap();
        assert_eq!((id.qualified().raw(), fault.message.as_str()), (name, message));
        let place = fault.location.as_ref().unwrap();
        assert_eq!((place.line, place.path.as_ref().unwrap().raw()), (Some(2), path), "{bad}");
    }
    let (runs, said) = read(&with("null, 3").replace("\"5.1.0\"", "{}"));
    assert_eq!((runs[0].failures.len(), said.len()), (2, 2));
    let (runs, said) = read(&with("null").replace("[null]", "{}"));
    assert_eq!((runs.len(), said[0].severity), (0, Severity::Error), "no array of entries");
}

#[test]
fn half_a_character_in_a_name_costs_nothing() {
    let (runs, said) = read(&with(&entry(r"test_a[\ud800]", r#""data": [1]"#)));
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(series(&runs[0], "test_a[\u{fffd}]", "time").samples.as_deref(), Some(&[1.0][..]));
}

#[test]
fn numbers_of_extra_info_are_series() {
    let extra = r#""extra_info": {"parse_ms": 2, "peak_bytes": 10, "requests_per_sec": 5, "hit_pct": 40, "loss": 0.5,
        "ok": true, "note": "N", "nan": "nan", "time": 3, "nested": {"size_kb": 2, "deep": {"n": 1}, "list": [1]}}"#;
    let text = with(&format!(r#"{{"name": "test_x", "stats": {{"data": [1]}}, {extra}}}"#));
    let (runs, said) = read(&text);
    assert!(said.is_empty(), "{said:?}");
    let found: Vec<_> = runs[0]
        .series
        .iter()
        .map(|(k, o)| (k.metric.raw(), o.unit.symbol(), o.better, o.summary.get(Statistic::Mean).unwrap()))
        .collect();
    let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
    let expected = [
        ("extra_info.time", "1", None, 3.0),
        ("hit_pct", "%", None, 40.0),
        ("loss", "1", None, 0.5),
        ("nested.deep.n", "1", None, 1.0),
        ("nested.size_kb", "B", lower, 2000.0),
        ("parse_ms", "s", lower, 0.002),
        ("peak_bytes", "B", lower, 10.0),
        ("requests_per_sec", "1/s", higher, 5.0),
        ("time", "s", lower, 1.0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_machine_and_the_commit_without_placeholders() {
    let text = r#"{"benchmarks": [{"name": "t", "stats": {"data": [1]}}], "datetime": "2026-01-02T03:04:05.5",
        "version": "__version__ = '3.2.0'", "commit_info": {"id": "abc", "branch": "(unknown)", "dirty": true},
        "machine_info": {"node": "secret", "system": "Linux", "machine": "x86_64", "python_implementation": "CPython",
        "python_version": "3.11.7", "cpu": {"brand": "unknown", "brand_raw": "Xeon", "count": 4, "flags": ["a"]}}}"#;
    let (runs, _) = read(text);
    let Run { subject, environment, .. } = &runs[0];
    assert_eq!(subject.commit.as_ref().unwrap().raw(), "abc");
    assert_eq!((&subject.branch, subject.taken_at), (&None, Some(1_767_323_045)));
    let labels: Vec<_> = environment.labels.iter().map(|(k, v)| (k.raw(), v.raw())).collect();
    let expected = [
        ("arch", "x86_64"),
        ("cores", "4"),
        ("cpu", "Xeon"),
        ("os", "Linux"),
        ("pytest-benchmark", "3.2.0"),
        ("python", "CPython 3.11.7"),
    ];
    assert_eq!(labels, expected);
    assert_eq!(seconds_since_1970("2026-01-02T05:04:05+02:00"), Some(1_767_323_045));
    assert_eq!(seconds_since_1970("yesterday"), None);
}

#[test]
fn parameters_without_addresses() {
    let text = with(
        r#"{"name": "t[a]", "group": "g", "param": "a", "params": {"n": 16, "s": "a", "z": null, "o": "UNSERIALIZABLE[<f at 0x7f>]"},
        "stats": {"data": [1]}}, {"name": "u[b]", "param": "b", "params": {"o": "UNSERIALIZABLE[x]"}, "stats": {"data": [1]}}"#,
    );
    let (runs, _) = read(&text);
    let all: Vec<_> = runs[0].details.values().cloned().collect();
    let params = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect::<BTreeMap<_, _>>().into()
    };
    assert_eq!(all[0], Details { params: params(&[("n", "16"), ("s", "a"), ("z", "null")]), group: Some("g".into()) });
    assert_eq!(all[1], Details { params: params(&[("param", "b")]), group: None });
}

#[test]
fn nothing_measured_is_an_error() {
    let (runs, said) = read(&with(""));
    assert_eq!((runs.len(), said[0].code), (0, Code::NoResults));
}

#[test]
fn only_its_own_files_are_claimed() {
    let claimed = |text: &str| claims(&Probe::head(text));
    assert!(claimed(&with("")));
    assert!(!claimed(r#"{"context": {}, "benchmarks": []}"#), "Google Benchmark");
    assert!(!claimed(r#"{"version": "1.0", "metadata": {}, "benchmarks": []}"#), "pyperf");
}

#[test]
fn a_deep_value_in_extra_info_is_refused() {
    let deep = "{\"a\":".repeat(100_000);
    let (runs, said) = read(&with(&format!(r#"{{"name": "t", "extra_info": {deep}"#)));
    assert_eq!((runs.len(), said[0].code), (0, Code::NestedTooDeep));
}

proptest! {
    #[test]
    fn damage_is_never_silent_and_never_panics(at in 0_usize..400, length in 0_usize..40, with_text in "[\\[\\]{}\",:0-9eE+NaIl-]{0,6}") {
        let text = with(&format!("{},{}", entry("test_a", r#""data": [1, 2], "mean": 1.5"#), entry("test_b", r#""mean": 2"#)));
        let end = (at + length).min(text.len());
        let start = at.min(end);
        let damaged = format!("{}{with_text}{}", &text[..start], &text[end..]);
        let (runs, said) = read(&damaged);
        prop_assert_eq!(runs.is_empty(), said.iter().any(|d| d.severity == crate::diag::Severity::Error));
    }
}
