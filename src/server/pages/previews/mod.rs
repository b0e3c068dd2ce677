//! `/api/previews`: a team's newest candidate, run where its worktree is, for whoever looks at it from elsewhere: how it stands,
//! what its page answers and how that looks. Nobody is let through to it: what is told is what the daemon saw.

pub(in crate::server) mod onlookers;
mod view;

use super::{
    feeds,
    stream::{self, Source},
};
use crate::{
    domain::{
        access::Role,
        feed::Channel,
        preview::{Preview, VIEWPORT, Viewport},
        text::json_escaped,
    },
    runtime::previews::{Shown, Want},
    server::{
        api::{Api, Leaf},
        entrance::Caller,
        frame,
        front::Front,
        input::Given,
        paging::Told,
        problem::{Problem, Sort},
    },
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, Response, StatusCode, header},
};
use futures::future::{BoxFuture, FutureExt as _};
use onlookers::{Seat, want};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::watch;
pub(in crate::server) use view::{PhotoView, Piece};

/// What events are called.
const PREVIEW: &str = "preview";

/// What was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PreviewAsked")]
struct Asked {
    /// Of which mission.
    mission: String,
    /// Of which team, by its number.
    team: u8,
}

/// How large a page is photographed, in pixels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PhotoRequest")]
struct Size {
    /// From left to right.
    #[schemars(range(min = VIEWPORT.0, max = VIEWPORT.1))]
    width: u32,
    /// From top to bottom.
    #[schemars(range(min = VIEWPORT.0, max = VIEWPORT.1))]
    height: u32,
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = |id, what| {
        let leaf = Leaf::new(id, "previews", what).needs(Role::Operator);
        leaf.path("mission", "Mission, such as M-12").path("team", "Number of the team")
    };
    let asks = |id, what| leaf(id, what).answers::<Asked>(202);
    let begin_leaf = asks(
        "begin_preview",
        "Run a team's newest candidate until nobody has followed it for 5 seconds; where it runs, ask for its page again",
    );
    let follow_leaf = leaf("follow_preview", "How it stands: server-sent events of {preview, tail}")
        .also::<Piece>()
        .streams("Each event is a PreviewPiece; a reader that connects again is told all of it.");
    let end_leaf = asks("end_preview", "End it, whoever looks at it");
    let look_leaf = asks(
        "photograph_preview",
        "Photograph its page in this size, now and whenever it is asked for again",
    )
    .body::<Size>();
    let photo_leaf = leaf("get_preview_photo", "The last photo of its page, a PNG").tells("image/png");
    api.post("/api/previews/{mission}/{team}", begin_leaf, begin)
        .get("/api/previews/{mission}/{team}", follow_leaf, follow)
        .post("/api/previews/{mission}/{team}/end", end_leaf, end)
        .post("/api/previews/{mission}/{team}/photo", look_leaf, look)
        .get("/api/previews/{mission}/{team}/photo", photo_leaf, photo)
}

type Place = Path<(String, String)>;

fn channel(front: &Front, Path((mission, team)): &Place) -> Result<Channel, Problem> {
    feeds::of_team(&front.state(), mission, team)
}

fn asked(caller: &Caller, channel: Channel, what: &str) -> Told<Asked> {
    let team = channel.team.map_or(0, |team| team.0);
    tracing::info!(by = %caller.name, mission = %channel.mission, team, what, "a preview, for somebody elsewhere");
    Told(StatusCode::ACCEPTED, Asked { mission: channel.mission.to_string(), team })
}

async fn begin(
    State(front): State<Arc<Front>>,
    caller: Caller,
    place: Place,
) -> Result<Told<Asked>, Problem> {
    let channel = channel(&front, &place)?;
    front.onlookers.begin(front.handle.previews(), channel, front.closing.clone())?;
    Ok(asked(&caller, channel, "begin"))
}

async fn end(State(front): State<Arc<Front>>, caller: Caller, place: Place) -> Result<Told<Asked>, Problem> {
    let channel = channel(&front, &place)?;
    want(front.handle.previews(), Want::End(channel))?;
    Ok(asked(&caller, channel, "end"))
}

async fn look(
    State(front): State<Arc<Front>>,
    caller: Caller,
    place: Place,
    Given(size): Given<Size>,
) -> Result<Told<Asked>, Problem> {
    let channel = channel(&front, &place)?;
    let viewport = Viewport::new(size.width, size.height);
    if (u32::from(viewport.width), u32::from(viewport.height)) != (size.width, size.height) {
        let detail = format!(
            "{}×{} is no size: each side has {} to {} pixels",
            size.width, size.height, VIEWPORT.0, VIEWPORT.1
        );
        return Err(Problem::new(Sort::Invalid, detail, "send another one"));
    }
    want(front.handle.previews(), Want::Photograph(channel, viewport))?;
    Ok(asked(&caller, channel, "photograph"))
}

async fn photo(State(front): State<Arc<Front>>, place: Place) -> Result<Response<Body>, Problem> {
    let channel = channel(&front, &place)?;
    let shown = front.handle.previews().subscribe().borrow().clone();
    let png = shown.get(&channel).and_then(|preview| preview.photo.as_ref()?.png.as_ref().ok().cloned());
    let png = png.ok_or_else(|| {
        let hint =
            "POST a size here while it runs; the stream says when the photo is there, or why there is none";
        Problem::new(Sort::NotFound, "there is no photo of it", hint)
    })?;
    let mut response = Response::new(Body::from(png.to_vec()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

async fn follow(State(front): State<Arc<Front>>, place: Place) -> Result<Response<Body>, Problem> {
    let channel = channel(&front, &place)?;
    let (shown, seat) = (front.handle.previews().subscribe(), front.onlookers.sit(channel));
    stream::of(&front, Follow { shown, channel, told: None, _seat: seat })
}

struct Follow {
    shown: watch::Receiver<Arc<Shown>>,
    channel: Channel,
    told: Option<Preview>,
    _seat: Seat,
}

impl Source for Follow {
    fn next(&mut self) -> BoxFuture<'_, Option<String>> {
        async move {
            loop {
                let now = self.shown.borrow_and_update().get(&self.channel).cloned();
                if let Some(now) = now.filter(|now| self.told.as_ref() != Some(now)) {
                    let piece = Piece::of(&now, self.told.as_ref());
                    self.told = Some(now);
                    let data = json_escaped(serde_json::to_string(&piece).unwrap_or_default());
                    return Some(frame::aside(PREVIEW, &data));
                }
                self.shown.changed().await.ok()?;
            }
        }
        .boxed()
    }
}
