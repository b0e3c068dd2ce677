//! A mission's past, played: facts folded one after the other by the clock they happened by. Pure: time passes only
//! where somebody says so. Nothing it holds can reach the engine.

use super::dossier::{Dossier, Paper};
use crate::{
    domain::{
        ids::MissionId,
        time::{Millis, Timestamp},
    },
    engine::{
        event::{Event, MissionEvent},
        state::State,
    },
};
use std::sync::Arc;

/// The longest wait for the next fact, as it is watched: what took longer is cut to this.
pub const WAIT_MOST: Millis = Millis::secs(2);
/// At full speed: between two facts.
const FRAME: Millis = Millis(33);

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speed {
    /// As it happened.
    #[default]
    One,
    /// Four times.
    Four,
    /// Sixteen times.
    Sixteen,
    /// A fact a frame.
    Most,
}

impl Speed {
    /// From slow to fast.
    pub const ALL: [Self; 4] = [Self::One, Self::Four, Self::Sixteen, Self::Most];
    /// As it is shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::One => "×1",
            Self::Four => "×4",
            Self::Sixteen => "×16",
            Self::Most => "max",
        }
    }
    /// Times as fast as it happened; `None`: without looking at the clock.
    #[must_use]
    pub fn times(self) -> Option<u64> {
        match self {
            Self::One => Some(1),
            Self::Four => Some(4),
            Self::Sixteen => Some(16),
            Self::Most => None,
        }
    }
    /// The next one; the ends stay.
    #[must_use]
    pub fn next(self, faster: bool) -> Self {
        match (self, faster) {
            (Self::One, true) | (Self::Sixteen, false) => Self::Four,
            (Self::Four, true) | (Self::Most, false) => Self::Sixteen,
            (_, true) => Self::Most,
            (_, false) => Self::One,
        }
    }
}

/// A mission's past and where in it one is.
#[derive(Debug, Clone)]
pub struct Reel {
    dossier: Arc<Dossier>,
    /// Facts before the mission is there.
    first: usize,
    shown: usize,
    state: Arc<State>,
    /// What the clock said there, where one is.
    clock: Timestamp,
    /// How fast it goes.
    pub speed: Speed,
    /// Whether it goes on by itself.
    pub plays: bool,
}

impl Reel {
    /// At the moment the mission was opened.
    #[must_use]
    pub fn new(dossier: Arc<Dossier>) -> Self {
        let opens = |paper: &Paper| matches!(paper.fact.event, Event::Mission(_, MissionEvent::Opened(_)));
        let first = dossier.papers.iter().position(opens).map_or(0, |at| at + 1);
        let mut reel = Self {
            dossier,
            first,
            shown: 0,
            state: Arc::default(),
            clock: Timestamp(0),
            speed: Speed::default(),
            plays: false,
        };
        reel.go_to(first);
        reel
    }

    /// Which mission.
    #[must_use]
    pub fn mission(&self) -> MissionId {
        self.dossier.mission
    }
    /// All there is of it.
    #[must_use]
    pub fn dossier(&self) -> &Arc<Dossier> {
        &self.dossier
    }
    /// The state as it was then, of this mission alone.
    #[must_use]
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }
    /// What the clock said.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }
    /// Facts shown, and how many there are.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        (self.shown, self.dossier.papers.len())
    }
    /// The fact that was folded last.
    #[must_use]
    pub fn last(&self) -> Option<&Paper> {
        self.dossier.papers.get(self.shown.checked_sub(1)?)
    }
    /// Whether there is nothing left to play.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shown >= self.dossier.papers.len()
    }

    /// Goes to after so many facts.
    pub fn go_to(&mut self, facts: usize) {
        let facts = facts.clamp(self.first.min(self.dossier.papers.len()), self.dossier.papers.len());
        if facts < self.shown {
            self.state = Arc::default();
            self.shown = 0;
        }
        let state = Arc::make_mut(&mut self.state);
        for paper in self.dossier.papers.iter().skip(self.shown).take(facts - self.shown) {
            state.apply(paper.seq, &paper.fact);
        }
        self.shown = facts;
        self.clock = self.last().map_or(self.clock, |paper| paper.fact.at);
        self.plays = self.plays && !self.is_over();
    }

    /// Some facts on or back.
    pub fn step(&mut self, by: isize) {
        self.go_to(self.shown.saturating_add_signed(by));
    }

    /// Goes on by itself, or stands still; from the end it begins anew.
    pub fn turn(&mut self) {
        if self.is_over() && !self.plays {
            self.go_to(0);
        }
        self.plays = !self.plays;
    }

    /// How long until the next fact, as it is watched; `None`: it stands still.
    #[must_use]
    pub fn due(&self) -> Option<Millis> {
        let next = self.dossier.papers.get(self.shown).filter(|_| self.plays)?;
        Some(match self.speed.times() {
            None => FRAME,
            Some(times) => Millis((next.fact.at.since(self.clock).0 / times).min(WAIT_MOST.0)),
        })
    }

    /// So much time has passed for whoever watches; answers whether anything changed.
    pub fn pass(&mut self, watched: Millis) -> bool {
        let before = self.shown;
        let Some(times) = self.speed.times() else {
            if self.due().is_some() && watched >= FRAME {
                self.step(1);
            }
            return self.shown != before;
        };
        let mut left = watched.0;
        while let Some(wait) = self.due() {
            if wait.0 > left {
                self.clock = self.clock + Millis(left.saturating_mul(times));
                break;
            }
            left -= wait.0;
            self.step(1);
        }
        self.shown != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{digest::Digest, ids::Seq, request::Actor},
        engine::event::{ControlEvent, Fact},
    };

    fn reel(times: &[i64]) -> Reel {
        let papers = times.iter().zip(1..).map(|(at, seq)| Paper {
            seq: Seq(seq),
            hash: Digest::default(),
            kind: "control.resumed".into(),
            record: String::new(),
            fact: Fact {
                actor: Actor::Engine,
                at: Timestamp(*at),
                event: Event::Control(ControlEvent::Resumed),
            },
        });
        let papers = papers.collect();
        Reel::new(Arc::new(Dossier { mission: MissionId(1), papers, cut: false }))
    }

    #[test]
    fn it_goes_as_fast_as_it_is_told_and_long_waits_are_cut() {
        let mut reel = reel(&[0, 1_000, 1_400, 9_000_000]);
        reel.go_to(1);
        assert_eq!(reel.due(), None, "it stands still until it is told to go on");
        reel.turn();
        assert_eq!(reel.due(), Some(Millis(1_000)));
        assert!(!reel.pass(Millis(999)) && reel.clock() == Timestamp(999));
        assert!(reel.pass(Millis(1)) && reel.place() == (2, 4));
        reel.speed = Speed::Four;
        assert_eq!(reel.due(), Some(Millis(100)));
        assert!(reel.pass(Millis(100)));
        assert_eq!(reel.due(), Some(WAIT_MOST), "hours are not waited for");
        assert!(reel.pass(WAIT_MOST) && reel.is_over() && !reel.plays);
        assert_eq!(reel.clock(), Timestamp(9_000_000));
        reel.turn();
        assert!(reel.plays && reel.place() == (0, 4), "from the end it begins anew");
        reel.speed = Speed::Most;
        assert!(reel.pass(Millis(40)) && reel.place() == (1, 4), "a fact a frame");
    }

    #[test]
    fn steps_go_both_ways_and_stay_within() {
        let mut reel = reel(&[0, 10, 20]);
        reel.step(isize::MAX);
        assert_eq!(reel.state().seq, Seq(3));
        reel.step(-1);
        assert_eq!((reel.state().seq, reel.clock()), (Seq(2), Timestamp(10)));
        reel.step(isize::MIN);
        assert_eq!(reel.place(), (0, 3));
        let speeds: Vec<_> = Speed::ALL.iter().map(|speed| speed.next(true).word()).collect();
        assert_eq!(speeds, ["×4", "×16", "max", "max"]);
    }
}
