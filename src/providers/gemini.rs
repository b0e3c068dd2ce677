//! Gemini over streamGenerateContent. The request is made in [`request`], its schemas reduced in [`schema`], the
//! stream read in [`stream`].

pub mod request;
pub mod schema;
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
pub const BASE_URL: &str = "https://generativelanguage.googleapis.com";

/// Gemini's API.
#[derive(Debug, Clone)]
pub struct Gemini {
    entrance: Entrance,
}

impl Gemini {
    /// At this address, with this key. The key travels in a header, never in the address.
    #[must_use]
    pub fn new(transport: Transport, base_url: &str, key: Option<Secret>) -> Self {
        let key = key.map(|key| ("x-goog-api-key", "", key));
        let url = root(base_url, "/v1beta").to_owned();
        let root = Post { vendor: Vendor::Google, url, key, headers: &[] };
        Self { entrance: Entrance::new(transport, root) }
    }
}

impl Provider for Gemini {
    fn call<'a>(
        &'a self,
        model: &'a str,
        request: &'a CallRequest,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        Box::pin(async move {
            let body = request::body(model, request);
            let decoder = stream::ContentStream::new(model, request.messages.len());
            let path = format!("/v1beta/models/{}:streamGenerateContent?alt=sse", bare(model));
            self.entrance.stream(&path, &body, decoder, on).await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(self.entrance.models("/v1beta/models?pageSize=1000", |model| {
            let methods = model["supportedGenerationMethods"].as_array();
            let talks =
                methods.is_none_or(|methods| methods.iter().any(|method| method == "generateContent"));
            model["name"].as_str().filter(|_| talks).map(bare)
        }))
    }
}

/// A model's name without the collection it stands in.
fn bare(model: &str) -> &str {
    model.strip_prefix("models/").unwrap_or(model)
}
