//! The world's lane into the inbox: how effects, agents and timers give orders. People have a lane of their own
//! ([`super::handle`]), which is read first.

use super::handle::{Receipt, SendError};
use crate::{domain::request::Actor, engine::command::Command};
use tokio::sync::{mpsc, oneshot};

/// Orders of the world that may wait. When it is full, agents wait; people never do.
pub const WAITING_MOST: usize = 1_024;

/// One order on its way.
pub(super) struct Posted {
    /// Who gives it.
    pub actor: Actor,
    /// What.
    pub command: Command,
    /// Where its receipt goes.
    pub reply: oneshot::Sender<Result<Receipt, SendError>>,
}

/// Gives orders. Cheap to clone.
#[derive(Clone)]
pub struct Orders(mpsc::Sender<Posted>);

/// The lane and its other end.
pub(super) fn lane() -> (Orders, mpsc::Receiver<Posted>) {
    let (send, receive) = mpsc::channel(WAITING_MOST);
    (Orders(send), receive)
}

impl Orders {
    /// Gives an order; resolves when it is durable or refused.
    ///
    /// # Errors
    /// The core's refusal, the journal's failure, or the engine's end.
    pub async fn give(&self, actor: Actor, command: Command) -> Result<Receipt, SendError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Posted { actor, command, reply }).await.map_err(|_| SendError::Closed)?;
        answer.await.map_err(|_| SendError::lost())?
    }
}
