//! Earlier briefs, newest first: those the state knows, then those of the journal.

use crate::runtime::handle::{Handle, HistoryQuery};
use std::sync::Arc;

/// Earlier briefs that are read for the history.
const BRIEFS_MOST: usize = 200;

pub(super) async fn briefs(handle: &Handle) -> Vec<String> {
    let state: Arc<_> = handle.snapshot();
    let known: Vec<String> = state.missions.values().rev().map(|m| m.brief.text.clone()).collect();
    let query = HistoryQuery { kind: "mission.opened".into(), most: BRIEFS_MOST, ..HistoryQuery::default() };
    let entries = handle.read(query).await.unwrap_or_default();
    let older = entries.iter().filter_map(|entry| {
        let value: serde_json::Value = serde_json::from_str(&entry.payload).ok()?;
        brief_text(&value)
    });
    let mut texts: Vec<String> = Vec::new();
    for text in known.into_iter().chain(older) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.truncate(BRIEFS_MOST);
    texts
}

/// The brief's words, wherever the entry's envelope puts the brief.
fn brief_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Object(fields) if fields.contains_key("text") && fields.contains_key("budget") => {
            fields.get("text")?.as_str().map(str::to_owned)
        }
        serde_json::Value::Object(fields) => fields.values().find_map(brief_text),
        serde_json::Value::Array(items) => items.iter().find_map(brief_text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_briefs_are_found_in_any_envelope() {
        let entry = serde_json::json!({"mission": [1, {"opened": {"text": "fix", "budget": 5}}]});
        assert_eq!(brief_text(&entry), Some("fix".into()));
        assert_eq!(brief_text(&serde_json::json!({"text": "no brief"})), None);
    }
}
