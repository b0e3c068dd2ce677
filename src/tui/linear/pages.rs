//! What there is to read of missions, candidates and requests, as lines. Pure.

use super::{
    named::{label, letter},
    phrases::{decision_words, evidence_words, request_words, terms_words},
    say,
};
use crate::{
    domain::{
        grant::Grant,
        ids::TeamId,
        request::{Request, Subject},
        text::count,
        time::Timestamp,
    },
    engine::{
        account, consents,
        snapshot::{self, Tick},
        state::{Mission, State, Team},
    },
    tui::words,
};

/// Missions that are listed.
const MISSIONS_MOST: usize = 50;
/// Decisions that are listed.
const DECIDED_MOST: usize = 10;

/// The missions, newest first.
#[must_use]
pub fn missions(state: &State) -> Vec<String> {
    if state.missions.is_empty() {
        return vec![say::line("missions", "none yet; say brief and what should be done")];
    }
    let mut lines: Vec<String> = state
        .missions
        .values()
        .rev()
        .take(MISSIONS_MOST)
        .map(|mission| {
            let sign = words::mission_sign(state, mission).word.to_lowercase();
            let (done, all) = snapshot::progress(mission);
            let first = mission.brief.text.lines().next().unwrap_or_default();
            let far = snapshot::progress_words(mission).unwrap_or_else(|| format!("step {done} of {all}"));
            say::line(&sign, &format!("{}, {far}, {}, {first}", mission.id, mission.spent))
        })
        .collect();
    let more = state.missions.len().saturating_sub(MISSIONS_MOST);
    if more > 0 {
        lines.push(say::line("missions", &format!("{more} older ones are not said; say show and a number")));
    }
    lines
}

/// How the house stands, in one line each.
#[must_use]
pub fn status(state: &State) -> Vec<String> {
    let open = state.missions.values().filter(|mission| mission.result.ending.is_none()).count();
    let mut lines = vec![say::line(
        "status",
        &format!(
            "{}, {open} open, {} waiting for you, {} spent today, autonomy level {}",
            count(state.missions.len(), "mission"),
            words::waiting_count(state),
            state.ledger.today,
            state.policy.level
        ),
    )];
    if let Some(why) = state.halted() {
        lines.push(say::line("house", &format!("{why}; say resume to go on")));
    }
    lines
}

/// One mission in full.
#[must_use]
pub fn mission(state: &State, mission: &Mission, now: Timestamp) -> Vec<String> {
    let id = mission.id;
    let sign = words::mission_sign(state, mission).word.to_lowercase();
    let mut lines =
        vec![say::line("mission", &format!("{id}, {sign}, {}", words::headline(state, mission).0))];
    lines.push(say::line("brief", mission.brief.text.lines().next().unwrap_or_default()));
    lines.extend(mission.brief.text.lines().skip(1).take(40).map(say::under));
    for (word, list) in [("constraint", &mission.brief.constraints), ("check", &mission.brief.checks)] {
        lines.extend(list.iter().map(|one| say::line(word, one)));
    }
    for file in &mission.brief.attachments {
        lines.push(say::line(
            "attached",
            &format!("{}, {}, {} bytes", file.path, file.media_type, file.bytes),
        ));
    }
    let ticks: Vec<String> = snapshot::ticks(mission)
        .into_iter()
        .map(|(word, tick)| {
            let how = match tick {
                Tick::Done => "done",
                Tick::Current => "now",
                Tick::Ahead => "ahead",
                Tick::Stopped => "stopped",
            };
            format!("{word} {how}")
        })
        .collect();
    match snapshot::progress_words(mission) {
        Some(words) => lines.push(say::line("phases", &format!("{words}: {}", ticks.join(", ")))),
        None => lines.push(say::line("steps", &ticks.join(", "))),
    }
    for answer in &mission.preparation.answers {
        let how = if answer.assumed { "assumed" } else { "answered" };
        lines.push(say::line(how, &format!("{} {}", answer.question, answer.text)));
    }
    if let Some(plan) = &mission.preparation.plan {
        lines.push(say::line("plan", &plan.goal));
        lines.extend(
            plan.steps.iter().enumerate().map(|(at, step)| say::under(&format!("{}. {step}", at + 1))),
        );
    }
    for team in &mission.teams {
        lines.extend(team_lines(state, (mission, team), now));
    }
    for missing in mission.judgement.iter().flat_map(|judgement| &judgement.missing) {
        lines.push(say::line("verdict missing", missing));
    }
    let elapsed = words::mission_elapsed(mission, now);
    lines.push(say::line("spent", &format!("{} of {} in {elapsed}", mission.spent, mission.brief.budget)));
    lines.extend(
        words::waiting_of(state, mission).map(|request| say::line("waiting", &request_words(state, request))),
    );
    lines
}

fn team_lines(state: &State, (mission, team): (&Mission, &Team), now: Timestamp) -> Vec<String> {
    let account = &team.account;
    let mut lines = vec![say::line(
        "team",
        &format!(
            "{}, {}, {}, attempt {}, {} tokens, {}, worked {}",
            label(mission, team.id),
            team.spec.model,
            snapshot::channel_word(state, mission, team).to_lowercase(),
            team.attempt,
            words::tokens(account.usage.total()),
            words::spent(account.spent, account.unknown),
            snapshot::worked(mission, team, now)
        ),
    )];
    lines.extend(candidate(mission, team.id));
    lines
}

/// The newest candidate of a team: size, evidence, verdicts, the gate's reasons.
#[must_use]
pub fn candidate(mission: &Mission, id: TeamId) -> Vec<String> {
    let Some(team) = mission.teams.iter().find(|team| team.id == id) else { return Vec::new() };
    let Some((candidate, evidence)) = team.candidates.last() else { return Vec::new() };
    let stat = &candidate.stat;
    let mut lines = vec![say::line(
        "candidate",
        &format!(
            "{} {}, +{} -{} in {}, {}",
            letter(id),
            candidate.attempt,
            stat.additions,
            stat.deletions,
            count(stat.files.len(), "file"),
            candidate.summary
        ),
    )];
    if !candidate.root_cause.is_empty() {
        lines.push(say::under(&format!("root cause: {}", candidate.root_cause)));
    }
    lines.push(say::under(&match evidence {
        Some(evidence) => format!("evidence: {}", evidence_words(evidence)),
        None => "evidence: not yet".to_owned(),
    }));
    if !stat.manifests.is_empty() {
        lines.push(say::under(&format!("manifests touched: {}", stat.manifests.join(", "))));
    }
    let verdicts = mission.judgement.iter().flat_map(|judgement| &judgement.verdicts);
    for verdict in verdicts.filter(|verdict| verdict.team == id && verdict.attempt == candidate.attempt) {
        let [one, other] = verdict.orders;
        lines.push(say::under(&format!(
            "verdict: {} of 100 by {}, {one} and {other} in both orders, {}",
            verdict.score, verdict.judge, verdict.reasons
        )));
    }
    if let Some((_, ruling)) = mission.rulings.get(&id) {
        lines.extend(ruling.reasons.iter().map(|reason| say::under(&format!("gate: {}", reason.text))));
    }
    lines
}

/// What waits, and what was decided last.
#[must_use]
pub fn desk(state: &State, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for request in snapshot::waiting(state) {
        lines.extend(request_lines(state, request, now));
    }
    for mission in state.missions.values().filter(|mission| words::questions(mission).is_some()) {
        lines.push(say::line("question", &format!("{} asks before it starts; say answer {0}", mission.id)));
    }
    if lines.is_empty() {
        lines.push(say::line("desk", "nothing waits for you"));
    }
    for (request, decision, at) in state.decided.iter().rev().take(DECIDED_MOST) {
        let mission = state.missions.get(&request.mission).map(AsRef::as_ref);
        let how = decision_words(mission, decision);
        lines.push(say::line("decided", &format!("{} {how}, {at}", request.id)));
    }
    lines
}

/// What is granted.
#[must_use]
pub fn grants(state: &State) -> Vec<String> {
    let words = |grant: &Grant| {
        let used = count(grant.used, "use");
        say::line(
            "grant",
            &format!("{}, {}, {}, {used} so far", grant.id, grant.mission, terms_words(&grant.terms)),
        )
    };
    match state.grants.is_empty() {
        true => vec![say::line("grants", "there are none")],
        false => state.grants.values().map(|grant| words(grant)).collect(),
    }
}

/// A request with all that is needed to decide it.
#[must_use]
pub fn request_lines(state: &State, request: &Request, now: Timestamp) -> Vec<String> {
    let id = request.id;
    let mut lines = vec![say::line("waiting", &request_words(state, request))];
    let age = now.since(request.opened);
    let then = request.subject.if_unanswered();
    lines.push(say::under(&format!("since {age}, expires {}, {then}", request.expires)));
    lines.extend(request.reasons.iter().map(|reason| say::under(&format!("because {reason}"))));
    lines.push(say::under(&format!("if denied: {}", request.if_denied)));
    let yes = consents::of(state, request);
    lines.extend(yes.iter().map(|yes| say::under(&format!("approved by {yes}"))));
    let how = match &request.subject {
        Subject::Choose { .. } => {
            format!("say compare {id}, approve {id} and a team, modify {id}, reject {id} or retry {id}")
        }
        Subject::Command { argv, reason, .. } => {
            lines.push(say::under(&format!("command: {}", crate::tui::argv::join_argv(argv))));
            lines.push(say::under(&format!("its reason: {reason}")));
            format!("say approve {id}, grant {id}, modify {id} and another command, or reject {id} and why")
        }
        Subject::Budget { .. } => {
            format!("say approve {id}, modify {id} and an amount, or reject {id} and why")
        }
        Subject::Ask { .. } => format!("say answer {id} and the words, or reject {id}"),
        Subject::Conflict { files, .. } => {
            lines.push(say::under(&format!("files: {}", files.join(", "))));
            format!("say modify {id} and the mended patch, retry {id} or reject {id}")
        }
        Subject::Remedy { remedy, .. } => {
            lines.extend(account::remedy_lines(remedy).iter().map(|line| say::under(line)));
            format!("say approve {id}, retry {id} for another look, or reject {id} and why")
        }
        Subject::Release { .. } => {
            format!("say approve {id} to keep it, or reject {id} and why to take it back")
        }
    };
    if let (Subject::Choose { teams }, Some(mission)) =
        (&request.subject, state.missions.get(&request.mission))
    {
        for team in teams {
            lines.extend(candidate(mission, *team).iter().map(|line| format!("  {line}")));
        }
    }
    lines.push(say::under(&how));
    lines
}

/// Every candidate and what landed.
#[must_use]
pub fn versions(mission: &Mission) -> Vec<String> {
    let mut lines = Vec::new();
    for team in &mission.teams {
        for (candidate, evidence) in &team.candidates {
            let checks = evidence.as_ref().map_or("no evidence yet".to_owned(), |e| evidence_words(e));
            lines.push(say::line(
                "version",
                &format!(
                    "{} {}, {checks}, {}",
                    label(mission, team.id),
                    candidate.attempt,
                    candidate.summary
                ),
            ));
        }
    }
    let landed = mission.result.landed.iter().map(|(commit, branch)| ("landed", commit, branch));
    let restored = mission.result.restored.iter().map(|(commit, branch)| ("restored", commit, branch));
    for (word, commit, branch) in landed.chain(restored) {
        let how = format!("{commit} on {branch}; say restore {} {commit} to put it back", mission.id);
        lines.push(say::line(word, &how));
    }
    if lines.is_empty() {
        lines.push(say::line("versions", &format!("{} has none yet", mission.id)));
    }
    lines
}
