//! `chimera load`: gives a running daemon many briefs at once and measures how soon its agents speak. The words come from a
//! rehearsal that it serves itself, so that no vendor is paid; the daemon must be set up to ask there. One brief goes ahead: if
//! the rehearsal hears nothing of it, the others are not given.
//!
//! What is measured: from giving a brief to its place in the journal, to the first finished answer of any agent, and to the
//! first finished turn of a team, as the journal's stream tells them here. All the daemon's own work is in it (survey, worktree,
//! sandbox, journal), and none of a vendor's: the rehearsal answers at once. A streamed word is seen earlier than its turn.

mod figures;

use super::{
    Everywhere,
    exit::{Complaint, Exit, Said},
    far,
    out::Out,
    session::Session,
};
use crate::{
    domain::{text::clean_line, time::Millis},
    providers::rehearsal::{Rehearsal, script::Script},
    runtime,
    server::client::{Address, Far, Giver, Happening, Way},
};
use clap::Args;
use figures::{Figures, Spans};
use futures::{StreamExt as _, stream, stream::BoxStream};
use serde_json::json;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    time::{self, Instant},
};

/// Words of the agents.
const SCRIPT: &str = include_str!("../../assets/load/script.toml");
/// Where the rehearsal listens where nothing is said.
const REHEARSAL: &str = "127.0.0.1:7711";
/// How long everybody may take where nothing is said.
const WITHIN: &str = "2m";
/// How long the one that goes ahead may take.
const AHEAD_MOST: Millis = Millis::secs(30);
/// Briefs at once.
const AGENTS_MOST: u16 = 2_000;
/// Briefs that are being given or taken back at the same time.
const GIVEN_AT_ONCE: usize = 256;
/// Characters of words about a failure, and failures that are told.
const WORDS_MOST: usize = 300;
const TOLD_MOST: usize = 5;
/// The first finished answer of any agent is one of these.
const ANSWERS: [&str; 3] = ["mission.questions_asked", "mission.planned", TURN];
const TURN: &str = "team.turn_finished";
const ENDED: &str = "mission.ended";

/// How much, where, and until when.
#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    /// Briefs given at once, each to one team
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=i64::from(AGENTS_MOST)))]
    pub agents: u16,
    /// Where the daemon serves: unix:PATH, ssh://user@host:port/PATH or https://host:port [default: the daemon of this
    /// place]
    #[arg(long, value_name = "ADDRESS")]
    pub at: Option<Address>,
    /// What is shown there.
    #[command(flatten)]
    pub papers: far::Papers,
    /// Where the rehearsal listens: `base_url` of the daemon's providers must be http:// and this
    #[arg(long, value_name = "HOST:PORT", default_value = REHEARSAL)]
    pub rehearsal: SocketAddr,
    /// How long everybody may take to speak
    #[arg(long, value_name = "TIME", default_value = WITHIN)]
    pub within: Millis,
    /// Let the missions go on instead of cancelling them at the end
    #[arg(long)]
    pub keep: bool,
    /// Do it: the daemon's journal keeps these missions for ever
    #[arg(long)]
    pub yes: bool,
}

/// Drives it.
///
/// # Errors
/// Nobody answers there, the rehearsal is not heard of, or it cannot listen.
pub fn run(args: &LoadArgs, everywhere: &Everywhere, out: &mut Out) -> Said {
    if !args.yes {
        let what = format!("{} missions would be opened, and the journal keeps them for ever", args.agents);
        return Err(Complaint::usage(what).hint("say --yes, for a daemon that is there to be tried"));
    }
    let session = Session::load_anyway(everywhere)?;
    session.say_notes();
    let address = far::daemon(args.at.as_ref(), &session)?;
    super::runtime()?.block_on(far::at((&address, &args.papers), &session, async |far, way| {
        let load = Load::begin(args, &far, way).await?;
        let figures = load.drive(args, out).await?;
        figures.say(out);
        Ok(if figures.failed() == 0 { Exit::Ok } else { Exit::Error })
    }))
}

/// A daemon under load.
struct Load {
    giver: Giver,
    events: BoxStream<'static, Result<Happening, String>>,
    rehearsal: Arc<Rehearsal>,
    team: String,
    /// Tells one run from another.
    run: String,
}

/// What was seen of one mission.
#[derive(Debug, Clone, Default)]
struct Seen {
    answer: Option<Instant>,
    turn: Option<Instant>,
    ended: Option<String>,
}

impl Load {
    async fn begin(args: &LoadArgs, far: &Far, way: &Way) -> Result<Self, Complaint> {
        let script =
            Script::read("assets/load/script.toml", SCRIPT).map_err(|e| Complaint::error(e.to_string()))?;
        if !args.rehearsal.ip().is_loopback() {
            return Err(Complaint::usage(format!("{} is no address of this machine alone", args.rehearsal))
                .hint("the rehearsal knows no key: 127.0.0.1 or ::1"));
        }
        let listener = TcpListener::bind(args.rehearsal).await.map_err(|error| {
            Complaint::error(format!("the rehearsal cannot listen on {}: {error}", args.rehearsal))
        })?;
        let rehearsal = Rehearsal::new(script);
        runtime::beside(rehearsal.clone().serve(listener));
        let team = far.teams().first().map(|team| team.name.clone()).ok_or_else(|| {
            Complaint::error("no team can race there: no vendor has a key")
                .hint("ANTHROPIC_API_KEY=rehearsal is one, where base_url is the rehearsal's")
        })?;
        let giver = Giver::by(way).map_err(Complaint::error)?;
        // From here on: the answer to a brief can come before the brief's own receipt.
        let events = giver.follow(far.state().seq.0);
        let run = format!("load-{}-{}", std::process::id(), far.state().seq);
        Ok(Self { giver, events, rehearsal, team, run })
    }

    async fn drive(mut self, args: &LoadArgs, out: &mut Out) -> Result<Figures, Complaint> {
        self.ahead(args.rehearsal).await?;
        out.both(
            &format!("giving {} briefs at once to {}", args.agents, self.team),
            &json!({"kind": "giving", "agents": args.agents, "team": self.team}),
        );
        let began = Instant::now();
        let (giver, team, run) = (self.giver.clone(), self.team.clone(), self.run.clone());
        let mut giving = stream::iter(0..args.agents)
            .map(|number| {
                let (giver, team, word) = (giver.clone(), team.clone(), format!("{run}-{number}"));
                async move {
                    let at = Instant::now();
                    let text = format!("A load, {number} of many: look around and change nothing.");
                    (at, giver.open(&text, &team, &word).await, Instant::now())
                }
            })
            .buffer_unordered(GIVEN_AT_ONCE);
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        let mut given: BTreeMap<String, Instant> = BTreeMap::new();
        let mut figures = Figures::new(args.agents);
        let (mut all_given, mut over) = (false, Box::pin(time::sleep(args.within.to_std())));
        let done = |given: &BTreeMap<String, Instant>, seen: &BTreeMap<String, Seen>| {
            let spoke = |mission: &String| {
                seen.get(mission).is_some_and(|seen| seen.turn.is_some() || seen.ended.is_some())
            };
            given.keys().all(spoke)
        };
        while !(all_given && done(&given, &seen)) {
            tokio::select! {
                next = giving.next(), if !all_given => match next {
                    None => all_given = true,
                    Some((at, Ok(mission), taken)) => {
                        figures.accepted.add(taken - at);
                        given.insert(mission, at);
                    }
                    Some((_, Err(why), _)) => figures.fail(clean_line(&why, WORDS_MOST).to_string()),
                },
                next = self.events.next() => match next {
                    Some(Ok(happening)) => note(&mut seen, happening),
                    Some(Err(why)) => return Err(lost(&why)),
                    None => return Err(lost("the other side has closed")),
                },
                () = &mut over => break,
            }
        }
        drop(giving);
        figures.took = began.elapsed();
        for (mission, at) in &given {
            let seen = seen.get(mission).cloned().unwrap_or_default();
            let spoke = |when: Option<Instant>, spans: &mut Spans| when.map(|when| spans.add(when - *at));
            let answered = spoke(seen.answer, &mut figures.answer);
            let turned = spoke(seen.turn, &mut figures.turn);
            if answered.is_none() || turned.is_none() {
                let why = seen
                    .ended
                    .map_or("it did not speak in time".to_owned(), |how| format!("it ended: {how}"));
                figures.fail(format!("{mission}: {why}"));
            }
        }
        if !args.keep {
            self.take_back(given.into_keys()).await;
        }
        Ok(figures)
    }

    /// One brief goes ahead: a daemon that asks somebody else is not driven.
    async fn ahead(&mut self, rehearsal: SocketAddr) -> Result<(), Complaint> {
        let word = format!("{}-ahead", self.run);
        let mission = self.giver.open("A load, the first of many: look around.", &self.team, &word).await;
        let mission = mission.map_err(|why| Complaint::error(format!("no brief is taken there: {why}")))?;
        let mut seen = BTreeMap::new();
        let spoke = async {
            loop {
                match self.events.next().await {
                    Some(Ok(happening)) => note(&mut seen, happening),
                    Some(Err(why)) => return Err(lost(&why)),
                    None => return Err(lost("the other side has closed")),
                }
                let this: Seen = seen.get(&mission).cloned().unwrap_or_default();
                if let Some(how) = this.ended {
                    return Err(Complaint::error(format!("the first brief ended before it spoke: {how}")));
                }
                if this.turn.is_some() {
                    return Ok(());
                }
            }
        };
        let spoke = time::timeout(AHEAD_MOST.to_std(), spoke).await;
        let heard = !self.rehearsal.heard().is_empty();
        self.take_back([mission]).await;
        let hint = format!(
            "start the daemon with ANTHROPIC_BASE_URL=http://{rehearsal} ANTHROPIC_API_KEY=rehearsal, or set base_url in \
             [providers.anthropic]"
        );
        match spoke {
            Ok(Ok(())) if heard => Ok(()),
            Ok(Ok(())) => {
                Err(Complaint::error("its agents speak with somebody else than the rehearsal").hint(hint))
            }
            Ok(Err(complaint)) => Err(complaint.hint(hint)),
            Err(_) => {
                Err(Complaint::error(format!("its agents did not speak within {AHEAD_MOST}")).hint(hint))
            }
        }
    }

    /// What does not end by this has ended already.
    async fn take_back(&self, missions: impl IntoIterator<Item = String>) {
        let giver = &self.giver;
        stream::iter(missions)
            .for_each_concurrent(GIVEN_AT_ONCE, |mission| async move {
                if let Err(why) = giver.cancel(&mission, "the load is over").await {
                    tracing::debug!(mission, why, "not cancelled");
                }
            })
            .await;
    }
}

fn lost(why: &str) -> Complaint {
    Complaint::error(format!("the daemon cannot be followed any more: {}", clean_line(why, WORDS_MOST)))
}

fn note(seen: &mut BTreeMap<String, Seen>, happening: Happening) {
    let Some(mission) = happening.mission else { return };
    let kind = happening.kind.as_str();
    if !ANSWERS.contains(&kind) && kind != ENDED {
        return;
    }
    let (now, this) = (Instant::now(), seen.entry(mission).or_default());
    if ANSWERS.contains(&kind) {
        this.answer.get_or_insert(now);
    }
    if kind == TURN {
        this.turn.get_or_insert(now);
    }
    if kind == ENDED {
        this.ended.get_or_insert_with(|| clean_line(&happening.event, WORDS_MOST).to_string());
    }
}

/// A span in words, as a table shows it.
fn shown(span: Duration) -> String {
    format!("{:.0} ms", span.as_secs_f64() * 1_000.0)
}
