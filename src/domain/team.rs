//! Who works: vendors, roles, teams.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whose API answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Claude, Messages API.
    Anthropic,
    /// Gemini, streamGenerateContent.
    Google,
    /// OpenRouter chat completions.
    Openrouter,
    /// Any other OpenAI-compatible endpoint: OpenAI, Ollama, llama.cpp, vLLM.
    Openai,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Anthropic, Self::Google, Self::Openrouter, Self::Openai];
    /// The word in configuration and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Google => "google",
            Self::Openrouter => "openrouter",
            Self::Openai => "openai",
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No vendor of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a vendor; known are anthropic, google, openrouter, openai")]
pub struct BadVendor(pub String);

impl FromStr for Vendor {
    type Err = BadVendor;
    fn from_str(text: &str) -> Result<Self, BadVendor> {
        Self::ALL.into_iter().find(|v| v.word() == text).ok_or_else(|| BadVendor(text.to_owned()))
    }
}

/// A model at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelRef {
    /// Whose API.
    pub vendor: Vendor,
    /// The vendor's id of the model.
    pub model: String,
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.vendor, self.model)
    }
}

impl FromStr for ModelRef {
    type Err = BadVendor;
    /// Reads `vendor/model`; the model may itself hold slashes (`openrouter/meta/llama`).
    fn from_str(text: &str) -> Result<Self, BadVendor> {
        let (vendor, model) = text.split_once('/').ok_or_else(|| BadVendor(text.to_owned()))?;
        if model.is_empty() {
            return Err(BadVendor(text.to_owned()));
        }
        Ok(Self { vendor: vendor.parse()?, model: model.to_owned() })
    }
}

/// A team as a brief names it: one model that answers, others to fall back to, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSpec {
    /// Shown name, unique within a mission.
    pub name: String,
    /// Who answers.
    pub model: ModelRef,
    /// Who answers when that one cannot, in order. Naming a chain is the director's consent to it.
    pub fallback: Vec<ModelRef>,
}

/// What an agent is for; selects model and prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asks, plans, reports: the anchor desk.
    Orchestrator,
    /// Works on a candidate.
    Worker,
    /// Reviews candidates.
    Judge,
    /// Condenses a conversation that grew too long.
    Summarizer,
    /// Looks into what rules leave open about an incident.
    Investigator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Orchestrator, Self::Worker, Self::Judge, Self::Summarizer, Self::Investigator];
    /// The word in configuration and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Orchestrator => "orchestrator",
            Self::Worker => "worker",
            Self::Judge => "judge",
            Self::Summarizer => "summarizer",
            Self::Investigator => "investigator",
        }
    }
}
