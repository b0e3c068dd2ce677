//! What a person puts together out of several candidates, or changes by hand, takes a team's candidate's place only
//! if it passes.

use super::*;

impl House {
    /// A person's patch becomes the next candidate of this team, with this evidence.
    fn combined(&mut self, team: TeamId, proof: Evidence) {
        let (id, request) = self.state.desk.iter().next().map(|(id, open)| (id.0, open.clone())).unwrap();
        let change = Modification::Patch(Digest::of(b"places of both"));
        self.answer(id, request.revision.0, Decision::Modify { team: Some(team), change }).unwrap();
        let found = self.state.missions[&M].teams.iter().find(|known| known.id == team).unwrap();
        let (former, attempt) = (found.candidates.last().unwrap().0.as_ref().clone(), found.attempt);
        let made = Candidate {
            attempt,
            based_on: self.state.missions[&M].revision,
            commit: CommitId(format!("combined-{attempt}")),
            author: "ada, out of 2 candidates".into(),
            sealed: None,
            ..former
        };
        self.world(&format!("adopt/{team}/"), Outcome::Drafted(Box::new(made))).unwrap();
        self.world(&format!("check/{team}/"), Outcome::Checked(Box::new(proof))).unwrap();
    }
    fn team(&self, team: TeamId) -> &super::super::state::Team {
        self.state.missions[&M].teams.iter().find(|known| known.id == team).unwrap()
    }
    fn choice(&self) -> (u64, u32, Vec<TeamId>, String) {
        let (id, request) = self.state.desk.iter().next().unwrap();
        let Subject::Choose { teams } = &request.subject else { panic!("no choice: {request:?}") };
        (id.0, request.revision.0, teams.clone(), request.reasons.join("\n"))
    }
}

#[test]
fn a10_a_combination_that_fails_leaves_the_candidate_that_passed() {
    let mut house = House::at_desk(Approval::Ask);
    house.combined(ONE, evidence(false));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();

    let team = house.team(ONE);
    let (now, proof) = team.candidates.last().unwrap();
    assert_eq!(
        (now.attempt, &now.commit, team.phase.clone()),
        (3, &team.candidates[0].0.commit, TeamPhase::Ready)
    );
    assert!(proof.as_ref().unwrap().passed() && now.author.is_empty());
    let (made, failed) = &team.candidates[1];
    assert!(!made.author.is_empty() && !failed.as_ref().unwrap().passed(), "what failed can still be read");

    let (id, seen, teams, reasons) = house.choice();
    assert_eq!(teams, [ONE, TWO]);
    assert!(reasons.contains("attempt 2, by ada, out of 2 candidates, does not pass"), "{reasons}");
    assert!(reasons.contains("attempt 1 stands again"), "{reasons}");
    assert_eq!(house.answer(id, seen, approve(ONE)), Ok(()));
    assert_eq!(house.state.missions[&M].result.chosen, Some((ONE, 3)));
}

#[test]
fn a10_a_combination_that_passes_is_what_can_be_chosen() {
    let mut house = House::at_desk(Approval::Ask);
    house.combined(ONE, evidence(true));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    let (now, _) = house.team(ONE).candidates.last().unwrap();
    assert_eq!((now.attempt, now.commit.0.as_str()), (2, "combined-2"));
    let (_, _, teams, reasons) = house.choice();
    assert_eq!(teams, [ONE, TWO]);
    assert!(!reasons.contains("stands again"), "{reasons}");
}

#[test]
fn a10_a_second_combination_that_fails_falls_back_to_the_last_that_passed() {
    let mut house = House::at_desk(Approval::Ask);
    house.combined(ONE, evidence(true));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    house.combined(ONE, evidence(false));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    let (now, _) = house.team(ONE).candidates.last().unwrap();
    assert_eq!((now.attempt, now.commit.0.as_str()), (4, "combined-2"));
    assert!(house.choice().3.contains("attempt 3, by ada, out of 2 candidates, does not pass"));
}

#[test]
fn a10_a_combination_that_fails_stays_where_nothing_passed_before() {
    let mut house = House::at_work(Approval::Ask);
    house.draft(ONE, &["src/a.rs"], evidence(false));
    house.draft(TWO, &["src/b.rs"], evidence(true));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    house.combined(ONE, evidence(false));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    let (now, _) = house.team(ONE).candidates.last().unwrap();
    assert_eq!(
        (now.attempt, now.commit.0.as_str()),
        (2, "combined-2"),
        "the newest of two that fail is shown"
    );
    assert_eq!(house.choice().2, [TWO]);
}
