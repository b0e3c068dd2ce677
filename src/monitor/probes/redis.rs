//! Looks at a Redis server through `INFO`: memory, evictions and refusals since the last look, clients, persistence,
//! the link to its primary; and counts keys for whoever is about to unlink them. Asks nothing else, changes nothing, and owns
//! one connection a look, closed with it.
//!
//! Understood are `redis://` and `rediss://` addresses with user and password; `rediss` proves who the server is, by the
//! system's certificates or by those in `?sslrootcert=`.

mod info;
mod keys;
mod resp;
#[cfg(test)]
mod tests;

use super::{
    before,
    eyes::Eyes,
    found::{fails, holds, percent_decoded, span},
    reach::{self, share},
    trust::{self, Proof},
};
use crate::domain::{
    incident::Severity,
    probe::{ProbeSpec, Source},
    signal::{Check, Reading, kind},
};
use info::Info;
pub(in crate::monitor) use keys::keys;
use reqwest::Url;
use resp::Reply;
use rustls::pki_types::ServerName;
use std::{io, path::PathBuf};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufStream},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Where Redis listens if nothing is said.
const PORT: u16 = 6379;

/// Looks once.
///
/// # Errors
/// Why the probe could not look: no address, a wrong password, a user that may not ask.
pub(super) async fn look(spec: &ProbeSpec, eyes: &Eyes) -> Result<Vec<Reading>, String> {
    let Source::Redis { url, memory_pct } = &spec.source else {
        return Err("this probe does not look at Redis".to_owned());
    };
    let door = Door::of(&(eyes.secret)(url).await?)?;
    // What is found until then is handed in before whoever asked stops waiting.
    let answer = timeout(share(spec.timeout).to_std(), door.info()).await;
    let unreachable = |words: String| Ok(vec![Reading::Check(fails(answers(spec.severity, &words)))]);
    let info = match answer {
        Err(_) => return unreachable(format!("no answer within {}", span(spec.timeout.0))),
        Ok(Err(Shut::Unreachable(error))) => return unreachable(reach::words(&error)),
        Ok(Err(Shut::NotServing(words))) => {
            return Ok(vec![Reading::Check(Check {
                kind: kind::PROCESS_DOWN,
                ..fails(answers(spec.severity, &words))
            })]);
        }
        Ok(Err(Shut::Full(words))) => {
            let check = holds("clients", kind::DB_CONNECTIONS, spec.severity.min(Severity::P1), words);
            return Ok(vec![Reading::Check(fails(check))]);
        }
        Ok(Err(Shut::Refused(words))) => return Err(reach::clean(&words)),
        Ok(Ok(info)) => info,
    };
    let mut readings = vec![Reading::Check(answers(spec.severity, "it answers"))];
    let grown = before::grown(&spec.id, info.counters(), before::Newcomer::Unknown);
    readings.extend(info.readings(spec.severity, *memory_pct, &grown));
    if let Some(age) = info.uptime() {
        let anew = before::began_anew(&spec.id, age, info::YOUNG_S);
        readings.extend(info::age(spec.severity, age, anew));
    }
    Ok(readings)
}

fn answers(severity: Severity, words: &str) -> Check {
    holds("reach", kind::TCP_DOWN, severity.min(Severity::P1), reach::clean(words))
}

/// Why there is no answer.
enum Shut {
    /// Nothing answers there, or the line broke.
    Unreachable(io::Error),
    /// It answers that it cannot serve.
    NotServing(String),
    /// It takes no more clients.
    Full(String),
    /// It answers, and the probe is not let in or is not configured well.
    Refused(String),
}

impl From<io::Error> for Shut {
    fn from(error: io::Error) -> Self {
        // No reply of a Redis server, or a certificate of nobody we know.
        let is_strange = matches!(error.kind(), io::ErrorKind::InvalidData);
        if is_strange { Self::Refused(error.to_string()) } else { Self::Unreachable(error) }
    }
}

/// An address, understood.
struct Door {
    host: String,
    port: u16,
    user: String,
    password: String,
    tls: bool,
    roots: Option<PathBuf>,
}

impl Door {
    /// Reads an address; what is wrong is said without repeating it, for there may be a password in it.
    fn of(address: &str) -> Result<Self, String> {
        let url =
            Url::parse(address.trim()).map_err(|error| format!("the address cannot be read: {error}"))?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err("the address begins with neither redis:// nor rediss://".to_owned()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the address names no host")?;
        let roots = url.query_pairs().find(|(name, _)| name == "sslrootcert");
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(PORT),
            user: percent_decoded(url.username()),
            password: percent_decoded(url.password().unwrap_or_default()),
            tls,
            roots: roots.map(|(_, path)| PathBuf::from(path.into_owned())),
        })
    }

    async fn info(&self) -> Result<Info, Shut> {
        let line = TcpStream::connect((self.host.as_str(), self.port)).await?;
        if !self.tls {
            return self.asked(BufStream::new(line)).await;
        }
        let refused = |why: String| Shut::Refused(format!("no encrypted line: {why}"));
        let config = trust::configuration(Proof::Name, self.roots.clone()).await.map_err(refused)?;
        let name = ServerName::try_from(self.host.clone()).map_err(|error| refused(error.to_string()))?;
        self.asked(BufStream::new(TlsConnector::from(config).connect(name, line).await?)).await
    }

    async fn asked<S: AsyncRead + AsyncWrite + Unpin>(&self, mut line: BufStream<S>) -> Result<Info, Shut> {
        self.signs_in(&mut line).await?;
        let info = Info::of(&said(resp::asks(&mut line, &["INFO"]).await?)?);
        if info.is_complete() {
            Ok(info)
        } else {
            Err(Shut::Refused("what it answers to INFO is not that of Redis".to_owned()))
        }
    }

    async fn signs_in<S: AsyncRead + AsyncWrite + Unpin>(&self, line: &mut BufStream<S>) -> Result<(), Shut> {
        if !self.password.is_empty() {
            let words = [self.user.as_str(), &self.password];
            let words = if self.user.is_empty() { &words[1..] } else { &words[..] };
            said(resp::asks(line, &[&["AUTH"], words].concat()).await?)?;
        }
        Ok(())
    }
}

fn said(reply: Reply) -> Result<String, Shut> {
    match reply {
        Reply::Text(text) => Ok(text),
        Reply::Refusal(word, words) => {
            let whole = format!("{word} {words}");
            Err(match word.as_str() {
                "LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" => Shut::NotServing(whole),
                "ERR" if words.starts_with("max number of clients") => Shut::Full(whole),
                _ => Shut::Refused(whole),
            })
        }
    }
}
