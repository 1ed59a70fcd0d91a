//! A store in a folder.
//!
//! A run is written to a temporary file, flushed to the disk and then given its name, so that a process that is killed or
//! a full disk leaves the old state. Writers take turns by a lock; readers need none.
//!
//! Not here: several runs at once as one change. Each run is whole or absent by itself.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::key::RUNS;
use super::lock::{Lock, lock};
use super::{Key, MARKER, MARKER_CONTENT, Packed, Snapshot, Store, check_marker, keys_of};
use crate::diag::{Code, Diagnostic, Location};
use crate::io::files::TEMPORARY;
use crate::text;

/// The file that writers lock.
const LOCK: &str = ".perfgate-lock";

/// A store in a folder.
pub(super) struct Folder {
    path: PathBuf,
    patience: Duration,
}

impl Folder {
    pub(super) fn new(path: &str, patience: Duration) -> Self {
        Self { path: PathBuf::from(path), patience }
    }

    fn failed(path: &Path, what: &str, error: &std::io::Error) -> Diagnostic {
        Diagnostic::new(Code::StoreFailed, format!("cannot {what}: {error}"))
            .at(Location::file(path.to_string_lossy().as_ref()))
    }

    /// Fails if the folder holds something that is not ours; says whether the store exists.
    fn check(&self) -> Result<bool, Diagnostic> {
        // In this order: whatever another process has put there by now, it has put after the marker.
        let is_empty = match fs::read_dir(&self.path) {
            // What a killed process left before it could write the marker.
            Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|entry| is_temporary(&entry.file_name()))),
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(Self::failed(&self.path, "read the store", &error)),
        };
        let marker = self.path.join(MARKER);
        let content = match fs::read(&marker) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Self::failed(&marker, "read the store", &error)),
        };
        check_marker(content.as_deref(), &self.name(), is_empty)?;
        Ok(content.is_some())
    }

    /// Waits until no other process writes; the lock is held until the file is dropped. Makes the store if there is none.
    fn lock(&self) -> Result<File, Diagnostic> {
        let exists = self.check()?;
        fs::create_dir_all(&self.path).map_err(|e| Self::failed(&self.path, "make the store", &e))?;
        let path = self.path.join(LOCK);
        let held = match lock(&path, self.patience) {
            Lock::Held(held) => held,
            Lock::Busy => {
                let message =
                    format!("another process has written to the store for {} seconds", self.patience.as_secs());
                return Err(Diagnostic::new(Code::StoreFailed, message).help("try again when it is done"));
            }
            Lock::Impossible(error) => return Err(Self::failed(&path, "lock the store", &error)),
        };
        if !exists && !self.check()? {
            let marker = self.path.join(MARKER);
            write(&marker, MARKER_CONTENT.as_bytes()).map_err(|e| Self::failed(&marker, "make the store", &e))?;
        }
        Ok(held)
    }

    /// Every file below `runs/`, as paths of the store; with those that are not complete.
    fn files(&self) -> Result<Vec<String>, Diagnostic> {
        let mut found = Vec::new();
        let mut folders = vec![RUNS.to_owned()];
        while let Some(folder) = folders.pop() {
            let path = self.path.join(&folder);
            let failed = |error: std::io::Error| Self::failed(&path, "read the store", &error);
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            for entry in entries {
                let entry = entry.map_err(failed)?;
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                if entry.file_type().map_err(failed)?.is_dir() { folders.push(name) } else { found.push(name) }
            }
        }
        Ok(found)
    }
}

impl Store for Folder {
    fn name(&self) -> String {
        format!("the folder `{}`", text::shown(&self.path.to_string_lossy().as_ref().into()))
    }

    fn snapshot(&self) -> Result<Snapshot, Diagnostic> {
        self.check()?;
        let complete = |path: &String| !path.rsplit('/').next().is_some_and(|name| name.starts_with(TEMPORARY));
        Ok(keys_of(self.files()?.into_iter().filter(complete)))
    }

    fn read(&self, _snapshot: &Snapshot, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>, Diagnostic> {
        let read = |key: &Key| {
            let path = self.path.join(key.path());
            match fs::read(&path) {
                Ok(content) => Ok(Some(content)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(Self::failed(&path, "read a stored run", &error)),
            }
        };
        keys.iter().map(read).collect()
    }

    fn add(&self, runs: &[(Key, Packed)]) -> Result<Vec<bool>, Diagnostic> {
        let lock = self.lock()?;
        let mut known = self.snapshot()?.keys;
        let mut added = Vec::new();
        for (key, packed) in runs {
            let is_new = !known.iter().any(|other| key.is_same_run(other));
            if is_new {
                let path = self.path.join(key.path());
                write(&path, &packed.bytes).map_err(|e| Self::failed(&path, "store the run", &e))?;
                known.push(key.clone());
            }
            added.push(is_new);
        }
        drop(lock);
        Ok(added)
    }

    fn remove(&self, _snapshot: &Snapshot, keys: &BTreeSet<Key>) -> Result<(), Diagnostic> {
        let lock = self.lock()?;
        let left_over = self.files()?.into_iter().filter(|path| path.contains(&format!("/{TEMPORARY}")));
        for path in keys.iter().map(Key::path).chain(left_over) {
            let path = self.path.join(path);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Self::failed(&path, "remove a stored run", &error));
                }
                _ => {}
            }
            // Folders that are empty now; the others refuse.
            for folder in path.ancestors().skip(1).take_while(|folder| **folder != self.path.join(RUNS)) {
                if fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        drop(lock);
        Ok(())
    }
}

fn is_temporary(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with(TEMPORARY)
}

/// Writes a file that is whole or absent, and on the disk when this returns.
fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_being_made_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::from_path("runs/a/b/2026-11/20261121T083932Z-none-2d711642b726b044.json.zst").unwrap();
        let run = [(key.clone(), Packed { bytes: b"x".to_vec(), checksum: key.checksum.clone() })];
        for round in 0..300 {
            let path = folder.path().join(round.to_string());
            let store = || Folder::new(&path.to_string_lossy(), Duration::from_secs(60));
            std::thread::scope(|scope| {
                let writer = scope.spawn(|| store().add(&run).unwrap());
                while !writer.is_finished() {
                    store().snapshot().unwrap();
                }
            });
            assert_eq!(store().snapshot().unwrap().keys, std::slice::from_ref(&key));
        }
    }
}
