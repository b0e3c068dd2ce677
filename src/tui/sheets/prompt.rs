//! One line of words, and what they are for.

use super::{Sheet, Taken};
use crate::{
    domain::{
        candidate::CommitId,
        ids::{IncidentId, MissionId, RequestId, Revision, TeamId},
        mission::Rating,
        money::Money,
    },
    tui::{argv::split_argv, keymap::Key, line::Line, terms},
};
use crossterm::event::KeyCode;

/// What a question that only wants a yes is answered with.
pub const YES: &str = "yes";

/// What words are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptFor {
    /// Why teams try again; the request as it was seen.
    Retry(RequestId, Revision),
    /// Why not.
    Reject(RequestId, Revision),
    /// Why not, of everything that is marked.
    RejectMarked,
    /// Another command.
    Argv(RequestId, Revision),
    /// Another amount.
    Amount(RequestId, Revision),
    /// An answer to an agent.
    Words(RequestId, Revision),
    /// On which terms a command is allowed for a while.
    Grant(RequestId, Revision),
    /// A word to a team.
    Refine(MissionId, TeamId),
    /// Why a mission ends.
    Cancel(MissionId),
    /// Whether a landed revision comes back: a commit of its own, at once.
    Restore(MissionId, CommitId),
    /// Why an incident is closed.
    Close(IncidentId),
    /// How long nobody is woken by an incident's cause, and why.
    Quiet(IncidentId),
    /// What a mission does differently.
    RetryMission(MissionId),
    /// Stars and words for what a mission came to.
    Rate(MissionId),
    /// What is searched.
    Search,
    /// What is searched in the past.
    Past,
    /// How and where a mission is written down.
    Export(MissionId),
    /// What is searched in a patch.
    Patch,
    /// Which settings are shown.
    Settings,
    /// Why an idea is not wanted.
    DismissIdea,
    /// A shell line.
    Shell,
}

/// One line of words.
pub struct Prompt {
    /// What is asked.
    pub title: String,
    /// What is typed.
    pub line: Line,
    purpose: PromptFor,
    /// What lies under it, to go back there.
    pub from: Option<Box<Sheet>>,
}

impl Prompt {
    pub(super) fn new(title: impl Into<String>, text: impl Into<String>, purpose: PromptFor) -> Self {
        Self { title: title.into(), line: Line::new(text), purpose, from: None }
    }

    pub(super) fn key(&mut self, key: Key) -> Taken {
        if key.code == KeyCode::Enter {
            let text = self.line.text().trim().to_owned();
            return match complaint(&self.purpose, &text) {
                Some(why) => Taken::Refused(why),
                None => Taken::Said(self.purpose.clone(), text),
            };
        }
        if self.line.key(key) { Taken::Kept } else { Taken::Not }
    }
}

fn complaint(purpose: &PromptFor, text: &str) -> Option<String> {
    match purpose {
        PromptFor::Argv(..) => split_argv(text).err(),
        PromptFor::Amount(..) => match text.parse::<Money>() {
            Ok(amount) if amount > Money::ZERO => None,
            Ok(_) => Some("the amount must be more than $0".into()),
            Err(error) => Some(error.to_string()),
        },
        PromptFor::Grant(..) => terms::read(text).err(),
        PromptFor::Reject(..)
        | PromptFor::RejectMarked
        | PromptFor::Cancel(_)
        | PromptFor::Settings
        | PromptFor::Past => None,
        PromptFor::Rate(_) => Rating::parse(text).err(),
        PromptFor::Restore(..) if text != YES => Some("yes and Enter restores, Esc leaves it".into()),
        _ if text.is_empty() => Some("write something, or esc to leave it".into()),
        _ => None,
    }
}
