//! The state of a data directory as of now, folded from its files without owning it.

use super::{
    handle::{HistoryEntry, HistoryQuery},
    records,
    start::{StartError, saved},
};
use crate::{
    domain::{ids::Seq, time::Timestamp},
    engine::{replaying::Replay, state::State},
    policy::settings::Policy,
    store::{
        error::Holder,
        look::{self, Reader, owner_of, saved_state},
    },
};
use std::path::Path;

/// A look that can be renewed.
pub struct Look {
    /// Everything up to [`State::seq`].
    pub state: State,
    reader: Reader,
}

impl Look {
    /// Looks now. An empty or missing directory is an empty state.
    ///
    /// # Errors
    /// The journal cannot be read or understood.
    pub fn open(data: &Path) -> Result<Self, StartError> {
        // What is wrong with a saved state is for the owner to say; the journal has everything.
        let (seq, state) = saved(saved_state(data)?, &mut Vec::new());
        let mut look = Self { state, reader: Reader::after(data, seq) };
        look.catch_up()?;
        Ok(look)
    }

    /// Folds what came since; true if anything did.
    ///
    /// # Errors
    /// As [`Look::open`].
    pub fn catch_up(&mut self) -> Result<bool, StartError> {
        let before = self.state.seq;
        loop {
            let entries = self.reader.more()?;
            if entries.is_empty() {
                return Ok(self.state.seq != before);
            }
            for entry in entries {
                self.state.apply(entry.seq, &records::fact_of(&entry)?);
            }
        }
    }

    /// Who owns the directory now.
    #[must_use]
    pub fn owner(data: &Path) -> Option<Holder> {
        owner_of(data)
    }
}

/// Rulings of the journal from a time on, as another policy would have made them.
///
/// # Errors
/// The journal cannot be read or understood.
pub fn replay(data: &Path, policy: Policy, since: Timestamp) -> Result<Replay, StartError> {
    let mut replay = Replay::under(policy, since);
    let mut reader = Reader::after(data, Seq(0));
    loop {
        let entries = reader.more()?;
        if entries.is_empty() {
            return Ok(replay);
        }
        for entry in entries {
            replay.take(entry.seq, &records::fact_of(&entry)?);
        }
    }
}

/// Answers a history query from the journal itself, newest first.
pub(super) fn history(data: &Path, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, String> {
    let entries = look::query(data, &query.into()).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(HistoryEntry::from).collect())
}

/// The entries after one, oldest first.
pub(super) fn follow(data: &Path, after: Seq, most: usize) -> Result<Vec<HistoryEntry>, String> {
    let mut entries = Reader::after(data, after).more().map_err(|error| error.to_string())?;
    entries.truncate(most);
    Ok(entries.into_iter().map(HistoryEntry::from).collect())
}
