//! What a browser can be made to do against its owner's will, refused: a request under a name that is not ours (a name that
//! is made to lead here), and one from a page that may not ask. Nothing here is known by a cookie.

use crate::{
    config::settings::Server,
    server::problem::{Problem, Sort},
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header},
};
use std::net::IpAddr;

/// What a page may send, and how long its browser remembers that.
const METHODS: &str = "GET, POST";
const HEADERS: &str = "authorization, content-type, idempotency-key, last-event-id";
const SHOWN: &str = "idempotency-replayed, location, retry-after";
const REMEMBERED: &str = "600";

/// The names and pages that are ours.
#[derive(Debug)]
pub(super) struct Outward {
    hosts: Vec<String>,
    address: Option<IpAddr>,
    origins: Vec<String>,
}

impl Outward {
    /// As the settings say.
    pub fn of(settings: &Server) -> Self {
        let address = settings.address().map(|address| address.ip()).filter(|ip| !ip.is_unspecified());
        let hosts = settings.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { hosts, address, origins: settings.origins.clone() }
    }

    /// The page that asks, if one does and may. Names count over the network only: what is sent to the socket has none.
    ///
    /// # Errors
    /// The name is not ours, or the page may not.
    pub fn check(&self, headers: &HeaderMap, uri: &Uri, far: bool) -> Result<Option<HeaderValue>, Problem> {
        if far {
            self.named(headers, uri)?;
        }
        let mut pages = headers.get_all(header::ORIGIN).iter();
        let Some(page) = pages.next() else { return Ok(None) };
        let may = page.to_str().is_ok_and(|page| self.origins.iter().any(|known| known == page));
        if !may || pages.next().is_some() {
            let hint = "name the page in `origins` of [server] if its scripts may ask";
            return Err(Problem::new(Sort::Forbidden, "a page asks that may not", hint));
        }
        Ok(Some(page.clone()))
    }

    fn named(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
        let mut names = headers.get_all(header::HOST).iter();
        let (Some(name), None) = (names.next(), names.next()) else {
            return Err(Problem::new(Sort::Malformed, "a request names one host", "send one header Host"));
        };
        let in_line = uri.authority().map_or("", |authority| authority.as_str());
        let ours = |name: &str| name.is_empty() || self.ours(&name.to_ascii_lowercase());
        match name.to_str() {
            Ok(name) if !name.is_empty() && ours(name) && ours(in_line) => Ok(()),
            _ => {
                let hint = "ask under localhost, or name it in `hosts` of [server]";
                Err(Problem::new(Sort::Misdirected, "this is not the host that was asked", hint))
            }
        }
    }

    /// Whether a name, with or without a port, is one of ours.
    fn ours(&self, name: &str) -> bool {
        let (bare, port) = match name.strip_prefix('[') {
            Some(rest) => rest.split_once(']').unwrap_or_default(),
            None => name.find(':').map_or((name, ""), |at| name.split_at(at)),
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit());
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return false;
        }
        let here = bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || Some(ip) == self.address);
        here || bare == "localhost" || self.hosts.iter().any(|known| known == name || known == bare)
    }
}

/// The answer to a browser that asks whether a page may ask.
pub(super) fn preflight(request: &Request, page: &HeaderValue) -> Option<Response<Body>> {
    let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if *request.method() != Method::OPTIONS || !asks {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ];
    put(&mut response, fixed);
    dress(&mut response, Some(page));
    Some(response)
}

/// Lets the page read the answer, and no browser guess what it is.
pub(super) fn dress(response: &mut Response<Body>, page: Option<&HeaderValue>) {
    put(response, [(header::X_CONTENT_TYPE_OPTIONS, "nosniff")]);
    if let Some(page) = page {
        put(response, [(header::VARY, "Origin"), (header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN)]);
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page.clone());
    }
}

fn put<const N: usize>(response: &mut Response<Body>, fixed: [(HeaderName, &'static str); N]) {
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outward() -> Outward {
        Outward::of(&Server {
            listen: Some("192.0.2.7:7341".into()),
            hosts: vec!["Chimera.example".into(), "other.example:7341".into()],
            origins: vec!["https://ops.example".into()],
            ..Server::default()
        })
    }

    #[test]
    fn d11_a_request_under_a_name_that_is_not_ours_is_refused() {
        let outward = outward();
        for good in [
            "localhost",
            "LOCALHOST:7341",
            "127.0.0.1:7341",
            "127.8.8.8",
            "[::1]:7341",
            "192.0.2.7:7341",
            "chimera.example",
            "CHIMERA.example:7341",
            "other.example:7341",
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(good))]);
            assert!(outward.check(&headers, &Uri::from_static("/"), true).is_ok(), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.8",
            "other.example",
            "other.example:1",
            "[::2]",
            "[::1",
            "[::1].evil.example",
            "[::1].evil.example:80",
            "[::1]x",
            "[::1]:x",
            "localhost:",
            "localhost:80:80",
            "localhost:evil",
            "evil.example@localhost",
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(bad))]);
            assert!(outward.check(&headers, &Uri::from_static("/"), true).is_err(), "{bad}");
            assert!(outward.check(&headers, &Uri::from_static("/"), false).is_ok(), "the socket has no name");
        }
        let mut two = HeaderMap::new();
        assert!(outward.check(&two, &Uri::from_static("/"), true).is_err(), "none at all");
        two.append(header::HOST, HeaderValue::from_static("localhost"));
        assert!(outward.check(&two, &Uri::from_static("http://evil.example/"), true).is_err());
        two.append(header::HOST, HeaderValue::from_static("localhost"));
        assert!(outward.check(&two, &Uri::from_static("/"), true).is_err(), "two of them");
    }

    #[test]
    fn d11_only_a_page_that_is_named_may_ask() {
        let outward = outward();
        let check = |page: &'static str| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(page))]);
            outward.check(&headers, &Uri::from_static("/"), false)
        };
        assert!(check("https://ops.example").is_ok_and(|page| page.is_some()));
        for bad in [
            "null",
            "",
            "https://evil.example",
            "http://ops.example",
            "https://ops.example:444",
            "http://localhost",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
