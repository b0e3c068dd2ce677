//! People: they open briefs, decide twice, late, against each other and on what they no longer see, pause, stop and change
//! rules.

mod incidents;

pub(super) use incidents::rules;

use super::Run;
use crate::{
    domain::{
        brief::{Approval, Brief},
        digest::Digest,
        feature::Feature,
        grant::{Pattern, Reach, Terms},
        ids::{MissionId, RequestId, Revision, TeamId},
        mission::Rating,
        money::Money,
        request::{Actor, Decision, Modification, Subject},
        team::{ModelRef, TeamSpec, Vendor},
        time::Millis,
    },
    engine::{
        command::{Command, ControlCommand, DeskCommand, MissionCommand, RefusalKind},
        effect::EffectKind,
        state::Control,
    },
};

pub(super) fn director() -> Actor {
    Actor::Person("director".into())
}

/// One of two people.
fn anybody(run: &mut Run) -> Actor {
    if run.dice.pct(60) { director() } else { Actor::Person("ada".into()) }
}

pub(super) fn act(run: &mut Run) {
    match run.dice.below(36) {
        0..=3 => open(run),
        4..=12 => decide(run),
        13..=18 => (0..3).for_each(|_| ask(run)),
        19 => take_back(run),
        20..=25 => mission(run),
        26..=29 => incidents::act(run),
        _ => control(run),
    }
}

pub(in crate::engine) fn brief(teams: u64, approve: Approval, timeout: Option<Millis>) -> Brief {
    let spec = |n| TeamSpec {
        name: format!("Team {n}"),
        model: ModelRef { vendor: Vendor::Anthropic, model: "m".into() },
        fallback: vec![],
    };
    Brief {
        text: "Fix the empty cart.".into(),
        constraints: vec![],
        checks: vec![],
        budget: Money::usd(4),
        attachments: vec![],
        teams: (1..=teams).map(spec).collect(),
        approve,
        repo: "/repo".into(),
        timeout,
        priority: 5,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}

fn open(run: &mut Run) {
    if run.state.missions.len() >= 5 {
        return;
    }
    let approve = match run.dice.below(6) {
        0 => Approval::Best,
        1 => Approval::Team("Team 1".into()),
        2 => Approval::None,
        _ => Approval::Ask,
    };
    let timeout = run.dice.pct(20).then(|| Millis::mins(20));
    let mut brief = brief(1 + run.dice.below(3), approve, timeout);
    brief.priority = u8::try_from(1 + run.dice.below(10)).unwrap();
    // The same dice as ever: what the priority says is no matter of features.
    brief.feature = brief.priority.is_multiple_of(3).then(|| Feature {
        target_url: "http://127.0.0.1:8080".into(),
        staging_url: "http://127.0.0.1:9090".into(),
        path: "tests/e2e".into(),
        test: vec!["./e2e.sh".into()],
        branch: (brief.priority == 9).then(|| "staging".into()),
    });
    let _ = run.send(director(), Command::Mission(MissionCommand::Open(Box::new(brief))));
}

/// A request as it is on the desk, or as somebody remembers it.
fn request(run: &mut Run) -> Option<(RequestId, Revision)> {
    let now: Vec<_> = run.state.desk.values().map(|r| (r.id, r.revision)).collect();
    run.seen.extend(now.iter().copied());
    let surplus = run.seen.len().saturating_sub(50);
    run.seen.drain(..surplus);
    // Commands end soonest: whoever looks at the desk sees them first.
    let commands = run.state.desk.values().filter(|r| matches!(r.subject, Subject::Command { .. }));
    let commands: Vec<_> = commands.map(|r| (r.id, r.revision)).collect();
    if !commands.is_empty() && run.dice.pct(30) {
        return run.dice.pick(&commands).copied();
    }
    // So does what is in place and nobody judged.
    let releases = run.state.desk.values().filter(|r| matches!(r.subject, Subject::Release { .. }));
    let releases: Vec<_> = releases.map(|r| (r.id, r.revision)).collect();
    if !releases.is_empty() && run.dice.pct(60) {
        return run.dice.pick(&releases).copied();
    }
    // Some answer what they saw before it changed.
    if run.dice.pct(8) {
        return run.dice.pick(&now).map(|(id, revision)| (*id, Revision(revision.0.saturating_sub(1))));
    }
    if run.dice.pct(75) { run.dice.pick(&now).copied() } else { run.dice.pick(&run.seen).copied() }
}

fn decide(run: &mut Run) {
    let Some((id, seen)) = request(run) else { return };
    let team = Some(TeamId(u8::try_from(1 + run.dice.below(3)).unwrap()));
    let choice = run.state.desk.get(&id).is_some_and(|r| matches!(r.subject, Subject::Choose { .. }));
    let subject = run.state.desk.get(&id).map(|r| r.subject.clone());
    let decision = match run.dice.below(12) {
        0 => Decision::Reject { reason: "no".into() },
        1 => Decision::Retry { reason: "smaller".into() },
        2..=4 if matches!(subject, Some(Subject::Remedy { .. })) => {
            Decision::Modify { team: None, change: Modification::Prompt("look at the cart first".into()) }
        }
        2 => Decision::Modify { team, change: Modification::Patch(Digest::of(b"by hand")) },
        3 => Decision::Modify { team: None, change: Modification::Prompt("try this".into()) },
        4 => Decision::Modify { team: None, change: Modification::Amount(Money::usd(9)) },
        5..=10 if matches!(subject, Some(Subject::Command { .. })) => grant(run, subject.as_ref()),
        5 => Decision::Modify { team: None, change: Modification::Argv(vec!["ls".into()]) },
        _ if choice => Decision::Approve { team },
        _ => Decision::Approve { team: None },
    };
    let current = run.state.desk.get(&id).map(|r| r.revision);
    let one_of_two = matches!(&subject, Some(Subject::Remedy { approved, .. }) if !approved.is_empty());
    let decision = if one_of_two && run.dice.pct(60) { Decision::Approve { team: None } } else { decision };
    let first = run.state.desk.get(&id).and_then(|request| request.approved.first().cloned());
    let decision = first.filter(|_| run.dice.pct(60)).map_or(decision, |yes| yes.decision);
    let actor = if run.dice.pct(4) { Actor::Agent(MissionId(1), None) } else { anybody(run) };
    let by_agent = matches!(actor, Actor::Agent(..));
    let journaled = run.disk.journal().len();
    let held = run.state.clockwork.held.get(&id).map(|hold| hold.decision.clone());
    // On the screen, where the same answer again means: now.
    let command = if run.dice.pct(50) {
        let decision = held.filter(|_| run.dice.pct(50)).unwrap_or(decision);
        DeskCommand::Hold(id, seen, Box::new(decision))
    } else {
        DeskCommand::Decide(id, seen, Box::new(decision))
    };
    let answer = run.send(actor, Command::Desk(command));
    if by_agent || current != Some(seen) {
        let refusal = answer.expect_err("an answer counts that must not");
        assert!(matches!(refusal.kind, RefusalKind::Already | RefusalKind::Stale | RefusalKind::Forbidden));
        assert_eq!(run.disk.journal().len(), journaled);
    }
}

/// Most of what was released and not decided is judged in the end.
pub(super) fn judge_releases(run: &mut Run) {
    let asked = run.state.desk.values().filter(|request| matches!(request.subject, Subject::Release { .. }));
    let asked: Vec<_> = asked.map(|request| (request.id, request.revision)).collect();
    for (id, seen) in asked {
        let decision = match run.dice.below(5) {
            0 => continue,
            1 | 2 => Decision::Reject { reason: "no".into() },
            _ => Decision::Approve { team: None },
        };
        run.send(director(), Command::Desk(DeskCommand::Decide(id, seen, Box::new(decision)))).unwrap();
    }
}

/// Sensible terms, terms that do not fit, and terms that must never be granted.
fn grant(run: &mut Run, subject: Option<&Subject>) -> Decision {
    let Some(Subject::Command { argv, .. }) = subject else { return Decision::Approve { team: None } };
    let first = usize::try_from(run.dice.below(3)).unwrap().min(argv.len());
    let pattern = match run.dice.below(4) {
        0 => Pattern::Prefix(argv[..first].to_vec()),
        1 => Pattern::Exact(vec!["ls".into()]),
        _ => Pattern::Exact(argv.clone()),
    };
    let reach = if run.dice.pct(50) { Reach::Mission } else { Reach::Project };
    let uses = u32::try_from(run.dice.below(4)).unwrap();
    let lasts = Millis::mins(run.dice.below(600));
    Decision::Grant { terms: Box::new(Terms { pattern, reach, uses, lasts }) }
}

/// A person changes their mind: about a decision, or about a grant.
fn take_back(run: &mut Run) {
    let held: Vec<_> = run.state.clockwork.held.keys().copied().collect();
    let grants: Vec<_> = run.state.grants.keys().copied().collect();
    let command = match (run.dice.pct(70), run.dice.pick(&held).copied(), run.dice.pick(&grants).copied()) {
        (true, Some(id), _) => DeskCommand::Undo(id),
        (_, _, Some(id)) => DeskCommand::Revoke(id),
        _ => DeskCommand::Undo(RequestId(1)),
    };
    let actor = if run.dice.pct(5) { Actor::Agent(MissionId(1), None) } else { director() };
    let by_agent = matches!(actor, Actor::Agent(..));
    let answer = run.send(actor, Command::Desk(command));
    assert!(!(by_agent && answer.is_ok()), "an agent takes something back");
}

fn ask(run: &mut Run) {
    let drafts: Vec<_> =
        run.running.iter().filter(|(e, _)| matches!(e.kind, EffectKind::Draft { .. })).cloned().collect();
    let Some((effect, _)) = run.dice.pick(&drafts).cloned() else { return };
    let EffectKind::Draft { team, .. } = effect.kind else { return };
    let subject = if run.dice.pct(80) {
        let lines: [&[&str]; 3] = [&["curl", "x"], &["curl", "y"], &["cp", "x", ".env"]];
        let line = run.dice.pick(&lines).copied().unwrap_or_default();
        let mut argv: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        // What was granted is asked for again.
        if let Some(grant) = run.state.grants.values().next().filter(|_| run.dice.pct(70)) {
            argv = grant.terms.pattern.elements().to_vec();
        }
        Subject::Command { team, argv, reason: "to see".into() }
    } else {
        Subject::Ask { team, question: "which?".into() }
    };
    let actor = Actor::Agent(effect.mission, Some(team));
    let _ = run.send(actor, Command::Desk(DeskCommand::Ask(effect.mission, Box::new(subject))));
}

fn mission(run: &mut Run) {
    let ids: Vec<MissionId> = run.state.missions.keys().copied().collect();
    let Some(id) = run.dice.pick(&ids).copied() else { return };
    let team = TeamId(u8::try_from(1 + run.dice.below(3)).unwrap());
    let command = match run.dice.below(17) {
        0 => MissionCommand::Cancel(id, "not any more".into()),
        1 | 2 => MissionCommand::Refine(id, team, "use less code".into()),
        3..=5 => MissionCommand::Retry(id, "once more".into()),
        6 => MissionCommand::TakeOver(id, team),
        7 | 8 => MissionCommand::HandBack(id, team),
        9..=11 => {
            let mission = &run.state.missions[&id];
            let candidates = mission.teams.iter().flat_map(|t| &t.candidates).map(|(c, _)| c.commit.clone());
            let mut commits: Vec<_> = mission.result.landed.iter().map(|(c, _)| c.clone()).collect();
            commits.extend(candidates);
            let Some(commit) = run.dice.pick(&commits).cloned() else { return };
            MissionCommand::Restore(id, commit)
        }
        12 => {
            let stars = u8::try_from(run.dice.below(7)).unwrap();
            MissionCommand::Rate(id, Rating { stars, words: String::new() })
        }
        _ => MissionCommand::Answer(id, vec![]),
    };
    let _ = run.send(director(), Command::Mission(command));
}

fn control(run: &mut Run) {
    let command = match run.dice.below(12) {
        0 => ControlCommand::Pause("lunch".into()),
        1 => ControlCommand::Stop("fire".into()),
        2 | 3 => rules(run),
        _ if run.state.control != Control::Running => ControlCommand::Resume,
        _ => return,
    };
    let _ = run.send(director(), Command::Control(command));
}
