//! `/api/login`: a token by a vendor's word. The daemon begins a device flow, tells the person's program code and page, asks
//! the vendor no more often than it wants, and gives a token that ends to whoever stands in `[server.people]`; to nobody else.

pub(in crate::server) mod logins;
mod vendors;

use crate::{
    domain::{text::clean_line, time::Millis},
    runtime::access::{self, Origin, Wanted},
    server::{
        api::{Api, Leaf},
        entrance::Far,
        front::Front,
        input::Given,
        paging::{Told, ok},
        problem::{Problem, Sort},
    },
};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
};
use logins::Pending;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vendors::{Came, Line, Vendor};

/// Logins that are under way; and of one address.
const PENDING_MOST: usize = 64;
const PENDING_HERE: usize = 4;
/// Longest life of one, and shortest and longest pause between two questions.
const LASTS_MOST: Millis = Millis::mins(15);
const PAUSE_LEAST: Millis = Millis::secs(1);
const PAUSE_MOST: Millis = Millis::mins(1);
/// What a vendor that is asked too often wants more.
const SLOWER: Millis = Millis::secs(5);
/// Bytes of a login's name: who knows it gets the token.
const NAME_BYTES: usize = 32;

/// Which vendor.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LoginRequest")]
pub(super) struct Via {
    /// Who is to say who it is.
    via: Vendor,
}

/// Vendors by which somebody can log in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LoginVendors")]
pub(super) struct Vias {
    /// None: by nobody.
    via: Vec<Vendor>,
}

/// What the person must do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Login")]
pub(super) struct View {
    /// Its name: who knows it gets the token. Keep it to yourself.
    login: String,
    /// What the person types.
    code: String,
    /// On which page.
    address: String,
    /// Seconds between two questions of what came of it.
    pause: u64,
    /// Seconds until it is over.
    lasts: u64,
}

/// What came of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LoginState")]
pub(super) struct Outcome {
    /// Whether there is a token.
    done: bool,
    /// Seconds until it may be asked again, where there is none yet.
    pause: u64,
    /// The token: told this once.
    token: Option<String>,
    /// As whom what is done with it is recorded.
    name: Option<String>,
    /// What it may do.
    role: Option<&'static str>,
    /// When it ends, RFC 3339 in UTC.
    expires: Option<String>,
}

pub(super) fn routes(api: Api) -> Api {
    let ways = Leaf::new("get_login_vendors", "login", "Vendors by which somebody can log in")
        .answers::<Vias>(200)
        .open();
    let begin_leaf =
        Leaf::new("begin_login", "login", "Begin a login: the person types a code on the vendor's page")
            .body::<Via>()
            .answers::<View>(201)
            .open();
    let ask_leaf =
        Leaf::new("finish_login", "login", "What came of a login; where it is done, the token, once")
            .path("login", "The login's name")
            .answers::<Outcome>(200)
            .open();
    api.get("/api/login", ways, vias).post("/api/login", begin_leaf, begin).post(
        "/api/login/{login}",
        ask_leaf,
        ask,
    )
}

async fn vias(State(front): State<Arc<Front>>) -> Told<Vias> {
    let known = Vendor::ALL.into_iter().filter(|vendor| vendor.known(&front.environment));
    ok(Vias { via: known.collect() })
}

async fn begin(
    State(front): State<Arc<Front>>,
    from: Option<Extension<Far>>,
    Given(Via { via }): Given<Via>,
) -> Result<Told<View>, Problem> {
    let from = from.map(|Extension(far)| far);
    {
        let now = front.clock.now();
        let open = front.logins.open(now);
        let all = || open.values();
        let here = || all().filter(|pending| pending.from.map(Far::house) == from.map(Far::house));
        let free = match (open.len() >= PENDING_MOST, here().count() >= PENDING_HERE) {
            (_, true) => here().map(Pending::free).min(),
            (true, false) => all().map(Pending::free).min(),
            (false, false) => None,
        };
        if let Some(free) = free {
            let wait = free.since(now);
            let detail = format!(
                "too many logins are under way: there is room again in {} s, if none of them is asked about",
                wait.0.div_ceil(1_000)
            );
            return Err(Problem::new(Sort::TooMany, detail, "finish one, or wait").after(wait));
        }
    }
    let at = front.clone();
    let line = tokio::task::spawn_blocking(move || Line::to(via, &at.settings, &at.environment)).await;
    let line = line.map_err(|_| Problem::new(Sort::Internal, "the login could not begin", "try again"))??;
    let begun = line.begin().await?;
    let login = access::random(NAME_BYTES);
    let login = login.ok_or_else(|| Problem::new(Sort::Internal, "no random numbers", "try again"))?;
    let now = front.clock.now();
    let lasts = Millis::secs(begun.expires_in).min(LASTS_MOST);
    let pause = Millis::secs(begun.interval).clamp(PAUSE_LEAST, PAUSE_MOST);
    let view = View {
        login: login.clone(),
        code: clean_line(&begun.user_code, 64).to_string(),
        address: clean_line(&begun.verification_uri, 300).to_string(),
        pause: pause.0 / 1_000,
        lasts: lasts.0 / 1_000,
    };
    let pending = Pending {
        line,
        device_code: begun.device_code,
        from,
        pause,
        next: now + pause,
        asked: now,
        until: now + lasts,
    };
    front.logins.open(now).insert(login, pending);
    Ok(Told(StatusCode::CREATED, view))
}

async fn ask(State(front): State<Arc<Front>>, Path(login): Path<String>) -> Result<Told<Outcome>, Problem> {
    let now = front.clock.now();
    let (line, code, pause) = {
        let mut open = front.logins.open(now);
        let pending = open.get_mut(&login).ok_or_else(over)?;
        pending.asked = now;
        if pending.next > now {
            return Ok(ok(waits(pending.next.since(now))));
        }
        // Whoever else asks meanwhile waits: the vendor is asked once.
        pending.next = now + pending.pause;
        (pending.line.clone(), pending.device_code.clone(), pending.pause)
    };
    match line.ask(&code).await? {
        Came::Waiting => Ok(ok(waits(pause))),
        Came::Slower => {
            let slower = Millis(pause.0 + SLOWER.0).min(PAUSE_MOST);
            if let Some(pending) = front.logins.open(now).get_mut(&login) {
                (pending.pause, pending.next) = (slower, now + slower);
            }
            Ok(ok(waits(slower)))
        }
        Came::Over(word) => {
            front.logins.open(now).remove(&login);
            let detail = format!("the vendor says no: {word}");
            Err(Problem::new(Sort::Forbidden, detail, "begin a new login"))
        }
        Came::Person(name) => {
            // Only whoever takes it away gets a token: twice there is none.
            front.logins.open(now).remove(&login).ok_or_else(over)?;
            let_in(&front, name).await
        }
    }
}

fn over() -> Problem {
    Problem::new(Sort::NotFound, "there is no such login, or it is over", "begin a new one")
}

fn waits(pause: Millis) -> Outcome {
    let pause = pause.0.div_ceil(1_000).max(1);
    Outcome { done: false, pause, token: None, name: None, role: None, expires: None }
}

/// A token for whoever the settings name.
async fn let_in(front: &Front, found: String) -> Result<Told<Outcome>, Problem> {
    let known = front.settings.server.people.iter().find(|(name, _)| name.to_lowercase() == found);
    let Some((name, role)) = known.map(|(name, role)| (name.to_lowercase(), *role)) else {
        tracing::warn!(person = %clean_line(&found, 100), "nobody of the settings' people was refused");
        let detail = format!("{} may not log in here", clean_line(&found, 100));
        return Err(Problem::new(Sort::Forbidden, detail, "the director names you in [server.people]"));
    };
    let (data, now) = (front.settings.places.data.clone(), front.clock.now());
    let expires = now + front.settings.server.login_lasts;
    let wanted = Wanted { name: name.clone(), role, expires: Some(expires), origin: Origin::Login };
    let made = tokio::task::spawn_blocking(move || access::issue(&data, wanted, now)).await;
    let failed =
        |why: String| Problem::new(Sort::Unavailable, why, "`chimera token list` shows what there is");
    let made = made.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
    tracing::info!(person = %name, role = %role, "somebody logged in");
    Ok(ok(Outcome {
        done: true,
        pause: 0,
        token: Some(made.expose().to_owned()),
        name: Some(name),
        role: Some(role.word()),
        expires: Some(expires.to_string()),
    }))
}
