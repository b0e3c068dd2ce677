//! Finding words in the lines of a patch, folded ones too: what is found is unfolded.

use super::{
    rows::{Place, Row, Split, row_of},
    search::{Search, places},
    view::ShotView,
};
use crate::tui::stream::search::Needle;

impl ShotView {
    /// Looks for words from the first row shown on; nothing is looked for any more when there are none. How many
    /// lines hold them.
    pub fn find(&mut self, words: &str) -> usize {
        self.search = Search { needle: Needle::new(words), ..Search::default() };
        let Some(needle) = &self.search.needle else { return 0 };
        let found = places(&self.doc, needle);
        let at = found.partition_point(|place| *place < self.top);
        let (count, at) = (found.len(), if at < found.len() { at } else { 0 });
        (self.search.places, self.search.at) = (Some(found), at);
        self.go_to_found();
        count
    }

    /// To the match after or before, around the end. Whether there is one.
    pub fn find_on(&mut self, forward: bool) -> bool {
        let Some(needle) = &self.search.needle else { return false };
        if self.search.places.is_none() {
            self.search.places = Some(places(&self.doc, needle));
        }
        let count = self.search.places.as_ref().map_or(0, Vec::len);
        if count == 0 {
            return false;
        }
        let step = if forward { 1 } else { count - 1 };
        self.search.at = (self.search.at + step) % count;
        self.go_to_found();
        true
    }

    fn go_to_found(&mut self) {
        let Some(place) = self.search.places.as_ref().and_then(|all| all.get(self.search.at)).copied() else {
            return;
        };
        let doc = self.doc.clone();
        self.folds.reveal(&doc, place);
        self.remake();
        // The heading of the pane and a row above stay in sight.
        let at = self.row_with(place).saturating_sub(1);
        self.stand_on(at);
    }

    /// The row that shows a line; in two columns an added line stands beside the one it replaces.
    fn row_with(&self, place: Place) -> usize {
        let at = row_of(&self.rows, place);
        let line = place.line.wrapping_sub(1);
        let here =
            |row: &Row| matches!(row, Row::Lines { left, right, .. } if *left == line || *right == line);
        if self.split == Split::One || self.rows.get(at).is_some_and(here) {
            return at;
        }
        let near = self.rows.get(..at).unwrap_or_default();
        let in_hunk = |row: &&Row| (row.place().file, row.place().part) == (place.file, place.part);
        let back = near.iter().rev().take_while(in_hunk).position(here);
        back.map_or(at, |back| at - 1 - back)
    }
}
