//! Running one command of a plan: in its own process group, within time and output, without input, with a scrubbed
//! environment. No shell ever reads what is run.

use super::{
    ground::{Ground, Stop},
    outcome::SAID_MOST,
};
use crate::{
    domain::{text, time::Millis},
    workspace::process::{self, Confinement, Exit, Limits, Spec},
};

/// Bytes kept of each stream.
const OUTPUT_MOST: usize = 16 * 1024;
/// Characters of the last two lines in a reason.
const LINE_MOST: usize = 300;

/// A command that ended with a code that is well.
pub(super) struct Ran {
    pub exit: i32,
    pub said: String,
    pub elapsed: Millis,
}

/// Why it did not.
pub(super) enum Failed {
    /// In words.
    So(String),
    /// The end was asked for.
    Stopped,
}

/// Runs it for at most `wall`; every code of `well` is well.
pub(super) async fn run(
    argv: &[String],
    well: &[i32],
    wall: Millis,
    (ground, stop): (&Ground<'_>, &Stop<'_>),
) -> Result<Ran, Failed> {
    let spec = Spec {
        argv: argv.to_vec(),
        dir: ground.dir.to_path_buf(),
        env: ground.env.to_vec(),
        stdin: Vec::new(),
        limits: Limits { wall, output: OUTPUT_MOST, ..Limits::default() },
        confinement: Confinement::Host,
    };
    let finished = process::run(spec, stop.clone()).await.map_err(|error| Failed::So(error.to_string()))?;
    let said = text::head_tail(&text::clean_bytes(&finished.merged), SAID_MOST);
    // The last line often only says where the reason stands, which is the one before.
    let mut last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(2).collect();
    last.reverse();
    let with = |why: String| match last.join("; ") {
        last if last.is_empty() => Failed::So(why),
        last => Failed::So(format!("{why}: {}", text::clean_line(&last, LINE_MOST))),
    };
    match finished.exit {
        Exit::Code(exit) if well.contains(&exit) => Ok(Ran { exit, said, elapsed: finished.elapsed }),
        Exit::Code(exit) => Err(with(format!("exit status {exit}"))),
        Exit::Signal(signal) => Err(with(format!("ended by signal {signal}"))),
        Exit::TimedOut => Err(with(format!("it was not over within {wall}"))),
        Exit::Stopped => Err(Failed::Stopped),
    }
}
