//! A real repository in a temporary directory, for the tests of this room.

use super::{Workshop, Worktree, process};
use crate::domain::{
    candidate::CommitId,
    ids::{MissionId, TeamId},
};
use std::{fs, path::PathBuf};

/// A repository, its data directory, and nothing else.
pub struct Shop {
    pub dir: tempfile::TempDir,
    pub shop: Workshop,
}

impl Shop {
    /// `main` with one commit: `a.txt` (three lines), `src/b.txt`, `.gitignore` (ignores `target/`).
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repo = dir.path().join("repo");
        fs::create_dir_all(repo.join("src")).unwrap();
        fs::write(repo.join("a.txt"), "one\ntwo\nthree\n").unwrap();
        fs::write(repo.join("src/b.txt"), "b\n").unwrap();
        fs::write(repo.join(".gitignore"), "target/\n").unwrap();
        host_git(&repo, &["init", "-q", "-b", "main"]).await;
        host_git(&repo, &["config", "user.name", "Ann"]).await;
        host_git(&repo, &["config", "user.email", "ann@example.org"]).await;
        host_git(&repo, &["config", "commit.gpgsign", "false"]).await;
        host_git(&repo, &["add", "-A"]).await;
        host_git(&repo, &["commit", "-q", "-m", "first"]).await;
        let shop = Workshop::open(&dir.path().join("data"), &repo).await.unwrap();
        Self { dir, shop }
    }
    pub fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }
    pub async fn git(&self, args: &[&str]) -> String {
        host_git(&self.repo(), args).await
    }
    pub async fn head(&self) -> CommitId {
        CommitId(self.git(&["rev-parse", "HEAD"]).await)
    }
    pub async fn tree(&self, team: u8) -> Worktree {
        let base = self.head().await;
        self.shop.worktree(MissionId(1), TeamId(team), &base).await.unwrap()
    }
    /// Changes the repository as the director would.
    pub async fn commit(&self, path: &str, text: &str) -> CommitId {
        fs::write(self.repo().join(path), text).unwrap();
        self.git(&["add", "-A"]).await;
        self.git(&["commit", "-q", "-m", "more"]).await;
        self.head().await
    }
}

/// Plain git, as a person runs it.
pub async fn host_git(dir: &std::path::Path, args: &[&str]) -> String {
    let spec = process::Spec {
        argv: std::iter::once("git").chain(args.iter().copied()).map(str::to_owned).collect(),
        dir: dir.to_owned(),
        env: vec![
            ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ],
        stdin: Vec::new(),
        limits: process::Limits::default(),
        confinement: process::Confinement::Host,
    };
    let done = process::run(spec, std::future::pending()).await.unwrap();
    assert!(done.exit.ok(), "git {args:?}: {}", String::from_utf8_lossy(&done.merged));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
