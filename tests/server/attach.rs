//! Screens elsewhere: several faces on one daemon, over its socket.

use super::client::{Daemon, daemon};
use crate::{
    house::stage::{BRIEF, CHECK, PATIENCE, Running, Stage, me, processes},
    screen::{far::Sshd, pty::Terminal},
};
use serde_json::json;
use std::{
    io::Write as _,
    process::{ChildStdin, Stdio},
    time::Instant,
};

/// Columns and rows of a full screen.
const SIZE: (u16, u16) = (120, 40);

/// A face in lines at the far end of the socket. Its home is empty and its data directory another.
pub struct Viewer {
    running: Running,
    stdin: ChildStdin,
}

impl Viewer {
    pub fn on(daemon: &Daemon, stage: &Stage) -> Self {
        Self::at(&format!("unix:{}", daemon.socket.display()), stage)
    }

    fn at(address: &str, stage: &Stage) -> Self {
        let mut command = stage.chimera(&["--linear", "attach", address]);
        command.env("CHIMERA_DB_PATH", stage.path("nowhere")).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut running = Running::new(child);
        running.says(&format!("attached to {address}"));
        Self { running, stdin }
    }

    pub fn line(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    pub fn says(&mut self, part: &str) -> String {
        self.running.says(part)
    }

    /// Leaves; the daemon does not mind.
    pub fn leaves(self) {
        drop(self.stdin);
        self.running.end().exits(0);
    }
}

#[test]
fn d11_two_screens_on_one_daemon_see_the_same_and_who_decided() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let (mut one, mut other) = (Viewer::on(&daemon, &stage), Viewer::on(&daemon, &stage));
    one.line(&format!("check {CHECK}"));
    one.line(&format!("brief {BRIEF}"));
    one.says("step: M-1 draft");
    other.line("watch M-1");
    other.says("evidence: M-1 B Google 1, checks pass");
    let waiting = other.says("waiting: R-1 choose, M-1, 2 candidates");
    assert!(waiting.contains("A Anthropic, B Google"), "{waiting}");
    // What agents stream comes over the line, also to whoever comes late; before or after what the journal tells.
    other.running.has_said("tool: B Google, edit path=answer.txt");
    one.line("wait");
    one.line("approve R-1 B");
    let decided = other.says("decided: R-1");
    assert!(decided.ends_with(&format!("by {}", me())), "{decided}");
    other.says("landed: M-1");
    one.says("landed: M-1");
    // The past and what is kept by content come over the line, too.
    other.line("audit desk.request_decided 5");
    other.says("desk.request_decided");
    other.line("diff M-1 B");
    other.says("1 + 42");
    other.line("approve R-1 B");
    other.says("not done: R-1 does not wait");
    other.leaves();
    one.leaves();
    assert_eq!(daemon.get("/health").is(200).json()["tasks_completed"], 1);
    assert_eq!(stage.read("answer.txt"), "42\n");
    assert!(!stage.path("nowhere").exists(), "a face opens no data directory");
    daemon.ends();
    stage.verify();
}

#[test]
fn d11_a_brief_of_a_screen_elsewhere_keeps_what_the_settings_lay_down() {
    let stage = Stage::default();
    let laid_down = format!("[brief]\nconstraints = [\"keep lines.txt\"]\nchecks = [{}]\n", json!(CHECK));
    stage.settings(&laid_down);
    let daemon = daemon(&stage);
    // It is shown before anything is sent.
    let address = format!("unix:{}", daemon.socket.display());
    let mut screen = Terminal::on(&stage, SIZE, &["attach", &address]);
    screen.sees("keep lines.txt");
    screen.keys("\x11");
    assert_eq!(screen.ended(), 0);
    // A screen that finds nothing of it sends nothing of it, and loses nothing: the daemon puts it in.
    stage.settings("");
    let mut viewer = Viewer::on(&daemon, &stage);
    viewer.line(&format!("brief {BRIEF}"));
    viewer.says("waiting: R-1 choose, M-1");
    viewer.leaves();
    daemon.ends();
    let opened = stage.facts("mission.opened")[0].to_string();
    assert!(opened.contains("keep lines.txt") && opened.contains(CHECK), "{opened}");
}

#[test]
fn d11_a_line_that_is_lost_is_told_and_taken_up_again() {
    let stage = Stage::default();
    let first = daemon(&stage);
    let mut viewer = Viewer::on(&first, &stage);
    first.post("/api/control/pause", &json!({"reason": "lunch"})).is(200);
    viewer.says("paused");
    first.running.kill();
    viewer.says("line lost: ");
    viewer.line("resume");
    viewer.says("nothing was done");
    let second = daemon(&stage);
    viewer.says("line: it is there again");
    viewer.line("resume");
    viewer.says("done: resumed");
    assert_eq!(second.get("/api/control").is(200).json()["state"], "running");
    second.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    viewer.says("waiting: R-1 choose, M-1");
    second.ends();
    viewer.says("line lost: ");
    viewer.leaves();
    stage.verify();
}

#[test]
fn d11_a_screen_holds_the_streams_of_what_it_looks_at_and_no_others() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    daemon.post("/api/control/pause", &json!({"reason": "lunch"})).is(200);
    for _ in 0..3 {
        daemon.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    }
    let mut viewer = Viewer::on(&daemon, &stage);
    let streams = |wanted: u64| {
        let now = || {
            let metrics = daemon.get("/metrics").is(200).text;
            let line = metrics.lines().find_map(|line| line.strip_prefix("chimera_streams "));
            line.unwrap().parse::<u64>().unwrap()
        };
        let until = Instant::now() + PATIENCE;
        while now() != wanted {
            assert!(Instant::now() < until, "{} streams, {wanted} wanted", now());
        }
    };
    // What happens, and for each of the two teams and the orchestrator what it says.
    streams(1);
    for mission in ["M-1", "M-2", "M-3", "M-1"] {
        viewer.line(&format!("watch {mission}"));
        viewer.says(&format!("watch: {mission}"));
        streams(4);
    }
    viewer.line("watch off");
    streams(1);
    viewer.leaves();
    daemon.ends();
}

#[test]
fn d11_the_program_beside_a_daemon_is_a_screen_on_it_as_any_other() {
    let stage = Stage::default();
    let first = daemon(&stage);
    let mut child = stage.chimera(&["--linear"]).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let mut beside = Viewer { running: Running::new(child), stdin };
    beside.says(&format!("attached to unix:{}", first.socket.display()));
    // What agents stream is seen here too, and that the line is lost is told.
    beside.line(&format!("check {CHECK}"));
    beside.line(&format!("brief {BRIEF}"));
    beside.says("step: M-1 draft");
    beside.line("watch M-1");
    beside.running.has_said("tool: B Google, edit path=answer.txt");
    first.running.kill();
    beside.says("line lost: ");
    let second = daemon(&stage);
    beside.says("line: it is there again");
    second.ends();
    beside.leaves();
}

#[test]
fn d11_a_screen_reaches_a_daemon_through_a_real_ssh() {
    let stage = Stage::default();
    let name = "d11_a_screen_reaches_a_daemon_through_a_real_ssh";
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_chimera")).parent().unwrap();
    let there = format!(
        "SetEnv PATH={}:/usr/bin:/bin CHIMERA_DB_PATH={} LD_LIBRARY_PATH={}\n",
        program.display(),
        stage.data().display(),
        std::env::var("LD_LIBRARY_PATH").unwrap_or_default()
    );
    let Some(sshd) = Sshd::with(name, &there) else { return };
    let daemon = daemon(&stage);
    let key = sshd.key.display().to_string();
    let mut ssh = vec!["ssh", "-F", "none", "-i", &key];
    ssh.extend(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
    ssh.extend(["-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"]);
    stage.settings(&format!("[server]\nssh = {}\n", json!(ssh)));
    let place = format!("{}@127.0.0.1:{}", me(), sshd.port);
    let mut viewer = Viewer::at(&format!("ssh://{place}{}", daemon.socket.display()), &stage);
    viewer.line("pause lunch");
    viewer.says("paused: lunch");
    assert_eq!(daemon.get("/api/control").is(200).json()["state"], "paused");
    viewer.leaves();
    assert_eq!(
        processes(&format!("far.sock:{}", daemon.socket.display())),
        Vec::<String>::new(),
        "an ssh was left behind"
    );
    // Where the socket is the other side says itself: for a repository, and where nothing is named.
    let mut viewer = Viewer::at(&format!("ssh://{place}{}", stage.repo().display()), &stage);
    viewer.line("status");
    viewer.says(&format!("place: repo at ssh://{place}"));
    viewer.leaves();
    let shown = stage.run(&["top", "--once", "--at", &format!("ssh://{place}")]).exits(0);
    assert!(shown.stdout.starts_with(&format!("ssh://{place}  ")), "{shown:?}");
    assert_eq!(
        processes(&format!("far.sock:{}", daemon.socket.display())),
        Vec::<String>::new(),
        "an ssh was left behind"
    );
    stage.settings("[server]\nssh = [\"sh\", \"-c\", \"echo no route >&2; exit 255\", \"ssh\"]\n");
    let refused = stage.run(&["attach", &format!("ssh://{place}/x.sock")]).exits(1);
    assert!(
        refused.stderr.contains("no route") && refused.stderr.contains("without a question"),
        "{refused:?}"
    );
    daemon.ends();
}

#[test]
fn d11_where_nobody_serves_there_is_nothing_to_show() {
    let stage = Stage::default();
    let done = stage.run(&["attach", "unix:/nowhere/api.sock"]).exits(1);
    assert!(
        done.stderr.contains("cannot be reached") && done.stderr.contains("chimera --monitor"),
        "{done:?}"
    );
    let done = stage.run(&["attach", "tcp:x"]).exits(64);
    assert!(done.stderr.contains("unix:PATH"), "{done:?}");
}

#[test]
fn d11_two_full_screens_on_one_daemon_one_decides_and_the_other_sees_it() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let address = format!("unix:{}", daemon.socket.display());
    let (mut one, mut other) = (
        Terminal::on(&stage, SIZE, &["attach", &address]),
        Terminal::on(&stage, SIZE, &["attach", &address]),
    );
    daemon.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    daemon.events(0, false).until("desk.request_opened");
    for screen in [&mut one, &mut other] {
        screen.sees("1 waiting");
        screen.sees("[1] Anthropic");
    }
    // One of them jumps to what waits and says yes; nobody touches the other.
    one.keys("\x0e");
    one.sees("[1] Anthropic");
    one.press_until("1", "that key was not taken", &["Landing", "Landed as", "LANDED"]);
    other.until("that it was decided elsewhere", |screen| {
        screen.to_lowercase().contains("landed") && !screen.contains("1 waiting")
    });
    one.until("the same here", |screen| screen.to_lowercase().contains("landed"));
    // What the other one still wants is late, and is told so by the daemon alone.
    let decided = daemon.get("/api/desk?decided=true").is(200).json();
    assert_eq!(decided["items"][0]["decision"]["by"], me(), "{decided}");
    assert_eq!(decided["items"].as_array().map(Vec::len), Some(1), "{decided}");
    assert_eq!(stage.read("answer.txt"), "42\n");
    // One leaves; the other and the daemon go on.
    one.keys("\x11");
    assert_eq!(one.ended(), 0);
    daemon.post("/api/control/pause", &json!({"reason": "lunch"})).is(200);
    other.sees("PAUSED");
    other.keys("\x11");
    assert_eq!(other.ended(), 0);
    daemon.ends();
    stage.verify();
}

#[test]
fn d11_the_one_daemon_of_a_machine_is_found_without_its_name_and_of_several_none_is_guessed() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let places = stage.path("home/.local/share/chimera");
    std::fs::create_dir_all(&places).unwrap();
    let any = || stage.bare(&["health", "--json", "--any"].map(std::ffi::OsStr::new));
    let none = any().exits(1);
    assert!(none.stderr.contains("no daemon of yours serves on this machine"), "{none:?}");
    std::os::unix::fs::symlink(stage.data(), places.join("shop-1")).unwrap();
    std::fs::create_dir(places.join("nobody")).unwrap();
    let found = any().exits(0).last();
    assert_eq!(found["socket"], json!(places.join("shop-1/api.sock")), "{found}");
    std::os::unix::fs::symlink(stage.data(), places.join("shop-2")).unwrap();
    let several = any().exits(1);
    assert!(
        several.stderr.contains("2 daemons of yours") && several.stderr.contains("shop-2"),
        "{several:?}"
    );
    daemon.ends();
}
