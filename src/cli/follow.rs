//! Follows one mission in a running house until it has ended or nothing but a person can move it: prints what is
//! new, answers the orchestrator's questions, and turns an interrupt into a clean cancel.

use super::{
    answers::Answers,
    exit::{Complaint, Exit},
    finish::{self, Status},
    out::Out,
    progress::{self, Progress},
    signals::Interrupts,
};
use crate::{
    domain::{
        feed::{Channel, FeedItem},
        ids::{MissionId, TeamId},
        mission::Step,
        request::Subject,
        text,
        time::Millis,
    },
    engine::{
        command::{Command, MissionCommand},
        effect::EffectKind,
        state::{Control, Mission, State},
    },
    runtime::{
        handle::{Handle, SendError},
        without_secrets,
    },
};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::time::{Instant, sleep_until};

/// The engine keeps a mission's time limit itself; if it has not ended this much later, it is cancelled from here.
const GRACE: Millis = Millis::secs(30);
/// How long an ended mission may take to tidy up before the program leaves it to the next start.
const TIDY_MOST: Millis = Millis::secs(5);
/// Longest notice from a channel, in characters.
const NOTICE_MOST: usize = 400;
/// A limit that is never reached.
const FOREVER: Millis = Millis::hours(24 * 365);

/// Follows one mission.
pub struct Follow<'a> {
    handle: &'a Handle,
    mission: MissionId,
    progress: Progress,
    answers: Answers,
    answered: bool,
    deadline: Instant,
    cursors: BTreeMap<Option<TeamId>, u64>,
    interrupted: bool,
    tidying: bool,
}

impl<'a> Follow<'a> {
    /// A mission that has just been opened.
    #[must_use]
    pub fn new(handle: &'a Handle, mission: MissionId) -> Self {
        Self {
            handle,
            mission,
            progress: Progress::new(mission),
            answers: Answers::default(),
            answered: false,
            deadline: Instant::now() + FOREVER.to_std(),
            cursors: BTreeMap::new(),
            interrupted: false,
            tidying: false,
        }
    }
    /// A mission whose past needs no telling.
    #[must_use]
    pub fn from_here(handle: &'a Handle, mission: MissionId) -> Self {
        let progress = Progress::from_here(mission, &handle.snapshot());
        Self { progress, ..Self::new(handle, mission) }
    }
    /// With these answers to questions.
    #[must_use]
    pub fn answering(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }
    /// With the brief's time limit.
    #[must_use]
    pub fn within(mut self, limit: Option<Millis>) -> Self {
        if let Some(limit) = limit {
            self.deadline = Instant::now() + limit.to_std() + GRACE.to_std();
        }
        self
    }

    /// Follows to the end, prints the last line, and says how the process is to end.
    ///
    /// # Errors
    /// The engine took no answer.
    pub async fn run(mut self, out: &mut Out, interrupts: &mut dyn Interrupts) -> Result<Exit, Complaint> {
        let mut states = self.handle.subscribe();
        let mut feeds = self.handle.feeds().subscribe();
        loop {
            let state = states.borrow_and_update().clone();
            feeds.mark_unchanged();
            for line in self.progress.news(&state) {
                out.both(&line.words, &line.value);
            }
            self.notices(&state, out);
            self.answer(&state, out).await?;
            if self.over(&state) {
                return Ok(self.last_line(&state, out));
            }
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    if std::mem::replace(&mut self.interrupted, true) {
                        return Ok(Exit::Interrupted);
                    }
                    self.cancel("interrupted").await?;
                }
                changed = states.changed() => if changed.is_err() {
                    let state = states.borrow().clone();
                    return Ok(self.cut_off(&state, out));
                },
                // Feeds end with the engine, which the line above tells.
                _ = feeds.changed() => {}
                () = sleep_until(self.deadline) => {
                    if self.tidying {
                        return Ok(self.last_line(&states.borrow().clone(), out));
                    }
                    self.deadline = Instant::now() + FOREVER.to_std();
                    self.cancel("the time limit is over").await?;
                }
            }
        }
    }

    /// An ended mission is over when its worktrees are given back too, or nothing more starts, or it takes too long.
    fn over(&mut self, state: &State) -> bool {
        let Some(mission) = state.missions.get(&self.mission) else { return false };
        if mission.result.ending.is_none() {
            return !self.interrupted && only_a_person_can_move(state, mission);
        }
        if mission.effects.is_empty() || state.control != Control::Running {
            return true;
        }
        if !std::mem::replace(&mut self.tidying, true) {
            self.deadline = Instant::now() + TIDY_MOST.to_std();
        }
        false
    }

    fn last_line(&self, state: &State, out: &mut Out) -> Exit {
        let Some(mission) = state.missions.get(&self.mission) else { return Exit::Error };
        // People read it in the last words; for programs the last line is a fixed form without it.
        if let Some(why) = finish::reason(mission) {
            out.tell(&progress::notice(mission, None, why).value);
        }
        out.both(&finish::last_words(state, mission), &finish::finished(state, mission));
        if self.interrupted { Exit::Interrupted } else { Status::of(state, mission).exit() }
    }

    /// The engine ended, or cannot be followed any more: what was asked was answered before, and is not lost.
    fn cut_off(&self, state: &State, out: &mut Out) -> Exit {
        let mission = state.missions.get(&self.mission);
        if mission.is_some_and(|mission| mission.result.ending.is_some()) {
            return self.last_line(state, out);
        }
        let words = format!("the engine has ended: {} goes on at the next start", self.mission);
        let value =
            json!({"kind": "notice", "mission": self.mission.to_string(), "team": null, "text": words});
        out.both(&format!("waiting   {words}"), &value);
        if let Some(mission) = mission {
            out.tell(&finish::finished(state, mission));
        }
        if self.interrupted { Exit::Interrupted } else { Exit::Waiting }
    }

    async fn cancel(&self, why: &str) -> Result<(), Complaint> {
        let command = Command::Mission(MissionCommand::Cancel(self.mission, why.to_owned()));
        match self.handle.send(command).await {
            // Refused: it ended in the meantime, which the next state tells. Closed: the states end, too.
            Ok(_) | Err(SendError::Refused(_) | SendError::Closed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn answer(&mut self, state: &State, out: &mut Out) -> Result<(), Complaint> {
        let Some(mission) = state.missions.get(&self.mission) else { return Ok(()) };
        let Some(questions) = &mission.preparation.questions else { return Ok(()) };
        let due = mission.step == Some(Step::Clarify) && !questions.is_empty();
        if !due || !mission.preparation.answers.is_empty() || std::mem::replace(&mut self.answered, true) {
            return Ok(());
        }
        let (answers, complaints) = self.answers.to(questions);
        let said = answers.iter().map(|answer| {
            let how = if answer.assumed { "assumed" } else { "answered" };
            // As it is kept.
            let text = without_secrets(&answer.text);
            format!("{how}: {} {text}", answer.question)
        });
        for words in said.chain(complaints) {
            let line = progress::notice(mission, None, &words);
            out.both(&line.words, &line.value);
        }
        let command = Command::Mission(MissionCommand::Answer(self.mission, answers));
        match self.handle.send(command).await {
            Ok(_) | Err(SendError::Closed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Notices of the channels: retries, fallbacks, limits. Other items are for screens.
    fn notices(&mut self, state: &State, out: &mut Out) {
        let Some(mission) = state.missions.get(&self.mission) else { return };
        let teams = std::iter::once(None).chain(mission.teams.iter().map(|team| Some(team.id)));
        let teams: Vec<_> = teams.collect();
        self.handle.feeds().look_at(teams.iter().map(|team| Channel { mission: self.mission, team: *team }));
        for team in teams {
            let cursor = self.cursors.entry(team).or_insert(0);
            let batch = self.handle.feeds().read(Channel { mission: self.mission, team }, *cursor);
            *cursor = batch.next;
            for item in batch.items {
                if let FeedItem::Notice(words) = item {
                    let line = progress::notice(mission, team, &text::clean_line(&words, NOTICE_MOST));
                    out.both(&line.words, &line.value);
                }
            }
        }
    }
}

/// Whether everything that could go on by itself has: the house is halted, or each effect that is left belongs to
/// a team that waits at the desk. A veto window and a decision that is held still end by themselves.
#[must_use]
pub fn only_a_person_can_move(state: &State, mission: &Mission) -> bool {
    if state.control != Control::Running {
        return mission.effects.values().all(|effect| effect.started.is_none());
    }
    let clockwork = &state.clockwork;
    let delayed = state.desk.values().any(|request| {
        let by_itself =
            clockwork.vetoes.contains_key(&request.id) || clockwork.held.contains_key(&request.id);
        request.mission == mission.id && by_itself
    });
    let requests: Vec<&Subject> =
        state.desk.values().filter(|request| request.mission == mission.id).map(|r| &r.subject).collect();
    let clarifying = mission.step == Some(Step::Clarify);
    if requests.is_empty() || delayed || clarifying {
        return false;
    }
    let all_stopped = requests.iter().any(|subject| matches!(subject, Subject::Budget { team: None, .. }));
    let blocked = |team: TeamId| {
        requests.iter().any(|subject| match subject {
            Subject::Command { team: asks, .. } | Subject::Ask { team: asks, .. } => *asks == team,
            Subject::Budget { team: asks, .. } => *asks == Some(team),
            Subject::Choose { .. }
            | Subject::Conflict { .. }
            | Subject::Remedy { .. }
            | Subject::Release { .. } => false,
        })
    };
    all_stopped
        || mission.effects.values().all(|effect| match &effect.kind {
            EffectKind::Draft { team, .. } => blocked(*team),
            _ => false,
        })
}
