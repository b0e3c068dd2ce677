//! The face: what a line that was read does, and what is said for it. No clock, no terminal, no engine: those are the
//! loop's.

use super::{
    compare::Held,
    named::{first, take_mission, take_team},
    news::News,
    pages, paper, say,
    streams::Streams,
    verbs,
};
use crate::{
    domain::{
        brief::Answer,
        feed::Channel,
        ids::{MissionId, RequestId, Revision, Seq, TeamId},
        preview::Stage,
        time::Millis,
    },
    engine::{
        command::Command,
        snapshot::{self, Waiting},
        state::{Mission, State},
    },
    runtime::{feeds::Batch, handle::HistoryQuery},
    tui::{
        app::{Action, App, Moment},
        briefing::Field,
        commands,
        task::{Done, Task},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Bytes of a text that is written in several lines.
const WRITTEN_MOST: usize = 4 * 1024 * 1024;

/// Who writes the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A person at a terminal: a decision that comes too soon after a change was meant for what stood there before.
    Person,
    /// A script behind a pipe.
    Pipe,
}

/// What the loop shall do.
#[derive(Debug, PartialEq)]
pub enum Want {
    /// As for a screen.
    Task(Task),
    /// Look into the history; only entries that hold these words.
    Entries(HistoryQuery, String),
    /// End.
    Quit,
}

/// What the next lines are.
#[derive(Debug)]
pub(super) enum Typing {
    /// Verbs.
    Verbs,
    /// A brief, until a line with a single dot.
    Brief(Vec<String>),
    /// A changed patch, until a line with a single dot.
    Patch { request: RequestId, seen: Revision, team: TeamId, lines: Vec<String> },
    /// Answers to a mission's questions, those that are given already.
    Questions(MissionId, Vec<Answer>),
}

/// What reading waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// Something for a person, or nothing runs.
    Person,
    /// Nothing runs.
    End,
}

/// The face.
pub struct Linear {
    pub(super) app: App,
    pub(super) lines: Vec<String>,
    news: News,
    pub(super) streams: Streams,
    /// Requests that were said: the revision, and when.
    pub(super) seen: BTreeMap<RequestId, (Revision, Millis)>,
    pub(super) typing: Typing,
    pub(super) held: Option<Held>,
    pub(super) writer: Writer,
    waits: Option<Waits>,
    /// The last entry that a command of ours brought about: states before it tell nothing of it.
    known: Seq,
    /// A brief is sent as soon as it is known what its images cost.
    pub(super) weighs: bool,
    /// Previews that were asked for and of which nothing was heard.
    pub(super) asked: BTreeSet<Channel>,
    /// Whether anything was heard of the house.
    heard: bool,
}

impl Linear {
    /// Over an application nobody looks at.
    #[must_use]
    pub fn new(mut app: App, writer: Writer) -> Self {
        app.focus.1 = paper::SIZE;
        Self {
            app,
            lines: Vec::new(),
            news: News::default(),
            streams: Streams::default(),
            seen: BTreeMap::new(),
            typing: Typing::Verbs,
            held: None,
            writer,
            waits: None,
            known: Seq(0),
            weighs: false,
            asked: BTreeSet::new(),
            heard: false,
        }
    }

    /// What is to be said, oldest first.
    pub fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    pub(super) fn say(&mut self, word: &str, words: &str) {
        self.lines.push(say::line(word, words));
    }

    /// Something to know.
    pub fn note(&mut self, words: &str) {
        self.say("note", words);
    }

    /// A line was too long to be taken.
    pub fn too_long(&mut self, most: u64) {
        self.say("not done", &format!("a line of more than {most} bytes was not taken"));
    }

    /// What is laid out and where to begin; why in lines, where nobody asked for them.
    pub fn greet(&mut self, why: &str) {
        self.heard = true;
        let state = self.app.state.clone();
        self.news = News::from_here(&state);
        let place = self.app.look.whole.clone();
        let why = if why.is_empty() { String::new() } else { format!(" because {why}") };
        self.say("chimera", &format!("{place}, in lines{why}; say help for the verbs"));
        if !self.app.look.notice.is_empty() {
            let notice = self.app.look.notice.clone();
            self.say("note", &notice);
        }
        self.lines.extend(pages::status(&state));
        let open = state.missions.values().filter(|mission| mission.result.ending.is_none());
        let headlines: Vec<String> = open
            .map(|mission| format!("{}, {}", mission.id, crate::tui::words::headline(&state, mission).0))
            .collect();
        headlines.iter().for_each(|words| self.say("mission", words));
        if !self.app.briefing.is_empty() {
            let text = self.app.briefing.whole();
            self.say("brief laid out", &text);
            self.say("brief laid out", "say transmit to send it, or brief and other words");
        }
        for request in state.desk.values() {
            self.say("waiting", &super::phrases::request_words(&state, request));
            self.seen.insert(request.id, (request.revision, self.app.now.mono));
        }
    }

    /// A newer state.
    pub fn state(&mut self, state: Arc<State>, now: Moment) -> Vec<Want> {
        // What the screens would open or say by themselves is said here in words of its own.
        let (sheet, note) = (self.app.sheet.take(), self.app.notes().last.take());
        let tasks = self.app.on(Action::State(state.clone()), now);
        (self.app.sheet, self.app.notes().last) = (sheet, note);
        if self.heard {
            let (lines, said) = self.news.of(&state);
            self.lines.extend(lines);
            for (id, revision) in said {
                self.seen.insert(id, (revision, now.mono));
            }
        }
        self.seen.retain(|id, _| state.desk.contains_key(id));
        self.follow_new(&state);
        self.wants(tasks)
    }

    /// Missions that are followed may have got teams since.
    fn follow_new(&mut self, state: &State) {
        let followed: Vec<MissionId> = self.streams.all().map(|(channel, _)| channel.mission).collect();
        for mission in followed.iter().filter_map(|id| state.missions.get(id)) {
            if self.streams.all().any(|(channel, _)| channel.mission == mission.id && channel.team.is_none())
            {
                for team in &mission.teams {
                    self.streams.add(Channel { mission: mission.id, team: Some(team.id) }, 0);
                }
            }
        }
    }

    /// What a followed stream brought.
    pub fn feed(&mut self, channel: Channel, batch: Batch) {
        let Some(mission) = self.app.state.missions.get(&channel.mission).cloned() else { return };
        let quiet = batch.items.is_empty();
        let lines = if quiet {
            self.streams.flush(&mission, channel)
        } else {
            self.streams.take(&mission, channel, batch)
        };
        self.lines.extend(lines);
    }

    /// What came of a task.
    pub fn done(&mut self, done: Done, now: Moment) -> Vec<Want> {
        match done {
            Done::Compared(of, patches) => {
                self.compared(&of, patches);
                return Vec::new();
            }
            Done::Shot(..) | Done::Said(..) => return Vec::new(),
            Done::Weighed(name, weight) => {
                self.app.briefing.images.weighed(name, weight);
                if !std::mem::take(&mut self.weighs) {
                    return Vec::new();
                }
                let text = self.app.briefing.text(Field::Text);
                return self.transmit(&text);
            }
            // Nobody here can run it.
            Done::Told(ref lines) if !lines.is_empty() => self.asked.clear(),
            Done::Sent(_, Ok(ref receipt)) | Done::Opened(_, Ok(ref receipt)) => {
                self.known = self.known.max(receipt.seq);
            }
            _ => {}
        }
        let heard = matches!(done, Done::Heard(number, Some(Ok(_))) if number == self.app.dictations);
        let tasks = self.app.on(Action::Done(done), now);
        self.tell_app();
        if heard {
            self.tell_brief();
        }
        self.wants(tasks)
    }

    /// Whether lines are left unread for now.
    #[must_use]
    pub fn waits(&self, busy: bool) -> bool {
        let state = &self.app.state;
        let late = busy || self.app.briefing.sending.is_some() || state.seq < self.known;
        match self.waits {
            None => late,
            // What is asked to be looked at is something to wait for.
            Some(Waits::Person) if self.starts() => true,
            Some(Waits::Person) => late || (self.runs() && crate::tui::words::waiting_count(state) == 0),
            // What only a person can go on with does not end by itself.
            Some(Waits::End) => late || (self.runs() && !self.stands()),
        }
    }

    /// Missions that go on.
    fn open(&self) -> impl Iterator<Item = &Arc<Mission>> {
        let open = |mission: &&Arc<Mission>| mission.result.ending.is_none() || !mission.effects.is_empty();
        self.app.state.missions.values().filter(open)
    }

    fn runs(&self) -> bool {
        self.open().next().is_some()
    }

    /// Whether every mission that goes on waits for a person.
    fn stands(&self) -> bool {
        let state = &self.app.state;
        let waits = |mission: &Arc<Mission>| match snapshot::waits_for(state, mission) {
            Waiting::Answers | Waiting::TakenOver | Waiting::House(_) => true,
            // A decision that is held takes effect by itself.
            Waiting::Desk => crate::tui::words::waiting_of(state, mission).next().is_some(),
            Waiting::Pool | Waiting::Nothing => false,
        };
        self.open().all(waits)
    }

    fn starts(&self) -> bool {
        !self.asked.is_empty() || self.app.previews.values().any(|preview| preview.stage == Stage::Starting)
    }

    /// What was waited for is there.
    pub fn waited(&mut self) {
        if let Some(waits) = self.waits.take() {
            let waiting = crate::tui::words::waiting_count(&self.app.state);
            match (waits, waiting) {
                (_, 0) if self.stands() && self.runs() => self.say("waited", "nothing goes on without you"),
                (_, 0) => self.say("waited", "nothing runs"),
                (Waits::Person | Waits::End, n) => self.say("waited", &format!("{n} waiting for you")),
            }
        }
    }

    /// Whether a `wait` holds.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waits.is_some()
    }

    /// Ctrl-C: what was asked for is left; false if nothing was.
    pub fn interrupt(&mut self) -> bool {
        let asked = self.app.sheet.take().is_some()
            || !matches!(self.typing, Typing::Verbs)
            || self.waits.take().is_some();
        self.typing = Typing::Verbs;
        if asked {
            self.say("left", "nothing was sent; ctrl-c again quits");
        }
        asked
    }

    /// Stdin has ended: what was begun and not ended is told.
    pub fn end_of_input(&mut self) {
        match &self.typing {
            Typing::Brief(_) => {
                self.say("not done", "the brief was not ended by a line with a single dot: it was not sent")
            }
            Typing::Patch { .. } => {
                self.say(
                    "not done",
                    "the patch was not ended by a line with a single dot: nothing was decided",
                );
            }
            Typing::Questions(mission, _) => {
                let words = format!("{mission} still waits for answers");
                self.say("not done", &words);
            }
            Typing::Verbs => {}
        }
    }

    /// A line was read.
    pub fn line(&mut self, raw: &str, now: Moment) -> Vec<Want> {
        self.app.now = now;
        if let Some(wants) = self.typed(raw) {
            return wants;
        }
        let line = crate::domain::text::clean(raw).trim().to_owned();
        if self.app.sheet.is_some() {
            return self.answer_sheet(&line, now);
        }
        if line.is_empty() || line.starts_with('#') {
            return Vec::new();
        }
        let (word, rest) = first(line.trim_start_matches('/'));
        match verbs::find(word) {
            Some(verb) => self.verb(verb.name, rest),
            None if commands::of_name(word).is_some() => self.run(word, rest),
            None if matches!(self.typing, Typing::Questions(..)) => self.answers("answer", &line),
            None => {
                let words =
                    format!("{word} is no verb; say help for all of them, or brief and the words of a brief");
                self.say("not done", &words);
                Vec::new()
            }
        }
    }

    /// Lines that belong to a text.
    fn typed(&mut self, raw: &str) -> Option<Vec<Want>> {
        let ends = raw.trim() == ".";
        let over = |lines: &[String]| lines.iter().map(String::len).sum::<usize>() + raw.len() > WRITTEN_MOST;
        match &mut self.typing {
            Typing::Brief(lines) | Typing::Patch { lines, .. } if !ends => {
                if over(lines) {
                    self.typing = Typing::Verbs;
                    let words = format!("the text is longer than {WRITTEN_MOST} bytes; nothing was sent");
                    self.say("not done", &words);
                } else {
                    lines.push(raw.to_owned());
                }
                Some(Vec::new())
            }
            Typing::Brief(lines) => {
                let text = lines.join("\n");
                self.typing = Typing::Verbs;
                Some(self.transmit(&text))
            }
            Typing::Patch { request, seen, team, lines } => {
                let (request, seen, team) = (*request, *seen, *team);
                let text = format!("{}\n", lines.join("\n"));
                self.typing = Typing::Verbs;
                Some(self.send_patch((request, seen), team, text))
            }
            Typing::Verbs | Typing::Questions(..) => None,
        }
    }

    pub(super) fn verb(&mut self, verb: &'static str, rest: &str) -> Vec<Want> {
        let state = self.app.state.clone();
        match verb {
            "brief" if rest.is_empty() => {
                self.say("brief", "write it, then a line with a single dot");
                self.typing = Typing::Brief(Vec::new());
            }
            "brief" => return self.transmit(rest),
            "dictate" => {
                let off = rest == "off";
                let tasks =
                    if off { self.app.forget_dictation().unwrap_or_default() } else { self.app.dictate() };
                return self.wants(tasks);
            }
            "transmit" => {
                let text = self.app.briefing.whole();
                return self.transmit(&text);
            }
            "check" => self.bound(Field::Checks, rest),
            "constraint" => self.bound(Field::Constraints, rest),
            "budget" => self.bound(Field::Budget, rest),
            "status" => {
                self.lines.extend(pages::status(&state));
                self.lines.push(say::line("place", &self.app.look.whole));
            }
            "missions" => self.lines.extend(pages::missions(&state)),
            "show" => self.show(rest),
            "watch" => self.watch(rest),
            "patch" => return self.patch(rest),
            "preview" => return self.preview(rest),
            "versions" => {
                if let Some((mission, _)) = self.mission(rest) {
                    self.lines.extend(pages::versions(&mission));
                }
            }
            "restore" => return self.restore(rest),
            "desk" => {
                self.lines.extend(pages::desk(&state, self.app.now.wall));
                for request in state.desk.values() {
                    self.seen.insert(request.id, (request.revision, self.app.now.mono));
                }
            }
            "approve" | "reject" | "modify" | "grant" => return self.decision(verb, rest),
            "retry" if first(rest).0.to_lowercase().starts_with("r-") => return self.decision(verb, rest),
            "undo" | "revoke" => return self.take_back(verb, rest),
            "grants" => self.lines.extend(pages::grants(&state)),
            "compare" | "place" | "take" | "leave" | "blind" | "combine" => return self.weighs(verb, rest),
            "answer" | "skip" => return self.answers(verb, rest),
            "refine" | "takeover" | "handback" | "cancel" | "retry" => return self.steer(verb, rest),
            "pause" | "resume" | "stop" => return self.control(verb, rest),
            "audit" => return self.audit(rest),
            "entry" => return self.entry(rest),
            "search" => return self.search(rest),
            "incidents" | "incident" | "probes" | "investigate" | "close" | "silence" | "unsilence" => {
                return self.monitor(verb, rest);
            }
            "screen" => return self.screen(rest),
            "run" => {
                let (name, rest) = first(rest);
                return self.run(name, rest);
            }
            "commands" => self.commands(rest),
            "wait" => self.waits = Some(if rest == "end" { Waits::End } else { Waits::Person }),
            "back" => self.say("left", "nothing was asked"),
            "help" => self.help(rest),
            _ => return vec![Want::Quit],
        }
        Vec::new()
    }

    /// The tasks that make sense without a screen.
    pub(super) fn wants(&mut self, tasks: Vec<Task>) -> Vec<Want> {
        let wanted = |task: Task| match task {
            Task::Shot(..) | Task::Said(..) | Task::Redraw => None,
            Task::Quit => Some(Want::Quit),
            Task::Edit(purpose, text) => {
                // There is no screen to give to an editor and to take back.
                let why =
                    "there is no editor in lines; say brief, or modify and the patch line by line".to_owned();
                let _ = self.app.on(Action::Done(Done::Edited(purpose, text, Err(why))), self.app.now);
                None
            }
            other => Some(Want::Task(other)),
        };
        let wants: Vec<Want> = tasks.into_iter().filter_map(wanted).collect();
        self.tell_app();
        wants
    }

    /// The mission that is named at the beginning, or the last one; says so where there is none.
    pub(super) fn mission<'a>(&mut self, rest: &'a str) -> Option<(Arc<Mission>, &'a str)> {
        let (named, rest) = take_mission(rest);
        let newest = self.app.state.missions.keys().next_back().copied();
        let Some(id) = named.or(self.app.shown).or(newest) else {
            self.say("not done", "there is no mission yet; say brief and what should be done");
            return None;
        };
        let found = self.app.state.missions.get(&id).cloned();
        if found.is_none() {
            self.say("not done", &format!("there is no {id} here; say missions for those there are"));
        }
        found.map(|mission| (mission, rest))
    }

    /// A mission and one of its teams; says so where there is none.
    pub(super) fn team<'a>(&mut self, rest: &'a str) -> Option<(Arc<Mission>, TeamId, &'a str)> {
        let (mission, rest) = self.mission(rest)?;
        match take_team(&mission, rest) {
            (Some(team), rest) => Some((mission, team, rest)),
            (None, _) => {
                let words = format!("name a team of {}: {}", mission.id, super::named::teams(&mission));
                self.say("not done", &words);
                None
            }
        }
    }

    fn show(&mut self, rest: &str) {
        let state = self.app.state.clone();
        if let (Some(_), _) = super::named::take_incident(rest) {
            self.monitor("incident", rest);
            return;
        }
        if let (Some(id), _) = super::named::take_request(rest) {
            match state.desk.get(&id) {
                Some(request) => {
                    self.lines.extend(pages::request_lines(&state, request, self.app.now.wall));
                    self.seen.insert(id, (request.revision, self.app.now.mono));
                }
                None => self.say("not done", &format!("{id} does not wait; say desk for what does")),
            }
            return;
        }
        if let Some((mission, _)) = self.mission(rest) {
            self.app.show(Some(mission.id));
            self.lines.extend(pages::mission(&state, &mission, self.app.now.wall));
        }
    }

    fn watch(&mut self, rest: &str) {
        if rest == "off" {
            self.streams.follow([]);
            self.say("watch", "off");
            return;
        }
        let Some((mission, rest)) = self.mission(rest) else { return };
        let id = mission.id;
        let channels: Vec<Channel> = match (take_team(&mission, rest), rest.is_empty()) {
            ((Some(team), _), _) => vec![Channel { mission: id, team: Some(team) }],
            ((None, _), true) => {
                let teams = mission.teams.iter().map(|team| Some(team.id));
                std::iter::once(None).chain(teams).map(|team| Channel { mission: id, team }).collect()
            }
            ((None, _), false) => {
                let words = format!("{rest} is no team of {id}: {}", super::named::teams(&mission));
                self.say("not done", &words);
                return;
            }
        };
        self.streams.follow(channels.into_iter().map(|channel| (channel, 0)));
        self.say("watch", &format!("{id}, what its streams hold and what comes; say watch off to end it"));
    }

    fn patch(&mut self, rest: &str) -> Vec<Want> {
        let Some((mission, team, _)) = self.team(rest) else { return Vec::new() };
        let known = mission.teams.iter().find(|known| known.id == team);
        match known.and_then(|team| team.candidates.last()) {
            Some((candidate, _)) => {
                let title = format!("patch of {}", super::named::label(&mission, team));
                vec![Want::Task(Task::Show(title, candidate.patch))]
            }
            None => {
                self.say("not done", "this team has no patch yet; say watch to hear it work");
                Vec::new()
            }
        }
    }

    fn help(&mut self, rest: &str) {
        let wanted = verbs::find(rest).map(|verb| verb.name);
        for verb in verbs::VERBS.iter().filter(|verb| wanted.is_none_or(|name| name == verb.name)) {
            let also =
                if verb.also.is_empty() { String::new() } else { format!(" Also {}.", verb.also.join(", ")) };
            let head = format!("{} {}", verb.name, verb.form);
            self.say(head.trim(), &format!("{}{also}", verb.help));
        }
    }
}

pub(super) fn send(command: Command, what: String) -> Want {
    Want::Task(Task::Send(Box::new(command), what))
}
