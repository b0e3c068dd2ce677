//! Why a web address gave no answer, in words that tell a name that leads nowhere from a refusal, a time-out and a
//! certificate that is not believed. Never repeats the address, for there may be a password in it.

use crate::{
    domain::time::{Millis, Timestamp},
    monitor::probes::reach,
};
use reqwest::Url;
use rustls::{CertificateError, Error as TlsError};
use std::io;

/// No answer, and why.
#[derive(Debug)]
pub(super) struct Failure {
    /// In words.
    pub words: String,
    /// Where it is the certificate's date.
    pub dated: Option<Dated>,
    /// Where nobody was found to ask, nobody took the question, or somebody did and said nothing.
    pub silent: Option<Silent>,
}

/// How an address is silent. Told apart here: words may be of whoever answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silent {
    /// The connection is refused.
    Refused,
    /// Nothing came in time.
    Late,
    /// Its name has no address.
    Nameless,
}

impl Silent {
    /// As its label says it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Nameless => "nameless",
        }
    }
}

/// What is wrong with the date of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dated {
    /// It is over, since then.
    Expired(Option<Timestamp>),
    /// It is not good yet.
    NotYet,
}

impl Failure {
    /// Nothing came in time.
    pub(super) fn late(most: Millis) -> Self {
        let words = format!("no answer within {} ms", most.0);
        Self { words, dated: None, silent: Some(Silent::Late) }
    }

    /// What the web client said.
    pub(super) fn of(error: &reqwest::Error, url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let plain = |words: String| Self { words, dated: None, silent: None };
        for cause in reach::causes(error) {
            if let Some(error) = cause.downcast_ref::<TlsError>() {
                return Self::of_tls(error, host);
            }
            let said = cause.to_string();
            if said.starts_with("dns error") || said.contains("failed to lookup address") {
                let why = reach::causes(cause).last().map(ToString::to_string).unwrap_or_default();
                return Self { silent: Some(Silent::Nameless), ..plain(reach::unresolved(host, &why)) };
            }
            let io = cause.downcast_ref::<io::Error>();
            if let Some(error) =
                io.filter(|error| error.kind() != io::ErrorKind::Other && error.get_ref().is_none())
            {
                let refused = error.kind() == io::ErrorKind::ConnectionRefused;
                return Self { silent: refused.then_some(Silent::Refused), ..plain(reach::words(error)) };
            }
        }
        // The outermost words name the address; those of the cause do not.
        let last = reach::causes(error).last().filter(|cause| !cause.is::<reqwest::Error>());
        let said = last.map_or_else(|| "the question could not be sent".to_owned(), ToString::to_string);
        plain(reach::clean(&format!("no answer: {said}")))
    }

    fn of_tls(error: &TlsError, host: &str) -> Self {
        let dated = match error {
            TlsError::InvalidCertificate(CertificateError::Expired) => Some(Dated::Expired(None)),
            TlsError::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
                let ms =
                    i64::try_from(not_after.as_secs()).ok().and_then(|seconds| seconds.checked_mul(1_000));
                Some(Dated::Expired(ms.map(Timestamp)))
            }
            TlsError::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            ) => Some(Dated::NotYet),
            _ => None,
        };
        let why = match (dated, error) {
            (Some(Dated::Expired(_)), _) => format!("the certificate of {host} has expired"),
            (Some(Dated::NotYet), _) => format!("the certificate of {host} is not good yet"),
            (_, TlsError::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                format!("the certificate of {host} is from nobody that is trusted here")
            }
            (
                _,
                TlsError::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                ),
            ) => format!("the certificate is not made out to {host}"),
            (_, error) => error.to_string(),
        };
        Self { words: reach::clean(&format!("TLS: {why}")), dated, silent: None }
    }
}
