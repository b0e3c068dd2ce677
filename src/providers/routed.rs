//! Whose model a router's is: what it costs and how it counts is the vendor's own.

use crate::domain::team::{ModelRef, Vendor};

/// The vendor's own model behind one of OpenRouter, which asks the vendors' list prices: `anthropic/claude-opus-4.5`
/// there is `claude-opus-4-5` at home. Variants (`:free`, `:nitro`) have prices of their own.
pub(super) fn behind(model: &ModelRef) -> Option<ModelRef> {
    let (vendor, id) = model.model.split_once('/').filter(|_| model.vendor == Vendor::Openrouter)?;
    let (vendor, id) = match vendor {
        "anthropic" => (Vendor::Anthropic, id.replace('.', "-")),
        "google" => (Vendor::Google, id.to_owned()),
        "openai" => (Vendor::Openai, id.to_owned()),
        _ => return None,
    };
    (!id.contains(':')).then_some(ModelRef { vendor, model: id })
}
