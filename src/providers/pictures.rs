//! Tokens of a picture in one call, by the rules that vendors publish for their models. A model without a rule here
//! has none that is known, and no guess. Pure.

use super::{routed::behind, wire::Block};
use crate::domain::{
    picture::{self, Size},
    team::{ModelRef, Vendor},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Tokens that are set aside for a picture at the least: rules age.
pub(super) const LEAST: u64 = 2_000;
/// Base64 characters of a picture that are read for its size; a multiple of four.
const HEAD_MOST: usize = 256 * 1024;

/// How Claude counts: pixels of a token, the longest side and the most tokens before it is scaled down.
struct Claude {
    side: u64,
    tokens: u64,
}
const PIXELS_PER_TOKEN: u64 = 750;
const CLAUDE: Claude = Claude { side: 1_568, tokens: 1_600 };
const CLAUDE_SHARP: Claude = Claude { side: 2_576, tokens: 4_784 };
/// Models that see the coarser picture; whatever is not here is younger and sees the sharp one.
const COARSE: [&str; 10] = [
    "claude-3",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2025",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "claude-sonnet-4",
    "claude-haiku-4",
    "claude-instant",
    "claude-2",
];

/// Gemini: tokens of a tile, the side of one, and up to which side a picture is a single one.
const TILE_TOKENS: u64 = 258;
const TILE_SIDES: [u64; 2] = [256, 768];
const SINGLE: u64 = 384;
/// Gemini 3 counts by a resolution that the caller may name; unnamed it is the high one.
const GEMINI_3: u64 = 1_120;

/// OpenAI by tiles: tokens of the picture, and of each tile of 512 pixels.
const TILED: [(&str, u64, u64); 9] = [
    ("gpt-4o-mini", 2_833, 5_667),
    ("gpt-4o", 85, 170),
    ("gpt-4.1", 85, 170),
    ("gpt-4.5", 85, 170),
    ("gpt-5-2025", 70, 140),
    ("gpt-5-chat", 70, 140),
    ("o1", 75, 150),
    ("o3", 75, 150),
    ("computer-use-preview", 65, 129),
];
/// OpenAI by patches of 32 pixels: hundredths of a token for each.
const PATCHED: [(&str, u64); 5] = [
    ("gpt-4.1-mini", 162),
    ("gpt-4.1-nano", 246),
    ("gpt-5-mini", 162),
    ("gpt-5-nano", 246),
    ("o4-mini", 172),
];
const PATCHES_MOST: u64 = 1_536;

/// Tokens of a picture of this size for a model, in each call that carries it; none if no rule is known.
#[must_use]
pub fn tokens(model: &ModelRef, size: Size) -> Option<u64> {
    let (width, height) = (u64::from(size.width.max(1)), u64::from(size.height.max(1)));
    let id = model.model.as_str();
    match model.vendor {
        Vendor::Anthropic => Some(claude(id, (width, height))),
        Vendor::Google => gemini(id, (width, height)),
        Vendor::Openai => openai(id, (width, height)),
        Vendor::Openrouter => tokens(&behind(model)?, size),
    }
}

/// Tokens that are set aside for a picture in a request: as it counts, and no fewer than is usual.
pub(super) fn reserved(model: &ModelRef, image: &Block) -> u64 {
    let Block::Image { data, .. } = image else { return 0 };
    let head = data.get(..data.len().min(HEAD_MOST)).unwrap_or_default();
    let size = STANDARD.decode(head).ok().and_then(|bytes| picture::size(&bytes));
    size.and_then(|size| tokens(model, size)).unwrap_or(LEAST).max(LEAST)
}

fn claude(id: &str, (width, height): (u64, u64)) -> u64 {
    let rule = if COARSE.iter().any(|old| id.starts_with(old)) { CLAUDE } else { CLAUDE_SHARP };
    let long = width.max(height);
    let (width, height) = match long > rule.side {
        true => ((width * rule.side).div_ceil(long), (height * rule.side).div_ceil(long)),
        false => (width, height),
    };
    (width * height).div_ceil(PIXELS_PER_TOKEN).min(rule.tokens)
}

fn gemini(id: &str, (width, height): (u64, u64)) -> Option<u64> {
    if id.starts_with("gemini-3") {
        return Some(GEMINI_3);
    }
    if id.starts_with("gemini-1") || (width <= SINGLE && height <= SINGLE) {
        return Some(TILE_TOKENS);
    }
    if !id.starts_with("gemini-2") {
        return None;
    }
    let [least, most] = TILE_SIDES;
    let unit = (width.min(height) * 2 / 3).clamp(least, most);
    Some(width.div_ceil(unit) * height.div_ceil(unit) * TILE_TOKENS)
}

fn openai(id: &str, (width, height): (u64, u64)) -> Option<u64> {
    if let Some((_, hundredths)) = PATCHED.iter().find(|(name, _)| id.starts_with(name)) {
        let patches = (width.div_ceil(32) * height.div_ceil(32)).min(PATCHES_MOST);
        return Some((patches * hundredths).div_ceil(100));
    }
    let whole = (id == "gpt-5").then_some(&TILED[4]);
    let (_, base, tile) = whole.or_else(|| TILED.iter().find(|(name, ..)| id.starts_with(name)))?;
    let fit = |(width, height): (u64, u64), side: u64, most: u64| match side > most {
        true => ((width * most).div_ceil(side), (height * most).div_ceil(side)),
        false => (width, height),
    };
    let (width, height) = fit((width, height), width.max(height), 2_048);
    let (width, height) = fit((width, height), width.min(height), 768);
    Some(base + tile * width.div_ceil(512) * height.div_ceil(512))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(model: &str, width: u32, height: u32) -> Option<u64> {
        tokens(&model.parse().unwrap(), Size { width, height })
    }

    #[test]
    fn a6_pictures_count_as_the_vendors_examples_say() {
        for (model, width, height, count) in [
            // Anthropic's table, and what is scaled down.
            ("anthropic/claude-sonnet-4-5-20250929", 200, 200, Some(54)),
            ("anthropic/claude-sonnet-4-5-20250929", 1_000, 1_000, Some(1_334)),
            ("anthropic/claude-sonnet-4-5-20250929", 4_000, 3_000, Some(1_600)),
            ("anthropic/claude-sonnet-4-5-20250929", 3_136, 100, Some(105)),
            ("anthropic/claude-opus-4-8", 4_000, 3_000, Some(4_784)),
            // Google's: one tile up to 384, and six for 960 by 540.
            ("google/gemini-2.0-flash-001", 384, 384, Some(258)),
            ("google/gemini-2.0-flash-001", 960, 540, Some(6 * 258)),
            ("google/gemini-2.5-pro", 4_000, 3_000, Some(24 * 258)),
            ("google/gemini-3-pro-preview", 960, 540, Some(1_120)),
            // OpenAI's: 1024 by 1024 are four tiles after scaling, 2048 by 4096 six; patches.
            ("openai/gpt-4o", 1_024, 1_024, Some(765)),
            ("openai/gpt-4o", 2_048, 4_096, Some(1_105)),
            ("openai/gpt-4o-mini", 1_024, 1_024, Some(25_501)),
            ("openai/gpt-5", 1_024, 1_024, Some(630)),
            ("openai/gpt-4.1-mini", 1_024, 1_024, Some(1_659)),
            ("openai/o4-mini", 8_000, 8_000, Some(2_642)),
            // What a router calls a vendor's model counts as at home.
            ("openrouter/openai/gpt-4o", 1_024, 1_024, Some(765)),
            ("openrouter/meta-llama/llama-4", 1_024, 1_024, None),
            ("openai/llava", 1_024, 1_024, None),
            ("openai/gpt-5.1", 1_024, 1_024, None),
        ] {
            assert_eq!(of(model, width, height), count, "{model} {width}×{height}");
        }
    }

    #[test]
    fn what_is_set_aside_is_never_less_than_it_counts() {
        let model: ModelRef = "google/gemini-2.5-pro".parse().unwrap();
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x0f\xa0\0\0\x0b\xb8\x08\x02\0\0\0".to_vec();
        let image = |png: &[u8]| Block::Image { media_type: "image/png".into(), data: STANDARD.encode(png) };
        assert_eq!(reserved(&model, &image(&png)), 24 * 258);
        png.truncate(20);
        assert_eq!(reserved(&model, &image(&png)), LEAST);
        let torn = Block::Image { media_type: "image/png".into(), data: "=é".repeat(HEAD_MOST) };
        assert_eq!((reserved(&model, &torn), reserved(&model, &Block::Text("x".into()))), (LEAST, 0));
    }
}
