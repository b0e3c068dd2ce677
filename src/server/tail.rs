//! The journal's last entries as they go over the wire, kept once for everybody who reads along: however many do, each
//! entry is read and written out once. Whoever is further back than these reads for themselves.

use super::{frame, problem::Problem};
use crate::{
    domain::{
        ids::{MissionId, Seq},
        text::json_escaped,
        time::Timestamp,
    },
    runtime::handle::{Handle, HistoryEntry},
};
use serde::Serialize;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::Mutex;

/// Version of the form of an entry and of a snapshot; another one is another form.
pub(super) const VERSION: u32 = 1;
/// Entries kept.
const LINES_MOST: usize = 1_024;
/// Bytes kept.
const BYTES_MOST: usize = 4 * 1024 * 1024;
/// Entries and bytes of one piece of a stream; at least one entry.
const PIECE_ENTRIES: usize = 64;
const PIECE_BYTES: usize = 256 * 1024;

/// An entry on the wire: all but what happened.
#[derive(Serialize)]
struct Head<'a> {
    version: u32,
    seq: Seq,
    at: Timestamp,
    actor: &'a str,
    kind: &'a str,
    mission: Option<MissionId>,
}

/// One event of the stream.
struct Line {
    seq: Seq,
    text: Arc<str>,
}

impl From<&HistoryEntry> for Line {
    fn from(entry: &HistoryEntry) -> Self {
        let HistoryEntry { seq, at, actor, kind, mission, payload, .. } = entry;
        let head = Head { version: VERSION, seq: *seq, at: *at, actor, kind, mission: *mission };
        let head = json_escaped(serde_json::to_string(&head).unwrap_or_default());
        // The payload is JSON already: it goes in as it stands in the journal, and is clean there.
        let data = format!("{},\"event\":{payload}}}", head.strip_suffix('}').unwrap_or_default());
        Self { seq: *seq, text: frame::event(seq.0, &data).into() }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Tail(Mutex<Kept>);

/// Neighbours in order, newest last.
#[derive(Default)]
struct Kept {
    lines: VecDeque<Line>,
    bytes: usize,
}

impl Kept {
    /// Whether what comes after this entry is in here, or would be next.
    fn reaches(&self, after: Seq) -> bool {
        let first = self.lines.front().map_or(after.0 + 1, |line| line.seq.0);
        let last = self.lines.back().map_or(after.0, |line| line.seq.0);
        (first..=last + 1).contains(&(after.0 + 1))
    }

    fn add(&mut self, line: Line) {
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES_MOST || (self.bytes > BYTES_MOST && self.lines.len() > 1) {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.text.len());
        }
    }
}

impl Tail {
    /// What comes after this entry, as much as one piece holds, and the last entry of it; nothing: nothing came.
    pub async fn after(&self, handle: &Handle, after: Seq) -> Result<Option<(String, Seq)>, Problem> {
        let mut kept = self.0.lock().await;
        if kept.lines.is_empty() || kept.reaches(after) {
            if kept.lines.back().is_none_or(|line| line.seq <= after) {
                if handle.snapshot().seq <= after {
                    return Ok(None);
                }
                let new = handle.follow(after, PIECE_ENTRIES).await?;
                new.iter().for_each(|entry| kept.add(Line::from(entry)));
            }
            return Ok(piece(kept.lines.iter().filter(|line| line.seq > after)));
        }
        drop(kept);
        let old: Vec<Line> = handle.follow(after, PIECE_ENTRIES).await?.iter().map(Line::from).collect();
        Ok(piece(old.iter()))
    }
}

fn piece<'a>(lines: impl Iterator<Item = &'a Line>) -> Option<(String, Seq)> {
    let (mut text, mut last) = (String::new(), None);
    for line in lines.take(PIECE_ENTRIES) {
        if last.is_some() && text.len() + line.text.len() > PIECE_BYTES {
            break;
        }
        text.push_str(&line.text);
        last = Some(line.seq);
    }
    last.map(|last| (text, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, bytes: usize) -> Line {
        Line { seq: Seq(seq), text: "x".repeat(bytes).into() }
    }

    #[test]
    fn d11_what_is_kept_is_bounded_and_knows_how_far_it_reaches() {
        let mut kept = Kept::default();
        assert!(kept.reaches(Seq(7)), "it can begin anywhere");
        for seq in 1..=LINES_MOST as u64 + 10 {
            kept.add(line(seq, 10));
        }
        assert_eq!((kept.lines.len(), kept.bytes), (LINES_MOST, LINES_MOST * 10));
        let last = LINES_MOST as u64 + 10;
        assert!(kept.reaches(Seq(10)) && kept.reaches(Seq(last)));
        assert!(!kept.reaches(Seq(9)) && !kept.reaches(Seq(last + 1)));
        kept.add(line(last + 1, BYTES_MOST + 1));
        assert_eq!(kept.lines.len(), 1, "the newest is kept however long it is");
    }

    #[test]
    fn d11_a_piece_is_bounded_and_never_empty_while_there_is_something() {
        let lines = [line(1, PIECE_BYTES + 1), line(2, 1)];
        assert_eq!(piece(lines.iter()).map(|(_, last)| last), Some(Seq(1)));
        let many: Vec<Line> = (1..=100).map(|seq| line(seq, 1)).collect();
        assert_eq!(piece(many.iter()).map(|(text, last)| (text.len(), last)), Some((64, Seq(64))));
        assert_eq!(piece([].iter()), None);
    }

    #[test]
    fn d11_an_entry_is_one_line_of_json_with_its_seq_as_id() {
        let entry = HistoryEntry {
            seq: Seq(5),
            at: Timestamp(7),
            actor: "person:a\u{9b}\nda".into(),
            kind: "control.resumed".into(),
            mission: None,
            payload: r#"{"control":"resumed"}"#.into(),
            prev: crate::domain::digest::Digest::default(),
            hash: crate::domain::digest::Digest::default(),
        };
        let text = Line::from(&entry).text;
        let data = text.strip_prefix("id: 5\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        assert!(!data.contains(['\n', '\u{9b}']));
        let value: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(value["event"]["control"], "resumed");
        assert_eq!((value["seq"].as_u64(), value["version"].as_u64()), (Some(5), Some(1)));
        assert_eq!(value["actor"], "person:a\u{9b}\nda");
    }
}
