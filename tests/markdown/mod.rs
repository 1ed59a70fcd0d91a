//! What perfgate's Markdown may be made of, with comrak as the judge.

#![expect(clippy::panic, clippy::unwrap_used, unreachable_pub, reason = "a test stops at what it did not expect")]

use comrak::nodes::NodeValue;

/// GitHub's Markdown, as far as comrak knows it, with raw HTML on.
fn github_markdown() -> comrak::Options<'static> {
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

/// Asserts that a document has nothing but perfgate's own elements and links to these addresses, and that each table row
/// has all its cells.
pub fn assert_only_ours(name: &str, text: &str, addresses: &[&str]) {
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, text, &github_markdown());
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::HtmlBlock(html) => {
                let ours = ["<details><summary>", "</details>"].iter().any(|o| html.literal.starts_with(o));
                assert!(ours && html.literal.matches('<').count() <= 4, "{name}: {:?}", html.literal);
            }
            NodeValue::HtmlInline(html) => assert!(["<sub>", "</sub>"].contains(&html.as_str()), "{name}: {html}"),
            NodeValue::Link(link) => {
                assert!(addresses.iter().any(|a| link.url.starts_with(a)), "{name}: {}", link.url);
            }
            NodeValue::Image(_)
            | NodeValue::Math(_)
            | NodeValue::CodeBlock(_)
            | NodeValue::Heading(comrak::nodes::NodeHeading { level: 1..=2 | 5.., .. })
            | NodeValue::ThematicBreak
            | NodeValue::TaskItem(_)
            | NodeValue::BlockQuote
            | NodeValue::FootnoteReference(_)
            | NodeValue::Strikethrough => panic!("{name}: {:?}", node.data.borrow().value),
            NodeValue::TableRow(_) => {
                let header = node.parent().unwrap().first_child().unwrap();
                assert_eq!(node.children().count(), header.children().count(), "{name}");
            }
            NodeValue::Text(text) => {
                assert!(!text.contains(['@', '#', '<', '`']), "{name}: {text:?}");
                assert!(!text.contains("www.") && !text.contains("://"), "{name}: {text:?}");
            }
            _ => {}
        }
    }
    assert_eq!(text.matches("<details>").count(), text.lines().filter(|l| *l == "</details>").count(), "{name}");
}
