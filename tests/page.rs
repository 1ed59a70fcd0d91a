//! The HTML page as a document: what it holds, how large it gets, and that names are only text in it.
//!
//! What it looks like and does in a browser is tested in `tests/browser`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and stops at what it did not expect"
)]

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use perfgate::model::Subject;
use perfgate::model::report::{Counts, Report, Reports, Row, Verdict};
use perfgate::model::runs::{Runs, Samples};
use perfgate::report::comment::Links;
use perfgate::report::several::{SETS, Set};
use perfgate::report::{Style, by_name};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn fixture(name: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/reports/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn page(report: &Report) -> String {
    let text = (by_name("html").unwrap().render)(report, &Style::default());
    assert!(text.starts_with("<!doctype html>\n") && text.ends_with("</html>\n"), "{}", &text[..200]);
    text
}

fn page_of(reports: Vec<Report>, links: Links) -> String {
    let output = SETS.iter().find(|output| output.name == "html").unwrap();
    (output.render)(&Set { reports: Reports::new(reports), links }, &Style::default())
}

/// What stands between two texts, the first time.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("no {before:?}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?}")).0
}

/// The data that the page's script reads.
fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "<script type=\"application/json\" id=\"data\">", "</script>")).unwrap()
}

/// The page without what is the same in every page: styles, scripts, icons and data.
fn served(page: &str) -> String {
    let body = between(page, "<body>\n", "\n<script type=\"application/json\"");
    let icons = between(body, "<svg class=\"icons\"", "</svg>");
    body.replace(&format!("<svg class=\"icons\"{icons}</svg>\n"), "")
}

/// Every tag of a document, in order: `main`, `/main`. Text never holds a bare `<`.
fn tags(document: &str) -> Vec<&str> {
    let names = document.split('<').skip(1);
    names.map(|rest| rest.split(|c: char| c.is_whitespace() || c == '>').next().unwrap()).collect()
}

/// A report of many rows that all have a history, runs and samples.
fn many(count: usize, past: usize) -> Report {
    let mut report = fixture("history");
    let row = report.results.first().unwrap().clone();
    let verdicts = [Verdict::Pass, Verdict::Pass, Verdict::Fail, Verdict::Pass, Verdict::Inconclusive];
    report.history = past;
    report.past = (0..past)
        .map(|i| Subject {
            commit: Some(format!("{i:07x}").repeat(5).into()),
            committed_at: Some(1_767_225_600 + 86_400 * i64::try_from(i).unwrap()),
            ..Subject::default()
        })
        .collect();
    // Digits as measured values have them.
    let value = |i: usize, j: usize| 1.231e-5 * (1.0 + ((i * 31 + j * 17) % 997) as f64 / 31_013.0);
    report.results = (0..count)
        .map(|i| {
            let current = value(i, 3) * 1.139;
            let change = current / value(i, 1) - 1.0;
            Row {
                benchmark: format!("group_{}/function_with_a_usual_name/{i}", i % 40).into(),
                verdict: verdicts.get(i % verdicts.len()).copied().unwrap(),
                baseline: row.baseline.map(|v| perfgate::model::report::Value { value: Some(value(i, 1)), ..v }),
                current: row.current.map(|v| perfgate::model::report::Value { value: Some(current), ..v }),
                change: Some(change),
                interval: Some([change - 0.0123, change + 0.0119]),
                p: Some(value(i, 5) * 100.0),
                p_adjusted: Some(value(i, 7) * 1000.0),
                detectable: Some(value(i, 9) * 3000.0),
                runs: Some(Box::new(Runs {
                    history: (0..past).map(|j| (j % 19 != 7).then(|| value(i, j))).collect(),
                    levels: vec![past / 2],
                    baseline: (0..3).map(|j| Some(value(i, j))).collect(),
                    current: (0..3).map(|j| Some(value(i, j) * 1.139)).collect(),
                    samples: Samples {
                        baseline: vec![(0..64).map(|j| value(i, j)).collect(); 3],
                        current: vec![(0..64).map(|j| value(i, j) * 1.139).collect(); 3],
                    },
                })),
                ..row.clone()
            }
        })
        .collect();
    report.counts = Counts { total: count, ..Counts::default() };
    for row in &report.results {
        report.counts.add(row.verdict);
    }
    report
}

#[test]
fn heads_look_as_reviewed() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        for name in ["mixed", "history", "hostile", "nothing", "empty"] {
            insta::assert_snapshot!(format!("{name}-html"), served(&page(&fixture(name))));
        }
        let on = |testbed: &str, name: &str| Report { testbed: Some(testbed.into()), ..fixture(name) };
        let links = Links {
            repository: Some("https://github.com/o/r".to_owned()),
            run: Some("https://github.com/o/r/actions/runs/1".to_owned()),
        };
        let matrix = vec![on("linux-x64", "pass"), on("linux-arm64", "history"), on("macos-arm64", "nothing")];
        insta::assert_snapshot!("matrix-html", served(&page_of(matrix, links)));
    });
}

#[test]
fn the_data_hold_every_row_worst_first() {
    for name in ["mixed", "history", "hostile", "packages", "unicode", "zero", "pass", "nothing", "empty"] {
        let report = fixture(name);
        let page = page(&report);
        let data = data(&page);
        let rows = data["rows"].as_object().unwrap();
        let count = report.results.len();
        for (column, values) in rows {
            let Some(values) = values.as_array() else { continue };
            assert!(column == "samples" || column == "spelled" || values.len() == count, "{name}: {column}");
        }
        let word = |at: &Value| data["words"][at.as_u64().unwrap() as usize].as_str().unwrap();
        for (i, row) in report.worst_first().iter().enumerate() {
            assert_eq!(word(&rows["verdict"][i]), row.verdict.as_str());
            assert_eq!(word(&rows["state"][i]), if row.gate { row.verdict.as_str() } else { "shown" });
            let unit = data["units"][rows["unit"][i].as_u64().unwrap() as usize][1].as_f64().unwrap();
            let known = row.current.and_then(|v| v.value).filter(|v| v.is_finite());
            let read = rows["after"][i].as_f64().map(|value| value * unit);
            match (known, read) {
                (Some(known), Some(read)) => {
                    assert!((read - known).abs() <= known.abs() * 1e-5, "{name}: {read} {known}");
                }
                (known, read) => assert_eq!(known.is_some(), read.is_some(), "{name}"),
            }
            let shape = data["shapes"][rows["shape"][i].as_u64().unwrap() as usize].as_array().unwrap();
            assert_eq!(shape.len(), rows["facts"][i].as_array().unwrap().len());
            assert!(shape.first().is_none_or(|label| !word(label).is_empty()), "the first sentence has a label");
        }
    }
}

#[test]
fn history_runs_and_samples_are_in_the_unit_of_the_row() {
    let report = many(3, 20);
    let data = data(&page(&report));
    let rows = &data["rows"];
    let first = report.worst_first()[0].clone();
    let runs = first.runs.unwrap();
    assert_eq!(data["units"][0][0], "µs");
    let close = |read: &Value, value: f64| assert!((read.as_f64().unwrap() * 1e-6 / value - 1.0).abs() < 1e-5);
    close(&rows["history"][0][0], runs.history[0].unwrap());
    assert!(rows["history"][0][7].is_null(), "a run without the series is a gap");
    assert_eq!(rows["levels"][0][0], 10);
    close(&rows["runs"][0][1][2], runs.current[2].unwrap());
    let samples = rows["samples"][0][0][0].as_array().unwrap();
    assert_eq!(samples.len(), 160 / 6);
    close(&samples[0], runs.samples.baseline[0][0]);
    // The limits are values of the current side, and the interval stands around the value that it belongs to.
    let baseline = first.baseline.unwrap().value.unwrap();
    assert!(rows["fail"][0].as_f64().unwrap() > baseline / 1e-6);
    let (low, high) = (rows["range"][0][0].as_f64().unwrap(), rows["range"][0][1].as_f64().unwrap());
    let after = rows["after"][0].as_f64().unwrap();
    assert!(low < after && after < high, "{low} {after} {high}");
    assert_eq!(data["reports"][0]["past"][19][1], 1_767_225_600 + 19 * 86_400);
}

#[test]
fn a_report_that_was_read_has_no_samples_and_everything_else() {
    let report = many(3, 20);
    let text = (by_name("json").unwrap().render)(&report, &Style::default());
    let read: Report = serde_json::from_str(&text).unwrap();
    let data = data(&page(&read));
    assert!(data["rows"].get("samples").is_none());
    assert!(data["rows"]["history"][0][0].is_number() && data["rows"]["runs"][0][0][0].is_number());
}

#[test]
fn pages_keep_to_their_sizes() {
    let thousand = page(&many(1000, 20)).len();
    assert!(thousand <= 1_500_000, "1 000 rows: {thousand} bytes");
    let many = page(&many(20_000, 20)).len();
    assert!(many <= 15_000_000, "20 000 rows: {many} bytes");
    eprintln!("1 000 rows: {thousand} bytes, 20 000 rows: {many} bytes");
}

#[test]
fn the_policy_allows_what_the_page_holds_and_nothing_else() {
    let page = page(&fixture("mixed"));
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let policy = policy.replace("&#x27;", "'").replace("&#x2f;", "/");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let style = hash(between(&page, "<style>", "</style>"));
    let scripts: Vec<String> =
        page.split("<script>").skip(1).map(|rest| hash(rest.split("</script>").next().unwrap())).collect();
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src {style}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
            scripts.join(" ")
        )
    );
    // The policy comes before whatever it is about, and nothing in the page would need more than it allows.
    assert!(page.find("Content-Security-Policy") < page.find("<style>"));
    let served = served(&page);
    for way in [" style=", " src=", " onclick", "javascript:", "<link", "<img", "<iframe"] {
        assert!(!served.contains(way), "{way}");
    }
    assert!(page.contains("The MIT License"), "the licence of the chart library stands with it");
}

/// Names that mean something in HTML, in scripts, to readers and to terminals.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "--> <b>hi</b> <!--",
    "]]>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table>",
    "</title><h1>x",
    "</style><style>*{display:none}",
    "&lt;b&gt;&amp;&#60;",
    "{{ 7 * 7 }}{% include 'x' %}",
    "javascript:alert(1)",
    "https://evil.example/",
    "\u{202e}gpj.exe",
    "a\u{200b}b",
    "\u{1b}[31mred",
    "\u{2028}alert(1)",
    "a\nb",
    "##[error]x",
    "::error::x",
    "\0",
    "\u{e0041}x",
    "",
    "   ",
    "constructor",
    "__proto__",
];

/// A report with these names wherever a report has a name.
fn with_names(names: &[&str]) -> Report {
    let mut report = fixture("history");
    let rows = report.results.clone();
    let mut names = names.iter().cycle();
    let mut next = || perfgate::text::Untrusted::from(*names.next().unwrap());
    report.results = rows
        .iter()
        .cycle()
        .take(HOSTILE.len())
        .map(|row| {
            let mut row = row.clone();
            (row.benchmark, row.metric.0, row.package, row.tool) = (next(), next(), Some(next()), next());
            (row.tool_unit, row.limits.origin) = (Some(next()), next());
            row.unit = perfgate::model::Unit::Other(next().raw().into());
            row.explanations = vec![next().raw().to_owned(), next().raw().to_owned()];
            row
        })
        .collect();
    let labels: BTreeMap<_, _> = ["cpu", "os", "x"].iter().map(|key| ((*key).into(), next())).collect();
    for side in [&mut report.baseline, &mut report.current] {
        side.labels.clone_from(&labels);
        (side.branch, side.commit) = (Some(next()), Some(next()));
        side.inputs = vec![next(), next()];
    }
    for shift in &mut report.shifts {
        (shift.suite, shift.metric.0) = (next(), next());
    }
    for note in &mut report.notes {
        next().raw().clone_into(&mut note.message);
    }
    report.past = vec![Subject { commit: Some(next()), ..Subject::default() }, Subject::default()];
    (report.testbed, report.perfgate) = (Some(next()), next().raw().to_owned());
    report
}

#[test]
fn names_change_nothing_but_text() {
    let plain = page(&with_names(&["name"]));
    for turn in 0..HOSTILE.len() {
        let names: Vec<&str> = HOSTILE.iter().cycle().skip(turn).take(HOSTILE.len()).copied().collect();
        let page = page(&with_names(&names));
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()));
        // Limits of different metrics are more rules, so only what may be there is compared, and the frame of the page.
        let (found, expected) = (served(&page), served(&plain));
        let kinds =
            |document: &str| tags(document).into_iter().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(kinds(&found), kinds(&expected), "turn {turn}");
        let count = |document: &str| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for tag in tags(document).into_iter().filter(|tag| !["code", "/code", "li", "/li"].contains(tag)) {
                *counts.entry(tag.to_owned()).or_default() += 1;
            }
            counts
        };
        assert_eq!(count(&found), count(&expected), "turn {turn}");
        assert_eq!(page.matches("<script").count(), plain.matches("<script").count());
        let read = data(&page);
        assert_eq!(read["rows"]["name"].as_array().unwrap().len(), HOSTILE.len());
        let addresses: Vec<&str> = page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(addresses.iter().all(|a| a.starts_with('#') || *a == "data:,"), "{addresses:?}");
    }
}

#[test]
fn hostile_names_read_as_what_they_are() {
    let report = with_names(HOSTILE);
    let data = data(&page(&report));
    let names: Vec<&str> = data["rows"]["name"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.iter().all(|name| !name.trim().is_empty() && !name.chars().any(perfgate::text::is_unsafe)));
    for row in &report.results {
        let raw = row.benchmark.raw();
        if !raw.chars().any(perfgate::text::is_unsafe) && !raw.trim().is_empty() && !raw.contains("##[") {
            assert!(names.contains(&raw), "{raw:?}");
        }
    }
}

#[test]
fn whatever_is_missing_the_page_is_whole() {
    let history = fixture("history");
    let first = history.results.first().unwrap().clone();
    let only = |row: Row| Report { results: vec![row], ..fixture("history") };
    let nothing = perfgate::model::report::Value { value: None, runs: 1, samples: None };
    let cases = [
        ("no rows", fixture("empty")),
        ("one row", only(first.clone())),
        ("new", only(Row { verdict: Verdict::New, baseline: None, change: None, interval: None, ..first.clone() })),
        (
            "missing",
            only(Row { verdict: Verdict::Missing, current: None, change: None, interval: None, ..first.clone() }),
        ),
        (
            "not a number",
            only(Row { verdict: Verdict::Invalid, current: Some(nothing), change: None, ..first.clone() }),
        ),
        (
            "infinite",
            only(Row {
                change: Some(f64::INFINITY),
                interval: Some([f64::NEG_INFINITY, f64::NAN]),
                p: Some(f64::NAN),
                ..first.clone()
            }),
        ),
        ("a long name", only(Row { benchmark: "n".repeat(10_000).into(), ..first.clone() })),
        (
            "runs without values",
            only(Row {
                runs: Some(Box::new(Runs {
                    history: vec![None, None],
                    levels: vec![5],
                    baseline: vec![None],
                    current: vec![Some(f64::NAN)],
                    samples: Samples { baseline: vec![vec![]], current: vec![vec![f64::NAN], vec![]] },
                })),
                ..first
            }),
        ),
    ];
    for (name, report) in cases {
        let page = page(&report);
        let data = data(&page);
        assert_eq!(data["rows"]["name"].as_array().unwrap().len(), report.results.len(), "{name}");
        assert!(page.contains(&format!("<h1>{}</h1>", perfgate::report::headline(&report))), "{name}");
        if name == "a long name" {
            assert_eq!(data["rows"]["name"][0].as_str().unwrap().len(), 10_000);
            assert_eq!(data["rows"]["cut"]["0"].as_str().unwrap().chars().count(), 120);
        }
    }
}

#[test]
fn several_reports_share_a_table_and_one_stands_alone() {
    let on = |testbed: &str, name: &str| Report { testbed: Some(testbed.into()), ..fixture(name) };
    let reports = vec![on("linux", "pass"), on("macos", "history")];
    let count: usize = reports.iter().map(|report| report.results.len()).sum();
    let page = page_of(reports.clone(), Links::default());
    let read = data(&page);
    let order: Vec<u64> = read["rows"]["report"].as_array().unwrap().iter().map(|at| at.as_u64().unwrap()).collect();
    assert_eq!(order.len(), count);
    assert_eq!(order[0], 1, "the worst row of all is first");
    assert_eq!((&read["reports"][0]["label"], &read["reports"][1]["label"]), (&"linux".into(), &"macos".into()));
    let alone = page_of(vec![reports[1].clone()], Links::default());
    assert_eq!(alone, self::page(&reports[1]), "one report in a set is that report");
    let nothing = page_of(Vec::new(), Links::default());
    assert!(nothing.contains("nothing compared"), "{}", served(&nothing));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for report in [fixture("hostile"), many(30, 5)] {
        assert_eq!(page(&report), page(&report));
    }
}
