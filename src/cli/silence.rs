//! `chimera silence`: quiet about a cause, a service or a kind for a while, and announced maintenance.

use super::{
    exit::{Complaint, Exit, Said},
    incidents,
    out::Out,
    session::Session,
};
use crate::{
    domain::{
        ids::{IncidentId, SilenceId},
        incident::{Matcher, Silence},
        time::{Millis, Timestamp},
    },
    engine::{
        command::HealCommand,
        event::{Event, WardEvent},
        state::State,
    },
    runtime::{clock::Clock, handle::Receipt},
};
use clap::Args;
use serde_json::json;

/// What, how long and why; or which silence ends.
#[derive(Debug, Clone, Args)]
pub struct SilenceArgs {
    /// End this silence instead, such as S-1
    #[arg(long, value_name = "ID", conflicts_with_all = ["incident", "service", "kind", "lasts", "why"])]
    pub end: Option<SilenceId>,
    /// The cause of this incident, such as I-7
    #[arg(long, value_name = "ID")]
    pub incident: Option<IncidentId>,
    /// Everything of this service; `*` at the end matches any rest
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Signals of this kind, such as http.slow; `*` at the end matches any rest
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// How long, such as 2h; seven days at most
    #[arg(long = "for", value_name = "SPAN", default_value = "1h")]
    pub lasts: Millis,
    /// Begins in this long
    #[arg(long = "in", value_name = "SPAN", default_value = "0s")]
    pub starts: Millis,
    /// Why; must be said
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    pub why: String,
    /// Announced work rather than a nuisance
    #[arg(long)]
    pub maintenance: bool,
}

/// Does it.
///
/// # Errors
/// Nothing is named, it lasts too long, or the house cannot be opened.
pub async fn run(args: &SilenceArgs, session: &Session, out: &mut Out) -> Said {
    if let Some(id) = args.end {
        return incidents::give(HealCommand::Unsilence(id), &format!("ended     {id}"), session, out).await;
    }
    let fingerprint = match args.incident {
        Some(id) => Some(incidents::named(id, &session.look()?)?.fingerprint.clone()),
        None => None,
    };
    let matches = Matcher { fingerprint, service: args.service.clone(), kind: args.kind.clone() };
    if matches == Matcher::default() {
        return Err(Complaint::usage("name what shall be quiet")
            .hint("--incident I-7, --service NAME or --kind KIND"));
    }
    let from: Timestamp = Clock::Wall.now() + args.starts;
    let silence = Silence {
        matches,
        from,
        until: from + args.lasts,
        why: args.why.clone(),
        maintenance: args.maintenance,
    };
    let (receipt, state) = incidents::given(HealCommand::Silence(silence), session).await?;
    told(&receipt, &state, out);
    Ok(Exit::Ok)
}

/// The silence that was made, by its number: that ends it before its time.
pub fn told(receipt: &Receipt, state: &State, out: &mut Out) {
    for event in &receipt.events {
        let Event::Ward(WardEvent::Silenced(id, silence)) = event else { continue };
        let words = format!("{id} {}", incidents::quiet(state, silence, state.at));
        let value = json!({
            "kind": "done", "words": words, "silence": id.to_string(), "until": silence.until.to_string(),
            "seq": receipt.seq,
        });
        out.both(&format!("{words}; `chimera silence --end {id}` ends it, at {}", receipt.seq), &value);
    }
}
