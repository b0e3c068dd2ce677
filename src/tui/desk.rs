//! The Decision Desk: which request is chosen, and whether a key may decide it. A decision names the revision that
//! was on screen; a key that comes too soon after what is shown has changed is refused and says so.

use super::{compare::Board, pressed::GUARD, sheets::Clarify};
use crate::{
    domain::{
        candidate::Candidate,
        digest::Digest,
        ids::{MissionId, RequestId, Revision, TeamId},
        request::Request,
        time::{Millis, Timestamp},
    },
    engine::{snapshot, state::State},
};
use std::{collections::BTreeMap, sync::Arc};

/// A patch as a person wrote it; kept until the candidate it was made from is another one, so that it is not written
/// twice when it does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Whose candidate.
    pub team: (MissionId, TeamId),
    /// The candidate's number and patch.
    pub from: (u32, Digest),
    /// What was written.
    pub text: String,
    /// Whether it was said that it was not used.
    pub told: bool,
}

impl Written {
    /// Whether it was made from this candidate's patch.
    #[must_use]
    pub fn is_for(&self, mission: MissionId, candidate: &Candidate) -> bool {
        self.team == (mission, candidate.team) && self.from.1 == candidate.patch
    }
}

/// The strip.
#[derive(Debug, Default)]
pub struct Desk {
    /// What is on screen, and its revision.
    shown: Option<(RequestId, Revision)>,
    /// When the answer that is held for it was given: the same key means something else then.
    held: Option<Timestamp>,
    /// Since when.
    since: Millis,
    /// Whether the person went there.
    went: bool,
    /// The request that was chosen before, and went without an answer from here; until a person knows.
    gone: Option<RequestId>,
    /// The request that was answered from here last.
    pub answered: Option<RequestId>,
    /// Questions that were put aside, as they were left.
    pub aside: BTreeMap<MissionId, Clarify>,
    /// The mission whose questions were looked at last.
    pub asked: Option<MissionId>,
    /// The comparison that was left last with something taken by hand.
    pub compared: Option<Box<Board>>,
    /// The patch that a person wrote last.
    pub written: Option<Written>,
}

impl Desk {
    /// Follows a newer state: the chosen request stays the chosen one as long as it is there, whatever comes and wherever
    /// it stands in the list then. After it comes what is on the screen, then what is most urgent; where nobody answered
    /// the one that went, the next key that decides is refused and says so.
    pub fn follow(&mut self, state: &State, faced: impl Fn(&Request) -> bool, now: Millis) {
        let kept = self.shown.and_then(|(id, _)| state.desk.get(&id)).map(AsRef::as_ref);
        let answered = |id: &RequestId| self.held.is_some() || self.answered == Some(*id);
        let went = self.shown.map(|(id, _)| id).filter(|id| kept.is_none() && !answered(id));
        let kept = kept.or_else(|| snapshot::waiting(state).into_iter().find(|request| faced(request)));
        let kept = kept.or_else(|| snapshot::waiting(state).into_iter().next());
        let kept = kept.or_else(|| snapshot::at_the_desk(state).into_iter().next());
        let next = kept.map(|request| (request.id, request.revision));
        self.gone = went.or(self.gone).filter(|_| next.is_some());
        let held = next.and_then(|(id, _)| state.clockwork.held.get(&id)).map(|hold| hold.given);
        if (next, held) != (self.shown, self.held) {
            (self.shown, self.held) = (next, held);
            (self.since, self.went) = (now, false);
        }
    }

    /// The chosen request.
    #[must_use]
    pub fn request<'a>(&self, state: &'a State) -> Option<&'a Arc<Request>> {
        state.desk.get(&self.shown?.0)
    }

    /// Chooses a request.
    pub fn choose(&mut self, request: &Request, now: Millis) {
        self.shown = Some((request.id, request.revision));
        self.held = None;
        self.gone = None;
        (self.since, self.went) = (now, true);
    }

    /// What is shown counts as new from now: the screen around it has changed.
    pub fn touch(&mut self, now: Millis) {
        self.since = now;
    }

    /// The request before or after the chosen one.
    pub fn step(&mut self, state: &State, by: isize, now: Millis) {
        let ids: Vec<_> = snapshot::at_the_desk(state).into_iter().map(|request| request.id).collect();
        let Some(at) = self.shown.and_then(|(id, _)| ids.iter().position(|known| *known == id)) else {
            return;
        };
        let next = at.saturating_add_signed(by).min(ids.len() - 1);
        if next != at
            && let Some(request) = state.desk.get(&ids[next])
        {
            self.choose(request, now);
        }
    }

    /// The request and revision that a key may decide now.
    ///
    /// # Errors
    /// In words: nothing waits, or it has changed under the finger.
    pub fn decidable(&mut self, state: &State, now: Millis) -> Result<(Arc<Request>, Revision), String> {
        let Some((id, seen)) = self.shown else { return Err("nothing waits for a decision".into()) };
        let request = state.desk.get(&id).ok_or_else(|| format!("{id} no longer waits"))?;
        if let Some(gone) = self.gone.take() {
            return Err(format!(
                "{gone} waits no more and {id} is chosen now: that key was not taken; look again and press it again"
            ));
        }
        let age = now.0.saturating_sub(self.since.0);
        if age < GUARD.0 {
            if self.held.is_some() {
                // A key that is kept down is no second word.
                self.since = now;
            }
            let since = if self.went { "is chosen since" } else { "changed" };
            let ago = if self.went { "" } else { " ago" };
            return Err(format!(
                "{id} {since} {age} ms{ago}: that key was not taken; look again and press it again"
            ));
        }
        Ok((request.clone(), seen))
    }
}
