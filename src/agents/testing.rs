//! Scripts for the tests of this room: a house whose blobs, feeds and decisions are in memory, a switchboard
//! that answers from a list, and a bench over plain git in a temporary directory.
#![expect(
    clippy::disallowed_methods,
    reason = "tests start git and sh themselves, without the workspace room"
)]

use super::{
    bench::{Bench, BenchError, Done, Job, Ran, Walls},
    office::Office,
    tools::{Workplace, http_get::Reach},
};
use crate::{
    domain::{
        brief::{Approval, Brief},
        candidate::{CommitId, DiffStat},
        digest::Digest,
        feed::FeedItem,
        ids::{CallId, TeamId},
        money::{Cost, Money, Usage},
        request::{Decision, Subject},
        team::{ModelRef, Vendor},
        time::Millis,
    },
    providers::wire::{
        Block, CallError, CallErrorKind, CallRequest, Delta, Message, OnDelta, Purse, Reply, Speaker,
        StopReason, Switchboard, Withheld,
    },
    workspace::{process::Exit, sandbox::Strength},
};
use futures::future::{BoxFuture, FutureExt as _};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Mutex,
};

/// A model reference in short.
pub fn model(vendor: Vendor) -> ModelRef {
    ModelRef { vendor, model: "m".to_owned() }
}

// -- the house ----------------------------------------------------------------------------------

/// A house in memory.
#[derive(Default)]
pub struct Desk {
    blobs: Mutex<BTreeMap<Digest, Vec<u8>>>,
    fed: Mutex<Vec<FeedItem>>,
    asked: Mutex<Vec<Subject>>,
    decisions: Mutex<VecDeque<Decision>>,
    turns: Mutex<Vec<(u32, Digest, Option<CommitId>)>>,
    will_say: Mutex<VecDeque<Vec<String>>>,
    said: Mutex<Vec<String>>,
    pub stop: tokio::sync::Notify,
}

impl Desk {
    pub fn fed(&self) -> Vec<FeedItem> {
        self.fed.lock().unwrap().clone()
    }
    pub fn asked(&self) -> Vec<Subject> {
        self.asked.lock().unwrap().clone()
    }
    pub fn decide(&self, decision: Decision) {
        self.decisions.lock().unwrap().push_back(decision);
    }
    pub fn turns(&self) -> Vec<(u32, Digest, Option<CommitId>)> {
        self.turns.lock().unwrap().clone()
    }
    /// What the director says before the next turns, one list a turn.
    pub fn will_say(&self, words: &[&str]) {
        self.will_say.lock().unwrap().push_back(words.iter().map(|w| (*w).to_owned()).collect());
    }
}

impl Purse for Desk {
    fn reserve<'a>(&'a self, _: &'a ModelRef, _: Cost) -> BoxFuture<'a, Result<CallId, Withheld>> {
        async { Ok(CallId(1)) }.boxed()
    }
    fn settle(&self, _: CallId, _: Usage, _: Cost) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}

impl Office for Desk {
    fn purse(&self) -> &dyn Purse {
        self
    }
    fn feed(&self, item: FeedItem) {
        self.fed.lock().unwrap().push(item);
    }
    fn ask(&self, subject: Subject) -> BoxFuture<'_, Decision> {
        self.asked.lock().unwrap().push(subject);
        let decision = self.decisions.lock().unwrap().pop_front().expect("a decision is scripted");
        async move { decision }.boxed()
    }
    fn turn_finished(&self, turn: u32, transcript: Digest, commit: Option<CommitId>) -> BoxFuture<'_, ()> {
        self.turns.lock().unwrap().push((turn, transcript, commit));
        async {}.boxed()
    }
    fn keep(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        self.blobs.lock().unwrap().insert(digest, bytes.to_vec());
        Ok(digest)
    }
    fn fetch(&self, content: Digest) -> io::Result<Vec<u8>> {
        self.blobs.lock().unwrap().get(&content).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn stopped(&self) -> BoxFuture<'_, ()> {
        self.stop.notified().boxed()
    }
    fn said(&self) -> Vec<String> {
        let more = self.will_say.lock().unwrap().pop_front().unwrap_or_default();
        let mut said = self.said.lock().unwrap();
        said.extend(more);
        said.clone()
    }
}

// -- the voices ---------------------------------------------------------------------------------

/// One scripted answer.
pub enum Line {
    Reply(Reply),
    Error(CallErrorKind),
    /// Never answers.
    Hang,
}

/// Answers from a list, and remembers what it was asked.
#[derive(Default)]
pub struct Script {
    lines: Mutex<VecDeque<Line>>,
    pub requests: Mutex<Vec<(Vec<ModelRef>, CallRequest)>>,
}

impl Script {
    pub fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self { lines: Mutex::new(lines.into_iter().collect()), requests: Mutex::default() }
    }
    pub fn asked(&self, nth: usize) -> CallRequest {
        self.requests.lock().unwrap()[nth].1.clone()
    }
    pub fn calls(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

impl Switchboard for Script {
    fn call<'a>(
        &'a self,
        chain: &'a [ModelRef],
        request: &'a CallRequest,
        _: &'a dyn Purse,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        self.requests.lock().unwrap().push((chain.to_vec(), request.clone()));
        let line = self.lines.lock().unwrap().pop_front().expect("an answer is scripted");
        async move {
            match line {
                Line::Reply(mut reply) => {
                    reply.by = chain[0].clone();
                    for block in &reply.message.blocks {
                        match block {
                            Block::Text(words) => on(Delta::Text(words.clone())),
                            Block::Thinking { text, .. } => on(Delta::Thinking(text.clone())),
                            Block::ToolCall { name, .. } => on(Delta::ToolCall { name: name.clone() }),
                            _ => {}
                        }
                    }
                    Ok(reply)
                }
                Line::Error(kind) => Err(CallError {
                    vendor: chain[0].vendor,
                    kind,
                    message: "scripted".to_owned(),
                    retry_after: None,
                    usage: Usage::default(),
                }),
                Line::Hang => futures::future::pending().await,
            }
        }
        .boxed()
    }
}

/// A reply of these blocks.
pub fn reply(stop: StopReason, blocks: Vec<Block>) -> Line {
    Line::Reply(Reply {
        message: Message { speaker: Speaker::Assistant, blocks },
        stop,
        usage: Usage { input: 100, output: 10, ..Usage::default() },
        cost: Cost::Known(Money(50)),
        by: model(Vendor::Anthropic),
    })
}

/// A reply in words.
pub fn words(text: &str) -> Line {
    reply(StopReason::EndTurn, vec![Block::Text(text.to_owned())])
}

/// A tool call as a block.
pub fn call(id: &str, name: &str, input: serde_json::Value) -> Block {
    Block::ToolCall { id: id.to_owned(), name: name.to_owned(), input, signature: None }
}

/// A reply that calls one tool.
pub fn calls(id: &str, name: &str, input: serde_json::Value) -> Line {
    reply(StopReason::ToolUse, vec![call(id, name, input)])
}

// -- the bench ----------------------------------------------------------------------------------

/// A bench over git in a temporary directory, without any sandbox.
pub struct TestBench {
    pub root: tempfile::TempDir,
    pub base: CommitId,
    pub strength: Strength,
    walls: Mutex<Vec<Walls>>,
}

impl TestBench {
    /// A repository with these files in its first commit.
    pub fn repo(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let git = |args: &[&str]| Self::git_in(root.path(), args, b"");
        assert!(git(&["init", "-q", "-b", "main"]).status.success());
        assert!(git(&["add", "-A"]).status.success());
        assert!(git(&["commit", "-q", "--allow-empty", "-m", "base"]).status.success());
        let base = CommitId(String::from_utf8(git(&["rev-parse", "HEAD"]).stdout).unwrap().trim().to_owned());
        Self { root, base, strength: Strength::Full, walls: Mutex::default() }
    }

    /// A second worktree of the same repository at its base, as a bench of its own.
    pub fn twin(&self) -> Self {
        let root = tempfile::tempdir().unwrap();
        let from = self.root.path().to_str().unwrap();
        assert!(Self::git_in(root.path(), &["clone", "-q", from, "."], b"").status.success());
        assert!(
            Self::git_in(root.path(), &["checkout", "-q", "--detach", &self.base.0], b"").status.success()
        );
        Self { root, base: self.base.clone(), strength: self.strength.clone(), walls: Mutex::default() }
    }

    pub fn content(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.path().join(path)).unwrap()
    }

    pub fn walls(&self) -> Vec<Walls> {
        self.walls.lock().unwrap().clone()
    }

    /// A workplace at this bench where `.env*` is protected and manifests want approval.
    pub fn workplace<'a>(&'a self, desk: &'a Desk) -> Workplace<'a> {
        Workplace {
            bench: self,
            office: desk,
            team: TeamId(1),
            protected: &protected,
            approval_only: &approval_only,
            test_command: None,
            reach: Reach::NOWHERE,
        }
    }

    fn git_in(dir: &Path, args: &[&str], stdin: &[u8]) -> Output {
        let mut child = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(dir)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        io::Write::write_all(&mut child.stdin.take().unwrap(), stdin).unwrap();
        child.wait_with_output().unwrap()
    }

    fn git_ok(&self, args: &[&str]) -> Result<Vec<u8>, BenchError> {
        let out = Self::git_in(self.root.path(), args, b"");
        if out.status.success() {
            return Ok(out.stdout);
        }
        Err(BenchError(String::from_utf8_lossy(&out.stderr).into_owned()))
    }
}

/// Protected in tests.
pub fn protected(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    name.starts_with(".env").then(|| "matches **/.env*".to_owned())
}

/// Approval only in tests.
pub fn approval_only(path: &str) -> Option<String> {
    path.ends_with("Cargo.toml").then(|| "matches **/Cargo.toml".to_owned())
}

fn ran(out: &Output, merged: Vec<u8>, most: usize) -> Ran {
    let left_out = merged.len().saturating_sub(most) as u64;
    let output = if left_out > 0 {
        [&merged[..most / 2], b"\n...\n", &merged[merged.len() - most / 2..]].concat()
    } else {
        merged
    };
    Ran { exit: Exit::Code(out.status.code().unwrap_or(-1)), output, left_out, elapsed: Millis(1) }
}

impl Bench for TestBench {
    fn root(&self) -> &Path {
        self.root.path()
    }
    fn strength(&self) -> Strength {
        self.strength.clone()
    }
    fn run<'a>(&'a self, job: &'a Job) -> Done<'a, Ran> {
        self.walls.lock().unwrap().push(job.walls);
        async move {
            let out = Command::new(&job.argv[0])
                .args(&job.argv[1..])
                .current_dir(self.root.path())
                .output()
                .map_err(|error| BenchError(error.to_string()))?;
            let merged = [out.stdout.clone(), out.stderr.clone()].concat();
            Ok(ran(&out, merged, job.output))
        }
        .boxed()
    }
    fn git<'a>(&'a self, args: &'a [String]) -> Done<'a, Ran> {
        async move {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            let out = Self::git_in(self.root.path(), &args, b"");
            let merged = [out.stdout.clone(), out.stderr.clone()].concat();
            Ok(ran(&out, merged, 30_000))
        }
        .boxed()
    }
    fn apply<'a>(&'a self, patch: &'a [u8]) -> Done<'a, ()> {
        async move {
            let out = Self::git_in(self.root.path(), &["apply", "--whitespace=nowarn", "-"], patch);
            if out.status.success() {
                return Ok(());
            }
            Err(BenchError(String::from_utf8_lossy(&out.stderr).into_owned()))
        }
        .boxed()
    }
    fn shot(&self) -> Done<'_, Vec<u8>> {
        async move {
            self.git_ok(&["add", "-A"])?;
            self.git_ok(&["diff", "--cached", &self.base.0])
        }
        .boxed()
    }
    fn snapshot<'a>(&'a self, turn: u32, _: &'a str) -> Done<'a, Option<CommitId>> {
        async move {
            self.git_ok(&["add", "-A"])?;
            let before = self.git_ok(&["rev-parse", "HEAD"])?;
            let clean = Self::git_in(self.root.path(), &["diff", "--cached", "--quiet", "HEAD"], b"")
                .status
                .success();
            if clean {
                return Ok(None);
            }
            self.git_ok(&["commit", "-q", "-m", &format!("turn {turn}")])?;
            let after = self.git_ok(&["rev-parse", "HEAD"])?;
            assert_ne!(before, after);
            Ok(Some(CommitId(String::from_utf8_lossy(&after).trim().to_owned())))
        }
        .boxed()
    }
    fn rewind<'a>(&'a self, commit: &'a CommitId) -> Done<'a, ()> {
        async move {
            self.git_ok(&["reset", "-q", "--hard", &commit.0])?;
            self.git_ok(&["clean", "-qfd"]).map(|_| ())
        }
        .boxed()
    }
    fn patch<'a>(&'a self, from: &'a CommitId, to: &'a CommitId) -> Done<'a, Vec<u8>> {
        async move { self.git_ok(&["diff", "--binary", "--full-index", "-M", &from.0, &to.0]) }.boxed()
    }
    fn stat<'a>(&'a self, from: &'a CommitId, to: &'a CommitId) -> Done<'a, DiffStat> {
        async move {
            let out = self.git_ok(&["diff", "--numstat", &from.0, &to.0])?;
            let mut stat = DiffStat::default();
            for line in String::from_utf8_lossy(&out).lines() {
                let mut parts = line.split('\t');
                stat.additions += parts.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
                stat.deletions += parts.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
                stat.files.push(parts.next().unwrap_or_default().to_owned());
            }
            Ok(stat)
        }
        .boxed()
    }
}

/// A brief with one rule.
pub fn brief() -> Brief {
    Brief {
        text: "An empty cart answers 500.".to_owned(),
        constraints: vec!["no new deps".to_owned()],
        checks: Vec::new(),
        budget: Money::usd(1),
        attachments: Vec::new(),
        teams: Vec::new(),
        approve: Approval::Ask,
        repo: String::new(),
        timeout: None,
        priority: 5,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}
