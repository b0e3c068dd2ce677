//! How far a remedy reaches: what it acts on beside what is acted on already, of everything that is watched.

use super::{opening, ward::Incident};
use crate::{engine::state::State, policy::proposal::Breadth};
use std::collections::BTreeSet;

/// Services that would be acted on at once with this one, and all that are watched; `None` where nobody laid down any.
pub(super) fn breadth(state: &State, incident: &Incident) -> Option<Breadth> {
    let services = &state.policy.healing.services;
    let busy = state.ward.at_work().filter(|(other, _)| opening::restarts(other));
    let touched: BTreeSet<&str> =
        busy.map(|(other, _)| other.service.as_str()).chain([incident.service.as_str()]).collect();
    let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    (!services.is_empty()).then(|| Breadth { touched: many(touched.len()), of: many(services.len()) })
}
