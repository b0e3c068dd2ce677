//! The application: an action goes in, the panes change, tasks for the loop come out. No clock, no terminal, no
//! engine: those are the loop's. Drawing reads [`App`] and changes nothing.

use super::{
    briefing::{Briefing, Field},
    channels::Channels,
    decode::Mouse,
    desk::Desk,
    dictation::Dictation,
    keymap::{Key, Keymap},
    looks::{Ground, Mistake, Own, Wardrobe},
    notes::Notes,
    options::{BriefDefaults, Manner, Prefill, TuiOptions},
    pressed::Pressed,
    preview::eyes::Eyes,
    room,
    screens::{ScreenId, Screens},
    sheets::Sheet,
    shot::is_patch,
    task::{Done, EditFor, Task, opened, withheld},
    theme::{Theme, color::Rgb},
    vigil::Vigil,
    words,
};
use crate::{
    domain::{
        brief::Brief,
        feed::Channel,
        ids::MissionId,
        mission::Ending,
        probe::ProbeHealth,
        time::{Millis, Timestamp},
    },
    engine::{
        ledger, snapshot,
        state::{Mission, State, Team},
    },
    runtime::{
        feeds::Batch,
        handle::{Lost, SendError},
        previews::Shown,
    },
};
use std::sync::Arc;

/// The time, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Since the screen started; never goes back.
    pub mono: Millis,
    /// By the calendar.
    pub wall: Timestamp,
}

/// What happens to the screen.
pub enum Action {
    /// A key.
    Key(Key),
    /// A paste.
    Paste(String),
    /// Another size.
    Resize(u16, u16),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has the keys of the desktop now, or no more.
    Focus(bool),
    /// The terminal's ground is this.
    Ground(Rgb),
    /// The terminal shows images.
    Sees(Eyes),
    /// The person's own themes and keymaps are these now.
    Looks(Box<Own>),
    /// A newer state.
    State(Arc<State>),
    /// A channel's stream went on.
    Feed(Channel, Batch),
    /// Time has passed.
    Tick,
    /// What runs to be looked at.
    Previews(Arc<Shown>),
    /// How probes do.
    Probes(Arc<Vec<ProbeHealth>>),
    /// The line to an engine elsewhere is lost, or there again.
    Line(Option<Arc<Lost>>),
    /// A task is done.
    Done(Done),
}

/// Where keys go when no sheet is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The Briefing Room.
    Brief,
    /// The list of missions.
    Missions,
    /// The channels.
    Channels,
    /// The Decision Desk.
    Desk,
}

/// How it looks and what it is called.
#[derive(Clone)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Repository and branch.
    pub place: String,
    /// The same with where the daemon is that is shown.
    pub whole: String,
    /// Permanent words.
    pub notice: String,
    /// Whether `!` runs a shell line.
    pub shell: bool,
    /// What else could be worn.
    pub wardrobe: Wardrobe,
    /// Manners towards the terminal.
    pub manner: Manner,
    /// Whether there is a program for dictation.
    pub hears: bool,
    /// Widths of a preview's page, in columns.
    pub widths: Vec<u16>,
    /// Whether the terminal shows images.
    pub eyes: Eyes,
}

/// All panes.
pub struct App {
    /// Colours, keys, labels.
    pub look: Look,
    /// The house as last heard.
    pub state: Arc<State>,
    /// The time of the last action.
    pub now: Moment,
    /// The Briefing Room.
    pub briefing: Briefing,
    /// The mission on screen.
    pub shown: Option<MissionId>,
    /// Since when the line to an engine elsewhere is lost: what is shown is as of then.
    pub lost: Option<Arc<Lost>>,
    /// The watch over services; where it shows an incident, no mission is shown.
    pub vigil: Vigil,
    /// Its channels.
    pub channels: Channels,
    /// Candidates that run to be looked at.
    pub previews: Arc<Shown>,
    /// A dictation under way.
    pub dictation: Option<Dictation>,
    /// How many there were.
    pub dictations: u32,
    /// The Decision Desk.
    pub desk: Desk,
    /// Which screen is shown, and what the others remember.
    pub screens: Screens,
    /// Another screen that shows a mission as it was: it hears nothing of the house and nothing it does is done.
    pub past: Option<Box<Self>>,
    /// What lies over the panes.
    pub sheet: Option<Sheet>,
    /// Where keys go, and the size of the screen.
    pub focus: (Focus, (u16, u16)),
    /// Half-typed sequences and the last words.
    pub voice: (Pressed, Notes),
}

impl App {
    /// The screen before anything was heard of the house.
    #[must_use]
    pub fn new(options: &TuiOptions, keymap: Keymap, theme: Theme, size: (u16, u16)) -> Self {
        let (place, whole) = options.places();
        let wardrobe = Wardrobe {
            theme: options.theme.clone(),
            keymap: options.keymap.clone(),
            ground: Ground::default(),
            depth: theme.depth(),
            sparing: options.manner.low_bandwidth,
        };
        let briefing = Briefing::new(options.defaults.clone(), options.prefill.clone(), keymap.editing());
        Self {
            look: Look {
                theme,
                keymap,
                place,
                whole,
                notice: crate::domain::text::clean_line(&options.notice, 300).to_string(),
                shell: options.ports.shell.is_some(),
                wardrobe,
                manner: options.manner,
                hears: options.ports.voice.is_some(),
                widths: options.widths.clone(),
                eyes: Eyes::default(),
            },
            state: Arc::default(),
            now: Moment::default(),
            briefing,
            shown: None,
            lost: None,
            vigil: Vigil::default(),
            channels: Channels::default(),
            previews: Arc::default(),
            dictation: None,
            dictations: 0,
            desk: Desk::default(),
            screens: Screens::default(),
            past: None,
            sheet: None,
            focus: (Focus::Brief, size),
            voice: Default::default(),
        }
    }

    /// A screen of its own for this brief, that looks like this one.
    pub(super) fn apart(&self, brief: &Brief) -> Self {
        let (teams, budget) = (brief.teams.clone(), brief.budget);
        let clean = |text: &String| String::from(crate::domain::text::clean(text));
        let prefill = Prefill {
            text: clean(&brief.text),
            constraints: brief.constraints.iter().map(clean).collect(),
            checks: brief.checks.iter().map(clean).collect(),
            budget: Some(budget),
            teams: teams.clone(),
        };
        let defaults = Arc::new(BriefDefaults { teams, budget, repo: brief.repo.clone() });
        let mut channels = Channels::default();
        self.channels.highlighter().into_iter().for_each(|painter| channels.paint_with(painter));
        channels.set_manner(self.channels.manner());
        Self {
            look: self.look.clone(),
            state: Arc::default(),
            now: self.now,
            briefing: Briefing::new(defaults, Some(prefill), self.look.keymap.editing()),
            shown: None,
            lost: None,
            vigil: Vigil::default(),
            channels,
            previews: Arc::default(),
            dictation: None,
            dictations: 0,
            desk: Desk::default(),
            screens: Screens::default(),
            past: None,
            sheet: None,
            focus: (Focus::Channels, self.focus.1),
            voice: Default::default(),
        }
    }

    /// Says what is wrong with the chosen theme and keymap; the built-in ones are on screen instead.
    pub fn tell_mistakes(&mut self, mistakes: &[Option<Mistake>]) {
        let said: Vec<String> = mistakes.iter().flatten().map(ToString::to_string).collect();
        if !said.is_empty() {
            self.notes().bad(format!("{}; the built-in one is used", said.join("; ")));
        }
    }

    /// The mission on screen.
    #[must_use]
    pub fn mission(&self) -> Option<&Arc<Mission>> {
        self.state.missions.get(&self.shown?)
    }

    /// The team whose channel is chosen.
    #[must_use]
    pub fn team(&self) -> Option<&Team> {
        let teams = &self.mission()?.teams;
        teams.get(self.channels.at.min(teams.len().saturating_sub(1)))
    }

    /// Streams that are on screen.
    #[must_use]
    pub fn streams(&self) -> Vec<Channel> {
        let Some(mission) = self.mission() else { return Vec::new() };
        mission.teams.iter().map(|team| Channel { mission: mission.id, team: Some(team.id) }).collect()
    }

    /// The last words.
    pub fn notes(&mut self) -> &mut Notes {
        &mut self.voice.1
    }

    /// Takes an action.
    pub fn on(&mut self, action: Action, now: Moment) -> Vec<Task> {
        self.now = now;
        // A person reads what was said before it makes room for what is said next.
        if matches!(action, Action::Key(_)) {
            self.notes().last = None;
        }
        let typed = matches!(action, Action::Key(_) | Action::Paste(_) | Action::Done(_));
        let mut tasks = match action {
            Action::Key(key) => self.key(key),
            Action::Paste(text) => self.paste(&text),
            Action::Resize(columns, rows) => {
                let saw = room::fits(self.focus.1);
                self.focus.1 = (columns, rows);
                if !saw {
                    // What came meanwhile was not seen.
                    self.desk.touch(self.now.mono);
                    self.screens.approvals.touch(self.now.mono);
                }
                Vec::new()
            }
            Action::Mouse(mouse) => self.mouse(mouse),
            Action::Focus(has) => {
                self.focused(has);
                Vec::new()
            }
            Action::Ground(rgb) => {
                self.grounded(rgb);
                Vec::new()
            }
            Action::Sees(eyes) => {
                self.look.eyes = eyes;
                Vec::new()
            }
            Action::Looks(own) => {
                self.reread(*own);
                Vec::new()
            }
            Action::State(state) => self.news(state),
            Action::Feed(channel, batch) => {
                self.channels.take(channel, batch);
                Vec::new()
            }
            Action::Previews(shown) => {
                self.previews = shown;
                Vec::new()
            }
            Action::Probes(probes) => {
                self.vigil.probes = probes;
                Vec::new()
            }
            Action::Line(lost) => {
                self.line(lost);
                Vec::new()
            }
            Action::Tick => Vec::new(),
            Action::Done(done) => self.done(done),
        };
        if typed && self.writes() {
            tasks.extend(self.unweighed());
        }
        tasks.extend(self.missing_photo());
        tasks.extend(self.missing_shots());
        tasks.extend(self.missing_words());
        tasks.extend(self.audit_wants());
        self.voice.1.age(now.mono);
        tasks
    }

    /// Says once that the line is lost, and once that it is there again; in between the header says so.
    fn line(&mut self, lost: Option<Arc<Lost>>) {
        match (&self.lost, &lost) {
            (None, Some(lost)) => {
                let words = format!("the line is lost: {}; what is shown is as of then", lost.why);
                self.notes().bad(&words);
            }
            (Some(before), Some(lost)) if before.why != lost.why => {
                self.notes().bad(format!("the line is lost: {}", lost.why));
            }
            (Some(_), None) => self.notes().good("the line is there again"),
            _ => {}
        }
        self.lost = lost;
    }

    /// Candidates of an earlier run, of another process or of a person have no stream here: their patches are read once.
    fn missing_shots(&mut self) -> Vec<Task> {
        let Some(mission) = self.mission().cloned() else { return Vec::new() };
        let kept = mission.teams.iter().filter_map(|team| {
            let (candidate, _) = team.candidates.last()?;
            let works = candidate.attempt != team.attempt;
            Some((Channel { mission: mission.id, team: Some(team.id) }, (candidate.patch, works)))
        });
        let wanted = kept.filter(|(channel, kept)| self.channels.misses(*channel, *kept));
        wanted.map(|(channel, (patch, _))| Task::Shot(channel, patch)).collect()
    }

    /// What teams said in an earlier run or in another process is read once, from their transcripts.
    fn missing_words(&mut self) -> Vec<Task> {
        let Some(mission) = self.mission().cloned() else { return Vec::new() };
        let kept = mission.teams.iter().filter_map(|team| {
            let (transcript, _) = team.checkpoint.as_ref()?;
            Some((Channel { mission: mission.id, team: Some(team.id) }, *transcript))
        });
        let wanted = kept.filter(|(channel, _)| self.channels.is_mute(*channel));
        wanted.map(|(channel, transcript)| Task::Said(channel, transcript)).collect()
    }

    fn news(&mut self, state: Arc<State>) -> Vec<Task> {
        let newest = state.missions.keys().next_back().copied();
        let is_new = newest.is_some_and(|id| !self.state.missions.contains_key(&id));
        let before = std::mem::replace(&mut self.state, state);
        self.tell_requests(&before);
        self.tell_endings(&before);
        self.tell_warnings(&before);
        self.tell_unused();
        self.tell_fallen(&before);
        self.tell_holds(&before);
        self.tell_decided(&before);
        self.tell_incidents(&before);
        self.tell_settings(&before);
        let gone = self.shown.is_some_and(|id| !self.state.missions.contains_key(&id));
        if gone || self.listed().is_none() || (is_new && self.watches()) {
            self.show(newest);
        }
        self.follow_desk();
        self.follow_approvals();
        self.ideas_news();
        if self.focus.0 == Focus::Desk && self.state.desk.is_empty() && !before.desk.is_empty() {
            self.focus.0 = Focus::Channels;
        }
        if let Some(Sheet::Card(id, _)) = &self.sheet
            && !self.state.desk.contains_key(id)
        {
            self.sheet = None;
        }
        self.ask_questions();
        self.start_queued()
    }

    /// A mission that has ended since is told of in the notes, whichever is on screen.
    fn tell_endings(&mut self, before: &State) {
        let state = self.state.clone();
        let open = |mission: &&Arc<Mission>| {
            before.missions.get(&mission.id).is_some_and(|known| known.result.ending.is_none())
        };
        for mission in state.missions.values().filter(open) {
            let Some((ending, _)) = &mission.result.ending else { continue };
            let words = format!("{}: {}", mission.id, words::headline(&state, mission).0);
            match ending {
                Ending::Landed => self.notes().good(words),
                _ => self.notes().bad(words),
            }
        }
    }

    /// Budgets that are nearly spent and worktrees that are the director's now: told once, when it comes to that.
    fn tell_warnings(&mut self, before: &State) {
        let state = self.state.clone();
        let live = |mission: &&Arc<Mission>| mission.result.ending.is_none();
        for mission in state.missions.values().filter(live) {
            let known = before.missions.get(&mission.id);
            let told = known.map(|known| ledger::soft_caps(before, known)).unwrap_or_default();
            for soft in ledger::soft_caps(&state, mission) {
                if told.iter().all(|old| old.words != soft.words) {
                    self.notes().note(soft.words);
                }
            }
            for team in &mission.teams {
                let old = known.and_then(|known| known.teams.iter().find(|old| old.id == team.id));
                let words =
                    snapshot::lent(team).filter(|_| old.is_none_or(|old| snapshot::lent(old).is_none()));
                if let Some(words) = words {
                    self.notes().note(crate::domain::text::clean_line(&words, 400));
                }
            }
        }
    }

    /// Whether a new mission may take the screen: nobody looks at a sheet, or at something to decide.
    fn watches(&self) -> bool {
        let asked = self.desk.request(&self.state).is_some_and(|request| self.faces(request));
        self.sheet.is_none()
            && !asked
            && self.focus.0 != Focus::Desk
            && self.screens.at != ScreenId::Approvals
            && self.vigil.shown().is_none()
    }

    /// Puts a mission on screen.
    pub fn show(&mut self, mission: Option<MissionId>) {
        self.vigil.show(None);
        if self.shown != mission {
            self.shown = mission;
            self.channels.turn_to(mission);
            // Keys decide about what is looked at, where that waits for a decision.
            let state = self.state.clone();
            let chosen = self.desk.request(&state).map(|request| request.mission);
            let own = mission.and_then(|id| state.missions.get(&id));
            let own = own.and_then(|own| words::waiting_of(&state, own).next());
            if let Some(own) = own.filter(|own| Some(own.mission) != chosen) {
                self.desk.choose(own, self.now.mono);
            }
        }
    }

    pub(super) fn ask_questions(&mut self) {
        let typing =
            self.focus.0 == Focus::Brief && !self.briefing.is_empty() && self.briefing.sending.is_none();
        if self.sheet.is_some() || self.screens.at != ScreenId::Command || typing {
            return;
        }
        let asked = self.mission().and_then(|mission| {
            let questions = words::questions(mission)?;
            let aside = self.desk.aside.get(&mission.id);
            let known = aside.is_some_and(|clarify| clarify.questions == questions);
            (!known).then(|| (mission.id, questions.to_vec()))
        });
        if let Some((mission, questions)) = asked {
            self.sheet = Some(Sheet::clarify(mission, questions, self.now.mono));
        }
    }

    fn start_queued(&mut self) -> Vec<Task> {
        let busy = self.state.missions.values().any(|mission| mission.result.ending.is_none());
        if busy || self.briefing.sending.is_some() {
            return Vec::new();
        }
        match self.briefing.queue.pop_front() {
            Some(brief) => self.open(brief),
            None => Vec::new(),
        }
    }

    pub(super) fn open(&mut self, brief: Brief) -> Vec<Task> {
        let written = brief.text.clone();
        self.briefing.sending = Some(written.clone());
        self.notes().note("sending the brief…");
        vec![Task::Open { brief: Box::new(brief), written }]
    }

    fn done(&mut self, done: Done) -> Vec<Task> {
        match done {
            Done::Sent(what, Ok(_)) => self.notes().good(what),
            // What it would have come to is no part of a refusal.
            Done::Sent(_, Err(refused @ SendError::Refused(_))) => {
                self.notes().bad(format!("not done: {refused}"))
            }
            Done::Sent(what, Err(error)) => self.notes().bad(format!("not done: {error}   ({what})")),
            Done::Opened(written, Ok(receipt)) => {
                self.briefing.acknowledged(written.clone());
                let mission = opened(&receipt);
                let words = mission.map_or_else(|| "transmitted".into(), |id| format!("{id} is transmitted"));
                match withheld(&receipt) {
                    Some(warning) => self.notes().bad(format!("{words}; {warning}")),
                    None => self.notes().good(words),
                }
                if self.sheet.is_none() && self.briefing.is_empty() {
                    // Who sent it from here wants to see it, whatever else waits.
                    if self.writes() && mission.is_some() {
                        self.show(mission);
                    }
                    self.focus.0 = Focus::Channels;
                }
                return self.idea_taken(&written, mission);
            }
            Done::Opened(_, Err(error)) => {
                self.briefing.sending = None;
                self.briefing.complaint = Some((Field::Text, error.clone()));
                self.notes().bad(format!("not transmitted: {error}"));
            }
            Done::Edited(purpose, before, result) => return self.edited(purpose, &before, result),
            Done::Compared(of, patches) => {
                let painter = self.channels.highlighter();
                // Words may be asked for over it.
                let sheet = match &mut self.sheet {
                    Some(Sheet::Prompt(prompt)) => prompt.from.as_deref_mut(),
                    other => other.as_mut(),
                };
                if let Some(Sheet::Compare(board)) = sheet {
                    board.fill(&of, patches, painter.as_ref());
                }
            }
            Done::Page(title, Ok(bytes)) if is_patch(&String::from_utf8_lossy(&bytes)) => {
                self.show_patch(title, &bytes);
            }
            Done::Page(title, Ok(bytes)) => {
                let from = if let Some(Sheet::Versions(at)) = self.sheet { Some(at) } else { None };
                self.sheet = Some(Sheet::page(title, &bytes, from));
            }
            Done::Page(title, Err(error)) => self.notes().bad(format!("{title}: {error}")),
            Done::OpenedIdea(opened) => self.idea_opened(opened),
            Done::Book(book) => self.settings_read(book),
            Done::Changed(changed) => return self.setting_changed(changed),
            Done::Vendor(vendor, answer) => self.vendor_answered(vendor, answer),
            Done::Files(files) => {
                if let Some(Sheet::Picker(picker)) = &mut self.sheet {
                    picker.fill_files(files);
                }
            }
            Done::Briefs(briefs) => {
                if let Some(Sheet::Picker(picker)) = &mut self.sheet {
                    picker.fill_briefs(briefs);
                }
            }
            Done::Looked(found) => self.looked(found),
            Done::Weighed(name, weight) => self.briefing.images.weighed(name, weight),
            Done::Copied(Ok(words)) => self.notes().good(words),
            Done::Heard(number, heard) => self.heard(number, heard),
            Done::Shot(channel, shot) => self.channels.show_kept(channel, shot),
            Done::Said(channel, said) => self.channels.say_kept(channel, &said),
            Done::Past(done) => self.past_done(done),
            Done::Told(lines) if lines.is_empty() => {}
            Done::Told(lines) => self.notes().note(lines.join("; ")),
            Done::Copied(Err(error)) => self.notes().bad(format!("not copied: {error}")),
        }
        Vec::new()
    }

    fn edited(&mut self, purpose: EditFor, before: &str, result: Result<String, String>) -> Vec<Task> {
        let text = match result {
            Ok(text) => text,
            Err(error) => {
                self.notes().bad(format!("$EDITOR: {error}"));
                return Vec::new();
            }
        };
        match purpose {
            EditFor::Field(at) => {
                let field = Field::ALL[usize::from(at).min(3)];
                self.briefing.set(field, crate::domain::text::clean(text.trim_end()).as_ref());
                Vec::new()
            }
            EditFor::Patch { .. } if text == before => {
                self.notes().note("the patch was not changed; nothing was decided");
                Vec::new()
            }
            EditFor::Patch { request, seen, team } => {
                self.write_down(request, team, &text);
                vec![Task::Patch { request, seen, team, text }]
            }
        }
    }
}
