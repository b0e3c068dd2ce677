//! `/api/hooks`: payloads of other systems. Who sent one is proven by its signature or token alone, whoever brings it; what
//! it says becomes signals, as if a probe had read them. Reads and decides nothing itself.

use crate::{
    runtime::{HOOK_BODY_MOST, NotTaken, Taken},
    server::{
        api::{Api, Leaf},
        front::Front,
        input::Named,
        paging::{Told, ok},
        problem::{Problem, Sort},
    },
};
use axum::{
    body::to_bytes,
    extract::{Request, State},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// What came of a payload.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Delivered")]
pub(super) struct View {
    /// Alarms that were taken in; they are in the journal, or counted with the same ones of the last seconds.
    signals: usize,
    /// Parts that could not be read, each with its field.
    problems: Vec<String>,
    /// Why there was no alarm in it, where that is as it should be.
    passed_over: Option<String>,
    /// What Slack wants to hear back.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
}

impl From<Taken> for View {
    fn from(taken: Taken) -> Self {
        let Taken { signals, problems, passed_over, challenge } = taken;
        Self { signals, problems, passed_over, challenge }
    }
}

impl From<NotTaken> for Problem {
    fn from(not: NotTaken) -> Self {
        let words = not.to_string();
        match not {
            NotTaken::Nobody(_) => {
                Self::new(Sort::NotFound, words, "its id in [[probe]] is the last part of the path")
            }
            NotTaken::Unproven(_) => {
                Self::new(Sort::Unproven, words, "docs/operations.md tells how each sender proves itself")
            }
            NotTaken::Again => {
                Self::new(Sort::Already, words, "nothing was done a second time; send a new one")
            }
            NotTaken::Malformed(_) => {
                Self::new(Sort::Malformed, words, "correct it and send it again; nothing of it was taken")
            }
            NotTaken::NoSecret(..) => Self::new(
                Sort::Unavailable,
                words,
                "give the daemon the secret that `secret` in [[probe]] names, then send it again",
            ),
            NotTaken::Store(error) => error.into(),
        }
    }
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = Leaf::new(
        "deliver",
        "hooks",
        "Deliver a payload of Alertmanager, Sentry, GitHub, Vercel, Slack, Stripe or anything else to a probe of type webhook",
    )
    .path("name", "The probe's id")
    .takes("application/json")
    .answers::<View>(200)
    .open();
    api.post("/api/hooks/{name}", leaf, deliver)
}

async fn deliver(
    State(front): State<Arc<Front>>,
    Named(name): Named<String>,
    request: Request,
) -> Result<Told<View>, Problem> {
    let hooks = front.ports.hooks.as_ref().ok_or_else(|| NotTaken::Nobody(name.clone()))?;
    let (parts, body) = request.into_parts();
    let text = |value: &axum::http::HeaderValue| value.to_str().map(str::to_owned).ok();
    let headers = parts.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?)));
    let headers: Vec<(String, String)> = headers.collect();
    let body = to_bytes(body, HOOK_BODY_MOST).await.map_err(|_| {
        let detail = format!("a payload has {HOOK_BODY_MOST} bytes at most, and comes whole");
        Problem::new(Sort::TooLarge, detail, "let the sender group less")
    })?;
    Ok(ok(hooks.take(&name, &headers, &body).await?.into()))
}
