//! Every output over every report in `fixtures/reports`, as snapshots and by the rules that hold for any report.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its fixtures and stops at what it did not expect"
)]

mod markdown;

use std::collections::BTreeMap;
use std::path::Path;

use markdown::assert_only_ours;
use perfgate::model::report::{GateVerdict, Report, Row, Verdict};
use perfgate::report::{REPORTS, Style, by_name, explain, markdown as output};

/// The fixtures by name.
fn reports() -> BTreeMap<String, Report> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports");
    let mut reports = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let report = serde_json::from_str(&std::fs::read_to_string(&path).unwrap());
        reports.insert(name.clone(), report.unwrap_or_else(|e| panic!("{name}: {e}")));
    }
    assert!(reports.len() >= 7);
    reports
}

/// A report in which this row occurs many times.
fn many(count: usize, verdict: Verdict) -> Report {
    let mut report = reports().remove("packages").unwrap();
    let row = Row { verdict, ..report.results.first().unwrap().clone() };
    report.results = (0..count)
        .map(|i| Row { benchmark: format!("group/{}/{i:05}", "long name ".repeat(8)).into(), ..row.clone() })
        .collect();
    report.counts = perfgate::model::report::Counts { total: count, ..Default::default() };
    for _ in 0..count {
        report.counts.add(verdict);
    }
    report
}

fn render(name: &str, report: &Report, style: &Style) -> String {
    let text = (by_name(name).unwrap().render)(report, style);
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name} ends in one line break");
    text
}

const STYLES: [(&str, Style); 6] = [
    ("wide", Style { width: None, colour: false, verbose: false }),
    ("120", Style { width: Some(120), colour: false, verbose: false }),
    ("80", Style { width: Some(80), colour: false, verbose: false }),
    ("40", Style { width: Some(40), colour: false, verbose: false }),
    ("80-colour", Style { width: Some(80), colour: true, verbose: false }),
    ("verbose", Style { width: Some(100), colour: false, verbose: true }),
];

#[test]
fn outputs_look_as_reviewed() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        for (name, report) in reports() {
            for (label, style) in STYLES {
                insta::assert_snapshot!(format!("{name}-terminal-{label}"), render("terminal", &report, &style));
            }
            // The JSON is checked by reading it back; one is enough to look at. tests/page.rs has the page.
            let looked_at = |output: &str| !["terminal", "html"].contains(&output) && (output != "json" || name == "zero");
            for output in REPORTS.iter().filter(|o| looked_at(o.name)) {
                let text = render(output.name, &report, &Style::default());
                insta::assert_snapshot!(format!("{name}-{}", output.name), text);
            }
        }
    });
}

#[test]
fn explanations_look_as_reviewed() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        for name in ["mixed", "zero", "hostile", "history"] {
            let report = reports().remove(name).unwrap();
            let rows: Vec<&Row> = report.worst_first().into_iter().filter(|r| r.verdict != Verdict::Pass).collect();
            let text = explain(&report, &rows, &Style { width: Some(100), ..Style::default() });
            insta::assert_snapshot!(format!("{name}-explain"), text);
        }
    });
    assert_eq!(explain(&reports()["pass"], &[], &Style::default()), "");
}

#[test]
fn json_reads_back() {
    for (name, report) in reports() {
        assert_eq!(
            serde_json::from_str::<Report>(&render("json", &report, &Style::default())).unwrap(),
            report,
            "{name}"
        );
    }
}

#[test]
fn csv_reads_back() {
    for (name, report) in reports() {
        let text = render("csv", &report, &Style::default());
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let at = |column: &str| header.iter().position(|h| h == column).unwrap();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), report.results.len(), "{name}");
        for (record, row) in records.iter().zip(&report.results) {
            assert_eq!(&record[at("verdict")], row.verdict.as_str());
            assert_eq!(record[at("change")].parse().ok(), row.change);
            assert_eq!(record[at("current_value")].parse().ok(), row.current.and_then(|v| v.value));
            for text in [at("benchmark"), at("metric"), at("package"), at("explanations")] {
                assert!(!record[text].starts_with(['=', '+', '-', '@']), "{:?}", &record[text]);
                assert!(!record[text].chars().any(char::is_control));
            }
        }
    }
}

#[test]
fn junit_counts_agree_with_its_test_cases() {
    use quick_xml::events::Event;
    for (name, report) in reports() {
        let text = render("junit", &report, &Style::default());
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut totals: BTreeMap<String, usize> = BTreeMap::new();
        let mut suites: BTreeMap<String, usize> = BTreeMap::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(e) | Event::Empty(e) => {
                    let tag = e.name().as_ref().to_owned();
                    *seen.entry(tag.clone()).or_default() += 1;
                    for attribute in e.attributes() {
                        let attribute = attribute.unwrap();
                        let key = attribute.key.as_ref().to_owned();
                        let value = attribute.value.as_ref();
                        if let Ok(count) = value.parse::<usize>() {
                            let into = match tag.as_str() {
                                "testsuites" => &mut totals,
                                "testsuite" => &mut suites,
                                _ => continue,
                            };
                            *into.entry(key).or_default() += count;
                        }
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(totals, suites, "{name}");
        for (count, tag) in
            [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
        {
            assert_eq!(totals[count], seen.get(tag).copied().unwrap_or_default(), "{name}: {tag}");
        }
        let red = totals["failures"] + totals["errors"] > 0;
        assert_eq!(red, matches!(report.verdict, GateVerdict::Fail | GateVerdict::None), "{name}");
    }
}

#[test]
fn terminal_lines_fit() {
    for (name, report) in reports() {
        for width in [40, 60, 80, 100, 120, 200] {
            for verbose in [false, true] {
                let text = render("terminal", &report, &Style { width: Some(width), colour: false, verbose });
                for line in text.lines() {
                    let columns =
                        comfy_table::Table::new().force_no_tty().add_row([line]).column_max_content_widths()[0];
                    // A single word that is longer than the line is not broken.
                    let words = line.split_whitespace().count();
                    assert!(usize::from(columns) <= width || words <= 2, "{name} at {width}: {line:?}");
                }
            }
        }
    }
}

#[test]
fn colour_is_only_decoration() {
    for (name, report) in reports() {
        let plain = render("terminal", &report, &Style { width: Some(80), colour: false, verbose: false });
        let coloured = render("terminal", &report, &Style { width: Some(80), colour: true, verbose: false });
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain, "{name}");
        assert_ne!(coloured, plain);
    }
}

#[test]
fn no_output_lets_a_name_drive_a_terminal_or_a_workflow() {
    let report = &reports()["hostile"];
    for output in REPORTS {
        for (_, style) in STYLES.iter().filter(|(_, s)| !s.colour) {
            let text = render(output.name, report, style);
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{}", output.name);
            assert!(!text.contains("##["), "{}", output.name);
            let ours = ["::error title=", "::warning title=", "::notice title="];
            for line in text.lines().filter(|l| l.trim_start().starts_with("::")) {
                assert!(output.name == "github" && ours.iter().any(|o| line.starts_with(o)), "{line:?}");
            }
        }
    }
}

#[test]
fn github_keeps_to_ten_of_a_kind() {
    let text = render("github", &many(500, Verdict::Fail), &Style::default());
    let errors: Vec<&str> = text.lines().filter(|l| l.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].ends_with("%0Aand 490 more; the full report lists them"), "{}", errors[9]);
    assert!(text.lines().last().unwrap().starts_with("perfgate: FAIL: 500 of 500 metrics regressed"));
    for (_, report) in reports() {
        for line in render("github", &report, &Style::default()).lines() {
            assert!(line.len() < 16_000 && line.chars().count() < 4096);
        }
    }
}

#[test]
fn long_sections_say_what_they_leave_out() {
    let text = render("terminal", &many(10_000, Verdict::Fail), &Style { width: Some(80), ..Style::default() });
    assert_eq!(text.lines().filter(|l| l.starts_with("fail ")).count(), 100);
    assert!(text.contains("and 9900 more fail (-v shows all)"), "{text}");
    let all = render("terminal", &many(200, Verdict::Fail), &Style { verbose: true, ..Style::default() });
    assert_eq!(all.lines().filter(|l| l.starts_with("fail ")).count(), 200);
    let text = render("terminal", &many(30, Verdict::Improved), &Style::default());
    assert!(text.contains("and 10 more improved"), "{text}");
}

#[test]
fn markdown_has_only_our_elements() {
    for (name, report) in reports() {
        for bytes in [10_000, output::COMMENT_BYTES, output::SUMMARY_BYTES] {
            let text = output::within(&report, bytes);
            assert!(text.len() <= bytes, "{name}: {} bytes of {bytes}", text.len());
            assert_only_ours(&name, &text, &[]);
        }
    }
}

#[test]
fn markdown_of_ten_thousand_rows_fits_a_comment() {
    for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Missing, Verdict::Improved, Verdict::Pass] {
        let mut report = many(10_000, verdict);
        if verdict == Verdict::Warn {
            for row in &mut report.results {
                row.package = Some(format!("@`|<{}", "漢|`".repeat(100)).into());
                row.metric = perfgate::model::MetricId::new("|@`漢".repeat(60));
                row.explanations = vec![format!("{} `<b>`", row.benchmark.raw())];
                row.reasons = vec![perfgate::model::report::Reason::OneRun];
            }
        }
        let text = render("markdown", &report, &Style::default());
        assert!(text.len() <= 60_000, "{verdict:?}: {}", text.len());
        assert_only_ours(verdict.as_str(), &text, &[]);
        if verdict != Verdict::Pass {
            assert!(text.contains("left out for length"), "{verdict:?}: {text}");
        }
    }
    let text = render("markdown", &many(10_000, Verdict::Fail), &Style::default());
    assert_eq!(text.matches("| 🔴\u{a0}fail ").count(), 100);
    assert!(text.contains("and 9900 fail more, left out for length"));
}
