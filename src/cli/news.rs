//! What happens to incidents and at the desk, line by line as the journal has it: for whoever has no screen.

use super::out::Out;
use crate::{
    domain::ids::Seq,
    engine::account,
    runtime::handle::{Handle, HistoryEntry},
};
use serde_json::json;

/// What a line is said about: incidents, what waits for a person, and what rules what may happen.
const KINDS: [&str; 3] = ["incident.", "desk.", "control."];
/// Entries that are read at once.
const ENTRIES_MOST: usize = 64;

/// What was told already.
pub struct News {
    told: Seq,
}

impl News {
    /// Tells what happens from now on.
    #[must_use]
    pub fn since_now(handle: &Handle) -> Self {
        Self { told: handle.snapshot().seq }
    }

    /// A line for each thing that happened since.
    pub async fn tell(&mut self, handle: &Handle, out: &mut Out) {
        while self.told < handle.snapshot().seq {
            let Ok(entries) = handle.follow(self.told, ENTRIES_MOST).await else { return };
            let Some(newest) = entries.last() else { return };
            self.told = newest.seq;
            entries.iter().for_each(|entry| line(entry, out));
        }
    }
}

fn line(entry: &HistoryEntry, out: &mut Out) {
    if !KINDS.iter().any(|begins| entry.kind.starts_with(begins)) {
        return;
    }
    let Ok(event) = serde_json::from_str(&entry.payload) else { return };
    let words = account::line(&event, None);
    let value = json!({
        "kind": entry.kind, "seq": entry.seq, "at": entry.at.to_string(), "words": words,
    });
    out.both(&format!("{} {words}", entry.at), &value);
}
