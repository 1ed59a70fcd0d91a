//! Options that several commands share.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{ArgAction, Args, ValueEnum};

use super::Failure;
use super::console::Console;
use super::stored::Bench;
use crate::config::{self, Config, FailOn, Limit, Overrides, Pattern};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::{self, FORMATS, perfgate_run};
use crate::io::formats::{Forced, Formats};
use crate::io::{files, load, system};
use crate::model::Run;
use crate::model::report::Report;
use crate::report::{Output, REPORTS};
use crate::store::Place;
use crate::text::{self, Untrusted};
use crate::verdict::Selection;

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(super) color: Colour,
    /// How messages on standard error are written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human", help_heading = "Global options")]
    pub(super) message_format: MessageFormat,
    /// Say errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(super) quiet: bool,
    /// Show every row, also those within their limits
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// For people
    Human,
    /// As GitHub workflow commands
    Github,
    /// As JSON, one object per line
    Json,
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Configuration file [default: `PERFGATE_CONFIG`, else the nearest perfgate.toml up to the repository's root]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Configuration")]
    config: Option<String>,
    /// Use neither a configuration file nor PERFGATE_* variables
    #[arg(long, global = true, conflicts_with = "config", help_heading = "Configuration")]
    isolated: bool,
}

/// How strictly changes are judged.
#[derive(Debug, Default, Args)]
pub(super) struct LimitArgs {
    /// Change at which every metric warns, such as 5%: replaces all relative warn limits
    #[arg(long, value_name = "PCT", allow_hyphen_values = true, help_heading = "Judging")]
    warn: Option<String>,
    /// Change at which every metric fails, such as 10%: replaces all relative fail limits
    #[arg(long, value_name = "PCT", allow_hyphen_values = true, help_heading = "Judging")]
    fail: Option<String>,
    /// How much proof a failure needs: auto, strict or none
    #[arg(long, value_name = "HOW", help_heading = "Judging")]
    evidence: Option<String>,
}

impl LimitArgs {
    /// Whether limits are given.
    pub(super) fn is_given(&self) -> bool {
        self.warn.is_some() || self.fail.is_some()
    }
}

/// What the exit code says.
#[derive(Debug, Default, Args)]
pub(super) struct FailOnArgs {
    /// What makes the exit code 1: fail, warn or never
    #[arg(long, value_name = "WHAT", help_heading = "Judging")]
    fail_on: Option<String>,
}

/// Which series are looked at.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SelectionArgs {
    /// Only this metric, such as time or memory (can be repeated)
    #[arg(long, value_name = "NAME", action = ArgAction::Append, help_heading = "Selection")]
    pub(super) metric: Vec<String>,
    /// Only benchmarks that match this glob: `*` stops at `/`, `**` does not (can be repeated)
    #[arg(long, value_name = "GLOB", action = ArgAction::Append, help_heading = "Selection")]
    filter: Vec<String>,
    /// Leave out benchmarks that match this glob (can be repeated)
    #[arg(long, value_name = "GLOB", action = ArgAction::Append, help_heading = "Selection")]
    exclude: Vec<String>,
}

impl SelectionArgs {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            metrics: self.metric.clone(),
            filter: self.filter.iter().map(|p| Pattern::new(p.as_str())).collect(),
            exclude: self.exclude.iter().map(|p| Pattern::new(p.as_str())).collect(),
            only: None,
        }
    }
}

/// How inputs are read.
#[derive(Debug, Args)]
pub(super) struct InputArgs {
    /// Read every input as this format instead of recognising it
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    input_format: Option<String>,
}

impl InputArgs {
    /// By which formats inputs are read.
    pub(super) fn formats(&self, config: &Config) -> Result<Formats, Failure> {
        let own = config.formats.clone();
        let Some(name) = &self.input_format else { return Ok(Formats { forced: None, own }) };
        // The user's own name wins over one that perfgate may get some day.
        let forced = match own.iter().find(|mapping| mapping.name == *name) {
            Some(mapping) => Some(Forced::Own(mapping.clone())),
            None => format::by_name(name).map(Forced::Known),
        };
        if forced.is_some() {
            return Ok(Formats { forced, own });
        }
        let shown = text::shown(&name.as_str().into());
        let mut diagnostic = Diagnostic::new(Code::UnknownFormat, format!("there is no format `{shown}`"));
        let own = own.iter().map(|mapping| mapping.name.as_str());
        let names: Vec<&str> = FORMATS.iter().map(|f| f.name).chain(own).collect();
        if let Some(close) = closest(name, &names) {
            diagnostic = diagnostic.help(format!("did you mean `{close}`?"));
        }
        Err(diagnostic.help(format!("formats: {}", names.join(", "))).into())
    }

    /// Reads one side.
    pub(super) fn side(
        &self,
        arguments: &[String],
        config: &Config,
        diagnostics: &mut Diagnostics,
    ) -> Result<load::Side, Failure> {
        if arguments.iter().filter(|a| *a == "-").count() > 1 {
            return Err(Failure::usage("standard input (`-`) can be read only once"));
        }
        Ok(load::side(arguments, &self.formats(config)?, diagnostics))
    }
}

/// What the caller says of the current side.
#[derive(Debug, Args)]
pub(super) struct SubjectArgs {
    /// Commit that the current side measured
    #[arg(long, value_name = "SHA", help_heading = "Input")]
    commit: Option<String>,
    /// Branch that the current side measured
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    branch: Option<String>,
    /// Label of the current side's environment, such as runner=large (can be repeated)
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append, help_heading = "Input")]
    label: Vec<String>,
}

impl SubjectArgs {
    /// Whether any of them is given.
    pub(super) fn is_given(&self) -> bool {
        self.commit.is_some() || self.branch.is_some() || !self.label.is_empty()
    }

    /// Writes what the caller says into the runs; it wins over what the files say.
    pub(super) fn apply(&self, runs: &mut [Run]) -> Result<(), Failure> {
        let mut labels: BTreeMap<Untrusted, Untrusted> = BTreeMap::new();
        for label in &self.label {
            let Some((key, value)) = label.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
                let shown = text::shown(&label.as_str().into());
                return Err(Failure::usage(format!("a label is KEY=VALUE, not `{shown}`")));
            };
            labels.insert(key.trim().into(), value.trim().into());
        }
        for run in runs {
            if let Some(commit) = &self.commit {
                run.subject.commit = Some(commit.as_str().into());
            }
            if let Some(branch) = &self.branch {
                run.subject.branch = Some(branch.as_str().into());
            }
            run.environment.labels.extend(labels.clone());
        }
        Ok(())
    }
}

/// What is kept of the current side.
#[derive(Debug, Default, Args)]
pub(super) struct SaveArgs {
    /// Also write the current side to this file as perfgate's own JSON, with samples, commit, branch and testbed, for a job
    /// that records or reports it
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    save_run: Option<String>,
}

impl SaveArgs {
    /// Refuses to write over an input.
    pub(super) fn refuse_overwriting(&self, inputs: &[String]) -> Result<(), Failure> {
        let Some(path) = &self.save_run else { return Ok(()) };
        if path == "-" {
            return Err(Failure::usage("`--save-run` needs the name of a file"));
        }
        if inputs.iter().any(|input| files::is_same(path, input)) {
            let message = "the saved run would overwrite an input";
            return Err(Diagnostic::new(Code::Usage, message).at(Location::file(path.as_str())).into());
        }
        Ok(())
    }

    /// Writes the runs, if that was asked for.
    pub(super) fn write(&self, runs: &[Run], bench: &Bench) -> Result<(), Failure> {
        let Some(path) = &self.save_run else { return Ok(()) };
        let mut stamped = runs.to_vec();
        for run in &mut stamped {
            bench.stamp(run);
        }
        files::write(Path::new(path), perfgate_run::write(&stamped).as_bytes()).map_err(|error| {
            let diagnostic = Diagnostic::new(Code::WriteFailed, format!("cannot write the run: {error}"));
            Failure::outside(diagnostic.at(Location::file(path.as_str())))
        })
    }
}

/// Which reports are written.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Report to write, such as terminal, markdown, html, json, csv, junit or github, with =PATH to a file (can be repeated)
    #[arg(long, value_name = "NAME[=PATH]", action = ArgAction::Append, help_heading = "Output")]
    report: Vec<String>,
}

/// A report and where it goes.
pub(super) struct ReportTarget<T: 'static = Report> {
    pub(super) output: &'static Output<T>,
    /// `None` for standard output.
    pub(super) path: Option<String>,
}

impl ReportArgs {
    /// Whether one of the outputs shows the samples within runs: the page does.
    pub(super) fn shows_samples(&self) -> bool {
        self.targets().is_ok_and(|targets| targets.iter().any(|target| target.output.name == "html"))
    }

    /// Checks the names before any work is done.
    pub(super) fn targets(&self) -> Result<Vec<ReportTarget>, Failure> {
        self.among(REPORTS)
    }

    /// The same for another table of outputs.
    pub(super) fn among<T>(&self, outputs: &[&'static Output<T>]) -> Result<Vec<ReportTarget<T>>, Failure> {
        self.resolved(outputs, None).map(|(targets, _)| targets)
    }

    /// The same where one more output, of this name, is a folder of files: that folder, if it is asked for.
    pub(super) fn with_folder<T>(
        &self,
        outputs: &[&'static Output<T>],
        folder: &str,
    ) -> Result<(Vec<ReportTarget<T>>, Option<String>), Failure> {
        self.resolved(outputs, Some(folder))
    }

    fn resolved<T>(
        &self,
        outputs: &[&'static Output<T>],
        folder: Option<&str>,
    ) -> Result<(Vec<ReportTarget<T>>, Option<String>), Failure> {
        let names = if self.report.is_empty() { vec!["terminal".to_owned()] } else { self.report.clone() };
        let mut targets = Vec::new();
        let mut place: Option<String> = None;
        for name in &names {
            let (bare, path) = name.split_once('=').map_or((name.as_str(), None), |(bare, path)| (bare, Some(path)));
            if Some(bare) == folder {
                let Some(path) = path.filter(|path| !path.is_empty() && *path != "-") else {
                    let message = format!("`--report {bare}` writes several files and needs a folder");
                    return Err(Diagnostic::new(Code::Usage, message).help(format!("`--report {bare}=site`")).into());
                };
                if place.replace(path.to_owned()).is_some() {
                    return Err(Failure::usage(format!("`--report {bare}` is given twice")));
                }
                continue;
            }
            let (name, path) = match name.split_once('=') {
                Some((_, "")) => {
                    return Err(Failure::usage(format!(
                        "`--report {}` has no path after `=`",
                        text::shown(&name.as_str().into())
                    )));
                }
                Some((name, "-")) => (name, None),
                Some((name, path)) => (name, Some(path.to_owned())),
                None => (name.as_str(), None),
            };
            let Some(output) = outputs.iter().copied().find(|o| o.name == name) else {
                let shown = text::shown(&name.into());
                let known: Vec<&str> = outputs.iter().map(|r| r.name).chain(folder).collect();
                let mut diagnostic = Diagnostic::new(Code::Usage, format!("there is no report `{shown}`"));
                if let Some(close) = closest(name, &known) {
                    diagnostic = diagnostic.help(format!("did you mean `{close}`?"));
                }
                return Err(diagnostic.help(format!("reports: {}", known.join(", "))).into());
            };
            targets.push(ReportTarget { output, path });
        }
        let on_stdout: Vec<&str> = targets.iter().filter(|t| t.path.is_none()).map(|t| t.output.name).collect();
        if let [first, second, ..] = on_stdout.as_slice() {
            return Err(Diagnostic::new(
                Code::Usage,
                format!("only one report can go to standard output, not both `{first}` and `{second}`"),
            )
            .help(format!("write one to a file: `--report {second}=PATH`"))
            .into());
        }
        for (index, target) in targets.iter().enumerate() {
            if target.path.is_some() && targets.iter().take(index).any(|t| t.path == target.path) {
                return Err(Failure::usage("two reports go to the same file"));
            }
        }
        Ok((targets, place))
    }
}

impl ConfigArgs {
    /// As if this were the option's value.
    pub(super) fn at(config: Option<String>) -> Self {
        Self { config, isolated: false }
    }

    /// Reads the configuration from its layers.
    pub(super) fn load(&self, options: &Overrides, console: &Console) -> Result<Config, Failure> {
        let mut diagnostics = Diagnostics::new();
        let environment = if self.isolated { BTreeMap::new() } else { system::perfgate_variables() };
        let named =
            self.config.clone().or_else(|| environment.get("PERFGATE_CONFIG").filter(|p| !p.is_empty()).cloned());
        let nearest = || system::find_config().map(|p| p.to_string_lossy().into_owned());
        let path = named.or_else(|| if self.isolated { None } else { nearest() });
        let file = match &path {
            None => None,
            Some(path) => {
                let name: Untrusted = path.as_str().into();
                if files::kind(path) == files::Kind::Missing {
                    return Err(Diagnostic::new(Code::NotFound, "no such configuration file")
                        .at(Location::file(name))
                        .into());
                }
                let bytes = files::read(path)?;
                let content = String::from_utf8(bytes).map_err(|_| {
                    Diagnostic::new(Code::InvalidConfig, "the file is not UTF-8 text").at(Location::file(name.clone()))
                })?;
                Some((name, content))
            }
        };
        let file = file.as_ref().map(|(name, content)| (name, content.as_str()));
        let mut config = config::load(file, &environment, options, &mut diagnostics);
        console.tell_all(diagnostics)?;
        // Paths in the file are relative to the file.
        if let Some(folder) = path.as_deref().and_then(|p| Path::new(p).parent()).filter(|f| !f.as_os_str().is_empty())
        {
            for input in &mut config.inputs {
                *input = folder.join(&*input).to_string_lossy().into_owned();
            }
        }
        // The folder of a store that is not given by an option or a variable is beside the file, or at the repository's root.
        let is_given = options.store.is_some() || environment.get("PERFGATE_STORE").is_some_and(|s| !s.is_empty());
        let beside = match &path {
            Some(path) => Path::new(path).parent().map(Path::to_path_buf),
            None => system::repository_root(),
        };
        if let (false, Some(beside), Ok(Place::Folder(path))) = (is_given, beside, config.store.parse()) {
            config.store = format!("dir:{}", beside.join(path).to_string_lossy());
        }
        Ok(config)
    }
}

/// Refuses to write a report over an input.
pub(super) fn refuse_overwriting<'a, T: 'static>(
    targets: impl IntoIterator<Item = &'a ReportTarget<T>>,
    inputs: &[String],
) -> Result<(), Failure> {
    for path in targets.into_iter().filter_map(|target| target.path.as_ref()) {
        if inputs.iter().any(|input| files::is_same(path, input)) {
            let message = "a report would overwrite an input";
            return Err(Diagnostic::new(Code::Usage, message).at(Location::file(path.as_str())).into());
        }
    }
    Ok(())
}

/// Refuses reports that could not be written, before a long measurement instead of after it.
pub(super) fn refuse_unwritable<T>(targets: &[ReportTarget<T>]) -> Result<(), Failure> {
    for path in targets.iter().filter_map(|target| target.path.as_ref()) {
        if let Err(error) = files::could_write(Path::new(path)) {
            let message = format!("the report could not be written, so nothing is measured: {error}");
            return Err(Failure::outside(
                Diagnostic::new(Code::WriteFailed, message).at(Location::file(path.as_str())),
            ));
        }
    }
    Ok(())
}

/// A share such as `10%`, for options that take no steps.
///
/// # Errors
/// Why it is not one.
pub(super) fn share(text: &str) -> Result<Limit, String> {
    // Options take nothing but shares, so a bare number can only be one.
    let percent = format!("{text}%");
    let text = if text.trim().parse::<f64>().is_ok() && !text.trim().starts_with('+') { &percent } else { text };
    match text.parse() {
        Ok(Limit::Relative(share)) => Ok(Limit::Relative(share)),
        Ok(Limit::Step { .. }) => {
            Err("a step such as \"+3\" belongs to one metric: set it in perfgate.toml".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

impl LimitArgs {
    /// What these options set.
    pub(super) fn overrides(&self) -> Result<Overrides, Failure> {
        let limit = |name: &str, value: &Option<String>| match value {
            None => Ok(None),
            Some(text) => share(text).map(Some).map_err(|why| {
                let shown = text::shown(&text.as_str().into());
                let message = format!("`--{name}` is a share such as 10%, not `{shown}`");
                Failure::from(Diagnostic::new(Code::InvalidLimit, message).note(why))
            }),
        };
        let evidence = word("evidence", self.evidence.as_deref(), config::Evidence::from_name, "auto, strict, none")?;
        Ok(Overrides {
            warn: limit("warn", &self.warn)?,
            fail: limit("fail", &self.fail)?,
            evidence,
            ..Overrides::default()
        })
    }
}

impl FailOnArgs {
    /// Adds what this option sets.
    pub(super) fn add_to(&self, overrides: &mut Overrides) -> Result<(), Failure> {
        overrides.fail_on = word("fail-on", self.fail_on.as_deref(), FailOn::from_name, "fail, warn, never")?;
        Ok(())
    }
}

fn word<T>(
    option: &str,
    value: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    allowed: &str,
) -> Result<Option<T>, Failure> {
    let Some(value) = value else { return Ok(None) };
    parse(value).map(Some).ok_or_else(|| {
        Failure::usage(format!("`--{option}` is one of {allowed}, not `{}`", text::shown(&value.into())))
    })
}

/// The known name that is closest to what was typed, if any is close.
pub(super) fn closest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, typed), *name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .map(|(_, name)| name)
}
