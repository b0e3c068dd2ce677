//! What each command does. One match over the one list: a command without a deed does not compile.

mod endings;
mod incidents;
mod looks;
mod mouse;
mod screens;

use super::{
    app::{App, Focus},
    briefing::Field,
    channels::Face,
    commands::CommandId,
    motion::Motion,
    screens::ScreenId,
    sheets::{PromptFor, Sheet, YES},
    stream,
    task::{EditFor, Task},
    words,
};
use crate::{
    domain::{
        digest::Digest,
        feed::Channel,
        mission::Rating,
        request::{Decision, Modification},
    },
    engine::command::{Command, ControlCommand, MissionCommand},
};

/// Rows of a page when scrolling.
const PAGE: isize = 10;

/// Rows as a movement.
fn motion_of(by: isize) -> Motion {
    match by {
        isize::MIN => Motion::Top,
        isize::MAX => Motion::Bottom,
        -1 => Motion::Up,
        1 => Motion::Down,
        n if n < 0 => Motion::PageUp,
        _ => Motion::PageDown,
    }
}

impl App {
    /// Does a command.
    pub fn run(&mut self, command: CommandId) -> Vec<Task> {
        use CommandId as C;
        if self.elsewhere()
            && let Some(tasks) = self.run_elsewhere(command)
        {
            return tasks;
        }
        match command {
            C::Transmit => return self.transmit(),
            C::Newline => self.briefing.newline(),
            C::NextField => return self.tab(1),
            C::PreviousField => return self.tab(-1),
            C::Editor => {
                let field = self.briefing.field;
                let text =
                    if field == Field::Text { self.briefing.whole() } else { self.briefing.text(field) };
                return vec![Task::Edit(EditFor::Field(field as u8), text)];
            }
            C::History => {
                self.sheet = Some(Sheet::history());
                return vec![Task::Briefs];
            }
            C::Palette => self.sheet = Some(Sheet::palette(&self.look.keymap, &self.state)),
            C::Help if matches!(self.sheet, Some(Sheet::Help(..))) => {}
            C::Help => self.sheet = Some(Sheet::Help(0, self.sheet.take().map(Box::new))),
            C::Back | C::Close => self.back(),
            C::Interrupt => return self.interrupt(),
            C::EndOfInput if self.briefing.field_is_empty() => return self.quit(),
            C::EndOfInput => self.briefing.delete_forward(),
            C::Quit => return self.quit(),
            C::Suspend => return vec![Task::Suspend],
            C::Redraw => return vec![Task::Redraw],
            C::NextWaiting => return self.next_waiting(),
            C::ScreenCommand => return self.go_to(ScreenId::Command),
            C::ScreenOperations => return self.go_to(ScreenId::Operations),
            C::ScreenApprovals => return self.go_to(ScreenId::Approvals),
            C::ScreenIdeas => return self.go_to(ScreenId::Ideas),
            C::ScreenAudit => return self.go_to(ScreenId::Audit),
            C::ScreenSettings => return self.go_to(ScreenId::Settings),
            C::FocusBrief => self.focus.0 = Focus::Brief,
            C::FocusMissions => self.focus.0 = Focus::Missions,
            C::FocusChannels => self.focus.0 = Focus::Channels,
            C::FocusDesk => self.go_to_desk(),
            C::Pause => {
                return self.control(ControlCommand::Pause("the director pressed pause".into()), "paused");
            }
            C::Resume => return self.control(ControlCommand::Resume, "resumed"),
            C::Stop => {
                return self.control(ControlCommand::Stop("the director pressed stop".into()), "stopped");
            }
            C::SheetUp => self.scroll(-1),
            C::SheetDown => self.scroll(1),
            C::SheetTop => self.scroll(isize::MIN),
            C::SheetBottom => self.scroll(isize::MAX),
            C::Choose => return self.choose_in_sheet(),
            C::Restore => return self.restore(),
            C::Card => return self.open_card(),
            C::Compare => return self.compare(),
            C::PatchOpen => return self.open_patch(),
            C::Versions => self.sheet = Some(Sheet::Versions(0)),
            C::Copy => return self.copy(Task::CopyBlob),
            C::CopyFile => return self.copy(Task::CopyFile),
            C::PickTheme | C::PickKeymap | C::Stillness | C::Bandwidth | C::Mouse => {
                self.look_otherwise(command);
            }
            C::Take
            | C::TakeAll
            | C::TakeBoth
            | C::LeavePlace
            | C::LeaveFile
            | C::Combine
            | C::Blind
            | C::Evidence => return self.weigh(command),
            C::Dictate => return self.dictate(),
            C::PreviewOpen | C::PreviewWidth | C::PreviewEnd => return self.preview(command),
            // Known on one screen only, which was asked first.
            C::SettingEdit | C::SettingUnset | C::SettingTest => {}
            C::IdeaBrief | C::IdeaSend | C::IdeaDismiss | C::IdeaAll | C::IdeaAsk => {}
            C::Refine | C::TakeOver | C::HandBack | C::Cancel | C::RetryMission | C::Rate | C::Silence => {
                return self.steer(command);
            }
            C::Approve1
            | C::Approve2
            | C::Approve3
            | C::Approve4
            | C::Approve5
            | C::Approve6
            | C::Approve7
            | C::Approve8 => return self.approve_digit(command),
            C::Approve | C::Modify | C::Retry | C::Reject | C::Grant => return self.decide(command),
            C::Undo => return self.undo(),
            C::UndoAll => return self.undo_all(),
            _ => self.look_around(command),
        }
        Vec::new()
    }

    /// Moves and ways of looking at channels.
    fn look_around(&mut self, command: CommandId) {
        use CommandId as C;
        match command {
            C::Up => self.move_by(-1),
            C::Down => self.move_by(1),
            C::PageUp => self.move_by(-PAGE),
            C::PageDown => self.move_by(PAGE),
            C::Top => self.move_by(isize::MIN),
            C::Bottom => self.move_by(isize::MAX),
            C::Left | C::Right if self.board().is_some() => {
                let by = if command == C::Left { -1 } else { 1 };
                self.board().into_iter().for_each(|board| board.turn(by));
            }
            C::Left | C::Right if self.diff_page().is_some() => {
                self.go(if command == C::Left { Motion::Left } else { Motion::Right });
            }
            C::Left => self.channels.at = self.channels.at.saturating_sub(1),
            C::Right => {
                let last = self.mission().map_or(0, |mission| mission.teams.len().saturating_sub(1));
                self.channels.at = (self.channels.at + 1).min(last);
            }
            C::Follow => {
                let Some(view) = self.chosen().and_then(|c| self.channels.view_mut(c)) else { return };
                let follows = view.log.toggle_follow();
                self.notes().note(if follows { "following" } else { "held still; F follows again" });
            }
            C::Expand => {
                self.channels.full = !self.channels.full;
                self.focus.0 = Focus::Channels;
            }
            C::Shot => {
                self.channels.face = match self.channels.face {
                    Face::Both => Face::Thoughts,
                    Face::Thoughts => Face::Shot,
                    Face::Shot => Face::Both,
                };
            }
            C::SideLeft => self.go(Motion::Left),
            C::SideRight => self.go(Motion::Right),
            C::Tools => {
                if let Some(view) = self.chosen().and_then(|c| self.channels.view_mut(c)) {
                    view.log.toggle_tools();
                }
            }
            C::NextFile | C::PreviousFile if self.board().is_some() => {
                let by = if command == C::NextFile { 1 } else { -1 };
                self.board().into_iter().for_each(|board| board.step_file(by));
            }
            C::NextHunk | C::PreviousHunk if self.board().is_some() => {
                self.scroll(if command == C::NextHunk { 1 } else { -1 });
            }
            C::NextHunk => self.go(Motion::NextHunk),
            C::PreviousHunk => self.go(Motion::PrevHunk),
            C::Search => self.sheet = Some(Sheet::prompt("search the thought stream", "", PromptFor::Search)),
            C::SearchNext => self.search_on(stream::StreamLog::prev_match),
            C::SearchBack => self.search_on(stream::StreamLog::next_match),
            other => self.look_at_patch(other),
        }
    }

    fn transmit(&mut self) -> Vec<Task> {
        if self.briefing.continued() {
            self.briefing.newline();
            return Vec::new();
        }
        if self.briefing.sending.is_some() {
            self.notes().note("the last brief is still being sent");
            return Vec::new();
        }
        match self.briefing.brief() {
            Some(brief) => self.open(brief),
            None => Vec::new(),
        }
    }

    fn tab(&mut self, by: isize) -> Vec<Task> {
        let busy = self.mission().is_some_and(|mission| mission.result.ending.is_none());
        let writing = self.focus.0 == Focus::Brief && self.briefing.field == Field::Text;
        if by > 0 && busy && writing && !self.briefing.is_empty() && self.briefing.sending.is_none() {
            if let Some(brief) = self.briefing.brief()
                && self.briefing.queue(brief)
            {
                let waiting = self.briefing.queue.len();
                self.notes().good(format!("queued as number {waiting}; Up in the empty brief takes it back"));
            }
            return Vec::new();
        }
        let mut stops = Field::ALL.map(|field| (Focus::Brief, Some(field))).to_vec();
        stops.extend([(Focus::Missions, None), (Focus::Channels, None), (Focus::Desk, None)]);
        let here = (self.focus.0, (self.focus.0 == Focus::Brief).then_some(self.briefing.field));
        let at = stops.iter().position(|stop| *stop == here).unwrap_or(0);
        let count = isize::try_from(stops.len()).unwrap_or(1);
        let next = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count).unsigned_abs();
        self.focus.0 = stops[next].0;
        self.briefing.field = stops[next].1.unwrap_or(self.briefing.field);
        if self.focus.0 == Focus::Desk {
            self.go_to_desk();
        }
        Vec::new()
    }

    fn back(&mut self) {
        self.voice.0.keys.clear();
        if self.close_tree() {
            return;
        }
        if self.sheet.is_some() {
            self.close_sheet();
        } else if self.channels.full {
            self.channels.full = false;
            // A whole screen of a patch is left as its own key leaves it.
            if self.channels.face == Face::Shot {
                self.channels.face = Face::Both;
            }
        } else if self.focus.0 == Focus::Brief {
            // Before there is a mission the channels have nothing to show.
            let shows = self.listed().is_some();
            self.focus.0 = if shows { Focus::Channels } else { Focus::Missions };
            self.briefing.field = Field::Text;
        }
    }

    /// Closes what is open, one level.
    pub(super) fn close_sheet(&mut self) {
        match self.sheet.take() {
            Some(Sheet::Clarify(clarify)) => {
                self.desk.aside.insert(clarify.mission(), clarify);
                let keys = self.look.keymap.keys_of(CommandId::NextWaiting);
                let key = keys.into_iter().next().unwrap_or_default();
                self.notes().note(format!("the questions wait as you left them; {key} opens them again"));
            }
            Some(Sheet::Compare(board)) if board.is_touched() => {
                self.desk.compared = Some(board);
                let key = self.key_here(CommandId::Compare).unwrap_or_default();
                self.notes().note(format!(
                    "what you took is kept until a newer candidate comes; {key} shows it again"
                ));
            }
            Some(Sheet::Picker(picker)) => {
                if let Some(typed) = picker.mention() {
                    self.briefing.insert(&typed);
                }
            }
            Some(Sheet::Page(page)) => self.sheet = page.from.map(Sheet::Versions),
            // What was taken in a comparison, or typed into a question, is there again.
            Some(Sheet::Help(_, from)) => self.sheet = from.map(|sheet| *sheet),
            Some(Sheet::Diff(page)) => self.sheet = page.from.map(|sheet| *sheet),
            Some(Sheet::Prompt(prompt)) => self.sheet = prompt.from.map(|sheet| *sheet),
            _ => {}
        }
    }

    fn control(&mut self, command: ControlCommand, what: &str) -> Vec<Task> {
        vec![Task::Send(Box::new(Command::Control(command)), what.to_owned())]
    }

    pub(super) fn chosen(&self) -> Option<Channel> {
        Some(Channel { mission: self.shown?, team: Some(self.team()?.id) })
    }

    fn move_by(&mut self, by: isize) {
        if self.sheet.is_some() {
            return self.scroll(by);
        }
        match self.focus.0 {
            Focus::Missions => self.step_listed(by),
            Focus::Desk => {
                self.desk.step(&self.state.clone(), by, self.now.mono);
                self.face_chosen();
            }
            Focus::Channels | Focus::Brief => self.scroll_channel(by),
        }
    }

    fn scroll_channel(&mut self, by: isize) {
        if self.scroll_card(by) {
            return;
        }
        let Some(channel) = self.chosen() else { return };
        let motion = motion_of(by);
        if self.channels.face == Face::Shot {
            self.go(motion);
        } else if let Some(view) = self.channels.view_mut(channel) {
            view.log.go(motion);
        }
    }

    fn search_on(&mut self, step: impl FnOnce(&mut stream::StreamLog) -> bool) {
        let found = self.chosen().and_then(|channel| self.channels.view_mut(channel)).map(|view| {
            let found = step(&mut view.log);
            (found, view.log.match_count())
        });
        match found {
            Some((true, (at, all))) => self.notes().note(format!("match {at} of {all}")),
            _ => self.notes().note("not found in this stream"),
        }
    }

    fn scroll(&mut self, by: isize) {
        let most = super::view::sheet_rows(self);
        if let Some(board) = self.board() {
            return if by.unsigned_abs() == PAGE.unsigned_abs() {
                board.scroll(by, most)
            } else {
                board.step(by)
            };
        }
        if let Some(shot) = self.diff_page() {
            return shot.go(motion_of(by));
        }
        if let Some(at) = self.sheet.as_mut().and_then(Sheet::scroll) {
            *at = match by {
                isize::MIN => 0,
                isize::MAX => most,
                by => at.saturating_add_signed(by).min(most),
            };
        }
    }

    fn copy(&mut self, way: impl FnOnce(Digest) -> Task) -> Vec<Task> {
        if let Some(Sheet::Versions(at)) = self.sheet {
            let patch = self.mission().and_then(|m| super::view::versions::patch_at(m, at));
            return patch.map(|digest| vec![way(digest)]).unwrap_or_default();
        }
        if let Some(Sheet::Diff(page)) = &self.sheet {
            return vec![way(page.digest)];
        }
        let streamed = self.chosen().and_then(|c| self.channels.view(c)).and_then(|v| v.patch.as_ref());
        let kept = self.team().and_then(|team| team.candidates.last()).map(|(candidate, _)| candidate.patch);
        match kept.or_else(|| streamed.map(|shot| shot.digest)) {
            Some(digest) => vec![way(digest)],
            None => {
                self.notes().note("this channel has no patch yet");
                Vec::new()
            }
        }
    }

    fn steer(&mut self, command: CommandId) -> Vec<Task> {
        if let Some(tasks) = self.steer_incident(command) {
            return tasks;
        }
        let Some(mission) = self.shown else {
            self.notes().note("there is no mission yet");
            return Vec::new();
        };
        let team = self.team().map(|team| (team.id, words::team_name_of(team)));
        let (title, purpose) = match (command, team) {
            (CommandId::Cancel, _) => {
                self.ask_to_cancel(mission);
                return Vec::new();
            }
            (CommandId::RetryMission, _) => {
                (format!("try {mission} again: what should be different?"), PromptFor::RetryMission(mission))
            }
            (CommandId::Rate, _) => {
                (format!("rate {mission}: 1 to 5, and why if you like"), PromptFor::Rate(mission))
            }
            (CommandId::Refine, Some((team, name))) => {
                (format!("say to {name}"), PromptFor::Refine(mission, team))
            }
            (CommandId::TakeOver, Some((team, name))) => {
                let command = Command::Mission(MissionCommand::TakeOver(mission, team));
                return vec![Task::Send(Box::new(command), format!("{name} taken over"))];
            }
            (CommandId::HandBack, Some((team, name))) => {
                let command = Command::Mission(MissionCommand::HandBack(mission, team));
                return vec![Task::Send(Box::new(command), format!("{name} handed back"))];
            }
            _ => {
                self.notes().note("this mission has no team yet");
                return Vec::new();
            }
        };
        self.sheet = Some(Sheet::prompt(title, "", purpose));
        Vec::new()
    }

    fn choose_in_sheet(&mut self) -> Vec<Task> {
        if self.close_tree() {
            return Vec::new();
        }
        match self.sheet {
            Some(Sheet::Diff(_)) => Vec::new(),
            Some(Sheet::Versions(at)) => {
                let Some(mission) = self.mission() else { return Vec::new() };
                let title = super::view::versions::title_at(mission, at);
                match super::view::versions::patch_at(mission, at) {
                    Some(digest) => vec![Task::Show(title, digest)],
                    None => {
                        self.notes()
                            .note("this row has no patch of its own: choose a candidate or what landed");
                        Vec::new()
                    }
                }
            }
            _ => {
                self.sheet = None;
                Vec::new()
            }
        }
    }

    fn restore(&mut self) -> Vec<Task> {
        let (Some(Sheet::Versions(at)), Some(mission)) = (&self.sheet, self.mission()) else {
            // On other sheets the same key takes a decision back, as it does without one.
            return self.undo();
        };
        match super::view::versions::commit_at(mission, *at) {
            Some(commit) => {
                let title = format!(
                    "{} {} by a new commit that lands at once?",
                    super::view::versions::undoing_at(mission, *at),
                    commit.short()
                );
                let purpose = PromptFor::Restore(mission.id, commit);
                self.sheet = Some(Sheet::prompt(title, YES, purpose).over(self.sheet.take()));
                Vec::new()
            }
            None => match super::view::versions::candidate_at(mission, *at) {
                Some(of) => self.put_up_again(of),
                None => {
                    self.notes().note("there is no version yet");
                    Vec::new()
                }
            },
        }
    }

    fn open_card(&mut self) -> Vec<Task> {
        if self.close_tree() {
            return Vec::new();
        }
        match (self.focus.0, self.desk.request(&self.state)) {
            (Focus::Missions, _) => self.focus.0 = Focus::Channels,
            (Focus::Desk, Some(request)) => self.sheet = Some(Sheet::Card(request.id, 0)),
            (Focus::Desk, None) => self.notes().note("nothing waits for a decision"),
            _ => self.channels.full = !self.channels.full,
        }
        Vec::new()
    }

    /// A prompt was answered.
    pub(super) fn said(&mut self, purpose: PromptFor, text: String) -> Vec<Task> {
        let mission = |command| Box::new(Command::Mission(command));
        match purpose {
            PromptFor::Retry(id, seen) => self.send_decision(id, seen, Decision::Retry { reason: text }),
            PromptFor::Reject(id, seen) => self.send_decision(id, seen, Decision::Reject { reason: text }),
            PromptFor::RejectMarked => self.reject_marked(&text),
            PromptFor::Argv(id, seen) => {
                let change = Modification::Argv(super::argv::split_argv(&text).unwrap_or_default());
                self.send_decision(id, seen, Decision::Modify { team: None, change })
            }
            PromptFor::Amount(id, seen) => {
                let change = Modification::Amount(text.parse().unwrap_or_default());
                self.send_decision(id, seen, Decision::Modify { team: None, change })
            }
            PromptFor::Words(id, seen) => {
                let change = Modification::Prompt(text);
                self.send_decision(id, seen, Decision::Modify { team: None, change })
            }
            PromptFor::Grant(id, seen) => self.grant(id, seen, &text),
            PromptFor::Refine(id, team) => {
                let known = self.state.missions.get(&id);
                let name = known.map_or_else(|| team.to_string(), |mission| words::team_name(mission, team));
                vec![Task::Send(mission(MissionCommand::Refine(id, team, text)), format!("said to {name}"))]
            }
            PromptFor::Restore(id, commit) => {
                let what = format!("{id}: what {} did is undone", commit.short());
                vec![Task::Send(mission(MissionCommand::Restore(id, commit)), what)]
            }
            PromptFor::Close(id) => Self::close_incident(id, text),
            PromptFor::Quiet(id) => self.silence_incident(id, &text),
            PromptFor::Cancel(id) => {
                vec![Task::Send(mission(MissionCommand::Cancel(id, text)), format!("{id} cancelled"))]
            }
            PromptFor::RetryMission(id) => {
                vec![Task::Send(mission(MissionCommand::Retry(id, text)), format!("{id} tries again"))]
            }
            PromptFor::Rate(id) => match Rating::parse(&text) {
                Ok(rating) => {
                    let what = format!("{id} rated {rating}");
                    vec![Task::Send(mission(MissionCommand::Rate(id, rating)), what)]
                }
                Err(why) => {
                    self.notes().bad(why);
                    Vec::new()
                }
            },
            PromptFor::Search => {
                self.search_on(|log| log.search(&text));
                Vec::new()
            }
            PromptFor::Past => {
                self.search_past(text);
                Vec::new()
            }
            PromptFor::Export(id) => self.export(id, &text),
            PromptFor::Patch => {
                self.find_in_patch(&text);
                Vec::new()
            }
            PromptFor::Settings => {
                self.filter_settings(&text);
                Vec::new()
            }
            PromptFor::DismissIdea => self.idea_dismissed(text),
            PromptFor::Shell => vec![Task::Shell(text)],
        }
    }
}
