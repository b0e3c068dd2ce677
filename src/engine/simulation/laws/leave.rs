//! Laws of leave: no remedy begins without a ruling of exactly its plan and somebody's word, and what nobody said yes to
//! is only what may happen by itself.

use super::{
    Before, Laws, Window,
    healing::{Case, Word},
};
use crate::{
    domain::{
        ids::{IncidentId, MissionId},
        incident::{Grade, Phase, Remedy, Severity},
        request::{Actor, Request, Subject},
        service::Service,
        time::Timestamp,
    },
    engine::{event::Fact, state::State},
    policy::{gate::version, ruling::RulingOutcome},
};

/// A stated confidence up to this, in percent, asks a person.
const CONFIDENCE: u8 = 95;

impl Laws {
    /// A remedy begins: it was let, now, under the policy in force, by whoever may.
    pub(super) fn may_begin(&mut self, after: &State, at: Timestamp, (id, remedy): (IncidentId, &Remedy)) {
        assert!(!self.halted, "{id} is acted on while the house is halted");
        let case = &self.healing.cases[&id];
        let said = case.diagnosis.as_ref().map(|diagnosis| diagnosis.remedy.plan());
        assert_eq!(said, Some(remedy.plan()), "{id}: not the remedy of its diagnosis");
        assert_eq!(case.phase, Phase::Diagnosed, "{id} is acted on while it is {}", case.phase.word());
        let ruling = case.ruling.as_ref().expect("a remedy without a ruling");
        assert_eq!(ruling.outcome, RulingOutcome::Auto, "{id} begins, and the gate did not let it");
        assert_eq!((ruling.plan, ruling.at), (remedy.plan(), at), "{id}: a ruling of something else");
        assert_eq!(ruling.policy, version(&after.policy), "{id}: a ruling of another policy");
        let service = after.policy.healing.services.iter().find(|service| service.name == case.service);
        let level = service.and_then(|service| service.level).unwrap_or(after.policy.level);
        let silent = self.healing.silenced(case, at);
        let word = case.word.clone();
        if let Some(Word::People(given)) = word {
            enough(id, (given, service), (level, remedy));
            self.count(if given > 1 { "remedy by two" } else { "remedy by person" });
            return;
        }
        assert!(!silent, "{id} is silenced, and acted on alone");
        assert!(!self.healing.storm, "{id} is acted on alone in a storm");
        assert!(level >= 2, "{id} is acted on alone at level {level}");
        let least = if word.is_some() { 2 } else { 1 };
        harmless((id, case), remedy, (least, level, service));
        self.count(if word.is_some() { "remedy by window" } else { "remedy alone" });
    }

    /// One of several people said yes: never the same twice.
    pub(super) fn approved_by_some(&mut self, before: &Before, fact: &Fact, request: &Request) {
        let (Subject::Remedy { approved, .. }, Subject::Remedy { approved: earlier, .. }) =
            (&request.subject, &before.desk[&request.id].subject)
        else {
            return;
        };
        assert!(approved.len() <= earlier.len() + 1, "{}: two yes at once", request.id);
        if approved.len() > earlier.len() {
            let new = &approved[earlier.len()];
            assert!(matches!(new, Actor::Person(_)) && !earlier.contains(new), "{} by {new}", request.id);
            assert!(fact.actor == *new || fact.actor == Actor::Engine, "{} in the name of {new}", request.id);
        }
        self.healing.yes.insert(request.id, approved.len());
    }

    /// A remedy was approved.
    pub(super) fn remedy_approved(&mut self, fact: &Fact, request: &Request) {
        let Subject::Remedy { incident, remedy, approved } = &request.subject else { return };
        assert!(!self.halted, "{} takes effect while the house is halted", request.id);
        let word = match &fact.actor {
            Actor::Person(_) => {
                assert!(!approved.contains(&fact.actor), "{} twice by {}", request.id, fact.actor);
                assert_eq!(self.healing.yes.get(&request.id).copied().unwrap_or(0), approved.len());
                Word::People(approved.len() + 1)
            }
            Actor::Policy => {
                let window = self.windows.get(&request.id).expect("a remedy is let by nobody's word");
                window.waited(self.ran);
                assert_eq!(window.plan, Some(remedy.plan()), "{}: a window of another plan", request.id);
                Word::Window
            }
            other => panic!("{other} approved {}", request.id),
        };
        self.healing.cases.get_mut(incident).expect("a remedy of nothing").word = Some(word);
    }

    /// How long a window lasts that opens now.
    pub(super) fn window(&self, after: &State, request: &Request) -> Window {
        let hours = &after.policy.healing.hours;
        let incident = match &request.subject {
            Subject::Remedy { incident, .. } => Some(*incident),
            _ => after.missions.get(&request.mission).and_then(|mission| mission.brief.heals),
        };
        let severity = incident.and_then(|id| after.ward.incidents.get(&id)).map(|known| known.severity);
        let lasts = if severity == Some(Severity::P0) { hours.veto_window_p0 } else { hours.veto_window };
        let plan = match &request.subject {
            Subject::Remedy { remedy, .. } => Some(remedy.plan()),
            _ => None,
        };
        Window { since: self.ran, least: i64::try_from(lasts.0).expect("a short time"), plan }
    }

    /// A fix lands by nobody's eyes on it: its diagnosis must be one that may act.
    pub(super) fn founded_fix(&mut self, before: &Before, mission: MissionId) {
        let heals = before.missions.get(&mission).and_then(|mission| mission.brief.heals);
        let Some(case) = heals.and_then(|id| self.healing.cases.get(&id)) else { return };
        let grade = case.diagnosis.as_ref().map(|diagnosis| diagnosis.grade);
        assert!(!case.unfounded, "{mission} lands by itself on what no evidence carries");
        assert_eq!(grade, Some(Grade::A), "{mission} lands by itself");
        self.count("fix by policy");
    }
}

/// Where only people can say yes, as many as the service wants did.
fn enough(id: IncidentId, (given, service): (usize, Option<&Service>), (level, remedy): (u8, &Remedy)) {
    let Some(service) = service.filter(|service| service.approvers > 1) else { return };
    let asked = level == 1 || (service.tier_floor == 3 && matches!(remedy, Remedy::Runbook(_)));
    let wants = usize::from(service.approvers);
    assert!(!asked || given >= wants, "{id} begins with {given} of {wants} approvals");
}

/// What happens without a person is founded, and of a tier that may.
fn harmless(
    (id, case): (IncidentId, &Case),
    remedy: &Remedy,
    (most, level, service): (u8, u8, Option<&Service>),
) {
    let diagnosis = case.diagnosis.as_ref().expect("looked at by the caller");
    assert!(!diagnosis.tainted, "{id} is acted on alone, and only text speaks for it");
    let Remedy::Runbook(plan) = remedy else { return };
    assert!(!case.unfounded, "{id} is acted on alone, and no evidence carries it");
    assert_eq!(diagnosis.grade, Grade::A, "{id} is acted on alone");
    assert!(diagnosis.confidence.is_none_or(|pct| pct > CONFIDENCE), "{id}: {:?}", diagnosis.confidence);
    let careful =
        plan.steps.iter().all(|step| step.dry_run.is_some()) && (plan.reversible || plan.idempotent);
    let tier = if plan.tier == 1 && !careful { 2 } else { plan.tier };
    let tier = tier.max(service.map_or(0, |service| service.tier_floor));
    assert!(tier <= most, "{id} is acted on alone in tier {tier}");
    assert!(plan.autonomy.levels.contains(&level), "{id} is acted on alone at level {level}");
}
