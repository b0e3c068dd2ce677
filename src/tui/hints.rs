//! Hints: the commands that would act now, the most important first, and the keys that come to them here. Every foot
//! is made of these, so that nothing offers a key that does nothing where it is shown.

use super::{
    app::{App, Focus},
    briefing::Field,
    channels::Face,
    commands::CommandId,
    incidents,
    screens::{ScreenId, Shelf, vendor_of},
    sheets::Sheet,
    shot::DiffDoc,
    view::operations,
};
use crate::{
    domain::{mission::Step, request::Subject},
    engine::{ideas::Standing, snapshot},
};

/// Whether a command would act, which one, and what it does here.
type Offer = (bool, CommandId, &'static str);

impl App {
    /// The keys that come to a command where keys go now; none: no key does.
    pub(in crate::tui) fn key_here(&self, id: CommandId) -> Option<String> {
        if self.sheet.as_ref().is_some_and(Sheet::takes_text) && id != CommandId::Back {
            return None;
        }
        if id == CommandId::Help && self.writes() && self.opens_by_character() {
            return Some("?".into());
        }
        self.look.keymap.reaching(id, self.contexts())
    }

    /// Of these commands those that act, each as its key and what it does.
    pub(in crate::tui) fn hints_of(&self, offers: &[Offer]) -> Vec<String> {
        let acting = offers.iter().filter(|(acts, ..)| *acts);
        acting.filter_map(|(_, id, word)| Some(format!("{} {word}", self.key_here(*id)?))).collect()
    }

    /// What the footer offers.
    pub(in crate::tui) fn hints(&self) -> Vec<String> {
        use CommandId as C;
        if let Some(sheet) = &self.sheet {
            return self.hints_of(&[(!sheet.takes_text(), C::Close, "close")]);
        }
        let (mut offers, turns, home) = match self.screens.at {
            ScreenId::Command => (self.of_panes(), "next pane", false),
            ScreenId::Operations => (self.of_operations(), "next section", true),
            ScreenId::Approvals => (self.of_approvals(), "next list", true),
            ScreenId::Ideas => (self.of_ideas(), "", true),
            ScreenId::Audit => return self.of_audit(),
            ScreenId::Settings => (self.of_settings(), "", true),
        };
        let turns = match self.focus.0 {
            Focus::Brief if !home => "next field",
            _ => turns,
        };
        offers.extend([
            (self.leads_to().is_some(), C::NextWaiting, "next waiting"),
            (!turns.is_empty() && !self.queues(), C::NextField, turns),
            (!home && self.focus.0 != Focus::Brief, C::FocusBrief, "brief"),
            (true, C::Palette, "palette"),
            (home, C::Back, "first screen"),
        ]);
        self.hints_of(&offers)
    }

    /// Whether the next field is one that the brief is queued by.
    fn queues(&self) -> bool {
        let busy = self.mission().is_some_and(|mission| mission.result.ending.is_none());
        busy && self.writes() && self.briefing.field == Field::Text && !self.briefing.is_empty()
    }

    fn of_panes(&self) -> Vec<Offer> {
        use CommandId as C;
        match self.focus.0 {
            Focus::Brief => vec![
                (self.briefing.sending.is_none() && !self.briefing.is_empty(), C::Transmit, "transmit"),
                (self.queues() && self.briefing.sending.is_none(), C::NextField, "queue"),
                (true, C::Back, "leave the text"),
                (self.look.hears, C::Dictate, "dictate"),
            ],
            Focus::Missions => {
                vec![(!incidents::listed(&self.state).is_empty(), C::Card, "open")]
            }
            Focus::Desk => vec![(self.desk.request(&self.state).is_some(), C::Card, "open")],
            Focus::Channels => self.of_channels(),
        }
    }

    fn of_channels(&self) -> Vec<Offer> {
        use CommandId as C;
        let whole = if self.channels.full { "back to all" } else { "whole" };
        let (Some(mission), Some(team)) = (self.mission(), self.team()) else {
            return vec![(self.vigil.shown().is_some(), C::Expand, whole)];
        };
        let view = self.chosen().and_then(|channel| self.channels.view(channel));
        let doc = view.map(|view| view.shot.doc());
        let mut offers = Vec::new();
        if self.channels.face == Face::Shot {
            offers.push((true, C::PatchOpen, if self.channels.full { "back to all" } else { "whole" }));
            offers.extend(doc.map(Self::of_patch).into_iter().flatten());
        } else {
            offers.extend([(true, C::Expand, whole), (doc.is_some(), C::PatchOpen, "patch")]);
        }
        let at_work = matches!(mission.step, Some(Step::Draft | Step::Check | Step::Judge | Step::Decide));
        offers.extend([
            (at_work && mission.result.ending.is_none(), C::Refine, "talk"),
            (self.channels.face != Face::Shot && view.is_some(), C::Search, "search"),
            (!team.candidates.is_empty() || mission.result.landed.is_some(), C::Versions, "versions"),
        ]);
        offers
    }

    /// Ways through a patch.
    pub(in crate::tui) fn of_patch(doc: &DiffDoc) -> [Offer; 7] {
        use CommandId as C;
        let shown = !doc.files.is_empty();
        let hunks: usize = doc.files.iter().map(|file| file.hunks.len()).sum();
        [
            (hunks > 1, C::NextHunk, "next hunk"),
            (doc.files.len() > 1, C::NextFile, "next file"),
            (shown, C::PatchFiles, "files"),
            (shown, C::PatchSearch, "search"),
            (shown, C::FoldHere, "fold"),
            (shown, C::SideBySide, "columns"),
            (shown, C::Wrap, "wrap"),
        ]
    }

    fn of_operations(&self) -> Vec<Offer> {
        use CommandId as C;
        let full = self.screens.operations.full;
        vec![
            (self.opens_in_operations(), C::Card, "open"),
            (operations::enlarges(self), C::Expand, if full { "all sections" } else { "whole section" }),
        ]
    }

    fn of_approvals(&self) -> Vec<Offer> {
        use CommandId as C;
        let approvals = &self.screens.approvals;
        if approvals.shelf != Shelf::Waiting {
            return Vec::new();
        }
        let Some(request) = self.desk.request(&self.state) else { return Vec::new() };
        let held = self.state.clockwork.held.contains_key(&request.id);
        let mark = if approvals.is_marked(request.id) { "unmark" } else { "mark" };
        let has_patch = match &request.subject {
            Subject::Choose { teams } => !teams.is_empty(),
            Subject::Conflict { .. } => true,
            _ => false,
        };
        vec![
            (!held, C::Mark, mark),
            (!held && snapshot::waiting(&self.state).len() > 1, C::MarkClass, "mark its class"),
            (has_patch, C::ReadPatch, "patch"),
        ]
    }

    fn of_ideas(&self) -> Vec<Offer> {
        use CommandId as C;
        let ideas = &self.screens.ideas;
        let standing = ideas.chosen().map(|idea| &idea.standing);
        let open = matches!(standing, Some(Standing::Open));
        let free = standing.is_some_and(|standing| !matches!(standing, Standing::Taken(_)));
        vec![
            (standing.is_some() && self.briefing.is_empty(), C::IdeaBrief, "lay out its brief"),
            (free, C::IdeaSend, "send at once"),
            (open, C::IdeaDismiss, "dismiss"),
            (self.state.asking.open.is_none(), C::IdeaAsk, "ask the ideas agent"),
            (
                ideas.all || ideas.away() > 0,
                C::IdeaAll,
                if ideas.all { "open ones only" } else { "show all" },
            ),
        ]
    }

    fn of_audit(&self) -> Vec<String> {
        use CommandId as C;
        let audit = &self.screens.audit;
        // A replay's own bar has its keys.
        if audit.replay.is_some() {
            return Vec::new();
        }
        let over = audit.case.is_some() || audit.detail.is_some();
        let meant = self.meant().is_some();
        self.hints_of(&[
            (meant, C::Replay, "replay"),
            (meant, C::Export, "export"),
            (true, C::Search, "search the past"),
            (self.leads_to().is_some(), C::NextWaiting, "next waiting"),
            (!over, C::NextField, "next section"),
            (true, C::Palette, "palette"),
            (true, C::Back, if over { "back" } else { "first screen" }),
        ])
    }

    fn of_settings(&self) -> Vec<Offer> {
        use CommandId as C;
        let chosen = self.screens.settings.chosen();
        vec![
            (chosen.is_some(), C::SettingEdit, "edit"),
            (chosen.is_some_and(|it| it.layer.file().is_some()), C::SettingUnset, "take out"),
            (chosen.and_then(vendor_of).is_some(), C::SettingTest, "test connection"),
            (chosen.is_some(), C::Search, "find"),
        ]
    }
}
