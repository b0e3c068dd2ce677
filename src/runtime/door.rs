//! The door of the process that owns a data directory: takes orders that come by [`post`](super::post), heeds the
//! control files as long as they lie there, and two signals for whoever has a shell and a process number, and no screen: SIGUSR1 is
//! the kill switch, SIGUSR2 pauses.

use super::{
    bell::Bell,
    handle::{Ask, SendError},
    people,
    post::{self, Answer, Letter},
};
use crate::{
    domain::{request::Actor, time::Millis},
    engine::{
        command::{Command, ControlCommand, Refusal, RefusalKind},
        state::{Control, State},
    },
    policy::settings::Policy,
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

/// Between two looks without a bell, which are a handful of system calls: the longest an order waits.
const LOOK_EVERY: Millis = Millis(500);
/// The same with a bell, for what it cannot hear: a directory that another machine writes to.
const LOOK_SELDOM: Millis = Millis::secs(10);

/// Stands at the door until the engine closes.
pub(super) struct Door {
    pub data: PathBuf,
    pub entrance: mpsc::WeakSender<Ask>,
    pub state: watch::Receiver<Arc<State>>,
    pub closed: watch::Receiver<bool>,
    pub signals: Signals,
}

/// What is heard from now on, and would end the process before.
pub(super) struct Signals {
    stop: Option<Signal>,
    pause: Option<Signal>,
}

impl Signals {
    pub fn hear() -> Self {
        Self { stop: on(SignalKind::user_defined1()), pause: on(SignalKind::user_defined2()) }
    }
}

impl Door {
    pub async fn keep(mut self) {
        let mut bell = Bell::hang(&self.data);
        let every = if bell.is_some() { LOOK_SELDOM } else { LOOK_EVERY };
        // Its first tick is at once: what came before the bell hung is seen.
        let mut look = time::interval(every.to_std());
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut states = self.state.clone();
        let mut control = self.state.borrow().control.clone();
        loop {
            let by_signal = tokio::select! {
                _ = self.closed.wait_for(|closed| *closed) => return,
                () = next(&mut self.signals.stop) => Some(ControlCommand::Stop("SIGUSR1".into())),
                () = next(&mut self.signals.pause) => Some(ControlCommand::Pause("SIGUSR2".into())),
                _ = look.tick() => None,
                () = rung(&mut bell) => None,
                // A control file that still lies there halts what somebody has resumed.
                Ok(_) = states.wait_for(|state| state.control != control) => None,
            };
            // As of before the files are looked at: no change falls between.
            control.clone_from(&states.borrow_and_update().control);
            let wanted = by_signal.or_else(|| post::control_files(&self.data));
            if let Some(control) = wanted.filter(|control| adds(&self.state.borrow().control, control)) {
                let who = Actor::Person("control file or signal".into());
                match self.ask(who, Command::Control(control)).await {
                    Answer::Done { seq, .. } => tracing::info!(%seq, "controlled from outside"),
                    Answer::Refused(refusal) => tracing::info!(%refusal, "control from outside refused"),
                    Answer::Failed(why) => {
                        tracing::warn!(%why, "control from outside failed");
                        look.reset_after(LOOK_EVERY.to_std());
                    }
                }
            }
            let orders = post::waiting(&self.data);
            for order in &orders {
                self.serve(order).await;
            }
            if orders.len() >= post::ORDERS_MOST {
                look.reset_after(LOOK_EVERY.to_std());
            }
        }
    }

    /// Whether it gives the rules in force another level, and changes nothing else of them.
    fn sets_the_level(&self, command: &Command) -> bool {
        let Command::Control(ControlCommand::Load(wanted)) = command else { return false };
        let ruling = self.state.borrow().policy.clone();
        (1..=3).contains(&wanted.level) && Policy { level: wanted.level, ..(*ruling).clone() } == **wanted
    }

    async fn serve(&self, order: &Path) {
        let answer = match post::take(order) {
            Ok((owner, Letter { command }))
                if post::is_a_persons(&command) || self.sets_the_level(&command) =>
            {
                self.ask(Actor::Person(people::person(owner)), command).await
            }
            Ok(_) => Answer::Refused(Refusal {
                kind: RefusalKind::Forbidden,
                reason: "only what a person can want comes by post".into(),
                enough: None,
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
        if entrance.send(Ask::send(actor, command, reply)).await.is_err() {
            return closed();
        }
        match receipt.await {
            Ok(Ok(receipt)) => Answer::Done { seq: receipt.seq, events: receipt.events },
            Ok(Err(SendError::Refused(refusal))) => Answer::Refused(refusal),
            Ok(Err(error)) => Answer::Failed(error.to_string()),
            Err(_) => Answer::Failed(SendError::lost().to_string()),
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

async fn rung(bell: &mut Option<Bell>) {
    match bell {
        Some(bell) => bell.rung().await,
        None => std::future::pending().await,
    }
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
