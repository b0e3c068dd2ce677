//! A vendor's proof of its reasoning carries the vendor's name within this program (`anthropic:EqQB...`), so that
//! a conversation can move between vendors: each takes its own proofs back and leaves the others out.

use crate::domain::team::Vendor;

/// Names the vendor of a proof that has just arrived.
#[must_use]
pub fn named(vendor: Vendor, proof: &str) -> String {
    format!("{vendor}:{proof}")
}

/// The bare proof, if it is this vendor's.
#[must_use]
pub fn own(vendor: Vendor, signature: Option<&str>) -> Option<&str> {
    signature?.strip_prefix(vendor.word())?.strip_prefix(':')
}

/// An id for a tool call that came without: `turn` is the length of the conversation, so that ids never repeat
/// within it.
#[must_use]
pub fn made_up_id(turn: usize, index: usize) -> String {
    format!("call_{turn}_{index}")
}

/// Arguments of a tool call from their text. What is no JSON is kept under `__invalid`, so that the model can be
/// told; nothing at all means no arguments.
#[must_use]
pub fn arguments(text: &str) -> serde_json::Value {
    if text.trim().is_empty() {
        return serde_json::json!({});
    }
    serde_json::from_str(text).unwrap_or_else(|_| serde_json::json!({"__invalid": text}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_goes_home_only() {
        let proof = named(Vendor::Google, "abc:def");
        assert_eq!(own(Vendor::Google, Some(&proof)), Some("abc:def"));
        assert_eq!(own(Vendor::Anthropic, Some(&proof)), None);
        assert_eq!(own(Vendor::Google, Some("bare")), None);
        assert_eq!(own(Vendor::Google, None), None);
    }

    #[test]
    fn arguments_that_are_no_json_are_kept() {
        assert_eq!(arguments(" "), serde_json::json!({}));
        assert_eq!(arguments("{\"a\":1}"), serde_json::json!({"a": 1}));
        assert_eq!(arguments("{\"a\":"), serde_json::json!({"__invalid": "{\"a\":"}));
    }
}
