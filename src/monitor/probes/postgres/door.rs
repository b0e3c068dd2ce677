//! The way into a PostgreSQL server: what an address asks for, and a session that can only read.
//!
//! Understood are addresses as libpq writes them, `sslmode` in all its six words and `sslrootcert` included. A session
//! is read-only twice: by a setting of its start, which poolers may refuse, and by every single transaction
//! (`questions`). Plain `SET` is never used: behind a pooler it would change the session of somebody else.

use super::wrapped::{Wrap, Wrapped};
use crate::monitor::probes::{
    found::{all_causes, percent_decoded},
    reach,
    trust::{self, Proof},
};
use std::{io, path::PathBuf};
use tokio_postgres::{Client, Config, Connection, Error, Socket, config::SslMode, error::SqlState};

/// Start settings of the session, on top of those that the address names.
const OPTIONS: &str = "-c default_transaction_read_only=on";

/// An address, understood.
pub(super) struct Door {
    config: Config,
    proof: Proof,
    roots: Option<PathBuf>,
}

/// A session and the line under it, which must be polled for the session to go on.
pub(super) type Session = (Client, Connection<Socket, Wrapped<Socket>>);

/// Why there is no session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shut {
    /// Nothing answers there.
    Unreachable(String),
    /// It answers that it cannot serve: it starts, stops or recovers.
    NotReady(String),
    /// It has no connection left.
    Full(String),
    /// It answers, and the probe is not let in or is not configured well.
    Refused(String),
}

impl Door {
    /// Reads an address: `postgres://user:password@host/database?sslmode=verify-full`, or `host=.. user=..`.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it: there is a password in it.
    pub(super) fn of(address: &str) -> Result<Self, String> {
        let address = address.trim();
        let mut ssl = None;
        let mut roots = None;
        let plain = if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let (base, query) = address.split_once('?').unwrap_or((address, ""));
            let mut kept = Vec::new();
            for pair in query.split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                match name {
                    "sslmode" => ssl = Some(percent_decoded(value)),
                    "sslrootcert" => roots = Some(percent_decoded(value)),
                    "sslcert" | "sslkey" => {
                        return Err(format!(
                            "{name} in the address: certificates of clients are not supported"
                        ));
                    }
                    // Of other programs that the same address is written for.
                    "pgbouncer" | "schema" | "connection_limit" | "pool_timeout" | "supa" | "gssencmode" => {}
                    _ => kept.push(pair),
                }
            }
            if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) }
        } else {
            address.to_owned()
        };
        let mut config: Config = plain.parse().map_err(|error: Error| with_causes(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("the address names no host".to_owned());
        }
        let roots = roots.filter(|path| path != "system").map(PathBuf::from);
        let (mode, proof) = match ssl.as_deref() {
            None => (config.get_ssl_mode(), Proof::Nothing),
            Some("disable") => (SslMode::Disable, Proof::Nothing),
            Some("allow" | "prefer") => (SslMode::Prefer, Proof::Nothing),
            // As libpq has it: a file of roots makes `require` mean `verify-ca`.
            Some("require") if roots.is_none() => (SslMode::Require, Proof::Nothing),
            Some("require" | "verify-ca") => (SslMode::Require, Proof::Chain),
            Some("verify-full") => (SslMode::Require, Proof::Name),
            Some(_) => {
                return Err("sslmode in the address is none of disable, allow, prefer, require, verify-ca, verify-full".to_owned());
            }
        };
        config.ssl_mode(mode).application_name("chimera");
        Ok(Self { config, proof, roots })
    }

    /// Opens a session.
    pub(super) async fn open(&self) -> Result<Session, Shut> {
        let tls = trust::configuration(self.proof, self.roots.clone()).await;
        let tls = Wrap(tls.map_err(|why| Shut::Refused(format!("no encrypted line: {why}")))?);
        let mut config = self.config.clone();
        let wanted =
            config.get_options().map_or_else(|| OPTIONS.to_owned(), |own| format!("{own} {OPTIONS}"));
        config.options(wanted);
        match config.connect(tls.clone()).await {
            // A pooler that passes no start settings on. Each transaction says by itself that it only reads.
            Err(error) if refuses_options(&error) => {
                self.config.connect(tls).await.map_err(|error| shut(&error))
            }
            other => other.map_err(|error| shut(&error)),
        }
    }
}

/// How a pooler says that it is full: it has no code of its own for it.
const POOL_FULL: &str = "no more connections allowed";

fn refuses_options(error: &Error) -> bool {
    error.as_db_error().is_some_and(|said| {
        let violated = *said.code() == SqlState::PROTOCOL_VIOLATION && !said.message().starts_with(POOL_FULL);
        violated || said.message().contains("startup parameter")
    })
}

fn shut(error: &Error) -> Shut {
    let words = with_causes(error);
    if let Some(said) = error.as_db_error() {
        let code = said.code();
        return match said.code() {
            &SqlState::TOO_MANY_CONNECTIONS => Shut::Full(words),
            _ if words.starts_with(POOL_FULL) => Shut::Full(words),
            &SqlState::CANNOT_CONNECT_NOW | &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN => {
                Shut::NotReady(words)
            }
            _ => Shut::Refused(format!("{words} ({})", code.code())),
        };
    }
    if let Some(io) = reach::causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()) {
        // What rustls says of a certificate comes as invalid data.
        let is_tls = matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        return if is_tls { Shut::Refused(words) } else { Shut::Unreachable(reach::words(io)) };
    }
    if error.is_closed() { Shut::Unreachable(words) } else { Shut::Refused(words) }
}

/// What the server says, or the line under it: an error with its causes, on one line.
pub(super) fn with_causes(error: &Error) -> String {
    error.as_db_error().map_or_else(|| all_causes(error), |said| said.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_sslmode_is_honoured() {
        let read = |query: &str| {
            let door = Door::of(&format!("postgres://u:p@db.example.org/app{query}")).unwrap();
            (door.config.get_ssl_mode(), door.proof, door.roots.is_some())
        };
        for (query, want) in [
            ("", (SslMode::Prefer, Proof::Nothing, false)),
            ("?sslmode=disable", (SslMode::Disable, Proof::Nothing, false)),
            ("?sslmode=require", (SslMode::Require, Proof::Nothing, false)),
            ("?sslmode=require&sslrootcert=/ca.pem", (SslMode::Require, Proof::Chain, true)),
            ("?sslmode=verify-ca", (SslMode::Require, Proof::Chain, false)),
            (
                "?application_name=x&sslmode=verify-full&sslrootcert=%2Fca.pem",
                (SslMode::Require, Proof::Name, true),
            ),
            (
                "?sslmode=verify-full&sslrootcert=system&pgbouncer=true&schema=public",
                (SslMode::Require, Proof::Name, false),
            ),
        ] {
            assert_eq!(read(query), want, "{query}");
        }
    }

    #[test]
    fn a_wrong_address_is_refused_without_repeating_it() {
        for address in [
            "",
            "postgres://",
            "postgres://u:hunter2@h:port/db",
            "postgres://u:hunter2@h/db?sslmode=maybe",
            "postgres://u:hunter2@h/db?sslcert=/x",
            "postgres://u:hunter2@h/db?what=hunter2",
            "host=h password='hunter2",
            "mysql://u:hunter2@h/db",
        ] {
            let words = Door::of(address).err().unwrap_or_else(|| panic!("{address} was taken"));
            assert!(!words.contains("hunter2") && !words.is_empty(), "{address}: {words}");
        }
    }
}
