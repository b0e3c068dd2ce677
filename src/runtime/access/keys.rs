//! Proves tokens: one hash at most for each, never on a thread that others wait for, few at once; what was proven is
//! remembered by its SHA-256 for as long as its token stands. Why a token is not taken is told to nobody: expired, revoked
//! and unknown are one answer and take as long.

use super::{ID_DIGITS, PREFIX, SECRET_DIGITS, mint::hashed};
use crate::{
    domain::{access::Role, digest::Digest, time::Timestamp},
    store::tokens::{Mark, Origin, Token, Tokens},
};
use argon2::{Argon2, PasswordVerifier as _, password_hash::phc::PasswordHash};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use subtle::ConstantTimeEq as _;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Hashes at once: each wants a processor and 19 MiB.
const HASHES_MOST: usize = 2;
/// Callers that wait for one.
const WAITING_MOST: usize = 32;

/// A token as it was given, well formed.
#[derive(Clone)]
pub struct Given {
    id: String,
    secret: String,
    digest: Digest,
}

impl std::fmt::Debug for Given {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Given({})", self.id)
    }
}

impl Given {
    /// Reads one; none: it is not of the form of a token.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '_');
        let (prefix, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, digits: usize| {
            text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        (prefix == PREFIX && hex(id, ID_DIGITS) && hex(secret, SECRET_DIGITS)).then(|| Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            digest: Digest::of(text.as_bytes()),
        })
    }
}

/// Who holds a token that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// As what they do is recorded: `token:ci`, or `github:ada` where a vendor said who it is.
    pub person: String,
    /// What they may do.
    pub role: Role,
}

impl From<&Token> for Holder {
    fn from(token: &Token) -> Self {
        let person = match token.origin {
            Origin::Made => format!("token:{}", token.name),
            Origin::Login => token.name.clone(),
        };
        Self { person, role: token.role }
    }
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is worth nothing.
    Wrong,
    /// Too many are being proven.
    Busy,
}

/// See the module.
pub struct Keys {
    tokens: Tokens,
    known: Mutex<Known>,
    hashing: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// What an unknown token is held against, so that it takes as long.
    nobody: Arc<OnceLock<String>>,
}

#[derive(Default)]
struct Known {
    /// Whether it was ever read.
    read: bool,
    mark: Option<Mark>,
    tokens: BTreeMap<String, Token>,
    proven: BTreeMap<String, Digest>,
}

impl Keys {
    /// Of this data directory.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self {
            tokens: Tokens::of(data),
            known: Mutex::default(),
            hashing: Arc::new(Semaphore::new(HASHES_MOST)),
            waiting: AtomicUsize::new(0),
            nobody: Arc::default(),
        }
    }

    /// As the file is now.
    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = self.tokens.mark();
        if known.read && known.mark == mark {
            return known;
        }
        let (tokens, mark) = match self.tokens.read() {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "nobody gets in by a token");
                (Vec::new(), mark)
            }
        };
        let tokens: BTreeMap<_, _> = tokens.into_iter().map(|token| (token.id.clone(), token)).collect();
        let same = |id: &String| {
            tokens.get(id).is_some_and(|now| known.tokens.get(id).is_some_and(|then| then.hash == now.hash))
        };
        let proven = known.proven.iter().filter(|(id, _)| same(id)).map(|(id, of)| (id.clone(), *of));
        *known = Known { read: true, mark, proven: proven.collect(), tokens };
        known
    }

    /// Its holder, if it was proven before and still stands. Costs nearly nothing.
    #[must_use]
    pub fn remembered(&self, given: &Given, now: Timestamp) -> Option<Holder> {
        let known = self.known();
        let proven = known.proven.get(&given.id)?;
        let same = bool::from(proven.0.ct_eq(&given.digest.0));
        known.tokens.get(&given.id).filter(|token| same && !token.expired(now)).map(Holder::from)
    }

    /// Its holder, by its hash.
    ///
    /// # Errors
    /// It is worth nothing, or too many wait.
    pub async fn prove(&self, given: &Given, now: Timestamp) -> Result<Holder, Refused> {
        let token = self.known().tokens.get(&given.id).cloned();
        let hash = token.as_ref().map(|token| token.hash.clone());
        let right = self.hash(given.secret.clone(), hash).await?;
        let token = token.filter(|token| right && !token.expired(now)).ok_or(Refused::Wrong)?;
        let mut known = self.known();
        // It may have been taken back meanwhile.
        if known.tokens.get(&token.id) != Some(&token) {
            return Err(Refused::Wrong);
        }
        known.proven.insert(token.id.clone(), given.digest);
        Ok(Holder::from(&token))
    }

    async fn hash(&self, secret: String, hash: Option<String>) -> Result<bool, Refused> {
        let waits = Waits::one(&self.waiting).ok_or(Refused::Busy)?;
        let place = self.hashing.clone().acquire_owned().await.map_err(|_| Refused::Busy)?;
        drop(waits);
        // The place is given back by the work itself: a caller that goes away does not make room for another hash.
        let nobody = self.nobody.clone();
        let work = spawn_blocking(move || {
            let _place = place;
            let hash = hash.as_ref().unwrap_or_else(|| nobody.get_or_init(|| hashed("").unwrap_or_default()));
            let hash = PasswordHash::new(hash).ok()?;
            Argon2::default().verify_password(secret.as_bytes(), &hash).ok()
        });
        Ok(work.await.ok().flatten().is_some())
    }
}

/// Counts a caller for as long as it waits.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn one(waiting: &'a AtomicUsize) -> Option<Self> {
        let waits = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MOST).then_some(waits)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Wanted, issue, revoke},
        *,
    };
    use crate::{domain::time::Millis, store::tokens::TokensError};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn wanted(name: &str, role: Role) -> Wanted {
        Wanted { name: name.into(), role, expires: None, origin: Origin::Made }
    }

    #[tokio::test]
    async fn e1_a_token_is_worth_something_until_it_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::of(dir.path());
        let made = issue(dir.path(), wanted("ci", Role::Operator), NOW).unwrap();
        let file = std::fs::read_to_string(dir.path().join("tokens.json")).unwrap();
        let secret = made.expose().rsplit('_').next().unwrap();
        assert!(file.contains("$argon2id$v=19$m=19456,t=2,p=1$") && !file.contains(secret));
        let given = Given::read(made.expose()).unwrap();
        assert!(!format!("{made:?} {given:?}").contains(secret));
        assert_eq!(keys.remembered(&given, NOW), None, "it is not proven yet");
        let holder = Holder { person: "token:ci".into(), role: Role::Operator };
        assert_eq!(keys.prove(&given, NOW).await, Ok(holder.clone()));
        assert_eq!(keys.remembered(&given, NOW), Some(holder.clone()));
        // The same id with another secret is nobody, remembered or not.
        let forged = Given { secret: "0".repeat(64), digest: Digest::of(b"x"), ..given.clone() };
        assert_eq!(
            (keys.remembered(&forged, NOW), keys.prove(&forged, NOW).await),
            (None, Err(Refused::Wrong))
        );
        // Others come and go without an effect on it.
        issue(dir.path(), wanted("other", Role::Viewer), NOW).unwrap();
        assert_eq!(keys.remembered(&given, NOW), Some(holder));
        assert_eq!(revoke(dir.path(), "ci", NOW).unwrap().id, given.id);
        assert_eq!(
            (keys.remembered(&given, NOW), keys.prove(&given, NOW).await),
            (None, Err(Refused::Wrong))
        );
        assert!(matches!(revoke(dir.path(), "ci", NOW), Err(TokensError::Unknown(_))));
    }

    #[tokio::test]
    async fn e1_a_token_that_is_over_and_one_that_never_was_are_one_answer() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::of(dir.path());
        let until = NOW + Millis::hours(1);
        let made =
            issue(dir.path(), Wanted { expires: Some(until), ..wanted("ci", Role::Viewer) }, NOW).unwrap();
        let given = Given::read(made.expose()).unwrap();
        assert!(keys.prove(&given, NOW).await.is_ok());
        assert_eq!(
            (keys.remembered(&given, until), keys.prove(&given, until).await),
            (None, Err(Refused::Wrong))
        );
        let nobody = format!("chm_{}_{}", "a".repeat(12), "b".repeat(64));
        assert_eq!(keys.prove(&Given::read(&nobody).unwrap(), NOW).await, Err(Refused::Wrong));
        for odd in ["", "chm", "chm__", "ci", &nobody[1..], &nobody.to_uppercase(), &format!("{nobody}0")] {
            assert!(Given::read(odd).is_none(), "{odd:?}");
        }
    }

    #[tokio::test]
    async fn e1_what_others_can_read_is_not_believed_from_then_on_until_it_is_for_its_owner_alone() {
        use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};
        let dir = tempfile::tempdir().unwrap();
        let made = issue(dir.path(), wanted("ci", Role::Viewer), NOW).unwrap();
        let given = Given::read(made.expose()).unwrap();
        let path = dir.path().join("tokens.json");
        let set = |mode| std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let keys = Keys::of(dir.path());
        assert!(keys.prove(&given, NOW).await.is_ok() && keys.remembered(&given, NOW).is_some());
        set(0o644);
        assert_eq!(keys.remembered(&given, NOW), None);
        // One that begins on it lets nobody in either, and takes it up once it is mended.
        let late = Keys::of(dir.path());
        assert_eq!(late.prove(&given, NOW).await, Err(Refused::Wrong));
        set(0o600);
        assert!(keys.prove(&given, NOW).await.is_ok() && late.prove(&given, NOW).await.is_ok());
    }

    #[tokio::test]
    async fn e1_names_are_unique_and_a_login_takes_the_place_of_an_earlier_one() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::of(dir.path());
        issue(dir.path(), wanted("ci", Role::Viewer), NOW).unwrap();
        assert_eq!(issue(dir.path(), wanted("ci", Role::Viewer), NOW), Err(TokensError::Taken("ci".into())));
        let login = || Wanted { origin: Origin::Login, ..wanted("github:ada", Role::Operator) };
        let first = issue(dir.path(), login(), NOW).unwrap();
        let second = issue(dir.path(), login(), NOW).unwrap();
        assert_eq!(keys.prove(&Given::read(first.expose()).unwrap(), NOW).await, Err(Refused::Wrong));
        let holder = keys.prove(&Given::read(second.expose()).unwrap(), NOW).await.unwrap();
        assert_eq!(holder.person, "github:ada");
    }

    #[tokio::test]
    async fn e1_few_are_proven_at_once_and_few_wait() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::of(dir.path());
        let given = Given::read(&format!("chm_{}_{}", "a".repeat(12), "b".repeat(64))).unwrap();
        let all = (0..HASHES_MOST + WAITING_MOST + 8).map(|_| keys.prove(&given, NOW));
        let busy = futures::future::join_all(all).await;
        let refused = busy.iter().filter(|said| **said == Err(Refused::Busy)).count();
        assert!(refused >= 8 && busy.contains(&Err(Refused::Wrong)), "{refused}");
        assert_eq!(keys.waiting.load(Ordering::Relaxed), 0);
        assert_eq!(keys.prove(&given, NOW).await, Err(Refused::Wrong), "there is room again");
    }
}
