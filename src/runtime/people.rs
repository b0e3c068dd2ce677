//! Who a user of this system is: by the number that the kernel tells, under the first login name that the system's list has
//! for it. Never by the environment, which anybody writes as they like: so one user is one person, by whatever way they come.

use crate::domain::text::clean_line;
use std::path::Path;

/// Characters of a name.
const NAME_MOST: usize = 64;
/// Where names are.
const PEOPLE: &str = "/etc/passwd";

/// The person that this process acts for.
#[must_use]
pub fn own() -> String {
    person(rustix::process::geteuid().as_raw())
}

/// The person of a user id: its login name, or the id where none is known.
#[must_use]
pub fn person(uid: u32) -> String {
    // A file that cannot be read has no names.
    let people = std::fs::read_to_string(Path::new(PEOPLE)).unwrap_or_default();
    let name = named(&people, uid).unwrap_or_default();
    match clean_line(name, NAME_MOST).trim() {
        "" => format!("user {uid}"),
        name => name.to_owned(),
    }
}

/// The first login name of a user id.
fn named(people: &str, uid: u32) -> Option<&str> {
    people.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_a_user_is_one_person_under_their_first_login_name() {
        let people = "root:x:0:0:root:/root:/bin/sh\n# odd\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1000:7::/:/bin/sh\n";
        assert_eq!(named(people, 1000), Some("ada"));
        assert_eq!(named(people, 7), None);
        assert_eq!((person(0), person(4_242_424)), ("root".to_owned(), "user 4242424".to_owned()));
        assert_eq!(own(), person(rustix::process::geteuid().as_raw()));
    }
}
