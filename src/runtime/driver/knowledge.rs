//! Knowledge: what was found out about commits and need not be found out again while the program runs.
//!
//! What a repository looks like is the same for every mission that starts at the commit: it is looked up once, however many
//! ask at the same moment. What its checks say is measured for each mission anew, since that can change with the day.

use crate::{
    agents::{context::Found, evidence::Baselines},
    domain::{candidate::CommitId, ids::MissionId},
    engine::effect::Failure,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// Places that are kept, the newest.
const PLACES_MOST: usize = 32;
/// Baselines that are kept, beside those in use.
const BASELINES_MOST: usize = 32;

/// Where is looked, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Repository, as briefs name it.
    pub repo: String,
    /// The commit.
    pub commit: CommitId,
    /// Checks that the director named; empty: found by themselves.
    pub checks: Vec<String>,
}

/// Looked up by the first who asks; the others wait for it.
type Look = Arc<OnceCell<Arc<Found>>>;

/// What is known.
#[derive(Default)]
pub(super) struct Knowledge {
    places: Mutex<VecDeque<(Place, Look)>>,
    baselines: Mutex<BTreeMap<(MissionId, String), Arc<Baselines>>>,
}

impl Knowledge {
    /// What a place looks like. A look that failed is no knowledge: the next who asks looks again.
    pub(super) async fn of(
        &self,
        place: Place,
        look: impl Future<Output = Result<Found, Failure>>,
    ) -> Result<Arc<Found>, Failure> {
        let cell = self.look(place);
        cell.get_or_try_init(|| async { look.await.map(Arc::new) }).await.cloned()
    }

    fn look(&self, place: Place) -> Look {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, look)) = places.iter().find(|(known, _)| *known == place) {
            return look.clone();
        }
        if places.len() >= PLACES_MOST {
            places.pop_front();
        }
        let look = Look::default();
        places.push_back((place, look.clone()));
        look
    }

    /// Checks already run on a base, and the lock on its tree: whoever works there for the mission holds the same.
    pub(super) fn baselines(&self, mission: MissionId, base: &CommitId) -> Arc<Baselines> {
        let mut baselines = self.baselines.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (mission, base.0.clone());
        if baselines.len() >= BASELINES_MOST && !baselines.contains_key(&key) {
            let idle = baselines.iter().find(|(_, held)| Arc::strong_count(held) == 1);
            if let Some(idle) = idle.map(|(key, _)| key.clone()) {
                baselines.remove(&idle);
            }
        }
        baselines.entry(key).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::effect::FailureKind;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn at(commit: &str) -> Place {
        Place { repo: "/repo".to_owned(), commit: CommitId(commit.to_owned()), checks: Vec::new() }
    }

    #[tokio::test]
    async fn many_who_ask_at_once_look_once_and_a_look_that_failed_is_tried_again() {
        let (knowledge, looks) = (Knowledge::default(), AtomicU32::new(0));
        let look = |outcome: Result<Found, Failure>| {
            let looks = &looks;
            async move {
                looks.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                outcome
            }
        };
        let broken = Failure { kind: FailureKind::Transient, reason: "no disk".to_owned() };
        assert!(knowledge.of(at("a"), look(Err(broken))).await.is_err());
        let all = (0..50).map(|_| knowledge.of(at("a"), look(Ok(Found::default()))));
        assert!(futures::future::join_all(all).await.iter().all(Result::is_ok));
        assert_eq!(looks.load(Ordering::Relaxed), 2);
        let other = Place { checks: vec!["make".to_owned()], ..at("a") };
        knowledge.of(other, look(Ok(Found::default()))).await.unwrap();
        assert_eq!(looks.load(Ordering::Relaxed), 3, "other checks are another question");
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_but_nobody_loses_the_lock_that_is_held() {
        let knowledge = Knowledge::default();
        for n in 0..PLACES_MOST + 5 {
            knowledge.of(at(&n.to_string()), async { Ok(Found::default()) }).await.unwrap();
        }
        assert_eq!(knowledge.places.lock().unwrap().len(), PLACES_MOST);
        let base = CommitId("a".to_owned());
        let held = knowledge.baselines(MissionId(1), &base);
        for n in 2..100 {
            knowledge.baselines(MissionId(n), &base);
        }
        assert!(Arc::ptr_eq(&held, &knowledge.baselines(MissionId(1), &base)));
        assert_eq!(knowledge.baselines.lock().unwrap().len(), BASELINES_MOST);
    }
}
