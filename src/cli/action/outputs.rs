//! What the action hands on: step outputs, the job summary, and the files of the report folder.
//!
//! Every output is one line of our own making: a word, a number, a commit, a path. Names of benchmarks never go there,
//! because a line break in a value would set another output. All of them are written, empty ones too, before the step
//! can fail: what comes after a failed step still reads them.
//!
//! Not here: what the report says (`report`), and posting it.

use std::path::{Path, PathBuf};

use super::super::report::links;
use super::super::{Exit, Failure};
use crate::diag::{Code, Diagnostic, Location};
use crate::io::{files, system};
use crate::model::report::Report;
use crate::report::{self, Style, comment, markdown};
use crate::text::Untrusted;

/// The folder with what later steps and jobs read.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of this name, or the one that is always used; files of an earlier call are gone from it.
    ///
    /// # Errors
    /// If no folder is named and the runner has none, if it cannot be written into, if an old file cannot be removed, or
    /// is what is to be read.
    pub(super) fn open(named: Option<&str>, read: &[String]) -> Result<Self, Failure> {
        let path = match (named, system::variable("RUNNER_TEMP").filter(|folder| !folder.is_empty())) {
            (Some(named), _) => PathBuf::from(named),
            (None, Some(temporary)) => Path::new(&temporary).join("perfgate"),
            (None, None) => {
                return Err(Failure::usage("the input `report-dir` is empty and there is no RUNNER_TEMP to use"));
            }
        };
        // Later steps may run in another folder.
        let folder = Self { path: std::path::absolute(&path).unwrap_or(path) };
        // Known before anything is judged: a verdict that cannot be written down is one that nobody reads.
        files::make_writable(&folder.path).map_err(|error| {
            let message = format!("cannot write into the folder for reports: {error}");
            let diagnostic = Diagnostic::new(Code::WriteFailed, message).at(Location::file(folder.file("")));
            Failure::outside(diagnostic.help("name another one: the input `report-dir`"))
        })?;
        let mut found = Vec::new();
        for input in read {
            // What is no glob and no file is told by the command.
            found.extend(if files::kind(input) == files::Kind::File {
                vec![input.clone()]
            } else {
                files::glob(input).unwrap_or_default()
            });
        }
        for file in ["report.json", "report.md", "report.html", "run.json"] {
            let path = folder.file(file);
            if found.iter().any(|input| files::is_same(input, &path)) {
                return Err(Diagnostic::new(Code::Usage, "a result lies where the step writes its own report")
                    .at(Location::file(path))
                    .help("download it into another folder, or set the input `report-dir`")
                    .into());
            }
            files::remove(&folder.path.join(file)).map_err(|error| {
                let diagnostic = Diagnostic::new(Code::WriteFailed, format!("cannot remove an old report: {error}"));
                Failure::outside(diagnostic.at(Location::file(folder.file(file))))
            })?;
        }
        Ok(folder)
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> String {
        self.path.join(name).to_string_lossy().into_owned()
    }

    /// The path of a file in it, if the file is there.
    pub(super) fn written(&self, name: &str) -> Option<String> {
        Some(self.file(name)).filter(|path| files::kind(path) == files::Kind::File)
    }

    /// Writes the Markdown of a report.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write_markdown(&self, report: &Report) -> Result<(), Failure> {
        let render = report::by_name("markdown").map(|output| output.render);
        let text = render.map(|render| render(report, &Style::default())).unwrap_or_default();
        let path = self.file("report.md");
        files::write(Path::new(&path), text.as_bytes()).map_err(|error| {
            let diagnostic = Diagnostic::new(Code::WriteFailed, format!("cannot write the report: {error}"));
            Failure::outside(diagnostic.at(Location::file(path.as_str())))
        })
    }
}

/// The step outputs, in the order of action.yml.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    pub(super) verdict: String,
    regressions: Option<usize>,
    warnings: Option<usize>,
    improvements: Option<usize>,
    compared: Option<usize>,
    baseline_sha: String,
    baseline_kind: &'static str,
    pub(super) comment_url: String,
}

impl Outputs {
    /// Takes what a report says. `is_file` tells that the baseline was named as a file.
    pub(super) fn take(&mut self, report: &Report, is_file: bool) {
        let counts = &report.counts;
        report.verdict.as_str().clone_into(&mut self.verdict);
        self.regressions = Some(counts.fail);
        self.warnings = Some(counts.warn);
        self.improvements = Some(counts.improved);
        let apart = counts.new + counts.missing;
        self.compared = Some(counts.total.saturating_sub(apart));
        let commit = report.baseline.commit.as_ref().map(Untrusted::raw).unwrap_or_default();
        let is_id = (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.baseline_sha = if is_id { commit.to_owned() } else { String::new() };
        let is_older = report.notes.iter().any(|note| note.code == Code::OlderBaseline.as_str());
        self.baseline_kind = match (report.baseline.runs, is_file, is_older) {
            (0, ..) => "none",
            (_, true, _) => "file",
            (_, _, true) => "ancestor",
            _ => "exact",
        };
    }

    /// Takes what several reports say together.
    pub(super) fn take_all(&mut self, reports: &[Report]) {
        let Some((first, others)) = reports.split_first() else { return };
        self.take(first, false);
        for report in others {
            let mut one = Self::default();
            one.take(report, false);
            let sum = |a: Option<usize>, b: Option<usize>| a.zip(b).map(|(a, b)| a + b);
            self.regressions = sum(self.regressions, one.regressions);
            self.warnings = sum(self.warnings, one.warnings);
            self.improvements = sum(self.improvements, one.improvements);
            self.compared = sum(self.compared, one.compared);
            // Several baselines are none that could be named.
            if self.baseline_sha != one.baseline_sha {
                self.baseline_sha.clear();
            }
            if self.baseline_kind != one.baseline_kind {
                self.baseline_kind = "";
            }
        }
        comment::verdict(reports).as_str().clone_into(&mut self.verdict);
    }

    /// Writes all outputs where the runner reads them.
    ///
    /// # Errors
    /// If that file cannot be written.
    pub(super) fn write(&self, folder: Option<&Folder>) -> Result<(), Failure> {
        let number = |value: Option<usize>| value.map_or_else(String::new, |value| value.to_string());
        let path = |name: &str| folder.and_then(|folder| folder.written(name)).unwrap_or_default();
        let entries = [
            ("verdict", self.verdict.clone()),
            ("regressions", number(self.regressions)),
            ("warnings", number(self.warnings)),
            ("improvements", number(self.improvements)),
            ("compared", number(self.compared)),
            ("baseline-sha", self.baseline_sha.clone()),
            ("baseline-kind", self.baseline_kind.to_owned()),
            ("report-json", path("report.json")),
            ("report-markdown", path("report.md")),
            ("report-html", path("report.html")),
            ("run-json", path("run.json")),
            ("comment-url", self.comment_url.clone()),
        ];
        let mut text = String::new();
        for (name, value) in entries {
            // Nothing of ours has a line break; a folder's name could.
            let value = if value.contains(['\n', '\r']) { String::new() } else { value };
            text.push_str(&format!("{name}={value}\n"));
        }
        append("GITHUB_OUTPUT", &text)
    }
}

/// Adds text to the job summary, without anything where there is none.
///
/// # Errors
/// If it cannot be written.
pub(super) fn summarize(text: &str) -> Result<(), Failure> {
    append("GITHUB_STEP_SUMMARY", text)
}

/// The summary of reports, with links.
pub(super) fn summary(reports: &[Report]) -> String {
    comment::document(reports, &links(), markdown::SUMMARY_BYTES)
}

/// Adds text to the file that a variable of the runner names.
fn append(variable: &str, text: &str) -> Result<(), Failure> {
    let Some(path) = system::variable(variable).filter(|path| !path.is_empty()) else { return Ok(()) };
    files::append(Path::new(&path), text.as_bytes()).map_err(|error| {
        let diagnostic = Diagnostic::new(Code::WriteFailed, format!("cannot write {variable}: {error}"));
        Failure::outside(diagnostic.at(Location::file(path.as_str())))
    })
}

/// The exit of a step whose work beside the verdict may have failed: a red gate stays red.
pub(super) fn worse(exit: Exit, beside: Exit) -> Exit {
    match (exit, beside) {
        (Exit::GateFailed | Exit::Interrupted(_), _) | (_, Exit::Success) => exit,
        (Exit::Success, _) => beside,
        _ => exit,
    }
}
