//! `perfgate convert`: any format to perfgate's own JSON, or to what other programs read.

use std::path::Path;

use clap::Args as ClapArgs;

use super::console::Console;
use super::options::{ConfigArgs, InputArgs, SelectionArgs, SubjectArgs, closest};
use super::{Exit, Failure, Outcome};
use crate::config::Overrides;
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::{Guess, perfgate_run};
use crate::io::{files, load};
use crate::model::Run;
use crate::report::export::{EXPORTS, direction};
use crate::report::{self, Output, Style};
use crate::text;

/// Convert results of any format to perfgate's own JSON (`perfgate-run/1`, one line per run), or to another program's
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files, folders, globs or `-`
    #[arg(required = true)]
    results: Vec<String>,
    /// Write for another program: go (benchstat), bmf (Bencher), gab (github-action-benchmark) or csv
    #[arg(long, value_name = "FORM", help_heading = "Output")]
    to: Option<String>,
    /// Write to this file, which stays as it is if anything goes wrong, instead of standard output
    #[arg(long, short, value_name = "PATH", conflicts_with = "explain", help_heading = "Output")]
    output: Option<String>,
    /// Say what every field of a document was taken for that no tool's format fits, instead of converting it
    #[arg(long, conflicts_with = "to", help_heading = "Output")]
    explain: bool,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let form = args.to.as_deref().map(form).transpose()?;
    if let Some(path) = &args.output
        && args.results.iter().any(|input| files::is_same(path, input))
    {
        let message = "the converted results would overwrite an input";
        return Err(Diagnostic::new(Code::Usage, message).at(Location::file(path.as_str())).into());
    }
    let overrides = Overrides { metric: args.selection.metric.clone(), ..Overrides::default() };
    let config = args.config.load(&overrides, console)?;
    let mut diagnostics = Diagnostics::new();
    if args.explain {
        let formats = args.input.formats(&config)?;
        let read = load::explain(&args.results, &formats, &mut diagnostics);
        console.tell_all(diagnostics)?;
        let texts: Vec<String> = read.iter().map(explanation).collect();
        console.print(&texts.join("\n"))?;
        return Ok(Exit::Success);
    }
    let mut side = args.input.side(&args.results, &config, &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    args.subject.apply(&mut side.runs)?;
    let selection = args.selection.selection();
    for run in &mut side.runs {
        run.series.retain(|key, _| selection.keeps_series(key) && selection.keeps_benchmark(&key.benchmark));
    }
    let text = match form {
        None => perfgate_run::write(&side.runs),
        Some(form) => {
            tell_left_out(form, &side.runs, console);
            (form.render)(&side.runs, &Style::default())
        }
    };
    match args.output.as_deref() {
        None | Some("-") => console.print(&text)?,
        Some(path) => files::write(Path::new(path), text.as_bytes()).map_err(|error| {
            let diagnostic = Diagnostic::new(Code::WriteFailed, format!("cannot write the results: {error}"));
            Failure::outside(diagnostic.at(Location::file(path)))
        })?,
    }
    Ok(Exit::Success)
}

fn form(name: &str) -> Result<&'static Output<[Run]>, Failure> {
    if let Some(form) = EXPORTS.iter().find(|form| form.name == name) {
        return Ok(form);
    }
    let names: Vec<&str> = EXPORTS.iter().map(|form| form.name).collect();
    let mut diagnostic =
        Diagnostic::new(Code::Usage, format!("there is no form `{}` to convert to", text::shown(&name.into())));
    if let Some(close) = closest(name, &names) {
        diagnostic = diagnostic.help(format!("did you mean `{close}`?"));
    }
    let listed: Vec<String> = EXPORTS.iter().map(|form| format!("{} ({})", form.name, form.title)).collect();
    Err(diagnostic.help(format!("forms: {}", listed.join("; "))).into())
}

/// Says what the form has no room for.
fn tell_left_out(form: &Output<[Run]>, runs: &[Run], console: &Console) {
    let failed: usize = runs.iter().map(|run| run.failures.len()).sum();
    if failed > 0 {
        let message = format!("{} failed and cannot be said in this form", report::count(failed, "benchmark"));
        console.tell(&Diagnostic::new(Code::BenchmarkFailed, message));
    }
    if form.name == "gab" {
        let (better, left_out) = direction(runs);
        if left_out > 0 {
            let message = format!(
                "{left_out} series left out: one file of this form has one direction, here {} is better",
                better.as_str()
            );
            console.tell(&Diagnostic::new(Code::LeftOut, message).help("write the others with `--metric NAME`"));
        }
    }
}

/// What a document was read as.
fn explanation(read: &load::Explained) -> String {
    let mut out = format!("{}: {}\n", text::shown(&read.name), read.format);
    if read.guesses.is_empty() {
        return out;
    }
    let rows: Vec<[String; 4]> = read.guesses.iter().map(cells).collect();
    let header = ["field", "taken for", "times", "first at"].map(str::to_owned);
    let width = |column: usize| {
        rows.iter()
            .chain([&header])
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for [field, taken_for, times, first] in [&header].into_iter().chain(&rows) {
        let [a, b, c] = widths;
        out.push_str(&format!("  {field:a$}  {taken_for:b$}  {times:>c$}  {first}\n"));
    }
    out
}

fn cells(guess: &Guess) -> [String; 4] {
    [
        text::shown(&guess.field),
        guess.taken_for.clone(),
        guess.count.to_string(),
        text::shown(&guess.first.as_str().into()),
    ]
}
