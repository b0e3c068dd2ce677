//! What every page of the network face stands on.

use super::{
    door::answers::Answers,
    pages::{login::logins::Logins, previews::onlookers::Onlookers},
    ports::Ports,
    problem::{Problem, Sort},
    served::Served,
    tail::Tail,
};
use crate::{
    config::{environment::Environment, settings::Settings},
    domain::{brief::Brief, time::Timestamp},
    engine::state::State,
    runtime::{clock::Clock, handle::Handle},
};
use std::sync::{Arc, atomic::AtomicUsize};
use tokio::sync::watch;

/// See the module.
pub(super) struct Front {
    /// To the engine, in the daemon's own name: callers command in theirs.
    pub handle: Handle,
    /// As they were at the start; what rules is in the state.
    pub settings: Settings,
    /// The environment.
    pub environment: Environment,
    /// What is handed in.
    pub ports: Ports,
    /// Tells the time.
    pub clock: Clock,
    /// When it was opened.
    pub since: Timestamp,
    /// The journal's last entries, for all who read along.
    pub tail: Tail,
    /// Answers that may be asked for again.
    pub answers: Answers,
    /// Held while an entry is proven, for which all of the journal is read.
    pub proving: Arc<tokio::sync::Mutex<()>>,
    /// Held while a setting is changed.
    pub changing: tokio::sync::Mutex<()>,
    /// Logins that are under way.
    pub logins: Logins,
    /// Who looks at candidates that run.
    pub onlookers: Onlookers,
    /// Requests that were answered.
    pub served: Served,
    /// Streams that are open.
    pub streams: AtomicUsize,
    /// Turns true when it ends.
    pub closing: watch::Receiver<bool>,
}

impl Front {
    /// The state as of now.
    pub fn state(&self) -> Arc<State> {
        self.handle.snapshot()
    }

    /// Makes sure that a mission can start here, and land where its brief says: whoever is elsewhere cannot look, and one that
    /// cannot would only be a failure in the journal.
    pub async fn ready(&self, brief: &Brief) -> Result<(), Problem> {
        let hint = "put the repository in order; `chimera doctor` shows what is missing";
        (self.ports.ready)(brief.lands_on().map(str::to_owned))
            .await
            .map_err(|why| Problem::new(Sort::Unfit, why, hint))
    }

    /// Whether the engine takes orders and this face is not about to end.
    pub fn open(&self) -> bool {
        !*self.closing.borrow() && self.handle.subscribe().has_changed().is_ok()
    }
}
