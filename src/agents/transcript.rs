//! A conversation as data: everything needed to go on at the last finished turn. Kept as one JSON blob per
//! finished turn; vendors' signatures and opaque blocks stay in it as they came.
//!
//! Never here: clocks, files, decisions about what to say next. Invariant: after a finished turn every tool
//! call has its result, so any vendor accepts the conversation again.

use crate::{
    agents::{failure::AgentFailure, office::Office, tools::finish::Finish},
    domain::{
        candidate::CommitId,
        digest::Digest,
        money::{Cost, Money, Usage},
        team::Role,
    },
    providers::wire::{Block, Message, Speaker},
};
use serde::{Deserialize, Serialize};

/// Form written today.
const VERSION: u32 = 1;
/// Largest transcript that is read back.
const BYTES_MOST: usize = 64 * 1024 * 1024;

/// A conversation so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// Form of this record.
    pub version: u32,
    /// Whose conversation.
    pub role: Role,
    /// Candidate number this conversation works on.
    pub attempt: u32,
    /// Finished turns of this attempt.
    pub turn: u32,
    /// What must never be lost, one each: brief, constraints, decisions, plan.
    pub pinned: Vec<String>,
    /// The repository and its instruction files in words: said at the start, and again after condensing.
    #[serde(default)]
    pub background: String,
    /// Everything said, oldest first.
    pub messages: Vec<Message>,
    /// Tokens so far.
    pub usage: Usage,
    /// Money so far; unknown once any call was.
    pub cost: Cost,
    /// Last snapshot of the worktree; none while it is as it was at the start.
    pub commit: Option<CommitId>,
    /// What the agent said when it was done, if it is.
    pub finish: Option<Finish>,
    /// True when the agent's last turn was words without a tool call: it thinks it is done, without saying so.
    #[serde(default)]
    pub resting: bool,
    /// What the director said during this attempt that is in here already, oldest first.
    #[serde(default)]
    pub heard: Vec<String>,
    /// Times the conversation was condensed.
    pub compactions: u32,
}

impl Transcript {
    /// An empty conversation.
    #[must_use]
    pub fn new(role: Role, pinned: Vec<String>) -> Self {
        Self {
            version: VERSION,
            role,
            attempt: 1,
            turn: 0,
            pinned,
            background: String::new(),
            messages: Vec::new(),
            usage: Usage::default(),
            cost: Cost::Known(Money::ZERO),
            commit: None,
            finish: None,
            resting: false,
            heard: Vec::new(),
            compactions: 0,
        }
    }

    /// Reads a kept conversation.
    ///
    /// # Errors
    /// When it is missing, broken, too large, or of a form this program does not know.
    pub fn resume(office: &dyn Office, content: Digest) -> Result<Self, AgentFailure> {
        let lost = |why: String| {
            AgentFailure::permanent(format!("transcript {} cannot be resumed: {why}", content.short()))
        };
        let bytes = office.fetch(content).map_err(|error| lost(error.to_string()))?;
        Self::read(&bytes).map_err(lost)
    }

    /// Reads the bytes of a kept conversation.
    ///
    /// # Errors
    /// In words, when they are broken, too many, or of a form this program does not know.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > BYTES_MOST {
            return Err(format!("{} bytes are more than {BYTES_MOST}", bytes.len()));
        }
        let read: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if read.version != VERSION {
            return Err(format!("it has form {}, this program reads form {VERSION}", read.version));
        }
        Ok(read)
    }

    /// Keeps the conversation as it stands; durable on return.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn keep(&self, office: &dyn Office) -> Result<Digest, AgentFailure> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| AgentFailure::permanent(format!("transcript is not JSON: {error}")))?;
        office
            .keep(&bytes)
            .map_err(|error| AgentFailure::transient(format!("transcript could not be stored: {error}")))
    }

    /// Adds blocks in the user's voice, to the last message if that is the user's too: vendors want turns to
    /// alternate.
    pub fn say(&mut self, blocks: Vec<Block>) {
        if blocks.is_empty() {
            return;
        }
        match self.messages.last_mut() {
            Some(last) if last.speaker == Speaker::User => last.blocks.extend(blocks),
            _ => self.messages.push(Message { speaker: Speaker::User, blocks }),
        }
    }

    /// Adds words in the user's voice.
    pub fn say_words(&mut self, words: impl Into<String>) {
        self.say(vec![Block::Text(words.into())]);
    }

    /// Counts a call.
    pub fn pay(&mut self, usage: Usage, cost: Cost) {
        self.usage += usage;
        self.cost += cost;
    }

    /// Rough number of tokens of the conversation: four bytes a token, images as a fixed amount.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        const IMAGE_TOKENS: u64 = 1_600;
        const BYTES_PER_TOKEN: u64 = 4;
        let size = |block: &Block| match block {
            Block::Text(text) => text.len() as u64 / BYTES_PER_TOKEN,
            Block::Thinking { text, signature } => {
                (text.len() + signature.as_ref().map_or(0, String::len)) as u64 / BYTES_PER_TOKEN
            }
            Block::ToolCall { input, .. } => input.to_string().len() as u64 / BYTES_PER_TOKEN,
            Block::ToolResult { content, .. } => content.len() as u64 / BYTES_PER_TOKEN,
            Block::Image { .. } => IMAGE_TOKENS,
            Block::Opaque { value, .. } => value.to_string().len() as u64 / BYTES_PER_TOKEN,
        };
        self.messages.iter().flat_map(|message| &message.blocks).map(|block| size(block) + 4).sum()
    }
}

/// A reply that can be sent back: no message may be empty.
#[must_use]
pub fn spoken(mut message: Message) -> Message {
    if message.blocks.is_empty() {
        message.blocks.push(Block::Text("(no words)".to_owned()));
    }
    message
}

/// The words of a message, without reasoning.
#[must_use]
pub fn words_of(message: &Message) -> String {
    let words = message.blocks.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.as_str()),
        _ => None,
    });
    words.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{agents::testing::Desk, domain::team::Vendor};

    #[test]
    fn nothing_a_vendor_needs_is_lost() {
        let desk = Desk::default();
        let mut talk = Transcript::new(Role::Worker, vec!["rule".to_owned()]);
        talk.say_words("go");
        talk.messages.push(Message {
            speaker: Speaker::Assistant,
            blocks: vec![
                Block::Thinking { text: "hm".to_owned(), signature: Some("sig\u{0}==".to_owned()) },
                Block::Opaque { vendor: Vendor::Anthropic, value: serde_json::json!({"b": 1, "a": [null]}) },
                Block::ToolCall {
                    id: "1".to_owned(),
                    name: "read".to_owned(),
                    input: serde_json::json!({"path": "x"}),
                    signature: Some("g".to_owned()),
                },
            ],
        });
        talk.pay(Usage { input: 5, ..Usage::default() }, Cost::Known(Money(7)));
        let digest = talk.keep(&desk).unwrap();
        assert_eq!(Transcript::resume(&desk, digest).unwrap(), talk);
    }

    #[test]
    fn broken_and_unknown_transcripts_are_told_in_words() {
        let desk = Desk::default();
        let missing = Transcript::resume(&desk, Digest::of(b"nowhere")).unwrap_err();
        assert!(missing.reason.contains("cannot be resumed"), "{missing}");
        let mut future = Transcript::new(Role::Judge, Vec::new());
        future.version = 99;
        let digest = desk.keep(&serde_json::to_vec(&future).unwrap()).unwrap();
        assert!(Transcript::resume(&desk, digest).unwrap_err().reason.contains("form 99"));
        let digest = desk.keep(b"{\"version\":1").unwrap();
        assert!(Transcript::resume(&desk, digest).is_err());
    }

    #[test]
    fn words_of_the_user_join_one_message_and_unknown_cost_stays_unknown() {
        let mut talk = Transcript::new(Role::Worker, Vec::new());
        talk.say_words("a");
        talk.say_words("b");
        talk.say(Vec::new());
        assert_eq!(talk.messages.len(), 1);
        talk.pay(Usage::default(), Cost::Unknown);
        talk.pay(Usage::default(), Cost::Known(Money(1)));
        assert_eq!(talk.cost, Cost::Unknown);
    }
}
