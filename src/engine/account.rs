//! Facts in words: one line for each, as lists, reports and replays show it. Pure; every text that came from
//! outside is clean and cut.

use super::{
    event::{
        ControlEvent, DeskEvent, EffectEvent, Event, IdeaEvent, IncidentEvent, MissionEvent, MoneyEvent,
        TeamEvent, WardEvent,
    },
    state::Mission,
};
use crate::{
    domain::{
        binding::ARGUMENT_MOST,
        candidate::{CommitId, Evidence},
        grant::{Pattern, Terms},
        ids::TeamId,
        incident::{Phase, Remedy},
        mission::Ending,
        money::Cost,
        request::{Decision, Modification, Request, Subject},
        signal::SignalState,
        text::{clean_line, count},
    },
    policy::ruling::{Ruling, RulingOutcome},
};

/// Characters of a quoted text.
const QUOTE_MOST: usize = 200;
/// Characters of a command that would run.
const ARGV_MOST: usize = 2 * ARGUMENT_MOST;
/// Lines of what teams are told.
const REMEDY_LINES_MOST: usize = 20;
/// Characters of a commit id.
const COMMIT_MOST: usize = 10;

/// What happened, in one line. With the mission at hand teams have their names.
#[must_use]
pub fn line(event: &Event, mission: Option<&Mission>) -> String {
    let name = |team: TeamId| mission.map_or_else(|| team.to_string(), |mission| mission.team_name(team));
    let words = match event {
        Event::Mission(_, event) => of_mission(event, &name),
        Event::Team(_, team, event) => format!("{} {}", name(*team), of_team(event)),
        Event::Desk(event) => of_desk(event, &name),
        Event::Effect(event) => of_effect(event),
        Event::Money(event) => of_money(event, &name),
        Event::Control(event) => of_control(event),
        Event::Idea(event) => of_idea(event),
        Event::Incident(id, event) => format!("{id} {}", of_incident(event)),
        Event::Ward(event) => of_ward(event),
    };
    clean_line(&words, 600).into()
}

fn quote(text: &str) -> String {
    clean_line(text.trim(), QUOTE_MOST).into()
}

fn short(commit: &CommitId) -> String {
    clean_line(&commit.0.chars().take(COMMIT_MOST).collect::<String>(), COMMIT_MOST).into()
}

type Name<'a> = &'a dyn Fn(TeamId) -> String;

fn of_mission(event: &MissionEvent, name: Name<'_>) -> String {
    match event {
        MissionEvent::Opened(brief) => {
            let withheld = brief.withheld_words().map(|words| format!("; {words}")).unwrap_or_default();
            format!("brief: {}{withheld}", quote(&brief.text))
        }
        MissionEvent::Admitted => "left the queue".into(),
        MissionEvent::Surveyed(survey) => format!(
            "repository looked at: {}, {}, base {}",
            quote(&survey.language),
            count(survey.files, "file"),
            short(&survey.base)
        ),
        MissionEvent::QuestionsAsked(asked) if asked.is_empty() => "nothing to ask".into(),
        MissionEvent::QuestionsAsked(asked) => {
            let texts: Vec<String> = asked.iter().map(|question| quote(&question.text)).collect();
            format!("asked: {}", texts.join(" / "))
        }
        MissionEvent::Clarified(answers) if answers.is_empty() => "no answers were needed".into(),
        MissionEvent::Clarified(answers) => {
            let texts: Vec<String> = answers.iter().map(|answer| quote(&answer.text)).collect();
            format!("answered: {}", texts.join(" / "))
        }
        MissionEvent::Planned(plan) => {
            format!("plan of {}: {}", count(plan.steps.len(), "step"), quote(&plan.goal))
        }
        MissionEvent::StepEntered(step, revision) => format!("step {step} at {revision}"),
        MissionEvent::Judged(verdicts, missing) => {
            let scores = verdicts.iter().map(|verdict| {
                format!(
                    "{} #{} {}/100 by {}",
                    name(verdict.team),
                    verdict.attempt,
                    verdict.score,
                    verdict.judge
                )
            });
            let missing = missing.iter().map(|words| format!("missing: {}", quote(words)));
            let all: Vec<String> = scores.chain(missing).collect();
            format!("judged: {}", if all.is_empty() { "nothing".into() } else { all.join("; ") })
        }
        MissionEvent::Ruled(team, attempt, ruling) => {
            format!("the gate on {} #{attempt}: {}", name(*team), ruled(ruling))
        }
        MissionEvent::Chosen(team, attempt) => format!("chosen: {} #{attempt}", name(*team)),
        MissionEvent::Landed(commit, branch) => format!("landed as {} on {}", short(commit), quote(branch)),
        MissionEvent::Restored(commit, branch) => {
            format!("restored as {} on {}", short(commit), quote(branch))
        }
        MissionEvent::Released(kept) if kept.is_empty() => "worktrees removed".into(),
        MissionEvent::Released(kept) => format!("worktrees removed, kept: {}", quote(&kept.join("; "))),
        MissionEvent::Ended(ending) => ended(ending),
        MissionEvent::Reopened(why) => format!("tried again: {}", quote(why)),
        MissionEvent::TestSeen(team, attempt) => {
            format!("the end-to-end test stands: {} #{attempt} fails on what is there", name(*team))
        }
        MissionEvent::Retried(team, why) => format!("{} is asked again: {}", name(*team), quote(why)),
        MissionEvent::Staged(commit) => format!("staged: {}", short(commit)),
        MissionEvent::Validated(run) => {
            format!("the end-to-end test in the staging environment {}", run.outcome.words())
        }
        MissionEvent::BudgetReached(note) => format!("budget: {}", quote(note)),
        MissionEvent::Rated(rating) => format!("rated: {}", quote(&rating.to_string())),
    }
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Landed => "ended: landed".into(),
        Ending::Failed(why) => format!("ended: failed, {}", quote(why)),
        Ending::Cancelled(why) => format!("ended: cancelled, {}", quote(why)),
        Ending::OverBudget(why) => format!("ended: over budget, {}", quote(why)),
    }
}

fn ruled(ruling: &Ruling) -> String {
    let outcome = match &ruling.outcome {
        RulingOutcome::Auto => "goes at once".to_owned(),
        RulingOutcome::After(delay) => format!("goes after {delay}"),
        RulingOutcome::Ask { approvals } => format!("asks {}", count(*approvals, "person")),
        RulingOutcome::Hold { .. } => "held".to_owned(),
        RulingOutcome::Deny => "denied".to_owned(),
    };
    let reasons: Vec<String> = ruling.reasons.iter().map(|reason| quote(&reason.text)).collect();
    format!("{outcome} (tier {}): {}", ruling.tier, reasons.join("; "))
}

fn of_team(event: &TeamEvent) -> String {
    match event {
        TeamEvent::DraftStarted { attempt, .. } => format!("starts attempt {attempt}"),
        TeamEvent::TurnFinished { turn, commit, .. } => {
            let changed = if commit.is_some() { "files changed" } else { "no change of files" };
            format!("finished turn {turn}, {changed}")
        }
        TeamEvent::CandidateProposed(candidate) => format!(
            "proposes #{} +{} -{} in {}: {}",
            candidate.attempt,
            candidate.stat.additions,
            candidate.stat.deletions,
            count(candidate.stat.files.len(), "file"),
            quote(&candidate.summary)
        ),
        TeamEvent::EvidenceGathered(attempt, evidence) => {
            format!("evidence for #{attempt}: {}", proof(evidence))
        }
        TeamEvent::ResultStale(attempt) => format!("#{attempt} came too late and was not used"),
        TeamEvent::Failed(failure) => format!("failed: {}", quote(&failure.reason)),
        TeamEvent::FeedbackGiven(words) => format!("is told: {}", quote(words)),
        TeamEvent::Rebased(commit) => format!("starts from {}", short(commit)),
        TeamEvent::TakenOver => "is taken over".into(),
        TeamEvent::Lent(place) => format!("lends its worktree {}", quote(place)),
        TeamEvent::HandedBack => "is handed back".into(),
    }
}

fn proof(evidence: &Evidence) -> String {
    let word = if evidence.passed() { "passed" } else { "not passed" };
    format!("{word}, {}", count(evidence.checks.len(), "check"))
}

/// What a request asks, in one line.
#[must_use]
pub fn asked(request: &Request, mission: Option<&Mission>) -> String {
    let name = |team: TeamId| mission.map_or_else(|| team.to_string(), |mission| mission.team_name(team));
    wanted(request, &name)
}

fn wanted(request: &Request, name: Name<'_>) -> String {
    match &request.subject {
        Subject::Choose { teams } if teams.is_empty() => "no candidate may land as it is".into(),
        Subject::Choose { teams } => {
            let names: Vec<String> = teams.iter().map(|team| name(*team)).collect();
            match names.as_slice() {
                [only] => format!("whether the candidate of {only} may land"),
                _ => format!("choose of {}", names.join(", ")),
            }
        }
        Subject::Command { team, argv, .. } => {
            format!("{} wants to run {}", name(*team), quote(&format!("{argv:?}")))
        }
        Subject::Budget { cap, wanted, .. } => format!("raise the cap of {cap} to {wanted}"),
        Subject::Ask { team, question } => format!("{} asks: {}", name(*team), quote(question)),
        Subject::Conflict { team, files, .. } => {
            format!("{} conflicts with the target in {}", name(*team), quote(&files.join(", ")))
        }
        Subject::Remedy { incident, remedy, .. } => format!("{incident}: {}", quote(&remedy.words())),
        Subject::Release { incident, commit, back } => {
            format!("{incident}: {}", release_words(commit, back.as_deref()))
        }
    }
}

/// What is asked of a release that watching did not decide.
#[must_use]
pub fn release_words(commit: &CommitId, back: Option<&str>) -> String {
    let commit = commit.short();
    match back {
        Some(back) => format!("keep {commit} in place, or take it back to {}", clean_line(back, 128)),
        None => format!("keep {commit} in place, which nothing takes back"),
    }
}

/// Exactly what a remedy would do, a line each.
#[must_use]
pub fn remedy_lines(remedy: &Remedy) -> Vec<String> {
    // Exactly what would run is never cut short of what an argument may be.
    let argv = |argv: &[String]| clean_line(&format!("{argv:?}"), ARGV_MOST).to_string();
    match remedy {
        Remedy::Runbook(plan) => {
            let head = format!(
                "{} version {} on {} ({}): {}",
                plan.runbook,
                plan.version,
                quote(&plan.target),
                quote(&plan.env),
                quote(&plan.summary)
            );
            let checks = plan.prechecks.iter().map(|check| format!("only if {}", quote(&check.expr)));
            let steps = plan.steps.iter().flat_map(|step| {
                let undo = step.undo.as_ref().map(|undo| format!("  taken back by {}", argv(undo)));
                std::iter::once(format!("{}: {}", step.id, argv(&step.run))).chain(undo)
            });
            let proof = plan.verify.all.iter().map(|clause| format!("it helped if {}", quote(clause)));
            std::iter::once(head).chain(checks).chain(steps).chain(proof).collect()
        }
        Remedy::Revert(commit) => {
            vec![format!("a commit that takes {} back, checked and landed", short(commit))]
        }
        Remedy::Code(words) => {
            let first = "teams race for a fix; what they come to is asked for again".to_owned();
            std::iter::once(first).chain(words.lines().take(REMEDY_LINES_MOST).map(quote)).collect()
        }
        Remedy::Nothing => vec!["nothing".into()],
    }
}

fn of_desk(event: &DeskEvent, name: Name<'_>) -> String {
    match event {
        DeskEvent::RequestOpened(request) => format!("{} opened: {}", request.id, wanted(request, name)),
        DeskEvent::RequestRevised(request) => {
            format!("{} now {}: {}", request.id, request.revision, wanted(request, name))
        }
        DeskEvent::RequestDecided(id, revision, decision) => {
            format!("{id} {revision} decided: {}", decided(decision, name))
        }
        DeskEvent::VetoOpened(id, until) => format!("{id} is approved by itself at {until} unless stopped"),
        DeskEvent::DecisionHeld(hold) => format!(
            "{} {} decided by {}, can be taken back until {}: {}",
            hold.request,
            hold.revision,
            hold.by,
            hold.until,
            decided(&hold.decision, name)
        ),
        DeskEvent::DecisionUndone(id) => format!("{id}: the decision was taken back"),
        DeskEvent::DecisionDropped(id, why) => format!("{id}: the decision does not count: {}", quote(why)),
        DeskEvent::HoldEnded(id, by) => format!("{id}: the decision of {by} takes effect"),
        DeskEvent::Granted(grant) => {
            format!("{} of {}: {}", grant.id, quote(&grant.by), granted(&grant.terms))
        }
        DeskEvent::GrantUsed(grant, id) => format!("{id} approved on the strength of {grant}"),
        DeskEvent::GrantEnded(grant, why) => format!("{grant} ended: {}", quote(why)),
    }
}

fn decided(decision: &Decision, name: Name<'_>) -> String {
    let whose = |team: &Option<TeamId>| team.map(|team| format!(" {}", name(team))).unwrap_or_default();
    match decision {
        Decision::Approve { team } => format!("approved{}", whose(team)),
        Decision::Modify { team, change } => {
            let what = match change {
                Modification::Patch(_) => "with another patch".to_owned(),
                Modification::Argv(argv) => format!("to run {}", quote(&format!("{argv:?}"))),
                Modification::Prompt(words) => format!("with other words: {}", quote(words)),
                Modification::Amount(amount) => format!("with {amount}"),
            };
            format!("approved{} {what}", whose(team))
        }
        Decision::Reject { reason } => format!("rejected: {}", quote(reason)),
        Decision::Retry { reason } => format!("try again: {}", quote(reason)),
        Decision::Grant { terms } => format!("approved, and granted {}", granted(terms)),
        Decision::Expired => "nobody answered in time".into(),
        Decision::Withdrawn => "it no longer matters".into(),
    }
}

fn granted(terms: &Terms) -> String {
    let argv = quote(&terms.pattern.elements().join(" "));
    let more = if matches!(terms.pattern, Pattern::Prefix(_)) { " …" } else { "" };
    let times = count(terms.uses, "time");
    format!("`{argv}{more}` {times} within {} in this {}", terms.lasts, terms.reach.word())
}

fn of_effect(event: &EffectEvent) -> String {
    match event {
        EffectEvent::Wanted(id, _, kind) => format!("{} is wanted ({id})", kind.word()),
        EffectEvent::Started(id) => format!("{id} begins"),
        EffectEvent::Done(id) => format!("{id} is done"),
        EffectEvent::Failed(id, failure) => format!("{id} failed: {}", quote(&failure.reason)),
        EffectEvent::Dropped(id) => format!("{id} is not wanted any more"),
    }
}

/// Money as it is known.
#[must_use]
pub fn cost(cost: Cost) -> String {
    match cost {
        Cost::Known(money) => money.to_string(),
        Cost::Unknown => "an unknown price".into(),
    }
}

fn of_money(event: &MoneyEvent, name: Name<'_>) -> String {
    match event {
        MoneyEvent::Reserved { call, team, model, worst, incident, .. } => {
            let whose = match (incident, team) {
                (Some(incident), _) => format!("the investigator of {incident}"),
                (None, Some(team)) => name(*team),
                (None, None) => "the orchestrator".to_owned(),
            };
            format!("{call} of {whose} to {} may cost {}", quote(&model.to_string()), cost(*worst))
        }
        MoneyEvent::Settled { call, usage, cost: paid } => {
            format!("{call} cost {}, {}", cost(*paid), count(usage.total(), "token"))
        }
        MoneyEvent::Forfeited(call) => format!("{call} was cut off: all that was set aside counts as spent"),
        MoneyEvent::CapRaised(_, by) => format!("the cap is raised by {by}"),
    }
}

fn of_idea(event: &IdeaEvent) -> String {
    match event {
        IdeaEvent::Dismissed { id, kind, why, .. } => {
            format!("{id} ({}) is not wanted: {}", kind.word(), quote(why))
        }
        IdeaEvent::Taken { id, mission, .. } => format!("{id} has become {mission}"),
        IdeaEvent::Asked(_) => "the ideas agent is asked".into(),
        IdeaEvent::Suggested { ideas, .. } => {
            format!("the ideas agent had {}", count(ideas.len(), "suggestion"))
        }
        IdeaEvent::Unanswered { why, .. } => format!("the ideas agent gave no answer: {}", quote(why)),
    }
}

fn of_incident(event: &IncidentEvent) -> String {
    match event {
        IncidentEvent::Seen(signal) => {
            let state = if signal.state == SignalState::Firing { "seen" } else { "clear" };
            format!("{state} by {}: {} {}", quote(&signal.probe), signal.severity, quote(&signal.title))
        }
        IncidentEvent::PhaseEntered(Phase::NeedsHuman(why)) => format!("needs a person: {}", quote(why)),
        IncidentEvent::PhaseEntered(Phase::Suppressed(why)) => format!("is quiet: {}", why.words()),
        IncidentEvent::PhaseEntered(phase) => format!("is {}", phase.word()),
        IncidentEvent::Reopened => "is back".into(),
        IncidentEvent::Diagnosed(diagnosis) => {
            let remedy = quote(&diagnosis.remedy.words());
            format!("diagnosed, grade {}: {}; remedy: {remedy}", diagnosis.grade, quote(&diagnosis.cause))
        }
        IncidentEvent::Ruled(ruling) => {
            format!("ruled: {}", crate::policy::gate::explain(ruling).first().map_or("", String::as_str))
        }
        IncidentEvent::Asked(request) => format!("waits for {request}"),
        IncidentEvent::Answered => "waits for nobody any more".into(),
        IncidentEvent::AttemptBegan { number, remedy, target } => {
            format!("attempt {number} on {} begins: {}", quote(target), quote(&remedy.words()))
        }
        IncidentEvent::MissionOpened(number, mission) => format!("attempt {number} is {mission}"),
        IncidentEvent::Logged(number, lines) => {
            format!("attempt {number}: {}", quote(&lines.join("; ")))
        }
        IncidentEvent::Marked(number, mark) => format!("attempt {number}: {}", quote(&mark.words())),
        IncidentEvent::AttemptEnded { number, outcome } => format!("attempt {number} {}", outcome.word()),
        IncidentEvent::Noted(words) => quote(words),
        IncidentEvent::Threaded(_) => "people are told in one thread".into(),
        IncidentEvent::News { words, .. } => format!("people are to be told: {}", quote(words)),
        IncidentEvent::Hushed => "is not told: a person wants quiet".into(),
    }
}

fn of_ward(event: &WardEvent) -> String {
    match event {
        WardEvent::Silenced(id, silence) => {
            format!("{id} keeps signals quiet until {}: {}", silence.until, quote(&silence.why))
        }
        WardEvent::SilenceEnded(id) => format!("{id} is over"),
        WardEvent::StormBegan => "a storm of incidents began: nothing acts by itself".into(),
        WardEvent::StormEnded => "the storm of incidents is over".into(),
        WardEvent::Deployed => "something was deployed".into(),
    }
}

fn of_control(event: &ControlEvent) -> String {
    match event {
        ControlEvent::Paused(why) => format!("paused: {}", quote(why)),
        ControlEvent::Resumed => "resumed".into(),
        ControlEvent::Stopped(why) => format!("stopped: {}", quote(why)),
        ControlEvent::PolicyLoaded(_) => "another policy rules".into(),
        ControlEvent::SettingChanged { key, file, value } => {
            let value = value.as_ref().map_or_else(|| "not shown".to_owned(), |value| quote(value));
            format!("setting {} is {value}, in {}", quote(key), quote(file))
        }
        ControlEvent::Given(_) => "done under a word, and not again under the same".into(),
        ControlEvent::Started { version } => format!("the program started, version {}", quote(version)),
        ControlEvent::Recovered { bytes } => {
            format!("{} of an unfinished write were cut", count(*bytes, "byte"))
        }
    }
}
