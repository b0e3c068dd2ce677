//! What changed in a tree or between two commits, and patches put onto a tree. Reads and writes agents' trees only;
//! a patch is judged by [`super::patch`] before git sees it, and applied whole or not at all.

use super::{
    error::{WorkspaceError, at},
    git::{Answer, Place},
    patch,
    workshop::Workshop,
    worktrees::{Worktree, copy_index},
};
use crate::domain::{
    candidate::{CommitId, DiffStat},
    digest::Digest,
    feed::Shot,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Longest live shot, in bytes.
pub(super) const MOST_SHOT: usize = 2 << 20;
/// Last components of paths that declare or lock dependencies.
const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "poetry.lock",
    "uv.lock",
    "Pipfile",
    "Pipfile.lock",
    "go.mod",
    "go.sum",
    "Gemfile",
    "Gemfile.lock",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "composer.lock",
    "deno.json",
    "deno.lock",
    "mix.exs",
    "mix.lock",
    "Package.swift",
    "Package.resolved",
    "pubspec.yaml",
    "pubspec.lock",
];

impl Workshop {
    /// The patch from one commit to another, binary-safe, with renames.
    ///
    /// # Errors
    /// When a commit is unknown.
    pub async fn patch(&self, from: &CommitId, to: &CommitId) -> Result<Vec<u8>, WorkspaceError> {
        let args = [
            "diff-tree",
            "-r",
            "-p",
            "--binary",
            "--full-index",
            "-M",
            "--no-ext-diff",
            "--no-textconv",
            &from.0,
            &to.0,
        ];
        self.git.bytes(&Place::Yard, "write the patch", &args, &[]).await
    }

    /// What differs between two commits, in numbers and names.
    ///
    /// # Errors
    /// When a commit is unknown.
    pub async fn stat(&self, from: &CommitId, to: &CommitId) -> Result<DiffStat, WorkspaceError> {
        let args =
            ["diff-tree", "-r", "-z", "--numstat", "-M", "--no-ext-diff", "--no-textconv", &from.0, &to.0];
        let out = self.git.bytes(&Place::Yard, "measure the patch", &args, &[]).await?;
        Ok(parse_numstat(&out))
    }

    /// What these files hold in a commit, as one digest; a file that is not there counts as that.
    ///
    /// # Errors
    /// When the commit is unknown.
    pub async fn content(&self, commit: &CommitId, files: &[String]) -> Result<Digest, WorkspaceError> {
        let mut args = vec!["--literal-pathspecs", "ls-tree", "-r", "-z", &commit.0, "--"];
        args.extend(files.iter().map(String::as_str));
        let listed = self.git.bytes(&Place::Yard, "read what files hold", &args, &[]).await?;
        Ok(Digest::of(&listed))
    }

    /// Unified diff from the base to what the tree holds now, untracked files included, cut after 2 MiB, which is said in its last
    /// line. Writes no content and waits for no lock, so it may be taken twice a second.
    ///
    /// # Errors
    /// When git or the disk refuse.
    pub async fn shot(&self, tree: &Worktree) -> Result<Vec<u8>, WorkspaceError> {
        static SHOTS: AtomicU64 = AtomicU64::new(0);
        let name = format!("shot-{}.index", SHOTS.fetch_add(1, Ordering::Relaxed));
        let (from, copy) = (tree.slot().join("index"), Scrap(tree.slot().join(&name)));
        copy_index(&from, &copy.0).map_err(at("cannot copy", &from))?;
        let place = tree.with_index(&name);
        let fresh = self.changed(&place, &["--others"]).await?.files;
        if !fresh.is_empty() {
            let args = ["add", "--intent-to-add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"];
            self.git.bytes(&place, "list new files", &args, &fresh).await?;
        }
        let args = [
            "diff-index",
            "-p",
            "-M",
            "--no-ext-diff",
            "--no-textconv",
            // Which commit a submodule is at, and nothing of what lies in it.
            "--ignore-submodules=dirty",
            &tree.base.0,
        ];
        let mut diff = self.git.bytes(&place, "compare the worktree with its base", &args, &[]).await?;
        if diff.len() > MOST_SHOT {
            let most = MOST_SHOT - Shot::CUT.len() - 1;
            let end = diff[..most].iter().rposition(|b| *b == b'\n').map_or(most, |at| at + 1);
            diff.truncate(end);
            diff.extend_from_slice(Shot::CUT.as_bytes());
            diff.push(b'\n');
        }
        Ok(diff)
    }

    /// Applies a patch to the tree's files, whole or not at all.
    ///
    /// # Errors
    /// When a path is refused, a symbolic link leads out, or a hunk does not fit; nothing was changed then.
    pub async fn apply(&self, tree: &Worktree, bytes: &[u8]) -> Result<(), WorkspaceError> {
        let named = patch::paths(bytes)?;
        for path in &named {
            // git never writes through a link that is the file itself; directories on the way are checked here.
            let Some(parent) = Path::new(path).parent().and_then(Path::to_str).filter(|p| !p.is_empty())
            else {
                continue;
            };
            if patch::real_path_inside(&tree.path, parent)? != Path::new(parent) {
                let why = "a directory on its way is a symbolic link";
                return Err(patch::PatchError::Path { path: path.clone(), why }.into());
            }
        }
        let place = tree.place();
        let refused = |answer: Answer| {
            WorkspaceError::from(patch::PatchError::DoesNotApply(answer.err.replace("error: ", "")))
        };
        // What git reads in it must be what was judged.
        let seen = self.git.answer(&Place::Yard, &["apply", "--numstat", "-z", "-"], bytes).await?;
        if seen.code != 0 {
            return Err(refused(seen));
        }
        if let Some(path) = parse_numstat(&seen.out).files.into_iter().find(|path| !named.contains(path)) {
            return Err(
                patch::PatchError::Path { path, why: "no header of the patch names it plainly" }.into()
            );
        }
        let check = self.git.answer(&place, &["apply", "--check", "--whitespace=nowarn", "-"], bytes).await?;
        if check.code != 0 {
            return Err(refused(check));
        }
        // git has all results in memory before it writes the first file.
        let applied = self.git.answer(&place, &["apply", "--whitespace=nowarn", "-"], bytes).await?;
        if applied.code == 0 { Ok(()) } else { Err(refused(applied)) }
    }
}

/// A file that goes away with this value.
struct Scrap(PathBuf);

impl Drop for Scrap {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Reads `--numstat -z`: `added TAB removed TAB path NUL`, for renames `added TAB removed TAB NUL old NUL new NUL`.
fn parse_numstat(out: &[u8]) -> DiffStat {
    let text = String::from_utf8_lossy(out);
    let mut fields = text.split('\0');
    let mut stat = DiffStat::default();
    while let Some(field) = fields.next().filter(|field| !field.is_empty()) {
        let mut parts = field.splitn(3, '\t');
        let mut number = || parts.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
        stat.additions = stat.additions.saturating_add(number());
        stat.deletions = stat.deletions.saturating_add(number());
        match parts.next().unwrap_or_default() {
            "" => stat.files.extend(fields.by_ref().take(2).map(str::to_owned)),
            path => stat.files.push(path.to_owned()),
        }
    }
    let is_manifest = |path: &&String| MANIFESTS.contains(&path.rsplit('/').next().unwrap_or_default());
    stat.manifests = stat.files.iter().filter(is_manifest).cloned().collect();
    stat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numstat_with_renames_binaries_and_manifests() {
        let stat = parse_numstat(
            b"3\t1\tsrc/a.rs\0-\t-\tlogo.png\x000\t0\t\0old.rs\0new.rs\x001\t0\tapi/Cargo.toml\0",
        );
        assert_eq!(stat.files, ["src/a.rs", "logo.png", "old.rs", "new.rs", "api/Cargo.toml"]);
        assert_eq!((stat.additions, stat.deletions), (4, 1));
        assert_eq!(stat.manifests, ["api/Cargo.toml"]);
    }
}
