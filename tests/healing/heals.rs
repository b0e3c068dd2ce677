//! `chimera --monitor` on a service that is broken for real: what is seen, what is done alone, what waits, and what is proven.

use crate::house::stage::{Running, Stage};
use serde_json::Value;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// A service of three lines of shell and one of Python: it answers 200, writes its number, and can be killed.
struct Service {
    dir: PathBuf,
    port: u16,
}

/// The program; its path is what `service.process` looks for.
const SERVER: &str = "import http.server, os, sys\n\
class Answer(http.server.BaseHTTPRequestHandler):\n\
    def do_GET(self):\n\
        self.send_response(200)\n\
        self.end_headers()\n\
        self.wfile.write(b'ok')\n\
    def log_message(self, *args):\n\
        pass\n\
open(sys.argv[2], 'w').write(str(os.getpid()))\n\
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()\n";

impl Service {
    fn of(stage: &Stage) -> Self {
        let dir = stage.path("service");
        fs::create_dir_all(dir.join("cache")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let service = Self { dir, port };
        fs::write(service.file("server.py"), SERVER).unwrap();
        let at = service.dir.display();
        let start = format!(
            "#!/bin/sh\nnohup python3 {at}/server.py {port} {at}/pid >/dev/null 2>&1 &\n\
             while ! test -s {at}/pid || ! kill -0 \"$(cat {at}/pid)\" 2>/dev/null; do :; done\n"
        );
        fs::write(service.file("start"), start).unwrap();
        fs::set_permissions(service.file("start"), fs::Permissions::from_mode(0o700)).unwrap();
        service
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Starts it as its runbook would.
    fn start(&self) {
        let status =
            std::process::Command::new("setsid").arg("--fork").arg(self.file("start")).status().unwrap();
        assert!(status.success());
        wait("the service answers", || self.answers());
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = String::new();
        let asked =
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n").and_then(|()| stream.read_to_string(&mut answer));
        asked.is_ok() && answer.contains(" 200 ")
    }

    fn kill(&self) {
        let Ok(pid) = fs::read_to_string(self.file("pid")) else { return };
        let pid = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
        let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
    }

    /// Settings that watch it.
    fn settings(&self, level: u8) -> String {
        let (at, port) = (self.dir.display(), self.port);
        format!(
            "[autonomy]\nlevel = {level}\n[dedup]\nresolve_timeout = \"2s\"\n[[service]]\nname = \"web\"\n\
             health = \"http://127.0.0.1:{port}/\"\n[service.vars]\npid_file = \"{at}/pid\"\n\
             process = \"{at}/server.py\"\nstart = \"{at}/start\"\ncache_dir = \"{at}/cache\"\n\
             [[probe]]\nid = \"web-process\"\nservice = \"web\"\ntype = \"process\"\npid_file = \"{at}/pid\"\n\
             every = \"1s\"\nheartbeat = \"60s\"\n[[probe]]\nid = \"web-http\"\nservice = \"web\"\ntype = \"http\"\n\
             url = \"http://127.0.0.1:{port}/\"\nevery = \"1s\"\nheartbeat = \"60s\"\n\
             [[probe]]\nid = \"web-cache\"\nservice = \"web\"\ntype = \"disk\"\npath = \"{at}/cache\"\n\
             full_pct = 100\nsize_most = 1000000\nevery = \"1s\"\nheartbeat = \"60s\"\n"
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks until it is so; only what hangs reaches the limit.
fn wait(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !so() {
        assert!(Instant::now() < end, "it never came that {what}");
        std::thread::yield_now();
    }
}

fn watching(stage: &Stage, service: &Service, level: u8) -> Running {
    service.start();
    stage.settings(&service.settings(level));
    let mut monitor = stage.start(&["--json", "--monitor"]);
    monitor.until("\"watching\"");
    monitor
}

fn incidents(stage: &Stage) -> Vec<Value> {
    stage.run(&["--json", "incidents", "--all"]).of("incident")
}

fn ended(monitor: Running) {
    monitor.signal(rustix::process::Signal::TERM);
    monitor.end().exits(0);
}

#[test]
fn c6_a_killed_process_is_started_again_alone_and_that_is_proven() {
    let stage = Stage::default();
    let service = Service::of(&stage);
    let mut monitor = watching(&stage, &service, 2);
    service.kill();
    monitor.until("attempt 1 helped");
    assert!(service.answers(), "it answers again");
    monitor.until("is resolved");
    let healed = incidents(&stage);
    let healed = healed.iter().find(|one| one["signal"] == "process.down").unwrap();
    assert_eq!(healed["diagnosis"]["grade"], "A", "{healed}");
    assert_eq!(healed["attempts"][0]["outcome"], "helped");
    let began = stage.facts("incident.attempt_began");
    let ruled = stage.facts("incident.ruled");
    assert!(!began.is_empty() && !ruled.is_empty(), "nothing is done without a ruling");
    ended(monitor);
    stage.verify();
}

#[test]
fn c7_at_level_1_it_waits_at_the_desk_and_a_person_lets_it() {
    let stage = Stage::default();
    let service = Service::of(&stage);
    let mut monitor = watching(&stage, &service, 1);
    service.kill();
    monitor.until("waits for R-1");
    assert!(!service.answers(), "nothing was done");
    let shown = stage.run(&["desk", "show", "R-1"]).all();
    assert!(shown.contains("restart-process"), "{shown}");
    stage.run(&["desk", "approve", "R-1"]).exits(0);
    monitor.until("attempt 1 helped");
    assert!(service.answers());
    ended(monitor);
}

#[test]
fn c12_an_outgrown_cache_is_trimmed_by_its_runbook() {
    let stage = Stage::default();
    let service = Service::of(&stage);
    let mut monitor = watching(&stage, &service, 2);
    fill(&service.file("cache"));
    monitor.until("attempt 1 helped");
    assert_eq!(fs::read_dir(service.file("cache")).unwrap().count(), 0);
    ended(monitor);
}

/// Two megabytes that nobody wrote to for a while.
fn fill(dir: &Path) {
    let before = SystemTime::now() - Duration::from_secs(600);
    for n in 0..20 {
        let file = fs::File::create(dir.join(format!("{n}"))).unwrap();
        file.set_len(100_000).unwrap();
        file.set_modified(before).unwrap();
    }
}

#[test]
fn c10_the_kill_switch_by_signal_stops_the_healing() {
    let stage = Stage::default();
    let service = Service::of(&stage);
    let mut monitor = watching(&stage, &service, 2);
    monitor.signal(rustix::process::Signal::USR1);
    wait("it has stopped", || !stage.facts("control.stopped").is_empty());
    service.kill();
    monitor.until("is investigating");
    assert!(stage.facts("incident.attempt_began").is_empty() && !service.answers());
    ended(monitor);
}

#[test]
fn c1_a_silence_wakes_nobody_and_a_scan_leaves_no_trace() {
    let stage = Stage::default();
    let service = Service::of(&stage);
    let mut monitor = watching(&stage, &service, 2);
    stage.run(&["silence", "--service", "web", "--for", "1h", "--why", "work", "--maintenance"]).exits(0);
    service.kill();
    monitor.until("is quiet: maintenance");
    assert!(stage.facts("incident.attempt_began").is_empty());
    let scanned = stage.run(&["scan"]);
    assert!(scanned.all().contains("FAILS"), "{}", scanned.all());
    scanned.exits(1);
    ended(monitor);
}
