//! What facts leave behind for ideas: how often, in which missions, since when; what ended missions took and cost;
//! what people dismissed and took up; what the ideas agent suggested. Every list has a bound.

use super::{IdeaId, IdeaKind, Remarks, Suggestion, failing::failing};
use crate::{
    domain::{
        candidate::{CheckKind, CheckOutcome, Evidence},
        ids::MissionId,
        money::Money,
        text::clean_line,
        time::{Millis, Timestamp},
    },
    engine::records::{Most, Row},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Rows of each pattern.
const ROWS: usize = 64;
/// Missions a trace names.
const MISSIONS_MOST: usize = 16;
/// Kinds of task whose ended missions are kept.
const KINDS_MOST: usize = 12;
/// Ended missions of a kind.
const ENDED_MOST: usize = 48;
/// Dismissed and taken ideas that are remembered, each.
const ANSWERED_MOST: usize = 256;
/// Suggestions that are kept.
const SUGGESTED_MOST: usize = 48;
/// The longest words of a trace, in characters.
const WORDS_MOST: usize = 160;

/// Something that happened more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// How often.
    pub times: u64,
    /// In which missions: the last sixteen.
    pub missions: BTreeSet<MissionId>,
    /// When first and last.
    pub seen: (Timestamp, Timestamp),
    /// The last time in its own words.
    pub words: String,
}

impl Trace {
    fn note(&mut self, (mission, at): (MissionId, Timestamp), words: &str) {
        let words: String = clean_line(words, WORDS_MOST).into();
        if self.times == 0 || (at, &words) >= (self.seen.1, &self.words) {
            self.words = words;
        }
        let first = if self.times == 0 { at } else { self.seen.0.min(at) };
        self.seen = (first, if self.times == 0 { at } else { self.seen.1.max(at) });
        self.times = self.times.saturating_add(1);
        self.missions.insert(mission);
        while self.missions.len() > MISSIONS_MOST {
            self.missions.pop_first();
        }
    }
}

impl Row for Trace {
    fn weight(&self) -> u64 {
        self.times
    }
    fn absorb(&mut self, other: &Self) {
        self.times = self.times.saturating_add(other.times);
    }
}

/// A mission that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
    pub mission: MissionId,
    /// Its first words.
    pub title: String,
    /// From opening to end.
    pub took: Millis,
    /// What it cost, as far as known.
    pub cost: Money,
    /// When it ended.
    pub at: Timestamp,
}

/// A person does not want an idea.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// Why.
    pub why: String,
    /// How much there was of it then.
    pub weight: u64,
    /// When.
    pub at: Timestamp,
    /// How it was found.
    pub kind: IdeaKind,
}

/// An idea became a mission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Which.
    pub mission: MissionId,
    /// How much there was of it then.
    pub weight: u64,
    /// When.
    pub at: Timestamp,
}

type Table = Most<Trace, ROWS>;

/// Everything that ideas are told from beside the records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traces {
    failures: Table,
    retried: Table,
    budgets: Table,
    commands: Table,
    ended: BTreeMap<String, Arc<VecDeque<Ended>>>,
    dismissed: BTreeMap<IdeaId, Dismissal>,
    taken: BTreeMap<IdeaId, Taken>,
    suggested: VecDeque<(Suggestion, Timestamp)>,
    #[serde(default)]
    remarks: Remarks,
}

impl Traces {
    /// Failing tests as `command · test`; the command alone where it says nothing.
    #[must_use]
    pub fn failures(&self) -> &Most<Trace, ROWS> {
        &self.failures
    }
    /// Missions that were begun anew.
    #[must_use]
    pub fn retried(&self) -> &Most<Trace, ROWS> {
        &self.retried
    }
    /// Caps that stopped calls, by kind of task.
    #[must_use]
    pub fn budgets(&self) -> &Most<Trace, ROWS> {
        &self.budgets
    }
    /// Commands that agents asked for.
    #[must_use]
    pub fn commands(&self) -> &Most<Trace, ROWS> {
        &self.commands
    }
    /// Ended missions by kind of task, the oldest first.
    pub fn ended(&self) -> impl Iterator<Item = (&str, &VecDeque<Ended>)> {
        self.ended.iter().map(|(kind, ended)| (kind.as_str(), &**ended))
    }
    /// What people do not want.
    #[must_use]
    pub fn dismissed(&self) -> &BTreeMap<IdeaId, Dismissal> {
        &self.dismissed
    }
    /// What has become a mission.
    #[must_use]
    pub fn taken(&self) -> &BTreeMap<IdeaId, Taken> {
        &self.taken
    }
    /// What the ideas agent suggested, the oldest first.
    pub fn suggested(&self) -> impl Iterator<Item = &(Suggestion, Timestamp)> {
        self.suggested.iter()
    }

    /// What directors said of candidates.
    #[must_use]
    pub fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// A director said something of a candidate in this repository.
    pub(in crate::engine) fn remarked(&mut self, repo: &str, when: (MissionId, Timestamp), words: &str) {
        self.remarks.note(repo, when, words);
    }

    /// A candidate was checked.
    pub(in crate::engine) fn checked(&mut self, when: (MissionId, Timestamp), evidence: &Evidence) {
        let counts = |kind, outcome| kind != CheckKind::Lint && outcome == CheckOutcome::Failed;
        for check in evidence.checks.iter().filter(|check| counts(check.kind, check.after.outcome)) {
            let command = clean_line(&check.command, WORDS_MOST);
            let before = check.before.as_ref().is_some_and(|run| run.outcome == CheckOutcome::Failed);
            let words = if before { "on the base as well" } else { "on the candidate only" };
            let names = failing(&check.after.tail);
            if names.is_empty() {
                self.failures.row(&command, |row| row.note(when, words));
            }
            for name in names {
                self.failures.row(&format!("{command} · {name}"), |row| row.note(when, words));
            }
        }
    }

    /// A mission was begun anew.
    pub(in crate::engine) fn reopened(&mut self, when: (MissionId, Timestamp), title: &str) {
        self.retried.row(&when.0.to_string(), |row| row.note(when, title));
    }

    /// A cap stopped a call.
    pub(in crate::engine) fn capped(&mut self, when: (MissionId, Timestamp), kind: &str, note: &str) {
        self.budgets.row(kind, |row| row.note(when, note));
    }

    /// An agent asked to run a command.
    pub(in crate::engine) fn asked(&mut self, when: (MissionId, Timestamp), argv: &[String], reason: &str) {
        let line = clean_line(&argv.join(" "), WORDS_MOST);
        if !line.is_empty() {
            self.commands.row(&line, |row| row.note(when, reason));
        }
    }

    /// A mission ended.
    pub(in crate::engine) fn finished(&mut self, kind: &str, ended: Ended) {
        if !self.ended.contains_key(kind) && self.ended.len() >= KINDS_MOST {
            let oldest = self.ended.iter().min_by_key(|(_, list)| list.back().map(|ended| ended.at));
            if let Some(kind) = oldest.map(|(kind, _)| kind.clone()) {
                self.ended.remove(&kind);
            }
        }
        let list = Arc::make_mut(self.ended.entry(kind.to_owned()).or_default());
        // Begun anew and ended again, it counts once, as it ended last.
        list.retain(|known| known.mission != ended.mission);
        list.push_back(ended);
        while list.len() > ENDED_MOST {
            list.pop_front();
        }
    }

    /// A person does not want an idea.
    pub(in crate::engine) fn dismiss(&mut self, id: &IdeaId, dismissal: Dismissal) {
        self.taken.remove(id);
        self.dismissed.insert(id.clone(), dismissal);
        forget(&mut self.dismissed, |known| known.at);
    }

    /// An idea became a mission.
    pub(in crate::engine) fn take(&mut self, id: &IdeaId, taken: Taken) {
        self.dismissed.remove(id);
        self.taken.insert(id.clone(), taken);
        forget(&mut self.taken, |known| known.at);
    }

    /// The ideas agent answered. A suggestion of the same title takes the place of the older one.
    pub(in crate::engine) fn suggest(&mut self, suggestions: &[Suggestion], at: Timestamp) {
        for suggestion in suggestions.iter().take(Suggestion::MOST) {
            self.suggested.retain(|(known, _)| known.title != suggestion.title);
            self.suggested.push_back((suggestion.clone(), at));
        }
        while self.suggested.len() > SUGGESTED_MOST {
            self.suggested.pop_front();
        }
    }
}

/// Drops the oldest beyond the bound.
fn forget<T>(known: &mut BTreeMap<IdeaId, T>, at: impl Fn(&T) -> Timestamp) {
    while known.len() > ANSWERED_MOST {
        let oldest = known.iter().min_by_key(|(_, one)| at(one)).map(|(id, _)| id.clone());
        let Some(oldest) = oldest else { return };
        known.remove(&oldest);
    }
}
