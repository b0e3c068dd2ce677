//! The audit screen: what its commands do, what it asks of the past, and what it makes of the answers. Nothing here
//! gives the engine a command.

#[cfg(test)]
mod tests;

use crate::{
    domain::{
        ids::MissionId,
        search::{self, Query},
        time::Millis,
    },
    runtime::{
        feeds::Batch,
        past::{
            dossier::Dossier,
            export::{Form, Over, Wanted, usual_name},
            search::Found,
        },
    },
    tui::{
        app::{App, Moment},
        commands::{self, CommandId, Context},
        incidents,
        past::{PastDone, PastTask},
        screens::{
            ScreenId,
            audit::{Behind, Case, Detail, Replay, Section, Wish, finished},
        },
        sheets::{PromptFor, Sheet},
        task::Task,
    },
};
use std::sync::Arc;

/// Rows of a page.
const PAGE: u64 = 10;
/// The shortest wait between two moments of a replay.
const FRAME: u64 = 33;

impl App {
    /// It is shown from now on.
    pub(super) fn enter_audit(&mut self) -> Vec<Task> {
        if let Some(replay) = &mut self.screens.audit.replay {
            replay.watched = self.now.mono;
        }
        Vec::new()
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_audit(&mut self, command: CommandId) -> Option<Vec<Task>> {
        use CommandId as C;
        if self.screens.audit.replay.is_some() {
            let own = self.on_replay(command);
            let elsewhere = commands::entry(command).context != Context::Everywhere;
            if !own && elsewhere {
                self.notes().note("this is a replay: nothing is done in it; esc goes back to now");
            }
            return (own || elsewhere).then(Vec::new);
        }
        match command {
            C::Back | C::Close => return self.screens.audit.close().then(Vec::new),
            C::Search => {
                let finding = self.screens.audit.journal.finding.as_ref();
                let text = finding.map(|finding| finding.text.clone()).unwrap_or_default();
                let title = "search the past: words, kind: mission: team: actor: after: before: in:";
                self.sheet = Some(Sheet::prompt(title, text, PromptFor::Past));
            }
            C::Export => match self.meant() {
                Some(mission) => {
                    let title = format!("write {mission} down as md, jsonl or zip (and a file, if you like)");
                    self.sheet = Some(Sheet::prompt(title, "zip", PromptFor::Export(mission)));
                }
                None => self.notes().note("choose a mission first"),
            },
            C::Replay => return Some(self.gather(Wish::Replay)),
            C::Card => return Some(self.open_past()),
            C::Versions => match self.meant().filter(|id| self.state.missions.contains_key(id)) {
                Some(mission) => {
                    self.show(Some(mission));
                    self.sheet = Some(Sheet::Versions(0));
                }
                None => {
                    self.notes().note("its versions are in its export: the mission is only in the journal")
                }
            },
            C::Tools => match &mut self.screens.audit.case {
                Some(case) => case.turn(),
                None => self.notes().note("open a mission first: enter"),
            },
            C::Left | C::PreviousField => self.turn_section(false),
            C::Right | C::NextField => self.turn_section(true),
            C::ReplayPlay | C::ReplayOn | C::ReplayBack | C::ReplayFaster | C::ReplaySlower => {
                self.notes().note("nothing is played: r plays the mission under the cursor");
            }
            other => return self.move_in_audit(other).then(Vec::new),
        }
        Some(Vec::new())
    }

    fn turn_section(&mut self, right: bool) {
        let audit = &mut self.screens.audit;
        if audit.case.is_none() && audit.detail.is_none() {
            audit.section = audit.section.beside(right);
        }
    }

    fn move_in_audit(&mut self, command: CommandId) -> bool {
        let (last, ended) = (self.state.seq.0, finished(&self.state).len());
        let (numbers, lines) = (crate::tui::view::audit_rows(self), crate::tui::view::entry_rows(self));
        let audit = &mut self.screens.audit;
        if let Some(detail) = &mut audit.detail {
            return Self::step(&mut detail.scroll, command, lines);
        }
        if let Some(case) = &mut audit.case {
            let rows = case.papers().len();
            return Self::step(&mut case.at, command, rows);
        }
        match (audit.section, &mut audit.journal.finding) {
            (Section::Missions, _) => Self::step(&mut audit.missions, command, ended),
            (Section::Incidents, _) => {
                let known = self.state.ward.incidents.len();
                Self::step(&mut audit.incidents, command, known)
            }
            (Section::Numbers, _) => Self::step(&mut audit.numbers, command, numbers),
            (Section::Journal, Some(finding)) => {
                let rows = finding.hits.len();
                Self::step(&mut finding.at, command, rows)
            }
            (Section::Journal, None) => {
                let above = audit.journal.above(last);
                let above = match command {
                    CommandId::Up => above.saturating_sub(1),
                    CommandId::Down => above.saturating_add(1),
                    CommandId::PageUp => above.saturating_sub(PAGE),
                    CommandId::PageDown => above.saturating_add(PAGE),
                    CommandId::Top => 0,
                    CommandId::Bottom => last,
                    _ => return false,
                };
                audit.journal.wrong = None;
                audit.journal.go(above, last);
                true
            }
        }
    }

    /// The mission that is looked at.
    pub(in crate::tui) fn meant(&self) -> Option<MissionId> {
        let audit = &self.screens.audit;
        if let Some(case) = &audit.case {
            return Some(case.id());
        }
        if let Some(detail) = &audit.detail {
            return detail.mission;
        }
        match (audit.section, &audit.journal.finding) {
            (Section::Missions, _) => finished(&self.state).get(audit.missions).map(|mission| mission.id),
            (Section::Journal, Some(finding)) => finding.hits.get(finding.at)?.mission,
            (Section::Journal, None) => audit.journal.row(audit.journal.chosen(self.state.seq.0)?)?.mission,
            (Section::Numbers | Section::Incidents, _) => None,
        }
    }

    /// Has everything about the mission that is looked at gathered, for this.
    fn gather(&mut self, wish: Wish) -> Vec<Task> {
        let Some(mission) = self.meant() else {
            self.notes().note("choose a mission first");
            return Vec::new();
        };
        if let Some(dossier) = self.screens.audit.case.as_ref().map(|case| case.dossier.clone()) {
            self.gathered(wish, dossier);
            return Vec::new();
        }
        self.screens.audit.gathering = Some((mission, wish));
        self.notes().note(format!("reading all there is of {mission}…"));
        vec![Task::Past(PastTask::Gather(mission))]
    }

    fn gathered(&mut self, wish: Wish, dossier: Arc<Dossier>) {
        if dossier.cut {
            self.notes()
                .note("there is more of it than can be shown at once: the newest entries are missing");
        }
        match wish {
            Wish::Case => self.screens.audit.case = Some(Box::new(Case::new(dossier))),
            Wish::Replay => {
                let replay = Replay::new(dossier, self.now.mono);
                let brief = replay.mission().map(|mission| mission.brief.clone());
                let Some(brief) = brief else {
                    self.notes().bad("the journal does not say how it was opened: it cannot be played");
                    return;
                };
                self.past = Some(Box::new(self.apart(&brief)));
                self.screens.audit.replay = Some(Box::new(replay));
            }
        }
    }

    /// Opens what is under the cursor.
    fn open_past(&mut self) -> Vec<Task> {
        let audit = &mut self.screens.audit;
        if audit.detail.is_some() {
            return Vec::new();
        }
        if let Some(case) = &audit.case {
            return match (case.behind(), case.chosen()) {
                (Some(Behind::Talk(title, content, turn)), _) => {
                    vec![Task::Past(PastTask::Read(title, content, turn))]
                }
                (Some(Behind::Patch(title, content)), _) => vec![Task::Show(title, content)],
                (Some(Behind::Entry), Some(paper)) => {
                    audit.detail = Some(Box::new(Detail::of_paper(paper, case.id())));
                    Vec::new()
                }
                _ => Vec::new(),
            };
        }
        match (audit.section, &audit.journal.finding) {
            (Section::Missions, _) => self.gather(Wish::Case),
            (Section::Numbers, _) => Vec::new(),
            (Section::Incidents, _) => {
                let chosen = incidents::past(&self.state).get(audit.incidents).map(|incident| incident.id);
                chosen.map(|id| self.visit_incident(id)).unwrap_or_default()
            }
            (Section::Journal, Some(finding)) => match finding.hits.get(finding.at) {
                Some(hit) => match &hit.found {
                    Found::Transcript { team, turn, content, .. } => {
                        let mission = hit.mission.map(|id| id.to_string()).unwrap_or_default();
                        let title = format!("{mission} {team}, what was said");
                        vec![Task::Past(PastTask::Read(title, *content, *turn))]
                    }
                    Found::Journal | Found::Brief => vec![Task::Past(PastTask::Entry(hit.seq))],
                },
                None => Vec::new(),
            },
            (Section::Journal, None) => {
                let seq = audit.journal.chosen(self.state.seq.0);
                seq.map(|seq| Task::Past(PastTask::Entry(seq))).into_iter().collect()
            }
        }
    }

    /// A question about the past was typed.
    pub(in crate::tui) fn search_past(&mut self, text: String) {
        match search::parse(&text, self.now.wall) {
            Ok(query) => self.find(text, query),
            Err(bad) => {
                // Nothing typed is lost.
                self.sheet = Some(Sheet::prompt("search the past", text, PromptFor::Past));
                self.notes().bad(bad.to_string());
            }
        }
    }

    fn find(&mut self, text: String, query: Query) {
        let audit = &mut self.screens.audit;
        (audit.case, audit.detail, audit.section) = (None, None, Section::Journal);
        if query.is_everything() {
            audit.journal.finding = None;
        } else {
            audit.journal.search(text, query);
        }
    }

    /// A form, and a file if one was named.
    pub(in crate::tui) fn export(&mut self, mission: MissionId, text: &str) -> Vec<Task> {
        let (form, file) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match form.parse::<Form>() {
            Ok(form) => {
                let path = match file.trim() {
                    "" => usual_name(mission, form).into(),
                    file => file.into(),
                };
                vec![Task::Past(PastTask::Export(Wanted { mission, form, path, over: Over::Never }))]
            }
            Err(why) => {
                self.sheet = Some(Sheet::prompt("md, jsonl or zip", text, PromptFor::Export(mission)));
                self.notes().bad(why);
                Vec::new()
            }
        }
    }

    /// Commands while a mission is played; `false`: not one of them.
    fn on_replay(&mut self, command: CommandId) -> bool {
        use CommandId as C;
        let Some(replay) = &mut self.screens.audit.replay else { return false };
        let reel = &mut replay.reel;
        match command {
            C::Back | C::Close => {
                self.screens.audit.close();
                self.past = None;
            }
            C::ReplayPlay => reel.turn(),
            C::ReplayOn => reel.step(1),
            C::ReplayBack => reel.step(-1),
            C::ReplayFaster => reel.speed = reel.speed.next(true),
            C::ReplaySlower => reel.speed = reel.speed.next(false),
            C::Top => reel.step(isize::MIN),
            C::Bottom => reel.step(isize::MAX),
            // These only look, and only at the screen of the past, which no engine hears.
            C::Left
            | C::Right
            | C::Up
            | C::Down
            | C::PageUp
            | C::PageDown
            | C::Expand
            | C::Shot
            | C::SideBySide
            | C::Tools
            | C::NextHunk
            | C::PreviousHunk => {
                if let Some(past) = &mut self.past {
                    past.run(command);
                }
            }
            _ => return false,
        }
        true
    }

    /// Lets the replay go on, shows what it has come to, and asks for whatever this screen lacks.
    pub(in crate::tui) fn audit_wants(&mut self) -> Vec<Task> {
        if self.screens.at != ScreenId::Audit {
            return Vec::new();
        }
        let now = self.now;
        let audit = &mut self.screens.audit;
        if let (Some(replay), Some(past)) = (&mut audit.replay, &mut self.past) {
            replay.pass(now.mono);
            past.state = replay.reel.state().clone();
            past.now = Moment { mono: now.mono, wall: replay.reel.clock() };
            past.focus.1 = self.focus.1;
            let mission = Some(replay.reel.mission());
            past.shown = mission;
            past.channels.turn_to(mission);
            past.follow_desk();
            for (channel, items) in replay.news() {
                past.channels.renew(channel, Batch { items, next: 0, lost: 0 });
            }
        }
        let ended = finished(&self.state).len();
        let rows = usize::from(self.focus.1.1);
        audit.wants(self.state.seq.0, ended, rows).into_iter().map(Task::Past).collect()
    }

    /// How long until the replay must be looked at again, in milliseconds.
    pub(in crate::tui) fn replay_due(&self, now: Millis) -> Option<u64> {
        let replay = self.screens.audit.replay.as_ref().filter(|_| self.screens.at == ScreenId::Audit)?;
        let passed = now.0.saturating_sub(replay.watched.0);
        Some(replay.reel.due()?.0.saturating_sub(passed).max(FRAME))
    }

    /// What the past answered.
    pub(in crate::tui) fn past_done(&mut self, done: PastDone) {
        let audit = &mut self.screens.audit;
        match done {
            PastDone::Page(page, rows) => audit.journal.take(page, rows),
            PastDone::Deciders(deciders) => audit.deciders = deciders,
            PastDone::Found(serial, page) => {
                if let Some(finding) = &mut audit.journal.finding {
                    finding.take(serial, page);
                }
            }
            PastDone::Entry(_, Ok(Some(entry))) => audit.detail = Some(Box::new(Detail::of(&entry))),
            PastDone::Entry(seq, Ok(None)) => self.notes().bad(format!("there is no entry {seq}")),
            PastDone::Entry(seq, Err(why)) => self.notes().bad(format!("{seq}: {why}")),
            PastDone::Gathered(mission, dossier) => {
                // Whoever went elsewhere meanwhile does not want it any more.
                let Some((_, wish)) = audit.gathering.take_if(|(wanted, _)| *wanted == mission) else {
                    return;
                };
                match dossier {
                    Ok(dossier) => {
                        self.notes().last = None;
                        self.gathered(wish, Arc::new(dossier));
                    }
                    Err(why) => self.notes().bad(why),
                }
            }
            PastDone::Read(title, Ok((text, row))) => {
                let mut page = Sheet::page(title, text.as_bytes(), None);
                if let Sheet::Page(page) = &mut page {
                    page.at = crate::tui::view::page_row(self, &page.lines, row);
                }
                self.sheet = Some(page);
            }
            PastDone::Read(title, Err(why)) => self.notes().bad(format!("{title}: {why}")),
            PastDone::Talk(content, items) => {
                if let Some(replay) = &mut audit.replay {
                    replay.talk(content, items);
                }
            }
            PastDone::Patch(content, shot) => {
                if let Some(replay) = &mut audit.replay {
                    replay.patch(content, shot);
                }
            }
            PastDone::Exported(Ok(done)) => {
                let left = match done.left_out.len() {
                    0 => String::new(),
                    n => format!("; {n} parts are not in it: {}", done.left_out.join("; ")),
                };
                let file = crate::domain::text::clean_line(&done.path.display().to_string(), 300);
                self.notes().good(format!("wrote {file}, {} bytes{left}", done.bytes));
            }
            PastDone::Exported(Err(why)) => self.notes().bad(why),
        }
    }
}
