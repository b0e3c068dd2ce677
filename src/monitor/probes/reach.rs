//! How it is said that something cannot be reached, and how much of a look's time a probe may use. Knows no protocol.

use crate::domain::{text, time::Millis};
use std::{error::Error, io};

/// Characters of words.
pub(super) const WORDS_MOST: usize = 300;

/// Causes of one error that are looked at.
const CAUSES_MOST: usize = 16;

/// Time a probe itself may use: what it finds until then is handed in before whoever asked stops waiting.
pub(super) fn share(timeout: Millis) -> Millis {
    Millis(timeout.0.saturating_mul(9) / 10)
}

/// Why a connection was not made.
pub(super) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection is refused: nobody listens there".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "the connection was cut".to_owned()
        }
        io::ErrorKind::UnexpectedEof => "the connection was closed without an answer".to_owned(),
        io::ErrorKind::TimedOut => "no connection: it timed out".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            "there is no way to that host".to_owned()
        }
        _ => clean(&error.to_string()),
    }
}

/// That a name leads nowhere.
pub(super) fn unresolved(host: &str, why: &str) -> String {
    clean(&format!("the name {host} cannot be resolved: {why}"))
}

/// On one line, without what a terminal acts on.
pub(super) fn clean(words: &str) -> String {
    let words = CERTIFICATES.iter().fold(words.to_owned(), |said, (name, words)| said.replace(name, words));
    text::clean_line(&words, WORDS_MOST).into()
}

/// What is wrong with a certificate, as the library names it, and in words.
const CERTIFICATES: [(&str, &str); 4] = [
    (
        "Other(OtherError(CaUsedAsEndEntity))",
        "it is the certificate of an authority, which may sign others and not speak for a server",
    ),
    ("Other(OtherError(EndEntityUsedAsCa))", "it is signed with a certificate that may not sign others"),
    ("Other(OtherError(UnsupportedCertVersion))", "it is of a version that is not understood"),
    ("Other(OtherError(PathLenConstraintViolated))", "its chain is longer than its authority allows"),
];

/// An error and what caused it, outermost first.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        // An I/O error hides the one it wraps from `source`.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
    .take(CAUSES_MOST)
}

/// An error with what caused it, on one line.
pub(super) fn whole(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in causes(error).map(ToString::to_string) {
        if said.iter().all(|before| !before.contains(&cause)) {
            said.push(cause);
        }
    }
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_said_with_its_causes_and_none_of_them_twice() {
        let inner = io::Error::other("no such name");
        let outer = io::Error::other(io::Error::new(io::ErrorKind::NotFound, inner));
        assert_eq!((whole(&outer).as_str(), causes(&outer).count()), ("no such name", 4));
        let ca = clean("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))");
        assert!(
            ca.ends_with("certificate of an authority, which may sign others and not speak for a server")
        );
        let known = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(words(&known).contains("refused"));
    }

    #[test]
    fn a_probe_uses_less_than_the_time_of_a_look() {
        assert_eq!([0, 10, 5_000, u64::MAX].map(|ms| share(Millis(ms)).0), [0, 9, 4_500, u64::MAX / 10]);
    }
}
