//! Operations: who works on what, what it costs, and what is wrong. Everything that is shown is computed from the
//! state; what grows with the journal was added up before.

mod problems;

pub use problems::{Problem, Target, Wrong, problems, quiet};

use crate::engine::state::{Mission, State, Team};
use std::sync::Arc;

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// Every team of every mission that goes on.
    #[default]
    Agents,
    /// Steps of the missions that go on, over time.
    Timeline,
    /// Tokens, money and success.
    Spend,
    /// Models, checks, probes.
    Health,
    /// What stands still, waits or costs too much.
    Problems,
    /// The last day.
    Feed,
}

impl Section {
    /// All of them, in the order of the tab key.
    pub const ALL: [Self; 6] =
        [Self::Agents, Self::Timeline, Self::Spend, Self::Health, Self::Problems, Self::Feed];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Agents => "Agents",
            Self::Timeline => "Timeline",
            Self::Spend => "Spend",
            Self::Health => "Health",
            Self::Problems => "Problems",
            Self::Feed => "Feed",
        }
    }
}

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Operations {
    /// The section that has the keys.
    pub section: Section,
    /// Whether it has the whole screen.
    pub full: bool,
    /// The row, cell or first line of each section.
    at: [usize; Section::ALL.len()],
}

impl Operations {
    /// Where a section's cursor is; it may be beyond what there is by now.
    #[must_use]
    pub fn at(&self, section: Section) -> usize {
        self.at[section as usize]
    }

    /// The cursor of the section that has the keys.
    pub fn cursor(&mut self) -> &mut usize {
        &mut self.at[self.section as usize]
    }

    /// Goes to the section so many further.
    pub fn turn(&mut self, by: isize) {
        let count = Section::ALL.len();
        let next = (self.section as usize).saturating_add(count).saturating_add_signed(by) % count;
        self.section = Section::ALL[next];
    }
}

/// Missions that go on, the newest first.
pub fn live(state: &State) -> impl Iterator<Item = &Arc<Mission>> {
    state.missions.values().rev().filter(|mission| mission.result.ending.is_none())
}

/// Their teams, and where each is in its mission.
pub fn agents(state: &State) -> impl Iterator<Item = (&Mission, usize, &Team)> {
    live(state)
        .flat_map(|mission| mission.teams.iter().enumerate().map(move |(nth, team)| (&**mission, nth, team)))
}
