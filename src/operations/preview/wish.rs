//! What a person who looks wants of a preview that runs: its page again, and in which size they can see it. Cheap to
//! ask, never waits.

use crate::domain::preview::Viewport;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// One preview's.
#[derive(Debug, Default)]
pub struct Wish {
    made: Notify,
    viewport: Mutex<Option<Viewport>>,
}

impl Wish {
    /// The page again.
    pub fn again(&self) {
        self.made.notify_one();
    }

    /// Photos in this size from now on; the first at once, unless that is what is taken already.
    pub fn look(&self, viewport: Viewport) {
        let before = self.viewport.lock().unwrap_or_else(PoisonError::into_inner).replace(viewport);
        if before != Some(viewport) {
            self.made.notify_one();
        }
    }

    /// The size that is wanted; none if nobody can see a photo.
    #[must_use]
    pub fn viewport(&self) -> Option<Viewport> {
        *self.viewport.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when something is wanted.
    pub async fn made(&self) {
        self.made.notified().await;
    }
}
