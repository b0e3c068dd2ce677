//! `chimera incidents`, `chimera show I-7`, `chimera investigate` and `chimera resolve`: what is or was wrong with the
//! services, and a person's word on it.

use super::{
    exit::{Complaint, Exit, Said},
    house::Purpose,
    out::Out,
    session::Session,
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Attempt, Clue, Diagnosis, Matcher, Silence},
        money::Money,
        text::{clean_line, count},
        time::Timestamp,
    },
    engine::{
        account,
        command::{Command, HealCommand, RefusalKind},
        healing::ward::Incident,
        snapshot,
        state::State,
    },
    policy::{gate::explain, grants::moment},
    runtime::{
        clock::Clock,
        handle::{Receipt, SendError},
    },
};
use clap::Args;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where they are listed.
const KNOWN: &str = "`chimera incidents --all` lists incidents and silences";

/// Which incidents.
#[derive(Debug, Clone, Args)]
pub struct IncidentsArgs {
    /// Those that are over, too
    #[arg(long)]
    pub all: bool,
}

/// Which incident, and why.
#[derive(Debug, Clone, Args)]
pub struct ResolveArgs {
    /// Incident, such as I-7
    #[arg(value_name = "ID")]
    pub incident: IncidentId,
    /// Why it is over
    #[arg(long, value_name = "WORDS", default_value = "a person says so")]
    pub why: String,
}

/// Which incident.
#[derive(Debug, Clone, Args)]
pub struct InvestigateArgs {
    /// Incident, such as I-7
    #[arg(value_name = "ID")]
    pub incident: IncidentId,
}

/// Lists them, newest first.
///
/// # Errors
/// The journal cannot be read.
pub fn run(args: &IncidentsArgs, session: &Session, out: &mut Out) -> Said {
    list(&session.look()?, args.all, Clock::Wall.now(), out);
    Ok(Exit::Ok)
}

/// Lists the incidents of a state.
pub fn list(state: &State, all: bool, now: Timestamp, out: &mut Out) {
    let mut any = false;
    if let Some(since) = state.ward.storm {
        let words = format!("storm since {}: nothing acts by itself", moment(since, now));
        out.both(&words, &json!({"kind": "storm", "since": since.to_string()}));
    }
    for incident in state.ward.incidents.values().rev().filter(|incident| all || !incident.phase.over()) {
        any = true;
        out.both(&line(state, incident, now), &value(state, incident));
    }
    for (id, silence) in &state.ward.silences {
        let words = format!("{id} {}: {}", quiet(state, silence, now), clean_line(&silence.why, 120));
        let value = json!({
            "kind": "silence", "silence": id.to_string(), "from": silence.from.to_string(),
            "until": silence.until.to_string(), "why": silence.why, "maintenance": silence.maintenance,
            "matches": silence.matches,
        });
        out.both(&words, &value);
    }
    if !any {
        out.say(if all { "No incident so far." } else { "No incident. `--all` lists those that are over." });
    }
}

fn line(state: &State, incident: &Incident, now: Timestamp) -> String {
    let asked = incident.request.and_then(|id| state.desk.get(&id));
    let by_itself = asked.and_then(|request| snapshot::by_itself(state, request));
    let by_itself = by_itself.map(|words| format!(": {words}")).unwrap_or_default();
    let request = incident.request.map(|id| format!(" · {id} waits{by_itself}")).unwrap_or_default();
    format!(
        "{} {} {} · {} · {} · {} · since {}{request}",
        incident.id,
        incident.severity,
        incident.phase.word(),
        clean_line(&incident.service, 64),
        clean_line(&incident.title, 100),
        count(incident.sightings.count, "time"),
        moment(incident.opened.unwrap_or(incident.first_seen), now),
    )
}

/// An incident as JSON.
#[must_use]
pub fn value(state: &State, incident: &Incident) -> Value {
    let veto = incident.request.and_then(|request| state.clockwork.vetoes.get(&request));
    json!({
        "kind": "incident", "incident": incident.id.to_string(), "fingerprint": incident.fingerprint.0,
        "severity": incident.severity.word(), "phase": incident.phase.word(), "service": incident.service,
        "env": incident.env, "signal": incident.kind, "title": incident.title, "count": incident.sightings.count,
        "affected": incident.sightings.affected, "first_seen": incident.first_seen.to_string(),
        "last_seen": incident.sightings.last.to_string(), "firing": incident.sightings.firing,
        "opened": incident.opened.map(|at| at.to_string()),
        "diagnosis": incident.diagnosis.as_ref().map(|diagnosis| diagnosed(diagnosis)),
        "request": incident.request.map(|request| request.to_string()),
        "happens_by_itself": veto.map(ToString::to_string),
        "spent_usd": incident.spent.as_usd(),
        "mission": incident.mission().map(|mission| mission.to_string()),
        "attempts": incident.attempts.iter().map(attempted).collect::<Vec<_>>(),
    })
}

fn diagnosed(diagnosis: &Diagnosis) -> Value {
    json!({
        "grade": diagnosis.grade.word(), "confidence": diagnosis.confidence, "rule": diagnosis.rule,
        "cause": diagnosis.cause, "object": diagnosis.object, "remedy": diagnosis.remedy.word(),
        "plan": account::remedy_lines(&diagnosis.remedy), "gaps": diagnosis.gaps, "tainted": diagnosis.tainted,
        "culprit": diagnosis.culprit.as_ref().map(|culprit| json!({
            "commit": culprit.commit, "subject": culprit.subject, "score": culprit.score,
            "runner_up": culprit.runner_up,
        })),
        "evidence": diagnosis.clues.iter().map(|clue| json!({
            "id": format!("E{}", clue.id), "sort": clue.sort.word(), "words": clue.words, "trusted": clue.trusted,
            "still_true": clue.still_true, "at": clue.at.to_string(),
        })).collect::<Vec<_>>(),
    })
}

fn attempted(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number, "remedy": attempt.remedy.words(), "began": attempt.began.to_string(),
        "mission": attempt.mission.map(|mission| mission.to_string()),
        "outcome": attempt.outcome.as_ref().map(|outcome| outcome.word()), "log": attempt.log,
    })
}

/// The incident of a state.
///
/// # Errors
/// There is none of that number.
pub fn named(id: IncidentId, state: &State) -> Result<&Incident, Complaint> {
    let found = state.ward.incidents.get(&id).map(std::sync::Arc::as_ref);
    found.ok_or_else(|| Complaint::error(format!("there is no incident {id}")).hint(KNOWN))
}

/// Prints all there is about one.
///
/// # Errors
/// There is none of that number.
pub fn print(id: IncidentId, state: &State, now: Timestamp, out: &mut Out) -> Said {
    let incident = named(id, state)?;
    out.tell(&value(state, incident));
    out.say(&line(state, incident, now));
    out.say(&format!("  cause of this kind: {} ({})", incident.kind, incident.fingerprint.short()));
    for sample in &incident.sightings.samples {
        out.say(&format!("  seen: {}", clean_line(sample, 300)));
    }
    for frame in &incident.sightings.frames {
        let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
        out.say(&format!("  in {} ({}{line})", frame.function, frame.file));
    }
    if let Some(diagnosis) = &incident.diagnosis {
        told(diagnosis, out);
    }
    if incident.spent > Money::ZERO {
        out.say(&format!("  its investigator cost {}", incident.spent));
    }
    if let Some(ruling) = &incident.ruling {
        explain(ruling).iter().for_each(|line| out.say(&format!("  ruled: {line}")));
    }
    if let Some(until) = incident.request.and_then(|request| state.clockwork.vetoes.get(&request)) {
        out.say(&format!("  happens by itself at {until} unless somebody says no"));
    }
    out.say("timeline");
    for (at, words) in &incident.timeline {
        out.say(&format!("  {} {}", moment(*at, now), clean_line(words, 300)));
    }
    Ok(Exit::Ok)
}

fn told(diagnosis: &Diagnosis, out: &mut Out) {
    out.say(&format!("grade {}: {} ({})", diagnosis.grade, diagnosis.cause, diagnosis.object));
    for clue in &diagnosis.clues {
        let carries = if diagnosis.carried_by.contains(&clue.id) { "*" } else { " " };
        out.say(&format!("  {carries}E{} {}: {}{}", clue.id, clue.sort.word(), clue.words, standing(clue)));
    }
    for gap in &diagnosis.gaps {
        out.say(&format!("   gap: {gap}"));
    }
    if let Some(culprit) = &diagnosis.culprit {
        out.say(&format!(
            "  came with {} {} ({} of 100, next best {})",
            culprit.commit.short(),
            culprit.subject,
            culprit.score,
            culprit.runner_up
        ));
    }
    for line in account::remedy_lines(&diagnosis.remedy) {
        out.say(&format!("  remedy: {line}"));
    }
}

fn standing(clue: &Clue) -> &'static str {
    match (clue.trusted, clue.still_true) {
        (false, _) => " (told by text)",
        (true, Some(false)) => " (not so any more)",
        (true, Some(true)) => " (so now)",
        (true, None) => "",
    }
}

/// Looks into one again.
///
/// # Errors
/// There is none, or it is being healed.
pub async fn investigate(args: &InvestigateArgs, session: &Session, out: &mut Out) -> Said {
    let word = format!("looks into {} again", args.incident);
    give(HealCommand::Investigate(args.incident), &word, session, out).await
}

/// A person says that it is over.
///
/// # Errors
/// There is none, or it is over already.
pub async fn resolve(args: &ResolveArgs, session: &Session, out: &mut Out) -> Said {
    let word = format!("closed    {}", args.incident);
    give(HealCommand::Resolve(args.incident, args.why.clone()), &word, session, out).await
}

/// What is quiet, why at all, from when and until when.
#[must_use]
pub fn quiet(state: &State, silence: &Silence, now: Timestamp) -> String {
    let Matcher { fingerprint, service, kind } = &silence.matches;
    let cause = fingerprint.as_ref().map(|cause| {
        let of = state.ward.incidents.values().rev().find(|incident| incident.fingerprint == *cause);
        of.map_or_else(
            || format!("cause {}", cause.short()),
            |incident| format!("the cause of {}", incident.id),
        )
    });
    let named = |word: &str, name: &Option<String>| {
        name.as_ref().map(|name| format!("{word} {}", clean_line(name, 64)))
    };
    let what: Vec<String> =
        [cause, named("service", service), named("kind", kind)].into_iter().flatten().collect();
    let what = if what.is_empty() { "everything".to_owned() } else { what.join(", ") };
    let sort = if silence.maintenance { "maintenance: quiet" } else { "quiet" };
    let from = match silence.from > now {
        true => format!(" from {}", moment(silence.from, now)),
        false => String::new(),
    };
    format!("{sort} about {what}{from} until {}", moment(silence.until, now))
}

/// Gives a word on incidents; what came of it, and the state after it.
///
/// # Errors
/// The house cannot be opened, or the engine refuses.
pub async fn given(command: HealCommand, session: &Session) -> Result<(Receipt, Arc<State>), Complaint> {
    let house = session.open(Purpose::Command).await?;
    let sent = house.handle.send(Command::Heal(command)).await;
    let state = house.handle.snapshot();
    house.close().await;
    let receipt = sent.map_err(|error| {
        let unknown = matches!(&error, SendError::Refused(refusal) if refusal.kind == RefusalKind::Unknown);
        let complaint = Complaint::from(error);
        if unknown { complaint.hint(KNOWN) } else { complaint }
    })?;
    Ok((receipt, state))
}

/// Gives a word on incidents.
///
/// # Errors
/// The house cannot be opened, or the engine refuses.
pub async fn give(command: HealCommand, word: &str, session: &Session, out: &mut Out) -> Said {
    let (receipt, _) = given(command, session).await?;
    out.both(
        &format!("{word}, at {}", receipt.seq),
        &json!({"kind": "done", "words": word, "seq": receipt.seq}),
    );
    Ok(Exit::Ok)
}
