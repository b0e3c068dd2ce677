//! A kept conversation as people read it: who said what in which turn, clean.

use crate::{
    agents::{conversation::brief, transcript::Transcript},
    domain::{
        feed::FeedItem,
        text::{self, clean, clean_line},
    },
    providers::wire::{Block, Speaker},
};
use std::fmt::Write as _;

/// Characters of a tool call in one line.
const CALL_MOST: usize = 300;

/// Whose words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// The program's or the director's, to the model.
    Told,
    /// The model's reasoning.
    Thought,
    /// The model's words.
    Words,
    /// A tool is called.
    Call(String),
    /// A tool answers; whether it did what was asked.
    Answer(String, bool),
    /// An image, or a block of a vendor's own: named, not shown.
    Other,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Turn it belongs to, from 1; what was told before the first is in turn 1.
    pub turn: u32,
    /// Whose words.
    pub voice: Voice,
    /// Clean.
    pub text: String,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// `worker` and so on.
    pub role: &'static str,
    /// Candidate number it works on.
    pub attempt: u32,
    /// Times it was condensed: what was said before is only in older transcripts.
    pub condensed: u32,
    /// Oldest first.
    pub said: Vec<Said>,
}

impl Talk {
    /// Reads a transcript.
    ///
    /// # Errors
    /// It is none, or of a form this program does not know.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let kept = Transcript::read(bytes)?;
        let mut said = Vec::new();
        let mut turn = 1;
        for message in &kept.messages {
            let answers = message.blocks.iter().any(|block| matches!(block, Block::ToolResult { .. }));
            let told = message.speaker == Speaker::User;
            said.extend(message.blocks.iter().map(|block| {
                let (voice, words) = piece(block, told);
                Said { turn, voice, text: clean(&words).into() }
            }));
            // A turn is what the model says and what tools answer.
            let ends = if told { answers } else { !calls(&message.blocks) };
            turn += u32::from(ends);
        }
        said.retain(|piece| !piece.text.trim().is_empty());
        Ok(Self { role: kept.role.word(), attempt: kept.attempt, condensed: kept.compactions, said })
    }

    /// As a page of text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = String::new();
        let mut turn = 0;
        if self.condensed > 0 {
            let times = text::count(self.condensed, "time");
            let _ = writeln!(page, "(condensed {times}: what was said before is in older transcripts)\n");
        }
        for piece in &self.said {
            if piece.turn != turn {
                turn = piece.turn;
                let _ = writeln!(page, "── turn {turn} ──\n");
            }
            let head = match &piece.voice {
                Voice::Told => "told".to_owned(),
                Voice::Thought => "thought".to_owned(),
                Voice::Words => "says".to_owned(),
                Voice::Call(name) => format!("calls {name}"),
                Voice::Answer(name, true) => format!("{name} answers"),
                Voice::Answer(name, false) => format!("{name} fails"),
                Voice::Other => "also".to_owned(),
            };
            let _ = writeln!(page, "{head}: {}\n", piece.text.trim_end());
        }
        page
    }

    /// As a channel shows it.
    #[must_use]
    pub fn feed(&self) -> Vec<FeedItem> {
        let item = |piece: &Said| {
            let line = || clean_line(&piece.text, CALL_MOST).into();
            match &piece.voice {
                Voice::Told => FeedItem::Said(piece.text.clone()),
                Voice::Thought => FeedItem::Thought(piece.text.clone()),
                Voice::Words => FeedItem::Text(piece.text.clone()),
                Voice::Call(name) => {
                    let input = serde_json::from_str(&piece.text).ok();
                    let brief = input.as_ref().map_or_else(line, brief);
                    FeedItem::Tool { name: name.clone(), brief }
                }
                Voice::Answer(name, ok) => FeedItem::ToolDone { name: name.clone(), brief: line(), ok: *ok },
                Voice::Other => FeedItem::Notice(piece.text.clone()),
            }
        };
        self.said.iter().map(item).collect()
    }
}

fn calls(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| matches!(block, Block::ToolCall { .. }))
}

fn piece(block: &Block, told: bool) -> (Voice, String) {
    match block {
        Block::Text(words) => (if told { Voice::Told } else { Voice::Words }, words.clone()),
        Block::Thinking { text, .. } => (Voice::Thought, text.clone()),
        Block::ToolCall { name, input, .. } => (Voice::Call(line(name)), input.to_string()),
        Block::ToolResult { name, content, is_error, .. } => {
            (Voice::Answer(line(name), !is_error), content.clone())
        }
        Block::Image { media_type, .. } => (Voice::Other, format!("an image ({media_type})")),
        Block::Opaque { vendor, .. } => (Voice::Other, format!("a block of {vendor} that is not shown")),
    }
}

fn line(name: &str) -> String {
    clean_line(name, 80).into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{domain::team::Role, providers::wire::Message};

    /// A transcript of these words, said one turn each.
    pub(crate) fn transcript(words: &[&str], compactions: u32) -> Vec<u8> {
        let mut kept = Transcript::new(Role::Worker, Vec::new());
        kept.compactions = compactions;
        kept.say_words("go");
        for (at, words) in words.iter().enumerate() {
            let id = at.to_string();
            let input = serde_json::json!({"path": "src/cart.rs"});
            let blocks = vec![
                Block::Thinking { text: format!("thinking {at}"), signature: None },
                Block::Text((*words).to_owned()),
                Block::ToolCall { id: id.clone(), name: "read".into(), input, signature: None },
            ];
            kept.messages.push(Message { speaker: Speaker::Assistant, blocks });
            kept.say(vec![Block::ToolResult {
                id,
                name: "read".into(),
                content: "fn total".into(),
                is_error: false,
            }]);
        }
        serde_json::to_vec(&kept).unwrap()
    }

    #[test]
    fn turns_are_counted_and_every_voice_is_named_and_clean() {
        let talk = Talk::read(&transcript(&["first\u{1b}[2J", "second"], 1)).unwrap();
        let words: Vec<_> = talk.said.iter().filter(|piece| piece.voice == Voice::Words).collect();
        assert_eq!((words[0].turn, words[0].text.as_str()), (1, "first"));
        assert_eq!((words[1].turn, words[1].text.as_str()), (2, "second"));
        let text = talk.text();
        for part in ["condensed 1 time", "── turn 2 ──", "calls read: {\"path\"", "read answers: fn total"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(talk.feed().len(), talk.said.len());
        let call = FeedItem::Tool { name: "read".into(), brief: "path=src/cart.rs".into() };
        assert!(talk.feed().contains(&call), "as the live channel shows it: {:?}", talk.feed());
        assert!(Talk::read(b"{}").is_err());
    }
}
