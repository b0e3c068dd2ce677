//! The token that is brought to a daemon elsewhere: from the environment, from a file, or as `chimera login` left it. It
//! stands on no command line, where every process of the machine could read it.

use super::exit::Complaint;
use crate::{
    config::{environment::Environment, places::expand_home, secret::Secret},
    domain::digest::Digest,
};
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The variable that holds one.
const VARIABLE: &str = "CHIMERA_TOKEN";
/// Bytes of a file with one.
const FILE_MOST: u64 = 4_096;

/// The token for this daemon: of the file that is named, of the environment, of a login; none: nobody has one.
///
/// # Errors
/// The file cannot be read, or others could read it.
pub(super) fn token(
    url: &str,
    file: Option<&Path>,
    environment: &Environment,
) -> Result<Option<Secret>, Complaint> {
    if let Some(file) = file {
        let file = expand_home(&file.display().to_string(), environment);
        return read(&file).and_then(|found| {
            found.map(Some).ok_or_else(|| Complaint::error(format!("there is no file {}", file.display())))
        });
    }
    if let Some(token) = environment.get(VARIABLE) {
        return Ok(Some(Secret::new(token.trim())));
    }
    place(url, environment).map_or(Ok(None), |place| read(&place))
}

/// Keeps the token of a login where the next `attach` finds it; where.
///
/// # Errors
/// There is no home, or nothing can be written there.
pub(super) fn keep(url: &str, token: &str, environment: &Environment) -> Result<PathBuf, Complaint> {
    let place = place(url, environment);
    let place = place.ok_or_else(|| Complaint::error("there is no home directory to keep the token in"))?;
    let written = || -> io::Result<()> {
        if let Some(dir) = place.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let fresh = place.with_extension("new");
        // One that is left of an earlier try may be anybody's: it is made anew.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        writeln!(file, "{token}")?;
        file.sync_data()?;
        fs::rename(&fresh, &place)
    };
    match written() {
        Ok(()) => Ok(place),
        Err(error) => Err(Complaint::error(format!("{}: {error}", place.display()))),
    }
}

/// Where the token of a login at this daemon is.
fn place(url: &str, environment: &Environment) -> Option<PathBuf> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host: String = host.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    // Two daemons never share a file, whatever their names have in common.
    let name = format!("{host}-{}.token", Digest::of(url.as_bytes()).short());
    Some(environment.config_home()?.join("logins").join(name))
}

fn read(path: &Path) -> Result<Option<Secret>, Complaint> {
    let odd = |why: String| Complaint::error(format!("the token file {}: {why}", path.display()));
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(odd(error.to_string())),
        Ok(file) => file,
    };
    let found = file.metadata().map_err(|error| odd(error.to_string()))?;
    if !found.is_file() || found.mode() & 0o077 != 0 {
        let hint = format!("chmod 600 {}", path.display());
        return Err(odd("others can read it, or it is no file".to_owned()).hint(hint));
    }
    let mut text = String::new();
    file.take(FILE_MOST).read_to_string(&mut text).map_err(|error| odd(error.to_string()))?;
    match text.lines().next().unwrap_or_default().trim() {
        "" => Err(odd("its first line is empty".to_owned())),
        token => Ok(Some(Secret::new(token))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn e1_a_token_comes_from_a_file_the_environment_or_a_login_and_others_cannot_read_it() {
        let home = tempfile::tempdir().unwrap();
        let bare = Environment::of([("HOME", home.path().display().to_string())]);
        let url = "https://shop.example:7341";
        let of = |file: Option<&Path>, environment: &Environment| {
            token(url, file, environment).map(|found| found.map(|token| token.expose().to_owned()))
        };
        assert_eq!(of(None, &bare), Ok(None));
        let kept = keep(url, "chm_login", &bare).unwrap();
        assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            keep(url, "chm_login", &bare).unwrap(),
            kept,
            "a second login takes the place of the first"
        );
        assert_eq!(of(None, &bare), Ok(Some("chm_login".into())));
        assert_eq!(token("https://shop.example:7342", None, &bare), Ok(None), "of another daemon");
        let set = bare.clone().with(VARIABLE, " chm_set ");
        assert_eq!(of(None, &set), Ok(Some("chm_set".into())));
        let file = home.path().join("token");
        fs::write(&file, "chm_file\nmore\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(of(Some(&file), &set), Ok(Some("chm_file".into())));
        assert_eq!(of(Some(Path::new("~/token")), &set), Ok(Some("chm_file".into())));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(of(Some(&file), &set).unwrap_err().what.contains("others can read it"));
        assert!(of(Some(Path::new("/nowhere")), &set).unwrap_err().what.contains("there is no file"));
    }
}
