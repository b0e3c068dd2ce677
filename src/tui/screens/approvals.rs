//! Approvals: everything that waits for a person. The request under the cursor is the Decision Desk's; here is what
//! else the screen remembers: which list is shown, what is marked as it was seen, and how far the detail is scrolled.

use crate::{
    domain::{
        ids::{GrantId, RequestId, Revision},
        request::Request,
        time::Millis,
    },
    engine::state::State,
};
use std::collections::BTreeMap;

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shelf {
    /// What is held and what waits.
    #[default]
    Waiting,
    /// What was decided last.
    Decided,
    /// What runs on a word given beforehand.
    Grants,
}

impl Shelf {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Decided, Self::Grants];

    /// Its heading.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Decided => "decided",
            Self::Grants => "grants",
        }
    }

    /// The one before or after.
    #[must_use]
    pub fn turn(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|shelf| *shelf == self).unwrap_or(0);
        let count = isize::try_from(Self::ALL.len()).unwrap_or(1);
        let next = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count).unsigned_abs();
        Self::ALL.get(next).copied().unwrap_or_default()
    }
}

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Approvals {
    /// The list that is shown.
    pub shelf: Shelf,
    /// The row under the cursor of what was decided and of the grants.
    pub at: usize,
    /// Rows of the detail that are scrolled away.
    pub scroll: usize,
    /// What is marked, at the revision that was seen.
    marks: BTreeMap<RequestId, Revision>,
    /// The grants that were in force when they were looked at last.
    grants: Vec<GrantId>,
    /// Since when marks and grants are as they are.
    since: Millis,
}

impl Approvals {
    /// Marks a request as it is seen, or takes its mark off.
    pub fn mark(&mut self, request: &Request) {
        if self.marks.remove(&request.id).is_none() {
            self.marks.insert(request.id, request.revision);
        }
    }

    /// Marks all of these; if all of them are marked, takes their marks off.
    pub fn mark_all(&mut self, requests: &[&Request]) {
        let all = requests.iter().all(|request| self.marks.contains_key(&request.id));
        for request in requests {
            if all {
                self.marks.remove(&request.id);
            } else {
                self.marks.insert(request.id, request.revision);
            }
        }
    }

    /// Whether a request is marked.
    #[must_use]
    pub fn is_marked(&self, id: RequestId) -> bool {
        self.marks.contains_key(&id)
    }

    /// What is marked, as it was seen.
    #[must_use]
    pub fn marked(&self) -> Vec<(RequestId, Revision)> {
        self.marks.iter().map(|(id, seen)| (*id, *seen)).collect()
    }

    /// To the list of what waits, its detail from the beginning.
    pub fn to_waiting(&mut self) {
        (self.shelf, self.scroll) = (Shelf::Waiting, 0);
    }

    /// Takes every mark off.
    pub fn clear(&mut self) {
        self.marks.clear();
    }

    /// Follows a newer state: marks of what no longer waits go; those of what has changed too, and are returned to be
    /// told.
    pub fn follow(&mut self, state: &State, now: Millis) -> Vec<RequestId> {
        let before = self.marks.len();
        let mut changed = Vec::new();
        self.marks.retain(|id, seen| {
            let same = state.desk.get(id).map(|request| request.revision == *seen);
            if same == Some(false) {
                changed.push(*id);
            }
            same == Some(true)
        });
        if self.marks.len() != before {
            self.since = now;
        }
        self.follow_grants(state, now);
        changed
    }

    /// The cursor stays on its grant, wherever in the list that is now.
    fn follow_grants(&mut self, state: &State, now: Millis) {
        if state.grants.keys().eq(&self.grants) {
            return;
        }
        let chosen = self.grants.get(self.at).copied();
        self.grants = state.grants.keys().copied().collect();
        if self.shelf == Shelf::Grants {
            let there = chosen.and_then(|id| self.grants.iter().position(|known| *known == id));
            self.at = there.unwrap_or(self.at).min(self.grants.len().saturating_sub(1));
            self.since = now;
        }
    }

    /// What is marked counts as new from now.
    pub fn touch(&mut self, now: Millis) {
        self.since = now;
    }

    /// How long marks and grants are as they are, by no doing of the person.
    #[must_use]
    pub fn age(&self, now: Millis) -> Millis {
        Millis(now.0.saturating_sub(self.since.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shelves_turn_round() {
        assert_eq!(Shelf::Waiting.turn(-1), Shelf::Grants);
        assert_eq!(Shelf::Grants.turn(1), Shelf::Waiting);
    }
}
