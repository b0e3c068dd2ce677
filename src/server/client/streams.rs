//! What agents stream at the other end, brought here for the channels that somebody reads.

use super::wire::{Trouble, Wire};
use crate::{
    domain::{
        feed::{Channel, FeedItem},
        text::count,
        time::Millis,
    },
    engine::state::State,
    runtime::feeds::Feeds,
    server::pages::feeds::{ORCHESTRATOR, Piece},
};
use futures::StreamExt as _;
use std::{collections::BTreeSet, sync::Arc};
use tokio::{sync::watch, time};

/// Before a stream that was lost is taken up again.
const AGAIN_AFTER: Millis = Millis::secs(2);

/// How long nothing comes before it is asked whether the mission has ended.
const QUIET: Millis = Millis::secs(3);

/// This side of the line.
pub(super) struct Here {
    /// Where it is brought to.
    pub feeds: Feeds,
    /// What is known of missions.
    pub states: watch::Receiver<Arc<State>>,
    /// What is looked at.
    pub looked: watch::Receiver<BTreeSet<Channel>>,
}

/// A stream that is not read any more.
pub(super) struct Dropped {
    /// Of which channel.
    pub channel: Channel,
    /// The place that it came to.
    pub place: Option<u64>,
    /// Because nobody looks at it.
    pub unseen: bool,
}

/// Brings a channel from after a place, all that is kept of it and what comes while its mission goes on and somebody looks
/// at it.
pub(super) async fn bring(wire: Wire, here: Here, (channel, mut place): (Channel, Option<u64>)) -> Dropped {
    let Here { feeds, states, mut looked } = here;
    let unseen = tokio::select! {
        () = follow(&wire, (&feeds, &states), (channel, &mut place)) => false,
        // An error means that this side lets go.
        _ = looked.wait_for(|looked| !looked.contains(&channel)) => true,
    };
    Dropped { channel, place, unseen }
}

async fn follow(
    wire: &Wire,
    (feeds, states): (&Feeds, &watch::Receiver<Arc<State>>),
    (channel, place): (Channel, &mut Option<u64>),
) {
    let team = channel.team.map_or_else(|| ORCHESTRATOR.to_owned(), |team| team.0.to_string());
    let path = format!("/api/feeds/{}/{team}", channel.mission);
    loop {
        let mut events = wire.stream(&path, *place);
        loop {
            match time::timeout(QUIET.to_std(), events.next()).await {
                Ok(Some(Ok(event))) => {
                    *place = event.id.or(*place);
                    if let Ok(piece) = serde_json::from_str::<Piece>(&event.data) {
                        push(feeds, channel, piece);
                    }
                }
                Ok(Some(Err(Trouble::Refused { .. }))) => return,
                Ok(None | Some(Err(Trouble::Lost(_)))) => break,
                Err(_) if goes_on(&states.borrow(), channel) => {}
                Err(_) => return,
            }
        }
        time::sleep(AGAIN_AFTER.to_std()).await;
        if !goes_on(&states.borrow(), channel) {
            return;
        }
    }
}

/// Whether anything may come on it.
pub(super) fn goes_on(state: &State, channel: Channel) -> bool {
    state.missions.get(&channel.mission).is_some_and(|mission| mission.result.ending.is_none())
}

fn push(feeds: &Feeds, channel: Channel, piece: Piece) {
    if piece.lost > 0 {
        feeds.push(channel, FeedItem::Notice(format!("{} did not come", count(piece.lost, "item"))));
    }
    piece.items.into_iter().for_each(|item| feeds.push(channel, FeedItem::from(item)));
}
