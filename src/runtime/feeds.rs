//! Feeds: one bounded ring of [`FeedItem`]s per channel, written by agents, read by whoever looks.
//!
//! A reader keeps its own cursor and is told how many items it missed when the ring overtook it. Writers never
//! wait. Neighbouring pieces of text are joined up to [`JOIN_MOST`], so a ring holds a long stretch of talk.
//! Readers wake through one counter that moves at most as often as they look at it.

use crate::domain::feed::{Channel, FeedItem};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Items kept per channel.
const RING_MOST: usize = 4_096;
/// Text of one item, in bytes, up to which the next piece of the same sort is joined to it.
pub const JOIN_MOST: usize = 512;
/// Channels kept; the one written longest ago goes first.
pub const CHANNELS_MOST: usize = 64;

/// All channels. Cheap to clone; every clone is the same feeds.
#[derive(Clone)]
pub struct Feeds {
    rings: Arc<Mutex<BTreeMap<Channel, Ring>>>,
    moved: Arc<watch::Sender<u64>>,
    looked: Arc<watch::Sender<BTreeSet<Channel>>>,
}

#[derive(Default)]
struct Ring {
    items: VecDeque<FeedItem>,
    /// Number of the first item in `items`; numbers never repeat within a channel.
    first: u64,
    /// Value of the global counter when it was last written.
    written: u64,
}

/// What a reader gets.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// Items since the cursor, oldest first.
    pub items: Vec<FeedItem>,
    /// Cursor for the next read.
    pub next: u64,
    /// Items that were overtaken before this reader saw them.
    pub lost: u64,
}

impl Default for Feeds {
    fn default() -> Self {
        Self {
            rings: Arc::default(),
            moved: Arc::new(watch::Sender::new(0)),
            looked: Arc::new(watch::Sender::new(BTreeSet::new())),
        }
    }
}

impl Feeds {
    fn rings(&self) -> MutexGuard<'_, BTreeMap<Channel, Ring>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item to a channel.
    pub fn push(&self, channel: Channel, item: FeedItem) {
        let mut rings = self.rings();
        let now = self.moved.borrow().wrapping_add(1);
        if !rings.contains_key(&channel) && rings.len() >= CHANNELS_MOST {
            let oldest = rings.iter().min_by_key(|(_, ring)| ring.written).map(|(channel, _)| *channel);
            oldest.map(|channel| rings.remove(&channel));
        }
        let ring = rings.entry(channel).or_default();
        ring.written = now;
        ring.items.push_back(item);
        if ring.items.len() > RING_MOST {
            ring.items.pop_front();
            ring.first += 1;
        }
        drop(rings);
        self.moved.send_replace(now);
    }

    /// What came on a channel since `cursor` (0: from the oldest kept).
    #[must_use]
    pub fn read(&self, channel: Channel, cursor: u64) -> Batch {
        let rings = self.rings();
        let Some(ring) = rings.get(&channel) else { return Batch { next: cursor, ..Batch::default() } };
        let end = ring.first + ring.items.len() as u64;
        let start = cursor.clamp(ring.first, end);
        let skip = usize::try_from(start - ring.first).unwrap_or(usize::MAX);
        Batch {
            items: join(ring.items.iter().skip(skip)),
            next: end,
            lost: ring.first.saturating_sub(cursor),
        }
    }

    /// The channels that whoever is here looks at from now on, and no others; of more than are kept at all, the latest missions'.
    pub fn look_at(&self, channels: impl IntoIterator<Item = Channel>) {
        let mut looked: BTreeSet<Channel> = channels.into_iter().collect();
        while looked.len() > CHANNELS_MOST {
            looked.pop_first();
        }
        self.looked.send_if_modified(|before| {
            let changed = *before != looked;
            *before = looked;
            changed
        });
    }

    /// The channels that are looked at here: for whoever brings them from elsewhere only then.
    #[must_use]
    pub fn looked(&self) -> watch::Receiver<BTreeSet<Channel>> {
        self.looked.subscribe()
    }

    /// Changes whenever any channel gets an item.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }
}

/// Neighbouring pieces of the same sort become one.
fn join<'a>(items: impl Iterator<Item = &'a FeedItem>) -> Vec<FeedItem> {
    let mut joined: Vec<FeedItem> = Vec::new();
    for item in items {
        match (joined.last_mut(), item) {
            (Some(FeedItem::Text(whole)), FeedItem::Text(piece))
            | (Some(FeedItem::Thought(whole)), FeedItem::Thought(piece))
                if whole.len() < JOIN_MOST =>
            {
                whole.push_str(piece);
            }
            _ => joined.push(item.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{MissionId, TeamId};

    fn channel(team: u8) -> Channel {
        Channel { mission: MissionId(1), team: Some(TeamId(team)) }
    }

    #[test]
    fn a_slow_reader_is_told_what_it_missed_and_goes_on() {
        let feeds = Feeds::default();
        for n in 0..RING_MOST + 10 {
            feeds.push(channel(1), FeedItem::Notice(n.to_string()));
        }
        let batch = feeds.read(channel(1), 0);
        assert_eq!((batch.items.len(), batch.lost), (RING_MOST, 10));
        assert_eq!(feeds.read(channel(1), batch.next), Batch { next: batch.next, ..Batch::default() });
        feeds.push(channel(1), FeedItem::Notice("new".into()));
        assert_eq!(feeds.read(channel(1), batch.next).items, [FeedItem::Notice("new".into())]);
    }

    #[test]
    fn pieces_of_one_sort_arrive_joined() {
        let feeds = Feeds::default();
        for piece in ["a", "b"] {
            feeds.push(channel(1), FeedItem::Text(piece.into()));
        }
        feeds.push(channel(1), FeedItem::Thought("c".into()));
        let want = [FeedItem::Text("ab".into()), FeedItem::Thought("c".into())];
        assert_eq!(feeds.read(channel(1), 0).items, want);
    }

    #[test]
    fn channels_are_bounded() {
        let feeds = Feeds::default();
        for mission in 0..=CHANNELS_MOST as u64 {
            let channel = Channel { mission: MissionId(mission), team: None };
            feeds.push(channel, FeedItem::Notice(String::new()));
        }
        assert_eq!(feeds.rings().len(), CHANNELS_MOST);
        assert!(feeds.read(Channel { mission: MissionId(0), team: None }, 0).items.is_empty());
    }
}
