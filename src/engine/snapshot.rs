//! Views for faces: the state in words, ticks and orders that a screen, the server and the command line show
//! alike. Pure functions of the state; nothing here decides anything.

use super::{
    desk::word,
    playbook::brief::contender,
    state::{Control, Mission, State, Team, TeamPhase},
};
use crate::{
    domain::{
        feature::Phase,
        ids::MissionId,
        incident::AttemptOutcome,
        mission::Step,
        request::{Hold, Request, Subject},
        text::count,
        time::{Millis, Timestamp},
    },
    policy::risk::Risk,
};

/// The status word of a team whose mission ended while it was at something.
pub const STOPPED: &str = "STOPPED";

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Behind.
    Done,
    /// Now.
    Current,
    /// Ahead.
    Ahead,
    /// Where a mission ended without landing.
    Stopped,
}

/// What a mission waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing: it works, or has ended.
    Nothing,
    /// A place in the pool.
    Pool,
    /// The director's answers before the work.
    Answers,
    /// A person at the desk.
    Desk,
    /// A team that the director took over.
    TakenOver,
    /// The house is paused or stopped: why.
    House(String),
}

/// The status of the command line contract: `landed`, `waiting`, `failed`, `cancelled`, `over_budget` or,
/// while it goes on by itself, `running`.
#[must_use]
pub fn status_word(state: &State, mission: &Mission) -> &'static str {
    match &mission.result.ending {
        Some((ending, _)) => ending.word(),
        None => match waits_for(state, mission) {
            Waiting::Nothing | Waiting::Pool => "running",
            _ => "waiting",
        },
    }
}

/// What keeps a mission from going on by itself.
#[must_use]
pub fn waits_for(state: &State, mission: &Mission) -> Waiting {
    if mission.result.ending.is_some() {
        return Waiting::Nothing;
    }
    if let Some(why) = state.halted() {
        return Waiting::House(why);
    }
    let idle = mission.effects.is_empty();
    match mission.step {
        None => Waiting::Pool,
        Some(Step::Clarify) if idle => Waiting::Answers,
        Some(Step::Decide) if idle => Waiting::Desk,
        Some(_) if idle && mission.teams.iter().any(|t| t.phase == TeamPhase::TakenOver) => {
            Waiting::TakenOver
        }
        Some(_) if asks(state, mission) && idle_but_for_asking(mission) => Waiting::Desk,
        Some(_) => Waiting::Nothing,
    }
}

fn asks(state: &State, mission: &Mission) -> bool {
    state.desk.values().any(|r| {
        r.mission == mission.id && matches!(r.subject, Subject::Command { .. } | Subject::Ask { .. })
    })
}

/// Every team that still works is one that may be waiting for an answer.
fn idle_but_for_asking(mission: &Mission) -> bool {
    mission.effects.len() == 1 && mission.teams.iter().filter(|t| t.phase == TeamPhase::Drafting).count() == 1
}

/// Where a mission is, in one word, with its number and of how many: a feature by its phases, anything else by its steps.
#[must_use]
pub fn place_of(mission: &Mission, step: Step) -> (&'static str, usize, usize) {
    if mission.brief.feature.is_some() {
        let phase = Phase::of(Some(step), None);
        return (phase.short(), phase.done() + 1, Phase::ALL.len());
    }
    let number = Step::BRIEF.iter().position(|known| *known == step).map_or(0, |at| at + 1);
    (step.word(), number, Step::BRIEF.len())
}

/// The phase of a feature; `None` for any other mission.
#[must_use]
pub fn phase(mission: &Mission) -> Option<Phase> {
    mission.brief.feature.as_ref()?;
    Some(Phase::of(mission.step, mission.result.ending.as_ref().map(|(ending, _)| ending)))
}

/// How far a feature is, in words: `3/7 phases complete`.
#[must_use]
pub fn progress_words(mission: &Mission) -> Option<String> {
    let phase = phase(mission)?;
    Some(format!("{}/{} phases complete", phase.done(), Phase::ALL.len()))
}

/// What is known of a feature beside its steps, a line each: its test, what runs in the staging environment, what the test
/// says there.
#[must_use]
pub fn course_words(mission: &Mission) -> Vec<String> {
    let Some(feature) = &mission.brief.feature else { return Vec::new() };
    let course = &mission.course;
    let mut lines = Vec::new();
    if let Some(standing) = &course.test {
        lines.push(format!("the end-to-end test {} stands: it fails on what is there", standing.path()));
    }
    if let Some(commit) = &course.staged {
        lines.push(format!("{} runs at {}", commit.short(), feature.staging_url));
    }
    if let Some(run) = &course.validation {
        lines.push(format!("the end-to-end test {} at {}", run.outcome.words(), feature.staging_url));
    }
    lines
}

/// Steps done, and how many there are; of a feature its phases.
#[must_use]
pub fn progress(mission: &Mission) -> (usize, usize) {
    if let Some(phase) = phase(mission) {
        return (phase.done(), Phase::ALL.len());
    }
    let all = Step::BRIEF.len();
    if mission.result.landed.is_some() {
        return (all, all);
    }
    let done = mission.step.and_then(|step| Step::BRIEF.iter().position(|s| *s == step)).unwrap_or(0);
    (done, all)
}

/// The plan with ticks, by the words of its steps or phases.
#[must_use]
pub fn ticks(mission: &Mission) -> Vec<(&'static str, Tick)> {
    let (done, all) = progress(mission);
    let ended = mission.result.ending.is_some() && done < all;
    let tick = |index: usize| match (index.cmp(&done), ended, mission.step) {
        (std::cmp::Ordering::Less, ..) => Tick::Done,
        (std::cmp::Ordering::Equal, true, _) => Tick::Stopped,
        (std::cmp::Ordering::Equal, false, Some(_)) => Tick::Current,
        _ => Tick::Ahead,
    };
    let words: Vec<&str> = match mission.brief.feature {
        Some(_) => Phase::ALL.iter().map(|phase| phase.short()).collect(),
        None => Step::BRIEF.iter().map(|step| step.word()).collect(),
    };
    words.into_iter().enumerate().map(|(index, word)| (word, tick(index))).collect()
}

/// The status line of the anchor desk.
#[must_use]
pub fn headline(state: &State, mission: &Mission) -> String {
    use crate::domain::mission::Ending;
    if let Some((ending, _)) = &mission.result.ending {
        return match (ending, &mission.result.landed) {
            (Ending::Landed, Some((commit, branch))) => match mission.result.restored.last() {
                None if rolled_back(state, mission).is_some() => {
                    format!("Landed as {} on {branch}; its release was taken back.", commit.short())
                }
                None => format!("Landed as {} on {branch}.", commit.short()),
                Some((last, branch)) if mission.result.is_out() => {
                    format!("Landed as {}, and taken back by {} on {branch}.", commit.short(), last.short())
                }
                Some((last, branch)) => {
                    format!(
                        "Landed as {}, taken back, and put back by {} on {branch}.",
                        commit.short(),
                        last.short()
                    )
                }
            },
            (Ending::Landed, None) => "Landed.".to_owned(),
            (Ending::Failed(why), _) => format!("Failed: {why}"),
            (Ending::Cancelled(why), _) => format!("Cancelled: {why}"),
            (Ending::OverBudget(why), _) => format!("Over budget: {why}"),
        };
    }
    match waits_for(state, mission) {
        Waiting::House(why) => format!("Held: {why}."),
        Waiting::Pool => "Waits for a place in the pool.".to_owned(),
        Waiting::Answers => "Waits for your answers before work starts.".to_owned(),
        Waiting::TakenOver => mission.teams.iter().find_map(lent).map_or_else(
            || "A worktree is in your hands; hand it back to go on.".to_owned(),
            |words| format!("{words}."),
        ),
        Waiting::Desk => at_desk(state, mission),
        Waiting::Nothing => at_work(mission),
    }
}

/// Why the service does not run what a mission landed, if its release was taken back.
#[must_use]
pub fn rolled_back<'a>(state: &'a State, mission: &Mission) -> Option<&'a str> {
    let incident = state.ward.incidents.get(&mission.brief.heals?)?;
    let attempt = incident.attempts.iter().find(|attempt| attempt.mission == Some(mission.id))?;
    match &attempt.outcome {
        Some(AttemptOutcome::RolledBack(why)) => Some(why),
        _ => None,
    }
}

/// Where the director works in place of a team, and how that ends.
#[must_use]
pub fn lent(team: &Team) -> Option<String> {
    let place = team.place.as_ref().filter(|_| team.phase == TeamPhase::TakenOver)?;
    let name = &team.spec.name;
    Some(format!("{name} is in your hands: work in {place}, then hand it back on the screen (key B)"))
}

/// What happens to a request if nobody says anything, and when; `None`: nothing but that it expires.
#[must_use]
pub fn by_itself(state: &State, request: &Request) -> Option<String> {
    let until = state.clockwork.vetoes.get(&request.id)?;
    let what = match &request.subject {
        Subject::Remedy { .. } => "it happens by itself",
        _ => "the best lands by itself",
    };
    Some(match state.control {
        Control::Running => format!("{what} at {until} unless you say no"),
        Control::Paused(_) | Control::Stopped(_) => {
            let left = until.since(state.clockwork.halted.unwrap_or(state.at));
            format!("{what} {left} after the house goes on, unless you say no")
        }
    })
}

fn at_desk(state: &State, mission: &Mission) -> String {
    let most_urgent = waiting(state).into_iter().find(|r| r.mission == mission.id);
    match most_urgent.map(|r| (&r.subject, r.id)) {
        Some((Subject::Choose { teams }, id)) if teams.is_empty() => {
            format!("No candidate may land as it is; {id} waits for your word.")
        }
        Some((Subject::Choose { teams }, id)) => {
            let by_itself = state.desk.get(&id).and_then(|request| by_itself(state, request));
            let by_itself = by_itself.map(|words| format!("; {words}")).unwrap_or_default();
            format!("{} to choose from{by_itself}.", count(teams.len(), "candidate"))
        }
        Some((Subject::Conflict { files, .. }, _)) => {
            format!("The target moved: conflict in {}.", count(files.len(), "file"))
        }
        Some((subject, id)) => format!("{id} ({}) waits for your answer.", subject.word()),
        None => match held(state).into_iter().find(|hold| is_of(state, hold, mission)) {
            Some(hold) => {
                format!("{} is {} and can still be taken back.", hold.request, word(&hold.decision))
            }
            None => "Waits at the desk.".to_owned(),
        },
    }
}

fn is_of(state: &State, hold: &Hold, mission: &Mission) -> bool {
    state.desk.get(&hold.request).is_some_and(|request| request.mission == mission.id)
}

fn at_work(mission: &Mission) -> String {
    let phases = |wanted: fn(&TeamPhase) -> bool| mission.teams.iter().filter(|t| wanted(&t.phase)).count();
    match mission.step {
        None | Some(Step::Clarify) if mission.preparation.survey.is_none() => {
            "Looking at the repository.".to_owned()
        }
        None | Some(Step::Clarify) => "The orchestrator reads the brief.".to_owned(),
        Some(Step::Plan) => "The orchestrator plans.".to_owned(),
        Some(Step::Test) => match mission.course.retries.values().max() {
            None => "The end-to-end test is written.".to_owned(),
            Some(retries) => format!("The end-to-end test is written, asked for again {retries} times."),
        },
        Some(Step::Stage) => "What landed is put into the staging environment.".to_owned(),
        Some(Step::Validate) => "The end-to-end test runs in the staging environment.".to_owned(),
        Some(Step::Draft | Step::Check) => {
            let mut parts = Vec::new();
            for (number, words) in [
                (phases(|p| *p == TeamPhase::Drafting), "on air"),
                (phases(|p| *p == TeamPhase::Checking), "being tested"),
                (phases(|p| *p == TeamPhase::Ready), "ready"),
                (phases(|p| matches!(p, TeamPhase::Failed(_))), "failed"),
                (phases(|p| *p == TeamPhase::TakenOver), "taken over"),
            ] {
                if number > 0 {
                    parts.push(format!("{} {words}", count(number, "team")));
                }
            }
            format!("{}.", parts.join(", "))
        }
        Some(Step::Judge) => format!("Judging {}.", count(phases(|p| *p == TeamPhase::Ready), "candidate")),
        Some(Step::Decide) => "The gate rules.".to_owned(),
        Some(Step::Land) => {
            let chosen = mission.result.chosen.and_then(|(id, _)| mission.teams.iter().find(|t| t.id == id));
            format!("Landing the candidate of {}.", chosen.map_or("the winner", |t| &t.spec.name))
        }
    }
}

/// Whether a team can do nothing until a person answers what it asked.
#[must_use]
pub fn is_blocked(state: &State, mission: &Mission, team: &Team) -> bool {
    state.desk.values().any(|request| {
        request.mission == mission.id
            && !state.clockwork.held.contains_key(&request.id)
            && match &request.subject {
                Subject::Command { team: asks, .. }
                | Subject::Ask { team: asks, .. }
                | Subject::Conflict { team: asks, .. } => *asks == team.id,
                Subject::Budget { team: asks, .. } => asks.is_none_or(|asks| asks == team.id),
                Subject::Choose { .. } | Subject::Remedy { .. } | Subject::Release { .. } => false,
            }
    })
}

/// The status word of a channel: the phase, sharpened by what it asked and by what is known of its candidate.
#[must_use]
pub fn channel_word(state: &State, mission: &Mission, team: &Team) -> &'static str {
    if mission.result.ending.is_none()
        && team.phase == TeamPhase::Drafting
        && is_blocked(state, mission, team)
    {
        return "WAITS FOR YOU";
    }
    match (&mission.result.ending, contender(team)) {
        (Some((crate::domain::mission::Ending::Landed, _)), _)
            if mission.result.chosen.is_some_and(|(id, _)| id == team.id) =>
        {
            "LANDED"
        }
        (_, Some((_, evidence))) if !evidence.checked() => "UNCHECKED",
        (_, Some((_, evidence))) if !evidence.passed() => "RED",
        _ => team_word(mission, team),
    }
}

/// The status word of a team: of a mission that has ended none works, whatever it was at.
#[must_use]
pub fn team_word(mission: &Mission, team: &Team) -> &'static str {
    match (&mission.result.ending, &team.phase) {
        (None, phase) | (Some(_), phase @ (TeamPhase::Ready | TeamPhase::Failed(_))) => phase.word(),
        (Some(_), TeamPhase::Waiting | TeamPhase::Drafting | TeamPhase::Checking | TeamPhase::TakenOver) => {
            STOPPED
        }
    }
}

/// How long a team has worked on its drafts, to the end of its mission at most.
#[must_use]
pub fn worked(mission: &Mission, team: &Team, now: Timestamp) -> Millis {
    let until = mission.result.ending.as_ref().map_or(now, |(_, at)| now.min(*at));
    let running = team.account.started.map_or(0, |since| until.since(since).max(Millis(0)).0);
    Millis(team.account.worked.0.saturating_add(running))
}

/// Decisions that can still be taken back, the one that takes effect first first.
#[must_use]
pub fn held(state: &State) -> Vec<&Hold> {
    let mut all: Vec<&Hold> = state.clockwork.held.values().collect();
    all.sort_by_key(|hold| (hold.until, hold.request));
    all
}

/// How long a decision is held yet; the clock stands while the house is halted.
#[must_use]
pub fn held_for(state: &State, hold: &Hold, now: Timestamp) -> Millis {
    hold.until.since(state.clockwork.halted.map_or(now, |since| since.max(hold.given)))
}

/// When a decision that is held takes effect, by the clock or after a halt.
#[must_use]
pub fn takes_effect(state: &State, hold: &Hold) -> String {
    if state.clockwork.halted.is_none() {
        return format!("takes effect at {}", hold.until);
    }
    format!("takes effect {} s after resume", held_for(state, hold, state.at).0.div_ceil(1_000))
}

/// Everything on the desk: what is decided and held first, then what waits.
#[must_use]
pub fn at_the_desk(state: &State) -> Vec<&Request> {
    let held = held(state).into_iter().filter_map(|hold| state.desk.get(&hold.request)).map(AsRef::as_ref);
    held.chain(waiting(state)).collect()
}

/// What a request is of: its incident, or its mission.
#[must_use]
pub fn place(request: &Request) -> String {
    request.about()
}

/// The risk class of a request: by the gate's rulings on what may be approved.
#[must_use]
pub fn risk(state: &State, request: &Request) -> Risk {
    let mission = state.missions.get(&request.mission);
    let ruled = match &request.subject {
        Subject::Choose { teams } => mission.and_then(|mission| {
            let of = |team| mission.rulings.get(team).map(|(_, ruling)| ruling.tier);
            teams.iter().filter_map(of).max()
        }),
        Subject::Remedy { incident, .. } => {
            let incident = state.ward.incidents.get(incident);
            incident.and_then(|incident| incident.ruling.as_ref()).map(|ruling| ruling.tier)
        }
        _ => None,
    };
    Risk::of(&request.subject, ruled)
}

/// What waits for a person, most urgent first: what stops running work, then what ends soonest by itself.
#[must_use]
pub fn waiting(state: &State) -> Vec<&Request> {
    let answered = |request: &&Request| state.clockwork.held.contains_key(&request.id);
    let mut all: Vec<&Request> =
        state.desk.values().map(|request| &**request).filter(|request| !answered(request)).collect();
    let blocks = |subject: &Subject| match subject {
        Subject::Command { .. } | Subject::Ask { .. } => 0,
        Subject::Budget { .. } => 1,
        Subject::Conflict { .. } | Subject::Choose { .. } => 2,
        // Something is broken while it waits.
        Subject::Remedy { .. } | Subject::Release { .. } => 0,
    };
    let ends = |r: &Request| state.clockwork.vetoes.get(&r.id).copied().unwrap_or(r.expires);
    let priority = |id: MissionId| state.missions.get(&id).map_or(0, |m| m.brief.priority);
    all.sort_by_key(|r| (std::cmp::Reverse(priority(r.mission)), blocks(&r.subject), ends(r), r.id));
    all
}
