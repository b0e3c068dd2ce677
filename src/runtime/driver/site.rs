//! The site: what all effects work with, and the small questions they all ask of it.

use super::{healing::rules::HealRules, knowledge::Knowledge};
use crate::{
    agents::{
        failure::{self, AgentFailure},
        tools::http_get::Reach,
    },
    domain::{
        candidate::{Candidate, CommitId},
        feed::Channel,
        ids::{IncidentId, MissionId, TeamId},
        team::ModelRef,
        time::Timestamp,
    },
    engine::{
        effect::Effect,
        effect::{Failure, FailureKind},
        playbook::brief,
        state::{Mission, Team},
    },
    operations::{landing::Target, preview, staging::Staging},
    providers::wire::Switchboard,
    runtime::{
        clock::Clock,
        office::{AgentOffice, Lines},
        supervisor::StopSign,
        watching::Watch,
    },
    workspace::{self, Workshop},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Display,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Mutex;

/// What the director has laid down about work, apart from policy.
#[derive(Debug, Clone)]
pub struct WorkRules {
    /// Who plans and asks, with fallbacks.
    pub orchestrator: Vec<ModelRef>,
    /// Who may judge, each with fallbacks; for each candidate the first of another vendor than its author.
    pub judges: Vec<Vec<ModelRef>>,
    /// Who condenses long conversations.
    pub summarizer: Vec<ModelRef>,
    /// Who looks into what rules leave open about an incident; nobody where no model can be called.
    pub investigator: Vec<ModelRef>,
    /// What `http_get` may reach.
    pub reach: Reach,
    /// Where winners land.
    pub landing: Target,
    /// How a candidate is run to be looked at, if it can be.
    pub preview: Option<preview::Plan>,
    /// How features reach the staging environment.
    pub staging: Staging,
    /// Network of commands, signing of commits.
    pub repository: workspace::Rules,
    /// What is watched and healed, if anything.
    pub healing: Option<Arc<HealRules>>,
}

/// What effects work with.
pub struct Site {
    pub(in crate::runtime) lines: Lines,
    pub(in crate::runtime) rules: WorkRules,
    pub(super) switchboard: Arc<dyn Switchboard>,
    watch: Option<Arc<Watch>>,
    clock: Clock,
    data: PathBuf,
    workshops: Mutex<HashMap<String, Arc<Workshop>>>,
    /// What was found out about commits.
    pub(super) knowledge: Knowledge,
    /// Threads in which people are told, until the journal knows them. Held while one is begun.
    pub(super) threads: Mutex<BTreeMap<IncidentId, String>>,
    closing: AtomicBool,
}

/// An agent's failure as the engine takes it.
pub(super) fn agent_failed(failure: AgentFailure) -> Failure {
    let kind = match failure.kind {
        failure::FailureKind::Transient => FailureKind::Transient,
        failure::FailureKind::Permanent => FailureKind::Permanent,
        failure::FailureKind::OverBudget(None) => FailureKind::OverBudget,
        failure::FailureKind::OverBudget(Some(enough)) => FailureKind::NeedsBudget(enough),
        failure::FailureKind::Cancelled => FailureKind::Cancelled,
    };
    Failure { kind, reason: failure.reason }
}

pub(super) fn permanent(error: impl Display) -> Failure {
    Failure { kind: FailureKind::Permanent, reason: error.to_string() }
}

pub(super) fn transient(error: impl Display) -> Failure {
    Failure { kind: FailureKind::Transient, reason: error.to_string() }
}

impl Site {
    pub(in crate::runtime) fn new(
        lines: Lines,
        rules: WorkRules,
        switchboard: Arc<dyn Switchboard>,
        (watch, clock, data): (Option<Arc<Watch>>, Clock, &Path),
    ) -> Self {
        Self {
            lines,
            rules,
            switchboard,
            watch,
            clock,
            data: data.to_path_buf(),
            workshops: Mutex::default(),
            knowledge: Knowledge::default(),
            threads: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// From now on outcomes are not reported: the program ends.
    pub(in crate::runtime) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    pub(super) fn closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// The mission as it stands now.
    pub(super) fn mission(&self, id: MissionId) -> Result<Arc<Mission>, Failure> {
        let state = self.lines.state.borrow();
        state.missions.get(&id).cloned().ok_or_else(|| permanent(format!("{id} is not known any more")))
    }

    /// The workshop of a mission's repository, opened once.
    pub(in crate::runtime) async fn workshop(&self, mission: &Mission) -> Result<Arc<Workshop>, Failure> {
        self.workshop_at(&mission.brief.repo).await
    }

    /// What is watched, if this process watches.
    pub(super) fn watch(&self) -> Option<&Arc<Watch>> {
        self.watch.as_ref()
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The data directory.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) async fn workshop_at(&self, repo: &str) -> Result<Arc<Workshop>, Failure> {
        let mut workshops = self.workshops.lock().await;
        if let Some(workshop) = workshops.get(repo) {
            return Ok(workshop.clone());
        }
        let opened = Workshop::open(&self.data, Path::new(repo)).await.map_err(permanent)?;
        let workshop = Arc::new(opened.with_rules(self.rules.repository));
        workshops.insert(repo.to_owned(), workshop.clone());
        Ok(workshop)
    }

    /// Removes what ended missions left in a repository's area; what may hold work is kept and named in the log.
    pub(super) async fn tidy(&self, workshop: &Workshop) {
        let ended = |id: MissionId| {
            let state = self.lines.state.borrow();
            match state.missions.get(&id) {
                Some(mission) => mission.result.ending.is_some() && mission.effects.is_empty(),
                // Only in the history, or of a journal that is not this one: then nobody knows.
                None => id.0 <= state.counters.mission,
            }
        };
        match workshop.gc(&ended).await {
            Ok(kept) => kept.iter().for_each(|kept| tracing::info!(%kept, "a tree is kept")),
            Err(error) => tracing::warn!(%error, "the trees could not be tidied up"),
        }
    }

    /// The same for every repository that a mission is of.
    pub(in crate::runtime) async fn tidy_all(&self) {
        let repos: BTreeSet<String> =
            self.lines.state.borrow().missions.values().map(|mission| mission.brief.repo.clone()).collect();
        for repo in repos.into_iter().filter(|repo| Path::new(repo).is_dir()) {
            match self.workshop_at(&repo).await {
                Ok(workshop) => self.tidy(&workshop).await,
                Err(failure) => tracing::info!(repo, reason = %failure.reason, "not tidied up"),
            }
        }
    }

    /// The office of the agent that carries this effect out.
    pub(super) fn office(&self, effect: &Effect, channel: Channel, stop: &StopSign) -> AgentOffice {
        AgentOffice::new(self.lines.clone(), channel, effect.id.clone(), stop.clone())
    }
}

/// The team of a mission.
pub(super) fn team_of(mission: &Mission, id: TeamId) -> Result<&Team, Failure> {
    let found = mission.teams.iter().find(|team| team.id == id);
    found.ok_or_else(|| permanent(format!("{} has no team {id}", mission.id)))
}

/// The commit that a team starts from.
pub(super) fn start_of(mission: &Mission, team: &Team) -> Result<CommitId, Failure> {
    brief::base_of(mission, team).ok_or_else(|| permanent("the repository was not looked at yet"))
}

/// A team's candidate.
pub(super) fn candidate_of(mission: &Mission, id: TeamId, attempt: u32) -> Result<Arc<Candidate>, Failure> {
    let team = team_of(mission, id)?;
    let missing = || permanent(format!("{}: {} has no candidate {attempt}", mission.id, team.spec.name));
    team.entry(attempt).map(|(candidate, _)| candidate.clone()).ok_or_else(missing)
}
