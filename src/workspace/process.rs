//! Runs one child process to its end: own process group, wall-clock limit, bounded output, scrubbed environment.
//!
//! Never leaves a child behind. On stop and time-out the whole group gets SIGTERM, two seconds, then SIGKILL; when
//! the future is dropped it gets SIGKILL at once; whatever left the group (`setsid`) is found by its environment
//! mark. If chimera itself is killed, the kernel kills the confined child (parent death signal, set by the sandbox
//! helper) and [`sweep_orphans`] ends grandchildren at the next start. The parent death signal is bound to the
//! *thread* that started the child: call [`run`] from tokio's worker threads, never from a `spawn_blocking` one.

mod environment;
mod orphans;
mod output;

use super::sandbox;
use crate::domain::time::Millis;
use output::{HeadTail, Kept};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::{future::Future, io, path::PathBuf, process::Stdio, sync::Arc, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, ChildStdin},
};

pub use super::{limits::Limits, sandbox::Confinement};
pub use orphans::sweep as sweep_orphans;

/// From SIGTERM to SIGKILL.
const GRACE: Millis = Millis::secs(2);
/// How long those that a command left in its group have to leave that as well.
const LEAVE: Millis = Millis(500);
/// How often it is looked whether they have.
const LOOK: Millis = Millis(10);
/// How long a pipe that someone still holds open is read after the child has ended.
const DRAIN: Millis = Millis(500);
/// One read from a pipe, in bytes.
const CHUNK: usize = 64 * 1024;

/// What to run.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Program and arguments; the program is looked up in `PATH`.
    pub argv: Vec<String>,
    /// Working directory.
    pub dir: PathBuf,
    /// Set on top of the scrubbed environment.
    pub env: Vec<(String, String)>,
    /// Written to standard input, which is then closed.
    pub stdin: Vec<u8>,
    /// Bounds.
    pub limits: Limits,
    /// Walls.
    pub confinement: Confinement,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Ended by its wall-clock limit.
    TimedOut,
    /// Ended because the caller asked.
    Stopped,
}

impl Exit {
    /// Code 0.
    #[must_use]
    pub fn ok(self) -> bool {
        self == Self::Code(0)
    }
}

/// A child's whole story.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// Kept part of standard output.
    pub stdout: Vec<u8>,
    /// Kept part of standard error.
    pub stderr: Vec<u8>,
    /// Kept part of both in order of arrival.
    pub merged: Vec<u8>,
    /// Bytes of `stdout` and `stderr` together that were read but not kept.
    pub left_out: u64,
    /// From start to end.
    pub elapsed: Millis,
}

/// The child could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Nothing to run.
    #[error("a command needs at least a program name")]
    Empty,
    /// The program could not be started.
    #[error("cannot start {program:?} in {dir}: {cause}", dir = dir.display())]
    Start {
        /// First word of the command.
        program: String,
        /// Its working directory.
        dir: PathBuf,
        /// The system's answer.
        cause: io::Error,
    },
    /// The sandbox could not be built; the command has not run.
    #[error("the sandbox could not be built, the command has not run: {0}")]
    Sandbox(String),
    /// Reading from or waiting for the child failed.
    #[error("lost the child process {program:?}: {cause}")]
    Lost {
        /// First word of the command.
        program: String,
        /// The system's answer.
        cause: io::Error,
    },
}

/// Runs it until it ends, its time is up, or `stop` resolves. All output is read, the kept part is bounded.
///
/// # Errors
/// When the child could not be started, confined or waited for. A command that fails is no error but an [`Exit`].
pub async fn run(spec: Spec, stop: impl Future<Output = ()> + Send) -> Result<Finished, ProcessError> {
    run_until(spec, stop, Manner::default()).await
}

/// Runs it until it ends, its time is up, or `stop` resolves: then it is interrupted (SIGINT to its group) and may
/// take so long to end by itself before it is ended as [`run`] does.
///
/// # Errors
/// As [`run`].
pub async fn run_interrupted(
    spec: Spec,
    stop: impl Future<Output = ()> + Send,
    patience: Millis,
) -> Result<Finished, ProcessError> {
    run_until(spec, stop, Manner { patience: Some(patience), ..Manner::default() }).await
}

/// Hears what a child says as it says it, standard output and standard error alike.
pub type Ear = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// Runs it until it ends or its time is up, and lets its words be heard meanwhile.
///
/// # Errors
/// As [`run`].
pub async fn run_heard(spec: Spec, ear: Ear) -> Result<Finished, ProcessError> {
    run_until(spec, std::future::pending(), Manner { ear: Some(ear), ..Manner::default() }).await
}

/// Runs a program that must not be cut in half, such as git while it writes files: when the future is dropped the
/// program goes on to its end by itself.
pub(super) async fn run_whole(spec: Spec) -> Result<Finished, ProcessError> {
    run_until(spec, std::future::pending(), Manner { on_drop: OnDrop::Finish, ..Manner::default() }).await
}

/// What happens to the child when nobody waits for it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum OnDrop {
    #[default]
    Kill,
    Finish,
}

/// How a child is run.
#[derive(Default)]
struct Manner {
    on_drop: OnDrop,
    /// Hears what it says meanwhile.
    ear: Option<Ear>,
    /// Interrupted first when it is stopped, and how long it may take to end then.
    patience: Option<Millis>,
}

async fn run_until(
    spec: Spec,
    stop: impl Future<Output = ()> + Send,
    Manner { on_drop, ear, patience }: Manner,
) -> Result<Finished, ProcessError> {
    let program = spec.argv.first().cloned().ok_or(ProcessError::Empty)?;
    let started = Instant::now();
    let mark = orphans::Mark::next();
    let mut child = start(&spec, &mark, on_drop)?;
    // On the host a command that ended by itself may have started a service, which stays; and looking for who left the group
    // would cost git a millisecond a call. One that is made to end takes with it whatever carries its mark.
    let leaves = matches!(spec.confinement, Confinement::Host);
    let mut guard = Guard { group: child.id().and_then(to_pid), mark, leaves, on_drop };
    let lost = |cause| ProcessError::Lost { program: program.clone(), cause };
    let mut pipes = Pipes { ear, ..Pipes::of(&mut child, spec.stdin, spec.limits.output) };

    let ended = {
        let stop = std::pin::pin!(stop);
        let wait = std::pin::pin!(async {
            tokio::select! {
                status = child.wait() => Ended::Itself(status),
                () = pipes.pump() => Ended::Itself(child.wait().await),
            }
        });
        tokio::select! {
            ended = wait => ended,
            () = tokio::time::sleep(spec.limits.wall.to_std()) => Ended::Forced(Exit::TimedOut),
            () = stop => Ended::Forced(Exit::Stopped),
        }
    };
    let exit = match ended {
        Ended::Itself(status) => to_exit(status.map_err(lost)?),
        Ended::Forced(exit) => {
            if let Some(patience) = patience.filter(|_| exit == Exit::Stopped) {
                guard.signal(Signal::INT);
                let gone = async {
                    tokio::select! { s = child.wait() => drop(s), () = pipes.pump() => drop(child.wait().await) }
                };
                let _ = tokio::time::timeout(patience.to_std(), gone).await;
            }
            guard.signal(Signal::TERM);
            let gone = async {
                tokio::select! { s = child.wait() => drop(s), () = pipes.pump() => drop(child.wait().await) }
            };
            let _ = tokio::time::timeout(GRACE.to_std(), gone).await;
            guard.leaves = false;
            exit
        }
    };
    if guard.leaves && exit == Exit::Code(0) {
        // Whoever was put into the background may be about to leave the group.
        let left = async {
            while guard.is_there() {
                tokio::time::sleep(LOOK.to_std()).await;
            }
        };
        let _ = tokio::time::timeout(LEAVE.to_std(), left).await;
    }
    guard.end();
    if matches!(exit, Exit::TimedOut | Exit::Stopped) {
        child.wait().await.map_err(lost)?;
    }
    let _ = tokio::time::timeout(DRAIN.to_std(), pipes.pump()).await;
    let finished = pipes.finish(exit, started);
    match finished.exit {
        Exit::Code(code) => sandbox::failure(code, &finished.stderr)
            .map_or(Ok(finished), |why| Err(ProcessError::Sandbox(why))),
        _ => Ok(finished),
    }
}

enum Ended {
    Itself(io::Result<std::process::ExitStatus>),
    Forced(Exit),
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where a process is started")]
fn start(spec: &Spec, mark: &orphans::Mark, on_drop: OnDrop) -> Result<Child, ProcessError> {
    let argv = sandbox::wrap(&spec.argv, &spec.confinement, &spec.limits)
        .map_err(|cause| ProcessError::Sandbox(cause.to_string()))?;
    let (first, rest) = argv.split_first().ok_or(ProcessError::Empty)?;
    let mut env = environment::scrubbed(&spec.confinement);
    env.extend(spec.env.iter().cloned());
    let mut command = tokio::process::Command::new(environment::whole(first, &env));
    command
        .arg0(first)
        .args(rest)
        .current_dir(&spec.dir)
        .env_clear()
        .envs(env)
        .env(orphans::VARIABLE, mark.to_string())
        .stdin(if spec.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(on_drop == OnDrop::Kill);
    command.spawn().map_err(|cause| ProcessError::Start {
        program: spec.argv.first().cloned().unwrap_or_default(),
        dir: spec.dir.clone(),
        cause,
    })
}

/// Ends the child's group, and whoever left it, when it goes out of scope.
struct Guard {
    group: Option<Pid>,
    mark: orphans::Mark,
    /// Whoever left the group may stay.
    leaves: bool,
    on_drop: OnDrop,
}

impl Guard {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // ESRCH: the whole group is gone already, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
    /// Whether anybody of the group is still there.
    fn is_there(&self) -> bool {
        self.group.is_some_and(|group| test_kill_process_group(group).is_ok())
    }
    fn end(&mut self) {
        if self.group.is_some() {
            self.signal(Signal::KILL);
            self.group = None;
            if !self.leaves {
                self.mark.kill_all();
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::Kill {
            // Whoever did not wait for its end does not want what it began.
            self.leaves &= self.group.is_none();
            self.end();
        }
    }
}

/// The three pipes and what is kept of them. `pump` is cancel-safe: every await is a single read or write.
struct Pipes {
    stdin: Option<(ChildStdin, Vec<u8>, usize)>,
    stdout: Option<tokio::process::ChildStdout>,
    stderr: Option<tokio::process::ChildStderr>,
    out: HeadTail,
    err: HeadTail,
    both: HeadTail,
    ear: Option<Ear>,
}

impl Pipes {
    fn of(child: &mut Child, stdin: Vec<u8>, kept: usize) -> Self {
        Self {
            stdin: child.stdin.take().map(|pipe| (pipe, stdin, 0)),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            out: HeadTail::new(kept),
            err: HeadTail::new(kept),
            both: HeadTail::new(kept),
            ear: None,
        }
    }

    /// Moves bytes until both output pipes are closed. Input that nobody reads does not hold it up.
    async fn pump(&mut self) {
        let mut from_out = vec![0; CHUNK];
        let mut from_err = vec![0; CHUNK];
        while self.stdout.is_some() || self.stderr.is_some() {
            let Self { stdin, stdout, stderr, out, err, both, ear } = self;
            let hear = |bytes: &[u8]| ear.iter().for_each(|ear| ear(bytes));
            tokio::select! {
                read = async { match stdout.as_mut() { Some(p) => p.read(&mut from_out).await, None => std::future::pending().await } } =>
                    match read {
                        Ok(n) if n > 0 => { out.push(&from_out[..n]); both.push(&from_out[..n]); hear(&from_out[..n]); }
                        _ => *stdout = None,
                    },
                read = async { match stderr.as_mut() { Some(p) => p.read(&mut from_err).await, None => std::future::pending().await } } =>
                    match read {
                        Ok(n) if n > 0 => { err.push(&from_err[..n]); both.push(&from_err[..n]); hear(&from_err[..n]); }
                        _ => *stderr = None,
                    },
                wrote = async { match stdin.as_mut() { Some((p, bytes, at)) => p.write(&bytes[*at..]).await, None => std::future::pending().await } } => {
                    let over = match (wrote, stdin.as_mut()) {
                        (Ok(n), Some((_, bytes, at))) => { *at += n; n == 0 || *at >= bytes.len() }
                        _ => true,
                    };
                    if over { *stdin = None; }
                }
            }
        }
    }

    fn finish(self, exit: Exit, started: Instant) -> Finished {
        let Kept { bytes: stdout, left_out: out } = self.out.into_kept();
        let Kept { bytes: stderr, left_out: err } = self.err.into_kept();
        Finished {
            exit,
            stdout,
            stderr,
            merged: self.both.into_kept().bytes,
            left_out: out + err,
            elapsed: Millis(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

fn to_pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

fn to_exit(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().map_or_else(|| Exit::Signal(status.signal().unwrap_or(0)), Exit::Code)
}

#[cfg(test)]
mod tests;
