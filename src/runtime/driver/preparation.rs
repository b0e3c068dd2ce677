//! Before the work: look at the repository, ask, plan.

use super::{
    feature,
    knowledge::Place,
    site::{Site, agent_failed, permanent},
};
use crate::{
    agents::{
        context::{self, Found},
        hands::Hands,
        orchestrator::{self, Desk},
        prompt,
    },
    domain::{
        brief::Brief,
        candidate::CommitId,
        feed::{Channel, FeedItem},
        ids::MissionId,
        plan::{Plan, Survey},
    },
    engine::{
        command::Outcome,
        effect::Effect,
        effect::Failure,
        state::{Mission, State},
    },
    runtime::{office::AgentOffice, supervisor::StopSign},
};
use std::{collections::BTreeSet, sync::Arc};

/// Remarks of directors that teams are told.
const REMARKS_MOST: usize = 8;
/// Earlier missions named as similar.
const SIMILAR_MOST: usize = 3;
/// Characters of a commit in a tree's name.
const SHORT: usize = 12;
/// Words of a brief that count when it is compared.
const WORD_LEAST: usize = 4;

pub(super) async fn survey(site: &Site, effect: &Effect) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    feature::ready(site, &mission).await?;
    let base = site.workshop(&mission).await?.base().await.map_err(permanent)?;
    let found = found(site, &mission, &base.commit).await?;
    let similar = similar(&site.lines.state.borrow(), &mission);
    Ok(Outcome::Surveyed(Box::new(Survey {
        base: base.commit,
        branch: base.branch,
        language: found.language.clone(),
        checks: found.checks.clone(),
        files: found.files,
        instructions: found.instructions.clone(),
        dirty: base.dirty,
        similar,
    })))
}

/// What is known of the repository at a commit as the teams see it, with what directors said there.
pub(super) async fn found(site: &Site, mission: &Mission, base: &CommitId) -> Result<Arc<Found>, Failure> {
    let Brief { repo, checks, .. } = &*mission.brief;
    let place = Place { repo: repo.clone(), commit: base.clone(), checks: checks.clone() };
    let mut found = site.knowledge.of(place, look(site, mission, base)).await?;
    let remarks = remarks(&site.lines.state.borrow(), mission);
    if !remarks.is_empty() {
        Arc::make_mut(&mut found).words.push_str(&remarks);
    }
    Ok(found)
}

async fn look(site: &Site, mission: &Mission, base: &CommitId) -> Result<Found, Failure> {
    let workshop = site.workshop(mission).await?;
    let tree = workshop.scratch(&base_tree(mission.id, base), base).await.map_err(permanent)?;
    context::survey(&Hands::new(workshop, tree), &mission.brief.checks).await.map_err(agent_failed)
}

/// What directors said of earlier candidates in this repository, for those who plan and work; empty: nothing.
fn remarks(state: &State, mission: &Mission) -> String {
    let of = state.traces.remarks().of(&mission.brief.repo, mission.id);
    let said: Vec<&str> = of.take(REMARKS_MOST).map(|remark| remark.words.as_str()).collect();
    if said.is_empty() {
        return String::new();
    }
    let head = "What the director said of earlier candidates in this repository, the newest first. Heed it where it fits \
                this brief:";
    format!("\n\n{head}\n{}", prompt::bullets(&said, ""))
}

/// Name of the scratch tree at a commit that teams start from: one for each, since teams of a mission can start
/// from different ones once the target has moved.
pub(super) fn base_tree(mission: MissionId, base: &CommitId) -> String {
    let short: String = base.0.chars().take(SHORT).collect();
    format!("{mission}-base-{short}")
}

/// Missions whose briefs share most long words with this one.
fn similar(state: &State, mission: &Mission) -> Vec<MissionId> {
    let words = |text: &str| -> BTreeSet<String> {
        let words =
            text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= WORD_LEAST);
        words.map(str::to_lowercase).collect()
    };
    let wanted = words(&mission.brief.text);
    let shares = |other: &Mission| words(&other.brief.text).intersection(&wanted).count();
    let mut ranked: Vec<(usize, MissionId)> = state
        .missions
        .values()
        .filter(|other| other.id != mission.id)
        .map(|other| (shares(other), other.id))
        .filter(|(shared, _)| *shared * 2 > wanted.len())
        .collect();
    ranked.sort_by(|a, b| b.cmp(a));
    ranked.into_iter().take(SIMILAR_MOST).map(|(_, id)| id).collect()
}

pub(super) async fn clarify(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    let found = found(site, &mission, &base_of(&mission)?).await?;
    let office = site.office(effect, anchor(&mission), stop);
    let desk = desk(site, &mission, &found, &office);
    orchestrator::clarify(desk).await.map(Outcome::Asked).map_err(agent_failed)
}

pub(super) async fn plan(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    let found = found(site, &mission, &base_of(&mission)?).await?;
    let office = site.office(effect, anchor(&mission), stop);
    let desk = desk(site, &mission, &found, &office);
    let planned = orchestrator::plan(desk, &mission.preparation.answers).await.map_err(agent_failed)?;
    site.lines.feeds.push(anchor(&mission), FeedItem::Text(planned.goal.clone()));
    Ok(Outcome::Planned(Box::new(Plan {
        goal: planned.goal,
        steps: planned.steps,
        files: planned.files,
        confidence: planned.confidence,
        by: planned.by.to_string(),
    })))
}

fn desk<'a>(site: &'a Site, mission: &'a Mission, found: &'a Found, office: &'a AgentOffice) -> Desk<'a> {
    let Site { switchboard, rules, .. } = site;
    let switchboard = switchboard.as_ref();
    Desk { office, switchboard, chain: &rules.orchestrator, brief: &mission.brief, found }
}

/// The commit that the repository was at when it was last looked at.
pub(super) fn base_of(mission: &Mission) -> Result<CommitId, Failure> {
    let survey = mission.preparation.survey.as_ref();
    survey.map(|survey| survey.base.clone()).ok_or_else(|| permanent("the repository was not looked at yet"))
}

fn anchor(mission: &Mission) -> Channel {
    Channel { mission: mission.id, team: None }
}
