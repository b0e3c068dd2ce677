//! Allowing a command for a while: the line in which a person says on which terms is offered, and what it says is sent. What may never be allowed is said before anything is asked.

use super::{
    app::App,
    sheets::{PromptFor, Sheet},
    task::Task,
    terms::{USUAL, Wish, read, terms},
};
use crate::{
    domain::{
        grant::Reach,
        ids::{RequestId, Revision},
        request::{Decision, Request, Subject},
        text::count,
    },
    policy::grants::never,
};

impl App {
    /// Asks on which terms, if any may be given.
    pub(super) fn offer_grant(&mut self, request: &Request, seen: Revision) -> Vec<Task> {
        let Subject::Command { argv, .. } = &request.subject else {
            let word = request.subject.word();
            self.notes().note(format!("{} is a {word}: only commands are allowed for a while", request.id));
            return Vec::new();
        };
        let wish = Wish { reach: Reach::Mission, first: None, uses: 1, lasts: Reach::Mission.usual_span() };
        if let Some(why) = never(&terms(wish, argv), &self.state.policy) {
            self.notes().note(format!("{} is asked for every time: {why}", request.id));
            return Vec::new();
        }
        self.ask_terms(request.id, seen, USUAL);
        Vec::new()
    }

    fn ask_terms(&mut self, id: RequestId, seen: Revision, text: &str) {
        let title = format!("allow {id} for: mission|project  exact|first N  uses  how long");
        self.sheet = Some(Sheet::prompt(title, text, PromptFor::Grant(id, seen)));
    }

    /// The line was written.
    pub(super) fn grant(&mut self, id: RequestId, seen: Revision, text: &str) -> Vec<Task> {
        let argv = match self.state.desk.get(&id).map(|request| &request.subject) {
            Some(Subject::Command { argv, .. }) => argv.clone(),
            _ => {
                self.notes().bad(format!("{id} no longer waits"));
                return Vec::new();
            }
        };
        let wish = match read(text) {
            Ok(wish) => wish,
            Err(why) => {
                self.notes().bad(why);
                return Vec::new();
            }
        };
        let terms = terms(wish, &argv);
        let why = match wish.first.filter(|first| *first > argv.len()) {
            Some(_) => Some(format!("the command has {}", count(argv.len(), "word"))),
            None => never(&terms, &self.state.policy),
        };
        if let Some(why) = why {
            self.notes().bad(format!("not so: {why}"));
            self.ask_terms(id, seen, text);
            return Vec::new();
        }
        self.send_decision(id, seen, Decision::Grant { terms: Box::new(terms) })
    }
}
