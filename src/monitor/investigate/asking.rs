//! Asks a program of the host something: argv only, bounded in time and size, through the one room that starts
//! processes. Never asks a shell, never asks a program that was not allowed.

use super::scene::Means;
use crate::{
    domain::{text, time::Millis},
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
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        match self.code {
            Some(code) => format!("exit code {code}, {}", text::clean_line(first, WHY_MOST)),
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
