//! The workflows that `perfgate init --github` writes: those of examples/workflows, with the project's own benchmark
//! commands in the place of `cargo bench`, and its default branch in that of main. The nightly workflow is without the jobs
//! that measure and record, because the other workflows do that for every commit.
//!
//! Not here: what they do; each says so at its top, and docs/github.md more.

use super::super::Failure;
use super::advice;
use crate::io::files;
use crate::io::project::{Finding, Tool};

/// A workflow file.
pub(super) struct Workflow {
    /// Where it belongs.
    pub(super) path: &'static str,
    template: &'static str,
}

macro_rules! workflow {
    ($path:literal, $example:literal) => {
        Workflow {
            path: concat!(".github/workflows/", $path),
            template: include_str!(concat!("../../../examples/workflows/", $example)),
        }
    };
}

const MEASURE: Workflow = workflow!("perf.yml", "pull-request.yml");
const REPORT: Workflow = workflow!("perf-report.yml", "pull-request-report.yml");
const MAIN: Workflow = workflow!("perf-main.yml", "main.yml");
const SIMPLE: Workflow = workflow!("perf.yml", "simple.yml");
const NIGHTLY: Workflow = workflow!("perf-nightly.yml", "nightly.yml");

/// What the examples measure with, and where its results are.
const COMMAND: &str = "      - run: cargo bench --locked\n";
const RESULTS: &str = "          results: target/criterion\n";
/// The action as the examples name it.
pub(super) const PLACEHOLDER: &str =
    "OWNER/perfgate@0000000000000000000000000000000000000000 # put a release's commit here";

/// What the examples take for the default branch.
const BRANCH: &str = "    branches: [main]\n";
/// The workflow that an example speaks of, and what it is called here.
const SECOND: (&str, &str) = ("pull-request-report.yml", "perf-report.yml");
/// In nightly.yml, the jobs that only a project needs that measures nowhere else.
const MEASURING: (&str, &str) = ("  bench:\n", "  trend:\n");
const NEEDS: &str = "    needs: record\n";
const WITHOUT: &str = "# Where main.yml or simple.yml measures every commit already, leave out the jobs bench and record, and trend's `needs`.\n";

/// The workflows of a kind of repository.
pub(super) fn wanted(is_simple: bool, is_nightly: bool) -> Vec<Workflow> {
    let mut wanted = if is_simple { vec![SIMPLE] } else { vec![MEASURE, REPORT, MAIN] };
    wanted.extend(is_nightly.then_some(NIGHTLY));
    wanted
}

impl Workflow {
    /// The text of the file for a project.
    pub(super) fn text(&self, found: &[Finding], action: Option<&str>, branch: Option<&str>) -> String {
        let mut text = without_measuring(self.template).replace(SECOND.0, SECOND.1);
        if let Some(branch) = branch {
            text = text.replace(BRANCH, &format!("    branches: [{branch}]\n"));
        }
        let text = text.replace(COMMAND, &commands(found)).replace(RESULTS, &results(found));
        match action {
            Some(action) => text.replace(PLACEHOLDER, action),
            None => text,
        }
    }
}

/// The nightly workflow for a project whose other workflows measure; any other as it is.
fn without_measuring(template: &str) -> String {
    let (first, next) = MEASURING;
    match (template.contains(WITHOUT), template.split_once(first), template.split_once(next)) {
        (true, Some((before, _)), Some((_, trend))) => {
            format!("{}{next}{}", before.replace(WITHOUT, ""), trend.replace(NEEDS, ""))
        }
        _ => template.to_owned(),
    }
}

/// A branch as an entry of a YAML list that GitHub reads as that branch alone; `None` for names that it might read as a
/// pattern.
pub(super) fn branch(name: &str) -> Option<String> {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    (is_plain && !name.is_empty()).then(|| {
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_yaml = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
        let is_yaml = is_yaml.contains(&name.to_ascii_lowercase().as_str());
        if is_word && !is_yaml { name.to_owned() } else { format!("\"{name}\"") }
    })
}

/// The steps that measure.
fn commands(found: &[Finding]) -> String {
    let is_locked = files::kind("Cargo.lock") == files::Kind::File;
    let mut steps = String::new();
    for finding in found {
        let command = advice(finding.tool).current;
        match finding.tool {
            Tool::Criterion | Tool::Divan if is_locked => {
                let locked = command.replacen("cargo bench", "cargo bench --locked", 1);
                steps.push_str(&format!("      - run: {locked}\n"));
            }
            Tool::Criterion | Tool::Divan | Tool::Go => steps.push_str(&format!("      - run: {command}\n")),
            Tool::PytestBenchmark => {
                steps.push_str(
                    "      - run: python -m pip install . pytest-benchmark # or as the project installs itself\n",
                );
                steps.push_str(&format!("      - run: {command}\n"));
            }
        }
    }
    steps
}

/// The input that names their results.
fn results(found: &[Finding]) -> String {
    match found {
        [one] => format!("          results: {}\n", advice(one.tool).input),
        several => {
            let lines: Vec<String> =
                several.iter().map(|finding| format!("            {}\n", advice(finding.tool).input)).collect();
            format!("          results: |\n{}", lines.concat())
        }
    }
}

/// Refuses a name of the action that is none.
///
/// # Errors
/// If it is not OWNER/REPOSITORY@REVISION.
pub(super) fn checked(action: &str) -> Result<(), Failure> {
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
    };
    match action.split_once('@') {
        Some((name, revision)) if is_word(name) && name.contains('/') && is_word(revision) => Ok(()),
        _ => Err(Failure::usage("`--action` is OWNER/REPOSITORY@COMMIT, as `uses:` in a workflow has it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(tool: Tool) -> Finding {
        Finding { tool, evidence: "x".to_owned() }
    }

    #[test]
    fn the_projects_own_commands_are_put_in() {
        let go = MAIN.text(&[finding(Tool::Go)], Some("a/b@c"), None);
        assert!(go.contains("- run: go test -run='^$' -bench=. -benchmem"), "{go}");
        assert!(go.contains("results: bench-go.txt\n") && go.contains("- uses: a/b@c\n"), "{go}");
        assert!(!go.contains("cargo") && !go.contains("OWNER"), "{go}");
        let both = SIMPLE.text(&[finding(Tool::Criterion), finding(Tool::PytestBenchmark)], None, None);
        assert!(both.contains("results: |\n            target/criterion\n            bench-pytest.json\n"), "{both}");
        assert!(both.contains("cargo bench") && both.contains("pytest --benchmark-only"), "{both}");
        let divan = MAIN.text(&[finding(Tool::Divan)], None, None);
        assert!(divan.contains("> bench-divan.txt\n") && divan.contains("results: bench-divan.txt\n"), "{divan}");
    }

    #[test]
    fn nothing_is_measured_twice_and_every_file_that_is_named_is_written() {
        let found = [finding(Tool::Criterion)];
        let nightly = NIGHTLY.text(&found, None, None);
        assert!(nightly.contains("\njobs:\n  trend:\n    name: Trend\n    if:"), "{nightly}");
        assert!(
            !nightly.contains("bench") && !nightly.contains("record") && !nightly.contains("leave out"),
            "{nightly}"
        );
        let paths: Vec<&str> = wanted(false, true).iter().chain(&wanted(true, true)).map(|w| w.path).collect();
        for workflow in [MEASURE, REPORT, MAIN, SIMPLE, NIGHTLY] {
            let text = workflow.text(&found, None, None);
            let words = text.split(|c: char| c.is_whitespace() || ",()".contains(c));
            for word in words
                .map(|word| word.trim_end_matches('.'))
                .filter(|word| word.rsplit_once('.').is_some_and(|(_, end)| end == "yml"))
            {
                assert!(paths.iter().any(|path| path.ends_with(&format!("/{word}"))), "{word}: {text}");
            }
        }
    }

    #[test]
    fn a_branch_is_a_name_and_no_pattern() {
        for (name, written) in
            [("trunk", "trunk"), ("release/1.x", "release/1.x"), ("1.0", "\"1.0\""), ("on", "\"on\"")]
        {
            assert_eq!(branch(name).as_deref(), Some(written));
        }
        for odd in ["", "a+", "!a", "a]", "a, b", "a\nb", "ä"] {
            assert_eq!(branch(odd), None, "{odd:?}");
        }
        let simple = SIMPLE.text(&[finding(Tool::Go)], None, Some("trunk"));
        assert!(simple.contains("    branches: [trunk]\n") && !simple.contains("[main]"), "{simple}");
    }

    #[test]
    fn every_example_can_be_filled_in() {
        for workflow in [MEASURE, REPORT, MAIN, SIMPLE, NIGHTLY] {
            let text = workflow.template;
            assert_eq!(text.matches(COMMAND).count(), text.matches(RESULTS).count(), "{}", workflow.path);
            assert!(text.contains(PLACEHOLDER), "{}", workflow.path);
        }
        for text in [MAIN.template, SIMPLE.template] {
            assert!(text.contains(BRANCH));
        }
        assert!(NIGHTLY.template.contains(WITHOUT) && NIGHTLY.template.contains(NEEDS));
    }

    #[test]
    fn the_action_is_named_as_a_workflow_names_it() {
        for good in ["o/r@v1", "o/r/sub@0123abc"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["o/r", "o@v1", "o/r@", "o/r@v1\n", "o/r@v 1"] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}
