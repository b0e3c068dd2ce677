//! Claude over the Messages API. The request is made in [`request`], the stream read in [`stream`].

pub mod request;
pub mod stream;

use super::{
    exchange::{self, Post, trimmed},
    http::Secret,
    transport::Transport,
    wire::{CallError, CallRequest, OnDelta, Provider, Reply},
};
use crate::domain::team::Vendor;
use futures::future::BoxFuture;

/// Where the vendor answers.
pub const BASE_URL: &str = "https://api.anthropic.com";
/// The version of the API this file speaks.
const HEADERS: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

/// Claude's API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    transport: Transport,
    base_url: String,
    key: Option<Secret>,
}

impl Anthropic {
    /// At this address, with this key.
    #[must_use]
    pub fn new(transport: Transport, base_url: &str, key: Option<Secret>) -> Self {
        let base = trimmed(base_url);
        Self { transport, base_url: base.strip_suffix("/v1").unwrap_or(base).to_owned(), key }
    }

    fn post(&self, path: &str) -> Post {
        Post {
            vendor: Vendor::Anthropic,
            url: format!("{}{path}", self.base_url),
            key: self.key.clone().map(|key| ("x-api-key", "", key)),
            headers: HEADERS,
        }
    }
}

impl Provider for Anthropic {
    fn call<'a>(
        &'a self,
        model: &'a str,
        request: &'a CallRequest,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        Box::pin(async move {
            let body = request::body(model, request).to_string();
            let decoder = stream::MessageStream::new(model);
            exchange::stream(&self.transport, &self.post("/v1/messages"), body, decoder, on).await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(async move {
            let list = exchange::get(&self.transport, &self.post("/v1/models?limit=1000")).await?;
            let models = list["data"].as_array().into_iter().flatten();
            Ok(models.filter_map(|model| model["id"].as_str().map(str::to_owned)).collect())
        })
    }
}
