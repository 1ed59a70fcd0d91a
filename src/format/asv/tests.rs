//! The rules of the format, on trees made for them.

use super::*;
use crate::model::{Better, Kind, Statistic};

/// A tree in memory.
struct Made(Untrusted, Vec<String>, BTreeMap<String, String>);

impl Made {
    fn of(files: &[(&str, &str)]) -> Self {
        let content: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self("results".into(), content.keys().cloned().collect(), content)
    }

    fn read(&self, part: Option<&str>) -> (Vec<Run>, Vec<Diagnostic>) {
        let mut diagnostics = Diagnostics::new();
        let runs = parse(self, part, &mut diagnostics);
        (runs, diagnostics.into_vec())
    }
}

impl Tree for Made {
    fn name(&self) -> &Untrusted {
        &self.0
    }

    fn files(&self) -> &[String] {
        &self.1
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.2.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| "gone".to_owned())
    }

    fn modified(&self, _: &str) -> Option<i64> {
        None
    }
}

const FILE: &str = "m/0123abcd-env.json";

/// A result file of version 2 with these results.
fn second(results: &str) -> String {
    format!(
        r#"{{"commit_hash":"0123abcdef","date":1700000000000,"params":{{"machine":"m","python":"3.11","six":"","n":null}},
        "result_columns":["result","params","version","started_at","duration","stats_ci_99_a","stats_ci_99_b","stats_q_25",
        "stats_q_75","stats_number","stats_repeat","samples","profile"],"results":{{{results}}},"version":2}}"#
    )
}

fn values(run: &Run) -> Vec<(&str, &str, Option<f64>)> {
    run.series.iter().map(|(k, o)| (k.benchmark.name.raw(), k.metric.raw(), o.summary.get(Statistic::Median))).collect()
}

#[test]
fn combinations_are_in_the_order_of_a_product() {
    let results = r#""a.time_x":[[1,2,3,null,NaN,6],[["1","2"],["'a'","'b'","'c'"]],"v",1,2,[-Infinity,0,0,null,null,0],[Infinity,0,0,null,null,0],[0.5,1,2,null,null,5],[1.5,3,4,null,null,7],[1,1,1,null,null,1],[9,9,9,null,null,9]]"#;
    let described = r#"{"a.time_x":{"type":"time","unit":"seconds","param_names":["n"]},"version":2}"#;
    let tree = Made::of(&[(FILE, &second(results)), ("benchmarks.json", described), ("m/machine.json", "{}")]);
    assert_eq!(roots(&tree), [""]);
    let (runs, said) = tree.read(None);
    let names = ["a.time_x(1, 'a')", "a.time_x(1, 'b')", "a.time_x(1, 'c')", "a.time_x(2, 'c')"];
    let expected: Vec<_> = names.into_iter().zip([1.0, 2.0, 3.0, 6.0]).map(|(n, v)| (n, "time", Some(v))).collect();
    assert_eq!(values(&runs[0]), expected);
    let summary = &runs[0].series.values().next().unwrap().summary;
    assert_eq!(
        (summary.get(Statistic::P25), summary.get(Statistic::P75), summary.count()),
        (Some(0.5), Some(1.5), Some(9))
    );
    // `null` failed and NaN was skipped.
    assert_eq!(runs[0].failures.keys().map(|id| id.name.raw()).collect::<Vec<_>>(), ["a.time_x(2, 'a')"]);
    assert_eq!(said.iter().map(|d| d.message.as_str()).collect::<Vec<_>>(), ["`a.time_x(2, 'a')` failed"]);
    let details = runs[0].details.values().next().unwrap();
    let params: Vec<_> = details.params.iter().map(|(k, v)| (k.raw(), v.raw())).collect();
    assert_eq!(params, [("n", "1"), ("param2", "'a'")]);
    let labels: Vec<_> = runs[0].environment.labels.iter().map(|(k, v)| (k.raw(), v.raw())).collect();
    assert_eq!(labels, [("machine", "m"), ("python", "3.11")]);
    let subject = &runs[0].subject;
    assert_eq!((subject.taken_at, subject.committed_at), (None, Some(1_700_000_000)));
}

#[test]
fn samples_win_over_statistics() {
    let results = r#""time_x":[[2],[],"v",1,2,[0],[0],[1],[3],[1],[3],[[1,2,6]]],"time_y":[[2],[],"v",1,2,[0],[0],[1],[3],[1],[3],[[1,-2]]]"#;
    let (runs, said) = Made::of(&[(FILE, &second(results))]).read(None);
    let all: Vec<_> = runs[0].series.values().collect();
    assert_eq!(all[0].samples.as_deref(), Some(&[1.0, 2.0, 6.0][..]));
    assert_eq!(all[1].fault.as_ref().unwrap().message, "the result is unusable: sample 2 is negative");
    assert_eq!(said.len(), 1);
}

#[test]
fn version_1_in_its_forms() {
    let text = r#"{"commit_hash":"0123abcdef","date":1,"results":{"time_a":0.5,"time_b":null,
        "time_c":{"params":[["1","2"]],"result":[3,null]},"time_d":{"params":[["1"]],"result":null},
        "time_e":{"params":[],"result":[4],"stats":[{"q_25":3,"q_75":5,"min":2,"max":8,"mean":4.5,"std":1,"repeat":6}],"samples":[null]}}}"#;
    let (runs, _) = Made::of(&[(FILE, text)]).read(None);
    let expected = [("time_a", "time", Some(0.5)), ("time_c(1)", "time", Some(3.0)), ("time_e", "time", Some(4.0))];
    assert_eq!(values(&runs[0]), expected);
    let failed: Vec<_> = runs[0].failures.keys().map(|id| id.name.raw()).collect();
    assert_eq!(failed, ["time_b", "time_c(2)", "time_d(1)"]);
    let summary = &runs[0].series.values().last().unwrap().summary;
    assert_eq!((summary.get(Statistic::Min), summary.stddev(), summary.count()), (Some(2.0), Some(1.0), Some(6)));
}

#[test]
fn units_come_from_the_description_or_the_name() {
    let results =
        r#""m.time_t":1,"m.timeraw_t":1,"m.mem_t":1,"m.peakmem_t":1,"m.track_t":1,"m.track_rate":1,"m.track_s":1"#;
    let described =
        r#"{"m.track_rate":{"type":"track","unit":"req/s"},"m.track_s":{"type":"track","unit":"unit"},"m.time_t":7}"#;
    let (runs, said) = Made::of(&[(FILE, &second(results)), ("benchmarks.json", described)]).read(None);
    assert!(said.is_empty(), "{said:?}");
    let found: Vec<_> = runs[0]
        .series
        .iter()
        .map(|(k, o)| (k.benchmark.name.raw(), k.metric.raw(), o.better.unwrap(), o.kind))
        .collect();
    let (lower, noisy) = (Better::Lower, Kind::Noisy);
    assert_eq!(
        found,
        [
            ("m.mem_t", "memory", lower, Kind::Exact),
            ("m.peakmem_t", "memory", lower, noisy),
            ("m.time_t", "time", lower, noisy),
            ("m.timeraw_t", "time", lower, noisy),
            ("m.track_rate", "throughput", Better::Higher, noisy),
            ("m.track_s", "value", lower, noisy),
            ("m.track_t", "value", lower, noisy),
        ]
    );
}

#[test]
fn what_is_malformed_costs_itself() {
    let results = r#""time_a":[[1],[],"v"],"time_b":{"result":7},"time_c":[[1,2],[["1"]]],"time_d":[["x"],[]],"time_e":[[-1],[]],"time_f":"x","time_g":[]"#;
    let (runs, said) = Made::of(&[(FILE, &second(results))]).read(None);
    assert_eq!(
        values(&runs[0]).into_iter().filter(|v| v.2.is_some()).collect::<Vec<_>>(),
        [("time_a", "time", Some(1.0))]
    );
    let said: Vec<_> = said
        .iter()
        .map(|d| (d.message.as_str(), d.location.as_ref().unwrap().path.as_ref().map(Untrusted::raw)))
        .collect();
    assert_eq!(
        said,
        [
            ("`time_b`: malformed result: expected an array, found a number", Some("results.time_b.result")),
            ("`time_c`: 2 results for 1 combinations of parameters", Some("results.time_c")),
            ("`time_d`: the result is not a number: `x`", Some("results.time_d")),
            ("`time_e`: the result is negative", Some("results.time_e")),
            ("`time_f`: the result is not a number: `x`", Some("results.time_f")),
            ("`time_g` failed", None),
        ]
    );
}

#[test]
fn whole_files_that_cannot_be_used() {
    let good = second("\"time_a\":1");
    let newer = good.replace("\"version\":2", "\"version\":3");
    let twice = second("\"time_a\":1,\"time_a\":2");
    for (text, code) in [
        (&good[..good.len() - 5], Code::InvalidJson),
        ("{\"results\":{}}", Code::MalformedDocument),
        ("[]", Code::MalformedDocument),
        ("", Code::EmptyFile),
        (&newer, Code::UnsupportedVersion),
        (&twice, Code::DuplicateKey),
    ] {
        let (runs, said) = Made::of(&[(FILE, text), ("m/4567abcd-env.json", &good)]).read(None);
        assert_eq!(runs.len(), 1, "{text}");
        assert_eq!(said.iter().map(|d| d.code).collect::<Vec<_>>(), [code], "{text}");
        assert_eq!(said[0].location.as_ref().unwrap().file.raw(), "results/m/0123abcd-env.json");
    }
}

#[test]
fn roots_are_what_holds_machines() {
    let good = second("\"time_a\":1");
    let roots_of = |paths: &[&str]| roots(&Made::of(&paths.iter().map(|p| (*p, good.as_str())).collect::<Vec<_>>()));
    assert_eq!(roots_of(&["m/0123abcd-env.json", "n/0123abcd-env.json"]), [""]);
    assert_eq!(roots_of(&["0123abcd-env.json"]), [""]);
    assert_eq!(
        roots_of(&["a/results/m/0123abcd-env.json", "b/results/m/0123abcd-env.json"]),
        ["a/results", "b/results"]
    );
    assert_eq!(roots_of(&["m/result.json", "m/abcdefgh-env.json", "m/abcdef.json"]), Vec::<String>::new());
    // The first file may be damaged, and the name alone says nothing.
    let damaged = Made::of(&[("m/0123abcd-env.json", "{"), ("m/1123abcd-env.json", &good)]);
    assert_eq!(roots(&damaged), [""]);
    assert_eq!(roots(&Made::of(&[("m/0123abcd-env.json", "{\"a\":1}")])), Vec::<String>::new());
}

#[test]
fn runs_are_in_the_order_of_their_commits_and_can_be_named() {
    let older = second("\"time_a\":1").replace("0123abcdef", "fedcba9876").replace("1700000000000", "1600000000000");
    let newer = second("\"time_a\":2");
    let other = newer.replace("\"m\"", "\"n\"");
    let tree = Made::of(&[(FILE, &newer), ("m/fedcba98-env.json", &older), ("n/0123abcd-env.json", &other)]);
    let commits = |part| tree.read(part).0.iter().map(|r| r.subject.commit.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(commits(None), ["fedcba9876".into(), "0123abcdef".into(), Untrusted::from("0123abcdef")]);
    assert_eq!(commits(Some("fedc")), ["fedcba9876".into()]);
    assert_eq!(commits(Some("n")), ["0123abcdef".into()]);
    let (runs, said) = tree.read(Some("fed"));
    assert_eq!((runs.len(), said[0].code), (0, Code::NotFound));
}
