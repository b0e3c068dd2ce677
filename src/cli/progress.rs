//! Progress of one mission in lines: what is new in a state since the last one. Pure: a state in, lines out;
//! nothing is said twice, and a state that skipped some in between still tells everything that is left of them.

use super::finish::team_name;
use crate::{
    domain::{
        candidate::{Candidate, CheckOutcome, CheckResult, Evidence, Verdict},
        feature::Phase,
        ids::{MissionId, RequestId, Revision, TeamId},
        mission::Step,
        request::{Request, Subject},
        text::count,
    },
    engine::{
        account,
        consents::{self, Yes},
        ledger, snapshot,
        state::{Control, Mission, State, Team, TeamPhase},
    },
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that happened, for both sorts of reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// For people.
    pub words: String,
    /// For programs; `kind` first.
    pub value: Value,
}

/// What has been told so far.
pub struct Progress {
    mission: MissionId,
    opened: bool,
    step: Option<Step>,
    phases: BTreeMap<TeamId, (TeamPhase, u32)>,
    told: BTreeSet<Told>,
    requests: BTreeMap<RequestId, Revision>,
}

/// Things that are told once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Candidate(TeamId, u32),
    Evidence(TeamId, u32, Revision),
    Verdict(String),
    Note(String),
}

impl Progress {
    /// Of a mission that nothing was told about.
    #[must_use]
    pub fn new(mission: MissionId) -> Self {
        Self {
            mission,
            opened: false,
            step: None,
            phases: BTreeMap::new(),
            told: BTreeSet::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Of a mission whose past needs no telling.
    #[must_use]
    pub fn from_here(mission: MissionId, state: &State) -> Self {
        let mut progress = Self::new(mission);
        progress.news(state);
        progress
    }

    /// What is new.
    pub fn news(&mut self, state: &State) -> Vec<Line> {
        let Some(mission) = state.missions.get(&self.mission).cloned() else { return Vec::new() };
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.opened, true) {
            lines.push(opened(&mission));
        }
        if mission.step.is_some() && mission.step != self.step {
            self.step = mission.step;
            lines.extend(mission.step.map(|step| step_line(&mission, step)));
        }
        self.halted(state, &mission, &mut lines);
        self.plan(&mission, &mut lines);
        for team in &mission.teams {
            self.team(&mission, team, &mut lines);
        }
        self.judgement(&mission, &mut lines);
        self.notes(&mission, &mut lines);
        self.budgets(state, &mission, &mut lines);
        self.requests(state, &mut lines);
        lines
    }

    fn once(&mut self, told: Told) -> bool {
        self.told.insert(told)
    }

    /// Why nothing goes on, where the whole house is halted.
    fn halted(&mut self, state: &State, mission: &Mission, lines: &mut Vec<Line>) {
        let (word, why) = match &state.control {
            _ if mission.result.ending.is_some() => return,
            Control::Running => return,
            Control::Paused(why) => ("paused", why),
            Control::Stopped(why) => ("stopped", why),
        };
        let words = format!("the house is {word}: {why}; `chimera resume` lets work go on");
        self.note(mission, None, &words, lines);
    }

    fn plan(&mut self, mission: &Mission, lines: &mut Vec<Line>) {
        if let Some(plan) = &mission.preparation.plan
            && self.once(Told::Note(format!("plan {:?} {:?}", plan.goal, plan.steps)))
        {
            lines.push(Line {
                words: format!("plan      {}", plan.goal),
                value: json!({
                    "kind": "plan", "mission": mission.id.to_string(), "goal": plan.goal, "steps": plan.steps,
                    "files": plan.files, "confidence": plan.confidence, "by": plan.by,
                }),
            });
        }
    }

    fn team(&mut self, mission: &Mission, team: &Team, lines: &mut Vec<Line>) {
        let now = (team.phase.clone(), team.attempt);
        let before = self.phases.insert(team.id, now.clone());
        if before.as_ref() != Some(&now) && team.phase != TeamPhase::Waiting {
            lines.push(team_line(mission, team));
        }
        for (candidate, evidence) in &team.candidates {
            if self.once(Told::Candidate(team.id, candidate.attempt)) {
                lines.push(candidate_line(mission, candidate));
            }
            if let Some(evidence) = evidence
                && self.once(Told::Evidence(team.id, candidate.attempt, evidence.revision))
            {
                lines.push(evidence_line(mission, candidate, evidence));
            }
        }
    }

    fn judgement(&mut self, mission: &Mission, lines: &mut Vec<Line>) {
        let Some(judgement) = &mission.judgement else { return };
        for verdict in &judgement.verdicts {
            let key = format!("{}/{}/{}/{}", verdict.team, verdict.attempt, verdict.judge, verdict.model);
            if self.once(Told::Verdict(key)) {
                lines.push(verdict_line(mission, verdict));
            }
        }
        for missing in &judgement.missing {
            self.note(mission, None, missing, lines);
        }
    }

    fn notes(&mut self, mission: &Mission, lines: &mut Vec<Line>) {
        if let Some(note) = &mission.result.budget_note {
            self.note(mission, None, note, lines);
        }
        for words in snapshot::course_words(mission) {
            self.note(mission, None, &words, lines);
        }
        for team in &mission.teams {
            if let Some(words) = snapshot::lent(team) {
                self.note(mission, Some(team.id), &words, lines);
            }
        }
        for (team, (attempt, ruling)) in &mission.rulings {
            let rules: Vec<&str> = ruling.reasons.iter().map(|reason| reason.text.as_str()).collect();
            let words = format!("the gate on {} #{attempt}: {}", team_name(mission, *team), rules.join("; "));
            self.note(mission, Some(*team), &words, lines);
        }
    }

    /// Caps that are nearly spent, each once.
    fn budgets(&mut self, state: &State, mission: &Mission, lines: &mut Vec<Line>) {
        for soft in ledger::soft_caps(state, mission) {
            if self.once(Told::Note(soft.words.clone())) {
                let mut line = notice(mission, None, &soft.words);
                line.value["budget"] = json!({
                    "scope": soft.scope, "spent_usd": soft.spent.as_usd(), "cap_usd": soft.cap.as_usd(),
                });
                lines.push(line);
            }
        }
    }

    /// A notice, once.
    fn note(&mut self, mission: &Mission, team: Option<TeamId>, text: &str, lines: &mut Vec<Line>) {
        if self.once(Told::Note(format!("{team:?} {text}"))) {
            lines.push(notice(mission, team, text));
        }
    }

    fn requests(&mut self, state: &State, lines: &mut Vec<Line>) {
        for request in state.desk.values().filter(|request| request.mission == self.mission) {
            if self.requests.insert(request.id, request.revision) != Some(request.revision) {
                lines.push(request_line(state, request));
            }
        }
    }
}

fn opened(mission: &Mission) -> Line {
    let brief = &mission.brief;
    let teams: Vec<Value> = mission
        .teams
        .iter()
        .map(|team| json!({"team": team.spec.name, "vendor": team.spec.model.vendor, "model": team.spec.model.model}))
        .collect();
    Line {
        words: format!(
            "{:<9} {} · {} · budget {}",
            mission.id.to_string(),
            brief.text.lines().next().unwrap_or_default(),
            mission.teams.iter().map(|team| team.spec.name.as_str()).collect::<Vec<_>>().join(", "),
            brief.budget
        ),
        value: json!({
            "kind": "mission_opened", "mission": mission.id.to_string(), "at": mission.opened.to_string(),
            "text": brief.text, "repo": brief.repo, "budget_usd": brief.budget.as_usd(), "teams": teams,
            "constraints": brief.constraints, "checks": brief.checks,
        }),
    }
}

fn step_line(mission: &Mission, step: Step) -> Line {
    let (word, number, of) = snapshot::place_of(mission, step);
    let mut value = json!({
        "kind": "step", "mission": mission.id.to_string(), "step": step.word(), "number": number, "of": of,
    });
    let what = match Phase::of(Some(step), None) {
        phase if mission.brief.feature.is_some() => {
            value["phase"] = phase.word().into();
            "phase"
        }
        _ => "step",
    };
    Line { words: format!("{word:<9} {what} {number} of {of}"), value }
}

fn team_line(mission: &Mission, team: &Team) -> Line {
    let reason = match &team.phase {
        TeamPhase::Failed(failure) => Some(failure.reason.as_str()),
        _ => None,
    };
    let tail = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let status = snapshot::team_word(mission, team);
    Line {
        words: format!("team      {} {status} #{}{tail}", team.spec.name, team.attempt),
        value: json!({
            "kind": "team", "mission": mission.id.to_string(), "team": team.spec.name,
            "vendor": team.spec.model.vendor, "model": team.spec.model.model, "attempt": team.attempt,
            "status": status.to_lowercase().replace(' ', "_"), "reason": reason,
            "tokens": team.account.usage.total(), "cost_usd": team.account.spent.as_usd(),
            "cost_known": !team.account.unknown,
        }),
    }
}

fn candidate_line(mission: &Mission, candidate: &Candidate) -> Line {
    let (stat, team) = (&candidate.stat, team_name(mission, candidate.team));
    Line {
        words: format!(
            "candidate {team} #{} +{} -{} in {}: {}",
            candidate.attempt,
            stat.additions,
            stat.deletions,
            count(stat.files.len(), "file"),
            candidate.summary.lines().next().unwrap_or_default()
        ),
        value: json!({
            "kind": "candidate", "mission": mission.id.to_string(), "team": team, "attempt": candidate.attempt,
            "files": stat.files, "additions": stat.additions, "deletions": stat.deletions,
            "summary": candidate.summary, "root_cause": candidate.root_cause,
            "confidence": candidate.stated(), "commit": candidate.commit, "diff_sha256": candidate.patch,
        }),
    }
}

fn evidence_line(mission: &Mission, candidate: &Candidate, evidence: &Evidence) -> Line {
    let team = team_name(mission, candidate.team);
    let word = if evidence.passed() { "passed" } else { "not passed" };
    let failed: Vec<&str> = evidence
        .checks
        .iter()
        .filter(|check| check.after.outcome != CheckOutcome::Passed)
        .map(|check| check.command.as_str())
        .collect();
    let tail = if failed.is_empty() { String::new() } else { format!(" ({})", failed.join(", ")) };
    Line {
        words: format!(
            "evidence  {team} #{} {word}: {}{tail}",
            candidate.attempt,
            count(evidence.checks.len(), "check")
        ),
        value: json!({
            "kind": "evidence", "mission": mission.id.to_string(), "team": team, "attempt": candidate.attempt,
            "revision": evidence.revision, "passed": evidence.passed(),
            "checks": evidence.checks.iter().map(check_value).collect::<Vec<_>>(),
            "new_passing": evidence.new_passing, "reproduces": evidence.reproduces,
            "elapsed_ms": evidence.elapsed,
        }),
    }
}

/// A check for programs.
fn check_value(check: &CheckResult) -> Value {
    json!({
        "check": check.kind, "command": check.command, "before": check.before.as_ref().map(|run| run.outcome),
        "outcome": check.after.outcome, "passed": check.after.passed, "failed": check.after.failed,
        "elapsed_ms": check.after.elapsed,
    })
}

fn verdict_line(mission: &Mission, verdict: &Verdict) -> Line {
    let team = team_name(mission, verdict.team);
    let note = verdict.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    Line {
        words: format!(
            "verdict   {team} #{} {}/100 by {}{note}",
            verdict.attempt, verdict.score, verdict.judge
        ),
        value: json!({
            "kind": "verdict", "mission": mission.id.to_string(), "team": team, "attempt": verdict.attempt,
            "judge": verdict.judge, "model": verdict.model, "score": verdict.score, "orders": verdict.orders,
            "confidence": verdict.confidence, "reasons": verdict.reasons, "note": verdict.note,
        }),
    }
}

/// Something to know about a mission or one of its teams.
#[must_use]
pub fn notice(mission: &Mission, team: Option<TeamId>, text: &str) -> Line {
    let team = team.map(|team| team_name(mission, team));
    let who = team.as_ref().map(|team| format!("{team}: ")).unwrap_or_default();
    Line {
        words: format!("notice    {who}{text}"),
        value: json!({"kind": "notice", "mission": mission.id.to_string(), "team": team, "text": text}),
    }
}

/// A request, as lists and followers show it.
#[must_use]
pub fn request_line(state: &State, request: &Request) -> Line {
    let mission = state.missions.get(&request.mission);
    let name = |team: TeamId| mission.map_or_else(|| team.to_string(), |mission| team_name(mission, team));
    let (words, detail) = match &request.subject {
        Subject::Choose { teams } => {
            let names: Vec<String> = teams.iter().map(|team| name(*team)).collect();
            let words = match names.as_slice() {
                [] => "no candidate may land: reject, or let the teams try again".to_owned(),
                [only] => format!("may the candidate of {only} land?"),
                _ => format!("choose a candidate of {}", names.join(", ")),
            };
            (words, json!({"teams": names}))
        }
        Subject::Command { team, argv, reason } => (
            format!("{} wants to run {argv:?}: {reason}", name(*team)),
            json!({"team": name(*team), "argv": argv, "reason": reason}),
        ),
        Subject::Budget { team, cap, wanted } => (
            format!("a budget of {wanted} is asked for instead of {cap}"),
            json!({"team": team.map(name), "cap_usd": cap.as_usd(), "wanted_usd": wanted.as_usd()}),
        ),
        Subject::Ask { team, question } => {
            (format!("{} asks: {question}", name(*team)), json!({"team": name(*team), "question": question}))
        }
        Subject::Conflict { team, files, .. } => (
            format!("{} does not apply any more: {}", name(*team), files.join(", ")),
            json!({"team": name(*team), "files": files}),
        ),
        Subject::Remedy { incident, remedy, approved } => {
            let by: Vec<String> = approved.iter().map(ToString::to_string).collect();
            let (words, lines) = (remedy.words(), account::remedy_lines(remedy));
            (
                words,
                json!({"incident": incident.to_string(), "remedy": remedy.word(), "words": lines,
                    "plan": remedy.plan(), "approved": by}),
            )
        }
        Subject::Release { incident, commit, back } => (
            account::release_words(commit, back.as_deref()),
            json!({"incident": incident.to_string(), "commit": commit, "back": back}),
        ),
    };
    let mut value = json!({
        "kind": "request", "request": request.id.to_string(), "about": request.about(),
        "mission": (request.mission != MissionId::HOUSE).then(|| request.mission.to_string()), "subject": request.subject.word(), "revision": request.revision, "opened": request.opened.to_string(),
        "expires": request.expires.to_string(), "reasons": request.reasons, "if_denied": request.if_denied,
    });
    let yes = consents::of(state, request);
    if !yes.is_empty() {
        value["approved"] = yes.iter().map(|yes| yes.by.clone()).collect::<Vec<_>>().into();
        value["consents"] = consents_value(&yes);
    }
    value["detail"] = detail;
    Line { words: format!("request   {} {} · {words}", request.id, request.revision), value }
}

/// Who said yes, and to what.
#[must_use]
pub fn consents_value(yes: &[Yes]) -> Value {
    yes.iter().map(|yes| json!({"by": yes.by, "to": yes.to})).collect::<Vec<_>>().into()
}
