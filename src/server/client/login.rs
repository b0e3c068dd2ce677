//! The person's side of a login: begun at the daemon, asked about until the vendor has said who it is.

use super::{
    way::Way,
    wire::{Trouble, Wire},
};
use crate::{config::secret::Secret, domain::time::Millis};
use serde::Deserialize;
use serde_json::json;

/// A login that was begun.
pub struct Login {
    wire: Wire,
    name: String,
    /// What the person types.
    pub code: String,
    /// Where.
    pub address: String,
    /// Until it may be asked what came of it.
    pub pause: Millis,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedIn {
    /// Not yet: asked again after this long.
    Waits(Millis),
    /// It is done.
    As {
        /// Says who asks, from now on.
        token: Secret,
        /// As whom what is done is recorded.
        name: String,
        /// What they may do.
        role: String,
        /// When it ends.
        expires: String,
    },
}

#[derive(Deserialize)]
struct Vias {
    via: Vec<String>,
}

#[derive(Deserialize)]
struct Begun {
    login: String,
    code: String,
    address: String,
    pause: u64,
}

#[derive(Deserialize)]
struct Outcome {
    done: bool,
    pause: u64,
    token: Option<String>,
    name: Option<String>,
    role: Option<String>,
    expires: Option<String>,
}

const JSON: &str = "application/json";

/// Vendors by which somebody can log in there.
///
/// # Errors
/// In words.
pub async fn vendors(way: &Way) -> Result<Vec<String>, String> {
    let vias: Vias = Wire::by(way)?.get("/api/login").await.map_err(|trouble| trouble.words())?;
    Ok(vias.via)
}

/// Begins one by this vendor.
///
/// # Errors
/// In words.
pub async fn login(way: &Way, vendor: &str) -> Result<Login, String> {
    let wire = Wire::by(way)?;
    let body = json!({"via": vendor}).to_string().into_bytes();
    let begun = wire.post::<Begun>("/api/login", (JSON, body), None).await;
    let Begun { login, code, address, pause } = begun.map_err(|trouble| trouble.words())?;
    // It goes into a path: nothing but what the daemon makes of it.
    if login.is_empty() || !login.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("the login's name is none".to_owned());
    }
    Ok(Login { wire, name: login, code, address, pause: pause_of(pause) })
}

/// What a daemon can make a program wait.
fn pause_of(seconds: u64) -> Millis {
    Millis::secs(seconds.clamp(1, 60))
}

impl Login {
    /// Asks what came of it. A line that is lost for a moment is no end.
    ///
    /// # Errors
    /// It will not be: in words why.
    pub async fn ask(&self) -> Result<LoggedIn, String> {
        let path = format!("/api/login/{}", self.name);
        let outcome: Outcome = match self.wire.post(&path, (JSON, b"{}".to_vec()), None).await {
            Ok(outcome) => outcome,
            Err(Trouble::Lost(_)) => return Ok(LoggedIn::Waits(self.pause)),
            Err(Trouble::Refused { sort, .. })
                if matches!(sort.as_str(), "unavailable" | "too_many" | "busy") =>
            {
                return Ok(LoggedIn::Waits(self.pause));
            }
            Err(trouble) => return Err(trouble.words()),
        };
        match (outcome.done, outcome.token) {
            (true, Some(token)) => Ok(LoggedIn::As {
                token: Secret::new(token),
                name: outcome.name.unwrap_or_default(),
                role: outcome.role.unwrap_or_default(),
                expires: outcome.expires.unwrap_or_default(),
            }),
            (true, None) => Err("it is done, and no token came".to_owned()),
            (false, _) => Ok(LoggedIn::Waits(pause_of(outcome.pause))),
        }
    }
}
