//! The second act: the shop is broken for real, three times, and each time it is well again before the next.

use super::{
    Complaint,
    live::{self, Live},
    service::{Service, failed},
};
use crate::{
    domain::{
        incident::{Matcher, Phase, Silence},
        request::{Decision, Request, Subject},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, DeskCommand, HealCommand},
        healing::ward::Incident,
        state::State,
    },
    runtime::{clock::Clock, handle::Handle},
};
use std::sync::Arc;
use tokio::time;

/// How long each may take: a person may have to say yes, and a change is built and tried.
const PATIENCE: Millis = Millis::mins(10);

/// Within this all signs of a trouble are seen.
const SIGNS: Millis = Millis::secs(15);
/// How often it is looked whether nothing goes on any more.
const LOOK: Millis = Millis::secs(1);
/// After a release every probe has looked again.
const SETTLED: Millis = Millis::secs(3);

/// Why nobody is woken while a release starts.
const RELEASE: &str = "the demo releases the shop";

/// A way in which it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Its process is killed.
    Killed,
    /// Its cache outgrows its bound.
    Filled,
    /// What goes out with the fix of the first act fails for some customers.
    Changed,
}

impl Trouble {
    /// In order.
    pub const ALL: [Self; 3] = [Self::Killed, Self::Filled, Self::Changed];

    /// What is done to the shop.
    pub fn words(self) -> &'static str {
        match self {
            Self::Killed => "its process is killed",
            Self::Filled => "its cache is filled over its bound",
            Self::Changed => "the fix goes out with a change that fails for carts of three pieces",
        }
    }

    /// Breaks it.
    pub async fn make(self, handle: &Handle, (service, live): (&Service, &Live)) -> Result<(), Complaint> {
        match self {
            Self::Killed => live.kill(),
            Self::Filled => live.fill(),
            Self::Changed => {
                service.commit_bad_change().await?;
                release(handle, (service, live)).await
            }
        }
    }
}

/// Brings what is committed to production, announced as maintenance: a shop that starts anew is no incident.
pub(super) async fn release(handle: &Handle, (service, live): (&Service, &Live)) -> Result<(), Complaint> {
    let from = Clock::Wall.now();
    let silence = Silence {
        matches: Matcher { service: Some(live::NAME.into()), ..Matcher::default() },
        from,
        until: from + PATIENCE,
        why: RELEASE.into(),
        maintenance: true,
    };
    handle.send(Command::Heal(HealCommand::Silence(silence))).await?;
    let deployed = live.deploy(service).await;
    time::sleep(SETTLED.to_std()).await;
    let state = handle.snapshot();
    let ours = state.ward.silences.iter().filter(|(_, silence)| silence.why == RELEASE);
    for id in ours.map(|(id, _)| *id) {
        handle.send(Command::Heal(HealCommand::Unsilence(id))).await?;
    }
    deployed
}

/// Who says yes where the gate asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yes {
    /// Whoever sits in front of the screen.
    Person,
    /// The demo.
    Demo,
}

/// Waits until something was healed since then, and nothing is wrong any more.
pub(super) async fn healed(handle: &Handle, (since, yes): (Timestamp, Yes)) -> Result<(), Complaint> {
    let waiting = async {
        let mut states = handle.subscribe();
        loop {
            let state = states.borrow_and_update().clone();
            let now = Clock::Wall.now();
            if let Some(why) = given_up(&state, now).filter(|_| yes == Yes::Demo) {
                return Err(failed("heal its service", why));
            }
            if is_over(&state, since) {
                return Ok(());
            }
            if yes == Yes::Demo {
                approve(handle, &state).await;
            }
            let changed = time::timeout(LOOK.to_std(), states.changed()).await;
            changed.unwrap_or(Ok(())).map_err(|_| failed("go on", "the engine has ended"))?;
        }
    };
    let late = |_| failed("wait longer", format!("it was not healed within {PATIENCE}"));
    time::timeout(PATIENCE.to_std(), waiting).await.map_err(late)?
}

fn is_over(state: &State, since: Timestamp) -> bool {
    let healed = |incident: &Incident| {
        incident.phase == Phase::Resolved
            && incident.attempts.last().is_some_and(|attempt| attempt.began >= since)
    };
    let confirmed = |incident: &Arc<Incident>| incident.phase != Phase::Suspected;
    !state.ward.live().any(confirmed) && state.ward.incidents.values().any(|incident| healed(incident))
}

/// What a person is needed for. One sign of the trouble may be without a cure until another one is seen.
fn given_up(state: &State, now: Timestamp) -> Option<String> {
    state.ward.live().find_map(|incident| match &incident.phase {
        Phase::NeedsHuman(why) if now.since(incident.entered) > SIGNS => {
            Some(format!("{} needs a person: {why}", incident.id))
        }
        _ => None,
    })
}

/// Says yes to whatever waits. A request that changed meanwhile is answered when its next state comes.
async fn approve(handle: &Handle, state: &Arc<State>) {
    for request in state.desk.values() {
        if let Some(decision) = yes_to(request) {
            let order = DeskCommand::Decide(request.id, request.revision, Box::new(decision));
            if let Err(error) = handle.send(Command::Desk(order)).await {
                tracing::debug!(%error, request = %request.id, "the demo's yes");
            }
        }
    }
}

fn yes_to(request: &Request) -> Option<Decision> {
    match &request.subject {
        // What nobody but the demo asks for anything says nothing about its release: the demo keeps it.
        Subject::Remedy { .. } | Subject::Release { .. } => Some(Decision::Approve { team: None }),
        Subject::Choose { teams } => Some(Decision::Approve { team: Some(*teams.first()?) }),
        _ => None,
    }
}
