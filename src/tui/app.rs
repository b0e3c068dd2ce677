//! The application: an action goes in, the panes change, tasks for the loop come out. No clock, no terminal, no
//! engine: those are the loop's. Drawing reads [`App`] and changes nothing.

use super::{
    briefing::{Briefing, Field},
    channels::Channels,
    commands::{CommandId, Context},
    desk::Desk,
    keymap::{Found, Key, Keymap},
    options::TuiOptions,
    sheets::{PickedBy, Sheet, Taken},
    theme::{Role, Theme},
    words,
};
use crate::{
    domain::{
        brief::Brief,
        digest::Digest,
        feed::Channel,
        ids::{MissionId, RequestId, Revision, TeamId},
        mission::Ending,
        time::{Millis, Timestamp},
    },
    engine::{
        command::Command,
        event::{Event, MissionEvent},
        state::{Mission, State, Team},
    },
    runtime::{
        feeds::Batch,
        handle::{Receipt, SendError},
    },
};
use crossterm::event::KeyCode;
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
    /// A newer state.
    State(Arc<State>),
    /// A channel's stream went on.
    Feed(Channel, Batch),
    /// Time has passed.
    Tick,
    /// A task is done.
    Done(Done),
}

/// What the loop shall do.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Give a command; the words say what for.
    Send(Box<Command>, String),
    /// Open a mission with these files attached; the text is what was written.
    Open {
        /// What is asked.
        brief: Box<Brief>,
        /// The text as it was written, to know what to clear afterwards.
        written: String,
    },
    /// Keep a patch, then decide with it.
    Patch {
        /// Which request.
        request: RequestId,
        /// As it was seen.
        seen: Revision,
        /// Whose candidate.
        team: TeamId,
        /// The changed patch.
        text: String,
    },
    /// Let the person edit this text.
    Edit(EditFor, String),
    /// Let the person edit this blob.
    EditBlob(EditFor, Digest),
    /// Fetch a blob and show it under this title.
    Show(String, Digest),
    /// Fetch a blob and put it on the clipboard.
    CopyBlob(Digest),
    /// List files for a mention.
    Files,
    /// Read earlier briefs.
    Briefs,
    /// Run a shell line.
    Shell(String),
    /// Give the terminal to the shell.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// End the screen.
    Quit,
}

/// What a text is edited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditFor {
    /// A field of the brief.
    Field(u8),
    /// A candidate's patch, for this request as it was seen.
    Patch {
        /// Which request.
        request: RequestId,
        /// As it was seen.
        seen: Revision,
        /// Whose candidate.
        team: TeamId,
    },
}

/// What came of a task.
pub enum Done {
    /// A command.
    Sent(String, Result<Receipt, SendError>),
    /// A mission: what was written.
    Opened(String, Result<Receipt, String>),
    /// An edit: the text before and after.
    Edited(EditFor, String, Result<String, String>),
    /// A page to show.
    Page(String, Result<Vec<u8>, String>),
    /// Files.
    Files(Vec<String>),
    /// Earlier briefs, newest first.
    Briefs(Vec<String>),
    /// Something is on the clipboard, or why not.
    Copied(Result<usize, String>),
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

/// What does not change while the screen is up.
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Repository and branch.
    pub place: String,
    /// Permanent words.
    pub notice: String,
    /// Whether `!` runs a shell line.
    pub shell: bool,
}

/// The line that says what happened.
#[derive(Default)]
pub struct Notes {
    /// The last one: colour and words.
    pub last: Option<(Role, String)>,
}

impl Notes {
    /// All went well.
    pub fn good(&mut self, words: impl Into<String>) {
        self.last = Some((Role::Ok, format!("✓ {}", words.into())));
    }
    /// It did not.
    pub fn bad(&mut self, words: impl Into<String>) {
        self.last = Some((Role::Bad, format!("✗ {}", words.into())));
    }
    /// Worth knowing.
    pub fn note(&mut self, words: impl Into<String>) {
        self.last = Some((Role::Warn, format!("! {}", words.into())));
    }
}

/// Keys that are not a command yet.
#[derive(Default)]
pub struct Pressed {
    /// The sequence so far.
    pub keys: Vec<Key>,
    /// When Ctrl-C was pressed last.
    interrupted: Option<Millis>,
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
    /// Its channels.
    pub channels: Channels,
    /// The Decision Desk.
    pub desk: Desk,
    /// What lies over the panes.
    pub sheet: Option<Sheet>,
    /// Where keys go, and the size of the screen.
    pub focus: (Focus, (u16, u16)),
    /// Half-typed sequences and the last words.
    pub voice: (Pressed, Notes),
}

/// Ctrl-C twice within this time quits.
const TWICE: Millis = Millis(2_000);

impl App {
    /// The screen before anything was heard of the house.
    #[must_use]
    pub fn new(options: &TuiOptions, keymap: Keymap, theme: Theme, size: (u16, u16)) -> Self {
        let folder =
            options.repo.file_name().map_or_else(|| options.repo.to_string_lossy(), |n| n.to_string_lossy());
        let place = match options.branch.as_str() {
            "" => folder.into_owned(),
            branch => format!("{folder}@{branch}"),
        };
        let briefing = Briefing::new(options.defaults.clone(), options.prefill.clone(), keymap.editing());
        Self {
            look: Look {
                theme,
                keymap,
                place: crate::domain::text::clean_line(&place, 60).to_string(),
                notice: crate::domain::text::clean_line(&options.notice, 120).to_string(),
                shell: options.ports.shell.is_some(),
            },
            state: Arc::default(),
            now: Moment::default(),
            briefing,
            shown: None,
            channels: Channels::default(),
            desk: Desk::default(),
            sheet: None,
            focus: (Focus::Brief, size),
            voice: Default::default(),
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
        match action {
            Action::Key(key) => self.key(key),
            Action::Paste(text) => self.paste(&text),
            Action::Resize(columns, rows) => {
                self.focus.1 = (columns, rows);
                Vec::new()
            }
            Action::State(state) => self.news(state),
            Action::Feed(channel, batch) => {
                self.channels.take(channel, batch);
                Vec::new()
            }
            Action::Tick => Vec::new(),
            Action::Done(done) => self.done(done),
        }
    }

    fn news(&mut self, state: Arc<State>) -> Vec<Task> {
        let newest = state.missions.keys().next_back().copied();
        let is_new = newest.is_some_and(|id| !self.state.missions.contains_key(&id));
        let before = std::mem::replace(&mut self.state, state);
        self.tell_endings(&before);
        if self.shown.is_none_or(|id| !self.state.missions.contains_key(&id)) || (is_new && self.watches()) {
            self.show(newest);
        }
        self.desk.follow(&self.state, self.now.mono);
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

    /// Whether a new mission may take the screen: nobody looks at a sheet or decides.
    fn watches(&self) -> bool {
        self.sheet.is_none() && self.focus.0 != Focus::Desk
    }

    /// Puts a mission on screen.
    pub fn show(&mut self, mission: Option<MissionId>) {
        if self.shown != mission {
            self.shown = mission;
            self.channels.turn_to(mission);
        }
    }

    fn ask_questions(&mut self) {
        let typing =
            self.focus.0 == Focus::Brief && !self.briefing.is_empty() && self.briefing.sending.is_none();
        if self.sheet.is_some() || typing {
            return;
        }
        let asked = self.mission().and_then(|mission| {
            let questions = words::questions(mission)?;
            (!self.desk.dismissed.contains(&mission.id)).then(|| (mission.id, questions.to_vec()))
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
            Done::Sent(what, Err(error)) => self.notes().bad(format!("{what}: {error}")),
            Done::Opened(written, Ok(receipt)) => {
                self.briefing.acknowledged(written);
                let opened = receipt.events.iter().find_map(|event| match event {
                    Event::Mission(id, MissionEvent::Opened(_)) => Some(format!("{id} is transmitted")),
                    _ => None,
                });
                self.notes().good(opened.unwrap_or_else(|| "transmitted".into()));
                if self.sheet.is_none() && self.briefing.is_empty() {
                    self.focus.0 = Focus::Channels;
                }
            }
            Done::Opened(_, Err(error)) => {
                self.briefing.sending = None;
                self.briefing.complaint = Some((Field::Text, error.clone()));
                self.notes().bad(format!("not transmitted: {error}"));
            }
            Done::Edited(purpose, before, result) => return self.edited(purpose, &before, result),
            Done::Page(title, Ok(bytes)) => self.sheet = Some(Sheet::page(title, &bytes)),
            Done::Page(title, Err(error)) => self.notes().bad(format!("{title}: {error}")),
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
            Done::Copied(Ok(bytes)) => self.notes().good(format!(
                "{bytes} bytes sent to the clipboard by OSC 52; a terminal that forbids it says nothing"
            )),
            Done::Copied(Err(error)) => self.notes().bad(format!("not copied: {error}")),
        }
        Vec::new()
    }

    fn edited(&mut self, purpose: EditFor, before: &str, result: Result<String, String>) -> Vec<Task> {
        let text = match result {
            Ok(text) => text,
            Err(error) => {
                self.notes().bad(format!("$EDITOR: {error}; nothing was changed"));
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
            EditFor::Patch { request, seen, team } => vec![Task::Patch { request, seen, team, text }],
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Task> {
        match &mut self.sheet {
            Some(sheet) => sheet.paste(text),
            None if self.focus.0 == Focus::Brief => self.briefing.paste(text),
            None => self.notes().note("a paste goes into the brief: press i first"),
        }
        Vec::new()
    }

    /// Contexts that hold now, the first first.
    #[must_use]
    pub fn contexts(&self) -> &'static [Context] {
        match (&self.sheet, self.focus.0) {
            (Some(Sheet::Card(..) | Sheet::Compare(_)), _) => {
                &[Context::Sheet, Context::Browse, Context::Everywhere]
            }
            (Some(_), _) => &[Context::Sheet, Context::Everywhere],
            (None, Focus::Brief) => &[Context::Text, Context::Everywhere],
            (None, _) => &[Context::Browse, Context::Everywhere],
        }
    }

    fn key(&mut self, key: Key) -> Vec<Task> {
        if let Some(sheet) = &mut self.sheet
            && sheet.takes_text()
        {
            let taken = sheet.key(key, self.now.mono);
            return self.taken(taken, key);
        }
        if self.focus.0 == Focus::Brief && self.sheet.is_none() {
            if let Some(tasks) = self.opener(key) {
                return tasks;
            }
            if key.code == KeyCode::Esc && self.briefing.modal.is_some() && self.briefing.key(key) {
                return Vec::new();
            }
        }
        self.voice.0.keys.push(key);
        match self.look.keymap.find(&self.voice.0.keys, self.contexts()) {
            Found::Prefix => Vec::new(),
            Found::Command(command) => {
                self.voice.0.keys.clear();
                self.run(command)
            }
            Found::Nothing => {
                let alone = self.voice.0.keys.len() == 1;
                self.voice.0.keys.clear();
                if self.focus.0 == Focus::Brief && self.sheet.is_none() {
                    self.briefing.key(key);
                } else if !alone {
                    self.notes().note("no command has these keys; ? shows all");
                }
                Vec::new()
            }
        }
    }

    /// Characters that open something when typed where they can mean nothing else.
    fn opener(&mut self, key: Key) -> Option<Vec<Task>> {
        let KeyCode::Char(c) = key.code else { return None };
        let normal = matches!(self.briefing.modal, Some(super::vim::Modal::Normal(_)));
        if !key.modifiers.is_empty()
            || self.briefing.field != Field::Text
            || normal
            || !self.voice.0.keys.is_empty()
        {
            return None;
        }
        let empty = self.briefing.field_is_empty();
        match c {
            '/' if empty => Some(self.run(CommandId::Palette)),
            '?' if empty => Some(self.run(CommandId::Help)),
            '!' if empty && self.look.shell => {
                self.sheet = Some(Sheet::shell());
                Some(Vec::new())
            }
            '@' if self.at_word_start() => {
                self.sheet = Some(Sheet::files());
                Some(vec![Task::Files])
            }
            _ => None,
        }
    }

    fn at_word_start(&self) -> bool {
        let (row, column) = self.briefing.caret();
        let line = self.briefing.lines(Field::Text).get(row);
        column == 0 || line.and_then(|l| l.chars().nth(column - 1)).is_some_and(char::is_whitespace)
    }

    fn taken(&mut self, taken: Taken, key: Key) -> Vec<Task> {
        match taken {
            Taken::Kept => Vec::new(),
            Taken::Refused(why) => {
                self.notes().note(why);
                Vec::new()
            }
            Taken::Not => match self.look.keymap.find(&[key], &[Context::Everywhere]) {
                Found::Command(
                    command @ (CommandId::Back
                    | CommandId::Interrupt
                    | CommandId::Quit
                    | CommandId::Suspend
                    | CommandId::Redraw
                    | CommandId::Stop
                    | CommandId::Pause),
                ) => self.run(command),
                _ => Vec::new(),
            },
            Taken::Picked(picked) => {
                self.sheet = None;
                self.picked(picked)
            }
            Taken::Said(purpose, words) => {
                self.sheet = None;
                self.said(purpose, words)
            }
            Taken::Answered(mission, answers) => {
                self.sheet = None;
                let command = crate::engine::command::MissionCommand::Answer(mission, answers);
                vec![Task::Send(Box::new(Command::Mission(command)), format!("{mission} answered"))]
            }
        }
    }

    fn picked(&mut self, picked: PickedBy) -> Vec<Task> {
        match picked {
            PickedBy::Command(command) => self.run(command),
            PickedBy::Mission(mission) => {
                self.show(Some(mission));
                self.focus.0 = Focus::Channels;
                Vec::new()
            }
            PickedBy::File(path) => {
                self.briefing.insert(&format!("@{path} "));
                Vec::new()
            }
            PickedBy::Brief(text) => {
                self.briefing.set(Field::Text, &text);
                self.focus.0 = Focus::Brief;
                Vec::new()
            }
        }
    }

    /// Ctrl-C: once clears or interrupts, twice quits.
    pub(super) fn interrupt(&mut self) -> Vec<Task> {
        let now = self.now.mono;
        let again =
            self.voice.0.interrupted.replace(now).is_some_and(|at| now.0.saturating_sub(at.0) < TWICE.0);
        self.voice.0.keys.clear();
        if again {
            return vec![Task::Quit];
        }
        if self.sheet.take().is_some() {
            self.notes().note("closed; ctrl-c again quits");
        } else if self.focus.0 == Focus::Brief && !self.briefing.field_is_empty() {
            let field = self.briefing.field;
            self.briefing.set(field, "");
            self.notes().note("cleared (ctrl-u undoes); ctrl-c again quits");
        } else {
            self.notes().note("ctrl-c again quits; F7 pauses, F9 stops everything");
        }
        Vec::new()
    }
}
