//! The demo's service: a real little repository in a temporary directory, with tests and a bug of its own.

use super::Complaint;
use crate::{
    cli::{session::Session, settings::Source},
    config::{
        Loaded, Wanted, edit,
        environment::Environment,
        places,
        settings::{Preview, Settings},
    },
    domain::{text, time::Millis},
    workspace::process::{self, Confinement, Exit, Finished, Spec},
};
use std::{
    fs,
    future::Future,
    io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    pin::pin,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time,
};

/// The repository, file by file.
const FILES: &[(&str, &str)] = &[
    (".gitignore", include_str!("../../../assets/demo/shop/gitignore")),
    ("Cargo.lock", include_str!("../../../assets/demo/shop/Cargo.lock")),
    ("Cargo.toml", include_str!("../../../assets/demo/shop/Cargo.toml")),
    ("README.md", include_str!("../../../assets/demo/shop/README.md")),
    ("src/cache.rs", include_str!("../../../assets/demo/shop/src/cache.rs")),
    ("src/cart.rs", include_str!("../../../assets/demo/shop/src/cart.rs")),
    ("src/http.rs", include_str!("../../../assets/demo/shop/src/http.rs")),
    ("src/lib.rs", include_str!("../../../assets/demo/shop/src/lib.rs")),
    ("src/main.rs", include_str!("../../../assets/demo/shop/src/main.rs")),
    ("tests/service.rs", include_str!("../../../assets/demo/shop/tests/service.rs")),
];
/// A change that fails where a cart has three pieces: what is found, what is there instead.
const BAD_CHANGE: [(&str, &str); 2] = [
    (
        "/// Answers requests",
        "/// What a cart is sent in, by its pieces.\nconst PARCELS: [&str; 3] = [\"nothing\", \"a letter\", \"a small box\"];\n\n/// Answers requests",
    ),
    (
        "                (200, format!(",
        "                println!(\"checkout in {}\", PARCELS[total.pieces as usize]);\n                (200, format!(",
    ),
];
const BAD_FILE: &str = "src/http.rs";
const BAD_MESSAGE: &str = "Say what a cart is sent in";
/// Builds and runs the service; the address follows.
const SERVE: [&str; 5] = ["cargo", "run", "-q", "--offline", "--"];
/// An empty cart at the checkout: the bug.
const TARGET: &str = "/checkout?cart=";
/// Directories of earlier demos with this process's number that may lie about.
const PLACES_MOST: u32 = 100;
/// Ports that are tried: another process can take one between its choice and the start of the service.
const PORTS_MOST: u32 = 3;
/// Longest build.
const BUILD_WALL: Millis = Millis::mins(3);
/// How long the service may take to answer, and how often it is asked meanwhile.
const ANSWER_WALL: Millis = Millis::mins(1);
const ASK_EVERY: Millis = Millis(25);

/// The service in its temporary directory, which goes with it.
pub(super) struct Service {
    top: PathBuf,
    repo: PathBuf,
}

pub(super) fn failed(what: &str, why: impl std::fmt::Display) -> Complaint {
    Complaint::error(format!("the demo cannot {what}: {why}"))
}

impl Service {
    /// Writes the files and commits them.
    pub async fn create() -> Result<Self, Complaint> {
        let top = directory()?;
        let service = Self { repo: top.join("shop"), top };
        for (name, content) in FILES {
            let path = service.repo.join(name);
            let told = |error: io::Error| failed("write its service", format!("{}: {error}", path.display()));
            fs::create_dir_all(path.parent().unwrap_or(&service.repo)).map_err(told)?;
            fs::write(&path, content).map_err(told)?;
        }
        let identity = ["-c", "user.name=Demo", "-c", "user.email=demo@localhost"];
        service.git(&["init", "-q", "-b", "main"]).await?;
        service.git(&["config", "user.name", "Demo Director"]).await?;
        service.git(&["config", "user.email", "director@localhost"]).await?;
        service.git(&["config", "commit.gpgsign", "false"]).await?;
        service.git(&["add", "-A"]).await?;
        let commit = ["commit", "-q", "-m", "A very small shop"];
        service.git(&[identity.as_slice(), &commit].concat()).await?;
        Ok(service)
    }

    pub fn repo(&self) -> &Path {
        &self.repo
    }

    /// The session of a command that is run in this repository, with what is watched as a settings file says it.
    pub fn session(
        &self,
        (mut settings, environment): (Settings, Environment),
        watched: &str,
        of: &Session,
    ) -> Result<Session, Complaint> {
        settings.places.repo = Some(self.repo.clone());
        settings.places.data = self.top.join("data");
        settings.places.data_dir = Some(settings.places.data.display().to_string());
        settings.preview = Preview {
            command: [&SERVE[..], &["127.0.0.1:{port}"]].concat().into_iter().map(str::to_owned).collect(),
            path: TARGET.into(),
            health: "/health".into(),
            ..settings.preview
        };
        let mut loaded = of.loaded.clone();
        loaded.settings = settings;
        let source = self.settings((&loaded, watched), environment.clone())?;
        let read = source.load()?.settings;
        loaded.settings.probes = read.probes;
        loaded.settings.policy.healing.services = read.policy.healing.services;
        Ok(Session { loaded, environment, here: self.repo.clone(), source, fault: None })
    }

    /// What is set on the demo's screen stays in the demo: its files are in its own directory.
    fn settings(
        &self,
        (loaded, watched): (&Loaded, &str),
        environment: Environment,
    ) -> Result<Source, Complaint> {
        let config = self.top.join("config");
        let environment = environment.with("XDG_CONFIG_HOME", &config.display().to_string());
        let told = |error: io::Error| failed("write its settings", error);
        fs::create_dir_all(config.join("chimera")).map_err(told)?;
        let text = format!("{}\n{watched}", edit::written(loaded));
        fs::write(config.join("chimera").join(places::FILE_NAME), text).map_err(told)?;
        Ok(Source { wanted: Wanted::default(), environment, here: self.repo.clone() })
    }

    /// The directory of the demo.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Commits a change that a customer with three pieces will notice.
    pub async fn commit_bad_change(&self) -> Result<(), Complaint> {
        let path = self.repo.join(BAD_FILE);
        let told = |error: io::Error| failed("change its service", error);
        let before = fs::read_to_string(&path).map_err(told)?;
        let after = BAD_CHANGE.iter().fold(before, |text, (from, to)| text.replacen(from, to, 1));
        fs::write(&path, after).map_err(told)?;
        self.git(&["commit", "-q", "-m", BAD_MESSAGE, "--", BAD_FILE]).await.map(drop)
    }

    /// Whether anything came after the first commit.
    pub async fn landed(&self) -> Result<bool, Complaint> {
        let count = self.git(&["rev-list", "--count", "main"]).await?;
        Ok(String::from_utf8_lossy(&count.stdout).trim() != "1")
    }

    /// Builds the service as it is committed, starts it, and asks for the checkout of an empty cart.
    pub async fn checkout_status(&self) -> Result<u16, Complaint> {
        let built = self.run(&["cargo", "build", "-q", "--offline"], std::future::pending()).await?;
        if !built.exit.ok() {
            return Err(failed("build its service", text::clean_bytes(&built.merged)));
        }
        let mut tried = 1;
        loop {
            let address = free_address().await.map_err(|error| failed("find a free port", error))?;
            match self.asked(address).await? {
                Ok(status) => return Ok(status),
                Err(_) if tried < PORTS_MOST => tried += 1,
                Err(said) => return Err(failed("reach its service", said)),
            }
        }
    }

    /// The status that the service answers at this address, or what it said when it ended without an answer.
    async fn asked(&self, address: SocketAddr) -> Result<Result<u16, String>, Complaint> {
        let at = address.to_string();
        let argv = [&SERVE[..], &[&at]].concat();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut serve = pin!(self.run(&argv, async {
            // Whatever is said, or nothing: it is the end.
            let _ = stopped.await;
        }));
        let status = tokio::select! {
            served = &mut serve => return Ok(Err(text::clean_bytes(&served?.merged).into())),
            status = status_of(address, TARGET) => status,
        };
        drop(stop);
        serve.await?;
        Ok(status.map_err(|error| error.to_string()))
    }

    async fn git(&self, args: &[&str]) -> Result<Finished, Complaint> {
        let argv = [&["git"], args].concat();
        let done = self.run(&argv, std::future::pending()).await?;
        if done.exit.ok() { Ok(done) } else { Err(failed("use git", text::clean_bytes(&done.merged))) }
    }

    /// Runs a program of the demo.
    pub(super) async fn run(
        &self,
        argv: &[&str],
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Finished, Complaint> {
        let spec = Spec {
            argv: argv.iter().map(|part| (*part).to_owned()).collect(),
            dir: self.repo.clone(),
            env: Vec::new(),
            stdin: Vec::new(),
            limits: process::Limits { wall: BUILD_WALL, ..process::Limits::default() },
            confinement: Confinement::Host,
        };
        let done = process::run(spec, stop).await.map_err(|error| {
            failed("run its programs", error).hint("the demo needs git and cargo in PATH, nothing else")
        })?;
        match done.exit {
            Exit::TimedOut => {
                Err(failed("wait longer", format!("{} took over {BUILD_WALL}", argv.join(" "))))
            }
            _ => Ok(done),
        }
    }
}

/// Nothing of it stays, however the demo ends.
impl Drop for Service {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.top) {
            tracing::warn!(%error, path = %self.top.display(), "the demo's directory stays");
        }
    }
}

/// Made here and for us alone: whatever lies at such a guessable place already, as after a demo that was killed, is
/// not used.
fn directory() -> Result<PathBuf, Complaint> {
    let named = |n: u32| std::env::temp_dir().join(format!("chimera-demo-{}-{n}", std::process::id()));
    let mut n = 0;
    loop {
        let top = named(n);
        match fs::DirBuilder::new().mode(0o700).create(&top) {
            Ok(()) => return Ok(top),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && n < PLACES_MOST => n += 1,
            Err(error) => return Err(failed("make its directory", format!("{}: {error}", top.display()))),
        }
    }
}

pub(super) async fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0").await?.local_addr()
}

/// Status code of one GET, asked for until somebody listens.
pub(super) async fn status_of(address: SocketAddr, target: &str) -> io::Result<u16> {
    let asking = async {
        loop {
            match get(address, target).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    time::sleep(ASK_EVERY.to_std()).await;
                }
                answered => return answered,
            }
        }
    };
    time::timeout(ANSWER_WALL.to_std(), asking).await.map_err(io::Error::other)?
}

async fn get(address: SocketAddr, target: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("the answer is no HTTP"))
}
