//! perfgate.toml from outside: every file below `fixtures/config` with what is said about it.
//!
//! `valid/*.toml` load without a word and fit the JSON schema. `invalid/NAME.toml` gives the messages in
//! `invalid/NAME.txt`; `UPDATE_EXPECTED=1` writes those again.
#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
#![expect(clippy::unwrap_used, reason = "outside of test functions, too, a test may fail by a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use perfgate::config::{Accept, Config, Counted, Evidence, FailOn, Limit, Overrides, Rename, load, schema};
use perfgate::diag::{Code, Diagnostics, render};
use perfgate::model::{BenchmarkId, Better, MetricId};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn read(path: &Path) -> (Config, Diagnostics) {
    let text = fs::read_to_string(path).unwrap();
    let mut diagnostics = Diagnostics::new();
    let file = (&"perfgate.toml".into(), text.as_str());
    let config = load(Some(file), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    (config, diagnostics)
}

/// A TOML document as JSON; dates become strings.
fn as_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, as_json(value))).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

fn fits_schema(text: &str) -> bool {
    let schema: serde_json::Value = serde_json::from_str(schema()).unwrap();
    let document: toml::Table = text.parse().unwrap();
    jsonschema::draft202012::new(&schema).unwrap().is_valid(&as_json(document.into()))
}

#[test]
fn valid_files_load_and_fit_the_schema() {
    for path in files("valid") {
        let (config, diagnostics) = read(&path);
        assert!(diagnostics.is_empty(), "{}: {diagnostics:?}", path.display());
        assert!(fits_schema(&fs::read_to_string(&path).unwrap()), "{}", path.display());
        assert!(fits_schema(&config.show()), "{}", config.show());
    }
    assert!(fits_schema(perfgate::config::DEFAULT));
}

#[test]
fn invalid_files_say_what_is_wrong_with_them() {
    for path in files("invalid") {
        let (_, diagnostics) = read(&path);
        assert!(diagnostics.has_errors(), "{}", path.display());
        let said: Vec<String> = diagnostics.iter().map(|d| render::terminal(d, false, 120)).collect();
        let said = said.join("\n");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&expected).unwrap(), "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_perfgate_refuses() {
    // What only holds between values is beyond a schema; these are not TOML.
    let beyond = ["limit-order", "syntax", "duplicate"];
    for path in files("invalid") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !beyond.contains(&name.as_str()) {
            assert!(!fits_schema(&fs::read_to_string(&path).unwrap()), "{name}");
        }
    }
    // Each unknown key by itself.
    for table in ["", "[gate]", "[metrics.time]", "[[rule]]", "[[budget]]", "[[accept]]", "[[rename]]"] {
        let known = match table {
            "[[rule]]" | "[[accept]]" => "benchmark = 'x'",
            "[[budget]]" => "benchmark = 'x'\nmetric = 'time'\nfail = '1s'",
            "[[rename]]" => "from = 'a'\nto = 'b'",
            _ => "",
        };
        let text = format!("{table}\n{known}\n");
        let codes = |text: &str| {
            let mut diagnostics = Diagnostics::new();
            load(Some((&"x".into(), text)), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
            diagnostics.iter().map(|d| d.code).collect::<Vec<_>>()
        };
        assert!(fits_schema(&text) && codes(&text).is_empty(), "{text}");
        let wrong = format!("{text}zebra = 1\n");
        assert!(!fits_schema(&wrong), "{wrong}");
        assert_eq!(codes(&wrong), [Code::UnknownKey], "{wrong}");
    }
}

#[test]
fn the_example_of_the_documentation_means_what_it_says() {
    let (config, _) = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config/valid/contract.toml"));
    assert_eq!(config.inputs, ["target/criterion", "bench/*.txt"]);
    assert_eq!((config.store.as_str(), config.testbed.as_deref()), ("git:perfgate-data", Some("linux-x64")));
    let gate = &config.gate;
    assert_eq!((&gate.warn, &gate.fail), (&Some(Limit::Relative(0.05)), &Some(Limit::Relative(0.1))));
    assert_eq!((gate.evidence, gate.fail_on), (Evidence::Auto, FailOn::Fail));
    assert_eq!((gate.missing, gate.suite_shift), (Counted::Warn, Counted::Warn));
    assert_eq!((gate.inconclusive, gate.invalid), (Counted::Ignore, Counted::Fail));
    let rows = [
        ("x", "time", Some("10%"), "20%", "perfgate.toml:18"),
        ("x", "time.p95", Some("15%"), "25%", "perfgate.toml:23"),
        ("x", "memory", Some("20%"), "50%", "perfgate.toml:27"),
        ("x", "allocs", None, "+0", "perfgate.toml:30"),
        ("x", "throughput", Some("5%"), "10%", "perfgate.toml:34"),
        ("x", "instructions", Some("5%"), "10%", "perfgate.toml:7"),
        ("parse/json/1024", "time", Some("3%"), "6%", "perfgate.toml:40"),
        ("parse/json/1024", "memory", Some("20%"), "50%", "perfgate.toml:27"),
    ];
    for (benchmark, metric, warn, fail, origin) in rows {
        let judging = config.judging(&BenchmarkId::new("go", None, benchmark), &MetricId::new(metric));
        assert_eq!(judging.warn, warn.map(|text| text.parse().unwrap()), "{benchmark} {metric}");
        assert_eq!(judging.fail, Some(fail.parse().unwrap()), "{benchmark} {metric}");
        assert_eq!(judging.origin.raw(), origin, "{benchmark} {metric}");
        assert_eq!(judging.rule, (warn == Some("3%")).then_some(0));
        assert_eq!(judging.better, (metric == "throughput").then_some(Better::Higher));
        assert_eq!(judging.statistic, None);
        assert_eq!(judging.named, metric != "instructions");
        let min_change = metric.starts_with("time").then(|| "+1ns".parse().unwrap());
        assert_eq!(judging.min_change, min_change);
    }
    let [budget] = config.budgets.as_slice() else { panic!("{:?}", config.budgets) };
    assert_eq!((budget.benchmark.as_str(), budget.metric.raw()), ("cache_get_hit", "time"));
    assert_eq!((&budget.warn, &budget.fail), (&Some("5ns".parse().unwrap()), &Some("10ns".parse().unwrap())));
    assert_eq!(budget.origin.raw(), "perfgate.toml:42");
    let [Accept { benchmark, metric, tool: _, up_to, until, reason, origin }] = config.accepts.as_slice() else {
        panic!("{:?}", config.accepts)
    };
    assert!(benchmark.matches_text("render/a") && !benchmark.matches_text("render/a/b"));
    assert_eq!((metric, up_to), (&Some(MetricId::new("time")), &Some(Limit::Relative(0.3))));
    assert_eq!(*until, Some(jiff::civil::date(2027, 1, 31)));
    assert_eq!(reason.as_ref().map(perfgate::text::Untrusted::raw), Some("correct rounding costs this much (#412)"));
    assert_eq!(origin.raw(), "perfgate.toml:48");
    let rename = Rename { from: "old/name".into(), to: "new/name".into(), origin: "perfgate.toml:55".into() };
    assert_eq!(config.renames, [rename]);
}
