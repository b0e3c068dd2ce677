//! The terminal: taken over on entry, given back byte for byte on every way out.
//!
//! Settings are read once, as early as possible ([`remember`]), so that nothing can be restored to an already
//! raw state. [`Guard`] enters in one order and leaves in reverse; its drop, the panic hook and every signal
//! path lead to the same [`leave`]. A frame is one write, between the marks of synchronized output. Nothing here waits
//! for a terminal that does not read: frames wait in the [`Outbox`], the rest gives up after `PATIENCE`.

use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::{Position, Rect},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode as FileMode, OFlags},
    io::Errno,
    termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, ttyname},
};
use std::{
    io::{self, Write},
    os::fd::OwnedFd,
    sync::{
        Once, OnceLock,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::unix::pipe;

/// Alternate screen, bracketed paste, focus reports.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[H\x1b[?2004h\x1b[?1004h\x1b[?25l";
/// The same in reverse, after the [`Mode`]s that are on; those of the mouse are switched off whoever switched them on.
/// The picture is wiped before the alternate screen is left: where there is none (GNU screen as it comes) what is said
/// afterwards must not stand in the middle of it.
const LEAVE_FIRST: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l";
const LEAVE_LAST: &[u8] = b"\x1b[?1004l\x1b[?2004l\x1b[2J\x1b[H\x1b[?25h\x1b[?1049l";
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h\x1b[?25l";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// Largest screen drawn, in cells: a terminal that claims more is drawn in part.
const CELLS_MOST: u32 = 1_000_000;

/// Longest wait for a terminal that does not take what enters or leaves the screen: a slow line is still drained.
const PATIENCE: Duration = Duration::from_millis(2_000);
/// The same after a signal to end: nobody may be there to read.
const HURRIED: Duration = Duration::from_millis(40);

/// Asked once, after the first picture: whether it knows kitty's keys, its ground, and last its kind, which every
/// terminal answers.
pub const QUESTIONS: &[u8] = b"\x1b[?u\x1b]11;?\x1b\\\x1b[c";

/// What a terminal is switched to on request; all of it is undone on every way out and done again on every way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Kitty's keys: Shift-Enter is another key than Enter. Where the terminal said that it knows them.
    Keyboard,
    /// Clicks and wheel.
    Mouse,
    /// The title is this program's.
    Title,
    /// An image of this program's is in the terminal.
    Image,
    /// The same, behind tmux.
    ImageBehindTmux,
}

impl Mode {
    const ALL: [Self; 5] = [Self::Keyboard, Self::Mouse, Self::Title, Self::Image, Self::ImageBehindTmux];

    fn bit(self) -> u8 {
        1 << (self as u8)
    }

    const fn on(self) -> &'static [u8] {
        match self {
            Self::Keyboard => b"\x1b[>1u",
            Self::Mouse => b"\x1b[?1000h\x1b[?1006h",
            Self::Title => b"\x1b[22;2t",
            // What is wanted is sent when it is drawn.
            Self::Image | Self::ImageBehindTmux => b"",
        }
    }

    const fn off(self) -> &'static [u8] {
        match self {
            Self::Keyboard => b"\x1b[<1u",
            Self::Mouse => b"\x1b[?1006l\x1b[?1000l",
            Self::Title => b"\x1b[23;2t",
            Self::Image => b"\x1b_Ga=d,d=I,i=77,q=2\x1b\\",
            Self::ImageBehindTmux => b"\x1bPtmux;\x1b\x1b_Ga=d,d=I,i=77,q=2\x1b\x1b\\\x1b\\",
        }
    }
}

/// [`Mode`]s that are on, or will be again after the terminal was away.
static MODES: AtomicU8 = AtomicU8::new(0);

/// Switches a mode and returns the bytes that tell the terminal; none if it is so already.
#[must_use]
pub fn switch(mode: Mode, on: bool) -> &'static [u8] {
    let before = if on {
        MODES.fetch_or(mode.bit(), Ordering::SeqCst)
    } else {
        MODES.fetch_and(!mode.bit(), Ordering::SeqCst)
    };
    match (before & mode.bit() != 0, on) {
        (false, true) => mode.on(),
        (true, false) => mode.off(),
        _ => b"",
    }
}

/// The bytes of every mode in `modes`, to switch it on or, the last first, off.
fn modes(modes: u8, on: bool) -> Vec<u8> {
    let mut chosen: Vec<Mode> = Mode::ALL.into_iter().filter(|mode| modes & mode.bit() != 0).collect();
    if !on {
        chosen.reverse();
    }
    chosen.into_iter().flat_map(|mode| if on { mode.on() } else { mode.off() }).copied().collect()
}

static AT_START: OnceLock<Option<Termios>> = OnceLock::new();
static ENTERED: AtomicBool = AtomicBool::new(false);
static HURRY: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();
static OUT: OnceLock<Option<OwnedFd>> = OnceLock::new();

/// Reads the terminal's settings. Call it first thing in the process.
pub fn remember() {
    AT_START.get_or_init(|| tcgetattr(rustix::stdio::stdin()).ok());
}

/// From now on a terminal that does not read is hardly waited for: the process was told to end.
pub fn hurry() {
    HURRY.store(true, Ordering::SeqCst);
}

/// Gives the terminal back; does nothing if it is not taken. Safe to call from a panic hook.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // The terminal may be gone: nothing can be done about it here.
    let off = modes(MODES.load(Ordering::SeqCst), false);
    let _ = write_all(&[LEAVE_FIRST, &off, LEAVE_LAST].concat());
    let _ = crossterm::terminal::disable_raw_mode();
    if let Some(Some(settings)) = AT_START.get() {
        // Not after draining: a terminal that is held would hold this process too.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, settings);
    }
}

/// Holds the terminal; gives it back when dropped.
pub struct Guard(());

impl Guard {
    /// Takes the terminal. A panic gives it back and is told, except on a thread of the name `quiet`, where panics
    /// are caught and mended.
    ///
    /// # Errors
    /// Standard input is not a terminal, or it does not take the settings.
    pub fn enter(quiet: &'static str) -> io::Result<Self> {
        remember();
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !on_thread(quiet) {
                    leave();
                    previous(info);
                }
            }));
        });
        let guard = Self(());
        guard.retake()?;
        Ok(guard)
    }

    /// Takes the terminal again after [`leave`].
    ///
    /// # Errors
    /// As [`Guard::enter`].
    pub fn retake(&self) -> io::Result<()> {
        crossterm::terminal::enable_raw_mode()?;
        ENTERED.store(true, Ordering::SeqCst);
        write_all(&[ENTER, &modes(MODES.load(Ordering::SeqCst), true)].concat())
    }
}

fn on_thread(name: &str) -> bool {
    std::thread::current().name() == Some(name)
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// Stops this process as the shell expects of Ctrl-Z; returns when it is continued.
///
/// # Errors
/// The signal could not be sent.
pub fn suspend() -> io::Result<()> {
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    Ok(())
}

/// Columns and rows; 80 by 24 where the terminal does not say.
#[must_use]
pub fn size() -> (u16, u16) {
    tcgetwinsize(rustix::stdio::stdout())
        .ok()
        .filter(|size| size.ws_col > 0 && size.ws_row > 0)
        .map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

/// Width and height of the screen in pixels; 0 where the terminal does not say.
#[must_use]
pub fn pixels() -> (u16, u16) {
    tcgetwinsize(rustix::stdio::stdout()).map_or((0, 0), |size| (size.ws_xpixel, size.ws_ypixel))
}

/// The terminal, opened once more for writing without waiting: the flag is this process's alone, while one set on
/// standard output would be the shell's too.
fn out() -> Option<&'static OwnedFd> {
    let opened = OUT.get_or_init(|| {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let named = ttyname(rustix::stdio::stdout(), Vec::new()).ok();
        let by_name = named.and_then(|name| rustix::fs::open(name.as_c_str(), flags, FileMode::empty()).ok());
        by_name.or_else(|| rustix::fs::open("/proc/self/fd/1", flags, FileMode::empty()).ok())
    });
    opened.as_ref()
}

/// Writes what the terminal takes now; 0 when it takes nothing.
fn write_some(bytes: &[u8]) -> io::Result<usize> {
    let Some(out) = out() else {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()?;
        return Ok(bytes.len());
    };
    match rustix::io::write(out, bytes) {
        Ok(written) => Ok(written),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(other) => Err(other.into()),
    }
}

/// Writes all, past the frames, within [`PATIENCE`].
fn write_all(bytes: &[u8]) -> io::Result<()> {
    let patience = if HURRY.load(Ordering::SeqCst) { HURRIED } else { PATIENCE };
    let deadline = Instant::now() + patience;
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = rest.get(write_some(rest)?..).unwrap_or_default();
        let left = deadline.saturating_duration_since(Instant::now());
        if rest.is_empty() || left.is_zero() {
            break;
        }
        if let Some(out) = out() {
            let limit = Timespec::try_from(left).map_err(io::Error::other)?;
            let _ = poll(&mut [PollFd::new(out, PollFlags::OUT)], Some(&limit));
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

/// Bytes on their way to the terminal. While some wait, no new frame is made: what is drawn next is the newest state,
/// so a slow terminal misses frames and never sees old ones.
pub struct Outbox {
    bytes: Vec<u8>,
    at: usize,
    ready: Option<pipe::Sender>,
}

impl Outbox {
    /// An empty one.
    ///
    /// # Errors
    /// The system has no file descriptor left.
    pub fn new() -> io::Result<Self> {
        let own = out().map(OwnedFd::try_clone).transpose()?;
        // What cannot be waited for (a file) takes bytes at once.
        let ready = own.and_then(|own| pipe::Sender::from_owned_fd_unchecked(own).ok());
        Ok(Self { bytes: Vec::new(), at: 0, ready })
    }

    /// Whether everything was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Gives bytes on their way, after what waits.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_empty() {
            self.clear();
        }
        self.bytes.extend_from_slice(bytes);
        self.write()
    }

    /// Drops what waits.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(rest) = self.bytes.get(self.at..).filter(|rest| !rest.is_empty()) {
            let written = match &self.ready {
                Some(ready) => ready.try_write(rest),
                None => write_some(rest),
            };
            match written {
                Ok(0) => break,
                Ok(written) => self.at += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until the terminal takes bytes again and gives it what waits. May be dropped at any await.
    ///
    /// # Errors
    /// The terminal is gone.
    pub async fn go_on(&mut self) -> io::Result<()> {
        if let Some(ready) = &self.ready {
            ready.writable().await?;
        }
        self.write()
    }
}

/// What was drawn last, and how to get from there to the next picture with few bytes.
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    caret: Option<Position>,
    out: Vec<u8>,
    /// The next picture is written whole.
    whole: bool,
}

impl Screen {
    /// A blank screen.
    #[must_use]
    pub fn new(columns: u16, rows: u16) -> Self {
        let area = bounded(columns, rows);
        let blank = || Buffer::empty(area);
        Self { shown: blank(), next: blank(), caret: None, out: Vec::new(), whole: true }
    }

    /// The terminal has another size; the next picture is written whole.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        *self = Self::new(columns, rows);
    }

    /// The next picture is written whole.
    pub fn forget(&mut self) {
        self.whole = true;
    }

    /// Whether the next picture wipes the terminal first.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.whole
    }

    /// Draws a picture and returns the bytes that bring the terminal there: none if it is there.
    ///
    /// # Errors
    /// Never in practice: the bytes go to memory.
    pub fn frame(&mut self, draw: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<&[u8]> {
        self.out.clear();
        self.next.reset();
        let caret = draw(&mut self.next);
        let mut drawn = Vec::new();
        let mut backend = CrosstermBackend::new(&mut drawn);
        if self.whole {
            self.shown.reset();
            backend.clear()?;
        }
        let cells = self.shown.diff(&self.next);
        let moved = caret != self.caret;
        if cells.is_empty() && !moved && !self.whole {
            return Ok(&self.out);
        }
        if !cells.is_empty() {
            backend.draw(cells.into_iter())?;
        }
        self.out.extend_from_slice(FRAME_BEGIN);
        self.out.append(&mut drawn);
        if let Some(at) = caret {
            write!(self.out, "\x1b[{};{}H\x1b[?25h", at.y + 1, at.x + 1)?;
        }
        self.out.extend_from_slice(FRAME_END);
        std::mem::swap(&mut self.shown, &mut self.next);
        self.caret = caret;
        self.whole = false;
        Ok(&self.out)
    }
}

fn bounded(columns: u16, rows: u16) -> Rect {
    let most = u16::try_from(CELLS_MOST / u32::from(columns.max(1))).unwrap_or(u16::MAX);
    Rect::new(0, 0, columns.max(1), rows.clamp(1, most.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn text(words: &'static str) -> impl FnOnce(&mut Buffer) -> Option<Position> {
        move |buffer| {
            buffer.set_string(0, 0, words, Style::default());
            Some(Position::new(3, 0))
        }
    }

    #[test]
    fn an_unchanged_picture_costs_no_byte_and_a_changed_cell_costs_few() {
        let mut screen = Screen::new(40, 10);
        assert!(screen.frame(text("hello")).unwrap().len() > 5);
        assert_eq!(screen.frame(text("hello")).unwrap(), b"");
        let one = screen.frame(text("hullo")).unwrap().to_vec();
        assert!(one.len() < 80, "{} bytes", one.len());
        assert!(one.starts_with(FRAME_BEGIN) && one.ends_with(FRAME_END));
        screen.forget();
        assert!(String::from_utf8_lossy(screen.frame(text("hullo")).unwrap()).contains("hullo"));
    }

    #[test]
    fn leaving_undoes_every_mode_of_entering_in_reverse() {
        let all = Mode::ALL.iter().fold(0, |all, mode| all | mode.bit());
        let enter = String::from_utf8([ENTER, &modes(all, true)].concat()).unwrap();
        let leave = String::from_utf8([LEAVE_FIRST, &modes(all, false), LEAVE_LAST].concat()).unwrap();
        let mut last = usize::MAX;
        for mode in ["?1049", "?2004", "?1004"] {
            assert!(enter.contains(&format!("\x1b[{mode}h")));
            let at = leave.find(&format!("\x1b[{mode}l")).unwrap();
            assert!(at < last, "{mode} is undone out of order");
            last = at;
        }
        assert!(leave.contains("\x1b[?25h"));
        for mode in Mode::ALL {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            assert!(enter.contains(&text(mode.on())) && leave.contains(&text(mode.off())), "{mode:?}");
            let at = leave.find(&text(mode.off())).unwrap();
            assert!(at < leave.find("\x1b[?1049l").unwrap(), "{mode:?} belongs to the alternate screen");
        }
        assert!(leave.contains("\x1b[?1000l"), "mouse reports end even if nobody here switched them on");
        assert_eq!(modes(0, true), b"");
    }

    #[test]
    fn a_caught_panic_of_the_quiet_thread_leaves_the_screen_alone() {
        for (name, quiet) in [("history", true), ("chimera-keys", false)] {
            let thread = std::thread::Builder::new().name(name.into());
            let told = thread.spawn(|| on_thread("history")).unwrap().join().unwrap();
            assert_eq!(told, quiet, "{name}");
        }
        assert!(!on_thread("history"));
    }

    #[test]
    fn absurd_sizes_are_bounded() {
        for (columns, rows) in [(0, 0), (1, 1), (u16::MAX, u16::MAX), (3, 60_000)] {
            let area = bounded(columns, rows);
            assert!(area.width >= 1 && area.height >= 1);
            assert!(u32::from(area.width) * u32::from(area.height) <= CELLS_MOST);
        }
    }
}
