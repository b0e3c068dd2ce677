//! `chimera demo`: the whole loop on a real little service in a temporary directory. The words of the teams are
//! recorded; the wire they travel on, the tool calls, diffs, test runs, decisions and the commit are real.

mod rehearsal;
mod service;

use super::{
    Everywhere,
    answers::Answers,
    brief,
    exit::{Complaint, Exit, Said},
    house,
    out::Out,
    screen,
    session::Session,
    signals::Signals,
};
use crate::{
    config::settings::Settings,
    domain::{
        brief::{Approval, Brief},
        money::Money,
        team::TeamSpec,
    },
    runtime::handle,
    tui::Prefill,
};
use clap::Args;
use serde_json::json;
use service::Service;

/// What the director asks for in the demo.
const BRIEF: &str =
    "Checkout returns 500 when the cart is empty. It should answer 200 with a total of nothing.";
/// What must be kept.
const CONSTRAINT: &str = "no new dependencies";
/// Cap of the demo's mission.
const BUDGET: Money = Money::cents(50);
/// Words on the screen all the while.
const NOTICE: &str = "REHEARSAL: recorded words, no model is called; tools, tests and commits are real";

/// How the demo runs.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Without a screen: JSON Lines; exits 0 only if the fix landed and the service answers 200
    #[arg(long)]
    pub headless: bool,
    /// With real models: needs a key in the environment, or Ollama on its port
    #[arg(long)]
    pub live: bool,
}

/// Who answers.
struct Cast {
    session: Session,
    notice: String,
}

/// Runs it.
///
/// # Errors
/// Git or cargo is missing, or a part of the loop failed.
pub async fn run(args: &DemoArgs, (everywhere, session): (&Everywhere, &Session), out: &mut Out) -> Said {
    let service = Service::create().await?;
    let cast = if args.live {
        Cast {
            session: service.session(live(session).await?, session)?,
            notice: "LIVE: real models answer".into(),
        }
    } else {
        let (settings, environment) = rehearsal::cast(session.settings()).await?;
        Cast { session: service.session((settings, environment), session)?, notice: NOTICE.into() }
    };
    let said = match args.headless {
        true => headless(&cast, &service, out).await,
        false => on_screen(&cast, (everywhere, &service), out).await,
    };
    service.remove();
    said
}

async fn live(session: &Session) -> Result<(Settings, crate::config::environment::Environment), Complaint> {
    let settings = session.settings();
    if !settings.on_air(&session.environment).teams.is_empty() {
        return Ok((settings.clone(), session.environment.clone()));
    }
    rehearsal::local(settings, &session.environment).await
}

async fn headless(cast: &Cast, service: &Service, out: &mut Out) -> Said {
    out.both(&cast.notice, &json!({"kind": "notice", "text": cast.notice}));
    let before = service.checkout_status().await?;
    tell_probe(out, "before", before);
    let mut interrupts = Signals::take().map_err(|error| Complaint::error(error.to_string()))?;
    let (handle, end) = handle::link(house::director(&cast.session.environment));
    let engine = house::join(cast.session.settings(), &cast.session.environment, end).await?;
    let brief = Brief {
        text: BRIEF.into(),
        constraints: vec![CONSTRAINT.into()],
        checks: Vec::new(),
        budget: BUDGET,
        attachments: Vec::new(),
        teams: teams(cast),
        approve: Approval::Best,
        repo: service.repo().display().to_string(),
        timeout: None,
        priority: 5,
        heals: None,
        patch: None,
    };
    let said = brief::open_and_follow(&handle, brief, Answers::default(), (out, &mut interrupts)).await;
    engine.end().await;
    let exit = said?;
    if exit != Exit::Ok {
        return Ok(exit);
    }
    let after = service.checkout_status().await?;
    tell_probe(out, "after", after);
    if before == 500 && after == 200 { Ok(Exit::Ok) } else { Err(wrong(before, after)) }
}

fn wrong(before: u16, after: u16) -> Complaint {
    Complaint::error(format!(
        "the service answered {before} before and {after} after; 500 and 200 were expected"
    ))
}

fn tell_probe(out: &mut Out, when: &str, status: u16) {
    let words = format!("{when:<9} GET /checkout with an empty cart answers {status}");
    out.both(&words, &json!({"kind": "probe", "when": when, "target": "/checkout?cart=", "status": status}));
}

fn teams(cast: &Cast) -> Vec<TeamSpec> {
    cast.session.settings().on_air(&cast.session.environment).teams
}

async fn on_screen(cast: &Cast, (everywhere, service): (&Everywhere, &Service), out: &mut Out) -> Said {
    let brief = Prefill {
        text: BRIEF.into(),
        constraints: vec![CONSTRAINT.into()],
        checks: Vec::new(),
        budget: Some(BUDGET),
        teams: teams(cast),
    };
    let join = |end| house::join(cast.session.settings(), &cast.session.environment, end);
    let face = screen::Face::of(everywhere, &cast.session.environment)?;
    let opening = screen::Opening { face, prefill: Some(brief), notice: cast.notice.clone() };
    let exit = screen::show(&cast.session, opening, join).await?;
    if service.landed().await? {
        let after = service.checkout_status().await?;
        out.say(&format!("The fix landed. GET /checkout with an empty cart now answers {after}."));
    } else {
        out.say("Nothing landed. `chimera demo` starts again from the beginning.");
    }
    Ok(exit)
}
