//! The screens by lines: each read as it is drawn, each of its commands done by name.

use super::{
    face::{Linear, Want},
    paper,
    verbs::{self, Reach},
};
use crate::tui::{commands, screens::ScreenId};

impl Linear {
    /// Reads a screen.
    pub(super) fn screen(&mut self, rest: &str) -> Vec<Want> {
        let found =
            ScreenId::ALL.into_iter().find(|screen| screen.word().to_lowercase() == rest.to_lowercase());
        let mut wants = Vec::new();
        match found {
            Some(screen) => {
                let name = format!("screen.{}", screen.word().to_lowercase());
                if let Some(entry) = commands::of_name(&name) {
                    let tasks = self.app.run(entry.id);
                    wants = self.wants(tasks);
                }
            }
            None if rest.is_empty() => {}
            None => {
                let names = ScreenId::ALL.map(|screen| screen.word().to_lowercase()).join(", ");
                self.say("not done", &format!("there is no screen {rest}: {names}"));
                return Vec::new();
            }
        }
        self.read_screen();
        wants
    }

    pub(super) fn read_screen(&mut self) {
        let name = self.app.screens.at.word();
        self.say("screen", name);
        let rows = paper::rows(&mut self.app);
        self.lines.extend(rows);
    }

    /// Does a command of the screens.
    pub(super) fn run(&mut self, name: &str, rest: &str) -> Vec<Want> {
        let Some(entry) = commands::of_name(name) else {
            self.say("not done", &format!("{name} is no command; say commands for all of them"));
            return Vec::new();
        };
        match verbs::reach(entry.id) {
            Reach::Verb("approve") => {
                // The eight that approve a team's candidate say which by their number.
                let number = name.strip_prefix("desk.approve_").unwrap_or_default();
                self.verb("approve", format!("{rest} {number}").trim())
            }
            Reach::Verb(verb) => self.verb(verb, rest),
            Reach::Nothing(why) => {
                self.say("not done", &format!("{name} has no meaning in lines: {why}"));
                Vec::new()
            }
            Reach::Name => self.by_name(entry.id, rest),
        }
    }

    pub(super) fn commands(&mut self, part: &str) {
        let part = part.to_lowercase();
        let fits = |entry: &&commands::Entry| {
            entry.name.contains(&part) || entry.title.to_lowercase().contains(&part)
        };
        if commands::ALL.iter().filter(fits).count() == 0 {
            self.say("commands", &format!("none has {part} in its name; commands alone says all"));
        }
        for entry in commands::ALL.iter().filter(fits) {
            let how = match verbs::reach(entry.id) {
                Reach::Verb(verb) => format!("say {verb}"),
                Reach::Name => format!("say run {}", entry.name),
                Reach::Nothing(why) => format!("none, {why}"),
            };
            self.say(entry.name, &format!("{} In lines: {how}", entry.help));
        }
    }
}
