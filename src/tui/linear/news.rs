//! What is new since the last state: each change one line. A state that skipped others tells what is left of them;
//! nothing is said twice.

use super::{
    named::label,
    phrases::{decision_words, evidence_words, request_words},
    say,
};
use crate::{
    domain::{
        ids::{IncidentId, MissionId, RequestId, Revision},
        mission::Ending,
        request::Actor,
        text::count,
    },
    engine::{
        ledger, snapshot,
        state::{Mission, State, TeamPhase},
    },
    tui::words,
};
use std::collections::BTreeMap;

/// What was said already.
#[derive(Debug, Default)]
pub struct News {
    /// By mission: what each of its topics said last.
    missions: BTreeMap<MissionId, BTreeMap<String, String>>,
    requests: BTreeMap<RequestId, Revision>,
    incidents: BTreeMap<IncidentId, String>,
    held: BTreeMap<RequestId, String>,
    house: Option<String>,
}

impl News {
    /// Of a house whose past needs no telling.
    #[must_use]
    pub fn from_here(state: &State) -> Self {
        Self {
            missions: state.missions.values().map(|mission| (mission.id, facts(state, mission))).collect(),
            requests: state.desk.values().map(|request| (request.id, request.revision)).collect(),
            incidents: ill(state),
            held: held(state),
            house: state.halted(),
        }
    }

    /// The lines, and the requests that they say, with the revision said.
    pub fn of(&mut self, state: &State) -> (Vec<String>, Vec<(RequestId, Revision)>) {
        let mut lines = Vec::new();
        let house = state.halted();
        if house != self.house {
            lines.push(match &house {
                Some(why) => say::line("house", &format!("{why}; say resume to go on")),
                None => say::line("house", "goes on"),
            });
            self.house = house;
        }
        self.decided(state, &mut lines);
        for mission in state.missions.values() {
            let before = self.missions.remove(&mission.id).unwrap_or_default();
            let now = facts(state, mission);
            let changed = now.iter().filter(|(topic, line)| before.get(*topic) != Some(*line));
            lines.extend(changed.map(|(_, line)| line.clone()));
            self.missions.insert(mission.id, now);
        }
        self.missions.retain(|id, _| state.missions.contains_key(id));
        let now = ill(state);
        let changed = now.iter().filter(|(id, line)| self.incidents.get(*id) != Some(*line));
        lines.extend(changed.map(|(_, line)| line.clone()));
        self.incidents = now;
        let said = self.requests(state, &mut lines);
        self.held(state, &mut lines);
        (lines, said)
    }

    /// Decisions that can still be taken back.
    fn held(&mut self, state: &State, lines: &mut Vec<String>) {
        let now = held(state);
        for (id, words) in now.iter().filter(|(id, words)| self.held.get(*id) != Some(*words)) {
            lines.push(say::line("held", &format!("{id}, {words}; say undo {id} to take it back")));
        }
        for id in self.held.keys().filter(|id| !now.contains_key(*id) && state.desk.contains_key(*id)) {
            lines.push(say::line("undone", &format!("{id} waits again")));
        }
        self.held = now;
    }

    /// Requests that wait no more; said before what came of it, however much one state tells at once.
    fn decided(&mut self, state: &State, lines: &mut Vec<String>) {
        let gone: Vec<RequestId> =
            self.requests.keys().filter(|id| !state.desk.contains_key(id)).copied().collect();
        for id in gone {
            self.requests.remove(&id);
            let decided = state.decided.iter().rev().find(|(request, ..)| request.id == id);
            let how = decided.map_or("no longer waits".to_owned(), |(request, decision, _)| {
                let mission = state.missions.get(&request.mission);
                decision_words(mission.map(AsRef::as_ref), decision)
            });
            // On a house with several faces it matters whose word it was.
            let who = state.deciders.get(&id).filter(|by| matches!(by, Actor::Person(_)));
            let who = who.map(|by| format!(", by {by}")).unwrap_or_default();
            lines.push(say::line("decided", &format!("{id}, {how}{who}")));
        }
    }

    fn requests(&mut self, state: &State, lines: &mut Vec<String>) -> Vec<(RequestId, Revision)> {
        let mut said = Vec::new();
        for request in state.desk.values() {
            let before = self.requests.insert(request.id, request.revision);
            if before == Some(request.revision) {
                continue;
            }
            let word = if before.is_none() { "waiting" } else { "changed" };
            lines.push(say::line(word, &request_words(state, request)));
            said.push((request.id, request.revision));
        }
        said
    }
}

/// What is told of incidents by itself, by incident.
fn ill(state: &State) -> BTreeMap<IncidentId, String> {
    let known = state.ward.incidents.values();
    known.filter_map(|incident| Some((incident.id, super::incidents::news_of(state, incident)?))).collect()
}

fn held(state: &State) -> BTreeMap<RequestId, String> {
    let words = |id: &RequestId, hold: &crate::domain::request::Hold| {
        let mission = state.desk.get(id).and_then(|request| state.missions.get(&request.mission));
        let decision = decision_words(mission.map(AsRef::as_ref), &hold.decision);
        format!("{decision}, {}", snapshot::takes_effect(state, hold))
    };
    state.clockwork.held.iter().map(|(id, hold)| (*id, words(id, hold))).collect()
}

/// What there is to say of a mission, by topic; topics stand in the order in which things happen.
fn facts(state: &State, mission: &Mission) -> BTreeMap<String, String> {
    let id = mission.id;
    let mut facts = BTreeMap::new();
    let mut put = |topic: String, word: &str, words: String| {
        facts.insert(topic, say::line(word, &words));
    };
    let brief = &mission.brief;
    let teams: Vec<String> = mission.teams.iter().map(|team| label(mission, team.id)).collect();
    let first = brief.text.lines().next().unwrap_or_default();
    put("a".into(), "mission", format!("{id}, {first}, {}, budget {}", teams.join(", "), brief.budget));
    if let Some(step) = mission.step {
        let (word, number, of) = snapshot::place_of(mission, step);
        let what = if mission.brief.feature.is_some() { "phase" } else { "step" };
        put("b".into(), what, format!("{id} {word}, {number} of {of}"));
    }
    if let Some(asked) = words::questions(mission) {
        let many = count(asked.len(), "question");
        put("c".into(), "question", format!("{id} waits for {many}; say answer {id}"));
    }
    if let Some(plan) = &mission.preparation.plan {
        put("d".into(), "plan", format!("{id}, {}", plan.goal));
    }
    for team in &mission.teams {
        team_facts(state, (mission, team), &mut put);
    }
    if let Some(judgement) = &mission.judgement {
        for (nth, verdict) in judgement.verdicts.iter().enumerate() {
            let note = verdict.note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
            let words = format!(
                "{id} {}, attempt {}, {} of 100 by {}{note}",
                label(mission, verdict.team),
                verdict.attempt,
                verdict.score,
                verdict.judge
            );
            put(format!("g{nth:03}"), "verdict", words);
        }
        for (nth, missing) in judgement.missing.iter().enumerate() {
            put(format!("h{nth:03}"), "verdict missing", format!("{id}, {missing}"));
        }
    }
    for (team, (attempt, ruling)) in &mission.rulings {
        let why: Vec<&str> = ruling.reasons.iter().map(|reason| reason.text.as_str()).collect();
        let words = format!("{id} {}, attempt {attempt}, {}", label(mission, *team), why.join("; "));
        put(format!("i{}", team.0), "gate", words);
    }
    if mission.result.ending.is_none() {
        for (nth, soft) in ledger::soft_caps(state, mission).into_iter().enumerate() {
            put(format!("j{nth:03}"), "budget", format!("{id}, {}", soft.words));
        }
        if let Some(note) = &mission.result.budget_note {
            put("k".into(), "budget", format!("{id}, {note}"));
        }
    }
    if let Some((ending, _)) = &mission.result.ending {
        put("l".into(), ending_word(ending), format!("{id}, {}", snapshot::headline(state, mission)));
    }
    for (nth, (commit, branch)) in mission.result.restored.iter().enumerate() {
        put(format!("m{nth:03}"), "restored", format!("{id} as {commit} on {branch}"));
    }
    facts
}

fn team_facts(
    state: &State,
    (mission, team): (&Mission, &crate::engine::state::Team),
    put: &mut impl FnMut(String, &str, String),
) {
    let (id, who, at) = (mission.id, label(mission, team.id), team.id.0);
    if team.phase != TeamPhase::Waiting {
        let why = match &team.phase {
            TeamPhase::Failed(failure) => format!(", {}", failure.reason),
            _ => String::new(),
        };
        let word = snapshot::channel_word(state, mission, team).to_lowercase();
        put(format!("f{at}z"), "team", format!("{id} {who} {word}, attempt {}{why}", team.attempt));
    }
    for (candidate, evidence) in &team.candidates {
        let (attempt, stat) = (candidate.attempt, &candidate.stat);
        let summary = candidate.summary.lines().next().unwrap_or_default();
        let size = format!("+{} -{} in {}", stat.additions, stat.deletions, count(stat.files.len(), "file"));
        put(format!("f{at}a{attempt:06}"), "candidate", format!("{id} {who} {attempt}, {size}, {summary}"));
        if let Some(evidence) = evidence {
            let words = format!("{id} {who} {attempt}, {}", evidence_words(evidence));
            put(format!("f{at}b{attempt:06}"), "evidence", words);
        }
    }
    if let Some(words) = snapshot::lent(team) {
        put(format!("f{at}y"), "worktree", format!("{id}, {words}"));
    }
}

fn ending_word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Landed => "landed",
        Ending::Failed(_) => "failed",
        Ending::Cancelled(_) => "cancelled",
        Ending::OverBudget(_) => "over budget",
    }
}
