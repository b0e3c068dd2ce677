//! The daemon under load, the real binary with its real socket: 50 agents at once, 200 viewers, `/health` meanwhile, and a queue that is
//! there again after kill -9. The agents' words come from the rehearsal of `chimera load`, so what is measured is the house.
//! Floors are of the same run: one agent instead of 50, an idle daemon instead of a busy one, a start on an empty journal.
//! `CHIMERA_BENCH_AGENTS`, `CHIMERA_BENCH_VIEWERS` and `CHIMERA_BENCH_QUEUE` say how many where the defaults are too many.

use crate::harness::{row, span};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const CHIMERA: &str = env!("CARGO_BIN_EXE_chimera");
const AGENTS: u64 = 50;
const VIEWERS: u64 = 200;
const QUEUE: u64 = 10_000;
/// Looks at an idle daemon.
const LOOKS: usize = 1_000;
/// Writers that fill the queue.
const WRITERS: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(120);

fn wanted(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|words| words.parse().ok()).unwrap_or(usual)
}

/// A repository with nothing in it to be done, and a place for a daemon.
struct Place {
    top: tempfile::TempDir,
    rehearsal: String,
}

#[expect(clippy::disallowed_methods, reason = "a bench starts what it measures")]
fn command(program: &str) -> Command {
    Command::new(program)
}

impl Place {
    fn new(agents: u64) -> Self {
        let top = tempfile::Builder::new().prefix("chimera-load-").tempdir_in("/tmp").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = Self { top, rehearsal: format!("127.0.0.1:{port}") };
        for dir in ["home", "repo"] {
            fs::create_dir(place.at(dir)).unwrap();
        }
        for args in [
            "init -q -b main",
            "config user.name Ada",
            "config user.email ada@localhost",
            "commit -q --allow-empty -m begin",
        ] {
            let done = command("git").args(args.split(' ')).current_dir(place.at("repo")).status().unwrap();
            assert!(done.success(), "git {args}");
        }
        // What is measured is the house, not what its settings would spare a vendor.
        let vendor = "requests_per_minute = 100000\nconcurrency = 1000";
        let settings = format!(
            "[limits]\nconcurrent_missions = {}\n[budget]\ndaily_usd = 1000.0\n\
             [providers.anthropic]\n{vendor}\n[providers.google]\n{vendor}\n",
            agents + 1
        );
        fs::write(place.at("chimera.toml"), settings).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    fn chimera(&self, args: &[&str]) -> Command {
        let mut command = command(CHIMERA);
        command.args(args).arg("--data").arg(self.at("data")).arg("--config").arg(self.at("chimera.toml"));
        command.current_dir(self.at("repo")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.at("home"));
        command.env("ANTHROPIC_API_KEY", "rehearsal");
        command.env("ANTHROPIC_BASE_URL", format!("http://{}", self.rehearsal));
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    fn daemon(&self) -> Daemon {
        let mut child = self.chimera(&["--monitor", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut lines = lines.skip_while(|line| !line.contains("\"serving\""));
        let serving: Value = serde_json::from_str(&lines.next().expect("the daemon serves")).unwrap();
        // Whatever it says later is read, so that it never waits for a reader.
        thread::spawn(move || lines.for_each(drop));
        Daemon { child, socket: serving["socket"].as_str().unwrap().into() }
    }

    /// What `chimera load` says of so many agents.
    fn load(&self, agents: u64) -> Value {
        let agents = agents.to_string();
        let mut load =
            self.chimera(&["load", "--agents", &agents, "--rehearsal", &self.rehearsal, "--yes", "--json"]);
        let done = load.stdout(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let last = said.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

/// A daemon that is ended whatever happens.
struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One question on a line that stays open; how long the answer took to come whole.
fn ask(stream: &mut UnixStream, request: &str) -> (Duration, String) {
    let began = Instant::now();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut all, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the daemon hung up: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&all).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().split_once("content-length: ").map(|(_, rest)| rest.to_owned());
        let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok()).unwrap_or(0);
        if body.len() >= length {
            return (began.elapsed(), text);
        }
    }
}

fn connect(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

fn post(path: &str, body: &str) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn rank(spans: &mut [Duration], percent: usize) -> Duration {
    spans.sort_unstable();
    spans.get((percent * spans.len()).div_ceil(100).max(1) - 1).copied().unwrap_or_default()
}

/// `/health` while something else goes on, until it is told to stop.
fn looks(socket: &Path, stop: &AtomicBool, most: usize) -> Vec<Duration> {
    let mut stream = connect(socket);
    let mut spans = Vec::new();
    while spans.len() < most && !stop.load(Ordering::Relaxed) {
        spans.push(ask(&mut stream, &get("/health")).0);
    }
    spans
}

/// Readers of everything that happens; how many events each has read so far, together.
fn viewers(socket: &Path, count: u64, read: &Arc<AtomicU64>) -> Vec<UnixStream> {
    let view = |_| {
        let mut stream = connect(socket);
        // Of HTTP/1.0 no pieces are counted.
        write!(stream, "GET /api/events HTTP/1.0\r\nHost: x\r\n\r\n").unwrap();
        let (theirs, read) = (stream.try_clone().unwrap(), read.clone());
        thread::spawn(move || {
            let lines = BufReader::new(theirs).lines().map_while(Result::ok);
            for _ in lines.filter(|line| line.starts_with("id: ")) {
                read.fetch_add(1, Ordering::Relaxed);
            }
        });
        stream
    };
    (0..count).map(view).collect()
}

fn figure(said: &Value, what: &str, rank: &str) -> Duration {
    Duration::from_secs_f64(said[what][rank].as_f64().unwrap_or(f64::NAN).max(0.0) / 1_000.0)
}

fn line(what: &str, value: Duration, floor: Duration, goal: &str) {
    row(what, &span(value), &span(floor), value.as_secs_f64() / floor.as_secs_f64().max(1e-9), goal);
}

fn agents_and_viewers(agents: u64, watching: u64) {
    let place = Place::new(agents);
    let daemon = place.daemon();
    let never = AtomicBool::new(false);
    let mut idle = looks(&daemon.socket, &never, LOOKS);
    let alone = place.load(1);
    let read = Arc::new(AtomicU64::new(0));
    let streams = viewers(&daemon.socket, watching, &read);
    let stop = AtomicBool::new(false);
    let (said, mut busy) = thread::scope(|scope| {
        let looking = scope.spawn(|| looks(&daemon.socket, &stop, usize::MAX));
        let said = place.load(agents);
        stop.store(true, Ordering::Relaxed);
        (said, looking.join().unwrap())
    });
    assert_eq!(said["failed"], 0, "{said}");
    let name = format!("{agents} agents at once, {watching} viewers");
    for (what, words, goal) in [
        ("accepted", "brief to journal", ""),
        ("first_answer", "brief to first answer", "< 10 s, < 1 s (floor: one agent alone)"),
        ("first_turn", "brief to first turn of a team", "(floor: one agent alone)"),
    ] {
        line(
            &format!("{name}: {words}, p95"),
            figure(&said, what, "p95_ms"),
            figure(&alone, what, "p95_ms"),
            goal,
        );
    }
    line(
        "/health meanwhile, p99",
        rank(&mut busy, 99),
        rank(&mut idle, 99),
        "< 10 ms (floor: an idle daemon)",
    );
    let told = read.load(Ordering::Relaxed);
    let seq: Value = {
        let (_, text) = ask(&mut connect(&daemon.socket), &get("/api/control"));
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    println!(
        "  {} looks at /health; {told} events read by {watching} viewers of {} entries",
        busy.len(),
        seq["seq"]
    );
    drop(streams);
}

/// Opens so many missions that wait, kills the daemon, and counts them at the next.
fn queue(many: u64) {
    let place = Place::new(5);
    let began = Instant::now();
    drop(place.daemon());
    let empty = began.elapsed();
    let first = place.daemon();
    ask(&mut connect(&first.socket), &post("/api/control/pause", "{}"));
    let began = Instant::now();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let socket = &first.socket;
            scope.spawn(move || {
                let mut stream = connect(socket);
                for number in (writer..many).step_by(WRITERS as usize) {
                    let body = format!("{{\"text\": \"case {number} of many\"}}");
                    let (_, text) = ask(&mut stream, &post("/api/missions", &body));
                    assert!(text.starts_with("HTTP/1.1 201"), "{text}");
                }
            });
        }
    });
    let each = began.elapsed() / u32::try_from(many).unwrap_or(u32::MAX).max(1);
    drop(first);
    let began = Instant::now();
    let second = place.daemon();
    let again = began.elapsed();
    let (_, text) = ask(&mut connect(&second.socket), &get("/health"));
    let health: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(health["tasks_queued"].as_u64(), Some(many), "what was acknowledged is gone: {health}");
    line(
        &format!("{many} queued missions, kill -9, until it serves again"),
        again,
        empty,
        "all there (floor: an empty journal)",
    );
    println!("  {} each to take one in, durable, {WRITERS} writers", span(each));
}

pub fn measure() {
    let (agents, watching) =
        (wanted("CHIMERA_BENCH_AGENTS", AGENTS), wanted("CHIMERA_BENCH_VIEWERS", VIEWERS));
    agents_and_viewers(agents, watching);
    queue(wanted("CHIMERA_BENCH_QUEUE", QUEUE));
}
