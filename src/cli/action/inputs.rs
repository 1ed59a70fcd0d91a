//! The Action's inputs, as the runner hands them over: `INPUT_*` variables, all of them text.
//!
//! [`INPUTS`] is the one table of them; action.yml is held to it by a test. An input that is not given is empty. Whatever
//! is not one of an input's values is refused by name, and so is an input that the command would not look at: a setting
//! that does nothing is a mistake that nobody sees.
//!
//! Not here: what action/install.sh reads (`version`, `fallback`, `verify-attestation`), and what the values do.

use std::collections::BTreeMap;

use super::super::{Failure, comment};
use crate::diag::{Code, Diagnostic};
use crate::forge::sticky::Key;
use crate::text;

/// What the action is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    Check,
    Compare,
    Record,
    Trend,
    Report,
    Install,
}

/// The tasks by what `command` calls them.
const TASKS: [(&str, Task); 6] = [
    ("check", Task::Check),
    ("compare", Task::Compare),
    ("record", Task::Record),
    ("trend", Task::Trend),
    ("report", Task::Report),
    ("install", Task::Install),
];

/// What an input may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line.
    Text,
    /// One value a line; blank lines are left out.
    Lines,
    /// `true` or `false`.
    Switch,
    /// One of these.
    Words(&'static [&'static str]),
    /// A whole number within these bounds.
    Number(u64, u64),
    /// The id of a comment.
    CommentId,
    /// The name of a commit status.
    Context,
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it is without a value.
    pub(super) default: &'static str,
    /// The tasks that look at it.
    pub(super) tasks: &'static [Task],
}

use Task::{Check, Compare, Install, Record, Report, Trend};

const fn input(name: &'static str, kind: Kind, default: &'static str, tasks: &'static [Task]) -> Input {
    Input { name, kind, default, tasks }
}

const ALL: &[Task] = &[Check, Compare, Record, Trend, Report, Install];
const STORED: &[Task] = &[Check, Record, Trend];
const POSTING: &[Task] = &[Check, Compare, Report];
const SHOWN: &[Task] = &[Check, Compare, Trend, Report];
const OFF: &str = "false";

/// Every input that perfgate reads.
pub(super) const INPUTS: &[Input] = &[
    input("command", Kind::Words(&["check", "compare", "record", "trend", "report", "install"]), "check", ALL),
    input("results", Kind::Lines, "", &[Check, Compare, Record, Trend, Report]),
    input("baseline", Kind::Text, "", &[Compare]),
    input("format", Kind::Text, "auto", &[Check, Compare, Record, Trend]),
    input("config", Kind::Text, "", &[Check, Compare, Record, Trend, Report]),
    input("testbed", Kind::Text, "", STORED),
    input("suite", Kind::Text, "", STORED),
    input("store", Kind::Text, "", &[Check, Record, Trend, Report]),
    input("baseline-branch", Kind::Text, "", &[Check, Record, Trend, Report]),
    input("baseline-file", Kind::Text, "", &[Check]),
    input("base", Kind::Text, "", &[Check]),
    input("fail-on", Kind::Words(&["", "fail", "warn", "never"]), "", SHOWN),
    input("require-baseline", Kind::Switch, OFF, &[Check, Compare, Report, Trend]),
    input("confirm", Kind::Switch, OFF, &[Check]),
    input("bench-command", Kind::Text, "", &[Check]),
    input("setup-command", Kind::Text, "", &[Check]),
    input("pairs", Kind::Number(1, 65_535), "", &[Check]),
    input("comment", Kind::Words(&["always", "on-regression", "never"]), "always", POSTING),
    input("comment-id", Kind::CommentId, "default", POSTING),
    input("require-comment", Kind::Switch, OFF, POSTING),
    input("pr-number", Kind::Number(1, u64::MAX), "", POSTING),
    input("status-context", Kind::Context, "", POSTING),
    input("issue", Kind::Switch, OFF, &[Trend]),
    input("annotations", Kind::Switch, "true", ALL),
    input("summary", Kind::Switch, "true", SHOWN),
    input("report-dir", Kind::Text, "", SHOWN),
];

/// The inputs of one call, all of them checked.
#[derive(Debug)]
pub(super) struct Inputs {
    task: Task,
    values: BTreeMap<&'static str, String>,
}

impl Inputs {
    /// Reads all inputs.
    ///
    /// # Errors
    /// The first input that holds what it may not.
    pub(super) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        for input in INPUTS {
            let given = variable(&variable_of(input.name)).unwrap_or_default();
            let given = given.trim();
            let value = if given.is_empty() { input.default } else { given };
            check(input, value)?;
            values.insert(input.name, value.to_owned());
        }
        let command = values.get("command").map_or("", String::as_str);
        let task = TASKS.iter().find(|(name, _)| *name == command).map_or(Check, |(_, task)| *task);
        for input in INPUTS {
            let is_set = values.get(input.name).is_some_and(|value| value != input.default);
            if is_set && !input.tasks.contains(&task) {
                let of: Vec<String> = TASKS
                    .iter()
                    .filter(|(_, task)| input.tasks.contains(task))
                    .map(|(name, _)| format!("`command: {name}`"))
                    .collect();
                let message = format!("the input `{}` does nothing with `command: {command}`", input.name);
                return Err(wrong(message).help(format!("it belongs to {}; leave it out", of.join(", "))).into());
            }
        }
        let inputs = Self { task, values };
        inputs.fit_together()?;
        Ok(inputs)
    }

    /// Refuses inputs that contradict each other, before anything is measured or judged.
    fn fit_together(&self) -> Result<(), Failure> {
        if self.text("comment") != "never" || !POSTING.contains(&self.task) {
            return Ok(());
        }
        if self.task == Report && self.lines("results").is_empty() {
            let message = "`command: report` without `results` is there to comment: not with `comment: never`";
            return Err(wrong(message.to_owned()).into());
        }
        let is_set = |name: &&str| self.given(name).is_some_and(|value| value != OFF);
        match ["status-context", "require-comment", "pr-number"].iter().find(|name| is_set(name)) {
            Some(name) => {
                let message = format!("the input `{name}` goes with a comment: not with `comment: never`");
                Err(wrong(message).help("leave it out, or let `comment` be `on-regression`").into())
            }
            None => Ok(()),
        }
    }

    pub(super) fn task(&self) -> Task {
        self.task
    }

    /// The value of an input; empty where it has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The value of an input, if it has one.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// The values of an input that takes several.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Whether an input is `true`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }
}

/// The variable of an input.
pub(super) fn variable_of(name: &str) -> String {
    format!("INPUT_{}", name.to_uppercase().replace('-', "_"))
}

fn check(input: &Input, value: &str) -> Result<(), Failure> {
    let allowed: &[&str] = match input.kind {
        Kind::Switch => &["true", "false"],
        Kind::Words(words) => words,
        _ => &[],
    };
    let shown = || text::shown(&value.into());
    if !allowed.is_empty() && !allowed.contains(&value) {
        let words: Vec<&str> = allowed.iter().copied().filter(|word| !word.is_empty()).collect();
        let message = format!("the input `{}` is one of {}, not `{}`", input.name, words.join(", "), shown());
        return Err(wrong(message).into());
    }
    if input.kind != Kind::Lines && value.contains(['\n', '\r']) {
        return Err(wrong(format!("the input `{}` is one line, not `{}`", input.name, shown())).into());
    }
    let expected = match input.kind {
        _ if value.is_empty() => None,
        Kind::Number(least, most) if !value.parse().is_ok_and(|number| (least..=most).contains(&number)) => {
            let bounds = if most == u64::MAX { format!("from {least} on") } else { format!("from {least} to {most}") };
            Some(format!("a whole number {bounds}"))
        }
        Kind::CommentId if Key::new(value).is_err() => Some("1 to 64 of `A-Z a-z 0-9 . _ -`".to_owned()),
        Kind::Context if !comment::is_context(value) => Some("one line of 1 to 100 characters".to_owned()),
        _ => None,
    };
    match expected {
        Some(expected) => Err(wrong(format!("the input `{}` is {expected}, not `{}`", input.name, shown())).into()),
        None => Ok(()),
    }
}

fn wrong(message: String) -> Diagnostic {
    Diagnostic::new(Code::Usage, message)
}

/// Splits a command into words as a shell does it, with `'…'`, `"…"` and a backslash; nothing is expanded.
///
/// # Errors
/// If a quote is not closed.
pub(super) fn words(command: &str) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = command.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let next = rest.next();
                let keeps = quote.is_some() && !matches!(next, Some('"' | '\\'));
                let word = word.get_or_insert_default();
                word.extend(keeps.then_some('\\'));
                word.extend(next);
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(wrong("the input `bench-command` has a quote that is not closed".to_owned()).into());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Inputs, String> {
        let variable = |name: &str| {
            given.iter().find(|(given, _)| variable_of(given) == name).map(|(_, value)| (*value).to_owned())
        };
        Inputs::read(&variable).map_err(|failure| failure.diagnostics.first().unwrap().message.clone())
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let inputs = read(&[("results", " a.txt\n\n b c.txt \n"), ("config", "")]).unwrap();
        assert_eq!(inputs.task(), Task::Check);
        assert_eq!(inputs.lines("results"), ["a.txt", "b c.txt"]);
        assert_eq!((inputs.text("comment"), inputs.given("config")), ("always", None));
        assert!(inputs.is_on("annotations") && !inputs.is_on("confirm"));
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        let refused = |name, value| read(&[(name, value)]).unwrap_err();
        assert_eq!(refused("summary", "yes"), "the input `summary` is one of true, false, not `yes`");
        assert_eq!(refused("summary", "True"), "the input `summary` is one of true, false, not `True`");
        assert_eq!(refused("fail-on", "error"), "the input `fail-on` is one of fail, warn, never, not `error`");
        assert!(refused("command", "push").contains("check, compare, record, trend, report, install"));
        assert!(refused("config", "a\nb").contains("is one line"));
        assert_eq!(refused("baseline", "a.json"), "the input `baseline` does nothing with `command: check`");
        let message = read(&[("command", "record"), ("comment", "never")]).unwrap_err();
        assert_eq!(message, "the input `comment` does nothing with `command: record`");
        assert_eq!(refused("pr-number", "abc"), "the input `pr-number` is a whole number from 1 on, not `abc`");
        assert!(refused("pr-number", "0").contains("from 1 on") && refused("pairs", "-3").contains("a whole number"));
        assert_eq!(
            refused("comment-id", "my id!"),
            "the input `comment-id` is 1 to 64 of `A-Z a-z 0-9 . _ -`, not `my id!`"
        );
        assert!(refused("status-context", &"x".repeat(101)).contains("one line of 1 to 100 characters"));
        for (name, value) in [("status-context", "perf"), ("require-comment", "true"), ("pr-number", "7")] {
            let message = read(&[("comment", "never"), (name, value)]).unwrap_err();
            assert_eq!(message, format!("the input `{name}` goes with a comment: not with `comment: never`"));
        }
    }

    #[test]
    fn commands_are_split_as_a_shell_does() {
        let split = |command| words(command).map_err(|_| ()).unwrap();
        assert_eq!(split("cargo bench -- '{filter}'"), ["cargo", "bench", "--", "{filter}"]);
        assert_eq!(split("a \"b \\\" c\\d\" e\\ f '' $HOME"), ["a", "b \" c\\d", "e f", "", "$HOME"]);
        assert!(words("a 'b").is_err());
    }

    /// The inputs of action.yml, with their defaults.
    fn declared(action: &str) -> BTreeMap<String, String> {
        let block = action.split_once("\ninputs:\n").unwrap().1.split_once("\noutputs:\n").unwrap().0;
        let mut found = BTreeMap::new();
        let mut name = String::new();
        for line in block.lines() {
            if let Some(key) = line.strip_prefix("  ").filter(|line| !line.starts_with([' ', '#'])) {
                name = key.trim_end_matches(':').to_owned();
                found.insert(name.clone(), String::new());
            } else if let Some(value) = line.strip_prefix("    default: ") {
                found.insert(name.clone(), value.trim_matches('"').to_owned());
            }
        }
        found
    }

    #[test]
    fn action_yml_and_the_program_know_the_same_inputs() {
        let action = include_str!("../../../action.yml");
        let mut declared = declared(action);
        // What the first step and the runner use.
        for name in ["version", "fallback", "verify-attestation", "working-directory", "token"] {
            assert!(declared.remove(name).is_some(), "{name}");
        }
        let ours: BTreeMap<String, String> =
            INPUTS.iter().map(|input| (input.name.to_owned(), input.default.to_owned())).collect();
        assert_eq!(declared, ours);
        for input in INPUTS {
            let line = format!("        {}: ${{{{ inputs.{} }}}}\n", variable_of(input.name), input.name);
            assert!(action.contains(&line), "action.yml does not hand over `{}`", input.name);
        }
    }
}
