//! The command line: a stable contract, and the place where a mode is chosen. One file for each subcommand.
//!
//! Owns: arguments, exit codes, what goes to stdout. Never does: decide (the engine does), start a process
//! (`workspace` does), write to stdout other than through [`out::Out`], hold state between commands. `--help`
//! and `--version` read and write nothing.

pub mod answers;
pub mod attach;
pub mod audit;
pub mod brief;
mod carried;
pub mod completions;
pub mod config;
pub mod control;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod exit;
pub mod export;
pub mod far;
pub mod feature;
pub mod finish;
pub mod follow;
pub mod grants;
mod health;
pub mod house;
pub mod ideas;
mod incidents;
mod level;
mod load;
pub mod login;
pub mod man;
pub mod missions;
pub mod models;
mod monitor;
pub mod named;
mod news;
pub mod out;
pub mod own;
pub mod policy;
pub mod progress;
mod rate;
pub mod reference;
mod reload;
pub mod replay;
pub mod restore;
mod runbook;
mod scan;
pub mod screen;
pub mod search;
pub mod senses;
mod serve;
mod session;
pub mod settings;
pub mod show;
pub mod signals;
mod silence;
pub mod stats;
#[cfg(test)]
mod tests;
mod there;
pub mod token;
mod told;
mod top;
mod unit;
pub mod voices;

use clap::{Args, CommandFactory, Parser, Subcommand};
use exit::{Complaint, Exit, Said};
use out::{Form, Out};
use session::Session;
use std::{ffi::OsString, io::Write, path::PathBuf};
use token::TokenCommand;
use tokio::runtime::{Builder, Runtime};

/// A terminal command center for autonomous operations of software services.
///
/// Without a subcommand it opens the screen. Exit codes: 0 landed or done, 1 error, 2 budget, 3 waiting for a
/// decision or ended before it was done, 64 usage, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "chimera", version, max_term_width = 110, disable_help_subcommand = true)]
pub struct Cli {
    /// Options of every subcommand.
    #[command(flatten)]
    pub everywhere: Everywhere,
    /// Watch and heal without a screen until a signal ends it; decisions come from `chimera desk`, programs ask over
    /// `api.sock` in the data directory. SIGHUP without a terminal: read the settings again
    #[arg(long)]
    pub monitor: bool,
    /// What to do; the screen where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every subcommand.
#[derive(Debug, Clone, Default, Args)]
pub struct Everywhere {
    /// Data directory [default: one for each repository]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Settings file, laid over your own and the repository's
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Repository to work in [default: the one around the current directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub repo: Option<PathBuf>,
    /// JSON Lines on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// For a slow line: the screen has few frames, colours for states only, of each stream the last lines
    #[arg(long, global = true)]
    pub low_bandwidth: bool,
    /// The screen as lines, for screen readers and logs: nothing moves, no colour; verbs are read from stdin. Chosen
    /// by itself where stdout is no terminal or TERM is dumb
    #[arg(long, global = true)]
    pub linear: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give a brief and follow it until it has landed or waits
    Brief(brief::BriefArgs),
    /// Build a feature: its end-to-end test first, then code, review, staging, and the test there
    Feature(feature::FeatureArgs),
    /// List missions
    Missions(missions::MissionsArgs),
    /// Show all there is about a mission
    Show(show::ShowArgs),
    /// The numbers: spent, success, by kind, model and team, who was chosen
    Stats(stats::StatsArgs),
    /// What could be done next, and why
    Ideas(ideas::IdeasArgs),
    /// What is wrong with the services, and what is done about it
    Incidents(incidents::IncidentsArgs),
    /// Look into an incident again
    Investigate(incidents::InvestigateArgs),
    /// Say that an incident is over
    Resolve(incidents::ResolveArgs),
    /// Let every probe look once, now
    Scan(scan::ScanArgs),
    /// Quiet about a cause, a service or a kind for a while
    Silence(silence::SilenceArgs),
    /// How much happens alone, 1 to 3; shown without a number
    Level(level::LevelArgs),
    /// Safe operations: list, check, simulate, try out
    #[command(subcommand)]
    Runbook(runbook::RunbookCommand),
    /// What waits for a decision, and deciding it
    #[command(subcommand)]
    Desk(desk::DeskCommand),
    /// Commands that run on a word given beforehand, and taking it back
    #[command(subcommand)]
    Grants(grants::GrantsCommand),
    /// Start nothing new; what runs goes on to its next turn
    Pause(control::ReasonArgs),
    /// Go on after a pause or a stop
    Resume,
    /// Kill switch: start nothing, end everything in flight
    Stop(control::ReasonArgs),
    /// The screen of a daemon that serves elsewhere
    Attach(far::AttachArgs),
    /// Get a token of a daemon that serves over the network, by a vendor's word for who you are
    Login(login::LoginArgs),
    /// One page about a daemon that runs, drawn anew every second
    Top(top::TopArgs),
    /// Whether a daemon lives, or is ready; ends with 0 if it is, with 1 if not
    Health(health::HealthArgs),
    /// Give a daemon many briefs at once and measure how soon its agents speak
    Load(load::LoadArgs),
    /// Prove the journal
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Find words in the journal, in briefs and in all that was said
    Search(search::SearchArgs),
    /// Write everything about a mission to a file
    Export(export::ExportArgs),
    /// Tell what happened in a mission, line by line
    Replay(replay::ReplayArgs),
    /// Undo a landed revision by a new commit, which can be undone the same way
    Restore(restore::RestoreArgs),
    /// Say what came of a mission that has ended, from 1 to 5
    Rate(rate::RateArgs),
    /// Why the gate rules as it does
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// List the models that each vendor with a key offers
    Models(models::ModelsArgs),
    /// Settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Who is served over the network: make, list and take back tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Check what Chimera needs on this machine
    Doctor,
    /// The whole loop on a real little service, without key or network
    Demo(demo::DemoArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Threads that run tasks: nearly all of them wait for models, children and disks, and each thread costs memory.
const WORKERS_MOST: usize = 4;

/// Parses, runs, and says how the process is to end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match parse(arguments.into_iter().collect()) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let mut out = Out::stdout(form(&cli));
    let said = dispatch(cli, &mut out).and_then(|exit| match out.fault() {
        Some(fault) if exit == Exit::Ok => Err(unwritten(fault)),
        _ => Ok(exit),
    });
    match said {
        Ok(exit) => exit,
        Err(complaint) => {
            complain(&complaint, &mut out);
            complaint.exit
        }
    }
}

/// Where nothing was typed there is nothing to parse: the screen does not wait for the whole description.
fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    match arguments.as_slice() {
        [_] => Ok(Cli { everywhere: Everywhere::default(), monitor: false, command: None }),
        _ => Cli::try_parse_from(arguments),
    }
}

/// A demo without a screen is for programs.
fn form(cli: &Cli) -> Form {
    let headless = matches!(&cli.command, Some(Command::Demo(args)) if args.headless);
    if cli.everywhere.json || headless { Form::Json } else { Form::Human }
}

fn unwritten(fault: &std::io::Error) -> Complaint {
    Complaint::error(format!("what was to be printed is not complete: stdout cannot be written: {fault}"))
        .hint("the journal has it all: `chimera missions`, `chimera show`")
}

/// What clap says: help and version are no mistakes. A mistake repeats what was typed, so it is cleaned; a reader
/// that went away needs no text.
fn refuse(error: &clap::Error) -> Exit {
    if error.use_stderr() {
        let words = error.render().to_string();
        let _ = std::io::stderr().write_all(crate::domain::text::clean(&words).as_bytes());
        Exit::Usage
    } else {
        let _ = error.print();
        Exit::Ok
    }
}

fn complain(complaint: &Complaint, out: &mut Out) {
    let code = complaint.exit.code();
    out.tell(&serde_json::json!({
        "kind": "error", "message": complaint.what, "hint": complaint.hint, "exit": code,
    }));
    // Nobody is left to tell when stderr is gone.
    let _ = std::io::stderr().write_all(complaint.shown().as_bytes());
}

fn dispatch(cli: Cli, out: &mut Out) -> Said {
    match cli.command {
        Some(Command::Completions(args)) => completions::run(&args, out),
        Some(Command::Man) => man::run(out),
        Some(Command::Config(command)) => config::run(&command, &cli.everywhere, out),
        Some(Command::Audit(command)) => audit::run(&command, &Session::load_anyway(&cli.everywhere)?, out),
        Some(Command::Search(args)) => search::run(&args, &Session::load_anyway(&cli.everywhere)?, out),
        Some(Command::Export(args)) => export::run(&args, &Session::load_anyway(&cli.everywhere)?, out),
        // One is not made for a data directory that may be another.
        Some(Command::Token(command @ TokenCommand::Create(_))) => {
            token::run(&command, &Session::load(&cli.everywhere)?, out)
        }
        Some(Command::Token(command)) => token::run(&command, &Session::load_anyway(&cli.everywhere)?, out),
        None if cli.monitor => {
            let session = Session::load(&cli.everywhere)?;
            session.say_notes();
            let _logs = session.log();
            runtime()?.block_on(monitor::run(&session, out))
        }
        Some(Command::Attach(args)) => far::run(&args, &cli.everywhere),
        Some(Command::Login(args)) => login::run(&args, &cli.everywhere, out),
        Some(Command::Top(args)) => top::run(&args, &cli.everywhere, out),
        Some(Command::Health(args)) => health::run(&args, &cli.everywhere, out),
        Some(Command::Load(args)) => load::run(&args, &cli.everywhere, out),
        Some(Command::Level(args)) => level::run(&args, &cli.everywhere, out),
        None => screen::run(&cli.everywhere),
        Some(command) => {
            let session = match goes_by_settings(&command) {
                true => Session::load(&cli.everywhere)?,
                false => Session::load_anyway(&cli.everywhere)?,
            };
            session.say_notes();
            // These look at the machine and the vendors only, and leave no trace in the data directory.
            let traceless = matches!(
                command,
                Command::Doctor
                    | Command::Models(_)
                    | Command::Replay(_)
                    | Command::Scan(_)
                    | Command::Runbook(_)
            );
            let _logs = if traceless { None } else { session.log() };
            runtime()?.block_on(live(command, (&cli.everywhere, &session), out))
        }
    }
}

/// Whether a command does what the settings say, rather than look at the data directory or tell a process that runs.
fn goes_by_settings(command: &Command) -> bool {
    match command {
        Command::Brief(_)
        | Command::Feature(_)
        | Command::Scan(_)
        | Command::Runbook(_)
        | Command::Policy(policy::PolicyCommand::Replay(_))
        | Command::Models(_)
        | Command::Demo(_) => true,
        Command::Ideas(args) => args.ask,
        _ => false,
    }
}

fn runtime() -> Result<Runtime, Complaint> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.min(WORKERS_MOST))
        .enable_all()
        .build()
        .map_err(|e| Complaint::error(format!("the runtime cannot start: {e}")))
}

/// Commands that need the runtime.
async fn live(command: Command, (everywhere, session): (&Everywhere, &Session), out: &mut Out) -> Said {
    match command {
        Command::Brief(args) => brief::run(&args, session, out).await,
        Command::Feature(args) => feature::run(&args, session, out).await,
        Command::Missions(args) => missions::run(&args, session, out),
        Command::Show(args) => show::run(&args, session, out),
        Command::Stats(args) => stats::run(&args, session, out),
        Command::Ideas(args) => ideas::run(&args, session, out).await,
        Command::Incidents(args) => incidents::run(&args, session, out),
        Command::Investigate(args) => incidents::investigate(&args, session, out).await,
        Command::Resolve(args) => incidents::resolve(&args, session, out).await,
        Command::Scan(args) => scan::run(&args, session, out).await,
        Command::Silence(args) => silence::run(&args, session, out).await,
        Command::Runbook(command) => runbook::run(&command, session, out).await,
        Command::Desk(command) => desk::run(&command, session, out).await,
        Command::Grants(command) => grants::run(&command, session, out).await,
        Command::Pause(args) => control::pause(&args, session, out).await,
        Command::Resume => control::resume(session, out).await,
        Command::Stop(args) => control::stop(&args, session, out).await,
        Command::Restore(args) => restore::run(&args, session, out).await,
        Command::Rate(args) => rate::run(&args, session, out).await,
        Command::Policy(command) => policy::run(&command, session, out),
        Command::Models(args) => models::run(&args, session, out).await,
        Command::Doctor => doctor::run(session, out).await,
        Command::Demo(args) => demo::run(&args, (everywhere, session), out).await,
        Command::Completions(args) => completions::run(&args, out),
        Command::Man => man::run(out),
        Command::Replay(args) => replay::run(&args, session, out).await,
        Command::Level(_)
        | Command::Attach(_)
        | Command::Login(_)
        | Command::Top(_)
        | Command::Health(_)
        | Command::Load(_)
        | Command::Config(_)
        | Command::Audit(_)
        | Command::Token(_)
        | Command::Search(_)
        | Command::Export(_) => Err(Complaint::error("answered before the runtime starts")),
    }
}

/// The command line's description, for completions, manual and reference.
#[must_use]
pub fn description() -> clap::Command {
    Cli::command()
}
