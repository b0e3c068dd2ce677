//! One mission's chain of reasons: every fact from the brief to the commit, without the works below unless they are
//! asked for.

use crate::{
    domain::{digest::Digest, ids::MissionId},
    engine::{
        event::{Event, TeamEvent},
        state::{Mission, State},
    },
    runtime::past::dossier::{Dossier, Paper},
};
use std::sync::Arc;

/// The chain.
#[derive(Debug)]
pub struct Case {
    /// Everything there is.
    pub dossier: Arc<Dossier>,
    end: State,
    rows: Vec<usize>,
    /// Whether effects and money are shown too.
    pub works: bool,
    /// The chosen row.
    pub at: usize,
}

/// What can be opened behind a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// What was said up to this turn: heading, content, turn.
    Talk(String, Digest, u32),
    /// A patch.
    Patch(String, Digest),
    /// The entry itself.
    Entry,
}

impl Case {
    /// Of a dossier.
    #[must_use]
    pub fn new(dossier: Arc<Dossier>) -> Self {
        let end = dossier.fold(dossier.papers.len());
        let mut case = Self { dossier, end, rows: Vec::new(), works: false, at: 0 };
        case.list();
        case
    }

    fn list(&mut self) {
        let works = |paper: &Paper| matches!(paper.fact.event, Event::Effect(_) | Event::Money(_));
        let all = self.dossier.papers.iter().enumerate();
        self.rows = all.filter(|(_, paper)| self.works || !works(paper)).map(|(at, _)| at).collect();
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }

    /// Shows effects and money too, or hides them.
    pub fn turn(&mut self) {
        self.works = !self.works;
        self.list();
    }

    /// Which mission.
    #[must_use]
    pub fn id(&self) -> MissionId {
        self.dossier.mission
    }

    /// The mission as it ended up.
    #[must_use]
    pub fn mission(&self) -> Option<&Mission> {
        self.end.missions.get(&self.dossier.mission).map(AsRef::as_ref)
    }

    /// Facts that are shown.
    pub fn papers(&self) -> impl ExactSizeIterator<Item = Option<&Paper>> {
        self.rows.iter().map(|at| self.dossier.papers.get(*at))
    }

    /// The chosen fact.
    #[must_use]
    pub fn chosen(&self) -> Option<&Paper> {
        self.dossier.papers.get(*self.rows.get(self.at)?)
    }

    /// What can be opened behind it.
    #[must_use]
    pub fn behind(&self) -> Option<Behind> {
        let Event::Team(id, team, event) = &self.chosen()?.fact.event else { return Some(Behind::Entry) };
        let name = self.mission().map_or_else(|| team.to_string(), |mission| mission.team_name(*team));
        Some(match event {
            TeamEvent::TurnFinished { turn, transcript, .. } => {
                Behind::Talk(format!("{id} {name}, up to turn {turn}"), *transcript, *turn)
            }
            TeamEvent::CandidateProposed(candidate) => {
                Behind::Patch(format!("{id} {name} #{}", candidate.attempt), candidate.patch)
            }
            _ => Behind::Entry,
        })
    }
}
