//! What the effects of incidents stand on: the director's rules, the incident and its service as they are now, and the lines
//! that go to the engine meanwhile.

use super::{
    super::site::{Site, permanent},
    rules::HealRules,
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Attempt, Mark},
        request::Actor,
        service::Service,
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::{Command, Outcome, Report},
        effect::{Effect, Failure, FailureKind},
        healing::ward::Incident,
    },
    monitor::redact::redact,
    runtime::handle::SendError,
};
use std::{
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Lines reported at once, and how long they gather.
const LINES_MOST: usize = 32;
const GATHER: Duration = Duration::from_millis(300);
/// Characters of a line.
const LINE_MOST: usize = 300;

pub(super) fn laid_down(site: &Site) -> Result<&HealRules, Failure> {
    site.rules.healing.as_deref().ok_or_else(|| permanent("nothing is watched by this process"))
}

/// The incident as it stands now.
pub(super) fn incident_of(site: &Site, id: IncidentId) -> Result<Arc<Incident>, Failure> {
    let state = site.lines.state.borrow();
    state.ward.incidents.get(&id).cloned().ok_or_else(|| permanent(format!("{id} is not known any more")))
}

pub(super) fn attempt_of(incident: &Incident, number: u32) -> Result<&Attempt, Failure> {
    let found = incident.attempts.iter().find(|attempt| attempt.number == number);
    found.ok_or_else(|| permanent(format!("{} has no attempt {number}", incident.id)))
}

/// The service of an incident; one that nobody wrote down is known by its name alone.
pub(super) fn service_of(site: &Site, incident: &Incident) -> Service {
    let state = site.lines.state.borrow();
    let known = state.policy.healing.services.iter().find(|service| service.name == incident.service);
    known.cloned().unwrap_or_else(|| Service {
        name: incident.service.clone(),
        env: incident.env.clone(),
        approvers: 1,
        tier_floor: 1,
        ..Service::default()
    })
}

/// Where commands for a service run.
pub(super) fn dir_of(site: &Site, service: &Service) -> PathBuf {
    let own = service.repo.as_ref().map(PathBuf::from).filter(|repo| repo.is_dir());
    own.unwrap_or_else(|| site.data().to_path_buf())
}

pub(super) fn stopped() -> Failure {
    Failure { kind: FailureKind::Cancelled, reason: "stopped".into() }
}

/// Lines and marks on their way to the engine.
#[derive(Default)]
pub(super) struct Lines {
    said: Mutex<Vec<String>>,
    marks: Mutex<Vec<Mark>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines {
    pub(super) fn hear(&self, line: &str) {
        let mut lines = lock(&self.said);
        if lines.len() < LINES_MOST {
            lines.push(clean_line(&redact(line), LINE_MOST).into());
        }
    }

    /// A mark that nothing waits for.
    pub(super) fn mark(&self, mark: Mark) {
        lock(&self.marks).push(mark);
    }

    fn take(&self) -> impl Iterator<Item = Outcome> + use<> {
        let said = std::mem::take(&mut *lock(&self.said));
        let marks = std::mem::take(&mut *lock(&self.marks));
        let said = (!said.is_empty()).then_some(Outcome::Logged(said));
        said.into_iter().chain(marks.into_iter().map(Outcome::Marked))
    }
}

/// Writes down what must be known after a crash; durable when it returns well, and nothing else may be done before.
pub(super) async fn mark((site, effect): (&Site, &Effect), mark: Mark) -> Result<(), Failure> {
    tell((site, effect), Outcome::Marked(mark)).await.map_err(permanent)
}

async fn tell((site, effect): (&Site, &Effect), outcome: Outcome) -> Result<(), SendError> {
    let report = Report { effect: effect.id.clone(), outcome };
    site.lines.orders.give(Actor::Engine, Command::Report(report)).await.map(drop)
}

/// Does something and tells the engine meanwhile what it says.
pub(super) async fn telling<T>(
    (site, effect): (&Site, &Effect),
    lines: &Lines,
    work: impl Future<Output = T> + Send,
) -> T {
    tokio::pin!(work);
    loop {
        let done = tokio::select! {
            done = &mut work => Some(done),
            () = tokio::time::sleep(GATHER) => None,
        };
        for outcome in lines.take() {
            if let Err(error) = tell((site, effect), outcome).await {
                tracing::debug!(%error, effect = %effect.id, "lines were not taken");
            }
        }
        if let Some(done) = done {
            return done;
        }
    }
}

/// How long a proof may take that no runbook lays down.
pub(super) const PROOF_WINDOW: Millis = Millis::mins(5);
