//! Kill -9 of the real binary while sled writes a snapshot of the index: the file is looked for without a pause, and
//! the kill follows at once. A kill counts as a hit only if the half-written file is still there afterwards.

use super::campaign::{BUDGET, Campaign, SPARE, jobs};
use crate::house::stage::*;
use chimera::providers::rehearsal::script::Turn;
use std::{fs, os::unix::fs::MetadataExt as _, path::Path, time::Duration};

/// Half-written snapshots that are wanted ...
const HITS: u64 = 8;
/// ... and runs in which they may come.
const RUNS_MOST: u64 = 40;
/// Where nothing else is said.
const SEED: u64 = 0x51ED;
/// Looks at the directory between two at the program.
const LOOKS: u32 = 64;
/// Tokens of the slow turn: at ten a second longer than the quiet second after which the index is opened.
const SLOW_TOKENS: usize = 26;

/// Half-written snapshots, each with what tells it from a later one of the same name.
fn half_written(history: &Path) -> Vec<(String, u64, i64, i64)> {
    let mut found = Vec::new();
    for file in fs::read_dir(history).into_iter().flatten().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if !(name.starts_with("snap.") && name.ends_with(".generating")) {
            continue;
        }
        // It may be whole, and have another name, by now.
        if let Ok(meta) = file.metadata() {
            found.push((name, meta.ino(), meta.ctime(), meta.ctime_nsec()));
        }
    }
    found
}

/// Each job speaks slowly once, so that its program lives until the index is opened; after a kill it goes on quickly.
fn slow_jobs(most: u64) -> Vec<Turn> {
    let usual = jobs(most);
    let slow = usual.iter().filter(|turn| turn.turn == Some(0) && turn.said.is_some()).cloned();
    let slow = slow.map(|turn| Turn { times: Some(1), pace: 10, text: "work ".repeat(SLOW_TOKENS), ..turn });
    slow.chain(usual.iter().cloned()).collect()
}

/// One run, killed at the first sight of a snapshot; true if that left one half written.
fn one_run(campaign: &mut Campaign) -> bool {
    let words = campaign.brief("best");
    let args: Vec<&str> = words.iter().map(String::as_str).collect();
    let history = campaign.stage.data().join("history");
    let before = half_written(&history);
    let fresh = || half_written(&history).into_iter().any(|half| !before.contains(&half));
    let mut running = campaign.stage.start(&args);
    let mut looks = 0_u32;
    let ended = loop {
        if fresh() {
            break false;
        }
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(LOOKS) && matches!(running.next_within(Duration::ZERO), Waited::End) {
            break true;
        }
    };
    let done = if ended { running.end() } else { running.kill() };
    if done.signal == Some(9) {
        campaign.kills += 1;
    } else {
        campaign.ends += 1;
        campaign.ended_well(&words, &done);
    }
    let hit = fresh();
    campaign.acknowledged.extend(done.lines());
    campaign.check(&words);
    hit
}

#[test]
fn killed_while_the_index_writes_its_snapshot_nothing_is_lost_or_done_twice_and_every_start_succeeds() {
    let mut campaign = Campaign::new(SEED);
    campaign.stage = Stage::new(slow_jobs(RUNS_MOST + SPARE));
    campaign.stage.settings(BUDGET);
    campaign.stage.write("test.sh", "test -f answer.txt\n");
    campaign.stage.commit("A check that holds");
    let (mut hits, mut runs) = (0, 0);
    while hits < HITS && runs < RUNS_MOST {
        runs += 1;
        hits += u64::from(one_run(&mut campaign));
    }
    println!("{hits} of {} kills in {runs} runs left a half-written snapshot", campaign.kills);
    assert!(hits > 0, "no kill hit a snapshot: {}", campaign.tally());
    campaign.finish();
    println!("{}", campaign.tally());
}
