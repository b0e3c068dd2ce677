//! Whether a payload comes from whom it should: signatures of GitHub, Sentry, Vercel, Slack and Stripe, a signature of our
//! own, and bearer tokens. Compared in constant time; a payload whose signature is right but whose time is long past is
//! refused as well, where the sender tells a time. What was signed has a name by its content, by which whoever remembers
//! it knows it again when it is sent a second time; a token signs nothing, so there is no such name.
//!
//! | format | proof | time |
//! |---|---|---|
//! | GitHub | `X-Hub-Signature-256`: HMAC-SHA256 of the body | none is told |
//! | Sentry | `Sentry-Hook-Signature`: HMAC-SHA256 of the body | `Sentry-Hook-Timestamp`, not signed: it keeps out no forger |
//! | Vercel | `x-vercel-signature`: HMAC-SHA1 of the body | `createdAt` in the body, signed; sent again for up to a day |
//! | Slack | `X-Slack-Signature: v0=HEX`, HMAC-SHA256 of `v0:SECONDS:body` | `X-Slack-Request-Timestamp`, signed |
//! | Stripe | `Stripe-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 of `SECONDS.body` | `t`, signed |
//! | Alertmanager | `Authorization: Bearer` | none is told |
//! | generic | `X-Chimera-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 of `SECONDS.body`; or `Authorization: Bearer` | `t`, signed |

use crate::domain::{
    digest::Digest,
    probe::WebhookFormat,
    time::{Millis, Timestamp},
};
use ring::hmac;

/// How far a time may lie in the past, and any time in the future.
const WINDOW: Millis = Millis::mins(5);
/// Vercel tries again for a day, with the time of the first.
const WINDOW_VERCEL: Millis = Millis::hours(25);
/// Bytes of a header that are looked at.
const HEADER_MOST: usize = 1_024;
/// Signatures of one header, while a secret is exchanged for another.
const SIGNATURES_MOST: usize = 8;
/// Characters of a secret, at least: a shorter one is guessed.
pub const SECRET_LEAST: usize = 16;

/// A payload with what came before it.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Names and values; names in any case.
    pub headers: &'a [(String, String)],
    /// Exactly as it came.
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

/// Why a payload is not believed. Says nothing that helps to forge one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no proof.
    #[error("the header {0} is missing; set the secret where the payload is sent from")]
    Missing(&'static str),
    /// It is none.
    #[error("the header {0} is not written as it should be")]
    Malformed(&'static str),
    /// It is not ours.
    #[error("the signature or token is wrong; is the secret the same on both sides?")]
    Wrong,
    /// It is too old or from the future.
    #[error("it was sent {0} seconds away from now: the clocks differ, or somebody sends it again")]
    Late(u64),
    /// The secret is no secret.
    #[error("the secret is shorter than {SECRET_LEAST} characters")]
    Weak,
}

impl Delivery<'_> {
    fn header(&self, name: &'static str) -> Result<&str, Refused> {
        let mut found = self.headers.iter().filter(|(theirs, _)| theirs.eq_ignore_ascii_case(name));
        let (_, value) = found.next().ok_or(Refused::Missing(name))?;
        // Two of them are two opinions.
        if found.next().is_some() || value.len() > HEADER_MOST {
            Err(Refused::Malformed(name))
        } else {
            Ok(value.trim())
        }
    }

    fn within(&self, sent: Timestamp, window: Millis) -> Result<(), Refused> {
        let (past, future) = (self.at.since(sent), sent.since(self.at));
        if past > window || future > WINDOW {
            Err(Refused::Late(past.0.max(future.0) / 1_000))
        } else {
            Ok(())
        }
    }
}

/// Checks that somebody who knows the secret sent this, lately. What was signed, by its content; `None` where nothing is.
///
/// # Errors
/// Why that is not proven.
pub fn prove(
    format: WebhookFormat,
    secret: &str,
    delivery: &Delivery<'_>,
) -> Result<Option<Digest>, Refused> {
    let secret = secret.trim();
    if secret.chars().count() < SECRET_LEAST {
        return Err(Refused::Weak);
    }
    match format {
        WebhookFormat::Github => {
            const NAME: &str = "X-Hub-Signature-256";
            let hex = delivery.header(NAME)?.strip_prefix("sha256=").ok_or(Refused::Malformed(NAME))?;
            signed(hmac::HMAC_SHA256, secret, delivery.body, &code(hex, NAME)?).map(Some)
        }
        WebhookFormat::Sentry => {
            const NAME: &str = "Sentry-Hook-Signature";
            let told = code(delivery.header(NAME)?, NAME)?;
            let once = signed(hmac::HMAC_SHA256, secret, delivery.body, &told)?;
            const TIME: &str = "Sentry-Hook-Timestamp";
            delivery.within(seconds(delivery.header(TIME)?, TIME)?, WINDOW)?;
            Ok(Some(once))
        }
        WebhookFormat::Vercel => {
            const NAME: &str = "x-vercel-signature";
            let told = code(delivery.header(NAME)?, NAME)?;
            let once = signed(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, delivery.body, &told)?;
            // One without a time is refused by `read`, by the field's name.
            created(delivery.body).map_or(Ok(()), |sent| delivery.within(sent, WINDOW_VERCEL))?;
            Ok(Some(once))
        }
        WebhookFormat::Slack => {
            const NAME: &str = "X-Slack-Signature";
            const TIME: &str = "X-Slack-Request-Timestamp";
            let hex = delivery.header(NAME)?.strip_prefix("v0=").ok_or(Refused::Malformed(NAME))?;
            let told = code(hex, NAME)?;
            let time = delivery.header(TIME)?;
            let sent = seconds(time, TIME)?;
            let message = [b"v0:", time.as_bytes(), b":", delivery.body].concat();
            let once = signed(hmac::HMAC_SHA256, secret, &message, &told)?;
            delivery.within(sent, WINDOW)?;
            Ok(Some(once))
        }
        WebhookFormat::Stripe => {
            const NAME: &str = "Stripe-Signature";
            timed(secret, (NAME, delivery.header(NAME)?), delivery).map(Some)
        }
        WebhookFormat::Alertmanager => bearer(secret, delivery).map(|()| None),
        WebhookFormat::Generic => match delivery.header(OWN) {
            Err(Refused::Missing(_)) => bearer(secret, delivery).map(|()| None),
            header => timed(secret, (OWN, header?), delivery).map(Some),
        },
    }
}

const OWN: &str = "X-Chimera-Signature";

/// `t=SECONDS,v1=HEX`, with one more `v1` for each further secret that the sender signs with. Other parts mean nothing:
/// whoever could choose the way of signing would choose the weakest.
fn timed(
    secret: &str,
    (name, header): (&'static str, &str),
    delivery: &Delivery<'_>,
) -> Result<Digest, Refused> {
    let parts = |of: &'static str| {
        header.split(',').filter_map(move |part| part.trim().strip_prefix(of)?.strip_prefix('='))
    };
    let mut times = parts("t");
    let (Some(time), None) = (times.next(), times.next()) else { return Err(Refused::Malformed(name)) };
    let sent = seconds(time, name)?;
    let codes: Vec<Vec<u8>> = parts("v1").map(|hex| code(hex, name)).collect::<Result<_, _>>()?;
    if codes.is_empty() || codes.len() > SIGNATURES_MOST {
        return Err(Refused::Malformed(name));
    }
    let message = [time.as_bytes(), b".", delivery.body].concat();
    let proven = codes.iter().find_map(|code| signed(hmac::HMAC_SHA256, secret, &message, code).ok());
    let once = proven.ok_or(Refused::Wrong)?;
    delivery.within(sent, WINDOW)?;
    Ok(once)
}

fn bearer(secret: &str, delivery: &Delivery<'_>) -> Result<(), Refused> {
    const NAME: &str = "Authorization";
    let header = delivery.header(NAME)?;
    let (scheme, token) = header.split_once(' ').ok_or(Refused::Malformed(NAME))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Malformed(NAME));
    }
    // Codes of both are compared: that takes the same time wherever, and however long, they differ.
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let expected = hmac::sign(&key, secret.as_bytes());
    hmac::verify(&key, token.trim().as_bytes(), expected.as_ref()).map_err(|_| Refused::Wrong)
}

fn signed(with: hmac::Algorithm, secret: &str, message: &[u8], code: &[u8]) -> Result<Digest, Refused> {
    hmac::verify(&hmac::Key::new(with, secret.as_bytes()), message, code).map_err(|_| Refused::Wrong)?;
    Ok(Digest::of(message))
}

/// The code that a header tells in hexadecimal digits.
fn code(hex: &str, name: &'static str) -> Result<Vec<u8>, Refused> {
    let digit = |byte: &u8| (*byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?);
    let code: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(pair).collect();
    code.filter(|code| !code.is_empty()).ok_or(Refused::Malformed(name))
}

fn seconds(text: &str, name: &'static str) -> Result<Timestamp, Refused> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if plain { text.parse::<i64>().ok() } else { None };
    seconds.map(|seconds| Timestamp(seconds * 1_000)).ok_or(Refused::Malformed(name))
}

fn created(body: &[u8]) -> Option<Timestamp> {
    let tree = super::payload::parse(body).ok()?;
    tree.get("createdAt")?.as_i64().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "It's a Secret to Everybody";
    const NOW: Timestamp = Timestamp(1_763_632_800_000);

    fn said(format: WebhookFormat, headers: &[(&str, &str)], body: &str) -> Result<(), Refused> {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        prove(format, SECRET, &Delivery { headers: &headers, body: body.as_bytes(), at: NOW }).map(drop)
    }

    fn hex(with: hmac::Algorithm, message: &str) -> String {
        let signed = hmac::sign(&hmac::Key::new(with, SECRET.as_bytes()), message.as_bytes());
        signed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn at(seconds: i64) -> String {
        (NOW.0 / 1_000 + seconds).to_string()
    }

    #[test]
    fn c2_a_signature_of_github_is_the_one_that_its_documentation_shows() {
        const HEX: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let name = "x-hub-signature-256";
        assert_eq!(said(WebhookFormat::Github, &[(name, HEX)], "Hello, World!"), Ok(()));
        assert_eq!(said(WebhookFormat::Github, &[(name, HEX)], "Hello, World."), Err(Refused::Wrong));
        assert_eq!(
            said(WebhookFormat::Github, &[], "Hello, World!"),
            Err(Refused::Missing("X-Hub-Signature-256"))
        );
        for bad in ["", "sha256=", "sha1=757107", "sha256=xyz", "sha256=757", "757107ea", &"f".repeat(5_000)]
        {
            assert_eq!(
                said(WebhookFormat::Github, &[(name, bad)], "x"),
                Err(Refused::Malformed("X-Hub-Signature-256")),
                "{bad}"
            );
        }
        assert_eq!(
            said(WebhookFormat::Github, &[(name, &HEX[..39])], "Hello, World!"),
            Err(Refused::Wrong),
            "a part of one is none"
        );
        assert!(
            said(WebhookFormat::Github, &[(name, HEX), (name, HEX)], "Hello, World!").is_err(),
            "two are two opinions"
        );
    }

    #[test]
    fn c2_a_signature_of_sentry_is_refused_when_its_time_is_past() {
        let body = "{\"action\":\"created\"}";
        let hex = hex(hmac::HMAC_SHA256, body);
        let sent = |seconds: &str| {
            said(
                WebhookFormat::Sentry,
                &[("Sentry-Hook-Signature", &hex), ("Sentry-Hook-Timestamp", seconds)],
                body,
            )
        };
        assert_eq!(sent(&at(-299)), Ok(()));
        assert_eq!(sent(&at(-301)), Err(Refused::Late(301)));
        assert_eq!(sent(&at(301)), Err(Refused::Late(301)));
        for bad in ["", "now", "-5", "1e9", "99999999999999"] {
            assert_eq!(sent(bad), Err(Refused::Malformed("Sentry-Hook-Timestamp")), "{bad}");
        }
        assert_eq!(
            said(WebhookFormat::Sentry, &[("Sentry-Hook-Signature", &hex)], body),
            Err(Refused::Missing("Sentry-Hook-Timestamp"))
        );
    }

    #[test]
    fn c2_a_signature_of_vercel_carries_its_time_in_the_body() {
        let sent = |created: i64| {
            let body = format!("{{\"createdAt\":{created}}}");
            said(
                WebhookFormat::Vercel,
                &[("X-Vercel-Signature", &hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &body))],
                &body,
            )
        };
        assert_eq!(sent(NOW.0), Ok(()));
        assert_eq!(sent(NOW.0 - 24 * 3_600_000), Ok(()), "it tries again for a day");
        assert!(matches!(sent(NOW.0 - 26 * 3_600_000), Err(Refused::Late(_))));
        assert!(matches!(sent(NOW.0 + 3_600_000), Err(Refused::Late(_))));
        assert!(
            matches!(sent(i64::MIN), Err(Refused::Late(_)))
                && matches!(sent(i64::MAX), Err(Refused::Late(_)))
        );
        let wrong = hex(hmac::HMAC_SHA256, "{}");
        assert_eq!(said(WebhookFormat::Vercel, &[("x-vercel-signature", &wrong)], "{}"), Err(Refused::Wrong));
    }

    #[test]
    fn c2_a_bearer_token_proves_alertmanager_and_anything_else() {
        for format in [WebhookFormat::Alertmanager, WebhookFormat::Generic] {
            let sent = |value: &str| said(format, &[("authorization", value)], "{}");
            assert_eq!(sent(&format!("Bearer {SECRET}")), Ok(()));
            assert_eq!(sent(&format!("bearer  {SECRET} ")), Ok(()));
            for wrong in ["Bearer It", "Bearer ", "Bearer It's a Secret to Everybody!"] {
                assert!(matches!(sent(wrong), Err(Refused::Wrong | Refused::Malformed(_))), "{wrong}");
            }
            assert_eq!(sent("Basic dTpw"), Err(Refused::Malformed("Authorization")));
            assert_eq!(said(format, &[], "{}"), Err(Refused::Missing("Authorization")));
        }
    }

    #[test]
    fn c2_our_own_signature_signs_its_time() {
        let sent = |told: &str, signed: &str| {
            let hex = hex(hmac::HMAC_SHA256, &format!("{signed}.{{}}"));
            said(WebhookFormat::Generic, &[(OWN, &format!("t={told}, v1={hex}"))], "{}")
        };
        assert_eq!(sent(&at(0), &at(0)), Ok(()));
        assert_eq!(sent(&at(0), &at(-1_000)), Err(Refused::Wrong), "another time than the signed one");
        assert_eq!(sent(&at(-1_000), &at(-1_000)), Err(Refused::Late(1_000)));
        for bad in ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1="] {
            assert_eq!(
                said(WebhookFormat::Generic, &[(OWN, bad)], "{}"),
                Err(Refused::Malformed(OWN)),
                "{bad}"
            );
        }
        // A wrong signature is not made good by a token beside it.
        let both = [(OWN, "t=1,v1=00"), ("authorization", &format!("Bearer {SECRET}"))];
        assert_eq!(said(WebhookFormat::Generic, &both, "{}"), Err(Refused::Wrong));
    }

    #[test]
    fn c2_a_signature_of_slack_is_the_one_that_its_documentation_shows() {
        // The example of "Verifying requests from Slack".
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let code = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let sent = |code: &str, seconds: &str, at: i64, body: &str| {
            let headers: Vec<(String, String)> =
                [("X-Slack-Signature", code), ("X-Slack-Request-Timestamp", seconds)]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec();
            let delivery = Delivery { headers: &headers, body: body.as_bytes(), at: Timestamp(at * 1_000) };
            prove(WebhookFormat::Slack, secret, &delivery).map(|once| once.is_some())
        };
        let (seconds, at) = ("1531420618", 1_531_420_618);
        assert_eq!(sent(code, seconds, at, body), Ok(true));
        assert_eq!(sent(code, seconds, at + 299, body), Ok(true));
        assert_eq!(sent(code, seconds, at + 301, body), Err(Refused::Late(301)));
        assert_eq!(sent(code, seconds, at - 301, body), Err(Refused::Late(301)));
        assert_eq!(sent(code, "1531420619", at, body), Err(Refused::Wrong), "the time is signed");
        assert_eq!(sent(code, seconds, at, "token=x"), Err(Refused::Wrong));
        for bad in ["", "v0=", "v0=xyz", "v1=a2114d57", &code[3..], &"v0=00".repeat(400)] {
            assert_eq!(sent(bad, seconds, at, body), Err(Refused::Malformed("X-Slack-Signature")), "{bad}");
        }
        for bad in ["", "now", "-1", "1e9", " ", "99999999999999"] {
            assert_eq!(
                sent(code, bad, at, body),
                Err(Refused::Malformed("X-Slack-Request-Timestamp")),
                "{bad}"
            );
        }
        assert_eq!(said(WebhookFormat::Slack, &[], "{}"), Err(Refused::Missing("X-Slack-Signature")));
    }

    #[test]
    fn e7_a_signature_of_stripe_signs_its_time_and_one_of_several_secrets_is_enough() {
        let name = "Stripe-Signature";
        let body = "{\"type\":\"charge.failed\"}";
        let of = |seconds: &str| hex(hmac::HMAC_SHA256, &format!("{seconds}.{body}"));
        let sent = |value: &str| said(WebhookFormat::Stripe, &[(name, value)], body);
        let now = at(0);
        assert_eq!(sent(&format!("t={now},v1={}", of(&now))), Ok(()));
        let both = format!("t={now},v1={},v1={},v0={}", "00".repeat(32), of(&now), "11".repeat(32));
        assert_eq!(sent(&both), Ok(()), "while a secret is exchanged it signs with both");
        assert_eq!(
            sent(&format!("t={now},v0={}", of(&now))),
            Err(Refused::Malformed(name)),
            "v0 is of tests alone"
        );
        assert_eq!(sent(&format!("t={now},v1={}", of(&at(-1)))), Err(Refused::Wrong));
        let past = at(-301);
        assert_eq!(sent(&format!("t={past},v1={}", of(&past))), Err(Refused::Late(301)));
        let future = at(301);
        assert_eq!(sent(&format!("t={future},v1={}", of(&future))), Err(Refused::Late(301)));
        let twice = format!("t={now},t={past},v1={}", of(&now));
        let many = format!("t={now}{}", ",v1=00".repeat(SIGNATURES_MOST + 1));
        for bad in ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=", "t=1;v1=00", "t=1,v1=0", &twice, &many] {
            assert_eq!(sent(bad), Err(Refused::Malformed(name)), "{bad}");
        }
        assert_eq!(said(WebhookFormat::Stripe, &[], body), Err(Refused::Missing(name)));
    }

    #[test]
    fn c2_what_was_signed_is_known_again_however_it_is_dressed() {
        let body = "{}";
        let hex = hex(hmac::HMAC_SHA256, body);
        let once = |name: &str, value: String| {
            let headers = [(name.to_owned(), value)];
            prove(
                WebhookFormat::Github,
                SECRET,
                &Delivery { headers: &headers, body: body.as_bytes(), at: NOW },
            )
        };
        let first = once("X-Hub-Signature-256", format!("sha256={hex}")).unwrap();
        assert!(first.is_some());
        assert_eq!(once("x-hub-signature-256", format!("  sha256={} ", hex.to_uppercase())), Ok(first));
        let token = [("authorization".to_owned(), format!("Bearer {SECRET}"))];
        let token = Delivery { headers: &token, body: b"{}", at: NOW };
        assert_eq!(
            prove(WebhookFormat::Alertmanager, SECRET, &token),
            Ok(None),
            "the same alarm may come again"
        );
    }

    #[test]
    fn a_short_secret_is_none() {
        for secret in ["", "   ", "short", " fifteen letters"] {
            let delivery = Delivery { headers: &[], body: b"{}", at: NOW };
            assert_eq!(prove(WebhookFormat::Github, secret, &delivery), Err(Refused::Weak), "{secret}");
        }
    }

    proptest! {
        #[test]
        fn nothing_unsigned_is_ever_believed(value in ".{0,80}", body in proptest::collection::vec(any::<u8>(), 0..40), at in any::<i64>()) {
            let names = [
                "X-Hub-Signature-256", "Sentry-Hook-Signature", "Sentry-Hook-Timestamp", "x-vercel-signature",
                "X-Slack-Signature", "X-Slack-Request-Timestamp", "Stripe-Signature", OWN, "Authorization",
            ];
            let headers: Vec<(String, String)> = names.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
            for format in [WebhookFormat::Github, WebhookFormat::Sentry, WebhookFormat::Vercel, WebhookFormat::Slack, WebhookFormat::Stripe, WebhookFormat::Alertmanager, WebhookFormat::Generic] {
                let delivery = Delivery { headers: &headers, body: &body, at: Timestamp(at) };
                prop_assert!(prove(format, SECRET, &delivery).is_err());
            }
        }
    }
}
