//! The journal as a list of which only what is looked at is in memory, and what was found in it.

use crate::{
    domain::{ids::Seq, search::Query},
    runtime::past::search::{Cursor, Hit, Page, Search},
    tui::past::{PAGE, PastTask, Row},
};
use std::collections::{BTreeMap, BTreeSet};

/// Pages of the journal in memory.
const PAGES_MOST: usize = 8;
/// Hits in memory.
pub const HITS_MOST: usize = 2_000;
/// Hits that are found ahead of the cursor.
const AHEAD: usize = 100;
/// Hits asked for at once.
const HITS: usize = 50;

/// The list.
#[derive(Debug, Default)]
pub struct Journal {
    /// The entry under the cursor; `None`: the newest, whichever that is.
    pub at: Option<Seq>,
    pages: BTreeMap<u64, Vec<Row>>,
    asked: BTreeSet<(u64, usize)>,
    /// What is searched, if anything is.
    pub finding: Option<Finding>,
    searches: u64,
    /// Why a page is missing.
    pub wrong: Option<String>,
}

impl Journal {
    /// Rows above the cursor.
    #[must_use]
    pub fn above(&self, last: u64) -> u64 {
        self.at.map_or(0, |seq| last.saturating_sub(seq.0))
    }

    /// The entry under the cursor.
    #[must_use]
    pub fn chosen(&self, last: u64) -> Option<Seq> {
        (last > 0).then(|| Seq(last - self.above(last).min(last - 1)))
    }

    /// Moves the cursor to so many rows below the newest.
    pub fn go(&mut self, below: u64, last: u64) {
        let below = below.min(last.saturating_sub(1));
        self.at = (below > 0).then(|| Seq(last - below));
    }

    /// One entry, if it is in memory.
    #[must_use]
    pub fn row(&self, seq: Seq) -> Option<&Row> {
        let page = self.pages.get(&(seq.0.checked_sub(1)? / PAGE))?;
        page.iter().find(|row| row.seq == seq)
    }

    /// Takes a page.
    pub fn take(&mut self, page: u64, rows: Result<Vec<Row>, String>) {
        self.asked.retain(|(asked, _)| *asked != page);
        match rows {
            Ok(rows) => {
                self.wrong = None;
                self.pages.insert(page, rows);
            }
            Err(why) => self.wrong = Some(why),
        }
    }

    /// What is missing around the cursor, or of the search.
    pub(super) fn wants(&mut self, last: u64, rows: usize) -> Vec<PastTask> {
        if let Some(finding) = &mut self.finding {
            return finding.wants().into_iter().collect();
        }
        if last == 0 || self.wrong.is_some() {
            return Vec::new();
        }
        let (at, rows) = (last - self.above(last).min(last - 1), rows as u64);
        let page_of = |seq: u64| seq.saturating_sub(1) / PAGE;
        let (low, high) =
            (page_of(at.saturating_sub(rows).max(1)), page_of(at.saturating_add(rows).min(last)));
        while self.pages.len() > PAGES_MOST {
            let far = self.pages.keys().copied().max_by_key(|page| page.abs_diff(page_of(at)));
            far.map(|page| self.pages.remove(&page));
        }
        let mut tasks = Vec::new();
        for page in low..=high {
            let whole = usize::try_from((last - page * PAGE).min(PAGE)).unwrap_or(usize::MAX);
            let known = self.pages.get(&page).map_or(0, Vec::len);
            // The newest page grows: it is asked for again when there is more of it.
            if known < whole && self.asked.insert((page, whole)) {
                tasks.push(PastTask::Page(page));
            }
        }
        tasks
    }

    /// Searches anew; the search before is let go.
    pub fn search(&mut self, text: String, query: Query) {
        self.searches += 1;
        self.finding = Some(Finding {
            serial: self.searches,
            text,
            query,
            hits: Vec::new(),
            next: Some(Cursor::default()),
            runs: false,
            at: 0,
            entries: 0,
            gone: 0,
            wrong: None,
        });
    }
}

/// A search.
#[derive(Debug)]
pub struct Finding {
    serial: u64,
    /// As it was typed.
    pub text: String,
    query: Query,
    /// Newest first.
    pub hits: Vec<Hit>,
    next: Option<Cursor>,
    /// Whether a page is under way.
    pub runs: bool,
    /// The chosen hit.
    pub at: usize,
    /// Entries looked at.
    pub entries: u64,
    /// Transcripts that are gone.
    pub gone: u64,
    /// Why it ended early.
    pub wrong: Option<String>,
}

impl Finding {
    /// Takes a page, if it is of this search.
    pub fn take(&mut self, serial: u64, page: Result<Page, String>) {
        if serial != self.serial {
            return;
        }
        self.runs = false;
        match page {
            Ok(page) => {
                self.hits.extend(page.hits);
                self.hits.truncate(HITS_MOST);
                self.entries += page.entries;
                self.gone += page.gone;
                self.next = page.next;
            }
            Err(why) => {
                self.wrong = Some(why);
                self.next = None;
            }
        }
    }

    /// Whether everything was looked at.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.next.is_none()
    }

    fn wants(&mut self) -> Option<PastTask> {
        let enough = self.hits.len() >= HITS_MOST || self.hits.len() > self.at.saturating_add(AHEAD);
        if self.runs || enough {
            return None;
        }
        let from = self.next.clone()?;
        self.runs = true;
        let search = Search { query: self.query.clone(), from, most: HITS };
        Some(PastTask::Search(self.serial, Box::new(search)))
    }
}
