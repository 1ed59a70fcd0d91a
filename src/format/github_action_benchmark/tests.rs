//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};
use crate::model::{Better, Statistic};

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "data.js".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

/// A history of one entry of a tool, with these rows.
fn entry(tool: &str, rows: &str) -> String {
    format!(
        "window.BENCHMARK_DATA = {{\"lastUpdate\":1,\"repoUrl\":\"\",\"entries\":{{\"Suite\":[{{\"commit\":{{\"id\":\"c\",\
         \"timestamp\":\"2026-01-01T00:00:00Z\"}},\"date\":1767225661999,\"tool\":\"{tool}\",\"benches\":[{rows}]}}]}}}}"
    )
}

/// Name with package, metric, unit, value as any statistic that is known, and direction of every series of the one run.
fn series(text: &str) -> Vec<(String, String, String, f64, Option<Better>)> {
    let (runs, said) = read(text);
    assert!(said.is_empty(), "{said:?}");
    let any = |o: &crate::model::Observation| Statistic::ALL.into_iter().find_map(|s| o.summary.get(s)).unwrap();
    let row = |(k, o): (&crate::model::SeriesKey, &crate::model::Observation)| {
        let name = k.benchmark.qualified().raw().to_owned();
        (name, k.metric.raw().to_owned(), o.unit.symbol().to_owned(), any(o), o.better)
    };
    runs[0].series.iter().map(row).collect()
}

#[test]
fn an_entry_says_when_and_what() {
    let (runs, _) = read(&entry("cargo", r#"{"name":"a","value":1,"unit":"ns/iter","range":"± 5"}"#));
    let Subject { commit, branch, taken_at, committed_at } = &runs[0].subject;
    assert_eq!((commit.as_ref().unwrap().raw(), branch), ("c", &None));
    assert_eq!((*taken_at, *committed_at), (Some(1_767_225_661), Some(1_767_225_600)));
    let value = runs[0].series.values().next().unwrap();
    assert_eq!((value.summary.get(Statistic::Median), value.summary.get(Statistic::Min)), (Some(1e-9), None));
    // Nobody knows what cargo's range is.
    assert_eq!(value.summary.stddev(), None);
}

#[test]
fn directions_are_those_of_the_unit_or_the_tool() {
    let row = |unit: &str| format!(r#"{{"name":"a","value":1,"unit":"{unit}"}}"#);
    let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
    for (tool, unit, expected) in [
        ("jmh", "ops/s", higher),
        ("jmh", "s/op", lower),
        ("jmh", "things", lower),
        ("benchmarkjs", "ops/sec", higher),
        ("customBiggerIsBetter", "ms/ggas", higher),
        ("customSmallerIsBetter", "requests/s", lower),
        ("customSmallerIsBetter", "Percent", lower),
        ("go", "things", None),
        ("later", "things", None),
        ("later", "ns", lower),
    ] {
        assert_eq!(series(&entry(tool, &row(unit)))[0].4, expected, "{tool} {unit}");
    }
}

#[test]
fn go_rows_are_metrics_of_one_benchmark() {
    let row = |name: &str, value: &str, unit: &str| format!(r#"{{"name":"{name}","value":{value},"unit":"{unit}"}}"#);
    let joined = row("BenchmarkA (x/y)", "5", r"ns/op\t 8 B/op\t 1 allocs/op\t 3 hits/op");
    let names = |text: &str| series(text).into_iter().map(|s| (s.0, s.1, s.3)).collect::<Vec<_>>();
    let all = [("allocs", 1.0), ("hits/op", 3.0), ("memory", 8.0), ("time", 5e-9)]
        .map(|(metric, value)| ("x/y::BenchmarkA".to_owned(), metric.to_owned(), value));
    assert_eq!(names(&entry("go", &joined)), all);
    let split = [("5", "ns/op"), ("8", "B/op"), ("1", "allocs/op"), ("3", "hits/op")]
        .map(|(value, unit)| row(&format!("BenchmarkA (x/y) - {unit}"), value, unit));
    // Both stand in the files of current versions; the joined row says nothing new.
    assert_eq!(names(&entry("go", &format!("{joined},{}", split.join(",")))), all);
    let twice = format!("{},{}", row("BenchmarkA", "5", "ns/op"), row("BenchmarkA", "6", "ns/op"));
    let (runs, _) = read(&entry("go", &twice));
    assert_eq!(runs[0].series.values().next().unwrap().samples.as_deref().map(<[f64]>::len), Some(2));
    let two_units = row("BenchmarkA", "5", r"ns/op\t 7 us/op");
    assert_eq!(names(&entry("go", &two_units)).len(), 2);
}

#[test]
fn pytest_rows_are_times_where_the_mean_stands_there() {
    let row = |extra: &str| {
        let name = "dir/t.py::C::test_x[a::b]";
        let (value, unit, range) = ("4", "iter/sec", "stddev: 0.5");
        format!(r#"{{"name":"{name}","value":{value},"unit":"{unit}","range":"{range}","extra":"{extra}"}}"#)
    };
    let (runs, _) = read(&entry("pytest", &row(r"mean: 250 msec\nrounds: 7")));
    let (key, time) = runs[0].series.first_key_value().unwrap();
    let id = &key.benchmark;
    assert_eq!((id.tool.raw(), id.package.as_ref().unwrap().raw()), ("pytest-benchmark", "dir/t.py::C"));
    assert_eq!((id.name.raw(), key.metric.raw()), ("test_x[a::b]", "time"));
    assert_eq!((time.summary.get(Statistic::Mean), time.summary.stddev()), (Some(0.25), Some(0.5)));
    assert_eq!(time.summary.count(), Some(7));
    for other in ["", "mean: 1 msec", "mean: x msec", "mean: 250"] {
        assert_eq!(series(&entry("pytest", &row(other)))[0].1, "throughput", "{other}");
    }
}

#[test]
fn other_tools_give_what_is_plain() {
    let julia = r#"{"name":"a","value":5,"unit":"ns","extra":"gctime=0\nmemory=64\nallocs=2\nparams={\"x\":1}"}"#;
    let metrics = |text: &str| series(text).into_iter().map(|s| (s.1, s.3)).collect::<Vec<_>>();
    let owned = |list: &[(&str, f64)]| list.iter().map(|(m, v)| ((*m).to_owned(), *v)).collect::<Vec<_>>();
    assert_eq!(metrics(&entry("julia", julia)), owned(&[("allocs", 2.0), ("memory", 64.0), ("time", 5e-9)]));
    let cpp = r#"{"name":"a","value":5,"unit":"ns/iter","extra":"iterations: 7\ncpu: 8 ns\nthreads: 1"}"#;
    assert_eq!(metrics(&entry("googlecpp", cpp)), owned(&[("cpu-time", 8e-9), ("time", 5e-9)]));
    let net = r#"{"name":"a","value":9,"unit":"ns","range":"± 2"}"#;
    let (runs, _) = read(&entry("benchmarkdotnet", net));
    assert_eq!(runs[0].series.values().next().unwrap().summary.stddev(), Some(2e-9));
    let js = r#"{"name":"a","value":9,"unit":"ops/sec","range":"±1.2%","extra":"93 samples"}"#;
    let (runs, _) = read(&entry("benchmarkjs", js));
    let summary = &runs[0].series.values().next().unwrap().summary;
    assert_eq!((summary.count(), summary.stddev()), (Some(93), None));
}

#[test]
fn what_is_malformed_costs_itself() {
    let good = r#"{"commit":null,"date":null,"tool":"cargo","benches":[{"name":"a","value":NaN,"unit":"ns/iter"},{"name":"b","value":1e999,"unit":"ns"},{"name":"c","value":"x","unit":"ns"},7,{"name":"d","value":[]},{"name":"e","value":"1,5","unit":"ns"},{"name":"f","value":2,"unit":"ns"}]}"#;
    let text =
        format!("window.BENCHMARK_DATA={{\"lastUpdate\":1,\"entries\":{{\"S\":[5,{{\"tool\":\"go\"}},\n{good}]}}}};\n");
    let (runs, said) = read(&text);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].series.values().filter(|o| o.fault.is_none()).count(), 1);
    assert_eq!(runs[0].failures.keys().map(|id| id.name.raw()).collect::<Vec<_>>(), ["d", "entries.S[2].benches[3]"]);
    assert!(said.iter().all(|d| d.severity == Severity::Warning));
    let said: Vec<_> =
        said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().unwrap().raw())).collect();
    assert_eq!(
        said,
        [
            ("an entry of `S` is left out: expected an entry as an object, found a number", "entries.S[0]"),
            ("an entry of `S` is left out: the key `benches` is missing", "entries.S[1]"),
            (
                "`entries.S[2].benches[3]`: malformed row: expected an object with `name`, `unit` and `value`, found a number",
                "entries.S[2].benches[3]"
            ),
            ("`d`: malformed row: expected a number, found an array", "entries.S[2].benches[4].value"),
            ("`a`: `value` is not a number", "entries.S[2].benches[0].value"),
            ("`b`: `value` is infinite", "entries.S[2].benches[1].value"),
            ("`c`: `value` is not a number: `x`", "entries.S[2].benches[2].value"),
            ("`e`: `value` is not a number: `1,5`", "entries.S[2].benches[5].value"),
        ]
    );
}

#[test]
fn whole_files_that_cannot_be_used() {
    let whole = entry("cargo", r#"{"name":"a","value":1,"unit":"ns"}"#);
    for (text, code, line) in [
        (&whole[..whole.len() - 9], Code::InvalidJson, 1),
        ("window.BENCHMARK_DATA = {\"lastUpdate\": 1,\n\"entries\": {}}", Code::NoResults, 2),
        ("{\"lastUpdate\": 1,\n\"entries\": []}", Code::MalformedDocument, 2),
        ("{\"lastUpdate\": 1, \"entries\": {\"a\": [],\n\"a\": []}}", Code::DuplicateKey, 1),
        ("window.BENCHMARK_DATA = {}\nalert(1)", Code::MalformedDocument, 2),
        ("{\"version\":2,\"runs\":[],\"names\":[\"a\"],\"units\":[],\n\"values\":[]}", Code::MalformedDocument, 2),
    ] {
        let (runs, said) = read(text);
        assert!(runs.is_empty(), "{text}");
        let said: Vec<_> = said.iter().map(|d| (d.code, d.severity, d.location.as_ref().unwrap().line)).collect();
        assert_eq!(said, [(code, Severity::Error, Some(line))], "{text}");
    }
    let (runs, said) = read("window.BENCHMARK_DATA = {\"lastUpdate\": 1}");
    assert_eq!((runs.len(), said[0].code), (0, Code::MalformedDocument));
}

#[test]
fn columns_are_runs_with_gaps() {
    let text = r#"{"version":2,"lastUpdate":1,"repoUrl":"","runs":[{"id":"c1","timestamp":"2026-01-01T00:00:00Z"},{"id":"c2"},3],
        "names":["BenchmarkA (p) - ns/op","BenchmarkB (p) - ns/op","BenchmarkC (p) - ns/op"],"units":["ns/op","ns/op","ns/op"],
        "values":[[1,null,3],[1,2],["x",2,3]]}"#;
    let (runs, said) = read(text);
    let names = |run: &Run| run.series.keys().map(|k| k.benchmark.name.raw().to_owned()).collect::<Vec<_>>();
    let expected = [vec!["BenchmarkA", "BenchmarkC"], vec!["BenchmarkC"], vec!["BenchmarkA", "BenchmarkC"]];
    assert_eq!(runs.iter().map(names).collect::<Vec<_>>(), expected);
    assert_eq!(runs[0].subject.committed_at, Some(1_767_225_600));
    let said: Vec<&str> = said.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "a run without its commit: expected an object, found a number",
            "`BenchmarkB`: 2 values for 3 runs, so it is left out",
            "`BenchmarkC`: `value` is not a number: `x`",
        ]
    );
}

#[test]
fn hostile_names_are_kept_as_they_are() {
    let name = r"\u001b[31m__proto__ - ns/op (\u202e) ](javascript:1)";
    for tool in ["go", "pytest", "cargo", "customSmallerIsBetter"] {
        let text = entry(tool, &format!(r#"{{"name":"{name}","value":1,"unit":"ns"}}"#));
        let (runs, said) = read(&text);
        assert_eq!((runs[0].series.len(), said.len()), (1, 0), "{tool}");
    }
}

#[test]
fn other_files_are_not_claimed() {
    for text in [
        r#"{"entries": {}}"#,
        r#"[{"name": "a", "value": 1}]"#,
        r#"[{"name": "a", "value": 1, "unit": "ns", "timestamp": 3}]"#,
        "window.OTHER = {}",
        "[]",
    ] {
        assert!(matches!(detect(text), Detection::None), "{text}");
    }
    let js = "\n window.BENCHMARK_DATA = {\"lastUpdate\":1}";
    assert!(matches!(detect(js), Detection::One(format) if format.name == "github-action-benchmark"));
}
