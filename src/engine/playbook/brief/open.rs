//! Opening, admitting and steering briefs: what a director says to missions.

use super::{advance, choice, draft, end, land, prepare};
use crate::{
    domain::{
        brief::{Approval, Brief},
        candidate::CommitId,
        feature::Feature,
        ids::{MissionId, TeamId},
        mission::{Ending, Step},
        money::Money,
        request::{Decision, Subject},
        text::count,
    },
    engine::{
        command::{MissionCommand, Refusal, RefusalKind},
        effect::EffectKind,
        event::{MissionEvent, TeamEvent},
        pen::{Pen, may_start, refuse},
        state::{Mission, TeamPhase},
    },
    policy::{
        gate::explain,
        proposal::{Approver, Given},
        ruling::RulingOutcome,
    },
};
use std::{cmp::Reverse, collections::BTreeSet};

/// Missions that may wait for a place in the pool.
pub const QUEUE_MOST: usize = 20_000;
/// Longest remark to a team, in bytes.
pub const REMARK_MOST: usize = 64 * 1024;
/// Constraints, checks and attachments of a brief, each.
pub const LIST_MOST: usize = 100;
/// Longest team name, in characters.
pub const NAME_MOST: usize = 64;

/// A director's word on missions.
pub(in crate::engine) fn command(pen: &mut Pen<'_>, command: &MissionCommand) -> Result<(), Refusal> {
    if pen.order.actor.is_agent() {
        return Err(refuse(RefusalKind::Forbidden, "agents do not direct missions; they ask at the desk"));
    }
    match command {
        MissionCommand::Open(brief) => open(pen, brief),
        MissionCommand::Answer(id, answers) => prepare::answer(pen, *id, answers),
        MissionCommand::Cancel(id, why) => {
            let mission = pen.live(*id)?;
            unless_landing(&mission)?;
            end::end(pen, *id, Ending::Cancelled(why.clone()));
            Ok(())
        }
        MissionCommand::Refine(id, team, text) => refine(pen, *id, *team, text),
        MissionCommand::Retry(id, why) => retry(pen, *id, why),
        MissionCommand::TakeOver(id, team) => take_over(pen, *id, *team),
        MissionCommand::HandBack(id, team) => hand_back(pen, *id, *team),
        MissionCommand::Restore(id, commit) => restore(pen, *id, commit),
        MissionCommand::Rate(id, rating) => end::rate(pen, *id, rating),
    }
}

/// Opens a mission, or says what is wrong with its brief.
pub(in crate::engine) fn open(pen: &mut Pen<'_>, brief: &Brief) -> Result<(), Refusal> {
    validate(brief)?;
    if let Some(before) = brief.once.and_then(|once| pen.state.opened_under(once.word)) {
        return Err(refuse(RefusalKind::Already, format!("{} was opened under the same word", before.id)));
    }
    let waiting = pen.state.missions.values().filter(|m| queued(m)).count();
    if waiting >= QUEUE_MOST {
        let text = format!("{QUEUE_MOST} missions wait already: cancel some or wait");
        return Err(refuse(RefusalKind::Invalid, text));
    }
    let id = MissionId(pen.state.counters.mission.saturating_add(1));
    pen.mission_event(id, MissionEvent::Opened(Box::new(brief.clone())));
    Ok(())
}

fn validate(brief: &Brief) -> Result<(), Refusal> {
    let bad = |text: String| Err(refuse(RefusalKind::Invalid, text));
    if brief.text.trim().is_empty() {
        return bad("the brief is empty: say what is to be done".into());
    }
    if brief.text.len() > Brief::TEXT_MOST {
        return bad(format!("the brief has {} bytes, {} at most", brief.text.len(), Brief::TEXT_MOST));
    }
    if brief.budget <= Money::ZERO {
        return bad(format!("a budget of {} allows no work: give more than nothing", brief.budget));
    }
    if !(1..=10).contains(&brief.priority) {
        return bad(format!("priority {} is not from 1 to 10", brief.priority));
    }
    if let Some(Err(wrong)) = brief.feature.as_ref().map(Feature::check) {
        return bad(wrong);
    }
    if brief.feature.is_some() && (brief.patch.is_some() || brief.heals.is_some()) {
        return bad("a feature heals nothing and is not there beforehand".into());
    }
    if brief.repo.is_empty() {
        return bad("the brief names no repository".into());
    }
    for (what, count) in [
        ("constraints", brief.constraints.len()),
        ("checks", brief.checks.len()),
        ("attachments", brief.attachments.len()),
    ] {
        if count > LIST_MOST {
            return bad(format!("{count} {what}, {LIST_MOST} at most"));
        }
    }
    validate_teams(brief)
}

fn validate_teams(brief: &Brief) -> Result<(), Refusal> {
    let bad = |text: String| Err(refuse(RefusalKind::Invalid, text));
    if brief.teams.is_empty() || brief.teams.len() > usize::from(TeamId::MOST) {
        return bad(format!("{}: name 1 to {}", count(brief.teams.len(), "team"), TeamId::MOST));
    }
    if brief.patch.is_some() && brief.teams.len() != 1 {
        return bad("work that is there already is one team's: name one".into());
    }
    let mut seen = BTreeSet::new();
    for team in &brief.teams {
        if team.name.trim().is_empty() || team.name.chars().count() > NAME_MOST {
            return bad(format!("a team needs a name of 1 to {NAME_MOST} characters"));
        }
        if !seen.insert(team.name.to_lowercase()) {
            return bad(format!("two teams are called {:?}", team.name));
        }
    }
    match &brief.approve {
        Approval::Team(name) if !seen.contains(&name.to_lowercase()) => {
            bad(format!("approve names {name:?}, but no team is called so"))
        }
        _ => Ok(()),
    }
}

/// Waits for a place in the pool.
pub(super) fn queued(mission: &Mission) -> bool {
    mission.step.is_none() && mission.result.ending.is_none()
}

/// Holds a place in the pool: something is to be done. A mission that waits for a person holds none.
#[must_use]
pub fn working(mission: &Mission) -> bool {
    mission.step.is_some() && mission.result.ending.is_none() && !mission.effects.is_empty()
}

/// Fills free places in the pool: highest priority first, then oldest.
pub(in crate::engine) fn admit(pen: &mut Pen<'_>) {
    if may_start(&pen.state).is_err() {
        return;
    }
    let pool = usize::from(pen.state.policy.pool.max(1));
    let busy = pen.state.missions.values().filter(|m| working(m)).count();
    let mut waiting: Vec<_> = pen
        .state
        .missions
        .values()
        .filter(|m| queued(m))
        .map(|m| (Reverse(m.brief.priority), m.id))
        .collect();
    waiting.sort_unstable();
    for (_, id) in waiting.into_iter().take(pool.saturating_sub(busy)) {
        pen.mission_event(id, MissionEvent::Admitted);
        prepare::enter(pen, id);
    }
}

/// Refuses while the winner is being made a commit: that cannot be left half done.
pub(super) fn unless_landing(mission: &Mission) -> Result<(), Refusal> {
    let landing = |kind: &EffectKind| matches!(kind, EffectKind::Land { .. });
    if mission.effects.values().any(|e| e.started.is_some() && landing(&e.kind)) {
        let text = format!("{} is landing right now: wait for it, then restore if need be", mission.id);
        return Err(refuse(RefusalKind::Already, text));
    }
    Ok(())
}

/// Refuses unless teams can be told something: from the first draft until the winner lands.
fn at_work(mission: &Mission, team: TeamId) -> Result<TeamPhase, Refusal> {
    let found = mission.teams.iter().find(|t| t.id == team);
    let found =
        found.ok_or_else(|| refuse(RefusalKind::Unknown, format!("{} has no team {team}", mission.id)))?;
    match mission.step {
        Some(Step::Draft | Step::Check | Step::Judge | Step::Decide) => Ok(found.phase.clone()),
        Some(Step::Land) => Err(refuse(RefusalKind::Stale, format!("{} is landing its winner", mission.id))),
        Some(Step::Stage | Step::Validate) => {
            Err(refuse(RefusalKind::Stale, format!("what {} came to has landed", mission.id)))
        }
        Some(Step::Test) => Err(refuse(
            RefusalKind::Stale,
            format!("{} has its end-to-end test written first: wait for the code", mission.id),
        )),
        _ => Err(refuse(RefusalKind::Stale, format!("the teams of {} have not started yet", mission.id))),
    }
}

pub(super) fn remark(text: &str) -> Result<&str, Refusal> {
    if text.trim().is_empty() {
        return Err(refuse(RefusalKind::Invalid, "say what to do differently"));
    }
    if text.len() > REMARK_MOST {
        return Err(refuse(RefusalKind::Invalid, format!("{} bytes, {REMARK_MOST} at most", text.len())));
    }
    Ok(text)
}

fn refine(pen: &mut Pen<'_>, id: MissionId, team: TeamId, text: &str) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    let text = remark(text)?.to_owned();
    let conflict = land::conflict_of(pen, id)
        .filter(|request| matches!(request.subject, Subject::Conflict { team: whose, .. } if whose == team));
    if let Some(conflict) = conflict {
        return land::answer_conflict(pen, &conflict, &Decision::Retry { reason: text });
    }
    match at_work(&mission, team)? {
        TeamPhase::Drafting | TeamPhase::TakenOver | TeamPhase::Waiting => {
            pen.team_event(id, team, TeamEvent::FeedbackGiven(text));
        }
        TeamPhase::Checking | TeamPhase::Ready | TeamPhase::Failed(_) => {
            draft::redraft(pen, id, &[team], &text);
        }
    }
    Ok(())
}

fn retry(pen: &mut Pen<'_>, id: MissionId, why: &str) -> Result<(), Refusal> {
    let mission = pen.known(id)?;
    let why = remark(why)?;
    match &mission.result.ending {
        Some((Ending::Landed, _)) => {
            Err(refuse(RefusalKind::Already, format!("{id} has landed: restore it or open another brief")))
        }
        Some(_) => end::reopen(pen, id, why),
        None => choice::retry_open_choice(pen, id, why),
    }
}

fn take_over(pen: &mut Pen<'_>, id: MissionId, team: TeamId) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    if at_work(&mission, team)? == TeamPhase::TakenOver {
        return Err(refuse(
            RefusalKind::Already,
            format!("{} of {id} is in your hands already", mission.team_name(team)),
        ));
    }
    let conflict = land::conflict_of(pen, id)
        .filter(|request| matches!(request.subject, Subject::Conflict { team: whose, .. } if whose == team));
    if let Some(conflict) = conflict {
        // Its worktree stands where the target was before it moved: work there could only conflict again.
        let text = format!(
            "{} of {id} stands on the target before it moved: answer {} first (try again, or modify), then take over",
            mission.team_name(team),
            conflict.id
        );
        return Err(refuse(RefusalKind::Stale, text));
    }
    draft::back_to_draft(pen, id, &[team]);
    pen.team_event(id, team, TeamEvent::TakenOver);
    pen.want(id, EffectKind::Lend { team });
    choice::shrink(pen, id);
    Ok(())
}

fn hand_back(pen: &mut Pen<'_>, id: MissionId, team: TeamId) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    if at_work(&mission, team)? != TeamPhase::TakenOver {
        return Err(refuse(
            RefusalKind::Stale,
            format!("{} of {id} was not taken over", mission.team_name(team)),
        ));
    }
    pen.drop_effects(id, |effect| effect.kind == EffectKind::Lend { team });
    pen.team_event(id, team, TeamEvent::HandedBack);
    draft::attempt(pen, id, team, |attempt, based_on, _| EffectKind::Collect { team, attempt, based_on });
    advance(pen, id);
    Ok(())
}

fn restore(pen: &mut Pen<'_>, id: MissionId, commit: &CommitId) -> Result<(), Refusal> {
    may_start(&pen.state)?;
    let mission = pen.known(id)?;
    let candidates = || mission.teams.iter().flat_map(|team| &team.candidates);
    let owned = mission.result.landed.iter().chain(&mission.result.restored).any(|(c, _)| c == commit);
    let running = |kind: &EffectKind| matches!(kind, EffectKind::Restore { .. } | EffectKind::Land { .. });
    if mission.effects.values().any(|e| running(&e.kind)) {
        return Err(refuse(
            RefusalKind::Already,
            format!("{id} is changing its branch right now: wait for it"),
        ));
    }
    if owned {
        alone(pen, &mission, commit)?;
    } else {
        let (candidate, evidence) = candidates()
            .find(|(c, _)| c.commit == *commit)
            .ok_or_else(|| refuse(RefusalKind::Unknown, format!("{commit} is no revision of {id}")))?;
        let asked = (Approver::Person, Given::Approved(1));
        let ruling = choice::rule(pen, &mission, (candidate, evidence.as_deref()), asked);
        if ruling.outcome != RulingOutcome::Auto {
            return Err(refuse(RefusalKind::Forbidden, explain(&ruling).join("; ")));
        }
        let ruled = MissionEvent::Ruled(candidate.team, candidate.attempt, Box::new(ruling));
        pen.mission_event(id, ruled);
    }
    pen.want(id, EffectKind::Restore { commit: commit.clone() });
    Ok(())
}

/// Refuses where one person's word is not enough: what two must say yes to, one does not undo, nor put up again.
fn alone(pen: &Pen<'_>, mission: &Mission, commit: &CommitId) -> Result<(), Refusal> {
    let chosen = mission.result.chosen;
    let candidates = mission.teams.iter().flat_map(|team| &team.candidates);
    // Where it is not known any more which one landed, each of them may be it.
    let landed = candidates.filter(|(c, _)| chosen.is_none_or(|chosen| chosen == (c.team, c.attempt)));
    for (candidate, evidence) in landed {
        let asked = (Approver::Person, Given::Nothing);
        let ruling = choice::rule(pen, mission, (candidate, evidence.as_deref()), asked);
        if let Some(reason) = ruling.reasons.iter().find(|reason| reason.wants_several()) {
            let text = format!(
                "{}: {} of {} is not restored on one person's word; open a brief that does it, so that both can say yes",
                reason.text,
                commit.short(),
                mission.id
            );
            return Err(refuse(RefusalKind::Forbidden, text));
        }
    }
    Ok(())
}
