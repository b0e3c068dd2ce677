//! The door of the process that owns a data directory: takes orders that come by [`post`](super::post), heeds the
//! control files, and the two signals of the kill switch (SIGUSR1 pauses, SIGUSR2 stops).

use super::{
    handle::{Ask, SendError},
    post::{self, Answer, Letter},
};
use crate::{
    domain::{request::Actor, time::Millis},
    engine::{
        command::{Command, ControlCommand, Refusal, RefusalKind},
        state::{Control, State},
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    time::{self, MissedTickBehavior},
};

/// Between two looks, which are a handful of system calls: the longest an order waits.
const LOOK_EVERY: Millis = Millis(500);

/// Stands at the door until the engine closes.
pub(super) struct Door {
    pub data: PathBuf,
    pub entrance: mpsc::WeakSender<Ask>,
    pub state: watch::Receiver<Arc<State>>,
    pub closed: watch::Receiver<bool>,
}

impl Door {
    pub async fn keep(mut self) {
        let (mut pause, mut stop) = (on(SignalKind::user_defined1()), on(SignalKind::user_defined2()));
        let mut look = time::interval(LOOK_EVERY.to_std());
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wanted = tokio::select! {
                _ = self.closed.wait_for(|closed| *closed) => return,
                () = next(&mut stop) => Some(ControlCommand::Stop("by signal".into())),
                () = next(&mut pause) => Some(ControlCommand::Pause("by signal".into())),
                _ = look.tick() => post::control_files(&self.data),
            };
            if let Some(control) = wanted.filter(|control| adds(&self.state.borrow().control, control)) {
                let who = Actor::Person("control file or signal".into());
                match self.ask(who, Command::Control(control)).await {
                    Answer::Done { seq, .. } => tracing::info!(%seq, "controlled from outside"),
                    Answer::Refused(refusal) => tracing::info!(%refusal, "control from outside refused"),
                    Answer::Failed(why) => tracing::warn!(%why, "control from outside failed"),
                }
            }
            for order in post::waiting(&self.data) {
                self.serve(&order).await;
            }
        }
    }

    async fn serve(&self, order: &Path) {
        let answer = match post::take(order) {
            Ok(Letter { person, command }) if post::is_a_persons(&command) => {
                self.ask(Actor::Person(post::name(&person)), command).await
            }
            Ok(_) => Answer::Refused(Refusal {
                kind: RefusalKind::Forbidden,
                reason: "only what a person can want comes by post".into(),
            }),
            Err(error) => {
                tracing::warn!(%error, order = %order.display(), "an order could not be taken");
                return;
            }
        };
        if let Err(error) = post::reply(order, &answer) {
            tracing::warn!(%error, order = %order.display(), "an order could not be answered");
        }
    }

    async fn ask(&self, actor: Actor, command: Command) -> Answer {
        let closed = || Answer::Failed(SendError::Closed.to_string());
        let Some(entrance) = self.entrance.upgrade() else { return closed() };
        let (reply, receipt) = oneshot::channel();
        if entrance.send(Ask::Send(actor, Box::new(command), reply)).await.is_err() {
            return closed();
        }
        match receipt.await {
            Ok(Ok(receipt)) => Answer::Done { seq: receipt.seq, events: receipt.events },
            Ok(Err(SendError::Refused(refusal))) => Answer::Refused(refusal),
            Ok(Err(error)) => Answer::Failed(error.to_string()),
            Err(_) => closed(),
        }
    }
}

/// Whether a command would halt the house further than it is.
pub(super) fn adds(now: &Control, wanted: &ControlCommand) -> bool {
    matches!(
        (now, wanted),
        (Control::Running, ControlCommand::Pause(_))
            | (Control::Running | Control::Paused(_), ControlCommand::Stop(_))
    )
}

fn on(kind: SignalKind) -> Option<Signal> {
    signal(kind).inspect_err(|error| tracing::warn!(%error, ?kind, "a signal cannot be heard")).ok()
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            // `None` would mean that the runtime ends, and this task with it.
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
