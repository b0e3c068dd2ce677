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
use std::sync::Arc;
use tokio::{sync::watch, time};

/// Before a stream that was lost is taken up again.
const AGAIN_AFTER: Millis = Millis::secs(2);

/// How long nothing comes before it is asked whether the mission has ended.
const QUIET: Millis = Millis::secs(3);

/// Brings a channel from after a place, all that is kept of it and what comes while its mission goes on; the place that it
/// came to.
pub(super) async fn bring(
    wire: Wire,
    feeds: Feeds,
    states: watch::Receiver<Arc<State>>,
    (channel, mut after): (Channel, Option<u64>),
) -> (Channel, Option<u64>) {
    let team = channel.team.map_or_else(|| ORCHESTRATOR.to_owned(), |team| team.0.to_string());
    let path = format!("/api/feeds/{}/{team}", channel.mission);
    loop {
        let mut events = wire.stream(&path, after);
        loop {
            match time::timeout(QUIET.to_std(), events.next()).await {
                Ok(Some(Ok(event))) => {
                    after = event.id.or(after);
                    if let Ok(piece) = serde_json::from_str::<Piece>(&event.data) {
                        push(&feeds, channel, piece);
                    }
                }
                Ok(Some(Err(Trouble::Refused { .. }))) => return (channel, after),
                Ok(None | Some(Err(Trouble::Lost(_)))) => break,
                Err(_) if goes_on(&states.borrow(), channel) => {}
                Err(_) => return (channel, after),
            }
        }
        time::sleep(AGAIN_AFTER.to_std()).await;
        if !goes_on(&states.borrow(), channel) {
            return (channel, after);
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
