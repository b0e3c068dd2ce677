//! Tokens of people and programs that come over the network: one file, `tokens.json` in the data directory, for its owner
//! alone. What is kept proves a token and is none: hashes. It is written whole or not at all, by one process at a time;
//! whoever serves looks at its mark and reads it anew when that has changed.

use super::disk::write_atomically;
use crate::domain::{access::Role, time::Timestamp};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Version of the file's form.
const VERSION: u32 = 1;
/// Tokens at once.
pub const TOKENS_MOST: usize = 1_000;
/// Bytes of the file.
const BYTES_MOST: u64 = 1 << 20;

/// How somebody came by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The director made it.
    Made,
    /// A vendor said who asks.
    Login,
}

/// A token as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Finds it; no secret.
    pub id: String,
    /// Whose it is: `ci`, or `github:ada` where a vendor said so.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Argon2id of its secret, as a PHC string.
    pub hash: String,
    /// Since when.
    pub created: Timestamp,
    /// Until when; for ever where nothing is said.
    pub expires: Option<Timestamp>,
    /// How its holder came by it.
    pub origin: Origin,
}

impl std::fmt::Debug for Token {
    /// Without the hash.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({} {:?} {})", self.id, self.name, self.role)
    }
}

impl Token {
    /// Whether its time is over.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|until| until <= now)
    }
}

/// Why tokens cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// The system refuses.
    #[error("{0}: {1}")]
    Io(PathBuf, String),
    /// Others could read it.
    #[error("{0} can be read or written by others; `chmod 600` it, or make its tokens anew")]
    Exposed(PathBuf),
    /// It is none of ours.
    #[error("{0} is no file of tokens of this version: {1}; move it away and make its tokens anew")]
    Unreadable(PathBuf, String),
    /// There are too many.
    #[error("there are {TOKENS_MOST} tokens, and no more are kept; revoke some")]
    Full,
    /// One is called so.
    #[error("there is a token {0:?}; revoke it first, or choose another name")]
    Taken(String),
    /// None is called so.
    #[error("there is no token {0:?}; `chimera token list` shows all")]
    Unknown(String),
}

/// What changes when the file does, or who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    inode: u64,
    mode: u32,
    bytes: u64,
    changed: (i64, i64),
}

#[derive(Serialize, Deserialize)]
struct Page {
    version: u32,
    tokens: Vec<Token>,
}

/// The file of one data directory, whether it is there or not.
#[derive(Debug, Clone)]
pub struct Tokens {
    path: PathBuf,
}

impl Tokens {
    /// Of this data directory.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { path: data.join("tokens.json") }
    }

    /// Its mark now; none: there is no file.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        fs::symlink_metadata(&self.path).ok().map(|found| mark(&found))
    }

    /// All of them, and the mark that they are as of.
    ///
    /// # Errors
    /// It cannot be read, or others could.
    pub fn read(&self) -> Result<(Vec<Token>, Option<Mark>), TokensError> {
        let file = match OpenOptions::new().read(true).custom_flags(NO_LINK).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
            Err(error) => return Err(self.io(&error)),
            Ok(file) => file,
        };
        let found = file.metadata().map_err(|error| self.io(&error))?;
        if found.mode() & 0o077 != 0 {
            return Err(TokensError::Exposed(self.path.clone()));
        }
        let unreadable = |why: String| TokensError::Unreadable(self.path.clone(), why);
        let mut bytes = Vec::new();
        file.take(BYTES_MOST + 1).read_to_end(&mut bytes).map_err(|error| self.io(&error))?;
        if bytes.len() as u64 > BYTES_MOST {
            return Err(unreadable(format!("it has more than {BYTES_MOST} bytes")));
        }
        let page: Page = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        if page.version != VERSION || page.tokens.len() > TOKENS_MOST {
            let why = format!("its form is {}, with {} tokens", page.version, page.tokens.len());
            return Err(unreadable(why));
        }
        Ok((page.tokens, Some(mark(&found))))
    }

    /// Changes them, whole or not at all; nobody else does meanwhile. Those whose time is over are forgotten.
    ///
    /// # Errors
    /// They cannot be read or written, or the change itself is refused: then all is as before.
    pub fn change<T>(
        &self,
        now: Timestamp,
        edit: impl FnOnce(&mut Vec<Token>) -> Result<T, TokensError>,
    ) -> Result<T, TokensError> {
        if let Some(dir) = self.path.parent().filter(|dir| !dir.exists()) {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|error| self.io(&error))?;
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(NO_LINK)
            .open(self.path.with_extension("lock"))
            .map_err(|error| self.io(&error))?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|errno| self.io(&errno.into()))?;
        let done = self.changed(now, edit);
        unlock(&lock);
        done
    }

    fn changed<T>(
        &self,
        now: Timestamp,
        edit: impl FnOnce(&mut Vec<Token>) -> Result<T, TokensError>,
    ) -> Result<T, TokensError> {
        let (mut tokens, _) = self.read()?;
        tokens.retain(|token| !token.expired(now));
        let done = edit(&mut tokens)?;
        if tokens.len() > TOKENS_MOST {
            return Err(TokensError::Full);
        }
        let page = serde_json::to_vec_pretty(&Page { version: VERSION, tokens });
        let page = page.map_err(|error| self.io(&error.into()))?;
        write_atomically(&self.path.with_extension("json.new"), &self.path, &page)
            .map_err(|error| self.io(&error))?;
        Ok(done)
    }

    fn io(&self, error: &io::Error) -> TokensError {
        TokensError::Io(self.path.clone(), error.to_string())
    }
}

/// A link in its place is not followed.
const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

fn unlock(lock: &File) {
    // Closing would do, but for a child that is being started and shares it.
    let _ = flock(lock, FlockOperation::Unlock);
}

fn mark(found: &fs::Metadata) -> Mark {
    // The time of change, not of writing: it tells of a changed mode as well.
    let changed = (found.ctime(), found.ctime_nsec());
    Mark { inode: found.ino(), mode: found.mode(), bytes: found.len(), changed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn token(name: &str, expires: Option<i64>) -> Token {
        Token {
            id: format!("id-{name}"),
            name: name.into(),
            role: Role::Viewer,
            hash: "$argon2id$secret".into(),
            created: Timestamp(0),
            expires: expires.map(Timestamp),
            origin: Origin::Made,
        }
    }

    fn put(tokens: &Tokens, token: Token) {
        let push = |all: &mut Vec<Token>| {
            all.push(token);
            Ok(())
        };
        tokens.change(Timestamp(0), push).unwrap();
    }

    #[test]
    fn e1_tokens_are_kept_for_their_owner_alone_and_a_change_is_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let tokens = Tokens::of(&data);
        assert_eq!(tokens.read().unwrap(), (Vec::new(), None));
        let add = |token: Token| {
            tokens.change(Timestamp(5), |all| {
                all.push(token);
                Ok(())
            })
        };
        add(token("ci", None)).unwrap();
        add(token("brief", Some(7))).unwrap();
        let path = data.join("tokens.json");
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&data), mode(&path)), (0o700, 0o600));
        let (before, seen) = tokens.read().unwrap();
        assert_eq!((before.len(), seen), (2, tokens.mark()));
        let refused = tokens.change(Timestamp(5), |all| {
            all.clear();
            Err::<(), _>(TokensError::Unknown("x".into()))
        });
        assert!(refused.is_err() && tokens.read().unwrap() == (before, seen));
        // What is over goes with the next change, and the mark tells of it.
        add(token("late", None)).unwrap();
        tokens.change(Timestamp(7), |_| Ok(())).unwrap();
        let names: Vec<String> = tokens.read().unwrap().0.into_iter().map(|token| token.name).collect();
        assert_eq!(names, ["ci", "late"]);
        assert_ne!(tokens.mark(), seen);
        assert!(!format!("{:?}", token("ci", None)).contains("argon2"));
    }

    #[test]
    fn e1_what_others_could_read_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = Tokens::of(dir.path());
        put(&tokens, token("ci", None));
        let path = dir.path().join("tokens.json");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(tokens.read(), Err(TokensError::Exposed(_))));
        fs::remove_file(&path).unwrap();
        for junk in ["", "{}", r#"{"version":2,"tokens":[]}"#, "x"] {
            fs::write(&path, junk).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(tokens.read(), Err(TokensError::Unreadable(..))), "{junk}");
        }
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(matches!(tokens.read(), Err(TokensError::Io(..))), "a link is not followed");
    }

    #[test]
    fn e1_several_writers_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let tokens = Tokens::of(dir.path());
                scope.spawn(move || {
                    put(&tokens, token(&n.to_string(), None));
                });
            }
        });
        assert_eq!(Tokens::of(dir.path()).read().unwrap().0.len(), 8);
    }
}
