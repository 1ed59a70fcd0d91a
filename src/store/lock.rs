//! A lock on a file, which the system releases when the process ends in whatever way.
//!
//! Not here: what is locked.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// What came of waiting for a lock.
pub(super) enum Lock {
    /// It is held until the file is dropped.
    Held(File),
    /// Another process has held it all the time.
    Busy,
    /// The file cannot be made or locked here, as on a read-only disk.
    Impossible(std::io::Error),
}

/// Locks a file, which is made if it is not there, and waits for it as long as `patience`.
pub(super) fn lock(path: &Path, patience: Duration) -> Lock {
    // Windows locks only what can be read.
    let file = match File::options().create(true).read(true).append(true).open(path) {
        Ok(file) => file,
        Err(error) => return Lock::Impossible(error),
    };
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Lock::Held(file),
            Err(TryLockError::Error(error)) => return Lock::Impossible(error),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => return Lock::Busy,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(fastrand::u64(5..50))),
        }
    }
}
