//! Asks another program one question: bounded in time and output, its answer as text. Never reads meaning into it.

use super::{
    eyes::Eyes,
    reach::{self, WORDS_MOST},
};
use crate::{
    domain::{text, time::Millis},
    workspace::process::{self, Exit, Limits, Spec},
};

/// Bytes of an answer that are kept.
const ANSWER_MOST: usize = 1024 * 1024;

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it went well by its own account.
    pub ok: bool,
    /// Standard output.
    pub text: String,
    /// Its last words: of standard error, of standard output where there are none.
    pub words: String,
}

/// How a program of a probe is run.
pub(super) fn spec(argv: Vec<String>, limits: Limits, eyes: &Eyes) -> Spec {
    Spec {
        argv,
        dir: "/".into(),
        env: eyes.env.clone(),
        stdin: Vec::new(),
        limits,
        confinement: eyes.walls.clone(),
    }
}

/// Runs it and waits for its end.
pub(super) async fn ask(argv: &[&str], most: Millis, eyes: &Eyes) -> Result<Answer, String> {
    let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
    let limits = Limits { wall: most, output: ANSWER_MOST, ..Limits::default() };
    let done = process::run(spec(argv.clone(), limits, eyes), std::future::pending());
    let done = done.await.map_err(|error| error.to_string())?;
    match done.exit {
        Exit::TimedOut => {
            Err(format!("{} did not answer within {} ms", argv.first().map_or("", String::as_str), most.0))
        }
        Exit::Signal(signal) => {
            Err(format!("{} was ended by signal {signal}", argv.first().map_or("", String::as_str)))
        }
        exit => {
            let said = if done.stderr.is_empty() { &done.stdout } else { &done.stderr };
            Ok(Answer {
                ok: exit.ok(),
                text: String::from_utf8_lossy(&done.stdout).into_owned(),
                words: last_words(said),
            })
        }
    }
}

/// The end of what was said, on one line.
pub(super) fn last_words(said: &[u8]) -> String {
    let tail = said.get(said.len().saturating_sub(WORDS_MOST * 4)..).unwrap_or_default();
    let whole = text::clean_bytes(tail);
    let lines: Vec<&str> = whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(2)..).unwrap_or_default().join("; ");
    reach::clean(&last)
}
