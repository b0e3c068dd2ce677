//! A stage for the real binary: a little repository, an empty home, a data directory, and a rehearsal server on
//! loopback whose script the test writes. Nothing outside one temporary directory is touched.
//!
//! Waiting is always for a line or for an end, with a limit that fails the test; never a sleep.

use chimera::providers::rehearsal::{
    Rehearsal,
    script::{Fault, Script, ScriptedCall, Turn},
};
use serde_json::{Value, json};
use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Longest wait for anything; only a hanging program reaches it.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// How long the last words of a program that was killed may take.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// The built-in teams.
pub const ANTHROPIC: &str = "Team Anthropic";
/// See [`ANTHROPIC`].
pub const GOOGLE: &str = "Team Google";
/// A brief that the default script answers.
pub const BRIEF: &str = "The answer must be 42";
/// Its check.
pub const CHECK: &str = "sh test.sh";
/// Settings that keep the house out of the way of tests which are not about it.
const SETTINGS: &str = "[providers.anthropic]\nrequests_per_minute = 100000\n\
                        [providers.google]\nrequests_per_minute = 100000\n";

/// The place of one test.
pub struct Stage {
    top: tempfile::TempDir,
    /// What answers.
    pub rehearsal: Arc<Rehearsal>,
    address: String,
    /// Extra environment of every command.
    pub env: Vec<(String, String)>,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Stage {
    /// With this script.
    pub fn new(turns: Vec<Turn>) -> Self {
        let top = tempfile::Builder::new().prefix("chimera-house-").tempdir().unwrap();
        let rehearsal = Rehearsal::new(Script { turn: turns });
        let (address, server) = serve(rehearsal.clone());
        let stage = Self { top, rehearsal, address, env: Vec::new(), server: Some(server) };
        fs::create_dir_all(stage.path("home")).unwrap();
        fs::create_dir_all(stage.repo()).unwrap();
        stage.settings("");
        stage.repository();
        stage
    }

    /// With the default script: both teams give the right answer.
    pub fn default() -> Self {
        Self::new(script())
    }

    /// The same place with another script: for scripts that name the place itself.
    pub fn says(mut self, turns: Vec<Turn>) -> Self {
        self.hush();
        self.rehearsal = Rehearsal::new(Script { turn: turns });
        let (address, server) = serve(self.rehearsal.clone());
        (self.address, self.server) = (address, Some(server));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }
    pub fn repo(&self) -> PathBuf {
        self.path("repo")
    }
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Settings of the test beside those of the stage.
    pub fn settings(&self, more: &str) {
        fs::write(self.path("chimera.toml"), format!("{more}\n{SETTINGS}")).unwrap();
    }

    /// Settings of the test alone.
    pub fn settings_alone(&self, all: &str) {
        fs::write(self.path("chimera.toml"), all).unwrap();
    }
    /// Where the rehearsal answers.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn repository(&self) {
        let lines: String = (1..=40).map(|n| format!("line {n}\n")).collect();
        self.write("answer.txt", "41\n");
        self.write("lines.txt", &lines);
        self.write("test.sh", "grep -qx 42 answer.txt\n");
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["config", "user.name", "Ada"]);
        self.git(&["config", "user.email", "ada@localhost"]);
        self.git(&["config", "commit.gpgsign", "false"]);
        self.commit("The beginning");
    }

    /// Writes a file of the repository.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.repo().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    /// Reads one.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.repo().join(name)).unwrap()
    }
    /// Commits everything; the id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }
    /// Runs git in the repository.
    pub fn git(&self, args: &[&str]) -> String {
        let mut command = command("git");
        let done =
            command.args(args).current_dir(self.repo()).env("HOME", self.path("home")).output().unwrap();
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// A command of the program on this stage, not started yet.
    pub fn chimera(&self, args: &[&str]) -> Command {
        let mut command = self.plain();
        command.args(args).arg("--data").arg(self.data()).arg("--config").arg(self.path("chimera.toml"));
        command
    }

    /// The binary without an argument.
    fn plain(&self) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_chimera"));
        command
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("USER", "ada")
            .env("ANTHROPIC_API_KEY", "rehearsal")
            .env("GEMINI_API_KEY", "rehearsal")
            .env("ANTHROPIC_BASE_URL", &self.address)
            .env("GEMINI_BASE_URL", &self.address)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a command.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::new(self.chimera(args).spawn().unwrap())
    }
    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Done {
        self.start(args).end()
    }
    /// Runs with these arguments alone: no data directory, no settings file.
    pub fn bare(&self, args: &[&OsStr]) -> Done {
        Running::new(self.plain().args(args).spawn().unwrap()).end()
    }
    /// `brief --json` with both teams, the usual check and more arguments.
    pub fn brief(&self, more: &[&str]) -> Done {
        self.run(&[&["brief", BRIEF, "--check", CHECK, "--json"], more].concat())
    }

    /// Every journal entry, as `audit export` writes it.
    pub fn journal(&self) -> Vec<Value> {
        let done = self.run(&["audit", "export"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        done.stdout.lines().filter_map(entry).collect()
    }
    /// Payloads of one kind.
    pub fn facts(&self, kind: &str) -> Vec<Value> {
        self.journal()
            .into_iter()
            .filter(|entry| entry["kind"] == kind)
            .map(|e| e["payload"].clone())
            .collect()
    }
    /// The journal's proof of itself.
    pub fn verify(&self) {
        let done = self.run(&["audit", "verify"]);
        assert_eq!(done.code, Some(0), "{done:?}");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.hush();
    }
}

impl Stage {
    /// Ends the server.
    fn hush(&mut self) {
        if let Some((stop, server)) = self.server.take() {
            drop(stop);
            // A server that panicked has failed the test already.
            let _ = server.join();
        }
    }
}

/// What a program with another home needs to find its programs: toolchains stay where they are.
pub fn toolchains() -> Vec<(&'static str, OsString)> {
    let names = ["PATH", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    let mut found: Vec<_> =
        names.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect();
    let own = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    for (name, dir) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(name).is_none() && own.join(dir).is_dir() {
            found.push((name, own.join(dir).into()));
        }
    }
    found
}

/// The journal entry of an exported line; `None`: it is a checkpoint.
pub fn entry(line: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let record = value["record"].take();
    record.get("seq").is_some().then_some(record)
}

fn serve(rehearsal: Arc<Rehearsal>) -> (String, (oneshot::Sender<()>, JoinHandle<()>)) {
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = mpsc::sync_channel(1);
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            tokio::select! {
                () = rehearsal.serve(listener) => {}
                _ = stopped => {}
            }
        });
    });
    let address = told.recv_timeout(PATIENCE).unwrap();
    (format!("http://{address}"), (stop, server))
}

/// The login name of whoever runs the tests.
#[expect(clippy::disallowed_methods, reason = "a test asks the system")]
pub fn me() -> String {
    let done = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test drives the program as a person does")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env_remove("GIT_DIR");
    command
}

/// A command under way.
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    stderr: mpsc::Receiver<String>,
    /// Lines so far.
    pub seen: Vec<String>,
}

/// What a wait for a line came to.
pub enum Waited {
    /// A line.
    Line(String),
    /// Stdout is closed.
    End,
    /// Nothing in that time.
    Nothing,
}

impl Running {
    /// Of a process whose output is piped.
    pub fn new(mut child: Child) -> Self {
        let (tell, lines) = mpsc::sync_channel(4_096);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.split(b'\n') {
                let Ok(line) = line else { break };
                if tell.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let mut errors = child.stderr.take().unwrap();
        let (tell, stderr) = mpsc::sync_channel(1);
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text);
            // Nobody may be left who wants it.
            let _ = tell.send(String::from_utf8_lossy(&text).into_owned());
        });
        Self { child, lines, stderr, seen: Vec::new() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line, if it comes in time.
    pub fn next_within(&mut self, time: Duration) -> Waited {
        match self.lines.recv_timeout(time) {
            Ok(line) => {
                self.seen.push(line.clone());
                Waited::Line(line)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Waited::Nothing,
            Err(mpsc::RecvTimeoutError::Disconnected) => Waited::End,
        }
    }

    /// Waits for a JSON line that holds this text.
    pub fn until(&mut self, part: &str) -> Value {
        serde_json::from_str(&self.says(part)).unwrap()
    }

    /// A line that holds this text, whether it came already or is still to come: of lines whose order is nobody's promise.
    pub fn has_said(&mut self, part: &str) -> String {
        let said = self.seen.iter().find(|line| line.contains(part)).cloned();
        said.unwrap_or_else(|| self.says(part))
    }

    /// Waits for a line that holds this text; other lines, however many, make the wait no longer.
    pub fn says(&mut self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.next_within(until.saturating_duration_since(Instant::now())) {
                Waited::Line(line) if line.contains(part) => return line,
                Waited::Line(_) => {}
                Waited::End | Waited::Nothing => {
                    let _ = self.child.kill();
                    let stderr = self.stderr.recv_timeout(LAST_WORDS);
                    panic!("no line with {part:?} came:\n{}\n{stderr:?}", self.seen.join("\n"));
                }
            }
        }
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// SIGKILL; the lines that were written before it.
    pub fn kill(mut self) -> Done {
        self.child.kill().unwrap();
        self.end()
    }

    /// Reads to the end.
    pub fn end(mut self) -> Done {
        loop {
            match self.next_within(PATIENCE) {
                Waited::Line(_) => {}
                Waited::End => break,
                Waited::Nothing => {
                    let _ = self.child.kill();
                    panic!("the program hangs after:\n{}", self.seen.join("\n"));
                }
            }
        }
        // Whoever else holds it, a child that was left behind, holds up nobody for ever.
        let Ok(stderr) = self.stderr.recv_timeout(PATIENCE) else {
            let _ = self.child.kill();
            panic!("stderr stays open after:\n{}", self.seen.join("\n"));
        };
        let status: ExitStatus = self.child.wait().unwrap();
        let stdout = self.seen.iter().map(|line| format!("{line}\n")).collect();
        Done { code: status.code(), signal: status.signal(), stdout, stderr }
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Its JSON lines; a torn last line (of a killed process) is left out.
    pub fn lines(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
    /// The last one.
    pub fn last(&self) -> Value {
        self.lines().pop().unwrap_or_else(|| panic!("no line: {self:?}"))
    }
    /// All of a kind.
    pub fn of(&self, kind: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["kind"] == kind).collect()
    }
    /// Asserts how it ended; shows everything if not.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n---\n{}", self.stdout, self.stderr);
        self
    }
    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A turn that says `text` and calls these tools.
pub fn turn(text: &str, calls: &[(&str, Value)]) -> Turn {
    let calls = calls
        .iter()
        .map(|(name, input)| ScriptedCall { name: (*name).to_owned(), input: input.clone() })
        .collect();
    Turn { text: text.to_owned(), calls, ..Turn::default() }
}

/// A turn with a fault, so many times.
pub fn fault(model: &str, fault: Fault, times: Option<u32>) -> Turn {
    Turn { model: Some(model.to_owned()), fault: Some(fault), times, ..Turn::default() }
}

/// The orchestrator without questions, its plan, and judges who prefer the Anthropic candidate.
pub fn office() -> Vec<Turn> {
    vec![questions(json!([])), plan(), judge("claude", [80, 85]), judge("gemini", [95, 90])]
}

pub fn questions(questions: Value) -> Turn {
    let ask = turn("", &[("questions", json!({"questions": questions}))]);
    Turn { system: Some("Decide whether the brief can be worked on".into()), ..ask }
}

pub fn plan() -> Turn {
    let input = json!({"goal": "The answer is right", "steps": ["Mend it"], "files": ["answer.txt"], "confidence": 90});
    Turn { system: Some("Plan the smallest change".into()), ..turn("", &[("plan", input)]) }
}

pub fn judge(model: &str, scores: [u8; 2]) -> Turn {
    let score = |letter: &str, score: u8| json!({"candidate": letter, "score": score, "confidence": 90, "reasons": "Right."});
    let input = json!({"scores": [score("A", scores[0]), score("B", scores[1])]});
    Turn {
        system: Some("You review patches".into()),
        model: Some(model.into()),
        ..turn("", &[("verdict", input)])
    }
}

/// A team's conversation: one turn for each list of calls, then the end of it.
pub fn team(model: &str, turns: &[&[(&str, Value)]], summary: &str) -> Vec<Turn> {
    let step = |at: usize, turn: Turn| Turn { model: Some(model.into()), turn: Some(at), ..turn };
    let mut all: Vec<Turn> =
        turns.iter().enumerate().map(|(at, calls)| step(at, turn("Working.", calls))).collect();
    all.push(step(turns.len(), turn("Done.", &[("finish", finish(summary))])));
    all
}

pub fn finish(summary: &str) -> Value {
    json!({"summary": summary, "root_cause": "It was off by one.", "confidence": 95,
           "changes": ["the answer"], "tests": ["test.sh"]})
}

pub fn write(path: &str, content: &str) -> (&'static str, Value) {
    ("write", json!({"path": path, "content": content}))
}

pub fn edit(path: &str, old: &str, new: &str) -> (&'static str, Value) {
    ("edit", json!({"path": path, "old": old, "new": new}))
}

/// Both teams right the answer, each in its own way.
pub fn script() -> Vec<Turn> {
    let mut turns = office();
    turns.extend(team("claude", &[&[edit("answer.txt", "41", "42")]], "Give the right answer"));
    turns.extend(team(
        "gemini",
        &[&[edit("answer.txt", "41", "42")], &[write("why.txt", "because\n")]],
        "Give the right answer, and say why",
    ));
    turns
}

/// Processes whose command line holds this, as `<pid> <command line>`. The dead that wait to be reaped have none.
pub fn processes(mark: &str) -> Vec<String> {
    let named = |pid: &str| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(mark).then(|| format!("{pid} {line}"))
    };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| named(&entry.file_name().to_string_lossy())).collect()
}

/// A command that ignores SIGTERM, with a child and a grandchild in a session of its own which do too; each can be
/// found by the mark.
pub fn deaf(mark: &str) -> (&'static str, Value) {
    let line = format!(
        "trap '' TERM HUP INT; sh -c 'while :; do sleep 1; done # {mark} child' & \
         setsid sh -c 'sh -c \"while :; do sleep 1; done # {mark} grandchild\"; : {mark}' & \
         while :; do sleep 1; done # {mark}"
    );
    ("run", json!({"command": line}))
}

/// How many processes [`deaf`] makes at least: itself, its child, the session and the grandchild.
pub const DEAF: usize = 4;

/// A program's file below a directory, for tests that damage it.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

impl Stage {
    /// Runs a script in mounts of its own, where `$DATA` is an empty tmpfs of that size and `$CHIMERA` the binary;
    /// `None`: this machine grants no mounts.
    pub fn on_small_disk(&self, size: &str, script: &str) -> Option<Done> {
        fs::create_dir_all(self.data()).unwrap();
        let mount = format!("mount -t tmpfs -o size={size} tmpfs \"$DATA\" || exit 77\n{script}");
        let mut command = self.chimera(&[]);
        let env: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = self::command("unshare");
        command
            .args(["-m", "sh", "-c", &mount])
            .current_dir(self.repo())
            .env_clear()
            .envs(env)
            .env("CHIMERA", env!("CARGO_BIN_EXE_chimera"))
            .env("DATA", self.data())
            .env("CONFIG", self.path("chimera.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let done = Running::new(command.spawn().ok()?).end();
        (done.code == Some(0)).then_some(done)
    }
}
