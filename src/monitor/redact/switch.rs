//! Passwords in command lines that have no name of their own: `curl -u name:password`, `mysql -ppassword`.
//!
//! Owns the programs and their switches. A switch means nothing without its program before it in the same line.

use super::span::{Span, is_marker};

/// How a password stands behind a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without a blank between.
    Joined,
    /// As the next word.
    Apart,
    /// Behind a name and a colon.
    Login,
}

/// Program, switch behind its first dash, form.
const SWITCHES: &[(&str, &str, Form)] = &[
    ("curl", "u", Form::Login),
    ("curl", "-user", Form::Login),
    ("curl", "U", Form::Login),
    ("curl", "-proxy-user", Form::Login),
    ("mysql", "p", Form::Joined),
    ("mariadb", "p", Form::Joined),
    ("sshpass", "p", Form::Joined),
    ("sshpass", "p", Form::Apart),
    ("redis-cli", "a", Form::Apart),
];

/// The password behind the switch whose dash ends here.
#[must_use]
pub fn value(text: &str, end: usize) -> Option<Span> {
    let from = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let (before, rest) = (&text[from..end], &text[end..]);
    let runs = |program: &str| {
        let at = before.rfind(program).filter(|at| !before[at + program.len()..].contains(['|', ';']));
        at.is_some_and(|at| !before[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    };
    let fits = |(program, switch, form): &&(&str, &str, Form)| {
        rest.starts_with(switch) && begins(rest, switch.len(), *form).is_some() && runs(program)
    };
    let (_, switch, form) = SWITCHES.iter().find(fits)?;
    let start = end + begins(rest, switch.len(), *form)?;
    let (start, stop) = word(text, start);
    let start = match form {
        Form::Login => start + text[start..stop].find(':')? + 1,
        Form::Joined | Form::Apart => start,
    };
    let found = &text[start..stop];
    // `docker run --name mysql -p3306:3306` names ports.
    let ports = found.contains(':') && found.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    let known = found.is_empty() || is_marker(found) || found.starts_with('$') || ports;
    (!known).then_some(Span { start, end: stop, kind: "password" })
}

/// Where the word of a switch begins.
fn begins(rest: &str, after: usize, form: Form) -> Option<usize> {
    let blanks = rest[after..].len() - rest[after..].trim_start_matches([' ', '=']).len();
    let ended = rest.len() == after + blanks;
    let fits = match form {
        Form::Joined => blanks == 0,
        Form::Apart => blanks > 0,
        // `-uname:password` is usual as well.
        Form::Login => blanks > 0 || after == 1,
    };
    (fits && !ended).then_some(after + blanks)
}

/// First and last byte of the word that begins here, without its quotes.
fn word(text: &str, at: usize) -> (usize, usize) {
    let rest = &text[at..];
    for quote in ['"', '\''] {
        if let Some(inside) = rest.strip_prefix(quote) {
            return (at + 1, at + 1 + inside.find([quote, '\n']).unwrap_or(inside.len()));
        }
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ';' | '|'));
    (at, at + end.unwrap_or(rest.len()))
}
