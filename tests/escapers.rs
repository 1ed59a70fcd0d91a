//! Hostile names through every escaper, with comrak as the judge of Markdown.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use perfgate::text::{
    MAX_SHOWN, Untrusted, csv_cell, is_unsafe, line, markdown_code, markdown_text, short_hash, shown, slack,
    slack_code, truncate, visible, workflow_data, workflow_property, xml,
};
use proptest::prelude::*;

/// Names that mean something somewhere.
const NAMES: &[&str] = &[
    "plain/bench/1024",
    "a|b",
    "a\\|b",
    "a\\\\|b",
    "a\\",
    "\\|",
    "|",
    "||",
    "`",
    "``",
    "a`b",
    "a``b`",
    "`|`",
    "@octocat",
    "@org/team",
    "foo@example.com",
    "\\@octocat",
    "&#64;octocat",
    "![x](https://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "[ok](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<!-- perfgate:v1 -->",
    "<!-- perfgate:v1 key=default -->",
    "--> <b>hi</b> <!--",
    "fixes #1",
    "owner/repo#1",
    "o/r#1",
    "0123456789abcdef0123456789abcdef01234567",
    "https://evil.example/",
    "www.evil.example",
    "$\\color{red}{x}$",
    "$`x`$",
    "a\nb",
    "a\\nb",
    "a\r\n| x | y |",
    "# heading",
    "# h",
    "\u{202e}gpj.exe",
    "a\u{200b}b",
    "ab",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{9b}31m",
    "::error::pwn",
    "  ::add-mask::0",
    "x ##[add-path]/tmp",
    "##[error]pwn",
    "::stop-commands::t",
    "</td></tr></table>",
    "</details>",
    "</details><h1>x",
    "```\n</details>",
    "```",
    "~~~",
    "   ",
    "",
    " x ",
    "é漢字🚀",
    "\u{e0041}tag",
    "\u{e0041}x",
    "</code>",
    ":tada:",
    "---",
    "> [!CAUTION]",
    "- [x] done",
    "\u{2028}x",
    "BenchmarkFoo/a=b-8",
    "test_x[param|1]",
    "/merge",
    "/approve",
    "<!channel>",
    "=HYPERLINK(1)",
    "x\nverdict=pass",
    "\u{fffe}",
    "1. list",
    "* * *",
    "a_b_c",
    "\u{2800}",
    "e\u{34f}",
    "'=1+1",
    "＝1",
    "C:\\temp\\new",
];

fn github() -> comrak::Options<'static> {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.math_dollars = true;
    options.extension.math_code = true;
    options.extension.alerts = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    options
}

/// Asserts that a name is one code span and nothing else, in a table and in a paragraph.
fn assert_is_code(name: &str) {
    let cell = markdown_code(name, MAX_SHOWN, true);
    assert!(!cell.contains(['\n', '\r']) && !cell.contains("##["), "{name:?}: {cell:?}");
    let html = comrak::markdown_to_html(&format!("| B | x |\n|---|---|\n| {cell} | END |\n"), &github());
    let content = html.split("<td>").nth(1).unwrap_or("").split("</td>").next().unwrap();
    assert!(html.matches("<td>").count() == 2 && html.contains("<td>END</td>"), "{name:?}: {html}");
    assert!(content.starts_with("<code>") && content.ends_with("</code>"), "{name:?}: {html}");
    assert_eq!(content.matches('<').count(), 2, "{name:?}: {html}");
    let span = markdown_code(name, MAX_SHOWN, false);
    let html = comrak::markdown_to_html(&format!("x {span} y\n"), &github());
    assert!(html.starts_with("<p>x <code>") && html.ends_with("</code> y</p>\n"), "{name:?}: {html}");
    assert_eq!(html.matches('<').count(), 4, "{name:?}: {html}");
    // A fence of up to the text's own length, and one zero-width space for each `@` and each comment mark.
    assert!(cell.chars().count() <= 5 * MAX_SHOWN, "{name:?}");
}

/// Asserts that a sentence is words and code spans, as a paragraph, in a list and in a quote.
fn assert_is_sentence(said: &str) {
    let said = markdown_text(said, 400);
    for (before, open, close) in [("", "<p>", "</p>\n"), ("- ", "<ul>\n<li>", "</li>\n</ul>\n")] {
        let html = comrak::markdown_to_html(&format!("{before}{said}\n"), &github());
        let inner = html.strip_prefix(open).and_then(|h| h.strip_suffix(close)).unwrap_or_else(|| panic!("{html:?}"));
        let rest = inner.replace("<code>", "").replace("</code>", "");
        assert!(!rest.contains(['<', '>']), "{said:?}: {html:?}");
        for (i, text) in inner.split("<code>").enumerate() {
            let outside = if i == 0 { text } else { text.split("</code>").nth(1).unwrap() };
            assert!(!outside.contains(['@', '#', '`', '$', '*']), "{said:?}: {html:?}");
        }
    }
}

/// Asserts what every log line must be.
fn assert_is_line(said: &str) {
    assert!(!said.chars().any(is_unsafe), "{said:?}");
    assert!(!said.trim_start().starts_with("::"), "{said:?}");
    assert!(!said.contains("##["), "{said:?}");
}

/// What the Actions runner makes of the data of a command (`ActionCommand.cs`, `UnescapeData`).
fn runner_reads(data: &str) -> String {
    data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

#[test]
fn hostile_names_are_only_text_in_markdown() {
    for name in NAMES.iter().map(|n| (*n).to_owned()).chain(["a".repeat(500), "`".repeat(500), "@a".repeat(90)]) {
        assert_is_code(&name);
        assert_is_sentence(&name);
        assert_is_sentence(&format!("see {name} in `{name}`, (twice)"));
    }
}

#[test]
fn markdown_source_is_as_written_in_the_table() {
    let cases = [
        ("a|b", "`a\\|b`"),
        ("a\\|b", "`a\\\\|b`"),
        ("`", "`` ` ``"),
        ("a`b", "``a`b``"),
        ("@octocat", "`@\u{200b}octocat`"),
        ("@org/team", "`@\u{200b}org/team`"),
        ("<!-- perfgate:v1 key=default -->", "`<!\u{200b}-- perfgate:v1 key=default --\u{200b}>`"),
        ("a\nb", "`a\\nb`"),
        ("a\\nb", "`a\\\\nb`"),
        ("a\r\n| x | y |", "`a\\r\\n\\| x \\| y \\|`"),
        ("\u{202e}gpj.exe", "`\\u{202e}gpj.exe`"),
        ("   ", "`(blank)`"),
        ("", "`(blank)`"),
    ];
    for (name, source) in cases {
        assert_eq!(markdown_code(name, MAX_SHOWN, true), source);
    }
}

#[test]
fn sentences_keep_their_words() {
    let cases = [
        ("worse by +13.9 %, the fail limit is 10 %", "worse by +13.9 %, the fail limit is 10 %"),
        ("both sides have one run; `perfgate ab` helps", "both sides have one run; `perfgate ab` helps"),
        ("cpu was AMD EPYC, is Intel(R) Xeon(R)", "cpu was AMD EPYC, is Intel(R) Xeon(R)"),
        ("ping @octocat at deadbeef1", "ping `@\u{200b}octocat` at `deadbeef1`"),
        ("see (`a`), `b``c`", "see (`a`), `b` `c`"),
        ("1. not a list", "`1.` not a list"),
        ("- not a list", "`-` not a list"),
        ("", "`(blank)`"),
    ];
    for (said, markdown) in cases {
        assert_eq!(markdown_text(said, 400), markdown);
    }
}

#[test]
fn hostile_names_are_only_text_in_logs() {
    for name in NAMES {
        assert_is_line(&line(name));
        assert_is_line(&shown(&Untrusted::from(*name)));
        assert_eq!(line(&line(name)), line(name), "escaping a message again changes nothing");
    }
    let cases = [
        ("::error::pwn", "\\::error::pwn"),
        ("  ::add-mask::0", "\\::add-mask::0"),
        ("x ##[add-path]/tmp", "x ##\\[add-path]/tmp"),
        ("a\n::error::b", "a\\n::error::b"),
        ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
        ("a\\nb", "a\\\\nb"),
        ("C:\\dir", "C:\\dir"),
        ("   ", "(blank)"),
    ];
    for (name, said) in cases {
        assert_eq!(shown(&Untrusted::from(name)), said);
    }
    assert_eq!(workflow_data("50%\nnext"), "50%25%0Anext");
    assert_eq!(workflow_property("a: b, c"), "a%3A b%2C c");
}

#[test]
fn spreadsheets_run_nothing_and_xml_stays_valid() {
    for (name, cell) in
        [("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("'=1+1", "''=1+1"), ("＝1", "'＝1"), ("a=1", "a=1"), ("'a'", "'a'")]
    {
        assert_eq!(csv_cell(name), cell);
    }
    for name in NAMES {
        assert!(!csv_cell(name).starts_with(['=', '+', '-', '@', '\t', '\r']));
        let valid = |c: char| matches!(c, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(xml(name).chars().all(valid), "{name:?}");
    }
}

/// Asserts that Slack reads a text as nothing but text.
fn assert_is_slack_text(said: &str, name: &str) {
    assert!(!said.contains(['<', '>', '\n', '\r']) && !said.contains("##["), "{name:?}: {said:?}");
    assert!(!said.chars().any(is_unsafe), "{name:?}: {said:?}");
    for (at, _) in said.match_indices('&') {
        assert!(["&amp;", "&lt;", "&gt;"].iter().any(|entity| said[at..].starts_with(entity)), "{name:?}: {said:?}");
    }
}

#[test]
fn slack_notifies_and_links_nothing() {
    for name in NAMES {
        assert_is_slack_text(&slack(name), name);
        assert!(!slack(name).contains(['*', '_', '~', '`']), "{name:?}");
        let code = slack_code(name, MAX_SHOWN);
        assert_is_slack_text(&code, name);
        assert!(code.len() > 2 && code.matches('`').count() == 2 && code.starts_with('`') && code.ends_with('`'));
    }
    assert_eq!(slack("<!channel> & `x`"), "&lt;!channel&gt; &amp; \u{2019}x\u{2019}");
    assert_eq!(slack_code("a|b@c <https://x|ok>", 120), "`a|b@c &lt;https://x|ok&gt;`");
}

#[test]
fn different_names_never_look_alike() {
    let blank = |name: &str| name.trim().is_empty();
    for a in NAMES {
        for b in NAMES.iter().filter(|b| *b != a && !blank(a) && !blank(b)) {
            assert_ne!(markdown_code(a, MAX_SHOWN, false), markdown_code(b, MAX_SHOWN, false));
            assert_ne!(visible(a), visible(b));
        }
    }
    let (a, b) = (format!("{}a", "x".repeat(200)), format!("{}b", "x".repeat(200)));
    let (a, b) = (truncate(&a, 120), truncate(&b, 120));
    assert_eq!((a.chars().count(), b.chars().count()), (120, 120));
    assert_ne!(a, b);
    assert_eq!(truncate(&"x".repeat(120), 120), "x".repeat(120));
    assert_eq!(truncate("long", 3), "lo…");
    // FNV-1a of "a" is e40c292c; folded: e4 ^ 0c292c.
    assert_eq!(short_hash("a"), "0c29c8");
}

/// Text with many of the characters that matter.
fn hostile_text() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(
        "`|\\@#<>&$*_~[]()!-=+:/.\n\r\t '\"0aA%\u{200b}\u{202e}\u{1b}\u{85}\u{2028}\u{a0}\u{feff}é漢🚀"
            .chars()
            .collect::<Vec<_>>(),
    );
    let words = proptest::sample::select(vec![
        "www.",
        "https://x.y",
        "<!--",
        "-->",
        "##[",
        "::",
        "@a",
        "#1",
        "```",
        "\\|",
        "\\n",
    ]);
    let piece =
        prop_oneof![special.prop_map(String::from), words.prop_map(String::from), any::<char>().prop_map(String::from)];
    proptest::collection::vec(piece, 0..160).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_name_is_one_code_span(name in hostile_text()) {
        assert_is_code(&name);
    }

    #[test]
    fn any_sentence_is_words_and_code(said in hostile_text()) {
        assert_is_sentence(&said);
    }

    #[test]
    fn any_text_is_one_harmless_line(text in hostile_text()) {
        assert_is_line(&line(&text));
        let name = shown(&Untrusted::from(text.clone()));
        assert_is_line(&name);
        prop_assert!(!name.is_empty() && name.chars().count() <= MAX_SHOWN);
        let once = line(&text).into_owned();
        prop_assert_eq!(line(&once), once.as_str());
        prop_assert_eq!(line(&name), name.as_str());
    }

    #[test]
    fn the_runner_reads_back_what_was_written(text in hostile_text()) {
        let data = workflow_data(&text);
        prop_assert!(!data.contains(['\n', '\r']) && !data.contains("##["));
        let property = workflow_property(&text);
        prop_assert!(!property.contains([':', ',', '\n', '\r']));
        let plain: String = text.chars().filter(|c| matches!(c, '\n' | '\r') || !is_unsafe(*c)).collect();
        let plain = plain.replace("##[", "");
        if !plain.contains("##[") {
            prop_assert_eq!(runner_reads(&workflow_data(&plain)), plain);
        }
    }

    #[test]
    fn any_text_is_only_text_in_slack(text in hostile_text()) {
        assert_is_slack_text(&slack(&text), &text);
        let code = slack_code(&text, MAX_SHOWN);
        assert_is_slack_text(&code, &text);
        prop_assert!(code.chars().count() <= 6 * MAX_SHOWN && code.matches('`').count() == 2);
    }

    #[test]
    fn visible_text_can_be_read_back(text in hostile_text()) {
        let mut read = String::new();
        let shown = visible(&text).into_owned();
        let mut rest = shown.as_str();
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            let code = (c == '\\').then(|| rest.chars().next()).flatten();
            match code {
                Some(escape @ ('n' | 'r' | 't' | '\\')) => {
                    read.push(match escape { 'n' => '\n', 'r' => '\r', 't' => '\t', other => other });
                    rest = &rest[1..];
                }
                Some('u') => {
                    let (code, after) = rest[2..].split_once('}').unwrap();
                    read.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
                    rest = after;
                }
                _ => read.push(c),
            }
        }
        prop_assert_eq!(read, text);
    }

    #[test]
    fn cells_are_never_formulas(text in hostile_text()) {
        prop_assert!(!csv_cell(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
        let invalid = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
        prop_assert!(!xml(&text).chars().any(invalid));
        prop_assert!(truncate(&text, 20).chars().count() <= 20);
    }
}
