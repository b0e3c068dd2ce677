//! Ideas: what could be done next. They are told from the state anew when it has changed, never while drawing.

use crate::engine::{
    ideas::{Idea, IdeaId, Standing},
    state::State,
    suggesting,
};

/// Characters by which a laid out brief is known again when it is sent, changed or not.
const KNOWN_BY: usize = 40;

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Ideas {
    /// The row under the cursor.
    pub at: usize,
    /// Whether those that were dismissed or taken are shown, too.
    pub all: bool,
    /// As of the last state.
    list: Vec<Idea>,
    /// The idea whose brief lies in the Briefing Room, and how it begins.
    laid: Option<(IdeaId, String)>,
    /// The idea that a reason is asked for.
    pub dismissing: Option<IdeaId>,
}

impl Ideas {
    /// The ideas that are shown, best first.
    #[must_use]
    pub fn shown(&self) -> Vec<&Idea> {
        self.list.iter().filter(|idea| self.all || idea.standing == Standing::Open).collect()
    }

    /// How many are not shown.
    #[must_use]
    pub fn away(&self) -> usize {
        self.list.len() - self.shown().len()
    }

    /// The one under the cursor.
    #[must_use]
    pub fn chosen(&self) -> Option<&Idea> {
        self.shown().get(self.at).copied()
    }

    /// The state has changed: the cursor stays on its idea as long as it is shown.
    pub fn refresh(&mut self, state: &State) {
        let was = self.chosen().map(|idea| idea.id.clone());
        self.list = suggesting::ideas(state);
        let shown = self.shown();
        let found = was.and_then(|id| shown.iter().position(|idea| idea.id == id));
        self.at = found.unwrap_or(self.at).min(shown.len().saturating_sub(1));
    }

    /// An idea's brief lies in the Briefing Room now.
    pub fn lay(&mut self, id: IdeaId, brief: &str) {
        self.laid = Some((id, brief.trim().chars().take(KNOWN_BY).collect()));
    }

    /// The idea that a brief which was sent has come from.
    pub fn taken(&mut self, sent: &str) -> Option<IdeaId> {
        let (id, begins) = self.laid.take()?;
        if sent.trim().starts_with(&begins) {
            return Some(id);
        }
        self.laid = Some((id, begins));
        None
    }
}
