//! `chimera --monitor`: the same engine without a screen. Watches, heals as far as the level allows, keeps the journal; the
//! log in the data directory says as JSON what happens. Decisions come from `chimera desk` or a screen that attaches.

use super::{
    exit::{Complaint, Exit, Said},
    house::{Joined, Purpose},
    news::News,
    out::Out,
    session::Session,
    signals::{Interrupts as _, Signals},
};
use crate::{domain::text::count, runtime::handle::Handle};
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

/// A line for each thing that happens, until a signal comes.
async fn tell(handle: &Handle, signals: &mut Signals, out: &mut Out) {
    let mut states = handle.subscribe();
    let mut news = News::since_now(handle);
    loop {
        tokio::select! {
            () = signals.next() => return,
            changed = states.changed() => if changed.is_err() { return },
        }
        news.tell(handle, out).await;
    }
}
