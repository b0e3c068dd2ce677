//! `chimera brief`: builds a brief from the command line and the settings, opens a mission, follows it.

use super::{
    answers::Answers,
    attach,
    exit::{Complaint, Exit, Said},
    follow::Follow,
    house::Purpose,
    out::Out,
    session::Session,
    signals::{Interrupts, Signals},
    voices,
};
use crate::{
    config::settings::OnAir,
    domain::{
        brief::{Approval, Brief},
        ids::MissionId,
        money::{Cost, Money},
        picture,
        team::{ModelRef, TeamSpec},
        text,
        time::Millis,
    },
    engine::{
        command::{Command, MissionCommand},
        event::{Event, MissionEvent},
    },
    runtime::handle::{Handle, Receipt},
    workspace,
};
use clap::Args;
use std::io::{IsTerminal, Read};

/// Priority where nothing is said.
const PRIORITY: u8 = 5;
/// Characters of a name made from a model.
const NAME_MOST: usize = 40;

/// What to do and within which bounds.
#[derive(Debug, Clone, Default, Args)]
pub struct BriefArgs {
    /// What to do, in plain words; `-` reads stdin. @FILE attaches a file or an image of the repository
    #[arg(value_name = "TEXT", required = true)]
    pub text: Vec<String>,
    /// Team of the roster by name, or VENDOR/MODEL; may be repeated [default: the roster]
    #[arg(long, value_name = "NAME")]
    pub team: Vec<String>,
    /// Acceptance check: a shell command that must succeed; may be repeated [default: found by itself]
    #[arg(long, value_name = "CMD")]
    pub check: Vec<String>,
    /// Rule the work must keep; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub constraint: Vec<String>,
    /// Cap in US dollars for the whole mission
    #[arg(long, value_name = "USD")]
    pub budget: Option<Money>,
    /// Who may say yes without you: none, best, or a team's name [default: it waits at the desk]
    #[arg(long, value_name = "none|best|TEAM")]
    pub approve: Option<String>,
    /// Time limit from opening to decision, such as 90s, 20m or 1h
    #[arg(long, value_name = "DUR")]
    pub timeout: Option<Millis>,
    /// Answers to the orchestrator's questions: QUESTION=ANSWER or a file of them; defaults otherwise
    #[arg(long, value_name = "FILE|K=V")]
    pub answers: Vec<String>,
    /// 1 (last) to 10 (first)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=10))]
    pub priority: Option<u8>,
}

/// Opens the mission and follows it.
///
/// # Errors
/// The brief makes no sense, the house cannot be opened, or the engine refuses.
pub async fn run(args: &BriefArgs, session: &Session, out: &mut Out) -> Said {
    sensible(args)?;
    let answers = Answers::read(&args.answers, &session.here)?;
    let mut brief = build(args, session)?;
    brief.text = words(args)?;
    // Before anything is opened: a mission that cannot start would only be a failure in the journal.
    workspace::ready(session.repository()?).await.map_err(|error| Complaint::error(error.to_string()))?;
    let (files, notes) = attach::mentioned(&brief.text, session.repository()?, &session.here);
    let mut interrupts = Signals::take().map_err(|e| Complaint::error(e.to_string()))?;
    let house = session.open(Purpose::Work).await?;
    for note in notes {
        notice(out, &note);
    }
    for line in costs(&files, &brief, session) {
        notice(out, &line);
    }
    brief.attachments = attach::keep(&house.handle, files).await?;
    let said = open_and_follow(&house.handle, brief, answers, (out, &mut interrupts)).await;
    house.close().await;
    said
}

/// What each image adds to a call of each team's model, as far as it is known.
fn costs(files: &[attach::Found], brief: &Brief, session: &Session) -> Vec<String> {
    let images = files.iter().filter_map(|file| Some((file, picture::size(&file.bytes)?)));
    let Ok(table) = voices::estimates(session.settings(), &session.environment) else { return Vec::new() };
    let line = |(file, size): (&attach::Found, picture::Size)| {
        let costs = brief.teams.iter().map(|team| {
            let (tokens, cost) = table.picture(&team.model, size);
            let tokens = tokens.map_or("tokens unknown".to_owned(), |tokens| format!("≈{tokens} tok"));
            let cost = match cost {
                Cost::Known(money) => money.to_string(),
                Cost::Unknown => "price unknown".to_owned(),
            };
            format!("{} {tokens}, {cost}", team.name)
        });
        let line = format!("image @{} {size}, a call: {}", file.path, costs.collect::<Vec<_>>().join("; "));
        text::clean_line(&line, 300).to_string()
    };
    images.map(line).collect()
}

/// Opens a mission of this brief and follows it.
///
/// # Errors
/// The engine refuses, or ends.
pub async fn open_and_follow(
    handle: &Handle,
    brief: Brief,
    answers: Answers,
    (out, interrupts): (&mut Out, &mut dyn Interrupts),
) -> Result<Exit, Complaint> {
    let limit = brief.timeout;
    let receipt = handle.send(Command::Mission(MissionCommand::Open(Box::new(brief)))).await?;
    let mission = opened(&receipt).ok_or_else(|| Complaint::error("the engine opened no mission"))?;
    Follow::new(handle, mission).answering(answers).within(limit).run(out, interrupts).await
}

/// What parses and still means nothing. An empty check would always succeed.
fn sensible(args: &BriefArgs) -> Result<(), Complaint> {
    for (flag, values) in [("--check", &args.check), ("--constraint", &args.constraint)] {
        if values.iter().any(|value| value.trim().is_empty()) {
            return Err(
                Complaint::usage(format!("{flag} is empty")).hint("leave it out, or say what is meant")
            );
        }
    }
    if args.timeout.is_some_and(|limit| limit.0 == 0) {
        return Err(Complaint::usage("--timeout must be longer than nothing")
            .hint("leave it out for no limit, or write one such as 20m"));
    }
    Ok(())
}

fn opened(receipt: &Receipt) -> Option<MissionId> {
    receipt.events.iter().find_map(|event| match event {
        Event::Mission(mission, MissionEvent::Opened(_)) => Some(*mission),
        _ => None,
    })
}

fn notice(out: &mut Out, words: &str) {
    out.both(&format!("notice    {words}"), &serde_json::json!({"kind": "notice", "text": words}));
}

/// The brief's words: from the arguments, or from stdin.
fn words(args: &BriefArgs) -> Result<String, Complaint> {
    let text = if args.text == ["-"] {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            eprintln!("Write the brief, then press Ctrl-D.");
        }
        let mut bytes = Vec::new();
        let most = Brief::TEXT_MOST as u64 + 1;
        let read = stdin.lock().take(most).read_to_end(&mut bytes);
        read.map_err(|e| Complaint::error(format!("stdin cannot be read: {e}")))?;
        String::from_utf8(bytes).map_err(|_| Complaint::usage("the brief on stdin is not UTF-8"))?
    } else {
        args.text.join(" ")
    };
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(Complaint::usage("the brief is empty").hint("say what to do: chimera brief \"Fix …\""));
    }
    if text.len() > Brief::TEXT_MOST {
        return Err(Complaint::usage(format!("the brief is longer than {} bytes", Brief::TEXT_MOST))
            .hint("put the long part into a file of the repository and mention it as @FILE"));
    }
    Ok(text)
}

/// Everything but the words and the files.
fn build(args: &BriefArgs, session: &Session) -> Result<Brief, Complaint> {
    let settings = session.settings();
    let repo = session.repository()?.display().to_string();
    let on_air = settings.on_air(&session.environment);
    let teams = teams(args, session, &on_air)?;
    let approve = approval(args.approve.as_deref(), &teams)?;
    let mut constraints = settings.brief.constraints.clone();
    constraints
        .extend(args.constraint.iter().filter(|one| !settings.brief.constraints.contains(one)).cloned());
    let checks = if args.check.is_empty() { settings.brief.checks.clone() } else { args.check.clone() };
    let budget = args.budget.unwrap_or(settings.policy.budget.per_mission);
    if budget <= Money::ZERO {
        return Err(Complaint::usage("--budget must be more than nothing"));
    }
    Ok(Brief {
        text: String::new(),
        constraints,
        checks,
        budget,
        attachments: Vec::new(),
        teams,
        approve,
        repo,
        timeout: args.timeout,
        priority: args.priority.unwrap_or(PRIORITY),
        heals: None,
        patch: None,
    })
}

/// The teams that `brief.teams` names, or none where nothing is named.
///
/// # Errors
/// A name means no team, or one that cannot race.
pub fn chosen_teams(session: &Session) -> Result<Vec<TeamSpec>, Complaint> {
    let settings = session.settings();
    if settings.brief.teams.is_empty() {
        return Ok(Vec::new());
    }
    teams(&BriefArgs::default(), session, &settings.on_air(&session.environment))
}

fn teams(args: &BriefArgs, session: &Session, on_air: &OnAir) -> Result<Vec<TeamSpec>, Complaint> {
    let chosen = &session.settings().brief.teams;
    let wanted: &[String] = if args.team.is_empty() { chosen } else { &args.team };
    if wanted.is_empty() {
        if on_air.teams.is_empty() {
            let what = format!("no team can race\n{}", on_air.left_out.join("\n"));
            return Err(Complaint::error(what).hint("`chimera demo` runs without any key"));
        }
        for left_out in &on_air.left_out {
            eprintln!("note: {left_out}");
        }
        return Ok(on_air.teams.clone());
    }
    let mut teams: Vec<TeamSpec> = Vec::new();
    for name in wanted {
        let team = team(name, session, on_air)?;
        if teams.iter().any(|other| other.name == team.name) {
            return Err(Complaint::usage(format!("--team {name}: is named twice")));
        }
        teams.push(team);
    }
    Ok(teams)
}

fn team(name: &str, session: &Session, on_air: &OnAir) -> Result<TeamSpec, Complaint> {
    let same = |other: &str| other.to_lowercase() == name.to_lowercase();
    if let Some(team) = on_air.teams.iter().find(|team| same(&team.name)) {
        return Ok(team.clone());
    }
    if session.settings().roster.iter().any(|team| same(&team.name)) {
        return Err(Complaint::error(on_air.left_out.join("\n")).hint("name a team whose vendor has a key"));
    }
    let Ok(model) = name.parse::<ModelRef>() else {
        let names: Vec<&str> = session.settings().roster.iter().map(|team| team.name.as_str()).collect();
        return Err(Complaint::usage(format!("--team {name}: there is no such team"))
            .hint(format!("there are {}; or write VENDOR/MODEL", names.join(", "))));
    };
    if !session.settings().usable(model.vendor, &session.environment) {
        return Err(Complaint::error(format!("--team {name}: there is no key for {}", model.vendor)));
    }
    let shown: String = name.chars().take(NAME_MOST).collect();
    Ok(TeamSpec { name: shown, model, fallback: Vec::new() })
}

fn approval(word: Option<&str>, teams: &[TeamSpec]) -> Result<Approval, Complaint> {
    let Some(word) = word else { return Ok(Approval::Ask) };
    match word {
        "none" => Ok(Approval::None),
        "best" => Ok(Approval::Best),
        name => {
            let team = teams.iter().find(|team| team.name.to_lowercase() == name.to_lowercase());
            let names: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
            team.map(|team| Approval::Team(team.name.clone())).ok_or_else(|| {
                Complaint::usage(format!("--approve {name}: no team of this brief is named so"))
                    .hint(format!("write none, best, or one of {}", names.join(", ")))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_say_yes() {
        let team = TeamSpec { name: "Team A".into(), model: "google/x".parse().unwrap(), fallback: vec![] };
        let teams = [team];
        assert_eq!(approval(None, &teams), Ok(Approval::Ask));
        assert_eq!(approval(Some("none"), &teams), Ok(Approval::None));
        assert_eq!(approval(Some("best"), &teams), Ok(Approval::Best));
        assert_eq!(approval(Some("team a"), &teams), Ok(Approval::Team("Team A".into())));
        let refused = approval(Some("Team B"), &teams).unwrap_err();
        assert_eq!(refused.exit, Exit::Usage);
        assert!(refused.hint.unwrap().contains("Team A"));
    }
}
