//! `/api/desk`: what waits for a person, and the person's word on it. A decision names the revision that was seen; where
//! that is not the one that waits any more, nothing is decided.

use super::missions::{TeamView, team_view};
use crate::{
    domain::{
        access::Role,
        grant::{Pattern, Reach, Terms},
        ids::{RequestId, Revision, TeamId},
        money::Money,
        request::{Actor, Decision, Modification, Request, Subject},
        text::clean_line,
        time::{Millis, Timestamp},
    },
    engine::{
        account::{asked, release_words, remedy_lines},
        command::{Command, DeskCommand},
        consents,
        event::{DeskEvent, Event},
        state::{Mission, State as EngineState},
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
/// What can be asked.
const KINDS: [&str; 7] = ["choose", "command", "budget", "ask", "conflict", "remedy", "release"];

/// Which requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those that were decided lately, too.
    #[serde(default)]
    decided: bool,
    /// Older than this one: `next` of the page before.
    #[schemars(regex(pattern = form::REQUEST))]
    before: Option<String>,
    /// `choose`, `command`, `budget`, `ask`, `conflict`, `remedy` or `release`.
    #[schemars(extend("enum" = KINDS))]
    kind: Option<String>,
    /// Requests of a page.
    #[schemars(range(min = 1, max = 500))]
    most: Option<usize>,
}

/// A request as it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Request")]
pub(super) struct View {
    /// Its name, such as R-3.
    request: String,
    /// The mission or incident that waits, such as M-12.
    about: String,
    /// `choose`, `command`, `budget`, `ask`, `conflict`, `remedy` or `release`.
    kind: &'static str,
    /// What is asked, in one line.
    question: String,
    /// What a person must have seen: a decision names it.
    revision: u32,
    /// Since when, RFC 3339 in UTC.
    opened: String,
    /// When it counts as denied.
    expires: String,
    /// Why it was not decided by itself: every rule that fired.
    reasons: Vec<String>,
    /// What happens if it is denied.
    if_denied: String,
    /// When it is approved by itself unless somebody says no before.
    happens_by_itself: Option<String>,
    /// Who said yes so far, where several people must.
    approved: Vec<String>,
    /// The same, each with what it was said to.
    consents: Vec<ConsentView>,
    /// Exactly what would be done, a line each: the command, the remedy, the files in conflict.
    plan: Vec<String>,
    /// The teams that can be chosen, with their candidates.
    teams: Vec<TeamView>,
    /// A decision that was given and can still be taken back.
    held: Option<Answered>,
    /// The decision, where it was decided.
    decision: Option<Answered>,
}

/// One yes of several.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Consent")]
pub(super) struct ConsentView {
    /// Who.
    by: String,
    /// To what, such as a team; null: to what is asked, as it is.
    to: Option<String>,
}

/// A decision that was given.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Decided")]
pub(super) struct Answered {
    /// `approve`, `modify`, `reject`, `retry`, `grant`, `expired` or `withdrawn`.
    answer: &'static str,
    /// Who gave it.
    by: String,
    /// When it was given, or takes effect where it is held; RFC 3339 in UTC.
    at: String,
    /// The team that was chosen.
    team: Option<u8>,
    /// Why.
    reason: Option<String>,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Answer")]
pub(super) enum Word {
    /// Yes.
    Approve,
    /// Yes, but changed.
    Modify,
    /// No.
    Reject,
    /// No, try again with the reason in mind.
    Retry,
    /// Yes to a command, and to the same for a while.
    Grant,
}

/// A decision.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Decision")]
pub(super) struct Decided {
    /// The revision that was seen.
    revision: u32,
    /// What is answered.
    answer: Word,
    /// Team that is meant, by number or name: needed where there is a choice of several.
    #[serde(default)]
    team: Option<String>,
    /// Why: needed for reject and retry.
    #[serde(default)]
    reason: Option<String>,
    /// For modify: another command.
    #[serde(default)]
    argv: Option<Vec<String>>,
    /// For modify: other words for the agents.
    #[serde(default)]
    prompt: Option<String>,
    /// For modify: another amount in US dollars.
    #[serde(default)]
    amount_usd: Option<f64>,
    /// For grant: for every mission in this repository, not for its mission alone.
    #[serde(default)]
    project: bool,
    /// For grant: every command that begins with so many of its words; else this command alone.
    #[serde(default)]
    first: Option<usize>,
    /// For grant: how often.
    #[serde(default)]
    uses: Option<u32>,
    /// For grant: how long, such as 8h.
    #[serde(default)]
    #[schemars(regex(pattern = form::SPAN))]
    lasts: Option<String>,
    /// It takes effect after the undo window only, and can be taken back until then.
    #[serde(default)]
    hold: bool,
}

/// What became of a decision.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecisionReceipt")]
pub(super) struct Receipt {
    /// Which request.
    request: String,
    /// Last journal entry of it.
    seq: u64,
    /// When it takes effect, where it is held.
    held_until: Option<String>,
    /// A grant that began by it.
    grant: Option<String>,
    /// It was one yes of several: the request waits for another person.
    waits: bool,
}

fn line(words: &str) -> String {
    clean_line(words, LINE_MOST).to_string()
}

fn view(state: &EngineState, request: &Request) -> View {
    let mission = state.missions.get(&request.mission).map(Arc::as_ref);
    let decided = state.decided.iter().rev().find(|(known, ..)| known.id == request.id);
    let held = state.clockwork.held.get(&request.id);
    let yes = consents::of(state, request);
    View {
        request: request.id.to_string(),
        about: request.about(),
        kind: request.subject.word(),
        question: line(&asked(request, mission)),
        revision: request.revision.0,
        opened: request.opened.to_string(),
        expires: request.expires.to_string(),
        reasons: request.reasons.iter().map(|words| line(words)).collect(),
        if_denied: line(&request.if_denied),
        happens_by_itself: state.clockwork.vetoes.get(&request.id).map(ToString::to_string),
        approved: yes.iter().map(|yes| yes.by.clone()).collect(),
        consents: yes.into_iter().map(|yes| ConsentView { by: yes.by, to: yes.to }).collect(),
        plan: plan(&request.subject),
        teams: candidates(&request.subject, mission),
        held: held.map(|hold| given(&hold.decision, &hold.by, hold.until)),
        decision: decided.map(|(_, decision, at)| {
            let by = state.deciders.get(&request.id).cloned().unwrap_or(Actor::Engine);
            given(decision, &by, *at)
        }),
    }
}

fn plan(subject: &Subject) -> Vec<String> {
    match subject {
        Subject::Command { argv, reason, .. } => vec![line(&argv.join(" ")), line(reason)],
        Subject::Remedy { remedy, .. } => remedy_lines(remedy).iter().map(|words| line(words)).collect(),
        Subject::Conflict { files, .. } => files.iter().map(|file| line(file)).collect(),
        Subject::Budget { cap, wanted, .. } => vec![format!("{cap} becomes {wanted}")],
        Subject::Ask { question, .. } => vec![line(question)],
        Subject::Release { commit, back, .. } => vec![line(&release_words(commit, back.as_deref()))],
        Subject::Choose { .. } => Vec::new(),
    }
}

fn candidates(subject: &Subject, mission: Option<&Mission>) -> Vec<TeamView> {
    let (Subject::Choose { teams }, Some(mission)) = (subject, mission) else { return Vec::new() };
    let chosen = mission.teams.iter().filter(|team| teams.contains(&team.id));
    chosen.map(|team| team_view(mission, team)).collect()
}

fn given(decision: &Decision, by: &Actor, at: Timestamp) -> Answered {
    let (answer, team, reason) = match decision {
        Decision::Approve { team } => ("approve", *team, None),
        Decision::Modify { team, .. } => ("modify", *team, None),
        Decision::Reject { reason } => ("reject", None, Some(line(reason))),
        Decision::Retry { reason } => ("retry", None, Some(line(reason))),
        Decision::Grant { .. } => ("grant", None, None),
        Decision::Expired => ("expired", None, None),
        Decision::Withdrawn => ("withdrawn", None, None),
    };
    Answered { answer, by: by.to_string(), at: at.to_string(), team: team.map(|team| team.0), reason }
}

pub(super) fn routes(api: Api) -> Api {
    let request = |leaf: Leaf| leaf.path("request", "Request, such as R-3");
    let list_leaf = Leaf::new("list_desk", "desk", "What waits for a person, newest first")
        .query::<Which>()
        .answers::<Page<View>>(200);
    let show = request(Leaf::new("get_request", "desk", "One request with everything to decide it"))
        .answers::<View>(200);
    let decide_leaf = Leaf::new(
        "decide_request",
        "desk",
        "Decide it, on the revision that was seen; 409 where it has changed since",
    );
    let decide_leaf = request(decide_leaf).body::<Decided>().answers::<Receipt>(200).once();
    let decide_leaf = decide_leaf.needs(Role::Operator);
    let undo_leaf = Leaf::new("undo_decision", "desk", "Take back a decision that has not taken effect");
    let undo_leaf = request(undo_leaf).answers::<Receipt>(200).once().needs(Role::Operator);
    api.get("/api/desk", list_leaf, list)
        .get("/api/desk/{request}", show, one)
        .post("/api/desk/{request}/decision", decide_leaf, decide)
        .post("/api/desk/{request}/undo", undo_leaf, undo)
}

async fn list(
    State(front): State<Arc<Front>>,
    Asked(which): Asked<Which>,
) -> Result<Told<Page<View>>, Problem> {
    let most = paging::length(which.most)?;
    let before = paging::before::<RequestId>(which.before.as_deref())?;
    paging::known("kind", which.kind.as_deref(), &KINDS)?;
    let state = front.state();
    let mut found: Vec<&Arc<Request>> = state.desk.values().collect();
    if which.decided {
        found.extend(state.decided.iter().map(|(request, ..)| request));
    }
    found.sort_by_key(|request| std::cmp::Reverse(request.id));
    let wanted = |request: &&Arc<Request>| {
        before.is_none_or(|before| request.id < before)
            && which.kind.as_ref().is_none_or(|word| request.subject.word() == word)
    };
    let found = found.into_iter().filter(wanted);
    Ok(ok(Page::of(found, most, |request| request.id.to_string(), |request| view(&state, request))))
}

/// A request that waits or was decided lately.
fn find(state: &EngineState, id: RequestId) -> Result<&Request, Problem> {
    let decided = || state.decided.iter().rev().map(|(request, ..)| request).find(|request| request.id == id);
    let found = state.desk.get(&id).or_else(decided).map(Arc::as_ref);
    found.ok_or_else(|| Problem::none("request", id, "/api/desk?decided=true"))
}

async fn one(State(front): State<Arc<Front>>, Named(id): Named<RequestId>) -> Result<Told<View>, Problem> {
    let state = front.state();
    find(&state, id).map(|request| ok(view(&state, request)))
}

async fn decide(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<RequestId>,
    Given(decided): Given<Decided>,
) -> Result<Told<Receipt>, Problem> {
    let state = front.state();
    let request = find(&state, id)?;
    let revision = Revision(decided.revision);
    let decision = Box::new(decision(&state, request, &decided)?);
    let command = match decided.hold {
        true => DeskCommand::Hold(id, revision, decision),
        false => DeskCommand::Decide(id, revision, decision),
    };
    command_at(&front, &caller, (id, command)).await
}

async fn undo(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Named(id): Named<RequestId>,
) -> Result<Told<Receipt>, Problem> {
    command_at(&front, &caller, (id, DeskCommand::Undo(id))).await
}

async fn command_at(
    front: &Front,
    caller: &Caller,
    (id, command): (RequestId, DeskCommand),
) -> Result<Told<Receipt>, Problem> {
    let receipt = rights::give(&front.handle, caller, Command::Desk(command)).await?;
    let mut told =
        Receipt { request: id.to_string(), seq: receipt.seq.0, held_until: None, grant: None, waits: false };
    for event in &receipt.events {
        match event {
            Event::Desk(DeskEvent::DecisionHeld(hold)) => told.held_until = Some(hold.until.to_string()),
            Event::Desk(DeskEvent::Granted(grant)) => told.grant = Some(grant.id.to_string()),
            Event::Desk(DeskEvent::RequestRevised(request)) => told.waits = !request.said_yes().is_empty(),
            _ => {}
        }
    }
    Ok(ok(told))
}

fn invalid(detail: impl AsRef<str>, hint: impl AsRef<str>) -> Problem {
    Problem::new(Sort::Invalid, detail, hint)
}

/// The decision that is meant.
fn decision(state: &EngineState, request: &Request, decided: &Decided) -> Result<Decision, Problem> {
    let mission = state.missions.get(&request.mission).map(Arc::as_ref);
    let team = || chosen(request, mission, decided.team.as_deref());
    let reason = || {
        let said = decided.reason.as_deref().unwrap_or_default().trim().to_owned();
        if said.is_empty() {
            return Err(invalid("reason is missing", "say why: the teams learn from it"));
        }
        Ok(said)
    };
    Ok(match decided.answer {
        Word::Approve => Decision::Approve { team: team()? },
        Word::Reject => Decision::Reject { reason: reason()? },
        Word::Retry => Decision::Retry { reason: reason()? },
        Word::Modify => Decision::Modify { team: team()?, change: change(decided)? },
        Word::Grant => Decision::Grant { terms: Box::new(terms(request, decided)?) },
    })
}

fn change(decided: &Decided) -> Result<Modification, Problem> {
    match (&decided.argv, &decided.prompt, decided.amount_usd) {
        (Some(argv), None, None) if !argv.is_empty() => Ok(Modification::Argv(argv.clone())),
        (None, Some(prompt), None) if !prompt.trim().is_empty() => Ok(Modification::Prompt(prompt.clone())),
        (None, None, Some(usd)) => {
            let amount: Result<Money, _> = format!("{usd:.6}").parse();
            amount.map(Modification::Amount).map_err(|error| invalid(error.to_string(), "write 0.50"))
        }
        _ => Err(invalid("modify names one change", "give exactly one of argv, prompt and amount_usd")),
    }
}

/// The team that an answer means: needed only where there is a choice of several.
fn chosen(
    request: &Request,
    mission: Option<&Mission>,
    name: Option<&str>,
) -> Result<Option<TeamId>, Problem> {
    let Some(mission) = mission else {
        return match name {
            None => Ok(None),
            Some(_) => Err(invalid(format!("{} is about no team", request.id), "leave team out")),
        };
    };
    let named = |name: &str| {
        let number = name.trim_start_matches("T-").parse::<u8>().ok().map(TeamId);
        let found = mission.teams.iter().find(|team| {
            Some(team.id) == number || team.spec.name.to_lowercase() == name.trim().to_lowercase()
        });
        found.map(|team| team.id).ok_or_else(|| {
            let names: Vec<String> =
                mission.teams.iter().map(|team| format!("{} {}", team.id.0, team.spec.name)).collect();
            invalid(
                format!("{name:?} names no team of {}", mission.id),
                format!("there are {}", names.join(", ")),
            )
        })
    };
    let Subject::Choose { teams } = &request.subject else { return name.map(named).transpose() };
    match (name, teams.as_slice()) {
        (Some(name), _) => {
            let team = named(name)?;
            if teams.contains(&team) {
                return Ok(Some(team));
            }
            Err(invalid(format!("{name} has no candidate in {}", request.id), "GET it to see who has"))
        }
        (None, [only]) => Ok(Some(*only)),
        (None, _) => {
            Err(invalid(format!("{} is a choice", request.id), "say which team; GET it to see them"))
        }
    }
}

fn terms(request: &Request, decided: &Decided) -> Result<Terms, Problem> {
    let Subject::Command { argv, .. } = &request.subject else {
        let detail = format!("{} is a {}: only commands are granted", request.id, request.subject.word());
        return Err(Problem::new(Sort::Unfit, detail, "answer approve"));
    };
    let pattern = match decided.first {
        None => Pattern::Exact(argv.clone()),
        Some(first) => {
            let words = argv.get(..first).filter(|words| !words.is_empty());
            let words =
                words.ok_or_else(|| invalid(format!("first is {first}"), "the command has fewer words"))?;
            Pattern::Prefix(words.to_vec())
        }
    };
    let reach = if decided.project { Reach::Project } else { Reach::Mission };
    let lasts = decided.lasts.as_ref().map(|text| text.parse::<Millis>()).transpose();
    let lasts = lasts.map_err(|error| invalid(format!("lasts: {error}"), "write 8h"))?;
    Ok(Terms {
        pattern,
        reach,
        uses: decided.uses.unwrap_or(Terms::USES_USUAL),
        lasts: lasts.unwrap_or_else(|| reach.usual_span()),
    })
}
