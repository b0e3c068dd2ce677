//! `chimera` alone: the screen. Chosen here, drawn by `tui`; what the screen may not do itself is handed in.

use super::{
    attach, brief,
    exit::{Complaint, Exit, Said},
    house,
    session::Session,
};
use crate::{
    agents::tools::list,
    domain::{text, time::Millis},
    runtime::{
        clock::Clock,
        handle::{self, EngineEnd},
    },
    tui::{self, BriefDefaults, Ports, Prefill, TuiOptions},
    workspace::{
        editor,
        process::{self, Confinement, Spec},
    },
};
use futures::future::FutureExt;
use std::{future::Future, io::IsTerminal, path::Path, sync::Arc};

/// Files offered for `@`.
const FILES_MOST: usize = 50_000;
/// Longest `!` command.
const SHELL_WALL: Millis = Millis::mins(2);
/// Bytes of its output that are shown.
const SHELL_OUTPUT: usize = 64 * 1024;

/// Opens the screen.
///
/// # Errors
/// There is no terminal, or the house cannot be opened.
pub async fn run(session: &Session) -> Said {
    session.repository()?;
    session.ground()?;
    let join = |end| house::join(session.settings(), &session.environment, end);
    let settings = session.settings();
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
    show(session, Some(Prefill { teams, ..prefill }), notice, join).await
}

/// Shows the screen at once and joins the engine behind it.
///
/// # Errors
/// There is no terminal, or the engine does not start: then the terminal is as it was.
pub async fn show<F: Future<Output = anyhow::Result<house::Joined>>>(
    session: &Session,
    prefill: Option<Prefill>,
    notice: String,
    join: impl FnOnce(EngineEnd) -> F,
) -> Said {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Complaint::usage("the screen needs a terminal on stdin and stdout")
            .hint("without one use `chimera brief`, `chimera missions` and `chimera desk`"));
    }
    let (handle, end) = handle::link(house::director(&session.environment));
    let mut screen = Box::pin(tui::run(handle, options(session, prefill, notice)?));
    let mut engine = Box::pin(join(end));
    let (left, engine) = tokio::select! {
        // The screen first: it draws and takes keys before the engine has read a byte.
        biased;
        left = &mut screen => (left, engine.await),
        joined = &mut engine => {
            let joined = joined?;
            (screen.await, Ok(joined))
        }
    };
    if let Ok(engine) = engine {
        engine.end().await;
    }
    match left.map_err(|error| Complaint::error(error.to_string()))? {
        tui::Exit::Quit => Ok(Exit::Ok),
        tui::Exit::HungUp | tui::Exit::Signal(_) => Ok(Exit::Interrupted),
    }
}

fn options(session: &Session, prefill: Option<Prefill>, notice: String) -> Result<TuiOptions, Complaint> {
    let settings = session.settings();
    let repo = session.repository()?.to_path_buf();
    let on_air = settings.on_air(&session.environment);
    let notice = match (notice.is_empty(), on_air.teams.is_empty()) {
        (true, true) => text::clean_line(&on_air.left_out.join("; "), 300).into(),
        _ => notice,
    };
    let file = |kind: &str, name: &str| user_file(session, kind, name);
    Ok(TuiOptions {
        branch: branch(&repo),
        prefill,
        keymap: settings.ui.keymap.clone(),
        user_keymap: file("keymaps", &settings.ui.keymap),
        theme: settings.ui.theme.clone(),
        user_theme: file("themes", &settings.ui.theme),
        defaults: Arc::new(BriefDefaults {
            teams: on_air.teams,
            budget: settings.policy.budget.per_mission,
            repo: repo.display().to_string(),
        }),
        notice,
        quiet_thread: crate::store::history::THREAD,
        ports: ports(session, &repo),
        repo,
    })
}

/// The user's own file over the built-in one, if there is one.
fn user_file(session: &Session, kind: &str, name: &str) -> Option<(String, String)> {
    let settings = crate::config::places::user_file(&session.environment)?;
    let file = settings.parent()?.join(kind).join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&file).ok()?;
    Some((file.display().to_string(), text))
}

/// The branch by git's own file, so that the first frame waits for no process.
fn branch(repo: &Path) -> String {
    let head = std::fs::read_to_string(repo.join(".git/HEAD")).unwrap_or_default();
    let name = head.trim().strip_prefix("ref: refs/heads/").unwrap_or_default();
    text::clean_line(name, 80).into()
}

fn ports(session: &Session, repo: &Path) -> Ports {
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| session.environment.get(name));
    let editor: Arc<str> = editor.unwrap_or("vi").into();
    let (files_of, attach_of, shell_in) = (repo.to_path_buf(), repo.to_path_buf(), repo.to_path_buf());
    let here = session.here.clone();
    Ports {
        editor: Arc::new(move |words| {
            let editor = editor.clone();
            async move { editor::edit(&editor, words).await }.boxed()
        }),
        files: Arc::new(move || {
            let repo = files_of.clone();
            let walk = tokio::task::spawn_blocking(move || files(&repo));
            async move { walk.await.unwrap_or_default() }.boxed()
        }),
        attach: Arc::new(move |path| {
            let (repo, here) = (attach_of.clone(), here.clone());
            let read = tokio::task::spawn_blocking(move || attach::one(&path, &repo, &here));
            async move { read.await.map_err(|error| error.to_string())? }.boxed()
        }),
        shell: Some(Arc::new(move |line| {
            let dir = shell_in.clone();
            async move {
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
                Ok(text::clean_bytes(&done.merged).into())
            }
            .boxed()
        })),
        clock: Arc::new(|| Clock::Wall.now()),
    }
}

fn files(repo: &Path) -> Vec<String> {
    let entries = list::walk(repo).build().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let names = files.filter_map(|file| Some(file.path().strip_prefix(repo).ok()?.to_str()?.to_owned()));
    names.take(FILES_MOST).collect()
}
