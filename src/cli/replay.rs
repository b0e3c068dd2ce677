//! `chimera replay`: what happened in a mission, line by line, as fast as one likes. Takes no lock, starts no engine,
//! changes nothing.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    session::Session,
};
use crate::{
    domain::{ids::MissionId, time::Millis},
    engine::account,
    runtime::past::{
        dossier::{Paper, gather},
        reel::{Reel, Speed},
        shelf::Files,
    },
};
use clap::Args;
use serde_json::json;
use std::sync::Arc;

/// Which mission, how fast.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Mission, such as M-1
    #[arg(value_name = "ID")]
    pub mission: MissionId,
    /// 1, 4 or 16 times as fast as it was, or max: without waiting
    #[arg(long, value_name = "SPEED", default_value = "max", value_parser = ["1", "4", "16", "max"])]
    pub speed: String,
    /// Also what happened to effects and money
    #[arg(long)]
    pub all: bool,
}

/// Prints it.
///
/// # Errors
/// There is no such mission, or the journal cannot be read.
pub async fn run(args: &ReplayArgs, session: &Session, out: &mut Out) -> Said {
    session.ground()?;
    let shelf = Files(session.settings().places.data.clone());
    let dossier = gather(&shelf, args.mission)
        .map_err(|why| Complaint::error(why).hint("`chimera missions` lists missions"))?;
    let cut = dossier.cut;
    let mut reel = Reel::new(Arc::new(dossier));
    reel.speed = match args.speed.as_str() {
        "1" => Speed::One,
        "4" => Speed::Four,
        "16" => Speed::Sixteen,
        _ => Speed::Most,
    };
    show(&reel, args.all, out);
    while !reel.is_over() {
        reel.plays = true;
        let wait = reel.due().filter(|_| reel.speed != Speed::Most).unwrap_or_default();
        if wait > Millis(0) {
            tokio::time::sleep(wait.to_std()).await;
        }
        reel.step(1);
        show(&reel, args.all, out);
    }
    if cut {
        super::out::note(&["there is more than a replay holds".to_owned()]);
    }
    Ok(Exit::Ok)
}

/// The fact that was folded last, unless it is one of the works.
fn show(reel: &Reel, all: bool, out: &mut Out) {
    let Some(Paper { seq, kind, fact, .. }) = reel.last() else { return };
    if !all && (kind.starts_with("effect.") || kind.starts_with("money.")) {
        return;
    }
    let mission = reel.state().missions.get(&reel.mission());
    let since = mission.map_or(Millis(0), |mission| fact.at.since(mission.opened));
    let words = account::line(&fact.event, mission.map(AsRef::as_ref));
    out.both(
        &format!("{since}  {:<12} {words}", fact.actor.to_string()),
        &json!({
            "kind": "replay", "seq": seq, "at": fact.at.to_string(), "since_opened_ms": since,
            "actor": fact.actor.to_string(), "entry": kind, "words": words,
        }),
    );
}
