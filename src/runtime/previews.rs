//! The face's end of previews: what a person wants of them, and all that run or ran. Where nobody can run one, as in a
//! process that follows another's journal, asking says so.

use crate::domain::{
    feed::Channel,
    preview::{Preview, Viewport},
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::{mpsc, watch};

/// Wants that may wait at once.
const WANTS_MOST: usize = 64;
/// Previews that are remembered, those that have ended forgotten first.
const SHOWN_MOST: usize = 32;

/// All previews, those that have ended among them.
pub type Shown = BTreeMap<Channel, Preview>;

/// What a person wants of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// That it runs; where it runs, that the page is asked for again.
    Show(Channel),
    /// That its page is photographed in this size, now and whenever it is asked for.
    Photograph(Channel, Viewport),
    /// That it ends.
    End(Channel),
}

/// A face's end. Cheap to clone.
#[derive(Clone)]
pub struct Previews {
    wants: mpsc::Sender<Want>,
    shown: watch::Receiver<Arc<Shown>>,
}

/// The engine's end.
pub struct PreviewsEnd {
    /// What people want, in order.
    pub wants: mpsc::Receiver<Want>,
    /// Where it is told how they stand.
    pub shown: watch::Sender<Arc<Shown>>,
}

/// Tells how one stands.
pub fn put(shown: &watch::Sender<Arc<Shown>>, channel: Channel, preview: Preview) {
    shown.send_modify(|shown| {
        let shown = Arc::make_mut(shown);
        if shown.len() >= SHOWN_MOST && !shown.contains_key(&channel) {
            let over = shown.iter().find(|(_, preview)| !preview.stage.lives()).map(|(known, _)| *known);
            over.map(|over| shown.remove(&over));
        }
        shown.insert(channel, preview);
    });
}

/// Changes what is told of one, if anything is.
pub fn change(shown: &watch::Sender<Arc<Shown>>, channel: Channel, change: impl FnOnce(&mut Preview)) {
    shown.send_modify(|shown| {
        if let Some(preview) = Arc::make_mut(shown).get_mut(&channel) {
            change(preview);
        }
    });
}

pub(super) fn link() -> (Previews, PreviewsEnd) {
    let (wants, wanted) = mpsc::channel(WANTS_MOST);
    let (show, shown) = watch::channel(Arc::default());
    (Previews { wants, shown }, PreviewsEnd { wants: wanted, shown: show })
}

impl Previews {
    /// Asks for something; returns at once.
    ///
    /// # Errors
    /// In words: nobody here can run one.
    pub fn want(&self, want: Want) -> Result<(), String> {
        self.wants.try_send(want).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => "too many previews are asked for at once".to_owned(),
            mpsc::error::TrySendError::Closed(_) => {
                "previews run in the process that owns the data directory: look there".to_owned()
            }
        })
    }

    /// Tells of every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Shown>> {
        self.shown.clone()
    }
}
