//! What the network face may not do itself and is handed in by whoever opens it.

use crate::{
    config::{
        book::Book,
        edit::{Change, Edited},
    },
    domain::signal::Reading,
    runtime::Hooks,
};
use futures::future::BoxFuture;
use std::sync::Arc;

/// What one probe saw: its name, its service, what it read.
pub type Seen = (String, String, Vec<Reading>);
/// Looks with one probe, or with all; an error in words where there is none of that name.
pub type Scan = Arc<dyn Fn(Option<String>) -> BoxFuture<'static, Result<Vec<Seen>, String>> + Send + Sync>;
/// Whether a mission can start here, and land on this branch where one is named; in words why not.
pub type Ready = Arc<dyn Fn(Option<String>) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;
/// Changes a setting in its file; in words why not.
pub type Alter = Arc<dyn Fn(Change) -> BoxFuture<'static, Result<Edited, String>> + Send + Sync>;

/// Reads every setting as it is now; in words why not.
pub type Shelf = Arc<dyn Fn() -> BoxFuture<'static, Result<Book, String>> + Send + Sync>;

/// What is handed in.
#[derive(Clone)]
pub struct Ports {
    /// Whether a mission can start here.
    pub ready: Ready,
    /// Looks at everything that is watched, now.
    pub scan: Scan,
    /// Every setting.
    pub book: Shelf,
    /// Changes a setting.
    pub change: Alter,
    /// Where payloads of other systems come in; nowhere where nothing is watched.
    pub hooks: Option<Arc<Hooks>>,
}
