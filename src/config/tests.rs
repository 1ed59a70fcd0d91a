//! What the configuration means: precedence, inheritance, limits, and the checked-in schema.

use super::tables::File;
use super::*;
use crate::diag::{Code, Diagnostics};
use crate::model::{BenchmarkId, Better, Unit};

fn from_layers(text: &str, environment: &[(&str, &str)], options: &Overrides) -> (Config, Diagnostics) {
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let mut diagnostics = Diagnostics::new();
    let config = load(Some((&"perfgate.toml".into(), text)), &environment, options, &mut diagnostics);
    (config, diagnostics)
}

fn config(text: &str) -> Config {
    let (config, diagnostics) = from_layers(text, &[], &Overrides::default());
    assert_eq!(diagnostics.into_vec(), [], "{text}");
    config
}

fn of(config: &Config, benchmark: &str, metric: &str) -> Judging {
    config.judging(&BenchmarkId::new("criterion", None, benchmark), &MetricId::new(metric))
}

/// The limits of a series and where they come from, as `warn fail origin`.
fn limits(config: &Config, benchmark: &str, metric: &str) -> String {
    let judging = of(config, benchmark, metric);
    let written = |limit: &Option<Limit>| limit.as_ref().map_or("-".to_owned(), ToString::to_string);
    format!("{} {} {}", written(&judging.warn), written(&judging.fail), judging.origin.raw())
}

fn share(text: &str) -> Option<Limit> {
    text.parse().ok()
}

#[test]
fn built_in_defaults() {
    let mut diagnostics = Diagnostics::new();
    let config = load(None, &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    assert_eq!(diagnostics.into_vec(), []);
    assert_eq!(
        config.gate,
        Gate {
            warn: share("5%"),
            fail: share("10%"),
            evidence: Evidence::Auto,
            fail_on: FailOn::Fail,
            missing: Counted::Warn,
            suite_shift: Counted::Warn,
            inconclusive: Counted::Ignore,
            invalid: Counted::Fail,
        }
    );
    assert_eq!((config.inputs.len(), config.store.as_str(), &config.testbed), (0, "dir:.perfgate", &None));
    let time = of(&config, "a", "time");
    assert_eq!(time.min_change, Some(Limit::Step { value: 3e-10, unit: Some(Unit::Second) }));
    assert_eq!((time.gate, time.named, time.statistic, time.better), (true, false, None, None));
    assert_eq!(limits(&config, "a", "time"), "5% 10% default");
    assert_eq!(of(&config, "a", "memory").min_change, None);
}

/// The reference shows every key, and what it shows in comments can be switched on.
#[test]
fn the_reference_is_complete_and_true() {
    let all: Vec<&str> = DEFAULT
        .lines()
        .map(|line| {
            let body = line.strip_prefix("# ").unwrap_or(line);
            let is_toml = body.starts_with('[') || body.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
            let twice = body == "inputs = []";
            if is_toml && !twice { body } else { "" }
        })
        .collect();
    let all = all.join("\n");
    let config = config(&all);
    assert!(limits(&config, "x", "allocs").starts_with("- +0 perfgate.toml:"));
    assert_eq!((config.rules.len(), config.budgets.len(), config.accepts.len(), config.renames.len()), (1, 1, 1, 1));
    assert_eq!(config.formats.first().map(|f| f.metrics.len()), Some(1));
    let tables: [&[&str]; 8] = [
        File::KEYS,
        tables::GateTable::KEYS,
        tables::MetricTable::KEYS,
        tables::BudgetTable::KEYS,
        tables::AcceptTable::KEYS,
        tables::RenameTable::KEYS,
        tables::FormatTable::KEYS,
        tables::FieldTable::KEYS,
    ];
    for key in tables.concat() {
        let header = ["gate", "metrics"].contains(&key) && all.contains(&format!("\n[{key}"));
        let shown = header || all.contains(&format!("\n{key} = ")) || all.contains(&format!("\n[[{key}]]"));
        assert!(shown, "{key}");
    }
}

#[test]
fn the_most_specific_entry_speaks() {
    let config = config(
        "[gate]\nwarn = '6%'\n[metrics.time]\nfail = '20%'\nstatistic = 'p10'\n[metrics.throughput]\nbetter = 'higher'\n\
         [[rule]]\nbenchmark = 'parse/*'\nmetric = 'time'\nfail = '3%'\nwarn = '2%'\n\
         [[rule]]\nbenchmark = 'parse/**'\nwarn = '1%'\n\
         [[rule]]\nbenchmark = '**/slow'\ngate = false\nmin-change = '1s'\nstatistic = 'auto'\n",
    );
    assert_eq!(limits(&config, "x", "time"), "6% 20% perfgate.toml:4");
    assert_eq!(limits(&config, "x", "memory"), "6% 10% default");
    assert_eq!(limits(&config, "parse/a", "time"), "2% 3% perfgate.toml:11");
    assert_eq!(limits(&config, "parse/a", "memory"), "1% 10% default");
    assert_eq!(limits(&config, "parse/a/slow", "time"), "1% 20% perfgate.toml:4");
    let slow = of(&config, "a/slow", "time");
    assert_eq!((slow.gate, slow.rule, slow.statistic), (false, Some(2), None));
    assert_eq!(slow.min_change, share("+1s"));
    assert_eq!(of(&config, "x", "time").statistic, Some(Statistic::P10));
    assert_eq!(of(&config, "x", "throughput").better, Some(Better::Higher));
    let origins: Vec<&str> = config.rules().iter().map(|rule| rule.origin.raw()).collect();
    assert_eq!(origins, ["perfgate.toml:8", "perfgate.toml:13", "perfgate.toml:16"]);
}

#[test]
fn half_a_pair_takes_the_other_half_where_it_fits() {
    let cases = [
        ("fail = '20%'", "5% 20%"),
        ("fail = '5%'", "5% 5%"),
        ("fail = '3%'", "- 3%"),
        ("fail = '+0'", "- +0"),
        ("warn = '7%'", "7% 10%"),
        ("warn = '15%'", "10% 10%"),
        ("warn = '+1'", "+1 10%"),
        ("warn = '+1'\nfail = '5%'", "+1 5%"),
        ("", "5% 10%"),
    ];
    for (entry, expected) in cases {
        let config = config(&format!("[metrics.allocs]\n{entry}\n"));
        let found = limits(&config, "a", "allocs");
        assert_eq!(found.rsplit_once(' ').unwrap().0, expected, "{entry}");
    }
}

#[test]
fn a_warning_gives_way_to_a_failure() {
    let cases =
        [("fail = '3%'", "3% 3%"), ("warn = '15%'", "10% 10%"), ("fail = '+1'", "- +1"), ("warn = '1%'", "1% 10%")];
    for (entry, expected) in cases {
        let config = config(&format!("[gate]\n{entry}\n"));
        assert_eq!(limits(&config, "a", "time").rsplit_once(' ').unwrap().0, expected, "{entry}");
    }
}

#[test]
fn options_replace_relative_limits_only() {
    let text = "[metrics.time]\nwarn = '10%'\nfail = '20%'\n[metrics.allocs]\nfail = '+0'\n[metrics.memory]\nwarn = '15%'\n\
                [[rule]]\nbenchmark = 'r'\nfail = '2%'\n\
                [[budget]]\nbenchmark = 'b'\nmetric = 'time'\nwarn = '1ms'\nfail = '2ms'\n";
    let with = |warn: &str, fail: &str, environment: &[(&str, &str)]| {
        let limit = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let options = Overrides { warn: limit(warn), fail: limit(fail), ..Overrides::default() };
        let (config, diagnostics) = from_layers(text, environment, &options);
        assert_eq!(diagnostics.into_vec(), []);
        assert_eq!(config.budgets.first().and_then(|b| b.fail.clone()), Some("2ms".parse().unwrap()));
        let rows = [("x", "time"), ("x", "allocs"), ("x", "memory"), ("x", "other"), ("r", "time")];
        rows.map(|(benchmark, metric)| limits(&config, benchmark, metric)).join(" | ")
    };
    assert_eq!(with("", "3%", &[]), "3% 3% --fail | - +0 perfgate.toml:5 | 3% 3% --fail | 3% 3% --fail | 3% 3% --fail");
    assert_eq!(
        with("12%", "", &[]),
        "12% 20% perfgate.toml:3 | - +0 perfgate.toml:5 | 10% 10% default | 10% 10% default | - 2% perfgate.toml:10"
    );
    assert_eq!(
        with("1%", "30%", &[]),
        "1% 30% --fail | - +0 perfgate.toml:5 | 1% 30% --fail | 1% 30% --fail | 1% 30% --fail"
    );
    // The stronger layer wins, and the weaker one gives way to it.
    assert_eq!(with("", "3%", &[("PERFGATE_WARN", "4%"), ("PERFGATE_FAIL", "50%")]), with("", "3%", &[]));
    assert!(with("", "", &[("PERFGATE_FAIL", "3%")]).starts_with("3% 3% PERFGATE_FAIL | - +0"));
    assert!(with("", "", &[("PERFGATE_FAIL", "")]).starts_with("10% 20% perfgate.toml:3"));
}

#[test]
fn words_and_places_by_precedence() {
    let text = "store = 'dir:a'\ntestbed = 'file'\n[gate]\nevidence = 'none'\nfail-on = 'warn'\ninconclusive = 'fail'\nmissing = 'fail'\n";
    let environment = [
        ("PERFGATE_STORE", "dir:b"),
        ("PERFGATE_EVIDENCE", "strict"),
        ("PERFGATE_INCONCLUSIVE", "warn"),
        ("PERFGATE_SUITE_SHIFT", "ignore"),
        ("PERFGATE_TOKEN", "secret"),
        ("PERFGATE_SOMETHING", "else"),
    ];
    let options = Overrides { fail_on: Some(FailOn::Never), ..Overrides::default() };
    let (config, diagnostics) = from_layers(text, &environment, &options);
    assert_eq!(diagnostics.into_vec(), []);
    assert_eq!((config.store.as_str(), config.testbed.as_deref()), ("dir:b", Some("file")));
    let Gate { evidence, fail_on, missing, suite_shift, inconclusive, invalid, .. } = config.gate;
    assert_eq!((evidence, fail_on, missing), (Evidence::Strict, FailOn::Never, Counted::Fail));
    assert_eq!((suite_shift, inconclusive, invalid), (Counted::Ignore, Counted::Warn, Counted::Fail));
    let shown = config.show();
    for line in [
        "store = \"dir:b\"   # PERFGATE_STORE",
        "# PERFGATE_EVIDENCE",
        "# --fail-on",
        "testbed = \"file\"  # perfgate.toml:2",
        "# perfgate.toml:7",
        "# default",
    ] {
        assert!(shown.contains(line), "{line} in\n{shown}");
    }
    assert!(!shown.contains("secret"));
}

#[test]
fn wrong_options_and_variables_are_errors() {
    let messages = |environment: &[(&str, &str)], warn: Option<&str>, fail: Option<&str>| {
        let options = Overrides {
            warn: warn.map(|text| text.parse().unwrap()),
            fail: fail.map(|text| text.parse().unwrap()),
            ..Overrides::default()
        };
        let (_, diagnostics) = from_layers("", environment, &options);
        diagnostics.into_vec().into_iter().map(|d| (d.code, d.message)).collect::<Vec<_>>()
    };
    let found =
        messages(&[("PERFGATE_FAIL", "10"), ("PERFGATE_MISSING", "pass"), ("PERFGATE_WARN", "+2ms")], None, None);
    let codes: Vec<Code> = found.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [Code::InvalidLimit, Code::InvalidLimit, Code::InvalidConfig], "{found:?}");
    assert!(found[2].1.starts_with("in PERFGATE_MISSING: `pass` is not one of ignore"), "{found:?}");
    assert_eq!(messages(&[], None, Some("+2ms"))[0].0, Code::InvalidLimit);
    assert_eq!(messages(&[], Some("9%"), Some("5%"))[0].0, Code::LimitOrder);
}

#[test]
fn fixed_statistics_are_those_that_are_named() {
    let text = "[metrics.time]\nwarn = '1%'\nfail = '2%'\nbetter = 'lower'\nmin-change = '1ns'\ngate = false\n\
                [metrics.'time.p95']\nwarn = '15%'\nfail = '25%'\n[metrics.'error.rate']\nfail = '+0'\n\
                [[rule]]\nbenchmark = '**'\nmetric = 'latency.max'\n\
                [[budget]]\nbenchmark = '**'\nmetric = 'latency.p99'\nfail = '1s'\n";
    let options = Overrides { metric: vec!["time.min".to_owned(), "bytes".to_owned()], ..Overrides::default() };
    let (config, diagnostics) = from_layers(text, &[], &options);
    assert_eq!(diagnostics.into_vec(), []);
    let fixed: Vec<String> =
        config.fixed_statistics().iter().map(|(b, s, f)| format!("{} {} {}", b.raw(), s.as_str(), f.raw())).collect();
    assert_eq!(fixed, ["latency max latency.max", "latency p99 latency.p99", "time min time.min", "time p95 time.p95"]);
    assert_eq!(limits(&config, "a", "time.p95"), "15% 25% perfgate.toml:9");
    // Not the limits of `time`, but its direction and its smallest change.
    assert_eq!(limits(&config, "a", "time.min"), "5% 10% default");
    let p95 = of(&config, "a", "time.p95");
    // The statistic is the series' own business: a tool may have a metric of that very name.
    assert_eq!((p95.statistic, p95.better, p95.gate), (None, Some(Better::Lower), true));
    assert_eq!(p95.min_change, share("+1ns"));
    let named = ["time", "time.p95", "time.min", "bytes", "latency.max", "latency.p99", "memory"];
    assert_eq!(named.map(|metric| of(&config, "a", metric).named), [true, true, true, true, true, false, false]);
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    for text in [
        "",
        include_str!("../../fixtures/config/valid/contract.toml"),
        "inputs = ['a\"b', \"c\\td\\u202E\"]\n[metrics.'a b.\"c\"']\nfail = '+0.3ns'\n[gate]\nfail = '0.7%'\n",
    ] {
        for fail in [None, Some("3%")] {
            let options = Overrides { fail: fail.map(|text| text.parse().unwrap()), ..Overrides::default() };
            let (first, diagnostics) = from_layers(text, &[], &options);
            assert_eq!(diagnostics.into_vec(), []);
            let shown = first.show();
            let second = config(&shown);
            assert_eq!(first.file, second.file, "{shown}");
            assert_eq!(first.gate, second.gate);
            assert!(!shown.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)));
            assert!(shown.lines().all(|line| line.is_empty() || line.starts_with('[') || line.contains("  # ")));
        }
    }
}

#[test]
fn names_of_the_file_cannot_break_out_of_the_comments() {
    let name = Untrusted::from("a\ngate.fail = '99%'\u{202e}.toml");
    let mut diagnostics = Diagnostics::new();
    let config = load(Some((&name, "testbed = 'x'")), &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    assert!(config.show().contains("testbed = \"x\"            # a\\ngate.fail"), "{}", config.show());
}

/// Drops `null` from the types: TOML has none, a key is there or not.
fn without_null(schema: &mut schemars::Schema) {
    if let Some(object) = schema.as_object_mut() {
        if let Some(serde_json::Value::Array(types)) = object.get_mut("type") {
            types.retain(|t| t != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                object.insert("type".to_owned(), one);
            }
        }
        if let Some(serde_json::Value::Array(choices)) = object.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type") != Some(&"null".into()));
            if let [serde_json::Value::Object(one)] = choices.as_slice() {
                let one = one.clone();
                object.remove("anyOf");
                object.extend(one);
            }
        }
    }
    schemars::transform::transform_subschemas(&mut without_null, schema);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the checked-in schema is rewritten on demand")]
fn schema_is_that_of_the_types() {
    let mut generated = schemars::schema_for!(File);
    without_null(&mut generated);
    generated.insert("title".to_owned(), "perfgate.toml".into());
    let generated = format!("{}\n", serde_json::to_string_pretty(&generated).unwrap());
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/config.json"), &generated).unwrap();
    } else {
        assert_eq!(generated, schema(), "run the tests with UPDATE_EXPECTED=1 to write schema/config.json again");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "[gate]\n", "[[rule]]\n", "[metrics.time]\n", "[metrics]\n", "rule = 1\n", "warn = '5%'\n", "fail", " = ", "'+0'",
                "\n", "benchmark = 'a'\n", "until = 2027-02-30\n", "[[", "]]", "{", "}", "\u{feff}", "\"", "é", "1e999", "[[bench]]\n",
                "command = []\n", "metrics.a.b = 1\n", ".", "\0", "until = '2027-1-31xx'\n", "[[accept]]\n", "[[budget]]\n",
            ]),
            0..12,
        )
    ) {
        let text = parts.concat();
        let (config, diagnostics) = from_layers(&text, &[], &Overrides::default());
        for diagnostic in diagnostics.iter() {
            crate::diag::render::terminal(diagnostic, false, 100);
        }
        let _ = (config.show(), of(&config, "a", "time"));
    }
}
