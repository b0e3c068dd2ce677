//! Streams that are followed, as lines: pieces of thought and speech are joined until a line is full or something else
//! comes; tool calls, notices and patches are a line each.

use super::{named::label, say};
use crate::{
    domain::feed::{Channel, FeedItem},
    engine::state::Mission,
    runtime::feeds::Batch,
};
use std::collections::BTreeMap;

/// Characters of a line of thought; a longer stretch goes on in the next.
const STRETCH: usize = 240;

/// What is followed, and how far each was read.
#[derive(Debug, Default)]
pub struct Streams {
    followed: BTreeMap<Channel, Follow>,
}

#[derive(Debug, Default)]
struct Follow {
    cursor: u64,
    /// The plain word and what was not said yet.
    held: Option<(&'static str, String)>,
    /// Added and removed lines of the last patch.
    shot: Option<(usize, usize)>,
}

impl Streams {
    /// Follows these from now on, and nothing else; what came before `cursor` is not said.
    pub fn follow(&mut self, channels: impl IntoIterator<Item = (Channel, u64)>) {
        let fresh = |cursor| Follow { cursor, ..Follow::default() };
        self.followed = channels.into_iter().map(|(channel, cursor)| (channel, fresh(cursor))).collect();
    }

    /// Follows this one too.
    pub fn add(&mut self, channel: Channel, cursor: u64) {
        self.followed.entry(channel).or_insert_with(|| Follow { cursor, ..Follow::default() });
    }

    /// What is followed, and how far it was read.
    pub fn all(&self) -> impl Iterator<Item = (Channel, u64)> {
        self.followed.iter().map(|(channel, follow)| (*channel, follow.cursor))
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.followed.is_empty()
    }

    /// Takes what came.
    pub fn take(&mut self, mission: &Mission, channel: Channel, batch: Batch) -> Vec<String> {
        let who = channel.team.map_or_else(|| "orchestrator".to_owned(), |team| label(mission, team));
        let Some(follow) = self.followed.get_mut(&channel) else { return Vec::new() };
        let mut lines = Vec::new();
        if batch.lost > 0 {
            lines.push(say::line("missed", &format!("{who}, {} pieces went by unread", batch.lost)));
        }
        follow.cursor = batch.next;
        for item in batch.items {
            match item {
                FeedItem::Thought(piece) => follow.piece("thought", &piece, &who, &mut lines),
                FeedItem::Text(piece) => follow.piece("says", &piece, &who, &mut lines),
                FeedItem::Meter { .. } => {}
                other => {
                    follow.flush(&who, &mut lines);
                    lines.extend(follow.event(other, &who));
                }
            }
        }
        lines
    }

    /// Says what is held: the team has fallen silent.
    pub fn flush(&mut self, mission: &Mission, channel: Channel) -> Vec<String> {
        let who = channel.team.map_or_else(|| "orchestrator".to_owned(), |team| label(mission, team));
        let mut lines = Vec::new();
        if let Some(follow) = self.followed.get_mut(&channel) {
            follow.flush(&who, &mut lines);
        }
        lines
    }
}

impl Follow {
    fn piece(&mut self, word: &'static str, piece: &str, who: &str, lines: &mut Vec<String>) {
        if self.held.as_ref().is_some_and(|(held, _)| *held != word) {
            self.flush(who, lines);
        }
        let mut text = self.held.take().map(|(_, text)| text).unwrap_or_default();
        text.push_str(piece);
        loop {
            let cut = match text.find('\n') {
                Some(at) => at,
                None if text.chars().count() > STRETCH => full(&text),
                None => break,
            };
            let rest = text.split_off(cut);
            if !text.trim().is_empty() {
                lines.push(say::line(word, &format!("{who}, {}", text.trim())));
            }
            text = rest.trim_start_matches(['\n', ' ']).to_owned();
        }
        self.held = Some((word, text));
    }

    fn flush(&mut self, who: &str, lines: &mut Vec<String>) {
        if let Some((word, text)) = self.held.take()
            && !text.trim().is_empty()
        {
            lines.push(say::line(word, &format!("{who}, {}", text.trim())));
        }
    }

    fn event(&mut self, item: FeedItem, who: &str) -> Option<String> {
        match item {
            FeedItem::Tool { name, brief } => Some(say::line("tool", &format!("{who}, {name} {brief}"))),
            FeedItem::ToolDone { name, brief, ok } => {
                let word = if ok { "tool done" } else { "tool failed" };
                Some(say::line(word, &format!("{who}, {name}, {brief}")))
            }
            FeedItem::Said(words) => Some(say::line("told", &format!("{who}, {words}"))),
            FeedItem::Notice(words) => Some(say::line("notice", &format!("{who}, {words}"))),
            FeedItem::Shot(shot) => {
                let count = |sign: &str, head: &str| {
                    let lines = shot.patch.lines();
                    lines.filter(|line| line.starts_with(sign) && !line.starts_with(head)).count()
                };
                let now = (count("+", "+++"), count("-", "---"));
                let is_new = self.shot.replace(now) != Some(now);
                is_new.then(|| say::line("shot", &format!("{who}, +{} -{} so far", now.0, now.1)))
            }
            FeedItem::Thought(_) | FeedItem::Text(_) | FeedItem::Meter { .. } => None,
        }
    }
}

/// Where a stretch ends: behind its last word that fits.
fn full(text: &str) -> usize {
    let end = text.char_indices().nth(STRETCH).map_or(text.len(), |(at, _)| at);
    text.get(..end).and_then(|head| head.rfind(' ')).filter(|at| *at > 0).unwrap_or(end)
}
