//! Real pytest-benchmark files: each parses to the counts and means that an independent script found in it, and to the values
//! that another reader of the same files prints.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that cannot read its input fails")]
#![expect(clippy::unreadable_literal, reason = "numbers as the counting script prints them")]
#![expect(clippy::disallowed_methods, reason = "tests read the corpus from disk")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use perfgate::diag::{Code, Diagnostics, Severity};
use perfgate::format::{Detection, Document, Reader, detect};
use perfgate::model::{Run, Statistic};

/// File, benchmarks, series, sum of the mean times in seconds.
const FILES: &[(&str, usize, usize, f64)] = &[
    ("bencherdev+bencher__lib__bencher_adapter__tool_output__python__pytest__four.json", 4, 4, 2.0074839708650796),
    ("benchmark-action+github-action-benchmark__test__data__extract__pytest_output.json", 2, 2, 0.003009119353995092),
    (
        "benchmark-action+github-action-benchmark__test__data__extract__pytest_several_units.json",
        4,
        4,
        2.0074839708650796,
    ),
    (
        "ionelmc+pytest-benchmark__tests__test_storage__0001_b87b9aae14ff14a7887a6bbaa9731b9a8760555d_20150814_190343_uncommitted-changes.json",
        1,
        1,
        2.622408132654948e-07,
    ),
    (
        "ionelmc+pytest-benchmark__tests__test_storage__0002_b87b9aae14ff14a7887a6bbaa9731b9a8760555d_20150814_190348_uncommitted-changes.json",
        1,
        1,
        2.540585175827918e-07,
    ),
    (
        "ionelmc+pytest-benchmark__tests__test_storage__0003_5b78858eb718649a31fb93d8dc96ca2cee41a4cd_20150815_030157_uncommitted-changes.json",
        1,
        1,
        2.4571645211663035e-07,
    ),
    (
        "ionelmc+pytest-benchmark__tests__test_storage__0010_5b78858eb718649a31fb93d8dc96ca2cee41a4cd_20150815_030233_uncommitted-changes.json",
        1,
        1,
        2.4423029232851136e-07,
    ),
    (
        "ionelmc+pytest-benchmark__tests__test_storage__0020_5b78858eb718649a31fb93d8dc96ca2cee41a4cd_20150815_030325_uncommitted-changes.json",
        1,
        1,
        2.435695228497899e-07,
    ),
    (
        "ionelmc+pytest-benchmark__tests__test_storage__0030_5b78858eb718649a31fb93d8dc96ca2cee41a4cd_20150815_030419_uncommitted-changes.json",
        1,
        1,
        2.61205074138546e-07,
    ),
    (
        "jhon0010+python-examples__.benchmarks__Linux-CPython-3.12-64bit__0001_baseline.json",
        1,
        1,
        0.0008195681834784079,
    ),
    ("jhon0010+python-examples__.benchmarks__Linux-CPython-3.12-64bit__0003_baseline.json", 1, 1, 0.008577364041255071),
    ("karlicoss+cachew__.benchmarks__Linux-CPython-3.14-64bit__0007_baseline.json", 256, 1024, 18.342279852875514),
    (
        "karlicoss+cachew__.benchmarks__Linux-CPython-3.14-64bit__0009_sqlite-multivalue.json",
        208,
        832,
        13.929143432746647,
    ),
    ("meadsteve+lagom__.benchmarks__Linux-CPython-3.10-64bit__0001_baseline.json", 4, 4, 0.0011855427124898964),
    ("meadsteve+lagom__.benchmarks__Linux-CPython-3.9-64bit__0001_baseline.json", 3, 3, 0.0008615994443221138),
    (
        "openpgpjs+github-action-pull-request-benchmark__test__data__extract__pytest_several_units.json",
        4,
        4,
        2.0074839708650796,
    ),
    (
        "paulross+skiplist__.benchmarks__Darwin-CPython-3.10-64bit__0001_62ca03346a93221c5cd6165e94f45603eb4f321c_20260420_183644_uncommited-changes.json",
        148,
        148,
        35.759654413170075,
    ),
    (
        "paulross+skiplist__.benchmarks__Darwin-CPython-3.15-64bit__0001_62ca03346a93221c5cd6165e94f45603eb4f321c_20260420_194412_uncommited-changes.json",
        148,
        148,
        36.918572715110834,
    ),
    ("vBazilevich+FFATS__.benchmarks__Linux-CPython-3.10-64bit__0002_CAR_lik_numpy.json", 26, 26, 32.20788596935203),
    ("vBazilevich+FFATS__.benchmarks__Linux-CPython-3.10-64bit__0005_ffats-1.3.7.json", 26, 26, 0.08393942890056047),
    ("zincware+asebytes__.benchmarks__Darwin-CPython-3.11-64bit__0001_baseline.json", 52, 52, 18.81448502208745),
];

fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("PERFGATE_CORPUS").map(PathBuf::from);
    if corpus.is_none() {
        eprintln!("skipped: PERFGATE_CORPUS is not set");
    }
    corpus
}

fn read(text: &str) -> (Vec<Run>, Diagnostics) {
    let Detection::One(format) = detect(text) else { panic!("not recognised") };
    assert_eq!(format.name, "pytest-benchmark");
    let Reader::Text { parse, .. } = format.reader else { panic!("not a text") };
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "input.json".into(), text }, &mut diagnostics);
    (runs, diagnostics)
}

#[test]
fn corpus_files_have_the_counted_benchmarks() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("pytest-benchmark");
    for (name, benchmarks, series, sum) in FILES {
        let (runs, diagnostics) = read(&std::fs::read_to_string(folder.join(name)).unwrap());
        // Test files of other programs, whose lists of rounds were cut by hand.
        let cut = name.contains("__test__data__extract__pytest_") || name.ends_with("pytest__four.json");
        let codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, if cut { vec![Code::MissingSamples] } else { vec![] }, "{name}: {diagnostics:?}");
        let [run] = runs.as_slice() else { panic!("{name}: {} runs", runs.len()) };
        let times: Vec<_> = run.series.iter().filter(|(k, _)| k.metric.raw() == "time").collect();
        assert_eq!((times.len(), run.series.len()), (*benchmarks, *series), "{name}");
        let total: f64 = times.iter().map(|(_, o)| o.summary.get(Statistic::Mean).unwrap()).sum();
        assert!((total / sum - 1.0).abs() < 1e-12, "{name}: {total} instead of {sum}");
        assert!(run.subject.taken_at.is_some() && run.environment.labels.contains_key("python"), "{name}");
        assert!(run.environment.labels.values().all(|v| v.raw() != "minibox"), "{name}: the host's name is kept");
    }
    let listed: std::collections::BTreeSet<_> = FILES.iter().map(|f| f.0.to_owned()).collect();
    let there = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(listed, there, "every file of the corpus is in the table");
}

/// Names and iterations per second in one section of a snapshot of github-action-benchmark's tests.
fn snapshot(text: &str, file: &str) -> BTreeMap<String, f64> {
    let start = text.find(&format!("pytest - {file} 1`]")).unwrap();
    let section = text[start..].split("\n`;").next().unwrap();
    let quoted = |line: &str| line.split('"').nth(3).unwrap().to_owned();
    let names = section.lines().filter(|l| l.contains("\"name\":")).map(quoted);
    let values = section.lines().filter(|l| l.contains("\"value\":"));
    names.zip(values.map(|l| l.split(": ").nth(1).unwrap().trim_end_matches(',').parse().unwrap())).collect()
}

#[test]
fn values_agree_with_github_action_benchmark() {
    let Some(corpus) = corpus() else { return };
    let folder: &Path = &corpus.join("expected/github-action-benchmark");
    let snap = folder.join("benchmark-action+github-action-benchmark__test____snapshots____extract.spec.ts.snap");
    let expected = std::fs::read_to_string(snap).unwrap();
    for (file, count) in [("pytest_output.json", 2), ("pytest_several_units.json", 4)] {
        let name = format!("pytest-benchmark/benchmark-action+github-action-benchmark__test__data__extract__{file}");
        let (runs, _) = read(&std::fs::read_to_string(corpus.join(name)).unwrap());
        let theirs = snapshot(&expected, file);
        assert_eq!(theirs.len(), count);
        for (name, per_second) in theirs {
            let (_, ours) = runs[0].series.iter().find(|(k, _)| k.benchmark.qualified().raw() == name).unwrap();
            let mean = ours.summary.get(Statistic::Mean).unwrap();
            assert!((mean * per_second - 1.0).abs() < 1e-9, "{name}: {mean} s, {per_second} per second");
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_with_a_place() {
    let Some(corpus) = corpus() else { return };
    let text = std::fs::read_to_string(corpus.join("pytest-benchmark").join(FILES[1].0)).unwrap();
    let Reader::Text { parse, .. } = perfgate::format::by_name("pytest-benchmark").unwrap().reader else { panic!() };
    for end in (1..text.trim_end().len() - 1).step_by(997) {
        let mut diagnostics = Diagnostics::new();
        let text = &text[..end];
        let runs = parse(&Document { name: "cut.json".into(), text }, &mut diagnostics);
        assert!(runs.is_empty(), "cut at {end}");
        let said = diagnostics.into_vec();
        assert_eq!((said.len(), said[0].severity), (1, Severity::Error), "cut at {end}");
        assert!(said[0].location.as_ref().is_some_and(|l| l.line.is_some()), "cut at {end}");
    }
}
