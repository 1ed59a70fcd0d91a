//! perfgate: reads what benchmark tools write, judges it against a baseline, and says so once.
//!
//! The binary is this library's [`cli`]; ARCHITECTURE.md says which module owns what. The data flow of a comparison:
//! `io` opens inputs → `format` turns them into `model` runs → `verdict` judges two sides by the limits of `config` →
//! `report` turns the outcome into text → `cli` prints it and picks the exit code.

pub mod cli;
pub mod config;
pub mod diag;
pub mod forge;
pub mod format;
pub mod io;
pub mod model;
pub mod report;
pub mod runner;
pub mod stats;
pub mod store;
pub mod text;
pub mod trend;
pub mod unit;
pub mod verdict;
