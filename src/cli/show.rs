//! `chimera show`: all there is about a mission. In JSON form the same lines as following it prints, with the
//! contract's last line at the end; while it has not ended, how it stands, as `chimera missions` prints it.

use super::{
    exit::{Complaint, Exit, Said},
    finish, incidents, missions, named,
    out::{Form, Out},
    progress::Progress,
    session::Session,
};
use crate::{
    domain::{candidate::Evidence, digest::Digest, ids::MissionId, text},
    engine::{
        snapshot,
        state::{Control, Mission, State, Team, TeamPhase},
    },
    runtime::clock::Clock,
};
use clap::Args;

/// Files of a candidate that are named.
const FILES_MOST: usize = 40;
/// Characters of a summary and of a file's name: one line each, which can look like no line of ours.
const SUMMARY_MOST: usize = 1_000;
const FILE_MOST: usize = 400;
/// Lines of a brief that are shown.
const BRIEF_LINES_MOST: usize = 40;

/// Which mission.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Mission or incident, such as M-1 or I-7
    #[arg(value_name = "ID")]
    pub what: String,
    /// Print the patch of this team's last candidate, and nothing else
    #[arg(long, value_name = "TEAM")]
    pub patch: Option<String>,
}

/// Prints it.
///
/// # Errors
/// There is no such mission or team, or the journal cannot be read.
pub fn run(args: &ShowArgs, session: &Session, out: &mut Out) -> Said {
    let state = session.look()?;
    if let Some(id) = args
        .what
        .get(..2)
        .filter(|start| start.eq_ignore_ascii_case("I-"))
        .and_then(|_| args.what.parse().ok())
    {
        return incidents::print(id, &state, Clock::Wall.now(), out);
    }
    let mission: MissionId =
        args.what.parse().map_err(|error: crate::domain::ids::BadId| Complaint::usage(error.to_string()))?;
    let Some(team) = &args.patch else { return print(mission, &state, out) };
    let digest = patch_of(mission, team, &state)?;
    let unread = |error: std::io::Error| Complaint::error(format!("the patch cannot be read: {error}"));
    let blobs = crate::store::look::blobs(&session.settings().places.data).map_err(unread)?;
    out.raw(text::clean_bytes(&blobs.get(digest).map_err(unread)?).as_bytes());
    Ok(Exit::Ok)
}

fn patch_of(id: MissionId, name: &str, state: &State) -> Result<Digest, Complaint> {
    let mission = named::mission(id, state)?;
    let team = named::team(mission, name)?;
    let team = mission.teams.iter().find(|known| known.id == team);
    let candidate = team.and_then(|team| team.candidates.last());
    candidate
        .map(|(candidate, _)| candidate.patch)
        .ok_or_else(|| Complaint::error(format!("{name} has no candidate in {id}")))
}

/// Prints a mission of a state.
///
/// # Errors
/// There is none of that number.
pub fn print(id: MissionId, state: &State, out: &mut Out) -> Said {
    let mission = named::mission(id, state)?;
    if out.form() == Form::Json {
        for line in Progress::new(id).news(state) {
            out.tell(&line.value);
        }
        out.tell(&match mission.result.ending {
            Some(_) => finish::finished(state, mission),
            None => missions::value(state, mission),
        });
    } else {
        human(state, mission, out);
    }
    Ok(Exit::Ok)
}

fn human(state: &State, mission: &Mission, out: &mut Out) {
    let brief = &mission.brief;
    let step = mission.step.map_or("queued", |step| step.word());
    let step = snapshot::progress_words(mission).unwrap_or_else(|| step.to_owned());
    out.say(&format!(
        "{} {} · {step} · {} of {}",
        mission.id,
        missions::standing(state, mission),
        mission.spent,
        brief.budget
    ));
    if let Some(why) = snapshot::rolled_back(state, mission) {
        out.say(&format!("  its release was taken back: {why}"));
    }
    for line in brief.text.lines().take(BRIEF_LINES_MOST) {
        out.say(&format!("  {line}"));
    }
    list(out, "constraints", &brief.constraints);
    list(out, "checks", &brief.checks);
    let answers: Vec<String> = mission
        .preparation
        .answers
        .iter()
        .map(|answer| {
            format!("{} {}{}", answer.question, answer.text, if answer.assumed { " (assumed)" } else { "" })
        })
        .collect();
    list(out, "answers", &answers);
    if let Some(plan) = &mission.preparation.plan {
        out.say(&format!("plan, by {}, confidence {} %: {}", plan.by, plan.confidence, plan.goal));
        for (at, step) in plan.steps.iter().enumerate() {
            out.say(&format!("  {}. {step}", at + 1));
        }
    }
    list_feature(mission, out);
    for team in &mission.teams {
        human_team(mission, team, out);
    }
    if let Some(judgement) = &mission.judgement {
        list(out, "missing from the judgement", &judgement.missing);
    }
    for (team, (attempt, ruling)) in &mission.rulings {
        out.say(&format!("ruling on {} #{attempt}: tier {}", finish::team_name(mission, *team), ruling.tier));
        for reason in &ruling.reasons {
            out.say(&format!("  {}: {}", reason.rule, reason.text));
        }
    }
    for (commit, branch) in mission.result.landed.iter().chain(&mission.result.restored) {
        out.say(&format!("commit {commit} on {branch}"));
    }
    if let Some(rating) = &mission.result.rating {
        out.say(&format!("rated {rating}"));
    }
    // Where it goes on by itself, the first line says all.
    if missions::status(state, mission) != "running" || state.control != Control::Running {
        out.say(&finish::last_words(state, mission));
    }
}

/// What a feature is measured by, and how far it has come.
fn list_feature(mission: &Mission, out: &mut Out) {
    let Some(feature) = &mission.brief.feature else { return };
    out.say(&format!("feature of {}, staged at {}", feature.target_url, feature.staging_url));
    for line in snapshot::course_words(mission) {
        out.say(&format!("  - {line}"));
    }
}

fn list(out: &mut Out, name: &str, lines: &[String]) {
    if !lines.is_empty() {
        out.say(name);
    }
    for line in lines {
        out.say(&format!("  - {line}"));
    }
}

fn human_team(mission: &Mission, team: &Team, out: &mut Out) {
    let cost = if team.account.unknown {
        format!("{} and calls of unknown price", team.account.spent)
    } else {
        team.account.spent.to_string()
    };
    let (name, model, status) = (&team.spec.name, &team.spec.model, snapshot::team_word(mission, team));
    out.say(&format!(
        "{name} · {model} · {status} · {} · {cost}",
        text::count(team.account.usage.total(), "token")
    ));
    if let TeamPhase::Failed(failure) = &team.phase {
        out.say(&format!("  {}", failure.reason));
    }
    if let Some(words) = snapshot::lent(team) {
        out.say(&format!("  {words}"));
    }
    for (candidate, evidence) in &team.candidates {
        let (stat, attempt) = (&candidate.stat, candidate.attempt);
        let files = stat.files.len();
        out.say(&format!(
            "  #{attempt} +{} -{} in {}: {}",
            stat.additions,
            stat.deletions,
            text::count(files, "file"),
            text::clean_line(&candidate.summary, SUMMARY_MOST)
        ));
        for file in stat.files.iter().take(FILES_MOST) {
            out.say(&format!("    {}", text::clean_line(file, FILE_MOST)));
        }
        if files > FILES_MOST {
            out.say(&format!("    and {} more", files - FILES_MOST));
        }
        if let Some(evidence) = evidence {
            human_evidence(evidence, out);
        }
        let verdicts = mission.judgement.iter().flat_map(|judgement| &judgement.verdicts);
        for verdict in verdicts.filter(|verdict| (verdict.team, verdict.attempt) == (team.id, attempt)) {
            let [first, swapped] = verdict.orders;
            let note = verdict.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            out.say(&format!(
                "    judge {}/{}: {} of 100 ({first} and {swapped} with the order swapped){note}: {}",
                verdict.judge, verdict.model, verdict.score, verdict.reasons
            ));
        }
    }
}

fn human_evidence(evidence: &Evidence, out: &mut Out) {
    for check in &evidence.checks {
        let word = |outcome| format!("{outcome:?}").to_lowercase();
        let before = check.before.as_ref().map(|run| format!(", before {}", word(run.outcome)));
        let before = before.unwrap_or_default();
        out.say(&format!("    {} `{}`{before}", word(check.after.outcome), check.command));
    }
    if evidence.reproduces {
        out.say("    a new test fails before and passes after");
    }
}
