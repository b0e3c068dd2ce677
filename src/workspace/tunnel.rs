//! A unix socket of another machine, forwarded here by the director's own ssh. It is kept up until the future that keeps it
//! is dropped: where ssh ends it is started again, and what it said last can be read meanwhile.

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
    /// The socket there.
    pub there: PathBuf,
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

/// Keeps the socket forwarded; never ends by itself. `ended` is told why ssh ended, each time.
pub async fn keep(route: Route, near: &Path, ended: watch::Sender<String>) {
    loop {
        // Of an ssh that was killed: the next one would not take its place.
        let _ = fs::remove_file(near);
        let spec = Spec {
            argv: argv(&route, near),
            dir: near.parent().unwrap_or(Path::new("/")).to_path_buf(),
            env: route.env.clone(),
            stdin: Vec::new(),
            limits: Limits { wall: WALL, output: OUTPUT, ..Limits::default() },
            confinement: Confinement::Host,
        };
        let words = match process::run(spec, std::future::pending()).await {
            Ok(finished) => {
                let said = text::clean_bytes(&finished.merged);
                let said = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
                match (said.as_str(), finished.exit) {
                    ("", Exit::Code(code)) => format!("ssh ended with {code}"),
                    ("", _) => "ssh was ended".to_owned(),
                    (said, _) => text::clean_line(said, WORDS_MOST).to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        tracing::info!(%words, host = %route.host, "ssh ended");
        ended.send_replace(words);
        time::sleep(AGAIN_AFTER.to_std()).await;
    }
}

/// It asks nothing, since nobody could answer, ends where it cannot forward, and notices when the other side is gone.
fn argv(route: &Route, near: &Path) -> Vec<String> {
    let mut argv = route.ssh.clone();
    argv.extend(["-N", "-T"].map(str::to_owned));
    for option in [
        "BatchMode=yes",
        "ExitOnForwardFailure=yes",
        "StreamLocalBindMask=0177",
        "ServerAliveInterval=10",
        "ServerAliveCountMax=3",
    ] {
        argv.extend(["-o".to_owned(), option.to_owned()]);
    }
    argv.extend(route.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
    argv.extend(["-L".to_owned(), format!("{}:{}", near.display(), route.there.display())]);
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
            there: "/data/api.sock".into(),
            env: Vec::new(),
        }
    }

    #[test]
    fn d11_a_host_is_never_taken_for_an_option() {
        let argv = argv(&route(&["ssh", "-F", "none"]), Path::new("/tmp/n.sock"));
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
            () = keep(fake, &socket, tell) => {}
            changed = told.changed() => changed.unwrap(),
        }
        assert_eq!(*told.borrow(), "ssh: no such host");
    }
}
