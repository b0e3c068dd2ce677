//! How often somebody may do something: a bucket each, which fills by itself and is emptied by what is done. Buckets that
//! are full again are forgotten; however many there are, they are bounded.

use crate::domain::time::{Millis, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Buckets at once.
const BUCKETS_MOST: usize = 4_096;
/// Parts of one: what comes within a millisecond is a fraction.
const PARTS: u64 = 60_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    per_minute: u64,
    most: u64,
    all: Mutex<BTreeMap<K, Level>>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    parts: u64,
    at: Timestamp,
}

impl<K: Ord + Clone> Buckets<K> {
    /// So many a minute, and so many at once.
    pub fn new(per_minute: u32, at_once: u32) -> Self {
        let (per_minute, at_once) = (u64::from(per_minute.max(1)), u64::from(at_once.max(1)));
        Self { per_minute, most: at_once * PARTS, all: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<K, Level>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn level(&self, level: Option<&Level>, now: Timestamp) -> u64 {
        let filled = |level: &Level| {
            let since = now.since(level.at).0;
            level.parts.saturating_add(since.saturating_mul(self.per_minute)).min(self.most)
        };
        level.map_or(self.most, filled)
    }

    /// Takes one.
    ///
    /// # Errors
    /// It is empty: how long until there is one.
    pub fn take(&self, key: &K, now: Timestamp) -> Result<(), Millis> {
        let mut all = self.all();
        let parts = self.level(all.get(key), now);
        if parts < PARTS {
            return Err(Millis((PARTS - parts).div_ceil(self.per_minute)));
        }
        if all.len() >= BUCKETS_MOST && !all.contains_key(key) {
            all.retain(|_, level| self.level(Some(level), now) < self.most);
            // All of them are in use: the fullest one is missed least.
            if all.len() >= BUCKETS_MOST {
                let fullest = all.iter().max_by_key(|(_, level)| level.parts).map(|(key, _)| key.clone());
                fullest.map(|key| all.remove(&key));
            }
        }
        all.insert(key.clone(), Level { parts: parts - PARTS, at: now });
        Ok(())
    }

    /// Gives one back.
    pub fn give(&self, key: &K, now: Timestamp) {
        let mut all = self.all();
        let parts = self.level(all.get(key), now).saturating_add(PARTS);
        if parts >= self.most {
            all.remove(key);
        } else {
            all.insert(key.clone(), Level { parts, at: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn e13_a_bucket_is_emptied_by_use_and_fills_by_itself() {
        let buckets = Buckets::new(60, 3);
        let take = |key: &str, after: u64| buckets.take(&key.to_owned(), NOW + Millis(after));
        assert!((0..3).all(|_| take("ada", 0).is_ok()));
        assert_eq!(take("ada", 0), Err(Millis::secs(1)));
        assert_eq!((take("bob", 0), take("ada", 999)), (Ok(()), Err(Millis(1))));
        assert_eq!((take("ada", 1_000), take("ada", 1_000)), (Ok(()), Err(Millis::secs(1))));
        buckets.give(&"ada".to_owned(), NOW + Millis(1_000));
        assert_eq!(take("ada", 1_000), Ok(()));
        assert!((0..3).all(|_| take("ada", 3_600_000).is_ok()));
        assert!(take("ada", 3_600_000).is_err(), "it never holds more than it can");
        // A clock that goes backwards fills nothing and empties nothing.
        assert!(take("ada", 0).is_err());
    }

    #[test]
    fn e13_buckets_are_bounded_and_who_is_empty_stays_so() {
        let buckets = Buckets::new(60, 2);
        assert!(buckets.take(&0, NOW).is_ok() && buckets.take(&0, NOW).is_ok());
        for key in 1..=3 * BUCKETS_MOST {
            assert!(buckets.take(&key, NOW).is_ok());
        }
        assert!(buckets.all().len() <= BUCKETS_MOST);
        assert!(buckets.take(&0, NOW).is_err(), "a flood of others gives nobody a new bucket");
    }
}
