//! The workshop: everything chimera does with one target repository, from its base commit to the landed one.
//! Owns the yard (chimera's own git directory for it), the area where trees live, and the lock on both.

use super::{
    error::{WorkspaceError, at},
    git::{self, Git, Place},
    ledger::Ledger,
    sandbox::Network,
};
use crate::domain::{candidate::CommitId, digest::Digest, time::Millis};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};
use tokio::sync::{Mutex, MutexGuard};

/// Pause between looks at a lock another chimera holds, and how often it is looked at (30 s together).
const LOCK_PAUSE: Millis = Millis(50);
const LOCK_LOOKS: u32 = 600;
/// Config keys of the target that decide how bytes become files; copied to the yard, nothing else is.
const COPIED: &[&str] = &[
    "core.autocrlf",
    "core.eol",
    "core.safecrlf",
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
];

/// Directories that build and test tools fill, which no one commits by intent.
const CACHES: &[&str] = &[
    "node_modules/",
    "__pycache__/",
    ".pytest_cache/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".tox/",
    ".venv/",
    ".gradle/",
];

/// What the director has laid down about work in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Network of agents' commands.
    pub network: Network,
    /// Whether landed commits are signed.
    pub signing: Signing,
}

impl Default for Rules {
    fn default() -> Self {
        Self { network: Network::Loopback, signing: Signing::AsGit }
    }
}

/// Whether landed commits are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// As git is set up to.
    AsGit,
    /// Always; a landing fails where git cannot.
    Always,
    /// Never.
    Never,
}

/// One per data directory and repository.
#[derive(Debug)]
pub struct Workshop {
    pub(super) rules: Rules,
    pub(super) git: Git,
    pub(super) area: PathBuf,
    /// Hash algorithm of the repository, as git writes it.
    pub(super) format: String,
    turn: Mutex<()>,
}

/// Where a mission starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Commit at HEAD.
    pub commit: CommitId,
    /// Branch that is checked out, if any.
    pub branch: Option<String>,
    /// Paths with uncommitted changes, untracked ones included; teams do not see those.
    pub dirty: u32,
}

/// Proof that this process, and this task of it, may change the ledger.
pub(super) struct Turn<'a> {
    _task: MutexGuard<'a, ()>,
    _process: File,
}

impl Workshop {
    /// Opens the repository that `repo` is in; its trees live under `data`.
    ///
    /// # Errors
    /// When git is missing or too old, or `repo` is in no usable repository with a commit.
    pub async fn open(data: &Path, repo: &Path) -> Result<Self, WorkspaceError> {
        let [top, dir, common] = git::find(repo).await?;
        let common = fs::canonicalize(&common).map_err(at("cannot open", &common))?;
        fs::create_dir_all(data).map_err(at("cannot create", data))?;
        let data = fs::canonicalize(data).map_err(at("cannot open", data))?;
        let name = Digest::of(common.as_os_str().as_encoded_bytes()).short();
        let area = data.join("worktrees").join(name);
        let yard = area.join("yard");
        fs::create_dir_all(&area).map_err(at("cannot create", &area))?;
        let git = Git { top, dir, common, yard };
        let head =
            git.answer(&Place::Config, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], &[]).await?;
        if head.code != 0 {
            return Err(WorkspaceError::NoCommit { dir: git.top });
        }
        let format =
            git.line(&Place::Config, "name its hash", &["rev-parse", "--show-object-format"]).await?;
        let workshop = Self { rules: Rules::default(), git, area, format, turn: Mutex::new(()) };
        workshop.lay_out_yard().await?;
        Ok(workshop)
    }

    /// With these rules instead of the usual ones.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Top of the director's working tree.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.git.top
    }

    /// HEAD, its branch, and what is not committed.
    ///
    /// # Errors
    /// When git cannot read the repository.
    pub async fn base(&self) -> Result<Base, WorkspaceError> {
        let status = [
            "status",
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "-z",
            "--untracked-files=normal",
            "--ignore-submodules=all",
        ];
        let status = self.git.bytes(&Place::Repo, "list your changes", &status, &[]).await?;
        Base::parse(&status).ok_or_else(|| WorkspaceError::NoCommit { dir: self.git.top.clone() })
    }

    /// Waits for its turn among tasks and among processes.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, WorkspaceError> {
        let task = self.turn.lock().await;
        let path = self.area.join("lock");
        let file = File::create(&path).map_err(at("cannot open the lock", &path))?;
        for _ in 0..LOCK_LOOKS {
            match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Turn { _task: task, _process: file }),
                Err(rustix::io::Errno::WOULDBLOCK) => tokio::time::sleep(LOCK_PAUSE.to_std()).await,
                Err(error) => return Err(at("cannot lock", &path)(error.into())),
            }
        }
        Err(at("another chimera keeps the lock", &path)(std::io::ErrorKind::TimedOut.into()))
    }

    pub(super) fn ledger_path(&self) -> PathBuf {
        self.area.join("worktrees.json")
    }

    pub(super) fn ledger(&self) -> Result<Ledger, WorkspaceError> {
        Ledger::read(&self.ledger_path())
    }

    /// Writes chimera's own git directory. Done at every open, so that changed settings of the target are seen.
    async fn lay_out_yard(&self) -> Result<(), WorkspaceError> {
        let _turn = self.turn().await?;
        let yard = &self.git.yard;
        for dir in ["objects", "refs", "info"] {
            fs::create_dir_all(yard.join(dir)).map_err(at("cannot create", yard))?;
        }
        let settings = self.git.settings().await?;
        let mut config = self.git_config(None);
        for key in COPIED {
            if let (Some((section, name)), Some(value)) = (key.split_once('.'), settings.get(key)) {
                config.push_str(&format!("[{section}]\n\t{name} = {}\n", quoted(value)));
            }
        }
        if let Some(excludes) = settings.own("core.excludesfile") {
            config.push_str(&format!("[core]\n\texcludesFile = {}\n", quoted(excludes)));
        }
        write(&yard.join("HEAD"), b"ref: refs/heads/none\n")?;
        write(&yard.join("config"), config.as_bytes())?;
        write(&yard.join("info/exclude"), &self.excludes())?;
        match fs::read(self.git.common.join("shallow")) {
            Ok(bytes) => write(&yard.join("shallow"), &bytes),
            Err(_) => {
                let _ = fs::remove_file(yard.join("shallow"));
                Ok(())
            }
        }
    }

    /// What is no work although no `.gitignore` says so: the director's own excludes, and caches that builds leave.
    pub(super) fn excludes(&self) -> Vec<u8> {
        let mut excludes = fs::read(self.git.common.join("info/exclude")).unwrap_or_default();
        excludes.push(b'\n');
        for cache in CACHES {
            excludes.extend_from_slice(format!("{cache}\n").as_bytes());
        }
        if self.git.top.join("Cargo.toml").is_file() {
            excludes.extend_from_slice(b"/target/\n");
        }
        excludes
    }

    /// Config of a git directory written by chimera, the yard's or one that agents read.
    pub(super) fn git_config(&self, tree: Option<&Path>) -> String {
        let mut config = format!(
            "[core]\n\trepositoryformatversion = {}\n\tbare = false\n\thooksPath = /dev/null\n\tfsmonitor = false\n\
             \tuntrackedCache = false\n\tattributesFile = /dev/null\n\tlogAllRefUpdates = false\n\tprotectNTFS = true\n\
             \tprotectHFS = true\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[protocol]\n\tallow = never\n",
            u8::from(self.format != "sha1"),
        );
        if self.format != "sha1" {
            config.push_str(&format!("[extensions]\n\tobjectFormat = {}\n", self.format));
        }
        if let Some(tree) = tree {
            config.push_str(&format!("[core]\n\tworktree = {}\n", quoted(&tree.display().to_string())));
        }
        config
    }
}

/// A value in a git config file.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Writes a small file whole: readers see the old or the new one.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    fs::write(&fresh, bytes).and_then(|()| fs::rename(&fresh, path)).map_err(at("cannot write", path))
}

impl Base {
    /// Reads `status --porcelain=v2 --branch -z`; `None` where no commit is named.
    fn parse(status: &[u8]) -> Option<Self> {
        let (mut commit, mut branch, mut dirty) = (None, None, 0);
        let mut fields = status.split(|byte| *byte == 0).filter(|field| !field.is_empty());
        while let Some(field) = fields.next() {
            let line = String::from_utf8_lossy(field);
            if let Some(oid) = line.strip_prefix("# branch.oid ") {
                commit = Some(oid.to_owned()).filter(|oid| oid != "(initial)");
            } else if let Some(head) = line.strip_prefix("# branch.head ") {
                branch = Some(head.to_owned()).filter(|head| head != "(detached)");
            } else if !line.starts_with("# ") {
                dirty += 1;
                // What was renamed takes a second field: its former name.
                if line.starts_with("2 ") {
                    fields.next();
                }
            }
        }
        Some(Self { commit: CommitId(commit?), branch, dirty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_read_from_one_answer_and_a_rename_counts_once() {
        let status = b"# branch.oid c0ffee\x00# branch.head main\0# branch.upstream o/main\0\
            2 R. N... 100644 100644 100644 a b R100 new\0old\x001 .M N... 100644 100644 100644 a a x\0? y z\0";
        let base = Base::parse(status).unwrap();
        assert_eq!((base.commit.0.as_str(), base.branch.as_deref(), base.dirty), ("c0ffee", Some("main"), 3));
        let alone = Base::parse(b"# branch.oid c0ffee\x00# branch.head (detached)\0").unwrap();
        assert_eq!((alone.branch, alone.dirty), (None, 0));
        assert!(Base::parse(b"# branch.oid (initial)\0# branch.head main\0").is_none());
    }
}
