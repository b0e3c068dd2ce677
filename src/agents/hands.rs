//! The bench over the `workspace` room: a [`Bench`] of one worktree. The only file of this room that knows
//! worktrees, processes and the sandbox by their real names.

use crate::{
    agents::bench::{Bench, BenchError, Done, Job, Ran, Walls},
    domain::{
        candidate::{CommitId, DiffStat},
        time::Millis,
    },
    workspace::{
        Workshop, Worktree, process,
        sandbox::{self, Strength},
    },
};
use futures::future::FutureExt as _;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes kept of what git says.
const GIT_OUTPUT_MOST: usize = 4 * 1024 * 1024;
/// Time git has to look something up.
const GIT_WALL: Millis = Millis::secs(60);

/// One worktree of a workshop, as an agent's bench.
#[derive(Debug, Clone)]
pub struct Hands {
    shop: Arc<Workshop>,
    tree: Worktree,
    helper: Option<PathBuf>,
}

impl Hands {
    /// At this worktree.
    #[must_use]
    pub fn new(shop: Arc<Workshop>, tree: Worktree) -> Self {
        Self { shop, tree, helper: None }
    }

    /// With this binary as the sandbox's helper, where it is not the one that runs. A command whose walls cannot be
    /// built does not run.
    #[must_use]
    pub fn with_helper(self, helper: PathBuf) -> Self {
        Self { helper: Some(helper), ..self }
    }

    /// The worktree.
    #[must_use]
    pub fn tree(&self) -> &Worktree {
        &self.tree
    }

    fn walls(&self, walls: Walls) -> process::Confinement {
        match walls {
            Walls::Sandbox => process::Confinement::Sandbox(sandbox::Profile {
                helper: self.helper.clone(),
                ..self.shop.profile(&self.tree)
            }),
            Walls::Reach(port) => process::Confinement::Sandbox(sandbox::Profile {
                helper: self.helper.clone(),
                network: sandbox::Network::Reach(port),
                ..self.shop.profile(&self.tree)
            }),
            Walls::None => process::Confinement::Leash { helper: self.helper.clone() },
        }
    }

    async fn start(
        &self,
        argv: Vec<String>,
        limits: process::Limits,
        walls: Walls,
    ) -> Result<Ran, BenchError> {
        let spec = process::Spec {
            argv,
            dir: self.tree.path.clone(),
            env: Vec::new(),
            stdin: Vec::new(),
            limits,
            confinement: self.walls(walls),
        };
        // Stopping is dropping: the process group goes with the future.
        let done = process::run(spec, std::future::pending()).await.map_err(told)?;
        Ok(Ran { exit: done.exit, output: done.merged, left_out: done.left_out, elapsed: done.elapsed })
    }
}

fn told(error: impl std::fmt::Display) -> BenchError {
    BenchError(error.to_string())
}

impl Bench for Hands {
    fn root(&self) -> &Path {
        &self.tree.path
    }
    fn strength(&self) -> Strength {
        if self.helper.is_some() { Strength::Full } else { sandbox::strength() }
    }
    fn run<'a>(&'a self, job: &'a Job) -> Done<'a, Ran> {
        let limits = process::Limits { wall: job.wall, output: job.output, ..process::Limits::default() };
        self.start(job.argv.clone(), limits, job.walls).boxed()
    }
    fn git<'a>(&'a self, args: &'a [String]) -> Done<'a, Ran> {
        let safe = ["git", "--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
        let argv = safe.iter().map(|part| (*part).to_owned()).chain(args.iter().cloned()).collect();
        let limits =
            process::Limits { wall: GIT_WALL, output: GIT_OUTPUT_MOST, ..process::Limits::default() };
        // Behind the walls like any command, where there are walls: looking needs no more.
        let walls = if matches!(self.strength(), Strength::None(_)) { Walls::None } else { Walls::Sandbox };
        self.start(argv, limits, walls).boxed()
    }
    fn apply<'a>(&'a self, patch: &'a [u8]) -> Done<'a, ()> {
        async move { self.shop.apply(&self.tree, patch).await.map_err(told) }.boxed()
    }
    fn shot(&self) -> Done<'_, Vec<u8>> {
        async move { self.shop.shot(&self.tree).await.map_err(told) }.boxed()
    }
    fn snapshot<'a>(&'a self, turn: u32, message: &'a str) -> Done<'a, Option<CommitId>> {
        async move { self.shop.snapshot(&self.tree, turn, message).await.map_err(told) }.boxed()
    }
    fn rewind<'a>(&'a self, commit: &'a CommitId) -> Done<'a, ()> {
        async move { self.shop.rewind(&self.tree, commit).await.map_err(told) }.boxed()
    }
    fn patch<'a>(&'a self, from: &'a CommitId, to: &'a CommitId) -> Done<'a, Vec<u8>> {
        async move { self.shop.patch(from, to).await.map_err(told) }.boxed()
    }
    fn stat<'a>(&'a self, from: &'a CommitId, to: &'a CommitId) -> Done<'a, DiffStat> {
        async move { self.shop.stat(from, to).await.map_err(told) }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::{
            context,
            testing::{Desk, approval_only, protected},
            tools::{Registry, Workplace, http_get::Reach},
        },
        domain::ids::{MissionId, TeamId},
    };
    use serde_json::{Value, json};
    use std::fs;

    async fn shop(dir: &Path) -> Hands {
        let repo = dir.join("repo");
        fs::create_dir_all(&repo).unwrap();
        fs::write(repo.join("a.txt"), "one\ntwo\n").unwrap();
        fs::write(repo.join("CLAUDE.md"), "be kind\n").unwrap();
        for args in [
            &["init", "-q", "-b", "main"][..],
            &["add", "-A"],
            &[
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@t",
                "-c",
                "commit.gpgsign=false",
                "commit",
                "-q",
                "-m",
                "first",
            ],
        ] {
            let spec = process::Spec {
                argv: std::iter::once("git").chain(args.iter().copied()).map(str::to_owned).collect(),
                dir: repo.clone(),
                env: Vec::new(),
                stdin: Vec::new(),
                limits: process::Limits::default(),
                confinement: process::Confinement::Host,
            };
            assert!(process::run(spec, std::future::pending()).await.unwrap().exit.ok());
        }
        let shop = Arc::new(Workshop::open(&dir.join("data"), &repo).await.unwrap());
        let base = shop.base().await.unwrap().commit;
        let tree = shop.worktree(MissionId(1), TeamId(1), &base).await.unwrap();
        Hands::new(shop, tree)
    }

    #[tokio::test]
    async fn files_patches_and_snapshots_go_through_the_real_workshop() {
        let dir = tempfile::tempdir().unwrap();
        let hands = shop(dir.path()).await;
        let desk = Desk::default();
        let at = Workplace {
            bench: &hands,
            office: &desk,
            team: TeamId(1),
            protected: &protected,
            approval_only: &approval_only,
            test_command: None,
            reach: Reach::NOWHERE,
        };
        let tools = Registry::worker(&at);
        let call = |name: &'static str, input: Value| tools.call(&at, name, input);
        let diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n";
        let output = call("patch", json!({ "diff": diff })).await;
        assert!(output.ok, "{}", output.text);
        assert!(!call("patch", json!({ "diff": diff })).await.ok, "it does not fit a second time");
        assert!(call("write", json!({"path": "new", "content": "n\n"})).await.ok);
        assert!(!call("read", json!({"path": "../.git/config"})).await.ok);
        let shot = String::from_utf8(hands.shot().await.unwrap()).unwrap();
        assert!(shot.contains("+2") && shot.contains("new"), "{shot}");
        let base = hands.tree().base.clone();
        let commit = hands.snapshot(1, "turn").await.unwrap().unwrap();
        assert_eq!(hands.snapshot(2, "turn").await.unwrap(), None);
        assert_eq!(hands.stat(&base, &commit).await.unwrap().files, ["a.txt", "new"]);
        hands.rewind(&base).await.unwrap();
        assert!(!hands.root().join("new").exists());
    }

    #[tokio::test]
    async fn a_survey_of_a_real_worktree_finds_its_instructions() {
        let dir = tempfile::tempdir().unwrap();
        let hands = shop(dir.path()).await;
        // The helper binary is not this test binary: without walls git is called as it is.
        let found = context::look_at(hands.root(), &[], None);
        assert_eq!(found.instructions, ["CLAUDE.md"]);
        assert_eq!(found.files, 2);
    }
}
