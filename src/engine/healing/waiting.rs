//! What waits for people: news that they have not been told, and incidents that only they can go on with.

use super::ward::{Incident, Ward};
use crate::domain::{
    ids::IncidentId,
    time::{Millis, Timestamp},
};
use std::sync::Arc;

impl Ward {
    /// People are told everything that there is to tell of an incident.
    pub(super) fn told(&mut self, id: IncidentId, at: Timestamp) {
        if let Some(incident) = self.incidents.get_mut(&id).map(Arc::make_mut) {
            incident.told = Some(at);
            incident.news.clear();
        }
    }

    /// A person has decided what waited for one.
    pub(in crate::engine) fn decided(&mut self, id: IncidentId) {
        if let Some(incident) = self.incidents.get_mut(&id).map(Arc::make_mut) {
            incident.waits_since = None;
        }
    }
}

impl Incident {
    /// How long it had waited for a person when people were told last; nothing where it does not wait.
    #[must_use]
    pub fn waited(&self) -> Millis {
        let waited = self.told.zip(self.waits_since).map(|(told, since)| told.since(since));
        waited.unwrap_or_default()
    }
}
