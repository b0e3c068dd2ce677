//! What the screens' own deeds open or say, as lines: a prompt is a question, a picker has numbers, anything else is
//! read off its drawing. The next line answers it.

use super::{
    compare::Held,
    face::{Linear, Want},
    pages, paper, patch, say,
};
use crate::{
    domain::{request::Subject, text::clean_line},
    tui::{
        app::{Action, Moment},
        commands::CommandId,
        keymap::Key,
        screens::ScreenId,
        sheets::Sheet,
        task::Task,
        theme::Role,
    },
};
use crossterm::event::{KeyCode, KeyModifiers};

/// Rows of a picker that are said.
const ROWS_MOST: usize = 20;

impl Linear {
    /// Says what a deed left behind: its note, and what it opened.
    pub(super) fn tell_app(&mut self) {
        if let Some((role, words)) = self.app.notes().last.take() {
            let word = match role {
                Role::Ok => "done",
                Role::Bad => "not done",
                _ => "note",
            };
            let words = words.trim_start_matches(['✓', '✗', '!']).trim_start().to_owned();
            self.say(word, &words);
        }
        let state = self.app.state.clone();
        match self.app.sheet.take() {
            None => {}
            Some(Sheet::Page(page)) => {
                self.say("page", &page.title);
                let lines = page.lines.iter().take(say::TEXT_MOST).map(|line| say::under(line));
                self.lines.extend(lines);
                let more = page.lines.len().saturating_sub(say::TEXT_MOST);
                if more > 0 {
                    self.say("cut", &format!("{more} more lines are not said"));
                }
            }
            Some(Sheet::Card(id, _)) => {
                if let Some(request) = state.desk.get(&id) {
                    self.lines.extend(pages::request_lines(&state, request, self.app.now.wall));
                    self.seen.insert(id, (request.revision, self.app.now.mono));
                }
            }
            // Asked by verbs of their own.
            Some(Sheet::Clarify(_)) => {}
            Some(Sheet::Compare(board)) => {
                let request = state.desk.values().find(|request| {
                    request.mission == board.mission && matches!(request.subject, Subject::Choose { .. })
                });
                let request = request.map(|request| (request.id, request.revision));
                self.held = Some(Held { board: *board, request });
            }
            Some(open) => self.tell_sheet(open),
        }
    }

    fn tell_sheet(&mut self, open: Sheet) {
        match &open {
            Sheet::Prompt(prompt) => {
                let held = clean_line(prompt.line.text(), 200).to_string();
                let held = if held.is_empty() { held } else { format!(" It says now: {held}.") };
                let words = format!("{}.{held} The next line is the answer; back leaves it", prompt.title);
                self.say("asked", &words);
            }
            Sheet::Picker(picker) if picker.reading => {}
            Sheet::Picker(picker) => {
                let rows: Vec<String> = picker
                    .found()
                    .take(ROWS_MOST)
                    .enumerate()
                    .map(|(at, pick)| {
                        let detail =
                            if pick.detail.is_empty() { String::new() } else { format!(", {}", pick.detail) };
                        say::line(&(at + 1).to_string(), &format!("{}{detail}", pick.label))
                    })
                    .collect();
                let all = picker.found().count();
                let title = picker.title.to_lowercase();
                self.say(
                    "pick",
                    &format!("{title}, {all}; a number picks, other words search, back leaves it"),
                );
                self.lines.extend(rows);
            }
            _ => {}
        }
        let kept = open.takes_text();
        if let Sheet::Diff(page) = &open {
            let lines = patch::lines(page.shot.doc());
            self.lines.extend(lines);
        }
        let drawn = !matches!(open, Sheet::Prompt(_) | Sheet::Picker(_) | Sheet::Diff(_));
        self.app.sheet = Some(open);
        if drawn {
            let rows = paper::rows(&mut self.app);
            self.lines.extend(rows);
        }
        if !kept {
            self.app.sheet = None;
        }
    }

    /// A line that answers what is open.
    pub(super) fn answer_sheet(&mut self, line: &str, now: Moment) -> Vec<Want> {
        let key = |code, modifiers| Action::Key(Key { code, modifiers });
        let enter = || key(KeyCode::Enter, KeyModifiers::NONE);
        if line == "back" {
            let tasks = self.app.on(key(KeyCode::Esc, KeyModifiers::NONE), now);
            self.say("left", "nothing was sent");
            return self.wants(tasks);
        }
        if let Some(Sheet::Picker(picker)) = &mut self.app.sheet {
            let number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match number.filter(|at| *at < picker.found().count().min(ROWS_MOST)) {
                Some(at) => {
                    picker.at = at;
                    let tasks = self.app.on(enter(), now);
                    let wants = self.wants(tasks);
                    self.tell_brief();
                    return wants;
                }
                None => {
                    self.app.on(key(KeyCode::Char('u'), KeyModifiers::CONTROL), now);
                    self.app.on(Action::Paste(line.to_owned()), now);
                    self.tell_app();
                    return Vec::new();
                }
            }
        }
        let mut tasks = self.app.on(key(KeyCode::Char('u'), KeyModifiers::CONTROL), now);
        tasks.extend(self.app.on(Action::Paste(line.to_owned()), now));
        tasks.extend(self.app.on(enter(), now));
        self.wants(tasks)
    }

    /// What was picked may have gone into the brief.
    pub(super) fn tell_brief(&mut self) {
        if !self.app.briefing.is_empty() {
            let text = self.app.briefing.whole();
            self.say("brief laid out", &text);
        }
    }

    /// Does a command of the screens as its key would.
    pub(super) fn by_name(&mut self, id: CommandId, rest: &str) -> Vec<Want> {
        let (shown, said) = (self.app.shown, self.lines.len());
        let tasks: Vec<Task> = self.app.run(id);
        let answers = !rest.is_empty() && self.app.sheet.as_ref().is_some_and(Sheet::takes_text);
        if answers {
            let mut wants = tasks.into_iter().map(Want::Task).collect::<Vec<_>>();
            wants.extend(self.answer_sheet(rest, self.app.now));
            return wants;
        }
        let wants = self.wants(tasks);
        if let Some(mission) = self.app.shown.filter(|_| self.app.shown != shown) {
            self.say("at", &mission.to_string());
        }
        if self.app.screens.at != ScreenId::Command && self.app.sheet.is_none() {
            self.read_screen();
        }
        if self.lines.len() == said && wants.is_empty() {
            self.say("done", crate::tui::commands::entry(id).name);
        }
        wants
    }
}
