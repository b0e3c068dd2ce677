//! The whole way of a line: from a file that changes, through bell and ledger, to whoever listens.

use super::*;
use crate::{
    domain::{incident::Severity, probe::Source, signal::Observation},
    monitor::probes::eyes::{self, Eyes},
};
use std::{fs, io::Write as _};
use tokio::sync::mpsc::{Receiver, channel};

struct Scene {
    dir: tempfile::TempDir,
    spec: ProbeSpec,
    eyes: Eyes,
}

impl Scene {
    fn new(every: Millis) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("logs/app.log").display().to_string();
        fs::create_dir(dir.path().join("logs")).unwrap();
        let spec = ProbeSpec {
            id: "app-log".into(),
            service: "api".into(),
            env: "production".into(),
            every,
            timeout: Millis::secs(5),
            heartbeat: Millis::mins(1),
            quiet_most: None,
            severity: Severity::P2,
            source: Source::File { path },
        };
        let eyes = Eyes { positions: Some(dir.path().join("places")), ..eyes::of_tests() };
        Self { dir, spec, eyes }
    }
    fn path(&self) -> PathBuf {
        self.dir.path().join("logs/app.log")
    }
    fn add(&self, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
    /// Follows while `acts` plays; whatever it waits for must come within a minute.
    async fn play<T>(&self, acts: impl AsyncFnOnce(&Self, &mut Receiver<Observation>) -> T) -> T {
        let (sink, mut heard) = channel(2);
        let voice = Voice::of(&self.spec, &self.eyes, &sink);
        let path = self.path().display().to_string();
        let playing = tokio::time::timeout(Millis::mins(1).to_std(), acts(self, &mut heard));
        tokio::select! {
            _ = follow(&self.spec, &path, &self.eyes, &voice) => panic!("it stopped"),
            played = playing => played.expect("nothing comes"),
        }
    }
}

/// The next `count` lines.
async fn lines(heard: &mut Receiver<Observation>, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        if let Reading::Lines(more) = heard.recv().await.unwrap().reading {
            lines.extend(more);
        }
    }
    lines
}

#[tokio::test]
async fn c1_lines_arrive_as_they_are_written_over_every_kind_of_rotation() {
    let scene = Scene::new(Millis::hours(1));
    scene
        .play(async |scene, heard| {
            assert!(matches!(heard.recv().await.unwrap().reading, Reading::Blind(why) if why.contains("not there")));
            scene.add("1\n");
            assert_eq!(lines(heard, 1).await, ["1"]);
            fs::rename(scene.path(), scene.path().with_extension("1")).unwrap();
            scene.add("2\n");
            assert_eq!(lines(heard, 1).await, ["2"]);
            fs::OpenOptions::new().write(true).open(scene.path()).unwrap().set_len(0).unwrap();
            scene.add("3\n");
            assert_eq!(lines(heard, 1).await, ["3"]);
            fs::remove_file(scene.path()).unwrap();
            scene.add("4\n");
            assert_eq!(lines(heard, 1).await, ["4"]);
            fs::write(scene.path().with_extension("new"), "5\n").unwrap();
            fs::rename(scene.path().with_extension("new"), scene.path()).unwrap();
            assert_eq!(lines(heard, 1).await, ["5"]);
            fs::rename(scene.path().parent().unwrap(), scene.dir.path().join("old")).unwrap();
            fs::create_dir(scene.path().parent().unwrap()).unwrap();
            scene.add("6\n");
            assert_eq!(lines(heard, 1).await, ["6"], "the folder itself was replaced");
        })
        .await;
}

#[tokio::test]
async fn c1_a_silent_file_beats_and_a_missing_one_is_blind_each_time() {
    let scene = Scene::new(Millis(20));
    scene
        .play(async |scene, heard| {
            for _ in 0..2 {
                assert!(matches!(heard.recv().await.unwrap().reading, Reading::Blind(_)));
            }
            scene.add("");
            let mut beats = 0;
            while beats < 3 {
                beats += usize::from(heard.recv().await.unwrap().reading == Reading::Lines(Vec::new()));
            }
        })
        .await;
}

#[tokio::test]
async fn c2_a_slow_listener_holds_the_reader_up_and_loses_nothing() {
    let scene = Scene::new(Millis::hours(1));
    scene.add("begin\n");
    let told = scene
        .play(async |scene, heard| {
            assert_eq!(lines(heard, 1).await, ["begin"]);
            let text: String = (0..100_000).map(|n| format!("{n}\n")).collect();
            scene.add(&text);
            let mut told = Vec::new();
            while told.len() < 100_000 {
                tokio::task::yield_now().await;
                let Reading::Lines(more) = heard.recv().await.unwrap().reading else { panic!("no lines") };
                assert!(more.len() <= Reading::LINES_MOST);
                told.extend(more);
            }
            told
        })
        .await;
    assert!(told.iter().enumerate().all(|(n, line)| line.parse() == Ok(n)));
}

#[tokio::test]
async fn c2_a_restart_goes_on_where_the_last_line_arrived() {
    let scene = Scene::new(Millis::hours(1));
    scene.add("1\n2\n");
    scene.play(async |_, heard| assert_eq!(lines(heard, 2).await, ["1", "2"])).await;
    scene.add("3\n");
    fs::rename(scene.path(), scene.path().with_extension("1")).unwrap();
    scene.add("4\n");
    scene.play(async |_, heard| assert_eq!(lines(heard, 2).await, ["3", "4"])).await;
    scene.add("5\n");
    scene.play(async |_, heard| assert_eq!(lines(heard, 1).await, ["5"])).await;
}

#[tokio::test]
async fn c2_it_stops_when_nobody_listens() {
    let scene = Scene::new(Millis::hours(1));
    scene.add("1\n");
    let (sink, mut heard) = channel(2);
    let voice = Voice::of(&scene.spec, &scene.eyes, &sink);
    let path = scene.path().display().to_string();
    let listening = async {
        assert_eq!(lines(&mut heard, 1).await, ["1"]);
        drop(heard);
    };
    let (followed, ()) = tokio::join!(follow(&scene.spec, &path, &scene.eyes, &voice), listening);
    assert_eq!(followed, Err(Unheard));
    assert_eq!(fs::read_dir(scene.dir.path().join("places")).unwrap().count(), 1, "the place is kept");
}

#[tokio::test]
async fn c2_one_look_tells_no_lines_but_whether_there_are_some_to_be_read() {
    let scene = Scene::new(Millis::hours(1));
    let path = scene.path().display().to_string();
    assert!(look(&path).await.unwrap_err().contains("is not there"));
    scene.add("1\n");
    assert_eq!(look(&path).await, Ok(vec![Reading::Lines(Vec::new())]));
}
