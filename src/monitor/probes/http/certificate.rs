//! Until when a certificate is good, read from its DER without trusting a byte of it. Proves nothing: that is done by
//! the TLS library before this is asked.

use crate::domain::time::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The explicit tag of the version.
const VERSION: u8 = 0xa0;

/// Its last moment; nothing where this is no certificate.
pub fn not_after(der: &[u8]) -> Option<Timestamp> {
    let certificate = Der(der).value(SEQUENCE)?;
    let mut body = Der(Der(certificate).value(SEQUENCE)?);
    if body.0.first() == Some(&VERSION) {
        body.value(VERSION)?;
    }
    // Serial number, algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        body.value(tag)?;
    }
    let mut validity = Der(body.value(SEQUENCE)?);
    validity.next()?;
    let (tag, text) = validity.next()?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// What is left to be read.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value, which must have this tag.
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first & 0x7f);
        if first & 0x80 != 0 {
            // The long form: so many bytes of length follow.
            let (bytes, after) =
                rest.split_at_checked(length).filter(|(bytes, _)| (1..=4).contains(&bytes.len()))?;
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = after;
        }
        let (value, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, value))
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = digits.split_at(2);
            // Fifty years back and fifty forth, by RFC 5280.
            let century = if year < "50" { "20" } else { "19" };
            (format!("{century}{year}"), rest)
        }
        (GENERALIZED_TIME, 14) => (digits.get(..4)?.to_owned(), digits.get(4..)?),
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2);
    let day = format!("{year}-{}-{}T{}:{}:{}Z", part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    day.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A sequence of these parts.
    fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, &value].concat()
    }

    fn certificate(version: &[u8], tag: u8, until: &str) -> Vec<u8> {
        let until = wrap(tag, &[until.as_bytes()]);
        let validity = wrap(SEQUENCE, &[b"\x17\x0d200101000000Z", &until]);
        let body =
            wrap(SEQUENCE, &[version, b"\x02\x01\x05", b"\x30\x00", b"\x30\x00", &validity, b"\x30\x00"]);
        wrap(SEQUENCE, &[&body, b"\x30\x00", b"\x03\x01\x00"])
    }

    #[test]
    fn c2_the_end_of_a_certificate_is_read_in_both_ways_of_writing_it() {
        let version = b"\xa0\x03\x02\x01\x02";
        for (version, tag, until, read) in [
            (&version[..], UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"),
            (&[], UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"),
            (version, GENERALIZED_TIME, "20500101120000Z", "2050-01-01T12:00:00Z"),
        ] {
            let read: Timestamp = read.parse().unwrap();
            assert_eq!(not_after(&certificate(version, tag, until)), Some(read), "{until}");
        }
        for bad in ["491331235959Z", "49123123595Z", "491231235959", "4912312359ääZ", ""] {
            assert_eq!(not_after(&certificate(version, UTC_TIME, bad)), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_stops_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..60, byte: u8) {
            let _ = not_after(&bytes);
            let mut nearly = certificate(&[], UTC_TIME, "491231235959Z");
            nearly.truncate(nearly.len() - at.min(nearly.len()) / 2);
            if let Some(place) = nearly.get_mut(at) {
                *place = byte;
            }
            let _ = not_after(&nearly);
        }
    }
}
