//! Keys of who answers: of one vendor, and of one team. The keys of the house are in [`keys`](super::keys).

use super::{
    forms::{key_source, team_name, url, words},
    key::{Key, RepoMay, key, lens, number},
    settings::{Provider, TeamEntry},
    slot::{Lens, Slot},
};

/// Keys below `[providers.<vendor>]`. A repository may set none of them.
pub static PROVIDER_KEYS: &[Key<Provider>] = &[
    key!(
        "base_url",
        "Address instead of the vendor's own. Also <VENDOR>_BASE_URL, with GEMINI for google.",
        Slot::Maybe(url, lens!(base_url)),
        Nothing
    ),
    key!(
        "key",
        "\"env:NAME\" or \"cmd:COMMAND\" (its first line); never the key itself. By default the vendor's \
usual variable.",
        Slot::Maybe(key_source, lens!(key)),
        Nothing
    ),
    key!(
        "requests_per_minute",
        "Calls started per minute.",
        number!(1..=100_000, requests_per_minute),
        Nothing
    ),
    key!("concurrency", "Calls at once.", number!(1..=1_000, concurrency), Nothing),
    key!("max_retries", "Tries after the first, per call.", number!(0..=20, max_retries), Nothing),
    key!(
        "fallback",
        "Models that the vendor itself may fall back to; openrouter only.",
        Slot::Texts(words, lens!(fallback)),
        Nothing
    ),
];

/// Keys of one `[[teams]]` table. A repository may define no team; it may choose among them with brief.teams.
pub static TEAM_KEYS: &[Key<TeamEntry>] = &[
    key!("name", "Shown name, used once.", Slot::Text(team_name, lens!(name)), Nothing),
    key!("model", "Who answers.", Slot::Model(lens!(model)), Nothing),
    key!(
        "fallback",
        "Who answers when that one cannot, in order. Naming them is your consent to it.",
        Slot::Models(lens!(fallback)),
        Nothing
    ),
];
