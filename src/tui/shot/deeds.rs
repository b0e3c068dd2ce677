//! What keys do with the patch that has them: that of an open page, else the live shot of the chosen channel.

use super::{
    moves::Fold,
    view::{Layout, ShotView},
};
use crate::{
    domain::{
        digest::Digest,
        request::Subject,
        text::{clean_line, clean_patch, count},
    },
    tui::{
        app::App,
        channels::Face,
        commands::CommandId,
        motion::Motion,
        sheets::{DiffPage, PromptFor, Sheet},
        task::Task,
        words,
    },
};

impl App {
    /// The patch that has the keys.
    fn patch_mut(&mut self) -> Option<&mut ShotView> {
        if let Some(Sheet::Diff(_)) = self.sheet {
            return self.diff_page();
        }
        // What lies under a sheet has no keys.
        let channel = self.chosen().filter(|_| self.sheet.is_none())?;
        self.channels.view_mut(channel).map(|view| &mut view.shot)
    }

    /// The patch of an open page.
    pub(in crate::tui) fn diff_page(&mut self) -> Option<&mut ShotView> {
        match &mut self.sheet {
            Some(Sheet::Diff(page)) => Some(&mut page.shot),
            _ => None,
        }
    }

    /// Moves the patch that has the keys.
    pub(in crate::tui) fn go(&mut self, motion: Motion) {
        self.patch_mut().into_iter().for_each(|shot| shot.go(motion));
    }

    /// Closes the tree of files; whether it was open on the patch that has the keys.
    pub(in crate::tui) fn close_tree(&mut self) -> bool {
        if !matches!(self.sheet, None | Some(Sheet::Diff(_))) {
            return false;
        }
        let open = self.patch_mut().filter(|shot| shot.has_tree());
        open.is_some_and(|shot| !shot.turn_tree())
    }

    /// Ways of looking at a patch.
    pub(in crate::tui) fn look_at_patch(&mut self, command: CommandId) {
        use CommandId as C;
        match command {
            C::Wrap if self.board().is_some() => {
                let key = self.key_here(C::Close).unwrap_or_default();
                self.notes().note(format!(
                    "candidates side by side have one row for a line: {key} closes this, and a whole patch wraps"
                ));
                return;
            }
            C::SideBySide | C::Wrap => {
                let word = self.turn_manner(command);
                self.notes().note(word);
                return;
            }
            C::PatchSearch => return self.ask_words(),
            _ if self.board().is_some() => return self.look_at_places(command),
            _ => {}
        }
        let Some(shot) = self.patch_mut() else { return };
        let said = match command {
            C::NextFile | C::PreviousFile => {
                shot.go(if command == C::NextFile { Motion::NextFile } else { Motion::PrevFile });
                None
            }
            C::FoldHere => Some(shot.fold(Fold::Here)),
            C::FoldFile => Some(shot.fold(Fold::File)),
            C::FoldUnchanged => Some(shot.fold(Fold::Unchanged)),
            C::FoldAll => Some(shot.fold(Fold::All)),
            C::PatchFiles => {
                let open = shot.turn_tree();
                open.then_some("files of the patch: up and down go through them, b closes")
            }
            C::FoundNext | C::FoundPrevious if shot.find_on(command == C::FoundNext) => None,
            C::FoundNext | C::FoundPrevious => Some("nothing is found in this patch; / searches it"),
            _ => None,
        };
        said.into_iter().for_each(|words| self.notes().note(words));
    }

    fn turn_manner(&mut self, command: CommandId) -> &'static str {
        let mut manner = self.channels.manner();
        let word = if command == CommandId::Wrap {
            manner.wrap = !manner.wrap;
            if manner.wrap { "long lines are wrapped" } else { "long lines are cut: < and > go sideways" }
        } else {
            let (next, word) = match manner.layout {
                Layout::Unified => (Layout::Split, "side by side"),
                Layout::Split => (Layout::Auto, "side by side where there is room"),
                Layout::Auto => (Layout::Unified, "unified"),
            };
            manner.layout = next;
            word
        };
        self.channels.set_manner(manner);
        self.diff_page().into_iter().for_each(|shot| shot.set_manner(manner));
        word
    }

    fn ask_words(&mut self) {
        let from = self.sheet.take();
        let title = match from {
            Some(Sheet::Compare(_)) => "search what the candidates change",
            _ => "search the patch",
        };
        self.sheet = Some(Sheet::prompt(title, "", PromptFor::Patch).over(from));
    }

    /// Of the ways of looking at a patch those that a comparison has.
    fn look_at_places(&mut self, command: CommandId) {
        let forward = command == CommandId::FoundNext;
        let said = match command {
            CommandId::FoundNext | CommandId::FoundPrevious => {
                match self.board().and_then(|board| board.find_on(forward)) {
                    Some((at, all)) => format!("place {at} of {all}"),
                    None => {
                        format!("nothing was searched for: {} does", self.key_word(CommandId::PatchSearch))
                    }
                }
            }
            _ => {
                let key = self.key_word(CommandId::PatchOpen);
                format!("that is done with one patch: {key} opens this candidate's")
            }
        };
        self.notes().note(said);
    }

    /// Words to find in the patch were said.
    pub(in crate::tui) fn find_in_patch(&mut self, words: &str) {
        if let Some(found) = self.board().map(|board| board.find(words)) {
            let said = match found {
                Ok(0) => format!("no candidate changes a line with {:?}", &*clean_line(words, 60)),
                Ok(found) => {
                    let keys = [CommandId::FoundNext, CommandId::FoundPrevious].map(|id| self.key_word(id));
                    format!("found in {}; {} go through them", count(found, "place"), keys.join(" and "))
                }
                Err(why) => why,
            };
            return self.notes().note(said);
        }
        let Some(shot) = self.patch_mut() else { return };
        let found = shot.find(words);
        let said = match found {
            0 => "not found in this patch".to_owned(),
            found => format!("found in {}; . and , go through them", count(found, "line")),
        };
        self.notes().note(said);
    }

    /// Opens a patch on the whole screen: that of the column, the request, the version or the channel looked at.
    pub(in crate::tui) fn open_patch(&mut self) -> Vec<Task> {
        match &self.sheet {
            None if self.elsewhere() => Vec::new(),
            None => {
                let open = self.channels.full && self.channels.face == Face::Shot;
                (self.channels.full, self.channels.face) =
                    if open { (false, Face::Both) } else { (true, Face::Shot) };
                self.focus.0 = crate::tui::app::Focus::Channels;
                Vec::new()
            }
            Some(Sheet::Compare(board)) => match (board.side(), board.columns.get(board.side())) {
                (_, Some(column)) => vec![Task::Show(board.name_of(board.side()), column.patch)],
                _ => Vec::new(),
            },
            Some(Sheet::Card(id, _)) => self.patch_of_request(*id),
            Some(_) => Vec::new(),
        }
    }

    fn patch_of_request(&mut self, id: crate::domain::ids::RequestId) -> Vec<Task> {
        let request = self.state.desk.get(&id).cloned();
        let mission = request.as_ref().and_then(|request| self.state.missions.get(&request.mission)).cloned();
        let (Some(request), Some(mission)) = (request, mission) else { return Vec::new() };
        let team = match &request.subject {
            Subject::Choose { teams } => {
                let chosen = self.team().map(|team| team.id).filter(|team| teams.contains(team));
                chosen.or_else(|| teams.first().copied())
            }
            Subject::Conflict { detail, .. } => {
                return vec![Task::Show(format!("{id}: both sides of the conflict"), *detail)];
            }
            _ => None,
        };
        let team = mission.teams.iter().find(|known| Some(known.id) == team);
        match team.and_then(|team| Some((team, team.candidates.last()?))) {
            Some((team, (candidate, _))) => {
                let title = format!("{} attempt {}", words::team_name_of(team), candidate.attempt);
                vec![Task::Show(title, candidate.patch)]
            }
            None => {
                self.notes().note(format!("{id} is about no patch"));
                Vec::new()
            }
        }
    }

    /// Shows a patch over what is open; what lists it is there again when the page is closed.
    pub(in crate::tui) fn show_patch(&mut self, title: String, bytes: &[u8]) {
        let from = self
            .sheet
            .take()
            .filter(|sheet| matches!(sheet, Sheet::Versions(_) | Sheet::Card(..) | Sheet::Compare(_)));
        let (highlighter, manner) = (self.channels.highlighter(), self.channels.manner());
        let shot = ShotView::of("PATCH", clean_patch(bytes), highlighter, manner);
        let page = DiffPage { title, shot, digest: Digest::of(bytes), from: from.map(Box::new) };
        self.sheet = Some(Sheet::Diff(Box::new(page)));
    }
}
