//! Eight hours of a screen with two teams at work, as fast as the machine can live them: every second each stream
//! brings its share of 200 KB a minute and a frame is drawn, every minute each team's patch is another one. What is
//! resident must stay what it was after the first half hour.

use crate::{
    harness::row,
    scene::{SIZE, WORDS, bare, feed, patch},
};
use chimera::{
    domain::{
        digest::Digest,
        feed::{FeedItem, Shot},
    },
    tui::{terminal::Screen, view},
};
use std::{fs, hint::black_box, sync::Arc};

/// Bytes of a stream in one second.
const SECOND: usize = 200_000 / 60;
const MINUTE: usize = 60;
/// Seconds after which everything that is bounded has come to its bound.
const WARM: usize = 30 * MINUTE;

/// Resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

pub fn measure() {
    let hours = std::env::var("CHIMERA_BENCH_HOURS").ok().and_then(|hours| hours.parse().ok()).unwrap_or(8);
    let mut app = bare();
    let mut screen = Screen::new(SIZE.0, SIZE.1);
    let (mut warm, mut most, mut hourly) = (0, 0, Vec::new());
    for second in 0..hours * 60 * MINUTE {
        for team in [1, 2] {
            let words = |line| FeedItem::Text(format!("{second}.{line} {WORDS}"));
            let mut items: Vec<_> = (0..SECOND / WORDS.len()).map(words).collect();
            if second % MINUTE == 0 {
                let text = patch(500).replace("items", &format!("items_{second}"));
                let digest = Digest::of(text.as_bytes());
                items.push(FeedItem::Shot(Arc::new(Shot { digest, patch: text })));
            }
            feed(&mut app, team, items);
        }
        view::fit(&mut app);
        black_box(screen.frame(|buffer| view::draw(&app, buffer)).unwrap().len());
        if second == WARM {
            warm = resident();
        }
        if second > 0 && second % (60 * MINUTE) == 0 {
            hourly.push(resident());
        }
        if second > WARM && second % MINUTE == 0 {
            most = most.max(resident());
        }
    }
    let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
    row(
        &format!("resident memory over {hours} hours of two streams: most, warm"),
        &mib(most),
        &mib(warm),
        most as f64 / warm.max(1) as f64,
        "flat (floor: after half an hour)",
    );
    let each: Vec<String> = hourly.into_iter().map(mib).collect();
    println!("  after each hour: {}", each.join(", "));
}
