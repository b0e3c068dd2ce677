//! `chimera` alone: the screen, or the same as lines where there is no screen or none is wanted. Chosen here, drawn by
//! `tui`; what the screen may not do itself is handed in.

use super::{
    Everywhere, attach, brief,
    exit::{Complaint, Exit, Said},
    house, out, own,
    session::Session,
    settings::Source,
    voices,
};
use crate::{
    agents::tools::list,
    config::{
        environment::Environment,
        places,
        settings::{BriefDefaults as LaidDown, OnAir},
    },
    domain::{
        money::{Cost, Money},
        team::TeamSpec,
        text,
        time::Millis,
    },
    runtime::{
        clock::Clock,
        handle::{self, EngineEnd, Handle},
        look::Look,
        watch::Watch,
    },
    server::client::{Address, Far, FarSettings, Way, connect},
    store::history,
    tui::{
        self, BriefDefaults, Held, Manner, Own, Ports, Prefill, TuiOptions,
        linear::{self, Writer},
        options::{Changed, VoicePort},
    },
    workspace::{
        self, dictation, editor,
        process::{self, Confinement, Spec},
    },
};
use futures::{
    StreamExt as _,
    future::FutureExt,
    stream::{self, BoxStream},
};
use std::{
    future::Future,
    io::{IsTerminal, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{sync::oneshot, time};

/// Files offered for `@`.
const FILES_MOST: usize = 50_000;
/// How long the daemon of this place may take to answer before its journal is followed instead.
const OWN_MOST: Millis = Millis::secs(3);
/// Characters of words that stay in sight.
const NOTICE_MOST: usize = 300;
/// Longest `!` command.
const SHELL_WALL: Millis = Millis::mins(2);
/// Bytes of its output that are shown.
const SHELL_OUTPUT: usize = 64 * 1024;

/// Opens the screen. The terminal is taken first of all, so that nothing typed meanwhile is echoed, and given back
/// before anything is said on stderr.
///
/// # Errors
/// The terminal cannot be taken, the house cannot be opened, or the settings have a mistake and no process runs it.
pub fn run(everywhere: &Everywhere) -> Said {
    let runtime = super::runtime()?;
    let face = {
        let _inside = runtime.enter();
        Face::of(everywhere, &Environment::of_process())?
    };
    let from = everywhere.clone();
    let load = move || {
        let session = Session::load_unsaid(&from)?;
        let logs = session.log();
        Ok((session, logs))
    };
    let (face, loaded) = match face {
        Face::Lines(writer, why) => (Face::Lines(writer, why), load()),
        Face::Screen(mut held) => {
            // Files can be slow to come, on a disk far away: a signal ends it all the same.
            let loading = runtime.spawn_blocking(load);
            match runtime.block_on(held.or_told(loading)) {
                Ok(loaded) => (Face::Screen(held), loaded.unwrap_or_else(|_| Err(mistake()))),
                Err(told) => {
                    drop(held);
                    runtime.shutdown_background();
                    return left(told);
                }
            }
        }
    };
    let (session, _logs) = loaded?;
    let said = runtime.block_on(open(&session, face));
    if said.is_ok() {
        session.say_fault();
    }
    session.say_notes();
    said
}

fn mistake() -> Complaint {
    Complaint::error("the settings could not be read: the program made a mistake")
}

fn left(exit: tui::Exit) -> Said {
    match exit {
        tui::Exit::Quit => Ok(Exit::Ok),
        tui::Exit::HungUp | tui::Exit::Signal(_) => Ok(Exit::Interrupted),
    }
}

/// What is shown, and on what.
pub enum Face {
    /// Six screens on a terminal that is taken already.
    Screen(Box<Held>),
    /// Lines on stdout, verbs from stdin; who writes them, and why where nobody asked for lines.
    Lines(Writer, &'static str),
}

impl Face {
    /// The screen where there is a terminal that can show it and lines were not asked for.
    ///
    /// # Errors
    /// The terminal cannot be taken.
    pub fn of(everywhere: &Everywhere, environment: &Environment) -> Result<Self, Complaint> {
        let typed = std::io::stdin().is_terminal();
        let writer = if typed { Writer::Person } else { Writer::Pipe };
        let why = match (everywhere.linear, environment.get("TERM")) {
            (true, _) => Some(""),
            _ if !std::io::stdout().is_terminal() => Some("stdout is no terminal"),
            _ if !typed => Some("stdin is no terminal"),
            (_, Some("dumb")) => Some("TERM is dumb"),
            _ => None,
        };
        match why {
            Some(why) => Ok(Self::Lines(writer, why)),
            None => {
                let held = Held::take(history::THREAD);
                held.map(|held| Self::Screen(Box::new(held)))
                    .map_err(|error| Complaint::error(error.to_string()))
            }
        }
    }
}

async fn open(session: &Session, face: Face) -> Said {
    session.repository()?;
    session.may_open()?;
    // Beside a daemon it is a screen as any other on it; the journal alone is followed where none is served.
    if let Some(far) = own_daemon(session).await {
        return show_far(far, session, (face, true)).await;
    }
    let settings = session.settings();
    let join = async |end| match session.fault {
        None => house::join(settings, &session.environment, end).await,
        Some(_) => house::follow(settings, end).await,
    };
    let prefill = Prefill {
        text: String::new(),
        constraints: settings.brief.constraints.clone(),
        checks: settings.brief.checks.clone(),
        budget: None,
        teams: Vec::new(),
    };
    // A name that means no team on air is no reason not to open: the director sees it and picks others.
    let (teams, notice) = match brief::chosen_teams(session) {
        Ok(teams) => (teams, String::new()),
        Err(complaint) => (Vec::new(), text::clean_line(&complaint.what, 300).into()),
    };
    let notice = fault_notice(session).unwrap_or(notice);
    let opening =
        Opening { face, prefill: Some(Prefill { teams, ..prefill }), notice, handle: None, away: None };
    show(session, opening, join).await
}

/// What is wrong with the settings of this side, to stay in sight.
fn fault_notice(session: &Session) -> Option<String> {
    session.fault_words().map(|words| text::clean_line(&words, NOTICE_MOST).into())
}

/// The daemon that has this place and serves on its socket; none where nobody has it, or serves in time.
async fn own_daemon(session: &Session) -> Option<Far> {
    let settings = session.settings();
    let socket = settings.socket(&session.environment)?;
    Look::owner(&settings.places.data)?;
    let (address, way) = (Address::Unix(socket.clone()), Way::Socket(socket));
    let connected = time::timeout(OWN_MOST.to_std(), connect(address, &way)).await.ok()?;
    connected.inspect_err(|error| tracing::info!(%error, "the journal is followed instead")).ok()
}

/// Shows a daemon; whether it is on this machine.
///
/// # Errors
/// As [`show`].
pub(super) async fn show_far(far: Far, session: &Session, (face, here): (Face, bool)) -> Said {
    let (prefill, notice) = laid_down(&far).await;
    let away = Away {
        repo: far.repo().cloned().unwrap_or_else(|| session.here.clone()),
        teams: far.teams().to_vec(),
        budget: far.state().policy.budget.per_mission,
        settings: far.settings(),
        at: far.address().short(),
        here,
    };
    let notice = fault_notice(session).unwrap_or(notice);
    let opening = Opening { face, prefill: Some(prefill), notice, handle: None, away: Some(away) };
    show(session, opening, |end| async { Ok(house::Joined::Far(far.serve(end))) }).await
}

/// What briefs start from there. What cannot be shown is said, and counts all the same: the daemon puts it in.
async fn laid_down(far: &Far) -> (Prefill, String) {
    let defaults = match far.settings().brief().await {
        Ok(defaults) => defaults.unwrap_or_default(),
        Err(why) => {
            let words = format!("what [brief] lays down there is not shown, and counts all the same: {why}");
            return (Prefill::default(), text::clean_line(&words, NOTICE_MOST).into());
        }
    };
    let named =
        |name: &String| far.teams().iter().find(|team| team.name.to_lowercase() == name.to_lowercase());
    let teams: Option<Vec<TeamSpec>> = defaults.teams.iter().map(|name| named(name).cloned()).collect();
    let LaidDown { checks, constraints, .. } = defaults;
    (Prefill { constraints, checks, teams: teams.unwrap_or_default(), ..Prefill::default() }, String::new())
}

/// What a screen starts with.
pub struct Opening {
    /// On what.
    pub face: Face,
    /// The brief laid out.
    pub prefill: Option<Prefill>,
    /// Words that stay in sight; empty: none.
    pub notice: String,
    /// Who else wants a handle to the engine.
    pub handle: Option<oneshot::Sender<Handle>>,
    /// Where the engine is another house's: what is so there.
    pub away: Option<Away>,
}

/// What is so where the engine is, instead of here.
pub struct Away {
    /// The repository that it works in.
    pub repo: PathBuf,
    /// Teams that can race there.
    pub teams: Vec<TeamSpec>,
    /// Cap of a mission whose brief names none.
    pub budget: Money,
    /// Its settings.
    pub settings: FarSettings,
    /// Where it is, in few words.
    pub at: String,
    /// Whether it is on this machine: what `@` and `!` mean is there.
    pub here: bool,
}

/// Shows the screen at once and joins the engine behind it.
///
/// # Errors
/// The terminal cannot be used, or the engine does not start: then the terminal is as it was.
pub async fn show<F: Future<Output = anyhow::Result<house::Joined>>>(
    session: &Session,
    opening: Opening,
    join: impl FnOnce(EngineEnd) -> F,
) -> Said {
    let (handle, end) = handle::link(house::director());
    if let Some(wanted) = opening.handle {
        // Only one that is gone does not want it any more.
        let _ = wanted.send(handle.clone());
    }
    let (tell, told) = oneshot::channel();
    let told = told.map(|notes: Result<Vec<String>, _>| notes.unwrap_or_default()).boxed();
    let options = options(session, (opening.prefill, opening.away), opening.notice)?;
    let mut screen = match opening.face {
        Face::Screen(held) => tui::run(*held, handle, options, told).boxed(),
        Face::Lines(writer, why) => linear::run(handle, options, (writer, why), told).boxed(),
    };
    let mut engine = Box::pin(join(end));
    let (left, engine) = tokio::select! {
        // The screen first: it draws and takes keys before the engine has read a byte.
        biased;
        left = &mut screen => (left, engine.await),
        joined = &mut engine => {
            let joined = joined?;
            // Only a screen that is gone does not hear it.
            let _ = tell.send(joined.notes());
            (screen.await, Ok(joined))
        }
    };
    if let Ok(engine) = engine {
        out::note(&engine.end().await);
    }
    self::left(left.map_err(|error| Complaint::error(error.to_string()))?)
}

fn options(
    session: &Session,
    (prefill, away): (Option<Prefill>, Option<Away>),
    notice: String,
) -> Result<TuiOptions, Complaint> {
    let settings = session.settings();
    let (mut far, mut place) = (None, String::new());
    let (repo, on_air, budget) = match away {
        Some(Away { repo, teams, budget, settings, at, here }) => {
            (far, place) = (Some((settings, here)), at);
            (repo, OnAir { teams, left_out: Vec::new() }, budget)
        }
        None => {
            let on_air = settings.on_air(&session.environment);
            (session.repository()?.to_path_buf(), on_air, settings.policy.budget.per_mission)
        }
    };
    let notice = match (notice.is_empty(), on_air.teams.is_empty()) {
        (true, true) => text::clean_line(&on_air.left_out.join("; "), 300).into(),
        _ => notice,
    };
    Ok(TuiOptions {
        // A path of another machine means nothing here.
        branch: if far.as_ref().is_none_or(|(_, here)| *here) { branch(&repo) } else { String::new() },
        at: place,
        prefill,
        keymap: own::keymap(&session.loaded, &session.environment),
        theme: own::theme(&session.loaded, &session.environment),
        manner: Manner {
            notify: settings.ui.notify,
            mouse: settings.ui.mouse,
            motion: settings.ui.motion,
            low_bandwidth: settings.ui.low_bandwidth,
        },
        defaults: Arc::new(BriefDefaults { teams: on_air.teams, budget, repo: repo.display().to_string() }),
        notice,
        widths: settings.preview.widths.iter().filter_map(|width| width.parse().ok()).collect(),
        ports: ports(session, &repo, far),
        repo,
    })
}

/// The branch by git's own file, so that the first frame waits for no process.
fn branch(repo: &Path) -> String {
    let head = std::fs::read_to_string(repo.join(".git/HEAD")).unwrap_or_default();
    let name = head.trim().strip_prefix("ref: refs/heads/").unwrap_or_default();
    text::clean_line(name, 80).into()
}

/// Why what a repository holds is not to be had on a screen of another machine.
const ELSEWHERE: &str = "the repository is on the daemon's machine and this screen is on another";

/// What the screen may not do itself; `far`: missions are worked on elsewhere, by these settings, and whether that is on this
/// machine.
fn ports(session: &Session, repo: &Path, far: Option<(FarSettings, bool)>) -> Ports {
    let here_too = far.is_none();
    let same_machine = far.as_ref().is_none_or(|(_, here)| *here);
    let far = far.map(|(settings, _)| settings);
    // A path of the daemon's means nothing on another machine, and must not be looked for there.
    let repo = if same_machine { repo } else { session.here.as_path() };
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| session.environment.get(name));
    let editor: Arc<str> = editor.unwrap_or("vi").into();
    let (files_of, attach_of, shell_in) = (repo.to_path_buf(), repo.to_path_buf(), repo.to_path_buf());
    let copies = session.settings().places.data.join("copies");
    let environment = session.environment.clone();
    let (here, ready_in) = (session.here.clone(), repo.to_path_buf());
    let (pasted_from, homes, prices_of) = (here.clone(), environment.clone(), environment.clone());
    let priced = session.settings().clone();
    let (far_book, far_change) = (far.clone(), far);
    let source = &session.source;
    let (book_of, change_in, vendor_by) = (source.clone(), source.clone(), source.clone());
    Ports {
        editor: Arc::new(move |words| {
            let editor = editor.clone();
            async move { editor::edit(&editor, words).await }.boxed()
        }),
        files: Arc::new(move || {
            if !same_machine {
                return async { Vec::new() }.boxed();
            }
            let repo = files_of.clone();
            let walk = tokio::task::spawn_blocking(move || files(&repo));
            async move { walk.await.unwrap_or_default() }.boxed()
        }),
        ready: Arc::new(move || {
            let repo = ready_in.clone();
            // Elsewhere the daemon looks.
            if !here_too {
                return async { Ok(()) }.boxed();
            }
            async move { workspace::ready(&repo, None).await.map_err(|error| error.to_string()) }.boxed()
        }),
        attach: Arc::new(move |path| {
            if !same_machine {
                return async { Err(format!("{ELSEWHERE}: say what the file holds, or attach there")) }
                    .boxed();
            }
            let (repo, here) = (attach_of.clone(), here.clone());
            let read = tokio::task::spawn_blocking(move || attach::one(&path, &repo, &here));
            async move { read.await.map_err(|error| error.to_string())? }.boxed()
        }),
        picture: Arc::new(move |path| {
            let (here, environment) = (pasted_from.clone(), homes.clone());
            let look = move || attach::pasted(&places::expand_home(&path, &environment), &here);
            let read = tokio::task::spawn_blocking(look);
            async move { read.await.map_err(|error| error.to_string())? }.boxed()
        }),
        weigh: Arc::new(move |models, size| {
            let (settings, environment) = (priced.clone(), prices_of.clone());
            let weigh = tokio::task::spawn_blocking(move || {
                let table = voices::estimates(&settings, &environment).ok();
                let unknown = (None, Cost::Unknown);
                let one = |model| table.as_ref().map_or(unknown, |table| table.picture(model, size));
                models.iter().map(one).collect()
            });
            async move { weigh.await.unwrap_or_default() }.boxed()
        }),
        shell: Some(Arc::new(move |line| {
            let dir = shell_in.clone();
            async move {
                if !same_machine {
                    return Err(format!("{ELSEWHERE}: run it there, by ssh or on a screen there"));
                }
                let spec = Spec {
                    argv: vec!["sh".into(), "-c".into(), line],
                    dir,
                    env: Vec::new(),
                    stdin: Vec::new(),
                    limits: process::Limits {
                        wall: SHELL_WALL,
                        output: SHELL_OUTPUT,
                        ..process::Limits::default()
                    },
                    confinement: Confinement::Host,
                };
                let done = process::run(spec, std::future::pending()).await.map_err(|e| e.to_string())?;
                let said = text::clean_bytes(&done.merged);
                Ok(match done.exit {
                    process::Exit::Code(0) if said.trim().is_empty() => "(no output)".to_owned(),
                    process::Exit::Code(0) => said.into(),
                    process::Exit::Code(code) => format!("{said}\n[exit status {code}]"),
                    process::Exit::Signal(signal) => format!("{said}\n[killed by signal {signal}]"),
                    process::Exit::TimedOut => format!("{said}\n[killed after {SHELL_WALL}]"),
                    process::Exit::Stopped => format!("{said}\n[stopped]"),
                })
            }
            .boxed()
        })),
        book: Arc::new(move || {
            if let Some(far) = far_book.clone() {
                return async move { far.book().await }.boxed();
            }
            let read = book_of.aside(Source::book);
            async move { read.await.map_err(|why| format!("the settings have mistakes:\n{why}")) }.boxed()
        }),
        change: Arc::new(move |change| {
            if let Some(far) = far_change.clone() {
                return async move { far.change(&change).await.map(Changed::Told) }.boxed();
            }
            let changed = change_in.aside(move |source| source.change(&change));
            async move { Ok(Changed::Written(Box::new(changed.await?))) }.boxed()
        }),
        vendor: Arc::new(move |vendor| {
            let source = vendor_by.clone();
            if !here_too {
                let why = format!(
                    "the daemon's own connection is tried where it runs: `chimera models {vendor}` there"
                );
                return async { Err(why) }.boxed();
            }
            async move { source.ask(vendor).await }.boxed()
        }),
        keep: Arc::new(move |name, bytes| {
            let folder = copies.clone();
            let written = tokio::task::spawn_blocking(move || copied(&folder, &name, &bytes));
            async move { written.await.map_err(|error| error.to_string())? }.boxed()
        }),
        looks: Some(Arc::new(move || own_looks(environment.clone()))),
        voice: voice(session, repo),
        clock: Arc::new(|| Clock::Wall.now()),
    }
}

/// Writes a copy that no clipboard takes.
fn copied(folder: &Path, name: &str, bytes: &[u8]) -> Result<String, String> {
    let file = folder.join(name);
    let written = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).and_then(|()| {
        let open =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file);
        open?.write_all(bytes)
    });
    match written {
        Ok(()) => Ok(file.display().to_string()),
        Err(error) => Err(format!("{} cannot be written: {error}", file.display())),
    }
}

/// The director's own themes and keymaps, each time that one changes. Nothing is looked at while nothing does.
fn own_looks(environment: Environment) -> BoxStream<'static, Own> {
    let folders: Vec<_> =
        ["themes", "keymaps"].iter().filter_map(|kind| own::folder(&environment, kind)).collect();
    let Some(watch) = Watch::hang(folders) else { return stream::pending().boxed() };
    let next = |(mut watch, environment): (Watch, Environment)| async move {
        watch.changed().await;
        let reading = environment.clone();
        let own = tokio::task::spawn_blocking(move || own::all(&reading)).await.unwrap_or_default();
        Some((own, (watch, environment)))
    };
    stream::unfold((watch, environment), next).boxed()
}

/// The director's own dictation program, if one is set.
fn voice(session: &Session, repo: &Path) -> Option<VoicePort> {
    let argv: Arc<[String]> = session.settings().senses.voice.as_slice().into();
    let dir: Arc<Path> = repo.into();
    (!argv.is_empty()).then(|| -> VoicePort {
        Arc::new(move |stop| {
            let (argv, dir) = (argv.clone(), dir.clone());
            async move { dictation::hear(&argv, &dir, stop).await }.boxed()
        })
    })
}

fn files(repo: &Path) -> Vec<String> {
    let entries = list::walk(repo).build().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let names = files.filter_map(|file| Some(file.path().strip_prefix(repo).ok()?.to_str()?.to_owned()));
    names.take(FILES_MOST).collect()
}
