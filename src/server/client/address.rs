//! Where a daemon is: `unix:PATH`, `ssh://HOST/PATH` for a socket of another machine, or `https://HOST:PORT`.

use crate::config::settings::is_loopback;
use std::{fmt, path::PathBuf, str::FromStr};

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
        /// The socket there.
        path: PathBuf,
    },
    /// Over TCP, with a token: scheme, host and port, no more. In the clear to this machine alone.
    Web(String),
}

/// No address: what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address of a daemon; write unix:PATH or ssh://[USER@]HOST[:PORT]/PATH, where PATH is its socket (`ssh \
     HOST chimera health --json` says it), or https://HOST[:PORT]; http:// only leads to this machine itself"
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
    let (place, path) = rest.split_at(rest.find('/')?);
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
    (path.len() > 1 && path.chars().all(plain)).then(|| Address::Ssh {
        host: host.to_owned(),
        port,
        path: path.into(),
    })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Web(url) => f.write_str(url),
            Self::Ssh { host, port: None, path } => write!(f, "ssh://{host}{}", path.display()),
            Self::Ssh { host, port: Some(port), path } => write!(f, "ssh://{host}:{port}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_an_address_is_read_as_it_is_shown_and_holds_no_option() {
        let unix = |path: &str| Address::Unix(path.into());
        let ssh = |host: &str, port| Address::Ssh { host: host.into(), port, path: "/a/api.sock".into() };
        for (text, wanted) in [
            ("unix:/a/api.sock", unix("/a/api.sock")),
            ("unix:///b", unix("/b")),
            ("unix:c.sock", unix("c.sock")),
            ("ssh://shop/a/api.sock", ssh("shop", None)),
            ("ssh://ada@shop.local:2222/a/api.sock", ssh("ada@shop.local", Some(2222))),
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
            "ssh://shop",
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
}
