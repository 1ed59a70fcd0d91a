//! Which benchmarks there are over all histories, what they are called, and which file each has.
//!
//! Names come from outside and become names of files, so nothing of them is kept but ASCII letters, digits and dashes, in
//! lower case and not many, with a hash of the whole after it: the same benchmark keeps its address from night to night,
//! and two never share one, also where the file system does not tell `A` from `a`.
//!
//! Not here: what stands on a page.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::Site;
use crate::model::trend::{Change, Event, Series};
use crate::model::{BenchmarkId, MetricId};
use crate::text::Untrusted;

/// Letters of a name that its file begins with.
const LONGEST_START: usize = 60;

/// Hexadecimal digits of the hash in a file's name.
const HASH_DIGITS: usize = 10;

/// The page of one benchmark.
pub(super) struct Page<'a> {
    pub(super) benchmark: &'a BenchmarkId,
    /// What it is called: its name, qualified where another one has the same.
    pub(super) name: Untrusted,
    /// Its file in `benchmarks/`, without the ending.
    pub(super) file: String,
    /// Of each metric the histories that have it, by their index.
    pub(super) metrics: BTreeMap<&'a MetricId, BTreeMap<usize, &'a Series>>,
}

/// A change of a series, and the event it is part of.
#[derive(Clone, Copy)]
pub(super) struct Happened<'a> {
    /// The number of the event in its history, from 0.
    pub(super) number: usize,
    pub(super) event: &'a Event,
    pub(super) change: &'a Change,
}

/// The pages of all benchmarks, and what changed in each series.
pub(super) struct Pages<'a> {
    list: Vec<Page<'a>>,
    places: BTreeMap<BenchmarkId, usize>,
    /// By history, benchmark and metric; oldest first.
    changes: BTreeMap<(usize, BenchmarkId, MetricId), Vec<Happened<'a>>>,
    /// Changes of suites as a whole, by history, suite and metric; oldest first.
    shifts: BTreeMap<(usize, Untrusted, MetricId), Vec<Happened<'a>>>,
}

impl<'a> Pages<'a> {
    /// Looks at every series of every history.
    pub(super) fn new(site: &Site<'a>) -> Self {
        let mut found: BTreeMap<&BenchmarkId, BTreeMap<&MetricId, BTreeMap<usize, &Series>>> = BTreeMap::new();
        for (index, history) in site.histories.iter().enumerate() {
            for series in &history.trend.series {
                let metrics = found.entry(&series.benchmark).or_default();
                metrics.entry(&series.metric).or_default().insert(index, series);
            }
        }
        let mut sharing: BTreeMap<&Untrusted, Vec<&BenchmarkId>> = BTreeMap::new();
        for benchmark in found.keys() {
            sharing.entry(&benchmark.name).or_default().push(benchmark);
        }
        let mut taken = BTreeSet::new();
        let mut list = Vec::with_capacity(found.len());
        for (benchmark, metrics) in found {
            let alike = sharing.get(&benchmark.name).map_or(&[][..], Vec::as_slice);
            let name = name_among(benchmark, alike);
            list.push(Page { benchmark, name, file: file_name(benchmark, &mut taken), metrics });
        }
        let places = list.iter().enumerate().map(|(at, page)| (page.benchmark.clone(), at)).collect();
        let (mut changes, mut shifts) = (BTreeMap::new(), BTreeMap::new());
        for (index, history) in site.histories.iter().enumerate() {
            for (number, event) in history.trend.events.iter().enumerate() {
                for change in &event.changes {
                    let happened = Happened { number, event, change };
                    let series: &mut Vec<Happened<'_>> = match id_of(change) {
                        Some(id) => changes.entry((index, id, change.metric.clone())).or_default(),
                        None => shifts.entry((index, change.suite.clone(), change.metric.clone())).or_default(),
                    };
                    series.push(happened);
                }
            }
        }
        for list in changes.values_mut().chain(shifts.values_mut()) {
            list.sort_by_key(|happened| happened.change.range.likeliest);
        }
        Self { list, places, changes, shifts }
    }

    /// Every page, by the benchmarks' names.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Page<'a>> {
        self.list.iter()
    }

    /// The page of a change; a suite as a whole has none.
    pub(super) fn of(&self, change: &Change) -> Option<&Page<'a>> {
        self.places.get(&id_of(change)?).and_then(|at| self.list.get(*at))
    }

    /// What happened to a series, oldest first.
    pub(super) fn changes(&self, history: usize, series: &Series) -> &[Happened<'a>] {
        let key = (history, series.benchmark.clone(), series.metric.clone());
        self.changes.get(&key).map_or(&[], Vec::as_slice)
    }

    /// What happened to the suite of a series as a whole, oldest first.
    pub(super) fn shifts(&self, history: usize, series: &Series) -> &[Happened<'a>] {
        let key = (history, series.suite.clone(), series.metric.clone());
        self.shifts.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// The benchmark of a change.
fn id_of(change: &Change) -> Option<BenchmarkId> {
    let (name, tool) = (change.benchmark.clone()?, change.tool.clone()?);
    Some(BenchmarkId::new(tool, change.package.clone(), name))
}

/// The name of a benchmark where these have it: with its package, and with its tool where that is the same too.
fn name_among(benchmark: &BenchmarkId, alike: &[&BenchmarkId]) -> Untrusted {
    if alike.len() <= 1 {
        return benchmark.name.clone();
    }
    let name = benchmark.qualified();
    let others = alike.iter().filter(|other| other.package == benchmark.package).count();
    if others > 1 { format!("{} ({})", name.raw(), benchmark.tool.raw()).into() } else { name }
}

/// The file of a benchmark, without the ending.
fn file_name(benchmark: &BenchmarkId, taken: &mut BTreeSet<String>) -> String {
    let parts = [benchmark.tool.raw(), benchmark.package.as_ref().map_or("", Untrusted::raw), benchmark.name.raw()];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut digits = format!("{:x}", hash.finalize());
    digits.truncate(HASH_DIGITS);
    let start = plain(benchmark.name.raw(), LONGEST_START);
    let name = if start.is_empty() { digits } else { format!("{start}-{digits}") };
    // A hash this short can be made to meet another one.
    let further = (2..).map(|number| format!("{name}-{number}"));
    let free =
        std::iter::once(name.clone()).chain(further).find(|name| !taken.contains(name)).unwrap_or_else(|| name.clone());
    taken.insert(free.clone());
    free
}

/// The ASCII letters and digits of a name in lower case, with one dash for whatever stands between.
pub(super) fn plain(name: &str, longest: usize) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if out.len() >= longest {
            break;
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The anchor of a metric on a benchmark's page.
pub(super) fn anchor(metric: &MetricId) -> String {
    let name = plain(metric.raw(), LONGEST_START);
    if name == metric.raw() {
        format!("m-{name}")
    } else {
        format!("m-{name}-{}", crate::text::short_hash(metric.raw()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, taken: &mut BTreeSet<String>) -> String {
        file_name(&BenchmarkId::new("go", None, name), taken)
    }

    #[test]
    fn names_of_files_are_plain_short_and_steady() {
        let mut taken = BTreeSet::new();
        let known = file("Parse/json/1024", &mut taken);
        assert!(known.starts_with("parse-json-1024-") && known.len() == 26, "{known}");
        assert_eq!(known, file("Parse/json/1024", &mut BTreeSet::new()));
        let long = "x".repeat(10_000);
        for name in ["../../etc/passwd", "..", "", " ", "con", "a\0b", "\u{202e}evil", "名前", long.as_str(), "A", "a"]
        {
            let made = file(name, &mut taken);
            assert!(
                made.len() <= 80 && made.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
            assert!(!made.starts_with('-'), "{made}");
        }
        let folded: BTreeSet<String> = taken.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!((taken.len(), folded.len()), (12, 12));
        // The same again is another file all the same.
        assert!(file("A", &mut taken).ends_with("-2"));
    }

    #[test]
    fn anchors_of_metrics_stay_apart() {
        let of = |name: &str| anchor(&MetricId::new(name));
        assert_eq!(of("time"), "m-time");
        assert_ne!(of("a.b"), of("a-b"));
        assert_ne!(of("Time"), of("time"));
    }
}
