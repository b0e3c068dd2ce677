//! The nodes that pods are on: a pod of a node that does not answer says `Running` as long as nobody tells it otherwise, so the
//! node is asked. Pure.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Nodes by name, and whether each is ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nodes(BTreeMap<String, bool>);

impl Nodes {
    /// Nodes asked for at once.
    pub const MOST: usize = 32;

    /// Reads a list of nodes, or one node by itself; those of `asked` that the cluster does not know are gone.
    #[must_use]
    pub fn of(said: Option<&Json>, asked: &[&str]) -> Self {
        let list = said.and_then(|said| said.get("items")).and_then(Json::as_array);
        let alone = said.filter(|_| list.is_none());
        let mut all: BTreeMap<String, bool> = asked.iter().map(|name| ((*name).to_owned(), false)).collect();
        for node in list.into_iter().flatten().chain(alone) {
            let Some(name) = node.pointer("/metadata/name").and_then(Json::as_str) else { continue };
            let conditions = node.pointer("/status/conditions").and_then(Json::as_array);
            let ready = conditions.into_iter().flatten().any(|condition| {
                let word = |name: &str| condition.get(name).and_then(Json::as_str);
                (word("type"), word("status")) == (Some("Ready"), Some("True"))
            });
            all.insert(name.to_owned(), ready);
        }
        Self(all)
    }

    /// Whether a node is known not to be ready.
    #[must_use]
    pub fn lost(&self, name: &str) -> bool {
        self.0.get(name) == Some(&false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_node_that_is_silent_or_gone_is_lost_and_an_unasked_one_is_not() {
        let node = |name: &str, ready: &str| {
            json!({"metadata": {"name": name},
            "status": {"conditions": [{"type": "MemoryPressure", "status": "Unknown"}, {"type": "Ready", "status": ready}]}})
        };
        let list = json!({"items": [node("n1", "True"), node("n2", "Unknown"), node("n3", "False")]});
        let nodes = Nodes::of(Some(&list), &["n1", "n2", "n3", "n4"]);
        let lost = ["n1", "n2", "n3", "n4", "n5"].map(|name| nodes.lost(name));
        assert_eq!(lost, [false, true, true, true, false]);
        assert!(Nodes::of(Some(&node("n2", "Unknown")), &["n2"]).lost("n2"), "one by itself is no list");
        assert!(!Nodes::default().lost("n1"));
    }
}
