//! `perfgate formats`: what can be read.

use clap::Args as ClapArgs;
use comfy_table::{ContentArrangement, Table, presets};

use super::console::Console;
use super::{Exit, Outcome};
use crate::format::FORMATS;

/// List the formats that are recognised
#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, console: &Console) -> Outcome {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["name", "what", "written by", "tested with"]);
    for format in FORMATS {
        table.add_row([format.name, format.title, format.written_by, format.tested]);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    console.print(&(lines.join("\n") + "\n"))?;
    Ok(Exit::Success)
}
