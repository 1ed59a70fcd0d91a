//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};
use crate::model::{Better, Statistic};

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "b.json".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

#[test]
fn measures_of_bencher_have_its_units() {
    let (runs, said) = read(
        r#"{"a":{"latency":{"value":2,"lower_value":1,"upper_value":3},"throughput":{"value":5},"file-size":{"value":7},
        "Build Time":{"value":3},"own":{"value":-1}}}"#,
    );
    assert!(said.is_empty(), "{said:?}");
    let found: Vec<_> = runs[0]
        .series
        .iter()
        .map(|(k, o)| (k.metric.raw(), o.summary.get(Statistic::Mean).unwrap(), o.unit.symbol(), o.better))
        .collect();
    let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
    assert_eq!(
        found,
        [
            ("build-time", 3.0, "s", lower),
            ("file-size", 7.0, "B", lower),
            ("own", -1.0, "1", None),
            ("throughput", 5.0, "1/s", higher),
            ("time", 2e-9, "s", lower),
        ]
    );
}

#[test]
fn bad_rows_cost_themselves() {
    let text = r#"{"a":{"latency":{"value":1}},"b":{"latency":{"value":NaN}},"c":{"latency":{"value":-1}},"d":{"latency":{}},
        "e":{"latency":7},"f":[],"g":{"latency":{"value":"x"}}}"#;
    let (runs, said) = read(text);
    assert_eq!(runs[0].series.values().filter(|o| o.fault.is_none()).count(), 1);
    assert!(said.iter().all(|d| d.severity == Severity::Warning));
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("`b`: `latency` is not a number", "b.latency.value"),
            ("`c`: `latency` is negative", "c.latency.value"),
            ("`d`: `latency` is missing", "d.latency.value"),
            ("`e`: `latency`: expected a measure as an object, found a number", "e.latency"),
            ("`f`: malformed entry: expected an object, found an array", "f"),
            ("`g`: `latency` is not a number: `x`", "g.latency.value"),
        ]
    );
}

#[test]
fn whole_files_that_cannot_be_used() {
    for (text, code) in [
        ("{}", Code::NoResults),
        ("[]", Code::MalformedDocument),
        (r#"{"a":{"latency":{"value":1}}"#, Code::InvalidJson),
        (r#"{"a":{},"a":{}}"#, Code::DuplicateKey),
    ] {
        let (runs, said) = read(text);
        assert_eq!((runs.len(), said.len(), said[0].code), (0, 1, code), "{text}");
    }
}

#[test]
fn its_shape_alone_tells_it() {
    let is = |text: &str| matches!(detect(text), Detection::One(format) if format.name == "bmf");
    assert!(is(r#"{"a":{"latency":{"value":1}}}"#));
    assert!(is(r#"{"a":{"latency":{"value":NaN,"lower_value":null}},"b":{}}"#));
    let long: Vec<String> = (0..3000).map(|n| format!("\"benchmark {n}\":{{\"latency\":{{\"value\":{n}}}}}")).collect();
    assert!(is(&format!("{{{}}}", long.join(","))));
    for other in [
        r#"{"metrics":{"checks":{"value":1,"passes":3}}}"#,
        r#"{"a":{"latency":{"value":1}},"version":2}"#,
        r#"{"a":{"b":{"c":{"value":1}}}}"#,
        r#"{"a":{"value":1}}"#,
        r#"{"value":{}}"#,
    ] {
        assert!(matches!(detect(other), Detection::None), "{other}");
    }
}
