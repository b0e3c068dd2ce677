//! `chimera --monitor`: the same engine without a screen. Watches, heals as far as the level allows, keeps the journal; the
//! log in the data directory says as JSON what happens. Decisions come from `chimera desk` or a screen that attaches.

use super::{
    exit::{Complaint, Exit, Said},
    house::{Joined, Purpose},
    out::Out,
    session::Session,
    signals::{Interrupts as _, Signals},
};
use crate::{
    domain::{ids::Seq, text::count},
    engine::account,
    runtime::handle::{Handle, HistoryQuery},
};
use serde_json::json;

/// Watches until it is told to end.
///
/// # Errors
/// Nothing is watched, the house cannot be opened, or another process owns it.
pub async fn run(session: &Session, out: &mut Out) -> Said {
    let settings = session.settings();
    if settings.probes.is_empty() {
        return Err(Complaint::error("nothing is watched: there is no [[probe]]")
            .hint("write one into your chimera.toml; docs/monitor.md begins with two lines that work"));
    }
    let mut signals = Signals::take().map_err(|error| Complaint::error(error.to_string()))?;
    let house = session.open(Purpose::Work).await?;
    if matches!(house.joined(), Joined::Other(_)) {
        let notes = house.notes();
        house.close().await;
        return Err(Complaint::error("another process watches here already").hint(notes.join("; ")));
    }
    let probes = settings.probes.len();
    let words = format!("watching  {}, level {}", count(probes, "probe"), settings.policy.level);
    out.both(&words, &json!({"kind": "watching", "probes": probes, "level": settings.policy.level}));
    tell(&house.handle, &mut signals, out).await;
    house.close().await;
    out.both("ended", &json!({"kind": "ended"}));
    Ok(Exit::Ok)
}

/// What a line is said about: incidents, and what rules what may happen to them.
const KINDS: [&str; 2] = ["incident.", "control."];
/// Entries that are looked through at once; what happened before them is in the journal.
const ENTRIES_MOST: u64 = 1_000;

/// A line for each thing that happens, until a signal comes.
async fn tell(handle: &Handle, signals: &mut Signals, out: &mut Out) {
    let mut states = handle.subscribe();
    let mut told = handle.snapshot().seq;
    loop {
        tokio::select! {
            () = signals.next() => return,
            changed = states.changed() => if changed.is_err() { return },
        }
        let now = handle.snapshot().seq;
        let new = now.0.saturating_sub(told.0).min(ENTRIES_MOST);
        let query = HistoryQuery {
            before: Some(Seq(now.0 + 1)),
            most: usize::try_from(new).unwrap_or(usize::MAX),
            ..HistoryQuery::default()
        };
        let Ok(mut entries) = handle.read(query).await else { continue };
        entries.retain(|entry| entry.seq > told);
        told = entries.first().map_or(told, |newest| newest.seq);
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
