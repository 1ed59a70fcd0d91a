//! `perfgate config`: what is in force, and what may be written.

use clap::{Args as ClapArgs, Subcommand};

use super::console::Console;
use super::options::{ConfigArgs, JudgeArgs};
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
    judge: JudgeArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    match &args.what {
        What::Show(show) => {
            let config = show.config.load(&show.judge, console)?;
            console.print(&config.show())?;
        }
        What::Schema => console.print(config::schema())?,
    }
    Ok(Exit::Success)
}
