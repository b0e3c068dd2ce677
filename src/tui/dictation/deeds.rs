//! What the dictation's key does, and what comes of it.

use super::{Dictation, Hush};
use crate::{
    domain::text::{clean, head_tail},
    tui::{
        app::{App, Focus},
        briefing::Field,
        task::Task,
    },
};

/// Bytes of one dictation that land in the brief.
const WORDS_MOST: usize = 64 * 1024;

impl App {
    /// The key: starts, and ends so that the words land.
    pub(in crate::tui) fn dictate(&mut self) -> Vec<Task> {
        match self.dictation {
            None if !self.look.hears => {
                self.notes().note(
                    "no voice.command is set: name a program that listens until it is interrupted and prints what it heard",
                );
                Vec::new()
            }
            None => {
                self.dictation = Some(Dictation::Listening(self.now.mono));
                self.notes().note("listening; the same key ends it, esc throws it away");
                self.dictations += 1;
                vec![Task::Listen(self.dictations)]
            }
            Some(Dictation::Listening(_)) => {
                self.dictation = Some(Dictation::Writing);
                vec![Task::Hush(Hush::Keep)]
            }
            Some(Dictation::Writing) => {
                self.notes().note("what was heard is still being written down; esc throws it away");
                Vec::new()
            }
        }
    }

    /// Esc: what is heard is not wanted; none if nothing listens.
    pub(in crate::tui) fn forget_dictation(&mut self) -> Option<Vec<Task>> {
        self.dictation.take()?;
        self.notes().note("the dictation was thrown away");
        Some(vec![Task::Hush(Hush::Discard)])
    }

    /// The program of this number has ended.
    pub(in crate::tui) fn heard(&mut self, number: u32, heard: Option<Result<String, String>>) {
        let Some(heard) = heard.filter(|_| number == self.dictations) else { return };
        if self.dictation.take().is_none() {
            return;
        }
        let words = match heard {
            Ok(words) => words,
            Err(why) => {
                let why = crate::domain::text::clean_line(&why, 400);
                self.notes().bad(format!("dictation: {why}"));
                return;
            }
        };
        let whole = clean(&words);
        let text = head_tail(whole.trim(), WORDS_MOST);
        let cut = if whole.trim().len() > WORDS_MOST {
            ", and what is in the middle is left out: it was too long"
        } else {
            ""
        };
        if text.is_empty() {
            self.notes().note("nothing was heard");
            return;
        }
        if self.briefing.field == Field::Budget {
            self.briefing.field = Field::Text;
        }
        let (row, column) = self.briefing.caret();
        let line = self.briefing.lines(self.briefing.field).get(row);
        let before = column.checked_sub(1).and_then(|at| line?.chars().nth(at));
        let space = if before.is_some_and(|c| !c.is_whitespace()) { " " } else { "" };
        self.briefing.insert(&format!("{space}{text}"));
        if self.sheet.is_none() {
            self.focus.0 = Focus::Brief;
        }
        let many = crate::domain::text::count(text.split_whitespace().count(), "word");
        self.notes().good(format!("{many} heard, in the brief; ctrl-u undoes{cut}"));
    }

    /// What is going on, with its sign: `● REC 00:05`.
    #[must_use]
    pub fn dictation_words(&self) -> Option<String> {
        self.dictation.map(|dictation| match dictation {
            Dictation::Listening(since) => {
                let seconds = self.now.mono.0.saturating_sub(since.0) / 1_000;
                format!("● REC {:02}:{:02}", seconds / 60, seconds % 60)
            }
            Dictation::Writing => "◐ WRITING DOWN".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{
        app::Action,
        fixtures::{Bench, options},
        task::Done,
    };
    use futures::FutureExt;
    use std::sync::Arc;

    fn bench() -> Bench {
        let mut options = options(None);
        options.ports.voice = Some(Arc::new(|_| std::future::pending().boxed()));
        Bench::with((120, 40), options)
    }

    #[test]
    fn a5_a_key_listens_until_it_is_pressed_again_and_the_words_are_one_edit() {
        let mut bench = bench();
        bench.write("Fix").press("ctrl-t");
        assert_eq!(bench.tasks.pop(), Some(Task::Listen(1)));
        bench.wait(65_000).act(Action::Tick);
        assert_eq!(bench.app.dictation_words().as_deref(), Some("● REC 01:05"));
        bench.press("ctrl-t");
        assert_eq!(bench.tasks.pop(), Some(Task::Hush(Hush::Keep)));
        bench.act(Action::Done(Done::Heard(1, Some(Ok("the check\u{1b}[2Jout\n".into())))));
        assert_eq!(bench.app.briefing.whole(), "Fix the checkout");
        assert_eq!(bench.app.dictation_words(), None);
        bench.press("ctrl-u");
        assert_eq!(bench.app.briefing.whole(), "Fix", "one undo takes it all back");
    }

    #[test]
    fn esc_throws_it_away_and_errors_are_words() {
        let mut bench = bench();
        bench.press("ctrl-t esc");
        assert_eq!(bench.tasks.pop(), Some(Task::Hush(Hush::Discard)));
        bench.act(Action::Done(Done::Heard(1, Some(Ok("late".into())))));
        assert!(bench.app.briefing.is_empty());
        bench.press("ctrl-t");
        bench.act(Action::Done(Done::Heard(1, Some(Ok("of the one before".into())))));
        assert!(bench.app.briefing.is_empty() && bench.app.dictation.is_some(), "it is another one's");
        bench.act(Action::Done(Done::Heard(2, Some(Err("no microphone".into())))));
        assert!(bench.last_words().contains("no microphone"), "{}", bench.last_words());
        let mut deaf = Bench::new((120, 40));
        deaf.press("ctrl-t");
        assert!(deaf.last_words().contains("voice.command"), "{}", deaf.last_words());
    }
}
