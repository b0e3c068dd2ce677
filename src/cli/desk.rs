//! `chimera desk`: what waits for a decision, and deciding it. A decision names the revision that was seen; after
//! it the mission is followed until it has landed or waits again; what an incident waited for is told by the incident.

use super::{
    exit::{Complaint, Exit, Said},
    follow::Follow,
    house::{House, Purpose},
    named,
    out::{Form, Out},
    progress::{consents_value, request_line},
    session::Session,
    show,
    signals::{Interrupts, Signals},
};
use crate::{
    domain::{
        grant::{Pattern, Reach, Terms},
        ids::{MissionId, RequestId, Revision, TeamId},
        money::Money,
        request::{Decision, Hold, Modification, Request, Subject},
        text::count,
        time::{Millis, Timestamp},
    },
    engine::{
        account,
        command::{Command, DeskCommand as Desk},
        consents,
        desk::word,
        event::{DeskEvent, Event},
        snapshot,
        state::State,
    },
    runtime::{
        clock::Clock,
        handle::{Handle, Receipt},
    },
    workspace::patch,
};
use clap::{Args, Subcommand};
use std::{io::Read, path::Path};

/// Bytes of a patch.
const PATCH_MOST: u64 = 16 * 1024 * 1024;

/// What to do at the desk.
#[derive(Debug, Clone, Subcommand)]
pub enum DeskCommand {
    /// List what waits
    List,
    /// Show a request with everything to decide it
    Show(RequestArgs),
    /// Say yes
    Approve(ApproveArgs),
    /// Say no
    Reject(RejectArgs),
    /// Say yes to something else
    Modify(ModifyArgs),
    /// Say yes to a command, and to the same for a while
    Grant(GrantArgs),
    /// Take back a decision that has not taken effect
    Undo(RequestArgs),
}

/// Which request.
#[derive(Debug, Clone, Args)]
pub struct RequestArgs {
    /// Request, such as R-3
    #[arg(value_name = "ID")]
    pub request: RequestId,
}

/// Yes.
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// Request, such as R-3
    #[arg(value_name = "ID")]
    pub request: RequestId,
    /// Team whose candidate is approved: name, number or vendor
    #[arg(long, value_name = "NAME")]
    pub team: Option<String>,
    /// The revision you saw; refused if the request has changed since [default: the current one]
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// Let it take effect after the undo window only, as on the screen
    #[arg(long)]
    pub hold: bool,
}

/// No.
#[derive(Debug, Clone, Args)]
pub struct RejectArgs {
    /// Request, such as R-3
    #[arg(value_name = "ID")]
    pub request: RequestId,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Let the teams try again with the reason in mind
    #[arg(long)]
    pub retry: bool,
    /// The revision you saw [default: the current one]
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// Let it take effect after the undo window only, as on the screen
    #[arg(long)]
    pub hold: bool,
}

/// Yes to something else.
#[derive(Debug, Clone, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(false)))]
pub struct ModifyArgs {
    /// Request, such as R-3
    #[arg(value_name = "ID")]
    pub request: RequestId,
    /// Another patch, as git writes it; it is checked before it lands. `-` reads stdin
    #[arg(long, value_name = "FILE", group = "change")]
    pub patch: Option<String>,
    /// Another command; everything after it
    #[arg(long, value_name = "ARG", num_args = 1.., allow_hyphen_values = true, group = "change")]
    pub argv: Vec<String>,
    /// Other words for the agents
    #[arg(long, value_name = "TEXT", group = "change")]
    pub prompt: Option<String>,
    /// Another amount
    #[arg(long, value_name = "USD", group = "change")]
    pub amount: Option<Money>,
    /// Team that is meant: name, number or vendor
    #[arg(long, value_name = "NAME")]
    pub team: Option<String>,
    /// The revision you saw [default: the current one]
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
}

/// Yes for a while.
#[derive(Debug, Clone, Args)]
pub struct GrantArgs {
    /// Request, such as R-3
    #[arg(value_name = "ID")]
    pub request: RequestId,
    /// For every mission in this repository [default: for its mission alone]
    #[arg(long)]
    pub project: bool,
    /// Every command that begins with so many of its words [default: this command alone]
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// How often
    #[arg(long, value_name = "N", default_value_t = Terms::USES_USUAL)]
    pub uses: u32,
    /// How long [default: 8h, 24h with --project]
    #[arg(long = "for", value_name = "DUR")]
    pub lasts: Option<Millis>,
    /// The revision you saw [default: the current one]
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
}

/// Does it.
///
/// # Errors
/// There is no such request or team, the engine refuses, or the house cannot be opened.
pub async fn run(command: &DeskCommand, session: &Session, out: &mut Out) -> Said {
    match command {
        DeskCommand::List => {
            list(&session.look()?, Clock::Wall.now(), out);
            return Ok(Exit::Ok);
        }
        DeskCommand::Show(args) => return detail(args.request, &session.look()?, out),
        DeskCommand::Undo(args) => return undo(args.request, session, out).await,
        DeskCommand::Approve(_) | DeskCommand::Reject(_) | DeskCommand::Modify(_) | DeskCommand::Grant(_) => {
        }
    }
    let house = session.open(Purpose::Work).await?;
    let said = serve(command, &house, session, out).await;
    house.close().await;
    said
}

async fn serve(command: &DeskCommand, house: &House, session: &Session, out: &mut Out) -> Said {
    let handle = &house.handle;
    let mut interrupts = Signals::take().map_err(|e| Complaint::error(e.to_string()))?;
    let answer = answer(command, handle, &session.here).await?;
    decide(handle, answer, (out, &mut interrupts)).await
}

/// A decision that is ready to be given.
#[derive(Debug, PartialEq)]
pub struct Given {
    /// Of what.
    pub request: RequestId,
    /// The revision that was seen.
    pub revision: Revision,
    /// The mission that waits for it, if one does: [`MissionId::HOUSE`] is nobody to follow.
    pub mission: MissionId,
    /// What waits for it, as it is called.
    pub about: String,
    /// The words.
    pub decision: Decision,
    /// Whether it can be taken back for a while.
    pub hold: bool,
}

/// Gives it, and follows the mission until it has landed or waits again.
///
/// # Errors
/// The engine refuses it, or ends.
pub async fn decide(
    handle: &Handle,
    given: Given,
    (out, interrupts): (&mut Out, &mut dyn Interrupts),
) -> Result<Exit, Complaint> {
    let follow = (given.mission != MissionId::HOUSE).then(|| Follow::from_here(handle, given.mission));
    let no = matches!(given.decision, Decision::Reject { .. });
    let decision = Box::new(given.decision.clone());
    let command = match given.hold {
        true => Desk::Hold(given.request, given.revision, decision),
        false => Desk::Decide(given.request, given.revision, decision),
    };
    let receipt = handle.send(Command::Desk(command)).await?;
    if let Some(hold) = held_by(&receipt) {
        let words = format!(
            "held      {0} until {1}; `chimera desk undo {0}` takes it back",
            hold.request, hold.until
        );
        out.both(&words, &held_value(hold));
        return ended(follow, no, (out, interrupts)).await;
    }
    if let Some(request) = shared_by(&receipt) {
        let yes = consents::of(&handle.snapshot(), request);
        let by: Vec<String> = yes.iter().map(ToString::to_string).collect();
        let words = format!(
            "approved  {} by {}; it waits for another person, or for `chimera desk reject {}`",
            request.id,
            by.join(" and "),
            request.id
        );
        let value = serde_json::json!({
            "kind": "approved", "request": request.id.to_string(), "revision": request.revision,
            "approved": yes.iter().map(|yes| yes.by.as_str()).collect::<Vec<_>>(), "consents": consents_value(&yes),
        });
        out.both(&words, &value);
        return Ok(Exit::Waiting);
    }
    let kept = receipt.events.iter().find_map(|event| match event {
        Event::Desk(DeskEvent::RequestDecided(_, _, decision)) => Some(decision),
        _ => None,
    });
    out.both(
        &format!("decided   {} {}", given.request, given.revision),
        &serde_json::json!({
            "kind": "decided", "request": given.request.to_string(), "about": given.about,
            "mission": (given.mission != MissionId::HOUSE).then(|| given.mission.to_string()), "revision": given.revision, "decision": kept,
        }),
    );
    for event in &receipt.events {
        if let Event::Desk(DeskEvent::Granted(grant)) = event {
            let words = format!("granted   {0}; `chimera grants revoke {0}` takes it back", grant.id);
            out.both(&words, &serde_json::json!({"kind": "granted", "grant": grant.id.to_string()}));
        }
    }
    if follow.is_none() {
        out.say(&format!("          `chimera show {}` tells what becomes of it", given.about));
    }
    ended(follow, no, (out, interrupts)).await
}

/// How what was decided ends. A rejection that ends a mission did what was asked.
async fn ended(
    follow: Option<Follow<'_>>,
    no: bool,
    (out, interrupts): (&mut Out, &mut dyn Interrupts),
) -> Result<Exit, Complaint> {
    let Some(follow) = follow else { return Ok(Exit::Ok) };
    let exit = follow.run(out, interrupts).await?;
    Ok(if no && exit != Exit::Interrupted { Exit::Ok } else { exit })
}

/// The decision that a command has put on hold.
fn held_by(receipt: &Receipt) -> Option<&Hold> {
    receipt.events.iter().find_map(|event| match event {
        Event::Desk(DeskEvent::DecisionHeld(hold)) => Some(&**hold),
        _ => None,
    })
}

/// The request that one of several said yes to, and that waits for the others.
fn shared_by(receipt: &Receipt) -> Option<&Request> {
    receipt.events.iter().find_map(|event| match event {
        Event::Desk(DeskEvent::RequestRevised(request)) if !request.said_yes().is_empty() => Some(&**request),
        _ => None,
    })
}

fn held_value(hold: &Hold) -> serde_json::Value {
    serde_json::json!({
        "kind": "held", "request": hold.request.to_string(), "revision": hold.revision, "decision": hold.decision,
        "by": hold.by.to_string(), "until": hold.until.to_string(),
    })
}

/// The terms that were written, for the command that is asked.
fn granting(args: &GrantArgs, request: &Request) -> Result<Decision, Complaint> {
    let Subject::Command { argv, .. } = &request.subject else {
        let text = format!("{} is a {}: only commands are granted", request.id, request.subject.word());
        return Err(Complaint::usage(text));
    };
    let pattern = match args.first {
        None => Pattern::Exact(argv.clone()),
        Some(first) => match argv.get(..first) {
            Some(first) => Pattern::Prefix(first.to_vec()),
            None => {
                let text = format!("--first {first}: the command has {}", count(argv.len(), "word"));
                return Err(Complaint::usage(text));
            }
        },
    };
    let reach = if args.project { Reach::Project } else { Reach::Mission };
    let lasts = args.lasts.unwrap_or_else(|| reach.usual_span());
    Ok(Decision::Grant { terms: Box::new(Terms { pattern, reach, uses: args.uses, lasts }) })
}

/// Takes a decision back, in this process or in the one that owns the data directory.
async fn undo(request: RequestId, session: &Session, out: &mut Out) -> Said {
    let house = session.open(Purpose::Command).await?;
    let sent = house.handle.send(Command::Desk(Desk::Undo(request))).await;
    house.close().await;
    sent?;
    let value = serde_json::json!({"kind": "undone", "request": request.to_string()});
    out.both(&format!("undone    {request} waits for an answer again"), &value);
    Ok(Exit::Ok)
}

async fn answer(command: &DeskCommand, handle: &Handle, here: &Path) -> Result<Given, Complaint> {
    let state = handle.snapshot();
    match command {
        DeskCommand::Approve(args) => {
            let request = named::request(args.request, &state)?;
            let team = chosen(request, args.team.as_deref(), &state)?;
            Ok(given(request, (args.revision, args.hold), Decision::Approve { team }))
        }
        DeskCommand::Reject(args) => {
            let request = named::request(args.request, &state)?;
            let reason = args.reason.trim().to_owned();
            if reason.is_empty() {
                return Err(Complaint::usage("--reason is empty: say why, the teams learn from it"));
            }
            let decision = if args.retry { Decision::Retry { reason } } else { Decision::Reject { reason } };
            Ok(given(request, (args.revision, args.hold), decision))
        }
        DeskCommand::Modify(args) => {
            let request = named::request(args.request, &state)?;
            let team = match (&request.subject, &args.team) {
                (_, Some(name)) => Some(named::team(named::mission(request.mission, &state)?, name)?),
                (Subject::Choose { .. }, None) => chosen(request, None, &state)?,
                _ => None,
            };
            let change = change(args, handle, here).await?;
            Ok(given(request, (args.revision, false), Decision::Modify { team, change }))
        }
        DeskCommand::Grant(args) => {
            let request = named::request(args.request, &state)?;
            Ok(given(request, (args.revision, false), granting(args, request)?))
        }
        DeskCommand::List | DeskCommand::Show(_) | DeskCommand::Undo(_) => {
            Err(Complaint::error("nothing to decide"))
        }
    }
}

fn given(request: &Request, (revision, hold): (Option<u32>, bool), decision: Decision) -> Given {
    let revision = revision.map_or(request.revision, Revision);
    Given { request: request.id, revision, mission: request.mission, about: request.about(), decision, hold }
}

async fn change(args: &ModifyArgs, handle: &Handle, here: &Path) -> Result<Modification, Complaint> {
    if let Some(file) = &args.patch {
        let bytes = read_patch(file, here)?;
        return Ok(Modification::Patch(handle.keep(bytes).await?));
    }
    if let Some(prompt) = &args.prompt {
        if prompt.trim().is_empty() {
            return Err(Complaint::usage("--prompt is empty").hint("say what the agents shall do instead"));
        }
        return Ok(Modification::Prompt(prompt.clone()));
    }
    if let Some(amount) = args.amount {
        return Ok(Modification::Amount(amount));
    }
    Ok(Modification::Argv(args.argv.clone()))
}

fn read_patch(file: &str, here: &Path) -> Result<Vec<u8>, Complaint> {
    let failed = |e: std::io::Error| Complaint::error(format!("--patch {file}: cannot be read: {e}"));
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if file == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(here.join(file)).map_err(failed)?)
    };
    source.take(PATCH_MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > PATCH_MOST {
        return Err(Complaint::usage(format!("--patch {file}: longer than {PATCH_MOST} bytes")));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Complaint::usage(format!("--patch {file}: is empty")));
    }
    // A patch that nobody can read must not cost the candidate it would replace.
    patch::paths(&bytes).map_err(|e| {
        Complaint::error(format!("--patch {file}: {e}"))
            .hint("write it as `git diff` does; nothing was decided")
    })?;
    Ok(bytes)
}

/// The team that an approval means: needed only where there is a choice of several.
fn chosen(request: &Request, name: Option<&str>, state: &State) -> Result<Option<TeamId>, Complaint> {
    if let Some(incident) = request.subject.incident() {
        return match name {
            None => Ok(None),
            Some(name) => Err(Complaint::usage(format!(
                "--team {name}: {} is about {incident}, where no team has a candidate",
                request.id
            ))),
        };
    }
    let mission = named::mission(request.mission, state)?;
    let Subject::Choose { teams } = &request.subject else {
        return name.map(|name| named::team(mission, name)).transpose();
    };
    let names = || -> Vec<String> {
        teams.iter().map(|team| format!("{} {}", team.0, super::finish::team_name(mission, *team))).collect()
    };
    match (name, teams.as_slice()) {
        (_, []) => Err(Complaint::error(format!("{} has no candidate that may land", request.id)).hint(format!(
            "`chimera policy explain {0}` tells why; `chimera desk reject {0} --retry --reason …` lets the teams try \
             again",
            request.id
        ))),
        (Some(name), _) => {
            let team = named::team(mission, name)?;
            if !teams.contains(&team) {
                return Err(Complaint::usage(format!("--team {name}: has no candidate in {}", request.id))
                    .hint(format!("there are {}", names().join(", "))));
            }
            Ok(Some(team))
        }
        (None, [only]) => Ok(Some(*only)),
        (None, _) => Err(Complaint::usage(format!("{} is a choice: say which with --team", request.id))
            .hint(format!("there are {}", names().join(", ")))),
    }
}

/// Prints what waits, oldest first.
pub fn list(state: &State, now: Timestamp, out: &mut Out) {
    if state.desk.is_empty() {
        out.say("Nothing waits.");
    }
    for request in state.desk.values() {
        let line = request_line(state, request);
        let age = now.since(request.opened);
        let held = state.clockwork.held.get(&request.id);
        let mut value = line.value;
        if let Some(hold) = held {
            value["held"] = held_value(hold);
        }
        let held = held
            .map(|hold| {
                let when = snapshot::takes_effect(state, hold);
                format!(" · {} by {}, {when}", word(&hold.decision), hold.by)
            })
            .or_else(|| snapshot::by_itself(state, request).map(|words| format!(" · {words}")));
        let asked = line.words.trim_start_matches("request   ");
        out.both(&format!("{} · {asked} · {age}{}", request.about(), held.unwrap_or_default()), &value);
    }
}

/// Prints a request with everything to decide it.
///
/// # Errors
/// There is no such request.
pub fn detail(id: RequestId, state: &State, out: &mut Out) -> Said {
    let request = named::request(id, state)?;
    let line = request_line(state, request);
    out.both(&line.words, &line.value);
    if out.form() == Form::Human {
        out.say(&format!(
            "about {}, opened {}, expires {}",
            request.about(),
            request.opened,
            request.expires
        ));
        let ill = request.subject.incident().and_then(|id| state.ward.incidents.get(&id));
        if let Some((ill, since)) = ill.and_then(|ill| Some((ill.id, ill.sightings.clear_since?))) {
            out.say(&format!("{ill} is clear since {since}"));
        }
        if let Some(words) = snapshot::by_itself(state, request) {
            out.say(&words);
        }
        if let Subject::Remedy { remedy, .. } = &request.subject {
            for line in account::remedy_lines(remedy) {
                out.say(&format!("  would do: {line}"));
            }
        }
        for reason in &request.reasons {
            out.say(&format!("  because {reason}"));
        }
        for yes in consents::of(state, request) {
            out.say(&format!("approved by {yes}; it waits for another person"));
        }
        out.say(&format!("if denied: {}", request.if_denied));
        if state.missions.contains_key(&request.mission) {
            return show::print(request.mission, state, out);
        }
    }
    Ok(Exit::Ok)
}
