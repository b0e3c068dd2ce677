//! `chimera --monitor`: the same engine without a screen. Watches, heals as far as the level allows, keeps the journal; the
//! log in the data directory says as JSON what happens. Decisions come from `chimera desk`, a screen that attaches, or over
//! the network face, which is open for as long.

use super::{
    exit::{Complaint, Exit, Said},
    house::{Joined, Purpose},
    news::News,
    out::Out,
    reload::reload,
    serve,
    session::Session,
    signals::{Signals, Wish},
    unit::Unit,
};
use crate::{
    domain::text::count,
    runtime::handle::{Handle, HistoryQuery},
};
use serde_json::json;
use std::io::IsTerminal as _;

/// Watches until it is told to end.
///
/// # Errors
/// Nothing is watched and nobody served, the house or the socket cannot be opened, or another process owns it.
pub async fn run(session: &Session, out: &mut Out) -> Said {
    let settings = session.settings();
    if settings.probes.is_empty() && !serve::wanted(session) {
        return Err(Complaint::error(
            "nothing is watched and nobody is served: there is no [[probe]] and no socket",
        )
        .hint("write a probe into your chimera.toml; docs/monitor.md begins with two lines that work"));
    }
    let mut signals = if std::io::stdin().is_terminal() || std::io::stdout().is_terminal() {
        Signals::take()
    } else {
        Signals::take_as_daemon()
    }
    .map_err(|error| Complaint::error(error.to_string()))?;
    let unit = Unit::of_environment();
    let house = session.open(Purpose::Work).await?;
    if matches!(house.joined(), Joined::Other(_)) {
        let notes = house.notes();
        house.close().await;
        return Err(Complaint::error("another process watches here already").hint(notes.join("; ")));
    }
    // From before it is said that it watches: whoever waits for that word misses nothing that happens after it.
    let mut news = News::since_now(&house.handle);
    let probes = settings.probes.len();
    let words = format!("watching  {}, level {}", count(probes, "probe"), settings.policy.level);
    out.both(&words, &json!({"kind": "watching", "probes": probes, "level": settings.policy.level}));
    match serve::open(session, &house).await {
        Ok(server) => {
            if let Some(path) = server.as_ref().and_then(|server| server.socket()) {
                let path = path.display().to_string();
                out.both(&format!("serving   {path}"), &json!({"kind": "serving", "socket": path}));
            }
            if let Some(url) = server.as_ref().and_then(|server| server.url()) {
                out.both(&format!("serving   {url}"), &json!({"kind": "serving", "url": url}));
            }
            unit.ready(&words);
            tell((session, &house.handle), (&mut signals, &unit), (&mut news, out)).await;
            unit.stopping();
            if let Some(server) = server {
                server.end().await;
            }
        }
        Err(complaint) => {
            house.close().await;
            return Err(complaint);
        }
    }
    house.close().await;
    out.both("ended", &json!({"kind": "ended"}));
    Ok(Exit::Ok)
}

/// A line for each thing that happens, until a signal comes that ends it.
async fn tell(
    (session, handle): (&Session, &Handle),
    (signals, unit): (&mut Signals, &Unit),
    (news, out): (&mut News, &mut Out),
) {
    let mut states = handle.subscribe();
    news.tell(handle, out).await;
    let mut alive = Box::pin(alive(unit, handle));
    loop {
        let wish = tokio::select! {
            wish = signals.wish() => Some(wish),
            changed = states.changed() => {
                if changed.is_err() {
                    return;
                }
                None
            }
            () = &mut alive => {
                alive = Box::pin(self::alive(unit, handle));
                None
            }
        };
        match wish {
            Some(Wish::End) => return,
            Some(Wish::Reload) => {
                unit.reloading();
                let words = match reload(session, handle).await {
                    Ok(reloaded) => reloaded.words(),
                    Err(complaint) => complaint.what,
                };
                let level = handle.snapshot().policy.level;
                out.both(&words, &json!({"kind": "reloaded", "words": words, "level": level}));
                unit.ready(&words);
            }
            None => {}
        }
        news.tell(handle, out).await;
    }
}

/// Gives one sign of life, when it is due and the engine answers: a process whose engine hangs is not alive.
async fn alive(unit: &Unit, handle: &Handle) {
    let Some(beat) = unit.beat else { return std::future::pending().await };
    tokio::time::sleep(beat.to_std()).await;
    match handle.read(HistoryQuery { most: 1, ..HistoryQuery::default() }).await {
        Ok(_) => unit.alive(),
        Err(error) => tracing::warn!(%error, "the engine does not answer"),
    }
}
