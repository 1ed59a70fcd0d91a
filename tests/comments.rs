//! The comment of one report and of several: how it looks, how long it gets, and that only perfgate's elements are in it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and stops at what it did not expect"
)]

mod markdown;

use std::path::Path;
use std::time::Instant;

use markdown::assert_only_ours;
use perfgate::model::report::{Counts, GateVerdict, Report, Reports, Row, Verdict};
use perfgate::report::comment::{self, Links};
use perfgate::report::several::{SETS, Set};
use perfgate::report::{REPORTS, Style};
use proptest::prelude::*;

const COMMENT: usize = 60_000;

fn report(name: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/reports/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn on(testbed: &str, name: &str) -> Report {
    Report { testbed: Some(testbed.into()), ..report(name) }
}

fn links() -> Links {
    Links {
        repository: Some("https://github.com/o/r".to_owned()),
        run: Some("https://github.com/o/r/actions/runs/17123456789".to_owned()),
    }
}

/// A report in which one row occurs many times.
fn many(count: usize, verdict: Verdict, testbed: &str) -> Report {
    let mut report = on(testbed, "packages");
    let row = Row { verdict, ..report.results.first().unwrap().clone() };
    report.results =
        (0..count).map(|i| Row { benchmark: format!("group/{i:05}/|`@x").into(), ..row.clone() }).collect();
    report.counts = Counts { total: count, ..Counts::default() };
    (0..count).for_each(|_| report.counts.add(verdict));
    report.verdict = GateVerdict::Fail;
    report
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap()
}

#[test]
fn comments_look_as_reviewed() {
    let cases: [(&str, Vec<Report>); 5] = [
        ("fail", vec![on("linux-x64", "mixed")]),
        ("pass", vec![report("pass")]),
        ("matrix", vec![on("linux-x64", "pass"), on("linux-arm64", "mixed"), on("macos-arm64", "nothing")]),
        ("no-baseline", vec![no_baseline()]),
        ("none", Vec::new()),
    ];
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        for (name, reports) in cases {
            insta::assert_snapshot!(format!("comment-{name}"), comment::document(&reports, &links(), COMMENT));
        }
        let clean = [on("linux-x64", "pass"), on("linux-arm64", "pass")];
        insta::assert_snapshot!("comment-recovered", comment::recovered(&clean, &links(), COMMENT));
    });
}

/// A first run: everything is new.
fn no_baseline() -> Report {
    let mut report = report("nothing");
    report.results.retain(|row| row.verdict == Verdict::New);
    report.counts = Counts { new: 2, total: 2, ..Counts::default() };
    report.baseline = perfgate::model::report::Side::default();
    report.notes.insert(
        0,
        perfgate::model::report::Note {
            code: "no-baseline".to_owned(),
            severity: perfgate::diag::Severity::Error,
            message: "no stored run to compare with: none at or before a1b2c3d4e5, the merge base".to_owned(),
        },
    );
    report
}

#[test]
fn hostile_names_are_only_text() {
    let reports = [on("@octocat|`", "hostile"), on("/merge", "hostile"), on("</details>", "hostile")];
    for bytes in [4096, 20_000, COMMENT, 1_000_000] {
        for reports in [&reports[..1], &reports] {
            let text = comment::document(reports, &links(), bytes);
            assert!(text.len() <= bytes);
            assert_only_ours("hostile", &text, &["https://github.com/o/r/"]);
        }
    }
}

#[test]
fn the_first_line_says_it_all() {
    let (fail, pass, nothing) = (on("a", "mixed"), on("b", "pass"), on("c", "nothing"));
    for (reports, line, verdict) in [
        (vec![], "### ⚪ perfgate: nothing compared", GateVerdict::None),
        (vec![fail.clone()], "### 🔴 perfgate: 4 regressions, 1 invalid, 2 warnings, 1 missing", GateVerdict::Fail),
        (vec![pass.clone()], "### 🟢 perfgate: no regressions", GateVerdict::Pass),
        (vec![nothing.clone()], "### ⚪ perfgate: nothing compared", GateVerdict::None),
        (vec![no_baseline()], "### ⚪ perfgate: no baseline yet", GateVerdict::None),
        (vec![no_baseline(), no_baseline()], "### ⚪ perfgate: no baseline yet", GateVerdict::None),
        (vec![nothing.clone(), no_baseline()], "### ⚪ perfgate: nothing compared", GateVerdict::None),
        (vec![pass.clone(), pass.clone()], "### 🟢 perfgate: no regressions", GateVerdict::Pass),
        (
            vec![pass.clone(), no_baseline()],
            "### 🟢 perfgate: no regressions, nothing compared in 1 of 2 reports",
            GateVerdict::Pass,
        ),
        (
            vec![fail.clone(), pass.clone(), fail.clone()],
            "### 🔴 perfgate: 8 regressions, 2 invalid, 4 warnings, 2 missing",
            GateVerdict::Fail,
        ),
    ] {
        assert_eq!(first_line(&comment::document(&reports, &links(), COMMENT)), line);
        assert_eq!(comment::verdict(&reports), verdict, "{line}");
    }
    let clean = [pass.clone(), pass];
    assert_eq!(first_line(&comment::recovered(&clean, &links(), COMMENT)), "### 🟢 perfgate: recovered");
    // What is not clean has not recovered, and a comment that nobody has compared anything for says nothing good.
    for reports in [vec![fail], vec![nothing]] {
        let text = comment::recovered(&reports, &links(), COMMENT);
        assert_eq!(text, comment::document(&reports, &links(), COMMENT));
    }
}

#[test]
fn a_status_is_one_short_line() {
    for (reports, said) in [
        (vec![], "nothing compared"),
        (vec![no_baseline()], "no baseline yet"),
        (vec![no_baseline(), no_baseline()], "no baseline yet"),
        (vec![report("pass"), report("pass")], "no regressions: 48 metrics in 2 reports"),
        (vec![report("pass"), no_baseline()], "no regressions: 24 metrics in 2 reports, nothing compared in 1 of them"),
    ] {
        assert_eq!(comment::status(&reports), said);
    }
    assert!(
        comment::status(&[report("mixed")])
            .starts_with("3 of 143 metrics regressed, 1 over budget, 1 invalid, 2 warnings")
    );
    for name in ["empty", "history", "hostile", "mixed", "nothing", "packages", "pass", "unicode", "zero"] {
        for reports in [vec![report(name)], vec![report(name), report("mixed")]] {
            let said = comment::status(&reports);
            assert!(said.chars().count() <= 140 && said.is_ascii() && !said.contains(['\n', '@', '#']), "{said}");
        }
    }
}

#[test]
fn sections_are_told_apart() {
    let headings = |reports: &[Report]| -> Vec<String> {
        let text = comment::document(reports, &Links::default(), COMMENT);
        let found = text.lines().filter(|l| l.starts_with("#### "));
        found.map(|l| l.trim_start_matches("#### 🟢 ").split(": ").next().unwrap().to_owned()).collect()
    };
    let named = |testbed: Option<&str>, inputs: &[&str]| {
        let mut report = report("pass");
        report.testbed = testbed.map(Into::into);
        report.current.inputs = inputs.iter().map(|i| (*i).into()).collect();
        report
    };
    assert_eq!(headings(&[named(Some("a"), &["x"]), named(Some("b"), &["x"])]), ["`a`", "`b`"]);
    assert_eq!(headings(&[named(Some("a"), &["x"]), named(Some("a"), &["y"])]), ["`a`, `x`", "`a`, `y`"]);
    assert_eq!(headings(&[named(None, &["x"]), named(Some("a"), &["y"])]), ["`x`", "`a`"]);
    assert_eq!(headings(&[named(None, &["x"]), named(None, &["x"])]), ["`x` (1)", "`x` (2)"]);
    assert_eq!(headings(&[named(None, &[]), named(None, &[])]), ["report (1)", "report (2)"]);
    // What failed stands first.
    let text = comment::document(&[on("a", "pass"), on("b", "mixed"), on("c", "nothing")], &links(), COMMENT);
    let at = |name: &str| text.find(&format!("`{name}`: ")).unwrap();
    assert!(at("b") < at("c") && at("c") < at("a"), "{text}");
}

#[test]
fn ten_thousand_regressions_are_quick_and_fit() {
    for (legs, verdict) in [(1, Verdict::Fail), (8, Verdict::Fail), (8, Verdict::Missing), (8, Verdict::Improved)] {
        let reports: Vec<Report> = (0..legs).map(|i| many(10_000, verdict, &format!("machine-{i}"))).collect();
        for bytes in [COMMENT, 20_000, 4096] {
            let start = Instant::now();
            let text = comment::document(&reports, &links(), bytes);
            let took = start.elapsed();
            eprintln!("{legs} x 10000 {verdict:?} in {bytes} bytes: {} bytes, {took:?}", text.len());
            assert!(text.len() <= bytes, "{legs} {bytes}: {}", text.len());
            assert_only_ours("many", &text, &["https://github.com/o/r/"]);
            assert!(text.contains("left out for length: see the [run summary](https://github.com/o/r/"), "{text}");
            let headings = text.lines().filter(|l| l.starts_with("#### ")).count();
            if legs > 1 && bytes >= 20_000 {
                assert_eq!(headings, legs);
                // The legs are alike, so each has as many rows as every other.
                let rows: Vec<usize> =
                    text.split("#### ").skip(1).map(|s| s.matches("| 🔴\u{a0}fail ").count()).collect();
                assert!(rows.iter().all(|n| *n == rows[0]), "{rows:?}");
            }
            assert!(took.as_secs() < 10, "{took:?}");
        }
    }
}

#[test]
fn a_short_leg_leaves_its_room_to_a_long_one() {
    let rows = |text: &str| text.matches("| 🔴\u{a0}fail ").count();
    let long = || many(500, Verdict::Fail, "long");
    let alike = comment::document(&[long(), Report { testbed: Some("b".into()), ..long() }], &links(), 20_000);
    let beside = comment::document(&[on("short", "pass"), long()], &links(), 20_000);
    assert!(rows(&beside) > rows(&alike) / 2, "{} {}", rows(&beside), rows(&alike));
    assert!(beside.contains("`short`: no regressions"), "{beside}");
}

#[test]
fn many_legs_are_counted_where_they_do_not_fit() {
    let reports: Vec<Report> = (0..300).map(|i| on(&format!("machine-{i:03}"), "mixed")).collect();
    let text = comment::document(&reports, &links(), COMMENT);
    assert!(text.len() <= COMMENT);
    let shown = text.lines().filter(|l| l.starts_with("#### ")).count();
    assert!((100..300).contains(&shown), "{shown}");
    assert!(text.contains(&format!("and {} reports left out for length", 300 - shown)), "{shown}");
    assert_only_ours("legs", &text, &["https://github.com/o/r/"]);
}

#[test]
fn links_are_only_what_they_should_be() {
    let report = on("linux-x64", "mixed");
    let text = comment::document(std::slice::from_ref(&report), &links(), COMMENT);
    let base = "https://github.com/o/r";
    for link in [
        "[`a1b2c3d4e5`](https://github.com/o/r/commit/a1b2c3d4e5f60718293a4b5c6d7e8f9012345678)",
        "https://github.com/o/r/compare/a1b2c3d4e5f60718293a4b5c6d7e8f9012345678...4f1c2d9e00",
        "(https://github.com/o/r/actions/runs/17123456789)",
    ] {
        assert!(text.contains(link), "{link}: {text}");
    }
    assert!(!comment::document(std::slice::from_ref(&report), &Links::default(), COMMENT).contains("]("));
    for address in
        ["javascript:alert(1)", "https://x y", "https://x)[a](https://y", "https://", "https://x\n", "//x", ""]
    {
        let links = Links { repository: Some(address.to_owned()), run: Some(address.to_owned()) };
        assert!(!comment::document(std::slice::from_ref(&report), &links, COMMENT).contains("]("), "{address}");
    }
    // A commit that is none is not linked.
    let mut hostile = report;
    hostile.baseline.commit = Some("../../settings".into());
    let text = comment::document(&[hostile], &links(), COMMENT);
    assert!(!text.contains(&format!("{base}/commit/..")) && !text.contains("/compare/"), "{text}");
}

#[test]
fn the_command_to_reproduce_is_plain_or_absent() {
    let command = |report: &Report| -> Option<String> {
        let text = comment::document(std::slice::from_ref(report), &Links::default(), COMMENT);
        Some(text.split("reproduce: `").nth(1)?.split('`').next().unwrap().to_owned())
    };
    let mut report = on("linux-x64", "mixed");
    report.current.inputs = vec!["target/criterion".into()];
    let check = "perfgate check --baseline a1b2c3d4e5 --testbed linux-x64 target/criterion";
    assert_eq!(command(&report).as_deref(), Some(check));
    report.store = Some("git:perfgate-data".into());
    let stored = "perfgate check --baseline a1b2c3d4e5 --testbed linux-x64 --store git:perfgate-data target/criterion";
    assert_eq!(command(&report).as_deref(), Some(stored));
    report.store = Some("dir:$(reboot)".into());
    assert_eq!(command(&report), None);
    report.store = None;
    for hostile in ["$(reboot)", "a b", "-x", "a;b", "`x`", "a\nb", "a'b", "~/x", "*", ""] {
        report.current.inputs = vec![hostile.into()];
        assert_eq!(command(&report), None, "{hostile:?}");
    }
    let mut report = self::report("pass");
    (report.baseline.commit, report.baseline.inputs) = (None, vec!["old.json".into()]);
    report.current.inputs = vec!["new.json".into()];
    assert_eq!(command(&report).as_deref(), Some("perfgate compare old.json new.json"));
    report.pairs = 5;
    assert_eq!(command(&report), None);
}

/// Any text, much of it meaning something to GitHub.
fn hostile() -> impl Strategy<Value = String> {
    let words = proptest::sample::select(vec![
        "`",
        "|",
        "\\",
        "@a",
        "#1",
        "<!--",
        "-->",
        "</details>",
        "<b>",
        "https://x.y",
        "www.x.y",
        "##[",
        "::error::",
        "\n",
        "\r\n",
        "/merge",
        "$",
        "[a](b)",
        "![a](b)",
        "~~",
        "**",
        "_",
        ":tada:",
        "\u{202e}",
        "\u{1b}[31m",
        "漢",
        "🚀",
        " ",
        "a",
    ]);
    let piece = prop_oneof![words.prop_map(String::from), any::<char>().prop_map(String::from)];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A report with these names in it.
fn with_names(names: &[String]) -> Report {
    let mut report = report("mixed");
    let mut names = names.iter().cycle();
    let mut next = || perfgate::text::Untrusted::from(names.next().unwrap().as_str());
    for row in report.results.iter_mut().filter(|row| row.verdict != Verdict::Pass) {
        (row.benchmark, row.metric.0, row.package, row.tool) = (next(), next(), Some(next()), next());
        row.limits.origin = next();
        row.tool_unit = Some(next());
        row.explanations = vec![next().raw().to_owned()];
    }
    for shift in &mut report.shifts {
        (shift.suite, shift.metric.0) = (next(), next());
    }
    for side in [&mut report.baseline, &mut report.current] {
        side.labels.insert(next(), next());
        (side.branch, side.commit) = (Some(next()), Some(next()));
        side.inputs = vec![next(), next()];
    }
    for note in &mut report.notes {
        note.message = next().raw().into();
    }
    report.testbed = Some(next());
    report.results.sort_by(|a, b| a.benchmark.cmp(&b.benchmark));
    report
}

/// Asserts that nothing in a report drives what reads the output of that name.
fn assert_harmless(output: &str, text: &str, reports: &[Report]) {
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{output}: {text:?}");
    assert!(!text.contains("##["), "{output}: {text}");
    assert!(text.len() < 400_000, "{output}: {} bytes", text.len());
    let ours = ["::error title=perfgate%3A ", "::warning title=perfgate%3A ", "::notice title=perfgate%3A "];
    for line in text.lines().filter(|line| line.trim_start().starts_with("::")) {
        assert!(output == "github" && ours.iter().any(|start| line.starts_with(start)), "{output}: {line:?}");
    }
    match output {
        "markdown" => assert_only_ours(output, text, &["https://github.com/o/r/"]),
        "json" if reports.len() == 1 => assert_eq!(&[serde_json::from_str::<Report>(text).unwrap()], reports),
        "json" => assert_eq!(serde_json::from_str::<Reports>(text).unwrap().reports, reports),
        "csv" => {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(records.len(), reports.iter().map(|report| report.results.len()).sum::<usize>());
            for cell in records.iter().flat_map(|record| record.iter().collect::<Vec<_>>()) {
                let formula = cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err();
                assert!(!formula, "{cell:?}");
            }
        }
        "junit" => {
            let mut reader = quick_xml::Reader::from_str(text);
            let mut cases = 0;
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                        cases += usize::from(e.name().as_ref() == "testcase");
                        assert!(e.attributes().all(|attribute| attribute.is_ok()));
                    }
                    quick_xml::events::Event::Eof => break,
                    _ => {}
                }
            }
            assert!(cases >= reports.iter().map(|report| report.results.len()).sum::<usize>());
        }
        "github" => {
            for kind in ["::error ", "::warning ", "::notice "] {
                assert!(text.lines().filter(|line| line.starts_with(kind)).count() <= 10);
            }
            assert!(text.lines().last().unwrap().starts_with("perfgate: "));
        }
        _ => {}
    }
}

#[test]
fn several_reports_are_one_document_in_every_output() {
    for names in [vec!["mixed"], vec!["hostile", "mixed"], vec!["hostile", "hostile", "unicode", "nothing"]] {
        let reports: Vec<Report> = names.iter().map(|name| report(name)).collect();
        let set = Set { reports: Reports::new(reports.clone()), links: links() };
        for output in SETS {
            let text = (output.render)(&set, &Style::default());
            assert_harmless(output.name, &text, &reports);
            assert!(text.ends_with('\n'), "{}", output.name);
        }
    }
    let names: Vec<&str> = SETS.iter().map(|output| output.name).collect();
    assert_eq!(names, REPORTS.iter().map(|output| output.name).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn names_drive_nothing_in_any_output(names in proptest::collection::vec(hostile(), 1..20), legs in 1_usize..3) {
        let reports = vec![with_names(&names); legs];
        let set = Set { reports: Reports::new(reports.clone()), links: links() };
        for output in SETS {
            assert_harmless(output.name, &(output.render)(&set, &Style::default()), &reports);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn names_never_change_a_comment(names in proptest::collection::vec(hostile(), 12), legs in 1_usize..4, bytes in 4096_usize..30_000) {
        let mut report = report("mixed");
        let mut names = names.into_iter();
        let mut next = || perfgate::text::Untrusted::from(names.next().unwrap());
        for row in report.results.iter_mut().take(3) {
            (row.benchmark, row.metric.0, row.package) = (next(), next(), Some(next()));
        }
        let label = next();
        report.current.labels.insert(label.clone(), label);
        (report.testbed, report.current.commit, report.baseline.branch) = (Some(next()), None, Some(next()));
        let plain = comment::document(&vec![self::report("mixed"); legs], &links(), bytes);
        let text = comment::document(&vec![report; legs], &links(), bytes);
        prop_assert!(text.len() <= bytes, "{} of {bytes}", text.len());
        assert_only_ours("any", &text, &["https://github.com/o/r/"]);
        prop_assert_eq!(first_line(&text), first_line(&plain));
        for line in text.lines() {
            let start = line.trim_start();
            prop_assert!(!start.starts_with('/') && !start.starts_with("::"), "{line:?}");
            prop_assert!(!line.chars().any(char::is_control) && !line.contains("##["), "{line:?}");
            prop_assert!(!line.contains("<!--"), "{line:?}");
        }
    }
}
