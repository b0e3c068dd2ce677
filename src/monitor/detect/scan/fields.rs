//! Lines that are JSON or `key=value`: their level, message, user and request. Bounded; a line that is neither is none.

use super::class::{ID_MOST, Level};
use crate::domain::text::{self, Clean};
use serde_json::{Map, Value};

/// Bytes of a message kept.
pub const MESSAGE_MOST: usize = 4 * 1024;
/// Pairs read of a `key=value` line.
const PAIRS_MOST: usize = 64;
/// Bytes of a key.
const KEY_MOST: usize = 32;

const LEVELS: [&str; 11] = [
    "level",
    "severity",
    "lvl",
    "log.level",
    "levelname",
    "level_name",
    "loglevel",
    "logLevel",
    "@l",
    "PRIORITY",
    "priority",
];
const MESSAGES: [&str; 10] =
    ["msg", "message", "MESSAGE", "short_message", "@m", "@mt", "text", "event", "error", "err"];
const USERS: [&str; 14] = [
    "user_id",
    "userId",
    "userID",
    "user.id",
    "uid",
    "user",
    "username",
    "account_id",
    "accountId",
    "account",
    "customer_id",
    "customerId",
    "customer",
    "tenant_id",
];
const REQUESTS: [&str; 14] = [
    "request_id",
    "requestId",
    "requestID",
    "req_id",
    "reqId",
    "request.id",
    "x_request_id",
    "x-request-id",
    "trace_id",
    "traceId",
    "trace.id",
    "correlation_id",
    "correlationId",
    "request",
];

/// What a structured line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// How bad, if it says so.
    pub level: Option<Level>,
    /// What happened.
    pub message: Option<String>,
    /// Whom it hit.
    pub user: Option<Clean>,
    /// Which request.
    pub request: Option<Clean>,
}

/// Of a line that is one JSON object.
pub fn json(line: &str) -> Option<Fields> {
    let Ok(Value::Object(map)) = serde_json::from_str(line) else { return None };
    // A container's log driver wraps the line of the program.
    let wrapped = map.get("log").and_then(Value::as_str).map(str::trim_end);
    let mut fields = wrapped.filter(|inner| inner.starts_with('{')).and_then(flat).unwrap_or_default();
    fields.level = fields.level.or_else(|| of(&map).level);
    let message = fields.message.take().or_else(|| wrapped.map(str::to_owned)).or_else(|| of(&map).message);
    fields.message = message.map(|message| bounded(&message));
    fields.user = fields.user.or_else(|| id(&map, &USERS));
    fields.request = fields.request.or_else(|| id(&map, &REQUESTS));
    Some(fields)
}

fn flat(line: &str) -> Option<Fields> {
    let Ok(Value::Object(map)) = serde_json::from_str(line) else { return None };
    Some(of(&map))
}

fn of(map: &Map<String, Value>) -> Fields {
    let nested = || map.get("log").and_then(|log| level(map, "level", log.get("level")?));
    Fields {
        level: LEVELS
            .iter()
            .find_map(|key| level(map, key, map.get(*key)?))
            .or_else(nested)
            .or_else(|| failed(map)),
        message: MESSAGES.iter().find_map(|key| words(map.get(*key)?)),
        user: id(map, &USERS),
        request: id(map, &REQUESTS),
    }
}

fn level(map: &Map<String, Value>, key: &str, value: &Value) -> Option<Level> {
    let severity = |number: u64| {
        let counts_down = key.eq_ignore_ascii_case("priority") || map.contains_key("short_message");
        (counts_down && number < 8).then(|| Level::of_severity(number))
    };
    // journald and GELF count down to 0, pino and bunyan up from 10. Other numbers are levels of something else.
    match value {
        Value::String(word) => Level::of_word(word).or_else(|| severity(word.parse().ok()?)),
        Value::Number(number) => {
            let number = number.as_u64()?;
            let counts_up = key == "level" && number % 10 == 0 && (10..70).contains(&number);
            severity(number).or_else(|| counts_up.then(|| Level::of_number(number)))
        }
        _ => None,
    }
}

/// A line without a level that carries an error.
fn failed(map: &Map<String, Value>) -> Option<Level> {
    let carries = |value: &Value| match value {
        Value::String(text) => named(text).is_some(),
        Value::Object(inner) => !inner.is_empty(),
        _ => false,
    };
    ["error", "err", "exception"].iter().any(|key| map.get(*key).is_some_and(carries)).then_some(Level::Error)
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(words) if !words.is_empty() => Some(words.clone()),
        Value::Object(map) => MESSAGES.iter().find_map(|key| Some(map.get(*key)?.as_str()?.to_owned())),
        _ => None,
    }
}

fn id(map: &Map<String, Value>, keys: &[&str]) -> Option<Clean> {
    keys.iter().find_map(|key| match map.get(*key)? {
        Value::String(text) => named(text),
        Value::Number(number) => named(&number.to_string()),
        Value::Object(inner) => match inner.get("id")? {
            Value::String(text) => named(text),
            Value::Number(number) => named(&number.to_string()),
            _ => None,
        },
        _ => None,
    })
}

/// An id that names somebody or something.
fn named(text: &str) -> Option<Clean> {
    let text = text.trim();
    let nobody = ["", "-", "null", "none", "nil", "<nil>", "anonymous", "undefined"];
    let known = !nobody.iter().any(|nobody| text.eq_ignore_ascii_case(nobody));
    known.then(|| text::clean_line(text, ID_MOST))
}

fn bounded(message: &str) -> String {
    message[..message.floor_char_boundary(MESSAGE_MOST)].to_owned()
}

/// Of a line with `key=value` pairs. Only pairs at word boundaries count, so `error_level=3` says no level.
pub fn pairs(line: &str) -> Fields {
    let mut fields = Fields::default();
    let mut rest = line;
    for _ in 0..PAIRS_MOST {
        let Some((key, value, after)) = next_pair(rest) else { break };
        rest = after;
        if fields.level.is_none() && LEVELS.contains(&key) {
            fields.level = Level::of_word(value);
        } else if fields.message.is_none() && MESSAGES[..2].contains(&key) && !value.is_empty() {
            fields.message = Some(bounded(&value.replace("\\\"", "\"")));
        } else if fields.user.is_none() && USERS.contains(&key) {
            fields.user = named(value);
        } else if fields.request.is_none() && REQUESTS.contains(&key) {
            fields.request = named(value);
        }
    }
    fields
}

/// The next `key=value` or `key="value"`, and what comes after it.
fn next_pair(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let equals = from + memchr::memchr(b'=', text.as_bytes().get(from..)?)?;
        let (before, value) = (text.get(..equals)?, text.get(equals + 1..)?);
        let key_start = before.bytes().rposition(|b| !(b.is_ascii_alphanumeric() || b"_.-@".contains(&b)));
        let key = before.get(key_start.map_or(0, |start| start + 1)..).unwrap_or_default();
        if key.is_empty() || key.len() > KEY_MOST {
            from = equals + 1;
            continue;
        }
        let Some(quoted) = value.strip_prefix('"') else {
            let end = value.find([' ', '\t', ',', ';', ')', ']', '}']).unwrap_or(value.len());
            return Some((key, value.get(..end)?, value.get(end..)?));
        };
        let end = closing(quoted);
        return Some((key, quoted.get(..end)?, quoted.get(end + 1..).unwrap_or_default()));
    }
}

/// Where the quotes end; backslashes escape.
fn closing(quoted: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    quoted.len()
}
