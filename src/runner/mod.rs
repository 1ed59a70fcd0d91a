//! Benchmark commands run in turns in two folders: the base's and the current one.
//!
//! One run on a busy machine proves little, because the machine changes between two runs more than most code does. Two
//! sides run in turns on one machine share its state, so that the difference within each pair says what the code did.
//! `checkout` knows the commits, `workplace` holds work trees and results, `process` runs commands and minds signals,
//! `turns` orders them, `results` reads what each left, `filter` says "only these benchmarks" in each tool's own words.
//!
//! Whatever happens, the user's checkout stays as it was: work trees and results live in the system's temporary folder,
//! and a process that is killed leaves a free lock by which the next one knows what to clear.
//!
//! Not here: judging the pairs (`verdict`), and when to stop (`cli`).
#![expect(clippy::disallowed_methods, reason = "this module runs commands and looks at what they left")]

mod checkout;
mod filter;
mod process;
mod results;
mod turns;
mod workplace;

pub use checkout::{Checkout, Revision};
pub use filter::{Filter, Wanted};
pub use process::Interrupts;
pub use turns::{Pair, Place, Plan, Step, Turns, Which};
pub use workplace::Workplace;

use crate::diag::{Code, Diagnostic};

/// Why something was not done.
#[derive(Debug)]
pub enum Stop {
    /// The caller can mend it.
    Usage(Diagnostic),
    /// The command failed or left no usable results.
    Failed(Diagnostic),
    /// Something outside failed: git, the temporary folder.
    Outside(Diagnostic),
    /// A signal came, by its number.
    Interrupted(i32),
}

/// The folder that perfgate was called in.
///
/// # Errors
/// If it is gone.
pub fn working_folder() -> Result<std::path::PathBuf, Stop> {
    std::env::current_dir().map_err(|error| {
        Stop::Outside(Diagnostic::new(Code::Unreadable, format!("the working folder cannot be used: {error}")))
    })
}

/// Whether a command has a place for the name of a file that its results go to.
pub fn names_out(command: &[String]) -> bool {
    command.iter().any(|word| word.contains(results::OUT))
}

/// Whether a path is a folder.
pub fn is_folder(path: &str) -> bool {
    std::path::Path::new(path).is_dir()
}

/// The folder that the environment tells cargo to build in.
pub fn cargo_target() -> Option<std::path::PathBuf> {
    let named = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].into_iter().find_map(std::env::var_os)?;
    std::path::absolute(named).ok()
}
