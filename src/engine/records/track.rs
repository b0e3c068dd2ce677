//! When missions entered their steps: what a timeline is drawn from. For missions that were admitted; bounded in
//! missions and in steps of each.

use super::super::event::MissionEvent;
use crate::domain::{ids::MissionId, mission::Step, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Missions that are kept: ended ones go first, the longest ended before others.
const MISSIONS: usize = 128;
/// Steps of one that are kept: the oldest go.
const STEPS: usize = 24;

/// One mission's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// When it got its place in the pool.
    pub admitted: Timestamp,
    /// Steps in the order entered, with when; a step that was gone back to is there again.
    pub steps: Vec<(Step, Timestamp)>,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Timestamp>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracks {
    missions: Arc<BTreeMap<MissionId, Arc<Track>>>,
}

impl Tracks {
    /// One mission's way; `None`: it was not admitted yet, or long ago.
    #[must_use]
    pub fn get(&self, mission: MissionId) -> Option<&Track> {
        self.missions.get(&mission).map(|track| &**track)
    }

    /// Whether both are one and the same in memory.
    #[cfg(test)]
    pub(super) fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.missions, &other.missions)
    }

    pub(super) fn note(&mut self, id: MissionId, event: &MissionEvent, at: Timestamp) {
        match event {
            MissionEvent::Admitted => self.admit(id, at),
            MissionEvent::StepEntered(step, _) => self.change(id, |track| {
                track.steps.push((*step, at));
                let surplus = track.steps.len().saturating_sub(STEPS);
                track.steps.drain(..surplus);
            }),
            MissionEvent::Ended(_) => self.change(id, |track| track.ended = Some(at)),
            _ => {}
        }
    }

    fn admit(&mut self, id: MissionId, at: Timestamp) {
        let missions = Arc::make_mut(&mut self.missions);
        let begin = Track { admitted: at, steps: vec![(Step::Clarify, at)], ended: None };
        missions.insert(id, Arc::new(begin));
        if missions.len() > MISSIONS {
            // `None` is less than any time: turned around, those that go on come last.
            let last = missions.iter().min_by_key(|(id, track)| (track.ended.is_none(), track.ended, **id));
            if let Some(gone) = last.map(|(id, _)| *id) {
                missions.remove(&gone);
            }
        }
    }

    fn change(&mut self, id: MissionId, change: impl FnOnce(&mut Track)) {
        if !self.missions.contains_key(&id) {
            return;
        }
        if let Some(track) = Arc::make_mut(&mut self.missions).get_mut(&id) {
            change(Arc::make_mut(track));
        }
    }
}
