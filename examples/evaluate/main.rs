//! How often verdicts are wrong, and how much they see: on real runs with the truth known, and on simulated worlds.
//!
//! `cargo run --release --example evaluate -- DIR [DRAWS]` reads a folder of runs (`meta.json`, `criterion/`, `go.txt`,
//! `pytest.json` each); without DIR only the worlds are run. Random unchanged runs become the history, others are judged,
//! every suite as its own gate. The same input prints the same tables.

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program for a terminal that reads files of known shape"
)]

mod load;
mod random;
mod real;
mod rules;
mod simulated;
mod worlds;

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let draws = arguments.get(1).map_or(Ok(200), |n| n.parse())?;
    if let Some(root) = arguments.first().filter(|a| *a != "-") {
        real::evaluate(&load::load(Path::new(root))?, draws);
    }
    if arguments.get(2).is_none() {
        simulated::evaluate(draws);
    }
    Ok(())
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
