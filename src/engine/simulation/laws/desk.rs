//! Laws of the desk: a decision counts once, on what was seen, as the word of whoever gave it; a veto window lasts as
//! long as it says; a grant covers what it names.

use super::{Before, Laws, Window};
use crate::{
    domain::{
        grant::{Pattern, Reach},
        ids::{GrantId, RequestId},
        request::{Actor, Decision, Modification, Request, Subject},
        time::Millis,
    },
    engine::{
        event::{DeskEvent, Fact},
        state::State,
    },
};

impl Laws {
    pub(super) fn desk(&mut self, (before, after): (&Before, &State), fact: &Fact, event: &DeskEvent) {
        match event {
            DeskEvent::RequestOpened(request) => {
                assert!(!before.desk.contains_key(&request.id) && !self.decided.contains(&request.id));
                if matches!(request.subject, Subject::Conflict { .. }) {
                    self.count("conflict");
                }
            }
            DeskEvent::RequestRevised(request) => {
                assert!(before.desk[&request.id].revision <= request.revision);
                let held = self.held.get(&request.id).map(|(hold, _)| hold.revision);
                assert!(
                    held.is_none_or(|seen| seen == request.revision),
                    "a held decision outlives what was seen"
                );
                if before.desk[&request.id].revision < request.revision {
                    self.windows.remove(&request.id);
                    // One yes of several took effect: what was held has done what it could.
                    self.due.take_if(|hold| hold.request == request.id);
                }
                self.approved_by_some(before, fact, request);
                self.one_of_several(before, fact, request);
            }
            DeskEvent::VetoOpened(id, until) => {
                assert!(*until >= fact.at);
                assert!(!self.held.contains_key(id), "a window beside a person's answer");
                let window = self.window(after, &before.desk[id]);
                self.windows.insert(*id, window);
            }
            DeskEvent::DecisionHeld(hold) => {
                self.count("held");
                assert!(matches!(fact.actor, Actor::Person(_)) && fact.actor == hold.by);
                assert_eq!(before.desk[&hold.request].revision, hold.revision);
                self.windows.remove(&hold.request);
                let twice = self.held.insert(hold.request, ((**hold).clone(), self.ran));
                assert!(twice.is_none(), "two answers are held for {}", hold.request);
            }
            DeskEvent::DecisionUndone(id) => {
                self.count("held, undone");
                assert!(matches!(fact.actor, Actor::Person(_)));
                assert!(self.held.remove(id).is_some(), "{id}: nothing is held that could be undone");
            }
            DeskEvent::DecisionDropped(id, _) => {
                self.count("held, dropped");
                assert!(self.held.remove(id).is_some(), "{id}: nothing is held that could be dropped");
            }
            DeskEvent::HoldEnded(id, _) => {
                let (hold, since) = self.held.remove(id).expect("ended, but never held");
                if matches!(fact.actor, Actor::Person(_)) {
                    self.count("held, given again");
                } else {
                    self.count("held, took effect");
                    assert!(!self.halted, "{id} takes effect while the clocks stand still");
                    let waited = self.ran - since;
                    assert!(waited >= 10_000, "{id} takes effect after {waited} ms");
                    self.due = Some(hold);
                }
            }
            DeskEvent::Granted(grant) => {
                self.count("grant");
                assert!(self.grants.insert(grant.id, (**grant).clone()).is_none());
                let line = grant.terms.pattern.elements();
                assert!(!line.iter().any(|word| word == ".env"), "what is protected is granted");
                assert!(grant.terms.uses > 0 && grant.terms.lasts > Millis(0));
            }
            DeskEvent::GrantUsed(id, request) => self.grant_used(before, fact, (*id, *request)),
            DeskEvent::GrantEnded(id, _) => {
                self.count("grant ended");
                assert!(self.grants.remove(id).is_some(), "{id} ends twice");
            }
            DeskEvent::RequestDecided(id, revision, decision) => {
                assert!(self.decided.insert(*id), "{id} was decided twice");
                let request = &before.desk[id];
                assert_eq!(request.revision, *revision, "{id} was decided on what nobody saw");
                assert!(!self.held.contains_key(id), "{id} is decided beside what is held for it");
                if let Some(hold) = self.due.take() {
                    assert_eq!(hold.request, *id, "something else than what was held takes effect");
                    assert_eq!(hold.by, fact.actor, "{id} counts as the word of another");
                    let chosen = matches!(hold.decision, Decision::Approve { .. })
                        && matches!(**decision, Decision::Approve { .. });
                    assert!(chosen || hold.decision == **decision, "{id}: not what was held");
                }
                self.by_two(before, fact, (*id, decision));
                self.decision(before, fact, (*id, decision));
            }
        }
    }

    /// One of several people said yes: one more, never the same twice, and to the same; or what was said is forgotten.
    fn one_of_several(&mut self, before: &Before, fact: &Fact, request: &Request) {
        let earlier = &before.desk[&request.id].approved;
        let Some((last, others)) = request.approved.split_last() else { return };
        if *earlier == request.approved {
            return;
        }
        self.count("one yes of two");
        assert_eq!(earlier.as_slice(), others, "{}: not one more yes", request.id);
        assert!(matches!(last.by, Actor::Person(_)), "{} by {}", request.id, last.by);
        assert!(
            fact.actor == last.by || fact.actor == Actor::Engine,
            "{} in the name of {}",
            request.id,
            last.by
        );
        for yes in others {
            assert!(!yes.by.is_same_person(&last.by), "{} twice by {}", request.id, last.by);
            assert_eq!(yes.decision, last.decision, "{}: yes to two things", request.id);
        }
    }

    /// Where two must say yes, two did.
    fn by_two(&self, before: &Before, fact: &Fact, (id, decision): (RequestId, &Decision)) {
        let request = &before.desk[&id];
        let yes = matches!(decision, Decision::Approve { .. } | Decision::Modify { .. });
        let in_words = matches!(decision, Decision::Modify { change: Modification::Prompt(_), .. });
        let shared = matches!(request.subject, Subject::Command { .. } | Subject::Budget { .. });
        if !(yes && shared && matches!(fact.actor, Actor::Person(_))) {
            return;
        }
        assert!(request.approved.iter().all(|yes| !yes.by.is_same_person(&fact.actor)), "{id} twice by one");
        if before.two_persons.iter().any(|word| word == "tier-3") && !in_words {
            assert!(!request.approved.is_empty(), "{id} is done on the word of {} alone", fact.actor);
        }
    }

    fn grant_used(&mut self, before: &Before, fact: &Fact, (id, request): (GrantId, RequestId)) {
        self.count("grant used");
        assert!(!self.halted, "{id} is used while the house is halted");
        let asked = &before.desk[&request];
        let Subject::Command { argv, .. } = &asked.subject else { panic!("{id} is used for {request}") };
        let grant = self.grants.get_mut(&id).expect("used, but not in force");
        let same = match &grant.terms.pattern {
            Pattern::Exact(line) => line == argv,
            Pattern::Prefix(first) => {
                argv.len() >= first.len() && first.iter().zip(argv).all(|(a, b)| a == b)
            }
        };
        assert!(same, "{id} is used for {argv:?}");
        assert!(
            grant.terms.reach == Reach::Project || grant.mission == asked.mission,
            "{id} reaches too far"
        );
        assert!(fact.at < grant.given + grant.terms.lasts, "{id} is used after its end");
        grant.used += 1;
        assert!(grant.used <= grant.terms.uses, "{id} is used {} times", grant.used);
        self.covered.insert(request);
    }

    fn decision(&mut self, before: &Before, fact: &Fact, (id, decision): (RequestId, &Decision)) {
        let request = &before.desk[&id];
        match decision {
            Decision::Approve { .. } | Decision::Retry { .. } | Decision::Modify { .. }
                if matches!(request.subject, Subject::Conflict { .. }) =>
            {
                if let Subject::Conflict { team, .. } = &request.subject {
                    self.behind.insert((request.mission, *team));
                }
            }
            Decision::Approve { .. }
                if matches!(request.subject, Subject::Command { .. }) && fact.actor == Actor::Policy =>
            {
                assert!(self.covered.remove(&id), "{id} was approved by nobody's word");
            }
            Decision::Expired => {
                assert!(!self.halted, "{id} expired while the clocks stand still");
                self.count("expired");
            }
            Decision::Approve { .. } | Decision::Reject { .. }
                if matches!(request.subject, Subject::Release { .. }) =>
            {
                self.kept_or_not(fact, request, matches!(decision, Decision::Approve { .. }));
            }
            Decision::Approve { .. } if matches!(request.subject, Subject::Choose { .. }) => {
                self.approved.insert(request.mission);
                assert!(!self.halted, "{id} lands while the house is halted");
                if fact.actor == Actor::Policy {
                    self.founded_fix(before, request.mission);
                }
                match (&fact.actor, self.windows.get(&id)) {
                    (Actor::Person(_), _) => self.count("person approval"),
                    (Actor::Policy, Some(window)) => {
                        window.waited(self.ran);
                        self.count("veto approval");
                    }
                    (Actor::Policy, None) => {
                        self.count("standing approval");
                        use crate::domain::brief::Approval;
                        let word = &before.missions[&request.mission].brief.approve;
                        assert!(
                            matches!(word, Approval::Best | Approval::Team(_)),
                            "nobody gave a word for {id}"
                        );
                    }
                    (other, _) => panic!("{other:?} approved {id}"),
                }
            }
            Decision::Retry { .. } => {
                if let Subject::Remedy { incident, .. } = &request.subject {
                    self.healing.cases.get_mut(incident).expect("a remedy of nothing").again = true;
                }
            }
            Decision::Approve { .. } if matches!(request.subject, Subject::Remedy { .. }) => {
                self.remedy_approved(fact, request);
            }
            _ => {}
        }
    }
}

impl Window {
    /// It lasted as long as it must, by the hours in which the house ran.
    pub(super) fn waited(&self, ran: i64) {
        let waited = ran - self.since;
        assert!(waited >= self.least, "a veto window of {waited} ms, {} at least", self.least);
    }
}
