//! `perfgate man`: the manual page.

use clap::Args as ClapArgs;

use super::console::Console;
use super::{Exit, Failure, Outcome};

/// Print the manual page, or that of one command
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The command, such as `compare`
    command: Option<String>,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let mut command = super::command();
    command.build();
    if let Some(name) = &args.command {
        let Some(sub) = command.find_subcommand(name) else {
            return Err(Failure::usage(format!("there is no command `{}`", crate::text::shown(&name.as_str().into()))));
        };
        command = sub.clone().display_name(format!("perfgate-{name}"));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::usage(format!("cannot render the page: {error}")))?;
    console.print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Success)
}
