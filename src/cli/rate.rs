//! `chimera rate`: what the director thinks of what a mission came to. It counts in the numbers of its team, its
//! model and its kind of task; the last word counts.

use super::{exit::Complaint, exit::Exit, exit::Said, house::Purpose, out::Out, session::Session};
use crate::{
    domain::{ids::MissionId, mission::Rating},
    engine::{
        command::{Command, MissionCommand},
        event::{Event, MissionEvent},
    },
    runtime::handle::Receipt,
};
use clap::Args;
use serde_json::json;

/// What is rated, and how.
#[derive(Debug, Clone, Args)]
pub struct RateArgs {
    /// Mission that has ended, such as M-1
    #[arg(value_name = "ID")]
    pub mission: MissionId,
    /// From 1 (of no use) to 5 (as it should be)
    #[arg(value_name = "STARS", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub stars: u8,
    /// Why
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub why: String,
}

/// Records it.
///
/// # Errors
/// The house cannot be opened, or there is no such mission, or it has not ended.
pub async fn run(args: &RateArgs, session: &Session, out: &mut Out) -> Said {
    let house = session.open(Purpose::Command).await?;
    let rating = Rating { stars: args.stars, words: args.why.clone() };
    let sent = house.handle.send(Command::Mission(MissionCommand::Rate(args.mission, rating))).await;
    house.close().await;
    told(args, &sent.map_err(Complaint::from)?, out);
    Ok(Exit::Ok)
}

fn told(args: &RateArgs, receipt: &Receipt, out: &mut Out) {
    // As it is kept: a secret in it is not.
    let kept = receipt.events.iter().find_map(|event| match event {
        Event::Mission(_, MissionEvent::Rated(rating)) => Some(rating.to_string()),
        _ => None,
    });
    let words = format!("{}: {}", args.mission, kept.unwrap_or_else(|| format!("rated {}", args.stars)));
    let json = json!({"kind": "rated", "mission": args.mission, "stars": args.stars, "seq": receipt.seq});
    out.both(&words, &json);
}

#[cfg(test)]
mod tests {
    use super::{
        super::out::{Form, tests::Kept},
        *,
    };
    use crate::domain::ids::Seq;

    #[test]
    fn a_rating_is_told_as_it_is_kept() {
        let args = RateArgs { mission: MissionId(1), stars: 3, why: "the key is hunter2".into() };
        let kept = Rating { stars: 3, words: "the key is …".into() };
        let events = vec![Event::Mission(MissionId(1), MissionEvent::Rated(kept))];
        let (mut out, shown) = Kept::out(Form::Human);
        told(&args, &Receipt { seq: Seq(4), events }, &mut out);
        assert!(
            shown.text().contains("the key is …") && !shown.text().contains("hunter2"),
            "{}",
            shown.text()
        );
    }
}
