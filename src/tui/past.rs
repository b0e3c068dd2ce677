//! What the audit screen asks of the past and what comes back: pages of the journal, searches, one mission's facts,
//! kept conversations. Answers are made small and clean here, off the task that draws.

use crate::{
    domain::{
        digest::Digest,
        feed::{FeedItem, Shot},
        ids::{MissionId, Seq},
        request::Actor,
        text::{clean_bytes, clean_line},
        time::Timestamp,
    },
    engine::{account, event::Event},
    runtime::{
        handle::{Handle, HistoryEntry, HistoryQuery},
        past::{
            dossier::Dossier,
            export::{Exported, Wanted},
            search::{Page, Search},
            talk::Talk,
        },
    },
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// Entries of one page of the journal.
pub const PAGE: u64 = 100;
/// Endings and choices that are read to say who decided.
const DECIDERS_MOST: usize = 1_000;
/// Things said that a channel shows of a conversation, the last ones.
const FEED_MOST: usize = 400;
/// Names that are tried for a file that is there already.
const NAMES_MOST: u32 = 99;

/// What is asked.
#[derive(Debug, PartialEq)]
pub enum PastTask {
    /// The n-th page of the journal, the oldest first.
    Page(u64),
    /// One entry in full.
    Entry(Seq),
    /// Who chose and who ended, by mission.
    Deciders,
    /// A page of a search; the number tells late answers from wanted ones.
    Search(u64, Box<Search>),
    /// Everything about a mission.
    Gather(MissionId),
    /// A conversation, to be read: under this heading, from this turn on.
    Read(String, Digest, u32),
    /// A conversation, for a channel of a replay.
    Talk(Digest),
    /// A patch, for a channel of a replay.
    Patch(Digest),
    /// A mission to a file; a name that is taken gets a number.
    Export(Wanted),
}

/// What comes of it.
pub enum PastDone {
    /// A page.
    Page(u64, Result<Vec<Row>, String>),
    /// An entry.
    Entry(Seq, Result<Option<HistoryEntry>, String>),
    /// Who decided.
    Deciders(BTreeMap<MissionId, String>),
    /// A page of a search.
    Found(u64, Result<Page, String>),
    /// A mission's facts.
    Gathered(MissionId, Result<Dossier, String>),
    /// A conversation as a text; the heading, and the row to begin at.
    Read(String, Result<(String, usize), String>),
    /// A conversation as a channel shows it.
    Talk(Digest, Arc<Vec<FeedItem>>),
    /// A patch.
    Patch(Digest, Arc<Shot>),
    /// A file.
    Exported(Result<Exported, String>),
}

/// One entry of the journal as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What kind.
    pub kind: String,
    /// Of which mission.
    pub mission: Option<MissionId>,
    /// In words.
    pub words: String,
}

impl Row {
    fn of(entry: &HistoryEntry) -> Self {
        let event: Option<Event> = serde_json::from_str(&entry.payload).ok();
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: who(&entry.actor),
            kind: clean_line(&entry.kind, 64).into(),
            mission: entry.mission,
            words: event.map_or_else(
                || "written by another version; enter shows it as it stands".into(),
                |event| account::line(&event, None),
            ),
        }
    }
}

/// An actor as people say it: `ada`, `engine`, `M-1/T-2`.
#[must_use]
pub fn who(actor: &str) -> String {
    let name = actor.split_once(':').map_or(actor, |(_, name)| name);
    clean_line(name, 64).into()
}

/// Answers.
pub async fn serve(handle: &Handle, task: PastTask) -> PastDone {
    match task {
        PastTask::Page(page) => {
            let before = Some(Seq(page.saturating_add(1).saturating_mul(PAGE).saturating_add(1)));
            let query = HistoryQuery { before, most: 100, ..HistoryQuery::default() };
            let first = page.saturating_mul(PAGE);
            let read = handle.read(query).await.map_err(|error| error.to_string());
            let rows =
                read.map(|read| read.iter().filter(|entry| entry.seq.0 > first).map(Row::of).collect());
            PastDone::Page(page, rows)
        }
        PastTask::Entry(seq) => {
            let query =
                HistoryQuery { before: Some(Seq(seq.0.saturating_add(1))), most: 1, ..Default::default() };
            let read = handle.read(query).await.map_err(|error| error.to_string());
            PastDone::Entry(seq, read.map(|read| read.into_iter().find(|entry| entry.seq == seq)))
        }
        PastTask::Deciders => PastDone::Deciders(deciders(handle).await),
        PastTask::Search(serial, search) => {
            PastDone::Found(serial, handle.search(*search).await.map_err(|error| error.to_string()))
        }
        PastTask::Gather(mission) => {
            PastDone::Gathered(mission, handle.gather(mission).await.map_err(|error| error.to_string()))
        }
        PastTask::Read(title, content, turn) => PastDone::Read(title, page(handle, content, turn).await),
        PastTask::Talk(content) => PastDone::Talk(content, Arc::new(feed(handle, content).await)),
        PastTask::Patch(content) => {
            let bytes = handle.blob(content).await.unwrap_or_default();
            let shot = Shot { digest: content, patch: clean_bytes(&bytes).into() };
            PastDone::Patch(content, Arc::new(shot))
        }
        PastTask::Export(wanted) => {
            let wanted = Wanted { path: free(wanted.path), ..wanted };
            PastDone::Exported(handle.export(wanted).await.map_err(|error| error.to_string()))
        }
    }
}

/// Who chose the winner of a mission, or who ended it without one.
async fn deciders(handle: &Handle) -> BTreeMap<MissionId, String> {
    let mut found = BTreeMap::new();
    for kind in ["mission.chosen", "mission.ended"] {
        let query = HistoryQuery { kind: kind.into(), most: DECIDERS_MOST, ..HistoryQuery::default() };
        for entry in handle.read(query).await.unwrap_or_default() {
            if let (Some(mission), Some(decider)) = (entry.mission, decider(&entry)) {
                found.entry(mission).or_insert(decider);
            }
        }
    }
    found
}

/// An agent decides nothing: where its word was the last, the policy chose, or it could not go on.
fn decider(entry: &HistoryEntry) -> Option<String> {
    match (entry.actor.starts_with("agent:"), entry.kind.as_str()) {
        (false, _) => Some(who(&entry.actor)),
        (true, "mission.chosen") => Some(Actor::Policy.to_string()),
        (true, _) => None,
    }
}

async fn talk(handle: &Handle, content: Digest) -> Result<Talk, String> {
    let bytes = handle.blob(content).await.map_err(|error| error.to_string())?;
    Talk::read(&bytes)
}

/// A conversation as a text, and the row its turn begins at.
async fn page(handle: &Handle, content: Digest, turn: u32) -> Result<(String, usize), String> {
    let text = talk(handle, content).await?.text();
    let head = format!("── turn {turn} ──");
    let row = text.lines().position(|line| line == head).unwrap_or(0);
    Ok((text, row))
}

/// A conversation as a channel shows it.
pub async fn feed(handle: &Handle, content: Digest) -> Vec<FeedItem> {
    match talk(handle, content).await {
        Ok(talk) => {
            let mut items = talk.feed();
            let surplus = items.len().saturating_sub(FEED_MOST);
            items.drain(..surplus);
            items
        }
        Err(why) => {
            vec![FeedItem::Notice(format!("what was said cannot be shown: {}", clean_line(&why, 200)))]
        }
    }
}

/// The path, or the same with a number where it is taken.
fn free(path: PathBuf) -> PathBuf {
    let path = std::path::absolute(&path).unwrap_or(path);
    let taken = |path: &PathBuf| path.symlink_metadata().is_ok();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..=NAMES_MOST).map(|number| path.with_file_name(format!("{stem}-{number}.{end}")));
    std::iter::once(path.clone()).chain(numbered).find(|path| !taken(path)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_an_agent_decides_nothing_and_what_nobody_chose_the_policy_chose() {
        let entry = |actor: &str, kind: &str| HistoryEntry {
            seq: Seq(7),
            at: Timestamp(0),
            actor: actor.into(),
            kind: kind.into(),
            mission: Some(MissionId(1)),
            payload: String::new(),
            prev: Digest::default(),
            hash: Digest::default(),
        };
        let of = |actor: &str, kind: &str| decider(&entry(actor, kind));
        assert_eq!(of("person:ada", "mission.chosen").as_deref(), Some("ada"));
        assert_eq!(of("agent:M-1", "mission.chosen").as_deref(), Some("policy"));
        assert_eq!(of("agent:M-1/T-2", "mission.chosen").as_deref(), Some("policy"));
        assert_eq!(of("agent:M-1", "mission.ended"), None);
        assert_eq!(of("engine", "mission.ended").as_deref(), Some("engine"));
    }
}
