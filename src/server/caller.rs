//! Who is at the other end of a connection, by what the kernel says of it: only this user and root are let in, and what
//! they do is recorded under their login name.

use super::problem::{Problem, Sort};
use crate::domain::{request::Actor, text::clean_line};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::path::Path;

/// Characters of a name.
const NAME_MOST: usize = 64;
/// Where names are.
const PEOPLE: &str = "/etc/passwd";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// Login name.
    pub name: String,
}

impl Caller {
    /// As whom they command.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.name.clone())
    }
}

/// A request that came over no socket of ours has nobody's name: it is refused, not guessed.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().cloned();
        found
            .ok_or_else(|| Problem::new(Sort::Forbidden, "it is not known who asks", "connect to the socket"))
    }
}

/// Who may connect, and under which name.
#[derive(Debug, Clone)]
pub(super) struct People {
    own: u32,
    fallback: String,
}

impl People {
    /// Of a process that runs as `own`; `fallback` is its director's name, for systems whose names are elsewhere.
    pub fn new(own: u32, fallback: &str) -> Self {
        Self { own, fallback: fallback.to_owned() }
    }

    /// The caller of this user id; `None`: they may not.
    pub fn admit(&self, uid: u32) -> Option<Caller> {
        if uid != self.own && uid != 0 {
            return None;
        }
        // A file that cannot be read has no names.
        let people = std::fs::read_to_string(Path::new(PEOPLE)).unwrap_or_default();
        let name = named(&people, uid).unwrap_or_else(|| match uid == self.own {
            true => self.fallback.clone(),
            false => format!("user {uid}"),
        });
        Some(Caller { name: clean_line(&name, NAME_MOST).trim().to_owned() })
    }
}

/// The first login name of a user id.
fn named(people: &str, uid: u32) -> Option<String> {
    people.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_only_this_user_and_root_are_let_in_and_by_their_login_name() {
        let people = "root:x:0:0:root:/root:/bin/sh\n# odd\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1000:7::/:/bin/sh\n";
        assert_eq!(named(people, 1000).as_deref(), Some("ada"));
        assert_eq!(named(people, 7), None);
        let house = People::new(4_242_424, "carol");
        assert_eq!(house.admit(4_242_424).map(|caller| caller.name).as_deref(), Some("carol"));
        assert_eq!(house.admit(0).map(|caller| caller.name).as_deref(), Some("root"));
        assert_eq!(house.admit(4_242_425), None);
    }
}
