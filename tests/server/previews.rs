//! Candidates that run, looked at from elsewhere: over the daemon's socket by lines, by the full screen and by a program; and how each
//! ends with the last who looks.

use super::{
    attach::Viewer,
    client::{Daemon, daemon},
};
use crate::{
    house::{
        preview::SERVE,
        stage::{BRIEF, CHECK, Stage, processes},
    },
    screen::pty::Terminal,
};
use serde_json::json;

/// A stage with a page to look at, by a name that its processes hold; none where nothing holds a preview.
fn place() -> Option<(Stage, String)> {
    let stage = Stage::default();
    let said = stage.run(&["doctor"]).all();
    if said.contains("no Landlock") || said.contains("one port") {
        eprintln!("skipped: no walls for a preview here");
        return None;
    }
    stage.write("serve.pl", SERVE);
    stage.commit("A page");
    let mark = format!("far-preview-{}", stage.path("").file_name().unwrap().to_string_lossy());
    stage.settings(&format!(
        "[preview]\ncommand = [\"perl\", \"serve.pl\", \"{{port}}\", \"{mark}\"]\npath = \"/page\"\n\
         health = \"/health\"\nbrowser = \"off\"\n"
    ));
    Some((stage, mark))
}

fn waits(daemon: &Daemon) {
    daemon.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    daemon.events(0, false).until("desk.request_opened");
}

#[test]
fn a13_a_screen_elsewhere_looks_at_a_candidate_and_nothing_runs_when_it_has_left() {
    let Some((stage, mark)) = place() else { return };
    let daemon = daemon(&stage);
    waits(&daemon);
    let mut viewer = Viewer::on(&daemon, &stage);
    viewer.line("preview B");
    let up = viewer.says("preview: M-1 B Google, attempt 1, up  http://127.0.0.1:");
    assert!(up.contains("  200  ") && up.contains("\"The answer\""), "{up}");
    viewer.says("  It is 42");
    assert!(!processes(&mark).is_empty(), "it runs where the daemon is");
    // Another one sees that it runs, and has its page asked for again.
    let mut stream = daemon.follows("/api/previews/M-1/2");
    assert!(stream.says("\"stage\":\"up\"").contains("It is 42"));
    daemon.post("/api/previews/M-1/2", &json!({})).is(202);
    daemon.post("/api/previews/M-1/2/photo", &json!({"width": 800, "height": 600})).is(202);
    assert!(stream.says("preview.browser is off").contains("\"width\":800"));
    daemon.get("/api/previews/M-1/2/photo").is(404);
    for (path, status) in [("/api/previews/M-1/9", 404), ("/api/previews/M-7/1", 404)] {
        daemon.post(path, &json!({})).is(status);
    }
    daemon.post("/api/previews/M-1/2/photo", &json!({"width": 1, "height": 600})).is(422);
    // The screen leaves; the program that follows still does.
    viewer.leaves();
    daemon.post("/api/previews/M-1/2/photo", &json!({"width": 801, "height": 600})).is(202);
    assert!(stream.says("\"width\":801").contains("\"stage\":\"up\""), "somebody looks");
    drop(stream);
    // Then nobody does, and it ends by itself. Whoever comes later is told so, and has not begun it.
    assert!(daemon.gone(&mark), "{:?}", processes(&mark));
    let mut late = daemon.follows("/api/previews/M-1/2");
    late.says("it was ended");
    assert!(processes(&mark).is_empty());
    drop(late);
    daemon.ends();
    assert!(!stage.git(&["status", "--short"]).contains("serve"), "the director's tree is as it was");
    stage.verify();
}

#[test]
fn a13_the_key_of_a_preview_works_on_a_full_screen_elsewhere_and_ends_it() {
    let Some((stage, mark)) = place() else { return };
    let daemon = daemon(&stage);
    waits(&daemon);
    let address = format!("unix:{}", daemon.socket.display());
    let mut screen = Terminal::on(&stage, (160, 45), &["attach", &address]);
    screen.sees("1 waiting");
    // The header says where it is attached to.
    screen.sees(" at unix:");
    screen.keys("\x0e");
    screen.press_until("P", "no preview was opened", &["PREVIEW"]);
    screen.until("that it answers", |screen| screen.contains("● up") && screen.contains("It is 42"));
    screen.keys("K");
    screen.until("that it was ended", |screen| screen.contains("it was ended"));
    assert!(daemon.gone(&mark), "{:?}", processes(&mark));
    screen.keys("q");
    screen.keys("\x11");
    assert_eq!(screen.ended(), 0);
    daemon.ends();
}
