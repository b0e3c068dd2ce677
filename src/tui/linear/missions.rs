//! Briefs and missions by lines: sending, bounding, steering, ending, restoring; and the kill switch.

use super::{
    face::{Linear, Want, send},
    named::first,
};
use crate::{
    engine::command::{Command, ControlCommand, MissionCommand},
    tui::briefing::Field,
};

impl Linear {
    /// Sends a brief of these words.
    pub(super) fn transmit(&mut self, text: &str) -> Vec<Want> {
        let clean = crate::domain::text::clean(text);
        self.app.briefing.set(Field::Text, clean.trim());
        if self.app.briefing.sending.is_some() {
            self.say("not done", "the last brief is still being sent; say wait, then transmit");
            return Vec::new();
        }
        // What its images cost is said before it is sent.
        if let Some(task) = self.app.unweighed() {
            self.weighs = true;
            return self.wants(vec![task]);
        }
        let lines =
            self.app.briefing.images.lines(&self.app.briefing.text(Field::Text), self.app.briefing.teams());
        lines.iter().for_each(|line| self.say("image", line.trim()));
        match self.app.briefing.brief() {
            Some(brief) => {
                let tasks = self.app.open(brief);
                self.tell_app();
                self.wants(tasks)
            }
            None => {
                let why = self.app.briefing.complaint.take().map(|(_, why)| why).unwrap_or_default();
                self.say("not done", &why);
                Vec::new()
            }
        }
    }

    pub(super) fn bound(&mut self, field: Field, rest: &str) {
        let text = match (field, rest) {
            (_, "none") => String::new(),
            (_, "") => self.app.briefing.text(field),
            (Field::Budget, amount) => amount.trim_start_matches('$').to_owned(),
            (_, more) => {
                let held = self.app.briefing.text(field);
                if held.is_empty() { more.to_owned() } else { format!("{held}\n{more}") }
            }
        };
        self.app.briefing.set(field, &text);
        let said = if text.is_empty() { "none".to_owned() } else { text.replace('\n', "; ") };
        self.say(field.word(), &said);
    }

    pub(super) fn restore(&mut self, rest: &str) -> Vec<Want> {
        let Some((mission, rest)) = self.mission(rest) else { return Vec::new() };
        let mut landed =
            mission.result.landed.iter().chain(&mission.result.restored).map(|(commit, _)| commit);
        let wanted = first(rest).0;
        let found = landed.rfind(|commit| wanted.is_empty() || commit.0.starts_with(wanted));
        match found {
            Some(commit) => {
                let what = format!("{}: what {commit} did is undone", mission.id);
                let command = MissionCommand::Restore(mission.id, commit.clone());
                vec![send(Command::Mission(command), what)]
            }
            None => {
                let words = format!("{} has no landed revision like that; say versions {0}", mission.id);
                self.say("not done", &words);
                Vec::new()
            }
        }
    }

    pub(super) fn steer(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        if matches!(verb, "cancel" | "retry") {
            let Some((mission, words)) = self.mission(rest) else { return Vec::new() };
            let (id, words) = (mission.id, words.to_owned());
            if verb == "retry" && words.is_empty() {
                self.say("not done", "say what should be different");
                return Vec::new();
            }
            let (command, what) = match verb {
                "cancel" => (MissionCommand::Cancel(id, words), format!("{id} cancelled")),
                _ => (MissionCommand::Retry(id, words), format!("{id} tries again")),
            };
            return vec![send(Command::Mission(command), what)];
        }
        let Some((mission, team, words)) = self.team(rest) else { return Vec::new() };
        let (id, name) = (mission.id, super::named::label(&mission, team));
        let (command, what) = match verb {
            "takeover" => (MissionCommand::TakeOver(id, team), format!("{name} taken over")),
            "handback" => (MissionCommand::HandBack(id, team), format!("{name} handed back")),
            _ if words.is_empty() => {
                self.say("not done", "say the words after the team");
                return Vec::new();
            }
            _ => (MissionCommand::Refine(id, team, words.to_owned()), format!("said to {name}")),
        };
        vec![send(Command::Mission(command), what)]
    }

    pub(super) fn control(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        let why = || if rest.is_empty() { format!("the director said {verb}") } else { rest.to_owned() };
        let (command, what) = match verb {
            "pause" => (ControlCommand::Pause(why()), "paused"),
            "stop" => (ControlCommand::Stop(why()), "stopped"),
            _ => (ControlCommand::Resume, "resumed"),
        };
        vec![send(Command::Control(command), what.to_owned())]
    }
}
