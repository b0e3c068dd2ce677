//! Another machine by the director's own ssh: a question to a program there, and a unix socket of it, forwarded here. That is
//! kept up until the future that keeps it is dropped: where ssh ends it is started again, and what it said last can be read meanwhile.

use super::process::{self, Confinement, Exit, Limits, Spec};
use crate::domain::{text, time::Millis};
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};
use tokio::{sync::watch, time};

/// Before ssh is started again.
const AGAIN_AFTER: Millis = Millis::secs(2);
/// How long a question may take.
const ASK_MOST: Millis = Millis::secs(30);
/// How long one ssh may run; then it is started again.
const WALL: Millis = Millis::hours(24 * 7);
/// Names tried for a place of its own.
const PLACES_MOST: u32 = 16;
/// Bytes kept of what it says, and characters that are told of it.
const OUTPUT: usize = 8 * 1024;
const WORDS_MOST: usize = 300;

/// Where to, by whom, with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Program and first arguments.
    pub ssh: Vec<String>,
    /// As ssh names it: `host` or `user@host`.
    pub host: String,
    /// Port, if not the usual one.
    pub port: Option<u16>,
    /// Environment of ssh: where its agent is.
    pub env: Vec<(String, String)>,
}

/// A directory of its own for the near end; gone with it.
#[derive(Debug)]
pub struct Near(PathBuf);

impl Near {
    /// Makes one with a short path: sockets have little room.
    ///
    /// # Errors
    /// The system refuses.
    pub fn make() -> io::Result<Self> {
        let mut tries = (0..PLACES_MOST).map(|number| {
            let dir = std::env::temp_dir().join(format!("chimera-{}-{number}", std::process::id()));
            // Not one that is there: whoever made it may look into it.
            DirBuilder::new().mode(0o700).create(&dir).map(|()| Self(dir))
        });
        tries.find(Result::is_ok).unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))
    }

    /// Where the socket will be.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.0.join("far.sock")
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        // What is left in the temporary directory harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a program there came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it ended; as ssh says, which is 255 where it did not get there.
    pub exit: Exit,
    /// What it told.
    pub stdout: String,
    /// Its last words, in one line.
    pub words: String,
}

/// Runs a program there once, without a terminal and without a word of input. The shell of the other side takes the words apart:
/// who calls says them so that it finds the same.
///
/// # Errors
/// In words: ssh cannot be run here.
pub async fn ask(route: &Route, command: &[String]) -> Result<Answer, String> {
    let mut argv = said(route);
    argv.extend(["--".to_owned(), route.host.clone()]);
    argv.extend_from_slice(command);
    let spec = spec(argv, route, &std::env::temp_dir(), ASK_MOST);
    let finished = process::run(spec, std::future::pending()).await.map_err(|error| error.to_string())?;
    let words = match finished.exit {
        Exit::TimedOut => format!("there was no answer within {ASK_MOST}"),
        exit => last_words(&finished.stderr).unwrap_or_else(|| ended_with(exit)),
    };
    let stdout = text::clean_bytes(&finished.stdout).to_string();
    Ok(Answer { exit: finished.exit, stdout, words })
}

/// The last line that says anything.
fn last_words(bytes: &[u8]) -> Option<String> {
    let said = text::clean_bytes(bytes);
    let line = said.lines().rfind(|line| !line.trim().is_empty())?;
    Some(text::clean_line(line, WORDS_MOST).to_string())
}

fn ended_with(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("ssh ended with {code}"),
        Exit::Signal(_) | Exit::TimedOut | Exit::Stopped => "ssh was ended".to_owned(),
    }
}

fn spec(argv: Vec<String>, route: &Route, dir: &Path, wall: Millis) -> Spec {
    Spec {
        argv,
        dir: dir.to_path_buf(),
        env: route.env.clone(),
        stdin: Vec::new(),
        limits: Limits { wall, output: OUTPUT, ..Limits::default() },
        confinement: Confinement::Host,
    }
}

/// Keeps the socket `there` forwarded; never ends by itself. `ended` is told why ssh ended, each time.
pub async fn keep(route: Route, there: PathBuf, near: &Path, ended: watch::Sender<String>) {
    loop {
        // Of an ssh that was killed: the next one would not take its place.
        let _ = fs::remove_file(near);
        let spec = spec(argv(&route, &there, near), &route, near.parent().unwrap_or(Path::new("/")), WALL);
        let words = match process::run(spec, std::future::pending()).await {
            Ok(finished) => last_words(&finished.merged).unwrap_or_else(|| ended_with(finished.exit)),
            Err(error) => error.to_string(),
        };
        tracing::info!(%words, host = %route.host, "ssh ended");
        ended.send_replace(words);
        time::sleep(AGAIN_AFTER.to_std()).await;
    }
}

/// It asks nothing, since nobody could answer, and notices when the other side is gone.
fn said(route: &Route) -> Vec<String> {
    let mut argv = route.ssh.clone();
    argv.push("-T".to_owned());
    for option in ["BatchMode=yes", "ServerAliveInterval=10", "ServerAliveCountMax=3"] {
        argv.extend(["-o".to_owned(), option.to_owned()]);
    }
    argv.extend(route.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
    argv
}

/// It ends where it cannot forward.
fn argv(route: &Route, there: &Path, near: &Path) -> Vec<String> {
    let mut argv = said(route);
    argv.push("-N".to_owned());
    for option in ["ExitOnForwardFailure=yes", "StreamLocalBindMask=0177"] {
        argv.extend(["-o".to_owned(), option.to_owned()]);
    }
    argv.extend(["-L".to_owned(), format!("{}:{}", near.display(), there.display())]);
    argv.extend(["--".to_owned(), route.host.clone()]);
    argv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(ssh: &[&str]) -> Route {
        Route {
            ssh: ssh.iter().map(|word| (*word).to_owned()).collect(),
            host: "ada@shop".into(),
            port: Some(2222),
            env: Vec::new(),
        }
    }

    #[test]
    fn d11_a_host_is_never_taken_for_an_option() {
        let argv =
            argv(&route(&["ssh", "-F", "none"]), Path::new("/data/api.sock"), Path::new("/tmp/n.sock"));
        assert_eq!(argv[..3], ["ssh", "-F", "none"]);
        assert_eq!(argv[argv.len() - 4..], ["-L", "/tmp/n.sock:/data/api.sock", "--", "ada@shop"]);
        assert!(argv.windows(2).any(|pair| pair == ["-p", "2222"]));
    }

    #[tokio::test]
    async fn d11_what_ssh_says_before_it_ends_is_told() {
        let near = tempfile::tempdir().unwrap();
        let (tell, mut told) = watch::channel(String::new());
        let socket = near.path().join("s");
        let fake = route(&["sh", "-c", "echo \"ssh: no such host\" >&2; exit 255", "ssh"]);
        tokio::select! {
            () = keep(fake, "/data/api.sock".into(), &socket, tell) => {}
            changed = told.changed() => changed.unwrap(),
        }
        assert_eq!(*told.borrow(), "ssh: no such host");
    }

    #[tokio::test]
    async fn d11_a_program_there_is_asked_by_its_words_alone() {
        let fake = route(&["sh", "-c", "echo \"$@\"; echo noise >&2; exit 3", "ssh"]);
        let answer = ask(&fake, &["chimera".to_owned(), "health".to_owned()]).await.unwrap();
        assert_eq!((answer.exit, answer.words.as_str()), (Exit::Code(3), "noise"));
        assert!(answer.stdout.ends_with("-p 2222 -- ada@shop chimera health\n"), "{answer:?}");
    }
}
