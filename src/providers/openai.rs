//! Chat completions: OpenAI, OpenRouter, and whatever imitates them (Ollama, llama.cpp, vLLM). The request is made
//! in [`request`], the stream read in [`stream`]. What differs between them is one [`Dialect`].

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

/// Where OpenAI answers.
pub const OPENAI_URL: &str = "https://api.openai.com/v1";
/// Where OpenRouter answers.
pub const OPENROUTER_URL: &str = "https://openrouter.ai/api/v1";
/// OpenRouter shows these names in its own statistics.
const OPENROUTER_HEADERS: &[(&str, &str)] = &[("x-title", "chimera")];

/// Which of the imitations is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI itself.
    OpenAi,
    /// OpenRouter: fallback models, reasoning budget, cost in the usage.
    OpenRouter,
    /// Anything else: only the fields that all of them know.
    Compatible,
}

impl Dialect {
    /// By vendor and address.
    #[must_use]
    pub fn of(vendor: Vendor, base_url: &str) -> Self {
        match vendor {
            Vendor::Openrouter => Self::OpenRouter,
            _ if base_url.contains("://api.openai.com") => Self::OpenAi,
            _ => Self::Compatible,
        }
    }
    /// Whose errors and opaque blocks these are.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        match self {
            Self::OpenRouter => Vendor::Openrouter,
            Self::OpenAi | Self::Compatible => Vendor::Openai,
        }
    }
}

/// A chat completions API.
#[derive(Debug, Clone)]
pub struct OpenAi {
    transport: Transport,
    base_url: String,
    key: Option<Secret>,
    dialect: Dialect,
    fallbacks: Vec<String>,
}

impl OpenAi {
    /// At this address, with this key; local servers need none.
    #[must_use]
    pub fn new(transport: Transport, vendor: Vendor, base_url: &str, key: Option<Secret>) -> Self {
        let base_url = trimmed(base_url).to_owned();
        let dialect = Dialect::of(vendor, &base_url);
        Self { transport, base_url, key, dialect, fallbacks: Vec::new() }
    }

    /// Models OpenRouter may answer with when the asked one cannot.
    #[must_use]
    pub fn with_fallbacks(mut self, models: Vec<String>) -> Self {
        self.fallbacks = models;
        self
    }

    fn post(&self, path: &str) -> Post {
        Post {
            vendor: self.dialect.vendor(),
            url: format!("{}{path}", self.base_url),
            key: self.key.clone().map(|key| ("authorization", "Bearer ", key)),
            headers: if self.dialect == Dialect::OpenRouter { OPENROUTER_HEADERS } else { &[] },
        }
    }
}

impl Provider for OpenAi {
    fn call<'a>(
        &'a self,
        model: &'a str,
        request: &'a CallRequest,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        Box::pin(async move {
            let body = request::body(self.dialect, model, &self.fallbacks, request).to_string();
            let decoder = stream::ChunkStream::new(self.dialect.vendor(), model, request.messages.len());
            exchange::stream(&self.transport, &self.post("/chat/completions"), body, decoder, on).await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(async move {
            let list = exchange::get(&self.transport, &self.post("/models")).await?;
            let models = list["data"].as_array().or_else(|| list["models"].as_array()).into_iter().flatten();
            Ok(models.filter_map(|model| model["id"].as_str().map(str::to_owned)).collect())
        })
    }
}
