//! Makes tokens and takes them back.

use super::{ID_DIGITS, PREFIX, SECRET_DIGITS};
use crate::{
    domain::{access::Role, time::Timestamp},
    store::tokens::{Origin, Token, Tokens, TokensError},
};
use argon2::{Argon2, PasswordHasher as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::{fmt, path::Path};

/// Bytes of a salt.
const SALT: usize = 16;

/// A token that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Until when.
    pub expires: Option<Timestamp>,
    /// How its holder comes by it. A login takes the place of an earlier one of the same name.
    pub origin: Origin,
}

/// A token that was made, with its secret, which nobody keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    /// As it is kept.
    pub token: Token,
    text: String,
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Minted({:?})", self.token)
    }
}

impl Minted {
    /// All of it: to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// Makes one and keeps its hash. Takes some ten milliseconds of a processor: not for a thread that others wait for.
///
/// # Errors
/// The name is taken, there are too many, or the file cannot be written.
pub fn issue(data: &Path, wanted: Wanted, now: Timestamp) -> Result<Minted, TokensError> {
    let odd = |why: &str| TokensError::Io(data.to_owned(), why.to_owned());
    let id = random(ID_DIGITS / 2).ok_or_else(|| odd("the system gives no random numbers"))?;
    let secret = random(SECRET_DIGITS / 2).ok_or_else(|| odd("the system gives no random numbers"))?;
    let hash = hashed(&secret).ok_or_else(|| odd("the token cannot be hashed"))?;
    let Wanted { name, role, expires, origin } = wanted;
    let text = format!("{PREFIX}_{id}_{secret}");
    let token = Token { id, name, role, hash, created: now, expires, origin };
    let kept = token.clone();
    Tokens::of(data).change(now, move |all| {
        if origin == Origin::Login {
            all.retain(|other| other.origin != Origin::Login || other.name != kept.name);
        }
        if all.iter().any(|other| other.name == kept.name || other.id == kept.id) {
            return Err(TokensError::Taken(kept.name));
        }
        all.push(kept);
        Ok(())
    })?;
    Ok(Minted { token, text })
}

/// Takes one back by its name: it is worth nothing from then on.
///
/// # Errors
/// There is none of that name, or the file cannot be written.
pub fn revoke(data: &Path, name: &str, now: Timestamp) -> Result<Token, TokensError> {
    Tokens::of(data).change(now, |all| {
        let at = all.iter().position(|token| token.name == name);
        at.map(|at| all.remove(at)).ok_or_else(|| TokensError::Unknown(name.chars().take(64).collect()))
    })
}

/// Argon2id of a secret under a fresh salt, as a PHC string.
pub(super) fn hashed(secret: &str) -> Option<String> {
    let mut salt = [0; SALT];
    SystemRandom::new().fill(&mut salt).ok()?;
    Argon2::default().hash_password_with_salt(secret.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

/// So many random bytes in hex; none where the system gives none.
#[must_use]
pub fn random(bytes: usize) -> Option<String> {
    let mut random = vec![0; bytes];
    SystemRandom::new().fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
