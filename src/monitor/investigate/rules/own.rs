//! Runbooks that the director wrote under ids of their own: no rule names them, so what they are meant for offers them.

use crate::{
    domain::{incident::star, runbook::Runbook},
    monitor::investigate::scene::Scene,
};
use std::cmp::Reverse;

/// One that is meant for what opened an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own<'a> {
    /// Which.
    pub id: &'a str,
    /// Whether it names the service, rather than a pattern that the service fits.
    pub named: bool,
}

/// Those that are meant for the kind that opened the incident and for its service: the nearest to the service first, then by
/// id. Whether one can be carried out is another question.
#[must_use]
pub fn meant_for<'a>(scene: &Scene, runbooks: &'a [Runbook]) -> Vec<Own<'a>> {
    let of_kind =
        |runbook: &&Runbook| runbook.matches.kinds.iter().any(|pattern| star(pattern, scene.kind()));
    let own = runbooks.iter().filter(|runbook| runbook.own).filter(of_kind);
    let mut found: Vec<(usize, &str)> = own
        .filter_map(|runbook| Some((nearness(runbook, &scene.service.name)?, runbook.id.as_str())))
        .collect();
    found.sort_by_key(|(nearness, id)| (Reverse(*nearness), *id));
    found.into_iter().map(|(nearness, id)| Own { id, named: nearness == usize::MAX }).collect()
}

/// How much of the service's name a runbook names; `None`: it is not meant for it.
fn nearness(runbook: &Runbook, service: &str) -> Option<usize> {
    let fits = runbook.matches.services.iter().filter(|pattern| star(pattern, service));
    fits.map(|pattern| pattern.strip_suffix('*').map_or(usize::MAX, str::len)).max()
}
