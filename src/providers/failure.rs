//! From a vendor's answer that is no reply to one [`CallError`]: status, error type and wording of four APIs and
//! their imitations decide the kind; the waiting time is read from wherever a vendor puts it. Messages leave
//! here on one line, cleaned, without the key. No clock: an HTTP date counts from the answer's own `Date`.

use super::{
    http::Secret,
    transport::{Broken, NoStream},
    wire::{CallError, CallErrorKind},
};
use crate::domain::{money::Usage, team::Vendor, text::clean_line, time::Millis};
use http::HeaderMap;
use serde_json::Value;

/// Longest message kept, in characters.
const MESSAGE_MOST: usize = 600;
/// Longest start of a body shown when it holds no message, in characters.
const BODY_SHOWN: usize = 200;

/// Makes an error without usage and waiting time.
#[must_use]
pub fn call_error(vendor: Vendor, kind: CallErrorKind, message: &str) -> CallError {
    CallError {
        vendor,
        kind,
        message: clean_line(message, MESSAGE_MOST).to_string(),
        retry_after: None,
        usage: Usage::default(),
    }
}

/// What a vendor says went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaint {
    /// In its words.
    pub message: String,
    /// Its words for the kind: type, status, code, separated by spaces.
    pub words: String,
    /// A number in the place of an HTTP status.
    pub status: Option<u16>,
    /// `retryDelay` of a RetryInfo.
    pub retry_after: Option<Millis>,
}

impl Complaint {
    /// Reads every known form: `{"error":{..}}`, `{"error":"text"}`, `[{"error":..}]`, `{"detail":..}`,
    /// `{"type":..,"message":..}`.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.iter().find_map(Self::read),
            Value::Object(fields) => {
                if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
                    return Some(Self::of_error(error));
                }
                if let Some(detail) = fields.get("detail") {
                    return Some(Self { message: words_of(detail), ..Self::default() });
                }
                fields.get("message").and_then(Value::as_str)?;
                Some(Self::of_error(value))
            }
            _ => None,
        }
    }

    /// Reads the error object itself.
    #[must_use]
    pub fn of_error(error: &Value) -> Self {
        let Value::Object(fields) = error else {
            return Self { message: words_of(error), ..Self::default() };
        };
        let mut message = fields.get("message").map(words_of).unwrap_or_default();
        if let Some(raw) = error.pointer("/metadata/raw").and_then(Value::as_str) {
            message = format!("{message}: {raw}");
        }
        let mut words = String::new();
        for key in ["type", "status", "code"] {
            if let Some(word) = fields.get(key).and_then(Value::as_str) {
                words.push_str(word);
                words.push(' ');
            }
        }
        for reason in details(error).filter_map(|detail| detail.get("reason")?.as_str()) {
            words.push_str(reason);
            words.push(' ');
        }
        let number =
            fields.get("code").and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
        Self {
            message,
            words,
            status: number.and_then(|n| u16::try_from(n).ok()).filter(|n| (300..600).contains(n)),
            retry_after: details(error)
                .find_map(|detail| detail.get("retryDelay")?.as_str().and_then(decimal_seconds)),
        }
    }

    /// The kind, from words first, then wording, then status.
    #[must_use]
    pub fn kind(&self, status: Option<u16>) -> CallErrorKind {
        use CallErrorKind::{ContextTooLong, Overloaded, RateLimited, Rejected, Unauthorized};
        let said = self.message.to_ascii_lowercase();
        let word =
            |any: &[&str]| any.iter().any(|one| self.words.split(' ').any(|w| w.eq_ignore_ascii_case(one)));
        if word(&["context_length_exceeded", "exceed_context_size_error"])
            || TOO_LONG.iter().any(|part| said.contains(part))
        {
            return ContextTooLong;
        }
        if word(&["insufficient_quota", "invalid_api_key", "API_KEY_INVALID", "billing_error"]) {
            return Unauthorized;
        }
        if let Some(kind) = status.or(self.status).and_then(kind_of_status) {
            return kind;
        }
        if word(&["rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED", "too_many_requests"]) {
            RateLimited
        } else if word(&["authentication_error", "permission_error", "PERMISSION_DENIED", "UNAUTHENTICATED"])
        {
            Unauthorized
        } else if word(&[
            "invalid_request_error",
            "not_found_error",
            "request_too_large",
            "INVALID_ARGUMENT",
            "NOT_FOUND",
            "FAILED_PRECONDITION",
        ]) {
            Rejected
        } else {
            Overloaded
        }
    }
}

/// How vendors word that a conversation does not fit, in lower case.
const TOO_LONG: &[&str] = &[
    "prompt is too long",
    "maximum context length",
    "context length exceeded",
    "exceeds the maximum number of tokens",
    "exceeds the available context size",
    "exceed context limit",
    "exceeds the context window",
];

fn kind_of_status(status: u16) -> Option<CallErrorKind> {
    Some(match status {
        429 => CallErrorKind::RateLimited,
        401..=403 => CallErrorKind::Unauthorized,
        408 => CallErrorKind::Connection,
        409 | 500..=599 => CallErrorKind::Overloaded,
        300..=499 => CallErrorKind::Rejected,
        _ => return None,
    })
}

fn details(error: &Value) -> impl Iterator<Item = &Value> {
    error.get("details").and_then(Value::as_array).into_iter().flatten()
}

fn words_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An error in the middle of a stream that began with success.
#[must_use]
pub fn in_stream(vendor: Vendor, error: &Value) -> CallError {
    let complaint = Complaint::of_error(error);
    let mut failed = call_error(vendor, complaint.kind(None), &format!("broke off: {}", said(&complaint)));
    failed.retry_after = complaint.retry_after;
    failed
}

/// An answer that is no stream.
#[must_use]
pub fn refused(vendor: Vendor, answer: &NoStream, key: Option<&Secret>) -> CallError {
    let parsed = serde_json::from_str::<Value>(&answer.body).ok();
    let complaint = parsed.as_ref().and_then(Complaint::read);
    let status = answer.status.as_u16();
    let kind = match (&complaint, answer.status.is_success()) {
        (Some(complaint), true) => complaint.kind(None),
        (None, true) => CallErrorKind::Protocol,
        (Some(complaint), false) => complaint.kind(Some(status)),
        (None, false) => {
            Complaint { message: answer.body.clone(), ..Complaint::default() }.kind(Some(status))
        }
    };
    let what = match &complaint {
        Some(complaint) => said(complaint),
        None if answer.status.is_redirection() => "redirects elsewhere, which is not followed".to_owned(),
        None if answer.body.trim().is_empty() => "an empty answer".to_owned(),
        None => format!("no event stream but {:?}", &*clean_line(answer.body.trim(), BODY_SHOWN)),
    };
    let text = format!("HTTP {status}: {what}{}", hint(vendor, kind, status));
    let text = key.map_or_else(|| text.clone(), |key| key.hide_in(&text));
    let mut failed = call_error(vendor, kind, &text);
    failed.retry_after = retry_after(&answer.headers).or(complaint.and_then(|c| c.retry_after));
    failed
}

/// The exchange broke before or within the stream.
#[must_use]
pub fn broken(vendor: Vendor, broken: &Broken) -> CallError {
    let kind = match broken {
        Broken::TooLarge(..) => CallErrorKind::Protocol,
        Broken::HeaderTimeout(_) | Broken::IdleTimeout(_) | Broken::Wire(_) => CallErrorKind::Connection,
    };
    call_error(vendor, kind, &broken.to_string())
}

/// The stream ended before the vendor said that the reply is complete.
#[must_use]
pub fn cut(vendor: Vendor) -> CallError {
    call_error(vendor, CallErrorKind::Connection, "the stream was cut before the reply was complete")
}

/// An event that is not JSON, or not of the documented shape. A piece that merely ends early was cut.
#[must_use]
pub fn bad_event(vendor: Vendor, error: &serde_json::Error) -> CallError {
    if error.is_eof() {
        return cut(vendor);
    }
    call_error(vendor, CallErrorKind::Protocol, &format!("sent an event that cannot be read: {error}"))
}

fn said(complaint: &Complaint) -> String {
    let words = complaint.words.trim();
    match (complaint.message.trim(), words) {
        ("", "") => "an error without words".to_owned(),
        ("", words) => words.to_owned(),
        (message, "") => message.to_owned(),
        (message, words) => format!("{message} ({words})"),
    }
}

fn hint(vendor: Vendor, kind: CallErrorKind, status: u16) -> String {
    let (key, base) = match vendor {
        Vendor::Anthropic => ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        Vendor::Google => ("GEMINI_API_KEY", "GEMINI_BASE_URL"),
        Vendor::Openrouter => ("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL"),
        Vendor::Openai => ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    };
    match (kind, status) {
        (CallErrorKind::Unauthorized, 402) => "; the account is out of credit".to_owned(),
        (CallErrorKind::Unauthorized, _) => format!("; check {key} and the account"),
        (CallErrorKind::Rejected, 404) => format!("; see `chimera models` for ids, and check {base}"),
        (CallErrorKind::Rejected, 300..=399) | (CallErrorKind::Protocol, _) => format!("; check {base}"),
        _ => String::new(),
    }
}

/// What the vendor asks to wait: `retry-after-ms`, then `retry-after` as seconds or HTTP date.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Millis> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|ms| ms.parse::<f64>().ok()) {
        return whole_millis(ms);
    }
    let value = text("retry-after")?;
    if let Some(span) = decimal_seconds(value) {
        return Some(span);
    }
    let (until, now) = (http_date(value)?, text("date").and_then(http_date)?);
    Some(Millis::secs(u64::try_from(until - now).unwrap_or(0)))
}

/// `37`, `0.5`, `37s`.
fn decimal_seconds(text: &str) -> Option<Millis> {
    whole_millis(text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok()? * 1_000.0)
}

fn whole_millis(ms: f64) -> Option<Millis> {
    // A day is longer than anybody waits for a model; the cast below is exact within it.
    (0.0..=86_400_000.0).contains(&ms).then(|| Millis(ms.ceil() as u64))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of RFC 9110 that servers may send.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: i64 = parts.next()?.parse().ok()?;
    let name = parts.next().filter(|name| name.len() == 3)?;
    let month = i64::try_from(MONTHS.find(name)? / 3).ok()? + 1;
    let year: i64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let seconds = clock.next()?? * 3_600 + clock.next()?? * 60 + clock.next()??;
    let in_range = (1970..=9999).contains(&year) && (1..=31).contains(&day);
    (in_range && parts.next() == Some("GMT")).then(|| days_since_1970(year, month, day) * 86_400 + seconds)
}

/// Days of a civil date, counted with years that begin in March so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests;
