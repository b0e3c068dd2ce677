//! `chimera top`: one page about a daemon that runs somewhere, drawn anew whenever somebody looked again. Shows what it is
//! given and nothing else; `q` leaves. A look that failed leaves the last one in sight, and says so.

mod draw;
#[cfg(test)]
mod tests;

use super::{
    decode::Heard,
    held::{Exit, Held, Told, TuiError},
    input::{Input, Keys},
    keymap::Key,
    looks::{self, Chosen, Ground},
    terminal::{self, Outbox, Screen},
    theme::{Depth, Theme},
};
use crossterm::event::{KeyCode, KeyModifiers};
use tokio::sync::watch;

/// How a thing stands; never told by colour alone: the words say it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As always.
    #[default]
    Plain,
    /// Well.
    Good,
    /// At work.
    Busy,
    /// A person is waited for.
    Waits,
    /// Wrong.
    Bad,
}

/// A number with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What.
    pub name: String,
    /// How much, with its unit.
    pub value: String,
    /// How that is.
    pub tone: Tone,
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its cells.
    pub cells: Vec<String>,
    /// How it stands.
    pub tone: Tone,
}

/// A table with its heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What is in it.
    pub title: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its lines, the most urgent first.
    pub lines: Vec<Line>,
    /// What is said where there is none.
    pub none: String,
}

/// Everything on the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Which daemon.
    pub place: String,
    /// When it was looked at.
    pub at: String,
    /// Why it could not be looked at again since; then the rest is as of `at`.
    pub lost: Option<String>,
    /// Numbers.
    pub figures: Vec<Figure>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// Shows sheets until the person leaves or whoever looks has ended.
///
/// # Errors
/// The terminal cannot be used; it is as it was then.
pub async fn run(
    held: Held,
    (theme, sparing): (&Chosen, bool),
    mut sheets: watch::Receiver<Sheet>,
) -> Result<Exit, TuiError> {
    let Held { mut signals, guard } = held;
    let var = |name: &str| std::env::var(name).ok();
    let depth =
        Depth::from_env(var("COLORTERM").as_deref(), var("TERM").as_deref(), var("NO_COLOR").as_deref());
    let ground = Ground::of_env(var("COLORFGBG").as_deref()).unwrap_or_default();
    let (theme, _) = looks::theme(theme, depth, ground)?;
    let theme = if sparing { theme.sparing() } else { theme };
    let size = terminal::size();
    let (mut screen, mut outbox) = (Screen::new(size.0, size.1), Outbox::new()?);
    let mut keys = Keys::start()?;
    sheets.mark_changed();
    let mut sheet = Sheet::default();
    let exit = loop {
        let waits = !outbox.is_empty();
        tokio::select! {
            biased;
            told = signals.next() => match told {
                Told::End(exit) => break exit,
                Told::Resized => {
                    let (columns, rows) = terminal::size();
                    screen.resize(columns, rows);
                }
                Told::Continued => {
                    terminal::leave();
                    guard.retake()?;
                    screen.forget();
                }
            },
            input = keys.next() => match input {
                Some(Input::Heard(Heard::Key(key))) if leaves(key) => break Exit::Quit,
                Some(Input::Heard(Heard::Key(key))) if is_ctrl(key, 'l') => screen.forget(),
                Some(Input::Heard(Heard::Key(key))) if is_ctrl(key, 'z') => {
                    keys.park();
                    terminal::leave();
                    terminal::suspend()?;
                    guard.retake()?;
                    keys.unpark();
                    screen.forget();
                }
                Some(Input::Heard(_)) => continue,
                Some(Input::Gone) | None => break Exit::HungUp,
            },
            taken = outbox.go_on(), if waits => {
                taken?;
                if !outbox.is_empty() {
                    continue;
                }
            }
            changed = sheets.changed() => {
                if changed.is_err() {
                    break Exit::Quit;
                }
                sheet = sheets.borrow_and_update().clone();
            }
        }
        // A terminal that does not read misses sheets and never sees old ones.
        if outbox.is_empty() {
            show(&mut screen, &mut outbox, &theme, &sheet)?;
        }
    };
    if exit != Exit::Quit {
        terminal::hurry();
    }
    drop(keys);
    drop(guard);
    Ok(exit)
}

fn show(screen: &mut Screen, outbox: &mut Outbox, theme: &Theme, sheet: &Sheet) -> Result<(), TuiError> {
    let frame = screen.frame(|buf| {
        draw::draw(sheet, theme, buf);
        None
    })?;
    Ok(outbox.send(frame)?)
}

fn is_ctrl(key: Key, letter: char) -> bool {
    key.code == KeyCode::Char(letter) && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn leaves(key: Key) -> bool {
    let plain = key.modifiers.is_empty() && matches!(key.code, KeyCode::Char('q') | KeyCode::Esc);
    plain || is_ctrl(key, 'c') || is_ctrl(key, 'd') || is_ctrl(key, 'q')
}
