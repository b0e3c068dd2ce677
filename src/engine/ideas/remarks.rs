//! What directors said of candidates, by repository: why they sent one back or threw it away, and what they wrote
//! beside their stars. Later missions there are told the newest, so that the same thing need not be said twice.

use crate::domain::{ids::MissionId, text::clean_line, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Repositories that are remembered; the one where nothing was said for longest makes room.
const REPOS_MOST: usize = 16;
/// Remarks of one repository.
const REMARKS_MOST: usize = 32;
/// The longest remark, in characters.
const WORDS_MOST: usize = 300;

/// Something a director said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// In the director's words, on one line.
    pub words: String,
    /// Of a candidate of this mission.
    pub mission: MissionId,
    /// When last.
    pub at: Timestamp,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Remarks(BTreeMap<String, VecDeque<Remark>>);

impl Remarks {
    /// What was said in a repository, the newest first; not what was said of this mission, whose teams know it.
    pub fn of(&self, repo: &str, but: MissionId) -> impl Iterator<Item = &Remark> {
        let all = self.0.get(repo).into_iter().flat_map(|all| all.iter().rev());
        all.filter(move |remark| remark.mission != but)
    }

    /// A director said something. The same words again count as said now.
    pub(super) fn note(&mut self, repo: &str, (mission, at): (MissionId, Timestamp), words: &str) {
        let words: String = clean_line(words.trim(), WORDS_MOST).into();
        if words.is_empty() {
            return;
        }
        let all = self.0.entry(repo.to_owned()).or_default();
        all.retain(|known| known.words.to_lowercase() != words.to_lowercase());
        all.push_back(Remark { words, mission, at });
        let surplus = all.len().saturating_sub(REMARKS_MOST);
        all.drain(..surplus);
        while self.0.len() > REPOS_MOST {
            let last = |all: &VecDeque<Remark>| all.back().map(|remark| remark.at);
            let oldest = self.0.iter().min_by_key(|(_, all)| last(all)).map(|(repo, _)| repo.clone());
            let Some(oldest) = oldest else { return };
            self.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(remarks: &Remarks, repo: &str, but: u64) -> Vec<String> {
        remarks.of(repo, MissionId(but)).map(|remark| remark.words.clone()).collect()
    }

    #[test]
    fn b21_the_newest_is_first_and_the_same_words_are_one_remark() {
        let mut remarks = Remarks::default();
        for (mission, words) in
            [(1, "No new helpers"), (2, "tests first\nplease"), (3, "no new helpers"), (3, "  ")]
        {
            remarks.note("/shop", (MissionId(mission), Timestamp(i64::try_from(mission).unwrap())), words);
        }
        remarks.note("/else", (MissionId(4), Timestamp(4)), "elsewhere");
        assert_eq!(said(&remarks, "/shop", 9), ["no new helpers", "tests first please"]);
        assert_eq!(said(&remarks, "/shop", 3), ["tests first please"], "its own teams know it");
        assert_eq!(said(&remarks, "/none", 9), Vec::<String>::new());
    }

    #[test]
    fn b21_there_is_an_end_to_what_is_remembered() {
        let mut remarks = Remarks::default();
        for n in 0..200 {
            remarks.note("/shop", (MissionId(n), Timestamp(0)), &format!("remark {n} {}", "x".repeat(5_000)));
            remarks.note(&format!("/{n}"), (MissionId(n), Timestamp(1)), "words");
        }
        assert!(said(&remarks, "/shop", 999).len() <= REMARKS_MOST);
        assert!(remarks.0.len() <= REPOS_MOST);
        assert!(remarks.0.values().flatten().all(|remark| remark.words.chars().count() <= WORDS_MOST + 1));
    }
}
