//! `chimera man`: the manual page in roff on stdout, subcommands after the main page.

use super::{
    description,
    exit::{Complaint, Exit, Said},
    out::Out,
};

/// Prints it.
///
/// # Errors
/// The page cannot be made.
pub fn run(out: &mut Out) -> Said {
    let mut page = Vec::new();
    let mut command = description();
    command.build();
    render(command, &mut page)
        .map_err(|e| Complaint::error(format!("the manual page cannot be made: {e}")))?;
    out.raw(&page);
    Ok(Exit::Ok)
}

fn render(command: clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    clap_mangen::Man::new(command).render(page)?;
    below.into_iter().try_for_each(|sub| render(sub, page))
}
