//! What a fact means for the numbers of the house: looks into the state as it was before the fact, and books.
//! Facts that mean nothing for them cost a look at their kind.

use super::{
    effect::{FailureKind, mission_of},
    event::{
        ControlEvent, DeskEvent, EffectEvent, Event, Fact, IdeaEvent, IncidentEvent, MissionEvent,
        MoneyEvent, TeamEvent, WardEvent,
    },
    healing::ward::Ward,
    records::{Account, Activity, Entrant, Records, Sums, Tally, Turn, What, longer, more, short},
    state::{Ledger, Mission, Reservation, State, Team, TeamPhase},
};
use crate::domain::{
    brief::Brief,
    candidate::{CommitId, Evidence},
    ids::{CallId, EffectId, IncidentId, MissionId, RequestId, TeamId},
    incident::Phase,
    mission::{Ending, MissionKind, Rating},
    money::{Cost, Money, Usage},
    plan::Survey,
    request::{Actor, Decision, Modification, Request, Subject},
    text::clean_line,
    time::{Millis, Timestamp},
};
use std::{collections::BTreeMap, sync::Arc};

/// The longest name of a team, model or language, in characters.
const NAME_MOST: usize = 64;
/// The longest reason that is counted by its words, in characters.
const REASON_MOST: usize = 80;

/// Books one fact. Total, as the fold is: what is about something unknown is left out.
pub(super) fn record(state: &mut State, fact: &Fact) {
    let State { records, missions, desk, ledger, ward, .. } = state;
    let mut book = Book { records, missions, desk, ledger, ward, actor: &fact.actor, at: fact.at };
    match &fact.event {
        Event::Mission(id, event) => book.mission(*id, event),
        Event::Team(id, team, event) => book.team(*id, *team, event),
        Event::Desk(event) => book.desk(event),
        Event::Effect(EffectEvent::Failed(id, failure)) if failure.kind != FailureKind::Cancelled => {
            book.fault(id, &failure.reason);
        }
        Event::Effect(_) => {}
        Event::Money(event) => book.money(event),
        Event::Control(event) => book.control(event),
        Event::Idea(event) => book.idea(event),
        Event::Incident(id, event) => book.incident(*id, event),
        Event::Ward(event) => book.ward(event),
    }
}

/// The state before a fact, and the records that it changes.
struct Book<'a> {
    records: &'a mut Arc<Records>,
    missions: &'a BTreeMap<MissionId, Arc<Mission>>,
    desk: &'a BTreeMap<RequestId, Arc<Request>>,
    ledger: &'a Ledger,
    ward: &'a Ward,
    actor: &'a Actor,
    at: Timestamp,
}

/// A name as tables have it.
fn name(words: &str) -> String {
    clean_line(words, NAME_MOST).into()
}

/// `brief · rust`; the language is known once the repository was looked at.
/// The kind of task as the records have it: the mission's kind and the repository's main language, `brief · rust`.
#[must_use]
pub fn kind_of(mission: &Mission) -> String {
    kind_with(mission.kind, mission.preparation.survey.as_deref())
}

fn kind_with(kind: MissionKind, survey: Option<&Survey>) -> String {
    let word = kind.word();
    match survey {
        Some(survey) if !survey.language.is_empty() => format!("{word} · {}", name(&survey.language)),
        _ => word.to_owned(),
    }
}

/// The first characters of a commit.
fn short_commit(commit: &CommitId) -> String {
    short(&commit.0.chars().take(10).collect::<String>())
}

/// What money was for that no known mission paid.
fn without_mission(reservation: &Reservation) -> String {
    match (reservation.mission, reservation.incident) {
        (_, Some(_)) => "incidents",
        (MissionId::HOUSE, None) => "ideas",
        _ => "brief",
    }
    .to_owned()
}

/// Team name and model of a team.
fn names(team: &Team) -> (String, String) {
    (name(&team.spec.name), name(&team.spec.model.to_string()))
}

impl<'a> Book<'a> {
    fn records(&mut self) -> &mut Records {
        Arc::make_mut(self.records)
    }

    fn count(&mut self, add: impl Fn(&mut Sums)) {
        let at = self.at;
        self.records().count(at, &add);
    }

    fn happened(&mut self, mission: Option<MissionId>, what: What) {
        let mission = mission.filter(|mission| *mission != MissionId::HOUSE);
        let item = Activity { at: self.at, actor: self.actor.clone(), mission, what };
        self.records().happened(item);
    }

    fn on_team(&mut self, team: &Team, change: impl Fn(&mut Tally)) {
        let (team, model) = names(team);
        self.records().on_team((&team, &model), &change);
    }

    fn find(&self, id: MissionId) -> Option<&'a Mission> {
        self.missions.get(&id).map(|mission| &**mission)
    }

    fn mission(&mut self, id: MissionId, event: &MissionEvent) {
        if let MissionEvent::Opened(brief) = event {
            return self.opened(id, brief);
        }
        let Some(mission) = self.find(id) else { return };
        if matches!(event, MissionEvent::Admitted | MissionEvent::StepEntered(..) | MissionEvent::Ended(_)) {
            let at = self.at;
            self.records().track(id, event, at);
        }
        let what = match event {
            MissionEvent::Surveyed(survey) if mission.preparation.survey.is_none() => {
                let kind = kind_with(mission.kind, Some(survey));
                return self.records().on_kind(&kind, &|tally| more(&mut tally.missions, 1));
            }
            MissionEvent::Planned(plan) => What::Planned(plan.steps.len()),
            MissionEvent::Judged(verdicts, _) => What::Judged(verdicts.len()),
            MissionEvent::Chosen(team, _) => What::Chosen(short(&mission.team_name(*team))),
            MissionEvent::Landed(commit, branch) => What::Landed(short_commit(commit), short(branch)),
            MissionEvent::Restored(commit, branch) => {
                self.count(|sums| more(&mut sums.restored, 1));
                What::Restored(short_commit(commit), short(branch))
            }
            MissionEvent::Ended(ending) => return self.ended(mission, ending),
            MissionEvent::Reopened(why) => {
                let ending = mission.result.ending.as_ref().map(|(ending, _)| ending);
                let failed = matches!(ending, Some(Ending::Failed(_) | Ending::OverBudget(_)));
                self.count(|sums| {
                    more(&mut sums.reopened, 1);
                    more(&mut sums.retried, u64::from(failed));
                });
                What::Reopened(short(why))
            }
            MissionEvent::BudgetReached(note) => What::OverCap(short(note)),
            MissionEvent::Rated(rating) => {
                self.rated(mission, rating);
                What::Rated(short(&rating.to_string()))
            }
            _ => return,
        };
        self.happened(Some(id), what);
    }

    fn opened(&mut self, id: MissionId, brief: &Brief) {
        self.count(|sums| more(&mut sums.opened, 1));
        for team in brief.teams.iter().take(usize::from(TeamId::MOST)) {
            let (team, model) = (name(&team.name), name(&team.model.to_string()));
            self.records().on_team((&team, &model), &|tally| more(&mut tally.missions, 1));
        }
        self.happened(Some(id), What::Opened(short(&brief.text)));
    }

    fn ended(&mut self, mission: &Mission, ending: &Ending) {
        let landed = matches!(ending, Ending::Landed);
        let handled = self.records().was_handled(mission.id);
        let took = self.at.since(mission.opened);
        self.count(|sums| {
            sums.end(ending);
            more(&mut sums.handled, u64::from(handled));
            if landed {
                longer(&mut sums.fix, took);
            }
        });
        let kind = kind_of(mission);
        self.records().on_kind(&kind, &|tally| {
            more(&mut tally.ended, 1);
            more(&mut tally.landed, u64::from(landed));
            longer(&mut tally.worked, took);
        });
        let chosen = mission.result.chosen.map(|(team, _)| team).filter(|_| landed);
        for team in &mission.teams {
            let won = chosen == Some(team.id);
            self.on_team(team, |tally| {
                more(&mut tally.ended, 1);
                more(&mut tally.landed, u64::from(won));
            });
        }
        match ending.why() {
            // Told by the commit.
            None => self.race(mission, &kind, chosen),
            Some(why) => {
                let what = What::Ended(ending.word().replace('_', " "), short(why));
                self.happened(Some(mission.id), what);
            }
        }
    }

    fn rated(&mut self, mission: &Mission, rating: &Rating) {
        let before = mission.result.rating.as_ref().map(|rating| rating.stars);
        self.records().on_kind(&kind_of(mission), &|tally| tally.rate(rating.stars, before));
        let chosen = mission.result.chosen.map(|(team, _)| team);
        let landed = mission.teams.iter().find(|team| Some(team.id) == chosen);
        if let Some(team) = landed.filter(|_| mission.result.landed.is_some()) {
            self.on_team(team, |tally| tally.rate(rating.stars, before));
        }
    }

    /// A landed mission is a race of all teams whose candidate was ready. What the director made by hand, or out of
    /// several candidates, is no team's win.
    fn race(&mut self, mission: &Mission, kind: &str, chosen: Option<TeamId>) {
        let ready: Vec<(&Team, &Evidence, (String, String))> =
            mission.teams.iter().filter_map(|team| Some((team, ready(team)?, names(team)))).collect();
        let by_team = |team: &Team| {
            let entry = mission.result.chosen.and_then(|(_, attempt)| team.entry(attempt));
            entry.is_some_and(|(candidate, _)| candidate.author.is_empty())
        };
        let entrants: Vec<Entrant<'_>> = ready
            .iter()
            .map(|(team, evidence, (name, model))| Entrant {
                team: name,
                model,
                chosen: chosen == Some(team.id) && by_team(team),
                passed: evidence.passed(),
                money: team.account.spent,
                unknown: team.account.unknown,
                worked: team.account.worked,
            })
            .collect();
        // A commit that nobody chose among these is no race of theirs.
        if entrants.iter().any(|entrant| entrant.chosen) {
            self.records().race(kind, &entrants);
        }
    }

    fn team(&mut self, id: MissionId, team: TeamId, event: &TeamEvent) {
        let Some(mission) = self.find(id) else { return };
        let Some(team) = mission.teams.iter().find(|known| known.id == team) else { return };
        let called = || name(&team.spec.name);
        let what = match event {
            TeamEvent::DraftStarted { attempt, .. } => What::Drafting(called(), *attempt),
            TeamEvent::CandidateProposed(candidate) => {
                let took = team.account.started.map_or(Millis(0), |since| self.at.since(since));
                self.count(|sums| more(&mut sums.candidates, 1));
                self.on_team(team, |tally| {
                    more(&mut tally.candidates, 1);
                    longer(&mut tally.worked, took);
                });
                self.records().on_kind(&kind_of(mission), &|tally| more(&mut tally.candidates, 1));
                let lines = [candidate.stat.additions, candidate.stat.deletions];
                What::Proposed(called(), candidate.attempt, lines)
            }
            TeamEvent::EvidenceGathered(attempt, evidence) => {
                let passed = self.gathered(mission, team, (*attempt, evidence));
                What::Checked(called(), *attempt, passed)
            }
            TeamEvent::Failed(failure) if failure.kind != FailureKind::Cancelled => {
                self.on_team(team, |tally| more(&mut tally.failed, 1));
                self.records().on_kind(&kind_of(mission), &|tally| more(&mut tally.failed, 1));
                What::TeamFailed(called(), short(&failure.reason))
            }
            TeamEvent::TakenOver => What::TakenOver(called()),
            TeamEvent::HandedBack => What::HandedBack(called()),
            _ => return,
        };
        self.happened(Some(id), what);
    }

    fn gathered(&mut self, mission: &Mission, team: &Team, (attempt, evidence): (u32, &Evidence)) -> bool {
        let passed = evidence.passed();
        let Some((candidate, earlier)) = team.entry(attempt) else { return passed };
        if earlier.is_none() && passed {
            self.count(|sums| more(&mut sums.passed, 1));
            self.on_team(team, |tally| more(&mut tally.passed, 1));
            self.records().on_kind(&kind_of(mission), &|tally| more(&mut tally.passed, 1));
        }
        let when = (mission.id, self.at);
        self.records().evidence(when, &candidate.base, (evidence, earlier.as_deref()));
        passed
    }

    fn desk(&mut self, event: &DeskEvent) {
        match event {
            DeskEvent::RequestOpened(request) => {
                self.count(|sums| more(&mut sums.asked, 1));
                let what = What::Asked(request.id, asked(request));
                self.happened(Some(request.mission), what);
            }
            DeskEvent::RequestDecided(id, _, decision) => self.decided(*id, decision),
            // What is held counts when it takes effect, and as the word of whoever gave it.
            _ => {}
        }
    }

    fn decided(&mut self, id: RequestId, decision: &Decision) {
        let Some(request) = self.desk.get(&id) else { return };
        let answer = match decision {
            Decision::Approve { team: Some(team) } => {
                let called = self.find(request.mission).map(|mission| mission.team_name(*team));
                format!("yes, {}", called.unwrap_or_else(|| team.to_string()))
            }
            Decision::Approve { team: None } => "yes".to_owned(),
            Decision::Modify { .. } => "yes, changed".to_owned(),
            Decision::Grant { .. } => "yes, and for a while".to_owned(),
            Decision::Reject { reason } => format!("no: {reason}"),
            Decision::Retry { reason } => format!("again: {reason}"),
            Decision::Expired => "nobody in time: denied".to_owned(),
            // It no longer mattered: nobody decided anything.
            Decision::Withdrawn => return,
        };
        match (self.actor, decision) {
            (_, Decision::Expired) => self.count(|sums| more(&mut sums.expired, 1)),
            (Actor::Policy, _) => self.count(|sums| more(&mut sums.by_policy, 1)),
            (Actor::Person(_), _) => self.by_person(request, decision),
            (Actor::Engine | Actor::Agent(..) | Actor::Investigator(_), _) => {}
        }
        self.happened(Some(request.mission), What::Decided(id, asked(request), short(&answer)));
    }

    fn by_person(&mut self, request: &Request, decision: &Decision) {
        let (at, waited) = (self.at, self.at.since(request.opened));
        self.records().decided_by_person(at, waited);
        let Some(mission) = self.find(request.mission) else { return };
        // A no to what an ended mission asks leaves it ended.
        if mission.result.ending.is_none() || !matches!(decision, Decision::Reject { .. }) {
            self.records().handle(mission.id);
        }
        let reason = match decision {
            Decision::Reject { reason } | Decision::Retry { reason } => reason,
            Decision::Modify { change: Modification::Prompt(words), .. } => words,
            _ => return,
        };
        let Subject::Choose { teams } = &request.subject else { return };
        let reason: String = clean_line(reason, REASON_MOST).into();
        self.records().on_kind(&kind_of(mission), &|tally| tally.reject(&reason));
        for team in mission.teams.iter().filter(|team| teams.contains(&team.id)) {
            self.on_team(team, |tally| tally.reject(&reason));
        }
    }

    fn fault(&mut self, id: &EffectId, reason: &str) {
        let doing = id.0.split('/').nth(1).unwrap_or_default().to_owned();
        let when = (mission_of(id), self.at);
        self.records().fault(when, &name(&doing), reason);
    }

    fn money(&mut self, event: &MoneyEvent) {
        match event {
            MoneyEvent::Reserved { .. } => {}
            // A reservation that was given back before anything was sent was no call.
            MoneyEvent::Settled { usage, cost, .. }
                if *usage == Usage::default() && *cost == Cost::Known(Money::ZERO) => {}
            MoneyEvent::Settled { call, usage, cost } => self.paid(*call, *usage, Some(*cost)),
            MoneyEvent::Forfeited(call) => self.paid(*call, Usage::default(), None),
            MoneyEvent::CapRaised(mission, cap) => {
                if self.missions.contains_key(mission) {
                    self.happened(Some(*mission), What::CapRaised(*cap));
                }
            }
        }
    }

    /// Without a cost, what was set aside for the call counts as spent, as it does in the ledger.
    fn paid(&mut self, call: CallId, usage: Usage, cost: Option<Cost>) {
        let Some(reservation) = self.ledger.open.get(&call) else { return };
        let cost = cost.unwrap_or(reservation.worst);
        let mission = self.find(reservation.mission);
        let team = reservation.team.zip(mission).map(|(team, mission)| name(&mission.team_name(team)));
        let kind = mission.map_or_else(|| without_mission(reservation), kind_of);
        let model = name(&reservation.model.to_string());
        let account = Account { model: &model, team: team.as_deref(), kind: &kind };
        let at = self.at;
        self.records().paid(at, &account, (usage, cost));
    }

    fn idea(&mut self, event: &IdeaEvent) {
        let (mission, what) = match event {
            IdeaEvent::Dismissed { id, why, .. } => (None, What::Dismissed(id.to_string(), short(why))),
            IdeaEvent::Taken { id, mission, .. } => (Some(*mission), What::Taken(id.to_string())),
            IdeaEvent::Suggested { ideas, .. } => (None, What::Suggested(ideas.len())),
            IdeaEvent::Asked(_) | IdeaEvent::Unanswered { .. } => return,
        };
        self.happened(mission, what);
    }

    /// What a person may want to know of an incident. Sightings are too many, and what waits is told as a request.
    fn incident(&mut self, id: IncidentId, event: &IncidentEvent) {
        let (turn, words) = match event {
            IncidentEvent::PhaseEntered(phase) => match phase {
                Phase::Open => {
                    let known = self.ward.incidents.get(&id);
                    let words = known.map(|known| format!("{} {}", known.severity, known.title));
                    (Turn::Open, words.unwrap_or_default())
                }
                Phase::Suppressed(why) => (Turn::Quiet, why.words()),
                Phase::NeedsHuman(why) => (Turn::NeedsHuman, why.clone()),
                Phase::Resolved | Phase::NoActionRequired | Phase::Closed => {
                    (Turn::Over, phase.word().to_owned())
                }
                _ => return,
            },
            IncidentEvent::Reopened => (Turn::Back, String::new()),
            IncidentEvent::Diagnosed(found) => {
                (Turn::Diagnosed, format!("grade {}, {}", found.grade, found.cause))
            }
            IncidentEvent::AttemptBegan { remedy, .. } => (Turn::Acts, remedy.words()),
            IncidentEvent::AttemptEnded { outcome, .. } => {
                let (turn, why) = Turn::ended(outcome);
                (turn, why.to_owned())
            }
            _ => return,
        };
        self.happened(None, What::Incident(id, turn, short(&words)));
    }

    fn ward(&mut self, event: &WardEvent) {
        let what = match event {
            WardEvent::Silenced(id, silence) => What::Silenced(id.to_string(), short(&silence.why)),
            WardEvent::StormBegan => What::Storm(true),
            WardEvent::StormEnded => What::Storm(false),
            WardEvent::SilenceEnded(_) | WardEvent::Deployed => return,
        };
        self.happened(None, what);
    }

    fn control(&mut self, event: &ControlEvent) {
        let what = match event {
            ControlEvent::Paused(why) => What::Paused(short(why)),
            ControlEvent::Stopped(why) => What::Stopped(short(why)),
            ControlEvent::Resumed => What::Resumed,
            ControlEvent::PolicyLoaded(_) => What::Rules,
            ControlEvent::SettingChanged { key, file, value } => {
                What::Setting(short(key), value.as_deref().map(short), short(file))
            }
            ControlEvent::Started { version } => What::Started(short(version)),
            ControlEvent::Recovered { bytes } => What::Recovered(*bytes),
            ControlEvent::Given(_) => return,
        };
        self.happened(None, what);
    }
}

/// What sort of request it is; a remedy with its incident.
fn asked(request: &Request) -> String {
    let word = request.subject.word();
    request.subject.incident().map_or_else(|| word.to_owned(), |incident| format!("{word} of {incident}"))
}

/// The evidence of a team whose current candidate is ready to be chosen.
fn ready(team: &Team) -> Option<&Evidence> {
    let (candidate, evidence) = team.candidates.last()?;
    let up = team.phase == TeamPhase::Ready && candidate.attempt == team.attempt;
    evidence.as_deref().filter(|_| up)
}
