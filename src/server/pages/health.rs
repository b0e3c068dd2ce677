//! Whether it lives, whether it is ready, and how many missions there are.

use crate::{
    engine::state::{Control, State as EngineState},
    server::{
        api::{Api, Leaf},
        front::Front,
        paging::{Told, ok},
        problem::{Problem, Sort},
    },
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Missions as tasks, in numbers.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub(super) struct Health {
    /// `ok`, `paused` or `stopped`.
    status: &'static str,
    /// Seconds since the network face was opened.
    uptime: u64,
    /// Missions that wait for a place in the pool.
    tasks_queued: u64,
    /// Missions that have one, those that wait for a person included.
    tasks_running: u64,
    /// Missions that landed since the journal began.
    tasks_completed: u64,
    /// Missions that failed or ran out of budget since the journal began and were not tried again.
    tasks_failed: u64,
}

pub(super) fn routes(api: Api) -> Api {
    let health =
        Leaf::new("get_health", "health", "How many missions wait, run and ended").answers::<Health>(200);
    let live = Leaf::new("get_liveness", "health", "`ok` while the daemon answers").open();
    let ready = Leaf::new("get_readiness", "health", "`ok` while orders are taken; 503 otherwise").open();
    api.get("/health", health, get_health).get("/livez", live, livez).get("/readyz", ready, readyz)
}

/// Missions that wait for a place, and those that have one.
pub(super) fn at_work(state: &EngineState) -> (u64, u64) {
    let open = || state.missions.values().filter(|mission| mission.result.ending.is_none());
    let queued = open().filter(|mission| mission.step.is_none()).count() as u64;
    (queued, open().count() as u64 - queued)
}

/// The word for how the house stands.
pub(super) fn standing(state: &EngineState) -> &'static str {
    match state.control {
        Control::Running => "ok",
        Control::Paused(_) => "paused",
        Control::Stopped(_) => "stopped",
    }
}

async fn get_health(State(front): State<Arc<Front>>) -> Told<Health> {
    let state = front.state();
    let (tasks_queued, tasks_running) = at_work(&state);
    let total = state.records.total();
    ok(Health {
        status: standing(&state),
        uptime: front.clock.now().since(front.since).0 / 1_000,
        tasks_queued,
        tasks_running,
        tasks_completed: total.landed,
        tasks_failed: total.stand_failed(),
    })
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(front): State<Arc<Front>>) -> Result<&'static str, Problem> {
    if front.open() {
        return Ok("ok\n");
    }
    Err(Problem::new(Sort::Unavailable, "the engine takes no orders", "wait until the daemon runs again"))
}
