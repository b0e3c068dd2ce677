//! The driver: carries effects out under the supervisor and brings their outcomes back as orders.
//!
//! An effect begins only with leave: `Begin` is journaled before the world is touched, and refused while the
//! house is paused or stopped. One file per kind of work; what they share is the [`site`].

mod candidates;
mod conflict;
mod feature;
pub(super) mod healing;
mod knowledge;
mod landing;
mod placing;
mod preparation;
pub(super) mod site;
mod suggestions;

use super::{
    handle::SendError,
    supervisor::{StopSign, Supervisor},
};
use crate::{
    domain::{
        feed::{Channel, FeedItem},
        ids::EffectId,
        request::Actor,
    },
    engine::{
        command::{Command, Outcome, RefusalKind, Report},
        effect::{Effect, EffectKind},
        effect::{Failure, FailureKind},
        healing::ward::owner,
        playbook::feature::staging,
    },
};
use futures::future::{BoxFuture, FutureExt};
use site::Site;
use std::sync::Arc;

/// Runs effects. Cheap to clone.
#[derive(Clone)]
pub(super) struct Driver {
    site: Arc<Site>,
    supervisor: Supervisor,
}

impl Driver {
    pub fn new(site: Arc<Site>, supervisor: Supervisor) -> Self {
        Self { site, supervisor }
    }

    /// Starts an effect unless it runs already. Returns at once.
    pub fn start(&self, effect: Effect) {
        let channel = channel_of(&effect);
        let (me, id) = (self.clone(), effect.id.clone());
        let broken = {
            let (me, effect) = (self.clone(), effect.clone());
            async move {
                let reason = "the program made a mistake while doing this; its log says more".to_owned();
                me.report(&effect, Outcome::Failed(Failure { kind: FailureKind::Permanent, reason })).await;
            }
        };
        self.supervisor.start(id, channel, |stop| async move { me.run(effect, stop).await }, broken);
    }

    /// Tells an effect that is not wanted any more to stop.
    pub fn cancel(&self, effect: &EffectId) {
        self.supervisor.stop(effect);
    }

    async fn run(self, effect: Effect, stop: StopSign) {
        if let Some(pause) = staging::pause(&effect) {
            tokio::select! {
                () = stop.raised() => return,
                () = tokio::time::sleep(pause.to_std()) => {}
            }
        }
        match self.site.lines.orders.give(Actor::Engine, Command::Begin(effect.id.clone())).await {
            Ok(_) => {}
            Err(SendError::Refused(refusal)) if refusal.kind == RefusalKind::Halted => return,
            Err(error) => {
                tracing::debug!(%error, effect = %effect.id, "an effect was not begun");
                return;
            }
        }
        tracing::info!(effect = %effect.id, unsure = effect.unsure, "begins");
        let outcome = self.carry_out(&effect, &stop).await.unwrap_or_else(Outcome::Failed);
        // When the program closes, nothing is said: the next start asks the world.
        if !self.site.closing() {
            self.report(&effect, outcome).await;
        }
    }

    /// Boxed: the compiler cannot prove the nested futures `Send` through the closures that landing passes on.
    fn carry_out<'a>(
        &'a self,
        effect: &'a Effect,
        stop: &'a StopSign,
    ) -> BoxFuture<'a, Result<Outcome, Failure>> {
        let site = self.site.as_ref();
        match &effect.kind {
            EffectKind::Survey | EffectKind::Resurvey { .. } => preparation::survey(site, effect).boxed(),
            EffectKind::Clarify => preparation::clarify(site, effect, stop).boxed(),
            EffectKind::Plan => preparation::plan(site, effect, stop).boxed(),
            EffectKind::Draft { .. } => candidates::draft(site, effect, stop).boxed(),
            EffectKind::Collect { .. } => candidates::collect(site, effect).boxed(),
            EffectKind::Adopt { .. } => candidates::adopt(site, effect).boxed(),
            EffectKind::Lend { team } => candidates::lend(site, effect, *team).boxed(),
            EffectKind::Check { .. } => candidates::check(site, effect, stop).boxed(),
            EffectKind::Judge { candidates } => candidates::judge(site, effect, candidates, stop).boxed(),
            EffectKind::Land { .. } => landing::land(site, effect, stop).boxed(),
            EffectKind::Stage { .. } => feature::stage(site, effect, stop).boxed(),
            EffectKind::Validate { .. } => feature::validate(site, effect, stop).boxed(),
            EffectKind::Restore { commit } => landing::restore(site, effect, commit).boxed(),
            EffectKind::Release => landing::release(site, effect).boxed(),
            EffectKind::Suggest { repo } => suggestions::suggest(site, effect, repo, stop).boxed(),
            EffectKind::Investigate { incident } => {
                healing::investigate(site, effect, *incident, stop).boxed()
            }
            EffectKind::Heal { .. } => healing::heal(site, effect, stop).boxed(),
            EffectKind::Commission { .. } => healing::commission(site, effect).boxed(),
            EffectKind::Deploy { .. } | EffectKind::TakeBack { .. } => {
                healing::deploy(site, effect, stop).boxed()
            }
            EffectKind::Verify { .. } => healing::verify(site, effect, stop).boxed(),
            EffectKind::Announce { .. } => healing::announce(site, effect, stop).boxed(),
            EffectKind::Halt { team } => async move {
                self.supervisor.halt(Some(effect.mission), *team, Some(&effect.id)).await;
                Ok(Outcome::Halted)
            }
            .boxed(),
        }
    }

    async fn report(&self, effect: &Effect, outcome: Outcome) {
        if let Outcome::Failed(failure) = &outcome {
            tracing::warn!(effect = %effect.id, kind = ?failure.kind, reason = %failure.reason, "failed");
            self.site.lines.feeds.push(channel_of(effect), FeedItem::Notice(failure.reason.clone()));
        }
        let report = Command::Report(Report { effect: effect.id.clone(), outcome });
        if let Err(error) = self.site.lines.orders.give(doer_of(effect), report).await {
            tracing::info!(%error, effect = %effect.id, "an outcome was not taken");
        }
    }
}

/// Whose work an effect is.
fn doer_of(effect: &Effect) -> Actor {
    match (&effect.kind, owner(&effect.id)) {
        (EffectKind::Investigate { incident }, _) => Actor::Investigator(*incident),
        (_, Some(_)) => Actor::Engine,
        (_, None) => {
            let Channel { mission, team } = channel_of(effect);
            Actor::Agent(mission, team)
        }
    }
}

fn channel_of(effect: &Effect) -> Channel {
    let team = match &effect.kind {
        EffectKind::Draft { team, .. }
        | EffectKind::Collect { team, .. }
        | EffectKind::Adopt { team, .. }
        | EffectKind::Resurvey { team, .. }
        | EffectKind::Lend { team }
        | EffectKind::Check { team, .. } => Some(*team),
        _ => None,
    };
    Channel { mission: effect.mission, team }
}
