//! Who is served, over a socket of this machine or over the network: plain values, and what an address must look like.

use super::{environment::Environment, places::expand_home};
use crate::domain::{access::Role, time::Millis};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Port where only a host is named.
pub const PORT_USUAL: u16 = 7_341;

/// Variables that name the parts of `server.listen`.
pub(super) const HOST_VARIABLE: &str = "CHIMERA_API_HOST";
/// See [`HOST_VARIABLE`].
pub(super) const PORT_VARIABLE: &str = "CHIMERA_API_PORT";

/// Who is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A path, in the data directory where it is relative; `off`: nobody.
    pub socket: String,
    /// How ssh is called to reach a daemon elsewhere.
    pub ssh: Vec<String>,
    /// Address and port of the network face over TCP; `None`: it has none.
    pub listen: Option<String>,
    /// PEM file with its certificate and those that vouch for it.
    pub certificate: Option<String>,
    /// PEM file with the certificate's key.
    pub key: Option<String>,
    /// Names under which it may be asked, beside those of this machine.
    pub hosts: Vec<String>,
    /// Pages whose scripts may ask it.
    pub origins: Vec<String>,
    /// Connections at once over TCP.
    pub connections: u32,
    /// Requests of one caller a minute over TCP.
    pub requests_per_minute: u32,
    /// Tokens that are wrong, of one address a minute.
    pub failed_logins_per_minute: u32,
    /// Who may log in by a vendor's word, as `github:ada` or `google:ada@example.com`, and as what.
    pub people: BTreeMap<String, Role>,
    /// How long such a login lasts.
    pub login_lasts: Millis,
    /// Where GitHub's logins are.
    pub github: String,
    /// Where GitHub says who somebody is.
    pub github_api: String,
    /// Where Google's logins are.
    pub google: String,
    /// Where Google says who somebody is.
    pub google_api: String,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            socket: "api.sock".into(),
            ssh: vec!["ssh".into()],
            listen: None,
            certificate: None,
            key: None,
            hosts: Vec::new(),
            origins: Vec::new(),
            connections: 256,
            requests_per_minute: 1_200,
            failed_logins_per_minute: 10,
            people: BTreeMap::new(),
            login_lasts: Millis::hours(12),
            github: "https://github.com".into(),
            github_api: "https://api.github.com".into(),
            google: "https://oauth2.googleapis.com".into(),
            google_api: "https://openidconnect.googleapis.com".into(),
        }
    }
}

impl Server {
    /// Where it listens for TCP; `None`: nowhere. A value that was refused listens nowhere, too.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.as_deref().and_then(|text| address(text).ok())
    }

    /// Certificate and key as paths; `None`: it has none.
    #[must_use]
    pub fn pair(&self, data: &Path, environment: &Environment) -> Option<(PathBuf, PathBuf)> {
        let path = |text: &String| data.join(expand_home(text, environment));
        Some((path(self.certificate.as_ref()?), path(self.key.as_ref()?)))
    }
}

/// Reads an address to listen on. No name is looked up: who would answer for it is not known before.
///
/// # Errors
/// In words.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let near = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let near = near.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    near.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!("{text:?} is no address to listen on, such as 127.0.0.1:{PORT_USUAL} or [::1]:{PORT_USUAL}")
    })
}

/// The address of which variables name parts, over what is set already; and the variable to blame.
pub(super) fn from_variables(environment: &Environment, set: Option<&str>) -> Option<(String, &'static str)> {
    let (host, port) = (environment.get(HOST_VARIABLE), environment.get(PORT_VARIABLE));
    let blame = if host.is_some() { HOST_VARIABLE } else { PORT_VARIABLE };
    if host.is_none() && port.is_none() {
        return None;
    }
    let (old_host, old_port) = set.and_then(|set| set.rsplit_once(':')).unwrap_or(("127.0.0.1", ""));
    let host = host.map_or_else(
        || old_host.to_owned(),
        |host| match host.trim() {
            bare if bare.contains(':') && !bare.starts_with('[') => format!("[{bare}]"),
            bare => bare.to_owned(),
        },
    );
    let usual = PORT_USUAL.to_string();
    let port = port.map(str::trim).unwrap_or(if old_port.is_empty() { &usual } else { old_port });
    Some((format!("{host}:{port}"), blame))
}

/// Whether somebody is named so that a vendor can say who it is.
///
/// # Errors
/// In words.
pub(super) fn person(name: &str) -> Result<(), String> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == ':';
    let good = |rest: &str| !rest.is_empty() && rest.len() <= 200 && !rest.contains(odd);
    let github = name.strip_prefix("github:").is_some_and(|login| good(login) && !login.contains('@'));
    let google = name.strip_prefix("google:").is_some_and(|mail| good(mail) && mail.contains('@'));
    if github || google {
        return Ok(());
    }
    Err(format!(
        "{name:?} is nobody whom a vendor knows, such as \"github:ada\" or \"google:ada@example.com\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d4_an_address_is_read_from_a_file_or_from_its_parts() {
        for (text, wanted) in
            [("127.0.0.1:7341", "127.0.0.1:7341"), ("localhost:1", "127.0.0.1:1"), ("[::]:0", "[::]:0")]
        {
            assert_eq!(address(text), Ok(wanted.parse().unwrap()));
        }
        for odd in ["", "7341", "example.com:1", "127.0.0.1", ":80", "1.2.3.4:99999", "::1:7341x"] {
            assert!(address(odd).is_err(), "{odd:?}");
        }
        let of = |pairs: &[(&str, &str)], set| {
            from_variables(&Environment::of(pairs.iter().copied()), set).map(|(text, _)| text)
        };
        assert_eq!(of(&[], Some("[::1]:9")), None);
        assert_eq!(of(&[(PORT_VARIABLE, "80")], None).as_deref(), Some("127.0.0.1:80"));
        assert_eq!(of(&[(PORT_VARIABLE, "80")], Some("[::1]:9")).as_deref(), Some("[::1]:80"));
        assert_eq!(of(&[(HOST_VARIABLE, "::1")], None).as_deref(), Some("[::1]:7341"));
        assert_eq!(of(&[(HOST_VARIABLE, "0.0.0.0")], Some("127.0.0.1:9")).as_deref(), Some("0.0.0.0:9"));
    }

    #[test]
    fn e1_people_are_named_as_vendors_know_them() {
        for (name, good) in [
            ("github:ada", true),
            ("google:ada@example.com", true),
            ("ada", false),
            ("google:ada", false),
            ("github:a b", false),
            ("gitlab:ada", false),
            ("github:", false),
        ] {
            assert_eq!(person(name).is_ok(), good, "{name}");
        }
    }
}
