//! The one place that spawns tasks. Every task belongs to a mission and maybe a team, can be told to stop, and
//! is waited for. A task that panics ends like any other and is reported in words.

use crate::domain::{
    feed::Channel,
    ids::{EffectId, MissionId, TeamId},
    time::Millis,
};
use futures::FutureExt;
use std::{
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::watch, task::JoinHandle, time};

/// How long a stopped task may take to end before it is aborted (its children's grace of 2 s included).
pub const END_MOST: Millis = Millis::secs(8);

/// Tells a task to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StopSign(watch::Receiver<bool>);

impl StopSign {
    /// A sign and who raises it.
    #[cfg(test)]
    pub fn pair() -> (watch::Sender<bool>, Self) {
        let (raise, sign) = watch::channel(false);
        (raise, Self(sign))
    }

    /// Resolves when the task must stop; also when its supervisor is gone.
    pub async fn raised(&self) {
        let mut sign = self.0.clone();
        // An error means that the sender was dropped: nobody waits for this task any more.
        let _ = sign.wait_for(|stop| *stop).await;
    }
}

struct Task {
    channel: Channel,
    stop: watch::Sender<bool>,
    handle: Option<JoinHandle<()>>,
}

/// All tasks that carry out effects. Cheap to clone.
#[derive(Clone, Default)]
pub struct Supervisor {
    tasks: Arc<Mutex<BTreeMap<EffectId, Task>>>,
}

impl Supervisor {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<EffectId, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task for an effect unless one runs for it already. `broken` is called if the task panics.
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        &self,
        effect: EffectId,
        channel: Channel,
        task: impl FnOnce(StopSign) -> F,
        broken: impl Future<Output = ()> + Send + 'static,
    ) {
        let (stop, sign) = watch::channel(false);
        {
            let mut tasks = self.tasks();
            if tasks.contains_key(&effect) {
                return;
            }
            tasks.insert(effect.clone(), Task { channel, stop, handle: None });
        }
        let (work, leaving) = (task(StopSign(sign)), Leaving(self.clone(), effect.clone()));
        let handle = spawn(async move {
            let _leaving = leaving;
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                broken.await;
            }
        });
        if let Some(task) = self.tasks().get_mut(&effect) {
            task.handle = Some(handle);
        }
    }

    /// Tells one task to stop; does not wait.
    pub fn stop(&self, effect: &EffectId) {
        if let Some(task) = self.tasks().get(effect) {
            task.stop.send_replace(true);
        }
    }

    /// Tells the tasks of a mission (or of one of its teams) to stop and waits until they have, but for the
    /// effect `but` that asks for it. Tasks that do not end within [`END_MOST`] are aborted.
    pub async fn halt(&self, mission: Option<MissionId>, team: Option<TeamId>, but: Option<&EffectId>) {
        let mut ending = Vec::new();
        for (effect, task) in self.tasks().iter_mut() {
            let hit = mission.is_none_or(|mission| task.channel.mission == mission)
                && (team.is_none() || task.channel.team == team)
                && Some(effect) != but;
            if hit {
                task.stop.send_replace(true);
                ending.extend(task.handle.take());
            }
        }
        let deadline = time::Instant::now() + END_MOST.to_std();
        for mut handle in ending {
            if time::timeout_at(deadline, &mut handle).await.is_err() {
                handle.abort();
                // Errors say that it was aborted, or that it blocks its thread and cannot be: both are the end.
                let _ = time::timeout(Millis::secs(1).to_std(), handle).await;
            }
        }
    }

    /// How many tasks run.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.tasks().len()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the supervisor")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

/// Starts a task that lives as long as the program: the engine's own loop, the rehearsal server.
pub fn beside(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    spawn(task)
}

/// Takes a task off the list however it ends: done, panicked or aborted.
struct Leaving(Supervisor, EffectId);
impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.tasks().remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn channel(mission: u64, team: u8) -> Channel {
        Channel { mission: MissionId(mission), team: Some(TeamId(team)) }
    }

    #[tokio::test(start_paused = true)]
    async fn halting_a_team_ends_its_tasks_only_and_waits_for_them() {
        let (supervisor, (said, mut heard)) = (Supervisor::default(), mpsc::channel(4));
        for team in [1, 2] {
            let said = said.clone();
            let task = move |stop: StopSign| async move {
                stop.raised().await;
                said.send(team).await.unwrap();
            };
            supervisor.start(EffectId(team.to_string()), channel(1, team), task, async {});
        }
        supervisor.halt(Some(MissionId(1)), Some(TeamId(2)), None).await;
        assert_eq!(heard.try_recv(), Ok(2));
        assert_eq!(supervisor.count(), 1);
        supervisor.halt(None, None, None).await;
        assert_eq!((heard.try_recv(), supervisor.count()), (Ok(1), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_will_not_end_is_aborted_and_a_panic_is_told() {
        let (supervisor, (said, mut heard)) = (Supervisor::default(), mpsc::channel(4));
        supervisor.start(EffectId("deaf".into()), channel(1, 1), |_| std::future::pending(), async {});
        supervisor.halt(None, None, None).await;
        assert_eq!(supervisor.count(), 0);
        let broken = async move { said.send("told").await.unwrap() };
        supervisor.start(EffectId("bad".into()), channel(1, 1), |_| async { panic!("on purpose") }, broken);
        assert_eq!(heard.recv().await, Some("told"));
    }
}
