//! Where a path the model wrote really is. A path is repository-relative; it is resolved through every symbolic
//! link, and what lies outside the worktree, in a `.git`, or is no regular file, is refused in words.
//!
//! Invariant: a [`Place`] is inside the worktree's real directory, and `real` is its path after all links.

use super::{Output, Workplace};
use std::{
    fs,
    io::{self, Write as _},
    path::{Component, Path, PathBuf},
};

/// Longest path, in bytes.
const PATH_MOST: usize = 4_096;

/// A path that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Absolute, after all symbolic links; may not exist yet.
    pub real: PathBuf,
    /// As written, normalised, `/`-separated, relative to the worktree; empty: the worktree itself.
    pub shown: String,
    /// `real` relative to the worktree, `/`-separated.
    pub resolved: String,
}

/// Looks a path up.
///
/// # Errors
/// In words for the model.
pub fn find(root: &Path, written: &str) -> Result<Place, String> {
    if written.len() > PATH_MOST || written.contains('\0') {
        return Err("the path is too long or holds a NUL".to_owned());
    }
    let root = fs::canonicalize(root).map_err(|error| format!("the worktree cannot be reached: {error}"))?;
    let shown = normal(&root, written)?;
    let (real, rest) =
        real_of(&root.join(&shown)).map_err(|error| format!("{}: {error}", shown.display()))?;
    let Ok(inside) = real.strip_prefix(&root) else {
        return Err(format!(
            "{} leads out of the worktree through a symbolic link; only files of this repository can be used",
            shown.display()
        ));
    };
    let resolved = slashed(&inside.join(&rest));
    // Joining an empty path would leave a slash behind, and a file with a slash is no file.
    let whole = if rest.as_os_str().is_empty() { real.clone() } else { real.join(&rest) };
    let in_git = |path: &str| path.split('/').any(|part| part.eq_ignore_ascii_case(".git"));
    if in_git(&slashed(&shown)) || in_git(&resolved) {
        return Err(
            "`.git` is the repository's own data and is never touched; use the git tool to look at history"
                .to_owned(),
        );
    }
    Ok(Place { real: whole, shown: slashed(&shown), resolved })
}

/// Looks up a path to write to: also against the rules for protected paths, by both its names.
///
/// # Errors
/// In words for the model.
pub fn find_to_write(at: &Workplace<'_>, written: &str) -> Result<Place, String> {
    let place = find(at.bench.root(), written)?;
    for name in [&place.shown, &place.resolved] {
        if let Some(why) = (at.protected)(name) {
            return Err(format!(
                "{name} is protected and cannot be changed: {why}. Solve the task without it, or say in `finish` that a person must change it."
            ));
        }
    }
    if place.resolved.is_empty() {
        return Err("this is the worktree itself; name a file in it".to_owned());
    }
    Ok(place)
}

/// A sentence for the agent when the path lands only with approval; empty otherwise.
#[must_use]
pub fn note(at: &Workplace<'_>, place: &Place) -> String {
    (at.approval_only)(&place.resolved)
        .or_else(|| (at.approval_only)(&place.shown))
        .map(|why| format!("\nNote: {} lands only with a person's approval: {why}.", place.shown))
        .unwrap_or_default()
}

/// Reads a regular file, at most `most` bytes of it, and says how long it is.
///
/// # Errors
/// In words for the model.
pub fn read(place: &Place, most: u64) -> Result<(Vec<u8>, u64), String> {
    let tell = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{} does not exist; `list` shows what does", place.shown),
        _ => format!("{}: {error}", place.shown),
    };
    let about = fs::symlink_metadata(&place.real).map_err(tell)?;
    if about.is_dir() {
        return Err(format!("{} is a directory; use `list`", place.shown));
    }
    if !about.is_file() {
        return Err(format!("{} is no regular file", place.shown));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(&place.real).map_err(tell)?;
    io::Read::read_to_end(&mut io::Read::take(file, most), &mut bytes).map_err(tell)?;
    Ok((bytes, about.len()))
}

/// Reads a whole text file for editing.
///
/// # Errors
/// In words for the model: missing, too large, binary.
pub fn read_text(place: &Place) -> Result<String, String> {
    const EDIT_MOST: u64 = 4 * 1024 * 1024;
    let (bytes, long) = read(place, EDIT_MOST)?;
    if long > EDIT_MOST {
        return Err(format!("{} has {long} bytes; files over {EDIT_MOST} are not edited here", place.shown));
    }
    String::from_utf8(bytes)
        .map_err(|_| format!("{} is not UTF-8 text; it can only be replaced whole", place.shown))
}

/// Puts `content` in place at once: written beside it and renamed, so that a hard link elsewhere or a reader
/// never sees half of it. Keeps the mode of a file that was there.
///
/// # Errors
/// In words for the model.
pub fn put(place: &Place, content: &[u8]) -> Result<(), String> {
    let tell = |error: io::Error| format!("{} could not be written: {error}", place.shown);
    let folder = place.real.parent().ok_or_else(|| format!("{} has no folder", place.shown))?;
    fs::create_dir_all(folder).map_err(tell)?;
    let before = fs::symlink_metadata(&place.real).ok();
    if before.as_ref().is_some_and(|about| !about.is_file()) {
        return Err(format!("{} is no regular file and is not replaced", place.shown));
    }
    let beside = folder.join(format!(".chimera-writing-{}", std::process::id()));
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(content)?;
        if let Some(about) = before {
            file.set_permissions(about.permissions())?;
        }
        fs::rename(&beside, &place.real)
    })();
    written.map_err(|error| {
        // The half-written file must not be left; that it is gone already is no failure.
        let _gone = fs::remove_file(&beside);
        tell(error)
    })
}

fn normal(root: &Path, written: &str) -> Result<PathBuf, String> {
    let path = Path::new(written.trim_end_matches('/'));
    let inside = if path.is_absolute() {
        path.strip_prefix(root)
            .map_err(|_| format!("{written} is outside the worktree; give paths relative to its top"))?
    } else {
        path
    };
    let mut out = PathBuf::new();
    for part in inside.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir if out.pop() => {}
            _ => return Err(format!("{written} leads out of the worktree")),
        }
    }
    Ok(out)
}

/// The real path of the part that exists, and the part that does not.
fn real_of(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let mut existing = path.to_path_buf();
    let mut missing = Vec::new();
    loop {
        match fs::canonicalize(&existing) {
            Ok(real) => return Ok((real, missing.iter().rev().collect())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::symlink_metadata(&existing).is_ok() {
                    return Err(io::Error::other("a symbolic link that leads nowhere"));
                }
                let Some(name) = existing.file_name() else { return Err(error) };
                missing.push(name.to_owned());
                existing.pop();
            }
            Err(error) => return Err(error),
        }
    }
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Shorthand: a refusal in words as an output.
impl From<String> for Output {
    fn from(words: String) -> Self {
        Self::failed(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_leads_out_is_refused_by_its_real_place() {
        let outside = tempfile::tempdir().unwrap();
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        fs::write(outside.path().join("secret"), "s").unwrap();
        fs::create_dir_all(root.join("src/.git")).unwrap();
        fs::write(root.join("src/a.rs"), "a").unwrap();
        symlink(outside.path(), root.join("out")).unwrap();
        symlink(outside.path().join("secret"), root.join("leak")).unwrap();
        symlink("/nowhere/at/all", root.join("dangling")).unwrap();
        symlink("src/.git", root.join("innocent")).unwrap();
        symlink("src", root.join("alias")).unwrap();
        for bad in [
            "../x",
            "/etc/passwd",
            "out/secret",
            "out/new",
            "leak",
            "dangling",
            "src/../../x",
            "innocent/config",
            "src/.git/config",
            "SRC/../.GIT/hooks/x",
            "a\0b",
            "dangling/x",
        ] {
            assert!(find(root, bad).is_err(), "{bad:?} was let through");
        }
        let place = find(root, "./alias/./a.rs").unwrap();
        assert_eq!((place.shown.as_str(), place.resolved.as_str()), ("alias/a.rs", "src/a.rs"));
        let absolute = fs::canonicalize(root).unwrap().join("src/new/b.rs");
        assert_eq!(find(root, absolute.to_str().unwrap()).unwrap().resolved, "src/new/b.rs");
        assert_eq!(find(root, ".").unwrap().resolved, "");
    }

    #[test]
    fn a_write_breaks_a_hard_link_and_keeps_the_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let outside = tempfile::tempdir().unwrap();
        let tree = tempfile::tempdir().unwrap();
        let victim = outside.path().join("victim");
        fs::write(&victim, "old").unwrap();
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o755)).unwrap();
        fs::hard_link(&victim, tree.path().join("run.sh")).unwrap();
        let place = find(tree.path(), "run.sh").unwrap();
        put(&place, b"new").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "old");
        assert_eq!(fs::read_to_string(&place.real).unwrap(), "new");
        assert_eq!(fs::metadata(&place.real).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn only_regular_files_are_read() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir(tree.path().join("d")).unwrap();
        let told = |path: &str| read(&find(tree.path(), path).unwrap(), 10).unwrap_err();
        assert!(told("d").contains("is a directory"));
        assert!(told("none").contains("does not exist"));
        fs::write(tree.path().join("bin"), [0xff, 0xfe]).unwrap();
        assert!(read_text(&find(tree.path(), "bin").unwrap()).unwrap_err().contains("not UTF-8"));
    }
}
