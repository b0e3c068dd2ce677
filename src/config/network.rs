//! The keys of the network face over TCP, and what must hold between them.

use super::{
    forms::{host, path, url},
    key::{Key, RepoMay, key, lens, number},
    settings::{Settings, is_loopback},
    slot::{Lens, Slot},
};
use crate::config::server;

/// `server.listen`.
pub(super) const LISTEN: Key<Settings> = key!(
    "server.listen",
    "Address on which chimera --monitor also answers over TCP, such as \"127.0.0.1:7341\"; not set: only on its socket. \
CHIMERA_API_HOST and CHIMERA_API_PORT set its parts. Whoever asks there needs a token (`chimera token create`); an address \
that others can reach needs certificate and key.",
    Slot::Maybe(listen, lens!(server.listen)),
    Nothing
);
/// `server.certificate`.
pub(super) const CERTIFICATE: Key<Settings> = key!(
    "server.certificate",
    "PEM file with the certificate that is shown there, and those that vouch for it; in the data directory where the path is \
relative. A file that is replaced is taken up by itself.",
    Slot::Maybe(path, lens!(server.certificate)),
    Nothing
);
/// `server.key`.
pub(super) const KEY: Key<Settings> = key!(
    "server.key",
    "PEM file with the certificate's private key.",
    Slot::Maybe(path, lens!(server.key)),
    Nothing
);
/// `server.hosts`.
pub(super) const HOSTS: Key<Settings> = key!(
    "server.hosts",
    "Names under which it may be asked over TCP, such as chimera.example.com, beside localhost and the address itself. A \
request for any other is refused: a page whose name is made to lead here gets nothing.",
    Slot::Texts(host, lens!(server.hosts)),
    Nothing
);
/// `server.origins`.
pub(super) const ORIGINS: Key<Settings> = key!(
    "server.origins",
    "Pages whose scripts may ask it from a browser, such as https://ops.example.com. Empty: none.",
    Slot::Texts(origin, lens!(server.origins)),
    Nothing
);
/// `server.connections`.
pub(super) const CONNECTIONS: Key<Settings> = key!(
    "server.connections",
    "Connections at once over TCP; one address has half of them at most.",
    number!(2..=10_000, server.connections),
    Nothing
);
/// `server.requests_per_minute`.
pub(super) const REQUESTS: Key<Settings> = key!(
    "server.requests_per_minute",
    "Requests of one caller in a minute over TCP; more are told when to come again.",
    number!(1..=1_000_000, server.requests_per_minute),
    Nothing
);
/// `server.failed_logins_per_minute`.
pub(super) const FAILED: Key<Settings> = key!(
    "server.failed_logins_per_minute",
    "Wrong tokens of one address in a minute; then it waits, whatever it brings.",
    number!(1..=10_000, server.failed_logins_per_minute),
    Nothing
);
/// `server.login_lasts`.
pub(super) const LOGIN_LASTS: Key<Settings> = key!(
    "server.login_lasts",
    "How long a login by `chimera login` lasts. Who may log in stands in [server.people]: \"github:ada\" = \"operator\".",
    Slot::Span(lens!(server.login_lasts)),
    Nothing
);
/// `server.github`.
pub(super) const GITHUB: Key<Settings> = key!(
    "server.github",
    "Base address of GitHub's logins. The id of the OAuth app is in CHIMERA_GITHUB_CLIENT_ID.",
    Slot::Text(vendor, lens!(server.github)),
    Nothing
);
/// `server.github_api`.
pub(super) const GITHUB_API: Key<Settings> = key!(
    "server.github_api",
    "Base address of GitHub's API, which says who logged in.",
    Slot::Text(vendor, lens!(server.github_api)),
    Nothing
);
/// `server.google`.
pub(super) const GOOGLE: Key<Settings> = key!(
    "server.google",
    "Base address of Google's logins. Id and secret of the client are in CHIMERA_GOOGLE_CLIENT_ID and CHIMERA_GOOGLE_CLIENT_SECRET.",
    Slot::Text(vendor, lens!(server.google)),
    Nothing
);
/// `server.google_api`.
pub(super) const GOOGLE_API: Key<Settings> = key!(
    "server.google_api",
    "Base address of Google's API, which says who logged in.",
    Slot::Text(vendor, lens!(server.google_api)),
    Nothing
);

/// Variables of the network that set no key.
pub(super) const VARIABLES: [&str; 6] = [
    server::HOST_VARIABLE,
    server::PORT_VARIABLE,
    "CHIMERA_TOKEN",
    "CHIMERA_GITHUB_CLIENT_ID",
    "CHIMERA_GOOGLE_CLIENT_ID",
    "CHIMERA_GOOGLE_CLIENT_SECRET",
];

/// Refuses an address to which a secret would go in the clear.
fn vendor(value: &str) -> Result<(), String> {
    url(value)?;
    if value.starts_with("https://") || is_loopback(value) {
        return Ok(());
    }
    Err(format!("{value:?}: logins go over https:// only"))
}

fn listen(value: &str) -> Result<(), String> {
    server::address(value).map(|_| ())
}

/// Refuses what is no origin of a page.
fn origin(value: &str) -> Result<(), String> {
    url(value)?;
    if value.matches('/').count() != 2 || value.contains(['?', '#']) || value != value.to_lowercase() {
        return Err(format!("{value:?} is no origin such as https://ops.example.com: no path, no capitals"));
    }
    Ok(())
}

/// What is wrong between the keys: the one to blame, and why.
pub(super) fn wrong(settings: &Settings) -> Option<(&'static str, String)> {
    let server = &settings.server;
    match (&server.certificate, &server.key, server.address()) {
        (Some(_), None, _) => Some(("server.certificate", "wants its key: set server.key as well".into())),
        (None, Some(_), _) => {
            Some(("server.key", "wants its certificate: set server.certificate as well".into()))
        }
        (None, None, Some(address)) if !address.ip().is_loopback() => {
            let what = format!(
                "others can reach {address}, and without TLS they could read every token on its way; set server.certificate \
                 and server.key, or listen on 127.0.0.1"
            );
            Some(("server.listen", what))
        }
        _ => None,
    }
}
