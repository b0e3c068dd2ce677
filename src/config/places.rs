//! Where things are: the repository's top level, the user's file, the data directory. Looks at names of files,
//! starts nothing, writes nothing.

use super::environment::Environment;
use crate::domain::digest::Digest;
use std::path::{Path, PathBuf};

/// Name of a settings file.
pub const FILE_NAME: &str = "chimera.toml";
/// Directories walked up in search of a repository.
const LEVELS_MOST: usize = 64;
/// Characters of a repository's name in its data directory.
const NAME_MOST: usize = 40;

/// The nearest directory at or above `from` that holds `.git`, without symlinks.
#[must_use]
pub fn repository_above(from: &Path) -> Option<PathBuf> {
    let from = std::fs::canonicalize(from).ok()?;
    from.ancestors().take(LEVELS_MOST).find(|dir| dir.join(".git").exists()).map(Path::to_path_buf)
}

/// The user's file.
#[must_use]
pub fn user_file(environment: &Environment) -> Option<PathBuf> {
    Some(environment.config_home()?.join(FILE_NAME))
}

/// The data directory: as configured, or one for each repository, so that two repositories can be worked on at
/// once although a data directory has one owner.
///
/// # Errors
/// Neither a configured directory nor a home is known.
pub fn data_dir(
    configured: Option<&str>,
    repository: Option<&Path>,
    environment: &Environment,
    here: &Path,
) -> Result<PathBuf, String> {
    if let Some(configured) = configured {
        return Ok(here.join(expand_home(configured, environment)));
    }
    let home = environment
        .data_home()
        .ok_or("there is no home directory to keep data in: set --data, CHIMERA_DB_PATH or HOME")?;
    Ok(home.join(match repository {
        Some(repository) => directory_name(repository),
        None => "no-repository".to_owned(),
    }))
}

/// `<name>-<hash>`: readable, and different for every path.
fn directory_name(repository: &Path) -> String {
    let name = repository.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().filter(|c| fits(*c)).take(NAME_MOST).collect();
    let name = name.trim_start_matches('.');
    let hash = Digest::of(repository.as_os_str().as_encoded_bytes()).short();
    if name.is_empty() { format!("repository-{hash}") } else { format!("{name}-{hash}") }
}

/// `~/x` under the home directory.
#[must_use]
pub fn expand_home(path: &str, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~/"), environment.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repository_has_its_own_place() {
        let environment = Environment::of([("XDG_DATA_HOME", "/d"), ("HOME", "/h")]);
        let here = Path::new("/here");
        let dir = |repo: &str| data_dir(None, Some(Path::new(repo)), &environment, here).unwrap();
        assert_ne!(dir("/a/shop"), dir("/b/shop"));
        assert!(dir("/a/shop").starts_with("/d/chimera"));
        assert!(dir("/a/shop").file_name().unwrap().to_string_lossy().starts_with("shop-"));
        assert!(dir("/a/.. €").file_name().unwrap().to_string_lossy().starts_with("repository-"));
        let set = |path| data_dir(Some(path), None, &environment, here).unwrap();
        assert_eq!(set("~/x"), Path::new("/h/x"));
        assert_eq!(set("rel"), Path::new("/here/rel"));
        assert_eq!(set("/abs"), Path::new("/abs"));
    }

    #[test]
    fn a_relative_xdg_directory_is_ignored() {
        let environment = Environment::of([("XDG_CONFIG_HOME", "rel"), ("HOME", "/h")]);
        assert_eq!(user_file(&environment), Some("/h/.config/chimera/chimera.toml".into()));
    }

    #[test]
    fn the_repository_is_found_from_below() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(top.path().join("a/b")).unwrap();
        assert_eq!(repository_above(&top.path().join("a/b")), None);
        std::fs::create_dir(top.path().join(".git")).unwrap();
        let found = repository_above(&top.path().join("a/b")).unwrap();
        assert_eq!(found, std::fs::canonicalize(top.path()).unwrap());
    }
}
