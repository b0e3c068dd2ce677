//! A mission that is played once more: where it is, and what its channels show of kept conversations and patches.
//! It holds nothing that could reach the engine.

use crate::{
    domain::{
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::TeamId,
        time::Millis,
    },
    engine::state::{Mission, Team},
    runtime::past::{dossier::Dossier, reel::Reel},
    tui::past::PastTask,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Conversations and patches in memory, each.
const KEPT_MOST: usize = 24;

/// What a channel shows: the conversation and the patch.
type Face = (Option<Digest>, Option<Digest>);

/// The replay.
#[derive(Debug)]
pub struct Replay {
    /// The facts and where among them it is.
    pub reel: Reel,
    /// When time last passed for it.
    pub watched: Millis,
    talks: BTreeMap<Digest, Arc<Vec<FeedItem>>>,
    patches: BTreeMap<Digest, Arc<Shot>>,
    asked: BTreeSet<Digest>,
    shown: BTreeMap<TeamId, (Face, Face)>,
}

impl Replay {
    /// Standing still at the beginning.
    #[must_use]
    pub fn new(dossier: Arc<Dossier>, now: Millis) -> Self {
        Self {
            reel: Reel::new(dossier),
            watched: now,
            talks: BTreeMap::new(),
            patches: BTreeMap::new(),
            asked: BTreeSet::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, now: Millis) {
        let watched = Millis(now.0.saturating_sub(self.watched.0));
        self.watched = now;
        self.reel.pass(watched);
    }

    /// The mission as it was then.
    #[must_use]
    pub fn mission(&self) -> Option<&Arc<Mission>> {
        self.reel.state().missions.get(&self.reel.mission())
    }

    /// What each team's channel should show now.
    fn faces(&self) -> Vec<(TeamId, Face)> {
        let Some(mission) = self.mission() else { return Vec::new() };
        let face = |team: &Team| {
            let talk = team.checkpoint.as_ref().map(|(talk, _)| *talk);
            (team.id, (talk, team.candidates.last().map(|(candidate, _)| candidate.patch)))
        };
        mission.teams.iter().map(face).collect()
    }

    /// What is missing for that; each is asked for once.
    pub(super) fn wants(&mut self) -> Vec<PastTask> {
        let mut tasks = Vec::new();
        for (_, (talk, patch)) in self.faces() {
            if let Some(talk) = talk.filter(|talk| !self.talks.contains_key(talk) && self.asked.insert(*talk))
            {
                tasks.push(PastTask::Talk(talk));
            }
            if let Some(patch) = patch.filter(|it| !self.patches.contains_key(it) && self.asked.insert(*it)) {
                tasks.push(PastTask::Patch(patch));
            }
        }
        tasks
    }

    /// A conversation came.
    pub fn talk(&mut self, content: Digest, items: Arc<Vec<FeedItem>>) {
        self.asked.remove(&content);
        make_room(&mut self.talks);
        self.talks.insert(content, items);
    }

    /// A patch came.
    pub fn patch(&mut self, content: Digest, shot: Arc<Shot>) {
        self.asked.remove(&content);
        make_room(&mut self.patches);
        self.patches.insert(content, shot);
    }

    /// Channels that must show something else than they do, with all of it.
    pub fn news(&mut self) -> Vec<(Channel, Vec<FeedItem>)> {
        let mut news = Vec::new();
        for (team, face) in self.faces() {
            let has = (
                face.0.filter(|talk| self.talks.contains_key(talk)),
                face.1.filter(|patch| self.patches.contains_key(patch)),
            );
            if self.shown.get(&team).is_some_and(|(old, had)| *old == face && *had == has) {
                continue;
            }
            // While the next conversation is read the one before stays.
            let waits = face.0.is_some() && has.0.is_none() && self.shown.contains_key(&team);
            if waits {
                continue;
            }
            self.shown.insert(team, (face, has));
            let talk = has.0.and_then(|talk| self.talks.get(&talk)).map(|items| items.to_vec());
            let shot = has.1.and_then(|patch| self.patches.get(&patch)).cloned();
            let items = talk.unwrap_or_default().into_iter().chain(shot.map(FeedItem::Shot)).collect();
            news.push((Channel { mission: self.reel.mission(), team: Some(team) }, items));
        }
        news
    }
}

/// Makes room for one more. Which one goes is no matter: it is read again where it is needed.
fn make_room<T>(kept: &mut BTreeMap<Digest, T>) {
    while kept.len() >= KEPT_MOST {
        kept.pop_first();
    }
}
