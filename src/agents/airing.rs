//! From a streaming reply to the channel: deltas that come together, as the transport gathers them, are joined,
//! cleaned, and fed. Lossless and in order; never blocks the call that streams.

use crate::{
    agents::office::Office,
    domain::{feed::FeedItem, team::ModelRef, text},
    providers::wire::{CallError, CallRequest, Delta, Reply, Switchboard},
};
use futures::future::{Either, select};
use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Pieces are joined for this long before they are shown.
const JOIN: Duration = Duration::from_millis(10);
/// A piece this long is shown at once, in bytes.
const PIECE_MOST: usize = 4 * 1024;

/// Calls a model and shows what streams.
///
/// # Errors
/// What the call failed with.
pub async fn ask(
    office: &dyn Office,
    switchboard: &dyn Switchboard,
    chain: &[ModelRef],
    request: &CallRequest,
) -> Result<Reply, CallError> {
    let airing = Airing::new(office);
    let mut on = |delta| airing.take(delta);
    let call = switchboard.call(chain, request, office.purse(), &mut on);
    let reply = match select(call, pin!(airing.pump())).await {
        Either::Left((reply, _)) => reply,
        Either::Right(((), call)) => call.await,
    };
    airing.flush();
    reply
}

/// Joins and shows the deltas of one call.
struct Airing<'a> {
    office: &'a dyn Office,
    held: Mutex<Held>,
    woken: Notify,
}

#[derive(Default)]
struct Held {
    thought: bool,
    words: String,
}

impl<'a> Airing<'a> {
    /// On this channel.
    #[must_use]
    pub fn new(office: &'a dyn Office) -> Self {
        Self { office, held: Mutex::default(), woken: Notify::new() }
    }

    /// Takes what arrived.
    pub fn take(&self, delta: Delta) {
        match delta {
            Delta::Text(words) => self.join(false, &words),
            Delta::Thinking(words) => self.join(true, &words),
            Delta::ToolCall { .. } => self.flush(),
            Delta::ToolInput(_) => {}
            Delta::Notice(words) => {
                self.flush();
                self.office.feed(FeedItem::Notice(text::clean(&words).into()));
            }
            Delta::Restart => {
                self.held.lock().unwrap_or_else(PoisonError::into_inner).words.clear();
                let note = "the reply broke off; what was shown of it does not count, asking again";
                self.office.feed(FeedItem::Notice(note.to_owned()));
            }
        }
    }

    /// Shows what is held.
    pub fn flush(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.show(&mut held);
    }

    /// Shows held pieces in time; runs beside the call and never ends.
    pub async fn pump(&self) {
        loop {
            self.woken.notified().await;
            tokio::time::sleep(JOIN).await;
            self.flush();
        }
    }

    fn join(&self, thought: bool, words: &str) {
        if words.is_empty() {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.thought != thought {
            self.show(&mut held);
            held.thought = thought;
        }
        if held.words.is_empty() {
            self.woken.notify_one();
        }
        held.words.push_str(words);
        if held.words.len() >= PIECE_MOST {
            self.show(&mut held);
        }
    }

    fn show(&self, held: &mut Held) {
        let clean = String::from(text::clean(&std::mem::take(&mut held.words)));
        if !clean.is_empty() {
            self.office.feed(if held.thought { FeedItem::Thought(clean) } else { FeedItem::Text(clean) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::Desk;

    #[test]
    fn pieces_are_joined_in_order_and_cleaned() {
        let desk = Desk::default();
        let airing = Airing::new(&desk);
        for delta in [
            Delta::Thinking("a\u{1b}]52;c;".to_owned()),
            Delta::Thinking("eA==\u{7}b".to_owned()),
            Delta::Text("c".to_owned()),
            Delta::Text("d".to_owned()),
            Delta::ToolInput("{".to_owned()),
            Delta::Notice("retry\u{1b}[2J".to_owned()),
            Delta::Text("lost".to_owned()),
            Delta::Restart,
            Delta::Text("kept".to_owned()),
        ] {
            airing.take(delta);
        }
        airing.flush();
        let fed = desk.fed();
        assert_eq!(fed[0], FeedItem::Thought("ab".to_owned()));
        assert_eq!(fed[1], FeedItem::Text("cd".to_owned()));
        assert_eq!(fed[2], FeedItem::Notice("retry".to_owned()));
        assert!(matches!(&fed[3], FeedItem::Notice(note) if note.contains("asking again")));
        assert_eq!(fed[4..], [FeedItem::Text("kept".to_owned())]);
    }

    #[tokio::test]
    async fn a_stalled_stream_still_shows_its_last_words() {
        let desk = Desk::default();
        let airing = Airing::new(&desk);
        airing.take(Delta::Text("half a sen".to_owned()));
        let shown = async {
            while desk.fed().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { () = shown => {}, () = airing.pump() => {} }
        assert_eq!(desk.fed(), [FeedItem::Text("half a sen".to_owned())]);
    }
}
