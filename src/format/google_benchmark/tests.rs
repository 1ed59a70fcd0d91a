//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;

fn read(rows: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let text = format!(r#"{{"context":{{"date":"2026-01-01 00:00:00","num_cpus":2}},"benchmarks":[{rows}]}}"#);
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "g.json".into(), text: &text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn row(name: &str, more: &str) -> String {
    format!(r#"{{"name":"{name}","iterations":10,"real_time":2,"cpu_time":1,"time_unit":"us"{more}}}"#)
}

fn metrics(run: &Run) -> Vec<(&str, &str, f64, bool)> {
    let any = |o: &Observation| Statistic::ALL.into_iter().find_map(|s| o.summary.get(s)).unwrap_or(f64::NAN);
    run.series.iter().map(|(k, o)| (k.benchmark.name.raw(), k.metric.raw(), any(o), o.derived)).collect()
}

#[test]
fn a_row_is_its_times_rates_and_counters() {
    let more = r#","bytes_per_second":8,"items_per_second":4,"allocs_per_iter":3,"max_bytes_used":64,"own":5,"time":6,"label":"x","threads":2"#;
    let (runs, said) = read(&row("a", more));
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(
        metrics(&runs[0]),
        [
            ("a", "allocs", 3.0, false),
            ("a", "counter.time", 6.0, false),
            ("a", "cpu-time", 1e-6, false),
            ("a", "memory", 64.0, false),
            ("a", "own", 5.0, false),
            ("a", "throughput", 4.0, true),
            ("a", "throughput.bytes", 8.0, true),
            ("a", "time", 2e-6, false),
        ]
    );
    assert_eq!(runs[0].subject.taken_at, Some(1_767_225_600));
}

#[test]
fn repetitions_win_over_aggregates() {
    let aggregate = |name: &str, of: &str| {
        row(
            &format!("{name}_{of}"),
            &format!(
                r#","run_type":"aggregate","run_name":"{name}","aggregate_name":"{of}","aggregate_unit":"{}","repetitions":5"#,
                if of == "cv" { "percentage" } else { "time" }
            ),
        )
    };
    let all = ["mean", "median", "stddev", "cv"].map(|of| aggregate("a", of)).join(",");
    let (runs, _) = read(&all);
    assert_eq!(metrics(&runs[0]).iter().map(|m| (m.0, m.1)).collect::<Vec<_>>(), [("a", "cpu-time"), ("a", "time")]);
    let summary = &runs[0].series.values().last().unwrap().summary;
    assert_eq!((summary.get(Statistic::Mean), summary.stddev(), summary.count()), (Some(2e-6), Some(2e-6), Some(5)));
    assert_eq!(summary.get(Statistic::Min), None);
    let (runs, _) = read(&[row("a", ""), row("a", ""), all].join(","));
    let time = runs[0].series.values().last().unwrap();
    assert_eq!((runs[0].series.len(), time.samples.as_ref().map(|s| s.len())), (2, Some(2)));
}

#[test]
fn old_files_tell_aggregates_by_their_names() {
    let fit = r#"{"name":"a_BigO","cpu_coefficient":1,"real_coefficient":1,"big_o":"N","time_unit":"us"},{"name":"a_RMS","rms":0.1}"#;
    let (runs, said) = read(
        &[row("a", ""), row("a", ""), row("a_mean", ""), row("a_stddev", ""), row("b_mean", ""), fit.to_owned()]
            .join(","),
    );
    assert!(said.is_empty(), "{said:?}");
    let names: BTreeSet<_> = runs[0].series.keys().map(|k| k.benchmark.name.raw()).collect();
    // `b_mean` has no repetitions that it could be the mean of, so that is its name.
    assert_eq!(names, ["a", "b_mean"].into());
}

#[test]
fn bad_rows_cost_themselves() {
    let rows = [
        row("a", ""),
        r#"{"name":"b","error_occurred":true,"error_message":"no file","real_time":0,"cpu_time":0}"#.to_owned(),
        r#"{"name":"c","skipped":true,"skip_message":"not here","real_time":0,"cpu_time":0}"#.to_owned(),
        r#"{"name":"d","real_time":NaN,"cpu_time":-1,"time_unit":"ns"}"#.to_owned(),
        r#"{"name":"e","real_time":"x","cpu_time":1}"#.to_owned(),
        r#"{"real_time":1}"#.to_owned(),
        "[]".to_owned(),
        r#"{"name":"f","name":"g"}"#.to_owned(),
    ];
    let (runs, said) = read(&rows.join(","));
    assert_eq!(runs[0].series.values().filter(|o| o.fault.is_none()).count(), 3);
    assert!(said.iter().all(|d| d.severity == Severity::Warning));
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("`benchmarks[5]`: malformed row: the key `name` is missing", "benchmarks[5]"),
            ("`benchmarks[6]`: malformed row: expected an object, found an array", "benchmarks[6]"),
            ("`g`: malformed row: the key `name` stands twice in one object", "benchmarks[7]"),
            ("`b`: failed: no file", "benchmarks[1]"),
            ("`d`: `real_time` is not a number", "benchmarks[3].real_time"),
            ("`d`: `cpu_time` is negative", "benchmarks[3].cpu_time"),
            ("`e`: `real_time` is not a number: `x`", "benchmarks[4].real_time"),
        ]
    );
    let (runs, said) = read("");
    assert_eq!((runs.len(), said[0].code), (0, Code::NoResults));
}
