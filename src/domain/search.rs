//! A question about the past as a person types it: words that must all be there, and filters. Pure: text in, a
//! question or what is wrong with it out.
//!
//! ```text
//! cart "divide by zero" mission:M-12 team:google actor:ada kind:mission.landed after:2026-11-01 before:2d in:briefs
//! ```

use super::{
    ids::{MissionId, TeamId},
    time::{Millis, Timestamp},
};
use std::collections::BTreeSet;

/// Words and phrases of one question.
pub const WORDS_MOST: usize = 16;
/// Bytes of one question.
pub const BYTES_MOST: usize = 2_000;

/// Where is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// What has happened.
    Journal,
    /// What teams and their models said.
    Transcripts,
    /// What directors asked for.
    Briefs,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Journal, Self::Transcripts, Self::Briefs];
    /// The word after `in:`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Transcripts => "transcripts",
            Self::Briefs => "briefs",
        }
    }
}

/// A team as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamName {
    /// By number.
    Number(TeamId),
    /// By a part of its name, in lower case.
    Name(String),
}

/// What is looked for. The default is everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Words and phrases, in any case; all of them must be there.
    pub words: Vec<String>,
    /// Kinds of entries that begin so, such as `mission.` or `mission.landed`.
    pub kind: Option<String>,
    /// Of this mission.
    pub mission: Option<MissionId>,
    /// Of this team.
    pub team: Option<TeamName>,
    /// Whose name holds this, in any case.
    pub actor: Option<String>,
    /// From this time on.
    pub after: Option<Timestamp>,
    /// Up to this time, not including it.
    pub before: Option<Timestamp>,
    /// Where; nowhere named: everywhere.
    pub places: BTreeSet<Place>,
}

impl Query {
    /// Whether a place is looked at.
    #[must_use]
    pub fn looks_in(&self, place: Place) -> bool {
        self.places.is_empty() || self.places.contains(&place)
    }

    /// Whether it asks for nothing in particular.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// What is wrong with a question, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub struct BadQuery {
    /// Character it begins at, from 1.
    pub at: usize,
    /// In words, with what would be right.
    pub what: String,
}

/// Names of filters.
const FILTERS: [&str; 7] = ["kind", "mission", "team", "actor", "after", "before", "in"];
/// What people type for them.
const MEANT: [(&str, &str); 6] = [
    ("since", "after"),
    ("from", "after"),
    ("until", "before"),
    ("to", "before"),
    ("by", "actor"),
    ("type", "kind"),
];

/// Reads a question; spans such as `3d` count back from `now`.
///
/// # Errors
/// The first thing that makes no sense.
pub fn parse(text: &str, now: Timestamp) -> Result<Query, BadQuery> {
    if text.len() > BYTES_MOST {
        let what = format!("the question has {} bytes, the most is {BYTES_MOST}", text.len());
        return Err(BadQuery { at: 1, what });
    }
    let mut query = Query::default();
    for token in tokens(text)? {
        let bad = |what: String| BadQuery { at: token.at, what };
        match token.filter() {
            Some((name, value)) if FILTERS.contains(&name) => {
                filter(&mut query, name, value, now).map_err(bad)?
            }
            Some((name, _)) if meant(name).is_some() => {
                let right = meant(name).unwrap_or_default();
                let what = format!(
                    "{name}: is no filter; {right}: is one. To look for it as it stands, put it in quotes"
                );
                return Err(bad(what));
            }
            _ if query.words.len() == WORDS_MOST => {
                return Err(bad(format!("{WORDS_MOST} words and phrases are the most")));
            }
            _ => query.words.push(token.text),
        }
    }
    match (query.after, query.before) {
        (Some(after), Some(before)) if after >= before => {
            let what = format!("nothing can be after {after} and before {before}");
            Err(BadQuery { at: 1, what })
        }
        _ => Ok(query),
    }
}

/// The filter that was meant by a name that is none.
fn meant(name: &str) -> Option<&'static str> {
    let alias = MEANT.iter().find(|(wrong, _)| *wrong == name).map(|(_, right)| *right);
    alias.or_else(|| FILTERS.into_iter().find(|known| known.len() > 3 && one_slip(known, name)))
}

/// Whether two words are one letter more, less, swapped or other apart.
fn one_slip(right: &str, typed: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (right.chars().collect(), typed.chars().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let after = |list: &[char], by: usize| list.get(by..).map(<[char]>::to_vec);
    match a.len().abs_diff(b.len()) {
        0 => {
            let swapped = match (a, b) {
                ([x, y, a @ ..], [u, v, b @ ..]) => x == v && y == u && a == b,
                _ => false,
            };
            after(a, 1) == after(b, 1) || swapped
        }
        1 => after(a, 1).as_deref() == Some(b) || after(b, 1).as_deref() == Some(a),
        _ => false,
    }
}

fn filter(query: &mut Query, name: &str, value: &str, now: Timestamp) -> Result<(), String> {
    if value.is_empty() {
        return Err(format!("{name}: needs a value right behind it"));
    }
    let twice = match name {
        "kind" => {
            let plain = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
            if !value.chars().all(plain) {
                return Err(format!("{value:?} is no kind such as mission. or mission.landed"));
            }
            query.kind.replace(value.to_owned()).is_some()
        }
        "mission" => {
            let id = value.parse().map_err(|_| format!("{value:?} is no mission such as M-12"))?;
            query.mission.replace(id).is_some()
        }
        "team" => {
            let digits = value.strip_prefix("T-").or_else(|| value.strip_prefix("t-")).unwrap_or(value);
            let named = || TeamName::Name(value.to_lowercase());
            let team = digits.parse().map_or_else(|_| named(), |number| TeamName::Number(TeamId(number)));
            query.team.replace(team).is_some()
        }
        "actor" => query.actor.replace(value.to_lowercase()).is_some(),
        "after" => query.after.replace(moment(value, now)?).is_some(),
        "before" => query.before.replace(moment(value, now)?).is_some(),
        _ => {
            for word in value.split(',') {
                let place = Place::ALL.into_iter().find(|place| place.word() == word);
                let place = place.ok_or_else(|| {
                    format!("{word:?} is no place: journal, transcripts, briefs, or several with commas")
                })?;
                query.places.insert(place);
            }
            false
        }
    };
    if twice { Err(format!("{name}: stands there twice; only one can hold")) } else { Ok(()) }
}

/// A date, or a span back from now.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(span) = text.parse::<Millis>() {
        return Ok(now - span);
    }
    text.parse().map_err(|_| {
        format!("{text:?} is no time: write 2026-11-21, 2026-11-21T09:30 (UTC), or how long ago: 90m, 3d")
    })
}

struct Token {
    /// Character it begins at, from 1.
    at: usize,
    text: String,
    /// It began with a quote: never a filter.
    phrase: bool,
}

impl Token {
    fn filter(&self) -> Option<(&str, &str)> {
        let (name, value) = self.text.split_once(':')?;
        (!self.phrase).then_some((name, value))
    }
}

/// Words apart by blanks; quotes keep blanks together.
fn tokens(text: &str) -> Result<Vec<Token>, BadQuery> {
    let mut found: Vec<Token> = Vec::new();
    let (mut open, mut quote): (Option<Token>, Option<usize>) = (None, None);
    for (index, c) in text.chars().enumerate() {
        let at = index + 1;
        match c {
            '"' => {
                quote = if quote.is_some() { None } else { Some(at) };
                open.get_or_insert(Token { at, text: String::new(), phrase: true });
            }
            c if c.is_whitespace() && quote.is_none() => found.extend(open.take()),
            c => open.get_or_insert(Token { at, text: String::new(), phrase: false }).text.push(c),
        }
    }
    if let Some(at) = quote {
        return Err(BadQuery { at, what: "this quote is not closed".into() });
    }
    found.extend(open);
    found.retain(|token| !token.text.trim().is_empty());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn read(text: &str) -> Query {
        parse(text, NOW).unwrap()
    }

    #[test]
    fn words_and_filters_are_told_apart() {
        let query = read("cart \"divide by zero\" mission:m-12 kind:mission.landed actor:Ada team:Google");
        assert_eq!(query.words, ["cart", "divide by zero"]);
        assert_eq!((query.mission, query.kind.as_deref()), (Some(MissionId(12)), Some("mission.landed")));
        assert_eq!(query.actor.as_deref(), Some("ada"));
        assert_eq!(query.team, Some(TeamName::Name("google".into())));
        assert_eq!(read("team:T-2").team, Some(TeamName::Number(TeamId(2))));
        assert_eq!(read("actor:\"ada b\"").actor.as_deref(), Some("ada b"));
        // What only looks like a filter is a word.
        assert_eq!(read("src/cart.rs:40 cart::total https://x \"mission:M-1\"").words.len(), 4);
        assert!(read("  ").is_everything());
    }

    #[test]
    fn times_are_dates_or_spans_back_and_places_a_list() {
        assert_eq!(read("after:2d").after, Some(NOW - Millis::hours(48)));
        assert_eq!(read("before:2000-02-29").before, Some(Timestamp(951_782_400_000)));
        let query = read("in:briefs,journal");
        assert!(query.looks_in(Place::Briefs) && query.looks_in(Place::Journal));
        assert!(!query.looks_in(Place::Transcripts) && read("x").looks_in(Place::Transcripts));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_is_right() {
        for (text, at, says) in [
            ("cart mission:x", 6, "no mission such as M-12"),
            ("mission:1 mission:2", 11, "twice"),
            ("misson:1", 1, "mission: is one"),
            ("é  since:2d", 4, "after: is one"),
            ("after:tuesday", 1, "no time"),
            ("a \"b c", 3, "not closed"),
            ("in:cellar", 1, "no place"),
            ("kind:", 1, "needs a value"),
            ("kind:Mission", 1, "no kind"),
            ("after:1d before:2d", 1, "nothing can be after"),
        ] {
            let bad = parse(text, NOW).unwrap_err();
            assert_eq!(bad.at, at, "{text}: {bad}");
            assert!(bad.what.contains(says), "{text}: {bad}");
        }
        assert!(parse(&"a ".repeat(WORDS_MOST + 1), NOW).is_err());
        assert!(parse(&"a".repeat(BYTES_MOST + 1), NOW).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_question_or_a_complaint_within_it(text in "\\PC{0,80}") {
            match parse(&text, NOW) {
                Ok(query) => prop_assert!(query.words.iter().all(|word| !word.trim().is_empty())),
                Err(bad) => prop_assert!(bad.at >= 1 && bad.at <= text.chars().count().max(1)),
            }
        }

        #[test]
        fn quoted_words_come_back_as_they_are(words in prop::collection::vec("[a-z:.é ]{1,12}", 1..WORDS_MOST)) {
            let wanted: Vec<_> = words.iter().filter(|word| !word.trim().is_empty()).cloned().collect();
            let text = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(parse(&text, NOW).unwrap().words, wanted);
        }
    }
}
