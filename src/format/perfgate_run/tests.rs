//! What is written comes back, and the schemas in `schema/` are those of the types.

use proptest::prelude::*;

use super::*;
use crate::model::report::{Report, Reports};
use crate::model::trend::Trend;

fn read(text: &str) -> (Vec<Run>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "run.json".into(), text }, &mut diagnostics);
    (runs, diagnostics)
}

fn text() -> impl Strategy<Value = Untrusted> {
    prop_oneof!["[a-z/]{1,8}", "\\PC{0,6}", Just("NaN \"\\\u{7f}\u{202e}\n".to_owned())].prop_map(Untrusted::from)
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1e3, any::<f64>().prop_map(f64::abs).prop_filter("finite", |v| v.is_finite())]
}

prop_compose! {
    fn observation_of()(
        unit in prop_oneof![Just(Unit::Second), Just(Unit::Byte), Just(Unit::PerSecond), Just(Unit::Other("x/op".into()))],
        tool_unit in prop::option::of(text()),
        better in prop::option::of(prop_oneof![Just(Better::Lower), Just(Better::Higher)]),
        kind in prop_oneof![Just(Kind::Noisy), Just(Kind::Exact)],
        samples in prop::option::of(prop::collection::vec(value(), 0..5)),
        statistics in prop::collection::vec(prop::option::of(value()), 10),
        (n, stddev) in (prop::option::of(any::<u64>()), prop::option::of(value())),
        (position, derived) in (any::<u32>(), any::<bool>()),
        fault in prop::option::of("[a-z ]{1,9}"),
    ) -> Observation {
        let mut summary = Summary::unknown().with_count(n).with_stddev(stddev);
        for (statistic, value) in Statistic::ALL.into_iter().zip(statistics) {
            summary = summary.with(statistic, value);
        }
        // Whoever has no value says why.
        let fault = fault.or_else(|| summary.is_unknown().then(|| "no value".to_owned()));
        let fault = fault.map(|message| Fault { message, location: None });
        let origin = Origin { suite: 0, position };
        let samples = samples.map(Vec::into_boxed_slice);
        Observation { unit, tool_unit, better, kind, summary, samples, origin, derived, fault: fault.map(Box::new) }
    }
}

prop_compose! {
    fn run_of()(
        (commit, branch) in (prop::option::of(text()), prop::option::of(text())),
        taken_at in prop::option::of(any::<i64>()),
        committed_at in prop::option::of(any::<i64>()),
        labels in prop::collection::btree_map(text(), text(), 0..3),
        series in prop::collection::vec((text(), prop::option::of(text()), text(), observation_of()), 0..6),
        failures in prop::collection::vec((text(), "[a-z ]{1,9}"), 0..2),
        details in prop::collection::vec((text(), prop::option::of(text()), text(), text()), 0..3),
    ) -> Run {
        let mut run = Run::of_tool("tool");
        run.subject = Subject { commit, branch, taken_at, committed_at };
        run.environment = Environment { labels };
        for (name, package, metric, observation) in series {
            let benchmark = BenchmarkId::new("tool", package, name);
            run.series.insert(SeriesKey { benchmark, metric: MetricId(metric) }, observation);
        }
        for (name, message) in failures {
            run.failures.insert(BenchmarkId::new("tool", None, name), Fault { message, location: None });
        }
        for (name, group, key, value) in details {
            let details = Details { params: BTreeMap::from([(key, value)]).into(), group };
            run.details.insert(BenchmarkId::new("tool", None, name), details);
        }
        run
    }
}

proptest! {
    #[test]
    fn written_runs_come_back(runs in prop::collection::vec(run_of(), 0..3)) {
        let written = write(&runs);
        let (back, diagnostics) = read(&written);
        prop_assert!(diagnostics.is_empty(), "{diagnostics:?}");
        prop_assert_eq!(&back, &runs);
        prop_assert_eq!(write(&back), written);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        read(&text);
    }
}

const HEAD: &str = r#"{"schema": "perfgate-run/1", "suites": [{"tool": "t", "name": "t"}], "benchmarks": ["#;

fn with(benchmarks: &str) -> String {
    format!("{HEAD}{benchmarks}]}}")
}

#[test]
fn several_documents_and_lines_are_one_file() {
    let metric = r#"{"tool": "t", "name": "a", "metrics": [{"metric": "time", "unit": "s", "better": "lower",
        "kind": "noisy", "samples": [3, 1, 2]}]}"#;
    let (runs, diagnostics) = read(&format!("{}\n\n{}", with(metric), with("")));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(runs.len(), 2);
    let summary = &runs[0].series.values().next().unwrap().summary;
    assert_eq!(summary.get(Statistic::Median), Some(2.0), "worked out from the samples");
}

#[test]
fn what_would_be_lost_or_misread_is_refused() {
    let metric = r#"{"metric": "time", "unit": "s", "better": null, "kind": "noisy", "samples": [1]}"#;
    let stray = metric.replace("\"unit\"", "\"suite\": 4, \"unit\"");
    let cases = [
        (with("").replace("run/1", "run/2"), Code::UnsupportedVersion),
        (r#"{"schema": "perfgate-run/2", "everything": "else"}"#.to_owned(), Code::UnsupportedVersion),
        (with(&format!(r#"{{"tool": "t", "name": "a", "metrics": [{metric}, {metric}]}}"#)), Code::DuplicateKey),
        (with(&format!(r#"{{"tool": "t", "name": "a", "metrics": [{stray}]}}"#)), Code::MalformedDocument),
        (with(r#"{"tool": "t", "name": "a", "params": {"n": "1", "n": "2"}, "metrics": []}"#), Code::DuplicateKey),
        (with(r#"{"tool": "t", "name": "a"}"#), Code::MalformedDocument),
        (HEAD.to_owned(), Code::InvalidJson),
        (format!("{} x", with("")), Code::InvalidJson),
    ];
    for (text, code) in cases {
        let (runs, diagnostics) = read(&text);
        let said = diagnostics.into_vec();
        assert!(runs.is_empty() && said.len() == 1, "{text}: {said:?}");
        assert_eq!(said[0].code, code, "{text}: {said:?}");
    }
}

#[test]
fn a_bad_sample_costs_its_row() {
    let entry = r#"{"tool": "t", "name": "a", "metrics": [
        {"metric": "time", "unit": "s", "better": "lower", "kind": "noisy", "samples": [1, -2]},
        {"metric": "drift", "unit": "s", "better": null, "kind": "noisy", "samples": [1, -2]}]}"#;
    let (runs, diagnostics) = read(&with(entry));
    let faults: Vec<bool> = runs[0].series.values().map(|o| o.fault.is_some()).collect();
    assert_eq!(faults, [false, true], "a difference may be negative, a duration may not");
    assert_eq!(diagnostics.into_vec()[0].code, Code::InvalidValue);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test compares files of the repository")]
fn schemas_are_those_of_the_types() {
    let root = env!("CARGO_MANIFEST_DIR");
    for (name, schema) in [
        ("run", schemars::schema_for!(RunFile<'_>)),
        ("report", schemars::schema_for!(Report)),
        ("reports", schemars::schema_for!(Reports)),
        ("trend", schemars::schema_for!(Trend)),
    ] {
        let path = format!("{root}/schema/{name}.json");
        let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::create_dir_all(format!("{root}/schema")).unwrap();
            std::fs::write(&path, generated).unwrap();
        } else {
            let kept = std::fs::read_to_string(&path).unwrap();
            assert!(kept == generated, "{path} is not what the types say: run the test with UPDATE_EXPECTED=1");
        }
    }
}

#[test]
fn written_runs_fit_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(RunFile<'_>)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut run = Run::of_tool("tool");
    let (runs, _) = read(&with(
        r#"{"tool": "t", "name": "a", "failure": "crashed", "params": {"n": "1"}, "metrics": [
        {"metric": "time", "unit": "s", "better": "lower", "kind": "noisy", "samples": [1, 2]}]}"#,
    ));
    run.series.clone_from(&runs[0].series);
    for run in [run, runs[0].clone()] {
        let written = serde_json::from_str(&write(&[run])).unwrap();
        validator.validate(&written).unwrap();
    }
    assert!(validator.validate(&serde_json::json!({"schema": SCHEMA})).is_err());
}
