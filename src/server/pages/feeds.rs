//! `/api/feeds`: what agents stream while they work. Bounded and lossy as the feeds are: who reads too slowly is told how
//! much was lost. What must last is in the journal.

use super::stream::{self, Source};
use crate::{
    domain::{
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::{MissionId, TeamId},
        money::{Cost, Money, Usage},
        text::json_escaped,
    },
    engine::state::{Mission, State as EngineState},
    runtime::feeds::Batch,
    server::{
        api::{Api, Leaf},
        frame,
        front::Front,
        input::Asked,
        problem::{Problem, Sort},
    },
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Response},
};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::watch;

/// How the orchestrator's channel is called.
pub(in crate::server) const ORCHESTRATOR: &str = "orchestrator";
/// Items of one event.
const ITEMS_MOST: usize = 256;

/// Where a reader begins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Items after this place; without it all that are kept.
    after: Option<u64>,
}

/// One thing that an agent streamed.
#[derive(Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[schemars(rename = "FeedItem")]
pub(in crate::server) enum Item {
    /// A piece of reasoning.
    Thought {
        /// Its words.
        text: String,
    },
    /// A piece of the answer.
    Text {
        /// Its words.
        text: String,
    },
    /// A tool call begins.
    Tool {
        /// Which tool.
        name: String,
        /// With what, in one line.
        brief: String,
    },
    /// A tool call ended.
    ToolDone {
        /// Which tool.
        name: String,
        /// What came of it, in one line.
        brief: String,
        /// Whether it did what was asked.
        ok: bool,
    },
    /// Something was said to the team.
    Said {
        /// The words.
        text: String,
    },
    /// Something about the call: a retry, a fallback, a limit.
    Notice {
        /// The words.
        text: String,
    },
    /// The team's patch as it stands.
    Shot {
        /// SHA-256 of it.
        digest: String,
        /// Unified diff.
        patch: String,
    },
    /// Tokens and money so far.
    Meter {
        /// Tokens that went in, cached ones apart.
        input: u64,
        /// Read from a cache.
        cache_read: u64,
        /// Written into one.
        cache_write: u64,
        /// Tokens that came out, reasoning included.
        output: u64,
        /// Of them, reasoning.
        reasoning: u64,
        /// Money; null: of unknown price.
        cost_usd: Option<f64>,
    },
}

impl From<&FeedItem> for Item {
    fn from(item: &FeedItem) -> Self {
        match item {
            FeedItem::Thought(text) => Self::Thought { text: text.clone() },
            FeedItem::Text(text) => Self::Text { text: text.clone() },
            FeedItem::Tool { name, brief } => Self::Tool { name: name.clone(), brief: brief.clone() },
            FeedItem::ToolDone { name, brief, ok } => {
                Self::ToolDone { name: name.clone(), brief: brief.clone(), ok: *ok }
            }
            FeedItem::Said(text) => Self::Said { text: text.clone() },
            FeedItem::Notice(text) => Self::Notice { text: text.clone() },
            FeedItem::Shot(shot) => Self::Shot { digest: shot.digest.to_string(), patch: shot.patch.clone() },
            FeedItem::Meter { usage, cost } => {
                let cost_usd = match cost {
                    Cost::Known(money) => Some(money.as_usd()),
                    Cost::Unknown => None,
                };
                let Usage { input, cache_read, cache_write, output, reasoning } = *usage;
                Self::Meter { input, cache_read, cache_write, output, reasoning, cost_usd }
            }
        }
    }
}

/// The other way, at the far end.
impl From<Item> for FeedItem {
    fn from(item: Item) -> Self {
        match item {
            Item::Thought { text } => Self::Thought(text),
            Item::Text { text } => Self::Text(text),
            Item::Tool { name, brief } => Self::Tool { name, brief },
            Item::ToolDone { name, brief, ok } => Self::ToolDone { name, brief, ok },
            Item::Said { text } => Self::Said(text),
            Item::Notice { text } => Self::Notice(text),
            Item::Shot { patch, .. } => {
                Self::Shot(Arc::new(Shot { digest: Digest::of(patch.as_bytes()), patch }))
            }
            Item::Meter { input, cache_read, cache_write, output, reasoning, cost_usd } => {
                let usage = Usage { input, cache_read, cache_write, output, reasoning };
                let money = |usd: f64| format!("{usd:.6}").parse::<Money>().ok();
                let cost = cost_usd.and_then(money).map_or(Cost::Unknown, Cost::Known);
                Self::Meter { usage, cost }
            }
        }
    }
}

/// What one event holds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FeedPiece")]
pub(in crate::server) struct Piece {
    /// Items that were gone before they could be sent.
    pub lost: u64,
    /// Oldest first.
    pub items: Vec<Item>,
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = Leaf::new(
        "follow_feed",
        "events",
        "What one team streams while it works: server-sent events of {lost, items}",
    )
    .path("mission", "Mission, such as M-12")
    .path("team", "Number of the team, or `orchestrator`")
    .query::<Place>()
    .also::<Piece>()
    .streams("Each event is a FeedPiece; its id is the place to go on after.");
    api.get("/api/feeds/{mission}/{team}", leaf, follow)
}

async fn follow(
    State(front): State<Arc<Front>>,
    Path((mission, team)): Path<(String, String)>,
    headers: HeaderMap,
    Asked(place): Asked<Place>,
) -> Result<Response<Body>, Problem> {
    let channel = match team.as_str() {
        ORCHESTRATOR => Channel { mission: known(&front.state(), &mission)?.id, team: None },
        team => of_team(&front.state(), &mission, team)?,
    };
    let cursor = stream::place(&headers, place.after)?.unwrap_or(0);
    let moved = front.handle.feeds().subscribe();
    stream::of(&front, Follow { front: front.clone(), moved, channel, cursor })
}

fn known<'a>(state: &'a EngineState, name: &str) -> Result<&'a Mission, Problem> {
    let found = name.parse::<MissionId>().ok().and_then(|id| state.missions.get(&id));
    found.map(AsRef::as_ref).ok_or_else(|| Problem::none("mission", name, "/api/missions"))
}

/// The channel of a team that a path names.
pub(super) fn of_team(state: &EngineState, mission: &str, team: &str) -> Result<Channel, Problem> {
    let known = known(state, mission)?;
    let number = team.trim_start_matches("T-").parse::<u8>().ok().map(TeamId);
    let found = number.filter(|number| known.teams.iter().any(|team| team.id == *number));
    let team = found.ok_or_else(|| {
        let detail = format!("{} has no team {team}", known.id);
        Problem::new(Sort::NotFound, detail, "GET the mission to see its teams")
    })?;
    Ok(Channel { mission: known.id, team: Some(team) })
}

struct Follow {
    front: Arc<Front>,
    moved: watch::Receiver<u64>,
    channel: Channel,
    cursor: u64,
}

impl Source for Follow {
    fn next(&mut self) -> BoxFuture<'_, Option<String>> {
        async move {
            loop {
                self.moved.borrow_and_update();
                let batch = self.front.handle.feeds().read(self.channel, self.cursor);
                if batch.next != self.cursor || batch.lost > 0 {
                    self.cursor = batch.next;
                    return Some(written(&batch));
                }
                self.moved.changed().await.ok()?;
            }
        }
        .boxed()
    }
}

/// Long stretches in several events, all but the last without an id: whoever loses the line in between begins the stretch
/// again rather than miss of it.
fn written(batch: &Batch) -> String {
    let mut text = String::new();
    let mut lost = batch.lost;
    let mut rest = batch.items.as_slice();
    loop {
        let (items, behind) = rest.split_at(rest.len().min(ITEMS_MOST));
        rest = behind;
        let piece = Piece { lost: std::mem::take(&mut lost), items: items.iter().map(Item::from).collect() };
        let data = json_escaped(serde_json::to_string(&piece).unwrap_or_default());
        if rest.is_empty() {
            text.push_str(&frame::event(batch.next, &data));
            return text;
        }
        text.push_str(&format!("data: {data}\n\n"));
    }
}
