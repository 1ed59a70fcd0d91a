//! The rules of the format, on trees made for them.

use std::collections::BTreeMap;

use super::*;
use crate::model::{Better, Statistic};
use crate::text::Untrusted;

/// A tree in memory: path, content, and when it was written.
struct Made {
    name: Untrusted,
    paths: Vec<String>,
    content: BTreeMap<String, (String, Option<i64>)>,
}

impl Made {
    fn new() -> Self {
        Self { name: "target/criterion".into(), paths: Vec::new(), content: BTreeMap::new() }
    }

    fn file(mut self, path: &str, content: &str, modified: Option<i64>) -> Self {
        self.paths.push(path.to_owned());
        self.content.insert(path.to_owned(), (content.to_owned(), modified));
        self
    }

    /// A benchmark in folder `folder/new` below `root`, with two samples of one second.
    fn benchmark(self, root: &str, directory: &str, full_id: &str, title: &str, modified: Option<i64>) -> Self {
        let json = format!(
            r#"{{"group_id":"g","function_id":null,"value_str":"16","throughput":null,"full_id":"{full_id}",
            "directory_name":"{directory}","title":"{title}"}}"#
        );
        let folder = format!("{root}{directory}/new");
        self.file(&format!("{folder}/benchmark.json"), &json, modified)
            .file(&format!("{folder}/estimates.json"), "{}", modified)
            .file(&format!("{folder}/sample.json"), SECONDS, modified)
    }

    fn read(&self, part: Option<&str>) -> (Vec<Run>, Vec<Diagnostic>) {
        let mut diagnostics = Diagnostics::new();
        let runs = parse(self, part, &mut diagnostics);
        (runs, diagnostics.into_vec())
    }
}

impl Tree for Made {
    fn name(&self) -> &Untrusted {
        &self.name
    }

    fn files(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Ok(self.content.get(path).ok_or("no such file")?.0.clone().into_bytes())
    }

    fn modified(&self, path: &str) -> Option<i64> {
        self.content.get(path)?.1
    }
}

const SECONDS: &str = r#"{"sampling_mode":"Linear","iters":[1.0,2.0],"times":[1e9,2e9]}"#;

fn names(run: &Run) -> Vec<&str> {
    run.series.keys().map(|k| k.benchmark.name.raw()).collect()
}

/// One benchmark `a` with this `throughput` and these further files.
fn one(throughput: &str, files: &[(&str, &str)]) -> Made {
    let json = format!(r#"{{"full_id":"a","throughput":{throughput},"directory_name":"a","title":"a"}}"#);
    let tree = Made::new().file("a/new/benchmark.json", &json, None);
    files.iter().fold(tree, |tree, (name, content)| tree.file(&format!("a/new/{name}"), content, None))
}

#[test]
fn samples_are_seconds_per_iteration() {
    for sample in [SECONDS, "[[1,2],[1e9,2e9]]"] {
        let (runs, said) = one("null", &[("sample.json", sample)]).read(None);
        assert!(said.is_empty(), "{said:?}");
        let (key, time) = runs[0].series.first_key_value().unwrap();
        assert_eq!((key.metric.raw(), time.samples.as_deref()), ("time", Some(&[1.0, 1.0][..])));
    }
}

#[test]
fn bad_samples_cost_their_benchmark() {
    let cases = [
        (r#"{"iters":[1,2],"times":[1]}"#, "2 iteration counts but 1 times"),
        (r#"{"iters":[],"times":[]}"#, "no samples"),
        (r#"{"iters":[1,0],"times":[1,2]}"#, "sample 2 has zero iterations"),
        (r#"{"iters":[1],"times":[-1]}"#, "sample 1 is negative"),
        (r#"{"iters":[1],"times":[NaN]}"#, "sample 1 is not a finite number"),
        (r#"{"iters":[1],"times":[1e999]}"#, "sample 1 is not a finite number"),
        (r#"{"iters":[1],"times":true}"#, "sample.json: expected an array of numbers, found a boolean"),
        (r#"{"iters":[1]"#, "sample.json: the file is cut short: it ends in the middle of its JSON"),
        ("[[1]]", "sample.json: expected a pair of arrays: iterations and times"),
        ("", "sample.json: the file is empty"),
    ];
    for (sample, message) in cases {
        let tree = one("null", &[("sample.json", sample)]).benchmark("", "b", "b", "b", None);
        let (runs, said) = tree.read(None);
        assert_eq!(names(&runs[0]), ["a", "b"]);
        let faults: Vec<_> = runs[0].series.values().map(|o| o.fault.as_ref().map(|f| f.message.as_str())).collect();
        assert_eq!(faults, [Some(message), None], "{sample}");
        assert_eq!((said.len(), said[0].severity), (1, Severity::Warning));
        assert_eq!(said[0].location.as_ref().unwrap().file.raw(), "target/criterion/a/new/sample.json");
    }
}

#[test]
fn estimates_serve_where_samples_are_missing() {
    let estimate = |n: u32| format!(r#"{{"point_estimate":{n}e9,"standard_error":1}}"#);
    for keys in [["mean", "median", "std_dev"], ["Mean", "Median", "StdDev"]] {
        let [mean, median, deviation] = keys;
        let json = format!(
            r#"{{"{mean}":{},"{median}":{},"{deviation}":{},"slope":null}}"#,
            estimate(4),
            estimate(2),
            estimate(1)
        );
        let (runs, said) = one(r#"{"Bytes":10}"#, &[("estimates.json", &json)]).read(None);
        assert_eq!(said.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::MissingSamples]);
        let all: Vec<_> = runs[0].series.values().map(|o| &o.summary).collect();
        assert_eq!((all[1].get(Statistic::Mean), all[1].stddev(), all[1].count()), (Some(4.0), Some(1.0), None));
        assert_eq!((all[0].get(Statistic::Median), all[0].get(Statistic::Mean)), (Some(5.0), None), "throughput");
    }
}

#[test]
fn throughput_is_derived() {
    let cases = [
        (r#"{"Bytes":8}"#, vec![("throughput", "B/s", 8.0)]),
        (r#"{"BytesDecimal":8}"#, vec![("throughput", "B/s", 8.0)]),
        (r#"{"Bits":8}"#, vec![("throughput", "B/s", 1.0)]),
        (r#"{"Elements":8}"#, vec![("throughput", "1/s", 8.0)]),
        (
            r#"{"ElementsAndBytes":{"elements":2,"bytes":8}}"#,
            vec![("throughput", "1/s", 2.0), ("throughput.bytes", "B/s", 8.0)],
        ),
        (r#"{"Photons":8}"#, vec![]),
        (r#"{"Bytes":0}"#, vec![]),
    ];
    for (throughput, expected) in cases {
        let (runs, said) = one(throughput, &[("sample.json", SECONDS)]).read(None);
        assert!(said.is_empty(), "{said:?}");
        let rates = runs[0].series.iter().filter(|(k, _)| k.metric.raw() != "time");
        let found: Vec<_> = rates
            .map(|(k, o)| {
                assert!(o.derived && o.better == Some(Better::Higher));
                (k.metric.raw(), o.unit.symbol(), o.summary.get(Statistic::Max).unwrap())
            })
            .collect();
        assert_eq!(found, expected, "{throughput}");
    }
}

#[test]
fn raw_csv_tells_the_unit_of_a_custom_measurement() {
    let csv = |unit: &str, value: &str| {
        format!(
            "group,function,value,throughput_num,throughput_type,sample_measured_value,unit,iteration_count\n\
             a,,,,,{value},{unit},1\n"
        )
    };
    let sample = r#"{"iters":[2,4],"times":[10,20]}"#;
    let cases = [
        (csv("ns", "10"), "time", "s", 5e-9),
        (csv("bytes", "10"), "memory", "B", 5.0),
        (csv("cycles", "10"), "cycles", "1", 5.0),
        (csv("joules", "10"), "joules", "joules", 5.0),
        // A formatter that shows microseconds of nanoseconds.
        (csv("us", "0.01"), "time", "s", 5e-9),
        ("group,function,value,sample_time_nanos,iteration_count\na,,,10,2\n".to_owned(), "time", "s", 5e-9),
    ];
    for (csv, metric, unit, value) in cases {
        let (runs, _) = one(r#"{"Elements":1}"#, &[("sample.json", sample), ("raw.csv", &csv)]).read(None);
        let (_, found) = runs[0].series.iter().find(|(k, _)| k.metric.raw() == metric).unwrap();
        let median = found.summary.get(Statistic::Median).unwrap();
        assert!((median / value - 1.0).abs() < 1e-12 && found.unit.symbol() == unit, "{csv}: {found:?}");
        assert_eq!(found.better, Some(Better::Lower));
        assert_eq!(runs[0].series.len(), if metric == "time" { 2 } else { 1 }, "a rate needs a time");
    }
}

#[test]
fn equal_names_stay_apart() {
    let long = "x".repeat(120);
    let cut = format!("{}...", "x".repeat(100));
    let folder = "x".repeat(64);
    let tree = Made::new()
        .benchmark("", "g/f", "g/f", "g/f", None)
        .benchmark("", "g/f_2", "g/f", "g/f #2", None)
        .benchmark("", &format!("{folder}_2"), &long, &format!("{cut} #2"), None)
        .benchmark("", &folder, &long, &cut, None);
    let (runs, _) = tree.read(None);
    assert_eq!(names(&runs[0]), ["g/f", "g/f #2", &long, &format!("{long} #2")]);
    // The suffix of an uncut title stays although the first of the two is gone.
    let (runs, _) = Made::new().benchmark("", "g/f_2", "g/f", "g/f #2", None).read(None);
    assert_eq!(names(&runs[0]), ["g/f #2"]);
    assert_eq!(runs[0].details.values().next().unwrap().group.as_ref().unwrap().raw(), "g");
}

#[test]
fn every_copy_of_a_tree_is_a_root() {
    let roots = |tree: &Made| folder::roots(tree);
    let tree =
        Made::new().benchmark("run-1/", "g/a", "g/a", "g/a", None).benchmark("run-2/", "G/A", "g/a", "g/a", None);
    assert_eq!(roots(&tree), ["run-1", "run-2"]);
    assert_eq!(roots(&Made::new().benchmark("", "g/a", "g/a", "g/a", None)), [""]);
    // Trees of 2019 do not say where they begin.
    let old = |path: &str, tree: Made| {
        tree.file(&format!("{path}/new/benchmark.json"), r#"{"full_id":"x"}"#, None).file(
            &format!("{path}/new/estimates.json"),
            "{}",
            None,
        )
    };
    assert_eq!(roots(&old("criterion/g/a", old("criterion/b", Made::new()))), ["criterion"]);
    let mixed = old("criterion/b", Made::new()).benchmark("criterion/", "a", "a", "a", None);
    assert_eq!(roots(&mixed), ["criterion"]);
    assert!(roots(&Made::new().file("a/change/estimates.json", "{}", None)).is_empty());
    assert!(roots(&Made::new().file("model/estimates.json", "{}", None)).is_empty());
}

#[test]
fn much_older_folders_are_left_out() {
    let at = |times: &[i64]| {
        times.iter().enumerate().fold(Made::new(), |tree, (i, time)| {
            let name = format!("b{i}");
            tree.benchmark("", &name, &name, &name, Some(*time))
        })
    };
    let kept = |times: &[i64]| {
        let (runs, said) = at(times).read(None);
        (names(&runs[0]).len(), said.len())
    };
    assert_eq!(kept(&[10_000, 10_060, 10_120]), (3, 0));
    assert_eq!(kept(&[10_000, 20_060, 20_120]), (2, 1), "a gap of more than an hour");
    assert_eq!(kept(&[10_000, 13_500, 13_560]), (3, 0), "a gap of less than an hour");
    assert_eq!(kept(&[0, 6_000, 9_000, 12_000]), (4, 0), "a gap no longer than what came after it");
    assert_eq!(kept(&[0, 20_000]), (1, 1));
    let tree = at(&[0, 1, 2, 3, 90_000]);
    let (_, said) = tree.read(None);
    assert_eq!(said[0].code, Code::StaleFolder);
    assert_eq!(said[0].message, "4 benchmarks much older than the rest left out: `b0`, `b1`, `b2`, …");
    let (runs, said) = tree.read(Some("new"));
    assert_eq!((runs[0].series.len(), said.len()), (5, 0), "named, `new` is read as a whole");
}

#[test]
fn positions_are_those_in_time() {
    let tree = Made::new().benchmark("", "a", "a", "a", Some(200)).benchmark("", "b", "b", "b", Some(100));
    let (runs, _) = tree.read(None);
    let positions: Vec<u32> = runs[0].series.values().map(|o| o.origin.position).collect();
    assert_eq!(positions, [1, 0]);
}

#[test]
fn folders_without_a_usable_name_or_result() {
    let tree = Made::new()
        .benchmark("", "g/f", "g/f", "g/f", None)
        .file("old/new/estimates.json", "{}", None)
        .file("old/new/sample.json", SECONDS, None)
        .file("broken/new/benchmark.json", "{\"full_id\": 7}", None)
        .file("broken/new/sample.json", SECONDS, None)
        .file("empty/new/benchmark.json", "{\"full_id\": \"empty\"}", None)
        .file("g/f/change/estimates.json", "{}", None);
    let (runs, said) = tree.read(None);
    assert_eq!(names(&runs[0]), ["g/f", "old"]);
    let failed: Vec<_> = runs[0].failures.keys().map(|k| k.name.raw()).collect();
    assert_eq!(failed, ["broken", "empty"]);
    let codes: Vec<_> = said.iter().map(|d| (d.code, d.severity)).collect();
    assert_eq!(
        codes,
        [
            (Code::MalformedDocument, Severity::Warning),
            (Code::BenchmarkFailed, Severity::Warning),
            (Code::NotFound, Severity::Note)
        ]
    );
    insta::assert_snapshot!(crate::diag::render::terminal(&said[0], false, 100), @r#"
    warning[malformed-document]: expected a string, found a number
     --> target/criterion/broken/new/benchmark.json:1:13
      |
    1 | {"full_id": 7}
      |             ^ at `full_id`
      |
      = help: write the file again with `cargo bench`
    "#);
}

#[test]
fn baselines_are_named() {
    let tree = Made::new()
        .file("a/main/benchmark.json", r#"{"full_id":"a"}"#, None)
        .file("a/main/estimates.json", "{}", None)
        .file("a/main/sample.json", SECONDS, None)
        .file("a/change/estimates.json", "{}", None)
        .file("a/report/index.html", "", None);
    let claimed = |tree: &Made| folders(tree).iter().any(Folder::is_claim);
    assert!(claimed(&tree));
    assert_eq!(names(&tree.read(Some("main")).0[0]), ["a"]);
    for part in [None, Some("change"), Some("mian")] {
        let (runs, said) = tree.read(part);
        assert!(runs.is_empty());
        assert_eq!(
            (said[0].code, said[0].notes.as_slice()),
            (Code::UnknownBaseline, &["it has `main`".to_owned()][..])
        );
    }
    assert!(!claimed(&Made::new().file("a/change/estimates.json", "{}", None)));
    assert!(!claimed(&Made::new().file("model/estimates.json", "{}", None)));
}
