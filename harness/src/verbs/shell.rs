//! `completions` and `man`: what clap makes of the command line.

use std::io;

use clap::{Args, Command};

use super::output;
use crate::failure::Failure;

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn completions(options: &CompletionsOptions, mut command: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "delivery-bench", &mut script);
    output::generated(String::from_utf8_lossy(&script).trim_end())
}

pub(crate) fn manual(command: Command) -> Result<(), Failure> {
    let mut page = Vec::new();
    render(command, &mut page).map_err(|error| Failure::Internal(error.into()))?;
    output::generated(String::from_utf8_lossy(&page).trim_end())
}

/// The command's own page, then a section for each verb.
fn render(mut command: Command, page: &mut Vec<u8>) -> io::Result<()> {
    command.build();
    clap_mangen::Man::new(command.clone()).render(page)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        let manual = clap_mangen::Man::new(verb.clone());
        manual.render_name_section(page)?;
        manual.render_synopsis_section(page)?;
        manual.render_description_section(page)?;
        manual.render_options_section(page)?;
    }
    Ok(())
}
