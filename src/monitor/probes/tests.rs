//! Probes as they are watched: how often they look, what they say when they cannot, when they end.

use super::*;
use crate::domain::{incident::Severity, probe::WebhookFormat, signal::kind};
use tokio::{net::TcpListener, sync::mpsc::channel};

fn spec(source: Source) -> ProbeSpec {
    ProbeSpec {
        id: "probe".into(),
        service: "api".into(),
        env: "production".into(),
        every: Millis(30),
        timeout: Millis::secs(30),
        heartbeat: Millis::mins(1),
        quiet_most: None,
        severity: Severity::P1,
        source,
    }
}

#[tokio::test]
async fn c1_a_polled_source_is_looked_at_again_and_again_until_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sink, mut heard) = channel::<Observation>(1);
    let hearing = async {
        let mut states = Vec::new();
        let mut listener = Some(listener);
        while states.len() < 2 {
            let seen = heard.recv().await.unwrap();
            assert_eq!(seen.probe, "probe");
            if let Reading::Check(check) = seen.reading {
                if states.last() != Some(&check.ok) {
                    states.push(check.ok);
                }
                listener = None;
            }
        }
        drop((heard, listener));
        states
    };
    let ((), states) = tokio::join!(watch(spec(Source::Tcp { address }), eyes::of_tests(), sink), hearing);
    assert_eq!(states, [true, false]);
}

#[tokio::test]
async fn c1_what_keeps_a_probe_from_looking_is_said_each_time() {
    let (sink, mut heard) = channel::<Observation>(4);
    let source = Source::Disk { path: "/nowhere/at/all".into(), full_pct: 90, size_most: None };
    let hearing = async {
        for _ in 0..2 {
            let seen = heard.recv().await.unwrap();
            assert!(
                matches!(&seen.reading, Reading::Blind(why) if why.contains("/nowhere/at/all")),
                "{seen:?}"
            );
        }
        drop(heard);
    };
    tokio::join!(watch(spec(source), eyes::of_tests(), sink), hearing);
}

#[tokio::test]
async fn c1_a_look_that_takes_too_long_is_cut_off_and_said() {
    let programs = stage::Programs::new();
    programs.say("systemctl", "");
    let mut spec = spec(Source::Unit { name: "api.service".into(), restarts_most: 3 });
    spec.timeout = Millis(50);
    // A secret that never comes.
    let eyes = Eyes { secret: std::sync::Arc::new(|_| Box::pin(std::future::pending())), ..programs.eyes() };
    spec.source = Source::Redis { url: "cmd:never".into(), memory_pct: 90 };
    let found = once(&spec, &eyes).await;
    assert_eq!(found, [Reading::Blind("the look took longer than 50 ms".to_owned())]);
}

#[tokio::test]
async fn c2_a_webhook_is_not_looked_at_and_ends_when_nobody_listens() {
    let spec = spec(Source::Webhook { format: WebhookFormat::Generic, secret: String::new() });
    assert!(once(&spec, &eyes::of_tests()).await.is_empty());
    let (sink, heard) = channel::<Observation>(1);
    drop(heard);
    watch(spec, eyes::of_tests(), sink).await;
}

#[tokio::test]
async fn c2_files_and_commands_are_watched_as_they_speak() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    std::fs::write(&path, "from a file\n").unwrap();
    let file = Source::File { path: path.display().to_string() };
    let command = Source::Command {
        argv: ["sh", "-c", "echo from a command; exec sleep 600"].map(str::to_owned).into(),
    };
    for (source, line) in [(file, "from a file"), (command, "from a command")] {
        let (sink, mut heard) = channel::<Observation>(4);
        let found =
            once(&ProbeSpec { timeout: Millis(200), ..spec(source.clone()) }, &eyes::of_tests()).await;
        assert_eq!(found, [Reading::Lines(Vec::new())], "{source:?}");
        let hearing = async {
            loop {
                match heard.recv().await.unwrap().reading {
                    Reading::Lines(lines) if !lines.is_empty() => {
                        drop(heard);
                        return lines;
                    }
                    _ => {}
                }
            }
        };
        let ((), lines) = tokio::join!(watch(spec(source), eyes::of_tests(), sink), hearing);
        assert_eq!(lines, [line]);
    }
}

/// Passes within which a look comes, however busy the machine is.
const PASSES: u32 = 50_000_000;

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "a process that is killed while it is watched")]
async fn c2_a_process_that_ends_is_looked_at_a_part_of_a_turn_later_and_once_only() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    std::fs::write(&file, child.id().to_string()).unwrap();
    let source =
        Source::Process { pid_file: Some(file.display().to_string()), command: None, restarts_most: 3 };
    let spec = ProbeSpec { every: Millis::hours(1), ..spec(source) };
    let (sink, mut heard) = channel::<Observation>(64);
    let hearing = async {
        tokio::time::advance(SPREAD.to_std()).await;
        assert_eq!(runs(&mut heard, PASSES).await, Some(true));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(runs(&mut heard, 2_000).await, None);
        tokio::time::advance(Millis::mins(16).to_std()).await;
        assert_eq!(runs(&mut heard, PASSES).await, Some(false));
        tokio::time::advance(Millis::mins(30).to_std()).await;
        assert_eq!(runs(&mut heard, 2_000).await, None);
        tokio::time::advance(Millis::mins(30).to_std()).await;
        assert_eq!(runs(&mut heard, PASSES).await, Some(false));
        drop(heard);
    };
    tokio::join!(watch(spec, eyes::of_tests(), sink), hearing);
}

/// What the next look says, if one comes within so many passes of what waits. Nobody here sleeps by the clock of the
/// test, so it moves only when it is told to.
async fn runs(heard: &mut tokio::sync::mpsc::Receiver<Observation>, passes: u32) -> Option<bool> {
    for _ in 0..passes {
        tokio::task::yield_now().await;
        std::thread::yield_now();
        while let Ok(seen) = heard.try_recv() {
            match seen.reading {
                Reading::Check(check) if check.kind == kind::PROCESS_DOWN => return Some(check.ok),
                _ => {}
            }
        }
    }
    None
}

#[tokio::test]
async fn c2_each_source_is_asked_in_its_own_way() {
    let eyes = eyes::of_tests();
    let process = Source::Process {
        pid_file: None,
        command: Some("no-such-command-line-anywhere".into()),
        restarts_most: 3,
    };
    let found = once(&spec(process), &eyes).await;
    // Where other people's processes are hidden, nothing is known.
    let is_down = matches!(&found[0], Reading::Check(check) if !check.ok && check.kind == kind::PROCESS_DOWN);
    assert!(is_down || matches!(&found[0], Reading::Blind(_)), "{found:?}");
    let container = Source::Container { name: "--help".into(), program: "docker".into(), restarts_most: 3 };
    assert!(
        matches!(&once(&spec(container), &eyes).await[..], [Reading::Blind(why)] if why.contains("no name"))
    );
    let web = |url: &str| Source::Http {
        url: url.into(),
        status: (200, 299),
        body: None,
        latency: Millis::secs(1),
        tls_days: 14,
    };
    assert!(
        matches!(&once(&spec(web("ftp://x")), &eyes).await[..], [Reading::Blind(why)] if why.contains("http://"))
    );
}

#[test]
fn the_first_looks_are_spread_and_the_same_each_time() {
    let times: std::collections::BTreeSet<_> =
        (0..50).map(|n| jitter(&format!("probe-{n}"), Millis::mins(5))).collect();
    assert!(times.len() > 40 && times.iter().all(|time| *time < SPREAD), "{times:?}");
    assert_eq!(jitter("a", Millis::secs(1)), jitter("a", Millis::secs(1)));
    assert!(jitter("a", Millis(1)) < LEAST);
}
