//! `/api/missions`: what is done about a brief.

use crate::{
    config::brief::{self, Fault, Wish},
    domain::{
        access::Role,
        brief::{Brief, Once},
        ids::MissionId,
        mission::Ending,
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::{Command, MissionCommand, Refusal, RefusalKind},
        event::{Event, MissionEvent},
        playbook::brief::score,
        snapshot,
        state::{Mission, State as EngineState, Team},
    },
    runtime::handle::SendError,
    server::{
        api::{Api, Leaf},
        door::{
            answers::Replayed,
            rights::{self, Denied},
        },
        entrance::Caller,
        front::Front,
        input::{Asked, Given, Named, form},
        paging::{self, Page, Told, created, ok},
        problem::{Problem, Sort},
    },
};
use axum::{Extension, body::Body, extract::State, http::Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Characters of a brief's first line, and bytes of a reason.
const TITLE_MOST: usize = 200;
const REASON_MOST: usize = 4 * 1024;
/// How a mission can stand, and what it can be.
const STATUSES: [&str; 7] = ["queued", "running", "waiting", "landed", "failed", "cancelled", "over_budget"];
const KINDS: [&str; 3] = ["brief", "heal", "feature"];
/// Dollars with at most this many digits after the point.
const MICROS: usize = 6;
/// Caps in dollars that can be asked for, as the document says.
const BUDGET_LEAST: f64 = 0.01;
const BUDGET_MOST: f64 = 1_000_000.0;

/// What to do and within which bounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Brief")]
pub(super) struct Wanted {
    /// What to do, in plain words; at most 256 KiB.
    #[schemars(regex(pattern = form::WORDS))]
    pub text: String,
    /// Teams of the roster by name, or `vendor/model`; else those of the settings.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Shell commands that must succeed in a candidate's worktree; else those of the settings, or found.
    #[serde(default)]
    #[schemars(inner(regex(pattern = form::WORDS)))]
    pub checks: Vec<String>,
    /// Rules that the work must keep, beside those of the settings.
    #[serde(default)]
    #[schemars(inner(regex(pattern = form::WORDS)))]
    pub constraints: Vec<String>,
    /// Cap of the mission in US dollars; else that of the settings.
    #[serde(default)]
    #[schemars(range(min = 0.01, max = 1_000_000))]
    pub budget_usd: Option<f64>,
    /// Who may say yes without a person: `none`, `best`, or a team's name; else it waits at the desk.
    #[serde(default)]
    pub approve: Option<String>,
    /// From opening to decision, such as 90s, 20m or 1h.
    #[serde(default)]
    #[schemars(regex(pattern = "^[1-9][0-9]{0,3}(s|m|h)$"))]
    pub timeout: Option<String>,
    /// 1 (last) to 10 (first); 5.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10))]
    pub priority: Option<u8>,
}

/// Why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Reason")]
pub(super) struct Reason {
    /// In words; at most 4 KiB.
    #[serde(default)]
    pub reason: String,
}

impl Reason {
    /// The words, or these where nothing is said.
    pub fn or(self, usual: &str) -> Result<String, Problem> {
        if self.reason.len() > REASON_MOST {
            let detail = format!("a reason has {REASON_MOST} bytes at most");
            return Err(Problem::new(Sort::Invalid, detail, "say it shorter"));
        }
        let said = self.reason.trim();
        Ok(if said.is_empty() { usual.to_owned() } else { said.to_owned() })
    }
}

/// Which missions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Older than this one: `next` of the page before.
    #[schemars(regex(pattern = form::MISSION))]
    before: Option<String>,
    /// `queued`, `running`, `waiting`, `landed`, `failed`, `cancelled` or `over_budget`.
    #[schemars(extend("enum" = STATUSES))]
    status: Option<String>,
    /// `brief`, `heal` or `feature`.
    #[schemars(extend("enum" = KINDS))]
    kind: Option<String>,
    /// Missions of a page.
    #[schemars(range(min = 1, max = 500))]
    most: Option<usize>,
}

/// A mission as it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Mission")]
pub(super) struct View {
    /// Its name, such as M-12.
    mission: String,
    /// `brief`, `heal` for the fix of an incident, or `feature`.
    kind: &'static str,
    /// `queued`, `running`, `waiting`, `landed`, `failed`, `cancelled` or `over_budget`.
    status: &'static str,
    /// `clarify`, `plan`, `draft`, `check`, `judge`, `decide` or `land`, of a feature `test`, `stage` or `validate` too; null
    /// while it waits for a place.
    step: Option<&'static str>,
    /// Why it ended without a commit.
    reason: Option<String>,
    /// First line of the brief.
    title: String,
    /// The whole brief; only where one mission is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Secrets that were taken out of the brief before it was kept.
    secrets_withheld: u32,
    /// 1 (last) to 10 (first).
    priority: u8,
    /// When, RFC 3339 in UTC.
    opened: String,
    /// When it ended.
    ended: Option<String>,
    /// Grows with everything that makes older results stale.
    revision: u32,
    /// Spent so far, of what is known.
    spent_usd: f64,
    /// Its cap.
    budget_usd: f64,
    /// Tokens in and out.
    tokens: u64,
    /// Who works on it.
    teams: Vec<TeamView>,
    /// Requests on the desk that it waits for.
    requests: Vec<String>,
    /// The incident that it shall heal.
    incident: Option<String>,
    /// Who was chosen.
    winner: Option<String>,
    /// The commit that it landed as.
    commit: Option<String>,
    /// And the branch that is on.
    branch: Option<String>,
    /// Why its service does not run that commit any more, if its release was taken back.
    rolled_back: Option<String>,
}

/// A team of a mission.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Team")]
pub(super) struct TeamView {
    /// Its number within the mission.
    team: u8,
    /// Its name.
    name: String,
    /// Who answers, as `vendor/model`.
    model: String,
    /// `waiting`, `drafting`, `testing`, `ready`, `taken_over`, `failed`, or `stopped` by the end of its mission.
    phase: String,
    /// Current attempt, from 1; 0 before the first.
    attempt: u32,
    /// Finished turns of it.
    turns: u32,
    /// Tokens in and out.
    tokens: u64,
    /// Spent so far; null where a price is not known.
    spent_usd: Option<f64>,
    /// Its newest candidate.
    candidate: Option<CandidateView>,
}

/// A candidate with its evidence.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Candidate")]
pub(super) struct CandidateView {
    /// The team's n-th, from 1.
    attempt: u32,
    /// What the team says it did.
    summary: String,
    /// Files that it touches.
    files: Vec<String>,
    /// Lines added.
    additions: u32,
    /// Lines removed.
    deletions: u32,
    /// Whether every check that counts ran and passed; null: not known yet.
    passed: Option<bool>,
    /// The judges' mean, 0 to 100; null: nobody judged it.
    score: Option<u32>,
    /// SHA-256 of the patch.
    patch: String,
}

/// Characters of a team's summary.
const SUMMARY_MOST: usize = 2_000;

/// A team as it stands.
pub(super) fn team_view(mission: &Mission, team: &Team) -> TeamView {
    TeamView {
        team: team.id.0,
        name: clean_line(&team.spec.name, TITLE_MOST).to_string(),
        model: team.spec.model.to_string(),
        phase: snapshot::team_word(mission, team).to_lowercase().replace(' ', "_"),
        attempt: team.attempt,
        turns: team.turns,
        tokens: team.account.usage.total(),
        spent_usd: (!team.account.unknown).then(|| team.account.spent.as_usd()),
        candidate: team.candidates.last().map(|(candidate, evidence)| CandidateView {
            attempt: candidate.attempt,
            summary: clean_line(&candidate.summary, SUMMARY_MOST).to_string(),
            files: candidate.stat.files.clone(),
            additions: candidate.stat.additions,
            deletions: candidate.stat.deletions,
            passed: evidence.as_ref().map(|evidence| evidence.passed()),
            score: score(mission, team.id, candidate.attempt),
            patch: candidate.patch.to_string(),
        }),
    }
}

/// The word for how it stands.
pub(super) fn status(state: &EngineState, mission: &Mission) -> &'static str {
    match &mission.result.ending {
        Some((ending, _)) => ending.word(),
        None if state.desk.values().any(|request| request.mission == mission.id) => "waiting",
        None if mission.step.is_none() => "queued",
        None => "running",
    }
}

/// The first line of its brief.
pub(super) fn title(mission: &Mission) -> String {
    clean_line(mission.brief.text.lines().next().unwrap_or_default(), TITLE_MOST).to_string()
}

/// Requests on the desk that it waits for.
pub(super) fn requests(state: &EngineState, mission: &Mission) -> Vec<String> {
    state.desk.values().filter(|r| r.mission == mission.id).map(|r| r.id.to_string()).collect()
}

fn view(state: &EngineState, mission: &Mission, whole: bool) -> View {
    let (ending, at) = mission.result.ending.as_ref().map(|(ending, at)| (ending, at.to_string())).unzip();
    let landed = mission.result.landed.as_ref();
    View {
        mission: mission.id.to_string(),
        kind: mission.kind.word(),
        status: status(state, mission),
        step: mission.step.map(|step| step.word()),
        reason: ending.and_then(Ending::why).map(str::to_owned),
        title: title(mission),
        text: whole.then(|| mission.brief.text.clone()),
        secrets_withheld: mission.brief.withheld,
        priority: mission.brief.priority,
        opened: mission.opened.to_string(),
        ended: at,
        revision: mission.revision.0,
        spent_usd: mission.spent.as_usd(),
        budget_usd: mission.brief.budget.as_usd(),
        tokens: mission.usage.total(),
        teams: mission.teams.iter().map(|team| team_view(mission, team)).collect(),
        requests: requests(state, mission),
        incident: mission.brief.heals.map(|incident| incident.to_string()),
        winner: mission.result.chosen.map(|(team, _)| mission.team_name(team)),
        commit: landed.map(|(commit, _)| commit.0.clone()),
        branch: landed.map(|(_, branch)| branch.clone()),
        rolled_back: snapshot::rolled_back(state, mission).map(str::to_owned),
    }
}

pub(super) fn routes(api: Api) -> Api {
    let mission = |leaf: Leaf| leaf.path("mission", "Mission, such as M-12").answers::<View>(200);
    let list_leaf = Leaf::new("list_missions", "missions", "Missions, newest first")
        .query::<Which>()
        .answers::<Page<View>>(200);
    let open_leaf = Leaf::new("open_mission", "missions", "Give a brief: a mission is opened")
        .body::<Wanted>()
        .answers::<View>(201)
        .once()
        .needs(Role::Operator);
    let show = mission(Leaf::new("get_mission", "missions", "One mission as it stands"));
    let cancel_leaf =
        mission(Leaf::new("cancel_mission", "missions", "End a mission")).body::<Reason>().once();
    let cancel_leaf = cancel_leaf.needs(Role::Operator);
    let retry_leaf = Leaf::new(
        "retry_mission",
        "missions",
        "Let a failed or rejected mission try again, with this in mind",
    );
    let retry_leaf = mission(retry_leaf).body::<Reason>().once().needs(Role::Operator);
    api.get("/api/missions", list_leaf, list)
        .post("/api/missions", open_leaf, open)
        .get("/api/missions/{mission}", show, one)
        .post("/api/missions/{mission}/cancel", cancel_leaf, cancel)
        .post("/api/missions/{mission}/retry", retry_leaf, retry)
}

async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Result<Told<Page<View>>, Problem> {
    let most = paging::length(which.most)?;
    let before = paging::before::<MissionId>(which.before.as_deref())?;
    paging::known("status", which.status.as_deref(), &STATUSES)?;
    paging::known("kind", which.kind.as_deref(), &KINDS)?;
    let state = front.state();
    let wanted = |mission: &&Arc<Mission>| {
        before.is_none_or(|before| mission.id < before)
            && which.status.as_ref().is_none_or(|word| status(&state, mission) == word)
            && which.kind.as_ref().is_none_or(|word| mission.kind.word() == word)
    };
    let found = state.missions.values().rev().filter(wanted);
    Ok(ok(Page::of(found, most, |mission| mission.id.to_string(), |mission| view(&state, mission, false))))
}

async fn one(State(front): State<Arc<Front>>, Named(id): Named<MissionId>) -> Result<Told<View>, Problem> {
    shown(&front.state(), id).map(ok)
}

fn shown(state: &EngineState, id: MissionId) -> Result<View, Problem> {
    let mission = state.missions.get(&id).ok_or_else(|| Problem::none("mission", id, "/api/missions"))?;
    Ok(view(state, mission, true))
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        // Which teams there are is a matter of the settings, too.
        let unfit = !fault.nonsense || matches!(fault.part, "team" | "approve");
        let sort = if unfit { Sort::Unfit } else { Sort::Invalid };
        Self::new(sort, fault.to_string(), fault.hint)
    }
}

async fn open(
    State(front): State<Arc<Front>>,
    caller: Caller,
    once: Option<Extension<Once>>,
    Given(wanted): Given<Wanted>,
) -> Result<Response<Body>, Problem> {
    let once = once.map(|Extension(once)| once);
    let opened = open_once(&front, &caller, once, || brief(&front, wanted, None)).await?;
    let view = shown(&front.state(), opened.id)?;
    Ok(opened.marks(created(&format!("/api/missions/{}", opened.id), view)))
}

/// A mission that was opened.
pub(super) struct Opened {
    /// Which.
    pub id: MissionId,
    /// By the same request, before.
    before: bool,
}

impl Opened {
    /// The answer, marked as an earlier one where it is.
    pub fn marks(&self, mut response: Response<Body>) -> Response<Body> {
        if self.before {
            response.extensions_mut().insert(Replayed);
        }
        response
    }
}

/// Opens a mission, or finds the one that the same request has opened before.
pub(super) async fn open_once(
    front: &Front,
    caller: &Caller,
    once: Option<Once>,
    brief: impl FnOnce() -> Result<Brief, Problem>,
) -> Result<Opened, Problem> {
    let found = |id| Opened { id, before: true };
    if let Some(once) = once
        && let Some(before) = opened_before(&front.state(), once)?
    {
        return Ok(found(before));
    }
    let brief = Brief { once, ..brief()? };
    front.ready(&brief).await?;
    let command = Command::Mission(MissionCommand::Open(Box::new(brief)));
    let sent = rights::give(&front.handle, caller, command).await;
    let receipt = match (sent, once) {
        // Somebody else's turn, under the same word, came first.
        (Err(Denied::Engine(SendError::Refused(Refusal { kind: RefusalKind::Already, .. }))), Some(once)) => {
            return opened_before(&front.state(), once)?.map(found).ok_or_else(|| {
                Problem::new(
                    Sort::Already,
                    "it was opened and is forgotten",
                    "GET /api/journal?kind=mission.opened",
                )
            });
        }
        (sent, _) => sent?,
    };
    let opened = receipt.events.iter().find_map(|event| match event {
        Event::Mission(id, MissionEvent::Opened(_)) => Some(*id),
        _ => None,
    });
    let opened = opened.map(|id| Opened { id, before: false });
    opened.ok_or_else(|| Problem::new(Sort::Internal, "no mission was opened", "see the log"))
}

/// The mission that the same request has opened before, whichever process served it.
fn opened_before(state: &EngineState, once: Once) -> Result<Option<MissionId>, Problem> {
    let Some(mission) = state.opened_under(once.word) else { return Ok(None) };
    if mission.brief.once.is_some_and(|before| before.given == once.given) {
        return Ok(Some(mission.id));
    }
    let detail = format!("{} was opened under this Idempotency-Key by another body", mission.id);
    Err(Problem::new(Sort::OtherUnderSameKey, detail, "send a fresh key with a new brief"))
}

/// Makes sure that a mission may be given so much.
pub(super) fn affordable(usd: f64) -> Result<(), Problem> {
    if (BUDGET_LEAST..=BUDGET_MOST).contains(&usd) {
        return Ok(());
    }
    let detail = format!("budget_usd: a mission gets {BUDGET_LEAST} to {BUDGET_MOST} dollars");
    Err(Problem::new(Sort::Invalid, detail, "leave it out for the cap of the settings"))
}

/// A brief out of what is wanted; of a feature where its two addresses are given.
pub(super) fn brief(
    front: &Front,
    wanted: Wanted,
    feature: Option<(String, String)>,
) -> Result<Brief, Problem> {
    let text = wanted.text.trim().to_owned();
    if text.is_empty() || text.len() > Brief::TEXT_MOST {
        let detail = format!("text has 1 to {} bytes", Brief::TEXT_MOST);
        return Err(Problem::new(Sort::Invalid, detail, "put the long part into a file of the repository"));
    }
    let repo = front.settings.places.repo.as_ref().ok_or_else(|| {
        let hint = "start chimera --monitor in a repository, or with --repo DIR";
        Problem::new(Sort::Unfit, "the daemon runs in no git repository", hint)
    })?;
    let invalid =
        |part: &str, why: String| Problem::new(Sort::Invalid, format!("{part}: {why}"), "correct it");
    wanted.budget_usd.map_or(Ok(()), affordable)?;
    let budget = wanted.budget_usd.map(|usd| format!("{usd:.MICROS$}").parse());
    let timeout = wanted.timeout.as_ref().map(|text| text.parse::<Millis>());
    let wish = Wish {
        teams: wanted.teams,
        checks: wanted.checks,
        constraints: wanted.constraints,
        budget: budget
            .transpose()
            .map_err(|error: crate::domain::money::BadMoney| invalid("budget_usd", error.to_string()))?,
        approve: wanted.approve,
        timeout: timeout.transpose().map_err(|error| invalid("timeout", error.to_string()))?,
        priority: wanted.priority,
        feature,
    };
    brief::sensible(&wish)?;
    let (brief, _) = brief::build(&wish, (&front.settings, &front.environment), repo.display().to_string())?;
    Ok(Brief { text, ..brief })
}

async fn cancel(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<MissionId>,
    Given(reason): Given<Reason>,
) -> Result<Told<View>, Problem> {
    let why = reason.or("by a person")?;
    command(&front, &caller, (id, MissionCommand::Cancel(id, why))).await
}

async fn retry(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<MissionId>,
    Given(reason): Given<Reason>,
) -> Result<Told<View>, Problem> {
    let why = reason.or("try again")?;
    command(&front, &caller, (id, MissionCommand::Retry(id, why))).await
}

async fn command(
    front: &Front,
    caller: &Caller,
    (id, command): (MissionId, MissionCommand),
) -> Result<Told<View>, Problem> {
    order(front, caller, command).await?;
    shown(&front.state(), id).map(ok)
}

/// Gives an order in the name of whoever asks.
pub(super) async fn order(front: &Front, caller: &Caller, command: MissionCommand) -> Result<(), Problem> {
    rights::give(&front.handle, caller, Command::Mission(command)).await?;
    Ok(())
}
