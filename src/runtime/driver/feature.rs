//! Features: the test that is written first and seen to fail, the candidate that it is run against, the seal on it, and the
//! staging environment. Binds `agents` and `operations` to a mission as it stands.

use super::{
    placing,
    site::{Site, agent_failed, candidate_of, permanent, transient},
};
use crate::{
    agents::{bench::Walls, hands::Hands, trial::Trial},
    domain::{
        candidate::{Candidate, CheckKind, CheckResult, CheckRun, CommitId},
        feature::{Feature, Phase, Place},
        feed::{Channel, FeedItem},
        ids::TeamId,
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::Outcome,
        effect::{Effect, EffectKind, Failure, FailureKind},
        state::Mission,
    },
    operations::{
        preview::{self, Happened, Wish},
        staging::{self, Unstaged},
    },
    runtime::supervisor::StopSign,
    workspace::{Workshop, WorkspaceError, Worktree, sandbox::Network},
};
use std::sync::Arc;
use tokio::sync::watch;

/// Longest run of the test.
const WALL: Millis = Millis::mins(20);
/// How long an address may take until somebody answers there.
const ANSWER_MOST: Millis = Millis::secs(20);
/// Characters of a line of a deployment.
const LINE_MOST: usize = 300;
/// Snapshots of what teams start from, on a target that moved.
const START: u32 = 0;

/// Which candidate, and its tree.
pub(super) struct Subject<'a> {
    pub effect: &'a Effect,
    pub mission: &'a Mission,
    pub team: TeamId,
    pub stop: &'a StopSign,
}

/// What is not as it must be before anything is begun: a branch to land on that is not there, an address that the test cannot
/// reach, or where nobody is.
pub(super) async fn ready(site: &Site, mission: &Mission) -> Result<(), Failure> {
    let Some(feature) = &mission.brief.feature else { return Ok(()) };
    if let Some(branch) = &feature.branch
        && site.workshop(mission).await?.branch_tip(branch).await.map_err(permanent)?.is_none()
    {
        let dir = mission.brief.repo.clone().into();
        return Err(permanent(WorkspaceError::NoBranch { dir, branch: branch.clone() }));
    }
    walls(site, &feature.staging_url)?;
    reached(site, &feature.target_url).await.map(drop)
}

/// How a test may reach an address.
fn walls(site: &Site, url: &str) -> Result<(Walls, Place), Failure> {
    let place = Place::of(url).ok_or_else(|| permanent(format!("{url} is no address")))?;
    if place.is_loopback() {
        return Ok((Walls::Reach(place.port), place));
    }
    if site.rules.repository.network != Network::All {
        let what = "the end-to-end test runs in the sandbox and reaches this machine only";
        return Err(permanent(format!("{url}: {what}; set sandbox.network to \"all\"")));
    }
    Ok((Walls::Sandbox, place))
}

/// The same, once somebody answers there.
async fn reached(site: &Site, url: &str) -> Result<Walls, Failure> {
    let (walls, place) = walls(site, url)?;
    if staging::answers(&place, ANSWER_MOST).await {
        return Ok(walls);
    }
    Err(transient(format!("nobody answers at {url}: start the service there")))
}

/// What a team's worktree starts from: its base, with the test on it where one stands.
pub(super) async fn start(
    mission: &Mission,
    workshop: &Workshop,
    base: &CommitId,
) -> Result<CommitId, Failure> {
    let Some(standing) = &mission.course.test else { return Ok(base.clone()) };
    if standing.candidate.base == *base {
        return Ok(standing.candidate.commit.clone());
    }
    let short: String = base.0.chars().take(12).collect();
    let tree = workshop.scratch(&format!("{}-start-{short}", mission.id), base).await.map_err(transient)?;
    let from = &standing.candidate;
    let patch = workshop.patch(&from.base, &from.commit).await.map_err(transient)?;
    let told =
        |error| permanent(format!("the end-to-end test does not fit the target as it is now: {error}"));
    workshop.apply(&tree, &patch).await.map_err(told)?;
    let commit = workshop.snapshot(&tree, START, "the end-to-end test").await.map_err(transient)?;
    Ok(commit.unwrap_or_else(|| base.clone()))
}

/// A path that nobody may touch as far as the feature has come: why.
pub(super) fn out_of_bounds(site: &Site, mission: &Mission, path: &str) -> Option<String> {
    let feature = mission.brief.feature.as_ref()?;
    match mission.course.test {
        None if !feature.is_test(path) => {
            Some(format!("the end-to-end test comes first: only files under {}/", feature.path))
        }
        Some(_) if feature.is_sealed(path) => Some("it belongs to the end-to-end test, which stands".into()),
        Some(_) if deploys(site, path) => Some("it is run outside the sandbox to stage what lands".into()),
        _ => None,
    }
}

/// Whether a file is named in the command that stages what lands: whoever could change it would run outside the sandbox.
fn deploys(site: &Site, path: &str) -> bool {
    site.rules.staging.deploy.iter().any(|word| word.trim_start_matches("./") == path)
}

/// Marks a candidate as one that leaves the test as it stands; the test itself by what it holds.
pub(super) async fn seal(
    site: &Site,
    mission: &Mission,
    workshop: &Workshop,
    made: Candidate,
) -> Result<Candidate, Failure> {
    let Some(feature) = &mission.brief.feature else { return Ok(made) };
    let sealed = match &mission.course.test {
        None => Some(workshop.content(&made.commit, &made.stat.files).await.map_err(transient)?),
        Some(standing) => {
            let start = start(mission, workshop, &made.base).await?;
            let touched = workshop.stat(&start, &made.commit).await.map_err(transient)?;
            let holds = workshop.content(&made.commit, &standing.candidate.stat.files);
            let same = Some(holds.await.map_err(transient)?) == standing.candidate.sealed;
            let free =
                same && touched.files.iter().all(|file| !feature.is_sealed(file) && !deploys(site, file));
            standing.candidate.sealed.filter(|_| free)
        }
    };
    Ok(Candidate { sealed, ..made })
}

/// The same for what a person made, who is told at once.
pub(super) async fn seal_by_hand(
    site: &Site,
    mission: &Mission,
    workshop: &Workshop,
    made: Candidate,
) -> Result<Candidate, Failure> {
    let made = seal(site, mission, workshop, made).await?;
    match (&mission.course.test, made.sealed) {
        (Some(standing), None) => Err(permanent(format!(
            "the end-to-end test stands: leave {} and what runs or stages it as they are",
            standing.path()
        ))),
        _ => Ok(made),
    }
}

impl Subject<'_> {
    fn feature(&self) -> Result<&Feature, Failure> {
        self.mission.brief.feature.as_ref().ok_or_else(|| permanent("this is no feature"))
    }

    async fn run(
        &self,
        site: &Site,
        (workshop, tree): (&Arc<Workshop>, &Worktree),
        (command, walls): (&str, Walls),
    ) -> Result<CheckRun, Failure> {
        let channel = Channel { mission: self.mission.id, team: Some(self.team) };
        let office = site.office(self.effect, channel, self.stop);
        let trial = Trial { office: &office, team: self.team, wall: WALL };
        let bench = Hands::new(workshop.clone(), tree.clone());
        let (run, _) = tokio::select! {
            ran = trial.run(&bench, (command, walls)) => ran.map_err(agent_failed)?,
            () = self.stop.raised() => return Err(stopped()),
        };
        trial.show((CheckKind::Acceptance, command), &run);
        Ok(run)
    }

    fn broken(&self, site: &Site, words: &str) -> Result<CheckRun, Failure> {
        let channel = Channel { mission: self.mission.id, team: Some(self.team) };
        let office = site.office(self.effect, channel, self.stop);
        Trial { office: &office, team: self.team, wall: WALL }.broken(words).map_err(agent_failed)
    }

    /// The test that was written, against the service as it is now.
    pub(super) async fn first_run(&self, site: &Site, attempt: u32) -> Result<CheckResult, Failure> {
        let feature = self.feature()?;
        let candidate = candidate_of(self.mission, self.team, attempt)?;
        let path = candidate.stat.files.first().map_or("", String::as_str);
        let walls = reached(site, &feature.target_url).await?;
        let workshop = site.workshop(self.mission).await?;
        let name = format!("{}-{}-check", self.mission.id, self.team);
        let tree = workshop.scratch(&name, &candidate.commit).await.map_err(transient)?;
        let command = feature.command((&feature.target_url, path), Phase::E2eTest);
        let after = self.run(site, (&workshop, &tree), (&command, walls)).await?;
        Ok(CheckResult { kind: CheckKind::Acceptance, command, before: None, after })
    }

    /// The test that stands, against the candidate: served by the preview's command where there is one, else as the test
    /// itself serves it.
    pub(super) async fn against(&self, site: &Site, at: &CommitId) -> Result<Option<CheckResult>, Failure> {
        let (Some(feature), Some(standing)) = (&self.mission.brief.feature, &self.mission.course.test) else {
            return Ok(None);
        };
        let workshop = site.workshop(self.mission).await?;
        let name = format!("{}-{}-check", self.mission.id, self.team);
        let tree = workshop.scratch(&name, at).await.map_err(transient)?;
        let line = |url: &str| feature.command((url, standing.path()), Phase::CodeImplementation);
        let (command, after) = match &site.rules.preview {
            None => {
                let command = line(&feature.target_url);
                let after = self.run(site, (&workshop, &tree), (&command, Walls::Sandbox)).await?;
                (command, after)
            }
            Some(plan) => self.served(site, (&workshop, &tree), plan, &line).await?,
        };
        let before = standing.seen().cloned();
        Ok(Some(CheckResult { kind: CheckKind::Acceptance, command, before, after }))
    }

    async fn served(
        &self,
        site: &Site,
        (workshop, tree): (&Arc<Workshop>, &Worktree),
        plan: &preview::Plan,
        line: &(dyn Fn(&str) -> String + Send + Sync),
    ) -> Result<(String, CheckRun), Failure> {
        let feature = self.feature()?;
        let plan = preview::Plan { browser: "off".into(), ..plan.clone() };
        let (told, mut hears) = watch::channel((None::<String>, false));
        let tell = |happened: Happened| match happened {
            Happened::Placed(url) => told.send_modify(|(place, _)| *place = Some(url)),
            Happened::Answered(_) => told.send_modify(|(_, up)| *up = true),
            _ => {}
        };
        let wish = Wish::default();
        let work = async {
            let heard = hears.wait_for(|(_, up)| *up).await.map(|heard| heard.0.clone().unwrap_or_default());
            let url = heard.map_err(transient)?;
            let place = Place::of(&url).ok_or_else(|| permanent(format!("{url} is no address")))?;
            let command = line(&moved(&feature.target_url, place.port));
            let run = self.run(site, (workshop, tree), (&command, Walls::Reach(place.port))).await?;
            Ok((command, run))
        };
        tokio::select! {
            done = work => done,
            why = preview::run(&plan, (workshop, tree), &wish, &tell) => {
                let words = format!("the candidate does not serve: {why}");
                Ok((line(&feature.target_url), self.broken(site, &words)?))
            }
        }
    }

    /// The test that stands, against the staging environment.
    async fn there(&self, site: &Site, commit: &CommitId) -> Result<CheckRun, Failure> {
        let feature = self.feature()?;
        let standing =
            self.mission.course.test.as_ref().ok_or_else(|| permanent("no end-to-end test stands"))?;
        let walls = reached(site, &feature.staging_url).await?;
        let workshop = site.workshop(self.mission).await?;
        let tree = placing::staged(&workshop, self.mission, commit).await?;
        let command = feature.command((&feature.staging_url, standing.path()), Phase::Validate);
        self.run(site, (&workshop, &tree), (&command, walls)).await
    }
}

/// An address with its path, at a port of this machine.
fn moved(url: &str, port: u16) -> String {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    format!("http://127.0.0.1:{port}{path}")
}

fn stopped() -> Failure {
    Failure { kind: FailureKind::Cancelled, reason: "stopped".into() }
}

pub(super) async fn validate(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Validate { commit } = &effect.kind else {
        return Err(permanent("this is no validation"));
    };
    let mission = site.mission(effect.mission)?;
    let run = subject(&mission, effect, stop).there(site, commit).await?;
    Ok(Outcome::Validated(Box::new(run)))
}

/// Whose test it is.
fn subject<'a>(mission: &'a Mission, effect: &'a Effect, stop: &'a StopSign) -> Subject<'a> {
    let writer = mission.course.test.as_ref().map(|standing| standing.candidate.team);
    let team = writer.or_else(|| mission.teams.first().map(|team| team.id)).unwrap_or(TeamId(1));
    Subject { effect, mission, team, stop }
}

pub(super) async fn stage(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Stage { commit } = &effect.kind else {
        return Err(permanent("there is nothing to stage"));
    };
    let mission = site.mission(effect.mission)?;
    // The test fails where this is not yet, so it tells whether a deployment that was cut off came to its end.
    if effect.unsure
        && let Ok(run) = subject(&mission, effect, stop).there(site, commit).await
        && run.outcome == crate::domain::candidate::CheckOutcome::Passed
    {
        return Ok(Outcome::Staged);
    }
    let services = site.lines.state.borrow().policy.healing.services.clone();
    let Some(service) = site.rules.staging.service(&services).map_err(permanent)? else {
        // The branch that it landed on is all there is to do.
        return Ok(Outcome::Staged);
    };
    let dir = placing::place(site, &mission, (&service, commit)).await?;
    let channel = Channel { mission: mission.id, team: None };
    let tell = |line: &str| {
        site.lines.feeds.push(channel, FeedItem::Notice(clean_line(line, LINE_MOST).into()));
    };
    let mut env = placing::environment(site, &mission, commit);
    let url = mission.brief.feature.as_ref().map(|feature| feature.staging_url.clone());
    env.push(("STAGING_URL".to_owned(), url.unwrap_or_default()));
    match staging::put(&service, (&dir, &env, &tell), || stop.raised()).await {
        Ok(()) => Ok(Outcome::Staged),
        Err(Unstaged::Stopped) => Err(stopped()),
        Err(Unstaged::Impossible(why)) => Err(permanent(why)),
        Err(Unstaged::Failed(why)) => Err(transient(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d2_the_candidate_is_asked_at_its_own_port_and_the_same_path() {
        for (url, at) in [
            ("http://127.0.0.1:8080/shop?a=1", "http://127.0.0.1:9/shop?a=1"),
            ("https://shop.example", "http://127.0.0.1:9"),
        ] {
            assert_eq!(moved(url, 9), at);
        }
    }
}
