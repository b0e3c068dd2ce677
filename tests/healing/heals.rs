//! `chimera --monitor` on a real service that is broken for real: an nginx of its own that nobody holds, a cache that outgrows
//! its bound, a log that goes away. The program watches, rules and acts by itself; the test breaks things, decides
//! at the desk, and looks at the service and the journal afterwards.
#![expect(clippy::disallowed_methods, reason = "a test breaks the services that it watches")]

use super::servers::{Nginx, free_port, place, program};
use crate::house::stage::{Running, Stage, Waited};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Runbooks wait five seconds and three looks before they call it proven.
const WITHIN: Duration = Duration::from_secs(60);
/// What is grouped and what counts as over, so soon that a test does not wait for it.
const HASTE: &str = "[dedup]\nconfirm_after = \"1s\"\nresolve_timeout = \"1s\"\n";

/// A service in the background, and a monitor's settings for it.
struct Service {
    stage: Stage,
    place: tempfile::TempDir,
    port: u16,
}

impl Service {
    /// Writes nginx's configuration and start program; nothing runs yet.
    fn new(test: &str) -> Option<Self> {
        let nginx = program("nginx", test)?;
        let service = Self { stage: Stage::new(Vec::new()), place: place(), port: free_port() };
        let at = service.place.path().display();
        // One process: whoever ends it has ended the service.
        let how = format!("master_process off;\nerror_log {at}/error.log notice;");
        let site = "location / { return 200 ok; }";
        Nginx::configure((service.place.path(), service.port), &how, site);
        // Bounded: a test that dies leaves nothing that goes on.
        let start = format!(
            "#!/bin/sh\nrm -f {at}/pid\n'{}' -p {at} -c {at}/nginx.conf -e {at}/error.log || exit 1\n\
             n=0\nwhile test ! -s {at}/pid; do\n  n=$((n + 1))\n  test $n -lt 200 || exit 1\n  sleep 0.05\ndone\n",
            nginx.display()
        );
        std::fs::write(service.file("start"), start).unwrap();
        std::fs::set_permissions(service.file("start"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(service.file("cache")).unwrap();
        Some(service)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn start(&self) {
        let status = std::process::Command::new(self.file("start")).status().unwrap();
        assert!(status.success(), "{}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.file("error.log")).unwrap_or_default()
    }

    fn pid(&self) -> Option<rustix::process::Pid> {
        let text = std::fs::read_to_string(self.file("pid")).ok()?;
        rustix::process::Pid::from_raw(text.trim().parse().ok()?)
    }

    fn kill(&self) {
        rustix::process::kill_process(self.pid().unwrap(), rustix::process::Signal::KILL).unwrap();
    }

    /// Whether it answers 200 now.
    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = String::new();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    /// Watched at this level, with more probes than its process and its answer.
    fn watched(&self, level: u8, more: &str) {
        let at = self.place.path().display();
        self.stage.settings(&format!(
            "[autonomy]\nlevel = {level}\n{HASTE}\
             [[service]]\nname = \"web\"\nhealth = \"http://127.0.0.1:{port}/\"\n[service.vars]\n\
             pid_file = \"{at}/pid\"\nprocess = \"nginx\"\nstart = \"{at}/start\"\ncache_dir = \"{at}/cache\"\n\
             [[probe]]\nid = \"web-process\"\nservice = \"web\"\ntype = \"process\"\nevery = \"1s\"\n\
             pid_file = \"{at}/pid\"\n\
             [[probe]]\nid = \"web-http\"\nservice = \"web\"\ntype = \"http\"\nevery = \"1s\"\n\
             url = \"http://127.0.0.1:{port}/\"\n{more}",
            port = self.port
        ));
    }

    fn monitor(&self) -> Monitor {
        let mut running = self.stage.start(&["--monitor", "--json"]);
        running.until("\"watching\"");
        Monitor { running: Some(running) }
    }

    /// Payloads of the journal's incident entries of a kind.
    fn facts(&self, kind: &str) -> Vec<serde_json::Value> {
        self.stage.facts(&format!("incident.{kind}"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// A monitor that runs; it ends with the test, however that ends.
struct Monitor {
    running: Option<Running>,
}

impl Monitor {
    /// Waits for a line with these words; a person being needed before ends the test.
    fn until(&mut self, words: &str) -> String {
        let running = self.running.as_mut().unwrap();
        let began = std::time::Instant::now();
        loop {
            match running.next_within(WITHIN.saturating_sub(began.elapsed())) {
                Waited::Line(line) if line.contains(words) => return line,
                Waited::Line(line) if !line.contains("needs a person") => {}
                _ => panic!("never {words:?}:\n{}", running.seen.join("\n")),
            }
        }
    }

    fn ends(mut self) {
        let running = self.running.take().unwrap();
        running.signal(rustix::process::Signal::TERM);
        running.end().exits(0);
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            drop(running.kill());
        }
    }
}

/// A file that nobody wrote for an hour.
fn old(path: &Path, bytes: usize) {
    std::fs::write(path, vec![b'x'; bytes]).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
}

#[test]
fn c6_a_killed_process_is_started_again_by_itself_and_proven_well() {
    let Some(service) = Service::new("c6_a_killed_process_is_started_again_by_itself_and_proven_well") else {
        return;
    };
    service.start();
    service.watched(2, "");
    let mut monitor = service.monitor();
    let first = service.pid();
    service.kill();
    monitor.until("diagnosed, grade A");
    monitor.until("attempt 1 on");
    monitor.until("attempt 1 helped");
    monitor.until("is resolved");
    assert!(service.answers() && service.pid() != first, "{}", service.log());
    monitor.ends();
    let ended = service.facts("attempt_ended");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(service.facts("asked").is_empty());
    service.stage.verify();
    // Its process and its answer failed together; one of the two incidents began it again.
    let shown = ["I-1", "I-2"].map(|id| service.stage.run(&["show", id]).all()).join("\n");
    assert!(shown.contains("restart-process") && shown.contains("resolved"), "{shown}");
}

#[test]
fn c7_at_level_one_the_same_waits_at_the_desk_until_a_person_says_yes() {
    let Some(service) = Service::new("c7_at_level_one_the_same_waits_at_the_desk_until_a_person_says_yes")
    else {
        return;
    };
    service.start();
    service.watched(1, "");
    let mut monitor = service.monitor();
    service.kill();
    monitor.until("waits for R-1");
    assert!(!service.answers());
    let shown = service.stage.run(&["desk", "show", "R-1"]).exits(0).stdout;
    assert!(shown.contains("restart-process"), "{shown}");
    service.stage.run(&["desk", "approve", "R-1"]).exits(0);
    monitor.until("attempt 1 on");
    monitor.until("attempt 1 helped");
    monitor.until("is resolved");
    assert!(service.answers(), "{}", service.log());
    monitor.ends();
}

#[test]
fn c12_a_cache_that_outgrew_its_bound_is_cleared_and_what_is_fresh_stays() {
    let Some(service) = Service::new("c12_a_cache_that_outgrew_its_bound_is_cleared_and_what_is_fresh_stays")
    else {
        return;
    };
    service.start();
    let cache = service.file("cache");
    service.watched(
        2,
        &format!(
            "[[probe]]\nid = \"web-cache\"\nservice = \"web\"\ntype = \"disk\"\nevery = \"1s\"\npath = \"{}\"\n\
             full_pct = 100\nsize_most = 1000000\n",
            cache.display()
        ),
    );
    let mut monitor = service.monitor();
    std::fs::write(cache.join("fresh"), "still being written").unwrap();
    old(&cache.join("stale"), 2_000_000);
    monitor.until("clear-outgrown-directory");
    monitor.until("attempt 1 helped");
    monitor.until("is resolved");
    assert!(!cache.join("stale").exists() && cache.join("fresh").exists());
    monitor.ends();
}

#[test]
fn c10_after_sigusr1_everything_is_seen_and_nothing_is_done() {
    let Some(service) = Service::new("c10_after_sigusr1_everything_is_seen_and_nothing_is_done") else {
        return;
    };
    service.start();
    service.watched(3, "");
    let mut monitor = service.monitor();
    monitor.running.as_ref().unwrap().signal(rustix::process::Signal::USR1);
    monitor.until("\"control.stopped\"");
    service.kill();
    monitor.until("is open");
    // Looked at again and again, and left alone.
    for _ in 0..5 {
        monitor.until("seen by web-process");
    }
    assert!(!service.answers());
    monitor.ends();
    assert!(service.facts("attempt_began").is_empty());
}

#[test]
fn c1_a_log_that_is_gone_is_an_incident_and_a_silence_keeps_it_quiet() {
    let test = "c1_a_log_that_is_gone_is_an_incident_and_a_silence_keeps_it_quiet";
    let Some(service) = Service::new(test) else {
        return;
    };
    service.start();
    let log = service.file("app.log");
    std::fs::write(&log, "ready\n").unwrap();
    service.watched(
        2,
        &format!(
            "[[probe]]\nid = \"web-log\"\nservice = \"web\"\ntype = \"file\"\nevery = \"1s\"\nheartbeat = \"2s\"\npath = \"{}\"\n",
            log.display()
        ),
    );
    let mut monitor = service.monitor();
    std::fs::remove_file(&log).unwrap();
    monitor.until("seen by web-log");
    service.stage.run(&["silence", "--service", "web", "--for", "1h", "--why", "moving"]).exits(0);
    monitor.until("is quiet");
    service.kill();
    monitor.until("I-2 is quiet");
    monitor.ends();
    assert!(service.facts("attempt_began").is_empty() && service.facts("asked").is_empty());
}
