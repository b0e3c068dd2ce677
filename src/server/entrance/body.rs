//! Bodies that come too slowly end: each piece has its time, and all of it has.

use crate::{
    domain::time::Millis,
    server::problem::{Problem, Sort},
};
use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use hyper::body::{Body as _, Incoming};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::time::{self, Instant};

/// Between two pieces.
const PIECE_MOST: Millis = Millis::secs(10);
/// All of it.
const BODY_MOST: Millis = Millis::secs(30);

/// Whether a body came too late, for whoever answers then.
#[derive(Clone, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    /// See there.
    pub fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same body, with its times.
pub(super) fn in_time(incoming: Incoming, late: &Late) -> Body {
    if incoming.is_end_stream() {
        return Body::empty();
    }
    let pieces = Body::new(incoming).into_data_stream();
    let (until, late) = (Instant::now() + BODY_MOST.to_std(), late.clone());
    Body::from_stream(stream::unfold(Some((pieces, late)), move |going| async move {
        let (mut pieces, late) = going?;
        let end = until.min(Instant::now() + PIECE_MOST.to_std());
        let piece: Result<Bytes, io::Error> = match time::timeout_at(end, pieces.next()).await {
            Ok(Some(Ok(piece))) => return Some((Ok(piece), Some((pieces, late)))),
            Ok(Some(Err(error))) => Err(io::Error::other(error)),
            Ok(None) => return None,
            Err(_) => {
                late.0.store(true, Ordering::Relaxed);
                Err(io::ErrorKind::TimedOut.into())
            }
        };
        Some((piece, None))
    }))
}

/// What is said of one.
pub(super) fn too_late() -> Problem {
    let detail = format!("a body has {BODY_MOST}, and {PIECE_MOST} for each piece");
    Problem::new(Sort::Late, detail, "send it at once, over a better line")
}
