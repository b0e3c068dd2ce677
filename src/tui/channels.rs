//! The channels of the mission on screen: what each stream has said so far, and how it is looked at. Streams of
//! missions that are not shown are let go; the feeds keep their own rings.

use super::{
    motion::Motion,
    shot::{Highlighter, Layout, ShotView},
    stream::StreamLog,
};
use crate::{
    domain::{
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::MissionId,
        money::{Cost, Usage},
    },
    runtime::feeds::Batch,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One channel.
#[derive(Default)]
pub struct View {
    /// Where the feed was read to.
    pub cursor: u64,
    /// Its words.
    pub log: StreamLog,
    /// Its patch.
    pub shot: ShotView,
    /// The patch as text, for the clipboard.
    pub patch: Option<Arc<Shot>>,
    /// Tokens and money, as streamed.
    pub meter: Option<(Usage, Cost)>,
}

/// What a channel gives its room to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Face {
    /// Both.
    #[default]
    Both,
    /// The thought stream.
    Thoughts,
    /// The live shot.
    Shot,
}

impl Face {
    /// Whether a part is shown.
    #[must_use]
    pub fn shows(self, part: Self) -> bool {
        self == Self::Both || self == part
    }
}

/// All of them.
#[derive(Default)]
pub struct Channels {
    mission: Option<MissionId>,
    views: BTreeMap<Channel, View>,
    /// The chosen one, counted from 0.
    pub at: usize,
    /// What they give their room to.
    pub face: Face,
    /// Whether the chosen one has the whole screen.
    pub full: bool,
    layout: Layout,
    highlighter: Option<Highlighter>,
    /// Patches that were asked for.
    asked: BTreeSet<(Channel, Digest)>,
}

impl Channels {
    /// Shots are painted by this one from now on.
    pub fn paint_with(&mut self, highlighter: Highlighter) {
        self.highlighter = Some(highlighter);
    }

    /// Another mission is shown.
    pub fn turn_to(&mut self, mission: Option<MissionId>) {
        if self.mission != mission {
            self.mission = mission;
            self.views.clear();
            self.asked.clear();
            self.at = 0;
        }
    }

    /// Takes what came.
    pub fn take(&mut self, channel: Channel, batch: Batch) {
        if Some(channel.mission) != self.mission {
            return;
        }
        let view = self.view_of(channel);
        view.cursor = batch.next;
        view.log.missed(batch.lost);
        view.log.push(&batch.items);
        for item in batch.items {
            match item {
                FeedItem::Shot(shot) => {
                    view.shot.show(&shot);
                    view.patch = Some(shot);
                }
                FeedItem::Meter { usage, cost } => view.meter = Some((usage, cost)),
                _ => {}
            }
        }
    }

    fn view_of(&mut self, channel: Channel) -> &mut View {
        let (highlighter, layout) = (self.highlighter.clone(), self.layout);
        self.views.entry(channel).or_insert_with(|| {
            let mut shot = ShotView::new(highlighter);
            shot.set_layout(layout);
            View { shot, ..View::default() }
        })
    }

    /// True, once for each patch, if a channel has no patch to show while there is this one.
    pub fn misses(&mut self, channel: Channel, patch: Digest) -> bool {
        let bare = self.views.get(&channel).is_none_or(|view| view.patch.is_none());
        bare && self.asked.insert((channel, patch))
    }

    /// A patch that was kept; what was streamed meanwhile is newer.
    pub fn show_kept(&mut self, channel: Channel, shot: Shot) {
        if Some(channel.mission) != self.mission || shot.patch.is_empty() {
            return;
        }
        let view = self.view_of(channel);
        if view.patch.is_none() {
            view.shot.show(&shot);
            view.patch = Some(Arc::new(shot));
        }
    }

    /// A channel, if anything came on it.
    #[must_use]
    pub fn view(&self, channel: Channel) -> Option<&View> {
        self.views.get(&channel)
    }

    /// The same, to change.
    pub fn view_mut(&mut self, channel: Channel) -> Option<&mut View> {
        self.views.get_mut(&channel)
    }

    /// Where each was read to.
    #[must_use]
    pub fn cursor(&self, channel: Channel) -> u64 {
        self.views.get(&channel).map_or(0, |view| view.cursor)
    }

    /// One column or two, in turn.
    pub fn turn_layout(&mut self) -> &'static str {
        let (next, word) = match self.layout {
            Layout::Unified => (Layout::Split, "side by side"),
            Layout::Split => (Layout::Auto, "side by side where there is room"),
            Layout::Auto => (Layout::Unified, "unified"),
        };
        self.layout = next;
        for view in self.views.values_mut() {
            view.shot.set_layout(next);
        }
        word
    }

    /// Moves the shot of one channel.
    pub fn go(&mut self, channel: Channel, motion: Motion) {
        if let Some(view) = self.views.get_mut(&channel) {
            view.shot.go(motion);
        }
    }
}
