//! Keys and tokens that are known by their first characters, JSON web tokens, private keys, web hooks.
//!
//! Owns the table of forms. A form needs its exact first characters at the start of a word and enough of the right
//! characters after them, so that a word of prose that happens to begin so is left alone.

use super::span::Span;

/// What may stand in the body of a key.
#[derive(Debug, Clone, Copy)]
enum Body {
    /// Letters, digits, `_` and `-`.
    Word,
    /// The same and `.`.
    Dotted,
    /// Capital letters and digits, exactly as many as stated.
    Capitals,
    /// Hexadecimal digits, exactly as many as stated.
    Hex,
    /// Everything up to a blank or a quote.
    Address,
}

/// First characters, kind, body, least length of the body.
type Form = (&'static str, &'static str, Body, usize);

/// Every known form.
const FORMS: &[Form] = &[
    ("sk-", "api-key", Body::Word, 20),
    ("gsk_", "api-key", Body::Word, 20),
    ("xai-", "api-key", Body::Word, 20),
    ("r8_", "api-key", Body::Word, 30),
    // Our own: `chimera token create`.
    ("chm_", "chimera-token", Body::Word, 40),
    ("hf_", "huggingface-token", Body::Word, 30),
    ("ghp_", "github-token", Body::Word, 30),
    ("gho_", "github-token", Body::Word, 30),
    ("ghu_", "github-token", Body::Word, 30),
    ("ghs_", "github-token", Body::Word, 30),
    ("ghr_", "github-token", Body::Word, 30),
    ("github_pat_", "github-token", Body::Word, 22),
    ("glpat-", "gitlab-token", Body::Dotted, 18),
    ("glptt-", "gitlab-token", Body::Word, 18),
    ("gldt-", "gitlab-token", Body::Word, 18),
    ("glrt-", "gitlab-token", Body::Word, 18),
    ("xoxa-", "slack-token", Body::Word, 10),
    ("xoxb-", "slack-token", Body::Word, 10),
    ("xoxp-", "slack-token", Body::Word, 10),
    ("xoxs-", "slack-token", Body::Word, 10),
    ("xoxr-", "slack-token", Body::Word, 10),
    ("xapp-", "slack-token", Body::Word, 10),
    ("hooks.slack.com/services/", "web-hook", Body::Address, 20),
    ("discord.com/api/webhooks/", "web-hook", Body::Address, 20),
    ("AKIA", "aws-key", Body::Capitals, 16),
    ("ASIA", "aws-key", Body::Capitals, 16),
    ("AIza", "google-key", Body::Word, 35),
    ("ya29.", "google-token", Body::Dotted, 20),
    ("GOCSPX-", "google-secret", Body::Word, 20),
    ("SG.", "sendgrid-key", Body::Dotted, 40),
    ("sk_live_", "stripe-key", Body::Word, 16),
    ("sk_test_", "stripe-key", Body::Word, 16),
    ("rk_live_", "stripe-key", Body::Word, 16),
    ("rk_test_", "stripe-key", Body::Word, 16),
    ("whsec_", "stripe-key", Body::Word, 16),
    ("sq0csp-", "square-key", Body::Word, 20),
    ("sq0atp-", "square-key", Body::Word, 20),
    ("shpat_", "shopify-token", Body::Word, 20),
    ("shpss_", "shopify-token", Body::Word, 20),
    ("npm_", "npm-token", Body::Word, 30),
    ("pypi-", "pypi-token", Body::Word, 40),
    ("rubygems_", "rubygems-key", Body::Word, 40),
    ("dop_v1_", "digitalocean-token", Body::Word, 40),
    ("doo_v1_", "digitalocean-token", Body::Word, 40),
    ("dckr_pat_", "docker-token", Body::Word, 20),
    ("sbp_", "supabase-token", Body::Word, 36),
    ("sb_secret_", "supabase-token", Body::Word, 20),
    ("lin_api_", "linear-key", Body::Word, 30),
    ("pscale_tkn_", "planetscale-token", Body::Word, 20),
    ("pscale_pw_", "planetscale-token", Body::Word, 20),
    ("dp.pt.", "doppler-token", Body::Word, 30),
    ("hvs.", "vault-token", Body::Word, 20),
    ("glsa_", "grafana-token", Body::Word, 30),
    ("NRAK-", "newrelic-key", Body::Word, 20),
    ("ATATT3", "atlassian-token", Body::Word, 40),
    ("figd_", "figma-token", Body::Word, 30),
    ("AGE-SECRET-KEY-1", "age-key", Body::Word, 40),
    ("key-", "mailgun-key", Body::Hex, 32),
    ("SK", "twilio-key", Body::Hex, 32),
];

/// First characters by which the search looks for these forms.
pub fn starts() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|(start, ..)| *start).filter(|start| start.len() > 2).chain(["SK"])
}

/// The piece that begins here, if it has one of the forms.
#[must_use]
pub fn form(text: &str, at: usize) -> Option<Span> {
    let before = text[..at].bytes().next_back();
    let rest = &text[at..];
    let (start, kind, body, least) = FORMS
        .iter()
        .filter(|(start, ..)| rest.starts_with(start))
        .max_by_key(|(start, ..)| start.len())
        .copied()?;
    let inside = matches!(body, Body::Address);
    if !inside && before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let tail = &rest.as_bytes()[start.len()..];
    let allowed = |b: &&u8| match body {
        Body::Word => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
        Body::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
        Body::Capitals => b.is_ascii_uppercase() || b.is_ascii_digit(),
        Body::Hex => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        Body::Address => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/'),
    };
    let mut long = tail.iter().take_while(allowed).count();
    if matches!(body, Body::Dotted) {
        long -= tail[..long].iter().rev().take_while(|b| **b == b'.').count();
    }
    let exact = matches!(body, Body::Capitals | Body::Hex);
    let more = tail.get(long).is_some_and(u8::is_ascii_alphanumeric);
    let digits = tail[..long].iter().filter(|b| b.is_ascii_digit()).count();
    let fits = if exact { long == least && !more } else { long >= least };
    // Names made of words have no digits; capitals of a made-up key may have none.
    (fits && (digits > 0 || matches!(body, Body::Capitals))).then(|| {
        let from = if inside { at + start.len() } else { at };
        Span { start: from, end: at + start.len() + long, kind }
    })
}

/// A JSON web token that begins here: `eyJ...` with one or two dots.
#[must_use]
pub fn jwt(text: &str, at: usize) -> Option<Span> {
    if text[..at].bytes().next_back().is_some_and(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let part = |from: usize| {
        let bytes = text.as_bytes().get(from..).unwrap_or_default();
        bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=')).count()
    };
    let head = part(at);
    let mut end = at + head;
    let (mut parts, mut long) = (1, head);
    while parts < 5 && text.as_bytes().get(end) == Some(&b'.') {
        let next = part(end + 1);
        if next == 0 && parts < 2 {
            break;
        }
        end += 1 + next;
        long += next;
        parts += 1;
    }
    (head >= 10 && parts >= 2 && long >= 24).then_some(Span { start: at, end, kind: "jwt" })
}

/// A private key that begins here with `-----BEGIN`, to its end or to the end of the text.
#[must_use]
pub fn pem(text: &str, at: usize) -> Option<Span> {
    let rest = &text[at..];
    let (label, _) = rest.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    if !label.contains("PRIVATE KEY") || label.len() > 40 {
        return None;
    }
    let body = "-----BEGIN -----".len() + label.len();
    let end = rest[body..].find("-----END").map(|found| {
        let from = body + found + "-----END".len();
        rest[from..].find("-----").map_or(rest.len(), |close| from + close + 5)
    });
    Some(Span { start: at, end: at + end.unwrap_or(rest.len()), kind: "private-key" })
}

/// Characters of a full line of a private key, as programs write it, and of the longest one.
pub const PEM_LINE: usize = 64;
const PEM_LINE_MOST: usize = 80;

/// Full lines of a private key that stand alone: each behind a prefix of its own, or cut off from their beginning.
pub fn pem_lines(text: &str, out: &mut Vec<Span>) {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let apart = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
    let mut start = 0;
    for word in text.split_inclusive(apart) {
        let bare = word.trim_end_matches(apart);
        let full = (PEM_LINE..=PEM_LINE_MOST).contains(&bare.len()) && bare.bytes().all(inner);
        if full && super::chance::chance(bare.as_bytes()) {
            out.push(Span { start, end: start + bare.len(), kind: "private-key" });
        }
        start += word.len();
    }
}

/// The token of a Telegram bot around `:AA`.
#[must_use]
pub fn bot(text: &str, at: usize) -> Option<Span> {
    let digits = text[..at].bytes().rev().take_while(u8::is_ascii_digit).count();
    let tail = text.as_bytes()[at + 1..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        .count();
    let fits = (8..=10).contains(&digits) && (34..=36).contains(&tail);
    fits.then(|| Span { start: at - digits, end: at + 1 + tail, kind: "telegram-token" })
}
