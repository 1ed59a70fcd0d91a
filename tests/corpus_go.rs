//! Real Go files of other projects, read in place from the folder that `PERFGATE_CORPUS` names.
//!
//! The counts are those of a separate reading of the same files; the medians are those that benchstat printed for them.

#![allow(clippy::disallowed_methods, reason = "tests read files")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "a test that panics has failed")]

use std::path::PathBuf;

use perfgate::diag::{Diagnostic, Diagnostics};
use perfgate::format::{self, Detection, Document, Reader};
use perfgate::model::{Run, Statistic, Unit};
use perfgate::text::Untrusted;

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("PERFGATE_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
    }
    folder
}

/// Reads a file the way the program does. The format's name is empty where none claims it.
fn read(path: &std::path::Path) -> (&'static str, Vec<Run>, Vec<Diagnostic>) {
    let bytes = std::fs::read(path).unwrap();
    let name = Untrusted::from(path.to_str().unwrap());
    let mut diagnostics = Diagnostics::new();
    let text = format::decode(&name, &bytes, &mut diagnostics).unwrap();
    let Detection::One(format) = format::detect(&text) else { return ("", Vec::new(), Vec::new()) };
    let Reader::Text { parse, .. } = format.reader else { return (format.name, Vec::new(), Vec::new()) };
    let runs = parse(&Document { name, text: &text }, &mut diagnostics);
    (format.name, runs, diagnostics.into_vec())
}

/// File, format, runs, series, samples, failures. The series files hold the stack of a program that crashed.
const FILES: &[(&str, &str, usize, usize, usize, usize)] = &[
    ("go/bencherdev+bencher__lib__bencher_adapter__tool_output__go__bench__five.txt", "go", 1, 5, 5, 0),
    ("go/bencherdev+bencher__lib__bencher_adapter__tool_output__go__bench__three.txt", "go", 1, 4, 4, 0),
    (
        "go/benchmark-action+github-action-benchmark__test__data__extract__go_fiber_duplicate_names_output.txt",
        "go",
        1,
        16,
        16,
        0,
    ),
    ("go/benchmark-action+github-action-benchmark__test__data__extract__go_fiber_output.txt", "go", 1, 18, 18, 0),
    ("go/benchmark-action+github-action-benchmark__test__data__extract__go_output.txt", "go", 1, 10, 10, 0),
    (
        "go/benchmark-action+github-action-benchmark__test__data__extract__go_single_package_output.txt",
        "go",
        1,
        2,
        2,
        0,
    ),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T024818.BaseNl.benchsize", "go", 1, 204, 204, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T024818.BaseNl.build", "go", 1, 102, 102, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T024818.TipNl.benchdwarf", "go", 1, 102, 102, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T024818.TipNl.benchsize", "go", 1, 204, 204, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T024818.TipNl.build", "go", 1, 102, 102, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T030626.Basel.benchdwarf", "go", 1, 105, 105, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T030626.Tipl.benchdwarf", "go", 1, 102, 102, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T030626.Tipl.benchsize", "go", 1, 204, 204, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T030626.Tipl.build", "go", 1, 102, 102, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T213604.Base.benchdwarf", "go", 1, 102, 102, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T213604.Base.benchsize", "go", 1, 204, 204, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T213604.Base.build", "go", 1, 102, 2550, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T213604.Base.stdout", "go", 1, 84, 2100, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T213604.Tip.build", "go", 1, 102, 2550, 0),
    ("go/golang+perf__benchfmt__testdata__bent__20200101T213604.Tip.stdout", "go", 1, 84, 2100, 0),
    ("go/golang+perf__benchfmt__testdata__files__b", "go", 1, 1, 1, 0),
    ("go/golang+perf__benchproc__testdata__suffixarray.bench", "go", 1, 168, 1680, 0),
    ("go/krishna-kudari+ratelimit__bench__serial.txt", "go", 1, 24, 120, 0),
    ("go/marselester+gopher-celery__bench-old.txt", "go", 1, 24, 240, 0),
    ("go/marselester+systemd__bench-old.txt", "go", 1, 33, 1650, 0),
    ("go/mattn+go-runewidth__new.txt", "go", 1, 24, 144, 0),
    ("go/mattn+go-runewidth__old.txt", "go", 1, 24, 144, 0),
    ("go/olekukonko+tablewriter__tests__results__old.txt", "go", 1, 152, 912, 0),
    ("go/seyallius+doppel__bench.txt", "go", 1, 57, 285, 0),
    (
        "go-benchseries/golang+perf__cmd__benchseries__testdata__even__90860e0c31-opt.20220107T213212",
        "go",
        1,
        485,
        6842,
        1,
    ),
    ("go-benchseries/golang+perf__cmd__benchseries__testdata__even__Go1.17-opt.20220105T213212", "go", 1, 485, 6841, 1),
    (
        "go-benchseries/golang+perf__cmd__benchseries__testdata__even__b5bfaf410a-opt.20220105T213212",
        "go",
        1,
        485,
        6843,
        1,
    ),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__crc-new.txt", "go", 1, 72, 720, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__crc-old.txt", "go", 1, 72, 720, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__issue19565.txt", "go", 2, 4, 24, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__issue19634.txt", "go", 2, 2, 10, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__new.txt", "go", 1, 2, 20, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__old.txt", "go", 1, 2, 20, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__smallSample.txt", "go", 2, 2, 2, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__units.txt", "go", 2, 4, 8, 0),
    ("go-benchstat/golang+perf__cmd__benchstat__testdata__zero.txt", "go", 2, 20, 20, 0),
    ("go-test-json/golang+go__src__cmd__internal__test2json__testdata__bench.test", "go", 1, 1, 1, 0),
    ("go-test-json/golang+go__src__cmd__internal__test2json__testdata__benchfail.test", "go", 1, 0, 0, 1),
    ("go-test-json/golang+go__src__cmd__internal__test2json__testdata__benchfail.json", "go-json", 1, 0, 0, 1),
    ("go-test-json/golang+go__src__cmd__internal__test2json__testdata__benchshort.json", "go-json", 1, 1, 0, 1),
];

#[test]
fn every_file_is_read_and_nothing_is_lost() {
    let Some(corpus) = corpus() else { return };
    for (file, format, runs, series, samples, failures) in FILES {
        let (found, read_runs, diagnostics) = read(&corpus.join(file));
        let counts = (
            found,
            read_runs.len(),
            read_runs.iter().map(|run| run.series.len()).sum::<usize>(),
            read_runs
                .iter()
                .flat_map(|run| run.series.values())
                .map(|o| o.samples.as_ref().map_or(0, |s| s.len()))
                .sum(),
            read_runs.iter().map(|run| run.failures.len()).sum::<usize>(),
        );
        assert_eq!(counts, (*format, *runs, *series, *samples, *failures), "{file}: {diagnostics:?}");
    }
}

#[test]
fn no_file_is_forgotten_and_every_message_has_a_place() {
    let Some(corpus) = corpus() else { return };
    for folder in ["go", "go-benchseries", "go-test-json", "go-benchstat"] {
        for entry in std::fs::read_dir(corpus.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let file = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            let (format, runs, diagnostics) = read(&path);
            let known = FILES.iter().any(|(name, ..)| *name == file);
            assert_eq!(known, format.starts_with("go"), "{file} is read as `{format}`");
            assert!(!known || !runs.is_empty() || !diagnostics.is_empty(), "{file} is silent");
            for diagnostic in diagnostics {
                assert!(diagnostic.location.is_some(), "{file}: {diagnostic:?}");
            }
        }
    }
}

/// A number as benchstat prints it: `46.55n`, `1.150Gi`, `14.41Mi`.
fn printed(text: &str) -> Option<f64> {
    let end = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let factor = match &text[end..] {
        "" => 1.0,
        "n" => 1e-9,
        "µ" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    text[..end].parse::<f64>().ok().map(|value| value * factor)
}

/// Checks the values in column `at` of benchstat's tables (0 is the first) against medians; returns how many there were.
fn agrees(stdout: &str, at: usize, run: &Run) -> usize {
    let (mut unit, mut checked) = (String::new(), 0);
    for line in stdout.lines() {
        if line.contains('│') {
            let units = ["sec/op", "B/s", "B/op", "a-bytes", "b-bytes", "c-bytes", "text-bytes"];
            let cells: Vec<&str> = line.split('│').map(str::trim).collect();
            let cell = cells.get(1).map_or("", |cell| cell.split_whitespace().next().unwrap_or(""));
            if units.contains(&cell) || cell == "x" || cell == "y" {
                cell.clone_into(&mut unit);
            }
            continue;
        }
        // `Name   46.55n ± 9%   21.20n ± 3%  -54.46% (p=0.000 n=10)`: a value is what stands before `±`.
        let Some((name, rest)) = line.split_once("  ") else { continue };
        let values: Vec<&str> = rest.split('±').map(|part| part.split_whitespace().last().unwrap_or("")).collect();
        let Some(value) = values[..values.len() - 1].get(at).and_then(|text| printed(text)) else { continue };
        let found = run.series.iter().find(|(key, observation)| {
            let unit_agrees = match unit.as_str() {
                "sec/op" => key.metric.raw() == "time",
                "B/s" => key.metric.raw() == "throughput",
                other => observation.tool_unit.as_ref().is_some_and(|unit| unit.raw() == other),
            };
            let written = key.benchmark.name.raw().strip_prefix("Benchmark").unwrap_or("");
            unit_agrees && (written == name || name.strip_prefix(written).is_some_and(|rest| rest.starts_with('-')))
        });
        let Some((key, observation)) = found else {
            // A benchmark that only the other side has leaves this column empty, and the next one moves up.
            continue;
        };
        let median = observation.summary.get(Statistic::Median).unwrap();
        // Four digits are printed, and fewer of a value that shares its row's scale with a larger one.
        assert!(
            (median - value).abs() <= 0.001 * value.abs().max(1e-12),
            "{key:?}: {median} is not {value} in `{line}`"
        );
        checked += 1;
    }
    checked
}

#[test]
fn medians_are_those_of_benchstat() {
    let Some(corpus) = corpus() else { return };
    let prefix = "go-benchstat/golang+perf__cmd__benchstat__testdata__";
    let open = |name: &str| corpus.join(format!("{prefix}{name}"));
    let stdout = |name: &str| std::fs::read_to_string(open(&format!("{name}.stdout"))).unwrap();
    let runs = |name: &str| read(&open(&format!("{name}.txt"))).1;

    // One table for each of the two files, because their `note:` differs.
    let text = stdout("crcOldNew");
    let (old, new) = text.split_at(text.find("note: hw acceleration enabled").unwrap());
    assert_eq!(agrees(old, 0, &runs("crc-old")[0]), 72);
    assert_eq!(agrees(new, 0, &runs("crc-new")[0]), 72);

    for (name, before, after) in
        [("zero", 10, 10), ("units", 2, 2), ("issue19565", 2, 1), ("issue19634", 1, 1), ("smallSample", 1, 1)]
    {
        let sides = runs(name);
        assert_eq!(sides.len(), 2, "{name}");
        let text = stdout(name);
        assert_eq!((agrees(&text, 0, &sides[0]), agrees(&text, 1, &sides[1])), (before, after), "{name}");
    }

    let csv = stdout("csvOldNew");
    for (column, name) in [(1, "old"), (3, "new")] {
        let run = &runs(name)[0];
        let mut checked = 0;
        for (key, observation) in &run.series {
            let name = key.benchmark.name.raw().strip_prefix("Benchmark").unwrap();
            let line = csv.lines().find(|line| line.starts_with(&format!("{name}-48,"))).unwrap();
            let printed: f64 = line.split(',').nth(column).unwrap().parse().unwrap();
            let median = observation.summary.get(Statistic::Median).unwrap();
            assert_eq!(observation.unit, Unit::Second);
            assert!((median - printed).abs() <= 1e-12 * printed, "{name}: {median} is not {printed}");
            checked += 1;
        }
        assert_eq!(checked, 2);
    }
}
