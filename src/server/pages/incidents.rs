//! `/api/incidents`: what is or was wrong with the services, and a person's word on it.

use super::missions::Reason;
use crate::{
    domain::{
        access::Role,
        ids::IncidentId,
        incident::{Attempt, Diagnosis, Matcher, Silence},
        text::clean_line,
        time::Millis,
    },
    engine::{
        account::remedy_lines,
        command::{Command, HealCommand},
        healing::ward::Incident,
        state::State as EngineState,
    },
    server::{
        api::{Api, Leaf},
        door::rights,
        entrance::Caller,
        front::Front,
        input::{Asked, Given, Named, form},
        paging::{self, Page, Told, ok},
        problem::{Problem, Sort},
    },
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Characters of a line that others wrote.
const LINE_MOST: usize = 300;
/// How grave one can be, and where it can stand.
const SEVERITIES: [&str; 5] = ["P0", "P1", "P2", "P3", "P4"];
const PHASES: [&str; 12] = [
    "suspected",
    "open",
    "suppressed",
    "investigating",
    "diagnosed",
    "mitigating",
    "verifying",
    "needs_human",
    "no_action_required",
    "resolved",
    "closed",
    "discarded",
];

/// Which incidents.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those that are over, too.
    #[serde(default)]
    all: bool,
    /// Older than this one: `next` of the page before.
    #[schemars(regex(pattern = form::INCIDENT))]
    before: Option<String>,
    /// P0 to P4.
    #[schemars(extend("enum" = SEVERITIES))]
    severity: Option<String>,
    /// The phase's word, such as `investigating` or `needs_human`.
    #[schemars(extend("enum" = PHASES))]
    phase: Option<String>,
    /// Of this service.
    service: Option<String>,
    /// Incidents of a page.
    #[schemars(range(min = 1, max = 500))]
    most: Option<usize>,
}

/// An incident as it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Incident")]
pub(super) struct View {
    /// Its name, such as I-7.
    incident: String,
    /// P0 to P4.
    severity: &'static str,
    /// Where it stands, such as `investigating` or `needs_human`.
    phase: String,
    /// Whether it is over.
    over: bool,
    /// What a person must know, where only a person can go on.
    needs: Option<String>,
    /// The service.
    service: String,
    /// And where that runs.
    env: String,
    /// Kind of the signal, such as `http.down`.
    signal: String,
    /// In one line.
    title: String,
    /// What makes it the same one.
    fingerprint: String,
    /// How often it was seen.
    count: u64,
    /// How many users were hit.
    affected: u32,
    /// Whether it is so now.
    firing: bool,
    /// When it was first seen, RFC 3339 in UTC.
    first_seen: String,
    /// And last.
    last_seen: String,
    /// Since when it is confirmed.
    opened: Option<String>,
    /// What lies behind it.
    diagnosis: Option<DiagnosisView>,
    /// The request that waits for a person.
    request: Option<String>,
    /// When it is approved by itself unless somebody says no before.
    happens_by_itself: Option<String>,
    /// The mission that works on it.
    mission: Option<String>,
    /// What was tried.
    attempts: Vec<AttemptView>,
    /// Spent on finding out.
    spent_usd: f64,
    /// What happened, oldest first; only where one incident is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<Vec<Moment>>,
}

/// Something that happened.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Moment {
    /// When, RFC 3339 in UTC.
    at: String,
    /// What.
    words: String,
}

/// What lies behind an incident.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Diagnosis")]
pub(super) struct DiagnosisView {
    /// A (proven), B or C.
    grade: &'static str,
    /// 0 to 100, if anybody said.
    confidence: Option<u8>,
    /// The cause, in words.
    cause: String,
    /// What it is about.
    object: String,
    /// What would be done, a line each.
    plan: Vec<String>,
    /// The evidence, a line each.
    evidence: Vec<String>,
    /// What could not be found out.
    gaps: Vec<String>,
}

/// A remedy that was tried.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Attempt")]
pub(super) struct AttemptView {
    /// From 1.
    number: u32,
    /// What was done.
    remedy: String,
    /// Since when.
    began: String,
    /// What came of it, such as `helped`; null: it is at work.
    outcome: Option<&'static str>,
}

fn line(words: &str) -> String {
    clean_line(words, LINE_MOST).to_string()
}

fn phase(incident: &Incident) -> String {
    incident.phase.word().replace(' ', "_")
}

fn view(state: &EngineState, incident: &Incident, whole: bool) -> View {
    use crate::domain::incident::Phase;
    let veto = incident.request.and_then(|request| state.clockwork.vetoes.get(&request));
    View {
        incident: incident.id.to_string(),
        severity: incident.severity.word(),
        phase: phase(incident),
        over: incident.phase.over(),
        needs: match &incident.phase {
            Phase::NeedsHuman(why) => Some(line(why)),
            _ => None,
        },
        service: line(&incident.service),
        env: line(&incident.env),
        signal: line(&incident.kind),
        title: line(&incident.title),
        fingerprint: incident.fingerprint.0.clone(),
        count: incident.sightings.count,
        affected: incident.sightings.affected,
        firing: incident.sightings.firing,
        first_seen: incident.first_seen.to_string(),
        last_seen: incident.sightings.last.to_string(),
        opened: incident.opened.map(|at| at.to_string()),
        diagnosis: incident.diagnosis.as_ref().map(|diagnosis| diagnosed(diagnosis)),
        request: incident.request.map(|request| request.to_string()),
        happens_by_itself: veto.map(ToString::to_string),
        mission: incident.mission().map(|mission| mission.to_string()),
        attempts: incident.attempts.iter().map(attempted).collect(),
        spent_usd: incident.spent.as_usd(),
        timeline: whole.then(|| {
            let moment = |(at, words): &(crate::domain::time::Timestamp, String)| Moment {
                at: at.to_string(),
                words: line(words),
            };
            incident.timeline.iter().map(moment).collect()
        }),
    }
}

fn diagnosed(diagnosis: &Diagnosis) -> DiagnosisView {
    DiagnosisView {
        grade: diagnosis.grade.word(),
        confidence: diagnosis.confidence,
        cause: line(&diagnosis.cause),
        object: line(&diagnosis.object),
        plan: remedy_lines(&diagnosis.remedy).iter().map(|words| line(words)).collect(),
        evidence: diagnosis
            .clues
            .iter()
            .map(|clue| line(&format!("{}: {}", clue.sort.word(), clue.words)))
            .collect(),
        gaps: diagnosis.gaps.iter().map(|words| line(words)).collect(),
    }
}

fn attempted(attempt: &Attempt) -> AttemptView {
    AttemptView {
        number: attempt.number,
        remedy: line(&attempt.remedy.words()),
        began: attempt.began.to_string(),
        outcome: attempt.outcome.as_ref().map(|outcome| outcome.word()),
    }
}

/// How long and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Quiet")]
pub(super) struct Quiet {
    /// How long, such as 2h; seven days at most.
    #[serde(default)]
    #[schemars(regex(pattern = form::SPAN))]
    lasts: Option<String>,
    /// Why: whoever comes next wants to know. At most 4 KiB.
    #[schemars(regex(pattern = form::WORDS))]
    reason: String,
    /// Announced work rather than a nuisance.
    #[serde(default)]
    maintenance: bool,
}

/// How long where nothing is said.
const QUIET_USUAL: Millis = Millis::hours(1);

pub(super) fn routes(api: Api) -> Api {
    let incident = |leaf: Leaf| leaf.path("incident", "Incident, such as I-7").answers::<View>(200);
    let list_leaf = Leaf::new(
        "list_incidents",
        "incidents",
        "Incidents, newest first; those that go on unless all are asked for",
    )
    .query::<Which>()
    .answers::<Page<View>>(200);
    let show = incident(Leaf::new("get_incident", "incidents", "One incident as it stands"));
    let quiet = incident(Leaf::new("silence_incident", "incidents", "Its cause wakes nobody for a while"))
        .body::<Quiet>()
        .once()
        .needs(Role::Operator);
    let over = incident(Leaf::new("resolve_incident", "incidents", "A person says that it is over"))
        .body::<Reason>()
        .once()
        .needs(Role::Operator);
    let again = incident(Leaf::new("investigate_incident", "incidents", "Look into it again")).once();
    let again = again.needs(Role::Operator);
    api.get("/api/incidents", list_leaf, list)
        .get("/api/incidents/{incident}", show, one)
        .post("/api/incidents/{incident}/silence", quiet, silence)
        .post("/api/incidents/{incident}/resolve", over, resolve)
        .post("/api/incidents/{incident}/investigate", again, investigate)
}

async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Result<Told<Page<View>>, Problem> {
    let most = paging::length(which.most)?;
    let before = paging::before::<IncidentId>(which.before.as_deref())?;
    let severity = which.severity.map(|word| word.to_ascii_uppercase());
    paging::known("severity", severity.as_deref(), &SEVERITIES)?;
    paging::known("phase", which.phase.as_deref(), &PHASES)?;
    let state = front.state();
    let wanted = |incident: &&Arc<Incident>| {
        (which.all || !incident.phase.over())
            && before.is_none_or(|before| incident.id < before)
            && severity.as_ref().is_none_or(|word| incident.severity.word() == word)
            && which.phase.as_ref().is_none_or(|word| phase(incident) == *word)
            && which.service.as_ref().is_none_or(|name| incident.service == *name)
    };
    let found = state.ward.incidents.values().rev().filter(wanted);
    Ok(ok(Page::of(
        found,
        most,
        |incident| incident.id.to_string(),
        |incident| view(&state, incident, false),
    )))
}

fn find(state: &EngineState, id: IncidentId) -> Result<&Incident, Problem> {
    let found = state.ward.incidents.get(&id).map(Arc::as_ref);
    found.ok_or_else(|| Problem::none("incident", id, "/api/incidents?all=true"))
}

async fn one(State(front): State<Arc<Front>>, Named(id): Named<IncidentId>) -> Result<Told<View>, Problem> {
    let state = front.state();
    find(&state, id).map(|incident| ok(view(&state, incident, true)))
}

async fn silence(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<IncidentId>,
    Given(quiet): Given<Quiet>,
) -> Result<Told<View>, Problem> {
    let lasts = quiet.lasts.map_or(Ok(QUIET_USUAL), |text| text.parse::<Millis>());
    let lasts = lasts.map_err(|error| Problem::new(Sort::Invalid, format!("lasts: {error}"), "write 2h"))?;
    let fingerprint = Some(find(&front.state(), id)?.fingerprint.clone());
    let from = front.clock.now();
    let silence = Silence {
        matches: Matcher { fingerprint, ..Matcher::default() },
        from,
        until: from + lasts,
        why: Reason { reason: quiet.reason }.or("")?,
        maintenance: quiet.maintenance,
    };
    command(&front, &caller, (id, HealCommand::Silence(silence))).await
}

async fn resolve(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<IncidentId>,
    Given(reason): Given<Reason>,
) -> Result<Told<View>, Problem> {
    let why = reason.or("a person says so")?;
    command(&front, &caller, (id, HealCommand::Resolve(id, why))).await
}

async fn investigate(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<IncidentId>,
) -> Result<Told<View>, Problem> {
    command(&front, &caller, (id, HealCommand::Investigate(id))).await
}

async fn command(
    front: &Front,
    caller: &Caller,
    (id, command): (IncidentId, HealCommand),
) -> Result<Told<View>, Problem> {
    rights::give(&front.handle, caller, Command::Heal(command)).await?;
    let state = front.state();
    find(&state, id).map(|incident| ok(view(&state, incident, true)))
}
