//! The state of a stream: blocks within a bound, where one looks, what one searches.

use super::{
    block::{Block, DONE_BADLY, DONE_WELL, Done, Sort, View},
    search::Needle,
};
use crate::{domain::feed::FeedItem, tui::motion::Motion};
use std::collections::VecDeque;

/// Bytes of text and rows kept per channel; the oldest go first and are counted.
pub const STREAM_MOST: usize = 512 * 1024;
/// Bytes of a block after which a new one goes on with it, so that the bound can let go of a part.
const BLOCK_MOST: usize = 8 * 1024;
/// Blocks from the end in which the call of a finished tool is looked for.
const CALLS_MOST: usize = 64;

/// A row of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub id: u64,
    pub row: usize,
}

/// A match: block and first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    pub id: u64,
    pub at: usize,
}

/// The thought stream of one channel.
#[derive(Debug, Clone)]
pub struct StreamLog {
    pub(super) blocks: VecDeque<Block>,
    bytes: usize,
    most: usize,
    gone: u64,
    next_id: u64,
    width: u16,
    pub(super) height: u16,
    /// The row on top; none while following the end.
    top: Option<Place>,
    /// The row on top while following, as long as all that came after it fits.
    held: Option<Place>,
    pub(super) needle: Option<Needle>,
    pub(super) current: Option<Match>,
}

impl Default for StreamLog {
    fn default() -> Self {
        Self::new(STREAM_MOST)
    }
}

impl StreamLog {
    /// Keeps about `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            bytes: 0,
            most,
            gone: 0,
            next_id: 1,
            width: 80,
            height: 24,
            top: None,
            held: None,
            needle: None,
            current: None,
        }
    }

    /// Takes what came, in order; false when none of it shows here (shots and meters do not).
    pub fn push(&mut self, items: &[FeedItem]) -> bool {
        let mut shown = false;
        for item in items {
            shown |= self.take(item);
        }
        if shown {
            self.let_go();
        }
        shown
    }

    /// Says that `count` items came and went before they were read.
    pub fn missed(&mut self, count: u64) {
        if count > 0 {
            let text = format!("{count} pieces came too fast to show; they are in the transcript");
            self.add(Sort::Notice, text);
            self.let_go();
        }
    }

    /// Tells the size of the pane: before keys are handled and after each resize.
    pub fn fit(&mut self, width: u16, height: u16) {
        self.height = height;
        if self.width == width {
            return;
        }
        let anchor = self.top.and_then(|top| Some((top.id, self.block(top.id)?.rows().get(top.row)?.start)));
        self.width = width;
        self.held = None;
        self.bytes = 0;
        for block in &mut self.blocks {
            block.resize(usize::from(width));
            self.bytes += block.bytes();
        }
        if let Some((id, start)) = anchor {
            self.top = Some(Place { id, row: self.row_of(id, start as usize) });
        }
        self.let_go();
    }

    /// While following: keeps the row on top where it is as long as what came after it fits, then moves it up by a
    /// third of the pane at once. A pane that scrolls with every line costs all of its cells with every line.
    pub fn hold(&mut self) {
        let (Some(bottom), Some(latest)) = (self.bottom(), self.resting()) else { return };
        let fits = |held: &Place| (bottom..=latest).contains(held) && self.index(held.id).is_some();
        self.held = Some(self.held.filter(fits).unwrap_or(latest));
    }

    /// Stops following where it is, or follows again; true when it follows.
    pub fn toggle_follow(&mut self) -> bool {
        self.top = if self.top.is_some() { None } else { self.first() };
        self.is_following()
    }

    /// Whether nothing came yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether the newest row stays in sight.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.top.is_none()
    }

    /// Bytes kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lines that are no more kept.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.gone
    }

    /// Moves. Reaching the end goes on following.
    pub fn go(&mut self, motion: Motion) {
        let page = usize::from(self.height).max(1);
        let bottom = self.bottom();
        let Some(at) = self.first() else { return };
        let to = match motion {
            Motion::Up => self.step(at, -1),
            Motion::Down => self.step(at, 1),
            Motion::PageUp => self.step(at, -(page as isize - 1).max(1)),
            Motion::PageDown => self.step(at, (page as isize - 1).max(1)),
            Motion::Top => self.blocks.front().map_or(at, |block| Place { id: block.id, row: 0 }),
            Motion::Bottom => bottom.unwrap_or(at),
            Motion::Left
            | Motion::Right
            | Motion::NextHunk
            | Motion::PrevHunk
            | Motion::NextFile
            | Motion::PrevFile => return,
        };
        let forward = matches!(motion, Motion::Down | Motion::PageDown | Motion::Bottom);
        self.top = (!forward || bottom.is_some_and(|bottom| to < bottom)).then_some(to);
    }

    /// Opens all tool calls, or folds them when one is open.
    pub fn toggle_tools(&mut self) {
        let next = match self.blocks.iter().any(|block| is_tool(block, View::Open)) {
            true => View::Folded,
            false => View::Open,
        };
        for block in &mut self.blocks {
            if let Sort::Tool { view, .. } = &mut block.sort {
                *view = next;
            }
        }
        self.settle();
    }

    /// Opens or folds the tool call that stands on the nth row of the pane; false when none does.
    pub fn toggle_row(&mut self, nth: u16) -> bool {
        let Some(place) =
            self.visible().nth(usize::from(nth)).map(|(block, row)| Place { id: block.id, row })
        else {
            return false;
        };
        let Some(Sort::Tool { view, .. }) = self.block_mut(place.id).map(|block| &mut block.sort) else {
            return false;
        };
        *view = if *view == View::Open { View::Folded } else { View::Open };
        self.settle();
        true
    }

    /// Looks for a text and goes to the newest match; an empty text ends the search. True when found.
    pub fn search(&mut self, text: &str) -> bool {
        self.needle = Needle::new(text);
        self.current = None;
        self.prev_match()
    }

    /// The text that is looked for.
    #[must_use]
    pub fn searching(&self) -> Option<&str> {
        self.needle.as_ref().map(Needle::text)
    }

    /// To the next match, after the last the first. False when there is none.
    pub fn next_match(&mut self) -> bool {
        let all = self.matches();
        let next = all.iter().find(|found| self.current.is_none_or(|now| **found > now));
        self.jump(next.or(all.first()).copied())
    }

    /// To the match before, before the first the last. False when there is none.
    pub fn prev_match(&mut self) -> bool {
        let all = self.matches();
        let prev = all.iter().rev().find(|found| self.current.is_none_or(|now| **found < now));
        self.jump(prev.or(all.last()).copied())
    }

    /// Which match one is at, counted from 1, and how many there are.
    #[must_use]
    pub fn match_count(&self) -> (usize, usize) {
        let all = self.matches();
        let at = all.iter().position(|found| Some(*found) == self.current).map_or(0, |at| at + 1);
        (at, all.len())
    }

    fn matches(&self) -> Vec<Match> {
        let Some(needle) = &self.needle else { return Vec::new() };
        let of = |block: &'_ Block| {
            let id = block.id;
            needle.find_in(&block.text).map(|at| Match { id, at }).collect::<Vec<_>>()
        };
        self.blocks.iter().flat_map(of).collect()
    }

    fn jump(&mut self, to: Option<Match>) -> bool {
        self.current = to;
        let Some(found) = to else { return false };
        if let Some(Sort::Tool { view, .. }) = self.block_mut(found.id).map(|block| &mut block.sort) {
            *view = View::Open;
        }
        let place = Place { id: found.id, row: self.row_of(found.id, found.at) };
        self.top = Some(self.step(place, -(isize::try_from(self.height / 3).unwrap_or(0))));
        self.settle();
        true
    }

    fn take(&mut self, item: &FeedItem) -> bool {
        match item {
            FeedItem::Thought(piece) => self.talk(Sort::Thought, piece),
            FeedItem::Text(piece) => self.talk(Sort::Text, piece),
            FeedItem::Said(text) => self.add(Sort::Said, text.trim_matches('\n').to_owned()),
            FeedItem::Notice(text) => self.add(Sort::Notice, text.trim_matches('\n').to_owned()),
            FeedItem::Tool { name, brief } => {
                let sort = Sort::Tool { name: name.clone(), done: None, view: View::Folded };
                self.add(sort, format!("{name} {brief}"));
            }
            FeedItem::ToolDone { name, brief, ok } => {
                self.tool_done(name, Done { brief: brief.clone(), ok: *ok })
            }
            FeedItem::Shot(_) | FeedItem::Meter { .. } => return false,
        }
        true
    }

    /// A piece joins what came before when it is of the same sort.
    fn talk(&mut self, sort: Sort, piece: &str) {
        debug_assert!(
            !piece.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')),
            "not clean: {piece:?}"
        );
        let mut rest = piece;
        while !rest.is_empty() {
            let joins = self.blocks.back().is_some_and(|tail| tail.sort == sort);
            let full = self.blocks.back().is_some_and(|tail| tail.text.len() >= BLOCK_MOST);
            if !joins {
                rest = rest.trim_start_matches('\n');
                if rest.is_empty() {
                    return;
                }
            }
            let room = if joins && !full { BLOCK_MOST - self.tail_len() } else { BLOCK_MOST };
            let cut = cut_at(rest, room);
            let (now, later) = rest.split_at(cut);
            if joins && !full {
                self.grow_tail(now);
            } else if joins {
                self.go_on(sort.clone(), now.to_owned());
            } else {
                self.add(sort.clone(), now.to_owned());
            }
            rest = later;
        }
    }

    fn tail_len(&self) -> usize {
        self.blocks.back().map_or(0, |tail| tail.text.len())
    }

    fn grow_tail(&mut self, piece: &str) {
        if let Some(tail) = self.blocks.back_mut() {
            self.bytes -= tail.bytes();
            tail.append(piece);
            self.bytes += tail.bytes();
        }
    }

    fn add(&mut self, sort: Sort, text: String) {
        let block = Block::new(self.next_id, sort, text, usize::from(self.width));
        self.put(block);
    }

    /// A block that continues the tail. What stands before its first newline begins a row of its own.
    fn go_on(&mut self, sort: Sort, text: String) {
        let start = self.blocks.back().map(Block::end).unwrap_or_default();
        let mut block = Block::starting(self.next_id, sort, text, (usize::from(self.width), start));
        block.goes_on = true;
        self.put(block);
    }

    fn put(&mut self, block: Block) {
        if let Some(tail) = self.blocks.back_mut() {
            tail.close();
        }
        self.next_id += 1;
        self.bytes += block.bytes();
        self.blocks.push_back(block);
    }

    /// The oldest open call of that tool has ended; without one, the end is all that is known.
    fn tool_done(&mut self, tool: &str, result: Done) {
        let is_open =
            |block: &Block| matches!(&block.sort, Sort::Tool { name, done: None, .. } if name == tool);
        let from = self.blocks.len().saturating_sub(CALLS_MOST);
        if !self.blocks.iter().skip(from).any(is_open) {
            let sort = Sort::Tool { name: tool.to_owned(), done: None, view: View::Folded };
            self.add(sort, tool.to_owned());
        }
        let from = self.blocks.len().saturating_sub(CALLS_MOST);
        let width = usize::from(self.width);
        let Some(block) = self.blocks.iter_mut().skip(from).find(|block| is_open(block)) else { return };
        self.bytes -= block.bytes();
        let word = if result.ok { DONE_WELL } else { DONE_BADLY };
        let text = format!("{}\n{word} {}", block.text, result.brief);
        if let Sort::Tool { done, .. } = &mut block.sort {
            *done = Some(result);
        }
        block.rewrite(text, width);
        self.bytes += block.bytes();
    }

    /// Lets the oldest blocks go until the rest fits; says how many lines that were.
    fn let_go(&mut self) {
        let first = usize::from(self.blocks.front().is_some_and(|block| block.sort == Sort::Gone));
        let mut lines = 0;
        let mut dropped = false;
        while self.bytes > self.most && self.blocks.len() > first + 1 {
            let Some(block) = self.blocks.remove(first) else { break };
            self.bytes -= block.bytes();
            lines += block.lines();
            dropped = true;
        }
        if !dropped {
            return;
        }
        self.gone += lines;
        let text = format!("… {} earlier lines are in the transcript", self.gone);
        let notice = Block::new(0, Sort::Gone, text, usize::from(self.width));
        self.bytes += notice.bytes();
        if first == 1 {
            self.blocks.pop_front().iter().for_each(|old| self.bytes -= old.bytes());
        }
        self.blocks.push_front(notice);
        self.settle();
    }

    /// Points what is looked at to something that is there.
    fn settle(&mut self) {
        let Some(top) = self.top else { return };
        let index = self.blocks.partition_point(|block| block.id < top.id);
        let index = index.min(self.blocks.len().saturating_sub(1));
        let Some(block) = self.blocks.get(index) else { return };
        let row = if block.id == top.id { top.row.min(block.rows().len().saturating_sub(1)) } else { 0 };
        let place = Place { id: block.id, row };
        self.top = Some(self.bottom().map_or(place, |bottom| bottom.min(place)));
    }

    pub(super) fn index(&self, id: u64) -> Option<usize> {
        let index = self.blocks.partition_point(|block| block.id < id);
        self.blocks.get(index).filter(|block| block.id == id).map(|_| index)
    }

    fn block(&self, id: u64) -> Option<&Block> {
        self.blocks.get(self.index(id)?)
    }

    fn block_mut(&mut self, id: u64) -> Option<&mut Block> {
        let index = self.index(id)?;
        self.blocks.get_mut(index)
    }

    fn row_of(&self, id: u64, byte: usize) -> usize {
        let rows = self.block(id).map(|block| block.rows()).unwrap_or_default();
        rows.partition_point(|row| row.start as usize <= byte).saturating_sub(1)
    }

    /// The row `by` rows away, or the first or last.
    fn step(&self, from: Place, by: isize) -> Place {
        let Some(mut index) = self.index(from.id) else { return from };
        let (mut row, mut left) = (from.row, by.unsigned_abs());
        loop {
            let rows = self.blocks[index].rows().len();
            let room = if by < 0 { row } else { rows.saturating_sub(row + 1) };
            if left <= room {
                let row = if by < 0 { row - left } else { row + left };
                return Place { id: self.blocks[index].id, row };
            }
            let next = if by < 0 { index.checked_sub(1) } else { Some(index + 1) };
            let Some(next) = next.filter(|&next| next < self.blocks.len()) else {
                let row = if by < 0 { 0 } else { rows.saturating_sub(1) };
                return Place { id: self.blocks[index].id, row };
            };
            left -= room + 1;
            index = next;
            row = if by < 0 { self.blocks[index].rows().len().saturating_sub(1) } else { 0 };
        }
    }

    /// The top row with which the last row is the last of the pane.
    fn bottom(&self) -> Option<Place> {
        self.above_end(self.height)
    }

    /// The top row with which a third of the pane is left for what comes.
    fn resting(&self) -> Option<Place> {
        self.above_end(self.height - self.height / 3)
    }

    fn above_end(&self, rows: u16) -> Option<Place> {
        let last = self.blocks.back()?;
        let end = Place { id: last.id, row: last.rows().len().saturating_sub(1) };
        Some(self.step(end, 1 - isize::try_from(rows.max(1)).unwrap_or(1)))
    }

    /// The row that is drawn on top.
    fn first(&self) -> Option<Place> {
        let bottom = self.bottom();
        let held = self.held.filter(|held| bottom.is_some_and(|bottom| *held >= bottom));
        self.top.or(held.filter(|held| self.index(held.id).is_some())).or(bottom)
    }

    /// Rows from the top one on.
    pub(super) fn visible(&self) -> impl Iterator<Item = (&Block, usize)> {
        let top = self.first().unwrap_or(Place { id: 0, row: 0 });
        let index = self.index(top.id).unwrap_or(0);
        self.blocks.iter().skip(index).enumerate().flat_map(move |(nth, block)| {
            let from = if nth == 0 { top.row } else { 0 };
            (from..block.rows().len()).map(move |row| (block, row))
        })
    }
}

fn is_tool(block: &Block, wanted: View) -> bool {
    matches!(block.sort, Sort::Tool { view, .. } if view == wanted)
}

/// Where to cut a piece that has room for `room` bytes: after a newline if one is near, else at a character.
fn cut_at(text: &str, room: usize) -> usize {
    if text.len() <= room {
        return text.len();
    }
    let most = (0..=room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    match text[..most].rfind('\n') {
        Some(at) => at + 1,
        None if most > 0 => most,
        None => text.chars().next().map_or(text.len(), char::len_utf8),
    }
}
