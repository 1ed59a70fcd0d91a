//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::model::Better;

fn read(rows: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let text = format!("[{rows}]");
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "j.json".into(), text: &text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn row(name: &str, mode: &str, unit: &str, more: &str) -> String {
    format!(
        r#"{{"benchmark":"{name}","mode":"{mode}","threads":1,"primaryMetric":{{"score":2,"scoreError":"NaN","scoreUnit":"{unit}","rawData":[[1,2],[3]]}}{more}}}"#
    )
}

#[test]
fn direction_and_metric_come_from_the_unit() {
    let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
    for (mode, unit, metric, better, samples) in [
        ("thrpt", "ops/us", "throughput", higher, [1e6, 2e6, 3e6]),
        ("thrpt", "s/op", "time", lower, [1.0, 2.0, 3.0]),
        ("avgt", "ms/op", "time", lower, [1e-3, 2e-3, 3e-3]),
        ("avgt", "things", "things", None, [1.0, 2.0, 3.0]),
    ] {
        let (runs, said) = read(&row("a.B.c", mode, unit, ""));
        assert!(said.is_empty(), "{said:?}");
        let (key, value) = runs[0].series.first_key_value().unwrap();
        assert_eq!((key.metric.raw(), value.better), (metric, better), "{unit}");
        let ours = value.samples.as_deref().unwrap();
        assert!(ours.iter().zip(samples).all(|(a, b)| (a / b - 1.0).abs() < 1e-12), "{ours:?}");
    }
}

#[test]
fn names_tell_parameters_threads_and_modes() {
    let two = row("a", "ss", "s/op", r#","params":{"n":"1","k":"x y"}"#).replace("\"threads\":1", "\"threads\":2");
    let all = [row("a", "thrpt", "ops/s", ""), row("a", "avgt", "s/op", ""), row("a", "sample", "s/op", ""), two];
    let (runs, _) = read(&all.join(","));
    let names: Vec<_> = runs[0].series.keys().map(|k| (k.benchmark.name.raw(), k.metric.raw())).collect();
    assert_eq!(
        names,
        [("a", "throughput"), ("a", "time"), ("a [sample]", "time"), ("a(n=1, k=x y) [ss] [threads=2]", "time"),]
    );
    assert_eq!(runs[0].details.len(), 1);
}

#[test]
fn percentiles_and_secondary_metrics() {
    let sample = r#"{"benchmark":"a","mode":"sample","threads":1,"primaryMetric":{"score":2,"scoreUnit":"s/op",
        "scorePercentiles":{"0.0":1,"50.0":2,"90.0":3,"99.99":4,"100.0":5},"rawDataHistogram":[[[[1,2]]]]},
        "secondaryMetrics":{"·gc.alloc.rate.norm":{"score":8,"scoreUnit":"B/op","rawData":[[8,8]]},
        "·gc.alloc.rate":{"score":8,"scoreUnit":"MB/sec","rawData":[[8]]},"hits":{"score":3,"scoreUnit":"ops/s","rawData":[[3]]}}}"#;
    let (runs, said) = read(sample);
    assert!(said.is_empty(), "{said:?}");
    let metrics: Vec<_> = runs[0].series.keys().map(|k| k.metric.raw()).collect();
    assert_eq!(metrics, ["hits", "memory", "time"]);
    let summary = &runs[0].series.values().last().unwrap().summary;
    let known: Vec<_> = Statistic::ALL.into_iter().filter_map(|s| summary.get(s)).collect();
    assert_eq!(known, [1.0, 2.0, 2.0, 3.0, 5.0]);
}

#[test]
fn bad_rows_cost_themselves() {
    let rows = [
        row("good", "avgt", "s/op", ""),
        row("nan", "avgt", "s/op", "").replace("\"score\":2", "\"score\":\"NaN\""),
        row("minus", "avgt", "s/op", "").replace("[3]", "[-3]"),
        row("text", "avgt", "s/op", "").replace("\"score\":2", "\"score\":\"x\""),
        r#"{"benchmark":"bare"}"#.to_owned(),
        "1".to_owned(),
    ];
    let (runs, said) = read(&rows.join(","));
    assert_eq!(runs[0].series.values().filter(|o| o.fault.is_none()).count(), 1);
    assert!(said.iter().all(|d| d.severity == Severity::Warning));
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("`nan`: `score` is not a number", "[1].primaryMetric.score"),
            ("`minus`: iteration 3 is negative", "[2].primaryMetric.rawData"),
            ("`text`: `score` is not a number: `x`", "[3].primaryMetric.score"),
            ("`bare`: malformed row: the key `primaryMetric` is missing", "[4]"),
            ("`[5]`: malformed row: expected a benchmark as an object, found a number", "[5]"),
        ]
    );
    let (runs, said) = read("");
    assert_eq!((runs.len(), said[0].code), (0, Code::NoResults));
}
