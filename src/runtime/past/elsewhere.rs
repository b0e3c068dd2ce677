//! A past that another process has and that is asked for over a line: searched, gathered and exported here.

use super::shelf::Shelf;
use crate::{
    domain::{digest::Digest, ids::Seq},
    runtime::handle::{HistoryEntry, HistoryQuery},
    store::{
        entry::Entry,
        history::{Order, Query},
    },
};

/// A past that is elsewhere: entries and blobs come by these.
pub struct Elsewhere<E, B> {
    /// Entries of a query, as a face asks for them.
    pub entries: E,
    /// A blob.
    pub blob: B,
}

impl<E, B> Shelf for Elsewhere<E, B>
where
    E: Fn(HistoryQuery) -> Result<Vec<HistoryEntry>, String>,
    B: Fn(Digest) -> Result<Vec<u8>, String>,
{
    fn entries(&self, query: &Query) -> Result<Vec<Entry>, String> {
        let forwards = query.order == Order::OldestFirst;
        let query = HistoryQuery {
            mission: query.mission,
            kind: query.kind.clone().unwrap_or_default(),
            before: query.from.filter(|_| !forwards).map(|from| Seq(from.0.saturating_add(1))),
            from: forwards.then(|| query.from.unwrap_or(Seq(1))),
            since: query.since,
            until: query.until,
            most: query.limit,
        };
        (self.entries)(query).map(|entries| entries.into_iter().map(Entry::from).collect())
    }
    fn blob(&self, content: Digest) -> Result<Vec<u8>, String> {
        (self.blob)(content)
    }
    fn proof(&self, seq: Seq) -> Result<String, String> {
        Err(format!("the proof of {seq} is made where the journal is: `chimera audit prove {}` there", seq.0))
    }
}
