//! The real binary in a real pseudo-terminal: what a person types, sees and gets back. Every test waits for named
//! conditions; rows of `product.md` are named where they are shown.
#![expect(clippy::disallowed_methods, reason = "a test starts git, kill and tmux itself")]

pub mod far;
mod house;
mod photo;
pub mod pty;
mod recording;

use portable_pty::CommandBuilder;
use pty::Terminal;
use recording::Recording;
use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

const WIDE: (u16, u16) = (120, 40);
const FIRST: &str = "What should be done?";

struct Shop {
    _root: tempfile::TempDir,
    repo: PathBuf,
    home: PathBuf,
}

/// A git repository with one commit; `None`, said loudly, where there is no git.
fn shop(test: &str) -> Option<Shop> {
    if !has("git", test) {
        return None;
    }
    let root = tempfile::tempdir().unwrap();
    let (repo, home) = (root.path().join("shop"), root.path().join("home"));
    std::fs::create_dir_all(&repo).unwrap();
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(repo.join("README.md"), "a shop\n").unwrap();
    for args in [
        &["init", "-q", "-b", "main"][..],
        &["add", "."],
        &["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "first"],
    ] {
        assert!(run(Command::new("git").args(args).current_dir(&repo).env("HOME", &home)));
    }
    Some(Shop { _root: root, repo, home })
}

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn has(program: &str, test: &str) -> bool {
    let there = run(Command::new(program).arg(if program == "tmux" { "-V" } else { "--version" }));
    if !there {
        eprintln!("SKIPPED {test}: there is no {program} here");
    }
    there
}

impl Shop {
    fn screen(&self, size: (u16, u16)) -> Terminal {
        let mut terminal = Terminal::start(size, &self.repo, &self.home, &[]);
        terminal.sees(FIRST);
        terminal
    }
}

/// Every mode that was switched on is off again.
fn restored(terminal: &Terminal) {
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "the alternate screen is still on");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
    assert!(!screen.bracketed_paste(), "bracketed paste is still on");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    let raw = String::from_utf8_lossy(&terminal.raw);
    let last = |mode: &str| (raw.rfind(&format!("{mode}h")), raw.rfind(&format!("{mode}l")));
    for mode in ["\x1b[?1004", "\x1b[?2004", "\x1b[?1000", "\x1b[?1006", "\x1b[?1049"] {
        let (on, off) = last(mode);
        assert!(off > on, "{mode:?} is on at the end");
    }
    assert_eq!(raw.matches("\x1b[>1u").count(), raw.matches("\x1b[<1u").count(), "kitty keys are left on");
    assert_eq!(raw.matches("\x1b[22;2t").count(), raw.matches("\x1b[23;2t").count(), "the title is left");
}

/// Settings with everything that a terminal can be switched to.
fn everything_on(shop: &Shop) {
    let own = shop.home.join(".config/chimera");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("chimera.toml"), "[ui]\nmouse = true\n").unwrap();
}

/// Answers like a terminal that knows everything and writes on white, while a person types.
fn answers(terminal: &mut Terminal) {
    let asked = |terminal: &Terminal| String::from_utf8_lossy(&terminal.raw).contains("\x1b]11;?");
    wrote(terminal, "the question", asked);
    terminal.keys("mend\x1b[?0u the\x1b]11;rgb:ffff/ffff/fafa\x1b\\ till\x1b[?62;22c now");
    terminal.sees("mend the till now");
    wrote(terminal, "kitty's keys", |terminal| String::from_utf8_lossy(&terminal.raw).contains("\x1b[>1u"));
    wrote(terminal, "a light ground", is_light);
}

/// Whether the screen is drawn in the light theme.
fn is_light(terminal: &Terminal) -> bool {
    terminal.screen().cell(5, 60).is_some_and(|cell| cell.bgcolor() == vt100::Color::Rgb(0xfb, 0xfb, 0xf9))
}

/// Waits until the terminal got what is wanted.
fn wrote(terminal: &mut Terminal, what: &str, wanted: impl Fn(&Terminal) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !wanted(terminal) {
        terminal.heard_within(Duration::from_millis(20));
        assert!(Instant::now() < deadline, "never got {what}; the screen is\n{}", terminal.text());
    }
}

#[test]
fn a2_s6_the_briefing_room_is_there_keys_echo_nothing_is_written_while_nothing_changes_and_quit_restores_all()
{
    let Some(shop) = shop("a2_s6") else { return };
    let mut terminal = shop.screen(WIDE);
    terminal.sees("shop@main");
    terminal.sees("BRIEFING ROOM");
    terminal.keys("mend the till");
    terminal.sees("mend the till");
    let (row, column) = terminal.screen().cursor_position();
    let before = terminal.screen().contents_between(row, 0, row, column);
    assert!(before.ends_with("mend the till"), "the caret stands elsewhere: {before:?}");
    terminal.keys("\x10");
    terminal.sees("PALETTE");
    terminal.keys("\x1b");
    terminal.until("the palette closed", |screen| !screen.contains("PALETTE"));
    // Longer than the clock's tick; what a start still has to show may come before.
    terminal.falls_silent(Duration::from_millis(2_500));
    // Escape leaves a text and never the program; Ctrl-C clears, and twice it quits.
    terminal.keys("\x1b\x1b");
    // Escape alone: what follows at once would be one key with it.
    terminal.heard_within(Duration::from_millis(300));
    assert!(terminal.text().contains("mend the till"), "{}", terminal.text());
    terminal.sees("i writes here");
    terminal.keys("i");
    terminal.sees("TRANSMIT");
    terminal.keys("\x03");
    terminal.sees("cleared");
    terminal.keys("\x03");
    assert_eq!(terminal.ended(), 0);
    restored(&terminal);
}

#[test]
fn s7_a_bad_theme_or_keymap_is_told_and_a_file_that_changes_is_applied_at_once() {
    let Some(shop) = shop("s7_bad_look") else { return };
    let own = shop.home.join(".config/chimera");
    std::fs::create_dir_all(own.join("keymaps")).unwrap();
    std::fs::write(own.join("chimera.toml"), "[ui]\ntheme = \"drak\"\n").unwrap();
    let mut terminal = shop.screen(WIDE);
    terminal.sees("there is no theme \"drak\"; there are auto, dark, light, high-contrast");
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    std::fs::write(own.join("chimera.toml"), "").unwrap();
    std::fs::write(own.join("keymaps/default.toml"), "keys = [\n { on = 'x', run = 'fly' } ]\n").unwrap();
    let mut terminal = shop.screen((200, 40));
    terminal.sees("keymaps/default.toml:2: there is no command \"fly\"");
    // Mended while it is up, then a theme of one's own, then a mistake in it.
    let keys = "keys = [ { on = 'ctrl-t', run = 'palette.open' } ]\n";
    std::fs::write(own.join("keymaps/default.toml"), keys).unwrap();
    terminal.sees("keymap default is read again");
    terminal.keys("\x14");
    terminal.sees("PALETTE");
    terminal.keys("\x1b");
    terminal.until("the palette closed", |screen| !screen.contains("PALETTE"));
    std::fs::create_dir_all(own.join("themes")).unwrap();
    std::fs::write(own.join("themes/dark.toml"), "[palette]\nbackground = '#000010'\n").unwrap();
    terminal.sees("theme auto is read again");
    let ground = |terminal: &Terminal| terminal.screen().cell(5, 60).map(vt100::Cell::bgcolor);
    assert_eq!(ground(&terminal), Some(vt100::Color::Rgb(0, 0, 16)));
    std::fs::write(own.join("themes/dark.toml"), "[palette]\nbackground = 'black'\n").unwrap();
    terminal.sees("themes/dark.toml:2: palette `background` must be a colour");
    assert_eq!(ground(&terminal), Some(vt100::Color::Rgb(0, 0, 16)), "the last good one stays");
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a1_a2_a_storm_of_sizes_ends_in_the_right_picture_and_a_paste_of_a_mebibyte_folds_to_one_line() {
    let Some(shop) = shop("a1_a2_storm") else { return };
    let mut terminal = shop.screen(WIDE);
    for size in [(80, 24), (20, 5), (2, 2), (300, 90), (40, 10), (39, 9), (119, 40), (1, 1), (60, 20)] {
        terminal.resize(size);
    }
    terminal.resize((60, 8));
    terminal.sees("Chimera needs 40x10");
    terminal.resize((60, 20));
    terminal.until("one pane", |screen| screen.contains("BRIEFING ROOM") && !screen.contains("CHANNELS"));
    terminal.resize((160, 48));
    terminal.until("all panes", |screen| {
        ["BRIEFING ROOM", "MISSIONS", "ANCHOR DESK", "CHANNELS", "F9 stop  ? help"]
            .iter()
            .all(|p| screen.contains(p))
    });
    let lines = 16_384;
    let text = format!("{}\n", "x".repeat(63)).repeat(lines);
    assert_eq!(text.len(), 1024 * 1024);
    terminal.keys("\x1b[200~");
    terminal.keys(&text);
    terminal.keys("\x1b[201~");
    terminal.sees("[pasted 1638");
    terminal.keys(" after");
    terminal.sees("after");
}

#[test]
fn s6_s7_a_signal_ends_it_at_once_whatever_it_waits_for_and_every_mode_it_was_switched_to_is_off() {
    let Some(shop) = shop("s6_signals") else { return };
    everything_on(&shop);
    for signal in ["TERM", "INT", "HUP"] {
        let mut terminal = shop.screen(WIDE);
        answers(&mut terminal);
        let title = "\x1b]2;○ idle · shop@main";
        wrote(&mut terminal, "the title", |terminal| String::from_utf8_lossy(&terminal.raw).contains(title));
        let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
        for mode in ["\x1b[?1000h", "\x1b[?1006h", "\x1b[22;2t"] {
            assert!(raw.contains(mode), "{mode:?} was never written");
        }
        assert!(run(Command::new("kill").args(["-s", signal, &terminal.pid().to_string()])));
        assert_eq!(terminal.ended(), 130);
        restored(&terminal);
    }
    let mut terminal = shop.screen(WIDE);
    terminal.hang_up();
    terminal.ended();
    ends_while_it_waits_for_its_settings(&shop);
    ends_on_a_terminal_that_does_not_read(&shop);
}

/// A shell line in a terminal: `sh` in the shop, with `chimera` as `$0`.
fn line(shop: &Shop, line: &str) -> Terminal {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_chimera")]);
    command.cwd(&shop.repo);
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")] {
        command.env(name, value);
    }
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", &shop.home);
    Terminal::spawn(WIDE, command)
}

#[test]
fn s6_what_stands_in_the_way_of_the_screen_is_told_on_the_terminal_as_it_was() {
    let Some(shop) = shop("s6_mistake") else { return };
    std::fs::write(shop.home.join("bad.toml"), "[ui]\nthema = 'dark'\n").unwrap();
    std::fs::create_dir(shop.home.join("nowhere")).unwrap();
    for (args, code, told) in [
        ("--config ~/bad.toml", 1, "thema"),
        ("--repo ~/nowhere", 1, "is in no git repository"),
        ("--data ./inside", 1, "lies inside the repository"),
    ] {
        let mut terminal = line(
            &shop,
            &format!("stty -g > ~/before; \"$0\" {args}; echo left with $?; stty -g > ~/after; read wait"),
        );
        terminal.sees("left with");
        assert!(terminal.text().contains(&format!("left with {code}")), "{}", terminal.text());
        terminal.sees(told);
        let at_left = |words: &str| terminal.text().lines().any(|line| line.starts_with(words));
        assert!(at_left("error: ") && at_left("left with"), "{}", terminal.text());
        restored(&terminal);
        terminal.keys("\r");
        terminal.ended();
        let settings = |name: &str| std::fs::read_to_string(shop.home.join(name)).unwrap();
        assert_eq!(settings("before"), settings("after"));
    }
}

fn ends_while_it_waits_for_its_settings(shop: &Shop) {
    // Nobody ever writes to it.
    let slow = shop.home.join("slow.toml");
    assert!(run(Command::new("mkfifo").arg(&slow)));
    let config = slow.display().to_string();
    let mut terminal = Terminal::start(WIDE, &shop.repo, &shop.home, &["--config", &config]);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !terminal.screen().alternate_screen() {
        terminal.heard_within(Duration::from_millis(20));
        assert!(Instant::now() < deadline, "the terminal is never taken");
    }
    assert!(run(Command::new("kill").args(["-s", "TERM", &terminal.pid().to_string()])));
    assert_eq!(terminal.ended(), 130);
    restored(&terminal);
}

fn ends_on_a_terminal_that_does_not_read(shop: &Shop) {
    let mut terminal = shop.screen((300, 90));
    terminal.stop_reading();
    // Whole pictures until the terminal is full, however large its buffer is.
    for _ in 0..64 {
        terminal.keys("\x0c");
    }
    terminal.until_full();
    assert!(run(Command::new("kill").args(["-s", "TERM", &terminal.pid().to_string()])));
    assert_eq!(terminal.ended(), 130);
}

#[test]
fn s6_control_z_gives_the_shell_its_terminal_and_fg_returns() {
    let Some(shop) = shop("s6_suspend") else { return };
    if !has("bash", "s6_suspend") {
        return;
    }
    // The shell has its own bracketed paste; what is measured here is the program's.
    std::fs::write(shop.home.join(".inputrc"), "set enable-bracketed-paste off\n").unwrap();
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "--noprofile", "-i"]);
    command.cwd(&shop.repo);
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("PS1", "ready> "), ("LANG", "C.UTF-8")] {
        command.env(name, value);
    }
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", &shop.home);
    let mut terminal = Terminal::spawn(WIDE, command);
    terminal.sees("ready>");
    terminal.keys("stty -g > before\r");
    terminal.until("the prompt again", |screen| screen.matches("ready>").count() == 2);
    terminal.keys(&format!("'{}'\r", env!("CARGO_BIN_EXE_chimera")));
    terminal.sees(FIRST);
    terminal.keys("half a brief");
    terminal.sees("half a brief");
    terminal.keys("\x1a");
    terminal.until("the third prompt", |screen| {
        screen.contains("Stopped") && screen.matches("ready>").count() == 3
    });
    restored(&terminal);
    terminal.keys("stty -g > stopped; echo told\r");
    terminal.until("the answer and the fourth prompt", |screen| {
        screen.lines().any(|line| line == "told") && screen.matches("ready>").count() == 4
    });
    terminal.keys("fg\r");
    terminal.until("the brief again", |screen| {
        screen.contains("half a brief") && screen.contains("BRIEFING ROOM")
    });
    terminal.keys("\x11");
    // Typed before the shell's prompt is back: from the moment the screen is given back, keys are the shell's.
    terminal.until("the shell's screen", |screen| !screen.contains("BRIEFING ROOM"));
    terminal.keys("stty -g > after; echo done.\r");
    terminal.until("the last answer", |screen| screen.lines().any(|line| line == "done."));
    restored(&terminal);
    let settings = |name: &str| std::fs::read_to_string(shop.repo.join(name)).unwrap();
    assert_eq!(settings("before"), settings("stopped"));
    assert_eq!(settings("before"), settings("after"));
}

/// F2 to F6, what their screens are headed with, and words for the recording.
const SCREENS: [(&str, &str, &str); 5] = [
    ("\x1bOQ", "AGENTS", "F2: who works on what, and what it costs."),
    ("\x1bOR", "APPROVALS", "F3: everything that waits for a person."),
    ("\x1bOS", "IDEAS", "F4: what could be done next."),
    ("\x1b[15~", "AUDIT", "F5: what has been done, and what it came to."),
    ("\x1b[17~", "SETTINGS", "F6: how Chimera is set up."),
];

#[test]
fn a7_a8_a9_a12_the_demo_goes_from_brief_to_landed_by_keys() {
    if !has("git", "a9_demo") || !has("cargo", "a9_demo") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let size = (160, 48);
    let mut film = Recording::new(size);
    let mut terminal = Terminal::start(size, home.path(), home.path(), &["demo"]);
    terminal.sees("REHEARSAL");
    terminal.sees("Checkout returns 500");
    film.scene(&mut terminal, "A brief in plain words; enter transmits it.");
    terminal.keys("\r");
    terminal.sees("M-1 is transmitted");
    terminal.until("A7: a plan with ticks, progress, money", |screen| {
        screen.contains("✓ plan") && screen.contains("/7 ") && screen.contains("/ $0.50")
    });
    terminal.until("A8: two channels with vendor, model and status word", |screen| {
        screen.contains("[1] TEAM ANTHROPIC  claude")
            && screen.contains("[2] TEAM GOOGLE  gemini")
            && screen.contains("THOUGHT STREAM")
            && screen.contains("LIVE SHOT")
    });
    film.scene(&mut terminal, "Two teams race, each in a worktree of its own.");
    terminal.sees("[1] approve Anthropic");
    terminal.keys("\x0e");
    film.scene(&mut terminal, "Both are built, tested and judged; the decision waits for a key.");
    terminal.keys("c");
    terminal.sees("COMPARE ─ M-1");
    terminal.sees("one reproduces the fault");
    film.scene(&mut terminal, "The candidates place by place, beside their evidence.");
    terminal.keys("q");
    terminal.until("the comparison closed", |screen| !screen.contains("COMPARE"));
    // A9: a key within 300 ms of a swap is refused and says so; the next one counts.
    terminal.press_until("1", "that key was not taken", &["Landing", "Landed as"]);
    terminal.until("A9: landed, with commit and branch", |screen| {
        screen.contains("Landed as ") && screen.contains("on main.")
    });
    terminal.sees("✓ LANDED");
    film.scene(&mut terminal, "Approved: committed and landed.");
    terminal.keys("V");
    terminal.sees("VERSIONS");
    terminal.sees("landed as");
    terminal.keys("q");
    for (key, heading, words) in SCREENS {
        terminal.keys(key);
        terminal.sees(heading);
        film.scene(&mut terminal, words);
    }
    film.finish();
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    restored(&terminal);
}
