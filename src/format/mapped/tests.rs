//! What mappings read, and what they say where they do not fit.

use super::*;
use crate::model::Statistic;
use crate::model::mapping::MappedMetric;

fn metric(name: &str, value: &str, unit: &str, part: &str) -> MappedMetric {
    MappedMetric {
        name: crate::model::MetricId::new(name),
        value: value.parse().unwrap(),
        unit: unit.to_owned(),
        better: None,
        part: MappedPart::from_name(part).unwrap(),
    }
}

fn mapping(records: &str, benchmark: &str, metrics: Vec<MappedMetric>) -> Mapping {
    Mapping { name: "ours".to_owned(), records: records.parse().unwrap(), benchmark: benchmark.to_owned(), metrics }
}

fn read(mapping: &Mapping, text: &str) -> (Run, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let mut runs = parse(mapping, &Document { name: "r".into(), text }, &mut diagnostics);
    let said = diagnostics.into_vec().iter().map(|d| crate::diag::render::terminal(d, false, 120)).collect();
    (runs.pop().unwrap_or_default(), said)
}

fn lines(run: &Run) -> Vec<String> {
    let one = |(key, seen): (&SeriesKey, &Observation)| {
        let value = seen.summary.get(Statistic::Mean).unwrap_or(f64::NAN);
        let fault = if seen.fault.is_some() { " fault" } else { "" };
        format!("{} {} {value}{fault}", key.benchmark.name.raw(), key.metric.raw())
    };
    run.series.iter().map(one).collect()
}

#[test]
fn stars_and_fields_name_benchmarks() {
    let ours = mapping(
        "benchmarks.*.*",
        "{1}/{2} n={size}",
        vec![
            metric("time", "t.avg", "s", "mean"),
            metric("time", "t.p95", "s", "p95"),
            metric("time", "t.sd", "s", "stddev"),
            metric("cache", "hit", "%", "value"),
        ],
    );
    let text = r#"{"benchmarks": {"a": {"x": {"size": 10, "t": {"avg": 2, "p95": 3, "sd": 0.5}, "hit": "50"}, "y": {"size": 1, "t": {"avg": 1}}}}}"#;
    assert!(finds(&ours, text) && !finds(&ours, "{\"benchmarks\": []}") && !finds(&ours, "a,b\n1,2\n"));
    let (run, said) = read(&ours, text);
    assert_eq!(
        (lines(&run), said),
        (vec!["a/x n=10 cache 0.5".into(), "a/x n=10 time 2".into(), "a/y n=1 time 1".into()], vec![])
    );
    let time = run.series.values().find(|seen| seen.unit == Unit::Second).unwrap();
    assert_eq!((time.summary.get(Statistic::P95), time.summary.stddev()), (Some(3.0), Some(0.5)));
}

#[test]
fn rows_of_csv_and_lists_of_samples() {
    let table = mapping("", "{Name}", vec![metric("time", "Avg Time (ms)", "ms", "value")]);
    let (run, said) = read(&table, "Name;Avg Time (ms)\na;12,5\nb;3\na;4\n");
    assert_eq!(lines(&run), ["a time NaN fault", "b time 0.003"]);
    assert!(said[0].contains("r:2") && said[0].contains("not a number: `12,5`"), "{said:?}");
    let list =
        mapping("[]", "{n}", vec![metric("time", "runs[].ms", "ms", "value"), metric("time", "all", "ms", "value")]);
    let (run, _) = read(&list, r#"[{"n": "a", "runs": [{"ms": 1}, {"ms": 3}]}, {"n": "b", "all": [2, 4, 6]}]"#);
    assert_eq!(lines(&run), ["a time 0.002", "b time 0.004"]);
}

#[test]
fn a_mapping_that_does_not_fit_says_how_far_it_came() {
    let ours = mapping("results.*", "{name}", vec![metric("time", "ms", "ms", "value")]);
    let (run, said) = read(&ours, "{\n \"result\": [{\"name\": \"a\", \"ms\": 1}]\n}");
    assert!(run.is_empty());
    assert!(
        said[0].contains("finds no records at `results.*`") && said[0].contains("an object with `result`"),
        "{said:?}"
    );
    let (_, said) = read(&ours, r#"{"results": [{"name": "a", "millis": 1}]}"#);
    assert!(said[0].contains("looked for `ms`") && said[0].contains("`name`, `millis`"), "{said:?}");
    let (run, said) = read(
        &ours,
        "{\"results\": [{\"name\": \"a\", \"ms\": \"fast\"},\n {\"ms\": 2}, {\"name\": \"c\", \"ms\": -1}]}",
    );
    assert_eq!(lines(&run), ["a time NaN fault", "c time NaN fault"]);
    assert_eq!(said.len(), 3);
    assert!(said[0].contains("r:1:34") && said[1].contains("no `name` to be named by"), "{said:?}");
}
