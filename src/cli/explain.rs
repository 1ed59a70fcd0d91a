//! `perfgate explain`: a message code, a row's reason, or one row of a comparison in full.

use clap::Args as ClapArgs;

use super::console::Console;
use super::judge::{self, CompareOptions};
use super::options::{FailOnArgs, SaveArgs, closest};
use super::{Exit, Failure, Outcome};
use crate::config::Pattern;
use crate::diag::{Code, Diagnostic};
use crate::model::BenchmarkId;
use crate::model::report::{Reason, Row};
use crate::report;
use crate::text;

/// Explain a message code, a row's reason, or one benchmark's row of a comparison in full
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate explain nothing-in-common\n  \
    perfgate explain within-noise\n  \
    perfgate explain 'parse/json/*' target/criterion@main target/criterion")]
pub(super) struct Args {
    /// A code such as `one-run`, a reason such as `within-noise`, or a benchmark's name or glob
    topic: String,
    /// The two inputs of the comparison, for a benchmark
    #[arg(value_names = ["BASELINE", "CURRENT"], num_args = 0..=2)]
    inputs: Vec<String>,
    #[command(flatten)]
    options: CompareOptions,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    match args.inputs.as_slice() {
        [] => code(&args.topic, console),
        [baseline, current] => benchmark(&args.topic, baseline, current, &args.options, console),
        _ => Err(Failure::usage("give both inputs of the comparison: `perfgate explain BENCHMARK BASELINE CURRENT`")),
    }
}

fn code(topic: &str, console: &Console) -> Outcome {
    let message = Code::ALL.iter().find(|c| c.as_str() == topic);
    let reason = Reason::ALL.iter().find(|r| r.as_str() == topic);
    let mut parts = Vec::new();
    if let Some(code) = message {
        parts.push(format!("{topic} ({})\n\n{}\n", code.severity().as_str(), code.explanation()));
    }
    if let Some(reason) = reason {
        parts.push(format!("{topic} (reason of a row)\n\n{}\n", reason.explanation()));
    }
    if !parts.is_empty() {
        console.print(&parts.join("\n"))?;
        return Ok(Exit::Success);
    }
    let shown = text::shown(&topic.into());
    let mut diagnostic = Diagnostic::new(Code::Usage, format!("there is no message code or reason `{shown}`"));
    let codes = Code::ALL.iter().map(|c| c.as_str());
    let known: Vec<&str> = codes.chain(Reason::ALL.iter().map(|r| r.as_str())).collect();
    if let Some(close) = closest(topic, &known) {
        diagnostic = diagnostic.help(format!("did you mean `{close}`?"));
    }
    Err(diagnostic
        .help("to explain a benchmark, give the comparison too: `perfgate explain BENCHMARK BASELINE CURRENT`")
        .into())
}

fn benchmark(topic: &str, baseline: &str, current: &str, options: &CompareOptions, console: &Console) -> Outcome {
    let (report, ..) =
        judge::compare(baseline, current, options, &FailOnArgs::default(), &SaveArgs::default(), false, console)?;
    let pattern = Pattern::new(topic);
    let matches = |row: &&Row| {
        let id = BenchmarkId::new(row.tool.clone(), row.package.clone(), row.benchmark.clone());
        row.benchmark.raw() == topic || pattern.matches(&id)
    };
    let rows: Vec<&Row> = report.results.iter().filter(matches).collect();
    if rows.is_empty() {
        let names: Vec<&str> = report.results.iter().map(|r| r.benchmark.raw()).collect();
        let mut diagnostic =
            Diagnostic::new(Code::Usage, format!("no benchmark matches `{}`", text::shown(&topic.into())));
        if let Some(close) = closest(topic, &names) {
            diagnostic = diagnostic.help(format!("did you mean `{}`?", text::shown(&close.into())));
        }
        return Err(diagnostic.into());
    }
    console.print(&report::explain(&report, &rows, &console.style()))?;
    Ok(Exit::Success)
}
