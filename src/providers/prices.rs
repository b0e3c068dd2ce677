//! What a call costs: a table of data (`assets/prices.toml`, a user's file over it), sums in whole micro-dollars,
//! rounded up once per call. A model that is not in the table has an unknown price, never a guessed one. Also the
//! estimate of what a request will cost at worst, which is set aside before it is sent.

use super::{
    pictures,
    routed::behind,
    wire::{Block, CallRequest},
};
use crate::domain::{
    money::{Cost, Money, Usage},
    picture::Size,
    team::{ModelRef, Vendor},
};
use serde::Deserialize;

/// The table that comes with the program.
const BUILT_IN: &str = include_str!("../../assets/prices.toml");
/// Bytes of text per token, at the least that is usual: English and code have about four.
const BYTES_PER_TOKEN: u64 = 3;
/// Tokens around a message that are not in its text.
const MESSAGE_TOKENS: u64 = 16;
/// Tokens a vendor adds to a request with tools.
const TOOLS_TOKENS: u64 = 512;
/// Prices are per so many tokens.
const PER: i128 = 1_000_000;

/// A price table that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Not TOML of the right form; the text has line and column.
    #[error("{file}: {why}")]
    Form {
        /// The file.
        file: String,
        /// What is wrong where.
        why: String,
    },
    /// An entry that means nothing.
    #[error("{file}: entry {entry}: {why}")]
    Entry {
        /// The file.
        file: String,
        /// Which entry, counted from 1, and its model.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    model: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    vendor: Vendor,
    id: Option<String>,
    prefix: Option<String>,
    #[serde(default)]
    above: u64,
    input: Option<String>,
    output: Option<String>,
    cache_read: Option<String>,
    cache_write: Option<String>,
    #[serde(default)]
    free: bool,
}

/// Price of a model, in micro-dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Prompt.
    pub input: Money,
    /// Answer, reasoning included.
    pub output: Money,
    /// Prompt read from the vendor's cache.
    pub cache_read: Money,
    /// Prompt written to the vendor's cache.
    pub cache_write: Money,
}

impl Price {
    /// Of what runs on the user's own machine.
    pub const FREE: Self =
        Self { input: Money::ZERO, output: Money::ZERO, cache_read: Money::ZERO, cache_write: Money::ZERO };

    /// What these tokens cost, rounded up to the micro-dollar.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Money {
        let part = |tokens: u64, price: Money| i128::from(tokens) * i128::from(price.0);
        let sum = part(usage.input, self.input)
            + part(usage.output, self.output)
            + part(usage.cache_read, self.cache_read)
            + part(usage.cache_write, self.cache_write);
        Money(i64::try_from((sum + PER - 1) / PER).unwrap_or(i64::MAX))
    }

    /// The most a request can cost: the whole prompt at the dearest way in, and every token of the answer.
    fn worst(&self, input: u64, request: &CallRequest) -> Money {
        let dearest = Self { input: self.input.max(self.cache_write), ..*self };
        dearest.cost(&Usage { input, output: u64::from(request.max_output), ..Usage::default() })
    }
}

/// Tokens of a request's prompt to a model, estimated high.
#[must_use]
pub fn estimated_input(model: &ModelRef, request: &CallRequest) -> u64 {
    let mut bytes = request.system.len();
    let mut tokens = MESSAGE_TOKENS * (request.messages.len() as u64 + 1);
    for block in request.messages.iter().flat_map(|message| &message.blocks) {
        match block {
            Block::Text(text) => bytes += text.len(),
            Block::Thinking { text, signature } => {
                bytes += text.len() + signature.as_ref().map_or(0, String::len)
            }
            Block::ToolCall { name, input, .. } => bytes += name.len() + input.to_string().len(),
            Block::ToolResult { name, content, .. } => bytes += name.len() + content.len(),
            Block::Image { .. } => tokens += pictures::reserved(model, block),
            Block::Opaque { value, .. } => bytes += value.to_string().len(),
        }
    }
    for tool in &request.tools {
        bytes += tool.name.len() + tool.description.len() + tool.input_schema.to_string().len();
    }
    if !request.tools.is_empty() {
        tokens += TOOLS_TOKENS;
    }
    tokens + tokens_of_bytes(bytes)
}

/// Tokens of so much text, estimated high.
#[must_use]
pub fn tokens_of_bytes(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    vendor: Vendor,
    name: String,
    exact: bool,
    /// For prompts of more tokens than this.
    above: u64,
    price: Price,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTable {
    /// One list per file, the last laid file first.
    layers: Vec<Vec<Entry>>,
    /// Vendors whose every model is free: a local server.
    free: Vec<Vendor>,
}

impl PriceTable {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// Never, as long as the test of this file passes.
    pub fn built_in() -> Result<Self, PriceError> {
        Self { layers: Vec::new(), free: Vec::new() }.overlaid("assets/prices.toml", BUILT_IN)
    }

    /// With the entries of `text` (from `file`) laid over it.
    ///
    /// # Errors
    /// Names file and entry.
    pub fn overlaid(mut self, file: &str, text: &str) -> Result<Self, PriceError> {
        let parsed: File = toml_edit::de::from_str(text)
            .map_err(|error| PriceError::Form { file: file.to_owned(), why: error.to_string() })?;
        let entry = |(at, row): (usize, Row)| {
            let name = row.id.as_deref().or(row.prefix.as_deref()).unwrap_or("without id").to_owned();
            let entry = format!("{} ({}/{name})", at + 1, row.vendor);
            entry_of(row).map_err(|why| PriceError::Entry { file: file.to_owned(), entry, why })
        };
        let layer = parsed.model.into_iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        self.layers.insert(0, layer);
        Ok(self)
    }

    /// With every model of `vendor` free.
    #[must_use]
    pub fn with_free(mut self, vendor: Vendor) -> Self {
        self.free.push(vendor);
        self
    }

    /// The price of a model for a prompt of so many tokens, if it is known: in the uppermost layer that knows it,
    /// the exact id, else the longest prefix.
    #[must_use]
    pub fn find(&self, model: &ModelRef, prompt: u64) -> Option<Price> {
        if self.free.contains(&model.vendor) {
            return Some(Price::FREE);
        }
        let fits = |entry: &&Entry| {
            let same =
                if entry.exact { model.model == entry.name } else { model.model.starts_with(&entry.name) };
            entry.vendor == model.vendor && same && (entry.above == 0 || prompt > entry.above)
        };
        let best = |layer: &Vec<Entry>| {
            layer
                .iter()
                .filter(fits)
                .max_by_key(|entry| (entry.exact, entry.name.len(), entry.above))
                .map(|entry| entry.price)
        };
        self.layers.iter().find_map(best).or_else(|| self.find(&behind(model)?, prompt))
    }

    /// What these tokens of this model cost.
    #[must_use]
    pub fn cost(&self, model: &ModelRef, usage: &Usage) -> Cost {
        let prompt = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
        self.find(model, prompt).map_or(Cost::Unknown, |price| Cost::Known(price.cost(usage)))
    }

    /// The most a request to this model can cost.
    #[must_use]
    pub fn worst(&self, model: &ModelRef, request: &CallRequest) -> Cost {
        let prompt = estimated_input(model, request);
        self.find(model, prompt).map_or(Cost::Unknown, |price| Cost::Known(price.worst(prompt, request)))
    }

    /// What a picture adds to one call of a model: tokens and money, each as far as it is known.
    #[must_use]
    pub fn picture(&self, model: &ModelRef, size: Size) -> (Option<u64>, Cost) {
        let tokens = pictures::tokens(model, size);
        let cost = match (self.find(model, tokens.unwrap_or(0)), tokens) {
            (Some(Price::FREE), _) => Cost::Known(Money::ZERO),
            (Some(price), Some(input)) => Cost::Known(price.cost(&Usage { input, ..Usage::default() })),
            _ => Cost::Unknown,
        };
        (tokens, cost)
    }
}

fn entry_of(row: Row) -> Result<Entry, String> {
    let (name, exact) = match (row.id, row.prefix) {
        (Some(id), None) => (id, true),
        (None, Some(prefix)) => (prefix, false),
        _ => return Err("needs either id or prefix".to_owned()),
    };
    let amount = |field: &str, text: Option<String>| {
        text.map(|text| text.parse::<Money>().map_err(|error| format!("{field}: {error}"))).transpose()
    };
    let (input, output) = (amount("input", row.input)?, amount("output", row.output)?);
    let (read, write) = (amount("cache_read", row.cache_read)?, amount("cache_write", row.cache_write)?);
    let price = match (row.free, input, output) {
        (true, None, None) => Price::FREE,
        (true, ..) => return Err("is free and has a price".to_owned()),
        (false, Some(input), Some(output)) => {
            Price { input, output, cache_read: read.unwrap_or(input), cache_write: write.unwrap_or(input) }
        }
        (false, ..) => {
            return Err("needs input and output in dollars per million tokens, or free = true".to_owned());
        }
    };
    Ok(Entry { vendor: row.vendor, name, exact, above: row.above, price })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::wire::{Message, Speaker};

    fn model(text: &str) -> ModelRef {
        text.parse().unwrap()
    }
    fn known(table: &PriceTable, of: &str) -> Option<(i64, i64)> {
        table.find(&model(of), 0).map(|price| (price.input.0, price.output.0))
    }

    #[test]
    fn b7_the_built_in_table_has_the_default_models() {
        let table = PriceTable::built_in().unwrap();
        assert_eq!(known(&table, "anthropic/claude-sonnet-4-5-20250929"), Some((3_000_000, 15_000_000)));
        assert_eq!(known(&table, "anthropic/claude-sonnet-4-20250514"), Some((3_000_000, 15_000_000)));
        assert_eq!(known(&table, "anthropic/claude-haiku-4-5-20251001"), Some((1_000_000, 5_000_000)));
        assert_eq!(known(&table, "anthropic/claude-opus-4-5-20251101"), Some((5_000_000, 25_000_000)));
        assert_eq!(known(&table, "google/gemini-2.0-flash-001"), Some((100_000, 400_000)));
        assert_eq!(known(&table, "google/gemini-2.0-flash-lite-001"), Some((20_000, 80_000)));
        for (routed, at_home) in [
            ("openrouter/anthropic/claude-opus-4.5", "anthropic/claude-opus-4-5"),
            ("openrouter/google/gemini-2.5-flash", "google/gemini-2.5-flash"),
            ("openrouter/openai/gpt-5-mini", "openai/gpt-5-mini"),
        ] {
            assert!(known(&table, routed).is_some());
            assert_eq!(known(&table, routed), known(&table, at_home));
        }
        for unknown in [
            "google/gemini-2.0-pro-001",
            "openrouter/google/gemini-2.5-flash:free",
            "openrouter/meta-llama/llama-4",
            "openrouter/a/b",
            "openai/llama3",
            "openai/gpt-4o-audio-preview",
            "google/gemini-2.5-flash-image",
        ] {
            assert_eq!(known(&table, unknown), None, "{unknown}");
            assert_eq!(table.cost(&model(unknown), &Usage::default()), Cost::Unknown);
        }
    }

    #[test]
    fn b7_costs_are_exact_and_rounded_up_once() {
        let table = PriceTable::built_in().unwrap();
        let sonnet = model("anthropic/claude-sonnet-4-5-20250929");
        let usage =
            Usage { input: 1_000, cache_read: 10_000, cache_write: 2_000, output: 500, reasoning: 100 };
        assert_eq!(table.cost(&sonnet, &usage), Cost::Known(Money(3_000 + 3_000 + 7_500 + 7_500)));
        let lite = model("google/gemini-2.0-flash-lite-001");
        let one = Usage { input: 1, output: 1, ..Usage::default() };
        assert_eq!(table.cost(&lite, &one), Cost::Known(Money(1)));
        let endless = Usage { output: u64::MAX, ..Usage::default() };
        assert_eq!(table.cost(&sonnet, &endless), Cost::Known(Money(i64::MAX)));
    }

    #[test]
    fn b7_long_prompts_cost_what_the_vendor_asks_for_them() {
        let table = PriceTable::built_in().unwrap();
        let pro = model("google/gemini-2.5-pro");
        let of = |input, cache_read| table.cost(&pro, &Usage { input, cache_read, ..Usage::default() });
        assert_eq!(of(200_000, 0), Cost::Known(Money(250_000)));
        assert_eq!(of(200_001, 0), Cost::Known(Money(500_003)));
        // Cached tokens are part of the prompt.
        assert_eq!(of(100_000, 200_000), Cost::Known(Money(250_000 + 50_000)));
        let long = CallRequest {
            system: "x".repeat(900_000),
            messages: Vec::new(),
            tools: Vec::new(),
            max_output: 1_000,
            thinking: 0,
        };
        assert_eq!(table.worst(&pro, &long), Cost::Known(Money(300_016 * 5 / 2 + 15_000)));
        let own = "[[model]]\nvendor = \"google\"\nid = \"gemini-2.5-pro\"\ninput = \"1\"\noutput = \"1\"\n";
        let table = table.overlaid("prices.toml", own).unwrap();
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        assert_eq!(table.cost(&pro, &usage), Cost::Known(Money(1_000_000)));
    }

    #[test]
    fn the_users_table_wins_and_local_is_free() {
        let own = "[[model]]\nvendor = \"anthropic\"\nprefix = \"claude-\"\ninput = \"9\"\noutput = \"9\"\n\
                   [[model]]\nvendor = \"openai\"\nprefix = \"llama\"\nfree = true\n";
        let table = PriceTable::built_in().unwrap().overlaid("prices.toml", own).unwrap();
        assert_eq!(known(&table, "anthropic/claude-sonnet-4-5-20250929"), Some((9_000_000, 9_000_000)));
        assert_eq!(known(&table, "openai/llama3.2"), Some((0, 0)));
        assert_eq!(known(&table.with_free(Vendor::Openai), "openai/anything"), Some((0, 0)));
    }

    #[test]
    fn a_bad_table_is_named_with_its_entry() {
        let table = PriceTable::built_in().unwrap();
        for (bad, names) in [
            ("[[model]]\nvendor = \"openai\"\nid = \"x\"\ninput = \"1\"", "entry 1 (openai/x)"),
            ("[[model]]\nvendor = \"openai\"\nid = \"x\"\ninput = \"-1\"\noutput = \"1\"", "input"),
            ("[[model]]\nvendor = \"openai\"\nfree = true", "id or prefix"),
            ("[[model]]\nvendor = \"acme\"\nid = \"x\"", "line 2"),
            ("[[model]]\nvendor = \"openai\"\nid = \"x\"\nprice = \"1\"", "price"),
        ] {
            let error = table.clone().overlaid("own.toml", bad).unwrap_err().to_string();
            assert!(error.contains("own.toml") && error.contains(names), "{error}");
        }
    }

    #[test]
    fn the_worst_case_covers_prompt_image_and_whole_answer() {
        let request = CallRequest {
            system: "x".repeat(300),
            messages: vec![Message {
                speaker: Speaker::User,
                blocks: vec![Block::Image { media_type: "image/png".into(), data: "A".repeat(900_000) }],
            }],
            tools: Vec::new(),
            max_output: 1_000,
            thinking: 0,
        };
        let sonnet = model("anthropic/claude-sonnet-4-5");
        assert_eq!(estimated_input(&sonnet, &request), 100 + 32 + 2_000);
        // The prompt as if it were all written to the cache: 3.75 dollars a million.
        let worst = PriceTable::built_in().unwrap().worst(&sonnet, &request);
        assert_eq!(worst, Cost::Known(Money(2_132 * 375 / 100 + 15_000)));
    }

    #[test]
    fn a6_a_picture_costs_its_tokens_at_the_models_price_and_an_unknown_price_stays_unknown() {
        let table = PriceTable::built_in().unwrap();
        let size = Size { width: 1_000, height: 1_000 };
        let of = |table: &PriceTable, name: &str| table.picture(&model(name), size);
        let sonnet = of(&table, "anthropic/claude-sonnet-4-5-20250929");
        assert_eq!(sonnet, (Some(1_334), Cost::Known(Money(4_002))));
        assert_eq!(of(&table, "google/gemini-2.0-pro-001"), (Some(4 * 258), Cost::Unknown));
        assert_eq!(of(&table, "openai/llava"), (None, Cost::Unknown));
        let local = table.with_free(Vendor::Openai);
        assert_eq!(of(&local, "openai/llava"), (None, Cost::Known(Money::ZERO)));
    }
}
