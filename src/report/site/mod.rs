//! A history as a static site: an overview, a page for each benchmark, and a badge, for a pages branch or any folder.
//!
//! [`render`] makes every file as text, by its path in the folder. Pages work without a server, also from a disk: the values
//! of a benchmark are a script of their own (`benchmarks/NAME.js`) that hands them to the page, because a browser reads no
//! other file from a disk. So the overview stays small however long the history is. Nothing is fetched from anywhere else,
//! and each page says so in its Content-Security-Policy. Without scripts there are no charts; the tables are there.
//!
//! `pages` knows the benchmarks and the names of their files, `overview` and `benchmark` fill the templates, `sparkline` and
//! `badge` draw. Charts and look are those of the report page (`html`).
//!
//! Not here: finding changes (`trend`), and writing the folder (`io`).

mod badge;
mod benchmark;
mod events;
mod overview;
mod pages;
mod sparkline;

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::comment::Links;
use super::html::template;
use crate::model::trend::Trend;
use crate::text::Untrusted;
use pages::Pages;

/// The name that `--report` has for it.
pub const NAME: &str = "html";

/// The page to begin with.
pub const START: &str = "index.html";

/// What a site is made of.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The histories, each of a testbed of its own. The first is the one that the verdict is of.
    pub histories: Vec<History<'a>>,
    /// The branch that was measured.
    pub branch: Option<Untrusted>,
    /// The suite, where it has a name of its own.
    pub suite: Option<Untrusted>,
    /// Where commits can be seen.
    pub links: Links,
}

/// The history of one testbed.
#[derive(Clone, Debug)]
pub struct History<'a> {
    /// The class of machines, where it is known.
    pub testbed: Option<Untrusted>,
    /// What it shows, with its series.
    pub trend: &'a Trend,
    /// Where each run stands on the axis that all histories share, as [`slots`] gives it; ascending.
    pub slots: Vec<usize>,
}

/// Places the runs of several histories on one axis: runs of one commit share a place.
///
/// `runs` are the runs of all histories in their common order: the index of the history, and the commit. Gives the places
/// of each of `histories` histories, in the order of its runs.
pub fn slots(histories: usize, runs: &[(usize, Option<&Untrusted>)]) -> Vec<Vec<usize>> {
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); histories];
    let mut begin = 0;
    for together in runs.chunk_by(|a, b| a.1.is_some() && a.1 == b.1) {
        let mut taken: Vec<usize> = vec![0; histories];
        for (history, _) in together {
            if let (Some(places), Some(taken)) = (places.get_mut(*history), taken.get_mut(*history)) {
                places.push(begin + *taken);
                *taken += 1;
            }
        }
        begin += taken.into_iter().max().unwrap_or(0);
    }
    places
}

/// The files that do not depend on the history.
const ASSETS: &[(&str, &str)] = &[
    ("assets/base.css", template::BASE_CSS),
    ("assets/benchmark.js", include_str!("assets/benchmark.js")),
    ("assets/chart.js", template::CHART_SCRIPT),
    ("assets/overview.js", include_str!("assets/overview.js")),
    ("assets/site.css", include_str!("assets/site.css")),
    ("assets/uPlot.css", template::CHART_LIBRARY_CSS),
    ("assets/uPlot.js", template::CHART_LIBRARY),
];

/// Every file of the site, by its path in the folder. Paths are of `a-z A-Z 0-9 . - /` alone.
pub fn render(site: &Site<'_>) -> BTreeMap<String, String> {
    let pages = Pages::new(site);
    let mut files: BTreeMap<String, String> =
        ASSETS.iter().map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect();
    files.insert(START.to_owned(), overview::page(site, &pages));
    files.insert("badge.svg".to_owned(), badge::svg(site));
    files.insert("runs.js".to_owned(), benchmark::runs(site));
    for page in pages.iter() {
        files.insert(format!("benchmarks/{}.html", page.file), benchmark::page(site, &pages, page));
        files.insert(format!("benchmarks/{}.js", page.file), benchmark::values(&pages, page));
    }
    files
}

/// A page from its template.
fn page(name: &str, template: &str, page: impl Serialize) -> String {
    let (icons, perfgate) = (template::ours(template::ICONS.trim_end()), env!("CARGO_PKG_VERSION"));
    template::render(name, template, context! { icons => icons, perfgate => perfgate, page => Serde(page) })
}

/// A script that hands a value to the function of a page.
fn script(function: &str, value: &impl Serialize) -> String {
    format!("perfgateSite.{function}({});\n", template::json(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_commit_share_a_place() {
        let (a, b, c): (Untrusted, Untrusted, Untrusted) = ("a".into(), "b".into(), "c".into());
        let runs = [(0, Some(&a)), (0, Some(&a)), (1, Some(&a)), (1, Some(&b)), (0, Some(&c)), (0, None), (1, None)];
        assert_eq!(slots(2, &runs), [vec![0, 1, 3, 4], vec![0, 2, 5]]);
        assert_eq!(slots(1, &[]), [Vec::<usize>::new()]);
    }
}
