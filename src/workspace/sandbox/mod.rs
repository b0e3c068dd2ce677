//! The walls around an agent's command: what they are, how strong they are here, how a command is put behind them.
//!
//! chimera re-executes itself as `chimera __sandbox <order> <argv>`; that helper (a fresh single-threaded process,
//! so nothing is shared with the program) restricts itself and then becomes the command. Walls, outermost first:
//! namespaces (own network with loopback only, `/run` and `/dev/shm` emptied, `/tmp` private) where the kernel
//! grants them, Landlock (files, signals, abstract sockets), seccomp (system calls), rlimits.
//! Landlock is required: without it nothing runs behind these walls and the caller is told why. A namespace that
//! cannot be had is made up for by seccomp, which then refuses sockets altogether.
//!
//! What the walls do not stop: a command may use the processor for its whole time and fill the disk file by file;
//! it sees which processes run (not their memory or environment); before Landlock version 9 it can connect to a
//! socket that lies in an ordinary directory, even one it may not read. So chimera's own socket belongs under
//! `/run`, which is hidden, and asks for a token all the same.

mod calls;
mod files;
mod helper;
mod namespaces;
mod probe;
pub(super) mod toolchains;

use super::limits::Limits;
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf};

pub use helper::enter_from_args;
pub use probe::{Fact, facts, strength, try_out};

/// First argument that makes the binary the sandbox helper.
pub const HELPER_ARG: &str = "__sandbox";
/// Exit code of the helper when the walls could not be built.
const WALLS_FAILED: i32 = 125;
/// What the helper's own words begin with.
const PREFIX: &str = "chimera sandbox: ";
/// Names the helper binary where the running one is not chimera (tests).
const HELPER_VARIABLE: &str = "CHIMERA_SANDBOX_EXE";

/// Walls around a child.
#[derive(Debug, Clone)]
pub enum Confinement {
    /// None, and no limits but time and output: for programs chimera itself relies on, such as git.
    Host,
    /// Limits and death together with chimera, but no walls: a command the director let out of the sandbox.
    Leash {
        /// The binary that plays the helper; `None` is the one that runs.
        helper: Option<PathBuf>,
    },
    /// Landlock, seccomp and namespaces.
    Sandbox(Profile),
}

/// What a command may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Directories (or files) it may change.
    pub writable: Vec<PathBuf>,
    /// What it may read beyond the system, the toolchains and `writable`.
    pub readable: Vec<PathBuf>,
    /// Its network.
    pub network: Network,
    /// Git directories it may read, so that `git log`, `diff` and `blame` work. Must lie outside of `writable`.
    pub git_dirs_readonly: Vec<PathBuf>,
    /// Private home directory; writable.
    pub home: PathBuf,
    /// Private temporary directory, also seen as `/tmp` where mounts can be made; writable.
    pub temp: PathBuf,
    /// The binary that plays the helper; `None` is the one that runs.
    #[serde(skip)]
    pub helper: Option<PathBuf>,
}

/// Network of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// No internet sockets at all.
    None,
    /// A network of its own that has nothing but 127.0.0.1 and ::1. Falls back to none where the kernel grants no
    /// namespaces.
    Loopback,
    /// The host's loopback to listen on, at this port and no other; nobody can be reached. For a service that a person
    /// looks at. Wants Landlock version 4 (Linux 6.7); without it the command does not run.
    Listen(u16),
    /// The host's loopback to reach this port and no other; nothing can be listened on. For a browser that looks at such
    /// a service. Wants Landlock version 4 too.
    Reach(u16),
    /// The host's network: only by a director's decision.
    All,
}

/// How much of the sandbox holds on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strength {
    /// Every wall.
    Full,
    /// Files and system calls are walled; what is missing or weaker, in words.
    Partial(Vec<String>),
    /// No walls, and why: each command has to be asked for.
    None(String),
}

/// What the helper is told.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    /// Walls; none for a leash.
    profile: Option<Profile>,
    /// Toolchains found in chimera's own environment; the command's environment has no say in it.
    toolchains: Vec<PathBuf>,
    /// Directories that are emptied where mounts can be made.
    hidden: Vec<PathBuf>,
    limits: Limits,
    /// Pid of the chimera that gave the order: the helper ends if that is no longer its parent.
    parent: u32,
    /// Try the walls and report instead of running a command.
    probe: bool,
}

/// What of the walls stands, for the probe.
#[derive(Debug, Clone)]
struct Built {
    /// Namespaces.
    spaces: namespaces::Spaces,
    /// Landlock.
    files: files::Enforced,
}

/// The binary that plays the helper.
///
/// # Errors
/// When the running binary's path is unknown.
fn helper_exe() -> io::Result<PathBuf> {
    match std::env::var_os(HELPER_VARIABLE) {
        Some(path) => Ok(path.into()),
        None => std::env::current_exe(),
    }
}

/// The argv that runs `argv` behind these walls.
pub(super) fn wrap(argv: &[String], confinement: &Confinement, limits: &Limits) -> io::Result<Vec<String>> {
    let (profile, helper) = match confinement {
        Confinement::Host => return Ok(argv.to_vec()),
        Confinement::Leash { helper } => (None, helper),
        Confinement::Sandbox(profile) => (Some(profile.clone()), &profile.helper),
    };
    let toolchains = if profile.is_some() { toolchains::readable() } else { Vec::new() };
    let hidden = toolchains::hidden();
    let order =
        Order { profile, toolchains, hidden, limits: *limits, parent: std::process::id(), probe: false };
    let mut wrapped = call(&order, helper.clone())?;
    wrapped.extend_from_slice(argv);
    Ok(wrapped)
}

fn call(order: &Order, helper: Option<PathBuf>) -> io::Result<Vec<String>> {
    let exe = helper
        .map_or_else(helper_exe, Ok)?
        .into_os_string()
        .into_string()
        .map_err(|path| io::Error::other(format!("{} is not UTF-8", path.display())))?;
    Ok(vec![exe, HELPER_ARG.to_owned(), serde_json::to_string(order)?])
}

/// The helper's complaint, if the command never started because of the walls.
pub(super) fn failure(code: i32, stderr: &[u8]) -> Option<String> {
    if code != WALLS_FAILED {
        return None;
    }
    let text = String::from_utf8_lossy(stderr);
    text.lines().next()?.strip_prefix(PREFIX).map(str::to_owned)
}
