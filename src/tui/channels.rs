//! The channels of the mission on screen: what each stream has said so far, and how it is looked at. Streams of
//! missions that are not shown are let go; the feeds keep their own rings.

use super::{
    shot::{Highlighter, Manner, ShotView},
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
    /// Patches that came as a stream.
    streamed: u64,
    /// Whether its words are from a transcript.
    kept: bool,
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
    manner: Manner,
    highlighter: Option<Highlighter>,
    /// The patch that was asked for last, and how many had been streamed by then.
    asked: BTreeMap<Channel, (Digest, u64)>,
    /// Channels whose kept words were asked for.
    heard: BTreeSet<Channel>,
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
            self.heard.clear();
            self.at = 0;
        }
    }

    /// Takes what came.
    pub fn take(&mut self, channel: Channel, batch: Batch) {
        if Some(channel.mission) != self.mission {
            return;
        }
        let view = self.view_of(channel);
        if view.kept && !batch.items.is_empty() {
            // What is streamed from its beginning may hold the same words: it is newer, and once is enough.
            (view.log, view.kept) = (StreamLog::default(), false);
        }
        view.cursor = batch.next;
        view.log.missed(batch.lost);
        view.log.push(&batch.items);
        for item in batch.items {
            match item {
                FeedItem::Shot(shot) => {
                    view.shot.show(&shot);
                    view.patch = Some(shot);
                    view.streamed += 1;
                }
                FeedItem::Meter { usage, cost } => view.meter = Some((usage, cost)),
                _ => {}
            }
        }
    }

    /// A channel from the beginning, with all that it shows.
    pub fn renew(&mut self, channel: Channel, batch: Batch) {
        self.views.remove(&channel);
        self.asked.remove(&channel);
        self.take(channel, batch);
    }

    fn view_of(&mut self, channel: Channel) -> &mut View {
        let (highlighter, manner) = (self.highlighter.clone(), self.manner);
        self.views.entry(channel).or_insert_with(|| {
            let mut shot = ShotView::new(highlighter);
            shot.set_manner(manner);
            View { shot, ..View::default() }
        })
    }

    /// True, once for each candidate that takes another's place, if its patch may not be the one that is shown: a person's and
    /// one that stands again are never streamed. While a team works on its next one, what it streams is shown.
    pub fn misses(&mut self, channel: Channel, (patch, works): (Digest, bool)) -> bool {
        let view = self.views.get(&channel);
        let streamed = view.map_or(0, |view| view.streamed);
        let wanted = !works || view.is_none_or(|view| view.patch.is_none());
        let known = self.asked.get(&channel).is_some_and(|(asked, _)| *asked == patch);
        if wanted && !known {
            self.asked.insert(channel, (patch, streamed));
        }
        wanted && !known
    }

    /// A patch that was kept; what was streamed meanwhile is newer.
    pub fn show_kept(&mut self, channel: Channel, shot: Shot) {
        if Some(channel.mission) != self.mission || shot.patch.is_empty() {
            return;
        }
        let Some((wanted, asked)) = self.asked.get(&channel).copied() else { return };
        if wanted != shot.digest {
            // Another candidate has taken its place meanwhile.
            return;
        }
        let view = self.view_of(channel);
        let same = view.patch.as_ref().is_some_and(|shown| shown.patch == shot.patch);
        if view.patch.is_none() || (view.streamed == asked && !same) {
            let shot = Arc::new(shot);
            view.shot.show(&shot);
            view.patch = Some(shot);
        }
    }

    /// True, once, if nothing was said on a channel since this screen was opened.
    pub fn is_mute(&mut self, channel: Channel) -> bool {
        self.views.get(&channel).is_none_or(|view| view.log.is_empty()) && self.heard.insert(channel)
    }

    /// What was said before this screen was opened; what was streamed meanwhile is newer.
    pub fn say_kept(&mut self, channel: Channel, said: &[FeedItem]) {
        if Some(channel.mission) != self.mission || said.is_empty() {
            return;
        }
        let view = self.view_of(channel);
        if view.log.is_empty() {
            view.log
                .push(&[FeedItem::Notice("from the transcript: said before this screen was opened".into())]);
            view.log.push(said);
            view.kept = true;
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

    /// How patches are looked at.
    #[must_use]
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// Looks at every patch in another manner.
    pub fn set_manner(&mut self, manner: Manner) {
        self.manner = manner;
        self.views.values_mut().for_each(|view| view.shot.set_manner(manner));
    }

    /// What paints shots.
    #[must_use]
    pub fn painter(&self) -> Option<&Highlighter> {
        self.highlighter.as_ref()
    }

    /// The same, for patches elsewhere.
    #[must_use]
    pub fn highlighter(&self) -> Option<Highlighter> {
        self.highlighter.clone()
    }
}
