//! "Only these benchmarks", in the words of the tool that runs them: what `{filter}` in a command becomes.
//!
//! Criterion takes one regular expression, Go one per level of a name with `/` between them, pytest the ids of tests.
//! Names are quoted and anchored, so that exactly the benchmarks meant are run.
//!
//! Not here: which benchmarks are meant (`verdict`).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{BenchmarkId, Run, SeriesKey};
use crate::text::Untrusted;

/// What stands for the filter in a command.
const FILTER: &str = "{filter}";

/// A benchmark that is to be run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The tool: `criterion`, `go`, `pytest-benchmark`.
    pub tool: Untrusted,
    /// Its package or file, as the results name it.
    pub package: Option<Untrusted>,
    /// Its name.
    pub name: Untrusted,
}

/// What `{filter}` becomes: one word, or for pytest several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    words: Vec<String>,
    /// Go's benchmarks, by name.
    go: BTreeSet<Untrusted>,
}

impl Filter {
    /// Selects these benchmarks, which one tool runs. `None` if the tool has no filter that perfgate knows.
    pub fn new(wanted: &[Wanted]) -> Option<Self> {
        let tool = wanted.first()?.tool.raw();
        let names = || wanted.iter().map(|w| w.name.raw());
        let words = match tool {
            _ if wanted.iter().any(|w| w.tool.raw() != tool) => return None,
            "criterion" => vec![one_of(names())],
            "go" => vec![levels(names())],
            "pytest-benchmark" => wanted.iter().map(node).collect(),
            _ => return None,
        };
        let go = if tool == "go" { wanted.iter().map(|w| w.name.clone()).collect() } else { BTreeSet::new() };
        Some(Self { words, go })
    }

    /// Gives Go's benchmarks the names that they were wanted by.
    ///
    /// Go ends names with the number of threads, which cannot be told from a name that ends in a number where few
    /// benchmarks are run. Here the names are known, and nothing else was run.
    pub(super) fn restore_names(&self, run: &mut Run) {
        let renamed = |id: &BenchmarkId| -> Option<BenchmarkId> {
            let (name, threads) = id.name.raw().rsplit_once('-')?;
            let name = Untrusted::from(name);
            let is_suffix = !threads.is_empty() && threads.bytes().all(|b| b.is_ascii_digit());
            let known = self.go.contains(&name) && !self.go.contains(&id.name);
            (is_suffix && known).then(|| BenchmarkId::new(id.tool.clone(), id.package.clone(), name))
        };
        if self.go.is_empty() {
            return;
        }
        let name = |id: BenchmarkId| renamed(&id).unwrap_or(id);
        run.series = std::mem::take(&mut run.series)
            .into_iter()
            .map(|(key, observation)| (SeriesKey { benchmark: name(key.benchmark), ..key }, observation))
            .collect();
        run.details = std::mem::take(&mut run.details).into_iter().map(|(id, details)| (name(id), details)).collect();
        run.failures = std::mem::take(&mut run.failures).into_iter().map(|(id, fault)| (name(id), fault)).collect();
    }

    /// Whether a command says where the filter goes.
    pub fn is_named_in(command: &[String]) -> bool {
        command.iter().any(|word| word.contains(FILTER))
    }

    /// Puts the filter into the words of a command.
    pub(super) fn fill(&self, command: &[String]) -> Vec<String> {
        // A shell reads its script's words once more.
        let is_shell = command.first().is_some_and(|program| {
            let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
            ["sh", "bash", "dash", "zsh", "ksh"].contains(&name)
        });
        let quoted: Vec<String> = self.words.iter().map(|w| format!("'{}'", w.replace('\'', r"'\''"))).collect();
        command
            .iter()
            .flat_map(|word| {
                if word == FILTER {
                    self.words.clone()
                } else if word.contains(FILTER) {
                    vec![word.replace(FILTER, &if is_shell { quoted.join(" ") } else { self.words.join(" ") })]
                } else {
                    vec![word.clone()]
                }
            })
            .collect()
    }
}

/// A regular expression that fits these texts alone.
fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = names.map(quote).collect();
    quoted.sort();
    quoted.dedup();
    format!("^({})$", quoted.join("|"))
}

/// Go's form: an expression for each level of the names; names in different parents or at different levels are
/// alternatives, which Go 1.20 and later know.
fn levels<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let (parent, last) = name.rsplit_once('/').map_or(("", name), |(parent, last)| (parent, last));
        parents.entry(parent).or_default().push(last);
    }
    let alternatives = parents.into_iter().map(|(parent, last)| {
        let above = parent.split('/').filter(|l| !l.is_empty()).map(|level| format!("^{}$/", quote(level)));
        above.collect::<String>() + &one_of(last.into_iter())
    });
    alternatives.collect::<Vec<_>>().join("|")
}

/// The id by which pytest knows a test.
fn node(wanted: &Wanted) -> String {
    match &wanted.package {
        Some(package) => format!("{}::{}", package.raw(), wanted.name.raw()),
        None => wanted.name.raw().to_owned(),
    }
}

/// A regular expression that fits a text alone, in Rust's and Go's dialects.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(tool: &str, package: Option<&str>, names: &[&str]) -> Vec<Wanted> {
        names
            .iter()
            .map(|name| Wanted { tool: tool.into(), package: package.map(Into::into), name: (*name).into() })
            .collect()
    }

    fn words(command: &[&str], wanted: &[Wanted]) -> Vec<String> {
        let command: Vec<String> = command.iter().map(|w| (*w).to_owned()).collect();
        Filter::new(wanted).unwrap().fill(&command)
    }

    #[test]
    fn criterion_gets_one_anchored_expression() {
        let some = wanted("criterion", None, &["suite/sum", "parse (fast)/1.5", "suite/sum"]);
        assert_eq!(
            words(&["cargo", "bench", "--", "{filter}"], &some),
            ["cargo", "bench", "--", r"^(parse \(fast\)/1\.5|suite/sum)$"]
        );
    }

    #[test]
    fn go_gets_an_expression_a_level() {
        let some = wanted("go", Some("p"), &["BenchmarkSuite/name=sum", "BenchmarkSuite/name=a+b", "BenchmarkTop"]);
        assert_eq!(
            words(&["go", "test", "-bench={filter}"], &some),
            ["go", "test", r"-bench=^(BenchmarkTop)$|^BenchmarkSuite$/^(name=a\+b|name=sum)$"]
        );
        let deep = wanted("go", None, &["BenchmarkA/b/c[1]"]);
        assert_eq!(words(&["{filter}"], &deep), [r"^BenchmarkA$/^b$/^(c\[1\])$"]);
    }

    #[test]
    fn pytest_gets_ids_as_words_of_their_own() {
        let some = wanted("pytest-benchmark", Some("tests/test_a.py::TestB"), &["test_c[x-1]", "test_d"]);
        assert_eq!(
            words(&["pytest", "{filter}", "-q"], &some),
            ["pytest", "tests/test_a.py::TestB::test_c[x-1]", "tests/test_a.py::TestB::test_d", "-q"]
        );
    }

    #[test]
    fn a_shell_reads_quoted_words() {
        let some = wanted("pytest-benchmark", None, &["it's", "$(b)"]);
        assert_eq!(words(&["sh", "-c", "pytest {filter}"], &some), ["sh", "-c", r"pytest 'it'\''s' '$(b)'"]);
    }

    #[test]
    fn benchmarks_of_several_tools_have_no_filter() {
        let mut some = wanted("criterion", None, &["a"]);
        some.extend(wanted("go", None, &["b"]));
        assert_eq!(Filter::new(&some), None);
        assert_eq!(Filter::new(&wanted("hyperfine", None, &["b"])), None);
    }
}
