//! The house as a unit: what it tells the unit manager, and the unit file that is shipped.

#![expect(clippy::disallowed_methods, reason = "a test asks the system's own judge of units")]

use super::stage::{PATIENCE, Stage};
use std::{os::unix::net::UnixDatagram, path::Path, process::Command};

/// What the program sends, a datagram at a time.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }
    fn next(&self) -> String {
        let mut room = [0; 4_096];
        let size = self.0.recv(&mut room).expect("the program tells its manager something");
        String::from_utf8(room[..size].to_vec()).unwrap()
    }
    /// The next one that is no sign of life.
    fn news(&self) -> String {
        std::iter::repeat_with(|| self.next()).find(|words| words != "WATCHDOG=1").unwrap()
    }
}

/// A house that watches a log, begun by a manager that listens.
fn as_unit() -> (Stage, Manager) {
    let mut stage = Stage::default();
    stage.write("app.log", "");
    let log = stage.repo().join("app.log").display().to_string();
    stage.settings(&format!(
        "[[probe]]\nid = \"log\"\nservice = \"web\"\ntype = \"file\"\npath = \"{log}\"\n"
    ));
    let manager = Manager::at(&stage.path("notify"));
    stage.env.push(("NOTIFY_SOCKET".into(), stage.path("notify").display().to_string()));
    (stage, manager)
}

#[test]
fn d7_the_unit_manager_is_told_when_it_is_ready_alive_reloading_and_ending() {
    let (mut stage, manager) = as_unit();
    stage.env.push(("WATCHDOG_USEC".into(), "30000".into()));
    let mut running = stage.start(&["--monitor", "--json"]);

    let ready = manager.next();
    assert!(ready.starts_with("READY=1\nSTATUS=watching") && ready.contains("1 probe"), "{ready:?}");
    assert_eq!(manager.next(), "WATCHDOG=1");
    assert_eq!(manager.next(), "WATCHDOG=1");
    running.until("\"watching\"");
    running.signal(rustix::process::Signal::HUP);
    let reloading = manager.news();
    let micros =
        reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|text| text.parse::<u64>().ok());
    assert!(micros.is_some_and(|micros| micros > 0), "{reloading:?}");
    assert!(manager.news().starts_with("READY=1\nSTATUS=settings read again"));
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(manager.news(), "STOPPING=1");
    running.end().exits(0);
}

#[test]
fn d7_a_watchdog_that_is_meant_for_another_process_gets_no_sign_of_life_from_this_one() {
    let (mut stage, manager) = as_unit();
    stage.env.push(("WATCHDOG_USEC".into(), "3000".into()));
    stage.env.push(("WATCHDOG_PID".into(), "1".into()));
    let mut running = stage.start(&["--monitor", "--json"]);
    running.until("\"watching\"");
    running.signal(rustix::process::Signal::TERM);
    running.end().exits(0);
    let said: Vec<String> = (0..2).map(|_| manager.next()).collect();
    assert!(said[0].starts_with("READY=1") && said[1] == "STOPPING=1", "{said:?}");
}

#[test]
fn d7_the_shipped_unit_is_hardened() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd/chimera.service");
    let asked = Command::new("systemd-analyze").args(["security", "--offline=true"]).arg(&unit).output();
    let Ok(asked) = asked else {
        eprintln!("SKIPPED d7_the_shipped_unit_is_hardened: systemd-analyze is not installed");
        return;
    };
    let told = String::from_utf8_lossy(&asked.stdout).into_owned() + &String::from_utf8_lossy(&asked.stderr);
    let verdict = told.lines().rev().find(|line| line.contains("Overall exposure level")).unwrap_or_default();
    let level = verdict.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    assert!(verdict.contains(" OK") && level.is_some_and(|level| level < 4.0), "{told}");
}
