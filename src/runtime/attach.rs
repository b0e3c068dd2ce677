//! The far end of a handle where another process owns the data directory: the state is folded from the journal as
//! it grows, commands go by post and are answered when they are in it. What agents stream does not
//! come this way.

use super::{
    clock::Clock,
    handle::{Ask, EngineEnd, Receipt, SendError},
    look::{self, Look},
    past::{dossier, export, search, shelf::Files},
    post::{self, Answer, Letter, Sent},
    start::StartError,
    supervisor::beside,
};
use crate::{
    domain::{request::Actor, time::Millis},
    engine::command::Command,
    store::{error::Holder, look::blobs},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{self, Instant},
};

/// Between two looks into the journal.
const LOOK_EVERY: Millis = Millis(150);
/// The same while an answer is awaited.
const LOOK_SOON: Millis = Millis(20);
/// How long the owner may take to answer.
const ANSWER_MOST: Millis = Millis::secs(15);
/// Looks between two questions whether the owner is still there.
const OWNER_EVERY: u32 = 8;

type Reply = oneshot::Sender<Result<Receipt, SendError>>;

/// A connection to the owner.
pub struct Attached {
    /// Who it is.
    pub owner: Holder,
    close: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Serves this end from the files of a directory that `owner` has.
///
/// # Errors
/// The journal cannot be read or understood.
pub async fn attach(data: &Path, owner: Holder, mut end: EngineEnd) -> Result<Attached, StartError> {
    let (path, died) = (data.to_owned(), data.to_owned());
    let opening = tokio::task::spawn_blocking(move || Look::open(&path));
    let look = opening.await.map_err(|_| StartError::Died(died))??;
    drop(end.take_previews());
    end.state.send_replace(Arc::new(look.state.clone()));
    let (close, closed) = watch::channel(false);
    let line = Line { data: data.to_owned(), pid: owner.pid, end, waiting: Vec::new(), closed };
    Ok(Attached { owner, close, task: beside(line.serve(look)) })
}

impl Attached {
    /// Lets go. The owner goes on.
    pub async fn end(self) {
        self.close.send_replace(true);
        // A panic in there was told when it happened.
        let _ = self.task.await;
    }
}

struct Line {
    data: PathBuf,
    pid: u32,
    end: EngineEnd,
    waiting: Vec<Waiting>,
    closed: watch::Receiver<bool>,
}

struct Waiting {
    sent: Sent,
    until: Instant,
    answer: Option<Answer>,
    reply: Reply,
}

impl Line {
    async fn serve(mut self, mut look: Look) {
        let mut looks: u32 = 0;
        loop {
            let pause = if self.waiting.is_empty() { LOOK_EVERY } else { LOOK_SOON };
            let ask = tokio::select! {
                biased;
                _ = self.closed.wait_for(|close| *close) => break,
                ask = self.end.asks.recv() => match ask {
                    Some(ask) => Some(ask),
                    None => break,
                },
                () = time::sleep(pause.to_std()) => None,
            };
            ask.into_iter().for_each(|ask| self.take(ask));
            let caught = tokio::task::spawn_blocking(move || {
                let news = look.catch_up();
                (look, news)
            });
            let Ok((back, news)) = caught.await else { break };
            look = back;
            match news {
                Ok(true) => drop(self.end.state.send_replace(Arc::new(look.state.clone()))),
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "the owner's journal cannot be followed any more");
                    break;
                }
            }
            self.settle(&look);
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(OWNER_EVERY) && Look::owner(&self.data).is_none() {
                tracing::info!("the owner of the data directory has ended");
                break;
            }
        }
        for left in std::mem::take(&mut self.waiting) {
            self.give_up(left);
        }
    }

    fn take(&mut self, ask: Ask) {
        let data = self.data.clone();
        match ask {
            Ask::Send(actor, command, reply) => self.post(&actor, *command, reply),
            Ask::Read(query, reply) => on_disk(reply, move || look::history(&data, &query)),
            Ask::Follow(after, most, reply) => on_disk(reply, move || look::follow(&data, after, most)),
            Ask::Search(wanted, reply) => {
                on_disk(reply, move || search::run(&Files(data), &wanted));
            }
            Ask::Gather(mission, reply) => {
                on_disk(reply, move || dossier::gather(&Files(data), mission));
            }
            Ask::Export(wanted, reply) => {
                on_disk(reply, move || export::to_file(&Files(data), &wanted));
            }
            Ask::Fetch(content, reply) => on_disk(reply, move || {
                blobs(&data).and_then(|blobs| blobs.get(content)).map_err(|error| error.to_string())
            }),
            Ask::Keep(bytes, reply) => on_disk(reply, move || {
                blobs(&data).and_then(|blobs| blobs.put(&bytes)).map_err(|error| error.to_string())
            }),
        }
    }

    fn post(&mut self, actor: &Actor, command: Command, reply: Reply) {
        if !matches!(actor, Actor::Person(_)) {
            let _ = reply.send(Err(SendError::Unanswered("only people write to another process".into())));
            return;
        }
        match post::send(&self.data, &Letter { command }, Clock::Wall.now()) {
            Ok(sent) => {
                let until = Instant::now() + ANSWER_MOST.to_std();
                self.waiting.push(Waiting { sent, until, answer: None, reply });
            }
            Err(error) => {
                let _ = reply.send(Err(SendError::Store(format!("the order cannot be written: {error}"))));
            }
        }
    }

    /// Answers whatever can be answered: when it is in the state that this side shows.
    fn settle(&mut self, look: &Look) {
        for mut each in std::mem::take(&mut self.waiting) {
            if each.answer.is_none() {
                each.answer = post::answer(&each.sent).unwrap_or_else(|error| {
                    Some(Answer::Failed(format!("the owner's answer cannot be read: {error}")))
                });
            }
            match each.answer {
                Some(Answer::Done { seq, events }) if look.state.seq >= seq => {
                    let _ = each.reply.send(Ok(Receipt { seq, events }));
                }
                Some(Answer::Refused(refusal)) => drop(each.reply.send(Err(SendError::Refused(refusal)))),
                Some(Answer::Failed(why)) => drop(each.reply.send(Err(SendError::Unanswered(why)))),
                _ if Instant::now() >= each.until => self.give_up(each),
                answer => self.waiting.push(Waiting { answer, ..each }),
            }
        }
    }

    fn give_up(&self, left: Waiting) {
        let pid = self.pid;
        let words = if post::withdraw(&left.sent) {
            format!("process {pid}, which owns the data directory, did not take it: nothing was done")
        } else {
            format!("process {pid} took it and has not said what came of it; `chimera missions` shows")
        };
        let _ = left.reply.send(Err(SendError::Unanswered(words)));
    }
}

fn on_disk<T: Send + 'static>(
    reply: oneshot::Sender<Result<T, SendError>>,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) {
    tokio::task::spawn_blocking(move || {
        // The asker may have gone away; then nobody needs the answer.
        let _ = reply.send(work().map_err(SendError::Store));
    });
}
