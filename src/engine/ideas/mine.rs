//! Patterns: what in the traces and the records is an idea, in which words, with which brief.

use super::{
    Idea, IdeaId, IdeaKind, Standing, TITLE_MOST, Traces,
    found::Found,
    healed,
    score::{Known, Reason, score},
    traces::{Ended, Trace},
};
use crate::{
    domain::{
        ids::MissionId,
        money::Money,
        text::{clean_line, count},
        time::{Millis, Timestamp},
    },
    engine::{healing::ward::Lesson, records::Records},
};
use std::collections::VecDeque;

/// Times from which on something is a pattern.
const OFTEN: u64 = 3;
/// Missions in which something must have been seen.
const MISSIONS: usize = 2;
/// Restarts of one mission.
const RETRIES: u64 = 2;
/// Ended missions of a kind from which on there is a usual one.
const USUAL: usize = 5;
/// Times the median that is a lot.
const MUCH: u64 = 2;
/// Missions of a kind that are told as slow, and as costly.
const OUTLIERS: usize = 2;
/// Mean time of a check from which on it is slow.
const SLOW_CHECK: Millis = Millis::mins(2);

/// All ideas as of now: open ones first, by score, then by id.
#[must_use]
pub fn mine((traces, lessons): (&Traces, &[Lesson]), records: &Records, now: Timestamp) -> Vec<Idea> {
    let mut found = failures(traces);
    found.extend(faults(records));
    found.extend(checks(records));
    found.extend(outliers(traces));
    found.extend(rejected(records));
    found.extend(again(traces));
    found.extend(prices(records, now));
    found.extend(healed::patterns(lessons));
    found.extend(suggested(traces));
    let mut ideas: Vec<Idea> = found.into_iter().map(|found| idea(found, traces, now)).collect();
    ideas.sort_by(|a, b| {
        let open = |idea: &Idea| idea.standing == Standing::Open;
        open(b).cmp(&open(a)).then(b.score.cmp(&a.score)).then_with(|| a.id.cmp(&b.id))
    });
    ideas
}

fn idea(found: Found, traces: &Traces, now: Timestamp) -> Idea {
    let id = IdeaId::of(found.kind, &found.about);
    let dismissed = traces.dismissed().get(&id);
    let of_kind =
        traces.dismissed().iter().filter(|(other, d)| d.kind == found.kind && **other != id).count();
    let stays = |weight: u64| found.weight < weight.saturating_mul(2).max(1);
    let standing = match (dismissed, traces.taken().get(&id)) {
        (Some(dismissal), _) if stays(dismissal.weight) => Standing::Dismissed(dismissal.clone()),
        (_, Some(taken)) if stays(taken.weight) => Standing::Taken(taken.clone()),
        _ => Standing::Open,
    };
    let known = Known {
        kind: found.kind,
        times: found.weight,
        missions: found.missions.len(),
        last: found.seen.1,
        own: found.own,
        dismissed: dismissed.filter(|_| standing == Standing::Open),
        of_kind,
    };
    let (score, reasons) = score(known, now);
    Idea {
        id,
        kind: found.kind,
        title: clean_line(&found.title, TITLE_MOST).into(),
        score,
        reasons,
        weight: found.weight,
        evidence: found.evidence.iter().map(|line| clean_line(line, 300).into()).collect(),
        missions: found.missions,
        brief: found.brief,
        seen: found.seen,
        standing,
    }
}

fn list(missions: &[MissionId]) -> String {
    let shown: Vec<String> = missions.iter().rev().take(6).map(ToString::to_string).collect();
    let more = if missions.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn of_trace(kind: IdeaKind, about: &str, trace: &Trace, title: String, brief: String) -> Found {
    let missions: Vec<MissionId> = trace.missions.iter().copied().collect();
    let mut evidence = vec![format!("{} in {}", count(trace.times, "time"), list(&missions))];
    if !trace.words.is_empty() {
        evidence.push(format!("last: {}", trace.words));
    }
    Found {
        kind,
        about: about.to_owned(),
        title,
        weight: trace.times,
        evidence,
        missions,
        brief,
        seen: trace.seen,
        own: Vec::new(),
    }
}

fn failures(traces: &Traces) -> Vec<Found> {
    let often = |trace: &&Trace| trace.times >= OFTEN && trace.missions.len() >= MISSIONS;
    let rows = traces.failures().iter().filter(|(_, trace)| often(trace));
    rows.map(|(about, trace)| {
        let (command, name) = about.split_once(" · ").unwrap_or((about, about));
        let title = format!("`{name}` fails again and again");
        let run_by = if command == name { String::new() } else { format!(", run by `{command}`") };
        let brief = format!(
            "`{name}` fails in one mission after another ({} in {}){run_by}. Find out why: mend it if the code is \
             wrong, make the test say what is meant if the test is, and add what a newcomer must know about it to \
             the project's notes for agents.",
            count(trace.times, "time"),
            count(trace.missions.len(), "mission")
        );
        of_trace(IdeaKind::RepeatedFailure, about, trace, title, brief)
    })
    .collect()
}

fn faults(records: &Records) -> Vec<Found> {
    let faults = records.trouble().faults().into_iter().filter(|(_, fault)| fault.times >= OFTEN);
    faults
        .map(|(about, fault)| Found {
            kind: IdeaKind::RepeatedFault,
            about: about.to_owned(),
            title: format!("{} stops again and again: {}", fault.doing, fault.words),
            weight: fault.times,
            evidence: vec![
                format!("{} so far", count(fault.times, "time")),
                format!("last: {}", fault.words),
            ],
            missions: fault.mission.into_iter().collect(),
            brief: format!(
                "Work stops in the step `{}` for the same reason again and again: {}. Find out what brings it about; if \
                 that is in this repository, mend it, and else say what is.",
                fault.doing,
                fault.words.trim_end_matches('.')
            ),
            seen: (fault.at, fault.at),
            own: Vec::new(),
        })
        .collect()
}

fn checks(records: &Records) -> Vec<Found> {
    let mut found = Vec::new();
    for (command, check) in records.trouble().checks() {
        let runs = count(check.runs, "run");
        let mission: Vec<MissionId> = check.mission.into_iter().collect();
        if check.differed > 0 {
            found.push(Found {
                kind: IdeaKind::FlakyCheck,
                about: command.to_owned(),
                title: format!("`{command}` passes and fails on the same commit"),
                weight: check.differed,
                evidence: vec![
                    format!("{} another result on the same commit", count(check.differed, "time")),
                    format!("{} of {runs} failed, {} timed out", check.failed, check.timed_out),
                ],
                missions: mission.clone(),
                brief: format!(
                    "`{command}` gives different results on one and the same commit. Find the tests that depend \
                     on time, order, chance, the network or each other, and make them give the same answer every \
                     time. Run the command at least ten times to show it."
                ),
                seen: (check.at, check.at),
                own: Vec::new(),
            });
        }
        if let Some(each) = check.time_each().filter(|each| check.runs >= OFTEN && *each >= SLOW_CHECK) {
            found.push(Found {
                kind: IdeaKind::SlowCheck,
                about: command.to_owned(),
                title: format!("`{command}` takes {each} each time"),
                weight: check.runs,
                evidence: vec![format!("{runs}, {} together, the slowest {}", check.elapsed, check.slowest)],
                missions: mission,
                brief: format!(
                    "`{command}` takes {each} on average, and every candidate waits for it. Find out what takes \
                     the time and make it shorter without testing less."
                ),
                seen: (check.at, check.at),
                own: Vec::new(),
            });
        }
    }
    found
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

fn outliers(traces: &Traces) -> Vec<Found> {
    let mut found = Vec::new();
    for (kind, ended) in traces.ended().filter(|(_, ended)| ended.len() >= USUAL) {
        let took = |ended: &Ended| ended.took.0;
        let cost = |ended: &Ended| u64::try_from(ended.cost.0).unwrap_or(0);
        found.extend(beyond(ended, took).into_iter().map(|(one, usual)| {
            let words = [one.took.to_string(), Millis(usual).to_string()];
            outlier(IdeaKind::SlowMission, kind, one, (words, took(one) / usual.max(1)))
        }));
        found.extend(beyond(ended, cost).into_iter().map(|(one, usual)| {
            let words = [one.cost.to_string(), Money(i64::try_from(usual).unwrap_or(i64::MAX)).to_string()];
            outlier(IdeaKind::CostlyMission, kind, one, (words, cost(one) / usual.max(1)))
        }));
    }
    found
}

/// The missions that are far beyond the median, the furthest first, with the median.
fn beyond(ended: &VecDeque<Ended>, of: impl Fn(&Ended) -> u64) -> Vec<(&Ended, u64)> {
    let Some(usual) = median(ended.iter().map(&of).collect()).filter(|usual| *usual > 0) else {
        return Vec::new();
    };
    let mut far: Vec<&Ended> = ended.iter().filter(|one| of(one) > usual.saturating_mul(MUCH)).collect();
    far.sort_by_key(|one| (std::cmp::Reverse(of(one)), one.mission));
    far.into_iter().take(OUTLIERS).map(|one| (one, usual)).collect()
}

fn outlier(kind: IdeaKind, of: &str, one: &Ended, ([value, usual], factor): ([String; 2], u64)) -> Found {
    let (verb, noun) = if kind == IdeaKind::SlowMission { ("took", "time") } else { ("cost", "money") };
    let points = i16::try_from(factor.min(8) * 5).unwrap_or(40);
    Found {
        kind,
        about: one.mission.to_string(),
        title: format!("{} {verb} {value}, {factor} times the usual {usual}", one.mission),
        weight: 1,
        evidence: vec![format!("{}: {}", one.mission, one.title), format!("the median of {of} is {usual}")],
        missions: vec![one.mission],
        brief: format!(
            "Work like \"{}\" {verb} {value} where {usual} is usual here. Look at the part of the code it was \
             about and do what would have saved the {noun}: smaller files, a clear place to change, tests that can \
             be run alone, a note for agents on where to look.",
            one.title
        ),
        seen: (one.at, one.at),
        own: vec![Reason::new(points, format!("{factor} times the median"))],
    }
}

fn rejected(records: &Records) -> Vec<Found> {
    let kinds = records.kinds().iter().map(|row| ("work of the kind", row));
    let teams = records.teams().iter().map(|row| ("the work of", row));
    let often = kinds.chain(teams).filter(|(_, (_, tally))| tally.rejected >= OFTEN);
    often
        .map(|(what, (name, tally))| {
            let reasons: Vec<String> = tally
                .reasons
                .ranked()
                .into_iter()
                .filter(|(words, _)| !words.is_empty())
                .take(3)
                .map(|(words, times)| format!("\"{words}\" ({times}×)"))
                .collect();
            let said = if reasons.is_empty() { "no reason was said".to_owned() } else { reasons.join(", ") };
            Found {
                kind: IdeaKind::OftenRejected,
                about: format!("{what} {name}"),
                title: format!("{what} {name} is often sent back: {said}"),
                weight: tally.rejected,
                evidence: vec![
                    format!("{} of {} sent back", tally.rejected, count(tally.candidates, "candidate")),
                    format!("people said: {said}"),
                ],
                missions: Vec::new(),
                brief: format!(
                    "People send {what} {name} back: {said}. Write the rules that would have prevented it into the \
                     project's notes for agents (AGENTS.md), and where a check can enforce one, add the check."
                ),
                seen: (Timestamp::default(), Timestamp::default()),
                own: Vec::new(),
            }
        })
        .collect()
}

fn again(traces: &Traces) -> Vec<Found> {
    let retried = traces.retried().iter().filter(|(_, trace)| trace.times >= RETRIES);
    let retried = retried.map(|(mission, trace)| {
        let title = format!("{mission} was begun anew {}: {}", count(trace.times, "time"), trace.words);
        let brief = format!(
            "\"{}\" had to be begun anew {}. Do the part of it that can be done and shown by a test on its own, and \
             write down what was unclear.",
            trace.words,
            count(trace.times, "time")
        );
        of_trace(IdeaKind::Retried, mission, trace, title, brief)
    });
    let budgets = traces.budgets().iter().filter(|(_, trace)| trace.missions.len() >= MISSIONS);
    let budgets = budgets.map(|(kind, trace)| {
        let stopped = count(trace.missions.len(), "mission");
        let title = format!("the budget stopped {stopped} of the kind {kind}");
        let brief = format!(
            "Caps stopped {stopped} of the kind {kind}; the last time: {}. Find out where their tokens go (large \
             files, long outputs, generated code) and make the repository cheaper to read: split files, keep \
             generated files out of sight, write a short map for agents.",
            trace.words
        );
        of_trace(IdeaKind::BudgetReached, kind, trace, title, brief)
    });
    let commands = traces.commands().iter().filter(|(_, trace)| trace.times >= OFTEN);
    let commands = commands.map(|(line, trace)| {
        let title = format!("agents ask for `{line}` again and again");
        let brief = format!(
            "Agents ask for `{line}` again and again ({}, {}), and a person must answer each time; the last \
             reason: {}. Make it unnecessary: what it fetches or builds should be in the repository or in its \
             checks. If it is harmless, grant it for the project at the desk instead.",
            count(trace.times, "time"),
            count(trace.missions.len(), "mission"),
            trace.words
        );
        of_trace(IdeaKind::AskedCommand, line, trace, title, brief)
    });
    retried.chain(budgets).chain(commands).collect()
}

fn prices(records: &Records, now: Timestamp) -> Vec<Found> {
    let models = records.models().iter().filter(|(_, tally)| tally.unknown > 0);
    models
        .map(|(model, tally)| Found {
            kind: IdeaKind::UnknownPrice,
            about: model.to_owned(),
            title: format!("nobody knows what {model} costs"),
            weight: tally.unknown,
            evidence: vec![format!(
                "{} of {} without a known price, {} tokens",
                tally.unknown,
                count(tally.calls, "call"),
                tally.tokens()
            )],
            missions: Vec::new(),
            brief: format!(
                "The price of {model} is not known, so what it costs escapes every cap. Find its price per million \
                 tokens at its vendor and write the entry for prices.toml, beside the settings file, into the \
                 project's documentation for whoever runs it."
            ),
            seen: (now, now),
            own: Vec::new(),
        })
        .collect()
}

fn suggested(traces: &Traces) -> Vec<Found> {
    traces
        .suggested()
        .map(|(suggestion, at)| Found {
            kind: IdeaKind::Suggested,
            about: suggestion.title.clone(),
            title: suggestion.title.clone(),
            weight: 1,
            evidence: vec![suggestion.why.clone()],
            missions: Vec::new(),
            brief: suggestion.brief.clone(),
            seen: (*at, *at),
            own: vec![Reason::new(
                i16::from(suggestion.worth) * 6 / 10,
                format!("the agent says it is worth {} of 100", suggestion.worth),
            )],
        })
        .collect()
}
