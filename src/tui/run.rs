//! The loop: keys, states, streams, signals and answers become actions; tasks become futures; frames are written
//! when they are due. One task, no spawning; the only clock of this room is read here.

mod copying;
mod earlier;
mod giving;
mod imaging;
mod manners;
mod woken;

use self::woken::Woken;
use super::{
    app::{Action, App, Moment},
    carrier::Carrier,
    decode::Heard,
    dictation::{self, Hush},
    held::{Exit, Held, Signals, Told, TuiError},
    herald::Herald,
    images,
    input::{Input, Keys},
    looks::{self, Ground, Own},
    opening,
    options::{Changed, Ports, TuiOptions},
    pace::{Pace, Why},
    past,
    preview::easel::Easel,
    settings,
    shot::Highlighter,
    task::{Done, EditFor, Task},
    terminal::{self, Guard, Mode, Outbox, Screen},
    theme::Depth,
    view, words,
};
use crate::{
    domain::{
        digest::Digest,
        feed::Shot,
        request::{Decision, Modification},
        time::Millis,
    },
    engine::command::{Command, DeskCommand},
    runtime::handle::Handle,
};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream, FuturesUnordered},
};
use rustix::io::Errno;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::SignalKind,
    sync::{mpsc, watch},
};

/// Shows the screen until it is left. What `told` brings when the engine has started is shown once as a note.
///
/// # Errors
/// The terminal cannot be used; it is as it was then.
pub async fn run(
    held: Held,
    handle: Handle,
    options: TuiOptions,
    told: BoxFuture<'static, Vec<String>>,
) -> Result<Exit, TuiError> {
    let Held { signals, guard } = held;
    let (keymap, wrong_keys) = looks::keymap(&options.keymap)?;
    let var = |name: &str| std::env::var(name).ok();
    let depth =
        Depth::from_env(var("COLORTERM").as_deref(), var("TERM").as_deref(), var("NO_COLOR").as_deref());
    let ground = Ground::of_env(var("COLORFGBG").as_deref()).unwrap_or_default();
    let (theme, wrong_theme) = looks::theme(&options.theme, depth, ground)?;
    let theme = if options.manner.low_bandwidth { theme.sparing() } else { theme };
    let carrier = Carrier::of(var);
    let size = terminal::size();
    let mut app = App::new(&options, keymap, theme, size);
    (app.look.wardrobe.ground, app.look.wardrobe.depth) = (ground, depth);
    app.tell_mistakes(&[wrong_theme, wrong_keys]);
    let mut screen = Screen::new(size.0, size.1);
    let mut outbox = Outbox::new()?;
    outbox.send(screen.frame(|buf| view::draw(&app, buf))?)?;
    // Asked after the first picture, so that nothing waits for an answer.
    if carrier.answers() {
        outbox.send(terminal::switch(Mode::Title, true))?;
        outbox.send(terminal::QUESTIONS)?;
    }
    let (paint, painted) = watch::channel(());
    let own = options.ports.looks.as_ref().map_or_else(|| stream::pending().boxed(), |looks| looks());
    let mut looped = Loop {
        guard,
        screen,
        outbox,
        keys: Keys::start()?,
        signals,
        handle,
        ports: options.ports,
        tasks: FuturesUnordered::from_iter([told.map(Done::Told).boxed()]),
        pace: Pace::default(),
        started: Instant::now(),
        hush: None,
        back: None,
        asked: carrier.answers().then(Instant::now),
        easel: Easel::new(carrier.clone()),
        herald: Herald::new(carrier.clone(), options.manner.notify),
        untold: false,
        carrier,
        own,
        app,
    };
    looped.settle_mouse()?;
    let notify = move || {
        paint.send_replace(());
    };
    looped.app.channels.paint_with(Highlighter::new(notify));
    let exit = looped.until_exit(painted).await;
    looped.hear_out().await;
    if !matches!(exit, Ok(Exit::Quit)) {
        terminal::hurry();
    }
    drop(looped);
    match exit {
        Err(TuiError::Terminal(error)) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => {
            Ok(Exit::HungUp)
        }
        other => other,
    }
}

/// How long after a Ctrl-Z has ended the signal that ended it may be told.
const OWN_CONTINUE: Duration = Duration::from_secs(1);

struct Loop {
    app: App,
    screen: Screen,
    outbox: Outbox,
    pace: Pace,
    tasks: FuturesUnordered<BoxFuture<'static, Done>>,
    keys: Keys,
    signals: Signals,
    handle: Handle,
    ports: Ports,
    started: Instant,
    /// Ends a dictation.
    hush: Option<mpsc::Sender<Hush>>,
    /// When the terminal was taken again after a Ctrl-Z.
    back: Option<Instant>,
    /// Since when answers of the terminal are still to come.
    asked: Option<Instant>,
    easel: Easel,
    carrier: Carrier,
    herald: Herald,
    /// Whether the herald has not seen the newest state.
    untold: bool,
    own: BoxStream<'static, Own>,
    guard: Guard,
}

impl Loop {
    fn now(&self) -> Moment {
        let mono = Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        Moment { mono, wall: (self.ports.clock)() }
    }

    async fn until_exit(&mut self, mut painted: watch::Receiver<()>) -> Result<Exit, TuiError> {
        let mut states = self.handle.subscribe();
        let mut feeds = self.handle.feeds().subscribe();
        let (mut previews, mut previewed) = (self.handle.previews().subscribe(), true);
        let (mut probes, mut probed) = (self.handle.watch_probes(), true);
        probes.mark_changed();
        let (mut line, mut lined) = (self.handle.watch_line(), true);
        states.mark_changed();
        feeds.mark_changed();
        let (mut engine_lives, mut painter_lives) = (true, true);
        loop {
            self.draw_if_due()?;
            // A terminal that does not read is told the newest when it does.
            if self.untold && self.outbox.is_empty() {
                self.untold = false;
                self.outbox.send(&self.herald.look(&self.app.state, &self.app.look.place))?;
            }
            let now = self.now().mono;
            let waits = !self.outbox.is_empty();
            let tempo = self.app.tempo();
            let hints = self.app.voice.0.hint_at().into_iter().chain(self.app.voice.1.goes_at());
            let hint = hints.filter(|at| *at > now).min();
            let hint = hint.map(|at| Duration::from_millis(at.0 - now.0));
            let due = self
                .pace
                .due(tempo)
                .filter(|_| !waits)
                .map(|at| Duration::from_millis(at.0.saturating_sub(now.0)));
            let clocks =
                words::ticking(&self.app.state) || self.app.lost.is_some() || self.app.dictation.is_some();
            let second = clocks.then(|| tempo.tick().0 - now.0 % tempo.tick().0);
            let tick = second.into_iter().chain(self.app.replay_due(now)).min().map(Duration::from_millis);
            let woken = tokio::select! {
                biased;
                told = self.signals.next() => Woken::Told(told),
                input = self.keys.next() => Woken::Input(input),
                taken = self.outbox.go_on(), if waits => {
                    taken?;
                    continue;
                }
                Some(done) = self.tasks.next(), if !self.tasks.is_empty() => Woken::Done(done),
                changed = states.changed(), if engine_lives => Woken::State(changed.is_ok()),
                () = wait(due), if due.is_some() => Woken::Due,
                Ok(()) = feeds.changed(), if self.pace.due(tempo).is_none() => Woken::Feed,
                changed = previews.changed(), if previewed => Woken::Previews(changed.is_ok()),
                changed = probes.changed(), if probed => Woken::Probes(changed.is_ok()),
                changed = line.changed(), if lined => Woken::Line(changed.is_ok()),
                changed = painted.changed(), if painter_lives => {
                    painter_lives = changed.is_ok();
                    Woken::Painted
                }
                Some(own) = self.own.next() => Woken::Own(own),
                () = wait(hint), if hint.is_some() => Woken::Second,
                () = wait(tick), if tick.is_some() => Woken::Second,
                // Last of all: a photo holds up nothing.
                () = std::future::ready(()), if self.easel.has_more() && !waits => {
                    self.outbox.send(&self.easel.next_piece())?;
                    continue;
                }
            };
            let exit = match woken {
                Woken::Told(told) => self.told(told)?,
                Woken::Input(None) => Some(Exit::HungUp),
                Woken::Input(Some(input)) => self.input(input).await?,
                Woken::Done(done) => self.act(Action::Done(done), Why::Person).await?,
                Woken::State(true) => {
                    let state = states.borrow_and_update().clone();
                    self.untold = true;
                    self.act(Action::State(state), Why::News).await?
                }
                Woken::State(false) => {
                    engine_lives = false;
                    self.app.notes().bad("the engine has ended; what is shown is the last state it told");
                    self.pace.want(Why::News);
                    None
                }
                Woken::Previews(changed) => {
                    previewed = changed;
                    let shown = previews.borrow_and_update().clone();
                    self.act(Action::Previews(shown), Why::News).await?
                }
                Woken::Probes(changed) => {
                    probed = changed;
                    let probes = probes.borrow_and_update().clone();
                    self.act(Action::Probes(probes), Why::News).await?
                }
                Woken::Line(changed) => {
                    lined = changed;
                    let lost = line.borrow_and_update().clone();
                    self.act(Action::Line(lost), Why::News).await?
                }
                Woken::Feed => {
                    self.pace.want(Why::Stream);
                    None
                }
                Woken::Painted => {
                    painted.mark_unchanged();
                    self.pace.want(Why::News);
                    None
                }
                Woken::Own(own) => self.act(Action::Looks(Box::new(own)), Why::Person).await?,
                Woken::Second => self.act(Action::Tick, Why::News).await?,
                Woken::Due => None,
            };
            if let Some(exit) = exit {
                return Ok(exit);
            }
        }
    }

    /// Streams are read right before a frame: however much came, it is one change.
    fn draw_if_due(&mut self) -> Result<(), TuiError> {
        let now = self.now();
        if !self.outbox.is_empty() || self.pace.due(self.app.tempo()).is_none_or(|at| at > now.mono) {
            return Ok(());
        }
        let streams = self.app.streams();
        self.handle.feeds().look_at(streams.iter().copied());
        for channel in streams {
            let batch = self.handle.feeds().read(channel, self.app.channels.cursor(channel));
            if !batch.items.is_empty() || batch.lost > 0 {
                self.app.on(Action::Feed(channel, batch), now);
            }
        }
        view::fit(&mut self.app);
        if self.screen.is_forgotten() {
            self.easel.forget();
        }
        let app = &self.app;
        let bytes = self.screen.frame(|buf| view::draw(app, buf))?;
        if !bytes.is_empty() {
            self.outbox.send(bytes)?;
        }
        self.pace.drew(now.mono);
        self.hang()
    }

    async fn act(&mut self, action: Action, why: Why) -> Result<Option<Exit>, TuiError> {
        let now = self.now();
        let tasks = self.app.on(action, now);
        self.pace.want(why);
        self.settle_mouse()?;
        for task in tasks {
            if let Some(exit) = self.start(task).await? {
                return Ok(Some(exit));
            }
        }
        Ok(None)
    }

    async fn input(&mut self, first: Input) -> Result<Option<Exit>, TuiError> {
        let mut next = Some(first);
        while let Some(input) = next {
            let action = match input {
                Input::Gone => return Ok(Some(Exit::HungUp)),
                Input::Heard(Heard::Key(key)) => Some(Action::Key(key)),
                Input::Heard(Heard::Paste(text)) => Some(Action::Paste(text)),
                Input::Heard(Heard::Mouse(mouse)) => Some(Action::Mouse(mouse)),
                Input::Heard(Heard::Focus(has)) => {
                    self.herald.focus(has);
                    let now = self.now();
                    self.app.on(Action::Focus(has), now);
                    None
                }
                Input::Heard(Heard::Answer(answer)) => self.answered(answer)?,
            };
            if let Some(action) = action
                && let Some(exit) = self.act(action, Why::Person).await?
            {
                return Ok(Some(exit));
            }
            next = self.keys.ready();
        }
        Ok(None)
    }

    fn resized(&mut self) {
        let size = terminal::size();
        // The same size again is one that was another in between: the terminal may have cut or moved what it showed.
        self.screen.resize(size.0, size.1);
        if size != self.app.focus.1 {
            let now = self.now();
            self.app.on(Action::Resize(size.0, size.1), now);
        }
        self.pace.want(Why::News);
    }

    fn told(&mut self, told: Told) -> Result<Option<Exit>, TuiError> {
        match told {
            Told::End(exit) => return Ok(Some(exit)),
            Told::Resized => self.resized(),
            // The signal that ended our own stop tells nothing new: taking the terminal twice would flicker.
            Told::Continued if self.back.take().is_some_and(|at| at.elapsed() < OWN_CONTINUE) => {}
            Told::Continued => self.again()?,
        }
        Ok(None)
    }

    /// Takes the terminal again and draws everything.
    fn again(&mut self) -> Result<(), TuiError> {
        terminal::leave();
        self.outbox.clear();
        self.guard.retake()?;
        self.screen.forget();
        self.resized();
        self.pace.want(Why::Person);
        Ok(())
    }

    async fn start(&mut self, task: Task) -> Result<Option<Exit>, TuiError> {
        let handle = self.handle.clone();
        let ports = self.ports.clone();
        match task {
            Task::Quit => return Ok(Some(Exit::Quit)),
            Task::Redraw => {
                self.screen.forget();
                self.pace.want(Why::Person);
            }
            Task::Suspend => {
                self.keys.park();
                terminal::leave();
                terminal::suspend()?;
                self.keys.unpark();
                self.again()?;
                self.back = Some(Instant::now());
            }
            Task::Edit(purpose, text) => return self.edit(purpose, text).await,
            Task::EditBlob(purpose, digest) => match self.handle.blob(digest).await {
                Ok(bytes) => match String::from_utf8(bytes) {
                    Ok(text) => return self.edit(purpose, text).await,
                    Err(_) => self.app.notes().bad("the patch is not text: it cannot be edited here"),
                },
                Err(error) => self.app.notes().bad(format!("the patch cannot be read: {error}")),
            },
            Task::Listen(number) => {
                let (hush, hushed) = mpsc::channel(dictation::WORDS);
                self.hush = Some(hush);
                let heard = dictation::listen(ports.voice, hushed);
                self.tasks.push(heard.map(move |heard| Done::Heard(number, heard)).boxed());
            }
            Task::AskImages => self.ask_images()?,
            Task::Hush(how) => {
                // A program that has ended by itself needs no telling.
                let _ = self.hush.as_ref().map(|hush| hush.try_send(how));
            }
            Task::CopyBlob(digest) => {
                let bytes = handle.blob(digest).await.unwrap_or_default();
                if let Some(words) = self.copy(&bytes)? {
                    self.app.on(Action::Done(Done::Copied(Ok(words))), self.now());
                    self.pace.want(Why::Person);
                } else {
                    self.tasks.push(serve(handle, ports, Task::CopyFile(digest)));
                }
            }
            other => self.tasks.push(serve(handle, ports, other)),
        }
        Ok(None)
    }

    /// The terminal is the editor's until it ends; signals still end the screen.
    async fn edit(&mut self, purpose: EditFor, text: String) -> Result<Option<Exit>, TuiError> {
        self.keys.park();
        terminal::leave();
        let mut edited = (self.ports.editor)(text.clone());
        let outcome = loop {
            tokio::select! {
                told = self.signals.next() => if let Told::End(exit) = told {
                    // Ctrl-C in an editor is the editor's.
                    if exit != Exit::Signal(SignalKind::interrupt().as_raw_value()) {
                        return Ok(Some(exit));
                    }
                },
                result = &mut edited => break result,
            }
        };
        self.keys.unpark();
        self.again()?;
        let now = self.now();
        let tasks = self.app.on(Action::Done(Done::Edited(purpose, text, outcome)), now);
        for task in tasks {
            self.tasks.push(serve(self.handle.clone(), self.ports.clone(), task));
        }
        Ok(None)
    }
}

async fn wait(span: Option<Duration>) {
    if let Some(span) = span {
        tokio::time::sleep(span).await;
    }
}

/// Does what needs no terminal.
pub(super) fn serve(handle: Handle, ports: Ports, task: Task) -> BoxFuture<'static, Done> {
    async move {
        match task {
            Task::Send(command, what) => Done::Sent(what, handle.send(*command).await),
            Task::SendAll(commands, what) => giving::send_all(&handle, commands, what).await,
            Task::Open { brief, written } => {
                Done::Opened(written, opening::open(&handle, &ports, *brief).await)
            }
            Task::OpenIdea { idea, brief } => {
                Done::OpenedIdea(opening::of_idea(&handle, &ports, idea, *brief).await)
            }
            Task::Patch { request, seen, team, text } => {
                let what = format!("{request}: your patch is checked as the team's next candidate");
                let decided = async {
                    let kept = handle.keep(text.into_bytes()).await?;
                    let change = Modification::Patch(kept);
                    let decision = Box::new(Decision::Modify { team: Some(team), change });
                    handle.send(Command::Desk(DeskCommand::Hold(request, seen, decision))).await
                };
                Done::Sent(what, decided.await)
            }
            Task::Show(title, digest) => {
                Done::Page(title, handle.blob(digest).await.map_err(|e| e.to_string()))
            }
            Task::Compare(digests) => {
                let patches = patches(&handle, &digests).await;
                Done::Compared(digests, patches)
            }
            Task::Shot(channel, digest) => {
                let bytes = handle.blob(digest).await.unwrap_or_default();
                let patch = crate::domain::text::clean_patch(&bytes);
                Done::Shot(channel, Shot { digest, patch })
            }
            Task::Said(channel, transcript) => Done::Said(channel, past::feed(&handle, transcript).await),
            Task::Past(task) => Done::Past(past::serve(&handle, task).await),
            Task::CopyFile(digest) => Done::Copied(copying::to_file(&handle, &ports, digest).await),
            Task::Preview(want) => match handle.previews().want(want) {
                Ok(()) => Done::Told(Vec::new()),
                Err(why) => Done::Told(vec![why]),
            },
            look @ (Task::Look(..) | Task::Weigh(..)) => images::serve(&handle, &ports, look).await,
            Task::Files => Done::Files((ports.files)().await),
            Task::Briefs => Done::Briefs(earlier::briefs(&handle).await),
            Task::Shell(line) => {
                let output = match &ports.shell {
                    Some(shell) => shell(line.clone()).await,
                    None => Err("no shell here".into()),
                };
                Done::Page(format!("! {line}"), output.map(String::into_bytes))
            }
            Task::Book => Done::Book((ports.book)().await.map(Arc::new)),
            Task::Change(change) => {
                let changed = async {
                    Ok(match (ports.change)(*change.clone()).await? {
                        Changed::Written(edited) => settings::rule(&handle, &change, *edited).await,
                        Changed::Told(words) => words,
                    })
                };
                Done::Changed(changed.await)
            }
            Task::Vendor(vendor) => Done::Vendor(vendor, (ports.vendor)(vendor).await),
            Task::Edit(..)
            | Task::EditBlob(..)
            | Task::CopyBlob(_)
            | Task::AskImages
            | Task::Listen(_)
            | Task::Hush(_)
            | Task::Suspend
            | Task::Redraw
            | Task::Quit => Done::Copied(Err("this needs the terminal".into())),
        }
    }
    .boxed()
}

async fn patches(handle: &Handle, digests: &[Digest]) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for digest in digests {
        let bytes = handle.blob(*digest).await.map_err(|error| error.to_string())?;
        texts.push(String::from_utf8(bytes).map_err(|_| "a patch is not text".to_owned())?);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{RequestId, Revision, Seq, TeamId},
            request::Actor,
        },
        engine::command::{MissionCommand, Refusal, RefusalKind},
        runtime::handle::{Ask, Receipt, SendError, link},
        tui::{briefing::Briefing, fixtures, keymap::Editing},
    };

    #[tokio::test]
    async fn a_changed_patch_is_kept_before_it_is_decided_and_a_stale_one_is_refused() {
        let (handle, mut end) = link(Actor::Person("ada".into()));
        let task =
            Task::Patch { request: RequestId(3), seen: Revision(2), team: TeamId(1), text: "new".into() };
        let engine = async {
            let Some(Ask::Keep(bytes, reply)) = end.asks.recv().await else { panic!("nothing was kept") };
            reply.send(Ok(Digest::of(&bytes))).unwrap();
            let Some(Ask::Send(actor, command, reply)) = end.asks.recv().await else { panic!("not decided") };
            assert_eq!(actor, Actor::Person("ada".into()));
            let change = Modification::Patch(Digest::of(b"new"));
            let decision = Box::new(Decision::Modify { team: Some(TeamId(1)), change });
            assert_eq!(*command, Command::Desk(DeskCommand::Hold(RequestId(3), Revision(2), decision)));
            let refusal =
                Refusal { kind: RefusalKind::Stale, reason: "it is at r3 now".into(), enough: None };
            reply.send(Err(SendError::Refused(refusal))).unwrap();
        };
        let (done, ()) = tokio::join!(serve(handle, fixtures::ports(), task), engine);
        assert!(matches!(done, Done::Sent(_, Err(SendError::Refused(r))) if r.reason == "it is at r3 now"));
    }

    #[tokio::test]
    async fn mentioned_files_travel_with_the_brief() {
        let (handle, mut end) = link(Actor::Person("ada".into()));
        let prefill = super::super::Prefill { text: "see @src/cart.rs".into(), ..Default::default() };
        let brief = Briefing::new(fixtures::defaults(), Some(prefill), Editing::Plain).brief().unwrap();
        let task = Task::Open { brief: Box::new(brief), written: "see".into() };
        let engine = async {
            let Some(Ask::Keep(bytes, reply)) = end.asks.recv().await else { panic!("nothing was kept") };
            reply.send(Ok(Digest::of(&bytes))).unwrap();
            let Some(Ask::Send(_, command, reply)) = end.asks.recv().await else { panic!("not opened") };
            let Command::Mission(MissionCommand::Open(brief)) = *command else { panic!("another command") };
            assert_eq!(brief.attachments[0].path, "src/cart.rs");
            assert_eq!(brief.attachments[0].bytes, 11);
            reply.send(Ok(Receipt { seq: Seq(7), events: vec![] })).unwrap();
        };
        let (done, ()) = tokio::join!(serve(handle, fixtures::ports(), task), engine);
        assert!(matches!(done, Done::Opened(_, Ok(receipt)) if receipt.seq == Seq(7)));
    }

    #[tokio::test]
    async fn where_teams_cannot_start_nothing_is_opened() {
        let (handle, mut end) = link(Actor::Person("ada".into()));
        let prefill = super::super::Prefill { text: "see @src/cart.rs".into(), ..Default::default() };
        let brief = Briefing::new(fixtures::defaults(), Some(prefill), Editing::Plain).brief().unwrap();
        let task = Task::Open { brief: Box::new(brief), written: "see".into() };
        let mut ports = fixtures::ports();
        ports.ready = Arc::new(|| async { Err("no commit yet".to_owned()) }.boxed());
        let done = serve(handle, ports, task).await;
        assert!(matches!(done, Done::Opened(_, Err(why)) if why == "no commit yet"));
        assert!(end.asks.try_recv().is_err(), "something was asked of the engine");
    }
}
