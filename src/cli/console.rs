//! Standard output and standard error.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::options::{Colour, Global, MessageFormat, ReportTarget};
use super::{Exit, Failure, Outcome};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity, render};
use crate::io::{files, system};
use crate::model::report::Report;
use crate::report::{self, Style};

/// Goes to the beginning of a terminal's line and empties it.
const CLEAR: &str = "\r\x1b[K";

/// Whether standard error ends with a line that is shown in passing.
static IN_PASSING: AtomicBool = AtomicBool::new(false);

/// Where messages and reports go, and how they look.
#[derive(Clone, Copy)]
pub(super) struct Console {
    messages: MessageFormat,
    colour: Colours,
    width: Option<usize>,
    verbosity: Verbosity,
    /// Whether lines about the work done are printed also where messages are for GitHub.
    in_log: bool,
    /// Whether it is no mistake that there is nothing to judge by.
    is_lenient: bool,
}

/// Which streams get colour.
#[derive(Clone, Copy)]
struct Colours {
    out: bool,
    err: bool,
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

impl Console {
    pub(super) fn new(global: &Global) -> Self {
        let choice = |stream: anstream::ColorChoice| !matches!(stream, anstream::ColorChoice::Never);
        let (out, err) = match global.color {
            Colour::Always => (true, true),
            Colour::Never => (false, false),
            Colour::Auto => (
                choice(anstream::AutoStream::choice(&std::io::stdout())),
                choice(anstream::AutoStream::choice(&std::io::stderr())),
            ),
        };
        Self {
            messages: global.message_format,
            colour: Colours { out, err },
            width: system::terminal_width(),
            verbosity: match (global.quiet, global.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Normal,
            },
            in_log: false,
            is_lenient: false,
        }
    }

    /// The same for a log, where messages are GitHub's annotations and what was done is told besides.
    pub(super) fn for_log(self) -> Self {
        Self { in_log: true, ..self }
    }

    /// The same form of messages, errors only.
    pub(super) fn only_errors(&self) -> Self {
        Self { verbosity: Verbosity::Quiet, ..*self }
    }

    /// The same where having nothing to judge by, as at the beginning of every history, is allowed: that is a warning
    /// then, and a history that is too short is worth knowing.
    pub(super) fn lenient(&self) -> Self {
        Self { is_lenient: true, ..*self }
    }

    /// Says one thing on standard error. `--quiet` leaves only errors.
    pub(super) fn tell(&self, diagnostic: &Diagnostic) {
        let softened = match diagnostic.code {
            Code::NoBaseline | Code::NothingInCommon if self.is_lenient => Some(Severity::Warning),
            Code::TooShortHistory if self.is_lenient => Some(Severity::Note),
            _ => None,
        };
        let softened = softened.map(|severity| Diagnostic { severity, ..diagnostic.clone() });
        let diagnostic = softened.as_ref().unwrap_or(diagnostic);
        if self.verbosity == Verbosity::Quiet && diagnostic.severity < Severity::Error {
            return;
        }
        let text = match self.messages {
            MessageFormat::Human => render::terminal(diagnostic, self.colour.err, self.width.unwrap_or(100)),
            MessageFormat::Github => render::github(diagnostic),
            MessageFormat::Json => render::json(diagnostic),
        };
        self.clear();
        // Nothing is left to do if standard error is closed.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// Says everything in a list.
    ///
    /// # Errors
    /// Exit 2 if there are errors in it.
    pub(super) fn tell_all(&self, diagnostics: Diagnostics) -> Result<(), Failure> {
        let failed = diagnostics.has_errors();
        for diagnostic in diagnostics.into_vec() {
            self.tell(&diagnostic);
        }
        if failed { Err(Failure::told(Exit::Usage)) } else { Ok(()) }
    }

    /// Tells why a command failed, if it did, and returns its exit.
    pub(super) fn settle(&self, outcome: Outcome) -> Exit {
        match outcome {
            Ok(exit) => exit,
            Err(failure) => {
                for diagnostic in &failure.diagnostics {
                    self.tell(diagnostic);
                }
                failure.exit
            }
        }
    }

    /// Prints a line about the work done on standard error, unless `--quiet`.
    pub(super) fn remark(&self, line: &str) {
        let is_wanted = self.in_log || self.messages == MessageFormat::Human;
        if self.verbosity != Verbosity::Quiet && is_wanted {
            self.clear();
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }

    /// Shows a line until the next one, if standard error is a terminal and messages are for people.
    pub(super) fn passing(&self, line: &str) {
        if self.shows_passing() {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{CLEAR}{line}").and_then(|()| err.flush());
            IN_PASSING.store(true, Ordering::Relaxed);
        }
    }

    /// Removes the line that is shown in passing.
    #[expect(clippy::unused_self, reason = "all output goes through the console")]
    pub(super) fn clear(&self) {
        if IN_PASSING.swap(false, Ordering::Relaxed) {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{CLEAR}").and_then(|()| err.flush());
        }
    }

    fn shows_passing(&self) -> bool {
        use std::io::IsTerminal as _;
        self.verbosity == Verbosity::Normal && self.messages == MessageFormat::Human && std::io::stderr().is_terminal()
    }

    /// Prints text on standard output. A reader that has gone away is not an error.
    #[expect(clippy::unused_self, reason = "all output goes through the console")]
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::outside(Diagnostic::new(
                Code::WriteFailed,
                format!("cannot write to standard output: {error}"),
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// How reports look on standard output.
    pub(super) fn style(&self) -> Style {
        Style { width: self.width, colour: self.colour.out, verbose: self.is_verbose() }
    }

    /// Writes every report that was asked for; a file that cannot be written does not keep the others from being
    /// written.
    pub(super) fn write_reports(&self, report: &Report, targets: &[ReportTarget]) -> Result<(), Failure> {
        self.write_outputs(report, targets, report::headline)
    }

    /// The same for any kind of report; `headline` is what is said where none goes to standard output.
    pub(super) fn write_outputs<T>(
        &self,
        report: &T,
        targets: &[ReportTarget<T>],
        headline: fn(&T) -> String,
    ) -> Result<(), Failure> {
        let mut failures = Vec::new();
        let mut on_stdout = false;
        for target in targets {
            match &target.path {
                None => {
                    on_stdout = true;
                    if let Err(failure) = self.print(&(target.output.render)(report, &self.style())) {
                        failures.extend(failure.diagnostics);
                    }
                }
                Some(path) => {
                    let style = Style { width: None, colour: false, verbose: self.is_verbose() };
                    let text = (target.output.render)(report, &style);
                    if let Err(error) = files::write(Path::new(path), text.as_bytes()) {
                        failures.push(
                            Diagnostic::new(Code::WriteFailed, format!("cannot write the report: {error}"))
                                .at(Location::file(path.as_str())),
                        );
                    }
                }
            }
        }
        if !on_stdout {
            self.remark(&headline(report));
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::Outside, diagnostics: failures }) }
    }
}
