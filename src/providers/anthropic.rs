//! Claude over the Messages API. The request is made in [`request`], the stream read in [`stream`].

pub mod request;
pub mod stream;

use super::{
    entrance::{Entrance, root},
    exchange::Post,
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
    entrance: Entrance,
}

impl Anthropic {
    /// At this address, with this key.
    #[must_use]
    pub fn new(transport: Transport, base_url: &str, key: Option<Secret>) -> Self {
        let key = key.map(|key| ("x-api-key", "", key));
        let url = root(base_url, "/v1").to_owned();
        let root = Post { vendor: Vendor::Anthropic, url, key, headers: HEADERS };
        Self { entrance: Entrance::new(transport, root) }
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
            let body = request::body(model, request);
            self.entrance.stream("/v1/messages", &body, stream::MessageStream::new(model), on).await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(self.entrance.models("/v1/models?limit=1000", |model| model["id"].as_str()))
    }
}
