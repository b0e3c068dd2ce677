//! The journal by lines: its newest entries, one in full, and words found in it.

use super::{
    face::{Linear, Want},
    named::{first, take_mission},
    say,
};
use crate::{
    domain::{ids::Seq, text::clean_line},
    runtime::handle::{HistoryEntry, HistoryQuery},
};

/// Entries of the journal that are said unless a number says otherwise.
const ENTRIES: usize = 20;
/// And at most.
const ENTRIES_MOST: usize = 1_000;
/// Entries that are searched.
const SEARCHED: usize = 5_000;

impl Linear {
    /// Entries of the journal were read.
    pub fn entries(&mut self, found: Result<Vec<HistoryEntry>, String>, whole: bool) {
        match found {
            Err(error) => self.say("not done", &error),
            Ok(entries) if entries.is_empty() => self.say("audit", "no entry is like that"),
            Ok(entries) => {
                for entry in entries.iter().rev() {
                    let mission = entry.mission.map(|id| format!(", {id}")).unwrap_or_default();
                    let words =
                        format!("{}, {}, {}, {}{mission}", entry.seq.0, entry.at, entry.actor, entry.kind);
                    self.say("entry", &words);
                    if whole {
                        self.lines.extend(say::text(&pretty(&entry.payload)));
                    }
                }
            }
        }
    }

    pub(super) fn audit(&mut self, rest: &str) -> Vec<Want> {
        let (mission, mut rest) = take_mission(rest);
        let mut query = HistoryQuery { mission, most: ENTRIES, ..HistoryQuery::default() };
        while !rest.is_empty() {
            let (word, after) = first(rest);
            match word.parse::<usize>() {
                Ok(number) => query.most = number.clamp(1, ENTRIES_MOST),
                Err(_) => query.kind = word.to_owned(),
            }
            rest = after;
        }
        vec![Want::Entries(query, String::new())]
    }

    pub(super) fn entry(&mut self, rest: &str) -> Vec<Want> {
        match rest.trim_start_matches('#').parse::<u64>() {
            Ok(seq) if seq > 0 => {
                let before = Some(Seq(seq.saturating_add(1)));
                vec![Want::Entries(
                    HistoryQuery { before, most: 1, ..HistoryQuery::default() },
                    String::new(),
                )]
            }
            _ => {
                self.say("not done", "say the number of an entry, as audit says it");
                Vec::new()
            }
        }
    }

    pub(super) fn search(&mut self, words: &str) -> Vec<Want> {
        if words.is_empty() {
            self.say("not done", "say the words to find");
            return Vec::new();
        }
        let state = self.app.state.clone();
        let wanted = words.to_lowercase();
        for mission in state.missions.values().rev() {
            let hit = mission.brief.text.lines().find(|line| line.to_lowercase().contains(&wanted));
            if let Some(line) = hit {
                self.say("found", &format!("{}, {line}", mission.id));
            }
        }
        let query = HistoryQuery { most: SEARCHED, ..HistoryQuery::default() };
        vec![Want::Entries(query, wanted)]
    }
}

/// A payload as lines, where it is what it should be.
fn pretty(payload: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(payload).ok();
    let text = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    text.unwrap_or_else(|| clean_line(payload, say::LINE_MOST).to_string())
}
