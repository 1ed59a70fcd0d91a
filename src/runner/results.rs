//! Where the results of one turn are, and reading them.
//!
//! A command leaves its results in one of four places: in the file that `{out}` stands for, in a path that the user
//! names, in the folder that Criterion is told to use (`CRITERION_HOME`, a fresh one for each turn), or on standard
//! output. Criterion benchmarks that set their output folder themselves leave `target/criterion`, which is looked at last.
//! What stays where the command left it is copied aside, as far as it changed, before the next turn replaces it.
//!
//! Not here: what a file means (`format`), and running the command (`turns`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::io::formats::Formats;
use crate::io::load;
use crate::model::Run;

/// What a command writes instead of a path of its own choice.
pub(super) const OUT: &str = "{out}";

/// The folder of one turn and what is put into it.
#[derive(Debug)]
pub(super) struct TurnFolder {
    root: PathBuf,
}

impl TurnFolder {
    pub(super) fn make(root: PathBuf) -> std::io::Result<Self> {
        fs::create_dir_all(&root)?;
        Ok(Self { root })
    }

    pub(super) fn out(&self) -> PathBuf {
        self.root.join("out.json")
    }

    pub(super) fn stdout(&self) -> PathBuf {
        self.root.join("stdout.txt")
    }

    pub(super) fn stderr(&self) -> PathBuf {
        self.root.join("stderr.txt")
    }

    pub(super) fn criterion(&self) -> PathBuf {
        self.root.join("criterion")
    }

    fn aside(&self) -> PathBuf {
        self.root.join("results")
    }

    /// The last lines that the command wrote, for a message about its failure.
    pub(super) fn last_lines(&self, most: usize) -> Vec<String> {
        let lines = |path: PathBuf| -> Vec<String> {
            let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
            text.lines().map(str::trim_end).filter(|l| !l.is_empty()).map(str::to_owned).collect()
        };
        let last = |said: Vec<String>, most: usize| said.get(said.len().saturating_sub(most)..).unwrap_or(&[]).to_vec();
        // Some tools say on one what went wrong and something else on the other.
        let (out, err) = (lines(self.stdout()), lines(self.stderr()));
        let of_err = err.len().min(most.saturating_sub(out.len().min(most / 2)));
        [last(out, most - of_err), last(err, of_err)].concat()
    }

    pub(super) fn remove(&self) {
        // Leftovers go with the workplace.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Files that may be results of an earlier time.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// The file or folder that is watched.
    watched: Option<PathBuf>,
    files: BTreeMap<PathBuf, (SystemTime, u64)>,
}

/// File systems keep times in ticks: a file that changes again within one could look unchanged.
const TICK: Duration = Duration::from_millis(20);

impl Snapshot {
    /// Looks at a file or folder before a turn.
    pub(super) fn of(watched: Option<PathBuf>) -> Self {
        let mut files = BTreeMap::new();
        if let Some(path) = &watched {
            list(path, &mut files);
        }
        let newest = files.values().map(|(time, _)| *time).max();
        if newest.and_then(|t| t.elapsed().ok()).is_some_and(|age| age < TICK) {
            std::thread::sleep(TICK);
        }
        Self { watched, files }
    }

    /// Copies what changed since into a folder; says whether anything did.
    fn copy_changed(&self, to: &Path) -> std::io::Result<bool> {
        let Some(watched) = &self.watched else { return Ok(false) };
        let mut now = BTreeMap::new();
        list(watched, &mut now);
        now.retain(|path, state| self.files.get(path) != Some(state));
        for path in now.keys() {
            let relative = path.strip_prefix(watched).unwrap_or(path);
            let target = if relative.as_os_str().is_empty() {
                to.join(path.file_name().unwrap_or_default())
            } else {
                to.join(relative)
            };
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(path, target)?;
        }
        Ok(!now.is_empty())
    }
}

/// Every file at or below a path with its time and size. Links are not followed.
fn list(path: &Path, files: &mut BTreeMap<PathBuf, (SystemTime, u64)>) {
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    if meta.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
            list(&entry.path(), files);
        }
    } else if meta.is_file() {
        files.insert(path.to_owned(), (meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len()));
    }
}

/// How a user says where results are.
#[derive(Clone)]
pub(super) struct Wanted {
    /// Whether the command names `{out}`.
    pub(super) out: bool,
    /// `--results`, below the side's folder.
    pub(super) path: Option<String>,
    pub(super) formats: Formats,
}

/// Reads what a turn left. `Ok(None)` where it left nothing.
///
/// # Errors
/// Why what it left cannot be used.
pub(super) fn read(
    turn: &TurnFolder,
    wanted: &Wanted,
    before: &Snapshot,
    remarks: &mut Vec<Diagnostic>,
) -> Result<Option<Run>, Diagnostic> {
    if wanted.out {
        return if turn.out().exists() { one_run(&turn.out(), &wanted.formats, remarks) } else { Ok(None) };
    }
    let aside = |turn: &TurnFolder| {
        before
            .copy_changed(&turn.aside())
            .map_err(|error| Diagnostic::new(Code::WriteFailed, format!("cannot copy the results aside: {error}")))
    };
    if wanted.path.is_some() {
        return if aside(turn)? { one_run(&turn.aside(), &wanted.formats, remarks) } else { Ok(None) };
    }
    let mut left = BTreeMap::new();
    list(&turn.criterion(), &mut left);
    if !left.is_empty() {
        return one_run(&turn.criterion(), &wanted.formats, remarks);
    }
    if aside(turn)? {
        return one_run(&turn.aside(), &wanted.formats, remarks);
    }
    match one_run(&turn.stdout(), &wanted.formats, remarks) {
        // Not results but what a command says otherwise.
        Err(other)
            if wanted.formats.forced.is_none()
                && matches!(other.code, Code::Unrecognised | Code::EmptyFile | Code::BinaryFile | Code::NoResults) =>
        {
            Ok(None)
        }
        read => read,
    }
}

/// Reads a file or folder that must hold one run.
fn one_run(path: &Path, formats: &Formats, remarks: &mut Vec<Diagnostic>) -> Result<Option<Run>, Diagnostic> {
    let mut diagnostics = Diagnostics::new();
    let side = load::side(&[path.to_string_lossy().into_owned()], formats, &mut diagnostics);
    let mut error = None;
    for diagnostic in diagnostics.into_vec() {
        if diagnostic.severity == Severity::Error {
            error.get_or_insert(diagnostic);
        } else if !remarks.iter().any(|r| r.code == diagnostic.code && r.message == diagnostic.message) {
            remarks.push(diagnostic);
        }
    }
    if let Some(error) = error {
        return Err(error);
    }
    let several = side.runs.len();
    let mut runs = side.runs.into_iter();
    match (runs.next(), runs.next()) {
        (first, None) => Ok(first),
        _ => Err(Diagnostic::new(
            Code::DuplicateKey,
            format!("one turn left {several} results of the same benchmarks, so they are no single run"),
        )
        .help("let the command measure each benchmark once; perfgate repeats it")),
    }
}

/// The folder that Criterion uses where its benchmarks do not ask for one: below cargo's target folder.
pub(super) fn criterion_folder(folder: &Path, target: Option<&Path>) -> PathBuf {
    target.map_or_else(|| folder.join("target"), Path::to_owned).join("criterion")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_copied_aside() {
        let folder = tempfile::tempdir().unwrap();
        let watched = folder.path().join("results");
        fs::create_dir_all(watched.join("a")).unwrap();
        fs::write(watched.join("a/old"), "1").unwrap();
        let before = Snapshot::of(Some(watched.clone()));
        let aside = folder.path().join("aside");
        assert!(!before.copy_changed(&aside).unwrap());
        fs::write(watched.join("a/new"), "2").unwrap();
        assert!(before.copy_changed(&aside).unwrap());
        assert!(aside.join("a/new").exists() && !aside.join("a/old").exists());
    }

    #[test]
    fn rewriting_a_file_at_once_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.txt");
        for _ in 0..5 {
            fs::write(&file, "1").unwrap();
            let before = Snapshot::of(Some(file.clone()));
            fs::write(&file, "2").unwrap();
            assert!(before.copy_changed(&folder.path().join("aside")).unwrap());
        }
    }
}
