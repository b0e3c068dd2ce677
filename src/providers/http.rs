//! The one HTTP client of this room: TLS provider, proxies from the environment, extra certificates.
//! Owns how a [`reqwest::Client`] is made; never sends anything itself. Redirects are never followed: a vendor
//! that redirects a request with a key in its headers gets an error instead of a leak.

use reqwest::{Certificate, Client, redirect};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// A connection that is not made within this time is not made at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Idle connections are kept this long, so that the next turn of a conversation needs no new handshake.
const POOL_IDLE: Duration = Duration::from_secs(90);
/// Largest accepted certificate file, in bytes.
const CA_FILE_MOST: u64 = 4 * 1024 * 1024;

/// No client can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// A certificate file cannot be used.
    #[error("ca_file {path}: {why}; it must hold PEM certificates")]
    CaFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The client cannot be built: no certificates on this machine, a proxy address that cannot be read.
    #[error(
        "no HTTPS client: {0}; install the system's CA certificates (package ca-certificates), or name a PEM file in \
         SSL_CERT_FILE or in ca_file, and check HTTPS_PROXY"
    )]
    Build(String),
}

/// What a client is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpOptions {
    /// PEM files whose certificates are trusted besides the system's.
    pub ca_files: Vec<PathBuf>,
    /// Which proxies are used.
    pub proxy: ProxyUse,
}

/// Which proxies a client uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyUse {
    /// Those of the environment.
    #[default]
    Environment,
    /// None, and no certificates but those of the options: for servers on this machine, such as the rehearsal.
    Never,
}

/// A key that is shown to nobody: `Debug` and `Display` hide it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Hides `key`, without the white space that copying adds around it.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.trim().into())
    }
    /// The key itself, for a header and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// `text` with every occurrence of the key replaced.
    #[must_use]
    pub fn hide_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&*self.0, "[key]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([key])")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Installs the process's TLS provider. May be called any number of times; the first call of the process counts.
pub fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing a race against another thread that installs the same provider changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Makes the client. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` and `SSL_CERT_FILE` are honoured.
///
/// # Errors
/// A certificate file that cannot be read, or a machine without any CA certificates.
pub fn client(options: &HttpOptions) -> Result<Client, HttpError> {
    begin(options)?.build().map_err(|error| HttpError::Build(with_causes(&error)))
}

/// A client as far as certificates, proxies and waiting go; it follows no redirects.
///
/// # Errors
/// A certificate file that cannot be read.
pub fn begin(options: &HttpOptions) -> Result<reqwest::ClientBuilder, HttpError> {
    install_tls();
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        .tcp_nodelay(true)
        .user_agent(concat!("chimera/", env!("CARGO_PKG_VERSION")));
    let mut extra = Vec::new();
    for path in &options.ca_files {
        extra.extend(certificates(path)?);
    }
    builder = match options.proxy {
        // A machine without certificates can still talk to itself.
        ProxyUse::Never => builder.no_proxy().tls_certs_only(extra),
        ProxyUse::Environment if extra.is_empty() => builder,
        ProxyUse::Environment => builder.tls_certs_merge(extra),
    };
    Ok(builder)
}

fn certificates(path: &std::path::Path) -> Result<Vec<Certificate>, HttpError> {
    let bad = |why: String| HttpError::CaFile { path: path.display().to_string(), why };
    let size = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?.len();
    if size > CA_FILE_MOST {
        return Err(bad(format!("{size} bytes are more than the {CA_FILE_MOST} allowed")));
    }
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| bad(with_causes(&error)))?;
    if found.is_empty() {
        return Err(bad("there is no certificate in it".to_owned()));
    }
    Ok(found)
}

/// An error with the errors that caused it, on one line. Addresses are left out by the callers.
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_to_nobody() {
        let key = Secret::new(" sk-very-secret\n");
        assert_eq!(key.expose(), "sk-very-secret");
        assert!(!format!("{key:?} {key}").contains("very"));
        assert_eq!(key.hide_in("bad key sk-very-secret!"), "bad key [key]!");
        assert_eq!(Secret::new("").hide_in("text"), "text");
    }

    #[test]
    fn installing_tls_twice_is_harmless() {
        install_tls();
        install_tls();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }

    #[test]
    fn a_certificate_file_without_certificates_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty.pem");
        std::fs::write(&path, "nothing here").unwrap();
        for ca in [path, dir.path().join("absent.pem")] {
            let name = ca.file_name().unwrap().to_string_lossy().into_owned();
            let error = client(&HttpOptions { ca_files: vec![ca], ..HttpOptions::default() }).unwrap_err();
            assert!(
                matches!(error, HttpError::CaFile { .. }) && error.to_string().contains(&name),
                "{error}"
            );
        }
    }
}
