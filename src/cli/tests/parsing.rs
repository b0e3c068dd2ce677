//! What parses, what is nonsense, and the texts that are made from the parser.

use crate::cli::{
    Cli, Command, completions, description,
    exit::Exit,
    man,
    out::{Form, tests::Kept},
    reference,
};
use clap::{CommandFactory, Parser};

#[test]
fn the_description_is_sound() {
    Cli::command().debug_assert();
    description().debug_assert();
}

#[test]
fn every_form_of_the_contract_parses() {
    for line in [
        "chimera",
        "chimera --data d --config c --repo r",
        "chimera brief fix --team A --team google/x --check c --constraint t --budget 0.50 --approve best \
         --timeout 20m --json --answers 1=yes --priority 7",
        "chimera brief -",
        "chimera missions --json",
        "chimera show M-1",
        "chimera stats --days 7 --json",
        "chimera desk list",
        "chimera desk show R-3",
        "chimera desk approve R-3 --team A --revision 2",
        "chimera desk reject R-3 --reason no",
        "chimera desk reject R-3 --reason no --retry",
        "chimera desk modify R-3 --patch p",
        "chimera desk modify R-3 --argv cargo test --all",
        "chimera desk modify R-3 --prompt words",
        "chimera desk modify R-3 --amount 2",
        "chimera pause",
        "chimera pause because",
        "chimera resume",
        "chimera stop",
        "chimera audit verify --data d",
        "chimera audit prove 3",
        "chimera audit export",
        "chimera restore abcdef0",
        "chimera policy explain R-1",
        "chimera models --vendor google",
        "chimera config init",
        "chimera config check",
        "chimera config show --json",
        "chimera doctor",
        "chimera demo --headless --live",
        "chimera completions zsh",
        "chimera man",
        "chimera top",
        "chimera top --once --json --at unix:/a.sock",
        "chimera health --ready",
        "chimera load --agents 50 --yes",
    ] {
        assert!(Cli::try_parse_from(line.split_whitespace()).is_ok(), "{line}");
    }
}

#[test]
fn nonsense_is_a_usage_error_and_help_is_none() {
    let run = |line: &str| crate::cli::run(line.split_whitespace().map(Into::into));
    for line in [
        "chimera nonsense",
        "chimera brief",
        "chimera brief x --budget lots",
        "chimera brief x --timeout 5",
        "chimera brief x --priority 11",
        "chimera show X-1",
        "chimera desk reject R-1",
        "chimera desk modify R-1",
        "chimera desk modify R-1 --prompt a --amount 1",
        "chimera models --vendor acme",
    ] {
        assert_eq!(run(line), Exit::Usage, "{line}");
    }
    for line in ["chimera --help", "chimera --version", "chimera desk --help"] {
        assert_eq!(run(line), Exit::Ok, "{line}");
    }
}

#[test]
fn the_reference_is_what_clap_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    if std::env::var_os("CHIMERA_BLESS").is_some() {
        std::fs::write(&path, reference::markdown()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, reference::markdown(), "docs/cli.md is old: run with CHIMERA_BLESS=1");
}

#[test]
fn completions_and_manual_name_every_subcommand() {
    let (mut out, kept) = Kept::out(Form::Human);
    man::run(&mut out).unwrap();
    let shell = clap_complete::Shell::Bash;
    completions::run(&completions::CompletionsArgs { shell }, &mut out).unwrap();
    for sub in description().get_subcommands() {
        assert!(kept.text().matches(sub.get_name()).count() > 1, "{}", sub.get_name());
    }
}

#[test]
fn the_screen_is_what_no_subcommand_means() {
    assert!(Cli::try_parse_from(["chimera"]).unwrap().command.is_none());
    assert!(matches!(Cli::try_parse_from(["chimera", "man"]).unwrap().command, Some(Command::Man)));
}
