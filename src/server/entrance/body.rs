//! Bodies that come too slowly end: each piece has its time, and all of it has. What nobody wanted of one is read before
//! the answer goes out.

use crate::{
    domain::time::Millis,
    server::problem::{Problem, Sort},
};
use axum::body::{Body, BodyDataStream, Bytes};
use futures::{StreamExt as _, stream};
use hyper::body::{Body as _, Incoming};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    sync::oneshot,
    time::{self, Instant},
};

/// Between two pieces.
const PIECE_MOST: Millis = Millis::secs(10);
/// All of it.
const BODY_MOST: Millis = Millis::secs(30);

/// How long an answer waits for what nobody wanted of its body.
const REST_MOST: Millis = Millis::secs(1);
/// Bytes of it: as much as anybody may send.
const REST_BYTES: usize = crate::server::input::BODY_MOST;

/// What became of a body, for whoever answers then.
pub(super) struct Fate {
    late: Arc<AtomicBool>,
    rest: oneshot::Receiver<BodyDataStream>,
}

impl Fate {
    /// Whether it came too late. What nobody wanted of it is read now: a connection that closes on bytes that it has not
    /// read takes the answer with it.
    pub async fn came_too_late(mut self) -> bool {
        if let Ok(mut pieces) = self.rest.try_recv() {
            let all = async {
                let mut bytes = 0;
                while bytes < REST_BYTES
                    && let Some(Ok(piece)) = pieces.next().await
                {
                    bytes += piece.len();
                }
            };
            // Whoever does not send it is not waited for.
            let _ = time::timeout(REST_MOST.to_std(), all).await;
        }
        self.late.load(Ordering::Relaxed)
    }
}

/// What comes; given back when its reader ends before it does.
struct Pieces {
    stream: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Drop for Pieces {
    fn drop(&mut self) {
        if let Some((stream, back)) = self.stream.take().zip(self.back.take()) {
            // An error means that nobody answers any more.
            let _ = back.send(stream);
        }
    }
}

/// The same body, with its times. Of one that was `announced`, nothing is read that nobody wants: it does not come then.
pub(super) fn in_time(incoming: Incoming, announced: bool) -> (Body, Fate) {
    let (back, rest) = oneshot::channel();
    let late = Arc::new(AtomicBool::new(false));
    let fate = Fate { late: late.clone(), rest };
    if incoming.is_end_stream() {
        return (Body::empty(), fate);
    }
    let stream = Some(Body::new(incoming).into_data_stream());
    let pieces = Pieces { stream, back: (!announced).then_some(back) };
    let until = Instant::now() + BODY_MOST.to_std();
    let body = Body::from_stream(stream::unfold(pieces, move |mut pieces| {
        let late = late.clone();
        async move {
            let end = until.min(Instant::now() + PIECE_MOST.to_std());
            let piece = match time::timeout_at(end, pieces.stream.as_mut()?.next()).await {
                Ok(Some(Ok(piece))) => return Some((Ok(piece), pieces)),
                Ok(Some(Err(error))) => Some(Err(io::Error::other(error))),
                Ok(None) => None,
                Err(_) => {
                    late.store(true, Ordering::Relaxed);
                    Some(Err(io::ErrorKind::TimedOut.into()))
                }
            };
            pieces.stream = None;
            piece.map(|piece: Result<Bytes, io::Error>| (piece, pieces))
        }
    }));
    (body, fate)
}

/// What is said of one.
pub(super) fn too_late() -> Problem {
    let detail = format!("a body has {BODY_MOST}, and {PIECE_MOST} for each piece");
    Problem::new(Sort::Late, detail, "send it at once, over a better line")
}
