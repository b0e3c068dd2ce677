//! What a probe remembers between two looks: how often its process began anew, what it had used of the processor, what
//! tells of its end, and whether its last look at a disk has come back. Lives as long as the probe is watched; one look
//! alone begins without.

use super::knell::{Knell, Life};
use crate::domain::time::{Millis, Timestamp};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Restarts count for so long.
const WINDOW: Millis = Millis::mins(10);
/// Restarts remembered.
const KEPT_MOST: usize = 64;

/// What a probe remembers.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// How often it began anew.
    pub restarts: Restarts,
    /// Processor time used by which process, in clock ticks, and when that was.
    pub cpu: Option<(Life, u64, Timestamp)>,
    /// Tells when the process has ended that ran at the last look.
    pub knell: Option<Knell>,
    /// The one look that may block.
    pub desk: Desk,
}

impl Past {
    /// Returns when the process that ran at the last look has ended, and a part of a turn later; never without one.
    pub(super) async fn rings(&self, turn: Millis) {
        match &self.knell {
            Some(knell) => knell.rings(turn).await,
            None => std::future::pending().await,
        }
    }
}

/// Restarts of the last minutes, counted by the process' lives or by a counter that somebody else keeps.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    life: Option<Life>,
    total: Option<u64>,
    /// The first look.
    since: Option<Timestamp>,
    at: VecDeque<Timestamp>,
}

impl Restarts {
    /// Seen in this life; how many restarts there were lately, or nothing at the first look.
    pub(super) fn life(&mut self, life: Life, now: Timestamp) -> Option<usize> {
        self.since.get_or_insert(now);
        let before = self.life.replace(life)?;
        self.note(u64::from(before != life), now);
        Some(self.lately(now))
    }

    /// So many since ever; how many there were lately, or nothing at the first look. A smaller number is a new count.
    pub(super) fn total(&mut self, total: u64, now: Timestamp) -> Option<usize> {
        self.since.get_or_insert(now);
        let before = self.total.replace(total)?;
        self.note(if total < before { total } else { total - before }, now);
        Some(self.lately(now))
    }

    /// The time that they were counted in, in words: less than the whole of it right after the first look.
    pub(super) fn span(&self, now: Timestamp) -> String {
        match self.since.filter(|since| now.since(*since) < WINDOW) {
            Some(since) => format!("since {} UTC", since.to_string().get(11..16).unwrap_or_default()),
            None => "in the last 10 minutes".to_owned(),
        }
    }

    fn note(&mut self, count: u64, now: Timestamp) {
        for _ in 0..count.min(KEPT_MOST as u64) {
            self.at.push_back(now);
        }
        let many = self.at.len().saturating_sub(KEPT_MOST);
        self.at.drain(..many);
    }

    fn lately(&mut self, now: Timestamp) -> usize {
        self.at.retain(|at| now.since(*at) <= WINDOW);
        self.at.len()
    }
}

/// One thing that may block, once at a time: a disk that hangs holds one thread, not one more with each look.
#[derive(Debug, Default)]
pub(super) struct Desk {
    busy: Arc<AtomicBool>,
}

impl Desk {
    /// Does it on a thread that may block. It is told by the flag when nobody waits for it any more.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
    ) -> Result<T, String> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err("the look before has not come back: the disk hangs".to_owned());
        }
        let left = Arc::new(AtomicBool::new(false));
        let leaving = SetOnDrop(Arc::clone(&left));
        let done = ClearOnDrop(Arc::clone(&self.busy));
        let worked = tokio::task::spawn_blocking(move || {
            let _done = done;
            work(&left)
        });
        let worked = worked.await.map_err(|_| "the program ends".to_owned());
        drop(leaving);
        worked
    }
}

struct ClearOnDrop(Arc<AtomicBool>);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn restarts_count_for_ten_minutes_and_not_at_the_first_look() {
        let mut restarts = Restarts::default();
        let life = |pid| Life { pid, start: u64::from(pid) };
        let seen: Vec<_> = [(1, 0), (1, 1), (2, 2), (3, 3), (3, 11), (3, 13), (3, 14)]
            .map(|(pid, minute)| restarts.life(life(pid), Timestamp(minute * MINUTE)))
            .into();
        assert_eq!(seen, [None, Some(0), Some(1), Some(2), Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn c2_restarts_are_said_of_the_time_in_which_somebody_looked() {
        let mut restarts = Restarts::default();
        let at = |minute: i64| Timestamp(minute * MINUTE);
        restarts.total(3, at(20));
        assert_eq!((restarts.total(3, at(23)), restarts.span(at(23))), (Some(0), "since 00:20 UTC".into()));
        assert_eq!(restarts.span(at(30)), "in the last 10 minutes");
    }

    #[test]
    fn a_counter_that_began_anew_is_no_flood_of_restarts() {
        let mut restarts = Restarts::default();
        let seen: Vec<_> = [7, 9, 1, 1, u64::MAX].map(|total| restarts.total(total, Timestamp(0))).into();
        assert_eq!(seen, [None, Some(2), Some(3), Some(3), Some(KEPT_MOST)]);
    }

    #[tokio::test]
    async fn a_look_that_hangs_holds_one_thread_only_and_is_told_that_nobody_waits() {
        let desk = Desk::default();
        let (release, gate) = std::sync::mpsc::sync_channel::<()>(0);
        let (began, beginning) = tokio::sync::oneshot::channel();
        let (told, hears) = tokio::sync::oneshot::channel();
        let work = desk.work(move |left| {
            let _ = began.send(());
            let _ = gate.recv();
            let _ = told.send(left.load(Ordering::Acquire));
        });
        tokio::select! {
            _ = work => panic!("it hangs"),
            _ = beginning => {}
        }
        assert!(desk.work(|_| ()).await.unwrap_err().contains("hangs"));
        release.send(()).unwrap();
        assert_eq!(hears.await, Ok(true));
        while desk.work(|_| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
