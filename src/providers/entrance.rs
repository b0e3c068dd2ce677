//! A vendor's API at one address: where it is entered, with which key, and what the three APIs have in common
//! there. Knows no format but that of a list of models.

use super::{
    exchange::{self, Decoder, Post},
    transport::Transport,
    wire::{CallError, OnDelta, Reply},
};
use serde_json::Value;

/// One address of one API.
#[derive(Debug, Clone)]
pub struct Entrance {
    transport: Transport,
    root: Post,
}

impl Entrance {
    /// Over this transport; `root` has the address that every path is added to.
    #[must_use]
    pub fn new(transport: Transport, root: Post) -> Self {
        Self { transport, root }
    }

    fn at(&self, path: &str) -> Post {
        Post { url: format!("{}{path}", self.root.url), ..self.root.clone() }
    }

    /// Sends `body` and streams the reply.
    ///
    /// # Errors
    /// Whatever kept the reply from being complete.
    pub async fn stream(
        &self,
        path: &str,
        body: &Value,
        decoder: impl Decoder,
        on: OnDelta<'_>,
    ) -> Result<Reply, CallError> {
        exchange::stream(&self.transport, &self.at(path), body.to_string(), decoder, on).await
    }

    /// Ids of the models listed at `path`, each as `id` reads it.
    ///
    /// # Errors
    /// The list did not come, or is none.
    pub async fn models(
        &self,
        path: &str,
        id: impl Fn(&Value) -> Option<&str>,
    ) -> Result<Vec<String>, CallError> {
        let list = exchange::get(&self.transport, &self.at(path)).await?;
        let models = list["data"].as_array().or_else(|| list["models"].as_array()).into_iter().flatten();
        Ok(models.filter_map(id).map(str::to_owned).collect())
    }
}

/// A vendor's address as paths are added to it: without a slash at the end, and without the `version` that is part
/// of each path.
#[must_use]
pub fn root<'a>(base_url: &'a str, version: &str) -> &'a str {
    let base = base_url.trim().trim_end_matches('/');
    base.strip_suffix(version).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_the_version() {
        for base in ["https://a.example", "https://a.example/", " https://a.example/v1/ "] {
            assert_eq!(root(base, "/v1"), "https://a.example");
        }
        assert_eq!(root("https://a.example/v1", ""), "https://a.example/v1");
    }
}
