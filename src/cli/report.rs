//! `perfgate report`: reports that exist, shown again or merged; and the reading of them for other commands.
//!
//! A report in JSON is everything that any output shows, so a job can judge once and others can show it: the terminal of
//! who looks into it, one comment for a whole matrix.
//!
//! Not here: posting anything (`comment`).

use clap::Args as ClapArgs;
use serde::Deserialize;

use super::console::Console;
use super::judge;
use super::options::{FailOnArgs, ReportArgs, refuse_overwriting};
use super::{Exit, Failure, Outcome};
use crate::config::{FailOn, Overrides};
use crate::diag::{Code, Diagnostic, Location};
use crate::io::{ci, files};
use crate::model::report::{Report, Reports, SCHEMA, SEVERAL_SCHEMA};
use crate::report::comment::Links;
use crate::report::several::{SETS, Set, headline};
use crate::text;

/// Show reports that exist; several are merged, such as those of a CI matrix
///
/// Reads what `--report json` wrote. Of several reports, the Markdown has one title and a section for each, and the JSON is
/// one document that can be given to `perfgate report` again. The exit code is 0 whatever the reports say, also of a failed
/// gate, unless --fail-on is given: fail-on of perfgate.toml counted when they were made.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate report report.json\n  \
    perfgate report 'artifacts/*/report.json' --report markdown=comment.md\n  \
    perfgate report linux.json macos.json --fail-on fail")]
pub(super) struct Args {
    /// JSON reports: files, globs or `-`
    #[arg(required = true)]
    reports: Vec<String>,
    #[command(flatten)]
    fail_on: FailOnArgs,
    #[command(flatten)]
    report: ReportArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.among(SETS)?;
    let mut overrides = Overrides::default();
    args.fail_on.add_to(&mut overrides)?;
    refuse_overwriting(&targets, &args.reports)?;
    let reports = Reports::new(read_all(&args.reports)?);
    let set = Set { reports, links: links() };
    let exit = overrides.fail_on.map_or(Exit::Success, |fail_on| exit(&set.reports.reports, fail_on, false));
    let written = console.write_outputs(&set, &targets, headline);
    judge::finish(exit, written, console)
}

/// The exit code of several gates: a red one counts most, then one that judged nothing.
pub(super) fn exit(reports: &[Report], fail_on: FailOn, allow_missing_baseline: bool) -> Exit {
    let exits: Vec<Exit> = reports.iter().map(|report| judge::exit(report, fail_on, allow_missing_baseline)).collect();
    [Exit::GateFailed, Exit::NothingToJudge].into_iter().find(|e| exits.contains(e)).unwrap_or(Exit::Success)
}

/// Where links point in the build that this process is part of.
pub(super) fn links() -> Links {
    let ci::Pages { repository, run } = ci::pages();
    Links { repository, run }
}

/// Reads the reports that arguments name: files, globs and `-`, each once and in this order.
pub(super) fn read_all(arguments: &[String]) -> Result<Vec<Report>, Failure> {
    if arguments.iter().filter(|argument| *argument == "-").count() > 1 {
        return Err(Failure::usage("standard input (`-`) can be read only once"));
    }
    let mut paths: Vec<String> = Vec::new();
    for argument in arguments {
        let named = match files::kind(argument) {
            _ if argument == "-" => vec![argument.clone()],
            files::Kind::Missing => {
                let found = files::glob(argument)?;
                if found.is_empty() {
                    let message = "no such file, and no file that fits it as a glob";
                    return Err(Diagnostic::new(Code::NotFound, message).at(Location::file(argument.as_str())).into());
                }
                found
            }
            files::Kind::Folder => {
                let shown = text::shown(&argument.trim_end_matches('/').into());
                return Err(Diagnostic::new(Code::Unreadable, "this is a folder, not a report")
                    .at(Location::file(argument.as_str()))
                    .help(format!("name the reports in it: '{shown}/**/report.json'"))
                    .into());
            }
            files::Kind::File => vec![argument.clone()],
        };
        for path in named {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    let mut reports = Vec::new();
    for path in &paths {
        reports.extend(read(path)?);
    }
    Ok(reports)
}

/// Reads one file that is to hold one report.
pub(super) fn read_one(path: &str) -> Result<Report, Failure> {
    let mut reports = read(path)?;
    match (reports.pop(), reports.is_empty()) {
        (Some(report), true) => Ok(report),
        _ => Err(Diagnostic::new(Code::MalformedDocument, "these are several reports, and one is wanted")
            .at(Location::file(path))
            .into()),
    }
}

/// The field by which documents of perfgate are told apart.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    schema: Option<String>,
}

/// Reads a report, or several in one document.
fn read(path: &str) -> Result<Vec<Report>, Failure> {
    let bytes = files::read(path)?;
    let name = files::shown_name(path);
    let malformed = |error: &serde_json::Error| {
        let code = if error.is_data() { Code::MalformedDocument } else { Code::InvalidJson };
        let message = if error.is_data() { "this is not a report of perfgate in JSON" } else { "this is not JSON" };
        Diagnostic::new(code, message)
            .at(Location::line(name.clone(), error.line() as u64))
            .note(text::line(&error.to_string()).into_owned())
            .help("`--report json=PATH` of `check`, `compare`, `ab` and `budget` writes a report")
    };
    // What has no schema at all may be anything, such as the results of a benchmark tool.
    let schema = match serde_json::from_slice::<Head>(&bytes) {
        Ok(head) => head.schema.unwrap_or_default(),
        Err(error) if error.is_data() => String::new(),
        Err(error) => return Err(malformed(&error).into()),
    };
    let read = match schema.as_str() {
        SCHEMA => serde_json::from_slice(&bytes).map(|report| vec![report]),
        SEVERAL_SCHEMA => serde_json::from_slice::<Reports>(&bytes).map(|several| several.reports),
        other => return Err(foreign(path, other).into()),
    };
    Ok(read.map_err(|error| malformed(&error))?)
}

/// What a document is that is no report of this version, and what to type instead.
fn foreign(path: &str, schema: &str) -> Diagnostic {
    let name = files::shown_name(path);
    let shown = text::shown(&name);
    let code = match schema.split_once('/') {
        Some(("perfgate-report" | "perfgate-reports", _)) => Code::UnsupportedVersion,
        _ => Code::MalformedDocument,
    };
    let said = if schema.is_empty() {
        "it has no field `schema`".to_owned()
    } else {
        format!("its schema is `{}`", text::shown(&schema.into()))
    };
    let diagnostic = Diagnostic::new(code, "this is not a report of perfgate in JSON")
        .at(Location::file(name))
        .note(format!("{said}, and this version reads `{SCHEMA}` and `{SEVERAL_SCHEMA}`"));
    match schema.split_once('/').map_or("", |(name, _)| name) {
        "perfgate-run" => diagnostic
            .help(format!("it is a run, which can be judged: `perfgate check {shown} --report json=report.json`")),
        "perfgate-trend" => {
            diagnostic.help("it is the outcome of `perfgate trend`, which writes its own `--report markdown`")
        }
        "perfgate-report" | "perfgate-reports" => diagnostic.help("a newer perfgate wrote it: update perfgate"),
        _ => diagnostic
            .help(format!("if these are results: `perfgate check {shown}`, with `--report json=PATH` for a report")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::report::GateVerdict;

    fn report(verdict: GateVerdict) -> Report {
        let empty = include_str!("../../fixtures/reports/empty.json");
        Report { verdict, ..serde_json::from_str(empty).unwrap() }
    }

    #[test]
    fn the_worst_gate_decides() {
        use GateVerdict::{Fail, None, Pass, Warn};
        for (verdicts, fail_on, code) in [
            (vec![Pass, Warn], FailOn::Fail, Exit::Success),
            (vec![Pass, Warn], FailOn::Warn, Exit::GateFailed),
            (vec![None, Fail], FailOn::Fail, Exit::GateFailed),
            (vec![Pass, None], FailOn::Fail, Exit::NothingToJudge),
            (vec![Fail, Pass], FailOn::Never, Exit::Success),
        ] {
            let reports: Vec<Report> = verdicts.iter().copied().map(report).collect();
            assert_eq!(exit(&reports, fail_on, false), code, "{verdicts:?}");
        }
    }
}
