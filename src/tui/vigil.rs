//! What the panes remember of the monitor: how probes do, which incident's card is shown, how far it is scrolled. What
//! an incident is stands in the state; nothing here decides anything.

use crate::{
    domain::{ids::IncidentId, probe::ProbeHealth},
    engine::{healing::ward::Incident, state::State},
};
use std::sync::Arc;

/// The watch over services, as it is looked at.
#[derive(Debug, Default)]
pub struct Vigil {
    /// How probes do, as last heard.
    pub probes: Arc<Vec<ProbeHealth>>,
    /// The incident whose card stands in place of the channels.
    shown: Option<IncidentId>,
    /// Rows of the card that are scrolled away.
    pub scroll: usize,
}

impl Vigil {
    /// The incident on screen.
    #[must_use]
    pub fn shown(&self) -> Option<IncidentId> {
        self.shown
    }

    /// The same, as it stands.
    #[must_use]
    pub fn incident<'a>(&self, state: &'a State) -> Option<&'a Arc<Incident>> {
        state.ward.incidents.get(&self.shown?)
    }

    /// Puts an incident on screen, or none.
    pub fn show(&mut self, incident: Option<IncidentId>) {
        if self.shown != incident {
            (self.shown, self.scroll) = (incident, 0);
        }
    }

    /// Follows a newer state: what is not known any more is not shown.
    pub fn follow(&mut self, state: &State) {
        if self.incident(state).is_none() {
            self.show(None);
        }
    }
}
