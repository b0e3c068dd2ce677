//! What of the sandbox holds on this machine, found out by trying: the helper is run once behind the standard walls
//! and attempts what it must not be able to do. Never inferred from version numbers.

use super::{Built, Network, Order, Profile, Strength, call};
use crate::workspace::limits::Limits;
use rustix::net::{AddressFamily, SocketType};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// One property of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What should hold, in words.
    pub name: String,
    /// Whether it does.
    pub holds: bool,
    /// What was seen.
    pub detail: String,
    /// Without it nothing may run unasked.
    pub vital: bool,
}

/// How strong the sandbox is here; tried once, then remembered.
#[must_use]
pub fn strength() -> Strength {
    match facts() {
        Err(why) => Strength::None(why.clone()),
        Ok(facts) => {
            let missing = |vital: bool| -> Vec<String> {
                let lacks = facts.iter().filter(|fact| !fact.holds && fact.vital == vital);
                lacks.map(|fact| format!("{}: {}", fact.name, fact.detail)).collect()
            };
            let (fatal, weak) = (missing(true), missing(false));
            match (fatal.is_empty(), weak.is_empty()) {
                (false, _) => Strength::None(fatal.join("; ")),
                (true, false) => Strength::Partial(weak),
                (true, true) => Strength::Full,
            }
        }
    }
}

/// Each property and whether it holds; tried once, then remembered.
///
/// # Errors
/// When the walls could not be built at all: why.
pub fn facts() -> &'static Result<Vec<Fact>, String> {
    static FACTS: OnceLock<Result<Vec<Fact>, String>> = OnceLock::new();
    FACTS.get_or_init(|| try_out(None).map_err(|error| error.to_string()))
}

/// Tries the walls now, with this helper binary (`None` is the one that runs).
///
/// # Errors
/// When the walls could not be built at all, or the binary is not chimera.
#[expect(clippy::disallowed_methods, reason = "the sandbox is tried by starting it, here in its own room")]
pub fn try_out(helper: Option<PathBuf>) -> io::Result<Vec<Fact>> {
    let dir = Playground::new()?;
    let profile = Profile {
        writable: vec![dir.0.join("tree")],
        readable: Vec::new(),
        network: Network::Loopback,
        git_dirs_readonly: vec![dir.0.join(".git")],
        home: dir.0.join("home"),
        temp: dir.0.join("temp"),
        helper: None,
    };
    for path in ["tree", ".git", "home", "temp"] {
        fs::create_dir(dir.0.join(path))?;
    }
    fs::write(dir.0.join("secret"), "secret")?;
    fs::write(dir.0.join(".git/HEAD"), "ref: refs/heads/main\n")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let order = Order {
        profile: Some(profile),
        toolchains: Vec::new(),
        hidden: super::toolchains::hidden(),
        limits: Limits::default(),
        parent: std::process::id(),
        probe: true,
    };
    let argv = call(&order, helper)?;
    let port = listener.local_addr()?.port().to_string();
    let output = std::process::Command::new(&argv[0]).args(&argv[1..]).arg(port).env_clear().output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|_| io::Error::other("the sandbox helper gave no answer (is this binary chimera?)"))
}

/// A private directory that goes away again.
struct Playground(PathBuf);

impl Playground {
    fn new() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("chimera-probe-{}-{number}", std::process::id()));
        // Left by a process of the same number that was killed.
        let _ = fs::remove_dir_all(&path);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// In the helper, behind the walls: tries each of them, prints what it saw, ends.
pub(super) fn report(order: &Order, built: Option<&Built>) -> ! {
    let mut facts = Vec::new();
    if let (Some(profile), Some(built)) = (&order.profile, built) {
        file_facts(profile, built, &mut facts);
        network_facts(built, &mut facts);
    }
    let text = serde_json::to_string(&facts).unwrap_or_default();
    println!("{text}");
    std::process::exit(0)
}

fn file_facts(profile: &Profile, built: &Built, facts: &mut Vec<Fact>) {
    let none = PathBuf::new();
    let tree = profile.writable.first().unwrap_or(&none);
    let git = profile.git_dirs_readonly.first().unwrap_or(&none);
    let outside = tree.parent().unwrap_or(Path::new("/"));
    let vital =
        |name: &str, holds: bool, detail: String| Fact { name: name.to_owned(), holds, detail, vital: true };
    let refused = |name: &str, tried: io::Result<()>| {
        let seen = match &tried {
            Ok(()) => "it worked".to_owned(),
            Err(error) => error.to_string(),
        };
        vital(name, tried.is_err(), seen)
    };
    let write = |path: PathBuf| fs::write(path, "x");
    facts.push(match write(tree.join("ok")) {
        Ok(()) => vital("the worktree can be written", true, "written".to_owned()),
        Err(error) => vital("the worktree can be written", false, error.to_string()),
    });
    facts.push(refused("writing outside of the worktree is refused", write(outside.join("evil"))));
    facts.push(refused(
        "reading outside of the worktree is refused",
        fs::read(outside.join("secret")).map(drop),
    ));
    facts.push(refused("git's own directory cannot be written", write(git.join("config"))));
    let weaker = |name: &str, holds: bool, detail: &str| Fact {
        name: name.to_owned(),
        holds,
        detail: detail.to_owned(),
        vital: false,
    };
    facts.push(weaker(
        "signals stay inside (Landlock version 6 or newer)",
        built.files.complete,
        &format!("Landlock version {}", built.files.version),
    ));
    let masked = built.spaces.run_masked || built.files.unix_sockets_walled;
    facts.push(weaker(
        "sockets of host services are out of reach, own ones work",
        masked,
        if masked { "/run is hidden" } else { "no mount namespace: unix sockets are refused altogether" },
    ));
    facts.push(weaker(
        "/dev/shm is private",
        built.spaces.shared_memory,
        if built.spaces.shared_memory { "own tmpfs" } else { "no mount namespace: shared memory is refused" },
    ));
    facts.push(weaker(
        "the number of processes is bounded",
        built.spaces.user,
        if built.spaces.user { "own user namespace" } else { "no user namespace" },
    ));
}

fn network_facts(built: &Built, facts: &mut Vec<Fact>) {
    let port = std::env::args().nth(3).and_then(|port| port.parse::<u16>().ok()).unwrap_or(0);
    let reached = TcpStream::connect(("127.0.0.1", port));
    facts.push(Fact {
        name: "the host's network is out of reach".to_owned(),
        holds: reached.is_err(),
        detail: reached
            .map_or_else(|error| error.to_string(), |_| "connected to a port of the host".to_owned()),
        vital: true,
    });
    let packet = rustix::net::socket(AddressFamily::PACKET, SocketType::RAW, None);
    facts.push(Fact {
        name: "raw sockets are refused".to_owned(),
        holds: packet.is_err(),
        detail: packet.map_or_else(|error| error.to_string(), |_| "opened one".to_owned()),
        vital: true,
    });
    let own = TcpListener::bind("127.0.0.1:0").and_then(|l| TcpStream::connect(l.local_addr()?));
    facts.push(Fact {
        name: "tests may use 127.0.0.1 of a network of their own".to_owned(),
        holds: own.is_ok() && built.spaces.loopback,
        detail: own.map_or_else(
            |error| format!("no network namespace, sockets are refused: {error}"),
            |_| "works".to_owned(),
        ),
        vital: false,
    });
}
