//! The real binary in a pseudo-terminal, read back through a screen model. Every wait is for a named condition
//! with a deadline; nothing sleeps for a guess.

use crate::house::stage::{Stage, toolchains};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    time::{Duration, Instant},
};

/// Longest wait for a condition. Generous: a loaded machine is slow, not wrong.
const PATIENCE: Duration = Duration::from_secs(300);

/// A terminal with the program in it.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    /// Held by the reader while it reads: whoever holds it stops the reader.
    reading: Arc<Mutex<()>>,
    /// It stopped for good.
    deaf: bool,
    /// Tells the reader to let go of the terminal.
    over: Arc<AtomicBool>,
    screen: vt100::Parser,
    /// Everything the program wrote.
    pub raw: Vec<u8>,
}

impl Terminal {
    /// Starts `chimera` with these arguments in `dir`, with nothing of this process's environment but `PATH`.
    pub fn start(size: (u16, u16), dir: &Path, home: &Path, args: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chimera"));
        command.args(args);
        command.cwd(dir);
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        toolchains().into_iter().for_each(|(name, value)| command.env(name, value));
        command.env("HOME", home);
        Self::spawn(size, command)
    }

    /// Starts a command of a stage: its repository, its data, its voices.
    pub fn on(stage: &Stage, size: (u16, u16), args: &[&str]) -> Self {
        let wanted = stage.chimera(args);
        let mut command = CommandBuilder::new(wanted.get_program());
        command.args(wanted.get_args());
        command.cwd(stage.repo());
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        for (name, value) in wanted.get_envs() {
            value.into_iter().for_each(|value| command.env(name, value));
        }
        Self::spawn(size, command)
    }

    /// Starts any command.
    pub fn spawn((columns, rows): (u16, u16), command: CommandBuilder) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = sync_channel(1_024);
        let reading = Arc::new(Mutex::new(()));
        let over = Arc::new(AtomicBool::new(false));
        let (theirs, is_over) = (Arc::clone(&reading), Arc::clone(&over));
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            loop {
                drop(theirs.lock());
                let Ok(read) = reader.read(&mut buffer) else { break };
                if read == 0 || is_over.load(Ordering::SeqCst) || send.send(buffer[..read].to_vec()).is_err()
                {
                    break;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(rows, columns, 0);
        Self {
            master: Some(pair.master),
            writer: Some(writer),
            child,
            output,
            reading,
            deaf: false,
            over,
            screen,
            raw: Vec::new(),
        }
    }

    /// Types.
    pub fn keys(&mut self, text: &str) {
        let writer = self.writer.as_mut().expect("the terminal is open");
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// The model behind it: cursor, modes, cells.
    pub fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Waits until the screen satisfies `wanted`; fails with the screen as it is.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(&self.text()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => panic!("never saw {what}; the screen is\n{}", self.text()),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the program ended before {what}; the screen is\n{}", self.text())
                }
            }
        }
    }

    /// Waits until the screen holds `words`.
    pub fn sees(&mut self, words: &str) {
        self.until(words, |screen| screen.contains(words));
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Bytes that come within this time.
    pub fn heard_within(&mut self, span: Duration) -> usize {
        let deadline = Instant::now() + span;
        let mut seen = 0;
        while let Ok(bytes) = self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            seen += bytes.len();
            self.take(&bytes);
        }
        seen
    }

    /// Presses a key that may be refused for coming too soon, again while it is, until the screen holds one of these
    /// words.
    pub fn press_until(&mut self, key: &str, refused: &str, words: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        let there = |screen: &str| words.iter().any(|word| screen.contains(word));
        loop {
            self.keys(key);
            self.until(key, |screen| there(screen) || screen.contains(refused));
            self.heard_within(Duration::from_millis(400));
            if there(&self.text()) {
                return;
            }
            assert!(Instant::now() < deadline, "{key} had no effect; the screen is\n{}", self.text());
        }
    }

    /// The reader stops after the next piece; the program's writes will find no room. For good.
    pub fn stop_reading(&mut self) {
        self.deaf = true;
        std::mem::forget(self.reading.lock().unwrap());
    }

    /// Waits until nothing comes any more although there is something to come.
    pub fn until_full(&mut self) {
        while self.output.recv_timeout(Duration::from_millis(500)).is_ok() {}
    }

    /// Waits until nothing has come for so long: how a test sees that nothing is drawn.
    pub fn falls_silent(&mut self, quiet: Duration) {
        let deadline = Instant::now() + PATIENCE;
        while self.heard_within(quiet) > 0 {
            assert!(Instant::now() < deadline, "it never stops writing; the screen is\n{}", self.text());
        }
    }

    /// Another size.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().expect("the terminal is open").resize(size).unwrap();
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// Process id of the program.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().unwrap()).unwrap()
    }

    /// Closes the terminal under the program, as a lost connection does.
    pub fn hang_up(&mut self) {
        // The reader holds the terminal too: a picture of another size wakes it.
        self.over.store(true, Ordering::SeqCst);
        self.resize((100, 30));
        let deadline = Instant::now() + PATIENCE;
        while self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        self.writer = None;
        self.master = None;
    }

    /// Waits for the program's end; its exit code.
    pub fn ended(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // To the end of what it wrote, unless nobody reads.
                let left = if self.deaf { Duration::ZERO } else { deadline - Instant::now() };
                self.heard_within(left);
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "the program does not end; the screen is\n{}", self.text());
            match self.output.recv_timeout(Duration::from_millis(5)) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                // No output any more: only the process itself is waited for.
                Err(RecvTimeoutError::Disconnected) => std::thread::yield_now(),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
