//! Asks a program of the host something: argv only, bounded in time and size, through the one room that starts
//! processes. Never asks a shell, never asks a program that was not allowed.

use super::scene::Means;
use crate::{
    domain::{text, time::Millis},
    monitor::detect::join::prefix::klog,
    workspace::process::{self, Confinement, Exit, Limits, Spec},
};
use std::path::Path;

/// Characters of a program's complaint that are kept.
const WHY_MOST: usize = 160;

/// What a program said.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Its exit code; `None` if it was ended.
    pub code: Option<i32>,
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: Vec<u8>,
    /// Whether all of it was kept.
    pub whole: bool,
}

impl Answer {
    /// Standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// Why it failed, in one clean line.
    #[must_use]
    pub fn why(&self) -> String {
        let said = String::from_utf8_lossy(&self.err);
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        // Between what a program logs of its doing, its own last word is the reason.
        let chatter = |line: &&&str| klog(line).is_some();
        let first = match lines.iter().find(chatter) {
            Some(_) => lines.iter().rev().find(|line| !chatter(line)).or(lines.last()),
            None => lines.first(),
        };
        match self.code {
            Some(code) => {
                let first = first.copied().unwrap_or("it said nothing");
                format!("exit code {code}, {}", text::clean_line(first, WHY_MOST))
            }
            None => "no answer in time".into(),
        }
    }
}

/// Asks from the root directory, with what is let through to probes and runbooks: what is asked here must be what they ask
/// and act on.
///
/// # Errors
/// It could not be started: in words.
pub async fn ask(argv: Vec<String>, means: &Means, bounds: (Millis, usize)) -> Result<Answer, String> {
    let through = means.env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let env: Vec<(&str, &str)> = through.chain([("LC_ALL", "C")]).collect();
    ask_in(Path::new("/"), argv, &env, &[], bounds).await
}

/// Asks from a directory, within a time and so many bytes.
///
/// # Errors
/// It could not be started: in words.
pub async fn ask_in(
    dir: &Path,
    argv: Vec<String>,
    env: &[(&str, &str)],
    stdin: &[u8],
    (wall, output): (Millis, usize),
) -> Result<Answer, String> {
    let program = argv.first().cloned().unwrap_or_default();
    let spec = Spec {
        argv,
        dir: dir.to_owned(),
        env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        stdin: stdin.to_vec(),
        // Half is kept of the head and half of the tail, and twice the same part is no loss.
        limits: Limits { wall, output: output.saturating_mul(2), ..Limits::default() },
        confinement: Confinement::Host,
    };
    match process::run(spec, std::future::pending()).await {
        Ok(done) => {
            let code = if let Exit::Code(code) = done.exit { Some(code) } else { None };
            Ok(Answer { code, out: done.stdout, err: done.stderr, whole: done.left_out == 0 })
        }
        Err(why) => {
            Err(text::clean_line(&format!("{program} could not be asked: {why}"), 2 * WHY_MOST).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_told_and_not_what_was_logged_by_the_way() {
        let why = |err: &str| Answer { code: Some(1), err: err.into(), ..Answer::default() }.why();
        let chatter =
            "E1201 12:00:00.000001   99 memcache.go:265] \"Unhandled Error\" err=\"dial tcp: refused\"\n";
        let reason = "The connection to the server 127.0.0.1:6443 was refused\n";
        assert_eq!(why(&format!("{chatter}{chatter}{reason}")), format!("exit code 1, {}", reason.trim()));
        assert!(why(chatter).contains("Unhandled Error"), "it is all that was said");
        assert_eq!(why("\nfatal: no repository\nhint: begin one\n"), "exit code 1, fatal: no repository");
        assert_eq!(why(""), "exit code 1, it said nothing");
    }
}
