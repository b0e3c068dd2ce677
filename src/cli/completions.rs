//! `chimera completions`: a script on stdout.

use super::{
    description,
    exit::{Exit, Said},
    out::Out,
};
use clap::Args;
use clap_complete::Shell;

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints it.
///
/// # Errors
/// None.
pub fn run(args: &CompletionsArgs, out: &mut Out) -> Said {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut description(), "chimera", &mut script);
    out.raw(&script);
    Ok(Exit::Ok)
}
