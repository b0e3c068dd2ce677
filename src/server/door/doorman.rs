//! Stands before every route: under which name it is asked, from which page, by whom, how often, and whether that caller may.
//! What a route needs is said where it is described; whoever asks over the unix socket is a director and is told nothing of
//! tokens, whoever asks over TCP brings one in the header `Authorization: Bearer`.

use super::{
    buckets::Buckets,
    outside::{self, Outward},
};
use crate::{
    config::settings::Server,
    domain::time::Millis,
    runtime::{
        access::{Given, Keys, Refused},
        clock::Clock,
    },
    server::{
        api::Needs,
        entrance::{Caller, Far},
        problem::{Problem, Sort},
    },
};
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, Response, header},
    middleware::Next,
    response::IntoResponse as _,
};
use futures::StreamExt as _;
use std::{collections::BTreeMap, net::IpAddr, path::Path, sync::Arc};

/// How often it is looked whether a stream's token still stands.
const LOOK_EVERY: Millis = Millis::secs(5);

/// See the module.
pub(in crate::server) struct Doorman {
    keys: Arc<Keys>,
    clock: Clock,
    needs: BTreeMap<(&'static str, &'static str), Needs>,
    outward: Outward,
    callers: Buckets<String>,
    unknown: Buckets<IpAddr>,
    failed: Buckets<IpAddr>,
}

impl Doorman {
    /// For these routes, as the settings say.
    pub fn new(
        settings: &Server,
        data: &Path,
        clock: Clock,
        routes: impl IntoIterator<Item = (&'static str, &'static str, Needs)>,
    ) -> Self {
        let often = settings.requests_per_minute;
        // A screen that is opened asks for much at once.
        let at_once = often.div_ceil(6);
        Self {
            keys: Arc::new(Keys::of(data)),
            clock,
            needs: routes.into_iter().map(|(method, path, needs)| ((method, path), needs)).collect(),
            outward: Outward::of(settings),
            callers: Buckets::new(often, at_once),
            unknown: Buckets::new(often, at_once),
            failed: Buckets::new(settings.failed_logins_per_minute, settings.failed_logins_per_minute),
        }
    }

    /// What this request needs; `None`: there is no such route, or not by this method.
    fn needs(&self, request: &Request) -> Option<Needs> {
        let path = request.extensions().get::<MatchedPath>()?.as_str();
        let method = match *request.method() {
            Method::GET | Method::HEAD => "get",
            Method::POST => "post",
            _ => return None,
        };
        self.needs.get(&(method, path)).copied()
    }

    /// Who asks, and the token that says so.
    async fn who(&self, headers: &HeaderMap, far: Far) -> Result<Option<(Caller, Given)>, Problem> {
        let mut said = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(said), None) = (said.next(), said.next()) else {
            return if headers.contains_key(header::AUTHORIZATION) { Err(unknown()) } else { Ok(None) };
        };
        let (now, house) = (self.clock.now(), far.house());
        let given = said.to_str().ok().and_then(bearer).and_then(Given::read);
        if let Some(given) = &given
            && let Some(holder) = self.keys.remembered(given, now)
        {
            return Ok(Some((Caller::from(holder), given.clone())));
        }
        // Taken before it is proven: many at once are counted like many in a row.
        self.failed.take(&house, now).map_err(|wait| often("wrong tokens", wait))?;
        let given = given.ok_or_else(unknown)?;
        match self.keys.prove(&given, now).await {
            Ok(holder) => {
                self.failed.give(&house, now);
                Ok(Some((Caller::from(holder), given)))
            }
            Err(Refused::Wrong) => {
                tracing::warn!(address = %far.0, "a token that is worth nothing was refused");
                Err(unknown())
            }
            Err(Refused::Busy) => {
                self.failed.give(&house, now);
                let detail = "too many tokens are being proven";
                Err(Problem::new(Sort::Busy, detail, "send it again in a moment").after(Millis::secs(1)))
            }
        }
    }
}

/// The token of `Bearer TOKEN`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// One answer, whatever is wrong with a token.
fn unknown() -> Problem {
    let hint = "send the header Authorization: Bearer TOKEN; `chimera token create` makes one";
    Problem::new(Sort::Unauthorized, "it is not known who asks, or their token is worth nothing", hint)
}

fn often(what: &str, wait: Millis) -> Problem {
    let detail = format!("too many {what} in too short a time");
    Problem::new(Sort::TooMany, detail, "come again after the seconds of Retry-After").after(wait)
}

/// The token that a request came with, for whatever goes on after its answer.
#[derive(Clone)]
pub(in crate::server) struct Stands {
    keys: Arc<Keys>,
    clock: Clock,
    given: Given,
}

impl Stands {
    /// Returns when it counts no more: it was taken back, or its time is over.
    pub async fn over(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY.to_std()).await;
            if self.keys.remembered(&self.given, self.clock.now()).is_none() {
                return;
            }
        }
    }
}

/// Lets in who may.
pub(in crate::server) async fn admit(
    State(doorman): State<Arc<Doorman>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let far = request.extensions().get::<Far>().copied();
    let asked = doorman.outward.check(request.headers(), request.uri(), far.is_some());
    let page = match asked {
        Ok(page) => page,
        Err(problem) => return problem.into_response(),
    };
    if let Some(page) = &page
        && let Some(response) = outside::preflight(&request, page)
    {
        return response;
    }
    let mut response = match doorman.let_in(request, far).await {
        Ok((request, stands)) => {
            let response = next.run(request).await;
            match stands {
                Some(stands) => while_it_stands(response, stands),
                None => response,
            }
        }
        Err(problem) => problem.into_response(),
    };
    outside::dress(&mut response, page.as_ref());
    response
}

impl Doorman {
    async fn let_in(
        &self,
        mut request: Request,
        far: Option<Far>,
    ) -> Result<(Request, Option<Stands>), Problem> {
        let needs = self.needs(&request);
        let (caller, given) = match (request.extensions().get::<Caller>().cloned(), far) {
            (Some(near), None) => (Some(near), None),
            (None, Some(far)) => {
                // Who needs no name may bring another system's word in the same header.
                let found = match needs {
                    Some(Needs::Nobody) => None,
                    _ => self.who(request.headers(), far).await?,
                };
                let now = self.clock.now();
                let taken = match &found {
                    Some((caller, _)) => self.callers.take(&caller.name, now),
                    None => self.unknown.take(&far.house(), now),
                };
                taken.map_err(|wait| often("requests", wait))?;
                found.map_or((None, None), |(caller, given)| (Some(caller), Some(given)))
            }
            _ => {
                return Err(Problem::new(
                    Sort::Forbidden,
                    "it is not known who asks",
                    "connect to the socket",
                ));
            }
        };
        match (needs, &caller) {
            (Some(Needs::Nobody), _) | (None, Some(_)) => {}
            (_, None) => return Err(unknown()),
            (Some(Needs::Role(role)), Some(caller)) => caller.must(role)?,
        }
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        let stands = given.map(|given| Stands { keys: self.keys.clone(), clock: self.clock.clone(), given });
        if let Some(stands) = &stands {
            request.extensions_mut().insert(stands.clone());
        }
        Ok((request, stands))
    }
}

/// A stream ends with its token: one that was taken back reads nothing more. A WebSocket sees to that itself.
fn while_it_stands(response: Response<Body>, stands: Stands) -> Response<Body> {
    let is_stream = |value: &axum::http::HeaderValue| value == "text/event-stream";
    if !response.headers().get(header::CONTENT_TYPE).is_some_and(is_stream) {
        return response;
    }
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(stands.over()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_a_token_comes_in_one_header_and_nowhere_else() {
        for (header, token) in [
            ("Bearer x", Some("x")),
            ("bearer  x ", Some("x")),
            ("Basic x", None),
            ("Bearer", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(bearer(header), token, "{header:?}");
        }
    }
}
