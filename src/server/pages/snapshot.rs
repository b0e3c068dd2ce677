//! `/api/snapshot`: the state at one entry of the journal, for whoever folds what follows with the same engine.

use crate::{
    domain::{digest::Digest, ids::Seq, probe::ProbeHealth, team::TeamSpec},
    engine::state::State as EngineState,
    server::{
        api::{Api, Leaf},
        front::Front,
        problem::{Problem, Sort},
        tail::VERSION,
    },
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Response, header},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The state, and what is not in it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Snapshot")]
pub(super) struct Snapshot {
    /// Of this form and of that of `/api/events`.
    version: u32,
    /// The program that made it.
    program: &'static str,
    /// The last entry that is in it: `/api/events?after=` this goes on.
    #[schemars(with = "u64")]
    seq: Seq,
    /// SHA-256 of the journal's first record: which journal this is.
    #[schemars(with = "Option<String>")]
    journal: Option<Digest>,
    /// The repository that it works in.
    repo: Option<String>,
    /// Teams that can race here, in the engine's own form.
    #[schemars(with = "serde_json::Value")]
    teams: Vec<TeamSpec>,
    /// How probes do, in the engine's own form.
    #[schemars(with = "serde_json::Value")]
    probes: Arc<Vec<ProbeHealth>>,
    /// In the engine's own form.
    #[schemars(with = "serde_json::Value")]
    state: Arc<EngineState>,
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = Leaf::new(
        "get_snapshot",
        "events",
        "The state at one journal entry, in the engine's own form, to be folded on with /api/events",
    )
    .answers::<Snapshot>(200);
    api.get("/api/snapshot", leaf, snapshot)
}

async fn snapshot(State(front): State<Arc<Front>>) -> Result<Response<Body>, Problem> {
    let state = front.state();
    let first = front.handle.follow(Seq(0), 1).await?;
    let snapshot = Snapshot {
        version: VERSION,
        program: concat!("chimera ", env!("CARGO_PKG_VERSION")),
        seq: state.seq,
        journal: first.first().map(|entry| entry.hash),
        repo: front.settings.places.repo.as_ref().map(|repo| repo.display().to_string()),
        teams: front.settings.on_air(&front.environment).teams,
        probes: front.handle.probes(),
        state,
    };
    // It can be megabytes: not on a thread that others wait for.
    let written = tokio::task::spawn_blocking(move || serde_json::to_vec(&snapshot)).await;
    let Ok(Ok(bytes)) = written else {
        return Err(Problem::new(
            Sort::Internal,
            "the state could not be written",
            "try again; the log says more",
        ));
    };
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
