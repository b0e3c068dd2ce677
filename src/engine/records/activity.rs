//! The last day's activities as typed items: what a feed shows. Bounded in number, age and the length of words.

use crate::domain::{
    ids::{IncidentId, MissionId, RequestId},
    incident::AttemptOutcome,
    money::Money,
    request::Actor,
    text::{clean_line, count},
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};

/// The longest words of an item, in characters.
const WORDS_MOST: usize = 96;
/// What an attempt of which nothing was done came to. Its reason begins with the same.
const NOT_DONE: &str = "nothing was done";

/// One thing that happened and that a person may want to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// In which mission, if in one.
    pub mission: Option<MissionId>,
    /// What.
    pub what: What,
}

/// What happened. Words are clean and short; teams are named as they were then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A brief was accepted; its first words.
    Opened(String),
    /// There is a plan of so many steps.
    Planned(usize),
    /// A team began a draft, its n-th.
    Drafting(String, u32),
    /// A team proposed its n-th candidate: lines added and removed.
    Proposed(String, u32, [u32; 2]),
    /// A candidate was checked; whether all is green.
    Checked(String, u32, bool),
    /// A team has nothing to show: why.
    TeamFailed(String, String),
    /// A person took a team's worktree.
    TakenOver(String),
    /// And gave it back.
    HandedBack(String),
    /// So many verdicts were given.
    Judged(usize),
    /// Something of this kind was put on the desk.
    Asked(RequestId, String),
    /// Something of this kind was answered so.
    Decided(RequestId, String, String),
    /// This team's candidate was chosen.
    Chosen(String),
    /// The winner is this commit on this branch.
    Landed(String, String),
    /// An earlier state was brought back as this commit on this branch.
    Restored(String, String),
    /// It ended without landing: the word of the ending, and why.
    Ended(String, String),
    /// An ended mission goes on: why.
    Reopened(String),
    /// The director rated what came of it.
    Rated(String),
    /// A call was refused because of a cap.
    OverCap(String),
    /// A mission's cap is now this.
    CapRaised(Money),
    /// Nothing new starts: why.
    Paused(String),
    /// Nothing starts: why.
    Stopped(String),
    /// It goes on.
    Resumed,
    /// Another policy rules.
    Rules,
    /// This setting was changed to this value, where that is told, in this file.
    Setting(String, Option<String>, String),
    /// An idea is not wanted: why.
    Dismissed(String, String),
    /// An idea has become a mission.
    Taken(String),
    /// The ideas agent suggested so much.
    Suggested(usize),
    /// The process started: its version.
    Started(String),
    /// So many bytes of a torn tail were cut.
    Recovered(u64),
    /// An incident took this turn; more in words.
    Incident(IncidentId, Turn, String),
    /// Some signals wake nobody for a while: why.
    Silenced(String, String),
    /// A storm of incidents began, or ended.
    Storm(bool),
}

/// A turn of an incident that a person may want to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It was confirmed.
    Open,
    /// It wakes nobody.
    Quiet,
    /// Its cause was told.
    Diagnosed,
    /// Something is done about it.
    Acts,
    /// What was done helped.
    Helped,
    /// What was done did not help.
    Unhelped,
    /// What was to be done could not be.
    Failed,
    /// What was done was taken back.
    TakenBack,
    /// What was done for it was stopped.
    Stopped,
    /// Whether what was done took effect is not known.
    Unclear,
    /// Nothing was done.
    NotDone,
    /// Only a person can go on.
    NeedsHuman,
    /// It is over.
    Over,
    /// It came back.
    Back,
}

impl Turn {
    /// The turn that the end of an attempt is, and why.
    pub(in crate::engine) fn ended(outcome: &AttemptOutcome) -> (Self, &str) {
        match outcome {
            AttemptOutcome::Helped => (Self::Helped, ""),
            AttemptOutcome::Ineffective(why) => (Self::Unhelped, why),
            AttemptOutcome::Failed(why) => (Self::Failed, why),
            AttemptOutcome::RolledBack(why) => (Self::TakenBack, why),
            AttemptOutcome::Stopped(why) => (Self::Stopped, why),
            AttemptOutcome::Unclear(why) => (Self::Unclear, why),
            AttemptOutcome::NotDone(why) => {
                let said = why.strip_prefix(NOT_DONE).and_then(|why| why.strip_prefix(": "));
                (Self::NotDone, said.unwrap_or(why))
            }
        }
    }

    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "opened",
            Self::Quiet => "is quiet",
            Self::Diagnosed => "diagnosed",
            Self::Acts => "is being healed",
            Self::Helped => "what was done helped",
            Self::Unhelped => "what was done did not help",
            Self::Failed => "what was to be done could not be",
            Self::TakenBack => "what was done was taken back",
            Self::Stopped => "healing was stopped",
            Self::Unclear => "whether what was done took effect is not known",
            Self::NotDone => NOT_DONE,
            Self::NeedsHuman => "needs a person",
            Self::Over => "is over",
            Self::Back => "came back",
        }
    }
}

impl What {
    /// One word, for filters and columns.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Planned(_) => "planned",
            Self::Drafting(..) => "drafting",
            Self::Proposed(..) => "proposed",
            Self::Checked(_, _, true) => "green",
            Self::Checked(_, _, false) => "red",
            Self::TeamFailed(..) => "failed",
            Self::TakenOver(_) => "taken over",
            Self::HandedBack(_) => "handed back",
            Self::Judged(_) => "judged",
            Self::Asked(..) => "asked",
            Self::Decided(..) => "decided",
            Self::Chosen(_) => "chosen",
            Self::Landed(..) => "landed",
            Self::Restored(..) => "restored",
            Self::Ended(..) => "ended",
            Self::Reopened(_) => "reopened",
            Self::Rated(_) => "rated",
            Self::OverCap(_) => "over cap",
            Self::CapRaised(_) => "cap raised",
            Self::Paused(_) => "paused",
            Self::Stopped(_) => "stopped",
            Self::Resumed => "resumed",
            Self::Rules => "policy",
            Self::Setting(..) => "setting",
            Self::Dismissed(..) => "dismissed",
            Self::Taken(_) => "taken",
            Self::Suggested(_) => "suggested",
            Self::Started(_) => "started",
            Self::Recovered(_) => "recovered",
            Self::Incident(..) => "incident",
            Self::Silenced(..) => "silenced",
            Self::Storm(_) => "storm",
        }
    }

    /// The item in words, without who and when.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Opened(words) => format!("opened: {words}"),
            Self::Planned(steps) => format!("planned in {}", count(*steps, "step")),
            Self::Drafting(team, 1) => format!("{team} is on air"),
            Self::Drafting(team, n) => format!("{team} is on air with draft {n}"),
            Self::Proposed(team, n, [more, fewer]) => format!("{team} has candidate {n}: +{more} -{fewer}"),
            Self::Checked(team, n, true) => format!("candidate {n} of {team} is green"),
            Self::Checked(team, n, false) => format!("candidate {n} of {team} is red"),
            Self::TeamFailed(team, why) => format!("{team} has nothing to show: {why}"),
            Self::TakenOver(team) => format!("{team} was taken over"),
            Self::HandedBack(team) => format!("{team} was handed back"),
            Self::Judged(verdicts) => format!("judged: {}", count(*verdicts, "verdict")),
            Self::Asked(id, subject) => format!("{id} asks: {subject}"),
            Self::Decided(id, subject, answer) => format!("{id} ({subject}): {answer}"),
            Self::Chosen(team) => format!("{team} was chosen"),
            Self::Landed(commit, branch) => format!("landed as {commit} on {branch}"),
            Self::Restored(commit, branch) => format!("restored as {commit} on {branch}"),
            Self::Ended(word, why) => format!("{word}: {why}"),
            Self::Reopened(why) => format!("reopened: {why}"),
            Self::Rated(rating) => format!("rated {rating}"),
            Self::OverCap(note) => format!("a call was refused: {note}"),
            Self::CapRaised(cap) => format!("the cap is {cap} now"),
            Self::Paused(why) => format!("the house is paused: {why}"),
            Self::Stopped(why) => format!("the house is stopped: {why}"),
            Self::Resumed => "the house goes on".to_owned(),
            Self::Rules => "another policy rules".to_owned(),
            Self::Setting(key, Some(value), file) => {
                format!("{} is {value}, in {file}", key.strip_prefix("autonomy.").unwrap_or(key))
            }
            Self::Setting(key, None, file) => format!("{key} was changed in {file}"),
            Self::Dismissed(id, why) => format!("{id} is not wanted: {why}"),
            Self::Taken(id) => format!("{id} has become a mission"),
            Self::Suggested(ideas) => format!("the ideas agent had {}", count(*ideas, "suggestion")),
            Self::Started(version) => format!("chimera {version} started"),
            Self::Incident(id, turn, words) if words.is_empty() => format!("{id} {}", turn.word()),
            Self::Incident(id, turn, words) => format!("{id} {}: {words}", turn.word()),
            Self::Silenced(id, why) => format!("{id} keeps signals quiet: {why}"),
            Self::Storm(true) => "a storm of incidents: nothing acts by itself".to_owned(),
            Self::Storm(false) => "the storm of incidents is over".to_owned(),
            Self::Recovered(bytes) => format!("a torn tail of {} was cut", count(*bytes, "byte")),
        }
    }
}

/// Words as an item keeps them.
pub(in crate::engine) fn short(words: &str) -> String {
    clean_line(words, WORDS_MOST).into()
}

/// The last of them, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    items: Arc<VecDeque<Arc<Activity>>>,
}

impl Recent {
    /// Items that are kept.
    pub const MOST: usize = 200;
    /// And for how long.
    pub const AGE: Millis = Millis::hours(24);

    pub(super) fn push(&mut self, item: Activity) {
        let since = item.at - Self::AGE;
        let actor = match item.actor {
            Actor::Person(name) => Actor::Person(clean_line(&name, 64).into()),
            other => other,
        };
        let items = Arc::make_mut(&mut self.items);
        items.push_back(Arc::new(Activity { actor, ..item }));
        while items.len() > Self::MOST || items.front().is_some_and(|first| first.at < since) {
            items.pop_front();
        }
    }

    /// Whether both are one and the same in memory.
    #[cfg(test)]
    pub(super) fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.items, &other.items)
    }

    /// Those of the last day as of now, newest first.
    pub fn newest(&self, now: Timestamp) -> impl Iterator<Item = &Activity> {
        let since = now - Self::AGE;
        self.items.iter().rev().map(|item| &**item).take_while(move |item| item.at >= since)
    }
}
