//! The decision: the gate rules on every candidate, a person chooses, or the director's standing word does.
//!
//! Invariant: an effect that lands something is wanted only together with a ruling `Auto` of the same plan.

use super::{contender, draft, end, land, open, plan_digest, ranking, report, standing_word};
use crate::{
    domain::{
        brief::Approval,
        candidate::{Candidate, Evidence, Verdict},
        ids::{MissionId, RequestId, TeamId},
        mission::{Ending, Step},
        request::{Actor, Decision, Modification, Request, Subject},
        time::Millis,
    },
    engine::{
        command::{Refusal, RefusalKind},
        desk,
        effect::{EffectKind, Failure, FailureKind, runs_again},
        event::{DeskEvent, MissionEvent, TeamEvent},
        healing::leave,
        pen::{Pen, refuse},
        state::{Mission, TeamPhase},
    },
    policy::{
        gate::{explain, gate, version},
        proposal::{Action, Approver, Given, Grounds, Proposal, Standing, Surroundings, Target, Tests},
        ruling::{Ruling, RulingOutcome},
    },
};

/// How a decision is reached.
enum Route {
    /// By the director's word given beforehand, if there is one, or a veto window; else at the desk.
    Any,
    /// At the desk alone, because of this.
    Desk(String),
}

/// The gate's ruling on landing one candidate.
pub(super) fn rule(
    pen: &Pen<'_>,
    mission: &Mission,
    (candidate, evidence): (&Candidate, Option<&Evidence>),
    (approver, given): (Approver, Given),
) -> Ruling {
    let mut stat = candidate.stat.clone();
    if let Some(measured) = evidence.map(|e| &e.stat) {
        // What was measured and what the team's side measured: a path in either counts.
        stat.files.extend(measured.files.iter().filter(|f| !candidate.stat.files.contains(f)).cloned());
        stat.manifests
            .extend(measured.manifests.iter().filter(|f| !candidate.stat.manifests.contains(f)).cloned());
        stat.additions = stat.additions.max(measured.additions);
        stat.deletions = stat.deletions.max(measured.deletions);
    }
    let tests = match evidence {
        Some(evidence) if evidence.passed() => Tests::Green,
        Some(evidence) if !report::red_checks(evidence).is_empty() => {
            Tests::Red(report::red_checks(evidence))
        }
        _ => Tests::Missing,
    };
    let confidence = candidate.stated();
    let composed = !candidate.author.is_empty();
    let grounds = Grounds { tests, grade: None, confidence, tainted: false, composed };
    let plan = plan_digest(mission, candidate);
    let asked = (&stat, plan, grounds.clone());
    if let Some(ruling) = leave::rule_candidate(&pen.state, mission, asked, (pen.order.at, approver, given)) {
        return ruling;
    }
    // What is brought to the staging environment must be green, whoever says yes.
    let staging = mission
        .brief
        .feature
        .as_ref()
        .is_some_and(|feature| feature.branch.is_some() || matches!(grounds.tests, Tests::Red(_)));
    let target = if staging { Target::Staging } else { Target::Branch };
    let action = Action::Patch { stat: &stat, target };
    let proposal = Proposal { action, plan, grounds };
    let halted = pen.state.halted();
    let standing = Standing {
        at: pen.order.at,
        policy: &pen.state.policy,
        halted: halted.as_deref(),
        approver,
        given,
        grant: None,
        surroundings: Surroundings::default(),
    };
    gate(&proposal, &standing)
}

fn rule_team(
    pen: &Pen<'_>,
    mission: &Mission,
    team: TeamId,
    asked: (Approver, Given),
) -> Option<(u32, Ruling)> {
    let found = mission.teams.iter().find(|t| t.id == team)?;
    let (candidate, evidence) = contender(found)?;
    Some((candidate.attempt, rule(pen, mission, (candidate, Some(evidence)), asked)))
}

/// What the gate says of a team's candidate as it stands, with nothing given for it.
pub(in crate::engine) fn rule_again(pen: &Pen<'_>, id: MissionId, team: TeamId) -> Option<Ruling> {
    let mission = pen.mission(id)?;
    rule_team(pen, &mission, team, (Approver::Policy, Given::Nothing)).map(|(_, ruling)| ruling)
}

/// The judges have spoken, or it is said why not.
pub(super) fn judged(pen: &mut Pen<'_>, id: MissionId, verdicts: &[Verdict], missing: &[String]) {
    let Some(mission) = pen.mission(id) else { return };
    let up: Vec<(TeamId, u32)> = ranking(&mission);
    let fitting = verdicts.iter().filter(|v| up.contains(&(v.team, v.attempt))).cloned().collect();
    pen.mission_event(id, MissionEvent::Judged(fitting, missing.to_vec()));
    deliberate(pen, id, Route::Any);
}

/// Back to the desk after something went wrong on the way to the target.
pub(super) fn ask_again(pen: &mut Pen<'_>, id: MissionId, why: String) {
    deliberate(pen, id, Route::Desk(why));
}

fn deliberate(pen: &mut Pen<'_>, id: MissionId, route: Route) {
    let Some(mission) = pen.mission(id) else { return };
    if mission.step != Some(Step::Decide) {
        pen.mission_event(id, MissionEvent::StepEntered(Step::Decide, mission.revision));
    }
    for (team, _) in ranking(&mission) {
        if let Some((attempt, ruling)) = rule_team(pen, &mission, team, (Approver::Person, Given::Nothing)) {
            pen.mission_event(id, MissionEvent::Ruled(team, attempt, Box::new(ruling)));
        }
    }
    let note = match route {
        Route::Desk(why) => Some(why),
        Route::Any => None,
    };
    let request = put_choice(pen, id, note.as_deref());
    if note.is_some() {
        return;
    }
    if let Some(team) = word_given(pen, id) {
        // The same checks as for a person's yes follow; a refusal leaves the request open.
        let _ = choose(pen, (id, request), team, (Approver::Policy, Given::Approved(1)));
    } else {
        open_window(pen, id, request);
    }
}

/// The team that the director's standing word lands, if the gate lets it.
fn word_given(pen: &Pen<'_>, id: MissionId) -> Option<TeamId> {
    let mission = pen.mission(id)?;
    let named = |team: TeamId| match &mission.brief.approve {
        Approval::Best => true,
        Approval::Team(name) => {
            mission.teams.iter().any(|t| t.id == team && t.spec.name.to_lowercase() == name.to_lowercase())
        }
        Approval::Ask | Approval::None => false,
    };
    ranking(&mission).into_iter().map(|(team, _)| team).filter(|team| named(*team)).find(|team| {
        rule_team(pen, &mission, *team, (Approver::Policy, Given::Approved(1)))
            .is_some_and(|(_, ruling)| ruling.outcome == RulingOutcome::Auto)
    })
}

/// The best candidate lands by itself after a while, where the gate says so and a person is meant to look.
fn open_window(pen: &mut Pen<'_>, id: MissionId, request: RequestId) {
    let Some(mission) = pen.mission(id) else { return };
    let best =
        ranking(&mission).first().map(|(team, _)| *team).filter(|_| mission.brief.approve == Approval::Ask);
    let ruling = best.and_then(|team| rule_team(pen, &mission, team, (Approver::Policy, Given::Nothing)));
    if let Some(RulingOutcome::After(delay)) = ruling.map(|(_, ruling)| ruling.outcome) {
        pen.desk_event(DeskEvent::VetoOpened(request, pen.order.at + delay));
    }
}

/// Opens the choice, or revises it where it is open.
fn put_choice(pen: &mut Pen<'_>, id: MissionId, note: Option<&str>) -> RequestId {
    let (teams, mut reasons) = choosable(pen, id);
    let brings = pen.mission(id).and_then(|mission| leave::brings_to(&pen.state, &mission));
    reasons.splice(0..0, note.map(str::to_owned).into_iter().chain(brings));
    let subject = Subject::Choose { teams };
    match choice_of(pen, id) {
        Some(open) => desk::revise(pen, &open, subject, reasons),
        None => desk::open(pen, id, subject, reasons),
    }
}

/// Teams that a person may approve, and every reason that fired.
fn choosable(pen: &Pen<'_>, id: MissionId) -> (Vec<TeamId>, Vec<String>) {
    let Some(mission) = pen.mission(id) else { return (Vec::new(), Vec::new()) };
    let (mut teams, mut reasons) = (Vec::new(), Vec::new());
    for team in mission.teams.iter().filter(|team| contender(team).is_some()) {
        let Some((_, ruling)) = mission.rulings.get(&team.id) else { continue };
        if ruling.outcome != RulingOutcome::Deny {
            teams.push(team.id);
        }
        if let Some((made, evidence, former)) = draft::fallen(team) {
            let (name, by) = (&team.spec.name, &made.author);
            let (nth, red) = (made.attempt, report::red_checks(evidence));
            reasons.push(format!(
                "{name}: attempt {nth}, by {by}, does not pass ({red}): attempt {former} stands again"
            ));
        }
        reasons.extend(ruling.reasons.iter().map(|r| format!("{}: {}: {}", team.spec.name, r.rule, r.text)));
    }
    if let Some(judgement) = &mission.judgement {
        reasons.extend(judgement.missing.iter().cloned());
    }
    (teams, reasons)
}

fn choice_of(pen: &Pen<'_>, id: MissionId) -> Option<Request> {
    desk::open_of(&pen.state, id).into_iter().find(|r| matches!(r.subject, Subject::Choose { .. }))
}

/// While teams draft anew, only those still ready can be chosen; with none the request is withdrawn.
pub(super) fn shrink(pen: &mut Pen<'_>, id: MissionId) {
    draft::withdraw(pen, id, |subject| matches!(subject, Subject::Conflict { .. }));
    let (Some(open), Some(mission)) = (choice_of(pen, id), pen.mission(id)) else { return };
    let Subject::Choose { teams } = &open.subject else { return };
    let ready = |id: &TeamId| mission.teams.iter().any(|t| t.id == *id && contender(t).is_some());
    let left: Vec<TeamId> = teams.iter().filter(|team| ready(team)).copied().collect();
    if left.is_empty() {
        desk::close(pen, &open, Decision::Withdrawn);
    } else {
        let mut reasons = open.reasons.clone();
        reasons.truncate(desk::REASONS_MOST.saturating_sub(1));
        reasons.push("some teams draft anew".to_owned());
        desk::revise(pen, &open, Subject::Choose { teams: left }, reasons);
    }
}

/// A yes for one team: ruled on anew, and only an `Auto` for exactly this plan goes on to land.
fn choose(
    pen: &mut Pen<'_>,
    (id, request): (MissionId, RequestId),
    team: TeamId,
    asked: (Approver, Given),
) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    let (attempt, ruling) = rule_team(pen, &mission, team, asked).ok_or_else(|| {
        let name = mission.team_name(team);
        refuse(RefusalKind::Invalid, format!("{name} of {id} has no candidate to choose"))
    })?;
    if ruling.outcome != RulingOutcome::Auto {
        let kind = if pen.state.halted().is_some() { RefusalKind::Halted } else { RefusalKind::Forbidden };
        return Err(refuse(kind, explain(&ruling).join("; ")));
    }
    let plan = ruling.plan;
    if let Some(open) = pen.state.desk.get(&request).cloned() {
        desk::close(pen, &open, Decision::Approve { team: Some(team) });
    }
    draft::withdraw(pen, id, |_| true);
    pen.drop_effects(id, |effect| matches!(effect.kind, EffectKind::Judge { .. }));
    send_home(pen, &mission, team);
    pen.mission_event(id, MissionEvent::Ruled(team, attempt, Box::new(ruling)));
    pen.mission_event(id, MissionEvent::Chosen(team, attempt));
    pen.mission_event(id, MissionEvent::StepEntered(Step::Land, mission.revision.next()));
    pen.want(id, EffectKind::Land { team, attempt, plan });
    Ok(())
}

/// Teams that still work when another wins stop.
fn send_home(pen: &mut Pen<'_>, mission: &Mission, winner: TeamId) {
    let failure = Failure { kind: FailureKind::Cancelled, reason: "another candidate was chosen".to_owned() };
    for team in &mission.teams {
        let at_work = matches!(team.phase, TeamPhase::Drafting | TeamPhase::Checking | TeamPhase::TakenOver);
        if team.id != winner && at_work {
            draft::halt(pen, mission.id, team.id);
            pen.team_event(mission.id, team.id, TeamEvent::Failed(failure.clone()));
        }
    }
}

/// A person's answer to a choice.
pub(in crate::engine) fn answer_choice(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    by: &Actor,
) -> Result<(), Refusal> {
    let approver = if matches!(by, Actor::Person(_)) { Approver::Person } else { Approver::Policy };
    let id = request.mission;
    let Subject::Choose { teams } = &request.subject else {
        return Err(refuse(RefusalKind::Invalid, format!("{} is no choice", request.id)));
    };
    let pick = |team: &Option<TeamId>| match (team, teams.as_slice()) {
        (Some(team), _) if teams.contains(team) => Ok(*team),
        (Some(team), _) => {
            let name = pen.mission(id).map_or_else(|| team.to_string(), |mission| mission.team_name(*team));
            Err(refuse(RefusalKind::Forbidden, format!("{name} cannot be chosen in {}", request.id)))
        }
        (None, [only]) => Ok(*only),
        (None, _) => Err(refuse(RefusalKind::Invalid, format!("say which team of {}", request.id))),
    };
    match decision {
        Decision::Approve { team } => {
            let team = pick(team)?;
            let yes = Decision::Approve { team: Some(team) };
            let given = desk::given(pen, request, &yes, by)?;
            let mission = pen.live(id)?;
            let ruling = rule_team(pen, &mission, team, (approver, given));
            if let Some(wants) = ruling.and_then(|(_, ruling)| desk::wants_more(&ruling, given)) {
                return desk::consent(pen, request, (yes, by), wants);
            }
            return choose(pen, (id, request.id), team, (approver, given));
        }
        Decision::Modify { team, change: Modification::Patch(patch) } => {
            // What cannot be approved as it is can be changed until it can.
            let up = |team: &TeamId| {
                let mission = pen.mission(id);
                mission.is_some_and(|m| m.teams.iter().any(|t| t.id == *team && contender(t).is_some()))
            };
            let team = team.filter(up).map_or_else(|| pick(team), Ok)?;
            desk::close(pen, request, decision.clone());
            draft::adopt(pen, id, team, *patch);
        }
        Decision::Modify { team, change: Modification::Prompt(text) } => {
            let text = open::remark(text)?;
            retry(pen, request, decision, (team.map_or_else(|| all_teams(pen, id), |t| vec![t]), text))?;
        }
        Decision::Retry { reason } => {
            let text = open::remark(reason)?;
            retry(pen, request, decision, (all_teams(pen, id), text))?;
        }
        Decision::Reject { reason } => {
            desk::close(pen, request, decision.clone());
            end::end(pen, id, Ending::Cancelled(format!("rejected: {reason}")));
        }
        Decision::Expired => {
            desk::close(pen, request, Decision::Expired);
            end::end(pen, id, Ending::Cancelled("nobody decided in time: denied".to_owned()));
        }
        Decision::Modify { .. } | Decision::Grant { .. } | Decision::Withdrawn => {
            return Err(refuse(RefusalKind::Invalid, format!("{} is a choice of a candidate", request.id)));
        }
    }
    Ok(())
}

fn all_teams(pen: &Pen<'_>, id: MissionId) -> Vec<TeamId> {
    let mission = pen.mission(id);
    mission
        .map(|m| m.teams.iter().filter(|t| t.phase != TeamPhase::TakenOver).map(|t| t.id).collect())
        .unwrap_or_default()
}

fn retry(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    (teams, said): (Vec<TeamId>, &str),
) -> Result<(), Refusal> {
    let mission = pen.live(request.mission)?;
    if let Some(stray) = teams.iter().find(|team| mission.teams.iter().all(|t| t.id != **team)) {
        return Err(refuse(RefusalKind::Unknown, format!("{} has no team {stray}", mission.id)));
    }
    desk::close(pen, request, decision.clone());
    draft::redraft(pen, request.mission, &teams, said);
    Ok(())
}

/// `Retry` of a mission that waits at the desk: the same as answering the choice or the conflict with it.
pub(super) fn retry_open_choice(pen: &mut Pen<'_>, id: MissionId, why: &str) -> Result<(), Refusal> {
    let decision = Decision::Retry { reason: why.to_owned() };
    if let Some(conflict) = land::conflict_of(pen, id) {
        return land::answer_conflict(pen, &conflict, &decision);
    }
    let Some(open) = choice_of(pen, id) else {
        let text = format!("{id} is at work: refine a team, or wait for the decision");
        return Err(refuse(RefusalKind::Already, text));
    };
    let by = pen.order.actor.clone();
    answer_choice(pen, &open, &decision, &by)
}

/// A veto window ended without a no.
pub(in crate::engine) fn approve_waited(pen: &mut Pen<'_>, request: &Request, waited: Millis) {
    let best = pen.mission(request.mission).and_then(|m| ranking(&m).first().map(|(team, _)| *team));
    let asked = (Approver::Policy, Given::Waited(waited));
    let chosen = best.map(|team| choose(pen, (request.mission, request.id), team, asked));
    if !matches!(chosen, Some(Ok(()))) {
        let (_, mut reasons) = choosable(pen, request.mission);
        reasons.insert(
            0,
            "the veto window ended, but the gate does not let it land by itself any more".to_owned(),
        );
        desk::revise(pen, request, request.subject.clone(), reasons);
    }
}

/// After a resume or a new policy nothing undecided may rest on old rulings.
pub(in crate::engine) fn reconsider_all(pen: &mut Pen<'_>) {
    let ids: Vec<MissionId> = pen.state.missions.keys().copied().collect();
    for id in ids {
        reconsider(pen, id);
    }
}

/// The same for missions that heal, where what surrounds incidents has changed.
pub(in crate::engine) fn reconsider_healing(pen: &mut Pen<'_>) {
    let all = pen.state.missions.iter().filter(|(_, mission)| mission.brief.heals.is_some());
    let ids: Vec<MissionId> = all.map(|(id, _)| *id).collect();
    for id in ids {
        reconsider(pen, id);
    }
}

/// The same for one mission.
pub(super) fn reconsider(pen: &mut Pen<'_>, id: MissionId) {
    let Ok(mission) = pen.live(id) else { return };
    match mission.step {
        Some(Step::Land) => reconsider_landing(pen, &mission),
        Some(Step::Decide) if choice_of(pen, id).is_some() => reconsider_choice(pen, &mission),
        _ => {}
    }
}

fn reconsider_choice(pen: &mut Pen<'_>, mission: &Mission) {
    let held = mission.rulings.values().any(|(_, r)| matches!(r.outcome, RulingOutcome::Hold { .. }));
    let changed = mission.rulings.iter().any(|(team, (_, old))| {
        rule_team(pen, mission, *team, (Approver::Person, Given::Nothing)).is_none_or(|(_, new)| {
            (&new.outcome, &new.reasons, new.policy) != (&old.outcome, &old.reasons, old.policy)
        })
    });
    let stands = standing_word(&mission.brief.approve);
    if changed && (held || !stands) {
        deliberate(pen, mission.id, Route::Any);
    } else if changed {
        deliberate(pen, mission.id, Route::Desk("the rules changed while this waited".to_owned()));
    }
}

/// A yes given under another policy is asked of the gate again before the landing begins.
fn reconsider_landing(pen: &mut Pen<'_>, mission: &Mission) {
    // A later run of a landing is none that has not begun: the first may be in the world.
    let unbegun = mission.effects.iter().any(|(id, effect)| {
        effect.started.is_none() && !runs_again(id) && matches!(effect.kind, EffectKind::Land { .. })
    });
    let Some((team, _)) = mission.result.chosen else { return };
    let old = mission.rulings.get(&team).map(|(_, r)| r.policy);
    if !unbegun || pen.state.halted().is_some() || old == Some(version(&pen.state.policy)) {
        return;
    }
    let approver = if standing_word(&mission.brief.approve) { Approver::Policy } else { Approver::Person };
    match rule_team(pen, mission, team, (approver, Given::Approved(1))) {
        Some((attempt, ruling)) if ruling.outcome == RulingOutcome::Auto => {
            pen.mission_event(mission.id, MissionEvent::Ruled(team, attempt, Box::new(ruling)));
        }
        _ => land::back_to_desk(pen, mission.id, "the policy changed before the landing began".to_owned()),
    }
}
