//! Ending what goes on: what would stop is said before the reason is asked for; where nothing can be stopped, why not is
//! said instead.

use crate::{
    domain::{
        ids::{IncidentId, MissionId},
        mission::Ending,
        text::{clean_line, count},
    },
    engine::{
        effect::EffectKind,
        state::{Mission, TeamPhase},
    },
    tui::{
        app::App,
        commands::CommandId,
        sheets::{PromptFor, Sheet},
    },
};

impl App {
    /// Asks why a mission ends, if it can be ended.
    pub(super) fn ask_to_cancel(&mut self, id: MissionId) {
        let Some(mission) = self.state.missions.get(&id).cloned() else {
            return self.notes().note(format!("{id} is only in the history"));
        };
        match self.not_to_be_stopped(&mission) {
            Some(why) => self.notes().note(why),
            None => {
                let title = format!("cancel {id}: {}; why?", self.would_stop(&mission));
                self.sheet = Some(Sheet::prompt(title, "", PromptFor::Cancel(id)));
            }
        }
    }

    /// Why nothing of a mission can be stopped, and what can be done instead.
    fn not_to_be_stopped(&self, mission: &Mission) -> Option<String> {
        let (id, versions) = (mission.id, self.key_word(CommandId::Versions));
        let restore = self.key_word(CommandId::Restore);
        let landing = |kind: &EffectKind| matches!(kind, EffectKind::Land { .. });
        let lands = mission.effects.values().any(|it| it.started.is_some() && landing(&it.kind));
        match (&mission.result.ending, &mission.result.landed) {
            (None, _) if lands => Some(format!(
                "{id} is landing right now, which cannot be stopped; once it has, {versions} lists it and \
                 {restore} there takes it back"
            )),
            (None, _) => None,
            (Some((Ending::Landed, _)), Some((commit, branch))) => Some(format!(
                "{id} has landed as {} on {}: nothing of it runs, so there is nothing to cancel; {versions} lists \
                 it, {restore} there takes it back by a new commit",
                commit.short(),
                clean_line(branch, 60)
            )),
            (Some((ending, _)), _) => Some(format!(
                "{id} has ended ({}): nothing of it runs, so there is nothing to cancel; {} tries it again",
                ending.word(),
                self.key_word(CommandId::RetryMission)
            )),
        }
    }

    /// What would end with a mission.
    fn would_stop(&self, mission: &Mission) -> String {
        let done = |phase: &TeamPhase| matches!(phase, TeamPhase::Ready | TeamPhase::Failed(_));
        let working = mission.teams.iter().filter(|team| !done(&team.phase)).count();
        let asked = self.state.desk.values().filter(|request| request.mission == mission.id).count();
        let mut parts = Vec::new();
        if working > 0 {
            parts.push(format!("{} {}", count(working, "team"), if working == 1 { "stops" } else { "stop" }));
        }
        if asked > 0 {
            let are = if asked == 1 { "is" } else { "are" };
            parts.push(format!("{} {are} withdrawn", count(asked, "request")));
        }
        parts.push("nothing lands".into());
        parts.join(", ")
    }

    /// Asks why an incident is closed, if it is not over.
    pub(super) fn ask_to_close(&mut self, id: IncidentId) {
        let Some(incident) = self.state.ward.incidents.get(&id).cloned() else {
            return self.notes().note(format!("{id} is only in the history"));
        };
        if incident.phase.over() {
            let words = format!("{id} is {} already: there is nothing to close", incident.phase.word());
            return self.notes().note(words);
        }
        let healing = match (incident.at_work(), incident.request) {
            (Some(_), _) => "the remedy under way stops where it is",
            (None, Some(_)) => "its request is withdrawn, no remedy begins",
            (None, None) => "nothing is done about it any more",
        };
        self.sheet = Some(Sheet::prompt(format!("close {id}: {healing}; why?"), "", PromptFor::Close(id)));
    }
}
