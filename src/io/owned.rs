//! A folder of files that perfgate wrote and may write again: a site.
//!
//! A file in it (the marker) says so and lists what perfgate wrote there. A folder that holds anything but has no such file
//! is somebody else's: it is refused, and nothing in it is touched. What is ours is replaced; of the old files those are
//! removed that the marker lists and that are no longer part, and never anything else. Links are not followed: what lies at
//! the place of a file or a folder of ours must be one.
//!
//! The marker is written first, with the old and the new files, and again at the end, so that it lists all that is there
//! also when the writing was interrupted. Processes that write the same folder take turns, by a lock on the folder itself
//! where the system has such (not on Windows).
//!
//! Not here: what the files are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use crate::diag::{Code, Diagnostic, Location};
use crate::text::{self, Untrusted};

/// The file that makes a folder a site.
const MARKER: &str = "perfgate-site.json";
/// The version of the layout that this perfgate writes.
const SCHEMA: &str = "perfgate-site/1";
/// How every version's name begins.
const SCHEMAS: &str = "perfgate-site/";

/// What the marker holds.
#[derive(Serialize, Deserialize)]
struct Marker {
    schema: Untrusted,
    /// Every file but the marker, by its path in the folder.
    files: BTreeSet<String>,
}

/// A folder that may be written into.
#[derive(Debug)]
pub struct Owned {
    root: PathBuf,
}

impl Owned {
    /// Looks at a folder, which need not be there yet, and changes nothing.
    ///
    /// # Errors
    /// If it is not perfgate's, or of a newer one.
    pub fn open(path: &str) -> Result<Self, Diagnostic> {
        let owned = Self { root: PathBuf::from(path) };
        owned.written().map(|_| owned)
    }

    /// What perfgate wrote there before.
    fn written(&self) -> Result<BTreeSet<String>, Diagnostic> {
        let root = &self.root;
        let at = |diagnostic: Diagnostic| diagnostic.at(Location::file(root.to_string_lossy().into_owned()));
        let unreadable = |error: &std::io::Error| {
            at(Diagnostic::new(Code::Unreadable, format!("cannot look into the folder: {}", files::reason(error))))
        };
        let entries = match std::fs::read_dir(root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !files::is_there(root) => {
                return Ok(BTreeSet::new());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory || root.is_file() => {
                let message = "a site is a folder, and this is a file";
                return Err(at(Diagnostic::new(Code::ForeignFolder, message).help("name another place")));
            }
            Err(error) => return Err(unreadable(&error)),
        };
        // A new work tree of a pages branch has nothing but git's own, and a process that was killed before it could write
        // the marker left a part of it.
        let is_nobodys = |name: &str| name == ".git" || name.starts_with(files::TEMPORARY);
        let mut entries = entries
            .filter(|entry| entry.as_ref().map_or(true, |entry| !is_nobodys(&entry.file_name().to_string_lossy())));
        let first = entries.next().transpose().map_err(|error| unreadable(&error))?;
        let marker = root.join(MARKER);
        if !files::is_plain_file(&marker) {
            return match first {
                None => Ok(BTreeSet::new()),
                Some(entry) => Err(at(foreign(&entry.file_name().to_string_lossy()))),
            };
        }
        let bytes = std::fs::read(&marker).map_err(|error| unreadable(&error))?;
        let marker: Marker = serde_json::from_slice(&bytes).map_err(|_| at(foreign(MARKER)))?;
        match marker.schema.raw() {
            SCHEMA => Ok(marker.files.into_iter().filter(|path| is_ours(path)).collect()),
            newer if newer.starts_with(SCHEMAS) => Err(at(Diagnostic::new(
                Code::ForeignFolder,
                format!("the site has the layout `{}`, this perfgate knows `{SCHEMA}`", text::shown(&marker.schema)),
            )
            .help("update perfgate, or name another folder"))),
            _ => Err(at(foreign(MARKER))),
        }
    }

    /// Replaces what perfgate wrote there by these files. Each is replaced as a whole, so that readers see the old content
    /// or the new.
    ///
    /// # Errors
    /// If something that is not perfgate's lies in the way, before anything is changed; or if the system refuses.
    pub fn replace(&self, new: &BTreeMap<String, String>) -> Result<(), Diagnostic> {
        let cannot = |path: &Path, why: &str| {
            Diagnostic::new(Code::WriteFailed, format!("cannot write the site: {why}"))
                .at(Location::file(path.to_string_lossy().into_owned()))
        };
        std::fs::create_dir_all(&self.root).map_err(|error| cannot(&self.root, &files::reason(&error)))?;
        // Held until it is dropped. Where a folder cannot be locked, nobody waits for anybody.
        let _turn = File::open(&self.root).and_then(|folder| folder.lock().map(|()| folder));
        let old = self.written()?;
        for path in new.keys() {
            debug_assert!(is_ours(path), "{path}");
            self.look_at(path, &old)?;
        }
        let both: BTreeSet<String> = old.iter().chain(new.keys()).cloned().collect();
        self.mark(&both).map_err(|error| cannot(&self.root, &error.to_string()))?;
        for (path, content) in new {
            let path = self.root.join(path);
            files::write(&path, content.as_bytes()).map_err(|error| cannot(&path, &error.to_string()))?;
        }
        let stale = old.iter().filter(|path| !new.contains_key(*path));
        for path in stale.filter(|path| self.is_below_folders(path)) {
            let path = self.root.join(path);
            if files::is_plain_file(&path) {
                files::remove(&path).map_err(|error| cannot(&path, &error.to_string()))?;
            }
        }
        let now: BTreeSet<String> = new.keys().cloned().collect();
        self.mark(&now).map_err(|error| cannot(&self.root, &error.to_string()))
    }

    /// Refuses what lies in the way of a file without being one that perfgate wrote.
    fn look_at(&self, path: &str, old: &BTreeSet<String>) -> Result<(), Diagnostic> {
        let place = self.root.join(path);
        let is_free = !files::is_there(&place);
        let is_known = old.contains(path) && files::is_plain_file(&place);
        if self.is_below_folders(path) && (is_free || is_known) {
            return Ok(());
        }
        let shown = text::shown(&path.into());
        Err(Diagnostic::new(Code::ForeignFolder, format!("`{shown}` is in the way and was not written by perfgate"))
            .at(Location::file(self.root.to_string_lossy().into_owned()))
            .help("move it away, or name another folder"))
    }

    /// Whether every folder on the way to a file is a folder, and no link to one, or not there yet.
    fn is_below_folders(&self, path: &str) -> bool {
        let mut folder = self.root.clone();
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        parts.iter().all(|part| {
            folder.push(part);
            !files::is_there(&folder) || files::is_plain_folder(&folder)
        })
    }

    fn mark(&self, files: &BTreeSet<String>) -> anyhow::Result<()> {
        let marker = Marker { schema: SCHEMA.into(), files: files.clone() };
        let mut json = serde_json::to_string_pretty(&marker)?;
        json.push('\n');
        files::write(&self.root.join(MARKER), json.as_bytes())
    }
}

/// Whether a path is one that perfgate writes: nothing that could lead out of the folder, also where somebody else has
/// changed the marker.
fn is_ours(path: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    path.split('/').count() <= 2 && path.split('/').all(is_plain) && path != MARKER
}

fn foreign(entry: &str) -> Diagnostic {
    Diagnostic::new(Code::ForeignFolder, "the folder is not a site that perfgate wrote; nothing in it was changed")
        .note(format!("it holds `{}`, and no {MARKER} that lists what is perfgate's", text::shown(&entry.into())))
        .help("name a new or an empty folder: `--report html=site`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_not_ours() {
        for path in ["index.html", "benchmarks/a-1.html", "assets/uPlot-LICENSE.txt"] {
            assert!(is_ours(path), "{path}");
        }
        for path in
            ["", ".", "..", "../a", "a/../b", "/a", "a//b", "a\\b", "C:a", ".git/config", "a/b/c", "a/.x", MARKER]
        {
            assert!(!is_ours(path), "{path}");
        }
    }
}
