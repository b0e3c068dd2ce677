//! The unix socket: made so that nobody else can open it, put in its place in one step, taken away at the end. What lies
//! there already is replaced only if it is a dead socket of this user.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};
use tokio::net::UnixListener;

/// Bytes of the longest path that a socket can have on every system that we run on.
const PATH_MOST: usize = 100;
/// What is behind the name of a socket while it is made.
const FRESH: &str = ".new";

/// A socket cannot be opened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Its path has more bytes than the system takes.
    #[error(
        "the socket's path {0} has more than {PATH_MOST} bytes; set `socket` in [server] to a shorter one"
    )]
    Long(PathBuf),
    /// Others could put something in its place.
    #[error(
        "others can write to {0}, where the socket would be; `chmod go-w` it, or set `socket` in [server]"
    )]
    Exposed(PathBuf),
    /// Something that is no socket of ours is there.
    #[error("{0} is no socket of this user, and stays as it is; set `socket` in [server] to another path")]
    Taken(PathBuf),
    /// Somebody answers there.
    #[error("another process answers on {0}; end it, or set `socket` in [server] to another path")]
    Alive(PathBuf),
    /// The system refuses.
    #[error("the socket {0} cannot be opened: {1}")]
    Io(PathBuf, io::Error),
}

/// A socket that listens; dropped, it is gone.
#[derive(Debug)]
pub(in crate::server) struct Socket {
    /// Where connections come in.
    listener: UnixListener,
    place: Place,
}

/// Which file it is: another one of the same name is not ours to remove.
#[derive(Debug)]
pub(in crate::server) struct Place {
    path: PathBuf,
    inode: (u64, u64),
}

impl Drop for Place {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.inode) {
            // It may have gone in between; then there is nothing to do.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Socket {
    /// Listens at this path; its directory must be there.
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(FRESH);
        let fresh = PathBuf::from(fresh);
        if fresh.as_os_str().len() > PATH_MOST {
            return Err(BindError::Long(path.to_owned()));
        }
        let failed = |error| BindError::Io(path.to_owned(), error);
        let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = fs::metadata(directory).map_err(failed)?;
        let (mode, owner) = (found.mode(), found.uid());
        // In a sticky directory others can add, but not replace.
        let exposed = mode & 0o022 != 0 && mode & 0o1000 == 0;
        if exposed || (owner != own() && owner != 0) {
            return Err(BindError::Exposed(directory.to_owned()));
        }
        vacant(path)?;
        vacant(&fresh)?;
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = UnixListener::bind(&fresh).map_err(failed)?;
        let found = fs::symlink_metadata(&fresh).map_err(failed)?;
        let mut place = Place { path: fresh.clone(), inode: (found.dev(), found.ino()) };
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        fs::rename(&fresh, path).map_err(failed)?;
        place.path = path.to_owned();
        Ok(Self { listener, place })
    }

    /// Where connections come in, and the place that is free again once it is dropped.
    pub fn apart(self) -> (UnixListener, Place) {
        (self.listener, self.place)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.place.path
    }
}

/// This process's user.
pub(in crate::server) fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes sure that nothing is there but a dead socket of this user.
fn vacant(path: &Path) -> Result<(), BindError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BindError::Io(path.to_owned(), error)),
        Ok(found) => found,
    };
    if !found.file_type().is_socket() || found.uid() != own() {
        return Err(BindError::Taken(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(BindError::Alive(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(BindError::Io(path.to_owned(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("chimera-").tempdir_in("/tmp").unwrap()
    }

    #[tokio::test]
    async fn d11_a_socket_is_for_its_owner_alone_and_gone_at_the_end() {
        let dir = place();
        let path = dir.path().join("api.sock");
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(Socket::bind(&path), Err(BindError::Alive(_))));
        drop(socket);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
    }

    #[tokio::test]
    async fn d11_a_dead_socket_is_replaced_and_nothing_else_is() {
        let dir = place();
        let path = dir.path().join("api.sock");
        // A process that was killed leaves its socket behind.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = Socket::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let second = Socket::bind(&path).unwrap();
        drop(first);
        assert!(path.exists(), "what another one has put there stays");
        drop(second);
        fs::write(&path, "precious").unwrap();
        assert!(matches!(Socket::bind(&path), Err(BindError::Taken(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/nowhere", &path).unwrap();
        assert!(matches!(Socket::bind(&path), Err(BindError::Taken(_))), "a link is not followed");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Socket::bind(&dir.path().join("b.sock")), Err(BindError::Exposed(_))));
        let long = dir.path().join("x".repeat(PATH_MOST));
        assert!(matches!(Socket::bind(&long), Err(BindError::Long(_))));
    }
}
