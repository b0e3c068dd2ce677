//! Gemini over streamGenerateContent. The request is made in [`request`], its schemas reduced in [`schema`], the
//! stream read in [`stream`].

pub mod request;
pub mod schema;
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
pub const BASE_URL: &str = "https://generativelanguage.googleapis.com";

/// Gemini's API.
#[derive(Debug, Clone)]
pub struct Gemini {
    transport: Transport,
    base_url: String,
    key: Option<Secret>,
}

impl Gemini {
    /// At this address, with this key. The key travels in a header, never in the address.
    #[must_use]
    pub fn new(transport: Transport, base_url: &str, key: Option<Secret>) -> Self {
        let base = trimmed(base_url);
        Self { transport, base_url: base.strip_suffix("/v1beta").unwrap_or(base).to_owned(), key }
    }

    fn post(&self, path: &str) -> Post {
        Post {
            vendor: Vendor::Google,
            url: format!("{}/v1beta/{path}", self.base_url),
            key: self.key.clone().map(|key| ("x-goog-api-key", "", key)),
            headers: &[],
        }
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
            let body = request::body(model, request).to_string();
            let decoder = stream::ContentStream::new(model, request.messages.len());
            let name = model.strip_prefix("models/").unwrap_or(model);
            let post = self.post(&format!("models/{name}:streamGenerateContent?alt=sse"));
            exchange::stream(&self.transport, &post, body, decoder, on).await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(async move {
            let list = exchange::get(&self.transport, &self.post("models?pageSize=1000")).await?;
            let talks = |model: &&serde_json::Value| {
                let methods = model["supportedGenerationMethods"].as_array();
                methods.is_none_or(|methods| methods.iter().any(|method| method == "generateContent"))
            };
            let models = list["models"].as_array().into_iter().flatten().filter(talks);
            let name = |model: &serde_json::Value| {
                model["name"].as_str().map(|name| name.strip_prefix("models/").unwrap_or(name).to_owned())
            };
            Ok(models.filter_map(name).collect())
        })
    }
}
