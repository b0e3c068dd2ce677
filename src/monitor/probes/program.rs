//! Asks another program one question: bounded in time and output, its answer as text. Never reads meaning into it.

use super::{
    eyes::Eyes,
    reach::{self, WORDS_MOST},
};
use crate::{
    domain::{text, time::Millis},
    monitor::detect::join::prefix::klog,
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
    let from = said.len().saturating_sub(WORDS_MOST * 4);
    let whole = text::clean_bytes(said.get(from..).unwrap_or_default());
    let mut lines: Vec<&str> = whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // What a program logs of its doing is not its word, nor is the rest of such a line at the cut.
    let chatter = |line: &&str| klog(line).is_some();
    if lines.iter().any(chatter) && !lines.iter().all(chatter) {
        let cut = usize::from(from > 0 && lines.len() > 2);
        lines.drain(..cut);
        lines.retain(|line| !chatter(line));
    }
    let last = lines.get(lines.len().saturating_sub(2)..).unwrap_or_default().join("; ");
    reach::clean(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_a_programs_own_and_not_what_it_logged_by_the_way() {
        let chatter =
            format!("E1201 12:00:00.000001   99 memcache.go:265] \"Unhandled Error\" {}\n", "x".repeat(300));
        let reason = "The connection to the server was refused";
        assert_eq!(last_words(format!("{chatter}{reason}\n").as_bytes()), reason);
        assert_eq!(last_words(format!("{}{reason}\n", chatter.repeat(5)).as_bytes()), reason, "cut off");
        assert!(last_words(chatter.as_bytes()).contains("Unhandled"), "it is all that was said");
        assert_eq!(last_words(b"one\ntwo\nthree\n"), "two; three");
    }
}
