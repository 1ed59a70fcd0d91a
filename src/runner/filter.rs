//! "Only these benchmarks", in the words of the tool that runs them: what `{filter}` in a command becomes.
//!
//! Criterion takes one regular expression, Go one per level of a name with `/` between them, pytest the ids of tests.
//! Names are quoted and anchored, so that exactly the benchmarks meant are run.
//!
//! Not here: which benchmarks are meant (`verdict`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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
    /// Selects these benchmarks, which one tool runs, also by the names that they had before. `None` if the tool has no
    /// filter that perfgate knows.
    pub fn new(wanted: &[Wanted], before: &dyn Fn(&Wanted) -> Vec<Untrusted>) -> Option<Self> {
        let tool = wanted.first()?.tool.raw();
        let all: BTreeSet<Untrusted> =
            wanted.iter().flat_map(|w| std::iter::once(w.name.clone()).chain(before(w))).collect();
        let names = || all.iter().map(Untrusted::raw);
        let words = match tool {
            _ if wanted.iter().any(|w| w.tool.raw() != tool) => return None,
            "criterion" => vec![one_of(names().flat_map(|name| [name, without_number(name)]))],
            "go" => vec![levels(names())],
            "pytest-benchmark" => wanted.iter().map(node).collect(),
            _ => return None,
        };
        Some(Self { words, go: if tool == "go" { all } else { BTreeSet::new() } })
    }

    /// Gives Go's benchmarks the names that they were wanted by.
    ///
    /// Go ends names with the number of threads, which cannot be told from a name that ends in a number where few
    /// benchmarks are run. Here the names are known. With several numbers of threads (`-cpu 1,2`) the first stage told
    /// them apart, and `X` stands beside `X-2`.
    pub(super) fn restore_names(&self, run: &mut Run) {
        if self.go.is_empty() {
            return;
        }
        let present: BTreeSet<Untrusted> = run.series.keys().map(|key| key.benchmark.name.clone()).collect();
        let renamed = |id: &BenchmarkId| -> Option<BenchmarkId> {
            let name = Untrusted::from(without_threads(id.name.raw())?);
            let known = self.go.contains(&name) && !self.go.contains(&id.name) && !present.contains(&name);
            known.then(|| BenchmarkId::new(id.tool.clone(), id.package.clone(), name))
        };
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
        fill(command, FILTER, &self.words)
    }
}

/// Puts words in a placeholder's place in a command, quoted where a shell reads them once more.
pub(super) fn fill(command: &[String], placeholder: &str, words: &[String]) -> Vec<String> {
    let script = script(command);
    let filled = command.iter().enumerate().flat_map(|(index, word)| {
        if Some(index) == script {
            vec![fill_script(word, placeholder, words)]
        } else if word == placeholder {
            words.to_vec()
        } else {
            vec![word.replace(placeholder, &words.join(" "))]
        }
    });
    filled.collect()
}

/// Puts words, quoted, into the script of a shell, which reads them once more. Quotes of the script's own
/// around them are closed before and opened again; `$(…)` within them is not looked into.
fn fill_script(script: &str, placeholder: &str, words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("'{}'", w.replace('\'', r"'\''"))).collect();
    let quoted = quoted.join(" ");
    let (mut filled, mut rest, mut open) = (String::new(), script, String::new());
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(placeholder) {
            filled.extend([open.as_str(), quoted.as_str(), open.as_str()]);
            rest = after;
            continue;
        }
        let is_comment = c == '#' && open.is_empty() && filled.chars().last().is_none_or(char::is_whitespace);
        if is_comment {
            let (comment, after) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
            filled.push_str(comment);
            rest = after;
            continue;
        }
        let is_escape = c == '\\' && open != "'";
        for c in rest.chars().take(if is_escape { 2 } else { 1 }) {
            filled.push(c);
            rest = rest.strip_prefix(c).unwrap_or_default();
        }
        match c {
            '\'' | '"' if open.is_empty() => open.push(c),
            '\'' | '"' if open.starts_with(c) => open.clear(),
            _ => {}
        }
    }
    filled
}

/// Where a shell's script is among the words of a command: the first one after the options of a shell, whatever started
/// that, if `-c` is among them.
fn script(command: &[String]) -> Option<usize> {
    let is_shell = |word: &String| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
        ["sh", "ash", "bash", "dash", "zsh", "ksh"].contains(&name)
    };
    let mut words = command.iter().enumerate();
    words.find(|(_, word)| is_shell(word))?;
    let mut is_script = false;
    while let Some((index, word)) = words.next() {
        if !word.starts_with(['-', '+']) || word.len() == 1 {
            return is_script.then_some(index);
        }
        if !word.starts_with("--") {
            is_script |= word.contains('c');
            // `-o pipefail`, `-euo pipefail`.
            if word.ends_with('o') {
                words.next();
            }
        }
    }
    None
}

/// A regular expression that fits these texts alone.
fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = names.map(quote).collect();
    quoted.sort();
    quoted.dedup();
    format!("^({})$", quoted.join("|"))
}

/// Go's form: an expression for each level of the names; names in different parents or at different levels are
/// alternatives, which Go 1.20 and later know. A number at the end may be the threads of a `-cpu` list, which Go's names do
/// not have yet when they are selected.
fn levels<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names.flat_map(|name| std::iter::once(name).chain(without_threads(name))) {
        let (parent, last) = name.rsplit_once('/').map_or(("", name), |(parent, last)| (parent, last));
        parents.entry(parent).or_default().push(last);
    }
    let alternatives = parents.into_iter().map(|(parent, last)| {
        let above = parent.split('/').filter(|l| !l.is_empty()).map(|level| format!("^{}$/", quote(level)));
        above.collect::<String>() + &one_of(last.into_iter())
    });
    alternatives.collect::<Vec<_>>().join("|")
}

/// A name of Go's without the number of threads, if it ends with one.
fn without_threads(name: &str) -> Option<&str> {
    let (name, threads) = name.rsplit_once('-')?;
    (!threads.is_empty() && threads.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// A name of Criterion's without the number that perfgate gives to the second of two equal ones, which Criterion does not
/// know.
fn without_number(name: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    name.rsplit_once(" #").filter(|(_, number)| is_number(number)).map_or(name, |(name, _)| name)
}

/// The id by which pytest knows a test. Results name its file from the project's root, arguments from the working folder.
fn node(wanted: &Wanted) -> String {
    let Some(package) = &wanted.package else { return wanted.name.raw().to_owned() };
    let is_here = |package: &&str| Path::new(package.split("::").next().unwrap_or(package)).exists();
    let shorter = package.raw().match_indices('/').filter_map(|(slash, _)| package.raw().get(slash + 1..));
    let here = std::iter::once(package.raw()).chain(shorter).find(is_here).unwrap_or(package.raw());
    format!("{here}::{}", wanted.name.raw())
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
        Filter::new(wanted, &|_| Vec::new()).unwrap().fill(&command)
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
        let threads = wanted("go", None, &["BenchmarkTop-2", "BenchmarkA/b-4", "BenchmarkA/b"]);
        assert_eq!(words(&["{filter}"], &threads), [r"^(BenchmarkTop|BenchmarkTop-2)$|^BenchmarkA$/^(b|b-4)$"]);
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
        let some = wanted("pytest-benchmark", None, &["$(b)", "it's"]);
        let quoted = r"'$(b)' 'it'\''s'";
        let filled = |command: &[&str]| words(command, &some).pop().unwrap();
        assert_eq!(filled(&["sh", "-c", "pytest {filter}"]), format!("pytest {quoted}"));
        // Whatever starts the shell, and also inside of quotes.
        assert_eq!(filled(&["taskset", "-c", "2", "/bin/bash", "-ec", "x -k={filter}"]), format!("x -k={quoted}"));
        assert_eq!(filled(&["bash", "-ceuo", "pipefail", "x -k={filter}"]), format!("x -k={quoted}"));
        assert_eq!(filled(&["ash", "-c", "-e", "# don't\na#'{filter}"]), format!("# don't\na#''{quoted}'"));
        assert_eq!(filled(&["sh", "-c", r"a '{filter}' b"]), format!("a ''{quoted}'' b"));
        assert_eq!(filled(&["sh", "-c", r#"a \' "x{filter}""#]), format!(r#"a \' "x"{quoted}"""#));
        // A script's arguments are words.
        assert_eq!(words(&["sh", "run.sh", "-c", "{filter}"], &some), ["sh", "run.sh", "-c", "$(b)", "it's"]);
        assert_eq!(words(&["sh", "-c", "$0", "{filter}"], &some), ["sh", "-c", "$0", "$(b)", "it's"]);
    }

    #[test]
    fn names_from_before_and_of_equal_benchmarks_are_selected() {
        let some = wanted("criterion", None, &["parse #2", "issue #x"]);
        let old = |w: &Wanted| if w.name.raw() == "issue #x" { vec!["old".into()] } else { Vec::new() };
        let filled = Filter::new(&some, &old).unwrap().fill(&["{filter}".to_owned()]);
        assert_eq!(filled, ["^(issue #x|old|parse|parse #2)$"]);
    }

    #[test]
    fn a_file_that_lies_here_is_named_from_here() {
        let some = wanted("pytest-benchmark", Some("up/above/src/lib.rs::A"), &["b"]);
        assert_eq!(words(&["{filter}"], &some), ["src/lib.rs::A::b"]);
    }

    #[test]
    fn benchmarks_of_several_tools_have_no_filter() {
        let mut some = wanted("criterion", None, &["a"]);
        some.extend(wanted("go", None, &["b"]));
        assert_eq!(Filter::new(&some, &|_| Vec::new()), None);
        assert_eq!(Filter::new(&wanted("hyperfine", None, &["b"]), &|_| Vec::new()), None);
    }
}
