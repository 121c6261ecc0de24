//! `completions` and `man`: what clap makes of the command line.

use std::io;

use clap::CommandFactory;

use super::output;
use crate::{cli::Cli, failure::Failure};

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "delivery-bench", &mut script);
    output::generated(String::from_utf8_lossy(&script).trim_end())
}

pub(crate) fn manual() -> Result<(), Failure> {
    let mut page = Vec::new();
    render(&mut page).map_err(|error| Failure::Internal(error.into()))?;
    output::generated(String::from_utf8_lossy(&page).trim_end())
}

/// The command's own page, then a section for each verb.
fn render(page: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Cli::command();
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
