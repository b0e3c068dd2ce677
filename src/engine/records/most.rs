//! Bounded tables by name: the most used keep a row of their own, the rest is added up in one.

use super::sums::more;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A row of a table.
pub trait Row: Clone + Default {
    /// How much it was used: the least used makes room.
    fn weight(&self) -> u64;
    /// Takes another row's numbers in.
    fn absorb(&mut self, other: &Self);
}

impl Row for u64 {
    fn weight(&self) -> u64 {
        *self
    }
    fn absorb(&mut self, other: &Self) {
        more(self, *other);
    }
}

/// At most `N` rows by name. A name that lost its row and comes again begins anew; what it had stays in the rest, so
/// that all rows and the rest are always everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Most<R, const N: usize> {
    kept: Arc<BTreeMap<Arc<str>, R>>,
    rest: Arc<R>,
    /// Rows that went into the rest.
    folded: u64,
}

impl<R: Default, const N: usize> Default for Most<R, N> {
    fn default() -> Self {
        Self { kept: Arc::default(), rest: Arc::default(), folded: 0 }
    }
}

fn least<R: Row>(kept: &BTreeMap<Arc<str>, R>) -> Option<Arc<str>> {
    kept.iter().min_by_key(|(_, row)| row.weight()).map(|(name, _)| name.clone())
}

impl<R: Row, const N: usize> Most<R, N> {
    /// Changes the row of that name, made if there is none.
    pub(in crate::engine) fn row(&mut self, name: &str, change: impl FnOnce(&mut R)) {
        let kept = Arc::make_mut(&mut self.kept);
        if let Some(row) = kept.get_mut(name) {
            return change(row);
        }
        if kept.len() >= N
            && let Some(gone) = least(kept).and_then(|least| kept.remove(&least))
        {
            Arc::make_mut(&mut self.rest).absorb(&gone);
            more(&mut self.folded, 1);
        }
        let mut row = R::default();
        change(&mut row);
        kept.insert(name.into(), row);
    }

    /// Whether both are one and the same in memory.
    #[cfg(test)]
    pub(super) fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.kept, &other.kept)
    }

    /// Rows by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &R)> {
        self.kept.iter().map(|(name, row)| (&**name, row))
    }

    /// Rows, most used first; the same use by name.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&str, &R)> {
        let mut rows: Vec<_> = self.iter().collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.weight()));
        rows
    }

    /// One row.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&R> {
        self.kept.get(name)
    }

    /// Everything that has no row any more, added up; `None` while all have one.
    #[must_use]
    pub fn rest(&self) -> Option<&R> {
        (self.folded > 0).then_some(&*self.rest)
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl<R: Row, const N: usize> Row for Most<R, N> {
    fn weight(&self) -> u64 {
        self.kept.values().fold(self.rest.weight(), |sum, row| sum.saturating_add(row.weight()))
    }
    fn absorb(&mut self, other: &Self) {
        for (name, row) in other.iter() {
            self.row(name, |own| own.absorb(row));
        }
        if let Some(rest) = other.rest() {
            Arc::make_mut(&mut self.rest).absorb(rest);
            more(&mut self.folded, other.folded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_more_rows_than_allowed(names in prop::collection::vec(0_u8..40, 0..300)) {
            let mut most = Most::<u64, 8>::default();
            for name in &names {
                most.row(&format!("n{name}"), |n| *n += 1);
                prop_assert!(most.kept.len() <= 8);
            }
            let kept: u64 = most.iter().map(|(_, n)| n).sum();
            prop_assert_eq!(kept + most.rest().unwrap_or(&0), names.len() as u64);
            prop_assert_eq!(most.weight(), names.len() as u64);
            let text = serde_json::to_string(&most).unwrap();
            prop_assert_eq!(serde_json::from_str::<Most<u64, 8>>(&text).unwrap(), most);
        }
    }

    #[test]
    fn the_least_used_makes_room() {
        let mut most = Most::<u64, 2>::default();
        for name in ["often", "often", "often", "once", "new"] {
            most.row(name, |n| *n += 1);
        }
        assert_eq!(most.ranked(), [("often", &3), ("new", &1)]);
        assert_eq!((most.get("once"), most.rest()), (None, Some(&1)));
    }
}
