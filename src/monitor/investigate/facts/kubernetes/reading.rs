//! What single words of the cluster's answers are: names and moments. Pure.

use crate::domain::time::Timestamp;
use serde_json::Value as Json;

/// As the cluster itself wants names; anything else is not carried on.
#[must_use]
pub fn plain(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    let begins = |c: char| c.is_ascii_alphanumeric();
    word.starts_with(begins) && word.len() <= 253 && word.chars().all(fits)
}

/// The name at this place, where there is one.
#[must_use]
pub fn name<'j>(json: &'j Json, path: &str) -> Option<&'j str> {
    json.pointer(path).and_then(Json::as_str).filter(|word| plain(word))
}

/// The moment at this place, to the second.
#[must_use]
pub fn moment(json: &Json, path: &str) -> Option<Timestamp> {
    json.pointer(path)?.as_str()?.get(..19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_moments_are_read_and_nothing_else_is() {
        let said = json!({"a": "web-1", "b": "x; y", "at": "2026-01-01T00:01:00Z", "fine": "2026-01-01T00:01:00.123456Z",
            "bad": "yesterday"});
        assert_eq!((name(&said, "/a"), name(&said, "/b"), name(&said, "/c")), (Some("web-1"), None, None));
        assert_eq!(moment(&said, "/at"), Some("2026-01-01T00:01".parse().unwrap()));
        assert_eq!(moment(&said, "/fine"), moment(&said, "/at"));
        assert_eq!((moment(&said, "/bad"), moment(&said, "/c")), (None, None));
    }
}
