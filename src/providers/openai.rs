//! Chat completions: OpenAI, OpenRouter, and whatever imitates them (Ollama, llama.cpp, vLLM). The request is made
//! in [`request`], the stream read in [`stream`]. What differs between them is one [`Dialect`].

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
    entrance: Entrance,
    dialect: Dialect,
    fallbacks: Vec<String>,
}

impl OpenAi {
    /// At this address, with this key; local servers need none.
    #[must_use]
    pub fn new(transport: Transport, vendor: Vendor, base_url: &str, key: Option<Secret>) -> Self {
        let url = root(base_url, "").to_owned();
        let dialect = Dialect::of(vendor, &url);
        let key = key.map(|key| ("authorization", "Bearer ", key));
        let headers = if dialect == Dialect::OpenRouter { OPENROUTER_HEADERS } else { &[] };
        let root = Post { vendor: dialect.vendor(), url, key, headers };
        Self { entrance: Entrance::new(transport, root), dialect, fallbacks: Vec::new() }
    }

    /// Models OpenRouter may answer with when the asked one cannot.
    #[must_use]
    pub fn with_fallbacks(mut self, models: Vec<String>) -> Self {
        self.fallbacks = models;
        self
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
            let body = request::body(self.dialect, model, &self.fallbacks, request);
            let decoder = stream::ChunkStream::new(self.dialect.vendor(), model, request.messages.len());
            self.entrance.stream("/chat/completions", &body, decoder, on).await
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>> {
        Box::pin(self.entrance.models("/models", |model| model["id"].as_str()))
    }
}
