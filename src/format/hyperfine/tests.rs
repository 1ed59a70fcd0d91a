//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "h.json".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn file(rows: &str) -> String {
    format!("{{\"results\": [{rows}]}}")
}

#[test]
fn times_and_memory_are_samples() {
    let (runs, said) = read(&file(
        r#"{"command":"a","mean":2,"stddev":1,"median":2,"user":1,"system":0,"min":1,"max":3,"times":[1,2,3],"memory_usage_byte":[4096,8192,0],"exit_codes":[0,0,0]}"#,
    ));
    assert!(said.is_empty(), "{said:?}");
    let found: Vec<_> = runs[0].series.iter().map(|(k, o)| (k.metric.raw(), o.samples.as_deref().unwrap())).collect();
    assert_eq!(found, [("memory", &[4096.0, 8192.0, 0.0][..]), ("time", &[1.0, 2.0, 3.0][..])]);
    // Without times its statistics do.
    let (runs, _) = read(&file(r#"{"command":"a","mean":2,"stddev":null,"median":2.5,"min":1,"max":3}"#));
    let summary = &runs[0].series.values().next().unwrap().summary;
    assert_eq!(
        (summary.get(Statistic::Mean), summary.get(Statistic::Max), summary.stddev()),
        (Some(2.0), Some(3.0), None)
    );
}

#[test]
fn parameters_tell_rows_of_one_name_apart() {
    let row = |command: &str, n: u32| {
        format!(r#"{{"command":"{command}","mean":1,"times":[{n}],"parameters":{{"n":"{n}"}}}}"#)
    };
    let names =
        |text: &str| read(text).0[0].series.keys().map(|k| k.benchmark.name.raw().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&file(&[row("sleep 1", 1), row("sleep 2", 2)].join(","))), ["sleep 1", "sleep 2"]);
    assert_eq!(names(&file(&[row("s", 1), row("s", 2)].join(","))), ["s (n=1)", "s (n=2)"]);
    // The same command twice is measured twice.
    let plain = r#"{"command":"a","mean":1,"times":[1,2]}"#;
    let (runs, _) = read(&file(&[plain, plain].join(",")));
    assert_eq!(runs[0].series.values().next().unwrap().samples.as_ref().unwrap().len(), 4);
}

#[test]
fn a_command_that_failed_is_invalid() {
    for (codes, message) in [
        ("[0,1,1]", "ended with exit code 1; 2 of 3 runs failed"),
        ("[null,0,0]", "ended by a signal; 1 of 3 runs failed"),
    ] {
        let (runs, said) = read(&file(&format!(r#"{{"command":"a","mean":1,"times":[1,1,1],"exit_codes":{codes}}}"#)));
        assert_eq!(runs[0].series.values().next().unwrap().fault.as_ref().unwrap().message, message);
        assert_eq!(
            said.iter().map(|d| (d.code, d.severity)).collect::<Vec<_>>(),
            [(Code::BenchmarkFailed, Severity::Warning)]
        );
    }
}

#[test]
fn bad_rows_cost_themselves() {
    let (runs, said) = read(&file(
        r#"{"command":"a","mean":1,"times":[1]},{"command":"b","mean":1,"times":[1,NaN]},{"command":"c","mean":-1},
        {"command":"d"},{"command":"e","times":"x"},{"mean":1},3,{"command":"f","mean":"x","times":[]}"#,
    ));
    let fine: Vec<_> =
        runs[0].series.iter().filter(|(_, o)| o.fault.is_none()).map(|(k, _)| k.benchmark.name.raw()).collect();
    assert_eq!(fine, ["a"]);
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("`e`: malformed row: expected an array of numbers, found a string", "results[4].times"),
            ("`results[5]`: malformed row: the key `command` is missing", "results[5]"),
            ("`results[6]`: malformed row: expected a result as an object, found a number", "results[6]"),
            ("`b`: run 2 is not a number", "results[1].times"),
            ("`c`: `mean` is negative", "results[2].mean"),
            ("`d`: `mean` is missing", "results[3].mean"),
            ("`f`: `mean` is not a number: `x`", "results[7].mean"),
        ]
    );
}

#[test]
fn whole_files_that_cannot_be_used() {
    for (text, code) in [
        ("{\"results\": []}", Code::NoResults),
        ("{\"results\": {}}", Code::MalformedDocument),
        ("{}", Code::MalformedDocument),
        ("{\"results\": [{\"command\"", Code::InvalidJson),
    ] {
        let (runs, said) = read(text);
        assert_eq!((runs.len(), said.len(), said[0].code), (0, 1, code), "{text}");
    }
    assert!(matches!(detect(r#"{"results":[{"command":"a","mean":1}]}"#), Detection::One(f) if f.name == "hyperfine"));
    assert!(matches!(detect(r#"{"results":[{"command":"a","mean":1}],"config":{}}"#), Detection::None));
}
