//! What expressions ask, answered for one incident: what the engine knows of it, what the probes read last, and what the
//! monitor finds by looking now.

use super::{super::site::Site, ground::laid_down, witness::Witness};
use crate::{
    domain::{
        expr::{Call, Value},
        ids::IncidentId,
        service::Service,
        signal::{Signal, kind},
        time::Timestamp,
    },
    engine::{effect::Failure, healing::ward::Incident, state::State},
    monitor::looking::{self, Read, Sight},
    operations::runbooks::Looking,
    runtime::watching::Watch,
};
use futures::future::{BoxFuture, FutureExt as _};
use std::sync::Arc;
use tokio::sync::watch;

pub(super) struct Outlook {
    state: watch::Receiver<Arc<State>>,
    watch: Option<Arc<Watch>>,
    sight: Sight,
    incident: IncidentId,
    service: Service,
    /// Sightings before this are of the time before the remedy.
    since: Option<Timestamp>,
}

impl Outlook {
    pub(super) fn of(site: &Site, incident: &Incident, service: Service) -> Result<Self, Failure> {
        let restarts = incident.kind == kind::PROCESS_FLAPPING;
        let sight = Sight { eyes: laid_down(site)?.eyes.clone(), service: service.clone(), restarts };
        Ok(Self {
            state: site.lines.state.clone(),
            watch: site.watch().cloned(),
            sight,
            incident: incident.id,
            service,
            since: None,
        })
    }

    pub(super) fn since(self, began: Timestamp) -> Self {
        Self { since: Some(began), ..self }
    }

    fn cleared(&self) -> Option<bool> {
        let state = self.state.borrow();
        let incident = state.ward.incidents.get(&self.incident)?;
        let seen = &incident.sightings;
        if !kind::of_lines(&incident.kind) {
            return Some(!seen.firing);
        }
        let now = (self.sight.eyes.now)();
        let after = self.since.is_none_or(|since| seen.last <= since);
        let from = self.since.map_or(seen.last, |since| since.max(seen.last));
        let quiet = Signal::LINES_QUIET;
        Some(now.since(from) >= quiet && (after || now.since(seen.last) >= quiet))
    }

    fn firing(&self, kind: &str) -> bool {
        let state = self.state.borrow();
        let fires = |incident: &Arc<Incident>| {
            incident.service == self.service.name && incident.kind == kind && incident.sightings.firing
        };
        state.ward.live().any(fires)
    }

    async fn answer(&self, call: &Call) -> Option<Value> {
        let text = |at: usize| match call.args.get(at) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        match call.name.as_str() {
            "signal_cleared" => self.cleared().map(Value::Truth),
            "firing" => Some(Value::Truth(self.firing(text(0)?))),
            _ => {
                let newest = self.watch.as_ref().map(|watch| watch.newest()).unwrap_or_default();
                let health = self.watch.as_ref().map(|watch| watch.health()).unwrap_or_default();
                let past = self.watch.as_ref().map(|watch| watch.courses()).unwrap_or_default();
                let read = Read { newest: &newest, health: &health, past: &past };
                looking::look(call, &self.sight, read).await
            }
        }
    }
}

impl Looking for Outlook {
    fn look<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Option<Value>> {
        self.answer(call).boxed()
    }
}

impl Witness for Outlook {
    fn now(&self) -> Timestamp {
        (self.sight.eyes.now)()
    }

    fn points(&self, metric: &str, (from, to): (Timestamp, Timestamp)) -> Vec<(Timestamp, f64)> {
        let courses = self.watch.as_ref().map(|watch| watch.courses()).unwrap_or_default();
        let own =
            courses.iter().filter(|course| course.service == self.service.name && course.measures(metric));
        let all = own.flat_map(|course| &course.points).map(|(at, value)| (Timestamp(*at), *value));
        let mut points: Vec<_> =
            all.filter(|(at, value)| *at > from && *at <= to && value.is_finite()).collect();
        points.sort_by_key(|(at, _)| *at);
        points
    }

    fn healed(&self) -> Option<Arc<Incident>> {
        self.state.borrow().ward.incidents.get(&self.incident).cloned()
    }

    fn newcomers(&self, since: Timestamp) -> Vec<Arc<Incident>> {
        let state = self.state.borrow();
        let new = |incident: &&Arc<Incident>| {
            incident.id != self.incident
                && incident.service == self.service.name
                && incident.first_seen > since
        };
        state.ward.incidents.values().filter(new).cloned().collect()
    }
}
