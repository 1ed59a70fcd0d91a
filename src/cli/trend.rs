//! `perfgate trend`: change points in a history of runs, and an exit code for the nightly job.
//!
//! Not here: finding them (`trend`), and how they look (`report::trend`).

use clap::Args as ClapArgs;

use super::budget::inputs;
use super::console::Console;
use super::judge::{finish, known_metrics};
use super::options::{ConfigArgs, InputArgs, ReportArgs, SelectionArgs, share};
use super::{Exit, Failure, Outcome};
use crate::config::{Limit, Overrides};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::io::{files, system};
use crate::model::report::GateVerdict;
use crate::report::trend::{TRENDS, headline};
use crate::text;
use crate::trend::{FEWEST_RUNS, Options, Point, Since, analyse};

/// Find where benchmarks changed their level in a history of runs, and which changes are new
///
/// Reads runs, oldest first by their date or name, and says which series changed, by how much, and between which commits.
/// What all benchmarks of a suite share, such as another machine, is taken out and told as what it is. Nothing is
/// remembered: a change is new when the history without its newest run does not show it, so that with --fail-on-new a
/// nightly job turns red once for a regression. 8 runs are the least; 30 or more say something.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate trend 'runs/main-*.json'\n  \
    perfgate trend runs/ --since 30d --metric time\n  \
    perfgate trend runs/ --fail-on-new --report markdown=trend.md",
    mut_arg("report", |arg| arg.help("Report to write: terminal, markdown, json or csv, with =PATH to a file (can be repeated)")))]
pub(super) struct Args {
    /// The history: files, folders or globs [default: `inputs` of perfgate.toml]
    runs: Vec<String>,
    /// Report changes from here on: a date (2026-11-01), an age (30d, 12w), a commit, or a number of runs (20)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Exit with 1 if a new regression reaches its warn or fail limit; with --since, new are those since then
    #[arg(long)]
    fail_on_new: bool,
    /// File that lists the runs, oldest first: a path, file name or commit per line
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    history_order: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    /// Change at which every metric warns, such as 5%: replaces all relative warn limits
    #[arg(long, value_name = "PCT", allow_hyphen_values = true, help_heading = "Judging")]
    warn: Option<String>,
    /// Change at which every metric fails, such as 10%: replaces all relative fail limits
    #[arg(long, value_name = "PCT", allow_hyphen_values = true, help_heading = "Judging")]
    fail: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    report: ReportArgs,
}

/// A limit of an option.
fn limit(option: &str, written: Option<&String>) -> Result<Option<Limit>, Failure> {
    let Some(written) = written else { return Ok(None) };
    share(written).map(Some).map_err(|why| {
        let shown = text::shown(&written.as_str().into());
        let message = format!("`--{option}` is a share such as 10%, not `{shown}`");
        Failure::from(Diagnostic::new(Code::InvalidLimit, message).note(why))
    })
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.among(TRENDS)?;
    for input in &args.runs {
        if let Some(path) = targets.iter().filter_map(|t| t.path.as_ref()).find(|path| files::is_same(path, input)) {
            return Err(Diagnostic::new(Code::Usage, "a report would overwrite an input")
                .at(Location::file(path.as_str()))
                .into());
        }
    }
    let since = args.since.as_deref().map(Since::parse).transpose()?;
    let overrides = Overrides {
        warn: limit("warn", args.warn.as_ref())?,
        fail: limit("fail", args.fail.as_ref())?,
        metric: args.selection.metric.clone(),
        ..Overrides::default()
    };
    let config = args.config.load(&overrides, console)?;
    let named = inputs(&args.runs, &config.inputs)?;
    let mut diagnostics = Diagnostics::new();
    let mut side = args.input.side(&named, &mut diagnostics)?;
    if let Some(file) = &args.history_order {
        side.order_by(&String::from_utf8_lossy(&files::read(file)?), file)?;
    }
    console.tell_all(diagnostics)?;
    known_metrics(&args.selection.metric, &side, &side)?;
    let points: Vec<Point<'_>> =
        side.runs.iter().zip(&side.sources).map(|(run, source)| Point { run, source }).collect();
    let selection = args.selection.selection();
    let options = Options { config: &config, selection: &selection, since: since.as_ref(), today: system::today() };
    let trend = analyse(&points, &options)?;
    if trend.verdict == GateVerdict::None {
        console.tell(&nothing(points.len()));
    }
    let exit = match trend.verdict {
        GateVerdict::None => Exit::NothingToJudge,
        GateVerdict::Fail | GateVerdict::Warn if args.fail_on_new => Exit::GateFailed,
        _ => Exit::Success,
    };
    let written = console.write_outputs(&trend, &targets, headline);
    // Giving back hundreds of thousands of small allocations one by one takes longer than the analysis.
    std::mem::forget((side, trend));
    finish(exit, written, console)
}

/// Why nothing could be looked at.
fn nothing(runs: usize) -> Diagnostic {
    if runs < FEWEST_RUNS {
        let runs = if runs == 1 { "1 run is".to_owned() } else { format!("{runs} runs are") };
        return Diagnostic::new(
            Code::TooShortHistory,
            format!("{runs} too few to tell a change from noise: {FEWEST_RUNS} are the least, 30 say something"),
        )
        .help("name more runs of the past: one file or folder a run, such as 'runs/main-*.json'");
    }
    Diagnostic::new(Code::NothingInCommon, format!("no series that is asked for has {FEWEST_RUNS} runs"))
        .help("check `--filter` and `--metric`; the files may be of different suites")
}
