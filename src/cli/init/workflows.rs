//! The workflows that `perfgate init --github` writes: those of examples/workflows, with the project's own benchmark
//! commands in the place of `cargo bench`.
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

/// The workflows of a kind of repository.
pub(super) fn wanted(is_simple: bool, is_nightly: bool) -> Vec<Workflow> {
    let mut wanted = if is_simple { vec![SIMPLE] } else { vec![MEASURE, REPORT, MAIN] };
    wanted.extend(is_nightly.then_some(NIGHTLY));
    wanted
}

impl Workflow {
    /// The text of the file for a project.
    pub(super) fn text(&self, found: &[Finding], action: Option<&str>) -> String {
        let text = self.template.replace(COMMAND, &commands(found)).replace(RESULTS, &results(found));
        match action {
            Some(action) => text.replace(PLACEHOLDER, action),
            None => text,
        }
    }
}

/// The steps that measure.
fn commands(found: &[Finding]) -> String {
    let is_locked = files::kind("Cargo.lock") == files::Kind::File;
    let mut steps = String::new();
    for finding in found {
        let command = advice(finding.tool).current;
        match finding.tool {
            Tool::Criterion if is_locked => steps.push_str(COMMAND),
            Tool::Criterion | Tool::Go => steps.push_str(&format!("      - run: {command}\n")),
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
        let go = MAIN.text(&[finding(Tool::Go)], Some("a/b@c"));
        assert!(go.contains("- run: go test -run='^$' -bench=. -benchmem"), "{go}");
        assert!(go.contains("results: bench-go.txt\n") && go.contains("- uses: a/b@c\n"), "{go}");
        assert!(!go.contains("cargo") && !go.contains("OWNER"), "{go}");
        let both = SIMPLE.text(&[finding(Tool::Criterion), finding(Tool::PytestBenchmark)], None);
        assert!(both.contains("results: |\n            target/criterion\n            bench-pytest.json\n"), "{both}");
        assert!(both.contains("cargo bench") && both.contains("pytest --benchmark-only"), "{both}");
    }

    #[test]
    fn every_example_can_be_filled_in() {
        for workflow in [MEASURE, REPORT, MAIN, SIMPLE, NIGHTLY] {
            let text = workflow.template;
            assert_eq!(text.matches(COMMAND).count(), text.matches(RESULTS).count(), "{}", workflow.path);
            assert!(text.contains(PLACEHOLDER), "{}", workflow.path);
        }
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
