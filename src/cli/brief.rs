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
    config::brief::{self, Fault, Wish},
    domain::{
        brief::Brief,
        ids::MissionId,
        money::{Cost, Money},
        picture,
        team::TeamSpec,
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
    follow(args, None, session, out).await
}

/// The same, for a feature where its two addresses are given.
///
/// # Errors
/// As [`run`].
pub async fn follow(
    args: &BriefArgs,
    feature: Option<(String, String)>,
    session: &Session,
    out: &mut Out,
) -> Said {
    let wish = Wish { feature, ..wish(args) };
    brief::sensible(&wish)?;
    let answers = Answers::read(&args.answers, &session.here)?;
    let mut brief = build(&wish, session)?;
    brief.text = words(args)?;
    // Before anything is opened: a mission that cannot start would only be a failure in the journal.
    let ready = workspace::ready(session.repository()?, brief.lands_on()).await;
    ready.map_err(|error| Complaint::error(error.to_string()))?;
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
    let (mission, withheld) =
        opened(&receipt).ok_or_else(|| Complaint::error("the engine opened no mission"))?;
    if let Some(words) = withheld {
        notice(out, &words);
    }
    Follow::new(handle, mission).answering(answers).within(limit).run(out, interrupts).await
}

/// What the flags say.
fn wish(args: &BriefArgs) -> Wish {
    Wish {
        teams: args.team.clone(),
        checks: args.check.clone(),
        constraints: args.constraint.clone(),
        budget: args.budget,
        approve: args.approve.clone(),
        timeout: args.timeout,
        priority: args.priority,
        feature: None,
    }
}

impl From<Fault> for Complaint {
    fn from(fault: Fault) -> Self {
        let dashes = if fault.part.is_empty() { "" } else { "--" };
        let make = if fault.nonsense { Self::usage } else { Self::error };
        make(format!("{dashes}{fault}")).hint(fault.hint)
    }
}

fn opened(receipt: &Receipt) -> Option<(MissionId, Option<String>)> {
    receipt.events.iter().find_map(|event| match event {
        Event::Mission(mission, MissionEvent::Opened(brief)) => Some((*mission, brief.withheld_words())),
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
fn build(wish: &Wish, session: &Session) -> Result<Brief, Complaint> {
    let repo = session.repository()?.display().to_string();
    let (brief, notes) = brief::build(wish, (session.settings(), &session.environment), repo)?;
    notes.iter().for_each(|left_out| eprintln!("note: {left_out}"));
    Ok(brief)
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
    Ok(brief::teams(&[], settings, &session.environment)?.0)
}
