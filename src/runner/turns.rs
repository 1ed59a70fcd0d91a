//! Turns: the command run once in one of the two folders, and pairs of turns in the order ABBA.
//!
//! Each pair holds one turn of each side, and the side that goes first alternates, so that a machine that slowly gets
//! warmer or busier favours neither. Everything that could tell the sides apart beyond their code is kept the same:
//! environment, affinity, standard input. What differs is what must: the folder, cargo's target folder and the folder
//! that Criterion writes to.
//!
//! Not here: where the folders come from (`workplace`), how many pairs are enough (`cli`).

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::process::{Ended, Interrupts};
use super::results::{self, OUT, Snapshot, TurnFolder, Wanted};
use super::workplace::Workplace;
use super::{Filter, Stop, filter};
use crate::diag::{Code, Diagnostic};
use crate::io::formats::Formats;
use crate::io::git::REPOSITORY_VARIABLES;
use crate::io::system;
use crate::model::Run;
use crate::text;

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// What is compared with.
    Base,
    /// What is judged.
    Current,
}

impl Which {
    /// The word used in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Current => "current",
        }
    }
}

/// What is run.
#[derive(Clone)]
pub struct Plan {
    /// The program and its arguments; `{out}` stands for a file that the results go to, `{filter}` for a selection.
    pub command: Vec<String>,
    /// A shell command run once in each folder before anything is measured.
    pub setup: Option<String>,
    /// File or folder, below each side's folder, that the command fills with results.
    pub results: Option<String>,
    /// By which formats results are read.
    pub formats: Formats,
    /// What `{filter}` becomes.
    pub filter: Filter,
    /// Whether what the commands write to standard error is shown.
    pub verbose: bool,
}

/// Where a side is run.
#[derive(Clone, Debug)]
pub struct Place {
    /// The working folder.
    pub folder: PathBuf,
    /// Cargo's target folder, where it is not left to cargo.
    pub target: Option<PathBuf>,
}

/// What happened, for whoever shows progress.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The set-up of a side begins.
    SetUp(Which),
    /// The set-up of a side ended well.
    SetUpDone(Which, Duration),
    /// A turn begins.
    Turn(Which),
    /// A turn ended well.
    TurnDone(Which, Duration),
}

/// One pair: a run of each side, taken one right after the other.
#[derive(Debug)]
pub struct Pair {
    /// The base's run.
    pub base: Run,
    /// The current side's run.
    pub current: Run,
}

/// Runs a plan in two places.
pub struct Turns<'a> {
    plan: &'a Plan,
    work: &'a Workplace,
    base: Place,
    current: Place,
    interrupts: &'a mut Interrupts,
    watch: &'a mut dyn FnMut(Step),
    /// How many pairs and how many folders were begun.
    pairs: usize,
    folders: usize,
    /// What was worth saying about results, each thing once.
    pub remarks: Vec<Diagnostic>,
}

/// How many of a failed command's last lines are shown.
const LAST_LINES: usize = 8;

impl<'a> Turns<'a> {
    /// Nothing is run yet.
    pub fn new(
        plan: &'a Plan,
        work: &'a Workplace,
        (base, current): (Place, Place),
        interrupts: &'a mut Interrupts,
        watch: &'a mut dyn FnMut(Step),
    ) -> Self {
        Self { plan, work, base, current, interrupts, watch, pairs: 0, folders: 0, remarks: Vec::new() }
    }

    /// Runs the set-up, if there is one, in both places.
    ///
    /// # Errors
    /// If it fails on a side.
    pub fn set_up(&mut self) -> Result<(), Stop> {
        self.set_up_side(Which::Base)?;
        self.set_up_side(Which::Current)
    }

    /// Runs the set-up, if there is one, in one place.
    ///
    /// # Errors
    /// If it fails.
    pub fn set_up_side(&mut self, which: Which) -> Result<(), Stop> {
        let Some(setup) = &self.plan.setup else { return Ok(()) };
        (self.watch)(Step::SetUp(which));
        let (program, argument) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let turn = self.turn_folder()?;
        let mut command = Command::new(program);
        command.arg(argument).arg(setup);
        let (status, elapsed) = self.execute(which, &turn, command, program)?;
        if !status.success() {
            return Err(Stop::Failed(failure(which, "set-up", status, &turn)));
        }
        turn.remove();
        (self.watch)(Step::SetUpDone(which, elapsed));
        Ok(())
    }

    /// Runs one turn of each side whose results are not kept.
    ///
    /// # Errors
    /// If the command fails or leaves no results: it would do so when measured.
    pub fn warm_up(&mut self) -> Result<(), Stop> {
        self.turn(Which::Base)?;
        self.turn(Which::Current).map(drop)
    }

    /// Runs the next pair. The side that goes first alternates.
    ///
    /// # Errors
    /// If the command fails or leaves no results on a side; the next pair may still do well.
    pub fn pair(&mut self) -> Result<Pair, Stop> {
        let base_first = self.pairs.is_multiple_of(2);
        self.pairs += 1;
        if base_first {
            let base = self.turn(Which::Base)?;
            Ok(Pair { base, current: self.turn(Which::Current)? })
        } else {
            let current = self.turn(Which::Current)?;
            Ok(Pair { base: self.turn(Which::Base)?, current })
        }
    }

    /// The signal that came, if one did.
    pub fn interrupted(&mut self) -> Option<i32> {
        self.interrupts.received()
    }

    fn turn(&mut self, which: Which) -> Result<Run, Stop> {
        (self.watch)(Step::Turn(which));
        let turn = self.turn_folder()?;
        let out = turn.out().to_string_lossy().into_owned();
        let names_out = super::names_out(&self.plan.command);
        let filled = filter::fill(&self.plan.filter.fill(&self.plan.command), OUT, &[out]);
        let mut words = filled.into_iter();
        let program = words.next().unwrap_or_default();
        let place = self.place(which);
        // `./bench.sh` is each side's own; which folder it is taken from would be the platform's choice.
        let is_path = program.contains(std::path::is_separator);
        let mut command = if is_path { Command::new(place.folder.join(&program)) } else { Command::new(&program) };
        command.args(words);
        let watched = match &self.plan.results {
            Some(path) => place.folder.join(path),
            None => results::criterion_folder(&place.folder, place.target.as_deref()),
        };
        let before = Snapshot::of(Some(watched));
        let (status, elapsed) = self.execute(which, &turn, command, &program)?;
        let wanted = Wanted { out: names_out, path: self.plan.results.clone(), formats: self.plan.formats.clone() };
        let read = results::read(&turn, &wanted, &before, &mut self.remarks);
        // A tool that says which benchmark failed has run all the others.
        let says_what_failed = |run: &Run| !run.failures.is_empty() && !run.series.is_empty();
        let run = match read {
            Ok(Some(mut run)) if status.success() || says_what_failed(&run) => {
                self.plan.filter.restore_names(&mut run);
                run
            }
            _ if !status.success() => return Err(Stop::Failed(failure(which, "command", status, &turn))),
            // What could not be copied aside is no fault of the command's.
            Err(diagnostic) if diagnostic.code == Code::WriteFailed => return Err(Stop::Outside(diagnostic)),
            Err(diagnostic) => {
                return Err(Stop::Failed(diagnostic.note(format!("left by the {} side", which.as_str()))));
            }
            _ => return Err(Stop::Failed(self.nothing(which, names_out, &turn))),
        };
        turn.remove();
        (self.watch)(Step::TurnDone(which, elapsed));
        Ok(run)
    }

    fn place(&self, which: Which) -> &Place {
        match which {
            Which::Base => &self.base,
            Which::Current => &self.current,
        }
    }

    /// A fresh folder. Names are equally long, because the length of the environment can move code and data around.
    fn turn_folder(&mut self) -> Result<TurnFolder, Stop> {
        self.folders += 1;
        TurnFolder::make(self.work.path(&format!("turn-{:06}", self.folders))).map_err(|error| {
            Stop::Outside(Diagnostic::new(Code::WriteFailed, format!("cannot make a temporary folder: {error}")))
        })
    }

    fn execute(
        &mut self,
        which: Which,
        turn: &TurnFolder,
        mut command: Command,
        program: &str,
    ) -> Result<(ExitStatus, Duration), Stop> {
        let place = self.place(which).clone();
        let file = |path: PathBuf| {
            File::create(path).map(Stdio::from).map_err(|error| {
                Stop::Outside(Diagnostic::new(Code::WriteFailed, format!("cannot keep the command's output: {error}")))
            })
        };
        // Where a hook says which repository it is of, git of one side would write to the other.
        for name in REPOSITORY_VARIABLES.iter().filter(|name| !name.starts_with("GIT_CONFIG")) {
            command.env_remove(name);
        }
        // Project code has no business with perfgate's own credentials.
        system::without_secrets(&mut command)
            .current_dir(&place.folder)
            .env("PWD", &place.folder)
            .env("CRITERION_HOME", turn.criterion())
            .stdin(Stdio::null())
            .stdout(file(turn.stdout())?)
            .stderr(if self.plan.verbose { Stdio::inherit() } else { file(turn.stderr())? });
        if let Some(target) = &place.target {
            command.env("CARGO_TARGET_DIR", target);
        }
        match self.interrupts.run(&mut command) {
            Ok(Ended::Exited(status, elapsed)) => Ok((status, elapsed)),
            Ok(Ended::Interrupted(number)) => Err(Stop::Interrupted(number)),
            Err(error) => {
                let shown = text::shown(&program.into());
                let mut diagnostic =
                    Diagnostic::new(Code::CommandFailed, format!("{}: cannot run `{shown}`: {error}", which.as_str()));
                if error.kind() == std::io::ErrorKind::NotFound && which == Which::Base && !program.contains(' ') {
                    diagnostic = diagnostic.help(
                        "the base's folder has only what its commit has: name the program by its whole path, or bring it with `--setup`",
                    );
                }
                if program.contains(' ') {
                    diagnostic =
                        diagnostic.help("give the command as words, not as one: `-- sh -c \"…\"` runs a shell");
                }
                Err(Stop::Failed(diagnostic))
            }
        }
    }

    fn nothing(&self, which: Which, names_out: bool, turn: &TurnFolder) -> Diagnostic {
        let diagnostic = Diagnostic::new(Code::NoResults, format!("{}: the command left no results", which.as_str()));
        let mut diagnostic = match (&self.plan.results, names_out) {
            (_, true) => diagnostic.note("it did not write the file that `{out}` stood for"),
            (Some(path), _) => {
                diagnostic.note(format!("`{}` did not change while it ran", text::shown(&path.as_str().into())))
            }
            _ => diagnostic
                .note("looked at its standard output and at `target/criterion`")
                .help("where it takes the name of a file for its results, write `{out}` there")
                .help("otherwise name what it fills: `--results PATH`"),
        };
        for line in turn.last_lines(LAST_LINES / 2) {
            diagnostic = diagnostic.note(format!("it wrote: {}", text::line(&line)));
        }
        diagnostic
    }
}

/// What is said of a command that failed.
fn failure(which: Which, what: &str, status: ExitStatus, turn: &TurnFolder) -> Diagnostic {
    let message = format!("{}: the {what} failed ({status})", which.as_str());
    let mut diagnostic = Diagnostic::new(Code::CommandFailed, message);
    for line in turn.last_lines(LAST_LINES) {
        diagnostic = diagnostic.note(text::line(&line).into_owned());
    }
    diagnostic
}
