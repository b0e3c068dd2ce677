//! What the kernel ended for want of memory. An end long ago says nothing about now, and an end of somebody else says
//! nothing about the service.

use crate::{
    domain::{
        incident::ClueSort,
        text,
        time::{Millis, Timestamp},
    },
    monitor::investigate::{
        asking,
        book::Standing,
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};

/// Bytes of the kernel's log that are read.
const LOG_MOST: usize = 256 * 1024;
/// How far before the first signal an end still belongs to the incident.
const BEFORE: Millis = Millis::mins(15);
/// How far back the log is read.
const BACK: Millis = Millis::hours(48);

/// Looks.
pub async fn look(scene: &Scene, means: &Means, wall: Millis) -> Found {
    if !means.may("journalctl") {
        return Found::gap("the kernel's log may not be read");
    }
    let since = format!("--since=@{}", (scene.first_seen - BACK).0.div_euclid(1_000).max(0));
    let argv = ["journalctl", "-k", "-q", "--no-pager", "-o", "short-unix", "-n", "2000", &since];
    match asking::ask(argv.map(str::to_owned).to_vec(), means, (wall, LOG_MOST)).await {
        Ok(answer) if answer.code == Some(0) => read(scene, &answer.text()),
        Ok(answer) => Found::gap(format!("the kernel's log could not be read: {}", answer.why())),
        Err(why) => Found::gap(why),
    }
}

/// Reads lines that begin with seconds since 1970.
#[must_use]
pub fn read(scene: &Scene, log: &str) -> Found {
    let newest = log.lines().rev().find_map(|line| killed(scene, line));
    let Some((at, victim)) = newest else { return Found::default() };
    let age = scene.now.since(at);
    let recent = at + BEFORE >= scene.first_seen;
    let words = format!("the kernel ended “{victim}” for want of memory {} s ago", age.0 / 1_000);
    #[expect(clippy::cast_precision_loss, reason = "seconds, far below 2^52")]
    let piece = Piece::now(ClueSort::Host, words)
        .standing(if recent { Standing::Event } else { Standing::Past })
        .number("oom.age_s", (age.0 / 1_000) as f64)
        .name("oom.victim", &victim);
    Found::one(piece.truth("oom.recent", recent))
}

/// When, and the short name, if the line tells of the end of a process of this service.
fn killed(scene: &Scene, line: &str) -> Option<(Timestamp, String)> {
    let (stamp, rest) = line.trim_start().split_once(' ')?;
    let seconds: f64 = stamp.parse().ok().filter(|seconds: &f64| (0.0..4e9).contains(seconds))?;
    let after = rest.split_once("Killed process ")?.1;
    let name = after.split_once('(')?.1.split_once(')')?.0;
    let variables = &scene.service.variables;
    let command = variables.get("command").map(String::as_str).unwrap_or_default();
    let first = command.split_whitespace().next().unwrap_or_default();
    let own =
        [variables.get("process").map(String::as_str), Some(first.rsplit('/').next().unwrap_or_default())];
    // The kernel keeps 15 bytes of a name.
    let short = |known: &str| known.bytes().take(15).eq(name.bytes().take(15));
    if !own.into_iter().flatten().any(|known| !known.is_empty() && short(known)) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "seconds up to the year 2096, checked above")]
    let at = Timestamp((seconds * 1_000.0) as i64);
    Some((at, text::clean_line(name, 32).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    fn scene() -> Scene {
        let mut scene = Scene {
            first_seen: Timestamp(1_700_000_000_000),
            now: Timestamp(1_700_000_060_000),
            ..Scene::default()
        };
        scene.service.variables.insert("command".into(), "/usr/bin/node server.js".into());
        scene
    }

    #[test]
    fn the_end_of_our_process_is_an_event_and_one_of_yesterday_is_past() {
        let line = |at: i64, name: &str| {
            format!(
                "{at}.5 host kernel: Out of memory: Killed process 77 ({name}) total-vm:1kB, anon-rss:1kB"
            )
        };
        let found = read(&scene(), &line(1_699_999_990, "node"));
        assert_eq!(found.pieces[0].standing, Standing::Event);
        assert!(found.pieces[0].facts.contains(&("oom.recent".into(), Value::Truth(true))));
        let found = read(&scene(), &line(1_699_913_000, "node"));
        assert_eq!(found.pieces[0].standing, Standing::Past);
        assert!(found.pieces[0].facts.contains(&("oom.recent".into(), Value::Truth(false))));
        assert!(read(&scene(), &line(1_699_999_990, "other")).pieces.is_empty());
        assert!(read(&scene(), "rubbish\n1e999 x Killed process (\n").pieces.is_empty());
    }
}
