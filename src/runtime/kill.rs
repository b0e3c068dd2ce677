//! SIGUSR1 is the kill switch: for whoever has a shell and a process number, and no screen.

use super::orders::Orders;
use crate::{
    domain::request::Actor,
    engine::command::{Command, ControlCommand},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Listens until the engine closes. Where the signal cannot be taken over, it ends the process as ever.
pub(super) async fn listen(orders: Orders, mut closed: watch::Receiver<bool>) {
    let mut signals = match signal(SignalKind::user_defined1()) {
        Ok(signals) => signals,
        Err(error) => return tracing::warn!(%error, "SIGUSR1 is no kill switch"),
    };
    loop {
        let pressed = tokio::select! {
            _ = closed.changed() => false,
            pressed = signals.recv() => pressed.is_some(),
        };
        if !pressed {
            return;
        }
        let stop = Command::Control(ControlCommand::Stop("SIGUSR1".into()));
        if let Err(error) = orders.give(Actor::Engine, stop).await {
            tracing::warn!(%error, "the kill switch was not taken");
        }
    }
}
