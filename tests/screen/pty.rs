//! The real binary in a pseudo-terminal, read back through a screen model. Every wait is for a named condition
//! with a deadline; nothing sleeps for a guess.

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
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with the program in it.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    /// Held by the reader while it reads: whoever holds it stops the reader.
    reading: Arc<Mutex<()>>,
    ended: Option<Instant>,
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
        for name in ["PATH", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            std::env::var_os(name).into_iter().for_each(|value| command.env(name, value));
        }
        command.env("HOME", home);
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
            over,
            ended: None,
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

    /// Presses a key again and again until the screen holds one of these words: for keys that may be refused.
    pub fn press_until(&mut self, key: &str, words: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.keys(key);
            self.heard_within(Duration::from_millis(400));
            if words.iter().any(|word| self.text().contains(word)) {
                return;
            }
            assert!(Instant::now() < deadline, "{key} had no effect; the screen is\n{}", self.text());
        }
    }

    /// The reader stops after the next piece; the program's writes will find no room. For good.
    pub fn stop_reading(&mut self) {
        std::mem::forget(self.reading.lock().unwrap());
    }

    /// Waits until nothing comes any more although there is something to come.
    pub fn until_full(&mut self) {
        while self.output.recv_timeout(Duration::from_millis(500)).is_ok() {}
    }

    /// How long after that moment the program was gone, as [`Terminal::ended`] saw it.
    pub fn gone_after(&self, since: Instant) -> Duration {
        self.ended.expect("the program has ended").duration_since(since)
    }

    /// Bytes written until nothing comes for `quiet`: how a test sees that nothing is drawn.
    pub fn quiet(&mut self, quiet: Duration) -> usize {
        let mut seen = 0;
        while let Ok(bytes) = self.output.recv_timeout(quiet) {
            seen += bytes.len();
            self.take(&bytes);
        }
        seen
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
                self.ended = Some(Instant::now());
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
                    self.take(&bytes);
                }
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
