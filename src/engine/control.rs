//! The house as a whole: pause, resume, stop, a new policy, the start of a process, and the leave to begin
//! an effect. Nothing resumes by itself.

use super::{
    command::{ControlCommand, Refusal, RefusalKind},
    effect::{EffectKind, mission_of},
    event::{ControlEvent, EffectEvent, Event, MoneyEvent},
    grants, healing,
    pen::{Pen, may_start, refuse},
    playbook::{brief, feature},
    state::{Control, Mission},
    suggesting,
};
use crate::{
    domain::{
        ids::{CallId, EffectId, MissionId},
        text::clean_line,
    },
    policy::calendar,
};

/// Characters of a changed setting that are remembered.
const CHANGE_MOST: usize = 1_000;

pub(super) fn decide(pen: &mut Pen<'_>, command: &ControlCommand) -> Result<(), Refusal> {
    if pen.order.actor.is_agent() {
        return Err(refuse(RefusalKind::Forbidden, "agents do not control the house"));
    }
    match command {
        ControlCommand::Pause(why) => {
            may_start(&pen.state).map_err(|now| refuse(RefusalKind::Already, now.reason))?;
            suggesting::leave(pen, "the house was paused before it began", true);
            pen.write(Event::Control(ControlEvent::Paused(why.clone())));
        }
        ControlCommand::Stop(why) => stop(pen, why)?,
        ControlCommand::Resume => {
            if pen.state.control == Control::Running {
                return Err(refuse(RefusalKind::Already, "it runs already"));
            }
            pen.write(Event::Control(ControlEvent::Resumed));
            brief::reconsider_all(pen);
            grants::reconsider(pen);
            healing::reconsider_all(pen);
        }
        ControlCommand::Load(policy) => {
            policy.protected.guards().map_err(|bad| refuse(RefusalKind::Invalid, bad.to_string()))?;
            if !(1..=3).contains(&policy.level) {
                return Err(refuse(RefusalKind::Invalid, format!("level {} is not 1, 2 or 3", policy.level)));
            }
            calendar::check(&policy.healing.hours).map_err(|bad| refuse(RefusalKind::Invalid, bad))?;
            pen.write(Event::Control(ControlEvent::PolicyLoaded(policy.clone())));
            brief::reconsider_all(pen);
            grants::reconsider(pen);
            healing::reconsider_all(pen);
        }
        ControlCommand::Change { key, file, value } => {
            let [key, file] = [key, file].map(|words| clean_line(words, CHANGE_MOST).to_string());
            if key.is_empty() {
                return Err(refuse(RefusalKind::Invalid, "a change names its key"));
            }
            let value = value.as_ref().map(|value| clean_line(value, CHANGE_MOST).to_string());
            pen.write(Event::Control(ControlEvent::SettingChanged { key, file, value }));
        }
        ControlCommand::Start { version } => {
            // The first: the clocks stood still since what was written before it.
            pen.write(Event::Control(ControlEvent::Started { version: version.clone() }));
            suggesting::leave(pen, "the process ended meanwhile", false);
            let open: Vec<CallId> = pen.state.ledger.open.keys().copied().collect();
            for call in open {
                pen.write(Event::Money(MoneyEvent::Forfeited(call)));
            }
        }
    }
    Ok(())
}

fn stop(pen: &mut Pen<'_>, why: &str) -> Result<(), Refusal> {
    if let Control::Stopped(before) = &pen.state.control {
        return Err(refuse(RefusalKind::Already, format!("stopped before: {before}")));
    }
    suggesting::leave(pen, "the house was stopped", false);
    pen.write(Event::Control(ControlEvent::Stopped(why.to_owned())));
    let busy = |m: &Mission| {
        m.effects.values().any(|e| e.started.is_some() && !matches!(e.kind, EffectKind::Halt { .. }))
    };
    let running: Vec<MissionId> = pen.state.missions.values().filter(|m| busy(m)).map(|m| m.id).collect();
    for id in running {
        pen.want(id, EffectKind::Halt { team: None });
    }
    healing::stopped(pen, why);
    Ok(())
}

/// The driver asks for leave. What is granted here is all that ever touches the world.
pub(super) fn begin(pen: &mut Pen<'_>, id: &EffectId) -> Result<(), Refusal> {
    let gone = || refuse(RefusalKind::Unknown, format!("effect {id} is not wanted (any more)"));
    let mission = mission_of(id).and_then(|mission| pen.mission(mission)).ok_or_else(gone)?;
    let effect = mission.effects.get(id).ok_or_else(gone)?;
    if effect.started.is_some() && !pen.state.clockwork.unsure.contains(id) {
        return Err(refuse(RefusalKind::Already, format!("effect {id} runs already")));
    }
    if !matches!(effect.kind, EffectKind::Halt { .. }) {
        may_start(&pen.state)?;
    }
    brief::may_land(&pen.state, &mission, (id, &effect.kind))?;
    feature::may_stage(&mission, &effect.kind)?;
    pen.write(Event::Effect(EffectEvent::Started(id.clone())));
    Ok(())
}
