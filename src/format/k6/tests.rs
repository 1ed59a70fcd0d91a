//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};

fn read(metrics: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let text = format!(r#"{{"root_group":{{}},"setup_data":{{"token":"secret"}},"metrics":{{{metrics}}}}}"#);
    assert!(matches!(detect(&text), Detection::One(format) if format.name == "k6"));
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "k.json".into(), text: &text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

type Row<'a> = (&'a str, &'a str, Option<f64>, Option<Better>, bool);

fn rows_of(run: &Run) -> Vec<Row<'_>> {
    run.series
        .iter()
        .map(|(k, o)| (k.benchmark.name.raw(), k.metric.raw(), o.summary.get(Statistic::Median), o.better, o.derived))
        .collect()
}

#[test]
fn both_forms_say_the_same() {
    let nested = r#""http_req_duration{a:b}":{"type":"trend","contains":"time","values":{"avg":1,"min":0.5,"med":250,"max":9,"p(95)":8,"count":7}},
        "http_req_sending":{"type":"trend","contains":"time","values":{"med":250}},
        "http_reqs":{"type":"counter","contains":"default","values":{"count":8,"rate":4}},
        "data_sent":{"type":"counter","contains":"data","values":{"count":8,"rate":4}},
        "http_req_failed":{"type":"rate","contains":"default","values":{"passes":1,"fails":3,"rate":0.25}},
        "checks":{"type":"rate","contains":"default","values":{"passes":3,"fails":1,"rate":0.75}},
        "vus":{"type":"gauge","contains":"default","values":{"value":2,"min":1,"max":2}}"#;
    let flat = r#""http_req_duration{a:b}":{"avg":1,"min":0.5,"med":250,"max":9,"p(95)":8,"count":7},"http_req_sending":{"med":250},
        "http_reqs":{"count":8,"rate":4},"data_sent":{"count":8,"rate":4},"http_req_failed":{"passes":1,"fails":3,"value":0.25},
        "checks":{"passes":3,"fails":1,"value":0.75},"vus":{"value":2,"min":1,"max":2}"#;
    let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
    for text in [nested, flat] {
        let (runs, said) = read(text);
        assert!(said.is_empty(), "{said:?}");
        assert_eq!(
            rows_of(&runs[0]),
            [
                ("checks", "check-rate", Some(0.75), higher, false),
                ("data_sent", "throughput", Some(4.0), None, false),
                ("http_req_duration{a:b}", "latency", Some(0.25), lower, false),
                ("http_req_failed", "error-rate", Some(0.25), lower, false),
                ("http_req_sending", "latency", Some(0.25), lower, true),
                ("http_reqs", "throughput", Some(4.0), higher, false),
            ]
        );
        let summary = &runs[0].series.values().nth(2).unwrap().summary;
        assert_eq!(
            (summary.get(Statistic::P95), summary.get(Statistic::Min), summary.count()),
            (Some(0.008), None, Some(7))
        );
    }
}

#[test]
fn metrics_of_a_test_have_no_direction_but_that_of_times() {
    let (runs, _) = read(
        r#""a":{"type":"trend","contains":"time","values":{"med":1000}},"b":{"type":"trend","contains":"default","values":{"med":1}},
        "c":{"type":"trend","contains":"data","values":{"med":1}},"d":{"med":1,"avg":2},"e":{"count":1,"rate":1},
        "f":{"type":"gauge","contains":"default","values":{"value":1,"min":0,"max":2}},"g":{"passes":1,"fails":1,"value":1}"#,
    );
    let found: Vec<_> =
        rows_of(&runs[0]).into_iter().map(|(name, metric, value, better, _)| (name, metric, value, better)).collect();
    let one = Some(1.0);
    assert_eq!(
        found,
        [
            ("a", "latency", one, Some(Better::Lower)),
            ("b", "value", one, None),
            ("c", "size", one, None),
            ("d", "value", one, None),
            ("e", "throughput", one, None),
            ("f", "value", one, None),
            ("g", "rate", one, None),
        ]
    );
}

#[test]
fn crossed_thresholds_are_told_in_either_polarity() {
    let (runs, said) = read(
        r#""a":{"type":"trend","contains":"time","values":{"med":1},"thresholds":{"p(95)<5":{"ok":false},"p(99)<9":{"ok":true}}},
        "b":{"med":1,"thresholds":{"p(95)<5":true,"p(99)<9":false}}"#,
    );
    assert_eq!((runs[0].series.len(), runs[0].failures.len()), (2, 0));
    let said: Vec<_> = said.iter().map(|d| (d.message.as_str(), d.severity)).collect();
    assert_eq!(
        said,
        [
            ("`a`: k6's threshold `p(95)<5` was crossed", Severity::Warning),
            ("`b`: k6's threshold `p(95)<5` was crossed", Severity::Warning),
        ]
    );
}

#[test]
fn bad_metrics_cost_themselves() {
    let (runs, said) = read(
        r#""good":{"med":1},"http_req_waiting":{"med":-1},"n":{"type":"counter","values":{"rate":NaN}},"o":{"type":"trend","values":{}},
        "p":{"type":"rate","values":{"passes":1}},"q":3,"r":{"med":[1]},"s":{"type":"trend","values":7},"t":{"med":1,"med":2}"#,
    );
    assert_eq!(runs[0].series.values().filter(|o| o.fault.is_none()).count(), 1);
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("`http_req_waiting`: `med` is negative", "metrics.http_req_waiting.med"),
            ("`n`: `rate` is not a number", "metrics.n.values.rate"),
            ("`o`: no statistic that can be read", "metrics.o"),
            ("`p`: `rate` is missing", "metrics.p.values.rate"),
            ("`q`: malformed metric: expected an object, found a number", "metrics.q"),
            ("`r`: malformed metric: expected a number, found an array", "metrics.r.med"),
            ("`s`: malformed metric: expected an object, found a number", "metrics.s.values"),
            ("`t`: malformed metric: the key `med` stands twice in one object", "metrics.t"),
        ]
    );
    assert_eq!(read("").1[0].code, Code::NoResults);
}
