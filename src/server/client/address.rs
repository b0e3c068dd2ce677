//! Where a daemon is: `unix:PATH`.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A unix socket of this machine.
    Unix(PathBuf),
}

/// No address: what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of a daemon; write unix:PATH, where PATH is its socket")]
pub struct BadAddress(String);

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let path = text.strip_prefix("unix:").map(|path| path.strip_prefix("//").unwrap_or(path));
        match path {
            Some(path) if !path.is_empty() && !path.contains('\0') => Ok(Self::Unix(path.into())),
            _ => Err(BadAddress(text.chars().take(200).collect())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_an_address_is_read_as_it_is_shown() {
        for (text, path) in
            [("unix:/a/api.sock", "/a/api.sock"), ("unix:///b", "/b"), ("unix:c.sock", "c.sock")]
        {
            let address = text.parse::<Address>().unwrap();
            assert_eq!(address, Address::Unix(path.into()));
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        for bad in ["", "unix:", "/a/api.sock", "tcp://localhost:1", "unix:a\0b"] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?}");
        }
    }
}
