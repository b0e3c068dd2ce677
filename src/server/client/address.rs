//! Where a daemon is: `unix:PATH`, `ssh://HOST/PATH` for a socket of another machine, or `https://HOST:PORT`.

use crate::config::settings::is_loopback;
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A unix socket of this machine.
    Unix(PathBuf),
    /// One of another machine.
    Ssh {
        /// As ssh names it: `host` or `user@host`.
        host: String,
        /// Port, if not the usual one.
        port: Option<u16>,
        /// The socket there, or the repository whose daemon it is; none: the one daemon that serves there is asked for.
        path: Option<PathBuf>,
    },
    /// Over TCP, with a token: scheme, host and port, no more. In the clear to this machine alone.
    Web(String),
}

/// No address: what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address of a daemon; write unix:PATH or ssh://[USER@]HOST[:PORT][/PATH], where PATH is its socket or its \
     repository, or https://HOST[:PORT]; http:// only leads to this machine itself"
)]
pub struct BadAddress(String);

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let far = text.strip_prefix("ssh://").and_then(far);
        let near = text.strip_prefix("unix:").map(|path| path.strip_prefix("//").unwrap_or(path));
        let near = near.filter(|path| !path.is_empty() && !path.contains('\0'));
        far.or_else(|| web(text))
            .or_else(|| near.map(|path| Self::Unix(path.into())))
            .ok_or_else(|| BadAddress(text.chars().take(200).collect()))
    }
}

/// Scheme, host and port. What a token is sent to can be read by nobody on its way.
fn web(text: &str) -> Option<Address> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (scheme, place) = text.split_once("://")?;
    let (host, port) =
        match place.rsplit_once(':').filter(|(host, _)| !host.starts_with('[') || host.ends_with(']')) {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let fits = match bare {
        Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let safe = scheme == "https" || (scheme == "http" && is_loopback(text));
    (fits && port_fits && safe).then(|| Address::Web(text.to_owned()))
}

/// Nothing in it can be taken for an option or for another part by ssh or by a shell at the other end.
fn far(rest: &str) -> Option<Address> {
    let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (place, None),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let named = host.rsplit('@').next().is_some_and(|name| !name.is_empty() && !name.starts_with('-'));
    if host.starts_with('-') || !host.chars().all(fits) || !named || host.matches('@').count() > 1 {
        return None;
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '@' | '+' | ',' | ' ');
    path.chars().all(plain).then(|| Address::Ssh {
        host: host.to_owned(),
        port,
        path: (path.len() > 1).then(|| path.into()),
    })
}

/// Where a candidate that runs answers: on the daemon's machine alone.
const ITS_OWN: &str = "http://127.0.0.1:";
/// Characters of a socket's path, from which on it is told by its last parts.
const PATH_MOST: usize = 40;

impl Address {
    /// How an address of the daemon's machine is reached from here, in words; none: it is this machine's own.
    pub fn reach(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(ITS_OWN)?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
        let port: u16 = digits.parse().ok()?;
        let forward = |host: &str| format!("ssh -N -L {port}:127.0.0.1:{port} {host}");
        match self {
            Self::Unix(_) => None,
            Self::Ssh { host, port, .. } => {
                let by = port.map_or_else(String::new, |port| format!("-p {port} "));
                Some(format!(
                    "it answers on {host} alone: `{}` brings it here",
                    forward(&format!("{by}{host}"))
                ))
            }
            Self::Web(url) if is_loopback(url) => None,
            Self::Web(url) => {
                let host = web_host(url);
                let line = forward(host);
                Some(format!(
                    "it answers on the daemon's machine alone: `{line}` brings it here, where ssh gets to {host}"
                ))
            }
        }
    }

    /// Where in few words, for a header.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Ssh { host, port, .. } => {
                let port = port.map_or_else(String::new, |port| format!(":{port}"));
                format!("ssh://{host}{port}")
            }
            Self::Web(url) => url.clone(),
            Self::Unix(path) if path.as_os_str().len() > PATH_MOST => {
                let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
                format!("unix:…/{}", parts.into_iter().rev().collect::<Vec<_>>().join("/"))
            }
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

/// The host of scheme, host and port, as ssh takes it.
fn web_host(url: &str) -> &str {
    let place = url.split_once("://").map_or(url, |(_, place)| place);
    match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => place.split_once(':').map_or(place, |(host, _)| host),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Web(url) => f.write_str(url),
            Self::Ssh { path, .. } => {
                let path = path.as_deref().unwrap_or(Path::new("")).display();
                write!(f, "{}{path}", self.short())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_an_address_is_read_as_it_is_shown_and_holds_no_option() {
        let unix = |path: &str| Address::Unix(path.into());
        let ssh =
            |host: &str, port| Address::Ssh { host: host.into(), port, path: Some("/a/api.sock".into()) };
        let bare = |host: &str, port| Address::Ssh { host: host.into(), port, path: None };
        for (text, wanted) in [
            ("unix:/a/api.sock", unix("/a/api.sock")),
            ("unix:///b", unix("/b")),
            ("unix:c.sock", unix("c.sock")),
            ("ssh://shop/a/api.sock", ssh("shop", None)),
            ("ssh://ada@shop.local:2222/a/api.sock", ssh("ada@shop.local", Some(2222))),
            ("ssh://shop", bare("shop", None)),
            ("ssh://ada@shop.local:2222/", bare("ada@shop.local", Some(2222))),
            ("https://shop.example", Address::Web("https://shop.example".into())),
            ("https://shop.example:7341/", Address::Web("https://shop.example:7341".into())),
            ("https://[2001:db8::1]:7341", Address::Web("https://[2001:db8::1]:7341".into())),
            ("http://localhost:7341", Address::Web("http://localhost:7341".into())),
            ("http://[::1]:7341", Address::Web("http://[::1]:7341".into())),
        ] {
            let address = text.parse::<Address>().unwrap();
            assert_eq!(address, wanted);
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        for bad in [
            "",
            "unix:",
            "/a/api.sock",
            "tcp://localhost:1",
            "unix:a\0b",
            "ssh://",
            "ssh:///a",
            "ssh://-oProxyCommand=x/a",
            "ssh://ada@-x/a",
            "ssh://a b/c",
            "ssh://shop/a:b",
            "ssh://shop:port/a",
            "ssh://shop/$(x)",
            "http://shop.example:7341",
            "http://localhost.evil.example",
            "https://",
            "https://ada:x@shop.example",
            "https://shop.example/path",
            "https://shop.example?x",
            "https://shop.example:0",
            "https://[::1",
            "ftp://localhost",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a13_an_address_of_another_machine_comes_with_the_line_that_brings_it_here() {
        let reach = |address: &str, url: &str| address.parse::<Address>().unwrap().reach(url);
        let url = "http://127.0.0.1:4567/page";
        for here in ["unix:/a/api.sock", "http://localhost:7341", "https://127.0.0.1:7341"] {
            assert_eq!(reach(here, url), None, "{here}");
        }
        let line = reach("ssh://ada@shop:2222/a/api.sock", url).unwrap();
        assert!(line.contains("`ssh -N -L 4567:127.0.0.1:4567 -p 2222 ada@shop`"), "{line}");
        let line = reach("ssh://shop", url).unwrap();
        assert!(line.contains("`ssh -N -L 4567:127.0.0.1:4567 shop`"), "{line}");
        for far in ["https://shop.example:7341", "https://shop.example"] {
            let line = reach(far, url).unwrap();
            assert!(line.contains("`ssh -N -L 4567:127.0.0.1:4567 shop.example`"), "{line}");
        }
        for none in ["", "http://127.0.0.1:/", "http://127.0.0.1:99999/", "http://evil.example:80/`x`"] {
            assert_eq!(reach("ssh://shop", none), None, "{none}");
        }
    }

    #[test]
    fn d11_an_address_is_short_where_it_is_long() {
        for (address, short) in [
            ("unix:/a/api.sock", "unix:/a/api.sock"),
            ("unix:/home/ada/.local/share/chimera/shop-0a1b2c/api.sock", "unix:…/shop-0a1b2c/api.sock"),
            ("ssh://ada@shop:2222/srv/shop/api.sock", "ssh://ada@shop:2222"),
            ("https://shop.example:7341", "https://shop.example:7341"),
        ] {
            assert_eq!(address.parse::<Address>().unwrap().short(), short);
        }
    }
}
