//! Kill -9 at random times, counted in lines that the program has said on stdout plus a random wait for the next
//! one. `CHIMERA_KILLS` changes their number, `CHIMERA_CRASH_SEED` repeats a run.

use super::campaign::Campaign;
use std::thread;

/// Kills where nothing else is said.
const KILLS: u64 = 200;
/// Campaigns side by side, each with a repository, a data directory and a journal of its own.
const CAMPAIGNS: u64 = 4;
/// Where nothing else is said.
const SEED: u64 = 0x0C41_AE2A;

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")),
        Err(_) => default,
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_done_twice_at_sudden_death() {
    let (kills, seed) = (number("CHIMERA_KILLS", KILLS), number("CHIMERA_CRASH_SEED", SEED));
    println!("CHIMERA_KILLS={kills} CHIMERA_CRASH_SEED={seed}");
    let share = |n: u64| kills / CAMPAIGNS + u64::from(n < kills % CAMPAIGNS);
    let tallies: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = (0..CAMPAIGNS)
            .map(|n| scope.spawn(move || Campaign::new(seed.wrapping_add(n * 7_919)).run(share(n))))
            .collect();
        running.into_iter().map(|campaign| campaign.join().unwrap()).collect()
    });
    for tally in tallies {
        println!("{tally}");
    }
}
