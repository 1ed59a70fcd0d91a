//! HTML from templates: what every page of perfgate is made with.
//!
//! Templates are minijinja's and escape whatever they are given, except for the styles, scripts and data that this module
//! made itself. A page carries a Content-Security-Policy that allows the styles and scripts of this very page, by their
//! hashes, and nothing else: no request, no other script, no form. Names from outside are made visible ([`name`],
//! [`whole_name`]) before a template sees them; JSON for a script element is written so that no name can end the element.
//!
//! Not here: which pages there are and what stands in them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::text::{self, MAX_SHOWN, Untrusted};

/// The look of every page.
pub(in crate::report) const BASE_CSS: &str = include_str!("assets/base.css");
/// The charts of every page; needs [`CHART_LIBRARY`].
pub(in crate::report) const CHART_SCRIPT: &str = include_str!("assets/chart.js");
/// What the chart library wants in a style sheet.
pub(in crate::report) const CHART_LIBRARY_CSS: &str = include_str!("assets/uPlot.min.css");
/// The shapes of verdicts, as SVG symbols that a page holds once.
pub(in crate::report) const ICONS: &str = include_str!("assets/icons.svg");
/// The chart library, with its licence in front.
pub(in crate::report) const CHART_LIBRARY: &str =
    concat!("/*\n", include_str!("assets/uPlot-LICENSE"), "*/\n", include_str!("assets/uPlot.iife.min.js"), "\n");

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::report) struct Part {
    /// What it says; escaped by the template.
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
    /// Whether it is code.
    pub is_code: bool,
}

impl Part {
    /// Plain words.
    pub(in crate::report) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: None, is_code: false }
    }

    /// A name, a commit or a command.
    pub(in crate::report) fn code(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: None, is_code: true }
    }

    /// The same as a link, where there is an address.
    pub(in crate::report) fn to(self, href: Option<String>) -> Self {
        Self { href, ..self }
    }
}

/// A sentence: what stands between backticks becomes code.
pub(in crate::report) fn sentence(said: &str) -> Vec<Part> {
    let said = text::html(said);
    let pieces = said.split('`').enumerate().filter(|(_, piece)| !piece.is_empty());
    pieces.map(|(i, piece)| if i % 2 == 1 { Part::code(piece) } else { Part::plain(piece) }).collect()
}

/// A name cut to the usual length; never blank.
pub(in crate::report) fn name(name: &Untrusted) -> String {
    text::truncate(&whole_name(name), MAX_SHOWN).into_owned()
}

/// A name of any length; never blank.
pub(in crate::report) fn whole_name(name: &Untrusted) -> String {
    if name.raw().trim().is_empty() {
        return "(blank)".to_owned();
    }
    text::html(&text::visible(name.raw())).into_owned()
}

/// JSON that can stand in a script element: no `<`, so that nothing in it ends the element or opens a comment.
pub(in crate::report) fn json(value: &impl Serialize) -> String {
    // Text, numbers and lists of them always serialize.
    let plain = serde_json::to_string(value).unwrap_or_default();
    let mut out = String::with_capacity(plain.len() + plain.len() / 64);
    let mut rest = plain.as_str();
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut characters = after.chars();
        if let Some(c) = characters.next() {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out
}

/// The policy of a page that holds these styles and scripts.
pub(in crate::report) fn policy(styles: &[&str], scripts: &[&str]) -> String {
    let hashes = |texts: &[&str]| {
        let hash = |text: &&str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
        texts.iter().map(hash).collect::<Vec<_>>().join(" ")
    };
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hashes(styles),
        hashes(scripts)
    )
}

/// Text of our own that a template puts in as it is: styles, scripts, [`json`].
pub(in crate::report) fn ours(text: impl Into<String>) -> Value {
    Value::from_safe_string(text.into())
}

/// Fills a template, which messages about it call `name`. The text ends in one line break.
///
/// A template that cannot be filled is a fault of this program; the page says so instead of staying silent.
pub(in crate::report) fn render(name: &str, template: &str, context: impl Serialize) -> String {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line that is only a block leaves no line.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    let source = format!("{PARTS}{template}");
    let page = environment.render_named_str(name, &source, Serde(context)).unwrap_or_else(|error| {
        let said = error.to_string().replace('&', "&amp;").replace('<', "&lt;");
        format!("<!doctype html>\n<title>perfgate</title>\n<p>This page could not be made: {said}</p>")
    });
    format!("{}\n", page.trim())
}

/// What every template may use: `parts(said)` writes a sentence.
const PARTS: &str = include_str!("templates/parts.html");

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn names_are_text_in_pages_and_in_data() {
        let hostile: Untrusted = "</script><img src=x onerror=alert(1)>\u{202e}&\u{2028}\n##[x]".into();
        let shown = name(&hostile);
        let page = render("name", "<p title=\"{{ name }}\">{{ name }}</p>", context! { name => shown });
        assert_eq!(page.matches('<').count(), 2, "{page}");
        assert!(page.contains("\\u{202e}") && page.contains("\\n") && !page.contains("##["), "{page}");
        let data = json(&[whole_name(&hostile), "\u{2028}".to_owned()]);
        assert!(!data.contains(['<', '>', '&', '\u{2028}']), "{data}");
        let read: Vec<String> = serde_json::from_str(&data).unwrap();
        assert_eq!(read, [whole_name(&hostile), "\u{2028}".to_owned()]);
        assert_eq!(whole_name(&"  ".into()), "(blank)");
    }

    #[test]
    fn policies_hold_the_hash_of_what_stands_in_the_page() {
        // The hash of the empty text, as every browser's console says it.
        let policy = policy(&[""], &["", ""]);
        let hash = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
        assert!(policy.contains(&format!("style-src {hash}; script-src {hash} {hash};")), "{policy}");
    }

    #[test]
    fn sentences_have_their_code_apart() {
        let said = sentence("see `a<b`, twice");
        assert_eq!(said, [Part::plain("see "), Part::code("a<b"), Part::plain(", twice")]);
        let page = render("said", "{{ parts(said) }}", context! { said => Serde(said) });
        assert_eq!(page, "see <code>a&lt;b</code>, twice\n");
        let link = vec![Part::code("abc").to(Some("https://x.y/?a=1&b=2".to_owned()))];
        let page = render("link", "{{ parts(said) }}", context! { said => Serde(link) });
        assert_eq!(page, "<a href=\"https:&#x2f;&#x2f;x.y&#x2f;?a=1&amp;b=2\"><code>abc</code></a>\n");
    }

    #[test]
    fn a_fault_in_a_template_is_said() {
        assert!(render("fault", "{{ nothing.at.all }}", context! {}).contains("could not be made"));
    }

    #[test]
    fn what_a_page_holds_ends_no_element_and_asks_for_nothing() {
        for script in [CHART_LIBRARY, CHART_SCRIPT] {
            assert!(!script.contains("</script") && !script.contains("<!--"));
        }
        for style in [BASE_CSS, CHART_LIBRARY_CSS] {
            assert!(!style.contains("</") && !style.contains("url(") && !style.contains("@import"));
        }
        assert!(CHART_LIBRARY.contains("The MIT License") && CHART_LIBRARY.contains("uPlot (v1.6.32)"));
    }
}
