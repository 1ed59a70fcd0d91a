//! `perfgate config`: what is in force, and what may be written.

use clap::{Args as ClapArgs, Subcommand};

use super::console::Console;
use super::options::{ConfigArgs, FailOnArgs, LimitArgs};
use super::{Exit, Outcome};
use crate::config;

/// Show the configuration in force, or its schema
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print every value with its origin, as TOML
    Show(Show),
    /// Print the JSON schema of perfgate.toml
    Schema,
}

#[derive(Debug, ClapArgs)]
struct Show {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    fail_on: FailOnArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    match &args.what {
        What::Show(show) => {
            let mut overrides = show.limits.overrides()?;
            show.fail_on.add_to(&mut overrides)?;
            let config = show.config.load(&overrides, console)?;
            console.print(&config.show())?;
        }
        What::Schema => console.print(config::schema())?,
    }
    Ok(Exit::Success)
}
