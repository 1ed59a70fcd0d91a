//! Runs kept for later: one packed file per run, in a folder or on a branch of a git remote.
//!
//! Both kinds of [`Store`] have the same layout: `perfgate-store.json`, which says that the folder or branch is ours and
//! of which version, and below `runs/` one file per run, whose path is its [`Key`]. Files are added and never changed, so
//! writers cannot destroy each other's runs, and a baseline is chosen from the list of paths alone.
//!
//! [`Lineage`] says which commits lie before a change; [`baseline`] chooses among the runs by it.
//!
//! Not here: judging (`verdict`), and which runs a user wants stored (`cli`).
#![expect(clippy::disallowed_methods, reason = "stores touch files")]

pub mod baseline;
mod content;
mod dir;
mod git;
mod key;
mod lineage;
mod lock;
mod private;

use std::collections::BTreeSet;
use std::time::Duration;

use rayon::prelude::*;

pub use content::{Packed, pack};
pub use key::{Key, LONGEST_NAME};
pub use lineage::{Ancestors, Lineage, Start};

use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::Run;
use crate::text;

/// The file that makes a folder or branch a store.
const MARKER: &str = "perfgate-store.json";
/// Its content.
const MARKER_CONTENT: &str = "{\"schema\": \"perfgate-store/1\"}\n";
/// The version of the layout that this perfgate writes.
const SCHEMA: &str = "perfgate-store/1";

/// The branch of a git store that names none.
const DEFAULT_BRANCH: &str = "perfgate-data";
/// The remote of a git store that names none.
const DEFAULT_REMOTE: &str = "origin";
/// The folder of a store in a folder that names none.
const DEFAULT_FOLDER: &str = ".perfgate";

/// What a store holds at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Every run, ordered.
    pub keys: Vec<Key>,
    /// Paths below `runs/` that are no run's.
    pub foreign: Vec<String>,
    /// What a git store calls this state: the id of a commit.
    version: String,
}

/// A place where runs are kept.
///
/// Every operation fails with a diagnostic that says why. What was stored before is then as it was.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Store: Sync {
    /// What it is called in messages.
    fn name(&self) -> String;

    /// What it holds now. A store that nobody has written to yet holds nothing.
    fn snapshot(&self) -> Result<Snapshot, Diagnostic>;

    /// The packed content of runs of a snapshot, in the order asked; `None` for one that is gone.
    fn read(&self, snapshot: &Snapshot, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>, Diagnostic>;

    /// Adds the runs that it does not have yet, and says of each whether it was added. Makes the store if there is none.
    /// A git store adds all or none, a folder one after the other.
    fn add(&self, runs: &[(Key, Packed)]) -> Result<Vec<bool>, Diagnostic>;

    /// Takes runs away. A git store that others have changed since the snapshot is left as it is; in a folder, what
    /// others have added since stays.
    fn remove(&self, snapshot: &Snapshot, keys: &BTreeSet<Key>) -> Result<(), Diagnostic>;
}

/// Where a store is: `dir:PATH` or `git:BRANCH@REMOTE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder.
    Folder(String),
    /// A branch that holds nothing else.
    Branch {
        /// Its name.
        branch: String,
        /// The name of a remote, an address or a path.
        remote: String,
    },
}

impl std::str::FromStr for Place {
    type Err = Diagnostic;

    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let invalid = |why: &str| {
            Diagnostic::new(
                Code::InvalidStore,
                format!("`{}` is no store: {why}", text::shown(&text::without_credentials(text).into())),
            )
            .help("write `dir:PATH`, `git:BRANCH` or `git:BRANCH@REMOTE`")
        };
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "dir" => Ok(Self::Folder(if rest.is_empty() { DEFAULT_FOLDER } else { rest }.to_owned())),
            "git" => {
                let (branch, remote) = rest.split_once('@').unwrap_or((rest, DEFAULT_REMOTE));
                let branch = if branch.is_empty() { DEFAULT_BRANCH } else { branch };
                let odd = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
                if branch.starts_with(['-', '/', '.']) || branch.contains("..") || branch.contains(odd) {
                    return Err(invalid("a branch cannot have this name"));
                }
                if remote.is_empty() || remote.starts_with('-') {
                    return Err(invalid("the remote has no name"));
                }
                Ok(Self::Branch { branch: branch.to_owned(), remote: remote.to_owned() })
            }
            _ => Err(invalid("it begins with neither `dir:` nor `git:`")),
        }
    }
}

impl Place {
    /// The store at this place. `patience` is how long writers try to get through when others write too.
    ///
    /// # Errors
    /// If the remote does not exist.
    pub fn open(&self, patience: Duration) -> Result<Box<dyn Store>, Diagnostic> {
        Ok(match self {
            Self::Folder(path) => Box::new(dir::Folder::new(path, patience)),
            Self::Branch { branch, remote } => Box::new(git::Branch::new(branch, remote, patience)?),
        })
    }
}

/// Reads runs of a snapshot, many at once. Those that are damaged or gone are left out, and `diagnostics` says which.
///
/// # Errors
/// If the store cannot be read.
pub fn load(
    store: &dyn Store,
    snapshot: &Snapshot,
    keys: &[Key],
    diagnostics: &mut Diagnostics,
) -> Result<Vec<(Key, Run)>, Diagnostic> {
    let packed = store.read(snapshot, keys)?;
    let read: Vec<Result<(Key, Run), Diagnostic>> = keys
        .par_iter()
        .zip(packed)
        .map(|(key, packed)| {
            let place = key.path();
            let Some(packed) = packed else {
                return Err(Diagnostic::new(Code::DamagedRun, "a stored run is gone").at(Location::file(place)));
            };
            let mut run = content::unpack(key, &packed, &place)?;
            run.subject.taken_at.get_or_insert(key.time);
            Ok((key.clone(), run))
        })
        .collect();
    let mut runs = Vec::new();
    for run in read {
        match run {
            Ok(run) => runs.push(run),
            Err(mut diagnostic) => {
                // One that cannot be used is left out; what remains decides whether that is an error.
                diagnostic.severity = Code::DamagedRun.severity();
                diagnostics.push(diagnostic);
            }
        }
    }
    Ok(runs)
}

/// Checks the marker of a folder or branch; `None` where there is none.
fn check_marker(marker: Option<&[u8]>, store: &str, is_empty: bool) -> Result<(), Diagnostic> {
    #[derive(serde::Deserialize)]
    struct Marker {
        schema: crate::text::Untrusted,
    }
    let foreign = || {
        Diagnostic::new(Code::ForeignStore, format!("{store} is not a store of perfgate; nothing was changed"))
            .help("name another place with `--store`, or an empty one")
    };
    let Some(marker) = marker else { return if is_empty { Ok(()) } else { Err(foreign()) } };
    let Marker { schema } = serde_json::from_slice(marker).map_err(|_| foreign())?;
    match schema.raw() {
        SCHEMA => Ok(()),
        newer if newer.starts_with("perfgate-store/") => Err(Diagnostic::new(
            Code::StoreVersion,
            format!("{store} has the schema `{}`, this perfgate knows `{SCHEMA}`", text::shown(&schema)),
        )
        .help("update perfgate")),
        _ => Err(foreign()),
    }
}

/// The keys among paths, and the paths that are none.
fn keys_of(paths: impl IntoIterator<Item = String>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for path in paths {
        match Key::from_path(&path) {
            Some(key) => snapshot.keys.push(key),
            None => snapshot.foreign.push(path),
        }
    }
    snapshot.keys.sort();
    snapshot.foreign.sort();
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_defaults() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        let branch = |branch: &str, remote: &str| Place::Branch { branch: branch.into(), remote: remote.into() };
        assert_eq!(place("dir:"), Place::Folder(".perfgate".into()));
        assert_eq!(place("dir:C:\\x"), Place::Folder("C:\\x".into()));
        assert_eq!(place("git:"), branch("perfgate-data", "origin"));
        assert_eq!(place("git:a/b@https://u@h/r.git"), branch("a/b", "https://u@h/r.git"));
        assert_eq!(place("git:@upstream"), branch("perfgate-data", "upstream"));
        for wrong in ["", "x", "s3://bucket", "git:a b", "git:-x", "git:a..b", "git:a@", "git:a@--upload-pack=x"] {
            assert_eq!(wrong.parse::<Place>().unwrap_err().code, Code::InvalidStore, "{wrong}");
        }
    }

    #[test]
    fn markers_tell_whose_a_place_is() {
        let code = |marker: Option<&str>, is_empty| {
            check_marker(marker.map(str::as_bytes), "x", is_empty).err().map(|d| d.code.as_str())
        };
        assert_eq!(code(Some(MARKER_CONTENT), false), None);
        assert_eq!(code(None, true), None);
        assert_eq!(code(None, false), Some("foreign-store"));
        assert_eq!(code(Some("{\"schema\": \"perfgate-store/2\"}"), false), Some("store-version"));
        assert_eq!(code(Some("{\"schema\": \"x\"}"), false), Some("foreign-store"));
        assert_eq!(code(Some(""), true), Some("foreign-store"));
    }
}
