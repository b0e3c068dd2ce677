//! A payload as it came, read field by field, and what came of it. Every failure names the field by its way from the
//! top, such as `alerts[2].labels.alertname`, and never repeats what stands in it. Size, depth and the length of every
//! list and map are bounded here, once for all formats.

use crate::domain::signal::Signal;
use serde_json::Value;

/// Bytes of a payload.
pub const BODY_MOST: usize = 1024 * 1024;
/// Lists and maps within each other.
pub const DEPTH_MOST: usize = 32;
/// Entries of a list that is read.
pub(super) const LIST_MOST: usize = 1_000;
/// Entries of a map that is read.
const MAP_MOST: usize = 64;
/// Problems kept of one payload.
const PROBLEMS_MOST: usize = 32;

/// What came of a payload.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Its alarms, in our words.
    pub signals: Vec<Signal>,
    /// Parts that could not be read; the others are in `signals` all the same.
    pub problems: Vec<BadPayload>,
    /// Why there is no alarm in it, where that is as it should be: a test, a run that has only begun.
    pub passed_over: Option<String>,
    /// What the sender wants to hear back, to believe that somebody is here.
    pub challenge: Option<String>,
}

impl Payload {
    /// One alarm.
    pub(super) fn one(signal: Signal) -> Self {
        Self { signals: vec![signal], ..Self::default() }
    }

    /// Nothing to act on, and why.
    pub(super) fn nothing(why: &str) -> Self {
        Self { passed_over: Some(why.to_owned()), ..Self::default() }
    }

    /// Adds what could not be read.
    pub(super) fn problem(&mut self, problem: BadPayload) {
        if self.problems.len() < PROBLEMS_MOST {
            self.problems.push(problem);
        }
    }
}

/// A field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {what}")]
pub struct BadPayload {
    /// Which, by its way from the top; `body` for the whole.
    pub field: String,
    /// What is wrong with it.
    pub what: String,
}

impl BadPayload {
    /// This field, this wrong.
    pub(super) fn new(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { field: field.into(), what: what.into() }
    }
}

/// The tree of a payload.
///
/// # Errors
/// Too long, too deep, or no JSON.
pub(super) fn parse(body: &[u8]) -> Result<Value, BadPayload> {
    let bad = |what: String| BadPayload::new("body", what);
    if body.len() > BODY_MOST {
        return Err(bad(format!("is over {} KiB", BODY_MOST / 1024)));
    }
    if depth(body) > DEPTH_MOST {
        return Err(bad(format!("is more than {DEPTH_MOST} levels deep")));
    }
    let tree = serde_json::from_slice(body);
    tree.map_err(|error| {
        bad(format!("is no JSON: wrong at line {}, column {}", error.line(), error.column()))
    })
}

/// Levels of lists and maps, without building them.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A place in the tree that knows its way from the top.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    way: String,
}

impl<'a> Node<'a> {
    /// The top, which must be a map.
    pub(super) fn top(value: &'a Value) -> Result<Self, BadPayload> {
        let top = Self { value, way: "body".to_owned() };
        if value.is_object() { Ok(top) } else { Err(top.bad("is not an object")) }
    }

    /// That this is not as it should be.
    pub(super) fn bad(&self, what: &str) -> BadPayload {
        BadPayload::new(self.way.clone(), what)
    }

    /// That the field of this name is not as it should be.
    pub(super) fn bad_at(&self, name: &str, what: &str) -> BadPayload {
        BadPayload::new(self.way_to(name), what)
    }

    fn way_to(&self, name: &str) -> String {
        if self.way == "body" { name.to_owned() } else { format!("{}.{name}", self.way) }
    }

    /// The field, if it is there and not null.
    pub(super) fn find(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { value, way: self.way_to(name) })
    }

    /// The map of this name.
    pub(super) fn map(&self, name: &str) -> Result<Self, BadPayload> {
        self.map_if(name)?.ok_or_else(|| self.bad_at(name, "is missing"))
    }

    /// The map of this name, if there is one.
    pub(super) fn map_if(&self, name: &str) -> Result<Option<Self>, BadPayload> {
        match self.find(name) {
            Some(node) if !node.value.is_object() => Err(node.bad("is not an object")),
            other => Ok(other),
        }
    }

    /// The text of this name, which may not be empty.
    pub(super) fn text(&self, name: &str) -> Result<&'a str, BadPayload> {
        self.text_if(name)?.ok_or_else(|| self.bad_at(name, "is missing or empty"))
    }

    /// The text of this name, if there is one; an empty one is none.
    pub(super) fn text_if(&self, name: &str) -> Result<Option<&'a str>, BadPayload> {
        match self.find(name) {
            None => Ok(None),
            Some(node) => {
                let text = node.value.as_str().ok_or_else(|| node.bad("is not a text"))?;
                Ok(Some(text).filter(|text| !text.trim().is_empty()))
            }
        }
    }

    /// The whole number of this name, also one in quotes.
    pub(super) fn number_if(&self, name: &str) -> Result<Option<u64>, BadPayload> {
        let Some(node) = self.find(name) else { return Ok(None) };
        let number = node.value.as_u64().or_else(|| node.value.as_str()?.parse().ok());
        number.map(Some).ok_or_else(|| node.bad("is not a whole number"))
    }

    /// What tells one thing from others: a text or a number.
    pub(super) fn id(&self, name: &str) -> Result<String, BadPayload> {
        self.id_if(name)?.ok_or_else(|| self.bad_at(name, "is missing or empty"))
    }

    /// The same, if there is one.
    pub(super) fn id_if(&self, name: &str) -> Result<Option<String>, BadPayload> {
        match self.find(name) {
            Some(node) if node.value.is_u64() => Ok(Some(node.value.to_string())),
            Some(node) if !node.value.is_string() => Err(node.bad("is neither a text nor a whole number")),
            _ => Ok(self.text_if(name)?.map(str::to_owned)),
        }
    }

    /// The first entries of the list of this name, and how many there are.
    pub(super) fn list(&self, name: &str) -> Result<(Vec<Self>, usize), BadPayload> {
        let node = self.find(name).ok_or_else(|| self.bad_at(name, "is missing"))?;
        let list = node.value.as_array().ok_or_else(|| node.bad("is not a list"))?;
        let entry = |(at, value)| Self { value, way: format!("{}[{at}]", node.way) };
        Ok((list.iter().take(LIST_MOST).enumerate().map(entry).collect(), list.len()))
    }

    /// This, which must be a map.
    pub(super) fn as_map(&self) -> Result<&Self, BadPayload> {
        if self.value.is_object() { Ok(self) } else { Err(self.bad("is not an object")) }
    }

    /// Names and texts of the map of this name; none where it is not there.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<(&'a str, &'a str)>, BadPayload> {
        let Some(node) = self.map_if(name)? else { return Ok(Vec::new()) };
        let map = node.value.as_object().into_iter().flatten();
        let mut texts = Vec::new();
        for (name, value) in map {
            if texts.len() == MAP_MOST {
                return Err(node.bad(&format!("has more than {MAP_MOST} entries")));
            }
            // A name from outside is not repeated unless it is one of ours.
            let plain =
                name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let text = value.as_str().ok_or_else(|| {
                if plain {
                    node.bad_at(name, "is not a text")
                } else {
                    node.bad("has an entry that is not a text")
                }
            })?;
            texts.push((name.as_str(), text));
        }
        Ok(texts)
    }

    /// The raw value, for parts whose shape differs from sender to sender and that nothing hangs on.
    pub(super) fn raw(&self) -> &'a Value {
        self.value
    }
}
