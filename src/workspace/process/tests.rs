//! Running children: limits, output, groups, orphans.

use super::*;
use std::future::{pending, ready};

/// What the children of these tests would sleep if nobody ended them.
const SLEEP: Millis = Millis::secs(600);

fn sh(script: &str) -> Spec {
    Spec {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        dir: "/".into(),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: Limits::default(),
        confinement: Confinement::Host,
    }
}

#[tokio::test]
async fn tells_the_whole_story() {
    let spec = Spec { stdin: b"in".to_vec(), ..sh("cat; echo err >&2; exit 3") };
    let done = run(spec, pending()).await.unwrap();
    assert_eq!(
        (done.exit, done.stdout.as_slice(), done.stderr.as_slice()),
        (Exit::Code(3), &b"in"[..], &b"err\n"[..])
    );
    assert_eq!(done.merged.len(), 6);
    assert_eq!(done.left_out, 0);
    assert_eq!(run(sh("kill -9 $$"), pending()).await.unwrap().exit, Exit::Signal(9));
}

#[tokio::test]
async fn a_flood_is_read_to_the_end_but_not_kept() {
    let mut spec = sh("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; echo last");
    spec.limits.output = 1_000;
    let done = run(spec, pending()).await.unwrap();
    assert!(done.exit.ok() && done.stdout.len() < 1_100 && done.left_out > 200_000, "{}", done.left_out);
    assert!(done.stdout.starts_with(b"0123456789\n") && done.stdout.ends_with(b"last\n"));
}

#[tokio::test]
async fn input_nobody_reads_holds_nothing_up() {
    let spec = Spec { stdin: vec![b'x'; 1 << 20], ..sh("echo ok") };
    assert_eq!(run(spec, pending()).await.unwrap().stdout, b"ok\n");
}

#[tokio::test]
async fn time_is_up_for_the_whole_group() {
    let mut spec = sh("sleep 600 & sleep 600 & echo $!; wait");
    spec.limits.wall = Millis(100);
    let done = run(spec, pending()).await.unwrap();
    assert_eq!(done.exit, Exit::TimedOut);
    assert!(done.elapsed < SLEEP, "nobody waits for the group's own end");
    assert_gone(&done.stdout);
}

#[tokio::test]
async fn stop_ends_even_those_who_refuse_sigterm() {
    let done = run(sh("trap '' TERM; while :; do sleep 0.05; done"), ready(())).await.unwrap();
    assert_eq!(done.exit, Exit::Stopped);
}

#[tokio::test]
async fn a_command_that_is_made_to_end_takes_with_it_who_left_its_group() {
    let mut spec = sh("setsid sh -c \"trap '' TERM; echo \\$\\$; exec sleep 600\" & wait");
    spec.limits.wall = Millis(300);
    let done = run(spec, pending()).await.unwrap();
    assert_eq!(done.exit, Exit::TimedOut);
    assert_gone(&done.stdout);
}

#[tokio::test]
async fn what_a_command_leaves_in_the_background_ends_with_it() {
    let done = run(sh("sleep 600 & echo $!"), pending()).await.unwrap();
    assert_eq!(done.exit, Exit::Code(0));
    assert!(done.elapsed < SLEEP, "a held pipe is not waited for");
    assert_gone(&done.stdout);
}

#[tokio::test]
async fn who_leaves_the_group_just_as_the_command_ends_stays() {
    let dir = tempfile::tempdir().unwrap();
    for nth in 0..4 {
        let file = dir.path().join(nth.to_string());
        let inner = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", file.display());
        let done = run(sh(&format!("setsid sh -c '{inner}' >/dev/null 2>&1 </dev/null &")), pending()).await;
        assert_eq!(done.unwrap().exit, Exit::Code(0));
        let until = Instant::now() + std::time::Duration::from_secs(60);
        while !file.exists() {
            assert!(Instant::now() < until, "it was taken with the command");
            tokio::task::yield_now().await;
        }
        let pid: i32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        kill_process_group(Pid::from_raw(pid).unwrap(), Signal::KILL).expect("it is there");
    }
}

#[tokio::test]
async fn dropping_the_run_kills_the_group() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script = format!("sleep 600 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait", file.display());
    let appears = async {
        while !file.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = run(sh(&script), pending()) => panic!("{done:?}"),
        () = appears => {}
    }
    assert_gone(&std::fs::read(&file).unwrap());
}

#[tokio::test]
async fn secrets_do_not_reach_a_child() {
    let done = run(sh("env"), pending()).await.unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    for line in text.lines() {
        let name = line.split('=').next().unwrap_or_default();
        assert!(!["_KEY", "_TOKEN", "SECRET"].iter().any(|word| name.contains(word)), "{name}");
    }
    assert!(text.contains("TERM=dumb"));
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let spec = Spec { argv: vec!["no-such-program-here".to_owned()], ..sh("") };
    let error = run(spec, pending()).await.unwrap_err().to_string();
    assert!(error.contains("no-such-program-here"), "{error}");
    let empty = Spec { argv: Vec::new(), ..sh("") };
    assert!(matches!(run(empty, pending()).await, Err(ProcessError::Empty)));
}

/// The process is dead: gone, or a zombie whose new parent has not looked yet.
fn assert_gone(pid: &[u8]) {
    let pid = String::from_utf8_lossy(pid).trim().to_owned();
    let since = Instant::now();
    while since.elapsed() < SLEEP.to_std() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{pid} still runs");
}
