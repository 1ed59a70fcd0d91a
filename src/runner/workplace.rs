//! A folder outside of the checkout where work trees and results live while commands are run.
//!
//! It lies in the system's temporary folder: inside of the checkout, or of its `.git`, the base would see the checkout's
//! own `.cargo/config.toml`, `go.work` or `conftest.py` in a parent folder, and be measured as something that never was.
//! Each folder holds a `lock` that its process keeps locked, so that the operating system says which folders are in use:
//! the lock of a process that was killed is free, and the next call clears what it left.
//!
//! Not here: which commits are checked out (`checkout`), what is run in them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::Stop;
use crate::diag::{Code, Diagnostic, Location};
use crate::io::git::Git;

/// How the names of our folders start.
const PREFIX: &str = "perfgate-ab-";

/// The folder of this process; removed when dropped.
#[derive(Debug)]
pub struct Workplace {
    folder: PathBuf,
    repository: Option<Git>,
    trees: Vec<PathBuf>,
    /// Kept open, and so locked, as long as this process lives.
    lock: Option<File>,
}

impl Workplace {
    /// Makes the folder, after clearing what killed processes left. Work trees will belong to `repository`.
    ///
    /// # Errors
    /// If the temporary folder cannot be written to.
    pub fn open(repository: Option<&Git>) -> Result<Self, Stop> {
        clear_stale(repository);
        let cannot = |error: std::io::Error| {
            Stop::Outside(
                Diagnostic::new(Code::WriteFailed, format!("cannot make a temporary folder: {error}"))
                    .help("set TMPDIR to a folder that can be written to"),
            )
        };
        // Links are resolved, because tools compare the path they are in with the path that git or cargo tell.
        let root = fs::canonicalize(std::env::temp_dir()).map_err(cannot)?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(root).map_err(cannot)?;
        let lock = take_lock(folder.path()).map_err(cannot)?;
        let folder = folder.keep();
        Ok(Self { folder, repository: repository.cloned(), trees: Vec::new(), lock: Some(lock) })
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Checks a commit out into a work tree of its own. Hooks are not run.
    ///
    /// # Errors
    /// What git says.
    pub fn add_tree(&mut self, name: &str, commit: &str) -> Result<PathBuf, Stop> {
        let path = self.folder.join(name);
        let Some(git) = &self.repository else { return Ok(path) };
        self.trees.push(path.clone());
        let shown = path.to_string_lossy();
        let add = || without_hooks(git).run(&["worktree", "add", "--quiet", "--force", "--detach", &shown, commit]);
        let added = match add() {
            // Another process has just removed its own, the last one, and with it git's folder of work trees.
            Err(error) if error.mentions(&["could not create directory"]) => add(),
            added => added,
        };
        added.map_err(|error| Stop::Outside(Diagnostic::new(Code::GitFailed, error.to_string())))?;
        Ok(path)
    }

    /// Moves a work tree to another commit. What the build left in it stays.
    ///
    /// # Errors
    /// What git says.
    pub fn move_tree(&self, tree: &Path, commit: &str) -> Result<(), Stop> {
        without_hooks(&Git::at(tree))
            .run(&["checkout", "--quiet", "--force", "--detach", commit])
            .map(drop)
            .map_err(|error| Stop::Outside(Diagnostic::new(Code::GitFailed, error.to_string())))
    }

    /// Removes the folder with its work trees.
    ///
    /// # Errors
    /// A warning that says what could not be removed; the next call tries again.
    pub fn close(mut self) -> Result<(), Diagnostic> {
        self.remove()
    }

    fn remove(&mut self) -> Result<(), Diagnostic> {
        for tree in std::mem::take(&mut self.trees) {
            remove_tree(self.repository.as_ref(), &tree);
        }
        let removed = fs::remove_dir_all(&self.folder);
        self.lock = None;
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let mut told = Diagnostic::new(Code::WriteFailed, format!("cannot remove the work folder: {error}"))
                    .at(Location::file(self.folder.to_string_lossy().as_ref()));
                told.severity = crate::diag::Severity::Warning;
                Err(told)
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // Where it fails there is nobody left to tell; the next call tries again.
        let _ = self.remove();
    }
}

/// Makes the lock of a folder. It gets its name when it is locked already, so that nobody takes it for a free one.
fn take_lock(folder: &Path) -> std::io::Result<File> {
    let (new, name) = (folder.join("lock.new"), folder.join("lock"));
    let lock = File::create(&new)?;
    lock.lock()?;
    fs::rename(new, name)?;
    Ok(lock)
}

/// Whether the process that made a folder is gone.
fn is_stale(folder: &Path) -> bool {
    let lock = File::options().write(true).open(folder.join("lock"));
    lock.is_ok_and(|file| file.try_lock().is_ok())
}

/// Removes what processes that are gone left: folders in the temporary folder, and work trees of this repository wherever
/// they are.
fn clear_stale(repository: Option<&Git>) {
    let trees = repository.and_then(|git| git.run(&["worktree", "list", "--porcelain"]).ok()).unwrap_or_default();
    for tree in trees.lines().filter_map(|line| line.strip_prefix("worktree ")).map(Path::new) {
        let Some(folder) = tree.parent().filter(|f| is_ours(f)) else { continue };
        // A folder that is gone was cleared by somebody else; git's record of it remains.
        if !folder.exists() || is_stale(folder) {
            remove_tree(repository, tree);
            let _ = fs::remove_dir_all(folder);
        }
    }
    let Ok(entries) = fs::canonicalize(std::env::temp_dir()).and_then(fs::read_dir) else { return };
    for folder in entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| is_ours(p)) {
        // Work trees of another repository are that repository's to clear.
        let is_tree = |entry: fs::DirEntry| entry.path().join(".git").is_file();
        let trees = fs::read_dir(&folder).is_ok_and(|mut all| all.any(|e| e.is_ok_and(is_tree)));
        if !trees && is_stale(&folder) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn is_ours(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
}

fn remove_tree(repository: Option<&Git>, tree: &Path) {
    let remove =
        || repository.map(|git| git.run(&["worktree", "remove", "--force", "--force", &tree.to_string_lossy()]));
    // Twice: also where git was stopped while it made the tree, or while it removed it, when its record stays. What stays
    // of the tree is removed as a folder.
    let failed = remove().is_some_and(|removed| removed.is_err());
    if failed || tree.exists() {
        let _ = fs::remove_dir_all(tree);
        let _ = remove();
    }
}

fn without_hooks(git: &Git) -> Git {
    git.clone().with_config(&[("core.hooksPath".to_owned(), "/dev/null".to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Git) {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::at(folder.path());
        git.run(&["init", "-q"]).unwrap();
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        git.run(&[&who[..], &["commit", "-q", "--allow-empty", "-m", "first"]].concat()).unwrap();
        (folder, git)
    }

    fn trees(git: &Git) -> usize {
        git.run(&["worktree", "list", "--porcelain"]).unwrap().matches("worktree ").count()
    }

    #[test]
    fn folders_and_trees_go_with_their_owner() {
        let (_folder, git) = repository();
        let mut place = Workplace::open(Some(&git)).unwrap_or_else(|_| panic!());
        let tree = place.add_tree("base", "HEAD").unwrap_or_else(|_| panic!());
        assert!(tree.join(".git").exists() && trees(&git) == 2);
        let folder = place.path("");
        place.close().unwrap();
        assert!(!folder.exists() && trees(&git) == 1);
    }

    #[test]
    fn a_folder_in_use_is_left_alone_and_a_free_one_is_cleared() {
        let (_folder, git) = repository();
        let mut first = Workplace::open(Some(&git)).unwrap_or_else(|_| panic!());
        let tree = first.add_tree("base", "HEAD").unwrap_or_else(|_| panic!());
        let second = Workplace::open(Some(&git)).unwrap_or_else(|_| panic!());
        assert!(tree.exists());
        drop(second);
        // What a killed process leaves: everything but the locked file.
        first.lock = None;
        // A process that another test has just forked may hold a copy of it until it becomes another program.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !is_stale(&first.folder) && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        let third = Workplace::open(Some(&git)).unwrap_or_else(|_| panic!());
        assert!(!tree.exists() && trees(&git) == 1);
        drop(third);
    }
}
