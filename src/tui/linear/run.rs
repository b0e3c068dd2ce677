//! The loop in lines: what is read, states, streams and answers go in; lines come out. One task, no spawning.

use super::{
    face::{Linear, Want, Writer},
    stdin::{self, Read},
};
use crate::{
    domain::{text, time::Millis},
    runtime::handle::{Handle, HistoryEntry, HistoryQuery},
    tui::{
        app::{App, Moment},
        dictation::{self, Hush},
        held::{Exit, Signals, Told, TuiError},
        looks::{self, Ground},
        options::{Ports, TuiOptions},
        run::serve,
        task::{Done, Task},
        theme::Depth,
    },
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};
use tokio::{signal::unix::SignalKind, sync::mpsc};

/// Ctrl-C twice within this time quits.
const TWICE: Duration = Duration::from_secs(2);
/// A stream that is followed and says nothing more for so long has its last piece said.
const PAUSE: Duration = Duration::from_millis(700);

/// Says and reads lines until it is left or stdin ends: who writes them, and why in lines where nobody asked for it.
/// What `told` brings when the engine has started is said first.
///
/// # Errors
/// The settings' theme or keymap is broken, or signals cannot be heard.
pub async fn run(
    handle: Handle,
    options: TuiOptions,
    (writer, why): (Writer, &str),
    told: BoxFuture<'static, Vec<String>>,
) -> Result<Exit, TuiError> {
    let (keymap, wrong_keys) = looks::keymap(&options.keymap)?;
    let (theme, wrong_theme) = looks::theme(&options.theme, Depth::Mono, Ground::default())?;
    let mut app = App::new(&options, keymap, theme, (80, 24));
    app.tell_mistakes(&[wrong_theme, wrong_keys]);
    let signals = Signals::new()?;
    let lines = stdin::lines()?;
    let looped = Loop {
        face: Linear::new(app, writer),
        tasks: FuturesUnordered::new(),
        ports: options.ports,
        started: Instant::now(),
        interrupted: None,
        hush: None,
        closing: false,
        handle,
        signals,
        lines,
    };
    looped.until_exit(why, told).await
}

/// What came of a want.
enum Came {
    Done(Done),
    Entries(Result<Vec<HistoryEntry>, String>, bool),
}

struct Loop {
    face: Linear,
    tasks: FuturesUnordered<BoxFuture<'static, Came>>,
    lines: mpsc::Receiver<Read>,
    signals: Signals,
    handle: Handle,
    ports: Ports,
    started: Instant,
    interrupted: Option<Instant>,
    /// Ends a dictation.
    hush: Option<mpsc::Sender<Hush>>,
    /// Nothing more is read; what is under way is waited for.
    closing: bool,
}

/// What woke the loop.
enum Woken {
    Told(Told),
    Read(Option<Read>),
    Came(Came),
    State(bool),
    Feed,
    Previews(bool),
    Probes(bool),
    Line(bool),
    Quiet,
}

impl Loop {
    fn now(&self) -> Moment {
        let mono = Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        Moment { mono, wall: (self.ports.clock)() }
    }

    async fn until_exit(
        mut self,
        why: &str,
        mut told: BoxFuture<'static, Vec<String>>,
    ) -> Result<Exit, TuiError> {
        let mut states = self.handle.subscribe();
        let mut feeds = self.handle.feeds().subscribe();
        let (mut previews, mut previewed) = (self.handle.previews().subscribe(), true);
        let (mut probes, mut probed) = (self.handle.watch_probes(), true);
        probes.mark_changed();
        let (mut line, mut lined) = (self.handle.watch_line(), true);
        // Nothing is said or read before there is a house to speak of.
        let notes = loop {
            tokio::select! {
                notes = &mut told => break notes,
                told = self.signals.next() => if let Told::End(exit) = told {
                    return Ok(exit);
                },
            }
        };
        let now = self.now();
        let state = states.borrow_and_update().clone();
        let wants = self.face.state(state, now);
        self.start(wants);
        notes.iter().for_each(|note| self.face.note(note));
        self.face.greet(why);
        let mut quiet = false;
        loop {
            if !self.say() {
                return Ok(Exit::HungUp);
            }
            let busy = !self.tasks.is_empty();
            if self.closing && !self.face.waits(busy) {
                return Ok(Exit::Quit);
            }
            let held = self.face.waits(busy);
            if !held && self.face.is_waiting() {
                self.face.waited();
                continue;
            }
            let follows = !self.face.streams.is_empty();
            self.handle.feeds().look_at(self.face.streams.all().map(|(channel, _)| channel));
            let woken = tokio::select! {
                biased;
                told = self.signals.next() => Woken::Told(told),
                Some(came) = self.tasks.next(), if busy => Woken::Came(came),
                changed = states.changed() => Woken::State(changed.is_ok()),
                changed = previews.changed(), if previewed => Woken::Previews(changed.is_ok()),
                changed = probes.changed(), if probed => Woken::Probes(changed.is_ok()),
                changed = line.changed(), if lined => Woken::Line(changed.is_ok()),
                Ok(()) = feeds.changed(), if follows => Woken::Feed,
                read = self.lines.recv(), if !held && !self.closing => Woken::Read(read),
                () = tokio::time::sleep(PAUSE), if follows && !quiet => Woken::Quiet,
            };
            quiet = matches!(woken, Woken::Quiet);
            let now = self.now();
            match woken {
                Woken::Told(Told::End(exit)) => {
                    if self.ends(exit) {
                        return Ok(exit);
                    }
                }
                Woken::Told(Told::Resized | Told::Continued) => {}
                Woken::Read(None) => {
                    self.face.end_of_input();
                    self.closing = true;
                }
                Woken::Read(Some(Read::TooLong)) => self.face.too_long(stdin::LINE_MOST),
                Woken::Read(Some(Read::Line(line))) => {
                    let wants = self.face.line(&line, now);
                    self.start(wants);
                }
                Woken::Came(came) => {
                    // What it brought about is said before what is said of it.
                    if states.has_changed().unwrap_or(false) {
                        let state = states.borrow_and_update().clone();
                        let wants = self.face.state(state, now);
                        self.start(wants);
                    }
                    match came {
                        Came::Done(done) => {
                            let wants = self.face.done(done, now);
                            self.start(wants);
                        }
                        Came::Entries(found, whole) => self.face.entries(found, whole),
                    }
                }
                Woken::State(true) => {
                    let state = states.borrow_and_update().clone();
                    let wants = self.face.state(state, now);
                    self.start(wants);
                }
                Woken::State(false) => {
                    self.face.note("the engine has ended");
                    self.say();
                    return Ok(Exit::HungUp);
                }
                Woken::Previews(changed) => {
                    previewed = changed;
                    let shown = previews.borrow_and_update().clone();
                    self.face.previews(shown, now);
                }
                Woken::Probes(changed) => {
                    probed = changed;
                    let probes = probes.borrow_and_update().clone();
                    self.face.probes(probes, now);
                }
                Woken::Line(changed) => {
                    lined = changed;
                    let lost = line.borrow_and_update().clone();
                    self.face.line_to_engine(lost, now);
                }
                Woken::Feed | Woken::Quiet => self.read_feeds(quiet),
            }
        }
    }

    fn read_feeds(&mut self, quiet: bool) {
        let followed: Vec<_> = self.face.streams.all().collect();
        for (channel, cursor) in followed {
            let batch = self.handle.feeds().read(channel, cursor);
            if quiet || !batch.items.is_empty() || batch.lost > 0 {
                self.face.feed(channel, batch);
            }
        }
    }

    /// Whether a signal ends it: the first Ctrl-C leaves what was asked for.
    fn ends(&mut self, exit: Exit) -> bool {
        if exit != Exit::Signal(SignalKind::interrupt().as_raw_value()) {
            return true;
        }
        let again = self.interrupted.replace(Instant::now()).is_some_and(|at| at.elapsed() < TWICE);
        again || !self.face.interrupt()
    }

    fn start(&mut self, wants: Vec<Want>) {
        for want in wants {
            match want {
                Want::Quit => self.closing = true,
                Want::Task(Task::Listen(number)) => {
                    let (hush, hushed) = mpsc::channel(dictation::WORDS);
                    self.hush = Some(hush);
                    let heard = dictation::listen(self.ports.voice.clone(), hushed);
                    self.tasks.push(heard.map(move |heard| Came::Done(Done::Heard(number, heard))).boxed());
                }
                Want::Task(Task::Hush(how)) => {
                    // A program that has ended by itself needs no telling.
                    let _ = self.hush.as_ref().map(|hush| hush.try_send(how));
                }
                Want::Task(task) => {
                    let done = serve(self.handle.clone(), self.ports.clone(), task);
                    self.tasks.push(done.map(Came::Done).boxed());
                }
                Want::Entries(query, words) => self.tasks.push(entries(self.handle.clone(), query, words)),
            }
        }
    }

    /// Writes what there is to say; false if nobody reads it any more.
    fn say(&mut self) -> bool {
        let lines = self.face.take_lines();
        if lines.is_empty() {
            return true;
        }
        let mut text = String::new();
        for line in lines {
            // Whatever a line was made of, a terminal does not act on it.
            text.push_str(&text::clean(&line).replace('\n', " "));
            text.push('\n');
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
    }
}

fn entries(handle: Handle, query: HistoryQuery, words: String) -> BoxFuture<'static, Came> {
    let whole = query.most == 1 && query.before.is_some();
    async move {
        let found = handle.read(query).await.map_err(|error| error.to_string());
        let fits = |entry: &HistoryEntry| {
            words.is_empty() || entry.payload.to_lowercase().contains(&words) || entry.kind.contains(&words)
        };
        let found = found.map(|entries| entries.into_iter().filter(|entry| fits(entry)).collect());
        Came::Entries(found, whole)
    }
    .boxed()
}
