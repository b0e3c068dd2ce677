//! Candidates: a team drafts one, a person's hand makes one, checks and judges find out what it is worth.

use super::{
    conflict, feature,
    preparation::{base_tree, found},
    site::{Site, agent_failed, candidate_of, permanent, start_of, team_of, transient},
};
use crate::{
    agents::{
        conversation::Limits,
        evidence::{self, CheckJob, Checked},
        handoff::{self, Handoff},
        hands::Hands,
        judge::{self, Contender, JudgeJob},
        worker::{self, Crew, DraftJob, Rules},
    },
    domain::{
        candidate::{Candidate, CommitId, DiffStat, Evidence},
        feed::{Channel, FeedItem},
        ids::{Revision, TeamId},
        money::Cost,
        text,
        time::Millis,
    },
    engine::{
        command::Outcome,
        effect::Failure,
        effect::{Effect, EffectKind},
        snapshot,
        state::Mission,
    },
    policy::protected::Guard,
    runtime::supervisor::StopSign,
    workspace::patch as patch_of,
};

/// Longest run of one check.
const CHECK_WALL: Millis = Millis::mins(20);
/// Snapshots of one attempt, numbered as agents number them; the last is a person's.
const TURNS_MOST: u32 = 1_000;
/// Confidence of a candidate that a person made: the person vouches, nobody measured.
const BY_HAND: u8 = 50;
/// Files named in the summary of a candidate that a person made.
const NAMED_MOST: usize = 3;

pub(super) async fn draft(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Draft { team, attempt, based_on, feedback } = &effect.kind else {
        return Err(permanent("this is no draft"));
    };
    let mission = site.mission(effect.mission)?;
    let working = team_of(&mission, *team)?;
    let base = start_of(&mission, working)?;
    let found = found(site, &mission, &base).await?;
    let workshop = site.workshop(&mission).await?;
    let tree = workshop.worktree(mission.id, *team, &base).await.map_err(permanent)?;
    let start = feature::start(&mission, &workshop, &base).await?;
    let bench = Hands::new(workshop.clone(), tree);
    let office = site.office(effect, channel(&mission, *team), stop);
    let guards = site.lines.state.borrow().policy.protected.guards().map_err(permanent)?;
    let protected = |path: &str| match guards.check(path) {
        Guard::Denied(rule) => Some(rule.to_string()),
        Guard::Free | Guard::ApprovalOnly(_) => feature::out_of_bounds(site, &mission, path),
    };
    let approval_only = |path: &str| match guards.check(path) {
        Guard::ApprovalOnly(glob) => Some(format!("{glob} lands only with approval")),
        Guard::Free | Guard::Denied(_) => None,
    };
    let mut chain = vec![working.spec.model.clone()];
    chain.extend(working.spec.fallback.iter().cloned());
    let feedback = &conflict::told(site, &mission, (working, *attempt), feedback);
    let answers = &mission.preparation.answers;
    let handoff = mission.preparation.plan.as_ref().map(|plan| Handoff {
        goal: plan.goal.clone(),
        steps: plan.steps.clone(),
        pinned: handoff::pinned(&mission.brief, answers),
        files: plan.files.clone(),
    });
    let job = DraftJob {
        crew: Crew {
            office: &office,
            switchboard: site.switchboard.as_ref(),
            chain: &chain,
            summarizer: &site.rules.summarizer,
            bench: &bench,
            limits: Limits::default(),
        },
        rules: Rules { protected: &protected, approval_only: &approval_only, reach: &site.rules.reach },
        brief: &mission.brief,
        answers,
        handoff: handoff.as_ref().filter(|handoff| !handoff.steps.is_empty()),
        found: &found,
        team: *team,
        attempt: *attempt,
        based_on: *based_on,
        base: &base,
        start: &start,
        feedback,
        resume: working.checkpoint.as_ref().map(|(transcript, _)| *transcript),
    };
    let candidate = worker::draft(job).await.map_err(agent_failed)?;
    let candidate = feature::seal(site, &mission, &workshop, candidate).await?;
    Ok(Outcome::Drafted(Box::new(candidate)))
}

/// A team's worktree for the director, who is told where it is.
pub(super) async fn lend(site: &Site, effect: &Effect, team: TeamId) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    let base = start_of(&mission, team_of(&mission, team)?)?;
    let workshop = site.workshop(&mission).await?;
    let tree = workshop.worktree(mission.id, team, &base).await.map_err(permanent)?;
    let place = tree.path.display().to_string();
    site.lines.feeds.push(channel(&mission, team), FeedItem::Notice(format!("yours now: work in {place}")));
    Ok(Outcome::Lent(place))
}

/// A person's worktree as it stands.
pub(super) async fn collect(site: &Site, effect: &Effect) -> Result<Outcome, Failure> {
    let EffectKind::Collect { team, attempt, based_on } = &effect.kind else {
        return Err(permanent("nothing is handed back"));
    };
    let mission = site.mission(effect.mission)?;
    let made = ByHand { mission: &mission, team: *team, attempt: *attempt, based_on: *based_on };
    made.candidate(site, None).await
}

/// A patch that a person edited.
pub(super) async fn adopt(site: &Site, effect: &Effect) -> Result<Outcome, Failure> {
    let EffectKind::Adopt { team, attempt, based_on, patch } = &effect.kind else {
        return Err(permanent("there is no patch to adopt"));
    };
    let mission = site.mission(effect.mission)?;
    let patch = site.lines.store.blobs().get(*patch).map_err(transient)?;
    let made = ByHand { mission: &mission, team: *team, attempt: *attempt, based_on: *based_on };
    let outcome = made.candidate(site, Some(&patch)).await;
    if let Err(failure) = &outcome {
        let words = format!("the changed patch was not used: {}", text::clean_line(&failure.reason, 400));
        site.lines.feeds.push(channel(&mission, *team), FeedItem::Notice(words));
    }
    outcome
}

struct ByHand<'a> {
    mission: &'a Mission,
    team: TeamId,
    attempt: u32,
    based_on: Revision,
}

impl ByHand<'_> {
    /// From the patch, or from the worktree as it stands.
    async fn candidate(&self, site: &Site, patch: Option<&[u8]>) -> Result<Outcome, Failure> {
        let base = start_of(self.mission, team_of(self.mission, self.team)?)?;
        let workshop = site.workshop(self.mission).await?;
        let tree = workshop.worktree(self.mission.id, self.team, &base).await.map_err(permanent)?;
        if let Some(patch) = patch {
            workshop.rewind(&tree, &base).await.map_err(permanent)?;
            workshop.apply(&tree, patch).await.map_err(permanent)?;
        }
        let turn = self.attempt.saturating_sub(1).saturating_mul(TURNS_MOST).saturating_add(TURNS_MOST - 1);
        let snapshot = workshop.snapshot(&tree, turn, "by hand").await.map_err(transient)?;
        let last =
            team_of(self.mission, self.team)?.checkpoint.as_ref().and_then(|(_, commit)| commit.clone());
        let commit = snapshot.or(last).ok_or_else(|| permanent("nothing was changed by hand"))?;
        let stat = workshop.stat(&base, &commit).await.map_err(transient)?;
        if stat.files.is_empty() {
            return Err(permanent("the changes made by hand add up to nothing"));
        }
        let letter = patch.map(patch_of::letter).unwrap_or_default();
        let said = |words: String, instead: &str| if words.is_empty() { instead.to_owned() } else { words };
        let patch = workshop.patch(&base, &commit).await.map_err(transient)?;
        let made = Candidate {
            team: self.team,
            attempt: self.attempt,
            based_on: self.based_on,
            base,
            commit,
            patch: site.lines.store.blobs().put(&patch).map_err(transient)?,
            summary: said(letter.words, &by_hand(&stat)),
            stat,
            root_cause: String::new(),
            confidence: BY_HAND,
            author: said(letter.author, "the director, by hand"),
            sealed: None,
        };
        let made = feature::seal_by_hand(site, self.mission, &workshop, made).await?;
        Ok(Outcome::Drafted(Box::new(made)))
    }
}

/// What was changed by hand, where nobody said it.
fn by_hand(stat: &DiffStat) -> String {
    let mut named: Vec<&str> = stat.files.iter().take(NAMED_MOST).map(String::as_str).collect();
    let more = stat.files.len().saturating_sub(NAMED_MOST);
    let rest = format!("{more} more");
    if more > 0 {
        named.push(&rest);
    }
    format!("Change {} by hand", named.join(", "))
}

pub(super) async fn check(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Check { team, attempt } = &effect.kind else {
        return Err(permanent("this is no check"));
    };
    let mission = site.mission(effect.mission)?;
    let evidence = evidence_of(site, effect, (&mission, *team, *attempt), None, stop).await?;
    Ok(Outcome::Checked(Box::new(evidence)))
}

/// Runs the checks on a candidate, or on another commit that holds it (`at`: merged onto a moved target).
pub(super) async fn evidence_of(
    site: &Site,
    effect: &Effect,
    (mission, team, attempt): (&Mission, TeamId, u32),
    at: Option<CommitId>,
    stop: &StopSign,
) -> Result<Evidence, Failure> {
    let candidate = candidate_of(mission, team, attempt)?;
    let subject = feature::Subject { effect, mission, team, stop };
    if mission.brief.feature.is_some() && mission.course.test.is_none() {
        // Nothing is built yet: the test that was written is all there is to run.
        let checks = vec![subject.first_run(site, attempt).await?];
        let checked =
            Checked { checks, new_passing: vec![], reproduces: false, stat: candidate.stat.clone() };
        return evidence(site, (mission, team), checked);
    }
    let found = found(site, mission, &candidate.base).await?;
    let workshop = site.workshop(mission).await?;
    let to = at.unwrap_or_else(|| candidate.commit.clone());
    let bench = |tree| Hands::new(workshop.clone(), tree);
    let before = base_tree(mission.id, &candidate.base);
    let before = workshop.scratch(&before, &candidate.base).await.map_err(transient)?;
    let after = workshop.scratch(&format!("{}-{team}-check", mission.id), &to).await.map_err(transient)?;
    let (base, tree) = (bench(before), bench(after));
    let office = site.office(effect, channel(mission, team), stop);
    let job = CheckJob {
        office: &office,
        team,
        base: &base,
        candidate: &tree,
        baselines: &site.knowledge.baselines(mission.id, &candidate.base),
        from: &candidate.base,
        to: &to,
        checks: &found.checks,
        wall: CHECK_WALL,
    };
    let mut checked = evidence::check(job).await.map_err(agent_failed)?;
    checked.checks.extend(subject.against(site, &to).await?);
    evidence(site, (mission, team), checked)
}

fn evidence(site: &Site, (mission, team): (&Mission, TeamId), checked: Checked) -> Result<Evidence, Failure> {
    let now = site.lines.state.borrow().at;
    let working = team_of(mission, team)?;
    Ok(Evidence {
        // The engine numbers it, in its own order.
        revision: Revision::default(),
        checks: checked.checks,
        new_passing: checked.new_passing,
        reproduces: checked.reproduces,
        stat: checked.stat,
        cost: if working.account.unknown { Cost::Unknown } else { Cost::Known(working.account.spent) },
        usage: working.account.usage,
        elapsed: snapshot::worked(mission, working, now),
    })
}

pub(super) async fn judge(
    site: &Site,
    effect: &Effect,
    candidates: &[(TeamId, u32)],
    stop: &StopSign,
) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    let office = site.office(effect, Channel { mission: mission.id, team: None }, stop);
    let mut contenders = Vec::new();
    for (team, attempt) in candidates {
        let working = team_of(&mission, *team)?;
        if let Some((candidate, Some(evidence))) = working.entry(*attempt) {
            contenders.push(Contender {
                candidate,
                evidence,
                name: &working.spec.name,
                author: working.spec.model.vendor,
            });
        }
    }
    let job = JudgeJob {
        office: &office,
        switchboard: site.switchboard.as_ref(),
        judges: &site.rules.judges,
        brief: &mission.brief,
        contenders: &contenders,
    };
    let judged = judge::judge(job).await.map_err(agent_failed)?;
    Ok(Outcome::Judged(judged.verdicts, judged.missing))
}

fn channel(mission: &Mission, team: TeamId) -> Channel {
    Channel { mission: mission.id, team: Some(team) }
}
