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
    server::feeds::{ORCHESTRATOR, Piece},
};
use futures::StreamExt as _;
use std::sync::Arc;
use tokio::{sync::watch, time};

/// Before a stream that was lost is taken up again.
const AGAIN_AFTER: Millis = Millis::secs(2);

/// Brings a channel for as long as its mission goes on.
pub(super) async fn bring(
    wire: Wire,
    feeds: Feeds,
    states: watch::Receiver<Arc<State>>,
    channel: Channel,
) -> Channel {
    let team = channel.team.map_or_else(|| ORCHESTRATOR.to_owned(), |team| team.0.to_string());
    let path = format!("/api/feeds/{}/{team}", channel.mission);
    let mut after = None;
    while goes_on(&states, channel) {
        let mut events = wire.stream(&path, after);
        while let Some(next) = events.next().await {
            match next {
                Ok(event) => {
                    after = event.id.or(after);
                    if let Ok(piece) = serde_json::from_str::<Piece>(&event.data) {
                        push(&feeds, channel, piece);
                    }
                }
                Err(Trouble::Refused { .. }) => return channel,
                Err(Trouble::Lost(_)) => break,
            }
        }
        time::sleep(AGAIN_AFTER.to_std()).await;
    }
    channel
}

fn goes_on(states: &watch::Receiver<Arc<State>>, channel: Channel) -> bool {
    states.borrow().missions.get(&channel.mission).is_some_and(|mission| mission.result.ending.is_none())
}

fn push(feeds: &Feeds, channel: Channel, piece: Piece) {
    if piece.lost > 0 {
        feeds.push(channel, FeedItem::Notice(format!("{} did not come", count(piece.lost, "item"))));
    }
    piece.items.into_iter().for_each(|item| feeds.push(channel, FeedItem::from(item)));
}
