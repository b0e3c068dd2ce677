//! `chimera ideas`: what could be done next, by score; dismissing one; asking the ideas agent for more.

use super::{
    exit::{Complaint, Exit, Said},
    house::Purpose,
    out::{Form, Out},
    session::Session,
};
use crate::{
    domain::text::{clean, count},
    engine::{
        command::{Command, IdeaCommand},
        event::{Event, IdeaEvent},
        ideas::{Idea, Standing},
        state::State,
        suggesting::{self, id_of},
    },
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// What is listed.
#[derive(Debug, Clone, Args)]
pub struct IdeasArgs {
    /// Ask the ideas agent first: one model call, within the caps
    #[arg(long)]
    pub ask: bool,
    /// Those that were dismissed or became missions, too
    #[arg(long)]
    pub all: bool,
    /// Something else than listing
    #[command(subcommand)]
    pub command: Option<IdeasCommand>,
}

/// What about one idea.
#[derive(Debug, Clone, Subcommand)]
pub enum IdeasCommand {
    /// Say that an idea is not wanted; it stays away until there is twice as much of it
    Dismiss(DismissArgs),
}

/// Which idea, and why.
#[derive(Debug, Clone, Args)]
pub struct DismissArgs {
    /// The idea, such as idea-1f9a03b2; the first letters of it are enough
    pub id: String,
    /// Why: it is learned from
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// Does it.
///
/// # Errors
/// The journal cannot be read, or the engine refuses.
pub async fn run(args: &IdeasArgs, session: &Session, out: &mut Out) -> Said {
    if let Some(IdeasCommand::Dismiss(dismiss)) = &args.command {
        return dismissed(dismiss, session, out).await;
    }
    let state = if args.ask { asked(session, out).await? } else { session.look()? };
    list(&suggesting::ideas(&state), args.all, out);
    Ok(Exit::Ok)
}

async fn dismissed(args: &DismissArgs, session: &Session, out: &mut Out) -> Said {
    let house = session.open(Purpose::Command).await?;
    let command = IdeaCommand::Dismiss { id: id_of(&args.id), why: args.why.clone() };
    let sent = house.handle.send(Command::Idea(command)).await;
    house.close().await;
    let receipt = sent?;
    for event in &receipt.events {
        if let Event::Idea(IdeaEvent::Dismissed { id, why, .. }) = event {
            let value =
                json!({"kind": "idea_dismissed", "id": id.to_string(), "why": why, "seq": receipt.seq});
            out.both(&format!("{id} is dismissed"), &value);
        }
    }
    Ok(Exit::Ok)
}

/// Asks the ideas agent and waits for its answer.
async fn asked(session: &Session, out: &mut Out) -> Result<State, Complaint> {
    let repo = session.repository()?.display().to_string();
    let house = session.open(Purpose::Work).await?;
    let mut states = house.handle.subscribe();
    let answered = async {
        house.handle.send(Command::Idea(IdeaCommand::Ask { repo })).await?;
        let answered = states.wait_for(|state| state.asking.count > 0 && state.asking.open.is_none()).await;
        let state =
            answered.map_err(|_| Complaint::error("the engine has ended before the agent answered"))?;
        Ok::<State, Complaint>((**state).clone())
    };
    let state = answered.await;
    house.close().await;
    let state = state?;
    let words = &state.asking.last;
    if words.starts_with("no answer") {
        return Err(Complaint::error(format!("the ideas agent gave {words}")));
    }
    out.both(&format!("the ideas agent had {words}"), &json!({"kind": "notice", "text": words}));
    Ok(state)
}

fn list(ideas: &[Idea], all: bool, out: &mut Out) {
    let shown: Vec<&Idea> = ideas.iter().filter(|idea| all || idea.standing == Standing::Open).collect();
    for idea in &shown {
        out.tell(&value(idea));
    }
    if out.form() != Form::Human {
        return;
    }
    for idea in &shown {
        out.say(&format!("{:>3}  {}  {}  {}", idea.score, idea.id, idea.kind.word(), idea.title));
        match &idea.standing {
            Standing::Open => {}
            Standing::Dismissed(dismissal) => {
                out.say(&format!("     dismissed: {}", clean(&dismissal.why).trim()))
            }
            Standing::Taken(taken) => out.say(&format!("     taken: {}", taken.mission)),
        }
        for line in &idea.evidence {
            out.say(&format!("     {line}"));
        }
    }
    let away = ideas.len() - shown.len();
    if shown.is_empty() {
        out.say("No ideas yet: they come from what happens more than once. --ask asks the ideas agent.");
    }
    if away > 0 {
        out.say(&format!("{} dismissed or taken; --all shows them", count(away, "idea")));
    }
}

fn value(idea: &Idea) -> Value {
    let reasons: Vec<Value> =
        idea.reasons.iter().map(|reason| json!({"points": reason.points, "words": reason.words})).collect();
    let missions: Vec<String> = idea.missions.iter().map(ToString::to_string).collect();
    let (why, mission) = match &idea.standing {
        Standing::Open => (None, None),
        Standing::Dismissed(dismissal) => (Some(dismissal.why.clone()), None),
        Standing::Taken(taken) => (None, Some(taken.mission.to_string())),
    };
    json!({
        "kind": "idea", "id": idea.id.to_string(), "pattern": idea.kind.word(), "source": idea.kind.source(),
        "title": idea.title, "score": idea.score, "reasons": reasons, "weight": idea.weight,
        "evidence": idea.evidence, "missions": missions, "brief": idea.brief,
        "first": idea.seen.0.to_string(), "last": idea.seen.1.to_string(),
        "standing": idea.standing.word(), "why": why, "mission": mission,
    })
}
