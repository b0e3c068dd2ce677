//! Audit: what has been done. Finished missions, the journal and what was found in it, numbers; over them one entry,
//! one mission's chain of reasons, or a mission played once more.

mod case;
mod entry;
mod journal;
mod replay;

pub use case::{Behind, Case};
pub use entry::Detail;
pub use journal::{Finding, HITS_MOST, Journal};
pub use replay::Replay;

use crate::{
    domain::ids::MissionId,
    engine::state::{Mission, State},
    tui::past::PastTask,
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// What a mission's facts are gathered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Its chain of reasons.
    Case,
    /// To play it.
    Replay,
}

/// Missions that are over, the last one first.
#[must_use]
pub fn finished(state: &State) -> Vec<&Arc<Mission>> {
    let mut ended: Vec<_> =
        state.missions.values().filter(|mission| mission.result.ending.is_some()).collect();
    ended.sort_by_key(|mission| Reverse(mission.result.ending.as_ref().map(|(_, at)| (*at, mission.id))));
    ended
}

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// Finished missions.
    #[default]
    Missions,
    /// The journal.
    Journal,
    /// Incidents, those that go on and those that are over.
    Incidents,
    /// Success, cost, leaderboard.
    Numbers,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Missions, Self::Journal, Self::Incidents, Self::Numbers];
    /// Its heading.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missions => "finished missions",
            Self::Incidents => "incidents",
            Self::Journal => "journal",
            Self::Numbers => "numbers",
        }
    }
    /// The one beside it.
    #[must_use]
    pub fn beside(self, right: bool) -> Self {
        match (self, right) {
            (Self::Missions, true) | (Self::Incidents, false) => Self::Journal,
            (Self::Journal, true) | (Self::Numbers, false) => Self::Incidents,
            (Self::Incidents, true) | (Self::Missions, false) => Self::Numbers,
            (Self::Numbers, true) | (Self::Journal, false) => Self::Missions,
        }
    }
}

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Audit {
    /// The part that is shown.
    pub section: Section,
    /// The chosen one of the finished missions.
    pub missions: usize,
    /// The chosen one of the incidents.
    pub incidents: usize,
    /// Where the numbers are scrolled to.
    pub numbers: usize,
    /// The journal.
    pub journal: Journal,
    /// Who decided, as far as it was read.
    pub deciders: BTreeMap<MissionId, String>,
    /// Finished missions when that was asked for.
    asked: Option<usize>,
    /// One mission's chain, over the lists.
    pub case: Option<Box<Case>>,
    /// One entry, over that.
    pub detail: Option<Box<Detail>>,
    /// A mission that is played, over everything.
    pub replay: Option<Box<Replay>>,
    /// The mission whose facts were asked for.
    pub gathering: Option<(MissionId, Wish)>,
}

impl Audit {
    /// What is missing for what is shown; each is asked for once. `last` is the journal's end, `ended` the number of
    /// finished missions, `rows` what the screen can show.
    pub fn wants(&mut self, last: u64, ended: usize, rows: usize) -> Vec<PastTask> {
        let mut tasks = Vec::new();
        if self.asked != Some(ended) {
            self.asked = Some(ended);
            tasks.push(PastTask::Deciders);
        }
        if let Some(replay) = &mut self.replay {
            tasks.extend(replay.wants());
        } else if self.section == Section::Journal {
            tasks.extend(self.journal.wants(last, rows));
        }
        tasks
    }

    /// Closes what lies on top; `false`: nothing does.
    pub fn close(&mut self) -> bool {
        self.replay.take().is_some()
            || self.detail.take().is_some()
            || self.case.take().is_some()
            || self.gathering.take().is_some()
            || (self.section == Section::Journal && self.journal.finding.take().is_some())
    }
}
