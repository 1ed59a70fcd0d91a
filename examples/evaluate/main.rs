//! How often verdicts are wrong, and how much they see: on real runs with the truth known, and on simulated worlds.
//!
//! ```sh
//! cargo run --release --example evaluate -- [PATH] [--histories FOLDER] [--worlds] [--trends] [--adding] [--draws N]
//! ```
//!
//! - `PATH`: a folder of runs, each a folder with what the tools wrote (`criterion/`, `go.txt`, `pytest.json`) and a
//!   `meta.json` with its `start` and what was `slow`ed; an archive of such runs is unpacked first: `tar xf ARCHIVE`.
//!   Random unchanged runs become the history, others are judged, every suite as its own gate.
//! - `--histories`: a folder of github-action-benchmark `data.js` files.
//! - `--worlds`: the simulated worlds; they are also what runs where nothing is named.
//! - `--adding`: pairs added until rows are decided, and what that costs in false failures.
//! - `--trends`: change points in simulated series.
//! - `--draws`: how many draws a row, 200 unless told.
//!
//! The same input prints the same tables; `docs/evaluation.txt` is one such output.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program for a terminal that reads files of known shape"
)]

mod adding;
mod histories;
mod load;
mod random;
mod real;
mod rules;
mod simulated;
mod trends;
mod worlds;

use std::path::{Path, PathBuf};

/// What was asked for on the command line.
struct Asked {
    runs: Option<PathBuf>,
    histories: Option<PathBuf>,
    worlds: bool,
    adding: bool,
    trends: bool,
    draws: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked = asked()?;
    if let Some(root) = &asked.runs {
        real::evaluate(&load::load(Path::new(root))?, asked.draws);
    }
    if let Some(folder) = &asked.histories {
        histories::evaluate(folder)?;
    }
    if asked.worlds {
        simulated::evaluate(asked.draws);
    }
    if asked.adding {
        adding::evaluate(asked.draws);
    }
    if asked.trends {
        trends::evaluate(asked.draws);
        trends::suites(asked.draws);
    }
    Ok(())
}

fn asked() -> Result<Asked, Box<dyn std::error::Error>> {
    let mut asked = Asked { runs: None, histories: None, worlds: false, trends: false, adding: false, draws: 200 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--histories" => asked.histories = Some(value()?.into()),
            "--draws" => asked.draws = value()?.parse()?,
            "--worlds" => asked.worlds = true,
            "--adding" => asked.adding = true,
            "--trends" => asked.trends = true,
            path if path.starts_with('-') || asked.runs.is_some() => return Err(format!("what is `{path}`?").into()),
            path => asked.runs = Some(path.into()),
        }
    }
    asked.worlds |= asked.runs.is_none() && asked.histories.is_none() && !asked.trends && !asked.adding;
    Ok(asked)
}

/// `k` of `n` with its 95 % interval (Wilson 1927): `1/30 (1–17 %)`.
fn share(k: usize, n: usize) -> String {
    const Z: f64 = 1.959_963_984_540_054;
    let (trials, share) = (n as f64, k as f64 / n as f64);
    let scale = 1.0 + Z * Z / trials;
    let centre = (share + Z * Z / (2.0 * trials)) / scale;
    let half = Z / scale * (share * (1.0 - share) / trials + (Z / (2.0 * trials)).powi(2)).sqrt();
    format!("{k}/{n} ({:.0}–{:.0} %)", 100.0 * (centre - half).max(0.0), 100.0 * (centre + half).min(1.0))
}

/// Counts of warnings and failures among tries.
#[derive(Clone, Copy, Default)]
struct Tally {
    tries: u32,
    warned: u32,
    failed: u32,
}

impl Tally {
    fn add(&mut self, outcome: rules::Outcome) {
        self.tries += 1;
        self.warned += u32::from(outcome >= rules::Outcome::Warn);
        self.failed += u32::from(outcome == rules::Outcome::Fail);
    }

    fn failed(self) -> String {
        format!("{:.1} %", 100.0 * f64::from(self.failed) / f64::from(self.tries.max(1)))
    }

    fn warned(self) -> String {
        format!("{:.1} %", 100.0 * f64::from(self.warned) / f64::from(self.tries.max(1)))
    }

    fn power(self) -> String {
        let share = |n: u32| 100.0 * f64::from(n) / f64::from(self.tries.max(1));
        format!("{:.0}/{:.0}", share(self.failed), share(self.warned))
    }
}
