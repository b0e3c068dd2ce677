//! The ideas screen: what its commands do.

use crate::{
    domain::ids::MissionId,
    engine::{
        command::{Command, IdeaCommand},
        ideas::{Idea, Standing},
    },
    runtime::handle::Receipt,
    tui::{
        app::{App, Focus},
        briefing::Field,
        commands::CommandId,
        screens::ScreenId,
        sheets::{PromptFor, Sheet},
        task::Task,
    },
};

impl App {
    /// It is shown from now on.
    pub(super) fn enter_ideas(&mut self) -> Vec<Task> {
        self.ideas_news();
        Vec::new()
    }

    /// A newer state was heard of.
    pub(in crate::tui) fn ideas_news(&mut self) {
        if self.screens.at == ScreenId::Ideas {
            let state = self.state.clone();
            self.screens.ideas.refresh(&state);
        }
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_ideas(&mut self, command: CommandId) -> Option<Vec<Task>> {
        use CommandId as C;
        let rows = self.screens.ideas.shown().len();
        if Self::step(&mut self.screens.ideas.at, command, rows) {
            return Some(Vec::new());
        }
        match command {
            C::IdeaBrief | C::Card => return Some(self.lay_out()),
            C::IdeaSend => return Some(self.send_idea()),
            C::IdeaDismiss => self.dismiss_idea(),
            C::IdeaAll => {
                let ideas = &mut self.screens.ideas;
                ideas.all = !ideas.all;
                ideas.at = ideas.at.min(ideas.shown().len().saturating_sub(1));
            }
            C::IdeaAsk => {
                let command = Command::Idea(IdeaCommand::Ask { repo: self.briefing.repo().to_owned() });
                return Some(vec![Task::Send(Box::new(command), "the ideas agent is asked".into())]);
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn idea(&mut self) -> Option<Idea> {
        let chosen = self.screens.ideas.chosen().cloned();
        if chosen.is_none() {
            self.notes().note("there is no idea under the cursor");
        }
        chosen
    }

    /// Lays the brief of an idea out in the Briefing Room, where it can be changed before it is sent.
    fn lay_out(&mut self) -> Vec<Task> {
        let Some(idea) = self.idea() else { return Vec::new() };
        if !self.briefing.is_empty() {
            self.notes().note("the Briefing Room has a brief that is not sent: send it or clear it first");
            return Vec::new();
        }
        self.screens.ideas.lay(idea.id, &idea.brief);
        let tasks = self.go_to(ScreenId::Command);
        self.focus.0 = Focus::Brief;
        self.briefing.field = Field::Text;
        self.briefing.set(Field::Text, &idea.brief);
        self.notes().note("the idea's brief is laid out: change it as you like, Enter transmits it");
        tasks
    }

    /// Makes a mission of an idea at once.
    fn send_idea(&mut self) -> Vec<Task> {
        let Some(idea) = self.idea() else { return Vec::new() };
        if let Standing::Taken(taken) = &idea.standing {
            self.notes().note(format!("{} works on it already", taken.mission));
            return Vec::new();
        }
        match self.briefing.brief_of(&idea.brief) {
            Ok(brief) => {
                self.notes().note("sending the idea's brief…");
                vec![Task::OpenIdea { idea: idea.id, brief: Box::new(brief) }]
            }
            Err(what) => {
                self.notes().bad(format!("not sent: {what}"));
                Vec::new()
            }
        }
    }

    fn dismiss_idea(&mut self) {
        let Some(idea) = self.idea() else { return };
        if let Standing::Dismissed(dismissal) = &idea.standing {
            let words = format!("dismissed already: {}", dismissal.why);
            self.notes().note(words);
            return;
        }
        self.sheet =
            Some(Sheet::prompt(format!("dismiss \"{}\": why?", idea.title), "", PromptFor::DismissIdea));
        self.screens.ideas.dismissing = Some(idea.id);
    }

    /// The reason was said.
    pub(in crate::tui) fn idea_dismissed(&mut self, why: String) -> Vec<Task> {
        let Some(id) = self.screens.ideas.dismissing.take() else { return Vec::new() };
        let words = format!("{id} is dismissed; it stays away until there is twice as much of it");
        vec![Task::Send(Box::new(Command::Idea(IdeaCommand::Dismiss { id, why })), words)]
    }

    /// A brief has become a mission: where it came from an idea, the idea is taken.
    pub(in crate::tui) fn idea_taken(&mut self, sent: &str, mission: Option<MissionId>) -> Vec<Task> {
        let Some(mission) = mission else { return Vec::new() };
        let Some(id) = self.screens.ideas.taken(sent) else { return Vec::new() };
        let words = format!("{mission} is transmitted; {id} is taken");
        vec![Task::Send(Box::new(Command::Idea(IdeaCommand::Take { id, mission })), words)]
    }

    /// An idea was sent at once.
    pub(in crate::tui) fn idea_opened(&mut self, opened: Result<(MissionId, Receipt), String>) {
        match opened {
            Ok((mission, _)) => self.notes().good(format!("{mission} is transmitted from the idea")),
            Err(why) => self.notes().bad(format!("no mission was made of the idea: {why}")),
        }
    }
}
