//! The screen at the far end of something: tmux, GNU screen, a real ssh session to this machine.

use super::{FIRST, Shop, WIDE, everything_on, has, is_light, pty::Terminal, restored, run, shop, wrote};
use portable_pty::CommandBuilder;
use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const CHIMERA: &str = env!("CARGO_BIN_EXE_chimera");

/// A command in the shop with a terminal's environment and nothing else of this one's but `PATH` and what finds
/// libraries.
fn command(program: &Path, shop: &Shop) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.cwd(&shop.repo);
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("SHELL", "/bin/sh")] {
        command.env(name, value);
    }
    for name in ["PATH", "LD_LIBRARY_PATH"] {
        std::env::var_os(name).into_iter().for_each(|value| command.env(name, value));
    }
    command.env("HOME", &shop.home);
    command
}

/// A place whose path is short: sockets have little room, whatever the place of temporary files is called.
fn place() -> tempfile::TempDir {
    let place = tempfile::Builder::new().prefix("chimera-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    place
}

/// Types a little and leaves; the pane is as it was.
fn used(terminal: &mut Terminal) {
    terminal.sees(FIRST);
    terminal.keys("through here");
    terminal.sees("through here");
    // An arrow and a key of a function come through what stands between, and are not typed.
    terminal.keys("\x1b[D\x1b[D!");
    terminal.sees("through he!re");
}

fn left(terminal: &mut Terminal) {
    terminal.keys("\x11");
    terminal.sees("left with 0");
    assert!(!terminal.text().contains("BRIEFING ROOM"), "{}", terminal.text());
    terminal.keys("\r");
    terminal.ended();
}

#[test]
fn s6_inside_tmux_and_screen_it_starts_says_how_things_stand_and_leaves_the_pane_as_it_was() {
    let Some(shop) = shop("s6_multiplexers") else { return };
    let line = format!("'{CHIMERA}'; echo left with $?; read wait");
    if has("tmux", "s6_multiplexers in tmux") {
        let place = place();
        let socket = place.path().join("tmux");
        let tmux = |args: &[&str]| {
            // Whatever the locale of whoever runs the tests: without -u an answer has no sign beyond ASCII.
            let done = Command::new("tmux").arg("-u").arg("-S").arg(&socket).args(args).output().unwrap();
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let mut command = command(Path::new("tmux"), &shop);
        command.arg("-S");
        command.arg(&socket);
        command.args(["-f", "/dev/null", "new-session", "-x", "120", "-y", "40", &line]);
        let mut terminal = Terminal::spawn(WIDE, command);
        used(&mut terminal);
        wrote(&mut terminal, "the title of the pane", |_| {
            tmux(&["display-message", "-p", "#{pane_title}"]).contains("○ idle · shop@main")
        });
        left(&mut terminal);
        tmux(&["kill-server"]);
    }
    if !there("screen") {
        eprintln!("SKIPPED s6_multiplexers in screen: there is no screen here");
        return;
    }
    let place = place();
    let mut command = command(Path::new("screen"), &shop);
    command.env("SCREENDIR", place.path());
    // Without it screen has no second screen to give back.
    let config = place.path().join("screenrc");
    std::fs::write(&config, "altscreen on\nstartup_message off\n").unwrap();
    command.args(["-U", "-c", &config.display().to_string(), "-S", "chimera-test", "sh", "-c", &line]);
    let mut terminal = Terminal::spawn(WIDE, command);
    used(&mut terminal);
    left(&mut terminal);
}

/// Whether there is a program. It is not started: `ssh-keygen` would ask whoever runs the tests in a terminal, and wait.
fn there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// A server of ssh for one person and one key, on a port of its own.
pub struct Sshd {
    child: Child,
    /// Where it listens.
    pub port: u16,
    /// The one key that it lets in.
    pub key: PathBuf,
    _place: tempfile::TempDir,
}

impl Sshd {
    /// Starts one; `None`, said loudly, where there is none or it refuses to run here.
    pub fn start(test: &str) -> Option<Self> {
        Self::with(test, "")
    }

    /// The same with more lines in its settings.
    pub fn with(test: &str, more: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
        let found = dirs.map(|dir| dir.join("sshd")).find(|file| file.is_file());
        let (Some(sshd), true) = (found, there("ssh") && there("ssh-keygen")) else {
            eprintln!("SKIPPED {test}: there is no sshd or no ssh here");
            return None;
        };
        let place = place();
        let at = |name: &str| place.path().join(name);
        for name in ["host", "key"] {
            let mut keygen = Command::new("ssh-keygen");
            assert!(run(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at(name))));
        }
        std::fs::copy(at("key.pub"), at("authorized_keys")).unwrap();
        // Free when it is asked for; whoever takes it in between makes the start fail, and another one is tried.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let shown = |name: &str| at(name).display().to_string();
            let config = format!(
                "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
                 StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                 PermitRootLogin yes\nPrintMotd no\nPrintLastLog no\nLogLevel INFO\n{more}",
                shown("host"),
                shown("authorized_keys"),
            );
            std::fs::write(at("config"), config).unwrap();
            let tried = Command::new(&sshd).arg("-t").arg("-f").arg(at("config")).output().unwrap();
            if !tried.status.success() {
                let why = String::from_utf8_lossy(&tried.stderr);
                eprintln!("SKIPPED {test}: sshd does not run here: {}", why.trim());
                return None;
            }
            let mut child = Command::new(&sshd)
                .args(["-D", "-e", "-f"])
                .arg(at("config"))
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
            let listens = said.by_ref().map_while(Result::ok).any(|line| line.contains("Server listening"));
            if listens {
                // What it says later is not read: it is little, and a pipe that is gone does not end it.
                std::thread::spawn(move || said.for_each(drop));
                return Some(Self { child, port, key: at("key"), _place: place });
            }
            let _ = child.wait();
        }
        panic!("sshd never listens");
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn s6_s7_over_a_real_ssh_session_the_terminal_is_asked_the_screen_works_and_the_line_is_silent_when_idle() {
    let Some(shop) = shop("s6_ssh") else { return };
    let Some(sshd) = Sshd::start("s6_ssh") else { return };
    everything_on(&shop);
    let person = Command::new("id").arg("-un").output().unwrap().stdout;
    let person = String::from_utf8(person).unwrap();
    let mut command = command(Path::new("ssh"), &shop);
    command.args([
        "-F",
        "none",
        "-tt",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
    ]);
    command.args(["-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", "-i"]);
    command.arg(&sshd.key);
    command.args(["-p", &sshd.port.to_string(), "-l", person.trim(), "127.0.0.1"]);
    let (repo, home) = (shop.repo.display(), shop.home.display());
    command.arg(format!(
        "cd '{repo}' && HOME='{home}' COLORTERM=truecolor LANG=C.UTF-8 '{CHIMERA}' --low-bandwidth"
    ));
    let mut terminal = Terminal::spawn(WIDE, command);
    terminal.sees(FIRST);
    terminal.sees("BRIEFING ROOM");
    answers_far(&mut terminal);
    terminal.falls_silent(Duration::from_millis(2_500));
    let began = Instant::now();
    terminal.keys("\x10");
    terminal.sees("PALETTE");
    eprintln!("over ssh: the palette after {:?}", began.elapsed());
    terminal.keys("\x1b");
    terminal.until("the palette closed", |screen| !screen.contains("PALETTE"));
    terminal.resize((100, 30));
    terminal
        .until("the other size", |screen| screen.lines().count() <= 30 && screen.contains("BRIEFING ROOM"));
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    restored(&terminal);
}

/// The answers come back over the line; on a slow one colours are of the 256.
fn answers_far(terminal: &mut Terminal) {
    let light = |terminal: &Terminal| {
        let ground = terminal.screen().cell(5, 60).map(vt100::Cell::bgcolor);
        is_light(terminal) || matches!(ground, Some(vt100::Color::Idx(231 | 255 | 230)))
    };
    wrote(terminal, "the question", |terminal| String::from_utf8_lossy(&terminal.raw).contains("\x1b]11;?"));
    terminal.keys("over\x1b[?0u ssh\x1b]11;rgb:ffff/ffff/fafa\x1b\\\x1b[?62;22c");
    terminal.sees("over ssh");
    wrote(terminal, "a light ground", light);
}
