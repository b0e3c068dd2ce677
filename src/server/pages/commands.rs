//! `/api/commands`: any word of a person in the engine's own form, for screens elsewhere; `/api/blobs`: what journal and
//! state name by content. Programs have the other routes, whose forms stay.

use super::missions;
use crate::{
    config::brief::{self, Wish},
    domain::{
        access::Role,
        brief::{Approval, Brief, Once},
        digest::Digest,
        feature::Feature,
        team::TeamSpec,
    },
    engine::{
        command::{Command, ControlCommand, IdeaCommand, MissionCommand},
        event::Event,
    },
    runtime::is_a_persons,
    server::{
        api::{Api, Leaf},
        door::rights,
        entrance::Caller,
        front::Front,
        input::{Given, Named},
        paging::{Told, ok},
        problem::{Problem, Sort},
        tail::VERSION,
    },
};
use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Response, StatusCode, header},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Bytes of a blob that is sent.
const BLOB_MOST: usize = 16 * 1024 * 1024;

/// A command.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Command")]
pub(super) struct Wanted {
    /// Of this form: that of the snapshot.
    version: u32,
    /// In the engine's own form.
    command: serde_json::Value,
}

/// What it brought about.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CommandReceipt")]
pub(super) struct Receipt {
    /// Last journal entry of it.
    seq: u64,
    /// What happened, in the engine's own form.
    #[schemars(with = "Vec<serde_json::Value>")]
    events: Vec<Event>,
}

/// A blob that was kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Kept")]
pub(super) struct Kept {
    /// SHA-256 of it: its name.
    digest: String,
    /// How long it is.
    bytes: u64,
}

pub(super) fn routes(api: Api) -> Api {
    let command =
        Leaf::new("give_command", "events", "Give any command of a person, in the engine's own form")
            .body::<Wanted>()
            .answers::<Receipt>(200)
            .once()
            .needs(Role::Operator);
    let fetch_leaf =
        Leaf::new("get_blob", "events", "What is named by its SHA-256: a patch, an output, a transcript")
            .path("digest", "SHA-256, 64 hex digits")
            .tells("application/octet-stream");
    let keep_leaf = Leaf::new(
        "keep_blob",
        "events",
        "Keep bytes by their content, to name them in a command; at most 16 MiB",
    )
    .takes("application/octet-stream")
    .answers::<Kept>(201)
    .needs(Role::Operator);
    api.post("/api/commands", command, give).get("/api/blobs/{digest}", fetch_leaf, fetch).post(
        "/api/blobs",
        keep_leaf,
        keep,
    )
}

async fn give(
    State(front): State<Arc<Front>>,
    caller: Caller,
    once: Option<Extension<Once>>,
    Given(wanted): Given<Wanted>,
) -> Result<Told<Receipt>, Problem> {
    // Either way it is of another version of the program.
    let other = |detail: String| Problem::new(Sort::Unfit, detail, "use the program that runs here");
    if wanted.version != VERSION {
        return Err(other(format!("the command is of form {}, and {VERSION} is understood", wanted.version)));
    }
    let mut command: Command =
        serde_json::from_value(wanted.command).map_err(|error| other(format!("the command: {error}")))?;
    if !is_a_persons(&command) {
        let detail = "only what a person can want is taken";
        return Err(Problem::new(Sort::Forbidden, detail, "GET /api/openapi.json lists what there is"));
    }
    caller.must(rights::needed(&command))?;
    within(&front, &command)?;
    if let Command::Mission(MissionCommand::Open(brief)) = &mut command {
        brief.once = once.map(|Extension(once)| once);
        brief::fill(brief, &front.settings.brief);
        front.ready(brief).await?;
    }
    let receipt = rights::give(&front.handle, &caller, command).await?;
    Ok(ok(Receipt { seq: receipt.seq.0, events: receipt.events }))
}

/// Makes sure that the engine's own form asks for no more than the other routes give: what they check is checked here, too.
fn within(front: &Front, command: &Command) -> Result<(), Problem> {
    match command {
        Command::Mission(MissionCommand::Open(brief)) => sensible(front, brief),
        Command::Idea(IdeaCommand::Ask { repo }) => served(front, repo),
        Command::Under(..) => Err(Problem::new(
            Sort::Forbidden,
            "under which word it comes is told by a header",
            "send it with an Idempotency-Key",
        )),
        // That something was changed is written down by what changes it.
        Command::Control(ControlCommand::Change { .. }) => Err(Problem::new(
            Sort::Forbidden,
            "a change of the settings is told only by what makes it",
            "POST /api/settings changes one",
        )),
        _ => Ok(()),
    }
}

/// Makes sure that a repository is the daemon's or one of its services'.
fn served(front: &Front, repo: &str) -> Result<(), Problem> {
    let own = front.settings.places.repo.as_ref().is_some_and(|own| own.as_os_str() == repo);
    let state = front.state();
    let mut services = state.policy.healing.services.iter();
    if own || services.any(|service| service.repo.as_deref() == Some(repo)) {
        return Ok(());
    }
    let detail = format!("{repo} is not served here");
    Err(Problem::new(
        Sort::Forbidden,
        detail,
        "`repo` of GET /api/snapshot is; a [[service]] may name another",
    ))
}

/// Makes sure that a brief is one that the other routes could have made, with files beside it.
fn sensible(front: &Front, given: &Brief) -> Result<(), Problem> {
    served(front, &given.repo)?;
    let forbidden = |detail: &str, hint: &str| Err(Problem::new(Sort::Forbidden, detail, hint));
    if given.heals.is_some() {
        return forbidden(
            "what heals an incident is opened by the house itself",
            "POST /api/incidents/{incident}/investigate looks into one again",
        );
    }
    if given.patch.is_some() && !matches!(given.approve, Approval::Ask | Approval::None) {
        return forbidden(
            "a patch from afar waits for a person",
            "leave approve at ask, and decide at the desk",
        );
    }
    if given.budget != front.state().policy.budget.per_mission {
        missions::affordable(given.budget.as_usd())?;
    }
    let (settings, environment) = (&front.settings, &front.environment);
    let urls = |feature: &Feature| (feature.target_url.clone(), feature.staging_url.clone());
    let wish = Wish {
        checks: given.checks.clone(),
        constraints: given.constraints.clone(),
        timeout: given.timeout,
        priority: Some(given.priority),
        feature: given.feature.as_ref().map(urls),
        ..Wish::default()
    };
    brief::sensible(&wish)?;
    let on_air = settings.on_air(environment).teams;
    let can = |team: &&TeamSpec| {
        let mut models = team.fallback.iter().chain([&team.model]);
        on_air.contains(team) || models.all(|model| settings.usable(model.vendor, environment))
    };
    if let Some(team) = given.teams.iter().find(|team| !can(team)) {
        let detail = format!("team {}: there is no key for all of its models", team.name);
        return Err(Problem::new(Sort::Unfit, detail, "name a team whose vendors have keys here"));
    }
    if given.feature.is_some() {
        let (laid_down, _) = brief::build(&wish, (settings, environment), given.repo.clone())?;
        if laid_down.feature != given.feature {
            return forbidden(
                "how a feature is tested and staged is laid down here",
                "POST /api/tasks submits one",
            );
        }
    }
    Ok(())
}

async fn fetch(
    State(front): State<Arc<Front>>,
    Named(digest): Named<Digest>,
) -> Result<Response<Body>, Problem> {
    let bytes = front.handle.blob(digest).await.map_err(|error| {
        Problem::new(
            Sort::NotFound,
            format!("{digest}: {error}"),
            "old transcripts are deleted; patches never",
        )
    })?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // Whatever somebody's patch is, no browser takes it for a page.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

async fn keep(State(front): State<Arc<Front>>, request: Request) -> Result<Told<Kept>, Problem> {
    let bytes = to_bytes(request.into_body(), BLOB_MOST).await.map_err(|_| {
        Problem::new(Sort::TooLarge, format!("a blob has {BLOB_MOST} bytes at most"), "send less")
    })?;
    if bytes.is_empty() {
        return Err(Problem::new(Sort::Malformed, "there is nothing to keep", "send the bytes as the body"));
    }
    let length = bytes.len() as u64;
    let digest = front.handle.keep(bytes.to_vec()).await?;
    Ok(Told(StatusCode::CREATED, Kept { digest: digest.to_string(), bytes: length }))
}
