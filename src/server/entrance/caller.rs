//! Who is at the other end of a connection, by what the kernel says of it: only this user and root are let in, and what
//! they do is recorded under their login name. Nobody from inside a sandbox is: agents' commands run as this user, too, and
//! must not decide about themselves. A filter on system calls is never taken off and goes on to every child, so whoever has
//! more of them than this process was put behind walls.

use crate::{
    domain::{access::Role, brief::Once, request::Actor, text::clean_line},
    runtime::{access::Holder, people},
    server::problem::{Problem, Sort},
};
use axum::{extract::FromRequestParts, http::request::Parts};

/// Characters of a name.
const NAME_MOST: usize = 64;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) struct Caller {
    /// Login name, or as whom a token stands: `token:ci`, `github:ada`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Under which word they ask now, if under one.
    pub once: Option<Once>,
}

impl From<Holder> for Caller {
    fn from(Holder { person, role }: Holder) -> Self {
        Self { name: person, role, once: None }
    }
}

impl Caller {
    /// As whom they command.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.name.clone())
    }

    /// Makes sure that they may do what needs this role.
    ///
    /// # Errors
    /// They may not.
    pub fn must(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let detail = format!("{} is {}, and this needs {role}", clean_line(&self.name, NAME_MOST), self.role);
        Err(Problem::new(Sort::Role, detail, "ask somebody who may, or use a token with that role"))
    }
}

/// A request that came over no socket of ours has nobody's name: it is refused, not guessed.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let once = parts.extensions.get::<Once>().copied();
        let found = parts.extensions.get::<Self>().map(|caller| Self { once, ..caller.clone() });
        found
            .ok_or_else(|| Problem::new(Sort::Forbidden, "it is not known who asks", "connect to the socket"))
    }
}

/// Who may connect, and under which name.
#[derive(Debug, Clone)]
pub(in crate::server) struct People {
    own: u32,
    walls: u32,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Stranger {
    /// Another user.
    Other,
    /// From inside a sandbox, or nothing is known of the process.
    Walled,
}

impl People {
    /// Of a process that runs as `own`.
    pub fn new(own: u32) -> Self {
        let walls = walls(&status("self")).unwrap_or(0);
        Self { own, walls }
    }

    /// The caller of this user id and process.
    pub fn admit(&self, uid: u32, pid: Option<i32>) -> Result<Caller, Stranger> {
        if uid != self.own && uid != 0 {
            return Err(Stranger::Other);
        }
        // Elsewhere there are no sandboxes of ours, and no such files.
        if cfg!(target_os = "linux") {
            let found = pid.and_then(|pid| walls(&status(&pid.to_string())));
            if found.is_none_or(|walls| walls > self.walls) {
                return Err(Stranger::Walled);
            }
        }
        // Whoever can open the socket could also write the settings: there is nothing to keep from them.
        Ok(Caller { name: people::person(uid), role: Role::Director, once: None })
    }
}

/// What the kernel tells of a process; empty: it is gone, or hidden.
fn status(process: &str) -> String {
    std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default()
}

/// How many filters on system calls a process is behind; on kernels that do not count, whether it is behind any.
fn walls(status: &str) -> Option<u32> {
    let field = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().parse::<u32>().ok()
    };
    field("Seccomp_filters:").or_else(|| field("Seccomp:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_only_this_user_and_root_are_let_in_and_by_their_login_name() {
        let me = i32::try_from(std::process::id()).ok();
        let house = People::new(4_242_424);
        assert_eq!(house.admit(4_242_424, me).map(|caller| caller.name).as_deref(), Ok("user 4242424"));
        assert_eq!(house.admit(0, me).map(|caller| caller.name).as_deref(), Ok("root"));
        assert_eq!(house.admit(4_242_425, me), Err(Stranger::Other));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn d11_whoever_is_behind_more_walls_than_the_daemon_is_not_let_in() {
        let me = i32::try_from(std::process::id()).ok();
        assert_eq!(walls("Name:\tsh\nSeccomp:\t2\nSeccomp_filters:\t3\n"), Some(3));
        assert_eq!(walls("Seccomp:\t2\n"), Some(2));
        assert_eq!(walls(""), None);
        let outside = People::new(0);
        assert!(outside.admit(0, me).is_ok());
        assert_eq!(outside.admit(0, None), Err(Stranger::Walled), "nothing is known of it");
        assert_eq!(outside.admit(0, Some(i32::MAX)), Err(Stranger::Walled), "it is gone");
    }
}
