//! Parses, runs, and ends with the exit code of the contract. Nothing else happens here.

use std::process::ExitCode;

fn main() -> ExitCode {
    chimera::tui::terminal::remember();
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == chimera::workspace::sandbox::HELPER_ARG) {
        chimera::workspace::sandbox::enter_from_args(arguments);
    }
    ExitCode::from(chimera::cli::run(std::env::args_os()).code())
}
