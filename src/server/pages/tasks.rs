//! `/api/tasks`: features for programs. Submit one, come back for how it stands and for what came of it. A task is a mission
//! of kind `feature`, under the same name.

use super::missions::{self, Reason, Wanted};
use crate::{
    domain::{
        access::Role, brief::Once, candidate::CheckOutcome, ids::MissionId, mission::Ending,
        request::Decision,
    },
    engine::{
        command::MissionCommand,
        snapshot,
        state::{Mission, State as EngineState},
    },
    server::{
        api::{Api, Leaf},
        entrance::Caller,
        front::Front,
        input::{Asked, Given, Named, form},
        paging::{self, Page, Told, created, ok},
        problem::Problem,
    },
};
use axum::{Extension, body::Body, extract::State, http::Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The form of an address of a service.
const ADDRESS: &str = r"^https?://([A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?)*|127\.0\.0\.1|\[::1\])(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~/-]*)?$";

/// How a task can stand.
const STATUSES: [&str; 6] = ["queued", "running", "waiting", "completed", "failed", "cancelled"];

/// What to build, against which contract, and where it is staged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTask")]
struct New {
    /// What to build, in plain words; at most 256 KiB.
    #[schemars(regex(pattern = form::WORDS))]
    feature: String,
    /// Address of the service as it is now: the end-to-end test must fail there first.
    #[schemars(regex(pattern = ADDRESS))]
    target_url: String,
    /// Address of the staging environment: the test must pass there in the end.
    #[schemars(regex(pattern = ADDRESS))]
    staging_url: String,
    /// 1 (last) to 10 (first); 5.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10))]
    priority: Option<u8>,
    /// Teams of the roster by name, or `vendor/model`; else those of the settings.
    #[serde(default)]
    teams: Vec<String>,
    /// Cap in US dollars; else that of the settings.
    #[serde(default)]
    #[schemars(range(min = 0.01, max = 1_000_000))]
    budget_usd: Option<f64>,
    /// Who may say yes without a person: `none`, `best`, or a team's name; else it waits at the desk.
    #[serde(default)]
    approve: Option<String>,
}

/// A task that was taken.
#[derive(Debug, Serialize, JsonSchema)]
struct Taken {
    /// Its name, such as M-12.
    task_id: String,
    /// `queued` or further.
    status: &'static str,
    /// When, RFC 3339 in UTC.
    created_at: String,
    /// Secrets that were taken out of what was given before it was kept.
    secrets_withheld: u32,
}

/// Which tasks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Older than this one: `next` of the page before.
    #[schemars(regex(pattern = form::MISSION))]
    before: Option<String>,
    /// `queued`, `running`, `waiting`, `completed`, `failed` or `cancelled`.
    #[schemars(extend("enum" = STATUSES))]
    status: Option<String>,
    /// Tasks of a page.
    #[schemars(range(min = 1, max = 500))]
    most: Option<usize>,
}

/// A task as it stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Task {
    /// Its name, such as M-12.
    task_id: String,
    /// `queued`, `running`, `waiting` (for a person), `completed`, `failed` or `cancelled`.
    status: &'static str,
    /// `plan`, `e2e_test`, `code_implementation`, `review`, `staging_deploy`, `validate` or `complete`.
    phase: &'static str,
    /// In words, such as `3/7 phases complete`.
    progress: String,
    /// First line of what is built.
    feature: String,
    /// The service as it is now.
    target_url: String,
    /// The staging environment.
    staging_url: String,
    /// 1 (last) to 10 (first).
    priority: u8,
    /// When it was submitted, RFC 3339 in UTC.
    created_at: String,
    /// When it ended.
    completed_at: Option<String>,
    /// Seconds from then to its end, or until now.
    duration_s: f64,
    /// Why it ended before it was complete.
    reason: Option<String>,
    /// How often anything of it was done once more since it was submitted: somebody asked again, a step that failed made
    /// again, the task tried again.
    retries: u32,
    /// Spent so far, of what is known.
    spent_usd: f64,
    /// Requests on the desk that it waits for.
    requests: Vec<String>,
    /// What has come of it so far.
    result: Outcome,
}

/// What has come of a task; null where it has not come to that.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TaskResult")]
struct Outcome {
    /// The end-to-end test, in the repository.
    test_path: Option<String>,
    /// The commit and its branch, as `COMMIT@BRANCH`.
    code_pr_id: Option<String>,
    /// `approved` or `rejected`, once it was decided.
    review_decision: Option<&'static str>,
    /// Where it runs.
    deployment_url: Option<String>,
    /// `passed`, `failed`, `timed_out` or `broken`: what the test said there last.
    validation_status: Option<&'static str>,
}

pub(super) fn routes(api: Api) -> Api {
    let task = |leaf: Leaf| leaf.path("task", "Task, such as M-12").answers::<Task>(200);
    let all =
        Leaf::new("list_tasks", "tasks", "Tasks, newest first").query::<Which>().answers::<Page<Task>>(200);
    let new = Leaf::new(
        "submit_task",
        "tasks",
        "Submit a feature: its end-to-end test comes first, and it ends in staging",
    )
    .body::<New>()
    .answers::<Taken>(201)
    .needs(Role::Operator)
    .once();
    let show = task(Leaf::new("get_task", "tasks", "One task as it stands, with what has come of it"));
    let stop =
        task(Leaf::new("cancel_task", "tasks", "End a task")).needs(Role::Operator).body::<Reason>().once();
    let again =
        Leaf::new("retry_task", "tasks", "Let a failed or rejected task try again from where it had come");
    let again = task(again).needs(Role::Operator).body::<Reason>().once();
    api.get("/api/tasks", all, list)
        .post("/api/tasks", new, submit)
        .get("/api/tasks/{task}", show, one)
        .post("/api/tasks/{task}/cancel", stop, cancel)
        .post("/api/tasks/{task}/retry", again, retry)
}

/// The word for how it stands.
fn status(state: &EngineState, mission: &Mission) -> &'static str {
    match missions::status(state, mission) {
        "landed" => "completed",
        "over_budget" => "failed",
        other => other,
    }
}

fn view(front: &Front, state: &EngineState, mission: &Mission) -> Option<Task> {
    let feature = mission.brief.feature.as_ref()?;
    let (ending, ended) = mission.result.ending.as_ref().map(|(ending, at)| (ending, *at)).unzip();
    let spent = ended.unwrap_or_else(|| front.clock.now()).since(mission.opened);
    #[expect(clippy::cast_precision_loss, reason = "a span is shown, not counted with")]
    let duration_s = spent.0 as f64 / 1_000.0;
    Some(Task {
        task_id: mission.id.to_string(),
        status: status(state, mission),
        phase: snapshot::phase(mission)?.word(),
        progress: snapshot::progress_words(mission)?,
        feature: missions::title(mission),
        target_url: feature.target_url.clone(),
        staging_url: feature.staging_url.clone(),
        priority: mission.brief.priority,
        created_at: mission.opened.to_string(),
        completed_at: ended.map(|at| at.to_string()),
        duration_s,
        reason: ending.and_then(Ending::why).map(str::to_owned),
        retries: mission.course.again,
        spent_usd: mission.spent.as_usd(),
        requests: missions::requests(state, mission),
        result: outcome(state, mission, &feature.staging_url),
    })
}

fn outcome(state: &EngineState, mission: &Mission, staging_url: &str) -> Outcome {
    let course = &mission.course;
    let landed = mission.result.landed.as_ref();
    let rejected = state.decided.iter().rev().any(|(request, decision, _)| {
        request.mission == mission.id && matches!(decision, Decision::Reject { .. })
    });
    Outcome {
        test_path: course.test.as_ref().map(|standing| standing.path().to_owned()),
        code_pr_id: landed.map(|(commit, branch)| format!("{commit}@{branch}")),
        review_decision: match (landed.is_some() || mission.result.chosen.is_some(), rejected) {
            (true, _) => Some("approved"),
            (false, true) => Some("rejected"),
            (false, false) => None,
        },
        deployment_url: course.staged.as_ref().map(|_| staging_url.to_owned()),
        validation_status: course.validation.as_ref().map(|run| match run.outcome {
            CheckOutcome::Passed => "passed",
            CheckOutcome::Failed => "failed",
            CheckOutcome::TimedOut => "timed_out",
            CheckOutcome::Broken => "broken",
        }),
    }
}

async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Result<Told<Page<Task>>, Problem> {
    let most = paging::length(which.most)?;
    let before = paging::before::<MissionId>(which.before.as_deref())?;
    paging::known("status", which.status.as_deref(), &STATUSES)?;
    let state = front.state();
    let wanted = |mission: &&Arc<Mission>| {
        before.is_none_or(|before| mission.id < before)
            && which.status.as_ref().is_none_or(|word| status(&state, mission) == word)
    };
    let found = state.missions.values().rev().filter(wanted);
    let found = found.filter_map(|mission| view(&front, &state, mission));
    Ok(ok(Page::of(found, most, |task| task.task_id.clone(), |task| task)))
}

async fn one(State(front): State<Arc<Front>>, Named(id): Named<MissionId>) -> Result<Told<Task>, Problem> {
    shown(&front, id).map(ok)
}

fn shown(front: &Front, id: MissionId) -> Result<Task, Problem> {
    let state = front.state();
    let found = state.missions.get(&id).and_then(|mission| view(front, &state, mission));
    found.ok_or_else(|| Problem::none("task", id, "/api/tasks"))
}

async fn submit(
    State(front): State<Arc<Front>>,
    caller: Caller,
    once: Option<Extension<Once>>,
    Given(new): Given<New>,
) -> Result<Response<Body>, Problem> {
    let urls = (new.target_url, new.staging_url);
    let wanted = Wanted {
        text: new.feature,
        teams: new.teams,
        checks: Vec::new(),
        constraints: Vec::new(),
        budget_usd: new.budget_usd,
        approve: new.approve,
        timeout: None,
        priority: new.priority,
    };
    let once = once.map(|Extension(once)| once);
    let opened =
        missions::open_once(&front, &caller, once, || missions::brief(&front, wanted, Some(urls))).await?;
    let id = opened.id;
    let state = front.state();
    let mission = state.missions.get(&id).ok_or_else(|| Problem::none("task", id, "/api/tasks"))?;
    let taken = Taken {
        task_id: id.to_string(),
        status: status(&state, mission),
        created_at: mission.opened.to_string(),
        secrets_withheld: mission.brief.withheld,
    };
    Ok(opened.marks(created(&format!("/api/tasks/{id}"), taken)))
}

async fn cancel(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<MissionId>,
    Given(reason): Given<Reason>,
) -> Result<Told<Task>, Problem> {
    let why = reason.or("by a person")?;
    shown(&front, id)?;
    missions::order(&front, &caller, MissionCommand::Cancel(id, why)).await?;
    shown(&front, id).map(ok)
}

async fn retry(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<MissionId>,
    Given(reason): Given<Reason>,
) -> Result<Told<Task>, Problem> {
    let why = reason.or("try again")?;
    shown(&front, id)?;
    missions::order(&front, &caller, MissionCommand::Retry(id, why)).await?;
    shown(&front, id).map(ok)
}
