//! Search among everything that was done and said, newest first, a page at a time. A page is bounded in entries,
//! bytes and hits, and says where the next one goes on; whoever does not ask for it has ended the search.
//!
//! A transcript holds the whole conversation so far, so of each conversation the newest one is read, and older ones
//! only where it was condensed; nothing is found twice.

use super::{
    shelf::Shelf,
    talk::{Talk, Voice},
};
use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, Seq, TeamId},
        search::{Place, Query, TeamName},
        text::{clean, clean_line},
        time::{Millis, Timestamp},
    },
    engine::{
        account,
        event::{Event, MissionEvent, MoneyEvent, TeamEvent},
    },
    runtime::records::fact_of,
    store::{entry::Entry, history},
};
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    ops::Range,
};

/// Entries looked at for one page.
const ENTRIES_MOST: u64 = 16_384;
/// Bytes looked at for one page; the last transcript may go over it.
const BYTES_MOST: u64 = 32 << 20;
/// Hits of one page, whatever is asked for; the last transcript may go over it.
pub const HITS_MOST: usize = 500;
/// Hits of one transcript.
const TALK_HITS_MOST: usize = 20;
/// Entries read at once.
const CHUNK: usize = 256;
/// Characters around the first match.
const AROUND: usize = 80;
/// Pieces of transcripts that are remembered, so that none is found twice.
const KNOWN_MOST: usize = 100_000;

/// A question and where it goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What is looked for.
    pub query: Query,
    /// Where the page before ended; the default is the newest entry.
    pub from: Cursor,
    /// Hits wanted on this page.
    pub most: usize,
}

/// Where a search goes on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cursor {
    before: Option<Seq>,
    talks: BTreeMap<(MissionId, TeamId), Read>,
    known: HashSet<u64>,
    names: BTreeMap<MissionId, Vec<String>>,
}

/// What was read of one team's conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Read {
    turn: u32,
    condensed: u32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The entry it stands in, or that names the transcript.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Kind of the entry.
    pub kind: String,
    /// Of which mission.
    pub mission: Option<MissionId>,
    /// Where.
    pub found: Found,
    /// The words around it: clean, one line.
    pub text: String,
    /// Where in them the wanted words are, in bytes.
    pub marks: Vec<Range<usize>>,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// In an entry.
    Journal,
    /// In a brief.
    Brief,
    /// In what was said.
    Transcript {
        /// Whose conversation.
        team: TeamId,
        /// In which turn.
        turn: u32,
        /// The transcript.
        content: Digest,
        /// Whose words: `told`, `thought`, `said`, `tool`.
        voice: &'static str,
    },
}

/// One page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Where the next page goes on; `None`: everything was looked at.
    pub next: Option<Cursor>,
    /// Entries looked at.
    pub entries: u64,
    /// Bytes looked at.
    pub bytes: u64,
    /// Transcripts that are gone or cannot be read.
    pub gone: u64,
}

/// Finds one page. Blocks.
///
/// # Errors
/// In words, when the journal cannot be read.
pub fn run(shelf: &dyn Shelf, search: &Search) -> Result<Page, String> {
    let most = search.most.clamp(1, HITS_MOST);
    let words = Words::of(&search.query)?;
    let mut look =
        Look { shelf, query: &search.query, words, at: search.from.clone(), page: Page::default() };
    let over =
        |page: &Page| page.hits.len() >= most || page.entries >= ENTRIES_MOST || page.bytes >= BYTES_MOST;
    loop {
        let entries = shelf.entries(&look.wanted())?;
        let last = entries.len() < CHUNK;
        for entry in entries {
            look.at.before = Some(entry.seq);
            look.entry(&entry)?;
            if over(&look.page) {
                look.page.next = Some(look.at);
                return Ok(look.page);
            }
        }
        if last || look.at.before == Some(Seq(1)) {
            return Ok(look.page);
        }
    }
}

struct Look<'a> {
    shelf: &'a dyn Shelf,
    query: &'a Query,
    words: Words,
    at: Cursor,
    page: Page,
}

impl Look<'_> {
    /// The next entries that can matter.
    fn wanted(&self) -> history::Query {
        let only = |place| self.query.places.len() == 1 && self.query.looks_in(place);
        let narrow = || match () {
            () if only(Place::Transcripts) => Some("team.turn_finished".to_owned()),
            () if only(Place::Briefs) => Some("mission.opened".to_owned()),
            () => None,
        };
        history::Query {
            mission: self.query.mission,
            kind: self.query.kind.clone().or_else(narrow),
            since: self.query.after,
            until: self.query.before.map(|before| before - Millis(1)),
            from: self.at.before.map(|before| Seq(before.0.saturating_sub(1))),
            limit: CHUNK,
            order: history::Order::NewestFirst,
        }
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        self.page.entries += 1;
        self.page.bytes += entry.payload.len() as u64;
        if self.query.actor.as_ref().is_some_and(|actor| !entry.actor.to_lowercase().contains(actor)) {
            return Ok(());
        }
        let opens = entry.kind == "mission.opened";
        let turns = entry.kind == "team.turn_finished" && self.query.looks_in(Place::Transcripts);
        let fact = if opens || turns || self.query.team.is_some() { fact_of(entry).ok() } else { None };
        let event = fact.map(|fact| fact.event);
        if self.query.team.is_some() && !self.is_of_team(event.as_ref())? {
            return Ok(());
        }
        let brief = match &event {
            Some(Event::Mission(_, MissionEvent::Opened(brief))) => Some(brief),
            _ => None,
        };
        if let Some(brief) = brief.filter(|_| self.query.looks_in(Place::Briefs)) {
            let whole = [vec![brief.text.clone()], brief.constraints.clone(), brief.checks.clone()].concat();
            let whole = whole.join("\n");
            if self.words.all_in(&[&whole]) {
                self.hit(entry, Found::Brief, &whole);
                return Ok(());
            }
        }
        if self.query.looks_in(Place::Journal) && self.words.all_in_entry(entry) {
            let text = self.words.told(entry);
            self.hit(entry, Found::Journal, &text);
        }
        if let Some(Event::Team(mission, team, TeamEvent::TurnFinished { turn, transcript, .. })) = event
            && turns
            && !self.words.any.is_empty()
        {
            self.talk(entry, (mission, team), (turn, transcript));
        }
        Ok(())
    }

    /// The conversation up to this turn, unless a newer transcript held all of it.
    fn talk(&mut self, entry: &Entry, of: (MissionId, TeamId), (turn, content): (u32, Digest)) {
        if let Some(read) = self.at.talks.get_mut(&of)
            && read.condensed == 0
            && turn < read.turn
        {
            read.turn = turn;
            return;
        }
        let talk = self.shelf.blob(content).and_then(|bytes| {
            self.page.bytes += bytes.len() as u64;
            Talk::read(&bytes)
        });
        let Ok(talk) = talk else {
            self.page.gone += 1;
            return;
        };
        self.at.talks.insert(of, Read { turn, condensed: talk.condensed });
        let mut found = 0;
        for piece in talk.said.iter().rev() {
            if found == TALK_HITS_MOST {
                break;
            }
            if !self.words.all_in(&[&piece.text]) || !self.is_new(of, &piece.text) {
                continue;
            }
            found += 1;
            let voice = match piece.voice {
                Voice::Told => "told",
                Voice::Thought => "thought",
                Voice::Words => "said",
                Voice::Call(_) | Voice::Answer(..) | Voice::Other => "tool",
            };
            let found = Found::Transcript { team: of.1, turn: piece.turn, content, voice };
            self.hit(entry, found, &piece.text);
        }
    }

    fn is_new(&mut self, of: (MissionId, TeamId), text: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (of, text).hash(&mut hasher);
        self.at.known.len() >= KNOWN_MOST || self.at.known.insert(hasher.finish())
    }

    fn hit(&mut self, entry: &Entry, found: Found, text: &str) {
        let text = self.words.around(text);
        let marks = self.words.marks(&text);
        let (seq, at, mission) = (entry.seq, entry.at, entry.mission);
        let (actor, kind) = (clean_line(&entry.actor, 100).into(), clean_line(&entry.kind, 64).into());
        self.page.hits.push(Hit { seq, at, actor, kind, mission, found, text, marks });
    }

    fn is_of_team(&mut self, event: Option<&Event>) -> Result<bool, String> {
        let (mission, team) = match event {
            Some(Event::Team(mission, team, _)) => (*mission, *team),
            Some(Event::Mission(mission, MissionEvent::Ruled(team, ..) | MissionEvent::Chosen(team, _))) => {
                (*mission, *team)
            }
            Some(Event::Money(MoneyEvent::Reserved { mission, team: Some(team), .. })) => (*mission, *team),
            _ => return Ok(false),
        };
        Ok(match &self.query.team {
            None => true,
            Some(TeamName::Number(number)) => *number == team,
            Some(TeamName::Name(name)) => {
                let wanted = name.clone();
                let names = self.names(mission)?;
                names.get(usize::from(team.0.saturating_sub(1))).is_some_and(|known| known.contains(&wanted))
            }
        })
    }

    /// The teams of a mission by name, in lower case, in order of number.
    fn names(&mut self, mission: MissionId) -> Result<&Vec<String>, String> {
        if !self.at.names.contains_key(&mission) {
            let kind = Some("mission.opened".to_owned());
            let query = history::Query { mission: Some(mission), kind, limit: 1, ..Default::default() };
            let opened = self.shelf.entries(&query)?;
            let names = opened.first().and_then(|entry| match fact_of(entry).ok()?.event {
                Event::Mission(_, MissionEvent::Opened(brief)) => {
                    Some(brief.teams.iter().map(|team| team.name.to_lowercase()).collect())
                }
                _ => None,
            });
            self.at.names.insert(mission, names.unwrap_or_default());
        }
        Ok(self.at.names.entry(mission).or_default())
    }
}

/// The wanted words, ready to be found.
struct Words {
    any: Vec<Regex>,
    /// The same as they stand within JSON.
    quoted: Vec<Regex>,
    /// Whether one of them names something numbered.
    names: bool,
}

impl Words {
    fn of(query: &Query) -> Result<Self, String> {
        let find = |word: &str| {
            // Whoever looks for R-2 does not mean R-20.
            let end = if is_name(word) { r"\b" } else { "" };
            RegexBuilder::new(&format!("{}{end}", regex::escape(word)))
                .case_insensitive(true)
                .build()
                .map_err(|error| format!("{word:?} cannot be looked for: {error}"))
        };
        let quoted = |word: &String| {
            let json = Value::from(word.as_str()).to_string();
            find(json.trim_matches('"'))
        };
        Ok(Self {
            any: query.words.iter().map(|word| find(word)).collect::<Result<_, _>>()?,
            quoted: query.words.iter().map(quoted).collect::<Result<_, _>>()?,
            names: query.words.iter().any(|word| is_name(word)),
        })
    }

    fn all_in(&self, texts: &[&str]) -> bool {
        self.any.iter().all(|word| texts.iter().any(|text| word.is_match(text)))
    }

    fn all_in_entry(&self, entry: &Entry) -> bool {
        let around = |word: &Regex| word.is_match(&entry.kind) || word.is_match(&entry.actor);
        // A journal holds `R-2` as a number; people look for its name.
        let line = std::cell::LazyCell::new(|| {
            fact_of(entry).ok().filter(|_| self.names).map(|fact| account::line(&fact.event, None))
        });
        let told = |word: &Regex| line.as_ref().is_some_and(|line| word.is_match(line));
        self.any
            .iter()
            .zip(&self.quoted)
            .all(|(word, quoted)| quoted.is_match(&entry.payload) || around(word) || told(word))
    }

    /// What an entry is shown as: what happened, in words, where they hold what is looked for; else the text within
    /// it that does, with its name. An entry that this program cannot read stands as it is.
    fn told(&self, entry: &Entry) -> String {
        let line = fact_of(entry).ok().map(|fact| account::line(&fact.event, None));
        if let Some(line) = line.as_ref().filter(|line| self.all_in(&[line])) {
            return line.clone();
        }
        self.leaf(&entry.payload).or(line).unwrap_or_else(|| entry.payload.clone())
    }

    /// The text in the JSON that holds the first word, with its name.
    fn leaf(&self, payload: &str) -> Option<String> {
        let value: Value = serde_json::from_str(payload).ok()?;
        holder(&value, "", self.any.first()?)
    }

    /// The words around the first match, on one line.
    fn around(&self, text: &str) -> String {
        let text = clean(text);
        let at = self.any.iter().find_map(|word| word.find(&text)).map_or(0..0, |found| found.range());
        let before: Vec<char> = text[..at.start].chars().rev().take(AROUND + 1).collect();
        let after: String = text[at.start..].chars().take(at.len() + 2 * AROUND + 1).collect();
        let mut line = String::new();
        if before.len() > AROUND {
            line.push('…');
        }
        line.extend(before.iter().rev().skip(before.len().saturating_sub(AROUND)));
        line.push_str(&after);
        clean_line(line.trim(), at.len() + 4 * AROUND).into()
    }

    fn marks(&self, line: &str) -> Vec<Range<usize>> {
        let mut marks: Vec<_> =
            self.any.iter().flat_map(|word| word.find_iter(line).map(|found| found.range())).collect();
        marks.sort_by_key(|mark| (mark.start, mark.end));
        marks.dedup_by(|next, before| next.start < before.end);
        marks
    }
}

/// Whether a word is the name of something numbered: `R-2`.
fn is_name(word: &str) -> bool {
    let number = word.get(1..).and_then(|rest| rest.strip_prefix('-'));
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The first text of a value that holds a word: `name: text`.
fn holder(value: &Value, name: &str, word: &Regex) -> Option<String> {
    match value {
        Value::String(text) if word.is_match(text) => {
            Some(if name.is_empty() { text.clone() } else { format!("{name}: {text}") })
        }
        Value::Array(items) => items.iter().find_map(|item| holder(item, name, word)),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| holder(value, name, word)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{brief::Brief, request::Actor, search::parse},
        engine::event::Fact,
        runtime::{
            past::{
                shelf::{Files, Owned},
                talk::tests::transcript,
            },
            records::entry_of,
        },
        store::{Options, Store},
    };

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    async fn put(store: &Store, at: i64, actor: Actor, event: Event) {
        let fact = Fact { actor, at: Timestamp(at), event };
        store.append(vec![entry_of(&fact).unwrap()]).await.unwrap();
    }

    fn turn(store: &Store, team: u8, turn: u32, words: &[&str], condensed: u32) -> Event {
        let transcript = store.blobs().put(&transcript(words, condensed)).unwrap();
        let event = TeamEvent::TurnFinished { turn, transcript, commit: None };
        Event::Team(MissionId(1), TeamId(team), event)
    }

    fn brief() -> Brief {
        let json = serde_json::json!({
            "text": "Checkout fails on an empty cart.", "constraints": ["no new deps"], "checks": [],
            "budget": 5, "attachments": [], "repo": "/srv/shop", "timeout": null, "priority": 5, "approve": "ask",
            "teams": [
                {"name": "Anthropic", "model": {"vendor": "anthropic", "model": "a"}, "fallback": []},
                {"name": "Google", "model": {"vendor": "google", "model": "g"}, "fallback": []},
            ],
        });
        serde_json::from_value(json).unwrap()
    }

    /// A small past: a brief, two conversations of which one was condensed, a landing and much noise.
    async fn past(dir: &std::path::Path) -> Store {
        let store = Store::open(dir, Options::new(NOW, "test")).unwrap().store;
        let ada = || Actor::Person("ada".into());
        let mission = |event| Event::Mission(MissionId(1), event);
        put(&store, 1, ada(), mission(MissionEvent::Opened(Box::new(brief())))).await;
        let first = turn(&store, 1, 1, &["the guard divides by zero"], 0);
        put(&store, 2, Actor::Engine, first).await;
        let second = turn(&store, 1, 2, &["the guard divides by zero", "a guard is added"], 0);
        put(&store, 3, Actor::Engine, second).await;
        let third = turn(&store, 2, 1, &["early words on the guard"], 0);
        put(&store, 4, Actor::Engine, third).await;
        let fourth = turn(&store, 2, 2, &["a summary"], 1);
        put(&store, 5, Actor::Engine, fourth).await;
        for at in 6..700 {
            put(&store, at, Actor::Engine, mission(MissionEvent::BudgetReached(format!("noise {at}")))).await;
        }
        let commit = crate::domain::candidate::CommitId("c0ffee".into());
        put(&store, 700, ada(), mission(MissionEvent::Landed(commit, "main \"quoted\"".into()))).await;
        store
    }

    fn all(shelf: &dyn Shelf, text: &str, most: usize) -> (Vec<Hit>, usize) {
        let query = parse(text, NOW).unwrap();
        let (mut hits, mut pages, mut from) = (Vec::new(), 0, Cursor::default());
        loop {
            let page = run(shelf, &Search { query: query.clone(), from, most }).unwrap();
            hits.extend(page.hits);
            pages += 1;
            match page.next {
                Some(next) => from = next,
                None => return (hits, pages),
            }
        }
    }

    #[tokio::test]
    async fn s4_words_of_journal_briefs_and_transcripts_are_found_once_with_and_without_the_owner() {
        let dir = tempfile::tempdir().unwrap();
        let store = past(dir.path()).await;
        let shelves: [&dyn Shelf; 2] = [&Owned(&store), &Files(dir.path().to_owned())];
        for shelf in shelves {
            let (hits, _) = all(shelf, "guard", 50);
            let said: Vec<_> = hits.iter().map(|hit| (hit.seq.0, hit.text.as_str())).collect();
            assert_eq!(
                said,
                [(4, "early words on the guard"), (3, "a guard is added"), (3, "the guard divides by zero")]
            );
            assert_eq!(&hits[1].text[hits[1].marks[0].clone()], "guard");
            assert!(matches!(
                hits[2].found,
                Found::Transcript { team: TeamId(1), turn: 1, voice: "said", .. }
            ));
            let (hits, _) = all(shelf, "EMPTY cart in:briefs", 50);
            assert!(hits.len() == 1 && hits[0].found == Found::Brief, "{hits:?}");
            let (hits, _) = all(shelf, "guard team:google", 50);
            assert_eq!(hits.iter().map(|hit| hit.seq.0).collect::<Vec<_>>(), [4]);
            let (hits, _) = all(shelf, "actor:ada kind:mission.landed", 50);
            assert_eq!(hits.len(), 1);
            let (hits, _) = all(shelf, "'main \"quoted\"'".trim_matches('\''), 50);
            assert_eq!(hits.len(), 1, "quotes within the journal are found: {hits:?}");
            assert!(all(shelf, "noise mission:2", 50).0.is_empty());
        }
    }

    #[tokio::test]
    async fn pages_are_bounded_and_together_whole() {
        let dir = tempfile::tempdir().unwrap();
        let store = past(dir.path()).await;
        let (hits, pages) = all(&Owned(&store), "noise in:journal", 100);
        assert_eq!((hits.len(), pages), (694, 7));
        assert!(hits.is_sorted_by(|a, b| a.seq > b.seq));
        let (hits, _) =
            all(&Owned(&store), "noise after:1970-01-01T00:00:00.600 before:1970-01-01T00:00:00.610", 3);
        assert_eq!(hits.len(), 10);
    }

    #[tokio::test]
    async fn a_transcript_that_is_gone_is_counted_and_hostile_words_are_clean() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options::new(NOW, "test")).unwrap().store;
        let gone = TeamEvent::TurnFinished { turn: 1, transcript: Digest::of(b"gone"), commit: None };
        put(&store, 1, Actor::Engine, Event::Team(MissionId(1), TeamId(1), gone)).await;
        let hostile = "found\u{1b}]52;c;eA==\u{7}here\u{202e}";
        put(&store, 2, Actor::Engine, turn(&store, 2, 1, &[hostile], 0)).await;
        let query = parse("found in:transcripts", NOW).unwrap();
        let page = run(&Owned(&store), &Search { query, from: Cursor::default(), most: 9 }).unwrap();
        assert_eq!(page.gone, 1);
        assert_eq!(page.hits[0].text, "foundhere");
    }
}
