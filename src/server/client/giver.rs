//! Gives a daemon briefs from a program and reads along what comes of them: no state is folded, each event is a word and
//! whom it is about.

use super::{
    way::Way,
    wire::{Trouble, Wire},
};
use crate::domain::ids::MissionId;
use futures::{StreamExt as _, stream::BoxStream};
use serde::Deserialize;
use serde_json::{Value, json};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Its entry in the journal.
    pub seq: u64,
    /// Such as `mission.ended`.
    pub kind: String,
    /// Of which mission.
    pub mission: Option<String>,
    /// What, in the engine's own form.
    pub event: String,
}

#[derive(Deserialize)]
struct Entry {
    seq: u64,
    kind: String,
    /// A number, as everywhere in the journal.
    mission: Option<MissionId>,
    #[serde(default)]
    event: Value,
}

#[derive(Deserialize)]
struct Opened {
    mission: String,
}

/// Gives briefs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Giver(Wire);

impl Giver {
    /// By this way; connects when it gives.
    ///
    /// # Errors
    /// In words: this machine has no way to connect.
    pub fn by(way: &Way) -> Result<Self, String> {
        Wire::by(way).map(Self)
    }

    /// Gives a brief to one team, under a word of the caller's; the mission, when it is durable.
    ///
    /// # Errors
    /// In words why it was not taken.
    pub async fn open(&self, text: &str, team: &str, word: &str) -> Result<String, String> {
        let body = json!({"text": text, "teams": [team]}).to_string().into_bytes();
        let opened = self.0.post::<Opened>("/api/missions", ("application/json", body), Some(word)).await;
        opened.map(|opened| opened.mission).map_err(|trouble| trouble.words())
    }

    /// Ends a mission.
    ///
    /// # Errors
    /// In words: it has ended, or nobody answers.
    pub async fn cancel(&self, mission: &str, why: &str) -> Result<(), String> {
        let body = json!({"reason": why}).to_string().into_bytes();
        let path = format!("/api/missions/{mission}/cancel");
        let done = self.0.post::<Value>(&path, ("application/json", body), None).await;
        done.map(drop).map_err(|trouble| trouble.words())
    }

    /// What happens after an entry, as it happens; ends with its first trouble.
    pub fn follow(&self, after: u64) -> BoxStream<'static, Result<Happening, String>> {
        let events = self.0.stream("/api/events", Some(after));
        let read = |next: Result<super::wire::Event, Trouble>| match next {
            Err(trouble) => Some(Err(trouble.words())),
            // How probes do is no entry.
            Ok(event) if event.sort != "message" => None,
            Ok(event) => Some(match serde_json::from_str::<Entry>(&event.data) {
                Ok(Entry { seq, kind, mission, event }) => {
                    let mission = mission.map(|mission| mission.to_string());
                    Ok(Happening { seq, kind, mission, event: event.to_string() })
                }
                Err(error) => Err(format!("an entry cannot be read: {error}")),
            }),
        };
        events.filter_map(move |next| std::future::ready(read(next))).boxed()
    }
}
