//! The `-8` at the end of Go benchmark names.
//!
//! The `testing` package ends names with the number of threads (`GOMAXPROCS`) unless that is 1, and nothing tells this
//! suffix from a name that ends in a number (`BenchmarkSort/size-10`). A file decides as a whole: one suffix on all but a
//! few names is the machine's and is taken off, so that results of other machines keep matching; the same benchmarks
//! with the same several suffixes come from `-cpu=1,2,4` and stay apart; anything else is left as it is written.
//!
//! Not here: splitting names into parameters (`build`).

use std::collections::{BTreeMap, BTreeSet};

/// What a file's names tell about their suffixes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Suffixes {
    /// Nothing: names are what they are.
    #[default]
    AsWritten,
    /// All names were run with this many threads.
    One(String),
    /// Each of these names was run with several numbers of threads, which are given.
    Several(BTreeMap<String, String>),
}

/// A name without its numeric suffix, and the suffix.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let (base, digits) = name.rsplit_once('-')?;
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    (number && !base.is_empty()).then_some((base, digits))
}

impl Suffixes {
    /// Looks at the distinct names of a file.
    pub(super) fn of(names: &[&str]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, digits) in names.iter().filter_map(|name| split(name)) {
            *counts.entry(digits).or_default() += 1;
        }
        let Some((digits, count)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
            return Self::AsWritten;
        };
        if count * 10 > names.len() * 9 && (names.len() > 1 || names.iter().all(|name| !name.contains('/'))) {
            // The name of a Go function has no `-`, so one lone top-level name is certain as well.
            let all: BTreeSet<&str> =
                if count == names.len() { BTreeSet::new() } else { names.iter().copied().collect() };
            let clash = names.iter().filter_map(|name| split(name)).any(|(base, d)| d == digits && all.contains(base));
            if !clash {
                return Self::One(digits.to_owned());
            }
        }
        Self::several(names).unwrap_or_default()
    }

    fn several(names: &[&str]) -> Option<Self> {
        let mut by_base: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (base, digits) in names.iter().filter_map(|name| split(name)) {
            by_base.entry(base).or_default().insert(digits);
        }
        for name in names {
            if let Some(set) = by_base.get_mut(name) {
                set.insert("1");
            }
        }
        let mut sets: BTreeMap<&BTreeSet<&str>, usize> = BTreeMap::new();
        for set in by_base.values().filter(|set| set.len() > 1) {
            *sets.entry(set).or_default() += 1;
        }
        let (common, bases) = sets.into_iter().max_by_key(|(_, count)| *count)?;
        let mut threads = BTreeMap::new();
        for name in names {
            let of = |base: &str| by_base.get(base) == Some(common);
            if common.contains("1") && of(name) {
                threads.insert((*name).to_owned(), "1".to_owned());
            } else if let Some((base, digits)) = split(name)
                && of(base)
            {
                threads.insert((*name).to_owned(), digits.to_owned());
            }
        }
        let top_level = || names.iter().filter(|name| !name.contains('/'));
        let certain =
            top_level().all(|name| threads.contains_key(*name)) && (top_level().next().is_some() || bases > 1);
        (certain && threads.len() * 10 > names.len() * 9).then_some(Self::Several(threads))
    }

    /// The name to keep.
    pub(super) fn kept<'a>(&self, name: &'a str) -> &'a str {
        match (self, split(name)) {
            (Self::One(threads), Some((base, digits))) if threads == digits => base,
            _ => name,
        }
    }

    /// The number of threads that this one name was run with, where the names of a file differ in it.
    pub(super) fn threads(&self, name: &str) -> Option<&str> {
        match self {
            Self::Several(threads) => threads.get(name).map(String::as_str),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(threads: &str) -> Suffixes {
        Suffixes::One(threads.to_owned())
    }

    #[test]
    fn one_suffix_on_all_or_almost_all_names_is_taken_off() {
        let all = Suffixes::of(&["BenchmarkA-8", "BenchmarkB/size-10-8", "BenchmarkC/level-8-8"]);
        assert_eq!(all, one("8"));
        assert_eq!(all.kept("BenchmarkB/size-10-8"), "BenchmarkB/size-10");
        assert_eq!(all.kept("BenchmarkBad"), "BenchmarkBad");
        assert_eq!(Suffixes::of(&["BenchmarkA-8"]), one("8"));
        assert_eq!(Suffixes::of(&["BenchmarkA/size-8"]), Suffixes::AsWritten);
        assert_eq!(Suffixes::of(&["BenchmarkA-8", "BenchmarkB", "BenchmarkC-16"]), Suffixes::AsWritten);
        assert_eq!(Suffixes::of(&["BenchmarkA", "BenchmarkB/level-4"]), Suffixes::AsWritten);
        let names: Vec<String> = (0..20).map(|i| format!("Benchmark{i}-4")).chain(["Total".to_owned()]).collect();
        assert_eq!(Suffixes::of(&names.iter().map(String::as_str).collect::<Vec<_>>()), one("4"));
    }

    #[test]
    fn two_names_never_become_one() {
        let mut names: Vec<String> = (0..20).map(|i| format!("Benchmark{i}-4")).collect();
        names.push("Benchmark7".to_owned());
        assert_eq!(Suffixes::of(&names.iter().map(String::as_str).collect::<Vec<_>>()), Suffixes::AsWritten);
    }

    #[test]
    fn several_thread_counts_stay_apart() {
        let names = [
            "BenchmarkA",
            "BenchmarkA-2",
            "BenchmarkA-4",
            "BenchmarkB/level-4",
            "BenchmarkB/level-4-2",
            "BenchmarkB/level-4-4",
        ];
        let several = Suffixes::of(&names);
        assert_eq!(several.kept("BenchmarkA-2"), "BenchmarkA-2");
        let threads: Vec<_> = names.iter().map(|n| several.threads(n).unwrap()).collect();
        assert_eq!(threads, ["1", "2", "4", "1", "2", "4"]);
        assert_eq!(Suffixes::of(&["BenchmarkX/size-10", "BenchmarkX/size-20"]), Suffixes::AsWritten);
    }
}
