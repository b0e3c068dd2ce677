//! What an agent may ask of the house it works in. `runtime` implements it; tests script it.

use crate::{
    agents::failure::AgentFailure,
    domain::{
        candidate::CommitId,
        digest::Digest,
        feed::FeedItem,
        request::{Decision, Subject},
    },
    providers::wire::Purse,
};
use futures::future::{BoxFuture, Either, select};
use std::{io, pin::pin};

/// The house as one agent sees it: bound to its mission, its channel and its account.
pub trait Office: Send + Sync {
    /// The account that pays this agent's calls.
    fn purse(&self) -> &dyn Purse;
    /// Shows something on the agent's channel. Never blocks; may be lost.
    fn feed(&self, item: FeedItem);
    /// Puts a request on the one desk and waits for the decision (denied on expiry or when work is stopped).
    fn ask(&self, subject: Subject) -> BoxFuture<'_, Decision>;
    /// A turn is finished: returns when it is durable. After this a crash costs nothing up to here.
    fn turn_finished(&self, turn: u32, transcript: Digest, commit: Option<CommitId>) -> BoxFuture<'_, ()>;
    /// Stores bytes by content, durable on return.
    fn keep(&self, bytes: &[u8]) -> io::Result<Digest>;
    /// Reads bytes back by content.
    fn fetch(&self, content: Digest) -> io::Result<Vec<u8>>;
    /// Resolves when this agent must stop; checked between steps and raced with every wait.
    fn stopped(&self) -> BoxFuture<'_, ()>;
    /// What the director said to this team since this attempt began, oldest first; only the newest are kept.
    fn said(&self) -> Vec<String>;
}

/// Races work against the order to stop; the loser is dropped, and with it every call and process in flight.
///
/// # Errors
/// What the work failed with, or that it was stopped.
pub async fn until_stopped<T>(
    office: &dyn Office,
    work: impl Future<Output = Result<T, AgentFailure>>,
) -> Result<T, AgentFailure> {
    match select(office.stopped(), pin!(work)).await {
        Either::Left(((), _)) => Err(AgentFailure::cancelled()),
        Either::Right((done, _)) => done,
    }
}
