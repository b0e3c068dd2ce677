//! The director's own dictation program: it listens until it is interrupted and prints what it heard. Outside of the
//! sandbox: it needs the microphone, and only the director's own settings name it.

use super::process::{self, Confinement, Exit, Spec};
use crate::domain::{text, time::Millis};
use std::path::Path;

/// Longest dictation.
const WALL: Millis = Millis::mins(10);
/// How long it may take to write down what it heard once it was interrupted.
const WRITES_MOST: Millis = Millis::secs(60);
/// Bytes of what it prints.
const WORDS_MOST: usize = 256 * 1024;

/// Runs it until `stop` resolves, which interrupts its whole process group; what it printed.
///
/// # Errors
/// In words: it could not be started, failed, or took too long. Dropping the future ends every process of its group.
pub async fn hear(
    argv: &[String],
    dir: &Path,
    stop: impl Future<Output = ()> + Send,
) -> Result<String, String> {
    let spec = Spec {
        argv: argv.to_vec(),
        dir: dir.to_path_buf(),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: process::Limits { wall: WALL, output: WORDS_MOST, ..process::Limits::default() },
        confinement: Confinement::Host,
    };
    let done = process::run_interrupted(spec, stop, WRITES_MOST).await.map_err(|error| error.to_string())?;
    let words = String::from(text::clean_bytes(&done.stdout));
    let said = text::clean_bytes(&done.stderr);
    let last = said.lines().next_back().map(|line| format!(": {line}")).unwrap_or_default();
    match done.exit {
        // Many programs end by the interrupt they were sent.
        Exit::Code(0) | Exit::Stopped => Ok(words),
        Exit::TimedOut => Err(format!("it listened for more than {WALL} and was ended")),
        _ if !words.trim().is_empty() => Ok(words),
        Exit::Code(code) => Err(format!("exit status {code}{last}")),
        Exit::Signal(signal) => Err(format!("killed by signal {signal}{last}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    fn sh(line: &str) -> Vec<String> {
        ["sh", "-c", line].map(str::to_owned).to_vec()
    }

    #[tokio::test]
    async fn it_writes_down_what_it_heard_when_it_is_interrupted() {
        // The program listens to it too: what whoever started it ignores would be ignored by what it starts as well.
        let _listened = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let ready = dir.path().join("ready");
        let line = "trap 'echo fix the checkout; exit 0' INT; : > ready; while :; do sleep 0.05; done";
        let (stop, stopped) = oneshot::channel::<()>();
        let argv = sh(line);
        let heard = hear(&argv, dir.path(), async {
            let _ = stopped.await;
        });
        let interrupt = async {
            while !ready.exists() {
                tokio::task::yield_now().await;
            }
            drop(stop);
        };
        let (heard, ()) = tokio::join!(heard, interrupt);
        assert_eq!(heard.as_deref(), Ok("fix the checkout\n"));
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let never = std::future::pending::<()>;
        let failed = hear(&sh("echo no microphone >&2; exit 3"), dir.path(), never()).await;
        assert_eq!(failed, Err("exit status 3: no microphone".into()));
        assert!(hear(&["no-such-program-here".into()], dir.path(), never()).await.is_err());
    }
}
