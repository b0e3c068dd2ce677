//! What happens to incidents and at the desk, line by line as the journal has it: for whoever has no screen.

use super::out::Out;
use crate::{
    domain::ids::Seq,
    engine::account,
    runtime::handle::{Handle, HistoryQuery},
};
use serde_json::json;

/// What a line is said about: incidents, what waits for a person, and what rules what may happen.
const KINDS: [&str; 3] = ["incident.", "desk.", "control."];
/// Entries that are looked through at once; what happened before them is in the journal.
const ENTRIES_MOST: u64 = 1_000;

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
        let now = handle.snapshot().seq;
        let new = now.0.saturating_sub(self.told.0).min(ENTRIES_MOST);
        let query = HistoryQuery {
            before: Some(Seq(now.0 + 1)),
            most: usize::try_from(new).unwrap_or(usize::MAX),
            ..HistoryQuery::default()
        };
        let Ok(mut entries) = handle.read(query).await else { return };
        entries.retain(|entry| entry.seq > self.told);
        self.told = entries.first().map_or(self.told, |newest| newest.seq);
        let said = |kind: &str| KINDS.iter().any(|begins| kind.starts_with(begins));
        for entry in entries.iter().rev().filter(|entry| said(&entry.kind)) {
            let Ok(event) = serde_json::from_str(&entry.payload) else { continue };
            let words = account::line(&event, None);
            let value = json!({
                "kind": entry.kind, "seq": entry.seq, "at": entry.at.to_string(), "words": words,
            });
            out.both(&format!("{} {words}", entry.at), &value);
        }
    }
}
