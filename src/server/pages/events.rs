//! `/api/events`: everything that happens, as it stands in the journal, each entry once and in order. The entry's number
//! is the event's id; a reader that connects again with it goes on right after it. As server-sent events, or over WebSocket.

use super::{
    stream::{self, Source},
    websocket,
};
use crate::{
    domain::{ids::Seq, probe::ProbeHealth, text::json_escaped},
    engine::state::State as EngineState,
    server::{
        api::{Api, Leaf},
        frame,
        front::Front,
        input::Asked,
        problem::{Problem, Sort},
    },
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::watch;

/// Where a reader begins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Entries after this one; 0: all there are. Without it, and without Last-Event-ID: those that come from now on.
    after: Option<u64>,
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = Leaf::new("follow_events", "events", "Everything that happens, as it happens: one server-sent event for each journal entry, its number as id")
        .query::<Place>()
        .streams(
                "Each event is {version, seq, at, actor, kind, mission, event}; `event` is the engine's own form. \
             Events of the type `probes`, without an id, tell how probes do. A request to upgrade to a WebSocket gets the same \
             as text messages: what an entry says as it stands, and `{\"probes\": ...}`.",
            );
    api.get("/api/events", leaf, follow)
}

async fn follow(
    State(front): State<Arc<Front>>,
    headers: HeaderMap,
    Asked(place): Asked<Place>,
    socket: websocket::Asked,
) -> Result<Response<Body>, Problem> {
    let now = front.state().seq;
    let after = stream::place(&headers, place.after)?.map_or(now, Seq);
    if after > now {
        let detail = format!(
            "the journal ends at {now}, before {after}: it is another one, or another data directory"
        );
        return Err(Problem::new(Sort::Stale, detail, "GET /api/snapshot and go on after its seq"));
    }
    let mut probes = front.handle.watch_probes();
    probes.mark_changed();
    let source = Follow { states: front.handle.subscribe(), probes, front: front.clone(), after };
    match websocket::wanted(&headers, socket)? {
        Some(upgrade) => websocket::of(&front, upgrade, source),
        None => stream::of(&front, source),
    }
}

struct Follow {
    front: Arc<Front>,
    states: watch::Receiver<Arc<EngineState>>,
    probes: watch::Receiver<Arc<Vec<ProbeHealth>>>,
    after: Seq,
}

impl Source for Follow {
    fn next(&mut self) -> BoxFuture<'_, Option<String>> {
        async move {
            loop {
                // As of before the journal is looked at: no entry falls between.
                self.states.borrow_and_update();
                match self.front.tail.after(&self.front.handle, self.after).await {
                    Ok(Some((piece, last))) => {
                        self.after = last;
                        return Some(piece);
                    }
                    Ok(None) => tokio::select! {
                        changed = self.states.changed() => changed.ok()?,
                        Ok(()) = self.probes.changed() => {
                            let probes = self.probes.borrow_and_update().clone();
                            return Some(told(&probes));
                        }
                    },
                    // The stream ends, and the reader comes again with the id that it has.
                    Err(problem) => {
                        tracing::warn!(?problem, "a stream of events ended");
                        return None;
                    }
                }
            }
        }
        .boxed()
    }
}

/// How probes do, as an event that is no entry of the journal.
fn told(probes: &[ProbeHealth]) -> String {
    frame::aside("probes", &json_escaped(serde_json::to_string(probes).unwrap_or_default()))
}
