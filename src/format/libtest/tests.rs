//! The rules of the format, on texts made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "bench.txt".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn block(names: &[&str]) -> String {
    let rows: Vec<String> =
        names.iter().map(|n| format!("test {n} ... bench:       1,000 ns/iter (+/- 5)\n")).collect();
    format!("\nrunning {} tests\n{}\ntest result: ok.\n", names.len(), rows.concat())
}

fn names(run: &Run) -> Vec<&str> {
    run.series.keys().map(|k| k.benchmark.name.raw()).collect()
}

#[test]
fn values_in_their_forms() {
    let cases = [
        ("bench:       1,000 ns/iter (+/- 5)", Some((1000.0 * 1e-9, None))),
        ("bench:  13,000,000.50 ns/iter (+/- 266,769.64)", Some((13_000_000.5 * 1e-9, None))),
        ("bench: 2 μs/iter (+/- 1) = 12 MB/s", Some((2.0 * 1e-6, Some(12.0 * 1e6)))),
        ("bench: 3 cycles/iter (+/- 1)", Some((3.0, None))),
        ("bench: x ns/iter (+/- 1)", None),
        ("bench: -1 ns/iter (+/- 1)", None),
        ("bench: inf ns/iter (+/- 1)", None),
        ("bench: 1e300 ns/iter (+/- 1)", None),
        ("bench: 5 ns/iter", None),
        ("bench: 5 (+/- 1)", None),
        ("bench: 5 ns/iter (+/- 1) = 12", None),
        ("bench: 5 ns/iter (+/- 1) and more", None),
    ];
    for (text, expected) in cases {
        let (runs, said) = read(&format!("test good ... bench: 1 ns/iter (+/- 0)\ntest a ... {text}\n"));
        let of = |metric: &str| {
            let of = runs[0].series.iter().find(|(k, _)| k.benchmark.name.raw() == "a" && k.metric.raw() == metric);
            of.and_then(|(_, o)| o.summary.get(Statistic::Median))
        };
        let time = of("time").or(of("cycles/iter"));
        assert_eq!(time.map(|t| (t, of("throughput"))), expected, "{text}");
        let codes: Vec<Code> = said.iter().map(|d| d.code).collect();
        assert_eq!(codes, if expected.is_some() { vec![] } else { vec![Code::MalformedLine] }, "{text}");
        assert_eq!(runs[0].failures.len(), usize::from(expected.is_none()), "{text}");
    }
}

#[test]
fn targets_are_told_apart_and_runs_repeated() {
    let (runs, _) = read(&(block(&["a", "b"]) + &block(&["b", "c"])));
    assert_eq!(names(&runs[0]), ["a", "b", "b #2", "c"]);
    let running = |target: &str| format!("     Running benches/{target}.rs (target/release/deps/x)\n");
    let twice = [running("x"), block(&["a", "b"]), running("y"), block(&["b"])].concat();
    let (runs, _) = read(&twice);
    let qualified: Vec<_> = runs[0].series.keys().map(|k| k.benchmark.qualified().raw().to_owned()).collect();
    assert_eq!(qualified, ["a", "benches/x.rs::b", "benches/y.rs::b"]);
    assert_eq!(read(&twice.repeat(3)).0.len(), 3);
    assert_eq!(read(&block(&["a", "b"]).repeat(4)).0.len(), 4);
    // Two targets with the same names are told by cargo's messages alone.
    let same = [running("x"), block(&["a"]), running("y"), block(&["a"])].concat();
    assert_eq!(read(&same).0.len(), 1);
    // Criterion's form announces nothing.
    let rows = "test a ... bench: 1 ns/iter (+/- 0)\n\ntest b ... bench: 2 ns/iter (+/- 0)\n\n";
    let (runs, said) = read(&rows.repeat(3));
    assert_eq!((runs.len(), said.len()), (3, 0));
    assert!(runs.iter().all(|run| names(run) == ["a", "b"] && run.series.values().all(|o| o.fault.is_none())));
}

#[test]
fn what_failed_or_was_cut_is_said() {
    let text = "\nrunning 4 tests\ntest a ... bench: 1 ns/iter (+/- 0)\ntest b ... FAILED\ntest c ... ignored\ntest d ... bench: 1,2";
    let (runs, said) = read(text);
    assert_eq!(names(&runs[0]), ["a"]);
    let failed: Vec<_> = runs[0].failures.iter().map(|(id, f)| (id.name.raw(), f.message.as_str())).collect();
    assert_eq!(failed, [("b", "failed"), ("d", "has a value that is cut short")]);
    let said: Vec<_> = said.iter().map(|d| (d.code, d.severity, d.location.as_ref().unwrap().line)).collect();
    assert_eq!(
        said,
        [(Code::BenchmarkFailed, Severity::Warning, Some(4)), (Code::TruncatedLine, Severity::Warning, Some(6)),]
    );
    let (_, said) = read("\nrunning 3 tests\ntest a ... bench: 1 ns/iter (+/- 0)\n");
    assert_eq!(said[0].message, "the output ends after 1 of 3 tests");
}

#[test]
fn text_between_a_name_and_its_value_is_passed_over() {
    let (runs, said) = read("test a ... Gnuplot not found\nbench:       7 ns/iter (+/- 1)\nbench: 8 ns/iter (+/- 1)\n");
    assert_eq!((names(&runs[0]), said.len()), (vec!["a"], 0));
}

#[test]
fn other_texts_are_not_claimed() {
    for text in ["running 1 test\ntest a ... ok\n", "test a ... bench: soon\n", "bench: 1 ns/iter (+/- 0)\n"] {
        assert!(matches!(detect(text), Detection::None), "{text}");
        assert_eq!(read("running 1 test\ntest a ... ok\n").1[0].code, Code::NoResults);
    }
    let both = format!("{}BenchmarkA-8 \t 10\t 5 ns/op\n", block(&["a"]));
    assert!(matches!(detect(&both), Detection::Several(_)));
}
