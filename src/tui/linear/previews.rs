//! Candidates that run, as lines: how they stand when that changes, what their page answers, their last words when they end.

use super::{
    face::{Linear, Want},
    named::label,
    say,
};
use crate::{
    domain::feed::Channel,
    runtime::previews::{self, Shown},
    tui::{
        app::{Action, Moment},
        preview,
        task::Task,
    },
};
use std::sync::Arc;

impl Linear {
    /// Candidates that run: what has changed is said, a page when it is answered first or anew.
    pub fn previews(&mut self, shown: Arc<Shown>, now: Moment) {
        let before = self.app.previews.clone();
        self.asked.retain(|channel| !shown.contains_key(channel));
        for (channel, preview) in shown.iter() {
            let known = before.get(channel);
            let mission = self.app.state.missions.get(&channel.mission);
            let who = mission.zip(channel.team).map(|(mission, team)| label(mission, team));
            let words = preview::words(preview);
            if known.is_none_or(|known| preview::words(known) != words) {
                let who = who.unwrap_or_default();
                let words = format!("{} {who}, attempt {}, {words}", channel.mission, preview.attempt);
                self.say("preview", &words);
                if let Some(reach) = preview::reach(preview).map(str::to_owned) {
                    self.lines.push(say::under(&reach));
                }
                if !preview.stage.lives() {
                    self.lines.extend(say::text(&preview.tail));
                }
            }
            if let Some(answer) = &preview.answer
                && known.and_then(|known| known.answer.as_ref()) != Some(answer)
            {
                self.lines.extend(say::text(&answer.text));
            }
        }
        self.app.on(Action::Previews(shown), now);
    }

    /// Runs a team's candidate, or ends all.
    pub(super) fn preview(&mut self, rest: &str) -> Vec<Want> {
        if rest == "off" {
            let live = self.app.previews.iter().filter(|(_, preview)| preview.stage.lives());
            let wants: Vec<Want> =
                live.map(|(channel, _)| Want::Task(Task::Preview(previews::Want::End(*channel)))).collect();
            if wants.is_empty() {
                self.say("preview", "none runs");
            }
            return wants;
        }
        let Some((mission, team, _)) = self.team(rest) else { return Vec::new() };
        let channel = Channel { mission: mission.id, team: Some(team) };
        self.say("preview", &format!("{} {}, asked for", mission.id, label(&mission, team)));
        if !self.app.previews.contains_key(&channel) {
            self.asked.insert(channel);
        }
        vec![Want::Task(Task::Preview(previews::Want::Show(channel)))]
    }
}
