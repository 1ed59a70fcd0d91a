//! The outside world: files, globs, folders, the environment, the clock, and writing reports.
//!
//! The only place that touches any of these. [`load`] turns what a user names on
//! the command line into the runs of one side; [`files`] finds and reads, [`git`] runs the `git` program, [`system`] knows the
//! environment.
//!
//! Not here: what a file means (`format`), and what to do with a failure (`cli`).
#![expect(clippy::disallowed_methods, reason = "this module is where the outside world is touched")]

pub mod ci;
pub mod files;
pub mod formats;
pub mod git;
pub mod load;
pub mod owned;
pub mod project;
pub mod system;
