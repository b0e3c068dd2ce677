//! What the comparison's keys do. Decisions stay with the desk: what is built here is handed to it as a change of the
//! request, bound to the revision that was on screen.

use super::board::{Board, Evidence, Names, Whole};
use crate::{
    domain::{ids::TeamId, request::Subject},
    tui::{app::App, commands::CommandId, sheets::Sheet, task::Task},
};

impl App {
    /// The open comparison.
    pub(in crate::tui) fn board(&mut self) -> Option<&mut Board> {
        match &mut self.sheet {
            Some(Sheet::Compare(board)) => Some(board),
            _ => None,
        }
    }

    /// Opens the comparison of the mission that waits, or of the one on screen.
    pub(in crate::tui) fn compare(&mut self) -> Vec<Task> {
        let own = self.desk.request(&self.state).map(|request| request.mission);
        if own.is_some() {
            self.show(own);
        }
        let left = self.desk.compared.take();
        let Some(mission) = self.mission() else {
            self.notes().note("there is no mission to compare candidates of yet");
            return Vec::new();
        };
        if let Some(board) = left.filter(|board| board.mission == mission.id && !board.is_old(mission)) {
            self.sheet = Some(Sheet::Compare(board));
            return Vec::new();
        }
        if mission.teams.iter().all(|team| team.candidates.is_empty()) {
            let id = mission.id;
            self.notes().note(format!("no team of {id} has a candidate yet: there is nothing to compare"));
            return Vec::new();
        }
        let board = Board::new(mission);
        let wanted = board.wanted();
        self.sheet = Some(Sheet::Compare(Box::new(board)));
        vec![Task::Compare(wanted)]
    }

    /// Takes, leaves, hides, folds, builds.
    pub(in crate::tui) fn weigh(&mut self, command: CommandId) -> Vec<Task> {
        let Some(board) = self.board() else { return Vec::new() };
        match command {
            CommandId::Take => {
                if let Err(why) = board.take() {
                    self.notes().note(why);
                }
            }
            CommandId::TakeBoth => {
                if let Err(why) = board.take_both() {
                    self.notes().note(why);
                }
            }
            CommandId::LeavePlace | CommandId::LeaveFile => {
                let whole = if command == CommandId::LeaveFile { Whole::File } else { Whole::Place };
                board.reject(whole);
                self.notes().note("rejected; C builds what is taken as the next candidate");
            }
            CommandId::TakeAll => board.take_all(),
            CommandId::Blind => board.turn_names(),
            CommandId::Evidence => {
                board.evidence = match board.evidence {
                    Evidence::Whole => Evidence::Folded,
                    Evidence::Folded => Evidence::Whole,
                };
            }
            _ => return self.combine(),
        }
        Vec::new()
    }

    fn combine(&mut self) -> Vec<Task> {
        let Some(board) = self.board() else { return Vec::new() };
        let (team, text) = match board.combined() {
            Ok(made) => made,
            Err(why) => {
                self.notes().note(why);
                return Vec::new();
            }
        };
        let Some((request, seen)) = self.decidable() else { return Vec::new() };
        let Subject::Choose { teams } = &request.subject else {
            self.notes().note(format!("{} is no choice between candidates", request.id));
            return Vec::new();
        };
        // A team that cannot be chosen lends its places; the candidate becomes another's, if there is another.
        let team = if teams.contains(&team) { team } else { teams.first().copied().unwrap_or(team) };
        let mission = self.state.missions.get(&request.mission).cloned();
        let letter = mission.zip(self.board()).map(|(mission, board)| board.letter(&mission));
        let text = letter.unwrap_or_default() + &text;
        self.write_down(request.id, team, &text);
        self.sheet = None;
        vec![Task::Patch { request: request.id, seen, team, text }]
    }

    /// The team that `approve` means in an open comparison: that of the column under the cursor.
    pub(in crate::tui) fn compared_team(&mut self) -> Option<TeamId> {
        let board = self.board()?;
        board.columns.get(board.side()).map(|column| column.team)
    }

    /// Whether vendors are hidden now, so that a team's number must not decide.
    pub(in crate::tui) fn is_blind(&self) -> bool {
        matches!(&self.sheet, Some(Sheet::Compare(board)) if board.names == Names::Hidden)
    }
}
