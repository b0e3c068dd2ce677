//! What the director asks, and what is asked back.

use super::{
    digest::Digest, feature::Feature, ids::IncidentId, money::Money, team::TeamSpec, text::count,
    time::Millis,
};
use serde::{Deserialize, Serialize};

/// One job in plain English, with what bounds it. Everything a mission needs to be run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The director's words. Pinned: never lost by compaction.
    pub text: String,
    /// Rules the work must keep, one each. Pinned.
    pub constraints: Vec<String>,
    /// Acceptance checks: shell commands that must succeed in the candidate's worktree. Empty: found by itself.
    pub checks: Vec<String>,
    /// Cap for the whole mission.
    pub budget: Money,
    /// Images and mentioned files, in order of mention.
    pub attachments: Vec<Attachment>,
    /// Who races. Never empty, at most [`super::ids::TeamId::MOST`].
    pub teams: Vec<TeamSpec>,
    /// Who may say yes.
    pub approve: Approval,
    /// The repository, as the absolute path of its top level.
    pub repo: String,
    /// Wall-clock limit of the mission from opening to decision, if any.
    pub timeout: Option<Millis>,
    /// 1 (last) to 10 (first); 5 where nothing is said.
    pub priority: u8,
    /// The incident that this shall heal, if it was opened for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heals: Option<IncidentId>,
    /// The work itself, as a patch in the blob store, where it is known beforehand (a commit taken back): no model is
    /// asked, the first team's name stands for it, and it is checked, ruled on and landed as any candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Digest>,
    /// Under which word it was given, where whoever gave it means to give it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
    /// What it is measured by, where it is a feature that is staged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<Feature>,
    /// Secrets that were taken out of its words before anything of it was kept.
    #[serde(default, skip_serializing_if = "nothing")]
    pub withheld: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn nothing(number: &u32) -> bool {
    *number == 0
}

/// So that what is given twice is done once: a second brief of the same word opens no second mission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// Of the word and of whoever gave it.
    pub word: Digest,
    /// Of all that was given under it.
    pub given: Digest,
}

impl Brief {
    /// What whoever gave it must know of that; `None`: nothing was taken out.
    #[must_use]
    pub fn withheld_words(&self) -> Option<String> {
        let taken = count(self.withheld, "secret");
        let was = if self.withheld == 1 { "was" } else { "were" };
        (self.withheld > 0).then(|| {
            format!("{taken} {was} taken out of the brief before it was kept: name the variable that holds it instead")
        })
    }

    /// Longest accepted text, in bytes.
    pub const TEXT_MOST: usize = 256 * 1024;

    /// The branch that it names to land on.
    #[must_use]
    pub fn lands_on(&self) -> Option<&str> {
        self.feature.as_ref()?.branch.as_deref()
    }
}

/// A file the director put beside the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As the director wrote it.
    pub path: String,
    /// `image/png` and so on for images, `text/plain` for files.
    pub media_type: String,
    /// Content in the blob store.
    pub content: Digest,
    /// Length in bytes.
    pub bytes: u64,
}

/// Whose approval lands a candidate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// A person at the desk.
    #[default]
    Ask,
    /// The director said beforehand: the best candidate whose checks pass, if the gate allows it.
    Best,
    /// The director said beforehand: this team's candidate (its name), if its checks pass and the gate allows.
    Team(String),
    /// Nobody: the mission ends waiting.
    None,
}

/// A question of the orchestrator before work starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub text: String,
    /// Form of the answer.
    pub form: AnswerForm,
    /// Taken when the director skips or is not there; empty if there is none.
    pub default: String,
}

impl Question {
    /// Questions per brief.
    pub const MOST: usize = 3;
}

/// How a question can be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerForm {
    /// Yes or no.
    YesNo,
    /// One of these.
    Single(Vec<String>),
    /// Any of these.
    Multi(Vec<String>),
    /// Words.
    Free,
}

/// An answer in words (`yes`, the choices joined by `, `, or free text).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question it answers, verbatim.
    pub question: String,
    /// The answer.
    pub text: String,
    /// True when the default was taken because nobody answered.
    pub assumed: bool,
}
