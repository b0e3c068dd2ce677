//! docs/cli.md, from the same description that parses: so it cannot be out of date.

use super::description;
use std::fmt::Write as _;

/// The whole reference.
#[must_use]
pub fn markdown() -> String {
    let mut command = description().term_width(100);
    command.build();
    let mut out = String::from(
        "# Command line\n\n<!-- Generated from src/cli; CHIMERA_BLESS=1 cargo test --lib cli:: writes it anew. -->\n",
    );
    page(&mut command, "##", &mut out);
    out
}

fn page(command: &mut clap::Command, level: &str, out: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(out, "\n{level} {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
    for sub in command.get_subcommands_mut() {
        page(sub, "###", out);
    }
}
