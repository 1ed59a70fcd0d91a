//! A page to look at: one comparison, or several, in one HTML file that asks nobody for anything.
//!
//! On top stands what the comment on a pull request says, made here (`head`) and readable without scripts. Below is a
//! table of all series whose rows open to charts; it is made in the browser by `assets/page.js` from the data that the
//! page carries (`rows`). Styles, scripts and data are in the file, and its Content-Security-Policy allows nothing else.
//!
//! Not here: what every HTML page shares (`template`), and the site over a history (`site`).

mod head;
mod rows;
pub(super) mod template;

use minijinja::context;
use minijinja::value::Serde;

use super::comment;
use super::links::Links;
use super::several::Set;
use super::{Output, Style, several};
use crate::model::report::Report;
use template::{BASE_CSS, CHART_LIBRARY, CHART_LIBRARY_CSS, CHART_SCRIPT, ICONS, ours};

/// The output's entry.
pub(super) static OUTPUT: Output = Output { name: "html", title: "a page to look at, in one file", render };

const PAGE: &str = include_str!("templates/page.html");
const PAGE_CSS: &str = include_str!("assets/page.css");
const PAGE_SCRIPT: &str = include_str!("assets/page.js");

fn render(report: &Report, _: &Style) -> String {
    page(std::slice::from_ref(report), &Links::default(), &super::headline(report))
}

/// The page of several reports; of one, its own with links.
pub(super) fn all(set: &Set, _: &Style) -> String {
    let headline = match set.reports.reports.as_slice() {
        [report] => super::headline(report),
        _ => several::headline(set),
    };
    page(&set.reports.reports, &set.links, &headline)
}

fn page(reports: &[Report], links: &Links, headline: &str) -> String {
    let style = [BASE_CSS, CHART_LIBRARY_CSS, "\n", PAGE_CSS].concat();
    let script = [CHART_SCRIPT, PAGE_SCRIPT].concat();
    let labels = super::labels::labels(reports, &template::name);
    let headline = head::headline(headline);
    let context = context! {
        policy => template::policy(&[&style], &[CHART_LIBRARY, &script]),
        version => template::name(&env!("CARGO_PKG_VERSION").into()),
        title => format!("{headline} · perfgate"),
        headline => headline,
        verdict => comment::verdict(reports).as_str(),
        counts => Serde(head::counts(reports)),
        legs => Serde(head::legs(reports, &labels, links)),
        foot => Serde(head::foot(reports, links)),
        data => ours(template::json(&rows::data(reports, labels))),
        style => ours(style),
        library => ours(CHART_LIBRARY),
        script => ours(script),
        icons => ours(ICONS.trim_end()),
    };
    template::render("page.html", PAGE, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_own_text_ends_no_element() {
        assert!(!PAGE_SCRIPT.contains("</script") && !PAGE_SCRIPT.contains("<!--"));
        assert!(!PAGE_CSS.contains("</") && !PAGE_CSS.contains("url("));
        // Text from outside reaches the page by text nodes alone.
        for script in [PAGE_SCRIPT, CHART_SCRIPT] {
            for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
                assert!(!script.contains(way), "{way}");
            }
        }
    }
}
