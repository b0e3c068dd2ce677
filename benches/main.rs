//! `cargo bench`: what the house costs, room by room. Every figure is a median of interleaved runs and stands beside
//! a floor: the least that the same machine could do at the same moment. Names of rooms as arguments choose them:
//! `cargo bench -- store`. It measures and says; it never fails because a machine is slow.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot be made ends the run"
)]

mod engine;
mod harness;
mod heal;
mod load;
mod logs;
mod numbers;
mod providers;
mod rules;
mod runtime;
mod scene;
mod series;
mod soak;
mod store;
mod tui;
mod wire;
mod workspace;

/// Rooms in the order in which they are measured.
const ROOMS: [(&str, fn()); 14] = [
    ("providers", providers::measure),
    ("engine", engine::measure),
    ("tui", tui::measure),
    ("numbers", numbers::measure),
    ("wire", wire::measure),
    ("workspace", workspace::measure),
    ("store", store::measure),
    ("runtime", runtime::measure),
    ("logs", logs::measure),
    ("series", series::measure),
    ("rules", rules::measure),
    ("soak", soak::measure),
    ("heal", heal::measure),
    ("load", load::measure),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    harness::heading();
    for (room, measure) in ROOMS {
        if wanted.is_empty() || wanted.iter().any(|word| word == room) {
            println!("\n## {room}");
            measure();
        }
    }
}
