//! `chimera demo`: the whole loop on a real little service in a temporary directory. The words of the teams are
//! recorded; the wire they travel on, the tool calls, diffs, test runs, decisions and the commit are real. In the second act
//! no words are needed: the service is broken three times, and the monitor heals it.

mod live;
mod rehearsal;
mod service;
mod trouble;

use super::{
    Everywhere,
    answers::Answers,
    brief,
    exit::{Complaint, Exit, Said},
    house,
    news::News,
    out::Out,
    screen,
    session::Session,
    signals::{Interrupts as _, Signals},
};
use crate::{
    config::settings::Settings,
    domain::{
        brief::{Approval, Brief},
        money::Money,
        team::TeamSpec,
        time::Millis,
    },
    runtime::{
        clock::Clock,
        handle::{self, Handle},
    },
    tui::Prefill,
};
use clap::Args;
use live::Live;
use serde_json::json;
use service::Service;
use std::{convert::Infallible, pin::pin};
use tokio::{sync::oneshot, time};
use trouble::{Trouble, Yes};

/// What the director asks for in the demo.
const BRIEF: &str =
    "Checkout returns 500 when the cart is empty. It should answer 200 with a total of nothing.";
/// What must be kept.
const CONSTRAINT: &str = "no new dependencies";
/// Cap of the demo's mission.
const BUDGET: Money = Money::cents(50);
/// Words on the screen all the while.
const NOTICE: &str = "REHEARSAL: recorded words, no model is called; tools, tests and commits are real. When the fix has landed, \
the shop is broken three times";
/// What a person may look at before something is broken.
const PAUSE: Millis = Millis::secs(10);

/// How the demo runs.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Without a screen: JSON Lines; exits 0 only if the fix landed, and the service answers 200 again each time it was broken
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

/// Where it plays: the repository, and what runs of it, which ends first.
struct Stage {
    live: Live,
    service: Service,
}

/// Runs it.
///
/// # Errors
/// Git or cargo is missing, or a part of the loop failed.
pub async fn run(args: &DemoArgs, (everywhere, session): (&Everywhere, &Session), out: &mut Out) -> Said {
    let service = Service::create().await?;
    let stage = Stage { live: Live::create(&service).await?, service };
    play(args, (everywhere, session), (&stage, out)).await
}

async fn play(
    args: &DemoArgs,
    (everywhere, session): (&Everywhere, &Session),
    (stage, out): (&Stage, &mut Out),
) -> Said {
    let (cast, notice) = match args.live {
        true => (live_cast(session).await?, "LIVE: real models answer"),
        false => (rehearsal::cast(session.settings()).await?, NOTICE),
    };
    let (mut settings, environment) = cast;
    stage.live.hasten(&mut settings)?;
    let watched = stage.live.watched(stage.service.repo());
    let session = stage.service.session((settings, environment), &watched, session)?;
    let cast = Cast { session, notice: notice.into() };
    stage.live.deploy(&stage.service).await?;
    match args.headless {
        true => headless(&cast, stage, out).await,
        false => on_screen(&cast, (everywhere, stage), out).await,
    }
}

async fn live_cast(
    session: &Session,
) -> Result<(Settings, crate::config::environment::Environment), Complaint> {
    let settings = session.settings();
    if !settings.on_air(&session.environment).teams.is_empty() {
        return Ok((settings.clone(), session.environment.clone()));
    }
    rehearsal::local(settings, &session.environment).await
}

async fn headless(cast: &Cast, stage: &Stage, out: &mut Out) -> Said {
    let service = &stage.service;
    out.both(&cast.notice, &json!({"kind": "notice", "text": cast.notice}));
    let before = service.checkout_status().await?;
    tell_probe(out, "before", before);
    let mut interrupts = Signals::take().map_err(|error| Complaint::error(error.to_string()))?;
    let (handle, end) = handle::link(house::director());
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
        once: None,
        feature: None,
        withheld: 0,
    };
    let said = async {
        let exit =
            brief::open_and_follow(&handle, brief, Answers::default(), (&mut *out, &mut interrupts)).await?;
        if exit != Exit::Ok {
            return Ok(exit);
        }
        let after = service.checkout_status().await?;
        tell_probe(out, "after", after);
        if (before, after) != (500, 200) {
            return Err(wrong(before, after));
        }
        tokio::select! {
            healed = second_act(&handle, stage, out) => healed.map(|()| Exit::Ok),
            () = interrupts.next() => Ok(Exit::Interrupted),
        }
    }
    .await;
    engine.end().await;
    said
}

/// Breaks what landed three times, and tells how it is healed.
async fn second_act(handle: &Handle, stage: &Stage, out: &mut Out) -> Result<(), Complaint> {
    for trouble in Trouble::ALL {
        let since = Clock::Wall.now();
        let words = format!("broken    {}", trouble.words());
        out.both(&words, &json!({"kind": "broken", "how": trouble.words()}));
        let mut news = News::since_now(handle);
        let mut states = handle.subscribe();
        trouble.make(handle, (&stage.service, &stage.live)).await?;
        let mut healed = pin!(trouble::healed(handle, (since, Yes::Demo)));
        let healed = loop {
            tokio::select! {
                healed = &mut healed => break healed,
                Ok(()) = states.changed() => news.tell(handle, out).await,
            }
        };
        news.tell(handle, out).await;
        healed?;
        let status = stage.live.status().await?;
        let words = format!("healed    GET {} answers {status}", live::TARGET);
        out.both(
            &words,
            &json!({"kind": "probe", "when": "healed", "target": live::TARGET, "status": status}),
        );
        if status != 200 {
            return Err(Complaint::error(format!("the service answers {status} after: {}", trouble.words())));
        }
    }
    Ok(())
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

async fn on_screen(cast: &Cast, (everywhere, stage): (&Everywhere, &Stage), out: &mut Out) -> Said {
    let brief = Prefill {
        text: BRIEF.into(),
        constraints: vec![CONSTRAINT.into()],
        checks: Vec::new(),
        budget: Some(BUDGET),
        teams: teams(cast),
    };
    let join = |end| house::join(cast.session.settings(), &cast.session.environment, end);
    let face = screen::Face::of(everywhere, &cast.session.environment)?;
    let (tell, told) = oneshot::channel();
    let opening = screen::Opening {
        face,
        prefill: Some(brief),
        notice: cast.notice.clone(),
        handle: Some(tell),
        away: None,
    };
    let mut healed = Vec::new();
    let exit = tokio::select! {
        exit = screen::show(&cast.session, opening, join) => exit?,
        never = in_sight(told, stage, &mut healed) => match never {},
    };
    if stage.service.landed().await? {
        let after = stage.service.checkout_status().await?;
        out.say(&format!("The fix landed. GET /checkout with an empty cart now answers {after}."));
    } else {
        out.say("Nothing landed. `chimera demo` starts again from the beginning.");
    }
    for trouble in healed {
        out.say(&format!("Healed, after {}.", trouble.words()));
    }
    Ok(exit)
}

/// The second act in front of a person: begins when the fix has landed, and what the gate asks is asked at the desk.
async fn in_sight(told: oneshot::Receiver<Handle>, stage: &Stage, healed: &mut Vec<Trouble>) -> Infallible {
    let Ok(handle) = told.await else { return std::future::pending().await };
    let landed = |state: &std::sync::Arc<crate::engine::state::State>| {
        state
            .missions
            .values()
            .any(|mission| mission.brief.heals.is_none() && mission.result.landed.is_some())
    };
    let act = async {
        // Only an engine that ended says no more.
        let _ = handle.subscribe().wait_for(landed).await;
        for trouble in Trouble::ALL {
            time::sleep(PAUSE.to_std()).await;
            let since = Clock::Wall.now();
            trouble.make(&handle, (&stage.service, &stage.live)).await?;
            trouble::healed(&handle, (since, Yes::Person)).await?;
            healed.push(trouble);
        }
        Ok::<(), Complaint>(())
    };
    if let Err(complaint) = act.await {
        tracing::warn!(what = complaint.what, "the second act ends");
    }
    std::future::pending().await
}
